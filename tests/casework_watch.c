/* casework_watch.c - each watch both ways: where it speaks, and the nearest case
 * where it doesn't.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "watch_scene.h"

static day_t date(const char *text)
{
	day_t day = 0;
	assert_true(day_parse(slice_text(text), &day));
	return day;
}

static struct calendar_row row(const char *from, const char *to, uint8_t kind)
{
	return (struct calendar_row){(uint16_t)date(from), (uint16_t)date(to), kind, slice_text("")};
}

static size_t terms(struct calendar_row rows[static 16])
{
	size_t count = 0;
	rows[count++] = row("2026-09-01", "2026-10-23", CALENDAR_TERM);
	rows[count++] = row("2026-11-02", "2026-12-18", CALENDAR_TERM);
	rows[count++] = row("2027-01-04", "2027-02-12", CALENDAR_TERM);
	rows[count++] = row("2027-02-22", "2027-03-25", CALENDAR_TERM);
	rows[count++] = row("2027-04-12", "2027-05-28", CALENDAR_TERM);
	rows[count++] = row("2027-06-07", "2027-07-21", CALENDAR_TERM);
	rows[count++] = row("2027-09-01", "2027-10-22", CALENDAR_TERM);
	rows[count++] = row("2027-11-01", "2027-12-17", CALENDAR_TERM);
	rows[count++] = row("2027-07-22", "2027-08-31", CALENDAR_HOLIDAY);
	return count;
}

static int begin(void **state)
{
	struct calendar_row rows[16];
	struct scene *s = scene_new();
	calendar_build(s->calendar, rows, terms(rows));
	*state = s;
	return 0;
}

static int end(void **state)
{
	scene_free(*state);
	return 0;
}

/* ---- EN-02: the threshold ---- */

static void en_02_threshold_at_ten(void **state)
{
	struct scene *s = *state;
	day_t day = scene_days(s, date("2026-09-07"), 4, CODE_G, CODE_N);
	scene_mark(s, day, AM, CODE_O);
	assert_int_equal(s->pupil.window, 9);
	assert_int_equal(scene_raised(s, ALERT_THRESHOLD), 0);
	scene_mark(s, day, PM, CODE_U);
	assert_int_equal(scene_raised(s, ALERT_THRESHOLD), 1);
	assert_int_equal(s->alerts[0].first, date("2026-07-06")); /* no calendar before September: all weeks count */
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
	scene_days(s, date("2026-09-07"), 8, CODE_I, CODE_M);
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
	scene_days(s, date("2026-09-07"), 5, CODE_AM, CODE_O);
	scene_days(s, date("2026-09-14"), 45, CODE_AM, CODE_PM);
	scene_days(s, date("2026-11-23"), 5, CODE_AM, CODE_O);
	assert_int_equal(s->pupil.window, 5);
	assert_int_equal(scene_raised(s, ALERT_THRESHOLD), 0);
	/* A week earlier, over half-term, they are. */
	scene_mark(s, date("2026-11-20"), PM, CODE_O);
	assert_int_equal(scene_raised(s, ALERT_THRESHOLD), 0);
	struct scene *again = scene_new();
	*again->calendar = *s->calendar;
	scene_days(again, date("2026-09-07"), 5, CODE_AM, CODE_O);
	scene_days(again, date("2026-11-16"), 5, CODE_AM, CODE_O);
	assert_int_equal(scene_raised(again, ALERT_THRESHOLD), 1);
	assert_int_equal(again->alerts[0].first, date("2026-09-07"));
	scene_free(again);
}

static void en_02_window_spans_terms_and_school_years(void **state)
{
	struct scene *s = *state;
	scene_days(s, date("2027-07-19"), 3, CODE_O, CODE_O);
	scene_days(s, date("2027-09-01"), 1, CODE_O, CODE_O);
	assert_int_equal(scene_raised(s, ALERT_THRESHOLD), 0);
	scene_days(s, date("2027-09-02"), 1, CODE_O, CODE_O);
	assert_int_equal(scene_raised(s, ALERT_THRESHOLD), 1);
	assert_int_equal(s->alerts[0].first, date("2027-05-17"));
}

