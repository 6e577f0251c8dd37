/* scrub.c - looks at every record before somebody needs it.
 *
 * A checksum finds a changed value. What it can't find is a record that LMDB no
 * longer leads to (a changed branch page), so keys must rise, the log must have
 * no gap and the number of records must be the one that LMDB keeps with the
 * table. The list of free pages is looked at too: nothing reads it in a way that
 * would show a fault, until a live page is given out as a free one.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/store_parts.h"

enum { FREE_TABLE = 0, META_PAGES = 2, PAGE_ID_SIZE = 8 };

_Static_assert(sizeof(size_t) == PAGE_ID_SIZE, "LMDB keeps page numbers as machine words");

static size_t word_at(const void *words, size_t index)
{
	size_t word;

	memcpy(&word, (const uint8_t *)words + index * PAGE_ID_SIZE, sizeof(word));
	return word;
}

/* One entry of the list: the transaction that freed the pages -> count, then the
 * pages in falling order. Each goes into the bitmap `seen`. */
static bool free_entry_good(MDB_val key, MDB_val value, size_t last_transaction, size_t pages, uint8_t *seen)
{
	size_t count, before = SIZE_MAX;

	if (key.mv_size != PAGE_ID_SIZE || word_at(key.mv_data, 0) > last_transaction)
		return false;
	if (value.mv_size < PAGE_ID_SIZE || value.mv_size % PAGE_ID_SIZE != 0)
		return false;
	/* LMDB leaves room behind the list, so the value may be longer than it. */
	count = word_at(value.mv_data, 0);
	if (count > value.mv_size / PAGE_ID_SIZE - 1)
		return false;
	for (size_t i = 1; i <= count; i++) {
		size_t page = word_at(value.mv_data, i);

		if (page >= before || page < META_PAGES || page >= pages || (seen[page / 8] >> page % 8 & 1))
			return false;
		seen[page / 8] |= (uint8_t)(1u << page % 8);
		before = page;
	}
	return true;
}

static uint64_t pages_of(const MDB_stat *stat)
{
	return (uint64_t)stat->ms_branch_pages + stat->ms_leaf_pages + stat->ms_overflow_pages;
}

/* Pages that some table says it uses; LMDB's own root table (1) included. */
static bool count_used(struct txn *txn, uint64_t *used)
{
	MDB_stat stat;
	MDB_dbi root;

	if (mdb_dbi_open(txn->mdb, NULL, 0, &root) != 0)
		return false;
	if (mdb_stat(txn->mdb, FREE_TABLE, &stat) != 0)
		return false;
	*used = META_PAGES + pages_of(&stat);
	if (mdb_stat(txn->mdb, root, &stat) != 0)
		return false;
	*used += pages_of(&stat);
	for (int i = 0; i < TABLE_COUNT; i++) {
		if (mdb_stat(txn->mdb, txn->store->tables[i], &stat) != 0)
			return false;
		*used += pages_of(&stat);
	}
	return true;
}

/* The free pages: in range, none twice, and with those in use they make up the file.
 * (A writer in another process may commit meanwhile: our pages and lists stay as
 * they were, but the number of the file's last page is then a later one. So the
 * sum is compared only while the last transaction is ours.) */
static enum store_result scrub_free_pages(struct txn *txn)
{
	size_t snapshot = mdb_txn_id(txn->mdb);
	struct store *store = txn->store;
	MDB_envinfo before, after;
	MDB_val key, value;
	MDB_cursor *cursor;
	uint64_t used, free_pages = 0;
	size_t pages;
	uint8_t *seen;
	int code;

	mdb_env_info(store->env, &before);
	pages = before.me_last_pgno + 1;
	seen = calloc(pages / 8 + 1, 1);
	if (!seen)
		return store_fail(STORE_FAILED, "no memory to look at %zu pages", pages);
	code = mdb_cursor_open(txn->mdb, FREE_TABLE, &cursor);
	if (code == 0) {
		while ((code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0) {
			if (!free_entry_good(key, value, snapshot, pages, seen)) {
				code = MDB_CORRUPTED;
				break;
			}
			free_pages += word_at(value.mv_data, 0);
		}
		mdb_cursor_close(cursor);
	}
	free(seen);
	if (code != MDB_NOTFOUND)
		return store_fail_mdb(code, "list of free pages");
	mdb_env_info(store->env, &after);
	if (before.me_last_txnid != snapshot || after.me_last_txnid != snapshot)
		return STORE_OK;
	if (!count_used(txn, &used))
		return store_fail(STORE_DAMAGED, "the tables' sizes can't be read");
	if (used + free_pages != pages)
		return store_fail(STORE_DAMAGED, "%" PRIu64 " pages in use and %" PRIu64 " free are not the file's %zu",
		                  used, free_pages, pages);
	return STORE_OK;
}

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

/* Up to *left records of the table that `place` is in. NONE: the table's end. */
static enum store_result scrub_table(struct txn *txn, struct scrub *place, unsigned *left)
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
	enum store_result result = store_begin(store, false, &txn);
	unsigned left = records;

	if (result == STORE_OK) {
		if (place->table == 0 && place->seen == 0) {
			place->state = mdb_txn_id(txn->mdb);
			result = scrub_free_pages(txn);
		}
		while (result == STORE_OK && left > 0 && place->table < TABLE_COUNT) {
			result = scrub_table(txn, place, &left);
			if (result == STORE_NONE)
				result = finish_table(txn, place);
		}
		if (result == STORE_OK && place->table >= TABLE_COUNT)
			result = STORE_NONE;
		store_abort(&txn);
	}
	if (why && why_size > 0 && result != STORE_OK && result != STORE_NONE)
		snprintf(why, why_size, "%s", store_why(store));
	return result;
}
