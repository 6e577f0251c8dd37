/* server.c - the loop.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "daemon/server.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

#include "daemon/clock.h"
#include "daemon/connections.h"
#include "daemon/flood.h"
#include "daemon/intake.h"
#include "daemon/journal.h"
#include "daemon/known_keys.h"
#include "daemon/pace.h"
#include "daemon/router.h"
#include "daemon/self_test.h"
#include "daemon/supervise.h"
#include "daemon/tell.h"
#include "daemon/zap.h"

enum {
	FRAMES_PER_TURN = 512,
	FRAMES_PER_LOOK = 16,    /* after so many it is asked whether the commit behind is done */
	FRAMES_PER_BATCH = 2048, /* while it isn't, turns gather so many at most */
	DRAIN_US = 10000,        /* then a turn commits what it has: acknowledgements wait for it, and questions are slow */
	TURN_MS = 250,           /* the longest wait: heartbeats, feeds, watchdog, clock */

	/* The wait for more that pace.h may find worth it; a slice in which nothing
	 * came ends it. */
	GATHER_US = 1000,
	GATHER_SLICE_US = 250,

	LOST_PEERS_MAX = 64,
	BEHIND_MS = 50,          /* commits may be left behind for so long */
	TIMER_FAR_MS = 24 * 60 * 60 * 1000,
};

struct server {
	struct engine *engine;
	const struct server_options *options;
	void *zmq_context;
	struct known_keys *known;
	uint64_t keys_generation;
	bool keys_failed;
	struct zap *zap;
	struct router *router;
	struct intake intake;
	int signal_fd, timer_fd;
	uint64_t timer_ms;       /* what timer_fd is armed at; 0: nothing */
	struct clock clock;
	struct supervise supervise;
	struct flood flood;

	struct pace pace;
	uint64_t told_ms;        /* when a turn last ended with all of it on disk */
	unsigned gathered;       /* frames that no commit has been begun for */
	unsigned sent;           /* in this turn */
	bool keys_fresh;         /* those let in are those of the batch whose replies are sent */
	struct peer lost[LOST_PEERS_MAX]; /* peers that could not be sent to in this turn */
	unsigned lost_count;

	struct metrics *metrics; /* the engine's: what is counted here it tells */
	uint64_t self_tested;    /* handshakes that were ours */
	struct tell tell;
	bool stopping;
};

static uint64_t monotonic_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static enum server_end end_with(enum server_end end, enum journal_event event, const char *why)
{
	char room[JOURNAL_QUOTED_SIZE];

	journal(event, "reason=%s exit=%d", journal_quoted(room, why), (int)end);
	return end;
}

/* ---- the keys that are let in ---- */

/* False: no memory, and the set is the one before. */
static bool refresh_keys(struct server *server)
{
	uint64_t generation;
	size_t count = engine_keys(server->engine, &generation, NULL, 0);

	if (generation == server->keys_generation)
		return true;
	uint8_t (*keys)[PUBLIC_KEY_SIZE] = NULL;
	if (count) {
		keys = calloc(count, sizeof *keys);
		if (!keys)
			return false;
		engine_keys(server->engine, &generation, keys, count);
	}
	known_keys_replace(server->known, keys, count);
	server->keys_generation = generation;
	return true;
}

/* ---- out ---- */

static void send_to_peer(void *context, const struct peer *peer, struct slice frame)
{
	struct server *server = context;

	/* Whoever was just told that a key was granted may connect with it at once,
	 * so the handshakes know it before the first reply of a commit goes out. */
	if (!server->keys_fresh && !refresh_keys(server))
		server->keys_failed = true;
	server->keys_fresh = true;
	if (router_send(server->router, peer, frame)) {
		server->sent++;
		return;
	}
	server->metrics->shell[SHELL_UNSENT]++;
	/* Forgotten after the engine has returned: it may be walking its
	 * subscriptions right now. One that finds no room is met again. */
	for (unsigned i = 0; i < server->lost_count; i++)
		if (server->lost[i].size == peer->size &&
		    !memcmp(server->lost[i].bytes, peer->bytes, peer->size))
			return;
	if (server->lost_count < LOST_PEERS_MAX)
		server->lost[server->lost_count++] = *peer;
}

static void forget_lost(struct server *server)
{
	for (unsigned i = 0; i < server->lost_count; i++)
		engine_forget_peer(server->engine, &server->lost[i]);
	server->lost_count = 0;
}

/* ---- in ---- */

