/* store_place.h - a folder of its own for each test of the store, and keys and
 * values to fill it with.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_STORE_PLACE_H
#define TESTS_STORE_PLACE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/store.h"

enum { PLACE_MAP = 64 << 20 };

struct place {
	char dir[200];
};

static inline int place_make(void **state)
{
	const char *parent = getenv("TMPDIR");
	struct place *place = calloc(1, sizeof(*place));

	snprintf(place->dir, sizeof(place->dir), "%s/attend-store-XXXXXX", parent && *parent ? parent : P_tmpdir);
	*state = place;
	return mkdtemp(place->dir) ? 0 : -1;
}

static inline int place_remove_one(const char *path, const struct stat *status, int kind, struct FTW *ftw)
{
	(void)status;
	(void)kind;
	(void)ftw;
	return remove(path);
}

static inline int place_remove(void **state)
{
	struct place *place = *state;

	nftw(place->dir, place_remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(place);
	return 0;
}

/* Another folder inside, for a copy. */
static inline const char *place_inside(const struct place *place, char room[static 300], const char *name)
{
	snprintf(room, 300, "%s/%s", place->dir, name);
	mkdir(room, 0700);
	return room;
}

static inline struct store_options place_options(enum store_mode mode)
{
	/* a redo log that turns over every few commits */
	struct store_options options = { .mode = mode, .map_size = PLACE_MAP, .redo_size = 8 << 10 };

	memset(options.check_key, 0x5a, sizeof(options.check_key));
	return options;
}

static inline struct store *place_open(const char *dir, enum store_mode mode)
{
	struct store_options options = place_options(mode);
	struct store *store;
	char why[300] = "";

	if (store_open(&store, dir, &options, why, sizeof(why)) != STORE_OK)
		fail_msg("%s", why);
	return store;
}

static inline struct txn *place_begin(struct store *store, bool write)
{
	struct txn *txn;

	if (store_begin(store, write, &txn) != STORE_OK)
		fail_msg("%s", store_why(store));
	return txn;
}

/* A key of eight bytes, in a few rooms that are used in turn. */
static inline struct slice place_key(uint64_t number)
{
	static uint8_t rooms[8][8];
	static unsigned next;
	uint8_t *room = rooms[next++ % 8];
	struct writer w = writer_of(room, 8);

	write_u64(&w, number);
	return writer_slice(&w);
}

/* Bytes that follow from a number, so that they needn't be kept to be compared. */
static inline void place_fill(uint8_t *bytes, size_t size, uint64_t number)
{
	uint64_t x = number * UINT64_C(0x9e3779b97f4a7c15) + 1;

	for (size_t i = 0; i < size; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		bytes[i] = (uint8_t)(x >> 32);
	}
}

static inline uint64_t place_seed(void)
{
	const char *text = getenv("ATTEND_SEED");
	uint64_t seed = text ? strtoull(text, NULL, 0) : 20260907;

	print_message("ATTEND_SEED=%" PRIu64 "\n", seed);
	return seed;
}

static inline uint64_t place_random(uint64_t *state)
{
	uint64_t x = *state += UINT64_C(0x9e3779b97f4a7c15);

	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

#endif
