/* powercut.c - cuts the power of a recorded daemon, again and again, and looks at what is left.
 *
 *   powercut --trace FILE --final DIR --promised FILE [--states N] [--seed N] [--jobs N] [--work DIR]
 *   powercut ... --state CUT:STYLE:SEED [--keep]     one of them again
 *
 * The trace is the recorder's (trace.h); DIR is the data directory as it was when the daemon had ended; `promised` has
 * a line for each cursor that a client asked for: cursor ID KEY NAME POSITION, in hex but for the last two.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <argp.h>
#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/powercut/check.h"
#include "tests/powercut/plan.h"
#include "tests/powercut/said.h"

enum { JOBS_MAX = 16, SEEN_SLOTS = 1 << 20, SHOWN_OF_A_KIND = 3, KINDS_MAX = 64, GO_ON_EACH = 8, CHECK_SECONDS = 120, ROUNDS_MAX = 12 };

static const char *const small_names[SMALL_FILES] = { "attendd.identity", "attendd.pub", "attendd.identity.old", "admin.identity",
	                                              "admin-2.identity", "store.key", "log.vkey" };

/* What all workers count together. */
struct counts {
	_Atomic uint64_t seen[SEEN_SLOTS], folders[SEEN_SLOTS];
	_Atomic size_t states, different, good, no_store, faults, same, gone_on, first_fault;
	_Atomic size_t by_style[STYLE_COUNT], faults_by_style[STYLE_COUNT];
	_Atomic uint64_t kinds[KINDS_MAX];
	_Atomic size_t of_kind[KINDS_MAX];
	struct {
		enum outcome outcome;
		uint64_t head;
		char why[500];
	} results[JOBS_MAX];
};

struct run {
	const char *trace_path, *final, *promised_path, *work, *one;
	size_t states, jobs;
	uint64_t seed;
	bool keep;
	struct trace trace;
	struct reference *reference;
	struct said said;
	struct snapshot { size_t at; struct { uint8_t *bytes; size_t size; } files[SMALL_FILES]; } *snapshots;
	size_t snapshot_count;
	struct counts *counts;
};

/* ---- the whole trace once ---- */

static void die(const char *what, const char *why)
{
	fprintf(stderr, "powercut: %s: %s\n", what, why);
	exit(1);
}

static void take(const struct run *run, struct disk *disk, size_t number)
{
	const struct record *r = &run->trace.records[number];
	char why[200] = "", what[100];

	if (disk_take(disk, &r->head, r->name, r->data, r->size, why, sizeof why))
		return;
	snprintf(what, sizeof what, "record %zu (%s)", number, trace_kind_text(r->head.kind));
	die(what, why);
}

static void take_snapshot(struct run *run, struct disk *disk, size_t at)
{
	struct snapshot *s;

	run->snapshots = realloc(run->snapshots, (run->snapshot_count + 1) * sizeof *run->snapshots);
	assert(run->snapshots);
	s = &run->snapshots[run->snapshot_count++];
	s->at = at;
	for (size_t i = 0; i < SMALL_FILES; i++)
		s->files[i].bytes = disk_read(disk, small_names[i], &s->files[i].size);
}

