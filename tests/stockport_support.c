/* stockport_support.c - Stages 1 and 2: contact, meeting, plan, reviews, the
 * referral's evidence; what the file's watches say of marks.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "casework/watch.h"
#include "tests/play.h"

#define REVIEWED " parental_contact=x child_view_appropriate=no"
#define REFERRAL "support_package=yes contract_engaged=no support_engaged=no why=x"

/* --- watches -------------------------------------------------------------- */

/* Marks whole days and counts what the watches raise of one kind. */
static unsigned raised(struct play *p, const char *from, const char *to, const char *code, uint8_t kind)
{
	static struct standing standing;
	unsigned count = 0;

	memset(&standing, 0, sizeof standing);
	for (day_t d = day(from); d <= day(to); d++) {
		for (uint8_t session = AM; session <= PM && calendar_is_school_day(&p->calendar, d); session++) {
			struct watch_mark mark = {.day = d, .session = session, .code = code_parse(slice_text(code))};
			struct watch_change changes[WATCH_CHANGES_MAX];
			size_t found;

			pupil_mark(&p->pupil, &p->calendar, d, session, mark.code, p->pathway.threshold, &mark.held);
			found = watch_look(&p->pathway, &p->pupil, &p->calendar, &standing, &mark, changes);
			for (size_t i = 0; i < found; i++) {
				struct event_alert_raised event = {.kind = changes[i].kind, .up = changes[i].up,
					.first_day = changes[i].first_day, .last_day = changes[i].last_day};

				if (changes[i].withdraw)
					continue;
				count += changes[i].kind == kind;
				watch_apply_raised(&p->pupil, &standing, &event, ++p->position, p->pathway.threshold);
			}
		}
	}
	return count;
}

static void sp_01_threshold_at_ten_sessions(void **state)
{
	struct play *p = play_start("2026-09-30");

	(void)state;
	assert_int_equal(p->pathway.threshold, 10);
	assert_int_equal(raised(p, "2026-09-07", "2026-09-10", "U", ALERT_THRESHOLD), 0); /* eight */
	assert_int_equal(raised(p, "2026-09-11", "2026-09-11", "G", ALERT_THRESHOLD), 1);
	play_end(p);
}

static void sp_02_and_sp_08_on_the_tenth_day(void **state)
{
	static const uint8_t kinds[] = {ALERT_ATTENDANCE_RETURN, ALERT_MISSING_FROM_SCHOOL};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct play *p = play_start("2026-09-30");

		assert_int_equal(raised(p, "2026-09-07", "2026-09-17", "O", kinds[i]), 0); /* nine days */
		assert_int_equal(raised(p, "2026-09-18", "2026-09-18", "N", kinds[i]), 1);
		play_end(p);
		p = play_start("2026-09-30"); /* illness is not of these codes */
		assert_int_equal(raised(p, "2026-09-07", "2026-09-30", "I", kinds[i]), 0);
		play_end(p);
	}
}

static void sp_03_sickness_return_on_the_fifteenth_day(void **state)
{
	struct play *p = play_start("2026-09-30");

	(void)state;
	assert_int_equal(raised(p, "2026-09-07", "2026-09-24", "I", ALERT_SICKNESS_RETURN), 0); /* fourteen */
	assert_int_equal(raised(p, "2026-09-25", "2026-09-25", "I", ALERT_SICKNESS_RETURN), 1);
	play_end(p);
}

static void sp_03_an_expectation_that_the_school_records(void **state)
{
	struct play *p = play_start("2026-09-11");

	(void)state;
	assert_int_equal(play_as(p, ROLE_SCHOOL, false, "sickness-expected", NULL, NULL, ""), STATUS_OK);
	assert_day(newest(p, "sickness-return-due")->last, "2026-09-14"); /* from Friday: Monday */
	play_until(p, "2026-09-15");
	assert_int_equal(said(p, ALERT_DUE), 1);
	assert_int_equal(newest(p, "sickness-return-due")->state, DEADLINE_MISSED);
	assert_int_equal(play_as(p, ROLE_SCHOOL, false, "sickness-return", NULL, NULL, ""), STATUS_OK);
	assert_true(newest(p, "sickness-return-due")->resolved);
	assert_int_equal(act(p, "sickness-expected", NULL, NULL, ""), STATUS_UNMET);
	assert_int_equal(lacking(p, "SP-03"), 1);
	assert_int_equal(act(p, "sickness-expected", NULL, NULL, "new_period=yes"), STATUS_OK);
	play_end(p);
}

