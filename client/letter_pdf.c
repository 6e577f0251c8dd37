/* letter_pdf.c - letters laid out by pango on cairo's tagged PDF.
 *
 * Everything that is drawn stands in a structure element, so that a screen reader goes through
 * headings, paragraphs, lists and tables as they are meant.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "client/letter.h"

#include <stdlib.h>
#include <string.h>

#include <cairo-pdf.h>
#include <pango/pangocairo.h>

#include "client/pdf_catalog.h"

#ifdef __SANITIZE_ADDRESS__
/* Fontconfig keeps what it has found till the process ends, and pango looks in a thread of its own, so that it can't be
 * told to let go: what the leak check then says of them is nothing of ours. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libfontconfig\nleak:libpango\nleak:libcairo\n";
}
#endif

/* Points. */
static const double page_width = 595, page_height = 842, margin = 62, gap = 9, padding = 5, by_hand_height = 22;
enum { COLUMNS_MAX = 8 };

struct sheet {
	cairo_t *cr;
	double y;
	unsigned pages;
};

static double body_width(void)
{
	return page_width - 2 * margin;
}

/* Without ligatures: each is a text of its own within the element, which not every reader goes on behind. */
static PangoLayout *layout_new(const struct sheet *s, const char *text, double width, const char *font)
{
	PangoLayout *layout = pango_cairo_create_layout(s->cr);
	PangoFontDescription *description = pango_font_description_from_string(font);
	PangoAttrList *plain = pango_attr_list_new();
	pango_attr_list_insert(plain, pango_attr_font_features_new("liga=0, clig=0"));
	pango_layout_set_attributes(layout, plain);
	pango_attr_list_unref(plain);
	pango_cairo_context_set_resolution(pango_layout_get_context(layout), 72);
	pango_layout_context_changed(layout);
	pango_layout_set_font_description(layout, description);
	pango_font_description_free(description);
	pango_layout_set_width(layout, (int)(width * PANGO_SCALE));
	pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
	pango_layout_set_line_spacing(layout, 1.15f);
	pango_layout_set_text(layout, text, -1);
	return layout;
}

static void new_page(struct sheet *s)
{
	if (s->pages++)
		cairo_show_page(s->cr);
	s->y = margin;
}

static double left_on_page(const struct sheet *s)
{
	return page_height - margin - s->y;
}

static double line_height(PangoLayout *layout, int index)
{
	PangoRectangle logical;
	pango_layout_line_get_extents(pango_layout_get_line_readonly(layout, index), NULL, &logical);
	return (double)logical.height / PANGO_SCALE;
}

/* Laid out alone, so that the space at its end is a glyph, and a reader doesn't run two words together. */
static void draw_line(struct sheet *s, PangoLayout *layout, int index, double x, double y)
{
	PangoLayoutLine *line = pango_layout_get_line_readonly(layout, index);
	PangoLayout *alone = pango_layout_copy(layout);
	pango_layout_set_width(alone, -1);
	pango_layout_set_text(alone, pango_layout_get_text(layout) + line->start_index, line->length);
	cairo_move_to(s->cr, x, y + (double)pango_layout_get_baseline(alone) / PANGO_SCALE);
	pango_cairo_show_layout_line(s->cr, pango_layout_get_line_readonly(alone, 0));
	g_object_unref(alone);
}

/* Lines from `first` on, as many as fit into `room` (at least one where `force`): draws them and gives how high they
 * are; `*first` moves on. */
static double draw_lines(struct sheet *s, PangoLayout *layout, int *first, double x, double y, double room, bool force)
{
	double height = 0;
	int count = pango_layout_get_line_count(layout);
	for (; *first < count; ++*first, force = false) {
		if (height + line_height(layout, *first) > room && !force)
			break;
		draw_line(s, layout, *first, x, y + height);
		height += line_height(layout, *first);
	}
	return height;
}

/* A block of text in an element of its own; what does not fit goes on on the next page. */
static void draw_text(struct sheet *s, const char *tag, const char *text, double indent, const char *font)
{
	PangoLayout *layout = layout_new(s, text, body_width() - indent, font);
	int line = 0;
	cairo_tag_begin(s->cr, tag, NULL);
	while (line < pango_layout_get_line_count(layout)) {
		if (line_height(layout, line) > left_on_page(s))
			new_page(s);
		s->y += draw_lines(s, layout, &line, margin + indent, s->y, left_on_page(s), true);
	}
	cairo_tag_end(s->cr, tag);
	s->y += gap;
	g_object_unref(layout);
}

/* ---- tables ---- */

