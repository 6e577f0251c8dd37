/* SPDX-License-Identifier: Apache-2.0 */
#include "client/feed.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <libical/ical.h>

#include "client/when.h"

static struct icaltimetype date_of(day_t day)
{
	struct icaltimetype time = icaltime_null_date();
	day_split(day, &time.year, &time.month, &time.day);
	return time;
}

static bool is(const json_t *item, const char *key)
{
	return json_is_true(json_object_get(item, key));
}

static bool has_status(const json_t *item, const char *status)
{
	return strcmp(due_text(item, "status"), status) == 0;
}

/* A name as a domain's label: "South Tyneside" gives "south-tyneside". */
static void label(FILE *out, const char *name)
{
	for (const char *at = name; *at; at++)
		fputc(isalnum((unsigned char)*at) ? tolower((unsigned char)*at) : '-', out);
}

/* The deadline of a case by its number there; an instance of a school's task by its first day. */
static void put_uid(FILE *out, const struct due *due, const json_t *item)
{
	if (*due_text(item, "case"))
		fprintf(out, "%s-%lld", due_text(item, "case"), (long long)json_integer_value(json_object_get(item, "deadline")));
	else
		fprintf(out, "%s-%s-%s", due_text(item, "urn"), due_text(item, "kind"), due_text(item, "from"));
	fputc('@', out);
	label(out, due->authority);
	fputs(".attend.invalid", out);
}

/* Rises with each move, and from running over waited for to ended. */
static int sequence(const json_t *item)
{
	json_int_t moves = json_integer_value(json_object_get(item, "moves"));
	int ended = has_status(item, "cancelled") ? 3 : is(item, "overdue") ? 1 : has_status(item, "open") ? 0 : 2;
	return (int)(moves > 100000000 ? 100000000 : moves) * 4 + ended;
}

static const char *prefix(const json_t *item)
{
	if (has_status(item, "cancelled"))
		return "Cancelled: ";
	if (is(item, "decision"))
		return "To decide: ";
	if (is(item, "overdue"))
		return "Overdue: ";
	return has_status(item, "met") ? "Done: " : has_status(item, "missed") ? "Done late: " : "";
}

static void put_summary(FILE *out, const json_t *item, const struct feed_options *options)
{
	const char *parent = due_text(item, "parent"), *upn = options->upn ? due_text(item, "upn") : "";
	fprintf(out, "%s%s%s", prefix(item), due_text(item, "title"), is(item, "period") && has_status(item, "open") ? " ends" : "");
	if (*due_text(item, "case"))
		fprintf(out, " (%s%s%s%s%s)", due_text(item, "case"), *parent ? ", " : "", parent, *upn ? ", " : "", upn);
}

static void put_description(FILE *out, const json_t *item, const struct feed_options *options)
{
	char when[WHEN_SIZE];
	fprintf(out, "%s: %s the %s.", due_text(item, "title"), is(item, "period") ? "runs to" : "due at", when_due(when, due_text(item, "due")));
	if (*due_text(item, "moved_from"))
		fprintf(out, "\nBefore it moved: the %s.", when_due(when, due_text(item, "moved_from")));
	if (is(item, "provisional"))
		fputs("\nProvisional: the school's calendar does not reach so far.", out);
	if (is(item, "decision"))
		fputs("\nIts question waits for a decision.", out);
	if (*due_text(item, "case"))
		fprintf(out, "\nCase %s, %s.", due_text(item, "case"), due_text(item, "pathway"));
	if (*due_text(item, "parent"))
		fprintf(out, "\nParent %s.", due_text(item, "parent"));
	if (options->upn && *due_text(item, "upn"))
		fprintf(out, "\nPupil %s.", due_text(item, "upn"));
}

/* A text that is written piece by piece; it lasts until the next one. */
struct text {
	char *bytes;
	size_t size;
};

static FILE *text_begin(struct text *text)
{
	free(text->bytes);
	FILE *out = open_memstream(&text->bytes, &text->size);
	if (!out)
		abort(); /* no memory for a line */
	return out;
}

static const char *text_end(struct text *text, FILE *out)
{
	if (fclose(out) != 0)
		abort();
	return text->bytes;
}

