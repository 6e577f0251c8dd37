/* casework_calendar.c - school days, bank holidays, and counting in them.
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

/* A primary school's published year: 190 school days. */
static size_t school_rows(struct calendar_row rows[static 16])
{
	size_t count = 0;
	rows[count++] = row("2026-09-01", "2026-10-23", CALENDAR_TERM);
	rows[count++] = row("2026-11-02", "2026-12-18", CALENDAR_TERM);
	rows[count++] = row("2027-01-04", "2027-02-12", CALENDAR_TERM);
	rows[count++] = row("2027-02-22", "2027-03-25", CALENDAR_TERM);
	rows[count++] = row("2027-04-12", "2027-05-28", CALENDAR_TERM);
	rows[count++] = row("2027-06-07", "2027-07-21", CALENDAR_TERM);
	rows[count++] = row("2026-09-01", "2026-09-01", CALENDAR_INSET);
	rows[count++] = row("2027-02-12", "2027-02-12", CALENDAR_INSET);
	rows[count++] = row("2027-05-03", "2027-05-03", CALENDAR_BANK_HOLIDAY);
	rows[count++] = row("2027-05-28", "2027-05-28", CALENDAR_INSET);
	rows[count++] = row("2027-06-07", "2027-06-08", CALENDAR_INSET);
	return count;
}

static void school_year(struct calendar *c)
{
	struct calendar_row rows[16];
	calendar_build(c, rows, school_rows(rows));
}

static void no_rows(struct calendar *c)
{
	calendar_build(c, NULL, 0);
}

/* As published: bank holidays of England and Wales. */
static const char *const published[] = {
	"2024-01-01", "2024-03-29", "2024-04-01", "2024-05-06", "2024-05-27", "2024-08-26", "2024-12-25",
	"2024-12-26", "2025-01-01", "2025-04-18", "2025-04-21", "2025-05-05", "2025-05-26", "2025-08-25",
	"2025-12-25", "2025-12-26", "2026-01-01", "2026-04-03", "2026-04-06", "2026-05-04", "2026-05-25",
	"2026-08-31", "2026-12-25", "2026-12-28", "2027-01-01", "2027-03-26", "2027-03-29", "2027-05-03",
	"2027-05-31", "2027-08-30", "2027-12-27", "2027-12-28", "2028-01-03", "2028-04-14", "2028-04-17",
	"2028-05-01", "2028-05-29", "2028-08-28", "2028-12-25", "2028-12-26", "2029-01-01", "2029-03-30",
	"2029-04-02", "2029-05-07", "2029-05-28", "2029-08-27", "2029-12-25", "2029-12-26", "2030-01-01",
	"2030-04-19", "2030-04-22", "2030-05-06", "2030-05-27", "2030-08-26", "2030-12-25", "2030-12-26",
};

static void en_05_bank_holidays_2024_to_2030(void **state)
{
	(void)state;
	struct calendar c;
	no_rows(&c);
	size_t next = 0;
	for (day_t day = date("2024-01-01"); day <= date("2030-12-31"); day++) {
		bool listed = next < sizeof published / sizeof published[0] && day == date(published[next]);
		assert_int_equal(calendar_is_bank_holiday(&c, day), listed);
		assert_int_equal(calendar_is_working_day(&c, day), day_weekday(day) < SATURDAY && !listed);
		next += listed;
	}
	assert_int_equal(next, sizeof published / sizeof published[0]);
}

