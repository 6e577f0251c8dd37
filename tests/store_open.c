/* Opening a store: who may, who is refused and with what result.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/store_place.h"

#include <lmdb.h>
#include <sys/resource.h>
#include <signal.h>
#include <sys/wait.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED true
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define SANITIZED true
#endif
#ifndef SANITIZED
#define SANITIZED false
#endif

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

static enum store_result open_as(const char *dir, struct store_options options, char why[static 300])
{
	struct store *store;
	enum store_result result = store_open(&store, dir, &options, why, 300);

	assert_true((result == STORE_OK) == (store != NULL));
	store_close(&store);
	return result;
}

static void a_second_writer_is_told_who_is_there(void **state)
{
	struct place *place = *state;
	struct store *store = place_open(place->dir, STORE_CREATE);
	char why[300], pid[24];
	int status;
	pid_t child;

	put_one(store, TABLE_CASES, text("k"), text("v"));
	snprintf(pid, sizeof(pid), "(%ld)", (long)getpid());
	child = fork();
	if (child == 0) {
		bool good = open_as(place->dir, place_options(STORE_WRITE), why) == STORE_BUSY && strstr(why, pid);

		/* A reader comes in beside the writer. */
		good = good && open_as(place->dir, place_options(STORE_READ), why) == STORE_OK;
		_exit(good ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	put_one(store, TABLE_CASES, text("k"), text("w"));
	store_close(&store);
	assert_int_equal(open_as(place->dir, place_options(STORE_WRITE), why), STORE_OK);
}

static void the_same_process_opens_it_once(void **state)
{
	struct place *place = *state;
	struct store *store = place_open(place->dir, STORE_CREATE);
	char why[300], other[300];

	assert_int_equal(open_as(place->dir, place_options(STORE_READ), why), STORE_FAILED);
	assert_non_null(strstr(why, "in this process"));
	snprintf(other, sizeof(other), "%s/.", place->dir);
	assert_int_equal(open_as(other, place_options(STORE_WRITE), why), STORE_FAILED);
	place_inside(place, other, "another");
	assert_int_equal(open_as(other, place_options(STORE_CREATE), why), STORE_OK);
	store_close(&store);
	assert_int_equal(open_as(place->dir, place_options(STORE_READ), why), STORE_OK);
}

/* A reader in another process sees each commit, though the writer has since got a larger map. */
static void a_reader_follows_a_writer_in_another_process(void **state)
{
	struct place *place = *state;
	struct store_options options = place_options(STORE_CREATE);
	struct store *store;
	int to_child[2], to_parent[2], status;
	uint8_t value[3000] = { 1 };
	char byte = 0;
	pid_t child;

	options.map_size = 1 << 20;
	assert_int_equal(store_open(&store, place->dir, &options, NULL, 0), STORE_OK);
	put_one(store, TABLE_CASES, place_key(1), text("v"));
	store_close(&store);
	assert_int_equal(pipe(to_child) | pipe(to_parent), 0);
	child = fork();
	if (child == 0) {
		options.mode = STORE_READ;
		if (store_open(&store, place->dir, &options, NULL, 0) != STORE_OK || !holds(store, TABLE_CASES, place_key(1), text("v")))
			_exit(1);
		if (write(to_parent[1], "x", 1) != 1 || read(to_child[0], &byte, 1) != 1)
			_exit(2);
		if (!holds(store, TABLE_CASES, place_key(900), slice_of(value, sizeof(value))))
			_exit(3);
		store_close(&store);
		_exit(0);
	}
	assert_int_equal(read(to_parent[0], &byte, 1), 1);
	options.mode = STORE_WRITE;
	options.map_size = 16 << 20;
	assert_int_equal(store_open(&store, place->dir, &options, NULL, 0), STORE_OK);
	for (uint64_t i = 2; i <= 900; i += 2) {
		struct txn *txn = place_begin(store, true);

		for (uint64_t j = i; j < i + 2; j++)
			assert_int_equal(store_put(txn, TABLE_CASES, place_key(j), slice_of(value, sizeof(value))), STORE_OK);
		assert_int_equal(store_commit(&txn), STORE_OK);
	}
	assert_int_equal(write(to_child[1], "x", 1), 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	store_close(&store);
	for (int i = 0; i < 2; i++) {
		close(to_child[i]);
		close(to_parent[i]);
	}
}

/* A `verify` that was killed, say, beside a daemon that goes on for months. */
static void a_reader_that_was_killed_holds_no_pages(void **state)
{
	struct place *place = *state;
	struct store *store = place_open(place->dir, STORE_CREATE);
	struct store_room room;
	int to_child[2], to_parent[2];
	char byte = 0;
	pid_t child;

	put_one(store, TABLE_CASES, place_key(1), text("v"));
	store_close(&store);
	assert_int_equal(pipe(to_child) | pipe(to_parent), 0);
	child = fork();
	if (child == 0) {
		if (read(to_child[0], &byte, 1) != 1)
			_exit(1);
		store = place_open(place->dir, STORE_READ);
		place_begin(store, false);
		_exit(write(to_parent[1], "x", 1) != 1 || read(to_child[0], &byte, 1) != 1);
	}
	store = place_open(place->dir, STORE_WRITE);
	assert_int_equal(write(to_child[1], "x", 1), 1);
	assert_int_equal(read(to_parent[0], &byte, 1), 1);
	for (int i = 0; i < 3; i++)
		put_one(store, TABLE_CASES, place_key(2), text("v"));
	store_room(store, &room);
	assert_int_equal(room.readers, 1);
	assert_int_equal(room.oldest_reader, 3);
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, NULL, 0), child);
	store_room(store, &room);
	assert_int_equal(room.readers, 0);
	assert_int_equal(room.oldest_reader, 0);
	store_close(&store);
	for (int i = 0; i < 2; i++) {
		close(to_child[i]);
		close(to_parent[i]);
	}
}

