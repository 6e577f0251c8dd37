/* report_cases.c - tables of what cases hold: penalty notices, deadlines.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "client/report_parts.h"

/* ---- penalty notices by their number in the window, and what became of them ---- */

/* A row of the table under these words, made where there is none yet. */
static json_t *row_under(struct report_table *t, const char *key, const char *words)
{
	json_t *row = json_object_get(t->places, words);
	if (!row) {
		row = json_object();
		json_object_set_new(row, "table", json_string(t->form->name));
		for (const struct report_column *c = t->form->columns; c->key; c++)
			json_object_set_new(row, c->key, json_integer(0));
		json_object_set_new(row, key, json_string(words));
		json_object_set_new(t->places, words, row);
	}
	return row;
}

static void take_notice(struct report_table *t, const struct report_filter *f, enum report_source source, const json_t *row)
{
	const json_t *notice = json_object_get(row, "notice");
	char number[16];
	(void)f;
	(void)source;
	snprintf(number, sizeof number, "%u", report_number(notice, "number"));
	for (int all = 0; all < 2; all++) {
		json_t *to = row_under(t, "number", all ? "all" : number);
		report_count(to, "notices", 1);
		report_count(to, report_text(row, "state"), 1);
	}
}

/* In the order of their keys; "all" stands behind digits. */
static void finish_by_key(struct report_table *t)
{
	const char *key;
	json_t *row;
	size_t at;
	json_object_foreach(t->places, key, row) {
		for (at = json_array_size(t->rows); at > 0; at--) {
			const char *before = report_text(json_array_get(t->rows, at - 1), t->form->columns[0].key);
			if (strcmp(before, "all") != 0 && (strcmp(key, "all") == 0 || strcmp(before, key) < 0))
				break;
		}
		json_array_insert(t->rows, at, row);
	}
}

static const struct report_bars bars_notices = {
	.label = { { "number", "" } }, .parts = { { "paid", "paid" }, { "open", "open" }, { "unpaid", "unpaid" }, { "withdrawn", "withdrawn" } },
};

const struct report_form report_form_notices = {
	.name = "notices", .title = "Penalty notices issued, by their number in the three years, and what became of them",
	.sources = 1u << REPORT_NOTICES, .take = take_notice, .finish = finish_by_key,
	.columns = { { "number", "number" }, { "notices", ">notices" }, { "open", ">open" }, { "paid", ">paid" }, { "unpaid", ">unpaid" },
	             { "withdrawn", ">withdrawn" } },
	.bars = &bars_notices,
};

/* ---- tasks met and missed, by whose hands the case is in ---- */

static void take_deadline(struct report_table *t, const struct report_filter *f, enum report_source source, const json_t *row)
{
	const char *name = report_text(row, "officer"), *status = report_text(row, "status");
	bool missed = strcmp(status, "missed") == 0;
	(void)f;
	(void)source;
	if (!name[0])
		name = report_text(row, "role");
	for (int all = 0; all < 2; all++) {
		json_t *to = row_under(t, "officer", all ? "all" : name);
		report_count(to, "tasks", 1);
		report_count(to, status, 1);
		report_count(to, "done_late", missed && json_is_true(json_object_get(row, "done")));
	}
}

static void finish_deadlines(struct report_table *t)
{
	size_t index;
	json_t *row;
	finish_by_key(t);
	json_array_foreach(t->rows, index, row)
		json_object_set_new(row, "met_percentage", report_percent(report_number(row, "met"), report_number(row, "met") + report_number(row, "missed")));
}

static const struct report_bars bars_deadlines = {
	.label = { { "officer", "" } }, .parts = { { "met", "met" }, { "open", "open" }, { "missed", "missed" } },
};

const struct report_form report_form_deadlines = {
	.name = "deadlines", .title = "Tasks due on cases, by the officer in whose hands the case is", .sources = 1u << REPORT_DEADLINES,
	.take = take_deadline, .finish = finish_deadlines,
	.columns = { { "officer", "officer" }, { "tasks", ">tasks" }, { "open", ">open" }, { "met", ">met" }, { "missed", ">missed" },
	             { "done_late", ">of them done late" }, { "met_percentage", ">met in time %" } },
	.bars = &bars_deadlines,
};
