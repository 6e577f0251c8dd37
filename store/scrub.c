/* scrub.c - looks at every record before somebody needs it.
 *
 * A checksum finds a changed value. What it can't find is a record that LMDB no
 * longer leads to (a changed branch page), so keys must rise, each must be found
 * by a search, the log must have no gap and the number of records must be the one
 * that LMDB keeps with the table; scrub_pages.c looks at where the records stand.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/store_parts.h"

static int compare_keys(struct slice a, const uint8_t *b, size_t b_size)
{
	size_t common = a.size < b_size ? a.size : b_size;
	int order = common ? memcmp(a.bytes, b, common) : 0;

	return order ? order : (a.size > b_size) - (a.size < b_size);
}

static enum store_result fault(const struct scrub *place, const char *how)
{
	char hex[2 * 40 + 1];
	size_t size = place->key_size < 40 ? place->key_size : 40;

	sodium_bin2hex(hex, sizeof(hex), place->key, size);
	return store_fail(STORE_DAMAGED, "table %s, after key %s: %s", table_text((enum table)place->table), hex, how);
}

/* The end of a table: as many records as LMDB counts, if nothing came between. */
static enum store_result finish_table(struct txn *txn, struct scrub *place)
{
	uint64_t count = store_count(txn, (enum table)place->table);
	bool same = place->state == mdb_txn_id(txn->mdb);

	/* No gap and as many as the last position says, so the log needs no stillness. */
	if (place->table == TABLE_LOG && place->seen > 0) {
		struct reader r = reader_of(slice_of(place->key, place->key_size));

		if (read_u64(&r) != place->seen)
			return fault(place, "the log has a gap");
	}
	if (same && count != place->seen)
		return store_fail(STORE_DAMAGED, "table %s: %" PRIu64 " records were found where LMDB counts %" PRIu64,
		                  table_text((enum table)place->table), place->seen, count);
	*place = (struct scrub){ .table = place->table + 1, .state = mdb_txn_id(txn->mdb) };
	return STORE_OK;
}

/* Is the record found by its key too? A walk goes from leaf to leaf and never
 * looks at the keys in the pages above, by which a search goes: one changed there
 * hides records from everybody but the walk. */
static bool found_by_key(struct txn *txn, enum table table, struct slice key, struct slice value)
{
	MDB_val name = { .mv_size = key.size, .mv_data = (void *)(uintptr_t)key.bytes }, stored;

	return mdb_get(txn->mdb, txn->store->tables[table], &name, &stored) == 0 &&
	       stored.mv_data == (const void *)value.bytes;
}

/* Up to *left records of the table that `place` is in. NONE: the table's end. */
static enum store_result scrub_table(struct txn *txn, struct scrub *place, struct scrub_pages *pages, unsigned *left)
{
	struct slice key, value;
	struct scan scan;
	enum store_result result = scan_open(&scan, txn, (enum table)place->table,
	                                     slice_of(place->key, place->key_size));

	for (bool first = true; result == STORE_OK && *left > 0; first = false) {
		int order;

		result = scan_next(&scan, &key, &value);
		if (result != STORE_OK)
			break;
		order = compare_keys(key, place->key, place->key_size);
		/* A part begins at the last key of the part before, if that is still there. */
		if (first && order == 0 && place->seen > 0)
			continue;
		if (order <= 0) {
			result = fault(place, "the keys don't rise");
			break;
		}
		if (!found_by_key(txn, (enum table)place->table, key, value)) {
			result = fault(place, "the next key is not found by a search");
			break;
		}
		if (!scrub_pages_hold(pages, key, value)) {
			result = fault(place, "the next record is not where a record may be");
			break;
		}
		memcpy(place->key, key.bytes, key.size);
		place->key_size = key.size;
		place->seen++;
		(*left)--;
	}
	scan_close(&scan);
	return result;
}

enum store_result store_scrub(struct store *store, struct scrub *place, unsigned records,
                              char *why, size_t why_size)
{
	struct txn *txn;
	struct scrub_pages pages = { .free = NULL };
	enum store_result result = store_begin(store, false, &txn);
	unsigned left = records;

	if (result == STORE_OK) {
		if (place->table == 0 && place->seen == 0)
			place->state = mdb_txn_id(txn->mdb);
		result = scrub_pages_open(&pages, txn);
		while (result == STORE_OK && left > 0 && place->table < TABLE_COUNT) {
			result = scrub_table(txn, place, &pages, &left);
			if (result == STORE_NONE)
				result = finish_table(txn, place);
		}
		if (result == STORE_OK && place->table >= TABLE_COUNT)
			result = STORE_NONE;
		scrub_pages_close(&pages);
		store_abort(&txn);
	}
	if (why && why_size > 0 && result != STORE_OK && result != STORE_NONE)
		snprintf(why, why_size, "%s", store_why(store));
	return result;
}
