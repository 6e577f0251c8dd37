/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/peers.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/connections.h"
#include "daemon/memory.h"

enum { ROOM_FIRST = 1024 };

static uint32_t id_of(const struct peer *peer)
{
	uint32_t id;

	memcpy(&id, peer->bytes + 1, sizeof id);
	return id;
}

/* They are counted up from the last byte on. */
static uint32_t slot_of(const struct peers *peers, uint32_t id)
{
	return __builtin_bswap32(id) * 2654435761u & (peers->room - 1);
}

static struct known_peer *place_of(const struct peers *peers, uint32_t id)
{
	uint32_t slot = slot_of(peers, id);

	while (peers->all[slot].id && peers->all[slot].id != id)
		slot = (slot + 1) & (peers->room - 1);
	return &peers->all[slot];
}

void peers_close(struct peers *peers)
{
	free(peers->all);
	*peers = (struct peers){ 0 };
}

struct known_peer *peers_find(const struct peers *peers, const struct peer *peer)
{
	struct known_peer *p;

	if (!peers->room || !peer_id_given(peer) || !id_of(peer))
		return NULL;
	p = place_of(peers, id_of(peer));
	return p->id ? p : NULL;
}

/* Those that went are left behind; twice the room where too many stay. What isn't looked after can't be told to have gone: it is
 * known again from its next message on. */
static void make_room(struct peers *peers)
{
	struct known_peer *before = peers->all;
	uint32_t room = peers->room, stay = 0;

	for (uint32_t i = 0; i < room; i++)
		stay += before[i].id && connections_is(before[i].fd, before[i].serial);
	while (peers->room < ROOM_FIRST || peers->room < 4 * stay)
		peers->room = peers->room ? peers->room * 2 : ROOM_FIRST;
	peers->all = memory_new(peers->room * sizeof *peers->all);
	peers->count = 0;
	for (uint32_t i = 0; i < room; i++)
		if (before[i].id && connections_is(before[i].fd, before[i].serial)) {
			*place_of(peers, before[i].id) = before[i];
			peers->count++;
		}
	free(before);
}

struct known_peer *peers_add(struct peers *peers, const struct peer *peer, int fd, const uint8_t key[static PUBLIC_KEY_SIZE])
{
	static struct known_peer nobody;
	struct known_peer *p = &nobody;
	unsigned same = 0;

	if (2 * (peers->count + 1) > peers->room)
		make_room(peers);
	if (peer_id_given(peer) && id_of(peer)) {
		p = place_of(peers, id_of(peer));
		peers->count += !p->id;
		p->id = id_of(peer);
	}
	p->fd = fd;
	p->serial = connections_spoke(fd);
	memcpy(p->key, key, PUBLIC_KEY_SIZE);
	for (uint32_t i = 0; i < peers->room; i++)
		same += peers->all[i].id && !memcmp(peers->all[i].key, key, PUBLIC_KEY_SIZE) &&
		        connections_is(peers->all[i].fd, peers->all[i].serial);
	if (same > CONNECTIONS_OF_KEY)
		connections_turn_away(p->fd, p->serial);
	return p;
}

unsigned peers_cut(struct peers *peers, const uint8_t key[static PUBLIC_KEY_SIZE])
{
	unsigned cut = 0;

	for (uint32_t i = 0; i < peers->room; i++) {
		struct known_peer *p = &peers->all[i];
		if (!p->id || memcmp(p->key, key, PUBLIC_KEY_SIZE))
			continue;
		connections_forget_address(p->fd, p->serial);
		cut += connections_cut(p->fd, p->serial);
	}
	return cut;
}
