/* case_rules.c - the rules that hold in every pathway: compulsory age, form,
 * timers, closing, what no room does.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/play.h"

static void sp_20_compulsory_age_begins_on_a_prescribed_day(void **state)
{
	static const struct { const char *birth, *before, *from; } rows[] = {
		{"2019-02-10", "2024-03-30", "2024-03-31"}, {"2019-03-31", "2024-03-30", "2024-03-31"},
		{"2019-04-01", "2024-08-30", "2024-08-31"}, {"2019-08-31", "2024-08-30", "2024-08-31"},
		{"2019-09-01", "2024-12-30", "2024-12-31"}, {"2019-12-31", "2024-12-30", "2024-12-31"},
		{"2020-02-29", "2025-03-30", "2025-03-31"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_int_equal(case_compulsory_age(day(rows[i].birth), day(rows[i].before)), NO);
		assert_int_equal(case_compulsory_age(day(rows[i].birth), day(rows[i].from)), YES);
	}
	assert_int_equal(case_compulsory_age(0, day("2026-09-07")), UNKNOWN);
}

static void sp_20_compulsory_age_ends_on_the_last_friday_of_june(void **state)
{
	static const struct { const char *birth, *last, *after; } rows[] = {
		{"2007-09-23", "2024-06-28", "2024-06-29"}, {"2008-08-31", "2024-06-28", "2024-06-29"},
		{"2008-09-01", "2025-06-27", "2025-06-28"}, {"2010-06-30", "2026-06-26", "2026-06-27"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_int_equal(case_compulsory_age(day(rows[i].birth), day(rows[i].last)), YES);
		assert_int_equal(case_compulsory_age(day(rows[i].birth), day(rows[i].after)), NO);
	}
}

static void form_is_never_overridden(void **state)
{
	static const struct { const char *action, *on, *parent, *fields, *field; } rows[] = {
		{"contact", NULL, NULL, "colour=red", "colour"}, {"contact", NULL, NULL, "reached=perhaps", "reached"},
		{"contact", NULL, NULL, "reached=yes reached=no", "reached"}, {"contact", "2026-09-15", NULL, "", "on"},
		{"contact", "2025-08-09", NULL, "", "on"},
		{"contact", NULL, "1p", "", "parent"}, {"penalty-notice", NULL, NULL, "reason=leave", "parent"},
		{"penalty-notice", NULL, "p1", "received=soon", "received"}, {"penalty-notice", NULL, "p1", "reason=spite", "reason"},
		{"payment", NULL, "p1", "", "parent"}, {"payment", NULL, "p1", "amount=12.5", "amount"},
		{"decision", NULL, NULL, "", "outcome"}, {"decision", NULL, NULL, "outcome=else", "outcome"},
	};
	struct play *p = play_start("2026-09-14");

	(void)state;
	assert_int_equal(act(p, "note", NULL, NULL, "text=x"), STATUS_OK);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		bool named = false;

		if (override(p, rows[i].action, rows[i].on, rows[i].parent, rows[i].fields) != STATUS_BAD_FIELD)
			fail_msg("row %zu", i);
		for (unsigned j = 0; j < p->lacks.count; j++)
			named = named || (p->lacks.list[j].form && slice_is(p->lacks.list[j].field, rows[i].field));
		assert_true(named);
	}
	assert_int_equal(override(p, "dance", NULL, NULL, ""), STATUS_NOT_FOUND);
	assert_int_equal(act(p, "contact", "2025-08-10", NULL, ""), STATUS_OK); /* 400 days before the opening */
	assert_int_equal(p->c.done_count, 2);
	play_end(p);
}

static void the_first_action_opens_the_case(void **state)
{
	struct play *p = play_start("2026-09-14");

	(void)state;
	assert_false(p->open);
	assert_int_equal(act(p, "note", NULL, NULL, ""), STATUS_OK);
	assert_true(in_stage(p, "universal"));
	assert_true(slice_is(p->c.pathway_name, "stockport"));
	assert_int_equal(p->c.number, 1);
	assert_int_equal(p->c.pupil, 7);
	assert_int_equal(p->c.pathway_version, 1);
	play_end(p);
}

static void closing_cancels_what_is_open(void **state)
{
	struct play *p = play_referred("2026-09-14");

	(void)state;
	assert_int_equal(act(p, "notice-to-improve", NULL, "p1", BARRIERS), STATUS_OK);
	assert_int_equal(play_as(p, ROLE_SCHOOL, false, "close", NULL, NULL, ""), STATUS_FORBIDDEN);
	assert_int_equal(act(p, "close", NULL, NULL, ""), STATUS_OK);
	assert_true(p->c.closed);
	assert_true(in_stage(p, "closed"));
	for (unsigned i = 0; i < p->c.deadline_count; i++) {
		uint8_t phase;

		assert_int_equal(p->c.deadlines[i].state, DEADLINE_CANCELLED);
		assert_true(case_timer(&p->c.deadlines[i], &phase) == 0);
	}
	play_mark(p, "2026-09-16", AM, "O");
	assert_int_equal(said(p, ALERT_BREACH), 0);
	assert_int_equal(override(p, "note", NULL, NULL, ""), STATUS_BAD_FIELD);
	play_end(p);
}

