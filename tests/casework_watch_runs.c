/* casework_watch_runs.c - runs and sickness, both ways: where the watch speaks, and the nearest
 * case where it doesn't.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "watch_scene.h"

/* ---- SP-02, SP-08: ten whole days ---- */

static void sp_02_told_when_the_tenth_day_ends(void **state)
{
	struct scene *s = *state;
	scene_days(s, scene_date("2026-09-04"), 1, CODE_O, CODE_PM);
	day_t day = scene_days(s, scene_date("2026-09-07"), 9, CODE_G, CODE_U);
	scene_mark(s, day, AM, CODE_N);
	assert_int_equal(scene_raised(s, ALERT_ATTENDANCE_RETURN), 0);
	scene_mark(s, day, PM, CODE_N);
	assert_int_equal(scene_raised(s, ALERT_ATTENDANCE_RETURN), 1);
	assert_int_equal(scene_newest(s, ALERT_ATTENDANCE_RETURN)->first, scene_date("2026-09-07"));
	assert_int_equal(scene_newest(s, ALERT_ATTENDANCE_RETURN)->last, day);
	assert_false(scene_newest(s, ALERT_ATTENDANCE_RETURN)->up);
	/* once for each period, however long */
	scene_days(s, day + 1, 25, CODE_O, CODE_O);
	assert_int_equal(scene_raised(s, ALERT_ATTENDANCE_RETURN), 1);
	/* and again for the next */
	scene_days(s, s->pupil.latest_day + 1, 1, CODE_AM, CODE_O);
	scene_days(s, s->pupil.latest_day + 1, 10, CODE_O, CODE_O);
	assert_int_equal(scene_raised(s, ALERT_ATTENDANCE_RETURN), 2);
}

static void sp_02_one_session_of_another_kind_breaks_it(void **state)
{
	struct scene *s = *state;
	scene_days(s, scene_date("2026-09-07"), 9, CODE_O, CODE_O);
	scene_days(s, s->pupil.latest_day + 1, 1, CODE_O, CODE_I);
	scene_days(s, s->pupil.latest_day + 1, 9, CODE_O, CODE_O);
	assert_int_equal(scene_raised(s, ALERT_ATTENDANCE_RETURN), 0);
	/* the same correction that makes it whole tells of it */
	scene_mark(s, scene_date("2026-09-18"), PM, CODE_O);
	assert_int_equal(scene_raised(s, ALERT_ATTENDANCE_RETURN), 1);
}

static void sp_02_what_is_no_possible_attendance_neither_counts_nor_breaks(void **state)
{
	struct scene *s = *state;
	scene_days(s, scene_date("2026-10-12"), 5, CODE_O, CODE_O);
	scene_days(s, scene_date("2026-10-19"), 3, CODE_X, CODE_CLOSED);
	scene_days(s, scene_date("2026-10-22"), 2, CODE_O, CODE_Y1);
	/* half-term: no marks */
	scene_days(s, scene_date("2026-11-02"), 2, CODE_O, CODE_O);
	assert_int_equal(scene_raised(s, ALERT_ATTENDANCE_RETURN), 0);
	scene_days(s, scene_date("2026-11-04"), 1, CODE_O, CODE_O);
	assert_int_equal(scene_raised(s, ALERT_ATTENDANCE_RETURN), 1);
	assert_int_equal(scene_newest(s, ALERT_ATTENDANCE_RETURN)->first, scene_date("2026-10-12"));
}

/* The afternoon of the tenth day never comes: the day has ended once another begins. */
static void sp_02_a_day_left_open_ends_with_the_next_register(void **state)
{
	struct scene *s = *state;
	day_t day = scene_days(s, scene_date("2026-09-07"), 9, CODE_O, CODE_O);
	scene_mark(s, day, AM, CODE_O);
	assert_int_equal(scene_raised(s, ALERT_ATTENDANCE_RETURN), 0);
	scene_mark(s, day + 3, AM, CODE_AM); /* the Monday after: present again */
	assert_int_equal(scene_raised(s, ALERT_ATTENDANCE_RETURN), 1);
	assert_int_equal(scene_newest(s, ALERT_ATTENDANCE_RETURN)->last, day);
	/* The afternoon comes late after all, and he was there. */
	scene_mark(s, day, PM, CODE_PM);
	assert_int_equal(scene_standing(s, ALERT_ATTENDANCE_RETURN), 0);
}

