/* SPDX-License-Identifier: Apache-2.0 */
#include "client/mapping.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/mark_rows.h"
#include "client/roster.h"
#include "pathways/document.h"

_Static_assert(MARK_COLUMNS <= 12 && ROSTER_COLUMNS <= 12 && MAPPING_TARGETS_MAX == 12, "a target for each");

const char *const *mapping_columns(enum mapping_for purpose)
{
	return purpose == MAPPING_MARKS ? mark_columns : roster_columns;
}

struct reading {
	struct mapping *m;
	struct document doc;
	struct compile_report report;
};

static const char *keep(struct mapping *m, struct slice text)
{
	char *kept = m->texts + m->texts_used;
	memcpy(kept, text.bytes, text.size);
	kept[text.size] = '\0';
	m->texts_used += text.size + 1;
	return kept;
}

static const struct node *at_node(const struct reading *r, uint32_t at)
{
	return &r->doc.nodes[at];
}

static const char *scalar(struct reading *r, uint32_t at, const char *what)
{
	const struct node *node = at_node(r, at);
	if (node->kind == NODE_SCALAR && !memchr(node->text.bytes, '\0', node->text.size))
		return keep(r->m, node->text);
	fault_node(&r->report, node, "%s: a text is wanted", what);
	return NULL;
}

/* A column that the header is asked for; a template's are those in its braces. */
static void add_name(struct reading *r, const struct node *node, const char *text, size_t size)
{
	struct mapping *m = r->m;
	for (unsigned i = 0; i < m->name_count; i++)
		if (strlen(m->names[i]) == size && strncmp(m->names[i], text, size) == 0)
			return;
	if (m->name_count == MAPPING_NAMES_MAX)
		fault_node(&r->report, node, "more than %d columns", MAPPING_NAMES_MAX);
	else
		m->names[m->name_count++] = keep(m, slice_of((const uint8_t *)text, size));
}

static void add_names(struct reading *r, const struct node *node, const char *source)
{
	if (*source == '=')
		return;
	if (!strchr(source, '{')) {
		add_name(r, node, source, strlen(source));
		return;
	}
	for (const char *open = source, *close; (open = strchr(open, '{')); open = close) {
		close = strchr(open, '}');
		if (!close || close == open + 1) {
			fault_node(&r->report, node, "\"%.60s\": each { is closed by a }, with a column's name between", source);
			return;
		}
		add_name(r, node, open + 1, (size_t)(close - open) - 1);
	}
}

static void read_sources(struct reading *r, uint32_t at, struct mapping_target *target, const char *what)
{
	uint32_t item = at_node(r, at)->kind == NODE_LIST ? at_node(r, at)->first : at;
	bool list = item != at;
	while (item) {
		const char *text = scalar(r, item, what);
		if (text && target->count == MAPPING_ALTERNATIVES_MAX)
			fault_node(&r->report, at_node(r, item), "%s: at most %d alternatives", what, MAPPING_ALTERNATIVES_MAX);
		else if (text && *text) {
			target->sources[target->count++] = text;
			add_names(r, at_node(r, item), text);
		}
		item = list ? at_node(r, item)->next : 0;
	}
}

static int target_of(struct reading *r, uint32_t key)
{
	const char *const *columns = mapping_columns(r->m->purpose);
	for (int i = 0; columns[i]; i++)
		if (slice_is(at_node(r, key)->text, columns[i]))
			return i;
	char known[200] = "";
	for (int i = 0; columns[i]; i++)
		snprintf(known + strlen(known), sizeof known - strlen(known), "%s%s", i ? ", " : "", columns[i]);
	fault_node(&r->report, at_node(r, key), "\"%.*s\" is nothing that attend has; it has %s", (int)at_node(r, key)->text.size,
	           (const char *)at_node(r, key)->text.bytes, known);
	return -1;
}

/* The keys and values of a map. */
static bool each_pair(struct reading *r, uint32_t map, const char *what, uint32_t *key, uint32_t *value)
{
	if (at_node(r, map)->kind != NODE_MAP) {
		fault_node(&r->report, at_node(r, map), "%s: a map is wanted, as  upn: UPN", what);
		return false;
	}
	*key = *key ? at_node(r, *value)->next : at_node(r, map)->first;
	if (!*key)
		return false;
	*value = at_node(r, *key)->next;
	return true;
}

