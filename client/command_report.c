/* attend report - what schools and the authority look at each fortnight, half term, term.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "casework/civil.h"
#include "client/ask.h"
#include "client/command.h"
#include "client/report.h"
#include "client/table.h"
#include "client/to_json.h"
#include "client/when.h"

enum { KEY_SCHOOL = 0x2300, KEY_YEAR, KEY_GROUP, KEY_FROM, KEY_TO, KEY_TERM, KEY_NEAR, KEY_CSV, KEY_SVG, NEAR = 3, TERMS_MAX = 12 };

struct report_arguments {
	struct invocation invocation;
	const char *kind, *school, *term;
	struct report_filter filter;
	char from[DATE_TEXT_SIZE + 1], to[DATE_TEXT_SIZE + 1]; /* empty: not said */
	char earlier[DATE_TEXT_SIZE + 1]; /* the last day before the last weeks; empty: the period has no more */
	bool csv, svg;
	/* worked out: */
	day_t today;
	json_int_t head;
	struct report *report;
	enum report_source source;
};

static void take_date(struct argp_state *state, const char *option, const char *argument, char out[DATE_TEXT_SIZE + 1])
{
	day_t day;
	if (!day_parse(slice_text(argument), &day))
		argp_error(state, "%s: '%s' is not a date: 2026-09-01 is one", option, argument);
	else
		day_text(out, day);
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct report_arguments *a = state->input;
	switch (key) {
	case ARGP_KEY_INIT: state->child_inputs[0] = &a->invocation; return 0;
	case KEY_SCHOOL: a->school = argument; return 0;
	case KEY_YEAR: a->filter.year_group = argument; return 0;
	case KEY_GROUP: a->filter.group = argument; return 0;
	case KEY_FROM: take_date(state, "--from", argument, a->from); return 0;
	case KEY_TO: take_date(state, "--to", argument, a->to); return 0;
	case KEY_TERM: a->term = argument; return 0;
	case KEY_NEAR: a->filter.near = (unsigned)invocation_number(state, "--near", argument); return 0;
	case KEY_CSV: a->csv = true; return 0;
	case KEY_SVG: a->svg = true; return 0;
	case ARGP_KEY_ARG:
		if (a->kind)
			return ARGP_ERR_UNKNOWN;
		a->kind = argument;
		return 0;
	case ARGP_KEY_END:
		if (!a->kind)
			argp_error(state, "which report? attend report --help lists them");
		if (a->term && (a->from[0] || a->to[0]))
			argp_error(state, "--term names the days: leave out --from and --to");
		if (a->csv + a->svg + a->invocation.json > 1)
			argp_error(state, "--csv, --svg or --json, not two of them");
		return 0;
	default: return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option options[] = {
	{ "school", KEY_SCHOOL, "URN", 0, "of one school; all that you may see where nothing is said", 0 },
	{ "year-group", KEY_YEAR, "NAME", 0, "of one year group, as the roster names it", 0 },
	{ "group", KEY_GROUP, "NAME", 0, "of the pupils of whom this is so (send, ehcp, free-school-meals, looked-after, young-carer, "
	  "social-worker ...: attend fact --help), or who are in this group of the roster", 0 },
	{ "from", KEY_FROM, "DATE", 0, "from this day on; 1 September of this school year where nothing is said", 0 },
	{ "to", KEY_TO, "DATE", 0, "to this day; today where nothing is said", 0 },
	{ "term", KEY_TERM, "N|NAME", 0, "the Nth term of the calendar in this school year, or the one of that name", 0 },
	{ "near", KEY_NEAR, "SESSIONS", 0, "of threshold: list pupils who are so many sessions short of it, too (3)", 0 },
	{ "csv", KEY_CSV, NULL, 0, "for a spreadsheet: one header, a row a line", 0 },
	{ "svg", KEY_SVG, NULL, 0, "as bars, for a page or a print: attendance, groups, governors, notices, deadlines", 0 },
	{ 0 },
};

#define X(name, tells) "  " name ": " tells ".\n"
static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "KIND",
	.doc = "Reports over many pupils. The kinds:\n" REPORT_KINDS(X) "\v"
	       "Figures are those of `attend pupil`, of the days asked for. With --json: an object a line.\n\n"
	       "  attend report broken-weeks --school 123456\n"
	       "  attend report persistent --year-group 9 --csv > persistent.csv\n"
	       "  attend report groups --group free-school-meals --term 'Autumn 1'\n"
	       "  attend report attendance --from 2026-11-02 --to 2026-12-18\n"
	       "  attend report deadlines --year-group 9 --svg > deadlines.svg",
	.children = invocation_children,
};
#undef X

/* ---- the period ---- */

static json_t *ask_one(const struct report_arguments *a, struct attend *connection, enum attend_command command, struct body *body,
                       int *status)
{
	return ask(&a->invocation, connection, command, NULL, body, NULL, status);
}

static int ask_hello(struct report_arguments *a, struct attend *connection)
{
	struct body body;
	uint64_t now;
	int status;
	body_begin(&body);
	json_t *hello = ask_one(a, connection, ATTEND_HELLO, &body, &status);
	const char *text = json_string_value(json_object_get(hello, "now"));
	if (hello && text && time_parse(slice_text(text), &now))
		a->today = day_of_ms(now);
	a->head = json_integer_value(json_object_get(hello, "head"));
	json_decref(hello);
	return status;
}

/* The rows of the calendar that counts: the school's own, else the authority's. NULL: there is none. */
static json_t *calendar_rows(struct report_arguments *a, struct attend *connection)
{
	for (int own = a->school != NULL; own >= 0; own--) {
		struct body body;
		size_t size;
		struct attend_reply reply;
		body_begin(&body);
		body_text(&body, "what", "calendar");
		body_text(&body, "urn", own ? a->school : NULL);
		const void *bytes = body_end(&body, &size);
		enum attend_result result = attend_call(connection, ATTEND_QUERY, NULL, bytes, size, &reply);
		json_t *answer = result == ATTEND_OK ? to_json(reply.body, reply.body_size) : NULL;
		body_free(&body);
		if (answer) {
			json_t *rows = json_incref(json_object_get(answer, "rows"));
			json_decref(answer);
			return rows;
		}
	}
	return NULL;
}

static const char *cell(const json_t *row, size_t at)
{
	const char *text = json_string_value(json_array_get(row, at));
	return text ? text : "";
}

static int by_first_day(const void *a, const void *b)
{
	return strcmp(cell(*(json_t *const *)a, 0), cell(*(json_t *const *)b, 0));
}

/* The days of --term; the terms that there are, where it is none of them. */
static int find_term(struct report_arguments *a, struct attend *connection)
{
	json_t *rows = calendar_rows(a, connection), *row, *terms[TERMS_MAX];
	size_t index, count = 0, found;
	json_array_foreach(rows, index, row) {
		day_t day;
		if (count < TERMS_MAX && strcmp(cell(row, 2), "term") == 0 && day_parse(slice_text(cell(row, 0)), &day) &&
		    day_school_year(day) == day_school_year(a->today))
			terms[count++] = row;
	}
	qsort(terms, count, sizeof(json_t *), by_first_day);
	for (found = 0; found < count; found++) {
		char number[24];
		snprintf(number, sizeof number, "%zu", found + 1);
		if (strcmp(a->term, number) == 0 || strcasecmp(a->term, cell(terms[found], 3)) == 0)
			break;
	}
	if (found < count) {
		snprintf(a->from, sizeof a->from, "%s", cell(terms[found], 0));
		snprintf(a->to, sizeof a->to, "%s", cell(terms[found], 1));
	} else {
		complain(&a->invocation, "--term: the calendar has no term '%s' in this school year%s", a->term, count ? "; it has" : "");
		for (size_t i = 0; i < count; i++)
			fprintf(stderr, "  %zu  %s, %s to %s\n", i + 1, cell(terms[i], 3), cell(terms[i], 0), cell(terms[i], 1));
	}
	json_decref(rows);
	return found < count ? ATTEND_OK : 2;
}

static int settle_period(struct report_arguments *a, struct attend *connection)
{
	day_t from = 0, to = 0;
	int status = ask_hello(a, connection);
	if (status || (a->term && (status = find_term(a, connection)) != 0))
		return status;
	if (!a->from[0])
		day_text(a->from, school_year_start(day_school_year(a->today)));
	if (!a->to[0])
		day_text(a->to, a->today);
	if (day_parse(slice_text(a->from), &from) && day_parse(slice_text(a->to), &to) && from > to) {
		complain(&a->invocation, "there is no day from %s to %s: name an earlier --from, or a later --to", a->from, a->to);
		return 2;
	}
	if (to - from >= REPORT_LATELY)
		day_text(a->earlier, to - REPORT_LATELY);
	return ATTEND_OK;
}

/* ---- asking ---- */

static void fill(struct body *body, void *context, bool first)
{
	const struct report_arguments *a = context;
	(void)first;
	body_text(body, "of", report_source_text(a->source));
	body_text(body, "school", a->school);
	body_text(body, "first", a->from);
	body_text(body, "last", a->source == REPORT_EARLIER ? a->earlier : a->to);
}

static void take(json_t *row, void *context)
{
	const struct report_arguments *a = context;
	report_take(a->report, a->source, row);
}

/* What was counted, in small print. */
static void print_foot(const struct report_arguments *a)
{
	char from[WHEN_SIZE], to[WHEN_SIZE], latest[WHEN_SIZE], words[400];
	const char *registers = report_latest(a->report);
	printf("\nFrom %s to %s, as known now (event %lld).\n", when_date(from, a->from), when_date(to, a->to), (long long)a->head);
	if (report_wants(a->report, REPORT_PUPILS)) {
		snprintf(words, sizeof words, "%zu pupil%s with a mark in these days%s%s. A session is a morning or an afternoon; attendance is "
		         "sessions attended of those possible. A pupil counts whole where their latest register is, and among the groups and "
		         "facts known of the last day. Persistent and severe are so from the 20th possible session on.",
		         report_pupils(a->report), report_pupils(a->report) == 1 ? "" : "s", registers ? ", registers to " : "", registers ? when_date(latest, registers) : "");
		print_folded(stdout, words, 0);
	}
	if (report_wants(a->report, REPORT_LISTED))
		print_folded(stdout, "Listed: at or below a share that the school's pathway names, of what was possible in these days. Offered: in "
		             "the school year of the last day.", 0);
	if (report_wants(a->report, REPORT_NOTICES))
		print_folded(stdout, "Penalty notices issued in these days; unpaid: the last day for paying is over.", 0);
	if (report_wants(a->report, REPORT_DEADLINES))
		print_folded(stdout, "Tasks of cases whose last day is one of these; no periods, reminders, or cancelled ones, and not what schools do again and again (attend deadlines). A case is in the hands of the "
		             "officer or manager who recorded on it last, or where none did, of whoever did.", 0);
}

/* What would change nothing is refused. */
static bool filter_fits(const struct report_arguments *a)
{
	if (a->filter.near != NEAR && strcmp(a->kind, "threshold") != 0)
		complain(&a->invocation, "--near is of attend report threshold alone");
	else if (a->svg && !report_has_picture(a->report))
		complain(&a->invocation, "--svg: a picture of %s would say no more than its table; leave it out, or --csv", a->kind);
	else
		return true;
	return false;
}

int command_report(int argc, char **argv)
{
	struct report_arguments a = { .filter = { .near = NEAR } };
	invocation_parse(&argp, argc, argv, &a.invocation, &a);
	a.report = report_open(a.kind, &a.filter);
	if (!a.report) {
		complain(&a.invocation, "there is no report '%s'; attend report --help lists them", a.kind);
		return 2;
	}
	if (!filter_fits(&a)) {
		report_close(&a.report);
		return 2;
	}
	struct attend *connection = invocation_open(&a.invocation, 0);
	int status = connection ? settle_period(&a, connection) : 2;
	for (a.source = 0; !status && a.source < REPORT_SOURCE_LIMIT; a.source++)
		if (report_wants(a.report, a.source) && (a.source != REPORT_EARLIER || a.earlier[0]))
			status = ask_pages(&a.invocation, connection, "report", fill, take, &a);
	if (!status && a.csv)
		report_print_csv(a.report, stdout);
	else if (!status && a.svg)
		report_print_svg(a.report, a.from, a.to, stdout);
	else if (!status && a.invocation.json)
		report_print_json(a.report, stdout);
	else if (!status)
		report_print(a.report, stdout);
	if (!status && !a.csv && !a.svg && !a.invocation.json)
		print_foot(&a);
	report_close(&a.report);
	attend_close(&connection);
	return status;
}
