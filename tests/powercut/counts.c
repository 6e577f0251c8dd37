/* counts.c - see counts.h.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/powercut/counts.h"

#include <stdio.h>

enum { SHOWN_OF_A_KIND = 3 };

bool counts_new(_Atomic uint64_t slots[static SEEN_SLOTS], uint64_t hash)
{
	uint64_t none;

	hash += hash == 0;
	for (size_t i = 0; i < SEEN_SLOTS; i++) {
		_Atomic uint64_t *slot = &slots[(hash + i) % SEEN_SLOTS];

		none = 0;
		if (atomic_load(slot) == hash || (!atomic_compare_exchange_strong(slot, &none, hash) && none == hash))
			return false;
		if (none == 0)
			return true;
	}
	return true;
}

bool counts_show(struct counts *c, const char *why)
{
	uint64_t kind = 1469598103934665603u;

	for (; *why; why++)
		if (*why < '0' || *why > '9')
			kind = (kind ^ (uint8_t)*why) * 1099511628211u;
	for (size_t i = 0; i < KINDS_MAX; i++) {
		uint64_t none = 0;

		if (atomic_compare_exchange_strong(&c->kinds[i], &none, kind) || none == kind)
			return ++c->of_kind[i] <= SHOWN_OF_A_KIND;
	}
	return true;
}

void counts_tell(const struct counts *c, double seconds)
{
	static const char *const texts[] = {
#define X(name, text) text,
		DISK_STYLES(X)
#undef X
	};

	for (size_t i = 0; i < STYLE_COUNT; i++)
		printf("%6zu states, %zu faults: %s\n", c->by_style[i], c->faults_by_style[i], texts[i]);
	if (c->first_fault)
		printf("the first fault was in state %zu\n", c->first_fault);
	printf("%zu states (%zu different folders): %zu opened, verified and as promised, %zu of them weeks later as well; %zu before there was a store; "
	       "%zu more cut again while they were started on; %zu faults; %.0f s, %.0f a second\n",
	       c->states, c->different, c->good, c->gone_on, c->no_store, c->second, c->faults, seconds, (double)(c->states + c->second) / seconds);
}
