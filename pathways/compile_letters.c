/* compile_letters.c - the letters of a file: who may make them, what they need, their blocks.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "pathways/compile_letters.h"
#include "pathways/nearest.h"
#include "proto/utf8.h"

#define COUNT_OF(list) (sizeof(list) / sizeof *(list))
#define SHOW(s) UTF8_HEAD(s, 60)

/* --- blocks --------------------------------------------------------------- */

static void add_block(struct compiler *c, struct letter_room *l, uint32_t node, const struct letter_block *block)
{
	if (l->blocks++ == LETTER_BLOCKS_MAX)
		fault_node(c->report, node_of(c, node), "more than %d paragraphs, items and rows in one letter", LETTER_BLOCKS_MAX);
	letter_block_encode(&l->body, block);
	l->cells.at = l->cells.start;
}

static void read_cells(struct compiler *c, struct letter_room *l, uint32_t list, struct letter_block *block)
{
	if (!is_kind(c, list, NODE_LIST, "a row"))
		return;
	for (uint32_t at = first_child(c, list); at != 0; at = next_child(c, at)) {
		if (block->cell_count == LETTER_CELLS_MAX) {
			fault_node(c->report, node_of(c, at), "more than %d columns", LETTER_CELLS_MAX);
			return;
		}
		block->cells[block->cell_count++] = read_cell(c, l, at, true);
	}
}

static uint8_t read_each(struct compiler *c, uint32_t node)
{
	struct slice name;
	struct nearest near = {0};
	int action;

	if (node == 0)
		return EACH_ONCE;
	name = read_name(c, node);
	if (slice_is(name, "parent"))
		return EACH_PARENT;
	action = pathway_action(c->p, name);
	if (action >= 0)
		return (uint8_t)(EACH_ACTION + action);
	near.name = name;
	nearest_actions(&near, c->p);
	if (name.size > 0)
		fault_node(c->report, node_of(c, node), "neither \"parent\" nor an action of this file: %s", nearest_text(&near));
	return EACH_ONCE;
}

enum { B_HEADING, B_TEXT, B_LIST, B_TABLE, B_COLUMNS, B_WHEN };

/* An item or a row; or a map of it and for what it stands each time. */
static void read_member(struct compiler *c, struct letter_room *l, uint32_t node, const struct letter_block *head)
{
	struct entry e[] = {{head->kind == BLOCK_LIST ? "item" : "row", true, node}, {"for each", false, 0}};
	struct letter_block member = {.kind = (uint8_t)(head->kind + 1)};

	if (node_of(c, node)->kind == NODE_MAP) {
		e[0].node = 0;
		if (!read_map(c, node, head->kind == BLOCK_LIST ? "an item" : "a row", e, COUNT_OF(e)) || e[0].node == 0)
			return;
		member.each = read_each(c, e[1].node);
	}
	if (head->kind == BLOCK_LIST)
		member.cells[member.cell_count++] = read_cell(c, l, e[0].node, false);
	else
		read_cells(c, l, e[0].node, &member);
	if (head->cell_count > 0 && member.cell_count != head->cell_count)
		fault_node(c->report, node_of(c, node), "this row has %u cells, and the table %u columns", member.cell_count, head->cell_count);
	else if (member.cell_count == 0)
		fault_node(c->report, node_of(c, node), "the row is empty: write its cells, or take it out");
	add_block(c, l, node, &member);
}

static void read_members(struct compiler *c, struct letter_room *l, const struct entry *e, struct letter_block *head)
{
	uint32_t members = e[B_LIST].node != 0 ? e[B_LIST].node : e[B_TABLE].node;

	head->kind = e[B_LIST].node != 0 ? BLOCK_LIST : BLOCK_TABLE;
	if (e[B_COLUMNS].node != 0)
		read_cells(c, l, e[B_COLUMNS].node, head);
	add_block(c, l, members, head);
	if (!is_kind(c, members, NODE_LIST, e[B_LIST].node != 0 ? "a list" : "a table"))
		return;
	for (uint32_t at = first_child(c, members); at != 0; at = next_child(c, at))
		read_member(c, l, at, head);
	if (first_child(c, members) == 0)
		fault_node(c->report, node_of(c, members), "it is empty: write what it holds, or take it out");
}

static void read_block(struct compiler *c, struct letter_room *l, uint32_t node)
{
	struct entry e[] = {{"heading", false, 0}, {"text", false, 0}, {"list", false, 0}, {"table", false, 0}, {"columns", false, 0},
		{"when", false, 0}};
	struct letter_block block = {0};
	unsigned kinds = 0;

	if (node_of(c, node)->kind == NODE_SCALAR) {
		block = (struct letter_block){.kind = BLOCK_TEXT, .cell_count = 1, .cells = {read_cell(c, l, node, false)}};
		add_block(c, l, node, &block);
		return;
	}
	if (!read_map(c, node, "a letter's body", e, COUNT_OF(e)))
		return;
	for (unsigned i = B_HEADING; i <= B_TABLE; i++)
		kinds += e[i].node != 0;
	if (kinds != 1 || (e[B_COLUMNS].node != 0 && e[B_TABLE].node == 0)) {
		fault_node(c->report, node_of(c, node), "one of \"heading\", \"text\", \"list\" and \"table\" stands here; \"columns\" goes with a table");
		return;
	}
	read_expression(c, e[B_WHEN].node, &l->letter.rule, EXPRESSION_NEED, &block.when);
	if (e[B_WHEN].node != 0)
		block.words = node_of(c, e[B_WHEN].node)->text;
	if (e[B_LIST].node != 0 || e[B_TABLE].node != 0) {
		read_members(c, l, e, &block);
		return;
	}
	block.kind = e[B_HEADING].node != 0 ? BLOCK_HEADING : BLOCK_TEXT;
	block.cell_count = 1;
	block.cells[0] = read_cell(c, l, e[block.kind == BLOCK_HEADING ? B_HEADING : B_TEXT].node, false);
	add_block(c, l, node, &block);
}

