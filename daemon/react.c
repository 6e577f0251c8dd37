/* What follows from an event that has just been applied: alerts to raise, change or
 * withdraw. Only live events are reacted to; replay applies what was decided then.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/engine_parts.h"
#include "daemon/memory.h"

enum { ALERT_TEXT_MAX = 4096 };

/* ---- watches over a pupil ---- */

void raise_watch(struct engine *e, const struct pathway *pathway, const struct pupil *p, uint32_t pupil,
		 const struct watch_change *change, uint64_t late_ms)
{
	uint8_t room[ALERT_TEXT_MAX];
	struct writer w = writer_of(room, sizeof room);
	int rule = pathway_watch(pathway, change->kind);
	struct event ev;

	watch_text(&w, pathway, p, change);
	engine_event(e, &ev, EVENT_ALERT_RAISED, 0);
	ev.alert_raised = (struct event_alert_raised){.kind = change->kind,
						      .pupil = pupil,
						      .case_no = p->case_no,
						      .urn = p->urn,
						      .first_day = change->first_day,
						      .last_day = change->last_day,
						      .up = change->up,
						      .late_ms = late_ms,
						      .text = writer_slice(&w),
						      .tells = rule >= 0 ? pathway->watches[rule].tells : 0,
						      .clause = rule >= 0 ? pathway->watches[rule].clause : slice_of(NULL, 0)};
	engine_append(e, &ev);
}

void withdraw_alert(struct engine *e, uint8_t kind, uint64_t alert, uint32_t pupil, uint32_t case_no, uint8_t deadline)
{
	struct event ev;

	engine_event(e, &ev, EVENT_ALERT_WITHDRAWN, 0);
	ev.alert_withdrawn = (struct event_alert_withdrawn){.alert = alert,
							    .cause = engine_head(e),
							    .kind = kind,
							    .pupil = pupil,
							    .case_no = case_no,
							    .deadline = deadline};
	engine_append(e, &ev);
}

static void look(struct engine *e, const struct pathway *pathway, struct pupil *p, uint32_t pupil,
		 const struct watch_mark *mark)
{
	struct watch_change changes[WATCH_CHANGES_MAX];
	const struct calendar *calendar = state_calendar(&e->state, p->urn);
	struct standing standing = {0};
	bool may_withdraw = p->standing && !watch_newest(p, mark);
	size_t count = may_withdraw ? 0 : watch_look(pathway, p, calendar, &standing, mark, changes);

	/* most find nothing, and then what stands needn't be looked up */
	if (may_withdraw || (p->standing && count > 0)) {
		e->broken = state_standing(&e->state, pupil, &standing);
		if (e->broken != STORE_OK)
			return;
		count = watch_look(pathway, p, calendar, &standing, mark, changes);
	}
	for (size_t i = 0; i < count && e->broken == STORE_OK; i++)
		if (changes[i].withdraw)
			withdraw_alert(e, changes[i].kind, changes[i].alert, pupil, p->case_no, 0);
		else
			raise_watch(e, pathway, p, pupil, &changes[i], 0);
}

/* ---- breaches of a case's running periods ---- */

/* Whose staff are told: those of the school where the pupil is, by the roster where there is no register yet. */
static uint32_t school_told(struct engine *e, const struct case_state *c, const struct case_view *view)
{
	struct person person;
	enum store_result result;

	if (!view->pupil)
		return c->urn;
	if (view->pupil->urn)
		return view->pupil->urn;
	result = state_person(&e->state, c->pupil, &person);
	if (result != STORE_OK && result != STORE_NONE)
		e->broken = result;
	return result == STORE_OK ? person.urn : 0;
}

void raise_case_alert(struct engine *e, const struct case_state *c, const struct case_view *view, uint8_t kind,
		      uint8_t deadline, struct slice text, uint64_t late_ms)
{
	uint8_t room[ALERT_TEXT_MAX];
	struct writer w = writer_of(room, sizeof room);
	const struct case_deadline *d = deadline ? &c->deadlines[deadline - 1] : NULL;
	struct event ev;

	case_text(&w, c, view, deadline, text);
	engine_event(e, &ev, EVENT_ALERT_RAISED, 0);
	ev.alert_raised = (struct event_alert_raised){
		.kind = kind,
		.pupil = c->pupil,
		.case_no = c->number,
		.urn = school_told(e, c, view),
		.deadline = deadline,
		.deadline_kind = d ? view->pathway->deadlines[d->rule].name : slice_of(NULL, 0),
		.due_ms = d ? d->due_ms : 0,
		.late_ms = late_ms,
		.text = writer_slice(&w),
		.tells = d ? case_alert_tells(&view->pathway->deadlines[d->rule], kind) : 0,
		.clause = d ? case_alert_clause(c, view, deadline, kind) : slice_of(NULL, 0)};
	engine_append(e, &ev);
}

