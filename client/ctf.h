/* ctf.h - the DfE's Common Transfer File: who its pupils are.
 *
 * Read with expat as it comes, a pupil at a time. What such a file has no business with
 * is refused by name before it can do harm: a document type (and with it every entity),
 * elements nested deeper than CTF_DEPTH_MAX, a text longer than CTF_TEXT_MAX, a pupil of more
 * than CTF_PUPIL_MAX bytes. Taken are UPN, names, birth date, year, special needs, language and
 * the contacts with parental responsibility. The attendance in it is a year's totals, never
 * marks; they are told to who asks.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_CTF_H
#define CLIENT_CTF_H

#include "client/records.h"
#include "client/roster.h"

enum { CTF_DEPTH_MAX = 16, CTF_TEXT_MAX = 4096, CTF_PUPIL_MAX = 64 * 1024 };

/* A year's totals at a school, of Attendance/YearData. -1: not said. */
struct ctf_year {
	const char *upn, *year, *lea, *estab, *school;
	long possible, attended, authorised, unauthorised;
};
struct ctf_totals {
	void (*tell)(void *context, const struct ctf_year *);
	void *context;
};

struct ctf;

struct ctf *ctf_open(struct records *, const char *school, const struct ctf_totals *); /* NULL: no memory */
void ctf_close(struct ctf **);
/* The next row, a pupil and a parent of theirs; `line` is the pupil's number in the file. */
bool ctf_next(struct ctf *, struct roster_row *);
const char *ctf_failed(const struct ctf *); /* with the line; NULL: read to the end */

#endif
