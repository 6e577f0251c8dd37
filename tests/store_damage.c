/* One byte of the store changed, anywhere: it must be found, or change no answer.
 *
 * Each change is looked at in a process of its own, since LMDB trusts its pages
 * and may be led outside the map; dying of it counts as found.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/store_place.h"

#include <limits.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

enum { RECORDS = 120, PAGE = 4096, FLIPS = 12, FLIPS_MAX = 600 };

enum verdict { UNCHANGED = 40, FOUND = 41, WRONG_ANSWER = 42 };

static size_t size_of(uint64_t i)
{
	return i % 40 == 0 ? 9000 : 20 + (size_t)(i * 31 % 200);
}

static void fill_store(struct store *store)
{
	uint8_t *room = malloc(9000);

	for (uint64_t i = 1; i <= RECORDS; i++) {
		struct txn *txn = place_begin(store, true);

		place_fill(room, size_of(i), i);
		assert_int_equal(store_append(txn, TABLE_LOG, place_key(i), slice_of(room, size_of(i))), STORE_OK);
		for (int table = TABLE_TREE; table < TABLE_META; table++)
			assert_int_equal(store_put(txn, table, place_key(i * 7919 % 1000), place_key(i)), STORE_OK);
		if (i > 10)
			assert_int_equal(store_delete(txn, TABLE_TIMERS, place_key((i - 10) * 7919 % 1000)), STORE_OK);
		assert_int_equal(store_commit(&txn), STORE_OK);
	}
	free(room);
}

static bool answers_right(struct txn *txn, bool *found)
{
	uint8_t *room = malloc(9000);
	bool right = true;

	for (uint64_t i = 1; i <= RECORDS && right && !*found; i++) {
		for (int table = TABLE_LOG; table < TABLE_META && right && !*found; table++) {
			struct slice value, key = place_key(table == TABLE_LOG ? i : i * 7919 % 1000);
			bool deleted = table == TABLE_TIMERS && i <= RECORDS - 10;
			enum store_result result = store_get(txn, table, key, &value);

			if (result != STORE_OK && result != STORE_NONE) {
				*found = true;
			} else if (result == STORE_NONE || deleted) {
				right = (result == STORE_NONE) == deleted;
			} else if (table == TABLE_LOG) {
				place_fill(room, size_of(i), i);
				right = slice_equal(value, slice_of(room, size_of(i)));
			} else {
				right = slice_equal(value, place_key(i));
			}
		}
	}
	free(room);
	return right;
}

/* The redo log turns over at each commit, so that few pages are kept from being used again: each costs a visit. */
static struct store *create_narrow(const char *dir)
{
	struct store_options options = place_options(STORE_CREATE);
	struct store *store;

	options.redo_size = 1;
	assert_int_equal(store_open(&store, dir, &options, NULL, 0), STORE_OK);
	return store;
}

/* Opens it, scrubs it, asks for everything. */
static enum verdict look(const char *dir)
{
	struct store_options options = place_options(STORE_READ);
	struct scrub scrub = { 0 };
	struct store *store;
	struct txn *txn;
	enum store_result result;
	bool found = false;

	if (store_open(&store, dir, &options, NULL, 0) != STORE_OK)
		return FOUND;
	do
		result = store_scrub(store, &scrub, 500, NULL, 0);
	while (result == STORE_OK);
	if (result != STORE_NONE)
		return FOUND;
	if (store_begin(store, false, &txn) != STORE_OK)
		return FOUND;
	if (!answers_right(txn, &found))
		return WRONG_ANSWER;
	return found ? FOUND : UNCHANGED;
}

static enum verdict look_in_child(const char *dir)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		static const int signals[] = { SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL };
		struct rlimit none = { 0, 0 };

		/* cmocka would catch them and go on with the test in this process. */
		for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
			signal(signals[i], SIG_DFL);
		setrlimit(RLIMIT_CORE, &none);
		dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
		alarm(30);
		_exit((int)look(dir));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFSIGNALED(status)) {
		assert_int_not_equal(WTERMSIG(status), SIGALRM);
		return FOUND;
	}
	/* Any other status is a sanitizer's, which has caught a step outside the map. */
	if (WEXITSTATUS(status) == UNCHANGED || WEXITSTATUS(status) == WRONG_ANSWER)
		return (enum verdict)WEXITSTATUS(status);
	return FOUND;
}

