/* Several pathways in one store: a case stays on the version that it began on until it
 * is moved, a school may have its own, and a changed file must have a place for each
 * open case. SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "tests/engine_host.h"

static struct host h;
static char upn[3][UPN_SIZE + 1];
static char one[4096];

/* A little process; %s are its name, the days of the answer, and the names of a stage and a deadline. */
static const char LITTLE[] =
	"pathway: %s\ntitle: A little process\nsource: none\nstages:\n  start: Start\n  %s: Written to\n  closed: Closed\n"
	"first stage: start\nclosed stage: closed\n"
	"watches:\n  threshold: {kind: count, codes: [G, N, O, U], at least: %u, text: \"{count} sessions\"}\n"
	"deadlines:\n  %s:\n    title: Answer\n    task: %u school days\n"
	"actions:\n"
	"  letter:\n    title: Letter\n    may record: [school, officer]\n"
	"    fields: {kind: {type: one of, values: [first, second], title: Which}, posted: {type: yes/no, title: Posted}}\n"
	"    starts: %s\n    moves to: %s\n"
	"  answer:\n    title: Answer\n    may record: [officer]\n"
	"    needs: [{that: \"done(letter, kind=second) >= 1\", lack: \"no second letter\", supplied by: letter}]\n"
	"    meets: %s\n"
	"  close:\n    title: Closing\n    may record: [officer]\n    moves to: closed\n";

struct little {
	const char *name, *stage, *deadline;
	unsigned days, threshold;
};

static const struct answer *load(const struct little *l, const char *more)
{
	static char source[4000];

	snprintf(source, sizeof source, LITTLE, l->name, l->stage, l->threshold ? l->threshold : 10, l->deadline, l->days,
		 l->deadline, l->stage, l->deadline);
	return host_ask(&h, ADMIN, COMMAND_PATHWAY, "{'source':'%s'%s}", source, more);
}

static const struct little small = {"small", "written", "reply", 15, 0};

static int setup(void **context)
{
	(void)context;
	host_make(&h, &(struct host_options){.start = "2026-09-14T09:00:00Z"});
	for (unsigned i = 0; i < 3; i++)
		host_upn(upn[i], i + 1);
	host_ask(&h, OFFICER, COMMAND_CALENDAR, "{'rows':[['2026-09-02','2026-12-18','term','Autumn']]}");
	for (unsigned i = 1; i <= 3; i++)
		host_mark(&h, i == 3 ? OTHER_URN : SCHOOL_URN, i, "2026-09-07", "AM", "O");
	return 0;
}

static int teardown(void **context)
{
	(void)context;
	return host_end_verified(&h);
}

static const struct answer *act(unsigned pupil, const char *action, const char *more)
{
	return host_ask(&h, OFFICER, COMMAND_ACTION, "{'upn':'%s','action':'%s'%s}", upn[pupil], action, more);
}

static const char *case_text(const char *id)
{
	return host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'case','case':'%s'}", id)->text;
}

static void begin_small(void)
{
	assert_answer(load(&small, ",'default':true"), STATUS_OK, "\"version\":1");
	assert_answer(act(0, "letter", ",'fields':{'kind':'second','posted':'yes'}"), STATUS_OK, "C1");
}

static void a_case_stays_on_the_version_it_began_on(void **context)
{
	(void)context;
	begin_small();
	assert_answer(load(&(struct little){"small", "written", "reply", 20, 0}, ""), STATUS_OK, "\"version\":2}");
	assert_non_null(strstr(case_text("C1"), "\"pathway_version\":1"));
	assert_non_null(strstr(case_text("C1"), "\"due\":\"2026-10-05T23:00:00Z\""));
	assert_answer(act(1, "letter", ""), STATUS_OK, "C2");
	assert_non_null(strstr(case_text("C2"), "\"pathway_version\":2"));
	assert_non_null(strstr(case_text("C2"), "\"due\":\"2026-10-12T23:00:00Z\""));
	host_restart(&h);
	assert_non_null(strstr(case_text("C1"), "\"pathway_version\":1"));
}

