/* Applying: one function an event kind. Nothing here refuses, looks at a clock or
 * opens a sealed text (but for the UPN, whose hash is the index; a person who
 * was erased is no longer found by it). SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "daemon/concerns.h"
#include "daemon/memory.h"
#include "daemon/state_parts.h"

enum { VALUE_MAX = 8 * 1024 };

enum store_result state_put(struct state *s, enum table table, const struct key *key, const struct writer *value)
{
	if (!s->txn)
		return STORE_OK;
	s->timers_changed |= table == TABLE_TIMERS;
	return store_put(s->txn, table, key_slice(key), value ? writer_slice(value) : slice_of(NULL, 0));
}

enum store_result state_drop(struct state *s, enum table table, const struct key *key)
{
	enum store_result result;

	if (!s->txn)
		return STORE_OK;
	s->timers_changed |= table == TABLE_TIMERS;
	result = store_delete(s->txn, table, key_slice(key));
	return result == STORE_NONE ? STORE_OK : result;
}

static struct key key_text(const char *text)
{
	struct key k = {.size = strlen(text)};

	memcpy(k.bytes, text, k.size);
	return k;
}

static struct key key_bytes(const uint8_t *bytes, size_t size)
{
	struct key k = {.size = size};

	memcpy(k.bytes, bytes, size);
	return k;
}

static enum store_result save_clock(struct state *s)
{
	uint8_t room[16];
	struct writer w = writer_of(room, sizeof room);
	struct key key = key_text("clock");

	write_u8(&w, s->clock_held);
	write_u64(&w, s->clock_ms);
	return state_put(s, TABLE_META, &key, &w);
}

static enum store_result apply_created(struct state *s, const struct event *e)
{
	struct slice name = e->store_created.authority;
	size_t size = name.size < sizeof s->authority ? name.size : sizeof s->authority - 1;
	uint8_t room[160];
	struct writer w = writer_of(room, sizeof room);
	struct key key = key_text("authority");

	memset(s->authority, 0, sizeof s->authority);
	memcpy(s->authority, name.bytes, size);
	s->created_ms = e->store_created.created_ms;
	write_u64(&w, s->created_ms);
	write_bytes(&w, s->authority, size);
	return state_put(s, TABLE_META, &key, &w);
}

static enum store_result save_principal(struct state *s, const struct principal *p)
{
	uint8_t room[VALUE_MAX];
	struct writer w = writer_of(room, sizeof room);
	struct key key = key_bytes(p->key, PUBLIC_KEY_SIZE);

	write_u64(&w, p->number);
	write_u8(&w, p->role);
	write_u8(&w, p->revoked);
	write_blob(&w, slice_text(p->name));
	write_u16(&w, p->school_count);
	for (unsigned i = 0; i < p->school_count; i++)
		write_u32(&w, p->schools[i]);
	write_u16(&w, p->case_count);
	for (unsigned i = 0; i < p->case_count; i++)
		write_u32(&w, p->cases[i]);
	return state_put(s, TABLE_ACCESS, &key, &w);
}

static enum store_result apply_granted(struct state *s, const struct event *e, uint64_t position)
{
	state_set_principal(s, &e->access_granted, position);
	return save_principal(s, state_principal(s, e->access_granted.key));
}

static enum store_result apply_revoked(struct state *s, const struct event *e)
{
	struct principal *p = state_principal(s, e->access_revoked.key);

	if (!p)
		return STORE_OK;
	p->revoked = true;
	s->principals_generation++;
	return save_principal(s, p);
}

static enum store_result apply_pathway(struct state *s, const struct event *e, uint64_t position)
{
	const struct event_pathway_loaded *p = &e->pathway_loaded;
	size_t room = p->source.size + p->compiled.size + 64;
	enum store_result result;
	struct writer w, k;
	struct key key;
	uint8_t *bytes;

	if (!state_add_pathway(s, p, position, e->at_ms))
		return STORE_DAMAGED;
	if (!s->txn)
		return STORE_OK;
	k = writer_of(key.bytes, sizeof key.bytes);
	write_bytes(&k, p->name.bytes, p->name.size);
	write_u8(&k, 0);
	write_u32(&k, p->version);
	key.size = writer_size(&k);
	bytes = memory_new(room);
	w = writer_of(bytes, room);
	write_u64(&w, position);
	write_u48(&w, e->at_ms);
	write_u8(&w, p->is_default);
	write_blob(&w, p->source);
	write_blob(&w, p->compiled);
	result = state_put(s, TABLE_PATHWAYS, &key, &w);
	free(bytes);
	return result;
}

/* Every figure that looks at school weeks is counted again; the whole of the
 * store's cases is the engine's to go through, since what moves is told. */
