/* timing_rules.c - deadlines of every kind, each from both sides of its clause, on
 * tests/data/timing.yaml and by the rules alone.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/play.h"

static struct play *begun(const char *today)
{
	return play_start_with("tests/data/timing.yaml", today);
}

static void does(struct play *p, const char *action, const char *on, const char *fields)
{
	assert_int_equal(act(p, action, on, NULL, fields), STATUS_OK);
}

static unsigned of_kind(const struct play *p, const char *kind, uint8_t state)
{
	unsigned count = 0;

	for (unsigned i = 0; i < p->c.deadline_count; i++)
		count += p->c.deadlines[i].state == state &&
		         slice_is(p->pathway.deadlines[p->c.deadlines[i].rule].name, kind);
	return count;
}

/* --- SK-12: at least fortnightly while the plan runs ------------------------- */

static void sk_12_visits_recur_from_the_day_of_each(void **state)
{
	struct play *p = begun("2026-09-14");

	(void)state;
	does(p, "begin", NULL, "");
	assert_day(newest(p, "home-visit")->last, "2026-09-28");
	play_until(p, "2026-09-24");
	does(p, "visit", NULL, "");
	assert_int_equal(of_kind(p, "home-visit", DEADLINE_MET), 1);
	assert_day(newest(p, "home-visit")->last, "2026-10-08");
	assert_int_equal(newest(p, "home-visit")->state, DEADLINE_OPEN);
	play_until(p, "2026-10-08"); /* its last day, still to be had */
	does(p, "visit", NULL, "");
	assert_int_equal(said(p, ALERT_DUE), 0);
	assert_day(newest(p, "home-visit")->last, "2026-10-22");
	play_end(p);
}

static void sk_12_a_missed_visit_is_alerted_and_the_next_falls_due_all_the_same(void **state)
{
	struct play *p = begun("2026-09-14");

	(void)state;
	does(p, "begin", NULL, "");
	play_until(p, "2026-09-28");
	assert_int_equal(said(p, ALERT_DUE), 0);
	play_until(p, "2026-09-29");
	assert_int_equal(said(p, ALERT_DUE), 1);
	assert_non_null(strstr(last_said(p, ALERT_DUE)->text, "Home visit"));
	assert_day(newest(p, "home-visit")->last, "2026-10-12"); /* from the missed one's last day */
	/* A visit too late for the one is in time for the next, and the count goes on from it. */
	play_until(p, "2026-09-30");
	does(p, "visit", NULL, "");
	assert_int_equal(of_kind(p, "home-visit", DEADLINE_MISSED), 1);
	assert_int_equal(of_kind(p, "home-visit", DEADLINE_MET), 1);
	assert_int_equal(of_kind(p, "home-visit", DEADLINE_OPEN), 1);
	assert_day(newest(p, "home-visit")->last, "2026-10-14");
	play_end(p);
}

static void sk_12_no_visit_is_due_once_the_plan_is_over(void **state)
{
	struct play *p = begun("2026-09-14");

	(void)state;
	does(p, "begin", NULL, "");
	play_until(p, "2026-10-05");
	does(p, "visit", NULL, "");
	play_until(p, "2026-10-19");
	does(p, "visit", NULL, "");
	play_until(p, "2026-10-27"); /* the plan ended with the 26th */
	assert_int_equal(of_kind(p, "home-visit", DEADLINE_OPEN), 0);
	assert_int_equal(of_kind(p, "home-visit", DEADLINE_CANCELLED), 1);
	does(p, "visit", NULL, ""); /* one more is no harm, and starts none */
	assert_int_equal(of_kind(p, "home-visit", DEADLINE_OPEN), 0);
	play_end(p);
}

