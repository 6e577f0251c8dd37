/* crc32c.c
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "store/crc32c.h"

#include <string.h>

/* Four bits at a time: the reflected polynomial 0x82f63b78, by the value of those bits. */
static const uint32_t steps[16] = {
	0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
	0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9, 0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
};

uint32_t crc32c_by_table(struct slice s)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < s.size; i++) {
		crc ^= s.bytes[i];
		crc = crc >> 4 ^ steps[crc & 15];
		crc = crc >> 4 ^ steps[crc & 15];
	}
	return ~crc;
}

#ifdef __x86_64__
__attribute__((target("sse4.2"))) static uint32_t by_instruction(struct slice s)
{
	uint64_t crc = UINT32_MAX, word;

	for (; s.size >= sizeof(word); s.bytes += sizeof(word), s.size -= sizeof(word)) {
		memcpy(&word, s.bytes, sizeof(word));
		crc = __builtin_ia32_crc32di(crc, word);
	}
	for (; s.size > 0; s.bytes++, s.size--)
		crc = __builtin_ia32_crc32qi((uint32_t)crc, *s.bytes);
	return ~(uint32_t)crc;
}
#endif

uint32_t crc32c(struct slice s)
{
#ifdef __x86_64__
	if (__builtin_cpu_supports("sse4.2"))
		return by_instruction(s);
#endif
	return crc32c_by_table(s);
}
