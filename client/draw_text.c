/* SPDX-License-Identifier: Apache-2.0 */
#include "client/draw_text.h"

#include <string.h>

/* Thousandths of the font's size, from space to '~': Helvetica's published widths. */
static const short WIDTHS[] = {
	278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556,
	556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833,
	722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556,
	556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334,
	260, 334, 584,
};

enum { OTHER_WIDTH = 1000, BOLD_PER_CENT = 108, SPARE_PER_CENT = 106 };

static bool continues(char byte)
{
	return ((unsigned char)byte & 0xc0) == 0x80;
}

int text_width(const char *text, size_t size, int font, bool bold)
{
	long width = 0;
	for (size_t i = 0; i < size; i++) {
		if (text[i] >= ' ' && text[i] <= '~')
			width += WIDTHS[text[i] - ' '];
		else if (!continues(text[i]))
			width += (unsigned char)text[i] < 0xe3 ? WIDTHS['m' - ' '] : OTHER_WIDTH;
	}
	width = width * font * (bold ? BOLD_PER_CENT : 100) / 100 * SPARE_PER_CENT / 100;
	return (int)((width + 999) / 1000);
}

size_t text_line(const char *text, int width, int font, bool bold)
{
	size_t at = 0, last_space = 0;
	while (text[at]) {
		size_t next = at + 1;
		while (continues(text[next]))
			next++;
		if (text[at] == ' ')
			last_space = at;
		if (at > 0 && text[at] != ' ' && text_width(text, next, font, bold) > width)
			return last_space ? last_space : at;
		at = next;
	}
	return at;
}

void text_escaped(FILE *out, const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		unsigned char byte = (unsigned char)text[i];
		if (byte == '&')
			fputs("&amp;", out);
		else if (byte == '<')
			fputs("&lt;", out);
		else if (byte == '>')
			fputs("&gt;", out);
		else if (byte == '"')
			fputs("&quot;", out);
		else if (byte == '\n')
			fputc(' ', out);
		else if (byte < ' ')
			fputc('?', out);
		else if (i + 2 < size && byte == 0xef && memcmp(text + i, "\xef\xbf", 2) == 0 && (unsigned char)text[i + 2] >= 0xbe) {
			fputc('?', out); /* U+FFFE and U+FFFF */
			i += 2;
		} else
			fputc(byte, out);
	}
}
