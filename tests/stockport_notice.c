/* stockport_notice.c - the Notice to Improve: its 15 school days over every edge
 * of a calendar, breaches and their corrections, who may serve it and on whom.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/play.h"

static struct play *served_on(const char *today, const char *on)
{
	struct play *p = play_referred(today);

	assert_int_equal(act(p, "notice-to-improve", on, "p1", BARRIERS), STATUS_OK);
	return p;
}

static void sp_10_fifteen_school_days_after_the_day_of_service(void **state)
{
	struct play *p = served_on("2026-09-14", "2026-09-14");
	struct case_deadline *d = newest(p, "nti-end");

	(void)state;
	assert_true(in_stage(p, "stage-3a"));
	assert_day(d->from, "2026-09-14");
	assert_day(d->last, "2026-10-05");
	assert_true(d->due_ms == day_start_ms(day("2026-10-06")));
	assert_int_equal(d->state, DEADLINE_OPEN);
	assert_false(d->provisional);
	/* 00:00 of the 29th: five working days, 29th to 5th, remain. */
	assert_true(d->soon_ms == day_start_ms(day("2026-09-29")));
	assert_true(d->overdue_ms == day_start_ms(day("2026-10-07")));
	play_until(p, "2026-10-05");
	assert_int_equal(d->state, DEADLINE_OPEN);
	assert_int_equal(said(p, ALERT_DUE_SOON), 1);
	play_until(p, "2026-10-06");
	assert_int_equal(d->state, DEADLINE_MET);
	play_end(p);
}

static void sp_10_service_on_a_weekend_counts_from_monday(void **state)
{
	struct play *friday = served_on("2026-09-21", "2026-09-18");
	struct play *saturday = served_on("2026-09-21", "2026-09-19");

	(void)state;
	assert_day(newest(friday, "nti-end")->last, "2026-10-09");
	assert_day(newest(saturday, "nti-end")->last, "2026-10-09");
	assert_true(newest(saturday, "nti-end")->due_ms == day_start_ms(day("2026-10-10")));
	play_end(friday);
	play_end(saturday);
}

static void sp_10_half_term_and_summer_time_in_between(void **state)
{
	struct play *p = served_on("2026-10-12", "2026-10-12");
	uint64_t due;

	(void)state;
	assert_day(newest(p, "nti-end")->last, "2026-11-09");
	assert_true(time_parse(slice_text("2026-11-10T00:00:00Z"), &due));
	assert_true(newest(p, "nti-end")->due_ms == due);
	play_end(p);
	p = served_on("2026-09-14", "2026-09-14");
	assert_true(time_parse(slice_text("2026-10-05T23:00:00Z"), &due));
	assert_true(newest(p, "nti-end")->due_ms == due);
	play_end(p);
}

static bool replan(struct play *p)
{
	uint8_t moved[CASE_DEADLINES_MAX / 8];
	struct case_view view;
	bool any;

	calendar_build(&p->calendar, p->rows, p->row_count);
	play_view(p, &view);
	any = case_apply_calendar(&p->c, &view, moved);
	for (unsigned i = 0; i < CASE_DEADLINES_MAX / 8 && !any; i++)
		assert_int_equal(moved[i], 0);
	play_check(p);
	play_breaches(p, 0);
	return any;
}

static void en_06_inset_day_and_closure_after_service_move_it(void **state)
{
	struct play *p = served_on("2026-09-14", "2026-09-14");
	struct case_deadline *d = newest(p, "nti-end");
	uint64_t before = d->due_ms;

	(void)state;
	play_row(p, "2026-10-12", "2026-10-12", CALENDAR_INSET); /* after its end: nothing moves */
	assert_false(replan(p));
	play_row(p, "2026-09-25", "2026-09-25", CALENDAR_INSET);
	assert_true(replan(p));
	assert_day(d->last, "2026-10-06");
	assert_int_equal(d->moved_count, 1);
	assert_true(d->moved_from[0] == before);
	play_row(p, "2026-09-28", "2026-09-29", CALENDAR_CLOSURE); /* a closure of two days */
	assert_true(replan(p));
	assert_day(d->last, "2026-10-08");
	assert_int_equal(d->moved_count, 2);
	p->row_count--; /* and taken back */
	assert_true(replan(p));
	assert_day(d->last, "2026-10-06");
	assert_int_equal(d->moved_count, 3);
	for (unsigned i = 0; i < 10; i++) { /* more often than is kept: counted all the same */
		play_row(p, "2026-09-28", "2026-09-28", CALENDAR_CLOSURE);
		assert_true(replan(p));
		p->row_count--;
		assert_true(replan(p));
	}
	assert_int_equal(d->moved_count, CASE_MOVES_MAX);
	assert_int_equal(d->moves_dropped, 3 + 20 - CASE_MOVES_MAX);
	play_until(p, "2026-10-06");
	assert_int_equal(d->state, DEADLINE_OPEN);
	play_until(p, "2026-10-07");
	assert_int_equal(d->state, DEADLINE_MET);
	play_row(p, "2026-10-01", "2026-10-01", CALENDAR_CLOSURE); /* what has ended doesn't move */
	replan(p);
	assert_day(d->last, "2026-10-06");
	play_end(p);
}

