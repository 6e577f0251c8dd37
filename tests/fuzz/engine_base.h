/* engine_base.h - an engine to begin each run with: a store that has just been made, with keys granted, four pupils with parents,
 * a week of registers. Made once, and copied.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_FUZZ_ENGINE_BASE_H
#define TESTS_FUZZ_ENGINE_BASE_H

#include "casework/pathway.h"
#include "tests/engine_host.h"
#include "tests/fuzz/fuzz.h"

enum { BASE_PATHWAYS = 5, BASE_FILES_MAX = 12 };

struct base {
	char *names[BASE_FILES_MAX];
	struct slice files[BASE_FILES_MAX];
	unsigned count;
	struct slice source;     /* the pathway's, with all that it includes */
	struct pathway *pathway;
	uint64_t now_ms;
};

/* Once, before the first: what engine_host.h asserts ends the process, and its folders are the fuzzer's. */
void base_init(void);
/* Of one of the shipped pathways; made when it is first asked for. `h` is closed. */
struct base *base_of(unsigned which, struct host *h);
/* Opens a copy. host_end() and fuzz_folder_empty() take it away. */
void base_open(const struct base *, struct host *, bool manual_clock);

#endif
