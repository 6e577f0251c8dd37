/* compile_actions.c - the actions of a file: who, what it asks for, what it needs, what it does.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "pathways/compile_parts.h"
#include "pathways/nearest.h"
#include "proto/utf8.h"

#define COUNT_OF(list) (sizeof(list) / sizeof *(list))
#define SHOW(s) UTF8_HEAD(s, 60)

enum {
	TITLE, CLAUSE, SOURCE, MAY_RECORD, MAY_OVERRIDE, PARENT, EFFECT, FIELDS, NEEDS, STARTS, MEETS, CANCELS,
	MOVES, MOVES_BACK, CHECKLIST, ACTION_WORDS
};

static const struct entry ACTION_ENTRIES[ACTION_WORDS] = {
	{"title", true, 0}, {"clause", false, 0}, {"source", false, 0}, {"may record", true, 0},
	{"may override", false, 0}, {"needs parent", false, 0}, {"effect", false, 0}, {"fields", false, 0},
	{"needs", false, 0}, {"starts", false, 0}, {"meets", false, 0}, {"cancels", false, 0},
	{"moves to", false, 0}, {"moves back", false, 0}, {"checklist", false, 0},
};

static void action_entries(struct compiler *c, uint32_t body, struct entry e[ACTION_WORDS])
{
	for (unsigned i = 0; i < ACTION_WORDS; i++)
		e[i] = ACTION_ENTRIES[i];
	/* Without its complaints: the second pass makes them. */
	for (uint32_t key = first_child(c, body); key != 0; key = next_child(c, next_child(c, key)))
		for (unsigned i = 0; i < ACTION_WORDS; i++)
			if (slice_is(node_of(c, key)->text, e[i].key))
				e[i].node = next_child(c, key);
}

/* --- fields --------------------------------------------------------------- */

static uint8_t field_type_named(struct slice text)
{
	static const struct { const char *text; uint8_t type; } names[] = {
		{"yes/no", FIELD_YES_NO}, {"text", FIELD_TEXT}, {"date", FIELD_DATE}, {"number", FIELD_NUMBER},
		{"one of", FIELD_ONE_OF}, {"money", FIELD_MONEY},
	};

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (slice_is(text, names[i].text))
			return names[i].type;
	return 0;
}

static bool compile_value(struct compiler *c, uint32_t at, struct field_rule *field)
{
	struct slice name = read_name(c, at);

	if (field->value_count == OUTCOMES_MAX) {
		fault_node(c->report, node_of(c, at), "more than %d values", OUTCOMES_MAX);
		return false;
	}
	for (unsigned i = 0; i < field->value_count; i++)
		if (name.size > 0 && slice_equal(field->values[i], name))
			fault_node(c->report, node_of(c, at), "this value stands twice: take one out");
	field->values[field->value_count++] = name;
	return true;
}

/* A list of names, or a map of names and what people call them. */
static void compile_values(struct compiler *c, uint32_t node, struct field_rule *field)
{
	if (node_of(c, node)->kind == NODE_MAP) {
		for (uint32_t key = first_child(c, node); key != 0 && compile_value(c, key, field); key = next_child(c, next_child(c, key)))
			field->value_titles[field->value_count - 1] = read_text(c, next_child(c, key));
		return;
	}
	if (!is_kind(c, node, NODE_LIST, "the values"))
		return;
	for (uint32_t at = first_child(c, node); at != 0 && compile_value(c, at, field);)
		at = next_child(c, at);
}

/* Words that the rules themselves read must be of the type that they read. */
static void check_known_field(struct compiler *c, uint32_t key, const struct field_rule *field)
{
	static const struct { const char *name; uint8_t type; const char *text; } known[] = {
		{"outcome", FIELD_ONE_OF, "one of"}, {"amount", FIELD_MONEY, "money"},
		{"received", FIELD_DATE, "date"}, {"issued", FIELD_DATE, "date"},
	};

	for (size_t i = 0; i < COUNT_OF(known); i++)
		if (slice_is(field->name, known[i].name) && field->type != known[i].type)
			fault_node(c->report, node_of(c, key), "the field %s is always of type \"%s\"", known[i].name, known[i].text);
}

