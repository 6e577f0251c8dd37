/* calendar.c - a calendar's bits, and counting over them.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "casework/calendar.h"

enum { FIRST_WEEK = (DAY_MIN + THURSDAY) / 7, ROW_DAYS_MAX = 366 };

const char *calendar_kind_text(uint8_t kind)
{
	switch (kind) {
#define X(name, number, text)                                                                                \
	case number:                                                                                         \
		return text;
		CALENDAR_KINDS(X)
#undef X
	}
	return NULL;
}

uint8_t calendar_kind_parse(struct slice given)
{
#define X(name, number, text)                                                                                \
	if (given.size == sizeof(text) - 1 && memcmp(given.bytes, text, sizeof(text) - 1) == 0)              \
		return number;
	CALENDAR_KINDS(X)
#undef X
	return 0;
}

const char *unit_text(uint8_t unit)
{
	switch (unit) {
#define X(name, number, text)                                                                                \
	case number:                                                                                         \
		return text;
		UNITS(X)
#undef X
	}
	return NULL;
}

static bool bit(const uint8_t *bits, int index)
{
	return bits[index / 8] >> (index % 8) & 1;
}

static void set_bit(uint8_t *bits, int index)
{
	bits[index / 8] |= (uint8_t)(1u << (index % 8));
}

static void clear_bit(uint8_t *bits, int index)
{
	bits[index / 8] &= (uint8_t) ~(1u << (index % 8));
}

static bool in_range(day_t day)
{
	return day >= DAY_MIN && day <= DAY_MAX;
}

/* Easter Sunday by the Gregorian computus. */
static day_t easter(int year)
{
	int golden = year % 19, century = year / 100, of_century = year % 100;
	int epact = (19 * golden + century - century / 4 - (century - (century + 8) / 25 + 1) / 3 + 15) % 30;
	int weekday = (32 + 2 * (century % 4) + 2 * (of_century / 4) - epact - of_century % 4) % 7;
	int late = (golden + 11 * epact + 22 * weekday) / 451;
	int from_march = epact + weekday - 7 * late + 114;
	return day_of(year, from_march / 31, from_march % 31 + 1);
}

static day_t monday_from(day_t day)
{
	return day + (7 - day_weekday(day)) % 7;
}

static day_t last_monday(int year, int month)
{
	day_t last = day_of(year, month, 31);
	return last - day_weekday(last);
}

/* What proclamations added to the rules or took away, 2000 to now. A new one is
 * a new row. */
static const struct {
	int16_t year;
	int8_t month, day;
	bool holiday;
} one_off[] = {
	{2002, 5, 27, false}, {2002, 6, 3, true}, {2002, 6, 4, true}, /* Golden Jubilee */
	{2011, 4, 29, true},                                          /* royal wedding */
	{2012, 5, 28, false}, {2012, 6, 4, true}, {2012, 6, 5, true}, /* Diamond Jubilee */
	{2020, 5, 4, false},  {2020, 5, 8, true},                     /* 75 years since VE Day */
	{2022, 5, 30, false}, {2022, 6, 2, true}, {2022, 6, 3, true}, /* Platinum Jubilee */
	{2022, 9, 19, true},                                          /* state funeral */
	{2023, 5, 8, true},                                           /* coronation */
};

static void add_bank_holidays(uint8_t *bank, int year)
{
	day_t new_year = day_of(year, 1, 1), christmas = day_of(year, 12, 25), sunday = easter(year);
	day_t days[8] = {
		day_weekday(new_year) >= SATURDAY ? monday_from(new_year) : new_year,
		sunday - 2,
		sunday + 1,
		monday_from(day_of(year, 5, 1)),
		last_monday(year, 5),
		last_monday(year, 8),
		christmas,
		christmas + 1,
	};
	/* A Christmas or Boxing Day at the weekend is kept on the next weekday that
	 * is not taken: 27 and 28 December where both fall so. */
	for (int i = 6; i < 8; i++)
		if (day_weekday(days[i]) >= SATURDAY)
			days[i] += 2;
	for (int i = 0; i < 8; i++)
		set_bit(bank, days[i] - DAY_MIN);
	for (size_t i = 0; i < sizeof one_off / sizeof one_off[0]; i++) {
		if (one_off[i].year != year)
			continue;
		int index = day_of(year, one_off[i].month, one_off[i].day) - DAY_MIN;
		if (one_off[i].holiday)
			set_bit(bank, index);
		else
			clear_bit(bank, index);
	}
}

