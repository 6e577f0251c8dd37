/* redo_read.c - reading the redo log, after a power cut.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/crc32c.h"
#include "store/redo_parts.h"

const char redo_magic[8] = "attendRD";
const char *const redo_names[2] = { "redo.0", "redo.1" };
const char *const redo_new_names[2] = { "redo.0.new", "redo.1.new" };

/* Both files as they were found. */
struct found {
	struct slice file[2];         /* whole; empty: not there */
	uint64_t generation;          /* of the newest good header; 0: there is none */
	uint64_t transaction;
	size_t page;
	const uint8_t *boot, *pages;
};

void redo_boot(const struct store_options *options, char boot[static REDO_BOOT_SIZE])
{
	int fd;

	memset(boot, 0, REDO_BOOT_SIZE);
	if (options->boot) {
		memcpy(boot, options->boot, strnlen(options->boot, REDO_BOOT_SIZE));
		return;
	}
	fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, boot, REDO_BOOT_SIZE) != REDO_BOOT_SIZE)
		memset(boot, 0, REDO_BOOT_SIZE);
	if (fd >= 0)
		close(fd);
}

static bool sum_is_right(struct store *store, const uint8_t *bytes, size_t size)
{
	uint8_t right[CHECK_SIZE];

	crypto_shorthash_siphash24(right, bytes, size, store->check_key);
	return !memcmp(right, bytes + size, CHECK_SIZE);
}

/* A header stands in the file of its generation, even or odd; in the other somebody put it there. */
static void take_header(struct store *store, unsigned of, struct found *f)
{
	struct slice file = f->file[of];
	struct reader r = reader_of(file);
	const uint8_t *magic = reader_take(&r, sizeof(redo_magic));
	uint32_t version = read_u32(&r), page = read_u32(&r);
	uint64_t generation = read_u64(&r), transaction = read_u64(&r);
	const uint8_t *boot = reader_take(&r, REDO_BOOT_SIZE);
	const uint8_t *pages = page > REDO_PAGE_MAX ? NULL : reader_take(&r, 2 * (size_t)page);

	if (!pages || !reader_take(&r, CHECK_SIZE) || memcmp(magic, redo_magic, sizeof(redo_magic)) || version != REDO_VERSION)
		return;
	if (generation <= f->generation || (generation & 1) != of || !sum_is_right(store, file.bytes, REDO_HEAD_SIZE + 2 * (size_t)page))
		return;
	*f = (struct found){ { f->file[0], f->file[1] }, generation, transaction, page, boot, pages };
}

static int read_file(struct store *store, const char *name, struct slice *file)
{
	int fd = openat(store->dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), code = 0;
	struct stat status;
	uint8_t *bytes;

	if (fd < 0)
		return errno == ENOENT ? 0 : errno;
	if (fstat(fd, &status) != 0 || !(bytes = malloc((size_t)status.st_size + 1)))
		code = errno;
	else if (read(fd, bytes, (size_t)status.st_size) != status.st_size)
		free(bytes), code = EIO;
	else
		*file = slice_of(bytes, (size_t)status.st_size);
	close(fd);
	return code;
}

static void drop(struct found *f)
{
	for (unsigned i = 0; i < 2; i++)
		free((void *)(uintptr_t)f->file[i].bytes);
}

static enum store_result look(struct store *store, const char *dir, struct found *f)
{
	*f = (struct found){ .generation = 0 };
	for (unsigned i = 0; i < 2; i++) {
		int code = read_file(store, redo_names[i], &f->file[i]);

		if (code != 0)
			return store_fail_mdb(code, redo_names[i]);
	}
	/* Both have their names before anything is committed by them alone, and until data.mdb holds all of it: one
	 * without the other is what a power cut left of a start or an end, and what it says may be long past. */
	if (!f->file[0].bytes || !f->file[1].bytes)
		return STORE_OK;
	for (unsigned i = 0; i < 2; i++)
		take_header(store, i, f);
	if (!f->generation)
		return store_fail(STORE_DAMAGED, "%s: neither redo.0 nor redo.1 has a whole header of this store; where data.mdb was put "
		                  "back from elsewhere, remove both, else restore a backup", dir);
	return STORE_OK;
}

