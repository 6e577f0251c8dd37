/* Whoever asks for what they may not is refused; whoever sends what is no message, too.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "tests/simulation/world.h"

static const uint8_t commands[] = {HELLO, MARKS, ROSTER, ACTION, CALENDAR, PATHWAY, GRANT, REVOKE, ACKNOWLEDGE, CLOCK, FACT, LINK, COVER,
				   MOVE, CHOOSE, DESCRIBE, TASK, QUERY, SUBSCRIBE, CREDIT, CURSOR, UNSUBSCRIBE, OFFER};

static const char *const questions[] = {"pupil", "marks", "case", "actions", "deadlines", "alerts", "log", "stats", "health", "checkpoint",
					"pathways", "calendar", "people", "covers", "schools", "today", "timeline", "year", "authority",
					"backup", "try", "reader", "report"};

/* ---- who may ---- */

static void must_refuse(struct world *w, unsigned actor, uint8_t command, const char *what, const struct letter *l)
{
	const struct actor *a = &w->m.actors[actor];
	bool may = role_may(a->is.role, command) && (!what || role_may_ask(a->is.role, what));

	w->tally->forbidden++;
	if (!a->is.granted)
		must(&w->m, l->status == 414, "%s, who is not let in, asks %02x and is answered %u", a->name, command, l->status);
	else if (!may)
		must(&w->m, l->status == 403, "a %s asks %02x %s and is answered %u", role_names[a->is.role], command, what ? what : "", l->status);
	else if (what)
		must(&w->m, l->status != 403 && l->status != 414, "a %s asks %s and is answered %u", role_names[a->is.role], what, l->status);
}

static void try_command(struct world *w, unsigned actor)
{
	uint8_t command = commands[dice(&w->dice, sizeof commands)];
	const struct actor *a = &w->m.actors[actor];
	const struct letter *l;

	/* what they may is done elsewhere, with a body */
	if (a->is.granted && role_may(a->is.role, command))
		return;
	question(w, command);
	put_map(&w->out, 1);
	put_key_text(&w->out, "upn", w->m.pupils[0].upn);
	l = ask(w, actor);
	if (l)
		must_refuse(w, actor, command, NULL, l);
}

static void try_question(struct world *w, unsigned actor)
{
	const char *what = questions[dice(&w->dice, sizeof questions / sizeof *questions)];
	bool named = strcmp(what, "report") && strcmp(what, "backup") && strcmp(what, "try");
	const struct letter *l;

	if (!strcmp(what, "backup") && w->m.actors[actor].is.role == ADMINISTRATOR)
		return;
	question(w, QUERY);
	put_map(&w->out, 2);
	put_key_text(&w->out, "what", what);
	put_key_text(&w->out, named ? "upn" : "of", named ? w->m.pupils[dice(&w->dice, PUPILS)].upn : "pupils");
	l = ask(w, actor);
	if (l)
		must_refuse(w, actor, QUERY, what, l);
}

/* Whose pupil is it? Those of others are not there. A lead sees a pupil for a case that is over, too, and opens none. */
static bool finds(const struct world *w, const struct actor *a, int pupil, const char *what)
{
	const struct pupil *p = &w->m.pupils[pupil];
	bool of_case = !strcmp(what, "case") || !strcmp(what, "timeline"), any = false;

	if (a->is.role == LEAD && !strcmp(what, "actions"))
		return p->open_case && case_seen(&w->m, &a->is, &w->m.cases[p->open_case - 1]);
	for (unsigned i = 0; i < w->m.case_count; i++)
		any |= w->m.cases[i].pupil == pupil;
	return pupil_seen(&w->m, &a->is, pupil) && (any || !of_case);
}

static void try_pupil(struct world *w, unsigned actor)
{
	static const char *const whats[] = {"pupil", "marks", "actions", "people", "year", "case", "timeline"};
	const struct actor *a = &w->m.actors[actor];
	int pupil = (int)dice(&w->dice, PUPILS);
	const char *what = whats[dice(&w->dice, a->is.role == LEAD ? 5 : 7)];
	const struct letter *l;

	if (!a->is.granted || !role_may_ask(a->is.role, what) || !w->m.pupils[pupil].registered)
		return;
	question(w, QUERY);
	put_map(&w->out, 2);
	put_key_text(&w->out, "what", what);
	put_key_text(&w->out, "upn", w->m.pupils[pupil].upn);
	l = ask(w, actor);
	if (!l)
		return;
	w->tally->forbidden++;
	must(&w->m, l->status == (finds(w, a, pupil, what) ? 200 : 404), "%s asks %s of %s of school %d and is answered %u", a->name, what,
	     w->m.pupils[pupil].upn, school_now(&w->m, pupil), l->status);
}

/* Marks of a school that is not theirs. */
static void try_school(struct world *w)
{
	static const unsigned mis[] = {MIS_A, MIS_B, MIS_C};
	unsigned actor = mis[dice(&w->dice, 3)];
	int school = (int)dice(&w->dice, SCHOOLS);
	uint64_t now;
	struct sent *s;

	if (!w->m.actors[actor].is.granted || w->m.actors[actor].is.role != CONNECTOR || w->m.actors[actor].is.schools >> school & 1)
		return;
	world_now(w, &now);
	s = marks_make(w, school, actor, day_at(now), day_at(now), true);
	turn_begin(w);
	send_submission(w, s);
	turn_end(w);
	catch_up(w);
	w->tally->forbidden++;
	s = &w->m.sent[w->m.sent_count - 1];
	must(&w->m, w->ended || went_wrong(&w->m) || s->state == SENT || s->status == 403 || s->status == 300,
	     "%s writes for another school and is answered %u", w->m.actors[actor].name, s->status);
}

