/* compile_braces.c - a letter's texts, and what stands in their braces.
 *
 * A brace is parsed once, here, into a part that the rules fill without looking at text again
 * (casework/letter.h). What is wrong with one is told where it stands, in a text of several lines too.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "pathways/bundle.h"
#include "pathways/compile_letters.h"
#include "pathways/nearest.h"
#include "proto/utf8.h"

#define COUNT_OF(list) (sizeof(list) / sizeof *(list))
#define SHOW(s) UTF8_HEAD(s, 60)

/* --- faults within a text ------------------------------------------------- */

/* Where the brace that follows `before` others in a scalar stands in its file: in a text folded
 * over several lines no column can be told from the text alone. */
static struct node brace_place(const struct compiler *c, uint32_t node, unsigned before, size_t offset)
{
	struct node at = *node_of(c, node);
	struct slice text = c->bundle->texts[at.file];
	unsigned line = 1, column = 1;

	for (size_t i = 0; i < text.size; i++) {
		bool within = line > at.line || (line == at.line && column >= at.column);

		if (within && text.bytes[i] == '{' && before-- == 0) {
			at.line = line;
			at.column = column + 1 + (unsigned)offset;
			break;
		}
		if (text.bytes[i] == '\n') {
			line++;
			column = 1;
		} else if ((text.bytes[i] & 0xC0) != 0x80) {
			column++;
		}
	}
	return at;
}

/* What a brace is read with. */
struct brace {
	struct compiler *c;
	struct letter_room *l;
	uint32_t node;
	unsigned before;    /* braces before it in its text */
	struct slice text;  /* between the braces */
	bool bad;
};

__attribute__((format(printf, 3, 4)))
static void brace_fault(struct brace *b, size_t offset, const char *format, ...)
{
	struct node at = brace_place(b->c, b->node, b->before, offset);
	const struct action_rule *rule = &b->l->letter.rule;
	char text[200];
	va_list arguments;

	va_start(arguments, format);
	utf8_cut(text, sizeof text, vsnprintf(text, sizeof text, format, arguments));
	va_end(arguments);
	b->bad = true;
	fault_node(b->c->report, &at, "letter %.*s%s%.*s%s: %s", SHOW(rule->name), rule->clause.size ? " (" : "", SHOW(rule->clause),
	           rule->clause.size ? ")" : "", text);
}

/* --- labels: what is missing, where it isn't known ------------------------ */

enum { LABEL_TITLE_MAX = 110 };

/* A title, or the name where there is none; of a long one the beginning, in whole characters. */
static struct slice titled(struct slice title, struct slice name)
{
	if (title.size == 0)
		title = name;
	return utf8_head(title, LABEL_TITLE_MAX);
}

/* Its bytes live until the next letter. */
__attribute__((format(printf, 2, 3)))
static struct slice label(struct brace *b, const char *format, ...)
{
	char text[3 * LABEL_TITLE_MAX];
	va_list arguments;
	uint8_t *start = b->l->labels.at;

	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	write_bytes(&b->l->labels, text, strlen(text));
	return slice_of(start, (size_t)(b->l->labels.at - start));
}

#define WHOLE(s) (int)(s).size, (const char *)(s).bytes

/* --- braces --------------------------------------------------------------- */

/* The argument at `*at`, up to a comma or the closing bracket; moves on behind it and its comma. */
static struct slice argument(const struct brace *b, size_t *at, size_t *offset)
{
	size_t start = *at, end;

	while (start < b->text.size && b->text.bytes[start] == ' ')
		start++;
	for (end = start; end < b->text.size && b->text.bytes[end] != ',' && b->text.bytes[end] != ')';)
		end++;
	*at = end + (end < b->text.size && b->text.bytes[end] == ',');
	while (end > start && b->text.bytes[end - 1] == ' ')
		end--;
	*offset = start;
	return slice_of(b->text.bytes + start, end - start);
}

