/* casework_watch.c - the threshold and the shares, both ways: where the watch speaks, and the
 * nearest case where it doesn't.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "watch_scene.h"

/* ---- EN-02: the threshold ---- */

static void en_02_threshold_at_ten(void **state)
{
	struct scene *s = *state;
	day_t day = scene_days(s, scene_date("2026-09-07"), 4, CODE_G, CODE_N);
	scene_mark(s, day, AM, CODE_O);
	assert_int_equal(s->pupil.window, 9);
	assert_int_equal(scene_raised(s, ALERT_THRESHOLD), 0);
	scene_mark(s, day, PM, CODE_U);
	assert_int_equal(scene_raised(s, ALERT_THRESHOLD), 1);
	assert_int_equal(s->alerts[0].first,
			 scene_date("2026-07-06")); /* no calendar before September: all weeks count */
	assert_int_equal(s->alerts[0].last, day);
	assert_true(s->alerts[0].up);
	assert_int_equal(s->changes[0].count, 10);
	/* once */
	scene_days(s, day + 1, 3, CODE_O, CODE_O);
	assert_int_equal(s->pupil.window, 16);
	assert_int_equal(scene_raised(s, ALERT_THRESHOLD), 1);
}

static void en_02_other_absence_does_not_count(void **state)
{
	struct scene *s = *state;
	scene_days(s, scene_date("2026-09-07"), 8, CODE_I, CODE_M);
	scene_days(s, s->pupil.latest_day + 1, 4, CODE_Y1, CODE_L);
	scene_days(s, s->pupil.latest_day + 1, 9, CODE_AM, CODE_U);
	assert_int_equal(scene_raised(s, ALERT_THRESHOLD), 0);
	scene_days(s, s->pupil.latest_day + 1, 1, CODE_AM, CODE_U);
	assert_int_equal(scene_raised(s, ALERT_THRESHOLD), 1);
}

static void en_02_window_rolls_by_school_weeks(void **state)
{
	struct scene *s = *state;
	/* Five in the week of 7 September, five ten school weeks later: never together. */
	scene_days(s, scene_date("2026-09-07"), 5, CODE_AM, CODE_O);
	scene_days(s, scene_date("2026-09-14"), 45, CODE_AM, CODE_PM);
	scene_days(s, scene_date("2026-11-23"), 5, CODE_AM, CODE_O);
	assert_int_equal(s->pupil.window, 5);
	assert_int_equal(scene_raised(s, ALERT_THRESHOLD), 0);
	/* A week earlier, over half-term, they are. */
	scene_mark(s, scene_date("2026-11-20"), PM, CODE_O);
	assert_int_equal(scene_raised(s, ALERT_THRESHOLD), 0);
	struct scene *again = scene_new();
	*again->calendar = *s->calendar;
	scene_days(again, scene_date("2026-09-07"), 5, CODE_AM, CODE_O);
	scene_days(again, scene_date("2026-11-16"), 5, CODE_AM, CODE_O);
	assert_int_equal(scene_raised(again, ALERT_THRESHOLD), 1);
	assert_int_equal(again->alerts[0].first, scene_date("2026-09-07"));
	scene_free(again);
}

static void en_02_window_spans_terms_and_school_years(void **state)
{
	struct scene *s = *state;
	scene_days(s, scene_date("2027-07-19"), 3, CODE_O, CODE_O);
	scene_days(s, scene_date("2027-09-01"), 1, CODE_O, CODE_O);
	assert_int_equal(scene_raised(s, ALERT_THRESHOLD), 0);
	scene_days(s, scene_date("2027-09-02"), 1, CODE_O, CODE_O);
	assert_int_equal(scene_raised(s, ALERT_THRESHOLD), 1);
	assert_int_equal(s->alerts[0].first, scene_date("2027-05-17"));
}

static void en_02_armed_again_below_ten(void **state)
{
	struct scene *s = *state;
	scene_days(s, scene_date("2026-09-07"), 5, CODE_O, CODE_O);
	scene_days(s, scene_date("2026-09-14"), 45, CODE_AM, CODE_PM);
	assert_int_equal(s->pupil.window, 10);
	scene_days(s, scene_date("2026-11-23"), 1, CODE_AM, CODE_PM);
	assert_int_equal(s->pupil.window, 0);
	/* Weeks passed; nothing was corrected: the alert was right and stands. */
	assert_int_equal(scene_standing(s, ALERT_THRESHOLD), 1);
	scene_days(s, scene_date("2026-11-24"), 5, CODE_O, CODE_O);
	assert_int_equal(scene_raised(s, ALERT_THRESHOLD), 2);
	assert_int_equal(scene_standing(s, ALERT_THRESHOLD), 2);
}

