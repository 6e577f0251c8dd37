/* log_conformance.h - what every log behind store/log.h must do.
 *
 * A test program gives a `struct log_under_test` and runs LOG_CONFORMANCE_TESTS
 * with a setup that makes an empty one. `reopen` closes and opens it again,
 * as after a restart.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_LOG_CONFORMANCE_H
#define TESTS_LOG_CONFORMANCE_H

#include "tests/store_place.h"
#include "store/log.h"

struct log_under_test {
	struct log log;
	void *context;
	void (*reopen)(struct log_under_test *);
	enum store_result (*begin)(struct log_under_test *, bool write, struct txn **);
};

static inline struct slice conform_record(uint64_t position)
{
	static uint8_t room[512];
	size_t size = 1 + (size_t)(position * 37 % sizeof(room));

	place_fill(room, size, position);
	return slice_of(room, size);
}

struct conform_seen {
	uint64_t from, count, stop_after;
	bool good;
};

static inline bool conform_visit(void *context, uint64_t position, struct slice record)
{
	struct conform_seen *seen = context;

	seen->good = seen->good && position == seen->from + seen->count && slice_equal(record, conform_record(position));
	seen->count++;
	return seen->count != seen->stop_after;
}

static inline uint64_t conform_head(struct log_under_test *under)
{
	struct txn *txn;
	uint64_t head = UINT64_MAX;

	assert_int_equal(under->begin(under, false, &txn), STORE_OK);
	assert_int_equal(under->log.methods->head(&under->log, txn, &head), STORE_OK);
	store_abort(&txn);
	return head;
}

static inline enum store_result conform_append(struct log_under_test *under, struct txn *txn, uint64_t expected, unsigned count)
{
	uint8_t *rooms = malloc((size_t)count * 512 + 1);
	struct slice *records = calloc(count + 1u, sizeof(*records));
	enum store_result result;

	for (unsigned i = 0; i < count; i++) {
		struct slice record = conform_record(expected + 1 + i);

		memcpy(rooms + i * 512, record.bytes, record.size);
		records[i] = slice_of(rooms + i * 512, record.size);
	}
	result = under->log.methods->append(&under->log, txn, expected, records, count);
	free(records);
	free(rooms);
	return result;
}

static inline void conform_grow(struct log_under_test *under, unsigned count)
{
	uint64_t head = conform_head(under);
	struct txn *txn;

	assert_int_equal(under->begin(under, true, &txn), STORE_OK);
	assert_int_equal(conform_append(under, txn, head, count), STORE_OK);
	assert_int_equal(store_commit(&txn), STORE_OK);
}

static inline enum store_result conform_read(struct log_under_test *under, uint64_t from, uint64_t count, struct conform_seen *seen)
{
	struct txn *txn;
	enum store_result result;

	seen->from = from;
	seen->count = 0;
	seen->good = true;
	assert_int_equal(under->begin(under, false, &txn), STORE_OK);
	result = under->log.methods->read(&under->log, txn, from, count, conform_visit, seen);
	store_abort(&txn);
	return result;
}

static void log_begins_empty(void **state)
{
	struct log_under_test *under = *state;
	struct conform_seen seen = { 0 };

	assert_int_equal(conform_head(under), 0);
	assert_int_equal(conform_read(under, 1, 10, &seen), STORE_NONE);
	assert_int_equal(seen.count, 0);
}

static void log_positions_start_at_one_without_gaps(void **state)
{
	struct log_under_test *under = *state;
	struct conform_seen seen = { 0 };

	conform_grow(under, 1);
	conform_grow(under, 5);
	conform_grow(under, 94);
	assert_int_equal(conform_head(under), 100);
	assert_int_equal(conform_read(under, 1, 100, &seen), STORE_OK);
	assert_true(seen.good);
	assert_int_equal(seen.count, 100);
}

static void log_refuses_an_append_at_another_position(void **state)
{
	struct log_under_test *under = *state;
	struct txn *txn;

	conform_grow(under, 3);
	assert_int_equal(under->begin(under, true, &txn), STORE_OK);
	assert_int_equal(conform_append(under, txn, 2, 1), STORE_FAILED);
	assert_int_equal(conform_append(under, txn, 4, 1), STORE_FAILED);
	assert_int_equal(conform_append(under, txn, 0, 1), STORE_FAILED);
	/* The refusals have left the transaction as it was. */
	assert_int_equal(conform_append(under, txn, 3, 2), STORE_OK);
	assert_int_equal(conform_append(under, txn, 3, 2), STORE_FAILED);
	assert_int_equal(conform_append(under, txn, 5, 1), STORE_OK);
	assert_int_equal(store_commit(&txn), STORE_OK);
	assert_int_equal(conform_head(under), 6);
}

static void log_batch_is_all_or_none(void **state)
{
	struct log_under_test *under = *state;
	struct conform_seen seen = { 0 };
	struct txn *txn;

	conform_grow(under, 3);
	assert_int_equal(under->begin(under, true, &txn), STORE_OK);
	assert_int_equal(conform_append(under, txn, 3, 50), STORE_OK);
	store_abort(&txn);
	assert_int_equal(conform_head(under), 3);
	assert_int_equal(conform_read(under, 4, 1, &seen), STORE_NONE);
	/* And the place is free for others. */
	conform_grow(under, 2);
	assert_int_equal(conform_head(under), 5);
}

