/* columns.h - which column of a CSV file is which, by its header.
 *
 * Columns stand in any order and are known by name, in either case. A column that
 * is not known is passed over and named once, so that a misspelt one is noticed.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_COLUMNS_H
#define CLIENT_COLUMNS_H

#include "client/records.h"

struct column {
	const char *name; /* NULL ends the list */
	bool required;
};

enum { COLUMNS_MAX = 64, COLUMN_NONE = -1 };

struct columns {
	int place[COLUMNS_MAX]; /* of each known column, COLUMN_NONE where it is not there */
	unsigned count;         /* of the header's fields */
	char ignored[200];      /* the names that are not known; empty: none */
};

/* False: `why` names the missing (or doubled) columns. */
bool columns_read(struct columns *, const struct record *header, const struct column known[], char *why, size_t why_size);

/* A row's field, or NULL where the column is not there or the field is empty. */
const char *columns_field(const struct columns *, const struct record *, unsigned column);

/* Has a row as many fields as the header? Else `why` says how many; empty ones too many are let pass. */
bool columns_fit(const struct columns *, const struct record *, char *why, size_t why_size);

#endif
