/* pathway_compile.c - a file that is right compiles to the same bytes each time;
 * one that is wrong is refused with line, column and what would mend it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "proto/utf8.h"
#include "tests/play.h"

/* The smallest file that says something of everything; `@` marks where rows change it. */
static const char *const BASE[] = {
	/* 1 */ "pathway: small",
	/* 2 */ "title: Small",
	/* 3 */ "source: none",
	/* 4 */ "stages: {start: Start, on: On, closed: Closed}",
	/* 5 */ "first stage: start",
	/* 6 */ "closed stage: closed",
	/* 7 */ "deadlines:",
	/* 8 */ "  wait:",
	/* 9 */ "    period: 3 school days",
	/* 10 */ "    breach: [G, O]",
	/* 11 */ "    questions:",
	/* 12 */ "      - {ask: \"What now, after {last}?\", outcomes: [go, stop]}",
	/* 13 */ "actions:",
	/* 14 */ "  begin:",
	/* 15 */ "    title: Begin",
	/* 16 */ "    may record: [school, officer]",
	/* 17 */ "    starts: wait",
	/* 18 */ "    moves to: on",
	/* 19 */ "    needs:",
	/* 20 */ "      - {that: unauthorised >= 2, lack: too few}",
	/* 21 */ "  decision:",
	/* 22 */ "    title: Decide",
	/* 23 */ "    may record: [officer]",
	/* 24 */ "    effect: decision",
	/* 25 */ "    fields:",
	/* 26 */ "      outcome: {type: one of, values: [go, stop]}",
	/* 27 */ "    moves to:",
	/* 28 */ "      - closed: given(outcome=stop)",
};

enum { BASE_LINES = sizeof BASE / sizeof *BASE };

static struct compile_report report;
static uint8_t room[PATHWAY_SIZE_MAX + 1024];

/* The base with one line put in another's place ("\0" keeps it; "" takes it out). */
static bool compile_with(unsigned line, const char *text, struct writer *out)
{
	static char source[128 * 1024];
	size_t size = 0;

	source[0] = 0;
	for (unsigned i = 0; i < BASE_LINES; i++) {
		const char *use = i + 1 == line ? text : BASE[i];

		size += (size_t)snprintf(source + size, sizeof source - size, "%s\n", use);
	}
	*out = writer_of(room, sizeof room);
	return pathway_compile(slice_of(source, size), out, &report);
}

static bool compile_text(const char *text, size_t size)
{
	struct writer out = writer_of(room, sizeof room);

	return pathway_compile(slice_of(text, size), &out, &report);
}

static void the_base_compiles(void **state)
{
	struct writer out;

	(void)state;
	assert_true(compile_with(0, "", &out));
	assert_int_equal(report.count, 0);
}

