/* SPDX-License-Identifier: Apache-2.0 */
#include "client/draw_plan.h"

#include <string.h>

bool plan_answers(const struct pathway *p, unsigned action, unsigned deadline)
{
	const struct action_rule *a = &p->actions[action];
	const struct deadline_rule *d = &p->deadlines[deadline];
	int field = action_field(a, slice_text("outcome"));
	bool open = a->effect == EFFECT_DECISION;
	for (unsigned i = 0; i < a->meet_count; i++)
		open = open || a->meets[i].deadline == deadline;
	for (unsigned i = 0; open && field >= 0 && i < d->question_count; i++)
		for (unsigned k = 0; k < d->questions[i].outcome_count; k++)
			if (field_value(&a->fields[field], d->questions[i].outcomes[k]) >= 0)
				return true;
	return false;
}

int plan_comes_after(const struct pathway *p, unsigned action, const struct condition *need, bool *always)
{
	int supplier = pathway_action(p, need->supplied_by);
	if (supplier < 0 || (unsigned)supplier == action)
		return -1;
	for (unsigned i = 0; i < need->need.count; i++) {
		const struct step *step = &p->steps[need->need.first + i];
		if ((step->kind == STEP_DONE || step->kind == STEP_DONE_PARENT || step->kind == STEP_DONE_EACH || step->kind == STEP_LATEST) &&
		    step->value == supplier) {
			*always = need->need.count <= 3;
			return supplier;
		}
	}
	return -1;
}

/* The one stage that the action leads to, other than the closed one; 0: none, or several. */
static uint8_t only_stage(const struct pathway *p, const struct action_rule *a)
{
	uint8_t stage = 0;
	for (unsigned i = 0; i < a->move_count; i++) {
		if (a->moves[i].stage == p->closed_stage || (stage && stage != a->moves[i].stage))
			return 0;
		stage = a->moves[i].stage;
	}
	return stage;
}

/* Where the deadline's end is: the stage that it moves to, or its own. */
static uint8_t end_of(const struct plan *plan, const struct pathway *p, unsigned deadline)
{
	return p->deadlines[deadline].stage_at_end ? p->deadlines[deadline].stage_at_end : plan->deadlines[deadline];
}

static uint8_t by_deadlines(const struct plan *plan, const struct pathway *p, unsigned action)
{
	const struct action_rule *a = &p->actions[action];
	for (unsigned i = 0; i < a->meet_count; i++)
		if (plan->deadlines[a->meets[i].deadline] != PLAN_NOT_YET)
			return end_of(plan, p, a->meets[i].deadline);
	for (unsigned i = 0; a->effect == EFFECT_DECISION && i < p->deadline_count; i++)
		if (plan_answers(p, action, i) && plan->deadlines[i] != PLAN_NOT_YET)
			return end_of(plan, p, i);
	for (unsigned i = 0; i < a->cancel_count; i++)
		if (plan->deadlines[a->cancels[i].deadline] != PLAN_NOT_YET)
			return plan->deadlines[a->cancels[i].deadline];
	return PLAN_NOT_YET;
}

static uint8_t by_needs(const struct plan *plan, const struct pathway *p, unsigned action)
{
	const struct action_rule *a = &p->actions[action];
	uint8_t stage = PLAN_NOT_YET;
	for (unsigned i = 0; i < a->condition_count; i++) {
		bool always;
		int before = plan_comes_after(p, action, &a->conditions[i], &always);
		if (before >= 0 && plan->actions[before] != PLAN_NOT_YET && (stage == PLAN_NOT_YET || plan->actions[before] > stage))
			stage = plan->actions[before];
	}
	return stage;
}

static uint8_t by_moves(const struct pathway *p, const struct action_rule *a)
{
	uint8_t least = PLAN_ANY;
	for (unsigned i = 0; i < a->move_count; i++)
		if (a->moves[i].stage != p->closed_stage && (!least || a->moves[i].stage < least))
			least = a->moves[i].stage;
	return least > 1 ? least - 1 : least;
}

/* What may happen at any stage is drawn after all of them. */
static bool earlier(uint8_t a, uint8_t b)
{
	return b == PLAN_NOT_YET || (uint8_t)(a - 1) < (uint8_t)(b - 1);
}

/* Beside the earliest of what starts it: ends of periods before actions, as they are drawn. */
static void stand_deadline(struct plan *plan, const struct pathway *p, unsigned deadline)
{
	uint8_t best = PLAN_NOT_YET;
	plan->by_end[deadline] = plan->by_action[deadline] = 0;
	for (unsigned i = 0; i < p->deadline_count; i++)
		for (unsigned k = 0; k < p->deadlines[i].end_start_count; k++)
			if (p->deadlines[i].end_starts[k].deadline == deadline && i != deadline &&
			    plan->deadlines[i] != PLAN_NOT_YET && earlier(end_of(plan, p, i), best)) {
				best = end_of(plan, p, i);
				plan->by_end[deadline] = (uint8_t)(i + 1);
			}
	for (unsigned i = 0; i < p->action_count; i++)
		for (unsigned k = 0; k < p->actions[i].start_count; k++)
			if (p->actions[i].starts[k].deadline == deadline && plan->actions[i] != PLAN_NOT_YET &&
			    earlier(plan->actions[i], best)) {
				best = plan->actions[i];
				plan->by_action[deadline] = (uint8_t)(i + 1);
				plan->by_end[deadline] = 0;
			}
	plan->deadlines[deadline] = best;
}

/* Where no action and no end starts it: the first stage that it asks for. */
static void stand_alone(struct plan *plan, const struct pathway *p, unsigned deadline)
{
	struct expression e = p->deadlines[deadline].idle_while;
	plan->deadlines[deadline] = PLAN_ANY;
	for (unsigned i = e.count; i-- > 0;)
		if (p->steps[e.first + i].kind == STEP_STAGE)
			plan->deadlines[deadline] = (uint8_t)p->steps[e.first + i].value;
}

/* One more that can be told, by the rule of that number; false where there is none. */
static bool stand_action(struct plan *plan, const struct pathway *p, unsigned rule)
{
	for (unsigned i = 0; i < p->action_count; i++) {
		if (plan->actions[i] != PLAN_NOT_YET)
			continue;
		switch (rule) {
		case 1:
			plan->actions[i] = only_stage(p, &p->actions[i]) ? only_stage(p, &p->actions[i]) : PLAN_NOT_YET;
			break;
		case 2:
			plan->actions[i] = by_deadlines(plan, p, i);
			break;
		case 3:
			plan->actions[i] = by_needs(plan, p, i);
			break;
		default:
			plan->actions[i] = by_moves(p, &p->actions[i]);
		}
		if (plan->actions[i] != PLAN_NOT_YET)
			return true;
	}
	return false;
}

void plan_make(struct plan *plan, const struct pathway *p)
{
	memset(plan, 0, sizeof *plan);
	memset(plan->actions, PLAN_NOT_YET, sizeof plan->actions);
	memset(plan->deadlines, PLAN_NOT_YET, sizeof plan->deadlines);
	/* Each turn places an action, by the first rule that places any. */
	for (unsigned rule = 1; rule <= 4;) {
		rule = stand_action(plan, p, rule) ? 1 : rule + 1;
		for (unsigned i = 0; i < p->deadline_count; i++)
			stand_deadline(plan, p, i);
	}
	for (unsigned i = 0; i < p->deadline_count; i++)
		if (plan->deadlines[i] == PLAN_NOT_YET)
			stand_alone(plan, p, i);
}
