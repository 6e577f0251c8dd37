/* case_record.c - a case's record: canonical, strict, safe on any bytes.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/play.h"

static uint8_t record[CASE_RECORD_MAX], again[CASE_RECORD_MAX];
static struct case_state decoded;

static struct slice full_record(void)
{
	struct play *p = play_referred("2026-09-14");
	struct writer out = writer_of(record, sizeof record);

	assert_int_equal(act(p, "penalty-notice", NULL, "p1", "reason=leave"), STATUS_OK);
	assert_int_equal(act(p, "notice-to-improve", NULL, "p1", BARRIERS), STATUS_OK);
	play_mark(p, "2026-09-16", AM, "O");
	play_row(p, "2026-09-25", "2026-09-25", CALENDAR_CLOSURE);
	calendar_build(&p->calendar, p->rows, p->row_count);
	play_until(p, "2026-10-12");
	case_encode(&out, &p->c);
	assert_false(out.full);
	play_end(p);
	return writer_slice(&out);
}

/* The same case once it has been moved: some of it is of the pathway before. */
static struct slice moved_record(void)
{
	struct writer out = writer_of(record, sizeof record);

	assert_true(case_decode(&decoded, full_record()));
	decoded.chapter_count = 2;
	snprintf(decoded.chapters[0].pathway, sizeof decoded.chapters[0].pathway, "before");
	snprintf(decoded.chapters[1].pathway, sizeof decoded.chapters[1].pathway, "between");
	decoded.chapters[1].version = 300;
	decoded.chapters[1].moved = 70000;
	decoded.done[1].chapter = 2;
	decoded.done[1].was = decoded.done[1].action;
	decoded.done[1].action = ACTION_ELSEWHERE;
	decoded.deadlines[0].chapter = 1;
	decoded.deadlines[0].was = decoded.deadlines[0].rule;
	decoded.deadlines[0].rule = DEADLINE_ELSEWHERE;
	case_encode(&out, &decoded);
	assert_false(out.full);
	return writer_slice(&out);
}

static void a_moved_case_keeps_what_was_before(void **state)
{
	struct slice bytes = moved_record();
	struct case_state was = decoded;
	struct writer out = writer_of(again, sizeof again);

	(void)state;
	assert_true(case_decode(&decoded, bytes));
	case_encode(&out, &decoded);
	assert_true(slice_equal(bytes, writer_slice(&out)));
	assert_int_equal(decoded.done[1].action, ACTION_ELSEWHERE);
	assert_int_equal(decoded.done[1].was, was.done[1].was);
	assert_int_equal(decoded.deadlines[0].rule, DEADLINE_ELSEWHERE);
	assert_int_equal(decoded.deadlines[0].chapter, 1);
	assert_string_equal(decoded.chapters[1].pathway, "between");
	assert_int_equal(decoded.chapters[1].moved, 70000);
}

static void a_copy_reads_the_same(void **state)
{
	struct slice bytes = full_record();
	static struct case_state copy;
	struct writer out = writer_of(again, sizeof again);

	(void)state;
	assert_true(case_decode(&decoded, bytes));
	copy = decoded;
	case_copied(&copy);
	memset(&decoded, 0, sizeof decoded);
	case_encode(&out, &copy);
	assert_true(slice_equal(bytes, writer_slice(&out)));
}

static void check_cuts(struct slice bytes)
{
	for (size_t cut = 0; cut < bytes.size; cut++)
		assert_false(case_decode(&decoded, slice_of(bytes.bytes, cut)));
	assert_true(case_decode(&decoded, bytes));
	record[bytes.size] = 0;
	assert_false(case_decode(&decoded, slice_of(bytes.bytes, bytes.size + 1)));
}

static void every_truncation_and_extension_is_refused(void **state)
{
	(void)state;
	check_cuts(full_record());
	check_cuts(moved_record());
}

static void check_flips(struct slice bytes)
{
	for (size_t at = 0; at < bytes.size; at++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			struct writer out = writer_of(again, sizeof again);

			record[at] ^= (uint8_t)(1u << bit);
			if (case_decode(&decoded, bytes)) {
				case_encode(&out, &decoded);
				assert_true(slice_equal(bytes, writer_slice(&out)));
			}
			record[at] ^= (uint8_t)(1u << bit);
		}
	}
}

static void every_flip_is_refused_or_canonical(void **state)
{
	(void)state;
	check_flips(full_record());
	check_flips(moved_record());
}

static void random_bytes_are_safe(void **state)
{
	const char *given = getenv("ATTEND_SEED");
	uint64_t seed = given ? strtoull(given, NULL, 10) : 4711;

	(void)state;
	print_message("seed %llu\n", (unsigned long long)seed);
	for (unsigned round = 0; round < 20000; round++) {
		size_t size = 1 + seed % 300;

		for (size_t i = 0; i < size; i++) {
			seed = seed * 6364136223846793005u + 1442695040888963407u;
			record[i] = (uint8_t)(seed >> 56) & (round & 1 ? 0xff : 0x03);
		}
		record[0] = 1;
		case_decode(&decoded, slice_of(record, size));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_copy_reads_the_same),
		cmocka_unit_test(a_moved_case_keeps_what_was_before),
		cmocka_unit_test(every_truncation_and_extension_is_refused),
		cmocka_unit_test(every_flip_is_refused_or_canonical),
		cmocka_unit_test(random_bytes_are_safe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
