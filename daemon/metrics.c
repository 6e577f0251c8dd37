/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/metrics.h"

#include <stdio.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "daemon/pack.h"

static const struct {
	const char *text;
	uint64_t bounds[HISTOGRAM_BOUNDS];
} shapes[] = {
#define X(name, text, ...) {text, {__VA_ARGS__}},
	HISTOGRAMS(X)
#undef X
};

static const enum status statuses[] = {
#define X(name, number, text) STATUS_##name,
	STATUSES(X)
#undef X
};

static uint64_t stopwatch_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void add(struct metrics *m, enum histogram_name name, uint64_t value)
{
	struct histogram *h = &m->histograms[name];
	unsigned i = 0;

	while (i < HISTOGRAM_BOUNDS && value > shapes[name].bounds[i])
		i++;
	h->counts[i]++;
	h->sum += value;
}

void metrics_commit_begins(struct metrics *m)
{
	m->commit_us = stopwatch_us();
}

void metrics_commit_ends(struct metrics *m, uint64_t events)
{
	add(m, HISTOGRAM_COMMIT_US, stopwatch_us() - m->commit_us);
	add(m, HISTOGRAM_COMMIT_EVENTS, events);
}

void metrics_late(struct metrics *m, uint64_t late_ms)
{
	add(m, HISTOGRAM_LATE_MS, late_ms);
}

void metrics_refused(struct metrics *m, enum status status, uint64_t times)
{
	for (unsigned i = 0; status >= STATUS_RETRY_LATER && i < STATUS_INDEX_COUNT; i++)
		if (statuses[i] == status)
			m->replies[i] += times;
}

void pack_histograms(struct pack *p, const struct metrics *m)
{
	pack_map(p, HISTOGRAM_COUNT);
	for (unsigned i = 0; i < HISTOGRAM_COUNT; i++) {
		pack_text(p, shapes[i].text);
		pack_map(p, 3);
		pack_text(p, "bounds");
		pack_array(p, HISTOGRAM_BOUNDS);
		for (unsigned b = 0; b < HISTOGRAM_BOUNDS; b++)
			pack_uint(p, shapes[i].bounds[b]);
		pack_text(p, "counts");
		pack_array(p, HISTOGRAM_BOUNDS + 1);
		for (unsigned b = 0; b <= HISTOGRAM_BOUNDS; b++)
			pack_uint(p, m->histograms[i].counts[b]);
		pack_key_uint(p, "sum", m->histograms[i].sum);
	}
}

void pack_refused(struct pack *p, const struct metrics *m)
{
	pack_map(p, STATUS_INDEX_COUNT - STATUS_INDEX_RETRY_LATER);
	for (unsigned i = STATUS_INDEX_RETRY_LATER; i < STATUS_INDEX_COUNT; i++) {
		char number[8];

		snprintf(number, sizeof number, "%u", (unsigned)statuses[i]);
		pack_key_uint(p, number, m->replies[i]);
	}
}

struct metrics_process metrics_process(void)
{
	struct metrics_process process = {0};
	unsigned long long resident = 0, shared = 0;
	struct rusage usage;
	FILE *statm = fopen("/proc/self/statm", "re");
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	if (statm && fscanf(statm, "%*u %llu %llu", &resident, &shared) == 2) {
		process.resident = resident * page;
		process.own = resident > shared ? (resident - shared) * page : 0;
	}
	if (statm)
		fclose(statm);
	if (getrusage(RUSAGE_SELF, &usage) == 0)
		process.cpu_ms = (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
				 (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
	return process;
}
