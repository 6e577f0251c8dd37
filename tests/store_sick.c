/* The nth call of libc's, of LMDB's or for memory fails, in each of what a store does in turn: whoever called is told, with a
 * sentence; nothing that was committed is lost, nothing that was not stands; and without the fault the same succeeds.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/store_place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>

#include "store/secrets.h"
#include "store/tree.h"
#include "tests/failing_calls.h"

static const struct fault {
	unsigned calls;
	int error;
} faults[] = {
	{CALLS_MEMORY, ENOMEM}, {CALLS_FILE, EIO}, {CALLS_FILE, ENOSPC}, {CALLS_STORE, EIO}, {CALLS_STORE, MDB_CORRUPTED}, {CALLS_TABLE, MDB_NOTFOUND}, {CALLS_TABLE, EIO},
	{CALLS_LOOK, EIO}, {CALLS_LOOK, MDB_CORRUPTED}, {CALLS_VALUE, 0}, {CALLS_CHANGE, EIO}, {CALLS_CHANGE, MDB_MAP_FULL}, {CALLS_THREAD, 0},
	{CALLS_SHORT, 0}, {CALLS_LOOK, MDB_READERS_FULL}, {CALLS_LOOK, MDB_MAP_RESIZED},
};
enum { FAULTS = sizeof faults / sizeof *faults, COMMITS = 6, WIDE = 40 };

static struct place *place;
static char dir[300], kept[300], other[300];
static const struct fault *fault;
static unsigned nth;

static void copy(const char *from, const char *to)
{
	DIR *folder = opendir(from);
	struct dirent *entry;
	static uint8_t room[1 << 16];
	char path[600];

	nftw(to, place_remove_one, 16, FTW_DEPTH | FTW_PHYS);
	mkdir(to, 0700);
	while ((entry = readdir(folder))) {
		int in = openat(dirfd(folder), entry->d_name, O_RDONLY | O_CLOEXEC), out;
		ssize_t n;

		if (entry->d_name[0] != '.' && strcmp(entry->d_name, "lock") != 0 && strcmp(entry->d_name, "lock.mdb") != 0) {
			snprintf(path, sizeof(path), "%s/%s", to, entry->d_name);
			out = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
			assert_true(in >= 0 && out >= 0);
			while ((n = read(in, room, sizeof(room))) > 0)
				assert_int_equal(write(out, room, (size_t)n), n);
			close(out);
		}
		close(in);
	}
	closedir(folder);
}

static void clear(const char *what)
{
	nftw(what, place_remove_one, 16, FTW_DEPTH | FTW_PHYS);
	mkdir(what, 0700);
}

/* ---- what is tried ---- */

/* OK, and then why is of no account; or what went wrong. */
struct outcome {
	enum store_result result;
	unsigned acked;    /* commits that were answered, in all */
	bool unknown;      /* one more may stand */
	char why[300];
};

static void gone_wrong(struct outcome *o, enum store_result result, const struct store *store)
{
	o->result = result;
	if (store)
		snprintf(o->why, sizeof(o->why), "%s", store_why(store));
}

static enum store_result write_commit(struct txn *txn, unsigned number)
{
	enum store_result result = store_put(txn, TABLE_CASES, slice_text("commits"), place_key(number + 1));
	uint8_t room[200];

	for (unsigned i = 0; i < WIDE && result == STORE_OK; i++) {
		place_fill(room, sizeof(room), (uint64_t)number * WIDE + i);
		result = store_put(txn, TABLE_PUPILS, place_key((uint64_t)number * WIDE + i), slice_of(room, sizeof(room)));
	}
	if (result == STORE_OK && number > 0)
		result = store_delete(txn, TABLE_PUPILS, place_key((uint64_t)(number - 1) * WIDE));
	return result;
}

static enum store_result at_last(void *context, struct txn *txn)
{
	return store_put(txn, TABLE_META, slice_text("last"), place_key(*(unsigned *)context));
}

/* One commit; of three in turn one as usual, one gathered, one gathered and committed behind. */
static enum store_result commit(struct store *store, unsigned number)
{
	struct txn *txn;
	enum store_result result = number % 3 ? store_begin_gathering(store, &txn) : store_begin(store, true, &txn);

	if (result != STORE_OK)
		return result;
	result = write_commit(txn, number);
	if (result == STORE_OK && number % 3 == 2 && store_commit_behind(&txn, at_last, &number))
		return store_join(store);
	if (result == STORE_OK)
		return store_commit(&txn);
	store_abort(&txn);
	return result;
}

