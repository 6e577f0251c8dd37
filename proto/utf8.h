/* utf8.h - is a run of bytes UTF-8?
 *
 * RFC 3629: no surrogates, no overlong spellings, nothing above U+10FFFF. What is
 * ASCII throughout, as nearly everything here is, is seen eight bytes at a time.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTO_UTF8_H
#define PROTO_UTF8_H

#include "proto/bytes.h"

bool utf8_ok_beyond_ascii(struct slice); /* for utf8_ok alone */

static inline bool utf8_ok(struct slice s)
{
	uint64_t eight;
	uint8_t seen = 0;

	while (s.size >= 8) {
		memcpy(&eight, s.bytes, 8);
		if ((eight & UINT64_C(0x8080808080808080)) != 0)
			return utf8_ok_beyond_ascii(s);
		s.bytes += 8;
		s.size -= 8;
	}
	for (size_t i = 0; i < s.size; i++)
		seen |= s.bytes[i];
	return seen < 0x80 || utf8_ok_beyond_ascii(s);
}

/* The beginning of a text, in whole characters: at most so many bytes. */
struct slice utf8_head(struct slice, size_t most);
/* What "%.*s" takes of it. */
#define UTF8_HEAD(s, most) (int)utf8_head((s), (most)).size, (const char *)(s).bytes
/* snprintf wrote a text of `wanted` bytes into `room`: where it was too long, half a character at its end is taken away. */
void utf8_cut(char *text, size_t room, int wanted);

#endif
