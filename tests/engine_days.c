/* Days' ends: each is told once, in order, whatever happened meanwhile; and nothing is told
 * where nothing is awaited.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/engine_parts.h"
#include "tests/engine_host.h"

static struct host h;
static char one[8192];

static int setup(void **context)
{
	(void)context;
	host_make(&h, &(struct host_options){.start = "2026-09-07T09:00:00Z"});
	return 0;
}

static int teardown(void **context)
{
	(void)context;
	return host_end_verified(&h);
}

static char *log_text(void)
{
	return strdup(host_ask(&h, ADMIN, COMMAND_QUERY, "{'what':'log'}")->text);
}

/* The days that were told to be over, "2026-09-07 2026-09-08 ". */
static char *days_told(void)
{
	static char out[4096];
	char *log = log_text();

	out[0] = '\0';
	for (const char *at = log; (at = strstr(at, "\"kind\":\"day-ended\"")); at++) {
		const char *day = strstr(at, "\"day\":\"");

		snprintf(out + strlen(out), sizeof out - strlen(out), "%.10s ", day + 7);
	}
	free(log);
	return out;
}

static void nothing_awaited_nothing_told(void **context)
{
	(void)context;
	assert_int_equal(engine_next_timer(h.engine), 0);
	host_mark(&h, SCHOOL_URN, 1, "2026-09-07", "AM", "O");
	assert_int_equal(engine_next_timer(h.engine), 0);
	host_mark(&h, SCHOOL_URN, 2, "2026-09-07", "AM", "N");
	assert_int_equal(engine_next_timer(h.engine), host_ms("2026-09-07T23:00:00Z"));
	host_set_time(&h, "2026-12-01T09:00:00Z");
	host_turns(&h);
	/* until the last day on which that mark may be due, and no longer */
	assert_string_equal(days_told(), "2026-09-07 2026-09-08 2026-09-09 2026-09-10 2026-09-11 2026-09-14 2026-09-15 2026-09-16 2026-09-17 "
					 "2026-09-18 2026-09-21 ");
	assert_int_equal(engine_next_timer(h.engine), 0);
	/* and again from the next such mark on, with the days between passed over */
	host_mark(&h, SCHOOL_URN, 1, "2026-12-01", "AM", "N");
	assert_int_equal(engine_next_timer(h.engine), host_ms("2026-12-02T00:00:00Z"));
}

static void each_day_once_and_in_time(void **context)
{
	static const char *const ends[] = {"2026-09-07T23:00:00Z", "2026-09-08T23:00:00Z", "2026-09-09T23:00:00Z"};
	static const char *const wanted[] = {"2026-09-07 ", "2026-09-07 2026-09-08 ", "2026-09-07 2026-09-08 2026-09-09 "};

	(void)context;
	host_mark(&h, SCHOOL_URN, 1, "2026-09-07", "AM", "N");
	for (unsigned i = 0; i < 3; i++) {
		h.now_ms = host_ms(ends[i]) - 1;
		host_turns(&h);
		assert_string_equal(days_told(), i ? wanted[i - 1] : "");
		h.now_ms++;
		host_turns(&h);
		assert_string_equal(days_told(), wanted[i]);
		if (i % 2)
			host_crash(&h);
		else
			host_restart(&h);
		host_turns(&h);
		assert_string_equal(days_told(), wanted[i]);
	}
	assert_int_equal(host_alerts(&h, "unexplained", NULL, one), 1);
	assert_int_equal(number_of(one, "late_ms"), 0);
}

static void late_ones_come_in_due_order(void **context)
{
	const char *not_arrived, *unexplained, *overdue;
	char *log;

	(void)context;
	host_mark(&h, SCHOOL_URN, 1, "2026-09-07", "AM", "N");
	host_set_time(&h, "2026-09-30T09:00:00Z");
	host_turns(&h);
	assert_int_equal(host_alerts(&h, "reason-wanted", NULL, one), 1);
	assert_true(number_of(one, "late_ms") > 15 * 86400000ull);
	log = log_text();
	unexplained = strstr(log, "\"alert_kind\":\"unexplained\"");
	not_arrived = strstr(log, "\"day\":\"2026-09-08\"");
	overdue = strstr(log, "\"alert_kind\":\"reason-wanted\"");
	assert_non_null(unexplained);
	assert_true(unexplained < not_arrived && not_arrived < overdue);
	free(log);
}

