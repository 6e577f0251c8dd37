/* A batch: what is appended, the pupils that are written behind, the commit, and the
 * replies that wait for it.
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
	struct writer w = writer_of(e->batch ? e->batch + e->batch_used : NULL, e->batch ? BATCH_SIZE - e->batch_used : 0);
	uint64_t position;

	if (!engine_write(e))
		return;
	if (e->own) {
		e->own(e->own_context, ev);
		e->timer_known = false;
		return;
	}
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

void engine_forget_batch(struct engine *e)
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
	engine_forget_batch(e);
	return 0;
}

void engine_send_held(struct engine *e, engine_send *send, void *context)
{
	for (size_t i = 0; i < e->held_count; i++)
		send(context, &e->held[i].peer, slice_of(e->replies + e->held[i].offset, e->held[i].size));
	e->held_count = 0;
	e->replies_used = 0;
}

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
		if (engine_recover(e, why, why_size) != 0)
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
	/* an answer may tell of what this batch has appended: without it, it is not true */
	h->writes = (command & 0xf0) == 0x10 || command == COMMAND_CURSOR ||
		    ((command == COMMAND_QUERY || command == COMMAND_HELLO) && e->record_count);
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

void engine_put_off(struct engine *e, const struct request *r)
{
	e->counters[COUNT_REFUSED_ROOM]++;
	pack_clear(&e->body);
	engine_reply(e, r, STATUS_RETRY_LATER, engine_head(e));
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
