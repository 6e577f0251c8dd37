/* attend school, attend task - what a school is, and what it does again and again.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "client/ask.h"
#include "client/command.h"
#include "client/table.h"
#include "client/when.h"

enum { KEY_ON = 0x2200, KEY_SCHOOL, KEY_NONE, WORDS_MAX = 3 };

struct school_arguments {
	struct invocation invocation;
	const char *words[WORDS_MAX], *on, *school;
	unsigned count;
	bool none;
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct school_arguments *a = state->input;
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->invocation;
		return 0;
	case KEY_ON:
		a->on = argument;
		return 0;
	case KEY_SCHOOL:
		a->school = argument;
		return 0;
	case KEY_NONE:
		a->none = true;
		return 0;
	case ARGP_KEY_ARG:
		if (a->count == WORDS_MAX)
			return ARGP_ERR_UNKNOWN;
		a->words[a->count++] = argument;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const char *text_of(const json_t *answer, const char *key)
{
	const char *text = json_string_value(json_object_get(answer, key));
	return text ? text : "?";
}

/* ---- school ---- */

static const struct argp_option school_options[] = {
	{ "none", KEY_NONE, NULL, 0, "it has no recurring tasks any more", 0 },
	{ 0 },
};
static const struct argp school_argp = {
	.options = school_options,
	.parser = parse,
	.args_doc = "URN primary|secondary... | URN --none",
	.doc = "Says what a school is: primary, secondary, or both.\v"
	       "From then on the recurring tasks of its pathway come up in the terms of its calendar; attend deadlines lists "
	       "them, attend task ticks them off, and one that is not ticked off in its time is reminded of.",
	.children = invocation_children,
};

static void say_school(json_t *answer)
{
	const json_t *kinds = json_object_get(answer, "kinds");
	printf("%s:", text_of(answer, "urn"));
	for (size_t i = 0; i < json_array_size(kinds); i++)
		printf("%s %s", i ? " and" : "", json_string_value(json_array_get(kinds, i)));
	if (json_array_size(kinds))
		printf("; its tasks: attend task --school %s\n", text_of(answer, "urn"));
	else
		puts(" no recurring tasks any more");
}

int command_school(int argc, char **argv)
{
	struct school_arguments a = { .count = 0 };
	invocation_parse(&school_argp, argc, argv, &a.invocation, &a);
	if (a.count < 1 || (a.count == 1) != a.none) {
		complain(&a.invocation, "which school, and what is it? attend school URN primary (or secondary, or both words), or URN --none");
		return 2;
	}
	struct body body;
	body_begin(&body);
	body_text(&body, "urn", a.words[0]);
	body_key(&body, "kinds");
	msgpack_pack_array(&body.pack, a.count - 1);
	for (unsigned i = 1; i < a.count; i++)
		body_string(&body, a.words[i]);
	return ask_once(&a.invocation, ATTEND_SCHOOL, &body, say_school);
}

/* ---- task ---- */

static const struct argp_option task_options[] = {
	{ "school", KEY_SCHOOL, "URN", 0, "the school whose task it is", 0 },
	{ "on", KEY_ON, "DATE", 0, "the day that it was done (today)", 0 },
	{ 0 },
};
static const struct argp task_argp = {
	.options = task_options,
	.parser = parse,
	.args_doc = "[NAME] --school URN",
	.doc = "Ticks off a school's recurring task; without a NAME, says which there are and what each is.\v"
	       "It counts for the week, fortnight, half-term, term or month that is running on that day; between two of "
	       "them, or with an earlier --on, for the one before, if there was a reminder of it, which falls away then.",
	.children = invocation_children,
};

static void say_task(json_t *answer)
{
	char last[WHEN_SIZE];
	printf("%s: %s is done, for the time to %s\n", text_of(answer, "urn"), text_of(answer, "task"), when_date(last, text_of(answer, "last")));
}

struct tasks {
	const char *urn;
	struct table *table;
	bool json, some;
};

static void take_task(json_t *item, void *context)
{
	struct tasks *t = context;
	char due[WHEN_SIZE];
	if (json_is_string(json_object_get(item, "case")) || strcmp(text_of(item, "urn"), t->urn) != 0)
		return;
	t->some = true;
	if (t->json)
		print_json(item);
	else
		table_row(t->table, (const char *const[]){ when_due(due, text_of(item, "due")), text_of(item, "kind"), text_of(item, "title") });
}

static void fill_nothing(struct body *body, void *context, bool first)
{
	(void)body;
	(void)context;
	(void)first;
}

static int list_tasks(const struct school_arguments *a)
{
	static const char *const titles[] = { "due", "task", "", NULL };
	struct attend *connection = invocation_open(&a->invocation, 0);
	if (!connection)
		return 2;
	struct tasks t = { .urn = a->school, .table = table_new(titles), .json = a->invocation.json };
	int status = ask_pages(&a->invocation, connection, "deadlines", fill_nothing, take_task, &t);
	if (!status && !t.some && !t.json)
		printf("%s: no recurring task is open; attend school says what it is, and its pathway which tasks it then has\n", a->school);
	table_print(t.table, stdout, "");
	attend_close(&connection);
	return status;
}

int command_task(int argc, char **argv)
{
	struct school_arguments a = { .count = 0 };
	invocation_parse(&task_argp, argc, argv, &a.invocation, &a);
	if (a.school && a.count == 0 && !a.on)
		return list_tasks(&a);
	if (a.count != 1 || !a.school) {
		complain(&a.invocation, "which task of which school? attend task NAME --school URN; without a NAME it lists them");
		return 2;
	}
	struct body body;
	body_begin(&body);
	body_text(&body, "urn", a.school);
	body_text(&body, "task", a.words[0]);
	body_text(&body, "on", a.on);
	return ask_once(&a.invocation, ATTEND_TASK, &body, say_task);
}