struct grid {
	unsigned columns;
	double widths[COLUMNS_MAX];
	bool heads;      /* its first row is its columns' heads; else each row's first cell is the row's */
};

static const char *cell_of(const json_t *cells, unsigned i)
{
	const char *text = json_string_value(json_array_get(cells, i));
	return text ? text : "";
}

/* Wider columns for longer texts, within reason. */
static struct grid grid_of(const json_t *blocks, size_t table)
{
	const json_t *heads = json_object_get(json_array_get(blocks, table), "cells");
	struct grid g = { .columns = (unsigned)json_array_size(heads), .heads = json_array_size(heads) > 0 };
	double sum = 0;
	for (size_t i = table; i < json_array_size(blocks); i++) {
		const json_t *block = json_array_get(blocks, i), *cells = json_object_get(block, "cells");
		if (i > table && strcmp(json_string_value(json_object_get(block, "kind")), "row") != 0)
			break;
		if (json_array_size(cells) > g.columns)
			g.columns = (unsigned)json_array_size(cells);
		for (unsigned c = 0; c < COLUMNS_MAX && c < json_array_size(cells); c++) {
			double length = (double)strlen(cell_of(cells, c));
			if (length > g.widths[c])
				g.widths[c] = length;
		}
	}
	if (g.columns > COLUMNS_MAX)
		g.columns = COLUMNS_MAX;
	for (unsigned c = 0; c < g.columns; c++) {
		double most = c == 0 && !g.heads ? 34 : 60; /* a row's head is no more than a third */
		g.widths[c] = g.widths[c] < 14 ? 14 : g.widths[c] > most ? most : g.widths[c];
		sum += g.widths[c];
	}
	for (unsigned c = 0; c < g.columns; c++)
		g.widths[c] *= body_width() / sum;
	return g;
}

/* As much of a row as fits on the page. True where all of it is drawn. */
static bool draw_part(struct sheet *s, const struct grid *g, PangoLayout *const layouts[], int lines[], bool heads)
{
	double x = margin, height = by_hand_height;
	bool all = true;
	cairo_tag_begin(s->cr, "TR", NULL);
	for (unsigned c = 0; c < g->columns; x += g->widths[c++]) {
		const char *tag = heads || (!g->heads && c == 0) ? "TH" : "TD";
		cairo_tag_begin(s->cr, tag, NULL);
		double drawn = layouts[c] ? draw_lines(s, layouts[c], &lines[c], x + padding, s->y + padding, left_on_page(s) - 2 * padding, true) : 0;
		cairo_tag_end(s->cr, tag);
		if (drawn + 2 * padding > height)
			height = drawn + 2 * padding;
		all = all && (!layouts[c] || lines[c] == pango_layout_get_line_count(layouts[c]));
	}
	cairo_tag_end(s->cr, "TR");
	cairo_set_line_width(s->cr, 0.6);
	x = margin;
	for (unsigned c = 0; c < g->columns; x += g->widths[c++])
		cairo_rectangle(s->cr, x, s->y, g->widths[c], height);
	cairo_stroke(s->cr);
	s->y += height;
	return all;
}

static void draw_row(struct sheet *s, const struct grid *g, const json_t *heads, const json_t *cells);

/* A table goes on on the next page, under its heads again. */
static void next_page_of_table(struct sheet *s, const struct grid *g, const json_t *heads)
{
	cairo_tag_end(s->cr, "Table");
	new_page(s);
	cairo_tag_begin(s->cr, "Table", NULL);
	if (heads)
		draw_row(s, g, NULL, heads);
}

static void draw_row(struct sheet *s, const struct grid *g, const json_t *heads, const json_t *cells)
{
	PangoLayout *layouts[COLUMNS_MAX] = { NULL };
	int lines[COLUMNS_MAX] = { 0 };
	double height = by_hand_height;
	bool is_heads = g->heads && !heads;
	for (unsigned c = 0; c < g->columns; c++) {
		int h;
		if (!*cell_of(cells, c))
			continue;
		layouts[c] = layout_new(s, cell_of(cells, c), g->widths[c] - 2 * padding, is_heads || (!g->heads && c == 0) ? "Sans Bold 10" : "Sans 10");
		pango_layout_get_pixel_size(layouts[c], NULL, &h);
		if (h + 2 * padding > height)
			height = h + 2 * padding;
	}
	/* a short row stays whole */
	if (height > left_on_page(s) && (height < page_height / 3 || left_on_page(s) < by_hand_height * 2))
		next_page_of_table(s, g, heads);
	while (!draw_part(s, g, layouts, lines, is_heads))
		next_page_of_table(s, g, heads);
	for (unsigned c = 0; c < g->columns; c++)
		g_clear_object(&layouts[c]);
}

