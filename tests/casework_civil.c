/* casework_civil.c - dates and instants, day by day through the century.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "casework/civil.h"

#define DAY_MS UINT64_C(86400000)
#define HOUR_MS UINT64_C(3600000)

static bool is_leap(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* A calendar counted on by hand, beside the formulas. */
static void every_day_of_the_century(void **state)
{
	(void)state;
	static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int year = 2000, month = 1, day = 1, weekday = SATURDAY, week = day_week(DAY_MIN);
	for (day_t d = DAY_MIN; d <= DAY_MAX; d++) {
		int y, m, n;
		day_split(d, &y, &m, &n);
		assert_true(y == year && m == month && n == day);
		assert_int_equal(day_of(year, month, day), d);
		assert_int_equal(day_weekday(d), weekday);
		assert_int_equal(day_week(d), week);
		assert_int_equal(week_monday(week), d - weekday);
		assert_int_equal(day_school_year(d), month >= 9 ? year : year - 1);

		char text[DATE_TEXT_SIZE + 1];
		day_t parsed = 0;
		day_text(text, d);
		assert_true(day_parse(slice_text(text), &parsed));
		assert_int_equal(parsed, d);

		/* The whole local day, to the millisecond. */
		uint64_t start = day_start_ms(d), end = day_start_ms(d + 1);
		assert_int_equal(day_of_ms(start), d);
		assert_int_equal(day_of_ms(start - 1), d - 1);
		assert_int_equal(day_of_ms(end - 1), d);
		assert_int_equal((start + (uint64_t)london_offset_s(start) * 1000) % DAY_MS, 0);
		assert_true(end - start == DAY_MS || weekday == SUNDAY);

		weekday = (weekday + 1) % 7;
		week += weekday == MONDAY;
		if (++day > lengths[month - 1] + (month == 2 && is_leap(year))) {
			day = 1;
			if (++month > 12) {
				month = 1;
				year++;
			}
		}
	}
	assert_int_equal(year, 2100);
	assert_int_equal(day_week(0), 0);
	assert_int_equal(day_weekday(0), THURSDAY);
	assert_int_equal(week_monday(0), -3);
}

/* From before the year 0 to past the leap years that are left out, which are all that eras of 400 years are about. */
static void every_day_of_eight_eras(void **state)
{
	(void)state;
	static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	day_t d = day_of(-801, 1, 1);
	int last = -1;
	for (int year = -801; year <= 2402; year++)
		for (int month = 1; month <= 12; month++) {
			int days = lengths[month - 1] + (month == 2 && is_leap(year));
			for (int day = 1; day <= days; day++, d++) {
				int y, m, n;
				day_split(d, &y, &m, &n);
				if (y != year || m != month || n != day || day_of(year, month, day) != d ||
				    day_school_year(d) != (month >= 9 ? year : year - 1))
					fail_msg("day %d is %d-%d-%d", d, year, month, day);
				last = d;
			}
		}
	assert_int_equal(day_of(1970, 1, 1), 0);
	assert_int_equal(last, day_of(2402, 12, 31));
}

static day_t date(const char *text)
{
	day_t day = 0;
	assert_true(day_parse(slice_text(text), &day));
	return day;
}

static uint64_t instant(const char *text)
{
	uint64_t ms = 0;
	assert_true(time_parse(slice_text(text), &ms));
	return ms;
}

static void en_05_summer_time_begins_and_ends(void **state)
{
	(void)state;
	/* 2026: 29 March and 25 October. */
	assert_int_equal(london_offset_s(instant("2026-03-29T00:59:59.999Z")), 0);
	assert_int_equal(london_offset_s(instant("2026-03-29T01:00:00Z")), 3600);
	assert_int_equal(london_offset_s(instant("2026-10-25T00:59:59.999Z")), 3600);
	assert_int_equal(london_offset_s(instant("2026-10-25T01:00:00Z")), 0);
	/* Midnights on both sides of both: a day of 23 hours and one of 25. */
	assert_int_equal(day_start_ms(date("2026-03-29")), instant("2026-03-29T00:00:00Z"));
	assert_int_equal(day_start_ms(date("2026-03-30")), instant("2026-03-29T23:00:00Z"));
	assert_int_equal(day_start_ms(date("2026-10-25")), instant("2026-10-24T23:00:00Z"));
	assert_int_equal(day_start_ms(date("2026-10-26")), instant("2026-10-26T00:00:00Z"));
	assert_int_equal(day_start_ms(date("2026-03-30")) - day_start_ms(date("2026-03-29")), 23 * HOUR_MS);
	assert_int_equal(day_start_ms(date("2026-10-26")) - day_start_ms(date("2026-10-25")), 25 * HOUR_MS);
	assert_int_equal(day_of_ms(instant("2026-07-01T22:59:59Z")), date("2026-07-01"));
	assert_int_equal(day_of_ms(instant("2026-07-01T23:00:00Z")), date("2026-07-02"));
	assert_int_equal(day_of_ms(instant("2026-12-01T23:59:59Z")), date("2026-12-01"));
	/* Years in which the last Sunday is the 31st, or the 25th. */
	assert_int_equal(london_offset_s(instant("2024-03-31T01:00:00Z")), 3600);
	assert_int_equal(london_offset_s(instant("2024-03-31T00:59:59Z")), 0);
	assert_int_equal(london_offset_s(instant("2029-03-25T01:00:00Z")), 3600);
	assert_int_equal(london_offset_s(instant("2027-10-31T00:59:59Z")), 3600);
	assert_int_equal(london_offset_s(instant("2027-10-31T01:00:00Z")), 0);
}

