/* Cases, their timers, and alerts, as the tables keep them.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "casework/case_move.h"
#include "casework/watch.h"
#include "daemon/memory.h"
#include "daemon/state_parts.h"

/* One that a shadow holds; NULL: it holds none of that number. */
static struct shadow_case *shadow_case(const struct state *s, uint32_t number)
{
	struct shadow_case *sc = s->shadow_cases;

	if (s->case_index)
		return number < s->case_room ? s->case_index[number] : NULL;
	while (sc && sc->state.number != number)
		sc = sc->next;
	return sc;
}

enum store_result state_case_load(struct state *s, uint32_t number, struct case_state *c)
{
	struct key key = key_u32(number);
	struct slice value;
	enum store_result result;

	if (s->only_pupil) {
		const struct shadow_case *sc = shadow_case(s, number);

		if (!sc)
			return STORE_NONE;
		case_copy(c, &sc->state);
		return STORE_OK;
	}
	if (!s->txn)
		return STORE_NONE;
	result = store_get(s->txn, TABLE_CASES, key_slice(&key), &value);
	if (result == STORE_OK) {
		const struct pathway *pathway;

		if (!case_decode(c, value))
			return store_unreadable(s->txn, TABLE_CASES);
		pathway = state_pathway(s, c->pathway_name, c->pathway_version);
		if (!pathway || !case_fits(c, pathway))
			return store_unreadable(s->txn, TABLE_CASES);
	}
	return result;
}

struct case_state *state_before(const struct case_state *c)
{
	struct case_state *before = memory_grow(NULL, sizeof *before);

	case_copy(before, c);
	return before;
}

static enum store_result save_timers(struct state *s, const struct case_state *before, const struct case_state *c)
{
	enum store_result result = STORE_OK;

	for (unsigned i = 0; i < c->deadline_count && result == STORE_OK; i++) {
		uint8_t old_phase = 0, phase = 0;
		uint64_t old = before && i < before->deadline_count
				       ? case_timer(&before->deadlines[i], &old_phase)
				       : 0;
		uint64_t now = case_timer(&c->deadlines[i], &phase);
		struct key key;

		if (old == now && (!now || old_phase == phase))
			continue;
		if (old) {
			key = key_timer(old, c->number, (uint8_t)(i + 1), old_phase);
			result = state_drop(s, TABLE_TIMERS, &key);
		}
		if (now && result == STORE_OK) {
			key = key_timer(now, c->number, (uint8_t)(i + 1), phase);
			result = state_put(s, TABLE_TIMERS, &key, NULL);
		}
	}
	return result;
}

static void save_shadow(struct state *s, const struct case_state *c)
{
	struct shadow_case *sc = shadow_case(s, c->number);

	if (!sc) {
		sc = memory_new(sizeof *sc);
		sc->next = s->shadow_cases;
		s->shadow_cases = sc;
		if (s->case_index && c->number < s->case_room)
			s->case_index[c->number] = sc;
	}
	case_copy(&sc->state, c);
}

enum store_result state_case_save(struct state *s, const struct case_state *before, const struct case_state *c)
{
	struct key key = key_u32(c->number), pair = key_u32_u32(c->pupil, c->number);
	uint8_t open[1] = {c->closed ? 0 : 1};
	struct writer w, v = writer_of(open, sizeof open);
	enum store_result result;
	uint8_t *room;

	if (s->only_pupil) {
		save_shadow(s, c);
		return STORE_OK;
	}
	if (!s->txn)
		return STORE_OK;
	room = memory_grow(NULL, CASE_RECORD_MAX);
	w = writer_of(room, CASE_RECORD_MAX);
	case_encode(&w, c);
	result = w.full ? STORE_FAILED : state_put(s, TABLE_CASES, &key, &w);
	free(room);
	v.at = v.end;
	if (result == STORE_OK && (!before || before->closed != c->closed))
		result = state_put(s, TABLE_PUPIL_CASES, &pair, &v);
	if (result == STORE_OK)
		result = save_timers(s, before, c);
	return result;
}

enum store_result state_apply_action(struct state *s, const struct event *e, uint64_t position)
{
	const struct event_action_recorded *a = &e->action_recorded;
	struct pupil *p = state_pupil(s, a->pupil);
	struct case_state *c = s->scratch, *before = NULL;
	struct case_view view;
	enum store_result result = STORE_OK;

