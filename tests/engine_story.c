/* The Notice to Improve with all its edges, through the engine: served before
 * half-term, an INSET day in it, a closure after service, marks corrected before and
 * after its end, two parents. SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "tests/engine_host.h"

static struct host h;
static char upn[3][UPN_SIZE + 1];
static char one[4096];

#define TERMS "['2026-09-02','2026-10-23','term','Autumn 1'],['2026-11-02','2026-12-18','term','Autumn 2'],['2027-01-04','2027-03-25','term','Spring'],['2026-11-06','2026-11-06','inset','INSET']"

static int setup(void **context)
{
	(void)context;
	host_make(&h, &(struct host_options){.start = "2026-10-15T09:00:00Z"});
	for (unsigned i = 0; i < 3; i++)
		host_upn(upn[i], i + 1);
	assert_answer(host_ask(&h, OFFICER, COMMAND_CALENDAR, "{'rows':[" TERMS "]}"), STATUS_OK, "\"rows\":4");
	for (unsigned i = 1; i <= 2; i++)
		host_marks(&h, i == 2 ? OTHER_URN : SCHOOL_URN, i, "2026-09-07", "2026-09-14", "O");
	return 0;
}

static int teardown(void **context)
{
	(void)context;
	return host_end_verified(&h);
}

/* Served on the pupil's (0 or 1) parent; the reason stands for the stages before. */
static void serve(unsigned pupil, const char *on, const char *parent)
{
	assert_answer(host_ask(&h, OFFICER, COMMAND_ACTION, "{'upn':'%s','action':'notice-to-improve','on':'%s','parent':'%s','override':'r'}",
			       upn[pupil], on, parent),
		      STATUS_OK, NULL);
}

static void time_passes(const char *to)
{
	host_set_time(&h, to);
	host_turns(&h);
}

/* Deadline n of C1 as JSON. */
static const char *deadline(const char *case_id, unsigned n)
{
	static char text[2048];
	char wanted[40];
	const char *at, *all = host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'case','case':'%s'}", case_id)->text;

	snprintf(wanted, sizeof wanted, "{\"deadline\":%u,", n);
	at = strstr(all, wanted);
	if (!at)
		fail_msg("no deadline %u in %s", n, all);
	snprintf(text, sizeof text, "%.*s", (int)strcspn(at, "}"), at);
	return text;
}

static void assert_says(const char *text, const char *wanted)
{
	if (!strstr(text, wanted))
		fail_msg("no %s in %s", wanted, text);
}

static void assert_alerts(const char *kind, const char *status, unsigned count)
{
	unsigned found = host_alerts(&h, kind, status, one);

	if (found != count)
		fail_msg("%u of %s %s, not %u", found, kind, status ? status : "", count);
}

/* 16, 19-23 October; half-term; 2-5 November; INSET on the 6th; 9-13. */
static void sp_10_fifteen_school_days_over_half_term_and_inset(void **context)
{
	(void)context;
	serve(0, "2026-10-15", "p1");
	assert_says(deadline("C1", 1), "\"kind\":\"nti-end\"");
	assert_says(deadline("C1", 1), "\"last_day\":\"2026-11-13\"");
	assert_says(deadline("C1", 1), "\"due\":\"2026-11-14T00:00:00Z\"");
	assert_says(deadline("C1", 1), "\"moved_from\":[]");
	assert_says(deadline("C1", 1), "\"provisional\":false");
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'case','upn':'%s'}", upn[0]), STATUS_OK, "\"stage\":\"stage-3a\"");
}

/* Served on a Sunday: the first day is the Monday. */
static void sp_10_served_on_a_weekend(void **context)
{
	(void)context;
	serve(0, "2026-10-11", "p1");
	assert_says(deadline("C1", 1), "\"last_day\":\"2026-11-09\"");
}

/* In summer time the day begins at 23:00 UTC. */
static void en_05_the_last_day_ends_at_local_midnight(void **context)
{
	(void)context;
	serve(0, "2026-09-24", "p1");
	assert_says(deadline("C1", 1), "\"last_day\":\"2026-10-15\"");
	assert_says(deadline("C1", 1), "\"due\":\"2026-10-15T23:00:00Z\"");
}

