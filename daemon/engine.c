/* Open, begin, append, commit: the engine's turn. See engine_parts.h for the rest.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/engine_parts.h"
#include "daemon/memory.h"

/* ---- the batch ---- */

uint64_t engine_head(const struct engine *e)
{
	return e->committed + e->record_count;
}

bool engine_write(struct engine *e)
{
	if (e->broken != STORE_OK)
		return false;
	if (!e->txn) {
		e->broken = store_begin(e->store, true, &e->txn);
		if (e->broken != STORE_OK)
			e->txn = NULL;
		e->state.txn = e->txn;
	}
	return e->broken == STORE_OK;
}

struct txn *engine_read(struct engine *e)
{
	struct txn *txn = NULL;

	if (e->txn)
		return e->txn;
	if (store_begin(e->store, false, &txn) != STORE_OK)
		return NULL;
	e->state.txn = txn;
	return txn;
}

void engine_read_end(struct engine *e, struct txn *txn)
{
	if (txn && txn != e->txn) {
		store_abort(&txn);
		e->state.txn = e->txn;
	}
}

void engine_event(const struct engine *e, struct event *ev, uint8_t kind, uint64_t actor)
{
	memset(ev, 0, sizeof *ev);
	ev->kind = kind;
	ev->version = 1;
	ev->at_ms = e->now_ms;
	ev->actor = actor;
}

uint64_t engine_append_record(struct engine *e, struct slice record)
{
	if (e->record_count == e->record_room) {
		e->record_room = e->record_room ? e->record_room * 2 : 8192;
		e->records = memory_grow(e->records, e->record_room * sizeof *e->records);
	}
	e->records[e->record_count++] = record;
	e->batch_used += record.size;
	if (e->broken == STORE_OK)
		e->broken = tree_append(&e->tree, e->txn, record);
	return engine_head(e);
}

void engine_append(struct engine *e, struct event *ev)
{
	struct writer w = writer_of(e->batch + e->batch_used, BATCH_SIZE - e->batch_used);
	uint64_t position;

	if (!engine_write(e))
		return;
	event_encode(&w, ev);
	if (w.full || writer_size(&w) > EVENT_SIZE_MAX) {
		e->broken = STORE_FULL;
		return;
	}
	position = engine_append_record(e, writer_slice(&w));
	if (e->broken == STORE_OK)
		e->broken = state_apply(&e->state, ev, position);
	if (ev->kind == EVENT_ALERT_RAISED)
		e->counters[COUNT_ALERTS]++;
	e->timer_known = false;
}

/* ---- pupils' figures, written behind ---- */

static void write_pupil(struct engine *e, uint32_t number)
{
	uint8_t room[PUPIL_RECORD_MAX];
	struct writer w = writer_of(room, sizeof room);
	struct key key = key_u32(number);

	pupil_encode(&w, &e->state.pupils[number - 1]);
	e->broken = store_put(e->txn, TABLE_PUPILS, key_slice(&key), writer_slice(&w));
	e->state.dirty[(number - 1) / 8] &= (uint8_t)~(1u << ((number - 1) % 8));
}

static void save_pupils_from(struct engine *e, uint64_t position)
{
	struct key value = key_u64(position);

	e->pupils_from = position;
	if (e->broken == STORE_OK)
		e->broken = store_put(e->txn, TABLE_META, slice_text("pupils-from"), key_slice(&value));
}

static bool is_dirty(const struct engine *e, uint32_t number)
{
	return e->state.dirty[(number - 1) / 8] >> ((number - 1) % 8) & 1;
}

/* Goes round the pupils, a few at each commit. When a round is over, every record
 * holds at least what was known when it began: the tail to replay starts there. */
