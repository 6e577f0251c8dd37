/* What people and programs are shown: tables, dates, progress, metrics, JSON, near names.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "client/command.h"
#include "client/line_diff.h"
#include "client/progress.h"
#include "client/prometheus.h"
#include "client/table.h"
#include "client/to_json.h"
#include "client/when.h"

static void columns_are_aligned_by_characters(void **state)
{
	(void)state;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	struct table *table = table_new((const char *const[]){ "name", ">count", "", NULL });
	table_row(table, (const char *const[]){ "Zoë", "7", "" });
	table_row(table, (const char *const[]){ "Al", "1,234", "note" });
	table_row(table, (const char *const[]){ NULL, "", "alone" });
	table_print(table, out, "  ");
	fclose(out);
	assert_string_equal(text, "  name  count\n  Zoë       7\n  Al    1,234  note\n               alone\n");
	free(text);
}

static void note_line(void *context, bool added, unsigned number, const char *line, size_t size)
{
	char *told = context;

	snprintf(told + strlen(told), 200 - strlen(told), "%c%u:%.*s ", added ? '+' : '-', number, (int)size, line);
}

static void lines_that_differ_are_told_in_order(void **state)
{
	(void)state;
	static const struct { const char *before, *after, *told; } table[] = {
		{ "a\nb\nc\n", "a\nb\nc\n", "" },
		{ "a\nb\nc\n", "a\nB\nc\n", "-2:b +2:B " },
		{ "a\nb\nc", "a\nc", "-2:b " },
		{ "a\nc\n", "a\nb\nc\nd\n", "+2:b +4:d " },
		{ "", "a", "+1:a " },
		{ "one\ntwo\nthree\nfour\n", "two\nthree\nfive\nfour\n", "-1:one +3:five " },
	};
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		char told[200] = "";
		assert_true(line_diff(table[i].before, table[i].after, note_line, told));
		assert_string_equal(told, table[i].told);
	}
}

static void a_long_last_column_is_folded(void **state)
{
	(void)state;
	char *text = NULL, words[400] = "";
	size_t size;
	for (unsigned i = 0; i < 60; i++)
		strcat(words, i ? " word" : "first");
	FILE *out = open_memstream(&text, &size);
	struct table *table = table_new((const char *const[]){ "kind", "text", NULL });
	table_row(table, (const char *const[]){ "breach", words });
	table_print(table, out, "");
	fclose(out);
	unsigned lines = 0;
	for (char *line = text, *end; *line; line = end + 1, lines++) {
		end = strchr(line, '\n');
		assert_non_null(end);
		assert_true(end - line <= TABLE_WIDTH);
		if (lines > 1)
			assert_memory_equal(line, "        word", 12); /* hangs from its column */
	}
	assert_in_range(lines, 4, 6);
	free(text);
}

static void an_empty_table_is_nothing(void **state)
{
	(void)state;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	table_print(table_new((const char *const[]){ "a", "b", NULL }), out, "");
	fclose(out);
	assert_int_equal(size, 0);
	free(text);
}

static void times_are_local_and_midnight_ends_a_day(void **state)
{
	(void)state;
	char out[WHEN_SIZE];
	assert_string_equal(when_time(out, "2026-10-08T08:30:00Z"), "Thu 8 Oct 2026 09:30");
	assert_string_equal(when_time(out, "2026-12-08T08:30:00Z"), "Tue 8 Dec 2026 08:30");
	assert_string_equal(when_due(out, "2026-10-07T23:00:00Z"), "end of Wed 7 Oct 2026");
	assert_string_equal(when_due(out, "2026-12-08T00:00:00Z"), "end of Mon 7 Dec 2026");
	assert_string_equal(when_due(out, "2026-10-08T00:00:00Z"), "Thu 8 Oct 2026 01:00");
	assert_string_equal(when_date(out, "2026-09-07"), "Mon 7 Sep 2026");
	assert_string_equal(when_date(out, "soon"), "soon");
	assert_string_equal(when_time(out, NULL), "");
}