static void en_02_armed_again_below_ten(void **state)
{
	struct scene *s = *state;
	scene_days(s, date("2026-09-07"), 5, CODE_O, CODE_O);
	scene_days(s, date("2026-09-14"), 45, CODE_AM, CODE_PM);
	assert_int_equal(s->pupil.window, 10);
	scene_days(s, date("2026-11-23"), 1, CODE_AM, CODE_PM);
	assert_int_equal(s->pupil.window, 0);
	/* Weeks passed; nothing was corrected: the alert was right and stands. */
	assert_int_equal(scene_standing(s, ALERT_THRESHOLD), 1);
	scene_days(s, date("2026-11-24"), 5, CODE_O, CODE_O);
	assert_int_equal(scene_raised(s, ALERT_THRESHOLD), 2);
	assert_int_equal(scene_standing(s, ALERT_THRESHOLD), 2);
}

/* SP-01: the school hears of the threshold whenever it is met: also a second time. */
static void sp_01_threshold_is_told_each_time_it_is_met(void **state)
{
	struct scene *s = *state;
	scene_days(s, date("2026-09-07"), 5, CODE_O, CODE_O);
	scene_mark(s, date("2026-09-07"), AM, CODE_I);
	scene_mark(s, date("2026-09-14"), AM, CODE_O);
	assert_int_equal(scene_raised(s, ALERT_THRESHOLD), 2);
	assert_int_equal(scene_standing(s, ALERT_THRESHOLD), 1);
}

/* ---- EN-03: corrections ---- */

static void en_03_correction_withdraws_the_threshold(void **state)
{
	struct scene *s = *state;
	scene_days(s, date("2026-09-07"), 6, CODE_O, CODE_N);
	assert_int_equal(s->pupil.window, 12);
	scene_mark(s, date("2026-09-07"), PM, CODE_I);
	scene_mark(s, date("2026-09-08"), PM, CODE_I);
	assert_int_equal(scene_standing(s, ALERT_THRESHOLD), 1); /* ten are left */
	scene_mark(s, date("2026-09-08"), AM, CODE_G); /* still unauthorised */
	assert_int_equal(scene_standing(s, ALERT_THRESHOLD), 1);
	scene_mark(s, date("2026-09-09"), PM, CODE_PM);
	assert_int_equal(s->change_count, 1);
	assert_true(s->changes[0].withdraw);
	assert_int_equal(s->changes[0].alert, s->alerts[0].position);
	assert_int_equal(scene_standing(s, ALERT_THRESHOLD), 0);
	scene_mark(s, date("2026-09-09"), PM, CODE_N); /* and raised anew when it holds again */
	assert_int_equal(scene_raised(s, ALERT_THRESHOLD), 2);
	assert_int_equal(scene_standing(s, ALERT_THRESHOLD), 1);
}

static void en_03_correction_outside_the_window_withdraws_nothing(void **state)
{
	struct scene *s = *state;
	scene_days(s, date("2026-09-07"), 1, CODE_O, CODE_O);
	scene_days(s, date("2026-09-14"), 4, CODE_O, CODE_O);
	assert_int_equal(scene_standing(s, ALERT_THRESHOLD), 1);
	scene_days(s, date("2026-11-16"), 1, CODE_O, CODE_O);
	scene_days(s, date("2026-11-23"), 1, CODE_AM, CODE_PM); /* the first week rolls out */
	assert_int_equal(s->pupil.window, 10);
	scene_mark(s, date("2026-09-07"), AM, CODE_I);
	assert_int_equal(scene_standing(s, ALERT_THRESHOLD), 1);
	scene_mark(s, date("2026-09-14"), AM, CODE_I);
	assert_int_equal(scene_standing(s, ALERT_THRESHOLD), 0);
}

static void en_03_correction_raises_what_now_holds(void **state)
{
	struct scene *s = *state;
	scene_days(s, date("2026-09-07"), 5, CODE_O, CODE_I);
	scene_days(s, date("2026-09-14"), 4, CODE_N, CODE_PM);
	assert_int_equal(scene_raised(s, ALERT_THRESHOLD), 0);
	scene_mark(s, date("2026-09-09"), PM, CODE_O);
	assert_int_equal(scene_raised(s, ALERT_THRESHOLD), 1);
}

static void en_03_late_first_mark_raises_too(void **state)
{
	struct scene *s = *state;
	scene_days(s, date("2026-09-08"), 9, CODE_AM, CODE_O);
	assert_int_equal(scene_raised(s, ALERT_THRESHOLD), 0);
	scene_mark(s, date("2026-09-07"), PM, CODE_O);
	assert_int_equal(scene_raised(s, ALERT_THRESHOLD), 1);
}

