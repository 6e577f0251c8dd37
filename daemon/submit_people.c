/* What is known of a pupil, and who is whose brother, sister, parent.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/engine_parts.h"
#include "daemon/memory.h"

static bool fault(struct engine *e, const struct request *r, enum status status, const char *field, const char *reason)
{
	engine_refuse(e, r, status, field, reason);
	return false;
}

/* A pupil that this key may see; 0: refused. */
static uint32_t pupil_named(struct engine *e, const struct request *r, const char *key)
{
	const char *wrong = NULL;
	struct slice upn = mp_find_str(r->message->body, key, &wrong);
	uint32_t pupil;

	if (wrong || upn_fault(upn)) {
		engine_refuse(e, r, STATUS_BAD_FIELD, key, wrong ? "a text is wanted" : upn_fault(upn));
		return 0;
	}
	pupil = engine_pupil_of(e, upn, 0, r->who, false);
	if (!pupil || !access_pupil(e, r->who, pupil, state_school_of(&e->state, pupil))) {
		engine_refuse(e, r, STATUS_NOT_FOUND, key, "no pupil with this UPN is known to you");
		return 0;
	}
	return pupil;
}

/* yes where it isn't said. */
bool body_flag(struct slice body, const char *key, const char **wrong)
{
	struct mp at = mp_find(body, key);

	return mp_peek(&at) == MP_NONE || mp_peek(&at) == MP_NIL || mp_find_bool(body, key, wrong);
}

static void answer_changed(struct engine *e, const struct request *r, uint64_t position, unsigned changed)
{
	e->counters[COUNT_SUBMISSIONS]++;
	pack_clear(&e->body);
	pack_map(&e->body, 1);
	pack_key_uint(&e->body, "changed", changed);
	engine_reply(e, r, STATUS_OK, position);
}

/* ---- facts ---- */

static bool refuse_fact(struct engine *e, const struct request *r, bool school)
{
	char text[600];
	int at = snprintf(text, sizeof text, school ? "registers say which school a pupil is at. One of"
						    : "not a fact that is kept. One of");

#define X(name, number, fact, of_parent) \
	if ((number) != FACT_SCHOOL) \
		at += snprintf(text + at, sizeof text - (size_t)at, " %s", fact);
	FACTS(X)
#undef X
	snprintf(text + at, sizeof text - (size_t)at, " is wanted");
	return fault(e, r, STATUS_BAD_FIELD, "fact", text);
}

static bool take_parent(struct engine *e, const struct request *r, struct event_pupil_fact *f)
{
	const char *wrong = NULL;

	f->parent = mp_find_str(r->message->body, "parent", &wrong);
	if (wrong || (f->parent.size && !parent_ok(f->parent)))
		return fault(e, r, STATUS_BAD_FIELD, "parent", "not a parent's id: a letter, then letters, digits or -");
	if (fact_of_parent(f->fact) != (f->parent.size > 0))
		return fault(e, r, STATUS_BAD_FIELD, "parent", f->parent.size ? "this is a fact of the pupil, not of a parent"
									      : "a fact of a parent: whose?");
	return true;
}

static bool take_fact(struct engine *e, const struct request *r, struct event_pupil_fact *f, struct slice *text)
{
	static const char *const keys[] = {"fact", "upn", "holds", "since", "parent", "text", NULL};
	const char *wrong = NULL;
	struct slice unknown, name, since;
	day_t day = day_of_ms(e->now_ms);

	if (!mp_only(r->message->body, keys, &unknown))
		return fault(e, r, STATUS_BAD_BODY, NULL, "{fact, upn, holds?, since?, parent?, text?} is wanted");
	name = mp_find_str(r->message->body, "fact", &wrong);
	f->fact = wrong ? 0 : fact_parse(name);
	if (!f->fact || f->fact == FACT_SCHOOL)
		return refuse_fact(e, r, f->fact == FACT_SCHOOL);
	f->holds = body_flag(r->message->body, "holds", &wrong);
	if (wrong)
		return fault(e, r, STATUS_BAD_FIELD, "holds", "true or false is wanted");
	since = mp_find_str(r->message->body, "since", &wrong);
	if (wrong || (since.size && !day_parse(since, &day)))
		return fault(e, r, STATUS_BAD_FIELD, "since", "not a date: YYYY-MM-DD, one that exists");
	if (day > day_of_ms(e->now_ms))
		return fault(e, r, STATUS_BAD_FIELD, "since", "in the future: record it when it is so");
	f->since = (uint16_t)day;
	*text = mp_find_str(r->message->body, "text", &wrong);
	if (wrong || text->size > TEXT_SIZE_MAX)
		return fault(e, r, STATUS_BAD_FIELD, "text", "a text of at most 4,096 bytes is wanted");
	if (!take_parent(e, r, f))
		return false;
	f->pupil = pupil_named(e, r, "upn");
	if (f->pupil && text->size && !persons_known(e->persons, f->pupil))
		return fault(e, r, STATUS_BAD_FIELD, "upn", "this pupil was erased: no text can be kept");
	return f->pupil;
}

