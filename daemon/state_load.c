/* Taking up a store: what its tables hold, into memory.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/memory.h"
#include "daemon/state_parts.h"

typedef bool take(struct state *, struct slice key, struct slice value);

static bool take_principal(struct state *s, struct slice key, struct slice value)
{
	struct event_access_granted *e = memory_new(sizeof *e);
	struct reader r = reader_of(value);
	uint64_t number = read_u64(&r);
	bool revoked, good;

	e->role = read_u8(&r);
	revoked = read_u8(&r);
	e->name = read_blob(&r);
	e->school_count = read_u16(&r);
	good = key.size == PUBLIC_KEY_SIZE && e->school_count <= GRANT_SCHOOLS_MAX;
	for (unsigned i = 0; good && i < e->school_count; i++)
		e->schools[i] = read_u32(&r);
	e->case_count = read_u16(&r);
	good = good && e->case_count <= GRANT_CASES_MAX;
	for (unsigned i = 0; good && i < e->case_count; i++)
		e->cases[i] = read_u32(&r);
	good = good && reader_done(&r);
	if (good) {
		memcpy(e->key, key.bytes, PUBLIC_KEY_SIZE);
		state_set_principal(s, e, number);
		state_principal(s, e->key)->revoked = revoked;
	}
	free(e);
	return good;
}

static bool take_calendar(struct state *s, struct slice key, struct slice value)
{
	struct reader k = reader_of(key), r = reader_of(value);
	uint32_t urn = read_u32(&k);
	struct calendar_row *rows = memory_new(CALENDAR_ROWS_MAX * sizeof *rows);
	uint16_t count;
	bool good;

	if (key.size > 4) { /* not its calendar: a meeting that it was offered */
		struct event_meeting_offered e = {.urn = urn, .on = read_u16(&k), .stands = true};

		free(rows);
		e.meeting = slice_of(key.bytes + 6, key.size > 6 ? key.size - 6 : 0);
		read_u64(&r);
		state_offer(s, &e);
		return reader_done(&r) && e.meeting.size && e.meeting.size <= NAME_SIZE_MAX;
	}
	read_u64(&r);
	count = read_u16(&r);
	good = reader_done(&k) && count <= CALENDAR_ROWS_MAX;
	for (unsigned i = 0; good && i < count; i++) {
		rows[i].from = read_u16(&r);
		rows[i].to = read_u16(&r);
		rows[i].kind = read_u8(&r);
		rows[i].name = read_blob(&r);
	}
	good = good && reader_done(&r) && !calendar_fault(rows, count, &(size_t){0});
	if (good)
		state_set_calendar(s, urn, rows, count);
	free(rows);
	return good;
}

static bool take_pathway(struct state *s, struct slice key, struct slice value)
{
	struct event_pathway_loaded e = {0};
	struct reader r = reader_of(value), k;
	uint64_t position = read_u64(&r), at_ms;

	if (key.size == 5 && key.bytes[0] == 0) {
		k = reader_of(slice_of(key.bytes + 1, 4));
		e.name = read_blob(&r);
		state_choose(s, read_u32(&k), e.name);
		return reader_done(&r) && e.name.size && e.name.size <= NAME_SIZE_MAX;
	}
	at_ms = read_u48(&r);
	if (key.size < 6)
		return false;
	e.name = slice_of(key.bytes, key.size - 5);
	k = reader_of(slice_of(key.bytes + key.size - 4, 4));
	e.version = read_u32(&k);
	e.is_default = read_u8(&r);
	e.source = read_blob(&r);
	e.compiled = read_blob(&r);
	return reader_done(&r) && state_add_pathway(s, &e, position, at_ms);
}

static bool take_cover(struct state *s, struct slice key, struct slice value)
{
	struct event_cover_named e = {.stands = true};
	struct reader r = reader_of(value);
	struct slice cover = read_bytes(&r, PUBLIC_KEY_SIZE);

	e.from = read_u16(&r);
	e.until = read_u16(&r);
	if (!reader_done(&r) || key.size != PUBLIC_KEY_SIZE)
		return false;
	memcpy(e.officer, key.bytes, PUBLIC_KEY_SIZE);
	memcpy(e.cover, cover.bytes, PUBLIC_KEY_SIZE);
	return state_set_cover(s, &e);
}

static bool take_school(struct state *s, struct slice key, struct slice value)
{
	struct reader r = reader_of(key);
	uint32_t urn = read_u32(&r);

	return reader_done(&r) && school_decode(state_make_school(s, urn), value);
}

static bool take_upn(struct state *s, struct slice key, struct slice value)
{
	struct reader r = reader_of(value);
	uint32_t pupil = read_u32(&r);

	if (!reader_done(&r) || key.size != UPN_HASH_SIZE || !pupil || pupil > s->pupil_count)
		return false;
	state_index_upn(s, key.bytes, pupil);
	return true;
}

