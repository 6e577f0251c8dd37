/* mapped_rows.h - the rows of another program's file, CSV or JSON documents, by a mapping.
 *
 * One row of the file may be several of ours (a morning and an afternoon, a pupil's
 * parents) or none. What can't be read is given as a row with its fault.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_MAPPED_ROWS_H
#define CLIENT_MAPPED_ROWS_H

#include "client/mapping.h"

enum { MAPPED_ROWS_MAX = 24 }; /* that one row of the file is */

struct mapped_rows;

/* Reads the header of a CSV file. NULL: `why` says what is wrong. `records` and `mapping` stay the caller's. */
struct mapped_rows *mapped_rows_open(struct records *, struct mapping *, char *why, size_t why_size);
void mapped_rows_close(struct mapped_rows **);

/* The next row and the record that it is of: its line (of JSON the entry's number) and, of CSV, its text. Both are
 * valid until the call after. False: no more, or mapped_rows_failed. */
bool mapped_rows_next(struct mapped_rows *, const struct mapped **, const struct record **);
const char *mapped_rows_failed(const struct mapped_rows *);
const char *mapped_rows_header(const struct mapped_rows *); /* as it stands in the file; "" of JSON */

#endif
