/* attend-simulate: worlds from seeds, each step of each held against a naive model (world.h, model.h).
 *
 *   attend-simulate --seed N --steps M [--only RANGES] [--trace] [--no-shrink] [--first]
 *   attend-simulate --file FILE                    such options from a file, one world a line
 *   attend-simulate --seeds A-B --steps M          each seed a world of so many steps
 *   attend-simulate --minutes T [--seed N]         from that seed on (or from one by the clock) until the time is over
 *
 * With --first it stops at the first world that fails. It is run in the folder of the sources, where pathways/ is. Each world is a process of its own, so that one
 * that breaks an assertion or reads where it may not fails like any other. A world that fails prints one line
 * that repeats it; then steps are left out while it still fails, and the line with what is left is printed.
 * Exit status: 0 all was as it must be; 1 something was not; 2 wrong use.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/simulation/world.h"

enum { STEPS_MAX = 1000000, WHY_MAX = 1000, SHRINK_TRIES = 600, SHRINK_SECONDS = 120 };

/* What a world's process leaves for its parent to see. */
struct seen {
	struct tally tally;
	unsigned step;
	bool failed;
	char why[WHY_MAX];
};

static struct {
	uint64_t first, last, seed;
	unsigned steps;
	double minutes;
	bool trace, shrink, stop;
	char only[65536], file[300];
} options = {.steps = 2000, .shrink = true};

static char folder[200], template[240];
static struct seen *seen;
static uint8_t kept[STEPS_MAX];  /* steps that are done; the first world's way is 1 */

/* ---- one world, in a process of its own ---- */

static void run_world(uint64_t seed, unsigned steps, const char *base, bool trace)
{
	static struct world w;

	world_begin(&w, seed, base, template, &seen->tally);
	w.trace = w.m.trace = trace;
	for (unsigned step = 1; step <= steps && !w.ended && !w.m.why[0]; step++) {
		if (!kept[step - 1])
			continue;
		seen->step = step;
		world_step(&w, step);
	}
	if (!w.m.why[0] && !w.ended)
		world_last(&w);
	if (w.m.why[0]) {
		seen->failed = true;
		snprintf(seen->why, sizeof seen->why, "%.990s", w.m.why);
		if (trace)
			fprintf(stderr, "%s\n", w.m.why);
	}
	if (!w.m.why[0])
		world_end(&w);
	_exit(seen->failed);
}

static void remove_folder(const char *path)
{
	char command[300];

	snprintf(command, sizeof command, "rm -rf '%s'", path);
	if (system(command) != 0)
		perror(path);
}

/* True: all was as it must be. */
static bool try_world(uint64_t seed, unsigned steps, bool trace, bool quiet)
{
	char base[260];
	int status;
	pid_t child;

	memset(seen, 0, sizeof *seen);
	snprintf(base, sizeof base, "%s/world", folder);
	remove_folder(base);
	if (mkdir(base, 0700) != 0)
		exit(2);
	fflush(NULL);
	child = fork();
	if (child == 0) {
		if (quiet && !freopen("/dev/null", "w", stderr))
			_exit(2);
		run_world(seed, steps, base, trace);
	}
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	remove_folder(base);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return true;
	if (!seen->failed) {
		seen->failed = true;
		snprintf(seen->why, sizeof seen->why, "the process ended by %s %d", WIFSIGNALED(status) ? "signal" : "exit",
			 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	}
	return false;
}

/* ---- which steps ---- */

static void keep_all(unsigned steps)
{
	memset(kept, 1, steps);
}

/* "3,7-12" */
static bool keep_only(const char *text)
{
	memset(kept, 0, sizeof kept);
	while (*text) {
		char *end;
		unsigned long from = strtoul(text, &end, 10), to = from;

		if (*end == '-')
			to = strtoul(end + 1, &end, 10);
		if (from < 1 || to < from || to > STEPS_MAX || (*end && *end != ','))
			return false;
		memset(kept + from - 1, 1, to - from + 1);
		text = *end ? end + 1 : end;
	}
	return true;
}

static char *ranges(unsigned steps)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	bool any = false;

	for (unsigned i = 0; i < steps; i++) {
		unsigned from = i;

		if (!kept[i])
			continue;
		while (i + 1 < steps && kept[i + 1])
			i++;
		fprintf(out, "%s%u", any ? "," : "", from + 1);
		if (i > from)
			fprintf(out, "-%u", i + 1);
		any = true;
	}
	fclose(out);
	return text;
}

