/* case_deadline.h - a case's deadlines: starting, counting, meeting, ending.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CASEWORK_CASE_DEADLINE_H
#define CASEWORK_CASE_DEADLINE_H

#include "casework/case.h"

/* Which deadlines an action is about. */
struct aim {
	uint8_t rule;
	struct slice parent; /* empty: of every parent */
	uint8_t notice;      /* from 1; 0: of any */
	uint16_t date;       /* that one which is started hangs on; 0: none given */
};

/* Keeps a parent's id; what is too long for one (never decided so) is cut. */
void parent_keep(char out[static PARENT_SIZE_MAX + 1], struct slice parent);

/* Starts one, counted from `from` or as its rule says. Where one of its kind, parent
 * and notice is open, that one is counted anew from the later start instead, or from
 * the newest date; a task that hangs on a date also where it was missed and not done
 * since. NULL: it hangs on a date, and there is none; or there is no room, which
 * case_decide() keeps for what can follow. */
struct case_deadline *deadline_start(struct case_state *, const struct case_view *, const struct aim *, day_t from);
/* Counts it anew. True where the due instant is another than before; the earlier one is kept. */
bool deadline_count(const struct case_view *, struct case_deadline *);
/* Is nothing waited for, nor anything said that may be withdrawn? Its place may be taken. */
bool deadline_is_over(const struct case_deadline *);
/* The deadline at `index` ended on a day: starts and cancels what its rule says. */
void deadline_ended(struct case_state *, const struct case_view *, unsigned index, day_t on);
/* Was it done by its end, going by the figures alone? */
bool deadline_met_if(const struct case_state *, const struct case_view *, const struct case_deadline *);
/* After something was done on `on`: what waits for nothing being done counts anew. */
void deadline_idle(struct case_state *, const struct case_view *, day_t on);
/* Something done on `on` meets them: a task done by its last day is met even if
 * it was missed meanwhile; a period's question is answered. */
void deadline_meet(struct case_state *, const struct case_view *, const struct aim *, day_t on);
void deadline_cancel(struct case_state *, const struct aim *);
void deadline_cancel_all(struct case_state *);
/* The oldest unanswered question at a deadline's end that allows `outcome` (where it is
 * empty: one that the action's field `outcome` can take) and is the parent's; index or -1. */
int deadline_asking(const struct case_state *, const struct case_view *, const struct action_rule *,
                    struct slice parent, struct slice outcome);
/* Answers it and, of the same kind, the other parents' that `parent` covers. Where none
 * allows the outcome (an override took it), the oldest question is answered. */
void deadline_answer(struct case_state *, const struct case_view *, const struct action_rule *,
                     struct slice parent, struct slice outcome);
/* The question that is put at a deadline's end; NULL: none applies. */
const struct question *deadline_question(const struct case_state *, const struct case_view *,
                                         const struct case_deadline *);

#endif
