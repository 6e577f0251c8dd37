/* compile_timing.c - when a deadline counts from, what starts it, what its end brings,
 * and whom its alerts are for.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "pathways/compile_parts.h"
#include "pathways/nearest.h"
#include "proto/utf8.h"

#define SHOW(s) UTF8_HEAD(s, 60)

/* --- lengths -------------------------------------------------------------- */

/* Where `word` stands in the text, with a space on either side; its size where it doesn't. */
static size_t find_word(struct slice text, const char *word)
{
	size_t size = strlen(word);

	for (size_t at = 1; at + size + 1 < text.size; at++)
		if (memcmp(text.bytes + at, word, size) == 0 && text.bytes[at - 1] == ' ' && text.bytes[at + size] == ' ')
			return at;
	return text.size;
}

static bool some_date_field(const struct pathway *p, struct slice name)
{
	for (unsigned i = 0; i < p->action_count; i++) {
		int field = action_field(&p->actions[i], name);

		if (field >= 0 && p->actions[i].fields[field].type == FIELD_DATE)
			return true;
	}
	return false;
}

/* What the length counts from: `name` is an action or a date field. */
static void read_anchor(struct compiler *c, uint32_t node, struct deadline_rule *d, uint8_t anchor, struct slice name)
{
	int action = pathway_action(c->p, name);
	bool field = some_date_field(c->p, name);

	if (anchor == ANCHOR_AFTER_DATE && action >= 0 && field) {
		fault_node(c->report, node_of(c, node), "%.*s is an action and a field of one: rename one of them", SHOW(name));
	} else if (anchor == ANCHOR_AFTER_DATE && action >= 0) {
		d->anchor = ANCHOR_DONE;
		d->anchor_action = (uint8_t)action;
	} else if (field) {
		d->anchor = anchor;
		d->anchor_field = name;
	} else {
		fault_node(c->report, node_of(c, node), "%.*s is no field of type date in this file%s", SHOW(name),
		           anchor == ANCHOR_AFTER_DATE ? ", and no action" : "");
	}
}

/* "6 weeks", "6 weeks after warning", "5 days before meeting_date", "on meeting_date". */
static void read_span(struct compiler *c, uint32_t node, struct deadline_rule *d)
{
	static const struct { const char *word; uint8_t anchor; } words[] = {
		{"after", ANCHOR_AFTER_DATE}, {"before", ANCHOR_BEFORE_DATE},
	};
	struct slice text;

	d->length = (struct length){1, UNIT_DAYS};
	if (node == 0 || !is_kind(c, node, NODE_SCALAR, "a length of time"))
		return;
	text = node_of(c, node)->text;
	if (text.size > 3 && memcmp(text.bytes, "on ", 3) == 0) {
		d->length = (struct length){0, 0};
		read_anchor(c, node, d, ANCHOR_ON_DATE, slice_of(text.bytes + 3, text.size - 3));
		return;
	}
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		size_t at = find_word(text, words[i].word), behind = at + strlen(words[i].word) + 1;

		if (at == text.size)
			continue;
		read_anchor(c, node, d, words[i].anchor, slice_of(text.bytes + behind, text.size - behind));
		text.size = at - 1;
	}
	if (slice_is(text, "none"))
		fault_node(c->report, node_of(c, node), "a deadline needs a length, as \"15 school days\"");
	else
		d->length = read_length_of(c, node, text, d->length);
}

/* --- roles ---------------------------------------------------------------- */

uint32_t read_told(struct compiler *c, uint32_t node)
{
	uint8_t role;

	if (node == 0 || node_of(c, node)->kind != NODE_SCALAR)
		return read_roles(c, node);
	role = role_parse(node_of(c, node)->text);
	if (role != ROLE_SCHOOL && role != ROLE_LEAD && role != ROLE_OFFICER && role != ROLE_MANAGER) {
		fault_node(c->report, node_of(c, node), "school, lead, officer or manager expected, or a list of them");
		return 0;
	}
	return UINT32_C(1) << role;
}

static void compile_escalation(struct compiler *c, uint32_t node, struct deadline_rule *d)
{
	if (node == 0) {
		/* A decision that is not taken is a manager's business, unless the file says otherwise. */
		d->escalates_to = d->decides && d->overdue.count > 0 ? UINT32_C(1) << ROLE_MANAGER : 0;
		return;
	}
	if (node_of(c, node)->kind == NODE_SCALAR && slice_is(node_of(c, node)->text, "none"))
		return;
	d->escalates_to = read_told(c, node);
	if (d->period && !d->decides)
		fault_node(c->report, node_of(c, node), "a period without questions is never overdue: there is nothing to escalate");
	else if (d->overdue.count == 0)
		fault_node(c->report, node_of(c, node), "it escalates when it is overdue, and it never is: say when (\"overdue\")");
}

/* --- what starts it, and what its end brings ------------------------------ */

static void compile_started_by(struct compiler *c, uint32_t list, struct deadline_rule *d)
{
	if (list == 0 || !is_kind(c, list, NODE_LIST, "the alerts"))
		return;
	for (uint32_t at = first_child(c, list); at != 0; at = next_child(c, at)) {
		uint8_t kind = alert_kind_parse(node_of(c, at)->text);

		if (kind == 0 || pathway_watch(c->p, kind) < 0) {
			struct nearest near = {.name = node_of(c, at)->text};

			nearest_watches(&near, c->p);
			fault_node(c->report, node_of(c, at), "no watch of this file raises an alert %.*s: %s", SHOW(near.name), nearest_text(&near));
		} else {
			d->started_by |= UINT32_C(1) << kind;
		}
	}
	if (d->per_parent)
		fault_node(c->report, node_of(c, list), "an alert names no parent: it can't start what is \"per parent\": take one of the two out");
}

