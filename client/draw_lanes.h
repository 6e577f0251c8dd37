/* draw_lanes.h - the lines in the margins of a pathway's picture, from a box to a stage.
 *
 * All lines of one side to one stage share a lane; short ones lie inside, and
 * lanes that never stand side by side share their place.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_DRAW_LANES_H
#define CLIENT_DRAW_LANES_H

#include <stdint.h>
#include <stdio.h>

#include "casework/pathway.h"

enum lane_side { LANE_LEFT, LANE_RIGHT, LANE_SIDES };
enum { LINES_MAX = ACTIONS_MAX * MOVES_MAX + DEADLINES_MAX };

struct line {
	enum lane_side side;
	int x, y; /* of the box's edge */
	uint8_t stage;
};

struct lanes {
	struct line lines[LINES_MAX];
	unsigned count;
	int place[LANE_SIDES][STAGES_MAX + 1]; /* of a stage's lane, from 1 at the band's side; 0: none */
	int places[LANE_SIDES];                /* how many side by side */
};

void lanes_add(struct lanes *, enum lane_side, int x, int y, uint8_t stage);
/* `heads`: by stage, the height at which its lines arrive. */
void lanes_settle(struct lanes *, const int heads[STAGES_MAX + 1]);
int lanes_width(const struct lanes *, enum lane_side);
/* `left` and `right`: the bands' sides. */
void lanes_put(FILE *, const struct lanes *, const int heads[STAGES_MAX + 1], int left, int right);

#endif
