/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <libical/ical.h>

#include "casework/calendar.h"
#include "client/calendar_file.h"
#include "client/encoding.h"

static bool word_at(const char *text, const char *at, const char *words)
{
	return (at == text || !isalpha((unsigned char)at[-1])) && strncasecmp(at, words, strlen(words)) == 0;
}

/* Does a word, or do words that begin so, stand in a text? */
static bool begins(const char *text, const char *words)
{
	for (const char *at = text; *at; at++)
		if (word_at(text, at, words))
			return true;
	return false;
}

/* The word itself, or several of it: "term" is in "Autumn term" and in "Terms", not in "Midterm" or "Termly". */
static bool says(const char *text, const char *words)
{
	for (const char *at = text; *at; at++) {
		if (!word_at(text, at, words))
			continue;
		const char *end = at + strlen(words);
		if (!isalpha((unsigned char)end[tolower((unsigned char)*end) == 's']))
			return true;
	}
	return false;
}

static const char one_end[] = "one end of a term is no row; give the whole term as one event, from its first day to its last",
                  one_day[] = "one end of a holiday is no row; give the whole of it as one event, from its first day to its last";

static bool says_end(const char *summary)
{
	static const char *const ends[] = { "start", "begin", "end", "first day", "last day", "open", "return", "finish" };
	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
		if (begins(summary, ends[i]))
			return true;
	return false;
}

const char *calendar_kind_of_words(const char *summary, const char **why)
{
	static const struct { const char *words, *kind; } table[] = {
		{ "bank holiday", "bank-holiday" }, { "bank-holiday", "bank-holiday" },
		{ "inset", "inset" }, { "training day", "inset" }, { "non-pupil", "inset" }, { "non pupil", "inset" },
		{ "half term", "holiday" }, { "half-term", "holiday" }, { "holiday", "holiday" }, { "break", "holiday" },
		{ "closure", "closure" }, { "closed", "closure" },
	};
	*why = one_end;
	if (begins(summary, "break up") || begins(summary, "breaks up") || begins(summary, "breaking up"))
		return NULL;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		if (says(summary, table[i].words))
			return table[i].kind;
	*why = "no word in it names a kind; give it CATEGORIES of term, closure, inset, holiday or bank-holiday";
	if (!says(summary, "term"))
		return NULL;
	*why = one_end;
	return says_end(summary) ? NULL : "term";
}

/* The kind that a VEVENT's CATEGORIES name; NULL: none does. */
static const char *kind_of_categories(icalcomponent *event)
{
	for (icalproperty *p = icalcomponent_get_first_property(event, ICAL_CATEGORIES_PROPERTY); p;
	     p = icalcomponent_get_next_property(event, ICAL_CATEGORIES_PROPERTY)) {
		char list[256];
		snprintf(list, sizeof list, "%s", icalproperty_get_categories(p) ? icalproperty_get_categories(p) : "");
		char *rest = list;
		for (char *one; (one = strsep(&rest, ","));) {
			while (*one == ' ')
				one++;
			for (char *at = one; *at; at++)
				*at = *at == ' ' ? '-' : (char)tolower((unsigned char)*at);
			const char *kind = calendar_kind_text(calendar_kind_parse(slice_text(one)));
			if (kind)
				return kind;
		}
	}
	return NULL;
}

static void date_text(char out[11], struct icaltimetype time)
{
	/* Bounded, so that any year that libical can read fits. */
	snprintf(out, 11, "%04u-%02u-%02u", (unsigned)time.year % 10000, (unsigned)time.month % 100, (unsigned)time.day % 100);
}

/* A summer's day of London's begins at 23:00 UTC on the day before. */
static struct icaltimetype in_london(struct icaltimetype time)
{
	time_t seconds = !time.is_date && icaltime_is_utc(time) ? icaltime_as_timet(time) : -1;
	if (seconds >= 0)
		icaltime_adjust(&time, 0, 0, 0, london_offset_s((uint64_t)seconds * 1000));
	return time;
}

/* libical leaves out what it can't read, and says so beside it; what is no date, a 32nd say, it reads. */
static bool end_is_unreadable(icalcomponent *event, struct icaltimetype end)
{
	char text[11];
	day_t day;
	date_text(text, end);
	if (!icaltime_is_null_time(end) && !day_parse(slice_text(text), &day))
		return true;
	for (icalproperty *p = icalcomponent_get_first_property(event, ICAL_XLICERROR_PROPERTY); p;
	     p = icalcomponent_get_next_property(event, ICAL_XLICERROR_PROPERTY)) {
		const char *said = icalproperty_get_xlicerror(p);
		if (said && (strstr(said, "DTEND") || strstr(said, "DURATION")))
			return true;
	}
	return false;
}

