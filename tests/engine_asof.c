/* As of then: at every position of a history, the pupil and the case are answered as
 * they were answered live when the log ended there. (EN-03, the history shows what is
 * known now and what was known then.) SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "tests/engine_host.h"

enum { MOMENTS_MAX = 200, PUPILS = 3 };

static struct host h;
static char upn[PUPILS][UPN_SIZE + 1];

/* What was said live at a position. */
struct moment {
	uint64_t position;
	char *pupil[PUPILS], *marks[PUPILS], *by_upn[PUPILS], *by_id[2];
	uint16_t status_by_upn[PUPILS], status_by_id[2];
};

static struct moment moments[MOMENTS_MAX];
static unsigned moment_count;

/* Without what is the present's alone: the particulars held, and what may come next. */
static char *trimmed(const char *text)
{
	static const char *const from[] = {",\"surname\":", ",\"next\":"};
	static const char *const to[] = {",\"cases\":", "\xff"};
	char *copy = strdup(text);

	for (int i = 0; i < 2; i++) {
		char *a = strstr(copy, from[i]), *b = a ? strstr(a, to[i]) : NULL;

		if (a)
			memmove(a, b ? b : "}", strlen(b ? b : "}") + 1);
	}
	return copy;
}

static char *ask(const char *what, const char *key, const char *value, uint64_t as_of, uint16_t *status)
{
	char more[60] = "";
	const struct answer *a;

	if (as_of)
		snprintf(more, sizeof more, ",'as_of':%llu", (unsigned long long)as_of);
	a = host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'%s','%s':'%s'%s}", what, key, value, more);
	if (status)
		*status = a->status;
	return trimmed(a->status == STATUS_OK ? a->text : "");
}

static void remember(void)
{
	static const char *const ids[] = {"C1", "C2"};
	struct moment *m = &moments[moment_count++];

	assert_true(moment_count < MOMENTS_MAX);
	host_turns(&h);
	m->position = host_head(&h);
	for (unsigned i = 0; i < PUPILS; i++) {
		m->pupil[i] = ask("pupil", "upn", upn[i], 0, NULL);
		m->marks[i] = ask("marks", "upn", upn[i], 0, NULL);
		m->by_upn[i] = ask("case", "upn", upn[i], 0, &m->status_by_upn[i]);
	}
	for (unsigned i = 0; i < 2; i++)
		m->by_id[i] = ask("case", "case", ids[i], 0, &m->status_by_id[i]);
}

static void same(char *now, const char *was, uint64_t position, const char *what)
{
	if (strcmp(now, was))
		fail_msg("%s as of %llu:\nwas %s\nnow %s", what, (unsigned long long)position, was, now);
	free(now);
}

static void compare(void)
{
	static const char *const ids[] = {"C1", "C2"};

	for (unsigned n = 0; n < moment_count; n++) {
		struct moment *m = &moments[n];
		uint16_t status;

		for (unsigned i = 0; i < PUPILS; i++) {
			if (!m->pupil[i][0])
				continue; /* not known then; now it is, with nothing */
			same(ask("pupil", "upn", upn[i], m->position, NULL), m->pupil[i], m->position, "pupil");
			same(ask("marks", "upn", upn[i], m->position, NULL), m->marks[i], m->position, "marks");
			same(ask("case", "upn", upn[i], m->position, &status), m->by_upn[i], m->position, "case of the pupil");
			assert_int_equal(status, m->status_by_upn[i]);
		}
		for (unsigned i = 0; i < 2; i++) {
			same(ask("case", "case", ids[i], m->position, &status), m->by_id[i], m->position, "case");
			assert_int_equal(status, m->status_by_id[i]);
		}
	}
}

static int setup(void **context)
{
	(void)context;
	host_make(&h, &(struct host_options){.start = "2026-09-07T08:00:00Z"});
	for (unsigned i = 0; i < PUPILS; i++)
		host_upn(upn[i], i + 1);
	moment_count = 0;
	return 0;
}

static int teardown(void **context)
{
	(void)context;
	for (unsigned n = 0; n < moment_count; n++) {
		for (unsigned i = 0; i < PUPILS; i++) {
			free(moments[n].pupil[i]);
			free(moments[n].marks[i]);
			free(moments[n].by_upn[i]);
		}
		free(moments[n].by_id[0]);
		free(moments[n].by_id[1]);
	}
	assert_verified(&h);
	host_end(&h);
	return 0;
}

static void act(unsigned pupil, const char *rest)
{
	assert_answer(host_ask(&h, OFFICER, COMMAND_ACTION, "{'upn':'%s',%s}", upn[pupil], rest), STATUS_OK, NULL);
	remember();
}

static void day_of_marks(const char *date, const char *first, const char *second)
{
	char time[40];

	snprintf(time, sizeof time, "%sT16:00:00Z", date);
	host_set_time(&h, time);
	host_marks(&h, SCHOOL_URN, 1, date, date, first);
	remember();
	host_marks(&h, SCHOOL_URN, 2, date, date, second);
	remember();
}

