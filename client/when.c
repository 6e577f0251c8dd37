/* SPDX-License-Identifier: Apache-2.0 */
#include "client/when.h"

#include <stdio.h>
#include <string.h>

#include "casework/civil.h"

static const char days[7][4] = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" };
static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

static void day_short(char out[static WHEN_SIZE], day_t day)
{
	int year, month, of_month;
	day_split(day, &year, &month, &of_month);
	snprintf(out, WHEN_SIZE, "%s %d %s %d", days[day_weekday(day)], of_month, months[month - 1], year);
}

const char *when_date(char out[static WHEN_SIZE], const char *date)
{
	day_t day;
	if (date && day_parse(slice_text(date), &day))
		day_short(out, day);
	else
		snprintf(out, WHEN_SIZE, "%s", date ? date : "");
	return out;
}

const char *when_time(char out[static WHEN_SIZE], const char *time)
{
	uint64_t ms;
	if (!time || !time_parse(slice_text(time), &ms)) {
		snprintf(out, WHEN_SIZE, "%s", time ? time : "");
		return out;
	}
	day_short(out, day_of_ms(ms));
	uint64_t minutes = (ms / 1000 + (uint64_t)london_offset_s(ms)) / 60;
	size_t size = strlen(out);
	snprintf(out + size, WHEN_SIZE - size, " %02u:%02u", (unsigned)(minutes / 60 % 24), (unsigned)(minutes % 60));
	return out;
}

const char *when_due(char out[static WHEN_SIZE], const char *time)
{
	uint64_t ms;
	if (!time || !time_parse(slice_text(time), &ms) || ms != day_start_ms(day_of_ms(ms)))
		return when_time(out, time);
	char day[WHEN_SIZE];
	day_short(day, day_of_ms(ms) - 1);
	snprintf(out, WHEN_SIZE, "end of %.38s", day);
	return out;
}
