/* A changed file tried on the history held: what differs, what does not, and what was
 * recorded that it would refuse. SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "casework/pathway.h"
#include "daemon/trial.h"
#include "pathways/bundle.h"
#include "pathways/compile.h"
#include "tests/engine_sick.h"

static struct host h;
static char upn[4][UPN_SIZE + 1];
static char summary[1 << 16], families[1 << 18];

/* A little process: a letter, whose answer is awaited; then a visit may be decided on. */
static const char LITTLE[] =
	"pathway: %s\ntitle: A little process\nsource: none\nstages:\n  start: Start\n  written: Written to\n  closed: Closed\n"
	"first stage: start\nclosed stage: closed\n"
	"watches:\n  threshold: {kind: count, codes: [G, N, O, U], at least: %u, text: \"{count} sessions\"}\n"
	"deadlines:\n  reply:\n    title: Time to answer\n    period: %u school days\n"
	"    questions: [{ask: \"Visit?\", outcomes: [visit, leave]}]\n"
	"actions:\n"
	"  letter: {title: Letter, may record: [school, officer], starts: reply, moves to: written}\n"
	"  choose: {title: Choice, may record: [officer], effect: decision,\n"
	"    fields: {outcome: {type: one of, values: [visit, leave], title: What, required: yes}, why: {type: text, title: Why}},\n"
	"    needs: [{that: not running(reply), lack: \"the time to answer has not run out\"}%s]}\n"
	"%s"
	"  close: {title: Closing, may record: [officer], moves to: closed}\n";

struct little {
	const char *name;
	unsigned threshold, days;
	const char *need, *action;
};

static const char CALL[] = "  call: {title: Call, may record: [officer]}\n";
static const struct little small = {"small", 6, 5, "", CALL};

static const char *source_of(const struct little *l)
{
	static char source[4000];

	snprintf(source, sizeof source, LITTLE, l->name, l->threshold, l->days, l->need, l->action);
	return source;
}

static void load(const struct little *l, const char *more)
{
	assert_answer(host_ask(&h, ADMIN, COMMAND_PATHWAY, "{'source':'%s'%s}", source_of(l), more), STATUS_OK, NULL);
}

static void act(unsigned pupil, const char *action, const char *fields)
{
	assert_answer(host_ask(&h, OFFICER, COMMAND_ACTION, "{'upn':'%s','action':'%s','fields':{%s}}", upn[pupil], action, fields),
		      STATUS_OK, NULL);
}

/* Hour by hour: what falls due is told on its day, as by a daemon that is never away. */
static void go_to(const char *time)
{
	uint64_t until = host_ms(time);

	while (h.now_ms < until) {
		h.now_ms = until - h.now_ms > 3600000 ? h.now_ms + 3600000 : until;
		host_turns(&h);
	}
}

/* Pupil 0 gets letter, choice, call; pupil 1 the letter late; pupil 2 is at another school. */
static int setup(void **context)
{
	(void)context;
	host_make(&h, &(struct host_options){.start = "2026-09-01T09:00:00Z"});
	for (unsigned i = 0; i < 4; i++)
		host_upn(upn[i], i + 1);
	host_ask(&h, OFFICER, COMMAND_CALENDAR, "{'rows':[['2026-09-02','2026-12-18','term','Autumn']]}");
	load(&small, ",'default':true");
	go_to("2026-09-07T15:30:00Z");
	for (unsigned i = 1; i <= 3; i++)
		host_marks(&h, i == 3 ? OTHER_URN : SCHOOL_URN, i, "2026-09-07", "2026-09-07", "O");
	act(0, "letter", "");
	go_to("2026-09-08T15:30:00Z");
	host_marks(&h, SCHOOL_URN, 1, "2026-09-08", "2026-09-08", "O");
	go_to("2026-09-09T15:30:00Z");
	host_marks(&h, SCHOOL_URN, 1, "2026-09-09", "2026-09-09", "O");
	host_marks(&h, OTHER_URN, 3, "2026-09-08", "2026-09-09", "O");
	go_to("2026-09-10T15:30:00Z");
	host_marks(&h, SCHOOL_URN, 1, "2026-09-10", "2026-09-10", "O");
	go_to("2026-09-16T10:00:00Z");
	act(0, "choose", "'outcome':'visit','why':'nobody answered'");
	act(0, "call", "");
	act(1, "letter", "");
	act(2, "letter", "");
	go_to("2026-10-09T16:00:00Z");
	host_marks(&h, SCHOOL_URN, 2, "2026-10-09", "2026-10-09", "/");
	return 0;
}

static int teardown(void **context)
{
	(void)context;
	assert_verified(&h);
	host_end(&h);
	return 0;
}

static uint32_t number_at(const uint8_t *bytes)
{
	struct reader r = reader_of(slice_of(bytes, 4));

	return read_u32(&r);
}

/* The result as JSON: the summary, and the families one after another. */
static void read_result(int fd)
{
	static uint8_t room[1 << 18];
	ssize_t size = pread(fd, room, sizeof room, 0);
	size_t at = TRIAL_PROGRESS_SIZE;
	char *text;

	assert_true(size > TRIAL_PROGRESS_SIZE && size < (ssize_t)sizeof room);
	assert_memory_equal(room, room + 8, 8); /* all events are done */
	text = host_text_of(slice_of(room + at + 4, number_at(room + at)));
	snprintf(summary, sizeof summary, "%s", text);
	free(text);
	at += 4 + number_at(room + at);
	families[0] = '\0';
	while (at < (size_t)size) {
		uint32_t pairs_size = number_at(room + at + 5);
		uint8_t map[1 << 16] = {(uint8_t)(0x80 | room[at + 4])};
		char head[32];

		assert_true(pairs_size < sizeof map - 1);
		memcpy(map + 1, room + at + 9, pairs_size);
		text = host_text_of(slice_of(map, pairs_size + 1));
		snprintf(head, sizeof head, "[%u]", number_at(room + at));
		strncat(families, head, sizeof families - strlen(families) - 1);
		strncat(families, text, sizeof families - strlen(families) - 1);
		free(text);
		at += 9 + pairs_size;
	}
}

