/* proto_marks.c - the body of marks-recorded: every mark comes back, a ruined one
 * is refused.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/proto_marks.h"
#include "tests/proto_random.h"

enum { ROOM = 64 * 1024 };

static void marks_come_back_one_by_one(void **state)
{
	struct marks_reader m;
	struct mark mark;
	struct refusal refusal;

	(void)state;
	marks_open(&m, 3, marks_body());
	assert_int_equal(m.urn, 106125);
	assert_int_equal(m.known, 12);
	/* The register without a mark was taken out. */
	assert_int_equal(m.registers_left, 3);
	assert_true(marks_next(&m, &mark));
	assert_true(mark.pupil == 70000 && mark.day == 20703 && mark.session == 0 && mark.code == 1);
	assert_false(mark.has_minutes || mark.has_recorded || mark.comment.size > 0);
	assert_true(marks_next(&m, &mark));
	assert_true(mark.pupil == 69999 && mark.code == 20);
	/* Refusals wait for the last mark. */
	assert_false(marks_refused(&m, &refusal));
	assert_true(marks_next(&m, &mark));
	assert_true(mark.pupil == 1 && mark.has_minutes && mark.minutes_late == 0 && !mark.has_recorded);
	assert_true(marks_next(&m, &mark));
	assert_true(mark.pupil == UINT32_MAX && mark.day == 20704 && mark.session == 1 && mark.code == 34);
	assert_true(mark.has_recorded && mark.recorded_ms == UINT64_C(0xffffffffffff));
	assert_true(slice_is(mark.comment, "sealed"));
	assert_true(marks_next(&m, &mark));
	assert_true(mark.pupil == 1 && mark.code == 63 && mark.minutes_late == 600);
	for (uint32_t pupil = 5; pupil < 9; pupil++) {
		assert_false(marks_good(&m));
		assert_true(marks_next(&m, &mark));
		assert_true(mark.pupil == pupil && mark.day == 20705 && mark.code == (pupil < 8 ? 1 : 2));
		assert_false(mark.has_minutes || mark.has_recorded || mark.comment.size > 0);
	}
	assert_false(marks_next(&m, &mark));
	assert_true(marks_refused(&m, &refusal));
	assert_true(refusal.row == 3 && refusal.reason == ROW_UPN);
	assert_true(slice_is(refusal.detail, "the check letter should be B"));
	assert_true(marks_refused(&m, &refusal));
	assert_true(refusal.row == 300 && refusal.reason == ROW_DATE_FUTURE && refusal.detail.size == 0);
	assert_false(marks_refused(&m, &refusal));
	assert_true(marks_good(&m));
}

static void a_class_of_thirty_is_small(void **state)
{
	uint8_t room[256];
	struct writer w = writer_of(room, sizeof room);
	struct marks_writer m;

	(void)state;
	marks_begin(&m, &w, 106125);
	marks_register(&m, 20703, 0);
	for (uint32_t i = 0; i < 30; i++)
		marks_put(&m, &(struct mark){.pupil = 50000 + i, .code = 1});
	marks_end(&m, 0, 0, NULL);
	/* Head, register, the first mark's pupil, a code and how many, no refusals. */
	assert_int_equal(writer_size(&w), 10 + 5 + 3 + 1 + 1 + 1);
}