static void a_reader_does_not_write(void **state)
{
	struct place *place = *state;
	struct store *store = place_open(place->dir, STORE_CREATE);
	struct txn *txn;

	store_close(&store);
	store = place_open(place->dir, STORE_READ);
	assert_int_equal(store_begin(store, true, &txn), STORE_FAILED);
	assert_null(txn);
	store_close(&store);
}

static void what_is_not_a_store_is_refused(void **state)
{
	struct place *place = *state;
	char why[300], path[600];
	int fd;

	assert_int_equal(open_as(place->dir, place_options(STORE_WRITE), why), STORE_FAILED);
	assert_non_null(strstr(why, "there is no store"));
	assert_int_equal(open_as(place->dir, place_options(STORE_READ), why), STORE_FAILED);
	snprintf(path, sizeof(path), "%s/nowhere", place->dir);
	assert_int_equal(open_as(path, place_options(STORE_CREATE), why), STORE_FAILED);
	assert_int_equal(open_as(place->dir, place_options(STORE_CREATE), why), STORE_OK);
	assert_int_equal(open_as(place->dir, place_options(STORE_CREATE), why), STORE_FAILED);
	assert_non_null(strstr(why, "already"));
	/* The refusal has done it no harm. */
	assert_int_equal(open_as(place->dir, place_options(STORE_WRITE), why), STORE_OK);
	/* Another check key than that which it was written with. */
	struct store_options other = place_options(STORE_WRITE);

	other.check_key[0] ^= 1;
	assert_int_equal(open_as(place->dir, other, why), STORE_DAMAGED);
	snprintf(path, sizeof(path), "%s/data.mdb", place->dir);
	fd = open(path, O_WRONLY | O_TRUNC);
	assert_int_equal(write(fd, why, sizeof(why)), sizeof(why));
	close(fd);
	assert_int_equal(open_as(place->dir, place_options(STORE_WRITE), why), STORE_DAMAGED);
}

static void set_schema(const char *dir, uint32_t schema)
{
	struct store *store = place_open(dir, STORE_WRITE);
	uint8_t room[4];
	struct writer w = writer_of(room, sizeof(room));

	write_u32(&w, schema);
	put_one(store, TABLE_META, text("schema"), writer_slice(&w));
	store_close(&store);
}

static void a_newer_store_is_refused_by_name(void **state)
{
	struct place *place = *state;
	char why[300];

	assert_int_equal(open_as(place->dir, place_options(STORE_CREATE), why), STORE_OK);
	set_schema(place->dir, STORE_SCHEMA);
	set_schema(place->dir, 77);
	assert_int_equal(open_as(place->dir, place_options(STORE_WRITE), why), STORE_NEWER);
	assert_non_null(strstr(why, "schema 77"));
	assert_non_null(strstr(why, "knows 5"));
	assert_int_equal(open_as(place->dir, place_options(STORE_READ), why), STORE_NEWER);
}

/* Takes the tables of later schemas away, as a store of schema 1 has none. */
static void make_older(const char *dir)
{
	MDB_env *env;
	MDB_txn *txn;
	MDB_dbi table;

	set_schema(dir, 1);
	assert_int_equal(mdb_env_create(&env), 0);
	assert_int_equal(mdb_env_set_maxdbs(env, TABLE_COUNT), 0);
	assert_int_equal(mdb_env_set_mapsize(env, 1 << 24), 0);
	assert_int_equal(mdb_env_open(env, dir, 0, 0600), 0);
	assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
	for (int i = STORE_TABLES_1; i < TABLE_COUNT; i++) {
		assert_int_equal(mdb_dbi_open(txn, table_text((enum table)i), 0, &table), 0);
		assert_int_equal(mdb_drop(txn, table, 1), 0);
	}
	assert_int_equal(mdb_txn_commit(txn), 0);
	mdb_env_close(env);
}

