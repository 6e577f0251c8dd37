/* Deadlines of tests/data/timing.yaml through the engine: whom an alert reaches, what a
 * watch's alert starts, what is known when a decision is put. SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "tests/engine_host.h"

static struct host h;
static char upn[UPN_SIZE + 1];
static char one[4096];

static int setup(void **context)
{
	(void)context;
	host_make(&h, &(struct host_options){.start = "2026-09-14T09:00:00Z", .pathway = "tests/data/timing.yaml"});
	host_upn(upn, 1);
	host_mark(&h, SCHOOL_URN, 1, "2026-09-11", "AM", "/");
	return 0;
}

/* What was told and started is in the log: a start from it, and a rebuild, give the same. */
static int teardown(void **context)
{
	char *before, *after;

	(void)context;
	before = host_tables(&h, true);
	host_crash(&h);
	after = host_tables(&h, true);
	assert_same_text(after, before);
	free(before);
	free(after);
	assert_verified(&h);
	host_end(&h);
	return 0;
}

static void does(enum who who, const char *action, const char *fields)
{
	assert_answer(host_ask(&h, who, COMMAND_ACTION, "{'upn':'%s','action':'%s','fields':{%s}}", upn, action, fields), STATUS_OK, NULL);
}

static void time_passes(const char *to)
{
	host_set_time(&h, to);
	host_turns(&h);
}

static unsigned listed(enum who who, const char *kind)
{
	char wanted[64];

	snprintf(wanted, sizeof wanted, "\"kind\":\"%s\"", kind);
	return times_in(host_ask(&h, who, COMMAND_QUERY, "{'what':'alerts'}")->text, wanted);
}

/* As a subscriber is told, from the beginning. */
static unsigned sent(enum who who, const char *kind)
{
	char wanted[64];
	unsigned count = 0;

	snprintf(wanted, sizeof wanted, "\"kind\":\"%s\"", kind);
	assert_answer(host_ask(&h, who, COMMAND_SUBSCRIBE, "{'what':'alerts','from':1,'credit':1000}"), STATUS_OK, NULL);
	for (unsigned i = 0; i < h.count; i++)
		if (h.answers[i].command == COMMAND_ITEMS)
			count += times_in(h.answers[i].text, wanted);
	return count;
}

static const char *the_case(enum who who)
{
	return host_ask(&h, who, COMMAND_QUERY, "{'what':'case','case':'C1'}")->text;
}

static void assert_says(const char *text, const char *wanted)
{
	if (!strstr(text, wanted))
		fail_msg("no %s in %s", wanted, text);
}

static void ty_15_an_escalated_standard_reaches_the_manager(void **context)
{
	(void)context;
	does(OFFICER, "message", "");
	time_passes("2026-09-17T22:59:59Z");
	assert_int_equal(host_alerts(&h, "escalated", NULL, one), 0);
	time_passes("2026-09-17T23:00:00Z");
	assert_int_equal(host_alerts(&h, "escalated", "raised", one), 1);
	assert_says(one, "\"tells\":[\"manager\"]");
	assert_says(one, "\"clause\":\"TY-07\"");
	assert_int_equal(listed(MANAGER, "escalated"), 1);
	assert_int_equal(listed(OFFICER, "escalated"), 0);
	assert_int_equal(listed(SCHOOL, "escalated"), 0);
	assert_int_equal(listed(AUDITOR, "escalated"), 1);
	assert_int_equal(listed(OFFICER, "overdue"), 1); /* the standard is the officers' */
	assert_int_equal(listed(SCHOOL, "overdue"), 0);
	assert_int_equal(sent(MANAGER, "escalated"), 1);
	assert_int_equal(sent(OFFICER, "escalated"), 0);
	assert_int_equal(sent(OFFICER, "overdue"), 1);
}

static void ty_15_a_standard_kept_escalates_nothing(void **context)
{
	(void)context;
	does(OFFICER, "message", "");
	time_passes("2026-09-16T09:00:00Z");
	does(OFFICER, "answer", "");
	time_passes("2026-10-16T09:00:00Z");
	assert_int_equal(host_alerts(&h, NULL, NULL, one), 0);
}