static void read_group(struct reading *r, uint32_t map, struct mapping_group *group, const char *what, bool of_each)
{
	for (uint32_t key = 0, value = 0; each_pair(r, map, what, &key, &value);) {
		if (of_each && slice_is(at_node(r, key)->text, "in")) {
			group->in = scalar(r, value, "in");
			continue;
		}
		int target = target_of(r, key);
		if (target >= 0)
			read_sources(r, value, &group->targets[target], mapping_columns(r->m->purpose)[target]);
	}
}

static void read_each(struct reading *r, uint32_t list)
{
	if (at_node(r, list)->kind != NODE_LIST) {
		fault_node(&r->report, at_node(r, list), "each: a list of maps is wanted");
		return;
	}
	for (uint32_t item = at_node(r, list)->first; item; item = at_node(r, item)->next) {
		if (r->m->each_count == MAPPING_EACH_MAX) {
			fault_node(&r->report, at_node(r, item), "each: at most %d", MAPPING_EACH_MAX);
			return;
		}
		read_group(r, item, &r->m->each[r->m->each_count++], "each", true);
	}
}

static void add_value(struct reading *r, unsigned target, uint32_t item, const char *ours)
{
	const char *theirs = scalar(r, item, "values");
	if (!theirs)
		return;
	if (r->m->value_count == MAPPING_VALUES_MAX)
		fault_node(&r->report, at_node(r, item), "values: at most %d", MAPPING_VALUES_MAX);
	else
		r->m->values[r->m->value_count++] = (struct mapping_value){ target, theirs, ours };
}

/* session: {AM: [Morning, "1"]}: ours, and what they write for it. */
static void read_values(struct reading *r, uint32_t map)
{
	for (uint32_t key = 0, value = 0; each_pair(r, map, "values", &key, &value);) {
		int target = target_of(r, key);
		for (uint32_t ours = 0, theirs = 0; target >= 0 && each_pair(r, value, "values", &ours, &theirs);) {
			const char *text = scalar(r, ours, "values");
			text = text && strcmp(text, "none") == 0 ? NULL : text;
			bool list = at_node(r, theirs)->kind == NODE_LIST;
			for (uint32_t item = list ? at_node(r, theirs)->first : theirs; item; item = list ? at_node(r, item)->next : 0)
				add_value(r, (unsigned)target, item, text);
		}
	}
}

static void read_word(struct reading *r, const struct node *key, uint32_t value)
{
	struct mapping *m = r->m;
	if (slice_is(key->text, "mapping")) {
		m->name = scalar(r, value, "mapping");
	} else if (slice_is(key->text, "title")) {
		m->title = scalar(r, value, "title");
	} else if (slice_is(key->text, "for")) {
		if (!slice_is(at_node(r, value)->text, m->purpose == MAPPING_MARKS ? "marks" : "roster"))
			fault_node(&r->report, at_node(r, value), "this mapping is for: %.*s, so it is one for attend %s",
			           (int)at_node(r, value)->text.size, (const char *)at_node(r, value)->text.bytes,
			           m->purpose == MAPPING_MARKS ? "roster" : "push");
	} else if (slice_is(key->text, "file")) {
		m->json = slice_is(at_node(r, value)->text, "json");
		if (!m->json && !slice_is(at_node(r, value)->text, "csv"))
			fault_node(&r->report, at_node(r, value), "file: csv or json is wanted");
	} else if (slice_is(key->text, "dates")) {
		const char *format = scalar(r, value, "dates");
		if (format && mapping_date_format_ok(format))
			snprintf(m->date, sizeof m->date, "%s", format);
		else if (format && strcmp(format, "ask") != 0)
			fault_node(&r->report, at_node(r, value), "dates: of YYYY, YY, MM, M, MON, DD, D with what stands between, as DD/MM/YYYY; "
			           "a * at the end passes over a time");
	} else if (slice_is(key->text, "school")) {
		m->school = scalar(r, value, "school");
	} else if (slice_is(key->text, "columns")) {
		read_group(r, value, &m->base, "columns", false);
	} else if (slice_is(key->text, "each")) {
		read_each(r, value);
	} else if (slice_is(key->text, "values")) {
		read_values(r, value);
	} else {
		fault_node(&r->report, key, "\"%.*s\" is no word of a mapping; there are mapping, title, for, file, dates, school, columns, "
		           "each, values", (int)key->text.size, (const char *)key->text.bytes);
	}
}

