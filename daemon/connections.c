/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/connections.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	ADDRESSES = 4096, ADDRESS_SIZE = 16, PROBES = 8,
	FRAME_OVERHEAD = 42,          /* what CURVE and ZMTP add to a message, at most */
	KEEP_ALIVE_A_SECOND = 16,     /* bytes of heartbeats, and more */
};

enum state { FREE, UNSPOKEN, SPOKEN };

struct bucket {
	double tokens;
	uint64_t at_ms;
};

struct address {
	uint8_t bytes[ADDRESS_SIZE]; /* of IPv4 as IPv6 maps it; of IPv6 the first half */
	bool used;
	uint64_t known_ms;           /* when a known key came last; 0: never */
	atomic_uint open, unspoken;
	struct bucket bucket;
};

struct slot {
	atomic_int state;
	atomic_uint serial;
	atomic_ushort address;
	atomic_uint_fast64_t since_ms, took, gave;
};

static struct {
	atomic_bool stands;
	unsigned most;
	struct slot *slots;
	struct address *addresses;   /* the first is everybody's for whom there is no place */
	pthread_mutex_t lock;        /* of the addresses' finding, and the buckets */
	struct bucket strangers, known;
	uint32_t serial;
	int spare_fd;
	atomic_uint open, unspoken;
	atomic_uint_fast64_t accepted, turned_away, ended_unspoken;
} gate = { .lock = PTHREAD_MUTEX_INITIALIZER, .spare_fd = -1 };

static int (*next_accept4)(int, struct sockaddr *, socklen_t *, int);
static int (*next_close)(int);

/* Others may stand behind ours: a sanitizer, a recorder. */
static void find_next(void)
{
	void *found = dlsym(RTLD_NEXT, "accept4");
	memcpy(&next_accept4, &found, sizeof found);
	found = dlsym(RTLD_NEXT, "close");
	memcpy(&next_close, &found, sizeof found);
}

static pthread_once_t found_next = PTHREAD_ONCE_INIT;

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* ---- addresses ---- */

static void address_bytes(uint8_t out[ADDRESS_SIZE], const struct sockaddr_storage *from)
{
	const struct sockaddr_in *v4 = (const void *)from;
	const struct sockaddr_in6 *v6 = (const void *)from;

	memset(out, 0, ADDRESS_SIZE);
	if (from->ss_family == AF_INET) {
		out[10] = out[11] = 0xff;
		memcpy(out + 12, &v4->sin_addr, 4);
	} else if (from->ss_family == AF_INET6) {
		memcpy(out, &v6->sin6_addr, IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr) ? ADDRESS_SIZE : ADDRESS_SIZE / 2);
	}
}

static bool is_known(const struct address *a, uint64_t ms)
{
	return a->known_ms && ms - a->known_ms < KNOWN_FOR_MS;
}

/* Under the lock. An idle stranger's place is taken before an idle known one's. */
static struct address *find_address(const uint8_t bytes[ADDRESS_SIZE], uint64_t ms)
{
	struct address *idle = NULL;
	uint64_t hash = 0;

	for (unsigned i = 0; i < ADDRESS_SIZE; i++)
		hash = (hash ^ bytes[i]) * UINT64_C(0x100000001B3);
	hash ^= hash >> 29;
	for (unsigned i = 0; i < PROBES; i++) {
		struct address *a = &gate.addresses[1 + (hash + i) % (ADDRESSES - 1)];
		if (a->used && !memcmp(a->bytes, bytes, ADDRESS_SIZE))
			return a;
		if (!a->used || (!atomic_load(&a->open) && (!idle || (is_known(idle, ms) && !is_known(a, ms)))))
			idle = !idle || idle->used ? a : idle;
	}
	if (!idle)
		return &gate.addresses[0];
	memcpy(idle->bytes, bytes, ADDRESS_SIZE);
	idle->used = true;
	idle->known_ms = 0;
	idle->bucket = (struct bucket){ .tokens = STRANGER_BURST, .at_ms = ms };
	return idle;
}

