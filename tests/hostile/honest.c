/* honest.c - connectors that push registers at a steady rate, whatever becomes of the answers.
 *
 *   hostile-honest --server ENDPOINT --server-key FILE --key FILE ... [--rate N] [--seconds S] [--classes N] [--first N]
 *
 * An open loop: each submission has its instant, and its latency counts from there, so that a daemon that stalls is
 * charged for all that should have been sent meanwhile. What has no answer after two seconds is sent again
 * under its id, and so is what was answered "not now": as every connector does. One connection a key.
 * Says `pushing NANOSECONDS` (monotonic) at the first instant; on SIGTERM or at the end, once all is answered or half a
 * minute has gone by, a line of JSON a second, and one for all.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <zmq.h>

#include "bench/key_file.h"
#include "bench/registers.h"

enum { KEYS_MAX = 64, STATUS_AT = 20, REPLY_HEAD = 30, AGAIN_MS = 2000, PATIENCE_S = 30, NS_A_MS = 1000000, SECONDS_MAX = 3600 };

struct submission { uint64_t due_ns, sent_ns, took_ns; uint8_t ms[8]; };

static void *sockets[KEYS_MAX];
static unsigned socket_count;
static struct submission *all;
static const uint64_t *order;
static size_t count, sent, done, oldest;
static uint64_t refused, again, repeated, not_now;
static volatile sig_atomic_t stopped;

static void fail(const char *what)
{
	fprintf(stderr, "hostile-honest: %s: %s\n", what, zmq_strerror(errno));
	exit(2);
}

static void on_signal(int number)
{
	(void)number;
	stopped = 1;
}

static void connect_one(void *context, const char *server, const char *server_key_file, const char *key_file)
{
	char server_key[41], public[41], secret[41];
	int none = 0, interval = 5000, timeout = 15000, back_off = 2000;
	void *socket = zmq_socket(context, ZMQ_DEALER);

	key_text(server_key_file, "", server_key);
	key_text(key_file, "public: ", public);
	key_text(key_file, "secret: ", secret);
	zmq_setsockopt(socket, ZMQ_SNDHWM, &none, sizeof none);
	zmq_setsockopt(socket, ZMQ_RCVHWM, &none, sizeof none);
	zmq_setsockopt(socket, ZMQ_LINGER, &none, sizeof none);
	zmq_setsockopt(socket, ZMQ_HEARTBEAT_IVL, &interval, sizeof interval);
	zmq_setsockopt(socket, ZMQ_HEARTBEAT_TIMEOUT, &timeout, sizeof timeout);
	zmq_setsockopt(socket, ZMQ_RECONNECT_IVL_MAX, &back_off, sizeof back_off);
	if (socket_count == KEYS_MAX || zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, server_key, 41) ||
	    zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, public, 41) || zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, secret, 41) ||
	    zmq_connect(socket, server))
		fail(server);
	sockets[socket_count++] = socket;
}

/* The id holds the time of its first sending, so that it is kept for the next. */
static void send_one(size_t i, bool first)
{
	uint8_t frame[REGISTER_SIZE_MAX];
	size_t size = register_frame(frame, (uint32_t)order[i], (uint32_t)(order[i] >> 32), i);

	if (first)
		memcpy(all[i].ms, frame + 4, 8);
	else
		memcpy(frame + 4, all[i].ms, 8);
	all[i].sent_ns = clock_ns();
	/* A class always goes the same way, so that its registers come in their order. */
	zmq_send(sockets[(uint32_t)order[i] % socket_count], frame, size, ZMQ_DONTWAIT);
}

static void take_one(const uint8_t *reply, int size)
{
	uint64_t i = register_serial(reply);
	unsigned status = (unsigned)reply[STATUS_AT] << 8 | reply[STATUS_AT + 1];

	if (size < REPLY_HEAD || i >= sent)
		fail("a reply to nothing that was asked");
	if (all[i].took_ns)
		return;
	if (status == 300) {
		not_now++;
		all[i].sent_ns = clock_ns() - (AGAIN_MS - 100) * (uint64_t)NS_A_MS; /* in a tenth of a second */
		return;
	}
	if (status == 201)
		repeated++;
	else if (status != 200 && refused++ < 3)
		fprintf(stderr, "hostile-honest: status %u: %.*s\n", status, size - REPLY_HEAD, (const char *)reply + REPLY_HEAD);
	all[i].took_ns = clock_ns();
	done++;
}

static void take_all(uint64_t wait_ms)
{
	zmq_pollitem_t items[KEYS_MAX];
	uint8_t reply[4096];
	int size;

	for (unsigned i = 0; i < socket_count; i++)
		items[i] = (zmq_pollitem_t){.socket = sockets[i], .events = ZMQ_POLLIN};
	if (zmq_poll(items, (int)socket_count, (long)wait_ms) <= 0)
		return;
	for (unsigned i = 0; i < socket_count; i++)
		while (items[i].revents && (size = zmq_recv(sockets[i], reply, sizeof reply, ZMQ_DONTWAIT)) >= 0)
			take_one(reply, size < (int)sizeof reply ? size : (int)sizeof reply);
}

