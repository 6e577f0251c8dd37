/* compile_meetings.c - meetings that schools are offered: who is listed for them, which
 * groups' trends are looked at, what is put together of each pupil.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "casework/pupil.h"
#include "pathways/compile_parts.h"
#include "pathways/nearest.h"
#include "proto/utf8.h"

#define COUNT_OF(list) (sizeof(list) / sizeof *(list))
#define SHOW(s) UTF8_HEAD(s, 60)

enum { OFFERED_MOST = 50, POSSIBLE_MOST = 1000 };

/* ---- lists ---- */

static void compile_list(struct compiler *c, uint32_t key, struct meeting_rule *m)
{
	enum { TITLE, AT_MOST, CLAUSE, SOURCE };
	struct entry e[] = {{"title", true, 0}, {"attendance at most", true, 0}, {"clause", false, 0}, {"source", false, 0}};
	struct meeting_list list = {.name = read_name(c, key)};
	unsigned at = m->list_count;

	if (at == MEETING_LISTS_MAX) {
		fault_node(c->report, node_of(c, key), "more than %d lists", MEETING_LISTS_MAX);
		return;
	}
	if (!read_map(c, next_child(c, key), "a list", e, COUNT_OF(e)))
		return;
	list.title = read_text(c, e[TITLE].node);
	list.at_most = (uint8_t)read_number(c, e[AT_MOST].node, 1, 100);
	read_text(c, e[CLAUSE].node);
	read_text(c, e[SOURCE].node);
	for (unsigned i = 0; i < m->list_count; i++)
		if (m->lists[i].at_most == list.at_most) {
			fault_node(c->report, node_of(c, key), "\"%.*s\" has the same \"attendance at most\": one of the two would stay empty; "
			           "take one out, or change it", SHOW(m->lists[i].name));
			return;
		}
	for (; at > 0 && m->lists[at - 1].at_most > list.at_most; at--)
		m->lists[at] = m->lists[at - 1];
	m->lists[at] = list;
	m->list_count++;
}

/* ---- facts ---- */

static uint32_t read_fact(struct compiler *c, uint32_t node)
{
	struct nearest near = {.name = node_of(c, node)->text};
	uint8_t kind;

	if (!is_kind(c, node, NODE_SCALAR, "a fact"))
		return 0;
	kind = fact_parse(node_of(c, node)->text);
	if (kind != 0 && kind != FACT_SCHOOL && !fact_of_parent(kind))
		return UINT32_C(1) << kind;
	for (kind = 1; kind < FACT_SCHOOL; kind++)
		if (fact_text(kind) != NULL && !fact_of_parent(kind))
			nearest_offer(&near, slice_text(fact_text(kind)));
	fault_node(c->report, node_of(c, node), "\"%.*s\" is no fact about a pupil: %s", SHOW(near.name), nearest_text(&near));
	return 0;
}

static uint32_t read_facts(struct compiler *c, uint32_t list)
{
	uint32_t facts = 0;

	if (list != 0 && is_kind(c, list, NODE_LIST, "facts"))
		for (uint32_t item = first_child(c, list); item != 0; item = next_child(c, item))
			facts |= read_fact(c, item);
	return facts;
}

/* ---- headings ---- */

/* "contact", or "contact(reason)". */
static void read_source(struct compiler *c, uint32_t node, struct heading *h)
{
	struct slice text = node_of(c, node)->text, action = text, field = {NULL, 0};
	const uint8_t *open;
	struct nearest near;
	int index;

	if (!is_kind(c, node, NODE_SCALAR, "an action"))
		return;
	open = memchr(text.bytes, '(', text.size);
	if (open != NULL && text.bytes[text.size - 1] == ')') {
		action = slice_of(text.bytes, (size_t)(open - text.bytes));
		field = slice_of(open + 1, text.size - action.size - 2);
	}
	index = pathway_action(c->p, action);
	near = (struct nearest){.name = index < 0 ? action : field};
	if (index < 0) {
		nearest_actions(&near, c->p);
		fault_node(c->report, node_of(c, node), "no action \"%.*s\": %s (a source is an action, or action(field))", SHOW(action),
		           nearest_text(&near));
	} else if (open != NULL && action_field(&c->p->actions[index], field) < 0) {
		nearest_fields(&near, &c->p->actions[index]);
		fault_node(c->report, node_of(c, node), "the action %.*s has no field \"%.*s\": %s", SHOW(action), SHOW(field), nearest_text(&near));
	} else if (h->source_count == HEADING_SOURCES_MAX) {
		fault_node(c->report, node_of(c, node), "more than %d sources under one heading", HEADING_SOURCES_MAX);
	} else {
		h->sources[h->source_count++] = (struct heading_source){action, field};
	}
}

