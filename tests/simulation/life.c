/* The process: its turns as the shell would have them (daemon/server.c), its ends and starts.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/verify.h"
#include "tests/simulation/world.h"

enum { MAP_SIZE = 256 << 20, TAIL = 200 };

bool life_broken(const struct world *w)
{
	return disk_dead() || w->must_end || !w->engine;
}

/* ---- what comes out ---- */

static uint64_t big(const uint8_t *at, unsigned size)
{
	uint64_t number = 0;

	while (size-- > 0)
		number = number << 8 | *at++;
	return number;
}

static void take_letter(void *context, const struct peer *peer, struct slice frame)
{
	struct world *w = context;
	struct letter l = {0}, **list = &w->letters;
	unsigned *count = &w->letter_count, *room = &w->letter_room;

	if (disk_dead()) /* nobody hears what a dead process says */
		return;
	must(&w->m, frame.size >= 30 && frame.bytes[0] == 0xa7 && frame.bytes[1] == 0x7d && (frame.bytes[2] & 0x7f) == 1 &&
	     frame.bytes[3] & 0x80, "an answer that is no frame of the protocol");
	if (went_wrong(&w->m))
		return;
	l.bytes = malloc(frame.size);
	memcpy(l.bytes, frame.bytes, frame.size);
	l.actor = peer->bytes[0];
	l.version = l.bytes[2];
	l.command = l.bytes[3] & 0x7f;
	memcpy(l.id, l.bytes + 4, 16);
	l.status = (uint16_t)big(l.bytes + 20, 2);
	l.position = big(l.bytes + 22, 8);
	l.body = (struct value){frame.size > 30 ? l.bytes + 30 : NULL, l.bytes + frame.size};
	if (l.command == ITEMS || l.command == HEARTBEAT)
		list = &w->feeds, count = &w->feed_count, room = &w->feed_room;
	else if (submits(l.command) && l.id[6] != 0)
		list = &w->answers, count = &w->answer_count, room = &w->answer_room;
	*list = list_grow(*list, *count, room, sizeof **list);
	(*list)[(*count)++] = l;
}

void letters_drop(struct letter *list, unsigned *count)
{
	while (*count > 0)
		free(list[--*count].bytes);
}

void letters_forget(struct world *w)
{
	letters_drop(w->letters, &w->letter_count);
}

void letters_free(struct world *w)
{
	letters_drop(w->letters, &w->letter_count);
	letters_drop(w->answers, &w->answer_count);
	letters_drop(w->feeds, &w->feed_count);
	free(w->letters);
	free(w->answers);
	free(w->feeds);
	free(w->sends);
}

/* ---- turns ---- */

/* The shell's: a wall clock that jumps is doubted until somebody confirms it. */
static uint64_t take_time(struct world *w)
{
	struct clock_reading reading = {w->wall_ms, w->boot_ms};
	int64_t step_ms;

	if (w->manual)
		return engine_now(w->engine) > w->wall_ms ? engine_now(w->engine) : w->wall_ms;
	if (w->clock.doubted && !engine_clock_held(w->engine))
		clock_believe(&w->clock, reading);
	if (clock_take(&w->clock, reading, &step_ms))
		engine_clock_stepped(w->engine, reading.wall_ms, step_ms);
	return w->clock.told_ms;
}

void turn_begin(struct world *w)
{
	letters_forget(w);
	w->tally->turns++;
	w->mono_ms += 5;
	if (!life_broken(w))
		engine_begin(w->engine, take_time(w));
}

void turn_put(struct world *w, unsigned actor, const struct bytes *frame)
{
	struct peer peer = {.size = 2, .bytes = {(uint8_t)actor, 1}};
	uint8_t *copy;

	if (life_broken(w))
		return;
	/* of the very size, so that a read beyond it is seen */
	copy = malloc(frame->size ? frame->size : 1);
	memcpy(copy, frame->at, frame->size);
	w->tally->frames++;
	engine_receive(w->engine, w->m.actors[actor].key, &peer, slice_of(copy, frame->size));
	free(copy);
}

static void must_end(struct world *w, const char *why)
{
	if (w->trace && !disk_dead())
		fprintf(stderr, "   the process must end: %s\n", why);
	must(&w->m, disk_dead() || disk_struck() || w->trouble, "a commit fails on a disk that is well: %s", why);
	w->must_end = true;
	w->tally->ends += !disk_dead();
}

