/* Facts about a pupil through the engine: known in time, known late, taken back; what
 * each changes in an open case is told. SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "tests/engine_host.h"

static struct host h;
static char upn[4][UPN_SIZE + 1]; /* 1 and 2 at the school, 3 at the other one */
static char one[4096];

/* Stockport's with a prosecution of few needs: WG-03's bar and a consultation, which it has not in these words. */
static void load_with_facts(void)
{
	struct slice frame = host_pathway(&h, "  sickness-expected:\n",
		"  court:\n    title: Prosecution\n    may record: [officer, manager]\n    may override: [officer, manager]\n    fields:\n"
		"      notes: {type: text, title: \"What was considered\"}\n      consulted: {type: yes/no, title: \"Was the social worker consulted?\"}\n    needs:\n"
		"      - that: not looked_after\n        clause: WG-03\n        bar: yes\n        lack: \"a child looked after: it is escalated within social care\"\n"
		"      - that: given(consulted) or not (social_worker or plan_in_place)\n        clause: SP-34\n        lack: \"the social worker is to be consulted (consulted=yes)\"\n"
		"      - that: not prosecuted_before\n        clause: SK-04\n        lack: \"prosecuted before\"\n"
		"      - that: compulsory_school_age\n        clause: SP-20\n        bar: yes\n        lack: \"the pupil is not of compulsory school age\"\n"
		"  sickness-expected:\n");

	assert_answer(host_frame(&h, ADMIN, frame), STATUS_OK, "\"version\":2");
	free((void *)frame.bytes);
}

static int setup(void **context)
{
	(void)context;
	host_make(&h, &(struct host_options){.start = "2026-11-10T09:00:00Z"});
	for (unsigned i = 0; i < 4; i++)
		host_upn(upn[i], i);
	load_with_facts();
	for (unsigned i = 1; i <= 3; i++)
		host_marks(&h, i == 3 ? OTHER_URN : SCHOOL_URN, i, "2026-11-02", "2026-11-04", "/");
	assert_answer(host_ask(&h, OFFICER, COMMAND_ROSTER, "{'urn':'" SCHOOL_URN "','pupils':[{'upn':'%s','surname':'A','birth_date':'2014-01-02'}]}", upn[1]),
		      STATUS_OK, NULL);
	assert_answer(host_ask(&h, OFFICER, COMMAND_ACTION, "{'upn':'%s','action':'note','fields':{'text':'x'}}", upn[1]), STATUS_OK, "C1");
	return 0;
}

static int teardown(void **context)
{
	(void)context;
	return host_end_verified(&h);
}

static const struct answer *prosecute(const char *on)
{
	return host_ask(&h, OFFICER, COMMAND_ACTION, "{'upn':'%s','action':'court','on':'%s','parent':'p1','fields':{'notes':'n','consulted':'yes'}}", upn[1], on);
}

static const struct answer *fact(const char *name, const char *more)
{
	return host_ask(&h, OFFICER, COMMAND_FACT, "{'upn':'%s','fact':'%s'%s}", upn[1], name, more);
}

static void assert_said(const char *wanted)
{
	if (!strstr(one, wanted))
		fail_msg("no \"%s\" in %s", wanted, one);
}

static void assert_not_said(const char *wanted)
{
	if (strstr(one, wanted))
		fail_msg("\"%s\" in %s", wanted, one);
}

/* On the eve of prosecution; the nearest case that is none: the day before. */
static void wg_03_no_enforcement_from_the_day_that_the_child_is_looked_after(void **context)
{
	(void)context;
	assert_answer(fact("looked-after", ",'since':'2026-11-09'"), STATUS_OK, "\"changed\":1");
	assert_answer(prosecute("2026-11-09"), STATUS_BARRED, "WG-03");
	assert_answer(prosecute("2026-11-10"), STATUS_BARRED, "social care");
	assert_answer(host_ask(&h, MANAGER, COMMAND_ACTION, "{'upn':'%s','action':'court','override':'all the same'}", upn[1]), STATUS_BARRED, NULL);
	assert_answer(prosecute("2026-11-08"), STATUS_OK, NULL);
	assert_answer(host_ask(&h, SCHOOL, COMMAND_QUERY, "{'what':'case','upn':'%s'}", upn[1]), STATUS_OK,
		      "\"facts\":[{\"fact\":\"looked-after\",\"since\":\"2026-11-09\",\"parent\":null}]");
}