static void ruined_marks_are_refused(void **state)
{
	static struct event back;
	static const struct {
		const char *what;
		size_t size;
		const char *body;
	} cases[] = {
		{"a session that is none", 19, "\0\1\x9e\x8d\0\0\0\0\0\1\x50\xdf\2\0\1\2\1\0\0"},
		{"a register without marks", 16, "\0\1\x9e\x8d\0\0\0\0\0\1\x50\xdf\0\0\0\0"},
		{"pupil 0", 18, "\0\1\x9e\x8d\0\0\0\0\0\1\x50\xdf\0\0\1\0\1\0"},
		{"a pupil below 0", 18, "\0\1\x9e\x8d\0\0\0\0\0\1\x50\xdf\0\0\1\1\1\0"},
		{"code 0", 18, "\0\1\x9e\x8d\0\0\0\0\0\1\x50\xdf\0\0\1\2\0\0"},
		{"code 64", 18, "\0\1\x9e\x8d\0\0\0\0\0\1\x50\xdf\0\0\1\2\x40\0"},
		{"extras without one", 19, "\0\1\x9e\x8d\0\0\0\0\0\1\x50\xdf\0\0\1\2\x81\0\0"},
		{"an extra that is none", 19, "\0\1\x9e\x8d\0\0\0\0\0\1\x50\xdf\0\0\1\2\x81\x08\0"},
		{"an empty comment", 20, "\0\1\x9e\x8d\0\0\0\0\0\1\x50\xdf\0\0\1\2\x81\4\0\0"},
		{"minutes past 16 bits", 22, "\0\1\x9e\x8d\0\0\0\0\0\1\x50\xdf\0\0\1\2\x81\1\x80\x80\x04\0"},
		{"a run with extras", 20, "\0\1\x9e\x8d\0\0\0\0\0\1\x50\xdf\0\0\2\2\xc1\0\0\0"},
		{"a run of no code", 19, "\0\1\x9e\x8d\0\0\0\0\0\1\x50\xdf\0\0\2\2\x40\0\0"},
		{"a run longer than its register", 19, "\0\1\x9e\x8d\0\0\0\0\0\1\x50\xdf\0\0\2\2\x41\1\0"},
		{"a run of one", 28, "\0\1\x9e\x8d\0\0\0\0\0\1\x50\xdf\0\0\2\2\x41\xff\xff\xff\xff\xff\xff\xff\xff\xff\1\0"},
		{"a run past the last pupil", 23, "\0\1\x9e\x8d\0\0\0\0\0\1\x50\xdf\0\0\2\xfe\xff\xff\xff\x1f\x41\0\0"},
		{"two marks that are a run", 20, "\0\1\x9e\x8d\0\0\0\0\0\1\x50\xdf\0\0\2\2\1\2\1\0"},
		{"a run and a mark of it", 21, "\0\1\x9e\x8d\0\0\0\0\0\1\x50\xdf\0\0\3\2\x41\0\2\1\0"},
		{"a refusal without a reason", 14, "\0\1\x9e\x8d\0\0\0\0\0\0\1\0\0\0"},
		{"more refusals than bytes", 14, "\0\1\x9e\x8d\0\0\0\0\0\0\2\0\1\0"},
	};
	static const char good[] = "\0\1\x9e\x8d\0\0\0\0\0\1\x50\xdf\0\0\1\2\1\0";

	(void)state;
	for (size_t i = 0; i <= sizeof cases / sizeof cases[0]; i++) {
		bool sound = i == sizeof cases / sizeof cases[0];
		uint8_t room[64];
		struct writer w = writer_of(room, sizeof room);

		event_encode_header(&w, &(struct event){.kind = EVENT_MARKS_RECORDED, .at_ms = 1});
		if (sound)
			write_bytes(&w, good, sizeof good - 1);
		else
			write_bytes(&w, cases[i].body, cases[i].size);
		if (event_decode(&back, writer_slice(&w), false) != sound)
			fail_msg("%s", sound ? "one mark" : cases[i].what);
	}
}

/* Of versions 1 and 2, in which the bit means nothing. */
static void older_marks_have_no_runs(void **state)
{
	static const char run[] = "\0\1\x9e\x8d\0\0\0\0\0\1\x50\xdf\0\0\2\2\x41\0\0", apart[] = "\0\1\x9e\x8d\0\0\0\0\0\1\x50\xdf\0\0\2\2\1\2\1\0";
	static struct event back;

	(void)state;
	for (uint8_t version = 1; version <= 3; version++) {
		uint8_t room[64];
		struct writer w = writer_of(room, sizeof room);

		event_encode_header(&w, &(struct event){.kind = EVENT_MARKS_RECORDED, .at_ms = 1});
		room[1] = version;
		struct writer v = w;
		write_bytes(&w, run, sizeof run - 1);
		assert_int_equal(event_decode(&back, writer_slice(&w), false), version == 3);
		write_bytes(&v, apart, sizeof apart - 1);
		assert_int_equal(event_decode(&back, writer_slice(&v), false), version < 3);
	}
}

