/* attend pathway check|draw|list|show|load (and move|choose|try in files of their own) - an authority's process, as a file.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/ask.h"
#include "client/command_pathway.h"
#include "client/draw.h"
#include "client/file.h"
#include "client/passage.h"
#include "client/table.h"
#include "client/when.h"
#include "pathways/bundle.h"

enum { KEY_DEFAULT = 0x2000, KEY_VERSION, FILE_SIZE_MAX = 1024 * 1024 };

struct pathway_arguments {
	struct invocation invocation;
	struct passage passage;
	char **words;
	int count;
	uint64_t version;
	bool as_default;
	const char *missing; /* what to say where no word was given; NULL: none is wanted */
	bool many;
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct pathway_arguments *a = state->input;
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->invocation;
		if (state->root_argp->children[1].argp)
			state->child_inputs[1] = &a->passage;
		return 0;
	case KEY_DEFAULT:
		a->as_default = true;
		return 0;
	case KEY_VERSION:
		a->version = invocation_number(state, "--version-number", argument);
		return 0;
	case ARGP_KEY_ARGS:
		if (!a->missing || (!a->many && state->argc - state->next > 1))
			return ARGP_ERR_UNKNOWN;
		a->words = state->argv + state->next;
		a->count = state->argc - state->next;
		return 0;
	case ARGP_KEY_END:
		if (a->missing && !a->count)
			argp_error(state, "%s", a->missing);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* ---- check: no daemon is asked ---- */

char *pathway_source(const struct invocation *invocation, const char *path, size_t *size)
{
	char why[512];
	bool input = strcmp(path, "-") == 0;
	char *source = input ? file_read(path, FILE_SIZE_MAX, size) : bundle_gather(path, size, why, sizeof why);
	if (!source)
		complain(invocation, "%s", input ? strerror(errno) : why);
	return source;
}

/* 0, or 1 having said what is wrong with the file and where. `compiled` points into what the next file takes. */
static int check_file(const struct invocation *invocation, const char *path, size_t *faults, struct slice *compiled)
{
	static uint8_t room[PATHWAY_SIZE_MAX];
	static struct compile_report report;
	size_t size;
	char *source = pathway_source(invocation, path, &size);
	*faults = 0;
	if (!source)
		return 1;
	struct writer out = writer_of(room, sizeof room);
	report.count = 0;
	bool good = pathway_compile(slice_of(source, size), &out, &report);
	free(source);
	for (unsigned i = 0; i < report.count; i++) {
		const struct compile_fault *fault = &report.faults[i];
		char file[4096];
		bundle_fault_path(file, sizeof file, path, &report, fault);
		if (invocation->json) {
			json_t *line = json_pack("{s:s,s:i,s:i,s:s}", "file", file, "line", (int)fault->line, "column",
			                         (int)fault->column, "text", fault->text);
			print_json(line);
			json_decref(line);
		} else {
			fprintf(stderr, "%s:%u:%u: %s\n", file, fault->line, fault->column, fault->text);
		}
	}
	*faults = report.count;
	*compiled = writer_slice(&out);
	return good ? 0 : 1;
}

static const struct argp check_argp = {
	.parser = parse,
	.args_doc = "FILE...",
	.doc = "Checks pathway files without a daemon: says what is wrong with line and column.",
	.children = invocation_json_children,
};

static int pathway_check(int argc, char **argv)
{
	struct pathway_arguments a = { .missing = "which file?", .many = true };
	invocation_parse(&check_argp, argc, argv, &a.invocation, &a);
	int status = 0;
	for (int i = 0; i < a.count; i++) {
		size_t faults;
		struct slice compiled;
		int one = check_file(&a.invocation, a.words[i], &faults, &compiled);
		if (!one && !a.invocation.json)
			printf("%s: nothing wrong\n", a.words[i]);
		status = one ? one : status;
	}
	return status;
}

/* ---- draw: no daemon is asked ---- */

static const struct argp draw_argp = {
	.parser = parse,
	.args_doc = "FILE",
	.doc = "Draws a pathway file as SVG on standard output, for a page or a print: its stages, actions, deadlines and "
	       "decisions. No daemon is asked; a file with faults is not drawn.",
	.children = invocation_json_children,
};

