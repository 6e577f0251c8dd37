/* The redo log as a dead process or a power cut leaves it: whole, damaged, in the wrong place.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/store_place.h"

#include <errno.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "store/crc32c.h"
#include "store/redo_parts.h"

enum { BEFORE = 3, COMMITS = 12 }; /* so many before the store was opened again */

static uint64_t redo_room = 64 << 10; /* does not turn over here */
static const char *as_synced;         /* a folder: data.mdb is put there as its last sync left it */
static unsigned names_left;           /* the process ends at the nth change of a name from now on; 0: it does not */

static void a_name_changes(void)
{
	if (names_left > 0 && --names_left == 0)
		_exit(9);
}

/* What a start does before it puts pages back. */
static struct {
	bool fails;                   /* the header's sync does */
	int header_fd;                /* it was written here */
	bool header_synced, pages_before, pages_after;
} start;

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at)
{
	if (size > sizeof redo_magic && !memcmp(bytes, redo_magic, sizeof redo_magic)) {
		start.header_fd = fd;
	} else if (at == 0 && size == 2 * (size_t)getpagesize()) { /* data.mdb's first two */
		start.pages_before |= !start.header_synced;
		start.pages_after |= start.header_synced;
	}
	return syscall(SYS_pwrite64, fd, bytes, size, at);
}

int fdatasync(int fd)
{
	if (fd == start.header_fd && start.fails) {
		errno = EIO;
		return -1;
	}
	start.header_synced |= fd == start.header_fd;
	return (int)syscall(SYS_fdatasync, fd);
}

int unlinkat(int folder, const char *name, int flags)
{
	a_name_changes();
	return (int)syscall(SYS_unlinkat, folder, name, flags);
}

int renameat(int from_folder, const char *from, int to_folder, const char *to)
{
	a_name_changes();
	return (int)syscall(SYS_renameat2, from_folder, from, to_folder, to, 0);
}

static enum store_result open_in(const char *dir, enum store_mode mode, const char *boot, struct store **store, char why[static 300])
{
	struct store_options options = place_options(mode);

	options.redo_size = redo_room;
	options.boot = boot;
	return store_open(store, dir, &options, why, 300);
}

static bool commit_one(struct store *store, unsigned i)
{
	struct txn *txn;

	return store_begin(store, true, &txn) == STORE_OK &&
	       store_append(txn, TABLE_LOG, place_key(i), slice_text("a record")) == STORE_OK &&
	       store_put(txn, TABLE_CASES, slice_text("newest"), place_key(i)) == STORE_OK &&
	       (i == 1 || store_delete(txn, TABLE_ALERTS, place_key(i - 1)) == STORE_OK) &&
	       store_put(txn, TABLE_ALERTS, place_key(i), slice_text("only the newest")) == STORE_OK &&
	       store_commit(&txn) == STORE_OK;
}

static void copy_file(const char *from_dir, const char *to_dir, const char *name)
{
	char from[400], to[400];
	static uint8_t bytes[4 << 20];
	int in, out;
	ssize_t size;

	snprintf(from, sizeof(from), "%s/%s", from_dir, name);
	snprintf(to, sizeof(to), "%s/%s", to_dir, name);
	in = open(from, O_RDONLY);
	out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(in >= 0 && out >= 0);
	while ((size = read(in, bytes, sizeof(bytes))) > 0)
		assert_int_equal(write(out, bytes, (size_t)size), size);
	close(in);
	close(out);
}

/* A process that commits so often and is gone, its store not closed. */
static void die_after(const char *dir, unsigned commits)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		struct store *store;
		char why[300];

		if (open_in(dir, STORE_CREATE, "one", &store, why) != STORE_OK)
			_exit(1);
		for (unsigned i = 1; i <= commits; i++) {
			if (i == BEFORE + 1) {
				store_close(&store);
				if (open_in(dir, STORE_WRITE, "one", &store, why) != STORE_OK)
					_exit(1);
				if (as_synced)
					copy_file(dir, as_synced, "data.mdb");
			}
			if (!commit_one(store, i))
				_exit(1);
		}
		_exit(7);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}

