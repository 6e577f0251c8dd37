/* Which rows go into one submission, under which id, and the body that they make.
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

#include "client/backoff.h"
#include "client/grouping.h"
#include "client/to_json.h"
#include "proto/message.h"
#include "proto/mp.h"
#include "tests/client_fake.h"

static struct mark_row row_of(const char *urn, const char *upn, const char *date, const char *session, const char *code)
{
	static uint64_t line;
	return (struct mark_row){ .line = ++line, .urn = urn,
		.mark = { .upn = upn, .date = date, .session = session, .code = code, .minutes_late = -1 } };
}

static struct mark_row numbered(unsigned number)
{
	static char upn[16];
	snprintf(upn, sizeof upn, "P%u", number);
	return row_of("123456", upn, "2026-09-07", "AM", "/");
}

static char *body_text(struct grouping *g, uint64_t *occurrence)
{
	size_t size;
	const void *body = grouping_end(g, &size, occurrence);
	assert_non_null(body);
	size_t offset;
	assert_null(mp_check(slice_of(body, size), &offset));
	json_t *json = to_json(body, size);
	char *text = json_dumps(json, JSON_COMPACT);
	json_decref(json);
	return text;
}

static void registers_that_follow_each_other_are_one(void **state)
{
	(void)state;
	struct grouping *g = grouping_new();
	uint64_t occurrence;
	struct mark_row rows[] = {
		row_of("123456", "A", "2026-09-07", "AM", "/"), row_of("123456", "B", "2026-09-07", "AM", "L"),
		row_of("123456", "A", "2026-09-07", "PM", "\\"), row_of("123456", "C", "2026-09-07", "AM", "N"),
	};
	rows[1].mark.minutes_late = 300;
	rows[1].mark.comment = "late bus";
	rows[3].mark.recorded_at = "2026-09-07T08:55:00Z";
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(grouping_take(g, &rows[i]), GROUPED);
	assert_int_equal(grouping_count(g), 4);
	char *text = body_text(g, &occurrence);
	/* In the order of the file: an answer names rows by their place. */
	assert_string_equal(text, "{\"urn\":\"123456\",\"registers\":["
	                    "[\"2026-09-07\",\"AM\",[[\"A\",\"/\"],[\"B\",\"L\",{\"minutes_late\":300,\"comment\":\"late bus\"}]]],"
	                    "[\"2026-09-07\",\"PM\",[[\"A\",\"\\\\\"]]],"
	                    "[\"2026-09-07\",\"AM\",[[\"C\",\"N\",{\"recorded_at\":\"2026-09-07T08:55:00Z\"}]]]]}");
	free(text);
	grouping_free(&g);
}

/* The daemon's own reader takes it, in the same order. */
static void the_daemon_reads_what_is_packed(void **state)
{
	(void)state;
	struct grouping *g = grouping_new();
	for (unsigned i = 0; i < 100; i++) {
		struct mark_row row = numbered(i);
		assert_int_equal(grouping_take(g, &row), GROUPED);
	}
	size_t size;
	uint64_t occurrence;
	const void *body = grouping_end(g, &size, &occurrence);
	struct submitted_marks marks;
	struct submitted_mark mark;
	unsigned count = 0;
	assert_true(submitted_marks_open(&marks, slice_of(body, size)));
	while (submitted_marks_next(&marks, &mark)) {
		char upn[16];
		snprintf(upn, sizeof upn, "P%u", count++);
		assert_true(slice_is(mark.upn, upn));
	}
	assert_null(marks.fault);
	assert_int_equal(count, 100);
	grouping_free(&g);
}

static void another_school_or_too_many_begin_another(void **state)
{
	(void)state;
	struct grouping *g = grouping_new();
	uint64_t occurrence;
	for (unsigned i = 0; i < ATTEND_MARKS_ROWS_MAX; i++) {
		struct mark_row row = numbered(i);
		assert_int_equal(grouping_take(g, &row), GROUPED);
		assert_int_equal(grouping_line(g, i), row.line);
	}
	struct mark_row more = numbered(5000), other = row_of("654321", "Z", "2026-09-07", "AM", "/");
	assert_int_equal(grouping_take(g, &more), GROUP_COMPLETE);
	free(body_text(g, &occurrence));
	assert_int_equal(grouping_take(g, &more), GROUPED);
	assert_int_equal(grouping_take(g, &other), GROUP_COMPLETE);
	free(body_text(g, &occurrence));
	assert_int_equal(grouping_take(g, &other), GROUPED);
	grouping_free(&g);
}

