/* compile_values.c - the values of a pathway file: names, texts, lengths, codes.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "pathways/compile_parts.h"
#include "pathways/nearest.h"
#include "proto/utf8.h"

enum { TEXT_MAX = 1000, COUNT_MAX = 1000 };

#define SHOW(s) UTF8_HEAD(s, 60)

const struct node *node_of(const struct compiler *c, uint32_t node)
{
	return &c->doc.nodes[node];
}

uint32_t first_child(const struct compiler *c, uint32_t parent)
{
	return c->doc.nodes[parent].first;
}

uint32_t next_child(const struct compiler *c, uint32_t node)
{
	return c->doc.nodes[node].next;
}

bool is_kind(struct compiler *c, uint32_t node, uint8_t kind, const char *what)
{
	static const char *const names[] = {"", "a single value", "a list", "a map of words and values"};

	if (node_of(c, node)->kind == kind)
		return true;
	fault_node(c->report, node_of(c, node), "%s must be %s", what, names[kind]);
	return false;
}

static void unknown_word(struct compiler *c, uint32_t key, const char *what, const struct entry entries[], size_t count)
{
	struct nearest near = {.name = node_of(c, key)->text};

	for (size_t i = 0; i < count; i++)
		nearest_offer(&near, slice_text(entries[i].key));
	fault_node(c->report, node_of(c, key), "unknown word \"%.*s\" in %s: %s", SHOW(near.name), what, nearest_text(&near));
}

bool read_map(struct compiler *c, uint32_t map, const char *what, struct entry entries[], size_t count)
{
	if (!is_kind(c, map, NODE_MAP, what))
		return false;
	for (uint32_t key = first_child(c, map); key != 0; key = next_child(c, next_child(c, key))) {
		size_t i = 0;

		while (i < count && !slice_is(node_of(c, key)->text, entries[i].key))
			i++;
		if (i == count)
			unknown_word(c, key, what, entries, count);
		else
			entries[i].node = next_child(c, key);
	}
	for (size_t i = 0; i < count; i++)
		if (entries[i].required && entries[i].node == 0)
			fault_node(c->report, node_of(c, map), "\"%s\" is missing in %s", entries[i].key, what);
	return true;
}

struct slice read_name(struct compiler *c, uint32_t node)
{
	const struct node *n = node_of(c, node);
	struct slice none = {NULL, 0};

	if (node == 0 || !is_kind(c, node, NODE_SCALAR, "a name"))
		return none;
	if (n->text.size == 0 || n->text.size >= NAME_SIZE_MAX || n->text.bytes[0] < 'a' || n->text.bytes[0] > 'z') {
		fault_node(c->report, n, "a name starts with a small letter and has at most %d characters", NAME_SIZE_MAX - 1);
		return none;
	}
	for (size_t i = 0; i < n->text.size; i++) {
		uint8_t ch = n->text.bytes[i];

		if ((ch < 'a' || ch > 'z') && (ch < '0' || ch > '9') && ch != '-' && ch != '_') {
			fault_node(c->report, n, "\"%.*s\" is no name: small letters, digits, - and _ only", SHOW(n->text));
			return none;
		}
	}
	return n->text;
}

struct slice read_text(struct compiler *c, uint32_t node)
{
	const struct node *n = node_of(c, node);
	struct slice none = {NULL, 0};

	if (node == 0 || !is_kind(c, node, NODE_SCALAR, "a text"))
		return none;
	if (n->text.size == 0 || n->text.size > TEXT_MAX) {
		fault_node(c->report, n, n->text.size == 0 ? "the text is empty: write one, or take the word out" :
		           "the text is longer than 1,000 bytes: shorten it");
		return none;
	}
	return n->text;
}

struct slice read_braced(struct compiler *c, uint32_t node, bool of_watch)
{
	struct slice text = read_text(c, node);

	for (size_t i = 0; i < text.size; i++) {
		const uint8_t *close;
		struct slice name;

		if (text.bytes[i] != '{')
			continue;
		close = memchr(text.bytes + i, '}', text.size - i);
		if (close == NULL) {
			fault_node(c->report, node_of(c, node), "a { without its }: a figure stands in braces, as {last}");
			break;
		}
		name = slice_of(text.bytes + i + 1, (size_t)(close - text.bytes) - i - 1);
		if (!pathway_brace(name, of_watch))
			fault_node(c->report, node_of(c, node), "{%.*s} is not a figure that this text can have: LANGUAGE.md lists those of each text", SHOW(name));
		i = (size_t)(close - text.bytes);
	}
	return text;
}

bool read_yes_no(struct compiler *c, uint32_t node, bool fallback)
{
	struct slice text;

	if (node == 0 || !is_kind(c, node, NODE_SCALAR, "yes or no"))
		return fallback;
	text = node_of(c, node)->text;
	if (slice_is(text, "yes"))
		return true;
	if (!slice_is(text, "no"))
		fault_node(c->report, node_of(c, node), "yes or no expected, not \"%.*s\"", SHOW(text));
	return false;
}

/* Digits at the start of `text`; how many, or 0 where there are none or the number is above `most`. */
static size_t digits(struct slice text, unsigned most, unsigned *number)
{
	size_t i = 0;

	*number = 0;
	for (; i < text.size && text.bytes[i] >= '0' && text.bytes[i] <= '9'; i++) {
		*number = *number * 10 + (unsigned)(text.bytes[i] - '0');
		if (*number > most)
			return 0;
	}
	return i;
}

