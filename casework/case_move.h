/* case_move.h - a case goes over to another pathway, or to another version of its own.
 *
 * What a case holds by index is found again by name: its stage, what it waits for,
 * what was done and in which fields. What waits (an open deadline, a task undone, a
 * question unanswered) must have somewhere to go where it can still be done, or nobody
 * would ever see to it;
 * what is over may be unknown to the new pathway and is then kept as the old one's,
 * with the chapter that it belongs to. A deadline that goes over is counted anew by
 * its new rule from the day that it counted from.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CASEWORK_CASE_MOVE_H
#define CASEWORK_CASE_MOVE_H

#include "casework/case.h"

/* What keeps a deadline from going over. */
enum orphan_reason {
	ORPHAN_NO_NAME = 1, /* the new pathway has none of the name that it would go on under */
	ORPHAN_NO_DATE,     /* that one hangs on a date, and this one has none */
	ORPHAN_ENDED,       /* its end has passed, and that one is of another sort: what is awaited could never be recorded */
};

/* What of a case would have nowhere to go. */
struct case_orphans {
	bool stage;     /* no such stage, or the closed one */
	uint8_t count;  /* of the deadlines: their indexes, and why */
	uint8_t deadlines[CASE_DEADLINES_MAX], reasons[CASE_DEADLINES_MAX];
	struct slice unknown; /* a name of the passage that neither pathway has; empty: none */
};

/* Does the case wait for it? */
bool case_deadline_waits(const struct case_deadline *);

/* The stage of `to` at which it would stand: the one of this name. False where
 * something has nowhere to go: `orphans` says what. The event's `stage` and
 * `deadlines` are looked at, nothing else. */
bool case_move_fits(const struct case_state *, const struct pathway *from, const struct pathway *to,
                    const struct event_case_moved *, struct case_orphans *);

/* `view` is of the pathway that the case is moved to; `from` is the one that it was on. */
void case_apply_moved(struct case_state *, const struct pathway *from, const struct case_view *view,
                      const struct event_case_moved *, uint64_t position);

#endif