static void long_comments_begin_another_too(void **state)
{
	(void)state;
	struct grouping *g = grouping_new();
	char comment[4001];
	memset(comment, 'c', 4000);
	comment[4000] = '\0';
	unsigned taken = 0;
	enum grouped result = GROUPED;
	while (taken < 1000 && result == GROUPED) {
		struct mark_row row = numbered(taken);
		row.mark.comment = comment;
		result = grouping_take(g, &row);
		taken += result == GROUPED;
	}
	assert_int_equal(result, GROUP_COMPLETE);
	assert_in_range(taken, 10, 40); /* well under what a record may hold */
	grouping_free(&g);
}

/* What was named since the last barrier waits until that is answered: the file's order decides. */
static void a_session_named_again_is_a_barrier(void **state)
{
	(void)state;
	struct grouping *g = grouping_new();
	uint64_t occurrence;
	struct mark_row wrong = row_of("123456", "A", "2026-09-07", "AM", "N"), right = row_of("123456", "A", "2026-09-07", "AM", "/");
	struct mark_row afternoon = row_of("123456", "A", "2026-09-07", "PM", "N"), moved = row_of("654321", "A", "2026-09-07", "AM", "/");
	assert_int_equal(grouping_take(g, &wrong), GROUPED);
	assert_int_equal(grouping_take(g, &afternoon), GROUPED);
	assert_int_equal(grouping_take(g, &right), GROUP_BARRIER);
	free(body_text(g, &occurrence));
	assert_int_equal(grouping_take(g, &right), GROUPED);
	/* of the same submission, of an earlier one, of another school: all the same */
	assert_int_equal(grouping_take(g, &moved), GROUP_COMPLETE);
	free(body_text(g, &occurrence));
	assert_int_equal(grouping_take(g, &moved), GROUP_BARRIER);
	assert_int_equal(grouping_count(g), 0);
	assert_int_equal(grouping_take(g, &moved), GROUPED);
	grouping_free(&g);
}

/* N, /, N again in one file: the third is no repeat of the first. In another file it is. */
static void the_same_content_again_is_another_occurrence(void **state)
{
	(void)state;
	struct grouping *g = grouping_new();
	uint64_t occurrence;
	for (unsigned file = 0; file < 2; file++) {
		grouping_begin_file(g);
		for (unsigned i = 0; i < 3; i++) {
			struct mark_row row = row_of("123456", "A", "2026-09-07", "AM", i == 1 ? "/" : "N");
			while (grouping_take(g, &row) != GROUPED)
				;
			free(body_text(g, &occurrence));
			assert_int_equal(occurrence, i == 2);
		}
	}
	grouping_free(&g);
}

static void a_file_is_cut_the_same_each_time(void **state)
{
	(void)state;
	enum { ROWS = 30000 };
	struct grouping *g = grouping_new();
	uint64_t sums[2] = { 0, 0 }, occurrence;
	for (unsigned run = 0; run < 2; run++) {
		grouping_begin_file(g);
		for (unsigned i = 0; i < ROWS; i++) {
			struct mark_row row = numbered(i % 7001);
			for (enum grouped taken; (taken = grouping_take(g, &row)) != GROUPED;) {
				sums[run] = sums[run] * 31 + i * 2 + (taken == GROUP_BARRIER);
				if (grouping_count(g))
					free(body_text(g, &occurrence));
			}
		}
		free(body_text(g, &occurrence));
	}
	assert_true(sums[0] == sums[1] && sums[0] != 0);
	grouping_free(&g);
}

static void never(struct fake *f, const struct message *m, unsigned seen)
{
	(void)f;
	(void)m;
	(void)seen;
}

