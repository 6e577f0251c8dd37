/* server.h - the loop: frames and time in, replies out, one turn after another.
 *
 *   wait ─ clock ─ keys ─ begin ─ drain (and gather) ─ tick ─ commit ─ replies ─ feed ─┐
 *    └───────────────────────────────────────────────────────────────────────────────┘
 *
 * One thread does all of it; a second answers handshakes (zap.h). A turn has a
 * bound: so many frames, so many timers, so long a wait for more.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_SERVER_H
#define DAEMON_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/engine.h"
#include "proto/identity.h"

/*  name, number, what it means, what to do */
#define SERVER_ENDS(X) \
	X(DONE, 0, "ended as it was asked to") \
	X(REFUSED, 1, "can't run: the store, its keys or the endpoint; the reason is on standard error") \
	X(USAGE, 2, "wrong use") \
	X(OPEN_DOOR, 3, "the self-test's random key was let in, or could not be seen refused") \
	X(STORE, 4, "a commit failed and the store's state is unknown; nothing was acked; start again") \
	X(SHELL, 5, "a socket, timer or thread failed while running; start again")

enum server_end {
#define X(name, number, text) SERVER_##name = number,
	SERVER_ENDS(X)
#undef X
};

struct server_options {
	const char *listen;
	const struct identity *identity;
	bool manual_clock;
	unsigned connections; /* at once; 0: as many as there may be descriptors */
	uint64_t memory;     /* room for what peers make it keep; 0: FLOOD_ROOM */
	uint64_t manual_ms;  /* where a manual clock starts, unless the store is later */
};

/* Blocks the signals that the loop takes. Call it before anything starts a thread,
 * or a thread without the mask would die of them. */
void server_take_signals(void);

/* Runs until SIGTERM or SIGINT. Says `ready ENDPOINT` on standard output once the
 * door is proven shut; all else goes to the journal. The engine stays the caller's. */
enum server_end server_run(struct engine *, const struct server_options *);

#endif