static bool take_pupil(struct state *s, struct slice key, struct slice value)
{
	struct reader r = reader_of(key);
	uint32_t pupil = read_u32(&r);

	return reader_done(&r) && pupil && pupil <= s->pupil_count &&
	       pupil_decode(&s->pupils[pupil - 1], value);
}

/* The open case is the table's word: a record of figures may be older than it. */
static bool take_pupil_case(struct state *s, struct slice key, struct slice value)
{
	struct reader r = reader_of(key), v = reader_of(value);
	uint32_t pupil = read_u32(&r), number = read_u32(&r);
	bool open = read_u8(&v);

	if (!reader_done(&r) || !reader_done(&v) || !pupil || pupil > s->pupil_count)
		return false;
	if (number > s->case_count)
		s->case_count = number;
	if (open)
		s->pupils[pupil - 1].case_no = number;
	else if (s->pupils[pupil - 1].case_no == number)
		s->pupils[pupil - 1].case_no = 0;
	return true;
}

static enum store_result each(struct state *s, enum table table, take *one, char *why, size_t why_size)
{
	struct scan scan;
	struct slice key, value;
	enum store_result result = scan_open(&scan, s->txn, table, slice_of(NULL, 0));

	while (result == STORE_OK && (result = scan_next(&scan, &key, &value)) == STORE_OK)
		if (!one(s, key, value)) {
			snprintf(why, why_size, "table %s holds a value that can't be read", table_text(table));
			result = STORE_DAMAGED;
		}
	scan_close(&scan);
	return result == STORE_NONE ? STORE_OK : result;
}

static enum store_result load_meta(struct state *s)
{
	struct slice value;
	struct reader in;
	enum store_result result = store_get(s->txn, TABLE_META, slice_text("authority"), &value);

	if (result != STORE_OK)
		return result == STORE_NONE ? STORE_DAMAGED : result;
	if (value.size <= 8 || value.size - 8 >= sizeof s->authority)
		return STORE_DAMAGED;
	in = reader_of(value);
	s->created_ms = read_u64(&in);
	memcpy(s->authority, value.bytes + 8, value.size - 8);
	result = store_get(s->txn, TABLE_META, slice_text("clock"), &value);
	if (result == STORE_OK) {
		struct reader r = reader_of(value);

		s->clock_held = read_u8(&r);
		s->clock_ms = read_u64(&r);
		if (!reader_done(&r))
			return STORE_DAMAGED;
	} else if (result != STORE_NONE) {
		return result;
	}
	result = store_get(s->txn, TABLE_META, slice_text("newest-id"), &value);
	if (result != STORE_OK && result != STORE_NONE)
		return result;
	if (result == STORE_OK && value.size != UUID_SIZE)
		return STORE_DAMAGED;
	memset(s->newest_id, 0xff, UUID_SIZE);
	if (result == STORE_OK)
		memcpy(s->newest_id, value.bytes, UUID_SIZE);
	s->newest_id_saved = true;
	result = store_get(s->txn, TABLE_META, slice_text("days"), &value);
	if (result == STORE_OK && !state_take_days(s, value))
		return STORE_DAMAGED;
	return result == STORE_NONE ? STORE_OK : result;
}

enum store_result state_load(struct state *s, struct txn *txn, char *why, size_t why_size)
{
	enum store_result result;
	struct slice key, value;
	uint32_t pupils = 0;

	s->txn = txn;
	result = load_meta(s);
	if (result == STORE_OK)
		result = scan_last(txn, TABLE_PERSONS, &key, &value);
	if (result == STORE_OK) {
		struct reader r = reader_of(key);

		pupils = read_u32(&r);
		if (!reader_done(&r) || pupils != store_count(txn, TABLE_PERSONS))
			result = STORE_DAMAGED; /* numbers have no gaps */
	} else if (result == STORE_NONE) {
		result = STORE_OK;
	}
	if (result == STORE_OK)
		state_room_for_pupils(s, pupils);
	if (result == STORE_OK)
		result = each(s, TABLE_ACCESS, take_principal, why, why_size);
	if (result == STORE_OK)
		result = each(s, TABLE_CALENDARS, take_calendar, why, why_size);
	if (result == STORE_OK)
		result = each(s, TABLE_PATHWAYS, take_pathway, why, why_size);
	if (result == STORE_OK)
		result = each(s, TABLE_COVERS, take_cover, why, why_size);
	if (result == STORE_OK)
		result = each(s, TABLE_SCHOOLS, take_school, why, why_size);
	if (result == STORE_OK)
		result = each(s, TABLE_UPNS, take_upn, why, why_size);
	if (result == STORE_OK)
		result = each(s, TABLE_PUPILS, take_pupil, why, why_size);
	if (result == STORE_OK)
		result = each(s, TABLE_PUPIL_CASES, take_pupil_case, why, why_size);
	s->txn = NULL;
	if (result != STORE_OK && !why[0])
		snprintf(why, why_size, "the store's tables can't be read (%d)", (int)result);
	return result;
}
