/* line_diff.h - which lines of a file are not those of another.
 *
 * For files that people changed by hand: what is common at the start and at the end is
 * passed over, and between them the longest common run of lines stays.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_LINE_DIFF_H
#define CLIENT_LINE_DIFF_H

#include <stdbool.h>
#include <stddef.h>

/* Called for each line that is only in the first (`added` false) or only in the second,
 * in their order; `number` is its own in its file, from 1. */
typedef void line_differs(void *context, bool added, unsigned number, const char *line, size_t size);

/* False where too much differs to be told line by line; then nothing was called. */
bool line_diff(const char *before, const char *after, line_differs *, void *context);

#endif
