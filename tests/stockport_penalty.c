/* stockport_penalty.c - penalty notices: amounts, days, the three years,
 * payment, withdrawal, leave.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/play.h"

/* Twelve sessions of leave, and a notice for it on a Monday. */
static struct play *fined(void)
{
	struct play *p = play_start("2026-10-05");

	play_sessions(p, "2026-09-21", 12, "G");
	assert_int_equal(act(p, "penalty-notice", NULL, "p1", "reason=leave"), STATUS_OK);
	return p;
}

static void sp_14_first_notice_eighty_then_a_hundred_and_sixty(void **state)
{
	struct play *p = fined();
	const struct case_notice *n = &p->c.notices[0];
	bool lapsed;

	(void)state;
	assert_int_equal(n->number, 1);
	assert_day(n->received, "2026-10-07"); /* the second working day after posting */
	assert_day(n->reduced_last, "2026-10-28");
	assert_day(n->full_last, "2026-11-04");
	assert_day(newest(p, "payment-reduced")->last, "2026-10-28");
	assert_day(newest(p, "payment")->last, "2026-11-04");
	assert_int_equal(case_notice_amount(n, day("2026-10-28"), &lapsed), 80);
	assert_int_equal(case_notice_amount(n, day("2026-10-29"), &lapsed), 160);
	assert_int_equal(case_notice_amount(n, day("2026-11-04"), &lapsed), 160);
	assert_false(lapsed);
	assert_int_equal(case_notice_amount(n, day("2026-11-05"), &lapsed), 0);
	assert_true(lapsed);
	play_end(p);
}

static void sp_14_days_count_from_a_known_receipt(void **state)
{
	struct play *p = play_start("2026-10-05");

	(void)state;
	play_sessions(p, "2026-09-21", 12, "G");
	assert_int_equal(act(p, "penalty-notice", NULL, "p1", "reason=leave received=2026-10-04"), STATUS_BAD_FIELD);
	assert_int_equal(act(p, "penalty-notice", NULL, "p1", "reason=leave received=2026-10-05"), STATUS_OK);
	assert_day(p->c.notices[0].reduced_last, "2026-10-26");
	assert_day(newest(p, "payment")->last, "2026-11-02");
	play_end(p);
}

static void sp_14_receipt_passes_over_a_weekend_and_a_bank_holiday(void **state)
{
	struct play *p = play_start("2026-12-24");

	(void)state;
	play_sessions(p, "2026-12-07", 12, "G");
	assert_int_equal(act(p, "penalty-notice", NULL, "p1", "reason=leave"), STATUS_OK);
	assert_day(p->c.notices[0].received, "2026-12-30"); /* 25th and 28th are bank holidays */
	play_end(p);
}

static void sp_14_paid_on_day_21_and_on_day_22(void **state)
{
	struct play *p = fined();

	(void)state;
	play_until(p, "2026-10-28");
	assert_int_equal(act(p, "payment", NULL, "p1", ""), STATUS_OK);
	assert_int_equal(p->c.notices[0].paid_pence, 8000);
	assert_int_equal(newest(p, "payment-reduced")->state, DEADLINE_MET);
	assert_int_equal(newest(p, "payment")->state, DEADLINE_MET);
	play_until(p, "2026-11-10");
	assert_int_equal(said(p, ALERT_OVERDUE), 0);
	play_end(p);

	p = fined();
	play_until(p, "2026-10-29");
	assert_int_equal(newest(p, "payment-reduced")->state, DEADLINE_MISSED);
	assert_int_equal(act(p, "payment", NULL, "p1", "amount=80"), STATUS_UNMET);
	assert_int_equal(lacking(p, "SP-14"), 1);
	assert_int_equal(act(p, "payment", NULL, "p1", "amount=160.00"), STATUS_OK);
	assert_int_equal(newest(p, "payment-reduced")->state, DEADLINE_MISSED);
	assert_true(newest(p, "payment-reduced")->resolved);
	assert_int_equal(newest(p, "payment")->state, DEADLINE_MET);
	play_end(p);
}

static void sp_14_paid_in_time_and_recorded_late(void **state)
{
	struct play *p = fined();

	(void)state;
	play_until(p, "2026-11-09");
	assert_int_equal(newest(p, "payment")->state, DEADLINE_MISSED);
	assert_int_equal(said(p, ALERT_OVERDUE), 1);
	assert_int_equal(act(p, "payment", NULL, "p1", ""), STATUS_UNMET); /* past day 28 */
	assert_int_equal(act(p, "payment", "2026-10-20", "p1", ""), STATUS_OK);
	assert_int_equal(p->c.notices[0].paid_pence, 8000);
	assert_int_equal(newest(p, "payment")->state, DEADLINE_MET);
	assert_int_equal(newest(p, "payment-reduced")->state, DEADLINE_MET);
	play_end(p);
}