static void sweep(struct engine *e)
{
	uint64_t marks = e->options.sweep_marks ? e->options.sweep_marks : SWEEP_MARKS;
	uint64_t due = e->sweep_credit * e->state.pupil_count / marks;

	if (!due)
		return;
	e->sweep_credit -= due * marks / e->state.pupil_count;
	while (due-- && e->broken == STORE_OK) {
		if (e->sweep_at >= e->state.pupil_count) {
			save_pupils_from(e, e->sweep_from);
			e->sweep_at = 0;
			e->sweep_from = engine_head(e);
			return;
		}
		e->sweep_at++;
		if (is_dirty(e, e->sweep_at))
			write_pupil(e, e->sweep_at);
	}
}

void engine_sweep_all(struct engine *e)
{
	if (!engine_write(e))
		return;
	for (uint32_t n = 1; n <= e->state.pupil_count && e->broken == STORE_OK; n++)
		if (is_dirty(e, n))
			write_pupil(e, n);
	save_pupils_from(e, engine_head(e));
	e->sweep_at = 0;
	e->sweep_from = engine_head(e);
}

/* ---- commit ---- */

static void sign_head(struct engine *e)
{
	uint8_t root[HASH_SIZE], room[NOTE_SIZE_MAX];
	struct writer w = writer_of(room, sizeof room);

	tree_root(&e->tree, root);
	note_sign(&w, &e->note, e->tree.size, root);
	e->broken = store_put(e->txn, TABLE_META, slice_text("checkpoint"), writer_slice(&w));
}

static void forget_batch(struct engine *e)
{
	e->record_count = 0;
	e->batch_used = 0;
	e->txn = NULL;
	e->state.txn = NULL;
}

int engine_flush(struct engine *e)
{
	if (!e->txn && e->broken == STORE_OK)
		return 0;
	if (e->broken == STORE_OK)
		sweep(e);
	if (e->broken == STORE_OK && e->record_count) {
		e->broken = e->log.methods->append(&e->log, e->txn, e->committed, e->records, e->record_count);
		if (e->broken == STORE_OK)
			sign_head(e);
	}
	if (e->broken == STORE_OK && persons_sync(e->persons) != 0)
		e->broken = STORE_FULL;
	if (e->broken != STORE_OK) {
		if (e->txn)
			store_abort(&e->txn);
		return -1;
	}
	e->broken = store_commit(&e->txn);
	if (e->broken != STORE_OK)
		return -1;
	e->committed = engine_head(e);
	e->counters[COUNT_COMMITS]++;
	e->feed_wanted |= e->record_count > 0;
	e->worked = true;
	forget_batch(e);
	return 0;
}

void engine_send_held(struct engine *e, engine_send *send, void *context)
{
	for (size_t i = 0; i < e->held_count; i++)
		send(context, &e->held[i].peer, slice_of(e->replies + e->held[i].offset, e->held[i].size));
	e->held_count = 0;
	e->replies_used = 0;
}

/* After a commit that did not happen: what is in memory is ahead of the disk, so it
 * is dropped and taken up again from there. */
static int recover(struct engine *e, char *why, size_t why_size);

static void put_off_replies(struct engine *e)
{
	size_t used = 0;

	for (size_t i = 0; i < e->held_count; i++) {
		struct held_reply *h = &e->held[i];
		uint8_t room[REPLY_HEAD_SIZE];
		struct writer w = writer_of(room, sizeof room);

		if (h->writes) {
			message_reply(&w, h->command, h->id, STATUS_RETRY_LATER, e->committed);
			memcpy(e->replies + used, room, writer_size(&w));
			h->size = (uint32_t)writer_size(&w);
			e->counters[COUNT_REFUSED_ROOM]++;
		} else {
			memmove(e->replies + used, e->replies + h->offset, h->size);
		}
		h->offset = used;
		used += h->size;
	}
}