static bool take_token(struct bucket *bucket, double rate, double burst, uint64_t ms)
{
	bucket->tokens += (double)(ms - bucket->at_ms) * rate / 1000;
	bucket->at_ms = ms;
	if (bucket->tokens > burst)
		bucket->tokens = burst;
	if (bucket->tokens < 1)
		return false;
	bucket->tokens -= 1;
	return true;
}

static bool may_come(struct address *a, uint64_t ms)
{
	bool known = is_known(a, ms);
	unsigned unspoken = atomic_load(&gate.unspoken);

	if (atomic_load(&gate.open) >= gate.most || unspoken >= gate.most - gate.most / 4 ||
	    (!known && unspoken >= gate.most / 2) || atomic_load(&a->unspoken) >= UNSPOKEN_OF_ADDRESS)
		return false;
	if (known)
		return take_token(&a->bucket, KNOWN_ONE_RATE, KNOWN_ONE_BURST, ms) &&
		       take_token(&gate.known, KNOWN_RATE, KNOWN_BURST, ms);
	return take_token(&a->bucket, STRANGER_RATE, STRANGER_BURST, ms) &&
	       take_token(&gate.strangers, STRANGERS_RATE, STRANGERS_BURST, ms);
}

/* ---- coming and going ---- */

static void comes(int fd, struct address *a, uint64_t ms)
{
	struct slot *slot = &gate.slots[fd];

	if (!++gate.serial)
		gate.serial = 1;
	atomic_store(&slot->address, (uint16_t)(a - gate.addresses));
	atomic_store(&slot->since_ms, ms);
	atomic_store(&slot->took, 0);
	atomic_store(&slot->gave, 0);
	atomic_store(&slot->serial, gate.serial);
	atomic_fetch_add(&a->open, 1);
	atomic_fetch_add(&a->unspoken, 1);
	atomic_fetch_add(&gate.open, 1);
	atomic_fetch_add(&gate.unspoken, 1);
	atomic_fetch_add(&gate.accepted, 1);
	atomic_store(&slot->state, UNSPOKEN);
}

static void goes(int fd)
{
	struct slot *slot = &gate.slots[fd];
	struct address *a = &gate.addresses[atomic_load(&slot->address)];
	int state = atomic_exchange(&slot->state, FREE);

	if (state == FREE)
		return;
	atomic_store(&slot->serial, 0);
	if (state == UNSPOKEN) {
		atomic_fetch_sub(&a->unspoken, 1);
		atomic_fetch_sub(&gate.unspoken, 1);
		atomic_fetch_add(&gate.ended_unspoken, 1);
	}
	atomic_fetch_sub(&gate.open, 1);
	atomic_fetch_sub(&a->open, 1); /* the last: then its place may be another's */
}

static int turn_away(int fd)
{
	struct linger none = { .l_onoff = 1 };

	/* without a rest that waits for its time in the kernel */
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
	next_close(fd);
	atomic_fetch_add(&gate.turned_away, 1);
	errno = EAGAIN;
	return -1;
}

/* The limit was lowered from outside, or all else took what is kept for it: whoever waits is sent away by means
 * of a descriptor kept for that, for libzmq would try again and again. */
static int shed(int listener)
{
	int error = errno, fd;

	if (gate.spare_fd < 0)
		return -1;
	next_close(gate.spare_fd);
	fd = next_accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (fd >= 0)
		turn_away(fd);
	gate.spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	errno = error;
	return -1;
}

int accept4(int listener, __SOCKADDR_ARG address_arg, socklen_t *restrict size, int flags)
{
	struct sockaddr *address = address_arg.__sockaddr__;
	struct sockaddr_storage from;
	socklen_t from_size = sizeof from;
	uint8_t bytes[ADDRESS_SIZE];
	int fd;

	pthread_once(&found_next, find_next);
	if (!atomic_load(&gate.stands))
		return next_accept4(listener, address, size, flags);
	memset(&from, 0, sizeof from);
	fd = next_accept4(listener, (struct sockaddr *)&from, &from_size, flags);
	if (fd < 0)
		return errno == EMFILE || errno == ENFILE ? shed(listener) : -1;
	if (address && size) {
		memcpy(address, &from, *size < from_size ? *size : from_size);
		*size = from_size;
	}
	uint64_t ms = now_ms();
	address_bytes(bytes, &from);
	pthread_mutex_lock(&gate.lock);
	struct address *a = find_address(bytes, ms);
	bool may = fd < CONNECTIONS_MAX && may_come(a, ms);
	if (may)
		comes(fd, a, ms);
	pthread_mutex_unlock(&gate.lock);
	return may ? fd : turn_away(fd);
}

