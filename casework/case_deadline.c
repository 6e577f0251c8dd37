/* case_deadline.c - a case's deadlines begin, are counted, are met, are called off.
 *
 *           start                 soon          due        overdue
 *   --------|---------------------|-------------|----------|------->
 *           from                                last ends
 *
 * `soon` is the instant from which as many working days remain as the rule says,
 * `overdue` the one at which as many have passed.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "casework/case_deadline.h"
#include "casework/condition.h"

void parent_keep(char out[static PARENT_SIZE_MAX + 1], struct slice parent)
{
	size_t size = parent.size <= PARENT_SIZE_MAX ? parent.size : PARENT_SIZE_MAX;

	memset(out, 0, PARENT_SIZE_MAX + 1);
	if (size > 0)
		memcpy(out, parent.bytes, size);
}

static bool hangs_on_date(const struct deadline_rule *rule)
{
	return rule->anchor >= ANCHOR_AFTER_DATE;
}

static day_t last_day(const struct case_view *view, const struct case_deadline *d, bool *provisional)
{
	const struct deadline_rule *rule = &view->pathway->deadlines[d->rule];
	const struct length *length = &rule->length;
	day_t last;

	switch ((enum anchor)rule->anchor) {
	case ANCHOR_START:
	case ANCHOR_DONE:
		break;
	case ANCHOR_ON_DATE:
		return d->date;
	case ANCHOR_AFTER_DATE:
		return calendar_add(view->calendar, d->date, length->count, length->unit, provisional);
	case ANCHOR_BEFORE_DATE:
		last = calendar_subtract(view->calendar, d->date, length->count, length->unit);
		*provisional = (length->unit == UNIT_SCHOOL_DAYS || length->unit == UNIT_SCHOOL_WEEKS) &&
		               calendar_is_provisional(view->calendar, last);
		return last;
	}
	return calendar_add(view->calendar, d->from, length->count, length->unit, provisional);
}

/* Works out the last day and the instants from `from`, or from the date that it hangs on. */
static void count_days(const struct case_view *view, struct case_deadline *d)
{
	const struct deadline_rule *rule = &view->pathway->deadlines[d->rule];
	bool ignored = false;
	day_t last, day;

	d->provisional = false;
	last = last_day(view, d, &d->provisional);
	d->last = (uint16_t)last;
	d->due_ms = day_start_ms(last + 1);
	d->soon_ms = 0;
	if (rule->soon.count > 0) {
		day = calendar_subtract(view->calendar, last + 1, rule->soon.count, rule->soon.unit);
		if (day > d->from)
			d->soon_ms = day_start_ms(day);
	}
	d->overdue_ms = 0;
	if (rule->overdue.count > 0 && (!rule->period || rule->decides)) {
		day = calendar_add(view->calendar, last, rule->overdue.count, rule->overdue.unit, &ignored);
		d->overdue_ms = day_start_ms(day + 1);
	}
}

bool deadline_count(const struct case_view *view, struct case_deadline *d)
{
	uint64_t before = d->due_ms;

	count_days(view, d);
	if (d->due_ms == before)
		return false;
	if (d->moved_count == CASE_MOVES_MAX) {
		memmove(d->moved_from, d->moved_from + 1, (CASE_MOVES_MAX - 1) * sizeof *d->moved_from);
		d->moves_dropped++;
	} else {
		d->moved_count++;
	}
	d->moved_from[d->moved_count - 1] = before;
	/* Moved by more than its whole warning: it is worth warning of again. */
	if (d->soon_ms >= before)
		d->fired &= (uint8_t)~(1u << PHASE_SOON);
	return true;
}

/* The latest day on which the action that the rule counts from was done; 0: never. */
static day_t done_on(const struct case_state *c, const struct deadline_rule *rule, struct slice parent)
{
	day_t latest = 0;

	for (unsigned i = 0; i < c->done_count; i++)
		if (c->done[i].action == rule->anchor_action && c->done[i].on > latest &&
		    (!rule->per_parent || parent_matches(c->done[i].parent, parent)))
			latest = c->done[i].on;
	return latest;
}

