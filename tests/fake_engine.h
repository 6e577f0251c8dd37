/* fake_engine.h - an engine that counts and echoes, for tests of the shell.
 *
 * It is linked in place of the real one, under the real main.c. A known key sends text:
 *
 *   text                  reply
 *   add KEY, drop KEY     "ok"; the key (Z85) is known or unknown from now on
 *   count                 "frames N malformed M last F forgotten G stepped S commits C": F the
 *                         frames of the last malformed message
 *   who                   the key that the message came with, in Z85
 *   now                   the time of the turn, in milliseconds
 *   to MS                 "ok"; moves a manual clock
 *   feed N SIZE           "ok", then N frames of that size, as many a turn as are taken
 *   fail                  no reply: the turn's commit fails
 *   anything else         the same text
 *
 * A message that is not one frame is answered "malformed". The store is a file
 * that holds the known keys, locked while it is open.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_FAKE_ENGINE_H
#define TESTS_FAKE_ENGINE_H

/* Of an authority by this name engine_create fails, having made a file. */
#define FAKE_ENGINE_BROKEN_AUTHORITY "Brokenshire"

#endif
