/* attend pathway move|choose - which pathway a case is on, and which a school's new
 * cases begin on.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "client/ask.h"
#include "client/command_pathway.h"
#include "client/passage.h"

enum { KEY_VERSION = 0x2100, KEY_DEFAULT };

struct move_arguments {
	struct invocation invocation;
	struct passage passage;
	const char *words[2];
	unsigned count, most;
	uint64_t version;
	bool as_default;
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct move_arguments *a = state->input;
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->invocation;
		if (state->root_argp->children[1].argp)
			state->child_inputs[1] = &a->passage;
		return 0;
	case KEY_VERSION:
		a->version = invocation_number(state, "--version-number", argument);
		return 0;
	case KEY_DEFAULT:
		a->as_default = true;
		return 0;
	case ARGP_KEY_ARG:
		if (a->count == 2)
			return ARGP_ERR_UNKNOWN;
		a->words[a->count++] = argument;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const char *text_of(json_t *answer, const char *key)
{
	const char *text = json_string_value(json_object_get(answer, key));
	return text ? text : "?";
}

/* ---- move ---- */

static const struct argp_child move_children[] = { { &invocation_argp, 0, NULL, 0 }, { &passage_argp, 0, NULL, 0 }, { 0 } };
static const struct argp_option move_options[] = {
	{ "version-number", KEY_VERSION, "N", 0, "that version of it (the newest)", 0 },
	{ 0 },
};
static const struct argp move_argp = {
	.options = move_options,
	.parser = parse,
	.args_doc = "CASE NAME",
	.doc = "Moves an open case to a pathway, or to the newest version of its own.\v"
	       "Its stage and what it waits for keep their names unless --stage and --deadline say otherwise; without a place "
	       "for each the move is refused. A running deadline is counted anew by its new rule, from the day that it "
	       "counted from. What was done stays done.",
	.children = move_children,
};

static void say_moved(json_t *answer)
{
	long long moved = json_integer_value(json_object_get(answer, "moved"));
	printf("%s: now on %s, version %lld, at %s", text_of(answer, "case"), text_of(answer, "pathway"),
	       (long long)json_integer_value(json_object_get(answer, "version")), text_of(answer, "stage"));
	if (moved)
		printf("; %lld deadline%s moved: attend case %s", moved, moved == 1 ? "" : "s", text_of(answer, "case"));
	putchar('\n');
}

int pathway_move(int argc, char **argv)
{
	struct move_arguments a = { .count = 0 };
	invocation_parse(&move_argp, argc, argv, &a.invocation, &a);
	if (a.count < 2 || !a.passage.reason) {
		complain(&a.invocation, a.count < 2 ? "which case, to which pathway? attend pathway move C12 NAME --reason TEXT"
		                                    : "why? --reason TEXT is kept with the case");
		return 2;
	}
	struct body body;
	body_begin(&body);
	body_text(&body, "case", a.words[0]);
	body_text(&body, "pathway", a.words[1]);
	if (a.version)
		body_number(&body, "version", a.version);
	passage_body(&body, &a.passage);
	return ask_once(&a.invocation, ATTEND_MOVE, &body, say_moved);
}

/* ---- choose ---- */

static const struct argp_option choose_options[] = {
	{ "default", KEY_DEFAULT, NULL, 0, "the authority's default again", 0 },
	{ 0 },
};
static const struct argp choose_argp = {
	.options = choose_options,
	.parser = parse,
	.args_doc = "URN NAME | URN --default",
	.doc = "Gives a school a pathway of its own.\v"
	       "Its pupils' new cases begin on it, and its watches look at their marks. Open cases stay on theirs: "
	       "attend pathway move takes them over, one by one.",
	.children = invocation_children,
};

static void say_chosen(json_t *answer)
{
	const char *name = json_string_value(json_object_get(answer, "pathway"));
	printf("%s: new cases begin on %s\n", text_of(answer, "urn"), name ? name : "the authority's default");
}

int pathway_choose(int argc, char **argv)
{
	struct move_arguments a = { .count = 0 };
	invocation_parse(&choose_argp, argc, argv, &a.invocation, &a);
	if (a.count + a.as_default != 2 || !a.count) {
		complain(&a.invocation, "which school, and which pathway? attend pathway choose URN NAME, or URN --default");
		return 2;
	}
	struct body body;
	body_begin(&body);
	body_text(&body, "urn", a.words[0]);
	body_text(&body, "pathway", a.words[1]);
	return ask_once(&a.invocation, ATTEND_CHOOSE, &body, say_chosen);
}
