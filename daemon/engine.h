/* engine.h - the daemon without its sockets and its clock.
 *
 * A frame from a known key goes in, a reply comes out; the time goes in, what
 * fell due is appended. The shell (server.h) owns sockets, timers and the wall
 * clock; tests and the simulation drive the engine directly.
 *
 * Writes are gathered: engine_begin, then any number of engine_receive and
 * engine_tick, then engine_commit, and only then may the replies be sent. A reply
 * to a submission is held by the engine until its commit.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_ENGINE_H
#define DAEMON_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/metrics.h"
#include "proto/message.h"
#include "store/store.h"

struct engine;

struct engine_options {
	const char *dir;
	bool read_only;      /* for verify and as-of shadows */
	bool manual_clock;
	const char *program; /* that `trial --data DIR` runs of; NULL: no file can be tried */
	uint64_t map_size;   /* 0: the store's own choice */
	uint32_t sweep_marks; /* pupils' figures are all written once in so many marks; 0: the usual */
};

/* 0, or -1 with a sentence in `why`. */
int engine_open(struct engine **, const struct engine_options *, char *why, size_t why_size);
void engine_close(struct engine **);

/* Makes a store: keys, genesis event, the administrator's grant, pathways. */
struct engine_init {
	const char *dir, *authority;
	const uint8_t *admin_key;          /* PUBLIC_KEY_SIZE */
	const char *const *pathway_files;
	size_t pathway_count;
	uint64_t now_ms;
};
int engine_create(const struct engine_init *, char *why, size_t why_size);

/* Where a reply goes: bytes that only the shell understands (a routing id). */
struct peer {
	uint8_t size;
	uint8_t bytes[32];
};

/* Called once for each reply, in order, when it may be sent. */
typedef void engine_send(void *context, const struct peer *, struct slice frame);

int engine_begin(struct engine *, uint64_t now_ms);
/* One frame from a peer whose key has been proven by CURVE. How many requests it held: 1, or as many as a
 * bundle has pieces. */
unsigned engine_receive(struct engine *, const uint8_t key[static PUBLIC_KEY_SIZE],
                        const struct peer *, struct slice frame);
/* A peer's message that is not one frame; 0 frames: the peer chose its own routing
 * id, which the shell refuses (router.h says why). */
void engine_receive_malformed(struct engine *, const struct peer *, unsigned frames);
/* One for which there is no room among those that wait (turns.h): answered "not now", unread. */
void engine_receive_later(struct engine *, const struct peer *, struct slice frame);
/* Fires what is due, at most a bounded number; true where there is more. */
bool engine_tick(struct engine *, uint64_t now_ms);
/* Commits, then sends the replies. -1: the store is in an unknown state and the
 * process must end (nothing was sent); `why` says what. */
int engine_commit(struct engine *, engine_send *, void *context, char *why, size_t why_size);

/* The same, but a large batch may be committed behind the caller's back while the next
 * one is gathered. Its replies wait: engine_land() waits for that commit and sends
 * them, as do both commits; engine_landed() says whether it would not wait. While one
 * is behind, subscribers are told nothing. */
int engine_commit_behind(struct engine *, engine_send *, void *context, char *why, size_t why_size);
int engine_land(struct engine *, engine_send *, void *context, char *why, size_t why_size);
bool engine_landed(const struct engine *);
/* Is one behind, and would waiting for it wait? Then there is no point in a commit: what comes
 * meanwhile is gathered, also by further turns of engine_receive without engine_begin, until
 * engine_landed_fd() is readable (-1 where none was ever behind). */
bool engine_waits(const struct engine *);
int engine_landed_fd(const struct engine *);
bool engine_listened_to(const struct engine *); /* has anybody subscribed? */

/* The next instant at which something falls due; 0: nothing. */
uint64_t engine_next_timer(struct engine *);
/* Is there work for subscribers (new events, new credit)? Sends items and heartbeats. True: there is more to look
 * through at once. */
bool engine_feed(struct engine *, uint64_t monotonic_ms, engine_send *, void *context);
/* Forgets a peer's subscriptions (unreachable). */
void engine_forget_peer(struct engine *, const struct peer *);

/* Is a key let in at the handshake? */
bool engine_knows_key(struct engine *, const uint8_t key[static PUBLIC_KEY_SIZE]);
/* Where in the log the grant of a key stands, which says whose it is to those who may read that; 0: none. */
uint64_t engine_grant_of(struct engine *, const uint8_t key[static PUBLIC_KEY_SIZE]);
/* All such keys, for the thread that answers handshakes: how many there are, of
 * which the first `max` were copied; asked with (NULL, 0) it costs nothing. The
 * generation is never 0 and changes whenever the set does, before the first reply
 * of the commit that changed it is sent; asked from within that send, too. */
size_t engine_keys(struct engine *, uint64_t *generation,
                   uint8_t (*keys)[PUBLIC_KEY_SIZE], size_t max);

/* The wall clock jumped by more than CLOCK_STEP_MAX_MS (clock.h), and reads
 * `seen_ms` now: nothing fires until somebody confirms it. The shell goes on giving
 * the time as it was before, carried on by boot time. May be called again while
 * held; a smaller `step_ms` then says that the clock came back by itself (and the
 * hold stays). Called between turns: before engine_begin. */
void engine_clock_stepped(struct engine *, uint64_t seen_ms, int64_t step_ms);
/* Is it held, after a step or since a start at a doubtful time? */
bool engine_clock_held(struct engine *);
/* What is wrong, as bits by enum problem: something that keeps acks from being durable or
 * deadlines from firing. Name, what `health` and the journal call it. */
#define PROBLEMS(X) \
	X(DAMAGED, "store-damaged") \
	X(MAP_FULL, "map-full") \
	X(DISK_FULL, "disk-full") \
	X(COMMIT_FAILING, "commit-failing") \
	X(CLOCK_HELD, "clock-held")
enum problem {
#define X(name, text) PROBLEM_##name,
	PROBLEMS(X)
#undef X
	PROBLEM_COUNT
};
unsigned engine_problems(struct engine *);
/* A sentence of one of them, in `room`. */
enum { PROBLEM_SIZE = 400 };
const char *engine_problem_text(struct engine *, enum problem, char room[static PROBLEM_SIZE]);
struct metrics *engine_metrics(struct engine *);

/* The engine's own time: the latest it was given, or under a manual clock what
 * the last `attend clock` made of it; never before the last event. */
uint64_t engine_now(struct engine *);

#endif