/* How many commits stand; all that they did must. */
static uint64_t standing(struct store *store)
{
	struct txn *txn = place_begin(store, false);
	uint64_t count = store_count(txn, TABLE_LOG);
	struct slice value;

	if (count > 0) {
		assert_int_equal(store_get(txn, TABLE_CASES, slice_text("newest"), &value), STORE_OK);
		assert_true(slice_equal(value, place_key(count)));
		assert_int_equal(store_get(txn, TABLE_ALERTS, place_key(count), &value), STORE_OK);
	}
	assert_int_equal(store_count(txn, TABLE_ALERTS), count > 0);
	store_abort(&txn);
	return count;
}

static void copy_store(const char *from, const char *to)
{
	copy_file(from, to, "data.mdb");
	copy_file(from, to, "redo.0");
	copy_file(from, to, "redo.1");
}

static bool is_there(const char *dir, const char *name)
{
	char path[400];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return access(path, F_OK) == 0;
}

static void what_a_dead_process_committed_stands(void **state)
{
	static const char *const boots[] = { "one", "another" };
	struct place *place = *state;

	for (unsigned i = 0; i < 4; i++) {
		char dir[300], name[8], why[300] = "";
		struct store *store;
		enum store_mode mode = i / 2 ? STORE_READ : STORE_WRITE;

		snprintf(name, sizeof(name), "%u", i);
		place_inside(place, dir, name);
		die_after(dir, COMMITS);
		assert_true(is_there(dir, "redo.0") && is_there(dir, "redo.1"));
		if (open_in(dir, mode, boots[i % 2], &store, why) != STORE_OK)
			fail_msg("%s", why);
		assert_int_equal(standing(store), COMMITS);
		store_close(&store);
		/* A closed store is data.mdb alone. Reading leaves it as it was, but where it had to be put right. */
		assert_int_equal(is_there(dir, "redo.0"), mode == STORE_READ && i % 2 == 0);
	}
}

/* The system goes on, so data.mdb is read as it was written: unless a sync failed, and the pages that it should have
 * written are gone. Whether one did nobody knows once the process has ended. */
static void what_is_not_in_data_mdb_stands_after_the_same_boot(void **state)
{
	struct place *place = *state;
	char dir[300], synced[300], why[300] = "";
	struct store *store;

	place_inside(place, dir, "store");
	place_inside(place, synced, "synced");
	as_synced = synced;
	die_after(dir, COMMITS);
	as_synced = NULL;
	copy_file(synced, dir, "data.mdb");
	if (open_in(dir, STORE_WRITE, "one", &store, why) != STORE_OK)
		fail_msg("%s", why);
	assert_int_equal(standing(store), COMMITS);
	store_close(&store);
}

/* It may be in the page cache alone. The pages that it keeps are put back once it is on the disk, or the start fails. */
static void the_header_is_on_disk_before_its_pages_are_put_back(void **state)
{
	struct place *place = *state;

	for (unsigned i = 0; i < 2; i++) {
		char dir[300], name[8], why[300] = "";
		struct store *store;

		snprintf(name, sizeof(name), "%u", i);
		place_inside(place, dir, name);
		die_after(dir, COMMITS);
		memset(&start, 0, sizeof(start));
		start.header_fd = -1;
		start.fails = i == 1;
		assert_int_equal(open_in(dir, STORE_WRITE, i ? "one" : "another", &store, why), i ? STORE_FAILED : STORE_OK);
		start.fails = false;
		assert_false(start.pages_before);
		assert_int_equal(start.pages_after, i == 0);
		if (i == 1)
			assert_int_equal(open_in(dir, STORE_WRITE, "one", &store, why), STORE_OK);
		assert_int_equal(standing(store), COMMITS);
		store_close(&store);
	}
}

