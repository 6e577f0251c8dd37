/* daemon_pace.c - when the loop waits for more.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "daemon/pace.h"

/* A window at this rate, one turn a millisecond, from `*now_ms` on. */
static struct pace paced(unsigned rate, uint64_t *now_ms)
{
	struct pace pace;

	pace_start(&pace, *now_ms);
	for (int i = 0; i < PACE_WINDOW_MS; i++)
		pace_count(&pace, rate / 1000, ++*now_ms);
	return pace;
}

static void slow_senders_are_never_waited_for(void **state)
{
	uint64_t now_ms = 5;
	struct pace pace = paced(PACE_RATE_MIN, &now_ms);

	(void)state;
	assert_int_equal(pace.rate, PACE_RATE_MIN);
	assert_false(pace_worth_waiting(&pace, 1, now_ms));
	pace_start(&pace, now_ms);
	assert_false(pace_worth_waiting(&pace, 1, now_ms));
}

static void fast_senders_are_waited_for(void **state)
{
	uint64_t now_ms = 5;
	struct pace pace = paced(10000, &now_ms);

	(void)state;
	assert_true(pace_worth_waiting(&pace, 1, now_ms));
	assert_true(pace_worth_waiting(&pace, PACE_ENOUGH - 1, now_ms));
	assert_false(pace_worth_waiting(&pace, PACE_ENOUGH, now_ms));
	assert_false(pace_worth_waiting(&pace, 0, now_ms));
	pace_waited(&pace, 1);
	assert_true(pace_worth_waiting(&pace, 1, now_ms));
}

static void an_old_rate_counts_for_nothing(void **state)
{
	uint64_t now_ms = 5;
	struct pace pace = paced(10000, &now_ms);

	(void)state;
	assert_true(pace_worth_waiting(&pace, 1, now_ms + 2 * PACE_WINDOW_MS - 1));
	assert_false(pace_worth_waiting(&pace, 1, now_ms + 2 * PACE_WINDOW_MS));
}

static void waits_in_vain_grow_rare(void **state)
{
	uint64_t now_ms = 5;
	struct pace pace = paced(10000, &now_ms);
	unsigned waits = 0;

	(void)state;
	for (unsigned rest = 1; rest < PACE_REST_MAX; rest = 2 * rest + 1) {
		pace_waited(&pace, 0);
		for (unsigned turn = 0; turn < rest; turn++)
			assert_false(pace_worth_waiting(&pace, 1, now_ms));
		assert_true(pace_worth_waiting(&pace, 1, now_ms));
	}
	for (int turn = 0; turn < 64 * (PACE_REST_MAX + 1); turn++) {
		if (!pace_worth_waiting(&pace, 1, now_ms))
			continue;
		pace_waited(&pace, 0);
		waits++;
	}
	assert_in_range(waits, 64, 65);
	/* One that brings something, and all is as before. */
	while (!pace_worth_waiting(&pace, 1, now_ms))
		;
	pace_waited(&pace, 5);
	assert_true(pace_worth_waiting(&pace, 1, now_ms));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slow_senders_are_never_waited_for),
		cmocka_unit_test(fast_senders_are_waited_for),
		cmocka_unit_test(an_old_rate_counts_for_nothing),
		cmocka_unit_test(waits_in_vain_grow_rare),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
