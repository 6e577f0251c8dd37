/* What the daemon has counted and measured, and how things stand: for monitoring, so nothing in it names a person.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <sodium.h>
#include <stdio.h>

#include "daemon/query_parts.h"

enum {
	CURSORS_MAX = 1000,  /* listed */
	UNREAD_MAX = 100,    /* counted for each of them */
	LOOKS_MAX = 50000,   /* changes of alerts looked at for all of them: some 15 ms */
	TAG_SIZE = 4,        /* bytes of a cursor's name, hashed */
};

static const char *const counter_names[] = {
#define X(name, text, help) text,
	COUNTERS(X)
#undef X
};
static const char *const shell_names[] = {
#define X(name, text) text,
	SHELL_COUNTERS(X)
#undef X
};

static void pack_counters(struct engine *e, struct pack *p, const struct metrics_process *process)
{
	pack_map(p, COUNTER_COUNT + SHELL_COUNTER_COUNT + 1);
	for (unsigned i = 0; i < COUNTER_COUNT; i++)
		pack_key_uint(p, counter_names[i], e->counters[i]);
	for (unsigned i = 0; i < SHELL_COUNTER_COUNT; i++)
		pack_key_uint(p, shell_names[i], e->metrics.shell[i]);
	pack_key_uint(p, "cpu_ms", process->cpu_ms);
}

static uint64_t left(uint64_t limit, uint64_t used)
{
	return limit > used ? limit - used : 0;
}

static void pack_room(struct engine *e, struct pack *p)
{
	const struct store_room *r = &e->room;
	uint64_t map = left(r->map_size / 100 * ROOM_PERCENT, r->map_used), disk = left(r->disk_free, DISK_RESERVE);

	pack_key_uint(p, "map_used_bytes", r->map_used);
	pack_key_uint(p, "map_size_bytes", r->map_size);
	pack_key_uint(p, "disk_free_bytes", r->disk_free);
	pack_key_uint(p, "disk_size_bytes", r->disk_size);
	pack_key_uint(p, "file_bytes", r->file_size);
	pack_key_uint(p, "room_left_bytes", map < disk ? map : disk);
	pack_key_uint(p, "readers", r->readers);
	pack_key_uint(p, "oldest_reader", r->oldest_reader);
}

static void pack_gauges(struct engine *e, struct pack *p, struct txn *txn, const struct metrics_process *process)
{
	uint64_t oldest = engine_head(e), first;
	unsigned keys = 0;
	struct slice key;

	for (unsigned i = 0; i < e->subscription_count; i++)
		if (e->subscriptions[i]->next <= oldest)
			oldest = e->subscriptions[i]->next - 1;
	for (uint32_t i = 0; i < e->state.principal_count; i++)
		keys += !e->state.principals[i]->revoked;
	first_timer(txn, &key, &first); /* where it can't be read the question is not answered */
	store_room(e->store, &e->room);
	pack_map(p, 24);
	pack_key_uint(p, "head", engine_head(e));
	pack_key_uint(p, "pupils", e->state.pupil_count);
	pack_key_uint(p, "cases", e->state.case_count);
	pack_key_uint(p, "keys", keys);
	pack_key_uint(p, "timers", store_count(txn, TABLE_TIMERS));
	pack_key_uint(p, "timer_waits_ms", first ? left(e->now_ms, first) : 0);
	pack_key_uint(p, "subscriptions", e->subscription_count);
	pack_key_uint(p, "subscriber_lag", engine_head(e) - oldest);
	pack_key_uint(p, "cursors", store_count(txn, TABLE_CURSORS));
	pack_room(e, p);
	pack_key_uint(p, "replay_tail", e->committed - e->pupils_from);
	pack_key_uint(p, "clock_held", engine_clock_held(e));
	pack_key_uint(p, "started_ms", e->metrics.started_ms);
	pack_key_uint(p, "memory_resident_bytes", process->resident);
	pack_key_uint(p, "memory_own_bytes", process->own);
	pack_key_uint(p, "connections", e->metrics.connections);
	pack_key_uint(p, "memory_limit_bytes", e->metrics.memory_limit);
}

/* ---- subscribers: their durable cursors ---- */

struct unread {
	bool known;        /* false: there were no looks left to find the first, or the end */
	uint64_t count;
	uint64_t since_ms; /* when the first of them was recorded; 0: there is none */
};

