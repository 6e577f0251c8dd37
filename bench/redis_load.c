/* redis_load.c - the same bytes to Redis: XADD over one connection, W on their way; or over several, each with its part of both.
 *
 *   bench-redis-load SOCKET-PATH WINDOW COUNT [CONNECTIONS]
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

enum { CLASSES = 3334, ROOM = 1 << 20, COMMAND_MAX = REGISTER_SIZE_MAX + 64, CONNECTIONS_MAX = 1000 };

struct link {
	int fd;
	uint8_t out[ROOM];
	size_t out_at, out_size;
	bool half; /* the length line of a reply was read, its value not */
	bool line_start;
	size_t sent, done, end; /* of the order, from where its part begins */
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

static void open_link(struct link *l, const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	strcpy(address.sun_path, path);
	l->line_start = true;
	l->fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (l->fd < 0 || connect(l->fd, (struct sockaddr *)&address, sizeof address))
		fail(path);
}

static bool push(struct link *l, unsigned window)
{
	while (l->sent < l->end && l->sent - l->done < window && l->out_size + COMMAND_MAX < ROOM)
		queue_one(l);
	flush(l);
	return l->done < l->end;
}

int main(int argc, char **argv)
{
	if (argc < 4 || argc > 5 || strlen(argv[1]) >= sizeof ((struct sockaddr_un *)0)->sun_path) {
		fprintf(stderr, "usage: bench-redis-load SOCKET-PATH WINDOW COUNT [CONNECTIONS]\n");
		return 2;
	}
	unsigned window = (unsigned)strtoul(argv[2], NULL, 10), connections = argc == 5 ? (unsigned)strtoul(argv[4], NULL, 10) : 1;
	size_t count = strtoul(argv[3], NULL, 10);
	const uint64_t *order = register_order(CLASSES, 0, count, 1);
	uint64_t *sent_ns = calloc(count + 1, sizeof *sent_ns), *took_ns = calloc(count + 1, sizeof *took_ns);
	struct link *links = calloc(connections + 1, sizeof *links);
	struct pollfd *pollers = calloc(connections + 1, sizeof *pollers);
	if (!count || !connections || connections > CONNECTIONS_MAX || window < connections || !order || !sent_ns || !took_ns || !links || !pollers)
		fail("nothing to do, or no memory");
	for (unsigned n = 0; n < connections; n++) {
		links[n] = (struct link){.order = order, .sent_ns = sent_ns, .took_ns = took_ns, .end = count * (n + 1) / connections};
		links[n].sent = links[n].done = count * n / connections;
		open_link(&links[n], argv[1]);
	}
	uint64_t began = clock_ns();
	for (;;) {
		unsigned busy = 0;
		for (unsigned n = 0; n < connections; n++) {
			busy += push(&links[n], window / connections);
			pollers[n] = (struct pollfd){.fd = links[n].fd, .events = (short)(POLLIN | (links[n].out_size ? POLLOUT : 0))};
		}
		if (!busy)
			break;
		if (poll(pollers, connections, 30000) <= 0)
			fail("no answer");
		for (unsigned n = 0; n < connections; n++)
			if (pollers[n].revents & (POLLIN | POLLHUP | POLLERR))
				take(&links[n]);
	}
	run_print(connections > 1 ? "redis-many" : "redis", window, count, clock_ns() - began, took_ns, 0);
	return 0;
}