static void an_alert_is_acknowledged_by_those_it_is_for(void **context)
{
	unsigned long long number;

	(void)context;
	does(OFFICER, "message", "");
	time_passes("2026-09-18T09:00:00Z");
	assert_int_equal(host_alerts(&h, "escalated", "raised", one), 1);
	number = number_of(one, "alert");
	assert_answer(host_ask(&h, OFFICER, COMMAND_ACKNOWLEDGE, "{'alert':%llu}", number), STATUS_NOT_FOUND, "not for your role");
	assert_int_equal(host_alerts(&h, "escalated", "acknowledged", one), 0);
	assert_answer(host_ask(&h, MANAGER, COMMAND_ACKNOWLEDGE, "{'alert':%llu}", number), STATUS_OK, NULL);
	assert_int_equal(host_alerts(&h, "escalated", "acknowledged", one), 1);
}

static void sp_26_a_watch_starts_a_task_in_the_open_case(void **context)
{
	(void)context;
	does(SCHOOL, "referral", "");
	time_passes("2026-09-16T16:00:00Z");
	host_marks(&h, SCHOOL_URN, 1, "2026-09-14", "2026-09-15", "N");
	assert_null(strstr(the_case(OFFICER), "report-missing"));
	host_marks(&h, SCHOOL_URN, 1, "2026-09-16", "2026-09-16", "N");
	assert_int_equal(host_alerts(&h, "missing-from-school", "raised", one), 1);
	assert_says(one, "\"tells\":[\"school\"]");
	assert_int_equal(listed(SCHOOL, "missing-from-school"), 1);
	assert_int_equal(listed(OFFICER, "missing-from-school"), 0);
	assert_says(the_case(OFFICER), "\"kind\":\"report-missing\"");
	assert_says(the_case(OFFICER), "\"last_day\":\"2026-09-17\",\"status\":\"open\"");
	/* A reason was given after all: there is nothing to report. */
	host_mark(&h, SCHOOL_URN, 1, "2026-09-15", "PM", "I");
	assert_int_equal(host_alerts(&h, "missing-from-school", "withdrawn", one), 1);
	assert_says(the_case(OFFICER), "\"last_day\":\"2026-09-17\",\"status\":\"cancelled\"");
	time_passes("2026-09-30T09:00:00Z");
	assert_int_equal(host_alerts(&h, "due", NULL, one), 0);
}

static void sp_26_a_task_that_a_watch_started_falls_due(void **context)
{
	(void)context;
	does(SCHOOL, "referral", "");
	time_passes("2026-09-16T16:00:00Z");
	host_marks(&h, SCHOOL_URN, 1, "2026-09-14", "2026-09-16", "N");
	host_restart(&h);
	time_passes("2026-09-17T22:59:59Z");
	assert_int_equal(host_alerts(&h, "due", NULL, one), 0);
	time_passes("2026-09-17T23:00:00Z");
	assert_int_equal(host_alerts(&h, "due", NULL, one), 1);
	assert_says(one, "\"deadline\":\"report-missing\"");
}

static void without_a_case_an_alert_starts_nothing(void **context)
{
	(void)context;
	time_passes("2026-09-16T16:00:00Z");
	host_marks(&h, SCHOOL_URN, 1, "2026-09-14", "2026-09-16", "N");
	assert_int_equal(host_alerts(&h, "missing-from-school", "raised", one), 1);
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'case','case':'C1'}"), STATUS_NOT_FOUND, NULL);
}

static void ts_05_a_meeting_postponed_twice(void **context)
{
	(void)context;
	does(OFFICER, "convene", "'meeting_date':'2026-10-07'");
	time_passes("2026-09-28T09:00:00Z");
	does(OFFICER, "convene", "'meeting_date':'2026-10-14'");
	time_passes("2026-10-10T09:00:00Z"); /* the report was due by the end of the 9th */
	assert_int_equal(host_alerts(&h, "due", NULL, one), 1);
	assert_says(one, "\"due\":\"2026-10-09T23:00:00Z\"");
	does(OFFICER, "convene", "'meeting_date':'2026-10-21'");
	assert_says(the_case(OFFICER), "\"last_day\":\"2026-10-16\",\"status\":\"open\"");
	assert_says(the_case(OFFICER), "\"moved_from\":[\"2026-10-02T23:00:00Z\",\"2026-10-09T23:00:00Z\"]");
	time_passes("2026-10-12T09:00:00Z");
	does(OFFICER, "report", "");
	time_passes("2026-10-20T09:00:00Z");
	assert_int_equal(host_alerts(&h, "due", NULL, one), 1);
}