void turn_end(struct world *w)
{
	char why[300] = "";
	bool more = true;

	for (unsigned turns = 0; more && !life_broken(w); turns++) {
		more = engine_tick(w->engine, 0);
		if (engine_commit(w->engine, take_letter, w, why, sizeof why) != 0) {
			must_end(w, why);
			return;
		}
		engine_feed(w->engine, w->mono_ms, take_letter, w);
		if (more)
			engine_begin(w->engine, take_time(w));
		if (turns > 3000)
			wrong(&w->m, "what falls due never ends");
		if (went_wrong(&w->m))
			return;
	}
}

void turn_behind(struct world *w)
{
	char why[300] = "";

	if (life_broken(w))
		return;
	engine_tick(w->engine, 0);
	if (engine_commit_behind(w->engine, take_letter, w, why, sizeof why) != 0) {
		must_end(w, why);
		return;
	}
	w->tally->behind += engine_waits(w->engine) || engine_landed(w->engine);
	engine_feed(w->engine, w->mono_ms, take_letter, w);
}

void turn_land(struct world *w)
{
	char why[300] = "";

	if (!life_broken(w) && engine_land(w->engine, take_letter, w, why, sizeof why) != 0)
		must_end(w, why);
}

/* ---- questions ---- */

static void question_id(unsigned number, uint8_t id[static 16])
{
	memset(id, 0, 16); /* of no version, so that an answer to it is none to a submission */
	id[0] = 0xee;
	for (int i = 0; i < 4; i++)
		id[12 + i] = (uint8_t)(number >> (24 - 8 * i));
}

void question(struct world *w, uint8_t command)
{
	uint8_t id[16];

	question_id(++w->asked, id);
	put_head(&w->out, command, id);
}

unsigned ask_within(struct world *w, unsigned actor)
{
	turn_put(w, actor, &w->out);
	return w->asked;
}

const struct letter *answer_to(struct world *w, unsigned number)
{
	uint8_t id[16];

	question_id(number, id);
	if (life_broken(w) || went_wrong(&w->m))
		return NULL;
	for (unsigned i = 0; i < w->letter_count; i++)
		if (!memcmp(w->letters[i].id, id, 16))
			return &w->letters[i];
	wrong(&w->m, "a question has no answer");
	return NULL;
}

const struct letter *ask(struct world *w, unsigned actor)
{
	unsigned number;

	turn_begin(w);
	number = ask_within(w, actor);
	turn_end(w);
	return answer_to(w, number);
}

void keep_frame(struct world *w, struct sent *s)
{
	s->frame = malloc(w->out.size);
	s->frame_size = w->out.size;
	memcpy(s->frame, w->out.at, w->out.size);
}

void send_submission(struct world *w, struct sent *s)
{
	struct bytes frame = {s->frame, s->frame_size, s->frame_size};
	unsigned place = (unsigned)(s - w->m.sent);
	bool together = s->command == MARKS && w->m.actors[s->actor].is.role == CONNECTOR && one_in(&w->dice, 2);

	s->frame[2] = together ? 0x81 : 1;
	w->tally->submissions++;
	w->time_moved |= s->command == CLOCK;
	if (s->command == GRANT || s->command == REVOKE)
		w->m.actors[s->number].changing = true;
	w->tally->resent += s->sends > 0;
	s->sends++;
	if (s->state == REFUSED) { /* it may stand, now */
		s->state = SENT;
		s->settled = false;
		if (w->m.settled_to > place)
			w->m.settled_to = place;
	}
	w->sends = list_grow(w->sends, w->send_count, &w->send_room, sizeof *w->sends);
	w->sends[w->send_count++] = (struct send){place, (uint8_t)s->actor, together, false};
	turn_put(w, s->actor, &frame);
}

void world_now(struct world *w, uint64_t *now)
{
	*now = w->engine ? engine_now(w->engine) : w->wall_ms;
}

/* ---- beginning and end ---- */

