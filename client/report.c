/* SPDX-License-Identifier: Apache-2.0 */
#include "client/report_parts.h"

#include <stdlib.h>
#include <string.h>

static const struct {
	const char *kind;
	const struct report_form *tables[REPORT_TABLES_MAX];
} kinds[] = {
	{ "broken-weeks", { &report_form_broken_weeks } },
	{ "persistent", { &report_form_persistent } },
	{ "attendance", { &report_form_attendance } },
	{ "threshold", { &report_form_threshold } },
	{ "groups", { &report_form_vulnerability, &report_form_category, &report_form_code } },
	{ "governors", { &report_form_attendance, &report_form_vulnerability, &report_form_category, &report_form_code, &report_form_notices } },
	{ "meeting", { &report_form_schools, &report_form_trends, &report_form_listed } },
	{ "notices", { &report_form_notices } },
	{ "deadlines", { &report_form_deadlines } },
};

const char *report_source_text(enum report_source source)
{
	static const char *const texts[] = {
#define X(name, text) text,
		REPORT_SOURCES(X)
#undef X
	};
	return texts[source];
}

unsigned report_number(const json_t *row, const char *key)
{
	return (unsigned)json_integer_value(json_object_get(row, key));
}

const char *report_text(const json_t *row, const char *key)
{
	const char *text = json_string_value(json_object_get(row, key));
	return text ? text : "";
}

void report_count(json_t *row, const char *key, unsigned by)
{
	json_object_set_new(row, key, json_integer((json_int_t)(report_number(row, key) + by)));
}

json_t *report_percent(unsigned part, unsigned whole)
{
	return whole ? json_real((double)((part * 2000ULL + whole) / (2ULL * whole)) / 10.0) : json_null();
}

struct report *report_open(const char *kind, const struct report_filter *filter)
{
	size_t at = 0;
	while (at < sizeof kinds / sizeof *kinds && strcmp(kinds[at].kind, kind) != 0)
		at++;
	struct report *r = at < sizeof kinds / sizeof *kinds ? calloc(1, sizeof *r) : NULL;
	if (!r)
		return NULL;
	r->kind = kinds[at].kind;
	r->filter = *filter;
	for (; r->table_count < REPORT_TABLES_MAX && kinds[at].tables[r->table_count]; r->table_count++) {
		struct report_table *t = &r->tables[r->table_count];
		t->form = kinds[at].tables[r->table_count];
		t->rows = json_array();
		t->places = json_object();
		t->named = json_array();
	}
	return r;
}

void report_close(struct report **report)
{
	struct report *r = *report;
	*report = NULL;
	if (!r)
		return;
	for (unsigned i = 0; i < r->table_count; i++) {
		json_decref(r->tables[i].rows);
		json_decref(r->tables[i].places);
		json_decref(r->tables[i].named);
		free(r->tables[i].sums);
	}
	json_decref(r->rows);
	free(r);
}

bool report_wants(const struct report *r, enum report_source source)
{
	for (unsigned i = 0; i < r->table_count; i++)
		if (r->tables[i].form->sources >> source & 1)
			return true;
	return false;
}

static bool among(const json_t *list, const char *name)
{
	size_t index;
	json_t *one;
	json_array_foreach(list, index, one)
		if (strcmp(json_string_value(one), name) == 0)
			return true;
	return false;
}

static bool counts(const struct report_filter *f, const json_t *row)
{
	if (f->year_group && strcmp(f->year_group, report_text(row, "year_group")) != 0)
		return false;
	return !f->group || among(json_object_get(row, "facts"), f->group) || among(json_object_get(row, "groups"), f->group);
}

void report_take(struct report *r, enum report_source source, const json_t *row)
{
	if (source != REPORT_SCHOOLS && !counts(&r->filter, row))
		return;
	if (source == REPORT_PUPILS) {
		const char *latest = report_text(row, "latest");
		r->pupils++;
		if (strcmp(latest, r->latest) > 0)
			snprintf(r->latest, sizeof r->latest, "%s", latest);
	}
	for (unsigned i = 0; i < r->table_count; i++)
		if (r->tables[i].form->sources >> source & 1)
			r->tables[i].form->take(&r->tables[i], &r->filter, source, row);
}

const json_t *report_rows(struct report *r)
{
	if (r->rows)
		return r->rows;
	r->rows = json_array();
	for (unsigned i = 0; i < r->table_count; i++) {
		size_t index;
		json_t *row;
		r->tables[i].form->finish(&r->tables[i]);
		json_array_foreach(r->tables[i].rows, index, row)
			json_array_append(r->rows, row);
	}
	return r->rows;
}

size_t report_pupils(const struct report *r)
{
	return r->pupils;
}

const char *report_latest(const struct report *r)
{
	return r->latest[0] ? r->latest : NULL;
}
