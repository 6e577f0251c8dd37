/* What people send: actions, and whatever else is recorded.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/simulation/world.h"

static int today(struct world *w)
{
	uint64_t now;

	world_now(w, &now);
	return day_at(now);
}

/* What has no answer is sent until it has one; what has one is sent again all the same. */
void step_resend(struct world *w)
{
	unsigned left = 8;
	bool changed = false;

	turn_begin(w);
	for (unsigned i = w->m.settled_to; i < w->m.sent_count && left > 0; i++) {
		struct sent *s = &w->m.sent[i];

		if (s->state != SENT && (s->state != REFUSED || s->status >= 400 || one_in(&w->dice, 2)))
			continue;
		/* one change of grants at a time, so that it is known who was what meanwhile */
		if (s->command == GRANT || s->command == REVOKE) {
			if (changed)
				continue;
			changed = true;
		}
		/* one action on a pupil at a time, so that it is seen what each does to their case */
		if (s->pupil >= 0 && w->acted[s->pupil])
			continue;
		if (s->pupil >= 0)
			w->acted[s->pupil] = true;
		send_submission(w, s);
		left--;
	}
	for (unsigned i = (unsigned)dice(&w->dice, 4); i > 0 && w->m.sent_count > 0; i--) {
		struct sent *s = &w->m.sent[w->m.sent_count - 1 - (unsigned)dice(&w->dice, one_in(&w->dice, 4) || w->m.sent_count < 40 ?
		                                                                             w->m.sent_count : 40)];

		/* an action or a move refused for what was not so may be right by now: it is another one then */
		if (s->state == TAKEN || (s->command == MARKS && s->state == SENT))
			send_submission(w, s);
	}
	turn_end(w);
}

/* ---- actions ---- */

static void put_field(struct world *w, struct value field, bool sensible)
{
	char name[80], type[16], text[160], day[16];
	struct value values = value_of(field, "values");
	unsigned nth = 0;

	value_text(value_of(field, "name"), name, sizeof name);
	value_text(value_of(field, "type"), type, sizeof type);
	snprintf(text, sizeof text, "said so");
	if (!strcmp(type, "yes-no") || !strcmp(type, "yes/no"))
		snprintf(text, sizeof text, "%s", one_in(&w->dice, sensible ? 5 : 2) ? "no" : "yes");
	else if (!strcmp(type, "date"))
		snprintf(text, sizeof text, "%s", day_write(today(w) + (int)dice(&w->dice, 45) - 2, day));
	else if (!strcmp(type, "number"))
		snprintf(text, sizeof text, "%u", (unsigned)dice(&w->dice, 40));
	else if (!strcmp(type, "money"))
		snprintf(text, sizeof text, "%s", one_in(&w->dice, 2) ? "80" : "160");
	if (value_count(values)) {
		nth = (unsigned)dice(&w->dice, value_count(values));
		EACH(v, values)
			if (nth-- == 0)
				value_text(v, text, sizeof text);
	}
	put_key_text(&w->out, name, text);
}

/* Fields that the daemon fills by itself are left to it, and optional ones left out as chance has it. */
static unsigned choose_fields(struct world *w, struct value fields, struct value chosen[static 32], bool sensible)
{
	unsigned count = 0;

	EACH(field, fields) {
		bool required = value_kind(value_of(field, "required")) == VALUE_YES;

		if (count == 32 || value_is(value_of(field, "name"), "issued") ||
		    (value_is(value_of(field, "name"), "received") && !one_in(&w->dice, 4)))
			continue;
		if (!(required && sensible) && one_in(&w->dice, 4))
			continue;
		chosen[count++] = field;
	}
	return count;
}

static struct sent *action_make(struct world *w, unsigned actor, int pupil, struct value offer)
{
	struct sent *s = sent_new(&w->m, ACTION, actor, false);
	bool sensible = !one_in(&w->dice, 12), parent = value_kind(value_of(offer, "needs_parent")) == VALUE_YES;
	bool overriding = one_in(&w->dice, 3), named = one_in(&w->dice, 30) ? !parent : parent;
	struct value chosen[32];
	unsigned fields = choose_fields(w, value_of(offer, "fields"), chosen, sensible);
	char day[16];