static bool take_time(void *context, uint64_t position, struct slice record)
{
	struct unread *u = context;
	struct event ev;
	struct reader rest;

	(void)position;
	if (event_decode_header(&ev, record, &rest))
		u->since_ms = ev.at_ms;
	return false;
}

/* What became of alerts beyond a place, of those that this key is told. Bounded, for nobody else is served
 * meanwhile: who is far behind is counted up to UNREAD_MAX, and for as long as there are looks left. */
static struct unread unread_of(struct engine *e, struct txn *txn, const struct principal *who, uint64_t place, unsigned *looks)
{
	struct unread u = {0};
	struct key start = key_u64(place + 1);
	struct slice key, value;
	struct scan scan;
	enum store_result result = scan_open(&scan, txn, TABLE_ALERT_CHANGES, key_slice(&start));

	if (result != STORE_OK)
		return u;
	for (; u.count < UNREAD_MAX && *looks && (result = scan_next(&scan, &key, &value)) == STORE_OK; --*looks) {
		struct reader k = reader_of(key), v = reader_of(value);
		uint64_t position = read_u64(&k);
		struct alert a;

		if (alert_get(txn, read_u64(&v), &a) != STORE_OK)
			break;
		if (!access_told(who, &a))
			continue;
		if (!u.count++)
			engine_log_at(e, txn, position, take_time, &u);
	}
	scan_close(&scan);
	u.known = u.count || result == STORE_NONE;
	return u;
}

static void pack_known(struct pack *p, const char *key, bool known, uint64_t value)
{
	pack_text(p, key);
	if (known)
		pack_uint(p, value);
	else
		pack_nil(p);
}

/* Neither the key's name nor the cursor's is told: both are what somebody chose, a person's name maybe. The
 * place in the log of the key's grant says whose it is to those who may read the log. */
static void pack_subscriber(struct engine *e, struct pack *p, struct txn *txn, const struct principal *who,
			    struct slice name, uint64_t place, unsigned *looks)
{
	uint8_t hash[crypto_shorthash_BYTES];
	struct unread u = unread_of(e, txn, who, place, looks);
	uint64_t head = engine_head(e);

	crypto_shorthash(hash, name.bytes, name.size, e->key.receipt);
	pack_map(p, 7);
	pack_key_uint(p, "grant", who->number);
	pack_key_text(p, "role", role_text(who->role));
	pack_text(p, "cursor");
	pack_hex(p, hash, TAG_SIZE);
	pack_key_uint(p, "position", place);
	pack_key_uint(p, "lag", left(head, place));
	pack_known(p, "unread_alerts", u.known, u.count);
	pack_known(p, "oldest_unread_ms", u.known, u.since_ms ? left(e->now_ms, u.since_ms) : 0);
}

static void pack_subscribers(struct engine *e, struct pack *p, struct txn *txn)
{
	struct pack items;
	struct slice key, value;
	struct scan scan;
	uint32_t count = 0;
	unsigned looks = LOOKS_MAX;
	enum store_result result = scan_open(&scan, txn, TABLE_CURSORS, slice_of(NULL, 0));

	pack_init(&items);
	while (result == STORE_OK && count < CURSORS_MAX && (result = scan_next(&scan, &key, &value)) == STORE_OK) {
		struct reader in = reader_of(value);
		const struct principal *who = key.size > PUBLIC_KEY_SIZE ? state_principal(&e->state, key.bytes) : NULL;

		/* whose key was revoked reads nothing any more */
		if (!who || who->revoked)
			continue;
		pack_subscriber(e, &items, txn, who, slice_of(key.bytes + PUBLIC_KEY_SIZE, key.size - PUBLIC_KEY_SIZE),
				read_u64(&in), &looks);
		count++;
	}
	scan_close(&scan);
	pack_array(p, count);
	pack_raw(p, pack_slice(&items));
	pack_free(&items);
}

enum status query_stats(struct engine *e, const struct request *r, struct txn *txn)
{
	struct pack *p = &e->body;
	const struct metrics_process process = metrics_process();

	(void)r;
	pack_map(p, 6);
	pack_key_text(p, "version", ATTEND_VERSION);
	pack_text(p, "counters");
	pack_counters(e, p, &process);
	pack_text(p, "gauges");
	pack_gauges(e, p, txn, &process);
	pack_text(p, "histograms");
	pack_histograms(p, &e->metrics);
	pack_text(p, "refused");
	pack_refused(p, &e->metrics);
	pack_text(p, "subscribers");
	pack_subscribers(e, p, txn);
	return STATUS_OK;
}