static int pathway_draw(int argc, char **argv)
{
	struct pathway_arguments a = { .missing = "which file?" };
	invocation_parse(&draw_argp, argc, argv, &a.invocation, &a);
	size_t faults;
	struct slice compiled;
	if (check_file(&a.invocation, a.words[0], &faults, &compiled) != 0)
		return faults ? 1 : 2;
	struct pathway *p = calloc(1, sizeof *p);
	if (!p || !pathway_decode(p, compiled)) {
		complain(&a.invocation, "no memory for a pathway");
		free(p);
		return 2;
	}
	draw_pathway(stdout, p);
	free(p);
	return 0;
}

/* ---- list ---- */

static const struct argp list_argp = {
	.parser = parse,
	.doc = "The pathways that are loaded, and which is the default.",
	.children = invocation_children,
};

struct listing {
	const struct invocation *invocation;
	struct table *table;
	bool some;
};

/* "default; 123456, 654321" */
static const char *in_force_for(char *out, size_t size, json_t *item)
{
	json_t *schools = json_object_get(item, "schools"), *urn;
	size_t i, at = (size_t)snprintf(out, size, "%s", json_is_true(json_object_get(item, "default")) ? "default" : "");
	json_array_foreach(schools, i, urn)
		if (at < size)
			at += (size_t)snprintf(out + at, size - at, "%s%s", i ? ", " : at ? "; " : "", json_string_value(urn));
	return out;
}

static void list_item(json_t *item, void *context)
{
	struct listing *l = context;
	l->some = true;
	if (l->invocation->json) {
		print_json(item);
		return;
	}
	char version[24], loaded[WHEN_SIZE], force[200];
	snprintf(version, sizeof version, "%lld", (long long)json_integer_value(json_object_get(item, "version")));
	table_row(l->table, (const char *const[]){
		json_string_value(json_object_get(item, "name")), version,
		in_force_for(force, sizeof force, item),
		when_time(loaded, json_string_value(json_object_get(item, "loaded"))),
		json_string_value(json_object_get(item, "title")) });
}

static int pathway_list(int argc, char **argv)
{
	static const char *const titles[] = { "name", ">version", "for", "loaded", "title", NULL };
	struct pathway_arguments a = { .count = 0 };
	invocation_parse(&list_argp, argc, argv, &a.invocation, &a);
	struct attend *connection = invocation_open(&a.invocation, 0);
	if (!connection)
		return 2;
	struct listing l = { &a.invocation, table_new(titles), false };
	int status = ask_pages(&a.invocation, connection, "pathways", NULL, list_item, &l);
	if (!status && !l.some && !a.invocation.json)
		puts("No pathway is loaded: attend pathway load FILE");
	table_print(l.table, stdout, "");
	attend_close(&connection);
	return status;
}

/* ---- show, load ---- */

static json_t *request(const struct pathway_arguments *a, enum attend_command command, struct body *body,
                       struct attend_reply *reply, int *status)
{
	struct attend *connection = invocation_open(&a->invocation, 0);
	if (!connection) {
		body_free(body);
		*status = 2;
		return NULL;
	}
	json_t *answer = ask(&a->invocation, connection, command, NULL, body, reply, status);
	attend_close(&connection);
	return answer;
}

static const struct argp_option show_options[] = {
	{ "version-number", KEY_VERSION, "N", 0, "this version of it (the newest)", 0 },
	{ 0 },
};
static const struct argp show_argp = {
	.options = show_options,
	.parser = parse,
	.args_doc = "NAME",
	.doc = "A pathway's source, as it was loaded.",
	.children = invocation_children,
};

static int pathway_show(int argc, char **argv)
{
	struct pathway_arguments a = { .missing = "which pathway? attend pathway list names them" };
	invocation_parse(&show_argp, argc, argv, &a.invocation, &a);
	struct body body;
	int status;
	body_begin(&body);
	body_text(&body, "what", "pathway");
	body_text(&body, "name", a.words[0]);
	if (a.version)
		body_number(&body, "version", a.version);
	json_t *answer = request(&a, ATTEND_QUERY, &body, NULL, &status);
	const char *source = json_string_value(json_object_get(answer, "source"));
	if (answer && a.invocation.json)
		print_json(answer);
	else if (source)
		fputs(source, stdout);
	json_decref(answer);
	return status;
}

