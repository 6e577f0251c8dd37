/* daemon_turns.c - whose message is next, by numbers alone.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include <cmocka.h>

#include "daemon/turns.h"

enum { SECOND = 1000000 };

/* A message of key `key` that says `number`, in so many bytes. */
static enum turns_result put_sized(struct turns *turns, uint8_t key, uint32_t number, size_t size, uint64_t now_us)
{
	struct received received;

	received_open(&received);
	zmq_msg_close(&received.payload);
	assert_int_equal(zmq_msg_init_size(&received.payload, size), 0);
	memcpy(zmq_msg_data(&received.payload), &number, sizeof number);
	memset(received.key, key, PUBLIC_KEY_SIZE);
	enum turns_result result = turns_put(turns, &received, now_us);
	received_close(&received);
	return result;
}

static enum turns_result put(struct turns *turns, uint8_t key, uint32_t number, uint64_t now_us)
{
	return put_sized(turns, key, number, 8, now_us);
}

/* Serves one that takes so long: its key, and its number. 0: nothing waits. */
static uint8_t serve(struct turns *turns, uint64_t took_us, uint32_t *number)
{
	struct received *received = turns_next(turns, 0);

	if (!received)
		return 0;
	if (number)
		memcpy(number, received->frame.bytes, sizeof *number);
	uint8_t key = received->key[0];
	turns_done(turns, took_us);
	return key;
}

static void one_key_is_served_in_order(void **state)
{
	struct turns *turns = turns_open();
	uint32_t number;

	(void)state;
	for (uint32_t i = 0; i < 5000; i++)
		assert_int_equal(put(turns, 1, i, 0), TURNS_WAITS);
	assert_int_equal(turns_waiting(turns), 5000);
	for (uint32_t i = 0; i < 5000; i++) {
		assert_int_equal(serve(turns, i % 7 * 100, &number), 1);
		assert_int_equal(number, i);
	}
	assert_int_equal(serve(turns, 0, NULL), 0);
	turns_close(&turns);
	assert_null(turns);
}

/* Whatever a thousand messages wait of one key, another's first one comes next. */
static void who_sends_little_does_not_wait_for_who_sends_much(void **state)
{
	struct turns *turns = turns_open();

	(void)state;
	for (uint32_t i = 0; i < 1000; i++)
		put(turns, 1, i, 0);
	for (unsigned i = 0; i < 300; i++)
		assert_int_equal(serve(turns, 5, NULL), 1);
	for (uint8_t key = 2; key < 20; key++)
		put(turns, key, 0, 0);
	for (uint8_t key = 2; key < 20; key++)
		assert_int_equal(serve(turns, 5, NULL), key);
	assert_int_equal(serve(turns, 5, NULL), 1);
	turns_close(&turns);
}

/* A turn is time: of two keys that always have something, the slow one gets as much of that, not as many messages. */
static void turns_are_time(void **state)
{
	struct turns *turns = turns_open();
	uint64_t took[3] = { 0 };

	(void)state;
	for (uint32_t i = 0; i < 30000; i++) {
		put(turns, 1, i, 0);
		put(turns, 2, i, 0);
	}
	while (took[1] + took[2] < 4 * SECOND) {
		struct received *received = turns_next(turns, 0);
		uint64_t cost = received->key[0] == 1 ? 20000 : 100;
		took[received->key[0]] += cost;
		turns_done(turns, cost);
	}
	assert_in_range(took[1], 18 * SECOND / 10, 22 * SECOND / 10);
	turns_close(&turns);
}

static void a_debt_is_kept_over_a_pause_too_short(void **state)
{
	struct turns *turns = turns_open();

	(void)state;
	put(turns, 1, 0, 0);
	serve(turns, SECOND, NULL); /* a question of a second; nothing waits then */
	put(turns, 2, 0, 0);
	put(turns, 2, 1, 0);
	put(turns, 1, 1, SECOND / 2);
	assert_int_equal(serve(turns, 5, NULL), 2);
	put(turns, 3, 0, SECOND / 2);
	assert_int_equal(serve(turns, 5, NULL), 2);
	assert_int_equal(serve(turns, 5, NULL), 3);
	assert_int_equal(serve(turns, 5, NULL), 1);
	/* and after one that is long enough it is as any other: not behind all of a key that takes its time */
	unsigned ones = 0;
	for (uint32_t i = 2; i < 5; i++) {
		put(turns, 1, i, 10 * SECOND);
		put(turns, 2, i, 10 * SECOND);
	}
	for (unsigned i = 0; i < 5; i++)
		ones += serve(turns, 150, NULL) == 1;
	assert_in_range(ones, 2, 3);
	turns_close(&turns);
}

