/* compile_whole.c - faults that only the whole file shows.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "pathways/compile_parts.h"
#include "pathways/compile_reach.h"
#include "proto/utf8.h"

#define SHOW(s) UTF8_HEAD(s, 60)

static bool has(uint64_t set, unsigned bit)
{
	return (set >> bit) & 1;
}

static void check_actions(struct compiler *c, const struct reach *r)
{
	for (unsigned i = 0; i < c->p->action_count; i++) {
		const struct action_rule *a = &c->p->actions[i];
		const struct condition *need = reach_hindrance(r, c->p, a);

		if (has(r->actions, i))
			continue;
		if (need != NULL)
			fault_node(c->report, node_of(c, c->action_node[i]), "the action %.*s can never be recorded: its need \"%.*s\" never holds, %s",
			           SHOW(a->name), SHOW(need->lacks), need->bar ? "and a bar can't be overridden: change it" :
			           "and nobody may override it: change it, or say who \"may override\"");
		else
			fault_node(c->report, node_of(c, c->action_node[i]), "the action %.*s can never be recorded: at each stage that a case "
			           "comes to, one of its needs is in the way that nobody may override", SHOW(a->name));
	}
}

/* Is it at least named where deadlines are started? */
static bool named_as_start(const struct pathway *p, unsigned deadline)
{
	for (unsigned i = 0; i < p->action_count; i++)
		for (unsigned j = 0; j < p->actions[i].start_count; j++)
			if (p->actions[i].starts[j].deadline == deadline)
				return true;
	for (unsigned i = 0; i < p->deadline_count; i++)
		for (unsigned j = 0; j < p->deadlines[i].end_start_count; j++)
			if (p->deadlines[i].end_starts[j].deadline == deadline && i != deadline)
				return true;
	return p->deadlines[deadline].idle;
}

static void check_deadlines(struct compiler *c, const struct reach *r)
{
	for (unsigned i = 0; i < c->p->deadline_count; i++) {
		if (has(r->deadlines, i))
			continue;
		if (named_as_start(c->p, i))
			fault_node(c->report, node_of(c, c->deadline_node[i]), "the deadline %.*s never starts: what would start it can't come "
			           "about, or its condition never holds there; change that condition", SHOW(c->p->deadlines[i].name));
		else
			fault_node(c->report, node_of(c, c->deadline_node[i]),
			           "nothing starts the deadline %.*s: name it in an action's \"starts\" or in an \"at end\", or say what alert it is \"started by\"",
			           SHOW(c->p->deadlines[i].name));
	}
}

static bool named_as_move(const struct pathway *p, unsigned stage)
{
	for (unsigned i = 0; i < p->action_count; i++)
		for (unsigned j = 0; j < p->actions[i].move_count; j++)
			if (p->actions[i].moves[j].stage == stage)
				return true;
	for (unsigned i = 0; i < p->deadline_count; i++)
		if (p->deadlines[i].stage_at_end == stage)
			return true;
	return false;
}

static void check_stages(struct compiler *c, const struct reach *r)
{
	const struct pathway *p = c->p;

	for (unsigned stage = 1; stage <= p->stage_count; stage++) {
		const struct node *node = node_of(c, c->stage_node[stage - 1]);
		struct slice name = p->stages[stage - 1], closed = p->stages[p->closed_stage - 1];

		if (!has(r->stages, stage) && named_as_move(p, stage))
			fault_node(c->report, node, "no way leads to the stage %.*s: what would move a case to it can't come about, or never holds "
			           "there, or lies behind it (\"moves back\")", SHOW(name));
		else if (!has(r->stages, stage))
			fault_node(c->report, node, "no way leads to the stage %.*s: no action and no period's end moves a case to it; name it in a "
			           "\"moves to\", or take it out", SHOW(name));
		else if (r->onward[stage] == 0 && stage != p->closed_stage)
			fault_node(c->report, node, "a case can't leave the stage %.*s: name another stage in the \"moves to\" of an action that "
			           "can be recorded there", SHOW(name));
		else if (!has(r->closable, stage) && has(r->stages, p->closed_stage))
			fault_node(c->report, node, "a case that comes to the stage %.*s can never come to %.*s: give it a way there", SHOW(name),
			           SHOW(closed));
	}
}

/* What stands under this word of a map; 0: nothing. */
static uint32_t under(const struct compiler *c, uint32_t map, const char *word)
{
	for (uint32_t key = first_child(c, map); key != 0; key = next_child(c, next_child(c, key)))
		if (slice_is(node_of(c, key)->text, word))
			return next_child(c, key);
	return 0;
}

static uint32_t child(const struct compiler *c, uint32_t list, unsigned index)
{
	uint32_t at = first_child(c, list);

	while (index-- > 0)
		at = next_child(c, at);
	return at;
}

/* Does an action that answers this deadline, and may be recorded, offer the outcome? */
static bool offered(const struct pathway *p, const struct reach *r, unsigned deadline, struct slice outcome)
{
	for (unsigned i = 0; i < p->action_count; i++) {
		const struct action_rule *a = &p->actions[i];
		int field = action_field(a, slice_text("outcome"));
		bool answers = a->effect == EFFECT_DECISION;

		if (!has(r->actions, i))
			continue;
		for (unsigned j = 0; j < a->meet_count; j++)
			answers = answers || a->meets[j].deadline == deadline;
		if (answers && field >= 0 && field_value(&a->fields[field], outcome) >= 0)
			return true;
	}
	return false;
}

static void check_outcomes(struct compiler *c, const struct reach *r)
{
	for (unsigned i = 0; i < c->p->deadline_count; i++) {
		const struct deadline_rule *d = &c->p->deadlines[i];
		uint32_t questions = under(c, c->deadline_body[i], "questions");

		for (unsigned j = 0; j < d->question_count; j++)
			for (unsigned k = 0; k < d->questions[j].outcome_count; k++)
				if (d->questions[j].outcomes[k].size > 0 && !offered(c->p, r, i, d->questions[j].outcomes[k]))
					fault_node(c->report, node_of(c, child(c, under(c, child(c, questions, j), "outcomes"), k)),
					           "the outcome %.*s leads nowhere: give it to the field \"outcome\" of an action that \"meets\" %.*s, "
					           "or of one whose effect is decision", SHOW(d->questions[j].outcomes[k]), SHOW(d->name));
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
			fault_node(c->report, node_of(c, c->deadline_node[i]), "no action meets the task %.*s: it could only be missed; name it in an action's \"meets\"",
			           SHOW(c->p->deadlines[i].name));
	}
}

void compile_whole(struct compiler *c)
{
	struct reach r;

	reach_find(&r, c->p);
	check_actions(c, &r);
	check_deadlines(c, &r);
	check_stages(c, &r);
	check_outcomes(c, &r);
	check_tasks(c);
	check_timing(c);
}
