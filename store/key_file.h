/* key_file.h - files that hold secrets: 0600, of one owner, whole or not at all.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_KEY_FILE_H
#define STORE_KEY_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Opens `dir`/`name`, refusing what is no plain file, what others may read, and
 * what belongs to neither the user that runs nor, where that is root, to somebody
 * else who owns it alone. The descriptor, or -1 with a sentence in `why`. */
int key_file_open(const char *dir, const char *name, bool write, char *why, size_t why_size);

/* Writes it beside itself, syncs it, gives it its name, and syncs the directory.
 * Where `replace` is false, a file that has the name is left alone and that is an
 * error. Replacing keeps the owner. 0, or -1 with a sentence in `why`; *named is
 * set once the new file has the name, whatever came after. */
int key_file_write(const char *dir, const char *name, const uint8_t *bytes, size_t size, bool replace,
                   bool *named, char *why, size_t why_size);

/* The whole file into memory that the caller frees (after wiping it); at most `max` bytes. */
int key_file_read(int fd, uint8_t **bytes, size_t *size, size_t max);

/* All of it, at that place. 0 or -1 with errno. */
int key_file_put(int fd, const uint8_t *bytes, size_t size, uint64_t at);

#endif