static day_t start_day(const struct case_state *c, const struct deadline_rule *rule, const struct aim *aim, day_t from)
{
	if (rule->anchor == ANCHOR_DONE && done_on(c, rule, aim->parent) != 0)
		from = done_on(c, rule, aim->parent);
	/* What a period watches begins with it; a task may be done before the date that it counts from. */
	if (rule->anchor == ANCHOR_AFTER_DATE && rule->period)
		from = aim->date;
	return from > DAY_MAX ? DAY_MAX : from;
}

/* Where a case is full, what is over makes room: its number is used again, best by its own kind. */
static struct case_deadline *place(struct case_state *c, uint8_t rule)
{
	struct case_deadline *found = NULL;
	uint8_t phase;

	if (c->deadline_count < CASE_DEADLINES_MAX) {
		memset(&c->deadlines[c->deadline_count], 0, sizeof *c->deadlines);
		return &c->deadlines[c->deadline_count++];
	}
	for (unsigned i = 0; i < c->deadline_count; i++) {
		struct case_deadline *d = &c->deadlines[i];

		if (deadline_is_over(d) && d->rule == rule)
			return d;
		/* Missed again and again, and all said that there is to say of it. */
		if (deadline_is_over(d) ||
		    (found == NULL && d->rule == rule && d->breach_alert == 0 && case_timer(d, &phase) == 0))
			found = d;
	}
	return found;
}

bool deadline_is_over(const struct case_deadline *d)
{
	return d->resolved && d->state != DEADLINE_OPEN && d->breach_alert == 0;
}

/* Counts one that runs from the later start, or from the newest date. */
static void start_again(const struct case_view *view, struct case_deadline *d, const struct case_deadline *fresh)
{
	if (fresh->date != 0 && fresh->date != d->date) {
		d->state = DEADLINE_OPEN;
		d->fired &= (uint8_t)~(1u << PHASE_DUE | 1u << PHASE_OVERDUE);
		d->from = fresh->from;
		d->date = fresh->date;
		deadline_count(view, d);
	} else if (fresh->date == 0 && fresh->from > d->from) {
		d->from = fresh->from;
		deadline_count(view, d);
	}
}

struct case_deadline *deadline_start(struct case_state *c, const struct case_view *view, const struct aim *aim,
                                     day_t from)
{
	const struct deadline_rule *rule = &view->pathway->deadlines[aim->rule];
	struct case_deadline fresh = {.rule = aim->rule, .state = DEADLINE_OPEN, .notice = aim->notice}, *d;
	bool full;

	if (hangs_on_date(rule)) {
		if (aim->date == 0)
			return NULL;
		fresh.date = aim->date;
	}
	fresh.from = (uint16_t)start_day(c, rule, aim, from);
	if (rule->per_parent)
		parent_keep(fresh.parent, aim->parent);
	for (unsigned i = 0; i < c->deadline_count; i++) {
		bool runs;

		d = &c->deadlines[i];
		runs = d->state == DEADLINE_OPEN || (fresh.date != 0 && !rule->period && !d->resolved);
		if (d->rule != fresh.rule || !runs || d->notice != fresh.notice || strcmp(d->parent, fresh.parent) != 0)
			continue;
		start_again(view, d, &fresh);
		return d;
	}
	count_days(view, &fresh);
	full = c->deadline_count == CASE_DEADLINES_MAX;
	d = place(c, aim->rule);
	if (full && d != NULL) /* to who knows it by its number it has moved */
		fresh.moves_dropped = d->moves_dropped + d->moved_count + 1;
	if (d != NULL)
		*d = fresh;
	return d;
}

static bool aimed_at(const struct case_deadline *d, const struct aim *aim)
{
	return d->rule == aim->rule && parent_matches(d->parent, aim->parent) &&
	       (d->notice == 0 || aim->notice == 0 || d->notice == aim->notice);
}

static void answer(struct case_deadline *d)
{
	d->decided = true;
	if (d->state != DEADLINE_OPEN)
		d->resolved = true;
}

/* True where this ended it: where it was missed, it had ended. */
static bool meet_task(struct case_deadline *d, day_t on)
{
	bool ended = d->state == DEADLINE_OPEN;

	d->state = on <= d->last ? DEADLINE_MET : DEADLINE_MISSED;
	d->resolved = true;
	d->decided = true;
	return ended;
}

