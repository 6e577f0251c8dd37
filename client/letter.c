/* SPDX-License-Identifier: Apache-2.0 */
#include "client/letter.h"

#include <stdlib.h>
#include <string.h>

#include "client/table.h"

static const char by_hand[] = "____________";

/* "Head: cell", or the cell alone. */
static void print_cell(FILE *out, const char *head, const char *cell)
{
	char *line = NULL;
	const char *value = *cell ? cell : by_hand;
	if (asprintf(&line, "%s%s%s", head ? head : "", head ? ": " : "", value) < 0)
		abort();
	print_folded(out, line, 0);
	free(line);
}

static const char *cell_of(const json_t *cells, size_t i)
{
	const char *text = json_string_value(json_array_get(cells, i));
	return text ? text : "";
}

/* Under heads a row is a line a cell; without, its first cell is the head of the rest. */
static void print_row(FILE *out, const json_t *heads, const json_t *cells)
{
	size_t count = json_array_size(cells), first = json_array_size(heads) || count == 1 ? 0 : 1;
	for (size_t i = first; i < count; i++)
		print_cell(out, first ? cell_of(cells, 0) : json_array_size(heads) ? cell_of(heads, i) : NULL, cell_of(cells, i));
	if (json_array_size(heads))
		fputc('\n', out);
}

void letter_print(FILE *out, const json_t *blocks)
{
	const json_t *heads = NULL;
	const char *before = "";
	size_t i;
	json_t *block;
	json_array_foreach(blocks, i, block) {
		const char *kind = json_string_value(json_object_get(block, "kind"));
		const json_t *cells = json_object_get(block, "cells");
		if (!kind)
			continue;
		bool member = strcmp(kind, "item") == 0 || strcmp(kind, "row") == 0;
		/* under heads each row ends with an empty line */
		if (i && !member && !(strcmp(before, "row") == 0 && json_array_size(heads)))
			fputc('\n', out);
		if (strcmp(kind, "table") == 0)
			heads = cells;
		else if (strcmp(kind, "row") == 0)
			print_row(out, heads, cells);
		else if (strcmp(kind, "item") == 0) {
			fputs("- ", out);
			print_folded(out, cell_of(cells, 0), 2);
		} else if (strcmp(kind, "list") != 0) {
			print_folded(out, cell_of(cells, 0), 0);
		}
		before = kind;
	}
}