static struct store *open_here(struct outcome *o, enum store_mode mode, const char *boot)
{
	struct store_options options = place_options(mode);
	struct store *store;

	options.boot = boot;
	o->result = store_open(&store, dir, &options, o->why, sizeof(o->why));
	assert_true((o->result == STORE_OK) == (store != NULL));
	return store;
}

static void go_on(struct store *store, struct outcome *o, unsigned to)
{
	while (o->acked < to && o->result == STORE_OK) {
		enum store_result result = commit(store, o->acked);

		if (result == STORE_OK) {
			o->acked++;
		} else {
			gone_wrong(o, result, store);
			o->unknown = result == STORE_UNKNOWN;
		}
	}
}

static void makes_and_commits(struct outcome *o)
{
	struct store *store = open_here(o, STORE_CREATE, "a");

	if (store)
		go_on(store, o, COMMITS);
	store_close(&store);
}

static void opens_and_commits(struct outcome *o)
{
	struct store *store = open_here(o, STORE_WRITE, "a");

	if (store)
		go_on(store, o, 2 * COMMITS);
	store_close(&store);
}

/* After a power cut: the boot is another. */
static void recovers(struct outcome *o)
{
	struct store *store = open_here(o, STORE_WRITE, "b");

	store_close(&store);
}

static void recovers_to_read(struct outcome *o)
{
	struct store *store = open_here(o, STORE_READ, "b");

	store_close(&store);
}

/* A walk, a scrub, a look at the room, a copy: nothing changes. */
static void reads(struct outcome *o)
{
	struct store *store = open_here(o, STORE_READ, "a");
	struct scrub scrub = {0};
	struct store_room room;
	struct slice key, value;
	struct scan scan;
	struct txn *txn = NULL;
	enum store_result result;
	unsigned seen = 0;
	int fd;

	if (!store)
		return;
	result = store_begin(store, false, &txn);
	if (result == STORE_OK)
		result = scan_open(&scan, txn, TABLE_PUPILS, slice_of(NULL, 0));
	while (result == STORE_OK && (result = scan_next(&scan, &key, &value)) == STORE_OK)
		seen++;
	if (result == STORE_NONE)
		result = scan_last(txn, TABLE_PUPILS, &key, &value);
	if (result == STORE_OK && (store_count(txn, TABLE_PUPILS) != seen || seen != COMMITS * WIDE - (COMMITS - 1)))
		result = store_trouble(txn) == STORE_OK ? STORE_NONE /* a wrong answer */ : STORE_FAILED;
	else if (result == STORE_OK)
		result = store_trouble(txn);
	gone_wrong(o, result, store);
	if (txn)
		store_abort(&txn);
	store_room(store, &room);
	while (o->result == STORE_OK && (result = store_scrub(store, &scrub, 50, o->why, sizeof(o->why))) != STORE_NONE)
		o->result = result;
	fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (fd >= 0 && o->result == STORE_OK && (result = store_copy(store, fd)) != STORE_OK)
		gone_wrong(o, result, store);
	if (fd >= 0)
		close(fd);
	store_close(&store);
}

/* ---- each under each fault ---- */

/* How many commits stand; all that belongs to them does, and nothing of the next. */
static unsigned standing(const char *boot)
{
	struct outcome o = {0};
	struct store *store = open_here(&o, STORE_WRITE, boot);
	struct scrub scrub = {0};
	struct slice value;
	struct txn *txn;
	unsigned count = 0;
	char why[300] = "";

	if (!store)
		fail_msg("fault %u/%d at %u (%s), and then: %s", fault->calls, fault->error, nth, fail_which(), o.why);
	txn = place_begin(store, false);
	if (store_get(txn, TABLE_CASES, slice_text("commits"), &value) == STORE_OK) {
		struct reader r = reader_of(value);

		count = (unsigned)read_u64(&r);
	}
	assert_int_equal(store_count(txn, TABLE_PUPILS), count ? count * WIDE - (count - 1) : 0);
	for (uint64_t i = 0; i < (uint64_t)count * WIDE; i++) {
		uint8_t room[200];
		enum store_result result = store_get(txn, TABLE_PUPILS, place_key(i), &value);
		bool deleted = i % WIDE == 0 && i / WIDE + 1 < count;

		place_fill(room, sizeof(room), i);
		assert_int_equal(result, deleted ? STORE_NONE : STORE_OK);
		assert_true(deleted || slice_equal(value, slice_of(room, sizeof(room))));
	}
	store_abort(&txn);
	if (store_scrub(store, &scrub, 1000000, why, sizeof(why)) != STORE_NONE)
		fail_msg("%s", why);
	store_close(&store);
	return count;
}