static void en_06_a_closure_brings_a_breach_into_the_period(void **state)
{
	struct play *p = served_on("2026-09-14", "2026-09-14");

	(void)state;
	play_until(p, "2026-10-02");
	play_row(p, "2026-09-28", "2026-09-28", CALENDAR_CLOSURE);
	play_mark(p, "2026-10-06", AM, "O");
	assert_int_equal(said(p, ALERT_BREACH), 0);
	assert_true(replan(p));
	assert_int_equal(said(p, ALERT_BREACH), 1);
	play_end(p);
}

static void sp_10_a_bank_holiday_is_no_school_day(void **state)
{
	struct play *p = play_referred("2027-04-26");

	(void)state;
	play_days(p, "2027-04-12", "2027-04-20", "O");
	assert_int_equal(act(p, "notice-to-improve", NULL, "p1", BARRIERS), STATUS_OK);
	assert_day(newest(p, "nti-end")->last, "2027-05-18"); /* the 17th without 3 May */
	play_end(p);
}

static void sp_12_twenty_eighth_of_february_gives_twenty_eighth_of_may(void **state)
{
	struct play *p = play_referred("2028-02-07");

	(void)state;
	assert_int_equal(override(p, "notice-to-improve", NULL, NULL, ""), STATUS_OK);
	assert_day(newest(p, "nti-end")->last, "2028-02-28");
	assert_true(newest(p, "nti-end")->provisional); /* past the calendar's end */
	assert_null(newest(p, "monitoring-end"));
	play_until(p, "2028-02-29");
	assert_true(in_stage(p, "monitoring"));
	assert_day(newest(p, "monitoring-end")->from, "2028-02-28");
	assert_day(newest(p, "monitoring-end")->last, "2028-05-28");
	play_until(p, "2028-05-28");
	assert_int_equal(newest(p, "monitoring-end")->state, DEADLINE_OPEN);
	play_until(p, "2028-05-29");
	assert_int_equal(newest(p, "monitoring-end")->state, DEADLINE_MET);
	play_end(p);
}

static void sp_10_any_unauthorised_code_is_a_breach_at_once(void **state)
{
	static const char *const breach[] = {"G", "N", "O", "U"};
	static const char *const none[] = {"/", "L", "I", "C", "Y1"};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct play *p = served_on("2026-09-14", "2026-09-14");

		play_mark(p, "2026-09-16", PM, breach[i]);
		assert_int_equal(said(p, ALERT_BREACH), 1);
		assert_non_null(strstr(last_said(p, ALERT_BREACH)->text, "2026-09-16 PM "));
		assert_non_null(strstr(last_said(p, ALERT_BREACH)->text, " for parent p1"));
		play_end(p);
	}
	for (size_t i = 0; i < 5; i++) {
		struct play *p = served_on("2026-09-14", "2026-09-14");

		play_mark(p, "2026-09-16", PM, none[i]);
		assert_int_equal(said(p, ALERT_BREACH), 0);
		play_end(p);
	}
}

static void sp_10_only_sessions_within_the_period(void **state)
{
	struct play *p = served_on("2026-09-14", "2026-09-14");

	(void)state;
	play_mark(p, "2026-09-14", AM, "O"); /* the day of service itself */
	play_mark(p, "2026-10-06", AM, "O"); /* the day after the fifteenth */
	assert_int_equal(said(p, ALERT_BREACH), 0);
	play_mark(p, "2026-09-15", AM, "O");
	assert_int_equal(said(p, ALERT_BREACH), 1);
	play_mark(p, "2026-10-05", PM, "O");
	assert_int_equal(said(p, ALERT_BREACH), 1); /* one standing alert lists both */
	assert_non_null(strstr(last_said(p, ALERT_BREACH)->text, "2026-09-15 AM O, 2026-10-05 PM O"));
	play_end(p);
}

