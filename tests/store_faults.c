/* The disk fails, is full, or loses its power, at each write and each sync in turn.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/failing_disk.h"

#include <pthread.h>
#include <sys/wait.h>

#include "store/secrets.h"
#include "store/tree.h"

enum { COMMITS = 12, PERSONS_ROUND = 60 };

/* No threads, so that the calls come in one order: the redo log syncs data.mdb where it is told to, at the
 * earliest, or where it waits for that, at the latest that there is. */
static bool late;
static void *(*put_off)(void *);
static void *put_off_context;

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *context)
{
	(void)attributes;
	if (!late)
		return EAGAIN;
	memset(thread, 0, sizeof(*thread));
	put_off = start;
	put_off_context = context;
	return 0;
}

int pthread_join(pthread_t thread, void **result)
{
	(void)thread;
	(void)result;
	put_off(put_off_context);
	return 0;
}

/* Commit number n: positions 3n + 1 to 3n + 3 in the log, the tree over them, the
 * number in a table that is changed by each. */
static enum store_result commit_one(struct store *store, struct log *log, struct tree *tree, uint64_t number)
{
	struct txn *txn;
	struct tree copy = *tree;
	enum store_result result = store_begin(store, true, &txn);

	if (result != STORE_OK)
		return result;
	for (uint64_t i = 0; i < 3 && result == STORE_OK; i++) {
		uint64_t position = number * 3 + i + 1;
		uint8_t room[700];
		struct slice record = slice_of(room, 100 + (size_t)(position * 53 % 600));

		place_fill(room, record.size, position);
		result = log->methods->append(log, txn, position - 1, &record, 1);
		if (result == STORE_OK)
			result = tree_append(tree, txn, record);
	}
	if (result == STORE_OK)
		result = store_put(txn, TABLE_CASES, slice_text("commits"), place_key(number + 1));
	if (result == STORE_OK)
		result = store_commit(&txn);
	else
		store_abort(&txn);
	if (result != STORE_OK)
		*tree = copy;
	return result;
}

static bool record_as_written(void *context, uint64_t position, struct slice record)
{
	uint8_t room[700];
	size_t size = 100 + (size_t)(position * 53 % 600);

	place_fill(room, size, position);
	*(bool *)context = *(bool *)context && slice_equal(record, slice_of(room, size));
	return true;
}

/* How many commits stand in the store, all of whose parts must agree. */
static uint64_t commits_standing(struct store *store, struct log *log, struct tree *tree)
{
	struct txn *txn = place_begin(store, false);
	struct scrub scrub = { 0 };
	struct slice value;
	uint64_t head, count = 0;
	bool good = true;
	char why[300] = "";

	assert_int_equal(log->methods->head(log, txn, &head), STORE_OK);
	if (head > 0) {
		struct reader r;

		assert_int_equal(store_get(txn, TABLE_CASES, slice_text("commits"), &value), STORE_OK);
		r = reader_of(value);
		count = read_u64(&r);
	}
	assert_int_equal(head, count * 3);
	assert_int_equal(log->methods->read(log, txn, 1, head, record_as_written, &good), STORE_OK);
	assert_true(good);
	assert_int_equal(tree_open(tree, log, txn, head), STORE_OK);
	store_abort(&txn);
	if (store_scrub(store, &scrub, 100000, why, sizeof(why)) != STORE_NONE)
		fail_msg("%s", why);
	return count;
}

