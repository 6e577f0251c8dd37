/* What came: to submissions their answers, to subscribers what they were sent; and then the log.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/simulation/world.h"

enum { LOG_PAGE = 500 };

static void answered(struct world *w, struct send *send, uint16_t status, uint64_t position, struct value body)
{
	send->answered = true;
	w->tally->taken += status == 200 || status == 202;
	w->tally->repeats += status == 201;
	w->tally->refused += status >= 400;
	w->tally->put_off += status >= 300 && status < 400;
	if (w->trace && status >= 400) {
		char text[300];

		fprintf(stderr, "      %02x is answered %u %s\n", w->m.sent[send->sent].command, status, value_print(body, text, sizeof text));
	}
	must(&w->m, status != 500 && status != 501, "a submission is answered %u", status);
	sent_answered(&w->m, &w->m.sent[send->sent], status, position, body);
}

static struct send *send_of(struct world *w, const struct letter *l, const uint8_t id[static 16])
{
	for (unsigned i = w->sends_from; i < w->send_count; i++) {
		struct send *s = &w->sends[i];

		if (!s->answered && s->actor == l->actor && !memcmp(w->m.sent[s->sent].id, id, 16))
			return s;
	}
	return NULL;
}

static void take_together(struct world *w, const struct letter *l)
{
	struct value first = value_of(l->body, "first"), nothing = {NULL, NULL};
	struct send *send = value_size(first) == 18 ? send_of(w, l, first.at + 2) : NULL, *last = send_of(w, l, l->id);
	unsigned count = 0;

	for (; send && last && send <= last; send++)
		if (!send->answered && send->actor == l->actor && send->together) {
			answered(w, send, l->status, send == last ? l->position : 0, nothing);
			count++;
		}
	must(&w->m, count == value_number(value_of(l->body, "count")), "an answer to %llu submissions where %u were sent",
	     (unsigned long long)value_number(value_of(l->body, "count")), count);
}

static void read_answers(struct world *w)
{
	for (unsigned i = 0; i < w->answer_count; i++) {
		const struct letter *l = &w->answers[i];
		struct send *send;

		if (l->version & 0x80) {
			take_together(w, l);
			continue;
		}
		send = send_of(w, l, l->id);
		must(&w->m, send != NULL, "an answer, %u, to what was not asked or has one", l->status);
		if (send)
			answered(w, send, l->status, l->position, l->body);
	}
	letters_drop(w->answers, &w->answer_count);
	while (w->sends_from < w->send_count && w->sends[w->sends_from].answered)
		w->sends_from++;
}

static void read_feeds(struct world *w)
{
	uint64_t now;

	world_now(w, &now);
	for (unsigned k = 0; k < SUBSCRIBERS; k++)
		feed_moment(&w->m, &w->subscribers[k], day_at(now));
	for (unsigned i = 0; i < w->feed_count; i++) {
		const struct letter *l = &w->feeds[i];
		struct subscriber *s = NULL;

		for (unsigned k = 0; k < SUBSCRIBERS; k++)
			if (w->subscribers[k].on && !memcmp(w->subscribers[k].id, l->id, 16))
				s = &w->subscribers[k];
		must(&w->m, s != NULL, "a subscriber that is gone is sent something");
		if (!s)
			continue;
		w->tally->items += value_count(value_of(l->body, "items"));
		feed_take(&w->m, s, l->body);
	}
	letters_drop(w->feeds, &w->feed_count);
	for (unsigned k = 0; k < SUBSCRIBERS; k++)
		/* a key that is revoked has no subscription left, also where it is granted anew at once */
		w->subscribers[k].on &= scope_subscribes(&w->m.actors[w->subscribers[k].actor].is, w->subscribers[k].log) &&
		                        w->m.actors[w->subscribers[k].actor].revoked_at <= w->subscribers[k].opened;
	for (unsigned k = 0; k < SUBSCRIBERS; k++)
		if (w->subscribers[k].spoken)
			feed_settle(&w->m, &w->subscribers[k], day_at(now));
}

static const struct letter *read_page(struct world *w, uint64_t from)
{
	question(w, QUERY);
	put_map(&w->out, 3);
	put_key_text(&w->out, "what", "log");
	put_key_number(&w->out, "from", from);
	put_key_number(&w->out, "limit", LOG_PAGE);
	return ask(w, w->m.actors[WATCHER].is.granted ? WATCHER : ADMIN);
}

bool log_read(struct world *w, uint64_t from)
{
	while (from && !went_wrong(&w->m)) {
		const struct letter *l = read_page(w, from);
		uint64_t last = from - 1;

		if (!l)
			return false;
		if (l->status == 300) /* the turn had something to commit, and the disk didn't take it */
			return false;
		must(&w->m, l->status == 200, "the log is answered %u", l->status);
		EACH(item, value_of(l->body, "items")) {
			last = value_number(value_of(item, "seq"));
			if (last > w->m.head)
				log_take(&w->m, item);
			else if (w->seen_lies && !log_stands(&w->m, item))
				return true; /* in place of what a disk that lied has lost stands what the start made */
			else
				must(&w->m, log_stands(&w->m, item), "event %llu is no more what it was", (unsigned long long)last);
			if (went_wrong(&w->m))
				return true;
		}
		from = value_number(value_of(l->body, "next"));
		must(&w->m, from || last >= w->m.head || w->seen_lies, "the log ends with %llu, and held %llu", (unsigned long long)last,
		     (unsigned long long)w->m.head);
	}
	return true;
}

static bool hold_is_missing(const struct world *w)
{
	return w->m.hold_due && !w->m.held && !w->manual;
}

static bool is_due(struct world *w)
{
	uint64_t timer = life_broken(w) || engine_clock_held(w->engine) ? 0 : engine_next_timer(w->engine), now;

	world_now(w, &now);
	return timer && timer <= now;
}

/* What time has brought comes before the log is asked for, which is answered at once: all of it, also where
 * the disk didn't take it at first. False: the process died of it. */
static bool quiet_turn(struct world *w)
{
	/* nothing tells whether something is due by a manual clock; the disk refuses one turn, or two */
	for (unsigned turns = 0; (w->time_moved || (turns < 100 && is_due(w))) && !life_broken(w); turns++) {
		turn_begin(w);
		turn_end(w);
		w->time_moved = life_broken(w) || (w->manual && turns < 2);
	}
	return !life_broken(w);
}

void catch_up(struct world *w)
{
	for (unsigned tries = 0; tries < 1000 && !went_wrong(&w->m) && !w->ended; tries++) {
		read_answers(w);
		if (life_broken(w))
			life_recover(w);
		else if (quiet_turn(w) && log_read(w, w->m.head + 1))
			break;
	}
	if (went_wrong(&w->m) || w->ended)
		return;
	read_answers(w);
	log_settled(&w->m);
	read_feeds(w);
	for (unsigned i = 0; i < w->m.actor_count; i++)
		w->m.actors[i].changing = false;
	must(&w->m, !hold_is_missing(w), "the clock was put far, and is not held");
	w->m.hold_due = w->m.hold_may = false; /* it is held, for this or for something before */
}
