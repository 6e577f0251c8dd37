/* intake.h - from the socket to the engine: messages are taken off as they come, and served in turns (turns.h).
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_INTAKE_H
#define DAEMON_INTAKE_H

#include <stdbool.h>

#include "daemon/known_keys.h"
#include "daemon/router.h"
#include "daemon/turns.h"

struct intake {
	struct router *router;
	struct engine *engine;
	struct metrics *metrics;
	struct known_keys *known;
	struct turns *turns;
	struct received received;
};

void intake_open(struct intake *, struct router *, struct engine *, struct known_keys *);
void intake_close(struct intake *);

/* Serves so many at most, fewer where they are slow: questions may take long, and acknowledgements wait for the turn's
 * end. False: the socket is of no more use. */
bool intake_serve(struct intake *, unsigned most, unsigned *served);
bool intake_waits(const struct intake *); /* is there more, without asking the socket? */

#endif