static void en_04_persistent_and_severe_are_watched(void **state)
{
	struct play *p = play_start("2026-09-30");
	const struct watch_rule *w = &p->pathway.watches[pathway_watch(&p->pathway, ALERT_SEVERE)];

	(void)state;
	assert_int_equal(w->type, WATCH_SHARE);
	assert_int_equal(w->at_least, 50);
	assert_int_equal(w->from_possible, 20);
	assert_true(w->codes == CODES_ABSENT);
	assert_int_equal(raised(p, "2026-09-01", "2026-09-11", "O", ALERT_PERSISTENT), 0); /* 18 sessions */
	assert_int_equal(raised(p, "2026-09-14", "2026-09-14", "O", ALERT_PERSISTENT), 1);
	play_end(p);
	p = play_start("2026-09-30"); /* two of twenty is ten per cent, one isn't */
	play_mark(p, "2026-09-01", AM, "O");
	play_mark(p, "2026-09-01", PM, "/");
	assert_int_equal(raised(p, "2026-09-02", "2026-09-14", "K", ALERT_PERSISTENT), 0);
	play_end(p);
	p = play_start("2026-09-30");
	play_days(p, "2026-09-01", "2026-09-01", "O");
	assert_int_equal(raised(p, "2026-09-02", "2026-09-14", "K", ALERT_PERSISTENT), 1);
	play_end(p);
}

/* --- Stages 1 and 2 ------------------------------------------------------- */

static void sp_05_contact_or_a_letter_where_there_was_none(void **state)
{
	struct play *p = play_start("2026-09-10");

	(void)state;
	assert_int_equal(act(p, "contact", NULL, NULL, "reached=no"), STATUS_UNMET);
	assert_int_equal(lacking(p, "SP-05"), 1);
	assert_false(p->open);
	assert_int_equal(act(p, "contact", NULL, NULL, "reached=no letter_sent=yes"), STATUS_OK);
	assert_true(in_stage(p, "stage-1"));
	assert_int_equal(play_as(p, ROLE_SCHOOL, false, "contact", NULL, NULL, "reached=yes support=x"), STATUS_OK);
	play_end(p);
}

static void sp_05_stage_1_comes_before_the_plan(void **state)
{
	struct play *p = play_start("2026-09-10");

	(void)state;
	assert_int_equal(act(p, "meeting", NULL, NULL, ""), STATUS_OK);
	assert_int_equal(act(p, "plan", NULL, NULL, ""), STATUS_UNMET);
	assert_int_equal(p->lacks.count, 1);
	assert_int_equal(lacking(p, "SP-05"), 1);
	assert_true(slice_is(p->lacks.list[0].supplied_by, "contact"));
	assert_int_equal(act(p, "contact", NULL, NULL, ""), STATUS_OK);
	assert_true(in_stage(p, "stage-2")); /* never back by itself */
	assert_int_equal(act(p, "plan", NULL, NULL, ""), STATUS_OK);
	play_end(p);
}

static void sp_06_meeting_or_a_plan_of_another_process(void **state)
{
	struct play *p = play_start("2026-09-10");

	(void)state;
	assert_int_equal(act(p, "contact", NULL, NULL, ""), STATUS_OK);
	assert_int_equal(act(p, "plan", NULL, NULL, "family_plan=no"), STATUS_UNMET);
	assert_int_equal(lacking(p, "SP-06"), 1);
	assert_int_equal(act(p, "plan", NULL, NULL, "family_plan=yes"), STATUS_OK);
	assert_true(in_stage(p, "stage-2"));
	play_end(p);
}

static void sp_06_meeting_is_led_by_the_school_after_its_letter(void **state)
{
	struct play *p = play_start("2026-09-10");

	(void)state;
	assert_int_equal(act(p, "meeting", NULL, NULL, "letter_sent=no chaired_by_school=no"), STATUS_UNMET);
	assert_int_equal(lacking(p, "SP-06"), 2);
	assert_int_equal(act(p, "meeting", NULL, NULL, "letter_sent=yes chaired_by_school=yes"), STATUS_OK);
	play_end(p);
}