/* A day that was mistyped: before the notice there was nothing to pay, nor to withdraw. */
static void sp_14_nothing_is_paid_or_withdrawn_before_it_was_issued(void **state)
{
	struct play *p = fined();

	(void)state;
	play_until(p, "2026-11-02");
	assert_int_equal(act(p, "payment", "2026-10-02", "p1", ""), STATUS_BAD_FIELD);
	assert_int_equal(p->c.notices[0].paid_on, 0);
	assert_int_equal(act(p, "withdraw-notice", "2026-10-04", "p1", "ground=material-error"), STATUS_BAD_FIELD);
	assert_false(p->c.notices[0].withdrawn);
	assert_int_equal(act(p, "penalty-notice", NULL, "p1", "reason=leave"), STATUS_OK);
	/* of two the later one is withdrawn unless it is said which */
	assert_int_equal(act(p, "withdraw-notice", "2026-10-30", "p1", "ground=material-error"), STATUS_BAD_FIELD);
	assert_int_equal(act(p, "withdraw-notice", "2026-11-02", "p1", "ground=material-error"), STATUS_OK);
	assert_true(p->c.notices[1].withdrawn);
	/* handed over and paid on the same day */
	assert_int_equal(act(p, "payment", "2026-10-05", "p1", ""), STATUS_OK);
	assert_int_equal(p->c.notices[0].paid_pence, 8000);
	play_end(p);
}

static void sp_14_second_notice_has_no_reduction(void **state)
{
	struct play *p = fined();
	bool lapsed;

	(void)state;
	play_until(p, "2026-10-12");
	assert_int_equal(act(p, "penalty-notice", NULL, "p1", "reason=leave"), STATUS_OK);
	assert_int_equal(p->c.notices[1].number, 2);
	assert_int_equal(case_notice_amount(&p->c.notices[1], day("2026-10-13"), &lapsed), 160);
	assert_int_equal(p->c.notices[1].reduced, 0);
	assert_int_equal(newest(p, "payment-reduced")->notice, 1); /* the first's alone */
	assert_int_equal(newest(p, "payment")->notice, 2);
	assert_day(newest(p, "payment")->last, "2026-11-11");
	assert_day(p->c.notices[1].full_last, "2026-11-11");
	assert_int_equal(newest(p, "payment")->parent[1], '1');
	/* Another parent's is that parent's first. */
	assert_int_equal(act(p, "penalty-notice", NULL, "p2", "reason=leave"), STATUS_OK);
	assert_int_equal(p->c.notices[2].number, 1);
	assert_int_equal(p->c.notices[2].reduced, 80);
	/* A payment pays the oldest unless it says which. */
	assert_int_equal(act(p, "payment", NULL, NULL, ""), STATUS_BAD_FIELD); /* whose? */
	assert_int_equal(act(p, "payment", NULL, "p1", "issued=2026-10-12"), STATUS_OK);
	assert_int_equal(p->c.notices[1].paid_pence, 16000);
	assert_int_equal(p->c.notices[0].paid_on, 0);
	assert_int_equal(newest_of(p, "payment-reduced", "p1")->state, DEADLINE_OPEN);
	assert_int_equal(newest_of(p, "payment-reduced", "p2")->state, DEADLINE_OPEN);
	assert_int_equal(newest_of(p, "payment", "p2")->state, DEADLINE_OPEN);
	play_end(p);
}

static void sp_20_no_penalty_notice_outside_compulsory_age(void **state)
{
	struct play *p = play_start("2026-10-05");

	(void)state;
	play_sessions(p, "2026-09-21", 12, "G");
	p->age = NO;
	assert_int_equal(override(p, "penalty-notice", NULL, "p1", "reason=leave"), STATUS_BARRED);
	assert_int_equal(lacking(p, "SP-20"), 1);
	p->age = UNKNOWN;
	assert_int_equal(act(p, "penalty-notice", NULL, "p1", "reason=leave"), STATUS_UNMET);
	p->age = YES;
	assert_int_equal(act(p, "penalty-notice", NULL, "p1", "reason=leave"), STATUS_OK);
	play_end(p);
}

static void sp_14_no_third_within_three_years(void **state)
{
	struct play *p = fined();

	(void)state;
	play_until(p, "2026-10-12");
	assert_int_equal(act(p, "penalty-notice", NULL, "p1", "reason=leave"), STATUS_OK);
	play_until(p, "2026-10-19");
	assert_int_equal(override(p, "penalty-notice", NULL, "p1", "reason=leave"), STATUS_BARRED);
	assert_int_equal(lacking(p, "SP-14"), 1);
	assert_int_equal(override(p, "penalty-notice", NULL, "p2", "reason=leave"), STATUS_OK);
	play_until(p, "2029-10-04"); /* the last day of the three years */
	assert_int_equal(override(p, "penalty-notice", NULL, "p1", "reason=leave"), STATUS_BARRED);
	play_until(p, "2029-10-05"); /* the anniversary: one is outside */
	assert_int_equal(override(p, "penalty-notice", NULL, "p1", "reason=leave"), STATUS_OK);
	assert_int_equal(p->c.notices[3].number, 2);
	play_end(p);
}

