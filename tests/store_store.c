/* The store: records, transactions, scans, a full map, room and copies.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/store_place.h"

static struct slice text(const char *text)
{
	return slice_text(text);
}

static void put_one(struct store *store, enum table table, struct slice key, struct slice value)
{
	struct txn *txn = place_begin(store, true);

	assert_int_equal(store_put(txn, table, key, value), STORE_OK);
	assert_int_equal(store_commit(&txn), STORE_OK);
	assert_null(txn);
}

static bool holds(struct store *store, enum table table, struct slice key, struct slice expected)
{
	struct txn *txn = place_begin(store, false);
	struct slice value;
	enum store_result result = store_get(txn, table, key, &value);
	bool equal = result == STORE_OK && slice_equal(value, expected);

	assert_true(result == STORE_OK || result == STORE_NONE);
	store_abort(&txn);
	return equal;
}

static void records_come_back_after_a_restart(void **state)
{
	struct place *place = *state;
	struct store *store = place_open(place->dir, STORE_CREATE);
	struct txn *txn = place_begin(store, true);
	size_t large = 200 << 10;
	uint8_t *room = malloc(large);

	place_fill(room, large, 1);
	for (int table = 0; table < TABLE_COUNT; table++) {
		assert_int_equal(store_put(txn, table, text("a"), text(table_text(table))), STORE_OK);
		assert_int_equal(store_put(txn, table, text("large"), slice_of(room, large)), STORE_OK);
		assert_int_equal(store_put(txn, table, text("nothing"), slice_of(NULL, 0)), STORE_OK);
		assert_int_equal(store_put(txn, table, text("gone"), text("x")), STORE_OK);
		assert_int_equal(store_delete(txn, table, text("gone")), STORE_OK);
		assert_int_equal(store_delete(txn, table, text("gone")), STORE_NONE);
	}
	assert_int_equal(store_commit(&txn), STORE_OK);
	store_close(&store);
	assert_null(store);
	for (enum store_mode mode = STORE_WRITE; mode <= STORE_READ; mode++) {
		store = place_open(place->dir, mode);
		for (int table = 0; table < TABLE_COUNT; table++) {
			assert_true(holds(store, table, text("a"), text(table_text(table))));
			assert_true(holds(store, table, text("large"), slice_of(room, large)));
			assert_true(holds(store, table, text("nothing"), slice_of(NULL, 0)));
			assert_false(holds(store, table, text("gone"), text("x")));
		}
		store_close(&store);
	}
	free(room);
}

static void nothing_stands_before_the_commit(void **state)
{
	struct place *place = *state;
	struct store *store = place_open(place->dir, STORE_CREATE);
	struct txn *txn = place_begin(store, true), *reader = place_begin(store, false), *other;
	struct slice value;

	assert_int_equal(store_put(txn, TABLE_CASES, text("k"), text("v")), STORE_OK);
	assert_int_equal(store_get(txn, TABLE_CASES, text("k"), &value), STORE_OK);
	assert_true(slice_is(value, "v"));
	assert_int_equal(store_get(reader, TABLE_CASES, text("k"), &value), STORE_NONE);
	assert_int_equal(store_begin(store, true, &other), STORE_FAILED);
	store_abort(&txn);
	assert_int_equal(store_count(reader, TABLE_CASES), 0);
	store_abort(&reader);
	assert_false(holds(store, TABLE_CASES, text("k"), text("v")));
	put_one(store, TABLE_CASES, text("k"), text("v"));
	assert_true(holds(store, TABLE_CASES, text("k"), text("v")));
	store_close(&store);
}

static void an_append_out_of_order_is_refused(void **state)
{
	struct place *place = *state;
	struct store *store = place_open(place->dir, STORE_CREATE);
	struct txn *txn = place_begin(store, true);

	assert_int_equal(store_append(txn, TABLE_LOG, place_key(5), text("five")), STORE_OK);
	assert_int_equal(store_append(txn, TABLE_LOG, place_key(5), text("again")), STORE_FAILED);
	assert_int_equal(store_append(txn, TABLE_LOG, place_key(4), text("four")), STORE_FAILED);
	assert_int_equal(store_append(txn, TABLE_LOG, place_key(6), text("six")), STORE_OK);
	assert_int_equal(store_commit(&txn), STORE_OK);
	assert_true(holds(store, TABLE_LOG, place_key(5), text("five")));
	assert_false(holds(store, TABLE_LOG, place_key(4), text("four")));
	store_close(&store);
}

static void a_failed_put_spoils_its_transaction(void **state)
{
	struct place *place = *state;
	struct store *store = place_open(place->dir, STORE_CREATE);
	struct txn *txn = place_begin(store, true);
	uint8_t key[STORE_KEY_MAX + 1] = { 1 };
	struct slice value;

	assert_int_equal(store_put(txn, TABLE_CASES, slice_of(key, STORE_KEY_MAX), text("v")), STORE_OK);
	assert_int_equal(store_put(txn, TABLE_CASES, slice_of(key, STORE_KEY_MAX + 1), text("v")), STORE_FAILED);
	assert_int_equal(store_put(txn, TABLE_CASES, text("k"), text("v")), STORE_FAILED);
	assert_int_equal(store_get(txn, TABLE_CASES, slice_of(key, STORE_KEY_MAX), &value), STORE_FAILED);
	assert_int_equal(store_delete(txn, TABLE_CASES, text("k")), STORE_FAILED);
	assert_int_equal(store_commit(&txn), STORE_FAILED);
	assert_false(holds(store, TABLE_CASES, slice_of(key, STORE_KEY_MAX), text("v")));
	txn = place_begin(store, true);
	assert_int_equal(store_delete(txn, TABLE_CASES, slice_of(key, 0)), STORE_FAILED);
	assert_int_equal(store_commit(&txn), STORE_FAILED);
	put_one(store, TABLE_CASES, text("k"), text("v"));
	store_close(&store);
}

static void scans_go_in_the_order_of_keys(void **state)
{
	struct place *place = *state;
	struct store *store = place_open(place->dir, STORE_CREATE);
	struct txn *txn = place_begin(store, true);
	struct slice key, value;
	struct scan scan;
	uint64_t next = 0;

	for (uint64_t i = 0; i < 500; i++)
		assert_int_equal(store_put(txn, TABLE_TIMERS, place_key(i * 7919 % 500 * 2), place_key(i)), STORE_OK);
	assert_int_equal(store_count(txn, TABLE_TIMERS), 500);
	assert_int_equal(scan_open(&scan, txn, TABLE_TIMERS, slice_of(NULL, 0)), STORE_OK);
	while (scan_next(&scan, &key, &value) == STORE_OK)
		assert_true(slice_equal(key, place_key(next++ * 2)));
	assert_int_equal(next, 500);
	assert_int_equal(scan_next(&scan, &key, &value), STORE_NONE);
	scan_close(&scan);
	/* From a key that isn't there, the next one. */
	assert_int_equal(scan_open(&scan, txn, TABLE_TIMERS, place_key(777)), STORE_OK);
	assert_int_equal(scan_next(&scan, &key, &value), STORE_OK);
	assert_true(slice_equal(key, place_key(778)));
	scan_close(&scan);
	scan_close(&scan);
	assert_int_equal(scan_open(&scan, txn, TABLE_TIMERS, place_key(999)), STORE_OK);
	assert_int_equal(scan_next(&scan, &key, &value), STORE_NONE);
	assert_int_equal(scan_last(txn, TABLE_TIMERS, &key, &value), STORE_OK);
	assert_true(slice_equal(key, place_key(998)));
	assert_int_equal(scan_last(txn, TABLE_CASES, &key, &value), STORE_NONE);
	assert_int_equal(scan_open(&scan, txn, TABLE_CASES, slice_of(NULL, 0)), STORE_OK);
	assert_int_equal(scan_next(&scan, &key, &value), STORE_NONE);
	store_abort(&txn);
	store_close(&store);
}

