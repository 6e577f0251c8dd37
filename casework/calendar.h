/* calendar.h - which days are school days, and counting in them.
 *
 * A school day is a Monday to Friday inside a `term` and inside nothing else
 * (closure, INSET day, holiday, bank holiday). Where a school has no calendar,
 * and after the end of the one it has, every Monday to Friday that is no bank
 * holiday counts, and what was counted so is provisional. Before a calendar's
 * first day the same rule holds, so that a history older than the file counts.
 * What a row other than a term says holds outside the terms too.
 * The bank holidays of England and Wales are built in (the rules, 2000 to 2099,
 * and the one-off days of the table); a calendar's rows add to them. (EN-05, EN-06)
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CASEWORK_CALENDAR_H
#define CASEWORK_CALENDAR_H

#include "casework/civil.h"
#include "proto/event.h"

/*  name, number, text */
#define CALENDAR_KINDS(X) \
	X(TERM, 1, "term") \
	X(CLOSURE, 2, "closure") \
	X(INSET, 3, "inset") \
	X(HOLIDAY, 4, "holiday") \
	X(BANK_HOLIDAY, 5, "bank-holiday")

enum calendar_kind {
#define X(name, number, text) CALENDAR_##name = number,
	CALENDAR_KINDS(X)
#undef X
};

const char *calendar_kind_text(uint8_t);
uint8_t calendar_kind_parse(struct slice); /* 0: none */

enum {
	CALENDAR_DAYS = DAY_MAX - DAY_MIN + 1,
	CALENDAR_WEEKS = CALENDAR_DAYS / 7 + 2,
	CALENDAR_REACH_WEEKS = 64, /* how far a count of school weeks looks back, its own week with it */
};

/* A calendar worked out to a bit a day. 10 KiB; the caller owns it. */
struct calendar {
	day_t first, last;                    /* of the terms; first > last: none given */
	uint8_t school[CALENDAR_DAYS / 8 + 1]; /* bit per day: a school day */
	uint8_t bank[CALENDAR_DAYS / 8 + 1];   /* bit per day: a bank holiday */
	uint8_t weeks[CALENDAR_WEEKS / 8 + 1]; /* bit per week (from DAY_MIN's): has a school day */
};

/* What is wrong with a set of rows, or NULL: `*row` is the index at fault
 * (a range back to front, longer than a school year, overlapping terms, a kind
 * not in the list, outside DAY_MIN..DAY_MAX). Static text. */
const char *calendar_fault(const struct calendar_row rows[], size_t count, size_t *row);

/* Rows that pass calendar_fault; none at all gives the default rule alone. */
void calendar_build(struct calendar *, const struct calendar_row rows[], size_t count);

/* From `from` on the days are `later`'s: a pupil who moves school in the middle of a period. */
void calendar_splice(struct calendar *, const struct calendar *later, day_t from);

bool calendar_is_school_day(const struct calendar *, day_t);
bool calendar_is_working_day(const struct calendar *, day_t); /* Monday to Friday, no bank holiday */
bool calendar_is_bank_holiday(const struct calendar *, day_t);
bool calendar_is_school_week(const struct calendar *, int week);
bool calendar_is_provisional(const struct calendar *, day_t); /* counted by the default rule */

/*  name, number, text as in a pathway file */
#define UNITS(X) \
	X(DAYS, 1, "days") \
	X(SCHOOL_DAYS, 2, "school days") \
	X(WORKING_DAYS, 3, "working days") \
	X(WEEKS, 4, "weeks") \
	X(SCHOOL_WEEKS, 5, "school weeks") \
	X(MONTHS, 6, "months") \
	X(YEARS, 7, "years")

enum unit {
#define X(name, number, text) UNIT_##name = number,
	UNITS(X)
#undef X
};

const char *unit_text(uint8_t);

/* The last day of a period of `count` units that an event on `from` starts: its
 * first day is the day after `from`; days are counted one by one, months and
 * years end on the corresponding date, weeks on the same weekday; school weeks
 * count weeks with a school day after `from`'s own week, to that weekday.
 * `*provisional` is set true where a counted school day or week was counted by
 * the default rule, else left alone (a school week is so where none of its school
 * days is the calendar's own). It may be NULL. Never beyond DAY_MAX. */
day_t calendar_add(const struct calendar *, day_t from, unsigned count, uint8_t unit, bool *provisional);
/* The other way, for "5 working days before": the day that many units before;
 * never before DAY_MIN. */
day_t calendar_subtract(const struct calendar *, day_t from, unsigned count, uint8_t unit);

/* How many school days lie in [from, to]. */
unsigned calendar_school_days(const struct calendar *, day_t from, day_t to);

/* The first of the `count` school weeks that end with `week`: that week itself
 * and the count - 1 school weeks before it. Looks 63 weeks back; where they don't
 * hold so many, the earliest school week found. */
int calendar_window_start(const struct calendar *, int week, unsigned count);

#endif