/* What was said in fields counts on the other side; the last day is counted anew and said. */
static void a_moved_case_goes_on_under_the_new_rules(void **context)
{
	(void)context;
	begin_small();
	load(&(struct little){"small", "written", "reply", 20, 0}, "");
	assert_answer(host_ask(&h, MANAGER, COMMAND_MOVE, "{'case':'C1','pathway':'small','reason':'agreed with the parents'}"), STATUS_OK,
		      "{\"case\":\"C1\",\"pathway\":\"small\",\"version\":2,\"stage\":\"written\",\"moved\":1}");
	assert_non_null(strstr(case_text("C1"), "\"due\":\"2026-10-12T23:00:00Z\""));
	assert_non_null(strstr(case_text("C1"), "\"moved_from\":[\"2026-10-05T23:00:00Z\"]"));
	assert_non_null(strstr(case_text("C1"), "\"pathways_before\":[{\"pathway\":\"small\",\"version\":1,"));
	assert_int_equal(host_alerts(&h, "deadline-moved", NULL, one), 1);
	assert_non_null(strstr(one, "moves from Monday 5 October 2026 to Monday 12 October 2026, for the case was moved"));
	/* the need asks for the second letter: recorded before the move, as the log still says why */
	assert_answer(act(0, "answer", ""), STATUS_OK, NULL);
	assert_non_null(strstr(host_ask(&h, AUDITOR, COMMAND_QUERY, "{'what':'log','case':'C1'}")->text, "agreed with the parents"));
	assert_non_null(strstr(case_text("C1"), "\"status\":\"met\""));
}

static void a_case_is_not_moved_to_where_it_has_no_place(void **context)
{
	struct host_look b;

	(void)context;
	begin_small();
	load(&(struct little){"other", "told", "response", 5, 0}, "");
	b = host_look(&h);
	assert_answer(host_ask(&h, MANAGER, COMMAND_MOVE, "{'case':'C1','pathway':'other','reason':'r'}"), STATUS_UNMET,
		      "C1 stands at stage written");
	assert_non_null(strstr(host_first(&h)->text, "C1 waits for reply, which other doesn't have"));
	assert_answer(host_ask(&h, MANAGER, COMMAND_MOVE, "{'case':'C1','pathway':'other','stage':'told','reason':'r'}"), STATUS_UNMET,
		      "\"field\":\"deadlines\"");
	assert_answer(host_ask(&h, MANAGER, COMMAND_MOVE, "{'case':'C1','pathway':'other','stage':'closed','deadlines':{'reply':null},'reason':'r'}"),
		      STATUS_UNMET, "\"field\":\"stages\"");
	assert_answer(host_ask(&h, MANAGER, COMMAND_MOVE, "{'case':'C1','pathway':'other','stage':'told','deadlines':{'reply':'respnse'},'reason':'r'}"),
		      STATUS_UNMET, "respnse");
	assert_answer(host_ask(&h, MANAGER, COMMAND_MOVE, "{'case':'C1','pathway':'none','reason':'r'}"), STATUS_NOT_FOUND, "pathway");
	assert_answer(host_ask(&h, MANAGER, COMMAND_MOVE, "{'case':'C9','pathway':'other','reason':'r'}"), STATUS_NOT_FOUND, "case");
	assert_answer(host_ask(&h, MANAGER, COMMAND_MOVE, "{'case':'C1','pathway':'other'}"), STATUS_BAD_FIELD, "\"field\":\"reason\"");
	assert_answer(host_ask(&h, MANAGER, COMMAND_MOVE, "{'case':'C1','pathway':'other','version':4294967297,'reason':'r'}"), STATUS_NOT_FOUND, "pathway");
	assert_answer(host_ask(&h, MANAGER, COMMAND_MOVE, "{'case':'C1','pathway':'other','deadlines':null,'reason':'r'}"), STATUS_UNMET, "C1 waits for reply");
	assert_answer(host_ask(&h, OFFICER, COMMAND_MOVE, "{'case':'C1','pathway':'other','reason':'r'}"), STATUS_FORBIDDEN, NULL);
	assert_unchanged(&h, &b);
	assert_answer(host_ask(&h, MANAGER, COMMAND_MOVE, "{'case':'C1','pathway':'other','stage':'told','deadlines':{'reply':'response'},'reason':'r'}"),
		      STATUS_OK, "\"moved\":1");
	assert_non_null(strstr(case_text("C1"), "\"kind\":\"response\",\"title\":\"Answer\",\"due\":\"2026-09-21T23:00:00Z\""));
}

