/* pathway_letters.c - the letters of a pathway file: what compiles, what is told of those that don't, and that
 * bytes which no compiler wrote are refused.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "casework/letter.h"
#include "pathways/compile.h"
#include "tests/proto_random.h"

static uint8_t room[PATHWAY_SIZE_MAX];
static struct compile_report report;

#define HEAD "pathway: p\ntitle: T\nsource: S\nstages: {open: Open, shut: Shut}\nfirst stage: open\nclosed stage: shut\n" \
	"deadlines:\n  answer:\n    title: Answer\n    task: 5 days\n" \
	"actions:\n" \
	"  ask:\n    title: Asking\n    may record: [officer]\n    starts: answer\n    meets: answer\n" \
	"    fields:\n      why: {type: text, title: Why}\n      day: {type: date}\n" \
	"  end:\n    title: End\n    may record: [officer]\n    moves to: shut\n" \
	"letters:\n  one:\n    title: One\n    clause: XX-01\n"
enum { BODY_LINE = 28 }; /* the first line behind HEAD */
#define FIELDS "    fields:\n      when: {type: text, title: When}\n      lessons_a_day: {type: number}\n"

static bool compile(const char *text, struct pathway *p)
{
	struct writer out = writer_of(room, sizeof room);

	return pathway_compile(slice_text(text), &out, &report) && pathway_decode(p, writer_slice(&out));
}

static struct pathway *good(const char *text)
{
	struct pathway *p = calloc(1, sizeof *p);

	assert_non_null(p);
	if (!compile(text, p))
		fail_msg("%u:%u: %s", report.faults[0].line, report.faults[0].column, report.faults[0].text);
	return p;
}

static void a_letter_is_blocks_of_cells_of_parts(void **state)
{
	static const struct { uint8_t kind, cells, each; bool when; } wanted[] = {
		{BLOCK_HEADING, 1, EACH_ONCE, false}, {BLOCK_TEXT, 1, EACH_ONCE, true}, {BLOCK_LIST, 0, EACH_ONCE, true},
		{BLOCK_ITEM, 1, EACH_ONCE, false}, {BLOCK_ITEM, 1, EACH_ACTION, false}, {BLOCK_TABLE, 2, EACH_ONCE, false},
		{BLOCK_ROW, 2, EACH_PARENT, false}, {BLOCK_TEXT, 1, EACH_ONCE, false},
	};
	struct pathway *p = good(HEAD FIELDS "    per parent: yes\n    may make: [school]\n    body:\n"
	                         "      - heading: Re {name}\n      - text: It is {when}.\n        when: given(when)\n"
	                         "      - list: [first, {item: \"{of(ask, why)}\", for each: ask}]\n        when: done(ask) >= 1\n"
	                         "      - columns: [Who, Signature]\n        table:\n          - {row: [\"{parent_name}\", \"\"], for each: parent}\n"
	                         "      - \"{due(answer)} {percentage} {unauthorised_in_weeks(8)} {on(ask)}{lessons_missed} {persistent}\"\n");
	struct letter letter;
	struct letter_block block;
	struct letter_part part;
	struct reader in, cell;
	size_t i = 0;

	(void)state;
	assert_true(letter_find(p, slice_text("one"), &letter));
	assert_false(letter_find(p, slice_text("two"), &letter));
	assert_true(letter_at(p, 0, &letter));
	assert_true(letter.rule.needs_parent);
	assert_int_equal(letter.rule.roles, 1u << ROLE_SCHOOL);
	in = reader_of(letter.blocks);
	for (; letter_block(&in, &block); i++) {
		assert_true(i < sizeof wanted / sizeof wanted[0]);
		assert_int_equal(block.kind, wanted[i].kind);
		assert_int_equal(block.cell_count, wanted[i].cells);
		assert_int_equal(block.each, wanted[i].each);
		assert_int_equal(block.when.count > 0, wanted[i].when);
		if (i != 7)
			continue;
		cell = reader_of(block.cells[0]);
		assert_true(letter_part(&cell, &part) && part.kind == PART_DUE && part.a == 0);
		assert_true(letter_part(&cell, &part) && part.kind == PART_TEXT && slice_is(part.text, " "));
		assert_true(letter_part(&cell, &part) && part.kind == PART_WORD && part.a == WORD_PERCENTAGE);
		assert_true(letter_part(&cell, &part) && letter_part(&cell, &part) && part.kind == PART_VALUE && part.value.count == 1);
		assert_true(letter_part(&cell, &part) && letter_part(&cell, &part) && part.kind == PART_RECORDED && part.b == 0);
		assert_true(letter_part(&cell, &part) && part.kind == PART_WORD && part.b == 2);
	}
	assert_int_equal(i, sizeof wanted / sizeof wanted[0]);
	free(p);
}

/* A log of before there were letters. */
static void a_pathway_of_the_form_before_has_none(void **state)
{
	struct pathway *p = good(HEAD "    body: [x]\n");
	static uint8_t bytes[PATHWAY_SIZE_MAX];
	struct writer out = writer_of(bytes, sizeof bytes);
	struct letter letter;

	(void)state;
	p->letters = slice_of(NULL, 0);
	pathway_encode(&out, p);
	assert_int_equal(bytes[0], 6);
	bytes[0] = 4;
	assert_false(pathway_decode(p, writer_slice(&out)));
	assert_true(pathway_decode(p, slice_of(bytes, writer_size(&out) - 1)));
	assert_false(letter_at(p, 0, &letter));
	assert_int_equal(p->action_count, 2);
	free(p);
}

