/* spool.h - inside libattend: a spool that is open.
 *
 * Submissions stand in files named for their first number; a new file is begun every
 * few MiB, and one goes as soon as nothing in it or before it waits. Answers are records of
 * the same files. Which numbers wait is a row of bits in memory. What was refused stands in a file
 * of its own, written before the answer is: so what is found in both was answered.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_SPOOL_H
#define CLIENT_SPOOL_H

#include "client/attend.h"
#include "client/spool_file.h"

enum { SPOOL_WHY_SIZE = 900, SPOOL_LANE_MAX = 39, SPOOL_WINDOW = 256, SPOOL_WINDOW_BYTES = 8 << 20 };

struct spool_segment {
	uint64_t first; /* number of its first record; its name */
	uint64_t size;
};

/* One that was read for delivery. */
struct on_way {
	struct attend_spool *spool;
	uint8_t *room;
	struct spooled record;
	size_t size;
	struct attend *posted; /* on its way over this connection; NULL: not */
	bool settled;
};

struct attend_spool {
	struct attend_spool_options options;
	char path[256];
	int dir, lock;
	struct spool_segment *segments;
	unsigned segment_count, segment_room;
	struct spool_file tail, refused;
	uint64_t next;           /* number of the next that is kept */
	uint8_t *bits;           /* of the numbers from `base` on: waits */
	size_t bits_size;        /* bytes */
	uint64_t base, lowest;   /* no number below `lowest` waits */
	uint64_t waiting;

	struct on_way *window[SPOOL_WINDOW]; /* the oldest first */
	unsigned window_count;
	size_t window_bytes;
	unsigned read_segment;   /* where the next is read from */
	uint64_t read_at;
	int read_fd;             /* -1: not open */
	bool stopped;            /* by an answer, which `why` tells */
	int failed;              /* errno of a write while an answer was taken */

	uint8_t *given;          /* of those refused, by their order: handed over */
	size_t given_count;
	char why[SPOOL_WHY_SIZE];
};

void spool_segment_name(char name[static 24], uint64_t first);
enum attend_result spool_fails(struct attend_spool *, enum attend_result, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
struct attend_kept spool_kept_of(const struct spooled *, char lane[static SPOOL_LANE_MAX + 1]);
bool spool_waits(const struct attend_spool *, uint64_t number);
bool spool_add_waiting(struct attend_spool *, uint64_t number); /* false: no memory */
void spool_remove_waiting(struct attend_spool *, uint64_t number);
bool spool_add_segment(struct attend_spool *, uint64_t first, uint64_t size); /* false: no memory */
/* Goes on in a new file, where this one holds anything that was kept. 0 or an errno. */
int spool_begin_segment(struct attend_spool *);
/* It is answered: says so in the file, and in memory. */
void spool_settle(struct attend_spool *, uint64_t number);
/* Appends to the refused, on disk when it returns. 0 or an errno. */
int spool_refuse(struct attend_spool *, const struct spooled *kept, const struct attend_reply *);
/* Removes files in which nothing waits. */
void spool_trim(struct attend_spool *);
/* Ends what is on its way without an answer. */
void spool_recall(struct attend_spool *);

#endif
