/* alerts.c - how long it takes from a mark to its alert at each of many subscribers.
 *
 *   bench-alerts --server ENDPOINT --server-key FILE --connector FILE --officer FILE
 *                [--subscribers N] [--rate N] [--every N] [--count N] [--first SESSION]
 *
 * A store by alerts.yaml, whose pupils are known (by a first run with an --every above its --count). Registers in which all are present go out at --rate a second, by
 * the clock and whatever comes back; in each Nth (--every) another pupil is away without leave, which raises an alert.
 * Each of the subscribers has a connection of its own. Of each alert at each of them, the time since its mark was to be sent.
 * Ends with 1 where an alert is missing, or comes twice. Beside it, what the machine does to whoever waits: how late a
 * thread wakes that sleeps for a millisecond, meanwhile.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

#include "bench/key_file.h"
#include "bench/registers.h"

enum {
	CLASSES = 3334, PUPILS = CLASSES * REGISTER_MARKS, MARK_SIZE = 17, CREDIT = 100000,
	SUBSCRIBE = 0x30, SUBSCRIBED = 0xb0, ITEMS = 0xb4, REPLY_HEAD = 30, STATUS_AT = 20, SILENCE_MS = 5000, SLEPT_MAX = 1 << 20,
};

static struct {
	const char *server, *server_key, *connector, *officer;
	unsigned subscribers, every;
	uint64_t rate;
	size_t count;
	uint32_t first;
} options = {.subscribers = 500, .every = 100, .rate = 10000, .count = 30000, .first = 1};

static void *context;
static uint64_t due_ns[PUPILS];      /* when the mark that raises the pupil's alert was to be sent; 0: none does */
static _Atomic unsigned alerts_due;
static _Atomic bool over;
static uint64_t slept_ns[SLEPT_MAX];
static size_t slept;

static void fail(const char *what)
{
	fprintf(stderr, "bench-alerts: %s: %s\n", what, zmq_strerror(errno));
	exit(2);
}

/* As often as said; each connection has its own four bytes where it is of a ROUTER. */
static void *connect_curve(int kind, const char *identity, uint32_t connections)
{
	void *socket = zmq_socket(context, kind);
	char server[41], public[41], secret[41];
	int none = 0;

	if (!socket)
		fail("a socket");
	key_text(options.server_key, "", server);
	key_text(identity, "public: ", public);
	key_text(identity, "secret: ", secret);
	zmq_setsockopt(socket, ZMQ_SNDHWM, &none, sizeof none);
	zmq_setsockopt(socket, ZMQ_RCVHWM, &none, sizeof none);
	zmq_setsockopt(socket, ZMQ_LINGER, &none, sizeof none);
	if (zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, server, 41) || zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, public, 41) ||
	    zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, secret, 41))
		fail("keys");
	for (uint32_t n = 0; n < connections; n++)
		if ((kind == ZMQ_ROUTER && zmq_setsockopt(socket, ZMQ_CONNECT_ROUTING_ID, &n, sizeof n)) || zmq_connect(socket, options.server))
			fail(options.server);
	return socket;
}

/* ---- the marks ---- */

static void sleep_until(uint64_t ns)
{
	struct timespec at = {.tv_sec = (time_t)(ns / 1000000000), .tv_nsec = (long)(ns % 1000000000)};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR)
		continue;
}

/* All are there, but for `away`, from 0; REGISTER_MARKS: nobody is away. */
static void set_codes(uint8_t *frame, size_t size, uint32_t session, unsigned away)
{
	for (unsigned i = 0; i < REGISTER_MARKS; i++)
		frame[size - (REGISTER_MARKS - i) * MARK_SIZE + MARK_SIZE - 1] = i == away ? 'O' : session % 2 ? '\\' : '/';
}

static void *send_marks(void *unused)
{
	uint8_t frame[REGISTER_SIZE_MAX], reply[4096];
	uint64_t *order = register_order(CLASSES, options.first, options.count, 1), began = clock_ns() + 1000000;
	void *socket = connect_curve(ZMQ_DEALER, options.connector, 1);
	size_t taken = 0, refused = 0, sent = 0;
	int size;

	(void)unused;
	if (!order)
		fail("memory");
	while (taken < options.count) {
		/* a millisecond's worth at a time */
		uint64_t now = clock_ns(), wanted = now < began ? 0 : (now - began) * options.rate / 1000000000;

		for (; sent < options.count && sent < wanted; sent++) {
			uint32_t class = (uint32_t)order[sent], session = (uint32_t)(order[sent] >> 32);
			/* another one of the class each session, so that nobody is told of twice */
			unsigned away = sent % options.every < options.every - 1 ? REGISTER_MARKS : session % REGISTER_MARKS;
			size_t bytes = register_frame(frame, class, session, sent);

			set_codes(frame, bytes, session, away);
			if (away < REGISTER_MARKS) {
				due_ns[class * REGISTER_MARKS + away] = began + sent * 1000000000 / options.rate;
				alerts_due++;
			}
			if (zmq_send(socket, frame, bytes, 0) < 0)
				fail("send");
		}
		while ((size = zmq_recv(socket, reply, sizeof reply, ZMQ_DONTWAIT)) >= 0) {
			taken++;
			refused += size < REPLY_HEAD || ((unsigned)reply[STATUS_AT] << 8 | reply[STATUS_AT + 1]) != 200;
		}
		if (clock_ns() > began + options.count * 1000000000 / options.rate + (uint64_t)SILENCE_MS * 1000000)
			break;
		sleep_until(clock_ns() + 500000);
	}
	if (refused || taken < options.count) {
		fprintf(stderr, "bench-alerts: %zu of %zu submissions answered, %zu not taken\n", taken, options.count, refused);
		exit(1);
	}
	atomic_store(&over, true);
	zmq_close(socket);
	free(order);
	return NULL;
}

