/* case_deadline.c - the days and the states of a case's deadlines.
 *
 *           start                 soon          due        overdue
 *   --------|---------------------|-------------|----------|------->
 *           from                                last ends
 *   task     open ............................. missed, or met before
 *   period   open ............................. met; its question waits
 *
 * `soon` is the instant from which as many working days remain as the rule says,
 * `overdue` the one at which as many have passed.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "casework/case_deadline.h"
#include "casework/condition.h"

static uint8_t phase_bit(uint8_t phase)
{
	return (uint8_t)(1u << phase);
}

static bool has_fired(const struct case_deadline *d, uint8_t phase)
{
	return d->fired & phase_bit(phase);
}

void parent_keep(char out[static PARENT_SIZE_MAX + 1], struct slice parent)
{
	size_t size = parent.size <= PARENT_SIZE_MAX ? parent.size : PARENT_SIZE_MAX;

	memset(out, 0, PARENT_SIZE_MAX + 1);
	if (size > 0)
		memcpy(out, parent.bytes, size);
}

/* Works out the last day and the instants from `from`. */
static void count_days(const struct case_view *view, struct case_deadline *d)
{
	const struct deadline_rule *rule = &view->pathway->deadlines[d->rule];
	bool ignored = false;
	day_t last, day;

	d->provisional = false;
	last = calendar_add(view->calendar, d->from, rule->length.count, rule->length.unit, &d->provisional);
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

/* True where the due instant is another than before; the earlier one is kept. */
bool deadline_recount(const struct case_view *view, struct case_deadline *d)
{
	uint64_t before = d->due_ms;

	count_days(view, d);
	if (d->due_ms == before)
		return false;
	if (d->moved_count == CASE_MOVES_MAX)
		memmove(d->moved_from, d->moved_from + 1, (CASE_MOVES_MAX - 1) * sizeof *d->moved_from);
	else
		d->moved_count++;
	d->moved_from[d->moved_count - 1] = before;
	/* Moved by more than its whole warning: it is worth warning of again. */
	if (d->soon_ms >= before)
		d->fired &= (uint8_t)~phase_bit(PHASE_SOON);
	return true;
}

void deadline_start(struct case_state *c, const struct case_view *view, const struct aim *aim, day_t from)
{
	const struct deadline_rule *rule = &view->pathway->deadlines[aim->rule];
	struct case_deadline fresh = {.rule = aim->rule, .state = DEADLINE_OPEN, .notice = aim->notice};

	if (from > DAY_MAX)
		from = DAY_MAX;
	fresh.from = (uint16_t)from;
	if (rule->per_parent)
		parent_keep(fresh.parent, aim->parent);
	for (unsigned i = 0; i < c->deadline_count; i++) {
		struct case_deadline *d = &c->deadlines[i];

		if (d->rule != fresh.rule || d->state != DEADLINE_OPEN || d->notice != fresh.notice ||
		    strcmp(d->parent, fresh.parent) != 0)
			continue;
		if (fresh.from > d->from) {
			d->from = fresh.from;
			deadline_recount(view, d);
		}
		return;
	}
	if (c->deadline_count == CASE_DEADLINES_MAX)
		return;
	count_days(view, &fresh);
	c->deadlines[c->deadline_count++] = fresh;
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

void deadline_meet(struct case_state *c, const struct case_view *view, const struct aim *aim, day_t on)
{
	for (unsigned i = 0; i < c->deadline_count; i++) {
		struct case_deadline *d = &c->deadlines[i];

		/* What was done before a deadline began is not what it asks for; a fine
		 * alone may be paid before the letter is reckoned to have come. */
		if (!aimed_at(d, aim) || d->resolved || (on < d->from && d->notice == 0))
			continue;
		if (view->pathway->deadlines[d->rule].period) {
			answer(d);
			continue;
		}
		d->state = on <= d->last ? DEADLINE_MET : DEADLINE_MISSED;
		d->resolved = true;
		d->decided = true;
	}
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
	return view->pathway->deadlines[d->rule].decides && has_fired(d, PHASE_DUE) && !d->resolved &&
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
	struct scope scope = {.c = c, .view = view, .parent = slice_text(d->parent), .on = d->last};

	for (unsigned i = 0; i < rule->question_count; i++)
		if (expression_holds(&scope, &rule->questions[i].when) == YES)
			return &rule->questions[i];
	return NULL;
}

/* --- time ----------------------------------------------------------------- */

bool case_deadline_overdue(const struct case_deadline *d)
{
	return !d->resolved && has_fired(d, PHASE_DUE);
}

uint64_t case_timer(const struct case_deadline *d, uint8_t *phase)
{
	if (d->state == DEADLINE_OPEN && !d->resolved) {
		if (d->soon_ms != 0 && d->soon_ms < d->due_ms && !has_fired(d, PHASE_SOON)) {
			*phase = PHASE_SOON;
			return d->soon_ms;
		}
		*phase = PHASE_DUE;
		return d->due_ms;
	}
	if (case_deadline_overdue(d) && d->overdue_ms != 0 && !has_fired(d, PHASE_OVERDUE)) {
		*phase = PHASE_OVERDUE;
		return d->overdue_ms;
	}
	return 0;
}

static void fall_due(struct case_state *c, const struct case_view *view, struct case_deadline *d)
{
	const struct deadline_rule *rule = &view->pathway->deadlines[d->rule];
	struct aim next;

	if (!rule->period) {
		d->state = DEADLINE_MISSED;
		return;
	}
	d->state = DEADLINE_MET;
	if (!rule->decides || d->decided)
		d->resolved = true;
	/* Time never takes a case back: it may have been moved on meanwhile. */
	if (rule->stage_at_end > c->stage)
		c->stage = rule->stage_at_end;
	if (rule->starts_at_end == 0)
		return;
	next = (struct aim){.rule = (uint8_t)(rule->starts_at_end - 1), .parent = slice_text(d->parent)};
	deadline_start(c, view, &next, d->last);
}

void case_apply_fired(struct case_state *c, const struct case_view *view, const struct event_deadline_fired *event)
{
	struct case_deadline *d;

	if (event->deadline == 0 || event->deadline > c->deadline_count)
		return;
	d = &c->deadlines[event->deadline - 1];
	if (event->phase < PHASE_SOON || event->phase > PHASE_OVERDUE)
		return;
	d->fired |= phase_bit(event->phase);
	if (event->phase == PHASE_DUE && d->state == DEADLINE_OPEN)
		fall_due(c, view, d);
}

bool case_apply_calendar(struct case_state *c, const struct case_view *view, uint8_t moved[CASE_DEADLINES_MAX / 8])
{
	bool any = false;

	memset(moved, 0, CASE_DEADLINES_MAX / 8);
	for (unsigned i = 0; i < c->deadline_count; i++) {
		if (c->deadlines[i].state != DEADLINE_OPEN || !deadline_recount(view, &c->deadlines[i]))
			continue;
		moved[i / 8] |= (uint8_t)(1u << (i % 8));
		any = true;
	}
	return any;
}
