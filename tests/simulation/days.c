/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/simulation/days.h"

#include <stdio.h>
#include <stdlib.h>

static struct date all[DAYS_MAX];
static int first_day, day_count; /* the number of the first in the list */

const char *const row_kinds[5] = {"term", "closure", "inset", "holiday", "bank-holiday"};

static int length_of(int year, int month)
{
	static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month == 2 && leap ? 29 : lengths[month - 1];
}

/* Sunday of Easter: the Gregorian rule as it is usually printed (Meeus, Jones, Butcher). */
static int easter(int year)
{
	int a = year % 19, b = year / 100, c = year % 100, d = b / 4, e = b % 4, f = (b + 8) / 25, g = (b - f + 1) / 3;
	int h = (19 * a + b - d - g + 15) % 30, i = c / 4, k = c % 4, l = (32 + 2 * e + 2 * i - h - k) % 7;
	int m = (a + 11 * h + 22 * l) / 451;

	return day_on(year, (h + l - 7 * m + 114) / 31, (h + l - 7 * m + 114) % 31 + 1);
}

static void holiday(int day)
{
	all[day - first_day].bank_holiday = true;
}

/* The first Monday at or after a day. */
static int next_monday(int day)
{
	while (date_of(day)->weekday != 0)
		day++;
	return day;
}

/* A day that falls on a weekend is kept on the next weekday that isn't kept already. */
static void holiday_or_next(int day)
{
	while (date_of(day)->weekday >= 5 || date_of(day)->bank_holiday)
		day++;
	holiday(day);
}

static void holidays_of(int year)
{
	int christmas = day_on(year, 12, 25);

	holiday_or_next(day_on(year, 1, 1));
	holiday(easter(year) - 2);
	holiday(easter(year) + 1);
	holiday(next_monday(day_on(year, 5, 1)));
	holiday(next_monday(day_on(year, 5, 25)));
	holiday(next_monday(day_on(year, 8, 25)));
	/* Saturday: Monday and Tuesday instead; Sunday: Boxing Day itself, and Tuesday */
	if (date_of(christmas)->weekday == 6) {
		holiday(christmas + 1);
		holiday(christmas + 2);
	} else {
		holiday_or_next(christmas);
		holiday_or_next(christmas + 1);
	}
}

void days_init(void)
{
	int weekday;

	if (day_count)
		return;
	first_day = 0;
	for (int year = 1970; year < FIRST_YEAR; year++)
		for (int month = 1; month <= 12; month++)
			first_day += length_of(year, month);
	weekday = (first_day + 3) % 7; /* 1 January 1970 was a Thursday */
	for (int year = FIRST_YEAR; year <= LAST_YEAR; year++)
		for (int month = 1; month <= 12; month++)
			for (int day = 1; day <= length_of(year, month); day++) {
				all[day_count++] = (struct date){year, month, day, weekday, false};
				weekday = (weekday + 1) % 7;
			}
	for (int year = FIRST_YEAR; year < LAST_YEAR; year++)
		holidays_of(year);
}

const struct date *date_of(int day)
{
	static const struct date none = {0, 0, 0, 0, false};

	return day < first_day || day >= first_day + day_count ? &none : &all[day - first_day];
}

int day_on(int year, int month, int day)
{
	int at = first_day;

	if (year < FIRST_YEAR || year > LAST_YEAR || month < 1 || month > 12 || day < 1 || day > length_of(year, month))
		return 0;
	at += (year - FIRST_YEAR) * 365;
	while (date_of(at)->year < year)
		at++;
	while (date_of(at)->month < month)
		at += length_of(year, date_of(at)->month) - date_of(at)->day + 1;
	return at + day - 1;
}

int day_read(const char *text)
{
	int year, month, day, size = 0;

	if (sscanf(text, "%4d-%2d-%2d%n", &year, &month, &day, &size) != 3 || size != 10)
		return 0;
	return day_on(year, month, day);
}

const char *day_write(int day, char room[static 16])
{
	const struct date *d = date_of(day);

	snprintf(room, 16, "%04u-%02u-%02u", (unsigned)d->year % 10000, (unsigned)d->month % 100, (unsigned)d->day % 100);
	return room;
}

int monday_of(int day)
{
	return day - date_of(day)->weekday;
}

int year_begins(int day)
{
	const struct date *d = date_of(day);

	return day_on(d->month >= 9 ? d->year : d->year - 1, 9, 1);
}

/* ---- London ---- */

/* The last Sunday of a month of 31 days. */
static int last_sunday(int year, int month)
{
	int day = day_on(year, month, 31);

	while (date_of(day)->weekday != 6)
		day--;
	return day;
}

/* Summer time runs from one o'clock, UTC, on the last Sunday in March to the same of October. */
static bool is_summer(uint64_t ms)
{
	int year = date_of((int)(ms / DAY_MS))->year;
	uint64_t from = (uint64_t)last_sunday(year, 3) * DAY_MS + 3600000, to = (uint64_t)last_sunday(year, 10) * DAY_MS + 3600000;

	return ms >= from && ms < to;
}

