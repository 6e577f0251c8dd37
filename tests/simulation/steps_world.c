/* What befalls: time, calendars, disks; and subscribers, who come and go.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/simulation/world.h"

enum { LAST_YEAR_OF_TIME = 2034, MINUTE = 60000, HOUR = 3600000 };

/* ---- calendars ---- */

static void add_row(struct sent *s, int from, int to, enum row_kind kind)
{
	if (s->calendar_count < ROWS_MAX && from <= to)
		s->calendar[s->calendar_count++] = (struct row){from, to, kind};
}

/* The terms of a school year and its half-terms, and days off that are others each time. */
static void draw_rows(struct world *w, struct sent *s)
{
	uint64_t now;
	int today, year;

	world_now(w, &now);
	today = day_at(now);
	year = date_of(year_begins(today))->year;
	for (int y = year; y < year + 1 + (int)dice(&w->dice, 2); y++) {
		int shift = (int)dice(&w->dice, 3);

		add_row(s, day_on(y, 9, 2) + shift, day_on(y, 12, 18), TERM);
		add_row(s, day_on(y + 1, 1, 4) + shift, day_on(y + 1, 3, 27), TERM);
		add_row(s, day_on(y + 1, 4, 12), day_on(y + 1, 7, 21) + shift, TERM);
		add_row(s, day_on(y, 10, 25), day_on(y, 10, 31) + shift, HOLIDAY);
		add_row(s, day_on(y + 1, 2, 14), day_on(y + 1, 2, 20), HOLIDAY);
	}
	for (unsigned i = (unsigned)dice(&w->dice, 6); i > 0; i--) {
		int from = today - 30 + (int)dice(&w->dice, 90);

		add_row(s, from, from + (one_in(&w->dice, 4) ? (int)dice(&w->dice, 12) : 0),
		        one_in(&w->dice, 3) ? INSET : one_in(&w->dice, 6) ? BANK : CLOSURE);
	}
}

void step_calendar(struct world *w)
{
	struct sent *s = sent_new(&w->m, CALENDAR, one_in(&w->dice, 2) ? OFFICER_A : BOSS, false);
	char from[16], to[16];

	s->actor = w->m.actors[s->actor].is.granted ? s->actor : ADMIN;
	s->scope = one_in(&w->dice, 2) ? -1 : (int)dice(&w->dice, SCHOOLS);
	draw_rows(w, s);
	put_head(&w->out, CALENDAR, s->id);
	put_map(&w->out, 1 + (s->scope >= 0));
	if (s->scope >= 0)
		put_key_text(&w->out, "urn", w->m.urn[s->scope]);
	put_text(&w->out, "rows");
	put_array(&w->out, s->calendar_count);
	for (unsigned i = 0; i < s->calendar_count; i++) {
		put_array(&w->out, 4);
		put_text(&w->out, day_write(s->calendar[i].from, from));
		put_text(&w->out, day_write(s->calendar[i].to, to));
		put_text(&w->out, row_kinds[s->calendar[i].kind]);
		put_text(&w->out, "x");
	}
	keep_frame(w, s);
	turn_begin(w);
	send_submission(w, s);
	turn_end(w);
	catch_up(w);
	w->tally->calendars++;
	if (!went_wrong(&w->m) && !w->ended) {
		look_at_figures(w, PUPILS);
		look_at_deadlines(w);
	}
}

/* A council's file again, as a new version: cases stay on theirs. */
void step_pathway(struct world *w)
{
	const struct letter *l;
	struct value source;
	struct sent *s;

	question(w, QUERY);
	put_map(&w->out, 2);
	put_key_text(&w->out, "what", "pathway");
	put_key_text(&w->out, "name", w->m.pathway[dice(&w->dice, SCHOOLS)]);
	l = ask(w, ADMIN);
	if (!l)
		return;
	source = value_of(l->body, "source");
	must(&w->m, l->status == 200 && value_size(source) > 1000, "a pathway's source is answered %u", l->status);
	s = sent_new(&w->m, PATHWAY, ADMIN, false);
	put_head(&w->out, PATHWAY, s->id);
	put_map(&w->out, 1);
	put_text(&w->out, "source");
	put_raw(&w->out, source.at, value_size(source));
	keep_frame(w, s);
	turn_begin(w);
	send_submission(w, s);
	turn_end(w);
}

/* ---- time ---- */

static uint64_t draw_time(struct world *w, uint64_t now)
{
	unsigned kind = (unsigned)dice(&w->dice, 100);

	if (date_of((int)(now / DAY_MS))->year >= LAST_YEAR_OF_TIME)
		return dice(&w->dice, HOUR);
	if (kind < 40)
		return dice(&w->dice, 12 * (uint64_t)HOUR);
	if (kind < 85)
		return dice(&w->dice, 4 * DAY_MS);
	return kind < 99 ? dice(&w->dice, 28 * DAY_MS) : dice(&w->dice, 366 * DAY_MS); /* a year in a minute */
}

