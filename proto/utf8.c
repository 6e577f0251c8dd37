/* utf8.c - the sequences of more than one byte.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "proto/utf8.h"

/* The size of the sequence at `s`, which is not ASCII; 0 where it is none. */
static size_t sequence_size(const uint8_t *s, size_t left)
{
	/* What the second byte may be: some first bytes narrow it. */
	uint8_t low = 0x80, high = 0xbf;
	size_t size;

	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		size = 2;
	else if ((s[0] & 0xf0) == 0xe0)
		size = 3;
	else if (s[0] >= 0xf0 && s[0] <= 0xf4)
		size = 4;
	else
		return 0;
	if (s[0] == 0xe0)
		low = 0xa0; /* below: overlong */
	if (s[0] == 0xed)
		high = 0x9f; /* above: surrogates */
	if (s[0] == 0xf0)
		low = 0x90;
	if (s[0] == 0xf4)
		high = 0x8f;
	if (left < size || s[1] < low || s[1] > high)
		return 0;
	for (size_t i = 2; i < size; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return size;
}

bool utf8_ok_beyond_ascii(struct slice s)
{
	for (size_t at = 0, size; at < s.size; at += size) {
		size = s.bytes[at] < 0x80 ? 1 : sequence_size(s.bytes + at, s.size - at);
		if (size == 0)
			return false;
	}
	return true;
}

struct slice utf8_head(struct slice s, size_t most)
{
	if (s.size <= most)
		return s;
	while (most > 0 && (s.bytes[most] & 0xc0) == 0x80)
		most--;
	return slice_of(s.bytes, most);
}

void utf8_cut(char *text, size_t room, int wanted)
{
	if (wanted >= 0 && (size_t)wanted >= room && room > 1)
		text[utf8_head(slice_of(text, room - 1), room - 2).size] = '\0';
}