int close(int fd)
{
	pthread_once(&found_next, find_next);
	if (fd >= 0 && fd < CONNECTIONS_MAX && atomic_load(&gate.stands) && atomic_load(&gate.slots[fd].state) != FREE)
		goes(fd);
	return next_close(fd);
}

/* ---- start and end ---- */

unsigned connections_start(unsigned most)
{
	struct rlimit files = { .rlim_cur = 1024 };

	if (!getrlimit(RLIMIT_NOFILE, &files) && files.rlim_cur < files.rlim_max) {
		files.rlim_cur = files.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &files))
			getrlimit(RLIMIT_NOFILE, &files);
	}
	unsigned limit = files.rlim_cur > CONNECTIONS_MAX ? CONNECTIONS_MAX : (unsigned)files.rlim_cur;
	unsigned all = limit > 2 * CONNECTIONS_OTHER_FILES ? limit - CONNECTIONS_OTHER_FILES : limit / 2;
	gate.slots = calloc(CONNECTIONS_MAX, sizeof *gate.slots);
	gate.addresses = calloc(ADDRESSES, sizeof *gate.addresses);
	if (!gate.slots || !gate.addresses) {
		free(gate.slots);
		free(gate.addresses);
		return 0;
	}
	gate.most = most && most < all ? most : all;
	gate.strangers = (struct bucket){ .tokens = STRANGERS_BURST, .at_ms = now_ms() };
	gate.known = (struct bucket){ .tokens = KNOWN_BURST, .at_ms = now_ms() };
	gate.spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	atomic_store(&gate.stands, true);
	return gate.most;
}

/* libzmq's threads have ended. */
void connections_stop(void)
{
	if (!atomic_exchange(&gate.stands, false))
		return;
	if (gate.spare_fd >= 0)
		close(gate.spare_fd);
	gate.spare_fd = -1;
	free(gate.slots);
	free(gate.addresses);
	gate.slots = NULL;
	gate.addresses = NULL;
}

struct connections_told connections_told(void)
{
	return (struct connections_told){
		.accepted = atomic_load(&gate.accepted), .turned_away = atomic_load(&gate.turned_away),
		.unspoken = atomic_load(&gate.ended_unspoken), .open = atomic_load(&gate.open),
	};
}

void connections_known_address(const char *text)
{
	struct sockaddr_storage from = { .ss_family = AF_INET };
	uint8_t bytes[ADDRESS_SIZE];
	uint64_t ms = now_ms();

	if (!atomic_load(&gate.stands))
		return;
	if (inet_pton(AF_INET, text, &((struct sockaddr_in *)&from)->sin_addr) != 1) {
		from.ss_family = AF_INET6;
		if (inet_pton(AF_INET6, text, &((struct sockaddr_in6 *)&from)->sin6_addr) != 1)
			return;
	}
	address_bytes(bytes, &from);
	pthread_mutex_lock(&gate.lock);
	struct address *a = find_address(bytes, ms);
	if (a != gate.addresses) {
		if (!is_known(a, ms))
			a->bucket = (struct bucket){ .tokens = KNOWN_ONE_BURST, .at_ms = ms };
		a->known_ms = ms;
	}
	pthread_mutex_unlock(&gate.lock);
}

void connections_forget_address(int fd, uint32_t serial)
{
	if (!connections_is(fd, serial))
		return;
	pthread_mutex_lock(&gate.lock);
	gate.addresses[atomic_load(&gate.slots[fd].address)].known_ms = 0;
	pthread_mutex_unlock(&gate.lock);
}

/* ---- what each has spoken, and holds ---- */

