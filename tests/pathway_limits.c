/* pathway_limits.c - limits, checklists, who acts, and windows that a file gives.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/play.h"

#define FILE_NAME "tests/data/limits.yaml"

static bool lacks(const struct play *p, const char *clause, const char *text, bool bar)
{
	for (unsigned i = 0; i < p->lacks.count; i++) {
		const struct lack *l = &p->lacks.list[i];

		if (slice_is(l->clause, clause) && l->bar == bar && memmem(l->text.bytes, l->text.size, text, strlen(text)) != NULL)
			return true;
	}
	return false;
}

static struct case_notice notice(const char *parent, const char *issued)
{
	struct case_notice n = {.issued = (uint16_t)day(issued), .received = (uint16_t)day(issued), .number = 1};

	snprintf(n.parent, sizeof n.parent, "%s", parent);
	return n;
}

static void sk_08_two_notices_a_year_over_all_children(void **state)
{
	struct play *p = play_start_with(FILE_NAME, "2026-12-14");
	struct case_notice family[] = {notice("p1", "2025-12-14"), notice("p1", "2026-11-02"), notice("p2", "2026-11-02")};

	(void)state;
	play_sessions(p, "2026-11-30", 20, "O");
	p->family = family;
	p->family_count = 3;
	/* one of the siblings' two was a year ago to the day: a window ends the day before its anniversary */
	assert_int_equal(act(p, "notice", NULL, "p1", ""), STATUS_OK);
	/* of this child one, of a sibling one: no third, and no reason helps; the other parent may */
	assert_int_equal(override(p, "notice", NULL, "p1", ""), STATUS_BARRED);
	assert_true(lacks(p, "SK-08", "in 12 months, over all", true));
	assert_false(lacks(p, "SP-14", "", true));
	assert_int_equal(act(p, "notice", NULL, "p2", ""), STATUS_OK);
	play_end(p);
	p = play_start_with(FILE_NAME, "2026-12-14");
	play_sessions(p, "2026-11-30", 20, "O");
	family[0] = notice("p1", "2025-12-15");
	p->family = family;
	p->family_count = 3;
	assert_int_equal(act(p, "notice", NULL, "p1", ""), STATUS_BARRED);
	family[0].withdrawn = true;
	assert_int_equal(act(p, "notice", NULL, "p1", ""), STATUS_OK);
	play_end(p);
}

/* The national limit bars in a file that says nothing of it; siblings' are none of its. */
static void sp_14_the_national_limit_stands_in_every_file(void **state)
{
	struct play *p = play_start_with(FILE_NAME, "2026-12-14");
	struct case_notice earlier[] = {notice("p1", "2023-12-15"), notice("p1", "2025-06-02")};

	(void)state;
	play_sessions(p, "2026-11-30", 20, "O");
	p->earlier = earlier;
	p->earlier_count = 2;
	assert_int_equal(override(p, "notice", NULL, "p1", ""), STATUS_BARRED);
	assert_true(lacks(p, "SP-14", "within three years", true));
	assert_true(slice_is(p->lacks.list[0].supplied_by, "decide")); /* whoever decides */
	earlier[0] = notice("p1", "2023-12-14");
	assert_int_equal(act(p, "notice", NULL, "p1", ""), STATUS_OK);
	play_end(p);
}

static void sk_01_eight_school_weeks_and_not_ten(void **state)
{
	struct play *p = play_start_with(FILE_NAME, "2026-12-14");

	(void)state;
	/* nine school weeks, half-term apart, before the latest register's own */
	play_sessions(p, "2026-10-05", 10, "O");
	play_sessions(p, "2026-12-11", 2, "/");
	assert_int_equal(act(p, "notice", NULL, "p1", ""), STATUS_UNMET);
	assert_true(lacks(p, "SK-01", "fewer than 10", false));
	play_sessions(p, "2026-10-19", 10, "O");
	assert_int_equal(act(p, "notice", NULL, "p1", ""), STATUS_OK);
	play_end(p);
}

static void wg_02_each_question_is_answered_and_as_it_must_be(void **state)
{
	struct play *p = play_start_with(FILE_NAME, "2026-12-14");

	(void)state;
	assert_int_equal(act(p, "formalise", NULL, NULL, ""), STATUS_UNMET);
	assert_int_equal(p->lacks.count, 3);
	assert_true(lacks(p, "WG-02", "\"Were the parents told?\" is not answered (told=yes or no)", false));
	assert_true(lacks(p, "WG-01", "\"Are the strategies exhausted?\" is to be answered yes (exhausted=yes)", false));
	assert_true(lacks(p, "WG-02", "\"Would it put the child at risk?\" is to be answered no (unsafe=no)", false));
	assert_true(slice_is(p->lacks.list[0].supplied_by, "formalise"));
	assert_int_equal(act(p, "formalise", NULL, NULL, "told=no exhausted=no unsafe=yes"), STATUS_UNMET);
	assert_int_equal(p->lacks.count, 2);
	assert_int_equal(override(p, "formalise", NULL, NULL, "told=no exhausted=no unsafe=yes"), STATUS_OK);
	assert_int_equal(act(p, "formalise", NULL, NULL, "told=no exhausted=yes unsafe=no"), STATUS_OK);
	play_end(p);
}

