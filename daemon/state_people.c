/* People round a pupil, as the table keeps them: facts, links, schools; and who stands in
 * for whom.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "daemon/memory.h"
#include "daemon/state_parts.h"

enum store_result state_people(struct state *s, uint32_t pupil, struct people *people)
{
	struct key key = key_u32(pupil);
	struct slice value;
	enum store_result result;

	memset(people, 0, sizeof *people);
	for (const struct shadow_people *sp = s->shadow_people; sp; sp = sp->next)
		if (sp->pupil == pupil)
			*people = sp->people;
	if (s->only_pupil || !s->txn)
		return STORE_OK;
	result = store_get(s->txn, TABLE_PEOPLE, key_slice(&key), &value);
	if (result == STORE_NONE)
		return STORE_OK;
	if (result == STORE_OK && !people_decode(people, value))
		return store_unreadable(s->txn, TABLE_PEOPLE);
	return result;
}

static void save_shadow(struct state *s, uint32_t pupil, const struct people *people)
{
	struct shadow_people *sp = s->shadow_people;

	while (sp && sp->pupil != pupil)
		sp = sp->next;
	if (!sp) {
		sp = memory_new(sizeof *sp);
		sp->pupil = pupil;
		sp->next = s->shadow_people;
		s->shadow_people = sp;
	}
	sp->people = *people;
}

static enum store_result save_people(struct state *s, uint32_t pupil, const struct people *people)
{
	struct key key = key_u32(pupil);
	enum store_result result;
	uint8_t *room;
	struct writer w;

	if (s->only_pupil) {
		save_shadow(s, pupil, people);
		return STORE_OK;
	}
	room = memory_new(PEOPLE_RECORD_MAX);
	w = writer_of(room, PEOPLE_RECORD_MAX);
	people_encode(&w, people);
	result = w.full ? STORE_FAILED : state_put(s, TABLE_PEOPLE, &key, &w);
	free(room);
	return result;
}

/* ---- whose marks are held ---- */

enum store_result state_apply_wrote(struct state *s, uint32_t urn, const struct mark *m, uint64_t position)
{
	struct pupil *p = state_pupil(s, m->pupil);
	struct people *people;
	enum store_result result;

	p->standing |= PUPIL_SCHOOLS;
	if (s->only_pupil || position <= s->tables_from) /* who looks at then decides nothing; the tail stands in the table */
		return STORE_OK;
	people = memory_new(sizeof *people);
	result = state_people(s, m->pupil, people);
	if (result == STORE_OK && people_wrote(people, p->urn, urn, m->day, m->session))
		result = save_people(s, m->pupil, people);
	free(people);
	return result;
}

/* ---- facts ---- */

/* The open case is the new school's from that day on; what was counted there before stays so. Without one it is kept for
 * the next case where an earlier one had them move. */
static enum store_result move_school(struct state *s, const struct event_pupil_fact *f, struct people *people)
{
	const struct pupil *p = state_pupil(s, f->pupil);
	struct case_state *c = s->scratch, *before;
	uint8_t moved[CASE_DEADLINES_MAX / 8];
	struct case_view view;
	enum store_result result;

	if (!p->case_no && !people->school_count)
		return STORE_OK;
	if (!p->case_no) {
		people_moved(people, people->schools[people->school_count - 1].urn, f->urn, f->since);
		return save_people(s, f->pupil, people);
	}
	result = state_case_load(s, p->case_no, c);
	if (result != STORE_OK)
		return result == STORE_NONE ? STORE_DAMAGED : result;
	before = state_before(c);
	if (c->urn) /* else it began before any register: there was no school to move from */
		people_moved(people, c->urn, f->urn, f->since);
	c->urn = f->urn;
	result = save_people(s, f->pupil, people);
	if (result == STORE_OK)
		result = state_case_view(s, c, day_of_ms(s->last_ms), &view);
	if (result == STORE_OK) {
		case_apply_calendar(c, &view, moved);
		result = state_case_save(s, before, c);
	}
	free(before);
	return result;
}

enum store_result state_apply_fact(struct state *s, const struct event *e, uint64_t position)
{
	const struct event_pupil_fact *f = &e->pupil_fact;
	struct people *people;
	enum store_result result;

	if (!state_pupil(s, f->pupil))
		return STORE_OK;
	people = memory_new(sizeof *people);
	result = state_people(s, f->pupil, people);
	if (result == STORE_OK && f->fact == FACT_SCHOOL) {
		result = move_school(s, f, people);
	} else if (result == STORE_OK) {
		facts_take(&people->facts, f, position);
		result = save_people(s, f->pupil, people);
	}
	free(people);
	return result;
}

bool state_case_at(struct state *s, const struct case_state *c, uint32_t urn)
{
	struct people *people;
	bool at;

	if (!urn || c->urn == urn)
		return true;
	people = memory_new(sizeof *people);
	at = state_people(s, c->pupil, people) == STORE_OK && people_attended(people, urn);
	free(people);
	return at;
}

/* ---- links ---- */

static enum store_result link_one(struct state *s, uint32_t pupil, uint32_t other, struct slice parent,
				  struct slice other_parent, bool stands)
{
	struct people *people;
	enum store_result result;

	if (!state_pupil(s, pupil))
		return STORE_OK;
	people = memory_new(sizeof *people);
	result = state_people(s, pupil, people);
	if (result == STORE_OK) {
		people_link(people, other, parent, other_parent, stands);
		result = save_people(s, pupil, people);
	}
	free(people);
	return result;
}