bool connections_is(int fd, uint32_t serial)
{
	return serial && atomic_load(&gate.stands) && fd >= 0 && fd < CONNECTIONS_MAX && atomic_load(&gate.slots[fd].serial) == serial;
}

/* The connection may have gone, and another have come under its number, before its message was read. Then it is that one's: what it
 * holds is told wrongly for once, and at worst it has to connect again. */
uint32_t connections_spoke(int fd)
{
	int unspoken = UNSPOKEN;

	if (!atomic_load(&gate.stands) || fd < 0 || fd >= CONNECTIONS_MAX)
		return 0;
	struct slot *slot = &gate.slots[fd];
	struct address *a = &gate.addresses[atomic_load(&slot->address)];
	if (atomic_compare_exchange_strong(&slot->state, &unspoken, SPOKEN)) {
		atomic_fetch_sub(&a->unspoken, 1);
		atomic_fetch_sub(&gate.unspoken, 1);
	}
	return atomic_load(&slot->serial);
}

void connections_took(int fd, uint32_t serial, uint64_t bytes)
{
	if (connections_is(fd, serial))
		atomic_fetch_add_explicit(&gate.slots[fd].took, bytes + FRAME_OVERHEAD, memory_order_relaxed);
}

void connections_gave(int fd, uint32_t serial, uint64_t bytes)
{
	if (connections_is(fd, serial))
		atomic_fetch_add_explicit(&gate.slots[fd].gave, bytes + FRAME_OVERHEAD, memory_order_relaxed);
}

bool connections_cut(int fd, uint32_t serial)
{
	return connections_is(fd, serial) && !shutdown(fd, SHUT_RDWR);
}

void connections_turn_away(int fd, uint32_t serial)
{
	if (connections_cut(fd, serial))
		atomic_fetch_add(&gate.turned_away, 1);
}

struct holding {
	int fd;
	uint32_t serial;
	uint64_t held;
};

static uint64_t more_than(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

/* What it brought that the loop has not seen, and what it was sent that it has not acknowledged. */
static uint64_t held_by(int fd, const struct slot *slot, uint64_t ms)
{
	struct tcp_info info;
	socklen_t size = sizeof info;

	memset(&info, 0, sizeof info);
	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size))
		return 0;
	uint64_t keeps = (ms - atomic_load(&slot->since_ms)) / 1000 * KEEP_ALIVE_A_SECOND;
	return more_than(info.tcpi_bytes_received, atomic_load(&slot->took) + keeps) +
	       more_than(atomic_load(&slot->gave), info.tcpi_bytes_acked);
}

static int heavier(const void *a, const void *b)
{
	const struct holding *x = a, *y = b;

	return (x->held < y->held) - (x->held > y->held);
}

unsigned connections_cut_heaviest(uint64_t enough, uint64_t least, uint64_t together, struct heaviest *heaviest)
{
	unsigned room = atomic_load(&gate.open) + 64, count = 0, cut = 0;
	struct holding *all = calloc(room, sizeof *all);
	uint64_t ms = now_ms(), sum = 0, all_hold = 0;

	if (!all || !atomic_load(&gate.stands)) {
		free(all);
		return 0;
	}
	for (int fd = 0; fd < CONNECTIONS_MAX && count < room; fd++) {
		const struct slot *slot = &gate.slots[fd];
		if (atomic_load(&slot->state) == FREE)
			continue;
		struct holding h = { fd, atomic_load(&slot->serial), held_by(fd, slot, ms) };
		if (h.held < least)
			continue;
		all[count++] = h;
		all_hold += h.held;
	}
	qsort(all, count, sizeof *all, heavier);
	for (unsigned i = 0; i < count && sum < enough && all_hold >= together; i++) {
		socklen_t size = sizeof heaviest->address;
		if (!cut && getpeername(all[i].fd, (struct sockaddr *)&heaviest->address, &size))
			continue;
		if (!connections_cut(all[i].fd, all[i].serial))
			continue;
		if (!cut++)
			heaviest->held = all[i].held;
		sum += all[i].held;
	}
	free(all);
	return cut;
}