int engine_commit(struct engine *e, engine_send *send, void *context, char *why, size_t why_size)
{
	if (engine_flush(e) != 0) {
		enum store_result broken = e->broken;

		snprintf(why, why_size, "%s", store_why(e->store));
		put_off_replies(e);
		if (broken == STORE_UNKNOWN || broken == STORE_DAMAGED)
			return -1;
		if (recover(e, why, why_size) != 0)
			return -1;
		e->full = broken == STORE_FULL;
	}
	engine_send_held(e, send, context);
	return 0;
}

/* ---- replies ---- */

void engine_hold(struct engine *e, const struct peer *peer, uint8_t command, const uint8_t *id, enum status status,
		 uint64_t position, struct slice body)
{
	size_t size = REPLY_HEAD_SIZE + body.size;
	struct held_reply *h;
	struct writer w;

	if (e->held_count == e->held_room) {
		e->held_room = e->held_room ? e->held_room * 2 : 8192;
		e->held = memory_grow(e->held, e->held_room * sizeof *e->held);
	}
	if (e->replies_used + size > e->replies_room) {
		e->replies_room = (e->replies_room + size) * 2;
		e->replies = memory_grow(e->replies, e->replies_room);
	}
	h = &e->held[e->held_count++];
	h->peer = *peer;
	h->offset = e->replies_used;
	h->size = (uint32_t)size;
	h->command = command;
	h->writes = (command & 0xf0) == 0x10 || command == COMMAND_CURSOR;
	memcpy(h->id, id, UUID_SIZE);
	w = writer_of(e->replies + e->replies_used, size);
	message_reply(&w, command, id, status, position);
	write_bytes(&w, body.bytes, body.size);
	e->replies_used += size;
}

void engine_reply(struct engine *e, const struct request *r, enum status status, uint64_t position)
{
	engine_hold(e, r->peer, r->message->command, r->message->id, status, position, pack_slice(&e->body));
	pack_clear(&e->body);
}

void engine_refuse(struct engine *e, const struct request *r, enum status status, const char *field, const char *reason)
{
	pack_clear(&e->body);
	pack_map(&e->body, field ? 2 : 1);
	pack_key_text(&e->body, "reason", reason ? reason : status_text(status));
	if (field)
		pack_key_text(&e->body, "field", field);
	if (status == STATUS_FORBIDDEN || status == STATUS_REVOKED)
		e->counters[COUNT_REFUSED_ROLE]++;
	else if (status >= STATUS_BAD_FRAME && status <= STATUS_TOO_LARGE && status != STATUS_BAD_FIELD)
		e->counters[COUNT_REFUSED_FORM]++;
	else if (status >= STATUS_BAD_FRAME)
		e->counters[COUNT_REFUSED_CONTENT]++;
	engine_reply(e, r, status, engine_head(e));
}

/* ---- begin ---- */

static void check_room(struct engine *e)
{
	if (e->room_checked_ms && e->now_ms - e->room_checked_ms < 1000 && e->now_ms >= e->room_checked_ms)
		return;
	e->room_checked_ms = e->now_ms;
	store_room(e->store, &e->room);
	e->full = e->room.map_used > e->room.map_size / 100 * ROOM_PERCENT || e->room.disk_free < DISK_RESERVE;
}

/* A start before the last event, or long after it, is more likely a wrong clock
 * than the truth: nothing fires until somebody says so. */
static void judge_start(struct engine *e, uint64_t now_ms)
{
	int64_t gap = (int64_t)(now_ms - e->state.last_ms);

	if (e->options.manual_clock) {
		if (now_ms > e->now_ms)
			e->now_ms = now_ms;
		return;
	}
	e->time_stands = e->state.clock_held;
	if (!e->state.last_ms) /* nothing but init's events yet */
		return;
	if (gap < 0 || gap > (int64_t)START_LATE_MAX_DAYS * 86400000) {
		engine_clock_stepped(e, now_ms, gap);
		e->time_stands = true;
	}
}

/* Held since the start, there is no time that anybody vouches for, and it stands at
 * the last event's. Held since a step, the shell carries on the time from before. */
