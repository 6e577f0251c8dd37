/* Time: what fell due is appended, each phase of each deadline once, in the order
 * in which it fell due. What has fired is gone from the table of timers in the
 * same transaction as the event that says so. SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <stdlib.h>

#include "daemon/engine_parts.h"
#include "daemon/memory.h"

enum store_result first_timer(struct txn *txn, struct slice *key, uint64_t *instant)
{
	struct scan scan;
	struct slice value;
	struct reader r;
	enum store_result result = scan_open(&scan, txn, TABLE_TIMERS, slice_of(NULL, 0));

	*instant = 0;
	if (result == STORE_OK)
		result = scan_next(&scan, key, &value);
	if (result == STORE_OK) {
		r = reader_of(*key);
		*instant = read_u64(&r);
	}
	scan_close(&scan);
	return result == STORE_NONE ? STORE_OK : result;
}

/* The next one is known until another is set; but one that can't be read now is looked for again, or nothing
 * would fire until then. */
static enum store_result look_for_timer(struct engine *e)
{
	struct txn *txn = engine_read(e);
	struct slice key;
	enum store_result result;

	e->next_timer = 0;
	result = txn ? first_timer(txn, &key, &e->next_timer) : STORE_FAILED;
	e->timer_known = result == STORE_OK;
	engine_read_end(e, txn);
	return result;
}

/* Marks arm the day's timer beside engine_append. */
static bool timer_known(struct engine *e)
{
	if (e->state.timers_changed)
		e->timer_known = e->state.timers_changed = false;
	return e->timer_known;
}

uint64_t engine_next_timer(struct engine *e)
{
	if (e->state.clock_held || e->options.manual_clock)
		return 0;
	if (!timer_known(e))
		look_for_timer(e);
	return e->next_timer;
}

static void fire(struct engine *e, uint64_t instant, uint32_t case_no, uint8_t deadline, uint8_t phase)
{
	struct case_alert alerts[4];
	struct case_state *c = memory_grow(NULL, sizeof *c); /* loading clears it */
	struct case_view view;
	struct event ev;
	uint64_t late = e->now_ms > instant ? e->now_ms - instant : 0;
	size_t count = 0;

	e->broken = state_case_load(&e->state, case_no, c);
	if (e->broken == STORE_OK && (deadline < 1 || deadline > c->deadline_count))
		e->broken = STORE_DAMAGED;
	if (e->broken == STORE_OK)
		e->broken = state_case_view(&e->state, c, day_of_ms(e->now_ms), &view);
	if (e->broken == STORE_OK)
		e->broken = state_view_earlier(&e->state, c, &view);
	if (e->broken == STORE_OK) {
		count = case_fired_alerts(c, &view, deadline, phase, alerts);
		/* after a long time down: what is due already is not due soon */
		if (phase == PHASE_SOON && c->deadlines[deadline - 1].due_ms <= e->now_ms)
			count = 0;
		engine_event(e, &ev, EVENT_DEADLINE_FIRED, 0);
		ev.deadline_fired = (struct event_deadline_fired){
			.case_no = case_no, .deadline = deadline, .phase = phase, .due_ms = instant};
		e->state.in_hand = c;
		e->state.in_hand_view = &view;
		engine_append(e, &ev);
		e->state.in_hand = NULL;
	}
	for (size_t i = 0; i < count && e->broken == STORE_OK; i++)
		raise_case_alert(e, c, &view, alerts[i].kind, alerts[i].deadline, alerts[i].text, late);
	e->counters[COUNT_FIRED]++;
	e->counters[COUNT_FIRED_LATE_MS] += late;
	metrics_late(&e->metrics, late);
	free(c);
}

/* The timer of no case: the day before its instant is over. */
static void end_day(struct engine *e, uint64_t instant)
{
	day_t ended = day_of_ms(instant) - 1;
	struct event ev;

	engine_event(e, &ev, EVENT_DAY_ENDED, 0);
	ev.day_ended.day = (uint16_t)ended;
	engine_append(e, &ev);
	react_to_day(e, ended, e->now_ms > instant ? e->now_ms - instant : 0);
}

bool fire_due(struct engine *e, uint64_t until_ms, bool manual)
{
	struct key before = {.size = 0};

	if (!engine_write(e))
		return false;
	for (unsigned fired = 0; e->broken == STORE_OK;) {
		struct slice key;
		uint64_t instant;
		struct reader r;
		uint32_t case_no;
		uint8_t deadline, phase;

		e->broken = first_timer(e->txn, &key, &instant);
		if (e->broken != STORE_OK || !instant || instant > until_ms)
			return false;
		/* a manual clock stops between two instants, in one only where a transaction would grow too large */
		if (fired >= (manual && instant <= e->now_ms ? FIRE_INSTANT_MAX : FIRE_MAX))
			return true;
		r = reader_of(key);
		read_u64(&r);
		case_no = read_u32(&r);
		deadline = read_u8(&r);
		phase = read_u8(&r);
		/* One that stands when it has fired is none of its case's, and would fire for ever. */
		if (!reader_done(&r) || slice_equal(key, key_slice(&before))) {
			e->broken = store_unreadable(e->txn, TABLE_TIMERS);
			return false;
		}
		before = key_timer(instant, case_no, deadline, phase);
		if (manual && instant > e->now_ms)
			e->now_ms = instant;
		fired += case_no ? 1 : 1 + e->state.pupil_count / FIRE_PUPILS;
		if (case_no)
			fire(e, instant, case_no, deadline, phase);
		else
			end_day(e, instant);
	}
	return false;
}

bool engine_tick(struct engine *e, uint64_t now_ms)
{
	bool known = timer_known(e);

	(void)now_ms; /* engine_begin was given it */
	if (e->state.clock_held || e->damaged || e->broken != STORE_OK)
		return false;
	/* Under a manual clock what is due is what an action dated back has made due. */
	if (known && e->options.manual_clock)
		return false;
	if (!known)
		e->broken = look_for_timer(e);
	return e->broken == STORE_OK && e->next_timer && e->next_timer <= e->now_ms && fire_due(e, e->now_ms, false);
}

/* ---- the clock that is held ---- */

void engine_clock_stepped(struct engine *e, uint64_t seen_ms, int64_t step_ms)
{
	e->hold.wanted = true;
	e->hold.seen_ms = seen_ms;
	e->hold.step_ms = step_ms;
}

bool engine_clock_held(struct engine *e)
{
	return e->state.clock_held || e->hold.wanted;
}

void deadlines_hold(struct engine *e)
{
	struct event ev;

	if (!e->hold.wanted)
		return;
	e->hold.wanted = false;
	if (e->state.clock_held)
		return;
	engine_event(e, &ev, EVENT_CLOCK_HELD, 0);
	ev.clock_held = (struct event_clock_held){.seen_ms = e->hold.seen_ms, .step_ms = e->hold.step_ms};
	engine_append(e, &ev);
}