static void progress_says_rate_and_what_is_left(void **state)
{
	(void)state;
	char text[120], number[THOUSANDS_SIZE];
	progress_text(text, sizeof text, 12345, 500, 1000, 3000);
	assert_string_equal(text, "12,345 rows  4,115 rows/s  50 %  0:03 left");
	progress_text(text, sizeof text, 10, 10, 100000, 1000);
	assert_string_equal(text, "10 rows  10 rows/s  0 %  166:39 left");
	progress_text(text, sizeof text, 0, 0, 0, 0); /* a pipe */
	assert_string_equal(text, "0 rows  0 rows/s");
	assert_string_equal(thousands(number, 0), "0");
	assert_string_equal(thousands(number, 999), "999");
	assert_string_equal(thousands(number, 1000), "1,000");
	assert_string_equal(thousands(number, UINT64_MAX), "18,446,744,073,709,551,615");
}

static void metrics_have_help_type_and_prefix(void **state)
{
	(void)state;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	json_t *stats = json_pack("{s:{s:i,s:i},s:{s:i}}", "counters", "marks", 5, "odd-name_total", 1, "gauges", "head", 9);
	print_prometheus(out, stats);
	fclose(out);
	assert_string_equal(text, "# HELP attend_marks_total Marks recorded.\n# TYPE attend_marks_total counter\nattend_marks_total 5\n"
	                    "# HELP attend_odd_name_total odd-name_total\n# TYPE attend_odd_name_total counter\nattend_odd_name_total 1\n"
	                    "# HELP attend_head Position of the last event of the log.\n# TYPE attend_head gauge\nattend_head 9\n");
	json_decref(stats);
	free(text);
}

static void a_reply_becomes_json_field_for_field(void **state)
{
	(void)state;
	static const uint8_t body[] = "\x86\xa1z\xc0\xa1" "a\xcb\x40\x57\xd3\x33\x33\x33\x33\x33\xa1" "b\x92\xff\xcd\x01\x00\xa1" "c\xc3\xa1"
	                              "d\xc4\x02\x01\x02\xa1" "e\x81\xa1" "f\xa2\xc3\xa9";
	json_t *value = to_json(body, sizeof body - 1);
	char *text = json_dumps(value, JSON_COMPACT | JSON_REAL_PRECISION(12));
	assert_string_equal(text, "{\"z\":null,\"a\":95.3,\"b\":[-1,256],\"c\":true,\"d\":\"AQI=\",\"e\":{\"f\":\"é\"}}");
	free(text);
	json_decref(value);
	assert_null(to_json("\x81\xa1", 2));
	assert_null(to_json("\x80\x80", 2));
	value = to_json(NULL, 0);
	assert_int_equal(json_object_size(value), 0);
	json_decref(value);
}

static void a_word_near_a_command_is_known(void **state)
{
	(void)state;
	assert_string_equal(command_nearest("psuh"), "push");
	assert_string_equal(command_nearest("deadline"), "deadlines");
	assert_string_equal(command_nearest("dead"), "deadlines");
	assert_string_equal(command_nearest("helth"), "health");
	assert_null(command_nearest("xyzzy"));
	assert_null(command_nearest(""));
	assert_int_equal(letters_apart("abcd", "abcd"), 0);
	assert_int_equal(letters_apart("abcd", "abdc"), 1);
	assert_int_equal(letters_apart("", "abc"), 3);
	assert_int_equal(letters_apart("kitten", "sitting"), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_are_aligned_by_characters),
		cmocka_unit_test(lines_that_differ_are_told_in_order),
		cmocka_unit_test(a_long_last_column_is_folded),
		cmocka_unit_test(an_empty_table_is_nothing),
		cmocka_unit_test(times_are_local_and_midnight_ends_a_day),
		cmocka_unit_test(progress_says_rate_and_what_is_left),
		cmocka_unit_test(metrics_have_help_type_and_prefix),
		cmocka_unit_test(a_reply_becomes_json_field_for_field),
		cmocka_unit_test(a_word_near_a_command_is_known),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
