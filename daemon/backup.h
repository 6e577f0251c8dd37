/* backup.h - a store out of a backup.
 *
 * `attend backup FILE` writes FILE, which holds the store and the persons' keys
 * wrapped, and FILE.key, which unwraps them and is kept elsewhere.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_BACKUP_H
#define DAEMON_BACKUP_H

#include <stddef.h>

/* Makes a store of a backup in `dir`, which exists, is empty and is 0700.
 * `key_file` NULL: FILE.key beside it. 0 once everything is on disk, or -1 with a
 * sentence in `why`; what was written until then may be left lying, and the caller
 * empties the folder. The daemon's own identity is in no backup: the caller makes a
 * new one. */
int restore_store(const char *file, const char *key_file, const char *dir, char *why, size_t why_size);

#endif