static void random_marks_come_back(void **state)
{
	static uint8_t room[ROOM];
	static struct mark put[600];

	(void)state;
	random_start();
	for (unsigned round = 0; round < 300; round++) {
		struct writer w = writer_of(room, sizeof room);
		struct marks_writer m;
		struct marks_reader r;
		struct mark mark = {0};
		size_t count = 0;

		marks_begin(&m, &w, 100000 + (uint32_t)round);
		for (uint64_t registers = random_below(20); registers > 0; registers--) {
			uint16_t day = (uint16_t)random_below(65536);
			uint8_t session = (uint8_t)random_below(2);

			marks_register(&m, day, session);
			for (uint64_t marks = random_below(30); marks > 0; marks--) {
				bool next = random_below(3) > 0 && mark.pupil < UINT32_MAX; /* as in a class */

				mark = (struct mark){.pupil = next ? mark.pupil + 1 : 1 + (uint32_t)random_below(UINT32_MAX >> random_below(32)),
				                     .day = day, .session = session, .code = (uint8_t)(1 + random_below(next ? 2 : 63))};
				if (next && random_below(8)) {
					put[count++] = mark;
					marks_put(&m, &mark);
					continue;
				}
				if (random_below(4) == 0) {
					mark.has_minutes = true;
					mark.minutes_late = (uint16_t)random_below(65536);
				}
				if (random_below(4) == 0) {
					mark.has_recorded = true;
					mark.recorded_ms = random_below(UINT64_C(1) << 48);
				}
				if (random_below(4) == 0)
					mark.comment = slice_text("comment");
				put[count++] = mark;
				marks_put(&m, &mark);
			}
		}
		marks_end(&m, (uint32_t)random_below(10000), 0, NULL);
		assert_false(w.full);
		assert_int_equal(m.total, count);
		marks_open(&r, 3, writer_slice(&w));
		for (size_t i = 0; i < count; i++) {
			assert_true(marks_next(&r, &mark));
			assert_true(mark.pupil == put[i].pupil && mark.day == put[i].day && mark.session == put[i].session);
			assert_true(mark.code == put[i].code && mark.has_minutes == put[i].has_minutes);
			assert_true(mark.minutes_late == put[i].minutes_late && mark.recorded_ms == put[i].recorded_ms);
			assert_true(mark.has_recorded == put[i].has_recorded && slice_equal(mark.comment, put[i].comment));
		}
		assert_false(marks_next(&r, &mark));
		assert_true(marks_good(&r));
	}
}

static void a_writer_without_room_is_told_so(void **state)
{
	size_t whole = marks_body().size;

	(void)state;
	for (size_t size = 0; size < whole; size++) {
		uint8_t *small = malloc(size > 0 ? size : 1);
		struct writer w = writer_of(small, size);
		struct marks_writer m;

		marks_begin(&m, &w, 106125);
		marks_register(&m, 20703, 0);
		marks_register(&m, 20704, 0);
		for (uint32_t i = 0; i < 60; i++)
			marks_put(&m, &(struct mark){.pupil = 1 + i, .code = (uint8_t)(1 + i % 2)});
		marks_end(&m, 1, 0, NULL);
		assert_true(w.full);
		free(small);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(marks_come_back_one_by_one),
		cmocka_unit_test(a_class_of_thirty_is_small),
		cmocka_unit_test(ruined_marks_are_refused),
		cmocka_unit_test(older_marks_have_no_runs),
		cmocka_unit_test(random_marks_come_back),
		cmocka_unit_test(a_writer_without_room_is_told_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