static void en_06_a_closure_after_service_moves_the_end(void **context)
{
	(void)context;
	serve(0, "2026-10-15", "p1");
	serve(1, "2026-10-15", "p1");
	assert_answer(host_ask(&h, OFFICER, COMMAND_CALENDAR, "{'urn':'" SCHOOL_URN "','rows':[" TERMS ",['2026-11-10','2026-11-10','closure','snow']]}"),
		      STATUS_OK, "{\"rows\":5,\"moved\":1}");
	assert_says(deadline("C1", 1), "\"last_day\":\"2026-11-16\"");
	assert_says(deadline("C1", 1), "\"due\":\"2026-11-17T00:00:00Z\"");
	assert_says(deadline("C1", 1), "\"moved_from\":[\"2026-11-14T00:00:00Z\"]");
	assert_says(deadline("C2", 1), "\"due\":\"2026-11-14T00:00:00Z\""); /* the other school's */
	assert_alerts("deadline-moved", "raised", 1);
	assert_says(one, "\"case\":\"C1\"");
	assert_says(one, "\"due\":\"2026-11-17T00:00:00Z\"");
	assert_says(one, "Friday 13 November 2026 to Monday 16 November 2026");
	/* nothing fires at the old time; at the new one it does */
	time_passes("2026-11-14T00:00:01Z");
	assert_alerts("decision", NULL, 1); /* C2's */
	assert_says(one, "\"case\":\"C2\"");
	time_passes("2026-11-17T00:00:00Z");
	assert_alerts("decision", NULL, 2);
	assert_says(one, "\"case\":\"C1\"");
}

static void en_06_a_closure_outside_moves_nothing(void **context)
{
	(void)context;
	serve(0, "2026-10-15", "p1");
	assert_answer(host_ask(&h, OFFICER, COMMAND_CALENDAR, "{'rows':[" TERMS ",['2026-11-16','2026-11-16','closure','snow'],['2026-10-14','2026-10-14','closure','x']]}"),
		      STATUS_OK, "\"moved\":0");
	assert_alerts("deadline-moved", NULL, 0);
	assert_says(deadline("C1", 1), "\"moved_from\":[]");
	/* and one that is taken back moves it back, and keeps both */
	assert_answer(host_ask(&h, OFFICER, COMMAND_CALENDAR, "{'rows':[" TERMS ",['2026-11-10','2026-11-10','closure','snow']]}"), STATUS_OK, "\"moved\":1");
	assert_answer(host_ask(&h, OFFICER, COMMAND_CALENDAR, "{'rows':[" TERMS "]}"), STATUS_OK, "\"moved\":1");
	assert_says(deadline("C1", 1), "\"due\":\"2026-11-14T00:00:00Z\"");
	assert_says(deadline("C1", 1), "\"moved_from\":[\"2026-11-14T00:00:00Z\",\"2026-11-17T00:00:00Z\"]");
	assert_alerts("deadline-moved", NULL, 2);
}

/* The closure of a day that had gone: the end, which had fired, is not taken back. */
static void en_06_a_closure_told_after_the_end(void **context)
{
	(void)context;
	serve(0, "2026-10-15", "p1");
	time_passes("2026-11-14T09:00:00Z");
	assert_says(deadline("C1", 1), "\"status\":\"met\"");
	assert_answer(host_ask(&h, OFFICER, COMMAND_CALENDAR, "{'rows':[" TERMS ",['2026-11-10','2026-11-10','closure','snow']]}"), STATUS_OK, NULL);
	assert_says(deadline("C1", 1), "\"due\":\"2026-11-14T00:00:00Z\"");
	assert_says(deadline("C1", 1), "\"status\":\"met\"");
	assert_alerts("decision", NULL, 1);
}

