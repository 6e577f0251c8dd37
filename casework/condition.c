/* condition.c - expressions over figures, actions done and fields given.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <string.h>

#include "casework/case_notice.h"
#include "casework/condition.h"

struct value {
	bool known;
	int64_t number;
};

static const struct value UNKNOWN_VALUE = {false, 0};

static struct value number(int64_t n)
{
	return (struct value){true, n};
}

bool parent_matches(const char *held, struct slice asked)
{
	return asked.size == 0 || held[0] == 0 || slice_is(asked, held);
}

struct slice event_value(const struct event_action_recorded *event, const char *field)
{
	for (unsigned i = 0; i < event->field_count; i++)
		if (slice_is(event->fields[i].name, field))
			return event->fields[i].value;
	return (struct slice){NULL, 0};
}

bool pence_parse(struct slice text, uint32_t *pence)
{
	uint32_t pounds = 0;
	size_t i = 0;

	for (; i < text.size && i < 7 && text.bytes[i] >= '0' && text.bytes[i] <= '9'; i++)
		pounds = pounds * 10 + (uint32_t)(text.bytes[i] - '0');
	if (i == 0)
		return false;
	*pence = pounds * 100;
	if (i == text.size)
		return true;
	if (text.size != i + 3 || text.bytes[i] != '.' || text.bytes[i + 1] < '0' || text.bytes[i + 1] > '9' ||
	    text.bytes[i + 2] < '0' || text.bytes[i + 2] > '9')
		return false;
	*pence += (uint32_t)(text.bytes[i + 1] - '0') * 10 + (uint32_t)(text.bytes[i + 2] - '0');
	return true;
}

void fill(struct filled *out, const struct action_rule *action, const struct event_action_recorded *event)
{
	memset(out, 0, sizeof *out);
	for (unsigned i = 0; i < event->field_count; i++) {
		int field = action_field(action, event->fields[i].name);
		int value;

		if (field < 0)
			continue;
		if (action->fields[field].type == FIELD_DATE) {
			day_t date = 0;

			if (day_parse(event->fields[i].value, &date))
				out->dates[field] = (uint16_t)date;
		}
		value = field_value(&action->fields[field], event->fields[i].value);
		out->chosen[field] = (uint8_t)(value + 1);
		if (action->fields[field].type != FIELD_YES_NO || value == 0)
			out->given |= UINT32_C(1) << field;
	}
}

/* --- operands ------------------------------------------------------------- */

/* In the school weeks that end with that of `last`, or with the last one before it. */
static unsigned window_of(const struct scope *scope, day_t last, unsigned weeks)
{
	const struct pupil *pupil = scope->view->pupil;
	const struct calendar *calendar = scope->view->calendar;
	int week = day_week(last);

	if (!calendar_is_school_week(calendar, week)) {
		for (int back = 0; back < PUPIL_WEEKS && !calendar_is_school_week(calendar, week); back++)
			week--;
		last = week_monday(week) + 6;
	}
	return pupil_window(pupil, calendar, CODES_UNAUTHORISED, weeks, last);
}

unsigned scope_window(const struct scope *scope)
{
	day_t latest = scope->view->pupil->latest_day;

	return window_of(scope, scope->action != NULL && latest != 0 && latest < scope->on ? latest : scope->on, PUPIL_WINDOW_WEEKS);
}

/* As attendance_per_mille stood when the school weeks that end with the latest register began. */
static struct value attendance_before(const struct scope *scope, unsigned weeks)
{
	const struct pupil *pupil = scope->view->pupil;
	day_t from, last;
	unsigned possible;

	if (pupil->latest_day == 0)
		return UNKNOWN_VALUE;
	from = school_year_start(day_school_year(pupil->latest_day));
	last = week_monday(calendar_window_start(scope->view->calendar, day_week(pupil->latest_day), weeks)) - 1;
	possible = last < from ? 0 : pupil_count(pupil, CODES_POSSIBLE, from, last);
	return possible == 0 ? UNKNOWN_VALUE : number((int64_t)pupil_count(pupil, CODES_PRESENT, from, last) * 1000 / possible);
}

static const struct case_deadline *newest_watching(const struct scope *scope)
{
	if (scope->c == NULL)
		return NULL;
	for (unsigned i = scope->c->deadline_count; i-- > 0;) {
		const struct case_deadline *d = &scope->c->deadlines[i];

		if (d->state != DEADLINE_CANCELLED && parent_matches(d->parent, scope->parent) &&
		    scope->view->pathway->deadlines[d->rule].breach_codes != 0)
			return d;
	}
	return NULL;
}

