/* attend calendar - term dates, closures and INSET days.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "casework/calendar.h"
#include "client/ask.h"
#include "client/calendar_file.h"
#include "client/command.h"
#include "client/file.h"
#include "client/to_json.h"

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
	       "deadlines that it touches move. Keep the terms of the school year before in it: ten school weeks reach back over "
	       "the summer, whose weeks count as school weeks where no term stands before them. The bank holidays of England and Wales are built in.",
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

/* What is held of the scope; NULL: nothing. */
static json_t *held(const struct calendar_arguments *a, struct attend *connection, enum attend_result *result)
{
	struct body body;
	struct attend_reply reply;
	size_t size;
	body_begin(&body);
	body_text(&body, "what", "calendar");
	body_text(&body, "urn", a->school);
	const void *bytes = body_end(&body, &size);
	*result = attend_call(connection, ATTEND_QUERY, NULL, bytes, size, &reply);
	body_free(&body);
	return *result == ATTEND_OK ? to_json(reply.body, reply.body_size) : NULL;
}

static day_t day_from(const char *text)
{
	day_t day = 0;
	return text && day_parse(slice_text(text), &day) ? day : 0;
}

/* Does a count of school weeks reach back to terms that are held and that the file, which begins later, leaves out? */
static bool leaves_out_terms(const json_t *before, day_t first)
{
	size_t index;
	json_t *row;
	json_array_foreach(json_object_get(before, "rows"), index, row) {
		const char *kind = json_string_value(json_array_get(row, 2));
		day_t last = day_from(json_string_value(json_array_get(row, 1)));
		if (kind && strcmp(kind, "term") == 0 && last < first && last + 7 * CALENDAR_REACH_WEEKS > first)
			return true;
	}
	return false;
}

static void warn_of_terms(const struct calendar_arguments *a, const struct calendar_file *file, const json_t *before)
{
	day_t first = 0;
	for (size_t i = 0; i < file->count; i++)
		if (strcmp(file->rows[i].kind, "term") == 0 && (!first || day_from(file->rows[i].from) < first))
			first = day_from(file->rows[i].from);
	if (!first || !leaves_out_terms(before, first))
		return;
	char text[DATE_TEXT_SIZE + 1];
	day_text(text, first);
	complain(&a->invocation, "the terms before %s that were held are not in this file: the weeks of their holidays count as school weeks "
	         "from now on, also among the ten of a penalty notice. Load it again with the school year before in it", text);
}

static int load(const struct calendar_arguments *a, const struct calendar_file *file)
{
	struct attend *connection = invocation_open(&a->invocation, 0);
	if (!connection)
		return 2;
	enum attend_result asked;
	json_t *before = held(a, connection, &asked);
	if (asked != ATTEND_OK && asked != ATTEND_REFUSED) { /* nobody there: that is waited for once */
		complain(&a->invocation, "%s", attend_why(connection));
		attend_close(&connection);
		return asked == ATTEND_STOPPED ? 130 : (int)asked;
	}
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
	if (answer)
		warn_of_terms(a, file, before);
	json_decref(before);
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