static void en_05_holidays_that_were_proclaimed(void **state)
{
	(void)state;
	static const struct {
		const char *day;
		bool holiday;
	} cases[] = {
		{"2002-05-27", false}, {"2002-06-03", true},  {"2002-06-04", true},  {"2011-04-29", true},
		{"2011-05-02", true},  {"2011-05-30", true},  {"2012-05-28", false}, {"2012-06-04", true},
		{"2012-06-05", true},  {"2020-05-04", false}, {"2020-05-08", true},  {"2021-05-03", true},
		{"2022-05-30", false}, {"2022-06-02", true},  {"2022-06-03", true},  {"2022-09-19", true},
		{"2023-05-01", true},  {"2023-05-08", true},  {"2023-05-29", true},  {"2010-12-27", true},
		{"2010-12-28", true},  {"2011-01-03", true},  {"2011-12-26", true},  {"2011-12-27", true},
		{"2012-01-02", true},  {"2022-12-26", true},  {"2022-12-27", true},  {"2022-12-28", false},
		{"2000-01-03", true},  {"2000-04-21", true},  {"2000-04-24", true},  {"2038-04-23", true},
		{"2038-04-26", true},  {"2099-12-25", true},
	};
	struct calendar c;
	no_rows(&c);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_int_equal(calendar_is_bank_holiday(&c, date(cases[i].day)), cases[i].holiday);
	/* Eight a year, but where more were given. */
	for (int year = 2000; year <= 2099; year++) {
		unsigned count = 0;
		for (day_t day = day_of(year, 1, 1); day <= day_of(year, 12, 31); day++)
			count += calendar_is_bank_holiday(&c, day);
		unsigned more = year == 2002 || year == 2011 || year == 2012 || year == 2023 ? 1
				: year == 2022                                               ? 2
											     : 0;
		assert_int_equal(count, 8 + more);
	}
}

/* Easter by the table of the Book of Common Prayer for 1900 to 2199: the Sunday after the full moon of the
 * year's golden number. */
static void en_05_easter_by_the_prayer_book(void **state)
{
	(void)state;
	static const struct {
		uint8_t month, day;
	} moon[19] = {
		{4, 14}, {4, 3},  {3, 23}, {4, 11}, {3, 31}, {4, 18}, {4, 8}, {3, 28}, {4, 16}, {4, 5},
		{3, 25}, {4, 13}, {4, 2},  {3, 22}, {4, 10}, {3, 30}, {4, 17}, {4, 7}, {3, 27},
	};
	struct calendar c;
	no_rows(&c);
	for (int year = 2000; year <= 2099; year++) {
		day_t full = day_of(year, moon[year % 19].month, moon[year % 19].day);
		day_t sunday = full + 7 - (day_weekday(full) + 1) % 7;
		assert_int_equal(day_weekday(sunday), SUNDAY);
		assert_true(calendar_is_bank_holiday(&c, sunday - 2));
		assert_true(calendar_is_bank_holiday(&c, sunday + 1));
	}
}

static void the_first_day_and_the_last_are_in_it(void **state)
{
	(void)state;
	struct calendar c;
	size_t at;
	/* 1 January 2000 is a Saturday, 31 December 2099 a Thursday. */
	struct calendar_row rows[2] = {{DAY_MIN, DAY_MIN, CALENDAR_BANK_HOLIDAY, slice_text("")},
				       {DAY_MAX, DAY_MAX, CALENDAR_TERM, slice_text("")}};
	assert_null(calendar_fault(rows, 2, &at));
	calendar_build(&c, rows, 2);
	assert_true(calendar_is_bank_holiday(&c, DAY_MIN));
	assert_true(calendar_is_school_day(&c, DAY_MAX));
	assert_true(calendar_is_working_day(&c, DAY_MAX));
	assert_false(calendar_is_provisional(&c, DAY_MAX));
	assert_true(calendar_is_school_week(&c, day_week(DAY_MAX)));
	assert_int_equal(calendar_school_days(&c, DAY_MAX, DAY_MAX + 9), 1);
	assert_int_equal(calendar_school_days(&c, DAY_MIN - 9, DAY_MIN + 3), 1); /* Tuesday 4 January */
	assert_int_equal(calendar_add(&c, DAY_MAX - 1, 1, UNIT_SCHOOL_DAYS, NULL), DAY_MAX);
	/* The last day is the only one of its week, and what closes the others is said first. */
	struct calendar_row last[2] = {{DAY_MAX - 3, DAY_MAX - 1, CALENDAR_CLOSURE, slice_text("")},
				       {DAY_MAX - 10, DAY_MAX, CALENDAR_TERM, slice_text("")}};
	assert_null(calendar_fault(last, 2, &at));
	calendar_build(&c, last, 2);
	assert_true(calendar_is_school_day(&c, DAY_MAX));
	assert_false(calendar_is_school_day(&c, DAY_MAX - 1));
	assert_true(calendar_is_school_week(&c, day_week(DAY_MAX)));
	no_rows(&c);
	assert_true(calendar_is_school_day(&c, DAY_MAX));
	assert_false(calendar_is_bank_holiday(&c, DAY_MIN));
	assert_false(calendar_is_bank_holiday(&c, DAY_MIN - 1));
	assert_false(calendar_is_working_day(&c, DAY_MIN - 1)); /* a Friday */
	assert_false(calendar_is_working_day(&c, DAY_MAX + 1)); /* a Friday */
}

