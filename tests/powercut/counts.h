/* counts.h - what all workers count together, in memory that they share.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_POWERCUT_COUNTS_H
#define TESTS_POWERCUT_COUNTS_H

#include <stdatomic.h>

#include "tests/powercut/check.h"
#include "tests/powercut/disk.h"

enum { JOBS_MAX = 16, SEEN_SLOTS = 1 << 20, KINDS_MAX = 64 };

struct counts {
	_Atomic uint64_t seen[SEEN_SLOTS], folders[SEEN_SLOTS];
	_Atomic size_t second, states, different, good, no_store, faults, same, gone_on, first_fault;
	_Atomic size_t by_style[STYLE_COUNT], faults_by_style[STYLE_COUNT];
	_Atomic uint64_t kinds[KINDS_MAX];
	_Atomic size_t of_kind[KINDS_MAX];
	struct {
		enum outcome outcome;
		uint64_t head;
		char why[500];
	} results[JOBS_MAX];
};

/* Was it new? */
bool counts_new(_Atomic uint64_t slots[static SEEN_SLOTS], uint64_t hash);
/* Faults that read alike, but for their numbers, are shown a few times: is this one? */
bool counts_show(struct counts *, const char *why);
void counts_tell(const struct counts *, double seconds);

#endif