/* Another's id, or the same with other content. */
static void try_id(struct world *w)
{
	const struct sent *of = w->m.sent_count ? &w->m.sent[dice(&w->dice, w->m.sent_count)] : NULL;
	unsigned actor = one_in(&w->dice, 2) ? OFFICER_A : OFFICER_B;
	const struct scope *is = &w->m.actors[actor].is;
	const struct letter *l = NULL;
	struct bytes frame;
	uint64_t now;

	if (!of || !is->granted || !role_may(is->role, MARKS) || is->role == CONNECTOR || !of->logged || of->command != MARKS)
		return;
	frame = (struct bytes){malloc(of->frame_size), of->frame_size, of->frame_size};
	memcpy(frame.at, of->frame, of->frame_size);
	world_now(w, &now);
	if (actor == of->actor) /* the last code, or letter, is another */
		frame.at[frame.size - 1] = frame.at[frame.size - 1] == 'N' ? 'O' : 'N';
	frame.at[2] = 1;
	turn_begin(w);
	turn_put(w, actor, &frame);
	turn_end(w);
	free(frame.at);
	if (life_broken(w))
		return;
	for (unsigned i = 0; i < w->answer_count; i++)
		if (w->answers[i].actor == actor && !memcmp(w->answers[i].id, of->id, 16))
			l = &w->answers[i];
	must(&w->m, l && (l->status == 409 || (l->status >= 300 && l->status < 400) || (actor == of->actor && l->status == 401)),
	     "an id that was used is taken again: %u", l ? l->status : 0);
	w->tally->forbidden++;
	while (w->answer_count > 0)
		free(w->answers[--w->answer_count].bytes);
}

/* A board asks for a reader: as they may, now; not everything, and not for everybody. */
static void try_board(struct world *w, unsigned reader)
{
	static const uint8_t never[] = {MARKS, ROSTER, CALENDAR, PATHWAY, GRANT, REVOKE, CLOCK, MOVE, CHOOSE, CURSOR};
	unsigned actor = one_in(&w->dice, 6) && w->m.actors[OFFICER_A].is.granted ? OFFICER_A : PAGE;
	const struct actor *r = &w->m.actors[reader];
	bool lent = r->is.role == SCHOOL || r->is.role == LEAD || r->is.role == OFFICER || r->is.role == MANAGER || r->is.role == AUDITOR;
	bool asks = !one_in(&w->dice, 3);
	uint8_t command = asks ? QUERY : never[dice(&w->dice, sizeof never)];
	const char *what = questions[dice(&w->dice, sizeof questions / sizeof *questions)];
	const struct letter *l;
	bool may = lent && asks && role_may_ask(r->is.role, what);

	question(w, command);
	w->out.at[2] |= 0x40;
	put_raw(&w->out, r->key, sizeof r->key);
	put_map(&w->out, 1);
	put_key_text(&w->out, "what", what);
	l = ask(w, actor);
	if (!l || !strcmp(what, "try") || !strcmp(what, "reader"))
		return;
	w->tally->forbidden++;
	if (actor != PAGE)
		must(&w->m, l->status == 403, "a %s asks for another and is answered %u", role_names[w->m.actors[actor].is.role], l->status);
	else if (!r->is.granted)
		must(&w->m, l->status == 414, "a board asks for %s, who is not let in, and is answered %u", r->name, l->status);
	else if (!may)
		must(&w->m, l->status == 403, "a board asks %02x %s for a %s and is answered %u", command, what, role_names[r->is.role], l->status);
	else
		must(&w->m, l->status != 403 && l->status != 414, "a board asks %s for a %s and is answered %u", what, role_names[r->is.role], l->status);
}

void step_roles(struct world *w)
{
	unsigned actor = (unsigned)dice(&w->dice, w->m.actor_count), what = (unsigned)dice(&w->dice, 10);

	if (what < 3)
		try_command(w, actor);
	else if (what < 5)
		try_question(w, actor);
	else if (what < 6)
		try_board(w, actor);
	else if (what < 8)
		try_pupil(w, actor);
	else if (what < 9)
		try_school(w);
	else
		try_id(w);
}

/* ---- broken frames ---- */

/* A whole frame, cut short; or of another signature, version, command; or of more frames than one. */
void step_garbage(struct world *w)
{
	struct peer peer = {.size = 2, .bytes = {OFFICER_A, 1}};
	uint64_t now;
	struct bytes frame;
	unsigned kind = (unsigned)dice(&w->dice, 5);

	world_now(w, &now);
	question(w, MARKS);
	put_map(&w->out, 1);
	put_key_text(&w->out, "urn", w->m.urn[0]);
	frame = w->out;
	if (kind == 0)
		frame.size = dice(&w->dice, frame.size);
	else if (kind == 1)
		frame.at[dice(&w->dice, 2)] ^= (uint8_t)(1 + dice(&w->dice, 255));
	else if (kind == 2)
		frame.at[2] = (uint8_t)(2 + dice(&w->dice, 60));
	else if (kind == 3)
		frame.at[3] = (uint8_t)(0x41 + dice(&w->dice, 60));
	turn_begin(w);
	if (kind < 4)
		turn_put(w, OFFICER_A, &frame);
	else if (!life_broken(w))
		engine_receive_malformed(w->engine, &peer, 2);
	turn_end(w);
	w->tally->garbage++;
	if (life_broken(w))
		return;
	must(&w->m, w->letter_count + w->answer_count == 1, "a broken frame has %u answers", w->letter_count + w->answer_count);
	for (unsigned i = 0; i < w->letter_count; i++)
		must(&w->m, w->letters[i].status >= 400 && w->letters[i].status < 500, "a broken frame is answered %u", w->letters[i].status);
	while (w->answer_count > 0)
		free(w->answers[--w->answer_count].bytes);
}
