/* store.key and persons.keys: what comes back, what is refused, what is gone.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/store_place.h"

#include <sodium.h>

#include "proto/ids.h"
#include "store/secrets.h"

enum { RECORD = 44 };

static char why[300];

static char *path_of(const struct place *place, const char *name)
{
	static char path[400];

	snprintf(path, sizeof(path), "%s/%s", place->dir, name);
	return path;
}

static size_t read_all(const char *path, uint8_t *bytes, size_t size)
{
	int fd = open(path, O_RDONLY);
	ssize_t got = read(fd, bytes, size);

	close(fd);
	return got < 0 ? 0 : (size_t)got;
}

static void write_all(const char *path, const uint8_t *bytes, size_t size)
{
	int fd = open(path, O_WRONLY | O_TRUNC);

	assert_int_equal(write(fd, bytes, size), size);
	close(fd);
}

static struct persons *open_persons(const struct place *place)
{
	struct persons *persons;

	if (persons_open(&persons, place->dir, true, why, sizeof(why)) != 0)
		fail_msg("%s", why);
	return persons;
}

static struct persons *make_persons(const struct place *place, uint32_t count)
{
	struct persons *persons;

	assert_int_equal(persons_create(place->dir, why, sizeof(why)), 0);
	persons = open_persons(place);
	for (uint32_t pupil = 1; pupil <= count; pupil++)
		persons_add(persons, pupil);
	assert_int_equal(persons_sync(persons), 0);
	return persons;
}

/* Can this pupil's sealed text be read? */
static bool reads(const struct persons *persons, uint32_t pupil, struct slice sealed)
{
	uint8_t room[200];
	struct writer w = writer_of(room, sizeof(room));

	return persons_unseal(persons, pupil, 3, 1000 + pupil, sealed, &w) && slice_is(writer_slice(&w), "A999999900001");
}

static struct slice seal(struct persons *persons, uint32_t pupil, uint8_t room[static 200])
{
	struct writer w = writer_of(room, 200);

	assert_true(persons_seal(persons, pupil, 3, 1000 + pupil, slice_text("A999999900001"), &w));
	assert_int_equal(writer_size(&w), 13 + SEAL_EXTRA);
	return writer_slice(&w);
}

