/* Schools: that have chosen a pathway of their own, their calendars, the meetings that they were offered.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "daemon/memory.h"
#include "daemon/state_parts.h"

const struct choice *state_choice(const struct state *s, uint32_t urn)
{
	for (uint32_t i = 0; i < s->choice_count; i++)
		if (s->choices[i].urn == urn)
			return &s->choices[i];
	return NULL;
}

void state_choose(struct state *s, uint32_t urn, struct slice pathway)
{
	struct choice *choice = (struct choice *)(uintptr_t)state_choice(s, urn);

	s->last_calendar = NULL;
	if (!pathway.size) {
		if (choice)
			*choice = s->choices[--s->choice_count];
		return;
	}
	if (!choice) {
		s->choices = memory_grow(s->choices, (s->choice_count + 1) * sizeof *s->choices);
		choice = &s->choices[s->choice_count++];
	}
	memset(choice, 0, sizeof *choice);
	choice->urn = urn;
	memcpy(choice->pathway, pathway.bytes, pathway.size < NAME_SIZE_MAX ? pathway.size : NAME_SIZE_MAX);
}

void state_set_calendar(struct state *s, uint32_t urn, const struct calendar_row rows[], size_t count)
{
	struct scope_calendar *scope = NULL;

	for (uint32_t i = 0; i < s->calendar_count; i++)
		if (s->calendars[i]->urn == urn)
			scope = s->calendars[i];
	if (!scope) {
		scope = memory_new(sizeof *scope);
		s->calendars = memory_grow(s->calendars, (s->calendar_count + 1) * sizeof(void *));
		s->calendars[s->calendar_count++] = scope;
	}
	scope->urn = urn;
	calendar_build(&scope->calendar, rows, count);
	terms_build(&scope->terms, rows, count);
	s->last_calendar = NULL;
}

/* In the table of pathways, where no name begins with a zero byte. */
enum store_result state_apply_chosen(struct state *s, const struct event *e, uint64_t position)
{
	const struct event_pathway_chosen *c = &e->pathway_chosen;
	uint8_t room[8 + 4 + NAME_SIZE_MAX];
	struct writer w = writer_of(room, sizeof room), k;
	struct key key;

	if (c->pathway.size > NAME_SIZE_MAX)
		return STORE_DAMAGED;
	state_choose(s, c->urn, c->pathway);
	k = writer_of(key.bytes, sizeof key.bytes);
	write_u8(&k, 0);
	write_u32(&k, c->urn);
	key.size = writer_size(&k);
	if (!c->pathway.size)
		return state_drop(s, TABLE_PATHWAYS, &key);
	write_u64(&w, position);
	write_blob(&w, c->pathway);
	return state_put(s, TABLE_PATHWAYS, &key, &w);
}

static int offer_order(const struct offer *a, const struct offer *b)
{
	if (a->urn != b->urn)
		return a->urn < b->urn ? -1 : 1;
	return a->on != b->on ? a->on - b->on : strcmp(a->meeting, b->meeting);
}

static struct offer offer_of(const struct event_meeting_offered *e)
{
	struct offer offer = {.urn = e->urn, .on = e->on};

	memcpy(offer.meeting, e->meeting.bytes, e->meeting.size < NAME_SIZE_MAX ? e->meeting.size : NAME_SIZE_MAX);
	return offer;
}

const struct offer *state_offered(const struct state *s, const struct event_meeting_offered *e)
{
	struct offer offer = offer_of(e);

	for (uint32_t i = 0; i < s->offer_count; i++)
		if (offer_order(&s->offers[i], &offer) == 0)
			return &s->offers[i];
	return NULL;
}

void state_offer(struct state *s, const struct event_meeting_offered *e)
{
	struct offer offer = offer_of(e);
	uint32_t at = 0;
	bool held;

	while (at < s->offer_count && offer_order(&s->offers[at], &offer) < 0)
		at++;
	held = at < s->offer_count && offer_order(&s->offers[at], &offer) == 0;
	if (held == e->stands)
		return;
	if (!e->stands) {
		memmove(&s->offers[at], &s->offers[at + 1], (--s->offer_count - at) * sizeof offer);
		return;
	}
	s->offers = memory_grow(s->offers, (s->offer_count + 1) * sizeof offer);
	memmove(&s->offers[at + 1], &s->offers[at], (s->offer_count++ - at) * sizeof offer);
	s->offers[at] = offer;
}

/* In the table of calendars, whose other keys are a school's number alone. */
enum store_result state_apply_offered(struct state *s, const struct event *e, uint64_t position)
{
	const struct event_meeting_offered *o = &e->meeting_offered;
	uint8_t room[8];
	struct writer w = writer_of(room, sizeof room), k;
	struct key key;

	if (!o->meeting.size || o->meeting.size > NAME_SIZE_MAX)
		return STORE_DAMAGED;
	state_offer(s, o);
	k = writer_of(key.bytes, sizeof key.bytes);
	write_u32(&k, o->urn);
	write_u16(&k, o->on);
	write_bytes(&k, o->meeting.bytes, o->meeting.size);
	key.size = writer_size(&k);
	write_u64(&w, position);
	return o->stands ? state_put(s, TABLE_CALENDARS, &key, &w) : state_drop(s, TABLE_CALENDARS, &key);
}
