/* attend letter - a letter or form of a case, filled from the case's own figures.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/command.h"
#include "client/fields.h"
#include "client/letter.h"
#include "proto/ids.h"

enum { KEY_PARENT = 0x2000, KEY_PDF, KEY_COMPLETE };

struct letter_arguments {
	struct invocation invocation;
	const char *of, *letter, *parent, *pdf;
	struct fields fields;
	bool complete;
};

static const struct argp_option letter_options[] = {
	{ "parent", KEY_PARENT, "ID", 0, "to this parent alone; a letter to parents else goes to each whom the roster has", 0 },
	{ "pdf", KEY_PDF, "FILE", 0, "as a PDF, tagged for screen readers; - is standard output", 0 },
	{ "complete", KEY_COMPLETE, NULL, 0, "exit with 1, and make nothing, where anything is not known", 0 },
	{ 0 },
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct letter_arguments *a = state->input;
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->invocation;
		return 0;
	case KEY_PARENT:
		a->parent = argument;
		return 0;
	case KEY_PDF:
		a->pdf = argument;
		return 0;
	case KEY_COMPLETE:
		a->complete = true;
		return 0;
	case ARGP_KEY_ARG:
		if (!a->of)
			a->of = argument;
		else if (!a->letter && !strchr(argument, '='))
			a->letter = argument;
		else
			fields_take(&a->fields, argument, state);
		return 0;
	case ARGP_KEY_END:
		if (!a->of)
			argp_error(state, "which case? Its id (C1) or the pupil's UPN is wanted");
		if (!a->letter && (a->parent || a->pdf || a->complete || a->fields.count))
			argp_error(state, "which letter? attend letter %s lists them", a->of);
		if (a->pdf && a->invocation.json)
			argp_error(state, "--pdf or --json: one of them");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp letter_argp = {
	.options = letter_options,
	.parser = parse,
	.args_doc = "CASE|UPN [KIND [FIELD=VALUE]...]",
	.doc = "A letter or form, filled from the case's own figures; without a KIND, which there are.\v"
	       "What isn't known is named in the letter, [not known: birth date], and on standard error; the exit status is "
	       "0 all the same, unless --complete asks for it. FIELD=VALUE gives what only you know, such as the time of a "
	       "meeting. Nothing is recorded: that a letter was sent is an action (attend act).",
	.children = invocation_children,
};

/* ---- which there are ---- */

static void print_kind(const json_t *item)
{
	const char *letter = json_string_value(json_object_get(item, "letter"));
	const char *title = json_string_value(json_object_get(item, "title"));
	const json_t *lacks = json_object_get(item, "lacks");
	printf("\n  %s  %s%s\n", letter ? letter : "?", title ? title : "",
	       json_is_true(json_object_get(item, "per_parent")) ? " (one for each parent)" : "");
	fields_print(json_object_get(item, "fields"));
	if (json_array_size(lacks))
		puts("    can't be made yet:");
	print_lacks(stdout, lacks, NULL, "      ");
}

static void print_kinds(const struct letter_arguments *a, const json_t *answer)
{
	const char *case_id = json_string_value(json_object_get(answer, "case"));
	json_t *item, *items = json_object_get(answer, "items");
	size_t i;
	if (!a->invocation.json)
		printf("Case %s. %s\n", case_id ? case_id : "?", json_array_size(items) ? "Letters and forms that you may make:" :
		       "There is no letter that you may make.");
	json_array_foreach(items, i, item) {
		if (a->invocation.json)
			print_json(item);
		else
			print_kind(item);
	}
}

/* ---- one ---- */

/* Names what isn't known in any of them, each once. */
static size_t name_missing(const struct letter_arguments *a, const json_t *items)
{
	json_t *said = json_object(), *item, *one;
	size_t i, k, count;
	json_array_foreach(items, i, item)
		json_array_foreach(json_object_get(item, "missing"), k, one) {
			const char *text = json_string_value(json_object_get(one, "text"));
			if (!text || json_object_get(said, text))
				continue;
			complain(&a->invocation, "not known: %s", text);
			json_object_set_new(said, text, json_true());
		}
	count = json_object_size(said);
	json_decref(said);
	return count;
}

/* One object a letter: the answer's own words, and the item's. */
static void print_letter_json(json_t *answer, json_t *item)
{
	json_t *line = json_copy(answer);
	json_object_del(line, "items");
	json_object_update(line, item);
	print_json(line);
	json_decref(line);
}

static void print_letters(const struct letter_arguments *a, json_t *answer)
{
	json_t *item;
	size_t i;
	json_array_foreach(json_object_get(answer, "items"), i, item) {
		if (a->invocation.json) {
			print_letter_json(answer, item);
			continue;
		}
		if (i) /* a printer begins a page */
			fputs(isatty(STDOUT_FILENO) ? "\n----------------------------------------\n\n" : "\f", stdout);
		letter_print(stdout, json_object_get(item, "blocks"));
	}
}

static int write_pdf(const struct letter_arguments *a, const json_t *answer)
{
	const char *title = json_string_value(json_object_get(answer, "title"));
	const char *made = json_string_value(json_object_get(answer, "made"));
	bool out = strcmp(a->pdf, "-") == 0;
	FILE *file = out ? stdout : fopen(a->pdf, "wb");
	char why[200] = "";
	unsigned pages = file ? letter_pdf(file, title ? title : a->letter, made ? made : "", json_object_get(answer, "items"), why, sizeof why) : 0;
	if (!file || (out ? fflush(file) : fclose(file)) != 0) {
		complain(&a->invocation, "%s: %s", a->pdf, strerror(errno));
		return 2;
	}
	if (!pages) {
		complain(&a->invocation, "%s: %s", a->pdf, why);
		return 2;
	}
	if (!out)
		printf("%s: %zu letter%s, %u page%s\n", a->pdf, json_array_size(json_object_get(answer, "items")),
		       json_array_size(json_object_get(answer, "items")) == 1 ? "" : "s", pages, pages == 1 ? "" : "s");
	return 0;
}

int command_letter(int argc, char **argv)
{
	struct letter_arguments a = { .of = NULL };
	invocation_parse(&letter_argp, argc, argv, &a.invocation, &a);
	struct attend *connection = invocation_open(&a.invocation, 0);
	if (!connection)
		return 2;
	struct body body;
	int status;
	body_begin(&body);
	body_text(&body, "what", "letter");
	body_text(&body, strlen(a.of) == UPN_SIZE ? "upn" : "case", a.of);
	body_text(&body, "letter", a.letter);
	body_text(&body, "parent", a.parent);
	fields_body(&body, &a.fields);
	json_t *answer = ask(&a.invocation, connection, ATTEND_QUERY, NULL, &body, NULL, &status);
	if (answer && !a.letter) {
		print_kinds(&a, answer);
	} else if (answer) {
		size_t missing = name_missing(&a, json_object_get(answer, "items"));
		if (a.complete && missing)
			status = 1;
		else if (a.pdf)
			status = write_pdf(&a, answer);
		else
			print_letters(&a, answer);
	}
	json_decref(answer);
	attend_close(&connection);
	return status;
}
