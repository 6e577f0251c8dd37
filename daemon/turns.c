/* turns.c - a queue a key, and two rounds of keys: those that are new to waiting, and the rest.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "daemon/turns.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/memory.h"

enum { ACCOUNTS_FIRST = 256, SPARES_MAX = 4096, SECOND_US = 1000000, DEBT_MAX_US = 10 * SECOND_US };
#define HOUR_US (UINT64_C(3600) * SECOND_US)

struct waiting {
	struct received received;
	struct waiting *next;
};

enum place { NOWHERE, AMONG_NEW, AMONG_OLD };

struct account {
	uint8_t key[PUBLIC_KEY_SIZE];
	struct account *next_in_round;
	struct waiting *first, *last;
	uint32_t messages;
	uint64_t bytes;
	int64_t left_us;         /* of its slice; negative: it owes so much */
	uint64_t idle_us;        /* since when nothing of it waits */
	enum place place;
	uint64_t second_us;      /* its present second, and what was put off in it */
	uint64_t held_off_us;    /* when it was last */
	uint32_t times_held_off;
	uint32_t put_off, strikes; /* strikes: how many such seconds there were in a row */
};

struct round {
	struct account *first, *last;
};

struct turns {
	struct account **accounts; /* by key, open addressing; never removed: there are as many as keys */
	uint32_t account_count, account_room;
	struct account *last;    /* messages come in runs of one key's */
	struct round fresh, old;
	struct waiting *served;  /* handed out */
	struct waiting *spare;
	uint32_t spares;
	uint32_t messages;
	uint64_t bytes;
};

static uint32_t slot_of(const struct turns *t, const uint8_t *key)
{
	uint64_t hash;

	memcpy(&hash, key, sizeof hash);
	hash *= UINT64_C(0x9E3779B97F4A7C15);
	return (uint32_t)(hash >> 32) & (t->account_room - 1);
}

static void put_account(struct turns *t, struct account *a)
{
	uint32_t slot = slot_of(t, a->key);

	while (t->accounts[slot])
		slot = (slot + 1) & (t->account_room - 1);
	t->accounts[slot] = a;
}

static void grow(struct turns *t)
{
	struct account **before = t->accounts;
	uint32_t room = t->account_room;

	t->account_room = room ? room * 2 : ACCOUNTS_FIRST;
	t->accounts = memory_new(t->account_room * sizeof *t->accounts);
	for (uint32_t i = 0; i < room; i++)
		if (before[i])
			put_account(t, before[i]);
	free(before);
}

static struct account *find_account(struct turns *t, const uint8_t *key)
{
	uint32_t slot = slot_of(t, key);

	for (; t->accounts[slot]; slot = (slot + 1) & (t->account_room - 1))
		if (!memcmp(t->accounts[slot]->key, key, PUBLIC_KEY_SIZE))
			return t->accounts[slot];
	return NULL;
}

static struct account *account_of(struct turns *t, const uint8_t *key)
{
	if (t->last && !memcmp(t->last->key, key, PUBLIC_KEY_SIZE))
		return t->last;
	t->last = find_account(t, key);
	if (t->last)
		return t->last;
	if (2 * (t->account_count + 1) > t->account_room)
		grow(t);
	t->last = memory_new(sizeof *t->last);
	memcpy(t->last->key, key, PUBLIC_KEY_SIZE);
	t->last->left_us = TURNS_SLICE_US;
	t->account_count++;
	put_account(t, t->last);
	return t->last;
}

struct turns *turns_open(void)
{
	struct turns *t = memory_new(sizeof *t);

	grow(t);
	return t;
}

/* ---- rounds ---- */

static void append(struct turns *t, struct account *a, enum place place)
{
	struct round *round = place == AMONG_NEW ? &t->fresh : &t->old;

	a->place = place;
	a->next_in_round = NULL;
	if (round->last)
		round->last->next_in_round = a;
	else
		round->first = a;
	round->last = a;
}

static struct account *take_first(struct round *round)
{
	struct account *a = round->first;

	round->first = a->next_in_round;
	if (!round->first)
		round->last = NULL;
	a->place = NOWHERE;
	return a;
}

/* ---- in ---- */

/* What it owed is paid off by the time that it asked for nothing. */
static void begins(struct turns *t, struct account *a, uint64_t now_us)
{
	if (now_us > a->idle_us)
		a->left_us += now_us - a->idle_us > DEBT_MAX_US ? DEBT_MAX_US : (int64_t)(now_us - a->idle_us);
	if (a->left_us > TURNS_SLICE_US)
		a->left_us = TURNS_SLICE_US;
	if (a->place == NOWHERE)
		append(t, a, a->left_us > 0 ? AMONG_NEW : AMONG_OLD);
}

