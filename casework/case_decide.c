/* case_decide.c - may an action be recorded, and what stands in its way?
 *
 * Three sorts of lack: of form (the fields given are wrong: mend them), of a
 * condition (supply what is missing, or override with a reason), a bar. All are
 * found in one pass, so that a person is told everything at once.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "casework/case_deadline.h"
#include "casework/case_notice.h"
#include "casework/condition.h"

enum { ON_BEFORE_OPENING_MAX = 400 /* days */ };

static struct lack *add_lack(struct lacks *lacks, struct slice text)
{
	struct lack *lack;

	/* The last place is kept for whatever comes last; more than LACKS_MAX can't be read anyway. */
	if (lacks->count < LACKS_MAX)
		lacks->count++;
	lack = &lacks->list[lacks->count - 1];
	*lack = (struct lack){.text = text};
	return lack;
}

static void lack_form(struct lacks *lacks, struct slice field, const char *text)
{
	struct lack *lack = add_lack(lacks, slice_text(text));

	lack->form = true;
	lack->field = field;
}

/* --- form ----------------------------------------------------------------- */

static const char *value_fault(const struct field_rule *field, struct slice value)
{
	uint32_t pence;
	day_t day;

	switch ((enum field_type)field->type) {
	case FIELD_YES_NO:
		return field_value(field, value) < 0 ? "neither yes nor no" : NULL;
	case FIELD_ONE_OF:
		return field_value(field, value) < 0 ? "not one of the values that the pathway lists" : NULL;
	case FIELD_DATE:
		return day_parse(value, &day) ? NULL : "not a date (YYYY-MM-DD)";
	case FIELD_MONEY:
		return pence_parse(value, &pence) ? NULL : "not an amount of pounds (80 or 80.00)";
	case FIELD_NUMBER:
		for (size_t i = 0; i < value.size; i++)
			if (value.bytes[i] < '0' || value.bytes[i] > '9')
				return "not a whole number";
		return value.size >= 1 && value.size <= 9 ? NULL : "not a whole number of at most nine digits";
	case FIELD_TEXT:
		return "free text must come sealed";
	}
	return "of no known type";
}

static void check_fields(struct lacks *lacks, const struct action_rule *action,
                         const struct event_action_recorded *event, const struct slice text_fields[],
                         size_t text_count, struct filled *filled)
{
	uint32_t seen = 0;

	for (unsigned i = 0; i < event->field_count; i++) {
		int field = action_field(action, event->fields[i].name);
		const char *fault;

		if (field < 0) {
			lack_form(lacks, event->fields[i].name, "not a field of this action or letter");
			continue;
		}
		if ((seen >> field) & 1)
			lack_form(lacks, event->fields[i].name, "given twice");
		seen |= UINT32_C(1) << field;
		fault = value_fault(&action->fields[field], event->fields[i].value);
		if (fault != NULL)
			lack_form(lacks, action->fields[field].name, fault);
	}
	for (size_t i = 0; i < text_count; i++) {
		int field = action_field(action, text_fields[i]);

		if (field < 0 || action->fields[field].type != FIELD_TEXT) {
			lack_form(lacks, text_fields[i], field < 0 ? "not a field of this action or letter" : "not free text");
			continue;
		}
		if ((seen >> field) & 1)
			lack_form(lacks, text_fields[i], "given twice");
		seen |= UINT32_C(1) << field;
		filled->given |= UINT32_C(1) << field;
	}
	for (unsigned i = 0; i < action->field_count; i++)
		if (action->fields[i].required && !((seen >> i) & 1))
			lack_form(lacks, action->fields[i].name, "required");
}

static void check_days(struct lacks *lacks, const struct case_state *c, const struct case_view *view,
                       const struct event_action_recorded *event)
{
	day_t received;

	if (event->on < DAY_MIN || event->on > DAY_MAX)
		lack_form(lacks, slice_text("on"), "outside the years that attend works with");
	else if (event->on > view->today)
		lack_form(lacks, slice_text("on"), "in the future");
	else if (c != NULL && event->on < day_of_ms(c->opened_ms) - ON_BEFORE_OPENING_MAX)
		lack_form(lacks, slice_text("on"), "more than 400 days before the case was opened");
	if (day_parse(event_value(event, "received"), &received) && received < event->on)
		lack_form(lacks, slice_text("received"), "before the day of issue");
}

