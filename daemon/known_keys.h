/* known_keys.h - the keys that are let in at the handshake, shared by two threads.
 *
 * The loop puts a new set in whenever the engine's changes; the thread that
 * answers handshakes asks. The lock is held for a search or for a swap of two
 * pointers, never while a set is gathered.
 *
 * A key taken out ends no session that stands: CURVE is asked only at the
 * handshake. So the engine asks again for every message.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_KNOWN_KEYS_H
#define DAEMON_KNOWN_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/ids.h"

struct known_keys;

struct known_keys *known_keys_open(void); /* empty; NULL: no memory */
void known_keys_close(struct known_keys **);

/* Takes `keys` (of malloc; may be NULL where count is 0) in place of the set before. */
void known_keys_replace(struct known_keys *, uint8_t (*keys)[PUBLIC_KEY_SIZE], size_t count);
bool known_keys_has(struct known_keys *, const uint8_t key[static PUBLIC_KEY_SIZE]);

/* Until then (monotonic) this key is as if unknown: it was told to wait, and didn't. Of very many at once the one whose
 * time is over first is let in again. Its sessions that stand are the caller's to end. */
void known_keys_hold_off(struct known_keys *, const uint8_t key[static PUBLIC_KEY_SIZE], uint64_t until_ms);

#endif