/* SP-01: the school hears of the threshold whenever it is met: also a second time. */
static void sp_01_threshold_is_told_each_time_it_is_met(void **state)
{
	struct scene *s = *state;
	scene_days(s, scene_date("2026-09-07"), 5, CODE_O, CODE_O);
	scene_mark(s, scene_date("2026-09-07"), AM, CODE_I);
	scene_mark(s, scene_date("2026-09-14"), AM, CODE_O);
	assert_int_equal(scene_raised(s, ALERT_THRESHOLD), 2);
	assert_int_equal(scene_standing(s, ALERT_THRESHOLD), 1);
}

/* ---- EN-03: corrections ---- */

static void en_03_correction_withdraws_the_threshold(void **state)
{
	struct scene *s = *state;
	scene_days(s, scene_date("2026-09-07"), 6, CODE_O, CODE_N);
	assert_int_equal(s->pupil.window, 12);
	scene_mark(s, scene_date("2026-09-07"), PM, CODE_I);
	scene_mark(s, scene_date("2026-09-08"), PM, CODE_I);
	assert_int_equal(scene_standing(s, ALERT_THRESHOLD), 1); /* ten are left */
	scene_mark(s, scene_date("2026-09-08"), AM, CODE_G);     /* still unauthorised */
	assert_int_equal(scene_standing(s, ALERT_THRESHOLD), 1);
	scene_mark(s, scene_date("2026-09-09"), PM, CODE_PM);
	assert_int_equal(s->change_count, 1);
	assert_true(s->changes[0].withdraw);
	assert_int_equal(s->changes[0].alert, s->alerts[0].position);
	assert_int_equal(scene_standing(s, ALERT_THRESHOLD), 0);
	scene_mark(s, scene_date("2026-09-09"), PM, CODE_N); /* and raised anew when it holds again */
	assert_int_equal(scene_raised(s, ALERT_THRESHOLD), 2);
	assert_int_equal(scene_standing(s, ALERT_THRESHOLD), 1);
}

static void en_03_correction_outside_the_window_withdraws_nothing(void **state)
{
	struct scene *s = *state;
	scene_days(s, scene_date("2026-09-07"), 1, CODE_O, CODE_O);
	scene_days(s, scene_date("2026-09-14"), 4, CODE_O, CODE_O);
	assert_int_equal(scene_standing(s, ALERT_THRESHOLD), 1);
	scene_days(s, scene_date("2026-11-16"), 1, CODE_O, CODE_O);
	scene_days(s, scene_date("2026-11-23"), 1, CODE_AM, CODE_PM); /* the first week rolls out */
	assert_int_equal(s->pupil.window, 10);
	scene_mark(s, scene_date("2026-09-07"), AM, CODE_I);
	assert_int_equal(scene_standing(s, ALERT_THRESHOLD), 1);
	scene_mark(s, scene_date("2026-09-14"), AM, CODE_I);
	assert_int_equal(scene_standing(s, ALERT_THRESHOLD), 0);
}

static void en_03_correction_raises_what_now_holds(void **state)
{
	struct scene *s = *state;
	scene_days(s, scene_date("2026-09-07"), 5, CODE_O, CODE_I);
	scene_days(s, scene_date("2026-09-14"), 4, CODE_N, CODE_PM);
	assert_int_equal(scene_raised(s, ALERT_THRESHOLD), 0);
	scene_mark(s, scene_date("2026-09-09"), PM, CODE_O);
	assert_int_equal(scene_raised(s, ALERT_THRESHOLD), 1);
}

static void en_03_late_first_mark_raises_too(void **state)
{
	struct scene *s = *state;
	scene_days(s, scene_date("2026-09-08"), 9, CODE_AM, CODE_O);
	assert_int_equal(scene_raised(s, ALERT_THRESHOLD), 0);
	scene_mark(s, scene_date("2026-09-07"), PM, CODE_O);
	assert_int_equal(scene_raised(s, ALERT_THRESHOLD), 1);
}