/* --- letters -------------------------------------------------------------- */

/* A field under the name of a word or figure would stand in its way. */
static void check_field_names(struct compiler *c, struct letter_room *l, uint32_t section)
{
	static const char *const figures[] = {
#define X(name, number, text) text,
		FIGURES(X)
#undef X
	};

	for (uint32_t key = section != 0 ? first_child(c, section) : 0; key != 0; key = next_child(c, next_child(c, key))) {
		struct slice name = node_of(c, key)->text;
		bool taken = letter_word(name) != 0;

		for (size_t i = 0; i < COUNT_OF(figures); i++)
			taken = taken || slice_is(name, figures[i]);
		if (taken)
			fault_node(c->report, node_of(c, key), "letter %.*s: {%.*s} is a figure that the case gives: take the field out, or name it otherwise",
			           SHOW(l->letter.rule.name), SHOW(name));
	}
}

static void read_letter(struct compiler *c, struct letter_room *l, uint32_t key)
{
	enum { L_TITLE, L_CLAUSE, L_SOURCE, L_MAKE, L_PARENT, L_FIELDS, L_NEEDS, L_BODY };
	struct entry e[] = {{"title", true, 0}, {"clause", false, 0}, {"source", false, 0}, {"may make", false, 0},
		{"per parent", false, 0}, {"fields", false, 0}, {"needs", false, 0}, {"body", true, 0}};
	struct action_rule *rule = &l->letter.rule;

	memset(&l->letter, 0, sizeof l->letter);
	l->body.at = l->body.start;
	l->blocks = 0;
	rule->name = read_name(c, key);
	if (!read_map(c, next_child(c, key), "a letter", e, COUNT_OF(e)))
		return;
	rule->title = read_text(c, e[L_TITLE].node);
	rule->clause = read_text(c, e[L_CLAUSE].node);
	l->letter.source = read_text(c, e[L_SOURCE].node);
	rule->roles = e[L_MAKE].node != 0 ? read_roles(c, e[L_MAKE].node) : (1u << ROLE_OFFICER | 1u << ROLE_MANAGER);
	rule->needs_parent = read_yes_no(c, e[L_PARENT].node, false);
	compile_fields(c, e[L_FIELDS].node, rule);
	check_field_names(c, l, e[L_FIELDS].node);
	compile_needs(c, e[L_NEEDS].node, rule);
	if (e[L_BODY].node == 0 || !is_kind(c, e[L_BODY].node, NODE_LIST, "the body"))
		return;
	for (uint32_t at = first_child(c, e[L_BODY].node); at != 0; at = next_child(c, at))
		read_block(c, l, at);
	if (first_child(c, e[L_BODY].node) == 0)
		fault_node(c->report, node_of(c, e[L_BODY].node), "the body is empty: write the letter, or take it out");
	l->letter.blocks = writer_slice(&l->body);
}

void compile_letters(struct compiler *c, uint32_t section)
{
	struct letter_room *l;

	if (section == 0 || !is_kind(c, section, NODE_MAP, "letters"))
		return;
	c->letters = l = calloc(1, sizeof *l);
	if (l == NULL) {
		fault_node(c->report, node_of(c, section), "out of memory");
		return;
	}
	l->all = writer_of(l->letters, LETTERS_ROOM);
	l->body = writer_of(l->of_blocks, LETTERS_ROOM);
	l->cells = writer_of(l->of_cells, LETTERS_ROOM);
	l->labels = writer_of(l->of_labels, LETTERS_ROOM);
	for (uint32_t key = first_child(c, section); key != 0; key = next_child(c, next_child(c, key)))
		l->count++;
	if (l->count > LETTERS_MAX) {
		fault_node(c->report, node_of(c, section), "more than %d letters", LETTERS_MAX);
		return;
	}
	write_u8(&l->all, (uint8_t)l->count);
	for (uint32_t key = first_child(c, section); key != 0; key = next_child(c, next_child(c, key))) {
		struct writer one = writer_of(l->one, LETTERS_ROOM);

		read_letter(c, l, key);
		letter_encode(&one, &l->letter);
		write_blob(&l->all, writer_slice(&one));
		l->labels.at = l->labels.start;
		if (one.full || l->body.full || l->cells.full || l->labels.full || l->all.full) {
			fault_node(c->report, node_of(c, key), "the letters are longer than %d KiB: shorten them", LETTERS_ROOM / 1024);
			return;
		}
	}
	c->p->letters = writer_slice(&l->all);
}