	s->pupil = pupil;
	value_text(value_of(offer, "action"), s->action, sizeof s->action);
	s->on = today(w) - (int)(one_in(&w->dice, 4) ? dice(&w->dice, 20) : 0) + one_in(&w->dice, 50);
	put_head(&w->out, ACTION, s->id);
	put_map(&w->out, 4 + named + overriding);
	put_key_text(&w->out, "action", s->action);
	put_key_text(&w->out, "upn", w->m.pupils[pupil].upn);
	put_key_text(&w->out, "on", day_write(s->on, day));
	if (named)
		put_key_text(&w->out, "parent", one_in(&w->dice, 2) ? "p1" : "p2");
	if (overriding)
		put_key_text(&w->out, "override", "agreed with the family");
	put_text(&w->out, "fields");
	put_map(&w->out, fields);
	for (unsigned i = 0; i < fields; i++)
		put_field(w, chosen[i], sensible);
	keep_frame(w, s);
	w->acted[pupil] = true;
	return s;
}

static unsigned lacks_of(struct value offer)
{
	unsigned count = 0;

	EACH(lack, value_of(offer, "lacks"))
		count += value_kind(value_of(lack, "field")) != VALUE_TEXT;
	return count;
}

/* Of four offers drawn, the one that lacks least. */
static struct value choose_offer(struct world *w, struct value items)
{
	unsigned count = value_count(items);
	struct value best = {NULL, NULL};

	for (unsigned i = 0; count && i < 4; i++) {
		unsigned nth = (unsigned)dice(&w->dice, count);

		EACH(item, items)
			if (nth-- == 0 && (!best.at || lacks_of(item) < lacks_of(best)) &&
			    !(value_is(value_of(item, "action"), "close") && !one_in(&w->dice, 10)))
				best = item;
	}
	return best;
}

void step_actions(struct world *w)
{
	static const unsigned askers[] = {SCHOOL_A, SCHOOL_B, LEADER, OFFICER_A, OFFICER_A, OFFICER_B, BOSS, BOSS, ADMIN};
	unsigned count = 1 + (unsigned)dice(&w->dice, 3), asked = 0, made = 0, actors[4], questions[4], places[4];
	int pupils[4];

	turn_begin(w);
	while (count-- > 0) {
		unsigned actor = askers[dice(&w->dice, sizeof askers / sizeof *askers)];
		int pupil = (int)dice(&w->dice, PUPILS);

		if (w->acted[pupil] || !w->m.pupils[pupil].registered)
			continue;
		w->acted[pupil] = true;
		question(w, QUERY);
		put_map(&w->out, 2);
		put_key_text(&w->out, "what", "actions");
		put_key_text(&w->out, "upn", w->m.pupils[pupil].upn);
		actors[asked] = actor;
		pupils[asked] = pupil;
		questions[asked++] = ask_within(w, actor);
	}
	turn_end(w);
	for (unsigned i = 0; i < asked; i++) {
		const struct letter *l = answer_to(w, questions[i]);
		struct value offer = choose_offer(w, l ? value_of(l->body, "items") : (struct value){NULL, NULL});

		if (l && l->status == 200 && offer.at)
			places[made++] = (unsigned)(action_make(w, actors[i], pupils[i], offer) - w->m.sent);
	}
	turn_begin(w);
	for (unsigned i = 0; i < made; i++)
		send_submission(w, &w->m.sent[places[i]]);
	turn_end(w);
	w->tally->actions += made;
}

/* ---- whatever else is recorded ---- */

static void settings_roster(struct world *w)
{
	int pupil = (int)dice(&w->dice, PUPILS), school = w->roll[pupil];

	send_submission(w, roster_make(w, school, pupil, one_in(&w->dice, 2) ? OFFICER_B : connector_of(school)));
}

