/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/fold.h"

#include <string.h>

enum { LATIN_FIRST = 0xC0, LATIN_LAST = 0x17F, MORE_FIRST = 0x1E00, MORE_LAST = 0x1EFF, MARKS_FIRST = 0x300, MARKS_LAST = 0x36F };

/* The plain letters of U+00C0 to U+017F and of U+1E00 to U+1EFF; ?: none. */
static const char LATIN[] =
	"aaaaaaaceeeeiiiidnooooo?ouuuuytsaaaaaaaceeeeiiiidnooooo?ouuuuyty"
	"aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkklllllll"
	"lllnnnnnnnnnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";
static const char MORE[] =
	"aabbbbbbccddddddddddeeeeeeeeeeffgghhhhhhhhhhiiiikkkkkkllllllllmm"
	"mmmmnnnnnnnnoooooooopppprrrrrrrrssssssssssttttttttuuuuuuuuuuvvvv"
	"wwwwwwwwwwxxxxyyzzzzzzhtwyas??s?aaaaaaaaaaaaaaaaaaaaaaaaeeeeeeee"
	"eeeeeeeeiiiioooooooooooooooooooooooouuuuuuuuuuuuuuyyyyyyyy??????";
_Static_assert(sizeof LATIN == LATIN_LAST - LATIN_FIRST + 2, "a letter each");
_Static_assert(sizeof MORE == MORE_LAST - MORE_FIRST + 2, "a letter each");

/* The bytes of a character of two or three; `*code` becomes it. 1: it is none of these. */
static size_t read_character(struct slice left, uint32_t *code)
{
	const uint8_t *c = left.bytes;

	*code = c[0];
	if (left.size >= 2 && (c[0] & 0xE0) == 0xC0 && (c[1] & 0xC0) == 0x80) {
		*code = (uint32_t)(c[0] & 0x1F) << 6 | (c[1] & 0x3F);
		return 2;
	}
	if (left.size >= 3 && (c[0] & 0xF0) == 0xE0 && (c[1] & 0xC0) == 0x80 && (c[2] & 0xC0) == 0x80) {
		*code = (uint32_t)(c[0] & 0x0F) << 12 | (uint32_t)(c[1] & 0x3F) << 6 | (c[2] & 0x3F);
		return 3;
	}
	return 1;
}

/* A plain letter; 0: the character is left out, as a mark over the letter before it is; ?: it stays. */
static char plain(uint32_t code)
{
	if (code >= 'A' && code <= 'Z')
		return (char)(code + 32);
	if (code < 0x80)
		return (char)code;
	if (code >= LATIN_FIRST && code <= LATIN_LAST)
		return LATIN[code - LATIN_FIRST];
	if (code >= MORE_FIRST && code <= MORE_LAST)
		return MORE[code - MORE_FIRST];
	if (code >= MARKS_FIRST && code <= MARKS_LAST)
		return 0;
	if (code == 0x2018 || code == 0x2019 || code == 0x02BC || code == 0xB4)
		return '\'';
	return code >= 0x2010 && code <= 0x2014 ? '-' : '?';
}

struct slice fold_name(uint8_t *room, struct slice name)
{
	size_t size = 0;

	while (name.size > 0) {
		uint32_t code;
		size_t read = read_character(name, &code);
		char letter = read == 1 && code >= 0x80 ? '?' : plain(code);

		if (letter == '?' && code != '?') {
			memcpy(room + size, name.bytes, read);
			size += read;
		} else if (letter) {
			room[size++] = (uint8_t)letter;
		}
		name = slice_of(name.bytes + read, name.size - read);
	}
	return slice_of(room, size);
}
