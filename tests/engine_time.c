/* Time: what fell due fires once, in due order, however late; and a clock that nobody
 * vouches for fires nothing. SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "tests/engine_host.h"

static struct host h;
static char upn[6][UPN_SIZE + 1];
static char one[4096];

static int setup(void **context)
{
	(void)context;
	host_make(&h, &(struct host_options){.start = "2026-09-14T09:00:00Z"});
	for (unsigned i = 0; i < 6; i++)
		host_upn(upn[i], i + 1);
	return 0;
}

static int teardown(void **context)
{
	(void)context;
	return host_end_verified(&h);
}

static void serve(unsigned pupil, const char *on)
{
	host_mark(&h, SCHOOL_URN, pupil + 1, "2026-09-07", "AM", "O");
	assert_answer(host_ask(&h, OFFICER, COMMAND_ACTION, "{'upn':'%s','action':'notice-to-improve','on':'%s','parent':'p1','override':'r'}",
			       upn[pupil], on),
		      STATUS_OK, NULL);
}

/* All deadlines that fired, as "C1.1 soon 2026-..", one a line. */
static char *fired(void)
{
	char *log = strdup(host_ask(&h, ADMIN, COMMAND_QUERY, "{'what':'log'}")->text), *out = calloc(1, 1 << 16);

	for (char *at = log; (at = strstr(at, "\"kind\":\"deadline-fired\"")); at++) {
		char case_id[12] = "", phase[12] = "", due[32] = "";
		char *c = strstr(at, "\"case\":\""), *p = strstr(at, "\"phase\":\""), *d = strstr(at, "\"due\":\"");

		snprintf(case_id, sizeof case_id, "%.*s", (int)strcspn(c + 8, "\""), c + 8);
		snprintf(phase, sizeof phase, "%.*s", (int)strcspn(p + 9, "\""), p + 9);
		snprintf(due, sizeof due, "%.*s", (int)strcspn(d + 7, "\""), d + 7);
		snprintf(out + strlen(out), (1 << 16) - strlen(out), "%s.%llu %s %s\n", case_id,
			 (unsigned long long)number_of(c, "deadline"), phase, due);
	}
	free(log);
	return out;
}

static void assert_fired(const char *wanted)
{
	char *text = fired();

	assert_string_equal(text, wanted);
	free(text);
}

/* Two notices: served on the 14th the period ends with 5 October, on the 16th with the
 * 7th. Due at local midnight, in summer time 23:00 UTC. */
#define C1_SOON "C1.1 soon 2026-09-28T23:00:00Z\n"
#define C2_SOON "C2.1 soon 2026-09-30T23:00:00Z\n"
#define C1_DUE "C1.1 due 2026-10-05T23:00:00Z\n"
#define C1_OVER "C1.1 overdue 2026-10-06T23:00:00Z\n"
#define C2_DUE "C2.1 due 2026-10-07T23:00:00Z\n"
#define C2_OVER "C2.1 overdue 2026-10-08T23:00:00Z\n"
#define ALL C1_SOON C2_SOON C1_DUE C1_OVER C2_DUE C2_OVER

static void two_notices(void)
{
	serve(0, "2026-09-14");
	host_set_time(&h, "2026-09-16T09:00:00Z");
	serve(1, "2026-09-16");
}

static void each_phase_at_its_time(void **context)
{
	static const char *const times[] = {"2026-09-28T23:00:00Z", "2026-09-30T23:00:00Z", "2026-10-05T23:00:00Z",
					    "2026-10-06T23:00:00Z", "2026-10-07T23:00:00Z", "2026-10-08T23:00:00Z"};
	static const char *const wanted[] = {C1_SOON, C1_SOON C2_SOON, C1_SOON C2_SOON C1_DUE, C1_SOON C2_SOON C1_DUE C1_OVER,
					     C1_SOON C2_SOON C1_DUE C1_OVER C2_DUE, ALL};

	(void)context;
	two_notices();
	for (size_t i = 0; i < 6; i++) {
		uint64_t due = host_ms(times[i]);

		assert_int_equal(engine_next_timer(h.engine), due);
		h.now_ms = due - 1;
		host_turns(&h);
		if (i)
			assert_fired(wanted[i - 1]);
		h.now_ms = due;
		host_turns(&h);
		assert_fired(wanted[i]);
		host_turns(&h); /* and never again */
		if (i % 2)
			host_crash(&h);
		host_turns(&h);
		assert_fired(wanted[i]);
	}
	assert_int_equal(host_alerts(&h, "due-soon", NULL, one), 2);
	host_alerts(&h, NULL, NULL, one);
	assert_int_equal(number_of(one, "late_ms"), 0);
}

