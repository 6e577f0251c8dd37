/* task.c - recurring tasks of a school.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "casework/task.h"

enum { JANUARY = 1, MARCH = 3, AUGUST = 8, MID_MARCH = 15, HOLIDAY_DAYS = 5 };

/* ---- terms ---- */

/* Of more than there is room for the earliest goes: a calendar may have been kept for many years. */
static void add_half(struct terms *t, day_t first, day_t last)
{
	unsigned at;

	if (first > last || (t->count == HALF_TERMS_MAX && first < t->half[0].first))
		return;
	if (t->count == HALF_TERMS_MAX)
		memmove(&t->half[0], &t->half[1], --t->count * sizeof *t->half);
	at = t->count;
	for (; at > 0 && t->half[at - 1].first > first; at--)
		t->half[at] = t->half[at - 1];
	t->half[at] = (struct half_term){first, last};
	t->count++;
}

void terms_build(struct terms *t, const struct calendar_row rows[], size_t count)
{
	t->count = 0;
	for (size_t i = 0; i < count; i++) {
		day_t from = rows[i].from;

		if (rows[i].kind != CALENDAR_TERM)
			continue;
		for (;;) { /* up to the next holiday in it */
			const struct calendar_row *next = NULL;

			for (size_t j = 0; j < count; j++)
				if (rows[j].kind == CALENDAR_HOLIDAY && rows[j].to - rows[j].from + 1 >= HOLIDAY_DAYS &&
				    rows[j].from >= from && rows[j].to < rows[i].to && (!next || rows[j].from < next->from))
					next = &rows[j];
			if (!next)
				break;
			add_half(t, from, next->from - 1);
			from = next->to + 1;
		}
		add_half(t, from, rows[i].to);
	}
}

/* ---- instances ---- */

static int season_of(day_t first)
{
	int year, month, day;

	day_split(first, &year, &month, &day);
	if (month >= AUGUST)
		return 0;
	return month < MARCH || (month == MARCH && day < MID_MARCH) ? 1 : 2;
}

/* The same for all days of an instance, another one for each; 0: the day is of none. */
static int instance_of(const struct task_rule *rule, const struct terms *t, unsigned half, day_t day)
{
	day_t first = t->half[half].first;
	int year, month, of_month;

	switch ((enum recurrence)rule->every) {
	case EVERY_WEEK:
		return day_week(day);
	case EVERY_FORTNIGHT:
		return (int)half * 64 + (day_week(day) - day_week(first)) / 2 + 1;
	case EVERY_HALF_TERM:
		return (int)half + 1;
	case EVERY_TERM:
		return day_school_year(first) * 4 + season_of(first);
	case EVERY_YEAR:
		day_split(day, &year, &month, &of_month);
		return month == rule->month ? year : 0;
	}
	return 0;
}

bool task_next(const struct task_rule *rule, const struct terms *t, const struct calendar *c, day_t through, day_t since,
               struct task_span *out)
{
	int instance = 0;

	*out = (struct task_span){0};
	for (unsigned half = 0; half < t->count; half++)
		for (day_t day = t->half[half].first; day <= t->half[half].last; day++) {
			int found = instance_of(rule, t, half, day);

			if (found == 0)
				continue;
			if (found != instance) {
				if (out->due && out->first > through && out->due >= since)
					return true;
				*out = (struct task_span){.first = day};
				instance = found;
			}
			out->last = day;
			if (calendar_is_school_day(c, day))
				out->due = day;
		}
	return out->due && out->first > through && out->due >= since;
}

/* ---- schools ---- */

bool task_concerns(const struct task_rule *rule, const struct school *s)
{
	return s->kinds != 0 && (rule->schools == 0 || (rule->schools & s->kinds) != 0);
}

const struct school_task *school_task(const struct school *s, struct slice name)
{
	for (unsigned i = 0; i < s->task_count; i++)
		if (slice_is(name, s->tasks[i].name))
			return &s->tasks[i];
	return NULL;
}

