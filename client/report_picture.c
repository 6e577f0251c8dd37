/* report_picture.c - a report's tables as bars, in SVG, where a picture says it better.
 *
 * Each row is a whole, and its parts are shares of it. What the colours say stands beside each bar in words
 * too, so that nobody needs to tell them apart.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "client/draw_text.h"
#include "client/report_parts.h"
#include "client/when.h"

enum { WIDTH = 1080, MARGIN = 24, LABEL_WIDTH = 190, BAR_WIDTH = 420, BAR_HEIGHT = 18, ROW_HEIGHT = 26, HEAD_HEIGHT = 66, FONT = 13, LINE_SIZE = 400 };

static const char *const colours[REPORT_BAR_PARTS_MAX] = { "#1b6ca8", "#e0a100", "#8a1c5a", "#c9d2da" };

static const char STYLE[] =
	".attend-report{font-family:Helvetica,Arial,'Liberation Sans',sans-serif;background:#fff;max-width:100%;height:auto}"
	".attend-report text{fill:#12202e;font-size:13px}.attend-report .title{font-size:16px;font-weight:bold}"
	".attend-report .label{text-anchor:end}.attend-report rect{stroke:#12202e;stroke-width:.8}"
	"@media print{.attend-report{-webkit-print-color-adjust:exact;print-color-adjust:exact}}";

static void put_text(FILE *out, const char *class, int x, int y, const char *text)
{
	fprintf(out, "<text class=\"%s\" x=\"%d\" y=\"%d\">", class, x, y);
	text_escaped(out, text, strlen(text));
	fputs("</text>\n", out);
}

static void put_rectangle(FILE *out, unsigned part, int x, int y, int width)
{
	fprintf(out, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"%s\"/>", x, y, width, BAR_HEIGHT, colours[part]);
}

static void put_legend(FILE *out, const struct report_bars *bars, int y)
{
	int x = MARGIN + LABEL_WIDTH;
	for (unsigned i = 0; i < REPORT_BAR_PARTS_MAX && bars->parts[i].key; i++) {
		put_rectangle(out, i, x, y, BAR_HEIGHT);
		put_text(out, "key", x + BAR_HEIGHT + 6, y + 14, bars->parts[i].title);
		x += BAR_HEIGHT + 30 + text_width(bars->parts[i].title, strlen(bars->parts[i].title), FONT, false);
	}
}

/* "123456, year 7", cut where it is too long; of all years there is nothing to name. */
static void put_label(FILE *out, const struct report_bars *bars, const json_t *row, int y)
{
	char label[LINE_SIZE] = "";
	for (unsigned i = 0; i < 2 && bars->label[i].key; i++) {
		const char *text = report_text(row, bars->label[i].key);
		size_t used = strlen(label);
		if (!used || strcmp(text, "all") != 0)
			snprintf(label + used, sizeof label - used, "%s%s%s", used ? ", " : "", bars->label[i].title, text);
	}
	size_t fits = text_line(label, LABEL_WIDTH - 10, FONT, false);
	if (label[fits])
		snprintf(label + fits, sizeof label - fits, "…");
	put_text(out, "label", MARGIN + LABEL_WIDTH - 8, y + 14, label);
}

static void put_row(FILE *out, const struct report_bars *bars, const json_t *row, int y)
{
	char words[LINE_SIZE] = "";
	unsigned whole = 0, before = 0;
	for (unsigned i = 0; i < REPORT_BAR_PARTS_MAX && bars->parts[i].key; i++)
		whole += report_number(row, bars->parts[i].key);
	put_label(out, bars, row, y);
	for (unsigned i = 0; i < REPORT_BAR_PARTS_MAX && bars->parts[i].key; i++) {
		unsigned part = report_number(row, bars->parts[i].key);
		size_t used = strlen(words);
		if (!part)
			continue;
		json_t *share = report_percent(part, whole);
		int from = (int)((uint64_t)before * BAR_WIDTH / whole), to = (int)((uint64_t)(before + part) * BAR_WIDTH / whole);
		put_rectangle(out, i, MARGIN + LABEL_WIDTH + from, y, to - from);
		if (bars->shares)
			snprintf(words + used, sizeof words - used, "%s%.1f %% %s", used ? ", " : "", json_real_value(share), bars->parts[i].title);
		else
			snprintf(words + used, sizeof words - used, "%s%u %s", used ? ", " : "", part, bars->parts[i].title);
		json_decref(share);
		before += part;
	}
	fputc('\n', out);
	put_text(out, "said", MARGIN + LABEL_WIDTH + BAR_WIDTH + 10, y + 14, whole ? words : "none");
}

static int height_of(const struct report_table *t)
{
	return t->form->bars ? HEAD_HEIGHT + (int)json_array_size(t->rows) * ROW_HEIGHT + MARGIN : 0;
}

bool report_has_picture(const struct report *r)
{
	for (unsigned i = 0; i < r->table_count; i++)
		if (r->tables[i].form->bars)
			return true;
	return false;
}

void report_print_svg(struct report *r, const char *from, const char *to, FILE *out)
{
	char first[WHEN_SIZE], last[WHEN_SIZE], period[LINE_SIZE];
	int height = 2 * MARGIN, y = MARGIN;
	size_t index;
	json_t *row;
	report_rows(r);
	for (unsigned i = 0; i < r->table_count; i++)
		height += height_of(&r->tables[i]);
	snprintf(period, sizeof period, "From %s to %s, as known now", when_date(first, from), when_date(last, to));
	fprintf(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"attend-report\" role=\"graphics-document document\" lang=\"en-GB\" "
	        "aria-labelledby=\"report-title report-desc\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\">\n<title id=\"report-title\">",
	        WIDTH, height, WIDTH, height);
	text_escaped(out, r->kind, strlen(r->kind));
	fprintf(out, "</title>\n<desc id=\"report-desc\">%s; each bar is a whole, and what its parts are stands beside it.</desc>\n<style>%s</style>\n", period, STYLE);
	fprintf(out, "<rect width=\"%d\" height=\"%d\" style=\"fill:#fff;stroke:none\"/>\n", WIDTH, height);
	for (unsigned i = 0; i < r->table_count; i++) {
		const struct report_table *t = &r->tables[i];
		if (!t->form->bars)
			continue;
		put_text(out, "title", MARGIN, y + 16, t->form->title);
		put_legend(out, t->form->bars, y + 32);
		int at = y + HEAD_HEIGHT;
		json_array_foreach(t->rows, index, row) {
			put_row(out, t->form->bars, row, at);
			at += ROW_HEIGHT;
		}
		y += height_of(t);
	}
	put_text(out, "said", MARGIN, y + 8, period);
	fputs("</svg>\n", out);
}
