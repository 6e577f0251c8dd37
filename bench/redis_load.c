/* redis_load.c - the same bytes to Redis: XADD over one connection, W on their way.
 *
 *   bench-redis-load SOCKET-PATH WINDOW COUNT
 *
 * Plain RESP over a UNIX socket, which costs Redis less than TCP would, and no
 * encryption: what is compared is in Redis' favour.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "bench/registers.h"

enum { CLASSES = 3334, ROOM = 1 << 20, COMMAND_MAX = REGISTER_SIZE_MAX + 64 };

struct link {
	int fd;
	uint8_t out[ROOM];
	size_t out_at, out_size;
	bool half; /* the length line of a reply was read, its value not */
	bool line_start;
	size_t sent, done, count;
	uint64_t *sent_ns, *took_ns;
	const uint64_t *order;
};

static void fail(const char *what)
{
	fprintf(stderr, "bench-redis-load: %s: %s\n", what, strerror(errno));
	exit(2);
}

static void queue_one(struct link *l)
{
	uint8_t frame[REGISTER_SIZE_MAX];
	uint64_t entry = l->order[l->sent];
	size_t size = register_frame(frame, (uint32_t)entry, (uint32_t)(entry >> 32), l->sent);
	uint8_t *at = l->out + l->out_size;
	int head = sprintf((char *)at, "*5\r\n$4\r\nXADD\r\n$5\r\nmarks\r\n$1\r\n*\r\n$1\r\nb\r\n$%zu\r\n", size);

	memcpy(at + head, frame, size);
	memcpy(at + head + size, "\r\n", 2);
	l->out_size += (size_t)head + size + 2;
	l->sent_ns[l->sent++] = clock_ns();
}

static void flush(struct link *l)
{
	while (l->out_at < l->out_size) {
		ssize_t wrote = send(l->fd, l->out + l->out_at, l->out_size - l->out_at, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (wrote < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (wrote < 0)
			fail("send");
		l->out_at += (size_t)wrote;
	}
	l->out_at = l->out_size = 0;
}

/* A reply is two lines, "$15" and the entry's id; a line that starts with '-' is an error. */
static void take(struct link *l)
{
	char in[65536];
	ssize_t size = recv(l->fd, in, sizeof in, MSG_DONTWAIT);

	if (size < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (size <= 0)
		fail("receive");
	for (ssize_t i = 0; i < size; i++) {
		if (l->line_start && in[i] == '-') {
			fprintf(stderr, "bench-redis-load: %.*s\n", (int)(size - i), in + i);
			exit(1);
		}
		l->line_start = in[i] == '\n';
		if (in[i] != '\n')
			continue;
		if (l->half) {
			l->took_ns[l->done] = clock_ns() - l->sent_ns[l->done];
			l->done++;
		}
		l->half = !l->half;
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	static struct link l = {.line_start = true};

	if (argc != 4 || strlen(argv[1]) >= sizeof address.sun_path) {
		fprintf(stderr, "usage: bench-redis-load SOCKET-PATH WINDOW COUNT\n");
		return 2;
	}
	strcpy(address.sun_path, argv[1]);
	unsigned window = (unsigned)strtoul(argv[2], NULL, 10);
	l.count = strtoul(argv[3], NULL, 10);
	l.order = register_order(CLASSES, 0, l.count, 1);
	l.sent_ns = calloc(l.count + 1, sizeof *l.sent_ns);
	l.took_ns = calloc(l.count + 1, sizeof *l.took_ns);
	l.fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (!l.count || !window || !l.order || !l.sent_ns || !l.took_ns || l.fd < 0 ||
	    connect(l.fd, (struct sockaddr *)&address, sizeof address))
		fail(argv[1]);
	uint64_t began = clock_ns();
	while (l.done < l.count) {
		while (l.sent < l.count && l.sent - l.done < window && l.out_size + COMMAND_MAX < ROOM)
			queue_one(&l);
		flush(&l);
		struct pollfd poller = {.fd = l.fd, .events = (short)(POLLIN | (l.out_size ? POLLOUT : 0))};
		if (poll(&poller, 1, 30000) <= 0)
			fail("no answer");
		take(&l);
	}
	run_print("redis", window, l.count, clock_ns() - began, l.took_ns, 0);
	return 0;
}
