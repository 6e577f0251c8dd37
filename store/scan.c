/* scan.c - walking a table in the order of its keys.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "store/store_parts.h"

enum store_result scan_open(struct scan *scan, struct txn *txn, enum table table, struct slice from)
{
	MDB_val key = { .mv_size = from.size, .mv_data = (void *)(uintptr_t)from.bytes }, stored;
	MDB_cursor *cursor;
	enum store_result result;
	int code;

	result = store_settle(txn); /* which writes */
	*scan = (struct scan){ .txn = txn, .table = table, .writes = txn->writes[table] };
	if (result != STORE_OK)
		return result;
	if (txn->store->absent[table])
		return STORE_OK; /* ended already, as where nothing is there */
	code = mdb_cursor_open(txn->mdb, txn->store->tables[table], &cursor);
	if (code != 0)
		return store_looked(txn, store_fail_mdb(code, table_text(table)));
	code = mdb_cursor_get(cursor, &key, &stored, from.size > 0 ? MDB_SET_RANGE : MDB_FIRST);
	if (code != 0 && code != MDB_NOTFOUND) {
		mdb_cursor_close(cursor);
		return store_looked(txn, store_fail_mdb(code, table_text(table)));
	}
	if (code == MDB_NOTFOUND) {
		/* Nothing there: ended already, and scan_next says NONE. */
		mdb_cursor_close(cursor);
		return STORE_OK;
	}
	scan->cursor = cursor;
	scan->waiting = true;
	txn->scans++;
	return STORE_OK;
}

enum store_result scan_next(struct scan *scan, struct slice *key, struct slice *value)
{
	struct txn *txn = scan->txn;
	MDB_val name, stored;
	enum store_result result;
	int code;

	if (!scan->cursor)
		return STORE_NONE;
	if (txn->spoilt != STORE_OK || scan->writes != txn->writes[scan->table]) {
		result = txn->spoilt != STORE_OK ? txn->spoilt
		         : store_fail(STORE_FAILED, "table %s: written to during a scan", table_text(scan->table));
		scan_close(scan);
		return result;
	}
	code = mdb_cursor_get(scan->cursor, &name, &stored, scan->waiting ? MDB_GET_CURRENT : MDB_NEXT);
	scan->waiting = false;
	if (code == 0) {
		result = store_check(txn, scan->table, name, stored, value);
		*key = slice_of(name.mv_data, name.mv_size);
	} else {
		result = store_fail_mdb(code, table_text(scan->table));
	}
	if (result != STORE_OK)
		scan_close(scan);
	return store_looked(txn, result);
}

enum store_result scan_last(struct txn *txn, enum table table, struct slice *key, struct slice *value)
{
	MDB_val name, stored;
	MDB_cursor *cursor;
	enum store_result result;
	int code;

	result = store_settle(txn);
	if (result != STORE_OK)
		return result;
	if (txn->store->absent[table])
		return STORE_NONE;
	code = mdb_cursor_open(txn->mdb, txn->store->tables[table], &cursor);
	if (code != 0)
		return store_looked(txn, store_fail_mdb(code, table_text(table)));
	code = mdb_cursor_get(cursor, &name, &stored, MDB_LAST);
	if (code == 0) {
		result = store_check(txn, table, name, stored, value);
		*key = slice_of(name.mv_data, name.mv_size);
	} else {
		result = store_fail_mdb(code, table_text(table));
	}
	mdb_cursor_close(cursor);
	return store_looked(txn, result);
}

void scan_close(struct scan *scan)
{
	if (!scan->cursor)
		return;
	mdb_cursor_close(scan->cursor);
	scan->cursor = NULL;
	scan->txn->scans--;
}
