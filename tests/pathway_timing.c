/* pathway_timing.c - what a file may not say of time, each with its line and its remedy;
 * and the form that compiled pathways had before.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/golden.h"

#include "pathways/compile.h"

enum { SOURCE_MAX = 32 * 1024 };

static char source[SOURCE_MAX], changed[2 * SOURCE_MAX];
static uint8_t room[PATHWAY_SIZE_MAX];
static struct compile_report report;

static int setup(void **state)
{
	FILE *file = fopen("tests/data/timing.yaml", "rb");
	size_t size;

	(void)state;
	assert_non_null(file);
	size = fread(source, 1, sizeof source - 1, file);
	fclose(file);
	source[size] = 0;
	return 0;
}

/* The file with one text, which stands in it once, in place of another. */
static bool compile_with(const char *from, const char *to, unsigned *line)
{
	const char *at = strstr(source, from);
	struct writer out = writer_of(room, sizeof room);

	if (at == NULL || strstr(at + 1, from) != NULL)
		fail_msg("\"%s\" does not stand once in the file", from);
	snprintf(changed, sizeof changed, "%.*s%s%s", (int)(at - source), source, to, at + strlen(from));
	*line = 1;
	for (const char *c = source; c < at; c++)
		*line += *c == '\n';
	return pathway_compile(slice_text(changed), &out, &report);
}

