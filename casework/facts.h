/* facts.h - what is known of a pupil from a day on: looked after, a plan, a
 * social worker. (WG-03, WG-06, SP-06, SP-09, SP-34)
 *
 * A fact may be known late, and recorded again with another day. Of one kind (and,
 * where it is of a parent, of one parent) the entry with the newest `since` that
 * is not after a day stands on that day; where there is none, it is not so.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CASEWORK_FACTS_H
#define CASEWORK_FACTS_H

#include "casework/civil.h"
#include "proto/event.h"

enum { FACTS_MAX = 64 }; /* entries of one pupil: more are refused */

struct fact {
	uint8_t kind;      /* enum fact_kind, but FACT_SCHOOL */
	bool holds;
	uint16_t since;
	char parent[PARENT_SIZE_MAX + 1];
	uint64_t position; /* of the event, which holds what is sealed */
};

/* In the order of kind, parent, since. */
struct facts {
	uint8_t count;
	struct fact list[FACTS_MAX];
};

/* An empty parent asks for anybody's. */
bool facts_hold(const struct facts *, uint8_t kind, struct slice parent, day_t);
/* Any of those under which support is planned: early help, child in need, child
 * protection, team around the family, personal education plan. */
bool facts_plan(const struct facts *, day_t);
/* Does entry `index` stand on that day, holding or not? */
bool facts_stands(const struct facts *, unsigned index, day_t);
bool facts_room(const struct facts *, const struct event_pupil_fact *);
void facts_take(struct facts *, const struct event_pupil_fact *, uint64_t position);

#endif