const char *calendar_fault(const struct calendar_row rows[], size_t count, size_t *row)
{
	for (size_t i = 0; i < count; i++) {
		*row = i;
		if (!calendar_kind_text(rows[i].kind))
			return "the kind is not one of term, closure, inset, holiday, bank-holiday";
		if (!in_range(rows[i].from) || !in_range(rows[i].to))
			return "a date outside 2000 to 2099";
		if (rows[i].to < rows[i].from)
			return "ends before it begins";
		if (rows[i].to - rows[i].from >= ROW_DAYS_MAX)
			return "longer than a school year";
		if (rows[i].kind != CALENDAR_TERM)
			continue;
		for (size_t j = 0; j < i; j++)
			if (rows[j].kind == CALENDAR_TERM && rows[j].from <= rows[i].to &&
			    rows[i].from <= rows[j].to)
				return "overlaps another term";
	}
	return NULL;
}

void calendar_build(struct calendar *c, const struct calendar_row rows[], size_t count)
{
	int last_year, month, day_of_month;
	day_split(DAY_MAX, &last_year, &month, &day_of_month);
	memset(c, 0, sizeof *c);
	c->first = DAY_MAX;
	c->last = DAY_MIN;
	for (int year = last_year - 99; year <= last_year; year++)
		add_bank_holidays(c->bank, year);
	for (size_t i = 0; i < count; i++) {
		if (rows[i].kind == CALENDAR_BANK_HOLIDAY)
			for (day_t day = rows[i].from; day <= rows[i].to; day++)
				set_bit(c->bank, day - DAY_MIN);
		if (rows[i].kind != CALENDAR_TERM)
			continue;
		c->first = rows[i].from < c->first ? rows[i].from : c->first;
		c->last = rows[i].to > c->last ? rows[i].to : c->last;
		for (day_t day = rows[i].from; day <= rows[i].to; day++)
			set_bit(c->school, day - DAY_MIN);
	}
	for (day_t day = DAY_MIN; day <= DAY_MAX; day++) {
		if (day < c->first || day > c->last)
			set_bit(c->school, day - DAY_MIN);
		if (day_weekday(day) >= SATURDAY || bit(c->bank, day - DAY_MIN))
			clear_bit(c->school, day - DAY_MIN);
	}
	/* What a row says outright holds beyond the terms too. */
	for (size_t i = 0; i < count; i++)
		for (day_t day = rows[i].from; rows[i].kind != CALENDAR_TERM && day <= rows[i].to; day++)
			clear_bit(c->school, day - DAY_MIN);
	for (day_t day = DAY_MIN; day <= DAY_MAX; day++)
		if (bit(c->school, day - DAY_MIN))
			set_bit(c->weeks, day_week(day) - FIRST_WEEK);
}

/* The bits from `index` on; whole bytes at once, for a case is looked at often. */
static void take_bits(uint8_t *to, const uint8_t *from, size_t size, int index)
{
	size_t byte = (size_t)index / 8;
	uint8_t kept = (uint8_t)((1u << (index % 8)) - 1);

	to[byte] = (uint8_t)((to[byte] & kept) | (from[byte] & ~kept));
	memcpy(to + byte + 1, from + byte + 1, size - byte - 1);
}

void calendar_splice(struct calendar *c, const struct calendar *later, day_t from)
{
	bool none_before = c->first > c->last || c->first >= from;
	int week = day_week(from);

	if (!in_range(from))
		return;
	take_bits(c->school, later->school, sizeof c->school, from - DAY_MIN);
	take_bits(c->bank, later->bank, sizeof c->bank, from - DAY_MIN);
	take_bits(c->weeks, later->weeks, sizeof c->weeks, week - FIRST_WEEK);
	/* The week of the move is made of both. */
	clear_bit(c->weeks, week - FIRST_WEEK);
	for (day_t day = week_monday(week); day < week_monday(week) + 7; day++)
		if (calendar_is_school_day(c, day))
			set_bit(c->weeks, week - FIRST_WEEK);
	if (later->first > later->last || later->last < from) { /* counted by the default rule from there on */
		if (c->last >= from)
			c->last = from - 1;
		if (none_before)
			c->last = DAY_MIN; /* so that first > last */
		return;
	}
	if (none_before)
		c->first = later->first > from ? later->first : from;
	c->last = later->last;
}