/* By the days alone: an action recorded late, on a day inside the period, was done while it ran. */
static bool period_running(const struct scope *scope)
{
	if (scope->c == NULL)
		return false;
	for (unsigned i = 0; i < scope->c->deadline_count; i++) {
		const struct case_deadline *d = &scope->c->deadlines[i];

		if (d->state != DEADLINE_CANCELLED && d->from <= scope->on && scope->on <= d->last &&
		    parent_matches(d->parent, scope->parent) &&
		    scope->view->pathway->deadlines[d->rule].breach_codes != 0)
			return true;
	}
	return false;
}

static struct value year_figure(const struct scope *scope, enum figure figure)
{
	struct figures f;

	pupil_figures(scope->view->pupil, scope->view->calendar, &f);
	switch (figure) {
	case FIGURE_POSSIBLE: return number(f.possible);
	case FIGURE_ATTENDED: return number(f.attended);
	case FIGURE_AUTHORISED: return number(f.authorised);
	case FIGURE_UNAUTHORISED: return number(f.unauthorised);
	case FIGURE_LATE: return number(f.late);
	case FIGURE_PER_MILLE:
		return f.possible ? number((int64_t)f.attended * 1000 / f.possible) : UNKNOWN_VALUE;
	case FIGURE_PERSISTENT: return number(f.persistent);
	case FIGURE_SEVERE: return number(f.severe);
	case FIGURE_BROKEN_WEEKS: return number(f.broken_weeks);
	case FIGURE_SICK_DAYS: return number(f.sick / 2);
	case FIGURE_UNAUTHORISED_10_WEEKS:
	case FIGURE_COMPULSORY_AGE:
	case FIGURE_NOTICES_3_YEARS:
	case FIGURE_UNAUTHORISED_SINCE:
	case FIGURE_OPEN_NOTICES:
	case FIGURE_PERIOD_RUNNING:
	case FIGURE_ATTENDED_LAST_DAY:
	case FIGURE_ATTENDED_IN_DEADLINE:
#define X(name, number, text) case FIGURE_##name:
	PEOPLE_FIGURES(X)
#undef X
		break;
	}
	return UNKNOWN_VALUE;
}

static struct value attended(const struct scope *scope, bool last_day)
{
	const struct case_deadline *d = scope->deadline;

	return d == NULL ? UNKNOWN_VALUE :
		number(pupil_count(scope->view->pupil, CODES_PRESENT, last_day ? d->last : d->from + 1, d->last));
}

/* What is known of the pupil: not so where nobody has said that it is. */
static struct value people_figure(const struct scope *scope, enum figure figure)
{
	const struct facts *facts = scope->view->facts;

	if (facts == NULL)
		return number(0);
	if (figure == FIGURE_PLAN_IN_PLACE)
		return number(facts_plan(facts, scope->on));
	return number(facts_hold(facts, (uint8_t)(figure - FIGURE_OF_FACTS), scope->parent, scope->on));
}

#define X(name, number, text, of_parent) \
	_Static_assert((number) == FACT_SCHOOL || (number) + FIGURE_OF_FACTS < FIGURE_PLAN_IN_PLACE, "each fact has its figure");
FACTS(X)
#undef X
_Static_assert(FACT_LOOKED_AFTER + FIGURE_OF_FACTS == FIGURE_LOOKED_AFTER &&
               FACT_PARENTAL_RESPONSIBILITY + FIGURE_OF_FACTS == FIGURE_PARENTAL_RESPONSIBILITY, "in the facts' order");

static struct value figure_value(const struct scope *scope, enum figure figure)
{
	const struct case_view *view = scope->view;
	const struct case_deadline *period;

	switch (figure) {
	case FIGURE_UNAUTHORISED_10_WEEKS:
		return number(scope_window(scope));
	case FIGURE_COMPULSORY_AGE:
		return view->compulsory_age == UNKNOWN ? UNKNOWN_VALUE : number(view->compulsory_age == YES);
	case FIGURE_NOTICES_3_YEARS:
		return number(notices_in_window(scope->c, view, scope->parent, scope->on));
	case FIGURE_UNAUTHORISED_SINCE:
		period = newest_watching(scope);
		return period == NULL ? UNKNOWN_VALUE :
			number(pupil_count(view->pupil, view->pathway->deadlines[period->rule].breach_codes,
			                   period->from + 1, period->last));
	case FIGURE_OPEN_NOTICES:
		return number(notices_open(scope->c, scope->parent));
	case FIGURE_PERIOD_RUNNING:
		return number(period_running(scope));
	case FIGURE_ATTENDED_LAST_DAY:
	case FIGURE_ATTENDED_IN_DEADLINE:
		return attended(scope, figure == FIGURE_ATTENDED_LAST_DAY);
	case FIGURE_POSSIBLE:
	case FIGURE_ATTENDED:
	case FIGURE_AUTHORISED:
	case FIGURE_UNAUTHORISED:
	case FIGURE_LATE:
	case FIGURE_PER_MILLE:
	case FIGURE_PERSISTENT:
	case FIGURE_SEVERE:
	case FIGURE_BROKEN_WEEKS:
	case FIGURE_SICK_DAYS:
		break;
#define X(name, number, text) case FIGURE_##name:
	PEOPLE_FIGURES(X)
#undef X
		return people_figure(scope, figure);
	}
	return year_figure(scope, figure);
}

