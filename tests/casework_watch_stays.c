/* casework_watch_stays.c - watches that look when a day ends: what is due then, what was
 * spoken of, what still stands.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "watch_scene.h"

enum { UNEXPLAINED, REASON, PART_TIME, STARTER, STAYS };

/* In place of the scene's: on the day, five days on, once a year, of new pupils alone. */
static int begin(void **context)
{
	struct pathway *p;

	scene_begin(context);
	p = ((struct scene *)*context)->pathway;
	p->watch_count = STAYS;
	p->watches[UNEXPLAINED] = (struct watch_rule){.kind = ALERT_UNEXPLAINED, .codes = CODE_BIT(CODE_N), .at_least = 1};
	p->watches[REASON] = (struct watch_rule){.kind = ALERT_REASON_WANTED, .codes = CODE_BIT(CODE_N), .at_least = 6};
	p->watches[PART_TIME] = (struct watch_rule){.kind = ALERT_PART_TIME, .codes = CODE_BIT(CODE_C2), .at_least = 1, .once = true};
	p->watches[STARTER] = (struct watch_rule){
		.kind = ALERT_NOT_ARRIVED, .codes = CODE_BIT(CODE_N) | CODE_BIT(CODE_Z), .at_least = 3, .new_pupils = true};
	for (unsigned i = 0; i < STAYS; i++) {
		p->watches[i].type = WATCH_STAYS;
		assert_null(watch_fault(&p->watches[i]));
	}
	pathway_work_out(p);
	return 0;
}

static bool asks(struct scene *s, unsigned watch, const char *day, const char *until)
{
	struct watch_change change;

	if (!watch_stays(s->pathway, (uint8_t)watch, &s->pupil, &s->standing, scene_date(day), scene_date(until), &change))
		return false;
	assert_int_equal(change.first_day, scene_date(day));
	assert_int_equal(change.last_day, scene_date(until));
	assert_int_equal(change.count, s->pathway->watches[watch].at_least);
	assert_false(change.withdraw);
	scene_apply(s, &change);
	return true;
}

static void mark(struct scene *s, const char *day, uint8_t session, uint8_t code)
{
	scene_mark(s, scene_date(day), session, code);
}

static void assert_due(struct scene *s, unsigned watch, const char *ended, const char *first, const char *last)
{
	day_t a, b;

	assert_true(watch_days(&s->pathway->watches[watch], s->calendar, scene_date(ended), &a, &b));
	assert_int_equal(a, scene_date(first));
	assert_int_equal(b, scene_date(last));
	for (; a <= b; a++)
		assert_int_equal(watch_stays_until(&s->pathway->watches[watch], s->calendar, a), scene_date(ended));
	assert_int_not_equal(watch_stays_until(&s->pathway->watches[watch], s->calendar, b + 1), scene_date(ended));
}

static void what_is_due_when_a_day_ends(void **context)
{
	struct scene *s = *context;
	day_t a, b;

	assert_due(s, UNEXPLAINED, "2026-09-07", "2026-09-07", "2026-09-07");
	assert_due(s, REASON, "2026-09-14", "2026-09-07", "2026-09-07");
	/* the days without school behind one are due with it */
	assert_due(s, REASON, "2026-11-06", "2026-10-23", "2026-11-01");
	/* and when a day without school ends, its own marks alone */
	assert_due(s, UNEXPLAINED, "2026-10-26", "2026-10-26", "2026-10-26");
	assert_false(watch_days(&s->pathway->watches[REASON], s->calendar, scene_date("2026-10-26"), &a, &b));
}

static void marks_ask_for_nothing(void **context)
{
	struct scene *s = *context;

	scene_days(s, scene_date("2026-09-07"), 20, CODE_N, CODE_C2);
	assert_int_equal(s->alert_count, 0);
	assert_int_equal(s->idles, s->looks);
}