void school_apply_described(struct school *s, const struct event_school_described *e, day_t on)
{
	char name[SCHOOL_NAME_MAX + 1] = ""; /* what is said may be what is there, and point to it */

	if (s->kinds == 0)
		s->since = (uint16_t)on;
	s->kinds = e->kinds;
	if (e->name.size)
		memcpy(name, e->name.bytes, e->name.size);
	memcpy(s->name, name, sizeof name);
}

void school_apply_task(struct school *s, struct slice name, uint16_t through, uint64_t alert)
{
	struct school_task *task = (struct school_task *)(uintptr_t)school_task(s, name);

	if (!task && (s->task_count == TASKS_MAX || name.size >= NAME_SIZE_MAX)) {
		/* names of pathways that are gone make room, the one that came least far first */
		if (name.size >= NAME_SIZE_MAX)
			return;
		task = &s->tasks[0];
		for (unsigned i = 1; i < s->task_count; i++)
			if (s->tasks[i].through < task->through)
				task = &s->tasks[i];
		memset(task, 0, sizeof *task);
	} else if (!task) {
		task = &s->tasks[s->task_count++];
	}
	if (name.size)
		memcpy(task->name, name.bytes, name.size);
	task->through = through;
	task->alert = alert;
}

static void write_day(struct writer *out, day_t day)
{
	char text[32];

	day_text_long(text, day);
	write_bytes(out, text, strlen(text));
}

void task_text(struct writer *out, const struct task_rule *rule, const struct task_span *span)
{
	static const char *const words[] = {
		[EVERY_WEEK] = "weekly", [EVERY_FORTNIGHT] = "fortnightly", [EVERY_HALF_TERM] = "half-termly",
		[EVERY_TERM] = "termly", [EVERY_YEAR] = "annual",
	};
	static const char task[] = " task, ", to[] = " to ", undone[] = ", is not ticked off: ", end[] = ".";

	write_bytes(out, "The ", 4);
	write_bytes(out, words[rule->every], strlen(words[rule->every]));
	write_bytes(out, task, sizeof task - 1);
	write_day(out, span->first);
	write_bytes(out, to, sizeof to - 1);
	write_day(out, span->due);
	write_bytes(out, undone, sizeof undone - 1);
	write_bytes(out, rule->title.bytes, rule->title.size);
	write_bytes(out, end, sizeof end - 1);
}

/* kinds:u8 since:u16 count:u8 *(name:blob through:u16 alert:varint) ?name:blob; without a name it is as it was before there were any */
void school_encode(struct writer *out, const struct school *s)
{
	write_u8(out, s->kinds);
	write_u16(out, s->since);
	write_u8(out, s->task_count);
	for (unsigned i = 0; i < s->task_count; i++) {
		write_blob(out, slice_text(s->tasks[i].name));
		write_u16(out, s->tasks[i].through);
		write_varint(out, s->tasks[i].alert);
	}
	if (s->name[0])
		write_blob(out, slice_text(s->name));
}

bool school_decode(struct school *s, struct slice bytes)
{
	struct reader in = reader_of(bytes);
	uint32_t urn = s->urn;

	*s = (struct school){.urn = urn};
	s->kinds = read_u8(&in);
	s->since = read_u16(&in);
	s->task_count = read_u8(&in);
	if (s->task_count > TASKS_MAX)
		return false;
	for (unsigned i = 0; i < s->task_count && !in.bad; i++) {
		struct slice name = read_blob(&in);

		if (name.size == 0 || name.size >= NAME_SIZE_MAX || memchr(name.bytes, 0, name.size))
			return false;
		memcpy(s->tasks[i].name, name.bytes, name.size);
		s->tasks[i].through = read_u16(&in);
		s->tasks[i].alert = read_varint(&in);
	}
	if (!in.bad && !reader_done(&in)) {
		struct slice name = read_blob(&in);

		if (name.size == 0 || name.size > SCHOOL_NAME_MAX || memchr(name.bytes, 0, name.size))
			return false;
		memcpy(s->name, name.bytes, name.size);
	}
	return reader_done(&in);
}