static void ids_come_from_content_sender_and_occurrence(void **state)
{
	(void)state;
	struct fake one, two;
	uint8_t ids[6][ATTEND_ID_SIZE];
	fake_start(&one, never, NULL);
	fake_start(&two, never, NULL);
	struct attend *a = fake_connect(&one, 1000, 0), *b = fake_connect(&two, 1000, 0);
	attend_id_of_content(a, ids[0], ATTEND_MARKS, 0, "body", 4);
	attend_id_of_content(a, ids[1], ATTEND_MARKS, 0, "body", 4);
	assert_memory_equal(ids[0], ids[1], ATTEND_ID_SIZE);
	assert_true(uuid_usable(ids[0]) && ids[0][6] >> 4 == 8);
	attend_id_of_content(a, ids[1], ATTEND_MARKS, 1, "body", 4);
	attend_id_of_content(a, ids[2], ATTEND_MARKS, 0, "bodY", 4);
	attend_id_of_content(a, ids[3], ATTEND_ROSTER, 0, "body", 4);
	attend_id_of_content(b, ids[4], ATTEND_MARKS, 0, "body", 4); /* another key */
	attend_id_new(ids[5]);
	for (unsigned i = 1; i < 6; i++)
		for (unsigned k = 0; k < i; k++)
			assert_memory_not_equal(ids[i], ids[k], ATTEND_ID_SIZE);
	assert_int_equal(ids[5][6] >> 4, 7);
	attend_close(&a);
	attend_close(&b);
	fake_stop(&one);
	fake_stop(&two);
	fake_remove(&one);
	fake_remove(&two);
}

static void a_reply_is_counted(void **state)
{
	(void)state;
	/* {"accepted": 1, "known": 2, "refused": [[3, "code", "bad", "ZZ"]]} */
	static const uint8_t body[] = "\x83\xa8" "accepted" "\x01\xa5known\x02\xa7refused\x91\x94\x03\xa4" "code" "\xa3" "bad" "\xa2ZZ";
	struct attend_reply partial = { .status = STATUS_PARTIAL, .body = body, .body_size = sizeof body - 1 };
	struct attend_reply done = { .status = STATUS_OK }, repeat = { .status = STATUS_KNOWN };
	struct attend_reply forbidden = { .status = STATUS_FORBIDDEN };
	uint64_t accepted, known, refused;
	size_t offset;
	assert_null(mp_check(slice_of(body, sizeof body - 1), &offset));
	attend_reply_counts(&partial, 4, &accepted, &known, &refused);
	assert_true(accepted == 1 && known == 2 && refused == 1);
	attend_reply_counts(&done, 4, &accepted, &known, &refused);
	assert_true(accepted == 4 && known == 0 && refused == 0);
	attend_reply_counts(&repeat, 4, &accepted, &known, &refused);
	assert_true(accepted == 0 && known == 4 && refused == 0);
	attend_reply_counts(&forbidden, 4, &accepted, &known, &refused);
	assert_true(accepted == 0 && known == 0 && refused == 4);
	partial.status = STATUS_KNOWN; /* what was new the first time is known now */
	attend_reply_counts(&partial, 4, &accepted, &known, &refused);
	assert_true(accepted == 0 && known == 3 && refused == 1);
}

static void delays_double_and_are_spread(void **state)
{
	(void)state;
	for (unsigned attempts = 1, whole = BACKOFF_FIRST_MS; attempts < 40; attempts++) {
		for (uint32_t random = 0; random < 20000; random += 611)
			assert_in_range(backoff_ms(attempts, random * 65537u), whole / 2, whole);
		whole = whole * 2 > BACKOFF_MOST_MS ? BACKOFF_MOST_MS : whole * 2;
	}
	assert_int_not_equal(backoff_ms(5, 1), backoff_ms(5, 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(registers_that_follow_each_other_are_one),
		cmocka_unit_test(the_daemon_reads_what_is_packed),
		cmocka_unit_test(another_school_or_too_many_begin_another),
		cmocka_unit_test(long_comments_begin_another_too),
		cmocka_unit_test(a_session_named_again_is_a_barrier),
		cmocka_unit_test(the_same_content_again_is_another_occurrence),
		cmocka_unit_test(a_file_is_cut_the_same_each_time),
		cmocka_unit_test(ids_come_from_content_sender_and_occurrence),
		cmocka_unit_test(a_reply_is_counted),
		cmocka_unit_test(delays_double_and_are_spread),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
