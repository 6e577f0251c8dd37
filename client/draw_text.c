/* SPDX-License-Identifier: Apache-2.0 */
#include "client/draw_text.h"

#include <string.h>

/* Thousandths of the font's size, from space to '~': of Helvetica and DejaVu Sans the wider. Where Helvetica, Arial and
 * Liberation Sans are missing a browser takes its own, and DejaVu Sans and Verdana are the widest of the usual ones: what
 * is measured for them stays in its box in any. */
static const short WIDTHS[] = {
	318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337, 636, 636, 636, 636, 636, 636, 636,
	636, 636, 636, 337, 337, 838, 838, 838, 556, 1015, 684, 686, 722, 770, 667, 611, 778, 752, 295, 500, 667, 557, 863,
	748, 787, 667, 787, 722, 667, 611, 732, 684, 989, 685, 667, 685, 390, 337, 390, 838, 556, 500, 613, 635, 550, 635,
	615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612, 635, 635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636,
	337, 636, 838,
};

enum { OTHER_WIDTH = 1000, BOLD_PER_CENT = 114, SPARE_PER_CENT = 102 };

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
