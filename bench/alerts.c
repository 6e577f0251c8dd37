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
#include <sys/epoll.h>
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

static void *connect_curve(const char *identity)
{
	void *socket = zmq_socket(context, ZMQ_DEALER);
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
	    zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, secret, 41) || zmq_connect(socket, options.server))
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
	void *socket = connect_curve(options.connector);
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
static void subscribe(void *socket, uint64_t from, uint32_t credit)
{
	uint8_t frame[80] = {0xa7, 0x7d, 1, SUBSCRIBE, [10] = 0x70, [12] = 0x80, [19] = 1}, *at = frame + 20;

	at = put_number((uint8_t *)mempcpy(at, "\x83\xA4what\xA6" "alerts\xA4" "from", 18), from);
	at = put_number((uint8_t *)mempcpy(at, "\xA6" "credit", 7), credit);
	if (zmq_send(socket, frame, (size_t)(at - frame), 0) < 0)
		fail("subscribe");
}

/* Where the log's head is. */
static uint64_t await_subscribed(void *socket)
{
	uint8_t reply[65536];
	uint64_t head = 0;
	int wait = SILENCE_MS, size;

	zmq_setsockopt(socket, ZMQ_RCVTIMEO, &wait, sizeof wait);
	do
		size = zmq_recv(socket, reply, sizeof reply, 0);
	while (size >= REPLY_HEAD && reply[3] != SUBSCRIBED); /* heartbeats */
	if (size < REPLY_HEAD || reply[STATUS_AT + 1] != 200) {
		fprintf(stderr, "bench-alerts: a subscriber is not taken: %.*s\n", size > REPLY_HEAD ? size - REPLY_HEAD : 0, (const char *)reply + REPLY_HEAD);
		exit(1);
	}
	for (unsigned i = STATUS_AT + 2; i < REPLY_HEAD; i++)
		head = head << 8 | reply[i];
	return head;
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

/* All that waits. The descriptor speaks again only once libzmq has been asked and had nothing. */
static void take_frames(struct taken *t, unsigned subscriber, void *socket)
{
	uint8_t frame[65536];
	int size, events = ZMQ_POLLIN;
	size_t events_size = sizeof events;

	while (events & ZMQ_POLLIN) {
		while ((size = zmq_recv(socket, frame, sizeof frame, ZMQ_DONTWAIT)) >= 0)
			take_frame(t, subscriber, frame, size < (int)sizeof frame ? (size_t)size : sizeof frame);
		if (zmq_getsockopt(socket, ZMQ_EVENTS, &events, &events_size))
			fail("events");
	}
}

/* By epoll over libzmq's descriptors: zmq_poll asks all five hundred each time, and would be a quarter of the work. */
static void take_alerts(void *const sockets[], struct taken *t)
{
	struct epoll_event ready[64], event = {.events = EPOLLIN};
	int fd, count, poller = epoll_create1(EPOLL_CLOEXEC);

	for (unsigned n = 0; n < options.subscribers; n++) {
		size_t fd_size = sizeof fd;

		event.data.u32 = n;
		if (zmq_getsockopt(sockets[n], ZMQ_FD, &fd, &fd_size) || epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event))
			fail("epoll");
		take_frames(t, n, sockets[n]);
	}
	while (!atomic_load(&over) || t->count < (size_t)alerts_due * options.subscribers) {
		count = epoll_wait(poller, ready, 64, SILENCE_MS);
		if (count <= 0)
			break;
		for (int i = 0; i < count; i++)
			take_frames(t, ready[i].data.u32, sockets[ready[i].data.u32]);
	}
	close(poller);
}

int main(int argc, char **argv)
{
	static const struct option names[] = {
		{"server", 1, 0, 's'}, {"server-key", 1, 0, 'k'}, {"connector", 1, 0, 'c'}, {"officer", 1, 0, 'o'}, {"subscribers", 1, 0, 'S'},
		{"rate", 1, 0, 'r'}, {"every", 1, 0, 'e'}, {"count", 1, 0, 'N'}, {"first", 1, 0, 'f'}, {0, 0, 0, 0},
	};
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
	void **sockets = calloc(options.subscribers, sizeof *sockets);
	struct taken taken = {.room = (options.count / options.every + 1) * options.subscribers};
	pthread_t marks, sleeper;
	taken.took_ns = calloc(taken.room, sizeof *taken.took_ns);
	taken.seen = calloc(options.subscribers, PUPILS / 8 + 1);
	context = zmq_ctx_new();
	if (!sockets || !taken.took_ns || !taken.seen || !context || zmq_ctx_set(context, ZMQ_MAX_SOCKETS, (int)options.subscribers + 8))
		fail("memory");
	for (unsigned n = 0; n < options.subscribers; n++) {
		sockets[n] = connect_curve(options.officer);
		subscribe(sockets[n], 1, 0);
	}
	for (unsigned n = 0; n < options.subscribers; n++) {
		subscribe(sockets[n], await_subscribed(sockets[n]) + 1, CREDIT);
		await_subscribed(sockets[n]);
	}
	uint64_t began = clock_ns();
	if (pthread_create(&sleeper, NULL, sleep_and_look, NULL) || pthread_create(&marks, NULL, send_marks, NULL))
		fail("a thread");
	take_alerts(sockets, &taken);
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
