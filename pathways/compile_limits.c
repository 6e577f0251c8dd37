/* compile_limits.c - what is said once and holds in many places: limits of penalty
 * notices, which bar each action that issues one, and checklists, each question of
 * which is a field and a need.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "pathways/compile_parts.h"
#include "proto/utf8.h"

#define COUNT_OF(list) (sizeof(list) / sizeof *(list))
#define SHOW(s) UTF8_HEAD(s, 60)

enum { LIMITS_MAX = 8, NOTICES_MOST = 20, TEXT_MAX = 1000 };

/* A text of the compiler's own, that lives as long as the tree. */
__attribute__((format(printf, 2, 3)))
static struct slice make_text(struct compiler *c, const char *format, ...)
{
	char text[TEXT_MAX + 1];
	va_list arguments;
	int size;
	uint8_t *at = c->doc.room + c->doc.used;

	va_start(arguments, format);
	size = vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	if (size < 0 || c->doc.used + (size_t)size > 4 * SOURCE_SIZE_MAX)
		return slice_text("it is not so");
	utf8_cut(text, sizeof text, size);
	size = (int)strlen(text);
	memcpy(at, text, (size_t)size);
	c->doc.used += (size_t)size;
	return slice_of(at, (size_t)size);
}

static void add_step(struct compiler *c, uint32_t node, struct expression *e, struct step step)
{
	if (c->p->step_count == STEPS_MAX) {
		fault_node(c->report, node_of(c, node), "the file's expressions are too long together");
		return;
	}
	if (e->count == 0)
		e->first = c->p->step_count;
	c->p->steps[c->p->step_count++] = step;
	e->count++;
}

static struct condition *add_condition(struct compiler *c, uint32_t node, struct action_rule *a)
{
	if (a->condition_count == CONDITIONS_MAX) {
		fault_node(c->report, node_of(c, node), "with this, \"%.*s\" has more than %d needs", SHOW(a->name), CONDITIONS_MAX);
		return NULL;
	}
	return &a->conditions[a->condition_count++];
}

/* ---- limits ---- */

struct limit {
	uint32_t node;
	struct slice clause, lack, supplied_by;
	unsigned notices;
	struct length within;
	bool all_children;
};

/* Near enough for telling a longer window from a shorter one. */
static unsigned days_of(struct length length)
{
	static const unsigned days[] = {
		[UNIT_DAYS] = 10, [UNIT_SCHOOL_DAYS] = 19, [UNIT_WORKING_DAYS] = 14, [UNIT_WEEKS] = 70,
		[UNIT_SCHOOL_WEEKS] = 95, [UNIT_MONTHS] = 304, [UNIT_YEARS] = 3653,
	};

	return length.count * days[length.unit];
}

static void bar_notices(struct compiler *c, const struct limit *limit)
{
	unsigned barred = 0;

	for (unsigned i = 0; i < c->p->action_count; i++) {
		struct action_rule *a = &c->p->actions[i];
		struct condition *n = a->effect == EFFECT_ISSUE_NOTICE ? add_condition(c, limit->node, a) : NULL;

		barred += a->effect == EFFECT_ISSUE_NOTICE;
		if (n == NULL)
			continue;
		*n = (struct condition){.clause = limit->clause, .lacks = limit->lack, .supplied_by = limit->supplied_by, .bar = true};
		add_step(c, limit->node, &n->need, (struct step){.kind = STEP_NOTICES, .chosen = limit->all_children,
			.value = (int32_t)(limit->within.count << 8 | limit->within.unit)});
		add_step(c, limit->node, &n->need, (struct step){.kind = STEP_NUMBER, .value = (int32_t)limit->notices});
		add_step(c, limit->node, &n->need, (struct step){.kind = STEP_LT});
	}
	if (barred == 0 && node_of(c, limit->node)->file == 0)
		fault_node(c->report, node_of(c, limit->node), "it limits nothing: no action has the effect \"issue notice\"");
}

static void compile_limit(struct compiler *c, uint32_t name, struct limit *limit)
{
	enum { CLAUSE, SOURCE, NOTICES, WITHIN, ALL, LACK, BY };
	struct entry e[] = {{"clause", false, 0}, {"source", false, 0}, {"notices", true, 0}, {"within", true, 0},
		{"over all children", false, 0}, {"lack", true, 0}, {"supplied by", false, 0}};

	limit->node = name;
	read_name(c, name);
	if (!read_map(c, next_child(c, name), "a limit", e, COUNT_OF(e)))
		return;
	limit->clause = read_text(c, e[CLAUSE].node);
	read_text(c, e[SOURCE].node);
	limit->notices = read_number(c, e[NOTICES].node, 1, NOTICES_MOST);
	limit->within = read_length(c, e[WITHIN].node, (struct length){1, UNIT_YEARS});
	if (limit->within.count == 0)
		fault_node(c->report, node_of(c, e[WITHIN].node), "a limit has a length: \"within: 3 years\"");
	limit->all_children = read_yes_no(c, e[ALL].node, false);
	limit->lack = read_text(c, e[LACK].node);
	limit->supplied_by = read_name(c, e[BY].node);
	if (limit->supplied_by.size > 0 && pathway_action(c->p, limit->supplied_by) < 0)
		fault_node(c->report, node_of(c, e[BY].node), "no action %.*s in this file", SHOW(limit->supplied_by));
	/* What a limit bars is put to people: to whoever decides, where nobody is named. */
	for (unsigned i = 0; limit->supplied_by.size == 0 && i < c->p->action_count; i++)
		if (c->p->actions[i].effect == EFFECT_DECISION)
			limit->supplied_by = c->p->actions[i].name;
}