static const struct argp_option load_options[] = {
	{ "default", KEY_DEFAULT, NULL, 0, "new cases begin on it from now on", 0 },
	{ 0 },
};
static const struct argp_child load_children[] = { { &invocation_argp, 0, NULL, 0 }, { &passage_argp, 0, NULL, 0 }, { 0 } };
static const struct argp load_argp = {
	.options = load_options,
	.parser = parse,
	.args_doc = "FILE",
	.doc = "Puts a pathway's next version in force from now on; open cases stay on theirs.\v"
	       "Open cases of its name for whose stage or deadlines it has no place are named, and it is refused, until "
	       "--stage OLD=NEW, --deadline OLD=NEW and a --reason say where they go (then they are moved with it), or "
	       "each was moved before (attend pathway move).",
	.children = load_children,
};

static int pathway_load(int argc, char **argv)
{
	struct pathway_arguments a = { .missing = "which file?" };
	invocation_parse(&load_argp, argc, argv, &a.invocation, &a);
	for (unsigned i = 0; i < a.passage.stage_count; i++)
		if (!a.passage.stages[i][0]) {
			complain(&a.invocation, "--stage: OLD=NEW is wanted: from which stage to %s?", a.passage.stages[i][1]);
			return 2;
		}
	size_t size, faults;
	struct slice compiled;
	if (strcmp(a.words[0], "-") != 0 && check_file(&a.invocation, a.words[0], &faults, &compiled) != 0) {
		if (faults)
			complain(&a.invocation, "%s: not loaded: %zu fault%s", a.words[0], faults, faults == 1 ? "" : "s");
		return faults ? 1 : 2;
	}
	char *source = pathway_source(&a.invocation, a.words[0], &size);
	if (!source)
		return 2;
	struct body body;
	struct attend_reply reply;
	int status;
	body_begin(&body);
	body_text(&body, "source", source);
	body_true(&body, "default", a.as_default);
	passage_body(&body, &a.passage);
	free(source);
	json_t *answer = request(&a, ATTEND_PATHWAY, &body, &reply, &status);
	const char *name = json_string_value(json_object_get(answer, "name"));
	if (answer && a.invocation.json) {
		json_object_set_new(answer, "seq", json_integer((json_int_t)reply.position));
		print_json(answer);
	} else if (answer) {
		long long moved = json_integer_value(json_object_get(answer, "moved"));
		printf("loaded: %s, version %lld%s\n", name ? name : "?",
		       (long long)json_integer_value(json_object_get(answer, "version")), a.as_default ? ", the default" : "");
		if (moved)
			printf("%lld open case%s moved to it\n", moved, moved == 1 ? "" : "s");
	}
	json_decref(answer);
	return status;
}

int command_pathway(int argc, char **argv)
{
	static const struct {
		const char *word, *arguments, *summary;
		command_run *run;
	} words[] = {
		{ "check", "FILE...", "says what is wrong, without a daemon", pathway_check },
		{ "draw", "FILE", "its stages, actions and deadlines as a picture (SVG)", pathway_draw },
		{ "list", "", "what is loaded", pathway_list },
		{ "show", "NAME", "one of them, with its source", pathway_show },
		{ "load", "FILE [--default]", "puts a version in force from now on", pathway_load },
		{ "choose", "URN NAME", "gives a school a pathway of its own", pathway_choose },
		{ "move", "CASE NAME", "moves an open case to a pathway", pathway_move },
		{ "try", "FILE", "says what it would have done to the history held", pathway_try },
	};
	bool help = argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-?") == 0);
	for (size_t i = 0; argc > 1 && i < sizeof words / sizeof words[0]; i++)
		if (strcmp(argv[1], words[i].word) == 0) {
			char title[64];
			snprintf(title, sizeof title, "attend pathway %s", words[i].word);
			argv[1] = title;
			return words[i].run(argc - 1, argv + 1);
		}
	FILE *out = help ? stdout : stderr;
	if (argc > 1 && !help)
		fprintf(out, "attend pathway: there is no '%s'\n", argv[1]);
	fputs("Usage: attend pathway WORD ...\n\n", out);
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		fprintf(out, "  %-6s %-17s %s\n", words[i].word, words[i].arguments, words[i].summary);
	fputs("\nMore of each: attend pathway WORD --help\n", out);
	return help ? 0 : 2;
}
