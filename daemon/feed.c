/* Subscriptions: a catch-up read of the log that goes on. What is sent was
 * committed; a subscriber that gives no credit costs nothing but its place; each
 * second of silence a heartbeat carries the head, so that a gap can't be missed.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "daemon/cursors.h"
#include "daemon/memory.h"
#include "daemon/query_parts.h"

enum { CREDIT_MAX = 100000, FEED_ITEMS_MAX = 256, FEED_BYTES_MAX = 256 * 1024, HEARTBEAT_MS = 1000,
       /* What all of them are sent at one time, some milliseconds' work: submissions wait meanwhile. */
       ROUND_RECORDS_MAX = 5000, ROUND_BYTES_MAX = 2 * 1024 * 1024 };

static bool same_peer(const struct peer *a, const struct peer *b)
{
	return a->size == b->size && memcmp(a->bytes, b->bytes, a->size) == 0;
}

static struct subscription *find(struct engine *e, const struct request *r)
{
	for (unsigned i = 0; i < e->subscription_count; i++) {
		struct subscription *s = e->subscriptions[i];

		if (same_peer(&s->peer, r->peer) && memcmp(s->id, r->message->id, UUID_SIZE) == 0)
			return s;
	}
	return NULL;
}

static void drop(struct engine *e, unsigned i)
{
	free(e->subscriptions[i]);
	e->subscriptions[i] = e->subscriptions[--e->subscription_count];
}

void feed_close(struct engine *e)
{
	while (e->subscription_count)
		drop(e, 0);
}

void feed_recovered(struct engine *e)
{
	for (unsigned i = e->subscription_count; i-- > 0;)
		if (e->subscriptions[i]->pupil > e->state.pupil_count)
			drop(e, i);
		else if (e->subscriptions[i]->revoked > e->committed)
			e->subscriptions[i]->revoked = 0;
}

void engine_forget_peer(struct engine *e, const struct peer *peer)
{
	for (unsigned i = e->subscription_count; i-- > 0;)
		if (same_peer(&e->subscriptions[i]->peer, peer)) {
			drop(e, i);
			e->counters[COUNT_FORGOTTEN]++;
		}
}

/* ---- subscribing ---- */

static bool take_filter(struct engine *e, const struct request *r, struct subscription *s)
{
	const char *wrong = NULL;
	struct slice what = mp_find_str(r->message->body, "what", &wrong);
	struct slice id = mp_find_str(r->message->body, "case", &wrong);
	struct slice upn = mp_find_str(r->message->body, "upn", &wrong);
	struct slice officer = mp_find_str(r->message->body, "officer", &wrong);
	struct txn *txn;
	enum status status = STATUS_OK;

	s->log = slice_is(what, "log");
	if (wrong || (!s->log && !slice_is(what, "alerts"))) {
		engine_refuse(e, r, STATUS_BAD_FIELD, "what", "alerts or log is wanted");
		return false;
	}
	if (officer.size >= sizeof s->officer || (s->log && officer.size)) {
		engine_refuse(e, r, STATUS_BAD_FIELD, "officer", "of alerts alone: the name of an officer's grant, at most 63 bytes");
		return false;
	}
	if (officer.size)
		memcpy(s->officer, officer.bytes, officer.size);
	if (!access_query(r->who->role, what)) {
		engine_refuse(e, r, STATUS_FORBIDDEN, "what", "your role does not allow it");
		return false;
	}
	if (id.size && !case_id_parse(id, &s->case_no)) {
		engine_refuse(e, r, STATUS_BAD_FIELD, "case", "not a case's id: C1, C2 ...");
		return false;
	}
	if (upn.size) {
		txn = engine_read(e);
		s->pupil = query_upn(e, r, txn, &status);
		engine_read_end(e, txn);
		if (!s->pupil) {
			engine_reply(e, r, status, engine_head(e));
			return false;
		}
	}
	return true;
}