static void faults_name_line_column_and_remedy(void **state)
{
	static const struct { unsigned line; const char *text; unsigned at_line, column; const char *says; } rows[] = {
		{1, "pathwy: small", 1, 1, "is \"pathway\" meant?"},
		{1, "pathway: Small", 1, 10, "starts with a small letter"},
		{2, "title: [a]", 2, 8, "a text must be a single value"},
		{4, "stages: {start: Start, on: On, closed: Closed, start: Again}", 4, 48, "stands twice: first on line 4"},
		{4, "stages: {start: Start, on: On, closed: Closed, lost: Lost}", 4, 48, "no way leads to the stage lost"},
		{4, "stages: [start, on, closed]", 4, 9, "must be a map"},
		{5, "first stage: begin", 5, 14, "no stage begin in this file: there is start, on, closed"},
		{6, "closed stage: start", 6, 15, "can't begin closed"},
		{6, "", 1, 1, "\"closed stage\" is missing"},
		{9, "    period: 3 fortnights", 9, 13, "not in a unit known"},
		{9, "    period: three days", 9, 13, "a length such as"},
		{9, "    period: 0 days", 9, 13, "a length such as"},
		{9, "    period: none", 9, 13, "needs a length"},
		{9, "    task: 3 days", 10, 13, "only a period watches"},
		{9, "    task: 3 days\n    period: 3 days", 8, 3, "a \"task\", a \"reminder\", a \"period\" or \"idle\""},
		{10, "    breach: [G, QQ]", 10, 17, "\"QQ\" is not a register code"},
		{10, "    breach: [G, G]", 10, 17, "code G stands twice"},
		{10, "    breach: G", 10, 13, "a list of register codes"},
		{12, "      - {ask: \"Now {when}?\", outcomes: [go]}", 12, 15, "{when} is not a figure"},
		{12, "      - {ask: \"Now {last?\", outcomes: [go]}", 12, 15, "a { without its }"},
		{12, "      - {ask: Now, outcomes: [go, nowhere]}", 12, 35, "the outcome nowhere leads nowhere"},
		{12, "      - {ask: Now, outcomes: [go, go]}", 12, 35, "stands twice"},
		{12, "      - {when: persistent, ask: Now, outcomes: [go]}", 12, 16, "the last question must stand without"},
		{12, "      - {when: given(outcome), ask: Now, outcomes: [go]}", 12, 22, "there is none here"},
		{15, "    titel: Begin", 15, 5, "is \"title\" meant?"},
		{16, "    may record: [school, pupil]", 16, 26, "school, lead, officer or manager expected"},
		{16, "    may record: []", 16, 17, "somebody must be able"},
		{17, "    starts: wiat", 17, 13, "no deadline wiat in this file: is \"wait\" meant?"},
		{17, "    starts: [wait, wait]", 17, 20, "this deadline stands twice"},
		{17, "", 8, 3, "nothing starts the deadline wait"},
		{18, "    moves to: onn", 18, 15, "no stage onn in this file: is \"on\" meant?"},
		{18, "    moves to: [on, closed]", 18, 20, "never reached"},
		{20, "      - {that: unauthorised >= , lack: too few}", 20, 31, "something is missing at the end"},
		{20, "      - {that: unauthorized >= 2, lack: too few}", 20, 16, "unauthorized is neither a figure"},
		{20, "      - {that: done(bgin) > 0, lack: too few}", 20, 21, "no action bgin in this file: is \"begin\" meant?"},
		{20, "      - {that: unauthorised >= 2}", 20, 9, "\"lack\" is missing"},
		{20, "      - {that: persistent, lack: too few, supplied by: nobody}", 20, 56, "no action nobody in this file: there is begin, decision"},
		{20, "      - {that: persistent, lack: too few, bar: maybe}", 20, 48, "yes or no expected"},
		{24, "    effect: fine", 24, 13, "the effect is"},
		{24, "    effect: payment", 24, 13, "has no \"penalty notices\""},
		{26, "      outcome: {type: text}", 26, 7, "always of type \"one of\""},
		{26, "      outcome: {type: one of}", 26, 7, "go together"},
		{26, "      other: {type: one of, values: [go, stop]}", 24, 13, "a decision needs a field \"outcome\""},
		{28, "      - closed: given(outcome=halt)", 28, 31, "halt is not a value of outcome: there is go, stop"},
		{28, "      - closed: compulsory_school_age", 28, 17, "which is sealed"},
		{28, "      - closed: &a given(outcome=stop)", 28, 17, "anchors"},
		{28, "      - closed: *a", 28, 17, "aliases"},
		{28, "      - closed: !!str given(outcome=stop)", 28, 17, "tags"},
		{28, "\t- closed: given(outcome=stop)", 28, 1, "a tab"},
		{28, "---\na: b", 28, 1, "second document"},
		{28, "      - [[[[[[[[[closed]]]]]]]]]", 28, 13, "nested too deeply"},
		{28, "      - closed: \"given(outcome=stop)", 29, 1, "not YAML"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct writer out;
		bool good = compile_with(rows[i].line, rows[i].text, &out), found = false;

		if (good)
			fail_msg("row %zu compiles: %s", i, rows[i].text);
		assert_int_equal(writer_size(&out), 0);
		for (unsigned j = 0; j < report.count; j++)
			found = found || (report.faults[j].line == rows[i].at_line && report.faults[j].column == rows[i].column &&
			                  strstr(report.faults[j].text, rows[i].says) != NULL);
		if (!found)
			fail_msg("row %zu (%s): %u:%u: %s", i, rows[i].text, report.faults[0].line,
			         report.faults[0].column, report.faults[0].text);
	}
}

/* Whatever word of a file is put in other letters, and is long: what is told of it is cut between two of them. */
static void faults_are_told_in_whole_characters(void **state)
{
	static char line[400], word[200];
	unsigned faults = 0;

	(void)state;
	for (unsigned i = 1; i <= BASE_LINES; i++)
		for (const char *at = BASE[i - 1], *end; *at; at = end) {
			end = at + 1;
			if (*at < 'a' || *at > 'z')
				continue;
			while ((*end >= 'a' && *end <= 'z') || *end == '_')
				end++;
			for (unsigned shift = 0; shift < 2; shift++) {
				struct writer out;

				snprintf(word, sizeof word, "%.*s", (int)shift, "x");
				for (unsigned k = 0; k < 45; k++)
					strcat(word, k % 2 ? "\xc3\xa4" : "\xe2\x82\xac");
				snprintf(line, sizeof line, "%.*s%s%s", (int)(at - BASE[i - 1]), BASE[i - 1], word, end);
				compile_with(i, line, &out);
				for (unsigned j = 0; j < report.count; j++)
					if (!utf8_ok(slice_text(report.faults[j].text)))
						fail_msg("%u: %s", i, report.faults[j].text);
				faults += report.count;
			}
		}
	assert_true(faults > 100);
}

static void faults_come_in_the_order_of_the_file(void **state)
{
	struct writer out;

	(void)state;
	assert_false(compile_with(9, "    period: 3 moons\n    breach text: \"{x}\"\n    colour: red", &out));
	assert_int_equal(report.count, 3);
	assert_int_equal(report.faults[0].line, 9);
	assert_int_equal(report.faults[1].line, 10);
	assert_int_equal(report.faults[2].line, 11);
}

/* What people call an answer; a log of before there was a place for it has none. */
static void answers_have_titles(void **state)
{
	static const char TITLED[] = "      outcome: {type: one of, values: {go: \"Go on with it\", stop: \"Stop here\"}}";
	struct pathway *p = calloc(1, sizeof *p);
	const struct field_rule *field;
	size_t titles = 2 + strlen("Go on with it") + strlen("Stop here");
	struct writer out;

	(void)state;
	assert_non_null(p);
	assert_true(compile_with(26, TITLED, &out));
	assert_true(pathway_decode(p, writer_slice(&out)));
	field = &p->actions[1].fields[0];
	assert_int_equal(field->value_count, 2);
	assert_true(slice_is(field->values[1], "stop") && slice_is(field->value_titles[1], "Stop here"));
	assert_true(slice_is(field->value_titles[0], "Go on with it"));
	assert_int_equal(room[0], 6);
	room[0] = 5;
	assert_false(pathway_decode(p, writer_slice(&out)));
	assert_true(pathway_decode(p, slice_of(room, writer_size(&out) - titles)));
	assert_int_equal(p->actions[1].fields[0].value_titles[0].size, 0);
	assert_false(compile_with(26, "      outcome: {type: one of, values: {go: [a, list]}}", &out));
	assert_false(compile_with(26, "      outcome: {type: one of, values: {}}", &out));
	free(p);
}

static void bounds_hold(void **state)
{
	static char big[200 * 1024];
	size_t size;

	(void)state;
	memset(big, ' ', sizeof big);
	assert_false(compile_text(big, sizeof big));
	assert_non_null(strstr(report.faults[0].text, "larger than 127 KiB"));
	assert_false(compile_text("", 0));
	assert_non_null(strstr(report.faults[0].text, "empty"));
	assert_false(compile_text("\xff\xfe", 2));
	for (size = 0; size + 4 < 96 * 1024; size += 4)
		memcpy(big + size, "- a\n", 4);
	assert_false(compile_text(big, size));
	assert_non_null(strstr(report.faults[0].text, "too many values"));
	/* More faults than are kept: the first 50, and no more. */
	for (unsigned i = size = 0; i < 80; i++)
		size += (size_t)snprintf(big + size, 32, "w%u: x\n", i);
	assert_false(compile_text(big, size));
	assert_int_equal(report.count, COMPILE_FAULTS_MAX);
}

static void every_truncation_of_stockport_is_refused_or_compiles(void **state)
{
	static uint8_t again[PATHWAY_SIZE_MAX];
	struct pathway *p = calloc(1, sizeof *p);
	size_t size, good = 0;
	char *source = play_read("pathways/stockport.yaml", &size);

	(void)state;
	for (size_t cut = 0; cut <= size; cut += cut + 200 > size ? 1 : 97) {
		struct writer out = writer_of(room, sizeof room), twice = writer_of(again, sizeof again);

		if (!pathway_compile(slice_of(source, cut), &out, &report)) {
			assert_true(report.count > 0);
			continue;
		}
		good++;
		/* Deterministic, and canonical: decoded and encoded again, the same bytes. */
		assert_true(pathway_decode(p, writer_slice(&out)));
		pathway_encode(&twice, p);
		assert_true(slice_equal(writer_slice(&out), writer_slice(&twice)));
	}
	assert_true(good > 0);
	free(source);
	free(p);
}

static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	return *seed ^= *seed << 17;
}

