/* Lists and their table: writing them behind, taking them up, making them of the log, comparing.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "daemon/concerns_parts.h"
#include "daemon/memory.h"

static const char made_key[] = "concerns"; /* in META, once the lists are there: the version of their form */
enum { FORM = 1 };

struct key concern_key(uint8_t kind, uint32_t id, uint32_t chunk)
{
	struct key k;
	struct writer w = writer_of(k.bytes, sizeof k.bytes);

	write_u8(&w, kind);
	write_u32(&w, id);
	write_u32(&w, chunk);
	return key_written(&w, &k);
}

struct key concern_also_key(uint32_t pupil)
{
	struct key k;
	struct writer w = writer_of(k.bytes, sizeof k.bytes);

	write_u8(&w, CONCERN_ALSO_AT);
	write_u32(&w, pupil);
	return key_written(&w, &k);
}

/* ---- a pupil's schools ---- */

static bool add_school(struct writer *w, uint32_t urn)
{
	struct reader r = reader_of(writer_slice(w));

	while (reader_left(&r))
		if (read_u32(&r) == urn)
			return false;
	write_u32(w, urn);
	return true;
}

enum store_result concerns_also_at(struct txn *txn, uint32_t pupil, uint32_t before, uint32_t urn)
{
	struct key key = concern_also_key(pupil);
	struct slice held;
	enum store_result result = store_get(txn, TABLE_CONCERNS, key_slice(&key), &held);
	struct writer w;
	bool added;
	uint8_t *room;

	if (result != STORE_OK && result != STORE_NONE)
		return result;
	room = memory_new(held.size + 8);
	w = writer_of(room, held.size + 8);
	write_bytes(&w, held.bytes, held.size);
	added = add_school(&w, before);
	added |= add_school(&w, urn);
	result = added ? store_put(txn, TABLE_CONCERNS, key_slice(&key), writer_slice(&w)) : STORE_OK;
	free(room);
	return result;
}

/* ---- written behind ---- */

uint32_t concerns_count(const struct concerns *c)
{
	return c ? c->count : 0;
}

static enum store_result write_list(struct concern_list *l, struct txn *txn)
{
	enum store_result result = STORE_OK;
	uint32_t full = 0;

	for (uint32_t i = 0; i < l->chunk_count && result == STORE_OK; i++) {
		struct key key = concern_key(l->kind, l->id, l->base + i);

		result = store_put(txn, TABLE_CONCERNS, key_slice(&key), slice_of(l->chunks[i].bytes, l->chunks[i].used));
	}
	if (result != STORE_OK)
		return result;
	for (; full < l->chunk_count && l->chunks[full].count == CONCERN_CHUNK; full++)
		free(l->chunks[full].bytes);
	l->base += full;
	l->chunk_count -= full;
	if (full && l->chunk_count)
		l->chunks[0] = l->chunks[full];
	l->changed = false;
	return STORE_OK;
}

enum store_result concerns_write(struct concerns *c, struct txn *txn, uint32_t from, uint32_t to)
{
	enum store_result result = STORE_OK;

	for (uint32_t i = from; i < to && i < concerns_count(c) && result == STORE_OK; i++)
		if (c->lists[i].changed)
			result = write_list(&c->lists[i], txn);
	return result;
}

/* ---- taken up ---- */

/* Of a row's key; false: it is none of a list. */
static bool key_of(struct slice key, uint8_t *kind, uint32_t *id, uint32_t *chunk)
{
	struct reader r = reader_of(key);

	*kind = read_u8(&r);
	*id = read_u32(&r);
	*chunk = read_u32(&r);
	return reader_done(&r) && *kind < CONCERN_ALSO_AT;
}

/* The last chunk of a list, which tells where it stands; it stays in memory where it is short. */
static bool take_last(struct concerns *c, uint8_t kind, uint32_t id, uint32_t chunk, struct slice value)
{
	struct concern_list *l = concerns_list(c, kind, id);
	struct concern_reader r = {.in = reader_of(value)};
	struct concern_chunk *last;

	while (reader_left(&r.in))
		if (!concern_next(&r))
			return false;
	l->base = chunk;
	l->last = r.position;
	l->low = (uint32_t)r.low;
	if (!r.count || r.count > CONCERN_CHUNK)
		return false;
	if (r.count == CONCERN_CHUNK) {
		l->base++;
		return true;
	}
	last = concerns_new_chunk(l);
	*last = (struct concern_chunk){.count = r.count, .used = (uint32_t)value.size, .room = (uint32_t)value.size};
	last->bytes = memory_copy(value.bytes, value.size);
	return true;
}

bool concerns_held(struct txn *txn)
{
	struct slice value;

	return store_get(txn, TABLE_META, slice_text(made_key), &value) == STORE_OK && value.size == 1 && value.bytes[0] == FORM;
}

enum store_result concerns_load(struct concerns *c, struct txn *txn)
{
	uint8_t kind, last_kind = CONCERN_ALSO_AT;
	uint32_t id, chunk, last_id = 0, last_chunk = 0;
	struct slice key, value, last = {0};
	enum store_result result;
	struct scan scan;

	if (!concerns_held(txn))
		return STORE_NONE;
	result = scan_open(&scan, txn, TABLE_CONCERNS, slice_of(NULL, 0));
	while (result == STORE_OK && (result = scan_next(&scan, &key, &value)) == STORE_OK && key_of(key, &kind, &id, &chunk)) {
		bool same = kind == last_kind && id == last_id;

		if (chunk != (same ? last_chunk + 1 : 0) ||
		    (!same && last_kind != CONCERN_ALSO_AT && !take_last(c, last_kind, last_id, last_chunk, last))) {
			result = STORE_DAMAGED;
			break;
		}
		last_kind = kind;
		last_id = id;
		last_chunk = chunk;
		last = value; /* lent until the transaction's end: it is read only */
	}
	scan_close(&scan);
	if (result != STORE_OK && result != STORE_NONE)
		return result;
	return last_kind == CONCERN_ALSO_AT || take_last(c, last_kind, last_id, last_chunk, last) ? STORE_OK : STORE_DAMAGED;
}

