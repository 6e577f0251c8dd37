/* More than is usual: schools, cases, deadlines and alerts by the hundred, so that every list in memory has grown on the way.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "tests/engine_host.h"

enum { SCHOOLS = 530, CASES = 300, CLASS = 70 };

static struct host h;
static char upn[SCHOOLS][UPN_SIZE + 1];

static const char LITTLE[] =
	"pathway: little\ntitle: A little process\nsource: none\nstages:\n  start: Start\n  written: Written to\n  closed: Closed\n"
	"first stage: start\nclosed stage: closed\n"
	"watches:\n  threshold: {kind: count, codes: [G, N, O, U], at least: 2, text: \"{count} sessions\"}\n"
	"deadlines:\n  reply:\n    title: Answer\n    task: 15 school days\n"
	"actions:\n"
	"  letter: {title: Letter, may record: [officer], starts: reply, moves to: written}\n"
	"  answer: {title: Answer, may record: [officer], meets: reply}\n"
	"  close: {title: Closing, may record: [officer], moves to: closed}\n";

/* Each pupil is alone at a school, and has missed a day; the first of them have been written about. */
static int setup(void **context)
{
	(void)context;
	host_make(&h, &(struct host_options){.start = "2026-09-14T16:00:00Z"});
	assert_answer(host_ask(&h, ADMIN, COMMAND_PATHWAY, "{'source':'%s','default':true}", LITTLE), STATUS_OK, NULL);
	assert_answer(host_ask(&h, OFFICER, COMMAND_CALENDAR, "{'rows':[['2026-09-02','2026-12-18','term','Autumn']]}"), STATUS_OK, NULL);
	host_begin(&h);
	for (unsigned i = 0; i < SCHOOLS; i++) {
		host_upn(upn[i], i + 1);
		host_put(&h, OFFICER, COMMAND_MARKS, NULL,
			 "{'urn':'%06u','registers':[['2026-09-14','AM',[['%s','O']]],['2026-09-14','PM',[['%s','O']]]]}", 200000 + i, upn[i], upn[i]);
	}
	for (unsigned i = 0; i < CASES; i++)
		host_put(&h, OFFICER, COMMAND_ACTION, NULL, "{'upn':'%s','action':'letter'}", upn[i]);
	host_commit(&h);
	for (unsigned i = 0; i < h.count; i++)
		assert_answer(&h.answers[i], STATUS_OK, NULL);
	return 0;
}

static int teardown(void **context)
{
	(void)context;
	return host_end_verified(&h);
}

static const char *ask(const char *question)
{
	const struct answer *a = host_ask(&h, OFFICER, COMMAND_QUERY, "%s", question);

	assert_int_equal(a->status, STATUS_OK);
	return a->text;
}

/* Of as many schools' lists as there are, as of then. */
static void what_was_known_of_each(void **context)
{
	static const unsigned some[] = {0, 255, 256, 299, 511, SCHOOLS - 1};
	uint64_t head = host_head(&h);
	char question[200];

	(void)context;
	for (unsigned i = 0; i < sizeof some / sizeof *some; i++) {
		char urn[8];

		snprintf(urn, sizeof urn, "%u", 200000 + some[i]);
		assert_answer(host_ask(&h, OFFICER, COMMAND_MARKS, "{'urn':'%s','registers':[['2026-09-14','AM',[['%s','/']]]]}", urn, upn[some[i]]),
			      STATUS_OK, NULL);
	}
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < sizeof some / sizeof *some; i++) {
			snprintf(question, sizeof question, "{'what':'pupil','upn':'%s','as_of':%llu}", upn[some[i]], (unsigned long long)head);
			assert_non_null(strstr(ask(question), "\"unauthorised\":2,"));
			snprintf(question, sizeof question, "{'what':'pupil','upn':'%s'}", upn[some[i]]);
			assert_non_null(strstr(ask(question), "\"unauthorised\":1,"));
			snprintf(question, sizeof question, "{'what':'cases','urn':'%u','as_of':%llu}", 200000 + some[i], (unsigned long long)head);
			assert_int_equal(times_in(ask(question), "\"case\":"), some[i] < CASES);
		}
		if (round)
			host_crash(&h);
		else
			host_restart(&h);
	}
	assert_int_equal(times_in(ask("{'what':'authority'}"), "\"pupils\":1,"), SCHOOLS);
	assert_non_null(strstr(h.answers[0].text, "\"open\":300}]"));
}

