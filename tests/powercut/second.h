/* second.h - what a start does to a state that the power cut left: recorded, so that the power can be cut again meanwhile.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_POWERCUT_SECOND_H
#define TESTS_POWERCUT_SECOND_H

#include "tests/powercut/plan.h"

struct second {
	struct trace trace;
	struct disk *disk;    /* what was in the folder before the start */
};

/* Starts and ends on `folder` in a process of its own, this very program with --start, under the recorder. */
bool second_record(struct second *, const char *folder, const char *recorder, char *why, size_t why_size);
void second_free(struct second *);

#endif
