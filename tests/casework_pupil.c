/* casework_pupil.c - a pupil's figures and runs, by hand.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pupil_marks.h"

static void marks_are_new_same_corrected_or_too_old(void **state)
{
	(void)state;
	struct calendar c;
	struct pupil p = {0};
	uint8_t held = 99;
	day_t day = date("2026-09-07");
	school_year(&c);
	assert_int_equal(pupil_would(&p, day, AM, CODE_N), MARK_NEW);
	assert_int_equal(pupil_mark(&p, &c, day, AM, CODE_N, 10, &held), MARK_NEW);
	assert_int_equal(held, CODE_NONE);
	assert_int_equal(p.latest_day, day);
	assert_int_equal(pupil_would(&p, day, AM, CODE_N), MARK_SAME);
	assert_int_equal(pupil_mark(&p, &c, day, AM, CODE_N, 10, &held), MARK_SAME);
	assert_int_equal(held, CODE_N);
	assert_int_equal(pupil_would(&p, day, AM, CODE_I), MARK_CORRECTED);
	assert_int_equal(pupil_mark(&p, &c, day, AM, CODE_I, 10, &held), MARK_CORRECTED);
	assert_int_equal(held, CODE_N);
	assert_int_equal(pupil_code(&p, day, AM), CODE_I);
	assert_int_equal(pupil_code(&p, day, PM), CODE_NONE);
	/* The week 63 back is held, the one before it is not. */
	day_t oldest = day - 63 * 7;
	assert_int_equal(pupil_first_held(&p), oldest);
	assert_int_equal(mark(&p, &c, oldest, AM, CODE_O), MARK_NEW);
	assert_int_equal(pupil_code(&p, oldest, AM), CODE_O);
	struct pupil before = p;
	assert_int_equal(pupil_would(&p, oldest - 3, AM, CODE_O), MARK_TOO_OLD);
	assert_int_equal(mark(&p, &c, oldest - 3, AM, CODE_O), MARK_TOO_OLD);
	assert_memory_equal(&before, &p, sizeof p);
	/* A week on it has gone, and its slot does not speak for another. */
	mark(&p, &c, day + 7, AM, CODE_AM);
	assert_int_equal(pupil_code(&p, oldest, AM), CODE_NONE);
	assert_int_equal(pupil_count(&p, UNAUTHORISED, DAY_MIN, DAY_MAX), 0);
	/* Years on, everything has. */
	mark(&p, &c, date("2031-03-03"), PM, CODE_PM);
	assert_int_equal(pupil_count(&p, CODES_POSSIBLE, DAY_MIN, DAY_MAX), 1);
}

static void what_no_register_holds_changes_nothing(void **state)
{
	(void)state;
	struct calendar c;
	struct pupil p = {0};
	school_year(&c);
	mark(&p, &c, date("2026-09-07"), AM, CODE_AM);
	struct pupil before = p;
	assert_int_equal(mark(&p, &c, date("2026-09-12"), AM, CODE_AM), MARK_TOO_OLD); /* Saturday */
	assert_int_equal(mark(&p, &c, date("2026-09-08"), 2, CODE_AM), MARK_TOO_OLD);
	assert_int_equal(mark(&p, &c, date("2026-09-08"), AM, CODE_NONE), MARK_TOO_OLD);
	assert_int_equal(mark(&p, &c, date("2026-09-08"), AM, 35), MARK_TOO_OLD);
	assert_int_equal(mark(&p, &c, date("2026-09-08"), AM, 255), MARK_TOO_OLD);
	assert_int_equal(mark(&p, &c, 0, AM, CODE_AM), MARK_TOO_OLD);
	assert_int_equal(mark(&p, &c, DAY_MAX + 1, AM, CODE_AM), MARK_TOO_OLD);
	assert_memory_equal(&before, &p, sizeof p);
	assert_int_equal(pupil_code(&p, date("2026-09-12"), AM), CODE_NONE);
	assert_int_equal(pupil_code(&p, -100, AM), CODE_NONE);
}

