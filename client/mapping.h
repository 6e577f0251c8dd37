/* mapping.h - how the file of another program is read: which of its columns is what.
 *
 * A mapping is a small YAML file (docs/importers.md). What attend calls `upn` or `code` is
 * found under the names that the program gives: of a CSV column, or of a member of a JSON
 * entry, `education_details.upn`. A source is
 *
 *   Name          that column; in JSON a path, through `data` wrappers and over lists, and
 *                 where an id stands on it, on in the entry of that id (beside.h)
 *   =text         always this text
 *   {A} {B}       a text with columns in it
 *   [A, B]        the first of these that there is and that is not empty
 *
 * A date is read by the format that the mapping names and by no other: 07/09/2026 is two days.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_MAPPING_H
#define CLIENT_MAPPING_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "client/columns.h"

enum mapping_for { MAPPING_MARKS, MAPPING_ROSTER };

enum { MAPPING_TARGETS_MAX = 12, MAPPING_ALTERNATIVES_MAX = 6, MAPPING_EACH_MAX = 6, MAPPING_NAMES_MAX = COLUMNS_MAX - 1,
       MAPPING_VALUES_MAX = 200, MAPPING_DATE_MAX = 32, MAPPING_ROOM = 128 * 1024 };

struct mapping_target {
	const char *sources[MAPPING_ALTERNATIVES_MAX];
	unsigned count;            /* 0: not in the file */
};

/* Targets by number: those of mark_columns or roster_columns. */
struct mapping_group {
	const char *in;            /* of JSON: the list whose elements these are of; NULL: of the entry itself */
	struct mapping_target targets[MAPPING_TARGETS_MAX];
};

struct mapping_value {
	unsigned target;
	const char *theirs, *ours; /* ours NULL: there is nothing */
};

struct beside;

struct mapping {
	const char *name, *title;
	enum mapping_for purpose;
	bool json;                 /* documents of entries (entries.h), not CSV */
	char date[MAPPING_DATE_MAX]; /* DD/MM/YYYY; empty: there is no date, or it is still to be asked for */
	const char *school;        /* of rows that name none; NULL: none is given */
	const struct beside *beside; /* entries of other files, for ids on a path; NULL: none; the caller's */
	struct mapping_group base; /* of every row */
	struct mapping_group each[MAPPING_EACH_MAX]; /* a row is one of each of these */
	unsigned each_count;
	struct mapping_value values[MAPPING_VALUES_MAX];
	unsigned value_count;
	const char *names[MAPPING_NAMES_MAX]; /* of columns, all that are asked for */
	unsigned name_count;
	struct columns columns;    /* where they stand in the file at hand */
	char *texts;               /* what all of the above point into */
	size_t texts_used;
	char *room;                /* the values of the row at hand */
	size_t room_used;
};

extern const char *const *mapping_columns(enum mapping_for); /* the targets' names, NULL at the end */

/* By its name, of those shipped, or by its path. `school` and `date`, where not NULL, stand in place of
 * the file's. NULL: `why` says what is wrong, with line and column. */
struct mapping *mapping_open(const char *name, enum mapping_for, const char *school, const char *date, char *why, size_t why_size);
void mapping_close(struct mapping **);
/* Of a text: the same, as mapping_open does once it has read the file. */
struct mapping *mapping_read(const char *text, size_t size, const char *path, enum mapping_for, const char *school,
                             const char *date, char *why, size_t why_size);

/* Where those shipped lie: ATTEND_MAPPINGS, beside the program, or ../share/attend/mappings. Calls back with the path
 * of each, in the order of their names. */
void mapping_each_shipped(void (*each)(void *context, const char *path), void *context);

/* Finds the columns of a CSV file. False: `why` says which are missing. The names passed over are in `columns.ignored`. */
bool mapping_bind(struct mapping *, const struct record *header, char *why, size_t why_size);

/* Takes a row apart: one of a CSV file (`entry` NULL) or a JSON entry. `row` is called for each of the rows that it is,
 * with a value for each target, NULL where there is none; or, once, with what is wrong. The values last until the
 * next call. */
struct mapped {
	const char *values[MAPPING_TARGETS_MAX];
	const char *ids[MAPPING_TARGETS_MAX]; /* where there is no value: the id that led to no entry, NULL: none */
	unsigned field;            /* the target that `fault` is about */
	const char *fault;         /* NULL: none */
	unsigned none;             /* a bit by target: the mapping says that what stands there is nothing */
};
typedef void mapped_row(void *context, const struct mapped *);
void mapping_take(struct mapping *, const struct record *, const json_t *entry, mapped_row *, void *context);

/* `text` in that format as YYYY-MM-DD. False: it isn't, or there is no such day. */
bool mapping_date(char out[static 11], const char *format, const char *text);
bool mapping_date_format_ok(const char *format);

#endif
