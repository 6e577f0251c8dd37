/* Files of marks: records, columns, encodings, rows that are wrong.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "client/encoding.h"
#include "client/file.h"
#include "client/mark_rows.h"
#include "client/rejects.h"

#define HEADER "urn,upn,date,session,code,comment,minutes_late\n"
#define GOOD "123456,A123456789012,2026-09-07,AM,L,late bus,5\n"

/* Rows as text, one a line: `line urn upn date session code|comment|minutes` or `line!field: fault`. */
static char told[8192];

/* Gives a few bytes at a time, so that every record lies across a border. */
static ssize_t read_slowly(void *context, void *room, size_t size)
{
	return text_read(context, room, size < 7 ? size : 7);
}

static const char *rows_of(const char *text, size_t size)
{
	struct text_left left = { text, size };
	struct records *records = records_open(read_slowly, &left);
	struct mark_row row;
	char why[400];
	told[0] = '\0';
	struct mark_rows *rows = mark_rows_open(records, NULL, why, sizeof why);
	if (!rows)
		snprintf(told, sizeof told, "no: %s", why);
	while (rows && mark_rows_next(rows, &row)) {
		size_t used = strlen(told);
		if (row.fault)
			snprintf(told + used, sizeof told - used, "%d!%s: %s\n", (int)row.line, row.field, row.fault);
		else
			snprintf(told + used, sizeof told - used, "%d %s %s %s %s %s|%s|%d%s\n", (int)row.line, row.urn, row.mark.upn,
			         row.mark.date, row.mark.session, row.mark.code, row.mark.comment ? row.mark.comment : "",
			         row.mark.minutes_late, row.converted ? " converted" : "");
	}
	mark_rows_close(&rows);
	records_close(&records);
	return told;
}

static void check(const char *text, const char *expected)
{
	assert_string_equal(rows_of(text, strlen(text)), expected);
}

static void a_row_is_read(void **state)
{
	(void)state;
	check(HEADER GOOD, "2 123456 A123456789012 2026-09-07 AM L|late bus|5\n");
	check(HEADER "123456,A123456789012,2026-09-07,PM,\\,,", "2 123456 A123456789012 2026-09-07 PM \\||-1\n");
	check(HEADER, "");
}

static void columns_stand_in_any_order_and_case(void **state)
{
	(void)state;
	check("Code,SESSION,date,upn,urn,teacher\n/,AM,2026-09-07,A123456789012,123456,Smith\n",
	      "2 123456 A123456789012 2026-09-07 AM /||-1\n");
}

static void bom_crlf_and_empty_lines_are_let_pass(void **state)
{
	(void)state;
	check("\xef\xbb\xbf\r\nurn,upn,date,session,code\r\n\r\n123456,A123456789012,2026-09-07,AM,/\r\n \r\n123456,B,c,d,e",
	      "4 123456 A123456789012 2026-09-07 AM /||-1\n6 123456 B c d e||-1\n");
}

static void rows_of_empty_fields_are_empty_lines(void **state)
{
	(void)state;
	check(",,,,\nurn,upn,date,session,code\n, ,,,\n123456,A1,2026-09-07,AM,/\n,,,,\n\"\",,,,\n,,,,,,\n",
	      "4 123456 A1 2026-09-07 AM /||-1\n");
	check("urn,upn,date,session,code\n,,,,/\n", "2!urn: missing\n");
}

/* What Excel calls "CSV (Macintosh)". */
static void lines_that_end_with_cr_alone_are_lines(void **state)
{
	(void)state;
	check("\xef\xbb\xbf\r\"urn\",upn,date,session,code,comment\r123456,A1,2026-09-07,AM,N,\"two\rlines\"\r\r123456,B,2026-09-07,PM,N,",
	      "3 123456 A1 2026-09-07 AM N|two\rlines|-1\n6 123456 B 2026-09-07 PM N||-1\n");
	/* One that stands elsewhere ends none, nor does what a conversion doubled. */
	check("urn,upn,date,session,code,comment\n123456,A1,2026-09-07,AM,N,\"two\rlines\"\n",
	      "2 123456 A1 2026-09-07 AM N|two\rlines|-1\n");
	check("urn,upn,date,session,code\r\r\n123456,A1,2026-09-07,AM,N\r\r\n", "2 123456 A1 2026-09-07 AM N||-1\n");
}

static void quoted_fields_hold_commas_quotes_and_lines(void **state)
{
	(void)state;
	check(HEADER "123456,A1,2026-09-07,AM,N,\"said \"\"ill\"\", then\nnothing\",\n" GOOD,
	      "2 123456 A1 2026-09-07 AM N|said \"ill\", then\nnothing|-1\n4 123456 A123456789012 2026-09-07 AM L|late bus|5\n");
}

