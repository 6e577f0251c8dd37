/* A pupil registered at two schools: what the school attended has said of a session stands, whichever of
 * the two registers comes first; each school may correct its own. SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "daemon/engine_parts.h"
#include "tests/engine_host.h"

static struct host h;
static char upn[UPN_SIZE + 1];

#define THIRD_URN "777777"

static int setup(void **context)
{
	(void)context;
	host_make(&h, &(struct host_options){.start = "2026-09-11T15:30:00Z"});
	host_upn(upn, 1);
	return 0;
}

/* Whose the marks are is in the log: a start from the tables, and a rebuild, know the same. */
static int teardown(void **context)
{
	char *before = host_tables(&h, true), *after;

	(void)context;
	host_crash(&h);
	after = host_tables(&h, true);
	assert_same_text(after, before);
	free(before);
	free(after);
	assert_verified(&h);
	host_end(&h);
	return 0;
}

/* One mark; was it new, or did it change nothing? */
static void mark(const char *urn, const char *date, const char *session, const char *code, bool taken)
{
	assert_answer(host_ask(&h, ADMIN, COMMAND_MARKS, "{'urn':'%s','registers':[['%s','%s',[['%s','%s']]]]}", urn, date, session,
			       upn, code), STATUS_OK, NULL);
	if (taken)
		assert_string_equal(host_first(&h)->text, "");
	else
		assert_answer(host_first(&h), STATUS_OK, "\"accepted\":0,\"known\":1");
}

static void figures(uint64_t possible, uint64_t attended)
{
	const char *text = host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'pupil','upn':'%s'}", upn)->text;

	assert_int_equal(number_of(text, "possible"), possible);
	assert_int_equal(number_of(text, "attended"), attended);
}

static void whichever_comes_first(void **context)
{
	(void)context;
	mark(SCHOOL_URN, "2026-09-07", "AM", "/", true);
	mark(OTHER_URN, "2026-09-07", "AM", "D", false);
	figures(1, 1);
	mark(OTHER_URN, "2026-09-07", "PM", "D", true);
	figures(1, 1);
	mark(SCHOOL_URN, "2026-09-07", "PM", "N", true);
	figures(2, 1);
	mark(OTHER_URN, "2026-09-07", "PM", "D", false);
	figures(2, 1);
	host_crash(&h);
	mark(OTHER_URN, "2026-09-07", "AM", "D", false);
	figures(2, 1);
}

static void each_corrects_its_own(void **context)
{
	(void)context;
	mark(SCHOOL_URN, "2026-09-07", "AM", "/", true);
	mark(SCHOOL_URN, "2026-09-07", "AM", "D", true);
	figures(0, 0);
	mark(OTHER_URN, "2026-09-07", "AM", "N", true); /* it was there that the pupil should have been */
	figures(1, 0);
	mark(SCHOOL_URN, "2026-09-07", "AM", "D", false);
	mark(OTHER_URN, "2026-09-07", "AM", "/", true);
	figures(1, 1);
	mark(OTHER_URN, "2026-09-07", "AM", "D", true);
	figures(0, 0);
	mark(SCHOOL_URN, "2026-09-07", "AM", "#", true); /* nothing that a D could undo */
	mark(OTHER_URN, "2026-09-07", "AM", "D", true);
}

/* Mondays at one, Tuesdays and the next afternoon at the other; their registers of the week come late and unordered. */
static void a_week_at_two_schools(void **context)
{
	(void)context;
	mark(SCHOOL_URN, "2026-09-07", "AM", "/", true);
	mark(OTHER_URN, "2026-09-08", "AM", "/", true);
	mark(SCHOOL_URN, "2026-09-09", "AM", "/", true);
	mark(OTHER_URN, "2026-09-09", "PM", "\\", true);
	figures(4, 4);
	mark(OTHER_URN, "2026-09-09", "AM", "D", false);
	mark(SCHOOL_URN, "2026-09-09", "PM", "D", false);
	mark(SCHOOL_URN, "2026-09-08", "AM", "D", false);
	mark(OTHER_URN, "2026-09-07", "AM", "D", false);
	figures(4, 4);
	mark(SCHOOL_URN, "2026-09-07", "AM", "D", true);
	mark(OTHER_URN, "2026-09-08", "AM", "D", true);
	figures(2, 2);
}

/* The pupil stays that school's whose register is not a D. */
static void a_d_makes_no_school_the_pupils(void **context)
{
	(void)context;
	mark(SCHOOL_URN, "2026-09-07", "AM", "/", true);
	mark(OTHER_URN, "2026-09-08", "AM", "D", true);
	assert_answer(host_ask(&h, SCHOOL, COMMAND_QUERY, "{'what':'pupil','upn':'%s'}", upn), STATUS_OK, "\"urn\":\"" SCHOOL_URN);
	mark(OTHER_URN, "2026-09-08", "AM", "/", true);
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'pupil','upn':'%s'}", upn), STATUS_OK, "\"urn\":\"" OTHER_URN);
}

