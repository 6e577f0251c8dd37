/* condition.h - working out an expression of a pathway.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CASEWORK_CONDITION_H
#define CASEWORK_CONDITION_H

#include "casework/case.h"

/* The fields of an action as expressions ask for them. */
struct filled {
	uint32_t given;             /* bit per field given (yes/no: is yes) */
	uint8_t chosen[FIELDS_MAX]; /* value from 1; 0: none */
	uint16_t dates[FIELDS_MAX]; /* of a date; 0: none */
};

/* The fields in the clear that are well formed. */
void fill(struct filled *, const struct action_rule *, const struct event_action_recorded *);
struct slice event_value(const struct event_action_recorded *, const char *field); /* empty: not given */
bool pence_parse(struct slice text, uint32_t *pence); /* "80" or "80.00" */

/* What an expression is asked of. */
struct scope {
	const struct case_state *c;       /* NULL: no case yet */
	const struct case_view *view;
	const struct action_rule *action; /* NULL: at a deadline's end */
	const struct filled *filled;      /* NULL likewise */
	struct slice parent;              /* empty: none named */
	day_t on;                         /* the action's day, or the deadline's last */
	const struct case_deadline *deadline; /* at whose end it is asked; NULL: of an action */
	uint8_t role;                     /* the actor's; 0 where nobody acts */
	bool by_its_day;                  /* only what was done on `on` or before counts as done */
};

/* A figure as expressions see it; false: unknown. */
bool scope_figure(const struct scope *, enum figure, int64_t *);

/* An empty expression is always so. */
enum tristate expression_holds(const struct scope *, const struct expression *);
/* What it comes to; false: unknown. */
bool expression_value(const struct scope *, const struct expression *, int64_t *);

/* Unauthorised sessions in the 10 school weeks that end with `scope->on`'s, or with the
 * last school week before it; of an action also not after the latest register's. */
unsigned scope_window(const struct scope *);
/* The newest open deadline of the rule, of the action's parent or of none; NULL: none. */
const struct case_deadline *scope_open_deadline(const struct scope *, int rule);
/* Was one of them in force on the action's day, whenever it was recorded? */
bool scope_in_force(const struct scope *, int rule);

/* Of the same parent, where one of the two names none it is of both. */
bool parent_matches(const char *held, struct slice asked);

#endif