static void settings_fact(struct world *w)
{
	static const char *const facts[] = {"looked-after", "early-help", "social-worker", "send", "ehcp", "free-school-meals", "prosecuted-before"};
	const char *fact = facts[dice(&w->dice, 7)];
	struct sent *s = sent_new(&w->m, FACT, one_in(&w->dice, 3) ? OFFICER_A : BOSS, false);
	bool parent = !strcmp(fact, "prosecuted-before");
	char since[16];

	put_head(&w->out, FACT, s->id);
	put_map(&w->out, 4 + parent);
	put_key_text(&w->out, "fact", fact);
	put_key_text(&w->out, "upn", w->m.pupils[dice(&w->dice, PUPILS)].upn);
	put_key_text(&w->out, "since", day_write(today(w) - (int)dice(&w->dice, 60), since));
	put_key_yes(&w->out, "holds", !one_in(&w->dice, 3));
	if (parent)
		put_key_text(&w->out, "parent", "p1");
	keep_frame(w, s);
	send_submission(w, s);
}

static void settings_link(struct world *w)
{
	struct sent *s = sent_new(&w->m, LINK, OFFICER_A, false);

	put_head(&w->out, LINK, s->id);
	put_map(&w->out, 3);
	put_key_text(&w->out, "upn", w->m.pupils[dice(&w->dice, PUPILS)].upn);
	put_key_text(&w->out, "other", w->m.pupils[dice(&w->dice, PUPILS)].upn);
	put_key_yes(&w->out, "stands", !one_in(&w->dice, 3));
	keep_frame(w, s);
	send_submission(w, s);
}

static void settings_acknowledge(struct world *w)
{
	struct sent *s = sent_new(&w->m, ACKNOWLEDGE, OFFICER_B, false);

	s->number = w->m.alert_count ? w->m.alerts[dice(&w->dice, w->m.alert_count)].number : 7;
	put_head(&w->out, ACKNOWLEDGE, s->id);
	put_map(&w->out, 1);
	put_key_number(&w->out, "alert", s->number);
	keep_frame(w, s);
	send_submission(w, s);
}

static void settings_school(struct world *w)
{
	struct sent *s = sent_new(&w->m, DESCRIBE, OFFICER_A, false);
	unsigned count = (unsigned)dice(&w->dice, 3);

	put_head(&w->out, DESCRIBE, s->id);
	put_map(&w->out, 2);
	put_key_text(&w->out, "urn", w->m.urn[dice(&w->dice, SCHOOLS)]);
	put_text(&w->out, "kinds");
	put_array(&w->out, count);
	for (unsigned i = 0; i < count; i++)
		put_text(&w->out, i ? "secondary" : "primary");
	keep_frame(w, s);
	send_submission(w, s);
}

/* An open case to another council's file: where it fits, it goes. */
static void settings_move(struct world *w)
{
	struct sent *s;

	if (!w->m.case_count || !one_in(&w->dice, 4))
		return;
	s = sent_new(&w->m, MOVE, BOSS, false);
	put_head(&w->out, MOVE, s->id);
	put_map(&w->out, 3);
	put_text(&w->out, "case");
	{
		char id[16];

		s->number = 1 + dice(&w->dice, w->m.case_count);
		snprintf(id, sizeof id, "C%u", (unsigned)s->number);
		put_text(&w->out, id);
	}
	put_key_text(&w->out, "pathway", w->m.pathway[dice(&w->dice, SCHOOLS)]);
	put_key_text(&w->out, "reason", "moved house");
	keep_frame(w, s);
	s->pupil = w->m.cases[s->number - 1].pupil;
	w->acted[s->pupil] = true;
	send_submission(w, s);
}

void step_settings(struct world *w)
{
	static void (*const kinds[])(struct world *) = {
		settings_roster, settings_roster, settings_fact, settings_fact, settings_link, settings_acknowledge, settings_acknowledge,
		settings_school, settings_move,
	};
	unsigned count = 1 + (unsigned)dice(&w->dice, 3);

	turn_begin(w);
	while (count-- > 0)
		kinds[dice(&w->dice, sizeof kinds / sizeof *kinds)](w);
	turn_end(w);
}
