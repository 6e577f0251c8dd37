/* SPDX-License-Identifier: Apache-2.0 */
#include "client/columns.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static void add_name(char *list, size_t size, const char *name)
{
	size_t used = strlen(list);
	snprintf(list + used, size - used, "%s%.40s", used ? ", " : "", name);
}

static int known_as(const struct column known[], const char *name)
{
	for (int i = 0; known[i].name; i++)
		if (strcasecmp(known[i].name, name) == 0)
			return i;
	return COLUMN_NONE;
}

/* A header that is one field, and yet several words. */
static const char *separator_of(const struct record *header)
{
	const char *at = header->count == 1 ? strpbrk(header->fields[0], ";\t") : NULL;
	return !at ? NULL : *at == ';' ? "semicolons" : "tabs";
}

bool columns_read(struct columns *c, const struct record *header, const struct column known[], char *why, size_t why_size)
{
	*c = (struct columns){ .count = header->count };
	for (unsigned i = 0; i < COLUMNS_MAX; i++)
		c->place[i] = COLUMN_NONE;
	for (unsigned i = 0; i < header->count; i++) {
		int column = known_as(known, header->fields[i]);
		if (column == COLUMN_NONE) {
			/* What `push --rejects` adds is expected in a file that was mended. */
			if (header->fields[i][0] && strcasecmp(header->fields[i], "reason") != 0)
				add_name(c->ignored, sizeof c->ignored, header->fields[i]);
		} else if (c->place[column] != COLUMN_NONE) {
			snprintf(why, why_size, "%s: this column is there twice", known[column].name);
			return false;
		} else {
			c->place[column] = (int)i;
		}
	}
	if (separator_of(header)) {
		snprintf(why, why_size, "the columns are separated by %s; save the file with commas (in Excel: \"CSV UTF-8\", with English settings)",
		         separator_of(header));
		return false;
	}
	char missing[200] = "", wanted[300] = "";
	for (unsigned i = 0; known[i].name; i++) {
		if (known[i].required && c->place[i] == COLUMN_NONE)
			add_name(missing, sizeof missing, known[i].name);
		if (known[i].required)
			add_name(wanted, sizeof wanted, known[i].name);
	}
	if (!missing[0])
		return true;
	snprintf(why, why_size, "%s: %s missing from the header; wanted are %s, separated by commas", missing,
	         strchr(missing, ',') ? "these columns are" : "this column is", wanted);
	return false;
}

const char *columns_field(const struct columns *c, const struct record *record, unsigned column)
{
	int place = c->place[column];
	if (place == COLUMN_NONE || (unsigned)place >= record->count || !record->fields[place][0])
		return NULL;
	return record->fields[place];
}

bool columns_fit(const struct columns *c, const struct record *record, char *why, size_t why_size)
{
	unsigned count = record->count;
	while (count > c->count && !record->fields[count - 1][0])
		count--;
	if (count == c->count)
		return true;
	snprintf(why, why_size, "%u field%s where the header has %u", count, count == 1 ? "" : "s", c->count);
	return false;
}
