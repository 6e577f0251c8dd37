/* pathway_reach.c - what can't come about under a file is a fault, with line, column
 * and what would mend it; mended, the same file compiles.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/play.h"

static const char *const BASE[] = {
	/* 1 */ "pathway: small",
	/* 2 */ "title: Small",
	/* 3 */ "source: none",
	/* 4 */ "stages: {start: Start, on: On, back: Back, closed: Closed}",
	/* 5 */ "first stage: start",
	/* 6 */ "closed stage: closed",
	/* 7 */ "deadlines:",
	/* 8 */ "  wait:",
	/* 9 */ "    period: 3 school days",
	/* 10 */ "    at end: {starts: task}",
	/* 11 */ "    questions:",
	/* 12 */ "      - {ask: Now?, outcomes: [go, stop]}",
	/* 13 */ "  task:",
	/* 14 */ "    task: 5 days",
	/* 15 */ "actions:",
	/* 16 */ "  begin:",
	/* 17 */ "    title: Begin",
	/* 18 */ "    may record: [school]",
	/* 19 */ "    starts: wait",
	/* 20 */ "    moves to: on",
	/* 21 */ "  end:",
	/* 22 */ "    title: End",
	/* 23 */ "    may record: [officer]",
	/* 24 */ "    meets: [wait, task]",
	/* 25 */ "    fields: {outcome: {type: one of, values: [go, stop]}}",
	/* 26 */ "    needs: [{that: done(begin) >= 1, lack: first begin}]",
	/* 27 */ "    moves to: closed",
	/* 28 */ "  again: {title: Again, may record: [officer], moves to: back}",
};

static struct compile_report report;

static bool compiles_with(unsigned line, const char *text)
{
	static char source[8 * 1024];
	static uint8_t room[PATHWAY_SIZE_MAX];
	struct writer out = writer_of(room, sizeof room);
	size_t size = 0;

	for (unsigned i = 0; i < sizeof BASE / sizeof *BASE; i++)
		size += (size_t)snprintf(source + size, sizeof source - size, "%s\n", i + 1 == line && text ? text : BASE[i]);
	return pathway_compile(slice_of(source, size), &out, &report);
}

static const struct row {
	unsigned line;
	const char *wrong;
	unsigned at_line, column;
	const char *says, *mended; /* NULL: as in the base */
} ROWS[] = {
	/* Stages that a case never comes to. */
	{4, "stages: {start: Start, on: On, back: Back, closed: Closed, lost: Lost}", 4, 60,
	 "no way leads to the stage lost: no action and no period's end moves a case to it", NULL},
	{20, "    moves to: [{on: reached(closed)}]", 4, 24, "no way leads to the stage on: what would move", "    moves to: [{on: not reached(closed)}]"},
	{20, "    moves to: [{on: done(end) > 0 and not done(end) > 0}, closed]", 20, 0, NULL, NULL}, /* PERHAPS is enough */
	{27, "    moves to: on", 4, 44, "no way leads to the stage closed", NULL},
	/* Stages that a case never leaves, or from which it is never closed. */
	{27, "    moves to: [{closed: not reached(on)}]", 4, 32, "a case can't leave the stage back: name another stage",
	 "    moves to: [{closed: reached(on)}]"},
	{27, "    moves to: [{closed: not reached(on)}]", 4, 24, "a case that comes to the stage on can never come to closed", NULL},
	{4, "stages: {start: Start, closed: Closed, on: On, back: Back}", 4, 48, "a case can't leave the stage back",
	 "stages: {start: Start, on: On, back: Back, closed: Closed}"},
	{10, "    at end: {starts: task, moves to: start}", 10, 0, NULL, NULL}, /* time never takes a case back: no harm */
	/* Actions that can never be recorded. */
	{26, "    needs: [{that: done(end) >= 1, lack: itself first}]", 21, 3,
	 "the action end can never be recorded: its need \"itself first\" never holds, and nobody may override it",
	 "    needs: [{that: done(end) >= 1, lack: itself first}]\n    may override: [officer]"},
	{26, "    needs: [{that: done(end) >= 1, lack: itself first, bar: yes}]\n    may override: [officer]", 21, 3,
	 "and a bar can't be overridden", "    needs: [{that: done(end) = 0, lack: once only, bar: yes}]\n    may override: [officer]"},
	{26, "    needs: [{that: reached(closed), lack: closed first}]", 21, 3, "can never be recorded",
	 "    needs: [{that: reached(back), lack: back first}]"},
	{26, "    needs: [{that: reached(on), lack: a}, {that: not reached(on), lack: b}]", 21, 3,
	 "at each stage that a case comes to, one of its needs is in the way", NULL},
	{26, "    needs: [{that: running(task) and 1 > 2, lack: a}]", 21, 3, "can never be recorded",
	 "    needs: [{that: running(task) and 1 <= 2, lack: a}]"},
	{26, "    needs: [{that: 'latest(end, outcome=go)', lack: itself first}]", 21, 3, "its need \"itself first\" never holds",
	 "    needs: [{that: 'not latest(end, outcome=go)', lack: once only}]"},
	{26, "    needs: [{that: in_force(task) and 1 > 2, lack: a}]", 21, 3, "can never be recorded",
	 "    needs: [{that: in_force(task) and 1 <= 2, lack: a}]"},
	/* Deadlines that never start, tasks that nothing meets. */
	{19, "    starts: [{wait: reached(closed)}]", 8, 3, "the deadline wait never starts: what would start it can't come about",
	 "    starts: [{wait: not reached(closed)}]"},
	{19, "    cancels: wait", 8, 3, "nothing starts the deadline wait: name it in an action's \"starts\"", NULL},
	{19, "    cancels: wait", 13, 3, "the deadline task never starts", NULL},
	{24, "    meets: wait", 13, 3, "no action meets the task task: it could only be missed; name it in", NULL},
	/* Outcomes that lead nowhere: none offers it, or only what can't be recorded. */
	{12, "      - {ask: Now?, outcomes: [go, stop, nowhere]}", 12, 42,
	 "the outcome nowhere leads nowhere: give it to the field \"outcome\" of an action that \"meets\" wait", NULL},
	{26, "    needs: [{that: done(end) >= 1, lack: itself first}]", 12, 32, "the outcome go leads nowhere", NULL},
};

static void what_cannot_come_about_is_a_fault_and_mended_is_none(void **state)
{
	(void)state;
	assert_true(compiles_with(0, NULL));
	for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
		const struct row *row = &ROWS[i];
		bool found = false;

		if (compiles_with(row->line, row->wrong) != (row->says == NULL))
			fail_msg("row %zu: %s: %s", i, row->wrong, row->says ? "compiles" : report.faults[0].text);
		for (unsigned j = 0; row->says != NULL && j < report.count; j++)
			found = found || (report.faults[j].line == row->at_line && report.faults[j].column == row->column &&
			                  strstr(report.faults[j].text, row->says) != NULL);
		for (unsigned j = 0; row->says != NULL && !found && j < report.count; j++)
			print_message("%u:%u: %s\n", report.faults[j].line, report.faults[j].column, report.faults[j].text);
		if (row->says != NULL && !found)
			fail_msg("row %zu: %s", i, row->wrong);
		if (!compiles_with(row->line, row->mended))
			fail_msg("row %zu, mended: %s", i, report.faults[0].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_cannot_come_about_is_a_fault_and_mended_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
