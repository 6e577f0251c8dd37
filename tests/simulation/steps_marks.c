/* What schools' systems send: registers, corrections; and pupils who change school, or are at two.
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

unsigned connector_of(int school)
{
	return school < 2 ? MIS_A : school < 4 ? MIS_B : MIS_C;
}

/* ---- marks ---- */

static int draw_code(struct world *w, int school, int pupil, int session)
{
	static const char *const away[] = {"N", "O", "O", "U", "G", "I", "I", "M", "E", "C"};

	/* of one who is at two schools, each knows when it is the other's turn */
	if (w->also[pupil] >= 0 && one_in(&w->dice, school == w->roll[pupil] ? 3 : 2))
		return code_of("D");
	if (dice(&w->dice, 100) < w->habit[pupil])
		return code_of(away[(one_in(&w->dice, 3) ? dice(&w->dice, 10) : (unsigned)pupil) % 10]);
	if (one_in(&w->dice, 15))
		return 2 + (int)dice(&w->dice, CODES - 2); /* anything but "/" and "\" */
	return session;
}

/* What is wrong with one row in forty. */
enum spoilt { SOUND, BAD_CODE, OTHER_SESSION, BAD_UPN, WEEKEND, TOMORROW };

static enum spoilt draw_spoilt(struct world *w)
{
	return one_in(&w->dice, 40) ? 1 + (enum spoilt)dice(&w->dice, 5) : SOUND;
}

static void put_row(struct world *w, struct sent *s, int pupil, enum spoilt spoilt)
{
	struct mark_row *r = &s->rows[s->row_count++];
	char upn[14];

	memcpy(upn, w->m.pupils[pupil].upn, sizeof upn);
	if (spoilt == BAD_UPN)
		upn[0] = upn[0] == 'A' ? 'B' : 'A';
	put_array(&w->out, 2);
	put_text(&w->out, upn);
	put_text(&w->out, spoilt == BAD_CODE ? "?" : code_names[r->code]);
	r->good = date_of(r->day)->weekday < 5 && spoilt != BAD_CODE && spoilt != BAD_UPN && code_fits(r->code, r->session);
}

static void put_register(struct world *w, struct sent *s, const int pupils[], unsigned count, int day, int session)
{
	char text[16];

	put_array(&w->out, 3);
	put_text(&w->out, day_write(day, text));
	put_text(&w->out, session ? "PM" : "AM");
	put_array(&w->out, count);
	for (unsigned i = 0; i < count; i++) {
		enum spoilt spoilt = draw_spoilt(w);
		int code = draw_code(w, s->school, pupils[i], session);

		if (spoilt == OTHER_SESSION)
			code = 1 - session;
		s->rows[s->row_count] = (struct mark_row){.pupil = pupils[i], .day = day, .session = session, .code = code};
		put_row(w, s, pupils[i], spoilt);
	}
}

static int anybody(struct world *w)
{
	int pupil = (int)dice(&w->dice, PUPILS);

	for (unsigned i = 0; i < PUPILS && w->awaited[pupil]; i++)
		pupil = (pupil + 1) % PUPILS;
	return pupil;
}

/* Registers of a school's class, or of one of its pupils, of the weekdays from one day to another. */
struct sent *marks_make(struct world *w, int school, unsigned actor, int from, int to, bool correction)
{
	struct sent *s = sent_new(&w->m, MARKS, actor, one_in(&w->dice, 3));
	int pupils[PUPILS + 1], days[16];
	unsigned pupil_count = 0, day_count = 0;

	for (int i = 0; i < PUPILS; i++)
		if (!w->awaited[i] && (w->roll[i] == school || w->also[i] == school))
			pupils[pupil_count++] = i;
	if (!pupil_count || (correction && one_in(&w->dice, 15))) /* of one who has left, or never came */
		pupils[pupil_count++] = anybody(w);
	if (correction) {
		pupils[0] = pupils[dice(&w->dice, pupil_count)];
		pupil_count = 1;
	}
	/* now and then one is a guest of another school */
	if (one_in(&w->dice, 300))
		pupils[0] = anybody(w);
	for (int day = from; day <= to && day_count < 12; day++)
		if (date_of(day)->weekday < 5 || one_in(&w->dice, 60))
			days[day_count++] = day;
	if (!day_count)
		days[day_count++] = to;
	s->school = school;
	s->rows = calloc(MARK_ROWS_MAX, sizeof *s->rows);
	put_head(&w->out, MARKS, s->id);
	put_map(&w->out, 2);
	put_key_text(&w->out, "urn", w->m.urn[school]);
	put_text(&w->out, "registers");
	put_array(&w->out, 2 * day_count);
	for (unsigned i = 0; i < day_count; i++)
		for (int session = 0; session < 2; session++)
			/* now and then a register twice in one submission: its rows are refused the second time */
			put_register(w, s, pupils, pupil_count, one_in(&w->dice, 100) ? days[0] : days[i], session);
	keep_frame(w, s);
	for (unsigned i = 0; i < pupil_count; i++)
		w->touched[pupils[i]] = true;
	return s;
}

