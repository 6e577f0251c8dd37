/* attend act, attend actions - recording what was done, and what may be done next.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/ask.h"
#include "client/command.h"
#include "client/fields.h"
#include "client/table.h"
#include "proto/ids.h"
#include "proto/status.h"

enum { KEY_PUPIL = 0x2000, KEY_CASE, KEY_ON, KEY_PARENT, KEY_OVERRIDE, KEY_ID };

struct act_arguments {
	struct invocation invocation;
	const char *action, *pupil, *case_id, *on, *parent, *override;
	struct fields fields;
	bool has_id;
	uint8_t id[UUID_SIZE];
};

static const struct argp_option act_options[] = {
	{ "pupil", KEY_PUPIL, "UPN", 0, "whom it is about", 0 },
	{ "case", KEY_CASE, "ID", 0, "the case, to be sure that it is this one", 0 },
	{ "on", KEY_ON, "DATE", 0, "the day it happened, as 2026-09-07 (today)", 0 },
	{ "parent", KEY_PARENT, "ID", 0, "the parent it concerns, as in the roster", 0 },
	{ "override", KEY_OVERRIDE, "REASON", 0, "record it though something is unmet; the reason stands in the log", 0 },
	{ "id", KEY_ID, "UUID", 0, "the submission's own id, version 7 or 8: asked twice with one id, it is recorded once", 0 },
	{ 0 },
};

static void take_argument(struct act_arguments *a, char *argument, struct argp_state *state)
{
	if (!a->action)
		a->action = argument;
	else
		fields_take(&a->fields, argument, state);
}

static error_t act_parse(int key, char *argument, struct argp_state *state)
{
	struct act_arguments *a = state->input;
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->invocation;
		return 0;
	case KEY_PUPIL:
		a->pupil = argument;
		return 0;
	case KEY_CASE:
		a->case_id = argument;
		return 0;
	case KEY_ON:
		a->on = argument;
		return 0;
	case KEY_PARENT:
		a->parent = argument;
		return 0;
	case KEY_OVERRIDE:
		if (!*argument)
			argp_error(state, "--override: a reason is wanted");
		a->override = argument;
		return 0;
	case KEY_ID:
		a->has_id = uuid_parse(slice_text(argument), a->id) && uuid_usable(a->id);
		if (!a->has_id)
			argp_error(state, "--id: '%s' is not a UUID of version 7 or 8", argument);
		return 0;
	case ARGP_KEY_ARG:
		take_argument(a, argument, state);
		return 0;
	case ARGP_KEY_END:
		if (!a->action)
			argp_error(state, "which action? attend actions --pupil UPN lists those that may be next");
		if (!a->pupil)
			argp_error(state, "--pupil UPN is wanted");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp act_argp = {
	.options = act_options,
	.parser = act_parse,
	.args_doc = "ACTION [FIELD=VALUE]...",
	.doc = "Records an action on a pupil's case; the first one opens it.\v"
	       "attend actions --pupil UPN lists the actions and the fields that each takes.",
	.children = invocation_children,
};

static void print_recorded(const struct act_arguments *a, const json_t *answer, const struct attend_reply *reply)
{
	const char *case_id = json_string_value(json_object_get(answer, "case"));
	const char *stage = json_string_value(json_object_get(answer, "stage"));
	printf("%s: %s on case %s%s", reply->status == STATUS_KNOWN ? "recorded before" : "recorded", a->action,
	       case_id ? case_id : "?", json_is_true(json_object_get(answer, "opened")) ? ", which this opens" : "");
	if (stage)
		printf("; its stage is %s", stage);
	if (json_is_true(json_object_get(answer, "overridden")))
		fputs("; conditions were overridden, and your reason is in the log", stdout);
	putchar('\n');
}

int command_act(int argc, char **argv)
{
	struct act_arguments a = { .action = NULL };
	invocation_parse(&act_argp, argc, argv, &a.invocation, &a);
	struct attend *connection = invocation_open(&a.invocation, 0);
	if (!connection)
		return 2;
	struct body body;
	struct attend_reply reply;
	int status;
	a.invocation.action = a.action;
	body_begin(&body);
	body_text(&body, "action", a.action);
	body_text(&body, "upn", a.pupil);
	body_text(&body, "case", a.case_id);
	body_text(&body, "on", a.on);
	body_text(&body, "parent", a.parent);
	body_text(&body, "override", a.override);
	fields_body(&body, &a.fields);
	json_t *answer = ask(&a.invocation, connection, ATTEND_ACTION, a.has_id ? a.id : NULL, &body, &reply, &status);
	if (answer && a.invocation.json) {
		json_object_set_new(answer, "seq", json_integer((json_int_t)reply.position));
		print_json(answer);
	} else if (answer) {
		print_recorded(&a, answer, &reply);
	}
	json_decref(answer);
	attend_close(&connection);
	return status;
}

static error_t actions_parse(int key, char *argument, struct argp_state *state)
{
	struct act_arguments *a = state->input;
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->invocation;
		return 0;
	case KEY_PUPIL:
		a->pupil = argument;
		return 0;
	case ARGP_KEY_ARG:
		/* The UPN alone is what one types first. */
		if (!a->pupil)
			a->pupil = argument;
		else if (!a->action)
			a->action = argument;
		else
			argp_error(state, "one pupil and one action at a time");
		return 0;
	case ARGP_KEY_END:
		if (!a->pupil)
			argp_error(state, "which pupil? A UPN is wanted");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option actions_options[] = {
	{ "pupil", KEY_PUPIL, "UPN", 0, "whose case; as UPN alone", 0 },
	{ 0 },
};
static const struct argp actions_argp = {
	.options = actions_options,
	.parser = actions_parse,
	.args_doc = "UPN [ACTION]",
	.doc = "What may be recorded next on a pupil's case, and what each step still lacks; of one ACTION alone, where it is named.\v"
	       "attend case UPN lists them in a line each.",
	.children = invocation_children,
};