static void take_time(struct engine *e, uint64_t now_ms)
{
	if (!engine_clock_held(e))
		e->time_stands = false;
	if (!e->options.manual_clock && !e->time_stands && now_ms > e->now_ms)
		e->now_ms = now_ms;
}

int engine_begin(struct engine *e, uint64_t now_ms)
{
	if (!e->begun)
		judge_start(e, now_ms);
	e->begun = true;
	take_time(e, now_ms);
	e->broken = STORE_OK;
	check_room(e);
	deadlines_hold(e);
	return 0;
}

uint64_t engine_now(struct engine *e)
{
	return e->now_ms;
}

/* ---- open and close ---- */

struct tail {
	struct engine *engine;
	uint64_t last_ms;
	bool bad;
};

static bool replay_one(void *context, uint64_t position, struct slice record)
{
	struct tail *tail = context;
	struct event *ev = memory_new(sizeof *ev);

	if (!event_decode(ev, record, true) ||
	    state_apply(&tail->engine->state, ev, position) != STORE_OK)
		tail->bad = true;
	tail->last_ms = ev->at_ms;
	free(ev);
	return !tail->bad;
}

static enum store_result load(struct engine *e, char *why, size_t why_size)
{
	struct tail tail = {.engine = e};
	struct txn *txn;
	struct slice value;
	enum store_result result = store_begin(e->store, false, &txn);

	if (result != STORE_OK)
		return result;
	result = e->log.methods->head(&e->log, txn, &e->committed);
	if (result == STORE_OK)
		result = state_load(&e->state, txn, why, why_size);
	if (result == STORE_OK)
		result = tree_open(&e->tree, &e->log, txn, e->committed);
	if (result == STORE_OK) {
		e->pupils_from = 0;
		if (store_get(txn, TABLE_META, slice_text("pupils-from"), &value) == STORE_OK) {
			struct reader r = reader_of(value);

			e->pupils_from = read_u64(&r);
		}
		e->state.tables_from = e->committed;
		/* the last event is always read, for its time */
		result = e->log.methods->read(&e->log, txn,
					      e->pupils_from < e->committed ? e->pupils_from + 1 : e->committed,
					      UINT64_MAX, replay_one, &tail);
		if (tail.bad)
			result = STORE_DAMAGED;
		else if (result == STORE_NONE)
			result = STORE_OK;
	}
	e->state.txn = NULL;
	store_abort(&txn);
	e->sweep_at = 0;
	e->sweep_from = e->committed;
	if (e->state.last_ms > e->now_ms)
		e->now_ms = e->state.last_ms;
	return result;
}

/* Goes on through the store's values. 1: more to do; 0: all good; -1: damaged. */
static int scrub_some(struct engine *e, unsigned records, char *why, size_t why_size)
{
	switch (store_scrub(e->store, &e->scrub, records, why, why_size)) {
	case STORE_OK:
		return 1;
	case STORE_NONE:
		e->scrubbed = true;
		return 0;
	case STORE_FULL:
	case STORE_DAMAGED:
	case STORE_UNKNOWN:
	case STORE_FAILED:
	case STORE_BUSY:
	case STORE_NEWER:
		break;
	}
	return -1;
}

void engine_scrub(struct engine *e, uint64_t monotonic_ms)
{
	if (e->worked)
		e->worked_ms = monotonic_ms;
	e->worked = false;
	if (e->scrubbed || e->damaged || e->txn || monotonic_ms - e->worked_ms < SCRUB_IDLE_MS)
		return;
	e->damaged = scrub_some(e, SCRUB_SLICE, e->damage, sizeof e->damage) < 0;
}

/* What a small store holds is looked through before anything is served of it; of a
 * large one as much as fits into a quick start, and the rest in idle turns. */