/* Down for a month: each phase once, in the order in which it fell due, marked late. */
static void late_ones_fire_in_due_order(void **context)
{
	uint64_t back = host_ms("2026-11-01T09:00:00Z");

	(void)context;
	two_notices();
	h.now_ms = back;
	host_crash(&h);
	host_turns(&h);
	assert_fired(ALL);
	assert_int_equal(host_alerts(&h, "decision", NULL, one), 2);
	assert_non_null(strstr(one, "\"case\":\"C2\""));
	assert_non_null(strstr(one, "\"due\":\"2026-10-07T23:00:00Z\""));
	assert_int_equal(number_of(one, "late_ms"), back - host_ms("2026-10-07T23:00:00Z"));
	assert_non_null(strstr(one, "\"raised\":\"2026-11-01T09:00:00Z\""));
	/* what is due already is not announced as due soon */
	assert_int_equal(host_alerts(&h, "due-soon", NULL, one), 0);
	host_restart(&h);
	host_turns(&h);
	assert_fired(ALL);
}

/* Recorded after its warning's time: what is to come is warned of, what is past isn't. */
static void a_soon_that_makes_no_sense_is_passed_over(void **context)
{
	(void)context;
	host_set_time(&h, "2026-10-12T09:00:00Z");
	serve(0, "2026-09-14"); /* its end has passed already */
	host_turns(&h);
	assert_int_equal(host_alerts(&h, "decision", NULL, one), 1);
	assert_int_equal(host_alerts(&h, "overdue", NULL, one), 1);
	assert_int_equal(host_alerts(&h, "due-soon", NULL, one), 0);
	/* the nearest case: its warning's time has passed, its end has not */
	serve(1, "2026-09-22");
	host_turns(&h);
	assert_int_equal(host_alerts(&h, "due-soon", NULL, one), 1);
	assert_int_equal(host_alerts(&h, "decision", NULL, one), 1);
}

static void a_thousand_at_once_come_in_parts(void **context)
{
	(void)context;
	/* FIRE_MAX is 1,000 phases; 400 notices have 1,200 */
	for (unsigned i = 0; i < 400; i++) {
		char text[UPN_SIZE + 1];

		host_upn(text, 100 + i);
		host_begin(&h);
		host_put(&h, CONNECTOR, COMMAND_MARKS, NULL, "{'urn':'" SCHOOL_URN "','registers':[['2026-09-14','AM',[['%s','O']]]]}", text);
		host_put(&h, OFFICER, COMMAND_ACTION, NULL, "{'upn':'%s','action':'notice-to-improve','parent':'p1','override':'r'}", text);
		host_commit(&h);
		for (unsigned j = 0; j < h.count; j++)
			assert_answer(&h.answers[j], STATUS_OK, NULL);
	}
	host_set_time(&h, "2026-10-20T09:00:00Z");
	host_begin(&h);
	assert_true(engine_tick(h.engine, h.now_ms));
	host_commit(&h);
	assert_int_equal(host_counter(&h, "deadlines_fired"), 1200);
	assert_true(engine_next_timer(h.engine) > h.now_ms);
}

/* ---- a manual clock ---- */