/* A run made by a correction, and unmade, long after it ended. */
static void en_03_correction_far_back_makes_and_ends_a_run(void **state)
{
	struct scene *s = *state;
	day_t day = scene_days(s, date("2026-09-07"), 5, CODE_O, CODE_O);
	day_t gap = day = date("2026-09-14");
	day = scene_days(s, day, 1, CODE_AM, CODE_PM);
	day = scene_days(s, day, 5, CODE_O, CODE_O);
	scene_days(s, day, 60, CODE_AM, CODE_PM);
	assert_int_equal(scene_raised(s, ALERT_ATTENDANCE_RETURN), 0);
	scene_mark(s, gap, AM, CODE_O);
	assert_int_equal(scene_raised(s, ALERT_ATTENDANCE_RETURN), 0); /* its PM is still present */
	scene_mark(s, gap, PM, CODE_Y2);
	assert_int_equal(scene_raised(s, ALERT_ATTENDANCE_RETURN), 1);
	assert_int_equal(scene_newest(s, ALERT_ATTENDANCE_RETURN)->first, date("2026-09-07"));
	assert_int_equal(scene_newest(s, ALERT_ATTENDANCE_RETURN)->last, date("2026-09-18"));
	scene_mark(s, date("2026-09-09"), AM, CODE_I);
	assert_int_equal(scene_standing(s, ALERT_ATTENDANCE_RETURN), 0);
	assert_int_equal(scene_standing(s, ALERT_MISSING_FROM_SCHOOL), 0);
}

/* A day corrected to one that neither counts nor breaks joins the runs round it. */
static void en_03_correction_to_no_possible_attendance_joins_runs(void **state)
{
	struct scene *s = *state;
	scene_days(s, date("2026-09-07"), 5, CODE_O, CODE_O);
	scene_days(s, date("2026-09-14"), 1, CODE_AM, CODE_PM);
	scene_days(s, date("2026-09-15"), 5, CODE_O, CODE_O);
	scene_days(s, date("2026-09-22"), 10, CODE_AM, CODE_PM);
	scene_mark(s, date("2026-09-14"), AM, CODE_Y4);
	assert_int_equal(scene_raised(s, ALERT_ATTENDANCE_RETURN), 0);
	scene_mark(s, date("2026-09-14"), PM, CODE_Y4);
	assert_int_equal(scene_raised(s, ALERT_ATTENDANCE_RETURN), 1);
	assert_int_equal(scene_newest(s, ALERT_ATTENDANCE_RETURN)->last, date("2026-09-21"));
}

/* ---- EN-04: shares ---- */

static void en_04_persistent_at_ten_per_cent(void **state)
{
	struct scene *s = *state;
	scene_days(s, date("2026-09-07"), 9, CODE_AM, CODE_PM);
	scene_mark(s, date("2026-09-18"), AM, CODE_I);
	assert_int_equal(scene_raised(s, ALERT_PERSISTENT), 0);
	scene_mark(s, date("2026-09-18"), PM, CODE_PM); /* 1 of 20 */
	assert_int_equal(scene_raised(s, ALERT_PERSISTENT), 0);
	scene_mark(s, date("2026-09-21"), AM, CODE_I); /* 2 of 21 */
	assert_int_equal(scene_raised(s, ALERT_PERSISTENT), 0);
	scene_mark(s, date("2026-09-18"), PM, CODE_Y1); /* 2 of 20 */
	assert_int_equal(scene_raised(s, ALERT_PERSISTENT), 1);
	assert_true(scene_newest(s, ALERT_PERSISTENT)->up);
	assert_int_equal(scene_raised(s, ALERT_SEVERE), 0);
}