/* `before`: commits that stand in `kept`, 0: there is no store yet. `after`: where nothing fails. */
static unsigned under_every_fault(void (*try)(struct outcome *), unsigned before, unsigned after, const char *boot)
{
	unsigned wrong = 0;

	for (unsigned f = 0; f < FAULTS; f++)
		for (nth = 1;; nth += nth < 12 ? 1 : 7) {
			struct outcome o = {.acked = before};
			bool struck;

			fault = &faults[f];
			if (before)
				copy(kept, dir);
			else
				clear(dir);
			fail_call(fault->calls, fault->error, nth);
			try(&o);
			struck = fail_none();
			if (o.result == STORE_OK && o.acked != after)
				fail_msg("%u commits of %u", o.acked, after);
			if (!struck) {
				if (o.result != STORE_OK)
					fail_msg("without a fault: %d %s", o.result, o.why);
				break;
			}
			wrong += o.result != STORE_OK;
			if (o.result == STORE_NONE || (o.result != STORE_OK && !o.why[0]))
				fail_msg("fault %u/%d at %u (%s): %d, said '%s'", fault->calls, fault->error, nth, fail_which(), o.result, o.why);
			if (before || o.acked) {
				unsigned stands = standing(boot);

				if (stands != o.acked && !(o.unknown && stands == o.acked + 1))
					fail_msg("fault %u/%d at %u (%s): %u commits acked, %u stand", fault->calls, fault->error, nth, fail_which(),
						 o.acked, stands);
			}
		}
	return wrong;
}

static void a_making_says_what_went_wrong(void **state)
{
	(void)state;
	assert_true(under_every_fault(makes_and_commits, 0, COMMITS, "a") > 40);
}

static void keep_a_store(bool cut)
{
	struct outcome o = {0};
	struct store *store;

	clear(dir);
	store = open_here(&o, STORE_CREATE, "a");
	go_on(store, &o, COMMITS);
	assert_int_equal(o.result, STORE_OK);
	if (cut)
		copy(dir, kept); /* with its redo log, as it is while it is open */
	store_close(&store);
	if (!cut)
		copy(dir, kept);
}

static void one_that_was_closed_goes_on(void **state)
{
	(void)state;
	keep_a_store(false);
	assert_true(under_every_fault(opens_and_commits, COMMITS, 2 * COMMITS, "a") > 40);
}

static void one_that_was_cut_off_is_put_right(void **state)
{
	(void)state;
	keep_a_store(true);
	assert_true(under_every_fault(recovers, COMMITS, COMMITS, "b") > 20);
	assert_true(under_every_fault(recovers_to_read, COMMITS, COMMITS, "b") > 20);
}

static void reading_gives_what_is_there_or_says_why_not(void **state)
{
	(void)state;
	keep_a_store(false);
	assert_true(under_every_fault(reads, COMMITS, COMMITS, "a") > 40);
}

/* ---- keys ---- */

static const uint8_t wrapping[32] = "thirty-two bytes to wrap it with";

/* `blob`: what was wrapped, freed by the caller. */
static bool persons_go_on(char why[static 300], uint8_t **blob)
{
	struct persons *persons;
	uint8_t room[100];
	struct writer w = writer_of(room, sizeof(room));
	size_t size = 0;
	bool good;
	if (persons_open(&persons, dir, true, why, 300) != 0)
		return false;
	good = persons_erase(persons, 2) == 0;
	/* whose keys were there are read as before */
	assert_true(persons_known(persons, 1) && persons_known(persons, 3));
	good = good && !persons_known(persons, 2) && persons_seal(persons, 3, 1, 1, slice_text("text"), &w) &&
	       persons_wrap(persons, wrapping, blob, &size) == 0;
	persons_close(&persons);
	return good && persons_unwrap(other, wrapping, slice_of(*blob, size), why, 300) == 0;
}

static void assert_unwrapped(void)
{
	struct persons *persons;
	char why[300];
	if (persons_open(&persons, other, false, why, sizeof(why)) != 0)
		fail_msg("%s", why);
	assert_true(persons_known(persons, 3) && !persons_known(persons, 2));
	persons_close(&persons);
}