static void a_write_ends_a_scan(void **state)
{
	struct place *place = *state;
	struct store *store = place_open(place->dir, STORE_CREATE);
	struct txn *txn = place_begin(store, true);
	struct slice key, value;
	struct scan scan;

	for (uint64_t i = 0; i < 10; i++)
		assert_int_equal(store_put(txn, TABLE_TIMERS, place_key(i), text("")), STORE_OK);
	assert_int_equal(scan_open(&scan, txn, TABLE_TIMERS, slice_of(NULL, 0)), STORE_OK);
	assert_int_equal(scan_next(&scan, &key, &value), STORE_OK);
	assert_int_equal(store_put(txn, TABLE_CASES, place_key(1), text("another table")), STORE_OK);
	assert_int_equal(scan_next(&scan, &key, &value), STORE_OK);
	assert_int_equal(store_delete(txn, TABLE_TIMERS, place_key(3)), STORE_OK);
	assert_int_equal(scan_next(&scan, &key, &value), STORE_FAILED);
	assert_int_equal(scan_next(&scan, &key, &value), STORE_NONE);
	store_abort(&txn);
	store_close(&store);
}

/* A value put back under another key straight from the page it stands on. */
static void a_borrowed_value_may_be_put(void **state)
{
	struct place *place = *state;
	struct store *store = place_open(place->dir, STORE_CREATE);
	struct txn *txn = place_begin(store, true);
	uint8_t room[900];
	struct slice value;

	place_fill(room, sizeof(room), 3);
	assert_int_equal(store_put(txn, TABLE_CASES, place_key(1000), slice_of(room, sizeof(room))), STORE_OK);
	for (uint64_t i = 999; i > 900; i--) {
		assert_int_equal(store_get(txn, TABLE_CASES, place_key(i + 1), &value), STORE_OK);
		assert_int_equal(store_put(txn, TABLE_CASES, place_key(i), value), STORE_OK);
	}
	assert_int_equal(store_commit(&txn), STORE_OK);
	assert_true(holds(store, TABLE_CASES, place_key(901), slice_of(room, sizeof(room))));
	store_close(&store);
}