static void sp_36_one_absence_is_spoken_of_once(void **context)
{
	struct scene *s = *context;

	mark(s, "2026-09-07", PM, CODE_N);
	assert_false(asks(s, UNEXPLAINED, "2026-09-08", "2026-09-08")); /* no mark */
	assert_true(asks(s, UNEXPLAINED, "2026-09-07", "2026-09-07"));
	assert_false(asks(s, UNEXPLAINED, "2026-09-07", "2026-09-07"));
	assert_true(asks(s, REASON, "2026-09-07", "2026-09-14")); /* another kind, by itself */
	mark(s, "2026-09-08", AM, CODE_Y1); /* no possible attendance breaks no absence */
	mark(s, "2026-09-08", PM, CODE_N);
	assert_false(asks(s, UNEXPLAINED, "2026-09-08", "2026-09-08"));
	mark(s, "2026-09-09", AM, CODE_L);
	mark(s, "2026-09-09", PM, CODE_N);
	assert_true(asks(s, UNEXPLAINED, "2026-09-09", "2026-09-09"));
	assert_int_equal(scene_standing(s, ALERT_UNEXPLAINED), 2);
}

static void sp_36_of_a_day_with_both_the_first_such_mark_counts(void **context)
{
	struct scene *s = *context;

	/* back in the afternoon: the next morning is another absence */
	mark(s, "2026-09-07", AM, CODE_N);
	mark(s, "2026-09-07", PM, CODE_PM);
	assert_true(asks(s, UNEXPLAINED, "2026-09-07", "2026-09-07"));
	mark(s, "2026-09-08", AM, CODE_N);
	assert_true(asks(s, UNEXPLAINED, "2026-09-08", "2026-09-08"));
	/* there in the morning, gone in the afternoon and since: one absence */
	mark(s, "2026-09-09", AM, CODE_AM);
	mark(s, "2026-09-09", PM, CODE_N);
	mark(s, "2026-09-10", AM, CODE_N);
	mark(s, "2026-09-10", PM, CODE_PM);
	assert_true(asks(s, UNEXPLAINED, "2026-09-10", "2026-09-10"));
	assert_false(asks(s, UNEXPLAINED, "2026-09-09", "2026-09-09")); /* looked at late */
}

static void sp_36_a_correction_takes_it_away(void **context)
{
	struct scene *s = *context;

	mark(s, "2026-09-07", AM, CODE_N);
	mark(s, "2026-09-07", PM, CODE_N);
	assert_true(asks(s, UNEXPLAINED, "2026-09-07", "2026-09-07"));
	mark(s, "2026-09-07", AM, CODE_I);
	assert_int_equal(scene_standing(s, ALERT_UNEXPLAINED), 1); /* the afternoon still is so */
	mark(s, "2026-09-07", PM, CODE_O);
	assert_int_equal(scene_standing(s, ALERT_UNEXPLAINED), 0);
	assert_int_equal(s->standing.count, 0);
}

static void what_leaves_the_weeks_held_stands(void **context)
{
	struct scene *s = *context;

	mark(s, "2026-09-07", AM, CODE_N);
	assert_true(asks(s, UNEXPLAINED, "2026-09-07", "2026-09-07"));
	mark(s, "2027-12-06", AM, CODE_AM);
	mark(s, "2027-12-06", AM, CODE_L); /* a correction: all that stands is looked at */
	assert_int_equal(scene_standing(s, ALERT_UNEXPLAINED), 1);
}

static void sp_42_once_a_school_year(void **context)
{
	struct scene *s = *context;

	mark(s, "2026-09-07", PM, CODE_C2);
	assert_true(asks(s, PART_TIME, "2026-09-07", "2026-09-07"));
	scene_days(s, scene_date("2026-09-08"), 100, CODE_AM, CODE_PM);
	mark(s, "2027-07-21", PM, CODE_C2);
	assert_false(asks(s, PART_TIME, "2027-07-21", "2027-07-21"));
	mark(s, "2027-09-01", PM, CODE_C2);
	assert_true(asks(s, PART_TIME, "2027-09-01", "2027-09-01"));
	mark(s, "2027-09-01", PM, CODE_PM);
	mark(s, "2027-09-02", PM, CODE_C2);
	assert_true(asks(s, PART_TIME, "2027-09-02", "2027-09-02")); /* the one before was withdrawn */
}