static void a_missing_column_is_named(void **state)
{
	(void)state;
	assert_non_null(strstr(rows_of("urn,upn,date,session\n", 21), "code: this column is missing"));
	assert_non_null(strstr(rows_of("urn,upn,date\n", 13), "session, code: these columns are missing"));
	assert_non_null(strstr(rows_of("urn,upn,urn,date,session,code\n", 30), "urn: this column is there twice"));
	assert_non_null(strstr(rows_of("urn;upn;date;session;code\n1;2;3;4;5\n", 36), "separated by semicolons"));
	assert_non_null(strstr(rows_of("urn\tupn\tdate\tsession\tcode\n", 27), "separated by tabs"));
	assert_non_null(strstr(rows_of("urn\n", 4), "upn, date, session, code: these columns are missing"));
	assert_non_null(strstr(rows_of("", 0), "empty"));
	assert_non_null(strstr(rows_of("\xff\xfeu\0r\0", 6), "UTF-16"));
}

static void a_row_that_can_not_be_read_costs_itself_alone(void **state)
{
	(void)state;
	check(HEADER "123456,A1,2026-09-07\n" GOOD, "2!row: 3 fields where the header has 7\n"
	      "3 123456 A123456789012 2026-09-07 AM L|late bus|5\n");
	check(HEADER "123456,A1,2026-09-07,AM,N,,,\n", "2 123456 A1 2026-09-07 AM N||-1\n"); /* empty ones too many */
	check(HEADER "123456,A1,2026-09-07,AM,N,\"never closed,\n" GOOD GOOD, "2!row: a quote is opened and never closed\n"
	      "3 123456 A123456789012 2026-09-07 AM L|late bus|5\n4 123456 A123456789012 2026-09-07 AM L|late bus|5\n");
	assert_non_null(strstr(rows_of(HEADER "123456,A1,2026-09-07,AM,N,5\" tall,\n", strlen(HEADER) + 35), "2!row: a quote"));
}

static void a_line_without_end_is_passed_over(void **state)
{
	(void)state;
	size_t size = 300 * 1024, head = strlen(HEADER), good = strlen(GOOD);
	char *text = malloc(head + size + good + 1);
	assert_non_null(text);
	memcpy(text, HEADER, head);
	memset(text + head, 'x', size);
	text[head + size - 1] = '\n';
	memcpy(text + head + size, GOOD, good + 1);
	assert_string_equal(rows_of(text, head + size + good), "2!row: the line is longer than 64 KiB\n"
	                    "3 123456 A123456789012 2026-09-07 AM L|late bus|5\n");
	free(text);
}

static void what_spoils_a_submission_is_found_before(void **state)
{
	(void)state;
	check(HEADER "12345,A1,2026-09-07,AM,N,,\n", "2!urn: not a school's number: six digits\n");
	check(HEADER ",A1,2026-09-07,AM,N,,\n", "2!urn: missing\n");
	check(HEADER "123456,A1,2026-09-07,AM,,,\n", "2!code: missing\n");
	check(HEADER "123456,A1,2026-09-07,AM,L,,-1\n", "2!minutes_late: not a number of minutes from 0 to 600\n");
	check(HEADER "123456,A1,2026-09-07,AM,L,,five\n", "2!minutes_late: not a number of minutes from 0 to 600\n");
	check(HEADER "123456,A1,2026-09-07,AM,L,,600\n", "2 123456 A1 2026-09-07 AM L||600\n");
	assert_non_null(strstr(rows_of(HEADER "123456,A1,2026-09-07,AM,L,a\0b,\n", strlen(HEADER) + 32), "2!row: holds a zero byte"));
}

static void windows_1252_is_converted_in_a_comment_alone(void **state)
{
	(void)state;
	check(HEADER "123456,A1,2026-09-07,AM,N,caf\xe9 \x93x\x94 \x80,\n",
	      "2 123456 A1 2026-09-07 AM N|caf\xc3\xa9 \xe2\x80\x9cx\xe2\x80\x9d \xe2\x82\xac|-1 converted\n");
	check(HEADER "123456,A1,2026-09-07,AM,N,caf\xc3\xa9,\n", "2 123456 A1 2026-09-07 AM N|caf\xc3\xa9|-1\n");
	check(HEADER "123456,A\xe9,2026-09-07,AM,N,,\n", "2!upn: not UTF-8; save the file as \"CSV UTF-8\"\n");
}

