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

/* A name out of a school's system colours no officer's terminal, nor types into it. */
static void what_is_no_text_gets_to_no_terminal(void **state)
{
	(void)state;
	char *text = NULL, *plain = plain_text("A\033[2Jnn\r\n\tL\302\205\177\303\251e");
	size_t size;
	assert_string_equal(plain, "A\357\277\275[2Jnn\n L\357\277\275\357\277\275\303\251e");
	free(plain);
	FILE *out = open_memstream(&text, &size);
	struct table *table = table_new((const char *const[]){ "name", "", NULL });
	table_row(table, (const char *const[]){ "A\033]0;x\007nn\nLee", "one\033[31m\ntwo" });
	table_print(table, out, "");
	print_folded(out, "Dear M\033[2Jary,\r\nplease", 2);
	fclose(out);
	assert_string_equal(text, "name\n" "A\357\277\275]0;x\357\277\275nn Lee  one\357\277\275[31m\n" "               two\n"
	                          "Dear M\357\277\275[2Jary,\n  please\n");
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
	json_t *stats = json_pack("{s:s,s:{s:i,s:i,s:i},s:{s:I},s:{s:{s:[iii],s:[iiii],s:i}},s:{s:i},s:[{s:i,s:s,s:s,s:i,s:i,s:i}]}", "version", "9",
	                          "counters", "marks", 5, "cpu_ms", 1234, "newer", 1, "gauges", "head", (json_int_t)9007199254740991,
	                          "histograms", "commit_us", "bounds", 250, 500, 1000000, "counts", 1, 0, 2, 1, "sum", 2500,
	                          "refused", "402", 3, "subscribers", "grant", 7, "role", "officer", "cursor", "0a1b", "lag", 4, "unread_alerts", 2,
	                          "oldest_unread_ms", 1500);
	json_t *health = json_pack("{s:b,s:[s]}", "ok", 0, "reasons", "disk-full");
	print_prometheus(out, stats, health);
	fclose(out);
	static const char *const said[] = {
		"# HELP attend_up 1 where attendd answered.\n# TYPE attend_up gauge\nattend_up 1\n",
		"attend_build_info{version=\"9\"} 1\n", "\nattend_healthy 0\n", "attend_problem{reason=\"disk-full\"} 1\n",
		"attend_problem{reason=\"clock-held\"} 0\n",
		"# HELP attend_marks_total Marks recorded.\n# TYPE attend_marks_total counter\nattend_marks_total 5\n",
		"attend_cpu_seconds_total 1.234\n", "attend_log_events_total 9007199254740991\n", "# TYPE attend_commit_seconds histogram\n",
		"attend_commit_seconds_bucket{le=\"0.00025\"} 1\nattend_commit_seconds_bucket{le=\"0.0005\"} 1\n"
		"attend_commit_seconds_bucket{le=\"1\"} 3\nattend_commit_seconds_bucket{le=\"+Inf\"} 4\n"
		"attend_commit_seconds_sum 0.0025\nattend_commit_seconds_count 4\n",
		"attend_refused_total{status=\"402\",reason=\"bad-field\"} 3\n",
		"attend_subscriber_lag_events{subscriber=\"7-0a1b\",role=\"officer\"} 4\n",
		"attend_subscriber_oldest_unread_alert_seconds{subscriber=\"7-0a1b\",role=\"officer\"} 1.5\n",
	};
	for (size_t i = 0; i < sizeof said / sizeof said[0]; i++)
		assert_non_null(strstr(text, said[i]));
	assert_null(strstr(text, "newer"));
	assert_null(strstr(text, "attend_pupils")); /* an older daemon did not say */
	json_decref(health);
	free(text);
	out = open_memstream(&text, &size);
	print_prometheus(out, NULL, NULL);
	fclose(out);
	assert_string_equal(text, "# HELP attend_up 1 where attendd answered.\n# TYPE attend_up gauge\nattend_up 0\n");
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
		cmocka_unit_test(what_is_no_text_gets_to_no_terminal),
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
