/* draw_plan.h - in which stage each action and deadline of a pathway is drawn.
 *
 * A file doesn't say where an action belongs: it may be recorded whenever its
 * needs are met. For a picture it stands where it as a rule happens:
 *  1. it leads to one stage and to no other: at that stage's beginning;
 *  2. else where what it meets, answers or cancels comes to an end;
 *  3. else beside the last of the actions that must come first;
 *  4. else before the stages that it leads to; else it is for any stage.
 * A deadline stands beside what first starts it; one that no action and no end
 * starts, at the stage that it asks for, else with what is for any stage.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_DRAW_PLAN_H
#define CLIENT_DRAW_PLAN_H

#include "casework/pathway.h"

enum { PLAN_ANY = 0, PLAN_NOT_YET = 255 };

struct plan {
	uint8_t actions[ACTIONS_MAX];     /* a stage from 1, or PLAN_ANY */
	uint8_t deadlines[DEADLINES_MAX];
	/* What a deadline is drawn beside: the action, or the deadline whose end starts it (from 1; 0: none);
	 * neither where alerts, or actions that fail to come, start it. */
	uint8_t by_action[DEADLINES_MAX], by_end[DEADLINES_MAX];
};

void plan_make(struct plan *, const struct pathway *);

/* May this action answer a question that the deadline puts? */
bool plan_answers(const struct pathway *, unsigned action, unsigned deadline);
/* Does this need ask that another action was recorded, which would supply it? Its index, or -1;
 * `*always`: there is no other way to meet the need. */
int plan_comes_after(const struct pathway *, unsigned action, const struct condition *, bool *always);

#endif
