/* attend roster - pupils and their parents from files.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/ask.h"
#include "client/command.h"
#include "client/file.h"
#include "client/guess.h"
#include "client/import.h"
#include "client/roster_rows.h"
#include "client/roster_send.h"
#include "client/totals.h"

enum { KEY_REJECTS = 0x2000, KEY_TOTALS };

struct roster_arguments {
	struct invocation invocation;
	struct import import;
	const char *rejects;
	bool totals;
	char **files;
	int count;
	struct attend *connection; /* NULL: a dry run */
};

static const struct argp_option options[] = {
	{ "rejects", KEY_REJECTS, "FILE", 0, "the rows of pupils who were refused go here, with the reason: mend them and load the file", 0 },
	{ "totals", KEY_TOTALS, NULL, 0, "of a Common Transfer File: sets the year's attendance that it states beside ours, pupil by pupil", 0 },
	{ 0 },
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct roster_arguments *a = state->input;
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->invocation;
		state->child_inputs[1] = &a->import;
		return 0;
	case KEY_REJECTS:
		a->rejects = argument;
		return 0;
	case KEY_TOTALS:
		a->totals = true;
		return 0;
	case ARGP_KEY_ARGS:
		a->files = state->argv + state->next;
		a->count = state->argc - state->next;
		return 0;
	case ARGP_KEY_END:
		if (!a->count && !a->import.watch)
			argp_error(state, "which file? - is standard input");
		if (a->import.watch && (a->count || a->rejects))
			argp_error(state, "--watch takes what comes into the folder: no file and no --rejects beside it");
		if (a->rejects && a->count > 1)
			argp_error(state, "--rejects takes the form of one file: give one at a time");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "FILE...",
	.doc = "Takes pupils and their parents from CSV: urn,upn,surname,forename,birth_date and optionally "
	       "year_group, groups, send, parent, parent_name, parent_address, language; from the CSV or JSON of a school's own "
	       "system, by a mapping; or from a Common Transfer File (XML).\v"
	       "One row a pupil and parent; parent is an id of the pupil's own, such as p1. What a file says of a pupil "
	       "stands in place of what was known before; a pupil of whom a row is wrong is refused as a whole. Counts are of pupils.",
	.children = import_children,
};

static void print_result(const struct roster_arguments *a, const struct roster_send *s, const struct roster *roster, const char *file)
{
	uint64_t refused = s->refused + roster->refused;
	if (a->invocation.json) {
		json_t *result = json_pack("{s:I,s:I,s:I,s:I,s:I}", "rows", (json_int_t)roster->rows, "pupils", (json_int_t)roster->all, "accepted",
		                           (json_int_t)s->accepted, "known", (json_int_t)s->known, "refused", (json_int_t)refused);
		if (file)
			json_object_set_new(result, "file", json_string(file));
		if (a->import.dry)
			json_object_set_new(result, "dry_run", json_true());
		print_json(result);
		json_decref(result);
		return;
	}
	printf("%s%s%" PRIu64 " row%s, %" PRIu64 " pupil%s: ", file ? file : "", file ? ": " : "", roster->rows, roster->rows == 1 ? "" : "s",
	       roster->all, roster->all == 1 ? "" : "s");
	if (a->import.dry)
		printf("%" PRIu64 " look right, %" PRIu64 " would be refused; nothing was sent\n", s->accepted, refused);
	else
		printf("%" PRIu64 " recorded, %" PRIu64 " as known already, %" PRIu64 " refused\n", s->accepted, s->known, refused);
	fflush(stdout); /* of a folder, a line a file */
}

/* All rows of it. False: it can't be read, or not to its end; said why. */
static bool take_rows(const struct roster_send *s, struct roster *roster, struct roster_rows *rows)
{
	struct roster_row row;
	while (!roster->no_memory && !roster->stopped && roster_rows_next(rows, &row))
		roster_take(roster, &row);
	bool good = roster_end(roster);
	if (roster_rows_ignored(rows)[0])
		fprintf(stderr, "%s: note: columns not known and passed over: %s\n", s->file, roster_rows_ignored(rows));
	if (!good || roster_rows_failed(rows))
		fprintf(stderr, "%s: %s\n", s->file, good ? roster_rows_failed(rows) : "no memory");
	return good && !roster_rows_failed(rows);
}

