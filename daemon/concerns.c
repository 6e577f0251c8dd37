/* Lists in memory: adding to them, and asking.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "daemon/concerns_parts.h"
#include "daemon/memory.h"
#include "daemon/state.h"

enum { ENTRY_MAX = 10 + 10 + 5 };

struct concerns *concerns_new(void)
{
	struct concerns *c = memory_new(sizeof *c);

	c->slot_room = 1024;
	c->slots = memory_new(c->slot_room * sizeof *c->slots);
	return c;
}

void concerns_free(struct concerns **self)
{
	struct concerns *c = *self;

	*self = NULL;
	if (!c)
		return;
	for (uint32_t i = 0; i < c->count; i++) {
		for (uint32_t n = 0; n < c->lists[i].chunk_count; n++)
			free(c->lists[i].chunks[n].bytes);
		free(c->lists[i].chunks);
	}
	free(c->lists);
	free(c->slots);
	free(c);
}

/* ---- finding a list ---- */

static uint32_t *slot_of(const struct concerns *c, uint8_t kind, uint32_t id)
{
	uint64_t hash = ((uint64_t)kind << 32 | id) * 0x9e3779b97f4a7c15u;
	uint32_t i = (uint32_t)(hash >> 32) & (c->slot_room - 1);

	while (c->slots[i] && (c->lists[c->slots[i] - 1].kind != kind || c->lists[c->slots[i] - 1].id != id))
		i = (i + 1) & (c->slot_room - 1);
	return &c->slots[i];
}

static void make_slots(struct concerns *c)
{
	free(c->slots);
	c->slot_room *= 2;
	c->slots = memory_new(c->slot_room * sizeof *c->slots);
	for (uint32_t i = 0; i < c->count; i++)
		*slot_of(c, c->lists[i].kind, c->lists[i].id) = i + 1;
}

struct concern_list *concerns_list(struct concerns *c, uint8_t kind, uint32_t id)
{
	uint32_t *slot = slot_of(c, kind, id);

	if (*slot)
		return &c->lists[*slot - 1];
	if (c->count == c->room) {
		c->room = c->room ? 2 * c->room : 256;
		c->lists = memory_grow(c->lists, c->room * sizeof *c->lists);
	}
	if (2 * (c->count + 1) > c->slot_room) {
		make_slots(c);
		slot = slot_of(c, kind, id);
	}
	c->lists[c->count] = (struct concern_list){.kind = kind, .id = id};
	*slot = ++c->count;
	return &c->lists[c->count - 1];
}

/* ---- adding ---- */

struct concern_chunk *concerns_new_chunk(struct concern_list *l)
{
	l->chunks = memory_grow(l->chunks, (l->chunk_count + 1u) * sizeof *l->chunks);
	l->chunks[l->chunk_count] = (struct concern_chunk){0};
	return &l->chunks[l->chunk_count++];
}

static void add(struct concerns *c, uint8_t kind, uint32_t id, uint32_t lowest, uint32_t highest, uint64_t position)
{
	struct concern_list *l = concerns_list(c, kind, id);
	struct concern_chunk *chunk = l->chunk_count ? &l->chunks[l->chunk_count - 1] : NULL;
	uint32_t low = lowest / CONCERN_GRAIN;
	struct writer w;

	if (position <= l->last)
		return;
	if (!chunk || chunk->count == CONCERN_CHUNK)
		chunk = concerns_new_chunk(l);
	if (chunk->room - chunk->used < ENTRY_MAX) {
		chunk->room = 2 * chunk->room + 128; /* one that was read back has no more than it needs */
		chunk->bytes = memory_grow(chunk->bytes, chunk->room);
	}
	w = writer_of(chunk->bytes + chunk->used, ENTRY_MAX);
	write_varint(&w, position - (chunk->count ? l->last : 0));
	write_zigzag(&w, (int64_t)low - (chunk->count ? l->low : 0));
	write_varint(&w, highest / CONCERN_GRAIN - low);
	chunk->used += (uint32_t)writer_size(&w);
	chunk->count++;
	l->last = position;
	l->low = low;
	l->changed = true;
}

void concerns_marks(struct concerns *c, uint32_t urn, struct pupil_range pupils, uint64_t position)
{
	if (c && pupils.highest)
		add(c, CONCERN_SCHOOL, urn, pupils.lowest, pupils.highest, position);
}

