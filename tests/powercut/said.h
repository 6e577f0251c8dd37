/* said.h - what had been promised at a moment of a trace: read from what the daemon said until then.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_POWERCUT_SAID_H
#define TESTS_POWERCUT_SAID_H

#include "proto/ids.h"
#include "tests/powercut/check.h"
#include "tests/powercut/plan.h"

struct said {
	struct asked {
		uint8_t id[UUID_SIZE];
		struct cursor cursor;
	} *asked;            /* cursors, by the id of their request */
	size_t count;
};

bool said_open(struct said *, const char *path, char *why, size_t why_size);
void said_close(struct said *);

/* A word to a client, or the mark that the store had been made, becomes a promise; all else is none. */
void said_take(const struct said *, const struct record *, struct promised *);

#endif
