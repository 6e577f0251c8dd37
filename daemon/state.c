/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/concerns.h"
#include "daemon/memory.h"
#include "daemon/state_parts.h"

void state_init(struct state *s, const struct store_key *key, const struct persons *persons)
{
	memset(s, 0, sizeof *s);
	s->key = key;
	s->persons = persons;
	s->upn_room = 1024;
	s->upns = memory_new(s->upn_room * sizeof *s->upns);
	s->scratch = memory_new(sizeof *s->scratch);
	calendar_build(&s->default_calendar, NULL, 0);
}

void state_free(struct state *s)
{
	for (uint32_t i = 0; i < s->calendar_count; i++)
		free(s->calendars[i]);
	for (uint32_t i = 0; i < s->pathway_count; i++) {
		if (s->pathways[i]->bytes) {
			free(s->pathways[i]->pathway);
			free(s->pathways[i]->bytes);
		}
		free(s->pathways[i]);
	}
	for (uint32_t i = 0; i < s->principal_count; i++) {
		free(s->principals[i]->schools);
		free(s->principals[i]->cases);
		free(s->principals[i]);
	}
	while (s->shadow_people) {
		struct shadow_people *next = s->shadow_people->next;

		free(s->shadow_people);
		s->shadow_people = next;
	}
	while (s->shadow_cases) {
		struct shadow_case *next = s->shadow_cases->next;

		free(s->shadow_cases);
		s->shadow_cases = next;
	}
	concerns_free(&s->concerns);
	free(s->wanted);
	free(s->rosters);
	free(s->case_index);
	free(s->calendars);
	free(s->covers);
	free(s->offers);
	free(s->pathways);
	free(s->principals);
	free(s->choices);
	for (uint32_t i = 0; i < s->school_count; i++)
		free(s->schools[i]);
	free(s->schools);
	free(s->pupils);
	free(s->dirty);
	free(s->upns);
	free(s->upn_keys);
	free(s->scratch);
	memset(s, 0, sizeof *s);
}

/* ---- keys ---- */

struct slice key_slice(const struct key *k)
{
	return slice_of(k->bytes, k->size);
}

struct key key_written(const struct writer *w, struct key *k)
{
	k->size = writer_size(w);
	return *k;
}

struct key key_u32(uint32_t a)
{
	struct key k;
	struct writer w = writer_of(k.bytes, sizeof k.bytes);

	write_u32(&w, a);
	return key_written(&w, &k);
}

struct key key_u64(uint64_t a)
{
	struct key k;
	struct writer w = writer_of(k.bytes, sizeof k.bytes);

	write_u64(&w, a);
	return key_written(&w, &k);
}

struct key key_u32_u32(uint32_t a, uint32_t b)
{
	struct key k;
	struct writer w = writer_of(k.bytes, sizeof k.bytes);

	write_u32(&w, a);
	write_u32(&w, b);
	return key_written(&w, &k);
}

struct key key_timer(uint64_t instant_ms, uint32_t case_no, uint8_t deadline, uint8_t phase)
{
	struct key k;
	struct writer w = writer_of(k.bytes, sizeof k.bytes);

	write_u64(&w, instant_ms);
	write_u32(&w, case_no);
	write_u8(&w, deadline);
	write_u8(&w, phase);
	return key_written(&w, &k);
}

/* ---- pupils and the index of UPNs ---- */

struct pupil *state_shadow_pupil(struct state *s, uint32_t number)
{
	if (s->wanted)
		return number >= 1 && number <= s->wanted_count && (s->wanted[number / 8] >> (number % 8) & 1) ? &s->pupils[number - 1] : NULL;
	for (unsigned i = 0; i < s->family.count; i++)
		if (s->family.pupils[i] == number)
			return &s->pupils[i];
	return NULL;
}

static void upn_insert(struct upn_slot *slots, uint32_t room, const struct upn_slot *slot)
{
	uint32_t i = (uint32_t)slot->low & (room - 1);

	while (slots[i].pupil)
		i = (i + 1) & (room - 1);
	slots[i] = *slot;
}

static struct upn_slot slot_of(const uint8_t hash[static UPN_HASH_SIZE], uint32_t pupil)
{
	struct upn_slot slot = {.pupil = pupil};

