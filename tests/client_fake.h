/* client_fake.h - a daemon that does as a test says, for the client's transport.
 *
 * A thread with a ROUTER under CURVE and a ZAP handler that lets one key in. What it
 * answers is up to the test's function; what it saw is there to be asked.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_CLIENT_FAKE_H
#define TESTS_CLIENT_FAKE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "client/attend.h"
#include "proto/message.h"

enum { FAKE_SEEN_MAX = 4096 };

struct fake;

/* Runs in the fake's thread for each request, `seen` counting from 0 over its whole life,
 * restarts included. */
typedef void fake_respond(struct fake *, const struct message *, unsigned seen);

struct fake {
	fake_respond *respond;
	void *context;          /* the test's own */
	bool let_in;            /* what the ZAP handler says */
	unsigned patience_ms;   /* of connections to it; 0: as their timeout */

	char endpoint[256];
	char server_public[41], server_secret[41];
	char dir[64], identity[96], server_key[96], other_key[96];

	void *zmq, *router, *zap, *control; /* of the thread */
	void *control_ours;
	pthread_t thread;
	_Atomic unsigned seen;  /* requests so far, each of a bundle's */
	_Atomic unsigned bundles;
	bool old;               /* refuses bundles, as a daemon did that knew none */
	_Atomic bool close_now; /* set by `respond`: the line is cut and the thread ends */
	uint8_t ids[FAKE_SEEN_MAX][ATTEND_ID_SIZE];
	uint8_t commands[FAKE_SEEN_MAX];
	uint8_t from[256];
	size_t from_size;
};

/* Makes keys and files, and starts on a free port; then again on the same one. */
void fake_start(struct fake *, fake_respond *, void *context);
void fake_again(struct fake *);
/* Cuts all lines. */
void fake_stop(struct fake *);
/* Waits until the thread has cut the lines by itself (close_now). */
void fake_await_cut(struct fake *);
void fake_remove(struct fake *); /* the files */

/* For `respond`: a reply to this request, with a body of msgpack bytes. */
void fake_reply(struct fake *, const struct message *, unsigned status, const void *body, size_t size);
/* One under another command, as items come. */
void fake_send(struct fake *, uint8_t command, const uint8_t id[static ATTEND_ID_SIZE], const void *body, size_t size);
void fake_send_frames(struct fake *, const void *first, size_t first_size, const void *second, size_t second_size);

/* A connection to it: with the right keys, or another daemon's. */
struct attend *fake_connect(struct fake *, unsigned timeout_ms, unsigned window);
struct attend *fake_connect_wrongly(struct fake *, unsigned timeout_ms);

#endif
