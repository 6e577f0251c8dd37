/* store.c - opening and closing an environment, and what its errors mean.
 *
 * LMDB's flags: MDB_NOTLS, so that a reader slot belongs to a transaction and
 * not to a thread. No MDB_WRITEMAP (a full disk becomes SIGBUS), no MDB_NOMETASYNC
 * (an acked commit could vanish); MDB_NOSYNC for a scratch store, and where the redo log makes a commit durable (redo.h); no
 * MDB_NORDAHEAD (replay was forty times slower), no MDB_NOMEMINIT (old heap bytes
 * would reach the disk).
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/redo.h"
#include "store/store_parts.h"

static const uint64_t map_size_default = UINT64_C(1) << 40;
static const uint64_t map_size_least = UINT64_C(1) << 24;
static const char schema_key[] = "schema";

_Static_assert(TABLE_COUNT <= 64, "LMDB copies every table's entry at each begin; keep them few");

/* Stores that this process has open, for the check that no store is there twice. */
static struct store *open_stores;

/* One per thread, since store_copy may run in a thread of its own. */
static _Thread_local char why_text[400];

const char *table_text(enum table table)
{
	static const char *const texts[] = {
#define X(name, number, text) [number] = text,
		TABLES(X)
#undef X
	};

	return (unsigned)table < TABLE_COUNT ? texts[table] : "no such table";
}

enum store_result store_fail(enum store_result result, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(why_text, sizeof(why_text), format, arguments);
	va_end(arguments);
	return result;
}

const char *store_why(const struct store *store)
{
	(void)store;
	return why_text;
}

static enum store_result result_of(int code)
{
	switch (code) {
	case MDB_SUCCESS:
		return STORE_OK;
	case MDB_NOTFOUND:
		return STORE_NONE;
	case MDB_MAP_FULL:
	case ENOSPC:
	case EDQUOT:
	case EFBIG: /* RLIMIT_FSIZE, or the largest file of the file system */
		return STORE_FULL;
	case MDB_PAGE_NOTFOUND:
	case MDB_CORRUPTED:
	case MDB_INVALID:
	case MDB_VERSION_MISMATCH:
	case MDB_INCOMPATIBLE:
	case MDB_CURSOR_FULL: /* deeper than a tree can get: a loop among its pages */
	case MDB_PAGE_FULL:
		return STORE_DAMAGED;
	case MDB_PANIC:
		return STORE_UNKNOWN;
	default:
		return STORE_FAILED;
	}
}

enum store_result store_fail_mdb(int code, const char *doing)
{
	enum store_result result = result_of(code);

	if (result == STORE_OK || result == STORE_NONE)
		return result;
	return store_fail(result, "%s: %s", doing, mdb_strerror(code));
}

/* How much address space there is: what LMDB is about to map is tried first
 * without a file, since a failed mdb_env_open has opened and closed lock.mdb. A
 * quarter more must fit, so that the rest of the process isn't starved. */
