/* civil.h - dates and instants in local civil time (Europe/London), by rule.
 *
 * A day is the number of days since Thursday 1970-01-01 in the proleptic
 * Gregorian calendar; a week runs Monday to Sunday and is numbered from the one
 * that 1970-01-01 falls in, 0. An instant is milliseconds since 1970 UTC.
 * Summer time runs from 01:00 UTC on the last Sunday of March to 01:00 UTC on
 * the last Sunday of October (Summer Time Act 1972 as amended; no tzdata is
 * read, so replay is the same on every machine). (EN-05)
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CASEWORK_CIVIL_H
#define CASEWORK_CIVIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/bytes.h"

typedef int32_t day_t;

enum { MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY };
enum { AM, PM };
enum { DATE_TEXT_SIZE = 10, TIME_TEXT_SIZE = 24 };

/* The days that attend works with: 2000-01-01 to 2099-12-31. */
enum { DAY_MIN = 10957, DAY_MAX = 47481 };

day_t day_of(int year, int month, int day_of_month); /* a date that exists */
void day_split(day_t, int *year, int *month, int *day_of_month);
int day_school_year(day_t);             /* 2026 for 1 September 2026 to 31 August 2027 */
day_t school_year_start(int year);      /* 1 September of it */
day_t day_add_months(day_t, int months); /* the corresponding date, or the last of the month where there is none */
day_t day_add_years(day_t, int years);  /* 29 February gives 28 February */

/* Asked several times for every mark: in the header, so that they cost no call. */
static inline int day_week(day_t day)
{
	int from_monday = day + THURSDAY; /* 1970-01-01 was a Thursday */
	return (from_monday >= 0 ? from_monday : from_monday - 6) / 7;
}

static inline day_t week_monday(int week)
{
	return week * 7 - THURSDAY;
}

static inline int day_weekday(day_t day) /* MONDAY is 0 */
{
	return day - week_monday(day_week(day));
}

/* Strictly YYYY-MM-DD, a date that exists, within DAY_MIN to DAY_MAX. */
bool day_parse(struct slice text, day_t *);
/* The same of any year of four digits: to tell what is no date from what lies outside those days. */
bool day_exists(struct slice text);
void day_text(char out[static DATE_TEXT_SIZE + 1], day_t);  /* 2026-09-07 */
void day_text_long(char out[static 32], day_t);            /* Monday 7 September 2026 */

/* 00:00 local time at the start of a day, and the local day of an instant. */
uint64_t day_start_ms(day_t);
day_t day_of_ms(uint64_t ms);
/* Seconds that local time is ahead of UTC at the instant: 0 or 3600. */
int london_offset_s(uint64_t ms);

/* RFC 3339: YYYY-MM-DDTHH:MM:SS[.fraction](Z|+HH:MM|-HH:MM); what a leap second
 * would be is refused, and what is not within 1970 to 2099. Parts of a millisecond
 * are dropped. */
bool time_parse(struct slice text, uint64_t *ms);
/* 2026-09-07T08:00:00Z, with .123 only where there are milliseconds. */
void time_text(char out[static TIME_TEXT_SIZE + 1], uint64_t ms);

#endif
