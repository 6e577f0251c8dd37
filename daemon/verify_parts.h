/* verify_parts.h - what the parts of a verify share: the replay (verify.c) and the comparing (verify_compare.c).
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_VERIFY_PARTS_H
#define DAEMON_VERIFY_PARTS_H

#include <stdio.h>

#include "daemon/engine_parts.h"

enum { TOLD_MAX = 50, LINE_ROOM = 600 };

struct verify {
	FILE *out;
	unsigned faults;
	char wrongs[TOLD_MAX * LINE_ROOM]; /* told at the end: it may turn out that what was read is nothing's */
	size_t wrongs_size;
	char dir[400], scratch_dir[440];
	struct store_key key;
	struct persons *persons;
	struct store *store, *scratch;
	struct txn *txn, *scratch_txn;
	struct log log;
	struct tree tree;
	struct state state;
	struct event event;
	uint64_t head, marks, replayed;
	uint64_t *pupil_positions; /* by number: of the record that the store holds */
	uint32_t pupil_count, pupils_equal;
	uint64_t pupils_from;
};

/* Counts a fault and keeps what is to be told of it. `detail` may be NULL. */
void verify_wrong(struct verify *, const char *what, const char *detail);
void verify_wrong_at(struct verify *, const char *what, uint64_t number);

/* What the store holds, table by table, beside what its log gave in the rebuild; and the signed head. */
void verify_compare(struct verify *);

#endif