/* ---- made of the log ---- */

struct making {
	struct concerns *concerns;
	struct txn *txn;
	struct event *event;
	uint32_t *schools; /* [pupil - 1]: of the first register; 0: none yet */
	uint32_t pupils;
	struct positions moves; /* pupil << 32 | urn, of those whose register is another school's */
	bool bad;
};

static void note_school(struct making *m, uint32_t pupil, uint32_t urn)
{
	if (pupil > m->pupils) {
		uint32_t pupils = pupil + pupil / 2 + 64;

		m->schools = memory_grow(m->schools, pupils * sizeof *m->schools);
		memset(m->schools + m->pupils, 0, (pupils - m->pupils) * sizeof *m->schools);
		m->pupils = pupils;
	}
	if (!m->schools[pupil - 1])
		m->schools[pupil - 1] = urn;
	if (m->schools[pupil - 1] == urn)
		return;
	if (m->moves.count == m->moves.room) {
		m->moves.room = m->moves.room ? 2 * m->moves.room : 256;
		m->moves.list = memory_grow(m->moves.list, m->moves.room * sizeof *m->moves.list);
	}
	m->moves.list[m->moves.count++] = (uint64_t)pupil << 32 | urn;
}

static bool make_one(void *context, uint64_t position, struct slice record)
{
	struct making *m = context;
	struct marks_reader in;
	struct mark mark;

	if (!event_decode(m->event, record, true)) {
		m->bad = true;
		return false;
	}
	concerns_event(m->concerns, m->event, position);
	if (m->event->kind != EVENT_MARKS_RECORDED)
		return true;
	marks_open(&in, m->event->version, m->event->marks_recorded.body);
	while (marks_next(&in, &mark))
		note_school(m, mark.pupil, in.urn);
	return true;
}

static enum store_result write_made(struct making *m)
{
	static const uint8_t form[1] = {FORM};
	enum store_result result = concerns_write(m->concerns, m->txn, 0, UINT32_MAX);

	for (size_t i = 0; i < m->moves.count && result == STORE_OK; i++) {
		uint32_t pupil = (uint32_t)(m->moves.list[i] >> 32);

		result = concerns_also_at(m->txn, pupil, m->schools[pupil - 1], (uint32_t)m->moves.list[i]);
	}
	return result == STORE_OK ? store_put(m->txn, TABLE_META, slice_text(made_key), slice_of(form, sizeof form)) : result;
}

enum store_result concerns_make(struct log *log, struct txn *txn)
{
	struct making m = {.concerns = concerns_new(), .txn = txn, .event = memory_new(sizeof *m.event)};
	enum store_result result = log->methods->read(log, txn, 1, UINT64_MAX, make_one, &m);

	if (m.bad)
		result = STORE_DAMAGED;
	if (result == STORE_OK || result == STORE_NONE)
		result = write_made(&m);
	free(m.event);
	free(m.schools);
	positions_free(&m.moves);
	concerns_free(&m.concerns);
	return result;
}

/* ---- compared ---- */

/* Of two chunks of one list: `held` may end earlier, but not with an entry up to `from` to come. */
static const char *chunk_fault(struct slice held, struct slice made, uint64_t from)
{
	struct concern_reader r = {.in = reader_of(made)};

	if (held.size > made.size || (held.size && memcmp(held.bytes, made.bytes, held.size) != 0))
		return "differs from the log";
	while (reader_left(&r.in)) {
		bool there = (size_t)(r.in.at - made.bytes) < held.size;

		if (!concern_next(&r))
			return "a chunk is none";
		if (!there && r.position <= from)
			return "lacks an entry that was to be written";
		if (there && (size_t)(r.in.at - made.bytes) > held.size)
			return "ends within an entry";
	}
	return NULL;
}

static const char *row_fault(struct txn *held, struct slice key, struct slice made, uint64_t from)
{
	struct slice value;
	enum store_result result = store_get(held, TABLE_CONCERNS, key, &value);

	if (result != STORE_OK && result != STORE_NONE)
		return "can't be read";
	if (key.size && key.bytes[0] == CONCERN_ALSO_AT)
		return result == STORE_OK && slice_equal(value, made) ? NULL : "the schools of a pupil differ from the log's";
	return chunk_fault(value, made, from);
}

const char *concerns_fault(struct txn *held, struct txn *made, uint64_t from)
{
	const char *fault = NULL;
	struct slice key, value, other;
	struct scan scan;
	enum store_result result = scan_open(&scan, made, TABLE_CONCERNS, slice_of(NULL, 0));

	while (result == STORE_OK && !fault && (result = scan_next(&scan, &key, &value)) == STORE_OK)
		fault = row_fault(held, key, value, from);
	scan_close(&scan);
	if (fault)
		return fault;
	result = scan_open(&scan, held, TABLE_CONCERNS, slice_of(NULL, 0));
	while (result == STORE_OK && !fault && (result = scan_next(&scan, &key, &value)) == STORE_OK)
		if (store_get(made, TABLE_CONCERNS, key, &other) != STORE_OK)
			fault = "holds what the log does not give";
	scan_close(&scan);
	return fault ? fault : result == STORE_DAMAGED ? "can't be read" : NULL;
}
