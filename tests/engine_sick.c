/* A store that can't be read, or a record with a bit turned, at each look that a question takes: the answer is the right
 * one, or says that something is wrong; it is never another.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/engine_sick.h"

#include <errno.h>
#include <stdio.h>

#include "tests/failing_calls.h"

static struct host h;

static int setup(void **context)
{
	(void)context;
	sick_make_whole(&h);
	return 0;
}

static int teardown(void **context)
{
	(void)context;
	assert_verified(&h);
	host_end(&h);
	return 0;
}

static void every_question_is_answered(void **context)
{
	(void)context;
	for (unsigned i = 0; i < sick_question_count; i++) {
		const struct answer *a = sick_ask(&h, i);

		if (a->status != STATUS_OK)
			fail_msg("%s: %u %s", sick_questions[i].json, a->status, a->text);
		if (getenv("ATTEND_SHOW"))
			print_message("%s\n   %s\n", sick_questions[i].json, a->text);
	}
}

static unsigned silent;

/* How many looks it took. */
static unsigned ask_with_faults(unsigned question, unsigned calls, int error)
{
	char *right = strdup(sick_ask(&h, question)->text);
	unsigned n, tried = 0;
	bool counted = strstr(sick_questions[question].json, "'stats'") != NULL;

	for (n = 1;; n += n < 16 ? 1 : 4) {
		const struct answer *a;
		bool struck;

		host_begin(&h);
		fail_call(calls, error, n);
		sick_put(&h, question);
		struck = fail_none();
		host_commit(&h);
		a = host_first(&h);
		if (!struck)
			break;
		tried++;
		if (a->status != STATUS_DAMAGED && a->status != STATUS_FAILED && a->status != STATUS_RETRY_LATER &&
		    (a->status != STATUS_OK || (!counted && strcmp(a->text, right) != 0))) {
			silent++;
			print_error("%s: look %u (%s): %u\n   %s\n   %s\n", sick_questions[question].json, n, fail_which(), a->status, a->text, right);
		}
	}
	free(right);
	return tried;
}

static void no_look_that_fails_makes_another_answer(void **context)
{
	static const struct { unsigned calls; int error; } faults[] = {{CALLS_VALUE, 0}, {CALLS_LOOK, EIO}};
	unsigned looks = 0;

	(void)context;
	silent = 0;
	for (unsigned f = 0; f < sizeof faults / sizeof *faults; f++)
		for (unsigned i = 0; i < sick_question_count; i++)
			looks += ask_with_faults(i, faults[f].calls, faults[f].error);
	print_message("%u looks failed\n", looks);
	assert_true(looks > 1500);
	assert_int_equal(silent, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_question_is_answered),
		cmocka_unit_test(no_look_that_fails_makes_another_answer),
	};

	return cmocka_run_group_tests_name("engine_sick", tests, setup, teardown);
}
