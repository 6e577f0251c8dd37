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

struct place {
	unsigned long long part, whole;
	const char *upn;
	json_t *row;
};

/* The greater share of its whole first, then the greater part; equal ones in the order of UPNs. */
static int by_share(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	unsigned long long more = x->part * y->whole, less = y->part * x->whole;
	if (more == less) {
		more = x->part;
		less = y->part;
	}
	if (more != less)
		return more > less ? -1 : 1;
	return strcmp(x->upn, y->upn);
}

/* Rows by the share of `whole` that `part` is, or that it is without `less`. */
static void sort(struct report_table *t, const char *part, const char *less, const char *whole)
{
	size_t count = json_array_size(t->rows), index;
	struct place *places = malloc((count + 1) * sizeof *places);
	json_t *row, *sorted = json_array();
	if (!places)
		abort();
	json_array_foreach(t->rows, index, row)
		places[index] = (struct place){ report_number(row, part) - (less ? report_number(row, less) : 0), report_number(row, whole),
		                                report_text(row, "upn"), row };
	qsort(places, count, sizeof *places, by_share);
	for (size_t i = 0; i < count; i++)
		json_array_append(sorted, places[i].row);
	free(places);
	json_decref(t->rows);
	t->rows = sorted;
}

/* ---- broken weeks, against the weeks that the school was in session (SP-04) ---- */

static void take_broken(struct report_table *t, const struct report_filter *f, enum report_source source, const json_t *row)
{
	(void)f;
	(void)source;
	if (report_number(row, "broken_weeks"))
		report_keep(t, row);
}

static void finish_broken(struct report_table *t)
{
	sort(t, "broken_weeks", NULL, "weeks_in_session");
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

void report_sort_by_absence(struct report_table *t)
{
	sort(t, "possible", "attended", "possible");
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

static void finish_threshold(struct report_table *t)
{
	sort(t, "unauthorised_10_weeks", NULL, "threshold");
}

const struct report_form report_form_threshold = {
	.name = "threshold", .title = "Unauthorised sessions in ten school weeks", .sources = 1u << REPORT_PUPILS, .take = take_threshold,
	.finish = finish_threshold,
	.columns = { COLUMNS_WHO, { "unauthorised_10_weeks", ">sessions" }, { "threshold", ">threshold" }, { "reached", "reached" },
	             { "latest", "registers to" }, { "case", "case" } },
};
