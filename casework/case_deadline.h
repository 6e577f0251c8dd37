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
};

/* Keeps a parent's id; what is too long for one (never decided so) is cut. */
void parent_keep(char out[static PARENT_SIZE_MAX + 1], struct slice parent);

/* Starts one, counted from `from`. Where one of its kind, parent and notice is
 * open, that one is counted anew from the later start instead. Where there is no
 * room none starts; case_decide() keeps room for what can follow. */
void deadline_start(struct case_state *, const struct case_view *, const struct aim *, day_t from);
/* Something done on `on` meets them: a task done by its last day is met even if
 * it was missed meanwhile; a period's question is answered. */
void deadline_meet(struct case_state *, const struct case_view *, const struct aim *, day_t on);
/* Counts an open one by the rule that it has now. True where its due instant is another. */
bool deadline_recount(const struct case_view *, struct case_deadline *);
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
