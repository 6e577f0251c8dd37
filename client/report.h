/* report.h - the reports that schools and the authority run, added up from what the
 * daemon's query `report` gives row by row. (SP-25)
 *
 * A report is one or several tables. Rows of the daemon's are taken as they come and
 * dropped again: what is kept is what a table shows.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_REPORT_H
#define CLIENT_REPORT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/*  name, what it tells */
#define REPORT_KINDS(X) \
	X("broken-weeks", "pupils with broken weeks, of how many weeks in session, and on which days and codes") \
	X("persistent", "pupils persistently and severely absent") \
	X("attendance", "percentage attendance and absence by school and year group") \
	X("threshold", "pupils at the penalty-notice threshold in ten school weeks, or near it") \
	X("groups", "analysis by vulnerability, by category of absence and by code") \
	X("governors", "the termly report in one, without names: attendance, groups, reasons, penalty notices") \
	X("meeting", "a targeted meeting's pack: which schools were offered one, trends by group, the pupils listed and what is known of each") \
	X("notices", "penalty notices by number and by what became of them") \
	X("deadlines", "cases' tasks met and missed, by officer (a school's recurring ones: attend deadlines)")

/*  name, what the daemon calls it (`of`) */
#define REPORT_SOURCES(X) \
	X(SCHOOLS, "schools") \
	X(EARLIER, "pupils") /* all but the last REPORT_LATELY days */ \
	X(PUPILS, "pupils") \
	X(LISTED, "meeting") \
	X(NOTICES, "notices") \
	X(DEADLINES, "deadlines")

enum report_source {
#define X(name, text) REPORT_##name,
	REPORT_SOURCES(X)
#undef X
	REPORT_SOURCE_LIMIT
};

enum { REPORT_LATELY = 28 };

const char *report_source_text(enum report_source);

/* What is NULL or 0 asks for all. */
struct report_filter {
	const char *year_group;
	const char *group;  /* a fact ("free-school-meals") or a group of the roster */
	unsigned near;      /* how many sessions short of the threshold is near it */
};

struct report;

/* NULL: there is no such kind. The filter's texts are borrowed. */
struct report *report_open(const char *kind, const struct report_filter *);
void report_close(struct report **);

/* Sources are asked for in their order. */
bool report_wants(const struct report *, enum report_source);
void report_take(struct report *, enum report_source, const json_t *row);

/* Once all was taken: its rows, in order, each with the `table` that it is of. Borrowed. */
const json_t *report_rows(struct report *);
size_t report_pupils(const struct report *);      /* how many were counted */
const char *report_latest(const struct report *); /* the day of their latest register; NULL: none */

/* For people; for spreadsheets, where several tables share one header; an object a line. */
void report_print(struct report *, FILE *);
void report_print_csv(struct report *, FILE *);
void report_print_json(struct report *, FILE *);

/* As bars, in SVG, where a table of it has any. */
bool report_has_picture(const struct report *);
void report_print_svg(struct report *, const char *from, const char *to, FILE *);

#endif
