/* roster.h - a roster's rows as pupils with their parents.
 *
 * A row is a pupil and a parent; rows of one pupil are one pupil and must agree on everything but
 * the parent. A pupil of whom a row is wrong is refused as a whole, for half of a pupil's parents
 * would stand in place of all of them.
 *
 * Memory holds ROSTER_WINDOW pupils (or fewer, of much text), whatever the file's size, and some bytes of
 * each that went before. So rows of one pupil may stand anywhere within so many pupils; one that comes later
 * is refused, with what to do.
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

enum { ROSTER_PARENTS_MAX = 16, ROSTER_WINDOW = 10000 };

struct roster_row {
	uint64_t line;
	const char *raw;           /* as it stands in the file, or as a row of attend's own columns */
	size_t raw_size;
	const char *values[ROSTER_COLUMNS]; /* NULL: not given */
	const char *field, *fault; /* what is wrong with it; NULL: nothing is */
};

struct roster_parent {
	char *id, *name, *address; /* the last two may be NULL */
};

struct roster_pupil {
	uint64_t line;             /* of its first row */
	char *values[ROSTER_OWN];  /* NULL: not given */
	unsigned parent_count;
	struct roster_parent parents[ROSTER_PARENTS_MAX];
	char *raw;                 /* its rows, each ended by a zero byte */
	size_t raw_size;
	char *refused;             /* "field: reason" of a row that was wrong; NULL: none was */
};

/* Where rows and pupils go. */
struct roster_sink {
	void *context;
	void (*tell)(void *context, uint64_t line, const char *field, const char *reason); /* of a row that is wrong */
	/* Rows that are not taken, each ended by a zero byte, with what is wrong. */
	void (*reject)(void *context, const char *raw, size_t raw_size, const char *field, const char *reason);
	/* Pupils to be sent, in the order of their first rows. False: stop. */
	bool (*send)(void *context, struct roster_pupil *const pupils[], size_t count);
};

struct roster {
	const struct roster_sink *sink;
	struct roster_pupil **pupils; /* those at hand, in the order of their first rows */
	size_t count, held;        /* of pupils; of their rows' bytes */
	size_t *index;             /* of them, by school and UPN; SIZE_MAX: free */
	uint64_t *sent;            /* hashes of those that went before; 0: free */
	size_t sent_count, sent_room;
	uint64_t rows, all, refused; /* rows; pupils; rows without a pupil, and pupils, that were refused here */
	bool no_memory, stopped;
};

bool roster_begin(struct roster *, const struct roster_sink *); /* false: no memory */
void roster_take(struct roster *, const struct roster_row *);
/* What is at hand is sent. False: no memory. */
bool roster_end(struct roster *);
void roster_free(struct roster *);

#endif
