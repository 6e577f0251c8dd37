/* case.c - a case begins, an action is applied.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <string.h>

#include "casework/case_deadline.h"
#include "casework/case_notice.h"
#include "casework/condition.h"

const char *deadline_state_text(uint8_t state)
{
	switch (state) {
#define X(name, number, text) case DEADLINE_##name: return text;
	DEADLINE_STATES(X)
#undef X
	default: return NULL;
	}
}

/* The prescribed day on or next after `day`: 31 March, 31 August, 31 December. */
static day_t prescribed_day(day_t day)
{
	static const int months[] = {3, 8, 12};
	int year, month, of_month;

	day_split(day, &year, &month, &of_month);
	for (size_t i = 0; i < 3; i++)
		if (day <= day_of(year, months[i], 31))
			return day_of(year, months[i], 31);
	return day_of(year, 12, 31); /* not reached: the last is the year's end */
}

static day_t last_friday_of_june(int year)
{
	day_t last = day_of(year, 6, 30);

	return last - (day_weekday(last) - FRIDAY + 7) % 7;
}

enum tristate case_compulsory_age(day_t birth, day_t day)
{
	if (birth == 0)
		return UNKNOWN;
	if (day < prescribed_day(day_add_years(birth, 5)))
		return NO;
	return day <= last_friday_of_june(day_school_year(day_add_years(birth, 16)) + 1) ? YES : NO;
}

void case_copied(struct case_state *c)
{
	c->pathway_name.bytes = (const uint8_t *)c->name_room;
}

void case_copy(struct case_state *to, const struct case_state *from)
{
	memcpy(to, from, offsetof(struct case_state, done));
	memcpy(to->done, from->done, from->done_count * sizeof *from->done);
	memcpy(to->deadlines, from->deadlines, from->deadline_count * sizeof *from->deadlines);
	memcpy(to->notices, from->notices, from->notice_count * sizeof *from->notices);
	memcpy(to->chapters, from->chapters, from->chapter_count * sizeof *from->chapters);
	case_copied(to);
}

void case_open(struct case_state *c, const struct pathway *pathway, const struct event_action_recorded *event,
               uint32_t urn, uint64_t at_ms)
{
	struct slice name = event->pathway.size > 0 ? event->pathway : pathway->name;

	memset(c, 0, sizeof *c);
	c->number = event->case_no;
	c->pupil = event->pupil;
	c->urn = urn;
	c->pathway_name.size = name.size < NAME_SIZE_MAX ? name.size : NAME_SIZE_MAX - 1;
	memcpy(c->name_room, name.bytes, c->pathway_name.size);
	case_copied(c);
	c->pathway_version = event->opens ? event->pathway_version : pathway->version;
	c->stage = pathway->first_stage;
	c->opened_ms = at_ms;
}

/* What an action will do, worked out before it does any of it, so that every
 * `when` sees the case as it was. */
struct deed {
	uint32_t starts, meets, cancels; /* bit per effect that holds */
	uint8_t stage;                   /* 0: stays */
};

static uint32_t effects_that_hold(const struct scope *scope, const struct effect list[], unsigned count)
{
	uint32_t hold = 0;

	for (unsigned i = 0; i < count; i++)
		if (expression_holds(scope, &list[i].when) == YES)
			hold |= UINT32_C(1) << i;
	return hold;
}

static void work_out(struct deed *deed, const struct scope *scope, const struct action_rule *action)
{
	deed->starts = effects_that_hold(scope, action->starts, action->start_count);
	deed->meets = effects_that_hold(scope, action->meets, action->meet_count);
	deed->cancels = effects_that_hold(scope, action->cancels, action->cancel_count);
	deed->stage = 0;
	for (unsigned i = 0; i < action->move_count && deed->stage == 0; i++)
		if (expression_holds(scope, &action->moves[i].when) == YES)
			deed->stage = action->moves[i].stage;
	if (action->forward_only && deed->stage <= scope->c->stage)
		deed->stage = 0;
}