bool scope_figure(const struct scope *scope, enum figure figure, int64_t *found)
{
	struct value value = figure_value(scope, figure);

	*found = value.number;
	return value.known;
}

static bool field_is(uint32_t given, const uint8_t chosen[], const struct step *step)
{
	if (step->chosen != 0)
		return chosen[step->field - 1] == step->chosen;
	return (given >> (step->field - 1)) & 1;
}

static bool is_of(const struct scope *scope, const struct case_done *done, const struct step *step)
{
	return done->action == step->value && !(scope->by_its_day && done->on > scope->on);
}

static struct value done_value(const struct scope *scope, const struct step *step, struct slice parent)
{
	int64_t count = 0, latest = 0;

	for (unsigned i = 0; scope->c != NULL && i < scope->c->done_count; i++) {
		const struct case_done *done = &scope->c->done[i];

		if (!is_of(scope, done, step) || (step->field != 0 && !field_is(done->given, done->chosen, step)))
			continue;
		if (!parent_matches(done->parent, parent))
			continue;
		count++;
		if (done->on > latest)
			latest = done->on;
	}
	if (step->kind == STEP_DAYS_SINCE)
		return count ? number(scope->on - latest) : UNKNOWN_VALUE;
	return number(count);
}

/* By their days; of one day the last that was recorded. What says nothing of the field leaves it as it was. */
static struct value latest_value(const struct scope *scope, const struct step *step)
{
	const struct case_done *latest = NULL;

	for (unsigned i = 0; scope->c != NULL && i < scope->c->done_count; i++) {
		const struct case_done *done = &scope->c->done[i];

		if (is_of(scope, done, step) && done->chosen[step->field - 1] != 0 && (latest == NULL || done->on >= latest->on))
			latest = done;
	}
	return number(latest != NULL && field_is(latest->given, latest->chosen, step));
}

/* Of each adult there is a record of their own (SP-39). */
static struct value done_for_each(const struct scope *scope, const struct step *step)
{
	const struct particulars *roster = scope->view->particulars;
	struct value least = UNKNOWN_VALUE;

	for (unsigned i = 0; roster != NULL && i < roster->parent_count; i++) {
		struct value done = done_value(scope, step, slice_text(roster->parents[i]));

		if (!least.known || done.number < least.number)
			least = done;
	}
	return least;
}

static struct value days_until(const struct scope *scope, const struct step *step)
{
	uint16_t date = scope->filled != NULL ? scope->filled->dates[step->field - 1] : 0;

	return date == 0 ? UNKNOWN_VALUE : number((int64_t)date - scope->on);
}

/* The day on which what was counted at its end is decided is another, by whose weeks it would be counted otherwise. */
static unsigned window_at_end(const struct scope *scope, int rule)
{
	for (unsigned i = scope->c == NULL ? 0 : scope->c->deadline_count; i-- > 0;) {
		const struct case_deadline *d = &scope->c->deadlines[i];

		if (d->rule == rule && d->state != DEADLINE_CANCELLED && parent_matches(d->parent, scope->parent))
			return d->last < scope->on ? window_of(scope, d->last, PUPIL_WINDOW_WEEKS) : scope_window(scope);
	}
	return scope_window(scope);
}

static struct value within(const struct scope *scope, const struct step *step)
{
	const struct case_deadline *d = step->chosen != 0 ? scope_open_deadline(scope, step->chosen - 1) : NULL;
	day_t from = scope->on, date = 0;

	if (step->chosen != 0 && d == NULL)
		return UNKNOWN_VALUE;
	if (step->field == 0) {
		date = d->last;
	} else {
		date = scope->filled != NULL ? scope->filled->dates[step->field - 1] : 0;
		from = d != NULL ? d->last : from;
	}
	return date == 0 ? UNKNOWN_VALUE :
		number(date <= calendar_add(scope->view->calendar, from, (unsigned)step->value >> 8, (uint8_t)step->value, NULL));
}