static void faults_name_line_and_remedy(void **state)
{
	/* `below`: lines from the change to where it is said. */
	static const struct { const char *from, *to; int below; const char *says; } rows[] = {
		{"task: 5 days before meeting_date", "task: 5 days before meeting_day", 0, "meeting_day is no field of type date in this file"},
		{"task: 5 days before meeting_date", "task: 5 days before warning", 0, "no field of type date"},
		{"task: 5 days before meeting_date", "task: before meeting_date", 0, "a length such as"},
		{"task: 5 days before meeting_date", "task: 5 days before expected_return", -3,
		 "evidence hangs on expected_return, which is no date field of convene"},
		{"period: 6 weeks after warning", "period: 6 weeks after warn", 0, "no field of type date in this file, and no action"},
		{"reminder: on expected_return", "reminder: on returned", 0, "no field of type date"},
		{"reminder: on expected_return", "reminder: 2 fortnights after expected_return", 0, "not in a unit known"},
		{"expected_return: {type: date", "returned: {type: date}\n      expected_return: {type: date", 0, ""},
		{"reminder: on expected_return\n", "reminder: on expected_return\n    task: 1 day\n", -3, "a \"task\", a \"reminder\""},
		{"while: reached(level-3)", "while: given(outcome=end)", 0, "there is none here"},
		{"idle: 4 weeks", "task: 4 weeks", 1, "\"while\" belongs to \"idle\" alone"},
		{"idle: 4 weeks", "idle: 4 weeks after warning", 0, "counts from the latest action"},
		{"idle: 4 weeks", "idle: 4 weeks\n    per parent: yes", 0, "of the whole case"},
		{"kind: stays\n    codes: [Z]", "kind: run\n    codes: [N]", 3, "\"new pupils\" belongs to a mark that stays alone"},
		{"codes: [Z]", "codes: [L]", -2, "a mark of some codes, of absence or of none"},
		{"done(convene) >= 1\n", "done(convened) >= 1\n", 0, "convened"},
		{"done(convene) >= 1\n", "given(outcome)\n", 0, "there is none here"},
		{"done(convene) >= 1\n", "attended_on_last_day = 0\n", 0, "is of a deadline"},
		{"every: week", "every: day", 0, "every week, fortnight, half-term, term or year"},
		{"every: half-term", "every: half-term, in: may", 0, "a month goes with a task of every year"},
		{"in: march, ", "", 0, "a month goes with a task of every year"},
		{"in: march", "in: mars", 0, "the name of a month"},
		{"schools: [primary]", "schools: [college]", 0, "primary or secondary expected"},
		{"schools: [primary]", "schools: [primary, secondary]", 0, "one of all schools says nothing of them"},
		{"schools: [primary]", "schools: [primary, primary]", 0, "stands twice"},
		{"title: The nurse, ", "", 0, "title"},
		{"starts: tell-parents", "starts: [tell-parents, nothing-done]", -3, "every action starts nothing-done"},
		{"idle: 4 weeks", "idle: 4 weeks\n    met if: attended_on_last_day >= 1", 1, "only a task or a reminder is met"},
		{"tells: manager", "tells: managers", 0, "or a list of them"},
		{"tells: manager", "tells: [connector]", 0, "school, lead, officer or manager expected"},
		{"escalates to: manager", "escalates to: everybody", 0, "or a list of them"},
		{"escalates to: manager", "overdue: none\n    escalates to: manager", 1, "say when (\"overdue\")"},
		{"tells: manager", "escalates to: manager", 0, "there is nothing to escalate"},
		{"started by: [missing-from-school]", "started by: [severe]", 0, "no watch of this file raises an alert severe"},
		/* the watch that is meant is misspelt itself */
		{"  missing-from-school:\n", "  missing-from-scool:\n", 0, "a watch is named for the alert that it raises"},
		{"started by: [missing-from-school]", "started by: [missing-from-school]\n    per parent: yes", 0, "an alert names no parent"},
		{"started by: [missing-from-school]", "soon: none", -4, "nothing starts the deadline report-missing"},
		{"- home-visit: running(plan)", "- home-visits: running(plan)", 0, "no deadline home-visits"},
		{"- home-visit: running(plan)", "- home-visit: running(plans)", 0, "no deadline plans"},
		{"- home-visit: running(plan)", "- home-visit: running(plan)\n        - home-visit", 1, "this deadline stands twice"},
		{"- home-visit: running(plan)", "- evidence", 2, "hangs on a date, and the end of home-visit"},
		{"- home-visit: running(plan)", "- home-visit: days_until(meeting_date) > 1", 0, "there is none here"},
		{"at end: {cancels: home-visit}", "at end: {cancels: home-visit, moves to: closed}", 0, "time closes no case"},
		{"    at end:\n      starts:\n        - look-back", "    at end:\n      ends:\n        - look-back", 1, "unknown word \"ends\""},
		{"- that: days_until(meeting_date) >= 0", "- that: days_until(meeting_date=yes) >= 0", 0, "not a value"},
		{"- that: days_until(meeting_date) >= 0", "- that: attended_on_last_day >= 0", 0, "only what is asked at its end"},
		{"- that: within(plan_until, 20 weeks)", "- that: within(plan_til, 20 weeks)", 0, "is \"plan_until\" meant?"},
		{"- that: within(plan_until, 20 weeks)", "- that: within(plan_until)", 0, "\",\" expected"},
		{"- that: within(plan_until, 20 weeks)", "- that: within(plan_until, 20)", 0, "a unit expected"},
		{"- that: within(plan_until, 20 weeks)", "- that: within(plan_until, 20 weeks more)", 0, "a unit expected"},
		{"- that: within(plan_until, 20 weeks)", "- that: within(plan_until, 20 weeks, plans)", 0, "no deadline plans"},
		{"- that: within(plan_until, 20 weeks)", "- that: within(plan, 20 weeks, plan)", 0, "\")\" expected"},
		{"plan_until: {type: date, title", "plan: {type: date}\n      plan_until: {type: date, title", 3, "plan is a field and a deadline: rename one of them"},
		{"\"To when\"}\n    needs:", "\"To when\"}\n      weeks: {type: number}\n    needs:\n      - that: within(weeks, 1 week)\n        lack: \"x\"", 3, "within() wants a field of type date"},
		{"- home-visit: running(plan)", "- home-visit: within(meeting_date, 1 week)", 0, "there is none here"},
		{"- home-visit: running(plan)", "- home-visit: not within(plan, 1 week)", 0, ""},
		{"meets: back-at-school", "cancels: back-at-school", 0, ""},
		{"met if: attended_on_last_day >= 1", "met if: compulsory_school_age", 0, "which is sealed"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		unsigned line;
		bool good = compile_with(rows[i].from, rows[i].to, &line), found = false;

		if (*rows[i].says == 0) { /* the nearest that is no fault */
			if (!good)
				fail_msg("row %zu (%s): %u:%u: %s", i, rows[i].to, report.faults[0].line, report.faults[0].column,
				         report.faults[0].text);
			continue;
		}
		if (good)
			fail_msg("row %zu compiles: %s", i, rows[i].to);
		for (unsigned j = 0; j < report.count; j++)
			found = found || ((int)report.faults[j].line == (int)line + rows[i].below &&
			                  strstr(report.faults[j].text, rows[i].says) != NULL);
		if (!found)
			fail_msg("row %zu (%s) on line %u: %u:%u: %s", i, rows[i].to, line, report.faults[0].line,
			         report.faults[0].column, report.faults[0].text);
	}
}

static void a_name_of_an_action_and_a_field_is_refused(void **state)
{
	unsigned line;

	(void)state;
	assert_true(compile_with("expected_return: {type: date", "warning: {type: date}\n      expected_return: {type: date", &line) == false);
	assert_non_null(strstr(report.faults[0].text, "warning is an action and a field of one"));
}

static void a_question_escalates_unless_the_file_says_otherwise(void **state)
{
	static struct pathway p;
	struct writer out = writer_of(room, sizeof room);
	unsigned line;
	int plan;

	(void)state;
	assert_true(pathway_compile(slice_text(source), &out, &report));
	assert_true(pathway_decode(&p, writer_slice(&out)));
	plan = pathway_deadline(&p, slice_text("plan"));
	assert_int_equal(p.deadlines[plan].escalates_to, 1u << ROLE_MANAGER);
	assert_true(slice_is(p.deadlines[plan].questions[0].source, "The plan is reviewed at the end of the six weeks"));
	assert_int_equal(p.deadlines[pathway_deadline(&p, slice_text("evidence"))].escalates_to, 0);
	assert_int_equal(p.watches[0].tells, 1u << ROLE_SCHOOL);
	assert_true(compile_with("period: 6 weeks\n", "period: 6 weeks\n    escalates to: none\n", &line));
	out = writer_of(room, sizeof room);
	assert_true(pathway_compile(slice_text(changed), &out, &report));
	assert_true(pathway_decode(&p, writer_slice(&out)));
	assert_int_equal(p.deadlines[plan].escalates_to, 0);
}

/* What a log holds from before is read as it was meant. */
static void form_1_is_read(void **state)
{
	static struct golden g;
	static struct pathway p;
	struct slice bytes;
	uint8_t *copy;

	(void)state;
	golden_open(&g, "pathway-1");
	bytes = golden_bytes(&g, "bytes");
	golden_close(&g);
	assert_true(pathway_decode(&p, bytes));
	assert_true(slice_is(p.name, "before"));
	assert_int_equal(p.deadline_count, 2);
	assert_int_equal(p.deadlines[0].end_start_count, 1);
	assert_int_equal(p.deadlines[0].end_starts[0].deadline, 1);
	assert_int_equal(p.deadlines[0].end_starts[0].when.count, 0);
	assert_int_equal(p.deadlines[0].stage_at_end, 2);
	assert_int_equal(p.deadlines[1].end_start_count, 0);
	assert_int_equal(p.deadlines[1].escalates_to, 0); /* nothing that wasn't in the file then */
	assert_int_equal(p.deadlines[1].question_count, 2);
	copy = (uint8_t *)(uintptr_t)bytes.bytes;
	for (uint8_t form = 0; form < 8; form++) {
		copy[0] = form;
		assert_int_equal(pathway_decode(&p, bytes), form == 1);
	}
	free(copy);
}

static void what_days_ends_ask_for_is_read_back(void **state)
{
	static struct pathway p;
	struct writer out = writer_of(room, sizeof room);
	const struct watch_rule *w;
	int nurse, tests;

	(void)state;
	assert_true(pathway_compile(slice_text(source), &out, &report));
	assert_true(pathway_decode(&p, writer_slice(&out)));
	w = &p.watches[pathway_watch(&p, ALERT_NOT_ARRIVED)];
	assert_true(w->new_pupils && w->once && w->unless.count == 3 && w->type == WATCH_STAYS);
	assert_int_equal(p.day_codes, CODE_BIT(CODE_Z));
	assert_int_equal(p.day_reach, 2);
	assert_int_equal(p.task_count, 3);
	assert_int_equal(p.tasks[0].every, EVERY_WEEK);
	assert_int_equal(p.tasks[0].roles, 1u << ROLE_OFFICER);
	nurse = pathway_task(&p, slice_text("nurse"));
	assert_int_equal(p.tasks[nurse].roles, 1u << ROLE_SCHOOL | 1u << ROLE_OFFICER | 1u << ROLE_MANAGER);
	assert_int_equal(p.tasks[nurse].tells, 1u << ROLE_SCHOOL);
	assert_int_equal(p.tasks[nurse].month, 0);
	tests = pathway_task(&p, slice_text("tests"));
	assert_int_equal(p.tasks[tests].month, 3);
	assert_int_equal(p.tasks[tests].schools, 1 << SCHOOL_PRIMARY);
}

/* Whatever passes is safe to run: a changed byte is refused or is another sound pathway. */
static void a_damaged_form_is_refused_or_sound(void **state)
{
	static struct pathway p;
	static uint8_t again[PATHWAY_SIZE_MAX];
	struct writer out = writer_of(room, sizeof room), w;

	(void)state;
	assert_true(pathway_compile(slice_text(source), &out, &report));
	for (size_t i = 0; i < writer_size(&out); i++) {
		uint8_t before = room[i];

		for (unsigned bit = 0; bit < 8; bit += 3) {
			room[i] = before ^ (uint8_t)(1u << bit);
			if (!pathway_decode(&p, writer_slice(&out)))
				continue;
			w = writer_of(again, sizeof again);
			pathway_encode(&w, &p);
			assert_true(pathway_decode(&p, writer_slice(&w)));
		}
		room[i] = before;
		assert_false(pathway_decode(&p, slice_of(room, i)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(faults_name_line_and_remedy),
		cmocka_unit_test(a_name_of_an_action_and_a_field_is_refused),
		cmocka_unit_test(a_question_escalates_unless_the_file_says_otherwise),
		cmocka_unit_test(form_1_is_read),
		cmocka_unit_test(what_days_ends_ask_for_is_read_back),
		cmocka_unit_test(a_damaged_form_is_refused_or_sound),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
