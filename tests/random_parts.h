/* random_parts.h - what the files of random_world.h share.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_RANDOM_PARTS_H
#define TESTS_RANDOM_PARTS_H

#include "casework/case.h"
#include "tests/random_world.h"

day_t world_today(struct world *);
const char *z85_of(enum who); /* static room */
/* Loads an open case into w->c; false: there is none of this number. */
bool world_case(struct world *, uint32_t number);

/* Asks what is offered for some pupils, and keeps what is chosen of it; puts those. */
void look_at_offers(struct world *);
void put_actions(struct world *);
/* A refusal says why: a reason, and what lacks, each with text, and its clause or its field. */
void must_be_explained(struct world *, const struct answer *);

#endif
