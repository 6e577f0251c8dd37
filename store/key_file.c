/* key_file.c - see key_file.h.
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
#include <sys/stat.h>
#include <unistd.h>

#include "store/key_file.h"

static const char beside[] = ".new";

__attribute__((format(printf, 3, 4)))
static int fail(char *why, size_t why_size, const char *format, ...)
{
	va_list arguments;

	if (why && why_size > 0) {
		va_start(arguments, format);
		vsnprintf(why, why_size, format, arguments);
		va_end(arguments);
	}
	return -1;
}

int key_file_open(const char *dir, const char *name, bool write, char *why, size_t why_size)
{
	struct stat status;
	int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), fd;

	if (dir_fd < 0)
		return fail(why, why_size, "%s: %s", dir, strerror(errno));
	/* Not to wait for ever should somebody have put a pipe there. */
	fd = openat(dir_fd, name, (write ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &status) != 0) {
		fail(why, why_size, "%s/%s: %s", dir, name, strerror(errno));
	} else if (!S_ISREG(status.st_mode)) {
		fail(why, why_size, "%s/%s: not a file", dir, name);
	} else if (status.st_mode & 077) {
		fail(why, why_size, "%s/%s: open to others (mode %04o); chmod 600 it", dir, name,
		     (unsigned)status.st_mode & 07777);
	} else if (status.st_uid != geteuid() && geteuid() != 0) {
		fail(why, why_size, "%s/%s: belongs to another user", dir, name);
	} else {
		close(dir_fd);
		return fd;
	}
	if (fd >= 0)
		close(fd);
	close(dir_fd);
	return -1;
}

int key_file_put(int fd, const uint8_t *bytes, size_t size, uint64_t at)
{
	while (size > 0) {
		ssize_t put = pwrite(fd, bytes, size, (off_t)at);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0) {
			errno = put < 0 ? errno : ENOSPC;
			return -1;
		}
		bytes += put;
		size -= (size_t)put;
		at += (uint64_t)put;
	}
	return 0;
}

int key_file_read(int fd, uint8_t **bytes, size_t *size, size_t max)
{
	struct stat status;
	size_t have = 0, wanted;
	uint8_t *room;

	*bytes = NULL;
	*size = 0;
	if (fstat(fd, &status) != 0)
		return -1;
	if (status.st_size < 0 || (uint64_t)status.st_size > max) {
		errno = EFBIG;
		return -1;
	}
	wanted = (size_t)status.st_size;
	room = malloc(wanted + 1);
	if (!room)
		return -1;
	while (have < wanted) {
		ssize_t got = pread(fd, room + have, wanted - have, (off_t)have);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			sodium_memzero(room, have);
			free(room);
			return -1;
		}
		if (got == 0)
			break;
		have += (size_t)got;
	}
	*bytes = room;
	*size = have;
	return 0;
}

/* The new file under the name that it has until it is whole. */
static int write_beside(int dir_fd, const char *name, const char *new_name, const uint8_t *bytes, size_t size)
{
	struct stat old;
	int error, fd;

	/* Left over from a crash, if there is one. */
	if (unlinkat(dir_fd, new_name, 0) != 0 && errno != ENOENT)
		return -1;
	fd = openat(dir_fd, new_name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -1;
	/* Root may have been asked to do it for the user that the daemon runs as. */
	if (geteuid() == 0 && fstatat(dir_fd, name, &old, AT_SYMLINK_NOFOLLOW) == 0 &&
	    fchown(fd, old.st_uid, old.st_gid) != 0)
		goto failed;
	if (fchmod(fd, 0600) != 0 || key_file_put(fd, bytes, size, 0) != 0 || fsync(fd) != 0)
		goto failed;
	return close(fd);
failed:
	error = errno;
	close(fd);
	unlinkat(dir_fd, new_name, 0);
	errno = error;
	return -1;
}

int key_file_write(const char *dir, const char *name, const uint8_t *bytes, size_t size, bool replace,
                   bool *named, char *why, size_t why_size)
{
	char new_name[64];
	int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int result = -1;

	assert(strlen(name) + sizeof(beside) <= sizeof(new_name));
	if (named)
		*named = false;
	if (dir_fd < 0)
		return fail(why, why_size, "%s: %s", dir, strerror(errno));
	snprintf(new_name, sizeof(new_name), "%s%s", name, beside);
	if (write_beside(dir_fd, name, new_name, bytes, size) != 0) {
		fail(why, why_size, "%s/%s: %s", dir, new_name, strerror(errno));
	} else if (renameat2(dir_fd, new_name, dir_fd, name, replace ? 0 : RENAME_NOREPLACE) != 0) {
		fail(why, why_size, errno == EEXIST ? "%s/%s: is there already (%s)" : "%s/%s: %s", dir, name,
		     strerror(errno));
		unlinkat(dir_fd, new_name, 0);
	} else {
		if (named)
			*named = true;
		result = fsync(dir_fd);
		if (result != 0)
			fail(why, why_size, "%s: %s", dir, strerror(errno));
	}
	close(dir_fd);
	return result;
}