/* What the machine, as it is, lets nobody do better. */
static void *sleep_and_look(void *unused)
{
	(void)unused;
	while (!atomic_load(&over) && slept < SLEPT_MAX) {
		uint64_t at = clock_ns() + 1000000;

		sleep_until(at);
		slept_ns[slept++] = clock_ns() - at;
	}
	return NULL;
}

/* ---- the alerts ---- */

static uint8_t *put_number(uint8_t *at, uint64_t value)
{
	unsigned bytes = value < 0x80 ? 0 : value < 0x100 ? 1 : value < 0x10000 ? 2 : value >> 32 ? 8 : 4;

	if (!bytes) {
		*at++ = (uint8_t)value;
		return at;
	}
	*at++ = bytes == 1 ? 0xcc : bytes == 2 ? 0xcd : bytes == 4 ? 0xce : 0xcf;
	while (bytes-- > 0)
		*at++ = (uint8_t)(value >> 8 * bytes);
	return at;
}

/* From `from` on; under the same id again, it begins anew. */
static void subscribe(void *socket, uint32_t n, uint64_t from, uint32_t credit)
{
	uint8_t frame[80] = {0xa7, 0x7d, 1, SUBSCRIBE, [10] = 0x70, [12] = 0x80, [19] = 1}, *at = frame + 20;

	at = put_number((uint8_t *)mempcpy(at, "\x83\xA4what\xA6" "alerts\xA4" "from", 18), from);
	at = put_number((uint8_t *)mempcpy(at, "\xA6" "credit", 7), credit);
	if (zmq_send(socket, &n, sizeof n, ZMQ_SNDMORE) < 0 || zmq_send(socket, frame, (size_t)(at - frame), 0) < 0)
		fail("subscribe");
}

/* What came to one of the connections, and which; -1: nothing within the time. */
static int receive(void *socket, uint32_t *n, uint8_t *frame, size_t room)
{
	int size;

	if (zmq_recv(socket, n, sizeof *n, 0) != sizeof *n || (size = zmq_recv(socket, frame, room, 0)) < 0)
		return -1;
	return size < (int)room ? size : (int)room;
}

/* Until each is taken; from there on where the log's head was then: told to each. */
static void await_subscribed(void *socket, uint64_t heads[])
{
	uint8_t reply[65536];
	uint32_t n;
	int size;

	for (unsigned left = options.subscribers; left;) {
		size = receive(socket, &n, reply, sizeof reply);
		if (size >= REPLY_HEAD && reply[3] != SUBSCRIBED) /* a heartbeat */
			continue;
		if (size < REPLY_HEAD || reply[STATUS_AT + 1] != 200) {
			fprintf(stderr, "bench-alerts: a subscriber is not taken: %.*s\n", size > REPLY_HEAD ? size - REPLY_HEAD : 0,
				(const char *)reply + REPLY_HEAD);
			exit(1);
		}
		heads[n] = 0;
		for (unsigned i = STATUS_AT + 2; i < REPLY_HEAD; i++)
			heads[n] = heads[n] << 8 | reply[i];
		left--;
	}
}

static unsigned digits(const uint8_t *at, unsigned count)
{
	unsigned value = 0;

	while (count--)
		value = value * 10 + (unsigned)(*at++ - '0');
	return value;
}

/* The pupils named in an items frame, as registers.c makes their UPNs. */
static unsigned pupils_in(const uint8_t *bytes, size_t size, uint32_t pupils[], unsigned room)
{
	static const uint8_t key[] = {0xa3, 'u', 'p', 'n', 0xad};
	const uint8_t *at = bytes, *end = bytes + size;
	unsigned count = 0;

	while (count < room && (at = memmem(at, (size_t)(end - at), key, sizeof key)) && end - at >= (long)sizeof key + 13) {
		at += sizeof key;
		pupils[count++] = (digits(at + 4, 4) - 1000) * SCHOOL_CLASSES * REGISTER_MARKS + (digits(at + 8, 2) - 19) * 1000 + digits(at + 10, 3);
	}
	return count;
}

struct taken {
	uint8_t *seen;               /* by subscriber, a bit a pupil */
	uint64_t *took_ns;
	size_t count, room;
};