static void a_manual_clock_fires_on_its_way(void **context)
{
	(void)context;
	host_end(&h);
	host_make(&h, &(struct host_options){.start = "2026-09-14T09:00:00Z", .manual_clock = true});
	serve(0, "2026-09-14");
	assert_int_equal(engine_next_timer(h.engine), 0);
	h.now_ms += 86400000ull * 60; /* the wall clock moves nothing */
	host_turns(&h);
	assert_fired("");
	assert_answer(host_ask(&h, ADMIN, COMMAND_CLOCK, "{'to':'2026-10-06T09:00:00Z'}"), STATUS_OK,
		      "{\"now\":\"2026-10-06T09:00:00Z\",\"fired\":2}");
	assert_fired(C1_SOON C1_DUE);
	host_alerts(&h, "decision", NULL, one);
	assert_non_null(strstr(one, "\"raised\":\"2026-10-05T23:00:00Z\"")); /* each in its own time */
	assert_int_equal(number_of(one, "late_ms"), 0);
	assert_answer(host_ask(&h, ADMIN, COMMAND_CLOCK, "{'to':'2026-10-06T08:59:59Z'}"), STATUS_WRONG_CLOCK, "forward only");
	assert_answer(host_ask(&h, ADMIN, COMMAND_CLOCK, "{'to':'soon'}"), STATUS_BAD_FIELD, "\"field\":\"to\"");
	assert_answer(host_ask(&h, ADMIN, COMMAND_CLOCK, "{'to':'2026-10-06T09:00:00Z','confirm':true}"), STATUS_BAD_FIELD, NULL);
	assert_answer(host_ask(&h, ADMIN, COMMAND_CLOCK, "{'confirm':true}"), STATUS_WRONG_CLOCK, "not held");
	host_set_time(&h, "2026-09-14T09:00:00Z");
	host_crash(&h); /* the time that it was moved to is remembered */
	assert_answer(host_ask(&h, ADMIN, COMMAND_HELLO, "{}"), STATUS_OK, "\"now\":\"2026-10-06T09:00:00Z\"");
	/* an action dated back makes something due, which fires by itself */
	host_mark(&h, SCHOOL_URN, 2, "2026-09-14", "AM", "O");
	assert_answer(host_ask(&h, OFFICER, COMMAND_ACTION, "{'upn':'%s','action':'notice-to-improve','on':'2026-09-11','parent':'p1','override':'r'}", upn[1]),
		      STATUS_OK, NULL);
	assert_int_equal(host_alerts(&h, "decision", NULL, one), 2);
}

/* A store that was held and is looked at under a manual clock: what is in doubt stays so. */
static void a_manual_clock_that_is_held(void **context)
{
	(void)context;
	two_notices();
	engine_clock_stepped(h.engine, h.now_ms + 3600000, 3600000);
	host_turns(&h);
	h.options.manual_clock = true;
	host_restart(&h);
	host_turns(&h);
	assert_answer(host_ask(&h, ADMIN, COMMAND_CLOCK, "{'to':'2026-11-01T09:00:00Z'}"), STATUS_CLOCK_HELD, "--confirm");
	assert_fired("");
	assert_answer(host_ask(&h, ADMIN, COMMAND_CLOCK, "{'confirm':true}"), STATUS_OK, NULL);
	assert_answer(host_ask(&h, ADMIN, COMMAND_CLOCK, "{'to':'2026-11-01T09:00:00Z'}"), STATUS_OK, "\"fired\":6");
	assert_fired(ALL);
}

static void the_system_clock_is_not_moved(void **context)
{
	(void)context;
	assert_answer(host_ask(&h, ADMIN, COMMAND_CLOCK, "{'to':'2026-10-06T09:00:00Z'}"), STATUS_WRONG_CLOCK, "system clock");
	assert_answer(host_ask(&h, ADMIN, COMMAND_CLOCK, "{'confirm':true}"), STATUS_WRONG_CLOCK, "not held");
}

/* ---- a clock that is held ---- */

static void assert_held(bool held)
{
	assert_int_equal(engine_clock_held(h.engine), held);
	assert_answer(host_ask(&h, CONNECTOR, COMMAND_QUERY, "{'what':'health'}"), STATUS_OK, held ? "\"ok\":false" : "\"ok\":true");
}

static void assert_nothing_fires_until_confirmed(void)
{
	assert_held(true);
	assert_int_equal(engine_next_timer(h.engine), 0);
	host_turns(&h);
	assert_fired("");
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'case','case':'C1'}"), STATUS_OK, "\"status\":\"open\"");
	host_restart(&h);
	host_turns(&h);
	assert_held(true);
	host_crash(&h);
	host_turns(&h);
	assert_fired("");
	assert_held(true);
	assert_answer(host_ask(&h, OFFICER, COMMAND_CLOCK, "{'confirm':true}"), STATUS_FORBIDDEN, NULL);
	assert_answer(host_ask(&h, ADMIN, COMMAND_CLOCK, "{'confirm':true}"), STATUS_OK, NULL);
	assert_held(false);
	host_turns(&h);
	host_restart(&h);
	assert_held(false);
}

static void a_start_long_after_the_last_event_is_held(void **context)
{
	(void)context;
	two_notices();
	host_crash(&h);
	h.now_ms += 93ull * 86400000;
	host_turns(&h);
	assert_nothing_fires_until_confirmed();
	assert_fired(ALL);
}

