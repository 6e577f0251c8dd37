/* pathway_draw.c - a pathway's picture names all there is, is the same each time,
 * and says rules in words. tests/drawing.py looks at it from outside.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/play.h"

#include <glob.h>

#include "client/draw.h"
#include "client/draw_plan.h"
#include "client/draw_text.h"
#include "client/draw_words.h"

static struct pathway pathway;

/* `pathway` from a source; its slices point into what the next call takes. */
static void compiled(struct slice source)
{
	static uint8_t room[PATHWAY_SIZE_MAX];
	static struct compile_report report;
	struct writer out = writer_of(room, sizeof room);

	if (!pathway_compile(source, &out, &report))
		fail_msg("%u:%u: %s", report.faults[0].line, report.faults[0].column, report.faults[0].text);
	assert_true(pathway_decode(&pathway, writer_slice(&out)));
}

static char *drawn(void)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	draw_pathway(out, &pathway);
	fclose(out);
	return text;
}

static void assert_holds(const char *picture, const char *kind, struct slice name)
{
	char *id = words("id=\"%.*s-%s-%.*s\"", (int)pathway.name.size, (const char *)pathway.name.bytes, kind,
	                 (int)name.size, (const char *)name.bytes);
	const char *at = strstr(picture, id);

	if (!at)
		fail_msg("not drawn: %s", id);
	if (strstr(at + 1, id))
		fail_msg("drawn twice: %s", id);
	free(id);
}

/* Between the marks of a box's corner, escaped as it is. */
static void assert_clause(const char *picture, struct slice clause)
{
	char *text = words("%.*s", (int)clause.size, (const char *)clause.bytes);

	if (clause.size > 0 && !strstr(picture, text))
		fail_msg("no word of the clause %s", text);
	free(text);
}

static void every_file_is_drawn_whole_and_the_same_each_time(void **state)
{
	glob_t files;

	(void)state;
	assert_int_equal(glob("pathways/*.yaml", 0, NULL, &files), 0);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		size_t size;
		char *source = play_read(files.gl_pathv[i], &size), *first, *second;

		if (!strstr(source, "\npathway: ")) { /* for others to include */
			free(source);
			continue;
		}
		print_message("%s\n", files.gl_pathv[i]);
		compiled(slice_of(source, size));
		first = drawn();
		compiled(slice_of(source, size));
		second = drawn();
		assert_string_equal(first, second);
		for (unsigned k = 0; k < pathway.stage_count; k++)
			assert_holds(first, "stage", pathway.stages[k]);
		for (unsigned k = 0; k < pathway.action_count; k++) {
			assert_holds(first, "action", pathway.actions[k].name);
			assert_clause(first, pathway.actions[k].clause);
			for (unsigned m = 0; m < pathway.actions[k].condition_count; m++)
				assert_clause(first, pathway.actions[k].conditions[m].clause);
		}
		for (unsigned k = 0; k < pathway.deadline_count; k++) {
			char *length = words_of_length(pathway.deadlines[k].length);

			assert_holds(first, "deadline", pathway.deadlines[k].name);
			assert_clause(first, pathway.deadlines[k].clause);
			assert_non_null(strstr(first, length));
			free(length);
		}
		for (unsigned k = 0; k < pathway.watch_count; k++)
			assert_clause(first, pathway.watches[k].clause);
		free(source);
		free(first);
		free(second);
	}
	globfree(&files);
}

static void stockport_stands_in_its_stages(void **state)
{
	static const struct { const char *action, *stage; } rows[] = {
		{"contact", "stage-1"}, {"meeting", "stage-2"}, {"plan", "stage-2"}, {"review", "stage-2"},
		{"referral", "stage-2"}, {"notice-to-improve", "stage-3a"}, {"penalty-notice", "monitoring"},
		{"payment", "monitoring"}, {"decision", "monitoring"}, {"contract", "stage-3b"}, {"prosecution", "stage-4"},
		{"note", ""}, {"close", ""}, {"sickness-return", ""},
	};
	struct plan plan;
	size_t size;
	char *source = play_read("pathways/stockport.yaml", &size);

	(void)state;
	compiled(slice_of(source, size));
	plan_make(&plan, &pathway);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		int action = pathway_action(&pathway, slice_text(rows[i].action));
		int stage = pathway_stage(&pathway, slice_text(rows[i].stage)) + 1;

		assert_true(action >= 0);
		if (plan.actions[action] != stage)
			fail_msg("%s stands in stage %u", rows[i].action, plan.actions[action]);
	}
	int monitoring = pathway_deadline(&pathway, slice_text("monitoring-end"));
	assert_int_equal(plan.deadlines[monitoring], pathway_stage(&pathway, slice_text("monitoring")) + 1);
	assert_int_equal(plan.by_end[monitoring], pathway_deadline(&pathway, slice_text("nti-end")) + 1);
	free(source);
}