static void en_04_not_before_the_twentieth_session(void **state)
{
	struct scene *s = *state;
	day_t day = scene_days(s, date("2026-09-07"), 9, CODE_I, CODE_I);
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
	day_t day = date("2026-09-21");
	scene_days(s, date("2026-09-07"), 10, CODE_M, CODE_PM); /* 10 of 20 */
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
	scene_days(s, date("2027-06-28"), 10, CODE_I, CODE_I);
	assert_int_equal(scene_raised(s, ALERT_SEVERE), 1);
	scene_days(s, date("2027-09-01"), 9, CODE_I, CODE_I);
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
	size_t count = terms(rows);
	scene_days(s, date("2026-09-07"), 5, CODE_AM, CODE_O);
	scene_days(s, date("2026-11-23"), 5, CODE_AM, CODE_O); /* the eleventh school week */
	assert_int_equal(scene_raised(s, ALERT_THRESHOLD), 0);
	rows[count++] = row("2026-10-12", "2026-10-16", CALENDAR_CLOSURE);
	scene_calendar(s, rows, count);
	assert_int_equal(scene_raised(s, ALERT_THRESHOLD), 1);
	/* Taken back: below ten again, but no mark was wrong. The next ten are told. */
	scene_calendar(s, rows, count - 1);
	assert_int_equal(s->pupil.window, 5);
	assert_int_equal(scene_standing(s, ALERT_THRESHOLD), 1);
	scene_days(s, date("2026-11-30"), 5, CODE_AM, CODE_O);
	assert_int_equal(scene_raised(s, ALERT_THRESHOLD), 2);
}

/* ---- SP-02, SP-08: ten whole days ---- */

static void sp_02_told_when_the_tenth_day_ends(void **state)
{
	struct scene *s = *state;
	scene_days(s, date("2026-09-04"), 1, CODE_O, CODE_PM);
	day_t day = scene_days(s, date("2026-09-07"), 9, CODE_G, CODE_U);
	scene_mark(s, day, AM, CODE_N);
	assert_int_equal(scene_raised(s, ALERT_ATTENDANCE_RETURN), 0);
	scene_mark(s, day, PM, CODE_N);
	assert_int_equal(scene_raised(s, ALERT_ATTENDANCE_RETURN), 1);
	assert_int_equal(scene_newest(s, ALERT_ATTENDANCE_RETURN)->first, date("2026-09-07"));
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
	scene_days(s, date("2026-09-07"), 9, CODE_O, CODE_O);
	scene_days(s, s->pupil.latest_day + 1, 1, CODE_O, CODE_I);
	scene_days(s, s->pupil.latest_day + 1, 9, CODE_O, CODE_O);
	assert_int_equal(scene_raised(s, ALERT_ATTENDANCE_RETURN), 0);
	/* the same correction that makes it whole tells of it */
	scene_mark(s, date("2026-09-18"), PM, CODE_O);
	assert_int_equal(scene_raised(s, ALERT_ATTENDANCE_RETURN), 1);
}

static void sp_02_what_is_no_possible_attendance_neither_counts_nor_breaks(void **state)
{
	struct scene *s = *state;
	scene_days(s, date("2026-10-12"), 5, CODE_O, CODE_O);
	scene_days(s, date("2026-10-19"), 3, CODE_X, CODE_CLOSED);
	scene_days(s, date("2026-10-22"), 2, CODE_O, CODE_Y1);
	/* half-term: no marks */
	scene_days(s, date("2026-11-02"), 2, CODE_O, CODE_O);
	assert_int_equal(scene_raised(s, ALERT_ATTENDANCE_RETURN), 0);
	scene_days(s, date("2026-11-04"), 1, CODE_O, CODE_O);
	assert_int_equal(scene_raised(s, ALERT_ATTENDANCE_RETURN), 1);
	assert_int_equal(scene_newest(s, ALERT_ATTENDANCE_RETURN)->first, date("2026-10-12"));
}

/* The afternoon of the tenth day never comes: the day has ended once another begins. */
static void sp_02_a_day_left_open_ends_with_the_next_register(void **state)
{
	struct scene *s = *state;
	day_t day = scene_days(s, date("2026-09-07"), 9, CODE_O, CODE_O);
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
	scene_days(s, date("2026-09-07"), 25, CODE_O, CODE_O);
	assert_int_equal(scene_raised(s, ALERT_ATTENDANCE_RETURN), 1);
	/* Day 12 of 25: eleven before it keep the alert, thirteen after it are a period of their own. */
	scene_mark(s, date("2026-09-22"), AM, CODE_AM);
	assert_int_equal(scene_raised(s, ALERT_ATTENDANCE_RETURN), 2);
	assert_int_equal(scene_standing(s, ALERT_ATTENDANCE_RETURN), 2);
	assert_int_equal(scene_newest(s, ALERT_ATTENDANCE_RETURN)->first, date("2026-09-23"));
	/* Day 2: nine are left before the cut. */
	scene_mark(s, date("2026-09-08"), PM, CODE_PM);
	assert_int_equal(scene_standing(s, ALERT_ATTENDANCE_RETURN), 1);
	assert_true(s->alerts[0].withdrawn || s->alerts[1].withdrawn || s->alerts[2].withdrawn);
}