static void recount_scope(struct state *s, uint32_t urn, uint64_t position)
{
	uint32_t count = s->wanted ? s->wanted_count : s->only_pupil ? s->family.count : s->pupil_count;

	for (uint32_t i = 0; i < count; i++) {
		uint32_t n = s->only_pupil && !s->wanted ? s->family.pupils[i] : i + 1;
		struct pupil *p = state_pupil(s, n);

		if (!p || !p->urn || (urn && p->urn != urn) || p->position >= position)
			continue;
		pupil_recount(p, state_calendar(s, p->urn));
		state_touch(s, n, position);
	}
}

/* `old`: of a log of before, which kept only what moved a last day. */
static enum store_result move_case(struct state *s, uint32_t number, uint32_t urn, bool old)
{
	static const uint8_t none[CASE_DEADLINES_MAX / 8];
	struct case_state *c = s->scratch;
	struct case_state *before;
	struct case_view view;
	uint8_t moved[CASE_DEADLINES_MAX / 8];
	enum store_result result = state_case_load(s, number, c);

	if (result != STORE_OK)
		return result == STORE_NONE ? STORE_OK : result;
	if (c->closed || !state_case_at(s, c, urn))
		return STORE_OK;
	before = state_before(c);
	result = state_case_view(s, c, day_of_ms(s->last_ms), &view);
	if (result == STORE_OK && case_apply_calendar(c, &view, moved) && !(old && memcmp(moved, none, sizeof none) == 0))
		result = state_case_save(s, before, c);
	free(before);
	return result;
}

static enum store_result apply_calendar(struct state *s, const struct event *e, uint64_t position)
{
	const struct event_calendar_loaded *c = &e->calendar_loaded;
	size_t size = 64 + c->row_count * 300u;
	uint8_t *room = memory_new(size);
	struct writer w = writer_of(room, size);
	struct key key = key_u32(c->urn);
	enum store_result result;

	write_u64(&w, position);
	write_u16(&w, c->row_count);
	for (unsigned i = 0; i < c->row_count; i++) {
		write_u16(&w, c->rows[i].from);
		write_u16(&w, c->rows[i].to);
		write_u8(&w, c->rows[i].kind);
		write_blob(&w, c->rows[i].name);
	}
	result = state_put(s, TABLE_CALENDARS, &key, &w);
	free(room);
	state_set_calendar(s, c->urn, c->rows, c->row_count);
	recount_scope(s, c->urn, position);
	state_await_more(s);
	for (uint32_t n = 1; n <= s->case_count && result == STORE_OK; n++)
		result = move_case(s, n, c->urn, e->version == 1);
	return result;
}

static enum store_result save_person(struct state *s, uint32_t pupil, const struct person *person)
{
	size_t size = 64 + person->sealed_upn.size + person->sealed_particulars.size;
	uint8_t *room;
	struct writer w;
	struct key key = key_u32(pupil);
	enum store_result result;

	if (!s->txn)
		return STORE_OK;
	room = memory_new(size);
	w = writer_of(room, size);
	write_u32(&w, person->urn);
	write_u64(&w, person->upn_position);
	write_blob(&w, person->sealed_upn);
	write_u64(&w, person->particulars_position);
	write_blob(&w, person->sealed_particulars);
	result = state_put(s, TABLE_PERSONS, &key, &w);
	free(room);
	return result;
}

enum store_result state_person(struct state *s, uint32_t pupil, struct person *person)
{
	struct key key = key_u32(pupil);
	struct slice value;
	struct reader r;
	enum store_result result = store_get(s->txn, TABLE_PERSONS, key_slice(&key), &value);

	if (result != STORE_OK)
		return result;
	r = reader_of(value);
	person->urn = read_u32(&r);
	person->upn_position = read_u64(&r);
	person->sealed_upn = read_blob(&r);
	person->particulars_position = read_u64(&r);
	person->sealed_particulars = read_blob(&r);
	return reader_done(&r) ? STORE_OK : STORE_DAMAGED;
}

uint32_t state_school_of(struct state *s, uint32_t pupil)
{
	const struct pupil *p = state_pupil(s, pupil);
	struct person person;

	if (p && p->urn)
		return p->urn;
	if (s->rosters)
		return pupil >= 1 && pupil <= s->wanted_count ? s->rosters[pupil - 1] : 0;
	return s->txn && state_person(s, pupil, &person) == STORE_OK ? person.urn : 0;
}

static enum store_result apply_registered(struct state *s, const struct event *e, uint64_t position)
{
	const struct event_pupil_registered *p = &e->pupil_registered;
	struct person person = {.urn = p->urn, .upn_position = position, .sealed_upn = p->sealed_upn};
	uint8_t upn[UPN_SIZE], hash[UPN_HASH_SIZE], value[4];
	struct writer w = writer_of(upn, sizeof upn), v = writer_of(value, sizeof value);
	struct key key;
	enum store_result result;

