/* draw_text.h - text in a picture: how wide, where it breaks, what XML wants escaped.
 *
 * No font is asked, so that the same file gives the same picture everywhere:
 * widths are those of the widest fonts that a browser takes for it, with something to spare.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_DRAW_TEXT_H
#define CLIENT_DRAW_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

int text_width(const char *text, size_t size, int font, bool bold); /* rounded up */
/* Bytes of `text` that go on one line of `width`: to the last space that fits;
 * a word wider than the line is cut. At least one character of any text. */
size_t text_line(const char *text, int width, int font, bool bold);
/* For content and attributes alike; what XML can't hold becomes '?'. */
void text_escaped(FILE *, const char *text, size_t size);

#endif
