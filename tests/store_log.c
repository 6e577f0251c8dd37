/* The LMDB log against the suite for all logs, and what is its own.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/log_conformance.h"

struct here {
	struct log_under_test under;
	struct place *place;
	struct store *store;
};

static void reopen(struct log_under_test *under)
{
	struct here *here = under->context;

	store_close(&here->store);
	here->store = place_open(here->place->dir, STORE_WRITE);
}

static enum store_result begin(struct log_under_test *under, bool write, struct txn **txn)
{
	struct here *here = under->context;

	return store_begin(here->store, write, txn);
}

static int make(void **state)
{
	struct here *here = calloc(1, sizeof(*here));
	void *place;

	if (place_make(&place) != 0)
		return -1;
	here->place = place;
	here->store = place_open(here->place->dir, STORE_CREATE);
	here->under = (struct log_under_test){
		.log = { &log_lmdb }, .context = here, .reopen = reopen, .begin = begin,
	};
	*state = here;
	return 0;
}

static int unmake(void **state)
{
	struct here *here = *state;
	void *place = here->place;

	store_close(&here->store);
	place_remove(&place);
	free(here);
	return 0;
}

static bool visit_any(void *context, uint64_t position, struct slice record)
{
	(void)position;
	(void)record;
	(*(unsigned *)context)++;
	return true;
}

static void a_missing_record_is_damage(void **state)
{
	struct here *here = *state;
	struct txn *txn;
	unsigned seen = 0;

	conform_grow(&here->under, 10);
	txn = place_begin(here->store, true);
	assert_int_equal(store_delete(txn, TABLE_LOG, place_key(4)), STORE_OK);
	assert_int_equal(store_commit(&txn), STORE_OK);
	txn = place_begin(here->store, false);
	assert_int_equal(log_lmdb.read(&here->under.log, txn, 1, 10, visit_any, &seen), STORE_DAMAGED);
	assert_int_equal(seen, 3);
	assert_non_null(strstr(store_why(here->store), "at 4"));
	assert_int_equal(log_lmdb.read(&here->under.log, txn, 4, 10, visit_any, &seen), STORE_DAMAGED);
	assert_int_equal(log_lmdb.read(&here->under.log, txn, 5, 6, visit_any, &seen), STORE_OK);
	store_abort(&txn);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LOG_CONFORMANCE_TESTS(make, unmake),
		cmocka_unit_test_setup_teardown(a_missing_record_is_damage, make, unmake),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
