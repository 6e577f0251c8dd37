/* The state as of an earlier position, for one pupil: what the log says of it is read
 * again from the start, by the same code that replays it, with eyes for nobody else (but the
 * pupil's family, whose notices count). Which records those are is kept (concerns.h); where
 * it isn't, all are read.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "daemon/concerns.h"
#include "daemon/memory.h"
#include "daemon/query_parts.h"

struct shadowing {
	struct state *state;
	struct event *event;
	uint64_t until;
	bool bad;
};

struct sparse {
	struct shadowing *shadowing;
	struct engine *engine;
	struct txn *txn;
};

static bool of_rules(uint8_t kind)
{
	return kind == EVENT_CALENDAR_LOADED || kind == EVENT_PATHWAY_LOADED || kind == EVENT_PATHWAY_CHOSEN;
}

static bool alert_concerns(struct txn *txn, uint64_t number, uint32_t case_no, uint32_t pupil)
{
	struct alert a;

	return alert_get(txn, number, &a) == STORE_OK &&
	       ((pupil && a.pupil == pupil) || (case_no && a.case_no == case_no));
}

static bool is_case_of(struct txn *txn, uint32_t case_no, uint32_t pupil)
{
	struct key key = key_u32_u32(pupil, case_no);
	struct slice value;

	return store_get(txn, TABLE_PUPIL_CASES, key_slice(&key), &value) == STORE_OK;
}

bool event_concerns(struct txn *txn, const struct event *ev, uint32_t case_no, uint32_t pupil)
{
	struct marks_reader in;
	struct mark m;

	switch ((enum event_kind)ev->kind) {
	case EVENT_PUPIL_FACT:
		return pupil && ev->pupil_fact.pupil == pupil;
	case EVENT_PUPILS_LINKED:
		return pupil && (ev->pupils_linked.pupil == pupil || ev->pupils_linked.other == pupil);
	case EVENT_PUPIL_REGISTERED:
		return pupil && ev->pupil_registered.pupil == pupil;
	case EVENT_ROSTER_RECORDED:
		return pupil && ev->roster_recorded.pupil == pupil;
	case EVENT_MARKS_RECORDED:
		marks_open(&in, ev->version, ev->marks_recorded.body);
		while (pupil && marks_next(&in, &m))
			if (m.pupil == pupil)
				return true;
		return false;
	case EVENT_ACTION_RECORDED:
		return (pupil && ev->action_recorded.pupil == pupil) || (case_no && ev->action_recorded.case_no == case_no);
	case EVENT_ALERT_RAISED:
		return (pupil && ev->alert_raised.pupil == pupil) || (case_no && ev->alert_raised.case_no == case_no);
	case EVENT_ALERT_WITHDRAWN:
		return (pupil && ev->alert_withdrawn.pupil == pupil) ||
		       (case_no && ev->alert_withdrawn.case_no == case_no);
	case EVENT_CASE_MOVED:
		return (pupil && ev->case_moved.pupil == pupil) || (case_no && ev->case_moved.case_no == case_no);
	case EVENT_DEADLINE_FIRED:
		return (case_no && ev->deadline_fired.case_no == case_no) ||
		       (pupil && is_case_of(txn, ev->deadline_fired.case_no, pupil));
	case EVENT_ALERT_CHANGED:
		return alert_concerns(txn, ev->alert_changed.alert, case_no, pupil);
	case EVENT_ALERT_ACKNOWLEDGED:
		return alert_concerns(txn, ev->alert_acknowledged.alert, case_no, pupil);
	case EVENT_STORE_CREATED:
	case EVENT_ACCESS_GRANTED:
	case EVENT_ACCESS_REVOKED:
	case EVENT_PATHWAY_LOADED:
	case EVENT_PATHWAY_CHOSEN:
	case EVENT_MEETING_OFFERED:
	case EVENT_CALENDAR_LOADED:
	case EVENT_CLOCK_HELD:
	case EVENT_CLOCK_CONFIRMED:
	case EVENT_CLOCK_MOVED:
	case EVENT_ROSTER_SUBMITTED:
	case EVENT_COVER_NAMED:
	case EVENT_DAY_ENDED:
	case EVENT_SCHOOL_DESCRIBED:
	case EVENT_TASK_DONE:
		break;
	}
	return false;
}

static bool take(void *context, uint64_t position, struct slice record)
{
	struct shadowing *s = context;
	struct event *ev = s->event;

	if (position > s->until)
		return false;
	if (!event_decode(ev, record, true)) {
		s->bad = true;
		return false;
	}
	/* cases of others are not held, so what is theirs falls away by itself */
	if (ev->kind == EVENT_MARKS_RECORDED || ev->kind == EVENT_ACTION_RECORDED || ev->kind == EVENT_ALERT_RAISED ||
	    ev->kind == EVENT_ALERT_WITHDRAWN || ev->kind == EVENT_DEADLINE_FIRED || ev->kind == EVENT_PUPIL_FACT ||
	    ev->kind == EVENT_PUPILS_LINKED || ev->kind == EVENT_CASE_MOVED || of_rules(ev->kind))
		s->bad = state_apply(s->state, ev, position) != STORE_OK;
	s->state->position = position;
	s->state->last_ms = ev->at_ms;
	return !s->bad;
}