/* What takes up room: what is not over, what may still start when one of those ends,
 * and what begins with any action. */
static unsigned deadlines_taken(const struct case_state *c, const struct pathway *p)
{
	unsigned count = 0;

	for (unsigned i = 0; i < c->deadline_count; i++) {
		count += !deadline_is_over(&c->deadlines[i]);
		if (c->deadlines[i].state == DEADLINE_OPEN)
			count += p->deadlines[c->deadlines[i].rule].end_start_count;
	}
	for (unsigned i = 0; i < p->deadline_count; i++)
		count += p->deadlines[i].idle;
	return count;
}

static void check_room(struct lacks *lacks, const struct case_state *c, const struct case_view *view,
                       const struct action_rule *action)
{
	static const char full[] = "the case holds as much as a case can: close it, and the next action opens another";
	bool closes = action->stage == view->pathway->closed_stage;

	if (c->closed)
		lack_form(lacks, slice_text("case"), "the case is closed");
	/* A full case can still be closed; only the log holds that action then. */
	if ((c->done_count >= CASE_DONE_MAX && !closes) ||
	    (action->effect == EFFECT_ISSUE_NOTICE && c->notice_count == CASE_NOTICES_MAX) ||
	    (action->start_count > 0 && 2u * action->start_count + deadlines_taken(c, view->pathway) > CASE_DEADLINES_MAX))
		lack_form(lacks, slice_text("case"), full);
}

static void check_parent(struct lacks *lacks, const struct action_rule *action, struct slice parent)
{
	if (parent.size > 0 && !parent_ok(parent))
		lack_form(lacks, slice_text("parent"), "not an id: a letter, then letters, digits or -");
	else if (parent.size == 0 && action->needs_parent)
		lack_form(lacks, slice_text("parent"), "required: which parent?");
}

/* --- conditions ----------------------------------------------------------- */

/* Was something recorded that is of a later day than this action? */
static bool dated_back(const struct scope *scope)
{
	for (unsigned i = 0; scope->c != NULL && i < scope->c->done_count; i++)
		if (scope->c->done[i].on > scope->on)
			return true;
	return false;
}

static void check_conditions(struct lacks *lacks, const struct scope *scope)
{
	struct scope by_its_day = *scope;
	bool back = dated_back(scope), too_early = false;

	by_its_day.by_its_day = true;
	for (unsigned i = 0; i < scope->action->condition_count; i++) {
		const struct condition *condition = &scope->action->conditions[i];
		enum tristate holds = expression_holds(scope, &condition->need);
		struct lack *lack;

		if (holds == YES) {
			too_early = too_early || (back && expression_holds(&by_its_day, &condition->need) != YES);
			continue;
		}
		lack = add_lack(lacks, holds == UNKNOWN && condition->unknown.size > 0 ? condition->unknown : condition->lacks);
		lack->bar = condition->bar && !(holds == UNKNOWN && condition->lenient);
		lack->clause = condition->clause;
		lack->supplied_by = condition->supplied_by;
	}
	if (too_early)
		lack_form(lacks, slice_text("on"), "before the day of a step that it depends on");
}

/* A day before the notice is one that was mistyped, or another notice's. */
static bool check_after_issue(struct lacks *lacks, const struct case_notice *notice, day_t on)
{
	if (on < notice->issued)
		lack_form(lacks, slice_text("on"), "before the notice was issued");
	return on >= notice->issued;
}

static void check_payment(struct lacks *lacks, const struct scope *scope,
                          const struct event_action_recorded *event, day_t issued)
{
	int index = notice_of_payment(scope->c, scope->parent, issued);
	struct lack *lack;
	uint32_t pence;
	unsigned due;
	bool lapsed;

	if (index < 0) {
		lack_form(lacks, slice_text("parent"), "has no unpaid penalty notice in this case");
		return;
	}
	if (!check_after_issue(lacks, &scope->c->notices[index], event->on))
		return;
	due = case_notice_amount(&scope->c->notices[index], event->on, &lapsed);
	if (lapsed) {
		lack = add_lack(lacks, slice_text("the last day for paying this notice had passed"));
	} else if (pence_parse(event_value(event, "amount"), &pence) && pence < due * 100) {
		lack = add_lack(lacks, slice_text("less than the amount that was due on that day"));
		lack->field = slice_text("amount");
	} else {
		return;
	}
	lack->clause = scope->view->pathway->notices.clause;
}

