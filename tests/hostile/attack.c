/* attack.c - so many hostile peers of one kind at once, in one thread.
 *
 *   hostile-attack --server HOST:PORT --server-key FILE --kind KIND [--key FILE ...] [--peers N] [--seconds S]
 *                  [--rate N] [--from N] [--spread N] [--bytes N] [--classes N] [--first-class N] [--seed N]
 *
 * --rate: frames (of kinds that never get so far: connections) a second of all together, 0 as fast as they are
 * taken. --from and --spread: the peers' addresses are 127.FROM.0.1 to 127.FROM.x.SPREAD. Says `attacking` once all
 * were connected or refused for the first time, and ends with one line of JSON. A peer that is thrown out comes back.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/key_file.h"
#include "tests/hostile/kinds.h"

enum { OUT_ROOM = PAYLOAD_MAX + 4096, READY_ID = 3, KEYS_MAX = 256, STATUS_AT = 20, REPLY_HEAD = 30, EVENTS = 512,
       STATUSES = 600, FRAMES_A_TURN = 32, SESSIONS = 500 };

static struct attack attack = {.seed = 1, .bytes = 4 * 1024 * 1024 - 1};
static struct peer *peers;
static unsigned peer_count = 1000, away, spread = 250, from = 66;
static struct sockaddr_in server;
static uint8_t server_key[32];
static uint64_t rate;
static double tokens;
static int poller;
static struct {
	uint64_t connects, refused, closed, admitted, errors, frames, bytes, replies, received, pings, statuses[STATUSES];
} told;

static void fail(const char *what)
{
	fprintf(stderr, "hostile-attack: %s: %s\n", what, strerror(errno));
	exit(2);
}

static bool may(void)
{
	if (!rate)
		return true;
	if (tokens < 1)
		return false;
	tokens -= 1;
	return true;
}

/* ---- connections ---- */

static void watch(struct peer *p)
{
	bool reads = p->stage < OPEN || attack.kind->reads;
	struct epoll_event event = {.data.u32 = p->number};

	event.events = (reads ? EPOLLIN : 0u) | EPOLLRDHUP | (p->wants_out ? EPOLLOUT : 0u);
	epoll_ctl(poller, EPOLL_CTL_MOD, p->fd, &event);
}

