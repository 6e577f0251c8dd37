/* Trying a changed file on the history held: the daemon starts itself again as a process
 * that does it (trial.h), and tells how far it is until the result is there.
 *
 * The file goes in, and the result comes out, through files that have no name: what a
 * crash leaves is nothing. One trial at a time; its result stays until the next.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/memory.h"
#include "daemon/query_parts.h"
#include "daemon/trial.h"
#include "pathways/compile.h"

enum { PAGE_SIZE = 512 * 1024, ITEMS_MAX = 1000 };

/* A file of this size at most, read and written by whoever has it open, and by nobody else. */
static int nameless_file(const struct engine *e)
{
	char path[440];
	int fd;

	snprintf(path, sizeof path, "%.400s/trial.XXXXXX", e->dir);
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		unlink(path);
	return fd;
}

void trial_end(struct engine *e)
{
	struct trial_job *job = &e->trial;

	if (job->pid > 0) {
		kill(job->pid, SIGKILL);
		waitpid(job->pid, NULL, 0);
	}
	if (job->number && job->out >= 0)
		close(job->out);
	*job = (struct trial_job){.number = job->number, .out = -1};
}

static bool spawn(struct engine *e, int in, int out)
{
	char *const arguments[] = {(char *)(uintptr_t)"attendd", (char *)(uintptr_t)"trial", (char *)(uintptr_t)"--data", e->dir, NULL};
	char *const environment[] = {NULL};
	posix_spawn_file_actions_t files;
	posix_spawnattr_t how;
	sigset_t none;
	bool good;

	sigemptyset(&none);
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&how);
	posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setsigmask(&how, &none);
	good = posix_spawn_file_actions_adddup2(&files, in, STDIN_FILENO) == 0 &&
	       posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO) == 0 &&
	       /* what the daemon holds open (its lock, its socket) is none of the trial's */
	       posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1) == 0 &&
	       posix_spawn(&e->trial.pid, e->options.program, &files, &how, arguments, environment) == 0;
	if (!good)
		e->trial.pid = 0;
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&how);
	return good;
}

static bool start(struct engine *e, struct slice compiled)
{
	struct trial_job *job = &e->trial;
	int in = nameless_file(e);
	bool good;

	trial_end(e);
	job->out = nameless_file(e);
	job->number++;
	job->receipt = receipt_of(&e->key, compiled, (const uint8_t[32]){0});
	good = in >= 0 && job->out >= 0 && write(in, compiled.bytes, compiled.size) == (ssize_t)compiled.size &&
	       lseek(in, 0, SEEK_SET) == 0 && spawn(e, in, job->out);
	if (in >= 0)
		close(in);
	if (!good)
		trial_end(e);
	return good;
}

/* Has it ended, and how? */
static void look_after(struct trial_job *job)
{
	int how;

	if (job->pid <= 0 || waitpid(job->pid, &how, WNOHANG) != job->pid)
		return;
	job->pid = 0;
	job->ready = WIFEXITED(how) && WEXITSTATUS(how) == 0;
	job->failed = !job->ready;
}

/* ---- begin ---- */

static enum status pack_faults(struct engine *e, const struct compile_report *report)
{
	pack_clear(&e->body);
	pack_map(&e->body, 2);
	pack_key_text(&e->body, "reason", "the pathway file is wrong");
	pack_compile_faults(&e->body, report);
	return STATUS_BAD_FIELD;
}

static enum status begin_with(struct engine *e, struct slice compiled)
{
	struct trial_job *job = &e->trial;
	bool the_same = job->number && receipt_of(&e->key, compiled, (const uint8_t[32]){0}) == job->receipt;

	look_after(job);
	/* asked again, perhaps because the first answer was lost on the way */
	if (job->pid > 0 && !the_same)
		return query_fault(e, STATUS_RETRY_LATER, "source", "another file is being tried; ask again when that is done");
	if (job->pid <= 0 && !start(e, compiled))
		return query_fault(e, STATUS_FAILED, NULL, "the trial could not be started; the journal may say why");
	pack_map(&e->body, 1);
	pack_key_uint(&e->body, "trial", job->number);
	return STATUS_OK;
}

static enum status begin(struct engine *e, struct slice source)
{
	struct compile_report *report;
	struct writer w;
	enum status status;
	uint8_t *room;

	if (!e->options.program)
		return query_fault(e, STATUS_FAILED, NULL, "this daemon starts no other process");
	if (source.size > PATHWAY_SIZE_MAX - 1024)
		return query_fault(e, STATUS_TOO_LARGE, "source", "a pathway file, with what it includes, is at most 127 KiB");
	report = memory_new(sizeof *report);
	room = memory_new(PATHWAY_SIZE_MAX);
	w = writer_of(room, PATHWAY_SIZE_MAX);
	status = pathway_compile(source, &w, report) ? begin_with(e, writer_slice(&w)) : pack_faults(e, report);
	free(room);
	free(report);
	return status;
}

/* ---- the result ---- */

