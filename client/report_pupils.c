/* report_pupils.c - tables that list pupils, those first who need looking at first.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "client/report_parts.h"

#define COLUMNS_WHO \
	{ "upn", "pupil" }, { "surname", "surname" }, { "forename", "forename" }, { "urn", "school" }, { "year_group", "year" }
#define COLUMNS_YEAR \
	{ "percentage", ">attends %" }, { "possible", ">possible" }, { "attended", NULL }, { "authorised", ">authorised" }, \
	{ "unauthorised", ">unauthorised" }, { "late", NULL }

json_t *report_keep(struct report_table *t, const json_t *row)
{
	json_t *kept = json_object();
	json_object_set_new(kept, "table", json_string(t->form->name));
	for (const struct report_column *c = t->form->columns; c->key; c++)
		json_object_set(kept, c->key, json_object_get(row, c->key));
	json_array_append_new(t->rows, kept);
	return kept;
}

static void sort(struct report_table *t, int compare(const void *, const void *))
{
	size_t count = json_array_size(t->rows);
	json_t **list = malloc((count + 1) * sizeof(json_t *)), *sorted = json_array();
	if (!list)
		abort();
	for (size_t i = 0; i < count; i++)
		list[i] = json_array_get(t->rows, i);
	qsort(list, count, sizeof(json_t *), compare);
	for (size_t i = 0; i < count; i++)
		json_array_append(sorted, list[i]);
	free(list);
	json_decref(t->rows);
	t->rows = sorted;
}

/* The greater share of its whole first, then the greater part; equal ones in the order of UPNs. */
static int by_share(const void *a, const void *b, unsigned part(const json_t *), const char *whole)
{
	const json_t *x = *(json_t *const *)a, *y = *(json_t *const *)b;
	unsigned long long more = (unsigned long long)part(x) * report_number(y, whole);
	unsigned long long less = (unsigned long long)part(y) * report_number(x, whole);
	if (more == less) {
		more = part(x);
		less = part(y);
	}
	if (more != less)
		return more > less ? -1 : 1;
	return strcmp(report_text(x, "upn"), report_text(y, "upn"));
}

/* ---- broken weeks, against the weeks that the school was in session (SP-04) ---- */

static void take_broken(struct report_table *t, const struct report_filter *f, enum report_source source, const json_t *row)
{
	(void)f;
	(void)source;
	if (report_number(row, "broken_weeks"))
		report_keep(t, row);
}

static unsigned broken(const json_t *row)
{
	return report_number(row, "broken_weeks");
}

static int by_broken(const void *a, const void *b)
{
	return by_share(a, b, broken, "weeks_in_session");
}

static void finish_broken(struct report_table *t)
{
	sort(t, by_broken);
}

const struct report_form report_form_broken_weeks = {
	.name = "broken-weeks", .title = "Broken weeks", .sources = 1u << REPORT_PUPILS, .take = take_broken, .finish = finish_broken,
	.columns = { COLUMNS_WHO, { "broken_weeks", ">broken" }, { "weeks_in_session", ">of weeks" }, { "percentage", ">attends %" },
	             { "absent_on", "absent on" }, { "absent_codes", "codes" } },
};

/* ---- persistent and severe absence ---- */

static void take_persistent(struct report_table *t, const struct report_filter *f, enum report_source source, const json_t *row)
{
	(void)f;
	(void)source;
	if (json_is_true(json_object_get(row, "persistent")))
		report_keep(t, row);
}

static unsigned absent(const json_t *row)
{
	return report_number(row, "possible") - report_number(row, "attended");
}

static int by_absence(const void *a, const void *b)
{
	return by_share(a, b, absent, "possible");
}

void report_sort_by_absence(struct report_table *t)
{
	sort(t, by_absence);
}

const struct report_form report_form_persistent = {
	.name = "persistent", .title = "Persistent and severe absence", .sources = 1u << REPORT_PUPILS, .take = take_persistent,
	.finish = report_sort_by_absence,
	.columns = { COLUMNS_WHO, COLUMNS_YEAR, { "severe", "severe" }, { "case", "case" } },
};

/* ---- the threshold of penalty notices ---- */

static void take_threshold(struct report_table *t, const struct report_filter *f, enum report_source source, const json_t *row)
{
	(void)source;
	unsigned threshold = report_number(row, "threshold"), sessions = report_number(row, "unauthorised_10_weeks");
	if (!threshold || !sessions || sessions + f->near < threshold)
		return;
	json_object_set_new(report_keep(t, row), "reached", json_boolean(sessions >= threshold));
}

static int by_sessions(const void *a, const void *b)
{
	const json_t *x = *(json_t *const *)a, *y = *(json_t *const *)b;
	unsigned more = report_number(x, "unauthorised_10_weeks"), less = report_number(y, "unauthorised_10_weeks");
	if (more != less)
		return more > less ? -1 : 1;
	return strcmp(report_text(x, "upn"), report_text(y, "upn"));
}

static void finish_threshold(struct report_table *t)
{
	sort(t, by_sessions);
}

const struct report_form report_form_threshold = {
	.name = "threshold", .title = "Unauthorised sessions in ten school weeks", .sources = 1u << REPORT_PUPILS, .take = take_threshold,
	.finish = finish_threshold,
	.columns = { COLUMNS_WHO, { "unauthorised_10_weeks", ">sessions" }, { "threshold", ">threshold" }, { "reached", "reached" },
	             { "latest", "registers to" }, { "case", "case" } },
};