static const struct answer *move_on(const char *as)
{
	return host_ask(&h, MANAGER, COMMAND_MOVE,
			"{'case':'C1','pathway':'three-stage','stage':'stage-2','deadlines':{'nti-end':'%s'},'reason':'r'}", as);
}

/* A notice's period goes on as what has a last day without more, and after its end only as what can be answered. */
static void what_waits_goes_on_as_something_that_can_be_done(void **context)
{
	struct slice three_stage = host_pathway_file(&h, "pathways/three-stage.yaml", NULL, NULL);
	struct host_look b;

	(void)context;
	assert_answer(host_frame(&h, ADMIN, three_stage), STATUS_OK, NULL);
	free((void *)three_stage.bytes);
	assert_answer(act(0, "notice-to-improve", ",'parent':'p1','override':'r'"), STATUS_OK, "C1");
	b = host_look(&h);
	assert_answer(move_on("planning-meeting"), STATUS_UNMET, "C1 waits for nti-end, and what it would go on as hangs on a date");
	assert_unchanged(&h, &b);
	host_keep_data(&h);
	assert_answer(move_on("consultation"), STATUS_OK, "\"moved\":1");
	host_back_to_kept_data(&h);
	host_set_time(&h, "2026-11-09T09:00:00Z");
	host_turns(&h);
	b = host_look(&h);
	assert_answer(move_on("consultation"), STATUS_UNMET, "C1 waits for nti-end, whose end has passed");
	assert_unchanged(&h, &b);
	assert_answer(host_ask(&h, MANAGER, COMMAND_MOVE,
			       "{'case':'C1','pathway':'three-stage','stage':'stage-2','deadlines':{'nti-end':null,'monitoring-end':null},'reason':'r'}"),
		      STATUS_OK, "\"moved\":0");
}

/* What is over keeps its name, there and back; what falls away is cancelled and fires no more. */
static void what_is_over_keeps_its_name(void **context)
{
	(void)context;
	assert_answer(act(0, "noticing", ""), STATUS_NOT_FOUND, NULL);
	begin_small();
	host_grant(&h, SPARE, "manager", "");
	assert_answer(host_ask(&h, MANAGER, COMMAND_MOVE, "{'case':'C1','pathway':'stockport','stage':'stage-1','deadlines':{'reply':null},'reason':'r'}"),
		      STATUS_OK, "\"moved\":0");
	assert_non_null(strstr(case_text("C1"), "\"kind\":\"reply\",\"title\":\"Answer\""));
	assert_non_null(strstr(case_text("C1"), "\"status\":\"cancelled\""));
	assert_non_null(strstr(case_text("C1"), "{\"action\":\"letter\""));
	host_restart(&h);
	assert_non_null(strstr(case_text("C1"), "{\"action\":\"letter\""));
	host_set_time(&h, "2026-11-02T09:00:00Z");
	host_turns(&h);
	assert_int_equal(host_alerts(&h, "due", NULL, one), 0);
	assert_answer(host_ask(&h, MANAGER, COMMAND_MOVE, "{'case':'C1','pathway':'small','stage':'written','reason':'by mistake'}"), STATUS_OK, NULL);
	/* the letter counts again */
	assert_answer(act(0, "answer", ""), STATUS_OK, NULL);
}

