/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/failing_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static struct {
	atomic_uint calls;
	int error;
	atomic_int countdown;
	atomic_uint seen[9]; /* by the sort's bit */
	atomic_bool struck;
	const char *_Atomic which;
} failing;

void fail_call(unsigned calls, int error, unsigned nth)
{
	failing.error = error;
	for (unsigned i = 0; i < sizeof failing.seen / sizeof *failing.seen; i++)
		atomic_store(&failing.seen[i], 0);
	atomic_store(&failing.countdown, (int)nth);
	atomic_store(&failing.struck, false);
	atomic_store(&failing.calls, calls);
}

bool fail_none(void)
{
	atomic_store(&failing.calls, 0);
	return failing.struck;
}

bool fail_struck(void)
{
	return failing.struck;
}

unsigned fail_seen(unsigned calls)
{
	return atomic_load(&failing.seen[__builtin_ctz(calls)]);
}

const char *fail_which(void)
{
	return failing.which;
}

static bool strikes(unsigned calls, const char *name)
{
	unsigned armed = atomic_load(&failing.calls);

	if (armed)
		atomic_fetch_add(&failing.seen[__builtin_ctz(calls)], 1);
	if (!(armed & calls) || atomic_load(&failing.struck) || atomic_fetch_sub(&failing.countdown, 1) != 1)
		return false;
	failing.which = name;
	atomic_store(&failing.struck, true);
	return true;
}

static int minus_one(void)
{
	errno = failing.error;
	return -1;
}

static void *nothing(void)
{
	errno = ENOMEM;
	return NULL;
}

/* type, name, what it counts as, what it gives when it is struck, parameters, arguments */
#define WRAP(type, name, calls, struck, parameters, arguments) \
	type __real_##name parameters; \
	type __wrap_##name parameters; \
	type __wrap_##name parameters { return strikes(calls, #name) ? (struck) : __real_##name arguments; }

/* ---- files ---- */

WRAP(int, fstat, CALLS_FILE, minus_one(), (int fd, struct stat *status), (fd, status))
WRAP(int, fstatat, CALLS_FILE, minus_one(), (int fd, const char *path, struct stat *status, int flags), (fd, path, status, flags))
WRAP(int, stat, CALLS_FILE, minus_one(), (const char *path, struct stat *status), (path, status))
WRAP(int, fchmod, CALLS_FILE, minus_one(), (int fd, mode_t mode), (fd, mode))
WRAP(int, flock, CALLS_FILE, minus_one(), (int fd, int how), (fd, how))
WRAP(int, fsync, CALLS_FILE, minus_one(), (int fd), (fd))
WRAP(int, fdatasync, CALLS_FILE, minus_one(), (int fd), (fd))
WRAP(int, ftruncate, CALLS_FILE, minus_one(), (int fd, off_t size), (fd, size))
WRAP(int, fallocate, CALLS_FILE, minus_one(), (int fd, int mode, off_t at, off_t size), (fd, mode, at, size))
WRAP(int, rename, CALLS_FILE, minus_one(), (const char *from, const char *to), (from, to))
WRAP(int, renameat, CALLS_FILE, minus_one(), (int a, const char *from, int b, const char *to), (a, from, b, to))
WRAP(int, mkdir, CALLS_FILE, minus_one(), (const char *path, mode_t mode), (path, mode))
WRAP(ssize_t, read, CALLS_FILE, minus_one(), (int fd, void *to, size_t size), (fd, to, size))
WRAP(ssize_t, pread, CALLS_FILE, minus_one(), (int fd, void *to, size_t size, off_t at), (fd, to, size, at))
WRAP(char *, mkdtemp, CALLS_FILE, (minus_one(), NULL), (char *path), (path))
WRAP(FILE *, fopen, CALLS_FILE, (minus_one(), NULL), (const char *path, const char *mode), (path, mode))
WRAP(FILE *, fdopen, CALLS_FILE, (minus_one(), NULL), (int fd, const char *mode), (fd, mode))
WRAP(void *, mmap, CALLS_FILE, (minus_one(), MAP_FAILED), (void *at, size_t size, int rights, int flags, int fd, off_t from),
     (at, size, rights, flags, fd, from))