static bool room_for_fact(struct engine *e, const struct request *r, const struct event_pupil_fact *f)
{
	struct people *people = memory_new(sizeof *people);
	bool room;

	e->broken = state_people(&e->state, f->pupil, people);
	room = facts_room(&people->facts, f);
	free(people);
	if (e->broken == STORE_OK && !room)
		return fault(e, r, STATUS_BAD_FIELD, "fact", "64 facts are held of this pupil, as many as can be");
	return e->broken == STORE_OK;
}

/* Sealed as a map, as an action's texts are. */
static struct slice seal_text(struct engine *e, uint32_t pupil, struct slice text, uint8_t *room, size_t size)
{
	struct writer w = writer_of(room, size);
	struct pack texts;

	if (!text.size)
		return slice_of(NULL, 0);
	pack_init(&texts);
	pack_map(&texts, 1);
	pack_key_str(&texts, "text", text);
	if (!persons_seal(e->persons, pupil, EVENT_PUPIL_FACT, engine_head(e) + 1, pack_slice(&texts), &w))
		e->broken = STORE_FAILED;
	pack_free(&texts);
	return writer_slice(&w);
}

static void say_fact(char *out, size_t size, const struct event_pupil_fact *f, day_t today)
{
	char since[32], now[32];

	day_text_long(since, f->since);
	day_text_long(now, today);
	snprintf(out, size, "%s%s%.*s%s from %s on, as was recorded on %s.", fact_text(f->fact), f->parent.size ? " (parent " : "",
		 (int)f->parent.size, f->parent.size ? (const char *)f->parent.bytes : "",
		 !f->holds ? f->parent.size ? ") no more" : " no more" : f->parent.size ? ")" : "", since, now);
}

void submit_fact(struct engine *e, const struct request *r)
{
	uint8_t room[TEXT_SIZE_MAX + SEAL_EXTRA + 64];
	struct family self = {.count = 1};
	struct outlook *before;
	struct event ev;
	struct slice text;
	char what[240];
	uint64_t position;

	engine_event(e, &ev, EVENT_PUPIL_FACT, r->who->number);
	engine_sign(&ev, r);
	if (!take_fact(e, r, &ev.pupil_fact, &text) || !room_for_fact(e, r, &ev.pupil_fact))
		return;
	ev.pupil_fact.sealed = seal_text(e, ev.pupil_fact.pupil, text, room, sizeof room);
	self.pupils[0] = ev.pupil_fact.pupil;
	before = outlook_before(e, &self);
	engine_append(e, &ev);
	position = engine_head(e);
	say_fact(what, sizeof what, &ev.pupil_fact, day_of_ms(e->now_ms));
	answer_changed(e, r, position, react_to_known(e, before, what));
}

/* ---- links ---- */

static bool take_ids(struct engine *e, const struct request *r, struct event_pupils_linked *l)
{
	const char *wrong = NULL;

	l->parent = mp_find_str(r->message->body, "parent", &wrong);
	l->other_parent = mp_find_str(r->message->body, "other_parent", &wrong);
	if (wrong || (l->parent.size && !parent_ok(l->parent)) || (l->other_parent.size && !parent_ok(l->other_parent)))
		return fault(e, r, STATUS_BAD_FIELD, wrong ? wrong : "parent", "not a parent's id: a letter, then letters, digits or -");
	if ((l->parent.size > 0) != (l->other_parent.size > 0))
		return fault(e, r, STATUS_BAD_FIELD, l->parent.size ? "other_parent" : "parent",
			     "the same person's id for each of the two pupils is wanted, or neither (siblings)");
	l->stands = body_flag(r->message->body, "stands", &wrong);
	return !wrong || fault(e, r, STATUS_BAD_FIELD, "stands", "true or false is wanted");
}

