/* pathway_expression.c - the small language of conditions: what it means, and
 * what it refuses where.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "casework/condition.h"
#include "pathways/expression.h"
#include "tests/play.h"

static const struct action_rule *action_named(const struct play *p, const char *name)
{
	return &p->pathway.actions[pathway_action(&p->pathway, slice_text(name))];
}

/* Of a scope that lacks its view alone. */
static enum tristate ask(struct play *p, struct scope *scope, const char *text)
{
	struct expression_fault fault;
	struct expression e = {0, 0};
	struct case_view view;
	uint16_t steps = p->pathway.step_count;
	enum tristate result;

	if (!expression_parse(&p->pathway, scope->action, EXPRESSION_NEED, slice_text(text), &e, &fault))
		fail_msg("%s: at %zu: %s", text, fault.offset, fault.text);
	play_view(p, &view);
	scope->view = &view;
	result = expression_holds(scope, &e);
	p->pathway.step_count = steps;
	return result;
}

static enum tristate holds(struct play *p, const char *text)
{
	struct filled filled = {.given = 0};
	struct scope scope = {.c = p->open ? &p->c : NULL, .action = action_named(p, "contact"),
		.filled = &filled, .parent = slice_text("p1"), .on = day_of_ms(p->now_ms)};

	filled.given = 2; /* letter_sent=yes */
	filled.chosen[0] = 2; /* reached=no */
	filled.chosen[1] = 1;
	return ask(p, &scope, text);
}

static void figures_and_operators(void **state)
{
	static const struct { const char *text; enum tristate expected; } rows[] = {
		{"1", YES}, {"0", NO}, {"2 > 1", YES}, {"2 < 1", NO}, {"2 >= 2", YES}, {"2 <= 1", NO},
		{"2 = 2", YES}, {"2 != 2", NO}, {"not 0", YES}, {"not not 1", YES},
		{"1 and 0", NO}, {"1 or 0", YES}, {"0 or 0 and 1", NO}, {"1 or 0 and 0", YES},
		{"(1 or 0) and 0", NO}, {"not (1 and 1)", NO}, {"not 1 = 2", YES},
		{"unauthorised_10_weeks = 4", YES}, {"unauthorised_10_weeks > 4", NO},
		{"unauthorised = 4 and possible = 6 and attended = 2", YES}, {"attendance_per_mille = 333", YES},
		{"compulsory_school_age", UNKNOWN}, {"not compulsory_school_age", UNKNOWN},
		{"compulsory_school_age or 1", YES}, {"compulsory_school_age and 0", NO},
		{"compulsory_school_age and 1", UNKNOWN}, {"compulsory_school_age > 0", UNKNOWN},
		{"given(letter_sent)", YES}, {"given(reached)", NO}, {"given(reached=no)", YES},
		{"given(letter_sent=yes)", YES}, {"given(letter_sent=no)", NO}, {"given(barriers)", NO},
		{"done(contact) = 0", YES}, {"days_since(contact) >= 0", UNKNOWN}, {"reached(universal)", YES},
		{"reached(stage-1)", NO}, {"running(review)", NO}, {"days_into(review) > 0", UNKNOWN},
		{"notices_in_3_years = 0 and notices_open = 0 and not period_running", YES},
		{"unauthorised_in_period >= 0", UNKNOWN},
	};
	struct play *p = play_start("2026-09-14");

	(void)state;
	p->age = UNKNOWN;
	play_sessions(p, "2026-09-07", 4, "O");
	play_sessions(p, "2026-09-09", 2, "/");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (holds(p, rows[i].text) != rows[i].expected)
			fail_msg("%s gives %d", rows[i].text, holds(p, rows[i].text));
	play_end(p);
}

