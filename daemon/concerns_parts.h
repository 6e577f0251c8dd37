/* concerns_parts.h - what the files of concerns.h share among themselves.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_CONCERNS_PARTS_H
#define DAEMON_CONCERNS_PARTS_H

#include "daemon/concerns.h"
#include "daemon/state.h"

struct concern_chunk {
	uint32_t count, used, room;
	uint8_t *bytes; /* owned */
};

/* What is not all in the table: `chunks`, of which the first is its `base`-th. */
struct concern_list {
	uint8_t kind;
	bool changed;    /* since it was written */
	uint32_t id, base, chunk_count;
	struct concern_chunk *chunks; /* owned; all but the last are full */
	uint64_t last;   /* position; 0: it has no entry */
	uint32_t low;    /* of the last entry, in sixteens */
};

struct concerns {
	struct concern_list *lists;
	uint32_t count, room;
	uint32_t *slots; /* by kind and id: place of a list + 1; 0: free */
	uint32_t slot_room; /* a power of two, twice the lists at least */
};

struct concern_list *concerns_list(struct concerns *, uint8_t kind, uint32_t id); /* makes an empty one */
struct concern_chunk *concerns_new_chunk(struct concern_list *);

struct key concern_key(uint8_t kind, uint32_t id, uint32_t chunk);
struct key concern_also_key(uint32_t pupil);

/* Over the entries of a chunk, from all zero but `in`. */
struct concern_reader {
	struct reader in;
	uint64_t position;
	int64_t low, high; /* in sixteens */
	uint32_t count;
};
bool concern_next(struct concern_reader *); /* false: none, where `in` is done; else no entry */

#endif