static void compile_field(struct compiler *c, uint32_t key, struct field_rule *field)
{
	enum { F_TYPE, F_TITLE, F_CLAUSE, F_SOURCE, F_REQUIRED, F_VALUES };
	struct entry e[] = {{"type", true, 0}, {"title", false, 0}, {"clause", false, 0}, {"source", false, 0},
		{"required", false, 0}, {"values", false, 0}};

	field->name = read_name(c, key);
	field->type = FIELD_TEXT;
	if (!read_map(c, next_child(c, key), "a field", e, COUNT_OF(e)))
		return;
	if (e[F_TYPE].node != 0 && is_kind(c, e[F_TYPE].node, NODE_SCALAR, "the type")) {
		field->type = field_type_named(node_of(c, e[F_TYPE].node)->text);
		if (field->type == 0)
			fault_node(c->report, node_of(c, e[F_TYPE].node), "a field is of type yes/no, text, date, number, one of, or money");
	}
	field->title = read_text(c, e[F_TITLE].node);
	field->clause = read_text(c, e[F_CLAUSE].node);
	read_text(c, e[F_SOURCE].node);
	field->required = read_yes_no(c, e[F_REQUIRED].node, false);
	if (e[F_VALUES].node != 0)
		compile_values(c, e[F_VALUES].node, field);
	if ((field->type == FIELD_ONE_OF) != (field->value_count > 0) && field->type != 0)
		fault_node(c->report, node_of(c, key), "\"one of\" and a list of \"values\" go together: one is missing");
	check_known_field(c, key, field);
}

void compile_fields(struct compiler *c, uint32_t section, struct action_rule *a)
{
	if (section == 0 || !is_kind(c, section, NODE_MAP, "the fields"))
		return;
	for (uint32_t key = first_child(c, section); key != 0; key = next_child(c, next_child(c, key))) {
		if (a->field_count == FIELDS_MAX) {
			fault_node(c->report, node_of(c, key), "more than %d fields", FIELDS_MAX);
			return;
		}
		compile_field(c, key, &a->fields[a->field_count++]);
	}
}

void compile_action_names(struct compiler *c, uint32_t section)
{
	struct entry e[ACTION_WORDS];

	if (section == 0 || !is_kind(c, section, NODE_MAP, "actions"))
		return;
	for (uint32_t key = first_child(c, section); key != 0; key = next_child(c, next_child(c, key))) {
		unsigned at = c->p->action_count;

		if (at == ACTIONS_MAX) {
			fault_node(c->report, node_of(c, key), "more than %d actions", ACTIONS_MAX);
			return;
		}
		c->p->actions[at].name = read_name(c, key);
		c->action_node[at] = key;
		c->action_body[at] = next_child(c, key);
		c->p->action_count++;
		if (node_of(c, c->action_body[at])->kind != NODE_MAP)
			continue;
		action_entries(c, c->action_body[at], e);
		compile_fields(c, e[FIELDS].node, &c->p->actions[at]);
		compile_checklist_fields(c, e[CHECKLIST].node, &c->p->actions[at]);
	}
}

/* --- needs ---------------------------------------------------------------- */

static void compile_need(struct compiler *c, uint32_t at, const struct action_rule *a, struct condition *n)
{
	enum { N_THAT, N_LACK, N_UNKNOWN, N_BY, N_CLAUSE, N_SOURCE, N_BAR };
	struct entry e[] = {{"that", true, 0}, {"lack", true, 0}, {"if unknown", false, 0}, {"supplied by", false, 0},
		{"clause", false, 0}, {"source", false, 0}, {"bar", false, 0}};

	if (!read_map(c, at, "a need", e, COUNT_OF(e)))
		return;
	read_expression(c, e[N_THAT].node, a, EXPRESSION_NEED, &n->need);
	n->lacks = read_text(c, e[N_LACK].node);
	n->unknown = read_text(c, e[N_UNKNOWN].node);
	n->clause = read_text(c, e[N_CLAUSE].node);
	read_text(c, e[N_SOURCE].node);
	n->bar = read_yes_no(c, e[N_BAR].node, false);
	n->lenient = n->bar && n->unknown.size > 0;
	n->supplied_by = read_name(c, e[N_BY].node);
	if (n->supplied_by.size > 0 && pathway_action(c->p, n->supplied_by) < 0) {
		struct nearest near = {.name = n->supplied_by};

		nearest_actions(&near, c->p);
		fault_node(c->report, node_of(c, e[N_BY].node), "no action %.*s in this file: %s", SHOW(n->supplied_by), nearest_text(&near));
	}
}

