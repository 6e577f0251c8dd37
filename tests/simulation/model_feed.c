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

static const struct scope *scope_at(const struct actor *a, uint64_t position)
{
	unsigned i = a->was_count;

	if (a->is.since <= position)
		return &a->is;
	while (i > 1 && a->was[i - 1].since > position)
		i--;
	return &a->was[i - 1];
}

static bool sees(const struct model *m, const struct subscriber *s, uint64_t position, uint64_t then, bool surely)
{
	const struct alert *a;

	if (s->log)
		return true;
	a = change_at(m, position);
	if (a && s->officer >= 0 && a->case_number && a->case_number < HANDS_MAX && !(surely ? s->always : s->ever)[a->case_number])
		return false;
	return a && alert_told(scope_at(&m->actors[s->actor], then), a, then, surely);
}

/* It was looked at once, when the log ended somewhere from `from` to `to`: could it be seen at some (all) of those ends? */
static bool seen_between(const struct model *m, const struct subscriber *s, uint64_t position, uint64_t from, uint64_t to, bool all)
{
	const struct alert *a = s->log ? NULL : change_at(m, position);
	const struct actor *who = &m->actors[s->actor];

	from = from < position ? position : from;
	if (sees(m, s, position, from, all) != all || sees(m, s, position, to, all) != all)
		return !all;
	for (unsigned i = 0; a && i < a->home_count; i++)
		if (a->homes[i].since > from && a->homes[i].since < to && sees(m, s, position, a->homes[i].since, all) != all)
			return !all;
	for (unsigned i = 0; !s->log && i <= who->was_count; i++) {
		uint64_t since = i < who->was_count ? who->was[i].since : who->is.since;

		if (since > from && since < to && sees(m, s, position, since, all) != all)
			return !all;
	}
	return all;
}

static void pass_over(struct model *m, struct subscriber *s, uint64_t from, uint64_t to, uint64_t head)
{
	for (uint64_t at = from; at < to && !went_wrong(m); at++)
		must(m, !seen_between(m, s, at, s->heard, head, true), "%s is not sent %llu, and may see it", m->actors[s->actor].name,
		     (unsigned long long)at);
}

static void take_item(struct model *m, struct subscriber *s, uint64_t seq, uint64_t head)
{
	must(m, seen_between(m, s, seq, s->heard, head, false), "%s is sent %llu, and may not see it", m->actors[s->actor].name,
	     (unsigned long long)seq);
	must(m, s->credit > 0, "%s is sent more than it has credit for", m->actors[s->actor].name);
	if (s->credit)
		s->credit--;
	s->last = seq;
}

void feed_moment(struct model *m, struct subscriber *s, int day)
{
	for (unsigned i = 0; i < m->case_count && i + 1 < HANDS_MAX && s->officer >= 0; i++) {
		bool theirs = in_hands(m, &m->cases[i], (unsigned)s->officer, day);

		s->ever[i + 1] |= theirs;
		s->always[i + 1] &= theirs;
	}
}

void feed_settle(struct model *m, struct subscriber *s, int day)
{
	for (unsigned i = 1; i < HANDS_MAX; i++) {
		s->ever[i] = false;
		s->always[i] = true;
	}
	s->spoken = false;
	feed_moment(m, s, day);
}

/* ITEMS, or a heartbeat, which has none. */
void feed_take(struct model *m, struct subscriber *s, struct value body)
{
	uint64_t next = value_number(value_of(body, "next")), head = value_number(value_of(body, "head")), at = s->next;

	must(m, next >= s->next, "a subscriber's next goes back from %llu to %llu", (unsigned long long)s->next, (unsigned long long)next);
	must(m, next <= m->head + 1 && next <= head + 1 && head <= m->head, "a subscriber hears of %llu (%llu), and the log ends with %llu",
	     (unsigned long long)next, (unsigned long long)head, (unsigned long long)m->head);
	if (went_wrong(m))
		return;
	EACH(item, value_of(body, "items")) {
		uint64_t seq = value_number(value_of(item, "seq"));

		must(m, seq >= at && seq < next, "an item at %llu, where %llu to %llu come", (unsigned long long)seq, (unsigned long long)at,
		     (unsigned long long)next);
		pass_over(m, s, at, seq, head);
		if (went_wrong(m))
			return;
		take_item(m, s, seq, head);
		at = seq + 1;
	}
	pass_over(m, s, at, next, head);
	s->next = next;
	s->heard = head;
	s->spoken = true;
}
