/* SPDX-License-Identifier: Apache-2.0 */
#include "client/encoding.h"

#include <stdint.h>
#include <string.h>

/* 0x80 to 0x9f; all else is Latin-1. 0xfffd: no character. */
static const uint16_t upper[32] = {
	0x20ac, 0xfffd, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
	0x2039, 0x0152, 0xfffd, 0x017d, 0xfffd, 0xfffd, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
	0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0xfffd, 0x017e, 0x0178,
};

/* How long the sequence is that starts here; 0: it is not one. */
static size_t sequence(const unsigned char *at, size_t left)
{
	if (at[0] < 0x80)
		return 1;
	size_t size = at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : 2;
	if (at[0] < 0xc2 || at[0] > 0xf4 || size > left)
		return 0;
	for (size_t i = 1; i < size; i++)
		if ((at[i] & 0xc0) != 0x80)
			return 0;
	/* Too long a spelling, a surrogate, or beyond Unicode. */
	if ((at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] > 0x9f) ||
	    (at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] > 0x8f))
		return 0;
	return size;
}

bool encoding_is_utf8(const char *text, size_t size)
{
	for (size_t at = 0, step; at < size; at += step) {
		step = sequence((const unsigned char *)text + at, size - at);
		if (!step)
			return false;
	}
	return true;
}

unsigned encoding_windows_char(unsigned char byte)
{
	return byte >= 0x80 && byte < 0xa0 ? upper[byte - 0x80] : byte;
}

size_t encoding_from_windows(char *out, const char *text, size_t size)
{
	char *at = out;
	for (size_t i = 0; i < size; i++) {
		unsigned code = encoding_windows_char((unsigned char)text[i]);
		if (code < 0x80) {
			*at++ = (char)code;
		} else if (code < 0x800) {
			*at++ = (char)(0xc0 | code >> 6);
			*at++ = (char)(0x80 | (code & 0x3f));
		} else {
			*at++ = (char)(0xe0 | code >> 12);
			*at++ = (char)(0x80 | (code >> 6 & 0x3f));
			*at++ = (char)(0x80 | (code & 0x3f));
		}
	}
	*at = '\0';
	return (size_t)(at - out);
}

const char *encoding_no_text(const unsigned char *at, size_t size)
{
	static const char wide[] = "this is UTF-16; save it as UTF-8 (in Excel: \"CSV UTF-8\")",
	                  packed[] = "this file is packed; unpack it and give the one inside",
	                  zip[] = "this is a zip file, which spreadsheets (.xlsx, .ods) are as well; unpack it, or save the sheet as \"CSV UTF-8\"",
	                  book[] = "this is a spreadsheet or document of Office; save the sheet as \"CSV UTF-8\"";
	static const struct { const char *bytes; size_t size; const char *what; } known[] = {
		{ "\xff\xfe", 2, wide }, { "\xfe\xff", 2, wide }, { "PK\3\4", 4, zip }, { "PK\5\6", 4, zip }, { "PK\7\10", 4, zip },
		{ "\x1f\x8b", 2, packed }, { "BZh", 3, packed }, { "\xfd" "7zXZ", 5, packed }, { "7z\xbc\xaf", 4, packed },
		{ "Rar!", 4, packed }, { "\x28\xb5\x2f\xfd", 4, packed }, { "\xd0\xcf\x11\xe0", 4, book },
		{ "%PDF", 4, "this is a PDF; export the table as CSV" },
	};
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (size >= known[i].size && memcmp(at, known[i].bytes, known[i].size) == 0)
			return known[i].what;
	if (size >= 4 && (!at[0] ^ !at[1]) && !at[0] == !at[2] && !at[1] == !at[3])
		return wide; /* without its mark: every other byte is zero */
	return NULL;
}
