/* attend spool - what an outbox holds: what waits, and what was refused.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "client/ask.h"
#include "client/command.h"
#include "client/push_spool.h"
#include "client/when.h"

enum { KEY_REJECTS = 0x2000 };

struct spool_arguments {
	struct invocation invocation;
	const char *dir, *rejects;
	uint64_t waiting_rows, refused_rows, oldest_ms;
};

static const struct argp_option options[] = {
	{ "rejects", KEY_REJECTS, "FILE", 0, "put refused rows there, as they stood, with the reason, and hold them no more: mend it and push it", 0 },
	{ 0 },
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct spool_arguments *a = state->input;
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->invocation;
		return 0;
	case KEY_REJECTS:
		a->rejects = argument;
		return 0;
	case ARGP_KEY_ARG:
		if (a->dir)
			argp_error(state, "one folder at a time");
		a->dir = argument;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "which folder? the one that attend push --spool was given");
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "DIR",
	.doc = "What a spool holds: the submissions that wait, since when and of which file's rows; and what was refused. "
	       "Needs no daemon; attend push --spool DIR delivers.\v"
	       "The exit status is 1 while refused rows are held.",
	.children = invocation_json_children,
};

static void instant(char out[static 32], uint64_t ms)
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm utc;
	strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&seconds, &utc));
}

static bool show_waiting(void *context, const struct attend_kept *kept)
{
	struct spool_arguments *a = context;
	const char *header;
	struct sent *s = sent_of_note(kept->note, kept->note_size, &header);
	char since[32], school[40], when[WHEN_SIZE];
	instant(since, kept->since_ms);
	attend_body_text(kept->body, kept->body_size, "urn", school, sizeof school);
	if (!a->oldest_ms)
		a->oldest_ms = kept->since_ms;
	a->waiting_rows += s ? s->count : 0;
	if (a->invocation.json) {
		json_t *item = json_pack("{s:b,s:I,s:s,s:s,s:i}", "waits", 1, "number", (json_int_t)kept->number, "since", since, "urn",
		                         school, "rows", s ? (int)s->count : 0);
		if (s)
			json_object_set_new(item, "file", json_string(s->file));
		if (s && s->count)
			json_object_set_new(item, "line", json_integer((json_int_t)s->lines[0]));
		print_json(item);
		json_decref(item);
	} else {
		printf("%" PRIu64 "  waits since %s  school %s", kept->number, when_time(when, since), school);
		if (s && s->count)
			printf("  %u row%s, from %s:%" PRIu64, s->count, s->count == 1 ? "" : "s", s->file, s->lines[0]);
		putchar('\n');
	}
	sent_free(s);
	return true;
}

struct showing {
	struct spool_arguments *arguments;
	const struct attend_kept *kept;
	const struct sent *sent; /* NULL: of another program */
	const char *since;
};

static void show_row(void *context, unsigned row, const char *field, const char *reason)
{
	const struct showing *s = context;
	struct spool_arguments *a = s->arguments;
	if (s->sent && row >= s->sent->count)
		return;
	a->refused_rows++;
	if (a->invocation.json) {
		json_t *item = json_pack("{s:b,s:I,s:s,s:i,s:s,s:s}", "waits", 0, "number", (json_int_t)s->kept->number, "since", s->since,
		                         "row", (int)row, "field", field, "reason", reason);
		if (s->sent) {
			json_object_set_new(item, "file", json_string(s->sent->file));
			json_object_set_new(item, "line", json_integer((json_int_t)s->sent->lines[row]));
		}
		print_json(item);
		json_decref(item);
	} else if (s->sent) {
		printf("refused: %s:%" PRIu64 ": %s: %s\n", s->sent->file, s->sent->lines[row], field, reason);
	} else {
		printf("refused: submission %" PRIu64 ", row %u: %s: %s\n", s->kept->number, row + 1, field, reason);
	}
}

static bool show_refused(void *context, const struct attend_kept *kept, const struct attend_reply *reply)
{
	const char *header;
	char since[32];
	struct sent *sent = sent_of_note(kept->note, kept->note_size, &header);
	instant(since, kept->since_ms);
	refused_rows_each(reply, sent ? sent->count : 1, show_row, &(struct showing){ context, kept, sent, since });
	sent_free(sent);
	return false;
}

static int show(struct spool_arguments *a, struct attend_spool *spool)
{
	char oldest[32], when[WHEN_SIZE];
	enum attend_result result = attend_spool_each(spool, show_waiting, a);
	if (result == ATTEND_OK)
		result = attend_spool_refused(spool, show_refused, a);
	if (result != ATTEND_OK) {
		complain(&a->invocation, "%s", attend_spool_why(spool));
		return (int)result;
	}
	instant(oldest, a->oldest_ms);
	if (!a->invocation.json && a->oldest_ms)
		printf("%" PRIu64 " submissions with %" PRIu64 " rows wait, the oldest since %s.\n", attend_spool_waiting(spool),
		       a->waiting_rows, when_time(when, oldest));
	else if (!a->invocation.json)
		puts("Nothing waits.");
	if (!a->invocation.json && a->refused_rows)
		printf("%" PRIu64 " refused rows are held: attend spool %s --rejects FILE takes them out, to be mended and pushed.\n",
		       a->refused_rows, a->dir);
	return a->refused_rows > 0;
}

static int take_out(const struct spool_arguments *a, struct attend_spool *spool)
{
	uint64_t rows, left;
	struct rejects *rejects = rejects_open(a->rejects);
	if (!rejects) {
		complain(&a->invocation, "--rejects %s: %s", a->rejects, strerror(errno));
		return 2;
	}
	int status = spool_to_rejects(&a->invocation, spool, rejects, &rows, &left);
	rejects_close(&rejects); /* it was on disk before anything was forgotten */
	if (status)
		return status;
	if (a->invocation.json) {
		json_t *result = json_pack("{s:I,s:I}", "rows", (json_int_t)rows, "left", (json_int_t)left);
		print_json(result);
		json_decref(result);
	} else {
		printf("%" PRIu64 " refused rows put into %s\n", rows, a->rejects);
		if (left)
			printf("%" PRIu64 " more have another form and are held: once more, with another FILE\n", left);
	}
	return left > 0;
}

int command_spool(int argc, char **argv)
{
	struct spool_arguments a = { .dir = NULL };
	char why[1200];
	invocation_parse(&argp, argc, argv, &a.invocation, &a);
	struct attend_spool *spool = attend_spool_open(&(struct attend_spool_options){
		.dir = a.dir, .look = !a.rejects, .patience_ms = ATTEND_TIMEOUT_MS }, why, sizeof why);
	if (!spool) {
		complain(&a.invocation, "%s", why);
		return 2;
	}
	int status = a.rejects ? take_out(&a, spool) : show(&a, spool);
	attend_spool_close(&spool);
	return status;
}
