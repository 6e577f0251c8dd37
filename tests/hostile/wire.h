/* wire.h - the client's side of ZMTP 3.0 under CURVE, by hand.
 *
 * libzmq plays no tricks, so whoever wants to break off in the middle of a handshake, send frames
 * of impossible sizes or hold a thousand connections in one thread has to speak the protocol
 * themselves (RFC 23, 25 and 26). Only bytes are made and read here; the sockets are the caller's.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_HOSTILE_WIRE_H
#define TESTS_HOSTILE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	WIRE_GREETING = 64,
	WIRE_HELLO = 202,          /* with its frame's head */
	WIRE_WELCOME = 170,
	WIRE_INITIATE_MAX = 400,
	WIRE_OVERHEAD = 42,        /* what a sealed frame has beside its payload, at most */
	WIRE_MORE = 1, WIRE_COMMAND = 2,
};

struct wire_key { uint8_t public[32], secret[32]; };

struct wire {
	const uint8_t *server;     /* its public key */
	const struct wire_key *key;
	struct wire_key brief;     /* of this connection */
	uint8_t shared[32];
	uint64_t nonce;
};

void wire_greeting(uint8_t out[WIRE_GREETING]);
/* A connection's keys and the HELLO that goes with them. */
void wire_hello(struct wire *, uint8_t out[WIRE_HELLO]);
/* Of a WELCOME frame; the size, or 0 where it is none. */
size_t wire_initiate(struct wire *, const uint8_t welcome[WIRE_WELCOME], uint8_t out[WIRE_INITIATE_MAX]);

/* The size in all of the frame that begins there, 0 while its head isn't whole; `body`: its first byte. */
size_t wire_frame(const uint8_t *in, size_t size, const uint8_t **body);
/* A message's frame, after READY. `flags`: WIRE_MORE, WIRE_COMMAND. */
size_t wire_seal(struct wire *, unsigned flags, const uint8_t *payload, size_t size, uint8_t *out);
/* Opens a whole frame's body into `out`, of its size; the payload's size, -1 where it is not ours. */
long wire_open(struct wire *, const uint8_t *body, size_t size, uint8_t *out, unsigned *flags);

#endif
