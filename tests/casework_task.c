/* casework_task.c - recurring tasks of a school: when they are due, and how far they came.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "casework/task.h"

static struct terms terms;
static struct calendar calendar;

static day_t date(const char *text)
{
	day_t day = 0;

	assert_true(day_parse(slice_text(text), &day));
	return day;
}

static struct calendar_row row(const char *from, const char *to, uint8_t kind)
{
	return (struct calendar_row){(uint16_t)date(from), (uint16_t)date(to), kind, slice_text("")};
}

static void take(const struct calendar_row rows[], size_t count)
{
	terms_build(&terms, rows, count);
	calendar_build(&calendar, rows, count);
}

/* A school year: autumn in two rows, spring and summer in one each, cut by their half-terms. */
static int begin(void **context)
{
	struct calendar_row rows[] = {
		row("2027-04-12", "2027-07-21", CALENDAR_TERM),	   row("2026-09-02", "2026-10-23", CALENDAR_TERM),
		row("2026-11-02", "2026-12-18", CALENDAR_TERM),	   row("2027-01-04", "2027-03-25", CALENDAR_TERM),
		row("2027-02-15", "2027-02-19", CALENDAR_HOLIDAY), row("2027-05-31", "2027-06-04", CALENDAR_HOLIDAY),
		row("2027-07-22", "2027-08-31", CALENDAR_HOLIDAY), row("2027-03-01", "2027-03-05", CALENDAR_CLOSURE),
		row("2027-05-03", "2027-05-03", CALENDAR_BANK_HOLIDAY),
	};

	(void)context;
	take(rows, sizeof rows / sizeof *rows);
	return 0;
}

static void half_terms_are_rows_and_what_holidays_leave_of_them(void **context)
{
	static const char *const wanted[][2] = {
		{"2026-09-02", "2026-10-23"}, {"2026-11-02", "2026-12-18"}, {"2027-01-04", "2027-02-14"},
		{"2027-02-20", "2027-03-25"}, {"2027-04-12", "2027-05-30"}, {"2027-06-05", "2027-07-21"},
	};

	(void)context;
	assert_int_equal(terms.count, sizeof wanted / sizeof *wanted);
	for (unsigned i = 0; i < terms.count; i++) {
		assert_int_equal(terms.half[i].first, date(wanted[i][0]));
		assert_int_equal(terms.half[i].last, date(wanted[i][1]));
	}
}

/* The instances one after another, each due on these days. */
static void assert_dues(uint8_t every, uint8_t month, const char *since, const char *const dues[])
{
	struct task_rule rule = {.every = every, .month = month};
	struct task_span span = {0};

	for (unsigned i = 0; dues[i]; i++) {
		if (!task_next(&rule, &terms, &calendar, span.last, date(since), &span))
			fail_msg("no instance is due on %s", dues[i]);
		if (span.due != date(dues[i])) {
			char text[DATE_TEXT_SIZE + 1];

			day_text(text, span.due);
			fail_msg("due on %s, not on %s", text, dues[i]);
		}
		assert_true(span.first <= span.due && span.due <= span.last);
	}
}

static void assert_ends(uint8_t every, uint8_t month)
{
	struct task_rule rule = {.every = every, .month = month};
	struct task_span span;

	assert_false(task_next(&rule, &terms, &calendar, date("2027-07-21"), date("2027-07-01"), &span));
	terms.count = 0; /* without terms nothing recurs */
	assert_false(task_next(&rule, &terms, &calendar, 0, date("2026-09-01"), &span));
}

static void sp_21_weeks(void **context)
{
	(void)context;
	assert_dues(EVERY_WEEK, 0, "2026-10-10", (const char *const[]){"2026-10-16", "2026-10-23", "2026-11-06", NULL});
	assert_dues(EVERY_WEEK, 0, "2026-12-18", (const char *const[]){"2026-12-18", "2027-01-08", NULL});
	/* a week without a school day has none, and a short one a last day of its own */
	assert_dues(EVERY_WEEK, 0, "2027-02-22", (const char *const[]){"2027-02-26", "2027-03-12", "2027-03-19", "2027-03-25", NULL});
	assert_ends(EVERY_WEEK, 0);
}

static void sp_21_fortnights(void **context)
{
	(void)context;
	assert_dues(EVERY_FORTNIGHT, 0, "2026-09-01",
		    (const char *const[]){"2026-09-11", "2026-09-25", "2026-10-09", "2026-10-23", "2026-11-13", "2026-11-27", "2026-12-11",
					  "2026-12-18", "2027-01-15", NULL});
	assert_ends(EVERY_FORTNIGHT, 0);
}

/* A calendar that has been kept for eleven years: what is over makes room for what is to come, in whichever order the
 * rows stand. */
static void of_more_than_are_held_the_newest_are(void **context)
{
	enum { ROWS = HALF_TERMS_MAX + 2 };
	struct calendar_row rows[ROWS], backwards[ROWS];
	day_t from = date("2026-09-07");

	(void)context;
	for (unsigned i = 0; i < ROWS; i++, from += 56)
		rows[i] = backwards[ROWS - 1 - i] =
			(struct calendar_row){(uint16_t)from, (uint16_t)(from + 39), CALENDAR_TERM, slice_text("")};
	for (unsigned i = 0; i < 2; i++) {
		take(i ? backwards : rows, ROWS);
		assert_int_equal(terms.count, HALF_TERMS_MAX);
		assert_int_equal(terms.half[0].first, rows[2].from);
		for (unsigned at = 0; at < HALF_TERMS_MAX; at++)
			assert_int_equal(terms.half[at].first, rows[at + 2].from);
	}
}