static void put_name(struct calendar_line *row, const char *summary)
{
	char name[3 * CALENDAR_NAME_MAX + 1];
	size_t size = strnlen(summary, CALENDAR_NAME_MAX);
	if (!encoding_is_utf8(summary, strlen(summary))) {
		size = encoding_from_windows(name, summary, size);
		summary = name;
		size = size < CALENDAR_NAME_MAX ? size : CALENDAR_NAME_MAX;
	}
	while (size && summary[size] && ((unsigned char)summary[size] & 0xc0) == 0x80)
		size--; /* not in the middle of a character */
	memcpy(row->name, summary, size);
}

struct reading {
	calendar_refuse *refuse;
	void *context;
	uint64_t number;
};

static bool wrong(const struct reading *r, const char *field, const char *reason, const char *summary)
{
	char text[400];
	snprintf(text, sizeof text, "%s%s%.150s%s", reason, summary ? " (\"" : "", summary ? summary : "", summary ? "\")" : "");
	r->refuse(r->context, r->number, field, text);
	return false;
}

static bool take(struct calendar_file *file, icalcomponent *event, const struct reading *r)
{
	const char *summary = icalcomponent_get_summary(event), *why = NULL;
	if (!summary)
		summary = "";
	if (file->count == CALENDAR_ROWS_MAX)
		return wrong(r, "VEVENT", "a calendar has at most 512 rows", NULL);
	if (icalcomponent_get_first_property(event, ICAL_RRULE_PROPERTY) ||
	    icalcomponent_get_first_property(event, ICAL_RDATE_PROPERTY))
		return wrong(r, "RRULE", "it repeats; give each of its days as an event of its own", summary);
	const char *categorised = kind_of_categories(event), *kind = categorised;
	if (!kind)
		kind = calendar_kind_of_words(summary, &why);
	if (!kind)
		return wrong(r, "SUMMARY", why, summary);
	struct icaltimetype start = in_london(icalcomponent_get_dtstart(event)), end = in_london(icalcomponent_get_dtend(event));
	if (icaltime_is_null_time(start) || !icaltime_is_valid_time(start))
		return wrong(r, "DTSTART", "not a date", summary);
	if (end_is_unreadable(event, end))
		return wrong(r, "DTEND", "not a date", summary);
	if (icaltime_is_null_time(end))
		end = start;
	else if (end.is_date || (end.hour == 0 && end.minute == 0 && end.second == 0 && icaltime_compare(end, start) > 0))
		icaltime_adjust(&end, -1, 0, 0, 0); /* what ends at midnight ends with the day before */
	if (icaltime_compare_date_only(end, start) < 0)
		end = start;
	if (!categorised && strcmp(kind, "holiday") == 0 && icaltime_compare_date_only(start, end) == 0 && says_end(summary))
		return wrong(r, "SUMMARY", one_day, summary);
	struct calendar_line *row = &file->rows[file->count++];
	*row = (struct calendar_line){ .line = r->number };
	date_text(row->from, start);
	date_text(row->to, end);
	snprintf(row->kind, sizeof row->kind, "%s", kind);
	put_name(row, summary);
	return true;
}

static bool is_called_off(icalcomponent *event)
{
	return icalcomponent_get_status(event) == ICAL_STATUS_CANCELLED;
}

static bool take_all(struct calendar_file *file, icalcomponent *calendar, struct reading *r)
{
	bool good = true;
	for (icalcomponent *event = icalcomponent_get_first_component(calendar, ICAL_VEVENT_COMPONENT); event;
	     event = icalcomponent_get_next_component(calendar, ICAL_VEVENT_COMPONENT)) {
		r->number++;
		good = (is_called_off(event) || take(file, event, r)) && good;
	}
	return good;
}

bool icalendar_read(struct calendar_file *file, const char *text, calendar_refuse *refuse, void *context)
{
	struct reading r = { refuse, context, 0 };
	bool good = true;
	icalerror_set_errors_are_fatal(false);
	icalcomponent *root = icalparser_parse_string(text);
	if (!root)
		return wrong(&r, "file", "not an iCalendar file that can be read", NULL);
	if (icalcomponent_isa(root) == ICAL_VCALENDAR_COMPONENT)
		good = take_all(file, root, &r);
	else /* of several, one after the other */
		for (icalcomponent *calendar = icalcomponent_get_first_component(root, ICAL_VCALENDAR_COMPONENT); calendar;
		     calendar = icalcomponent_get_next_component(root, ICAL_VCALENDAR_COMPONENT))
			good = take_all(file, calendar, &r) && good;
	icalcomponent_free(root);
	return good;
}