static void history(void)
{
	day_of_marks("2026-09-07", "N", "/");
	day_of_marks("2026-09-08", "O", "/");
	act(0, "'action':'contact','fields':{'reached':'yes'}");
	day_of_marks("2026-09-09", "O", "I");
	host_mark(&h, SCHOOL_URN, 1, "2026-09-07", "AM", "I"); /* a correction */
	remember();
	day_of_marks("2026-09-10", "U", "M");
	day_of_marks("2026-09-11", "G", "/");
	day_of_marks("2026-09-14", "G", "/");
	act(0, "'action':'notice-to-improve','parent':'p1','override':'r'");
	day_of_marks("2026-09-15", "N", "/");
	host_mark(&h, SCHOOL_URN, 1, "2026-09-15", "AM", "I");
	host_mark(&h, SCHOOL_URN, 1, "2026-09-15", "PM", "I");
	remember();
	assert_answer(host_ask(&h, OFFICER, COMMAND_CALENDAR,
			       "{'rows':[['2026-09-02','2026-12-18','term','A'],['2026-09-21','2026-09-21','closure','flood']]}"),
		      STATUS_OK, "\"moved\":1");
	remember();
	day_of_marks("2026-09-16", "O", "/");
	host_set_time(&h, "2026-10-12T09:00:00Z"); /* the end, and what follows from it */
	remember();
	act(0, "'action':'penalty-notice','parent':'p1','override':'r'");
	act(0, "'action':'payment','parent':'p1'");
	act(0, "'action':'close'");
	host_mark(&h, OTHER_URN, 1, "2026-10-12", "AM", "/"); /* moves school */
	remember();
	act(0, "'action':'note'"); /* C2 */
	act(0, "'action':'notice-to-improve','parent':'p2','override':'r'");
	day_of_marks("2026-10-13", "/", "N");
}

static void en_03_every_position_of_a_history(void **context)
{
	(void)context;
	history();
	compare();
	host_crash(&h);
	compare();
	host_restart(&h);
	compare();
}

/* By time: the last event at or before it. */
static void a_time_or_a_date_means_the_last_event_until_then(void **context)
{
	(void)context;
	history();
	/* the day's marks came at 16:00; by the end of 8 September two days are known */
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'pupil','upn':'%s','as_of':'2026-09-08'}", upn[0]), STATUS_OK, "\"unauthorised\":4,");
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'pupil','upn':'%s','as_of':'2026-09-08T15:59:59Z'}", upn[0]), STATUS_OK, "\"unauthorised\":2,");
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'pupil','upn':'%s','as_of':'2026-09-08T16:00:00Z'}", upn[0]), STATUS_OK, "\"unauthorised\":4,");
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'pupil','upn':'%s','as_of':'2020-01-01'}", upn[0]), STATUS_OK, "\"possible\":0,");
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'pupil','upn':'%s','as_of':0}", upn[0]), STATUS_OK, "\"possible\":0,");
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'pupil','upn':'%s','as_of':'then'}", upn[0]), STATUS_BAD_FIELD, "\"field\":\"as_of\"");
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'case','case':'C1','as_of':'2026-09-07'}"), STATUS_NOT_FOUND, NULL);
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'case','upn':'%s','as_of':'2026-09-30'}", upn[0]), STATUS_OK, "\"case\":\"C1\"");
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'case','upn':'%s'}", upn[0]), STATUS_OK, "\"case\":\"C2\"");
}

/* A question in a batch that has something before it is answered with it, and one
 * about the time before is answered without. */
static void in_the_midst_of_a_batch(void **context)
{
	uint64_t head;

	(void)context;
	host_mark(&h, SCHOOL_URN, 1, "2026-09-07", "AM", "N");
	head = host_head(&h);
	host_begin(&h);
	host_put(&h, OFFICER, COMMAND_MARKS, NULL, "{'urn':'" SCHOOL_URN "','registers':[['2026-09-07','PM',[['%s','N']]]]}", upn[0]);
	host_put(&h, OFFICER, COMMAND_QUERY, NULL, "{'what':'pupil','upn':'%s'}", upn[0]);
	host_put(&h, OFFICER, COMMAND_QUERY, NULL, "{'what':'pupil','upn':'%s','as_of':%llu}", upn[0], (unsigned long long)head);
	host_commit(&h);
	assert_answer(&h.answers[1], STATUS_OK, "\"unauthorised\":2,");
	assert_answer(&h.answers[2], STATUS_OK, "\"unauthorised\":1,");
	assert_int_equal(number_of(h.answers[2].text, "as_of"), head);
}

