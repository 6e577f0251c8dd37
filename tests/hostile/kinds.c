/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/hostile/kinds.h"

#include <stdio.h>
#include <string.h>

enum { UPN_AT = 63, UPN_BYTES = 13, ID_AT = 4, HEAD = 20, CREDIT = 50000, NS = 1000000000, ITEMS = 0x34 | 0x80 };

/* ---- msgpack, as much as is wanted ---- */

struct text { uint8_t *at; };

static void put(struct text *t, const void *bytes, size_t size)
{
	memcpy(t->at, bytes, size);
	t->at += size;
}

static void put_text(struct text *t, const char *text)
{
	*t->at++ = (uint8_t)(0xa0 | strlen(text));
	put(t, text, strlen(text));
}

static void put_number(struct text *t, uint32_t n)
{
	if (n < 128) {
		*t->at++ = (uint8_t)n;
	} else if (n < 256) {
		*t->at++ = 0xcc;
		*t->at++ = (uint8_t)n;
	} else if (n < 65536) {
		*t->at++ = 0xcd;
		*t->at++ = (uint8_t)(n >> 8);
		*t->at++ = (uint8_t)n;
	} else {
		*t->at++ = 0xce;
		for (int shift = 24; shift >= 0; shift -= 8)
			*t->at++ = (uint8_t)(n >> shift);
	}
}

static struct text request(struct attack *a, uint8_t *out, uint8_t command, unsigned pairs)
{
	struct text t = {out};

	put(&t, "\xA7\x7D\x01", 3);
	*t.at++ = command;
	for (int i = 0; i < 16; i++)
		*t.at++ = (uint8_t)register_random(&a->seed);
	out[ID_AT + 6] = (uint8_t)(0x70 | (out[ID_AT + 6] & 15));
	out[ID_AT + 8] = (uint8_t)(0x80 | (out[ID_AT + 8] & 63));
	*t.at++ = (uint8_t)(0x80 | pairs);
	return t;
}

static size_t done(const struct text *t, const uint8_t *out)
{
	return (size_t)(t->at - out);
}

/* A register that nobody has sent yet, of the attack's own classes. */
static size_t fresh(struct attack *a, uint8_t *out)
{
	uint64_t at = a->order[a->order_at++ % a->order_count];

	return register_frame(out, (uint32_t)at, (uint32_t)(at >> 32), UINT64_C(1) << 48 | ++a->serial);
}

/* ---- without a key ---- */

static size_t half_greeting(struct attack *a, struct peer *p, uint8_t *out, unsigned *flags)
{
	uint8_t greeting[WIRE_GREETING];

	(void)a, (void)flags;
	wire_greeting(greeting);
	memcpy(out, greeting, 11);
	return p->bytes ? 0 : 11;
}

static size_t garbage(struct attack *a, struct peer *p, uint8_t *out, unsigned *flags)
{
	size_t size = 1 + register_random(&a->seed) % 4096;

	(void)p, (void)flags;
	for (size_t i = 0; i < size; i++)
		out[i] = (uint8_t)register_random(&a->seed);
	return size;
}

static size_t long_head(uint8_t *out, uint64_t size)
{
	wire_greeting(out);
	out[WIRE_GREETING] = 6;
	for (int i = 0; i < 8; i++)
		out[WIRE_GREETING + 1 + i] = (uint8_t)(size >> (56 - 8 * i));
	return WIRE_GREETING + 9;
}

static size_t giant(struct attack *a, struct peer *p, uint8_t *out, unsigned *flags)
{
	(void)a, (void)flags;
	return p->bytes ? 0 : long_head(out, INT64_MAX);
}

/* The longest frame that is let in, but for its last byte: it is held until the handshake's time is up. */
static size_t stuffed(struct attack *a, struct peer *p, uint8_t *out, unsigned *flags)
{
	uint64_t left = a->bytes - p->bytes;

	(void)flags;
	if (!p->bytes)
		return long_head(out, 4 * 1024 * 1024);
	memset(out, 0, PAYLOAD_MAX);
	return p->bytes >= a->bytes ? 0 : left < PAYLOAD_MAX ? (size_t)left : PAYLOAD_MAX;
}

