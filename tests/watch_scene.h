/* watch_scene.h - one pupil under watch: marks go in, alerts are raised and
 * withdrawn, as the daemon does it live.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_WATCH_SCENE_H
#define TESTS_WATCH_SCENE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "casework/watch.h"

enum { SCENE_ALERTS_MAX = 512, SCENE_POSITION_FIRST = 100 };

enum {
	RULE_THRESHOLD,
	RULE_ATTENDANCE,
	RULE_MISSING,
	RULE_SICKNESS,
	RULE_PERSISTENT,
	RULE_SEVERE,
	RULE_COUNT
};

struct scene_alert {
	uint8_t kind;
	bool up, withdrawn;
	day_t first, last;
	uint64_t position;
};

struct scene {
	struct pathway *pathway;
	struct calendar *calendar;
	struct pupil pupil;
	struct standing standing;
	uint64_t position;
	unsigned alert_count;
	struct scene_alert alerts[SCENE_ALERTS_MAX];
	unsigned looks, idles;
	/* Of the last mark: */
	size_t change_count;
	struct watch_change changes[WATCH_CHANGES_MAX];
};

static inline void scene_rules(struct pathway *p)
{
	uint64_t unauthorised = CODE_BIT(CODE_G) | CODE_BIT(CODE_N) | CODE_BIT(CODE_O) | CODE_BIT(CODE_U);
	p->watch_count = RULE_COUNT;
	p->watches[RULE_THRESHOLD] = (struct watch_rule){
		.kind = ALERT_THRESHOLD,
		.type = WATCH_COUNT,
		.codes = unauthorised,
		.at_least = 10,
		.text = slice_text("{count} sessions from {first} to {last}; {percentage} %. {unknown} {")};
	p->watches[RULE_ATTENDANCE] =
		(struct watch_rule){.kind = ALERT_ATTENDANCE_RETURN,
				    .type = WATCH_RUN,
				    .codes = unauthorised,
				    .at_least = 10,
				    .text = slice_text("{count} school days, {first} to {last}")};
	p->watches[RULE_MISSING] = (struct watch_rule){
		.kind = ALERT_MISSING_FROM_SCHOOL, .type = WATCH_RUN, .codes = unauthorised, .at_least = 10};
	p->watches[RULE_SICKNESS] = (struct watch_rule){
		.kind = ALERT_SICKNESS_RETURN, .type = WATCH_SICK, .codes = CODE_BIT(CODE_I), .at_least = 15};
	p->watches[RULE_PERSISTENT] = (struct watch_rule){.kind = ALERT_PERSISTENT,
							  .type = WATCH_SHARE,
							  .at_least = 10,
							  .from_possible = 20,
							  .text = slice_text("up: {count} of {of}"),
							  .text_down = slice_text("down: {count} of {of}")};
	p->watches[RULE_SEVERE] = (struct watch_rule){
		.kind = ALERT_SEVERE, .type = WATCH_SHARE, .at_least = 50, .from_possible = 20};
	pathway_work_out(p);
}

static inline struct scene *scene_new(void)
{
	struct scene *s = calloc(1, sizeof *s);
	s->pathway = calloc(1, sizeof *s->pathway);
	s->calendar = calloc(1, sizeof *s->calendar);
	s->position = SCENE_POSITION_FIRST;
	scene_rules(s->pathway);
	calendar_build(s->calendar, NULL, 0);
	return s;
}

static inline void scene_free(struct scene *s)
{
	free(s->pathway);
	free(s->calendar);
	free(s);
}

static inline struct event_alert_raised scene_event(const struct watch_change *change)
{
	return (struct event_alert_raised){.kind = change->kind,
					   .up = change->up,
					   .first_day = change->first_day,
					   .last_day = change->last_day};
}

static inline void scene_apply(struct scene *s, const struct watch_change *change)
{
	s->position++;
	if (change->withdraw) {
		watch_apply_withdrawn(&s->pupil, &s->standing, change->alert);
		for (unsigned i = 0; i < s->alert_count; i++)
			if (s->alerts[i].position == change->alert)
				s->alerts[i].withdrawn = true;
		return;
	}
	struct event_alert_raised event = scene_event(change);
	watch_apply_raised(&s->pupil, &s->standing, &event, s->position, s->pathway->threshold);
	s->alerts[s->alert_count++ % SCENE_ALERTS_MAX] = (struct scene_alert){.kind = change->kind,
									      .up = change->up,
									      .first = change->first_day,
									      .last = change->last_day,
									      .position = s->position};
}