static struct play *planned(void)
{
	struct play *p = play_start("2026-09-07");

	assert_int_equal(act(p, "contact", NULL, NULL, ""), STATUS_OK);
	assert_int_equal(act(p, "stage-1-checks", NULL, NULL, CHECKS), STATUS_OK);
	assert_int_equal(act(p, "early-help", NULL, NULL, "outcome=accepted"), STATUS_OK);
	assert_int_equal(act(p, "meeting", NULL, NULL, ""), STATUS_OK);
	assert_int_equal(act(p, "plan", NULL, NULL, ""), STATUS_OK);
	return p;
}

static void sp_06_review_after_four_to_six_weeks(void **state)
{
	struct play *p = planned();
	struct case_deadline *first = newest(p, "review");

	(void)state;
	assert_day(first->last, "2026-10-19");
	play_until(p, "2026-10-04");
	assert_int_equal(act(p, "review", NULL, NULL, "outcome=stay" REVIEWED), STATUS_UNMET); /* 27 days */
	assert_int_equal(lacking(p, "SP-06"), 1);
	play_until(p, "2026-10-05");
	assert_int_equal(act(p, "review", NULL, NULL, "outcome=stay" REVIEWED), STATUS_OK);
	assert_int_equal(first->state, DEADLINE_MET);
	assert_true(newest(p, "review") != first);
	assert_day(newest(p, "review")->last, "2026-11-16"); /* six weeks from the review */
	play_until(p, "2026-10-12");
	assert_int_equal(override(p, "review", NULL, NULL, "outcome=review-support" REVIEWED), STATUS_OK);
	assert_day(newest(p, "review")->last, "2026-11-23");
	play_end(p);
}

static void sp_06_a_review_done_in_time_but_recorded_late_is_met(void **state)
{
	struct play *p = planned();
	struct case_deadline *d = newest(p, "review");

	(void)state;
	play_until(p, "2026-10-22");
	assert_int_equal(d->state, DEADLINE_MISSED);
	assert_true(case_deadline_overdue(d));
	assert_int_equal(said(p, ALERT_DUE), 1);
	assert_int_equal(said(p, ALERT_OVERDUE), 1);
	assert_int_equal(act(p, "review", "2026-10-19", NULL, "outcome=formal" REVIEWED), STATUS_OK);
	assert_int_equal(d->state, DEADLINE_MET);
	assert_false(case_deadline_overdue(d));
	play_end(p);
	p = planned();
	d = newest(p, "review");
	play_until(p, "2026-10-22");
	assert_int_equal(act(p, "review", "2026-10-20", NULL, "outcome=formal" REVIEWED), STATUS_OK);
	assert_int_equal(d->state, DEADLINE_MISSED); /* a day late stays missed, and waits no more */
	assert_true(d->resolved);
	assert_true(newest(p, "review") == d);
	play_end(p);
}

static void sp_06_there_must_be_a_plan_to_review(void **state)
{
	struct play *p = play_start("2026-09-07");

	(void)state;
	assert_int_equal(act(p, "contact", NULL, NULL, ""), STATUS_OK);
	assert_int_equal(act(p, "review", NULL, NULL, "outcome=stay" REVIEWED), STATUS_UNMET);
	assert_int_equal(lacking(p, "SP-06"), 1);
	assert_true(slice_is(p->lacks.list[0].supplied_by, "plan"));
	play_end(p);
}

static void sp_07_the_school_decides_at_the_end_of_a_review_period(void **state)
{
	struct play *p = planned();

	(void)state;
	play_until(p, "2026-10-19");
	assert_int_equal(said(p, ALERT_DECISION), 0);
	play_until(p, "2026-10-20");
	assert_int_equal(said(p, ALERT_DECISION), 1);
	assert_non_null(strstr(last_said(p, ALERT_DECISION)->text, "Outcomes: Stay at Stage 2; End Stage 2: no further action; Go on, with the support reviewed; Start the formal process."));
	assert_int_equal(act(p, "review", NULL, NULL, ""), STATUS_UNMET);
	assert_int_equal(lacking(p, "SP-07"), 1);
	assert_int_equal(act(p, "review", NULL, NULL, "outcome=end" REVIEWED), STATUS_OK);
	assert_true(p->c.closed);
	play_end(p);
	p = planned();
	play_until(p, "2026-10-06");
	assert_int_equal(act(p, "review", NULL, NULL, "outcome=formal" REVIEWED), STATUS_OK);
	play_until(p, "2026-12-01");
	assert_int_equal(said(p, ALERT_DECISION), 0);
	assert_false(p->c.closed);
	play_end(p);
}