/* ---- with one ---- */

static size_t endless(struct attack *a, struct peer *p, uint8_t *out, unsigned *flags)
{
	(void)a, (void)p;
	*flags = WIRE_MORE;
	memset(out, 'x', PAYLOAD_MAX);
	return PAYLOAD_MAX;
}

static size_t crumbs(struct attack *a, struct peer *p, uint8_t *out, unsigned *flags)
{
	(void)a, (void)p;
	*flags = WIRE_MORE;
	*out = 'x';
	return 1;
}

static size_t valid(struct attack *a, struct peer *p, uint8_t *out, unsigned *flags)
{
	(void)p, (void)flags;
	return fresh(a, out);
}

static size_t refused(struct attack *a, struct peer *p, uint8_t *out, unsigned *flags)
{
	size_t size;
	struct text t;

	(void)p, (void)flags;
	switch (register_random(&a->seed) % 3) {
	case 0: /* not this role's to say */
		t = request(a, out, 0x15, 1);
		put_text(&t, "key");
		put_text(&t, "nobody");
		return done(&t, out);
	case 1: /* another's school */
		size = fresh(a, out);
		memcpy(out + 26, "899999", 6);
		return size;
	default: /* an id of a version that isn't taken */
		size = fresh(a, out);
		out[ID_AT + 6] = 0x40;
		return size;
	}
}

static size_t malformed(struct attack *a, struct peer *p, uint8_t *out, unsigned *flags)
{
	size_t size;

	(void)p, (void)flags;
	if (register_random(&a->seed) % 2) {
		size = 1 + register_random(&a->seed) % 400;
		for (size_t i = 0; i < size; i++)
			out[i] = (uint8_t)register_random(&a->seed);
		return size;
	}
	size = fresh(a, out);
	out[HEAD + register_random(&a->seed) % (size - HEAD)] = 0xc1;
	return size;
}

/* What was sent and taken once, again and again: the same bytes under the same ids. */
static size_t replay(struct attack *a, struct peer *p, uint8_t *out, unsigned *flags)
{
	uint64_t n = p->frames % 64, serial = UINT64_C(2) << 48 | (uint64_t)p->number << 16 | n;
	uint64_t at = a->order[(p->number * 64 + n) % a->order_count];
	size_t size = register_frame(out, (uint32_t)at, (uint32_t)(at >> 32), serial);

	(void)flags;
	memset(out + ID_AT, 0x11, 6); /* the time is in the id, too */
	out[ID_AT + 7] = 0;
	return size;
}

/* Peer 0 uses ids; all others use them, too, for something else. */
static size_t others_ids(struct attack *a, struct peer *p, uint8_t *out, unsigned *flags)
{
	size_t size = fresh(a, out);

	(void)flags;
	if (p->number == 0) {
		memcpy(a->ids[a->ids_known++ % IDS], out + ID_AT, 16);
		return size;
	}
	if (!a->ids_known)
		return 0;
	memcpy(out + ID_AT, a->ids[register_random(&a->seed) % (a->ids_known < IDS ? a->ids_known : IDS)], 16);
	return size;
}

static size_t queries(struct attack *a, struct peer *p, uint8_t *out, unsigned *flags)
{
	static const char *const pages[] = {"report", "log", "authority", "deadlines"};
	uint8_t register_bytes[REGISTER_SIZE_MAX];
	uint32_t turn = (uint32_t)register_random(&a->seed) % 6;
	char upn[UPN_BYTES + 1] = "";
	struct text t;

	(void)p, (void)flags;
	if (turn >= 4) {
		fresh(a, register_bytes);
		memcpy(upn, register_bytes + UPN_AT, UPN_BYTES);
		t = request(a, out, 0x20, 3);
		put_text(&t, "upn");
		put_text(&t, upn);
		put_text(&t, "as_of");
		put_number(&t, 1000 + (uint32_t)register_random(&a->seed) % 100000);
		put_text(&t, "what");
		put_text(&t, "pupil");
		return done(&t, out);
	}
	t = request(a, out, 0x20, turn == 0 ? 2 : 1);
	put_text(&t, "what");
	put_text(&t, pages[turn]);
	if (turn == 0) {
		put_text(&t, "of");
		put_text(&t, "pupils");
	}
	return done(&t, out);
}

