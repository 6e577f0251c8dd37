/* metrics.h - what is measured for the service's operators, beside COUNTERS (engine_parts.h).
 *
 * One thread writes and reads all of it: the loop, where the shell counts what it alone sees, and the
 * engine within it. A measurement is an addition or two; names and units are made at the question
 * `stats`, and Prometheus's of those by who asks (client/prometheus.c).
 *
 * The stopwatch is the one clock that the engine looks at itself: what it shows decides nothing.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_METRICS_H
#define DAEMON_METRICS_H

#include <stdint.h>

#include "proto/status.h"

/*  name, what `stats` calls it, the upper bounds of its buckets (HISTOGRAM_BOUNDS of them, rising) */
#define HISTOGRAMS(X) \
	X(COMMIT_US, "commit_us", 250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 1000000, 10000000) \
	X(COMMIT_EVENTS, "commit_events", 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000) \
	X(LATE_MS, "deadline_late_ms", 1000, 5000, 15000, 60000, 300000, 900000, 3600000, 21600000, 86400000, \
	  259200000, 604800000, 2419200000)

enum histogram_name {
#define X(name, text, ...) HISTOGRAM_##name,
	HISTOGRAMS(X)
#undef X
	HISTOGRAM_COUNT
};

/* Counted by the shell: name, what `stats` calls it. */
#define SHELL_COUNTERS(X) \
	X(FRAMES, "frames") \
	X(MALFORMED, "frames_malformed") \
	X(DROPPED, "frames_dropped") \
	X(UNSENT, "replies_unsent") \
	X(HANDSHAKES_REFUSED, "handshakes_refused") \
	X(PUT_OFF, "frames_put_off") \
	X(HELD_OFF, "keys_held_off") \
	X(CUT, "connections_cut") \
	X(ACCEPTED, "connections_accepted") \
	X(TURNED_AWAY, "connections_turned_away") \
	X(UNSPOKEN, "connections_unspoken")

enum shell_counter {
#define X(name, text) SHELL_##name,
	SHELL_COUNTERS(X)
#undef X
	SHELL_COUNTER_COUNT
};

enum status_index {
#define X(name, number, text) STATUS_INDEX_##name,
	STATUSES(X)
#undef X
	STATUS_INDEX_COUNT
};

enum { HISTOGRAM_BOUNDS = 12 };

struct histogram {
	uint64_t counts[HISTOGRAM_BOUNDS + 1]; /* at most the bound and more than the one before; beyond the last */
	uint64_t sum;
};

struct metrics {
	struct histogram histograms[HISTOGRAM_COUNT];
	uint64_t replies[STATUS_INDEX_COUNT];  /* by status; those of 300 and up alone are counted */
	uint64_t commit_us;                    /* when the present commit began */
	uint64_t shell[SHELL_COUNTER_COUNT];
	uint64_t started_ms;                   /* wall clock; 0: by no shell */
	uint64_t connections;                  /* open now, where the shell counts them */
	uint64_t memory_limit;                 /* of own memory, where the shell watches it (flood.h) */
};

void metrics_commit_begins(struct metrics *);
void metrics_commit_ends(struct metrics *, uint64_t events);
void metrics_late(struct metrics *, uint64_t late_ms);
void metrics_refused(struct metrics *, enum status, uint64_t times); /* nothing where it is none */

/* {name: {bounds, counts, sum}} and {status: n}, as values. */
struct pack;
void pack_histograms(struct pack *, const struct metrics *);
void pack_refused(struct pack *, const struct metrics *);

/* What the process takes, from /proc; zeroes where that can't be read. */
struct metrics_process {
	uint64_t resident, own; /* bytes; own: without what is mapped from files */
	uint64_t cpu_ms;
};
struct metrics_process metrics_process(void);

#endif