static void change_breach(struct engine *e, const struct case_state *c, const struct case_view *view, uint8_t deadline,
			  struct slice text)
{
	uint8_t room[ALERT_TEXT_MAX];
	struct writer w = writer_of(room, sizeof room);
	struct event ev;

	case_text(&w, c, view, deadline, text);
	engine_event(e, &ev, EVENT_ALERT_CHANGED, 0);
	ev.alert_changed = (struct event_alert_changed){.alert = c->deadlines[deadline - 1].breach_alert,
							.text = writer_slice(&w),
							.urn = school_told(e, c, view)};
	engine_append(e, &ev);
}

static bool touches(const struct watch_mark *mark, uint64_t codes)
{
	return !mark || code_in(codes, mark->code) || code_in(codes, mark->held);
}

/* `mark` NULL: it is not for a mark that the case is looked at. */
static void look_at_case(struct engine *e, uint32_t number, const struct watch_mark *mark)
{
	struct case_breach breaches[CASE_DEADLINES_MAX];
	struct case_state *c = memory_new(sizeof *c);
	struct case_view view;
	size_t count;

	e->broken = state_case_load(&e->state, number, c);
	if (e->broken == STORE_OK)
		e->broken = state_case_view(&e->state, c, day_of_ms(e->now_ms), &view);
	if (e->broken != STORE_OK) {
		free(c);
		return;
	}
	count = touches(mark, view.pathway->breach_codes)
			? case_breaches(c, &view, mark ? mark->day : 0, breaches)
			: 0;
	for (size_t i = 0; i < count && e->broken == STORE_OK; i++) {
		uint8_t n = breaches[i].deadline;

		switch ((enum breach_change)breaches[i].change) {
		case BREACH_RAISE:
			raise_case_alert(e, c, &view, ALERT_BREACH, n, breaches[i].text, 0);
			break;
		case BREACH_CHANGE:
			change_breach(e, c, &view, n, breaches[i].text);
			break;
		case BREACH_WITHDRAW:
			withdraw_alert(e, ALERT_BREACH, c->deadlines[n - 1].breach_alert, c->pupil, c->number, n);
			break;
		}
	}
	free(c);
}

static void react_to_move(struct engine *, const struct pupil *, uint32_t number, day_t);

void react_to_mark(struct engine *e, const struct applied_mark *a, uint32_t pupil)
{
	const struct pathway *pathway = a->pupil ? state_school_pathway(&e->state, a->pupil->urn) : NULL;

	if (a->moved && (a->pupil->case_no || a->pupil->standing & PUPIL_SCHOOLS) && e->broken == STORE_OK)
		react_to_move(e, a->pupil, pupil, a->mark.day);
	if (!pathway || (a->change != MARK_NEW && a->change != MARK_CORRECTED))
		return;
	if (!watch_idle(pathway, a->pupil, &a->mark))
		look(e, pathway, a->pupil, pupil, &a->mark);
	if (a->pupil->case_no && e->broken == STORE_OK &&
	    touches(&a->mark, e->state.breach_codes))
		look_at_case(e, a->pupil->case_no, &a->mark);
	if (touches(&a->mark, pathway->day_codes))
		react_to_stay(e, pathway, a, pupil);
}

void react_to_case(struct engine *e, uint32_t number)
{
	look_at_case(e, number, NULL);
	react_to_excuse(e, number);
}

/* ---- a changed calendar ---- */

struct due {
	uint32_t case_no;
	uint8_t deadline;
	uint64_t due_ms;
};

struct dues {
	size_t count, room;
	struct due *list;
	struct task_dues *tasks; /* of schools; NULL: not of a calendar */
};

static void note_dues(struct dues *dues, const struct case_state *c)
{
	for (uint8_t i = 0; i < c->deadline_count; i++) {
		if (c->deadlines[i].state != DEADLINE_OPEN)
			continue;
		if (dues->count == dues->room) {
			dues->room = dues->room ? dues->room * 2 : 256;
			dues->list = memory_grow(dues->list, dues->room * sizeof *dues->list);
		}
		dues->list[dues->count++] = (struct due){c->number, (uint8_t)(i + 1), c->deadlines[i].due_ms};
	}
}

struct dues *dues_before(struct engine *e, uint32_t urn)
{
	struct dues *dues = memory_new(sizeof *dues);
	struct case_state *c = memory_new(sizeof *c);

	dues->tasks = tasks_before(e);
	for (uint32_t n = 1; n <= e->state.case_count; n++)
		if (state_case_load(&e->state, n, c) == STORE_OK && !c->closed && state_case_at(&e->state, c, urn))
			note_dues(dues, c);
	free(c);
	return dues;
}

