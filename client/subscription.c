/* A subscription over lines that come and go.
 *
 * `next` is the position below which everything was given to the caller. On a new
 * line, or after a silence, the daemon is asked again from there; what is below
 * it is passed over, so that nothing is given twice and nothing left out.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "client/connection.h"

#include <string.h>

#include <msgpack.h>

#include "proto/mp.h"

enum {
	CREDIT = 256,
	SILENCE_MS = 5000, /* the daemon speaks each second */
	TURN_MS = 250,
	FINISH_MS = 5000,
};

struct running {
	struct attend *connection;
	const struct attend_subscription *wanted;
	attend_item *item;
	void *context;
	uint8_t id[ATTEND_ID_SIZE];
	uint64_t next;        /* 0: not known yet */
	uint64_t done;        /* position of the last item that was dealt with */
	uint64_t committed;   /* cursor asked to stand here */
	bool asking;          /* and not answered: one at a time, the next covers what was dealt with meanwhile */
	unsigned owed;        /* credit to give back */
	uint64_t spoke_ms;    /* when the daemon last said something on it */
	unsigned line;        /* the line that it was asked for on */
	bool asked, running, ever, ended;
	enum attend_result result;
};

static int pack_key(msgpack_packer *pack, const char *key)
{
	return msgpack_pack_str(pack, strlen(key)) || msgpack_pack_str_body(pack, key, strlen(key));
}

static void cursor_committed(void *context, const struct attend_reply *reply)
{
	struct running *r = context;
	r->asking = false;
	if (r->ended || (reply->status >= 200 && reply->status < 300))
		return;
	connection_explain(r->connection, reply->status, slice_of(reply->body, reply->body_size));
	r->result = ATTEND_REFUSED;
	r->ended = true;
}

/* Moves the durable cursor to the last item that was dealt with. */
static void commit(struct running *r)
{
	if (!r->wanted->cursor || r->asking || r->done <= r->committed)
		return;
	msgpack_sbuffer body;
	msgpack_packer pack;
	msgpack_sbuffer_init(&body);
	msgpack_packer_init(&pack, &body, msgpack_sbuffer_write);
	bool packed = !msgpack_pack_map(&pack, 2) && !pack_key(&pack, "cursor") &&
	              !pack_key(&pack, r->wanted->cursor) && !pack_key(&pack, "position") &&
	              !msgpack_pack_uint64(&pack, r->done);
	if (packed && connection_put(r->connection, COMMAND_CURSOR, NULL, body.data, body.size, cursor_committed, r)) {
		r->committed = r->done;
		r->asking = true;
	}
	msgpack_sbuffer_destroy(&body);
}

static void give_items(struct running *r, struct mp at)
{
	for (uint32_t left = mp_array(&at); left && !at.fault && !r->ended; left--) {
		const uint8_t *start = at.at;
		mp_skip(&at);
		if (at.fault)
			return;
		struct slice item = slice_of(start, (size_t)(at.at - start));
		const char *wrong = NULL;
		uint64_t position = mp_find_uint(item, "seq", 0, &wrong);
		r->owed++;
		if (position < r->next)
			continue; /* given before the line broke */
		if (!r->item(r->context, position, item.bytes, item.size)) {
			r->ended = true;
			r->result = ATTEND_STOPPED;
			return;
		}
		r->next = position + 1;
		r->done = position;
		commit(r);
	}
}

static void give_credit(struct running *r)
{
	unsigned credit = r->wanted->credit ? r->wanted->credit : CREDIT;
	if (r->owed < (credit + 1) / 2)
		return;
	uint8_t body[16] = { 0x81, 0xa6, 'c', 'r', 'e', 'd', 'i', 't', 0xcd, (uint8_t)(r->owed >> 8), (uint8_t)r->owed };
	size_t size = 11;
	if (r->owed < 128) { /* the shortest form only */
		body[8] = (uint8_t)r->owed;
		size = 9;
	} else if (r->owed < 256) {
		body[8] = 0xcc;
		body[9] = (uint8_t)r->owed;
		size = 10;
	}
	if (connection_send(r->connection, COMMAND_CREDIT, r->id, body, size))
		r->owed = 0;
}

static void take_stray(void *context, const struct message *m)
{
	struct running *r = context;
	if (r->ended || memcmp(m->id, r->id, ATTEND_ID_SIZE) != 0)
		return; /* of a subscription on an earlier line */
	if (m->command == (COMMAND_CREDIT | COMMAND_REPLY)) {
		/* Answered only where the daemon has given us up for lost: ask anew. */
		r->asked = r->running = false;
		return;
	}
	if (m->status >= 300) {
		connection_explain(r->connection, m->status, m->body);
		r->result = ATTEND_REFUSED;
		r->ended = true;
		return;
	}
	if (!r->running)
		return;
	const char *wrong = NULL;
	uint64_t next = mp_find_uint(m->body, "next", 0, &wrong);
	r->spoke_ms = connection_now_ms();
	struct mp items = mp_find(m->body, "items");
	if (m->command == (COMMAND_ITEMS | COMMAND_REPLY) && mp_peek(&items) == MP_ARRAY) {
		give_items(r, items);
		give_credit(r);
	}
	if (!r->ended && next > r->next)
		r->next = next;
}