static void expressions_are_said_in_words(void **state)
{
	static const struct { const char *expression, *says; } rows[] = {
		{"given(outcome=stop)", "outcome is stop"},
		{"not given(outcome=stop)", "outcome is not stop"},
		{"given(medical)", "medical is yes"},
		{"given(medical=no)", "medical is no"},
		{"done(begin) >= 1", "\u2018Begin\u2019 is recorded"},
		{"done(begin) = 0", "\u2018Begin\u2019 is not recorded"},
		{"done(begin) >= 2", "\u2018Begin\u2019 is recorded \u2265 2 times"},
		{"not done(begin) >= 1", "\u2018Begin\u2019 is not recorded"},
		{"done(decision, outcome=go) > 0", "\u2018Decide\u2019 is recorded, outcome go"},
		{"latest(decision, outcome=go)", "the latest \u2018Decide\u2019 says outcome go"},
		{"not latest(decision, medical)", "the latest \u2018Decide\u2019 does not say medical yes"},
		{"unauthorised_at_end(wait) >= 10", "unauthorised sessions at the end of \u2018wait\u2019 \u2265 10"},
		{"in_force(wait)", "\u2018wait\u2019 is in force"}, {"not in_force(wait)", "\u2018wait\u2019 is not in force"},
		{"reached(on) and not running(wait)", "\u2018On\u2019 is reached and \u2018wait\u2019 is not running"},
		{"not (persistent and severe)", "not persistent or not severe"},
		{"persistent or (severe and late < 3)", "persistent or (severe and late < 3)"},
		{"not (persistent or (severe and late < 3))", "not persistent and (not severe or late \u2265 3)"},
		{"notices_in_3_years != 2", "notices in 3 years \u2260 2"},
		{"within(until, 1 month)", "until within 1 month"},
		{"not within(until, 3 years, wait)", "until not within 3 years of the end of \u2018wait\u2019"},
		{"within(wait, 3 months)", "the end of \u2018wait\u2019 within 3 months"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char *source = words(
			"pathway: small\ntitle: Small\nsource: none\nstages: {start: Start, on: On, closed: Closed}\n"
			"first stage: start\nclosed stage: closed\ndeadlines:\n  wait: {period: 3 days}\nactions:\n"
			"  begin: {title: Begin, may record: [officer], starts: wait, moves to: on}\n"
			"  decision:\n    title: Decide\n    may record: [officer]\n    fields:\n"
			"      outcome: {type: one of, values: [go, stop]}\n      medical: {type: yes/no}\n      until: {type: date}\n"
			"    moves to:\n      - closed: %s\n", rows[i].expression);

		compiled(slice_text(source));
		char *says = words_of_expression(&pathway, &pathway.actions[1], pathway.actions[1].moves[0].when);
		assert_string_equal(says, rows[i].says);
		free(says);
		free(source);
	}
}

static void text_is_measured_cut_and_escaped(void **state)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	assert_true(text_width("iiii", 4, 13, false) < text_width("mmmm", 4, 13, false));
	assert_true(text_width("word", 4, 13, false) < text_width("word", 4, 13, true));
	assert_int_equal(text_line("one two", 10000, 13, false), 7);
	assert_int_equal(text_line("one two", text_width("one t", 5, 13, false), 13, false), 3);
	/* Never nothing of something, and never a character's half. */
	assert_int_equal(text_line("\u00a3\u00a3\u00a3", 1, 13, false), 2);
	assert_int_equal(text_line("", 100, 13, false), 0);
	text_escaped(out, "a<b>&\"\n\x01\uffff\u00a3", 13);
	fclose(out);
	assert_string_equal(text, "a&lt;b&gt;&amp;&quot; ??\u00a3");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_file_is_drawn_whole_and_the_same_each_time),
		cmocka_unit_test(stockport_stands_in_its_stages),
		cmocka_unit_test(expressions_are_said_in_words),
		cmocka_unit_test(text_is_measured_cut_and_escaped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