static void sp_14_after_a_notice_to_improve_and_for_leave_together(void **state)
{
	struct play *p = play_referred("2026-09-14");

	(void)state;
	assert_int_equal(act(p, "penalty-notice", NULL, "p1", "reason=leave"), STATUS_OK);
	assert_int_equal(act(p, "notice-to-improve", NULL, "p1", BARRIERS), STATUS_OK);
	play_until(p, "2026-10-06");
	assert_int_equal(act(p, "penalty-notice", NULL, "p1", "reason=notice-to-improve"), STATUS_OK);
	assert_int_equal(p->c.notices[1].number, 2);
	assert_int_equal(override(p, "penalty-notice", NULL, "p1", "reason=leave"), STATUS_BARRED);
	play_end(p);
}

static void sp_14_notices_of_an_earlier_case_count(void **state)
{
	struct case_notice earlier[2] = {
		{.parent = "p1", .issued = 1, .full = 160}, {.parent = "p1", .issued = 1, .full = 160},
	};
	struct play *p = play_start("2026-10-05");

	(void)state;
	earlier[0].issued = (uint16_t)day("2024-11-04");
	earlier[1].issued = (uint16_t)day("2025-11-04");
	p->earlier = earlier;
	p->earlier_count = 2;
	play_sessions(p, "2026-09-21", 12, "G");
	assert_int_equal(act(p, "penalty-notice", NULL, "p1", "reason=leave"), STATUS_BARRED);
	earlier[0].withdrawn = true; /* a withdrawn one doesn't count */
	assert_int_equal(act(p, "penalty-notice", NULL, "p1", "reason=leave"), STATUS_OK);
	assert_int_equal(p->c.notices[0].number, 2);
	assert_int_equal(p->c.notices[0].reduced, 0);
	play_end(p);
}

/* Three years of the 29th February run through the 28th, for the anniversary is the 1st March. */
static void sp_14_a_notice_of_the_leap_day_counts_for_three_whole_years(void **state)
{
	static const struct { const char *first, *on; enum status status; } rows[] = {
		{"2028-02-29", "2031-02-27", STATUS_BARRED}, {"2028-02-29", "2031-02-28", STATUS_BARRED},
		{"2028-02-29", "2031-03-03", STATUS_OK}, {"2028-02-28", "2031-02-27", STATUS_BARRED},
		{"2028-02-28", "2031-02-28", STATUS_OK}, {"2028-03-03", "2031-02-28", STATUS_BARRED},
		{"2028-03-03", "2031-03-03", STATUS_OK},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct case_notice earlier[2] = {{.parent = "p1", .full = 160}, {.parent = "p1", .full = 160}};
		struct play *p = play_start(rows[i].on);

		earlier[0].issued = (uint16_t)day(rows[i].first);
		earlier[1].issued = (uint16_t)day("2029-06-04");
		p->earlier = earlier;
		p->earlier_count = 2;
		play_sessions(p, "2031-02-10", 12, "G");
		if (act(p, "penalty-notice", NULL, "p1", "reason=leave") != rows[i].status)
			fail_msg("one of %s and another on %s", rows[i].first, rows[i].on);
		play_end(p);
	}
}

static void sp_14_withdrawn_notice_cancels_and_does_not_count(void **state)
{
	struct play *p = fined();
	bool lapsed;

	(void)state;
	play_until(p, "2026-10-12");
	assert_int_equal(act(p, "penalty-notice", NULL, "p1", "reason=leave"), STATUS_OK);
	assert_int_equal(act(p, "withdraw-notice", NULL, "p1", "issued=2026-10-05 ground=material-error"), STATUS_OK);
	assert_true(p->c.notices[0].withdrawn);
	assert_int_equal(case_notice_amount(&p->c.notices[0], day("2026-10-12"), &lapsed), 0);
	assert_int_equal(newest(p, "payment-reduced")->state, DEADLINE_CANCELLED);
	assert_int_equal(newest(p, "payment")->state, DEADLINE_OPEN); /* the second's */
	assert_int_equal(p->c.deadlines[1].state, DEADLINE_CANCELLED); /* the first's */
	assert_int_equal(act(p, "penalty-notice", NULL, "p1", "reason=leave"), STATUS_OK); /* one stands: this is the second */
	assert_int_equal(p->c.notices[2].number, 2);
	assert_int_equal(override(p, "penalty-notice", NULL, "p1", "reason=leave"), STATUS_BARRED);
	assert_int_equal(act(p, "withdraw-notice", NULL, "p9", ""), STATUS_BAD_FIELD);
	play_end(p);
}