static bool take_start(struct engine *e, const struct request *r, struct subscription *s)
{
	const char *wrong = NULL;
	struct slice name = mp_find_str(r->message->body, "cursor", &wrong);
	uint64_t from = mp_find_uint(r->message->body, "from", 0, &wrong), position = 0;
	uint64_t credit = mp_find_uint(r->message->body, "credit", 0, &wrong);
	struct key key;
	struct txn *txn;

	if (wrong || credit > CREDIT_MAX || (name.size && !cursor_key(r, name, &key))) {
		engine_refuse(e, r, STATUS_BAD_FIELD, wrong ? wrong : name.size ? "cursor" : "credit",
			      "{what, from?, cursor?, credit, case?, upn?, officer?} is wanted");
		return false;
	}
	if (name.size) {
		txn = engine_read(e);
		if (!txn || cursor_read(txn, &key, &position) != STORE_OK) {
			engine_read_end(e, txn);
			engine_refuse(e, r, STATUS_FAILED, "cursor", "the cursor can't be read");
			return false;
		}
		engine_read_end(e, txn);
	}
	s->next = from ? from : position + 1;
	s->credit = (uint32_t)credit;
	return true;
}

/* A key may have as many as are left for all others, so that none takes them all. */
static bool has_room(const struct engine *e, const uint8_t key[static PUBLIC_KEY_SIZE])
{
	unsigned held = 0;

	for (unsigned i = 0; i < e->subscription_count; i++)
		held += memcmp(e->subscriptions[i]->key, key, PUBLIC_KEY_SIZE) == 0;
	return held < SUBSCRIPTIONS_MAX - e->subscription_count;
}

void feed_subscribe(struct engine *e, const struct request *r)
{
	static const char *const keys[] = {"what", "from", "cursor", "credit", "case", "upn", "officer", NULL};
	struct subscription *s = find(e, r);
	struct slice unknown;

	if (!mp_only(r->message->body, keys, &unknown)) {
		engine_refuse(e, r, STATUS_BAD_BODY, NULL, "{what, from?, cursor?, credit, case?, upn?, officer?} is wanted");
		return;
	}
	if (!s && !has_room(e, r->who->key)) {
		engine_refuse(e, r, STATUS_RETRY_LATER, NULL, "too many subscriptions");
		return;
	}
	if (s) { /* asked again: it starts anew */
		for (unsigned i = 0; i < e->subscription_count; i++)
			if (e->subscriptions[i] == s)
				drop(e, i--);
	}
	s = memory_new(sizeof *s);
	s->peer = *r->peer;
	memcpy(s->id, r->message->id, UUID_SIZE);
	memcpy(s->key, r->who->key, PUBLIC_KEY_SIZE);
	if (r->via)
		memcpy(s->board, r->via->key, PUBLIC_KEY_SIZE);
	if (!take_filter(e, r, s) || !take_start(e, r, s)) {
		free(s);
		return;
	}
	e->subscriptions[e->subscription_count++] = s;
	e->feed_wanted = true;
	pack_clear(&e->body);
	pack_map(&e->body, 2);
	pack_key_uint(&e->body, "from", s->next);
	pack_key_uint(&e->body, "head", e->committed);
	engine_reply(e, r, STATUS_OK, e->committed);
}

void feed_credit(struct engine *e, const struct request *r)
{
	static const char *const keys[] = {"credit", NULL};
	const char *wrong = NULL;
	struct mp at = mp_find(r->message->body, "credit");
	uint64_t credit = mp_find_uint(r->message->body, "credit", 0, &wrong);
	struct subscription *s = find(e, r);
	struct slice unknown;

	if (!s || wrong || mp_peek(&at) == MP_NONE || !mp_only(r->message->body, keys, &unknown)) {
		engine_refuse(e, r, s ? STATUS_BAD_FIELD : STATUS_NOT_FOUND, "credit",
			      s ? "{credit: number} is wanted" : "no such subscription; subscribe again");
		return;
	}
	s->credit = credit > CREDIT_MAX - s->credit ? CREDIT_MAX : s->credit + (uint32_t)credit;
	e->feed_wanted = true;
}

void feed_unsubscribe(struct engine *e, const struct request *r)
{
	static const char *const none[] = {NULL};
	struct subscription *s = find(e, r);
	struct slice unknown;

	if (!mp_only(r->message->body, none, &unknown)) {
		engine_refuse(e, r, STATUS_BAD_BODY, NULL, "{} or no body is wanted");
		return;
	}
	for (unsigned i = 0; s && i < e->subscription_count; i++)
		if (e->subscriptions[i] == s) {
			drop(e, i);
			s = NULL;
		}
	pack_clear(&e->body);
	engine_reply(e, r, STATUS_OK, engine_head(e));
}

/* ---- feeding ---- */

struct feeding {
	struct engine *engine;
	struct txn *txn;
	struct event *event;
	struct subscription *subscription;
	const struct principal *who;
	uint64_t from;      /* where it stood before, */
	uint32_t credit;    /* and its credit then */
	struct pack items;  /* what it is told: of whoever asks for the same from there, too */
	uint32_t count;
	unsigned looked, most;
};