static struct sent *registers(struct world *w)
{
	int school = (int)dice(&w->dice, SCHOOLS), to = today(w), from = (int)w->registers_to[school] + 1;
	unsigned actor = one_in(&w->dice, 8) ? OFFICER_A : connector_of(school);

	if (one_in(&w->dice, 4)) { /* of one pupil, of the last weeks or long ago */
		int back = (int)dice(&w->dice, one_in(&w->dice, 6) ? 480 : 60), days = (int)dice(&w->dice, 6);

		return marks_make(w, school, actor, to - back - days, to - back, true);
	}
	if (from > to || from < to - 9)
		from = to - (int)dice(&w->dice, 3);
	w->registers_to[school] = (unsigned)to;
	return marks_make(w, school, actor, from, to + one_in(&w->dice, 80), false);
}

/* A few at once, in an order of their own, one of them twice now and then. */
void step_marks(struct world *w)
{
	unsigned count = 1 + (unsigned)dice(&w->dice, 3), again;

	turn_begin(w);
	for (unsigned i = 0; i < count; i++) {
		struct sent *s = registers(w);

		/* a connector that dies here sends it when it is back, after newer ones */
		if (one_in(&w->dice, 25))
			break;
		send_submission(w, s);
		again = one_in(&w->dice, 6) ? w->m.sent_count - 1 - (unsigned)dice(&w->dice, i + 1) : w->m.sent_count;
		if (again < w->m.sent_count)
			send_submission(w, &w->m.sent[again]);
	}
	turn_end(w);
}

/* More than a commit holds without a thread of its own; what comes meanwhile waits for it. */
void step_many(struct world *w)
{
	unsigned batches = 1 + (unsigned)dice(&w->dice, 3);

	for (unsigned b = 0; b < batches && !life_broken(w) && !went_wrong(&w->m); b++) {
		unsigned count = 66 + (unsigned)dice(&w->dice, 20);

		turn_begin(w);
		for (unsigned i = 0; i < count; i++) {
			int school = (int)dice(&w->dice, SCHOOLS), day = today(w) - (int)dice(&w->dice, 30);

			while (date_of(day)->weekday >= 5)
				day--;
			send_submission(w, marks_make(w, school, connector_of(school), day, day, true));
			if (one_in(&w->dice, 20))
				send_submission(w, &w->m.sent[w->m.sent_count - 1 - (unsigned)dice(&w->dice, i + 1)]);
		}
		turn_behind(w);
		if (one_in(&w->dice, 3))
			turn_land(w);
	}
	turn_begin(w);
	turn_land(w);
	turn_end(w);
}

/* ---- moves of school ---- */

struct sent *roster_make(struct world *w, int school, int pupil, unsigned actor)
{
	struct sent *s = sent_new(&w->m, ROSTER, actor, false);
	char birth[16];

	s->school = school;
	snprintf(birth, sizeof birth, "%d-%02d-15", 2010 + pupil % 6, 1 + pupil % 12);
	put_head(&w->out, ROSTER, s->id);
	put_map(&w->out, 2);
	put_key_text(&w->out, "urn", w->m.urn[school]);
	put_text(&w->out, "pupils");
	put_array(&w->out, 1);
	put_map(&w->out, 4);
	put_key_text(&w->out, "upn", w->m.pupils[pupil].upn);
	put_key_text(&w->out, "surname", "Surname");
	put_key_text(&w->out, "birth_date", birth);
	put_text(&w->out, "parents");
	put_array(&w->out, 2);
	put_map(&w->out, 1);
	put_key_text(&w->out, "id", "p1");
	put_map(&w->out, 2);
	put_key_text(&w->out, "id", "p2");
	put_key_text(&w->out, "name", "A parent");
	keep_frame(w, s);
	return s;
}

/* A pupil leaves one school's roll for another's, whose roster and registers come in whatever order; or is at two, or no
 * more. What the school that they left still sends comes with its other corrections. */
void step_schools(struct world *w)
{
	int pupil = (int)dice(&w->dice, PUPILS), school = (int)dice(&w->dice, SCHOOLS);
	unsigned what = (unsigned)dice(&w->dice, 10);

	turn_begin(w);
	w->awaited[pupil] &= !one_in(&w->dice, 3);
	if (what < 6 && school != w->roll[pupil]) {
		w->roll[pupil] = school;
		w->tally->moves++;
	} else if (what < 8) {
		w->also[pupil] = school == w->roll[pupil] || w->also[pupil] >= 0 ? -1 : school;
	}
	if (one_in(&w->dice, 2))
		send_submission(w, roster_make(w, w->roll[pupil], pupil, connector_of(w->roll[pupil])));
	if (one_in(&w->dice, 2))
		send_submission(w, marks_make(w, w->roll[pupil], connector_of(w->roll[pupil]), today(w) - (int)dice(&w->dice, 4), today(w), false));
	turn_end(w);
}