static void check_decision(struct lacks *lacks, const struct scope *scope, const struct event_action_recorded *event)
{
	struct slice outcome = event_value(event, "outcome");
	int asked;
	struct lack *lack;

	if (scope->c == NULL || outcome.size == 0 ||
	    deadline_asking(scope->c, scope->view, scope->action, scope->parent, outcome) >= 0)
		return;
	asked = deadline_asking(scope->c, scope->view, scope->action, scope->parent, (struct slice){NULL, 0});
	if (asked < 0)
		return;
	lack = add_lack(lacks, slice_text("not an outcome that the question put allows"));
	lack->field = slice_text("outcome");
	lack->clause = scope->view->pathway->deadlines[scope->c->deadlines[asked].rule].clause;
}

static void check_effect(struct lacks *lacks, const struct scope *scope, const struct event_action_recorded *event)
{
	day_t issued = 0;
	int index;

	day_parse(event_value(event, "issued"), &issued);
	switch ((enum action_effect)scope->action->effect) {
	case EFFECT_NONE:
	case EFFECT_ISSUE_NOTICE:
		break;
	case EFFECT_WITHDRAW_NOTICE:
		index = notice_of_withdrawal(scope->c, scope->parent, issued);
		if (index < 0)
			lack_form(lacks, slice_text("parent"), "has no penalty notice in this case that stands");
		else
			check_after_issue(lacks, &scope->c->notices[index], event->on);
		break;
	case EFFECT_PAYMENT:
		check_payment(lacks, scope, event, issued);
		break;
	case EFFECT_DECISION:
		check_decision(lacks, scope, event);
		break;
	}
}

static bool role_in(uint32_t roles, enum role who)
{
	return who == ROLE_ADMINISTRATOR || (roles >> who) & 1;
}

bool case_may_override(const struct action_rule *action, enum role who)
{
	return role_in(action->override_roles, who);
}

static enum status verdict(const struct lacks *lacks, bool may_override)
{
	enum status status = STATUS_OK;

	for (unsigned i = 0; i < lacks->count; i++) {
		if (lacks->list[i].form)
			return STATUS_BAD_FIELD;
		if (lacks->list[i].bar)
			status = STATUS_BARRED;
		else if (status == STATUS_OK && !may_override)
			status = STATUS_UNMET;
	}
	return status;
}

enum status case_decide(const struct case_state *c, const struct case_view *view, enum role who,
                        const struct event_action_recorded *event, const struct slice text_fields[],
                        size_t text_field_count, bool overriding, struct lacks *lacks)
{
	int index = pathway_action(view->pathway, event->name);
	const struct action_rule *action;
	struct filled filled;
	struct scope scope;
	enum status status;

	memset(lacks, 0, sizeof *lacks);
	if (index < 0)
		return STATUS_NOT_FOUND;
	action = &view->pathway->actions[index];
	fill(&filled, action, event);
	scope = (struct scope){c, view, action, &filled, notice_parent(c, action, event), event->on, NULL, (uint8_t)who, false};

	check_parent(lacks, action, scope.parent);
	check_days(lacks, c, view, event);
	check_fields(lacks, action, event, text_fields, text_field_count, &filled);
	if (c != NULL)
		check_room(lacks, c, view, action);
	check_effect(lacks, &scope, event);
	check_conditions(lacks, &scope);
	status = verdict(lacks, overriding && case_may_override(action, who));
	return role_in(action->roles, who) ? status : STATUS_FORBIDDEN;
}

enum status case_decide_letter(const struct case_state *c, const struct case_view *view, enum role who,
                               const struct action_rule *letter, const struct event_action_recorded *given,
                               const struct slice text_fields[], size_t text_field_count, struct filled *filled, struct lacks *lacks)
{
	struct scope scope = {c, view, letter, filled, given->parent, given->on, NULL, (uint8_t)who, false};

	memset(lacks, 0, sizeof *lacks);
	fill(filled, letter, given);
	check_fields(lacks, letter, given, text_fields, text_field_count, filled);
	check_conditions(lacks, &scope);
	return role_in(letter->roles, who) ? verdict(lacks, false) : STATUS_FORBIDDEN;
}
