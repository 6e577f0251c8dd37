/* zap.c - a REP socket in a thread of its own.
 *
 *   request: version "1.0" | request id | domain | address | routing id | mechanism | key
 *   reply:   version "1.0" | request id | status | text | User-Id | metadata
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "daemon/zap.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <zmq.h>

#include "daemon/connections.h"

enum {
	ZAP_FRAMES = 7,
	ZAP_FRAME_SIZE_MAX = 255, /* what a ZeroMQ routing id may have; nothing else is longer */
};

enum zap_frame { VERSION, REQUEST_ID, DOMAIN, ADDRESS, ROUTING_ID, MECHANISM, CREDENTIALS };

struct zap {
	void *socket;  /* the thread's, once it runs */
	struct known_keys *known;
	pthread_t thread;
	int stop_fd;
	atomic_uint_fast64_t refused;
};

struct request {
	uint8_t bytes[ZAP_FRAMES][ZAP_FRAME_SIZE_MAX];
	size_t sizes[ZAP_FRAMES];
	bool malformed;
};

static bool is(const struct request *request, enum zap_frame frame, const char *text)
{
	return request->sizes[frame] == strlen(text) &&
	       !memcmp(request->bytes[frame], text, request->sizes[frame]);
}

/* False: nothing came (the context ends, or a signal). */
static bool receive(void *socket, struct request *request)
{
	int more = 1;

	memset(request, 0, sizeof *request);
	for (unsigned i = 0; more; i++) {
		uint8_t spare[ZAP_FRAME_SIZE_MAX];
		uint8_t *room = i < ZAP_FRAMES ? request->bytes[i] : spare;
		int size = zmq_recv(socket, room, ZAP_FRAME_SIZE_MAX, ZMQ_DONTWAIT);
		if (size < 0)
			return false;
		if (i < ZAP_FRAMES)
			request->sizes[i] = (size_t)size;
		if (i >= ZAP_FRAMES || size > ZAP_FRAME_SIZE_MAX)
			request->malformed = true;
		size_t more_size = sizeof more;
		if (zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &more_size))
			return false;
		if (!more && i + 1 < ZAP_FRAMES)
			request->malformed = true;
	}
	return true;
}

static bool admit(struct zap *zap, const struct request *request)
{
	return !request->malformed && is(request, VERSION, "1.0") && is(request, DOMAIN, ZAP_DOMAIN) &&
	       is(request, MECHANISM, "CURVE") && request->sizes[CREDENTIALS] == PUBLIC_KEY_SIZE &&
	       known_keys_has(zap->known, request->bytes[CREDENTIALS]);
}

static void answer(struct zap *zap, const struct request *request)
{
	char user_id[Z85_KEY_SIZE + 1] = "";
	bool admitted = admit(zap, request);
	size_t id_size = request->malformed ? 0 : request->sizes[REQUEST_ID];

	if (admitted) {
		char address[ZAP_FRAME_SIZE_MAX + 1] = "";
		memcpy(address, request->bytes[ADDRESS], request->sizes[ADDRESS]);
		connections_known_address(address);
		z85_key_text(user_id, request->bytes[CREDENTIALS]);
	} else
		atomic_fetch_add_explicit(&zap->refused, 1, memory_order_relaxed);
	/* A REP socket drops a reply whose asker has gone; that is no failure. */
	zmq_send(zap->socket, "1.0", 3, ZMQ_SNDMORE);
	zmq_send(zap->socket, request->bytes[REQUEST_ID], id_size, ZMQ_SNDMORE);
	zmq_send(zap->socket, admitted ? "200" : "400", 3, ZMQ_SNDMORE);
	zmq_send_const(zap->socket, admitted ? "OK" : "unknown key", admitted ? 2 : 11, ZMQ_SNDMORE);
	zmq_send(zap->socket, user_id, strlen(user_id), ZMQ_SNDMORE);
	zmq_send(zap->socket, "", 0, 0);
}

static void *answer_all(void *context)
{
	struct zap *zap = context;
	zmq_pollitem_t items[] = {
		{ .socket = zap->socket, .events = ZMQ_POLLIN },
		{ .fd = zap->stop_fd, .events = ZMQ_POLLIN },
	};

	for (;;) {
		struct request request;
		int ready = zmq_poll(items, 2, -1);
		if (ready < 0 && errno != EINTR)
			break;
		if (ready < 0)
			continue;
		if (items[1].revents)
			break;
		while (receive(zap->socket, &request))
			answer(zap, &request);
	}
	/* Closing alone unbinds later, in libzmq's own time; a handshake that came
	 * between would wait for an answer that never comes. */
	zmq_unbind(zap->socket, "inproc://zeromq.zap.01");
	zmq_close(zap->socket);
	return NULL;
}

int zap_open(struct zap **out, void *zmq_context, struct known_keys *known, char *why, size_t why_size)
{
	struct zap *zap = calloc(1, sizeof *zap);
	int linger = 0, error;

	*out = NULL;
	if (!zap) {
		snprintf(why, why_size, "the handshake handler can't start: no memory");
		return -1;
	}
	zap->known = known;
	atomic_init(&zap->refused, 0);
	zap->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (zap->stop_fd < 0)
		goto no_eventfd;
	zap->socket = zmq_socket(zmq_context, ZMQ_REP);
	if (!zap->socket)
		goto no_socket;
	/* Bound here and not in the thread: whoever calls may bind the server next. */
	if (zmq_setsockopt(zap->socket, ZMQ_LINGER, &linger, sizeof linger) ||
	    zmq_bind(zap->socket, "inproc://zeromq.zap.01"))
		goto no_thread;
	errno = pthread_create(&zap->thread, NULL, answer_all, zap);
	if (errno)
		goto no_thread;
	*out = zap;
	return 0;

no_thread:
	error = errno;
	zmq_close(zap->socket);
	errno = error;
no_socket:
	error = errno;
	close(zap->stop_fd);
	errno = error;
no_eventfd:
	snprintf(why, why_size, "the handshake handler can't start: %s", zmq_strerror(errno));
	free(zap);
	return -1;
}

void zap_close(struct zap **zap)
{
	if (!*zap)
		return;
	eventfd_write((*zap)->stop_fd, 1);
	pthread_join((*zap)->thread, NULL);
	close((*zap)->stop_fd);
	free(*zap);
	*zap = NULL;
}

uint64_t zap_refused(struct zap *zap)
{
	return atomic_load_explicit(&zap->refused, memory_order_relaxed);
}
