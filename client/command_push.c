/* attend push - marks from files.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/ask.h"
#include "client/command.h"
#include "client/connection.h"
#include "client/guess.h"
#include "client/import.h"
#include "client/push.h"
#include "client/push_spool.h"

enum { KEY_REJECTS = 0x2000, KEY_AGAIN, KEY_SPOOL, KEY_SPOOL_SIZE };

struct push_arguments {
	struct invocation invocation;
	struct import import;
	const char *rejects;
	bool again;
	const char *spool;
	uint64_t spool_size;
	char **files;
	int count;
	struct push *push;
};

static const struct argp_option options[] = {
	{ "rejects", KEY_REJECTS, "FILE", 0, "refused rows go here, as they stood, with the reason: mend it and push it", 0 },
	{ "again", KEY_AGAIN, NULL, 0, "send it as new, so that it overrules corrections made since it was first pushed", 0 },
	{ "spool", KEY_SPOOL, "DIR", 0, "keep rows in this folder until they are delivered, in this run or a later one; without a FILE, deliver what waits there", 0 },
	{ "spool-size", KEY_SPOOL_SIZE, "MIB", 0, "what the folder may hold at most (256)", 0 },
	{ 0 },
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct push_arguments *a = state->input;
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->invocation;
		state->child_inputs[1] = &a->import;
		return 0;
	case KEY_REJECTS:
		a->rejects = argument;
		return 0;
	case KEY_AGAIN:
		a->again = true;
		return 0;
	case KEY_SPOOL:
		a->spool = argument;
		return 0;
	case KEY_SPOOL_SIZE:
		a->spool_size = invocation_number(state, "--spool-size", argument) << 20;
		if (!a->spool_size || a->spool_size >> 20 > 1 << 20)
			argp_error(state, "--spool-size: from 1 to 1048576 MiB");
		return 0;
	case ARGP_KEY_ARGS:
		a->files = state->argv + state->next;
		a->count = state->argc - state->next;
		return 0;
	case ARGP_KEY_END:
		if (!a->count && !a->import.watch && !a->spool)
			argp_error(state, "which file? - is standard input");
		if (a->import.watch && (a->count || a->rejects || a->spool))
			argp_error(state, "--watch takes what comes into the folder, and leaves there what can't be delivered: no file, "
			           "no --rejects and no --spool beside it");
		if (a->import.dry && a->spool)
			argp_error(state, "--dry-run neither sends nor keeps anything: no --spool beside it");
		if (a->spool_size && !a->spool)
			argp_error(state, "--spool-size: of which --spool?");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "FILE...\n--spool DIR",
	.doc = "Pushes marks. A FILE is CSV with a header (urn,upn,date,session,code and optionally recorded_at, "
	       "minutes_late, comment, in any order) or JSON lines with the same names; - is standard input. The CSV or JSON of a "
	       "school's own system is read by a mapping.\v"
	       "A refused row doesn't hold up the others: each is named on standard error with its line, field "
	       "and reason, and the exit status is 1. A file may be pushed again at any time, after a cut as "
	       "well: what was taken is not taken twice, and a correction made since is not undone.\n\n"
	       "With --spool, rows are kept on disk before they are sent, and the exit status 0 says that each is "
	       "delivered or kept: the FILE is needed no more. What is kept is delivered, once and in order, by the next "
	       "push with this --spool. attend spool DIR lists what waits and what was refused.",
	.children = import_children,
};

/* All can be opened, or nothing is sent. Gives their sizes together, 0 where one is a pipe. */
static bool look_at_files(const struct push_arguments *a, uint64_t *bytes)
{
	struct stat rejects, file;
	bool have_rejects = a->rejects && stat(a->rejects, &rejects) == 0, pipe = false;
	*bytes = 0;
	for (int i = 0; i < a->count; i++) {
		if (strcmp(a->files[i], "-") == 0) {
			pipe = true;
			continue;
		}
		if (stat(a->files[i], &file) < 0 || access(a->files[i], R_OK) < 0) {
			complain(&a->invocation, "%s: %s", a->files[i], strerror(errno));
			return false;
		}
		if (S_ISDIR(file.st_mode)) {
			complain(&a->invocation, "%s: this is a folder", a->files[i]);
			return false;
		}
		if (have_rejects && file.st_dev == rejects.st_dev && file.st_ino == rejects.st_ino) {
			complain(&a->invocation, "--rejects %s would overwrite what is to be pushed", a->rejects);
			return false;
		}
		pipe = pipe || !S_ISREG(file.st_mode);
		*bytes += (uint64_t)file.st_size;
	}
	if (pipe)
		*bytes = 0;
	return true;
}