static void sp_21_half_terms_and_terms(void **context)
{
	(void)context;
	assert_dues(EVERY_HALF_TERM, 0, "2026-09-01",
		    (const char *const[]){"2026-10-23", "2026-12-18", "2027-02-12", "2027-03-25", "2027-05-28", "2027-07-21", NULL});
	assert_dues(EVERY_TERM, 0, "2026-09-01", (const char *const[]){"2026-12-18", "2027-03-25", "2027-07-21", NULL});
	assert_ends(EVERY_TERM, 0);
}

static void sp_21_years(void **context)
{
	(void)context;
	assert_dues(EVERY_YEAR, 9, "2026-09-01", (const char *const[]){"2026-09-30", NULL});
	assert_dues(EVERY_YEAR, 2, "2026-09-01", (const char *const[]){"2027-02-26", NULL}); /* on either side of its holiday */
	assert_dues(EVERY_YEAR, 7, "2026-09-01", (const char *const[]){"2027-07-21", NULL});
	assert_false(task_next(&(struct task_rule){.every = EVERY_YEAR, .month = 8}, &terms, &calendar, 0, date("2026-09-01"), &(struct task_span){0}));
	assert_ends(EVERY_YEAR, 9);
}

static void what_is_over_does_not_come_back(void **context)
{
	struct calendar_row rows[] = {row("2026-09-01", "2026-10-22", CALENDAR_TERM), row("2026-11-02", "2026-12-18", CALENDAR_TERM)};
	struct task_rule rule = {.every = EVERY_HALF_TERM};
	struct task_span span;

	(void)context;
	assert_true(task_next(&rule, &terms, &calendar, 0, date("2026-09-02"), &span));
	assert_int_equal(span.due, date("2026-10-23"));
	/* done; then the half-term begins a day earlier and ends a day earlier */
	take(rows, 2);
	assert_true(task_next(&rule, &terms, &calendar, span.last, date("2026-09-02"), &span));
	assert_int_equal(span.due, date("2026-12-18"));
}

static void schools_keep_what_was_done(void **context)
{
	struct school s = {.urn = 123456}, back = {.urn = 123456};
	uint8_t room[SCHOOL_RECORD_MAX];
	struct writer w = writer_of(room, sizeof room);
	struct task_rule both = {0}, primary = {.schools = 1 << SCHOOL_PRIMARY};
	char name[8];

	(void)context;
	assert_false(task_concerns(&both, &s));
	school_apply_described(&s, &(struct event_school_described){123456, 1 << SCHOOL_SECONDARY, slice_text("")}, 20000);
	school_apply_described(&s, &(struct event_school_described){123456, 1 << SCHOOL_SECONDARY, slice_text("Hill Top")}, 20100);
	assert_int_equal(s.since, 20000); /* said again, nothing begins anew */
	assert_true(task_concerns(&both, &s));
	assert_false(task_concerns(&primary, &s));
	for (unsigned i = 0; i < TASKS_MAX; i++) {
		snprintf(name, sizeof name, "t%u", i);
		school_apply_task(&s, slice_text(name), (uint16_t)(20010 + i), 7);
	}
	assert_int_equal(school_task(&s, slice_text("t3"))->alert, 7);
	school_apply_task(&s, slice_text("t3"), 20100, 0);
	assert_int_equal(school_task(&s, slice_text("t3"))->through, 20100);
	assert_int_equal(school_task(&s, slice_text("t3"))->alert, 0);
	school_apply_task(&s, slice_text("new"), 20200, 0); /* in place of the one that came least far */
	assert_int_equal(s.task_count, TASKS_MAX);
	assert_null(school_task(&s, slice_text("t0")));
	assert_non_null(school_task(&s, slice_text("new")));
	school_encode(&w, &s);
	assert_false(w.full);
	assert_true(school_decode(&back, writer_slice(&w)));
	assert_memory_equal(&back, &s, sizeof s);
	for (size_t cut = 0, unnamed = writer_size(&w) - sizeof "Hill Top"; cut < writer_size(&w); cut++)
		assert_int_equal(school_decode(&back, slice_of(room, cut)), cut == unnamed); /* as it was before schools had names */
}

static void texts(void **context)
{
	struct task_rule rule = {.every = EVERY_HALF_TERM, .title = slice_text("See the nurse")};
	struct task_span span = {.first = date("2026-09-02"), .last = date("2026-10-25"), .due = date("2026-10-23")};
	uint8_t room[256];
	struct writer w = writer_of(room, sizeof room);

	(void)context;
	task_text(&w, &rule, &span);
	assert_true(slice_is(writer_slice(&w), "The half-termly task, Wednesday 2 September 2026 to Friday 23 October 2026, "
					       "is not ticked off: See the nurse."));
}

#define T(name) cmocka_unit_test_setup(name, begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(half_terms_are_rows_and_what_holidays_leave_of_them),
		T(sp_21_weeks),
		T(sp_21_fortnights),
		T(of_more_than_are_held_the_newest_are),
		T(sp_21_half_terms_and_terms),
		T(sp_21_years),
		T(what_is_over_does_not_come_back),
		T(schools_keep_what_was_done),
		T(texts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