/* A question at the end of a third case is put with the notices of the two before, in their order. */
static void the_notices_of_earlier_cases(void **context)
{
	static const char *const days[] = {"2026-09-14", "2026-09-15"};
	uint64_t head;
	char *then;

	(void)context;
	host_set_time(&h, "2026-09-16T09:00:00Z");
	host_mark(&h, SCHOOL_URN, 1, "2026-09-07", "AM", "O");
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(host_ask(&h, OFFICER, COMMAND_ACTION, "{'upn':'%s','action':'penalty-notice','parent':'p1','on':'%s','override':'r'}", upn[0], days[i])->status,
				 STATUS_OK);
		assert_int_equal(host_ask(&h, OFFICER, COMMAND_ACTION, "{'upn':'%s','action':'close','fields':{'reason':'r'},'override':'r'}", upn[0])->status, STATUS_OK);
	}
	assert_int_equal(host_ask(&h, OFFICER, COMMAND_ACTION, "{'upn':'%s','action':'notice-to-improve','parent':'p1','override':'r'}", upn[0])->status, STATUS_OK);
	host_set_time(&h, "2026-11-16T09:00:00Z");
	host_turns(&h);
	then = ask("case", "upn", upn[0], 0, NULL);
	assert_true(strstr(strstr(then, "\"notices\""), days[0]) < strstr(strstr(then, "\"notices\""), days[1]));
	head = host_head(&h);
	assert_int_equal(host_ask(&h, OFFICER, COMMAND_ACTION, "{'upn':'%s','action':'note'}", upn[0])->status, STATUS_OK);
	same(ask("case", "upn", upn[0], head, NULL), then, head, "case");
	free(then);
}

/* The school year of a pupil without a register is that of then. */
static void a_year_without_registers(void **context)
{
	uint64_t head;

	(void)context;
	assert_answer(host_ask(&h, OFFICER, COMMAND_ROSTER, "{'urn':'" SCHOOL_URN "','pupils':[{'upn':'%s','surname':'Z'}]}", upn[2]), STATUS_OK, NULL);
	head = host_head(&h);
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'year','upn':'%s'}", upn[2]), STATUS_OK, "\"school_year\":2026,");
	host_set_time(&h, "2027-10-01T09:00:00Z");
	host_mark(&h, SCHOOL_URN, 1, "2027-09-30", "AM", "/");
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'year','upn':'%s'}", upn[2]), STATUS_OK, "\"school_year\":2027,");
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'year','upn':'%s','as_of':%llu}", upn[2], (unsigned long long)head), STATUS_OK,
		      "\"school_year\":2026,");
	host_mark(&h, OTHER_URN, 3, "2027-09-30", "AM", "/");
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'pupil','upn':'%s'}", upn[2]), STATUS_OK, "\"urn\":\"" OTHER_URN);
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'pupil','upn':'%s','as_of':%llu}", upn[2], (unsigned long long)head), STATUS_OK,
		      "\"urn\":\"" SCHOOL_URN);
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'year','upn':'%s','as_of':0}", upn[2]), STATUS_OK, "\"school_year\":");
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'year','upn':'%s','as_of':'2020-01-01'}", upn[2]), STATUS_OK, "\"school_year\":");
}

/* What of a school's tasks was over long before is no more to be done then, either. */
static void the_tasks_of_a_school(void **context)
{
	uint64_t head;
	char *then;

	(void)context;
	assert_answer(host_ask(&h, OFFICER, COMMAND_CALENDAR, "{'rows':[['2027-01-04','2027-03-26','term','B'],['2027-06-07','2027-07-21','term','C']]}"), STATUS_OK, NULL);
	assert_answer(host_ask(&h, OFFICER, COMMAND_SCHOOL, "{'urn':'" SCHOOL_URN "','kinds':['secondary']}"), STATUS_OK, NULL);
	host_set_time(&h, "2027-07-07T09:00:00Z");
	host_turns(&h);
	host_mark(&h, SCHOOL_URN, 1, "2027-07-06", "AM", "/");
	/* with more days in it: tasks would have been due in them weeks ago */
	assert_answer(host_ask(&h, OFFICER, COMMAND_CALENDAR, "{'rows':[['2027-01-04','2027-03-26','term','B'],['2027-04-12','2027-07-21','term','C']]}"), STATUS_OK, NULL);
	then = ask("school", "urn", SCHOOL_URN, 0, NULL);
	head = host_head(&h);
	host_set_time(&h, "2027-07-08T09:00:00Z");
	host_mark(&h, SCHOOL_URN, 1, "2027-07-07", "AM", "N");
	same(ask("school", "urn", SCHOOL_URN, head, NULL), then, head, "school");
	free(then);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(en_03_every_position_of_a_history),
		T(a_time_or_a_date_means_the_last_event_until_then),
		T(in_the_midst_of_a_batch),
		T(the_notices_of_earlier_cases),
		T(a_year_without_registers),
		T(the_tasks_of_a_school),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