static void a_bit_flipped_in_it_is_found_or_changes_nothing(void **state)
{
	struct place *place = *state;
	uint64_t random = place_seed();
	char dir[300], copy[300], path[400], why[300];
	unsigned refused = 0, tail = 0, nothing = 0;
	struct store *store;

	place_inside(place, dir, "whole");
	place_inside(place, copy, "copy");
	die_after(dir, COMMITS);
	for (unsigned i = 0; i < 600; i++) {
		uint8_t byte;
		off_t at;
		int fd;

		copy_store(dir, copy);
		snprintf(path, sizeof(path), "%s/redo.%u", copy, i % 8 == 0 ? 0 : 1);
		fd = open(path, O_RDWR);
		/* the header with its two pages, and what comes right after it */
		at = (off_t)(place_random(&random) % (i % 2 ? 8192 + 80 : 12288 + 2200));
		assert_int_equal(pread(fd, &byte, 1, at), 1);
		byte ^= (uint8_t)(1u << place_random(&random) % 8);
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
		close(fd);
		if (open_in(copy, STORE_WRITE, "another", &store, why) == STORE_DAMAGED) {
			refused++;
			continue;
		}
		assert_non_null(store);
		/* The last of all can't be told from one that was being written. */
		assert_in_range(standing(store), COMMITS - 1, COMMITS);
		tail += standing(store) < COMMITS;
		nothing += standing(store) == COMMITS;
		store_close(&store);
	}
	print_message("%u refused, %u took the last away, %u changed nothing\n", refused, tail, nothing);
	assert_true(refused > 100 && tail > 0 && nothing > 0);
}

static void a_log_cut_short_gives_what_it_holds(void **state)
{
	struct place *place = *state;
	char dir[300], copy[300], path[400], why[300];
	uint64_t before = 0;
	struct store *store;

	place_inside(place, dir, "whole");
	place_inside(place, copy, "copy");
	die_after(dir, COMMITS);
	for (off_t size = 12288; size < 12288 + 2500; size += 37) {
		copy_store(dir, copy);
		snprintf(path, sizeof(path), "%s/redo.1", copy);
		assert_int_equal(truncate(path, size), 0);
		assert_int_equal(open_in(copy, STORE_WRITE, "another", &store, why), STORE_OK);
		assert_true(standing(store) >= before);
		before = standing(store);
		store_close(&store);
	}
	assert_int_equal(before, COMMITS);
}

static void a_log_that_is_not_this_stores_is_refused(void **state)
{
	struct place *place = *state;
	char dir[300], other[300], path[400], why[300] = "";
	struct store_options options = place_options(STORE_WRITE);
	struct store *store;

	place_inside(place, dir, "its");
	place_inside(place, other, "other");
	die_after(dir, COMMITS);
	/* another store's key */
	options.check_key[0] ^= 1;
	options.boot = "another";
	assert_int_equal(store_open(&store, dir, &options, why, sizeof(why)), STORE_DAMAGED);
	assert_non_null(strstr(why, "redo.0"));
	/* an older data.mdb, put back: refused as long as the log is there, and good by itself */
	die_after(other, BEFORE - 1);
	assert_int_equal(open_in(other, STORE_WRITE, "one", &store, why), STORE_OK);
	store_close(&store);
	copy_file(other, dir, "data.mdb");
	assert_int_equal(open_in(dir, STORE_READ, "another", &store, why), STORE_DAMAGED);
	assert_non_null(strstr(why, "older"));
	snprintf(path, sizeof(path), "%s/redo.0", dir);
	assert_int_equal(unlink(path), 0);
	snprintf(path, sizeof(path), "%s/redo.1", dir);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(open_in(dir, STORE_WRITE, "another", &store, why), STORE_OK);
	assert_int_equal(standing(store), BEFORE - 1);
	store_close(&store);
}