	memcpy(&slot.low, hash, 8);
	memcpy(&slot.high, hash + 8, 4);
	return slot;
}

void state_index_upn(struct state *s, const uint8_t hash[static UPN_HASH_SIZE], uint32_t pupil)
{
	struct upn_slot slot = slot_of(hash, pupil);

	if ((s->upn_count + 1) * 2 > s->upn_room) {
		uint32_t room = s->upn_room * 2;
		struct upn_slot *slots = memory_table(NULL, 0, room * sizeof *slots);

		memset(slots, 0, room * sizeof *slots);
		for (uint32_t i = 0; i < s->upn_room; i++)
			if (s->upns[i].pupil)
				upn_insert(slots, room, &s->upns[i]);
		free(s->upns);
		s->upns = slots;
		s->upn_room = room;
	}
	upn_insert(s->upns, s->upn_room, &slot);
	s->upn_count++;
	if (pupil <= s->pupil_count)
		s->upn_keys[pupil - 1] = (struct upn_key){slot.low, slot.high};
}

uint32_t state_find_upn(const struct state *s, const uint8_t hash[static UPN_HASH_SIZE])
{
	struct upn_slot wanted = slot_of(hash, 0);
	uint32_t i = (uint32_t)wanted.low & (s->upn_room - 1);

	for (; s->upns[i].pupil; i = (i + 1) & (s->upn_room - 1))
		if (s->upns[i].low == wanted.low && s->upns[i].high == wanted.high)
			return s->upns[i].pupil;
	return 0;
}

void state_prefetch_upn(const struct state *s, const uint8_t hash[static UPN_HASH_SIZE])
{
	struct upn_slot wanted = slot_of(hash, 0);

	__builtin_prefetch(&s->upns[(uint32_t)wanted.low & (s->upn_room - 1)]);
}

void state_room_for_pupils(struct state *s, uint32_t count)
{
	if (s->only_pupil || count <= s->pupil_count)
		return;
	if (count > s->pupil_room) {
		uint32_t room = s->pupil_room ? s->pupil_room : 256;

		while (room < count)
			room += room / 2;
		s->pupils = memory_table(s->pupils, s->pupil_count * sizeof *s->pupils, room * sizeof *s->pupils);
		s->upn_keys = memory_grow(s->upn_keys, room * sizeof *s->upn_keys);
		s->dirty = memory_grow(s->dirty, room / 8 + 1);
		memset(s->dirty + (s->pupil_room ? s->pupil_room / 8 + 1 : 0), 0,
		       room / 8 + 1 - (s->pupil_room ? s->pupil_room / 8 + 1 : 0));
		s->pupil_room = room;
	}
	memset(&s->pupils[s->pupil_count], 0, (count - s->pupil_count) * sizeof *s->pupils);
	memset(&s->upn_keys[s->pupil_count], 0, (count - s->pupil_count) * sizeof *s->upn_keys);
	s->pupil_count = count;
}

/* ---- calendars and pathways ---- */

static const struct calendar *find_calendar(const struct state *s, uint32_t urn)
{
	const struct calendar *authority = &s->default_calendar;

	for (uint32_t i = 0; i < s->calendar_count; i++) {
		if (s->calendars[i]->urn == urn)
			return &s->calendars[i]->calendar;
		if (s->calendars[i]->urn == 0)
			authority = &s->calendars[i]->calendar;
	}
	return authority;
}

static const struct pathway *find_school_pathway(const struct state *s, uint32_t urn)
{
	const struct choice *choice = state_choice(s, urn);
	const struct loaded_pathway *newest = choice ? state_newest_pathway(s, slice_text(choice->pathway)) : NULL;

	return newest ? newest->pathway : s->default_pathway;
}

void state_look_up_school(struct state *s, uint32_t urn)
{
	s->last_calendar = find_calendar(s, urn);
	s->last_pathway = find_school_pathway(s, urn);
	s->last_urn = urn;
}

const struct pathway *state_pathway(const struct state *s, struct slice name, uint32_t version)
{
	for (uint32_t i = 0; i < s->pathway_count; i++)
		if (s->pathways[i]->version == version && slice_is(name, s->pathways[i]->name))
			return s->pathways[i]->pathway;
	return NULL;
}

struct loaded_pathway *state_newest_pathway(const struct state *s, struct slice name)
{
	struct loaded_pathway *newest = NULL;

