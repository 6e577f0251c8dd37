/* mapping_take.c - a row of another program's file, by its mapping.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "client/beside.h"
#include "client/mapping.h"
#include "client/mark_rows.h"
#include "client/roster.h"

/* Is there a column for it in this file? A text that is put together of several may lack some. */
static bool stands(const struct mapping *m, const struct mapping_target *target)
{
	for (unsigned k = 0; k < target->count; k++) {
		const char *source = target->sources[k];
		if (*source == '=' || strchr(source, '{'))
			return true;
		for (unsigned n = 0; n < m->name_count; n++)
			if (strcmp(m->names[n], source) == 0 && m->columns.place[n] != COLUMN_NONE)
				return true;
	}
	return !target->count;
}

/* What a row can't do without must have its column: of a mark the first five, in each of its groups; of a pupil the
 * first four. A comment, or a pupil's second contact, may be missing. */
static bool group_stands(const struct mapping *m, const struct mapping_group *group, char *why, size_t why_size)
{
	for (unsigned i = m->school ? 1 : 0; i <= (m->purpose == MAPPING_MARKS ? 4u : 3u); i++)
		if (!stands(m, &group->targets[i])) {
			snprintf(why, why_size, "%s: by the mapping %.40s it stands in a column \"%.60s\", which the header does not have%s",
			         mapping_columns(m->purpose)[i], m->name ? m->name : "", group->targets[i].sources[0],
			         i ? "" : "; where all rows are one school's, say --school URN");
			return false;
		}
	return true;
}

bool mapping_bind(struct mapping *m, const struct record *header, char *why, size_t why_size)
{
	struct column known[MAPPING_NAMES_MAX + 1] = { { NULL, false } };
	for (unsigned i = 0; i < m->name_count; i++)
		known[i].name = m->names[i];
	if (!columns_read(&m->columns, header, known, why, why_size) || !group_stands(m, &m->base, why, why_size))
		return false;
	for (unsigned i = 0; i < m->each_count && m->purpose == MAPPING_MARKS; i++)
		if (!group_stands(m, &m->each[i], why, why_size))
			return false;
	return true;
}

/* ---- room for texts that stand in no field ---- */

static char *begin_text(struct mapping *m)
{
	return m->room + m->room_used;
}

/* False: the room is full. */
static bool add_text(struct mapping *m, const char *text, size_t size)
{
	if (size >= MAPPING_ROOM - m->room_used)
		return false;
	memcpy(m->room + m->room_used, text, size);
	m->room_used += size;
	m->room[m->room_used] = '\0';
	return true;
}

static void end_text(struct mapping *m)
{
	if (m->room_used < MAPPING_ROOM - 1)
		m->room_used++;
}

/* ---- where a value comes from ---- */