static uint64_t file_size(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 ? (uint64_t)st.st_size : 0;
}

static bool read_at(int fd, uint64_t at, void *room, size_t size)
{
	return pread(fd, room, size, (off_t)at) == (ssize_t)size;
}

static bool read_u32_at(int fd, uint64_t at, uint32_t *value)
{
	uint8_t room[4] = {0};
	struct reader r = reader_of(slice_of(room, sizeof room));
	bool good = read_at(fd, at, room, sizeof room);

	*value = read_u32(&r);
	return good;
}

static enum status pack_progress(struct engine *e)
{
	uint8_t room[TRIAL_PROGRESS_SIZE] = {0};
	struct reader r = reader_of(slice_of(room, sizeof room));

	/* nothing is there yet, at first: then it stays at nothing of nothing */
	read_at(e->trial.out, 0, room, sizeof room);
	pack_map(&e->body, 3);
	pack_key_bool(&e->body, "ready", false);
	pack_key_uint(&e->body, "done", read_u64(&r));
	pack_key_uint(&e->body, "of", read_u64(&r));
	return STATUS_OK;
}

static enum status broken_result(struct engine *e)
{
	return query_fault(e, STATUS_FAILED, NULL, "the result of the trial can't be read");
}

static enum status pack_summary(struct engine *e)
{
	uint32_t size = 0;
	uint8_t *room;
	bool good = read_u32_at(e->trial.out, TRIAL_PROGRESS_SIZE, &size) && size <= PAGE_SIZE;

	if (!good)
		return broken_result(e);
	room = memory_new(size + 1u);
	good = read_at(e->trial.out, TRIAL_PROGRESS_SIZE + 4, room, size);
	if (good) {
		pack_map(&e->body, 3);
		pack_key_bool(&e->body, "ready", true);
		pack_key_uint(&e->body, "next", TRIAL_PROGRESS_SIZE + 4 + (uint64_t)size);
		pack_text(&e->body, "summary");
		pack_raw(&e->body, slice_of(room, size));
	}
	free(room);
	return good ? STATUS_OK : broken_result(e);
}

/* One pupil's; `*at` goes on to the next. */
static bool pack_item(struct engine *e, struct pack *items, struct txn *txn, uint64_t *at)
{
	uint32_t pupil = 0, size = 0;
	uint8_t pairs = 0, *room;
	bool good = read_u32_at(e->trial.out, *at, &pupil) && read_at(e->trial.out, *at + 4, &pairs, 1) &&
		    read_u32_at(e->trial.out, *at + 5, &size) && size <= PAGE_SIZE;

	if (!good)
		return false;
	room = memory_new(size + 1u);
	good = read_at(e->trial.out, *at + 9, room, size);
	if (good) {
		pack_map(items, 1u + pairs);
		pack_text(items, "upn");
		pack_upn(e, items, txn, pupil);
		pack_raw(items, slice_of(room, size));
	}
	free(room);
	*at += 9 + (uint64_t)size;
	return good;
}

static enum status pack_items(struct engine *e, struct txn *txn, uint64_t from)
{
	uint64_t end = file_size(e->trial.out), at = from;
	struct pack items;
	unsigned count = 0;
	bool good = from >= TRIAL_PROGRESS_SIZE + 4;

	pack_init(&items);
	while (good && at < end && count < ITEMS_MAX && pack_slice(&items).size < PAGE_SIZE) {
		good = pack_item(e, &items, txn, &at);
		count++;
	}
	if (good) {
		pack_map(&e->body, 2);
		pack_text(&e->body, "items");
		pack_array(&e->body, count);
		pack_raw(&e->body, pack_slice(&items));
		pack_text(&e->body, "next");
		if (at < end)
			pack_uint(&e->body, at);
		else
			pack_nil(&e->body);
	}
	pack_free(&items);
	return good ? STATUS_OK : query_fault(e, STATUS_BAD_FIELD, "from", "not a place in the result");
}

enum status query_try(struct engine *e, const struct request *r, struct txn *txn)
{
	struct trial_job *job = &e->trial;
	const char *wrong = NULL;
	struct slice source = mp_find_str(r->message->body, "source", &wrong);
	uint64_t number = mp_find_uint(r->message->body, "trial", 0, &wrong);
	uint64_t from = mp_find_uint(r->message->body, "from", 0, &wrong);

	if (wrong || (source.size > 0) == (number > 0))
		return query_fault(e, STATUS_BAD_FIELD, wrong ? wrong : "source", "either {source} or {trial, from?} is wanted");
	if (source.size)
		return begin(e, source);
	look_after(job);
	if (number != job->number || (job->pid <= 0 && !job->ready && !job->failed))
		return query_fault(e, STATUS_NOT_FOUND, "trial", "this trial is no more; begin it again");
	if (job->failed)
		return query_fault(e, STATUS_FAILED, NULL, "the trial failed; the daemon's journal says why");
	if (!job->ready)
		return pack_progress(e);
	return from ? pack_items(e, txn, from) : pack_summary(e);
}