static void leave(struct peer *p, bool reset)
{
	struct linger none = {.l_onoff = 1};

	/* without a trace: thousands that wait for their time would use up the ports */
	setsockopt(p->fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
	close(p->fd);
	if (!reset)
		told.closed++;
	p->fd = -1;
	p->stage = AWAY;
	away++;
}

static void come(struct peer *p)
{
	uint32_t place = p->number % spread;
	struct sockaddr_in own = {.sin_family = AF_INET};
	int on = 1, small = 4096;
	struct epoll_event event = {.data.u32 = p->number, .events = EPOLLOUT | EPOLLIN | EPOLLRDHUP};

	own.sin_addr.s_addr = htonl(127u << 24 | from << 16 | (place / 250) << 8 | (place % 250 + 1));
	p->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (p->fd < 0)
		fail("socket");
	setsockopt(p->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
	setsockopt(p->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (attack.kind->depth == FULL && !attack.kind->reads)
		setsockopt(p->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
	if (bind(p->fd, (struct sockaddr *)&own, sizeof own))
		fail("bind");
	p->out_size = p->out_at = p->in_size = 0;
	p->skip = p->frames = p->bytes = p->owed = 0;
	p->stage = CONNECTING;
	p->wants_out = true;
	away--;
	told.connects++;
	if (connect(p->fd, (struct sockaddr *)&server, sizeof server) && errno != EINPROGRESS) {
		told.refused++;
		leave(p, true);
		return;
	}
	epoll_ctl(poller, EPOLL_CTL_ADD, p->fd, &event);
}

/* ---- out ---- */

/* False: the connection is gone. */
static bool push(struct peer *p)
{
	while (p->out_at < p->out_size) {
		ssize_t size = send(p->fd, p->out + p->out_at, p->out_size - p->out_at, MSG_NOSIGNAL);
		if (size < 0 && errno == EAGAIN)
			return true;
		if (size < 0) {
			leave(p, false);
			return false;
		}
		p->out_at += (size_t)size;
		p->bytes += (uint64_t)size;
		told.bytes += (uint64_t)size;
	}
	p->out_size = p->out_at = 0;
	return true;
}

static void begin(struct peer *p)
{
	p->stage = GREETING;
	if (attack.kind->depth == SILENT || attack.kind->depth == RAW)
		return;
	wire_greeting(p->out);
	p->out_size = WIRE_GREETING;
	if (attack.kind->depth == HELLOED && attack.kind->leaves) {
		memcpy(p->out + p->out_size, attack.hello, WIRE_HELLO);
		p->out_size += WIRE_HELLO;
	} else if (attack.kind->depth >= HELLOED) {
		wire_hello(&p->wire, p->out + p->out_size);
		p->out_size += WIRE_HELLO;
	}
}

static bool sends(const struct peer *p)
{
	return attack.kind->next && (attack.kind->depth == RAW ? p->stage == GREETING : p->stage == OPEN);
}

/* Fills and sends while it is let; false: gone. */
static bool speak(struct peer *p)
{
	static uint8_t payload[PAYLOAD_MAX];

	for (unsigned n = 0; n < FRAMES_A_TURN; n++) {
		unsigned flags = 0;
		if (!push(p))
			return false;
		if (p->out_size || !sends(p) || !may())
			break;
		size_t size = attack.kind->next(&attack, p, payload, &flags);
		if (!size) {
			tokens += rate ? 1 : 0;
			break;
		}
		if (attack.kind->depth == RAW) {
			memcpy(p->out, payload, size);
			p->out_size = size;
		} else {
			p->out_size = wire_seal(&p->wire, flags, payload, size, p->out);
		}
		p->frames++;
		told.frames++;
	}
	/* as fast as it is taken: told when there is room again; else by the pace */
	bool wants = p->out_size || (!rate && sends(p));
	if (wants != p->wants_out) {
		p->wants_out = wants;
		watch(p);
	}
	return true;
}

/* ---- in ---- */

static void pong(struct peer *p, const uint8_t *ping, size_t size)
{
	uint8_t answer[64] = "\4PONG";
	size_t context = size > 7 ? size - 7 : 0;

	told.pings++;
	if (context > sizeof answer - 5 || p->out_size)
		return;
	memcpy(answer + 5, ping + 7, context);
	p->out_size = wire_seal(&p->wire, WIRE_COMMAND, answer, 5 + context, p->out);
}

static void take_message(struct peer *p, const uint8_t *body, size_t size)
{
	static uint8_t plain[sizeof p->in];
	unsigned flags = 0;
	long got = wire_open(&p->wire, body, size, plain, &flags);

	if (got < 0)
		return;
	if (flags & WIRE_COMMAND) {
		if (got > 5 && !memcmp(plain, "\4PING", 5))
			pong(p, plain, (size_t)got);
		return;
	}
	told.replies++;
	if (got >= REPLY_HEAD) {
		unsigned status = (unsigned)plain[STATUS_AT] << 8 | plain[STATUS_AT + 1];
		if (status < STATUSES)
			told.statuses[status]++;
	}
	kind_replied(&attack, p, plain, (size_t)got);
}

/* One whole frame. False: gone. */
static bool take_frame(struct peer *p, const uint8_t *frame, const uint8_t *body, size_t size)
{
	size_t body_size = size - (size_t)(body - frame);

	if (p->stage == WELCOMED) {
		p->out_size = size == WIRE_WELCOME ? wire_initiate(&p->wire, frame, p->out) : 0;
		p->stage = ADMITTED;
		if (!p->out_size || attack.kind->depth == HELLOED) {
			leave(p, true);
			return false;
		}
		return push(p);
	}
	if (p->stage == ADMITTED) {
		if (body_size < 6 || memcmp(body, "\5READY", 6)) {
			told.errors++;
			leave(p, true);
			return false;
		}
		told.admitted++;
		p->stage = OPEN;
		p->wants_out = true;
		watch(p);
		return true;
	}
	take_message(p, body, body_size);
	if (attack.kind->leaves) {
		leave(p, true);
		return false;
	}
	return true;
}

static bool take_frames(struct peer *p)
{
	size_t at = 0;

	if (p->stage == GREETING && attack.kind->depth >= HELLOED) {
		if (p->in_size < WIRE_GREETING)
			return true;
		p->stage = WELCOMED;
		at = WIRE_GREETING;
		if (attack.kind->depth == HELLOED && !attack.kind->leaves)
			p->stage = GREETING; /* it stays, and says no more */
	}
	while (p->stage >= WELCOMED && at < p->in_size) {
		const uint8_t *body;
		size_t size = wire_frame(p->in + at, p->in_size - at, &body);
		if (size > sizeof p->in) { /* long ones are of no interest but for having come */
			told.replies++;
			kind_replied(&attack, p, (const uint8_t[STATUS_AT + 1]){[3] = 0x34 | 0x80}, STATUS_AT + 1);
			p->skip = size - (p->in_size - at);
			at = p->in_size;
			break;
		}
		if (!size || size > p->in_size - at)
			break;
		if (!take_frame(p, p->in + at, body, size))
			return false;
		at += size;
	}
	memmove(p->in, p->in + at, p->in_size - at);
	p->in_size -= at;
	return true;
}

static bool hear(struct peer *p)
{
	static uint8_t nowhere[256 * 1024];

	for (unsigned n = 0; n < FRAMES_A_TURN; n++) {
		bool skips = p->skip || p->stage < GREETING || attack.kind->depth < HELLOED;
		size_t room = p->skip && p->skip < sizeof nowhere ? (size_t)p->skip : sizeof nowhere;
		ssize_t size = recv(p->fd, skips ? nowhere : p->in + p->in_size, skips ? room : sizeof p->in - p->in_size, 0);
		if (size < 0 && errno == EAGAIN)
			return true;
		if (size <= 0) {
			leave(p, false);
			return false;
		}
		told.received += (uint64_t)size;
		if (skips) {
			p->skip -= p->skip ? (uint64_t)size : 0;
			continue;
		}
		p->in_size += (size_t)size;
		if (!take_frames(p))
			return false;
		if (p->in_size == sizeof p->in)
			p->in_size = 0; /* of one who stays in the middle of a handshake */
	}
	return true;
}

static void happen(struct peer *p, uint32_t events)
{
	if (p->fd < 0)
		return;
	if (p->stage == CONNECTING && events & (EPOLLERR | EPOLLHUP)) {
		told.refused++;
		leave(p, true);
		return;
	}
	if (p->stage == CONNECTING && events & EPOLLOUT)
		begin(p);
	if (events & EPOLLIN && !hear(p))
		return;
	if (events & (EPOLLRDHUP | EPOLLERR | EPOLLHUP)) {
		leave(p, false);
		return;
	}
	if (p->stage > CONNECTING)
		speak(p);
}

/* ---- all of it ---- */

static void run(double seconds)
{
	uint64_t began = clock_ns(), last = began, end = began + (uint64_t)(seconds * 1e9);
	bool by_connection = !attack.kind->next || attack.kind->leaves;
	unsigned turn = 0, arriving = 0;

	for (uint64_t now = began; now < end; now = clock_ns()) {
		struct epoll_event events[EVENTS];
		tokens += (double)rate * (double)(now - last) / 1e9;
		if (tokens > (double)rate / 20 + 1)
			tokens = (double)rate / 20 + 1;
		last = now;
		for (unsigned n = 0; away && n < peer_count; n++) {
			struct peer *p = &peers[arriving];
			if (p->fd < 0 && by_connection && told.connects >= peer_count && !may())
				break;
			arriving = (arriving + 1) % peer_count;
			if (p->fd < 0)
				come(p);
			if (arriving % 128 == 0)
				break;
		}
		int count = epoll_wait(poller, events, EVENTS, away ? 1 : rate ? 1 : 20);
		for (int i = 0; i < count; i++)
			happen(&peers[events[i].data.u32], events[i].events);
		for (unsigned n = 0; n < peer_count && (!rate || tokens >= 1); n++) {
			struct peer *p = &peers[turn++ % peer_count];
			if (p->fd >= 0 && sends(p) && !p->wants_out)
				speak(p);
		}
		static bool said;
		if (!said && told.connects >= peer_count) {
			said = true;
			printf("attacking\n");
			fflush(stdout);
		}
	}
}

static void print(void)
{
	struct rusage usage;
	const char *comma = "";

	getrusage(RUSAGE_SELF, &usage);
	printf("{\"kind\": \"%s\", \"connects\": %lu, \"refused\": %lu, \"closed\": %lu, \"admitted\": %lu, \"errors\": %lu, "
	       "\"frames\": %lu, \"bytes\": %lu, \"replies\": %lu, \"received\": %lu, \"pings\": %lu, \"cpu\": %.2f, \"statuses\": {",
	       attack.kind->name, told.connects, told.refused, told.closed, told.admitted, told.errors, told.frames, told.bytes,
	       told.replies, told.received, told.pings,
	       (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6);
	for (int i = 0; i < STATUSES; i++)
		if (told.statuses[i]) {
			printf("%s\"%d\": %lu", comma, i, told.statuses[i]);
			comma = ", ";
		}
	printf("}}\n");
}

static void add_key(const char *path)
{
	if (attack.key_count == KEYS_MAX)
		fail("too many keys");
	key_bytes(path, "public: ", attack.keys[attack.key_count].public);
	key_bytes(path, "secret: ", attack.keys[attack.key_count++].secret);
}

static void set_up(uint32_t classes, uint32_t first_class)
{
	struct wire wire = {.server = server_key};
	uint64_t all = (uint64_t)(first_class + classes) * SESSIONS;
	uint64_t *order = register_order(first_class + classes, 0, all, attack.seed);

	for (uint64_t i = 0; order && i < all; i++)
		if ((uint32_t)order[i] >= first_class)
			order[attack.order_count++] = order[i];
	attack.order = order;
	peers = calloc(peer_count, sizeof *peers);
	poller = epoll_create1(EPOLL_CLOEXEC);
	if (!order || !peers || poller < 0)
		fail("memory");
	while (!attack.kind->known && attack.key_count < KEYS_MAX) {
		struct wire_key *key = &attack.keys[attack.key_count++];
		crypto_box_keypair(key->public, key->secret);
	}
	if (!attack.key_count)
		fail("which --key?");
	wire_hello(&wire, attack.hello);
	away = peer_count;
	for (unsigned i = 0; i < peer_count; i++) {
		peers[i] = (struct peer){.number = i, .fd = -1, .out = malloc(OUT_ROOM)};
		peers[i].wire.server = server_key;
		peers[i].wire.key = &attack.keys[i % attack.key_count];
	}
}

int main(int argc, char **argv)
{
	static const struct option names[] = {
		{"server", 1, 0, 's'}, {"server-key", 1, 0, 'k'}, {"kind", 1, 0, 'K'}, {"key", 1, 0, 'i'}, {"peers", 1, 0, 'n'},
		{"seconds", 1, 0, 't'}, {"rate", 1, 0, 'r'}, {"from", 1, 0, 'f'}, {"spread", 1, 0, 'p'}, {"bytes", 1, 0, 'b'},
		{"classes", 1, 0, 'c'}, {"first-class", 1, 0, 'F'}, {"seed", 1, 0, 'S'}, {"kinds", 0, 0, 'l'}, {0, 0, 0, 0},
	};
	uint32_t classes = 1000, first_class = 1000;
	struct rlimit files;
	double seconds = 10;
	char *colon;
	int key;

	if (sodium_init() < 0)
		return 2;
	attack.keys = calloc(KEYS_MAX, sizeof *attack.keys);
	server.sin_family = AF_INET;
	while ((key = getopt_long(argc, argv, "", names, NULL)) != -1) {
		switch (key) {
		case 's':
			colon = strrchr(optarg, ':');
			if (!colon || inet_pton(AF_INET, "127.0.0.1", &server.sin_addr) != 1)
				return 2;
			server.sin_port = htons((uint16_t)atoi(colon + 1));
			break;
		case 'k': key_bytes(optarg, "", server_key); break;
		case 'K': attack.kind = kind_of(optarg); break;
		case 'i': add_key(optarg); break;
		case 'n': peer_count = (unsigned)atoi(optarg); break;
		case 't': seconds = atof(optarg); break;
		case 'r': rate = strtoul(optarg, NULL, 10); break;
		case 'f': from = (unsigned)atoi(optarg) & 255; break;
		case 'p': spread = (unsigned)atoi(optarg); break;
		case 'b': attack.bytes = strtoul(optarg, NULL, 10); break;
		case 'c': classes = (uint32_t)atoi(optarg); break;
		case 'F': first_class = (uint32_t)atoi(optarg); break;
		case 'S': attack.seed = strtoul(optarg, NULL, 10); break;
		case 'l': kinds_print(); return 0;
		default: return 2;
		}
	}
	if (!attack.kind || !server.sin_port || !peer_count || !spread) {
		fprintf(stderr, "hostile-attack: --server, --server-key and --kind are wanted; kinds: ");
		kinds_print();
		return 2;
	}
	if (!getrlimit(RLIMIT_NOFILE, &files)) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	set_up(classes, first_class);
	run(seconds);
	print();
	return 0;
}