static enum server_end commit_failed(const char *why)
{
	return end_with(SERVER_STORE, JOURNAL_COMMIT_FAILED, why);
}

/* The batch behind is on disk: its senders are told while the next is still taken in. */
static enum server_end land(struct server *server)
{
	char why[256] = "";

	server->keys_fresh = false;
	return engine_land(server->engine, send_to_peer, server, why, sizeof why) ? commit_failed(why) : SERVER_DONE;
}

/* Takes what waits, up to the turn's bound; or, while no batch is being committed, until there is enough for one: the
 * disk has nothing to do meanwhile. */
static enum server_end drain(struct server *server, unsigned *taken)
{
	uint64_t began_us = monotonic_us();

	while (*taken < FRAMES_PER_TURN && monotonic_us() - began_us < DRAIN_US) {
		unsigned served;
		if (!intake_serve(&server->intake, FRAMES_PER_LOOK, &served))
			return end_with(SERVER_SHELL, JOURNAL_SOCKET_FAILED, zmq_strerror(errno));
		*taken += served;
		if (!served)
			return SERVER_DONE;
		if (engine_landed(server->engine)) {
			enum server_end end = land(server);
			if (end != SERVER_DONE)
				return end;
		}
		if (!engine_waits(server->engine) && server->gathered + *taken >= PACE_ENOUGH)
			break;
	}
	return SERVER_DONE;
}

static enum server_end gather(struct server *server, unsigned *taken)
{
	uint64_t start_us = monotonic_us();
	unsigned at_start = *taken;

	while (*taken < PACE_ENOUGH && monotonic_us() - start_us < GATHER_US) {
		unsigned before = *taken;
		if (!router_wait(server->router, GATHER_SLICE_US))
			break;
		enum server_end end = drain(server, taken);
		if (end != SERVER_DONE)
			return end;
		if (*taken == before)
			break;
	}
	pace_waited(&server->pace, *taken - at_start);
	return SERVER_DONE;
}

/* ---- time ---- */

static uint64_t take_time(struct server *server)
{
	if (server->options->manual_clock) {
		uint64_t now_ms = engine_now(server->engine);
		return now_ms > server->options->manual_ms ? now_ms : server->options->manual_ms;
	}
	struct clock_reading reading = clock_read();
	int64_t step_ms;
	/* Whoever confirms has looked at the wall clock as it is now. */
	if (server->clock.doubted && !engine_clock_held(server->engine)) {
		clock_believe(&server->clock, reading);
		journal(JOURNAL_CLOCK_BELIEVED, "clock=system");
	}
	if (clock_take(&server->clock, reading, &step_ms)) {
		journal(JOURNAL_CLOCK_STEPPED, "step_ms=%lld", (long long)step_ms);
		engine_clock_stepped(server->engine, reading.wall_ms, step_ms);
	}
	return server->clock.told_ms;
}

/* Arms the timer at the next deadline, and always at something: an armed timer is
 * what a set clock cancels, and so what wakes the loop then. What is due already
 * is not armed for: either the engine fires it this turn, or it holds it, and then
 * a timer in the past would spin the loop. */
static bool arm_timer(struct server *server, uint64_t now_ms)
{
	if (server->options->manual_clock)
		return true;
	uint64_t next_ms = engine_next_timer(server->engine);
	if (next_ms <= now_ms || engine_clock_held(server->engine))
		next_ms = now_ms + TIMER_FAR_MS;
	/* Nothing is far away, and moves with each turn; it need not be followed. */
	bool was_far = server->timer_ms > now_ms + TURN_MS, is_far = next_ms > now_ms + TIMER_FAR_MS / 2;
	if (next_ms == server->timer_ms || (was_far && is_far))
		return true;
	struct itimerspec at = {
		.it_value = { .tv_sec = (time_t)(next_ms / 1000), .tv_nsec = (long)(next_ms % 1000) * 1000000 },
	};
	if (timerfd_settime(server->timer_fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &at, NULL) &&
	    errno != ECANCELED)
		return false;
	server->timer_ms = next_ms;
	return true;
}

static void read_timer(struct server *server)
{
	uint64_t expirations;

	/* ECANCELED: the clock was set. Either way the turn reads the clock anew,
	 * and the timer is armed anew. */
	ssize_t size = read(server->timer_fd, &expirations, sizeof expirations);
	(void)size;
	server->timer_ms = 0;
}

