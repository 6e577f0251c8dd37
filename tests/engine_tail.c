/* The tail of the log, whose marks a start counts again. What was counted under other rules is not counted again under
 * the new ones: where a pathway comes into force all figures are written, so that the tail is of one set of rules.
 * SPDX-License-Identifier: Apache-2.0 */
#include "daemon/engine_parts.h"
#include "tests/engine_host.h"

static struct host h;
static char upn[UPN_SIZE + 1], one[4096];

/* Ten unauthorised sessions have been told of, and a correction took two back, so that the threshold of ten may be
 * told again. */
static int setup(void **context)
{
	(void)context;
	host_make(&h, &(struct host_options){.start = "2026-09-18T16:00:00Z"});
	host_upn(upn, 1);
	host_marks(&h, SCHOOL_URN, 1, "2026-09-07", "2026-09-11", "O");
	host_marks(&h, SCHOOL_URN, 1, "2026-09-11", "2026-09-11", "I");
	assert_int_equal(host_alerts(&h, "threshold", "withdrawn", one), 1);
	assert_int_equal(host_alerts(&h, "threshold", "raised", one), 0);
	return 0;
}

static int teardown(void **context)
{
	(void)context;
	return host_end_verified(&h);
}

static void load(struct slice frame)
{
	assert_int_equal(host_frame(&h, ADMIN, frame)->status, STATUS_OK);
	free((void *)(uintptr_t)frame.bytes);
}

#define TEN "    at least: 10\n    text: \"{count} unauth"
#define FIVE "    at least: 5\n    text: \"{count} unauth"

/* Nine are five and more, and by that number nobody has said so. */
static void assert_told_at_the_next_mark(void)
{
	host_crash(&h);
	host_mark(&h, SCHOOL_URN, 1, "2026-09-14", "AM", "O");
	assert_int_equal(host_alerts(&h, "threshold", "raised", one), 1);
}

static void a_newer_version_with_another_threshold(void **context)
{
	(void)context;
	load(host_pathway(&h, TEN, FIVE));
	assert_told_at_the_next_mark();
}

static void a_school_that_chose_one_with_another_threshold(void **context)
{
	(void)context;
	load(host_pathway_file(&h, "pathways/three-stage.yaml", TEN, FIVE));
	host_mark(&h, SCHOOL_URN, 1, "2026-09-11", "AM", "O"); /* and taken back: so that what was written then has gone on */
	host_mark(&h, SCHOOL_URN, 1, "2026-09-11", "PM", "O");
	host_marks(&h, SCHOOL_URN, 1, "2026-09-11", "2026-09-11", "I");
	assert_int_equal(host_ask(&h, ADMIN, COMMAND_CHOOSE, "{'urn':'" SCHOOL_URN "','pathway':'three-stage'}")->status, STATUS_OK);
	assert_told_at_the_next_mark();
}

/* And it has an end: the figures are written a few at each commit, in rounds, so that after so many marks each has been
 * written, and a start needs not more than two rounds' marks. */
static void the_tail_is_no_longer_than_two_rounds(void **context)
{
	enum { ROUND = 20, MARKS = 200 };
	static const char *const days[] = {"2026-09-07", "2026-09-08", "2026-09-09", "2026-09-10", "2026-09-11"};
	uint64_t after[MARKS]; /* the log's head after each */
	unsigned longest = 0;

	(void)context;
	h.options.sweep_marks = ROUND;
	host_restart(&h);
	for (unsigned i = 0, first = 0; i < MARKS; i++) {
		host_mark(&h, SCHOOL_URN, 2 + i % 5, days[i / 5 % 5], i / 25 % 2 ? "PM" : "AM", i / 50 % 2 ? "L" : "N");
		after[i] = host_head(&h);
		while (after[first] <= h.engine->pupils_from)
			first++;
		longest = i + 1 - first > longest ? i + 1 - first : longest;
	}
	assert_in_range(longest, ROUND, 2 * ROUND + 5); /* the last commit that ends a round is one beyond */
	host_crash(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_newer_version_with_another_threshold, setup, teardown),
		cmocka_unit_test_setup_teardown(a_school_that_chose_one_with_another_threshold, setup, teardown),
		cmocka_unit_test_setup_teardown(the_tail_is_no_longer_than_two_rounds, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