/* All of them wait for an answer, and each is told when its last day moves. */
static void a_closure_moves_them_all(void **context)
{
	char moved[4096];

	(void)context;
	assert_answer(host_ask(&h, OFFICER, COMMAND_CALENDAR,
			       "{'rows':[['2026-09-02','2026-12-18','term','Autumn'],['2026-09-21','2026-09-21','closure','flood']]}"),
		      STATUS_OK, "\"moved\":300");
	assert_int_equal(host_alerts(&h, "deadline-moved", NULL, moved), CASES);
	assert_int_equal(times_in(ask("{'what':'deadlines','limit':1000}"), "\"last_day\":\"2026-10-06\""), CASES);
	/* the first of a page are the first of all; what came in is counted by kind */
	assert_non_null(strstr(ask("{'what':'today','limit':2}"), "{\"group\":\"later\",\"count\":300,\"items\":[]}"));
	assert_non_null(strstr(h.answers[0].text, "\"alerts\":{\"count\":824,")); /* six were met by the corrections before */
	host_set_time(&h, "2026-10-07T09:00:00Z");
	host_turns(&h);
	assert_non_null(strstr(ask("{'what':'today','limit':2}"), "{\"group\":\"overdue\",\"count\":300,\"items\":[{\"case\":\"C1\","));
	assert_int_equal(times_in(h.answers[0].text, "\"kind\":\"reply\""), 2);
	assert_non_null(strstr(ask("{'what':'authority'}"), "\"tasks\":{\"open\":0,\"overdue\":300,\"met\":0,\"missed\":300}"));
	assert_non_null(strstr(ask("{'what':'authority','as_of':'2026-10-01'}"), "\"tasks\":{\"open\":300,\"overdue\":0,"));
}

/* Year groups beyond those that are told apart are counted together; a long name is cut between two characters. */
static void a_school_of_many_year_groups(void **context)
{
	char *roster = NULL, *marks = NULL, who[UPN_SIZE + 1];
	size_t size;
	FILE *one = open_memstream(&roster, &size), *two = open_memstream(&marks, &size);
	const char *text;

	(void)context;
	fprintf(one, "{'urn':'" SCHOOL_URN "','pupils':[");
	fprintf(two, "{'urn':'" SCHOOL_URN "','registers':[['2026-09-15','AM',[");
	for (unsigned i = 0; i < CLASS; i++) {
		char group[40];

		snprintf(group, sizeof group, "%s%02u", i < 2 ? "Kindergarten 1\xc3\xa9" : "Class ", i % 35);
		host_upn(who, 1000 + i);
		fprintf(one, "%s{'upn':'%s','surname':'S','year_group':'%s'}", i ? "," : "", who, group);
		fprintf(two, "%s['%s','O']", i ? "," : "", who);
	}
	fprintf(one, "]}");
	fprintf(two, "]]]}");
	fclose(one);
	fclose(two);
	host_set_time(&h, "2026-10-08T16:00:00Z");
	assert_answer(host_ask(&h, CONNECTOR, COMMAND_ROSTER, "%s", roster), STATUS_OK, NULL);
	assert_answer(host_ask(&h, CONNECTOR, COMMAND_MARKS, "%s", marks), STATUS_OK, NULL);
	text = ask("{'what':'school','urn':'" SCHOOL_URN "'}");
	assert_non_null(strstr(text, "{\"year_group\":\"Kindergarten 1\",\"pupils\":2,"));
	assert_non_null(strstr(text, "{\"year_group\":\"Class 02\",\"pupils\":2,"));
	assert_non_null(strstr(text, "{\"year_group\":\"others\",\"pupils\":"));
	assert_int_equal(times_in(strstr(text, "\"registers\""), "{\"year_group\""), 24);
	assert_non_null(strstr(text, "\"near\":{\"count\":70,"));
	free(roster);
	free(marks);
}

#define T(name) cmocka_unit_test(name)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(what_was_known_of_each),
		T(a_closure_moves_them_all),
		T(a_school_of_many_year_groups),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