/* The nearest start that is not. */
static void a_start_ninety_two_days_after_is_not(void **context)
{
	(void)context;
	two_notices();
	host_crash(&h);
	h.now_ms += 92ull * 86400000;
	host_turns(&h);
	assert_held(false);
	assert_fired(ALL);
}

static void a_start_before_the_last_event_is_held(void **context)
{
	(void)context;
	two_notices();
	host_crash(&h);
	h.now_ms -= 60000;
	host_turns(&h);
	assert_held(true);
	assert_int_equal(engine_now(h.engine), host_ms("2026-09-16T09:00:00Z")); /* never backwards */
	host_set_time(&h, "2026-11-01T09:00:00Z");
	assert_nothing_fires_until_confirmed();
	assert_fired(ALL);
}

static void a_step_while_it_runs_is_held(void **context)
{
	uint64_t told = h.now_ms;

	(void)context;
	two_notices();
	told = h.now_ms;
	engine_clock_stepped(h.engine, told + 40ull * 86400000, 40ll * 86400000);
	host_turns(&h);
	assert_held(true);
	/* the shell goes on telling the time as it was, and what is recorded bears it */
	h.now_ms = told + 600000;
	host_mark(&h, SCHOOL_URN, 3, "2026-09-16", "AM", "O");
	assert_int_equal(engine_now(h.engine), told + 600000);
	engine_clock_stepped(h.engine, told, 0); /* it came back by itself: the hold stays */
	host_turns(&h);
	assert_held(true);
	h.now_ms = told + 40ull * 86400000;
	assert_int_equal(engine_next_timer(h.engine), 0);
	host_restart(&h);
	assert_nothing_fires_until_confirmed();
	assert_fired(ALL);
}

static void backwards_nothing_is_recorded_earlier(void **context)
{
	char *log;

	(void)context;
	two_notices();
	h.now_ms -= 200000; /* less than what counts as a step */
	host_mark(&h, SCHOOL_URN, 3, "2026-09-15", "AM", "O");
	assert_int_equal(engine_now(h.engine), host_ms("2026-09-16T09:00:00Z"));
	log = strdup(host_ask(&h, ADMIN, COMMAND_QUERY, "{'what':'log'}")->text);
	assert_null(strstr(log, "2026-09-16T08:"));
	free(log);
}

/* A doubtful start leaves the engine without a time of its own: today's registers look
 * as if they came from the future, and are put off, not refused. */
static void marks_of_a_future_that_may_be_now(void **context)
{
	char json[300];

	(void)context;
	two_notices();
	host_crash(&h);
	host_set_time(&h, "2027-01-11T09:00:00Z");
	host_turns(&h);
	assert_held(true);
	snprintf(json, sizeof json, "{'urn':'" SCHOOL_URN "','registers':[['2027-01-11','AM',[['%s','/']]]]}", upn[0]);
	assert_answer(host_ask(&h, CONNECTOR, COMMAND_MARKS, "%s", json), STATUS_CLOCK_HELD, NULL);
	host_mark(&h, SCHOOL_URN, 1, "2026-09-16", "AM", "/"); /* what is past is taken */
	assert_answer(host_ask(&h, ADMIN, COMMAND_CLOCK, "{'confirm':true}"), STATUS_OK, NULL);
	assert_answer(host_ask(&h, CONNECTOR, COMMAND_MARKS, "%s", json), STATUS_OK, NULL);
	snprintf(json, sizeof json, "{'urn':'" SCHOOL_URN "','registers':[['2027-01-12','AM',[['%s','/']]]]}", upn[0]);
	assert_answer(host_ask(&h, CONNECTOR, COMMAND_MARKS, "%s", json), STATUS_NOTHING_ACCEPTED, "in the future");
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(each_phase_at_its_time),
		T(late_ones_fire_in_due_order),
		T(a_soon_that_makes_no_sense_is_passed_over),
		T(a_thousand_at_once_come_in_parts),
		T(a_manual_clock_fires_on_its_way),
		T(a_manual_clock_that_is_held),
		T(the_system_clock_is_not_moved),
		T(a_start_long_after_the_last_event_is_held),
		T(a_start_ninety_two_days_after_is_not),
		T(a_start_before_the_last_event_is_held),
		T(a_step_while_it_runs_is_held),
		T(backwards_nothing_is_recorded_earlier),
		T(marks_of_a_future_that_may_be_now),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