/* And what was recorded there is told of as before: last of all, and although something was lacking. */
static void what_was_recorded_before_a_move_is_told(void **context)
{
	static const char latest[] = "\"latest\":\"Answer\",\"latest_on\":\"2026-09-14\"", title[] = "\"title\":\"Answer\",\"on\":\"2026-09-14\"";

	(void)context;
	assert_answer(load(&small, ",'default':true"), STATUS_OK, NULL);
	assert_answer(act(0, "letter", ""), STATUS_OK, "C1");
	assert_answer(host_ask(&h, ADMIN, COMMAND_ACTION, "{'upn':'%s','action':'answer','override':'by telephone'}", upn[0]), STATUS_OK, "\"overridden\":true");
	for (unsigned i = 0; i < 2; i++) {
		assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'cases','limit':5}"), STATUS_OK, latest);
		assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'authority'}"), STATUS_OK, "\"overrides\":{\"count\":1,\"items\":[{\"case\":\"C1\"");
		assert_non_null(strstr(host_first(&h)->text, title));
		if (i == 0)
			assert_answer(host_ask(&h, MANAGER, COMMAND_MOVE, "{'case':'C1','pathway':'stockport','stage':'stage-1','reason':'r'}"), STATUS_OK, NULL);
	}
}

static void a_changed_file_must_have_a_place_for_each_open_case(void **context)
{
	static const struct little changed = {"small", "told", "response", 15, 0};
	struct host_look b;

	(void)context;
	begin_small();
	assert_answer(act(1, "letter", ""), STATUS_OK, "C2");
	assert_answer(act(2, "letter", ""), STATUS_OK, "C3");
	assert_answer(act(2, "close", ""), STATUS_OK, "C3");
	b = host_look(&h);
	assert_answer(load(&changed, ""), STATUS_UNMET, "2 open cases would have no place");
	assert_non_null(strstr(host_first(&h)->text, "C2 waits for reply"));
	assert_null(strstr(host_first(&h)->text, "C3"));
	assert_answer(load(&changed, ",'stages':{'written':'told'},'reason':'new words'"), STATUS_UNMET, "C1 waits for reply");
	assert_answer(load(&changed, ",'stages':{'written':'told'},'deadlines':{'reply':'response'}"), STATUS_BAD_FIELD, "reason");
	assert_unchanged(&h, &b);
	/* one is moved by itself, the other goes with the file */
	load(&(struct little){"other", "told", "response", 5, 0}, "");
	assert_answer(host_ask(&h, MANAGER, COMMAND_MOVE, "{'case':'C1','pathway':'other','stage':'told','deadlines':{'reply':'response'},'reason':'r'}"),
		      STATUS_OK, NULL);
	/* what is said of names that these cases don't have is of no use and does no harm */
	assert_answer(load(&changed, ",'stages':{'start':'start','written':'told'},'deadlines':{'response':'response','reply':'response'},'reason':'new words'"), STATUS_OK,
		      "{\"name\":\"small\",\"version\":2,\"moved\":1}");
	assert_non_null(strstr(case_text("C2"), "\"pathway_version\":2,\"stage\":\"told\""));
	assert_non_null(strstr(case_text("C1"), "\"pathway\":\"other\""));
}

static void forty_open_cases_and_a_changed_policy(void **context)
{
	char who[UPN_SIZE + 1];

	(void)context;
	load(&small, ",'default':true");
	for (unsigned i = 1; i <= 40; i++) {
		host_upn(who, i);
		host_mark(&h, SCHOOL_URN, i, "2026-09-08", "AM", "/");
		assert_answer(host_ask(&h, OFFICER, COMMAND_ACTION, "{'upn':'%s','action':'letter'}", who), STATUS_OK, NULL);
	}
	assert_answer(load(&(struct little){"small", "told", "reply", 20, 0}, ",'stages':{'written':'told'},'reason':'20 days now'"), STATUS_OK,
		      "\"moved\":40");
	assert_int_equal(host_alerts(&h, "deadline-moved", NULL, one), 40);
	host_set_time(&h, "2026-10-06T09:00:00Z");
	host_turns(&h);
	assert_int_equal(host_alerts(&h, "due", NULL, one), 0);
	host_set_time(&h, "2026-10-13T09:00:00Z");
	host_turns(&h);
	assert_int_equal(host_alerts(&h, "due", NULL, one), 40);
}

