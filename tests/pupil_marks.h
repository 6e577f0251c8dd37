/* pupil_marks.h - a school's calendar and registers for the tests of a pupil.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_PUPIL_MARKS_H
#define TESTS_PUPIL_MARKS_H

#include "naive_pupil.h"

static const uint64_t UNAUTHORISED =
	CODE_BIT(CODE_G) | CODE_BIT(CODE_N) | CODE_BIT(CODE_O) | CODE_BIT(CODE_U);

static inline day_t date(const char *text)
{
	day_t day = 0;
	assert_true(day_parse(slice_text(text), &day));
	return day;
}

static inline struct calendar_row row(const char *from, const char *to, uint8_t kind)
{
	return (struct calendar_row){(uint16_t)date(from), (uint16_t)date(to), kind, slice_text("")};
}

static inline void school_year(struct calendar *c)
{
	struct calendar_row rows[] = {
		row("2026-09-01", "2026-10-23", CALENDAR_TERM),
		row("2026-11-02", "2026-12-18", CALENDAR_TERM),
		row("2027-01-04", "2027-02-12", CALENDAR_TERM),
		row("2027-02-22", "2027-03-25", CALENDAR_TERM),
		row("2027-04-12", "2027-05-28", CALENDAR_TERM),
		row("2027-06-07", "2027-07-21", CALENDAR_TERM),
		row("2027-09-01", "2027-10-22", CALENDAR_TERM),
		row("2027-11-01", "2027-12-17", CALENDAR_TERM),
		row("2027-07-22", "2027-08-31", CALENDAR_HOLIDAY),
	};
	calendar_build(c, rows, sizeof rows / sizeof rows[0]);
}

static inline enum mark_change mark(struct pupil *p, const struct calendar *c, day_t day, uint8_t session,
				    uint8_t code)
{
	uint8_t held;
	enum mark_change change = pupil_mark(p, c, day, session, code, 10, &held);
	pupil_check(p, c);
	return change;
}

/* Marks school days from `day` on, both sessions; gives the day after the last. */
static inline day_t mark_days(struct pupil *p, const struct calendar *c, day_t day, unsigned count,
			      uint8_t am, uint8_t pm)
{
	for (; count > 0; day++) {
		if (!calendar_is_school_day(c, day))
			continue;
		mark(p, c, day, AM, am);
		mark(p, c, day, PM, pm);
		count--;
	}
	return day;
}

#endif