static void add_pupil(struct concerns *c, uint32_t pupil, uint64_t position)
{
	if (pupil)
		add(c, CONCERN_PUPILS, pupil / CONCERN_GROUP, pupil, pupil, position);
}

static void add_case(struct concerns *c, uint32_t case_no, uint64_t position)
{
	if (case_no)
		add(c, CONCERN_CASES, case_no / CONCERN_GROUP, case_no, case_no, position);
}

/* The pupil's, or what is of a case and no pupil. */
static void add_either(struct concerns *c, uint32_t pupil, uint32_t case_no, uint64_t position)
{
	if (pupil)
		add_pupil(c, pupil, position);
	else
		add_case(c, case_no, position);
}

static void add_marks(struct concerns *c, const struct event *e, uint64_t position)
{
	struct pupil_range pupils = PUPIL_RANGE_NONE;
	struct marks_reader in;
	struct mark m;

	marks_open(&in, e->version, e->marks_recorded.body);
	while (marks_next(&in, &m))
		pupil_range_take(&pupils, m.pupil);
	concerns_marks(c, in.urn, pupils, position);
}

void concerns_event(struct concerns *c, const struct event *e, uint64_t position)
{
	switch ((enum event_kind)e->kind) {
	case EVENT_CALENDAR_LOADED:
	case EVENT_PATHWAY_LOADED:
	case EVENT_PATHWAY_CHOSEN:
		add(c, CONCERN_RULES, 0, 0, 0, position);
		break;
	case EVENT_MARKS_RECORDED:
		add_marks(c, e, position);
		break;
	case EVENT_ACTION_RECORDED:
		add_either(c, e->action_recorded.pupil, e->action_recorded.case_no, position);
		break;
	case EVENT_ALERT_RAISED:
		add_either(c, e->alert_raised.pupil, e->alert_raised.case_no, position);
		break;
	case EVENT_ALERT_WITHDRAWN:
		add_either(c, e->alert_withdrawn.pupil, e->alert_withdrawn.case_no, position);
		break;
	case EVENT_CASE_MOVED:
		add_either(c, e->case_moved.pupil, e->case_moved.case_no, position);
		break;
	case EVENT_DEADLINE_FIRED:
		add_case(c, e->deadline_fired.case_no, position);
		break;
	case EVENT_PUPIL_FACT:
		add_pupil(c, e->pupil_fact.pupil, position);
		break;
	case EVENT_PUPILS_LINKED:
		add_pupil(c, e->pupils_linked.pupil, position);
		add_pupil(c, e->pupils_linked.other, position);
		break;
	case EVENT_STORE_CREATED:
	case EVENT_ACCESS_GRANTED:
	case EVENT_ACCESS_REVOKED:
	case EVENT_PUPIL_REGISTERED:
	case EVENT_ROSTER_RECORDED:
	case EVENT_ROSTER_SUBMITTED:
	case EVENT_ALERT_CHANGED:
	case EVENT_ALERT_ACKNOWLEDGED:
	case EVENT_CLOCK_HELD:
	case EVENT_CLOCK_CONFIRMED:
	case EVENT_CLOCK_MOVED:
	case EVENT_COVER_NAMED:
	case EVENT_MEETING_OFFERED:
	case EVENT_DAY_ENDED:
	case EVENT_SCHOOL_DESCRIBED:
	case EVENT_TASK_DONE:
		break;
	}
}

/* ---- asking ---- */

bool concern_next(struct concern_reader *r)
{
	uint64_t position = read_varint(&r->in);
	int64_t low = read_zigzag(&r->in);
	uint64_t span = read_varint(&r->in);

	/* a position that does not rise, or a range that is none, is no entry */
	if (r->in.bad || position == 0 || span > UINT32_MAX || (low += r->low) < 0 || low + (int64_t)span > UINT32_MAX)
		return false;
	r->position += position;
	r->low = low;
	r->high = low + (int64_t)span;
	r->count++;
	return true;
}

static void gather(struct slice entries, uint32_t lowest, uint32_t highest, uint64_t until, struct positions *out, bool *good)
{
	struct concern_reader r = {.in = reader_of(entries)};

	while (reader_left(&r.in) && (*good = concern_next(&r)) && r.position <= until) {
		if (r.low > highest / CONCERN_GRAIN || r.high < lowest / CONCERN_GRAIN)
			continue;
		if (out->count == out->room) {
			out->room = out->room ? 2 * out->room : 256;
			out->list = memory_grow(out->list, out->room * sizeof *out->list);
		}
		out->list[out->count++] = r.position;
	}
}

