/* stockport_monitoring.c - what follows a Notice to Improve: the decision, three
 * months' monitoring, the threshold at their end, the stages after.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/play.h"

static struct play *served_on(const char *today, const char *on)
{
	struct play *p = play_referred(today);

	assert_int_equal(act(p, "notice-to-improve", on, "p1", BARRIERS), STATUS_OK);
	return p;
}

static void sp_11_the_decision_is_put_when_the_days_have_ended(void **state)
{
	struct play *p = served_on("2026-09-14", "2026-09-14");

	(void)state;
	play_mark(p, "2026-09-16", AM, "O");
	play_until(p, "2026-09-17");
	assert_int_equal(act(p, "penalty-notice", NULL, "p1", ""), STATUS_UNMET); /* even after a breach */
	assert_int_equal(lacking(p, "SP-11"), 1);
	assert_int_equal(act(p, "decision", NULL, NULL, "outcome=issue"), STATUS_UNMET);
	assert_int_equal(lacking(p, "SP-11"), 1);
	play_until(p, "2026-10-05");
	assert_int_equal(said(p, ALERT_DECISION), 0);
	play_until(p, "2026-10-06");
	assert_int_equal(said(p, ALERT_DECISION), 1);
	assert_non_null(strstr(last_said(p, ALERT_DECISION)->text, "Unauthorised sessions in them: 1 (2026-09-16 AM O)"));
	assert_non_null(strstr(last_said(p, ALERT_DECISION)->text, "Outcomes: Issue a penalty notice; No penalty notice"));
	/* A notice dated back into the fifteen days is still too soon. */
	assert_int_equal(act(p, "penalty-notice", "2026-10-05", "p1", ""), STATUS_UNMET);
	assert_int_equal(act(p, "penalty-notice", NULL, "p1", ""), STATUS_OK);
	assert_true(newest(p, "nti-end")->decided);
	play_until(p, "2026-10-20");
	assert_int_equal(said(p, ALERT_OVERDUE), 1); /* the review's alone: the question was answered */
	play_end(p);
}

static void sp_11_a_decision_not_taken_is_overdue(void **state)
{
	struct play *p = served_on("2026-09-14", "2026-09-14");

	(void)state;
	play_until(p, "2026-10-06");
	assert_non_null(strstr(last_said(p, ALERT_DECISION)->text, "no unauthorised absence"));
	assert_int_equal(said(p, ALERT_OVERDUE), 0);
	play_until(p, "2026-10-07");
	assert_int_equal(said(p, ALERT_OVERDUE), 1);
	assert_true(case_deadline_overdue(newest(p, "nti-end")));
	assert_int_equal(act(p, "decision", NULL, NULL, "outcome=not-to-issue"), STATUS_OK);
	assert_false(case_deadline_overdue(newest(p, "nti-end")));
	play_end(p);
}

static void sp_12_monitoring_follows_in_all_cases(void **state)
{
	struct play *clean = served_on("2026-09-14", "2026-09-14");
	struct play *breached = served_on("2026-09-14", "2026-09-14");

	(void)state;
	play_mark(breached, "2026-09-16", AM, "O");
	play_until(clean, "2026-10-06");
	play_until(breached, "2026-10-06");
	assert_true(in_stage(clean, "monitoring"));
	assert_true(in_stage(breached, "monitoring"));
	assert_day(newest(clean, "monitoring-end")->last, "2027-01-05");
	assert_day(newest(breached, "monitoring-end")->last, "2027-01-05");
	assert_int_equal(act(clean, "decision", NULL, NULL, "outcome=close"), STATUS_UNMET);
	assert_int_equal(lacking(clean, "SP-12"), 1);
	assert_int_equal(act(clean, "monitoring-outcome", NULL, NULL, "outcome=close"), STATUS_UNMET);
	assert_int_equal(lacking(clean, "SP-12"), 1);
	play_end(clean);
	play_end(breached);
}