static void en_01_figures_follow_the_classes(void **state)
{
	(void)state;
	struct calendar c;
	struct pupil p = {0};
	struct figures f;
	school_year(&c);
	static const uint8_t codes[] = {CODE_AM, CODE_L, CODE_V,  CODE_I, CODE_M,     CODE_G,
					CODE_U,  CODE_D, CODE_Y1, CODE_Z, CODE_CLOSED};
	day_t day = date("2026-09-07");
	for (size_t i = 0; i < sizeof codes; i++) {
		while (!calendar_is_school_day(&c, day))
			day++;
		mark(&p, &c, day++, AM, codes[i]);
	}
	pupil_figures(&p, &c, &f);
	assert_int_equal(f.school_year, 2026);
	assert_int_equal(f.possible, 7);
	assert_int_equal(f.attended, 3);
	assert_int_equal(f.authorised, 2);
	assert_int_equal(f.unauthorised, 2);
	assert_int_equal(f.late, 1);
	assert_int_equal(f.sick, 1);
	assert_int_equal(f.unauthorised_10_weeks, 2);
	/* No marks, no figures. */
	struct pupil none = {0};
	pupil_figures(&none, &c, &f);
	assert_int_equal(f.school_year, 0);
	assert_int_equal(f.possible + f.weeks_in_session, 0);
}

static void en_02_window_is_ten_school_weeks_to_the_latest(void **state)
{
	(void)state;
	struct calendar c;
	struct pupil p = {0};
	school_year(&c);
	day_t first = date("2026-09-07");
	mark(&p, &c, first, AM, CODE_O);
	/* Half-term is no school week: the window still reaches 7 September on 20 November ... */
	mark(&p, &c, date("2026-11-20"), PM, CODE_U);
	assert_int_equal(p.window, 2);
	/* ... and no longer on the Monday after. */
	mark(&p, &c, date("2026-11-23"), AM, CODE_AM);
	assert_int_equal(p.window, 1);
	/* A correction outside it changes nothing, one inside it does. */
	mark(&p, &c, first, AM, CODE_N);
	mark(&p, &c, first, PM, CODE_N);
	assert_int_equal(p.window, 1);
	mark(&p, &c, date("2026-09-14"), AM, CODE_N);
	assert_int_equal(p.window, 2);
	/* A late mark in a week without school is not counted: the week is not in the window. */
	mark(&p, &c, date("2026-10-27"), AM, CODE_O);
	assert_int_equal(p.window, 2);
	assert_int_equal(pupil_window(&p, &c, UNAUTHORISED, 10, p.latest_day), 2);
	assert_int_equal(pupil_window(&p, &c, UNAUTHORISED, 2, date("2026-11-23")), 1);
	assert_int_equal(pupil_window(&p, &c, UNAUTHORISED, 10, date("2026-09-07")), 2);
	assert_int_equal(pupil_window(&p, &c, CODE_BIT(CODE_U), 10, p.latest_day), 1);
}

static void en_02_window_spans_school_years(void **state)
{
	(void)state;
	struct calendar c;
	struct pupil p = {0};
	struct figures f;
	school_year(&c);
	mark_days(&p, &c, date("2027-07-12"), 4, CODE_O, CODE_O);
	mark_days(&p, &c, date("2027-09-01"), 1, CODE_O, CODE_PM);
	pupil_figures(&p, &c, &f);
	assert_int_equal(f.school_year, 2027);
	assert_int_equal(f.unauthorised, 1); /* the year's own */
	assert_int_equal(f.unauthorised_10_weeks, 9);
}

/* A week that only the latest register is in: in the window, school week or not. */
/* The weeks of the window before are not held any more, so it is counted anew, the new mark with it. */
static void en_02_a_mark_after_a_year_away_counts_once(void **state)
{
	static const char *const days[] = {"2027-07-12", "2027-09-27", "2027-11-22", "2028-06-05"};

	(void)state;
	for (unsigned i = 0; i < sizeof days / sizeof *days; i++) {
		struct calendar c;
		struct pupil p = {0};

		school_year(&c);
		mark(&p, &c, date("2026-09-07"), AM, CODE_AM);
		mark(&p, &c, date("2026-09-08"), AM, CODE_N);
		mark(&p, &c, date(days[i]), AM, CODE_O);
		assert_int_equal(p.window, 1);
		mark(&p, &c, date(days[i]), PM, CODE_O);
		assert_int_equal(p.window, 2);
		pupil_check(&p, &c);
	}
}