bool calendar_is_school_day(const struct calendar *c, day_t day)
{
	return in_range(day) && bit(c->school, day - DAY_MIN);
}

bool calendar_is_working_day(const struct calendar *c, day_t day)
{
	return in_range(day) && day_weekday(day) < SATURDAY && !bit(c->bank, day - DAY_MIN);
}

bool calendar_is_bank_holiday(const struct calendar *c, day_t day)
{
	return in_range(day) && bit(c->bank, day - DAY_MIN);
}

bool calendar_is_school_week(const struct calendar *c, int week)
{
	return week >= FIRST_WEEK && week < FIRST_WEEK + CALENDAR_WEEKS && bit(c->weeks, week - FIRST_WEEK);
}

bool calendar_is_provisional(const struct calendar *c, day_t day)
{
	return day < c->first || day > c->last;
}

/* A week is provisional where all its school days are: one day that the
 * calendar itself gives makes it a school week. */
static bool week_is_provisional(const struct calendar *c, int week)
{
	day_t monday = week_monday(week);
	for (day_t day = monday; day < monday + SATURDAY; day++)
		if (calendar_is_school_day(c, day) && !calendar_is_provisional(c, day))
			return false;
	return true;
}

static bool counts(const struct calendar *c, day_t day, uint8_t unit)
{
	return unit == UNIT_SCHOOL_DAYS ? calendar_is_school_day(c, day) : calendar_is_working_day(c, day);
}

static day_t clamp(int64_t day)
{
	return day < DAY_MIN ? DAY_MIN : day > DAY_MAX ? DAY_MAX : (day_t)day;
}

/* `count` days of the unit away, forward or back. */
static day_t step_days(const struct calendar *c, day_t from, unsigned count, uint8_t unit, int by,
		       bool *provisional)
{
	day_t day = from;
	while (count > 0) {
		day += by;
		if (!in_range(day))
			return clamp(day);
		if (!counts(c, day, unit))
			continue;
		count--;
		if (provisional && unit == UNIT_SCHOOL_DAYS && calendar_is_provisional(c, day))
			*provisional = true;
	}
	return day;
}

static day_t step_weeks(const struct calendar *c, day_t from, unsigned count, int by, bool *provisional)
{
	int week = day_week(from);
	while (count > 0) {
		week += by;
		if (week < FIRST_WEEK || week >= FIRST_WEEK + CALENDAR_WEEKS)
			break;
		if (!calendar_is_school_week(c, week))
			continue;
		count--;
		if (provisional && week_is_provisional(c, week))
			*provisional = true;
	}
	return clamp(week_monday(week) + day_weekday(from));
}

static day_t step(const struct calendar *c, day_t from, unsigned count, uint8_t unit, int by,
		  bool *provisional)
{
	int steps = count < CALENDAR_DAYS ? (int)count * by : CALENDAR_DAYS * by;
	from = clamp(from);
	switch ((enum unit)unit) {
	case UNIT_DAYS:
		return clamp((int64_t)from + steps);
	case UNIT_SCHOOL_DAYS:
	case UNIT_WORKING_DAYS:
		return step_days(c, from, count, unit, by, provisional);
	case UNIT_WEEKS:
		return clamp((int64_t)from + (int64_t)steps * 7);
	case UNIT_SCHOOL_WEEKS:
		return step_weeks(c, from, count, by, provisional);
	case UNIT_MONTHS:
		return clamp(day_add_months(from, steps));
	case UNIT_YEARS:
		return clamp(day_add_years(from, steps));
	}
	return from;
}

day_t calendar_add(const struct calendar *c, day_t from, unsigned count, uint8_t unit, bool *provisional)
{
	return step(c, from, count, unit, 1, provisional);
}

day_t calendar_subtract(const struct calendar *c, day_t from, unsigned count, uint8_t unit)
{
	return step(c, from, count, unit, -1, NULL);
}

unsigned calendar_school_days(const struct calendar *c, day_t from, day_t to)
{
	unsigned count = 0;
	for (day_t day = from < DAY_MIN ? DAY_MIN : from; day <= to && day <= DAY_MAX; day++)
		count += bit(c->school, day - DAY_MIN);
	return count;
}

int calendar_window_start(const struct calendar *c, int week, unsigned count)
{
	int first = week;
	for (int earlier = week - 1; count > 1 && earlier > week - CALENDAR_REACH_WEEKS; earlier--)
		if (calendar_is_school_week(c, earlier)) {
			first = earlier;
			count--;
		}
	return first;
}
