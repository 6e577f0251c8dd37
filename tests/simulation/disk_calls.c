/* The calls that stand before libc's.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/simulation/disk_parts.h"

enum { ROOM_SHOWN = 64 << 10 };

static const char boot_path[] = "/proc/sys/kernel/random/boot_id";

static bool is_ours(int fd)
{
	return disk.on && fd >= 0 && fd < FDS_MAX && disk.ours[fd];
}

static int fail_with(int error)
{
	errno = error;
	return -1;
}

static int wrong(void)
{
	return fail_with(disk.dead || !disk.error ? EIO : disk.error);
}

/* ---- names ---- */

/* The system's own name for the time since it started; 36 bytes, as the kernel gives it. */
static int open_boot(void)
{
	char text[64];
	int fd = (int)syscall(SYS_memfd_create, "boot", MFD_CLOEXEC), size;

	size = snprintf(text, sizeof text, "00000000-0000-4000-8000-%012u\n", disk.boots);
	syscall(SYS_write, fd, text, size);
	syscall(SYS_lseek, fd, 0, SEEK_SET);
	return fd;
}

/* Is it a name in our folder? */
static bool in_store(int folder, const char *path)
{
	size_t size = strlen(disk.store);

	if (!disk.on)
		return false;
	if (path[0] == '/')
		return !strncmp(path, disk.store, size) && (path[size] == '/' || !path[size]);
	return is_ours(folder);
}

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static int do_open(int folder, const char *path, int flags, mode_t mode)
{
	bool ours = in_store(folder, path), fresh;
	struct stat status;
	int fd;

	if (disk.on && !strcmp(path, boot_path))
		return open_boot();
	if (!ours) {
		fd = (int)syscall(SYS_openat, folder, path, flags, mode);
		if (fd >= 0 && fd < FDS_MAX)
			disk.ours[fd] = false;
		return fd;
	}
	fresh = (flags & O_CREAT) && fstatat(folder, path, &status, 0) != 0;
	if (fresh && disk_strikes(false) == DO_NOTHING)
		return wrong();
	if (disk.dead)
		flags &= ~O_TRUNC;
	fd = (int)syscall(SYS_openat, folder, path, flags, mode);
	if (fd >= 0 && fd < FDS_MAX && fstat(fd, &status) == 0) {
		disk.ours[fd] = true;
		disk.told[fd] = disk_failed(status.st_ino);
	}
	if (fd >= 0 && fresh)
		snprintf(disk_remember(UNDO_CREATE, disk.store_ino)->name, NAME_ROOM, "%s", last_part(path));
	return fd;
}

static mode_t mode_of(int flags, va_list more)
{
	return flags & O_CREAT ? va_arg(more, mode_t) : 0;
}

#define OPENS(name, folder, ...) \
	int name(__VA_ARGS__, int flags, ...) \
	{ \
		va_list more; \
		mode_t mode; \
		va_start(more, flags); \
		mode = mode_of(flags, more); \
		va_end(more); \
		return do_open(folder, path, flags, mode); \
	}
OPENS(open, AT_FDCWD, const char *path)
OPENS(open64, AT_FDCWD, const char *path)
OPENS(openat, folder, int folder, const char *path)
OPENS(openat64, folder, int folder, const char *path)

/* What the fortified ones become. */
int __open_2(const char *path, int flags);
int __open_2(const char *path, int flags)
{
	return do_open(AT_FDCWD, path, flags, 0);
}

int __openat_2(int folder, const char *path, int flags);
int __openat_2(int folder, const char *path, int flags)
{
	return do_open(folder, path, flags, 0);
}

int close(int fd)
{
	if (fd >= 0 && fd < FDS_MAX)
		disk.ours[fd] = false;
	return (int)syscall(SYS_close, fd);
}

