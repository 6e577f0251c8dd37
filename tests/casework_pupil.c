/* casework_pupil.c - a pupil's figures, by hand and against the naive model.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "naive_pupil.h"

static const uint64_t UNAUTHORISED = CODE_BIT(CODE_G) | CODE_BIT(CODE_N) | CODE_BIT(CODE_O) | CODE_BIT(CODE_U);

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

static void school_year(struct calendar *c)
{
	struct calendar_row rows[] = {
	        row("2026-09-01", "2026-10-23", CALENDAR_TERM), row("2026-11-02", "2026-12-18", CALENDAR_TERM),
	        row("2027-01-04", "2027-02-12", CALENDAR_TERM), row("2027-02-22", "2027-03-25", CALENDAR_TERM),
	        row("2027-04-12", "2027-05-28", CALENDAR_TERM), row("2027-06-07", "2027-07-21", CALENDAR_TERM),
	        row("2027-09-01", "2027-10-22", CALENDAR_TERM), row("2027-11-01", "2027-12-17", CALENDAR_TERM),
	        row("2027-07-22", "2027-08-31", CALENDAR_HOLIDAY),
	};
	calendar_build(c, rows, sizeof rows / sizeof rows[0]);
}

static enum mark_change mark(struct pupil *p, const struct calendar *c, day_t day, uint8_t session, uint8_t code)
{
	uint8_t held;
	enum mark_change change = pupil_mark(p, c, day, session, code, 10, &held);
	pupil_check(p, c);
	return change;
}

/* Marks school days from `day` on, both sessions; gives the day after the last. */
static day_t mark_days(struct pupil *p, const struct calendar *c, day_t day, unsigned count, uint8_t am, uint8_t pm)
{
	for (; count > 0; day++) {
		if (!calendar_is_school_day(c, day))
			continue;
		mark(p, c, day, AM, am);
		mark(p, c, day, PM, pm);
		count--;
	}
	return day;
}

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
	static const uint8_t codes[] = {CODE_AM, CODE_L, CODE_V, CODE_I, CODE_M, CODE_G, CODE_U, CODE_D, CODE_Y1,
	                                CODE_Z, CODE_CLOSED};
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
	        row("2026-09-01", "2026-10-23", CALENDAR_TERM), row("2026-11-02", "2026-12-18", CALENDAR_TERM),
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
	p.raised = UINT32_C(1) << ALERT_THRESHOLD | UINT32_C(1) << ALERT_PERSISTENT | UINT32_C(1) << ALERT_SEVERE;
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
	assert_int_equal(f.absent_code[CODE_O], 3);
	assert_int_equal(f.absent_code[CODE_I], 1);
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

static size_t encode(const struct pupil *p, uint8_t room[static PUPIL_RECORD_MAX])
{
	struct writer out = writer_of(room, PUPIL_RECORD_MAX);
	pupil_encode(&out, p);
	assert_false(out.full);
	return writer_size(&out);
}

static void round_trip(const struct pupil *p)
{
	uint8_t bytes[PUPIL_RECORD_MAX], again[PUPIL_RECORD_MAX];
	struct pupil back;
	size_t size = encode(p, bytes);
	memset(&back, 0xa5, sizeof back);
	assert_true(pupil_decode(&back, slice_of(bytes, size)));
	assert_memory_equal(back.weeks, p->weeks, sizeof p->weeks);
	assert_true(back.urn == p->urn && back.case_no == p->case_no && back.latest_day == p->latest_day &&
	            back.latest_session == p->latest_session && back.standing == p->standing &&
	            back.raised == p->raised && back.possible == p->possible && back.absent == p->absent &&
	            back.sick == p->sick && back.window == p->window && back.position == p->position);
	assert_int_equal(encode(&back, again), size);
	assert_memory_equal(bytes, again, size);
}

static void records_come_back_and_truncations_do_not(void **state)
{
	(void)state;
	struct calendar c;
	struct pupil p = {0}, back;
	uint8_t bytes[PUPIL_RECORD_MAX + 1];
	school_year(&c);
	round_trip(&p);
	p = (struct pupil){.urn = 123456, .case_no = 70000, .position = UINT64_MAX, .standing = 1};
	mark_days(&p, &c, date("2026-09-07"), 60, CODE_AM, CODE_I);
	p.raised = UINT32_MAX;
	round_trip(&p);
	/* Every week held: the largest record fits. */
	day_t first = p.latest_day - 63 * 7;
	for (day_t day = naive_monday(first); day <= p.latest_day; day++)
		if (day_weekday(day) <= FRIDAY)
			mark(&p, &c, day, AM, CODE_CLOSED);
	round_trip(&p);

	size_t size = encode(&p, bytes);
	for (size_t shorter = 0; shorter < size; shorter++) {
		uint8_t *exact = malloc(shorter ? shorter : 1); /* so that a read past its end is seen */
		memcpy(exact, bytes, shorter);
		assert_false(pupil_decode(&back, slice_of(exact, shorter)));
		free(exact);
	}
	bytes[size] = 0;
	assert_false(pupil_decode(&back, slice_of(bytes, size + 1)));
}