/* A power cut after a clean end, when the disk has forgotten one of the two names. */
static void one_of_its_files_alone_says_nothing(void **state)
{
	struct place *place = *state;
	char dir[300], kept[300], path[400], why[300] = "";
	struct store *store;
	unsigned commits = 0;

	place_inside(place, dir, "its");
	place_inside(place, kept, "kept");
	store = place_open(dir, STORE_CREATE);
	/* longer and longer lives: the files take turns, and the newest header is in the one or the other */
	for (unsigned life = 0; life < 12; life++) {
		for (unsigned i = 0; i < 7 * (life + 1); i++)
			assert_true(commit_one(store, ++commits));
		copy_store(dir, kept);
		store_close(&store);
		for (unsigned i = 0; i < 4; i++) {
			const char *name = i & 1 ? "redo.1" : "redo.0";
			enum store_mode mode = i & 2 ? STORE_WRITE : STORE_READ;

			copy_file(kept, dir, name);
			if (open_in(dir, mode, "another", &store, why) != STORE_OK)
				fail_msg("%s", why);
			assert_int_equal(standing(store), commits);
			store_close(&store);
			assert_int_equal(is_there(dir, name), mode == STORE_READ);
			snprintf(path, sizeof(path), "%s/%s", dir, name);
			unlink(path);
		}
		store = place_open(dir, STORE_WRITE);
	}
	store_close(&store);
}

/* It dies between two changes of the files' names, while a log is taken away or begun; and then the power fails. */
static bool ends_at_name(const char *dir, unsigned nth)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		struct store *store;
		char why[300];

		names_left = nth;
		if (open_in(dir, STORE_WRITE, "one", &store, why) != STORE_OK)
			_exit(1);
		store_close(&store);
		_exit(7);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && (WEXITSTATUS(status) == 7 || WEXITSTATUS(status) == 9));
	return WEXITSTATUS(status) == 9;
}

static void one_file_left_of_two_is_no_log(void **state)
{
	unsigned ends = 0;

	redo_room = 500; /* for two or three commits: the newest header is now in the one, now in the other */
	for (unsigned commits = COMMITS; commits < COMMITS + 4; commits++) {
		bool any = true;

		for (unsigned nth = 1; any; nth++) {
			char dir[300], name[32], why[300] = "";
			struct store *store;

			snprintf(name, sizeof(name), "left-%u-%u", commits, nth);
			place_inside(*state, dir, name);
			die_after(dir, commits);
			any = ends_at_name(dir, nth);
			ends += any;
			if (open_in(dir, STORE_WRITE, "another", &store, why) != STORE_OK)
				fail_msg("after %u commits, at the %u. name: %s", commits, nth, why);
			assert_int_equal(standing(store), commits);
			store_close(&store);
			assert_false(is_there(dir, "redo.0") || is_there(dir, "redo.1"));
		}
	}
	redo_room = 64 << 10;
	print_message("%u ends\n", ends);
	assert_true(ends >= 4 * 8);
}

static void its_checksum_is_crc_32c(void **state)
{
	uint8_t bytes[100];

	(void)state;
	/* RFC 3720, B.4 */
	memset(bytes, 0, 32);
	assert_int_equal(crc32c(slice_of(bytes, 32)), 0x8a9136aa);
	memset(bytes, 0xff, 32);
	assert_int_equal(crc32c(slice_of(bytes, 32)), 0x62a8ab43);
	place_fill(bytes, sizeof(bytes), 1);
	for (size_t size = 0; size <= sizeof(bytes); size++)
		assert_int_equal(crc32c(slice_of(bytes, size)), crc32c_by_table(slice_of(bytes, size)));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, place_make, place_remove)
	const struct CMUnitTest tests[] = {
		TEST(what_a_dead_process_committed_stands),
		TEST(what_is_not_in_data_mdb_stands_after_the_same_boot),
		TEST(the_header_is_on_disk_before_its_pages_are_put_back),
		TEST(a_bit_flipped_in_it_is_found_or_changes_nothing),
		TEST(a_log_cut_short_gives_what_it_holds),
		TEST(one_of_its_files_alone_says_nothing),
		TEST(one_file_left_of_two_is_no_log),
		cmocka_unit_test(its_checksum_is_crc_32c),
		TEST(a_log_that_is_not_this_stores_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