/* The correction that cuts a run leaves the alert where ten days are left of it. */
static void sp_02_a_cut_run_keeps_or_loses_its_alert(void **state)
{
	struct scene *s = *state;
	scene_days(s, scene_date("2026-09-07"), 25, CODE_O, CODE_O);
	assert_int_equal(scene_raised(s, ALERT_ATTENDANCE_RETURN), 1);
	/* Day 12 of 25: eleven before it keep the alert, thirteen after it are a period of their own. */
	scene_mark(s, scene_date("2026-09-22"), AM, CODE_AM);
	assert_int_equal(scene_raised(s, ALERT_ATTENDANCE_RETURN), 2);
	assert_int_equal(scene_standing(s, ALERT_ATTENDANCE_RETURN), 2);
	assert_int_equal(scene_newest(s, ALERT_ATTENDANCE_RETURN)->first, scene_date("2026-09-23"));
	/* Day 2: nine are left before the cut. */
	scene_mark(s, scene_date("2026-09-08"), PM, CODE_PM);
	assert_int_equal(scene_standing(s, ALERT_ATTENDANCE_RETURN), 1);
	assert_true(s->alerts[0].withdrawn || s->alerts[1].withdrawn || s->alerts[2].withdrawn);
}

static void sp_08_ten_unauthorised_days_in_a_row(void **state)
{
	struct scene *s = *state;
	scene_days(s, scene_date("2026-09-07"), 9, CODE_O, CODE_U);
	assert_int_equal(scene_raised(s, ALERT_MISSING_FROM_SCHOOL), 0);
	scene_days(s, scene_date("2026-09-18"), 1, CODE_O, CODE_U);
	assert_int_equal(scene_raised(s, ALERT_MISSING_FROM_SCHOOL), 1);
	struct scene *ill = scene_new();
	scene_days(ill, scene_date("2026-09-07"), 12, CODE_I, CODE_I); /* authorised: no referral */
	assert_int_equal(scene_raised(ill, ALERT_MISSING_FROM_SCHOOL), 0);
	scene_free(ill);
}

/* A run that outlasts the weeks held is told once. */
static void sp_08_a_run_longer_than_the_record_is_told_once(void **state)
{
	struct scene *s = *state;
	scene_days(s, scene_date("2026-08-03"), 1, CODE_AM, CODE_PM);
	scene_days(s, scene_date("2026-09-07"), 420, CODE_O, CODE_O);
	assert_true(s->alerts[0].last < pupil_first_held(&s->pupil));
	assert_int_equal(scene_raised(s, ALERT_MISSING_FROM_SCHOOL), 1);
	scene_mark(s, s->pupil.latest_day, AM, CODE_N); /* a correction finds nothing new either */
	assert_int_equal(scene_raised(s, ALERT_MISSING_FROM_SCHOOL), 1);
	scene_days(s, s->pupil.latest_day + 1, 1, CODE_AM, CODE_PM);
	scene_days(s, s->pupil.latest_day + 1, 10, CODE_O, CODE_O);
	assert_int_equal(scene_raised(s, ALERT_MISSING_FROM_SCHOOL), 2);
}

/* ---- SP-03: sickness ---- */

static void sp_03_fifteen_days_on_end_are_told_once(void **state)
{
	struct scene *s = *state;
	day_t day = scene_days(s, scene_date("2026-09-07"), 14, CODE_I, CODE_I);
	scene_mark(s, day, AM, CODE_I);
	assert_int_equal(scene_raised(s, ALERT_SICKNESS_RETURN), 0);
	scene_mark(s, day, PM, CODE_I);
	/* the run and the total of thirty sessions come together: one alert */
	assert_int_equal(scene_raised(s, ALERT_SICKNESS_RETURN), 1);
	assert_true(scene_newest(s, ALERT_SICKNESS_RETURN)->up);
	assert_int_equal(s->changes[0].count, 15);
	scene_days(s, day + 1, 20, CODE_I, CODE_I);
	assert_int_equal(scene_raised(s, ALERT_SICKNESS_RETURN), 1);
	/* another period in the same year: the total was told, the period not */
	scene_days(s, s->pupil.latest_day + 1, 1, CODE_AM, CODE_PM);
	scene_days(s, s->pupil.latest_day + 1, 14, CODE_I, CODE_I);
	assert_int_equal(scene_raised(s, ALERT_SICKNESS_RETURN), 1);
	scene_days(s, s->pupil.latest_day + 1, 1, CODE_I, CODE_I);
	assert_int_equal(scene_raised(s, ALERT_SICKNESS_RETURN), 2);
}

static void sp_03_thirty_sessions_in_the_year(void **state)
{
	struct scene *s = *state;
	day_t day = scene_date("2026-09-07");
	for (unsigned i = 0; i < 29; i++)
		day = scene_days(s, day, 1, CODE_I, CODE_PM);
	assert_int_equal(scene_raised(s, ALERT_SICKNESS_RETURN), 0);
	day = scene_days(s, day, 1, CODE_I, CODE_PM);
	assert_int_equal(scene_raised(s, ALERT_SICKNESS_RETURN), 1);
	assert_true(scene_newest(s, ALERT_SICKNESS_RETURN)->up);
	scene_days(s, day, 20, CODE_I, CODE_PM); /* the total once a year */
	assert_int_equal(scene_raised(s, ALERT_SICKNESS_RETURN), 1);
	/* the next year counts anew */
	day = scene_date("2027-09-01");
	for (unsigned i = 0; i < 29; i++)
		day = scene_days(s, day, 1, CODE_I, CODE_PM);
	assert_int_equal(scene_raised(s, ALERT_SICKNESS_RETURN), 1);
	scene_days(s, day, 1, CODE_I, CODE_PM);
	assert_int_equal(scene_raised(s, ALERT_SICKNESS_RETURN), 2);
}