static unsigned kept_count(unsigned steps)
{
	unsigned count = 0;

	for (unsigned i = 0; i < steps; i++)
		count += kept[i];
	return count;
}

/* ---- making a failing world small ---- */

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* The reason without its numbers: left out steps change those. */
static void plain(const char *why, char room[static WHY_MAX])
{
	size_t n = 0;

	for (; *why && n < WHY_MAX - 1; why++)
		if (!(*why >= '0' && *why <= '9') || (n > 0 && room[n - 1] != '#'))
			room[n++] = *why >= '0' && *why <= '9' ? '#' : *why;
	room[n < 40 ? n : 40] = '\0';
}

static bool still_fails(uint64_t seed, unsigned steps, const char *wanted)
{
	char now[WHY_MAX];

	if (try_world(seed, steps, false, true))
		return false;
	plain(seen->why, now);
	return !strcmp(now, wanted);
}

/* Leaves out chunks, large ones first, as long as it fails for the same reason. */
static unsigned shrink(uint64_t seed, unsigned steps, const char *why)
{
	static uint8_t before[STEPS_MAX];
	char wanted[WHY_MAX];
	double end = seconds() + SHRINK_SECONDS;
	unsigned tries = 0;

	plain(why, wanted);
	for (unsigned chunk = (steps + 1) / 2; chunk >= 1; chunk = chunk > 1 ? (chunk + 1) / 2 : 0) {
		for (unsigned at = 0; at < steps && tries < SHRINK_TRIES && seconds() < end; at += chunk) {
			unsigned size = steps - at < chunk ? steps - at : chunk;

			memcpy(before, kept, steps);
			memset(kept + at, 0, size);
			if (!memcmp(before, kept, steps))
				continue;
			tries++;
			if (!still_fails(seed, steps, wanted))
				memcpy(kept, before, steps);
		}
	}
	return tries;
}

static void tell_failure(uint64_t seed, unsigned steps)
{
	unsigned at = seen->step, tries, all = kept_count(steps);
	char why[WHY_MAX], *text;

	snprintf(why, sizeof why, "%s", seen->why);
	if (all == steps)
		printf("FAILED at step %u: %s\n  again: ./dev simulate --seed %llu --steps %u\n", at, why, (unsigned long long)seed, at);
	else
		printf("FAILED at step %u: %s\n", at, why);
	fflush(stdout);
	if (!options.shrink || at < 2)
		return;
	tries = shrink(seed, at, why);
	text = ranges(at);
	printf("  %u of %u steps are enough (%u tries): ./dev simulate --seed %llu --steps %u --only %s\n", kept_count(at), at, tries,
	       (unsigned long long)seed, at, text);
	fflush(stdout);
	free(text);
}

/* ---- many worlds ---- */

static void add(struct tally *sum, const struct tally *one)
{
#define X(name, text) sum->name += one->name;
	TALLIES(X)
#undef X
}

static void tell_sum(const struct tally *t, unsigned worlds, unsigned failed, uint64_t first, double took)
{
	printf("%u worlds from seed %llu, %u failed:", worlds, (unsigned long long)first, failed);
#define X(name, text) printf(" %llu %s,", (unsigned long long)t->name, text);
	TALLIES(X)
#undef X
	printf(" in %.1f s, %.0f steps a second\n", took, (double)t->steps / took);
}

static int run_all(void)
{
	struct tally sum = {0};
	unsigned worlds = 0, failed = 0;
	double began = seconds(), told = began, end = options.minutes > 0 ? began + options.minutes * 60 : 0;

	for (uint64_t seed = options.first; end > 0 ? seconds() < end : seed <= options.last; seed++) {
		if (options.only[0])
			keep_only(options.only);
		else
			keep_all(options.steps);
		worlds++;
		if (!try_world(seed, options.steps, options.trace, false)) {
			failed++;
			add(&sum, &seen->tally);
			printf("seed %llu ", (unsigned long long)seed);
			tell_failure(seed, options.steps);
			if (failed >= 20 || options.stop)
				break;
			continue;
		}
		add(&sum, &seen->tally);
		if (seconds() - told > 10) {
			told = seconds();
			printf("... seed %llu, %llu steps, %.0f a second, %u failed\n", (unsigned long long)seed, (unsigned long long)sum.steps,
			       (double)sum.steps / (told - began), failed);
			fflush(stdout);
		}
	}
	tell_sum(&sum, worlds, failed, options.first, seconds() - began);
	return failed ? 1 : 0;
}

