/* compile_whole.c - faults that only the whole file shows.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "pathways/compile_parts.h"

#define SHOW(s) (int)((s).size < 60 ? (s).size : 60), (const char *)(s).bytes

/* Bit per deadline that something starts: an action, no action at all, an alert, or the
 * end of one that is itself started. */
static uint64_t started(const struct pathway *p)
{
	uint64_t set = 0, before;

	for (unsigned i = 0; i < p->action_count; i++)
		for (unsigned j = 0; j < p->actions[i].start_count; j++)
			set |= UINT64_C(1) << p->actions[i].starts[j].deadline;
	for (unsigned i = 0; i < p->deadline_count; i++)
		if (p->deadlines[i].idle || p->deadlines[i].started_by != 0)
			set |= UINT64_C(1) << i;
	do {
		before = set;
		for (unsigned i = 0; i < p->deadline_count; i++)
			for (unsigned j = 0; j < p->deadlines[i].end_start_count && (set >> i) & 1; j++)
				set |= UINT64_C(1) << p->deadlines[i].end_starts[j].deadline;
	} while (set != before);
	return set;
}

static void check_deadlines(struct compiler *c, uint64_t set)
{
	for (unsigned i = 0; i < c->p->deadline_count; i++)
		if (!((set >> i) & 1))
			fault_node(c->report, node_of(c, c->deadline_node[i]),
			           "nothing starts the deadline %.*s: name it in an action's \"starts\" or in an \"at end\", or say what alert it is \"started by\"",
			           SHOW(c->p->deadlines[i].name));
}

static void check_stages(struct compiler *c, uint64_t set)
{
	const struct pathway *p = c->p;
	uint64_t reached = UINT64_C(1) << p->first_stage; /* bit by number, from 1 */

	for (unsigned i = 0; i < p->action_count; i++)
		for (unsigned j = 0; j < p->actions[i].move_count; j++)
			reached |= UINT64_C(1) << p->actions[i].moves[j].stage;
	for (unsigned i = 0; i < p->deadline_count; i++)
		if ((set >> i) & 1)
			reached |= UINT64_C(1) << p->deadlines[i].stage_at_end;
	for (unsigned i = 0; i < p->stage_count; i++)
		if (!((reached >> (i + 1)) & 1))
			fault_node(c->report, node_of(c, c->stage_node[i]),
			           "no way leads to the stage %.*s: no action and no period's end moves a case to it", SHOW(p->stages[i]));
}

/* Does an action that answers this deadline offer the outcome? */
static bool offered(const struct pathway *p, unsigned deadline, struct slice outcome)
{
	for (unsigned i = 0; i < p->action_count; i++) {
		const struct action_rule *a = &p->actions[i];
		int field = action_field(a, slice_text("outcome"));
		bool answers = a->effect == EFFECT_DECISION;

		for (unsigned j = 0; j < a->meet_count; j++)
			answers = answers || a->meets[j].deadline == deadline;
		if (answers && field >= 0 && field_value(&a->fields[field], outcome) >= 0)
			return true;
	}
	return false;
}

static void check_outcomes(struct compiler *c)
{
	for (unsigned i = 0; i < c->p->deadline_count; i++) {
		const struct deadline_rule *d = &c->p->deadlines[i];

		for (unsigned j = 0; j < d->question_count; j++)
			for (unsigned k = 0; k < d->questions[j].outcome_count; k++)
				if (d->questions[j].outcomes[k].size > 0 && !offered(c->p, i, d->questions[j].outcomes[k]))
					fault_node(c->report, node_of(c, c->deadline_node[i]),
					           "the outcome %.*s leads nowhere: no action that answers has it as a value of its field \"outcome\"",
					           SHOW(d->questions[j].outcomes[k]));
	}
}

/* A task that no action meets can only ever be missed. */
static void check_tasks(struct compiler *c)
{
	for (unsigned i = 0; i < c->p->deadline_count; i++) {
		bool met = c->p->deadlines[i].period || c->p->deadlines[i].met_if.count > 0;

		for (unsigned j = 0; j < c->p->action_count && !met; j++)
			for (unsigned k = 0; k < c->p->actions[j].meet_count; k++)
				met = met || c->p->actions[j].meets[k].deadline == i;
		if (!met)
			fault_node(c->report, node_of(c, c->deadline_node[i]), "no action meets the task %.*s: it could only be missed",
			           SHOW(c->p->deadlines[i].name));
	}
}

void compile_whole(struct compiler *c)
{
	uint64_t set = started(c->p);

	_Static_assert(DEADLINES_MAX <= 64 && STAGES_MAX < 64, "sets of them are 64 bits");
	check_deadlines(c, set);
	check_stages(c, set);
	check_outcomes(c);
	check_tasks(c);
	check_timing(c);
}
