/* casework_pupil_cut.c - what is cut out of a pupil's weeks: days, mornings, stretches, and the ends of what is held.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pupil_marks.h"

static uint8_t naive_morning(const struct pupil *p)
{
	uint8_t am = pupil_code(p, p->latest_day, AM);
	if (p->latest_session == PM && am != CODE_NONE)
		return am;
	for (day_t day = p->latest_day - 1; day >= pupil_first_held(p); day--) {
		if (pupil_code(p, day, PM) != CODE_NONE)
			return CODE_NONE;
		if (pupil_code(p, day, AM) != CODE_NONE)
			return pupil_code(p, day, AM);
	}
	return CODE_NONE;
}

/* The latest register on each weekday, AM or PM, with one mark before it as far back as is held, and another before that. */
static void a_morning_has_ended_when_its_afternoon_is_marked_or_never_came(void **state)
{
	(void)state;
	struct calendar c;
	const day_t monday = date("2026-11-30");
	school_year(&c);
	for (int latest = 0; latest < 10; latest++)
		for (int before = 1; before < 64 * 10; before += before < 40 ? 1 : 7)
			for (int first = before; first < before + 3; first++) {
				struct pupil p = {0};
				const uint8_t codes[] = {CODE_N, CODE_I, CODE_AM};
				const int at[] = {latest - first, latest - before, latest};
				for (int i = 0; i < 3; i++) {
					int week = (at[i] + 1000) / 10 - 100, session = at[i] - week * 10;
					mark(&p, &c, monday + week * 7 + session / 2, session % 2 ? PM : AM, codes[i]);
				}
				assert_int_equal(pupil_morning_ended(&p), naive_morning(&p));
			}
}

/* From each day of a week to each, weekends among them, and from one week into the next. */
static void days_are_cut_out_of_weeks(void **state)
{
	(void)state;
	struct calendar c;
	const day_t monday = date("2026-09-14");
	school_year(&c);
	for (uint8_t code = CODE_AM; code < CODE_LIMIT; code++) {
		struct pupil p = {0}, half = {0};
		if (!code_text(code))
			continue;
		/* sessions without a mark are none, whatever codes are asked for */
		mark(&half, &c, monday, PM, code);
		mark(&half, &c, monday + 4, PM, code);
		mark(&half, &c, monday + 8, PM, code);
		assert_int_equal(pupil_window(&half, &c, UINT64_MAX, 10, monday + 8), 3);
		assert_int_equal(pupil_count(&half, UINT64_MAX, monday, monday + 8), 3);
		mark_days(&p, &c, monday, 10, code, code);
		for (day_t first = monday; first < monday + 14; first++)
			for (day_t last = first; last < monday + 14; last++) {
				unsigned sessions = 0;
				for (day_t day = first; day <= last; day++)
					sessions += day_weekday(day) <= FRIDAY ? 2 : 0;
				assert_int_equal(pupil_count(&p, UINT64_MAX, first, last), sessions);
			}
	}
}