static void en_05_months_end_on_the_corresponding_date(void **state)
{
	(void)state;
	static const struct {
		const char *from;
		int months;
		const char *to;
	} cases[] = {
		{"2027-02-28", 3, "2027-05-28"},  {"2026-11-30", 3, "2027-02-28"},
		{"2027-11-30", 3, "2028-02-29"},  {"2026-01-31", 1, "2026-02-28"},
		{"2026-08-31", 1, "2026-09-30"},  {"2026-12-15", 1, "2027-01-15"},
		{"2026-12-31", 2, "2027-02-28"},  {"2026-05-31", -3, "2026-02-28"},
		{"2026-01-15", -1, "2025-12-15"}, {"2026-03-31", -13, "2025-02-28"},
		{"2026-06-30", 0, "2026-06-30"},  {"2026-01-31", 24, "2028-01-31"},
		{"2026-10-31", 1, "2026-11-30"},  {"2026-10-31", 2, "2026-12-31"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_int_equal(day_add_months(date(cases[i].from), cases[i].months), date(cases[i].to));
	/* A calendar asks for a century before its first day, and then for its first day instead. */
	assert_int_equal(day_add_months(day_of(0, 3, 15), -2), day_of(0, 1, 15));
	assert_int_equal(day_add_months(day_of(0, 3, 15), -3), day_of(-1, 12, 15));
	assert_int_equal(day_add_months(day_of(0, 3, 15), -14), day_of(-1, 1, 15));
	assert_int_equal(day_add_months(day_of(0, 3, 15), -15), day_of(-2, 12, 15));
	assert_int_equal(day_add_years(date("2028-02-29"), 1), date("2029-02-28"));
	assert_int_equal(day_add_years(date("2028-02-29"), 4), date("2032-02-29"));
	assert_int_equal(day_add_years(date("2026-09-07"), 3), date("2029-09-07"));
	assert_int_equal(day_add_years(date("2028-02-29"), -1), date("2027-02-28"));
}

static void school_years_turn_on_1_september(void **state)
{
	(void)state;
	assert_int_equal(day_school_year(date("2026-08-31")), 2025);
	assert_int_equal(day_school_year(date("2026-09-01")), 2026);
	assert_int_equal(day_school_year(date("2027-08-31")), 2026);
	assert_int_equal(school_year_start(2026), date("2026-09-01"));
}

static void dates_that_are_none_are_refused(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"",           "2026-9-07",  "2026-09-7",  "2026/09/07",    "2026-09-07 ", " 2026-09-07",
		"2026-13-01", "2026-00-10", "2026-02-29", "2100-02-29",    "2026-04-31",  "2026-01-00",
		"2026-01-32", "1999-12-31", "2100-01-01", "20260907",      "2026-09-07T", "abcd-ef-gh",
		"-026-09-07", "2026-+1-07", "2O26-09-07", "2026-09-0\xb7", "2026-11-31", "2026-12-32",
	};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		day_t day = 77;
		assert_false(day_parse(slice_text(bad[i]), &day));
		assert_int_equal(day, 77);
	}
	day_t day;
	assert_true(day_parse(slice_text("2028-02-29"), &day));
	assert_true(day_parse(slice_text("2000-01-01"), &day));
	assert_int_equal(day, DAY_MIN);
	assert_true(day_parse(slice_text("2099-12-31"), &day));
	assert_int_equal(day, DAY_MAX);
}

static void long_dates_read_well(void **state)
{
	(void)state;
	char text[32];
	day_text_long(text, date("2026-09-07"));
	assert_string_equal(text, "Monday 7 September 2026");
	day_text_long(text, date("2026-09-30"));
	assert_string_equal(text, "Wednesday 30 September 2026");
	day_text_long(text, date("2027-05-02"));
	assert_string_equal(text, "Sunday 2 May 2027");
	day_text_long(text, -5);
	assert_string_equal(text, "Thursday 1 January 1970");
	day_text_long(text, 3000000);
	assert_string_equal(text, "Friday 31 December 9999");
}