void deadline_meet(struct case_state *c, const struct case_view *view, const struct aim *aim, day_t on)
{
	bool ended[CASE_DEADLINES_MAX] = {false};

	for (unsigned i = 0; i < c->deadline_count; i++) {
		struct case_deadline *d = &c->deadlines[i];

		/* What was done before a deadline began is not what it asks for; a fine
		 * alone may be paid before the letter is reckoned to have come. */
		if (!aimed_at(d, aim) || d->resolved || (on < d->from && d->notice == 0))
			continue;
		if (view->pathway->deadlines[d->rule].period)
			answer(d);
		else
			ended[i] = meet_task(d, on);
	}
	/* Only now: what an end starts is not met by what met that. */
	for (unsigned i = 0; i < CASE_DEADLINES_MAX; i++)
		if (ended[i] && c->deadlines[i].state != DEADLINE_OPEN)
			deadline_ended(c, view, i, on);
}

void deadline_cancel(struct case_state *c, const struct aim *aim)
{
	for (unsigned i = 0; i < c->deadline_count; i++) {
		struct case_deadline *d = &c->deadlines[i];

		if (!aimed_at(d, aim) || d->resolved)
			continue;
		if (d->state == DEADLINE_OPEN)
			d->state = DEADLINE_CANCELLED;
		d->resolved = true;
	}
}

void deadline_cancel_all(struct case_state *c)
{
	for (unsigned i = 0; i < c->deadline_count; i++) {
		if (c->deadlines[i].state == DEADLINE_OPEN)
			c->deadlines[i].state = DEADLINE_CANCELLED;
		c->deadlines[i].resolved = true;
	}
}

static bool allows(const struct deadline_rule *rule, const struct action_rule *action, struct slice outcome)
{
	int field = action_field(action, slice_text("outcome"));

	for (unsigned i = 0; i < rule->question_count; i++) {
		for (unsigned j = 0; j < rule->questions[i].outcome_count; j++) {
			struct slice allowed = rule->questions[i].outcomes[j];

			if (outcome.size > 0 ? slice_equal(allowed, outcome) :
			    field >= 0 && field_value(&action->fields[field], allowed) >= 0)
				return true;
		}
	}
	return false;
}

static bool asks(const struct case_view *view, const struct case_deadline *d, struct slice parent)
{
	return view->pathway->deadlines[d->rule].decides && case_deadline_overdue(d) &&
	       !d->decided && parent_matches(d->parent, parent);
}

int deadline_asking(const struct case_state *c, const struct case_view *view, const struct action_rule *action,
                    struct slice parent, struct slice outcome)
{
	for (unsigned i = 0; i < c->deadline_count; i++)
		if (asks(view, &c->deadlines[i], parent) &&
		    allows(&view->pathway->deadlines[c->deadlines[i].rule], action, outcome))
			return (int)i;
	return -1;
}

void deadline_answer(struct case_state *c, const struct case_view *view, const struct action_rule *action,
                     struct slice parent, struct slice outcome)
{
	int first = deadline_asking(c, view, action, parent, outcome);
	uint8_t rule;

	if (first < 0)
		first = deadline_asking(c, view, action, parent, (struct slice){NULL, 0});
	if (first < 0)
		return;
	rule = c->deadlines[first].rule;
	for (unsigned i = (unsigned)first; i < c->deadline_count; i++)
		if (c->deadlines[i].rule == rule && asks(view, &c->deadlines[i], parent))
			answer(&c->deadlines[i]);
}

const struct question *deadline_question(const struct case_state *c, const struct case_view *view,
                                         const struct case_deadline *d)
{
	const struct deadline_rule *rule = &view->pathway->deadlines[d->rule];
	struct scope scope = {.c = c, .view = view, .parent = slice_text(d->parent), .on = d->last,
		.deadline = d};

	for (unsigned i = 0; i < rule->question_count; i++)
		if (expression_holds(&scope, &rule->questions[i].when) == YES)
			return &rule->questions[i];
	return NULL;
}
