/* attend pupil, attend case, attend people, attend deadlines - what is known of a pupil and a case.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "client/ask.h"
#include "client/command.h"
#include "client/figures.h"
#include "client/people.h"
#include "proto/ids.h"

enum { KEY_AS_OF = 0x2000, KEY_BEFORE, KEY_OFFICER };

struct figures_arguments {
	struct invocation invocation;
	const char *of;     /* a UPN, or a case */
	const char *as_of, *before, *officer;
	const char *wanted; /* what to say where nothing was named */
};

static const struct argp_option as_of_options[] = {
	{ "as-of", KEY_AS_OF, "TIME|SEQ", 0, "as known then: a position of the log, a time or a date (its end)", 0 },
	{ 0 },
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct figures_arguments *a = state->input;
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->invocation;
		return 0;
	case KEY_AS_OF:
		a->as_of = argument;
		return 0;
	case KEY_BEFORE:
		a->before = argument;
		return 0;
	case KEY_OFFICER:
		a->officer = argument;
		return 0;
	case ARGP_KEY_ARG:
		if (a->of || !a->wanted)
			return ARGP_ERR_UNKNOWN;
		a->of = argument;
		return 0;
	case ARGP_KEY_END:
		if (a->wanted && !a->of)
			argp_error(state, "%s", a->wanted);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* A position goes as a number, a time as it was typed. */
static void pack_as_of(struct body *body, const char *as_of)
{
	if (!as_of)
		return;
	char *end;
	errno = 0;
	unsigned long long position = strtoull(as_of, &end, 10);
	if (!*end && !errno && isdigit((unsigned char)*as_of))
		body_number(body, "as_of", position);
	else
		body_text(body, "as_of", as_of);
}

static int show(const struct figures_arguments *a, struct body *body, void print(const json_t *))
{
	struct attend *connection = invocation_open(&a->invocation, 0);
	if (!connection) {
		body_free(body);
		return 2;
	}
	int status;
	json_t *answer = ask(&a->invocation, connection, ATTEND_QUERY, NULL, body, NULL, &status);
	if (answer && a->invocation.json)
		print_json(answer);
	else if (answer)
		print(answer);
	json_decref(answer);
	attend_close(&connection);
	return status;
}

static const struct argp pupil_argp = {
	.options = as_of_options,
	.parser = parse,
	.args_doc = "UPN",
	.doc = "A pupil's attendance figures of the school year of the latest register.",
	.children = invocation_children,
};

int command_pupil(int argc, char **argv)
{
	struct figures_arguments a = { .wanted = "which pupil? A UPN is wanted" };
	invocation_parse(&pupil_argp, argc, argv, &a.invocation, &a);
	struct body body;
	body_begin(&body);
	body_text(&body, "what", "pupil");
	body_text(&body, "upn", a.of);
	pack_as_of(&body, a.as_of);
	return show(&a, &body, print_pupil);
}

static const struct argp case_argp = {
	.options = as_of_options,
	.parser = parse,
	.args_doc = "CASE|UPN",
	.doc = "A case (by its id, or a pupil's): stage, deadlines, notices, what was done and what is next.",
	.children = invocation_children,
};

int command_case(int argc, char **argv)
{
	struct figures_arguments a = { .wanted = "which case? Its id (C1) or the pupil's UPN is wanted" };
	invocation_parse(&case_argp, argc, argv, &a.invocation, &a);
	struct body body;
	body_begin(&body);
	body_text(&body, "what", "case");
	body_text(&body, strlen(a.of) == UPN_SIZE ? "upn" : "case", a.of);
	pack_as_of(&body, a.as_of);
	return show(&a, &body, print_case);
}

static const struct argp people_argp = {
	.options = as_of_options,
	.parser = parse,
	.args_doc = "UPN",
	.doc = "Who and what stands round a pupil: what is known since when, the parents with their penalty notices, "
	       "siblings, schools.",
	.children = invocation_children,
};

int command_people(int argc, char **argv)
{
	struct figures_arguments a = { .wanted = "which pupil? A UPN is wanted" };
	invocation_parse(&people_argp, argc, argv, &a.invocation, &a);
	struct body body;
	body_begin(&body);
	body_text(&body, "what", "people");
	body_text(&body, "upn", a.of);
	pack_as_of(&body, a.as_of);
	return show(&a, &body, print_people);
}

static const struct argp_option deadline_options[] = {
	{ "before", KEY_BEFORE, "DATE", 0, "only those due before that day", 0 },
	{ "officer", KEY_OFFICER, "NAME", 0, "only of the cases in this officer's hands, or of one for whom they stand in", 0 },
	{ 0 },
};
static const struct argp deadlines_argp = {
	.options = deadline_options,
	.parser = parse,
	.doc = "Open deadlines, and those missed that are still waited for, in the order in which they fall due; schools' recurring "
	       "tasks among them.",
	.children = invocation_children,
};

static void fill_deadlines(struct body *body, void *context, bool first)
{
	const struct figures_arguments *a = context;
	(void)first;
	body_text(body, "before", a->before);
	body_text(body, "officer", a->officer);
}

static void json_item(json_t *item, void *context)
{
	(void)context;
	print_json(item);
}

struct gathered {
	struct figures_arguments *arguments;
	json_t *items;
};

static void fill_gathered(struct body *body, void *context, bool first)
{
	fill_deadlines(body, ((struct gathered *)context)->arguments, first);
}

static void gather(json_t *item, void *context)
{
	json_array_append(((struct gathered *)context)->items, item);
}

int command_deadlines(int argc, char **argv)
{
	struct figures_arguments a = { .of = NULL };
	invocation_parse(&deadlines_argp, argc, argv, &a.invocation, &a);
	struct attend *connection = invocation_open(&a.invocation, 0);
	if (!connection)
		return 2;
	int status;
	if (a.invocation.json) {
		status = ask_pages(&a.invocation, connection, "deadlines", fill_deadlines, json_item, &a);
	} else {
		struct gathered all = { &a, json_array() };
		status = ask_pages(&a.invocation, connection, "deadlines", fill_gathered, gather, &all);
		if (!status)
			print_deadlines(all.items);
		json_decref(all.items);
	}
	attend_close(&connection);
	return status;
}