static void sp_08_ten_unauthorised_days_in_a_row(void **state)
{
	struct scene *s = *state;
	scene_days(s, date("2026-09-07"), 9, CODE_O, CODE_U);
	assert_int_equal(scene_raised(s, ALERT_MISSING_FROM_SCHOOL), 0);
	scene_days(s, date("2026-09-18"), 1, CODE_O, CODE_U);
	assert_int_equal(scene_raised(s, ALERT_MISSING_FROM_SCHOOL), 1);
	struct scene *ill = scene_new();
	scene_days(ill, date("2026-09-07"), 12, CODE_I, CODE_I); /* authorised: no referral */
	assert_int_equal(scene_raised(ill, ALERT_MISSING_FROM_SCHOOL), 0);
	scene_free(ill);
}

/* A run that outlasts the weeks held is told once. */
static void sp_08_a_run_longer_than_the_record_is_told_once(void **state)
{
	struct scene *s = *state;
	scene_days(s, date("2026-08-03"), 1, CODE_AM, CODE_PM);
	scene_days(s, date("2026-09-07"), 420, CODE_O, CODE_O);
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
	day_t day = scene_days(s, date("2026-09-07"), 14, CODE_I, CODE_I);
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
	day_t day = date("2026-09-07");
	for (unsigned i = 0; i < 29; i++)
		day = scene_days(s, day, 1, CODE_I, CODE_PM);
	assert_int_equal(scene_raised(s, ALERT_SICKNESS_RETURN), 0);
	day = scene_days(s, day, 1, CODE_I, CODE_PM);
	assert_int_equal(scene_raised(s, ALERT_SICKNESS_RETURN), 1);
	assert_true(scene_newest(s, ALERT_SICKNESS_RETURN)->up);
	scene_days(s, day, 20, CODE_I, CODE_PM); /* the total once a year */
	assert_int_equal(scene_raised(s, ALERT_SICKNESS_RETURN), 1);
	/* the next year counts anew */
	day = date("2027-09-01");
	for (unsigned i = 0; i < 29; i++)
		day = scene_days(s, day, 1, CODE_I, CODE_PM);
	assert_int_equal(scene_raised(s, ALERT_SICKNESS_RETURN), 1);
	scene_days(s, day, 1, CODE_I, CODE_PM);
	assert_int_equal(scene_raised(s, ALERT_SICKNESS_RETURN), 2);
}

static void sp_03_a_run_told_by_its_total_is_not_told_again(void **state)
{
	struct scene *s = *state;
	scene_days(s, date("2026-09-07"), 10, CODE_I, CODE_I);
	scene_days(s, date("2026-09-21"), 1, CODE_AM, CODE_PM);
	scene_days(s, date("2026-09-22"), 5, CODE_I, CODE_I); /* 15 days in all, 5 on end */
	assert_int_equal(scene_raised(s, ALERT_SICKNESS_RETURN), 1);
	assert_int_equal(scene_newest(s, ALERT_SICKNESS_RETURN)->first, date("2026-09-22"));
	scene_days(s, date("2026-09-29"), 15, CODE_I, CODE_I); /* 20 on end */
	assert_int_equal(scene_raised(s, ALERT_SICKNESS_RETURN), 1);
}

/* A pupil who comes in the mornings only: fifteen days are fifteen sessions. */
static void sp_03_the_total_waits_while_a_run_that_was_told_goes_on(void **state)
{
	struct scene *s = *state;
	scene_days(s, date("2026-09-07"), 16, CODE_I, CODE_NONE);
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
	scene_days(s, date("2026-09-07"), 14, CODE_I, CODE_I);
	scene_days(s, s->pupil.latest_day + 1, 1, CODE_AM, CODE_PM);
	scene_days(s, s->pupil.latest_day + 1, 1, CODE_I, CODE_I);
	assert_int_equal(scene_standing(s, ALERT_SICKNESS_RETURN), 1);
	scene_mark(s, date("2026-09-08"), AM, CODE_AM);
	assert_int_equal(scene_standing(s, ALERT_SICKNESS_RETURN), 0);
	scene_mark(s, date("2026-09-08"), AM, CODE_I);
	assert_int_equal(scene_raised(s, ALERT_SICKNESS_RETURN), 2);
	assert_int_equal(scene_standing(s, ALERT_SICKNESS_RETURN), 1);
	/* A run cut in two still has its total. */
	struct scene *again = scene_new();
	*again->calendar = *s->calendar;
	scene_days(again, date("2026-09-07"), 16, CODE_I, CODE_I);
	scene_mark(again, date("2026-09-14"), AM, CODE_AM);
	assert_int_equal(again->pupil.sick, 31);
	assert_int_equal(scene_standing(again, ALERT_SICKNESS_RETURN), 1);
	scene_mark(again, date("2026-09-14"), PM, CODE_PM);
	assert_int_equal(scene_standing(again, ALERT_SICKNESS_RETURN), 1);
	scene_mark(again, date("2026-09-15"), AM, CODE_AM);
	assert_int_equal(scene_standing(again, ALERT_SICKNESS_RETURN), 0);
	scene_free(again);
}

