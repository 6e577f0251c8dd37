/* roster_rows.h - the rows of a roster, whatever file they come from: CSV with attend's own
 * columns, another program's CSV or JSON by a mapping, or a Common Transfer File.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_ROSTER_ROWS_H
#define CLIENT_ROSTER_ROWS_H

#include "client/ctf.h"
#include "client/mapping.h"
#include "client/roster.h"

struct roster_rows;

/* `mapping`: NULL for CSV with attend's own columns, and of no account for XML. `school`: of rows that name none; a Common
 * Transfer File names none, so it must be given there. `totals`: what such a file says of attendance, told as it comes;
 * NULL: nobody asks. NULL: `why` says what is wrong. */
struct roster_rows *roster_rows_open(struct records *, struct mapping *, const char *school, const struct ctf_totals *totals,
                                     char *why, size_t why_size);
void roster_rows_close(struct roster_rows **);
bool roster_rows_next(struct roster_rows *, struct roster_row *);
const char *roster_rows_failed(const struct roster_rows *);
const char *roster_rows_header(const struct roster_rows *);  /* of the rejects: the file's own, or that of attend's columns */
const char *roster_rows_ignored(const struct roster_rows *); /* columns passed over */
const char *roster_rows_counted(const struct roster_rows *); /* what `line` counts: "" lines, "entry ", "pupil " */

#endif