static void en_05_a_school_year_has_190_days(void **state)
{
	(void)state;
	struct calendar c;
	struct calendar_row rows[16];
	size_t at, count = school_rows(rows);
	assert_null(calendar_fault(rows, count, &at));
	school_year(&c);
	assert_int_equal(calendar_school_days(&c, date("2026-09-01"), date("2027-07-21")), 190);
	assert_false(calendar_is_school_day(&c, date("2026-09-01"))); /* training day */
	assert_true(calendar_is_school_day(&c, date("2026-09-02")));
	assert_false(calendar_is_school_day(&c, date("2026-09-05"))); /* Saturday */
	assert_false(calendar_is_school_day(&c, date("2026-10-26"))); /* half-term */
	assert_false(calendar_is_school_day(&c, date("2027-05-03"))); /* bank holiday */
	assert_true(calendar_is_working_day(&c, date("2026-10-26")));
	/* The same without the row: it is built in. */
	struct calendar_row fewer[16];
	memcpy(fewer, rows, sizeof rows);
	fewer[8] = fewer[--count];
	calendar_build(&c, fewer, count);
	assert_int_equal(calendar_school_days(&c, date("2026-09-01"), date("2027-07-21")), 190);
}

static void outside_the_terms_the_default_rule_holds(void **state)
{
	(void)state;
	struct calendar c;
	school_year(&c);
	assert_true(calendar_is_school_day(&c, date("2026-08-28")));
	assert_true(calendar_is_provisional(&c, date("2026-08-28")));
	assert_false(calendar_is_provisional(&c, date("2026-09-01")));
	assert_false(calendar_is_provisional(&c, date("2026-10-27"))); /* inside the calendar, no school */
	assert_true(calendar_is_school_day(&c, date("2027-07-22")));
	assert_true(calendar_is_provisional(&c, date("2027-07-22")));
	assert_false(calendar_is_school_day(&c, date("2027-08-30"))); /* bank holiday */
	assert_false(calendar_is_school_day(&c, date("2027-07-24"))); /* Saturday */
	no_rows(&c);
	assert_true(calendar_is_school_day(&c, date("2026-10-27")));
	assert_true(calendar_is_provisional(&c, date("2026-10-27")));
	assert_false(calendar_is_school_day(&c, date("2026-12-25")));
	/* A closure that is named after the end closes all the same. */
	struct calendar_row rows[16];
	size_t count = school_rows(rows);
	rows[count++] = row("2027-07-22", "2027-08-31", CALENDAR_HOLIDAY);
	calendar_build(&c, rows, count);
	assert_false(calendar_is_school_day(&c, date("2027-07-22")));
	assert_true(calendar_is_school_day(&c, date("2027-09-01")));
	/* Nothing is a school day outside the century. */
	assert_false(calendar_is_school_day(&c, DAY_MIN - 1));
	assert_false(calendar_is_school_day(&c, DAY_MAX + 1));
	assert_false(calendar_is_school_week(&c, -5));
	assert_false(calendar_is_school_week(&c, 100000));
}

static void rows_add_to_the_bank_holidays(void **state)
{
	(void)state;
	struct calendar c;
	struct calendar_row rows[16];
	size_t count = school_rows(rows);
	assert_true((school_year(&c), calendar_is_working_day(&c, date("2026-11-10"))));
	rows[count++] = row("2026-11-10", "2026-11-10", CALENDAR_BANK_HOLIDAY);
	calendar_build(&c, rows, count);
	assert_false(calendar_is_working_day(&c, date("2026-11-10")));
	assert_false(calendar_is_school_day(&c, date("2026-11-10")));
	assert_true(calendar_is_bank_holiday(&c, date("2026-11-10")));
}

