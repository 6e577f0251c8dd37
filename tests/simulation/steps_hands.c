/* Who stands in for whom.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "tests/simulation/world.h"

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