static void take_frame(struct taken *t, unsigned subscriber, const uint8_t *frame, size_t size)
{
	uint64_t now = clock_ns();
	uint32_t pupils[256];
	unsigned found = frame[3] == ITEMS ? pupils_in(frame, size, pupils, 256) : 0;

	for (unsigned i = 0; i < found; i++) {
		uint8_t *byte = &t->seen[(size_t)subscriber * (PUPILS / 8 + 1) + pupils[i] / 8], bit = (uint8_t)(1u << pupils[i] % 8);

		if (pupils[i] >= PUPILS || !due_ns[pupils[i]] || *byte & bit || t->count == t->room) {
			fprintf(stderr, "bench-alerts: subscriber %u is told of a pupil twice, or of another\n", subscriber);
			exit(1);
		}
		*byte |= bit;
		t->took_ns[t->count++] = now - due_ns[pupils[i]];
	}
}

static void take_alerts(void *socket, struct taken *t)
{
	uint8_t frame[65536];
	uint32_t n;
	int size;

	while (!atomic_load(&over) || t->count < (size_t)alerts_due * options.subscribers) {
		size = receive(socket, &n, frame, sizeof frame);
		if (size < 0)
			break;
		take_frame(t, n, frame, (size_t)size);
	}
}

int main(int argc, char **argv)
{
	static const struct option names[] = {
		{"server", 1, 0, 's'}, {"server-key", 1, 0, 'k'}, {"connector", 1, 0, 'c'}, {"officer", 1, 0, 'o'}, {"subscribers", 1, 0, 'S'},
		{"rate", 1, 0, 'r'}, {"every", 1, 0, 'e'}, {"count", 1, 0, 'N'}, {"first", 1, 0, 'f'}, {0, 0, 0, 0},
	};
	const int silence_ms = SILENCE_MS;
	int key;

	while ((key = getopt_long(argc, argv, "", names, NULL)) != -1) {
		switch (key) {
		case 's': options.server = optarg; break;
		case 'k': options.server_key = optarg; break;
		case 'c': options.connector = optarg; break;
		case 'o': options.officer = optarg; break;
		case 'S': options.subscribers = (unsigned)strtoul(optarg, NULL, 10); break;
		case 'r': options.rate = strtoul(optarg, NULL, 10); break;
		case 'e': options.every = (unsigned)strtoul(optarg, NULL, 10); break;
		case 'N': options.count = strtoul(optarg, NULL, 10); break;
		case 'f': options.first = (uint32_t)strtoul(optarg, NULL, 10); break;
		default: return 2;
		}
	}
	if (!options.server || !options.server_key || !options.connector || !options.officer || !options.subscribers || !options.rate ||
	    !options.every || !options.count || options.count / CLASSES >= REGISTER_MARKS) {
		fprintf(stderr, "usage: bench-alerts --server ENDPOINT --server-key FILE --connector FILE --officer FILE\n"
		        "       [--subscribers N] [--rate N] [--every N] [--count N] [--first SESSION]\n");
		return 2;
	}
	uint64_t *heads = calloc(options.subscribers, sizeof *heads);
	struct taken taken = {.room = (options.count / options.every + 1) * options.subscribers};
	pthread_t marks, sleeper;
	taken.took_ns = calloc(taken.room, sizeof *taken.took_ns);
	taken.seen = calloc(options.subscribers, PUPILS / 8 + 1);
	context = zmq_ctx_new();
	if (!heads || !taken.took_ns || !taken.seen || !context)
		fail("memory");
	/* one socket and all their connections: five hundred sockets would each wake the thread that reads them */
	void *subscribers = connect_curve(ZMQ_ROUTER, options.officer, options.subscribers);
	zmq_setsockopt(subscribers, ZMQ_RCVTIMEO, &silence_ms, sizeof silence_ms);
	for (unsigned n = 0; n < options.subscribers; n++)
		subscribe(subscribers, n, 1, 0);
	await_subscribed(subscribers, heads);
	for (unsigned n = 0; n < options.subscribers; n++)
		subscribe(subscribers, n, heads[n] + 1, CREDIT);
	await_subscribed(subscribers, heads);
	uint64_t began = clock_ns();
	if (pthread_create(&sleeper, NULL, sleep_and_look, NULL) || pthread_create(&marks, NULL, send_marks, NULL))
		fail("a thread");
	take_alerts(subscribers, &taken);
	pthread_join(marks, NULL);
	pthread_join(sleeper, NULL);
	if (taken.count != (size_t)alerts_due * options.subscribers) {
		fprintf(stderr, "bench-alerts: %zu of %zu alerts came\n", taken.count, (size_t)alerts_due * options.subscribers);
		return 1;
	}
	if (!taken.count) /* the pupils are known now, which was all of it */
		return 0;
	run_print("alerts", options.subscribers, taken.count, clock_ns() - began, taken.took_ns, 0);
	run_print("sleeping", 1, slept, clock_ns() - began, slept_ns, 0);
	return 0;
}
