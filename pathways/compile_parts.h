/* compile_parts.h - the compiler's inside: reading values of the tree, and the
 * sections of a file.
 *
 * Every reader says what is wrong where it stands and goes on with a value that
 * does no harm, so that one run finds all there is to mend.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef PATHWAYS_COMPILE_PARTS_H
#define PATHWAYS_COMPILE_PARTS_H

#include "pathways/document.h"
#include "pathways/expression.h"

struct bundle;
struct letter_room;

struct compiler {
	struct compile_report *report;
	const struct bundle *bundle;
	struct document doc;
	struct pathway *p;
	/* by index in the pathway: the node of the name, and of what stands under it */
	uint32_t stage_node[STAGES_MAX];
	uint32_t deadline_node[DEADLINES_MAX], deadline_body[DEADLINES_MAX];
	uint32_t action_node[ACTIONS_MAX], action_body[ACTIONS_MAX];
	uint32_t first_stage, closed_stage; /* nodes */
	struct letter_room *letters; /* what the pathway's letters point into; freed with it */
};

/* --- values (compile_values.c); node 0: absent, gives the empty value --------- */

const struct node *node_of(const struct compiler *, uint32_t);

/* The words that a map may have. Fills `node` of each that is there; says which
 * are unknown (and what was probably meant) and which that must be there aren't. */
struct entry {
	const char *key;
	bool required;
	uint32_t node;
};
bool read_map(struct compiler *, uint32_t map, const char *what, struct entry entries[], size_t count);

/* For going through children: `uint32_t at = first_child(...)`, 0 ends it. */
uint32_t first_child(const struct compiler *, uint32_t parent);
uint32_t next_child(const struct compiler *, uint32_t node);
bool is_kind(struct compiler *, uint32_t node, uint8_t kind, const char *what); /* says so where not */

struct slice read_name(struct compiler *, uint32_t node);      /* lower case letters, digits, - and _ */
struct slice read_text(struct compiler *, uint32_t node);      /* not empty, at most 1,000 bytes */
struct slice read_braced(struct compiler *, uint32_t node, bool of_watch); /* text whose braces are known */
bool read_yes_no(struct compiler *, uint32_t node, bool fallback);
unsigned read_number(struct compiler *, uint32_t node, unsigned least, unsigned most);
uint32_t item_name(struct compiler *, uint32_t item, uint32_t *when); /* of "name" or "name: when"; 0: said what is wrong */
uint8_t unit_named(struct slice text, bool one); /* "days", or "day" of one; 0: no unit */
struct length read_length_of(struct compiler *, uint32_t node, struct slice text, struct length fallback); /* that part of its text */
struct length read_length(struct compiler *, uint32_t node, struct length fallback); /* "15 school days"; "none" */
uint64_t read_codes(struct compiler *, uint32_t node);         /* [G, N, O, U] or unauthorised, authorised, absent */
uint32_t read_roles(struct compiler *, uint32_t node);
void read_expression(struct compiler *, uint32_t node, const struct action_rule *, enum expression_place,
                     struct expression *);
unsigned read_stage(struct compiler *, uint32_t node);         /* 1-based; 0: none such */
int read_deadline_name(struct compiler *, uint32_t node);      /* index; -1: none such */

/* --- sections ------------------------------------------------------------- */

void compile_deadline_names(struct compiler *, uint32_t section);
void compile_deadlines(struct compiler *);
void compile_action_names(struct compiler *, uint32_t section); /* and their fields */
void compile_actions(struct compiler *);
void compile_fields(struct compiler *, uint32_t section, struct action_rule *);
void compile_needs(struct compiler *, uint32_t list, struct action_rule *);
void compile_letters(struct compiler *, uint32_t section); /* compile_letters.c: after the actions */
void compile_watches(struct compiler *, uint32_t section); /* after the names, which an "unless" may ask for */
void compile_notices(struct compiler *, uint32_t section);
void compile_meetings(struct compiler *, uint32_t section); /* after the actions */
void compile_tasks(struct compiler *, uint32_t section); /* compile_tasks.c */
/* compile_limits.c: after the actions; of a checklist, its fields with the others, its needs after them. */
void compile_limits(struct compiler *, uint32_t section);
void compile_checklist_fields(struct compiler *, uint32_t section, struct action_rule *);
void compile_checklist_needs(struct compiler *, uint32_t section, struct action_rule *);

/* When a deadline counts from, what starts it, what its end brings, who is told (compile_timing.c). */
struct timing_nodes {
	uint32_t length, idle_while, started_by, met_if, tells, escalates_to, at_end;
};
void compile_timing(struct compiler *, unsigned deadline, const struct timing_nodes *);
uint32_t read_told(struct compiler *, uint32_t node); /* one role, or a list of them */
void check_timing(struct compiler *); /* of the whole file */

/* What no single rule shows: stages never reached, deadlines never started,
 * outcomes that no action offers (compile_whole.c). */
void compile_whole(struct compiler *);

#endif