static struct sent *clock_make(struct world *w, const char *to)
{
	struct sent *s = sent_new(&w->m, CLOCK, ADMIN, false);

	put_head(&w->out, CLOCK, s->id);
	put_map(&w->out, 1);
	if (to)
		put_key_text(&w->out, "to", to);
	else
		put_key_yes(&w->out, "confirm", true);
	keep_frame(w, s);
	return s;
}

static void send_clock(struct world *w, const char *to)
{
	w->time_moved = true;
	turn_begin(w);
	send_submission(w, clock_make(w, to));
	turn_end(w);
	catch_up(w);
}

static void move_manual(struct world *w, uint64_t to)
{
	char text[32];
	uint64_t now = 0;

	/* a long way is gone in parts, each asked for anew */
	for (unsigned parts = 0; parts < 4000 && now < to && !went_wrong(&w->m) && !w->ended; parts++) {
		send_clock(w, time_write(to, text));
		world_now(w, &now);
		if (w->m.sent[w->m.sent_count - 1].state != TAKEN)
			return; /* put off; another day, then */
	}
	must(&w->m, went_wrong(&w->m) || w->ended || now >= to, "the clock does not get where it was moved to");
}

void step_clock(struct world *w)
{
	uint64_t now, by;

	world_now(w, &now);
	by = draw_time(w, now);
	if (w->m.held && one_in(&w->dice, 3)) {
		send_clock(w, NULL);
		return;
	}
	look_at_deadlines(w);
	if (life_broken(w) || went_wrong(&w->m))
		return;
	w->tally->days += by / DAY_MS;
	if (w->manual) {
		move_manual(w, now + by);
	} else {
		w->wall_ms += by;
		w->boot_ms += by;
		w->mono_ms += by;
		w->time_moved = true;
		turn_begin(w);
		turn_end(w);
		catch_up(w);
	}
	if (went_wrong(&w->m) || w->ended)
		return;
	world_now(w, &now);
	if (!w->m.held && !life_broken(w))
		deadlines_settle(&w->m, now);
	look_at_deadlines(w);
}

/* Somebody sets the system clock, a little or far; or says that it is right. */
void step_hold(struct world *w)
{
	uint64_t far = 10 * MINUTE + dice(&w->dice, one_in(&w->dice, 4) ? 400 * DAY_MS : 3 * DAY_MS), starts = w->tally->restarts;

	if (w->manual) {
		send_clock(w, NULL); /* refused: a manual clock is never in doubt */
		return;
	}
	if (w->m.held) {
		send_clock(w, NULL);
		/* a start since then may doubt it again: so far from the last event */
		must(&w->m, w->ended || went_wrong(&w->m) || !w->m.held || w->m.sent[w->m.sent_count - 1].state != TAKEN ||
		     w->tally->restarts != starts, "the clock was confirmed, and is held");
		return;
	}
	if (one_in(&w->dice, 3) && w->boot_ms - w->nudged_ms > 3 * (uint64_t)HOUR) {
		w->nudged_ms = w->boot_ms;
		w->wall_ms += dice(&w->dice, MINUTE);
	} else {
		if (date_of((int)((w->wall_ms + far) / DAY_MS))->year > LAST_YEAR_OF_TIME || one_in(&w->dice, 2))
			w->wall_ms -= far;
		else
			w->wall_ms += far;
		w->m.hold_due = true;
		w->tally->holds++;
	}
	w->time_moved = true;
	turn_begin(w);
	turn_end(w);
}

/* ---- subscribers ---- */

static const struct {
	unsigned actor;
	bool log;
	int officer; /* in whose hands; -1: in anybody's */
} readers[SUBSCRIBERS] = {{OFFICER_A, false, -1}, {WATCHER, true, -1}, {SCHOOL_B, false, -1}, {LEADER, false, -1}, {GUEST, false, -1},
			  {BOSS, false, OFFICER_B}, {OFFICER_B, false, BOSS}};

static void begin_reading(struct world *w, struct subscriber *s, unsigned k)
{
	uint64_t credit = dice(&w->dice, 300), from, now;
	const struct letter *l;
	char name[8];

	snprintf(name, sizeof name, "c%u", k);
	question(w, SUBSCRIBE);
	put_map(&w->out, 3 + (readers[k].officer >= 0));
	put_key_text(&w->out, "what", readers[k].log ? "log" : "alerts");
	if (readers[k].officer >= 0)
		put_key_text(&w->out, "officer", w->m.actors[readers[k].officer].name);
	put_key_text(&w->out, "cursor", name);
	put_key_number(&w->out, "credit", credit);
	s->actor = readers[k].actor;
	s->log = readers[k].log;
	s->officer = readers[k].officer;
	memcpy(s->id, w->out.at + 4, 16);
	/* what it is sent in this very turn is looked at with what follows */
	s->on = true;
	l = ask(w, s->actor);
	if (!l) {
		s->on = false;
		return;
	}
	from = value_number(value_of(l->body, "from"));
	must(&w->m, l->status == 200, "a subscription is answered %u", l->status);
	must(&w->m, from == s->cursor + 1 || (s->cursor_sent > s->cursor && from == s->cursor_sent + 1),
	     "the cursor of %s stands at %llu; it was put at %llu", w->m.actors[s->actor].name, (unsigned long long)from - 1,
	     (unsigned long long)s->cursor);
	s->cursor = s->cursor_sent = from - 1;
	s->next = s->begun = from;
	s->heard = s->opened = value_number(value_of(l->body, "head"));
	world_now(w, &now);
	feed_settle(&w->m, s, day_at(now));
	s->last = 0;
	s->credit = credit;
}