static void log_reads_in_pages(void **state)
{
	struct log_under_test *under = *state;
	struct conform_seen seen = { 0 };
	uint64_t next = 1;

	conform_grow(under, 100);
	while (conform_read(under, next, 7, &seen) == STORE_OK) {
		assert_true(seen.good);
		assert_int_equal(seen.count, 7);
		next += seen.count;
	}
	assert_true(seen.good);
	assert_int_equal(next + seen.count, 101);
	assert_int_equal(conform_read(under, 101, 1, &seen), STORE_NONE);
	assert_int_equal(conform_read(under, 100, 1, &seen), STORE_OK);
	assert_int_equal(conform_read(under, UINT64_MAX, 1, &seen), STORE_NONE);
	assert_int_equal(conform_read(under, 50, 0, &seen), STORE_OK);
	assert_int_equal(seen.count, 0);
}

static void log_stops_when_told(void **state)
{
	struct log_under_test *under = *state;
	struct conform_seen seen = { .stop_after = 4 };

	conform_grow(under, 20);
	assert_int_equal(conform_read(under, 3, 20, &seen), STORE_OK);
	assert_true(seen.good);
	assert_int_equal(seen.count, 4);
}

struct conform_big {
	uint8_t *room;
	size_t size;
	unsigned good;
};

static inline bool conform_visit_big(void *context, uint64_t position, struct slice record)
{
	struct conform_big *big = context;

	place_fill(big->room, big->size, position);
	big->good += slice_equal(record, slice_of(big->room, big->size));
	return true;
}

static void log_holds_big_records(void **state)
{
	struct log_under_test *under = *state;
	struct conform_big big = { .size = 200 << 10, .room = malloc(200 << 10) };
	struct txn *txn;

	assert_int_equal(under->begin(under, true, &txn), STORE_OK);
	for (uint64_t position = 1; position <= 8; position++) {
		struct slice record = slice_of(big.room, big.size);

		place_fill(big.room, big.size, position);
		assert_int_equal(under->log.methods->append(&under->log, txn, position - 1, &record, 1), STORE_OK);
	}
	assert_int_equal(store_commit(&txn), STORE_OK);
	under->reopen(under);
	assert_int_equal(under->begin(under, false, &txn), STORE_OK);
	assert_int_equal(under->log.methods->read(&under->log, txn, 1, 8, conform_visit_big, &big), STORE_OK);
	store_abort(&txn);
	assert_int_equal(big.good, 8);
	free(big.room);
}

static void log_holds_an_empty_record(void **state)
{
	struct log_under_test *under = *state;
	struct slice nothing = { NULL, 0 };
	struct txn *txn;

	assert_int_equal(under->begin(under, true, &txn), STORE_OK);
	assert_int_equal(under->log.methods->append(&under->log, txn, 0, &nothing, 1), STORE_OK);
	assert_int_equal(store_commit(&txn), STORE_OK);
	assert_int_equal(conform_head(under), 1);
}

static void log_is_there_after_a_restart(void **state)
{
	struct log_under_test *under = *state;
	struct conform_seen seen = { 0 };

	conform_grow(under, 300);
	under->reopen(under);
	assert_int_equal(conform_head(under), 300);
	assert_int_equal(conform_read(under, 1, 300, &seen), STORE_OK);
	assert_true(seen.good);
	assert_int_equal(seen.count, 300);
	conform_grow(under, 1);
	assert_int_equal(conform_head(under), 301);
}

/* What one transaction has appended, it can read itself, and no other can before the commit. */
static void log_shows_a_batch_at_its_commit(void **state)
{
	struct log_under_test *under = *state;
	uint64_t head;
	struct txn *txn;

	conform_grow(under, 2);
	assert_int_equal(under->begin(under, true, &txn), STORE_OK);
	assert_int_equal(conform_append(under, txn, 2, 3), STORE_OK);
	assert_int_equal(under->log.methods->head(&under->log, txn, &head), STORE_OK);
	assert_int_equal(head, 5);
	assert_int_equal(conform_head(under), 2);
	assert_int_equal(store_commit(&txn), STORE_OK);
	assert_int_equal(conform_head(under), 5);
}

#define LOG_CONFORMANCE_TESTS(make, remove) \
	cmocka_unit_test_setup_teardown(log_begins_empty, make, remove), \
	cmocka_unit_test_setup_teardown(log_positions_start_at_one_without_gaps, make, remove), \
	cmocka_unit_test_setup_teardown(log_refuses_an_append_at_another_position, make, remove), \
	cmocka_unit_test_setup_teardown(log_batch_is_all_or_none, make, remove), \
	cmocka_unit_test_setup_teardown(log_reads_in_pages, make, remove), \
	cmocka_unit_test_setup_teardown(log_stops_when_told, make, remove), \
	cmocka_unit_test_setup_teardown(log_holds_big_records, make, remove), \
	cmocka_unit_test_setup_teardown(log_holds_an_empty_record, make, remove), \
	cmocka_unit_test_setup_teardown(log_is_there_after_a_restart, make, remove), \
	cmocka_unit_test_setup_teardown(log_shows_a_batch_at_its_commit, make, remove)

#endif