/* ---- a letter ---- */

static void draw_item(struct sheet *s, const char *text)
{
	PangoLayout *bullet = layout_new(s, "\u2022", 12, "Sans 11");
	int line = 0;
	if (line_height(bullet, 0) > left_on_page(s))
		new_page(s);
	cairo_tag_begin(s->cr, "LI", NULL);
	cairo_tag_begin(s->cr, "Lbl", NULL);
	draw_lines(s, bullet, &line, margin + 6, s->y, left_on_page(s), true);
	cairo_tag_end(s->cr, "Lbl");
	g_object_unref(bullet);
	cairo_tag_begin(s->cr, "LBody", NULL);
	draw_text(s, "P", text, 20, "Sans 11");
	cairo_tag_end(s->cr, "LBody");
	cairo_tag_end(s->cr, "LI");
	s->y -= gap / 2;
}

static bool is_kind(const json_t *block, const char *kind)
{
	const char *is = json_string_value(json_object_get(block, "kind"));
	return is && strcmp(is, kind) == 0;
}

static void draw_letter(struct sheet *s, const json_t *blocks)
{
	const char *open = NULL; /* a list or a table that goes on */
	struct grid g = { 0 };
	const json_t *heads = NULL;
	size_t i;
	json_t *block;
	json_array_foreach(blocks, i, block) {
		const json_t *cells = json_object_get(block, "cells");
		bool member = is_kind(block, "item") || is_kind(block, "row");
		if (open && !member) {
			cairo_tag_end(s->cr, open);
			open = NULL;
			s->y += gap;
		}
		if (is_kind(block, "heading")) {
			if (left_on_page(s) < 6 * by_hand_height) /* not alone at a page's end */
				new_page(s);
			draw_text(s, "H1", cell_of(cells, 0), 0, "Sans Bold 13");
		} else if (is_kind(block, "text")) {
			draw_text(s, "P", cell_of(cells, 0), 0, "Sans 11");
		} else if (is_kind(block, "list") || is_kind(block, "table")) {
			open = is_kind(block, "list") ? "L" : "Table";
			g = grid_of(blocks, i);
			heads = g.heads ? cells : NULL;
			if (left_on_page(s) < 2.5 * by_hand_height)
				new_page(s);
			cairo_tag_begin(s->cr, open, NULL);
			if (is_kind(block, "table") && heads)
				draw_row(s, &g, NULL, heads);
		} else if (is_kind(block, "item")) {
			draw_item(s, cell_of(cells, 0));
		} else if (is_kind(block, "row")) {
			draw_row(s, &g, heads, cells);
		}
	}
	if (open)
		cairo_tag_end(s->cr, open);
}

static cairo_status_t take_bytes(void *closure, const unsigned char *data, unsigned size)
{
	return fwrite(data, 1, size, closure) == size ? CAIRO_STATUS_SUCCESS : CAIRO_STATUS_WRITE_ERROR;
}

unsigned letter_pdf(FILE *out, const char *title, const char *made, const json_t *items, char *why, size_t why_size)
{
	char *bytes = NULL, date[32];
	size_t size = 0, i;
	FILE *memory = open_memstream(&bytes, &size);
	cairo_surface_t *surface = cairo_pdf_surface_create_for_stream(take_bytes, memory, page_width, page_height);
	struct sheet s = { .cr = cairo_create(surface) };
	json_t *item;
	snprintf(date, sizeof date, "%sT00:00:00Z", made);
	cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE, title);
	cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATOR, "attend");
	cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATE_DATE, date);
	cairo_tag_begin(s.cr, "Document", NULL);
	json_array_foreach(items, i, item) {
		new_page(&s);
		draw_letter(&s, json_object_get(item, "blocks"));
	}
	cairo_tag_end(s.cr, "Document");
	cairo_show_page(s.cr);
	cairo_destroy(s.cr);
	cairo_surface_finish(surface);
	cairo_status_t status = cairo_surface_status(surface);
	cairo_surface_destroy(surface);
	fclose(memory);
	if (status != CAIRO_STATUS_SUCCESS)
		snprintf(why, why_size, "the PDF can't be made: %s", cairo_status_to_string(status));
	else if (!pdf_with_language(out, bytes, size, "en-GB"))
		snprintf(why, why_size, "it can't be written");
	else
		why[0] = '\0';
	free(bytes);
	return why[0] ? 0 : s.pages;
}
