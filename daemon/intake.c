/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/intake.h"

#include <time.h>

#include "daemon/connections.h"
#include "daemon/journal.h"

enum {
	TAKEN_AT_ONCE = 4096, /* off the socket */
	SERVED_US = 5000,     /* then it is for the caller to see what else there is */
	HELD_OFF_S = 10,      /* at first; each time within an hour twice as long, */
	HELD_OFF_DOUBLINGS = 6,
};

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

void intake_open(struct intake *in, struct router *router, struct engine *engine, struct known_keys *known)
{
	*in = (struct intake){ .router = router, .engine = engine, .metrics = engine_metrics(engine), .known = known,
	                       .turns = turns_open() };
	received_open(&in->received);
}

void intake_close(struct intake *in)
{
	if (!in->turns)
		return;
	received_close(&in->received);
	turns_close(&in->turns);
}

static void put_off(struct intake *in)
{
	in->metrics->shell[SHELL_PUT_OFF]++;
	engine_receive_later(in->engine, &in->received.peer, in->received.frame);
}

static void hold_off(struct intake *in, uint64_t us)
{
	unsigned times = turns_times_held_off(in->turns, in->received.key, us);
	unsigned seconds = (unsigned)HELD_OFF_S << (times > HELD_OFF_DOUBLINGS ? HELD_OFF_DOUBLINGS : times ? times - 1 : 0);

	put_off(in);
	in->metrics->shell[SHELL_HELD_OFF]++;
	known_keys_hold_off(in->known, in->received.key, us / 1000 + seconds * 1000);
	turns_drop(in->turns, in->received.key);
	journal(JOURNAL_KEY_HELD_OFF, "grant=%llu seconds=%u connections=%u",
	        (unsigned long long)engine_grant_of(in->engine, in->received.key), seconds,
	        router_cut(in->router, in->received.key));
}

static bool take_off_socket(struct intake *in)
{
	uint64_t us = now_us();

	for (unsigned i = 0; i < TAKEN_AT_ONCE; i++) {
		switch (router_receive(in->router, &in->received)) {
		case ROUTER_NOTHING:
			return true;
		case ROUTER_FAILED:
			return false;
		case ROUTER_DROPPED:
			in->metrics->shell[SHELL_DROPPED]++;
			continue;
		case ROUTER_FRAME:
			break;
		case ROUTER_MALFORMED:
			in->metrics->shell[SHELL_MALFORMED]++;
			in->received.malformed = true;
			break;
		}
		switch (turns_put(in->turns, &in->received, us)) {
		case TURNS_WAITS:
			break;
		case TURNS_PUT_OFF:
			put_off(in);
			break;
		case TURNS_HOLD_OFF:
			hold_off(in, us);
			break;
		}
	}
	return true;
}

/* A question whose asker has gone while it waited. What was submitted is taken all the same: it was given out of hand. */
static bool asked_by_nobody(const struct received *received)
{
	return received->serial && !connections_is(received->fd, received->serial) &&
	       received->frame.size >= REQUEST_HEAD_SIZE && received->frame.bytes[3] == COMMAND_QUERY;
}

bool intake_serve(struct intake *in, unsigned most, unsigned *served)
{
	uint64_t began = now_us(), us = began;

	if (!take_off_socket(in))
		return false;
	for (unsigned requests = *served = 0; *served < most && us - began < SERVED_US; *served += requests) {
		struct received *received = turns_next(in->turns, us);
		if (!received)
			break;
		requests = 1;
		if (asked_by_nobody(received)) {
			in->metrics->shell[SHELL_UNSENT]++;
		} else if (received->malformed) {
			engine_receive_malformed(in->engine, &received->peer, received->frames);
		} else {
			in->metrics->shell[SHELL_FRAMES]++;
			requests = engine_receive(in->engine, received->key, &received->peer, received->frame);
		}
		uint64_t then = us;
		us = now_us();
		turns_done(in->turns, us - then);
	}
	return true;
}

bool intake_waits(const struct intake *in)
{
	return turns_waiting(in->turns) > 0;
}
