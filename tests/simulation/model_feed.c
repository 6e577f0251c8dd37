/* Subscribers: each is sent what it may see, all of it, in order, once.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "tests/simulation/model.h"

/* The alert that the event at a position was about; NULL: about none. */
static const struct alert *change_at(const struct model *m, uint64_t position)
{
	uint64_t number = position <= m->head ? m->changes[position - 1] : 0;

	return number ? alert_find((struct model *)(uintptr_t)m, number) : NULL;
}

/* Whose school is not the model's to know. */
static bool unsure(const struct model *m, const struct subscriber *s, uint64_t position)
{
	const struct alert *a = s->log ? NULL : change_at(m, position);

	return a && a->pupil >= 0 && m->pupils[a->pupil].muddled;
}

static bool sees(const struct model *m, const struct subscriber *s, uint64_t position)
{
	const struct alert *a;

	if (s->log)
		return true;
	a = change_at(m, position);
	return a && alert_told(m, &m->actors[s->actor], a);
}

/* ITEMS, or a heartbeat, which has none. */
void feed_take(struct model *m, struct subscriber *s, struct value body)
{
	uint64_t next = value_number(value_of(body, "next")), at = s->next;

	must(m, next >= s->next, "a subscriber's next goes back from %llu to %llu", (unsigned long long)s->next, (unsigned long long)next);
	must(m, next <= m->head + 1, "a subscriber hears of %llu, and the log ends with %llu", (unsigned long long)next,
	     (unsigned long long)m->head);
	if (went_wrong(m))
		return;
	EACH(item, value_of(body, "items")) {
		uint64_t seq = value_number(value_of(item, "seq"));

		must(m, seq >= at && seq < next, "an item at %llu, where %llu to %llu come", (unsigned long long)seq, (unsigned long long)at,
		     (unsigned long long)next);
		for (; at < seq && !went_wrong(m); at++)
			must(m, !sees(m, s, at) || unsure(m, s, at), "%s is not sent %llu, and may see it", m->actors[s->actor].name, (unsigned long long)at);
		must(m, went_wrong(m) || sees(m, s, seq) || unsure(m, s, seq), "%s is sent %llu, and may not see it", m->actors[s->actor].name,
		     (unsigned long long)seq);
		must(m, s->credit > 0, "%s is sent more than it has credit for", m->actors[s->actor].name);
		if (s->credit)
			s->credit--;
		s->last = seq;
		at = seq + 1;
		if (went_wrong(m))
			return;
	}
	for (; at < next && !went_wrong(m); at++)
		must(m, !sees(m, s, at) || unsure(m, s, at), "%s is not sent %llu, and may see it", m->actors[s->actor].name, (unsigned long long)at);
	s->next = next;
}