/* A school's tasks are told for as long as they recur, marks or none. */
static void sp_21_a_school_alone(void **context)
{
	(void)context;
	assert_answer(host_ask(&h, OFFICER, COMMAND_CALENDAR, "{'rows':[['2026-09-02','2026-10-23','term','A']]}"), STATUS_OK, NULL);
	assert_answer(host_ask(&h, OFFICER, COMMAND_SCHOOL, "{'urn':'" SCHOOL_URN "','kinds':['primary','primary']}"), STATUS_OK,
		      "\"kinds\":[\"primary\"]");
	assert_answer(host_ask(&h, OFFICER, COMMAND_SCHOOL, "{'urn':'" SCHOOL_URN "','kinds':['college']}"), STATUS_BAD_FIELD, "kinds");
	assert_answer(host_ask(&h, OFFICER, COMMAND_SCHOOL, "{'urn':'" SCHOOL_URN "'}"), STATUS_BAD_FIELD, "kinds");
	assert_answer(host_ask(&h, OFFICER, COMMAND_SCHOOL, "{'urn':'1','kinds':[]}"), STATUS_BAD_FIELD, "urn");
	host_set_time(&h, "2026-09-12T09:00:00Z");
	host_turns(&h);
	assert_int_equal(host_alerts(&h, "reminder", NULL, one), 11); /* weekly and fortnightly */
	host_set_time(&h, "2027-01-12T09:00:00Z");
	host_turns(&h);
	assert_int_equal(host_alerts(&h, "reminder", NULL, one), 7 * 6 + 4 * 5 + 6 + 1 + 5 + 4 - 1);
	host_crash(&h);
	host_turns(&h);
	/* no day of the calendar is left; each task's last instance is missed, once */
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'deadlines'}"), STATUS_OK, "\"items\":[]"); /* the school is told */
	assert_answer(host_ask(&h, SCHOOL, COMMAND_QUERY, "{'what':'deadlines'}"), STATUS_OK, NULL);
	assert_int_equal(times_in(host_first(&h)->text, "\"status\":\"missed\",\"overdue\":true"), 7 + 4 + 6 + 1 + 5 + 4 - 1);
	assert_int_equal(times_in(host_first(&h)->text, "\"kind\":\"lates\""), 1);
	assert_int_equal(times_in(host_first(&h)->text, "\"status\":\"open\""), 0);
	assert_answer(host_ask(&h, OFFICER, COMMAND_SCHOOL, "{'urn':'" SCHOOL_URN "','kinds':[]}"), STATUS_OK, NULL);
	assert_answer(host_ask(&h, SCHOOL, COMMAND_QUERY, "{'what':'deadlines'}"), STATUS_OK, "\"items\":[]");
}

