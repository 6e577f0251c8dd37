/* attend school, attend task - what a school is, and what it does again and again.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "client/ask.h"
#include "client/command.h"
#include "client/table.h"
#include "client/when.h"

enum { KEY_ON = 0x2200, KEY_SCHOOL, KEY_NONE, KEY_NAME, WORDS_MAX = 3 };

struct school_arguments {
	struct invocation invocation;
	const char *words[WORDS_MAX], *on, *school, *name;
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
	case KEY_NAME:
		a->name = argument;
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
	{ "name", KEY_NAME, "NAME", 0, "what people call it, as it will stand beside its URN; an empty one takes it away", 0 },
	{ 0 },
};
static const struct argp school_argp = {
	.options = school_options,
	.parser = parse,
	.args_doc = "URN primary|secondary...\nURN --name NAME\nURN --none\n[URN]",
	.doc = "Says what a school is: primary, secondary, or both; and what it is called. Without either, shows what is known of it, or of all.\v"
	       "From then on the recurring tasks of its pathway come up in the terms of its calendar; attend deadlines lists "
	       "them, attend task ticks them off, and one that is not ticked off in its time is reminded of.",
	.children = invocation_children,
};

static bool say_kinds(json_t *school)
{
	const json_t *kinds = json_object_get(school, "kinds");
	const char *name = json_string_value(json_object_get(school, "name"));
	printf("%s%s%s:", text_of(school, "urn"), name ? " " : "", name ? name : "");
	for (size_t i = 0; i < json_array_size(kinds); i++)
		printf("%s %s", i ? " and" : "", json_string_value(json_array_get(kinds, i)));
	return json_array_size(kinds);
}

static void say_school(json_t *answer)
{
	if (say_kinds(answer))
		printf("; its tasks: attend task --school %s\n", text_of(answer, "urn"));
	else
		puts(" no recurring tasks");
}

struct schools {
	const struct school_arguments *arguments;
	bool some;
};

static void fill_school(struct body *body, void *context, bool first)
{
	(void)first;
	body_text(body, "urn", ((struct schools *)context)->arguments->words[0]);
}

static void show_school(json_t *item, void *context)
{
	static const char *const titles[] = { "task", "due", "done for the time to", "missed", NULL };
	struct schools *schools = context;
	json_t *tasks = json_object_get(item, "tasks"), *task;
	size_t index, missed_count = 0;
	schools->some = true;
	if (schools->arguments->invocation.json) {
		print_json(item);
		return;
	}
	struct table *table = table_new(titles);
	json_array_foreach(tasks, index, task) {
		char due[WHEN_SIZE], through[WHEN_SIZE], missed[WHEN_SIZE];
		const char *missed_at = json_string_value(json_object_get(task, "missed"));
		missed_count += missed_at != NULL;
		if (schools->arguments->count) /* of one alone; all tasks of all schools would be a book */
			table_row(table, (const char *const[]){ text_of(task, "task"), when_date(due, json_string_value(json_object_get(task, "due"))),
			                                        when_date(through, json_string_value(json_object_get(task, "done_through"))),
			                                        when_due(missed, missed_at) });
	}
	if (!say_kinds(item))
		fputs(" of no kind", stdout);
	printf("; pathway %s, %zu recurring tasks, %zu missed\n", text_of(item, "pathway"), json_array_size(tasks), missed_count);
	table_print(table, stdout, "  ");
}

static int show_schools(const struct school_arguments *a)
{
	struct attend *connection = invocation_open(&a->invocation, 0);
	if (!connection)
		return 2;
	struct schools schools = { .arguments = a };
	int status = ask_pages(&a->invocation, connection, "schools", fill_school, show_school, &schools);
	if (!status && !schools.some && !a->invocation.json)
		puts("Of no school is it known what it is: attend school URN primary (or secondary, or both words).");
	attend_close(&connection);
	return status;
}

int command_school(int argc, char **argv)
{
	struct school_arguments a = { .count = 0 };
	invocation_parse(&school_argp, argc, argv, &a.invocation, &a);
	if (a.none && a.count != 1) {
		complain(&a.invocation, "which school has no recurring tasks any more? attend school URN --none");
		return 2;
	}
	if (a.name && !a.count) {
		complain(&a.invocation, "which school is called so? attend school URN --name NAME");
		return 2;
	}
	if (a.count < 2 && !a.none && !a.name)
		return show_schools(&a);
	struct body body;
	body_begin(&body);
	body_text(&body, "urn", a.words[0]);
	if (a.count > 1 || a.none) {
		body_key(&body, "kinds");
		msgpack_pack_array(&body.pack, a.count - 1);
		for (unsigned i = 1; i < a.count; i++)
			body_string(&body, a.words[i]);
	}
	body_text(&body, "name", a.name);
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
		table_row(t->table, (const char *const[]){ when_due(due, text_of(item, "due")), text_of(item, "kind"),
		                                           json_is_true(json_object_get(item, "overdue")) ? "OVERDUE" : "", text_of(item, "title") });
}

static void fill_nothing(struct body *body, void *context, bool first)
{
	(void)body;
	(void)context;
	(void)first;
}

static int list_tasks(const struct school_arguments *a)
{
	static const char *const titles[] = { "due", "task", "", "", NULL };
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