static void weeks_have_a_school_day_or_none(void **state)
{
	(void)state;
	struct calendar c;
	school_year(&c);
	for (int week = day_week(DAY_MIN); week <= day_week(DAY_MAX); week++) {
		bool any = false;
		for (day_t day = week_monday(week); day < week_monday(week) + 7; day++)
			any = any || calendar_is_school_day(&c, day);
		assert_int_equal(calendar_is_school_week(&c, week), any);
	}
	assert_false(calendar_is_school_week(&c, day_week(date("2026-10-28"))));
	assert_true(calendar_is_school_week(&c, day_week(date("2026-11-04"))));
}

static void en_02_window_of_ten_school_weeks(void **state)
{
	(void)state;
	struct calendar c;
	school_year(&c);
	/* 16 November is in the third week after half-term: seven weeks of it before. */
	int week = day_week(date("2026-11-16"));
	assert_int_equal(calendar_window_start(&c, week, 10), day_week(date("2026-09-07")));
	assert_int_equal(calendar_window_start(&c, week, 1), week);
	assert_int_equal(calendar_window_start(&c, week, 3), day_week(date("2026-11-02")));
	assert_int_equal(calendar_window_start(&c, week, 4), day_week(date("2026-10-19")));
	/* A week without school counts as itself. */
	assert_int_equal(calendar_window_start(&c, day_week(date("2026-10-28")), 2),
			 day_week(date("2026-10-19")));
	/* No more than 63 weeks back. */
	struct calendar_row closed[4] = {row("2024-09-02", "2024-09-06", CALENDAR_TERM),
					 row("2026-09-07", "2026-09-11", CALENDAR_TERM),
					 row("2026-08-03", "2026-08-07", CALENDAR_TERM),
					 row("2025-06-16", "2025-06-20", CALENDAR_TERM)}; /* 64 weeks */
	calendar_build(&c, closed, 4);
	assert_int_equal(calendar_window_start(&c, day_week(date("2026-09-07")), 10),
			 day_week(date("2026-08-03")));
	closed[3] = row("2025-06-23", "2025-06-27", CALENDAR_TERM);
	calendar_build(&c, closed, 4);
	assert_int_equal(calendar_window_start(&c, day_week(date("2026-09-07")), 10),
			 day_week(date("2025-06-23")));
}

static void en_05_each_unit_counts_its_own_days(void **state)
{
	(void)state;
	struct calendar c;
	school_year(&c);
	static const struct {
		const char *from;
		unsigned count;
		uint8_t unit;
		const char *to, *name;
		bool provisional;
	} cases[] = {
		{"2026-10-12", 15, UNIT_DAYS, "2026-10-27", "days", false},
		/* over half-term: nine school days to 23 October, six after it */
		{"2026-10-12", 15, UNIT_SCHOOL_DAYS, "2026-11-09", "school days", false},
		{"2026-10-12", 9, UNIT_SCHOOL_DAYS, "2026-10-23", "school days", false},
		{"2026-10-12", 10, UNIT_SCHOOL_DAYS, "2026-11-02", "school days", false},
		{"2026-10-24", 1, UNIT_SCHOOL_DAYS, "2026-11-02", "school days", false},
		/* over the training day of 12 February and the week after it */
		{"2027-02-11", 1, UNIT_SCHOOL_DAYS, "2027-02-22", "school days", false},
		{"2027-07-20", 1, UNIT_SCHOOL_DAYS, "2027-07-21", "school days", false},
		{"2027-07-20", 2, UNIT_SCHOOL_DAYS, "2027-07-22", "school days", true},
		{"2026-12-23", 2, UNIT_WORKING_DAYS, "2026-12-29", "working days", false},
		{"2026-12-24", 3, UNIT_WORKING_DAYS, "2026-12-31", "working days", false},
		{"2027-07-20", 5, UNIT_WORKING_DAYS, "2027-07-27", "working days", false},
		{"2026-10-12", 6, UNIT_WEEKS, "2026-11-23", "weeks", false},
		{"2026-10-14", 2, UNIT_SCHOOL_WEEKS, "2026-11-04", "school weeks", false},
		{"2026-10-14", 4, UNIT_SCHOOL_WEEKS, "2026-11-18", "school weeks", false},
		{"2027-07-14", 1, UNIT_SCHOOL_WEEKS, "2027-07-21", "school weeks", false},
		{"2027-07-14", 2, UNIT_SCHOOL_WEEKS, "2027-07-28", "school weeks", true},
		{"2027-02-28", 3, UNIT_MONTHS, "2027-05-28", "months", false},
		{"2026-11-30", 3, UNIT_MONTHS, "2027-02-28", "months", false},
		{"2028-02-29", 3, UNIT_YEARS, "2031-02-28", "years", false},
		{"2026-10-12", 0, UNIT_SCHOOL_DAYS, "2026-10-12", "school days", false},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		bool provisional = false;
		day_t end =
			calendar_add(&c, date(cases[i].from), cases[i].count, cases[i].unit, &provisional);
		assert_int_equal(end, date(cases[i].to));
		assert_int_equal(provisional, cases[i].provisional);
		assert_string_equal(unit_text(cases[i].unit), cases[i].name);
		assert_int_equal(calendar_add(&c, date(cases[i].from), cases[i].count, cases[i].unit, NULL),
				 end);
	}
	bool provisional = true; /* is left alone, never set to false */
	calendar_add(&c, date("2026-10-12"), 1, UNIT_SCHOOL_DAYS, &provisional);
	assert_true(provisional);
	assert_null(unit_text(0));
	assert_null(unit_text(8));
}