static void send_again(uint64_t now)
{
	static uint64_t looked;

	while (oldest < sent && all[oldest].took_ns)
		oldest++;
	if (now - looked < 50 * (uint64_t)NS_A_MS)
		return;
	looked = now;
	for (size_t i = oldest; i < sent; i++)
		if (!all[i].took_ns && now > all[i].sent_ns + AGAIN_MS * (uint64_t)NS_A_MS) {
			again++;
			send_one(i, false);
		}
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return (x > y) - (x < y);
}

/* Of what was due in each second: how many answered in it, and how long those that were due then took. */
static void print(uint64_t began, uint64_t rate)
{
	static uint64_t acked[SECONDS_MAX];
	uint64_t *took = calloc(rate + 1, sizeof *took);
	struct rusage usage;
	size_t i = 0;

	for (size_t n = 0; n < sent; n++)
		if (all[n].took_ns && (all[n].took_ns - began) / 1000000000 < SECONDS_MAX)
			acked[(all[n].took_ns - began) / 1000000000]++;
	for (unsigned second = 0; i < sent && took; second++) {
		size_t due = 0, answered = 0;
		for (; i < sent && (all[i].due_ns - began) / 1000000000 <= second; i++, due++)
			if (all[i].took_ns && answered <= rate)
				took[answered++] = all[i].took_ns - all[i].due_ns;
		qsort(took, answered, sizeof *took, compare);
		printf("{\"second\": %u, \"due\": %zu, \"acked\": %lu, \"answered\": %zu, \"p50_ms\": %.2f, \"p99_ms\": %.2f, \"max_ms\": %.2f}\n",
		       second, due, acked[second], answered, answered ? (double)took[answered / 2] / 1e6 : 0,
		       answered ? (double)took[answered - 1 - answered / 100] / 1e6 : 0, answered ? (double)took[answered - 1] / 1e6 : 0);
	}
	getrusage(RUSAGE_SELF, &usage);
	printf("{\"sent\": %zu, \"done\": %zu, \"refused\": %lu, \"again\": %lu, \"repeated\": %lu, \"not_now\": %lu, \"cpu\": %.2f}\n",
	       sent, done, refused, again, repeated, not_now,
	       (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6);
	free(took);
}

int main(int argc, char **argv)
{
	static const struct option names[] = {
		{"server", 1, 0, 's'}, {"server-key", 1, 0, 'k'}, {"key", 1, 0, 'i'}, {"rate", 1, 0, 'r'},
		{"seconds", 1, 0, 't'}, {"classes", 1, 0, 'c'}, {"first", 1, 0, 'f'}, {0, 0, 0, 0},
	};
	const char *server = NULL, *server_key = NULL;
	uint32_t classes = 1000, first = 0;
	uint64_t rate = 2000;
	double seconds = 20;
	void *context = zmq_ctx_new();
	int key;

	while ((key = getopt_long(argc, argv, "", names, NULL)) != -1) {
		switch (key) {
		case 's': server = optarg; break;
		case 'k': server_key = optarg; break;
		case 'i': connect_one(context, server, server_key, optarg); break;
		case 'r': rate = strtoul(optarg, NULL, 10); break;
		case 't': seconds = atof(optarg); break;
		case 'c': classes = (uint32_t)atoi(optarg); break;
		case 'f': first = (uint32_t)atoi(optarg); break;
		default: return 2;
		}
	}
	count = (size_t)((double)rate * seconds);
	order = register_order(classes, first, count, 7);
	all = calloc(count, sizeof *all);
	if (!server || !server_key || !socket_count || !order || !all)
		return 2;
	signal(SIGTERM, on_signal);
	/* The handshakes are no part of it: one on each is awaited. */
	for (size_t n = 0; n < 64 && sent < count; n++)
		all[sent].due_ns = clock_ns(), send_one(sent++, true);
	while (done < sent && !stopped)
		take_all(100);
	uint64_t began = clock_ns();
	size_t start = sent;
	for (size_t n = 0; n < start; n++) /* these count for nothing */
		all[n].due_ns = all[n].took_ns = began;
	printf("pushing %lu\n", began);
	fflush(stdout);
	while (sent < count && !stopped) {
		uint64_t now = clock_ns(), due = start + (uint64_t)((double)(now - began) * (double)rate / 1e9);
		while (sent < due && sent < count) {
			all[sent].due_ns = began + (uint64_t)((double)(sent - start) * 1e9 / (double)rate);
			send_one(sent++, true);
		}
		take_all(1);
		send_again(now);
	}
	for (uint64_t now = clock_ns(), last = now; done < sent && now - last < PATIENCE_S * UINT64_C(1000000000); now = clock_ns()) {
		take_all(10);
		send_again(now);
	}
	print(began, rate);
	for (unsigned i = 0; i < socket_count; i++)
		zmq_close(sockets[i]);
	zmq_ctx_term(context);
	return done == sent && !refused ? 0 : 1;
}