static void damaged_bytes_and_sources_do_no_harm(void **state)
{
	const char *given = getenv("ATTEND_SEED");
	uint64_t seed = given ? strtoull(given, NULL, 10) : 20260907;
	struct pathway *p = calloc(1, sizeof *p);
	static uint8_t compiled[PATHWAY_SIZE_MAX];
	size_t size;
	char *source = play_read("pathways/stockport.yaml", &size);
	struct writer out = writer_of(compiled, sizeof compiled);

	(void)state;
	print_message("seed %llu\n", (unsigned long long)seed);
	assert_true(pathway_compile(slice_of(source, size), &out, &report));
	for (unsigned i = 0; i < 3000; i++) {
		size_t at = next_random(&seed) % writer_size(&out);
		uint8_t held = compiled[at], flip = (uint8_t)(1u << next_random(&seed) % 8);

		compiled[at] ^= flip;
		if (pathway_decode(p, writer_slice(&out))) {
			struct writer twice = writer_of(room, sizeof room);

			pathway_encode(&twice, p); /* whatever passes is canonical */
			assert_true(slice_equal(writer_slice(&out), writer_slice(&twice)));
		}
		compiled[at] = held;
	}
	for (size_t cut = 0; cut < writer_size(&out); cut += 13)
		assert_false(pathway_decode(p, slice_of(compiled, cut)));
	for (unsigned i = 0; i < 150; i++) {
		size_t at = next_random(&seed) % size;
		char held = source[at];
		struct writer other = writer_of(room, sizeof room);

		source[at] = (char)(next_random(&seed) % 128);
		if (!pathway_compile(slice_of(source, size), &other, &report))
			assert_true(report.count > 0 && report.faults[0].line > 0 && report.faults[0].column > 0);
		source[at] = held;
	}
	free(source);
	free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_base_compiles),
		cmocka_unit_test(faults_name_line_column_and_remedy),
		cmocka_unit_test(faults_are_told_in_whole_characters),
		cmocka_unit_test(faults_come_in_the_order_of_the_file),
		cmocka_unit_test(answers_have_titles),
		cmocka_unit_test(bounds_hold),
		cmocka_unit_test(every_truncation_of_stockport_is_refused_or_compiles),
		cmocka_unit_test(damaged_bytes_and_sources_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