static void a_full_map_refuses_and_goes_on_after(void **state)
{
	struct place *place = *state;
	struct store_options options = place_options(STORE_CREATE);
	struct store *store;
	struct store_room before, room;
	enum store_result result = STORE_OK;
	uint8_t value[3000];
	struct txn *txn;
	uint64_t count = 0;

	memset(value, 7, sizeof(value));
	options.map_size = 1 << 20;
	assert_int_equal(store_open(&store, place->dir, &options, NULL, 0), STORE_OK);
	store_room(store, &before);
	assert_int_equal(before.map_size, 1 << 20);
	while (result == STORE_OK && count < 1000) {
		txn = place_begin(store, true);
		result = store_append(txn, TABLE_LOG, place_key(count + 1), slice_of(value, sizeof(value)));
		if (result == STORE_OK)
			result = store_commit(&txn);
		else
			assert_int_equal(store_commit(&txn), STORE_FULL);
		count += result == STORE_OK;
	}
	assert_int_equal(result, STORE_FULL);
	assert_true(count > 100 && count < 350);
	store_room(store, &room);
	assert_true(room.map_used > before.map_used && room.map_used <= room.map_size);
	/* It can still be read, and room be made. */
	assert_true(holds(store, TABLE_LOG, place_key(count), slice_of(value, sizeof(value))));
	for (uint64_t i = 1; i <= 20; i++) {
		txn = place_begin(store, true);
		assert_int_equal(store_delete(txn, TABLE_LOG, place_key(i)), STORE_OK);
		assert_int_equal(store_commit(&txn), STORE_OK);
	}
	put_one(store, TABLE_LOG, place_key(count + 1), slice_of(value, sizeof(value)));
	store_close(&store);
	/* Or it is opened with a larger map. */
	options.mode = STORE_WRITE;
	options.map_size = 4 << 20;
	assert_int_equal(store_open(&store, place->dir, &options, NULL, 0), STORE_OK);
	for (uint64_t i = 2; i < 200; i++)
		put_one(store, TABLE_LOG, place_key(count + i), slice_of(value, sizeof(value)));
	assert_true(holds(store, TABLE_LOG, place_key(count + 1), slice_of(value, sizeof(value))));
	store_close(&store);
}