static void sp_10_a_breach_is_alerted_at_once_and_withdrawn_by_a_correction(void **context)
{
	(void)context;
	serve(0, "2026-10-15", "p1");
	time_passes("2026-10-20T16:00:00Z");
	host_mark(&h, SCHOOL_URN, 1, "2026-10-15", "PM", "N"); /* the day of service is not in it */
	assert_alerts("breach", NULL, 0);
	host_mark(&h, SCHOOL_URN, 1, "2026-10-16", "AM", "N");
	assert_alerts("breach", "raised", 1);
	assert_says(one, "2026-10-16");
	assert_says(one, "\"deadline\":\"nti-end\"");
	host_mark(&h, SCHOOL_URN, 1, "2026-10-19", "PM", "U");
	assert_alerts("breach", "raised", 1); /* the same one, which lists both */
	assert_says(one, "2026-10-16");
	assert_says(one, "2026-10-19");
	host_mark(&h, SCHOOL_URN, 1, "2026-10-16", "AM", "I");
	assert_alerts("breach", "raised", 1);
	assert_null(strstr(one, "2026-10-16"));
	host_mark(&h, SCHOOL_URN, 1, "2026-10-19", "PM", "I");
	assert_alerts("breach", "withdrawn", 1);
	assert_alerts("breach", "raised", 0);
	assert_says(deadline("C1", 1), "\"breach\":null");
	/* the nearest case that is none: authorised absence */
	host_mark(&h, SCHOOL_URN, 1, "2026-10-20", "AM", "M");
	assert_alerts("breach", NULL, 1);
	/* and a new one is a new alert */
	host_mark(&h, SCHOOL_URN, 1, "2026-10-20", "PM", "O");
	assert_alerts("breach", NULL, 2);
	assert_alerts("breach", "raised", 1);
	/* R: the decision is not put before the end */
	assert_alerts("decision", NULL, 0);
}

static void sp_11_the_decision_is_put_at_the_end(void **context)
{
	(void)context;
	serve(0, "2026-10-15", "p1");
	time_passes("2026-11-09T00:00:00Z"); /* five working days before */
	assert_alerts("due-soon", NULL, 1);
	assert_alerts("decision", NULL, 0);
	host_mark(&h, SCHOOL_URN, 1, "2026-11-05", "AM", "N");
	assert_alerts("breach", "raised", 1);
	time_passes("2026-11-13T23:59:59Z");
	assert_alerts("decision", NULL, 0);
	time_passes("2026-11-14T00:00:00Z");
	assert_alerts("decision", NULL, 1);
	assert_says(one, "Unauthorised sessions in them: 1");
	assert_says(one, "\"late_ms\":0");
	assert_says(deadline("C1", 1), "\"status\":\"met\"");
	assert_alerts("overdue", NULL, 0);
	time_passes("2026-11-17T00:00:00Z"); /* unanswered for a working day */
	assert_alerts("overdue", NULL, 1);
}

static void sp_11_no_breach_asks_otherwise_and_an_answer_stops_the_reminder(void **context)
{
	(void)context;
	serve(0, "2026-10-15", "p1");
	time_passes("2026-11-14T09:00:00Z");
	assert_alerts("decision", NULL, 1);
	assert_says(one, "with no unauthorised absence");
	assert_answer(host_ask(&h, OFFICER, COMMAND_ACTION, "{'upn':'%s','action':'decision','parent':'p1','fields':{'outcome':'not-to-issue'}}", upn[0]),
		      STATUS_OK, NULL);
	time_passes("2026-11-30T09:00:00Z");
	assert_alerts("overdue", NULL, 0);
}

/* R: from the date of the fifteenth day. */
static void sp_12_monitoring_follows_in_all_cases(void **context)
{
	(void)context;
	serve(0, "2026-10-15", "p1");
	time_passes("2026-11-14T00:00:00Z");
	assert_says(deadline("C1", 2), "\"kind\":\"monitoring-end\"");
	assert_says(deadline("C1", 2), "\"from\":\"2026-11-13\"");
	assert_says(deadline("C1", 2), "\"due\":\"2027-02-14T00:00:00Z\"");
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'case','case':'C1'}"), STATUS_OK, "\"stage\":\"monitoring\"");
	time_passes("2027-02-14T00:00:00Z");
	assert_alerts("decision", NULL, 2);
	assert_says(one, "no longer met");
}