	for (uint32_t i = 0; i < s->pathway_count; i++)
		if (slice_is(name, s->pathways[i]->name) &&
		    (!newest || s->pathways[i]->version > newest->version))
			newest = s->pathways[i];
	return newest;
}

const struct pathway *state_default_pathway(const struct state *s)
{
	return s->default_pathway;
}

/* The default is the name that was last loaded as one; of it, the newest. */
static const struct pathway *find_default(const struct state *s)
{
	const struct loaded_pathway *latest = NULL;

	for (uint32_t i = 0; i < s->pathway_count; i++)
		if (s->pathways[i]->is_default && (!latest || s->pathways[i]->position > latest->position))
			latest = s->pathways[i];
	if (!latest)
		return NULL;
	return state_newest_pathway(s, slice_text(latest->name))->pathway;
}

bool state_add_pathway(struct state *s, const struct event_pathway_loaded *e, uint64_t position, uint64_t at_ms)
{
	struct loaded_pathway *loaded = memory_new(sizeof *loaded);

	if (e->name.size > NAME_SIZE_MAX) {
		free(loaded);
		return false;
	}
	memcpy(loaded->name, e->name.bytes, e->name.size);
	loaded->version = e->version;
	loaded->is_default = e->is_default;
	loaded->position = position;
	loaded->loaded_ms = at_ms;
	if (s->lender) { /* a shadow borrows what the live state has decoded */
		for (uint32_t i = 0; i < s->lender->pathway_count; i++)
			if (s->lender->pathways[i]->position == position)
				loaded->pathway = s->lender->pathways[i]->pathway;
	}
	if (!loaded->pathway) {
		loaded->bytes = memory_copy(e->compiled.bytes, e->compiled.size);
		loaded->size = e->compiled.size;
		loaded->pathway = memory_new(sizeof *loaded->pathway);
		if (!pathway_decode(loaded->pathway, slice_of(loaded->bytes, loaded->size))) {
			free(loaded->pathway);
			free(loaded->bytes);
			free(loaded);
			return false;
		}
		loaded->pathway->version = e->version;
	}
	s->pathways = memory_grow(s->pathways, (s->pathway_count + 1) * sizeof(void *));
	s->pathways[s->pathway_count++] = loaded;
	s->breach_codes |= loaded->pathway->breach_codes;
	s->alert_starts |= loaded->pathway->alert_starts;
	s->day_codes |= loaded->pathway->day_codes;
	if (loaded->pathway->day_reach > s->day_reach)
		s->day_reach = loaded->pathway->day_reach;
	s->default_pathway = find_default(s);
	s->last_calendar = NULL;
	return true;
}

/* ---- principals ---- */

struct principal *state_principal(const struct state *s, const uint8_t key[static PUBLIC_KEY_SIZE])
{
	for (uint32_t i = 0; i < s->principal_count; i++)
		if (memcmp(s->principals[i]->key, key, PUBLIC_KEY_SIZE) == 0)
			return s->principals[i];
	return NULL;
}

const struct principal *state_principal_number(const struct state *s, uint64_t number)
{
	for (uint32_t i = 0; i < s->principal_count; i++)
		if (s->principals[i]->number == number)
			return s->principals[i];
	return NULL;
}

void state_set_principal(struct state *s, const struct event_access_granted *e, uint64_t position)
{
	struct principal *p = state_principal(s, e->key);
	size_t name_size = e->name.size < sizeof p->name ? e->name.size : sizeof p->name - 1;

	if (!p) {
		p = memory_new(sizeof *p);
		memcpy(p->key, e->key, PUBLIC_KEY_SIZE);
		s->principals = memory_grow(s->principals, (s->principal_count + 1) * sizeof(void *));
		s->principals[s->principal_count++] = p;
	}
	free(p->schools);
	free(p->cases);
	p->number = position;
	p->role = e->role;
	p->revoked = false;
	memset(p->name, 0, sizeof p->name);
	if (name_size)
		memcpy(p->name, e->name.bytes, name_size);
	p->school_count = e->school_count;
	p->case_count = e->case_count;
	p->schools = memory_copy(e->schools, e->school_count * sizeof *p->schools);
	p->cases = memory_copy(e->cases, e->case_count * sizeof *p->cases);
	s->principals_generation++;
}