static void the_store_key_comes_back(void **state)
{
	struct place *place = *state;
	struct store_key key, read, other;
	struct stat status;

	assert_int_equal(store_key_read(place->dir, &read, why, sizeof(why)), -1);
	assert_int_equal(store_key_create(place->dir, &key, why, sizeof(why)), 0);
	assert_int_equal(stat(path_of(place, "store.key"), &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	assert_int_equal(store_key_read(place->dir, &read, why, sizeof(why)), 0);
	assert_memory_equal(&key, &read, sizeof(key));
	assert_memory_not_equal(key.check, key.upn, 16);
	/* Made once. */
	assert_int_equal(store_key_create(place->dir, &other, why, sizeof(why)), -1);
	assert_non_null(strstr(why, "already"));
	assert_int_equal(store_key_read(place->dir, &read, why, sizeof(why)), 0);
	assert_memory_equal(&key, &read, sizeof(key));
	/* Nothing is left lying beside it. */
	assert_int_equal(stat(path_of(place, "store.key.new"), &status), -1);
}

static void a_changed_store_key_is_refused(void **state)
{
	struct place *place = *state;
	struct store_key key;
	uint8_t bytes[200];
	size_t size;

	assert_int_equal(store_key_create(place->dir, &key, why, sizeof(why)), 0);
	size = read_all(path_of(place, "store.key"), bytes, sizeof(bytes));
	assert_int_equal(size, 100);
	for (size_t i = 0; i < size; i++) {
		bytes[i] ^= 0x10;
		write_all(path_of(place, "store.key"), bytes, size);
		assert_int_equal(store_key_read(place->dir, &key, why, sizeof(why)), -1);
		bytes[i] ^= 0x10;
	}
	write_all(path_of(place, "store.key"), bytes, size - 1);
	assert_int_equal(store_key_read(place->dir, &key, why, sizeof(why)), -1);
	write_all(path_of(place, "store.key"), bytes, size);
	assert_int_equal(store_key_read(place->dir, &key, why, sizeof(why)), 0);
}

static void files_that_others_can_read_are_refused_by_name(void **state)
{
	static const char *const names[] = { "store.key", "persons.keys" };
	struct place *place = *state;
	struct store_key key;
	struct persons *persons = make_persons(place, 2);

	persons_close(&persons);
	assert_int_equal(store_key_create(place->dir, &key, why, sizeof(why)), 0);
	for (int i = 0; i < 2; i++) {
		for (mode_t bit = 1; bit <= 040; bit <<= 1) {
			chmod(path_of(place, names[i]), 0600 | bit);
			if (i == 0)
				assert_int_equal(store_key_read(place->dir, &key, why, sizeof(why)), -1);
			else
				assert_int_equal(persons_open(&persons, place->dir, false, why, sizeof(why)), -1);
			assert_non_null(strstr(why, names[i]));
			assert_non_null(strstr(why, "open to others"));
		}
		chmod(path_of(place, names[i]), 0600);
	}
	assert_int_equal(store_key_read(place->dir, &key, why, sizeof(why)), 0);
	assert_int_equal(persons_open(&persons, place->dir, false, why, sizeof(why)), 0);
	persons_close(&persons);
	/* Nor is a link to one followed. */
	assert_int_equal(unlink(path_of(place, "store.key")), 0);
	assert_int_equal(symlink("persons.keys", path_of(place, "store.key")), 0);
	assert_int_equal(store_key_read(place->dir, &key, why, sizeof(why)), -1);
}

static void persons_come_back(void **state)
{
	struct place *place = *state;
	struct persons *persons = make_persons(place, 1500);
	uint8_t room[200];
	struct slice sealed = seal(persons, 1500, room);

	assert_int_equal(persons_count(persons), 1500);
	assert_true(persons_known(persons, 1));
	assert_false(persons_known(persons, 0));
	assert_false(persons_known(persons, 1501));
	assert_false(persons_known(persons, UINT32_MAX));
	persons_close(&persons);
	assert_null(persons);
	persons_close(&persons);
	for (int write = 0; write < 2; write++) {
		assert_int_equal(persons_open(&persons, place->dir, write, why, sizeof(why)), 0);
		assert_int_equal(persons_count(persons), 1500);
		assert_int_equal(persons_dropped(persons), 0);
		assert_true(reads(persons, 1500, sealed));
		persons_close(&persons);
	}
	assert_int_equal(persons_create(place->dir, why, sizeof(why)), -1);
}

static void a_seal_is_good_for_one_place_only(void **state)
{
	struct place *place = *state;
	struct persons *persons = make_persons(place, 2);
	uint8_t room[200], again[200], open[200];
	struct slice sealed = seal(persons, 1, room), other = seal(persons, 1, again);
	struct writer w = writer_of(open, sizeof(open));

	/* The nonce is another each time. */
	assert_false(slice_equal(sealed, other));
	assert_true(reads(persons, 1, sealed));
	assert_true(reads(persons, 1, other));
	assert_false(persons_unseal(persons, 2, 3, 1001, sealed, &w));
	assert_false(persons_unseal(persons, 1, 4, 1001, sealed, &w));
	assert_false(persons_unseal(persons, 1, 3, 1002, sealed, &w));
	for (size_t i = 0; i < sealed.size; i++) {
		room[i] ^= 1;
		assert_false(persons_unseal(persons, 1, 3, 1001, sealed, &w));
		room[i] ^= 1;
	}
	for (size_t size = 0; size < sealed.size; size++)
		assert_false(persons_unseal(persons, 1, 3, 1001, slice_of(room, size), &w));
	assert_int_equal(writer_size(&w), 0);
	assert_true(persons_unseal(persons, 1, 3, 1001, sealed, &w));
	/* Without room nothing is written. */
	w = writer_of(open, 12);
	assert_false(persons_unseal(persons, 1, 3, 1001, sealed, &w));
	assert_true(w.full);
	w = writer_of(open, 13 + SEAL_EXTRA - 1);
	assert_false(persons_seal(persons, 1, 3, 1001, slice_text("A999999900001"), &w));
	assert_true(w.full);
	w = writer_of(open, SEAL_EXTRA);
	assert_true(persons_seal(persons, 1, 3, 1001, slice_of(NULL, 0), &w));
	assert_false(persons_seal(persons, 3, 3, 1001, slice_of(NULL, 0), &w));
	persons_close(&persons);
}

static void what_was_dropped_is_not_there(void **state)
{
	struct place *place = *state;
	struct persons *persons = make_persons(place, 3);
	uint8_t room[200];
	struct slice sealed;

	persons_add(persons, 4);
	persons_add(persons, 5);
	sealed = seal(persons, 4, room);
	assert_int_equal(persons_count(persons), 5);
	persons_drop(persons);
	assert_int_equal(persons_count(persons), 3);
	assert_false(persons_known(persons, 4));
	assert_false(reads(persons, 4, sealed));
	/* The number is used again, with another key. */
	persons_add(persons, 4);
	assert_int_equal(persons_sync(persons), 0);
	assert_false(reads(persons, 4, sealed));
	persons_drop(persons);
	assert_true(persons_known(persons, 4));
	persons_add(persons, 5);
	persons_close(&persons); /* without a sync */
	persons = open_persons(place);
	assert_int_equal(persons_count(persons), 4);
	persons_close(&persons);
}

static void an_erased_person_is_gone_from_memory_and_disk(void **state)
{
	struct place *place = *state;
	struct persons *persons = make_persons(place, 3);
	uint8_t room[200], other[200], before[1000], after[1000];
	struct slice sealed = seal(persons, 3, room), kept = seal(persons, 2, other);
	size_t size = read_all(path_of(place, "persons.keys"), before, sizeof(before));
	int old = open(path_of(place, "persons.keys"), O_RDONLY);

	assert_int_equal(size, 3 * RECORD);
	assert_int_equal(persons_erase(persons, 3), 0);
	for (int round = 0; round < 2; round++) {
		assert_false(persons_known(persons, 3));
		assert_false(reads(persons, 3, sealed));
		assert_true(reads(persons, 2, kept));
		assert_int_equal(persons_count(persons), 3);
		persons_close(&persons);
		persons = open_persons(place);
	}
	/* Neither the file nor the one that it took the place of holds the key. */
	size = read_all(path_of(place, "persons.keys"), after, sizeof(after));
	assert_int_equal(size, 3 * RECORD);
	assert_null(memmem(after, size, before + 2 * RECORD + 4, PERSON_KEY_SIZE));
	assert_non_null(memmem(after, size, before + RECORD + 4, PERSON_KEY_SIZE));
	assert_int_equal(read(old, after, sizeof(after)), 3 * RECORD);
	assert_null(memmem(after, 3 * RECORD, before + 2 * RECORD + 4, PERSON_KEY_SIZE));
	close(old);
	/* Again is no error; nor is one who never was. The others go on. */
	assert_int_equal(persons_erase(persons, 3), 0);
	assert_int_equal(persons_erase(persons, 77), 0);
	persons_add(persons, 4);
	assert_int_equal(persons_sync(persons), 0);
	assert_int_equal(persons_erase(persons, 1), 0);
	persons_close(&persons);
	persons = open_persons(place);
	assert_true(persons_known(persons, 4) && persons_known(persons, 2));
	assert_false(persons_known(persons, 1) || persons_known(persons, 3));
	persons_close(&persons);
}

/* Any piece of the last record, or its place with other bytes. */
static void a_torn_tail_is_dropped(void **state)
{
	struct place *place = *state;
	struct persons *persons = make_persons(place, 3);
	uint8_t bytes[1000];
	size_t size;

	persons_close(&persons);
	size = read_all(path_of(place, "persons.keys"), bytes, sizeof(bytes));
	for (size_t torn = 2 * RECORD; torn < size; torn++) {
		write_all(path_of(place, "persons.keys"), bytes, torn);
		/* A reader leaves it alone. */
		assert_int_equal(persons_open(&persons, place->dir, false, why, sizeof(why)), 0);
		assert_int_equal(persons_count(persons), 2);
		persons_close(&persons);
		persons = open_persons(place);
		assert_int_equal(persons_count(persons), 2);
		assert_int_equal(persons_dropped(persons), torn - 2 * RECORD);
		persons_add(persons, 3);
		assert_int_equal(persons_sync(persons), 0);
		persons_close(&persons);
		persons = open_persons(place);
		assert_int_equal(persons_count(persons), 3);
		assert_int_equal(persons_dropped(persons), 0);
		persons_close(&persons);
	}
	memset(bytes + size, 0, RECORD);
	write_all(path_of(place, "persons.keys"), bytes, size + RECORD);
	persons = open_persons(place);
	assert_int_equal(persons_count(persons), 3);
	assert_int_equal(persons_dropped(persons), RECORD);
	persons_close(&persons);
}

/* The sectors of the last page, on the disk in any order. */
static void sectors_of_a_torn_tail_may_come_in_any_order(void **state)
{
	struct place *place = *state;
	struct persons *persons = make_persons(place, 3);
	uint8_t bytes[60 * RECORD], torn[60 * RECORD], room[200];
	size_t size;

	for (uint32_t n = 4; n <= 60; n++)
		persons_add(persons, n);
	assert_int_equal(persons_sync(persons), 0);
	persons_close(&persons);
	size = read_all(path_of(place, "persons.keys"), bytes, sizeof(bytes));
	assert_int_equal(size, sizeof(bytes));
	for (unsigned lost = 1; lost < 32; lost++) {
		uint32_t good = 3;
		struct slice sealed;

		memcpy(torn, bytes, size);
		for (size_t at = 3 * RECORD; at < size; at++)
			if (lost >> at / 512 & 1)
				torn[at] = 0;
		while (good < 60 && !memcmp(torn + good * RECORD, bytes + good * RECORD, RECORD))
			good++;
		write_all(path_of(place, "persons.keys"), torn, size);
		persons = open_persons(place);
		assert_int_equal(persons_count(persons), good);
		assert_int_equal(persons_dropped(persons), size - good * RECORD);
		/* what comes next has another key, and what was there before says nothing any more */
		if (good < 60) {
			persons_add(persons, good + 1);
			sealed = seal(persons, good + 1, room);
			assert_int_equal(persons_sync(persons), 0);
			persons_close(&persons);
			persons = open_persons(place);
			assert_int_equal(persons_count(persons), good + 1);
			assert_int_equal(persons_dropped(persons), 0);
			assert_true(reads(persons, good + 1, sealed));
		}
		persons_close(&persons);
	}
}

static void damage_before_the_tail_is_refused(void **state)
{
	struct place *place = *state;
	struct persons *persons = make_persons(place, 200);
	uint8_t bytes[200 * RECORD], again[200 * RECORD];
	size_t size;

	persons_close(&persons);
	size = read_all(path_of(place, "persons.keys"), bytes, sizeof(bytes));
	assert_int_equal(size, sizeof(bytes));
	for (size_t i = 0; i < size - RECORD; i += 97) {
		bytes[i] ^= 2;
		write_all(path_of(place, "persons.keys"), bytes, size);
		if ((i / RECORD + 1) * RECORD <= size / 4096 * 4096) {
			assert_int_equal(persons_open(&persons, place->dir, true, why, sizeof(why)), -1);
			assert_null(persons);
			assert_non_null(strstr(why, "persons.keys"));
		} else {
			/* In the last page it might be a tear: who opens the store asks for the keys that it needs, and nothing was taken away. */
			persons = open_persons(place);
			assert_int_equal(persons_count(persons), i / RECORD);
			persons_close(&persons);
			assert_int_equal(read_all(path_of(place, "persons.keys"), again, sizeof(again)), size);
			assert_memory_equal(bytes, again, size);
		}
		bytes[i] ^= 2;
	}
	/* Bad from the first page to the end: no crash does that. */
	memset(bytes + 10 * RECORD, 0, size - 10 * RECORD);
	write_all(path_of(place, "persons.keys"), bytes, size);
	assert_int_equal(persons_open(&persons, place->dir, true, why, sizeof(why)), -1);
}

static void a_wrapped_table_makes_a_new_file(void **state)
{
	struct place *place = *state, there;
	struct persons *persons = make_persons(place, 20);
	uint8_t key[32] = { 9 }, *blob, room[200], other[200];
	struct slice sealed = seal(persons, 7, room), erased = seal(persons, 8, other);
	char inside[300];
	size_t size;

	assert_int_equal(persons_erase(persons, 8), 0);
	assert_int_equal(persons_wrap(persons, key, &blob, &size), 0);
	assert_true(size >= 20 * RECORD);
	persons_close(&persons);
	snprintf(there.dir, sizeof(there.dir), "%.190s/back", place->dir);
	assert_string_equal(place_inside(place, inside, "back"), there.dir);
	for (size_t i = 0; i < size; i += 13) {
		blob[i] ^= 1;
		assert_int_equal(persons_unwrap(there.dir, key, slice_of(blob, size), why, sizeof(why)), -1);
		blob[i] ^= 1;
	}
	assert_int_equal(persons_unwrap(there.dir, key, slice_of(blob, size - 1), why, sizeof(why)), -1);
	assert_int_equal(persons_unwrap(there.dir, key, slice_of(NULL, 0), why, sizeof(why)), -1);
	key[0] ^= 1;
	assert_int_equal(persons_unwrap(there.dir, key, slice_of(blob, size), why, sizeof(why)), -1);
	key[0] ^= 1;
	assert_int_equal(persons_unwrap(there.dir, key, slice_of(blob, size), why, sizeof(why)), 0);
	assert_int_equal(persons_unwrap(there.dir, key, slice_of(blob, size), why, sizeof(why)), -1);
	persons = open_persons(&there);
	assert_int_equal(persons_count(persons), 20);
	assert_true(reads(persons, 7, sealed));
	assert_false(persons_known(persons, 8));
	assert_false(reads(persons, 8, erased));
	persons_close(&persons);
	free(blob);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, place_make, place_remove)
	const struct CMUnitTest tests[] = {
		TEST(the_store_key_comes_back),
		TEST(a_changed_store_key_is_refused),
		TEST(files_that_others_can_read_are_refused_by_name),
		TEST(persons_come_back),
		TEST(a_seal_is_good_for_one_place_only),
		TEST(what_was_dropped_is_not_there),
		TEST(an_erased_person_is_gone_from_memory_and_disk),
		TEST(a_torn_tail_is_dropped),
		TEST(sectors_of_a_torn_tail_may_come_in_any_order),
		TEST(damage_before_the_tail_is_refused),
		TEST(a_wrapped_table_makes_a_new_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
