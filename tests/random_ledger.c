/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/random_ledger.h"

#include <stdio.h>

#include "daemon/engine_parts.h"

struct kept_alert {
	uint64_t number;
	uint32_t pupil, case_no;
	uint8_t kind, deadline, status;
};

/* A case as it was at the last look, and what the log said of it since. */
struct kept_case {
	bool begun, known, closed, touched;
	bool by_action, by_firing, by_alert, by_move; /* what may have changed its deadlines */
	unsigned by_calendar; /* so may these: how many calendars and moves of school */
	uint8_t count;
	struct case_deadline deadlines[CASE_DEADLINES_MAX];
	uint64_t breach[CASE_DEADLINES_MAX];              /* the standing alert, by the log */
	uint8_t fired[CASE_DEADLINES_MAX][4];             /* how often each phase did, and the last of them */
	struct event_deadline_fired last[CASE_DEADLINES_MAX][4];
	uint64_t last_at[CASE_DEADLINES_MAX][4];
	uint8_t said[CASE_DEADLINES_MAX][ALERT_KIND_LIMIT];
	unsigned opened, ended;
};

struct ledger {
	struct kept_case **cases; /* [number - 1] */
	uint32_t case_count, *touched;
	struct kept_alert *alerts; /* rising by number */
	size_t alert_count, alert_room;
	unsigned touched_count;
	uint64_t position, looked_ms; /* of the last look */
	struct ledger_totals totals;
	struct host *host;
	struct case_state now;
};

struct ledger *ledger_open(void)
{
	struct ledger *l = calloc(1, sizeof *l);

	assert_non_null(l);
	return l;
}

void ledger_close(struct ledger **l)
{
	for (uint32_t i = 0; i < (*l)->case_count; i++)
		free((*l)->cases[i]);
	free((*l)->cases);
	free((*l)->touched);
	free((*l)->alerts);
	free(*l);
	*l = NULL;
}

uint32_t ledger_touched(const struct ledger *l, unsigned index)
{
	return l->touched[index];
}

#define wrong(l, number, ...) \
	do { \
		print_error("C%u at position %llu: ", (unsigned)(number), (unsigned long long)(l)->position); \
		fail_msg(__VA_ARGS__); \
	} while (0)

/* ---- the log ---- */

static struct kept_case *case_of(struct ledger *l, uint32_t number)
{
	struct kept_case *k;

	assert_true(number > 0);
	if (number > l->case_count) {
		l->cases = realloc(l->cases, number * sizeof *l->cases);
		l->touched = realloc(l->touched, number * sizeof *l->touched);
		while (l->case_count < number)
			assert_non_null(l->cases[l->case_count++] = calloc(1, sizeof *k));
	}
	k = l->cases[number - 1];
	if (!k->touched) {
		k->touched = true;
		l->touched[l->touched_count++] = number;
	}
	return k;
}