/* One whole run with a fault at the nth call; false when there was no nth call. */
static bool run_with_fault(const char *dir, enum fault fault, int error, unsigned nth, unsigned results[static 8])
{
	struct log log = { &log_lmdb };
	struct tree tree = { .size = 0 };
	struct store *store = place_open(dir, STORE_CREATE);
	uint64_t committed = 0;
	bool struck;

	arm(fault, error, nth);
	while (committed < COMMITS) {
		enum store_result result = commit_one(store, &log, &tree, committed);

		if (result == STORE_OK) {
			committed++;
			continue;
		}
		assert_true(disk.struck);
		results[result]++;
		if (result == STORE_UNKNOWN) {
			struct txn *txn;
			uint64_t standing;

			/* Nothing goes on before it was opened again. */
			assert_int_equal(store_begin(store, false, &txn), STORE_UNKNOWN);
			assert_int_equal(store_begin(store, true, &txn), STORE_UNKNOWN);
			store_close(&store);
			store = place_open(dir, STORE_WRITE);
			standing = commits_standing(store, &log, &tree);
			assert_true(standing == committed || standing == committed + 1);
			committed = standing;
		} else {
			/* Known not to be there: the same again, in the same store, succeeds. */
			assert_true(result == STORE_FAILED || result == STORE_FULL);
			assert_int_equal(result == STORE_FULL, error == ENOSPC || error == EFBIG || error == EDQUOT);
			assert_int_equal(commits_standing(store, &log, &tree), committed);
			assert_int_equal(commit_one(store, &log, &tree, committed), STORE_OK);
			committed++;
		}
	}
	struck = disk.struck;
	arm(NO_FAULT, 0, 0);
	store_close(&store);
	store = place_open(dir, STORE_WRITE);
	assert_int_equal(commits_standing(store, &log, &tree), committed);
	store_close(&store);
	return struck;
}

static void run_all_places(struct place *place, enum fault fault, int error, unsigned results[static 8])
{
	unsigned nth = 1;
	char dir[300], name[32];
	bool struck = true;

	memset(results, 0, 8 * sizeof(*results));
	for (; struck; nth++) {
		struck = false;
		for (unsigned when = 0; when < 2; when++) {
			snprintf(name, sizeof(name), "%d-%d-%u-%u", (int)fault, error, nth, when);
			place_inside(place, dir, name);
			late = when;
			struck |= run_with_fault(dir, fault, error, nth, results);
		}
	}
	/* Four calls a commit: pages, meta, and the redo log's write and sync. */
	assert_true(nth > COMMITS * 4);
}

static void a_failing_write_or_sync_loses_nothing(void **state)
{
	static const int errors[] = { EIO, ENOSPC, EFBIG, EDQUOT };
	unsigned results[8];

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		run_all_places(*state, FAIL, errors[i], results);
		print_message("%s: %u full, %u failed, %u unknown\n", strerror(errors[i]), results[STORE_FULL],
		              results[STORE_FAILED], results[STORE_UNKNOWN]);
		/* In both orders: a failed meta write at each commit is unknown, whatever its errno, and so is a turn of the redo
		 * log that fails; a record that can't be written is made good by such a turn. */
		assert_true(results[STORE_UNKNOWN] > 2 * COMMITS && results[STORE_UNKNOWN] < 3 * COMMITS);
		assert_true(results[errors[i] == EIO ? STORE_FAILED : STORE_FULL] >= 2 * COMMITS);
		assert_int_equal(results[errors[i] == EIO ? STORE_FULL : STORE_FAILED], 0);
	}
}

static void a_write_that_is_done_and_fails_loses_nothing(void **state)
{
	unsigned results[8];

	run_all_places(*state, FAIL_AFTERWARDS, EIO, results);
	assert_true(results[STORE_UNKNOWN] > 2 * COMMITS);
	assert_true(results[STORE_FAILED] >= 2 * COMMITS);
}

static void a_short_write_loses_nothing(void **state)
{
	unsigned results[8];

	run_all_places(*state, SHORT_WRITE, 0, results);
	assert_true(results[STORE_UNKNOWN] > 2 * COMMITS);
	assert_true(results[STORE_FAILED] >= 2 * COMMITS);
}

/* The child tells of each commit over a pipe before it does the next. */
static uint64_t committed_before_power_cut(const char *dir, unsigned nth, uint64_t random, bool *cut)
{
	int ends[2], status;
	uint64_t count = 0;
	char byte;
	pid_t child;

	assert_int_equal(pipe(ends), 0);
	child = fork();
	if (child == 0) {
		struct store_options options = place_options(STORE_WRITE);
		struct log log = { &log_lmdb };
		struct tree tree = { .size = 0 };
		struct store *store;

		close(ends[0]);
		if (store_open(&store, dir, &options, NULL, 0) != STORE_OK)
			_exit(1);
		disk.random = random;
		arm(POWER_CUT, 0, nth);
		for (uint64_t i = 0; i < COMMITS; i++) {
			if (commit_one(store, &log, &tree, i) != STORE_OK || write(ends[1], "c", 1) != 1)
				_exit(1);
		}
		_exit(7);
	}
	close(ends[1]);
	while (read(ends[0], &byte, 1) == 1)
		count++;
	close(ends[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 7));
	*cut = WEXITSTATUS(status) == 0;
	return count;
}