static void what_was_done(void **state)
{
	static const struct { const char *text; enum tristate expected; } rows[] = {
		{"done(contact) = 4", YES}, {"done(contact, reached) = 2", YES}, {"done(contact, reached=no) = 1", YES},
		{"days_since(contact) = 0", YES}, {"days_since(contact, reached=no) = 3", YES}, {"days_since(contact, reached) = 4", YES},
		{"done_for_parent(notice-to-improve) = 0", YES}, {"done(notice-to-improve) = 1", YES},
		{"period_running", NO}, {"running(nti-end)", NO}, {"reached(stage-3a)", YES}, {"reached(stage-3b)", NO},
		{"running(review)", NO}, {"latest(contact, reached)", NO}, {"latest(contact, reached=no)", YES},
		{"latest(contact, letter_sent)", YES}, {"latest(contact, support_offered)", NO},
		{"latest(contact, support_offered=no)", NO}, {"latest(review, outcome=stay)", NO},
	};
	struct play *p = play_start("2026-09-14");

	(void)state;
	assert_int_equal(act(p, "contact", "2026-09-09", NULL, "reached=yes"), STATUS_OK);
	assert_int_equal(act(p, "contact", "2026-09-11", NULL, "reached=no letter_sent=yes"), STATUS_OK);
	assert_int_equal(act(p, "contact", "2026-09-10", NULL, "reached=yes"), STATUS_OK); /* late, and so no later */
	assert_int_equal(act(p, "contact", NULL, NULL, ""), STATUS_OK); /* says nothing of it */
	assert_int_equal(override(p, "notice-to-improve", NULL, "p2", ""), STATUS_OK);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (holds(p, rows[i].text) != rows[i].expected)
			fail_msg("%s gives %d", rows[i].text, holds(p, rows[i].text));
	play_end(p);
}

/* SP-18: an extension is sought in the last months, and for so long at most from the end, not from the day. */
static void a_date_and_an_end_within_so_long(void **state)
{
	static const struct { const char *on, *until, *lack; } rows[] = {
		{"2026-10-11", "2026-11-30", "not in its last two weeks"}, {"2026-10-12", "2026-11-30", NULL},
		{"2026-10-26", "2027-01-26", NULL}, {"2026-10-26", "2027-01-27", "within three months"},
		{"2026-10-12", "2027-01-26", NULL}, /* from the plan's end on the 26th */
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct play *p = play_start_with("tests/data/timing.yaml", "2026-09-14");
		char fields[64];

		snprintf(fields, sizeof fields, "plan_until=%s", rows[i].until);
		assert_int_equal(act(p, "extend-plan", NULL, NULL, fields), STATUS_UNMET); /* what never began has no last weeks */
		assert_int_equal(act(p, "begin", NULL, NULL, ""), STATUS_OK);
		play_until(p, rows[i].on);
		assert_int_equal(act(p, "extend-plan", NULL, NULL, ""), STATUS_UNMET);
		if (act(p, "extend-plan", NULL, NULL, fields) != (rows[i].lack == NULL ? STATUS_OK : STATUS_UNMET))
			fail_msg("row %zu", i);
		if (rows[i].lack != NULL) {
			assert_int_equal(p->lacks.count, 1);
			assert_non_null(strstr((const char *)p->lacks.list[0].text.bytes, rows[i].lack));
		}
		play_end(p);
	}
}

/* What was extended is extended again, counted from its new end. */
static void within_asks_for_the_one_that_is_open(void **state)
{
	struct play *p = play_start_with("tests/data/timing.yaml", "2026-09-14");

	(void)state;
	assert_int_equal(act(p, "begin", NULL, NULL, ""), STATUS_OK);
	play_until(p, "2026-10-20");
	assert_int_equal(act(p, "extend-plan", NULL, NULL, "plan_until=2026-11-30"), STATUS_OK);
	play_until(p, "2026-11-15"); /* the plan itself is over, its extension not in the last two weeks */
	assert_int_equal(newest(p, "plan")->state, DEADLINE_MET);
	assert_int_equal(said(p, ALERT_DECISION), 0); /* answered before it was asked */
	assert_int_equal(act(p, "extend-plan", NULL, NULL, "plan_until=2027-02-28"), STATUS_UNMET);
	play_until(p, "2026-11-16");
	assert_int_equal(act(p, "extend-plan", NULL, NULL, "plan_until=2027-03-01"), STATUS_UNMET);
	assert_int_equal(act(p, "extend-plan", NULL, NULL, "plan_until=2027-02-28"), STATUS_OK);
	assert_day(newest(p, "plan-longer")->last, "2027-02-28");
	play_end(p);
}

static enum tristate holds_on(struct play *p, const char *date, const char *text)
{
	struct scope scope = {.c = &p->c, .action = action_named(p, "begin"), .on = day(date)};

	return ask(p, &scope, text);
}