static void room_tells_of_readers(void **state)
{
	struct place *place = *state;
	struct store *store = place_open(place->dir, STORE_CREATE);
	struct store_room room;
	struct txn *old, *young;

	store_room(store, &room);
	assert_int_equal(room.readers, 0);
	assert_int_equal(room.oldest_reader, 0);
	assert_true(room.disk_size >= room.disk_free && room.file_size > 0 && room.map_used <= room.file_size);
	old = place_begin(store, false);
	for (uint64_t i = 0; i < 5; i++)
		put_one(store, TABLE_CASES, place_key(i), text("v"));
	young = place_begin(store, false);
	store_room(store, &room);
	assert_int_equal(room.readers, 2);
	assert_int_equal(room.oldest_reader, 5);
	store_abort(&old);
	store_room(store, &room);
	assert_int_equal(room.readers, 1);
	assert_int_equal(room.oldest_reader, 0);
	store_abort(&young);
	store_close(&store);
}

/* Ended read transactions are used again: two hundred don't fill the reader table. */
static void many_reads_one_after_the_other(void **state)
{
	struct place *place = *state;
	struct store *store = place_open(place->dir, STORE_CREATE);
	struct txn *txns[100];

	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 100; i++)
			txns[i] = place_begin(store, false);
		put_one(store, TABLE_CASES, text("k"), place_key((uint64_t)round));
		for (int i = 0; i < 100; i++)
			store_abort(&txns[i]);
		assert_true(holds(store, TABLE_CASES, text("k"), place_key((uint64_t)round)));
	}
	store_close(&store);
}

static void a_copy_is_a_store(void **state)
{
	struct place *place = *state;
	struct store *store = place_open(place->dir, STORE_CREATE);
	struct store_room room, copied;
	char inside[300], path[400], why[300];
	struct scrub scrub = { 0 };
	int fd;

	for (uint64_t i = 1; i <= 100; i++)
		put_one(store, TABLE_LOG, place_key(i), place_key(i));
	place_inside(place, inside, "copy");
	snprintf(path, sizeof(path), "%s/data.mdb", inside);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	assert_int_equal(store_copy(store, fd), STORE_OK);
	close(fd);
	fd = open(path, O_RDONLY);
	assert_int_equal(store_copy(store, fd), STORE_FAILED);
	close(fd);
	store_room(store, &room);
	store_close(&store);
	store = place_open(inside, STORE_WRITE);
	for (uint64_t i = 1; i <= 100; i++)
		assert_true(holds(store, TABLE_LOG, place_key(i), place_key(i)));
	store_room(store, &copied);
	assert_true(copied.map_used < room.map_used);
	assert_int_equal(store_scrub(store, &scrub, 1000, why, sizeof(why)), STORE_NONE);
	put_one(store, TABLE_LOG, place_key(101), text("goes on"));
	store_close(&store);
}

static void a_scratch_store_is_synced_when_asked(void **state)
{
	struct place *place = *state;
	struct store *store = place_open(place->dir, STORE_SCRATCH);

	for (uint64_t i = 1; i <= 100; i++)
		put_one(store, TABLE_LOG, place_key(i), place_key(i));
	assert_int_equal(store_sync(store), STORE_OK);
	store_close(&store);
	store = place_open(place->dir, STORE_WRITE);
	assert_true(holds(store, TABLE_LOG, place_key(100), place_key(100)));
	store_close(&store);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, place_make, place_remove)
	const struct CMUnitTest tests[] = {
		TEST(records_come_back_after_a_restart),
		TEST(nothing_stands_before_the_commit),
		TEST(an_append_out_of_order_is_refused),
		TEST(a_failed_put_spoils_its_transaction),
		TEST(scans_go_in_the_order_of_keys),
		TEST(a_write_ends_a_scan),
		TEST(a_borrowed_value_may_be_put),
		TEST(a_full_map_refuses_and_goes_on_after),
		TEST(room_tells_of_readers),
		TEST(many_reads_one_after_the_other),
		TEST(a_copy_is_a_store),
		TEST(a_scratch_store_is_synced_when_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
