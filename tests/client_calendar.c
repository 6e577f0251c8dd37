/* Calendars from CSV and iCalendar.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "client/calendar_file.h"

static char refusals[4096];
static struct calendar_file file;

static void refuse(void *context, uint64_t line, const char *field, const char *reason)
{
	size_t used = strlen(refusals);
	(void)context;
	snprintf(refusals + used, sizeof refusals - used, "%d %s: %s\n", (int)line, field, reason);
}

static bool read_text(const char *text)
{
	refusals[0] = '\0';
	return calendar_file_read(&file, text, strlen(text), refuse, NULL);
}

static void check_row(size_t at, const char *from, const char *to, const char *kind, const char *name)
{
	assert_true(at < file.count);
	assert_string_equal(file.rows[at].from, from);
	assert_string_equal(file.rows[at].to, to);
	assert_string_equal(file.rows[at].kind, kind);
	assert_string_equal(file.rows[at].name, name);
}

static void ranges_are_read(void **state)
{
	(void)state;
	assert_true(read_text("from,to,kind,name\r\n2026-09-01,2026-10-23,term,Autumn 1\r\n2026-09-14,,inset,\"INSET, staff\"\r\n"));
	assert_int_equal(file.count, 2);
	assert_false(file.icalendar);
	check_row(0, "2026-09-01", "2026-10-23", "term", "Autumn 1");
	check_row(1, "2026-09-14", "2026-09-14", "inset", "INSET, staff");
}

static void days_are_read(void **state)
{
	(void)state;
	assert_true(read_text("date,kind,name\n2026-12-25,bank-holiday,Christmas Day\n"));
	check_row(0, "2026-12-25", "2026-12-25", "bank-holiday", "Christmas Day");
}

static void what_is_wrong_is_told_by_line(void **state)
{
	(void)state;
	assert_false(read_text("from,to,kind,name\n2026-09-31,2026-10-23,term,\n2026-09-01,2026-10-2x,term,\n2026-09-01,2026-10-02,holliday,\n"));
	assert_non_null(strstr(refusals, "2 from: not a date"));
	assert_non_null(strstr(refusals, "3 to: not a date"));
	assert_non_null(strstr(refusals, "4 kind: not one of term"));
	assert_false(read_text("from,to,kind,name\n2026-09-01,2026-10-23,term,A\n2026-10-20,2026-12-18,term,B\n"));
	assert_non_null(strstr(refusals, "3 row: overlaps"));
	assert_false(read_text("from,to,kind,name\n2026-10-20,2026-10-10,closure,B\n"));
	assert_non_null(strstr(refusals, "2 row: "));
	assert_false(read_text("from,kind,name\n2026-10-20,closure,B\n"));
	assert_non_null(strstr(refusals, "to: this column is missing"));
	assert_false(read_text("from,to,kind,name\n"));
	assert_false(read_text(""));
}

#define ICS(events) "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//EN\r\n" events "END:VCALENDAR\r\n"
#define EVENT(lines) "BEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20260101T000000Z\r\n" lines "END:VEVENT\r\n"
#define DAYS(start, end) "DTSTART;VALUE=DATE:" start "\r\nDTEND;VALUE=DATE:" end "\r\n"

static void an_event_ends_the_day_before_its_end(void **state)
{
	(void)state;
	assert_true(read_text(ICS(EVENT(DAYS("20260901", "20261024") "SUMMARY:Autumn term\r\n")
	                          EVENT(DAYS("20261026", "20261031") "SUMMARY:Half term\r\n")
	                          EVENT("DTSTART;VALUE=DATE:20260901\r\nSUMMARY:INSET day\r\n")
	                          EVENT(DAYS("20261031", "20261101") "SUMMARY:Site\r\nCATEGORIES:Schools,CLOSURE\r\n")
	                          EVENT(DAYS("20261225", "20261226") "SUMMARY:Bank Holiday\r\n"))));
	assert_true(file.icalendar);
	assert_int_equal(file.count, 5);
	check_row(0, "2026-09-01", "2026-10-23", "term", "Autumn term");
	check_row(1, "2026-10-26", "2026-10-30", "holiday", "Half term");
	check_row(2, "2026-09-01", "2026-09-01", "inset", "INSET day");
	check_row(3, "2026-10-31", "2026-10-31", "closure", "Site");
	check_row(4, "2026-12-25", "2026-12-25", "bank-holiday", "Bank Holiday");
}

static void what_an_event_leaves_open_is_refused(void **state)
{
	(void)state;
	assert_false(read_text(ICS(EVENT(DAYS("20260901", "20260902") "SUMMARY:Autumn term starts\r\n")
	                           EVENT(DAYS("20260902", "20260903") "SUMMARY:Sports day\r\n")
	                           EVENT(DAYS("20260907", "20260908") "SUMMARY:INSET\r\nRRULE:FREQ=WEEKLY;COUNT=3\r\n")
	                           EVENT("SUMMARY:Closure\r\n"))));
	assert_non_null(strstr(refusals, "1 SUMMARY: one end of a term"));
	assert_non_null(strstr(refusals, "2 SUMMARY: no word in it names a kind"));
	assert_non_null(strstr(refusals, "3 RRULE: it repeats"));
	assert_non_null(strstr(refusals, "4 DTSTART: not a date"));
	assert_false(read_text("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"));
	assert_false(read_text("BEGIN:VCALENDAR\r\n"));
}

/* One end of a holiday is a day of it alone: the days between would be school days. */
static void a_holiday_is_one_event(void **state)
{
	(void)state;
	assert_false(read_text(ICS(EVENT(DAYS("20261026", "20261027") "SUMMARY:Half term begins\r\n"))));
	assert_non_null(strstr(refusals, "1 SUMMARY: one end of a holiday is no row"));
	assert_true(read_text(ICS(EVENT(DAYS("20261026", "20261031") "SUMMARY:Half term (return on 2 November)\r\n"))));
	assert_true(read_text(ICS(EVENT(DAYS("20261026", "20261027") "SUMMARY:Half term ends\r\nCATEGORIES:HOLIDAY\r\n"))));
}