static void en_06_a_closure_lengthens_what_runs_over_it(void **state)
{
	(void)state;
	struct calendar c;
	struct calendar_row rows[16];
	size_t count = school_rows(rows);
	school_year(&c);
	assert_int_equal(calendar_add(&c, date("2026-10-12"), 15, UNIT_SCHOOL_DAYS, NULL),
			 date("2026-11-09"));
	rows[count++] = row("2026-11-04", "2026-11-05", CALENDAR_CLOSURE);
	calendar_build(&c, rows, count);
	assert_int_equal(calendar_add(&c, date("2026-10-12"), 15, UNIT_SCHOOL_DAYS, NULL),
			 date("2026-11-11"));
	/* but working days do not know of it */
	assert_int_equal(calendar_add(&c, date("2026-11-03"), 2, UNIT_WORKING_DAYS, NULL),
			 date("2026-11-05"));
}

static void subtracting_goes_the_other_way(void **state)
{
	(void)state;
	struct calendar c;
	school_year(&c);
	assert_int_equal(calendar_subtract(&c, date("2026-11-09"), 5, UNIT_WORKING_DAYS), date("2026-11-02"));
	assert_int_equal(calendar_subtract(&c, date("2026-12-29"), 2, UNIT_WORKING_DAYS), date("2026-12-23"));
	assert_int_equal(calendar_subtract(&c, date("2026-11-03"), 2, UNIT_SCHOOL_DAYS), date("2026-10-23"));
	assert_int_equal(calendar_subtract(&c, date("2026-11-07"), 1, UNIT_SCHOOL_DAYS), date("2026-11-06"));
	assert_int_equal(calendar_subtract(&c, date("2026-11-04"), 1, UNIT_SCHOOL_WEEKS), date("2026-10-21"));
	assert_int_equal(calendar_subtract(&c, date("2026-11-04"), 2, UNIT_WEEKS), date("2026-10-21"));
	assert_int_equal(calendar_subtract(&c, date("2027-05-31"), 3, UNIT_MONTHS), date("2027-02-28"));
	assert_int_equal(calendar_subtract(&c, date("2026-11-04"), 10, UNIT_DAYS), date("2026-10-25"));
	/* Where both ends are school days, one undoes the other. */
	for (day_t day = date("2026-09-02"); day < date("2027-07-01"); day++) {
		if (!calendar_is_school_day(&c, day))
			continue;
		day_t later = calendar_add(&c, day, 15, UNIT_SCHOOL_DAYS, NULL);
		assert_int_equal(calendar_subtract(&c, later, 15, UNIT_SCHOOL_DAYS), day);
		assert_int_equal(calendar_school_days(&c, day + 1, later), 15);
	}
}

