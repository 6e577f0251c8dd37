/* dice.h - all chance of a simulation, from one seed.
 *
 * Every step throws dice of its own, which follow from the seed and the step's number alone: a step that
 * is left out (shrinking does that) leaves the throws of all others as they were.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIMULATION_DICE_H
#define SIMULATION_DICE_H

#include <stdbool.h>
#include <stdint.h>

struct dice {
	uint64_t state;
};

static inline uint64_t dice_next(struct dice *d) /* splitmix64 */
{
	uint64_t z = d->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static inline struct dice dice_of(uint64_t seed, uint64_t step, uint64_t what)
{
	struct dice d = {seed * UINT64_C(0xd6e8feb86659fd93) + step * UINT64_C(0xa0761d6478bd642f) + what * UINT64_C(0xe7037ed1a0b428db)};

	dice_next(&d);
	return d;
}

/* 0 to bound - 1 */
static inline uint64_t dice(struct dice *d, uint64_t bound)
{
	return dice_next(d) % bound;
}

static inline bool one_in(struct dice *d, unsigned n)
{
	return dice(d, n) == 0;
}

#endif
