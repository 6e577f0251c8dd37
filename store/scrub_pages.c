/* scrub_pages.c - are records only on pages that are in use?
 *
 * A page that was given back still holds good records of an earlier time, with
 * good checksums: one wrong bit in a pointer can lead there. And a page in use
 * that the list of free ones names will be written over. So the list is read, and
 * each record's page is looked up in it. This knows LMDB's page, as it is in all
 * of 0.9 (data version 1):
 *
 *   number 8 | 2 | flags 2 | lower 2 | upper 2 | places 2 each ... | nodes from upper on
 *   node: 8 | key | value, or the number of a page that begins the same and holds
 *   the value right behind its first 16 bytes
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "store/store_parts.h"

enum {
	FREE_TABLE = 0,
	META_PAGES = 2,
	PAGE_ID_SIZE = 8,
	PAGE_FLAGS_AT = 10,
	PAGE_UPPER_AT = 14,
	PAGE_HEAD_SIZE = 16,
	NODE_HEAD_SIZE = 8,
	PAGE_IS_LEAF = 0x02,
	PAGE_IS_OVERFLOW = 0x04,
};

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
		if (txn->store->absent[i])
			continue;
		if (mdb_stat(txn->mdb, txn->store->tables[i], &stat) != 0)
			return false;
		*used += pages_of(&stat);
	}
	return true;
}

/* The list as this transaction sees it. */
static enum store_result read_free_list(struct scrub_pages *pages, struct txn *txn, uint64_t *free_count)
{
	MDB_val key, value;
	MDB_cursor *cursor;
	int code = mdb_cursor_open(txn->mdb, FREE_TABLE, &cursor);

	*free_count = 0;
	if (code != 0)
		return store_fail_mdb(code, "list of free pages");
	while ((code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0) {
		if (!free_entry_good(key, value, mdb_txn_id(txn->mdb), pages->count, pages->free)) {
			code = MDB_CORRUPTED;
			break;
		}
		*free_count += word_at(value.mv_data, 0);
	}
	mdb_cursor_close(cursor);
	return code == MDB_NOTFOUND ? STORE_OK : store_fail_mdb(code, "list of free pages");
}

enum store_result scrub_pages_open(struct scrub_pages *pages, struct txn *txn)
{
	size_t snapshot = mdb_txn_id(txn->mdb);
	MDB_envinfo before, after;
	MDB_stat stat;
	uint64_t used, free_count;
	enum store_result result;

	mdb_env_info(txn->store->env, &before);
	mdb_env_stat(txn->store->env, &stat);
	*pages = (struct scrub_pages){ .size = stat.ms_psize, .count = before.me_last_pgno + 1 };
	pages->free = calloc(pages->count / 8 + 1, 1);
	if (!pages->free)
		return store_fail(STORE_FAILED, "no memory to look at %zu pages", pages->count);
	result = read_free_list(pages, txn, &free_count);
	if (result != STORE_OK)
		return result;
	/* A writer in another process may commit meanwhile. Our tables and list stay as
	 * they were, but the number of the file's last page is then a later one. */
	mdb_env_info(txn->store->env, &after);
	if (before.me_last_txnid != snapshot || after.me_last_txnid != snapshot)
		return STORE_OK;
	if (!count_used(txn, &used))
		return store_fail(STORE_DAMAGED, "the tables' sizes can't be read");
	if (used + free_count != pages->count)
		return store_fail(STORE_DAMAGED, "%" PRIu64 " pages in use and %" PRIu64 " free are not the file's %zu",
		                  used, free_count, pages->count);
	return STORE_OK;
}

void scrub_pages_close(struct scrub_pages *pages)
{
	free(pages->free);
	pages->free = NULL;
}

static unsigned half_word_at(const uint8_t *page, size_t at)
{
	uint16_t half;

	memcpy(&half, page + at, sizeof(half));
	return half;
}

/* Does the page know its own number, is it of this kind, and are it and those
 * behind it not among the free? Where page 0 is in memory LMDB doesn't say: the
 * first page that is looked at does, and all others must agree with it. */
static bool page_good(struct scrub_pages *pages, const uint8_t *page, unsigned kind, size_t count)
{
	size_t number = word_at(page, 0);

	if (half_word_at(page, PAGE_FLAGS_AT) != kind || number < META_PAGES || number >= pages->count ||
	    count > pages->count - number)
		return false;
	if (!pages->first)
		pages->first = page - number * pages->size;
	if (page != pages->first + number * pages->size)
		return false;
	for (size_t i = number; i < number + count; i++) {
		if (pages->free[i / 8] >> i % 8 & 1)
			return false;
	}
	return true;
}

bool scrub_pages_hold(struct scrub_pages *pages, struct slice key, struct slice value)
{
	size_t in_page = (uintptr_t)key.bytes % pages->size;
	const uint8_t *page = key.bytes - in_page;

	if (in_page < NODE_HEAD_SIZE || !page_good(pages, page, PAGE_IS_LEAF, 1))
		return false;
	if (in_page - NODE_HEAD_SIZE < half_word_at(page, PAGE_UPPER_AT))
		return false;
	if (value.bytes == key.bytes + key.size)
		return in_page + key.size + value.size + CHECK_SIZE <= pages->size;
	/* A large value has pages of its own. */
	if ((uintptr_t)value.bytes % pages->size != PAGE_HEAD_SIZE)
		return false;
	return page_good(pages, value.bytes - PAGE_HEAD_SIZE, PAGE_IS_OVERFLOW,
	                 (PAGE_HEAD_SIZE + value.size + CHECK_SIZE + pages->size - 1) / pages->size);
}
