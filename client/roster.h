/* roster.h - a roster's CSV as pupils with their parents.
 *
 * The file has a row for each pupil and parent; rows of one pupil are one pupil,
 * wherever in the file they stand, and must agree on everything but the parent. The
 * whole of it is held: a hundred thousand pupils take some tens of megabytes.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_ROSTER_H
#define CLIENT_ROSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	ROSTER_URN, ROSTER_UPN, ROSTER_SURNAME, ROSTER_FORENAME, ROSTER_BIRTH_DATE, ROSTER_YEAR_GROUP,
	ROSTER_GROUPS, ROSTER_SEND, ROSTER_LANGUAGE,
	ROSTER_OWN,               /* up to here a pupil's own */
	ROSTER_PARENT = ROSTER_OWN, ROSTER_PARENT_NAME, ROSTER_PARENT_ADDRESS,
	ROSTER_COLUMNS,
};
extern const char *const roster_columns[ROSTER_COLUMNS + 1];

enum { ROSTER_PARENTS_MAX = 16 };

struct roster_parent {
	char *id, *name, *address; /* the last two may be NULL */
};

struct roster_pupil {
	uint64_t line;             /* of its first row */
	char *values[ROSTER_OWN];  /* NULL: not given */
	unsigned parent_count;
	struct roster_parent parents[ROSTER_PARENTS_MAX];
};

struct roster {
	struct roster_pupil **pupils; /* in the order of their first rows */
	size_t count, room;
	size_t *index;             /* by URN and UPN; SIZE_MAX: free */
	size_t index_room;
	uint64_t rows, refused;
};

/* What is wrong with a row. */
typedef void roster_refuse(void *context, uint64_t line, const char *field, const char *reason);

/* Reads a file's text; rows that are wrong are told and left out. False: nothing can be
 * read of it at all, `why` says why. roster_free in either case. */
bool roster_read(struct roster *, const char *text, size_t size, roster_refuse *, void *context, char *why, size_t why_size);
void roster_free(struct roster *);

#endif