static void read_signals(struct server *server)
{
	struct signalfd_siginfo signal_info;

	while (read(server->signal_fd, &signal_info, sizeof signal_info) == sizeof signal_info) {
		if (signal_info.ssi_signo == SIGHUP)
			continue; /* nothing is configured by file, so there is nothing to read again */
		journal(JOURNAL_STOPPING, "signal=%u", signal_info.ssi_signo);
		server->stopping = true;
	}
}

/* ---- one turn ---- */

/* A batch of a size that comes under load; but subscribers are told of nothing while a commit is
 * behind, and must not wait for the load's end. */
static bool worth_leaving_behind(const struct server *server, uint64_t monotonic_ms)
{
	return !server->stopping && server->gathered >= PACE_ENOUGH &&
	       (monotonic_ms - server->told_ms < BEHIND_MS || !engine_listened_to(server->engine));
}

static void tell(struct server *server, uint64_t monotonic_ms)
{
	server->metrics->shell[SHELL_HANDSHAKES_REFUSED] = zap_refused(server->zap) - server->self_tested;
	server->metrics->shell[SHELL_CUT] = atomic_load(&server->flood.cut);
	struct connections_told told = connections_told();
	server->metrics->shell[SHELL_ACCEPTED] = told.accepted;
	server->metrics->shell[SHELL_TURNED_AWAY] = told.turned_away;
	server->metrics->shell[SHELL_UNSPOKEN] = told.unspoken;
	server->metrics->connections = told.open;
	tell_status(&server->tell, server->engine, router_endpoint(server->router), monotonic_ms);
}

/* All that a turn does beside frames. */
static enum server_end look_after(struct server *server, uint64_t now_ms, uint64_t monotonic_ms)
{
	if (!refresh_keys(server) || server->keys_failed)
		return end_with(SERVER_SHELL, JOURNAL_KEYS_FAILED, "no memory for the known keys");
	if (!arm_timer(server, now_ms))
		return end_with(SERVER_SHELL, JOURNAL_TIMER_FAILED, strerror(errno));
	supervise_alive(&server->supervise, monotonic_ms);
	tell(server, monotonic_ms);
	return SERVER_DONE;
}

/* *more: there is work left, don't wait. SERVER_DONE: go on. */
static enum server_end turn(struct server *server, bool *more)
{
	uint64_t now_ms = take_time(server), monotonic_ms = monotonic_us() / 1000;
	unsigned taken = 0;
	char why[256] = "";
	enum server_end end;
	int failed;

	server->sent = 0;
	if (!server->gathered && engine_begin(server->engine, now_ms))
		return end_with(SERVER_STORE, JOURNAL_BEGIN_FAILED, "the store can't begin a transaction");
	end = drain(server, &taken);
	if (end == SERVER_DONE && !intake_waits(&server->intake) && pace_worth_waiting(&server->pace, taken, monotonic_ms))
		end = gather(server, &taken);
	if (end != SERVER_DONE)
		return end;
	*more = taken >= FRAMES_PER_TURN || intake_waits(&server->intake);
	server->gathered += taken;
	pace_count(&server->pace, taken, monotonic_ms);
	/* the disk is at work: it wakes the loop when it is done, as frames do */
	if (engine_waits(server->engine) && server->gathered < FRAMES_PER_BATCH && !server->stopping)
		return look_after(server, now_ms, monotonic_ms);
	if (engine_tick(server->engine, now_ms))
		*more = true;
	server->keys_fresh = false;
	if (worth_leaving_behind(server, monotonic_ms)) {
		failed = engine_commit_behind(server->engine, send_to_peer, server, why, sizeof why);
	} else {
		failed = engine_commit(server->engine, send_to_peer, server, why, sizeof why);
		server->told_ms = monotonic_ms;
	}
	if (failed)
		return commit_failed(why);
	server->gathered = 0;
	forget_lost(server);

	unsigned replies = server->sent;
	if (engine_feed(server->engine, monotonic_ms, send_to_peer, server))
		*more = true;
	forget_lost(server);
	/* Who was sent items may have credit for more: ask again before waiting. */
	if (server->sent > replies)
		*more = true;

	return look_after(server, now_ms, monotonic_ms);
}

static enum server_end serve(struct server *server)
{
	zmq_pollitem_t items[] = {
		{ .socket = router_socket(server->router), .events = ZMQ_POLLIN },
		{ .fd = server->signal_fd, .events = ZMQ_POLLIN },
		{ .fd = server->timer_fd, .events = ZMQ_POLLIN },
		{ .fd = -1, .events = ZMQ_POLLIN },
	};
	bool more = true;