struct row {
	const char *letter;
	unsigned line, column; /* of the file; line from the first behind HEAD, 0 */
	const char *says;
};

static void what_is_wrong_is_told_where_it_stands(void **state)
{
	static const struct row rows[] = {
		/* the issue's own: a figure that doesn't exist, with what would mend it */
		{"    body: [\"at {percentge} %\"]\n", 0, 17, "letter one (XX-01): {percentge} is no figure, nor a field of this letter: is \"percentage\" meant?"},
		{"    body:\n      - >-\n        a first line, and {name} is fine;\n        in the next {nmae} is not\n", 3, 22, "is \"name\" meant?"},
		{"    body:\n      - text: |\n          \xC2\xA3 and {soon}\n", 2, 18, "{soon} is no figure"},
		{FIELDS "    body: [\"{whem}\"]\n", 3, 14, "is \"when\" meant?"},
		{"    body: [\"{on(aks)}\"]\n", 0, 17, "no action aks in this file: there is ask, end"},
		{"    body: [\"{of(ask, wy)}\"]\n", 0, 22, "wy is not a field of ask"},
		{"    body: [\"{of(ask)}\"]\n", 0, 20, "is not a field of ask"},
		{"    body: [\"{on(ask) or so}\"]\n", 0, 20, "the bracket is closed here"},
		{"    body: [\"{due(anser)}\"]\n", 0, 18, "no deadline anser in this file: is \"answer\" meant?"},
		{"    body: [\"{alert(threshold)}\"]\n", 0, 20, "no watch threshold in this file"},
		{"    body: [\"{alert(threshold)}\"]\nwatches:\n  thresold:\n    clause: XX-01\n", 0, 20, "no watch threshold in this file"},
		{"    body: [\"{done(aks)}\"]\n", 0, 19, "no action aks"},
		{"    body: [\"{lessons_missed}\"]\n", 0, 14, "give the letter a field lessons_a_day"},
		{"    body: [\"to {name\"]\n", 0, 17, "a { without its }"},
		{"    body: [\"{}\"]\n", 0, 14, "nothing stands in these braces"},
		{"    fields:\n      percentage: {type: text}\n    body: [x]\n", 1, 7, "{percentage} is a figure that the case gives"},
		{"    body: [{text: x, when: runing(answer)}]\n", 0, 28, "neither a figure"},
		{"    body: [{text: x, list: [y]}]\n", 0, 12, "one of \"heading\", \"text\", \"list\" and \"table\" stands here"},
		{"    body: [{text: x, columns: [y]}]\n", 0, 12, "\"columns\" goes with a table"},
		{"    body: [{table: [[a, b], [c]], columns: [A, B]}]\n", 0, 29, "this row has 1 cells, and the table 2 columns"},
		{"    body: [{table: [{row: [a], for each: aks}]}]\n", 0, 42, "neither \"parent\" nor an action of this file"},
		{"    body: [{list: [{row: a}]}]\n", 0, 20, "\"item\" is missing in an item"},
		{"    body: [{list: []}]\n", 0, 19, "it is empty"},
		{"    body: []\n", 0, 11, "the body is empty"},
		{"    body: [\"\"]\n", 0, 12, "the text is empty"},
		{"    may make: [headteacher]\n    body: [x]\n", 0, 16, "school, lead, officer or manager expected"},
		{"    needs:\n      - that: done(aks) >= 1\n        lack: x\n    body: [x]\n", 1, 20, "no action aks"},
	};
	struct pathway *p = calloc(1, sizeof *p);

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char text[4096];
		const struct compile_fault *fault = &report.faults[0];

		snprintf(text, sizeof text, "%s%s", HEAD, rows[i].letter);
		assert_false(compile(text, p));
		if (fault->line != BODY_LINE + rows[i].line || fault->column != rows[i].column || !strstr(fault->text, rows[i].says))
			fail_msg("row %zu: %u:%u: %s", i, fault->line - BODY_LINE, fault->column, fault->text);
	}
	free(p);
}

/* What a log might hold by damage: never read outside, never taken for a letter that it isn't. */
static void bytes_that_no_compiler_wrote_are_refused_or_safe(void **state)
{
	struct pathway *p = good(HEAD FIELDS "    body:\n      - \"{when} {percentage}\"\n      - {table: [[a, \"{on(ask)}\"]], columns: [A, B]}\n");
	struct pathway *other = calloc(1, sizeof *other);
	static uint8_t before[PATHWAY_SIZE_MAX], spoilt[PATHWAY_SIZE_MAX];
	struct writer out = writer_of(before, sizeof before);
	size_t letters;

	(void)state;
	random_start();
	pathway_encode(&out, p);
	letters = writer_size(&out) - p->letters.size;
	for (unsigned round = 0; round < 4000; round++) {
		struct letter letter;
		size_t at = letters + random_below(p->letters.size);

		memcpy(spoilt, before, writer_size(&out));
		spoilt[at] ^= (uint8_t)(1u << random_below(8));
		if (pathway_decode(other, slice_of(spoilt, writer_size(&out))))
			letter_at(other, 0, &letter);
	}
	assert_false(pathway_decode(other, slice_of(before, writer_size(&out) - 1)));
	free(other);
	free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_letter_is_blocks_of_cells_of_parts),
		cmocka_unit_test(what_is_wrong_is_told_where_it_stands),
		cmocka_unit_test(a_pathway_of_the_form_before_has_none),
		cmocka_unit_test(bytes_that_no_compiler_wrote_are_refused_or_safe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
