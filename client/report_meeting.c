/* report_meeting.c - tables for a meeting with schools: which were offered one, how groups
 * attend lately and before, who is listed and what is known of each. (TY-08, TY-13)
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "client/report_parts.h"
#include "client/when.h"

enum { TEXT_SIZE = 4000 };

/* ---- schools: those to which too few were offered first ---- */

static void take_school(struct report_table *t, const struct report_filter *f, enum report_source source, const json_t *row)
{
	json_t *kept = json_object();
	size_t offered = json_array_size(json_object_get(row, "offered"));
	(void)f;
	(void)source;
	json_object_set_new(kept, "table", json_string(t->form->name));
	for (const struct report_column *c = t->form->columns; c->key; c++)
		json_object_set(kept, c->key, json_object_get(row, c->key));
	bool lacking = offered < report_number(row, "at_least");
	json_object_set_new(kept, "lacking", json_boolean(lacking));
	if (lacking)
		json_array_insert_new(t->rows, t->count++, kept);
	else
		json_array_append_new(t->rows, kept);
}

static void finish_schools(struct report_table *t)
{
	(void)t;
}

const struct report_form report_form_schools = {
	.name = "schools", .title = "Meetings offered to schools in this school year", .sources = 1u << REPORT_SCHOOLS,
	.take = take_school, .finish = finish_schools,
	.columns = { { "urn", "school" }, { "meeting", NULL }, { "title", "meeting" }, { "clause", NULL }, { "at_least", ">at least" },
	             { "lacking", "lacking" }, { "offered", "offered on" } },
};

/* ---- trends: all, and the groups that the pathway names ---- */

/* What was so of a pupil before the last weeks; of all, as far as they were counted then. */
static void keep_earlier(struct report_table *t, const json_t *row)
{
	json_object_set_new(t->places, report_text(row, "upn"),
	                    json_pack("[i,i]", (int)report_number(row, "attended"), (int)report_number(row, "possible")));
}

static void add_to(struct report_table *t, const char *group, const json_t *row)
{
	const json_t *earlier = json_object_get(t->places, report_text(row, "upn"));
	json_t *sum = NULL;
	size_t index;
	json_array_foreach(t->rows, index, sum)
		if (strcmp(report_text(sum, "group"), group) == 0)
			break;
	if (index == json_array_size(t->rows)) {
		sum = json_object();
		json_object_set_new(sum, "table", json_string(t->form->name));
		json_object_set_new(sum, "group", json_string(group));
		json_array_append_new(t->rows, sum);
	}
	report_count(sum, "pupils", 1);
	report_count(sum, "attended", report_number(row, "attended"));
	report_count(sum, "possible", report_number(row, "possible"));
	report_count(sum, "earlier_attended", (unsigned)json_integer_value(json_array_get(earlier, 0)));
	report_count(sum, "earlier_possible", (unsigned)json_integer_value(json_array_get(earlier, 1)));
	report_count(sum, "persistent", json_is_true(json_object_get(row, "persistent")));
	report_count(sum, "severe", json_is_true(json_object_get(row, "severe")));
}

static bool is_trend(const struct report_table *t, const char *fact)
{
	size_t index;
	json_t *one;
	json_array_foreach(t->named, index, one)
		if (strcmp(json_string_value(one), fact) == 0)
			return true;
	return false;
}

static void take_trend(struct report_table *t, const struct report_filter *f, enum report_source source, const json_t *row)
{
	size_t index;
	json_t *one;
	(void)f;
	if (source == REPORT_SCHOOLS) {
		json_array_foreach(json_object_get(row, "trends"), index, one)
			if (!is_trend(t, json_string_value(one)))
				json_array_append(t->named, one);
	} else if (source == REPORT_EARLIER) {
		keep_earlier(t, row);
	} else {
		add_to(t, "all", row);
		json_array_foreach(json_object_get(row, "facts"), index, one)
			if (is_trend(t, json_string_value(one)))
				add_to(t, json_string_value(one), row);
	}
}

/* In the last weeks: what of the whole was not before them. */
static void finish_trends(struct report_table *t)
{
	size_t index;
	json_t *row;
	if (!json_array_size(t->named))
		json_array_clear(t->rows); /* no meeting asks for any */
	json_array_foreach(t->rows, index, row) {
		unsigned attended = report_number(row, "attended"), possible = report_number(row, "possible");
		unsigned before = report_number(row, "earlier_attended"), of = report_number(row, "earlier_possible");
		json_object_set_new(row, "percentage", report_percent(attended, possible));
		json_object_set_new(row, "earlier_percentage", report_percent(before, of));
		json_object_set_new(row, "recent_percentage", report_percent(attended - before, possible - of));
	}
}