/* ---- only what concerns them ---- */

/* A calendar, or a move to another school, is applied as of the record before. */
static bool take_sparse(void *context, uint64_t position, struct slice record)
{
	struct sparse *sparse = context;

	if (record.size && record.bytes[0] != EVENT_MARKS_RECORDED)
		sparse->shadowing->state->last_ms = query_time_of(sparse->engine, sparse->txn, position - 1);
	take(sparse->shadowing, position, record);
	return false;
}

static enum store_result gather(struct engine *e, struct txn *txn, const struct family *family, uint64_t until, struct positions *p)
{
	enum store_result result = concerns_of(e->state.concerns, txn, CONCERN_RULES, 0, 0, 0, until, p);

	for (unsigned i = 0; i < family->count && result == STORE_OK; i++) {
		const struct pupil *pupil = state_pupil(&e->state, family->pupils[i]);

		if (pupil)
			result = concerns_of_pupil(e->state.concerns, txn, family->pupils[i], pupil->urn, until, p);
	}
	positions_order(p);
	return result;
}

static enum store_result read_sparse(struct engine *e, struct txn *txn, struct shadowing *s)
{
	struct sparse sparse = {.shadowing = s, .engine = e, .txn = txn};
	struct positions p = {0};
	enum store_result result = gather(e, txn, &s->state->family, s->until, &p);

	for (size_t i = 0; i < p.count && result == STORE_OK && !s->bad; i++)
		result = e->log.methods->read(&e->log, txn, p.list[i], 1, take_sparse, &sparse);
	positions_free(&p);
	s->state->position = s->until < e->committed ? s->until : e->committed;
	s->state->last_ms = query_time_of(e, txn, s->state->position);
	return result == STORE_NONE ? STORE_DAMAGED : result;
}

struct state *shadow_open(struct engine *e, struct txn *txn, uint32_t pupil, uint64_t position)
{
	struct shadowing s = {.until = position};
	enum store_result result;

	s.state = memory_new(sizeof *s.state);
	s.event = memory_new(sizeof *s.event);
	state_init(s.state, &e->key, e->persons);
	s.state->only_pupil = pupil;
	s.state->lender = &e->state;
	s.bad = state_family(&e->state, pupil, true, &s.state->family) != STORE_OK;
	s.state->pupils = memory_new((s.state->family.count + 1u) * sizeof *s.state->pupils);
	if (e->state.concerns)
		result = read_sparse(e, txn, &s);
	else
		result = e->log.methods->read(&e->log, txn, 1, UINT64_MAX, take, &s);
	free(s.event);
	if (s.bad)
		store_unreadable(txn, TABLE_LOG);
	if (s.bad || (result != STORE_OK && result != STORE_NONE))
		shadow_close(&s.state);
	return s.state;
}

void shadow_close(struct state **self)
{
	if (*self) {
		state_free(*self);
		free(*self);
		*self = NULL;
	}
}

/* ---- of many: all who have a case, and a school's pupils ---- */

struct looking {
	struct many *many;
	struct shadowing shadowing;
	uint32_t urn;
};

static void want(struct state *s, uint32_t pupil)
{
	if (pupil && pupil <= s->wanted_count)
		s->wanted[pupil / 8] |= (uint8_t)(1u << pupil % 8);
}

/* Whose marks the school has sent, up to then. */
static bool take_pupils(void *context, uint64_t position, struct slice record)
{
	struct looking *l = context;
	struct event *ev = l->shadowing.event;
	struct marks_reader in;
	struct reader rest;
	struct mark m;

	if (position > l->many->position)
		return false;
	if (!event_decode_header(ev, record, &rest) || ev->kind != EVENT_MARKS_RECORDED || !event_decode(ev, record, true))
		return true;
	marks_open(&in, ev->version, ev->marks_recorded.body);
	while (in.urn == l->urn && marks_next(&in, &m))
		want(l->many->state, m.pupil);
	return true;
}

static void close_alert(struct many *many, uint64_t number)
{
	if (number <= many->position)
		many->closed[number / 8] |= (uint8_t)(1u << number % 8);
}

/* What was dealt with and has grown is open again. */
static void change_alert(struct many *many, uint64_t number, uint64_t position)
{
	if (number > many->position)
		return;
	many->closed[number / 8] &= (uint8_t)~(1u << number % 8);
	if (many->change_count == many->change_room) {
		many->change_room = many->change_room ? 2 * many->change_room : 64;
		many->changes = memory_grow(many->changes, many->change_room * sizeof *many->changes);
	}
	many->changes[many->change_count++] = (struct alert_change){number, position};
}

uint64_t many_said(const struct many *many, uint64_t alert)
{
	for (size_t i = many->change_count; i-- > 0;)
		if (many->changes[i].alert == alert)
			return many->changes[i].position;
	return alert;
}

