/* What people did, in a world of a trial.
 *
 * In the world on the changed file an action may come too early: the period that it waits
 * for has become longer, say. Then it waits (trial.h says how long), which is found out on
 * a copy of the case: its next deadlines are let fall due there one after another, until
 * the action would be taken.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "daemon/memory.h"
#include "daemon/trial_parts.h"

enum {
	AHEAD_MAX = 4,            /* deadlines looked ahead */
	TRIES_MAX = 3,
	LAG_MAX_MS = 60 * 86400000u, /* an answer later than that was no answer to it */
	DATE_SIZE = DATE_TEXT_SIZE + 1,
};

/* An action being looked at in a world. */
struct looking {
	struct event_action_recorded *a;
	const struct pathway *pathway;
	struct case_view view;
	struct particulars roster;
	struct slice texts[ACTION_FIELDS_MAX];
	size_t text_count;
	struct lacks lacks;
	char dates[ACTION_FIELDS_MAX][DATE_SIZE];
	bool opens;
	uint8_t role;
	uint32_t log_case;
	uint64_t position;
};

/* The names of the fields of free text: they are in the sealed part. */
static void text_names(struct trial_world *w, struct looking *l)
{
	struct writer out = writer_of(w->texts, TRIAL_TEXTS_ROOM);
	struct mp at;
	uint32_t n;

	l->text_count = 0;
	if (!l->a->sealed.size || !persons_unseal(w->engine->persons, l->a->pupil, EVENT_ACTION_RECORDED, l->position,
						  l->a->sealed, &out))
		return;
	at = mp_of(writer_slice(&out));
	n = mp_map(&at);
	for (uint32_t i = 0; i < n && !at.fault; i++) {
		struct slice name = mp_str(&at);

		mp_skip(&at);
		if (!slice_is(name, "override") && l->text_count < ACTION_FIELDS_MAX)
			l->texts[l->text_count++] = name;
	}
}

/* The pupil's open case of this world, or the one that would be opened; the action is
 * made one on it. False: there is no such pupil, or no pathway in force. */
static bool place(struct trial_world *w, struct looking *l)
{
	struct engine *e = w->engine;
	const struct pupil *p = state_pupil(&e->state, l->a->pupil);

	if (!p)
		return false;
	l->opens = !p->case_no;
	if (!l->opens) {
		e->broken = state_case_load(&e->state, p->case_no, w->room);
		if (e->broken != STORE_OK)
			return false;
		l->a->case_no = p->case_no;
		l->a->opens = false;
		l->pathway = state_pathway(&e->state, w->room->pathway_name, w->room->pathway_version);
		return true;
	}
	l->pathway = state_school_pathway(&e->state, state_school_of(&e->state, l->a->pupil));
	if (!l->pathway)
		return false;
	l->a->opens = true;
	l->a->case_no = w->case_count + 1;
	l->a->pathway = l->pathway->name;
	l->a->pathway_version = l->pathway->version;
	case_open(w->room, l->pathway, l->a, p->urn, e->now_ms);
	return true;
}

static enum status decide(struct trial_world *w, struct looking *l, const struct case_state *c)
{
	struct engine *e = w->engine;

	memset(&l->lacks, 0, sizeof l->lacks);
	view_particulars(e, l->a->pupil, l->a->on, &l->roster, &l->view);
	return case_decide(l->opens ? NULL : c, &l->view, (enum role)l->role, l->a, l->texts, l->text_count, l->a->overridden,
			   &l->lacks);
}

/* Made ready to be decided in this world; `days` later than it was recorded. */
static bool look(struct trial_world *w, struct looking *l, const struct event *ev, uint64_t position, int days)
{
	struct engine *e = w->engine;
	const struct principal *who = state_principal_number(&e->state, ev->actor);

	*w->event = *ev;
	w->event->submitted = false;
	l->a = &w->event->action_recorded;
	l->position = position;
	l->log_case = ev->action_recorded.case_no;
	l->role = who ? who->role : ROLE_ADMINISTRATOR;
	if (!place(w, l))
		return false;
	l->a->on = (uint16_t)(l->a->on + days);
	for (unsigned i = 0; days && i < l->a->field_count; i++) {
		day_t day;

		if (!day_parse(l->a->fields[i].value, &day))
			continue;
		day_text(l->dates[i], day + days);
		l->a->fields[i].value = slice_text(l->dates[i]);
	}
	e->broken = state_case_view(&e->state, w->room, day_of_ms(e->now_ms), &l->view);
	if (e->broken == STORE_OK)
		e->broken = state_view_earlier(&e->state, w->room, &l->view);
	if (e->broken != STORE_OK)
		return false;
	text_names(w, l);
	return true;
}

