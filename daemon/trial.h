/* trial.h - the history held, replayed under a changed pathway file beside the file in force.
 *
 * Two worlds begin empty, one on the pathways in force now, one with the changed file in
 * its place. Both are the engine itself, without a log: they are given what came from
 * outside (registers, rosters, calendars, actions) in the order and at the time at
 * which it was recorded, and raise, fire and decide for themselves. So nothing but
 * the file differs between them, and what differs at the end is the file's doing.
 *
 *   log --> pupils, marks, actions, calendars --+--> world on the file in force --+
 *                                               |                               compare --> report
 *                                               +--> world on the changed file  --+
 *
 * An action is recorded in each world as it was then, where its file knows the action.
 * One that only the changed file refuses on that day, because a deadline has still to run
 * out, waits for that, and is then recorded as long after it as it was in fact: people
 * answer what is put to them. What they did next for the same pupil waits behind it, by as
 * much. One that no deadline's end would make good is recorded all the same (people would
 * have found a way), and what would have been said is told. Cases and alerts of the log
 * itself are only counted, to say how near the replay is to what was done.
 *
 * A process of its own runs it (`attendd trial`, started by the daemon), since a year takes
 * longer than the daemon may stand still, wants memory that should be given back, and
 * should take nothing else down. It reads the store as verify does, of a running daemon too.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_TRIAL_H
#define DAEMON_TRIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/bytes.h"

/* The result file, which names nobody:
 *
 *   done:u64 of:u64 (events; written again and again while it runs)
 *   size:u32 *u8    the summary: a msgpack map
 *   { pupil:u32 pairs:u8 size:u32 *u8 }   a pupil each: so many keys and values of msgpack
 */
enum { TRIAL_PROGRESS_SIZE = 16 };

/* `in` gives the changed file's compiled bytes to its end, `out` is a file. 0, or -1 with
 * a sentence in `why`. */
int trial_run(const char *dir, int in, int out, char *why, size_t why_size);

#endif