static bool closed(struct brace *b, size_t at)
{
	if (at + 1 == b->text.size && b->text.bytes[at] == ')')
		return true;
	brace_fault(b, at, "the bracket is closed here, and nothing follows it: on(action), of(action, field), due(deadline), alert(kind)");
	return false;
}

static void recorded(struct brace *b, size_t at, struct letter_part *part, bool with_field)
{
	size_t offset;
	struct slice name = argument(b, &at, &offset), field = {NULL, 0};
	int index = pathway_action(b->c->p, name);
	const struct action_rule *action;
	struct nearest near = {.name = name};

	if (index < 0) {
		nearest_actions(&near, b->c->p);
		brace_fault(b, offset, "no action %.*s in this file: %s", SHOW(name), nearest_text(&near));
		return;
	}
	action = &b->c->p->actions[index];
	part->kind = PART_RECORDED;
	part->a = (uint8_t)index;
	if (with_field) {
		field = argument(b, &at, &offset);
		near = (struct nearest){.name = field};
		index = action_field(action, field);
		if (index < 0) {
			nearest_fields(&near, action);
			brace_fault(b, offset, "%.*s is not a field of %.*s: %s", SHOW(field), SHOW(name), nearest_text(&near));
			return;
		}
		part->b = (uint8_t)(index + 1);
		field = titled(action->fields[index].title, field);
	}
	if (closed(b, at))
		part->text = with_field ? label(b, "%.*s (%.*s)", WHOLE(field), WHOLE(titled(action->title, name))) :
			label(b, "the date of: %.*s", WHOLE(titled(action->title, name)));
}

static void due(struct brace *b, size_t at, struct letter_part *part)
{
	size_t offset;
	struct slice name = argument(b, &at, &offset);
	int index = pathway_deadline(b->c->p, name);

	if (index < 0) {
		struct nearest near = {.name = name};

		nearest_deadlines(&near, b->c->p);
		brace_fault(b, offset, "no deadline %.*s in this file: %s", SHOW(name), nearest_text(&near));
	} else if (closed(b, at)) {
		part->kind = PART_DUE;
		part->a = (uint8_t)index;
		part->text = label(b, "the last day of: %.*s", WHOLE(titled(b->c->p->deadlines[index].title, name)));
	}
}

static void alert(struct brace *b, size_t at, struct letter_part *part)
{
	size_t offset;
	struct slice name = argument(b, &at, &offset);
	uint8_t kind = alert_kind_parse(name);

	if (kind == 0 || pathway_watch(b->c->p, kind) < 0) {
		struct nearest near = {.name = name};

		nearest_watches(&near, b->c->p);
		brace_fault(b, offset, "no watch %.*s in this file: %s", SHOW(name), nearest_text(&near));
	} else if (closed(b, at)) {
		part->kind = PART_ALERT;
		part->a = kind;
		part->text = label(b, "what gives rise to it: no alert %.*s stands", SHOW(name));
	}
}

/* A word that is neither a field, nor a letter's, nor a figure. */
static void unknown_figure(struct brace *b)
{
	static const char *const names[] = {
#define X(name, number, text, label) text,
		LETTER_WORDS(X)
#undef X
#define X(name, number, text) text,
		FIGURES(X)
#undef X
	};
	struct nearest near = {.name = b->text};

	nearest_fields(&near, &b->l->letter.rule);
	for (size_t i = 0; i < COUNT_OF(names); i++)
		nearest_offer(&near, slice_text(names[i]));
	brace_fault(b, 0, "{%.*s} is no figure, nor a field of this letter: %s", SHOW(b->text), nearest_text(&near));
}