static void sk_12_what_recurs_for_years_finds_room(void **state)
{
	struct play *p = begun("2026-09-14");
	struct case_view view;
	struct case_deadline *plan;

	(void)state;
	does(p, "begin", NULL, "");
	plan = newest(p, "plan");
	plan->last = DAY_MAX; /* a plan without an end, and nobody visits */
	plan->due_ms = day_start_ms(DAY_MAX);
	plan->soon_ms = 0;
	play_view(p, &view);
	for (unsigned i = 0; i < 2 * CASE_DEADLINES_MAX; i++) {
		struct case_deadline *next = NULL;
		uint64_t first = UINT64_MAX;
		uint8_t phase = 0, its;

		for (unsigned j = 0; j < p->c.deadline_count; j++) {
			uint64_t at = case_timer(&p->c.deadlines[j], &its);

			if (at != 0 && at < first) {
				first = at;
				phase = its;
				next = &p->c.deadlines[j];
			}
		}
		assert_non_null(next);
		case_apply_fired(&p->c, &view, &(struct event_deadline_fired){
			.deadline = (uint8_t)(next - p->c.deadlines + 1), .phase = phase, .due_ms = first});
		assert_int_equal(of_kind(p, "home-visit", DEADLINE_OPEN), 1);
		i -= phase != PHASE_DUE; /* so many visits, not phases */
	}
	assert_int_equal(p->c.deadline_count, CASE_DEADLINES_MAX);
	play_check(p);
	assert_int_equal(act(p, "visit", NULL, NULL, ""), STATUS_OK);
	play_end(p);
}

/* --- TS-05: so long before the meeting, and with it -------------------------- */

static void ts_05_the_evidence_is_due_five_days_before_the_meeting_and_moves_with_it(void **state)
{
	struct play *p = begun("2026-09-14");

	(void)state;
	does(p, "convene", NULL, "meeting_date=2026-10-07");
	assert_day(newest(p, "evidence")->last, "2026-10-02");
	assert_day(newest(p, "follow-up")->last, "2026-10-09"); /* two school days after it */
	play_until(p, "2026-09-21");
	does(p, "convene", NULL, "meeting_date=2026-10-14"); /* postponed */
	assert_int_equal(p->c.deadline_count, 2);
	assert_day(newest(p, "evidence")->last, "2026-10-09");
	assert_int_equal(newest(p, "evidence")->moved_count, 1);
	assert_day(newest(p, "follow-up")->last, "2026-10-16");
	does(p, "convene", NULL, "meeting_date=2026-10-12"); /* and brought forward again */
	assert_day(newest(p, "evidence")->last, "2026-10-07");
	play_until(p, "2026-10-07");
	does(p, "report", NULL, "");
	assert_int_equal(newest(p, "evidence")->state, DEADLINE_MET);
	assert_int_equal(said(p, ALERT_DUE), 0);
	/* With the report there, another postponement asks for no other. */
	does(p, "convene", NULL, "meeting_date=2026-11-04");
	assert_int_equal(of_kind(p, "evidence", DEADLINE_OPEN), 0);
	assert_day(newest(p, "follow-up")->last, "2026-11-06");
	play_end(p);
}

static void ts_05_a_report_four_days_before_is_late(void **state)
{
	struct play *p = begun("2026-09-14");

	(void)state;
	does(p, "convene", NULL, "meeting_date=2026-10-07");
	play_until(p, "2026-10-03");
	assert_int_equal(said(p, ALERT_DUE), 1);
	does(p, "report", NULL, "");
	assert_int_equal(newest(p, "evidence")->state, DEADLINE_MISSED);
	play_end(p);
}

static void ts_05_a_report_missed_is_in_time_for_the_meeting_postponed(void **state)
{
	struct play *p = begun("2026-09-14");

	(void)state;
	does(p, "convene", NULL, "meeting_date=2026-10-07");
	play_until(p, "2026-10-05");
	assert_int_equal(newest(p, "evidence")->state, DEADLINE_MISSED);
	does(p, "convene", NULL, "meeting_date=2026-10-07"); /* said again: nothing is new */
	assert_int_equal(newest(p, "evidence")->state, DEADLINE_MISSED);
	does(p, "convene", NULL, "meeting_date=2026-10-21");
	assert_int_equal(newest(p, "evidence")->state, DEADLINE_OPEN);
	assert_day(newest(p, "evidence")->last, "2026-10-16");
	does(p, "report", NULL, "");
	assert_int_equal(newest(p, "evidence")->state, DEADLINE_MET);
	play_until(p, "2026-10-30");
	assert_int_equal(of_kind(p, "evidence", DEADLINE_MISSED), 0);
	play_end(p);
}

