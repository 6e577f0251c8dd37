/* readers.h - who gets a digest: a CSV file of `officer,address` and optionally `name,school,pathway`.
 *
 * `officer` is the name of a grant, as `attend deadlines --officer` takes it; `school` and
 * `pathway` narrow it. One row an address. What can't stand in a mail's header (a line end, an
 * address of another form) is refused with its line, and so no header can be smuggled in.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_READERS_H
#define CLIENT_READERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct reader_row {
	uint64_t line;
	char *officer, *address, *name, *school, *pathway; /* the last three NULL where not given */
};

struct readers {
	struct reader_row *rows;
	size_t count;
};

typedef void readers_refuse(void *context, uint64_t line, const char *field, const char *reason);

/* False: something was refused, or nothing can be read of it (then told as line 0). readers_free in either case. */
bool readers_read(struct readers *, const char *text, size_t size, readers_refuse *, void *context);
void readers_free(struct readers *);

/* What is wrong with an address of e-mail; NULL: nothing. */
const char *address_fault(const char *);

#endif
