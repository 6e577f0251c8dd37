/* proto_marks.h - a body of marks in which everything occurs.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_PROTO_MARKS_H
#define TESTS_PROTO_MARKS_H

#include "proto/event.h"
#include "proto/message.h"

/* Four registers, of which one is empty and so is none, extras of every kind, a run, refusals. */
static inline struct slice marks_body(void)
{
	static uint8_t marks_room[4096];
	static const struct refusal refusals[] = {
		{.row = 3, .reason = ROW_UPN, .detail = {(const uint8_t *)"the check letter should be B", 28}},
		{.row = 300, .reason = ROW_DATE_FUTURE},
	};
	struct writer w = writer_of(marks_room, sizeof marks_room);
	struct marks_writer m;

	marks_begin(&m, &w, 106125);
	marks_register(&m, 20703, 0);
	marks_put(&m, &(struct mark){.pupil = 70000, .code = 1});
	marks_put(&m, &(struct mark){.pupil = 69999, .code = 20});
	marks_put(&m, &(struct mark){.pupil = 1, .code = 3, .has_minutes = true, .minutes_late = 0});
	marks_register(&m, 20703, 1);
	marks_register(&m, 20704, 1);
	marks_put(&m, &(struct mark){.pupil = UINT32_MAX, .code = 34, .has_recorded = true,
	                             .recorded_ms = UINT64_C(0xffffffffffff), .comment = slice_text("sealed")});
	marks_put(&m, &(struct mark){.pupil = 1, .code = 63, .has_minutes = true, .minutes_late = 600,
	                             .has_recorded = true, .recorded_ms = 0, .comment = slice_text("x")});
	marks_register(&m, 20705, 0);
	for (uint32_t pupil = 5; pupil < 9; pupil++)
		marks_put(&m, &(struct mark){.pupil = pupil, .code = pupil < 8 ? 1 : 2});
	marks_end(&m, 12, 2, refusals);
	assert_false(w.full);
	assert_int_equal(m.total, 9);
	return writer_slice(&w);
}

#endif