unsigned read_number(struct compiler *c, uint32_t node, unsigned least, unsigned most)
{
	const struct node *n = node_of(c, node);
	unsigned number;

	if (node == 0 || !is_kind(c, node, NODE_SCALAR, "a number"))
		return least;
	if (n->text.size == 0 || digits(n->text, most, &number) != n->text.size || number < least) {
		fault_node(c->report, n, "a whole number from %u to %u expected, not \"%.*s\"", least, most, SHOW(n->text));
		return least;
	}
	return number;
}

uint8_t unit_named(struct slice text, bool one)
{
	for (uint8_t unit = 1; unit_text(unit) != NULL; unit++) {
		const char *name = unit_text(unit);

		if (slice_is(text, name) || (one && slice_equal(text, slice_of(name, strlen(name) - 1))))
			return unit;
	}
	return 0;
}

struct length read_length_of(struct compiler *c, uint32_t node, struct slice text, struct length fallback)
{
	struct length length = {0, 0};
	unsigned count;
	size_t size = digits(text, COUNT_MAX, &count);

	if (size == 0 || count == 0 || size + 1 >= text.size || text.bytes[size] != ' ') {
		fault_node(c->report, node_of(c, node), "a length such as \"15 school days\" expected (1 to %d), not \"%.*s\"",
		           COUNT_MAX, SHOW(text));
		return fallback;
	}
	length.count = (uint16_t)count;
	length.unit = unit_named(slice_of(text.bytes + size + 1, text.size - size - 1), count == 1);
	if (length.unit == 0) {
		fault_node(c->report, node_of(c, node),
		           "\"%.*s\" is not in a unit known: days, school days, working days, weeks, school weeks, months, years",
		           SHOW(text));
		return fallback;
	}
	return length;
}

struct length read_length(struct compiler *c, uint32_t node, struct length fallback)
{
	if (node == 0)
		return fallback;
	if (!is_kind(c, node, NODE_SCALAR, "a length of time") || slice_is(node_of(c, node)->text, "none"))
		return (struct length){0, 0};
	return read_length_of(c, node, node_of(c, node)->text, fallback);
}

uint64_t read_codes(struct compiler *c, uint32_t node)
{
	uint64_t set = 0;

	if (node == 0)
		return 0;
	if (node_of(c, node)->kind == NODE_SCALAR) {
		struct slice text = node_of(c, node)->text;

		if (slice_is(text, "unauthorised"))
			return CODES_UNAUTHORISED;
		if (slice_is(text, "authorised"))
			return CODES_AUTHORISED;
		if (slice_is(text, "absent"))
			return CODES_ABSENT;
		fault_node(c->report, node_of(c, node), "a list of register codes, or unauthorised, authorised or absent, expected");
		return 0;
	}
	if (!is_kind(c, node, NODE_LIST, "the register codes"))
		return 0;
	for (uint32_t at = first_child(c, node); at != 0; at = next_child(c, at)) {
		uint8_t code = node_of(c, at)->kind == NODE_SCALAR ? code_parse(node_of(c, at)->text) : CODE_NONE;

		if (code == CODE_NONE)
			fault_node(c->report, node_of(c, at), "\"%.*s\" is not a register code (a capital letter, perhaps with a digit, or / \\ #)", SHOW(node_of(c, at)->text));
		else if (code_in(set, code))
			fault_node(c->report, node_of(c, at), "code %s stands twice: take one out", code_text(code));
		else
			set |= CODE_BIT(code);
	}
	if (set == 0)
		fault_node(c->report, node_of(c, node), "no register code is named: list some, or take the word out");
	return set;
}

uint32_t read_roles(struct compiler *c, uint32_t node)
{
	uint32_t roles = 0;

	if (node == 0 || !is_kind(c, node, NODE_LIST, "the roles"))
		return 0;
	for (uint32_t at = first_child(c, node); at != 0; at = next_child(c, at)) {
		struct slice text = node_of(c, at)->text;
		uint8_t role = text.size > 0 ? role_parse(text) : 0;

		if (role != ROLE_SCHOOL && role != ROLE_LEAD && role != ROLE_OFFICER && role != ROLE_MANAGER)
			fault_node(c->report, node_of(c, at), "school, lead, officer or manager expected");
		else if ((roles >> role) & 1)
			fault_node(c->report, node_of(c, at), "%s stands twice: take one out", role_text(role));
		else
			roles |= UINT32_C(1) << role;
	}
	return roles;
}

void read_expression(struct compiler *c, uint32_t node, const struct action_rule *action,
                     enum expression_place place, struct expression *out)
{
	const struct node *n = node_of(c, node);
	struct expression_fault fault;

	if (node == 0 || !is_kind(c, node, NODE_SCALAR, "an expression"))
		return;
	if (expression_parse(c->p, action, place, n->text, out, &fault))
		return;
	fault_at(c->report, n->line, n->column + (n->inset == 255 ? 0 : n->inset + (unsigned)fault.offset),
	         "in the expression: %s", fault.text);
}

unsigned read_stage(struct compiler *c, uint32_t node)
{
	struct slice name = read_name(c, node);
	int stage;

	if (name.size == 0)
		return 0;
	stage = pathway_stage(c->p, name);
	if (stage < 0) {
		struct nearest near = {.name = name};

		nearest_stages(&near, c->p);
		fault_node(c->report, node_of(c, node), "no stage %.*s in this file: %s", SHOW(name), nearest_text(&near));
	}
	return (unsigned)(stage + 1);
}

int read_deadline_name(struct compiler *c, uint32_t node)
{
	struct slice name = read_name(c, node);
	int deadline;

	if (name.size == 0)
		return -1;
	deadline = pathway_deadline(c->p, name);
	if (deadline < 0) {
		struct nearest near = {.name = name};

		nearest_deadlines(&near, c->p);
		fault_node(c->report, node_of(c, node), "no deadline %.*s in this file: %s", SHOW(name), nearest_text(&near));
	}
	return deadline;
}