static bool maps(const struct mapping *m, unsigned target)
{
	bool found = m->base.targets[target].count > 0;
	for (unsigned i = 0; i < m->each_count; i++)
		found = found || m->each[i].targets[target].count > 0;
	return found;
}

/* What must be there, whatever the file: all that a row can't do without, a school, the dates' form. */
static void check(struct reading *r, const char *school, const char *date)
{
	static const char *const wanted[] = { "upn, date, session and code", "upn, surname and forename" };
	const struct mapping *m = r->m;
	bool marks = m->purpose == MAPPING_MARKS;
	unsigned day = marks ? 2 : ROSTER_BIRTH_DATE;
	for (unsigned i = 1; i <= (marks ? 4u : 3u); i++)
		if (!maps(m, i)) {
			fault_at(&r->report, 1, 1, "columns: nothing for %s; wanted are %s", mapping_columns(m->purpose)[i], wanted[m->purpose]);
			return;
		}
	if (!maps(m, 0) && !m->school)
		fault_at(&r->report, 1, 1, "which school are the rows of? Give --school URN, a column for urn, or school: URN here");
	if (m->school && school && !school[0])
		fault_at(&r->report, 1, 1, "--school is empty");
	if (date && !mapping_date_format_ok(date))
		fault_at(&r->report, 1, 1, "--date %.40s: of YYYY, YY, MM, M, MON, DD, D with what stands between, as DD/MM/YYYY", date);
	if (maps(m, day) && !m->date[0])
		fault_at(&r->report, 1, 1, "in which form are the dates of the file, day or month first? Write dates: DD/MM/YYYY here "
		         "(or MM/DD/YYYY, YYYY-MM-DD ...), or give --date");
}

static void read_words(struct reading *r, uint32_t root, const char *school, const char *date)
{
	for (uint32_t key = 0, value = 0; each_pair(r, root, "the file", &key, &value);)
		read_word(r, at_node(r, key), value);
	if (school)
		r->m->school = keep(r->m, slice_text(school));
	if (date)
		snprintf(r->m->date, sizeof r->m->date, "%s", date);
	if (!r->report.count)
		check(r, school, date);
}

struct mapping *mapping_read(const char *text, size_t size, const char *path, enum mapping_for purpose, const char *school,
                             const char *date, char *why, size_t why_size)
{
	static struct reading r; /* a report is large */
	uint32_t root;
	r = (struct reading){ .m = calloc(1, sizeof *r.m) };
	if (r.m) {
		r.m->purpose = purpose;
		r.m->texts = malloc(4 * size + (school ? strlen(school) : 0) + MAPPING_NAMES_MAX + DOCUMENT_NODES_MAX);
		r.m->room = malloc(MAPPING_ROOM);
	}
	if (!r.m || !r.m->texts || !r.m->room || !document_open(&r.doc, &r.report)) {
		snprintf(why, why_size, "no memory");
		mapping_close(&r.m);
		return NULL;
	}
	if (document_read(&r.doc, slice_of((const uint8_t *)text, size), 0, &r.report, &root))
		read_words(&r, root, school, date);
	document_free(&r.doc);
	faults_sort(&r.report);
	if (r.report.count) {
		const struct compile_fault *fault = &r.report.faults[0];
		snprintf(why, why_size, "%s:%u:%u: %s", path, fault->line, fault->column, fault->text);
		mapping_close(&r.m);
	}
	return r.m;
}

void mapping_close(struct mapping **mapping)
{
	if (!*mapping)
		return;
	free((*mapping)->texts);
	free((*mapping)->room);
	free(*mapping);
	*mapping = NULL;
}
