/* A batch: what is appended, the pupils that are written behind, the commit, and the sending of the
 * replies that waited for it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/concerns.h"
#include "daemon/engine_parts.h"
#include "daemon/memory.h"

/* ---- the batch ---- */

uint64_t engine_head(const struct engine *e)
{
	return e->committed + (e->behind ? e->behind->record_count : 0) + e->at->record_count;
}

void engine_log_at(struct engine *e, struct txn *txn, uint64_t position,
		   bool (*visit)(void *context, uint64_t position, struct slice record), void *context)
{
	uint64_t index = position - e->committed - 1, behind = e->behind ? e->behind->record_count : 0;

	if (position <= e->committed)
		e->log.methods->read(&e->log, txn, position, 1, visit, context);
	else if (position <= engine_head(e))
		visit(context, position, index < behind ? e->behind->records[index] : e->at->records[index - behind]);
}

bool engine_write(struct engine *e)
{
	if (e->broken != STORE_OK)
		return false;
	if (!e->txn) {
		e->broken = store_begin_gathering(e->store, &e->txn);
		if (e->broken != STORE_OK)
			e->txn = NULL;
		e->state.txn = e->txn;
	}
	return e->broken == STORE_OK;
}

struct txn *engine_read(struct engine *e)
{
	struct txn *txn = NULL;

	/* what is in memory is ahead of the disk while a batch is being committed behind */
	if (e->txn || (e->behind && engine_write(e)))
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
	event_make(ev, kind);
	ev->at_ms = e->now_ms;
	ev->actor = actor;
}

uint64_t engine_append_record(struct engine *e, struct slice record)
{
	if (e->at->record_count == e->at->record_room) {
		e->at->record_room = e->at->record_room ? e->at->record_room * 2 : 8192;
		e->at->records = memory_grow(e->at->records, e->at->record_room * sizeof *e->at->records);
	}
	e->at->records[e->at->record_count++] = record;
	e->at->used += record.size;
	return engine_head(e);
}