static void keep_done(struct case_state *c, uint8_t action, const struct filled *filled,
                      const struct event_action_recorded *event, struct slice parent, uint64_t position)
{
	struct case_done *done;

	if (c->done_count == CASE_DONE_MAX)
		return;
	done = &c->done[c->done_count++];
	memset(done, 0, sizeof *done);
	done->action = action;
	done->on = event->on;
	done->overridden = event->overridden;
	done->position = position;
	parent_keep(done->parent, parent);
	done->given = filled->given;
	memcpy(done->chosen, filled->chosen, sizeof done->chosen);
}

/* The effect on notices and questions. Gives the notice that it is of, from 1; 0: none. */
static uint8_t take_effect(struct case_state *c, const struct case_view *view, const struct action_rule *action,
                           const struct event_action_recorded *event, struct slice parent)
{
	day_t issued = 0;
	int notice = -1;

	day_parse(event_value(event, "issued"), &issued);
	switch ((enum action_effect)action->effect) {
	case EFFECT_NONE:
		break;
	case EFFECT_ISSUE_NOTICE:
		notice = notice_issue(c, view, event, parent);
		break;
	case EFFECT_WITHDRAW_NOTICE:
		notice = notice_of_withdrawal(c, parent, issued);
		if (notice >= 0)
			c->notices[notice].withdrawn = true;
		break;
	case EFFECT_PAYMENT:
		notice = notice_of_payment(c, parent, issued);
		if (notice >= 0)
			notice_pay(&c->notices[notice], event);
		break;
	case EFFECT_DECISION:
		deadline_answer(c, view, action, parent, event_value(event, "outcome"));
		break;
	}
	return (uint8_t)(notice + 1);
}

/* The date of the action that a deadline hangs on; 0: on none, or it isn't given. */
static uint16_t date_for(const struct pathway *pathway, const struct aim *aim, const struct action_rule *action,
                         const struct filled *filled)
{
	int field = action_field(action, pathway->deadlines[aim->rule].anchor_field);

	return field >= 0 ? filled->dates[field] : 0;
}

void case_apply_action(struct case_state *c, const struct case_view *view,
                       const struct event_action_recorded *event, uint64_t position, uint64_t at_ms)
{
	int index = pathway_action(view->pathway, event->name);
	const struct action_rule *action;
	struct filled filled;
	struct scope scope;
	struct deed deed;
	struct aim aim;
	day_t from;

	if (index < 0 || c->closed)
		return;
	action = &view->pathway->actions[index];
	fill(&filled, action, event);
	scope = (struct scope){c, view, action, &filled, notice_parent(c, action, event), event->on, NULL, 0, false};
	aim = (struct aim){.parent = scope.parent};
	work_out(&deed, &scope, action);

	keep_done(c, (uint8_t)index, &filled, event, scope.parent, position);
	aim.notice = take_effect(c, view, action, event, scope.parent);
	for (unsigned i = 0; i < action->meet_count; i++) {
		aim.rule = action->meets[i].deadline;
		if ((deed.meets >> i) & 1)
			deadline_meet(c, view, &aim, event->on);
	}
	for (unsigned i = 0; i < action->cancel_count; i++) {
		aim.rule = action->cancels[i].deadline;
		if ((deed.cancels >> i) & 1)
			deadline_cancel(c, &aim);
	}
	from = action->from_receipt ? notice_receipt(view, event) : event->on;
	for (unsigned i = 0; i < action->start_count; i++) {
		aim.rule = action->starts[i].deadline;
		aim.date = date_for(view->pathway, &aim, action, &filled);
		if ((deed.starts >> i) & 1)
			deadline_start(c, view, &aim, from);
	}
	if (deed.stage != 0)
		c->stage = deed.stage;
	deadline_idle(c, view, event->on);
	if (c->stage == view->pathway->closed_stage) {
		c->closed = true;
		c->closed_ms = at_ms;
		deadline_cancel_all(c);
	}
}
