/* replay.c - reads a store's log from its start on one core: every record's checksum, decoding, its hash
 * into the tree and its part of every pupil's figures, in memory; and the root against the signed one.
 *
 *   bench-replay DATA        prints marks a second; submissions, events and seconds on stderr
 *
 * What attendd verify does beyond that is to write and compare the tables. Alerts and cases have their records
 * applied without tables, which decides nothing.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/engine_parts.h"
#include "daemon/memory.h"

struct replay {
	struct state state;
	struct event event;
	uint8_t frontier[64][HASH_SIZE];
	uint64_t size, submissions, marks;
	bool bad;
};

static double now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void add_leaf(struct replay *r, struct slice record)
{
	uint8_t hash[HASH_SIZE];
	unsigned level = 0;

	tree_leaf_hash(hash, record);
	for (; r->size >> level & 1; level++)
		tree_node_hash(hash, r->frontier[level], hash);
	memcpy(r->frontier[level], hash, HASH_SIZE);
	r->size++;
}

static bool one(void *context, uint64_t position, struct slice record)
{
	struct replay *r = context;

	if (!event_decode(&r->event, record, true)) {
		r->bad = true;
		return false;
	}
	add_leaf(r, record);
	r->bad = state_apply(&r->state, &r->event, position) != STORE_OK;
	return !r->bad;
}

/* Afterwards, so that it is no part of what is measured. */
static bool count_one(void *context, uint64_t position, struct slice record)
{
	struct replay *r = context;
	struct marks_reader in;
	struct mark m;

	(void)position;
	if (!event_decode(&r->event, record, true) || r->event.kind != EVENT_MARKS_RECORDED)
		return true;
	r->submissions++;
	marks_open(&in, r->event.version, r->event.marks_recorded.body);
	while (marks_next(&in, &m))
		r->marks++;
	return true;
}

static int fail(const char *what, const char *why)
{
	fprintf(stderr, "bench-replay: %s: %s\n", what, why);
	return 1;
}

int main(int argc, char **argv)
{
	struct store_options options = {.mode = STORE_READ};
	struct replay *r = memory_new(sizeof *r);
	struct log log = {.methods = &log_lmdb};
	struct tree tree = {0};
	struct persons *persons;
	struct store_key key;
	struct store *store;
	struct txn *txn;
	struct slice note;
	struct note_key note_key;
	uint8_t root[HASH_SIZE], signed_root[HASH_SIZE];
	char why[300] = "", origin[NOTE_NAME_MAX + 1];
	uint64_t signed_size = 0;
	double began;

	if (argc != 2)
		return fail("usage", "bench-replay DATA");
	if (store_key_read(argv[1], &key, why, sizeof why) != 0 || persons_open(&persons, argv[1], false, why, sizeof why) != 0)
		return fail(argv[1], why);
	memcpy(options.check_key, key.check, sizeof options.check_key);
	if (store_open(&store, argv[1], &options, why, sizeof why) != STORE_OK || store_begin(store, false, &txn) != STORE_OK)
		return fail(argv[1], why);
	state_init(&r->state, &key, persons);
	began = now_s();
	log.methods->read(&log, txn, 1, UINT64_MAX, one, r);
	began = now_s() - began;
	log.methods->read(&log, txn, 1, UINT64_MAX, count_one, r);
	tree.size = r->size;
	memcpy(tree.frontier, r->frontier, sizeof tree.frontier);
	tree_root(&tree, root);
	if (r->bad || !engine_origin(origin, r->state.authority))
		return fail(argv[1], "a record can't be replayed");
	note_key_from_seed(&note_key, origin, key.log_seed);
	if (store_get(txn, TABLE_META, slice_text("checkpoint"), &note) != STORE_OK || !note_open(note, &note_key, &signed_size, signed_root) ||
	    signed_size != r->size || memcmp(root, signed_root, HASH_SIZE) != 0)
		return fail(argv[1], "the records do not add up to the signed root");
	fprintf(stderr, "%" PRIu64 " events, %" PRIu64 " submissions, %" PRIu64 " marks in %.3f s: %.0f submissions/s\n", r->size, r->submissions,
		r->marks, began, (double)r->submissions / began);
	printf("%.0f\n", (double)r->marks / began);
	return 0;
}
