/* letter.h - a letter as text, and as a PDF that a screen reader can read.
 *
 * A letter comes from the daemon as blocks, each `{kind, cells}` (PROTOCOL.md, the query `letter`):
 * heading, text, list and its items, table (its cells are its columns' heads) and its rows. An
 * empty cell of a row is a place to be filled in by hand.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_LETTER_H
#define CLIENT_LETTER_H

#include <stdbool.h>
#include <stdio.h>

#include <jansson.h>

void letter_print(FILE *, const json_t *blocks);

/* All of `items` (each with its `blocks`), each on a page of its own: tagged for assistive technology
 * (headings, paragraphs, lists, tables with their heads), with a title and its language. `made`: a date,
 * the document's own. The pages that there are; 0, and `why` says why not. */
unsigned letter_pdf(FILE *, const char *title, const char *made, const json_t *items, char *why, size_t why_size);

#endif
