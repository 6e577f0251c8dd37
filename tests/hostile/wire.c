/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/hostile/wire.h"

#include <sodium.h>
#include <string.h>

enum { SHORT_MAX = 255, COMMAND_FRAME = 4, LONG_FRAME = 2 };

static void put_u64(uint8_t *out, uint64_t value)
{
	for (int i = 7; i >= 0; i--, value >>= 8)
		out[i] = (uint8_t)value;
}

static uint64_t get_u64(const uint8_t *in)
{
	uint64_t value = 0;

	for (int i = 0; i < 8; i++)
		value = value << 8 | in[i];
	return value;
}

static void next_nonce(struct wire *w, const char *prefix, uint8_t nonce[24], uint8_t *brief)
{
	memcpy(nonce, prefix, 16);
	put_u64(nonce + 16, ++w->nonce);
	memcpy(brief, nonce + 16, 8);
}

void wire_greeting(uint8_t out[WIRE_GREETING])
{
	memset(out, 0, WIRE_GREETING);
	out[0] = 0xff;
	out[8] = 1;
	out[9] = 0x7f;
	out[10] = 3;
	memcpy(out + 12, "CURVE", 5);
}

void wire_hello(struct wire *w, uint8_t out[WIRE_HELLO])
{
	static const uint8_t nothing[64];
	uint8_t nonce[24], *hello = out + 2;

	w->nonce = 0;
	crypto_box_keypair(w->brief.public, w->brief.secret);
	memset(out, 0, WIRE_HELLO);
	out[0] = COMMAND_FRAME;
	out[1] = WIRE_HELLO - 2;
	memcpy(hello, "\5HELLO\1\0", 8);
	memcpy(hello + 80, w->brief.public, 32);
	next_nonce(w, "CurveZMQHELLO---", nonce, hello + 112);
	if (crypto_box_easy(hello + 120, nothing, sizeof nothing, nonce, w->server, w->brief.secret))
		memset(hello + 120, 0, 80);
}

/* Box [C', S](C->S'): that whoever has the long key has made the brief one. */
static int vouch(const struct wire *w, const uint8_t *server_brief, uint8_t out[96])
{
	uint8_t nonce[24] = "VOUCH---", what[64];

	randombytes_buf(nonce + 8, 16);
	memcpy(out, nonce + 8, 16);
	memcpy(what, w->brief.public, 32);
	memcpy(what + 32, w->server, 32);
	return crypto_box_easy(out + 16, what, sizeof what, nonce, server_brief, w->key->secret);
}

size_t wire_initiate(struct wire *w, const uint8_t welcome[WIRE_WELCOME], uint8_t out[WIRE_INITIATE_MAX])
{
	static const char properties[] = "\13Socket-Type\0\0\0\6DEALER\10Identity\0\0\0";
	uint8_t nonce[24] = "WELCOME-", told[128], plain[128 + sizeof properties];
	uint8_t *initiate = out + 9;
	size_t size = 113 + sizeof plain + 16;

	if (welcome[0] != COMMAND_FRAME || memcmp(welcome + 2, "\7WELCOME", 8))
		return 0;
	memcpy(nonce + 8, welcome + 10, 16);
	if (crypto_box_open_easy(told, welcome + 26, 144, nonce, w->server, w->brief.secret))
		return 0;
	memset(out, 0, WIRE_INITIATE_MAX);
	out[0] = COMMAND_FRAME | LONG_FRAME;
	put_u64(out + 1, size);
	memcpy(initiate, "\10INITIATE", 9);
	memcpy(initiate + 9, told + 32, 96);
	next_nonce(w, "CurveZMQINITIATE", nonce, initiate + 105);
	memcpy(plain, w->key->public, 32);
	/* The last byte of the properties is the string's own, and the last of the empty identity's length. */
	memcpy(plain + 128, properties, sizeof properties);
	if (vouch(w, told, plain + 32) || crypto_box_beforenm(w->shared, told, w->brief.secret) ||
	    crypto_box_easy(initiate + 113, plain, sizeof plain, nonce, told, w->brief.secret))
		return 0;
	return 9 + size;
}

size_t wire_frame(const uint8_t *in, size_t size, const uint8_t **body)
{
	if (size < 2 || (in[0] & LONG_FRAME && size < 9))
		return 0;
	*body = in + (in[0] & LONG_FRAME ? 9 : 2);
	return in[0] & LONG_FRAME ? 9 + get_u64(in + 1) : 2u + in[1];
}

size_t wire_seal(struct wire *w, unsigned flags, const uint8_t *payload, size_t size, uint8_t *out)
{
	uint8_t nonce[24], *message;
	size_t whole = 16 + 16 + 1 + size;

	if (whole > SHORT_MAX) {
		out[0] = LONG_FRAME;
		put_u64(out + 1, whole);
		message = out + 9;
	} else {
		out[0] = 0;
		out[1] = (uint8_t)whole;
		message = out + 2;
	}
	memcpy(message, "\7MESSAGE", 8);
	next_nonce(w, "CurveZMQMESSAGEC", nonce, message + 8);
	message[16 + 16] = (uint8_t)flags;
	memmove(message + 16 + 16 + 1, payload, size);
	crypto_box_detached_afternm(message + 16 + 16, message + 16, message + 16 + 16, 1 + size, nonce, w->shared);
	return (size_t)(message - out) + whole;
}

long wire_open(struct wire *w, const uint8_t *body, size_t size, uint8_t *out, unsigned *flags)
{
	uint8_t nonce[24] = "CurveZMQMESSAGES";

	if (size < 16 + 16 + 1 || memcmp(body, "\7MESSAGE", 8))
		return -1;
	memcpy(nonce + 16, body + 8, 8);
	if (crypto_box_open_easy_afternm(out, body + 16, size - 16, nonce, w->shared))
		return -1;
	*flags = out[0];
	memmove(out, out + 1, size - 16 - 16 - 1);
	return (long)(size - 16 - 16 - 1);
}
