/* load.c - pushes registers over CURVE and measures.
 *
 *   bench-load --server ENDPOINT --server-key FILE [--identity FILE] [--name NAME]
 *              [--classes N] [--first SESSION] [--count N] [--window W] [--seed N] [--together] [--bundle N]
 *              [--connections N]
 *
 * One DEALER (or N, each with its part of the submissions and of the window), at most W submissions on their way; the latency of each is from its
 * sending to its acknowledgement. Without an identity a fresh key is used (for the
 * bare router, which takes any). --together: what was taken in a row may be answered together. --bundle: what may be
 * sent at once goes in bundles of up to N. Ends with 1 where one was refused. "Not now" (300) is sent again, as every sender must.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "bench/key_file.h"
#include "bench/registers.h"

enum { VERSION_AT = 2, TOGETHER = 0x80, ID_AT = 4, ID_SIZE = 16, HEAD_SIZE = 20, BUNDLE = 0x41, BUNDLE_MAX = 256, STATUS_AT = 20, REPLY_HEAD = 30, SILENCE_MS = 30000, REFUSALS_SHOWN = 3 };

struct options {
	const char *server, *server_key, *identity, *name;
	uint32_t classes, first;
	size_t count;
	unsigned window;
	uint64_t seed;
	bool together;
	unsigned bundle, connections;
};

/* One connection, and its part of the submissions: `first` to `end`. */
struct load {
	void *socket;
	const uint64_t *order;
	uint64_t *sent_ns, *took_ns;
	size_t first, end, sent, done, refused, again; /* sent: the next one to be; done: how many */
	uint8_t frame[REGISTER_SIZE_MAX];
	size_t frame_size;
	bool together;
	unsigned bundle, in_bundle;
	uint8_t *pieces;      /* the bundle that is being filled; libzmq frees it */
	size_t pieces_size;
};

static void fail(const char *what)
{
	fprintf(stderr, "bench-load: %s: %s\n", what, zmq_strerror(errno));
	exit(2);
}

static void *connect_curve(void *context, const struct options *o)
{
	void *socket = zmq_socket(context, ZMQ_DEALER);
	char server[41], public[41], secret[41];
	int none = 0;

	key_text(o->server_key, "", server);
	if (o->identity) {
		key_text(o->identity, "public: ", public);
		key_text(o->identity, "secret: ", secret);
	} else if (zmq_curve_keypair(public, secret)) {
		fail("a key");
	}
	zmq_setsockopt(socket, ZMQ_SNDHWM, &none, sizeof none);
	zmq_setsockopt(socket, ZMQ_RCVHWM, &none, sizeof none);
	zmq_setsockopt(socket, ZMQ_LINGER, &none, sizeof none);
	if (zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, server, 41) || zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, public, 41) ||
	    zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, secret, 41) || zmq_connect(socket, o->server))
		fail(o->server);
	return socket;
}

static void free_pieces(void *pieces, void *hint)
{
	(void)hint;
	free(pieces);
}

/* What has been gathered, in one frame. */
static void send_bundle(struct load *l)
{
	static const uint8_t head[HEAD_SIZE] = {0xa7, 0x7d, 1, BUNDLE};
	zmq_msg_t message;

	if (!l->in_bundle)
		return;
	memcpy(l->pieces, head, HEAD_SIZE);
	if (zmq_msg_init_data(&message, l->pieces, l->pieces_size, free_pieces, NULL) || zmq_msg_send(&message, l->socket, 0) < 0)
		fail("send");
	l->in_bundle = 0;
	l->pieces = NULL;
}

static void add_to_bundle(struct load *l, size_t i)
{
	if (!l->in_bundle) {
		l->pieces = malloc(HEAD_SIZE + (size_t)l->bundle * (4 + REGISTER_SIZE_MAX));
		l->pieces_size = HEAD_SIZE;
		if (!l->pieces)
			fail("memory");
	}
	uint8_t *size_at = l->pieces + l->pieces_size, *frame = size_at + 4;
	l->frame_size = register_frame(frame, (uint32_t)l->order[i], (uint32_t)(l->order[i] >> 32), i);
	if (l->together)
		frame[VERSION_AT] |= TOGETHER;
	l->sent_ns[i] = clock_ns();
	for (int shift = 24; shift >= 0; shift -= 8)
		*size_at++ = (uint8_t)(l->frame_size >> shift);
	l->pieces_size += 4 + l->frame_size;
	if (++l->in_bundle == l->bundle)
		send_bundle(l);
}