static void en_02_the_latest_registers_own_week_always_counts(void **state)
{
	(void)state;
	struct calendar c;
	struct pupil p = {0};
	school_year(&c);
	mark(&p, &c, date("2026-10-27"), AM, CODE_O);
	assert_int_equal(p.window, 1);
	mark(&p, &c, date("2026-11-02"), AM, CODE_AM);
	assert_int_equal(p.window, 0);
}

/* Away for a week or for years: the first absence after it is one session. */
static void en_02_the_first_mark_after_a_silence_counts_once(void **state)
{
	(void)state;
	struct calendar c;
	school_year(&c);
	for (int weeks = 1; weeks < 300; weeks++) {
		struct pupil p = {0};
		const day_t back = date("2026-09-14") + weeks * 7;
		mark_days(&p, &c, date("2026-09-14"), 1, CODE_O, CODE_O);
		mark(&p, &c, back, PM, CODE_U);
		assert_int_equal(p.window, pupil_window(&p, &c, UNAUTHORISED, 10, back));
		if (weeks > 60)
			assert_int_equal(p.window, 1);
	}
}

static void en_06_a_recount_follows_the_calendar(void **state)
{
	(void)state;
	struct calendar c, closed;
	struct pupil p = {0};
	school_year(&c);
	mark(&p, &c, date("2026-09-14"), AM, CODE_O);
	mark(&p, &c, date("2026-11-30"), AM, CODE_O); /* the eleventh school week */
	assert_int_equal(p.window, 1);
	struct calendar_row rows[] = {
		row("2026-09-01", "2026-10-23", CALENDAR_TERM),
		row("2026-11-02", "2026-12-18", CALENDAR_TERM),
		row("2026-11-16", "2026-11-20", CALENDAR_CLOSURE),
	};
	calendar_build(&closed, rows, 3);
	pupil_recount(&p, &closed);
	assert_int_equal(p.window, 2);
	pupil_check(&p, &closed);
}

static void the_threshold_arms_below_its_number(void **state)
{
	(void)state;
	struct calendar c;
	struct pupil p = {0};
	uint8_t held;
	school_year(&c);
	day_t day = mark_days(&p, &c, date("2026-09-07"), 5, CODE_O, CODE_O);
	p.raised = UINT32_C(1) << ALERT_THRESHOLD;
	assert_int_equal(p.window, 10);
	mark_days(&p, &c, day, 1, CODE_AM, CODE_PM);
	assert_int_equal(p.raised, UINT32_C(1) << ALERT_THRESHOLD);
	mark(&p, &c, date("2026-09-07"), AM, CODE_I);
	assert_int_equal(p.raised, 0);
	/* Where a calendar took it below, the next mark finds out before it counts itself. */
	p.raised = UINT32_C(1) << ALERT_THRESHOLD;
	pupil_mark(&p, &c, date("2026-09-07"), AM, CODE_O, 10, &held);
	assert_int_equal(p.window, 10);
	assert_int_equal(p.raised, 0);
}

static void a_new_school_year_starts_from_nothing(void **state)
{
	(void)state;
	struct calendar c;
	struct pupil p = {0};
	school_year(&c);
	mark_days(&p, &c, date("2027-07-05"), 10, CODE_I, CODE_I);
	p.raised = UINT32_C(1) << ALERT_THRESHOLD | UINT32_C(1) << ALERT_PERSISTENT |
		   UINT32_C(1) << ALERT_SEVERE;
	uint8_t held;
	pupil_mark(&p, &c, date("2027-09-01"), AM, CODE_I, 0, &held);
	pupil_check(&p, &c);
	assert_int_equal(p.possible, 1);
	assert_int_equal(p.absent, 1);
	assert_int_equal(p.sick, 1);
	assert_int_equal(p.raised, UINT32_C(1) << ALERT_THRESHOLD);
	/* A late mark of the old year is held and is not of this year's figures. */
	mark(&p, &c, date("2027-07-01"), AM, CODE_I);
	assert_int_equal(p.sick, 1);
	assert_int_equal(pupil_count(&p, CODE_BIT(CODE_I), date("2027-07-01"), date("2027-08-31")), 21);
}

