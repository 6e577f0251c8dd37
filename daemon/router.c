/* router.c - options set deliberately, and frames in and out.
 *
 * What these options do not bound: a peer that sends frames of one message
 * without ever ending it is buffered by libzmq 4.3.4 outside both MAXMSGSIZE
 * (a frame's) and RCVHWM (whole messages'), and no event tells us; and whoever has no key yet may send a frame of
 * a handshake as long as any. flood.h watches for both.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "daemon/router.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/connections.h"
#include "daemon/peers.h"
#include "daemon/zap.h"

enum {
	/* Of zmq.h's draft part, so not named there, but in every 4.3 library. */
	OPTION_ZAP_ENFORCE_DOMAIN = 93,
	/* Of the context. Without it a message of a few bytes is a few bytes: with it each that waits holds on
	 * to the 18 KiB that it was received in. */
	OPTION_ZERO_COPY_RECEIVE = 10,

	/* Twice what a message may have: who is a little over the limit gets an
	 * answer that says so, rather than a connection that is cut each time. */
	FRAME_SIZE_MAX = 2 * MESSAGE_SIZE_MAX,
	/* Of one peer, in messages. Receiving: without bound, for a peer that libzmq 4.3.4 stopped reading
	 * at the mark ends this process when it goes: its engine, marked as failed, is asked for a heartbeat's answer, and
	 * asserts (stream_engine_base.cpp, out_event). What waits is taken off at once and bounded in turns.h, what is
	 * not whole yet in flood.h. Sending: libzmq notices what was read in steps of half the mark, and a turn may
	 * answer 4,096 frames of one peer at once. */
	RECEIVE_HWM = 0,
	SEND_HWM = 8192,
	BACKLOG = 1024,
	LINGER_MS = 2000,
	HANDSHAKE_MS = 10000,
	HEARTBEAT_MS = 5000,
	HEARTBEAT_TIMEOUT_MS = 15000,
	HEARTBEAT_TTL_MS = 20000,
	KEEPALIVE_IDLE_S = 60,
};

struct router {
	void *socket;
	int fd;
	char endpoint[256];
	struct peers peers;
	struct known_peer *last;  /* messages come in runs of one peer's */
	struct peer last_id;
};

static int configure(void *socket, const char *listen, const struct identity *identity)
{
	const int64_t frame_size_max = FRAME_SIZE_MAX;
	const struct { int option, value; } options[] = {
		{ ZMQ_CURVE_SERVER, 1 },
		{ OPTION_ZAP_ENFORCE_DOMAIN, 1 },
		{ ZMQ_ROUTER_MANDATORY, 1 },
		{ ZMQ_ROUTER_HANDOVER, 0 },
		{ ZMQ_RCVHWM, RECEIVE_HWM },
		{ ZMQ_SNDHWM, SEND_HWM },
		{ ZMQ_BACKLOG, BACKLOG },
		{ ZMQ_LINGER, LINGER_MS },
		{ ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS },
		{ ZMQ_HEARTBEAT_IVL, HEARTBEAT_MS },
		{ ZMQ_HEARTBEAT_TIMEOUT, HEARTBEAT_TIMEOUT_MS },
		{ ZMQ_HEARTBEAT_TTL, HEARTBEAT_TTL_MS },
		{ ZMQ_TCP_KEEPALIVE, 1 },
		{ ZMQ_TCP_KEEPALIVE_IDLE, KEEPALIVE_IDLE_S },
		{ ZMQ_IPV6, strchr(listen, '[') != NULL },
	};

	for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
		if (zmq_setsockopt(socket, options[i].option, &options[i].value, sizeof(int)))
			return -1;
	if (zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &frame_size_max, sizeof frame_size_max))
		return -1;
	/* An empty domain would turn the enforcement off again. */
	if (zmq_setsockopt(socket, ZMQ_ZAP_DOMAIN, ZAP_DOMAIN, strlen(ZAP_DOMAIN)))
		return -1;
	return zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, identity->secret_text, Z85_KEY_SIZE + 1);
}

