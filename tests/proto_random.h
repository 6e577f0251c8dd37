/* proto_random.h - numbers for the random tests: the same seed, the same test.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_PROTO_RANDOM_H
#define TESTS_PROTO_RANDOM_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t random_state;

static inline void random_start(void)
{
	const char *text = getenv("ATTEND_SEED");

	random_state = text != NULL ? strtoull(text, NULL, 10) : 20260907;
	printf("ATTEND_SEED=%" PRIu64 "\n", random_state);
	random_state = random_state * 2 + 1;
}

/* splitmix64, below `bound`. */
static inline uint64_t random_below(uint64_t bound)
{
	uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (z ^ z >> 31) % bound;
}

#endif