unsigned turns_waiting(const struct turns *t)
{
	return t->messages;
}

static enum turns_result put_off(struct account *a, uint64_t now_us)
{
	if (now_us - a->second_us >= SECOND_US) {
		bool again = now_us - a->second_us < 2 * SECOND_US && a->put_off >= TURNS_PUT_OFF_MAX;
		a->strikes = again ? a->strikes + 1 : 0;
		a->second_us = now_us;
		a->put_off = 0;
	}
	a->put_off++;
	if (a->strikes < TURNS_PATIENCE_S)
		return TURNS_PUT_OFF;
	a->strikes = 0;
	a->times_held_off = now_us - a->held_off_us < HOUR_US ? a->times_held_off + 1 : 1;
	a->held_off_us = now_us;
	return TURNS_HOLD_OFF;
}

enum turns_result turns_put(struct turns *t, struct received *received, uint64_t now_us)
{
	struct account *a = account_of(t, received->key);
	size_t size = zmq_msg_size(&received->payload);
	struct waiting *w;

	if (a->messages >= TURNS_MESSAGES_MAX - t->messages || a->bytes + size > TURNS_BYTES_MAX - t->bytes)
		return put_off(a, now_us);
	w = t->spare;
	if (w) {
		t->spare = w->next;
		t->spares--;
	} else {
		w = memory_new(sizeof *w);
	}
	received_move(&w->received, received);
	w->next = NULL;
	if (!a->messages)
		begins(t, a, now_us);
	if (a->last)
		a->last->next = w;
	else
		a->first = w;
	a->last = w;
	a->messages++;
	a->bytes += size;
	t->messages++;
	t->bytes += size;
	return TURNS_WAITS;
}

/* ---- out ---- */

static struct waiting *take_off(struct turns *t, struct account *a, uint64_t now_us)
{
	struct waiting *w = a->first;
	size_t size = zmq_msg_size(&w->received.payload);

	a->first = w->next;
	if (!a->first)
		a->last = NULL;
	a->bytes -= size;
	t->bytes -= size;
	t->messages--;
	if (!--a->messages)
		a->idle_us = now_us;
	return w;
}

static void give_back(struct turns *t, struct waiting *w)
{
	received_close(&w->received);
	if (t->spares == SPARES_MAX) {
		free(w);
		return;
	}
	t->spares++;
	w->next = t->spare;
	t->spare = w;
}

struct received *turns_next(struct turns *t, uint64_t now_us)
{
	while (t->messages) {
		bool fresh = t->fresh.first != NULL;
		struct round *round = fresh ? &t->fresh : &t->old;
		struct account *a = round->first;

		if (a->messages && a->left_us > 0) {
			t->served = take_off(t, a, now_us);
			t->last = a;
			return &t->served->received;
		}
		take_first(round);
		if (a->messages) { /* its slice is over */
			a->left_us += TURNS_SLICE_US;
			append(t, a, AMONG_OLD);
		} else if (fresh && t->old.first) {
			/* else it could come back at once as a new one, for ever before the rest */
			append(t, a, AMONG_OLD);
		}
	}
	return NULL;
}

void turns_done(struct turns *t, uint64_t took_us)
{
	struct account *a = account_of(t, t->served->received.key);

	a->left_us -= (int64_t)took_us + TURNS_MESSAGE_US;
	if (a->left_us < -DEBT_MAX_US)
		a->left_us = -DEBT_MAX_US;
	if (!a->messages)
		a->idle_us += took_us; /* while it was served it was not idle */
	give_back(t, t->served);
	t->served = NULL;
}

unsigned turns_times_held_off(struct turns *t, const uint8_t key[static PUBLIC_KEY_SIZE], uint64_t now_us)
{
	struct account *a = find_account(t, key);

	return a && now_us - a->held_off_us < HOUR_US ? a->times_held_off : 0;
}

unsigned turns_drop(struct turns *t, const uint8_t key[static PUBLIC_KEY_SIZE])
{
	struct account *a = find_account(t, key);
	unsigned dropped = 0;

	for (; a && a->messages; dropped++)
		give_back(t, take_off(t, a, a->idle_us));
	return dropped;
}

void turns_close(struct turns **turns)
{
	struct turns *t = *turns;

	if (!t)
		return;
	for (uint32_t i = 0; i < t->account_room; i++)
		while (t->accounts[i] && t->accounts[i]->messages)
			give_back(t, take_off(t, t->accounts[i], 0));
	for (uint32_t i = 0; i < t->account_room; i++)
		free(t->accounts[i]);
	if (t->served)
		give_back(t, t->served);
	while (t->spare) {
		struct waiting *w = t->spare;
		t->spare = w->next;
		free(w);
	}
	free(t->accounts);
	free(t);
	*turns = NULL;
}