/* The first `count` chunks of a list, as the table holds them. */
static enum store_result gather_held(struct txn *txn, uint8_t kind, uint32_t id, uint32_t count, uint32_t lowest, uint32_t highest,
				     uint64_t until, struct positions *out)
{
	struct key from = concern_key(kind, id, 0);
	enum store_result result;
	struct slice key, value;
	bool good = true;
	struct scan scan;

	if (!count)
		return STORE_OK;
	result = scan_open(&scan, txn, TABLE_CONCERNS, key_slice(&from));
	for (uint32_t n = 0; n < count && result == STORE_OK && good; n++) {
		struct key wanted = concern_key(kind, id, n);

		result = scan_next(&scan, &key, &value);
		good = result == STORE_OK && slice_equal(key, key_slice(&wanted));
		if (good)
			gather(value, lowest, highest, until, out, &good);
	}
	scan_close(&scan);
	if (result == STORE_NONE || !good)
		return STORE_DAMAGED; /* a chunk is missing, or none */
	return result;
}

enum store_result concerns_of(const struct concerns *c, struct txn *txn, uint8_t kind, uint32_t id, uint32_t lowest,
			      uint32_t highest, uint64_t until, struct positions *out)
{
	uint32_t slot = *slot_of(c, kind, id);
	const struct concern_list *l = slot ? &c->lists[slot - 1] : NULL;
	enum store_result result;
	bool good = true;

	if (!l)
		return STORE_OK;
	result = gather_held(txn, kind, id, l->base, lowest, highest, until, out);
	for (uint32_t i = 0; i < l->chunk_count && result == STORE_OK; i++)
		gather(slice_of(l->chunks[i].bytes, l->chunks[i].used), lowest, highest, until, out, &good);
	return good ? result : STORE_DAMAGED;
}

static enum store_result of_cases(const struct concerns *c, struct txn *txn, uint32_t pupil, uint64_t until, struct positions *out)
{
	struct key from = key_u32_u32(pupil, 0);
	struct slice key, value;
	struct scan scan;
	enum store_result result = scan_open(&scan, txn, TABLE_PUPIL_CASES, key_slice(&from));

	while (result == STORE_OK && (result = scan_next(&scan, &key, &value)) == STORE_OK) {
		struct reader r = reader_of(key);
		uint32_t whose = read_u32(&r), number = read_u32(&r);

		if (whose != pupil)
			break;
		result = concerns_of(c, txn, CONCERN_CASES, number / CONCERN_GROUP, number, number, until, out);
	}
	scan_close(&scan);
	return result == STORE_NONE ? STORE_OK : result;
}

enum store_result concerns_of_pupil(const struct concerns *c, struct txn *txn, uint32_t pupil, uint32_t urn, uint64_t until,
				    struct positions *out)
{
	struct key key = concern_also_key(pupil);
	struct slice schools;
	enum store_result result = concerns_of(c, txn, CONCERN_SCHOOL, urn, pupil, pupil, until, out);

	if (result == STORE_OK)
		result = store_get(txn, TABLE_CONCERNS, key_slice(&key), &schools);
	if (result == STORE_OK) {
		struct reader r = reader_of(schools);

		while (result == STORE_OK && reader_left(&r)) {
			uint32_t other = read_u32(&r);

			if (other != urn)
				result = concerns_of(c, txn, CONCERN_SCHOOL, other, pupil, pupil, until, out);
		}
		if (result == STORE_OK && !reader_done(&r))
			result = STORE_DAMAGED;
	} else if (result == STORE_NONE) {
		result = STORE_OK;
	}
	if (result == STORE_OK)
		result = concerns_of(c, txn, CONCERN_PUPILS, pupil / CONCERN_GROUP, pupil, pupil, until, out);
	return result == STORE_OK ? of_cases(c, txn, pupil, until, out) : result;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

void positions_order(struct positions *p)
{
	size_t count = 0;

	if (p->count)
		qsort(p->list, p->count, sizeof *p->list, compare);
	for (size_t i = 0; i < p->count; i++)
		if (!count || p->list[count - 1] != p->list[i])
			p->list[count++] = p->list[i];
	p->count = count;
}

void positions_free(struct positions *p)
{
	free(p->list);
	*p = (struct positions){0};
}