static void ts_07_the_lead_decides_on_support_alone(void **state)
{
	struct play *p = play_start_with(FILE_NAME, "2026-12-14");

	(void)state;
	assert_int_equal(play_as(p, ROLE_LEAD, true, "decide", NULL, NULL, "outcome=enforce"), STATUS_BARRED);
	assert_true(lacks(p, "TS-07", "does not decide", true));
	play_as(p, ROLE_LEAD, false, "decide", NULL, NULL, "outcome=support");
	assert_false(lacks(p, "TS-07", "", true));
	play_as(p, ROLE_OFFICER, false, "decide", NULL, NULL, "outcome=enforce");
	assert_false(lacks(p, "TS-07", "", true));
	play_end(p);
}

/* ---- what is wrong in a file ---- */

static uint8_t room[PATHWAY_SIZE_MAX];
static struct compile_report report;

static void assert_fault(const char *from, const char *to, unsigned line, const char *says)
{
	struct writer out = writer_of(room, sizeof room);
	size_t size;
	char *text = play_read(FILE_NAME, &size), *at = strstr(text, from), *changed = malloc(size + 1000);

	assert_non_null(at);
	snprintf(changed, size + 1000, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
	assert_false(pathway_compile(slice_text(changed), &out, &report));
	for (unsigned i = 0; i < report.count; i++)
		if (report.faults[i].line == line && strstr(report.faults[i].text, says) != NULL) {
			free(text);
			free(changed);
			return;
		}
	fail_msg("%u: %s", report.faults[0].line, report.faults[0].text);
}

static void a_limit_looser_than_the_national_one_is_refused(void **state)
{
	(void)state;
	assert_fault("    notices: 2\n    within: 12 months\n    over all children: yes\n", "    notices: 3\n    within: 3 years\n", 11,
	             "looser than \"third-notice\" (../../pathways/national.yaml, line ");
	assert_fault("  in-a-year:\n", "  third-notice:\n", 11, "is fixed in");
	assert_fault("    within: 12 months\n", "    within: none\n", 14, "a limit has a length");
	assert_fault("    notices: 2\n", "    notices: 0\n", 13, "from 1 to 20");
	assert_fault("    effect: issue notice\n", "", 11, "it limits nothing");
	assert_fault("    lack: \"two notices", "    supplied by: dance\n    lack: \"two notices", 16, "no action dance");
}

static void a_checklist_is_looked_at(void **state)
{
	(void)state;
	assert_fault("must be: yes,", "must be: perhaps,", 36, "yes");
	assert_fault("{ask: \"Are the strategies exhausted?\", ", "{", 36, "\"ask\" is missing");
	assert_fault("    fields:\n      outcome:", "    checklist: {outcome: \"Well?\"}\n    fields:\n      outcome:", 43, "there is a field of this name");
	assert_fault("    checklist:\n", "    checklist: yes\n    colour:\n", 34, "the checklist must be");
}

static void calls_are_looked_at(void **state)
{
	(void)state;
	assert_fault("unauthorised_in_weeks(8)", "unauthorised_in_weeks(11)", 26, "a number from 1 to 10");
	assert_fault("unauthorised_in_weeks(8)", "attendance_before_weeks(0)", 26, "a number from 1 to 10");
	assert_fault("unauthorised_in_weeks(8)", "notices(12 moons)", 26, "a unit expected");
	assert_fault("unauthorised_in_weeks(8)", "notices(12 months, some children)", 26, "\"all\" expected");
	assert_fault("by(lead)", "by(parent)", 46, "is no role");
	assert_fault("    moves to: shut\n", "    moves to:\n      - shut: by(officer)\n", 54, "a need alone");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sk_08_two_notices_a_year_over_all_children),
		cmocka_unit_test(sp_14_the_national_limit_stands_in_every_file),
		cmocka_unit_test(sk_01_eight_school_weeks_and_not_ten),
		cmocka_unit_test(wg_02_each_question_is_answered_and_as_it_must_be),
		cmocka_unit_test(ts_07_the_lead_decides_on_support_alone),
		cmocka_unit_test(a_limit_looser_than_the_national_one_is_refused),
		cmocka_unit_test(a_checklist_is_looked_at),
		cmocka_unit_test(calls_are_looked_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