static void send_one(struct load *l, size_t i)
{
	if (l->bundle > 1) {
		add_to_bundle(l, i);
		return;
	}
	l->frame_size = register_frame(l->frame, (uint32_t)l->order[i], (uint32_t)(l->order[i] >> 32), i);
	if (l->together)
		l->frame[VERSION_AT] |= TOGETHER;
	l->sent_ns[i] = clock_ns();
	if (zmq_send(l->socket, l->frame, l->frame_size, 0) < 0)
		fail("send");
}

static void take_one(struct load *l, uint64_t i, const uint8_t *reply, int size)
{
	unsigned status = (unsigned)reply[STATUS_AT] << 8 | reply[STATUS_AT + 1];

	if (size < REPLY_HEAD || i < l->first || i >= l->sent) {
		fprintf(stderr, "bench-load: a reply of %d bytes to nothing that was asked\n", size);
		exit(2);
	}
	if (status == 300) {
		l->again++;
		send_one(l, i);
		return;
	}
	/* 202 would be a row refused, 201 a repeat: neither is what is measured. */
	if (status != 200 && l->refused++ < REFUSALS_SHOWN)
		fprintf(stderr, "bench-load: submission %zu: status %u: %.*s\n", (size_t)i, status,
		        size > REPLY_HEAD ? size - REPLY_HEAD : 0, (const char *)reply + REPLY_HEAD);
	l->took_ns[i] = clock_ns() - l->sent_ns[i];
	l->done++;
}

/* The last that it answers is in its head, the first at its end: in between, in the order of sending. */
static void take_reply(struct load *l, const uint8_t *reply, int size)
{
	uint64_t last = register_serial(reply), first = last;

	if (reply[VERSION_AT] & TOGETHER) {
		first = register_serial(reply + size - ID_SIZE - ID_AT);
		size = REPLY_HEAD;
	}
	for (uint64_t i = first; i <= last; i++)
		take_one(l, i, reply, size);
}

static void take_all(struct load loads[], zmq_pollitem_t items[], unsigned count)
{
	uint8_t reply[4096];
	int size;

	if (zmq_poll(items, (int)count, SILENCE_MS) <= 0) {
		fprintf(stderr, "bench-load: no answer in %d s; %zu of %zu of the first answered\n", SILENCE_MS / 1000, loads[0].done,
		        loads[0].sent - loads[0].first);
		exit(2);
	}
	for (unsigned n = 0; n < count; n++)
		while (items[n].revents & ZMQ_POLLIN && (size = zmq_recv(loads[n].socket, reply, sizeof reply, ZMQ_DONTWAIT)) >= 0)
			take_reply(&loads[n], reply, size < (int)sizeof reply ? size : (int)sizeof reply);
}

static size_t done_of(const struct load loads[], unsigned count)
{
	size_t done = 0;

	for (unsigned n = 0; n < count; n++)
		done += loads[n].done;
	return done;
}

/* Each connection up to its part of the window. */
static void send_more(struct load *l, size_t window)
{
	while (l->sent < l->end && l->sent - l->first - l->done < window)
		send_one(l, l->sent++);
	send_bundle(l);
}

