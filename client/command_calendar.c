/* attend calendar - term dates, closures and INSET days.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "client/ask.h"
#include "client/calendar_file.h"
#include "client/command.h"
#include "client/file.h"

enum { KEY_SCHOOL = 0x2000, FILE_SIZE_MAX = 4 * 1024 * 1024 };

struct calendar_arguments {
	struct invocation invocation;
	const char *file, *school;
	bool icalendar;
};

static const struct argp_option options[] = {
	{ "school", KEY_SCHOOL, "URN", 0, "this school's own, which then stands in place of the authority's", 0 },
	{ 0 },
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct calendar_arguments *a = state->input;
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->invocation;
		return 0;
	case KEY_SCHOOL:
		a->school = argument;
		return 0;
	case ARGP_KEY_ARG:
		if (a->file)
			argp_error(state, "one file: it is the whole calendar of its scope");
		a->file = argument;
		return 0;
	case ARGP_KEY_END:
		if (!a->file)
			argp_error(state, "which file? - is standard input");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "FILE",
	.doc = "Loads a calendar: iCalendar (.ics), or CSV with from,to,kind,name or date,kind,name, kind being one of "
	       "term, closure, inset, holiday, bank-holiday.\v"
	       "The file is the whole calendar of the authority, or of one school, and replaces the one before; open "
	       "deadlines that it touches move. The bank holidays of England and Wales are built in.",
	.children = invocation_children,
};

static void tell(void *context, uint64_t line, const char *field, const char *reason)
{
	const struct calendar_arguments *a = context;
	fprintf(stderr, "%s:", a->file);
	if (line)
		fprintf(stderr, "%s%" PRIu64 ":", a->icalendar ? " event " : "", line);
	fprintf(stderr, " %s: %s\n", field, reason);
}

static int load(const struct calendar_arguments *a, const struct calendar_file *file)
{
	struct attend *connection = invocation_open(&a->invocation, 0);
	if (!connection)
		return 2;
	struct body body;
	struct attend_reply reply;
	int status;
	body_begin(&body);
	body_text(&body, "urn", a->school);
	body_key(&body, "rows");
	msgpack_pack_array(&body.pack, file->count);
	for (size_t i = 0; i < file->count; i++) {
		msgpack_pack_array(&body.pack, 4);
		body_string(&body, file->rows[i].from);
		body_string(&body, file->rows[i].to);
		body_string(&body, file->rows[i].kind);
		body_string(&body, file->rows[i].name);
	}
	json_t *answer = ask(&a->invocation, connection, ATTEND_CALENDAR, NULL, &body, &reply, &status);
	long long moved = json_integer_value(json_object_get(answer, "moved"));
	if (answer && a->invocation.json) {
		json_object_set_new(answer, "seq", json_integer((json_int_t)reply.position));
		print_json(answer);
	} else if (answer) {
		printf("%s%s: %zu rows loaded; %lld open deadline%s moved\n", a->school ? "calendar of school " : "calendar of the authority",
		       a->school ? a->school : "", file->count, moved, moved == 1 ? "" : "s");
	}
	json_decref(answer);
	attend_close(&connection);
	return status;
}

int command_calendar(int argc, char **argv)
{
	static struct calendar_file file;
	struct calendar_arguments a = { .file = NULL };
	invocation_parse(&argp, argc, argv, &a.invocation, &a);
	size_t size;
	char *text = file_read(a.file, FILE_SIZE_MAX, &size);
	if (!text) {
		complain(&a.invocation, "%s: %s", a.file, strerror(errno));
		return 2;
	}
	a.icalendar = strstr(text, "BEGIN:VCALENDAR") != NULL;
	int status = calendar_file_read(&file, text, size, tell, &a) ? load(&a, &file) : 1;
	free(text);
	return status;
}
