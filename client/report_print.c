/* report_print.c - a report for people, for spreadsheets, for programs.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "client/report_parts.h"
#include "client/table.h"
#include "client/when.h"

enum { CELL_SIZE = 400, CSV_COLUMNS_MAX = REPORT_TABLES_MAX * REPORT_COLUMNS_MAX };

/* Adds words to a cell, after a mark where it has some; what doesn't fit is left out. */
static void more(char cell[CELL_SIZE], const char *between, const char *words)
{
	size_t used = strlen(cell);
	snprintf(cell + used, CELL_SIZE - used, "%s%s", used ? between : "", words);
}

/* Absences by weekday, "Mon 3, Fri 1". */
static void days_cell(char cell[CELL_SIZE], const json_t *days)
{
	static const char *const names[] = { "Mon", "Tue", "Wed", "Thu", "Fri" };
	for (size_t i = 0; i < 5; i++) {
		char one[32];
		snprintf(one, sizeof one, "%s %lld", names[i], (long long)json_integer_value(json_array_get(days, i)));
		if (json_integer_value(json_array_get(days, i)))
			more(cell, ", ", one);
	}
}

static void list_cell(char cell[CELL_SIZE], const json_t *value)
{
	const char *key;
	json_t *one;
	size_t index;
	char words[120];
	json_object_foreach((json_t *)(uintptr_t)value, key, one) {
		snprintf(words, sizeof words, "%s %lld", key, (long long)json_integer_value(one));
		more(cell, ", ", words);
	}
	if (json_is_integer(json_array_get(value, 0))) {
		days_cell(cell, value);
		return;
	}
	json_array_foreach(value, index, one)
		more(cell, "; ", json_is_string(one) ? json_string_value(one) : "");
}

static const char *cell_of(char cell[CELL_SIZE], const json_t *value, bool for_people)
{
	cell[0] = '\0';
	if (json_is_string(value))
		return json_string_value(value);
	if (json_is_real(value))
		snprintf(cell, CELL_SIZE, "%.1f", json_real_value(value));
	else if (json_is_integer(value))
		snprintf(cell, CELL_SIZE, "%lld", (long long)json_integer_value(value));
	else if (json_is_boolean(value))
		snprintf(cell, CELL_SIZE, "%s", json_is_true(value) ? "yes" : for_people ? "" : "no");
	else
		list_cell(cell, value);
	return cell;
}

/* A text's parts on lines of their own; the caller frees. */
static char *in_lines(const char *text)
{
	char *lines = strdup(text), *at = lines;
	size_t size = strlen(REPORT_PARTS);
	while (at && (at = strstr(at, REPORT_PARTS)) != NULL) {
		*at++ = '\n';
		memmove(at, at + size - 1, strlen(at + size - 1) + 1);
	}
	return lines;
}

static void print_one(const struct report_table *t, FILE *out)
{
	const char *titles[TABLE_COLUMNS_MAX + 1] = { NULL }, *cells[TABLE_COLUMNS_MAX];
	char room[TABLE_COLUMNS_MAX][CELL_SIZE], date[TABLE_COLUMNS_MAX][WHEN_SIZE];
	const struct report_column *shown[TABLE_COLUMNS_MAX];
	unsigned count = 0;
	size_t index;
	json_t *row;

	for (const struct report_column *c = t->form->columns; c->key; c++)
		if (c->title && count < TABLE_COLUMNS_MAX) {
			shown[count] = c;
			titles[count++] = c->title;
		}
	struct table *table = table_new(titles);
	json_array_foreach(t->rows, index, row) {
		for (unsigned i = 0; i < count; i++) {
			cells[i] = cell_of(room[i], json_object_get(row, shown[i]->key), true);
			if (strlen(cells[i]) == 10 && cells[i][4] == '-' && cells[i][7] == '-')
				cells[i] = when_date(date[i], cells[i]);
		}
		char *last = in_lines(cells[count - 1]);
		cells[count - 1] = last;
		table_row(table, cells);
		free(last);
	}
	table_print(table, out, "  ");
}

void report_print(struct report *r, FILE *out)
{
	report_rows(r);
	for (unsigned i = 0; i < r->table_count; i++) {
		const struct report_table *t = &r->tables[i];
		fprintf(out, "%s%s%s\n", i ? "\n" : "", t->form->title, json_array_size(t->rows) ? "" : ": none");
		print_one(t, out);
	}
}

/* What a spreadsheet would take for a formula gets an apostrophe before it: names come from
 * outside. */
static void csv_cell(FILE *out, const char *text)
{
	const char *guard = text[0] && strchr("=+-@\t", text[0]) ? "'" : "";
	if (!*guard && !text[strcspn(text, "\",\r\n")]) {
		fputs(text, out);
		return;
	}
	fprintf(out, "\"%s", guard);
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', out);
		fputc(*text, out);
	}
	fputc('"', out);
}

static unsigned csv_columns(const struct report *r, const char *keys[CSV_COLUMNS_MAX])
{
	unsigned count = 0;
	for (unsigned i = 0; i < r->table_count; i++)
		for (const struct report_column *c = r->tables[i].form->columns; c->key; c++) {
			unsigned at = 0;
			while (at < count && strcmp(keys[at], c->key) != 0)
				at++;
			if (at == count)
				keys[count++] = c->key;
		}
	return count;
}

void report_print_csv(struct report *r, FILE *out)
{
	const char *keys[CSV_COLUMNS_MAX];
	unsigned count = csv_columns(r, keys);
	size_t index;
	json_t *row;

	fputs("table", out);
	for (unsigned i = 0; i < count; i++)
		fprintf(out, ",%s", keys[i]);
	fputs("\r\n", out);
	json_array_foreach(report_rows(r), index, row) {
		fputs(report_text(row, "table"), out);
		for (unsigned i = 0; i < count; i++) {
			char room[CELL_SIZE];
			fputc(',', out);
			csv_cell(out, cell_of(room, json_object_get(row, keys[i]), false));
		}
		fputs("\r\n", out);
	}
}

void report_print_json(struct report *r, FILE *out)
{
	size_t index;
	json_t *row;
	json_array_foreach(report_rows(r), index, row) {
		json_dumpf(row, out, JSON_COMPACT | JSON_REAL_PRECISION(12));
		fputc('\n', out);
	}
}