void compile_needs(struct compiler *c, uint32_t list, struct action_rule *a)
{
	if (list == 0 || !is_kind(c, list, NODE_LIST, "the needs"))
		return;
	for (uint32_t at = first_child(c, list); at != 0; at = next_child(c, at)) {
		if (a->condition_count == CONDITIONS_MAX) {
			fault_node(c->report, node_of(c, at), "more than %d needs", CONDITIONS_MAX);
			return;
		}
		compile_need(c, at, a, &a->conditions[a->condition_count++]);
	}
}

/* --- effects -------------------------------------------------------------- */

/* An item is a name, or a map of one pair, the name and when: its name's node, and `*when`. */
uint32_t item_name(struct compiler *c, uint32_t item, uint32_t *when)
{
	*when = 0;
	if (node_of(c, item)->kind == NODE_SCALAR)
		return item;
	if (node_of(c, item)->kind == NODE_MAP && next_child(c, next_child(c, first_child(c, item))) == 0 &&
	    first_child(c, item) != 0) {
		*when = next_child(c, first_child(c, item));
		return first_child(c, item);
	}
	fault_node(c->report, node_of(c, item), "a name, or one \"name: when\", expected");
	return 0;
}

/* Calls back for one name, or for each item of a list of them. */
typedef void take_item(struct compiler *, struct action_rule *, uint32_t name, uint32_t when);

static void each_item(struct compiler *c, uint32_t node, struct action_rule *a, take_item *take)
{
	uint32_t name, when;

	if (node == 0)
		return;
	if (node_of(c, node)->kind != NODE_LIST) {
		name = item_name(c, node, &when);
		if (name != 0)
			take(c, a, name, when);
		return;
	}
	for (uint32_t item = first_child(c, node); item != 0; item = next_child(c, item)) {
		name = item_name(c, item, &when);
		if (name != 0)
			take(c, a, name, when);
	}
}

static void take_effect(struct compiler *c, struct action_rule *a, uint32_t name, uint32_t when,
                        struct effect list[], uint8_t *count)
{
	int deadline = read_deadline_name(c, name);

	if (*count == EFFECTS_MAX) {
		fault_node(c->report, node_of(c, name), "more than %d of these", EFFECTS_MAX);
		return;
	}
	for (unsigned i = 0; deadline >= 0 && i < *count; i++)
		if (list[i].deadline == deadline)
			fault_node(c->report, node_of(c, name), "this deadline stands twice: take one out");
	list[*count].deadline = (uint8_t)(deadline < 0 ? 0 : deadline);
	read_expression(c, when, a, EXPRESSION_EFFECT, &list[*count].when);
	(*count)++;
}

static void take_start(struct compiler *c, struct action_rule *a, uint32_t name, uint32_t when)
{
	take_effect(c, a, name, when, a->starts, &a->start_count);
}

static void take_meet(struct compiler *c, struct action_rule *a, uint32_t name, uint32_t when)
{
	take_effect(c, a, name, when, a->meets, &a->meet_count);
}

static void take_cancel(struct compiler *c, struct action_rule *a, uint32_t name, uint32_t when)
{
	take_effect(c, a, name, when, a->cancels, &a->cancel_count);
}