/* No byte that is flipped makes a record that another encoding would also give. */
static void damaged_records_are_refused_or_canonical(void **state)
{
	(void)state;
	struct calendar c;
	struct pupil p = {.urn = 123456, .case_no = 7, .position = 9000}, back;
	uint8_t bytes[PUPIL_RECORD_MAX], again[PUPIL_RECORD_MAX];
	school_year(&c);
	mark_days(&p, &c, date("2026-09-07"), 12, CODE_AM, CODE_I);
	size_t size = encode(&p, bytes);
	unsigned refused = 0;
	for (size_t i = 0; i < size; i++) {
		for (unsigned flip = 1; flip < 256; flip++) {
			bytes[i] ^= (uint8_t)flip;
			if (pupil_decode(&back, slice_of(bytes, size))) {
				assert_int_equal(encode(&back, again), size);
				assert_memory_equal(bytes, again, size);
			} else {
				refused++;
			}
			bytes[i] ^= (uint8_t)flip;
		}
	}
	assert_true(refused > 1000);
}

static void compare(const struct pupil *p, const struct naive *n, const struct calendar *c)
{
	struct figures ours, theirs;
	pupil_check(p, c);
	pupil_figures(p, c, &ours);
	naive_figures(n, c, &theirs);
	assert_memory_equal(&ours, &theirs, sizeof ours);
	assert_int_equal(p->possible, theirs.possible);
	assert_int_equal(p->absent, theirs.authorised + theirs.unauthorised);
	assert_int_equal(p->sick, theirs.sick);
	assert_int_equal(p->window, theirs.unauthorised_10_weeks);
}

static void compare_runs(const struct pupil *p, const struct naive *n, uint64_t codes)
{
	struct naive_run runs[400];
	size_t count = naive_runs(n, codes, 10, runs, 400), at = 0;
	for (day_t day = naive_reach(n); day <= n->latest; day++) {
		day_t first, last, nth;
		unsigned days = pupil_run(p, codes, day, &first, &last, 10, &nth);
		while (at < count && runs[at].last < day)
			at++;
		bool in = at < count && runs[at].first <= day && naive_day(n, codes, day) == NAIVE_ABSENT;
		assert_int_equal(days, in ? runs[at].count : 0);
		assert_int_equal(first, in ? runs[at].first : 0);
		assert_int_equal(last, in ? runs[at].last : 0);
		assert_int_equal(nth, in ? runs[at].nth : 0);
	}
}

/* Two and a half years of one pupil, marked, late, missed and corrected. */
static void random_marks_agree_with_the_naive_model(void **state)
{
	(void)state;
	struct chance chance = chance_of("casework_pupil");
	struct calendar *c = malloc(sizeof *c);
	struct naive *n = malloc(sizeof *n);
	struct school *s = malloc(sizeof *s);
	for (unsigned pupil = 0; pupil < 24; pupil++) {
		struct pupil p = {.urn = 100000 + pupil};
		if (pupil % 3)
			school_year(c);
		else
			calendar_build(c, NULL, 0);
		memset(n, 0, sizeof *n);
		memset(s, 0, sizeof *s);
		*s = (struct school){.chance = &chance, .calendar = c, .day = date("2026-06-01") - 1, .session = PM};
		school_spell(s);
		for (unsigned step = 0; step < 1100; step++) {
			struct sent sent = school_send(s);
			uint8_t held, naive_held;
			enum mark_change would = pupil_would(&p, sent.day, sent.session, sent.code);
			enum mark_change change =
			        pupil_mark(&p, c, sent.day, sent.session, sent.code, 10, &held);
			assert_int_equal(change, naive_mark(n, sent.day, sent.session, sent.code, &naive_held));
			assert_int_equal(change, would);
			assert_int_equal(held, naive_held);
			compare(&p, n, c);
			if (step % 97 == 0) {
				compare_runs(&p, n, UNAUTHORISED);
				compare_runs(&p, n, CODE_BIT(CODE_I));
				round_trip(&p);
			}
			/* Now and then a term of registers is missing. */
			if (chance_below(&chance, 700) == 0) {
				s->day += (day_t)chance_below(&chance, 200);
				s->session = PM;
			}
		}
		assert_true(p.latest_day > date("2027-09-10"));
	}
	free(s);
	free(n);
	free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(marks_are_new_same_corrected_or_too_old),
	        cmocka_unit_test(what_no_register_holds_changes_nothing),
	        cmocka_unit_test(en_01_figures_follow_the_classes),
	        cmocka_unit_test(en_02_window_is_ten_school_weeks_to_the_latest),
	        cmocka_unit_test(en_02_window_spans_school_years),
	        cmocka_unit_test(en_02_the_latest_registers_own_week_always_counts),
	        cmocka_unit_test(en_06_a_recount_follows_the_calendar),
	        cmocka_unit_test(the_threshold_arms_below_its_number),
	        cmocka_unit_test(a_new_school_year_starts_from_nothing),
	        cmocka_unit_test(sp_04_broken_weeks_against_weeks_in_session),
	        cmocka_unit_test(the_week_of_1_september_is_cut),
	        cmocka_unit_test(en_04_shares_need_twenty_possible_sessions),
	        cmocka_unit_test(days_of_a_run),
	        cmocka_unit_test(a_run_goes_over_what_neither_counts_nor_breaks),
	        cmocka_unit_test(records_come_back_and_truncations_do_not),
	        cmocka_unit_test(damaged_records_are_refused_or_canonical),
	        cmocka_unit_test(random_marks_agree_with_the_naive_model),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