static void print_action(const json_t *item)
{
	const char *action = json_string_value(json_object_get(item, "action"));
	const char *title = json_string_value(json_object_get(item, "title"));
	const char *stage = json_string_value(json_object_get(item, "stage"));
	const json_t *lacks = json_object_get(item, "lacks");
	printf("\n  %s  %s", action ? action : "?", title ? title : "");
	if (stage)
		printf(" (leads to %s)", stage);
	puts(json_array_size(lacks) ? "" : "  - ready");
	if (json_is_true(json_object_get(item, "needs_parent")))
		puts("      --parent ID  (wanted)");
	fields_print(json_object_get(item, "fields"));
	if (json_array_size(lacks))
		printf("    still lacks%s:\n", json_is_true(json_object_get(item, "may_override")) ? " (you may pass over it with --override REASON, but not over a bar)" : "");
	print_lacks(stdout, lacks, action, "      ");
}

/* Drops all but the named one; false: it is not there. */
static bool keep_one(json_t *items, const char *action)
{
	for (size_t i = json_array_size(items); i-- > 0;) {
		const char *name = json_string_value(json_object_get(json_array_get(items, i), "action"));
		if (!name || strcmp(name, action) != 0)
			json_array_remove(items, i);
	}
	return json_array_size(items) > 0;
}

int command_actions(int argc, char **argv)
{
	struct act_arguments a = { .action = NULL };
	invocation_parse(&actions_argp, argc, argv, &a.invocation, &a);
	struct attend *connection = invocation_open(&a.invocation, 0);
	if (!connection)
		return 2;
	struct body body;
	int status;
	body_begin(&body);
	body_text(&body, "what", "actions");
	body_text(&body, "upn", a.pupil);
	json_t *answer = ask(&a.invocation, connection, ATTEND_QUERY, NULL, &body, NULL, &status);
	size_t index;
	json_t *item, *items = json_object_get(answer, "items");
	if (a.action && answer && !keep_one(items, a.action)) {
		complain(&a.invocation, "there is no action '%s' that you may record on it; attend case %s lists them", a.action, a.pupil);
		status = 1;
	} else if (answer && !a.invocation.json) {
		const char *case_id = json_string_value(json_object_get(answer, "case"));
		const char *stage = json_string_value(json_object_get(answer, "stage"));
		printf("%s %s, stage %s. %s\n", case_id ? "Case" : "No case yet: pupil", case_id ? case_id : a.pupil,
		       stage ? stage : "?", json_array_size(items) ? "What may be recorded next:" : "Nothing may be recorded by you.");
	}
	json_array_foreach(items, index, item) {
		if (a.invocation.json)
			print_json(item);
		else
			print_action(item);
	}
	json_decref(answer);
	attend_close(&connection);
	return status;
}
