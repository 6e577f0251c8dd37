/* SPDX-License-Identifier: Apache-2.0 */
#include "client/digest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/when.h"

enum section { DECISIONS, OVERDUE, DUE, LATER };

static enum section section_of(const struct due *due, const struct digest_options *options, const json_t *item)
{
	if (json_is_true(json_object_get(item, "decision")))
		return DECISIONS;
	if (json_is_true(json_object_get(item, "overdue")))
		return OVERDUE;
	return due_day(item, "last_day") <= due->today + (day_t)options->days ? DUE : LATER;
}

static void put_item(FILE *out, const struct due *due, const struct digest_options *options, const json_t *item)
{
	char when[WHEN_SIZE];
	const char *upn = due_text(item, "upn"), *parent = due_text(item, "parent");
	bool runs = json_is_true(json_object_get(item, "period")) && strcmp(due_text(item, "status"), "open") == 0;
	fprintf(out, "  %s%s  %s%s\n      %s, %s%s%sschool %s%s%s%s\n", when_date(when, due_text(item, "last_day")),
	        due_day(item, "last_day") == due->today ? " (today)" : "", due_text(item, "title"), runs ? " ends" : "",
	        due_text(item, "case"), *parent ? "parent " : "", parent, *parent ? ", " : "", due_text(item, "urn"), options->upn && *upn ? ", pupil " : "", options->upn ? upn : "",
	        json_is_true(json_object_get(item, "provisional")) ? "; provisional" : "");
	if (options->link)
		fprintf(out, "      %s%s\n", options->link, due_text(item, "case"));
}

/* How many there are of a section; they are written where `out` is given. */
static size_t put_section(FILE *out, const struct due *due, const struct digest_options *options, enum section section, const char *title)
{
	size_t index, count = 0;
	json_t *item;
	json_array_foreach(due->items, index, item) {
		if (section_of(due, options, item) != section)
			continue;
		if (!count++)
			fprintf(out, "%s\n\n", title);
		put_item(out, due, options, item);
	}
	if (count)
		fputc('\n', out);
	return count;
}

static FILE *open_text(char **text, size_t *size)
{
	FILE *out = open_memstream(text, size);
	if (!out)
		abort(); /* no memory for a page */
	return out;
}

static void put_subject(FILE *out, const struct digest *digest, const char *today)
{
	const struct { size_t count; const char *what; } parts[] = {
		{ digest->decisions, "to decide" }, { digest->overdue, "overdue" }, { digest->due, "due" },
	};
	const char *between = ": ";
	fprintf(out, "Attendance, %s", today);
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
		if (parts[i].count) {
			fprintf(out, "%s%zu %s", between, parts[i].count, parts[i].what);
			between = ", ";
		}
	if (*between == ':')
		fputs(": nothing is due", out);
}

void digest_make(struct digest *digest, const struct due *due, const struct digest_options *options)
{
	char date[DATE_TEXT_SIZE + 1], today[WHEN_SIZE], title[64];
	size_t size;
	day_text(date, due->today);
	when_date(today, date);
	*digest = (struct digest){ .subject = NULL };
	FILE *out = open_text(&digest->body, &size);
	fprintf(out, "%s, %s\n\n", due->authority, today);
	digest->decisions = put_section(out, due, options, DECISIONS, "To decide");
	digest->overdue = put_section(out, due, options, OVERDUE, "Overdue");
	snprintf(title, sizeof title, "Due within %u day%s", options->days, options->days == 1 ? "" : "s");
	digest->due = put_section(out, due, options, DUE, title);
	if (!digest->decisions && !digest->overdue && !digest->due)
		fprintf(out, "Nothing to decide, nothing overdue, nothing due within %u day%s.\n\n", options->days, options->days == 1 ? "" : "s");
	fprintf(out, "-- \n%s", options->unsubscribe); /* a signature, as mail programs know them */
	if (fclose(out) != 0)
		abort();
	out = open_text(&digest->subject, &size);
	put_subject(out, digest, today);
	if (fclose(out) != 0)
		abort();
}

void digest_free(struct digest *digest)
{
	free(digest->subject);
	free(digest->body);
	*digest = (struct digest){ .subject = NULL };
}
