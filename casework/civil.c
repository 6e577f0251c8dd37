/* civil.c - the civil calendar in whole numbers.
 *
 * Years are reckoned from 1 March, so that the leap day is a year's last and
 * the lengths of the months before it follow one straight line.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "casework/civil.h"

#define DAY_MS UINT64_C(86400000)
#define HOUR_MS UINT64_C(3600000)

enum {
	ERA_DAYS = 146097,       /* of 400 years */
	EPOCH_DAYS = 719468,     /* from 0000-03-01 to 1970-01-01 */
	SEPTEMBER_FIRST = 184,   /* days from 1 March */
	SEPTEMBER_1999 = 10835,  /* 1999-09-01 */
	SHOWN_DAY_MAX = 2932896, /* 9999-12-31, the last that four digits show */
};

/* The year that began on the 1 March before, and the days since then. */
static int march_year(day_t day, int *day_of_year)
{
	int shifted = day + EPOCH_DAYS;
	int era = (shifted >= 0 ? shifted : shifted - (ERA_DAYS - 1)) / ERA_DAYS;
	int day_of_era = shifted - era * ERA_DAYS;
	int year = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	*day_of_year = day_of_era - (365 * year + year / 4 - year / 100);
	return year + era * 400;
}

day_t day_of(int year, int month, int day_of_month)
{
	year -= month <= 2;
	int era = (year >= 0 ? year : year - 399) / 400;
	int year_of_era = year - era * 400;
	int day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day_of_month - 1;
	int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
	return era * ERA_DAYS + day_of_era - EPOCH_DAYS;
}

void day_split(day_t day, int *year, int *month, int *day_of_month)
{
	int day_of_year;
	int march = march_year(day, &day_of_year);
	int from_march = (5 * day_of_year + 2) / 153;
	*day_of_month = day_of_year - (153 * from_march + 2) / 5 + 1;
	*month = from_march < 10 ? from_march + 3 : from_march - 9;
	*year = march + (*month <= 2);
}

int day_school_year(day_t day)
{
	int day_of_year;

	/* Within attend's century every fourth year is a leap year, the first of four
	 * from here on, so that school years follow one straight line. */
	if (day >= DAY_MIN && day <= DAY_MAX)
		return 1999 + 4 * (day - SEPTEMBER_1999) / 1461;
	int march = march_year(day, &day_of_year);
	return day_of_year >= SEPTEMBER_FIRST ? march : march - 1;
}

day_t school_year_start(int year)
{
	return day_of(year, 9, 1);
}

static int month_days(int year, int month)
{
	return month == 12 ? 31 : day_of(year, month + 1, 1) - day_of(year, month, 1);
}

day_t day_add_months(day_t day, int months)
{
	int year, month, day_of_month;
	day_split(day, &year, &month, &day_of_month);
	int from_year_0 = year * 12 + month - 1 + months;
	year = (from_year_0 >= 0 ? from_year_0 : from_year_0 - 11) / 12;
	month = from_year_0 - year * 12 + 1;
	int days = month_days(year, month);
	return day_of(year, month, day_of_month < days ? day_of_month : days);
}

day_t day_add_years(day_t day, int years)
{
	return day_add_months(day, years * 12);
}

/* Reads `count` digits. */
static bool digits(const uint8_t *at, size_t count, int *value)
{
	*value = 0;
	for (size_t i = 0; i < count; i++) {
		if (at[i] < '0' || at[i] > '9')
			return false;
		*value = *value * 10 + (at[i] - '0');
	}
	return true;
}

/* Ten bytes, of any year of four digits. */
static bool date_digits(const uint8_t *at, day_t *day)
{
	int year, month, day_of_month;
	if (!digits(at, 4, &year) || at[4] != '-' || !digits(at + 5, 2, &month) || at[7] != '-' ||
	    !digits(at + 8, 2, &day_of_month))
		return false;
	if (month < 1 || month > 12 || day_of_month < 1 || day_of_month > month_days(year, month))
		return false;
	*day = day_of(year, month, day_of_month);
	return true;
}

bool day_parse(struct slice text, day_t *day)
{
	day_t parsed;
	if (text.size != DATE_TEXT_SIZE || !date_digits(text.bytes, &parsed) || parsed < DAY_MIN ||
	    parsed > DAY_MAX)
		return false;
	*day = parsed;
	return true;
}

bool day_exists(struct slice text)
{
	day_t day;
	return text.size == DATE_TEXT_SIZE && date_digits(text.bytes, &day);
}

static void put_digits(char *out, size_t count, int value)
{
	for (size_t i = count; i-- > 0; value /= 10)
		out[i] = (char)('0' + value % 10);
}

static day_t shown(day_t day)
{
	return day < 0 ? 0 : day > SHOWN_DAY_MAX ? SHOWN_DAY_MAX : day;
}

void day_text(char out[static DATE_TEXT_SIZE + 1], day_t day)
{
	int year, month, day_of_month;
	day_split(shown(day), &year, &month, &day_of_month);
	put_digits(out, 4, year);
	out[4] = '-';
	put_digits(out + 5, 2, month);
	out[7] = '-';
	put_digits(out + 8, 2, day_of_month);
	out[10] = 0;
}

static char *put_text(char *at, const char *text)
{
	size_t size = strlen(text);
	memcpy(at, text, size);
	return at + size;
}