static void en_03_a_correction_withdraws_the_breach(void **state)
{
	struct play *p = served_on("2026-09-14", "2026-09-14");

	(void)state;
	play_mark(p, "2026-09-16", AM, "N");
	play_mark(p, "2026-09-16", PM, "N");
	play_mark(p, "2026-09-16", AM, "I");
	assert_int_equal(said(p, ALERT_BREACH), 1); /* the afternoon still stands */
	assert_null(strstr(last_said(p, ALERT_BREACH)->text, "2026-09-16 AM"));
	play_mark(p, "2026-09-16", PM, "I");
	assert_int_equal(said(p, ALERT_BREACH), 0);
	play_mark(p, "2026-09-17", AM, "U"); /* and a new one speaks again */
	assert_int_equal(said(p, ALERT_BREACH), 1);
	play_end(p);
}

static void en_03_corrections_after_the_end_add_and_withdraw(void **state)
{
	struct play *p = served_on("2026-09-14", "2026-09-14");

	(void)state;
	play_mark(p, "2026-09-16", AM, "N");
	play_until(p, "2026-10-20");
	play_mark(p, "2026-09-16", AM, "M");
	assert_int_equal(said(p, ALERT_BREACH), 0);
	play_mark(p, "2026-09-30", PM, "O");
	assert_int_equal(said(p, ALERT_BREACH), 1);
	play_end(p);
}

static void sp_10_two_notices_for_two_parents(void **state)
{
	struct play *p = served_on("2026-09-14", "2026-09-14");

	(void)state;
	play_until(p, "2026-09-16");
	assert_int_equal(act(p, "notice-to-improve", NULL, "p2", BARRIERS), STATUS_OK);
	assert_day(newest_of(p, "nti-end", "p1")->last, "2026-10-05");
	assert_day(newest_of(p, "nti-end", "p2")->last, "2026-10-07");
	play_mark(p, "2026-09-16", AM, "O"); /* within the first, the day of service of the second */
	assert_int_equal(said(p, ALERT_BREACH), 1);
	play_mark(p, "2026-09-17", AM, "O");
	assert_int_equal(said(p, ALERT_BREACH), 2);
	play_until(p, "2026-10-06");
	assert_int_equal(said(p, ALERT_DECISION), 1);
	assert_true(in_stage(p, "monitoring"));
	play_until(p, "2026-10-08");
	assert_int_equal(said(p, ALERT_DECISION), 2);
	/* One monitoring of the child, three months after the later notice's fifteenth day. */
	assert_day(newest(p, "monitoring-end")->last, "2027-01-07");
	assert_int_equal(newest(p, "monitoring-end")->moved_count, 1);
	/* A decision for one parent leaves the other's question standing. */
	assert_int_equal(act(p, "decision", NULL, "p1", "outcome=not-to-issue"), STATUS_OK);
	assert_true(newest_of(p, "nti-end", "p1")->decided);
	assert_false(newest_of(p, "nti-end", "p2")->decided);
	assert_int_equal(act(p, "decision", NULL, NULL, "outcome=not-to-issue"), STATUS_OK);
	assert_true(newest_of(p, "nti-end", "p2")->decided);
	play_end(p);
}

static void sp_10_a_second_notice_to_the_same_parent_is_lacking(void **state)
{
	struct play *p = served_on("2026-09-14", "2026-09-14");

	(void)state;
	play_until(p, "2026-09-21");
	assert_int_equal(act(p, "notice-to-improve", NULL, "p1", BARRIERS), STATUS_UNMET);
	assert_int_equal(lacking(p, "SP-10"), 1);
	assert_int_equal(override(p, "notice-to-improve", NULL, "p1", BARRIERS), STATUS_OK);
	assert_int_equal(p->c.deadline_count, 2); /* the review and the notice, counted anew */
	assert_day(newest(p, "nti-end")->last, "2026-10-12");
	assert_int_equal(newest(p, "nti-end")->moved_count, 1);
	play_end(p);
}