static void en_03_a_correction_after_the_end_withdraws_the_breach(void **context)
{
	(void)context;
	serve(0, "2026-10-15", "p1");
	time_passes("2026-10-20T16:00:00Z");
	host_mark(&h, SCHOOL_URN, 1, "2026-10-16", "AM", "N");
	time_passes("2026-11-20T09:00:00Z");
	assert_alerts("decision", NULL, 1);
	host_mark(&h, SCHOOL_URN, 1, "2026-10-16", "AM", "I");
	assert_alerts("breach", "withdrawn", 1);
	assert_alerts("breach", "raised", 0);
	/* as it was known then, the breach stood: by the case at the decision's position */
	host_alerts(&h, "decision", NULL, one);
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'case','case':'C1','as_of':%llu}", (unsigned long long)number_of(one, "alert")),
		      STATUS_OK, "\"breach\":");
	assert_null(strstr(host_first(&h)->text, "\"breach\":null},{\"deadline\":2"));
}

static void en_03_a_late_mark_raises_a_breach_after_the_end(void **context)
{
	(void)context;
	serve(0, "2026-10-15", "p1");
	time_passes("2026-10-20T16:00:00Z");
	host_mark(&h, SCHOOL_URN, 1, "2026-10-16", "AM", "I");
	time_passes("2026-11-20T09:00:00Z");
	assert_alerts("breach", NULL, 0);
	host_mark(&h, SCHOOL_URN, 1, "2026-10-16", "AM", "N");
	assert_alerts("breach", "raised", 1);
	/* the day after the last is outside */
	host_mark(&h, SCHOOL_URN, 1, "2026-11-16", "AM", "N");
	assert_alerts("breach", "raised", 1);
	assert_null(strstr(one, "2026-11-16 "));
}

static void sp_10_two_parents_have_two_periods(void **context)
{
	(void)context;
	serve(0, "2026-10-15", "p1");
	time_passes("2026-10-20T16:00:00Z");
	serve(0, "2026-10-19", "p2");
	assert_says(deadline("C1", 1), "\"due\":\"2026-11-14T00:00:00Z\"");
	assert_says(deadline("C1", 2), "\"due\":\"2026-11-18T00:00:00Z\"");
	assert_says(deadline("C1", 2), "\"parent\":\"p2\"");
	host_mark(&h, SCHOOL_URN, 1, "2026-10-16", "AM", "N"); /* in the first alone */
	assert_alerts("breach", "raised", 1);
	assert_says(one, "parent p1");
	host_mark(&h, SCHOOL_URN, 1, "2026-10-20", "AM", "N"); /* in both */
	assert_alerts("breach", "raised", 2);
	assert_says(one, "parent p2");
	time_passes("2026-11-14T00:00:00Z");
	assert_alerts("decision", NULL, 1);
	assert_says(one, "parent p1");
	time_passes("2026-11-18T00:00:00Z");
	assert_alerts("decision", NULL, 2);
	assert_says(one, "parent p2");
	/* a closure moves both while both are open */
	host_mark(&h, SCHOOL_URN, 1, "2026-10-20", "AM", "I");
	assert_alerts("breach", "raised", 1);
	assert_alerts("breach", "withdrawn", 1);
}

/* What a breach is, the pathway says: a case of one with other codes is looked at for
 * those, and one that began before keeps its own. */
