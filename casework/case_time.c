/* case_time.c - what time does to a case, and what the end of one deadline brings.
 *
 *   task     open ............ due: missed, or met before
 *   period   open ............ due: met; its question waits
 *
 * At its end, however that came, a deadline starts and cancels what its rule says.
 * A period that waits for nothing being done (idle) is counted anew by every action.
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

void deadline_ended(struct case_state *c, const struct case_view *view, unsigned index, day_t on)
{
	const struct case_deadline ended = c->deadlines[index]; /* what it starts may take its place */
	const struct deadline_rule *rule = &view->pathway->deadlines[ended.rule];
	const struct scope scope = {.c = c, .view = view, .parent = slice_text(ended.parent), .on = on, .deadline = &ended};
	struct aim aim = {.parent = scope.parent};
	uint32_t starts = 0;

	for (unsigned i = 0; i < rule->end_start_count; i++)
		if (expression_holds(&scope, &rule->end_starts[i].when) == YES)
			starts |= UINT32_C(1) << i;
	for (unsigned i = 0; i < rule->end_cancel_count; i++) {
		aim.rule = rule->end_cancels[i].deadline;
		if (expression_holds(&scope, &rule->end_cancels[i].when) == YES)
			deadline_cancel(c, &aim);
	}
	for (unsigned i = 0; i < rule->end_start_count; i++) {
		aim.rule = rule->end_starts[i].deadline;
		/* At the end of the years there is no next day to count to. */
		if ((starts >> i) & 1 && on < DAY_MAX)
			deadline_start(c, view, &aim, on);
	}
}

bool deadline_met_if(const struct case_state *c, const struct case_view *view, const struct case_deadline *d)
{
	const struct deadline_rule *rule = &view->pathway->deadlines[d->rule];
	const struct scope scope = {.c = c, .view = view, .parent = slice_text(d->parent), .on = d->last, .deadline = d};

	return rule->met_if.count > 0 && expression_holds(&scope, &rule->met_if) == YES;
}

void deadline_idle(struct case_state *c, const struct case_view *view, day_t on)
{
	const struct scope scope = {.c = c, .view = view, .on = on};

	for (uint8_t i = 0; i < view->pathway->deadline_count; i++) {
		const struct deadline_rule *rule = &view->pathway->deadlines[i];
		const struct aim aim = {.rule = i};

		if (!rule->idle)
			continue;
		if (expression_holds(&scope, &rule->idle_while) == YES)
			deadline_start(c, view, &aim, on);
		else
			deadline_cancel(c, &aim);
	}
}

static void fall_due(struct case_state *c, const struct case_view *view, unsigned index)
{
	struct case_deadline *d = &c->deadlines[index];
	const struct deadline_rule *rule = &view->pathway->deadlines[d->rule];

	if (rule->period) {
		d->state = DEADLINE_MET;
		d->resolved = !rule->decides || d->decided;
	} else if (deadline_met_if(c, view, d)) {
		d->state = DEADLINE_MET;
		d->resolved = true;
		d->decided = true;
	} else {
		d->state = DEADLINE_MISSED;
	}
	/* Time never takes a case back: it may have been moved on meanwhile. */
	if (rule->stage_at_end > c->stage) {
		c->stage = rule->stage_at_end;
		deadline_idle(c, view, d->last);
	}
	deadline_ended(c, view, index, d->last);
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
		fall_due(c, view, event->deadline - 1u);
}

static bool counted_otherwise(const struct case_deadline *a, const struct case_deadline *b)
{
	return a->due_ms != b->due_ms || a->soon_ms != b->soon_ms || a->overdue_ms != b->overdue_ms ||
	       a->provisional != b->provisional;
}

bool case_apply_calendar(struct case_state *c, const struct case_view *view, uint8_t moved[CASE_DEADLINES_MAX / 8])
{
	bool any = false;

	memset(moved, 0, CASE_DEADLINES_MAX / 8);
	for (unsigned i = 0; i < c->deadline_count; i++) {
		const struct case_deadline before = c->deadlines[i];

		if (before.state != DEADLINE_OPEN)
			continue;
		if (deadline_count(view, &c->deadlines[i]))
			moved[i / 8] |= (uint8_t)(1u << (i % 8));
		any = any || counted_otherwise(&before, &c->deadlines[i]);
	}
	return any;
}

/* --- alerts of watches ---------------------------------------------------- */

/* One that an action started is not the alert's to take away. */
static bool runs_by_action(const struct case_state *c, uint8_t rule)
{
	for (unsigned i = 0; i < c->deadline_count; i++)
		if (c->deadlines[i].rule == rule && c->deadlines[i].state == DEADLINE_OPEN && c->deadlines[i].by_alert == 0)
			return true;
	return false;
}

void case_apply_alert(struct case_state *c, const struct case_view *view, uint8_t kind, uint64_t alert, day_t day)
{
	for (uint8_t i = 0; i < view->pathway->deadline_count && !c->closed; i++) {
		const struct aim aim = {.rule = i};
		struct case_deadline *d;

		if (!((view->pathway->deadlines[i].started_by >> kind) & 1) || runs_by_action(c, i))
			continue;
		d = deadline_start(c, view, &aim, day);
		if (d != NULL)
			d->by_alert = alert;
	}
}

void case_apply_alert_withdrawn(struct case_state *c, uint64_t alert)
{
	for (unsigned i = 0; i < c->deadline_count; i++) {
		struct case_deadline *d = &c->deadlines[i];

		if (d->by_alert != alert || d->resolved)
			continue;
		if (d->state == DEADLINE_OPEN)
			d->state = DEADLINE_CANCELLED;
		d->resolved = true;
	}
}