/* --- operators ------------------------------------------------------------ */

static struct value compare(uint8_t kind, struct value a, struct value b)
{
	if (!a.known || !b.known)
		return UNKNOWN_VALUE;
	switch (kind) {
	case STEP_LT: return number(a.number < b.number);
	case STEP_LE: return number(a.number <= b.number);
	case STEP_EQ: return number(a.number == b.number);
	case STEP_NE: return number(a.number != b.number);
	case STEP_GE: return number(a.number >= b.number);
	default: return number(a.number > b.number);
	}
}

static struct value both(uint8_t kind, struct value a, struct value b)
{
	bool decisive = kind == STEP_OR; /* what settles the matter whatever the other is */

	if ((a.known && (a.number != 0) == decisive) || (b.known && (b.number != 0) == decisive))
		return number(decisive);
	return a.known && b.known ? number(!decisive) : UNKNOWN_VALUE;
}

static struct value operand(const struct scope *scope, const struct step *step)
{
	const struct case_deadline *deadline;
	uint8_t stage;

	switch ((enum step_kind)step->kind) {
	case STEP_NUMBER:
		return number(step->value);
	case STEP_FIGURE:
		return figure_value(scope, (enum figure)step->value);
	case STEP_DONE:
	case STEP_DAYS_SINCE:
		return done_value(scope, step, slice_of(NULL, 0));
	case STEP_DONE_PARENT:
		return done_value(scope, step, scope->parent);
	case STEP_DONE_EACH:
		return done_for_each(scope, step);
	case STEP_GIVEN:
		return number(scope->filled != NULL && field_is(scope->filled->given, scope->filled->chosen, step));
	case STEP_STAGE:
		stage = scope->c != NULL ? scope->c->stage : scope->view->pathway->first_stage;
		return number(stage >= step->value);
	case STEP_RUNNING:
		return number(scope_open_deadline(scope, step->value) != NULL);
	case STEP_LATEST:
		return latest_value(scope, step);
	case STEP_AT_END:
		return number(window_at_end(scope, step->value));
	case STEP_IN_FORCE:
		return number(scope_in_force(scope, step->value));
	case STEP_DAYS_INTO:
		deadline = scope_open_deadline(scope, step->value);
		return deadline == NULL ? UNKNOWN_VALUE : number(scope->on - deadline->from);
	case STEP_IN_WEEKS:
		return number(window_of(scope, scope->on, (unsigned)step->value));
	case STEP_ATTENDANCE_BEFORE:
		return attendance_before(scope, (unsigned)step->value);
	case STEP_NOTICES:
		return number(notices_within(scope->c, scope->view, (struct length){(uint16_t)(step->value >> 8), (uint8_t)step->value},
		                             step->chosen != 0, scope->parent, scope->on));
	case STEP_BY:
		return number(scope->role == step->value);
	case STEP_WITHIN:
		return within(scope, step);
	case STEP_DAYS_UNTIL:
		return days_until(scope, step);
	case STEP_LT: case STEP_LE: case STEP_EQ: case STEP_NE: case STEP_GE: case STEP_GT:
	case STEP_AND: case STEP_OR: case STEP_NOT:
		break;
	}
	return UNKNOWN_VALUE;
}

static struct value work_out(const struct scope *scope, const struct expression *e)
{
	struct value stack[EXPRESSION_STACK_MAX];
	unsigned depth = 0;

	for (unsigned i = 0; i < e->count; i++) {
		const struct step *step = &scope->view->pathway->steps[e->first + i];

		if (step_is_operand(step->kind)) {
			assert(depth < EXPRESSION_STACK_MAX);
			stack[depth++] = operand(scope, step);
		} else if (step->kind == STEP_NOT) {
			assert(depth >= 1);
			if (stack[depth - 1].known)
				stack[depth - 1].number = stack[depth - 1].number == 0;
		} else {
			assert(depth >= 2);
			depth--;
			stack[depth - 1] = step->kind == STEP_AND || step->kind == STEP_OR ?
				both(step->kind, stack[depth - 1], stack[depth]) :
				compare(step->kind, stack[depth - 1], stack[depth]);
		}
	}
	assert(depth == 1);
	return stack[0];
}

enum tristate expression_holds(const struct scope *scope, const struct expression *e)
{
	struct value value = e->count == 0 ? number(1) : work_out(scope, e);

	return !value.known ? UNKNOWN : value.number != 0 ? YES : NO;
}

bool expression_value(const struct scope *scope, const struct expression *e, int64_t *found)
{
	struct value value = work_out(scope, e);

	*found = value.number;
	return value.known;
}
