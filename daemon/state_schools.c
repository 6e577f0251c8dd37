/* Schools: what they are, and how far their recurring tasks have come.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "daemon/memory.h"
#include "daemon/state_parts.h"

enum { LATE_DAYS = 7 }; /* an instance that was due longer ago than a change of days reaches was none */

struct school *state_school(const struct state *s, uint32_t urn)
{
	for (uint32_t i = 0; i < s->school_count; i++)
		if (s->schools[i]->urn == urn)
			return s->schools[i];
	return NULL;
}

struct school *state_make_school(struct state *s, uint32_t urn)
{
	struct school *school = state_school(s, urn);

	if (school)
		return school;
	school = memory_new(sizeof *school);
	school->urn = urn;
	s->schools = memory_grow(s->schools, (s->school_count + 1) * sizeof(void *));
	s->schools[s->school_count++] = school;
	return school;
}

static const struct terms *terms_of(const struct state *s, uint32_t urn)
{
	static const struct terms none;
	const struct terms *authority = &none;

	for (uint32_t i = 0; i < s->calendar_count; i++) {
		if (s->calendars[i]->urn == urn)
			return &s->calendars[i]->terms;
		if (s->calendars[i]->urn == 0)
			authority = &s->calendars[i]->terms;
	}
	return authority;
}

bool state_task(struct state *s, const struct school *school, const struct task_rule *rule, day_t today, struct task_span *span)
{
	const struct school_task *task = school_task(school, rule->name);
	day_t since = state_over(s, today) - LATE_DAYS;

	return task_concerns(rule, school) &&
	       task_next(rule, terms_of(s, school->urn), state_calendar(s, school->urn), task ? task->through : 0,
			 since > school->since ? since : school->since, span);
}

static enum store_result save(struct state *s, const struct school *school)
{
	uint8_t room[SCHOOL_RECORD_MAX];
	struct writer w = writer_of(room, sizeof room);
	struct key key = key_u32(school->urn);

	school_encode(&w, school);
	return w.full ? STORE_FAILED : state_put(s, TABLE_SCHOOLS, &key, &w);
}

enum store_result state_apply_described(struct state *s, const struct event *e)
{
	struct school *school = state_make_school(s, e->school_described.urn);

	school_apply_described(school, &e->school_described, day_of_ms(e->at_ms));
	state_await_always(s);
	return save(s, school);
}

enum store_result state_apply_task_done(struct state *s, const struct event *e)
{
	struct school *school = state_make_school(s, e->task_done.urn);

	school_apply_task(school, e->task_done.task, e->task_done.through, 0);
	return save(s, school);
}

enum store_result state_apply_reminded(struct state *s, const struct event_alert_raised *r, uint64_t alert)
{
	struct school *school = state_school(s, r->urn);

	if (!school)
		return STORE_OK;
	school_apply_task(school, r->deadline_kind, r->last_day, alert);
	return save(s, school);
}
