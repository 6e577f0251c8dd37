/* connections.h - every connection from its accept to its close, and the gate before it.
 *
 * libzmq 4.3.4 takes whoever comes: each costs a descriptor and, once it has said HELLO, public-key work on the thread
 * that also unseals everybody's messages; where descriptors run out that thread spins. Nothing between the kernel and libzmq can be
 * asked, so the two calls by which a connection comes and goes are taken here: accept4() and close() of
 * this program are these (libzmq's refer to them by name). A connection that is one too many is closed before libzmq
 * hears of it, which costs a tenth of a handshake and no cryptography.
 *
 * An address (of IPv6, its /64) from which a known key was let in within the last day is known; others are strangers.
 * Turned away are:
 *   whoever comes when `most` are open, so that descriptors never run out;
 *   strangers, while half of `most` have not spoken yet: the other half is kept for the known;
 *   an address that has too many which have not spoken, or that comes too often; strangers all together, likewise.
 * A connection has spoken once a message came over it, and so under a known key.
 *
 * It also knows how much each connection has brought that nobody was given yet, and was given that it has not taken: what
 * it keeps in memory (flood.h). The kernel knows what came and what was acknowledged, the loop the rest.
 *
 * One gate a process. Threads: libzmq's accepts and closes, the handshakes' thread names known addresses, the loop counts.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_CONNECTIONS_H
#define DAEMON_CONNECTIONS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

enum {
	CONNECTIONS_MAX = 65536,      /* descriptors that are looked after */
	CONNECTIONS_OTHER_FILES = 256, /* descriptors that are for all else */
	UNSPOKEN_OF_ADDRESS = 256,
	KNOWN_FOR_MS = 24 * 60 * 60 * 1000,
	/* Connections a second, and how many at once. A handshake takes some 250 us of libzmq's thread. */
	STRANGERS_RATE = 400, STRANGERS_BURST = 2000,
	STRANGER_RATE = 50, STRANGER_BURST = 500,
	KNOWN_RATE = 1000, KNOWN_BURST = 4000,  /* all known addresses together */
	KNOWN_ONE_RATE = 250, KNOWN_ONE_BURST = 1000,
};

/* From now on, with room for `most` at once (0: as many as descriptors are allowed, whose limit is raised as
 * far as it goes). How many that is; 0: no memory. */
unsigned connections_start(unsigned most);
void connections_stop(void);

struct connections_told {
	uint64_t accepted, turned_away; /* since the start; those turned away are not among the accepted */
	uint64_t unspoken;              /* ended without having spoken */
	unsigned open;
};
struct connections_told connections_told(void);

/* A known key came from there: as ZAP writes it. */
void connections_known_address(const char *text);
void connections_forget_address(int fd, uint32_t serial); /* it is a stranger's again */

/* The connection with this descriptor has spoken. Its serial number, by which it is told from a later one
 * with the same descriptor; 0: no such connection is looked after. */
uint32_t connections_spoke(int fd);
bool connections_is(int fd, uint32_t serial);
void connections_took(int fd, uint32_t serial, uint64_t bytes); /* a message of so many bytes was received */
void connections_gave(int fd, uint32_t serial, uint64_t bytes); /* one was sent */
bool connections_cut(int fd, uint32_t serial);
void connections_turn_away(int fd, uint32_t serial); /* the same, of one too many */

/* Cuts off those that hold most, the heaviest first, until they held `enough` together; none that holds less than
 * `least`, and nobody where all those hold less than `together`. How many; `heaviest`: the first of them. */
struct heaviest {
	uint64_t held;
	struct sockaddr_storage address;
};
unsigned connections_cut_heaviest(uint64_t enough, uint64_t least, uint64_t together, struct heaviest *);

#endif
