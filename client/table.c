/* SPDX-License-Identifier: Apache-2.0 */
#include "client/table.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct table {
	const char *titles[TABLE_COLUMNS_MAX];
	bool right[TABLE_COLUMNS_MAX];
	unsigned columns;
	unsigned widths[TABLE_COLUMNS_MAX];
	char **cells;
	size_t count, room;
};

static void *must(void *memory)
{
	if (!memory) {
		fputs("attend: no memory for a table\n", stderr);
		exit(2);
	}
	return memory;
}

/* Characters, counted by the bytes that begin one. */
static unsigned width_of(const char *text)
{
	unsigned width = 0;
	for (; *text; text++)
		width += ((unsigned char)*text & 0xc0) != 0x80;
	return width;
}

char *plain_text(const char *text)
{
	char *plain = must(malloc(3 * strlen(text) + 1)), *at = plain;
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text, next = (unsigned char)text[1];
		bool upper = c == 0xc2 && next >= 0x80 && next < 0xa0; /* U+0080 to U+009F, in two bytes */
		if (c == '\r')
			continue;
		if (c != '\n' && c != '\t' && (c < ' ' || c == 0x7f || upper)) {
			memcpy(at, "\357\277\275", 3);
			at += 3;
			text += upper;
		} else {
			*at++ = c == '\t' ? ' ' : *text;
		}
	}
	*at = '\0';
	return plain;
}

struct table *table_new(const char *const titles[])
{
	struct table *t = must(calloc(1, sizeof *t));
	for (; titles[t->columns] && t->columns < TABLE_COLUMNS_MAX; t->columns++) {
		const char *title = titles[t->columns];
		t->right[t->columns] = title[0] == '>';
		t->titles[t->columns] = title + (title[0] == '>');
		t->widths[t->columns] = width_of(t->titles[t->columns]);
	}
	return t;
}

void table_row(struct table *t, const char *const cells[])
{
	if (t->count + t->columns > t->room) {
		t->room = t->room ? t->room * 2 : 256;
		t->cells = must(realloc(t->cells, t->room * sizeof *t->cells));
	}
	for (unsigned i = 0; i < t->columns; i++) {
		char *cell = plain_text(cells[i] ? cells[i] : "");
		for (char *at = cell; *at && i + 1 < t->columns; at++)
			*at = *at == '\n' ? ' ' : *at; /* the last is folded */
		unsigned width = width_of(cell);
		t->cells[t->count++] = cell;
		if (width > t->widths[i])
			t->widths[i] = width;
	}
}

static void spaces(FILE *out, unsigned count)
{
	fprintf(out, "%*s", (int)count, "");
}

/* How many bytes of `text` go on one line of `width`: up to the last space that
 * fits, or a word whole where none does. */
static size_t line_of(const char *text, unsigned width)
{
	size_t at = 0, last_space = 0;
	unsigned used = 0;
	for (; text[at]; at++) {
		if (text[at] == ' ' || text[at] == '\n')
			last_space = at;
		if (text[at] == '\n')
			return at;
		used += ((unsigned char)text[at] & 0xc0) != 0x80;
		if (used > width && last_space)
			return last_space;
	}
	return at;
}

static void folded(FILE *out, const char *text, unsigned indent, unsigned width)
{
	for (;;) {
		size_t size = line_of(text, width);
		fwrite(text, 1, size, out);
		fputc('\n', out);
		text += size;
		while (*text == ' ' || *text == '\n')
			text++;
		if (!*text)
			return;
		spaces(out, indent);
	}
}

void print_folded(FILE *out, const char *text, unsigned indent)
{
	char *plain = plain_text(text);
	folded(out, plain, indent, indent < TABLE_WIDTH - 20 ? TABLE_WIDTH - indent : 20);
	free(plain);
}

static void print_line(const struct table *t, FILE *out, const char *indent, char *const cells[])
{
	unsigned used = width_of(indent);
	fputs(indent, out);
	for (unsigned i = 0; i < t->columns; i++) {
		unsigned pad = t->widths[i] - width_of(cells[i]);
		bool last = i + 1 == t->columns;
		if (t->right[i])
			spaces(out, pad);
		used += t->right[i] && last ? pad : 0;
		if (last) {
			print_folded(out, cells[i], used);
			return;
		}
		/* Nothing but spaces to the end of the line is left out. */
		bool rest = false;
		for (unsigned k = i + 1; k < t->columns; k++)
			rest = rest || cells[k][0];
		fputs(cells[i], out);
		if (!rest) {
			fputc('\n', out);
			return;
		}
		spaces(out, 2 + (t->right[i] ? 0 : pad));
		used += t->widths[i] + 2;
	}
}

void table_print(struct table *t, FILE *out, const char *indent)
{
	bool titled = false;
	for (unsigned i = 0; i < t->columns; i++)
		titled = titled || t->titles[i][0];
	if (t->count && titled) {
		char *titles[TABLE_COLUMNS_MAX];
		for (unsigned i = 0; i < t->columns; i++)
			titles[i] = must(strdup(t->titles[i]));
		print_line(t, out, indent, titles);
		for (unsigned i = 0; i < t->columns; i++)
			free(titles[i]);
	}
	for (size_t row = 0; row < t->count; row += t->columns)
		print_line(t, out, indent, t->cells + row);
	for (size_t i = 0; i < t->count; i++)
		free(t->cells[i]);
	free(t->cells);
	free(t);
}
