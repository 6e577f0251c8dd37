/* bytes.c - the long spellings of a varint.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "proto/bytes.h"

enum { VARINT_SIZE_MAX = 10 };

uint64_t read_varint_long(struct reader *r)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < VARINT_SIZE_MAX; i++) {
		if (r->at == r->end)
			break;
		uint8_t byte = *r->at++;

		/* The tenth byte holds the one bit that is left. */
		if (i == VARINT_SIZE_MAX - 1 && byte > 1)
			break;
		value |= (uint64_t)(byte & 0x7f) << (7 * i);
		if (byte < 0x80) {
			/* A zero at the end would be a longer spelling of a smaller one. */
			if (byte == 0 && i > 0)
				break;
			return value;
		}
	}
	reader_fault(r);
	return 0;
}

void write_varint_long(struct writer *w, uint64_t value)
{
	uint8_t bytes[VARINT_SIZE_MAX];
	size_t size = 0;

	for (; value >= 0x80; value >>= 7)
		bytes[size++] = (uint8_t)(value | 0x80);
	bytes[size++] = (uint8_t)value;
	write_bytes(w, bytes, size);
}