static void figured(struct brace *b, struct letter_part *part)
{
	struct expression_fault fault;

	if (expression_parse(b->c->p, &b->l->letter.rule, EXPRESSION_NEED, b->text, &part->value, &fault)) {
		part->kind = PART_VALUE;
		part->text = b->text;
	} else if (fault.offset == 0 && strstr(fault.text, "neither a figure") != NULL) {
		unknown_figure(b);
	} else {
		brace_fault(b, fault.offset, "%s", fault.text);
	}
}

static void word(struct brace *b, struct letter_part *part)
{
	int field;

	part->kind = PART_WORD;
	part->a = letter_word(b->text);
	part->text = slice_text(letter_word_label(part->a));
	if (part->a != WORD_LESSONS_MISSED)
		return;
	field = action_field(&b->l->letter.rule, slice_text("lessons_a_day"));
	if (field < 0 || b->l->letter.rule.fields[field].type != FIELD_NUMBER)
		brace_fault(b, 0, "{lessons_missed} needs to be told how many a day has: give the letter a field lessons_a_day of type number");
	else
		part->b = (uint8_t)(field + 1);
}

static void read_brace(struct brace *b, struct letter_part *part)
{
	const uint8_t *bracket = memchr(b->text.bytes, '(', b->text.size);
	struct slice name = slice_of(b->text.bytes, bracket != NULL ? (size_t)(bracket - b->text.bytes) : b->text.size);
	const struct action_rule *rule = &b->l->letter.rule;
	int field = bracket == NULL ? action_field(rule, name) : -1;

	part->brace = b->text;
	if (field >= 0) {
		part->kind = PART_GIVEN;
		part->a = (uint8_t)(field + 1);
		part->text = label(b, "%.*s (%.*s=)", WHOLE(titled(rule->fields[field].title, name)), SHOW(name));
	} else if (bracket == NULL && letter_word(name) != 0) {
		word(b, part);
	} else if (bracket != NULL && (slice_is(name, "on") || slice_is(name, "of"))) {
		recorded(b, name.size + 1, part, slice_is(name, "of"));
	} else if (bracket != NULL && slice_is(name, "due")) {
		due(b, name.size + 1, part);
	} else if (bracket != NULL && slice_is(name, "alert")) {
		alert(b, name.size + 1, part);
	} else {
		figured(b, part);
	}
}

/* --- texts ---------------------------------------------------------------- */

static void put_text(struct letter_room *l, struct slice text)
{
	if (text.size > 0)
		letter_part_encode(&l->cells, &(struct letter_part){.kind = PART_TEXT, .text = text});
}

struct slice read_cell(struct compiler *c, struct letter_room *l, uint32_t node, bool may_be_empty)
{
	struct slice text = {NULL, 0};
	uint8_t *start = l->cells.at;
	struct brace b = {.c = c, .l = l, .node = node};
	size_t at = 0;

	if (!may_be_empty || node_of(c, node)->kind != NODE_SCALAR || node_of(c, node)->text.size > 0)
		text = read_text(c, node);
	while (at < text.size) {
		const uint8_t *open = memchr(text.bytes + at, '{', text.size - at), *close;
		struct letter_part part = {0};

		if (open == NULL)
			break;
		put_text(l, slice_of(text.bytes + at, (size_t)(open - text.bytes) - at));
		close = memchr(open, '}', (size_t)(text.bytes + text.size - open));
		b.text = slice_of(open + 1, close != NULL ? (size_t)(close - open) - 1 : 0);
		at = close != NULL ? (size_t)(close + 1 - text.bytes) : text.size;
		b.bad = false;
		if (close == NULL)
			brace_fault(&b, 0, "a { without its }: a figure stands in braces, as {percentage}");
		else if (b.text.size == 0)
			brace_fault(&b, 0, "nothing stands in these braces: name a figure");
		else
			read_brace(&b, &part);
		if (!b.bad)
			letter_part_encode(&l->cells, &part);
		b.before++;
	}
	if (at < text.size)
		put_text(l, slice_of(text.bytes + at, text.size - at));
	return slice_of(start, (size_t)(l->cells.at - start));
}