static void however_many_flood_there_is_room_for_the_next(void **state)
{
	struct turns *turns = turns_open();
	unsigned taken[16] = { 0 };

	(void)state;
	for (uint8_t key = 1; key < 16; key++)
		while (put(turns, key, 0, 0) == TURNS_WAITS)
			taken[key]++;
	assert_int_equal(taken[1], TURNS_MESSAGES_MAX / 2);
	for (uint8_t key = 1; key < 16; key++)
		assert_true(taken[key] >= (unsigned)TURNS_MESSAGES_MAX >> (key + 1));
	assert_true(turns_waiting(turns) < TURNS_MESSAGES_MAX);
	assert_int_equal(put(turns, 20, 0, 0), TURNS_WAITS);
	assert_int_equal(turns_drop(turns, (uint8_t[PUBLIC_KEY_SIZE]){ 0 }), 0);
	turns_close(&turns);
}

static void bytes_are_bounded_too(void **state)
{
	struct turns *turns = turns_open();
	unsigned taken = 0;

	(void)state;
	while (put_sized(turns, 1, 0, 1 << 20, 0) == TURNS_WAITS)
		taken++;
	assert_int_equal(taken, TURNS_BYTES_MAX / (1 << 20) / 2);
	assert_int_equal(put(turns, 2, 0, 0), TURNS_WAITS);
	assert_int_equal(serve(turns, 0, NULL), 1);
	assert_int_equal(put_sized(turns, 1, 0, 1 << 19, 0), TURNS_WAITS);
	turns_close(&turns);
}

/* Who goes on for seconds though it is put off is held off; who waits as every client does is not. */
static void who_does_not_take_no_is_held_off(void **state)
{
	struct turns *turns = turns_open();
	uint8_t key[PUBLIC_KEY_SIZE];
	unsigned held_off = 0, seconds;

	(void)state;
	while (put(turns, 1, 0, 0) == TURNS_WAITS)
		;
	for (seconds = 1; seconds < 10 && !held_off; seconds++)
		for (unsigned i = 0; i < TURNS_PUT_OFF_MAX + 10 && !held_off; i++)
			held_off = put(turns, 1, 0, seconds * SECOND + i) == TURNS_HOLD_OFF;
	assert_true(held_off);
	assert_int_equal(seconds - 1, TURNS_PATIENCE_S + 1);
	memset(key, 1, sizeof key);
	assert_int_equal(turns_times_held_off(turns, key, seconds * SECOND), 1);
	assert_int_equal(turns_times_held_off(turns, key, UINT64_C(3700) * SECOND), 0);
	/* a window's worth each second, or much but not again */
	for (seconds = 20; seconds < 40; seconds++)
		for (unsigned i = 0; i < 1000; i++)
			assert_int_equal(put(turns, 1, 0, seconds * SECOND + i), TURNS_PUT_OFF);
	for (seconds = 40; seconds < 60; seconds += 2)
		for (unsigned i = 0; i < 3 * TURNS_PUT_OFF_MAX; i++)
			assert_int_equal(put(turns, 1, 0, seconds * SECOND + i), TURNS_PUT_OFF);
	memset(key, 1, sizeof key);
	assert_int_equal(turns_drop(turns, key), TURNS_MESSAGES_MAX / 2);
	assert_int_equal(turns_waiting(turns), 0);
	assert_int_equal(put(turns, 1, 0, 100 * (uint64_t)SECOND), TURNS_WAITS);
	assert_int_equal(serve(turns, 0, NULL), 1);
	turns_close(&turns);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_key_is_served_in_order),
		cmocka_unit_test(who_sends_little_does_not_wait_for_who_sends_much),
		cmocka_unit_test(turns_are_time),
		cmocka_unit_test(a_debt_is_kept_over_a_pause_too_short),
		cmocka_unit_test(however_many_flood_there_is_room_for_the_next),
		cmocka_unit_test(bytes_are_bounded_too),
		cmocka_unit_test(who_does_not_take_no_is_held_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
