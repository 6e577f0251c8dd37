/* SPDX-License-Identifier: Apache-2.0 */
#include "client/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { STEP = 64 * 1024 };

static char *read_all(int fd, size_t size_max, size_t *size)
{
	char *bytes = NULL;
	size_t room = 0;
	*size = 0;
	for (;;) {
		if (*size + STEP + 1 > room) {
			room = (*size + STEP + 1) * 2;
			char *larger = realloc(bytes, room);
			if (!larger)
				break;
			bytes = larger;
		}
		ssize_t got = read(fd, bytes + *size, STEP);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			break;
		*size += (size_t)got;
		if (*size > size_max) {
			errno = EFBIG;
			break;
		}
		if (got == 0) {
			bytes[*size] = '\0';
			return bytes;
		}
	}
	int failed = errno;
	free(bytes);
	errno = failed;
	return NULL;
}

char *file_read(const char *path, size_t size_max, size_t *size)
{
	if (strcmp(path, "-") == 0)
		return read_all(STDIN_FILENO, size_max, size);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	char *bytes = read_all(fd, size_max, size);
	int failed = errno;
	close(fd);
	errno = failed;
	return bytes;
}

ssize_t file_read_some(void *context, void *room, size_t size)
{
	return read(*(const int *)context, room, size);
}

ssize_t text_read(void *context, void *room, size_t size)
{
	struct text_left *text = context;
	if (size > text->left)
		size = text->left;
	memcpy(room, text->at, size);
	text->at += size;
	text->left -= size;
	return (ssize_t)size;
}

bool file_write(int fd, const void *from, size_t size)
{
	const char *bytes = from;
	while (size) {
		ssize_t written = write(fd, bytes, size);
		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return false;
		bytes += written;
		size -= (size_t)written;
	}
	return true;
}

bool file_replace(const char *path, const void *bytes, size_t size)
{
	char *part;
	struct stat there;
	bool was = stat(path, &there) == 0;
	if (asprintf(&part, "%s.part", path) < 0)
		return false;
	/* One that was left by a writer that died is in nobody's hands. */
	unlink(part);
	int fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
	bool good = fd >= 0 && (!was || fchmod(fd, there.st_mode & 07777) == 0) && file_write(fd, bytes, size) && fsync(fd) == 0;
	if (fd >= 0 && close(fd) != 0)
		good = false;
	good = good && rename(part, path) == 0;
	int why = errno;
	if (!good)
		unlink(part);
	free(part);
	errno = why;
	return good;
}