static int run(const struct options *o)
{
	void *context = zmq_ctx_new();
	struct load *loads = calloc(o->connections, sizeof *loads);
	zmq_pollitem_t *items = calloc(o->connections, sizeof *items);
	uint64_t *order = register_order(o->classes, o->first, o->count, o->seed);
	uint64_t *sent_ns = calloc(o->count, sizeof *sent_ns), *took_ns = calloc(o->count, sizeof *took_ns);
	size_t window = o->window / o->connections, refused = 0, again = 0;

	if (!loads || !items || !order || !sent_ns || !took_ns)
		fail("memory");
	zmq_ctx_set(context, ZMQ_MAX_SOCKETS, (int)o->connections + 8);
	for (unsigned n = 0; n < o->connections; n++) {
		loads[n] = (struct load){.socket = connect_curve(context, o), .order = order, .sent_ns = sent_ns, .took_ns = took_ns,
		                         .together = o->together, .bundle = o->bundle};
		loads[n].first = loads[n].sent = o->count * n / o->connections;
		loads[n].end = o->count * (n + 1) / o->connections;
		items[n] = (zmq_pollitem_t){.socket = loads[n].socket, .events = ZMQ_POLLIN};
		/* The handshake is no part of the measurement: the first is sent and awaited before. */
		send_more(&loads[n], 1);
	}
	while (done_of(loads, o->connections) < o->connections)
		take_all(loads, items, o->connections);
	uint64_t began = clock_ns();
	while (done_of(loads, o->connections) < o->count) {
		for (unsigned n = 0; n < o->connections; n++)
			send_more(&loads[n], window ? window : 1);
		if (done_of(loads, o->connections) < o->count)
			take_all(loads, items, o->connections);
	}
	run_print(o->name, o->window, o->count, clock_ns() - began, took_ns, loads[0].frame_size);
	for (unsigned n = 0; n < o->connections; n++) {
		refused += loads[n].refused;
		again += loads[n].again;
		zmq_close(loads[n].socket);
	}
	if (again || refused)
		fprintf(stderr, "bench-load: %zu refused, %zu told to try later\n", refused, again);
	zmq_ctx_term(context);
	free(order);
	free(sent_ns);
	free(took_ns);
	free(items);
	free(loads);
	return refused ? 1 : 0;
}

int main(int argc, char **argv)
{
	static const struct option names[] = {
		{"server", 1, 0, 's'}, {"server-key", 1, 0, 'k'}, {"identity", 1, 0, 'i'}, {"name", 1, 0, 'n'},
		{"classes", 1, 0, 'c'}, {"first", 1, 0, 'f'}, {"count", 1, 0, 'N'}, {"window", 1, 0, 'w'},
		{"seed", 1, 0, 'r'}, {"together", 0, 0, 't'}, {"bundle", 1, 0, 'b'}, {"connections", 1, 0, 'C'}, {0, 0, 0, 0},
	};
	struct options o = {.name = "load", .classes = 3334, .count = 100000, .window = 1000, .seed = 1, .connections = 1};
	int key;

	while ((key = getopt_long(argc, argv, "", names, NULL)) != -1) {
		switch (key) {
		case 's': o.server = optarg; break;
		case 'k': o.server_key = optarg; break;
		case 'i': o.identity = optarg; break;
		case 'n': o.name = optarg; break;
		case 'c': o.classes = (uint32_t)strtoul(optarg, NULL, 10); break;
		case 'f': o.first = (uint32_t)strtoul(optarg, NULL, 10); break;
		case 'N': o.count = strtoul(optarg, NULL, 10); break;
		case 'w': o.window = (unsigned)strtoul(optarg, NULL, 10); break;
		case 'r': o.seed = strtoul(optarg, NULL, 10); break;
		case 'b': o.bundle = (unsigned)strtoul(optarg, NULL, 10); break;
		case 'C': o.connections = (unsigned)strtoul(optarg, NULL, 10); break;
		case 't': o.together = true; break;
		default: return 2;
		}
	}
	if (o.bundle > BUNDLE_MAX || !o.server || !o.server_key || !o.classes || !o.window || !o.connections ||
	    o.count < o.connections) {
		fprintf(stderr, "usage: bench-load --server ENDPOINT --server-key FILE [--identity FILE] [--name NAME]\n"
		        "       [--classes N] [--first SESSION] [--count N] [--window W] [--seed N] [--together] [--bundle N] [--connections N]\n");
		return 2;
	}
	return run(&o);
}