static void take_move(struct compiler *c, struct action_rule *a, uint32_t name, uint32_t when)
{
	struct move *move;

	if (a->move_count == MOVES_MAX) {
		fault_node(c->report, node_of(c, name), "more than %d stages", MOVES_MAX);
		return;
	}
	if (a->move_count > 0 && a->moves[a->move_count - 1].when.count == 0)
		fault_node(c->report, node_of(c, name), "never reached: the stage before it is taken in every case; say when (\"stage: expression\")");
	move = &a->moves[a->move_count++];
	move->stage = (uint8_t)read_stage(c, name);
	read_expression(c, when, a, EXPRESSION_EFFECT, &move->when);
}

/* --- the whole ------------------------------------------------------------ */

static uint8_t effect_named(struct slice text)
{
	static const struct { const char *text; uint8_t effect; } names[] = {
		{"issue notice", EFFECT_ISSUE_NOTICE}, {"withdraw notice", EFFECT_WITHDRAW_NOTICE},
		{"payment", EFFECT_PAYMENT}, {"decision", EFFECT_DECISION},
	};

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (slice_is(text, names[i].text))
			return names[i].effect;
	return EFFECT_NONE;
}

static void compile_effect(struct compiler *c, uint32_t node, struct action_rule *a)
{
	if (node == 0 || !is_kind(c, node, NODE_SCALAR, "the effect"))
		return;
	a->effect = effect_named(node_of(c, node)->text);
	if (a->effect == EFFECT_NONE)
		fault_node(c->report, node_of(c, node), "the effect is \"issue notice\", \"withdraw notice\", \"payment\" or \"decision\"");
	else if (a->effect != EFFECT_DECISION && c->p->notices.count == 0)
		fault_node(c->report, node_of(c, node), "this file has no \"penalty notices\": write that section, which says what they cost");
	if (a->effect == EFFECT_DECISION && action_field(a, slice_text("outcome")) < 0)
		fault_node(c->report, node_of(c, node), "a decision needs a field \"outcome\", of type \"one of\"");
	a->from_receipt = a->effect == EFFECT_ISSUE_NOTICE && c->p->notices.from_receipt;
}

static void compile_action(struct compiler *c, unsigned index)
{
	struct action_rule *a = &c->p->actions[index];
	struct entry e[ACTION_WORDS];

	for (unsigned i = 0; i < ACTION_WORDS; i++)
		e[i] = ACTION_ENTRIES[i];
	if (!read_map(c, c->action_body[index], "an action", e, ACTION_WORDS))
		return;
	a->title = read_text(c, e[TITLE].node);
	a->clause = read_text(c, e[CLAUSE].node);
	read_text(c, e[SOURCE].node);
	a->roles = read_roles(c, e[MAY_RECORD].node);
	if (e[MAY_RECORD].node != 0 && a->roles == 0)
		fault_node(c->report, node_of(c, e[MAY_RECORD].node), "somebody must be able to record it: school, lead, officer or manager");
	a->override_roles = read_roles(c, e[MAY_OVERRIDE].node);
	if (a->override_roles & ~a->roles)
		fault_node(c->report, node_of(c, e[MAY_OVERRIDE].node), "who may override must be one of those who may record: add the role there, or take it out here");
	a->needs_parent = read_yes_no(c, e[PARENT].node, false);
	compile_effect(c, e[EFFECT].node, a);
	compile_needs(c, e[NEEDS].node, a);
	compile_checklist_needs(c, e[CHECKLIST].node, a);
	each_item(c, e[STARTS].node, a, take_start);
	each_item(c, e[MEETS].node, a, take_meet);
	each_item(c, e[CANCELS].node, a, take_cancel);
	each_item(c, e[MOVES].node, a, take_move);
	a->stage = a->move_count ? a->moves[a->move_count - 1].stage : 0;
	a->forward_only = !read_yes_no(c, e[MOVES_BACK].node, false);
	if (e[MOVES_BACK].node != 0 && a->move_count == 0)
		fault_node(c->report, node_of(c, e[MOVES_BACK].node), "it moves nowhere: say where (\"moves to\"), or take this out");
}

void compile_actions(struct compiler *c)
{
	for (unsigned i = 0; i < c->p->action_count; i++)
		compile_action(c, i);
}
