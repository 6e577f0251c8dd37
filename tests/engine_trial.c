/* A changed file tried on the history held: what differs, what does not, and what was
 * recorded that it would refuse. SPDX-License-Identifier: Apache-2.0 */
#include "tests/trial_scene.h"

static void the_file_in_force_changes_nothing(void **context)
{
	(void)context;
	try_file(&small);
	assert_string_equal(families, "");
	assert_says(summary, "\"affected_pupils\":0,\"affected_families\":0,\"affected_cases\":0");
	assert_int_equal(number_of(summary, "alerts_recorded"), number_of(summary, "alerts_met"));
	assert_int_equal(number_of(summary, "alerts_recorded"), number_of(summary, "alerts_in_force"));
	assert_true(number_of(summary, "alerts_met") > 0);
	assert_says(summary, "\"refusals\":[]");
	assert_says(summary, "\"schools\":2");
}

/* Pupil 1 comes to 8 sessions a day after 6; pupil 3 has 6 and no more. */
static void a_higher_threshold_is_told_later_or_never(void **context)
{
	(void)context;
	try_file(&(struct little){"small", 8, 5, "", CALL, ""});
	assert_says(summary, "\"kind\":\"threshold\",\"name\":null,\"title\":null,\"in_force\":2,\"changed\":1,\"same\":0,\"earlier\":0,\"later\":1,\"never\":1,\"new\":0,\"otherwise\":0,\"days\":[1,1,1]");
	assert_says(families, "[1]{\"cases\":[\"C1\"],\"left_out\":0,\"differences\":[{\"what\":\"alert\",\"change\":\"later\",\"kind\":\"threshold\"");
	assert_says(families, "\"in_force\":{\"day\":\"2026-09-09\",\"text\":null},\"changed\":{\"day\":\"2026-09-10\",\"text\":null}");
	assert_says(families, "[3]{");
	assert_null(strstr(families, "[2]{"));
	try_file(&(struct little){"small", 4, 5, "", CALL, ""});
	assert_says(summary, "\"in_force\":2,\"changed\":2,\"same\":1,\"earlier\":1");
}

/* The choice was made two days after the question; so it is under the longer period, and
 * the call of the same hour follows it. */
static void an_answer_waits_for_its_question(void **context)
{
	(void)context;
	try_file(&(struct little){"small", 6, 10, "", CALL, ""});
	assert_says(families, "\"change\":\"later\",\"kind\":null,\"name\":\"reply\",\"title\":\"Time to answer\",\"case\":\"C1\",\"parent\":null,\"in_force\":{\"day\":\"2026-09-14\"");
	assert_says(families, "\"what\":\"action\",\"change\":\"later\",\"kind\":null,\"name\":\"choose\",\"title\":\"Choice\",\"case\":\"C1\",\"parent\":null,\"in_force\":{\"day\":\"2026-09-16\",\"text\":null},\"changed\":{\"day\":\"2026-09-23\"");
	assert_says(families, "\"name\":\"call\",\"title\":\"Call\",\"case\":\"C1\",\"parent\":null,\"in_force\":{\"day\":\"2026-09-16\",\"text\":null},\"changed\":{\"day\":\"2026-09-23\"");
	assert_says(summary, "\"refusals\":[]");
	assert_says(summary, "\"kind\":\"decision\",\"name\":\"reply\",\"title\":\"Time to answer\",\"in_force\":3,\"changed\":3,\"same\":0,\"earlier\":0,\"later\":3");
}

/* No day would make it good: it is recorded as it was, and told. */
static void what_would_be_refused_for_good_is_recorded_and_told(void **context)
{
	(void)context;
	try_file(&(struct little){"small", 6, 5, ", {that: done(call) >= 1, lack: \"nobody called\", clause: X-1, bar: yes}", CALL, ""});
	assert_says(summary, "\"refusals\":[{\"action\":\"choose\",\"now\":true,\"why\":\"nobody called\",\"clause\":\"X-1\",\"count\":1}]");
	assert_says(families, "[1]{\"cases\":[\"C1\"],\"left_out\":0,\"differences\":[{\"what\":\"refusal\",\"change\":\"new\"");
	assert_null(strstr(families, "\"what\":\"action\""));
	assert_says(summary, "\"affected_pupils\":1");
}

static void an_action_that_is_gone_is_told(void **context)
{
	(void)context;
	try_file(&(struct little){"small", 6, 5, "", "", ""});
	assert_says(summary, "\"refusals\":[{\"action\":\"call\",\"now\":true,\"why\":null,\"clause\":null,\"count\":1}]");
	assert_says(families, "\"what\":\"action\",\"change\":\"never\",\"kind\":null,\"name\":\"call\"");
}

/* Of long titles the beginning is told, in whole characters. */
static void a_long_title_is_cut_between_two_characters(void **context)
{
	char call[400] = "  call: {may record: [officer], title: \"CC";

	(void)context;
	for (unsigned i = 0; i < 90; i++)
		strcat(call, "\xc3\xa4");
	strcat(call, "\"}\n");
	try_file(&(struct little){"small", 6, 10, "", call, ""});
	assert_says(families, "\"name\":\"call\",\"title\":\"Call\"");
	load(&(struct little){"small", 6, 5, "", call, ""}, ",'default':true");
	try_file(&(struct little){"small", 6, 10, "", call, ""});
	assert_says(families, "\xa4\",\"case\":\"C1\",\"parent\":null,\"in_force\":{\"day\":\"2026-09-16\"");
}

