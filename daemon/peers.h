/* peers.h - whose connection is whose: libzmq's routing ids, with the key and the descriptor behind each.
 *
 * libzmq names key and descriptor on a message; here they are kept, so that they need not be taken from its text
 * each time, and so that the connections of a key can be found. Its ids are counted up and not given again in the life of a
 * socket, and a connection keeps the key that it proved, so the one tells the other. The loop's alone.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_PEERS_H
#define DAEMON_PEERS_H

#include "daemon/engine.h"

enum { CONNECTIONS_OF_KEY = 512 };

struct known_peer {
	uint32_t id;              /* 0: a free place, as is an id of 0 itself: it is just never kept */
	int fd;
	uint32_t serial;          /* of connections.h; 0: not looked after */
	uint8_t key[PUBLIC_KEY_SIZE];
};

struct peers {
	struct known_peer *all;   /* open addressing */
	uint32_t count, room;
};

void peers_close(struct peers *);
/* NULL: not known, or not of an id that libzmq gave. Until the next peers_add. */
struct known_peer *peers_find(const struct peers *, const struct peer *);
struct known_peer *peers_add(struct peers *, const struct peer *, int fd, const uint8_t key[static PUBLIC_KEY_SIZE]);
/* Ends all connections of a key, and takes their addresses for strangers' again. How many. */
unsigned peers_cut(struct peers *, const uint8_t key[static PUBLIC_KEY_SIZE]);

/* libzmq's own: no peer may choose one that begins with a zero. */
static inline bool peer_id_given(const struct peer *peer)
{
	return peer->size == 5 && peer->bytes[0] == 0;
}

#endif