static struct store *open_after(const char *dir, const char *boot)
{
	struct store_options options = place_options(STORE_WRITE);
	struct store *store;
	char why[300] = "";

	options.boot = boot;
	if (store_open(&store, dir, &options, why, sizeof(why)) != STORE_OK)
		fail_msg("%s", why);
	return store;
}

/* The power fails again while what it left is put right; true: it did. */
static bool cut_again(const char *dir, unsigned nth, uint64_t random)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		struct store_options options = place_options(STORE_WRITE);
		struct store *store;

		options.boot = "the second";
		disk.random = random;
		arm(POWER_CUT, 0, nth);
		_exit(store_open(&store, dir, &options, NULL, 0) == STORE_OK ? 7 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 7));
	return WEXITSTATUS(status) == 0;
}

static void a_power_cut_loses_no_commit(void **state)
{
	uint64_t random = place_seed();
	struct log log = { &log_lmdb };
	unsigned cuts = 0, more = 0, twice = 0;
	bool any = true;

	for (unsigned nth = 1; any; nth++) {
		any = false;
		for (unsigned again = 0; again < 4; again++) {
			bool cut;
			char dir[300], name[32];
			struct store *store;
			struct tree tree;
			uint64_t told, standing;

			snprintf(name, sizeof(name), "cut-%u-%u", nth, again);
			place_inside(*state, dir, name);
			store = place_open(dir, STORE_CREATE);
			store_close(&store);
			late = again % 2;
			told = committed_before_power_cut(dir, nth, place_random(&random), &cut);
			twice += cut && cut_again(dir, 1 + (unsigned)(place_random(&random) % 12), place_random(&random));
			store = open_after(dir, "the third");
			standing = commits_standing(store, &log, &tree);
			if (standing != told && standing != told + 1)
				fail_msg("cut at %u: %" PRIu64 " stand, %" PRIu64 " were told", nth, standing, told);
			assert_true(cut || told == COMMITS);
			/* And it goes on from there. */
			assert_int_equal(commit_one(store, &log, &tree, standing), STORE_OK);
			store_close(&store);
			cuts += cut;
			any |= cut;
			more += standing > told;
		}
	}
	print_message("%u power cuts, %u twice, %u with a commit that nobody was told of\n", cuts, twice, more);
	assert_true(cuts >= COMMITS * 4 * 4 && twice > COMMITS);
}

static void persons_keys_survive_a_failing_disk(void **state)
{
	struct place *place = *state;
	bool struck = true;
	unsigned failures = 0;
	char dir[300], name[32], why[300];

	for (unsigned nth = 1; struck; nth++) {
		struct persons *persons;
		uint8_t room[100], open[100];
		struct writer w = writer_of(room, sizeof(room));

		snprintf(name, sizeof(name), "persons-%u", nth);
		place_inside(place, dir, name);
		assert_int_equal(persons_create(dir, why, sizeof(why)), 0);
		assert_int_equal(persons_open(&persons, dir, true, why, sizeof(why)), 0);
		arm(nth % 3 == 0 ? SHORT_WRITE : nth % 3 == 1 ? FAIL : FAIL_AFTERWARDS, EIO, nth / 3 + 1);
		for (uint32_t round = 0; round < 4; round++) {
			for (uint32_t i = 1; i <= PERSONS_ROUND; i++)
				persons_add(persons, round * PERSONS_ROUND + i);
			/* Tried again until it is there. */
			while (persons_sync(persons) != 0)
				failures++;
		}
		assert_true(persons_seal(persons, 2 * PERSONS_ROUND, 1, 1, slice_text("who"), &w));
		while (persons_erase(persons, 7) != 0)
			failures++;
		struck = disk.struck;
		arm(NO_FAULT, 0, 0);
		persons_close(&persons);
		assert_int_equal(persons_open(&persons, dir, true, why, sizeof(why)), 0);
		assert_int_equal(persons_count(persons), 4 * PERSONS_ROUND);
		assert_int_equal(persons_dropped(persons), 0);
		for (uint32_t pupil = 1; pupil <= 4 * PERSONS_ROUND; pupil++)
			assert_int_equal(persons_known(persons, pupil), pupil != 7);
		struct writer opened = writer_of(open, sizeof(open));

		assert_true(persons_unseal(persons, 2 * PERSONS_ROUND, 1, 1, writer_slice(&w), &opened));
		persons_close(&persons);
	}
	print_message("%u failures\n", failures);
	assert_true(failures > 10);
}

