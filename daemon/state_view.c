/* What surrounds a case: the rules, the calendar, the pupil, and what is known of the
 * people round them.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "daemon/memory.h"
#include "daemon/state_parts.h"

enum { CASES_MAX = 64 }; /* of one pupil, that are gone through */

/* A pupil who moved school with the case open: each school's days while they were there. */
static const struct calendar *calendar_of_schools(struct state *s, const struct people *people)
{
	s->view_calendar = *state_calendar(s, people->schools[0].urn);
	for (unsigned i = 1; i < people->school_count; i++)
		calendar_splice(&s->view_calendar, state_calendar(s, people->schools[i].urn), people->schools[i].from);
	return &s->view_calendar;
}

enum store_result state_case_view(struct state *s, const struct case_state *c, day_t today, struct case_view *view)
{
	struct people *people = &s->view_people;
	enum store_result result;

	*view = (struct case_view){
		.pathway = state_pathway(s, c->pathway_name, c->pathway_version),
		.calendar = state_calendar(s, c->urn),
		.pupil = state_pupil(s, c->pupil),
		.today = today,
		.compulsory_age = UNKNOWN,
	};
	result = state_people(s, c->pupil, people);
	if (result != STORE_OK)
		return result;
	view->facts = &people->facts;
	if (people->school_count > 1)
		view->calendar = calendar_of_schools(s, people);
	return view->pathway ? STORE_OK : STORE_DAMAGED;
}

/* A shadow holds the newest case first. */
static void add_rising(uint32_t numbers[CASES_MAX], unsigned *count, uint32_t number)
{
	unsigned at = (*count)++;

	for (; at && numbers[at - 1] > number; at--)
		numbers[at] = numbers[at - 1];
	numbers[at] = number;
}

/* Numbers of a pupil's cases, in the order in which they were opened; of a shadow those that it holds. */
static enum store_result cases_of_pupil(struct state *s, uint32_t pupil, uint32_t numbers[CASES_MAX], unsigned *count)
{
	struct key from = key_u32_u32(pupil, 0);
	enum store_result result;
	struct slice k, v;
	struct scan scan;

	*count = 0;
	for (struct shadow_case *sc = s->shadow_cases; sc && *count < CASES_MAX; sc = sc->next)
		if (sc->state.pupil == pupil)
			add_rising(numbers, count, sc->state.number);
	if (!s->txn || s->only_pupil)
		return STORE_OK;
	result = scan_open(&scan, s->txn, TABLE_PUPIL_CASES, key_slice(&from));
	while (result == STORE_OK && *count < CASES_MAX && (result = scan_next(&scan, &k, &v)) == STORE_OK) {
		struct reader r = reader_of(k);

		if (read_u32(&r) != pupil)
			break;
		numbers[(*count)++] = read_u32(&r);
	}
	scan_close(&scan);
	return result == STORE_NONE ? STORE_OK : result;
}

/* The notices of a pupil's cases but one: all of them, or those of one parent, put under `as`. */
struct gathering {
	uint32_t pupil, but;
	const char *parent, *as; /* NULL: all, as they are */
	struct case_notice *out;
	unsigned count, room;
};

static enum store_result gather(struct state *s, struct gathering *g)
{
	struct case_state *other = memory_grow(NULL, sizeof *other); /* loading clears it */
	uint32_t numbers[CASES_MAX];
	unsigned count;
	enum store_result result = cases_of_pupil(s, g->pupil, numbers, &count);

	for (unsigned i = 0; i < count && result == STORE_OK; i++) {
		if (numbers[i] == g->but)
			continue;
		result = state_case_load(s, numbers[i], other);
		for (unsigned n = 0; result == STORE_OK && n < other->notice_count && g->count < g->room; n++) {
			if (g->parent && strcmp(other->notices[n].parent, g->parent) != 0)
				continue;
			g->out[g->count] = other->notices[n];
			if (g->as)
				memcpy(g->out[g->count].parent, g->as, sizeof g->out->parent);
			g->count++;
		}
	}
	free(other);
	return result;
}

/* Each parent's notices for other children, whatever that parent is called there. */
static enum store_result gather_family(struct state *s, uint32_t pupil, const struct people *people, struct gathering *g)
{
	struct adult *adults = memory_new(ADULTS_MAX * sizeof *adults);
	enum store_result result = STORE_OK;

	for (unsigned i = 0; i < people->link_count && result == STORE_OK; i++) {
		const char *own = people->links[i].parent;
		unsigned count, earlier = 0;

		while (strcmp(people->links[earlier].parent, own) != 0)
			earlier++;
		if (!own[0] || earlier < i) /* that one's have been gathered */
			continue;
		result = state_same_adult(s, pupil, slice_text(own), adults, &count);
		for (unsigned a = 0; a < count && result == STORE_OK; a++) {
			if (adults[a].pupil == pupil)
				continue;
			g->pupil = adults[a].pupil;
			g->parent = adults[a].parent;
			g->as = own;
			result = gather(s, g);
		}
	}
	free(adults);
	return result;
}

enum store_result state_view_earlier(struct state *s, const struct case_state *c, struct case_view *view)
{
	struct gathering own = {.pupil = c->pupil, .but = c->number, .out = s->earlier, .room = EARLIER_NOTICES_MAX};
	struct gathering family = {.out = s->family_notices, .room = FAMILY_NOTICES_MAX};
	enum store_result result = gather(s, &own);
	struct people *people;

	view->earlier = s->earlier;
	view->earlier_count = own.count;
	if (result != STORE_OK)
		return result;
	people = memory_new(sizeof *people);
	result = state_people(s, c->pupil, people);
	if (result == STORE_OK)
		result = gather_family(s, c->pupil, people, &family);
	view->family = s->family_notices;
	view->family_count = family.count;
	free(people);
	return result;
}