/* --- the referral --------------------------------------------------------- */

static void sp_09_every_missing_piece_of_evidence_is_named(void **state)
{
	struct play *p = play_start("2026-09-10");

	(void)state;
	assert_int_equal(act(p, "referral", NULL, NULL, ""), STATUS_UNMET);
	assert_int_equal(lacking(p, "SP-09"), 6);
	assert_int_equal(override(p, "referral", NULL, NULL, ""), STATUS_OK);
	assert_int_equal(play_as(p, ROLE_SCHOOL, true, "referral", NULL, NULL, ""), STATUS_UNMET); /* not theirs to override */
	play_end(p);
}

static void sp_09_more_than_ten_sessions(void **state)
{
	for (unsigned sessions = 10; sessions <= 11; sessions++) {
		struct play *p = planned();

		(void)state;
		play_sessions(p, "2026-09-07", sessions, "O");
		play_until(p, "2026-09-21");
		assert_int_equal(act(p, "referral", NULL, NULL, REFERRAL), sessions == 11 ? STATUS_OK : STATUS_UNMET);
		assert_int_equal(lacking(p, "SP-09"), sessions == 11 ? 0 : 1);
		play_end(p);
	}
}

static void sp_09_neither_contract_nor_voluntary_support(void **state)
{
	static const char *const engaged[] = {
		"support_package=yes contract_engaged=yes support_engaged=no why=x",
		"support_package=yes contract_engaged=no support_engaged=yes why=x",
	};
	struct play *p = planned();

	(void)state;
	play_sessions(p, "2026-09-07", 12, "O");
	play_until(p, "2026-09-21");
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(act(p, "referral", NULL, NULL, engaged[i]), STATUS_UNMET);
		assert_int_equal(p->lacks.count, 1);
	}
	assert_int_equal(act(p, "referral", NULL, NULL, REFERRAL), STATUS_OK);
	play_end(p);
}

static void sp_09_support_shown_by_the_plan_or_the_referral(void **state)
{
	struct play *p = planned();

	(void)state;
	play_sessions(p, "2026-09-07", 12, "O");
	play_until(p, "2026-09-21");
	assert_int_equal(act(p, "referral", NULL, NULL, "contract_engaged=no support_engaged=no why=x"), STATUS_UNMET);
	assert_int_equal(p->lacks.count, 1);
	assert_int_equal(act(p, "plan", NULL, NULL, "support_offered=yes"), STATUS_OK);
	assert_int_equal(act(p, "referral", NULL, NULL, "contract_engaged=no support_engaged=no why=x"), STATUS_OK);
	play_end(p);
}

static void sp_09_a_notice_needs_more_than_ten_sessions_still(void **state)
{
	for (unsigned sessions = 10; sessions <= 11; sessions++) {
		struct play *p = planned();

		(void)state;
		play_sessions(p, "2026-09-07", sessions, "O");
		play_until(p, "2026-09-21");
		assert_int_equal(override(p, "referral", NULL, NULL, REFERRAL), STATUS_OK);
		assert_int_equal(act(p, "notice-to-improve", NULL, "p1", BARRIERS), sessions == 11 ? STATUS_OK : STATUS_UNMET);
		play_end(p);
	}
}

static void sp_09_why_the_parents_could_do_more(void **state)
{
	struct play *p = planned();

	(void)state;
	play_sessions(p, "2026-09-07", 12, "O");
	play_until(p, "2026-09-21");
	assert_int_equal(act(p, "referral", NULL, NULL, "support_package=yes contract_engaged=no support_engaged=no"), STATUS_UNMET);
	assert_int_equal(p->lacks.count, 1);
	assert_int_equal(act(p, "referral", NULL, NULL, REFERRAL), STATUS_OK);
	play_end(p);
}