static bool enough(const struct feeding *f)
{
	return f->count >= f->subscription->credit || f->count >= FEED_ITEMS_MAX ||
	       f->items.buffer.size > FEED_BYTES_MAX || f->looked >= f->most;
}

static bool take_record(void *context, uint64_t position, struct slice record)
{
	struct feeding *f = context;
	struct subscription *s = f->subscription;

	if (enough(f))
		return false;
	f->looked++;
	s->next = position + 1;
	if (!event_decode(f->event, record, true))
		return false;
	if ((s->case_no || s->pupil) && !event_concerns(f->txn, f->event, s->case_no, s->pupil))
		return true;
	pack_event(f->engine, &f->items, f->txn, f->event, position);
	f->count++;
	return true;
}

/* What an event made of the alert: a later event may have made more of it since. */
static uint8_t status_then(struct feeding *f, struct alert *a)
{
	if (f->event->kind == EVENT_ALERT_RAISED)
		a->text = f->event->alert_raised.text;
	if (f->event->kind == EVENT_ALERT_CHANGED)
		a->text = f->event->alert_changed.text;
	if (f->event->kind == EVENT_ALERT_WITHDRAWN)
		return ALERT_STATUS_WITHDRAWN;
	if (f->event->kind == EVENT_ALERT_ACKNOWLEDGED)
		return ALERT_STATUS_ACKNOWLEDGED;
	return ALERT_STATUS_RAISED;
}

struct alert_at {
	struct feeding *feeding;
	struct alert *alert;
};

static bool take_alert(void *context, uint64_t position, struct slice record)
{
	struct alert_at *at = context;
	struct feeding *f = at->feeding;

	if (event_decode(f->event, record, true)) {
		uint8_t status = status_then(f, at->alert);

		pack_alert(f->engine, &f->items, f->txn, at->alert, position, status);
		f->count++;
	}
	return false;
}

static void feed_alerts(struct feeding *f)
{
	struct engine *e = f->engine;
	struct subscription *s = f->subscription;
	struct key start = key_u64(s->next);
	struct slice key, value;
	struct scan scan;

	if (scan_open(&scan, f->txn, TABLE_ALERT_CHANGES, key_slice(&start)) != STORE_OK)
		return;
	while (!enough(f)) {
		enum store_result result = scan_next(&scan, &key, &value);
		struct reader k, v;
		struct alert a;
		uint64_t position;

		if (result == STORE_NONE)
			s->next = e->committed + 1;
		if (result != STORE_OK)
			break;
		k = reader_of(key);
		v = reader_of(value);
		position = read_u64(&k);
		f->looked++;
		s->next = position + 1;
		if (alert_get(f->txn, read_u64(&v), &a) != STORE_OK)
			break;
		if (!access_told(f->who, &a) || (s->case_no && a.case_no != s->case_no) ||
		    (s->pupil && a.pupil != s->pupil) || !alert_in_hands_of(e, &e->state, f->txn, &a, slice_text(s->officer)))
			continue;
		e->log.methods->read(&e->log, f->txn, position, 1, take_alert, &(struct alert_at){f, &a});
	}
	scan_close(&scan);
}

static void feed_log(struct feeding *f)
{
	struct engine *e = f->engine;

	if (f->subscription->next <= e->committed)
		e->log.methods->read(&e->log, f->txn, f->subscription->next, UINT64_MAX, take_record, f);
}

static void speak(struct engine *e, struct subscription *s, uint8_t command, struct feeding *f)
{
	struct pack *p = &e->body;

	pack_clear(p);
	pack_map(p, f ? 3 : 2);
	if (f) {
		pack_text(p, "items");
		pack_array(p, f->count);
		pack_raw(p, pack_slice(&f->items));
	}
	pack_key_uint(p, "next", s->next);
	pack_key_uint(p, "head", e->committed);
	engine_hold(e, &s->peer, command, s->id, STATUS_OK, e->committed, pack_slice(p));
	pack_clear(p);
}

/* What is left for this time. */
struct feed_round {
	unsigned records;
	size_t bytes;
};

static void round_takes(struct feed_round *round, const struct feeding *f)
{
	round->records -= f->looked < round->records ? f->looked : round->records;
	round->bytes -= f->items.buffer.size < round->bytes ? f->items.buffer.size : round->bytes;
}

