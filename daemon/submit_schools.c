/* What a school is and is called, and what it has done of its recurring tasks.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "daemon/names.h"
#include "daemon/query_parts.h"

void pack_described(struct pack *p, const struct event_school_described *d)
{
	unsigned count = 0;

	for (uint8_t kind = 1; school_kind_text(kind); kind++)
		count += (d->kinds >> kind) & 1;
	pack_text(p, "urn");
	pack_urn(p, d->urn);
	pack_text_or_nil(p, "name", d->name);
	pack_text(p, "kinds");
	pack_array(p, count);
	for (uint8_t kind = 1; school_kind_text(kind); kind++)
		if ((d->kinds >> kind) & 1)
			pack_text(p, school_kind_text(kind));
}

void pack_task_done(struct pack *p, const struct event_task_done *t)
{
	pack_text(p, "urn");
	pack_urn(p, t->urn);
	pack_key_str(p, "task", t->task);
	pack_text(p, "on");
	pack_date(p, t->on);
	pack_text(p, "first");
	pack_date(p, t->first);
	pack_text(p, "last");
	pack_date(p, t->through);
}

static bool fault(struct engine *e, const struct request *r, enum status status, const char *field, const char *reason)
{
	engine_refuse(e, r, status, field, reason);
	return false;
}

static bool take_school(struct engine *e, const struct request *r, struct slice body, uint32_t *urn)
{
	const char *wrong = NULL;

	if (!urn_parse(mp_find_str(body, "urn", &wrong), urn) || wrong)
		return fault(e, r, STATUS_BAD_FIELD, "urn", "not a school's number: six digits");
	if (!access_school(r->who, *urn))
		return fault(e, r, STATUS_FORBIDDEN, "urn", "this key may not write for that school");
	return true;
}

/* False: refused. */
static bool take_kinds(struct engine *e, const struct request *r, struct event_school_described *d)
{
	struct mp at = mp_find(r->message->body, "kinds");
	uint32_t count = mp_array(&at);

	d->kinds = 0;
	for (uint32_t i = 0; i < count && !at.fault; i++) {
		uint8_t kind = school_kind_parse(mp_str(&at));

		if (!at.fault && !kind)
			return fault(e, r, STATUS_BAD_FIELD, "kinds", "not one of primary, secondary");
		d->kinds |= (uint8_t)(1u << kind);
	}
	return !at.fault || fault(e, r, STATUS_BAD_FIELD, "kinds", "a list of primary and secondary is wanted; an empty one ends its tasks");
}

/* A line that people read; empty: it has none any more. */
static bool take_name(struct engine *e, const struct request *r, struct event_school_described *d)
{
	const char *wrong = NULL;

	d->name = mp_find_str(r->message->body, "name", &wrong);
	for (size_t i = 0; i < d->name.size; i++)
		if (d->name.bytes[i] < ' ' || d->name.bytes[i] == 0x7f)
			wrong = "name";
	if (wrong || d->name.size > SCHOOL_NAME_MAX)
		return fault(e, r, STATUS_BAD_FIELD, "name", "a line of at most 120 bytes is wanted");
	return true;
}

/* What isn't said stays as it is. */
void submit_school(struct engine *e, const struct request *r)
{
	static const char *const keys[] = {"urn", "kinds", "name", NULL};
	struct slice body = r->message->body, unknown;
	struct mp kinds = mp_find(body, "kinds"), name = mp_find(body, "name");
	struct event_school_described *d;
	const struct school *before;
	struct event ev;
	uint64_t position;

	engine_event(e, &ev, EVENT_SCHOOL_DESCRIBED, r->who->number);
	engine_sign(&ev, r);
	d = &ev.school_described;
	if (!mp_only(body, keys, &unknown) || (mp_peek(&kinds) == MP_NONE && mp_peek(&name) == MP_NONE)) {
		engine_refuse(e, r, STATUS_BAD_FIELD, "kinds", "{urn, kinds: [primary, secondary], name} is wanted, of kinds and name at least one");
		return;
	}
	if (!take_school(e, r, body, &d->urn))
		return;
	before = state_school(&e->state, d->urn);
	if (before) {
		d->kinds = before->kinds;
		d->name = slice_text(before->name);
	}
	if ((mp_peek(&kinds) != MP_NONE && !take_kinds(e, r, d)) || (mp_peek(&name) != MP_NONE && !take_name(e, r, d)))
		return;
	engine_append(e, &ev);
	position = engine_head(e);
	e->counters[COUNT_SUBMISSIONS]++;
	pack_clear(&e->body);
	pack_map(&e->body, DESCRIBED_KEYS);
	pack_described(&e->body, &ev.school_described);
	engine_reply(e, r, STATUS_OK, position);
}

