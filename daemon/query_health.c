/* How the daemon is: counters, gauges, and whether acks can be durable.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "daemon/engine_parts.h"

static const char *const counter_names[] = {
#define X(name, text, help) text,
	COUNTERS(X)
#undef X
};

static void gauges(struct engine *e, struct pack *p, struct txn *txn)
{
	uint64_t oldest = engine_head(e);

	for (unsigned i = 0; i < e->subscription_count; i++)
		if (e->subscriptions[i]->next <= oldest)
			oldest = e->subscriptions[i]->next - 1;
	store_room(e->store, &e->room);
	pack_text(p, "gauges");
	pack_map(p, 14);
	pack_key_uint(p, "head", engine_head(e));
	pack_key_uint(p, "pupils", e->state.pupil_count);
	pack_key_uint(p, "cases", e->state.case_count);
	pack_key_uint(p, "timers", store_count(txn, TABLE_TIMERS));
	pack_key_uint(p, "subscriptions", e->subscription_count);
	pack_key_uint(p, "subscriber_lag", engine_head(e) - oldest);
	pack_key_uint(p, "map_used_bytes", e->room.map_used);
	pack_key_uint(p, "map_size_bytes", e->room.map_size);
	pack_key_uint(p, "disk_free_bytes", e->room.disk_free);
	pack_key_uint(p, "file_bytes", e->room.file_size);
	pack_key_uint(p, "readers", e->room.readers);
	pack_key_uint(p, "oldest_reader", e->room.oldest_reader);
	pack_key_uint(p, "replay_tail", e->committed - e->pupils_from);
	pack_key_uint(p, "clock_held", engine_clock_held(e));
}

enum status query_stats(struct engine *e, const struct request *r, struct txn *txn)
{
	struct pack *p = &e->body;

	(void)r;
	pack_map(p, 2);
	pack_text(p, "counters");
	pack_map(p, COUNTER_COUNT);
	for (unsigned i = 0; i < COUNTER_COUNT; i++)
		pack_key_uint(p, counter_names[i], e->counters[i]);
	gauges(e, p, txn);
	return STATUS_OK;
}

enum status query_health(struct engine *e, const struct request *r, struct txn *txn)
{
	const char *problems[4];
	char room[160];
	unsigned count = 0;
	struct pack *p = &e->body;

	(void)r;
	(void)txn;
	if (e->damaged)
		problems[count++] = e->damage;
	if (e->full) {
		snprintf(room, sizeof room, "room is short: the map is %llu of %llu MiB, the disk has %llu MiB free; submissions wait",
			 (unsigned long long)(e->room.map_used >> 20), (unsigned long long)(e->room.map_size >> 20),
			 (unsigned long long)(e->room.disk_free >> 20));
		problems[count++] = room;
	}
	if (engine_clock_held(e))
		problems[count++] = "the clock was stepped or is in doubt: no deadline fires until attend clock --confirm";
	pack_map(p, 2);
	pack_key_bool(p, "ok", count == 0);
	pack_text(p, "problems");
	pack_array(p, count);
	for (unsigned i = 0; i < count; i++)
		pack_text(p, problems[i]);
	return STATUS_OK;
}
