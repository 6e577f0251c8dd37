/* txn.c - transactions, single records and scans.
 *
 * What is hashed, and where in the store's room it stands:
 *
 *   table 1 | key size 2 | key | value | SipHash-2-4, 8
 *                               '-- what LMDB holds --'
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "store/redo.h"
#include "store/store_parts.h"

enum { RECORD_HEAD = 1 + 2 };
static const uint64_t nearly_no_disk = 1 << 20;

static MDB_val val_of(struct slice slice)
{
	return (MDB_val){ .mv_size = slice.size, .mv_data = (void *)(uintptr_t)slice.bytes };
}

/* Room for a record of these sizes, or NULL where there is no memory. Grows by
 * doubling, so that the usual put and get never allocate. */
static uint8_t *room_for(struct room *room, size_t key_size, size_t value_size)
{
	size_t needed = RECORD_HEAD + key_size + value_size + CHECK_SIZE;
	size_t size = room->size ? room->size : 4096;
	uint8_t *bytes;

	if (needed <= room->size)
		return room->bytes;
	while (size < needed)
		size *= 2;
	bytes = malloc(size);
	if (!bytes)
		return NULL;
	if (room->bytes)
		sodium_memzero(room->bytes, room->size);
	free(room->bytes);
	*room = (struct room){ bytes, size };
	return bytes;
}

/* Puts the record together and its checksum behind it; gives where the value starts. */
static uint8_t *assemble(struct txn *txn, enum table table, MDB_val key, const void *value, size_t size)
{
	struct store *store = txn->store;
	uint8_t *room = room_for(&store->rooms[txn->behind], key.mv_size, size);

	if (!room)
		return NULL;
	room[0] = (uint8_t)table;
	room[1] = (uint8_t)(key.mv_size >> 8);
	room[2] = (uint8_t)key.mv_size;
	memcpy(room + RECORD_HEAD, key.mv_data, key.mv_size);
	if (size > 0)
		memcpy(room + RECORD_HEAD + key.mv_size, value, size);
	crypto_shorthash_siphash24(room + RECORD_HEAD + key.mv_size + size, room,
	                           RECORD_HEAD + key.mv_size + size, store->check_key);
	return room + RECORD_HEAD + key.mv_size;
}

static enum store_result damaged(enum table table, MDB_val key, const char *how)
{
	char hex[2 * 64 + 1];
	size_t size = key.mv_size < 64 ? key.mv_size : 64;

	sodium_bin2hex(hex, sizeof(hex), key.mv_data, size);
	return store_fail(STORE_DAMAGED, "table %s, key %s%s: %s", table_text(table), hex,
	                  size < key.mv_size ? "..." : "", how);
}

enum store_result store_check(struct txn *txn, enum table table, MDB_val key, MDB_val stored,
                              struct slice *value)
{
	const uint8_t *bytes = stored.mv_data;
	const uint8_t *right;
	size_t size;

	if (key.mv_size < 1 || key.mv_size > STORE_KEY_MAX)
		return store_fail(STORE_DAMAGED, "table %s: a key of %zu bytes", table_text(table), key.mv_size);
	if (stored.mv_size < CHECK_SIZE)
		return damaged(table, key, "shorter than its checksum");
	size = stored.mv_size - CHECK_SIZE;
	right = assemble(txn, table, key, bytes, size);
	if (!right)
		return store_fail(STORE_FAILED, "no memory for a record of %zu bytes", size);
	if (memcmp(right + size, bytes + size, CHECK_SIZE) != 0)
		return damaged(table, key, "the checksum is wrong");
	*value = slice_of(bytes, size);
	return STORE_OK;
}

static enum store_result begin_write(struct store *store, struct txn **out)
{
	int code;

	if (store->mode == STORE_READ)
		return store_fail(STORE_FAILED, "the store is open for reading only");
	if (store->writing)
		return store_fail(STORE_FAILED, "a write transaction is open already");
	store->writer = (struct txn){ .store = store, .write = true };
	code = mdb_txn_begin(store->env, NULL, 0, &store->writer.mdb);
	if (code != 0)
		return store_fail_mdb(code, "begin to write");
	store->writing = true;
	*out = &store->writer;
	return STORE_OK;
}

static int begin_mdb_read(struct store *store, struct txn *txn)
{
	if (txn->mdb)
		return mdb_txn_renew(txn->mdb);
	return mdb_txn_begin(store->env, NULL, MDB_RDONLY, &txn->mdb);
}

static enum store_result begin_read(struct store *store, struct txn **out)
{
	struct txn *txn = store->idle;
	int code, dead;