/* So often as can be, and then no more: a case that has nowhere to go in a changed file is named with the way out. */
static void a_case_moved_eight_times(void **context)
{
	static const struct little changed = {"small", "told", "reply", 15, 0};
	struct host_look b;

	(void)context;
	begin_small();
	load(&(struct little){"small", "written", "reply", 20, 0}, "");
	for (unsigned i = 0; i < 8; i++)
		assert_answer(host_ask(&h, MANAGER, COMMAND_MOVE, "{'case':'C1','pathway':'small','version':%u,'reason':'r'}", i % 2 ? 1 : 2),
			      STATUS_OK, NULL);
	b = host_look(&h);
	assert_answer(host_ask(&h, MANAGER, COMMAND_MOVE, "{'case':'C1','pathway':'small','reason':'r'}"), STATUS_UNMET, "moved eight times");
	assert_answer(load(&changed, ""), STATUS_UNMET, "1 open case would have no place");
	assert_answer(load(&changed, ",'stages':{'written':'told'},'reason':'new words'"), STATUS_UNMET,
		      "\"lacks\":[{\"text\":\"C1 was moved eight times, as often as can be: close it and begin another\",\"bar\":false,\"field\":\"stages\"}]");
	assert_unchanged(&h, &b);
	/* one that finds all its names needs no move */
	assert_answer(load(&(struct little){"small", "written", "reply", 25, 0}, ""), STATUS_OK, "\"version\":3}");
	assert_non_null(strstr(case_text("C1"), "\"pathway_version\":1"));
	assert_answer(act(0, "close", ""), STATUS_OK, NULL);
	assert_answer(load(&changed, ""), STATUS_OK, "\"version\":4}");
}

/* Of very many what is told ends, and how many more there are is said. */
static void more_cases_without_a_place_than_are_told(void **context)
{
	char who[UPN_SIZE + 1];
	const char *text;

	(void)context;
	load(&small, ",'default':true");
	for (unsigned i = 1; i <= 21; i++) {
		host_upn(who, i);
		host_mark(&h, SCHOOL_URN, i, "2026-09-08", "AM", "/");
		assert_answer(host_ask(&h, OFFICER, COMMAND_ACTION, "{'upn':'%s','action':'letter'}", who), STATUS_OK, NULL);
	}
	text = load(&(struct little){"small", "told", "response", 20, 0}, "")->text;
	assert_int_equal(host_first(&h)->status, STATUS_UNMET);
	assert_non_null(strstr(text, "21 open cases would have no place"));
	assert_non_null(strstr(text, "(attend pathway move); 2 more\""));
	assert_int_equal(times_in(text, "\"bar\":false"), 40);
	assert_non_null(strstr(text, "C20 waits for reply"));
	assert_null(strstr(text, "C21"));
}

static void a_school_has_its_own_pathway(void **context)
{
	(void)context;
	load(&(struct little){"small", "written", "reply", 15, 4}, "");
	assert_answer(host_ask(&h, ADMIN, COMMAND_CHOOSE, "{'urn':'" OTHER_URN "','pathway':'none'}"), STATUS_NOT_FOUND, "pathway");
	assert_answer(host_ask(&h, ADMIN, COMMAND_CHOOSE, "{'urn':'1','pathway':'small'}"), STATUS_BAD_FIELD, "urn");
	assert_answer(host_ask(&h, ADMIN, COMMAND_CHOOSE, "{'urn':'" OTHER_URN "','pathway':'small'}"), STATUS_OK,
		      "{\"urn\":\"" OTHER_URN "\",\"pathway\":\"small\"}");
	assert_non_null(strstr(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'pathways'}")->text, "\"schools\":[\"" OTHER_URN "\"]"));
	host_restart(&h);
	assert_answer(act(0, "letter", ""), STATUS_NOT_FOUND, "no such action");
	assert_answer(act(2, "letter", ""), STATUS_OK, "C1");
	assert_non_null(strstr(case_text("C1"), "\"pathway\":\"small\""));
	/* its watches too: 4 sessions there, 10 elsewhere */
	host_marks(&h, SCHOOL_URN, 1, "2026-09-08", "2026-09-10", "O");
	assert_int_equal(host_alerts(&h, "threshold", NULL, one), 0);
	host_marks(&h, OTHER_URN, 3, "2026-09-08", "2026-09-10", "O");
	assert_int_equal(host_alerts(&h, "threshold", NULL, one), 1);
	host_crash(&h);
	assert_answer(host_ask(&h, ADMIN, COMMAND_CHOOSE, "{'urn':'" OTHER_URN "'}"), STATUS_OK, "\"pathway\":null");
	assert_answer(act(0, "noticing", ""), STATUS_NOT_FOUND, NULL);
	assert_null(strstr(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'pathways'}")->text, OTHER_URN));
}