/* Whose pupil it is until there is a register. */
static void note_roster(struct state *s, uint32_t pupil, uint32_t urn)
{
	if (pupil >= 1 && pupil <= s->wanted_count)
		s->rosters[pupil - 1] = urn;
}

static bool take_many(void *context, uint64_t position, struct slice record)
{
	struct looking *l = context;
	const struct event *ev = l->shadowing.event;
	struct state *s = l->many->state;

	if (!take(&l->shadowing, position, record))
		return false;
	if (ev->kind == EVENT_ALERT_WITHDRAWN)
		close_alert(l->many, ev->alert_withdrawn.alert);
	else if (ev->kind == EVENT_ALERT_ACKNOWLEDGED)
		close_alert(l->many, ev->alert_acknowledged.alert);
	else if (ev->kind == EVENT_ALERT_CHANGED)
		change_alert(l->many, ev->alert_changed.alert, position);
	else if (ev->kind == EVENT_PUPIL_REGISTERED)
		note_roster(s, ev->pupil_registered.pupil, ev->pupil_registered.urn);
	else if (ev->kind == EVENT_ROSTER_RECORDED)
		note_roster(s, ev->roster_recorded.pupil, ev->roster_recorded.urn);
	else if (ev->kind == EVENT_SCHOOL_DESCRIBED || ev->kind == EVENT_TASK_DONE || ev->kind == EVENT_DAY_ENDED)
		l->shadowing.bad = state_apply(s, ev, position) != STORE_OK;
	return !l->shadowing.bad;
}

static void want_cases(struct txn *txn, struct state *s)
{
	struct slice key, value;
	struct scan scan;

	if (scan_open(&scan, txn, TABLE_PUPIL_CASES, slice_of(NULL, 0)) == STORE_OK)
		while (scan_next(&scan, &key, &value) == STORE_OK) {
			struct reader r = reader_of(key);

			want(s, read_u32(&r));
		}
	scan_close(&scan);
}

struct many *many_open(struct engine *e, struct txn *txn, uint32_t urn, uint64_t position)
{
	struct many *many = memory_new(sizeof *many);
	struct looking l = {.many = many, .shadowing = {.until = position}, .urn = urn};
	struct state *s = memory_new(sizeof *s);
	enum store_result result = STORE_OK;

	many->state = l.shadowing.state = s;
	many->position = position;
	many->closed = memory_new(position / 8 + 1);
	l.shadowing.event = memory_new(sizeof *l.shadowing.event);
	state_init(s, &e->key, e->persons);
	s->only_pupil = UINT32_MAX;
	s->lender = &e->state;
	s->wanted_count = s->pupil_count = e->state.pupil_count;
	s->wanted = memory_new(s->wanted_count / 8 + 1);
	s->rosters = memory_new((s->wanted_count + 1u) * sizeof *s->rosters);
	s->pupils = memory_new((s->wanted_count + 1u) * sizeof *s->pupils);
	s->case_room = e->state.case_count + 1;
	s->case_index = memory_new(s->case_room * sizeof(void *));
	want_cases(txn, s);
	if (urn)
		result = e->log.methods->read(&e->log, txn, 1, UINT64_MAX, take_pupils, &l);
	if (result == STORE_OK || result == STORE_NONE)
		result = e->log.methods->read(&e->log, txn, 1, UINT64_MAX, take_many, &l);
	free(l.shadowing.event);
	if (l.shadowing.bad)
		store_unreadable(txn, TABLE_LOG);
	if (l.shadowing.bad || (result != STORE_OK && result != STORE_NONE))
		many_close(&many);
	return many;
}

void many_close(struct many **self)
{
	if (!*self)
		return;
	shadow_close(&(*self)->state);
	free((*self)->closed);
	free((*self)->changes);
	free(*self);
	*self = NULL;
}

bool many_as_of(struct engine *e, const struct request *r, struct txn *txn, uint32_t urn, struct many **many, day_t *day)
{
	struct mp at = mp_find(r->message->body, "as_of");
	uint64_t position;

	*many = NULL;
	*day = day_of_ms(e->now_ms);
	if (!query_as_of(e, r, txn, &position))
		return false;
	if (query_is_now(e, position))
		return true;
	*many = many_open(e, txn, urn, position);
	if (!*many) {
		query_fault(e, STATUS_DAMAGED, "as_of", "the log can't be replayed; attendd verify says where");
		return false;
	}
	*day = day_of_ms((*many)->state->last_ms);
	if (mp_peek(&at) == MP_STR) {
		day_t asked;

		if (day_parse(mp_str(&at), &asked) && asked < day_of_ms(e->now_ms))
			*day = asked; /* whether or not something was recorded on it */
	}
	return true;
}

unsigned shadow_cases_of(const struct state *s, uint32_t numbers[], unsigned max)
{
	unsigned count = 0;

	for (const struct shadow_case *sc = s->shadow_cases; sc && count < max; sc = sc->next) {
		unsigned at;

		if (sc->state.pupil != s->only_pupil)
			continue;
		at = count++;

		for (; at && numbers[at - 1] > sc->state.number; at--)
			numbers[at] = numbers[at - 1];
		numbers[at] = sc->state.number;
	}
	return count;
}