static void take_end(struct compiler *c, uint32_t item, struct effect list[], uint8_t *count)
{
	uint32_t when, name = item_name(c, item, &when);
	int deadline = name != 0 ? read_deadline_name(c, name) : -1;

	if (deadline < 0)
		return;
	if (*count == ENDS_MAX) {
		fault_node(c->report, node_of(c, item), "more than %d of these", ENDS_MAX);
		return;
	}
	for (unsigned i = 0; i < *count; i++)
		if (list[i].deadline == deadline)
			fault_node(c->report, node_of(c, item), "this deadline stands twice: take one out");
	list[*count].deadline = (uint8_t)deadline;
	read_expression(c, when, NULL, EXPRESSION_QUESTION, &list[*count].when);
	(*count)++;
}

static void take_ends(struct compiler *c, uint32_t node, struct effect list[], uint8_t *count)
{
	if (node == 0)
		return;
	if (node_of(c, node)->kind != NODE_LIST) {
		take_end(c, node, list, count);
		return;
	}
	for (uint32_t item = first_child(c, node); item != 0; item = next_child(c, item))
		take_end(c, item, list, count);
}

static void compile_end(struct compiler *c, uint32_t map, struct deadline_rule *d)
{
	enum { MOVES, STARTS, CANCELS };
	struct entry e[] = {{"moves to", false, 0}, {"starts", false, 0}, {"cancels", false, 0}};

	if (map == 0 || !read_map(c, map, "at end", e, sizeof e / sizeof *e))
		return;
	if (e[MOVES].node != 0) {
		d->stage_at_end = (uint8_t)read_stage(c, e[MOVES].node);
		if (!d->period)
			fault_node(c->report, node_of(c, e[MOVES].node), "only a period's end moves a case; a task is done or missed: take it out, or make this a \"period\"");
		else if (d->stage_at_end != 0 && d->stage_at_end == c->p->closed_stage)
			fault_node(c->report, node_of(c, e[MOVES].node), "time closes no case: put a question whose outcome does");
	}
	take_ends(c, e[STARTS].node, d->end_starts, &d->end_start_count);
	take_ends(c, e[CANCELS].node, d->end_cancels, &d->end_cancel_count);
}

void compile_timing(struct compiler *c, unsigned index, const struct timing_nodes *n)
{
	struct deadline_rule *d = &c->p->deadlines[index];

	read_span(c, n->length, d);
	if (d->idle && d->anchor != ANCHOR_START)
		fault_node(c->report, node_of(c, n->length), "\"idle\" counts from the latest action, whatever that is");
	if (d->idle && d->per_parent)
		fault_node(c->report, node_of(c, n->length), "\"idle\" is of the whole case: take \"per parent\" out");
	if (!d->idle && n->idle_while != 0)
		fault_node(c->report, node_of(c, n->idle_while), "\"while\" belongs to \"idle\" alone: take it out");
	if (d->period && n->met_if != 0)
		fault_node(c->report, node_of(c, n->met_if), "only a task or a reminder is met: take it out");
	read_expression(c, n->idle_while, NULL, EXPRESSION_QUESTION, &d->idle_while);
	read_expression(c, n->met_if, NULL, EXPRESSION_QUESTION, &d->met_if);
	compile_started_by(c, n->started_by, d);
	d->tells = read_told(c, n->tells);
	compile_escalation(c, n->escalates_to, d);
	compile_end(c, n->at_end, d);
}

/* --- the whole ------------------------------------------------------------ */

/* Each action that starts a deadline which hangs on a date must be able to give it. */
static void check_dates(struct compiler *c, unsigned index)
{
	const struct pathway *p = c->p;
	const struct deadline_rule *d = &p->deadlines[index];
	const struct node *at = node_of(c, c->deadline_node[index]);

	for (unsigned i = 0; i < p->action_count; i++) {
		const struct action_rule *a = &p->actions[i];
		int field = action_field(a, d->anchor_field);

		for (unsigned j = 0; j < a->start_count; j++)
			if (a->starts[j].deadline == index && (field < 0 || a->fields[field].type != FIELD_DATE))
				fault_node(c->report, at, "%.*s hangs on %.*s, which is no date field of %.*s that starts it",
				           SHOW(d->name), SHOW(d->anchor_field), SHOW(a->name));
	}
	for (unsigned i = 0; i < p->deadline_count; i++)
		for (unsigned j = 0; j < p->deadlines[i].end_start_count; j++)
			if (p->deadlines[i].end_starts[j].deadline == index)
				fault_node(c->report, at, "%.*s hangs on a date, and the end of %.*s, which starts it, has none",
				           SHOW(d->name), SHOW(p->deadlines[i].name));
	if (d->started_by != 0)
		fault_node(c->report, at, "%.*s hangs on a date, and the alert that starts it has none", SHOW(d->name));
}

static void check_idle(struct compiler *c, unsigned index)
{
	for (unsigned i = 0; i < c->p->action_count; i++)
		for (unsigned j = 0; j < c->p->actions[i].start_count; j++)
			if (c->p->actions[i].starts[j].deadline == index)
				fault_node(c->report, node_of(c, c->action_node[i]),
				           "every action starts %.*s, which is \"idle\": take it out of \"starts\"",
				           SHOW(c->p->deadlines[index].name));
}

void check_timing(struct compiler *c)
{
	for (unsigned i = 0; i < c->p->deadline_count; i++) {
		if (c->p->deadlines[i].anchor >= ANCHOR_AFTER_DATE)
			check_dates(c, i);
		if (c->p->deadlines[i].idle)
			check_idle(c, i);
	}
}