static void sp_26_a_pupil_nobody_has_seen(void **context)
{
	struct scene *s = *context;

	mark(s, "2026-09-07", AM, CODE_Z);
	mark(s, "2026-09-08", AM, CODE_N);
	mark(s, "2026-09-09", AM, CODE_N);
	assert_false(asks(s, STARTER, "2026-09-08", "2026-09-10")); /* the first mark is the one */
	assert_true(asks(s, STARTER, "2026-09-07", "2026-09-09"));
	mark(s, "2026-09-10", AM, CODE_AM); /* they come: it was right when it was raised */
	assert_int_equal(scene_standing(s, ALERT_NOT_ARRIVED), 1);
	mark(s, "2026-09-09", AM, CODE_L); /* they had come before */
	assert_int_equal(scene_standing(s, ALERT_NOT_ARRIVED), 0);
}

static void sp_26_a_pupil_who_was_seen_or_is_explained(void **context)
{
	struct scene *s = *context;

	mark(s, "2026-09-07", AM, CODE_Z);
	mark(s, "2026-09-08", AM, CODE_I);
	mark(s, "2026-09-09", AM, CODE_N);
	assert_false(asks(s, STARTER, "2026-09-07", "2026-09-09"));
	assert_false(asks(s, STARTER, "2026-09-09", "2026-09-11"));
}

/* Nobody had seen the pupil when the alert was raised, for the registers of those days came later: the next ones are in order,
 * each the newest, and take its ground away as they do out of order. */
static void sp_26_a_pupil_whose_registers_come_late(void **context)
{
	struct scene *s = *context;

	mark(s, "2026-09-07", AM, CODE_Z);
	assert_true(asks(s, STARTER, "2026-09-07", "2026-09-09"));
	assert_int_equal(scene_standing(s, ALERT_NOT_ARRIVED), 1);
	mark(s, "2026-09-08", AM, CODE_AM);
	assert_int_equal(scene_standing(s, ALERT_NOT_ARRIVED), 0);
}

static void faults_of_the_rule(void **context)
{
	struct watch_rule rule = {.kind = ALERT_UNEXPLAINED, .type = WATCH_STAYS, .codes = CODE_BIT(CODE_N), .at_least = 1};

	(void)context;
	assert_null(watch_fault(&rule));
	rule.codes = 0;
	assert_non_null(watch_fault(&rule));
	rule.codes = CODE_BIT(CODE_N) | CODE_BIT(CODE_L);
	assert_non_null(watch_fault(&rule));
	rule.codes = CODE_BIT(CODE_N);
	rule.kind = ALERT_PERSISTENT;
	assert_non_null(watch_fault(&rule));
	rule.kind = ALERT_THRESHOLD;
	assert_non_null(watch_fault(&rule));
	rule.kind = ALERT_REMINDER;
	assert_non_null(watch_fault(&rule));
	rule.type = WATCH_RUN;
	rule.kind = ALERT_MISSING_FROM_SCHOOL;
	rule.codes = CODE_BIT(CODE_Z);
	assert_non_null(watch_fault(&rule)); /* of a mark that stays alone */
}

#define T(name) cmocka_unit_test_setup_teardown(name, begin, scene_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(what_is_due_when_a_day_ends),
		T(marks_ask_for_nothing),
		T(sp_36_one_absence_is_spoken_of_once),
		T(sp_36_of_a_day_with_both_the_first_such_mark_counts),
		T(sp_36_a_correction_takes_it_away),
		T(what_leaves_the_weeks_held_stands),
		T(sp_42_once_a_school_year),
		T(sp_26_a_pupil_nobody_has_seen),
		T(sp_26_a_pupil_who_was_seen_or_is_explained),
		T(sp_26_a_pupil_whose_registers_come_late),
		T(faults_of_the_rule),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
