/* casework_calendar_splice.c - one calendar up to the day of a move, another from then on.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "casework/calendar.h"

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

static void no_rows(struct calendar *c)
{
	calendar_build(c, NULL, 0);
}

/* Day by day through the century: before the day of the move it is the one calendar, from then on the other. */
static void spliced(const struct calendar *before, const struct calendar *later, day_t from)
{
	struct calendar c = *before;
	calendar_splice(&c, later, from);
	for (day_t day = DAY_MIN; day <= DAY_MAX; day++) {
		const struct calendar *its = day < from ? before : later;
		if (calendar_is_school_day(&c, day) != calendar_is_school_day(its, day) ||
		    calendar_is_bank_holiday(&c, day) != calendar_is_bank_holiday(its, day))
			fail_msg("day %d, spliced at %d", day, from);
	}
	for (int week = day_week(DAY_MIN); week <= day_week(DAY_MAX); week++) {
		bool any = false;
		for (day_t day = week_monday(week); day < week_monday(week) + 7; day++)
			any = any || calendar_is_school_day(&c, day);
		if (calendar_is_school_week(&c, week) != any)
			fail_msg("week %d, spliced at %d", week, from);
	}
}

static void a_splice_is_one_calendar_and_then_the_other(void **state)
{
	(void)state;
	struct calendar a, b;
	/* They differ on the first days of the century and on the last, and in which weeks are open. */
	const struct calendar_row rows_a[] = {
		{DAY_MIN, DAY_MIN + 9, CALENDAR_BANK_HOLIDAY, slice_text("")}, {DAY_MIN + 10, DAY_MIN + 20, CALENDAR_CLOSURE, slice_text("")},
		row("2026-09-07", "2026-10-23", CALENDAR_TERM), row("2026-10-26", "2026-11-06", CALENDAR_HOLIDAY)};
	const struct calendar_row rows_b[] = {
		row("2026-09-01", "2026-10-16", CALENDAR_TERM), row("2026-10-19", "2026-10-30", CALENDAR_HOLIDAY),
		{DAY_MAX - 12, DAY_MAX, CALENDAR_BANK_HOLIDAY, slice_text("")}};
	calendar_build(&a, rows_a, 4);
	calendar_build(&b, rows_b, 3);
	const day_t days[] = {DAY_MIN, DAY_MIN + 1, date("2026-09-09"), date("2026-10-19"), date("2026-10-24"), date("2026-11-02"),
			      DAY_MAX - 9, DAY_MAX - 1, DAY_MAX};
	for (size_t i = 0; i < sizeof days / sizeof days[0]; i++) {
		spliced(&a, &b, days[i]);
		spliced(&b, &a, days[i]);
	}
	struct calendar c = a;
	calendar_splice(&c, &b, DAY_MIN - 1);
	calendar_splice(&c, &b, DAY_MAX + 1);
	assert_memory_equal(&c, &a, sizeof c);
}

/* What is counted by the default rule, on either side of a move. */
static void a_splice_keeps_what_is_provisional(void **state)
{
	(void)state;
	struct calendar one_day, autumn, spring, none, c;
	struct calendar_row row_of = row("2026-09-07", "2026-09-07", CALENDAR_TERM);
	calendar_build(&one_day, &row_of, 1);
	row_of = row("2026-09-01", "2026-12-18", CALENDAR_TERM);
	calendar_build(&autumn, &row_of, 1);
	row_of = row("2027-01-11", "2027-03-26", CALENDAR_TERM);
	calendar_build(&spring, &row_of, 1);
	no_rows(&none);
	const day_t move = date("2027-01-04");

	c = one_day;
	calendar_splice(&c, &spring, move);
	assert_false(calendar_is_provisional(&c, date("2026-09-07")));
	assert_true(calendar_is_provisional(&c, date("2026-09-06")));
	assert_false(calendar_is_provisional(&c, date("2027-03-26")));
	assert_true(calendar_is_provisional(&c, date("2027-03-27")));
	/* nothing was the calendar's own before: it begins with the later one's terms */
	for (int days = 0; days < 2; days++) {
		row_of = (struct calendar_row){(uint16_t)(move + days), (uint16_t)date("2027-02-12"), CALENDAR_TERM, slice_text("")};
		calendar_build(&c, &row_of, 1);
		calendar_splice(&c, &spring, move);
		assert_true(calendar_is_provisional(&c, move));
		assert_true(calendar_is_provisional(&c, date("2027-01-10")));
		assert_false(calendar_is_provisional(&c, date("2027-01-11")));
	}
	c = none;
	calendar_splice(&c, &autumn, date("2026-10-05"));
	assert_true(calendar_is_provisional(&c, date("2026-10-04")));
	assert_false(calendar_is_provisional(&c, date("2026-10-05")));
	/* the later one ended before the move, or on the day of it */
	c = autumn;
	calendar_splice(&c, &one_day, date("2026-09-08"));
	assert_false(calendar_is_provisional(&c, date("2026-09-07")));
	assert_true(calendar_is_provisional(&c, date("2026-09-08")));
	c = autumn;
	calendar_splice(&c, &one_day, date("2026-09-07"));
	assert_false(calendar_is_provisional(&c, date("2026-09-07")));
	assert_true(calendar_is_provisional(&c, date("2026-09-08")));
	/* it has none at all: what ended before the move has ended there */
	c = one_day;
	calendar_splice(&c, &none, move);
	assert_false(calendar_is_provisional(&c, date("2026-09-07")));
	assert_true(calendar_is_provisional(&c, date("2026-09-08")));
	c = spring;
	calendar_splice(&c, &none, move);
	assert_true(calendar_is_provisional(&c, date("2027-01-12")));
	assert_true(calendar_is_provisional(&c, date("2027-01-03")));
	c = spring;
	calendar_splice(&c, &none, date("2027-03-26"));
	assert_false(calendar_is_provisional(&c, date("2027-03-25")));
	assert_true(calendar_is_provisional(&c, date("2027-03-26")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_splice_is_one_calendar_and_then_the_other),
		cmocka_unit_test(a_splice_keeps_what_is_provisional),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