static int temporary(void)
{
	char path[] = "/tmp/attend-trial.XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	unlink(path);
	return fd;
}

/* On a copy: LMDB wants a store open once in a process. */
static int try_bytes(struct slice compiled, char *why, size_t why_size)
{
	int in = temporary(), out = temporary(), result;

	assert_int_equal(write(in, compiled.bytes, compiled.size), compiled.size);
	assert_int_equal(lseek(in, 0, SEEK_SET), 0);
	host_keep_data(&h);
	result = trial_run(h.kept, in, out, why, why_size);
	if (result == 0)
		read_result(out);
	host_back_to_kept_data(&h);
	close(in);
	close(out);
	return result;
}

static void try_file(const struct little *l)
{
	static uint8_t room[PATHWAY_SIZE_MAX];
	static struct compile_report report;
	struct writer w = writer_of(room, sizeof room);
	char why[300];

	if (!pathway_compile(slice_text(source_of(l)), &w, &report))
		fail_msg("%u:%u: %s", report.faults[0].line, report.faults[0].column, report.faults[0].text);
	if (try_bytes(writer_slice(&w), why, sizeof why) != 0)
		fail_msg("%s", why);
}

#define assert_says(text, wanted) \
	do { \
		if (!strstr(text, wanted)) \
			fail_msg("no %s in %s", wanted, text); \
	} while (0)

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
	try_file(&(struct little){"small", 8, 5, "", CALL});
	assert_says(summary, "\"kind\":\"threshold\",\"name\":null,\"title\":null,\"in_force\":2,\"changed\":1,\"same\":0,\"earlier\":0,\"later\":1,\"never\":1,\"new\":0,\"otherwise\":0,\"days\":[1,1,1]");
	assert_says(families, "[1]{\"cases\":[\"C1\"],\"left_out\":0,\"differences\":[{\"what\":\"alert\",\"change\":\"later\",\"kind\":\"threshold\"");
	assert_says(families, "\"in_force\":{\"day\":\"2026-09-09\",\"text\":null},\"changed\":{\"day\":\"2026-09-10\",\"text\":null}");
	assert_says(families, "[3]{");
	assert_null(strstr(families, "[2]{"));
	try_file(&(struct little){"small", 4, 5, "", CALL});
	assert_says(summary, "\"in_force\":2,\"changed\":2,\"same\":1,\"earlier\":1");
}

/* The choice was made two days after the question; so it is under the longer period, and
 * the call of the same hour follows it. */
static void an_answer_waits_for_its_question(void **context)
{
	(void)context;
	try_file(&(struct little){"small", 6, 10, "", CALL});
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
	try_file(&(struct little){"small", 6, 5, ", {that: done(call) >= 1, lack: \"nobody called\", clause: X-1, bar: yes}", CALL});
	assert_says(summary, "\"refusals\":[{\"action\":\"choose\",\"now\":true,\"why\":\"nobody called\",\"clause\":\"X-1\",\"count\":1}]");
	assert_says(families, "[1]{\"cases\":[\"C1\"],\"left_out\":0,\"differences\":[{\"what\":\"refusal\",\"change\":\"new\"");
	assert_null(strstr(families, "\"what\":\"action\""));
	assert_says(summary, "\"affected_pupils\":1");
}

static void an_action_that_is_gone_is_told(void **context)
{
	(void)context;
	try_file(&(struct little){"small", 6, 5, "", ""});
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
	try_file(&(struct little){"small", 6, 10, "", call});
	assert_says(families, "\"name\":\"call\",\"title\":\"Call\"");
	load(&(struct little){"small", 6, 5, "", call}, ",'default':true");
	try_file(&(struct little){"small", 6, 10, "", call});
	assert_says(families, "\xa4\",\"case\":\"C1\",\"parent\":null,\"in_force\":{\"day\":\"2026-09-16\"");
}

/* A name that is not loaded stands for the default. */
static void a_new_name_is_tried_in_place_of_the_default(void **context)
{
	(void)context;
	try_file(&(struct little){"other", 8, 5, "", CALL});
	assert_says(summary, "\"pathway\":\"other\",\"title\":\"A little process\",\"against_title\":\"A little process\",\"against_version\":1,\"replaces_default\":true");
	assert_says(summary, "\"in_force\":2,\"changed\":1");
}

/* One school's pathway is tried: nobody else's pupils are touched. */
static void a_schools_own_pathway_is_tried_on_its_pupils(void **context)
{
	(void)context;
	load(&(struct little){"other", 6, 5, "", CALL}, "");
	assert_answer(host_ask(&h, ADMIN, COMMAND_CHOOSE, "{'urn':'" OTHER_URN "','pathway':'other'}"), STATUS_OK, NULL);
	try_file(&(struct little){"other", 8, 5, "", CALL});
	assert_says(summary, "\"replaces_default\":false");
	assert_says(families, "[3]{");
	assert_null(strstr(families, "[1]{"));
	assert_null(strstr(families, "[2]{"));
}

/* A case moved in the log is moved in both worlds. */
static void a_moved_case_is_moved_in_both_worlds(void **context)
{
	(void)context;
	load(&(struct little){"other", 6, 8, "", CALL}, "");
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
