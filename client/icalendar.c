/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <libical/ical.h>

#include "casework/calendar.h"
#include "client/calendar_file.h"

/* Does a word, or do words that begin so, stand in a text? "term" is in "Autumn term" and in
 * "Terms", not in "Midterm". */
static bool says(const char *text, const char *words)
{
	size_t size = strlen(words);
	for (const char *at = text; *at; at++)
		if ((at == text || !isalpha((unsigned char)at[-1])) && strncasecmp(at, words, size) == 0)
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
	static const char *const ends[] = { "start", "begin", "end", "first day", "last day", "open", "return", "finish" };
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		if (says(summary, table[i].words))
			return table[i].kind;
	*why = "no word in it names a kind; give it CATEGORIES of term, closure, inset, holiday or bank-holiday";
	if (!says(summary, "term"))
		return NULL;
	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
		if (says(summary, ends[i])) {
			*why = "one end of a term is no row; give the whole term as one event, from its first day to its last";
			return NULL;
		}
	return "term";
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
	const char *kind = kind_of_categories(event);
	if (!kind)
		kind = calendar_kind_of_words(summary, &why);
	if (!kind)
		return wrong(r, "SUMMARY", why, summary);
	struct icaltimetype start = icalcomponent_get_dtstart(event), end = icalcomponent_get_dtend(event);
	if (icaltime_is_null_time(start) || !icaltime_is_valid_time(start))
		return wrong(r, "DTSTART", "not a date", summary);
	if (icaltime_is_null_time(end))
		end = start;
	else if (end.is_date || (end.hour == 0 && end.minute == 0 && end.second == 0 && icaltime_compare(end, start) > 0))
		icaltime_adjust(&end, -1, 0, 0, 0); /* what ends at midnight ends with the day before */
	if (icaltime_compare_date_only(end, start) < 0)
		end = start;
	struct calendar_line *row = &file->rows[file->count++];
	*row = (struct calendar_line){ .line = r->number };
	date_text(row->from, start);
	date_text(row->to, end);
	snprintf(row->kind, sizeof row->kind, "%s", kind);
	size_t size = strnlen(summary, CALENDAR_NAME_MAX);
	while (size && summary[size] && ((unsigned char)summary[size] & 0xc0) == 0x80)
		size--; /* not in the middle of a character */
	memcpy(row->name, summary, size);
	return true;
}

bool icalendar_read(struct calendar_file *file, const char *text, calendar_refuse *refuse, void *context)
{
	struct reading r = { refuse, context, 0 };
	bool good = true;
	icalerror_set_errors_are_fatal(false);
	icalcomponent *root = icalparser_parse_string(text);
	if (!root)
		return wrong(&r, "file", "not an iCalendar file that can be read", NULL);
	icalcomponent *calendar = icalcomponent_isa(root) == ICAL_VCALENDAR_COMPONENT
	                          ? root : icalcomponent_get_first_component(root, ICAL_VCALENDAR_COMPONENT);
	for (icalcomponent *event = calendar ? icalcomponent_get_first_component(calendar, ICAL_VEVENT_COMPONENT) : NULL; event;
	     event = icalcomponent_get_next_component(calendar, ICAL_VEVENT_COMPONENT)) {
		r.number++;
		good = take(file, event, &r) && good;
	}
	icalcomponent_free(root);
	return good;
}