/* What a school is, and how far its tasks came: missed until it is ticked off or the reminder is dealt with. */
static void what_a_school_is(void **context)
{
	static const char schools[] = "{'what':'schools','urn':'" SCHOOL_URN "'}";
	static const char lates[] = "{\"task\":\"lates\",";
	const char *at;
	unsigned missed;

	(void)context;
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, schools), STATUS_NOT_FOUND, "urn");
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'schools'}"), STATUS_OK, "\"items\":[]");
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'schools','urn':'1'}"), STATUS_BAD_FIELD, "urn");
	host_ask(&h, OFFICER, COMMAND_CALENDAR, "{'rows':[['2026-09-02','2026-10-23','term','A']]}");
	host_ask(&h, OFFICER, COMMAND_SCHOOL, "{'urn':'" OTHER_URN "','kinds':['primary','secondary']}");
	host_ask(&h, OFFICER, COMMAND_SCHOOL, "{'urn':'" SCHOOL_URN "','kinds':['primary']}");
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, schools), STATUS_OK,
		      "{\"items\":[{\"urn\":\"" SCHOOL_URN "\",\"name\":null,\"kinds\":[\"primary\"],\"since\":\"2026-09-07\",\"pathway\":\"stockport\",\"tasks\":[{\"task\":");
	assert_null(strstr(host_first(&h)->text, OTHER_URN));
	at = strstr(host_first(&h)->text, lates);
	assert_non_null(at);
	assert_non_null(strstr(at, "\"first\":\"2026-09-07\",\"due\":\"2026-09-11\",\"done_through\":null,\"missed\":null}"));
	/* in the order of their numbers, a page at a time; a school sees its own alone */
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'schools','limit':1}"), STATUS_OK, "\"next\":" OTHER_URN "}");
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'schools','limit':1,'from':" OTHER_URN "}"), STATUS_OK, "\"kinds\":[\"primary\",\"secondary\"]");
	assert_non_null(strstr(host_first(&h)->text, "\"next\":null"));
	assert_answer(host_ask(&h, SCHOOL, COMMAND_QUERY, "{'what':'schools'}"), STATUS_OK, "\"urn\":\"" SCHOOL_URN "\"");
	assert_null(strstr(host_first(&h)->text, OTHER_URN));
	assert_answer(host_ask(&h, SCHOOL, COMMAND_QUERY, "{'what':'schools','urn':'" OTHER_URN "'}"), STATUS_NOT_FOUND, "urn");
	assert_answer(host_ask(&h, CONNECTOR, COMMAND_QUERY, schools), STATUS_FORBIDDEN, NULL);
	/* Friday is over */
	host_set_time(&h, "2026-09-12T09:00:00Z");
	host_turns(&h);
	host_ask(&h, OFFICER, COMMAND_QUERY, schools);
	at = strstr(host_first(&h)->text, lates);
	assert_non_null(strstr(at, "\"first\":\"2026-09-14\",\"due\":\"2026-09-18\",\"done_through\":null,\"missed\":\"2026-09-11T23:00:00Z\"}"));
	assert_answer(host_ask(&h, SCHOOL, COMMAND_QUERY, "{'what':'deadlines','before':'2026-09-12'}"), STATUS_OK,
		      "\"kind\":\"lates\"");
	assert_int_equal(times_in(host_first(&h)->text, "\"status\":\"missed\""), 11); /* weekly and fortnightly */
	/* ticked off late, it is done; another, whose reminder was dealt with, is no longer waited for */
	assert_answer(host_ask(&h, SCHOOL, COMMAND_TASK, "{'urn':'" SCHOOL_URN "','task':'lates'}"), STATUS_OK, "\"last\":\"2026-09-13\"");
	host_ask(&h, OFFICER, COMMAND_QUERY, schools);
	at = strstr(host_first(&h)->text, lates);
	assert_non_null(strstr(at, "\"due\":\"2026-09-18\",\"done_through\":\"2026-09-13\",\"missed\":null}"));
	assert_null(strstr(host_ask(&h, SCHOOL, COMMAND_QUERY, "{'what':'deadlines','before':'2026-09-12'}")->text, "\"kind\":\"lates\""));
	assert_true(host_alerts(&h, "reminder", "raised", one) > 1);
	assert_answer(host_ask(&h, ADMIN, COMMAND_QUERY, "{'what':'deadlines','before':'2026-09-12'}"), STATUS_OK, NULL);
	missed = times_in(host_first(&h)->text, "\"status\":\"missed\"");
	assert_answer(host_ask(&h, ADMIN, COMMAND_ACKNOWLEDGE, "{'alert':%u}", (unsigned)number_of(one, "alert")), STATUS_OK, NULL);
	assert_int_equal(times_in(host_ask(&h, ADMIN, COMMAND_QUERY, "{'what':'deadlines','before':'2026-09-12'}")->text, "\"status\":\"missed\""), missed - 1);
}

static void sp_21_a_task_is_ticked_off_once(void **context)
{
	uint8_t id[UUID_SIZE];

	(void)context;
	host_ask(&h, OFFICER, COMMAND_CALENDAR, "{'rows':[['2026-09-02','2026-10-23','term','A']]}");
	host_ask(&h, OFFICER, COMMAND_SCHOOL, "{'urn':'" SCHOOL_URN "','kinds':['primary']}");
	host_id(&h, id);
	assert_answer(host_again(&h, SCHOOL, COMMAND_TASK, id, "{'urn':'" SCHOOL_URN "','task':'lates'}"), STATUS_OK,
		      "\"on\":\"2026-09-07\",\"first\":\"2026-09-07\",\"last\":\"2026-09-13\"");
	assert_answer(host_again(&h, SCHOOL, COMMAND_TASK, id, "{'urn':'" SCHOOL_URN "','task':'lates'}"), STATUS_KNOWN,
		      "\"first\":\"2026-09-07\",\"last\":\"2026-09-13\"");
	assert_answer(host_ask(&h, SCHOOL, COMMAND_TASK, "{'urn':'" OTHER_URN "','task':'lates'}"), STATUS_FORBIDDEN, "urn");
	assert_answer(host_ask(&h, OFFICER, COMMAND_TASK, "{'urn':'" OTHER_URN "','task':'lates'}"), STATUS_NOT_FOUND, "urn");
	assert_answer(host_ask(&h, SCHOOL, COMMAND_TASK, "{'urn':'" SCHOOL_URN "','task':'late'}"), STATUS_NOT_FOUND, "task");
	assert_answer(host_ask(&h, SCHOOL, COMMAND_TASK, "{'urn':'" SCHOOL_URN "','task':'lates','on':'2026-09-08'}"), STATUS_BAD_FIELD, "not a date that has come");
	assert_answer(host_ask(&h, SCHOOL, COMMAND_TASK, "{'urn':'" SCHOOL_URN "','task':'lates','of':'2026-09-08'}"), STATUS_BAD_FIELD, "is wanted");
	assert_answer(host_ask(&h, SCHOOL, COMMAND_QUERY, "{'what':'deadlines','before':'2026-09-11'}"), STATUS_OK, "\"items\":[]");
	assert_answer(host_ask(&h, SCHOOL, COMMAND_QUERY, "{'what':'deadlines','before':'2026-09-12'}"), STATUS_OK,
		      "\"case\":null,\"upn\":null,\"urn\":\"" SCHOOL_URN "\",\"deadline\":null,\"kind\":\"attendance-display\"");
	assert_answer(host_ask(&h, SCHOOL, COMMAND_QUERY, "{'what':'deadlines','officer':'officer'}"), STATUS_OK, "\"items\":[]");
}

