/* plan.h - a trace in memory, and at which of its moments the power is cut, how often and how.
 *
 * Half of the states are systematic: right before and right after each sync, and right after each word to a client, once
 * with nothing unsynced kept and once in a style by chance; where that is more than half, a part of them by chance. The
 * others are anywhere: half of them evenly over the records, half of them where something other than the ordinary writes of a
 * commit goes on (a start, an end, a key's file, a backup), which is a small part of a trace and the larger part of the danger.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_POWERCUT_PLAN_H
#define TESTS_POWERCUT_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/powercut/disk.h"

struct record {
	struct trace_head head;
	const char *name;     /* head.name_size bytes and a zero */
	const uint8_t *data;
	size_t size;
};

struct trace {
	uint8_t *bytes;
	size_t size;
	struct record *records;
	size_t count;
};

bool trace_read(struct trace *, const char *path, char *why, size_t why_size);
void trace_free(struct trace *);
const char *trace_kind_text(unsigned kind);
bool record_is_mark(const struct record *, const char *text);

/* The power is cut when so many records have been taken in. */
struct cut {
	size_t at;
	struct choice choice;
};

/* In the order of the trace; the caller frees them. */
struct cut *plan(const struct trace *, size_t count, uint64_t seed);

#endif