/* What is long to answer and short to ask. */
static size_t asks_much(struct attack *a, struct peer *p, uint8_t *out, unsigned *flags)
{
	struct text t = request(a, out, 0x20, 1);

	(void)p, (void)flags;
	put_text(&t, "what");
	put_text(&t, "log");
	return done(&t, out);
}

static size_t subscribe(struct attack *a, struct peer *p, uint8_t *out, uint32_t credit)
{
	struct text t;

	if (!p->frames) {
		t = request(a, out, 0x30, 3);
		put_text(&t, "what");
		put_text(&t, "log");
		put_text(&t, "from");
		put_number(&t, 1);
		put_text(&t, "credit");
		put_number(&t, credit);
		memset(out + ID_AT, 7, 16);
		return done(&t, out);
	}
	if (!p->owed)
		return 0;
	t = request(a, out, 0x31, 1);
	put_text(&t, "credit");
	put_number(&t, (uint32_t)p->owed);
	memset(out + ID_AT, 7, 16);
	p->owed = 0;
	return done(&t, out);
}

static size_t cursors(struct attack *a, struct peer *p, uint8_t *out, unsigned *flags)
{
	(void)flags;
	return subscribe(a, p, out, CREDIT);
}

static size_t no_credit(struct attack *a, struct peer *p, uint8_t *out, unsigned *flags)
{
	(void)flags;
	return subscribe(a, p, out, 0);
}

/* Gives credit for ever, and takes nothing. */
static size_t deaf(struct attack *a, struct peer *p, uint8_t *out, unsigned *flags)
{
	uint64_t now = clock_ns();

	(void)flags;
	if (p->frames && now - p->spoke_ns < NS)
		return 0;
	p->spoke_ns = now;
	p->owed = CREDIT;
	return subscribe(a, p, out, CREDIT);
}

static size_t hello(struct attack *a, struct peer *p, uint8_t *out, unsigned *flags)
{
	(void)flags;
	if (p->frames)
		return 0;
	request(a, out, 0x01, 0);
	return HEAD;
}

void kind_replied(struct attack *a, struct peer *p, const uint8_t *reply, size_t size)
{
	(void)a;
	/* 256 at most come in one */
	if (size > HEAD && reply[3] == ITEMS)
		p->owed += 256;
}

static const struct kind kinds[] = {
	{"silent", SILENT, false, false, false, NULL},
	{"half-greeting", RAW, false, false, false, half_greeting},
	{"half-open", HELLOED, false, false, false, NULL},
	{"hello-flood", HELLOED, false, false, true, NULL},
	{"unknown-keys", FULL, false, true, false, NULL},
	{"garbage", RAW, false, false, false, garbage},
	{"giant-frames", RAW, false, false, false, giant},
	{"stuffed", RAW, false, false, false, stuffed},
	{"churn", FULL, true, true, true, hello},
	{"endless", FULL, true, true, false, endless},
	{"crumbs", FULL, true, true, false, crumbs},
	{"unread-replies", FULL, true, false, false, valid},
	{"unread-answers", FULL, true, false, false, asks_much},
	{"no-credit", FULL, true, true, false, no_credit},
	{"deaf-subscribers", FULL, true, false, false, deaf},
	{"all-cursors", FULL, true, true, false, cursors},
	{"valid-flood", FULL, true, true, false, valid},
	{"refused-flood", FULL, true, true, false, refused},
	{"malformed-flood", FULL, true, true, false, malformed},
	{"replays", FULL, true, true, false, replay},
	{"others-ids", FULL, true, true, false, others_ids},
	{"queries", FULL, true, true, false, queries},
};

enum { KINDS = sizeof kinds / sizeof kinds[0] };

const struct kind *kind_of(const char *name)
{
	for (int i = 0; i < KINDS; i++)
		if (!strcmp(kinds[i].name, name))
			return &kinds[i];
	return NULL;
}

void kinds_print(void)
{
	for (int i = 0; i < KINDS; i++)
		printf("%s%s", i ? " " : "", kinds[i].name);
	printf("\n");
}