static void sk_13_a_decision_is_put_with_what_is_known(void **context)
{
	const char *text;
	uint64_t before;

	(void)context;
	does(OFFICER, "begin", "");
	time_passes("2026-10-23T16:00:00Z");
	host_mark(&h, SCHOOL_URN, 1, "2026-10-23", "AM", "O");
	does(SCHOOL, "visit", "");
	before = host_head(&h);
	assert_says(the_case(OFFICER), "\"decisions\":[]");
	time_passes("2026-10-27T09:00:00Z");
	text = the_case(OFFICER);
	assert_says(text, "\"question\":\"The plan ended with Monday 26 October 2026; not met. What now?\",\"clause\":\"SK-13\","
	                  "\"source\":\"The plan is reviewed at the end of the six weeks\"");
	assert_says(text, "\"outcomes\":[{\"outcome\":\"go-on\",\"title\":null,\"by\":[\"end-plan\"]},{\"outcome\":\"end\",\"title\":null,\"by\":[\"end-plan\"]}]");
	assert_says(text, "\"unauthorised_10_weeks\":1");
	assert_says(text, "\"compulsory_school_age\":null"); /* no birth date is known */
	assert_says(text, "{\"action\":\"visit\",\"title\":\"Home visit\",\"times\":1,\"on\":\"2026-10-23\",\"answers\":{}}");
	assert_null(strstr(text, "\"action\":\"end-plan\",\"title\":\"Plan ended early\",\"times\"")); /* never recorded */
	does(OFFICER, "end-plan", "'outcome':'go-on'");
	assert_says(the_case(OFFICER), "\"decisions\":[]");
	text = host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'case','case':'C1','as_of':%llu}", (unsigned long long)before)->text;
	assert_says(text, "\"decisions\":[]");
	time_passes("2026-11-10T09:00:00Z");
	assert_int_equal(host_alerts(&h, "escalated", NULL, one), 0);
}

static void sk_13_a_decision_not_taken_reaches_the_manager(void **context)
{
	(void)context;
	does(OFFICER, "begin", "");
	time_passes("2026-10-28T09:00:00Z");
	assert_int_equal(host_alerts(&h, "decision", "raised", one), 1);
	assert_says(one, "\"tells\":[]");
	assert_says(one, "\"clause\":\"SK-13\"");
	assert_int_equal(listed(MANAGER, "escalated"), 1);
	assert_int_equal(listed(OFFICER, "escalated"), 0);
	assert_int_equal(listed(OFFICER, "decision"), 1);
}

/* A task of a school's is ticked off by those whom its file names. */
static void a_task_is_the_officers_to_tick_off(void **context)
{
	(void)context;
	assert_answer(host_ask(&h, OFFICER, COMMAND_CALENDAR, "{'rows':[['2026-09-02','2026-12-18','term','Autumn']]}"), STATUS_OK, NULL);
	assert_answer(host_ask(&h, OFFICER, COMMAND_SCHOOL, "{'urn':'" SCHOOL_URN "','kinds':['primary']}"), STATUS_OK, NULL);
	assert_refused(&h, SCHOOL, COMMAND_TASK, STATUS_FORBIDDEN, NULL, "{'urn':'" SCHOOL_URN "','task':'display'}");
	assert_answer(host_ask(&h, OFFICER, COMMAND_TASK, "{'urn':'" SCHOOL_URN "','task':'display'}"), STATUS_OK, NULL);
	assert_answer(host_ask(&h, SCHOOL, COMMAND_TASK, "{'urn':'" SCHOOL_URN "','task':'nurse'}"), STATUS_OK, NULL);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(ty_15_an_escalated_standard_reaches_the_manager),
		T(ty_15_a_standard_kept_escalates_nothing),
		T(an_alert_is_acknowledged_by_those_it_is_for),
		T(sp_26_a_watch_starts_a_task_in_the_open_case),
		T(sp_26_a_task_that_a_watch_started_falls_due),
		T(without_a_case_an_alert_starts_nothing),
		T(ts_05_a_meeting_postponed_twice),
		T(a_task_is_the_officers_to_tick_off),
		T(sk_13_a_decision_is_put_with_what_is_known),
		T(sk_13_a_decision_not_taken_reaches_the_manager),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