/* What a sync that failed has left in the page cache is read like what is on the disk. So what is read counts for
 * nothing until it was written once more: the start fails where that does. */
static void persons_keys_that_are_read_are_on_disk(void **state)
{
	struct place *place = *state;
	char dir[300], why[300];

	place_inside(place, dir, "persons-again");
	assert_int_equal(persons_create(dir, why, sizeof(why)), 0);
	for (unsigned nth = 1; nth <= 3; nth++) {
		struct persons *persons;
		int opened;

		assert_int_equal(persons_open(&persons, dir, true, why, sizeof(why)), 0);
		persons_add(persons, nth);
		assert_int_equal(persons_sync(persons), 0);
		persons_close(&persons);
		arm(FAIL, EIO, nth);
		opened = persons_open(&persons, dir, true, why, sizeof(why));
		assert_int_equal(opened, nth <= 2 ? -1 : 0);
		arm(NO_FAULT, 0, 0);
		if (opened == 0)
			persons_close(&persons);
		/* who only reads writes nothing */
		arm(FAIL, EIO, 1);
		assert_int_equal(persons_open(&persons, dir, false, why, sizeof(why)), 0);
		assert_false(disk.struck);
		arm(NO_FAULT, 0, 0);
		assert_int_equal(persons_count(persons), nth);
		persons_close(&persons);
	}
}

static void persons_keys_survive_a_power_cut(void **state)
{
	uint64_t random = place_seed() + 1;
	struct place *place = *state;
	char dir[300], name[32], why[300];
	bool cut = true;
	unsigned dropped = 0;

	for (unsigned nth = 1; cut; nth++) {
		for (unsigned again = 0; again < 4; again++) {
			struct persons *persons;
			int ends[2], status;
			uint32_t synced = 0;
			char byte;
			pid_t child;

			snprintf(name, sizeof(name), "persons-cut-%u-%u", nth, again);
			place_inside(place, dir, name);
			assert_int_equal(persons_create(dir, why, sizeof(why)), 0);
			assert_int_equal(pipe(ends), 0);
			disk.random = place_random(&random);
			child = fork();
			if (child == 0) {
				close(ends[0]);
				if (persons_open(&persons, dir, true, why, sizeof(why)) != 0)
					_exit(1);
				arm(POWER_CUT, 0, nth);
				for (uint32_t pupil = 1; pupil <= 4 * PERSONS_ROUND; pupil++) {
					persons_add(persons, pupil);
					if (pupil % PERSONS_ROUND == 0 && (persons_sync(persons) != 0 || write(ends[1], "s", 1) != 1))
						_exit(1);
				}
				_exit(7);
			}
			close(ends[1]);
			while (read(ends[0], &byte, 1) == 1)
				synced += PERSONS_ROUND;
			close(ends[0]);
			assert_int_equal(waitpid(child, &status, 0), child);
			assert_true(WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 7));
			cut = WEXITSTATUS(status) == 0;
			if (persons_open(&persons, dir, true, why, sizeof(why)) != 0)
				fail_msg("cut at %u: %s", nth, why);
			dropped += persons_dropped(persons) > 0;
			for (uint32_t pupil = 1; pupil <= synced; pupil++)
				assert_true(persons_known(persons, pupil));
			persons_close(&persons);
		}
	}
	print_message("%u torn tails\n", dropped);
	assert_true(dropped > 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, place_make, place_remove)
	const struct CMUnitTest tests[] = {
		TEST(a_failing_write_or_sync_loses_nothing),
		TEST(a_write_that_is_done_and_fails_loses_nothing),
		TEST(a_short_write_loses_nothing),
		TEST(a_power_cut_loses_no_commit),
		TEST(persons_keys_survive_a_failing_disk),
		TEST(persons_keys_that_are_read_are_on_disk),
		TEST(persons_keys_survive_a_power_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