/* ---- noting ---- */

static void note_refusal(struct trial_world *w, const struct looking *l, enum status status)
{
	struct trial_refusal *r;

	if (w->refusal_count == w->refusal_room) {
		w->refusal_room = w->refusal_room ? 2 * w->refusal_room : 256;
		w->refusals = memory_grow(w->refusals, w->refusal_room * sizeof *w->refusals);
	}
	r = &w->refusals[w->refusal_count++];
	*r = (struct trial_refusal){.position = l->position, .pupil = l->a->pupil, .case_no = l->log_case, .day = l->a->on,
				    .action = trial_name(w->names, l->a->name, l->a->name)};
	if (status == STATUS_NOT_FOUND)
		return;
	for (unsigned i = 0; i < l->lacks.count && r->lack_count < TRIAL_LACKS_MAX; i++) {
		r->lacks[r->lack_count].text = l->lacks.list[i].text;
		r->lacks[r->lack_count++].clause = l->lacks.list[i].clause;
	}
	if (!r->lack_count)
		r->lacks[r->lack_count++].text = slice_text(status_text(status));
}

static void note_deed(struct trial_world *w, const struct looking *l)
{
	const struct action_rule *rule = &l->pathway->actions[pathway_action(l->pathway, l->a->name)];
	struct trial_deed *d;

	if (w->deed_count == w->deed_room) {
		w->deed_room = w->deed_room ? 2 * w->deed_room : 1024;
		w->deeds = memory_grow(w->deeds, w->deed_room * sizeof *w->deeds);
	}
	d = &w->deeds[w->deed_count++];
	*d = (struct trial_deed){.position = l->position, .pupil = l->a->pupil, .case_no = l->log_case, .day = l->a->on,
				 .action = trial_name(w->names, l->a->name, rule->title)};
	memcpy(d->parent, l->a->parent.bytes, l->a->parent.size <= PARENT_SIZE_MAX ? l->a->parent.size : 0);
}

static void record(struct trial_world *w, struct looking *l)
{
	struct engine *e = w->engine;
	uint32_t number = l->a->case_no;

	if (l->opens) {
		w->cases = memory_grow(w->cases, (w->case_count + 1) * sizeof *w->cases);
		w->cases[w->case_count++] = (struct trial_case){.number = l->log_case};
	}
	note_deed(w, l);
	engine_append(e, w->event);
	if (e->broken == STORE_OK)
		react_to_case(e, number);
}

/* ---- waiting ---- */

static void find_next(struct trial_world *w)
{
	w->next_wait = 0;
	for (size_t i = 0; i < w->wait_count; i++)
		if (w->waits[i].until_ms != UINT64_MAX && (!w->next_wait || w->waits[i].until_ms < w->next_wait))
			w->next_wait = w->waits[i].until_ms;
}

static void let_wait(struct trial_world *w, const struct event *ev, uint64_t position, uint64_t until_ms)
{
	enum { ROOM = EVENT_SIZE_MAX };
	uint8_t *room = memory_grow(NULL, ROOM);
	struct writer out = writer_of(room, ROOM);
	struct trial_wait *wait;

	event_encode(&out, ev);
	if (w->wait_count == w->wait_room) {
		w->wait_room = w->wait_room ? 2 * w->wait_room : 64;
		w->waits = memory_grow(w->waits, w->wait_room * sizeof *w->waits);
	}
	wait = &w->waits[w->wait_count++];
	*wait = (struct trial_wait){.until_ms = until_ms, .position = position, .at_ms = ev->at_ms,
				    .pupil = ev->action_recorded.pupil,
				    .refused_in_force = w->in_force->refused_at == position,
				    .record = memory_copy(writer_slice(&out).bytes, writer_size(&out)), .size = writer_size(&out)};
	free(room);
	find_next(w);
}

static bool waits_for(const struct trial_world *w, uint32_t pupil)
{
	for (size_t i = 0; i < w->wait_count; i++)
		if (w->waits[i].pupil == pupil)
			return true;
	return false;
}

/* How long after the last thing that fell due it was recorded, where the file in force stands. */
static uint64_t lag_of(const struct trial_world *w, uint32_t pupil, uint64_t at_ms)
{
	const struct pupil *p = state_pupil(&w->in_force->engine->state, pupil);
	uint64_t due;

	if (!p || !p->case_no || p->case_no > w->in_force->case_count)
		return 0;
	due = w->in_force->cases[p->case_no - 1].due_ms;
	return due && at_ms > due && at_ms - due < LAG_MAX_MS ? at_ms - due : 0;
}

