/* draw_rules.h - what the boxes of a pathway's picture say.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_DRAW_RULES_H
#define CLIENT_DRAW_RULES_H

#include "client/draw_card.h"
#include "client/draw_plan.h"

/* A line of a box that takes the case to another stage: where it stands, from the box's top. */
struct way {
	int y;
	uint8_t stage;
};

/* `ways` has room for MOVES_MAX; gives how many there are. `home`: the stage it is drawn in, no way. */
unsigned rules_action(struct card *, int width, const struct pathway *, unsigned action, uint8_t home, struct way ways[]);
/* `when`: of what starts it; `by`: the action whose fields that asks for, or NULL. `*way`.stage 0: none. */
void rules_deadline(struct card *, int width, const struct pathway *, unsigned deadline, struct expression when,
                    const struct action_rule *by, struct way *way);
/* Of a deadline that is drawn elsewhere and starts here too. */
void rules_again(struct card *, int width, const struct pathway *, unsigned deadline, struct expression when,
                 const struct action_rule *by);
/* Stands where an action would, for a deadline that none starts. `ending`: from 1, whose end starts it; 0: none. */
void rules_cause(struct card *, int width, const struct pathway *, unsigned deadline, unsigned ending);
void rules_watch(struct card *, int width, const struct watch_rule *);

#endif