static void sp_04_broken_weeks_against_weeks_in_session(void **state)
{
	(void)state;
	struct calendar c;
	struct pupil p = {0};
	struct figures f;
	school_year(&c);
	/* Four weeks, two of them broken: a Friday, then a Friday and a Monday. */
	mark_days(&p, &c, date("2026-09-07"), 4, CODE_AM, CODE_PM);
	mark_days(&p, &c, date("2026-09-11"), 1, CODE_O, CODE_O);
	mark_days(&p, &c, date("2026-09-14"), 5, CODE_AM, CODE_PM);
	mark_days(&p, &c, date("2026-09-21"), 1, CODE_I, CODE_PM);
	mark_days(&p, &c, date("2026-09-22"), 3, CODE_AM, CODE_PM);
	mark_days(&p, &c, date("2026-09-25"), 1, CODE_O, CODE_PM);
	mark_days(&p, &c, date("2026-09-28"), 5, CODE_AM, CODE_PM);
	pupil_figures(&p, &c, &f);
	assert_int_equal(f.broken_weeks, 2);
	assert_int_equal(f.weeks_in_session, 4);
	assert_int_equal(f.absent_on[MONDAY], 1);
	assert_int_equal(f.absent_on[TUESDAY] + f.absent_on[WEDNESDAY] + f.absent_on[THURSDAY], 0);
	assert_int_equal(f.absent_on[FRIDAY], 3);
	assert_int_equal(f.coded[CODE_O], 3);
	assert_int_equal(f.coded[CODE_I], 1);
	/* A correction mends a week. */
	mark(&p, &c, date("2026-09-11"), AM, CODE_AM);
	mark(&p, &c, date("2026-09-11"), PM, CODE_Y1);
	pupil_figures(&p, &c, &f);
	assert_int_equal(f.broken_weeks, 1);
	/* Half-term is no week in session. */
	mark_days(&p, &c, date("2026-11-02"), 1, CODE_AM, CODE_PM);
	pupil_figures(&p, &c, &f);
	assert_int_equal(f.weeks_in_session, 8);
}

/* 1 September 2027 is a Wednesday: its week is in two school years. */
static void the_week_of_1_september_is_cut(void **state)
{
	(void)state;
	struct calendar c;
	struct pupil p = {0};
	struct figures f;
	calendar_build(&c, NULL, 0);
	mark(&p, &c, date("2027-08-31"), AM, CODE_O);
	mark(&p, &c, date("2027-09-01"), AM, CODE_AM);
	pupil_figures(&p, &c, &f);
	assert_int_equal(f.possible, 1);
	assert_int_equal(f.broken_weeks, 0);
	assert_int_equal(f.weeks_in_session, 1);
	assert_int_equal(p.absent, 0);
	mark(&p, &c, date("2027-08-31"), PM, CODE_O); /* late, of the old year */
	assert_int_equal(p.possible, 1);
	assert_int_equal(p.window, 2);
}

static void en_04_shares_need_twenty_possible_sessions(void **state)
{
	(void)state;
	struct calendar c;
	struct pupil p = {0};
	struct figures f;
	school_year(&c);
	day_t day = mark_days(&p, &c, date("2026-09-07"), 9, CODE_I, CODE_PM);
	mark(&p, &c, day, AM, CODE_AM);
	pupil_figures(&p, &c, &f);
	assert_int_equal(f.possible, 19);
	assert_false(f.persistent || f.severe);
	mark(&p, &c, day, PM, CODE_PM);
	pupil_figures(&p, &c, &f);
	assert_true(f.persistent);
	assert_false(f.severe); /* 9 of 20 */
	mark(&p, &c, day, PM, CODE_M);
	pupil_figures(&p, &c, &f);
	assert_true(f.severe); /* 10 of 20 */
}

static void days_of_a_run(void **state)
{
	(void)state;
	struct calendar c;
	struct pupil p = {0};
	school_year(&c);
	day_t day = date("2026-09-07");
	mark(&p, &c, day, AM, CODE_O);
	assert_int_equal(pupil_day(&p, UNAUTHORISED, day), DAY_UNKNOWN); /* has not ended */
	mark(&p, &c, day, PM, CODE_Y3);
	assert_int_equal(pupil_day(&p, UNAUTHORISED, day), DAY_IN);
	mark(&p, &c, day, PM, CODE_PM);
	assert_int_equal(pupil_day(&p, UNAUTHORISED, day), DAY_BREAKS);
	mark(&p, &c, day, PM, CODE_I);
	assert_int_equal(pupil_day(&p, UNAUTHORISED, day), DAY_BREAKS);
	mark(&p, &c, ++day, AM, CODE_X);
	mark(&p, &c, day, PM, CODE_CLOSED);
	assert_int_equal(pupil_day(&p, UNAUTHORISED, day), DAY_NEUTRAL);
	mark(&p, &c, ++day, AM, CODE_U);
	mark(&p, &c, day + 1, AM, CODE_AM);
	assert_int_equal(pupil_day(&p, UNAUTHORISED, day), DAY_IN); /* its afternoon never came */
	assert_int_equal(pupil_day(&p, UNAUTHORISED, day + 1), DAY_BREAKS);
	assert_int_equal(pupil_day(&p, UNAUTHORISED, day + 2), DAY_UNKNOWN);
	assert_int_equal(pupil_day(&p, UNAUTHORISED, date("2026-09-12")), DAY_UNKNOWN);
}