/* As it was before the move, and after. */
static void as_of_before_the_move(void **context)
{
	uint64_t before;

	(void)context;
	begin_small();
	load(&(struct little){"small", "written", "reply", 20, 0}, "");
	before = host_head(&h);
	host_ask(&h, MANAGER, COMMAND_MOVE, "{'case':'C1','pathway':'small','reason':'r'}");
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'case','case':'C1','as_of':%llu}", (unsigned long long)before), STATUS_OK,
		      "\"pathway_version\":1");
	assert_non_null(strstr(host_first(&h)->text, "\"due\":\"2026-10-05T23:00:00Z\""));
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'case','case':'C1','as_of':%llu}", (unsigned long long)before + 1), STATUS_OK,
		      "\"pathway_version\":2");
	assert_non_null(strstr(host_first(&h)->text, "\"due\":\"2026-10-12T23:00:00Z\""));
}

static void sent_again_it_gets_the_first_answer(void **context)
{
	const struct answer *a;
	uint8_t id[UUID_SIZE];
	char text[400];

	(void)context;
	begin_small();
	load(&(struct little){"small", "written", "reply", 20, 0}, "");
	a = host_ask(&h, MANAGER, COMMAND_MOVE, "{'case':'C1','pathway':'small','reason':'r'}");
	snprintf(text, sizeof text, "%s", a->text);
	memcpy(id, h.last_id, sizeof id);
	assert_answer(host_again(&h, MANAGER, COMMAND_MOVE, id, "{'case':'C1','pathway':'small','reason':'r'}"), STATUS_KNOWN, text);
	host_crash(&h);
	assert_answer(host_again(&h, MANAGER, COMMAND_MOVE, id, "{'case':'C1','pathway':'small','reason':'r'}"), STATUS_KNOWN, text);
	host_ask(&h, ADMIN, COMMAND_CHOOSE, "{'urn':'" OTHER_URN "','pathway':'small'}");
	memcpy(id, h.last_id, sizeof id);
	assert_answer(host_again(&h, ADMIN, COMMAND_CHOOSE, id, "{'urn':'" OTHER_URN "','pathway':'small'}"), STATUS_KNOWN,
		      "{\"urn\":\"" OTHER_URN "\",\"pathway\":\"small\"}");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_case_stays_on_the_version_it_began_on),
		TEST(a_moved_case_goes_on_under_the_new_rules),
		TEST(a_case_is_not_moved_to_where_it_has_no_place),
		TEST(what_waits_goes_on_as_something_that_can_be_done),
		TEST(what_is_over_keeps_its_name),
		TEST(what_was_recorded_before_a_move_is_told),
		TEST(a_changed_file_must_have_a_place_for_each_open_case),
		TEST(forty_open_cases_and_a_changed_policy),
		TEST(a_case_moved_eight_times),
		TEST(more_cases_without_a_place_than_are_told),
		TEST(a_school_has_its_own_pathway),
		TEST(as_of_before_the_move),
		TEST(sent_again_it_gets_the_first_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
