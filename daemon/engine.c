/* Opening a store, beginning a turn, and the end. See engine_parts.h for the rest.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/concerns.h"
#include "daemon/engine_parts.h"
#include "daemon/memory.h"

/* ---- begin ---- */

static void check_room(struct engine *e, uint64_t now_ms)
{
	/* once a second; a manual clock does not tell when that has passed */
	if (!e->options.manual_clock && e->room_checked_ms && now_ms - e->room_checked_ms < 1000 &&
	    now_ms >= e->room_checked_ms)
		return;
	e->room_checked_ms = now_ms;
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
	check_room(e, now_ms);
	backup_tidy(e);
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
	if (result == STORE_OK && concerns_held(txn)) {
		e->state.concerns = concerns_new();
		result = concerns_load(e->state.concerns, txn);
	}
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
	e->sweep_at = e->sweep_list = 0;
	e->sweep_from = e->committed;
	if (e->state.last_ms > e->now_ms)
		e->now_ms = e->state.last_ms;
	return result;
}

/* A store of before it was kept which records concern whom. */
static enum store_result make_concerns(struct engine *e)
{
	struct txn *txn;
	enum store_result result = store_begin(e->store, false, &txn);
	bool held;

	if (result != STORE_OK)
		return result;
	held = concerns_held(txn);
	store_abort(&txn);
	if (!held)
		result = store_begin(e->store, true, &txn);
	if (held || result != STORE_OK)
		return result;
	result = concerns_make(&e->log, txn);
	if (result == STORE_OK)
		return store_commit(&txn);
	store_abort(&txn);
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
	if (e->scrubbed || e->damaged || e->txn || e->behind || monotonic_ms - e->worked_ms < SCRUB_IDLE_MS)
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
	result = e->options.read_only ? STORE_OK : make_concerns(e);
	if (result == STORE_OK)
		result = load(e, why, why_size);
	if (result != STORE_OK && !why[0])
		snprintf(why, why_size, "the store in %s can't be read: %s; attendd verify says what is damaged",
			 e->dir, store_why(e->store));
	if (result == STORE_OK && persons_count(e->persons) < e->state.pupil_count) {
		snprintf(why, why_size, "%s/persons.keys lacks the keys of the last pupils; restore it, or a backup", e->dir);
		result = STORE_FAILED;
	}
	if (result != STORE_OK)
		state_free(&e->state); /* it may be half of what is held, and the end of a process saves what it has */
	return result == STORE_OK ? 0 : -1;
}

int engine_recover(struct engine *e, char *why, size_t why_size)
{
	bool held = engine_clock_held(e);

	if (e->backup.joinable) /* it reads the store that is about to be closed */
		pthread_join(e->backup.thread, NULL);
	e->backup.joinable = false;
	if (e->behind)
		e->behind->record_count = e->behind->used = 0;
	engine_forget_batch(e);
	e->broken = STORE_OK;
	e->last_principal = NULL;
	persons_drop(e->persons);
	state_free(&e->state);
	persons_close(&e->persons);
	store_close(&e->store);
	e->timer_known = false;
	if (open_store(e, why, why_size) != 0)
		return -1;
	/* what said so may have been in the batch that is gone: without it the shell would take the clock for confirmed */
	e->hold.wanted = held && !e->state.clock_held;
	return 0;
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
	e->at = &e->two[0];
	for (unsigned i = 0; i < 2; i++)
		e->two[i].room = memory_grow(NULL, BATCH_SIZE);
	pack_init(&e->body);
	if (store_key_read(e->dir, &e->key, why, why_size) != 0 || open_store(e, why, why_size) != 0) {
		engine_close(&e);
		return -1;
	}
	if (!engine_origin(origin, e->state.authority)) {
		snprintf(why, why_size, "the store in %s can't be read: its authority's name is none", e->dir);
		engine_close(&e);
		return -1;
	}
	note_key_from_seed(&e->note, origin, e->key.log_seed);
	if (!options->read_only)
		backup_tidy_start(e);
	*out = e;
	return 0;
}

void engine_close(struct engine **self)
{
	struct engine *e = *self;

	if (!e)
		return;
	feed_close(e);
	trial_end(e);
	if (e->backup.joinable)
		pthread_join(e->backup.thread, NULL);
	/* A clean end leaves no tail to replay. After a commit that failed, what is in
	 * memory was never recorded, and none of it is written. */
	if (e->store && e->behind)
		engine_flush(e);
	if (e->store && e->persons && !e->options.read_only && !e->txn && e->broken == STORE_OK && !e->at->record_count &&
	    e->state.pupil_count && e->pupils_from < e->committed) {
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
	for (unsigned i = 0; i < 2; i++) {
		free(e->two[i].room);
		free(e->two[i].records);
		free(e->two[i].held);
		free(e->two[i].replies);
	}
	memset(&e->key, 0, sizeof e->key);
	free(e);
	*self = NULL;
}