static void ts_05_the_meeting_is_not_before_it_was_convened(void **state)
{
	struct play *p = begun("2026-09-14");

	(void)state;
	assert_int_equal(act(p, "convene", NULL, NULL, "meeting_date=2026-09-13"), STATUS_UNMET);
	assert_int_equal(lacking(p, "TS-05"), 1);
	assert_int_equal(act(p, "convene", NULL, NULL, ""), STATUS_UNMET);
	assert_true(slice_is(p->lacks.list[0].text, "the date of the meeting is not given (meeting_date=)"));
	does(p, "convene", NULL, "meeting_date=2026-09-14");
	play_end(p);
}

static void ts_05_without_a_date_nothing_hangs_on_it(void **state)
{
	struct play *p = begun("2026-09-14");

	(void)state;
	assert_int_equal(override(p, "convene", NULL, NULL, ""), STATUS_OK);
	assert_int_equal(p->c.deadline_count, 0);
	play_end(p);
}

static void en_06_a_closure_moves_what_counts_school_days_from_a_date(void **state)
{
	struct play *p = begun("2026-09-14");
	uint8_t moved[CASE_DEADLINES_MAX / 8];
	struct case_view view;

	(void)state;
	does(p, "convene", NULL, "meeting_date=2026-10-07");
	play_row(p, "2026-10-08", "2026-10-08", CALENDAR_CLOSURE);
	calendar_build(&p->calendar, p->rows, p->row_count);
	play_view(p, &view);
	assert_true(case_apply_calendar(&p->c, &view, moved));
	assert_day(newest(p, "follow-up")->last, "2026-10-12");
	assert_day(newest(p, "evidence")->last, "2026-10-02"); /* calendar days stand */
	play_end(p);
}

/* --- TY-04: three weeks, extended to six in all ------------------------------ */

static void ty_04_the_extension_counts_from_the_warning(void **state)
{
	struct play *p = begun("2026-09-14");

	(void)state;
	does(p, "warning", NULL, "");
	assert_day(newest(p, "watching")->last, "2026-10-05");
	play_mark(p, "2026-09-16", AM, "O");
	play_until(p, "2026-09-28");
	does(p, "extend", NULL, "");
	assert_int_equal(newest(p, "watching")->state, DEADLINE_CANCELLED);
	assert_day(newest(p, "watching-longer")->last, "2026-10-26"); /* six in all, not nine */
	assert_day(newest(p, "watching-longer")->from, "2026-09-14");
	/* What happened in the first weeks is a breach of the whole. */
	assert_int_equal(said(p, ALERT_BREACH), 1);
	play_until(p, "2026-10-26");
	assert_int_equal(newest(p, "watching-longer")->state, DEADLINE_OPEN);
	play_until(p, "2026-10-27");
	assert_int_equal(newest(p, "watching-longer")->state, DEADLINE_MET);
	play_end(p);
}

static void an_end_starts_what_its_expression_says(void **state)
{
	struct play *breached = begun("2026-09-14"), *clean = begun("2026-09-14");

	(void)state;
	does(breached, "warning", NULL, "");
	does(clean, "warning", NULL, "");
	play_mark(breached, "2026-09-16", AM, "O");
	play_until(breached, "2026-10-06");
	play_until(clean, "2026-10-06");
	assert_int_equal(of_kind(breached, "look-back", DEADLINE_OPEN), 1);
	assert_day(newest(breached, "look-back")->last, "2026-10-08");
	assert_int_equal(of_kind(clean, "look-back", DEADLINE_OPEN), 0);
	play_end(breached);
	play_end(clean);
}

/* --- TY-12: nothing done for too long ---------------------------------------- */

static void ty_12_a_case_with_nothing_done_drifts(void **state)
{
	struct play *p = begun("2026-09-14");

	(void)state;
	does(p, "to-level-3", NULL, "");
	assert_day(newest(p, "nothing-done")->last, "2026-10-12");
	play_until(p, "2026-10-09");
	does(p, "referral", NULL, ""); /* every action counts it anew */
	assert_int_equal(of_kind(p, "nothing-done", DEADLINE_OPEN), 1);
	assert_day(newest(p, "nothing-done")->last, "2026-11-06");
	play_until(p, "2026-11-06");
	assert_int_equal(said(p, ALERT_DRIFT), 0);
	play_until(p, "2026-11-07");
	assert_int_equal(said(p, ALERT_DRIFT), 1);
	assert_non_null(strstr(last_said(p, ALERT_DRIFT)->text, "since Friday 9 October 2026"));
	assert_int_equal(case_alert_tells(&p->pathway.deadlines[newest(p, "nothing-done")->rule], ALERT_DRIFT),
	                 1u << ROLE_MANAGER);
	play_until(p, "2026-12-01");
	assert_int_equal(said(p, ALERT_DRIFT), 1); /* once, until something is done */
	does(p, "told", NULL, "");
	play_until(p, "2026-12-30");
	assert_int_equal(said(p, ALERT_DRIFT), 2);
	play_end(p);
}