int unlinkat(int folder, const char *path, int flags)
{
	struct stat status;
	struct undo *u;
	enum outcome outcome;

	if (!in_store(folder, path))
		return (int)syscall(SYS_unlinkat, folder, path, flags);
	if (fstatat(folder, path, &status, AT_SYMLINK_NOFOLLOW) != 0)
		return -1;
	outcome = disk_strikes(false);
	if (outcome == DO_NOTHING)
		return wrong();
	u = disk_remember(UNDO_REMOVE, disk.store_ino);
	snprintf(u->name, NAME_ROOM, "%s", last_part(path));
	disk_to_limbo(folder, path, u->limbo);
	return outcome == DO_AND_FAIL ? wrong() : 0;
}

int unlink(const char *path)
{
	return unlinkat(AT_FDCWD, path, 0);
}

int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags)
{
	struct stat status;
	struct undo *u;
	enum outcome outcome;
	bool there;

	if (!in_store(from_folder, from))
		return (int)syscall(SYS_renameat2, from_folder, from, to_folder, to, flags);
	there = fstatat(to_folder, to, &status, AT_SYMLINK_NOFOLLOW) == 0;
	if (there && flags & RENAME_NOREPLACE)
		return fail_with(EEXIST);
	outcome = disk_strikes(false);
	if (outcome == DO_NOTHING)
		return wrong();
	u = disk_remember(UNDO_RENAME, disk.store_ino);
	snprintf(u->name, NAME_ROOM, "%s", last_part(from));
	snprintf(u->to, NAME_ROOM, "%s", last_part(to));
	if (there)
		disk_to_limbo(to_folder, to, u->limbo);
	if (syscall(SYS_renameat2, from_folder, from, to_folder, to, flags) != 0)
		return -1;
	return outcome == DO_AND_FAIL ? wrong() : 0;
}

int renameat(int from_folder, const char *from, int to_folder, const char *to)
{
	return renameat2(from_folder, from, to_folder, to, 0);
}

int rename(const char *from, const char *to)
{
	return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0);
}

/* ---- bytes ---- */

static void remember_write(int fd, size_t size, off_t at)
{
	struct stat status;
	struct undo *u;
	long had;

	if (fstat(fd, &status) != 0)
		return;
	disk_dirty(status.st_ino, at, size);
	u = disk_remember(UNDO_WRITE, status.st_ino);
	u->at = at;
	u->size = size;
	u->length = status.st_size;
	u->before = malloc(size + 1);
	had = syscall(SYS_pread64, fd, u->before, size, at);
	if (had < 0) { /* it was opened for writing alone */
		char path[40];
		int again;

		snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
		again = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
		had = syscall(SYS_pread64, again, u->before, size, at);
		syscall(SYS_close, again);
	}
	if (had < 0)
		abort();
	u->had = (size_t)had;
}