static void an_override_is_for_officers_and_shows(void **state)
{
	struct play *p = play_start("2026-09-14");

	(void)state;
	assert_int_equal(play_as(p, ROLE_SCHOOL, true, "plan", NULL, NULL, ""), STATUS_UNMET);
	assert_int_equal(play_as(p, ROLE_MANAGER, true, "plan", NULL, NULL, ""), STATUS_OK);
	assert_true(p->c.done[0].overridden);
	assert_int_equal(play_as(p, ROLE_MANAGER, true, "meeting", NULL, NULL, ""), STATUS_OK);
	assert_false(p->c.done[1].overridden); /* nothing was lacking */
	play_end(p);
}

static void a_late_record_has_no_warning_left_to_give(void **state)
{
	struct play *p = play_start("2026-10-21");

	(void)state;
	assert_int_equal(override(p, "plan", "2026-09-07", NULL, ""), STATUS_OK); /* due on the 19th */
	play_until(p, "2026-10-21");
	assert_int_equal(newest(p, "review")->state, DEADLINE_MISSED);
	assert_int_equal(said(p, ALERT_DUE), 1);
	assert_int_equal(said(p, ALERT_OVERDUE), 1);
	play_end(p);
}

static void a_plan_made_again_counts_its_review_anew(void **state)
{
	struct play *p = play_start("2026-09-07");

	(void)state;
	assert_int_equal(override(p, "plan", NULL, NULL, ""), STATUS_OK);
	play_until(p, "2026-10-15");
	assert_int_equal(said(p, ALERT_DUE_SOON), 1);
	assert_int_equal(override(p, "plan", NULL, NULL, ""), STATUS_OK);
	assert_int_equal(p->c.deadline_count, 1);
	assert_day(p->c.deadlines[0].last, "2026-11-26");
	assert_int_equal(p->c.deadlines[0].moved_count, 1);
	play_until(p, "2026-11-26");
	assert_int_equal(said(p, ALERT_DUE_SOON), 2); /* moved by more than its warning: warned of again */
	play_end(p);
}

static void a_full_case_refuses_and_can_still_be_closed(void **state)
{
	struct play *p = play_start("2026-09-14");

	(void)state;
	for (unsigned i = 0; i < CASE_DONE_MAX; i++)
		assert_int_equal(act(p, "note", NULL, NULL, ""), STATUS_OK);
	assert_int_equal(override(p, "note", NULL, NULL, ""), STATUS_BAD_FIELD);
	assert_int_equal(act(p, "close", NULL, NULL, ""), STATUS_OK);
	assert_true(p->c.closed);
	play_end(p);
}

/* Whatever is done at random, within its limits: no crash, each record reads back (play checks), every
 * deadline that began ends in one state, and its timer comes to rest. */
static void random_cases_hold_together(void **state)
{
	static const char *const parents[] = {"", "p1", "p2"};
	static const char *const codes[] = {"/", "O", "I", "G"};
	const char *given = getenv("ATTEND_SEED");
	uint64_t seed = given ? strtoull(given, NULL, 10) : 12345;

	(void)state;
	print_message("seed %llu\n", (unsigned long long)seed);
	for (unsigned round = 0; round < 30; round++) {
		struct play *p = play_start("2026-09-02");
		unsigned recorded = 0;

		for (unsigned step = 0; step < 120 && !p->c.closed && p->said_count < SAID_MAX / 2; step++) {
			const struct action_rule *a;
			char name[NAME_SIZE_MAX], date[DATE_TEXT_SIZE + 1], fields[64] = "";
			unsigned pick;

			seed = seed * 6364136223846793005u + 1442695040888963407u;
			pick = (unsigned)(seed >> 33);
			a = &p->pathway.actions[pick % p->pathway.action_count];
			memcpy(name, a->name.bytes, a->name.size);
			name[a->name.size] = 0;
			if (a->field_count > 0 && a->fields[0].type == FIELD_ONE_OF)
				snprintf(fields, sizeof fields, "%.*s=%.*s", (int)a->fields[0].name.size, (const char *)a->fields[0].name.bytes,
				         (int)a->fields[0].values[pick / 7 % a->fields[0].value_count].size,
				         (const char *)a->fields[0].values[pick / 7 % a->fields[0].value_count].bytes);
			if (strcmp(name, "close") != 0 || step > 100)
				recorded += override(p, name, NULL, parents[pick / 64 % 3], fields) == STATUS_OK;
			day_text(date, day_of_ms(p->now_ms));
			if (calendar_is_school_day(&p->calendar, day(date)))
				play_mark(p, date, pick & 1, codes[pick / 16 % 4]);
			day_text(date, day_of_ms(p->now_ms) + (day_t)(pick % 5));
			play_until(p, date);
		}
		assert_true(recorded > 0);
		for (unsigned i = 0; i < p->c.deadline_count; i++) {
			uint8_t phase;

			assert_true(!p->c.closed || case_timer(&p->c.deadlines[i], &phase) == 0);
			assert_true(p->c.deadlines[i].last >= p->c.deadlines[i].from);
		}
		play_end(p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sp_20_compulsory_age_begins_on_a_prescribed_day),
		cmocka_unit_test(sp_20_compulsory_age_ends_on_the_last_friday_of_june),
		cmocka_unit_test(form_is_never_overridden),
		cmocka_unit_test(the_first_action_opens_the_case),
		cmocka_unit_test(closing_cancels_what_is_open),
		cmocka_unit_test(an_override_is_for_officers_and_shows),
		cmocka_unit_test(a_late_record_has_no_warning_left_to_give),
		cmocka_unit_test(a_plan_made_again_counts_its_review_anew),
		cmocka_unit_test(a_full_case_refuses_and_can_still_be_closed),
		cmocka_unit_test(random_cases_hold_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