static void compile_heading(struct compiler *c, uint32_t key, struct meeting_rule *m)
{
	enum { TITLE, ACTIONS, FACTS, CLAUSE, SOURCE };
	struct entry e[] = {{"title", true, 0}, {"actions", false, 0}, {"facts", false, 0}, {"clause", false, 0}, {"source", false, 0}};
	struct heading *h = &m->headings[m->heading_count];

	if (m->heading_count == HEADINGS_MAX) {
		fault_node(c->report, node_of(c, key), "more than %d headings", HEADINGS_MAX);
		return;
	}
	h->name = read_name(c, key);
	if (!read_map(c, next_child(c, key), "a heading", e, COUNT_OF(e)))
		return;
	h->title = read_text(c, e[TITLE].node);
	h->facts = read_facts(c, e[FACTS].node);
	read_text(c, e[CLAUSE].node);
	read_text(c, e[SOURCE].node);
	if (e[ACTIONS].node != 0 && is_kind(c, e[ACTIONS].node, NODE_LIST, "actions"))
		for (uint32_t item = first_child(c, e[ACTIONS].node); item != 0; item = next_child(c, item))
			read_source(c, item, h);
	if (e[ACTIONS].node == 0 && e[FACTS].node == 0)
		fault_node(c->report, node_of(c, key), "nothing would ever stand under it: name \"actions\" or \"facts\"");
	m->heading_count++;
}

/* ---- the meeting ---- */

static void each(struct compiler *c, uint32_t map, const char *what, struct meeting_rule *m,
                 void compile(struct compiler *, uint32_t key, struct meeting_rule *))
{
	if (map != 0 && is_kind(c, map, NODE_MAP, what))
		for (uint32_t key = first_child(c, map); key != 0; key = next_child(c, next_child(c, key)))
			compile(c, key, m);
}

static void compile_meeting(struct compiler *c, uint32_t key, struct meeting_rule *m)
{
	enum { TITLE, CLAUSE, SOURCE, AT_LEAST, LISTS, FROM, TRENDS, PACK };
	struct entry e[] = {{"title", true, 0}, {"clause", false, 0}, {"source", false, 0}, {"at least", true, 0}, {"lists", true, 0},
		{"from possible", false, 0}, {"trends", false, 0}, {"pack", false, 0}};

	m->name = read_name(c, key);
	if (!read_map(c, next_child(c, key), "a meeting", e, COUNT_OF(e)))
		return;
	m->title = read_text(c, e[TITLE].node);
	m->clause = read_text(c, e[CLAUSE].node);
	read_text(c, e[SOURCE].node);
	m->at_least = (uint16_t)read_number(c, e[AT_LEAST].node, 1, OFFERED_MOST);
	m->from_possible = e[FROM].node ? (uint16_t)read_number(c, e[FROM].node, 1, POSSIBLE_MOST) : PUPIL_SHARE_FROM;
	m->trends = read_facts(c, e[TRENDS].node);
	each(c, e[LISTS].node, "lists", m, compile_list);
	each(c, e[PACK].node, "the pack", m, compile_heading);
	if (e[LISTS].node != 0 && m->list_count == 0)
		fault_node(c->report, node_of(c, key), "it lists nobody: give it a list, as \"persistent: {title: ..., attendance at most: 90}\"");
}

void compile_meetings(struct compiler *c, uint32_t section)
{
	if (section == 0 || !is_kind(c, section, NODE_MAP, "the meetings"))
		return;
	for (uint32_t key = first_child(c, section); key != 0; key = next_child(c, next_child(c, key))) {
		if (c->p->meeting_count == MEETINGS_MAX) {
			fault_node(c->report, node_of(c, key), "more than %d meetings", MEETINGS_MAX);
			return;
		}
		compile_meeting(c, key, &c->p->meetings[c->p->meeting_count++]);
	}
}
