/* Days that are told when they end: each Monday to Friday from the first mark that a watch
 * looks at then, as long as such marks are due. One timer, of no case, is the next one's.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "daemon/state_parts.h"

enum { MOVE_DAYS = 60 }; /* by which a change of calendar may move what is due */

static day_t weekday_from(day_t day)
{
	while (day_weekday(day) > FRIDAY)
		day++;
	return day;
}

static struct key timer_of(day_t day)
{
	return key_timer(day_start_ms(day + 1), 0, 0, PHASE_DUE);
}

day_t state_over(const struct state *s, day_t today)
{
	return s->days.armed ? s->days.next - 1 : s->days.next ? today - 1 : 0;
}

static void await_until(struct state *s, day_t until)
{
	if (until > DAY_MAX)
		until = DAY_MAX;
	s->days.changed |= until > s->days.until;
	if (until > s->days.until)
		s->days.until = until;
}

void state_await(struct state *s, uint32_t urn, day_t day)
{
	await_until(s, calendar_add(state_calendar(s, urn), day, s->day_reach, UNIT_SCHOOL_DAYS, NULL));
}

void state_await_always(struct state *s)
{
	await_until(s, DAY_MAX);
}

void state_await_more(struct state *s)
{
	if (s->days.armed)
		await_until(s, s->days.until + MOVE_DAYS);
}

static enum store_result arm(struct state *s)
{
	struct key key = timer_of(s->days.next);

	s->days.armed = s->days.until >= s->days.next;
	return s->days.armed ? state_put(s, TABLE_TIMERS, &key, NULL) : STORE_OK;
}

static enum store_result save(struct state *s)
{
	uint8_t room[8];
	struct writer w = writer_of(room, sizeof room);
	struct key key = {.bytes = "days", .size = 4};

	s->days.changed = false;
	write_u16(&w, (uint16_t)s->days.next);
	write_u16(&w, (uint16_t)s->days.until);
	write_u8(&w, s->days.armed);
	return state_put(s, TABLE_META, &key, &w);
}

bool state_take_days(struct state *s, struct slice value)
{
	struct reader r = reader_of(value);

	s->days.next = read_u16(&r);
	s->days.until = read_u16(&r);
	s->days.armed = read_u8(&r);
	return reader_done(&r);
}

enum store_result state_save_days(struct state *s, uint64_t at_ms)
{
	enum store_result result = STORE_OK;
	day_t today = day_of_ms(at_ms);

	if (!s->days.changed)
		return STORE_OK;
	if (!s->days.armed && s->days.until >= today) {
		s->days.next = weekday_from(s->days.next > today ? s->days.next : today);
		result = arm(s);
	}
	return result == STORE_OK ? save(s) : result;
}

enum store_result state_apply_day_ended(struct state *s, const struct event *e)
{
	struct key key = timer_of(e->day_ended.day);
	enum store_result result = state_drop(s, TABLE_TIMERS, &key);

	s->days.next = weekday_from(e->day_ended.day + 1);
	if (result == STORE_OK)
		result = arm(s);
	return result == STORE_OK ? save(s) : result;
}
