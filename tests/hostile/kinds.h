/* kinds.h - the sorts of hostile peer, one row each.
 *
 * A peer connects from an address of its own choice in 127/8, goes as far into the handshake as its kind
 * does, and then sends what its kind sends for as long as it is let. Whoever is thrown out comes back.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_HOSTILE_KINDS_H
#define TESTS_HOSTILE_KINDS_H

#include "bench/registers.h"
#include "tests/hostile/wire.h"

enum { PAYLOAD_MAX = 64 * 1024, IDS = 256 };

/* How far it goes. RAW: it sends bytes of its own making from the first on. */
enum depth { SILENT, RAW, GREETED, HELLOED, FULL };
enum stage { AWAY, CONNECTING, GREETING, WELCOMED, ADMITTED, OPEN };

struct peer {
	unsigned number;
	int fd;
	enum stage stage;
	struct wire wire;
	uint8_t *out, in[8192];
	size_t out_size, out_at, in_size;
	uint64_t skip;             /* bytes of a frame that is not looked at */
	uint64_t frames, bytes;    /* sent on this connection */
	uint64_t owed;             /* credit to give, of subscribers */
	uint64_t spoke_ns;
	bool wants_out;
};

struct attack {
	const struct kind *kind;
	struct wire_key *keys;
	unsigned key_count;
	uint64_t seed, serial, order_at, order_count, bytes;
	const uint64_t *order;     /* of registers that are this attack's own */
	uint8_t ids[IDS][16];
	uint64_t ids_known;
	uint8_t hello[WIRE_HELLO]; /* one for all who replay it */
};

struct kind {
	const char *name;
	enum depth depth;
	bool known;                /* its keys are granted */
	bool reads;                /* what it is sent, once it is let in */
	bool leaves;               /* as soon as it has come so far, to come again */
	/* The next payload (RAW: bytes) into `out` of PAYLOAD_MAX; its size, 0: nothing now. */
	size_t (*next)(struct attack *, struct peer *, uint8_t *out, unsigned *flags);
};

const struct kind *kind_of(const char *name); /* NULL: none */
void kinds_print(void);
/* A reply's frame was opened. */
void kind_replied(struct attack *, struct peer *, const uint8_t *reply, size_t size);

#endif