static void a_run_goes_over_what_neither_counts_nor_breaks(void **state)
{
	(void)state;
	struct calendar c;
	struct pupil p = {0};
	struct stretch s;
	day_t first, last, nth;
	school_year(&c);
	mark_days(&p, &c, date("2026-10-15"), 1, CODE_AM, CODE_PM);
	mark_days(&p, &c, date("2026-10-16"), 6, CODE_O, CODE_N); /* to 23 October, then half-term */
	mark_days(&p, &c, date("2026-11-02"), 1, CODE_Y2, CODE_Y2);
	mark_days(&p, &c, date("2026-11-03"), 4, CODE_G, CODE_G);
	mark_days(&p, &c, date("2026-11-09"), 1, CODE_AM, CODE_G);
	assert_int_equal(pupil_run(&p, UNAUTHORISED, date("2026-11-05"), &first, &last, 7, &nth), 10);
	assert_int_equal(first, date("2026-10-16"));
	assert_int_equal(last, date("2026-11-06"));
	assert_int_equal(nth, date("2026-11-03"));
	assert_int_equal(pupil_run(&p, UNAUTHORISED, date("2026-10-16"), &first, &last, 11, &nth), 10);
	assert_int_equal(nth, 0);
	/* Days that are not in it. */
	assert_int_equal(pupil_run(&p, UNAUTHORISED, date("2026-11-09"), &first, &last, 1, NULL), 0);
	assert_int_equal(pupil_run(&p, UNAUTHORISED, date("2026-11-02"), &first, &last, 1, NULL), 0);
	assert_int_equal(pupil_run(&p, UNAUTHORISED, date("2026-10-15"), &first, &last, 1, NULL), 0);
	assert_int_equal(pupil_run(&p, UNAUTHORISED, DAY_MIN, &first, &last, 1, NULL), 0);
	/* The stretch is the same seen from a day that neither counts nor breaks. */
	assert_true(pupil_stretch(&p, UNAUTHORISED, date("2026-10-28"), 7, &s));
	assert_int_equal(s.count, 10);
	assert_int_equal(s.nth_day, date("2026-11-03"));
	assert_false(s.edge);
	assert_false(pupil_stretch(&p, UNAUTHORISED, date("2026-11-09"), 7, &s));
	assert_true(pupil_stretch(&p, UNAUTHORISED, date("2026-10-14"), 7, &s));
	assert_int_equal(s.count, 0);
	assert_true(s.edge);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(marks_are_new_same_corrected_or_too_old),
		cmocka_unit_test(what_no_register_holds_changes_nothing),
		cmocka_unit_test(en_01_figures_follow_the_classes),
		cmocka_unit_test(en_02_window_is_ten_school_weeks_to_the_latest),
		cmocka_unit_test(en_02_window_spans_school_years),
		cmocka_unit_test(en_02_a_mark_after_a_year_away_counts_once),
		cmocka_unit_test(en_02_the_latest_registers_own_week_always_counts),
		cmocka_unit_test(en_02_the_first_mark_after_a_silence_counts_once),
		cmocka_unit_test(en_06_a_recount_follows_the_calendar),
		cmocka_unit_test(the_threshold_arms_below_its_number),
		cmocka_unit_test(a_new_school_year_starts_from_nothing),
		cmocka_unit_test(sp_04_broken_weeks_against_weeks_in_session),
		cmocka_unit_test(the_week_of_1_september_is_cut),
		cmocka_unit_test(en_04_shares_need_twenty_possible_sessions),
		cmocka_unit_test(days_of_a_run),
		cmocka_unit_test(a_run_goes_over_what_neither_counts_nor_breaks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
