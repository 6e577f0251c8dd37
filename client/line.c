/* SPDX-License-Identifier: Apache-2.0 */
#include "client/line.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <zmq.h>

#include "client/connection.h"

enum {
	HEARTBEAT_MS = 2000,
	HEARTBEAT_TIMEOUT_MS = 6000,
	RECONNECT_MS = 100,
	RECONNECT_MOST_MS = 30000,
	CONNECT_TIMEOUT_MS = 5000,
	HANDSHAKE_MS = 5000,
	LINGER_MS = 500, /* for the last cursor or unsubscribe */
};

/* One context a process: libsodium under libzmq is closed with a context, and
 * several can crash each other (libzmq bcb659e0). */
static pthread_mutex_t context_lock = PTHREAD_MUTEX_INITIALIZER;
static void *context;
static unsigned context_users, monitors;

static void *context_take(unsigned *number)
{
	pthread_mutex_lock(&context_lock);
	if (!context)
		context = zmq_ctx_new();
	void *taken = context;
	if (taken) {
		context_users++;
		*number = ++monitors;
	}
	pthread_mutex_unlock(&context_lock);
	return taken;
}

static void context_give(void)
{
	pthread_mutex_lock(&context_lock);
	if (--context_users == 0) {
		void *last = context;
		context = NULL;
		while (zmq_ctx_term(last) < 0 && errno == EINTR)
			;
	}
	pthread_mutex_unlock(&context_lock);
}

static int set_int(void *socket, int option, int value)
{
	return zmq_setsockopt(socket, option, &value, sizeof value);
}

static int set_options(void *socket, const char *server_key, const struct identity *identity)
{
	int64_t size_max = MESSAGE_SIZE_MAX;
	/* A start of its own for each client spreads those who lost the same daemon. */
	int reconnect = RECONNECT_MS + (int)(connection_random() % RECONNECT_MS);
	if (set_int(socket, ZMQ_LINGER, LINGER_MS) || set_int(socket, ZMQ_IMMEDIATE, 1) ||
	    set_int(socket, ZMQ_HEARTBEAT_IVL, HEARTBEAT_MS) ||
	    set_int(socket, ZMQ_HEARTBEAT_TIMEOUT, HEARTBEAT_TIMEOUT_MS) ||
	    set_int(socket, ZMQ_HEARTBEAT_TTL, HEARTBEAT_TIMEOUT_MS) ||
	    set_int(socket, ZMQ_RECONNECT_IVL, reconnect) ||
	    set_int(socket, ZMQ_RECONNECT_IVL_MAX, RECONNECT_MOST_MS) ||
	    set_int(socket, ZMQ_CONNECT_TIMEOUT, CONNECT_TIMEOUT_MS) ||
	    set_int(socket, ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS) ||
	    zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &size_max, sizeof size_max) ||
	    zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, server_key, Z85_KEY_SIZE + 1) ||
	    zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, identity->public_text, Z85_KEY_SIZE + 1) ||
	    zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, identity->secret_text, Z85_KEY_SIZE + 1))
		return errno;
	return 0;
}

int line_open(const char *endpoint, const char *server_key, const struct identity *identity, void **socket, void **monitor)
{
	unsigned number;
	*socket = *monitor = NULL;
	void *shared = context_take(&number);
	if (!shared)
		return ENOMEM;
	char news[64];
	snprintf(news, sizeof news, "inproc://attend-line-%u", number);
	*socket = zmq_socket(shared, ZMQ_DEALER);
	*monitor = zmq_socket(shared, ZMQ_PAIR);
	int failed = *socket && *monitor ? set_options(*socket, server_key, identity) : errno;
	if (!failed && (set_int(*monitor, ZMQ_LINGER, 0) ||
	                zmq_socket_monitor(*socket, news, ZMQ_EVENT_ALL) || zmq_connect(*monitor, news) ||
	                zmq_connect(*socket, endpoint)))
		failed = errno;
	if (!failed)
		return 0;
	if (*monitor)
		zmq_close(*monitor);
	if (*socket)
		zmq_close(*socket);
	*socket = *monitor = NULL;
	context_give();
	return failed;
}

void line_close(void **socket, void **monitor)
{
	if (!*socket)
		return;
	zmq_socket_monitor(*socket, NULL, 0);
	zmq_close(*monitor);
	zmq_close(*socket);
	*socket = *monitor = NULL;
	context_give();
}

static enum line_news news_of(uint16_t event)
{
	switch (event) {
	case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
		return LINE_UP;
	case ZMQ_EVENT_DISCONNECTED:
		return LINE_LOST;
	case ZMQ_EVENT_CLOSED:
	case ZMQ_EVENT_CONNECT_RETRIED:
		return LINE_NOBODY;
	case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
		return LINE_KEY_REFUSED;
	case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
	case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
		return LINE_HANDSHAKE_CUT;
	default:
		return LINE_NO_NEWS;
	}
}

enum line_news line_read(void *monitor)
{
	/* Each piece is two frames: event and value, then the address. Those that
	 * say nothing here are passed over. */
	for (;;) {
		uint8_t head[6];
		char address[256];
		if (zmq_recv(monitor, head, sizeof head, ZMQ_DONTWAIT) < 0)
			return LINE_NO_NEWS;
		if (zmq_recv(monitor, address, sizeof address, ZMQ_DONTWAIT) < 0)
			return LINE_NO_NEWS;
		uint16_t event;
		memcpy(&event, head, sizeof event); /* in the machine's own order */
		enum line_news news = news_of(event);
		if (news != LINE_NO_NEWS)
			return news;
	}
}