/* Whether what was read for the subscription before is what this one is told: hundreds wait for the same alert. */
static bool asks_for_the_same(const struct feeding *f, const struct subscription *s, const struct principal *who)
{
	const struct subscription *before = f->subscription;

	return before && s->next == f->from && f->count < f->credit && f->count <= s->credit && s->log == before->log &&
	       s->case_no == before->case_no && s->pupil == before->pupil && strcmp(s->officer, before->officer) == 0 &&
	       (who == f->who || (who->role == f->who->role && access_reads_all(who->role)));
}

/* Reads on for the subscription. False where something could not be read: then nothing is told, and it is tried again
 * later. */
static bool read_on(struct feeding *f, struct subscription *s, const struct principal *who, const struct feed_round *round)
{
	if (asks_for_the_same(f, s, who)) {
		s->next = f->subscription->next;
		f->subscription = s;
		return true;
	}
	f->subscription = s;
	f->who = who;
	f->from = s->next;
	f->credit = s->credit;
	f->count = 0;
	f->looked = 0;
	f->most = round->records;
	pack_clear(&f->items);
	if (s->log)
		feed_log(f);
	else
		feed_alerts(f);
	if (store_trouble(f->txn) == STORE_OK)
		return true;
	s->next = f->from;
	f->subscription = NULL;
	return false;
}

/* True where there is more to send at once. */
static bool feed_one(struct feeding *f, struct subscription *s, uint64_t now_ms, struct feed_round *round)
{
	struct engine *e = f->engine;
	bool more = s->credit && s->next <= e->committed;

	if (more && round->records && round->bytes) {
		bool sound = read_on(f, s, state_principal(&e->state, s->key), round);

		if (f->count && sound) {
			s->credit -= f->count;
			s->spoke_ms = now_ms;
			e->counters[COUNT_ITEMS] += f->count;
			speak(e, s, COMMAND_ITEMS, f);
		}
		more = sound && s->credit && s->next <= e->committed;
		round_takes(round, f);
	}
	if (now_ms - s->spoke_ms >= HEARTBEAT_MS) {
		s->spoke_ms = now_ms;
		speak(e, s, COMMAND_HEARTBEAT, NULL);
	}
	return more;
}

/* A key that was revoked, or granted another role, is told no more of what it
 * asked for before. */
static bool still_may(struct engine *e, const struct subscription *s)
{
	static const uint8_t nobody[PUBLIC_KEY_SIZE];
	const struct principal *p = state_principal(&e->state, s->key);
	const struct principal *board = state_principal(&e->state, s->board);

	if (s->revoked && s->revoked <= e->committed)
		return false;
	if (memcmp(s->board, nobody, sizeof nobody) != 0 &&
	    (!board || board->revoked || board->role != ROLE_BOARD || !p || !access_for(p->role, COMMAND_SUBSCRIBE)))
		return false;
	return p && !p->revoked && access_command(p->role, COMMAND_SUBSCRIBE) &&
	       access_query(p->role, slice_text(s->log ? "log" : "alerts"));
}

bool engine_feed(struct engine *e, uint64_t monotonic_ms, engine_send *send, void *context)
{
	struct feed_round round = {ROUND_RECORDS_MAX, ROUND_BYTES_MAX};
	struct feeding f = {.engine = e};
	unsigned first = 0;

	engine_scrub(e, monotonic_ms);
	/* what is told is on disk: a feeding waits for the commit behind */
	if (e->behind || !e->subscription_count || (!e->feed_wanted && monotonic_ms - e->fed_ms < HEARTBEAT_MS / 4))
		return false;
	e->fed_ms = monotonic_ms;
	f.txn = engine_read(e);
	if (!f.txn)
		return false;
	e->feed_wanted = false;
	f.event = memory_new(sizeof *f.event);
	pack_init(&f.items);
	for (unsigned i = e->subscription_count; i-- > 0;)
		if (!still_may(e, e->subscriptions[i]))
			drop(e, i);
	/* who came to nothing this time is the first the next time */
	for (unsigned i = 0; i < e->subscription_count; i++) {
		unsigned at = (e->feed_first + i) % e->subscription_count;
		bool any = round.records && round.bytes;

		e->feed_wanted |= feed_one(&f, e->subscriptions[at], monotonic_ms, &round);
		if (any)
			first = at + 1;
	}
	e->feed_first = first;
	pack_free(&f.items);
	free(f.event);
	/* the transaction ends before anything is sent */
	engine_read_end(e, f.txn);
	engine_send_held(e, send, context);
	return e->feed_wanted;
}
