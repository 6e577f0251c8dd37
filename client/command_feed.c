/* attend feed - deadlines as a calendar that Outlook, Thunderbird and others subscribe to.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/ask.h"
#include "client/command.h"
#include "client/feed.h"
#include "client/file.h"
#include "proto/ids.h"

enum { KEY_OFFICER = 0x2400, KEY_SCHOOL, KEY_PATHWAY, KEY_OUT, KEY_UPN, KEY_LINK, KEY_KEEP };
enum { KEEP_DAYS = 60, KEEP_DAYS_MAX = 3660, FEED_SIZE_MAX = 256 << 20 };

struct feed_arguments {
	struct invocation invocation;
	struct due_filter filter;
	struct feed_options options;
	const char *out;
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct feed_arguments *a = state->input;
	uint64_t days;
	uint32_t urn;
	switch (key) {
	case ARGP_KEY_INIT: state->child_inputs[0] = &a->invocation; return 0;
	case KEY_OFFICER: a->filter.officer = a->options.officer = argument; return 0;
	case KEY_SCHOOL:
		if (!urn_parse(slice_text(argument), &urn))
			argp_error(state, "--school: '%s' is not a school's number: six digits", argument);
		a->filter.school = argument;
		return 0;
	case KEY_PATHWAY: a->filter.pathway = argument; return 0;
	case KEY_OUT: a->out = argument; return 0;
	case KEY_UPN: a->options.upn = true; return 0;
	case KEY_LINK: a->options.link = argument; return 0;
	case KEY_KEEP:
		days = invocation_number(state, "--keep", argument);
		if (days < 1 || days > KEEP_DAYS_MAX)
			argp_error(state, "--keep: from 1 to %d days", KEEP_DAYS_MAX);
		a->filter.keep_days = (unsigned)days;
		return 0;
	case ARGP_KEY_END:
		if (a->invocation.json && !a->out)
			argp_error(state, "--json tells of the file that --out names: standard output has the calendar");
		return 0;
	default: return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option options[] = {
	{ "officer", KEY_OFFICER, "NAME", 0, "of the cases in this officer's hands, or of one for whom they stand in", 0 },
	{ "school", KEY_SCHOOL, "URN", 0, "of one school", 0 },
	{ "pathway", KEY_PATHWAY, "NAME", 0, "of cases on this pathway", 0 },
	{ "out", KEY_OUT, "FILE", 0, "into this file, which is replaced whole, or left alone where nothing has changed; else standard output", 0 },
	{ "upn", KEY_UPN, NULL, 0, "name pupils by their UPN, too: only where everybody who can read the calendar may know them", 0 },
	{ "link", KEY_LINK, "ADDRESS", 0, "what a case's address begins with: https://board.example/case/", 0 },
	{ "keep", KEY_KEEP, "DAYS", 0, "show what has ended, or was cancelled, so many days after its last day (60)", 0 },
	{ 0 },
};
static const struct argp argp = {
	.options = options,
	.parser = parse,
	.doc = "Deadlines as a calendar (iCalendar, RFC 5545) that Outlook, Thunderbird and others subscribe to: an all-day "
	       "event on each one's last day, which moves when the deadline does and is cancelled when it is.\v"
	       "It holds case numbers, schools and what is due; no name and, without --upn, no UPN. Let a timer write it "
	       "where a web server serves it to its officer alone:\n\n"
	       "  attend feed --officer 'A. Hart' --out /srv/feeds/hart.ics",
	.children = invocation_children,
};

/* Where nothing but its stamps would change, the file keeps its time, so that nobody fetches it again. */
static bool write_file(const char *path, const char *calendar, bool *changed)
{
	size_t size;
	char *there = file_read(path, FEED_SIZE_MAX, &size);
	*changed = !there || !feed_same(there, calendar);
	free(there);
	return !*changed || file_replace(path, calendar, strlen(calendar));
}

static int write_out(const struct feed_arguments *a, const struct due *due)
{
	size_t cancelled, events = json_array_size(due->items);
	char *calendar = feed_make(due, &a->options, &cancelled);
	bool changed = true;
	bool good = calendar && (a->out ? write_file(a->out, calendar, &changed)
	                                : fputs(calendar, stdout) >= 0 && fflush(stdout) == 0);
	if (!good)
		complain(&a->invocation, "%s: %s", a->out ? a->out : "standard output", calendar ? strerror(errno) : "no memory");
	free(calendar);
	if (good && a->invocation.json) {
		json_t *made = json_pack("{s:s,s:I,s:I,s:b}", "file", a->out, "events", (json_int_t)events, "cancelled",
		                         (json_int_t)cancelled, "changed", changed);
		print_json(made);
		json_decref(made);
	} else if (good && a->out) {
		printf("%s: %zu deadlines, %zu of them cancelled; %s\n", a->out, events, cancelled, changed ? "written" : "as before");
	}
	return good ? 0 : 1;
}

int command_feed(int argc, char **argv)
{
	struct feed_arguments a = { .filter.keep_days = KEEP_DAYS };
	struct due due;
	invocation_parse(&argp, argc, argv, &a.invocation, &a);
	struct attend *connection = invocation_open(&a.invocation, 0);
	if (!connection)
		return 2;
	int status = due_ask(&a.invocation, connection, &a.filter, &due);
	if (!status) {
		status = write_out(&a, &due);
		due_free(&due);
	}
	attend_close(&connection);
	return status;
}
