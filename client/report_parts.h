/* report_parts.h - what the files of report.h share.
 *
 *   report.c         kinds and their tables, who is counted
 *   report_pupils.c  tables that list pupils
 *   report_sums.c    tables that add up
 *   report_cases.c   tables of what cases hold
 *   report_meeting.c tables for a meeting with schools
 *   report_print.c   for people, spreadsheets and programs
 *   report_picture.c as bars
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_REPORT_PARTS_H
#define CLIENT_REPORT_PARTS_H

#include "casework/codes.h"
#include "client/report.h"

#define REPORT_PARTS " | " /* between the parts of a long text; for people they stand on lines of their own */

enum { REPORT_TABLES_MAX = 6, REPORT_COLUMNS_MAX = 24, REPORT_BAR_PARTS_MAX = 4 };

struct report_table;

struct report_column {
	const char *key;   /* of a row; NULL ends the list */
	const char *title; /* as table.h's; NULL: not in the table for people */
};

/* A bar for each row of a table. */
struct report_bars {
	struct report_column label[2]; /* what the bar is called by: its title and then the row's */
	bool shares;                   /* its words are per cent, not numbers */
	struct report_column parts[REPORT_BAR_PARTS_MAX];
};

/* A table: how a row is taken, and what is left to do once all were. */
struct report_form {
	const char *name, *title;
	unsigned sources; /* bit per enum report_source */
	void (*take)(struct report_table *, const struct report_filter *, enum report_source, const json_t *row);
	void (*finish)(struct report_table *);
	struct report_column columns[REPORT_COLUMNS_MAX];
	const struct report_bars *bars; /* NULL: a picture says no more */
};

/* Pupils added up. */
struct report_sum {
	char school[16], name[80]; /* which; empty: all */
	unsigned pupils, possible, attended, authorised, unauthorised, late, persistent, severe, at_threshold;
};

struct report_table {
	const struct report_form *form;
	json_t *rows;
	/* of tables that add up: */
	struct report_sum *sums;
	size_t count, room;
	json_t *places;            /* what is found again by name */
	json_t *named;             /* groups whose trends are told */
	struct {
		unsigned sessions, pupils;
	} coded[CODE_LIMIT];
	unsigned possible;
};

struct report {
	const char *kind;
	struct report_filter filter;
	struct report_table tables[REPORT_TABLES_MAX];
	unsigned table_count;
	size_t pupils;
	char latest[16];
	json_t *rows;
};

extern const struct report_form report_form_broken_weeks, report_form_persistent, report_form_threshold; /* report_pupils.c */
extern const struct report_form report_form_attendance, report_form_vulnerability, report_form_category, report_form_code; /* report_sums.c */
extern const struct report_form report_form_notices, report_form_deadlines; /* report_cases.c */
extern const struct report_form report_form_schools, report_form_trends, report_form_listed; /* report_meeting.c */

/* Adds a row with the table's columns of one of the daemon's; borrowed. */
json_t *report_keep(struct report_table *, const json_t *row);
void report_sort_by_absence(struct report_table *); /* the greatest share of possible sessions missed first */
void report_count(json_t *row, const char *key, unsigned by);
unsigned report_number(const json_t *row, const char *key);
const char *report_text(const json_t *row, const char *key); /* "" where there is none */
/* `part` of `whole` in per cent to one decimal, rounded half up; null where there is no whole. */
json_t *report_percent(unsigned part, unsigned whole);

#endif
