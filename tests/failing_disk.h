/* failing_disk.h - a disk that fails, is full, or loses its power when told to.
 *
 * The write and sync calls of a program that includes this (in one file) stand
 * before libc's, for LMDB and for us alike. A fault strikes the nth call; a power
 * cut also takes back, of all that was written and not synced, what a coin decides.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_FAILING_DISK_H
#define TESTS_FAILING_DISK_H

#include "tests/store_place.h"

#include <errno.h>
#include <sys/syscall.h>
#include <sys/uio.h>

enum fault {
	NO_FAULT,
	FAIL,            /* the call does nothing and gives an error */
	FAIL_AFTERWARDS, /* it is done, and gives an error all the same */
	SHORT_WRITE,     /* half of it is done */
	POWER_CUT,
};

enum { UNSYNCED_MAX = 4096 };

static struct {
	enum fault fault;
	int error;
	unsigned countdown; /* strikes when it gets to 0; once */
	bool struck;
	unsigned calls;     /* seen while armed, for knowing when all were tried */
	uint64_t random;
	/* What a power cut may undo, for POWER_CUT alone. */
	struct unsynced {
		int fd;
		off_t at;
		size_t size, had;
		uint8_t *before;
		off_t file_size;
	} unsynced[UNSYNCED_MAX];
	unsigned unsynced_count;
} disk;

static inline void arm(enum fault fault, int error, unsigned nth)
{
	disk.fault = fault;
	disk.error = error;
	disk.countdown = nth;
	disk.struck = false;
	disk.calls = 0;
}

static inline bool strikes(void)
{
	if (disk.fault == NO_FAULT || disk.struck)
		return false;
	disk.calls++;
	if (--disk.countdown > 0)
		return false;
	disk.struck = true;
	return true;
}

/* The write is remembered before it is done. */
static inline void remember(int fd, size_t size, off_t at)
{
	struct unsynced *u = &disk.unsynced[disk.unsynced_count];
	struct stat status;
	long had;

	if (disk.fault != POWER_CUT || disk.unsynced_count == UNSYNCED_MAX)
		return;
	if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
		return;
	u->fd = fd;
	u->at = at;
	u->size = size;
	u->file_size = status.st_size;
	u->before = malloc(size + 1);
	had = syscall(SYS_pread64, fd, u->before, size, at);
	u->had = had > 0 ? (size_t)had : 0;
	disk.unsynced_count++;
}

static inline void forget(int fd)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < disk.unsynced_count; i++) {
		if (disk.unsynced[i].fd == fd)
			free(disk.unsynced[i].before);
		else
			disk.unsynced[kept++] = disk.unsynced[i];
	}
	disk.unsynced_count = kept;
}

/* Each write that was not synced stays, goes, or goes from a 512-byte sector on. */
static inline void cut_power(void)
{
	while (disk.unsynced_count > 0) {
		struct unsynced *u = &disk.unsynced[--disk.unsynced_count];
		uint64_t coin = place_random(&disk.random) % 3;
		size_t from = coin == 0 ? 0 : coin == 1 ? u->size : (size_t)(place_random(&disk.random) % (u->size / 512 + 1)) * 512;

		if (from < u->had)
			syscall(SYS_pwrite64, u->fd, u->before + from, u->had - from, u->at + (off_t)from);
		if (u->had < u->size && from < u->size && u->at + (off_t)u->had >= u->file_size)
			syscall(SYS_ftruncate, u->fd, u->at + (off_t)(from > u->had ? from : u->had));
	}
	_exit(0);
}

static inline ssize_t do_write(int fd, const struct iovec *parts, int count, off_t at)
{
	size_t size = 0;
	uint8_t *whole;
	ssize_t result;
	bool struck = strikes();

	for (int i = 0; i < count; i++)
		size += parts[i].iov_len;
	if (struck && disk.fault == FAIL) {
		errno = disk.error;
		return -1;
	}
	remember(fd, size, at);
	if (struck && disk.fault == POWER_CUT)
		cut_power();
	whole = malloc(size + 1);
	size = 0;
	for (int i = 0; i < count; i++) {
		memcpy(whole + size, parts[i].iov_base, parts[i].iov_len);
		size += parts[i].iov_len;
	}
	if (struck && disk.fault == SHORT_WRITE)
		size /= 2;
	result = syscall(SYS_pwrite64, fd, whole, size, at);
	free(whole);
	/* LMDB's meta page goes through a descriptor that syncs by itself. */
	if (fcntl(fd, F_GETFL) & O_DSYNC && disk.unsynced_count > 0 && disk.fault == POWER_CUT)
		free(disk.unsynced[--disk.unsynced_count].before);
	if (struck && disk.fault == FAIL_AFTERWARDS) {
		errno = disk.error;
		return -1;
	}
	return result;
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at)
{
	struct iovec part = { (void *)(uintptr_t)bytes, size };

	return do_write(fd, &part, 1, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t at)
{
	return pwrite(fd, bytes, size, at);
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
	off_t at = lseek(fd, 0, SEEK_CUR);
	ssize_t result;

	/* A pipe or a terminal, which is none of ours. */
	if (at < 0)
		return syscall(SYS_writev, fd, parts, count);
	result = do_write(fd, parts, count, at);
	if (result > 0)
		lseek(fd, result, SEEK_CUR);
	return result;
}

static inline int do_sync(int fd, long call)
{
	bool struck = strikes();

	if (struck && disk.fault == POWER_CUT)
		cut_power();
	if (struck && (disk.fault == FAIL || disk.fault == FAIL_AFTERWARDS)) {
		errno = disk.error;
		return -1;
	}
	forget(fd);
	return (int)syscall(call, fd);
}

int fdatasync(int fd)
{
	return do_sync(fd, SYS_fdatasync);
}

int fsync(int fd)
{
	return do_sync(fd, SYS_fsync);
}

#endif
