/* nearest.h - what an unknown name was probably meant to be.
 *
 *   struct nearest near = {.name = name};
 *   nearest_offer(&near, ...);              each that there is
 *   nearest_text(&near)                     is "wait" meant? | there is start, on, closed | there is none
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef PATHWAYS_NEAREST_H
#define PATHWAYS_NEAREST_H

#include "casework/pathway.h"

struct nearest {
	struct slice name;  /* asked for */
	struct slice best;  /* of those offered; empty: none is near */
	unsigned apart;
	size_t size;
	char list[100];     /* of the first of them */
	char text[140];
};

void nearest_offer(struct nearest *, struct slice candidate);
const char *nearest_text(struct nearest *);

/* Of a whole kind. */
void nearest_stages(struct nearest *, const struct pathway *);
void nearest_actions(struct nearest *, const struct pathway *);
void nearest_deadlines(struct nearest *, const struct pathway *);
void nearest_watches(struct nearest *, const struct pathway *);
void nearest_fields(struct nearest *, const struct action_rule *);
void nearest_values(struct nearest *, const struct field_rule *);

#endif