static bool same_boot(const struct found *f, const struct store_options *options)
{
	static const char none[REDO_BOOT_SIZE];
	char boot[REDO_BOOT_SIZE];

	redo_boot(options, boot);
	return memcmp(boot, none, sizeof(boot)) && !memcmp(boot, f->boot, sizeof(boot));
}

bool redo_needed(struct store *store, const struct store_options *options)
{
	struct found f;
	bool needed = look(store, "", &f) == STORE_OK && f.generation && !same_boot(&f, options);

	drop(&f);
	return needed;
}

/* The number of the last transaction in data.mdb; 0: it can't be told. */
static uint64_t last_transaction(const char *dir)
{
	MDB_envinfo info = { .me_last_txnid = 0 };
	MDB_env *env;

	if (mdb_env_create(&env) != 0)
		return 0;
	if (mdb_env_open(env, dir, MDB_RDONLY | MDB_NOLOCK, 0600) == 0)
		mdb_env_info(env, &info);
	mdb_env_close(env);
	return info.me_last_txnid;
}

static enum store_result put_pages_back(struct store *store, const struct found *f)
{
	int fd = openat(store->dir_fd, "data.mdb", O_RDWR | O_CLOEXEC | O_NOFOLLOW), code = 0;

	if (fd < 0)
		return store_fail_mdb(errno, "data.mdb");
	if (pwrite(fd, f->pages, 2 * f->page, 0) != (ssize_t)(2 * f->page) || fdatasync(fd) != 0)
		code = errno ? errno : EIO;
	close(fd);
	/* Whoever died with it open is remembered there, and the number of a transaction that is gone. */
	unlinkat(store->dir_fd, "lock.mdb", 0);
	return store_fail_mdb(code, "data.mdb");
}

/* The header may be in the page cache alone, where its sync failed or its process died before: then a power cut would
 * have an older one put back, over pages that what follows has used again. */
static enum store_result write_header_again(struct store *store, const struct found *f)
{
	const char *name = redo_names[f->generation & 1];
	size_t size = REDO_HEAD_SIZE + 2 * f->page + CHECK_SIZE;
	int fd = openat(store->dir_fd, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW), code = 0;

	if (fd < 0)
		return store_fail_mdb(errno, name);
	if (pwrite(fd, f->file[f->generation & 1].bytes, size, 0) != (ssize_t)size || fdatasync(fd) != 0)
		code = errno ? errno : EIO;
	close(fd);
	return store_fail_mdb(code, name);
}

enum store_result redo_restore(struct store *store, const char *dir, bool *replay)
{
	struct found f;
	enum store_result result = look(store, dir, &f);
	uint64_t last;

	*replay = result == STORE_OK && f.generation;
	if (*replay) {
		last = last_transaction(dir);
		/* Each commit since has a higher number than the one that was kept. */
		if (last && last < f.transaction)
			result = store_fail(STORE_DAMAGED, "%s: data.mdb is older than redo.0 and redo.1: it was put back from elsewhere; "
			                    "remove both to take it as it is", dir);
		else if ((result = write_header_again(store, &f)) == STORE_OK)
			result = put_pages_back(store, &f);
	}
	drop(&f);
	return result;
}

enum store_result redo_remove(struct store *store)
{
	const char *const names[] = { redo_names[0], redo_names[1], redo_new_names[0], redo_new_names[1] };

	for (unsigned i = 0; i < 4; i++)
		if (unlinkat(store->dir_fd, names[i], 0) != 0 && errno != ENOENT)
			return store_fail_mdb(errno, names[i]);
	return fsync(store->dir_fd) == 0 ? STORE_OK : store_fail_mdb(errno, "remove the redo log");
}

/* ---- writing it again ---- */

static int do_op(struct store *store, MDB_txn *mdb, enum redo_op op, uint8_t table, struct slice key, struct slice stored)
{
	MDB_val name = { key.size, (void *)(uintptr_t)key.bytes }, value = { stored.size, (void *)(uintptr_t)stored.bytes };
	MDB_dbi *dbi;
	int code;

	if (table >= TABLE_COUNT || op > REDO_DELETE)
		return MDB_INVALID;
	dbi = &store->tables[table];
	code = mdb_dbi_open(mdb, table_text((enum table)table), 0, dbi);
	if (code != 0)
		return code;
	if (op == REDO_DELETE) {
		code = mdb_del(mdb, *dbi, &name, NULL);
		return code == MDB_NOTFOUND ? 0 : code;
	}
	code = mdb_put(mdb, *dbi, &name, &value, op == REDO_APPEND ? MDB_APPEND : 0);
	/* a commit that the kept pages hold already: it is the same again */
	return code == MDB_KEYEXIST ? mdb_put(mdb, *dbi, &name, &value, 0) : code;
}