/* Of two that count the same notices: one that allows as many in no longer a time says nothing. */
static void check_limits(struct compiler *c, const struct limit limits[], unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		for (unsigned j = 0; j < count; j++) {
			const struct limit *loose = &limits[i], *strict = &limits[j];

			if (i == j || loose->all_children != strict->all_children || loose->notices < strict->notices ||
			    loose->within.count == 0 || strict->within.count == 0 || days_of(loose->within) > days_of(strict->within) ||
			    (loose->notices == strict->notices && days_of(loose->within) == days_of(strict->within) && i < j))
				continue;
			fault_node(c->report, node_of(c, loose->node),
			           "it is looser than \"%.*s\" (%s%sline %u), which allows %u in %u %s: take it out, or make it stricter",
			           SHOW(node_of(c, strict->node)->text), c->report->files[node_of(c, strict->node)->file],
			           node_of(c, strict->node)->file ? ", " : "", node_of(c, strict->node)->line, strict->notices,
			           strict->within.count, unit_text(strict->within.unit));
		}
}

void compile_limits(struct compiler *c, uint32_t section)
{
	struct limit limits[LIMITS_MAX] = {0};
	unsigned count = 0;

	if (section == 0 || !is_kind(c, section, NODE_MAP, "the limits"))
		return;
	for (uint32_t key = first_child(c, section); key != 0; key = next_child(c, next_child(c, key))) {
		if (count == LIMITS_MAX) {
			fault_node(c->report, node_of(c, key), "more than %d limits", LIMITS_MAX);
			break;
		}
		compile_limit(c, key, &limits[count++]);
	}
	check_limits(c, limits, count);
	for (unsigned i = 0; i < count; i++)
		bar_notices(c, &limits[i]);
}

/* ---- checklists ---- */

enum { Q_ASK, Q_MUST_BE, Q_CLAUSE, Q_SOURCE, Q_WORDS };

static uint32_t question_text(const struct compiler *c, uint32_t body)
{
	return node_of(c, body)->kind == NODE_MAP ? document_find(&c->doc, body, "ask") : body;
}

void compile_checklist_fields(struct compiler *c, uint32_t section, struct action_rule *a)
{
	if (section == 0 || !is_kind(c, section, NODE_MAP, "the checklist"))
		return;
	for (uint32_t key = first_child(c, section); key != 0; key = next_child(c, next_child(c, key))) {
		struct field_rule *f = &a->fields[a->field_count];
		uint32_t text = question_text(c, next_child(c, key));

		if (a->field_count == FIELDS_MAX) {
			fault_node(c->report, node_of(c, key), "more than %d fields and questions", FIELDS_MAX);
			return;
		}
		if (action_field(a, node_of(c, key)->text) >= 0)
			fault_node(c->report, node_of(c, key), "there is a field of this name: give the question another");
		f->name = read_name(c, key);
		f->title = text != 0 && node_of(c, text)->kind == NODE_SCALAR ? node_of(c, text)->text : slice_of(NULL, 0);
		f->type = FIELD_YES_NO;
		a->field_count++;
	}
}

static void compile_question(struct compiler *c, uint32_t key, struct action_rule *a)
{
	struct entry e[] = {{"ask", true, 0}, {"must be", false, 0}, {"clause", false, 0}, {"source", false, 0}};
	struct slice name = node_of(c, key)->text, text;
	uint8_t field = (uint8_t)(action_field(a, name) + 1);
	uint32_t body = next_child(c, key);
	struct condition *n;
	bool yes = false, no = false;

	if (field == 0) /* said why already */
		return;
	if (node_of(c, body)->kind == NODE_MAP && !read_map(c, body, "a question", e, Q_WORDS))
		return;
	if (node_of(c, body)->kind == NODE_MAP && e[Q_MUST_BE].node != 0) {
		yes = read_yes_no(c, e[Q_MUST_BE].node, false);
		no = !yes;
	}
	text = read_text(c, question_text(c, body));
	n = add_condition(c, key, a);
	if (n == NULL || text.size == 0)
		return;
	*n = (struct condition){.clause = read_text(c, e[Q_CLAUSE].node), .supplied_by = a->name};
	read_text(c, e[Q_SOURCE].node);
	if (n->clause.size == 0)
		n->clause = a->clause;
	a->fields[field - 1].clause = n->clause;
	if (yes || no)
		n->lacks = make_text(c, "\"%.*s\" is to be answered %s (%.*s=%s)", (int)text.size, (const char *)text.bytes, yes ? "yes" : "no",
		                     (int)name.size, (const char *)name.bytes, yes ? "yes" : "no");
	else
		n->lacks = make_text(c, "\"%.*s\" is not answered (%.*s=yes or no)", (int)text.size, (const char *)text.bytes,
		                     (int)name.size, (const char *)name.bytes);
	add_step(c, key, &n->need, (struct step){.kind = STEP_GIVEN, .field = field, .chosen = no ? 2 : 1});
	if (yes || no)
		return;
	add_step(c, key, &n->need, (struct step){.kind = STEP_GIVEN, .field = field, .chosen = 2});
	add_step(c, key, &n->need, (struct step){.kind = STEP_OR});
}

void compile_checklist_needs(struct compiler *c, uint32_t section, struct action_rule *a)
{
	if (section != 0 && node_of(c, section)->kind == NODE_MAP)
		for (uint32_t key = first_child(c, section); key != 0; key = next_child(c, next_child(c, key)))
			compile_question(c, key, a);
}