/* A run made by a correction, and unmade, long after it ended. */
static void en_03_correction_far_back_makes_and_ends_a_run(void **state)
{
	struct scene *s = *state;
	day_t day = scene_days(s, scene_date("2026-09-07"), 5, CODE_O, CODE_O);
	day_t gap = day = scene_date("2026-09-14");
	day = scene_days(s, day, 1, CODE_AM, CODE_PM);
	day = scene_days(s, day, 5, CODE_O, CODE_O);
	scene_days(s, day, 60, CODE_AM, CODE_PM);
	assert_int_equal(scene_raised(s, ALERT_ATTENDANCE_RETURN), 0);
	scene_mark(s, gap, AM, CODE_O);
	assert_int_equal(scene_raised(s, ALERT_ATTENDANCE_RETURN), 0); /* its PM is still present */
	scene_mark(s, gap, PM, CODE_Y2);
	assert_int_equal(scene_raised(s, ALERT_ATTENDANCE_RETURN), 1);
	assert_int_equal(scene_newest(s, ALERT_ATTENDANCE_RETURN)->first, scene_date("2026-09-07"));
	assert_int_equal(scene_newest(s, ALERT_ATTENDANCE_RETURN)->last, scene_date("2026-09-18"));
	scene_mark(s, scene_date("2026-09-09"), AM, CODE_I);
	assert_int_equal(scene_standing(s, ALERT_ATTENDANCE_RETURN), 0);
	assert_int_equal(scene_standing(s, ALERT_MISSING_FROM_SCHOOL), 0);
}

/* A day corrected to one that neither counts nor breaks joins the runs round it. */
static void en_03_correction_to_no_possible_attendance_joins_runs(void **state)
{
	struct scene *s = *state;
	scene_days(s, scene_date("2026-09-07"), 5, CODE_O, CODE_O);
	scene_days(s, scene_date("2026-09-14"), 1, CODE_AM, CODE_PM);
	scene_days(s, scene_date("2026-09-15"), 5, CODE_O, CODE_O);
	scene_days(s, scene_date("2026-09-22"), 10, CODE_AM, CODE_PM);
	scene_mark(s, scene_date("2026-09-14"), AM, CODE_Y4);
	assert_int_equal(scene_raised(s, ALERT_ATTENDANCE_RETURN), 0);
	scene_mark(s, scene_date("2026-09-14"), PM, CODE_Y4);
	assert_int_equal(scene_raised(s, ALERT_ATTENDANCE_RETURN), 1);
	assert_int_equal(scene_newest(s, ALERT_ATTENDANCE_RETURN)->last, scene_date("2026-09-21"));
}

/* ---- EN-04: shares ---- */

static void en_04_persistent_at_ten_per_cent(void **state)
{
	struct scene *s = *state;
	scene_days(s, scene_date("2026-09-07"), 9, CODE_AM, CODE_PM);
	scene_mark(s, scene_date("2026-09-18"), AM, CODE_I);
	assert_int_equal(scene_raised(s, ALERT_PERSISTENT), 0);
	scene_mark(s, scene_date("2026-09-18"), PM, CODE_PM); /* 1 of 20 */
	assert_int_equal(scene_raised(s, ALERT_PERSISTENT), 0);
	scene_mark(s, scene_date("2026-09-21"), AM, CODE_I); /* 2 of 21 */
	assert_int_equal(scene_raised(s, ALERT_PERSISTENT), 0);
	scene_mark(s, scene_date("2026-09-18"), PM, CODE_Y1); /* 2 of 20 */
	assert_int_equal(scene_raised(s, ALERT_PERSISTENT), 1);
	assert_true(scene_newest(s, ALERT_PERSISTENT)->up);
	assert_int_equal(scene_raised(s, ALERT_SEVERE), 0);
}

static void en_04_not_before_the_twentieth_session(void **state)
{
	struct scene *s = *state;
	day_t day = scene_days(s, scene_date("2026-09-07"), 9, CODE_I, CODE_I);
	scene_mark(s, day, AM, CODE_AM);
	assert_int_equal(s->pupil.possible, 19);
	assert_int_equal(scene_raised(s, ALERT_PERSISTENT) + scene_raised(s, ALERT_SEVERE), 0);
	scene_mark(s, day, PM, CODE_PM); /* a present mark makes the twentieth */
	assert_int_equal(scene_raised(s, ALERT_PERSISTENT), 1);
	assert_int_equal(scene_raised(s, ALERT_SEVERE), 1);
}