/* Had the recorder missed anything, the folder would be another than the trace makes. */
static void compare_with_final(const struct run *run, struct disk *disk)
{
	char *names = disk_names(disk), path[600], what[200];
	size_t count = 0, listed = 0;
	DIR *dir = opendir(run->final);
	struct dirent *entry;

	for (const char *name = names; *name; name += strlen(name) + 1, count++) {
		size_t size = 0;
		uint8_t *bytes = disk_read(disk, name, &size), *real = malloc(size + 1);
		int fd;

		snprintf(path, sizeof path, "%s/%s", run->final, name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		snprintf(what, sizeof what, "the recorder missed something: %s", name);
		if (fd < 0)
			die(what, strerror(errno));
		if (strcmp(name, "lock.mdb") && (read(fd, real, size + 1) != (ssize_t)size || memcmp(real, bytes, size)))
			die(what, "is another than the trace makes");
		close(fd);
		free(bytes);
		free(real);
	}
	while (dir && (entry = readdir(dir)))
		listed += entry->d_name[0] != '.';
	if (dir)
		closedir(dir);
	if (listed != count)
		die(run->final, "holds other files than the trace makes");
	free(names);
}

static void look_through(struct run *run)
{
	struct disk *disk = disk_open();
	size_t kinds[TRACE_KIND_COUNT] = { 0 };

	take_snapshot(run, disk, 0);
	for (size_t i = 0; i < run->trace.count; i++) {
		take(run, disk, i);
		kinds[run->trace.records[i].head.kind]++;
		if (run->trace.records[i].head.kind == TRACE_MARK)
			take_snapshot(run, disk, i + 1);
	}
	take_snapshot(run, disk, run->trace.count + 1);
	compare_with_final(run, disk);
	disk_close(&disk);
	printf("%zu records:", run->trace.count);
	for (size_t i = 0; i < TRACE_KIND_COUNT; i++)
		if (kinds[i])
			printf(" %zu %s", kinds[i], trace_kind_text((unsigned)i));
	printf("\nall kept, they make the folder that was left, byte for byte; its log has %llu events\n",
	       (unsigned long long)reference_head(run->reference));
}

/* ---- a state ---- */

static void empty(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	char path[900];

	while (dir && (entry = readdir(dir))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		if (unlinkat(dirfd(dir), entry->d_name, 0) != 0) {
			snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
			empty(path);
			rmdir(path);
		}
	}
	if (dir)
		closedir(dir);
}

/* Was it new? */
static bool remember(_Atomic uint64_t slots[static SEEN_SLOTS], uint64_t hash)
{
	uint64_t none;

	hash += hash == 0;
	for (size_t i = 0; i < SEEN_SLOTS; i++) {
		_Atomic uint64_t *slot = &slots[(hash + i) % SEEN_SLOTS];

		none = 0;
		if (atomic_load(slot) == hash || (!atomic_compare_exchange_strong(slot, &none, hash) && none == hash))
			return false;
		if (none == 0)
			return true;
	}
	return true;
}

static void promise_files(const struct run *run, size_t at, struct promised *p)
{
	size_t i = 0;

	while (i + 2 < run->snapshot_count && run->snapshots[i + 1].at <= at)
		i++;
	p->file_count = SMALL_FILES;
	for (size_t n = 0; n < SMALL_FILES; n++)
		p->files[n] = (struct small_file){ small_names[n], run->snapshots[i].files[n].bytes, run->snapshots[i + 1].files[n].bytes,
			                           run->snapshots[i].files[n].size, run->snapshots[i + 1].files[n].size };
}

/* The child's end is its answer, but where it was ended. */
static enum outcome check_in_child(struct run *run, size_t worker, const char *folder, const struct promised *p, bool go_on)
{
	enum outcome *outcome = &run->counts->results[worker].outcome;
	char *why = run->counts->results[worker].why;
	int status;
	pid_t child;

	fflush(NULL);
	*outcome = OUTCOME_FAULT;
	snprintf(why, sizeof run->counts->results[worker].why, "it did not come to an end");
	child = fork();
	if (child == 0) {
		alarm(CHECK_SECONDS);
		*outcome = state_check(folder, run->reference, p, go_on, &run->counts->results[worker].head, why, sizeof run->counts->results[worker].why);
		_exit(0);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		die("fork", strerror(errno));
	if (!WIFEXITED(status) || WEXITSTATUS(status)) {
		*outcome = OUTCOME_FAULT;
		snprintf(why, sizeof run->counts->results[worker].why, "what opened it was ended by signal %d, status %d", WTERMSIG(status),
		         WIFEXITED(status) ? WEXITSTATUS(status) : -1);
	}
	return *outcome;
}

/* Faults that read alike, but for their numbers, are shown a few times. */
static bool is_shown(struct counts *c, const char *why)
{
	uint64_t kind = 1469598103934665603u;

	for (; *why; why++)
		if (*why < '0' || *why > '9')
			kind = (kind ^ (uint8_t)*why) * 1099511628211u;
	for (size_t i = 0; i < KINDS_MAX; i++) {
		uint64_t none = 0;

		if (atomic_compare_exchange_strong(&c->kinds[i], &none, kind) || none == kind)
			return ++c->of_kind[i] <= SHOWN_OF_A_KIND;
	}
	return true;
}

static void tell_fault(const struct run *run, const struct cut *cut, const char *why)
{
	const struct record *r = &run->trace.records[cut->at ? cut->at - 1 : 0];

	if (!is_shown(run->counts, why))
		return;
	printf("FAULT after record %zu, %s %s: %s\n      again: --state %zu:%d:%llu\n", cut->at - 1, trace_kind_text(r->head.kind), r->name,
	       why, cut->at, (int)cut->choice.style, (unsigned long long)cut->choice.seed);
}

/* False: a state like it was there before. */
static bool try_state(struct run *run, size_t worker, struct disk *disk, const struct cut *cut, const struct promised *so_far)
{
	struct counts *c = run->counts;
	struct promised p = *so_far;
	char folder[500];
	uint64_t hash;
	bool go_on;

	snprintf(folder, sizeof folder, "%s/state-%zu", run->work, worker);
	if (mkdir(folder, 0700) != 0 && errno != EEXIST)
		die(folder, strerror(errno));
	empty(folder);
	promise_files(run, cut->at, &p);
	if (!disk_write(disk, folder, cut->choice, &hash, &p.gone))
		die(folder, strerror(errno));
	if (!remember(c->seen, hash ^ (p.head * UINT64_C(0x9e3779b97f4a7c15)) ^ p.cursor_count ^ p.made) && !run->one) {
		c->same++;
		return false;
	}
	c->different += remember(c->folders, hash);
	go_on = c->states++ % GO_ON_EACH == 0 || run->one;
	c->gone_on += go_on;
	c->by_style[cut->choice.style]++;
	size_t number = c->states;
	switch (check_in_child(run, worker, folder, &p, go_on)) {
	case OUTCOME_GOOD:
		c->good++;
		break;
	case OUTCOME_NO_STORE:
		c->no_store++;
		break;
	case OUTCOME_FAULT:
		c->faults_by_style[cut->choice.style]++;
		c->faults++;
		tell_fault(run, cut, c->results[worker].why);
		if (!c->first_fault)
			c->first_fault = number;
		break;
	}
	if (!run->keep)
		empty(folder);
	return true;
}

/* ---- all of them ---- */

static void work(struct run *run, size_t worker, size_t target, size_t round, time_t began)
{
	struct cut *cuts = plan(&run->trace, target, run->seed + round * 1000003);
	struct disk *disk = disk_open();
	struct promised p = { 0 };
	size_t taken = 0;

	for (size_t i = 0; i < target; i++) {
		if (run->counts->states >= run->states)
			break;
		while (taken < cuts[i].at) {
			take(run, disk, taken);
			said_take(&run->said, &run->trace.records[taken++], &p);
		}
		if (i % run->jobs == worker && try_state(run, worker, disk, &cuts[i], &p) && run->counts->states % 1000 == 0)
			fprintf(stderr, "%zu states, %zu faults, %ld s\n", run->counts->states, run->counts->faults, (long)(time(NULL) - began));
	}
	disk_close(&disk);
	free(cuts);
}

static void try_one(struct run *run)
{
	struct disk *disk = disk_open();
	struct promised p = { 0 };
	struct cut cut;
	unsigned style;
	unsigned long long seed;

	if (sscanf(run->one, "%zu:%u:%llu", &cut.at, &style, &seed) != 3 || cut.at < 1 || cut.at > run->trace.count || style >= STYLE_COUNT)
		die("--state", "CUT:STYLE:SEED is wanted");
	cut.choice = (struct choice){ (enum disk_style)style, seed };
	for (size_t i = 0; i < cut.at; i++) {
		take(run, disk, i);
		said_take(&run->said, &run->trace.records[i], &p);
	}
	try_state(run, 0, disk, &cut, &p);
	printf("promised: %llu events; there are %llu\n", (unsigned long long)p.head, (unsigned long long)run->counts->results[0].head);
	disk_close(&disk);
}

static void try_all(struct run *run)
{
	time_t began = time(NULL);

	/* States that are like one before don't count; a few rounds fill up. */
	for (size_t round = 0; round < ROUNDS_MAX && run->counts->states < run->states; round++) {
		pid_t workers[JOBS_MAX];
		size_t target = run->states - run->counts->states + 20;

		for (size_t w = 0; w < run->jobs; w++) {
			fflush(NULL);
			workers[w] = fork();
			if (workers[w] == 0) {
				work(run, w, target, round, began);
				fflush(NULL);
				_exit(0);
			}
		}
		for (size_t w = 0; w < run->jobs; w++) {
			int status = 0;

			if (workers[w] < 0 || waitpid(workers[w], &status, 0) != workers[w] || status)
				die("a worker", "ended early");
		}
	}
}

static void tell(const struct run *run, double seconds)
{
	static const char *const texts[] = {
#define X(name, text) text,
		DISK_STYLES(X)
#undef X
	};
	const struct counts *c = run->counts;

	for (size_t i = 0; i < STYLE_COUNT; i++)
		printf("%6zu states, %zu faults: %s\n", c->by_style[i], c->faults_by_style[i], texts[i]);
	if (c->first_fault)
		printf("the first fault was in state %zu\n", c->first_fault);
	printf("%zu states (%zu different folders): %zu opened, verified and as promised, %zu of them weeks later as well; %zu before there was a store; "
	       "%zu faults; %.0f s, %.0f a second\n",
	       c->states, c->different, c->good, c->gone_on, c->no_store, c->faults, seconds, (double)c->states / seconds);
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct run *run = state->input;

	switch (key) {
	case 't': run->trace_path = argument; break;
	case 'f': run->final = argument; break;
	case 'p': run->promised_path = argument; break;
	case 'n': run->states = strtoul(argument, NULL, 10); break;
	case 's': run->seed = strtoull(argument, NULL, 10); break;
	case 'j': run->jobs = strtoul(argument, NULL, 10); break;
	case 'w': run->work = argument; break;
	case 'o': run->one = argument; break;
	case 'k': run->keep = true; break;
	case ARGP_KEY_END:
		if (!run->trace_path || !run->final || !run->promised_path || !run->work || run->jobs < 1 || run->jobs > JOBS_MAX)
			argp_error(state, "--trace, --final, --promised and --work are wanted");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

int main(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "trace", 't', "FILE", 0, "what the recorder wrote", 0 },
		{ "final", 'f', "DIR", 0, "the data directory as it was left", 0 },
		{ "promised", 'p', "FILE", 0, "the cursors that were asked for", 0 },
		{ "states", 'n', "N", 0, "how many states (10000)", 0 },
		{ "seed", 's', "N", 0, "of all chance", 0 },
		{ "jobs", 'j', "N", 0, "at once (1)", 0 },
		{ "work", 'w', "DIR", 0, "where states are made; in memory is best", 0 },
		{ "state", 'o', "CUT:STYLE:SEED", 0, "this one alone", 0 },
		{ "keep", 'k', NULL, 0, "leave its folder", 0 },
		{ 0 },
	};
	static const struct argp argp = { .options = options, .parser = parse, .doc = "Cuts the power of a recorded daemon." };
	struct run run = { .states = 10000, .seed = 1, .jobs = 1 };
	struct timespec from, to;
	char why[400] = "";

	argp_parse(&argp, argc, argv, 0, NULL, &run);
	setvbuf(stdout, NULL, _IOLBF, 0);
	clock_gettime(CLOCK_MONOTONIC, &from);
	if (!trace_read(&run.trace, run.trace_path, why, sizeof why) || !said_open(&run.said, run.promised_path, why, sizeof why))
		die("the trace", why);
	run.reference = reference_open(run.final, why, sizeof why);
	if (!run.reference)
		die(run.final, why);
	run.counts = mmap(NULL, sizeof *run.counts, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert(run.counts != MAP_FAILED);
	look_through(&run);
	if (run.one)
		try_one(&run);
	else
		try_all(&run);
	clock_gettime(CLOCK_MONOTONIC, &to);
	tell(&run, (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9);
	size_t faults = run.counts->faults, states = run.counts->states;
	for (size_t i = 0; i < run.snapshot_count; i++)
		for (size_t n = 0; n < SMALL_FILES; n++)
			free(run.snapshots[i].files[n].bytes);
	free(run.snapshots);
	reference_close(&run.reference);
	trace_free(&run.trace);
	said_close(&run.said);
	return faults || !states ? 1 : 0;
}