ssize_t __real_write(int fd, const void *bytes, size_t size);
ssize_t __wrap_write(int fd, const void *bytes, size_t size);
ssize_t __wrap_write(int fd, const void *bytes, size_t size)
{
	if (strikes(CALLS_FILE, "write"))
		return minus_one();
	return __real_write(fd, bytes, size > 1 && strikes(CALLS_SHORT, "write") ? size / 2 : size);
}

ssize_t __real_pwrite(int fd, const void *bytes, size_t size, off_t at);
ssize_t __wrap_pwrite(int fd, const void *bytes, size_t size, off_t at);
ssize_t __wrap_pwrite(int fd, const void *bytes, size_t size, off_t at)
{
	if (strikes(CALLS_FILE, "pwrite"))
		return minus_one();
	return __real_pwrite(fd, bytes, size > 1 && strikes(CALLS_SHORT, "pwrite") ? size / 2 : size, at);
}

static mode_t mode_of(int flags, va_list rest)
{
	return flags & (O_CREAT | __O_TMPFILE) ? va_arg(rest, mode_t) : 0;
}

int __real_openat(int fd, const char *path, int flags, ...);
int __wrap_openat(int fd, const char *path, int flags, ...);
int __wrap_openat(int fd, const char *path, int flags, ...)
{
	va_list rest;
	mode_t mode;

	va_start(rest, flags);
	mode = mode_of(flags, rest);
	va_end(rest);
	return strikes(CALLS_FILE, "openat") ? minus_one() : __real_openat(fd, path, flags, mode);
}

int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
	va_list rest;
	mode_t mode;

	va_start(rest, flags);
	mode = mode_of(flags, rest);
	va_end(rest);
	return strikes(CALLS_FILE, "open") ? minus_one() : __real_openat(AT_FDCWD, path, flags, mode);
}

/* ---- memory and threads ---- */

WRAP(void *, malloc, CALLS_MEMORY, nothing(), (size_t size), (size))
WRAP(void *, calloc, CALLS_MEMORY, nothing(), (size_t count, size_t size), (count, size))
WRAP(void *, realloc, CALLS_MEMORY, nothing(), (void *old, size_t size), (old, size))
WRAP(int, pthread_create, CALLS_THREAD, EAGAIN, (pthread_t *thread, const pthread_attr_t *as, void *(*start)(void *), void *context),
     (thread, as, start, context))
WRAP(int, eventfd, CALLS_THREAD, minus_one(), (unsigned count, int flags), (count, flags))

/* ---- LMDB ---- */

/* A copy of the record, with a bit turned, that lives until the next one is struck. */
static int turn_a_bit(int code, MDB_val *value)
{
	static uint8_t room[1 << 16];

	if (code != 0 || value->mv_size == 0 || value->mv_size > sizeof room)
		return code;
	memcpy(room, value->mv_data, value->mv_size);
	room[value->mv_size / 2] ^= 4;
	value->mv_data = room;
	return 0;
}

int __real_mdb_get(MDB_txn *txn, MDB_dbi table, MDB_val *key, MDB_val *value);
int __wrap_mdb_get(MDB_txn *txn, MDB_dbi table, MDB_val *key, MDB_val *value);
int __wrap_mdb_get(MDB_txn *txn, MDB_dbi table, MDB_val *key, MDB_val *value)
{
	int code;

	if (strikes(CALLS_LOOK, "mdb_get"))
		return failing.error;
	code = __real_mdb_get(txn, table, key, value);
	return code == 0 && strikes(CALLS_VALUE, "mdb_get") ? turn_a_bit(code, value) : code;
}