/* ---- the command ---- */

static const char usage[] =
	"usage: attend-simulate [--seed N | --seeds A-B | --file FILE] [--steps M] [--minutes T] [--only RANGES]\n"
	"                       [--trace] [--no-shrink] [--first]\n"
	"  --seed, --seeds  which worlds; without them one by the time\n"
	"  --file           worlds that a file lists, one a line, each as such options\n"
	"  --steps          how many a world takes\n"
	"  --minutes        begins no more worlds after so long\n"
	"  --only           of the steps, those alone: 1-20,25 (as a world that shrank says)\n"
	"  --trace          tells each step and each event\n"
	"  --no-shrink      leaves a world that failed as it was\n"
	"  --first          ends with the first that fails\n";

static bool take_options(int count, char **words)
{
	bool seeded = false;

	for (int i = 1; i < count; i++) {
		const char *word = words[i], *value = i + 1 < count ? words[i + 1] : "";
		char *end;

		if (!strcmp(word, "--trace")) {
			options.trace = true;
			continue;
		}
		if (!strcmp(word, "--first")) {
			options.stop = true;
			continue;
		}
		if (!strcmp(word, "--no-shrink")) {
			options.shrink = false;
			continue;
		}
		i++;
		if (!strcmp(word, "--file")) {
			snprintf(options.file, sizeof options.file, "%s", value);
			seeded = true;
			continue;
		}
		if (!strcmp(word, "--only")) {
			snprintf(options.only, sizeof options.only, "%s", value);
			if (!keep_only(value))
				return false;
			continue;
		}
		if (!strcmp(word, "--minutes")) {
			options.minutes = strtod(value, &end);
			if (options.minutes <= 0 || *end)
				return false;
			continue;
		}
		if (!strcmp(word, "--steps")) {
			options.steps = (unsigned)strtoul(value, &end, 10);
			if (options.steps < 1 || options.steps > STEPS_MAX || *end)
				return false;
			continue;
		}
		if (strcmp(word, "--seed") && strcmp(word, "--seeds"))
			return false;
		options.first = options.last = strtoull(value, &end, 10);
		if (end == value)
			return false;
		if (*end == '-' && word[6] == 's')
			options.last = strtoull(end + 1, &end, 10);
		if (*end || options.last < options.first)
			return false;
		seeded = true;
	}
	if (!seeded)
		options.first = options.last = (uint64_t)time(NULL) * 1000 % 1000000000;
	return true;
}

/* A file of such options, one world a line: those that failed once. */
static int run_file(void)
{
	FILE *in = fopen(options.file, "r");
	char *line = NULL, *words[16];
	size_t room = 0;
	int result = 0;

	if (!in) {
		perror(options.file);
		return 2;
	}
	while (getline(&line, &room, in) >= 0) {
		int count = 1;

		line[strcspn(line, "#\n")] = '\0';
		for (char *word = strtok(line, " "); word && count < 16; word = strtok(NULL, " "))
			words[count++] = word;
		options.only[0] = '\0';
		if (count > 1 && !take_options(count, words))
			result = 2;
		else if (count > 1 && run_all() != 0)
			result = 1;
	}
	free(line);
	fclose(in);
	return result;
}

int main(int count, char **words)
{
	const char *parent = getenv("TMPDIR");
	int result;

	if (count == 2 && !strcmp(words[1], "--help"))
		return fputs(usage, stdout) < 0;
	if (!take_options(count, words)) {
		fputs(usage, stderr);
		return 2;
	}
	seen = mmap(NULL, sizeof *seen, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (!parent || !*parent)
		parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"; /* nothing of it needs to last */
	snprintf(folder, sizeof folder, "%.150s/attend-simulate-XXXXXX", parent);
	if (seen == MAP_FAILED || !mkdtemp(folder)) {
		perror(folder);
		return 2;
	}
	snprintf(template, sizeof template, "%s/template", folder);
	if (mkdir(template, 0700) != 0)
		return 2;
	world_template(template);
	result = options.file[0] ? run_file() : run_all();
	remove_folder(folder);
	return result;
}