void *router_context(void)
{
	void *context = zmq_ctx_new();

	if (context && zmq_ctx_set(context, OPTION_ZERO_COPY_RECEIVE, 0)) {
		zmq_ctx_term(context);
		return NULL;
	}
	return context;
}

int router_open(struct router **out, void *zmq_context, const char *listen,
                const struct identity *identity, char *why, size_t why_size)
{
	*out = NULL;
	if (strncmp(listen, "tcp://", 6)) {
		snprintf(why, why_size, "can't listen on %s: only tcp://HOST:PORT is served; every "
		         "connection is CURVE's, and so is the key that says who it is", listen);
		return -1;
	}
	struct router *router = calloc(1, sizeof *router);
	if (!router) {
		snprintf(why, why_size, "can't listen on %s: no memory", listen);
		return -1;
	}
	size_t fd_size = sizeof router->fd, endpoint_size = sizeof router->endpoint;
	router->socket = zmq_socket(zmq_context, ZMQ_ROUTER);
	if (!router->socket || configure(router->socket, listen, identity) ||
	    zmq_getsockopt(router->socket, ZMQ_FD, &router->fd, &fd_size) ||
	    zmq_bind(router->socket, listen) ||
	    zmq_getsockopt(router->socket, ZMQ_LAST_ENDPOINT, router->endpoint, &endpoint_size)) {
		snprintf(why, why_size, "can't listen on %s: %s", listen, zmq_strerror(errno));
		router_close(&router);
		return -1;
	}
	*out = router;
	return 0;
}

void router_close(struct router **router)
{
	if (!*router)
		return;
	if ((*router)->socket)
		zmq_close((*router)->socket);
	peers_close(&(*router)->peers);
	free(*router);
	*router = NULL;
}

const char *router_endpoint(const struct router *router)
{
	return router->endpoint;
}

void *router_socket(struct router *router)
{
	return router->socket;
}

void received_open(struct received *received)
{
	memset(received, 0, sizeof *received);
	zmq_msg_init(&received->routing_id);
	zmq_msg_init(&received->payload);
}

void received_close(struct received *received)
{
	zmq_msg_close(&received->routing_id);
	zmq_msg_close(&received->payload);
}

void received_move(struct received *to, struct received *from)
{
	/* the routing id's frame was read already: it is in `peer` */
	to->peer = from->peer;
	memcpy(to->key, from->key, PUBLIC_KEY_SIZE);
	to->frames = from->frames;
	to->malformed = from->malformed;
	to->fd = from->fd;
	to->serial = from->serial;
	zmq_msg_init(&to->routing_id);
	zmq_msg_init(&to->payload);
	zmq_msg_move(&to->payload, &from->payload);
	to->frame = slice_of(zmq_msg_data(&to->payload), zmq_msg_size(&to->payload));
}

static struct known_peer *known_peer(struct router *router, const struct peer *peer)
{
	if (!router->last || peer->size != router->last_id.size || memcmp(peer->bytes, router->last_id.bytes, peer->size)) {
		router->last = peers_find(&router->peers, peer);
		router->last_id = *peer;
	}
	return router->last;
}

/* libzmq 4.3.4 leaves the properties off a message's first frame where the
 * socket was polled before, so who sent it is read from the payload, never from
 * the routing id's frame. */
static bool proven_key(struct router *router, struct received *received)
{
	struct known_peer *known = known_peer(router, &received->peer);

	if (!known) {
		const char *user_id = zmq_msg_gets(&received->payload, "User-Id");
		if (!user_id || strlen(user_id) != Z85_KEY_SIZE || !z85_key_parse(slice_text(user_id), received->key))
			return false;
		router->last = NULL;
		known = peers_add(&router->peers, &received->peer, zmq_msg_get(&received->payload, ZMQ_SRCFD), received->key);
	}
	memcpy(received->key, known->key, PUBLIC_KEY_SIZE);
	received->fd = known->fd;
	received->serial = known->serial;
	connections_took(known->fd, known->serial, received->size);
	return true;
}

