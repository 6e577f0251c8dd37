/* admin.h - a new administrator of a stopped store, for those who lost the last key.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_ADMIN_H
#define DAEMON_ADMIN_H

#include <stddef.h>
#include <stdint.h>

#include "proto/ids.h"

/* Grants the key the role of an administrator, as an event at the time of the last one.
 * 0, or -1 with a sentence in `why` (a running daemon holds the store, for one);
 * then nothing was granted. */
int engine_new_admin(const char *dir, const uint8_t key[static PUBLIC_KEY_SIZE],
                     char *why, size_t why_size);

#endif