static struct kept_alert *alert_of(struct ledger *l, uint64_t number)
{
	size_t low = 0, high = l->alert_count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (l->alerts[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == l->alert_count || l->alerts[low].number != number)
		fail_msg("position %llu speaks of alert %llu, which was never raised", (unsigned long long)l->position,
			 (unsigned long long)number);
	if (l->alerts[low].status == ALERT_STATUS_WITHDRAWN)
		fail_msg("position %llu speaks of alert %llu, which was withdrawn", (unsigned long long)l->position,
			 (unsigned long long)number);
	return &l->alerts[low];
}

static void take_raised(struct ledger *l, const struct event_alert_raised *a)
{
	struct kept_case *k = a->case_no ? case_of(l, a->case_no) : NULL;

	if (l->alert_count == l->alert_room) {
		l->alert_room = l->alert_room ? 2 * l->alert_room : 1024;
		l->alerts = realloc(l->alerts, l->alert_room * sizeof *l->alerts);
	}
	l->alerts[l->alert_count++] = (struct kept_alert){l->position, a->pupil, a->case_no, a->kind, a->deadline, ALERT_STATUS_RAISED};
	l->totals.raised++;
	assert_true(a->text.size > 0);
	if (k && !a->deadline)
		k->by_alert = true;
	if (!k || !a->deadline)
		return;
	k->said[a->deadline - 1][a->kind]++;
	if (a->kind != ALERT_BREACH)
		return;
	if (k->breach[a->deadline - 1])
		wrong(l, a->case_no, "a second breach of deadline %u while one stands", a->deadline);
	k->breach[a->deadline - 1] = l->position;
	l->totals.breaches++;
}

static void take_withdrawn(struct ledger *l, const struct event_alert_withdrawn *w)
{
	struct kept_alert *a = alert_of(l, w->alert);

	assert_int_equal(a->kind, w->kind);
	assert_int_equal(a->pupil, w->pupil);
	assert_int_equal(a->deadline, w->deadline);
	assert_true(w->cause < l->position && w->cause >= a->number);
	a->status = ALERT_STATUS_WITHDRAWN;
	l->totals.withdrawn++;
	if (w->case_no)
		case_of(l, w->case_no)->by_alert = true;
	if (w->kind != ALERT_BREACH)
		return;
	assert_int_equal(w->case_no, a->case_no);
	assert_true(case_of(l, w->case_no)->breach[w->deadline - 1] == w->alert);
	case_of(l, w->case_no)->breach[w->deadline - 1] = 0;
}

static void take_fired(struct ledger *l, const struct event *ev)
{
	const struct event_deadline_fired *f = &ev->deadline_fired;
	struct kept_case *k = case_of(l, f->case_no);

	if (k->closed)
		wrong(l, f->case_no, "deadline %u fires in a closed case", f->deadline);
	if (ev->at_ms < f->due_ms)
		wrong(l, f->case_no, "deadline %u fires before its time", f->deadline);
	k->by_firing = true;
	k->fired[f->deadline - 1][f->phase]++;
	k->last[f->deadline - 1][f->phase] = *f;
	k->last_at[f->deadline - 1][f->phase] = ev->at_ms;
	l->totals.fired[f->phase]++;
}

/* What reaches every open case, or that of one pupil. */
static void touch_open(struct ledger *l, uint32_t pupil)
{
	for (uint32_t i = 0; i < l->case_count; i++) {
		if (!l->cases[i]->known || l->cases[i]->closed)
			continue;
		if (pupil && l->host->engine->state.pupils[pupil - 1].case_no != i + 1)
			continue;
		case_of(l, i + 1)->by_calendar++;
	}
}

static void take_action(struct ledger *l, const struct event_action_recorded *a)
{
	struct kept_case *k = case_of(l, a->case_no);

	assert_true(!k->closed && a->opens == !k->begun);
	k->begun = k->by_action = true;
	l->totals.actions++;
}

static bool take_event(void *context, uint64_t position, struct slice record)
{
	static struct event ev;
	struct ledger *l = context;

	assert_true(position == l->position + 1);
	l->position = position;
	assert_true(event_decode(&ev, record, true));
	switch ((enum event_kind)ev.kind) {
	case EVENT_ACTION_RECORDED:
		take_action(l, &ev.action_recorded);
		break;
	case EVENT_CASE_MOVED:
		case_of(l, ev.case_moved.case_no)->by_move = true;
		l->totals.case_moves++;
		break;
	case EVENT_DEADLINE_FIRED:
		take_fired(l, &ev);
		break;
	case EVENT_ALERT_RAISED:
		take_raised(l, &ev.alert_raised);
		break;
	case EVENT_ALERT_CHANGED:
		assert_int_equal(alert_of(l, ev.alert_changed.alert)->kind, ALERT_BREACH);
		l->totals.changed++;
		break;
	case EVENT_ALERT_WITHDRAWN:
		take_withdrawn(l, &ev.alert_withdrawn);
		break;
	case EVENT_ALERT_ACKNOWLEDGED:
		alert_of(l, ev.alert_acknowledged.alert)->status = ALERT_STATUS_ACKNOWLEDGED;
		break;
	case EVENT_CALENDAR_LOADED:
		touch_open(l, 0);
		break;
	case EVENT_PUPIL_FACT:
		if (ev.pupil_fact.fact == FACT_SCHOOL)
			touch_open(l, ev.pupil_fact.pupil);
		l->totals.school_moves += ev.pupil_fact.fact == FACT_SCHOOL;
		break;
	case EVENT_STORE_CREATED:
	case EVENT_ACCESS_GRANTED:
	case EVENT_ACCESS_REVOKED:
	case EVENT_PATHWAY_LOADED:
	case EVENT_PUPIL_REGISTERED:
	case EVENT_ROSTER_RECORDED:
	case EVENT_MARKS_RECORDED:
	case EVENT_CLOCK_HELD:
	case EVENT_CLOCK_CONFIRMED:
	case EVENT_CLOCK_MOVED:
	case EVENT_ROSTER_SUBMITTED:
	case EVENT_PUPILS_LINKED:
	case EVENT_COVER_NAMED:
	case EVENT_PATHWAY_CHOSEN:
	case EVENT_MEETING_OFFERED:
	case EVENT_DAY_ENDED:
	case EVENT_SCHOOL_DESCRIBED:
	case EVENT_TASK_DONE:
		break;
	}
	return true;
}

/* ---- a deadline now, beside what it was and what the log said ---- */

struct one {
	struct ledger *l;
	struct kept_case *k;
	uint32_t number;
	unsigned n;                       /* from 0 */
	const struct case_deadline *was;  /* NULL: it is new */
	const struct case_deadline *now;
};

static bool has(const struct case_deadline *d, uint8_t phase)
{
	return d && d->fired & 1u << phase;
}

/* A full case uses a number again, once what stood there is over. */
static bool took_its_place(const struct one *o)
{
	return o->k->count == CASE_DEADLINES_MAX && o->was->state != DEADLINE_OPEN &&
	       (o->was->rule != o->now->rule || o->was->from != o->now->from || (o->now->state == DEADLINE_OPEN && !o->now->date));
}

static void check_state(struct one *o)
{
	uint8_t was = o->was ? o->was->state : DEADLINE_OPEN, now = o->now->state;
	struct ledger_totals *t = &o->l->totals;

	if (!o->was) {
		o->k->opened++;
		t->opened++;
	}
	if (was == DEADLINE_MISSED && o->now->date && o->now->date != o->was->date) {
		was = DEADLINE_OPEN; /* again, whatever became of it since */
		o->k->ended--;
		t->reopened++;
	}
	if (was != DEADLINE_OPEN && was != now && !(was == DEADLINE_MISSED && now == DEADLINE_MET))
		wrong(o->l, o->number, "deadline %u is %s and was %s", o->n + 1, deadline_state_text(now), deadline_state_text(was));
	if (was != DEADLINE_OPEN || now == DEADLINE_OPEN)
		return;
	o->k->ended++;
	t->met += now == DEADLINE_MET;
	t->missed += now == DEADLINE_MISSED;
	t->cancelled += now == DEADLINE_CANCELLED;
	if (!o->k->by_action && !o->k->by_firing && !o->k->by_alert && !o->k->by_move)
		wrong(o->l, o->number, "deadline %u is %s, and nothing in the log made it so", o->n + 1, deadline_state_text(now));
	if (now == DEADLINE_MISSED && !has(o->now, PHASE_DUE) && !o->k->by_action)
		wrong(o->l, o->number, "deadline %u is missed, and its end never fired", o->n + 1);
}

static void check_move(struct one *o)
{
	const uint8_t *said = o->k->said[o->n];
	bool by_itself = !o->k->by_action && !o->k->by_firing && !o->k->by_alert;

	if (!o->was || o->was->due_ms == o->now->due_ms)
		return;
	o->l->totals.moved++;
	o->l->totals.told += by_itself;
	if (o->now->moved_count == 0)
		wrong(o->l, o->number, "deadline %u has another end and doesn't say that it moved", o->n + 1);
	if (!o->k->by_action && !o->k->by_firing && !o->k->by_alert && !o->k->by_calendar && !o->k->by_move)
		wrong(o->l, o->number, "deadline %u moved, and nothing in the log made it so", o->n + 1);
	/* once for each calendar that moved it */
	if (by_itself && o->now->state == DEADLINE_OPEN &&
	    (said[ALERT_DEADLINE_MOVED] < 1 || said[ALERT_DEADLINE_MOVED] > o->k->by_calendar + o->k->by_move))
		wrong(o->l, o->number, "deadline %u moved and was told %u times", o->n + 1, said[ALERT_DEADLINE_MOVED]);
}

/* Each phase as often as it says; at its instant, where it was known to come. */
static void check_phases(struct one *o)
{
	bool same = o->was && o->was->due_ms == o->now->due_ms && o->was->date == o->now->date;

	for (uint8_t phase = PHASE_SOON; phase <= PHASE_OVERDUE; phase++) {
		unsigned fired = o->k->fired[o->n][phase], most = has(o->now, phase);
		unsigned least = most - (has(o->was, phase) && most && (same || phase == PHASE_SOON));

		if (same || phase != PHASE_SOON)
			most = least;
		if (fired < least || fired > most)
			wrong(o->l, o->number, "phase %u of deadline %u fired %u times, %u to %u are right", phase, o->n + 1, fired, least, most);
	}
	if (o->k->fired[o->n][PHASE_DUE] && o->k->last[o->n][PHASE_DUE].due_ms != o->now->due_ms)
		wrong(o->l, o->number, "deadline %u fired for another end than its own", o->n + 1);
	if (same && o->k->fired[o->n][PHASE_DUE] && o->now->due_ms > o->l->looked_ms &&
	    o->k->last_at[o->n][PHASE_DUE] != o->now->due_ms)
		wrong(o->l, o->number, "deadline %u did not fire at its time", o->n + 1);
}

static void check_said(struct one *o)
{
	static const struct { uint8_t kind, phase; } said_by[] = {
		{ALERT_DUE_SOON, PHASE_SOON}, {ALERT_DUE, PHASE_DUE}, {ALERT_DECISION, PHASE_DUE}, {ALERT_REMINDER, PHASE_DUE},
		{ALERT_DRIFT, PHASE_DUE}, {ALERT_OVERDUE, PHASE_OVERDUE}, {ALERT_ESCALATED, PHASE_OVERDUE},
	};
	const uint8_t *said = o->k->said[o->n], *fired = o->k->fired[o->n];

	for (size_t i = 0; i < sizeof said_by / sizeof *said_by; i++)
		if (said[said_by[i].kind] > fired[said_by[i].phase])
			wrong(o->l, o->number, "%s of deadline %u was said %u times, and it fired %u times", alert_kind_text(said_by[i].kind),
			      o->n + 1, said[said_by[i].kind], fired[said_by[i].phase]);
	if (fired[PHASE_OVERDUE] > said[ALERT_OVERDUE])
		wrong(o->l, o->number, "deadline %u is overdue and nobody was told", o->n + 1);
	if (fired[PHASE_DUE] && o->now->state == DEADLINE_MISSED && !said[ALERT_DUE] && !said[ALERT_REMINDER])
		wrong(o->l, o->number, "deadline %u was missed and nobody was told", o->n + 1);
	if (o->k->breach[o->n] != o->now->breach_alert)
		wrong(o->l, o->number, "deadline %u has breach alert %llu, the log %llu", o->n + 1,
		      (unsigned long long)o->now->breach_alert, (unsigned long long)o->k->breach[o->n]);
}

static void check_one(struct one *o)
{
	if (o->was && took_its_place(o)) {
		if (o->was->state == DEADLINE_OPEN || o->was->breach_alert)
			wrong(o->l, o->number, "deadline %u lost its place before it was over", o->n + 1);
		o->was = NULL;
	}
	check_state(o);
	check_move(o);
	/* in a full case one may end, and the next one in its place, between two looks */
	if (o->now->last + 400 < o->now->from)
		wrong(o->l, o->number, "deadline %u counts to a day long before it began", o->n + 1);
	if (o->now->rule == DEADLINE_ELSEWHERE || (o->k->count == CASE_DEADLINES_MAX && o->k->by_firing))
		return;
	check_phases(o);
	check_said(o);
}

static void check_case(struct ledger *l, uint32_t number)
{
	struct kept_case *k = l->cases[number - 1];

	assert_int_equal(state_case_load(&l->host->engine->state, number, &l->now), STORE_OK);
	l->totals.cases += !k->known;
	l->totals.closed += l->now.closed && !k->closed;
	for (unsigned n = 0; n < l->now.deadline_count; n++)
		check_one(&(struct one){l, k, number, n, n < k->count ? &k->deadlines[n] : NULL, &l->now.deadlines[n]});
	if (k->closed && !l->now.closed)
		wrong(l, number, "it was closed and is open again");
	k->known = true;
	k->closed = l->now.closed;
	k->count = l->now.deadline_count;
	memcpy(k->deadlines, l->now.deadlines, sizeof k->deadlines);
}

/* What is open is still to come, in whichever case. */
static void check_time(struct ledger *l, uint64_t now)
{
	for (uint32_t i = 0; i < l->case_count; i++)
		for (unsigned n = 0; n < l->cases[i]->count; n++) {
			uint8_t phase = 0;
			uint64_t next = case_timer(&l->cases[i]->deadlines[n], &phase);

			if (next && l->cases[i]->closed)
				wrong(l, i + 1, "deadline %u of a closed case still waits", n + 1);
			if (next && next <= now)
				wrong(l, i + 1, "phase %u of deadline %u was lost", phase, n + 1);
		}
}

unsigned ledger_look(struct ledger *l, struct host *h)
{
	struct engine *e = h->engine;
	struct txn *txn;

	for (unsigned i = 0; i < l->touched_count; i++) {
		struct kept_case *k = l->cases[l->touched[i] - 1];

		k->touched = k->by_action = k->by_firing = k->by_alert = k->by_move = false;
		k->by_calendar = 0;
		memset(k->fired, 0, sizeof k->fired);
		memset(k->said, 0, sizeof k->said);
	}
	l->touched_count = 0;
	l->host = h;
	assert_non_null(txn = engine_read(e));
	assert_int_equal(e->log.methods->read(&e->log, txn, l->position + 1, UINT64_MAX, take_event, l), STORE_NONE);
	for (unsigned i = 0; i < l->touched_count; i++)
		check_case(l, l->touched[i]);
	engine_read_end(e, txn);
	check_time(l, engine_now(e));
	l->looked_ms = engine_now(e);
	return l->touched_count;
}

/* ---- the end ---- */

static void check_alerts(struct ledger *l, struct txn *txn)
{
	struct scan scan;
	struct slice key, value;
	size_t i = 0;

	assert_int_equal(scan_open(&scan, txn, TABLE_ALERTS, slice_of(NULL, 0)), STORE_OK);
	for (; scan_next(&scan, &key, &value) == STORE_OK; i++) {
		struct reader r = reader_of(key);
		uint64_t number = read_u64(&r);
		struct alert a;

		assert_true(alert_decode(&a, number, value));
		if (i == l->alert_count || l->alerts[i].number != number || l->alerts[i].status != a.status)
			fail_msg("alert %llu is %s in its table, and not so in the log", (unsigned long long)number, alert_status_text(a.status));
	}
	scan_close(&scan);
	assert_int_equal(i, l->alert_count);
}

void ledger_settle(struct ledger *l, struct host *h, struct ledger_totals *all)
{
	unsigned *to = (unsigned *)all, *from = (unsigned *)&l->totals;
	struct txn *txn;

	for (uint32_t i = 0; i < l->case_count; i++) {
		if (!l->cases[i]->closed)
			wrong(l, i + 1, "it is still open");
		if (l->cases[i]->opened != l->cases[i]->ended)
			wrong(l, i + 1, "%u deadlines were opened and %u ended", l->cases[i]->opened, l->cases[i]->ended);
	}
	assert_int_equal(store_begin(h->engine->store, false, &txn), STORE_OK);
	check_alerts(l, txn);
	store_abort(&txn);
	for (size_t i = 0; i < sizeof *all / sizeof *to; i++)
		to[i] += from[i];
}
