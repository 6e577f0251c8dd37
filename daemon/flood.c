/* flood.c - own memory from /proc, and the connections of this process.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "daemon/flood.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <linux/tcp.h>
#include <malloc.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/journal.h"

enum {
	CHECK_MS = 100,    /* a peer on the same machine sends some 30 MB in that time */
	TELL_MS = 10000,

	/* A connection that has brought less than this since it was made can't be the
	 * cause: those of people at a screen stay. */
	INNOCENT_BYTES = 1024 * 1024,
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

struct heaviest {
	uint64_t received;
	struct sockaddr_storage address;
};

/* The process has no connections over tcp but those of its peers. libzmq's thread
 * owns the descriptor and may close it meanwhile; at worst its number is another
 * peer's by then, who has to connect again. */
static bool cut_one(int fd, struct heaviest *heaviest)
{
	struct sockaddr_storage address;
	socklen_t address_size = sizeof address;
	struct tcp_info info;
	socklen_t info_size = sizeof info;

	if (getpeername(fd, (struct sockaddr *)&address, &address_size) ||
	    (address.ss_family != AF_INET && address.ss_family != AF_INET6))
		return false;
	memset(&info, 0, sizeof info);
	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &info_size))
		return false;
	if (info.tcpi_bytes_received < INNOCENT_BYTES)
		return false;
	if (shutdown(fd, SHUT_RDWR))
		return false;
	if (info.tcpi_bytes_received >= heaviest->received) {
		heaviest->received = info.tcpi_bytes_received;
		heaviest->address = address;
	}
	return true;
}

static unsigned cut_all(struct heaviest *heaviest)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;
	unsigned cut = 0;

	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.' && cut_one(atoi(entry->d_name), heaviest))
			cut++;
	if (dir)
		closedir(dir);
	return cut;
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
	journal(JOURNAL_CONNECTIONS_CUT, "own_mib=%llu limit_mib=%llu cut=%u heaviest=%s port=%u received_mib=%llu",
	        (unsigned long long)own >> 20, (unsigned long long)flood->limit >> 20, cut, address,
	        ntohs(heaviest->address.ss_family == AF_INET ? v4->sin_port : v6->sin6_port),
	        (unsigned long long)heaviest->received >> 20);
}

void flood_start(struct flood *flood, uint64_t room)
{
	*flood = (struct flood){ .statm_fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC) };
	uint64_t own = flood->statm_fd < 0 ? 0 : own_memory(flood);
	if (own)
		flood->limit = own + room;
	else
		journal(JOURNAL_MEMORY_UNWATCHED, "file=/proc/self/statm");
}

void flood_end(struct flood *flood)
{
	if (flood->statm_fd >= 0)
		close(flood->statm_fd);
	flood->statm_fd = -1;
}

void flood_check(struct flood *flood, uint64_t monotonic_ms)
{
	struct heaviest heaviest = { 0 };

	if (!flood->limit || monotonic_ms - flood->checked_ms < CHECK_MS)
		return;
	flood->checked_ms = monotonic_ms;
	uint64_t own = own_memory(flood);
	if (own <= flood->limit)
		return;
	/* What was freed after an earlier cut may still be malloc's, and count. */
	malloc_trim(0);
	own = own_memory(flood);
	if (own <= flood->limit)
		return;
	unsigned cut = cut_all(&heaviest);
	flood->cut += cut;
	if (!cut && flood->told_ms && monotonic_ms - flood->told_ms < TELL_MS)
		return;
	flood->told_ms = monotonic_ms;
	tell(flood, own, cut, &heaviest);
}