/* What no date in four digits shows is shown as the nearest that one does. */
static void what_lies_beyond_is_held(void **state)
{
	(void)state;
	char text[TIME_TEXT_SIZE + 1];
	day_text(text, -1);
	assert_string_equal(text, "1970-01-01");
	day_text(text, 2932896);
	assert_string_equal(text, "9999-12-31");
	day_text(text, 2932897);
	assert_string_equal(text, "9999-12-31");
	assert_int_equal(day_start_ms(-1), 0);
	assert_int_equal(day_start_ms(-200), 0);
	assert_int_equal(day_start_ms(0), 0);
	assert_int_equal(day_start_ms(1), DAY_MS);
	/* whatever season a number cut to 32 bits would fall into */
	for (uint64_t back = 0; back < 400; back += 20)
		assert_int_equal(london_offset_s(UINT64_MAX - back * DAY_MS), 0);
	/* nothing is read behind a text that is too short, not even to see that it is */
	char *exact = malloc(19);
	uint64_t ms = 77;
	assert_non_null(exact);
	memcpy(exact, "2026-09-07T08:00:00", 19);
	assert_false(time_parse(slice_of(exact, 19), &ms));
	assert_int_equal(ms, 77);
	free(exact);
}

static void times_that_are_times(void **state)
{
	(void)state;
	uint64_t base = (uint64_t)date("2026-09-07") * DAY_MS + 8 * HOUR_MS;
	assert_int_equal(instant("2026-09-07T08:00:00Z"), base);
	assert_int_equal(instant("2026-09-07T09:00:00+01:00"), base);
	assert_int_equal(instant("2026-09-07T02:30:00-05:30"), base);
	assert_int_equal(instant("2026-09-08T07:59:00+23:59"), base);
	assert_int_equal(instant("2026-09-07T08:00:00.5Z"), base + 500);
	assert_int_equal(instant("2026-09-07T08:00:00.123456789Z"), base + 123);
	assert_int_equal(instant("2026-09-07T08:00:00.007+00:00"), base + 7);
	assert_int_equal(instant("1970-01-01T00:00:00Z"), 0);
	assert_int_equal(instant("2099-12-31T23:59:59.999Z"), (uint64_t)(DAY_MAX + 1) * DAY_MS - 1);
}

static void times_that_are_none_are_refused(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"",
		"2026-09-07",
		"2026-09-07T08:00Z",
		"2026-09-07T08:00:00",
		"2026-09-07 08:00:00Z",
		"2026-09-07t08:00:00z",
		"2026-09-07T24:00:00Z",
		"2026-09-07T08:60:00Z",
		"2026-09-07T23:59:60Z",
		"2026-09-07T08:00:00.Z",
		"2026-09-07T08:00:00,5Z",
		"2026-09-07T08:00:00+1:00",
		"2026-09-07T08:00:00+0100",
		"2026-09-07T08:00:00+24:00",
		"2026-09-07T08:00:00+01:60",
		"2026-09-07T08:00:00Z ",
		"2026-09-07T08:00:00ZZ",
		"2026-09-07T08:00:00.5",
		"2026-02-29T08:00:00Z",
		"1969-12-31T23:59:59Z",
		"1970-01-01T00:30:00+01:00",
		"2100-01-01T00:00:00Z",
		"2099-12-31T23:59:59-00:01",
		"2026-09-07T-8:00:00Z",
		"2026-09-07T08:00:00+01:00Z",
		"2026-09-07T08:00:00+01:0",
	};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		uint64_t ms = 77;
		assert_false(time_parse(slice_text(bad[i]), &ms));
		assert_int_equal(ms, 77);
	}
	/* No prefix of a time is a time. */
	static const char whole[] = "2026-09-07T09:00:00.25+01:00";
	uint64_t ms;
	for (size_t size = 0; size < sizeof whole - 1; size++)
		assert_false(time_parse(slice_of(whole, size), &ms));
	assert_true(time_parse(slice_text(whole), &ms));
}

static void time_text_is_the_inverse(void **state)
{
	(void)state;
	char text[TIME_TEXT_SIZE + 1];
	time_text(text, instant("2026-09-07T08:00:00Z"));
	assert_string_equal(text, "2026-09-07T08:00:00Z");
	time_text(text, instant("2026-09-07T08:00:00.040Z"));
	assert_string_equal(text, "2026-09-07T08:00:00.040Z");
	for (uint64_t ms = (uint64_t)DAY_MIN * DAY_MS; ms < (uint64_t)DAY_MAX * DAY_MS; ms += 86399 * 10007) {
		time_text(text, ms);
		assert_int_equal(instant(text), ms);
	}
	time_text(text, UINT64_MAX);
	assert_string_equal(text, "9999-12-31T23:59:59.999Z");
	assert_int_equal(day_of_ms(UINT64_MAX), 2932896);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_day_of_the_century),
		cmocka_unit_test(every_day_of_eight_eras),
		cmocka_unit_test(what_lies_beyond_is_held),
		cmocka_unit_test(en_05_summer_time_begins_and_ends),
		cmocka_unit_test(en_05_months_end_on_the_corresponding_date),
		cmocka_unit_test(school_years_turn_on_1_september),
		cmocka_unit_test(dates_that_are_none_are_refused),
		cmocka_unit_test(long_dates_read_well),
		cmocka_unit_test(times_that_are_times),
		cmocka_unit_test(times_that_are_none_are_refused),
		cmocka_unit_test(time_text_is_the_inverse),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