static int push_files(struct push *p, const struct push_arguments *a)
{
	int worst = 0;
	for (int i = 0; i < a->count; i++) {
		bool standard = strcmp(a->files[i], "-") == 0;
		int fd = standard ? STDIN_FILENO : open(a->files[i], O_RDONLY | O_CLOEXEC);
		if (fd < 0) {
			complain(p->invocation, "%s: %s", a->files[i], strerror(errno));
			return 2;
		}
		int status = push_file(p, standard ? "-" : a->files[i], fd);
		if (!standard)
			close(fd);
		/* One file that can't be read does not hold up the others. */
		if (status > 1 || p->revoked)
			return status;
		if (status)
			worst = status;
	}
	int status = push_flush(p);
	return status ? status : worst;
}

/* Of a dry run. */
static void print_look(const struct push *p)
{
	char rows[THOUSANDS_SIZE], good[THOUSANDS_SIZE], refused[THOUSANDS_SIZE];
	printf("%s row%s: %s look right, %s would be refused; nothing was sent\n", thousands(rows, p->rows), p->rows == 1 ? "" : "s",
	       thousands(good, p->accepted), thousands(refused, p->refused));
}

/* `file`: the one that it is about, of a folder; NULL: all of them. */
static void print_result(const struct push *p, bool json, bool whole, const char *file)
{
	uint64_t elapsed_ms = connection_now_ms() - p->progress.began_ms;
	if (json) {
		json_t *result = json_pack("{s:I,s:I,s:I,s:I}", "rows", (json_int_t)p->rows, "accepted", (json_int_t)p->accepted,
		                           "known", (json_int_t)p->known, "refused", (json_int_t)p->refused);
		if (p->dry)
			json_object_set_new(result, "dry_run", json_true());
		if (p->spool) {
			struct push_spool_counts c = push_spool_counts(p);
			json_object_set_new(result, "kept", json_integer((json_int_t)c.kept));
			json_object_set_new(result, "waiting", json_integer((json_int_t)c.waiting));
			json_object_set_new(result, "earlier", json_integer((json_int_t)c.earlier));
			json_object_set_new(result, "earlier_refused", json_integer((json_int_t)c.earlier_refused));
		}
		if (file)
			json_object_set_new(result, "file", json_string(file));
		print_json(result);
		json_decref(result);
		return;
	}
	if (p->dry) {
		print_look(p);
		return;
	}
	if (file)
		printf("%s: ", file);
	char rows[THOUSANDS_SIZE], accepted[THOUSANDS_SIZE], known[THOUSANDS_SIZE], refused[THOUSANDS_SIZE], rate[THOUSANDS_SIZE];
	printf("%s row%s: %s accepted, %s known already, %s refused", thousands(rows, p->rows), p->rows == 1 ? "" : "s",
	       thousands(accepted, p->accepted), thousands(known, p->known), thousands(refused, p->refused));
	if (elapsed_ms >= 1000)
		printf(" (%" PRIu64 " s, %s rows/s)", elapsed_ms / 1000, thousands(rate, p->rows * 1000 / elapsed_ms));
	putchar('\n');
	if (!whole)
		printf("Not all of it was %s. Push it again: what was taken is not taken twice.\n", p->spool ? "kept" : "answered");
}

