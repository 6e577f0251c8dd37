/* SPDX-License-Identifier: Apache-2.0 */
#include "casework/case_change.h"

#include <string.h>

#include "casework/case_deadline.h"
#include "casework/condition.h"

enum { PARENTS_MAX = 16 };

struct looking {
	const struct case_state *c;
	struct case_view before, now;
	unsigned parent_count;
	char parents[PARENTS_MAX][PARENT_SIZE_MAX + 1]; /* that anything is known of */
	struct case_change *out;
	size_t count;
	unsigned more;
};

static void found(struct looking *l, struct case_change change)
{
	if (l->count < CASE_CHANGES_MAX)
		l->out[l->count++] = change;
	else
		l->more++;
}

static void look_at_conditions(struct looking *l, struct case_change change, const struct action_rule *action,
                               const struct filled *filled, struct slice parent, bool overridden)
{
	for (unsigned i = 0; i < action->condition_count; i++) {
		const struct condition *condition = &action->conditions[i];
		struct scope was = {l->c, &l->before, action, filled, parent, change.on, NULL, 0, false};
		struct scope is = {l->c, &l->now, action, filled, parent, change.on, NULL, 0, false};
		enum tristate held, holds;

		held = expression_holds(&was, &condition->need);
		holds = expression_holds(&is, &condition->need);
		change.bar = condition->bar && !(condition->lenient && (holds == YES ? held : holds) == UNKNOWN);
		/* A reason was given then for what was lacking, but a bar no reason lifts. */
		if ((held == YES) == (holds == YES) || (overridden && !change.bar))
			continue;
		change.lacks = holds != YES;
		change.clause = condition->clause;
		change.text = (holds == YES ? held : holds) == UNKNOWN && condition->unknown.size > 0 ?
			condition->unknown : condition->lacks;
		found(l, change);
	}
}

static void set_age(struct looking *l, day_t on)
{
	l->before.compulsory_age = case_compulsory_age(l->before.particulars->birth, on);
	l->now.compulsory_age = case_compulsory_age(l->now.particulars->birth, on);
}

static void add_parent(struct looking *l, const char *parent)
{
	for (unsigned i = 0; i < l->parent_count; i++)
		if (strcmp(l->parents[i], parent) == 0)
			return;
	if (parent[0] != 0 && l->parent_count < PARENTS_MAX)
		memcpy(l->parents[l->parent_count++], parent, PARENT_SIZE_MAX + 1);
}

static void gather_parents(struct looking *l, const struct known *known)
{
	for (unsigned i = 0; i < l->c->notice_count; i++)
		add_parent(l, l->c->notices[i].parent);
	for (unsigned i = 0; i < l->c->done_count; i++)
		add_parent(l, l->c->done[i].parent);
	for (size_t i = 0; i < known->family_count; i++)
		add_parent(l, known->family[i].parent);
	for (unsigned i = 0; i < known->facts->count; i++)
		add_parent(l, known->facts->list[i].parent);
}

/* What needs a parent is looked at for each that something is known of. */
static void look_at_one_next(struct looking *l, uint8_t index)
{
	const struct action_rule *action = &l->now.pathway->actions[index];
	const struct filled nothing = {0};
	struct case_change change = {.kind = CHANGE_NEXT, .index = index, .on = (uint16_t)l->now.today};

	if (!action->needs_parent || l->parent_count == 0)
		look_at_conditions(l, change, action, &nothing, slice_of(NULL, 0), false);
	for (unsigned i = 0; action->needs_parent && i < l->parent_count; i++) {
		memcpy(change.parent, l->parents[i], sizeof change.parent);
		look_at_conditions(l, change, action, &nothing, slice_text(change.parent), false);
	}
}

static void look_at_next(struct looking *l)
{
	set_age(l, l->now.today);
	for (unsigned i = 0; i < l->now.pathway->action_count; i++)
		look_at_one_next(l, (uint8_t)i);
}

/* The case is taken as it stands now, then as well as now: what differs is what was learnt. Free text
 * is sealed, so it counts as given. */
static void look_at_done(struct looking *l)
{
	for (unsigned i = 0; i < l->c->done_count; i++) {
		const struct case_done *done = &l->c->done[i];
		const struct action_rule *action = &l->now.pathway->actions[done->action];
		struct case_change change = {.kind = CHANGE_DONE, .index = done->action, .on = done->on};
		struct filled filled = {.given = done->given};

		memcpy(filled.chosen, done->chosen, sizeof filled.chosen);
		for (unsigned f = 0; f < action->field_count; f++)
			if (action->fields[f].type == FIELD_TEXT)
				filled.given |= UINT32_C(1) << f;
		set_age(l, done->on);
		if (action->needs_parent)
			memcpy(change.parent, done->parent, sizeof change.parent);
		look_at_conditions(l, change, action, &filled, slice_text(done->parent), done->overridden);
	}
}

static void look_at_questions(struct looking *l)
{
	for (unsigned i = 0; i < l->c->deadline_count; i++) {
		const struct case_deadline *d = &l->c->deadlines[i];
		const struct deadline_rule *rule = &l->now.pathway->deadlines[d->rule];

		if (!rule->decides || d->decided || d->resolved)
			continue;
		if (deadline_question(l->c, &l->before, d) != deadline_question(l->c, &l->now, d))
			found(l, (struct case_change){.kind = CHANGE_QUESTION, .index = d->rule, .clause = rule->clause});
	}
}

size_t case_changes(const struct case_state *c, const struct case_view *view, const struct known *before,
                    const struct known *now, struct case_change out[CASE_CHANGES_MAX], unsigned *more)
{
	struct looking l = {.c = c, .before = *view, .now = *view, .out = out};

	l.before.facts = before->facts;
	l.before.family = before->family;
	l.before.family_count = before->family_count;
	l.before.particulars = before->roster;
	l.now.facts = now->facts;
	l.now.family = now->family;
	l.now.family_count = now->family_count;
	l.now.particulars = now->roster;
	gather_parents(&l, before);
	gather_parents(&l, now);
	if (!c->closed) {
		look_at_questions(&l);
		look_at_done(&l);
		look_at_next(&l);
	}
	*more = l.more;
	return l.count;
}

static void say(struct writer *w, const char *text)
{
	write_bytes(w, text, strlen(text));
}

static void say_slice(struct writer *w, struct slice text)
{
	write_bytes(w, text.bytes, text.size);
}

void case_change_text(struct writer *w, const struct pathway *p, const struct case_change *change)
{
	char day[32];

	if (change->kind == CHANGE_QUESTION) {
		say_slice(w, p->deadlines[change->index].title);
		say(w, ": the question at its end is now another one");
	} else {
		say_slice(w, p->actions[change->index].title);
		if (change->parent[0] != 0) {
			say(w, " for parent ");
			say(w, change->parent);
		}
		if (change->kind == CHANGE_DONE) {
			day_text_long(day, change->on);
			say(w, " of ");
			say(w, day);
			say(w, change->lacks ? change->bar ? " would have been barred" : " would have lacked" :
			       change->bar ? " would not have been barred" : " would not have lacked");
		} else {
			say(w, change->lacks ? change->bar ? " is barred now" : " lacks now" :
			       change->bar ? " is barred no more" : " lacks no more");
		}
	}
	if (change->clause.size > 0) {
		say(w, " (");
		say_slice(w, change->clause);
		say(w, ")");
	}
	if (change->text.size > 0) {
		say(w, ": ");
		say_slice(w, change->text);
	}
	say(w, ".");
}