	if (s->only_pupil)
		return STORE_OK;
	if (p->pupil <= s->pupil_count) { /* the tail of a store that has been loaded */
		state_touch(s, p->pupil, position);
		return STORE_OK;
	}
	state_room_for_pupils(s, p->pupil);
	state_touch(s, p->pupil, position);
	result = save_person(s, p->pupil, &person);
	if (result != STORE_OK || !persons_unseal(s->persons, p->pupil, e->kind, position, p->sealed_upn, &w))
		return result;
	upn_hash(hash, s->key, writer_slice(&w));
	state_index_upn(s, hash, p->pupil);
	key = key_bytes(hash, sizeof hash);
	write_u32(&v, p->pupil);
	return state_put(s, TABLE_UPNS, &key, &v);
}

static enum store_result apply_roster(struct state *s, const struct event *e, uint64_t position)
{
	const struct event_roster_recorded *r = &e->roster_recorded;
	struct person person;
	enum store_result result;
	uint8_t *upn;

	if (!s->txn)
		return STORE_OK;
	result = state_person(s, r->pupil, &person);
	if (result != STORE_OK)
		return result == STORE_NONE ? STORE_DAMAGED : result;
	/* what a value lends is gone at the next write */
	upn = memory_copy(person.sealed_upn.bytes, person.sealed_upn.size);
	person.sealed_upn.bytes = upn;
	person.urn = r->urn;
	person.particulars_position = position;
	person.sealed_particulars = r->sealed;
	result = save_person(s, r->pupil, &person);
	free(upn);
	return result;
}

enum store_result state_apply_mark(struct state *s, uint8_t version, uint32_t urn, const struct mark *m,
				   uint64_t position, struct applied_mark *out)
{
	struct pupil *p = state_pupil(s, m->pupil);
	enum store_result result = STORE_OK;
	const struct pathway *pathway;
	bool latest, moved;

	out->pupil = p;
	out->moved = false;
	if (!p || (p->position >= position && s->tables_from >= position))
		return STORE_OK;
	if (version > 1 && ((p->urn && p->urn != urn) || p->standing & PUPIL_SCHOOLS))
		result = state_apply_wrote(s, urn, m, position);
	if (p->urn && p->urn != urn && s->concerns && s->txn && position > s->tables_from && result == STORE_OK)
		result = concerns_also_at(s->txn, m->pupil, p->urn, urn);
	latest = m->day > p->latest_day || (m->day == p->latest_day && m->session >= p->latest_session);
	if (version > 1 && m->code == CODE_D && p->urn) /* the pupil is at the other one */
		latest = false;
	moved = p->urn && latest && p->urn != urn;
	out->moved = latest && p->urn != urn;
	if (!p->urn || latest)
		p->urn = urn; /* a move of school shows in the latest register */
	out->mark = (struct watch_mark){.day = m->day, .session = m->session, .code = m->code};
	pathway = state_school_pathway(s, p->urn);
	out->mark.below = moved && pathway && p->window < pathway->threshold;
	out->change = (moved ? pupil_moves : pupil_mark)(p, state_calendar(s, p->urn), m->day, m->session, m->code,
							 pathway ? pathway->threshold : 0, &out->mark.held);
	if (code_in(s->day_codes, m->code) && position > s->tables_from)
		state_await(s, p->urn, m->day);
	return result;
}

enum store_result state_apply_id(struct state *s, const struct event *e, uint64_t position)
{
	uint8_t room[16];
	struct writer w = writer_of(room, sizeof room);
	struct key key;
	enum store_result result = state_save_days(s, e->at_ms);

	if (result != STORE_OK || !e->submitted || !s->txn)
		return result;
	if (e->id[6] >> 4 == 7 && memcmp(e->id, s->newest_id, UUID_SIZE) > 0) {
		memcpy(s->newest_id, e->id, UUID_SIZE);
		s->newest_id_saved = false;
	}
	key = key_bytes(e->id, UUID_SIZE);
	write_varint(&w, position);
	return state_put(s, TABLE_IDS, &key, &w);
}

bool id_decode(struct slice value, uint64_t *position)
{
	struct reader r = reader_of(value);

	if (value.size == 16) { /* before schema 5: in eight bytes, and the receipt, which the record has */
		*position = read_u64(&r);
		return true;
	}
	*position = read_varint(&r);
	return reader_done(&r);
}

