/* Whatever the store holds must be what its log gives, byte for byte.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "daemon/concerns.h"
#include "daemon/verify_parts.h"

/* As they are written now: a store may hold older ones (store.h). */
static bool same_value(enum table table, struct slice held, struct slice made)
{
	uint64_t a, b;

	if (table == TABLE_IDS && held.size != made.size)
		return id_decode(held, &a) && id_decode(made, &b) && a == b;
	return slice_equal(held, made);
}

static enum store_result next_row(enum table table, struct scan *scan, struct slice *key, struct slice *value)
{
	enum store_result result;

	do
		result = scan_next(scan, key, value);
	while (result == STORE_OK && table == TABLE_TREE && key->bytes[0] < TREE_KEPT_LEVEL);
	return result;
}

static void compare_table(struct verify *v, enum table table)
{
	struct scan real, rebuilt;
	struct slice a_key, a, b_key, b;
	enum store_result ra, rb;
	char text[120];

	ra = scan_open(&real, v->txn, table, slice_of(NULL, 0));
	rb = scan_open(&rebuilt, v->scratch_txn, table, slice_of(NULL, 0));
	while (ra == STORE_OK && rb == STORE_OK) {
		ra = next_row(table, &real, &a_key, &a);
		rb = next_row(table, &rebuilt, &b_key, &b);
		if (ra != STORE_OK || rb != STORE_OK)
			break;
		if (!slice_equal(a_key, b_key) || !same_value(table, a, b)) {
			char hex[2 * 48 + 1];

			hex_text(hex, a_key.bytes, a_key.size < 48 ? a_key.size : 48);
			snprintf(text, sizeof text, "%s at key %s", table_text(table), hex);
			verify_wrong(v, "differs from the log", text);
			break;
		}
	}
	if (ra != rb)
		verify_wrong(v, "has more or fewer entries than the log gives, or can't be read", table_text(table));
	scan_close(&real);
	scan_close(&rebuilt);
}

static void check_signature(struct verify *v)
{
	struct note_key key;
	struct slice note;
	uint8_t signed_root[HASH_SIZE], root[HASH_SIZE];
	uint64_t size = 0;
	char origin[NOTE_NAME_MAX + 1];

	if (!engine_origin(origin, v->state.authority)) {
		verify_wrong(v, "the authority's name is none", NULL);
		return;
	}
	note_key_from_seed(&key, origin, v->key.log_seed);
	if (store_get(v->txn, TABLE_META, slice_text("checkpoint"), &note) != STORE_OK ||
	    !note_open(note, &key, &size, signed_root)) {
		verify_wrong(v, "the signed checkpoint is missing or its signature is not good", NULL);
		return;
	}
	tree_root(&v->tree, root);
	if (size != v->head)
		verify_wrong_at(v, "the signed checkpoint is of another size", size);
	else if (memcmp(root, signed_root, HASH_SIZE) != 0)
		verify_wrong(v, "the records do not add up to the signed root", NULL);
}

static void compare_meta(struct verify *v, const char *name)
{
	struct slice a = {0}, b = {0};
	enum store_result ra = store_get(v->txn, TABLE_META, slice_text(name), &a);
	enum store_result rb = store_get(v->scratch_txn, TABLE_META, slice_text(name), &b);

	if (ra != rb || (ra == STORE_OK && !slice_equal(a, b)))
		verify_wrong(v, "differs from the log", name);
}

/* A pupil whose record is older than the tail's start would be missing marks. */
static void check_tail(struct verify *v)
{
	for (uint32_t n = 1; n <= v->pupil_count && n <= v->state.pupil_count; n++) {
		const struct pupil *p = state_pupil(&v->state, n);

		if (v->pupil_positions[n] == UINT64_MAX) {
			continue;
		}
		if (v->pupil_positions[n])
			verify_wrong_at(v, "the figures of a pupil stand at an event that is not theirs, number", n);
		else if (p->position <= v->pupils_from)
			verify_wrong_at(v, "the figures of a pupil were never written, number", n);
	}
}

/* Written behind, too; a store of before they were kept, read by nobody who could write, holds none. */
static void compare_concerns(struct verify *v)
{
	const char *fault = NULL;

	if (concerns_write(v->state.concerns, v->scratch_txn, 0, UINT32_MAX) != STORE_OK)
		fault = "the rebuild ran out of room";
	else if (concerns_held(v->txn))
		fault = concerns_fault(v->txn, v->scratch_txn, v->pupils_from);
	else if (store_count(v->txn, TABLE_CONCERNS))
		fault = "it is not said that they were made";
	if (fault)
		verify_wrong(v, "which records concern whom (table concerns)", fault);
}

void verify_compare(struct verify *v)
{
	static const enum table same[] = {TABLE_TREE,  TABLE_IDS,	  TABLE_UPNS,	TABLE_PERSONS,	TABLE_STANDING,
					  TABLE_CASES, TABLE_PUPIL_CASES, TABLE_TIMERS, TABLE_ALERTS,	TABLE_ALERT_CHANGES,
					  TABLE_ACCESS, TABLE_CALENDARS,  TABLE_PATHWAYS, TABLE_PEOPLE, TABLE_COVERS,
					  TABLE_SCHOOLS};
	struct slice newest;

	for (size_t i = 0; i < sizeof same / sizeof *same; i++)
		compare_table(v, same[i]);
	compare_meta(v, "authority");
	compare_meta(v, "clock");
	compare_meta(v, "days");
	if (store_get(v->txn, TABLE_META, slice_text("newest-id"), &newest) == STORE_OK &&
	    !slice_equal(newest, slice_of(v->state.newest_id, UUID_SIZE)))
		verify_wrong(v, "what is kept as the newest id is not", NULL);
	check_tail(v);
	compare_concerns(v);
	check_signature(v);
}