static void put_cursor(struct world *w, struct subscriber *s, unsigned k)
{
	uint64_t position = one_in(&w->dice, 4) && s->last ? dice(&w->dice, s->last) : s->last;
	bool beyond = one_in(&w->dice, 12);
	const struct letter *l;
	char name[8];

	if (beyond)
		position = w->m.head + 1 + dice(&w->dice, 9);
	snprintf(name, sizeof name, "c%u", k);
	question(w, CURSOR);
	put_map(&w->out, 2);
	put_key_text(&w->out, "cursor", name);
	put_key_number(&w->out, "position", position);
	if (!beyond && position > s->cursor_sent)
		s->cursor_sent = position;
	l = ask(w, s->actor);
	w->tally->cursors++;
	if (!l)
		return;
	must(&w->m, !beyond || l->status == 402, "a cursor beyond the log's end is answered %u", l->status);
	if (l->status == 200 && position > s->cursor)
		s->cursor = position;
	if (l->status == 300)
		s->cursor_sent = s->cursor;
	if (l->status == 200)
		s->cursor_sent = s->cursor;
}

/* One that ended (its key was revoked, or may not any more; its connection or the process went) is no more. */
static void try_ended(struct world *w, const struct subscriber *s)
{
	put_head(&w->out, CREDIT, s->id);
	put_map(&w->out, 1);
	put_key_number(&w->out, "credit", 10);
	turn_begin(w);
	turn_put(w, s->actor, &w->out);
	turn_end(w);
	for (unsigned i = 0; i < w->letter_count && !life_broken(w); i++)
		if (!memcmp(w->letters[i].id, s->id, 16)) {
			must(&w->m, w->letters[i].status == 404, "credit for a subscription of %s that ended is answered %u",
			     w->m.actors[s->actor].name, w->letters[i].status);
			return;
		}
	must(&w->m, life_broken(w), "credit for a subscription of %s that ended has no answer", w->m.actors[s->actor].name);
}

void step_subscribe(struct world *w)
{
	unsigned k = (unsigned)dice(&w->dice, SUBSCRIBERS), what = (unsigned)dice(&w->dice, 10);
	struct subscriber *s = &w->subscribers[k];
	struct peer peer = {.size = 2, .bytes = {(uint8_t)readers[k].actor, 1}};

	if (!scope_subscribes(&w->m.actors[readers[k].actor].is, readers[k].log))
		return;
	if (!s->on && s->begun && one_in(&w->dice, 3)) {
		try_ended(w, s);
	} else if (!s->on) {
		begin_reading(w, s, k);
	} else if (what < 4) {
		put_cursor(w, s, k);
	} else if (what < 8) {
		uint64_t more = 1 + dice(&w->dice, 200);

		put_head(&w->out, CREDIT, s->id);
		put_map(&w->out, 1);
		put_key_number(&w->out, "credit", more);
		s->credit += more;
		turn_begin(w);
		turn_put(w, s->actor, &w->out);
		w->mono_ms += 1100;
		turn_end(w);
	} else if (!life_broken(w)) { /* gone, without a word */
		engine_forget_peer(w->engine, &peer);
		for (unsigned i = 0; i < SUBSCRIBERS; i++)
			w->subscribers[i].on &= readers[i].actor != readers[k].actor;
	}
}

/* ---- the disk ---- */

void world_plan(struct world *w, enum disk_trouble trouble, int error, unsigned nth)
{
	w->trouble |= disk_struck();
	w->tally->faults += disk_struck() && !disk_dead();
	disk_plan(trouble, error, nth);
}

void step_disk(struct world *w)
{
	static const int errors[] = {EIO, ENOSPC, EDQUOT, EIO};
	unsigned kind = (unsigned)dice(&w->dice, 100), nth = 1 + (unsigned)dice(&w->dice, one_in(&w->dice, 3) ? 12 : 90);
	enum disk_trouble trouble = kind < 35 ? DISK_DIES : kind < 70 ? DISK_POWER : kind < 84 ? DISK_FAILS : kind < 91 ? DISK_LATE :
	                            kind < 97 ? DISK_SHORT : kind < 99 ? DISK_LIES : DISK_WELL;

	disk_free(UINT64_C(100) << 30);
	if (one_in(&w->dice, 20))
		disk_free(UINT64_C(100) << 20); /* less than the reserve */
	world_plan(w, trouble, errors[dice(&w->dice, 4)], nth);
}