static void subscribed(void *context, const struct attend_reply *reply)
{
	struct running *r = context;
	struct slice body = slice_of(reply->body, reply->body_size);
	if (r->ended)
		return;
	if (reply->status < 200 || reply->status > 299) {
		connection_explain(r->connection, reply->status, body);
		r->result = ATTEND_REFUSED;
		r->ended = true;
		return;
	}
	const char *wrong = NULL;
	uint64_t from = mp_find_uint(body, "from", 0, &wrong);
	if (from > r->next)
		r->next = from;
	r->running = r->ever = true;
	r->line = r->connection->lines; /* it may have been sent again on a newer one */
	r->owed = 0;
	r->spoke_ms = connection_now_ms();
}

static bool ask(struct running *r)
{
	const struct attend_subscription *w = r->wanted;
	uint64_t from = r->next ? r->next : w->from;
	msgpack_sbuffer body;
	msgpack_packer pack;
	msgpack_sbuffer_init(&body);
	msgpack_packer_init(&pack, &body, msgpack_sbuffer_write);
	bool failed = msgpack_pack_map(&pack, 2 + (from > 0) + (w->cursor != NULL) + (w->case_id != NULL) + (w->upn != NULL) + (w->officer != NULL));
	failed |= pack_key(&pack, "what") || pack_key(&pack, w->what) || pack_key(&pack, "credit") ||
	          msgpack_pack_uint64(&pack, w->credit ? w->credit : CREDIT);
	if (from)
		failed |= pack_key(&pack, "from") || msgpack_pack_uint64(&pack, from);
	if (w->cursor)
		failed |= pack_key(&pack, "cursor") || pack_key(&pack, w->cursor);
	if (w->case_id)
		failed |= pack_key(&pack, "case") || pack_key(&pack, w->case_id);
	if (w->upn)
		failed |= pack_key(&pack, "upn") || pack_key(&pack, w->upn);
	if (w->officer)
		failed |= pack_key(&pack, "officer") || pack_key(&pack, w->officer);
	if (r->asked) {
		connection_withdraw(r->connection, r->id);
		connection_send(r->connection, COMMAND_UNSUBSCRIBE, r->id, NULL, 0);
	}
	attend_id_new(r->id);
	failed |= !connection_put(r->connection, COMMAND_SUBSCRIBE, r->id, body.data, body.size, subscribed, r);
	msgpack_sbuffer_destroy(&body);
	r->asked = !failed;
	r->running = false;
	r->line = r->connection->lines;
	r->spoke_ms = connection_now_ms();
	return !failed;
}

/* On a new line the old subscription is gone; after a silence it is taken to be. */
static bool must_ask(const struct running *r)
{
	const struct attend *a = r->connection;
	if (!r->asked)
		return true;
	if (!a->up)
		return false;
	if (r->running && r->line != a->lines)
		return true;
	return r->running && connection_now_ms() - r->spoke_ms > SILENCE_MS;
}

static enum attend_result run(struct running *r)
{
	struct attend *a = r->connection;
	while (!r->ended) {
		if (must_ask(r) && !ask(r)) {
			connection_why(a, "no memory for a subscription");
			return ATTEND_MISUSE;
		}
		enum attend_result hope = connection_hope(a);
		/* A key refused while running was revoked: seeking on is no use. */
		if (hope == ATTEND_STOPPED || (hope != ATTEND_OK && (!r->ever || a->trouble == TROUBLE_KEY_REFUSED)))
			return hope;
		connection_turn(a, TURN_MS);
		commit(r);
	}
	return r->result;
}

/* The last cursor is on disk before the caller goes on, or as near as the line allows. */
static void finish(struct running *r)
{
	struct attend *a = r->connection;
	const volatile sig_atomic_t *stop = a->stop;
	char why[WHY_SIZE];
	memcpy(why, a->why, sizeof why);
	a->stop = NULL;
	r->ended = true;
	connection_send(a, COMMAND_UNSUBSCRIBE, r->id, NULL, 0);
	if (r->asked)
		connection_withdraw(a, r->id);
	commit(r);
	for (uint64_t since_ms = connection_now_ms(); a->up && a->count && connection_now_ms() - since_ms < FINISH_MS; commit(r))
		connection_turn(a, 50);
	connection_silence(a, r);
	a->stop = stop;
	memcpy(a->why, why, sizeof why);
}

enum attend_result attend_subscribe(struct attend *a, const struct attend_subscription *wanted, attend_item *item, void *context)
{
	struct running r = { .connection = a, .wanted = wanted, .item = item, .context = context, .result = ATTEND_OK };
	a->why[0] = '\0';
	a->stray = take_stray;
	a->stray_context = &r;
	enum attend_result result = run(&r);
	a->stray = NULL;
	finish(&r);
	return result;
}