static void wg_03_known_late_it_says_what_would_have_been_barred(void **context)
{
	(void)context;
	assert_answer(prosecute("2026-11-06"), STATUS_OK, NULL);
	/* later than the prosecution: that one stands */
	assert_answer(fact("looked-after", ",'since':'2026-11-07'"), STATUS_OK, "\"changed\":1");
	assert_int_equal(host_alerts(&h, "fact-changed", "raised", one), 1);
	assert_said("\"case\":\"C1\"");
	assert_said("looked-after from Saturday 7 November 2026 on, as was recorded on Tuesday 10 November 2026.");
	assert_said("Prosecution is barred now (WG-03): a child looked after");
	assert_not_said("would have been");
	/* and it turns out that it was so before: only that is new */
	assert_answer(fact("looked-after", ",'since':'2026-11-05','text':'told by social care'"), STATUS_OK, "\"changed\":1");
	assert_int_equal(host_alerts(&h, "fact-changed", "raised", one), 2);
	assert_said("Prosecution of Friday 6 November 2026 would have been barred (WG-03)");
	assert_not_said("barred now");
	/* a mistake, put right from its first day on */
	assert_answer(fact("looked-after", ",'since':'2026-11-05','holds':false"), STATUS_OK, "\"changed\":1");
	host_alerts(&h, "fact-changed", "raised", one);
	assert_said("would not have been barred (WG-03)");
	assert_answer(fact("looked-after", ",'since':'2026-11-10','holds':false"), STATUS_OK, "\"changed\":1");
	host_alerts(&h, "fact-changed", "raised", one);
	assert_said("looked-after no more from Tuesday 10 November 2026");
	assert_said("Prosecution is barred no more (WG-03)");
}

static void sp_34_a_plan_asks_for_consultation_and_an_answer_given_was_enough(void **context)
{
	(void)context;
	assert_answer(prosecute("2026-11-06"), STATUS_OK, NULL); /* consulted=yes */
	assert_answer(fact("child-protection", ",'since':'2026-11-03'"), STATUS_OK, "\"changed\":1");
	host_alerts(&h, "fact-changed", "raised", one);
	assert_said("Prosecution lacks now (SP-34): the social worker is to be consulted");
	assert_not_said("would have lacked");
	/* a second reason for the same changes nothing more */
	assert_answer(fact("early-help", ",'text':'A. Name, 0161'"), STATUS_OK, "\"changed\":0");
	assert_int_equal(host_alerts(&h, "fact-changed", NULL, one), 1);
}

static void sk_04_a_fact_of_one_parent(void **context)
{
	(void)context;
	assert_answer(fact("prosecuted-before", ",'parent':'p2','since':'2020-05-01'"), STATUS_OK, NULL);
	assert_answer(prosecute("2026-11-06"), STATUS_OK, NULL); /* p1's */
	assert_answer(fact("prosecuted-before", ",'parent':'p1','since':'2020-05-01'"), STATUS_OK, "\"changed\":1");
	host_alerts(&h, "fact-changed", "raised", one);
	assert_said("would have lacked (SK-04): prosecuted before");
	assert_said("prosecuted-before (parent p1) from Friday 1 May 2020 on");
	assert_not_said("Prosecution lacks now"); /* p2's had made it so, of whom nothing says whose it is */
}

/* SK-04, of a step that is a parent's: each is looked at. */
static void sk_04_a_step_that_needs_a_parent_is_told_of_that_parent(void **context)
{
	struct slice frame = host_pathway(&h, "  - that: given(reason=leave) or not period_running", "  - that: not prosecuted_before\n        clause: SK-04\n        bar: yes\n        lack: \"to a case conference\"\n      - that: given(reason=leave) or not period_running");

	(void)context;
	assert_answer(host_frame(&h, ADMIN, frame), STATUS_OK, "\"version\":3");
	free((void *)frame.bytes);
	assert_answer(host_ask(&h, OFFICER, COMMAND_ACTION, "{'upn':'%s','action':'penalty-notice','parent':'p1','override':'r','fields':{'reason':'leave'}}", upn[2]), STATUS_OK, NULL);
	assert_answer(host_ask(&h, OFFICER, COMMAND_FACT, "{'upn':'%s','fact':'prosecuted-before','parent':'p2','since':'2025-05-01'}", upn[2]), STATUS_OK, "\"changed\":1");
	host_alerts(&h, "fact-changed", "raised", one);
	assert_said("Penalty notice for parent p2 is barred now (SK-04): to a case conference.");
	assert_not_said("parent p1 is barred");
	assert_not_said("would have been");
}

