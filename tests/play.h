/* play.h - a case played against the compiled stockport.yaml: days, marks,
 * actions, what is said. No engine and no store: the rules alone, driven as the
 * engine drives them. After every step the case must survive its own record.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_PLAY_H
#define TESTS_PLAY_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "casework/case.h"
#include "pathways/bundle.h"

enum { SAID_MAX = 128, PLAY_FIELDS_MAX = 16 };

struct said {
	uint8_t kind;
	uint64_t at_ms;
	bool withdrawn;
	char text[700];
};

struct play {
	struct pathway pathway;
	uint8_t compiled[PATHWAY_SIZE_MAX];
	struct calendar calendar;
	struct calendar_row rows[64];
	size_t row_count;
	struct pupil pupil;
	struct case_state c, twin;
	bool open;
	uint64_t now_ms, position;
	enum tristate age;
	struct lacks lacks;
	struct said said[SAID_MAX];
	unsigned said_count;
	const struct case_notice *earlier;
	size_t earlier_count;
	const struct case_notice *family;
	size_t family_count;
	const struct particulars *roster; /* NULL: nothing is known */
};

static inline day_t day(const char *text)
{
	day_t d = 0;

	assert_true(day_parse(slice_text(text), &d));
	return d;
}

static inline char *play_read(const char *path, size_t *size)
{
	char why[512];
	char *text = bundle_gather(path, size, why, sizeof why);

	if (text == NULL)
		fail_msg("%s", why);
	return text;
}

static inline void play_row(struct play *p, const char *from, const char *to, uint8_t kind)
{
	p->rows[p->row_count++] = (struct calendar_row){(uint16_t)day(from), (uint16_t)day(to), kind, slice_text("")};
}

static inline void play_view(const struct play *p, struct case_view *view)
{
	*view = (struct case_view){.pathway = &p->pathway, .calendar = &p->calendar, .pupil = &p->pupil,
		.today = day_of_ms(p->now_ms), .compulsory_age = p->age,
		.earlier = p->earlier, .earlier_count = p->earlier_count,
		.family = p->family, .family_count = p->family_count, .particulars = p->roster};
}

/* The school year 2026-27 of a made-up school: half-terms, an INSET day, Easter. */
static inline struct play *play_start_with(const char *path, const char *today)
{
	struct play *p = calloc(1, sizeof *p);
	struct compile_report *report = calloc(1, sizeof *report);
	struct writer out;
	size_t size;
	char *source = play_read(path, &size);

	assert_non_null(p);
	assert_non_null(report);
	out = writer_of(p->compiled, sizeof p->compiled);
	if (!pathway_compile(slice_of(source, size), &out, report))
		fail_msg("%s:%u:%u: %s", path, report->faults[0].line, report->faults[0].column, report->faults[0].text);
	assert_true(pathway_decode(&p->pathway, writer_slice(&out)));
	free(source);
	free(report);
	play_row(p, "2026-09-01", "2026-12-18", CALENDAR_TERM);
	play_row(p, "2026-10-26", "2026-10-30", CALENDAR_HOLIDAY);
	play_row(p, "2027-01-04", "2027-03-25", CALENDAR_TERM);
	play_row(p, "2027-02-15", "2027-02-19", CALENDAR_HOLIDAY);
	play_row(p, "2027-04-12", "2027-07-21", CALENDAR_TERM);
	play_row(p, "2027-05-31", "2027-06-04", CALENDAR_HOLIDAY);
	calendar_build(&p->calendar, p->rows, p->row_count);
	p->age = YES;
	p->now_ms = day_start_ms(day(today)) + 9 * 3600 * 1000;
	p->position = 100;
	return p;
}

static inline struct play *play_start(const char *today)
{
	return play_start_with("pathways/stockport.yaml", today);
}

static inline void play_end(struct play *p)
{
	free(p);
}

static inline void say(struct play *p, uint8_t kind, uint8_t deadline, struct slice text, const struct case_view *view)
{
	struct said *s = &p->said[p->said_count++];
	struct writer out = writer_of(s->text, sizeof s->text - 1);

	assert_true(p->said_count < SAID_MAX);
	s->kind = kind;
	s->at_ms = p->now_ms;
	case_text(&out, &p->c, view, deadline, text);
	assert_false(out.full);
	assert_null(strchr(s->text, '{'));
}

/* Encoded, decoded, encoded again: the same bytes, and a case that fits. */
static inline void play_check(struct play *p)
{
	static uint8_t one[CASE_RECORD_MAX], two[CASE_RECORD_MAX];
	struct writer a = writer_of(one, sizeof one), b = writer_of(two, sizeof two);

	case_encode(&a, &p->c);
	assert_false(a.full);
	assert_true(case_decode(&p->twin, writer_slice(&a)));
	assert_true(case_fits(&p->twin, &p->pathway));
	case_encode(&b, &p->twin);
	assert_int_equal(writer_size(&a), writer_size(&b));
	assert_memory_equal(one, two, writer_size(&a));
}