void life_begin(struct world *w)
{
	struct engine_options options = {.dir = w->dir, .manual_clock = w->manual, .map_size = MAP_SIZE, .sweep_marks = 3000};
	char why[400] = "";
	uint64_t gap;
	bool moving = w->time_moved, far;

	for (unsigned i = w->sends_from; i < w->send_count; i++)
		w->tally->unanswered += !w->sends[i].answered;
	w->send_count = w->sends_from = 0;
	w->must_end = w->trouble = false;
	for (int i = 0; i < PUPILS; i++)
		w->touched[i] = true; /* what was replayed is looked at */
	w->time_moved = true;
	for (unsigned i = 0; i < SUBSCRIBERS; i++)
		w->subscribers[i].on = false;
	letters_drop(w->feeds, &w->feed_count);
	if (engine_open(&w->engine, &options, why, sizeof why) != 0) {
		must(&w->m, disk_dead() || disk_struck() || w->seen_lies, "it does not start: %s", why);
		if (w->trace)
			fprintf(stderr, "   it does not start: %s\n", why);
		return;
	}
	clock_start(&w->clock, (struct clock_reading){w->wall_ms, w->boot_ms});
	/* a start before the last event, or more than 92 days after it, is doubted */
	gap = w->wall_ms - w->m.last_at;
	far = !w->manual && w->m.began && (w->wall_ms < w->m.last_at || gap > 92 * DAY_MS);
	w->m.hold_may |= w->m.hold_due || far;
	/* where time was moving, the log may have gone on since it was read */
	w->m.hold_due = far && (!moving || w->wall_ms < w->m.last_at);
}

void life_close(struct world *w)
{
	engine_close(&w->engine);
}

/* Is the store what it says? Of one that was closed. */
static void verify(struct world *w)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	int result;

	world_plan(w, DISK_WELL, 0, 0);
	result = verify_store(w->dir, out);

	fclose(out);
	must(&w->m, result == 0, "verify: %s", text);
	free(text);
	w->tally->verified++;
}

/* A disk that lied has lost what it had promised. Then the store may be refused; or it stands as it was at some
 * time before, whole. The world is over. */
static void after_lies(struct world *w)
{
	w->tally->lies++;
	w->ended = true;
	world_plan(w, DISK_WELL, 0, 0);
	if (life_broken(w) || !log_read(w, 1) || went_wrong(&w->m))
		return;
	life_close(w);
	verify(w);
}

void life_recover(struct world *w)
{
	for (unsigned tries = 0; tries < 100 && !went_wrong(&w->m) && !w->ended; tries++) {
		/* one that must end does so at once, or closes what it can */
		if (w->must_end && !disk_dead() && one_in(&w->dice, 2))
			disk_kill(false);
		engine_close(&w->engine);
		w->tally->crashes += disk_dead() && !disk_power();
		w->tally->power += disk_dead() && disk_power();
		w->seen_lies |= disk_restart(); /* what was lost then is lost after the next start as well */
		w->tally->restarts++;
		w->tally->again += tries > 0;
		w->boot_ms += 60000;
		w->wall_ms += 60000;
		if (tries < 6 && one_in(&w->dice, 4))
			world_plan(w, one_in(&w->dice, 3) ? DISK_FAILS : one_in(&w->dice, 2) ? DISK_DIES : DISK_POWER, EIO, 1 + (unsigned)dice(&w->dice, 40));
		life_begin(w);
		if (w->engine && w->seen_lies)
			after_lies(w);
		else if (w->seen_lies && !disk_dead())
			w->ended = true, w->tally->lies++;
		if (w->ended)
			return;
		if (!life_broken(w) && (disk_struck() || one_in(&w->dice, 2)))
			world_plan(w, DISK_WELL, 0, 0);
		/* what stood there before stands there still */
		if (!life_broken(w) && log_read(w, w->m.head > TAIL ? w->m.head - TAIL : 1) && !life_broken(w))
			break;
	}
	must(&w->m, w->ended || w->engine, "it never starts again");
}

void world_last(struct world *w)
{
	world_plan(w, DISK_WELL, 0, 0);
	if (life_broken(w))
		catch_up(w);
	if (w->ended || went_wrong(&w->m))
		return;
	life_close(w);
	verify(w);
	if (went_wrong(&w->m))
		return;
	life_begin(w);
	if (!went_wrong(&w->m))
		log_read(w, 1);
}

void step_restart(struct world *w)
{
	bool look = one_in(&w->dice, 3);

	world_plan(w, DISK_WELL, 0, 0);
	if (one_in(&w->dice, 3)) { /* not even asked to stop */
		bool power = one_in(&w->dice, 2);

		disk_kill(power);
		life_recover(w);
	} else {
		life_close(w);
		if (look)
			verify(w);
		w->tally->restarts++;
		w->boot_ms += 60000;
		w->wall_ms += 60000;
		if (!went_wrong(&w->m))
			life_begin(w);
	}
}