static icalcomponent *event_of(const struct due *due, const json_t *item, const struct feed_options *options, struct text *text)
{
	icalcomponent *event = icalcomponent_new(ICAL_VEVENT_COMPONENT);
	icalproperty_status status = has_status(item, "cancelled") ? ICAL_STATUS_CANCELLED
	                             : is(item, "provisional") ? ICAL_STATUS_TENTATIVE : ICAL_STATUS_CONFIRMED;
	day_t last = due_day(item, "last_day");
	FILE *out = text_begin(text);
	put_uid(out, due, item);
	icalcomponent_add_property(event, icalproperty_new_uid(text_end(text, out)));
	icalcomponent_add_property(event, icalproperty_new_dtstamp(icaltime_from_timet_with_zone(
		(time_t)(due->now_ms / 1000), 0, icaltimezone_get_utc_timezone())));
	icalcomponent_add_property(event, icalproperty_new_dtstart(date_of(last)));
	icalcomponent_add_property(event, icalproperty_new_dtend(date_of(last + 1)));
	icalcomponent_add_property(event, icalproperty_new_sequence(sequence(item)));
	icalcomponent_add_property(event, icalproperty_new_status(status));
	out = text_begin(text);
	put_summary(out, item, options);
	icalcomponent_add_property(event, icalproperty_new_summary(text_end(text, out)));
	out = text_begin(text);
	put_description(out, item, options);
	icalcomponent_add_property(event, icalproperty_new_description(text_end(text, out)));
	out = text_begin(text);
	fprintf(out, "School %s", due_text(item, "urn"));
	icalcomponent_add_property(event, icalproperty_new_location(text_end(text, out)));
	icalcomponent_add_property(event, icalproperty_new_categories(due_text(item, "kind")));
	icalcomponent_add_property(event, icalproperty_new_class(ICAL_CLASS_PRIVATE));
	icalcomponent_add_property(event, icalproperty_new_transp(ICAL_TRANSP_TRANSPARENT));
	if (options->link && *due_text(item, "case")) {
		out = text_begin(text);
		fprintf(out, "%s%s", options->link, due_text(item, "case"));
		icalcomponent_add_property(event, icalproperty_new_url(text_end(text, out)));
	}
	return event;
}

static void add_x(icalcomponent *calendar, const char *name, const char *value)
{
	icalproperty *property = icalproperty_new_x(value);
	icalproperty_set_x_name(property, name);
	icalcomponent_add_property(calendar, property);
}

/* Both what the standards say (RFC 7986) and what Outlook and older clients read. */
static void add_head(icalcomponent *calendar, const struct due *due, const struct feed_options *options, struct text *text)
{
	FILE *out = text_begin(text);
	fprintf(out, "Attendance deadlines, %s%s%s", options->officer ? options->officer : "",
	        options->officer ? ", " : "", due->authority);
	const char *name = text_end(text, out);
	icalcomponent_add_property(calendar, icalproperty_new_version("2.0"));
	icalcomponent_add_property(calendar, icalproperty_new_prodid("-//attend//attend feed " ATTEND_VERSION "//EN"));
	icalcomponent_add_property(calendar, icalproperty_new_calscale("GREGORIAN"));
	icalcomponent_add_property(calendar, icalproperty_new_method(ICAL_METHOD_PUBLISH));
	icalcomponent_add_property(calendar, icalproperty_new_name(name));
	add_x(calendar, "X-WR-CALNAME", name);
	icalproperty *refresh = icalproperty_new_refreshinterval(icaldurationtype_from_int(3600));
	icalproperty_add_parameter(refresh, icalparameter_new_value(ICAL_VALUE_DURATION));
	icalcomponent_add_property(calendar, refresh);
	add_x(calendar, "X-PUBLISHED-TTL", "PT1H");
}

char *feed_make(const struct due *due, const struct feed_options *options, size_t *cancelled)
{
	icalcomponent *calendar = icalcomponent_new(ICAL_VCALENDAR_COMPONENT);
	struct text text = { NULL, 0 };
	size_t index;
	json_t *item;
	*cancelled = 0;
	add_head(calendar, due, options, &text);
	json_array_foreach(due->items, index, item) {
		icalcomponent_add_component(calendar, event_of(due, item, options, &text));
		*cancelled += has_status(item, "cancelled");
	}
	free(text.bytes);
	char *made = icalcomponent_as_ical_string_r(calendar);
	icalcomponent_free(calendar);
	return made;
}

/* The next line that does not say when it was made; its end. */
static const char *line(const char **at)
{
	while (strncmp(*at, "DTSTAMP:", 8) == 0)
		*at += strcspn(*at, "\n") + ((*at)[strcspn(*at, "\n")] != '\0');
	return *at + strcspn(*at, "\n");
}

bool feed_same(const char *a, const char *b)
{
	for (;;) {
		const char *end_a = line(&a), *end_b = line(&b);
		if (end_a - a != end_b - b || memcmp(a, b, (size_t)(end_a - a)) != 0)
			return false;
		if (!*end_a || !*end_b)
			return *end_a == *end_b;
		a = end_a + 1;
		b = end_b + 1;
	}
}
