/* case_alert.c - what a case says: when a deadline's phase fires, and when marks
 * change in a period that watches for breaches.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "casework/case_deadline.h"

static const char SOON_TEXT[] = "{title}{for_parent}: the last day is {last}.";
static const char DUE_TASK_TEXT[] = "{title}{for_parent}: not done by its last day, {last}.";
static const char DUE_PERIOD_TEXT[] = "{title}{for_parent}: ended with {last}.";
static const char DECISION_TEXT[] = "{question} Outcomes: {outcomes}.";
static const char REMINDER_TEXT[] = "Reminder: {title}{for_parent}, by the end of {last}.";
static const char DRIFT_TEXT[] = "{title}: nothing was recorded on the case since {from}.";
static const char OVERDUE_TASK_TEXT[] = "{title}{for_parent}: overdue; its last day was {last}.";
static const char OVERDUE_DECISION_TEXT[] =
	"{title}{for_parent}: ended with {last} and its decision has not been taken. {question} Outcomes: {outcomes}.";

static const char BREACH_TEXT_ONE[] = "{title}{for_parent}: {count} session in breach: {sessions}.";
static const char BREACH_TEXT[] = "{title}{for_parent}: {count} sessions in breach: {sessions}.";

uint32_t case_alert_tells(const struct deadline_rule *rule, uint8_t kind)
{
	return kind == ALERT_ESCALATED ? rule->escalates_to : rule->tells;
}

struct slice case_alert_clause(const struct case_state *c, const struct case_view *view, uint8_t deadline, uint8_t kind)
{
	const struct case_deadline *d = &c->deadlines[deadline - 1];
	const struct question *q = kind == ALERT_DECISION ? deadline_question(c, view, d) : NULL;

	return q != NULL && q->clause.size > 0 ? q->clause : view->pathway->deadlines[d->rule].clause;
}

static void say(struct case_alert *alert, uint8_t kind, uint8_t deadline, struct slice own, const char *otherwise)
{
	alert->kind = kind;
	alert->deadline = deadline;
	alert->text = own.size > 0 ? own : slice_text(otherwise);
}

size_t case_fired_alerts(const struct case_state *c, const struct case_view *view, uint8_t deadline,
                         uint8_t phase, struct case_alert out[4])
{
	const struct case_deadline *d;
	const struct deadline_rule *rule;
	const struct slice none = {NULL, 0};
	const char *overdue;
	bool asks;
	size_t count = 0;

	if (deadline == 0 || deadline > c->deadline_count)
		return 0;
	d = &c->deadlines[deadline - 1];
	if (d->resolved)
		return 0;
	rule = &view->pathway->deadlines[d->rule];
	asks = rule->decides && !d->decided && deadline_question(c, view, d) != NULL;
	switch ((enum phase)phase) {
	case PHASE_SOON:
		say(&out[count++], ALERT_DUE_SOON, deadline, rule->text, SOON_TEXT);
		break;
	case PHASE_DUE:
		if (!rule->period && deadline_met_if(c, view, d))
			break;
		if (rule->reminder)
			say(&out[count++], ALERT_REMINDER, deadline, rule->text, REMINDER_TEXT);
		else if (!rule->period)
			say(&out[count++], ALERT_DUE, deadline, rule->text, DUE_TASK_TEXT);
		else if (rule->idle)
			say(&out[count++], ALERT_DRIFT, deadline, rule->text, DRIFT_TEXT);
		else if (!asks)
			say(&out[count++], ALERT_DUE, deadline, rule->text, DUE_PERIOD_TEXT);
		if (asks)
			say(&out[count++], ALERT_DECISION, deadline, none, DECISION_TEXT);
		break;
	case PHASE_OVERDUE:
		overdue = rule->period ? OVERDUE_DECISION_TEXT : OVERDUE_TASK_TEXT;
		say(&out[count++], ALERT_OVERDUE, deadline, rule->period ? none : rule->text, overdue);
		if (rule->escalates_to != 0)
			say(&out[count++], ALERT_ESCALATED, deadline, none, overdue);
		break;
	}
	return count;
}

size_t case_breaches(const struct case_state *c, const struct case_view *view, day_t day,
                     struct case_breach out[CASE_DEADLINES_MAX])
{
	size_t found = 0;

	for (unsigned i = 0; i < c->deadline_count; i++) {
		const struct case_deadline *d = &c->deadlines[i];
		const struct deadline_rule *rule = &view->pathway->deadlines[d->rule];
		uint64_t codes = rule->breach_codes;
		bool any, touched = day > d->from && day <= d->last;
		unsigned count;
		uint8_t change = 0;

		if (codes == 0 || (day != 0 && !touched))
			continue;
		/* A period that was called off watches no more, and its alert falls. */
		count = d->state == DEADLINE_CANCELLED ? 0 : pupil_count(view->pupil, codes, d->from + 1, d->last);
		any = count > 0;
		if (any)
			change = d->breach_alert == 0 ? BREACH_RAISE : day != 0 ? BREACH_CHANGE : 0;
		else if (d->breach_alert != 0)
			change = BREACH_WITHDRAW;
		if (change != 0)
			out[found++] = (struct case_breach){change, (uint8_t)(i + 1),
				rule->breach_text.size > 0 ? rule->breach_text : slice_text(count == 1 ? BREACH_TEXT_ONE : BREACH_TEXT)};
	}
	return found;
}

void case_apply_breach(struct case_state *c, uint8_t deadline, uint64_t alert)
{
	if (deadline > 0 && deadline <= c->deadline_count)
		c->deadlines[deadline - 1].breach_alert = alert;
}