/* A question is chosen by what is known on the deadline's last day, in replay too. */
static void a_question_rests_on_what_is_known(void **context)
{
	struct slice frame = host_pathway(&h, "      - when: unauthorised_in_period >= 1\n        clause: SP-11", "      - when: looked_after\n        clause: WG-03");

	(void)context;
	assert_answer(host_frame(&h, ADMIN, frame), STATUS_OK, "\"version\":3");
	free((void *)frame.bytes);
	assert_answer(host_ask(&h, OFFICER, COMMAND_ACTION, "{'upn':'%s','action':'notice-to-improve','parent':'p1','override':'r'}", upn[2]), STATUS_OK, "C2");
	assert_answer(host_ask(&h, OFFICER, COMMAND_FACT, "{'upn':'%s','fact':'looked-after'}", upn[2]), STATUS_OK, "\"changed\":1");
	host_alerts(&h, "fact-changed", "raised", one);
	assert_said("Notice to Improve: the question at its end is now another one");
	host_set_time(&h, "2026-12-02T09:00:00Z");
	host_turns(&h);
	assert_int_equal(host_alerts(&h, "decision", NULL, one), 1);
	assert_said("Outcomes: Issue a penalty notice; No penalty notice"); /* the first question's order */
}

/* A pupil without a case, and one whose case is closed: nothing to say. */
static void without_an_open_case_nothing_changes(void **context)
{
	(void)context;
	assert_answer(host_ask(&h, OFFICER, COMMAND_FACT, "{'upn':'%s','fact':'looked-after'}", upn[2]), STATUS_OK, "{\"changed\":0}");
	assert_answer(host_ask(&h, OFFICER, COMMAND_ACTION, "{'upn':'%s','action':'close'}", upn[1]), STATUS_OK, NULL);
	assert_answer(fact("looked-after", ""), STATUS_OK, "{\"changed\":0}");
	assert_int_equal(host_alerts(&h, "fact-changed", NULL, one), 0);
	/* it is there when one is opened */
	assert_answer(host_ask(&h, OFFICER, COMMAND_ACTION, "{'upn':'%s','action':'court'}", upn[2]), STATUS_BARRED, "WG-03");
}

/* SP-20: the birth date was wrong, or comes late. */
static void sp_20_a_birth_date_known_late(void **context)
{
	(void)context;
	assert_answer(prosecute("2026-11-06"), STATUS_OK, NULL);
	assert_answer(host_ask(&h, OFFICER, COMMAND_ROSTER, "{'urn':'" SCHOOL_URN "','pupils':[{'upn':'%s','surname':'A','birth_date':'2009-01-02'}]}", upn[1]),
		      STATUS_OK, NULL);
	assert_int_equal(host_alerts(&h, "fact-changed", "raised", one), 1);
	assert_said("Prosecution of Friday 6 November 2026 would have been barred (SP-20): the pupil is not of compulsory school age.");
	assert_said("Penalty notice for parent p1 is barred now (SP-20)");
	/* another surname is nothing to the rules */
	assert_answer(host_ask(&h, OFFICER, COMMAND_ROSTER, "{'urn':'" SCHOOL_URN "','pupils':[{'upn':'%s','surname':'B','birth_date':'2009-01-02'}]}", upn[1]),
		      STATUS_OK, NULL);
	assert_int_equal(host_alerts(&h, "fact-changed", NULL, one), 1);
}

#define BODY "{'upn':'%s','fact':'looked-after','since':'2026-11-09'}"

static void a_repeat_gets_the_first_answer(void **context)
{
	uint8_t id[UUID_SIZE];
	struct host_look before;

	(void)context;
	host_id(&h, id);
	assert_answer(host_again(&h, OFFICER, COMMAND_FACT, id, BODY, upn[1]), STATUS_OK, "{\"changed\":1}");
	before = host_look(&h);
	assert_answer(host_again(&h, OFFICER, COMMAND_FACT, id, BODY, upn[1]), STATUS_KNOWN, "{\"changed\":1}");
	assert_unchanged(&h, &before);
}

