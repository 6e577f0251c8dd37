/* compile_reach.c - what can come about at all under a pathway.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <string.h>

#include "pathways/compile_reach.h"

enum { ANY_STAGE = 0 };
enum chance { NEVER, PERHAPS, ALWAYS };

struct value {
	bool known;
	int32_t number;
};

static bool has(uint64_t set, unsigned bit)
{
	return (set >> bit) & 1;
}

/* Nothing is known of marks and fields; but what was never recorded was recorded
 * 0 times, and what never started isn't running. */
static struct value operand(const struct reach *r, const struct step *step, unsigned stage)
{
	const struct value unknown = {false, 0}, none = {true, 0};

	if (step->kind == STEP_NUMBER)
		return (struct value){true, step->value};
	if (step->kind == STEP_STAGE && stage != ANY_STAGE)
		return (struct value){true, (int32_t)stage >= step->value};
	if ((step->kind == STEP_DONE || step->kind == STEP_DONE_PARENT || step->kind == STEP_DONE_EACH || step->kind == STEP_LATEST) &&
	    !has(r->actions, (unsigned)step->value))
		return none;
	if ((step->kind == STEP_RUNNING || step->kind == STEP_IN_FORCE) && !has(r->deadlines, (unsigned)step->value))
		return none;
	return unknown;
}

static struct value combine(uint8_t kind, struct value a, struct value b)
{
	bool decisive = kind == STEP_OR, holds = false;

	if (kind == STEP_AND || kind == STEP_OR) {
		if ((a.known && (a.number != 0) == decisive) || (b.known && (b.number != 0) == decisive))
			return (struct value){true, decisive};
		return (struct value){a.known && b.known, !decisive};
	}
	if (kind == STEP_LT || kind == STEP_GE)
		holds = (a.number < b.number) == (kind == STEP_LT);
	else if (kind == STEP_GT || kind == STEP_LE)
		holds = (a.number > b.number) == (kind == STEP_GT);
	else
		holds = (a.number == b.number) == (kind == STEP_EQ);
	return (struct value){a.known && b.known, holds};
}

static enum chance chance_of(const struct reach *r, const struct pathway *p, const struct expression *e, unsigned stage)
{
	struct value stack[EXPRESSION_STACK_MAX];
	unsigned depth = 0;

	if (e->count == 0)
		return ALWAYS;
	for (unsigned i = 0; i < e->count; i++) {
		const struct step *step = &p->steps[e->first + i];

		if (step_is_operand(step->kind)) {
			assert(depth < EXPRESSION_STACK_MAX);
			stack[depth++] = operand(r, step, stage);
		} else if (step->kind == STEP_NOT) {
			assert(depth >= 1);
			stack[depth - 1].number = stack[depth - 1].number == 0;
		} else {
			assert(depth >= 2);
			depth--;
			stack[depth - 1] = combine(step->kind, stack[depth - 1], stack[depth]);
		}
	}
	if (!stack[0].known)
		return PERHAPS;
	return stack[0].number != 0 ? ALWAYS : NEVER;
}

static bool hinders(const struct reach *r, const struct pathway *p, const struct action_rule *a,
                    const struct condition *need, unsigned stage)
{
	return (need->bar || a->override_roles == 0) && chance_of(r, p, &need->need, stage) == NEVER;
}

static bool recordable(const struct reach *r, const struct pathway *p, const struct action_rule *a, unsigned stage)
{
	for (unsigned i = 0; i < a->condition_count; i++)
		if (hinders(r, p, a, &a->conditions[i], stage))
			return false;
	return true;
}

const struct condition *reach_hindrance(const struct reach *r, const struct pathway *p, const struct action_rule *a)
{
	for (unsigned i = 0; i < a->condition_count; i++) {
		bool always = true;

		for (unsigned stage = 1; stage <= p->stage_count; stage++)
			if (has(r->stages, stage) && stage != p->closed_stage)
				always = always && hinders(r, p, a, &a->conditions[i], stage);
		if (always)
			return &a->conditions[i];
	}
	return NULL;
}

static void lead(struct reach *r, unsigned from, unsigned to)
{
	r->stages |= UINT64_C(1) << to;
	r->onward[from] |= UINT64_C(1) << to;
}

/* What this action may bring at this stage. */
static void record(struct reach *r, const struct pathway *p, unsigned action, unsigned stage)
{
	const struct action_rule *a = &p->actions[action];

	if (!recordable(r, p, a, stage))
		return;
	r->actions |= UINT64_C(1) << action;
	for (unsigned i = 0; i < a->start_count; i++)
		if (chance_of(r, p, &a->starts[i].when, stage) != NEVER)
			r->deadlines |= UINT64_C(1) << a->starts[i].deadline;
	for (unsigned i = 0; i < p->deadline_count; i++)
		if (p->deadlines[i].idle && chance_of(r, p, &p->deadlines[i].idle_while, stage) != NEVER)
			r->deadlines |= UINT64_C(1) << i;
	for (unsigned i = 0; i < a->move_count; i++) {
		enum chance chance = chance_of(r, p, &a->moves[i].when, stage);

		if (chance != NEVER && a->moves[i].stage != stage && (!a->forward_only || a->moves[i].stage > stage))
			lead(r, stage, a->moves[i].stage);
		if (chance == ALWAYS)
			break; /* the first that holds is taken */
	}
}

/* What this deadline's end may bring; a case may then be at any stage. */
static void end(struct reach *r, const struct pathway *p, unsigned deadline)
{
	const struct deadline_rule *d = &p->deadlines[deadline];

	for (unsigned i = 0; i < d->end_start_count; i++)
		if (chance_of(r, p, &d->end_starts[i].when, ANY_STAGE) != NEVER)
			r->deadlines |= UINT64_C(1) << d->end_starts[i].deadline;
	for (unsigned stage = 1; stage < d->stage_at_end; stage++)
		if (has(r->stages, stage) && stage != p->closed_stage)
			lead(r, stage, d->stage_at_end);
}

static void find_closable(struct reach *r, const struct pathway *p)
{
	uint64_t before;

	r->closable = UINT64_C(1) << p->closed_stage;
	do {
		before = r->closable;
		for (unsigned stage = 1; stage <= p->stage_count; stage++)
			if (r->onward[stage] & r->closable)
				r->closable |= UINT64_C(1) << stage;
	} while (r->closable != before);
}

/* The sets only ever grow, so that this ends. */
void reach_find(struct reach *r, const struct pathway *p)
{
	struct reach before;

	_Static_assert(DEADLINES_MAX <= 64 && ACTIONS_MAX <= 64 && STAGES_MAX < 64, "sets of them are 64 bits");
	memset(r, 0, sizeof *r);
	r->stages = UINT64_C(1) << p->first_stage;
	for (unsigned i = 0; i < p->deadline_count; i++)
		if (p->deadlines[i].started_by != 0)
			r->deadlines |= UINT64_C(1) << i;
	do {
		before = *r;
		for (unsigned stage = 1; stage <= p->stage_count; stage++)
			for (unsigned i = 0; i < p->action_count && has(r->stages, stage) && stage != p->closed_stage; i++)
				record(r, p, i, stage);
		for (unsigned i = 0; i < p->deadline_count; i++)
			if (has(r->deadlines, i))
				end(r, p, i);
	} while (memcmp(&before, r, sizeof before) != 0);
	find_closable(r, p);
}
