/* mark_rows.h - marks from a file: CSV or JSON lines, row by row.
 *
 * What can be known to be wrong without the daemon is found here, so that a row
 * never spoils the submission that it would stand in: a row that can't be read,
 * a URN or number of minutes that is none, text that is not UTF-8, a date that may be
 * two, a code of before 2024. A comment in Windows-1252 is converted.
 *
 * With a mapping the file is another program's, CSV or JSON documents.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_MARK_ROWS_H
#define CLIENT_MARK_ROWS_H

#include "client/attend.h"
#include "client/mapping.h"
#include "client/records.h"

struct mark_row {
	uint64_t line;       /* of a JSON document the entry's number */
	const char *raw;     /* as it stands in the file; of a JSON document as a line of its own */
	size_t raw_size;
	const char *urn;
	struct attend_mark mark;
	const char *field, *fault; /* what is wrong with it; NULL: nothing is */
	bool converted;      /* its comment was Windows-1252 */
};

enum { MARK_COLUMNS = 8 };
extern const char *const mark_columns[MARK_COLUMNS + 1]; /* urn upn date session code ..., NULL */

struct mark_rows;

/* Reads the header of a CSV file. NULL: `why` says what is wrong with it. `records` and `mapping` (NULL: the
 * columns have attend's own names) stay the caller's. */
struct mark_rows *mark_rows_open(struct records *, struct mapping *, char *why, size_t why_size);
void mark_rows_close(struct mark_rows **);

/* The header as it stands in the file, "" for JSON lines; and the columns passed over. */
const char *mark_rows_header(const struct mark_rows *);
const char *mark_rows_ignored(const struct mark_rows *);

/* The next row, valid until the call after; false: no more, or mark_rows_failed. */
bool mark_rows_next(struct mark_rows *, struct mark_row *);
const char *mark_rows_failed(const struct mark_rows *);
uint64_t mark_rows_without(const struct mark_rows *); /* rows passed over that the mapping says hold no mark */

/* What the daemon would refuse in a row whatever it knows of the pupil: for a look beforehand. The field, NULL: nothing. */
const char *mark_row_fault(const struct mark_row *, char *why, size_t why_size);

#endif