/* The open deadline that falls due next; -1: none. */
static int next_due(const struct case_state *c)
{
	int next = -1;

	for (int i = 0; i < c->deadline_count; i++)
		if (c->deadlines[i].state == DEADLINE_OPEN && (next < 0 || c->deadlines[i].due_ms < c->deadlines[next].due_ms))
			next = i;
	return next;
}

/* The instant from which this case would take the action; 0: none that can be seen. */
static uint64_t would_take(struct trial_world *w, struct looking *l)
{
	struct case_state *c;
	uint16_t on = l->a->on;
	uint64_t found = 0;

	if (l->opens)
		return 0;
	c = memory_grow(NULL, sizeof *c);
	case_copy(c, w->room);
	for (unsigned ahead = 0; ahead < AHEAD_MAX && !found && !c->closed; ahead++) {
		int next = next_due(c);
		uint64_t due_ms = next >= 0 ? c->deadlines[next].due_ms : 0;
		struct event_deadline_fired fired = {.case_no = c->number, .deadline = (uint8_t)(next + 1), .phase = PHASE_DUE,
						     .due_ms = due_ms};

		if (next < 0)
			break;
		case_apply_fired(c, &l->view, &fired);
		l->view.today = day_of_ms(due_ms);
		l->a->on = (uint16_t)l->view.today;
		if (decide(w, l, c) == STATUS_OK)
			found = due_ms;
	}
	l->a->on = on;
	l->view.today = day_of_ms(w->engine->now_ms);
	decide(w, l, w->room); /* the lacks as they are now */
	free(c);
	return found;
}

/* ---- taking ---- */

/* Decided now: recorded, or the instant until which it waits is given. */
static uint64_t take(struct trial_world *w, const struct event *ev, uint64_t position, int days, bool may_wait)
{
	struct looking *l = memory_new(sizeof *l);
	uint64_t until = 0;
	enum status status;

	if (!look(w, l, ev, position, days)) {
		free(l);
		return 0;
	}
	status = pathway_action(l->pathway, l->a->name) < 0 ? STATUS_NOT_FOUND : decide(w, l, w->room);
	if (status != STATUS_OK) {
		w->refused_at = position;
		if (may_wait && status != STATUS_NOT_FOUND)
			until = would_take(w, l);
		if (!until)
			note_refusal(w, l, status);
	}
	if (!until && status != STATUS_NOT_FOUND)
		record(w, l);
	free(l);
	return until;
}

void world_action(struct trial_world *w, const struct event *ev, uint64_t position)
{
	uint64_t until;
	bool may_wait = w->in_force && w->in_force->refused_at != position;

	if (w->in_force && waits_for(w, ev->action_recorded.pupil)) {
		let_wait(w, ev, position, UINT64_MAX);
		return;
	}
	until = take(w, ev, position, 0, may_wait);
	if (until)
		let_wait(w, ev, position, until + lag_of(w, ev->action_recorded.pupil, ev->at_ms));
}

static void drop(struct trial_world *w, size_t at)
{
	free(w->waits[at].record);
	memmove(&w->waits[at], &w->waits[at + 1], (w->wait_count - at - 1) * sizeof *w->waits);
	w->wait_count--;
}

void world_action_waited(struct trial_world *w)
{
	struct event *ev = memory_new(sizeof *ev);
	struct trial_wait *wait, gone;
	uint64_t until, now = w->engine->now_ms;
	size_t at = 0;

	while (w->waits[at].until_ms > now)
		at++;
	wait = &w->waits[at];
	if (!event_decode(ev, slice_of(wait->record, wait->size), true))
		w->engine->broken = STORE_DAMAGED; /* it was read once already */
	until = w->engine->broken == STORE_OK
			? take(w, ev, wait->position, day_of_ms(now) - day_of_ms(wait->at_ms),
			       !wait->refused_in_force && wait->tries++ < TRIES_MAX)
			: 0;
	if (until) {
		wait->until_ms = until > now ? until : now + 1;
	} else {
		gone = *wait;
		drop(w, at);
		for (at = 0; at < w->wait_count && w->waits[at].pupil != gone.pupil; at++)
			;
		if (at < w->wait_count) /* the next of this pupil, as long after it as it was */
			w->waits[at].until_ms = now + (w->waits[at].at_ms - gone.at_ms);
	}
	free(ev);
	find_next(w);
}