static bool tell_move(struct engine *e, const struct due *due, struct case_state *c, const char *why)
{
	char text[400], was[32], now[32];
	struct case_view view;
	struct case_deadline *d;

	e->broken = state_case_load(&e->state, due->case_no, c);
	if (e->broken != STORE_OK)
		return false;
	d = &c->deadlines[due->deadline - 1];
	if (d->due_ms == due->due_ms || d->state != DEADLINE_OPEN)
		return false;
	e->broken = state_case_view(&e->state, c, day_of_ms(e->now_ms), &view);
	if (e->broken != STORE_OK)
		return false;
	day_text_long(was, day_of_ms(due->due_ms) - 1);
	day_text_long(now, day_of_ms(d->due_ms) - 1);
	snprintf(text, sizeof text, "{title}: its last day moves from %s to %s, for %s.", was, now, why);
	raise_case_alert(e, c, &view, ALERT_DEADLINE_MOVED, due->deadline, slice_text(text), 0);
	return true;
}

/* At which school are they by what is kept? The case's; or, without one, where they moved to when there was one, since the
 * next case counts by that school's days, too. 0: none. */
static uint32_t school_kept(const struct case_state *c, const struct people *people)
{
	return c->number ? c->urn : people->school_count ? people->schools[people->school_count - 1].urn : 0;
}

/* Registers say that a pupil has moved school (or has one at last): an open case's days are the new
 * school's from then on. */
static void react_to_move(struct engine *e, const struct pupil *p, uint32_t number, day_t day)
{
	struct case_state *c = memory_new(sizeof *c);
	struct people *people = memory_new(sizeof *people);
	struct dues dues = {0};
	struct event ev;

	if (p->case_no)
		e->broken = state_case_load(&e->state, p->case_no, c);
	if (e->broken == STORE_OK)
		e->broken = state_people(&e->state, number, people);
	if (e->broken == STORE_OK && (c->number || people->school_count) && school_kept(c, people) != p->urn &&
	    people->school_count < SCHOOLS_MAX) {
		note_dues(&dues, c);
		engine_event(e, &ev, EVENT_PUPIL_FACT, 0);
		ev.pupil_fact = (struct event_pupil_fact){
			.pupil = number, .fact = FACT_SCHOOL, .holds = true, .since = (uint16_t)day, .urn = p->urn};
		engine_append(e, &ev);
		for (size_t i = 0; i < dues.count && e->broken == STORE_OK; i++)
			tell_move(e, &dues.list[i], c, "the pupil is at another school, with days of its own");
	}
	free(dues.list);
	free(people);
	free(c);
}

struct dues *dues_of_case(struct engine *e, uint32_t number)
{
	struct dues *dues = memory_new(sizeof *dues);
	struct case_state *c = memory_new(sizeof *c);

	if (state_case_load(&e->state, number, c) == STORE_OK)
		note_dues(dues, c);
	free(c);
	return dues;
}

uint64_t react_to_moved_case(struct engine *e, uint32_t number, struct dues *dues)
{
	struct case_state *c = memory_new(sizeof *c);
	uint64_t moved = 0;

	for (size_t i = 0; i < dues->count && e->broken == STORE_OK; i++)
		moved += tell_move(e, &dues->list[i], c, "the case was moved to another pathway");
	if (e->broken == STORE_OK)
		look_at_case(e, number, NULL);
	free(c);
	free(dues->list);
	free(dues);
	return moved;
}

uint64_t react_to_calendar(struct engine *e, uint32_t urn, struct dues *dues)
{
	const struct watch_mark none = {0};
	struct case_state *c = memory_new(sizeof *c);
	uint64_t moved = 0;

	for (size_t i = 0; i < dues->count && e->broken == STORE_OK; i++) {
		moved += tell_move(e, &dues->list[i], c, "the calendar changed (EN-06)");
		if (e->broken == STORE_OK && (!i || dues->list[i].case_no != dues->list[i - 1].case_no))
			look_at_case(e, dues->list[i].case_no, NULL);
	}
	for (uint32_t n = 1; n <= e->state.pupil_count && e->broken == STORE_OK; n++) {
		struct pupil *p = state_pupil(&e->state, n);
		const struct pathway *pathway = state_school_pathway(&e->state, p->urn);

		if (pathway && p->urn && (!urn || p->urn == urn))
			look(e, pathway, p, n, &none);
		if (pathway && p->urn && (!urn || p->urn == urn) && pathway->day_codes)
			react_to_moved_stays(e, pathway, p, n);
	}
	moved += react_to_moved_tasks(e, dues->tasks);
	free(c);
	free(dues->list);
	free(dues);
	return moved;
}
