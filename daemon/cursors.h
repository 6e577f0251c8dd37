/* cursors.h - places in the log that the daemon keeps under a name.
 *
 * A name is its key's own, so that two keys may use the same one. A place only rises,
 * until it is forgotten.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_CURSORS_H
#define DAEMON_CURSORS_H

#include "daemon/engine_parts.h"

/* Of who asks; false: the name is none. */
bool cursor_key(const struct request *, struct slice name, struct key *);
/* 0 where it was never set. */
enum store_result cursor_read(struct txn *, const struct key *, uint64_t *position);

#endif