static void sp_20_of_a_known_age_bars_and_an_unknown_one_lacks(void **state)
{
	static const char *const legal[] = {"notice-to-improve", "contract", "supervision-order", "prosecution"};
	struct play *p = play_referred("2026-09-14");

	(void)state;
	assert_int_equal(act(p, "order-considered", NULL, NULL, "conclusion=suitable reasons=x"), STATUS_OK);
	for (size_t i = 0; i < 4; i++) {
		const char *fields = i == 0 ? BARRIERS : "";

		p->age = NO;
		assert_int_equal(override(p, legal[i], NULL, "p1", fields), STATUS_BARRED);
		assert_int_equal(lacking(p, "SP-20"), 1);
		assert_true(p->lacks.list[0].bar);
		p->age = UNKNOWN;
		assert_int_equal(act(p, legal[i], NULL, "p1", fields), STATUS_UNMET);
		assert_false(p->lacks.list[0].bar);
		assert_non_null(strstr((const char *)p->lacks.list[0].text.bytes, "birth date"));
	}
	assert_int_equal(override(p, "notice-to-improve", NULL, "p1", BARRIERS), STATUS_OK);
	assert_true(p->c.done[p->c.done_count - 1].overridden);
	play_end(p);
}

static void sp_29_notices_and_prosecution_by_officers_alone(void **state)
{
	static const char *const legal[] = {"notice-to-improve", "penalty-notice", "prosecution", "withdraw-notice",
		"decision", "contract", "supervision-order"};
	struct play *p = play_referred("2026-09-14");

	(void)state;
	for (size_t i = 0; i < sizeof legal / sizeof *legal; i++) {
		assert_int_equal(play_as(p, ROLE_SCHOOL, true, legal[i], NULL, "p1", ""), STATUS_FORBIDDEN);
		assert_int_equal(play_as(p, ROLE_LEAD, true, legal[i], NULL, "p1", ""), STATUS_FORBIDDEN);
		assert_int_not_equal(play_as(p, ROLE_OFFICER, false, legal[i], NULL, "p1", "nonsense=1"), STATUS_FORBIDDEN);
	}
	assert_int_equal(play_as(p, ROLE_SCHOOL, false, "note", NULL, NULL, "text=x"), STATUS_OK);
	assert_int_equal(play_as(p, ROLE_ADMINISTRATOR, false, "order-considered", NULL, NULL, "conclusion=suitable reasons=x"), STATUS_OK);
	assert_int_equal(play_as(p, ROLE_ADMINISTRATOR, true, "prosecution", NULL, "p1", ""), STATUS_OK);
	play_end(p);
}

static void sp_30_barriers_considered_and_recorded(void **state)
{
	struct play *p = play_referred("2026-09-14");

	(void)state;
	assert_int_equal(act(p, "notice-to-improve", NULL, "p1", ""), STATUS_UNMET);
	assert_int_equal(lacking(p, "SP-30"), 5);
	assert_int_equal(act(p, "notice-to-improve", NULL, "p1",
		"medical=yes mental_health=no bullying=no support_named=yes"), STATUS_UNMET);
	assert_int_equal(lacking(p, "SP-30"), 1);
	assert_true(slice_is(p->lacks.list[0].supplied_by, "notice-to-improve"));
	assert_int_equal(act(p, "notice-to-improve", NULL, "p1",
		"medical=yes mental_health=no bullying=no family_complexity=no support_named=yes"), STATUS_OK);
	play_end(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sp_10_fifteen_school_days_after_the_day_of_service),
		cmocka_unit_test(sp_10_service_on_a_weekend_counts_from_monday),
		cmocka_unit_test(sp_10_half_term_and_summer_time_in_between),
		cmocka_unit_test(en_06_inset_day_and_closure_after_service_move_it),
		cmocka_unit_test(en_06_a_closure_brings_a_breach_into_the_period),
		cmocka_unit_test(sp_10_a_bank_holiday_is_no_school_day),
		cmocka_unit_test(sp_12_twenty_eighth_of_february_gives_twenty_eighth_of_may),
		cmocka_unit_test(sp_10_any_unauthorised_code_is_a_breach_at_once),
		cmocka_unit_test(sp_10_only_sessions_within_the_period),
		cmocka_unit_test(en_03_a_correction_withdraws_the_breach),
		cmocka_unit_test(en_03_corrections_after_the_end_add_and_withdraw),
		cmocka_unit_test(sp_10_two_notices_for_two_parents),
		cmocka_unit_test(sp_10_a_second_notice_to_the_same_parent_is_lacking),
		cmocka_unit_test(sp_20_of_a_known_age_bars_and_an_unknown_one_lacks),
		cmocka_unit_test(sp_29_notices_and_prosecution_by_officers_alone),
		cmocka_unit_test(sp_30_barriers_considered_and_recorded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
