/* People round a pupil: what is known and since when, the parents with their notices,
 * siblings, schools; as known now or as of then.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "daemon/memory.h"
#include "daemon/query_parts.h"

enum { PARENTS_MAX = 32 };

struct asked {
	struct engine *engine;
	const struct request *request;
	struct txn *txn;
	struct state *state;      /* the live one, or a shadow */
	uint32_t pupil;
	day_t today;
	struct people people;
	uint8_t *room;
	struct slice particulars; /* now: what was sealed earlier is no fact */
	char parents[PARENTS_MAX][PARENT_SIZE_MAX + 1];
	unsigned parent_count;
};

/* ---- facts ---- */

struct reading {
	struct engine *engine;
	uint32_t pupil;
	uint8_t *room;
	struct slice text;
};

static bool take_text(void *context, uint64_t position, struct slice record)
{
	struct reading *r = context;
	struct event *ev = memory_new(sizeof *ev);
	struct writer w = writer_of(r->room, PARTICULARS_ROOM);
	const char *wrong = NULL;

	if (event_decode(ev, record, true) && ev->kind == EVENT_PUPIL_FACT && ev->pupil_fact.sealed.size &&
	    persons_unseal(r->engine->persons, r->pupil, EVENT_PUPIL_FACT, position, ev->pupil_fact.sealed, &w))
		r->text = mp_find_str(writer_slice(&w), "text", &wrong);
	free(ev);
	return false;
}

struct slice pupil_fact_text(struct engine *e, struct txn *txn, uint32_t pupil, uint64_t position,
			     uint8_t room[static PARTICULARS_ROOM])
{
	struct reading r = {.engine = e, .pupil = pupil, .room = room};

	engine_log_at(e, txn, position, take_text, &r);
	return r.text;
}

static void pack_facts(struct pack *p, struct asked *a)
{
	uint8_t *room = memory_new(PARTICULARS_ROOM);

	pack_text(p, "facts");
	pack_array(p, a->people.facts.count);
	for (unsigned i = 0; i < a->people.facts.count; i++) {
		const struct fact *f = &a->people.facts.list[i];

		pack_map(p, 7);
		pack_key_text(p, "fact", fact_text(f->kind));
		pack_key_bool(p, "holds", f->holds);
		pack_text(p, "since");
		pack_date(p, f->since);
		pack_text(p, "parent");
		pack_text(p, f->parent[0] ? f->parent : NULL);
		pack_key_bool(p, "stands", facts_stands(&a->people.facts, i, a->today));
		pack_key_uint(p, "seq", f->position);
		pack_text_or_nil(p, "text", pupil_fact_text(a->engine, a->txn, a->pupil, f->position, room));
	}
	free(room);
}

/* ---- parents: of the roster, of notices, links and facts ---- */

static void add_parent(struct asked *a, struct slice id)
{
	for (unsigned i = 0; i < a->parent_count; i++)
		if (slice_is(id, a->parents[i]))
			return;
	if (!id.size || id.size > PARENT_SIZE_MAX || a->parent_count == PARENTS_MAX)
		return;
	memcpy(a->parents[a->parent_count++], id.bytes, id.size);
}

/* The roster's map of one parent; NULL: all of them are added to the list. */
static struct slice roster_parent(struct asked *a, const char *wanted)
{
	struct mp at = mp_find(a->particulars, "parents");
	unsigned count = mp_peek(&at) == MP_ARRAY ? mp_array(&at) : 0;
	const char *wrong = NULL;

	for (unsigned i = 0; i < count && !at.fault; i++) {
		const uint8_t *start = at.at;
		struct slice parent, id;

		mp_skip(&at);
		parent = slice_of(start, (size_t)(at.at - start));
		id = mp_find_str(parent, "id", &wrong);
		if (!wanted)
			add_parent(a, id);
		else if (slice_is(id, wanted))
			return parent;
	}
	return slice_of(NULL, 0);
}

/* What each parent was sent, through all of the pupil's cases. */
static void pack_notices(struct pack *p, struct asked *a, const char *parent, struct case_state *c)
{
	uint32_t numbers[64];
	unsigned cases = cases_of(a->engine, a->txn, a->state, a->pupil, numbers, 64), count = 0;

	for (int pass = 0; pass < 2; pass++) {
		if (pass == 1) {
			pack_text(p, "penalty_notices");
			pack_array(p, count);
		}
		for (unsigned i = 0; i < cases; i++) {
			if (state_case_load(a->state, numbers[i], c) != STORE_OK)
				continue;
			for (unsigned n = 0; n < c->notice_count; n++) {
				if (strcmp(c->notices[n].parent, parent) != 0)
					continue;
				if (pass == 1)
					pack_notice(p, &c->notices[n], a->today);
				else
					count++;
			}
		}
	}
}

static void gather_parents(struct asked *a, struct case_state *c)
{
	uint32_t numbers[64];
	unsigned cases = cases_of(a->engine, a->txn, a->state, a->pupil, numbers, 64);

	roster_parent(a, NULL);
	for (unsigned i = 0; i < cases; i++)
		if (state_case_load(a->state, numbers[i], c) == STORE_OK)
			for (unsigned n = 0; n < c->notice_count; n++)
				add_parent(a, slice_text(c->notices[n].parent));
	for (unsigned i = 0; i < a->people.link_count; i++)
		if (a->people.links[i].stands)
			add_parent(a, slice_text(a->people.links[i].parent));
	for (unsigned i = 0; i < a->people.facts.count; i++)
		add_parent(a, slice_text(a->people.facts.list[i].parent));
}