/* A period to its last day, a task to the day before it was done, both to the day before they were called off. */
static void in_force_goes_by_the_day(void **state)
{
	static const struct { const char *on, *text; enum tristate expected; } rows[] = {
		{"2026-09-13", "in_force(plan)", NO}, {"2026-09-14", "in_force(plan)", YES},
		{"2026-10-26", "in_force(plan)", YES}, {"2026-10-27", "in_force(plan)", NO},
		{"2026-09-14", "in_force(home-visit)", YES}, {"2026-09-20", "in_force(home-visit)", YES},
		{"2026-09-21", "in_force(home-visit)", YES}, /* done on that day, which the next one begins */
		{"2026-10-05", "in_force(home-visit)", YES}, {"2026-10-06", "in_force(home-visit)", YES},
		{"2026-10-07", "in_force(home-visit)", NO}, {"2026-10-07", "in_force(evidence)", NO},
		{"2026-10-01", "in_force(answer-message)", YES}, {"2026-10-05", "in_force(answer-message)", YES},
		{"2026-10-06", "in_force(answer-message)", NO}, {"2026-10-01", "running(plan)", NO},
	};
	struct play *p = play_start_with("tests/data/timing.yaml", "2026-09-14");

	(void)state;
	assert_int_equal(act(p, "begin", NULL, NULL, ""), STATUS_OK);
	play_until(p, "2026-09-21");
	assert_int_equal(act(p, "visit", NULL, NULL, ""), STATUS_OK);
	play_until(p, "2026-10-01");
	assert_int_equal(act(p, "message", NULL, NULL, ""), STATUS_OK); /* to be answered by Monday the 5th, and is not */
	play_until(p, "2026-10-08");
	assert_int_equal(act(p, "end-plan", "2026-10-07", NULL, "outcome=end"), STATUS_OK); /* which calls the visits off */
	assert_int_equal(newest(p, "home-visit")->state, DEADLINE_CANCELLED);
	play_until(p, "2026-11-02");
	assert_int_equal(newest(p, "plan")->state, DEADLINE_MET);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (holds_on(p, rows[i].on, rows[i].text) != rows[i].expected)
			fail_msg("%s on %s gives %d", rows[i].text, rows[i].on, holds_on(p, rows[i].on, rows[i].text));
	play_end(p);
}

/* A period that is begun again while it runs counts from the later day; it was in force from the first. */
static void in_force_from_the_first_beginning(void **state)
{
	static const struct { const char *on, *text; enum tristate expected; } rows[] = {
		{"2026-09-13", "in_force(plan)", NO}, {"2026-09-14", "in_force(plan)", YES}, {"2026-09-27", "in_force(plan)", YES},
		{"2026-11-09", "in_force(plan)", YES}, {"2026-11-10", "in_force(plan)", NO}, {"2026-11-17", "in_force(plan)", YES},
		{"2026-09-28", "in_force(plan-longer)", NO}, {"2026-11-02", "in_force(plan-longer)", YES},
		{"2026-11-16", "in_force(plan-longer)", YES},
	};
	struct play *p = play_start_with("tests/data/timing.yaml", "2026-09-14");

	(void)state;
	assert_int_equal(act(p, "begin", NULL, NULL, ""), STATUS_OK);
	play_until(p, "2026-09-28");
	assert_int_equal(act(p, "begin", NULL, NULL, ""), STATUS_OK); /* to 9 November */
	play_until(p, "2026-11-02");
	assert_int_equal(act(p, "extend-plan", NULL, NULL, "plan_until=2026-11-16"), STATUS_OK);
	play_until(p, "2026-11-09");
	assert_int_equal(act(p, "extend-plan", NULL, NULL, "plan_until=2026-12-16"), STATUS_OK);
	play_until(p, "2026-11-17");
	assert_int_equal(act(p, "begin", NULL, NULL, ""), STATUS_OK); /* another: the first has ended */
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (holds_on(p, rows[i].on, rows[i].text) != rows[i].expected)
			fail_msg("%s on %s gives %d", rows[i].text, rows[i].on, holds_on(p, rows[i].on, rows[i].text));
	play_end(p);
}

