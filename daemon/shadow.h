/* shadow.h - the state as of an earlier position: of one pupil, or of many.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_SHADOW_H
#define DAEMON_SHADOW_H

#include "daemon/state.h"

struct engine;
struct request;

/* The state of one pupil and its cases as of a position. Freed by state_free + free. */
struct state *shadow_open(struct engine *, struct txn *, uint32_t pupil, uint64_t position);
void shadow_close(struct state **);
/* An alert, and where a text of its own was put in place of the one that it was raised with. */
struct alert_change {
	uint64_t alert, position;
};
/* The state as of a position, of all who have a case by now and (urn) of a school's pupils; others are not
 * in it. It holds no alerts, but knows which were dealt with or withdrawn by then, and which had changed. */
struct many {
	struct state *state;
	uint64_t position;
	uint8_t *closed; /* bit per position: an alert of that number was open no more */
	struct alert_change *changes; /* in their order; owned */
	size_t change_count, change_room;
};
struct many *many_open(struct engine *, struct txn *, uint32_t urn, uint64_t position); /* NULL: the log can't be replayed */
void many_close(struct many **);
uint64_t many_said(const struct many *, uint64_t alert); /* the event whose text the alert had then */
/* What "as_of" asks for: `*many` NULL where that is now. False: e->body says why not. */
bool many_as_of(struct engine *, const struct request *, struct txn *, uint32_t urn, struct many **, day_t *day);
unsigned shadow_cases_of(const struct state *, uint32_t numbers[], unsigned max); /* rising */

#endif