static int scrub_at_start(struct engine *e, char *why, size_t why_size)
{
	char damage[200] = "";

	memset(&e->scrub, 0, sizeof e->scrub);
	e->scrubbed = false;
	if (scrub_some(e, SCRUB_AT_START, damage, sizeof damage) >= 0)
		return 0;
	snprintf(why, why_size, "the store in %s is damaged: %s; restore a backup, or run attendd verify to see all of it",
		 e->dir, damage);
	return -1;
}

static int open_store(struct engine *e, char *why, size_t why_size)
{
	struct store_options options = {.mode = e->options.read_only ? STORE_READ : STORE_WRITE,
					.map_size = e->options.map_size};
	enum store_result result;

	memcpy(options.check_key, e->key.check, sizeof options.check_key);
	if (store_open(&e->store, e->dir, &options, why, why_size) != STORE_OK)
		return -1;
	if (persons_open(&e->persons, e->dir, !e->options.read_only, why, why_size) != 0)
		return -1;
	state_init(&e->state, &e->key, e->persons);
	if (!e->options.read_only && scrub_at_start(e, why, why_size) != 0)
		return -1;
	if (why_size)
		why[0] = '\0';
	result = load(e, why, why_size);
	if (result != STORE_OK && !why[0])
		snprintf(why, why_size, "the store in %s can't be read: %s; attendd verify says what is damaged",
			 e->dir, store_why(e->store));
	if (result == STORE_OK && persons_count(e->persons) < e->state.pupil_count) {
		snprintf(why, why_size, "%s/persons.keys lacks the keys of the last pupils; restore it, or a backup", e->dir);
		return -1;
	}
	return result == STORE_OK ? 0 : -1;
}

static int recover(struct engine *e, char *why, size_t why_size)
{
	forget_batch(e);
	e->broken = STORE_OK;
	e->last_principal = NULL;
	persons_drop(e->persons);
	state_free(&e->state);
	persons_close(&e->persons);
	store_close(&e->store);
	e->timer_known = false;
	return open_store(e, why, why_size);
}

int engine_open(struct engine **out, const struct engine_options *options, char *why, size_t why_size)
{
	struct engine *e = memory_new(sizeof *e);
	char origin[NOTE_NAME_MAX + 1];

	*out = NULL;
	e->options = *options;
	snprintf(e->dir, sizeof e->dir, "%s", options->dir);
	e->log.methods = &log_lmdb;
	e->seen = memory_new(SEEN_SLOTS * sizeof *e->seen);
	e->rows = memory_grow(NULL, MARKS_MAX * sizeof *e->rows);
	e->batch = memory_grow(NULL, BATCH_SIZE);
	e->batch_from = 1;
	pack_init(&e->body);
	if (store_key_read(e->dir, &e->key, why, why_size) != 0 || open_store(e, why, why_size) != 0) {
		engine_close(&e);
		return -1;
	}
	engine_origin(origin, e->state.authority);
	note_key_from_seed(&e->note, origin, e->key.log_seed);
	*out = e;
	return 0;
}

void engine_close(struct engine **self)
{
	struct engine *e = *self;

	if (!e)
		return;
	feed_close(e);
	if (e->backup.joinable)
		pthread_join(e->backup.thread, NULL);
	if (e->store && e->persons && !e->options.read_only && !e->txn && e->state.pupil_count &&
	    e->pupils_from < e->committed) {
		/* a clean end leaves no tail to replay */
		e->broken = STORE_OK;
		engine_sweep_all(e);
		engine_flush(e);
	}
	if (e->txn)
		store_abort(&e->txn);
	if (e->state.scratch)
		state_free(&e->state);
	persons_close(&e->persons);
	store_close(&e->store);
	pack_free(&e->body);
	free(e->seen);
	free(e->rows);
	free(e->batch);
	free(e->records);
	free(e->held);
	free(e->replies);
	memset(&e->key, 0, sizeof e->key);
	free(e);
	*self = NULL;
}
