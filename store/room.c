/* room.c - how full the store is, and a copy of it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "store/redo.h"
#include "store/store_parts.h"

struct readers {
	uint64_t pins[2];
	uint32_t count;
	uint64_t oldest; /* its transaction */
};

/* LMDB tells of its readers only in print: a heading, then a line each of
 * process, thread and transaction, "-" where the slot holds none. */
static int count_reader(const char *line, void *context)
{
	struct readers *readers = context;
	uint64_t transaction;

	if (sscanf(line, "%*d %*x %" SCNu64, &transaction) != 1)
		return 0;
	/* those that hold pages for the redo log are none that anybody waits for */
	for (unsigned i = 0; i < 2; i++)
		if (readers->pins[i] == transaction) {
			readers->pins[i] = 0;
			return 0;
		}
	if (readers->count == 0 || transaction < readers->oldest)
		readers->oldest = transaction;
	readers->count++;
	return 0;
}

void store_room(struct store *store, struct store_room *room)
{
	struct readers readers = { { 0, 0 }, 0, 0 };
	MDB_envinfo info;
	MDB_stat stat_env;
	struct statvfs disk;
	struct stat status;
	mdb_filehandle_t fd;
	int dead;

	memset(room, 0, sizeof(*room));
	if (mdb_env_info(store->env, &info) == 0 && mdb_env_stat(store->env, &stat_env) == 0) {
		/* Who was killed while it read holds its pages until somebody looks. */
		if (store->mode != STORE_READ)
			mdb_reader_check(store->env, &dead);
		redo_pins(store, readers.pins);
		room->map_size = info.me_mapsize;
		room->map_used = ((uint64_t)info.me_last_pgno + 1) * stat_env.ms_psize;
		if (mdb_reader_list(store->env, count_reader, &readers) >= 0 && readers.count > 0) {
			room->readers = readers.count;
			if (info.me_last_txnid > readers.oldest)
				room->oldest_reader = info.me_last_txnid - readers.oldest;
		}
	}
	if (fstatvfs(store->dir_fd, &disk) == 0) {
		room->disk_free = (uint64_t)disk.f_bavail * disk.f_frsize;
		room->disk_size = (uint64_t)disk.f_blocks * disk.f_frsize;
	}
	/* LMDB's own descriptor: another one on data.mdb, closed, would be harmless
	 * today and void its locks the day LMDB takes them on that file. */
	if (mdb_env_get_fd(store->env, &fd) == 0 && fstat(fd, &status) == 0)
		room->file_size = (uint64_t)status.st_size;
}

enum store_result store_copy(struct store *store, int fd)
{
	struct stat status;
	int code = mdb_env_copyfd2(store->env, fd, MDB_CP_COMPACT);

	/* That is how LMDB says that the pages it copied are not as many as those in
	 * use: a leak or damage. */
	if (code == MDB_INCOMPATIBLE)
		return store_fail(STORE_DAMAGED, "copy: the pages in use don't add up");
	if (code != 0)
		return store_fail_mdb(code, "copy");
	if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && fsync(fd) != 0)
		return store_fail_mdb(errno, "copy");
	return STORE_OK;
}
