/* Rosters: who a pupil is. All of it is sealed under the pupil's own key.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/engine_parts.h"
#include "daemon/memory.h"

enum { ROSTER_MAX = 1000, PARTICULARS_MAX = 16 * 1024, PARENTS_MAX = 16, DETAIL_MAX = 80 };

uint32_t engine_pupil_of(struct engine *e, struct slice upn, uint32_t urn, const struct principal *who, bool may_register)
{
	uint8_t hash[UPN_HASH_SIZE], room[UPN_SIZE + SEAL_EXTRA];
	struct writer w = writer_of(room, sizeof room);
	struct event ev;
	uint32_t pupil;

	upn_hash(hash, &e->key, upn);
	pupil = state_find_upn(&e->state, hash);
	if (pupil || !may_register || !engine_write(e))
		return pupil;
	pupil = e->state.pupil_count + 1;
	/* a key may stand there that a crash left, between the sync of the keys and the commit, without its event: as good as a new one */
	if (!persons_known(e->persons, pupil))
		persons_add(e->persons, pupil);
	engine_event(e, &ev, EVENT_PUPIL_REGISTERED, who->number);
	if (!persons_seal(e->persons, pupil, EVENT_PUPIL_REGISTERED, engine_head(e) + 1, upn, &w)) {
		e->broken = STORE_FAILED;
		return 0;
	}
	ev.pupil_registered = (struct event_pupil_registered){.pupil = pupil, .urn = urn, .sealed_upn = writer_slice(&w)};
	engine_append(e, &ev);
	return e->broken == STORE_OK ? pupil : 0;
}

static const char *const pupil_keys[] = {"upn",    "surname", "forename", "birth_date", "year_group",
					 "groups", "send",    "language", "parents",    NULL};
static const char *const parent_keys[] = {"id", "name", "address", NULL};
static const char *const text_keys[] = {"surname", "forename", "birth_date", "year_group", "groups", "send", "language", NULL};

/* One value of a map, as a body of its own. */
static struct slice value_of(struct mp *at)
{
	const uint8_t *start = at->at;

	mp_skip(at);
	return slice_of(start, (size_t)(at->at - start));
}

/* Which field it is, or what is wrong with it; static texts. */
static uint8_t says(const char **detail, uint8_t reason, const char *text)
{
	*detail = text;
	return reason;
}

/* Texts of a map, none too long. */
static uint8_t check_texts(struct slice map, const char *const keys[], const char **detail)
{
	const char *wrong = NULL;

	for (int k = 0; keys[k]; k++)
		if (mp_find_str(map, keys[k], &wrong).size > TEXT_SIZE_MAX || wrong)
			return says(detail, ROW_FIELD_TEXT, keys[k]);
	return 0;
}

static uint8_t check_parent(struct mp *at, const char **detail)
{
	const char *wrong = NULL;
	struct slice parent, unknown;

	if (mp_peek(at) != MP_MAP)
		return says(detail, ROW_PARENT, "a parent is a map: {id, name?, address?}");
	parent = value_of(at);
	if (!parent_ok(mp_find_str(parent, "id", &wrong)) || wrong)
		return says(detail, ROW_PARENT, "");
	if (!mp_only(parent, parent_keys, &unknown))
		return says(detail, ROW_FIELD_TEXT, "a key that a parent doesn't have: {id, name?, address?}");
	return check_texts(parent, parent_keys + 1, detail);
}

static uint8_t check_parents(struct slice pupil, const char **detail)
{
	struct mp at = mp_find(pupil, "parents");
	uint32_t count;
	uint8_t fault = 0;

	if (mp_peek(&at) == MP_NONE || mp_peek(&at) == MP_NIL)
		return 0;
	if (mp_peek(&at) != MP_ARRAY)
		return says(detail, ROW_FIELD_TEXT, "parents: an array is wanted");
	count = mp_array(&at);
	if (count > PARENTS_MAX)
		return says(detail, ROW_FIELD_TEXT, "parents: more than 16");
	for (uint32_t i = 0; i < count && !fault; i++)
		fault = check_parent(&at, detail);
	return fault;
}

static uint8_t check_pupil(const struct engine *e, struct slice pupil, const char **detail)
{
	const char *wrong = NULL;
	struct slice unknown, upn, birth;
	uint8_t fault;
	day_t day;

	if (!mp_only(pupil, pupil_keys, &unknown))
		return says(detail, ROW_FIELD_TEXT, "a key that a pupil doesn't have");
	upn = mp_find_str(pupil, "upn", &wrong);
	if (upn_fault(upn))
		return says(detail, ROW_UPN, upn_fault(upn));
	fault = check_texts(pupil, text_keys, detail);
	if (fault)
		return fault;
	if (!mp_find_str(pupil, "surname", &wrong).size)
		return ROW_SURNAME;
	birth = mp_find_str(pupil, "birth_date", &wrong);
	if (birth.size && (!day_parse(birth, &day) || day > day_of_ms(e->now_ms)))
		return ROW_BIRTH_DATE;
	if (pupil.size > PARTICULARS_MAX)
		return says(detail, ROW_FIELD_TEXT, "all of a pupil's fields together: more than 16 KiB");
	return check_parents(pupil, detail);
}

/* Equal to the particulars held? Then there is nothing to record; but until there is a register, whose roster it
 * is says which school's the pupil is. */