const struct report_form report_form_trends = {
	.name = "trends", .title = "How groups attend, in the last four weeks and before",
	.sources = 1u << REPORT_SCHOOLS | 1u << REPORT_EARLIER | 1u << REPORT_PUPILS, .take = take_trend, .finish = finish_trends,
	.columns = { { "group", "group" }, { "pupils", ">pupils" }, { "possible", NULL }, { "attended", NULL }, { "earlier_possible", NULL },
	             { "earlier_attended", NULL }, { "percentage", ">attend %" }, { "earlier_percentage", ">before %" },
	             { "recent_percentage", ">lately %" }, { "persistent", ">persistent" }, { "severe", ">severe" } },
};

/* ---- pupils listed, and what is known of each ---- */

static void entry_text(char *out, size_t size, const json_t *entry)
{
	char when[WHEN_SIZE];
	const char *fact = json_string_value(json_object_get(entry, "fact")), *value = json_string_value(json_object_get(entry, "value"));
	const char *text = report_text(entry, "text"), *title = report_text(entry, "title");
	if (fact)
		snprintf(out, size, "%s since %s%s%s", fact, when_date(when, report_text(entry, "since")), text[0] ? ": " : "", text);
	else if (value)
		snprintf(out, size, "%s: %s (%s)", title, value, when_date(when, report_text(entry, "on")));
	else
		snprintf(out, size, "%s: %u time%s, last %s", title, report_number(entry, "times"), report_number(entry, "times") == 1 ? "" : "s",
		         when_date(when, report_text(entry, "on")));
}

/* Adds words to a text, behind `between` where it has some; what doesn't fit is cut. */
static void more(char text[TEXT_SIZE], const char *between, const char *words)
{
	size_t used = strlen(text);
	for (const char *at = used ? between : ""; *at && used < TEXT_SIZE - 1; at++)
		text[used++] = *at;
	for (; *words && used < TEXT_SIZE - 1; words++)
		text[used++] = *words;
	text[used] = '\0';
}

/* "Contact with the family: ...; ... | ... | Nothing recorded: Early help, ...". */
static json_t *pack_text_of(const json_t *pack)
{
	char text[TEXT_SIZE] = "", nothing[TEXT_SIZE] = "", one[TEXT_SIZE];
	size_t index, at;
	json_t *heading, *entry;
	json_array_foreach(pack, index, heading) {
		const json_t *entries = json_object_get(heading, "entries");
		if (!json_array_size(entries)) {
			more(nothing, ", ", report_text(heading, "title"));
			continue;
		}
		more(text, REPORT_PARTS, report_text(heading, "title"));
		json_array_foreach(entries, at, entry) {
			entry_text(one, TEXT_SIZE, entry);
			more(text, at ? "; " : ": ", one);
		}
	}
	if (nothing[0]) {
		more(text, REPORT_PARTS, "Nothing recorded");
		more(text, ": ", nothing);
	}
	size_t used = strlen(text);
	if (used == TEXT_SIZE - 1) /* cut, within a character maybe */
		while (used > 0 && (text[used - 1] & 0x80))
			text[--used] = '\0';
	return json_string(text);
}

static void take_listed(struct report_table *t, const struct report_filter *f, enum report_source source, const json_t *row)
{
	json_t *kept = report_keep(t, row);
	(void)f;
	(void)source;
	json_object_set(kept, "pack", json_object_get(row, "pack"));
	json_object_set_new(kept, "pack_text", pack_text_of(json_object_get(row, "pack")));
}

const struct report_form report_form_listed = {
	.name = "listed", .title = "Pupils listed", .sources = 1u << REPORT_LISTED, .take = take_listed, .finish = report_sort_by_absence,
	.columns = { { "upn", "pupil" }, { "surname", "surname" }, { "forename", "forename" }, { "urn", NULL }, { "year_group", "year" },
	             { "meeting", NULL }, { "list", "list" }, { "list_title", NULL }, { "percentage", ">attends %" }, { "possible", NULL },
	             { "attended", NULL }, { "authorised", NULL }, { "unauthorised", NULL }, { "facts", NULL }, { "case", "case" },
	             { "pack_text", "what is known" } },
};
