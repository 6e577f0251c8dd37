/* persons_parts.h - what the files about persons' keys share; nobody else includes it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_PERSONS_PARTS_H
#define STORE_PERSONS_PARTS_H

#include "store/secrets.h"

enum {
	PERSON_CHECK_SIZE = 8,
	PERSON_RECORD_SIZE = 4 + PERSON_KEY_SIZE + PERSON_CHECK_SIZE,
	PERSONS_MAX = 1 << 26, /* pupil numbers count up from 1; one beyond this is damage */
};

enum person_state { PERSON_NONE, PERSON_LIVE, PERSON_ERASED };

struct person {
	uint8_t key[PERSON_KEY_SIZE];
	uint8_t state; /* enum person_state */
};

struct person_added {
	uint32_t pupil;
	uint8_t was; /* its state before */
};

struct persons {
	char *dir;
	int fd;
	bool write;
	uint64_t file_size;     /* up to the last record that is known to be on disk */
	size_t dropped;
	bool uncut;             /* good records lie behind a torn one, of a sync that never ended */
	struct person *entries; /* by pupil */
	size_t room;
	uint32_t highest, highest_synced;
	struct person_added *added; /* since the last sync */
	size_t added_count, added_room;
};

void persons_record(struct writer *, uint32_t pupil, const uint8_t key[static PERSON_KEY_SIZE]);
/* Takes up the records of a file; false where one that was once synced is bad.
 * *good_size: without the torn end. */
bool persons_load(struct persons *, const uint8_t *bytes, size_t size, size_t *good_size);
/* One record for each pupil; the caller wipes and frees it. NULL: no memory. */
uint8_t *persons_table(const struct persons *, size_t *size);

#endif
