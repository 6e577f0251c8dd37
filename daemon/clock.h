/* clock.h - the time that the engine is told, and whether it can be believed.
 *
 * Deadlines are wall-clock instants, so the wall clock decides; but a wall clock
 * can be set. Boot time can't: it only counts, through suspends too. The
 * difference of the two is constant but for the small steps by which time
 * services correct a clock. A difference that moves by more than CLOCK_STEP_MAX_MS
 * within CLOCK_WINDOW_MS is a step, and is reported as an input of the engine's.
 *
 *   wall  ──────────────╮ stepped          believed: boot time + offset, where
 *                       ╰───────────       the offset follows the wall clock
 *   believed  ─────────────┄┄┄┄┄┄┄┄┄┄      only while it isn't in doubt
 *
 * While a step is in doubt the engine is told the time as it would have been
 * without it, so that a clock set a year ahead dates nothing a year ahead. The time
 * told never runs backwards: after a step back that was confirmed it stands until
 * the clock has caught up.
 *
 * All but clock_read is pure.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_CLOCK_H
#define DAEMON_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

enum {
	CLOCK_STEP_MAX_MS = 5 * 60 * 1000,
	CLOCK_WINDOW_MS = 60 * 60 * 1000,
};

struct clock_reading {
	uint64_t wall_ms; /* since 1970 UTC */
	uint64_t boot_ms; /* since boot, suspends included */
};

struct clock_reading clock_read(void);

struct clock {
	int64_t offset_ms;       /* of the believed wall clock over boot time */
	int64_t window_ms;       /* the offset at the window's start */
	uint64_t window_boot_ms; /* the window's start */
	uint64_t told_ms;        /* the latest time told */
	bool doubted;
	int64_t doubted_ms;      /* the offset last reported */
};

/* Believes the first reading: whether a start is at a doubtful time is for the
 * engine to say, which knows its last event. */
void clock_start(struct clock *, struct clock_reading);

/* Takes a reading; clock->told_ms is then the time to tell. True: the clock
 * stepped, by *step_ms against what was believed, and is in doubt. While it is, each further
 * step is reported too, even one back to where it was. */
bool clock_take(struct clock *, struct clock_reading, int64_t *step_ms);

/* Somebody said that the wall clock is right. */
void clock_believe(struct clock *, struct clock_reading);

#endif