static bool take_link(struct engine *e, const struct request *r, struct event_pupils_linked *l)
{
	static const char *const keys[] = {"upn", "parent", "other", "other_parent", "stands", NULL};
	struct slice unknown;

	if (!mp_only(r->message->body, keys, &unknown))
		return fault(e, r, STATUS_BAD_BODY, NULL, "{upn, parent?, other, other_parent?, stands?} is wanted");
	if (!take_ids(e, r, l))
		return false;
	l->pupil = pupil_named(e, r, "upn");
	if (!l->pupil)
		return false;
	l->other = pupil_named(e, r, "other");
	if (!l->other)
		return false;
	return l->pupil != l->other || fault(e, r, STATUS_BAD_FIELD, "other", "the same pupil");
}

/* All whom the two know already. False: more than are followed. */
static bool join(struct engine *e, const struct event_pupils_linked *l, struct family *both)
{
	struct family other;

	e->broken = state_family(&e->state, l->pupil, true, both);
	if (e->broken == STORE_OK)
		e->broken = state_family(&e->state, l->other, true, &other);
	for (unsigned i = 0; e->broken == STORE_OK && i < other.count; i++) {
		unsigned at = 0;

		while (at < both->count && both->pupils[at] != other.pupils[i])
			at++;
		if (at == FAMILY_MAX)
			return false;
		if (at == both->count)
			both->pupils[both->count++] = other.pupils[i];
	}
	return e->broken == STORE_OK;
}

/* One person can't be two parents of one pupil. */
static bool one_each(struct engine *e, const struct event_pupils_linked *l)
{
	struct adult *a = memory_new(ADULTS_MAX * sizeof *a), *b = memory_new(ADULTS_MAX * sizeof *b);
	unsigned a_count = 0, b_count = 0;
	bool good = true;

	e->broken = state_same_adult(&e->state, l->pupil, l->parent, a, &a_count);
	if (e->broken == STORE_OK)
		e->broken = state_same_adult(&e->state, l->other, l->other_parent, b, &b_count);
	for (unsigned i = 0; i < a_count; i++)
		for (unsigned j = 0; j < b_count; j++)
			good = good && (a[i].pupil != b[j].pupil || strcmp(a[i].parent, b[j].parent) == 0);
	free(a);
	free(b);
	return good;
}

static bool may_link(struct engine *e, const struct request *r, const struct event_pupils_linked *l, struct family *both)
{
	struct people *people = memory_new(2 * sizeof *people);
	bool room, stands = false;

	e->broken = state_people(&e->state, l->pupil, &people[0]);
	if (e->broken == STORE_OK)
		e->broken = state_people(&e->state, l->other, &people[1]);
	room = people_link_room(&people[0], l->other, l->parent, l->other_parent) &&
	       people_link_room(&people[1], l->pupil, l->other_parent, l->parent);
	for (unsigned i = 0; i < people[0].link_count; i++) {
		const struct link *link = &people[0].links[i];

		stands |= link->stands && link->pupil == l->other && slice_is(l->parent, link->parent) &&
			  slice_is(l->other_parent, link->other);
	}
	free(people);
	if (e->broken != STORE_OK)
		return false;
	if (stands == l->stands)
		return fault(e, r, l->stands ? STATUS_BAD_FIELD : STATUS_NOT_FOUND, "other",
			     l->stands ? "they are linked so already" : "no such link stands; attend people shows them");
	if (!join(e, l, both) || !room)
		return e->broken == STORE_OK && fault(e, r, STATUS_BAD_FIELD, "other", "more links than are followed: 32 of a pupil, 24 pupils in all");
	if (l->stands && l->parent.size && !one_each(e, l))
		return e->broken == STORE_OK && fault(e, r, STATUS_BAD_FIELD, "other_parent",
						      "two parents of one pupil would become the same person; attend people shows the links, --no takes a wrong one back");
	return e->broken == STORE_OK;
}

void submit_link(struct engine *e, const struct request *r)
{
	struct family both;
	struct outlook *before;
	struct event ev;
	uint64_t position;

	engine_event(e, &ev, EVENT_PUPILS_LINKED, r->who->number);
	engine_sign(&ev, r);
	if (!take_link(e, r, &ev.pupils_linked) || !may_link(e, r, &ev.pupils_linked, &both))
		return;
	before = outlook_before(e, &both);
	engine_append(e, &ev);
	position = engine_head(e);
	answer_changed(e, r, position,
		       react_to_known(e, before, ev.pupils_linked.stands ? "This pupil's family is known better: siblings, or a parent in common, were recorded."
									 : "A link between this pupil's family and another pupil was taken back."));
}
