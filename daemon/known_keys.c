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

struct known_keys {
	pthread_mutex_t lock;
	uint8_t (*keys)[PUBLIC_KEY_SIZE]; /* in ascending order */
	size_t count;
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

bool known_keys_has(struct known_keys *known, const uint8_t key[static PUBLIC_KEY_SIZE])
{
	pthread_mutex_lock(&known->lock);
	bool has = known->count &&
	           bsearch(key, known->keys, known->count, PUBLIC_KEY_SIZE, compare);
	pthread_mutex_unlock(&known->lock);
	return has;
}