static inline void play_breaches(struct play *p, day_t of)
{
	struct case_breach found[CASE_DEADLINES_MAX];
	struct case_view view;
	size_t count;

	play_view(p, &view);
	if (!p->open)
		return;
	count = case_breaches(&p->c, &view, of, found);
	for (size_t i = 0; i < count; i++) {
		struct case_deadline *d = &p->c.deadlines[found[i].deadline - 1];

		if (found[i].change == BREACH_RAISE) {
			say(p, ALERT_BREACH, found[i].deadline, found[i].text, &view);
			case_apply_breach(&p->c, found[i].deadline, p->said_count);
		} else if (found[i].change == BREACH_CHANGE) {
			struct writer out = writer_of(p->said[d->breach_alert - 1].text, 699);

			memset(p->said[d->breach_alert - 1].text, 0, 700);
			case_text(&out, &p->c, &view, found[i].deadline, found[i].text);
		} else {
			p->said[d->breach_alert - 1].withdrawn = true;
			case_apply_breach(&p->c, found[i].deadline, 0);
		}
	}
	play_check(p);
}

/* One mark; "/" stands for presence in either session. */
static inline void play_mark(struct play *p, const char *date, uint8_t session, const char *code)
{
	uint8_t number = code_parse(slice_text(strcmp(code, "/") == 0 && session == PM ? "\\" : code)), held;
	enum mark_change change;

	assert_int_not_equal(number, CODE_NONE);
	change = pupil_mark(&p->pupil, &p->calendar, day(date), session, number, 10, &held);
	if ((change == MARK_NEW || change == MARK_CORRECTED) &&
	    (code_in(p->pathway.breach_codes, held) || code_in(p->pathway.breach_codes, number)))
		play_breaches(p, day(date));
}

/* Whole school days from one date to another. */
static inline void play_days(struct play *p, const char *from, const char *to, const char *code)
{
	for (day_t d = day(from); d <= day(to); d++) {
		char text[DATE_TEXT_SIZE + 1];

		if (!calendar_is_school_day(&p->calendar, d))
			continue;
		day_text(text, d);
		play_mark(p, text, AM, code);
		play_mark(p, text, PM, code);
	}
}

/* The first `count` sessions from a date on, AM and PM in turn. */
static inline void play_sessions(struct play *p, const char *from, unsigned count, const char *code)
{
	for (day_t d = day(from); count > 0; d++) {
		char text[DATE_TEXT_SIZE + 1];

		if (!calendar_is_school_day(&p->calendar, d))
			continue;
		day_text(text, d);
		play_mark(p, text, AM, code);
		if (--count > 0) {
			play_mark(p, text, PM, code);
			count--;
		}
	}
}

/* Time goes to 09:00 of a day, and what falls due on the way speaks. */
static inline void play_until(struct play *p, const char *date)
{
	uint64_t end = day_start_ms(day(date)) + 9 * 3600 * 1000;

	assert_true(end >= p->now_ms);
	for (unsigned guard = 0; p->open; guard++) {
		uint64_t first = UINT64_MAX;
		uint8_t phase = 0, which = 0;
		struct case_alert alerts[4];
		struct case_view view;
		size_t count;

		assert_true(guard < 1000);
		for (unsigned i = 0; i < p->c.deadline_count; i++) {
			uint8_t its;
			uint64_t at = case_timer(&p->c.deadlines[i], &its);

			if (at != 0 && at < first) {
				first = at;
				phase = its;
				which = (uint8_t)(i + 1);
			}
		}
		if (first > end)
			break;
		if (first > p->now_ms)
			p->now_ms = first;
		play_view(p, &view);
		count = case_fired_alerts(&p->c, &view, which, phase, alerts);
		for (size_t i = 0; i < count; i++)
			say(p, alerts[i].kind, alerts[i].deadline, alerts[i].text, &view);
		case_apply_fired(&p->c, &view, &(struct event_deadline_fired){.deadline = which, .phase = phase, .due_ms = first});
		play_check(p);
	}
	p->now_ms = end;
}

static inline void play_event(struct play *p, struct event_action_recorded *event, const char *action, const char *on,
                              const char *parent, const char *fields, struct slice texts[], size_t *text_count)
{
	int index = pathway_action(&p->pathway, slice_text(action));

	memset(event, 0, sizeof *event);
	*text_count = 0;
	event->case_no = 1;
	event->pupil = 7;
	event->opens = !p->open;
	event->pathway = p->pathway.name;
	event->pathway_version = 1;
	event->name = slice_text(action);
	event->on = (uint16_t)(on ? day(on) : day_of_ms(p->now_ms));
	event->parent = slice_text(parent ? parent : "");
	while (fields != NULL && *fields != 0) {
		size_t size = strcspn(fields, " "), name = strcspn(fields, "=");
		struct slice field = slice_of(fields, name);
		int at = index < 0 ? -1 : action_field(&p->pathway.actions[index], field);

		assert_true(name < size);
		if (at >= 0 && p->pathway.actions[index].fields[at].type == FIELD_TEXT)
			texts[(*text_count)++] = field;
		else
			event->fields[event->field_count++] =
				(struct action_field){field, slice_of(fields + name + 1, size - name - 1)};
		fields += size;
		fields += *fields == ' ';
	}
}