	if (!p)
		return STORE_OK;
	if (position <= s->tables_from) { /* the tail: the case stands in its table */
		if (p->position < position)
			state_touch(s, a->pupil, position);
		return STORE_OK;
	}
	if (a->case_no > s->case_count)
		s->case_count = a->case_no;
	if (a->opens) {
		const struct pathway *pathway = state_pathway(s, a->pathway, a->pathway_version);

		if (!pathway)
			return STORE_DAMAGED;
		case_open(c, pathway, a, p->urn, e->at_ms);
	} else {
		result = state_case_load(s, a->case_no, c);
		if (result != STORE_OK)
			return result == STORE_NONE ? STORE_DAMAGED : result;
		before = state_before(c);
	}
	result = state_case_view(s, c, day_of_ms(e->at_ms), &view);
	if (result == STORE_OK)
		result = state_view_earlier(s, c, &view);
	if (result == STORE_OK) {
		case_apply_action(c, &view, a, position, e->at_ms);
		result = state_case_save(s, before, c);
		p->case_no = c->closed ? 0 : c->number;
		state_touch(s, a->pupil, position);
	}
	free(before);
	return result;
}

const struct pathway *state_chapter_pathway(const struct state *s, const struct case_state *c, uint8_t chapter)
{
	if (chapter < 1 || chapter > c->chapter_count)
		return NULL;
	return state_pathway(s, slice_text(c->chapters[chapter - 1].pathway), c->chapters[chapter - 1].version);
}

enum store_result state_apply_moved(struct state *s, const struct event *e, uint64_t position)
{
	const struct event_case_moved *m = &e->case_moved;
	const struct pathway *from, *to = state_pathway(s, m->pathway, m->pathway_version);
	struct case_state *c = s->scratch, *before;
	struct case_view view;
	enum store_result result = state_case_load(s, m->case_no, c);

	if (result != STORE_OK)
		return s->only_pupil && result == STORE_NONE ? STORE_OK : STORE_DAMAGED;
	from = state_pathway(s, c->pathway_name, c->pathway_version);
	if (!from || !to)
		return STORE_DAMAGED;
	before = state_before(c);
	result = state_case_view(s, c, day_of_ms(e->at_ms), &view);
	if (result == STORE_OK) {
		view.pathway = to;
		case_apply_moved(c, from, &view, m, position);
		result = state_case_save(s, before, c);
	}
	free(before);
	return result;
}

enum store_result state_apply_fired(struct state *s, const struct event *e, uint64_t position)
{
	const struct event_deadline_fired *f = &e->deadline_fired;
	struct case_state *c = s->scratch, *before;
	struct case_view view;
	enum store_result result;

	(void)position;
	if (s->in_hand) {
		case_copy(c, s->in_hand);
		case_apply_fired(c, s->in_hand_view, f);
		return state_case_save(s, s->in_hand, c);
	}
	result = state_case_load(s, f->case_no, c);
	if (result != STORE_OK)
		return s->only_pupil && result == STORE_NONE ? STORE_OK : STORE_DAMAGED;
	before = state_before(c);
	result = state_case_view(s, c, day_of_ms(e->at_ms), &view);
	if (result == STORE_OK && e->version > 1)
		result = state_view_earlier(s, c, &view);
	if (result == STORE_OK) {
		case_apply_fired(c, &view, f);
		result = state_case_save(s, before, c);
	}
	free(before);
	return result;
}

/* ---- alerts ---- */

const char *alert_status_text(uint8_t status)
{
	switch ((enum alert_status)status) {
	case ALERT_STATUS_RAISED:
		return "raised";
	case ALERT_STATUS_ACKNOWLEDGED:
		return "acknowledged";
	case ALERT_STATUS_WITHDRAWN:
		return "withdrawn";
	}
	return "unknown";
}

bool alert_decode(struct alert *a, uint64_t number, struct slice value)
{
	struct reader r = reader_of(value);

	a->number = number;
	a->newest = read_u64(&r);
	a->raised_ms = read_u64(&r);
	a->due_ms = read_u64(&r);
	a->late_ms = read_u64(&r);
	a->kind = read_u8(&r);
	a->status = read_u8(&r);
	a->deadline = read_u8(&r);
	a->pupil = read_u32(&r);
	a->case_no = read_u32(&r);
	a->urn = read_u32(&r);
	a->deadline_kind = read_blob(&r);
	a->text = read_blob(&r);
	a->tells = 0;
	a->clause = slice_of(NULL, 0);
	/* Written only where there is something to say, so that a table begun before
	 * alerts had these is what its log gives today. */
	if (reader_left(&r) > 0) {
		a->tells = (uint32_t)read_varint(&r);
		a->clause = read_blob(&r);
	}
	return reader_done(&r);
}