static ssize_t do_write(int fd, const struct iovec *parts, int count, off_t at)
{
	enum outcome outcome = disk_strikes(false);
	size_t size = 0, wanted;
	struct stat status;
	ssize_t done = 0;

	if (outcome == DO_NOTHING)
		return wrong();
	for (int i = 0; i < count; i++)
		size += parts[i].iov_len;
	wanted = outcome == DO_HALF ? size / 2 : size;
	remember_write(fd, wanted, at);
	for (int i = 0; i < count && (size_t)done < wanted; i++) {
		size_t part = parts[i].iov_len < wanted - (size_t)done ? parts[i].iov_len : wanted - (size_t)done;
		long n = syscall(SYS_pwrite64, fd, parts[i].iov_base, part, at + done);

		if (n < 0)
			return -1;
		done += n;
	}
	/* LMDB's first pages go through a descriptor that syncs by itself */
	if (fcntl(fd, F_GETFL) & O_DSYNC && fstat(fd, &status) == 0)
		disk_forget_part(status.st_ino, at, (off_t)size);
	return outcome == DO_AND_FAIL ? wrong() : done;
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at)
{
	struct iovec part = {(void *)(uintptr_t)bytes, size};

	return is_ours(fd) ? do_write(fd, &part, 1, at) : syscall(SYS_pwrite64, fd, bytes, size, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t at)
{
	return pwrite(fd, bytes, size, at);
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
	off_t at;
	ssize_t done;

	if (!is_ours(fd))
		return syscall(SYS_writev, fd, parts, count);
	at = lseek(fd, 0, SEEK_CUR);
	done = do_write(fd, parts, count, at);
	if (done > 0)
		lseek(fd, at + done, SEEK_SET);
	return done;
}

ssize_t write(int fd, const void *bytes, size_t size)
{
	struct iovec part = {(void *)(uintptr_t)bytes, size};

	return is_ours(fd) ? writev(fd, &part, 1) : syscall(SYS_write, fd, bytes, size);
}

/* ---- length ---- */

static int set_length(int fd, off_t length)
{
	enum outcome outcome = disk_strikes(false);
	struct stat status;
	struct undo *u;

	if (outcome == DO_NOTHING)
		return wrong();
	if (fstat(fd, &status) != 0)
		return -1;
	u = disk_remember(UNDO_LENGTH, status.st_ino);
	u->length = status.st_size;
	u->at = length;
	if (length < status.st_size) {
		long had;

		u->before = malloc((size_t)(status.st_size - length) + 1);
		had = syscall(SYS_pread64, fd, u->before, (size_t)(status.st_size - length), length);
		u->had = had > 0 ? (size_t)had : 0;
	}
	if (syscall(SYS_ftruncate, fd, length) != 0)
		return -1;
	return outcome == DO_AND_FAIL ? wrong() : 0;
}

int ftruncate(int fd, off_t length)
{
	return is_ours(fd) ? set_length(fd, length) : (int)syscall(SYS_ftruncate, fd, length);
}

int ftruncate64(int fd, off64_t length)
{
	return ftruncate(fd, length);
}

int posix_fallocate(int fd, off_t at, off_t size)
{
	struct stat status;

	if (!is_ours(fd))
		return syscall(SYS_fallocate, fd, 0, at, size) == 0 ? 0 : errno;
	if (fstat(fd, &status) != 0)
		return errno;
	/* room is promised, not shown: the redo log's four megabytes, read at each start, would be most of the work */
	if (at + size > ROOM_SHOWN)
		size = ROOM_SHOWN - at;
	if (size <= 0 || at + size <= status.st_size)
		return 0;
	return set_length(fd, at + size) == 0 ? 0 : errno;
}

int posix_fallocate64(int fd, off64_t at, off64_t size)
{
	return posix_fallocate(fd, at, size);
}

/* ---- syncs ---- */

static int do_sync(int fd)
{
	enum outcome outcome = disk_strikes(true);
	struct stat status;

	if (fstat(fd, &status) != 0)
		return -1;
	if (outcome == DO_NOTHING && !disk.dead)
		disk_strand(status.st_ino);
	else if (outcome != DO_NOTHING)
		disk_forget(status.st_ino, outcome == DO_LIE);
	if (disk.told[fd] < disk_failed(status.st_ino) && outcome != DO_LIE)
		outcome = DO_AND_FAIL;
	disk.told[fd] = disk_failed(status.st_ino);
	return outcome == DO_NOTHING || outcome == DO_AND_FAIL ? wrong() : 0;
}

int fdatasync(int fd)
{
	return is_ours(fd) ? do_sync(fd) : (int)syscall(SYS_fdatasync, fd);
}

int fsync(int fd)
{
	return is_ours(fd) ? do_sync(fd) : (int)syscall(SYS_fsync, fd);
}

/* ---- room ---- */

static int tell_room(struct statvfs *out)
{
	memset(out, 0, sizeof *out);
	out->f_bsize = out->f_frsize = 4096;
	out->f_blocks = (UINT64_C(200) << 30) / 4096;
	out->f_bfree = out->f_bavail = disk.free_bytes / 4096;
	return 0;
}

int fstatvfs(int fd, struct statvfs *out)
{
	(void)fd;
	return tell_room(out);
}

int fstatvfs64(int fd, struct statvfs64 *out)
{
	(void)fd;
	return tell_room((struct statvfs *)(void *)out);
}