enum store_result state_apply_linked(struct state *s, const struct event *e)
{
	const struct event_pupils_linked *l = &e->pupils_linked;
	enum store_result result = link_one(s, l->pupil, l->other, l->parent, l->other_parent, l->stands);

	return result == STORE_OK ? link_one(s, l->other, l->pupil, l->other_parent, l->parent, l->stands) : result;
}

static bool in_family(const struct family *family, uint32_t pupil)
{
	for (unsigned i = 0; i < family->count; i++)
		if (family->pupils[i] == pupil)
			return true;
	return false;
}

enum store_result state_family(struct state *s, uint32_t pupil, bool ever, struct family *family)
{
	struct people *people = memory_new(sizeof *people);
	enum store_result result = STORE_OK;

	*family = (struct family){.count = 1, .pupils = {pupil}};
	for (unsigned at = 0; at < family->count && result == STORE_OK; at++) {
		result = state_people(s, family->pupils[at], people);
		for (unsigned i = 0; result == STORE_OK && i < people->link_count; i++)
			if ((ever || people->links[i].stands) && family->count < FAMILY_MAX &&
			    !in_family(family, people->links[i].pupil))
				family->pupils[family->count++] = people->links[i].pupil;
	}
	free(people);
	return result;
}

static bool among(const struct adult list[], unsigned count, const struct link *link)
{
	for (unsigned i = 0; i < count; i++)
		if (list[i].pupil == link->pupil && strcmp(list[i].parent, link->other) == 0)
			return true;
	return false;
}

enum store_result state_same_adult(struct state *s, uint32_t pupil, struct slice parent, struct adult out[ADULTS_MAX],
				   unsigned *count)
{
	struct people *people = memory_new(sizeof *people);
	enum store_result result = STORE_OK;

	*count = 1;
	out[0] = (struct adult){.pupil = pupil};
	if (parent.size && parent.size <= PARENT_SIZE_MAX)
		memcpy(out[0].parent, parent.bytes, parent.size);
	for (unsigned at = 0; at < *count && result == STORE_OK; at++) {
		result = state_people(s, out[at].pupil, people);
		for (unsigned i = 0; result == STORE_OK && i < people->link_count && *count < ADULTS_MAX; i++) {
			const struct link *link = &people->links[i];

			if (!link->stands || !link->parent[0] || strcmp(link->parent, out[at].parent) != 0 ||
			    among(out, *count, link))
				continue;
			out[*count] = (struct adult){.pupil = link->pupil};
			memcpy(out[(*count)++].parent, link->other, sizeof link->other);
		}
	}
	free(people);
	return result;
}

/* ---- covers ---- */

static struct cover *cover_of(const struct state *s, const uint8_t officer[static PUBLIC_KEY_SIZE])
{
	for (uint32_t i = 0; i < s->cover_count; i++)
		if (memcmp(s->covers[i].officer, officer, PUBLIC_KEY_SIZE) == 0)
			return &s->covers[i];
	return NULL;
}

bool state_set_cover(struct state *s, const struct event_cover_named *e)
{
	struct cover *cover = cover_of(s, e->officer);

	if (!e->stands) {
		if (cover)
			*cover = s->covers[--s->cover_count];
		return cover;
	}
	if (!cover) {
		s->covers = memory_grow(s->covers, (s->cover_count + 1) * sizeof *s->covers);
		cover = &s->covers[s->cover_count++];
	}
	memcpy(cover->officer, e->officer, PUBLIC_KEY_SIZE);
	memcpy(cover->cover, e->cover, PUBLIC_KEY_SIZE);
	cover->from = e->from;
	cover->until = e->until;
	return true;
}

enum store_result state_apply_cover(struct state *s, const struct event *e)
{
	const struct event_cover_named *c = &e->cover_named;
	uint8_t room[PUBLIC_KEY_SIZE + 4];
	struct writer w = writer_of(room, sizeof room);
	struct key key = {.size = PUBLIC_KEY_SIZE};

	memcpy(key.bytes, c->officer, PUBLIC_KEY_SIZE);
	state_set_cover(s, c);
	if (!c->stands)
		return state_drop(s, TABLE_COVERS, &key);
	write_bytes(&w, c->cover, PUBLIC_KEY_SIZE);
	write_u16(&w, c->from);
	write_u16(&w, c->until);
	return state_put(s, TABLE_COVERS, &key, &w);
}

/* Is it one of the first `steps` who were asked in turn, from the officer on? */
static bool asked_before(const struct state *s, const struct principal *officer, uint32_t steps, const struct principal *next)
{
	const struct principal *at = officer;

	for (uint32_t i = 0; at != next && i < steps; i++)
		at = state_principal(s, cover_of(s, at->key)->cover);
	return at == next;
}

const struct principal *state_cover_of(const struct state *s, const struct principal *officer, day_t day)
{
	const struct principal *found = officer;

	/* A cover may be away too; those who cover each other end with the last before one comes again. */
	for (uint32_t steps = 0; steps < s->cover_count; steps++) {
		const struct cover *cover = cover_of(s, found->key);
		const struct principal *next;

		if (!cover || day < cover->from || day > cover->until)
			break;
		next = state_principal(s, cover->cover);
		if (!next || next->revoked || asked_before(s, officer, steps, next))
			break;
		found = next;
	}
	return found;
}