static void sp_15_leave_goes_without_support_and_notice_to_improve(void **state)
{
	for (unsigned sessions = 9; sessions <= 10; sessions++) {
		struct play *p = play_start("2026-10-05");

		(void)state;
		play_sessions(p, "2026-09-21", sessions, "G");
		assert_int_equal(act(p, "penalty-notice", NULL, "p1", "reason=leave"), sessions == 10 ? STATUS_OK : STATUS_UNMET);
		assert_int_equal(lacking(p, "SP-15"), sessions == 10 ? 0 : 1);
		play_end(p);
	}
}

static void sp_15_else_a_notice_to_improve_to_that_parent_comes_first(void **state)
{
	struct play *p = play_referred("2026-09-14");

	(void)state;
	assert_int_equal(act(p, "penalty-notice", NULL, "p1", ""), STATUS_UNMET);
	assert_int_equal(lacking(p, "SP-10"), 1);
	assert_true(slice_is(p->lacks.list[0].supplied_by, "notice-to-improve"));
	assert_int_equal(act(p, "notice-to-improve", NULL, "p1", BARRIERS), STATUS_OK);
	play_until(p, "2026-10-06");
	assert_int_equal(act(p, "penalty-notice", NULL, "p2", ""), STATUS_UNMET); /* it was served on the other */
	assert_int_equal(act(p, "penalty-notice", NULL, "p1", ""), STATUS_OK);
	play_end(p);
}

static void sp_15_a_notice_for_leave_answers_no_notice_to_improve(void **state)
{
	struct play *p = play_referred("2026-09-14");

	(void)state;
	assert_int_equal(act(p, "notice-to-improve", NULL, "p1", BARRIERS), STATUS_OK);
	assert_int_equal(act(p, "penalty-notice", NULL, "p1", "reason=leave"), STATUS_OK); /* not held up by the 15 days */
	play_until(p, "2026-10-06");
	assert_int_equal(said(p, ALERT_DECISION), 1);
	assert_false(newest(p, "nti-end")->decided);
	play_end(p);
}

static void sp_31_a_barred_third_names_the_alternative(void **state)
{
	struct play *p = play_referred("2026-09-14");

	(void)state;
	assert_int_equal(act(p, "penalty-notice", NULL, "p1", "reason=leave"), STATUS_OK);
	assert_int_equal(p->lacks.count, 0);
	assert_int_equal(act(p, "penalty-notice", NULL, "p1", "reason=leave"), STATUS_OK);
	assert_int_equal(act(p, "notice-to-improve", NULL, "p1", BARRIERS), STATUS_OK);
	play_until(p, "2026-10-06");
	assert_int_equal(act(p, "penalty-notice", NULL, "p1", ""), STATUS_BARRED);
	assert_true(slice_is(p->lacks.list[0].supplied_by, "decision"));
	assert_non_null(strstr((const char *)p->lacks.list[0].text.bytes, "SP-31"));
	assert_int_equal(act(p, "decision", NULL, "p1", "outcome=prosecution"), STATUS_OK);
	assert_true(newest(p, "nti-end")->decided);
	play_end(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sp_14_first_notice_eighty_then_a_hundred_and_sixty),
		cmocka_unit_test(sp_14_days_count_from_a_known_receipt),
		cmocka_unit_test(sp_14_receipt_passes_over_a_weekend_and_a_bank_holiday),
		cmocka_unit_test(sp_14_paid_on_day_21_and_on_day_22),
		cmocka_unit_test(sp_14_paid_in_time_and_recorded_late),
		cmocka_unit_test(sp_14_nothing_is_paid_or_withdrawn_before_it_was_issued),
		cmocka_unit_test(sp_14_second_notice_has_no_reduction),
		cmocka_unit_test(sp_20_no_penalty_notice_outside_compulsory_age),
		cmocka_unit_test(sp_14_no_third_within_three_years),
		cmocka_unit_test(sp_14_after_a_notice_to_improve_and_for_leave_together),
		cmocka_unit_test(sp_14_notices_of_an_earlier_case_count),
		cmocka_unit_test(sp_14_a_notice_of_the_leap_day_counts_for_three_whole_years),
		cmocka_unit_test(sp_14_withdrawn_notice_cancels_and_does_not_count),
		cmocka_unit_test(sp_15_leave_goes_without_support_and_notice_to_improve),
		cmocka_unit_test(sp_15_else_a_notice_to_improve_to_that_parent_comes_first),
		cmocka_unit_test(sp_15_a_notice_for_leave_answers_no_notice_to_improve),
		cmocka_unit_test(sp_31_a_barred_third_names_the_alternative),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
