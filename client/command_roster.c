/* attend roster - pupils and their parents from CSV.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "client/ask.h"
#include "client/command.h"
#include "client/file.h"
#include "client/roster.h"

enum {
	FILE_SIZE_MAX = 256 * 1024 * 1024,
	PUPILS_EACH = 500,             /* of one submission */
	BODY_SIZE_MAX = 256 * 1024,
};

struct roster_arguments {
	struct invocation invocation;
	const char *file;
	uint64_t accepted, known, refused;
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct roster_arguments *a = state->input;
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->invocation;
		return 0;
	case ARGP_KEY_ARG:
		if (a->file)
			argp_error(state, "one file at a time");
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
	.parser = parse,
	.args_doc = "FILE",
	.doc = "Takes pupils and their parents from CSV: urn,upn,surname,forename,birth_date and optionally "
	       "year_group, groups, send, parent, parent_name, parent_address, language.\v"
	       "One row a pupil and parent; parent is an id of the pupil's own, such as p1. What a file says of a pupil "
	       "stands in place of what was known before. Counts are of pupils.",
	.children = invocation_children,
};

static void tell(void *context, uint64_t line, const char *field, const char *reason)
{
	const struct roster_arguments *a = context;
	fprintf(stderr, "%s:%" PRIu64 ": %s: %s\n", a->file, line, field, reason);
}

static void pack_parents(struct body *values, const struct roster_pupil *p)
{
	body_string(values, "parents");
	msgpack_pack_array(&values->pack, p->parent_count);
	for (unsigned i = 0; i < p->parent_count; i++) {
		const struct roster_parent *parent = &p->parents[i];
		msgpack_pack_map(&values->pack, 1 + (parent->name != NULL) + (parent->address != NULL));
		body_string(values, "id");
		body_string(values, parent->id);
		if (parent->name) {
			body_string(values, "name");
			body_string(values, parent->name);
		}
		if (parent->address) {
			body_string(values, "address");
			body_string(values, parent->address);
		}
	}
}

static void pack_pupil(struct body *body, const struct roster_pupil *p)
{
	unsigned keys = p->parent_count > 0;
	for (unsigned i = ROSTER_UPN; i < ROSTER_OWN; i++)
		keys += p->values[i] != NULL;
	msgpack_pack_map(&body->pack, keys);
	for (unsigned i = ROSTER_UPN; i < ROSTER_OWN; i++)
		if (p->values[i]) {
			body_string(body, roster_columns[i]);
			body_string(body, p->values[i]);
		}
	if (p->parent_count)
		pack_parents(body, p);
}

struct told {
	struct roster_arguments *arguments;
	struct roster_pupil **pupils;
	size_t count;
};

static void tell_row(void *context, unsigned row, const char *field, const char *reason)
{
	struct told *t = context;
	if (row < t->count)
		tell(t->arguments, t->pupils[row]->line, field, reason);
}

static size_t size_of(const struct roster_pupil *p)
{
	size_t size = 64;
	for (unsigned i = 0; i < ROSTER_OWN; i++)
		size += p->values[i] ? strlen(p->values[i]) + 16 : 0;
	for (unsigned i = 0; i < p->parent_count; i++)
		size += 48 + (p->parents[i].name ? strlen(p->parents[i].name) : 0) +
		        (p->parents[i].address ? strlen(p->parents[i].address) : 0);
	return size;
}

/* How many of the pupils from here on are one submission: of one school, and not too much. */
static size_t run_of(struct roster_pupil *const pupils[], size_t left)
{
	size_t count = 0, size = 0;
	while (count < left && count < PUPILS_EACH &&
	       strcmp(pupils[count]->values[ROSTER_URN], pupils[0]->values[ROSTER_URN]) == 0) {
		size += size_of(pupils[count]);
		if (count && size > BODY_SIZE_MAX)
			break;
		count++;
	}
	return count;
}

static int send_run(struct roster_arguments *a, struct attend *connection, struct roster_pupil **pupils, size_t count)
{
	struct body body;
	body_begin(&body);
	body_text(&body, "urn", pupils[0]->values[ROSTER_URN]);
	body_key(&body, "pupils");
	msgpack_pack_array(&body.pack, count);
	for (size_t i = 0; i < count; i++)
		pack_pupil(&body, pupils[i]);
	size_t size;
	const void *bytes = body_end(&body, &size);
	struct attend_reply reply;
	/* A new id each time: a roster of last year may be right again, and equal pupils are
	 * known as such by the daemon. */
	enum attend_result result = attend_call(connection, ATTEND_ROSTER, NULL, bytes, size, &reply);
	body_free(&body);
	if (!reply.status || result == ATTEND_MISUSE) {
		complain(&a->invocation, "%s", attend_why(connection));
		return result == ATTEND_STOPPED ? 130 : (int)result;
	}
	uint64_t accepted, known, refused;
	struct told told = { a, pupils, count };
	attend_reply_counts(&reply, (unsigned)count, &accepted, &known, &refused);
	a->accepted += accepted;
	a->known += known;
	a->refused += refused;
	if (attend_refused_rows(&reply, tell_row, &told) == 0 && result != ATTEND_OK) {
		complain(&a->invocation, "%s:%" PRIu64 ": refused, with the %zu pupils from there on: %s", a->file, pupils[0]->line,
		         count, attend_why(connection));
		return 1;
	}
	return 0;
}

static int send_all(struct roster_arguments *a, struct roster *roster)
{
	struct attend *connection = invocation_open(&a->invocation, 0);
	if (!connection)
		return 2;
	int status = 0;
	for (size_t at = 0, count; at < roster->count && status != 3 && status != 130; at += count) {
		count = run_of(roster->pupils + at, roster->count - at);
		int one = send_run(a, connection, roster->pupils + at, count);
		status = one ? one : status;
	}
	attend_close(&connection);
	return status;
}

static void print_result(const struct roster_arguments *a, const struct roster *roster)
{
	if (a->invocation.json) {
		json_t *result = json_pack("{s:I,s:I,s:I,s:I,s:I}", "rows", (json_int_t)roster->rows, "pupils",
		                           (json_int_t)roster->count, "accepted", (json_int_t)a->accepted, "known",
		                           (json_int_t)a->known, "refused", (json_int_t)(a->refused + roster->refused));
		print_json(result);
		json_decref(result);
		return;
	}
	printf("%" PRIu64 " row%s, %zu pupil%s: %" PRIu64 " recorded, %" PRIu64 " as known already, %" PRIu64 " refused\n", roster->rows,
	       roster->rows == 1 ? "" : "s", roster->count, roster->count == 1 ? "" : "s", a->accepted, a->known, a->refused + roster->refused);
}

int command_roster(int argc, char **argv)
{
	struct roster_arguments a = { .file = NULL };
	invocation_parse(&argp, argc, argv, &a.invocation, &a);
	size_t size;
	char *text = file_read(a.file, FILE_SIZE_MAX, &size);
	if (!text) {
		complain(&a.invocation, "%s: %s", a.file, strerror(errno));
		return 2;
	}
	struct roster roster;
	char why[400];
	int status;
	if (roster_read(&roster, text, size, tell, &a, why, sizeof why)) {
		status = send_all(&a, &roster);
		if (status != 2)
			print_result(&a, &roster);
		if (!status && (a.refused || roster.refused))
			status = 1;
	} else {
		fprintf(stderr, "%s:1: %s\n", a.file, why);
		status = 1;
	}
	roster_free(&roster);
	free(text);
	return status;
}