	while (!server->stopping) {
		items[3].fd = engine_landed_fd(server->engine);
		if (zmq_poll(items, items[3].fd < 0 ? 3 : 4, more ? 0 : TURN_MS) < 0 && errno != EINTR)
			return end_with(SERVER_SHELL, JOURNAL_POLL_FAILED, zmq_strerror(errno));
		if (items[1].revents)
			read_signals(server);
		if (items[2].revents)
			read_timer(server);
		enum server_end end = turn(server, &more);
		if (end != SERVER_DONE)
			return end;
	}
	server->tell.status_ms = 0; /* what was not told yet */
	tell(server, monotonic_us() / 1000);
	return SERVER_DONE;
}

/* ---- start and end ---- */

void server_take_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static enum server_end start(struct server *server)
{
	char why[512] = "";
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	server->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	server->timer_fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	server->zmq_context = router_context();
	server->known = known_keys_open();
	if (server->signal_fd < 0 || server->timer_fd < 0 || !server->zmq_context || !server->known)
		return end_with(SERVER_SHELL, JOURNAL_START_FAILED, strerror(errno));
	if (!refresh_keys(server))
		return end_with(SERVER_SHELL, JOURNAL_KEYS_FAILED, "no memory for the known keys");
	if (!connections_start(server->options->connections))
		return end_with(SERVER_SHELL, JOURNAL_START_FAILED, "no memory for connections");
	/* The handler stands before the socket does: see zap.h. */
	if (zap_open(&server->zap, server->zmq_context, server->known, why, sizeof why))
		return end_with(SERVER_SHELL, JOURNAL_ZAP_FAILED, why);
	if (router_open(&server->router, server->zmq_context, server->options->listen,
	                server->options->identity, why, sizeof why))
		return end_with(SERVER_REFUSED, JOURNAL_LISTEN_FAILED, why);
	if (self_test(server->zmq_context, router_endpoint(server->router), server->options->identity,
	              why, sizeof why) != SELF_TEST_REFUSED)
		return end_with(SERVER_OPEN_DOOR, JOURNAL_SELF_TEST_FAILED, why);
	intake_open(&server->intake, server->router, server->engine, server->known);
	/* The test's own knock is nobody's attempt to get in. */
	server->self_tested = zap_refused(server->zap);
	return SERVER_DONE;
}

static void stop(struct server *server)
{
	router_close(&server->router);
	zap_close(&server->zap);
	if (server->zmq_context)
		while (zmq_ctx_term(server->zmq_context) && errno == EINTR)
			;
	connections_stop();
	known_keys_close(&server->known);
	if (server->timer_fd >= 0)
		close(server->timer_fd);
	if (server->signal_fd >= 0)
		close(server->signal_fd);
}

enum server_end server_run(struct engine *engine, const struct server_options *options)
{
	struct server server = {
		.engine = engine, .options = options, .signal_fd = -1, .timer_fd = -1, .metrics = engine_metrics(engine),
	};

	clock_start(&server.clock, clock_read());
	pace_start(&server.pace, monotonic_us() / 1000);
	supervise_start(&server.supervise, monotonic_us() / 1000);
	enum server_end end = start(&server);
	if (end == SERVER_DONE) {
		flood_start(&server.flood, options->memory ? options->memory : FLOOD_ROOM);
		server.metrics->started_ms = clock_read().wall_ms;
		server.metrics->memory_limit = server.flood.limit;
		printf("ready %s\n", router_endpoint(server.router));
		fflush(stdout);
		supervise_ready(router_endpoint(server.router));
		journal(JOURNAL_READY, "endpoint=%s clock=%s", router_endpoint(server.router),
		        options->manual_clock ? "manual" : "system");
		end = serve(&server);
		supervise_stopping();
		flood_end(&server.flood);
	}
	intake_close(&server.intake);
	stop(&server);
	if (end == SERVER_DONE)
		journal(JOURNAL_ENDED, "frames=%llu malformed=%llu dropped=%llu unsent=%llu",
		        (unsigned long long)server.metrics->shell[SHELL_FRAMES],
		        (unsigned long long)server.metrics->shell[SHELL_MALFORMED],
		        (unsigned long long)server.metrics->shell[SHELL_DROPPED],
		        (unsigned long long)server.metrics->shell[SHELL_UNSENT]);
	return end;
}