static void ty_12_below_level_3_nothing_drifts(void **state)
{
	struct play *p = begun("2026-09-14");

	(void)state;
	does(p, "referral", NULL, "");
	assert_null(newest(p, "nothing-done"));
	does(p, "to-level-3", NULL, "");
	does(p, "back", NULL, "");
	assert_int_equal(of_kind(p, "nothing-done", DEADLINE_CANCELLED), 1);
	play_until(p, "2026-12-01");
	assert_int_equal(said(p, ALERT_DRIFT), 0);
	play_end(p);
}

/* --- reminders ---------------------------------------------------------------- */

static void sk_15_telling_the_parents_is_a_reminder(void **state)
{
	struct play *p = begun("2026-09-14"), *told = begun("2026-09-14");

	(void)state;
	does(p, "referral", NULL, "");
	does(told, "referral", NULL, "");
	play_until(told, "2026-09-17");
	does(told, "told", NULL, "");
	play_until(told, "2026-10-30");
	play_until(p, "2026-09-17");
	assert_int_equal(said(p, ALERT_REMINDER), 0);
	play_until(p, "2026-10-30");
	assert_int_equal(said(p, ALERT_REMINDER), 1); /* and of nothing else, and no more */
	assert_int_equal(p->said_count, 1);
	assert_int_equal(told->said_count, 0);
	play_end(p);
	play_end(told);
}

static void ty_16_a_child_not_back_when_expected_is_a_reminder(void **state)
{
	struct play *p = begun("2026-09-14"), *back = begun("2026-09-14");

	(void)state;
	does(p, "absence-call", NULL, "expected_return=2026-09-17");
	does(back, "absence-call", NULL, "expected_return=2026-09-17");
	play_days(p, "2026-09-14", "2026-09-17", "I");
	play_days(back, "2026-09-14", "2026-09-16", "I");
	play_mark(back, "2026-09-17", PM, "\\");
	play_until(p, "2026-09-17");
	assert_int_equal(p->said_count, 0);
	play_until(p, "2026-09-18");
	play_until(back, "2026-09-18");
	assert_int_equal(said(p, ALERT_REMINDER), 1);
	assert_int_equal(newest(p, "back-at-school")->state, DEADLINE_MISSED);
	assert_int_equal(back->said_count, 0);
	assert_int_equal(newest(back, "back-at-school")->state, DEADLINE_MET);
	/* A new date asks anew. */
	does(p, "absence-call", NULL, "expected_return=2026-09-22");
	assert_int_equal(of_kind(p, "back-at-school", DEADLINE_OPEN), 1);
	play_until(p, "2026-09-23");
	assert_int_equal(said(p, ALERT_REMINDER), 2);
	/* A call without a date starts none. */
	does(back, "absence-call", NULL, "");
	assert_int_equal(of_kind(back, "back-at-school", DEADLINE_OPEN), 0);
	play_end(p);
	play_end(back);
}

/* --- escalation ----------------------------------------------------------------- */

static void ty_15_a_standard_missed_escalates_to_the_manager(void **state)
{
	struct play *p = begun("2026-09-14"), *late = begun("2026-09-14");
	const struct deadline_rule *rule;

	(void)state;
	does(p, "message", NULL, "");
	does(late, "message", NULL, "");
	play_until(p, "2026-09-17");
	assert_int_equal(said(p, ALERT_DUE), 1);
	assert_int_equal(said(p, ALERT_ESCALATED), 0);
	play_until(late, "2026-09-17");
	does(late, "answer", NULL, ""); /* late, but before it is overdue */
	play_until(p, "2026-09-18");
	play_until(late, "2026-09-18");
	assert_int_equal(said(p, ALERT_ESCALATED), 1);
	assert_int_equal(said(p, ALERT_OVERDUE), 1);
	assert_int_equal(said(late, ALERT_ESCALATED), 0);
	rule = &p->pathway.deadlines[newest(p, "answer-message")->rule];
	assert_int_equal(case_alert_tells(rule, ALERT_OVERDUE), 1u << ROLE_OFFICER);
	assert_int_equal(case_alert_tells(rule, ALERT_ESCALATED), 1u << ROLE_MANAGER);
	play_end(p);
	play_end(late);
}