static void keys_of_persons_are_kept_or_it_is_said(void **state)
{
	struct persons *persons;
	char why[300];
	unsigned wrong = 0;
	(void)state;
	clear(dir);
	assert_int_equal(persons_create(dir, why, sizeof(why)), 0);
	assert_int_equal(persons_open(&persons, dir, true, why, sizeof(why)), 0);
	for (uint32_t i = 1; i <= 3; i++)
		persons_add(persons, i);
	assert_int_equal(persons_sync(persons), 0);
	persons_close(&persons);
	copy(dir, kept);
	for (unsigned f = 0; f < FAULTS; f++)
		for (nth = 1;; nth++) {
			bool good, struck;
			uint8_t *blob = NULL;
			fault = &faults[f];
			copy(kept, dir);
			clear(place_inside(place, other, "other"));
			why[0] = '\0';
			fail_call(fault->calls, fault->error, nth);
			good = persons_go_on(why, &blob);
			struck = fail_none();
			free(blob);
			if (good)
				assert_unwrapped();
			if (!struck) {
				assert_true(good);
				break;
			}
			wrong += !good;
			/* again, and now it must go well */
			blob = NULL;
			clear(other);
			good = persons_go_on(why, &blob);
			free(blob);
			if (!good)
				fail_msg("fault %u/%d at %u (%s), and then: %s", fault->calls, fault->error, nth, fail_which(), why);
		}
	assert_true(wrong > 20);
}

/* A failed sync of new keys leaves none of them, and may be tried again. */
static void new_keys_are_on_disk_or_not_there(void **state)
{
	struct persons *persons;
	char why[300];
	(void)state;
	clear(dir);
	assert_int_equal(persons_create(dir, why, sizeof(why)), 0);
	for (unsigned f = 0; f < FAULTS; f++)
		for (nth = 1;; nth++) {
			int result;
			bool struck;
			fault = &faults[f];
			clear(dir);
			assert_int_equal(persons_create(dir, why, sizeof(why)), 0);
			assert_int_equal(persons_open(&persons, dir, true, why, sizeof(why)), 0);
			persons_add(persons, 1);
			fail_call(fault->calls, fault->error, nth);
			result = persons_sync(persons);
			struck = fail_none();
			if (result != 0)
				assert_int_equal(persons_sync(persons), 0);
			persons_close(&persons);
			assert_int_equal(persons_open(&persons, dir, false, why, sizeof(why)), 0);
			assert_true(persons_known(persons, 1));
			assert_int_equal(persons_count(persons), 1);
			persons_close(&persons);
			if (!struck)
				break;
		}
}

static void the_store_s_key_is_made_whole_or_not_at_all(void **state)
{
	struct store_key key, again;
	char why[300];
	unsigned wrong = 0;
	(void)state;
	for (unsigned f = 0; f < FAULTS; f++)
		for (nth = 1;; nth++) {
			int result;
			bool struck;
			fault = &faults[f];
			clear(dir);
			why[0] = '\0';
			fail_call(fault->calls, fault->error, nth);
			result = store_key_create(dir, &key, why, sizeof(why));
			if (result == 0)
				result = store_key_read(dir, &again, why, sizeof(why));
			struck = fail_none();
			if (result == 0)
				assert_memory_equal(&key, &again, sizeof(key));
			else if (!why[0])
				fail_msg("fault %u/%d at %u (%s): nothing was said", fault->calls, fault->error, nth, fail_which());
			wrong += result != 0;
			if (!struck) {
				assert_int_equal(result, 0);
				break;
			}
		}
	assert_true(wrong > 10);
}

static int setup(void **state)
{
	int made = place_make(state);

	place = *state;
	place_inside(place, dir, "dir");
	place_inside(place, kept, "kept");
	return made;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_making_says_what_went_wrong),
		cmocka_unit_test(one_that_was_closed_goes_on),
		cmocka_unit_test(one_that_was_cut_off_is_put_right),
		cmocka_unit_test(reading_gives_what_is_there_or_says_why_not),
		cmocka_unit_test(keys_of_persons_are_kept_or_it_is_said),
		cmocka_unit_test(new_keys_are_on_disk_or_not_there),
		cmocka_unit_test(the_store_s_key_is_made_whole_or_not_at_all),
	};

	return cmocka_run_group_tests_name("store_sick", tests, setup, place_remove);
}