	if (txn) {
		store->idle = txn->next_idle;
		txn->trouble = STORE_OK;
	} else {
		txn = calloc(1, sizeof(*txn));
		if (!txn)
			return store_fail(STORE_FAILED, "no memory for a transaction");
		txn->store = store;
	}
	code = begin_mdb_read(store, txn);
	if (code == MDB_READERS_FULL && mdb_reader_check(store->env, &dead) == 0)
		code = begin_mdb_read(store, txn);
	/* The writer, in another process, has a larger map than we; it may only be
	 * mapped anew while nobody here holds a page of it. */
	if (code == MDB_MAP_RESIZED && store->reading == 0 && !store->writing) {
		code = mdb_env_set_mapsize(store->env, 0);
		if (code == 0)
			code = begin_mdb_read(store, txn);
	}
	if (code != 0) {
		if (txn->mdb)
			mdb_txn_abort(txn->mdb);
		free(txn);
		return store_fail_mdb(code, "begin to read");
	}
	store->reading++;
	*out = txn;
	return STORE_OK;
}

enum store_result store_begin(struct store *store, bool write, struct txn **out)
{
	enum store_result sound = redo_sound(store);

	*out = NULL;
	if (sound != STORE_OK)
		return sound;
	return write ? begin_write(store, out) : begin_read(store, out);
}

static void end_read(struct txn *txn)
{
	struct store *store = txn->store;

	mdb_txn_reset(txn->mdb);
	txn->next_idle = store->idle;
	store->idle = txn;
	store->reading--;
}

/* What a failed commit left behind. LMDB commits in three steps: it writes the
 * changed pages to places that no reader looks at, syncs them (not where the redo log
 * does that for it), and then writes the meta page that makes them the store.
 *
 *   step 1 or 2 fails (ENOSPC, EDQUOT, EFBIG, EIO, a short write as EIO; whatever
 *   the errno): the old meta page stands, nobody will ever see the new pages, and
 *   the next commit writes all that it needs again. Known not to be committed.
 *
 *   step 3 fails: the meta page may be on disk or not, LMDB has written the old one
 *   over it in the page cache without knowing whether that will last, and has
 *   condemned the environment: every later begin gives MDB_PANIC. Unknown.
 *
 * The errno can't tell these apart (EIO and ENOSPC come from all three), but
 * whether the environment was condemned does, so that is asked. */
static enum store_result commit_failed(struct store *store, int code)
{
	MDB_txn *mdb;
	struct statvfs disk;
	int probe = mdb_txn_begin(store->env, NULL, 0, &mdb);

	if (probe != 0)
		return store_fail(STORE_UNKNOWN, "commit: %s; whether it stands can't be known before the store is opened again",
		                  mdb_strerror(code));
	mdb_txn_abort(mdb);
	/* LMDB calls a short write EIO; at the end of the disk that is what it is. */
	if (code == EIO && fstatvfs(store->dir_fd, &disk) == 0 &&
	    (uint64_t)disk.f_bavail * disk.f_frsize < nearly_no_disk)
		return store_fail(STORE_FULL, "commit: the disk is full");
	return store_fail_mdb(code, "commit");
}

enum store_result store_commit(struct txn **out)
{
	struct txn *txn = *out;
	struct store *store;
	enum store_result spoilt;
	int code;

	assert(txn && txn->scans == 0);
	*out = NULL;
	store = txn->store;
	if (!txn->write) {
		end_read(txn);
		return STORE_OK;
	}
	spoilt = store_settle(txn);
	if (spoilt == STORE_OK)
		spoilt = txn->trouble;
	if (spoilt == STORE_OK)
		spoilt = redo_before_commit(store, txn->mdb);
	if (spoilt != STORE_OK) {
		store_abort(&txn);
		return spoilt;
	}
	gathered_drop(txn);
	if (!txn->behind)
		store->writing = false;
	code = mdb_txn_commit(txn->mdb);
	spoilt = code == 0 ? redo_after_commit(store) : commit_failed(store, code);
	redo_forget(store);
	if (spoilt == STORE_FULL)
		redo_relieve(store);
	return spoilt;
}

void store_abort(struct txn **out)
{
	struct txn *txn = *out;

	if (!txn)
		return;
	assert(txn->scans == 0);
	*out = NULL;
	if (!txn->write) {
		end_read(txn);
		return;
	}
	gathered_drop(txn);
	if (!txn->behind)
		txn->store->writing = false;
	if (txn->mdb) {
		redo_forget(txn->store);
		mdb_txn_abort(txn->mdb);
		if (txn->spoilt == STORE_FULL)
			redo_relieve(txn->store);
	}
}

