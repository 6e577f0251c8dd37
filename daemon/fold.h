/* fold.h - names as people look for them: letters without their marks and in small, one sort of apostrophe and hyphen.
 *
 * "Ünal", "ünal" and "unal" are one, "O'Brien" is found whichever apostrophe a telephone wrote, and "Łukasz" as "lukasz".
 * What is no Latin letter stays as it is, byte by byte.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_FOLD_H
#define DAEMON_FOLD_H

#include "proto/bytes.h"

/* Writes `name` folded, never longer than it is, to `room` (of at least its size). */
struct slice fold_name(uint8_t *room, struct slice name);

#endif