static int do_record(struct store *store, MDB_txn *mdb, struct slice ops)
{
	struct reader r = reader_of(ops);
	int code = 0;

	while (code == 0 && reader_left(&r) > 0) {
		uint8_t op = read_u8(&r), table = read_u8(&r);
		size_t key_size = read_u16(&r), value_size = read_u32(&r);
		const uint8_t *key = reader_take(&r, key_size), *value = reader_take(&r, value_size);

		code = r.bad ? MDB_CORRUPTED
		             : do_op(store, mdb, (enum redo_op)op, table, slice_of(key, key_size), slice_of(value, value_size));
	}
	return code;
}

/* A whole record of this generation at this place? */
static bool record_at(struct slice file, size_t at, uint64_t generation, uint64_t *transaction, struct slice *ops)
{
	struct reader r = reader_of(slice_of(file.bytes + at, file.size - at));
	bool its = read_u64(&r) == generation;
	uint32_t sum;
	size_t size;

	*transaction = read_u64(&r);
	size = read_u32(&r);
	*ops = slice_of(reader_take(&r, size), size);
	sum = read_u32(&r);
	return its && !r.bad && sum == crc32c(slice_of(file.bytes + at, RECORD_HEAD_SIZE + size));
}

/* Where the next record of the generation may begin: a log is mostly empty. */
static size_t next_place(struct slice file, size_t at, uint64_t generation)
{
	uint8_t first[8];
	struct writer w = writer_of(first, sizeof(first));
	const uint8_t *found;

	write_u64(&w, generation);
	found = at < file.size ? memmem(file.bytes + at, file.size - at, first, sizeof(first)) : NULL;
	return found ? (size_t)(found - file.bytes) : file.size;
}

/* Writes the commits of one generation again; `*last`: the transaction before, and then the last. Each was
 * on disk before the next was written, so none may be missing before one that is whole. */
static enum store_result replay_file(struct store *store, MDB_txn *mdb, const char *dir, const struct found *f, uint64_t generation,
                                     uint64_t *last)
{
	struct slice file = f->file[generation & 1], ops;
	bool ended = false;
	uint64_t transaction;

	for (size_t at = redo_header_room(f->page); at < file.size;) {
		int code;

		if (!record_at(file, at, generation, &transaction, &ops)) {
			ended = true;
			at = next_place(file, at + 1, generation);
			continue;
		}
		if (ended || transaction != *last + 1)
			return store_fail(STORE_DAMAGED, "%s/%s: a commit before transaction %" PRIu64 " is damaged", dir,
			                  redo_names[generation & 1], transaction);
		code = do_record(store, mdb, ops);
		if (code != 0)
			return store_fail_mdb(code, redo_names[generation & 1]);
		*last = transaction;
		at += RECORD_HEAD_SIZE + ops.size + RECORD_SUM_SIZE;
	}
	return STORE_OK;
}

enum store_result redo_recover(struct store *store, const char *dir, bool replay)
{
	enum store_result result = STORE_OK;
	struct found f;
	MDB_txn *mdb;
	int code;

	if (replay && (result = look(store, dir, &f)) == STORE_OK) {
		code = mdb_txn_begin(store->env, NULL, 0, &mdb);
		result = store_fail_mdb(code, dir);
		if (code == 0) {
			result = replay_file(store, mdb, dir, &f, f.generation, &f.transaction);
			if (result == STORE_OK)
				result = replay_file(store, mdb, dir, &f, f.generation + 1, &f.transaction);
			if (result == STORE_OK)
				result = store_fail_mdb(mdb_txn_commit(mdb), dir);
			else
				mdb_txn_abort(mdb);
		}
	}
	if (replay)
		drop(&f);
	return result == STORE_OK ? redo_remove(store) : result;
}