/* Flips bits of each page in turn; the smallest number of finds in any page from `first_page` on. */
static unsigned flip_everywhere(const char *dir, unsigned first_page, uint64_t *random, unsigned counts[static 2])
{
	char path[400];
	struct stat status;
	unsigned least = FLIPS;
	int fd;

	snprintf(path, sizeof(path), "%s/data.mdb", dir);
	fd = open(path, O_RDWR);
	assert_int_equal(fstat(fd, &status), 0);
	assert_int_equal(look_in_child(dir), UNCHANGED);
	for (unsigned page = 0; page < status.st_size / PAGE; page++) {
		unsigned found = 0;

		/* More where little of the page is in use. */
		for (unsigned i = 0; i < FLIPS || (page >= first_page && found == 0 && i < FLIPS_MAX); i++) {
			/* The page's head and its list of places first, then anywhere. */
			off_t at = (off_t)page * PAGE + (off_t)(i < 4 ? i * 6 + place_random(random) % 6 : place_random(random) % PAGE);
			uint8_t byte, changed;
			enum verdict verdict;

			assert_int_equal(pread(fd, &byte, 1, at), 1);
			changed = byte ^ (uint8_t)(1u << place_random(random) % 8);
			assert_int_equal(pwrite(fd, &changed, 1, at), 1);
			verdict = look_in_child(dir);
			if (verdict == WRONG_ANSWER)
				fail_msg("byte %ld, %02x made %02x, gave a wrong answer", (long)at, byte, changed);
			assert_int_equal(pwrite(fd, &byte, 1, at), 1);
			counts[verdict == FOUND]++;
			found += verdict == FOUND;
		}
		if (page >= first_page && found < least)
			least = found;
	}
	close(fd);
	assert_int_equal(look_in_child(dir), UNCHANGED);
	return least;
}

/* A compacted copy has no free pages, so that each of its pages is needed. */
static void a_flip_in_any_page_of_a_copy_is_found(void **state)
{
	struct place *place = *state;
	struct store *store = create_narrow(place->dir);
	uint64_t random = place_seed();
	unsigned counts[2] = { 0, 0 };
	char inside[300], path[400];
	int fd;

	fill_store(store);
	place_inside(place, inside, "copy");
	snprintf(path, sizeof(path), "%s/data.mdb", inside);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	assert_int_equal(store_copy(store, fd), STORE_OK);
	close(fd);
	store_close(&store);
	/* Page 0 is the older of the two that name the roots. */
	assert_true(flip_everywhere(inside, 1, &random, counts) >= 1);
	print_message("%u changes found, %u changed nothing\n", counts[1], counts[0]);
	assert_true(counts[1] > counts[0]);
}

static void a_flip_in_a_used_store_never_gives_a_wrong_answer(void **state)
{
	struct place *place = *state;
	struct store *store = create_narrow(place->dir);
	uint64_t random = place_seed() + 1;
	unsigned counts[2] = { 0, 0 };

	fill_store(store);
	store_close(&store);
	flip_everywhere(place->dir, UINT_MAX, &random, counts);
	print_message("%u changes found, %u changed nothing\n", counts[1], counts[0]);
	assert_true(counts[1] > 0);
}

static void a_scrub_goes_in_parts(void **state)
{
	struct place *place = *state;
	struct store *store = create_narrow(place->dir);
	struct scrub scrub = { 0 };
	unsigned parts = 0;
	char why[300] = "";

	fill_store(store);
	while (store_scrub(store, &scrub, 7, why, sizeof(why)) == STORE_OK && parts < 10000) {
		/* Things change while it goes on; what it stands on may be gone. */
		struct txn *txn = place_begin(store, true);

		assert_int_equal(store_put(txn, TABLE_CASES, place_key(100000 + parts % 3), place_key(1)), STORE_OK);
		if (scrub.table == TABLE_PUPILS && scrub.key_size > 0)
			assert_int_equal(store_delete(txn, TABLE_PUPILS, slice_of(scrub.key, scrub.key_size)), STORE_OK);
		assert_int_equal(store_commit(&txn), STORE_OK);
		parts++;
	}
	assert_string_equal(why, "");
	assert_true(parts > RECORDS * (TABLE_META - 1) / 7 && parts < 10000);
	store_close(&store);
}

static void a_scrub_names_what_is_damaged(void **state)
{
	struct place *place = *state;
	struct store *store = create_narrow(place->dir);
	struct store_options options = place_options(STORE_WRITE);
	struct scrub scrub = { 0 };
	struct txn *txn;
	char why[300];

	/* A gap in the log, though every record is good. */
	fill_store(store);
	txn = place_begin(store, true);
	assert_int_equal(store_delete(txn, TABLE_LOG, place_key(RECORDS / 2)), STORE_OK);
	assert_int_equal(store_commit(&txn), STORE_OK);
	assert_int_equal(store_scrub(store, &scrub, 100000, why, sizeof(why)), STORE_DAMAGED);
	assert_non_null(strstr(why, "log has a gap"));
	store_close(&store);
	/* Every checksum wrong but that of the schema, as seen with another key. */
	store = place_open(place->dir, STORE_WRITE);
	txn = place_begin(store, true);
	assert_int_equal(store_put(txn, TABLE_LOG, place_key(RECORDS / 2), slice_text("x")), STORE_OK);
	assert_int_equal(store_commit(&txn), STORE_OK);
	scrub = (struct scrub){ 0 };
	assert_int_equal(store_scrub(store, &scrub, 100000, why, sizeof(why)), STORE_NONE);
	store_close(&store);
	options.check_key[0] ^= 1;
	assert_int_equal(store_open(&store, place->dir, &options, why, sizeof(why)), STORE_DAMAGED);
	assert_non_null(strstr(why, "table meta"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, place_make, place_remove)
	const struct CMUnitTest tests[] = {
		TEST(a_scrub_goes_in_parts),
		TEST(a_scrub_names_what_is_damaged),
		TEST(a_flip_in_any_page_of_a_copy_is_found),
		TEST(a_flip_in_a_used_store_never_gives_a_wrong_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