static void nothing_leaves_the_century(void **state)
{
	(void)state;
	struct calendar c;
	no_rows(&c);
	for (uint8_t unit = UNIT_DAYS; unit <= UNIT_YEARS; unit++) {
		assert_int_equal(calendar_add(&c, DAY_MAX - 2, 60000, unit, NULL), DAY_MAX);
		assert_int_equal(calendar_add(&c, DAY_MAX, UINT32_MAX, unit, NULL), DAY_MAX);
		assert_int_equal(calendar_subtract(&c, DAY_MIN + 2, 60000, unit), DAY_MIN);
		assert_int_equal(calendar_subtract(&c, date("2026-09-06"), 60000, unit), DAY_MIN); /* a Sunday */
		/* what began before is counted from the first day */
		assert_int_equal(calendar_add(&c, DAY_MIN - 500, 15, unit, NULL), calendar_add(&c, DAY_MIN, 15, unit, NULL));
	}
}

static void faults_are_named(void **state)
{
	(void)state;
	struct calendar_row rows[16];
	size_t at = 99, count = school_rows(rows);
	rows[3].to = rows[3].from - 1;
	assert_string_equal(calendar_fault(rows, count, &at), "ends before it begins");
	assert_int_equal(at, 3);
	count = school_rows(rows);
	rows[2].from = rows[1].to;
	assert_string_equal(calendar_fault(rows, count, &at), "overlaps another term");
	assert_int_equal(at, 2);
	rows[2].from = rows[1].to + 1;
	assert_null(calendar_fault(rows, count, &at));
	/* the same where the later term was given first, and where one lies in the other */
	struct calendar_row touching[2] = {row("2026-10-23", "2026-12-18", CALENDAR_TERM), row("2026-09-01", "2026-10-23", CALENDAR_TERM)};
	assert_string_equal(calendar_fault(touching, 2, &at), "overlaps another term");
	assert_int_equal(at, 1);
	touching[1].to--;
	assert_null(calendar_fault(touching, 2, &at));
	touching[1] = row("2026-11-02", "2026-11-06", CALENDAR_TERM);
	assert_string_equal(calendar_fault(touching, 2, &at), "overlaps another term");
	rows[6].kind = 6;
	assert_non_null(calendar_fault(rows, count, &at));
	assert_int_equal(at, 6);
	rows[6].kind = 0;
	assert_non_null(calendar_fault(rows, count, &at));
	count = school_rows(rows);
	rows[0].from = 0;
	assert_string_equal(calendar_fault(rows, count, &at), "a date outside 2000 to 2099");
	count = school_rows(rows);
	rows[5].to = UINT16_MAX;
	assert_non_null(calendar_fault(rows, count, &at));
	assert_int_equal(at, 5);
	count = school_rows(rows);
	rows[7].to = rows[7].from + 366;
	assert_string_equal(calendar_fault(rows, count, &at), "longer than a school year");
	rows[7].to = rows[7].from + 365;
	assert_null(calendar_fault(rows, count, &at));
	assert_null(calendar_fault(NULL, 0, &at));
}

static void kinds_have_names(void **state)
{
	(void)state;
	for (uint8_t kind = CALENDAR_TERM; kind <= CALENDAR_BANK_HOLIDAY; kind++)
		assert_int_equal(calendar_kind_parse(slice_text(calendar_kind_text(kind))), kind);
	assert_int_equal(calendar_kind_parse(slice_text("terms")), 0);
	assert_int_equal(calendar_kind_parse(slice_text("")), 0);
	assert_int_equal(calendar_kind_parse(slice_text("bank")), 0);
	assert_null(calendar_kind_text(0));
	assert_null(calendar_kind_text(6));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(en_05_bank_holidays_2024_to_2030),
		cmocka_unit_test(en_05_holidays_that_were_proclaimed),
		cmocka_unit_test(en_05_easter_by_the_prayer_book),
		cmocka_unit_test(the_first_day_and_the_last_are_in_it),
		cmocka_unit_test(en_05_a_school_year_has_190_days),
		cmocka_unit_test(outside_the_terms_the_default_rule_holds),
		cmocka_unit_test(rows_add_to_the_bank_holidays),
		cmocka_unit_test(weeks_have_a_school_day_or_none),
		cmocka_unit_test(en_02_window_of_ten_school_weeks),
		cmocka_unit_test(en_05_each_unit_counts_its_own_days),
		cmocka_unit_test(en_06_a_closure_lengthens_what_runs_over_it),
		cmocka_unit_test(subtracting_goes_the_other_way),
		cmocka_unit_test(nothing_leaves_the_century),
		cmocka_unit_test(faults_are_named),
		cmocka_unit_test(kinds_have_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