int __real_mdb_cursor_get(MDB_cursor *cursor, MDB_val *key, MDB_val *value, MDB_cursor_op op);
int __wrap_mdb_cursor_get(MDB_cursor *cursor, MDB_val *key, MDB_val *value, MDB_cursor_op op);
int __wrap_mdb_cursor_get(MDB_cursor *cursor, MDB_val *key, MDB_val *value, MDB_cursor_op op)
{
	int code;

	if (strikes(CALLS_LOOK, "mdb_cursor_get"))
		return failing.error;
	code = __real_mdb_cursor_get(cursor, key, value, op);
	/* of where a cursor is put only the place counts, of what it then gives the record */
	return code == 0 && op != MDB_SET_RANGE && op != MDB_FIRST && strikes(CALLS_VALUE, "mdb_cursor_get") ? turn_a_bit(code, value) : code;
}

WRAP(int, mdb_cursor_open, CALLS_LOOK, failing.error, (MDB_txn *txn, MDB_dbi table, MDB_cursor **out), (txn, table, out))
WRAP(int, mdb_txn_renew, CALLS_LOOK, failing.error, (MDB_txn *txn), (txn))
WRAP(int, mdb_put, CALLS_CHANGE, failing.error, (MDB_txn *txn, MDB_dbi table, MDB_val *key, MDB_val *value, unsigned flags),
     (txn, table, key, value, flags))
WRAP(int, mdb_del, CALLS_CHANGE, failing.error, (MDB_txn *txn, MDB_dbi table, MDB_val *key, MDB_val *value), (txn, table, key, value))
WRAP(int, mdb_stat, CALLS_STORE, failing.error, (MDB_txn *txn, MDB_dbi table, MDB_stat *stat), (txn, table, stat))
WRAP(int, mdb_env_create, CALLS_STORE, failing.error, (MDB_env **out), (out))
WRAP(int, mdb_env_set_maxdbs, CALLS_STORE, failing.error, (MDB_env *env, MDB_dbi count), (env, count))
WRAP(int, mdb_env_set_mapsize, CALLS_STORE, failing.error, (MDB_env *env, size_t size), (env, size))
WRAP(int, mdb_env_open, CALLS_STORE, failing.error, (MDB_env *env, const char *dir, unsigned flags, mdb_mode_t mode), (env, dir, flags, mode))
WRAP(int, mdb_env_sync, CALLS_STORE, failing.error, (MDB_env *env, int force), (env, force))
WRAP(int, mdb_env_copyfd2, CALLS_STORE, failing.error, (MDB_env *env, int fd, unsigned flags), (env, fd, flags))
WRAP(int, mdb_reader_check, CALLS_STORE, failing.error, (MDB_env *env, int *dead), (env, dead))
WRAP(int, mdb_dbi_open, CALLS_TABLE, failing.error, (MDB_txn *txn, const char *name, unsigned flags, MDB_dbi *table), (txn, name, flags, table))

int __real_mdb_txn_begin(MDB_env *env, MDB_txn *parent, unsigned flags, MDB_txn **out);
int __wrap_mdb_txn_begin(MDB_env *env, MDB_txn *parent, unsigned flags, MDB_txn **out);
int __wrap_mdb_txn_begin(MDB_env *env, MDB_txn *parent, unsigned flags, MDB_txn **out)
{
	if (strikes(flags & MDB_RDONLY ? CALLS_LOOK : CALLS_CHANGE, "mdb_txn_begin"))
		return failing.error;
	return __real_mdb_txn_begin(env, parent, flags, out);
}

int __real_mdb_txn_commit(MDB_txn *txn);
int __wrap_mdb_txn_commit(MDB_txn *txn);
int __wrap_mdb_txn_commit(MDB_txn *txn)
{
	if (!strikes(CALLS_CHANGE, "mdb_txn_commit"))
		return __real_mdb_txn_commit(txn);
	mdb_txn_abort(txn);
	return failing.error;
}