/* One file of the folder, its rows counted by themselves. */
static enum folder_outcome take_from_folder(void *context, const char *path, const char *rejects, uint64_t *refused)
{
	struct push_arguments *a = context;
	struct push *p = a->push;
	if (import_again(&a->import, &a->invocation))
		return FOLDER_AGAIN;
	p->mapping = a->import.mapping;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	p->rejects = fd < 0 ? NULL : rejects_open(rejects);
	if (!p->rejects) {
		complain(p->invocation, "%s: %s", fd < 0 ? path : rejects, strerror(errno));
		return fd < 0 ? FOLDER_FAILED : FOLDER_STOP;
	}
	p->rows = p->accepted = p->known = p->refused = 0;
	progress_begin(&p->progress, false, 0, connection_now_ms());
	int status = push_file(p, path, fd);
	close(fd);
	int failed = rejects_close(&p->rejects);
	if (failed)
		complain(p->invocation, "%s: %s", rejects, strerror(failed));
	*refused = p->refused;
	if (p->revoked || failed || (status && status != ATTEND_REFUSED && status != ATTEND_UNREACHABLE))
		return FOLDER_STOP;
	if (status == ATTEND_UNREACHABLE)
		return FOLDER_AGAIN;
	print_result(p, p->invocation->json, true, path);
	fflush(stdout);
	return status ? FOLDER_FAILED : FOLDER_DONE;
}

static void print_spooled(const struct push *p, const char *dir)
{
	struct push_spool_counts c = push_spool_counts(p);
	char rows[THOUSANDS_SIZE], refused[THOUSANDS_SIZE];
	if (c.earlier)
		printf("%s rows of earlier pushes delivered, %s of them refused\n", thousands(rows, c.earlier), thousands(refused, c.earlier_refused));
	else if (!p->rows && !c.waiting)
		puts("Nothing waits.");
	if (c.waiting)
		printf("%s of these rows are kept in %s, where %" PRIu64 " submission%s in all: attend push --spool %s delivers them\n",
		       thousands(rows, c.kept), dir, c.waiting, c.waiting == 1 ? " waits" : "s wait", dir);
}

static int run(struct push_arguments *a, struct push *p)
{
	uint64_t bytes;
	if (!look_at_files(a, &bytes))
		return 2;
	int begun = import_begin(&a->import, &a->invocation, MAPPING_MARKS);
	if (begun)
		return begun;
	a->push = p;
	p->mapping = a->import.mapping;
	p->connection = p->dry ? NULL : invocation_open(&a->invocation, ATTEND_WINDOW_MAX);
	p->grouping = grouping_new();
	if ((!p->connection && !p->dry) || !p->grouping)
		return 2;
	if (a->import.watch)
		return folder_watch(&a->invocation, a->import.watch, take_from_folder, a);
	if (a->rejects && !(p->rejects = rejects_open(a->rejects))) {
		complain(&a->invocation, "--rejects %s: %s", a->rejects, strerror(errno));
		return 2;
	}
	if (a->spool && !push_spool_open(p, a->spool, a->spool_size))
		return 2;
	progress_begin(&p->progress, !a->invocation.json, bytes, connection_now_ms());
	int status = push_files(p, a);
	if (p->spool)
		status = push_spool_finish(p, status);
	progress_clear(&p->progress);
	if (p->revoked)
		complain(&a->invocation, "refused: this key was revoked; an administrator can grant it again");
	bool whole = p->spool ? !push_spool_counts(p).cut : !p->revoked && (status == 0 || status == 1);
	if (a->count || a->invocation.json)
		print_result(p, a->invocation.json, whole, NULL);
	if (p->spool && !a->invocation.json)
		print_spooled(p, a->spool);
	return status ? status : p->refused || (p->spool && push_spool_counts(p).earlier_refused) ? 1 : 0;
}

int command_push(int argc, char **argv)
{
	struct push_arguments a = { .rejects = NULL };
	invocation_parse(&argp, argc, argv, &a.invocation, &a);
	catch_signals();
	if (a.import.guess)
		return guess_files(&a.import, &a.invocation, MAPPING_MARKS, a.files, a.count);
	struct push p = { .invocation = &a.invocation, .again = a.again, .dry = a.import.dry };
	int status = run(&a, &p);
	attend_close(&p.connection); /* answers what is left, so before what it is told to goes */
	push_spool_close(&p);
	push_end(&p);
	import_end(&a.import);
	int failed = rejects_close(&p.rejects);
	if (failed) {
		complain(&a.invocation, "--rejects %s: %s", a.rejects, strerror(failed));
		if (!status)
			status = 2;
	}
	return status;
}
