/* Files far from the one in force, tried on the history held: what waits long and in numbers, what both refuse, what has
 * no place, and another council's altogether. SPDX-License-Identifier: Apache-2.0 */
#include "tests/trial_scene.h"

static const char BARRED[] = ", {that: done(call) >= 1, lack: \"nobody called\", clause: X-1, bar: yes}";

/* What the file in force would not take any more, nor does the changed one, is no difference; what it would is one. */
static void what_both_refuse_is_no_difference(void **context)
{
	const struct little barred = {"small", 6, 5, BARRED, CALL, ""};

	(void)context;
	act(1, "choose", "'outcome':'leave'");
	load(&barred, "");
	try_file(&barred);
	assert_string_equal(families, "");
	assert_says(summary, "\"refusals\":[]");
	try_file(&(struct little){"small", 6, 5, ", {that: persistent or not persistent, lack: x}", CALL, ""});
	assert_says(summary, "\"refusals\":[{\"action\":\"choose\",\"now\":false,\"why\":\"nobody called\",\"clause\":\"X-1\",\"count\":2}]");
	assert_says(families, "[1]{\"cases\":[\"C1\"],\"left_out\":0,\"differences\":[{\"what\":\"refusal\",\"change\":\"never\"");
	assert_says(families, "[2]{\"cases\":[\"C2\"],\"left_out\":0,\"differences\":[{\"what\":\"refusal\",\"change\":\"never\"");
}

/* A date in what waits moves with it, and what hangs on that date too: the choice waits for 8 October, as long as it took
 * in fact (35 hours), and what was convened 24 days after it is convened 24 days after it. */
static void the_dates_of_what_waits_move_with_it(void **context)
{
	static const char follow_up[] = "  follow-up: {title: Follow-up, task: 2 school days after meeting_date}\n";
	static const char convene[] =
		"  call: {title: Call, may record: [officer]}\n"
		"  convene: {title: Convening, may record: [officer], starts: follow-up, fields: {place: {type: text, title: Where}, meeting_date: {type: date, required: yes, title: When}}}\n"
		"  held: {title: Held, may record: [officer], meets: follow-up}\n";

	(void)context;
	load(&(struct little){"small", 6, 5, "", convene, follow_up}, ",'default':true");
	assert_answer(host_ask(&h, MANAGER, COMMAND_MOVE, "{'case':'C1','pathway':'small','reason':'r'}"), STATUS_OK, NULL);
	act(0, "convene", "'meeting_date':'2026-10-13','place':'the school'");
	go_to("2026-11-20T16:00:00Z");
	host_mark(&h, SCHOOL_URN, 2, "2026-11-20", "AM", "/"); /* the history's end */
	try_file(&(struct little){"small", 6, 23, "", convene, follow_up});
	assert_says(families, "\"name\":\"choose\",\"title\":\"Choice\",\"case\":\"C1\",\"parent\":null,\"in_force\":{\"day\":\"2026-09-16\",\"text\":null},\"changed\":{\"day\":\"2026-10-10\"");
	assert_says(families, "\"name\":\"convene\",\"title\":\"Convening\",\"case\":\"C1\",\"parent\":null,\"in_force\":{\"day\":\"2026-10-09\",\"text\":null},\"changed\":{\"day\":\"2026-11-02\"");
	assert_says(families, "\"what\":\"deadline\",\"change\":\"later\",\"kind\":null,\"name\":\"follow-up\",\"title\":\"Follow-up\",\"case\":\"C1\",\"parent\":null,\"in_force\":{\"day\":\"2026-10-15\",\"text\":\"missed\"},\"changed\":{\"day\":\"2026-11-10\"");
	assert_says(summary, "\"refusals\":[]");
}

/* Seventy families at once: what each waits for, and how far it moves. */
static void seventy_wait_at_once(void **context)
{
	char who[UPN_SIZE + 1], first[UPN_SIZE + 1];

	(void)context;
	for (unsigned step = 0; step < 3; step++) {
		host_begin(&h);
		for (unsigned i = 10; i < 80; i++) {
			host_upn(who, i);
			if (step == 0)
				host_put(&h, OFFICER, COMMAND_MARKS, NULL, "{'urn':'" SCHOOL_URN "','registers':[['2026-10-09','AM',[['%s','/']]]]}", who);
			else if (step == 1)
				host_put(&h, OFFICER, COMMAND_ACTION, NULL, "{'upn':'%s','action':'letter'}", who);
			else
				host_put(&h, OFFICER, COMMAND_ACTION, NULL, "{'upn':'%s','action':'choose','fields':{'outcome':'visit'}}", who);
		}
		host_commit(&h);
		for (unsigned i = 0; i < 70; i++)
			assert_int_equal(h.answers[i].status, STATUS_OK);
		go_to(step ? "2026-10-19T09:00:00Z" : "2026-10-09T17:00:00Z");
	}
	host_upn(first, 12);
	assert_answer(host_ask(&h, OFFICER, COMMAND_LINK, "{'upn':'%s','other':'%s'}", who, first), STATUS_OK, NULL);
	go_to("2026-11-10T09:00:00Z");
	host_mark(&h, SCHOOL_URN, 2, "2026-11-09", "AM", "/"); /* the history's end */
	try_file(&(struct little){"small", 6, 8, "", CALL, ""});
	assert_says(summary, "\"what\":\"action\",\"kind\":null,\"name\":\"choose\",\"title\":\"Choice\",\"in_force\":71,\"changed\":71,\"same\":0,\"earlier\":0,\"later\":71,");
	assert_int_equal(number_of(summary, "affected_pupils"), number_of(summary, "affected_families") + 1);
	assert_says(summary, "\"refusals\":[]");
}

