/* in_force.c - which of a rule's deadlines are open, and which were in force on a day.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "casework/case_deadline.h"
#include "casework/condition.h"

/* The newest open one, of this action's parent or of none; NULL: none. */
const struct case_deadline *scope_open_deadline(const struct scope *scope, int rule)
{
	for (unsigned i = scope->c == NULL ? 0 : scope->c->deadline_count; i-- > 0;) {
		const struct case_deadline *d = &scope->c->deadlines[i];

		if (d->rule == rule && d->state == DEADLINE_OPEN && parent_matches(d->parent, scope->parent))
			return d;
	}
	return NULL;
}

static bool among(const struct effect list[], unsigned count, uint8_t rule)
{
	for (unsigned i = 0; i < count; i++)
		if (list[i].deadline == rule)
			return true;
	return false;
}

static bool ends(const struct action_rule *action, uint8_t rule)
{
	return among(action->cancels, action->cancel_count, rule) || among(action->meets, action->meet_count, rule);
}

/* The day from which it was no more: that of the first action which did it or called it off, where it didn't end by itself. */
static day_t over_from(const struct scope *scope, const struct case_deadline *d)
{
	const struct pathway *p = scope->view->pathway;
	day_t over = d->state == DEADLINE_CANCELLED ? d->from : d->last + 1, first = 0;

	if (d->state == DEADLINE_OPEN || d->state == DEADLINE_MISSED || (d->state == DEADLINE_MET && p->deadlines[d->rule].period))
		return over;
	for (unsigned i = 0; i < scope->c->done_count; i++) {
		const struct case_done *done = &scope->c->done[i];

		if (done->on >= d->from && (first == 0 || done->on < first) && ends(&p->actions[done->action], d->rule))
			first = done->on;
	}
	return first != 0 ? first : over;
}

/* One that was started again while it ran counts from the later day, and has run from the earlier. */
static day_t began(const struct scope *scope, const struct case_deadline *d)
{
	const struct pathway *p = scope->view->pathway;
	day_t first = d->from, before = 0;

	if (p->deadlines[d->rule].anchor == ANCHOR_AFTER_DATE)
		return first; /* that date, not the day on which it was given */
	for (unsigned i = 0; i < scope->c->deadline_count; i++) {
		const struct case_deadline *e = &scope->c->deadlines[i];

		if (e->rule == d->rule && strcmp(e->parent, d->parent) == 0 && e->from < d->from && over_from(scope, e) > before)
			before = over_from(scope, e);
	}
	for (unsigned i = 0; i < scope->c->done_count; i++) {
		const struct case_done *done = &scope->c->done[i];

		if (done->on >= before && done->on < first &&
		    among(p->actions[done->action].starts, p->actions[done->action].start_count, d->rule) &&
		    parent_matches(done->parent, slice_text(d->parent)))
			first = done->on;
	}
	return first;
}

/* An order that was recorded late binds from its day on, and one that has ended did so until then. */
bool scope_in_force(const struct scope *scope, int rule)
{
	for (unsigned i = 0; scope->c != NULL && i < scope->c->deadline_count; i++) {
		const struct case_deadline *d = &scope->c->deadlines[i];

		if (d->rule == rule && parent_matches(d->parent, scope->parent) && began(scope, d) <= scope->on &&
		    scope->on < over_from(scope, d))
			return true;
	}
	return false;
}