/* In summer a day of London's begins at 23:00 UTC on the day before. */
static void utc_is_londons_day(void **state)
{
	(void)state;
	assert_true(read_text(ICS(EVENT("DTSTART:20261022T230000Z\r\nDTEND:20261023T230000Z\r\nSUMMARY:INSET day\r\n")
	                          EVENT("DTSTART:20261130T000000Z\r\nDTEND:20261201T000000Z\r\nSUMMARY:INSET day\r\n")
	                          EVENT("DTSTART:20260904T080000Z\r\nDTEND:20260904T143000Z\r\nSUMMARY:INSET day\r\n")
	                          EVENT("DTSTART;TZID=Europe/London:20261019T000000\r\nDTEND;TZID=Europe/London:20261020T000000\r\n"
	                                "SUMMARY:INSET day\r\n"))));
	check_row(0, "2026-10-23", "2026-10-23", "inset", "INSET day");
	check_row(1, "2026-11-30", "2026-11-30", "inset", "INSET day");
	check_row(2, "2026-09-04", "2026-09-04", "inset", "INSET day");
	check_row(3, "2026-10-19", "2026-10-19", "inset", "INSET day");
}

static void what_was_called_off_is_no_row_and_every_calendar_of_the_file_counts(void **state)
{
	(void)state;
	assert_true(read_text(ICS(EVENT(DAYS("20260901", "20261024") "SUMMARY:Autumn term\r\nLOCATION:\r\n")
	                          EVENT(DAYS("20261005", "20261006") "SUMMARY:INSET day\r\nSTATUS:CANCELLED\r\n"))
	                      ICS(EVENT(DAYS("20261012", "20261013") "SUMMARY:INSET day, caf\xe9\r\n"))));
	assert_int_equal(file.count, 2);
	check_row(0, "2026-09-01", "2026-10-23", "term", "Autumn term");
	check_row(1, "2026-10-12", "2026-10-12", "inset", "INSET day, caf\xc3\xa9");
	assert_int_equal(file.rows[1].line, 3);
}

/* Else it would be one day, without a word. */
static void an_end_that_cannot_be_read_is_refused(void **state)
{
	(void)state;
	assert_false(read_text(ICS(EVENT(DAYS("20261026", "20261332") "SUMMARY:Half term\r\n"))));
	assert_non_null(strstr(refusals, "1 DTEND: not a date"));
	assert_false(read_text(ICS(EVENT(DAYS("20261026", "30 October") "SUMMARY:Half term\r\n"))));
	assert_false(read_text(ICS(EVENT("DTSTART;VALUE=DATE:20261026\r\nDURATION:five days\r\nSUMMARY:Half term\r\n"))));
	assert_true(read_text(ICS(EVENT("DTSTART;VALUE=DATE:20261026\r\nDURATION:P5D\r\nSUMMARY:Half term\r\n"))));
	check_row(0, "2026-10-26", "2026-10-30", "holiday", "Half term");
}

static void words_name_kinds(void **state)
{
	(void)state;
	static const struct { const char *words, *kind; } cases[] = {
		{ "Spring Half-Term", "holiday" }, { "Summer term", "term" }, { "Christmas Break", "holiday" },
		{ "Staff training day", "inset" }, { "Non-pupil day", "inset" }, { "School closed: snow", "closure" },
		{ "Early May bank holiday", "bank-holiday" }, { "Last day of term", NULL }, { "Term ends", NULL },
		{ "Determination day", NULL }, { "", NULL }, { "INSET days", "inset" }, { "Bank Holidays", "bank-holiday" },
		{ "Easter breaks", "holiday" }, { "Breakfast with Santa", NULL }, { "Half-termly reports", NULL },
		{ "Termly newsletter", NULL }, { "Schools break up for the Christmas holiday", NULL }, { "School breaks up", NULL },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const char *why = NULL, *kind = calendar_kind_of_words(cases[i].words, &why);
		if (cases[i].kind)
			assert_string_equal(kind, cases[i].kind);
		else
			assert_true(!kind && why);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges_are_read),
		cmocka_unit_test(days_are_read),
		cmocka_unit_test(what_is_wrong_is_told_by_line),
		cmocka_unit_test(an_event_ends_the_day_before_its_end),
		cmocka_unit_test(what_an_event_leaves_open_is_refused),
		cmocka_unit_test(a_holiday_is_one_event),
		cmocka_unit_test(utc_is_londons_day),
		cmocka_unit_test(what_was_called_off_is_no_row_and_every_calendar_of_the_file_counts),
		cmocka_unit_test(an_end_that_cannot_be_read_is_refused),
		cmocka_unit_test(words_name_kinds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