static void sp_03_a_run_told_by_its_total_is_not_told_again(void **state)
{
	struct scene *s = *state;
	scene_days(s, scene_date("2026-09-07"), 10, CODE_I, CODE_I);
	scene_days(s, scene_date("2026-09-21"), 1, CODE_AM, CODE_PM);
	scene_days(s, scene_date("2026-09-22"), 5, CODE_I, CODE_I); /* 15 days in all, 5 on end */
	assert_int_equal(scene_raised(s, ALERT_SICKNESS_RETURN), 1);
	assert_int_equal(scene_newest(s, ALERT_SICKNESS_RETURN)->first, scene_date("2026-09-22"));
	scene_days(s, scene_date("2026-09-29"), 15, CODE_I, CODE_I); /* 20 on end */
	assert_int_equal(scene_raised(s, ALERT_SICKNESS_RETURN), 1);
}

/* A pupil who comes in the mornings only: fifteen days are fifteen sessions. */
static void sp_03_the_total_waits_while_a_run_that_was_told_goes_on(void **state)
{
	struct scene *s = *state;
	scene_days(s, scene_date("2026-09-07"), 16, CODE_I, CODE_NONE);
	assert_int_equal(scene_raised(s, ALERT_SICKNESS_RETURN), 1);
	assert_false(scene_newest(s, ALERT_SICKNESS_RETURN)->up);
	scene_days(s, s->pupil.latest_day + 1, 20, CODE_I, CODE_NONE);
	assert_int_equal(s->pupil.sick, 36);
	assert_int_equal(scene_raised(s, ALERT_SICKNESS_RETURN), 1);
	scene_days(s, s->pupil.latest_day + 1, 1, CODE_AM, CODE_NONE);
	assert_int_equal(scene_raised(s, ALERT_SICKNESS_RETURN), 1);
	scene_days(s, s->pupil.latest_day + 1, 1, CODE_I, CODE_NONE);
	assert_int_equal(scene_raised(s, ALERT_SICKNESS_RETURN), 2);
	assert_true(scene_newest(s, ALERT_SICKNESS_RETURN)->up);
}

static void sp_03_a_correction_withdraws_and_the_total_may_come_again(void **state)
{
	struct scene *s = *state;
	scene_days(s, scene_date("2026-09-07"), 14, CODE_I, CODE_I);
	scene_days(s, s->pupil.latest_day + 1, 1, CODE_AM, CODE_PM);
	scene_days(s, s->pupil.latest_day + 1, 1, CODE_I, CODE_I);
	assert_int_equal(scene_standing(s, ALERT_SICKNESS_RETURN), 1);
	scene_mark(s, scene_date("2026-09-08"), AM, CODE_AM);
	assert_int_equal(scene_standing(s, ALERT_SICKNESS_RETURN), 0);
	scene_mark(s, scene_date("2026-09-08"), AM, CODE_I);
	assert_int_equal(scene_raised(s, ALERT_SICKNESS_RETURN), 2);
	assert_int_equal(scene_standing(s, ALERT_SICKNESS_RETURN), 1);
	/* A run cut in two still has its total. */
	struct scene *again = scene_new();
	*again->calendar = *s->calendar;
	scene_days(again, scene_date("2026-09-07"), 16, CODE_I, CODE_I);
	scene_mark(again, scene_date("2026-09-14"), AM, CODE_AM);
	assert_int_equal(again->pupil.sick, 31);
	assert_int_equal(scene_standing(again, ALERT_SICKNESS_RETURN), 1);
	scene_mark(again, scene_date("2026-09-14"), PM, CODE_PM);
	assert_int_equal(scene_standing(again, ALERT_SICKNESS_RETURN), 1);
	scene_mark(again, scene_date("2026-09-15"), AM, CODE_AM);
	assert_int_equal(scene_standing(again, ALERT_SICKNESS_RETURN), 0);
	scene_free(again);
}