static void a_question_that_nobody_answers_escalates(void **state)
{
	struct play *p = begun("2026-09-14"), *taken = begun("2026-09-14");
	struct case_view view;

	(void)state;
	does(p, "begin", NULL, "");
	does(taken, "begin", NULL, "");
	play_until(p, "2026-10-27");
	play_until(taken, "2026-10-27");
	assert_int_equal(said(p, ALERT_DECISION), 1);
	play_view(p, &view);
	assert_true(slice_is(case_alert_clause(&p->c, &view, 1, ALERT_DECISION), "SK-13"));
	does(taken, "end-plan", NULL, "outcome=end");
	play_until(p, "2026-11-03");
	play_until(taken, "2026-11-03");
	assert_int_equal(said(p, ALERT_ESCALATED), 1);
	assert_non_null(strstr(last_said(p, ALERT_ESCALATED)->text, "its decision has not been taken"));
	assert_int_equal(said(taken, ALERT_ESCALATED), 0);
	play_end(p);
	play_end(taken);
}

/* --- SP-26, SP-36: started by a watch's alert ------------------------------------- */

static void sp_26_an_alert_starts_a_task_and_its_withdrawal_takes_it_away(void **state)
{
	struct play *p = begun("2026-09-14");
	struct case_view view;

	(void)state;
	does(p, "referral", NULL, "");
	play_until(p, "2026-09-18");
	play_view(p, &view);
	case_apply_alert(&p->c, &view, ALERT_SICKNESS_RETURN, 40, day("2026-09-17")); /* of another kind */
	assert_null(newest(p, "report-missing"));
	case_apply_alert(&p->c, &view, ALERT_MISSING_FROM_SCHOOL, 41, day("2026-09-17"));
	play_check(p);
	assert_day(newest(p, "report-missing")->last, "2026-09-18");
	case_apply_alert_withdrawn(&p->c, 40);
	assert_int_equal(newest(p, "report-missing")->state, DEADLINE_OPEN);
	case_apply_alert_withdrawn(&p->c, 41);
	assert_int_equal(newest(p, "report-missing")->state, DEADLINE_CANCELLED);
	case_apply_alert(&p->c, &view, ALERT_MISSING_FROM_SCHOOL, 42, day("2026-09-18"));
	does(p, "missing-reported", NULL, "");
	assert_int_equal(newest(p, "report-missing")->state, DEADLINE_MET);
	case_apply_alert_withdrawn(&p->c, 42);
	assert_int_equal(newest(p, "report-missing")->state, DEADLINE_MET);
	play_end(p);
}

#define T(name) cmocka_unit_test(name)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(sk_12_visits_recur_from_the_day_of_each),
		T(sk_12_a_missed_visit_is_alerted_and_the_next_falls_due_all_the_same),
		T(sk_12_no_visit_is_due_once_the_plan_is_over),
		T(sk_12_what_recurs_for_years_finds_room),
		T(ts_05_the_evidence_is_due_five_days_before_the_meeting_and_moves_with_it),
		T(ts_05_a_report_four_days_before_is_late),
		T(ts_05_a_report_missed_is_in_time_for_the_meeting_postponed),
		T(ts_05_the_meeting_is_not_before_it_was_convened),
		T(ts_05_without_a_date_nothing_hangs_on_it),
		T(en_06_a_closure_moves_what_counts_school_days_from_a_date),
		T(ty_04_the_extension_counts_from_the_warning),
		T(an_end_starts_what_its_expression_says),
		T(ty_12_a_case_with_nothing_done_drifts),
		T(ty_12_below_level_3_nothing_drifts),
		T(sk_15_telling_the_parents_is_a_reminder),
		T(ty_16_a_child_not_back_when_expected_is_a_reminder),
		T(ty_15_a_standard_missed_escalates_to_the_manager),
		T(a_question_that_nobody_answers_escalates),
		T(sp_26_an_alert_starts_a_task_and_its_withdrawal_takes_it_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