/* ---- applying, texts, bytes ---- */

static void texts_are_filled(void **state)
{
	struct scene *s = *state;
	uint8_t room[256];
	scene_days(s, date("2026-09-07"), 5, CODE_O, CODE_O);
	scene_days(s, s->pupil.latest_day + 1, 4, CODE_AM, CODE_PM);
	struct watch_change change = {.watch = RULE_THRESHOLD, .kind = ALERT_THRESHOLD, .up = true, .count = 10,
	                              .first_day = (uint16_t)date("2026-09-07"),
	                              .last_day = (uint16_t)date("2026-09-11")};
	struct writer out = writer_of(room, sizeof room);
	watch_text(&out, s->pathway, &s->pupil, &change);
	assert_true(slice_is(writer_slice(&out), "10 sessions from Monday 7 September 2026 to "
	                                         "Friday 11 September 2026; 44.4 %. {unknown} {"));
	change = (struct watch_change){.watch = RULE_PERSISTENT, .kind = ALERT_PERSISTENT, .up = true, .count = 4, .of = 40};
	out = writer_of(room, sizeof room);
	watch_text(&out, s->pathway, &s->pupil, &change);
	assert_true(slice_is(writer_slice(&out), "up: 4 of 40"));
	change.up = false;
	out = writer_of(room, sizeof room);
	watch_text(&out, s->pathway, &s->pupil, &change);
	assert_true(slice_is(writer_slice(&out), "down: 4 of 40"));
	change.watch = RULE_SEVERE; /* no text: nothing is said */
	out = writer_of(room, sizeof room);
	watch_text(&out, s->pathway, &s->pupil, &change);
	assert_int_equal(writer_size(&out), 0);
}

static void alerts_of_deadlines_change_no_watch(void **state)
{
	struct scene *s = *state;
	static const uint8_t kinds[] = {ALERT_BREACH, ALERT_DUE_SOON, ALERT_DUE, ALERT_OVERDUE, ALERT_DECISION,
	                                ALERT_DEADLINE_MOVED, 0, 32, 255};
	scene_days(s, date("2026-09-07"), 1, CODE_O, CODE_O);
	struct pupil before = s->pupil;
	for (size_t i = 0; i < sizeof kinds; i++) {
		struct event_alert_raised event = {.kind = kinds[i], .up = true, .first_day = 20000, .last_day = 20001};
		watch_apply_raised(&s->pupil, &s->standing, &event, 5, 10);
	}
	assert_memory_equal(&before, &s->pupil, sizeof before);
	assert_int_equal(s->standing.count, 0);
	watch_apply_withdrawn(&s->pupil, &s->standing, 5); /* unknown: nothing */
	assert_int_equal(s->standing.count, 0);
}

