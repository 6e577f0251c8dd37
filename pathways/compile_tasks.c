/* compile_tasks.c - the recurring tasks of schools.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "pathways/compile_parts.h"

#define COUNT_OF(list) (sizeof(list) / sizeof *(list))

static uint8_t recurrence_named(struct slice text)
{
	static const char *const names[] = {"week", "fortnight", "half-term", "term", "year"};

	for (uint8_t i = 0; i < COUNT_OF(names); i++)
		if (slice_is(text, names[i]))
			return (uint8_t)(EVERY_WEEK + i);
	return 0;
}

static uint8_t month_named(struct slice text)
{
	static const char *const names[] = {"january", "february", "march", "april", "may", "june",
					    "july", "august", "september", "october", "november", "december"};

	for (uint8_t i = 0; i < COUNT_OF(names); i++)
		if (slice_is(text, names[i]))
			return (uint8_t)(1 + i);
	return 0;
}

static uint8_t read_schools(struct compiler *c, uint32_t node)
{
	uint8_t kinds = 0;

	if (node == 0 || !is_kind(c, node, NODE_LIST, "the schools"))
		return 0;
	for (uint32_t at = first_child(c, node); at != 0; at = next_child(c, at)) {
		uint8_t kind = node_of(c, at)->kind == NODE_SCALAR ? school_kind_parse(node_of(c, at)->text) : 0;

		if (kind == 0)
			fault_node(c->report, node_of(c, at), "primary or secondary expected");
		else if ((kinds >> kind) & 1)
			fault_node(c->report, node_of(c, at), "%s stands twice: take one out", school_kind_text(kind));
		else
			kinds = (uint8_t)(kinds | 1u << kind);
	}
	if (kinds == SCHOOL_KINDS_ALL || kinds == 0)
		fault_node(c->report, node_of(c, node), "a task of some schools names which; one of all schools says nothing of them: take it out");
	return kinds;
}

static void compile_task(struct compiler *c, uint32_t key, struct task_rule *t)
{
	enum { TITLE, EVERY, IN, SCHOOLS, RECORD, TELLS, CLAUSE, SOURCE };
	struct entry e[] = {
		{"title", true, 0}, {"every", true, 0}, {"in", false, 0}, {"schools", false, 0},
		{"may record", false, 0}, {"tells", false, 0}, {"clause", false, 0}, {"source", false, 0},
	};

	t->name = read_name(c, key);
	if (!read_map(c, next_child(c, key), "a task", e, COUNT_OF(e)))
		return;
	t->title = read_text(c, e[TITLE].node);
	t->clause = read_text(c, e[CLAUSE].node);
	read_text(c, e[SOURCE].node);
	t->every = e[EVERY].node != 0 ? recurrence_named(read_name(c, e[EVERY].node)) : EVERY_WEEK;
	if (t->every == 0)
		fault_node(c->report, node_of(c, e[EVERY].node), "a task recurs every week, fortnight, half-term, term or year");
	if ((e[IN].node != 0) != (t->every == EVERY_YEAR))
		fault_node(c->report, node_of(c, e[IN].node != 0 ? e[IN].node : key), "a month goes with a task of every year, and with no other: \"in: september\"");
	if (e[IN].node != 0) {
		t->month = month_named(read_name(c, e[IN].node));
		if (t->month == 0)
			fault_node(c->report, node_of(c, e[IN].node), "the name of a month expected, in small letters");
	}
	t->schools = read_schools(c, e[SCHOOLS].node);
	t->roles = e[RECORD].node != 0 ? read_roles(c, e[RECORD].node)
				       : UINT32_C(1) << ROLE_SCHOOL | UINT32_C(1) << ROLE_OFFICER | UINT32_C(1) << ROLE_MANAGER;
	t->tells = e[TELLS].node != 0 ? read_told(c, e[TELLS].node) : UINT32_C(1) << ROLE_SCHOOL;
	if (e[RECORD].node != 0 && t->roles == 0)
		fault_node(c->report, node_of(c, e[RECORD].node), "nobody may tick it off: name a role");
}

void compile_tasks(struct compiler *c, uint32_t section)
{
	if (section == 0 || !is_kind(c, section, NODE_MAP, "the tasks"))
		return;
	for (uint32_t key = first_child(c, section); key != 0; key = next_child(c, next_child(c, key))) {
		if (c->p->task_count == TASKS_MAX) {
			fault_node(c->report, node_of(c, key), "more than %d tasks", TASKS_MAX);
			return;
		}
		compile_task(c, key, &c->p->tasks[c->p->task_count++]);
	}
}