static void what_is_known_as_of_then(void **context)
{
	uint64_t before = host_head(&h);

	(void)context;
	assert_answer(fact("social-worker", ",'text':'A. Name, 0161','since':'2026-11-01'"), STATUS_OK, NULL);
	assert_answer(fact("social-worker", ",'holds':false,'since':'2026-11-08'"), STATUS_OK, NULL);
	host_restart(&h);
	assert_answer(host_ask(&h, SCHOOL, COMMAND_QUERY, "{'what':'people','upn':'%s'}", upn[1]), STATUS_OK,
		      "{\"fact\":\"social-worker\",\"holds\":true,\"since\":\"2026-11-01\",\"parent\":null,\"stands\":false");
	assert_answer(host_first(&h), STATUS_OK, "\"text\":\"A. Name, 0161\"}");
	assert_answer(host_ask(&h, SCHOOL, COMMAND_QUERY, "{'what':'people','upn':'%s','as_of':%llu}", upn[1], (unsigned long long)before + 1), STATUS_OK,
		      "\"stands\":true");
	assert_answer(host_ask(&h, SCHOOL, COMMAND_QUERY, "{'what':'people','upn':'%s','as_of':%llu}", upn[1], (unsigned long long)before), STATUS_OK,
		      "\"facts\":[]");
	assert_answer(host_ask(&h, AUDITOR, COMMAND_QUERY, "{'what':'log','upn':'%s'}", upn[1]), STATUS_OK, "\"texts\":{\"text\":\"A. Name, 0161\"}");
}

#define REFUSED(who, status, says, ...) \
	do { \
		char json[400]; \
		snprintf(json, sizeof json, __VA_ARGS__); \
		assert_refused(&h, who, COMMAND_FACT, status, says, json); \
	} while (0)

static void a_wrong_fact_is_refused_with_its_field(void **context)
{
	(void)context;
	REFUSED(OFFICER, STATUS_BAD_FIELD, "looked-after early-help", "{'upn':'%s','fact':'tall'}", upn[1]);
	REFUSED(OFFICER, STATUS_BAD_FIELD, "registers say", "{'upn':'%s','fact':'school'}", upn[1]);
	REFUSED(OFFICER, STATUS_BAD_FIELD, "in the future", "{'upn':'%s','fact':'send','since':'2026-11-11'}", upn[1]);
	REFUSED(OFFICER, STATUS_BAD_FIELD, "\"since\"", "{'upn':'%s','fact':'send','since':'2026-02-30'}", upn[1]);
	REFUSED(OFFICER, STATUS_BAD_FIELD, "whose?", "{'upn':'%s','fact':'prosecuted-before'}", upn[1]);
	REFUSED(OFFICER, STATUS_BAD_FIELD, "not of a parent", "{'upn':'%s','fact':'send','parent':'p1'}", upn[1]);
	REFUSED(OFFICER, STATUS_BAD_FIELD, "\"parent\"", "{'upn':'%s','fact':'prosecuted-before','parent':'1'}", upn[1]);
	REFUSED(OFFICER, STATUS_BAD_FIELD, "\"holds\"", "{'upn':'%s','fact':'send','holds':'no'}", upn[1]);
	REFUSED(OFFICER, STATUS_BAD_FIELD, "\"upn\"", "{'upn':'x','fact':'send'}");
	REFUSED(OFFICER, STATUS_BAD_BODY, "is wanted", "{'upn':'%s','fact':'send','colour':'red'}", upn[1]);
	REFUSED(SCHOOL, STATUS_NOT_FOUND, "known to you", "{'upn':'%s','fact':'send'}", upn[3]);
	REFUSED(LEAD, STATUS_NOT_FOUND, "known to you", "{'upn':'%s','fact':'send'}", upn[2]);
	REFUSED(OFFICER, STATUS_NOT_FOUND, "known to you", "{'upn':'%s','fact':'send'}", upn[0]);
	assert_answer(host_ask(&h, LEAD, COMMAND_FACT, "{'upn':'%s','fact':'lead-professional','text':'myself'}", upn[1]), STATUS_OK, NULL);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(wg_03_no_enforcement_from_the_day_that_the_child_is_looked_after),
		T(wg_03_known_late_it_says_what_would_have_been_barred),
		T(sp_34_a_plan_asks_for_consultation_and_an_answer_given_was_enough),
		T(sk_04_a_fact_of_one_parent),
		T(sk_04_a_step_that_needs_a_parent_is_told_of_that_parent),
		T(a_question_rests_on_what_is_known),
		T(without_an_open_case_nothing_changes),
		T(sp_20_a_birth_date_known_late),
		T(a_repeat_gets_the_first_answer),
		T(what_is_known_as_of_then),
		T(a_wrong_fact_is_refused_with_its_field),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