uint64_t midnight(int day)
{
	uint64_t winter = (uint64_t)day * DAY_MS;

	return is_summer(winter - 3600000) ? winter - 3600000 : winter;
}

int day_at(uint64_t ms)
{
	return (int)((is_summer(ms) ? ms + 3600000 : ms) / DAY_MS);
}

uint64_t time_read(const char *text)
{
	int year, month, day, hour, minute, second, milli = 0;
	int got = sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d.%3d", &year, &month, &day, &hour, &minute, &second, &milli);

	if (got < 6 || !day_on(year, month, day))
		return 0;
	return (uint64_t)day_on(year, month, day) * DAY_MS + (uint64_t)(((hour * 60 + minute) * 60 + second) * 1000 + milli);
}

const char *time_write(uint64_t ms, char room[static 32])
{
	char date[16];
	unsigned of_day = (unsigned)(ms % DAY_MS);

	day_write((int)(ms / DAY_MS), date);
	snprintf(room, 32, "%sT%02u:%02u:%02u.%03uZ", date, of_day / 3600000, of_day / 60000 % 60, of_day / 1000 % 60, of_day % 1000);
	return room;
}

/* ---- school days ---- */

static bool covers(const struct row *r, int day)
{
	return r->from <= day && day <= r->to;
}

static bool week_with_school(const struct timetable *t, int day)
{
	for (int i = 0; i < 5; i++)
		if (school_day(t, monday_of(day) + i))
			return true;
	return false;
}

void timetable_count(struct timetable *t)
{
	t->first = t->last = 0;
	for (unsigned i = 0; i < t->count; i++)
		if (t->rows[i].kind == TERM) {
			t->first = t->first && t->first < t->rows[i].from ? t->first : t->rows[i].from;
			t->last = t->last > t->rows[i].to ? t->last : t->rows[i].to;
		}
	for (int i = 0; i < day_count; i++) {
		int day = first_day + i;
		bool term = false, other = false, bank = all[i].bank_holiday;

		for (unsigned r = 0; r < t->count; r++) {
			term |= t->rows[r].kind == TERM && covers(&t->rows[r], day);
			other |= t->rows[r].kind != TERM && covers(&t->rows[r], day);
			bank |= t->rows[r].kind == BANK && covers(&t->rows[r], day);
		}
		if (!t->first || day < t->first || day > t->last)
			term = true;
		t->working[i] = all[i].weekday < 5 && !bank;
		t->school[i] = t->working[i] && term && !other;
	}
	for (int i = 0; i < day_count; i++)
		t->week[i] = week_with_school(t, first_day + i);
}

void timetable_splice(struct timetable *t, const struct timetable *later, int from)
{
	for (int i = from - first_day; i < day_count; i++) {
		t->school[i] = later->school[i];
		t->working[i] = later->working[i];
	}
	for (int i = monday_of(from) - first_day; i < day_count; i++)
		t->week[i] = week_with_school(t, first_day + i);
}

bool school_day(const struct timetable *t, int day)
{
	return day >= first_day && day < first_day + day_count && t->school[day - first_day];
}

bool working_day(const struct timetable *t, int day)
{
	return day >= first_day && day < first_day + day_count && t->working[day - first_day];
}

bool school_week(const struct timetable *t, int day)
{
	return day >= first_day && day < first_day + day_count && t->week[day - first_day];
}

int window_begins(const struct timetable *t, int day)
{
	int monday = monday_of(day), begins = monday;

	/* its own week and the nine with a school day before it; no further than 63 weeks back */
	for (int found = 1, back = 1; found < 10 && back < 64; back++)
		if (school_week(t, monday - 7 * back)) {
			begins = monday - 7 * back;
			found++;
		}
	return begins;
}

static int same_date(int from, int months)
{
	const struct date *d = date_of(from);
	int month = d->month - 1 + months, year = d->year + month / 12, day = d->day;

	month = month % 12 + 1;
	return day_on(year, month, day <= length_of(year, month) ? day : length_of(year, month));
}

int day_after(const struct timetable *t, int from, int count, enum unit unit)
{
	int day = from, end = first_day + day_count - 1;

	switch (unit) {
	case DAYS:
		return from + count;
	case WEEKS:
		return from + 7 * count;
	case MONTHS:
		return same_date(from, count);
	case YEARS:
		return same_date(from, 12 * count);
	case SCHOOL_DAYS:
	case WORKING_DAYS:
		for (int left = count; left > 0 && day < end;)
			left -= unit == SCHOOL_DAYS ? school_day(t, ++day) : working_day(t, ++day);
		return day;
	case SCHOOL_WEEKS:
		for (int left = count; left > 0 && day + 7 < end;)
			left -= school_week(t, day += 7);
		return day;
	}
	return day;
}

int working_days_before(const struct timetable *t, int day, int count)
{
	while (count > 0)
		count -= working_day(t, --day);
	return day;
}