static void en_04_told_in_both_directions(void **state)
{
	struct scene *s = *state;
	day_t day = scene_date("2026-09-21");
	scene_days(s, scene_date("2026-09-07"), 10, CODE_M, CODE_PM); /* 10 of 20 */
	assert_true(scene_newest(s, ALERT_SEVERE)->up);
	scene_mark(s, day, AM, CODE_AM); /* 10 of 21 */
	assert_int_equal(scene_raised(s, ALERT_SEVERE), 2);
	assert_false(scene_newest(s, ALERT_SEVERE)->up);
	scene_mark(s, day, PM, CODE_M); /* 11 of 22 */
	assert_int_equal(scene_raised(s, ALERT_SEVERE), 3);
	assert_true(scene_newest(s, ALERT_SEVERE)->up);
	scene_mark(s, day, PM, CODE_PM); /* by a correction too: down, and nothing withdrawn */
	assert_int_equal(scene_raised(s, ALERT_SEVERE), 4);
	assert_false(scene_newest(s, ALERT_SEVERE)->up);
	assert_int_equal(scene_standing(s, ALERT_SEVERE), 4);
	assert_int_equal(scene_raised(s, ALERT_PERSISTENT), 1);
	scene_days(s, day + 1, 39, CODE_AM, CODE_PM); /* 10 of 100 */
	assert_int_equal(scene_raised(s, ALERT_PERSISTENT), 1);
	scene_days(s, s->pupil.latest_day + 1, 1, CODE_AM, CODE_PM);
	assert_int_equal(scene_raised(s, ALERT_PERSISTENT), 2);
	assert_false(scene_newest(s, ALERT_PERSISTENT)->up);
}

static void en_04_a_new_year_starts_silently(void **state)
{
	struct scene *s = *state;
	scene_days(s, scene_date("2027-06-28"), 10, CODE_I, CODE_I);
	assert_int_equal(scene_raised(s, ALERT_SEVERE), 1);
	scene_days(s, scene_date("2027-09-01"), 9, CODE_I, CODE_I);
	assert_int_equal(scene_raised(s, ALERT_SEVERE), 1);
	scene_days(s, s->pupil.latest_day + 1, 1, CODE_I, CODE_I);
	assert_int_equal(scene_raised(s, ALERT_SEVERE), 2);
	assert_true(scene_newest(s, ALERT_SEVERE)->up);
}

/* ---- EN-05: the right unit: school weeks and days of the school's own calendar ---- */

static void en_05_a_calendar_that_changes_may_meet_the_threshold(void **state)
{
	struct scene *s = *state;
	struct calendar_row rows[16];
	size_t count = scene_terms(rows);
	scene_days(s, scene_date("2026-09-07"), 5, CODE_AM, CODE_O);
	scene_days(s, scene_date("2026-11-23"), 5, CODE_AM, CODE_O); /* the eleventh school week */
	assert_int_equal(scene_raised(s, ALERT_THRESHOLD), 0);
	rows[count++] = scene_row("2026-10-12", "2026-10-16", CALENDAR_CLOSURE);
	scene_calendar(s, rows, count);
	assert_int_equal(scene_raised(s, ALERT_THRESHOLD), 1);
	/* Taken back: below ten again, but no mark was wrong. The next ten are told. */
	scene_calendar(s, rows, count - 1);
	assert_int_equal(s->pupil.window, 5);
	assert_int_equal(scene_standing(s, ALERT_THRESHOLD), 1);
	scene_days(s, scene_date("2026-11-30"), 5, CODE_AM, CODE_O);
	assert_int_equal(scene_raised(s, ALERT_THRESHOLD), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE_TEST(en_02_threshold_at_ten),
		SCENE_TEST(en_02_other_absence_does_not_count),
		SCENE_TEST(en_02_window_rolls_by_school_weeks),
		SCENE_TEST(en_02_window_spans_terms_and_school_years),
		SCENE_TEST(en_02_armed_again_below_ten),
		SCENE_TEST(sp_01_threshold_is_told_each_time_it_is_met),
		SCENE_TEST(en_03_correction_withdraws_the_threshold),
		SCENE_TEST(en_03_correction_outside_the_window_withdraws_nothing),
		SCENE_TEST(en_03_correction_raises_what_now_holds),
		SCENE_TEST(en_03_late_first_mark_raises_too),
		SCENE_TEST(en_03_correction_far_back_makes_and_ends_a_run),
		SCENE_TEST(en_03_correction_to_no_possible_attendance_joins_runs),
		SCENE_TEST(en_04_persistent_at_ten_per_cent),
		SCENE_TEST(en_04_not_before_the_twentieth_session),
		SCENE_TEST(en_04_told_in_both_directions),
		SCENE_TEST(en_04_a_new_year_starts_silently),
		SCENE_TEST(en_05_a_calendar_that_changes_may_meet_the_threshold),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
