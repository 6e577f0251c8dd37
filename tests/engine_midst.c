/* In the midst of a batch: what is asked between submissions and their commit is answered as it will be once they are on
 * disk, to the last letter, since the answer waits for that commit.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "tests/engine_sick.h"

enum { STEPS = 8, QUESTIONS = 100 };

static struct host h;

static int setup(void **context)
{
	(void)context;
	sick_make(&h);
	return 0;
}

static int teardown(void **context)
{
	(void)context;
	return host_end_verified(&h);
}

/* The log itself and its proofs are of what is on disk, and as of then is looked for there; the counters count. */
static bool is_of_the_disk(const char *json)
{
	static const char *const words[] = {"'log'", "'prove'", "'consistency'", "'stats'", "'as_of'"};

	for (unsigned i = 0; i < sizeof words / sizeof *words; i++)
		if (strstr(json, words[i]))
			return true;
	return false;
}

static void put_questions(void)
{
	for (unsigned i = 0; i < sick_question_count; i++)
		if (!is_of_the_disk(sick_questions[i].json))
			sick_put(&h, i);
}

/* Those to questions, in their order. */
static unsigned keep(char *kept[QUESTIONS])
{
	unsigned count = 0;

	for (unsigned i = 0; i < h.count; i++)
		if (h.answers[i].command == COMMAND_QUERY) {
			assert_true(count < QUESTIONS);
			assert_true(asprintf(&kept[count++], "%u %s", h.answers[i].status, h.answers[i].text) > 0);
		}
	return count;
}

static void each_question_is_answered_as_after_the_commit(void **context)
{
	char *before[QUESTIONS], *after[QUESTIONS];
	struct slice frames[STEPS];

	(void)context;
	for (unsigned step = 0; step < sick_step_count;) {
		unsigned count = 0, asked;

		/* "@a" is looked for in a turn of its own, so such a step begins a batch */
		do {
			frames[count] = sick_frame(&h, step + count);
			count++;
		} while (count < STEPS && step + count < sick_step_count && !strstr(sick_steps[step + count].json, "@a"));
		host_begin(&h);
		for (unsigned i = 0; i < count; i++) {
			host_put_frame(&h, sick_steps[step + i].who, frames[i]);
			free((void *)(uintptr_t)frames[i].bytes);
		}
		put_questions();
		host_commit(&h);
		for (unsigned i = 0; i < count; i++)
			assert_true(h.answers[i].status == STATUS_OK || h.answers[i].status == STATUS_PARTIAL);
		asked = keep(before);
		host_begin(&h);
		put_questions();
		host_commit(&h);
		assert_int_equal(keep(after), asked);
		for (unsigned i = 0; i < asked; i++) {
			assert_same_text(after[i], before[i]);
			free(before[i]);
			free(after[i]);
		}
		step += count;
	}
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(each_question_is_answered_as_after_the_commit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
