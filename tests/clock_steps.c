/* clock_steps.c - the clock's step detector, on readings made up.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "daemon/clock.h"

#define MINUTES(n) ((n) * INT64_C(60000))
#define HOURS(n) MINUTES(60 * (n))
#define DAYS(n) HOURS(24 * (n))
#define WALL UINT64_C(1788220800000) /* 2026-09-01 00:00 UTC */
#define BOOT UINT64_C(5000000)

static struct clock started(void)
{
	struct clock clock;

	clock_start(&clock, (struct clock_reading){ .wall_ms = WALL, .boot_ms = BOOT });
	return clock;
}

/* A reading so long after the start, on a wall clock that far out. */
static struct clock_reading after(int64_t elapsed_ms, int64_t out_ms)
{
	return (struct clock_reading){
		.wall_ms = (uint64_t)((int64_t)WALL + elapsed_ms + out_ms),
		.boot_ms = (uint64_t)((int64_t)BOOT + elapsed_ms),
	};
}

static void a_true_clock_is_told_as_it_is(void **state)
{
	struct clock clock = started();
	int64_t step_ms = -1;

	(void)state;
	assert_int_equal(clock.told_ms, WALL);
	for (int64_t at = 0; at < DAYS(3); at += 250 * 977) {
		assert_false(clock_take(&clock, after(at, 0), &step_ms));
		assert_int_equal(clock.told_ms, WALL + (uint64_t)at);
	}
	assert_int_equal(step_ms, -1);
}

static void a_small_step_is_taken(void **state)
{
	struct clock clock = started();
	int64_t step_ms;

	(void)state;
	assert_false(clock_take(&clock, after(1000, MINUTES(5)), &step_ms));
	assert_int_equal(clock.told_ms, WALL + 1000 + (uint64_t)MINUTES(5));
	/* Back again: time stands until it has caught up. */
	assert_false(clock_take(&clock, after(2000, 0), &step_ms));
	assert_int_equal(clock.told_ms, WALL + 1000 + (uint64_t)MINUTES(5));
	assert_false(clock_take(&clock, after(MINUTES(6), 0), &step_ms));
	assert_int_equal(clock.told_ms, WALL + (uint64_t)MINUTES(6));
}

static void a_large_step_either_way_is_held(void **state)
{
	const int64_t steps[] = { MINUTES(5) + 1, DAYS(365), -MINUTES(5) - 1, -DAYS(10000) };

	(void)state;
	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		struct clock clock = started();
		int64_t step_ms = 0;
		assert_true(clock_take(&clock, after(1000, steps[i]), &step_ms));
		assert_int_equal(step_ms, steps[i]);
		assert_true(clock.doubted);
		/* Told as if nothing had happened, and said once. */
		assert_int_equal(clock.told_ms, WALL + 1000);
		assert_false(clock_take(&clock, after(2000, steps[i]), &step_ms));
		assert_int_equal(clock.told_ms, WALL + 2000);
	}
}

static void a_confirmed_step_is_believed(void **state)
{
	struct clock clock = started();
	int64_t step_ms;

	(void)state;
	assert_true(clock_take(&clock, after(1000, DAYS(2)), &step_ms));
	clock_believe(&clock, after(2000, DAYS(2)));
	assert_false(clock_take(&clock, after(2000, DAYS(2)), &step_ms));
	assert_false(clock.doubted);
	assert_int_equal(clock.told_ms, WALL + 2000 + (uint64_t)DAYS(2));
	/* And back is a step again; confirmed, time stands, and does not run back. */
	assert_true(clock_take(&clock, after(3000, 0), &step_ms));
	assert_int_equal(step_ms, -DAYS(2));
	clock_believe(&clock, after(4000, 0));
	assert_int_equal(clock.told_ms, WALL + 3000 + (uint64_t)DAYS(2));
	assert_false(clock_take(&clock, after(DAYS(2), 0), &step_ms));
	assert_int_equal(clock.told_ms, WALL + 3000 + (uint64_t)DAYS(2));
	assert_false(clock_take(&clock, after(DAYS(3), 0), &step_ms));
	assert_int_equal(clock.told_ms, WALL + (uint64_t)DAYS(3));
}

static void a_step_back_to_where_it_was_is_reported_too(void **state)
{
	struct clock clock = started();
	int64_t step_ms;

	(void)state;
	assert_true(clock_take(&clock, after(1000, HOURS(3)), &step_ms));
	assert_true(clock_take(&clock, after(2000, 40), &step_ms));
	assert_int_equal(step_ms, 40);
	assert_true(clock.doubted);
	assert_int_equal(clock.told_ms, WALL + 2000);
}

static void many_small_steps_at_once_are_one_large_one(void **state)
{
	struct clock clock = started();
	int64_t step_ms;

	(void)state;
	assert_false(clock_take(&clock, after(1000, MINUTES(3)), &step_ms));
	assert_true(clock_take(&clock, after(2000, MINUTES(6)), &step_ms));
	/* The same, far apart, is a clock that is kept. */
	clock = started();
	for (int i = 1; i <= 20; i++)
		assert_false(clock_take(&clock, after(HOURS(2 * i), MINUTES(3 * i)), &step_ms));
}

static void a_suspend_is_no_step(void **state)
{
	struct clock clock = started();
	int64_t step_ms;

	(void)state;
	/* Both clocks count through a suspend, so nothing but a long gap is seen. */
	assert_false(clock_take(&clock, after(DAYS(4), 0), &step_ms));
	assert_int_equal(clock.told_ms, WALL + (uint64_t)DAYS(4));
	/* A step during it is seen all the same. */
	assert_true(clock_take(&clock, after(DAYS(8), HOURS(1)), &step_ms));
}

static void the_machines_own_clocks_read(void **state)
{
	struct clock_reading first = clock_read(), second = clock_read();

	(void)state;
	assert_true(second.boot_ms >= first.boot_ms);
	assert_true(first.wall_ms > WALL / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_true_clock_is_told_as_it_is),
		cmocka_unit_test(a_small_step_is_taken),
		cmocka_unit_test(a_large_step_either_way_is_held),
		cmocka_unit_test(a_confirmed_step_is_believed),
		cmocka_unit_test(a_step_back_to_where_it_was_is_reported_too),
		cmocka_unit_test(many_small_steps_at_once_are_one_large_one),
		cmocka_unit_test(a_suspend_is_no_step),
		cmocka_unit_test(the_machines_own_clocks_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