static void utf8_is_told_from_what_is_not(void **state)
{
	(void)state;
	static const struct { const char *text; bool good; } cases[] = {
		{ "", true }, { "plain", true }, { "\xc3\xa9", true }, { "\xe2\x82\xac", true }, { "\xf0\x9f\x8e\x93", true },
		{ "\xe9", false }, { "\xc3", false }, { "\xc0\xaf", false }, { "\xe0\x9f\xbf", false },
		{ "\xed\xa0\x80", false }, { "\xf4\x90\x80\x80", false }, { "\xf5\x80\x80\x80", false }, { "\x80", false },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_int_equal(encoding_is_utf8(cases[i].text, strlen(cases[i].text)), cases[i].good);
}

static void json_lines_have_the_same_names(void **state)
{
	(void)state;
	check("{\"urn\":123456,\"upn\":\"A1\",\"date\":\"2026-09-07\",\"session\":\"AM\",\"code\":\"L\",\"minutes_late\":5,\"comment\":null}\n"
	      "\n{\"urn\":\"123456\",\"upn\":\"A1\",\"date\":\"2026-09-07\",\"session\":\"PM\",\"code\":\"N\",\"comment\":\"x\"}",
	      "1 123456 A1 2026-09-07 AM L||5\n3 123456 A1 2026-09-07 PM N|x|-1\n");
	check("{\"urn\":\"123456\"}\n{\"urn\":[]}\n{\"urn\":1.5}\n", "1!upn: missing\n2!urn: a text is wanted\n3!urn: a text is wanted\n");
	assert_non_null(strstr(rows_of("{\"urn\":1,\"urn\":2}\n[1]\n", 22), "1!row: not a JSON object"));
	assert_non_null(strstr(rows_of("{\"urn\":1,\n{}\n", 13), "2!urn: missing"));
}

static void refused_rows_go_out_as_they_stood(void **state)
{
	(void)state;
	char path[] = P_tmpdir "/attend-rejects-XXXXXX", text[1000];
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	struct rejects *r = rejects_open(path);
	assert_non_null(r);
	assert_true(rejects_form(r, "urn,upn,comment"));
	rejects_add(r, "1,2,\"a, b\"", 10, "urn", "is \"wrong\"");
	assert_true(rejects_form(r, "urn,upn,comment"));
	assert_false(rejects_form(r, "upn,urn"));
	assert_int_equal(rejects_close(&r), 0);
	ssize_t size = pread(fd, text, sizeof text - 1, 0);
	text[size] = '\0';
	assert_string_equal(text, "urn,upn,comment,reason\n1,2,\"a, b\",\"urn: is \"\"wrong\"\"\"\n");
	/* Pushed again and refused again, a row has one reason, the last. */
	r = rejects_open(path);
	assert_true(rejects_form(r, "urn,upn,comment,reason"));
	rejects_add(r, "1,2,\"a, b\",\"urn: is \"\"wrong\"\"\"", 31, "upn", "too");
	assert_int_equal(rejects_close(&r), 0);
	size = pread(fd, text, sizeof text - 1, 0);
	text[size] = '\0';
	assert_string_equal(text, "urn,upn,comment,reason\n1,2,\"a, b\",\"upn: too\"\n");
	r = rejects_open(path);
	assert_true(rejects_form(r, ""));
	rejects_add(r, "{\"urn\":1}", 9, "urn", "short");
	rejects_add(r, "{broken", 7, "row", "no JSON");
	assert_int_equal(rejects_close(&r), 0);
	size = pread(fd, text, sizeof text - 1, 0);
	text[size] = '\0';
	assert_string_equal(text, "{\"urn\":1,\"reason\":\"urn: short\"}\n{\"row\":\"{broken\",\"reason\":\"row: no JSON\"}\n");
	close(fd);
	unlink(path);
	assert_null(rejects_open("not/there/at/all"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_row_is_read),
		cmocka_unit_test(columns_stand_in_any_order_and_case),
		cmocka_unit_test(bom_crlf_and_empty_lines_are_let_pass),
		cmocka_unit_test(rows_of_empty_fields_are_empty_lines),
		cmocka_unit_test(lines_that_end_with_cr_alone_are_lines),
		cmocka_unit_test(quoted_fields_hold_commas_quotes_and_lines),
		cmocka_unit_test(a_missing_column_is_named),
		cmocka_unit_test(a_row_that_can_not_be_read_costs_itself_alone),
		cmocka_unit_test(a_line_without_end_is_passed_over),
		cmocka_unit_test(what_spoils_a_submission_is_found_before),
		cmocka_unit_test(windows_1252_is_converted_in_a_comment_alone),
		cmocka_unit_test(utf8_is_told_from_what_is_not),
		cmocka_unit_test(json_lines_have_the_same_names),
		cmocka_unit_test(refused_rows_go_out_as_they_stood),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