void engine_append(struct engine *e, struct event *ev)
{
	struct writer w;
	uint64_t position;

	if (!engine_write(e))
		return;
	if (e->own) {
		e->own(e->own_context, ev);
		return;
	}
	w = writer_of(e->at->room + e->at->used, BATCH_SIZE - e->at->used);
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
	if (e->state.timers_changed)
		e->timer_known = e->state.timers_changed = false;
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

/* The lists go round with the pupils: as far through theirs as those are. */
static void write_lists(struct engine *e, uint32_t until)
{
	if (until > e->sweep_list && e->broken == STORE_OK)
		e->broken = concerns_write(e->state.concerns, e->txn, e->sweep_list, until);
	if (until > e->sweep_list)
		e->sweep_list = until;
}

/* For how many marks a round of the pupils lasts. A pupil is written once in that time, however many marks it has had,
 * and the tail that a start replays is twice as long: where pupils are many, about as long as it takes to read them. */
static uint64_t marks_of_a_round(const struct engine *e)
{
	uint64_t each = (uint64_t)SWEEP_EACH * e->state.pupil_count;

	if (e->options.sweep_marks)
		return e->options.sweep_marks;
	return each > SWEEP_MARKS ? each : SWEEP_MARKS;
}

/* Goes round the pupils, a few at each commit. When a round is over, every record
 * holds at least what was known when it began: the tail to replay starts there. */
static void sweep(struct engine *e)
{
	uint64_t marks = marks_of_a_round(e);
	uint64_t due = e->sweep_credit * e->state.pupil_count / marks;

	if (!due)
		return;
	e->sweep_credit -= due * marks / e->state.pupil_count;
	while (due-- && e->broken == STORE_OK) {
		if (e->sweep_at >= e->state.pupil_count) {
			write_lists(e, concerns_count(e->state.concerns));
			save_pupils_from(e, e->sweep_from);
			e->sweep_at = e->sweep_list = 0;
			e->sweep_from = engine_head(e);
			return;
		}
		e->sweep_at++;
		if (is_dirty(e, e->sweep_at))
			write_pupil(e, e->sweep_at);
	}
	write_lists(e, (uint32_t)((uint64_t)concerns_count(e->state.concerns) * e->sweep_at / e->state.pupil_count));
}

void engine_sweep_all(struct engine *e)
{
	if (!engine_write(e) || (e->broken = store_settle(e->txn)) != STORE_OK)
		return;
	for (uint32_t n = 1; n <= e->state.pupil_count && e->broken == STORE_OK; n++)
		if (is_dirty(e, n))
			write_pupil(e, n);
	e->sweep_list = 0;
	write_lists(e, concerns_count(e->state.concerns));
	save_pupils_from(e, engine_head(e));
	e->sweep_at = e->sweep_list = 0;
	e->sweep_from = engine_head(e);
}

/* ---- commit ---- */

static enum store_result save_head(struct engine *e, struct txn *txn)
{
	uint8_t room[NOTE_SIZE_MAX], root[HASH_SIZE];
	struct writer w = writer_of(room, sizeof room);

	tree_root(&e->tree, root);
	note_sign(&w, &e->note, e->tree.size, root);
	return store_put(txn, TABLE_META, slice_text("checkpoint"), writer_slice(&w));
}

/* The records, hashed into the tree, and the signed head: what a commit does last, in whichever thread. */
static enum store_result save_records(struct engine *e, struct txn *txn, const struct batch *b, uint64_t after)
{
	enum store_result result = STORE_OK;

	if (!b->record_count)
		return STORE_OK;
	for (size_t i = 0; i < b->record_count && result == STORE_OK; i++)
		result = tree_append(&e->tree, txn, b->records[i]);
	if (result == STORE_OK)
		result = e->log.methods->append(&e->log, txn, after, b->records, b->record_count);
	return result == STORE_OK ? save_head(e, txn) : result;
}

void engine_forget_batch(struct engine *e)
{
	e->at->record_count = 0;
	e->at->used = 0;
	e->txn = NULL;
	e->state.txn = NULL;
}

static void count_commit(struct engine *e, struct batch *b)
{
	e->committed += b->record_count;
	e->counters[COUNT_COMMITS]++;
	e->commit_failed = false;
	metrics_commit_ends(&e->metrics, b->record_count);
	e->feed_wanted |= b->record_count > 0;
	e->worked = true;
	b->record_count = 0;
	b->used = 0;
}

/* The batch behind is on disk; its replies still wait. False, as often as it is asked, where its commit failed:
 * its records stay in its hands till they are put off. */
static bool join(struct engine *e)
{
	if (store_behind(e->store)) {
		enum store_result result = store_join(e->store);

		if (result != STORE_OK)
			e->broken = result;
		else
			count_commit(e, e->behind);
	}
	return !e->behind || !e->behind->record_count;
}

static void save_newest_id(struct engine *e)
{
	if (e->broken != STORE_OK || e->state.newest_id_saved)
		return;
	e->broken = store_put(e->txn, TABLE_META, slice_text("newest-id"), slice_of(e->state.newest_id, UUID_SIZE));
	e->state.newest_id_saved = true;
}

/* All that goes into the transaction beside the records. */
static bool complete(struct engine *e)
{
	metrics_commit_begins(&e->metrics);
	save_newest_id(e);
	if (e->broken == STORE_OK)
		sweep(e);
	if (e->broken == STORE_OK && persons_sync(e->persons) != 0)
		e->broken = STORE_FULL;
	return e->broken == STORE_OK;
}

int engine_flush(struct engine *e)
{
	if (!e->txn && !e->behind && e->broken == STORE_OK)
		return 0;
	if (join(e) && !e->txn && e->broken == STORE_OK)
		return 0;
	if (complete(e))
		e->broken = save_records(e, e->txn, e->at, e->committed);
	if (e->broken != STORE_OK) {
		store_abort(&e->txn);
		return -1;
	}
	e->broken = store_commit(&e->txn);
	if (e->broken != STORE_OK)
		return -1;
	count_commit(e, e->at);
	engine_forget_batch(e);
	return 0;
}

/* In the store's thread: it touches nothing but that batch, the tree, which is nobody else's until the batch is
 * joined, and what never changes. */
static enum store_result finish(void *context, struct txn *txn)
{
	struct engine *e = context;

	return save_records(e, txn, e->behind, e->behind_after);
}

static void send_held(struct batch *b, engine_send *send, void *context)
{
	for (size_t i = 0; i < b->held_count; i++) {
		const struct held_reply *h = &b->held[i];
		uint8_t room[TOGETHER_REPLY_SIZE_MAX];
		struct writer w = writer_of(room, sizeof room);

		if (h->together.count > 1) {
			message_reply_together(&w, h->command, h->id, h->status, h->position, &h->together);
			send(context, &h->peer, writer_slice(&w));
		} else if (h->together.count) {
			message_reply(&w, h->command, h->id, h->status, h->position);
			send(context, &h->peer, writer_slice(&w));
		} else {
			send(context, &h->peer, slice_of(b->replies + h->offset, h->size));
		}
	}
	b->held_count = 0;
	b->replies_used = 0;
}

void engine_send_held(struct engine *e, engine_send *send, void *context)
{
	send_held(e->at, send, context);
	e->batches++;
}

static void put_off_replies(struct engine *e, struct batch *b)
{
	size_t used = 0;

	for (size_t i = 0; i < b->held_count; i++) {
		struct held_reply *h = &b->held[i];
		uint8_t room[REPLY_HEAD_SIZE];
		struct writer w = writer_of(room, sizeof room);

		if (h->together.count) {
			h->status = STATUS_RETRY_LATER;
			h->position = e->committed;
			e->counters[COUNT_REFUSED_ROOM] += h->together.count;
			metrics_refused(&e->metrics, STATUS_RETRY_LATER, h->together.count);
			continue;
		}
		if (h->writes) {
			message_reply(&w, h->command, h->id, STATUS_RETRY_LATER, e->committed);
			memcpy(b->replies + used, room, writer_size(&w));
			h->size = (uint32_t)writer_size(&w);
			e->counters[COUNT_REFUSED_ROOM]++;
			metrics_refused(&e->metrics, STATUS_RETRY_LATER, 1);
		} else {
			memmove(b->replies + used, b->replies + h->offset, h->size);
		}
		h->offset = used;
		used += h->size;
	}
}

/* A commit did not happen: whatever stands on it in memory did not either. */
static int fall_back(struct engine *e, engine_send *send, void *context, char *why, size_t why_size)
{
	enum store_result broken = e->broken;

	snprintf(why, why_size, "%s", store_why(e->store));
	e->counters[COUNT_COMMITS_FAILED]++;
	e->commit_failed = true;
	snprintf(e->commit_why, sizeof e->commit_why, "%s", *why ? why : "the persons' keys could not be put on disk");
	store_abort(&e->txn);
	if (e->behind)
		put_off_replies(e, e->behind);
	put_off_replies(e, e->at);
	if (broken == STORE_UNKNOWN || broken == STORE_DAMAGED || engine_recover(e, why, why_size) != 0)
		return -1;
	feed_recovered(e);
	e->full = broken == STORE_FULL;
	if (e->behind)
		send_held(e->behind, send, context);
	e->behind = NULL;
	engine_send_held(e, send, context);
	return 0;
}

int engine_land(struct engine *e, engine_send *send, void *context, char *why, size_t why_size)
{
	if (!e->behind)
		return 0;
	if (!join(e))
		return fall_back(e, send, context, why, why_size);
	send_held(e->behind, send, context);
	e->behind = NULL;
	return 0;
}

bool engine_landed(const struct engine *e)
{
	return e->behind && (!store_behind(e->store) || store_behind_done(e->store));
}

bool engine_waits(const struct engine *e)
{
	return e->behind && !engine_landed(e);
}

int engine_landed_fd(const struct engine *e)
{
	return store_behind_fd(e->store);
}

bool engine_listened_to(const struct engine *e)
{
	return e->subscription_count > 0;
}

int engine_commit(struct engine *e, engine_send *send, void *context, char *why, size_t why_size)
{
	if (engine_land(e, send, context, why, why_size) != 0)
		return -1;
	if (engine_flush(e) != 0)
		return fall_back(e, send, context, why, why_size);
	engine_send_held(e, send, context);
	return 0;
}

int engine_commit_behind(struct engine *e, engine_send *send, void *context, char *why, size_t why_size)
{
	if (engine_land(e, send, context, why, why_size) != 0)
		return -1;
	if (!e->txn || e->at->record_count < BEHIND_LEAST || !complete(e))
		return engine_commit(e, send, context, why, why_size);
	e->behind_after = e->committed;
	e->tree_before = e->tree;
	e->behind = e->at;
	if (!store_commit_behind(&e->txn, finish, e)) {
		e->behind = NULL;
		return engine_commit(e, send, context, why, why_size);
	}
	e->at = e->behind == &e->two[0] ? &e->two[1] : &e->two[0];
	engine_forget_batch(e);
	e->batches++;
	return 0;
}