enum store_result alert_get(struct txn *txn, uint64_t number, struct alert *a)
{
	struct key key = key_u64(number);
	struct slice value;
	enum store_result result = store_get(txn, TABLE_ALERTS, key_slice(&key), &value);

	return result == STORE_OK && !alert_decode(a, number, value) ? store_unreadable(txn, TABLE_ALERTS) : result;
}

static enum store_result save_alert(struct state *s, const struct alert *a)
{
	size_t size = 128 + a->deadline_kind.size + a->text.size + a->clause.size;
	uint8_t *room = memory_new(size), number[8];
	struct writer w = writer_of(room, size), v = writer_of(number, sizeof number);
	struct key key = key_u64(a->number), change = key_u64(a->newest);
	enum store_result result;

	write_u64(&w, a->newest);
	write_u64(&w, a->raised_ms);
	write_u64(&w, a->due_ms);
	write_u64(&w, a->late_ms);
	write_u8(&w, a->kind);
	write_u8(&w, a->status);
	write_u8(&w, a->deadline);
	write_u32(&w, a->pupil);
	write_u32(&w, a->case_no);
	write_u32(&w, a->urn);
	write_blob(&w, a->deadline_kind);
	write_blob(&w, a->text);
	if (a->tells || a->clause.size) {
		write_varint(&w, a->tells);
		write_blob(&w, a->clause);
	}
	result = state_put(s, TABLE_ALERTS, &key, &w);
	write_u64(&v, a->number);
	if (result == STORE_OK)
		result = state_put(s, TABLE_ALERT_CHANGES, &change, &v);
	free(room);
	return result;
}

enum store_result state_standing(struct state *s, uint32_t pupil, struct standing *standing)
{
	struct key key = key_u32(pupil);
	struct slice value;
	enum store_result result;

	memset(standing, 0, sizeof *standing);
	if (!s->txn)
		return STORE_OK;
	result = store_get(s->txn, TABLE_STANDING, key_slice(&key), &value);
	if (result == STORE_NONE)
		return STORE_OK;
	if (result == STORE_OK && !standing_decode(standing, value))
		return store_unreadable(s->txn, TABLE_STANDING);
	return result;
}

static enum store_result save_standing(struct state *s, uint32_t pupil, const struct standing *standing)
{
	uint8_t room[STANDING_MAX * 16 + 16];
	struct writer w = writer_of(room, sizeof room);
	struct key key = key_u32(pupil);

	standing_encode(&w, standing);
	return state_put(s, TABLE_STANDING, &key, &w);
}

/* A breach alert is remembered by its deadline, so that it is raised once and can be withdrawn. */
static enum store_result set_breach(struct state *s, uint32_t case_no, uint8_t deadline, uint64_t alert)
{
	struct case_state *c = s->scratch;
	enum store_result result = state_case_load(s, case_no, c);

	if (result != STORE_OK || deadline < 1 || deadline > c->deadline_count)
		return result == STORE_NONE ? STORE_OK : result;
	case_apply_breach(c, deadline, alert);
	return state_case_save(s, c, c);
}

/* An alert about the pupil of a case starts what the case's pathway says (`raised`), or
 * takes it away again. */
static enum store_result tell_case(struct state *s, uint32_t case_no, uint8_t kind, uint64_t alert, day_t day, bool raised)
{
	struct case_state *c = s->scratch, *before;
	struct case_view view;
	enum store_result result;

	if (!case_no || !((s->alert_starts >> kind) & 1))
		return STORE_OK;
	result = state_case_load(s, case_no, c);
	if (result != STORE_OK)
		return result == STORE_NONE ? STORE_OK : result;
	before = state_before(c);
	result = state_case_view(s, c, day, &view);
	if (result == STORE_OK && raised)
		case_apply_alert(c, &view, kind, alert, day);
	else if (result == STORE_OK)
		case_apply_alert_withdrawn(c, alert);
	if (result == STORE_OK)
		result = state_case_save(s, before, c);
	free(before);
	return result;
}

enum store_result state_apply_alert_raised(struct state *s, const struct event *e, uint64_t position)
{
	const struct event_alert_raised *r = &e->alert_raised;
	struct pupil *p = state_pupil(s, r->pupil);
	const struct pathway *pathway;
	bool in_table = position > s->tables_from;
	enum store_result result = STORE_OK;

