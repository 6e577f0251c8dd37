/* siphash.c - one text of the rounds, compiled for each kind of vector.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "proto/ids.h"
#include "store/siphash.h"

_Static_assert(UPN_SIZE == 13, "two words: eight bytes, then five and the size");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "words are loaded as they lie");

typedef uint64_t lanes __attribute__((vector_size(8 * SIPHASH_LANES)));

#define ROTATED(v, n) ((v) << (n) | (v) >> (64 - (n)))
#define ROUND()                                                         \
	do {                                                            \
		v0 += v1, v1 = ROTATED(v1, 13) ^ v0, v0 = ROTATED(v0, 32); \
		v2 += v3, v3 = ROTATED(v3, 16) ^ v2;                    \
		v0 += v3, v3 = ROTATED(v3, 21) ^ v0;                    \
		v2 += v1, v1 = ROTATED(v1, 17) ^ v2, v2 = ROTATED(v2, 32); \
	} while (0)

static uint64_t word(const uint8_t *bytes)
{
	uint64_t value;

	memcpy(&value, bytes, sizeof value);
	return value;
}

static inline __attribute__((always_inline)) void hash(uint8_t *const hashes[], const uint8_t key[], const uint8_t *const upns[])
{
	uint64_t k0 = word(key), k1 = word(key + 8);
	lanes first, last, out, v0 = {0}, v1 = {0}, v2 = {0}, v3 = {0};

	for (unsigned i = 0; i < SIPHASH_LANES; i++) {
		first[i] = word(upns[i]);
		last[i] = word(upns[i] + UPN_SIZE - 8) >> 24 | (uint64_t)UPN_SIZE << 56;
	}
	v0 += k0 ^ UINT64_C(0x736f6d6570736575);
	v1 += k1 ^ UINT64_C(0x646f72616e646f6d) ^ 0xee;
	v2 += k0 ^ UINT64_C(0x6c7967656e657261);
	v3 += k1 ^ UINT64_C(0x7465646279746573);
	v3 ^= first;
	ROUND();
	ROUND();
	v0 ^= first;
	v3 ^= last;
	ROUND();
	ROUND();
	v0 ^= last;
	v2 ^= 0xee;
	ROUND();
	ROUND();
	ROUND();
	ROUND();
	out = v0 ^ v1 ^ v2 ^ v3;
	for (unsigned i = 0; i < SIPHASH_LANES; i++)
		memcpy(hashes[i], &(uint64_t){out[i]}, 8);
	v1 ^= 0xdd;
	ROUND();
	ROUND();
	ROUND();
	ROUND();
	out = v0 ^ v1 ^ v2 ^ v3;
	for (unsigned i = 0; i < SIPHASH_LANES; i++)
		memcpy(hashes[i] + 8, &(uint64_t){out[i]}, 8);
}

#ifdef __x86_64__
__attribute__((target("avx512f,avx512vl"))) static void hash_avx512(uint8_t *const hashes[], const uint8_t key[],
                                                                    const uint8_t *const upns[])
{
	hash(hashes, key, upns);
}

__attribute__((target("avx2"))) static void hash_avx2(uint8_t *const hashes[], const uint8_t key[],
                                                      const uint8_t *const upns[])
{
	hash(hashes, key, upns);
}
#endif

void siphash_upns(uint8_t *const hashes[static SIPHASH_LANES], const uint8_t key[static 16],
                  const uint8_t *const upns[static SIPHASH_LANES])
{
#ifdef __x86_64__
	if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl")) {
		hash_avx512(hashes, key, upns);
		return;
	}
	if (__builtin_cpu_supports("avx2")) {
		hash_avx2(hashes, key, upns);
		return;
	}
#endif
	hash(hashes, key, upns);
}
