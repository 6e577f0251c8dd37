/* Who is let in, as what; and who stands in for whom.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "tests/simulation/world.h"

/* ---- grants that come and go ---- */

struct sent *grant_make(struct world *w, unsigned actor, struct scope scope)
{
	const struct actor *a = &w->m.actors[actor];
	struct sent *s = sent_new(&w->m, GRANT, ADMIN, false);
	unsigned schools = 0;
	char id[16];

	for (unsigned i = 0; i < SCHOOLS; i++)
		schools += scope.schools >> i & 1;
	s->number = actor;
	s->wanted = scope;
	put_head(&w->out, GRANT, s->id);
	put_map(&w->out, 3 + (schools > 0) + (scope.first_case > 0));
	put_key_text(&w->out, "key", a->key_text);
	put_key_text(&w->out, "role", role_names[scope.role]);
	put_key_text(&w->out, "name", a->name);
	if (schools) {
		put_text(&w->out, "schools");
		put_array(&w->out, schools);
		for (unsigned i = 0; i < SCHOOLS; i++)
			if (scope.schools >> i & 1)
				put_text(&w->out, w->m.urn[i]);
	}
	if (scope.first_case) {
		put_text(&w->out, "cases");
		put_array(&w->out, scope.last_case - scope.first_case + 1);
		for (uint32_t n = scope.first_case; n <= scope.last_case; n++) {
			case_write(n, id);
			put_text(&w->out, id);
		}
	}
	keep_frame(w, s);
	return s;
}

static struct sent *revoke_make(struct world *w, unsigned actor)
{
	struct sent *s = sent_new(&w->m, REVOKE, ADMIN, false);

	s->number = actor;
	put_head(&w->out, REVOKE, s->id);
	put_map(&w->out, 1);
	put_key_text(&w->out, "key", w->m.actors[actor].key_text);
	keep_frame(w, s);
	return s;
}

/* Another role than they have, or other schools, other cases. */
static struct scope draw_scope(struct world *w, unsigned actor)
{
	static const enum role roles[] = {CONNECTOR, SCHOOL, LEAD, OFFICER, MANAGER, AUDITOR};
	struct scope scope = people_scope(actor);

	if (one_in(&w->dice, 2))
		return scope;
	if (one_in(&w->dice, 2))
		scope.role = roles[dice(&w->dice, 6)];
	scope.schools = scope.role == SCHOOL || scope.role == CONNECTOR ? 1 + (unsigned)dice(&w->dice, (1u << SCHOOLS) - 1) : 0;
	scope.first_case = scope.last_case = 0;
	if (scope.role == LEAD) {
		scope.first_case = 1 + (uint32_t)dice(&w->dice, w->m.case_count + 1);
		scope.last_case = scope.first_case + (uint32_t)dice(&w->dice, 30);
	}
	return scope;
}

/* Whoever has cases in hand, a subscription open, submissions on their way: let in, shut out, or made something else. */
void step_grants(struct world *w)
{
	static const unsigned people[] = {GUEST, GUEST, LEADER, SCHOOL_A, SCHOOL_B, OFFICER_A, OFFICER_B, MIS_C};
	unsigned actor = people[dice(&w->dice, sizeof people / sizeof *people)];
	bool out = w->m.actors[actor].is.granted && one_in(&w->dice, 3);

	turn_begin(w);
	if (out)
		send_submission(w, revoke_make(w, actor));
	if (!out || one_in(&w->dice, 2)) /* in again at once */
		send_submission(w, grant_make(w, actor, draw_scope(w, actor)));
	turn_end(w);
	w->tally->grants++;
}

/* ---- covers ---- */

static int today(struct world *w)
{
	uint64_t now;

	world_now(w, &now);
	return day_at(now);
}

static void put_who(struct world *w, const char *key, unsigned actor)
{
	put_key_text(&w->out, key, one_in(&w->dice, 3) ? w->m.actors[actor].key_text : w->m.actors[actor].name);
}

static struct sent *cover_make(struct world *w)
{
	static const unsigned people[] = {OFFICER_A, OFFICER_A, OFFICER_B, OFFICER_B, BOSS, BOSS, GUEST, ADMIN, WATCHER};
	unsigned actor = people[dice(&w->dice, 8)], officer = one_in(&w->dice, 2) ? actor : people[dice(&w->dice, 9)];
	struct sent *s = sent_new(&w->m, COVER, actor, false);
	bool ends = one_in(&w->dice, 8);
	char day[16];

	s->number = officer;
	if (!ends) {
		s->cover = (int)people[dice(&w->dice, 9)];
		s->on = one_in(&w->dice, 2) ? 0 : today(w) - 3 + (int)dice(&w->dice, 20);
		s->until = today(w) - 2 + (int)dice(&w->dice, one_in(&w->dice, 12) ? 500 : 60);
	}
	put_head(&w->out, COVER, s->id);
	put_map(&w->out, (officer != actor) + (ends ? 1 : 2 + (s->on > 0)));
	if (officer != actor)
		put_who(w, "officer", officer);
	if (ends) {
		put_key_yes(&w->out, "end", true);
	} else {
		put_who(w, "cover", (unsigned)s->cover);
		put_key_text(&w->out, "until", day_write(s->until, day));
		if (s->on)
			put_key_text(&w->out, "from", day_write(s->on, day));
	}
	keep_frame(w, s);
	return s;
}

void step_covers(struct world *w)
{
	unsigned place = (unsigned)(cover_make(w) - w->m.sent);
	const struct sent *s;

	turn_begin(w);
	send_submission(w, &w->m.sent[place]);
	turn_end(w);
	catch_up(w);
	s = &w->m.sent[place];
	w->tally->covers += s->state == TAKEN;
	must(&w->m, w->ended || went_wrong(&w->m) || s->state != REFUSED || s->status != 402 || cover_wrong(&w->m, s, today(w)),
	     "%s names a cover as one may, and is refused", w->m.actors[s->actor].name);
}