static bool held_already(struct engine *e, uint32_t urn, uint32_t pupil, struct slice particulars)
{
	struct person person;
	uint8_t *room;
	struct writer w;
	bool same;

	if (state_person(&e->state, pupil, &person) != STORE_OK || !person.sealed_particulars.size ||
	    (person.urn != urn && !state_pupil(&e->state, pupil)->urn))
		return false;
	room = memory_new(PARTICULARS_MAX + SEAL_EXTRA);
	w = writer_of(room, PARTICULARS_MAX + SEAL_EXTRA);
	same = persons_unseal(e->persons, pupil, EVENT_ROSTER_RECORDED, person.particulars_position,
			      person.sealed_particulars, &w) &&
	       slice_equal(writer_slice(&w), particulars);
	free(room);
	return same;
}

static void append_roster(struct engine *e, const struct request *r, uint32_t urn, uint32_t pupil, struct slice particulars)
{
	uint8_t *room = memory_new(PARTICULARS_MAX + SEAL_EXTRA);
	struct writer w = writer_of(room, PARTICULARS_MAX + SEAL_EXTRA);
	struct event ev;

	engine_event(e, &ev, EVENT_ROSTER_RECORDED, r->who->number);
	if (persons_seal(e->persons, pupil, EVENT_ROSTER_RECORDED, engine_head(e) + 1, particulars, &w)) {
		ev.roster_recorded = (struct event_roster_recorded){.pupil = pupil, .urn = urn, .sealed = writer_slice(&w)};
		engine_append(e, &ev);
	} else {
		e->broken = STORE_FAILED;
	}
	free(room);
}

/* A birth date learnt late, or put right, may change what can be done in an open case (SP-20). */
static void record_pupil(struct engine *e, const struct request *r, uint32_t urn, uint32_t pupil, struct slice particulars)
{
	const struct pupil *p = state_pupil(&e->state, pupil);
	const struct family self = {.count = 1, .pupils = {pupil}};
	struct outlook *before = p->case_no ? outlook_before(e, &self) : NULL;

	append_roster(e, r, urn, pupil, particulars);
	if (before)
		react_to_known(e, before, "The roster gives the pupil's particulars anew.");
}

struct roster_tally {
	uint32_t accepted, known, refused;
	struct refusal refusals[ROSTER_MAX];
};

static void take_pupils(struct engine *e, const struct request *r, uint32_t urn, struct mp at, uint32_t count,
			struct roster_tally *t)
{
	for (uint32_t i = 0; i < count && e->broken == STORE_OK; i++) {
		struct slice particulars = value_of(&at);
		const char *wrong = NULL, *detail = "";
		struct mp start = mp_of(particulars);
		uint8_t fault = mp_peek(&start) == MP_MAP ? check_pupil(e, particulars, &detail)
							  : says(&detail, ROW_FIELD_TEXT, "a pupil is a map");
		uint32_t pupil;

		if (fault) {
			t->refusals[t->refused++] = (struct refusal){.row = i, .reason = fault, .detail = slice_text(detail)};
			continue;
		}
		pupil = engine_pupil_of(e, mp_find_str(particulars, "upn", &wrong), urn, r->who, true);
		if (!pupil)
			return;
		if (held_already(e, urn, pupil, particulars)) {
			t->known++;
			continue;
		}
		record_pupil(e, r, urn, pupil, particulars);
		t->accepted++;
	}
}

static void end_roster(struct engine *e, const struct request *r, uint32_t urn, const struct roster_tally *t)
{
	size_t size = 64 + t->refused * (16u + DETAIL_MAX);
	uint8_t *room = memory_new(size);
	struct writer w = writer_of(room, size);
	struct marks_writer rows;
	struct event ev;

	engine_event(e, &ev, EVENT_ROSTER_SUBMITTED, r->who->number);
	engine_sign(&ev, r);
	marks_begin(&rows, &w, urn);
	marks_end(&rows, t->known, t->refused, t->refusals);
	assert(!w.full);
	ev.roster_submitted = (struct event_roster_submitted){.accepted = t->accepted, .rows = writer_slice(&w)};
	engine_append(e, &ev);
	free(room);
}

void submit_roster(struct engine *e, const struct request *r)
{
	static const char *const keys[] = {"urn", "pupils", NULL};
	struct roster_tally *t;
	struct slice unknown;
	const char *wrong = NULL;
	uint32_t urn, count;
	struct mp at;

	if (!mp_only(r->message->body, keys, &unknown) ||
	    !urn_parse(mp_find_str(r->message->body, "urn", &wrong), &urn)) {
		engine_refuse(e, r, STATUS_BAD_FIELD, "urn", "{urn, pupils} is wanted, urn being a school's six digits");
		return;
	}
	if (!access_school(r->who, urn)) {
		engine_refuse(e, r, STATUS_FORBIDDEN, "urn", "this key may not write for that school");
		return;
	}
	at = mp_find(r->message->body, "pupils");
	count = mp_array(&at);
	if (at.fault || !count || count > ROSTER_MAX) {
		engine_refuse(e, r, count > ROSTER_MAX ? STATUS_TOO_LARGE : STATUS_BAD_BODY, "pupils",
			      "an array of 1 to 1,000 pupils is wanted");
		return;
	}
	t = memory_new(sizeof *t);
	take_pupils(e, r, urn, at, count, t);
	pack_answer(&e->body, t->accepted, t->known, t->refusals, t->refused);
	e->counters[COUNT_ROWS_REFUSED] += t->refused;
	if (t->refused == count) {
		engine_reply(e, r, STATUS_NOTHING_ACCEPTED, engine_head(e));
	} else {
		end_roster(e, r, urn, t);
		e->counters[COUNT_SUBMISSIONS]++;
		engine_reply(e, r, t->refused ? STATUS_PARTIAL : STATUS_OK, engine_head(e));
	}
	free(t);
}
