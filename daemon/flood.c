/* flood.c - own memory from /proc, and a thread that looks at it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "daemon/flood.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <malloc.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "daemon/connections.h"
#include "daemon/journal.h"

enum {
	CHECK_MS = 100,    /* a peer on the same machine sends some 30 MB in that time */
	TELL_MS = 10000,
	TRIM_MS = 500, TRIM_MS_MAX = 10 * 60 * 1000,

	/* Who holds less is cut off only where nobody holds more. */
	HEAVY_BYTES = 1024 * 1024,
	LIGHT_BYTES = 16 * 1024,
	MMAP_BYTES = 256 * 1024,
	TRIM_BYTES = 8 << 20,     /* free at malloc's end, from which on it gives back */
};

/* Resident without what is mapped from files: LMDB's pages are not ours to give back. 0: unknown. */
static uint64_t own_memory(const struct flood *flood)
{
	unsigned long long resident, shared;
	char text[128];
	ssize_t size = pread(flood->statm_fd, text, sizeof text - 1, 0);

	if (size <= 0)
		return 0;
	text[size] = 0;
	if (sscanf(text, "%*u %llu %llu", &resident, &shared) != 2 || resident <= shared)
		return 0;
	return (resident - shared) * (uint64_t)sysconf(_SC_PAGESIZE);
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void tell(const struct flood *flood, uint64_t own, unsigned cut, const struct heaviest *heaviest)
{
	const struct sockaddr_in *v4 = (const void *)&heaviest->address;
	const struct sockaddr_in6 *v6 = (const void *)&heaviest->address;
	char address[INET6_ADDRSTRLEN] = "";

	if (!cut) {
		journal(JOURNAL_MEMORY_HIGH, "own_mib=%llu limit_mib=%llu",
		        (unsigned long long)own >> 20, (unsigned long long)flood->limit >> 20);
		return;
	}
	if (heaviest->address.ss_family == AF_INET)
		inet_ntop(AF_INET, &v4->sin_addr, address, sizeof address);
	else
		inet_ntop(AF_INET6, &v6->sin6_addr, address, sizeof address);
	journal(JOURNAL_CONNECTIONS_CUT, "own_mib=%llu limit_mib=%llu cut=%u heaviest=%s port=%u held_mib=%llu",
	        (unsigned long long)own >> 20, (unsigned long long)flood->limit >> 20, cut, address,
	        ntohs(heaviest->address.ss_family == AF_INET ? v4->sin_port : v6->sin6_port),
	        (unsigned long long)heaviest->held >> 20);
}

/* What was freed may still be malloc's, and count. To ask for it holds others up, so where it was to no avail that is
 * done half as often each time. */
static uint64_t give_back(struct flood *flood, uint64_t own, uint64_t least, uint64_t ms)
{
	if (ms - flood->trimmed_ms < flood->trim_every_ms)
		return own;
	malloc_trim(0);
	flood->trimmed_ms = ms;
	uint64_t left = own_memory(flood);
	if (left + least < own)
		flood->trim_every_ms = TRIM_MS;
	else if (flood->trim_every_ms < TRIM_MS_MAX)
		flood->trim_every_ms *= 2;
	return left;
}

static void check(struct flood *flood)
{
	struct heaviest heaviest = { 0 };
	uint64_t own = own_memory(flood), room = flood->limit - flood->start, ms = now_ms();
	unsigned cut = 0;

	if (own > flood->start + room / 2)
		cut = connections_cut_heaviest(UINT64_MAX, room / 16, 0, &heaviest);
	if (!cut && own > flood->start + room / 8)
		own = give_back(flood, own, room / 32, ms);
	else if (!cut)
		flood->trim_every_ms = TRIM_MS;
	/* many of them a little each (which takes several times as much in memory, where it is small messages); but it
	 * is not for peers to pay for what they do not hold */
	if (!cut && own > flood->limit)
		cut = connections_cut_heaviest(own - flood->limit + room / 4, HEAVY_BYTES, 0, &heaviest);
	if (!cut && own > flood->limit)
		cut = connections_cut_heaviest(own - flood->limit + room / 4, LIGHT_BYTES, room / 16, &heaviest);
	atomic_fetch_add(&flood->cut, cut);
	if (!cut && (own <= flood->limit || (flood->told_ms && ms - flood->told_ms < TELL_MS)))
		return;
	flood->told_ms = ms;
	tell(flood, own, cut, &heaviest);
}

static void *watch(void *context)
{
	struct flood *flood = context;
	struct pollfd stop = { .fd = flood->stop_fd, .events = POLLIN };

	while (poll(&stop, 1, CHECK_MS) <= 0)
		check(flood);
	return NULL;
}

void flood_start(struct flood *flood, uint64_t room)
{
	/* Long messages go back to the system as they are freed: else malloc learns from the first of them to keep all. */
	mallopt(M_MMAP_THRESHOLD, MMAP_BYTES);
	/* But what a case takes is asked for again at once: saying the first leaves this one at half of what two take. */
	mallopt(M_TRIM_THRESHOLD, TRIM_BYTES);
	flood->statm_fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	flood->stop_fd = eventfd(0, EFD_CLOEXEC);
	flood->trim_every_ms = TRIM_MS;
	flood->start = flood->statm_fd < 0 ? 0 : own_memory(flood);
	flood->limit = flood->start ? flood->start + room : 0;
	flood->runs = flood->limit && flood->stop_fd >= 0 && !pthread_create(&flood->thread, NULL, watch, flood);
	if (!flood->runs) {
		flood->limit = 0;
		journal(JOURNAL_MEMORY_UNWATCHED, "file=/proc/self/statm");
	}
}

void flood_end(struct flood *flood)
{
	if (flood->runs) {
		eventfd_write(flood->stop_fd, 1);
		pthread_join(flood->thread, NULL);
	}
	if (flood->statm_fd >= 0)
		close(flood->statm_fd);
	if (flood->stop_fd >= 0)
		close(flood->stop_fd);
	*flood = (struct flood){ .statm_fd = -1, .stop_fd = -1 };
}