/* ---- ticking off ---- */

/* The task of the school's pathway that is named. */
static const struct task_rule *rule_named(struct engine *e, const struct request *r, const struct school *school, struct slice name)
{
	const struct pathway *pathway = school ? state_school_pathway(&e->state, school->urn) : NULL;
	int i = pathway ? pathway_task(pathway, name) : -1;

	if (!school || !school->kinds) {
		fault(e, r, STATUS_NOT_FOUND, "urn", "nobody has said what this school is, so it has no tasks: attend school URN KIND");
		return NULL;
	}
	if (i < 0 || !task_concerns(&pathway->tasks[i], school)) {
		fault(e, r, STATUS_NOT_FOUND, "task", "this school has no such task; attend task --school URN lists them");
		return NULL;
	}
	if (r->who->role != ROLE_ADMINISTRATOR && !((pathway->tasks[i].roles >> r->who->role) & 1)) {
		fault(e, r, STATUS_FORBIDDEN, "task", "this task is not for your role");
		return NULL;
	}
	return &pathway->tasks[i];
}

/* For which instance: the open one, where it had begun by then; else the one before, of
 * which there was a reminder, that falls away then. */
static bool choose_instance(struct engine *e, const struct request *r, const struct school *school, const struct task_rule *rule,
			    struct event_task_done *t, uint64_t *reminder)
{
	const struct school_task *task = school_task(school, rule->name);
	struct task_span span;
	bool open = state_task(&e->state, school, rule, day_of_ms(e->now_ms), &span);
	char text[160], day[32];

	*reminder = 0;
	if (open && t->on >= span.first) {
		t->first = (uint16_t)span.first;
		t->through = (uint16_t)span.last;
		return true;
	}
	if (task && task->alert && (!open || t->on < span.first)) {
		t->through = task->through;
		*reminder = task->alert;
		return true;
	}
	if (!open)
		return fault(e, r, STATUS_NOT_FOUND, "task", "the school's calendar has no term for it");
	day_text_long(day, span.first);
	snprintf(text, sizeof text, "it was done already, or its time has not come; it comes next from %s on", day);
	return fault(e, r, STATUS_BAD_FIELD, "on", text);
}

void submit_task(struct engine *e, const struct request *r)
{
	static const char *const keys[] = {"urn", "task", "on", NULL};
	struct slice body = r->message->body, unknown, on;
	const char *wrong = NULL;
	day_t day = day_of_ms(e->now_ms);
	const struct school *school;
	const struct task_rule *rule;
	struct event ev;
	struct event_task_done *t = &ev.task_done;
	uint64_t reminder, position;

	engine_event(e, &ev, EVENT_TASK_DONE, r->who->number);
	engine_sign(&ev, r);
	t->task = mp_find_str(body, "task", &wrong);
	on = mp_find_str(body, "on", &wrong);
	if (wrong || !mp_only(body, keys, &unknown)) {
		engine_refuse(e, r, STATUS_BAD_FIELD, "task", "{urn, task, on?} is wanted");
		return;
	}
	if ((on.size && !day_parse(on, &day)) || day > day_of_ms(e->now_ms)) {
		engine_refuse(e, r, STATUS_BAD_FIELD, "on", "not a date that has come: YYYY-MM-DD");
		return;
	}
	t->on = (uint16_t)day;
	if (!take_school(e, r, body, &t->urn))
		return;
	school = state_school(&e->state, t->urn);
	rule = rule_named(e, r, school, t->task);
	if (!rule || !choose_instance(e, r, school, rule, t, &reminder))
		return;
	engine_append(e, &ev);
	position = engine_head(e);
	if (reminder)
		withdraw_alert(e, ALERT_REMINDER, reminder, 0, 0, 0);
	e->counters[COUNT_SUBMISSIONS]++;
	pack_clear(&e->body);
	pack_map(&e->body, 5);
	pack_task_done(&e->body, t);
	engine_reply(e, r, STATUS_OK, position);
}