static int close_rejects(const struct roster_arguments *a, struct roster_send *s, const char *rejects)
{
	int failed = rejects_close(&s->rejects);
	if (failed)
		complain(&a->invocation, "--rejects %s: %s", rejects, strerror(failed));
	return failed && !s->status ? 2 : s->status;
}

/* The exit status; 1 where a pupil or the file was refused, and `*unread` where it was the file. */
static int take_file(struct roster_arguments *a, const char *file, int fd, const char *rejects, uint64_t *refused, bool *unread)
{
	char why[400] = "no memory";
	struct totals totals = { .invocation = &a->invocation, .connection = a->connection };
	struct ctf_totals told = { totals_tell, &totals };
	struct roster_send s = { .invocation = &a->invocation, .connection = a->connection, .file = file };
	struct roster_sink sink = roster_send_sink;
	struct roster roster = { .sink = NULL };
	*unread = true;
	if (!import_whole(a->import.mapping && a->import.mapping->json, file, fd))
		return 1;
	struct records *records = records_open(file_read_some, &fd);
	struct roster_rows *rows = NULL;
	if (records)
		rows = roster_rows_open(records, a->import.mapping, a->import.school, a->totals ? &told : NULL, why, sizeof why);
	sink.context = &s;
	if (!rows) {
		fprintf(stderr, "%s:1: %s\n", file, why);
		s.status = 1;
	} else if (rejects && !(s.rejects = rejects_open(rejects))) {
		complain(&a->invocation, "--rejects %s: %s", rejects, strerror(errno));
		s.status = 2;
	} else {
		if (s.rejects)
			rejects_form(s.rejects, roster_rows_header(rows));
		s.counted = roster_rows_counted(rows);
		*unread = !roster_begin(&roster, &sink) || !take_rows(&s, &roster, rows);
		*refused = s.refused + roster.refused;
		if (s.status < 2)
			print_result(a, &s, &roster, a->import.watch || a->count > 1 ? file : NULL);
		if (!s.status && (*refused || *unread))
			s.status = 1;
	}
	s.status = close_rejects(a, &s, rejects);
	roster_free(&roster);
	roster_rows_close(&rows);
	records_close(&records);
	return s.status;
}

static int open_file(const struct invocation *invocation, const char *file)
{
	int fd = strcmp(file, "-") == 0 ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC);
	struct stat about;
	if (fd >= 0 && fstat(fd, &about) == 0 && !S_ISDIR(about.st_mode))
		return fd;
	complain(invocation, "%s: %s", file, fd < 0 ? strerror(errno) : "this is a folder");
	if (fd >= 0)
		close(fd);
	return -1;
}

static enum folder_outcome take_from_folder(void *context, const char *path, const char *rejects, uint64_t *refused)
{
	struct roster_arguments *a = context;
	bool unread;
	if (import_again(&a->import, &a->invocation))
		return FOLDER_AGAIN;
	int fd = open_file(&a->invocation, path);
	int status = fd < 0 ? 1 : take_file(a, path, fd, rejects, refused, &unread);
	if (fd >= 0)
		close(fd);
	return status == 3 ? FOLDER_AGAIN : status > 1 || interrupted ? FOLDER_STOP : status && (fd < 0 || unread) ? FOLDER_FAILED : FOLDER_DONE;
}

static int take_files(struct roster_arguments *a)
{
	int worst = 0;
	if (a->import.watch)
		return folder_watch(&a->invocation, a->import.watch, take_from_folder, a);
	for (int i = 0; i < a->count && worst < 2; i++) {
		uint64_t refused;
		bool unread;
		int fd = open_file(&a->invocation, a->files[i]), status = fd < 0 ? 2 : take_file(a, a->files[i], fd, a->rejects, &refused, &unread);
		if (fd > STDIN_FILENO)
			close(fd);
		worst = status > worst ? status : worst;
	}
	return worst;
}

int command_roster(int argc, char **argv)
{
	struct roster_arguments a = { .rejects = NULL };
	invocation_parse(&argp, argc, argv, &a.invocation, &a);
	catch_signals();
	if (a.import.guess)
		return guess_files(&a.import, &a.invocation, MAPPING_ROSTER, a.files, a.count);
	int status = import_begin(&a.import, &a.invocation, MAPPING_ROSTER);
	if (!status && !a.import.dry) {
		a.connection = invocation_open(&a.invocation, 0);
		status = a.connection ? 0 : 2;
	}
	status = status ? status : take_files(&a);
	attend_close(&a.connection);
	import_end(&a.import);
	return status;
}