	if (p && watch_speaks(r->kind) && p->position < position) {
		struct standing standing;

		result = state_standing(s, r->pupil, &standing);
		pathway = state_school_pathway(s, p->urn);
		watch_apply_raised(p, s->only_pupil || !in_table ? NULL : &standing, r, position,
				   pathway ? pathway->threshold : 0);
		state_touch(s, r->pupil, position);
		if (result == STORE_OK && in_table)
			result = save_standing(s, r->pupil, &standing);
	}
	if (!in_table || result != STORE_OK)
		return result;
	if (r->kind == ALERT_BREACH)
		result = set_breach(s, r->case_no, r->deadline, position);
	else if (r->kind == ALERT_REMINDER && !r->case_no)
		result = state_apply_reminded(s, r, position);
	if (result == STORE_OK)
		result = tell_case(s, r->case_no, r->kind, position, r->last_day ? r->last_day : day_of_ms(e->at_ms), true);
	if (result == STORE_OK && s->txn)
		result = save_alert(s, &(struct alert){
					       .number = position, .newest = position, .raised_ms = e->at_ms,
					       .due_ms = r->due_ms, .late_ms = r->late_ms, .kind = r->kind,
					       .status = ALERT_STATUS_RAISED, .deadline = r->deadline,
					       .pupil = r->pupil, .case_no = r->case_no, .urn = r->urn,
					       .deadline_kind = r->deadline_kind, .text = r->text,
					       .tells = r->tells, .clause = r->clause});
	return result;
}

/* Loads an alert, with its texts copied: a write to the table would take them away. */
static enum store_result load_alert(struct state *s, uint64_t number, struct alert *a, uint8_t **copy)
{
	struct key key = key_u64(number);
	struct slice value;
	enum store_result result;

	*copy = NULL;
	if (!s->txn)
		return STORE_NONE;
	result = store_get(s->txn, TABLE_ALERTS, key_slice(&key), &value);
	if (result != STORE_OK)
		return result == STORE_NONE ? STORE_DAMAGED : result;
	*copy = memory_copy(value.bytes, value.size);
	return alert_decode(a, number, slice_of(*copy, value.size)) ? STORE_OK : STORE_DAMAGED;
}

enum store_result state_apply_alert_changed(struct state *s, const struct event *e, uint64_t position)
{
	struct alert a;
	uint8_t *copy;
	enum store_result result = load_alert(s, e->alert_changed.alert, &a, &copy);

	if (result == STORE_OK) {
		a.newest = position;
		a.text = e->alert_changed.text;
		if (e->alert_changed.urn) /* to where the pupil is: what is new of it was seen there */
			a.urn = e->alert_changed.urn;
		a.status = ALERT_STATUS_RAISED; /* what was dealt with has grown: it speaks again */
		result = save_alert(s, &a);
	}
	free(copy);
	return result == STORE_NONE ? STORE_OK : result;
}

enum store_result state_apply_alert_withdrawn(struct state *s, const struct event *e, uint64_t position)
{
	uint64_t number = e->alert_withdrawn.alert;
	bool in_table = position > s->tables_from;
	struct pupil *p = state_pupil(s, e->alert_withdrawn.pupil);
	enum store_result result = STORE_OK;
	struct alert a;
	uint8_t *copy;

	if (p && watch_speaks(e->alert_withdrawn.kind) && p->position < position) {
		struct standing standing;

		result = state_standing(s, e->alert_withdrawn.pupil, &standing);
		watch_apply_withdrawn(p, s->only_pupil || !in_table ? NULL : &standing, number);
		state_touch(s, e->alert_withdrawn.pupil, position);
		if (result == STORE_OK && in_table)
			result = save_standing(s, e->alert_withdrawn.pupil, &standing);
	}
	if (!in_table || result != STORE_OK)
		return result;
	if (e->alert_withdrawn.kind == ALERT_BREACH)
		result = set_breach(s, e->alert_withdrawn.case_no, e->alert_withdrawn.deadline, 0);
	if (result == STORE_OK)
		result = tell_case(s, e->alert_withdrawn.case_no, e->alert_withdrawn.kind, number, 0, false);
	if (result != STORE_OK || !s->txn)
		return result;
	result = load_alert(s, number, &a, &copy);
	if (result == STORE_OK) {
		a.newest = position;
		a.status = ALERT_STATUS_WITHDRAWN;
		result = save_alert(s, &a);
	}
	free(copy);
	return result;
}

enum store_result state_apply_alert_acknowledged(struct state *s, const struct event *e, uint64_t position)
{
	struct alert a;
	uint8_t *copy;
	enum store_result result = load_alert(s, e->alert_acknowledged.alert, &a, &copy);

	if (result == STORE_OK) {
		a.newest = position;
		a.status = ALERT_STATUS_ACKNOWLEDGED;
		result = save_alert(s, &a);
	}
	free(copy);
	return result == STORE_NONE ? STORE_OK : result;
}
