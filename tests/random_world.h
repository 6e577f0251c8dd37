/* random_world.h - five schools, each on a council's pathway of its own, and what happens there.
 *
 * Everything is drawn: marks by each pupil's habits, what is
 * learnt of them, links, moves of school and of pathway, calendars; actions out of what
 * `actions` offers, with sensible fields or others, and some out of the blue.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_RANDOM_WORLD_H
#define TESTS_RANDOM_WORLD_H

#include "tests/engine_host.h"

enum { WORLD_PUPILS = 40, WORLD_SCHOOLS = 5, WORLD_ACTS = 16 /* of one step */ };

struct case_state;

/* One action that was chosen. */
struct chosen {
	enum who who;
	uint8_t pupil;
	bool sensible;
	char action[48];
};

struct world {
	struct host host;
	char upn[WORLD_PUPILS][UPN_SIZE + 1];
	uint8_t school[WORLD_PUPILS]; /* where each is */
	uint8_t habit[WORLD_PUPILS];  /* per cent of sessions that each is away */
	struct chosen acts[WORLD_ACTS];
	unsigned act_count;
	struct case_state *c;         /* the case that is being looked at */
	unsigned taken, refused, forbidden, faulty; /* what became of actions */
};

/* A number below `bound`, from the seed; given by whoever runs the worlds. */
uint64_t draw(uint64_t bound);

void world_begin(struct world *);
void world_end(struct world *);
void world_clock(struct world *, uint64_t to_ms);
/* A step: actions by what is offered, and whatever else happens in one commit. Every answer
 * must be a good one: done, or refused with its reasons. */
void world_step(struct world *);
/* Can somebody go on with this open case, or does it wait for a day? */
bool world_goes_on(struct world *, uint32_t case_no);
/* Goes on with it, by whoever may, until it is closed; false: it can't be brought to an end. */
bool world_bring_to_an_end(struct world *, uint32_t case_no);

#endif