/* A name that is not loaded stands for the default. */
static void a_new_name_is_tried_in_place_of_the_default(void **context)
{
	(void)context;
	try_file(&(struct little){"other", 8, 5, "", CALL, ""});
	assert_says(summary, "\"pathway\":\"other\",\"title\":\"A little process\",\"against_title\":\"A little process\",\"against_version\":1,\"replaces_default\":true");
	assert_says(summary, "\"in_force\":2,\"changed\":1");
}

/* One school's pathway is tried: nobody else's pupils are touched. */
static void a_schools_own_pathway_is_tried_on_its_pupils(void **context)
{
	(void)context;
	load(&(struct little){"other", 6, 5, "", CALL, ""}, "");
	assert_answer(host_ask(&h, ADMIN, COMMAND_CHOOSE, "{'urn':'" OTHER_URN "','pathway':'other'}"), STATUS_OK, NULL);
	try_file(&(struct little){"other", 8, 5, "", CALL, ""});
	assert_says(summary, "\"replaces_default\":false");
	assert_says(families, "[3]{");
	assert_null(strstr(families, "[1]{"));
	assert_null(strstr(families, "[2]{"));
}

/* A case moved in the log is moved in both worlds. */
static void a_moved_case_is_moved_in_both_worlds(void **context)
{
	(void)context;
	load(&(struct little){"other", 6, 8, "", CALL, ""}, "");
	assert_answer(host_ask(&h, MANAGER, COMMAND_MOVE, "{'case':'C2','pathway':'other','reason':'r'}"), STATUS_OK, NULL);
	try_file(&small);
	assert_string_equal(families, "");
	assert_says(summary, "\"moves_left_out\":0");
}

static void what_is_no_pathway_is_refused(void **context)
{
	char why[300];

	(void)context;
	assert_int_equal(try_bytes(slice_text("no pathway at all"), why, sizeof why), -1);
	assert_non_null(strstr(why, "no compiled pathway"));
}

static void the_question_is_for_managers_and_wants_a_program(void **context)
{
	(void)context;
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'try','source':'x'}"), STATUS_FORBIDDEN, NULL);
	assert_answer(host_ask(&h, MANAGER, COMMAND_QUERY, "{'what':'try','source':'x'}"), STATUS_FAILED, "no other process");
	assert_answer(host_ask(&h, MANAGER, COMMAND_QUERY, "{'what':'try'}"), STATUS_BAD_FIELD, "source");
	assert_answer(host_ask(&h, MANAGER, COMMAND_QUERY, "{'what':'try','trial':1}"), STATUS_NOT_FOUND, "begin it again");
}

/* Of all that can be submitted, in a history that has each kind once: both files that are in force, tried as they are. */
static void a_history_of_every_kind_is_the_same_in_both_worlds(void **context)
{
	static const char *const files[] = {"pathways/stockport.yaml", "pathways/south-tyneside.yaml"};
	static uint8_t room[PATHWAY_SIZE_MAX];

	(void)context;
	sick_make_whole(&h);
	for (unsigned i = 0; i < 2; i++) {
		struct writer w = writer_of(room, sizeof room);
		static struct compile_report report;
		char why[512], *source;
		size_t size;

		source = bundle_gather(files[i], &size, why, sizeof why);
		if (!pathway_compile(slice_of(source, size), &w, &report))
			fail_msg("%u:%u: %s", report.faults[0].line, report.faults[0].column, report.faults[0].text);
		free(source);
		if (try_bytes(writer_slice(&w), why, sizeof why) != 0)
			fail_msg("%s", why);
		assert_string_equal(families, "");
		assert_says(summary, "\"affected_pupils\":0,\"affected_families\":0,\"affected_cases\":0");
		assert_says(summary, "\"refusals\":[]");
		assert_true(number_of(summary, "alerts_recorded") > 50);
		assert_int_equal(number_of(summary, "alerts_recorded"), number_of(summary, "alerts_met"));
		assert_int_equal(number_of(summary, "alerts_recorded"), number_of(summary, "alerts_in_force"));
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_file_in_force_changes_nothing),
		TEST(a_higher_threshold_is_told_later_or_never),
		TEST(an_answer_waits_for_its_question),
		TEST(what_would_be_refused_for_good_is_recorded_and_told),
		TEST(an_action_that_is_gone_is_told),
		TEST(a_long_title_is_cut_between_two_characters),
		TEST(a_new_name_is_tried_in_place_of_the_default),
		TEST(a_schools_own_pathway_is_tried_on_its_pupils),
		TEST(a_moved_case_is_moved_in_both_worlds),
		TEST(what_is_no_pathway_is_refused),
		TEST(the_question_is_for_managers_and_wants_a_program),
		cmocka_unit_test_teardown(a_history_of_every_kind_is_the_same_in_both_worlds, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
