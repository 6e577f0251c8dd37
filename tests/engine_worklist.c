/* What an officer works from: which steps are asked for, what matters today, who is who.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "tests/engine_host.h"

static struct host h;
static char upn[3][UPN_SIZE + 1]; /* at the school */

static int setup(void **context)
{
	(void)context;
	host_make(&h, &(struct host_options){.start = "2026-09-02T07:00:00Z"});
	host_grant(&h, OFFICER, "officer", ",'name':'officer'");
	for (unsigned i = 0; i < 3; i++) {
		host_upn(upn[i], i);
		host_set_time(&h, "2026-09-04T15:30:00Z");
		host_marks(&h, SCHOOL_URN, i, "2026-09-02", "2026-09-04", "/");
	}
	return 0;
}

static int teardown(void **context)
{
	(void)context;
	assert_verified(&h);
	host_end(&h);
	return 0;
}

static void to(const char *time)
{
	host_set_time(&h, time);
	host_turns(&h);
}

/* What `actions` says of one, up to its fields. */
static const char *action(unsigned pupil, const char *name)
{
	static char room[600];
	char start[80];
	const char *at, *end;

	snprintf(start, sizeof start, "{\"action\":\"%s\"", name);
	at = strstr(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'actions','upn':'%s'}", upn[pupil])->text, start);
	assert_non_null(at);
	end = strstr(at, "\"fields\"");
	assert_non_null(end);
	snprintf(room, sizeof room, "%.*s", (int)(end - at), at);
	return room;
}

static void act(unsigned pupil, const char *name, const char *more)
{
	assert_int_equal(host_ask(&h, OFFICER, COMMAND_ACTION, "{'upn':'%s','action':'%s'%s}", upn[pupil], name, more)->status, STATUS_OK);
}

static void steps_say_what_they_would_do(void **context)
{
	(void)context;
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'actions','upn':'%s'}", upn[0]), STATUS_OK,
		      "\"stage\":\"universal\",\"stages\":[\"universal\",\"stage-1\",\"stage-2\",\"stage-3a\",\"monitoring\",\"stage-3b\",\"stage-4\",\"closed\"]");
	assert_non_null(strstr(action(0, "review"), "\"meets\":[],\"follows\":[\"plan\",\"early-help\"]"));
	assert_non_null(strstr(action(0, "plan"), "\"follows\":[\"contact\",\"meeting\""));
	act(0, "contact", ",'fields':{'reached':'yes'}");
	act(0, "plan", ",'fields':{'support_offered':'yes'},'override':'agreed'");
	/* the review is due in six weeks, and is asked for from the plan on; a period would run its course first */
	assert_non_null(strstr(action(0, "review"), "\"meets\":[1]"));
	assert_non_null(strstr(action(0, "contact"), "\"meets\":[]"));
	act(0, "notice-to-improve", ",'parent':'p1','override':'agreed'");
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'case','upn':'%s'}", upn[0]), STATUS_OK, "\"kind\":\"nti-end\"");
	assert_non_null(strstr(action(0, "decision"), "\"meets\":[]"));
	assert_non_null(strstr(action(0, "penalty-notice"), "\"meets\":[]"));
}

static uint64_t due_today(enum who who)
{
	return number_of(strstr(host_ask(&h, who, COMMAND_QUERY, "{'what':'today'}")->text, "\"group\":\"today\""), "count");
}

/* It is begun for every child with a case, since it may become known that they have a social worker. */
static void what_need_not_be_done_is_not_due(void **context)
{
	(void)context;
	to("2026-09-06T09:00:00Z");
	act(1, "contact", ",'fields':{'reached':'yes'}");
	to("2026-09-07T16:00:00Z");
	host_mark(&h, SCHOOL_URN, 1, "2026-09-07", "AM", "N");
	to("2026-09-08T08:00:00Z");
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'case','upn':'%s'}", upn[1]), STATUS_OK, "\"kind\":\"social-worker-told\"");
	assert_int_equal(due_today(SCHOOL), 0);
	assert_non_null(strstr(action(1, "social-worker-told"), "\"meets\":[]"));
	assert_int_equal(host_ask(&h, OFFICER, COMMAND_FACT, "{'upn':'%s','fact':'social-worker','since':'2026-09-01'}", upn[1])->status, STATUS_OK);
	/* they have one; and it is the school's to do */
	assert_int_equal(due_today(SCHOOL), 1);
	assert_int_equal(due_today(AUDITOR), 1);
	assert_int_equal(due_today(OFFICER), 0);
	assert_non_null(strstr(action(1, "social-worker-told"), "\"meets\":[1]"));
	act(1, "social-worker-told", "");
	assert_int_equal(due_today(SCHOOL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps_say_what_they_would_do),
		cmocka_unit_test(what_need_not_be_done_is_not_due),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
