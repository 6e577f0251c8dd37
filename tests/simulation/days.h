/* days.h - the model's own days: a list of them all, and counting in it. Shares no code with casework/.
 *
 * A day is its number since 1 January 1970. The list reaches from 2018 to 2042.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIMULATION_DAYS_H
#define SIMULATION_DAYS_H

#include <stdbool.h>
#include <stdint.h>

enum { FIRST_YEAR = 2018, LAST_YEAR = 2042, DAYS_MAX = (LAST_YEAR - FIRST_YEAR + 1) * 366, ROWS_MAX = 24 };
#define DAY_MS UINT64_C(86400000)

struct date {
	int year, month, day, weekday; /* 0: Monday */
	bool bank_holiday;             /* of England and Wales */
};

void days_init(void);
const struct date *date_of(int day);
int day_on(int year, int month, int day);
int day_read(const char *text);                      /* "2026-09-07"; 0: not a date */
const char *day_write(int day, char room[static 16]);
int monday_of(int day);
int year_begins(int day);                            /* the 1 September at or before it */

/* London's clocks. */
uint64_t midnight(int day);                          /* as a time, milliseconds since 1970 UTC */
int day_at(uint64_t ms);                             /* the day that it is there */
uint64_t time_read(const char *text);                /* "2026-09-07T08:00:00Z"; 0: not a time */
const char *time_write(uint64_t ms, char room[static 32]);

enum row_kind { TERM, CLOSURE, INSET, HOLIDAY, BANK };
extern const char *const row_kinds[5];

struct row {
	int from, to;
	enum row_kind kind;
};

/* A calendar as it was loaded. */
struct timetable {
	bool loaded;
	unsigned count;
	struct row rows[ROWS_MAX];
	/* Worked out from them once, a yes or no a day. */
	bool school[DAYS_MAX], working[DAYS_MAX], week[DAYS_MAX]; /* a week: of its day, has it a school day? */
	int first, last;                             /* of its terms; 0: it has none */
};

void timetable_count(struct timetable *);            /* after its rows were changed */
void timetable_splice(struct timetable *, const struct timetable *later, int from); /* from that day on it is the other one */
bool school_day(const struct timetable *, int day);
bool school_week(const struct timetable *, int day); /* has the week that the day is in a school day? */
bool working_day(const struct timetable *, int day);
/* The Monday from which the ten school weeks up to that day count. */
int window_begins(const struct timetable *, int day);

enum unit { DAYS, SCHOOL_DAYS, WORKING_DAYS, WEEKS, SCHOOL_WEEKS, MONTHS, YEARS };
int day_after(const struct timetable *, int from, int count, enum unit);
int working_days_before(const struct timetable *, int day, int count);

#endif