/* What many tasks with long titles say when they move is cut between two characters. */
static void long_titles_move_in_whole_characters(void **context)
{
	static char source[16000];
	int at = snprintf(source, sizeof source, "pathway: many\ntitle: Many tasks\nsource: none\nstages: {start: Start, closed: Closed}\n"
			  "first stage: start\nclosed stage: closed\nactions:\n  close: {title: Closing, may record: [officer], moves to: closed}\ntasks:\n");

	(void)context;
	for (unsigned i = 0; i < 40; i++) {
		at += snprintf(source + at, sizeof source - (size_t)at, "  task-%u: {every: half-term, title: \"%.*s", i, (int)(i % 3), "ab");
		for (unsigned k = 0; k < 60; k++)
			at += snprintf(source + at, sizeof source - (size_t)at, "\xe2\x82\xac");
		at += snprintf(source + at, sizeof source - (size_t)at, "\"}\n");
	}
	assert_answer(host_ask(&h, ADMIN, COMMAND_PATHWAY, "{'source':'%s','default':true}", source), STATUS_OK, NULL);
	host_ask(&h, OFFICER, COMMAND_CALENDAR, "{'rows':[['2026-09-02','2026-10-23','term','A']]}");
	host_ask(&h, OFFICER, COMMAND_SCHOOL, "{'urn':'" SCHOOL_URN "','kinds':['primary']}");
	assert_answer(host_ask(&h, OFFICER, COMMAND_CALENDAR, "{'rows':[['2026-09-02','2026-10-16','term','A']]}"), STATUS_OK, NULL);
	assert_int_equal(host_alerts(&h, "deadline-moved", NULL, one), 1); /* each answer is looked at: engine_host.c */
	assert_non_null(strstr(one, "\xac: from Friday 23 October 2026 to Friday 16 October 2026."));
}

/* A day's end looks at every pupil: of many of them after a long time down so many at a time, since others wait. */
static void days_of_a_long_time_down_come_in_parts(void **context)
{
	char *json = NULL, text[UPN_SIZE + 1];
	size_t size;
	FILE *out = open_memstream(&json, &size);
	unsigned calls = 1;

	(void)context;
	fprintf(out, "{'urn':'" SCHOOL_URN "','registers':[['2026-09-07','AM',[");
	for (unsigned i = 0; i < 6000; i++) {
		host_upn(text, i);
		fprintf(out, "%s['%s','/']", i ? "," : "", text);
	}
	fprintf(out, "]]]}");
	fclose(out);
	assert_answer(host_ask(&h, CONNECTOR, COMMAND_MARKS, "%s", json), STATUS_OK, NULL);
	free(json);
	assert_answer(host_ask(&h, OFFICER, COMMAND_SCHOOL, "{'urn':'" SCHOOL_URN "','kinds':['primary']}"), STATUS_OK, NULL);
	host_set_time(&h, "2026-12-01T09:00:00Z"); /* 61 days' ends, each as much as 31 deadlines */
	host_begin(&h);
	for (; engine_tick(h.engine, h.now_ms); calls++) {
		host_commit(&h);
		host_begin(&h);
	}
	host_commit(&h);
	assert_int_equal(calls, 2);
	assert_int_equal(engine_next_timer(h.engine), host_ms("2026-12-02T00:00:00Z"));
	assert_int_equal(times_in(host_ask(&h, ADMIN, COMMAND_QUERY, "{'what':'log','from':6000}")->text, "\"kind\":\"day-ended\""), 61);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(nothing_awaited_nothing_told), T(each_day_once_and_in_time), T(late_ones_come_in_due_order),
		T(sp_21_a_school_alone),	 T(sp_21_a_task_is_ticked_off_once), T(what_a_school_is),
		T(long_titles_move_in_whole_characters), T(days_of_a_long_time_down_come_in_parts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