/* Whichever the third school is, and however long ago another mark is that comes late. */
static void a_third_school(void **context)
{
	(void)context;
	mark(SCHOOL_URN, "2026-09-07", "AM", "/", true);
	mark(OTHER_URN, "2026-09-08", "AM", "/", true);
	mark(OTHER_URN, "2026-09-08", "PM", "N", true);
	mark(THIRD_URN, "2026-09-08", "AM", "D", false);
	mark(THIRD_URN, "2026-09-07", "AM", "D", false);
	host_crash(&h);
	mark(THIRD_URN, "2026-09-08", "PM", "D", false);
	mark(THIRD_URN, "2026-09-09", "AM", "/", true);
	mark(OTHER_URN, "2026-09-09", "AM", "D", false);
	figures(4, 3);
	mark(OTHER_URN, "2026-09-08", "PM", "D", true); /* its own */
	figures(3, 3);
}

/* 64 weeks before one that is held. */
static void a_mark_of_long_ago(void **context)
{
	(void)context;
	mark(SCHOOL_URN, "2026-09-07", "AM", "/", true);
	mark(OTHER_URN, "2026-09-08", "AM", "/", true);
	mark(OTHER_URN, "2025-06-16", "AM", "N", true);
	mark(OTHER_URN, "2026-09-07", "AM", "D", false);
	mark(SCHOOL_URN, "2026-09-07", "AM", "D", true);
}

/* One submission brings the threshold by the old school's weeks, and takes the pupil to another where it isn't reached: a
 * rebuild, which takes in its marks before the alerts between them, comes to the same. */
static void a_threshold_on_the_way_to_another_school(void **context)
{
	static const char *const days[] = {"08-24", "08-25", "09-14", "09-21", "09-28", "10-05", "10-12", "11-02", "11-09"};
	char day[16], one[4096];

	(void)context;
	host_set_time(&h, "2026-11-20T16:00:00Z");
	assert_answer(host_ask(&h, ADMIN, COMMAND_CALENDAR, "{'rows':[['2026-08-17','2026-12-18','term','T']]}"), STATUS_OK, NULL);
	assert_answer(host_ask(&h, ADMIN, COMMAND_CALENDAR,
			       "{'urn':'" OTHER_URN "','rows':[['2026-08-17','2026-12-18','term','T'],['2026-10-19','2026-11-01','holiday','H']]}"),
		      STATUS_OK, NULL);
	for (unsigned i = 0; i < sizeof days / sizeof *days; i++) {
		snprintf(day, sizeof day, "2026-%s", days[i]);
		mark(OTHER_URN, day, "AM", "O", true);
	}
	mark(OTHER_URN, "2026-11-10", "PM", "I", true);
	assert_answer(host_ask(&h, ADMIN, COMMAND_MARKS, "{'urn':'" SCHOOL_URN "','registers':[['2026-11-10','AM',[['%s','O']]],['2026-11-10','PM',[['%s','M']]]]}",
			       upn, upn), STATUS_OK, NULL);
	assert_int_equal(host_alerts(&h, "threshold", "raised", one), 1);
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'pupil','upn':'%s'}", upn), STATUS_OK, "\"unauthorised_10_weeks\":8");
	host_restart(&h); /* which writes the figures down */
	assert_verified(&h);
}

static uint32_t school_after_d(uint8_t version)
{
	struct engine *e = h.engine;
	struct txn *txn = engine_read(e);
	struct state *s = shadow_open(e, txn, 1, e->committed);
	struct event ev = {.kind = EVENT_MARKS_RECORDED, .version = version, .at_ms = e->now_ms};
	struct marks_writer out;
	uint8_t room[256];
	struct writer w = writer_of(room, sizeof room);
	uint32_t urn;

	assert_non_null(s);
	marks_begin(&out, &w, 654321);
	marks_register(&out, day_of_ms(e->now_ms), AM);
	marks_put(&out, &(struct mark){.pupil = 1, .day = day_of_ms(e->now_ms), .session = AM, .code = CODE_D});
	marks_end(&out, 0, 0, NULL);
	ev.marks_recorded.body = writer_slice(&w);
	assert_int_equal(state_apply(s, &ev, e->committed + 1), STORE_OK);
	urn = state_pupil(s, 1)->urn;
	shadow_close(&s);
	engine_read_end(e, txn);
	return urn;
}

static void old_events_count_as_they_did(void **context)
{
	(void)context;
	mark(SCHOOL_URN, "2026-09-07", "AM", "/", true);
	assert_int_equal(school_after_d(1), 654321);
	assert_int_equal(school_after_d(2), 123456);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(whichever_comes_first), T(each_corrects_its_own), T(a_week_at_two_schools),
		T(a_d_makes_no_school_the_pupils), T(a_third_school), T(a_mark_of_long_ago), T(a_threshold_on_the_way_to_another_school), T(old_events_count_as_they_did),
	};

	return cmocka_run_group_tests_name("engine_dual", tests, NULL, NULL);
}