/* Where nothing stands yet, the mark that joins two runs by breaking neither is looked at. */
static void sp_03_a_day_that_no_longer_breaks_joins_two_runs(void **state)
{
	struct scene *s = *state;
	scene_days(s, scene_date("2026-09-07"), 8, CODE_I, CODE_NONE);
	day_t between = scene_date("2026-09-17");
	scene_days(s, between, 1, CODE_AM, CODE_NONE);
	scene_days(s, between + 1, 7, CODE_I, CODE_NONE);
	scene_days(s, s->pupil.latest_day + 1, 1, CODE_AM, CODE_PM);
	assert_int_equal(s->pupil.standing, 0);
	scene_mark(s, between, AM, CODE_Y1);
	assert_int_equal(scene_raised(s, ALERT_SICKNESS_RETURN), 1);
	assert_int_equal(scene_newest(s, ALERT_SICKNESS_RETURN)->first, scene_date("2026-09-07"));
}

/* Not twice in one school year for the same period: in the next year it may be. */
static void sp_03_a_period_that_goes_on_into_a_new_year(void **state)
{
	struct scene *s = *state;
	scene_days(s, scene_date("2027-07-01"), 15, CODE_I, CODE_I);
	assert_int_equal(scene_raised(s, ALERT_SICKNESS_RETURN), 1);
	scene_days(s, scene_date("2027-09-01"), 14, CODE_I, CODE_I);
	assert_int_equal(scene_raised(s, ALERT_SICKNESS_RETURN), 1);
	scene_days(s, s->pupil.latest_day + 1, 1, CODE_I, CODE_I);
	assert_int_equal(scene_raised(s, ALERT_SICKNESS_RETURN), 2);
	assert_true(scene_newest(s, ALERT_SICKNESS_RETURN)->up);
}

/* A run of the old year, found late, does not speak for this year's total. */
static void sp_03_a_run_of_the_old_year_leaves_the_new_total_untold(void **state)
{
	struct scene *s = *state;
	scene_days(s, scene_date("2027-06-21"), 14, CODE_I, CODE_NONE);
	scene_days(s, scene_date("2027-07-09"), 1, CODE_AM, CODE_NONE);
	scene_days(s, scene_date("2027-09-01"), 32, CODE_I, CODE_NONE); /* the run is told, the total waits */
	assert_int_equal(scene_raised(s, ALERT_SICKNESS_RETURN), 1);
	scene_mark(s, scene_date("2027-06-18"), AM, CODE_I);
	assert_int_equal(scene_raised(s, ALERT_SICKNESS_RETURN), 2);
	assert_int_equal(scene_newest(s, ALERT_SICKNESS_RETURN)->first, scene_date("2027-06-18"));
	assert_false(scene_newest(s, ALERT_SICKNESS_RETURN)->up);
}

/* Once a year has begun to leave the weeks held its total can't be counted again. */
static void sp_03_a_total_out_of_reach_stands(void **state)
{
	struct scene *s = *state;
	day_t day = scene_date("2025-10-06");
	for (unsigned i = 0; i < 29; i++, day += 7)
		scene_days(s, day, 1, CODE_I, CODE_PM);
	scene_days(s, scene_date("2026-06-08"), 1, CODE_I, CODE_PM);
	assert_int_equal(scene_raised(s, ALERT_SICKNESS_RETURN), 1);
	scene_days(s, scene_date("2027-02-22"), 1, CODE_AM, CODE_PM);
	assert_true(scene_newest(s, ALERT_SICKNESS_RETURN)->first >= pupil_first_held(&s->pupil));
	scene_mark(s, scene_date("2027-02-22"), AM, CODE_L);
	assert_int_equal(scene_standing(s, ALERT_SICKNESS_RETURN), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE_TEST(sp_02_told_when_the_tenth_day_ends),
		SCENE_TEST(sp_02_one_session_of_another_kind_breaks_it),
		SCENE_TEST(sp_02_what_is_no_possible_attendance_neither_counts_nor_breaks),
		SCENE_TEST(sp_02_a_day_left_open_ends_with_the_next_register),
		SCENE_TEST(sp_02_a_cut_run_keeps_or_loses_its_alert),
		SCENE_TEST(sp_08_ten_unauthorised_days_in_a_row),
		SCENE_TEST(sp_08_a_run_longer_than_the_record_is_told_once),
		SCENE_TEST(sp_03_fifteen_days_on_end_are_told_once),
		SCENE_TEST(sp_03_thirty_sessions_in_the_year),
		SCENE_TEST(sp_03_a_run_told_by_its_total_is_not_told_again),
		SCENE_TEST(sp_03_the_total_waits_while_a_run_that_was_told_goes_on),
		SCENE_TEST(sp_03_a_correction_withdraws_and_the_total_may_come_again),
		SCENE_TEST(sp_03_a_day_that_no_longer_breaks_joins_two_runs),
		SCENE_TEST(sp_03_a_period_that_goes_on_into_a_new_year),
		SCENE_TEST(sp_03_a_run_of_the_old_year_leaves_the_new_total_untold),
		SCENE_TEST(sp_03_a_total_out_of_reach_stands),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