/* Records an action as `who`; `fields` is "name=value name=value". Applied where it may be. */
static inline enum status play_as(struct play *p, enum role who, bool overriding, const char *action, const char *on,
                                  const char *parent, const char *fields)
{
	struct event_action_recorded *event = malloc(sizeof *event);
	struct slice texts[PLAY_FIELDS_MAX];
	struct case_view view;
	size_t text_count;
	enum status status;

	assert_non_null(event);
	play_event(p, event, action, on, parent, fields, texts, &text_count);
	play_view(p, &view);
	status = case_decide(p->open ? &p->c : NULL, &view, who, event, texts, text_count, overriding, &p->lacks);
	if (status == STATUS_OK) {
		event->overridden = overriding && p->lacks.count > 0;
		if (!p->open)
			case_open(&p->c, &p->pathway, event, 123456, p->now_ms);
		p->open = true;
		case_apply_action(&p->c, &view, event, ++p->position, p->now_ms);
		play_check(p);
		play_breaches(p, 0);
	}
	free(event);
	return status;
}

static inline enum status act(struct play *p, const char *action, const char *on, const char *parent, const char *fields)
{
	return play_as(p, ROLE_OFFICER, false, action, on, parent, fields);
}

static inline enum status override(struct play *p, const char *action, const char *on, const char *parent, const char *fields)
{
	return play_as(p, ROLE_OFFICER, true, action, on, parent, fields);
}

/* How many lacks name the clause. */
static inline unsigned lacking(const struct play *p, const char *clause)
{
	unsigned count = 0;

	for (unsigned i = 0; i < p->lacks.count; i++)
		count += slice_is(p->lacks.list[i].clause, clause);
	return count;
}

/* The newest deadline of a kind; NULL: none. */
static inline struct case_deadline *newest(struct play *p, const char *kind)
{
	int rule = pathway_deadline(&p->pathway, slice_text(kind));

	assert_true(rule >= 0);
	for (unsigned i = p->c.deadline_count; i-- > 0;)
		if (p->c.deadlines[i].rule == rule)
			return &p->c.deadlines[i];
	return NULL;
}

static inline struct case_deadline *newest_of(struct play *p, const char *kind, const char *parent)
{
	int rule = pathway_deadline(&p->pathway, slice_text(kind));

	for (unsigned i = p->c.deadline_count; i-- > 0;)
		if (p->c.deadlines[i].rule == rule && strcmp(p->c.deadlines[i].parent, parent) == 0)
			return &p->c.deadlines[i];
	return NULL;
}

static inline bool in_stage(const struct play *p, const char *stage)
{
	return slice_is(p->pathway.stages[p->c.stage - 1], stage);
}

static inline unsigned said(const struct play *p, uint8_t kind)
{
	unsigned count = 0;

	for (unsigned i = 0; i < p->said_count; i++)
		count += p->said[i].kind == kind && !p->said[i].withdrawn;
	return count;
}

static inline const struct said *last_said(const struct play *p, uint8_t kind)
{
	for (unsigned i = p->said_count; i-- > 0;)
		if (p->said[i].kind == kind)
			return &p->said[i];
	return NULL;
}

#define assert_day(actual, text) assert_int_equal((day_t)(actual), day(text))
#define BARRIERS "medical=no mental_health=no bullying=no family_complexity=no support_named=yes"
#define CHECKS "support_plan=no unmet_needs=no in_school=yes medical_needs=no catch_up=yes anxious=no"

/* Stages 1 and 2 done, 12 sessions unauthorised, referred: ready for a Notice to Improve. */
static inline struct play *play_referred(const char *today)
{
	struct play *p = play_start("2026-09-02");

	assert_int_equal(act(p, "contact", NULL, NULL, "reached=yes"), STATUS_OK);
	assert_int_equal(act(p, "stage-1-checks", NULL, NULL, CHECKS), STATUS_OK);
	assert_int_equal(act(p, "early-help", NULL, NULL, "outcome=accepted"), STATUS_OK);
	assert_int_equal(act(p, "meeting", NULL, NULL, ""), STATUS_OK);
	assert_int_equal(act(p, "plan", NULL, NULL, "support_offered=yes"), STATUS_OK);
	play_days(p, "2026-09-02", "2026-09-09", "O");
	play_until(p, "2026-09-10");
	assert_int_equal(act(p, "referral", NULL, NULL, "support_package=yes contract_engaged=no support_engaged=no why=x"), STATUS_OK);
	play_until(p, today);
	return p;
}

#endif
