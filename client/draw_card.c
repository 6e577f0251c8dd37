/* SPDX-License-Identifier: Apache-2.0 */
#include "client/draw_card.h"

#include <stdlib.h>
#include <string.h>

#include "client/draw_text.h"
#include "client/draw_words.h"

static const struct { const char *class; int font, line, inset; bool bold; } STYLES[CARD_STYLES] = {
	[CARD_PAGE] = { "page", 24, 30, 0, true },
	[CARD_STAGE] = { "stage", 17, 22, 0, true },
	[CARD_TITLE] = { "name", 15, 19, 0, true },
	[CARD_PLAIN] = { "plain", 13, 17, 0, false },
	[CARD_BOLD] = { "strong", 13, 17, 18, true }, /* beside a diamond */
	[CARD_MUTED] = { "muted", 12, 16, 0, false },
	[CARD_CHOICE] = { "plain", 13, 17, 18, false },
};

enum { CLAUSE_FONT = 11, CLAUSE_HEIGHT = 18, PARAGRAPH_GAP = 3, RULE_GAP = 9 };

void card_begin(struct card *c, int width, const char *clause, size_t clause_size)
{
	*c = (struct card){ .width = width, .height = CARD_PADDING - 2 };
	if (!clause_size)
		return;
	c->clause = words("%.*s", (int)clause_size, clause);
	c->clause_width = text_width(clause, clause_size, CLAUSE_FONT, true) + 12;
	if (c->clause_width > width / 3)
		c->clause_width = width / 3;
}

static int room_for(const struct card *c, const struct paragraph *p)
{
	int room = c->width - 2 * CARD_PADDING - STYLES[p->style].inset;
	return p == c->paragraphs && c->clause_width ? room - c->clause_width - 6 : room;
}

/* The next line of the text and what follows it; 0 at its end. */
static size_t next_line(const struct card *c, const struct paragraph *p, const char **at)
{
	while (**at == ' ')
		++*at;
	return text_line(*at, room_for(c, p), STYLES[p->style].font, STYLES[p->style].bold);
}

int card_add(struct card *c, enum card_style style, char *text)
{
	if (!text)
		return c->height;
	struct paragraph *more = realloc(c->paragraphs, (c->count + 1) * sizeof *more);
	if (!more) {
		fputs("attend: no memory for a drawing\n", stderr);
		exit(2);
	}
	c->paragraphs = more;
	struct paragraph *p = &more[c->count++];
	*p = (struct paragraph){ style, text, 0, c->rule_next };
	if (c->count > 1)
		c->height += p->ruled ? RULE_GAP : PARAGRAPH_GAP;
	c->rule_next = false;
	p->y = c->height + STYLES[style].font;
	const char *at = text;
	for (size_t size; (size = next_line(c, p, &at)) > 0; at += size)
		c->height += STYLES[style].line;
	return p->y - STYLES[style].font / 3;
}

void card_rule(struct card *c)
{
	c->rule_next = true;
}

void card_end(struct card *c)
{
	c->height += CARD_PADDING - 2;
}

int card_head(const struct card *c)
{
	return c->count ? c->paragraphs[0].y - 5 : c->height / 2;
}

static void put_paragraph(FILE *out, const struct card *c, const struct paragraph *p, int x, int y)
{
	int line = y + p->y;
	x += CARD_PADDING + STYLES[p->style].inset;
	if (p->ruled)
		fprintf(out, "<path class=\"rule\" d=\"M%d %dh%d\"/>\n", x - CARD_PADDING - STYLES[p->style].inset,
		        line - STYLES[p->style].font - RULE_GAP / 2, c->width);
	if (p->style == CARD_BOLD)
		fprintf(out, "<path class=\"diamond\" d=\"M%d %dl6 -6 6 6 -6 6z\"/>\n", x - 18, line - 4);
	fprintf(out, "<text class=\"%s\">", STYLES[p->style].class);
	const char *at = p->text;
	for (size_t size; (size = next_line(c, p, &at)) > 0; at += size) {
		fprintf(out, "<tspan x=\"%d\" y=\"%d\">", x, line);
		text_escaped(out, at, size);
		fputs(at[size] ? " </tspan>" : "</tspan>", out);
		line += STYLES[p->style].line;
	}
	fputs("</text>\n", out);
}

void card_put(FILE *out, struct card *c, int x, int y, const char *class, const char *id, const char *label)
{
	fprintf(out, "<g role=\"group\" class=\"%s\"", class);
	if (id)
		fprintf(out, " id=\"%s\"", id);
	fputs(" aria-label=\"", out);
	text_escaped(out, label, strlen(label));
	fprintf(out, "\">\n<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"%d\"/>\n", x, y, c->width, c->height,
	        strcmp(class, "action") == 0 ? 3 : 14);
	for (size_t i = 0; i < c->count; i++) {
		put_paragraph(out, c, &c->paragraphs[i], x, y);
		free(c->paragraphs[i].text);
	}
	if (c->clause) {
		int left = x + c->width - CARD_PADDING - c->clause_width + 4;
		fprintf(out, "<rect class=\"clause\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"4\"/>\n", left,
		        y + 9, c->clause_width, CLAUSE_HEIGHT);
		fprintf(out, "<text class=\"clause\" x=\"%d\" y=\"%d\">", left + c->clause_width / 2, y + 22);
		text_escaped(out, c->clause, strlen(c->clause));
		fputs("</text>\n", out);
	}
	fputs("</g>\n", out);
	free(c->paragraphs);
	free(c->clause);
}
