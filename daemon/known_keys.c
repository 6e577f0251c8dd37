/* known_keys.c - a sorted array under a mutex.
 *
 * Public keys are no secret, so a search whose time depends on them gives
 * nothing away.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "daemon/known_keys.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { HELD_OFF_MAX = 256 };

struct held_off {
	uint8_t key[PUBLIC_KEY_SIZE];
	uint64_t until_ms; /* 0: a free place */
};

struct known_keys {
	pthread_mutex_t lock;
	uint8_t (*keys)[PUBLIC_KEY_SIZE]; /* in ascending order */
	size_t count;
	struct held_off held_off[HELD_OFF_MAX];
	unsigned held_off_count;           /* places ever used */
};

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, PUBLIC_KEY_SIZE);
}

struct known_keys *known_keys_open(void)
{
	struct known_keys *known = calloc(1, sizeof *known);

	if (known && pthread_mutex_init(&known->lock, NULL)) {
		free(known);
		known = NULL;
	}
	return known;
}

void known_keys_close(struct known_keys **known)
{
	if (!*known)
		return;
	pthread_mutex_destroy(&(*known)->lock);
	free((*known)->keys);
	free(*known);
	*known = NULL;
}

void known_keys_replace(struct known_keys *known, uint8_t (*keys)[PUBLIC_KEY_SIZE], size_t count)
{
	if (count)
		qsort(keys, count, PUBLIC_KEY_SIZE, compare);
	pthread_mutex_lock(&known->lock);
	uint8_t (*before)[PUBLIC_KEY_SIZE] = known->keys;
	known->keys = keys;
	known->count = count;
	pthread_mutex_unlock(&known->lock);
	free(before);
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void known_keys_hold_off(struct known_keys *known, const uint8_t key[static PUBLIC_KEY_SIZE], uint64_t until_ms)
{
	pthread_mutex_lock(&known->lock);
	struct held_off *place = known->held_off;
	for (unsigned i = 0; i < known->held_off_count; i++) {
		if (!memcmp(known->held_off[i].key, key, PUBLIC_KEY_SIZE)) {
			place = &known->held_off[i];
			break;
		}
		if (known->held_off[i].until_ms < place->until_ms)
			place = &known->held_off[i];
	}
	if (memcmp(place->key, key, PUBLIC_KEY_SIZE) && known->held_off_count < HELD_OFF_MAX)
		place = &known->held_off[known->held_off_count++];
	memcpy(place->key, key, PUBLIC_KEY_SIZE);
	place->until_ms = until_ms;
	pthread_mutex_unlock(&known->lock);
}

static bool is_held_off(const struct known_keys *known, const uint8_t *key)
{
	for (unsigned i = 0; i < known->held_off_count; i++)
		if (!memcmp(known->held_off[i].key, key, PUBLIC_KEY_SIZE))
			return known->held_off[i].until_ms > now_ms();
	return false;
}

bool known_keys_has(struct known_keys *known, const uint8_t key[static PUBLIC_KEY_SIZE])
{
	pthread_mutex_lock(&known->lock);
	bool has = known->count &&
	           bsearch(key, known->keys, known->count, PUBLIC_KEY_SIZE, compare) && !is_held_off(known, key);
	pthread_mutex_unlock(&known->lock);
	return has;
}