enum store_result store_get(struct txn *txn, enum table table, struct slice key, struct slice *value)
{
	MDB_val name = val_of(key), stored;
	int code;

	*value = slice_of(NULL, 0);
	if (txn->spoilt != STORE_OK)
		return txn->spoilt;
	if (txn->store->absent[table])
		return STORE_NONE;
	if (txn->gathered)
		return gathered_get(txn, table, key, value);
	code = mdb_get(txn->mdb, txn->store->tables[table], &name, &stored);
	return store_looked(txn, code != 0 ? store_fail_mdb(code, table_text(table)) : store_check(txn, table, name, stored, value));
}

enum store_result store_unreadable(struct txn *txn, enum table table)
{
	return store_looked(txn, store_fail(STORE_DAMAGED, "table %s holds a value that can't be read", table_text(table)));
}

enum store_result store_trouble(struct txn *txn)
{
	enum store_result trouble = txn->trouble;

	txn->trouble = STORE_OK;
	return trouble;
}

/* LMDB's rule: after a put that failed, the transaction can only be aborted. */
static enum store_result spoil(struct txn *txn, int code, enum table table)
{
	txn->spoilt = store_fail_mdb(code, table_text(table));
	return txn->spoilt;
}

static enum store_result put(struct txn *txn, enum table table, struct slice key, struct slice value, unsigned flags)
{
	struct store *store = txn->store;
	MDB_val name = val_of(key), stored;
	int code;

	assert(txn->write);
	if (txn->spoilt != STORE_OK)
		return txn->spoilt;
	if (key.size < 1 || key.size > STORE_KEY_MAX)
		return spoil(txn, MDB_BAD_VALSIZE, table);
	stored.mv_data = assemble(txn, table, name, value.bytes, value.size);
	if (!stored.mv_data)
		return spoil(txn, ENOMEM, table);
	stored.mv_size = value.size + CHECK_SIZE;
	/* The key as it was copied, since the caller's may be on a page that moves. */
	name.mv_data = store->rooms[txn->behind].bytes + RECORD_HEAD;
	txn->writes[table]++;
	code = mdb_put(txn->mdb, store->tables[table], &name, &stored, flags);
	if (code == 0)
		redo_note(store, flags & MDB_APPEND ? REDO_APPEND : REDO_PUT, table, name, stored);
	if (code == MDB_KEYEXIST)
		return store_fail(STORE_FAILED, "table %s: a key that is not after all others", table_text(table));
	return code == 0 ? STORE_OK : spoil(txn, code, table);
}

enum store_result store_put(struct txn *txn, enum table table, struct slice key, struct slice value)
{
	return txn->gathered ? gathered_write(txn, table, key, &value) : put(txn, table, key, value, 0);
}

enum store_result store_append(struct txn *txn, enum table table, struct slice key, struct slice value)
{
	enum store_result result = store_settle(txn);

	return result == STORE_OK ? put(txn, table, key, value, MDB_APPEND) : result;
}

enum store_result store_delete(struct txn *txn, enum table table, struct slice key)
{
	uint8_t copy[STORE_KEY_MAX];
	MDB_val name = { .mv_size = key.size, .mv_data = copy };
	int code;

	assert(txn->write);
	if (txn->spoilt != STORE_OK)
		return txn->spoilt;
	if (key.size < 1 || key.size > STORE_KEY_MAX)
		return spoil(txn, MDB_BAD_VALSIZE, table);
	if (txn->gathered)
		return gathered_write(txn, table, key, NULL);
	memcpy(copy, key.bytes, key.size);
	txn->writes[table]++;
	code = mdb_del(txn->mdb, txn->store->tables[table], &name, NULL);
	if (code == 0)
		redo_note(txn->store, REDO_DELETE, table, name, (MDB_val){ 0, NULL });
	if (code == 0 || code == MDB_NOTFOUND)
		return code == 0 ? STORE_OK : STORE_NONE;
	return spoil(txn, code, table);
}

uint64_t store_count(struct txn *txn, enum table table)
{
	MDB_stat stat;

	int code;

	if (store_settle(txn) != STORE_OK || txn->store->absent[table])
		return 0;
	code = mdb_stat(txn->mdb, txn->store->tables[table], &stat);
	if (code != 0)
		store_looked(txn, store_fail_mdb(code, table_text(table)));
	return code == 0 ? stat.ms_entries : 0;
}