static uint64_t map_size_possible(uint64_t size)
{
	while (size > map_size_least) {
		void *map = mmap(NULL, size + size / 4, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

		if (map != MAP_FAILED) {
			munmap(map, size + size / 4);
			return size;
		}
		size /= 2;
	}
	return size;
}

/* A store closed to others, that is there or isn't as the mode wants it. */
static enum store_result check_place(struct store *store, const char *dir)
{
	struct stat status;
	bool there;

	store->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (store->dir_fd < 0 || fstat(store->dir_fd, &status) != 0)
		return store_fail(STORE_FAILED, "%s: %s", dir, strerror(errno));
	store->device = status.st_dev;
	store->inode = status.st_ino;
	store->pid = getpid();
	for (const struct store *other = open_stores; other; other = other->next) {
		if (other->device == store->device && other->inode == store->inode && other->pid == store->pid)
			return store_fail(STORE_FAILED, "%s is open in this process already", dir);
	}
	if (store->mode == STORE_CREATE) {
		if (fchmod(store->dir_fd, 0700) != 0)
			return store_fail(STORE_FAILED, "%s: %s", dir, strerror(errno));
	} else if (status.st_mode & 022) {
		return store_fail(STORE_FAILED, "%s: others may write to it (mode %04o); chmod 700 it", dir,
		                  (unsigned)status.st_mode & 07777);
	}
	there = fstatat(store->dir_fd, "data.mdb", &status, AT_SYMLINK_NOFOLLOW) == 0;
	if (!there && errno != ENOENT)
		return store_fail(STORE_FAILED, "%s/data.mdb: %s", dir, strerror(errno));
	if (there && store->mode == STORE_CREATE)
		return store_fail(STORE_FAILED, "%s: a store is there already", dir);
	if (!there && (store->mode == STORE_WRITE || store->mode == STORE_READ))
		return store_fail(STORE_FAILED, "%s: there is no store", dir);
	if (there && !S_ISREG(status.st_mode))
		return store_fail(STORE_FAILED, "%s/data.mdb: not a file", dir);
	if (there && status.st_mode & 077)
		return store_fail(STORE_FAILED, "%s/data.mdb: open to others (mode %04o); chmod 600 it", dir,
		                  (unsigned)status.st_mode & 07777);
	return STORE_OK;
}

/* The lock of writers is on a file of ours: LMDB's own lock.mdb must never be
 * opened and closed by anybody else in the process, or its readers are forgotten. */
static enum store_result take_lock(struct store *store, const char *dir)
{
	char pid[24] = "";
	ssize_t size;

	store->lock_fd = openat(store->dir_fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (store->lock_fd < 0)
		return store_fail(STORE_FAILED, "%s/lock: %s", dir, strerror(errno));
	if (flock(store->lock_fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno != EWOULDBLOCK)
			return store_fail(STORE_FAILED, "%s/lock: %s", dir, strerror(errno));
		size = pread(store->lock_fd, pid, sizeof(pid) - 1, 0);
		pid[size > 0 ? strcspn(pid, "\n") : 0] = '\0';
		return store_fail(STORE_BUSY, "%s is open for writing by another process (%s)", dir, pid);
	}
	/* Only for that sentence, so a full disk is no reason not to open. */
	size = snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());
	if (ftruncate(store->lock_fd, 0) != 0 || pwrite(store->lock_fd, pid, (size_t)size, 0) != size)
		errno = 0;
	return STORE_OK;
}

static ino_t lock_file(const struct store *store)
{
	struct stat status;

	return fstatat(store->dir_fd, "lock.mdb", &status, AT_SYMLINK_NOFOLLOW) == 0 ? status.st_ino : 0;
}

bool store_kept(const struct store *store)
{
	return lock_file(store) == store->readers;
}

static enum store_result open_environment(struct store *store, const char *dir, uint64_t map_size)
{
	unsigned flags = MDB_NOTLS;
	int code, dead;

	if (store->mode == STORE_READ)
		flags |= MDB_RDONLY;
	if (store->mode == STORE_SCRATCH)
		flags |= MDB_NOSYNC;
	store->readers = lock_file(store);
	code = mdb_env_create(&store->env);
	if (code == 0)
		code = mdb_env_set_maxdbs(store->env, TABLE_COUNT);
	if (code == 0)
		code = mdb_env_set_mapsize(store->env, map_size ? map_size : map_size_possible(map_size_default));
	if (code == 0)
		code = mdb_env_open(store->env, dir, flags, 0600);
	if (code != 0)
		return store_fail_mdb(code, dir);
	if (!store->readers)
		store->readers = lock_file(store);
	/* Slots of readers that were killed hold old pages for ever. */
	code = mdb_reader_check(store->env, &dead);
	/* After a commit whose last write failed, the page cache and the disk may differ;
	 * what is looked at from here on must be what a power cut would leave. */
	if (code == 0 && store->mode == STORE_WRITE)
		code = mdb_env_sync(store->env, 1);
	return code == 0 ? STORE_OK : store_fail_mdb(code, dir);
}

/* Which schema; before the other tables, which a newer one may have changed. */
static enum store_result check_schema(struct store *store, MDB_txn *mdb, const char *dir, uint32_t *found)
{
	struct txn txn = { .store = store, .mdb = mdb };
	struct slice value;
	enum store_result result = store_get(&txn, TABLE_META, slice_text(schema_key), &value);
	uint32_t schema;
	struct reader r;

	if (result == STORE_NONE)
		return store_fail(STORE_DAMAGED, "%s: the store has no schema: its making was cut short", dir);
	if (result != STORE_OK)
		return result;
	r = reader_of(value);
	schema = read_u32(&r);
	if (!reader_done(&r) || schema == 0)
		return store_fail(STORE_DAMAGED, "%s: the schema is malformed", dir);
	if (schema > STORE_SCHEMA)
		return store_fail(STORE_NEWER, "%s: the store has schema %u, made by a newer attendd; this one knows %u",
		                  dir, (unsigned)schema, (unsigned)STORE_SCHEMA);
	*found = schema;
	return STORE_OK;
}

static enum store_result write_schema(struct store *store, MDB_txn *mdb)
{
	struct txn txn = { .store = store, .mdb = mdb, .write = true };
	uint8_t room[4];
	struct writer w = writer_of(room, sizeof(room));

	write_u32(&w, STORE_SCHEMA);
	return store_put(&txn, TABLE_META, slice_text(schema_key), writer_slice(&w));
}

/* One table; where `may_lack` says so, one that isn't there is made, or noted as empty. */
static enum store_result open_table(struct store *store, MDB_txn *mdb, int table, const char *dir, bool make, bool may_lack)
{
	int code = mdb_dbi_open(mdb, table_text(table), make ? MDB_CREATE : 0, &store->tables[table]);

	if (code == MDB_NOTFOUND && may_lack) {
		store->absent[table] = true;
		return STORE_OK;
	}
	if (code == MDB_NOTFOUND)
		return store_fail(STORE_DAMAGED, "%s: the table %s is missing", dir, table_text(table));
	return code == 0 ? STORE_OK : store_fail_mdb(code, dir);
}

/* Opens every table once; a handle that was not opened crashes LMDB when used. `schema` 0: a
 * new store. `make`: the tables of a later schema than the store's are made. */
static enum store_result open_all_tables(struct store *store, const char *dir, uint32_t *schema, bool make)
{
	enum store_result result = STORE_OK;
	bool fresh = *schema == 0;
	MDB_txn *mdb;
	int code = mdb_txn_begin(store->env, NULL, make ? 0 : MDB_RDONLY, &mdb);

	if (code != 0)
		return store_fail_mdb(code, dir);
	/* META, one of the last, is needed first; opened again it gives the same handle. */
	code = mdb_dbi_open(mdb, table_text(TABLE_META), fresh ? MDB_CREATE : 0, &store->tables[TABLE_META]);
	if (code == MDB_NOTFOUND)
		result = store_fail(STORE_DAMAGED, "%s: not a store, or its making was cut short", dir);
	else if (code != 0)
		result = store_fail_mdb(code, dir);
	else if (!make)
		result = check_schema(store, mdb, dir, schema);
	else
		result = write_schema(store, mdb);
	for (int i = 0; i < TABLE_COUNT && result == STORE_OK; i++) {
		bool later = i >= STORE_TABLES_1;

		result = open_table(store, mdb, i, dir, make && (fresh || later), later && !make && *schema < STORE_SCHEMA);
	}
	if (result != STORE_OK) {
		mdb_txn_abort(mdb);
		return result;
	}
	code = mdb_txn_commit(mdb);
	return code == 0 ? STORE_OK : store_fail_mdb(code, dir);
}

static enum store_result open_tables(struct store *store, const char *dir, bool fresh)
{
	uint32_t schema = 0;
	enum store_result result = open_all_tables(store, dir, &schema, fresh);

	if (result != STORE_OK || fresh || schema == STORE_SCHEMA || store->mode == STORE_READ)
		return result;
	memset(store->absent, 0, sizeof(store->absent));
	return open_all_tables(store, dir, &schema, true);
}

static void give_up(struct store *store)
{
	if (store->env)
		mdb_env_close(store->env);
	if (store->lock_fd >= 0)
		close(store->lock_fd);
	if (store->dir_fd >= 0)
		close(store->dir_fd);
	for (unsigned i = 0; i < 2; i++) {
		if (store->rooms[i].bytes)
			sodium_memzero(store->rooms[i].bytes, store->rooms[i].size);
		free(store->rooms[i].bytes);
	}
	sodium_memzero(store->check_key, sizeof(store->check_key));
	free(store);
}

/* A power cut left a store that must be put right, by a writer, before it can be read. */
static enum store_result recover_first(const char *dir, struct store_options options)
{
	struct store *store;
	enum store_result result;

	options.mode = STORE_WRITE;
	result = store_open(&store, dir, &options, NULL, 0);
	store_close(&store);
	return result == STORE_BUSY ? STORE_OK : result;
}

enum store_result store_open(struct store **out, const char *dir, const struct store_options *options,
                             char *why, size_t why_size)
{
	struct store *store = calloc(1, sizeof(*store));
	enum store_result result;
	bool fresh = false, writes = options->mode == STORE_WRITE || options->mode == STORE_CREATE, replay = false;
	struct stat status;

	*out = NULL;
	if (!store || sodium_init() < 0) {
		free(store);
		result = store_fail(STORE_FAILED, "%s: no memory or no randomness", dir);
		goto failed;
	}
	store->mode = options->mode;
	store->dir_fd = store->lock_fd = -1;
	store->writer.store = store;
	memcpy(store->check_key, options->check_key, sizeof(store->check_key));
	result = check_place(store, dir);
	if (result == STORE_OK && store->mode == STORE_READ && redo_needed(store, options))
		result = recover_first(dir, *options);
	if (result == STORE_OK && store->mode != STORE_READ)
		result = take_lock(store, dir);
	if (result == STORE_OK) {
		/* Asked under the lock, so that of two makers one is told that it came late. */
		fresh = store->mode != STORE_READ && fstatat(store->dir_fd, "data.mdb", &status, 0) != 0;
		if (store->mode == STORE_CREATE && !fresh)
			result = store_fail(STORE_FAILED, "%s: a store is there already", dir);
	}
	if (result == STORE_OK && writes)
		result = redo_restore(store, dir, &replay);
	if (result == STORE_OK)
		result = open_environment(store, dir, options->map_size);
	if (result == STORE_OK && writes)
		result = redo_recover(store, dir, replay);
	if (result == STORE_OK)
		result = open_tables(store, dir, fresh);
	if (result == STORE_OK && writes)
		result = redo_start(store, options);
	/* LMDB syncs its file and not the directory that names it. */
	if (result == STORE_OK && store->mode == STORE_CREATE && fsync(store->dir_fd) != 0)
		result = store_fail(STORE_FAILED, "%s: %s", dir, strerror(errno));
	if (result != STORE_OK) {
		redo_end(store);
		if (fresh && store->env) {
			mdb_env_close(store->env);
			store->env = NULL;
			unlinkat(store->dir_fd, "data.mdb", 0);
			unlinkat(store->dir_fd, "lock.mdb", 0);
		}
		give_up(store);
		goto failed;
	}
	store->next = open_stores;
	open_stores = store;
	*out = store;
	return STORE_OK;
failed:
	/* LMDB's "not found" is a way of saying so, too, where something must be found. */
	if (result == STORE_NONE)
		result = store_fail(STORE_DAMAGED, "%s: what must be there is not", dir);
	if (why && why_size > 0)
		snprintf(why, why_size, "%s", why_text);
	return result;
}

void store_close(struct store **out)
{
	struct store *store = *out, **at;

	*out = NULL;
	if (!store)
		return;
	assert(!store->writing);
	assert(store->reading == 0);
	behind_close(store);
	while (store->idle) {
		struct txn *txn = store->idle;

		store->idle = txn->next_idle;
		mdb_txn_abort(txn->mdb);
		free(txn);
	}
	redo_end(store);
	for (at = &open_stores; *at; at = &(*at)->next) {
		if (*at == store) {
			*at = store->next;
			break;
		}
	}
	give_up(store);
}

enum store_result store_sync(struct store *store)
{
	return store_fail_mdb(mdb_env_sync(store->env, 1), "sync");
}