static void standing_keeps_the_newest_and_one_threshold(void **state)
{
	struct scene *s = *state;
	scene_days(s, date("2026-09-07"), 6, CODE_O, CODE_O);
	s->standing = (struct standing){0};
	struct event_alert_raised event = {.kind = ALERT_THRESHOLD, .up = true, .first_day = 20000, .last_day = 20010};
	watch_apply_raised(&s->pupil, &s->standing, &event, 1000, 10);
	watch_apply_raised(&s->pupil, &s->standing, &event, 1001, 10);
	assert_int_equal(s->standing.count, 1);
	assert_int_equal(s->standing.alerts[0].alert, 1001);
	event.kind = ALERT_ATTENDANCE_RETURN;
	event.up = false;
	for (uint64_t alert = 1002; alert < 1002 + STANDING_MAX; alert++)
		watch_apply_raised(&s->pupil, &s->standing, &event, alert, 10);
	assert_int_equal(s->standing.count, STANDING_MAX);
	assert_int_equal(s->standing.alerts[0].alert, 1002);
	watch_apply_withdrawn(&s->pupil, &s->standing, 1003);
	assert_int_equal(s->standing.count, STANDING_MAX - 1);
	assert_int_equal(s->standing.alerts[1].alert, 1004);
	/* A share is not kept. */
	event = (struct event_alert_raised){.kind = ALERT_SEVERE, .up = true, .last_day = s->pupil.latest_day};
	watch_apply_raised(&s->pupil, &s->standing, &event, 2000, 10);
	assert_int_equal(s->standing.count, STANDING_MAX - 1);
	assert_true(s->pupil.raised >> ALERT_SEVERE & 1);
}

static void standing_comes_back_and_truncations_do_not(void **state)
{
	(void)state;
	struct standing standing = {0}, back;
	uint8_t bytes[STANDING_RECORD_MAX];
	for (unsigned i = 0; i < STANDING_MAX; i++)
		standing.alerts[standing.count++] = (struct standing_alert){
		        .kind = ALERT_SICKNESS_RETURN, .up = i % 2, .alert = UINT64_MAX - 100 + i,
		        .first_day = (uint16_t)(20000 + i), .last_day = (uint16_t)(20000 + 2 * i)};
	struct writer out = writer_of(bytes, sizeof bytes);
	standing_encode(&out, &standing);
	assert_false(out.full);
	size_t size = writer_size(&out);
	memset(&back, 0xa5, sizeof back);
	assert_true(standing_decode(&back, slice_of(bytes, size)));
	assert_int_equal(back.count, standing.count);
	for (unsigned i = 0; i < STANDING_MAX; i++)
		assert_true(back.alerts[i].kind == standing.alerts[i].kind && back.alerts[i].up == standing.alerts[i].up &&
		            back.alerts[i].alert == standing.alerts[i].alert &&
		            back.alerts[i].first_day == standing.alerts[i].first_day &&
		            back.alerts[i].last_day == standing.alerts[i].last_day);
	for (size_t shorter = 0; shorter < size; shorter++)
		assert_false(standing_decode(&back, slice_of(bytes, shorter)));
	bytes[0] = STANDING_MAX + 1;
	assert_false(standing_decode(&back, slice_of(bytes, size)));
	bytes[0] = STANDING_MAX - 1; /* bytes are left over */
	assert_false(standing_decode(&back, slice_of(bytes, size)));
}

static void rules_that_are_none_are_named(void **state)
{
	(void)state;
	struct pathway *p = calloc(1, sizeof *p);
	scene_rules(p);
	for (unsigned i = 0; i < RULE_COUNT; i++)
		assert_null(watch_fault(&p->watches[i]));
	struct watch_rule rule = p->watches[RULE_THRESHOLD];
	rule.codes |= CODE_BIT(CODE_I);
	assert_non_null(watch_fault(&rule));
	rule = p->watches[RULE_THRESHOLD];
	rule.kind = ALERT_SEVERE;
	assert_non_null(watch_fault(&rule));
	rule = p->watches[RULE_MISSING];
	rule.at_least = 0;
	assert_non_null(watch_fault(&rule));
	rule = p->watches[RULE_MISSING];
	rule.codes = CODE_BIT(CODE_X);
	assert_non_null(watch_fault(&rule));
	rule.codes = 0;
	assert_non_null(watch_fault(&rule));
	rule = p->watches[RULE_SEVERE];
	rule.at_least = 101;
	assert_non_null(watch_fault(&rule));
	rule = p->watches[RULE_SEVERE];
	rule.type = 9;
	assert_non_null(watch_fault(&rule));
	rule = p->watches[RULE_SEVERE];
	rule.kind = 0;
	assert_non_null(watch_fault(&rule));
	free(p);
}

#define SCENE_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

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
	        SCENE_TEST(texts_are_filled),
	        SCENE_TEST(alerts_of_deadlines_change_no_watch),
	        SCENE_TEST(standing_keeps_the_newest_and_one_threshold),
	        cmocka_unit_test(standing_comes_back_and_truncations_do_not),
	        cmocka_unit_test(rules_that_are_none_are_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