unsigned router_cut(struct router *router, const uint8_t key[static PUBLIC_KEY_SIZE])
{
	return peers_cut(&router->peers, key);
}

/* Frames of one message come together or not at all, so none is waited for. */
static enum router_result receive_frames(struct router *router, struct received *received)
{
	received->frames = 0;
	received->size = 0;
	while (zmq_msg_recv(&received->routing_id, router->socket, ZMQ_DONTWAIT) < 0) {
		if (errno == EAGAIN)
			return ROUTER_NOTHING;
		if (errno != EINTR)
			return ROUTER_FAILED;
	}
	bool more = zmq_msg_more(&received->routing_id);
	while (more) {
		zmq_msg_t extra, *frame = received->frames ? &extra : &received->payload;
		if (frame == &extra)
			zmq_msg_init(&extra);
		int size;
		do
			size = zmq_msg_recv(frame, router->socket, ZMQ_DONTWAIT);
		while (size < 0 && errno == EINTR);
		more = size >= 0 && zmq_msg_more(frame);
		received->size += size > 0 ? (size_t)size : 0;
		if (frame == &extra)
			zmq_msg_close(&extra);
		if (size < 0)
			return ROUTER_FAILED;
		received->frames++;
	}
	return ROUTER_FRAME;
}

enum router_result router_receive(struct router *router, struct received *received)
{
	enum router_result result = receive_frames(router, received);

	received->malformed = false;
	if (result != ROUTER_FRAME)
		return result;
	const uint8_t *id = zmq_msg_data(&received->routing_id);
	size_t id_size = zmq_msg_size(&received->routing_id);
	if (id_size > sizeof received->peer.bytes || !received->frames)
		return ROUTER_DROPPED;
	received->frame = slice_of(zmq_msg_data(&received->payload), zmq_msg_size(&received->payload));
	memcpy(received->peer.bytes, id, id_size);
	received->peer.size = (uint8_t)id_size;
	if (!proven_key(router, received))
		return ROUTER_DROPPED;
	if (!peer_id_given(&received->peer)) {
		received->frames = 0;
		return ROUTER_MALFORMED;
	}
	if (received->frames != 1)
		return ROUTER_MALFORMED;
	return ROUTER_FRAME;
}

static bool message_waits(struct router *router)
{
	int events = 0;
	size_t size = sizeof events;

	return !zmq_getsockopt(router->socket, ZMQ_EVENTS, &events, &size) && (events & ZMQ_POLLIN);
}

bool router_wait(struct router *router, unsigned timeout_us)
{
	/* zmq_poll counts in milliseconds, too coarse here. Its descriptor says
	 * that something happened since it was last looked at, no more. */
	struct pollfd item = { .fd = router->fd, .events = POLLIN };
	struct timespec timeout = { .tv_sec = timeout_us / 1000000, .tv_nsec = timeout_us % 1000000 * 1000 };

	if (message_waits(router))
		return true;
	return ppoll(&item, 1, &timeout, NULL) > 0 && message_waits(router);
}

bool router_send(struct router *router, const struct peer *peer, struct slice frame)
{
	int rc;

	do
		rc = zmq_send(router->socket, peer->bytes, peer->size, ZMQ_SNDMORE | ZMQ_DONTWAIT);
	while (rc < 0 && errno == EINTR);
	if (rc < 0)
		return false; /* EHOSTUNREACH: gone; EAGAIN: its queue is full */
	do
		rc = zmq_send(router->socket, frame.bytes, frame.size, ZMQ_DONTWAIT);
	while (rc < 0 && errno == EINTR);
	struct known_peer *known = known_peer(router, peer);
	if (rc >= 0 && known)
		connections_gave(known->fd, known->serial, frame.size);
	return rc >= 0;
}