/* The least of them counts; what was sent to nobody in particular is for all. */
static void for_each_parent(void **state)
{
	static const struct particulars none = {0}, both = {.parent_count = 2, .parents = {"p1", "p2"}};
	static const char each[] = "done_for_each_parent(contact, reached) >= 1", twice[] = "done_for_each_parent(contact) = 2";
	struct play *p = play_start("2026-09-14");
	struct expression_fault fault;
	struct expression e;

	(void)state;
	assert_int_equal(holds(p, each), UNKNOWN);
	p->roster = &none;
	assert_int_equal(holds(p, each), UNKNOWN);
	p->roster = &both;
	assert_int_equal(holds(p, each), NO);
	assert_int_equal(act(p, "contact", NULL, "p1", "reached=yes"), STATUS_OK);
	assert_int_equal(act(p, "contact", NULL, "p1", "reached=yes"), STATUS_OK);
	assert_int_equal(act(p, "contact", NULL, "p2", "reached=no letter_sent=yes"), STATUS_OK);
	assert_int_equal(holds(p, each), NO);
	assert_int_equal(act(p, "contact", NULL, "p2", "reached=yes"), STATUS_OK);
	assert_int_equal(holds(p, each), YES);
	assert_int_equal(holds(p, twice), YES);
	assert_int_equal(act(p, "contact", NULL, NULL, "reached=yes"), STATUS_OK);
	assert_int_equal(holds(p, twice), NO);
	assert_int_equal(holds(p, "done_for_each_parent(contact) = 3"), YES);
	assert_false(expression_parse(&p->pathway, action_named(p, "contact"), EXPRESSION_EFFECT, slice_text(each), &e, &fault));
	assert_non_null(strstr(fault.text, "only a need"));
	play_end(p);
}

static void faults_point_at_the_word(void **state)
{
	static const struct { const char *text; size_t offset; const char *says; } rows[] = {
		{"", 0, "something is missing"}, {"persistent and", 14, "something is missing"},
		{"persistent severe", 11, "not expected here"}, {"(persistent", 11, "\")\" expected"},
		{"given(nothing)", 6, "nothing is not a field of contact"}, {"given(reached=maybe)", 14, "maybe is not a value"},
		{"done(contact, barriers)", 14, "free text"}, {"reached(stage-9)", 8, "no stage stage-9"},
		{"running(nowhere)", 8, "no deadline nowhere"},
		{"in_force(nowhere)", 9, "no deadline nowhere"}, {"latest(contact)", 14, "latest(action, field=value)"},
		{"latest(review, outcome)", 22, "a value of one of its list"}, {"latest(contact, barriers)", 16, "free text"}, {"1 < 2 < 3", 6, "not expected here"},
		{"12345678901", 0, "not a whole number"}, {"12x", 0, "not a whole number"}, {"a + b", 0, "neither a figure"},
		{"persistent & severe", 11, "not expected here"}, {"done contact", 5, "\"(\" expected"},
		{"((((((((((((((1))))))))))))))", 13, "nested too deeply"},
		{"not not not not not not not not not not not not not 1", 52, "nested too deeply"},
		{"1=1 and 1=1 and 1=1 and 1=1 and 1=1 and 1=1 and 1=1 and 1=1 and 1=1 and 1=1 and 1=1 and 1=1 and "
		 "1=1 and 1=1 and 1=1 and 1=1 and 1=1", 98, "too long"},
	};
	struct play *p = play_start("2026-09-14");

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct expression_fault fault = {.offset = 0};
		struct expression e = {0, 0};
		uint16_t steps = p->pathway.step_count;

		if (expression_parse(&p->pathway, action_named(p, "contact"), EXPRESSION_NEED, slice_text(rows[i].text), &e, &fault))
			fail_msg("%s is taken", rows[i].text);
		assert_int_equal(p->pathway.step_count, steps);
		if (strstr(fault.text, rows[i].says) == NULL || (fault.offset != rows[i].offset && i + 1 < sizeof rows / sizeof *rows))
			fail_msg("%s: at %zu: %s", rows[i].text, fault.offset, fault.text);
	}
	play_end(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(figures_and_operators),
		cmocka_unit_test(what_was_done),
		cmocka_unit_test(a_date_and_an_end_within_so_long),
		cmocka_unit_test(within_asks_for_the_one_that_is_open),
		cmocka_unit_test(in_force_goes_by_the_day),
		cmocka_unit_test(in_force_from_the_first_beginning),
		cmocka_unit_test(for_each_parent),
		cmocka_unit_test(faults_point_at_the_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