/* A mark that is replayed into a record which has it already is passed over. */
static enum store_result apply_marks(struct state *s, const struct event *e, uint64_t position)
{
	enum store_result result = STORE_OK;
	struct pupil_range pupils = PUPIL_RANGE_NONE;
	struct marks_reader in;
	struct mark m;

	marks_open(&in, e->version, e->marks_recorded.body);
	while (result == STORE_OK && marks_next(&in, &m)) {
		struct applied_mark applied;
		struct pupil *p = state_pupil(s, m.pupil);

		if (!p || (s->tables_from >= position && p->position >= position))
			continue;
		result = state_apply_mark(s, e->version, in.urn, &m, position, &applied);
	}
	/* positions last, so that a pupil with several marks here gets them all */
	marks_open(&in, e->version, e->marks_recorded.body);
	while (marks_next(&in, &m)) {
		struct pupil *p = state_pupil(s, m.pupil);

		if (p && p->position < position)
			state_touch(s, m.pupil, position);
		pupil_range_take(&pupils, m.pupil);
	}
	concerns_marks(s->concerns, in.urn, pupils, position);
	return result;
}

static enum store_result apply_one(struct state *s, const struct event *e, uint64_t position)
{
	switch ((enum event_kind)e->kind) {
	case EVENT_STORE_CREATED:
		return apply_created(s, e);
	case EVENT_ACCESS_GRANTED:
		return apply_granted(s, e, position);
	case EVENT_ACCESS_REVOKED:
		return apply_revoked(s, e);
	case EVENT_PATHWAY_LOADED:
		return apply_pathway(s, e, position);
	case EVENT_PATHWAY_CHOSEN:
		return state_apply_chosen(s, e, position);
	case EVENT_MEETING_OFFERED:
		return state_apply_offered(s, e, position);
	case EVENT_CALENDAR_LOADED:
		return apply_calendar(s, e, position);
	case EVENT_PUPIL_REGISTERED:
		return apply_registered(s, e, position);
	case EVENT_ROSTER_RECORDED:
		return apply_roster(s, e, position);
	case EVENT_ROSTER_SUBMITTED:
		return STORE_OK; /* its id and its answer are all that it holds */
	case EVENT_MARKS_RECORDED:
		return apply_marks(s, e, position);
	case EVENT_ACTION_RECORDED:
		return state_apply_action(s, e, position);
	case EVENT_CASE_MOVED:
		return state_apply_moved(s, e, position);
	case EVENT_DEADLINE_FIRED:
		return state_apply_fired(s, e, position);
	case EVENT_ALERT_RAISED:
		return state_apply_alert_raised(s, e, position);
	case EVENT_ALERT_CHANGED:
		return state_apply_alert_changed(s, e, position);
	case EVENT_ALERT_WITHDRAWN:
		return state_apply_alert_withdrawn(s, e, position);
	case EVENT_ALERT_ACKNOWLEDGED:
		return state_apply_alert_acknowledged(s, e, position);
	case EVENT_PUPIL_FACT:
		return state_apply_fact(s, e, position);
	case EVENT_PUPILS_LINKED:
		return state_apply_linked(s, e);
	case EVENT_COVER_NAMED:
		return state_apply_cover(s, e);
	case EVENT_DAY_ENDED:
		return state_apply_day_ended(s, e);
	case EVENT_SCHOOL_DESCRIBED:
		return state_apply_described(s, e);
	case EVENT_TASK_DONE:
		return state_apply_task_done(s, e);
	case EVENT_CLOCK_HELD:
		s->clock_held = true;
		return save_clock(s);
	case EVENT_CLOCK_CONFIRMED:
		s->clock_held = false;
		return save_clock(s);
	case EVENT_CLOCK_MOVED:
		s->clock_ms = e->clock_moved.to_ms;
		return save_clock(s);
	}
	return STORE_DAMAGED;
}

/* Events that only the tables and what is loaded from them know: of a tail that is
 * replayed at start they have been taken up already. */
static bool in_figures(uint8_t kind)
{
	return kind == EVENT_PUPIL_REGISTERED || kind == EVENT_MARKS_RECORDED || kind == EVENT_ALERT_RAISED ||
	       kind == EVENT_ALERT_WITHDRAWN || kind == EVENT_ACTION_RECORDED;
}

enum store_result state_apply(struct state *s, const struct event *e, uint64_t position)
{
	enum store_result result = STORE_OK;

	if (position > s->tables_from || in_figures(e->kind))
		result = apply_one(s, e, position);
	if (s->concerns && e->kind != EVENT_MARKS_RECORDED)
		concerns_event(s->concerns, e, position);
	if (result == STORE_OK)
		result = state_apply_id(s, e, position);
	s->position = position;
	s->last_ms = e->at_ms;
	return result;
}