static void the_codes_of_a_breach_are_the_pathways(void **context)
{
	struct slice frame = host_pathway(&h, "breach: [G, N, O, U]", "breach: [I, L]");

	(void)context;
	serve(0, "2026-10-15", "p1");
	assert_answer(host_frame(&h, ADMIN, frame), STATUS_OK, "\"version\":2");
	free((void *)frame.bytes);
	serve(1, "2026-10-15", "p1");
	time_passes("2026-10-20T16:00:00Z");
	host_mark(&h, OTHER_URN, 2, "2026-10-16", "AM", "N");
	host_mark(&h, SCHOOL_URN, 1, "2026-10-16", "AM", "I");
	assert_alerts("breach", NULL, 0);
	host_mark(&h, OTHER_URN, 2, "2026-10-16", "PM", "I");
	assert_alerts("breach", "raised", 1);
	assert_says(one, "\"case\":\"C2\"");
	/* what is a breach elsewhere alone is nothing to say again here */
	host_mark(&h, OTHER_URN, 2, "2026-10-19", "AM", "N");
	assert_null(strstr(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'log','case':'C2'}")->text, "alert-changed"));
	host_mark(&h, SCHOOL_URN, 1, "2026-10-16", "PM", "N");
	assert_alerts("breach", "raised", 2);
	assert_says(one, "\"case\":\"C1\"");
	host_mark(&h, OTHER_URN, 2, "2026-10-16", "PM", "N");
	assert_alerts("breach", "withdrawn", 1);
	assert_says(one, "\"case\":\"C2\"");
}

/* Those that wait; with `since` the ended ones too, of closed cases as well. */
static void deadlines_that_ended_are_listed_where_asked_for(void **context)
{
	static const char all[] = "{'what':'deadlines','since':'%s'}", waiting[] = "{'what':'deadlines'}";
	const char *text;

	(void)context;
	serve(0, "2026-10-15", "p1");
	text = host_ask(&h, OFFICER, COMMAND_QUERY, waiting)->text;
	assert_says(text, "\"decision\":false,\"from\":\"2026-10-15\",\"last_day\":\"2026-11-13\",\"moves\":0,\"moved_from\":null,\"pathway\":\"stockport\"");
	host_ask(&h, OFFICER, COMMAND_CALENDAR, "{'rows':[" TERMS ",['2026-11-03','2026-11-03','closure','Snow']]}");
	text = host_ask(&h, OFFICER, COMMAND_QUERY, waiting)->text;
	assert_says(text, "\"last_day\":\"2026-11-16\",\"moves\":1,\"moved_from\":\"2026-11-14T00:00:00Z\"");
	time_passes("2026-11-17T09:00:00Z");
	text = host_ask(&h, OFFICER, COMMAND_QUERY, waiting)->text;
	assert_says(text, "\"status\":\"met\",\"overdue\":true,\"provisional\":false,\"decision\":true");
	assert_answer(host_ask(&h, OFFICER, COMMAND_ACTION, "{'upn':'%s','action':'close','override':'moved away'}", upn[0]), STATUS_OK, NULL);
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, waiting), STATUS_OK, "\"items\":[]");
	text = host_ask(&h, OFFICER, COMMAND_QUERY, all, "2026-11-16")->text;
	assert_says(text, "\"kind\":\"nti-end\"");
	assert_says(text, "\"status\":\"met\",\"overdue\":false,\"provisional\":false,\"decision\":false");
	assert_says(text, "\"kind\":\"monitoring-end\"");
	assert_says(text, "\"status\":\"cancelled\"");
	text = host_ask(&h, OFFICER, COMMAND_QUERY, all, "2026-11-17")->text;
	if (strstr(text, "nti-end"))
		fail_msg("its last day is before the day asked for: %s", text);
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, all, "2026-11-31"), STATUS_BAD_FIELD, "since");
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(sp_10_fifteen_school_days_over_half_term_and_inset),
		T(sp_10_served_on_a_weekend),
		T(en_05_the_last_day_ends_at_local_midnight),
		T(en_06_a_closure_after_service_moves_the_end),
		T(en_06_a_closure_outside_moves_nothing),
		T(en_06_a_closure_told_after_the_end),
		T(sp_10_a_breach_is_alerted_at_once_and_withdrawn_by_a_correction),
		T(sp_11_the_decision_is_put_at_the_end),
		T(sp_11_no_breach_asks_otherwise_and_an_answer_stops_the_reminder),
		T(sp_12_monitoring_follows_in_all_cases),
		T(en_03_a_correction_after_the_end_withdraws_the_breach),
		T(en_03_a_late_mark_raises_a_breach_after_the_end),
		T(sp_10_two_parents_have_two_periods),
		T(the_codes_of_a_breach_are_the_pathways),
		T(deadlines_that_ended_are_listed_where_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
