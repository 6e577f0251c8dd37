/* Transactions that are gathered, and commits that go on behind.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/failing_disk.h"

enum { KEYS = 40, VALUE_MAX = 300, STEPS = 6000 };

/* The plainest store there is: a number for each key, 0 for none. */
struct model {
	uint64_t value[2][KEYS];
};

static const enum table tables[2] = { TABLE_IDS, TABLE_CASES };

static struct slice value_of(uint8_t room[static VALUE_MAX], uint64_t number)
{
	size_t size = 8 + number % (VALUE_MAX - 8);

	place_fill(room, size, number);
	return slice_of(room, size);
}

static void assert_reads(struct txn *txn, const struct model *m, unsigned table, unsigned key)
{
	uint8_t room[VALUE_MAX];
	struct slice value;
	enum store_result result = store_get(txn, tables[table], place_key(key), &value);

	if (!m->value[table][key]) {
		assert_int_equal(result, STORE_NONE);
		return;
	}
	assert_int_equal(result, STORE_OK);
	assert_true(slice_equal(value, value_of(room, m->value[table][key])));
}

static void assert_scans(struct txn *txn, const struct model *m, unsigned table)
{
	struct scan scan;
	struct slice key, value;
	unsigned at = 0;

	assert_int_equal(scan_open(&scan, txn, tables[table], slice_of(NULL, 0)), STORE_OK);
	while (scan_next(&scan, &key, &value) == STORE_OK) {
		while (at < KEYS && !m->value[table][at])
			at++;
		assert_true(at < KEYS);
		assert_true(slice_equal(key, place_key(at)));
		at++;
	}
	while (at < KEYS && !m->value[table][at])
		at++;
	assert_int_equal(at, KEYS);
}

static enum store_result nothing_more(void *context, struct txn *txn)
{
	(void)context, (void)txn;
	return STORE_OK;
}

static enum store_result one_more(void *context, struct txn *txn)
{
	uint8_t room[8];
	struct writer w = writer_of(room, sizeof(room));

	write_u64(&w, *(uint64_t *)context); /* place_key is the other thread's */
	return store_put(txn, TABLE_META, slice_text("more"), writer_slice(&w));
}

static void write_one(struct txn *txn, struct model *now, unsigned table, unsigned key, uint64_t number)
{
	uint8_t room[VALUE_MAX];

	if (number % 4 == 0) {
		assert_int_equal(store_delete(txn, tables[table], place_key(key)),
		                 now->value[table][key] ? STORE_OK : STORE_NONE);
		now->value[table][key] = 0;
	} else {
		assert_int_equal(store_put(txn, tables[table], place_key(key), value_of(room, number)), STORE_OK);
		now->value[table][key] = number;
	}
}

/* Reads see what was written, wherever it stands: here, behind, or in the store; whether it is
 * committed behind, at once, after a scan, or aborted. */
static void it_reads_as_if_all_were_written(void **state)
{
	struct place *place = *state;
	struct store *store = place_open(place->dir, STORE_CREATE);
	uint64_t random = place_seed(), behind = 0;
	struct model committed = { 0 }, now;
	struct txn *txn;

	assert_int_equal(store_begin_gathering(store, &txn), STORE_OK);
	now = committed;
	for (unsigned step = 1; step <= STEPS; step++) {
		unsigned table = place_random(&random) % 2, key = place_random(&random) % KEYS;

		switch (place_random(&random) % 24) {
		case 0:
			assert_int_equal(store_join(store), STORE_OK);
			assert_false(store_behind(store));
			break;
		case 1:
		case 2:
			/* a second one waits for the first to be joined, and one that was settled is none */
			if (store_commit_behind(&txn, nothing_more, NULL)) {
				behind++;
				assert_true(store_behind(store));
			} else {
				assert_int_equal(store_commit(&txn), STORE_OK);
			}
			committed = now;
			assert_int_equal(store_begin_gathering(store, &txn), STORE_OK);
			break;
		case 3:
			assert_int_equal(store_commit(&txn), STORE_OK);
			committed = now;
			assert_int_equal(store_begin_gathering(store, &txn), STORE_OK);
			break;
		case 4:
			store_abort(&txn);
			now = committed;
			assert_int_equal(store_begin_gathering(store, &txn), STORE_OK);
			break;
		case 5:
			assert_scans(txn, &now, table);
			break;
		case 6:
			assert_int_equal(store_settle(txn), STORE_OK);
			break;
		case 7: /* what was read is written back under another key */
			if (now.value[table][key]) {
				struct slice value;

				assert_int_equal(store_get(txn, tables[table], place_key(key), &value), STORE_OK);
				assert_int_equal(store_put(txn, tables[!table], place_key(key), value), STORE_OK);
				now.value[!table][key] = now.value[table][key];
			}
			break;
		default:
			if (place_random(&random) % 2)
				write_one(txn, &now, table, key, step);
			else
				assert_reads(txn, &now, table, key);
		}
	}
	assert_true(behind > STEPS / 100);
	store_abort(&txn);
	assert_int_equal(store_join(store), STORE_OK);
	store_close(&store);
	store = place_open(place->dir, STORE_WRITE);
	txn = place_begin(store, false);
	for (unsigned table = 0; table < 2; table++)
		for (unsigned key = 0; key < KEYS; key++)
			assert_reads(txn, &committed, table, key);
	store_abort(&txn);
	store_close(&store);
}

