/* data_dir.h - the folder that a store lives in, and the keys beside it.
 *
 *   attendd.identity    the daemon's CURVE key pair
 *   attendd.pub         its public half, for clients
 *   admin.identity      the first administrator's key pair, to be taken away
 *
 * What can't be made whole is not left lying: a folder is only ever filled from
 * empty, and emptied again where that fails.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_DATA_DIR_H
#define DAEMON_DATA_DIR_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/identity.h"

enum { DATA_PATH_SIZE = 4096 };

struct data_dir {
	const char *path;   /* borrowed */
	bool made;          /* by us, so that undoing removes it */
};

/* An empty folder, 0700: made, or found empty and closed to others. All
 * of these: 0, or -1 with a sentence in `why`. */
int data_dir_prepare(struct data_dir *, const char *path, char *why, size_t why_size);
/* Removes what was put into a folder that data_dir_prepare found empty. */
void data_dir_undo(struct data_dir *);
/* Puts the names of what was made on disk, and its own where it was made. */
int data_dir_sync(const struct data_dir *, char *why, size_t why_size);

/* A new key pair in dir/name; `path` gets where. */
int data_dir_new_identity(const char *dir, const char *name, struct identity *,
                          char path[static DATA_PATH_SIZE], char *why, size_t why_size);
/* Whether a daemon's key is there, and so a store. */
bool data_dir_has_store(const char *dir);
/* attendd.identity and attendd.pub, once all else of the store is there: a power cut before leaves a
 * folder of which nobody says that it is a store. */
int data_dir_new_daemon(const char *dir, char *why, size_t why_size);
/* Others in their place; the old pair stays as attendd.identity.old. */
int data_dir_renew_daemon(const char *dir, char *why, size_t why_size);
int data_dir_read_daemon(const char *dir, struct identity *, char *why, size_t why_size);

#endif