static void sp_09_consultation_where_there_is_another_process(void **state)
{
	struct play *p = play_start("2026-09-07");

	(void)state;
	assert_int_equal(act(p, "contact", NULL, NULL, ""), STATUS_OK);
	assert_int_equal(act(p, "stage-1-checks", NULL, NULL, CHECKS), STATUS_OK);
	assert_int_equal(act(p, "early-help", NULL, NULL, "outcome=accepted"), STATUS_OK);
	assert_int_equal(act(p, "plan", NULL, NULL, "family_plan=yes support_offered=yes"), STATUS_OK);
	play_sessions(p, "2026-09-07", 12, "O");
	play_until(p, "2026-09-21");
	assert_int_equal(act(p, "referral", NULL, NULL, REFERRAL), STATUS_UNMET);
	assert_int_equal(lacking(p, "SP-09"), 1);
	assert_int_equal(lacking(p, "SP-34"), 1);
	assert_int_equal(p->lacks.count, 2);
	assert_int_equal(act(p, "referral", NULL, NULL, REFERRAL " lead_consulted=yes process_actions=x process_agreed=yes"), STATUS_OK);
	play_end(p);
}

static void sp_09_a_notice_needs_the_referral(void **state)
{
	struct play *p = planned();

	(void)state;
	play_sessions(p, "2026-09-07", 12, "O");
	play_until(p, "2026-09-21");
	assert_int_equal(act(p, "notice-to-improve", NULL, "p1", BARRIERS), STATUS_UNMET);
	assert_int_equal(lacking(p, "SP-09"), 1);
	assert_true(slice_is(p->lacks.list[0].supplied_by, "referral"));
	assert_int_equal(act(p, "referral", NULL, NULL, REFERRAL), STATUS_OK);
	assert_int_equal(act(p, "notice-to-improve", NULL, "p1", BARRIERS), STATUS_OK);
	play_end(p);
}

/* What is recorded late may be dated back, but not to before the steps that it depends on. */
static void sp_09_not_before_what_it_rests_on(void **state)
{
	static const char fields[] = "support_package=yes contract_engaged=no support_engaged=no why=x";
	struct play *p = play_referred("2026-09-14");

	(void)state;
	assert_int_equal(act(p, "referral", "2026-09-10", NULL, fields), STATUS_OK);
	assert_int_equal(act(p, "referral", "2026-09-02", NULL, fields), STATUS_UNMET); /* the day of the plan: the sessions are too few */
	assert_int_equal(act(p, "referral", "2026-09-01", NULL, fields), STATUS_BAD_FIELD);
	assert_true(slice_is(p->lacks.list[p->lacks.count - 1].field, "on"));
	assert_int_equal(override(p, "referral", "2026-09-01", NULL, fields), STATUS_BAD_FIELD);
	play_end(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sp_01_threshold_at_ten_sessions),
		cmocka_unit_test(sp_02_and_sp_08_on_the_tenth_day),
		cmocka_unit_test(sp_03_sickness_return_on_the_fifteenth_day),
		cmocka_unit_test(sp_03_an_expectation_that_the_school_records),
		cmocka_unit_test(en_04_persistent_and_severe_are_watched),
		cmocka_unit_test(sp_05_contact_or_a_letter_where_there_was_none),
		cmocka_unit_test(sp_05_stage_1_comes_before_the_plan),
		cmocka_unit_test(sp_06_meeting_or_a_plan_of_another_process),
		cmocka_unit_test(sp_06_meeting_is_led_by_the_school_after_its_letter),
		cmocka_unit_test(sp_06_review_after_four_to_six_weeks),
		cmocka_unit_test(sp_06_a_review_done_in_time_but_recorded_late_is_met),
		cmocka_unit_test(sp_06_there_must_be_a_plan_to_review),
		cmocka_unit_test(sp_07_the_school_decides_at_the_end_of_a_review_period),
		cmocka_unit_test(sp_09_every_missing_piece_of_evidence_is_named),
		cmocka_unit_test(sp_09_more_than_ten_sessions),
		cmocka_unit_test(sp_09_neither_contract_nor_voluntary_support),
		cmocka_unit_test(sp_09_support_shown_by_the_plan_or_the_referral),
		cmocka_unit_test(sp_09_a_notice_needs_more_than_ten_sessions_still),
		cmocka_unit_test(sp_09_why_the_parents_could_do_more),
		cmocka_unit_test(sp_09_consultation_where_there_is_another_process),
		cmocka_unit_test(sp_09_a_notice_needs_the_referral),
		cmocka_unit_test(sp_09_not_before_what_it_rests_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