static void nothing_is_said_of_what_is_not_held(void **state)
{
	(void)state;
	/* What lies before a record in a table is another's: it is not read where there is no mark. */
	static struct pupil table[64];
	struct pupil *p = &table[63];
	struct calendar c;
	struct stretch s;
	day_t first, last;
	const day_t day = date("2026-09-14");
	school_year(&c);
	memset(table, 0xff, sizeof table);
	memset(p, 0, sizeof *p);
	for (day_t d = DAY_MIN; d < day; d += 97)
		assert_int_equal(pupil_code(p, d, AM), CODE_NONE);
	assert_int_equal(pupil_first_held(p), 0);
	assert_int_equal(pupil_count(p, UINT64_MAX, DAY_MIN, DAY_MAX), 0);
	assert_int_equal(pupil_window(p, &c, UINT64_MAX, 10, day), 0);
	assert_int_equal(pupil_day(p, UNAUTHORISED, day), DAY_UNKNOWN);
	assert_false(pupil_stretch(p, UNAUTHORISED, day, 3, &s));
	assert_int_equal(pupil_run(p, UNAUTHORISED, day, &first, &last, 3, NULL), 0);
	/* Nor does years' silence wipe more than its own weeks. */
	memset(&table[8], 0, sizeof table[8]);
	mark(&table[8], &c, day, AM, CODE_O);
	mark(&table[8], &c, date("2031-03-03"), AM, CODE_O);
	for (const uint8_t *at = (const uint8_t *)&table[9]; at < (const uint8_t *)p; at++)
		assert_int_equal(*at, 0xff);
	/* No session but AM and PM, and no day but Monday to Friday. */
	mark_days(p, &c, day, 5, CODE_O, CODE_I);
	assert_int_equal(pupil_code(p, day, 2), CODE_NONE);
	assert_int_equal(pupil_code(p, day + SATURDAY, PM), CODE_NONE);
	for (int session = AM; session <= PM; session++)
		assert_int_equal(pupil_code(p, day + SUNDAY, (uint8_t)session), CODE_NONE);
	/* A morning that comes after its afternoon is no later register. */
	mark(p, &c, date("2026-09-21"), PM, CODE_AM);
	mark(p, &c, date("2026-09-21"), AM, CODE_O);
	assert_int_equal(p->latest_session, PM);
	assert_int_equal(p->latest_day, date("2026-09-21"));
}

/* The figures of any stretch of days, session by session. */
static void naive_figures_of(const struct pupil *p, const struct calendar *c, day_t first, day_t last, struct figures *f)
{
	int begun = 0;
	memset(f, 0, sizeof *f);
	for (day_t day = first; day <= last; day++)
		for (uint8_t session = AM; session <= PM; session++) {
			uint8_t code = pupil_code(p, day, session);
			if (code == CODE_NONE)
				continue;
			begun = begun ? begun : day_week(day);
			f->latest = day;
			f->coded[code]++;
			f->late += code == CODE_L;
			f->sick += code == CODE_I;
			f->possible += code_class(code) <= CODE_CLASS_UNAUTHORISED;
			f->attended += code_class(code) == CODE_CLASS_PRESENT;
			f->authorised += code_class(code) == CODE_CLASS_AUTHORISED;
			f->unauthorised += code_class(code) == CODE_CLASS_UNAUTHORISED;
			if (code_class(code) == CODE_CLASS_AUTHORISED || code_class(code) == CODE_CLASS_UNAUTHORISED)
				f->absent_on[day_weekday(day)]++;
		}
	if (!f->latest)
		return;
	unsigned absent = f->authorised + f->unauthorised;
	f->school_year = day_school_year(f->latest);
	f->persistent = f->possible >= 20 && absent * 10 >= f->possible;
	f->severe = f->possible >= 20 && absent * 2 >= f->possible;
	for (int week = begun; week <= day_week(f->latest); week++) {
		bool broken = false;
		f->weeks_in_session += calendar_is_school_week(c, week);
		for (day_t day = week_monday(week); day < week_monday(week) + 5; day++)
			for (uint8_t session = AM; session <= PM; session++)
				broken = broken || (day >= first && day <= last && code_in(CODES_ABSENT, pupil_code(p, day, session)));
		f->broken_weeks += broken;
	}
	for (int week = calendar_window_start(c, day_week(f->latest), 10); week <= day_week(f->latest); week++)
		if (week == day_week(f->latest) || calendar_is_school_week(c, week))
			for (day_t day = week_monday(week); day <= f->latest && day < week_monday(week) + 5; day++)
				for (uint8_t session = AM; session <= PM; session++)
					f->unauthorised_10_weeks += code_in(UNAUTHORISED, pupil_code(p, day, session));
}