static void an_older_store_is_read_as_it_is_and_grown_for_writing(void **state)
{
	struct place *place = *state;
	struct store *store = place_open(place->dir, STORE_CREATE);
	struct slice key, value;
	struct scrub scrub = { 0 };
	struct scan scan;
	struct txn *txn;
	char why[300];

	put_one(store, TABLE_CASES, text("a"), text("case"));
	store_close(&store);
	make_older(place->dir);
	store = place_open(place->dir, STORE_READ);
	assert_true(holds(store, TABLE_CASES, text("a"), text("case")));
	txn = place_begin(store, false);
	assert_int_equal(store_get(txn, TABLE_PEOPLE, text("a"), &value), STORE_NONE);
	assert_int_equal(store_count(txn, TABLE_PEOPLE), 0);
	assert_int_equal(scan_last(txn, TABLE_COVERS, &key, &value), STORE_NONE);
	assert_int_equal(scan_open(&scan, txn, TABLE_PEOPLE, text("")), STORE_OK);
	assert_int_equal(scan_next(&scan, &key, &value), STORE_NONE);
	scan_close(&scan);
	store_abort(&txn);
	assert_int_equal(store_scrub(store, &scrub, 1000, why, sizeof(why)), STORE_NONE);
	store_close(&store);
	store = place_open(place->dir, STORE_WRITE);
	put_one(store, TABLE_PEOPLE, text("a"), text("people"));
	store_close(&store);
	store = place_open(place->dir, STORE_READ);
	assert_true(holds(store, TABLE_PEOPLE, text("a"), text("people")));
	assert_true(holds(store, TABLE_CASES, text("a"), text("case")));
	store_close(&store);
}

static void what_is_open_to_others_is_refused(void **state)
{
	struct place *place = *state;
	char why[300], path[300];
	struct stat status;

	/* Making one closes its directory. */
	assert_int_equal(chmod(place->dir, 0777), 0);
	assert_int_equal(open_as(place->dir, place_options(STORE_CREATE), why), STORE_OK);
	assert_int_equal(stat(place->dir, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0700);
	for (int i = 0; i < 3; i++) {
		static const char *const names[] = { "data.mdb", "lock.mdb", "lock" };

		snprintf(path, sizeof(path), "%s/%s", place->dir, names[i]);
		assert_int_equal(stat(path, &status), 0);
		assert_int_equal(status.st_mode & 07777, 0600);
	}
	snprintf(path, sizeof(path), "%s/data.mdb", place->dir);
	for (mode_t bit = 1; bit <= 040; bit <<= 1) {
		chmod(path, 0600 | bit);
		assert_int_equal(open_as(place->dir, place_options(STORE_WRITE), why), STORE_FAILED);
		assert_non_null(strstr(why, "data.mdb"));
		assert_int_equal(open_as(place->dir, place_options(STORE_READ), why), STORE_FAILED);
	}
	chmod(path, 0600);
	chmod(place->dir, 0770);
	assert_int_equal(open_as(place->dir, place_options(STORE_WRITE), why), STORE_FAILED);
	chmod(place->dir, 0750);
	assert_int_equal(open_as(place->dir, place_options(STORE_WRITE), why), STORE_OK);
}

/* Where a limit leaves no terabyte of address space, less is mapped. */
static void the_map_fits_the_address_space(void **state)
{
	struct place *place = *state;
	int status;
	pid_t child;

	if (SANITIZED)
		skip(); /* the sanitizer's own shadow is larger than any limit */
	child = fork();
	if (child == 0) {
		struct rlimit limit = { (rlim_t)3 << 30, (rlim_t)3 << 30 };
		struct store_options options = place_options(STORE_CREATE);
		struct store_room room;
		struct store *store;

		options.map_size = 0;
		if (setrlimit(RLIMIT_AS, &limit) != 0 || store_open(&store, place->dir, &options, NULL, 0) != STORE_OK)
			_exit(1);
		store_room(store, &room);
		store_close(&store);
		_exit(room.map_size >= (uint64_t)1 << 30 && room.map_size < (uint64_t)3 << 30 ? 0 : 2);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, place_make, place_remove)
	const struct CMUnitTest tests[] = {
		TEST(a_second_writer_is_told_who_is_there),
		TEST(the_same_process_opens_it_once),
		TEST(a_reader_follows_a_writer_in_another_process),
		TEST(a_reader_that_was_killed_holds_no_pages),
		TEST(a_reader_does_not_write),
		TEST(what_is_not_a_store_is_refused),
		TEST(a_newer_store_is_refused_by_name),
		TEST(an_older_store_is_read_as_it_is_and_grown_for_writing),
		TEST(what_is_open_to_others_is_refused),
		TEST(the_map_fits_the_address_space),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
