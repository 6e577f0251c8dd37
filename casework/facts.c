/* SPDX-License-Identifier: Apache-2.0 */
#include "casework/facts.h"

#include <string.h>

static bool same_thing(const struct fact *a, const struct fact *b)
{
	return a->kind == b->kind && strcmp(a->parent, b->parent) == 0;
}

bool facts_stands(const struct facts *facts, unsigned index, day_t day)
{
	const struct fact *fact = &facts->list[index];

	/* The next entry of the same thing has a later day. */
	return fact->since <= day && (index + 1 == facts->count || !same_thing(fact, fact + 1) || fact[1].since > day);
}

bool facts_hold(const struct facts *facts, uint8_t kind, struct slice parent, day_t day)
{
	for (unsigned i = 0; i < facts->count; i++) {
		const struct fact *fact = &facts->list[i];

		if (fact->kind == kind && fact->holds && facts_stands(facts, i, day) &&
		    (parent.size == 0 || fact->parent[0] == 0 || slice_is(parent, fact->parent)))
			return true;
	}
	return false;
}

bool facts_plan(const struct facts *facts, day_t day)
{
	static const uint8_t plans[] = {FACT_EARLY_HELP, FACT_CHILD_IN_NEED, FACT_CHILD_PROTECTION, FACT_TEAM_AROUND_FAMILY,
	                                FACT_PERSONAL_EDUCATION_PLAN};

	for (size_t i = 0; i < sizeof plans; i++)
		if (facts_hold(facts, plans[i], slice_of(NULL, 0), day))
			return true;
	return false;
}

static int order(const struct fact *a, const struct fact *b)
{
	int parents = strcmp(a->parent, b->parent);

	if (a->kind != b->kind)
		return a->kind - b->kind;
	return parents != 0 ? parents : a->since - b->since;
}

static struct fact fact_of(const struct event_pupil_fact *event, uint64_t position)
{
	struct fact fact = {.kind = event->fact, .holds = event->holds, .since = event->since, .position = position};

	if (event->parent.size > 0)
		memcpy(fact.parent, event->parent.bytes, event->parent.size <= PARENT_SIZE_MAX ? event->parent.size : PARENT_SIZE_MAX);
	return fact;
}

static unsigned place_of(const struct facts *facts, const struct fact *fact)
{
	unsigned at = 0;

	while (at < facts->count && order(&facts->list[at], fact) < 0)
		at++;
	return at;
}

static bool replaces(const struct facts *facts, unsigned at, const struct fact *fact)
{
	return at < facts->count && order(&facts->list[at], fact) == 0;
}

bool facts_room(const struct facts *facts, const struct event_pupil_fact *event)
{
	struct fact fact = fact_of(event, 0);

	return facts->count < FACTS_MAX || replaces(facts, place_of(facts, &fact), &fact);
}

void facts_take(struct facts *facts, const struct event_pupil_fact *event, uint64_t position)
{
	struct fact fact = fact_of(event, position);
	unsigned at = place_of(facts, &fact);

	if (!replaces(facts, at, &fact)) {
		if (facts->count == FACTS_MAX)
			return;
		memmove(&facts->list[at + 1], &facts->list[at], (facts->count - at) * sizeof fact);
		facts->count++;
	}
	facts->list[at] = fact;
}