static void sp_13_threshold_at_the_end_of_monitoring(void **state)
{
	(void)state;
	for (unsigned sessions = 9; sessions <= 10; sessions++) {
		struct play *p = served_on("2026-09-14", "2026-09-14");

		/* The ten school weeks that end with 5 January: from 26 October's next, 2 November. */
		play_sessions(p, "2026-11-02", sessions, "O");
		play_days(p, "2027-01-04", "2027-01-05", "/");
		play_until(p, "2027-01-06");
		assert_int_equal(newest(p, "monitoring-end")->state, DEADLINE_MET);
		if (sessions == 10) {
			assert_non_null(strstr(last_said(p, ALERT_DECISION)->text, "with 10 unauthorised sessions"));
			assert_non_null(strstr(last_said(p, ALERT_DECISION)->text, "Outcomes: Move to Stage 3B; Go on monitoring; Close the case"));
			assert_int_equal(act(p, "decision", NULL, NULL, "outcome=stage-3b"), STATUS_OK);
			assert_true(in_stage(p, "stage-3b"));
		} else {
			assert_non_null(strstr(last_said(p, ALERT_DECISION)->text, "Is the case to be closed?"));
			assert_int_equal(act(p, "decision", NULL, NULL, "outcome=stage-3b"), STATUS_UNMET);
			assert_int_equal(lacking(p, "SP-13"), 1);
			assert_int_equal(act(p, "monitoring-outcome", NULL, NULL, "outcome=stage-3b"), STATUS_UNMET);
			assert_int_equal(lacking(p, "SP-13"), 1);
			assert_int_equal(act(p, "monitoring-outcome", NULL, NULL, ""), STATUS_UNMET);
			assert_int_equal(act(p, "monitoring-outcome", NULL, NULL, "outcome=close"), STATUS_OK);
			assert_true(p->c.closed);
			assert_true(in_stage(p, "closed"));
		}
		assert_true(newest(p, "monitoring-end")->decided);
		play_end(p);
	}
}

static void sp_13_the_officers_assessment_at_ten_sessions(void **state)
{
	struct play *p = served_on("2026-09-14", "2026-09-14");

	(void)state;
	play_sessions(p, "2026-11-02", 10, "O");
	play_days(p, "2027-01-04", "2027-01-05", "/");
	play_until(p, "2027-01-06");
	assert_int_equal(act(p, "monitoring-outcome", NULL, NULL, "outcome=stage-3b"), STATUS_OK);
	assert_true(in_stage(p, "stage-3b"));
	assert_true(newest(p, "monitoring-end")->decided);
	play_end(p);
}

static void sp_13_monitoring_may_go_on(void **state)
{
	struct play *p = served_on("2026-09-14", "2026-09-14");

	(void)state;
	play_until(p, "2027-01-11");
	assert_int_equal(act(p, "decision", NULL, NULL, "outcome=continue"), STATUS_OK);
	assert_int_equal(newest(p, "monitoring-end")->state, DEADLINE_OPEN);
	assert_day(newest(p, "monitoring-end")->last, "2027-04-11");
	assert_true(in_stage(p, "monitoring"));
	play_end(p);
}

static void stages_go_on_and_a_new_notice_goes_back(void **state)
{
	struct play *p = served_on("2026-09-14", "2026-09-14");

	(void)state;
	play_until(p, "2026-10-06");
	assert_true(in_stage(p, "monitoring"));
	assert_int_equal(act(p, "notice-to-improve", NULL, "p2", BARRIERS), STATUS_OK);
	assert_true(in_stage(p, "stage-3a"));
	assert_int_equal(act(p, "initial-assessment", NULL, NULL, "caseworker=x"), STATUS_OK);
	assert_true(in_stage(p, "stage-3b"));
	play_until(p, "2026-11-10"); /* the second notice's days end: time takes no case back */
	assert_true(in_stage(p, "stage-3b"));
	assert_int_equal(act(p, "legal-planning-meeting", NULL, NULL, "outcome=prosecution school_consulted=yes"), STATUS_OK);
	assert_true(in_stage(p, "stage-4"));
	assert_int_equal(override(p, "contract", NULL, "p1", ""), STATUS_OK);
	assert_true(in_stage(p, "stage-4"));
	play_end(p);
	for (unsigned i = 0; i < 2; i++) {
		p = served_on("2026-09-14", "2026-09-14");
		assert_int_equal(act(p, "order-considered", NULL, NULL, "conclusion=suitable reasons=x"), STATUS_OK);
		assert_int_equal(override(p, i ? "supervision-order" : "prosecution", NULL, "p1", ""), STATUS_OK);
		assert_true(in_stage(p, "stage-4"));
		play_end(p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sp_11_the_decision_is_put_when_the_days_have_ended),
		cmocka_unit_test(sp_11_a_decision_not_taken_is_overdue),
		cmocka_unit_test(sp_12_monitoring_follows_in_all_cases),
		cmocka_unit_test(sp_13_threshold_at_the_end_of_monitoring),
		cmocka_unit_test(sp_13_the_officers_assessment_at_ten_sessions),
		cmocka_unit_test(sp_13_monitoring_may_go_on),
		cmocka_unit_test(stages_go_on_and_a_new_notice_goes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