void day_text_long(char out[static 32], day_t day)
{
	static const char *const weekdays[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
					       "Friday", "Saturday", "Sunday"};
	static const char *const months[] = {"January",   "February", "March",    "April",
					     "May",       "June",     "July",     "August",
					     "September", "October",  "November", "December"};
	int year, month, day_of_month;
	day = shown(day);
	day_split(day, &year, &month, &day_of_month);
	char *at = put_text(out, weekdays[day_weekday(day)]);
	*at++ = ' ';
	size_t size = day_of_month < 10 ? 1 : 2;
	put_digits(at, size, day_of_month);
	at = put_text(at + size, " ");
	at = put_text(at, months[month - 1]);
	*at++ = ' ';
	put_digits(at, 4, year);
	at[4] = 0;
}

static day_t last_sunday(int year, int month)
{
	day_t last = day_of(year, month, 31); /* March and October both have 31 days */
	return last - (day_weekday(last) + 1) % 7;
}

uint64_t day_start_ms(day_t day)
{
	int year, month, day_of_month;
	if (day < 0)
		return 0;
	day_split(day, &year, &month, &day_of_month);
	/* The clocks change after midnight: the day on which they go forward begins
	 * in winter time, the day on which they go back in summer time. */
	bool summer = day > last_sunday(year, 3) && day <= last_sunday(year, 10);
	return (uint64_t)day * DAY_MS - (summer ? HOUR_MS : 0);
}

static uint64_t ms_shown(uint64_t ms)
{
	uint64_t last = (uint64_t)(SHOWN_DAY_MAX + 1) * DAY_MS - 1;
	return ms < last ? ms : last;
}

int london_offset_s(uint64_t ms)
{
	int year, month, day_of_month;
	ms = ms_shown(ms);
	day_split((day_t)(ms / DAY_MS), &year, &month, &day_of_month);
	if (month != 3 && month != 10) /* each submission asks */
		return month > 3 && month < 10 ? 3600 : 0;
	uint64_t forward = (uint64_t)last_sunday(year, 3) * DAY_MS + HOUR_MS;
	uint64_t back = (uint64_t)last_sunday(year, 10) * DAY_MS + HOUR_MS;
	return ms >= forward && ms < back ? 3600 : 0;
}

day_t day_of_ms(uint64_t ms)
{
	ms = ms_shown(ms);
	return (day_t)((ms + (uint64_t)london_offset_s(ms) * 1000) / DAY_MS);
}

/* The end of an RFC 3339 time: Z, or the minutes that local time is ahead. */
static bool zone_digits(struct slice text, size_t at, int *ahead_minutes)
{
	*ahead_minutes = 0;
	if (text.size == at + 1)
		return text.bytes[at] == 'Z';
	int hours, minutes;
	const uint8_t *zone = text.bytes + at;
	if (text.size != at + 6 || (zone[0] != '+' && zone[0] != '-') || !digits(zone + 1, 2, &hours) ||
	    zone[3] != ':' || !digits(zone + 4, 2, &minutes) || hours > 23 || minutes > 59)
		return false;
	*ahead_minutes = (hours * 60 + minutes) * (zone[0] == '-' ? -1 : 1);
	return true;
}

bool time_parse(struct slice text, uint64_t *ms)
{
	day_t day;
	int hour, minute, second, ahead;
	const uint8_t *at = text.bytes;
	if (text.size < 20 || !date_digits(at, &day) || at[10] != 'T' || !digits(at + 11, 2, &hour) ||
	    at[13] != ':' || !digits(at + 14, 2, &minute) || at[16] != ':' || !digits(at + 17, 2, &second))
		return false;
	if (hour > 23 || minute > 59 || second > 59)
		return false;
	size_t place = 19;
	int fraction = 0;
	if (at[place] == '.') {
		size_t first = ++place;
		for (int worth = 100; place < text.size && at[place] >= '0' && at[place] <= '9'; place++) {
			fraction += (at[place] - '0') * worth; /* beyond milliseconds: dropped */
			worth /= 10;
		}
		if (place == first)
			return false;
	}
	if (place >= text.size || !zone_digits(text, place, &ahead))
		return false;
	int64_t seconds = (int64_t)day * 86400 + hour * 3600 + minute * 60 + second - (int64_t)ahead * 60;
	if (seconds < 0 || seconds >= (int64_t)(DAY_MAX + 1) * 86400)
		return false;
	*ms = (uint64_t)seconds * 1000 + (uint64_t)fraction;
	return true;
}

void time_text(char out[static TIME_TEXT_SIZE + 1], uint64_t ms)
{
	ms = ms_shown(ms);
	day_text(out, (day_t)(ms / DAY_MS));
	int in_day = (int)(ms % DAY_MS / 1000), thousandths = (int)(ms % 1000);
	out[10] = 'T';
	put_digits(out + 11, 2, in_day / 3600);
	out[13] = ':';
	put_digits(out + 14, 2, in_day / 60 % 60);
	out[16] = ':';
	put_digits(out + 17, 2, in_day % 60);
	char *at = out + 19;
	if (thousandths) {
		*at++ = '.';
		put_digits(at, 3, thousandths);
		at += 3;
	}
	at[0] = 'Z';
	at[1] = 0;
}