/* (SP-25) From every day to every day of a term and a half, with days and weeks that nobody marked. */
static void sp_25_figures_of_a_stretch_of_days(void **state)
{
	(void)state;
	struct calendar c;
	struct pupil p = {0};
	struct figures ours, theirs;
	static const uint8_t codes[] = {CODE_AM, CODE_O, CODE_PM, CODE_L, CODE_I, CODE_N, CODE_CLOSED, CODE_AM, CODE_G, CODE_C, CODE_AM};
	const day_t begin = date("2026-09-14"), end = date("2026-12-04");
	unsigned n = 0;
	school_year(&c);
	for (day_t day = begin; day <= end; day++) {
		if (!calendar_is_school_day(&c, day) || day % 11 == 3 || day_week(day) == day_week(begin) + 4)
			continue;
		if (day % 5)
			mark(&p, &c, day, AM, codes[n++ % sizeof codes]);
		if (day % 7)
			mark(&p, &c, day, PM, codes[n++ % sizeof codes]);
	}
	for (day_t first = begin - 3; first <= end + 2; first++)
		for (day_t last = first - 1; last <= end + 9; last++) {
			pupil_figures_of(&p, &c, first, last, &ours);
			naive_figures_of(&p, &c, first, last, &theirs);
			assert_memory_equal(&ours, &theirs, sizeof ours);
		}
	struct pupil none = {0};
	pupil_figures_of(&none, &c, begin, end, &ours);
	memset(&theirs, 0, sizeof theirs);
	assert_memory_equal(&ours, &theirs, sizeof ours);
}

static void the_ends_of_what_is_taken(void **state)
{
	(void)state;
	struct calendar c;
	struct pupil p = {0};
	struct stretch s;
	uint8_t held = 99;
	school_year(&c);
	assert_int_equal(pupil_would(&p, DAY_MAX, AM, CODE_N), MARK_NEW);
	assert_int_equal(pupil_would(&p, date("2026-09-07"), AM, CODE_LIMIT), MARK_TOO_OLD);
	assert_int_equal(pupil_mark(&p, &c, date("2026-09-12"), AM, CODE_N, 10, &held), MARK_TOO_OLD);
	assert_int_equal(held, CODE_NONE);
	/* a record without a mark counts to nothing */
	p.possible = p.absent = p.sick = p.window = 7;
	pupil_recount(&p, &c);
	assert_int_equal(p.possible + p.absent + p.sick + p.window, 0);
	pupil_check(&p, &c);
	/* the year's first day, marked late */
	mark(&p, &c, date("2027-09-02"), AM, CODE_I);
	mark(&p, &c, date("2027-09-01"), AM, CODE_I);
	assert_int_equal(p.possible, 2);
	mark(&p, &c, date("2027-08-31"), AM, CODE_I);
	assert_int_equal(p.possible, 2);
	/* the first week held is looked at, from its Monday on, and not the one before */
	day_t oldest = pupil_first_held(&p);
	assert_true(pupil_stretch(&p, CODE_BIT(CODE_I), oldest, 1, &s));
	assert_true(s.edge);
	assert_false(pupil_stretch(&p, CODE_BIT(CODE_I), oldest - 1, 1, &s));
	mark(&p, &c, oldest, AM, CODE_AM);
	assert_true(pupil_stretch(&p, CODE_BIT(CODE_I), oldest + 8, 1, &s));
	assert_false(s.edge);
	assert_false(pupil_stretch(&p, CODE_BIT(CODE_I), oldest, 1, &s));
	/* nobody marks a Sunday, whatever stands in the week */
	for (day_t day = oldest + SUNDAY; day <= p.latest_day; day += 7)
		assert_int_equal(pupil_day(&p, UINT64_MAX, day), DAY_UNKNOWN);
	assert_int_equal(pupil_day(&p, CODE_BIT(CODE_I), p.latest_day + 3), DAY_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_morning_has_ended_when_its_afternoon_is_marked_or_never_came),
		cmocka_unit_test(days_are_cut_out_of_weeks),
		cmocka_unit_test(nothing_is_said_of_what_is_not_held),
		cmocka_unit_test(sp_25_figures_of_a_stretch_of_days),
		cmocka_unit_test(the_ends_of_what_is_taken),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
