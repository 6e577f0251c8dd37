/* file.h - a small file read or replaced whole.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_FILE_H
#define CLIENT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Its bytes and a zero byte after them, to be freed; NULL with errno where it can't
 * be read or is larger than `size_max` (EFBIG). "-" is standard input. */
char *file_read(const char *path, size_t size_max, size_t *size);

/* All of the bytes, however often it takes; false with errno. */
bool file_write(int fd, const void *bytes, size_t size);

/* Puts these bytes in a file's place, whole or not at all: whoever reads it sees the old ones or the new
 * ones. It keeps the old one's mode; a new one is as the umask says. False with errno. */
bool file_replace(const char *path, const void *bytes, size_t size);

/* For records_open: `context` points to a file descriptor, or to a struct text_left. */
ssize_t file_read_some(void *context, void *room, size_t size);

struct text_left {
	const char *at;
	size_t left;
};
ssize_t text_read(void *context, void *room, size_t size);

#endif
