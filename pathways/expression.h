/* expression.h - the small language of conditions, parsed.
 *
 *   expression = term { "or" term }
 *   term       = factor { "and" factor }
 *   factor     = "not" factor | value [ ( "<" | "<=" | "=" | "!=" | ">=" | ">" ) value ]
 *   value      = number | figure | call | "(" expression ")"
 *   call       = ( "done" | "done_for_parent" | "done_for_each_parent" | "days_since" ) "(" action [ "," field [ "=" word ] ] ")"
 *              | "latest" "(" action "," field [ "=" word ] ")"
 *              | "given" "(" field [ "=" word ] ")"
 *              | "reached" "(" stage ")"
 *              | ( "running" | "in_force" | "days_into" | "unauthorised_at_end" ) "(" deadline ")"
 *              | "days_until" "(" field ")"
 *              | "within" "(" ( deadline "," length | field "," length [ "," deadline ] ) ")"
 *
 * A value that isn't compared is so where it isn't 0.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef PATHWAYS_EXPRESSION_H
#define PATHWAYS_EXPRESSION_H

#include "casework/pathway.h"

/* Where it stands: what it may ask for. */
enum expression_place {
	EXPRESSION_NEED,     /* a need of an action */
	EXPRESSION_EFFECT,   /* what an action starts, meets, cancels, moves: no free text, which is sealed */
	EXPRESSION_QUESTION, /* at a deadline's end: no fields given */
	EXPRESSION_WATCH,    /* when a day ends: no deadline either */
};

struct expression_fault {
	size_t offset;   /* into the text */
	char text[240];
};

/* Appends its steps to the pathway. `action`: whose fields given() means; NULL for a question. */
bool expression_parse(struct pathway *, const struct action_rule *action, enum expression_place,
                      struct slice text, struct expression *, struct expression_fault *);

#endif
