/* attend pathway try - what a changed file would have done to the history held.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/ask.h"
#include "client/command_pathway.h"
#include "client/try_report.h"

enum { KEY_CASES = 0x2200, POLL_MS = 200, CASES_SHOWN = 50 };

struct try_arguments {
	struct invocation invocation;
	const char *file;
	uint64_t cases;
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct try_arguments *a = state->input;
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->invocation;
		return 0;
	case KEY_CASES:
		a->cases = invocation_number(state, "--cases", argument);
		return 0;
	case ARGP_KEY_ARG:
		if (a->file)
			return ARGP_ERR_UNKNOWN;
		a->file = argument;
		return 0;
	case ARGP_KEY_END:
		if (!a->file)
			argp_error(state, "which file is to be tried?");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option options[] = {
	{ "cases", KEY_CASES, "N", 0, "how many pupils are told of one by one (50); all of them with --json", 0 },
	{ 0 },
};
static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "FILE",
	.doc = "Says what a changed pathway file would have done to the history held, beside the file in force.\v"
	       "Registers, calendars and actions are replayed under both, as they were recorded. Nothing is put in force and "
	       "nobody is told. An action that was recorded then is recorded in both, and where one file would refuse it, that is said. "
	       "A file whose name is loaded is tried in place of that one; another, in place of the default. With --json: a line "
	       "with the summary, then one for each pupil for whom something would have differed.",
	.children = invocation_children,
};

static json_t *ask_trial(const struct try_arguments *a, struct attend *connection, const char *source, uint64_t trial, int *status)
{
	struct body body;
	body_begin(&body);
	body_text(&body, "what", "try");
	body_text(&body, "source", source);
	if (trial)
		body_number(&body, "trial", trial);
	return ask(&a->invocation, connection, ATTEND_QUERY, NULL, &body, NULL, status);
}

static void show_progress(const json_t *answer)
{
	long long done = json_integer_value(json_object_get(answer, "done")), of = json_integer_value(json_object_get(answer, "of"));
	if (of && isatty(STDERR_FILENO))
		fprintf(stderr, "\rreplaying %lld %%\033[K", 100 * done / of);
}

/* Until it is done: its summary's answer, or NULL. */
static json_t *await(const struct try_arguments *a, struct attend *connection, uint64_t trial, int *status)
{
	for (;;) {
		json_t *answer = ask_trial(a, connection, NULL, trial, status);
		if (!answer || json_is_true(json_object_get(answer, "ready"))) {
			if (isatty(STDERR_FILENO))
				fputs("\r\033[K", stderr);
			return answer;
		}
		show_progress(answer);
		json_decref(answer);
		if (interrupted) {
			*status = 130;
			return NULL;
		}
		poll(NULL, 0, POLL_MS);
	}
}

/* The source in force that it was tried against. */
static json_t *source_in_force(const struct try_arguments *a, struct attend *connection, const json_t *summary)
{
	struct body body;
	int status;
	if (json_is_true(json_object_get(summary, "replaces_default")))
		return NULL;
	body_begin(&body);
	body_text(&body, "what", "pathway");
	body_text(&body, "name", json_string_value(json_object_get(summary, "pathway")));
	body_number(&body, "version", (uint64_t)json_integer_value(json_object_get(summary, "against_version")));
	return ask(&a->invocation, connection, ATTEND_QUERY, NULL, &body, NULL, &status);
}

struct telling {
	const struct try_arguments *arguments;
	uint64_t trial, from, told;
};

static void fill(struct body *body, void *context, bool first)
{
	const struct telling *t = context;
	body_number(body, "trial", t->trial);
	if (first)
		body_number(body, "from", t->from);
}

static void tell_item(json_t *item, void *context)
{
	struct telling *t = context;
	if (t->arguments->invocation.json) {
		json_object_set_new(item, "what", json_string("pupil"));
		print_json(item);
	} else if (t->told < t->arguments->cases) {
		try_report_case(stdout, item);
	}
	t->told++;
}

static int tell(const struct try_arguments *a, struct attend *connection, uint64_t trial, const json_t *answer, const char *source)
{
	json_t *summary = json_object_get(answer, "summary");
	struct telling t = { a, trial, (uint64_t)json_integer_value(json_object_get(answer, "next")), 0 };
	long long affected = json_integer_value(json_object_get(summary, "affected_pupils"));
	if (a->invocation.json) {
		json_object_set_new(summary, "what", json_string("summary"));
		print_json(summary);
	} else {
		json_t *before = source_in_force(a, connection, summary);
		try_report_head(stdout, a->file, summary, json_string_value(json_object_get(before, "source")), source);
		try_report_numbers(stdout, summary);
		json_decref(before);
		if (affected && a->cases)
			fputs("\nCase by case\n------------\n", stdout);
	}
	int status = affected && (a->cases || a->invocation.json) ? ask_pages(&a->invocation, connection, "try", fill, tell_item, &t) : 0;
	if (!a->invocation.json && t.told > a->cases)
		printf("\n  ... and %llu pupils more: --cases N shows more of them, --json all\n", (unsigned long long)(t.told - a->cases));
	return status;
}

int pathway_try(int argc, char **argv)
{
	struct try_arguments a = { .cases = CASES_SHOWN };
	int status;
	size_t size;
	invocation_parse(&argp, argc, argv, &a.invocation, &a);
	char *source = pathway_source(&a.invocation, a.file, &size);
	if (!source)
		return 2;
	struct attend *connection = invocation_open(&a.invocation, 0);
	if (!connection) {
		free(source);
		return 2;
	}
	json_t *begun = ask_trial(&a, connection, source, 0, &status);
	uint64_t trial = (uint64_t)json_integer_value(json_object_get(begun, "trial"));
	json_t *answer = begun ? await(&a, connection, trial, &status) : NULL;
	if (answer)
		status = tell(&a, connection, trial, answer, source);
	json_decref(answer);
	json_decref(begun);
	attend_close(&connection);
	free(source);
	return status;
}