static bool may_see(const struct asked *a, uint32_t pupil)
{
	struct engine *e = a->engine;

	return access_pupil(e, a->request->who, pupil, state_school_of(&e->state, pupil));
}

/* Whom else this is a parent of; of other schools' pupils a school learns nothing. */
static enum store_result pack_same(struct pack *p, struct asked *a, const char *parent)
{
	struct adult *adults = memory_new(ADULTS_MAX * sizeof *adults);
	unsigned count = 0, seen = 0;
	enum store_result result = state_same_adult(a->state, a->pupil, slice_text(parent), adults, &count);

	for (unsigned i = 1; i < count; i++)
		seen += may_see(a, adults[i].pupil);
	pack_text(p, "same_as");
	pack_array(p, seen);
	for (unsigned i = 1; i < count; i++) {
		if (!may_see(a, adults[i].pupil))
			continue;
		pack_map(p, 2);
		pack_text(p, "upn");
		pack_upn(a->engine, p, a->txn, adults[i].pupil);
		pack_key_text(p, "parent", adults[i].parent);
	}
	free(adults);
	return result;
}

static enum store_result pack_parents(struct pack *p, struct asked *a)
{
	struct case_state *c = memory_new(sizeof *c);
	enum store_result result = STORE_OK;
	const char *wrong = NULL;

	gather_parents(a, c);
	pack_text(p, "parents");
	pack_array(p, a->parent_count);
	for (unsigned i = 0; i < a->parent_count && result == STORE_OK; i++) {
		struct slice known = roster_parent(a, a->parents[i]);

		pack_map(p, 5);
		pack_key_text(p, "parent", a->parents[i]);
		pack_text_or_nil(p, "name", mp_find_str(known, "name", &wrong));
		pack_text_or_nil(p, "address", mp_find_str(known, "address", &wrong));
		pack_notices(p, a, a->parents[i], c);
		result = pack_same(p, a, a->parents[i]);
	}
	free(c);
	return result;
}

/* ---- siblings and schools ---- */

/* Beside the case, and not alone in it: how they attend (WG-08). */
static void pack_sibling(struct pack *p, struct asked *a, uint32_t sibling)
{
	const struct pupil *pupil = state_pupil(a->state, sibling);
	struct figures f = {0};

	if (pupil)
		pupil_figures(pupil, state_calendar(a->state, pupil->urn), &f);
	pack_map(p, 4);
	pack_text(p, "upn");
	pack_upn(a->engine, p, a->txn, sibling);
	pack_text(p, "percentage");
	pack_percentage(p, f.attended, f.possible);
	pack_key_uint(p, "unauthorised_10_weeks", f.unauthorised_10_weeks);
	pack_key_bool(p, "persistent", f.persistent);
}

static enum store_result pack_siblings(struct pack *p, struct asked *a)
{
	struct family family;
	unsigned seen = 0;
	enum store_result result = state_family(a->state, a->pupil, false, &family);

	for (unsigned i = 1; i < family.count; i++)
		seen += may_see(a, family.pupils[i]);
	pack_text(p, "siblings");
	pack_array(p, seen);
	for (unsigned i = 1; i < family.count; i++)
		if (may_see(a, family.pupils[i]))
			pack_sibling(p, a, family.pupils[i]);
	return result;
}

static void pack_schools(struct pack *p, const struct asked *a)
{
	pack_text(p, "schools");
	pack_array(p, a->people.school_count);
	for (unsigned i = 0; i < a->people.school_count; i++) {
		pack_map(p, 2);
		pack_text(p, "urn");
		pack_urn(p, a->people.schools[i].urn);
		pack_text(p, "from");
		pack_date(p, a->people.schools[i].from);
	}
}

/* ---- the whole ---- */

static enum status answer(struct asked *a, uint64_t position)
{
	struct engine *e = a->engine;
	struct pack *p = &e->body;
	enum store_result result = state_people(a->state, a->pupil, &a->people);

	a->particulars = pupil_particulars(e, a->pupil, a->room);
	pack_map(p, 6);
	pack_text(p, "upn");
	pack_upn(e, p, a->txn, a->pupil);
	pack_facts(p, a);
	if (result == STORE_OK)
		result = pack_parents(p, a);
	if (result == STORE_OK)
		result = pack_siblings(p, a);
	pack_schools(p, a);
	pack_key_uint(p, "as_of", position);
	if (result != STORE_OK)
		return query_fault(e, STATUS_DAMAGED, NULL, store_why(e->store));
	return STATUS_OK;
}

enum status query_people(struct engine *e, const struct request *r, struct txn *txn)
{
	enum status status = STATUS_OK;
	struct state *shadow = NULL;
	struct asked *a;
	uint64_t position;
	uint32_t pupil = query_upn(e, r, txn, &status);
	bool now;

	if (!pupil)
		return status;
	if (!query_as_of(e, r, txn, &position))
		return STATUS_BAD_FIELD;
	now = query_is_now(e, position);
	if (!now) {
		shadow = shadow_open(e, txn, pupil, position);
		if (!shadow)
			return query_fault(e, STATUS_DAMAGED, "as_of", "the log can't be replayed; attendd verify says where");
	}
	a = memory_new(sizeof *a);
	*a = (struct asked){.engine = e, .request = r, .txn = txn, .state = now ? &e->state : shadow, .pupil = pupil,
			    .today = day_of_ms(now ? e->now_ms : shadow->last_ms), .room = memory_new(PARTICULARS_ROOM)};
	status = answer(a, now ? engine_head(e) : position);
	free(a->room);
	free(a);
	shadow_close(&shadow);
	return status;
}
