/* What of schools' recurring tasks is undone when its time is over, and what a change of
 * calendar moves.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/engine_parts.h"
#include "daemon/memory.h"
#include "proto/utf8.h"

enum { TEXT_ROOM = 4000, TITLE_SHOWN = 80 };

static void remind(struct engine *e, const struct school *school, const struct task_rule *rule, const struct task_span *span,
		   uint64_t late_ms)
{
	uint8_t room[4096];
	struct writer w = writer_of(room, sizeof room);
	struct event ev;

	task_text(&w, rule, span);
	engine_event(e, &ev, EVENT_ALERT_RAISED, 0);
	ev.alert_raised = (struct event_alert_raised){.kind = ALERT_REMINDER,
						      .urn = school->urn,
						      .deadline_kind = rule->name,
						      .due_ms = day_start_ms(span->due + 1),
						      .first_day = (uint16_t)span->first,
						      .last_day = (uint16_t)span->last,
						      .late_ms = late_ms,
						      .text = writer_slice(&w),
						      .tells = rule->tells,
						      .clause = rule->clause};
	engine_append(e, &ev);
	e->counters[COUNT_FIRED]++;
	e->counters[COUNT_FIRED_LATE_MS] += late_ms;
}

void remind_schools(struct engine *e, day_t ended, uint64_t late_ms)
{
	for (uint32_t i = 0; i < e->state.school_count; i++) {
		const struct school *school = e->state.schools[i];
		const struct pathway *pathway = state_school_pathway(&e->state, school->urn);
		struct task_span span;

		for (unsigned t = 0; pathway && t < pathway->task_count; t++)
			while (e->broken == STORE_OK && state_task(&e->state, school, &pathway->tasks[t], ended + 1, &span) &&
			       span.due <= ended)
				remind(e, school, &pathway->tasks[t], &span, late_ms);
	}
}

/* ---- a changed calendar ---- */

/* A row of TASKS_MAX last days for each school, in the state's order; 0: none. */
struct task_dues {
	day_t *list;
};

static day_t due_of(struct engine *e, const struct school *school, const struct pathway *pathway, unsigned task)
{
	struct task_span span;

	return state_task(&e->state, school, &pathway->tasks[task], day_of_ms(e->now_ms), &span) ? span.due : 0;
}

struct task_dues *tasks_before(struct engine *e)
{
	struct task_dues *dues = memory_new(sizeof *dues);

	dues->list = memory_new((e->state.school_count * TASKS_MAX + 1) * sizeof *dues->list);
	for (uint32_t i = 0; i < e->state.school_count; i++) {
		const struct pathway *pathway = state_school_pathway(&e->state, e->state.schools[i]->urn);

		for (unsigned t = 0; pathway && t < pathway->task_count; t++)
			dues->list[i * TASKS_MAX + t] = due_of(e, e->state.schools[i], pathway, t);
	}
	return dues;
}

static size_t add_moved(char text[static TEXT_ROOM], size_t at, const struct task_rule *rule, day_t was, day_t now)
{
	char before[32], after[32] = "";

	day_text_long(before, was);
	if (now)
		day_text_long(after, now);
	utf8_cut(text + at, TEXT_ROOM - at,
		 snprintf(text + at, TEXT_ROOM - at, " %.*s: from %s to %s.", UTF8_HEAD(rule->title, TITLE_SHOWN), before,
			  now ? after : "no day of the calendar"));
	return at + strlen(text + at);
}

unsigned react_to_moved_tasks(struct engine *e, struct task_dues *dues)
{
	unsigned told = 0;

	for (uint32_t i = 0; i < e->state.school_count && e->broken == STORE_OK; i++) {
		const struct school *school = e->state.schools[i];
		const struct pathway *pathway = state_school_pathway(&e->state, school->urn);
		char text[TEXT_ROOM] = "The calendar changed (EN-06), and the last days of these tasks move.";
		size_t head = strlen(text), at = head;
		uint32_t tells = 0;
		struct event ev;

		for (unsigned t = 0; pathway && t < pathway->task_count; t++) {
			day_t was = dues->list[i * TASKS_MAX + t], now = due_of(e, school, pathway, t);

			if (!was || was == now)
				continue;
			at = add_moved(text, at, &pathway->tasks[t], was, now);
			tells |= pathway->tasks[t].tells;
		}
		if (at == head)
			continue;
		engine_event(e, &ev, EVENT_ALERT_RAISED, 0);
		ev.alert_raised = (struct event_alert_raised){
			.kind = ALERT_DEADLINE_MOVED, .urn = school->urn, .text = slice_of(text, at), .tells = tells};
		engine_append(e, &ev);
		told++;
	}
	free(dues->list);
	free(dues);
	return told;
}