/* Of two writes of a key the later one is read, wherever each stands: the earlier one is being committed, or was
 * and has not been joined. */
static void what_is_gathered_hides_what_is_behind(void **state)
{
	struct place *place = *state;
	struct store *store = place_open(place->dir, STORE_CREATE);
	struct model now = { 0 };
	struct txn *txn;

	assert_int_equal(store_begin_gathering(store, &txn), STORE_OK);
	for (unsigned key = 0; key < KEYS; key++)
		write_one(txn, &now, 0, key, 1 + 4 * key);
	assert_true(store_commit_behind(&txn, nothing_more, NULL));
	assert_int_equal(store_begin_gathering(store, &txn), STORE_OK);
	for (unsigned key = 0; key < KEYS; key++) {
		assert_reads(txn, &now, 0, key);
		write_one(txn, &now, 0, key, key % 3 ? 1001 + 4 * key : 4);
		assert_reads(txn, &now, 0, key);
		if (key % 3 == 0)
			write_one(txn, &now, 0, key, 2001 + 4 * key);
		assert_reads(txn, &now, 0, key);
	}
	assert_true(store_behind(store));
	assert_int_equal(store_join(store), STORE_OK);
	for (unsigned key = 0; key < KEYS; key++)
		assert_reads(txn, &now, 0, key);
	assert_scans(txn, &now, 0);
	store_abort(&txn);
	store_close(&store);
}

static void more_than_memory_should_hold_is_settled(void **state)
{
	struct place *place = *state;
	struct store *store = place_open(place->dir, STORE_CREATE);
	size_t size = 1 << 20;
	uint8_t *large = malloc(size);
	struct txn *txn;
	struct slice value;

	assert_int_equal(store_begin_gathering(store, &txn), STORE_OK);
	for (unsigned i = 0; i < 40; i++) {
		place_fill(large, size, i);
		assert_int_equal(store_put(txn, TABLE_CASES, place_key(i), slice_of(large, size)), STORE_OK);
	}
	assert_false(store_commit_behind(&txn, nothing_more, NULL));
	assert_int_equal(store_commit(&txn), STORE_OK);
	txn = place_begin(store, false);
	for (unsigned i = 0; i < 40; i++) {
		place_fill(large, size, i);
		assert_int_equal(store_get(txn, TABLE_CASES, place_key(i), &value), STORE_OK);
		assert_true(slice_equal(value, slice_of(large, size)));
	}
	store_abort(&txn);
	free(large);
	store_close(&store);
}

static bool put_behind(struct store *store, uint64_t number)
{
	struct txn *txn;

	assert_int_equal(store_begin_gathering(store, &txn), STORE_OK);
	assert_int_equal(store_put(txn, TABLE_CASES, slice_text("number"), place_key(number)), STORE_OK);
	if (store_commit_behind(&txn, one_more, &number)) {
		/* the next one reads it, fails where it would stand on it, and leaves nothing */
		enum store_result joined;

		assert_int_equal(store_begin_gathering(store, &txn), STORE_OK);
		assert_int_equal(store_put(txn, TABLE_CASES, slice_text("next"), place_key(number)), STORE_OK);
		if (store_settle(txn) != STORE_OK)
			assert_int_not_equal(store_commit(&txn), STORE_OK);
		else
			store_abort(&txn);
		joined = store_join(store);
		if (joined != STORE_OK)
			assert_string_not_equal(store_why(store), "");
		return joined == STORE_OK;
	}
	store_abort(&txn);
	return false;
}

