/* case_notice.c - penalty notices: first, second, and none after (SP-14).
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "casework/case_deadline.h"
#include "casework/case_notice.h"
#include "casework/condition.h"

/* The day on which a length since `day` is over. Where its month has no such date (of the 29th February, in three years'
 * time) it is the day after the month's last. */
static day_t anniversary(const struct case_view *view, day_t day, struct length length)
{
	bool provisional, months = length.unit == UNIT_MONTHS || length.unit == UNIT_YEARS;
	day_t then = calendar_add(view->calendar, day, length.count, length.unit, &provisional);

	return months && calendar_add(view->calendar, day - 1, length.count, length.unit, &provisional) == then ? then + 1 : then;
}

static bool in_window(const struct case_view *view, struct length window, const struct case_notice *n, struct slice parent,
                      day_t on)
{
	day_t first = n->issued < on ? n->issued : on;
	day_t second = n->issued < on ? on : n->issued;

	return !n->withdrawn && slice_is(parent, n->parent) && anniversary(view, first, window) > second;
}

unsigned notices_within(const struct case_state *c, const struct case_view *view, struct length window, bool family,
                        struct slice parent, day_t on)
{
	unsigned count = 0;

	for (unsigned i = 0; c != NULL && i < c->notice_count; i++)
		count += in_window(view, window, &c->notices[i], parent, on);
	for (size_t i = 0; i < view->earlier_count; i++)
		count += in_window(view, window, &view->earlier[i], parent, on);
	for (size_t i = 0; family && i < view->family_count; i++)
		count += in_window(view, window, &view->family[i], parent, on);
	return count;
}

unsigned notices_in_window(const struct case_state *c, const struct case_view *view, struct slice parent, day_t on)
{
	if (view->pathway->notices.count == 0)
		return 0;
	return notices_within(c, view, view->pathway->notices.window, false, parent, on);
}

static bool is_open(const struct case_notice *n)
{
	return !n->withdrawn && n->paid_on == 0;
}

unsigned notices_open(const struct case_state *c, struct slice parent)
{
	unsigned count = 0;

	for (unsigned i = 0; c != NULL && i < c->notice_count; i++)
		count += is_open(&c->notices[i]) && parent_matches(c->notices[i].parent, parent);
	return count;
}

struct slice notice_parent(const struct case_state *c, const struct action_rule *action,
                           const struct event_action_recorded *event)
{
	struct slice found = event->parent;
	bool payment = action->effect == EFFECT_PAYMENT;

	if (found.size > 0 || c == NULL || (!payment && action->effect != EFFECT_WITHDRAW_NOTICE))
		return found;
	for (unsigned i = 0; i < c->notice_count; i++) {
		const struct case_notice *n = &c->notices[i];

		if (n->withdrawn || (payment && n->paid_on != 0))
			continue;
		if (found.size > 0 && !slice_is(found, n->parent))
			return event->parent; /* several: it must be said whose */
		found = slice_text(n->parent);
	}
	return found;
}

int notice_of_payment(const struct case_state *c, struct slice parent, day_t issued)
{
	for (unsigned i = 0; c != NULL && i < c->notice_count; i++) {
		const struct case_notice *n = &c->notices[i];

		if (is_open(n) && slice_is(parent, n->parent) && (issued == 0 || n->issued == issued))
			return (int)i;
	}
	return -1;
}

int notice_of_withdrawal(const struct case_state *c, struct slice parent, day_t issued)
{
	for (int i = c == NULL ? 0 : c->notice_count; i-- > 0;) {
		const struct case_notice *n = &c->notices[i];

		if (!n->withdrawn && slice_is(parent, n->parent) && (issued == 0 || n->issued == issued))
			return i;
	}
	return -1;
}

static day_t received_on(const struct case_view *view, const struct event_action_recorded *event)
{
	const struct length *delivery = &view->pathway->notices.delivery;
	bool provisional;
	day_t day;

	if (day_parse(event_value(event, "received"), &day))
		return day;
	if (delivery->count == 0)
		return event->on;
	return calendar_add(view->calendar, event->on, delivery->count, delivery->unit, &provisional);
}

day_t notice_receipt(const struct case_view *view, const struct event_action_recorded *event)
{
	return view->pathway->notices.from_receipt ? received_on(view, event) : event->on;
}

static uint16_t days_after(day_t from, unsigned days)
{
	day_t last = from + (day_t)days;

	return (uint16_t)(last > DAY_MAX ? DAY_MAX : last);
}

int notice_issue(struct case_state *c, const struct case_view *view,
                 const struct event_action_recorded *event, struct slice parent)
{
	const struct notice_rule *rule = &view->pathway->notices;
	unsigned before = notices_in_window(c, view, parent, event->on);
	unsigned row = before < rule->count ? before : rule->count - 1u;
	day_t from = notice_receipt(view, event);
	struct case_notice *n;

	if (c->notice_count == CASE_NOTICES_MAX || rule->count == 0)
		return -1;
	n = &c->notices[c->notice_count++];
	memset(n, 0, sizeof *n);
	parent_keep(n->parent, parent);
	n->issued = event->on;
	n->received = (uint16_t)received_on(view, event);
	n->number = (uint8_t)(before + 1);
	n->full = rule->steps[row].full;
	n->full_last = days_after(from, rule->steps[row].full_days);
	n->reduced = rule->steps[row].reduced;
	n->reduced_last = n->reduced ? days_after(from, rule->steps[row].reduced_days) : 0;
	return c->notice_count - 1;
}

void notice_pay(struct case_notice *n, const struct event_action_recorded *event)
{
	uint32_t pence;
	bool lapsed;

	if (!pence_parse(event_value(event, "amount"), &pence)) {
		pence = case_notice_amount(n, event->on, &lapsed) * 100;
		if (lapsed)
			pence = n->full * 100u;
	}
	n->paid_pence = pence;
	n->paid_on = event->on;
}

unsigned case_notice_amount(const struct case_notice *n, day_t day, bool *lapsed)
{
	*lapsed = false;
	if (!is_open(n))
		return 0;
	if (n->reduced != 0 && day <= n->reduced_last)
		return n->reduced;
	if (day <= n->full_last)
		return n->full;
	*lapsed = true;
	return 0;
}