/* What is over is kept as the other pathway's; and where a case has no place in the changed file, it stays where it is. */
static void moves_to_where_there_is_no_place_any_more(void **context)
{
	static const char told[] =
		"pathway: other\ntitle: Another\nsource: none\nstages: {start: Start, told: Told, closed: Closed}\nfirst stage: start\nclosed stage: closed\n"
		"watches:\n  threshold: {kind: count, codes: [G, N, O, U], at least: 6, text: \"{count} sessions\"}\n"
		"deadlines:\n  response: {title: Response, task: 5 school days}\n"
		"actions:\n  letter: {title: Letter, may record: [officer], starts: response, moves to: told}\n"
		"  answer: {title: Answer, may record: [officer], meets: response}\n  close: {title: Closing, may record: [officer], moves to: closed}\n";

	(void)context;
	host_mark(&h, SCHOOL_URN, 4, "2026-10-09", "AM", "/");
	act(3, "letter", "");
	assert_answer(host_ask(&h, ADMIN, COMMAND_PATHWAY, "{'source':'%s'}", told), STATUS_OK, NULL);
	assert_answer(host_ask(&h, MANAGER, COMMAND_MOVE, "{'case':'C1','pathway':'other','stage':'told','reason':'r'}"), STATUS_OK, NULL);
	assert_answer(host_ask(&h, MANAGER, COMMAND_MOVE, "{'case':'C4','pathway':'other','stage':'told','deadlines':{'reply':null},'reason':'r'}"), STATUS_OK, NULL);
	try_file(&small);
	assert_string_equal(families, "");
	assert_says(summary, "\"moves_left_out\":0");
	try_file(&(struct little){"other", 6, 5, "", CALL, ""});
	assert_says(summary, "\"moves_left_out\":2");
	assert_says(families, "[1]{");
	assert_says(families, "\"what\":\"stage\",\"change\":\"otherwise\"");
}

/* Each row adds up: what both have, and what one of them has alone. */
static void assert_rows_add_up(void)
{
	const char *at = summary;
	unsigned rows = 0;

	for (; (at = strstr(at, "\"in_force\":")); at++, rows++) {
		uint64_t both = number_of(at, "same") + number_of(at, "earlier") + number_of(at, "later") + number_of(at, "otherwise");

		assert_int_equal(number_of(at, "in_force"), both + number_of(at, "never"));
		assert_int_equal(number_of(at, "changed"), both + number_of(at, "new"));
	}
	assert_true(rows > 10);
}

/* What one council does, tried on the history of another: most of its actions are unknown or refused there, and what was
 * recorded has no place; what the file in force makes of it stays what it was. */
static void another_councils_file_is_tried(void **context)
{
	static const char *const names[] = {"wigan", "stockton", "south-tyneside", "three-stage"};
	static uint8_t room[PATHWAY_SIZE_MAX];
	uint64_t cases = 0, alerts = 0;

	(void)context;
	sick_make_whole(&h);
	for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
		static struct compile_report report;
		struct writer w = writer_of(room, sizeof room);
		char path[80], line[80], why[512], *source, *renamed, *at;
		size_t size;

		snprintf(path, sizeof path, "pathways/%s.yaml", names[i]);
		snprintf(line, sizeof line, "pathway: %s\n", names[i]);
		source = bundle_gather(path, &size, why, sizeof why);
		assert_non_null(source);
		at = strstr(source, line);
		assert_non_null(at);
		assert_true(asprintf(&renamed, "%.*spathway: stockport\n%s", (int)(at - source), source, at + strlen(line)) > 0);
		if (!pathway_compile(slice_text(renamed), &w, &report))
			fail_msg("%u:%u: %s", report.faults[0].line, report.faults[0].column, report.faults[0].text);
		free(renamed);
		free(source);
		if (try_bytes(writer_slice(&w), why, sizeof why) != 0)
			fail_msg("%s", why);
		assert_rows_add_up();
		assert_true(number_of(summary, "affected_pupils") > 0);
		if (i) {
			assert_int_equal(number_of(summary, "cases_in_force"), cases);
			assert_int_equal(number_of(summary, "alerts_in_force"), alerts);
		}
		cases = number_of(summary, "cases_in_force");
		alerts = number_of(summary, "alerts_in_force");
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_both_refuse_is_no_difference),
		TEST(the_dates_of_what_waits_move_with_it),
		TEST(seventy_wait_at_once),
		TEST(moves_to_where_there_is_no_place_any_more),
		cmocka_unit_test_teardown(another_councils_file_is_tried, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
