/* self_test.c - a client with a random key, watched through its socket's monitor.
 *
 * The handshake's end is all that is looked at: a client that was let in sees
 * READY, one that was refused sees ERROR with the handler's status. To wait
 * for silence instead would take long, and silence has other causes.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "daemon/self_test.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <zmq.h>

enum { KNOCK_MS = 3000 };

/* The address to knock at: a wildcard is no address to connect to. */
static void knock_at(char *out, size_t out_size, const char *endpoint)
{
	const char *port = strrchr(endpoint, ':');

	if (!strncmp(endpoint, "tcp://0.0.0.0:", 14))
		snprintf(out, out_size, "tcp://127.0.0.1%s", port);
	else if (!strncmp(endpoint, "tcp://[::]:", 11))
		snprintf(out, out_size, "tcp://[::1]%s", port);
	else
		snprintf(out, out_size, "%s", endpoint);
}

enum { MONITOR_SIZE = 80 };

static int open_client(void *client, const char *endpoint, const struct identity *server,
                       char monitor_endpoint[static MONITOR_SIZE])
{
	char public_text[Z85_KEY_SIZE + 1], secret_text[Z85_KEY_SIZE + 1], address[256];
	const int off = 0, never = -1, ipv6 = strchr(endpoint, '[') != NULL;

	knock_at(address, sizeof address, endpoint);
	if (zmq_curve_keypair(public_text, secret_text) ||
	    zmq_setsockopt(client, ZMQ_LINGER, &off, sizeof off) ||
	    zmq_setsockopt(client, ZMQ_IPV6, &ipv6, sizeof ipv6) ||
	    zmq_setsockopt(client, ZMQ_RECONNECT_IVL, &never, sizeof never) ||
	    zmq_setsockopt(client, ZMQ_CURVE_SERVERKEY, server->public_text, Z85_KEY_SIZE + 1) ||
	    zmq_setsockopt(client, ZMQ_CURVE_PUBLICKEY, public_text, Z85_KEY_SIZE + 1) ||
	    zmq_setsockopt(client, ZMQ_CURVE_SECRETKEY, secret_text, Z85_KEY_SIZE + 1))
		return -1;
	/* A name that no earlier test still holds: libzmq lets go of one in its own time. */
	snprintf(monitor_endpoint, MONITOR_SIZE, "inproc://attend-self-test-%s", public_text);
	if (zmq_socket_monitor(client, monitor_endpoint, ZMQ_EVENT_ALL))
		return -1;
	return zmq_connect(client, address);
}

/* The next event's number, or 0 at the deadline. An event is two frames:
 * number u16 and value u32 in the host's order, then the address. */
static unsigned next_event(void *monitor, uint32_t *value)
{
	uint8_t head[6];
	uint16_t event;
	char address[256];

	if (zmq_recv(monitor, head, sizeof head, 0) != sizeof head)
		return 0;
	memcpy(&event, head, sizeof event);
	memcpy(value, head + 2, sizeof *value);
	zmq_recv(monitor, address, sizeof address, 0);
	return event;
}

static enum self_test_result watch(void *monitor, char *why, size_t why_size)
{
	struct timespec start, now;
	unsigned event;
	uint32_t value = 0;

	clock_gettime(CLOCK_MONOTONIC, &start);
	while ((event = next_event(monitor, &value))) {
		switch (event) {
		case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
			snprintf(why, why_size, "a key made at random was let in: refusing to serve");
			return SELF_TEST_ADMITTED;
		case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
			return SELF_TEST_REFUSED;
		case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
		case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
		case ZMQ_EVENT_CLOSED:
		case ZMQ_EVENT_DISCONNECTED:
			snprintf(why, why_size, "whether a random key is refused could not be seen "
			         "(socket event %u, %u): refusing to serve", event, value);
			return SELF_TEST_UNKNOWN;
		default:
			break;
		}
		clock_gettime(CLOCK_MONOTONIC, &now);
		if ((now.tv_sec - start.tv_sec) * 1000 > KNOCK_MS)
			break;
	}
	snprintf(why, why_size, "whether a random key is refused was not seen within %u ms: "
	         "refusing to serve", (unsigned)KNOCK_MS);
	return SELF_TEST_UNKNOWN;
}

enum self_test_result self_test(void *zmq_context, const char *endpoint,
                                const struct identity *server, char *why, size_t why_size)
{
	enum self_test_result result = SELF_TEST_UNKNOWN;
	const int off = 0, timeout_ms = KNOCK_MS;
	char monitor_endpoint[MONITOR_SIZE];
	void *client = zmq_socket(zmq_context, ZMQ_DEALER);
	void *monitor = zmq_socket(zmq_context, ZMQ_PAIR);

	if (!client || !monitor || open_client(client, endpoint, server, monitor_endpoint) ||
	    zmq_setsockopt(monitor, ZMQ_LINGER, &off, sizeof off) ||
	    zmq_setsockopt(monitor, ZMQ_RCVTIMEO, &timeout_ms, sizeof timeout_ms) ||
	    zmq_connect(monitor, monitor_endpoint))
		snprintf(why, why_size, "the self-test can't start: %s", zmq_strerror(errno));
	else
		result = watch(monitor, why, why_size);
	if (client) {
		zmq_socket_monitor(client, NULL, 0);
		zmq_close(client);
	}
	if (monitor)
		zmq_close(monitor);
	return result;
}
