/* A submission sent again gets the first answer again, made from the event that it
 * made then. SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "daemon/engine_parts.h"
#include "daemon/names.h"
#include "daemon/memory.h"

struct again {
	struct engine *engine;
	const struct request *request;
	struct event *event;
	bool found;
};

static void answer_rows(struct pack *p, uint8_t version, struct slice body, uint32_t accepted, bool count_marks)
{
	struct marks_reader in;
	struct refusal *refusals;
	struct mark m;
	uint32_t refused = 0;

	marks_open(&in, version, body);
	while (marks_next(&in, &m))
		accepted += count_marks;
	refusals = memory_new((in.refused_left + 1u) * sizeof *refusals);
	while (marks_refused(&in, &refusals[refused]))
		refused++;
	pack_answer(p, accepted, in.known, refusals, refused);
	free(refusals);
}

/* One event's numbers; what it lends is gone when this returns. */
static bool keep(void *context, uint64_t position, struct slice record)
{
	struct again *a = context;

	(void)position;
	a->found = event_decode(a->event, record, true);
	return false;
}

static bool event_at(struct engine *e, uint64_t position, struct event *room)
{
	struct again a = {.engine = e, .event = room};

	if (position)
		engine_log_at(e, e->txn, position, keep, &a);
	return a.found;
}

static bool is_a_moved_deadline(const struct event *ev)
{
	return ev->kind == EVENT_ALERT_RAISED && ev->alert_raised.kind == ALERT_DEADLINE_MOVED;
}

static bool is_a_move(const struct event *ev)
{
	return ev->kind == EVENT_CASE_MOVED;
}

/* Is this of what went before? Not what a submission made, nor what stands before that (a roster's pupils, a
 * pupil's first register), nor what time did. */
static bool follows(const struct event *ev)
{
	return !ev->submitted && ev->kind != EVENT_ROSTER_RECORDED && ev->kind != EVENT_PUPIL_REGISTERED &&
	       ev->kind != EVENT_DEADLINE_FIRED && ev->kind != EVENT_DAY_ENDED;
}

/* What followed from a submission stands behind it, up to the next one. */
static uint64_t followed_by(struct engine *e, uint64_t position, bool (*is_one)(const struct event *))
{
	struct event *ev = memory_new(sizeof *ev);
	uint64_t count = 0;

	while (event_at(e, ++position, ev) && follows(ev))
		count += is_one(ev);
	free(ev);
	return count;
}

static bool is_a_changed_fact(const struct event *ev)
{
	return ev->kind == EVENT_ALERT_RAISED && ev->alert_raised.kind == ALERT_FACT_CHANGED;
}

/* A phase of a deadline, or the reminder of a school's task, in its own time. */
static bool fell_due(const struct event *ev)
{
	if (ev->kind == EVENT_ALERT_RAISED)
		return ev->alert_raised.kind == ALERT_REMINDER && !ev->alert_raised.case_no && !ev->alert_raised.late_ms;
	return ev->kind == EVENT_DEADLINE_FIRED && ev->at_ms == ev->deadline_fired.due_ms;
}

uint64_t fired_by(struct engine *e, uint64_t clock)
{
	struct event *ev = memory_new(sizeof *ev);
	uint64_t fired = 0;

	while (event_at(e, --clock, ev) && !ev->submitted)
		fired += fell_due(ev);
	free(ev);
	return fired;
}

static void answer_clock(struct again *a, uint64_t now_ms, uint64_t fired)
{
	struct pack *p = &a->engine->body;
	const char *wrong = NULL;
	uint64_t wanted_ms = 0;
	bool more = time_parse(mp_find_str(a->request->message->body, "to", &wrong), &wanted_ms) && wanted_ms > now_ms;

	pack_map(p, more ? 3 : 2);
	pack_text(p, "now");
	pack_time(p, now_ms);
	pack_key_uint(p, "fired", fired);
	if (more)
		pack_key_bool(p, "more", true);
}

static void answer(struct again *a, uint64_t position)
{
	const struct event *ev = a->event;
	struct pack *p = &a->engine->body;

	pack_clear(p);
	if (ev->kind == EVENT_MARKS_RECORDED) {
		answer_rows(p, ev->version, ev->marks_recorded.body, 0, true);
	} else if (ev->kind == EVENT_ROSTER_SUBMITTED) {
		answer_rows(p, 1, ev->roster_submitted.rows, ev->roster_submitted.accepted, false);
	} else if (ev->kind == EVENT_ACTION_RECORDED) {
		pack_action_answer(p, &ev->action_recorded);
	} else if (ev->kind == EVENT_CALENDAR_LOADED) {
		pack_map(p, 2);
		pack_key_uint(p, "rows", ev->calendar_loaded.row_count);
		pack_key_uint(p, "moved", followed_by(a->engine, position, is_a_moved_deadline));
	} else if (ev->kind == EVENT_PATHWAY_LOADED) {
		struct event_pathway_loaded l = ev->pathway_loaded;

		pack_load_answer(p, &l, followed_by(a->engine, position, is_a_move));
	} else if (ev->kind == EVENT_CASE_MOVED) {
		pack_move_answer(p, &ev->case_moved, followed_by(a->engine, position, is_a_moved_deadline));
	} else if (ev->kind == EVENT_PATHWAY_CHOSEN) {
		pack_choice(p, &ev->pathway_chosen);
	} else if (ev->kind == EVENT_MEETING_OFFERED) {
		pack_map(p, OFFER_KEYS);
		pack_offer(p, &ev->meeting_offered);
	} else if (ev->kind == EVENT_SCHOOL_DESCRIBED) {
		pack_map(p, DESCRIBED_KEYS);
		pack_described(p, &ev->school_described);
	} else if (ev->kind == EVENT_TASK_DONE) {
		pack_map(p, 5);
		pack_task_done(p, &ev->task_done);
	} else if (ev->kind == EVENT_ACCESS_GRANTED) {
		pack_map(p, 1);
		pack_key_uint(p, "principal", position);
	} else if (ev->kind == EVENT_PUPIL_FACT || ev->kind == EVENT_PUPILS_LINKED) {
		pack_map(p, 1);
		pack_key_uint(p, "changed", followed_by(a->engine, position, is_a_changed_fact));
	} else if (ev->kind == EVENT_CLOCK_MOVED) {
		answer_clock(a, ev->clock_moved.to_ms, fired_by(a->engine, position));
	} else if (ev->kind == EVENT_CLOCK_CONFIRMED) {
		answer_clock(a, ev->at_ms, 0);
	}
}

static bool take(void *context, uint64_t position, struct slice record)
{
	struct again *a = context;

	if (event_decode(a->event, record, true)) {
		answer(a, position);
		a->found = true;
	}
	return false;
}

bool answer_receipt(struct engine *e, uint64_t position, uint64_t *receipt)
{
	struct event *ev = memory_new(sizeof *ev);
	bool found = event_at(e, position, ev);

	*receipt = ev->receipt;
	free(ev);
	return found;
}

void answer_again(struct engine *e, const struct request *r, uint64_t position)
{
	struct again a = {.engine = e, .request = r, .event = memory_new(sizeof *a.event)};

	engine_log_at(e, e->txn, position, take, &a);
	free(a.event);
	if (a.found)
		engine_reply(e, r, STATUS_KNOWN, position);
	else
		e->broken = STORE_DAMAGED;
}