static uint64_t number_standing(struct store *store)
{
	struct txn *txn = place_begin(store, false);
	struct slice value, more, next;
	uint64_t number = 0;

	if (store_get(txn, TABLE_CASES, slice_text("number"), &value) == STORE_OK) {
		struct reader r = reader_of(value);

		number = read_u64(&r);
		assert_int_equal(store_get(txn, TABLE_META, slice_text("more"), &more), STORE_OK);
		assert_true(slice_equal(value, more));
	}
	assert_int_equal(store_get(txn, TABLE_CASES, slice_text("next"), &next), STORE_NONE);
	store_abort(&txn);
	return number;
}

/* Each write and sync of a commit behind fails in turn. */
static void a_failure_behind_is_told_at_the_join(void **state)
{
	char dir[300], name[32];
	bool struck = true;
	unsigned nth = 1;

	for (; struck; nth++) {
		struct store *store;
		uint64_t standing;

		snprintf(name, sizeof name, "behind-%u", nth);
		place_inside(*state, dir, name);
		store = place_open(dir, STORE_CREATE);
		arm(FAIL, EIO, nth);
		for (uint64_t number = 1; number <= 3; number++)
			if (!put_behind(store, number)) {
				assert_true(disk.struck);
				arm(NO_FAULT, 0, 0);
				disk.struck = true;
				store_close(&store);
				store = place_open(dir, STORE_WRITE);
				standing = number_standing(store);
				assert_true(standing == number || standing == number - 1);
				assert_true(put_behind(store, number));
			}
		struck = disk.struck;
		arm(NO_FAULT, 0, 0);
		assert_int_equal(number_standing(store), 3);
		store_close(&store);
	}
	assert_true(nth > 9); /* three calls a commit */
}

/* What an ordinary transaction refuses, in the same words. */
static void what_is_no_key_spoils_what_is_gathered(void **state)
{
	struct place *place = *state;
	struct store *store = place_open(place->dir, STORE_CREATE);
	uint8_t key[STORE_KEY_MAX + 1] = {1};
	struct txn *txn, *second;
	struct slice value;

	for (unsigned way = 0; way < 4; way++) {
		struct slice bad = slice_of(key, way % 2 ? sizeof key : 0);

		assert_int_equal(store_begin_gathering(store, &txn), STORE_OK);
		assert_int_equal(store_begin_gathering(store, &second), STORE_FAILED);
		assert_non_null(strstr(store_why(store), "open already"));
		assert_null(second);
		assert_int_equal(store_put(txn, TABLE_CASES, place_key(1), slice_text("v")), STORE_OK);
		assert_int_equal(way < 2 ? store_put(txn, TABLE_CASES, bad, slice_text("v")) : store_delete(txn, TABLE_CASES, bad), STORE_FAILED);
		assert_int_equal(store_delete(txn, TABLE_CASES, place_key(1)), STORE_FAILED);
		assert_int_equal(store_put(txn, TABLE_CASES, place_key(2), slice_text("v")), STORE_FAILED);
		assert_false(store_commit_behind(&txn, nothing_more, NULL));
		assert_int_equal(store_commit(&txn), STORE_FAILED);
	}
	txn = place_begin(store, false);
	assert_int_equal(store_get(txn, TABLE_CASES, place_key(1), &value), STORE_NONE);
	assert_int_equal(store_commit(&txn), STORE_OK); /* of one that reads: it ends */
	store_close(&store);
	store = place_open(place->dir, STORE_READ);
	assert_int_equal(store_begin_gathering(store, &txn), STORE_FAILED);
	assert_non_null(strstr(store_why(store), "for reading only"));
	store_close(&store);
}

#define T(test) cmocka_unit_test_setup_teardown(test, place_make, place_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(it_reads_as_if_all_were_written),
		T(what_is_gathered_hides_what_is_behind),
		T(more_than_memory_should_hold_is_settled),
		T(a_failure_behind_is_told_at_the_join),
		T(what_is_no_key_spoils_what_is_gathered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