struct origin {
	struct mapping *m;
	const struct record *record; /* of CSV */
	const json_t *entry;         /* of JSON: the entry, or the element of its list */
	bool full;
	const char *id;              /* one that led to nothing */
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static const char *trim(char *text)
{
	char *end = text + strlen(text);
	while (end > text && is_blank(end[-1]))
		*--end = '\0';
	while (is_blank(*text))
		text++;
	return *text ? text : NULL;
}

static const json_t *unwrap(const json_t *value)
{
	const json_t *inner;
	while (json_is_object(value) && (inner = json_object_get(value, "data")) && (json_is_object(inner) || json_is_array(inner)))
		value = inner;
	return value;
}

/* Adds what the path leads to: over a list, all of its elements, `; ` between. */
static void add_path(struct origin *o, const json_t *value, const char *path, const char *start)
{
	value = unwrap(value);
	size_t index, size = strcspn(path, ".");
	char text[32], key[64];
	if (json_is_array(value)) {
		const json_t *element;
		json_array_foreach(value, index, element) {
			size_t used = o->m->room_used;
			if (begin_text(o->m) != start && !add_text(o->m, "; ", 2))
				o->full = true;
			size_t after = o->m->room_used;
			add_path(o, element, path, start);
			if (o->m->room_used == after)
				o->m->room_used = used;
		}
	} else if (*path && json_is_object(value) && size < sizeof key) {
		snprintf(key, sizeof key, "%.*s", (int)size, path);
		add_path(o, json_object_get(value, key), path + size + (path[size] == '.'), start);
	} else if (json_is_string(value) && *path) {
		const char *found = beside_find(o->m->beside, json_string_value(value), path);
		o->id = found ? o->id : json_string_value(value);
		o->full = o->full || (found && !add_text(o->m, found, strlen(found)));
	} else if (json_is_string(value)) {
		o->full = o->full || !add_text(o->m, json_string_value(value), strlen(json_string_value(value)));
	} else if (json_is_integer(value) && *path) {
		snprintf(text, sizeof text, "%lld", (long long)json_integer_value(value));
		const char *found = beside_find(o->m->beside, text, path);
		o->full = o->full || (found && !add_text(o->m, found, strlen(found)));
	} else if (json_is_integer(value)) {
		snprintf(text, sizeof text, "%lld", (long long)json_integer_value(value));
		o->full = o->full || !add_text(o->m, text, strlen(text));
	}
}

static const char *named(struct origin *o, const char *name, size_t size)
{
	struct mapping *m = o->m;
	if (m->json) {
		char path[256], *start = begin_text(m);
		*start = '\0';
		snprintf(path, sizeof path, "%.*s", (int)size, name);
		add_path(o, o->entry, path, start);
		m->room[m->room_used] = '\0';
		end_text(m);
		return trim(start);
	}
	for (unsigned i = 0; i < m->name_count; i++)
		if (strncmp(m->names[i], name, size) == 0 && !m->names[i][size]) {
			int place = m->columns.place[i];
			return place == COLUMN_NONE || (unsigned)place >= o->record->count ? NULL : trim(o->record->fields[place]);
		}
	return NULL;
}

/* "{Forename} {Surname}": nothing where none of its columns has anything; where one hasn't, no two blanks. */
static const char *composed(struct origin *o, const char *source)
{
	char made[4096];
	size_t used = 0;
	bool any = false;
	while (*source && used < sizeof made - 1) {
		size_t plain = strcspn(source, "{"), size = *source == '{' ? strcspn(source + 1, "}") : 0;
		const char *value = *source == '{' ? named(o, source + 1, size) : NULL;
		int room = (int)(sizeof made - used), wrote;
		if (*source == '{')
			wrote = snprintf(made + used, (size_t)room, "%s", value ? value : "");
		else
			wrote = snprintf(made + used, (size_t)room, "%.*s", (int)plain, source);
		any = any || value;
		used += wrote < room ? (size_t)wrote : (size_t)room - 1;
		source += *source == '{' ? size + 2 : plain;
	}
	if (!any)
		return NULL;
	char *start = begin_text(o->m), last = ' ';
	for (size_t i = 0; i < used; i++) {
		/* What parts two values goes with the one that is missing. */
		bool drop = (made[i] == ' ' || made[i] == ',') && (last == ' ' || (last == ',' && made[i] == ','));
		if (!drop && !add_text(o->m, made + i, 1))
			o->full = true;
		last = drop ? last : made[i];
	}
	while (o->m->room_used && begin_text(o->m) > start && (begin_text(o->m)[-1] == ' ' || begin_text(o->m)[-1] == ','))
		o->m->room_used--;
	*begin_text(o->m) = '\0';
	end_text(o->m);
	return *start ? start : NULL;
}

static const char *value_of(struct origin *o, const struct mapping_target *target, bool *theirs)
{
	for (unsigned i = 0; i < target->count; i++) {
		const char *source = target->sources[i];
		const char *value = *source == '=' ? source + 1 : strchr(source, '{') ? composed(o, source) : named(o, source, strlen(source));
		if (value) {
			*theirs = *theirs || *source != '=';
			return value;
		}
	}
	return NULL;
}

/* ---- a row ---- */

static void put_value(const struct mapping *m, struct mapped *row, unsigned target, const char *value)
{
	row->values[target] = value;
	for (unsigned i = 0; i < m->value_count; i++)
		if (m->values[i].target == target && strcmp(m->values[i].theirs, value ? value : "") == 0) {
			row->values[target] = m->values[i].ours;
			row->none |= m->values[i].ours ? 0 : 1u << target;
			return;
		}
}

static void put_date(struct mapping *m, struct mapped *row, unsigned target)
{
	static char fault[200]; /* as the values, until the next call */
	const char *given = row->values[target];
	char day[11];
	if (!given)
		return;
	if (mapping_date(day, m->date, given)) {
		char *kept = begin_text(m);
		if (add_text(m, day, 10))
			row->values[target] = kept;
		end_text(m);
	} else if (!row->fault) {
		snprintf(fault, sizeof fault, "\"%.40s\" is no date in the form %s, which the mapping says it has", given, m->date);
		row->field = target;
		row->fault = fault;
	}
}

/* False: this group of a roster has nothing of the file's own here; a session has a mark, or it is missing. */
static bool take_group(struct origin *o, const struct mapping_group *group, struct mapped *row)
{
	const char *const *columns = mapping_columns(o->m->purpose);
	bool theirs = false;
	for (unsigned i = 0; columns[i]; i++) {
		if (!group->targets[i].count)
			continue;
		o->id = NULL;
		put_value(o->m, row, i, value_of(o, &group->targets[i], &theirs));
		row->ids[i] = row->values[i] ? NULL : o->id;
		if (i == (o->m->purpose == MAPPING_MARKS ? 2u : (unsigned)ROSTER_BIRTH_DATE))
			put_date(o->m, row, i);
	}
	return theirs || o->m->purpose == MAPPING_MARKS;
}

static void give(struct origin *o, const struct mapped *row, mapped_row *give_row, void *context)
{
	struct mapped one = *row;
	if (o->full) {
		one.field = 0;
		one.fault = "the row's texts are too long";
	}
	give_row(context, &one);
}

/* One row for each of the mapping's groups, or of the elements of its list. How many. */
static unsigned take_each(struct origin *o, const struct mapping_group *group, const struct mapped *base, mapped_row *give_row,
                          void *context)
{
	struct origin inner = *o;
	struct mapped row = *base;
	unsigned count = 0;
	if (!group->in || !o->m->json) {
		if (!take_group(&inner, group, &row))
			return 0;
		give(&inner, &row, give_row, context);
		return 1;
	}
	char path[128], *key, *left = path;
	const json_t *list = o->entry;
	snprintf(path, sizeof path, "%s", group->in);
	while (list && (key = strsep(&left, ".")))
		list = unwrap(json_object_get(unwrap(list), key));
	size_t index;
	json_array_foreach(list, index, inner.entry) {
		row = *base;
		if (take_group(&inner, group, &row)) {
			give(&inner, &row, give_row, context);
			count++;
		}
	}
	return count;
}

void mapping_take(struct mapping *m, const struct record *record, const json_t *entry, mapped_row *give_row, void *context)
{
	struct origin o = { .m = m, .record = record, .entry = entry };
	struct mapped row = { .fault = NULL };
	m->room_used = 0;
	take_group(&o, &m->base, &row);
	if (!row.values[0] && m->school) {
		row.values[0] = m->school;
		/* A school by its id in the other program. */
		const char *urn = beside_find(m->beside, m->school, "urn");
		row.values[0] = urn ? urn : m->school;
	}
	unsigned count = 0;
	for (unsigned i = 0; i < m->each_count; i++)
		count += take_each(&o, &m->each[i], &row, give_row, context);
	/* Marks are all in the groups; a pupil without parents is a pupil. */
	if (!m->each_count || (!count && m->purpose == MAPPING_ROSTER))
		give(&o, &row, give_row, context);
}
