/* compile_reach.h - what can come about at all under a pathway.
 *
 * Worked out as if every mark, field and date might be anything: from the first
 * stage, what may be recorded there, what that starts and where it leads, until
 * nothing more is found. What is not found then can't happen, whatever people do.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef PATHWAYS_COMPILE_REACH_H
#define PATHWAYS_COMPILE_REACH_H

#include "casework/pathway.h"

struct reach {
	uint64_t stages;    /* bit by number, from 1: a case may come to it */
	uint64_t closable;  /* likewise: from it a case may come to the closed stage */
	uint64_t actions;   /* bit by index: may be recorded */
	uint64_t deadlines; /* bit by index: may start */
	uint64_t onward[STAGES_MAX + 1]; /* by stage: those that it may be left for */
};

void reach_find(struct reach *, const struct pathway *);

/* A need of the action's that is in the way at every stage, and that nobody may override; NULL: none is alone. */
const struct condition *reach_hindrance(const struct reach *, const struct pathway *, const struct action_rule *);

#endif
