/* draw_card.h - a box of text: lines are added, which gives its height, then it is put somewhere.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_DRAW_CARD_H
#define CLIENT_DRAW_CARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum card_style { CARD_PAGE, CARD_STAGE, CARD_TITLE, CARD_PLAIN, CARD_BOLD, CARD_MUTED, CARD_CHOICE, CARD_STYLES };

struct paragraph {
	enum card_style style;
	char *text;
	int y;      /* of its first line's base, from the card's top */
	bool ruled; /* a line above it */
};

struct card {
	int width, height;
	int clause_width;   /* of the mark in its corner; 0: none */
	char *clause;
	struct paragraph *paragraphs;
	size_t count;
	bool rule_next;
};

enum { CARD_PADDING = 12, CARD_FIRST_LINE = 25 };

void card_begin(struct card *, int width, const char *clause, size_t clause_size);
/* Takes `text`, which may be NULL: nothing is added. Gives the height of the middle of its first line. */
int card_add(struct card *, enum card_style, char *text);
/* The next paragraph has a line above it. */
void card_rule(struct card *);
void card_end(struct card *);
/* Where an arrow that meets its title meets it. */
int card_head(const struct card *);

/* `class` names its looks; `id` (or NULL) and `label` go on the group. Frees the card's texts. */
void card_put(FILE *, struct card *, int x, int y, const char *class, const char *id, const char *label);

#endif