static inline void scene_look(struct scene *s, const struct watch_mark *mark)
{
	static const struct standing none;
	bool idle = watch_idle(s->pathway, &s->pupil, mark);
	/* The store is asked for standing alerts only where the record says there may be some. */
	const struct standing *standing = s->pupil.standing ? &s->standing : &none;
	s->change_count = watch_look(s->pathway, &s->pupil, s->calendar, standing, mark, s->changes);
	s->idles += idle;
	s->looks++;
	if (idle && s->change_count > 0) { /* what watch.h promises never happens */
		fprintf(stderr, "idle, yet kind %d: mark %d %d, %s in place of %s; withdraw %d, %d to %d\n",
			s->changes[0].kind, mark->day, mark->session, code_text(mark->code),
			mark->held ? code_text(mark->held) : "none", s->changes[0].withdraw,
			s->changes[0].first_day, s->changes[0].last_day);
		abort();
	}
	for (size_t i = 0; i < s->change_count; i++)
		scene_apply(s, &s->changes[i]);
}

static inline enum mark_change scene_mark(struct scene *s, day_t day, uint8_t session, uint8_t code)
{
	struct watch_mark mark = {.day = day, .session = session, .code = code};
	enum mark_change change =
		pupil_mark(&s->pupil, s->calendar, day, session, code, s->pathway->threshold, &mark.held);
	s->position++;
	s->change_count = 0;
	if (change == MARK_NEW || change == MARK_CORRECTED)
		scene_look(s, &mark);
	return change;
}

/* Marks `count` school days from `day` on; gives the day after the last.
 * CODE_NONE: that session isn't taken. */
static inline day_t scene_days(struct scene *s, day_t day, unsigned count, uint8_t am, uint8_t pm)
{
	for (; count > 0; day++) {
		if (!calendar_is_school_day(s->calendar, day))
			continue;
		if (am != CODE_NONE)
			scene_mark(s, day, AM, am);
		if (pm != CODE_NONE)
			scene_mark(s, day, PM, pm);
		count--;
	}
	return day;
}

static inline void scene_calendar(struct scene *s, const struct calendar_row rows[], size_t count)
{
	const struct watch_mark none = {0};
	calendar_build(s->calendar, rows, count);
	pupil_recount(&s->pupil, s->calendar);
	scene_look(s, &none);
}

/* How many alerts of a kind were raised, and how many of those stand. */
static inline unsigned scene_raised(const struct scene *s, uint8_t kind)
{
	unsigned count = 0;
	for (unsigned i = 0; i < s->alert_count; i++)
		count += s->alerts[i].kind == kind;
	return count;
}

static inline unsigned scene_standing(const struct scene *s, uint8_t kind)
{
	unsigned count = 0;
	for (unsigned i = 0; i < s->alert_count; i++)
		count += s->alerts[i].kind == kind && !s->alerts[i].withdrawn;
	return count;
}

static inline const struct scene_alert *scene_newest(const struct scene *s, uint8_t kind)
{
	for (unsigned i = s->alert_count; i-- > 0;)
		if (s->alerts[i].kind == kind)
			return &s->alerts[i];
	return NULL;
}

static inline day_t scene_date(const char *text)
{
	day_t day = 0;
	assert_true(day_parse(slice_text(text), &day));
	return day;
}

static inline struct calendar_row scene_row(const char *from, const char *to, uint8_t kind)
{
	return (struct calendar_row){(uint16_t)scene_date(from), (uint16_t)scene_date(to), kind,
				     slice_text("")};
}

static inline size_t scene_terms(struct calendar_row rows[static 16])
{
	size_t count = 0;
	rows[count++] = scene_row("2026-09-01", "2026-10-23", CALENDAR_TERM);
	rows[count++] = scene_row("2026-11-02", "2026-12-18", CALENDAR_TERM);
	rows[count++] = scene_row("2027-01-04", "2027-02-12", CALENDAR_TERM);
	rows[count++] = scene_row("2027-02-22", "2027-03-25", CALENDAR_TERM);
	rows[count++] = scene_row("2027-04-12", "2027-05-28", CALENDAR_TERM);
	rows[count++] = scene_row("2027-06-07", "2027-07-21", CALENDAR_TERM);
	rows[count++] = scene_row("2027-09-01", "2027-10-22", CALENDAR_TERM);
	rows[count++] = scene_row("2027-11-01", "2027-12-17", CALENDAR_TERM);
	rows[count++] = scene_row("2027-07-22", "2027-08-31", CALENDAR_HOLIDAY);
	return count;
}

static inline int scene_begin(void **state)
{
	struct calendar_row rows[16];
	struct scene *s = scene_new();
	calendar_build(s->calendar, rows, scene_terms(rows));
	*state = s;
	return 0;
}

static inline int scene_end(void **state)
{
	scene_free(*state);
	return 0;
}

#define SCENE_TEST(name) cmocka_unit_test_setup_teardown(name, scene_begin, scene_end)

#endif
