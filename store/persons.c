/* persons.c - persons.keys in memory and on disk.
 *
 *   pupil 4 | key 32 | check 8      44 bytes a record; check: SipHash-2-4 under
 *                                   a key of zeroes, against tearing, not malice
 *
 * What is appended is synced page by page. So what a crash leaves unfinished lies
 * in the file's last page, and a record that is bad anywhere before it is damage
 * to a key that somebody needs: that file is refused, not mended by dropping.
 *
 * In the last page sectors may have reached the disk in any order, so that good records
 * follow a bad one: those are not taken either, since nothing refers to what was not synced. Should
 * the bad one be damage, who opens the store finds that keys are missing (persons_count()), and refuses
 * it; the file is cut only when the next records are written.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/key_file.h"
#include "store/persons_parts.h"

static const char file_name[] = "persons.keys";
static const size_t file_size_max = (size_t)4 << 30;

enum { PAGE = 4096 };

void persons_record(struct writer *w, uint32_t pupil, const uint8_t key[static PERSON_KEY_SIZE])
{
	static const uint8_t no_key[crypto_shorthash_siphash24_KEYBYTES];
	uint8_t check[PERSON_CHECK_SIZE];
	const uint8_t *start = w->at;

	write_u32(w, pupil);
	write_bytes(w, key, PERSON_KEY_SIZE);
	if (w->full)
		return;
	crypto_shorthash_siphash24(check, start, PERSON_RECORD_SIZE - PERSON_CHECK_SIZE, no_key);
	write_bytes(w, check, sizeof(check));
}

static bool record_good(const uint8_t *record)
{
	static const uint8_t no_key[crypto_shorthash_siphash24_KEYBYTES];
	uint8_t check[PERSON_CHECK_SIZE];

	crypto_shorthash_siphash24(check, record, PERSON_RECORD_SIZE - PERSON_CHECK_SIZE, no_key);
	return memcmp(check, record + PERSON_RECORD_SIZE - PERSON_CHECK_SIZE, sizeof(check)) == 0;
}

/* Room for a pupil's entry. realloc would leave keys in the memory it frees. */
static bool make_room(struct persons *persons, uint32_t pupil)
{
	size_t room = persons->room ? persons->room : 1024;
	struct person *entries;

	if (pupil < persons->room)
		return true;
	while (room <= pupil)
		room *= 2;
	entries = calloc(room, sizeof(*entries));
	if (!entries)
		return false;
	if (persons->entries) {
		memcpy(entries, persons->entries, persons->room * sizeof(*entries));
		sodium_memzero(persons->entries, persons->room * sizeof(*entries));
	}
	free(persons->entries);
	persons->entries = entries;
	persons->room = room;
	return true;
}

static bool set_entry(struct persons *persons, uint32_t pupil, const uint8_t key[static PERSON_KEY_SIZE])
{
	struct person *entry;

	if (pupil > PERSONS_MAX || !make_room(persons, pupil))
		return false;
	entry = &persons->entries[pupil];
	memcpy(entry->key, key, PERSON_KEY_SIZE);
	entry->state = sodium_is_zero(key, PERSON_KEY_SIZE) ? PERSON_ERASED : PERSON_LIVE;
	if (pupil > persons->highest)
		persons->highest = pupil;
	return true;
}

bool persons_load(struct persons *persons, const uint8_t *bytes, size_t size, size_t *good_size)
{
	size_t count = size / PERSON_RECORD_SIZE;
	size_t last_page = size > 0 ? (size - 1) / PAGE * PAGE : 0;
	struct reader r;
	bool torn = false;

	persons->uncut = false;
	*good_size = 0;
	for (size_t i = 0; i < count; i++) {
		const uint8_t *record = bytes + i * PERSON_RECORD_SIZE;
		uint32_t pupil;

		if (!record_good(record)) {
			if ((i + 1) * PERSON_RECORD_SIZE <= last_page)
				return false;
			torn = true;
			continue;
		}
		if (torn) {
			persons->uncut = true;
			continue;
		}
		r = reader_of(slice_of(record, PERSON_RECORD_SIZE));
		pupil = read_u32(&r);
		if (!set_entry(persons, pupil, read_bytes(&r, PERSON_KEY_SIZE).bytes))
			return false;
		*good_size = (i + 1) * PERSON_RECORD_SIZE;
	}
	return true;
}

static void tell(char *why, size_t why_size, const char *dir, const char *what)
{
	if (why && why_size > 0)
		snprintf(why, why_size, "%s/%s: %s", dir, file_name, what);
}

/* What was read may be in the page cache alone: where a sync failed and the process ended, the next one reads keys as
 * if they were on the disk, gives them to pupils, and no later sync writes them. Only the last page can be of that kind. */
static int write_again(int fd, const uint8_t *bytes, size_t size)
{
	size_t from = size > 0 ? (size - 1) / PAGE * PAGE : 0;

	return size > 0 && (key_file_put(fd, bytes + from, size - from, from) != 0 || fsync(fd) != 0) ? -1 : 0;
}

int persons_create(const char *dir, char *why, size_t why_size)
{
	return key_file_write(dir, file_name, NULL, 0, false, NULL, why, why_size);
}

int persons_open(struct persons **out, const char *dir, bool write, char *why, size_t why_size)
{
	struct persons *persons = calloc(1, sizeof(*persons));
	uint8_t *bytes = NULL;
	size_t size = 0, good = 0;

	*out = NULL;
	if (!persons || sodium_init() < 0) {
		tell(why, why_size, dir, "no memory or no randomness");
		free(persons);
		return -1;
	}
	persons->write = write;
	persons->dir = strdup(dir);
	persons->fd = key_file_open(dir, file_name, write, why, why_size);
	if (persons->fd < 0)
		goto failed;
	if (!persons->dir || key_file_read(persons->fd, &bytes, &size, file_size_max) != 0) {
		tell(why, why_size, dir, strerror(errno));
		goto failed;
	}
	if (!persons_load(persons, bytes, size, &good)) {
		tell(why, why_size, dir, "damaged: a record's check is wrong; put it back from a backup");
		goto failed;
	}
	persons->dropped = size - good;
	persons->file_size = good;
	persons->highest_synced = persons->highest;
	if (write && write_again(persons->fd, bytes, good) != 0) {
		tell(why, why_size, dir, strerror(errno));
		goto failed;
	}
	if (write && good < size && !persons->uncut && (ftruncate(persons->fd, (off_t)good) != 0 || fsync(persons->fd) != 0)) {
		tell(why, why_size, dir, strerror(errno));
		goto failed;
	}
	sodium_memzero(bytes, size);
	free(bytes);
	*out = persons;
	return 0;
failed:
	if (bytes)
		sodium_memzero(bytes, size);
	free(bytes);
	persons_close(&persons);
	return -1;
}

void persons_close(struct persons **out)
{
	struct persons *persons = *out;

	*out = NULL;
	if (!persons)
		return;
	if (persons->entries)
		sodium_memzero(persons->entries, persons->room * sizeof(*persons->entries));
	free(persons->entries);
	free(persons->added);
	free(persons->dir);
	if (persons->fd >= 0)
		close(persons->fd);
	free(persons);
}

uint32_t persons_count(const struct persons *persons)
{
	return persons->highest;
}

size_t persons_dropped(const struct persons *persons)
{
	return persons->dropped;
}

bool persons_known(const struct persons *persons, uint32_t pupil)
{
	return pupil < persons->room && persons->entries[pupil].state == PERSON_LIVE;
}

void persons_add(struct persons *persons, uint32_t pupil)
{
	uint8_t key[PERSON_KEY_SIZE];
	struct person_added *added;

	assert(persons->write && pupil <= PERSONS_MAX && !persons_known(persons, pupil));
	if (persons->added_count == persons->added_room) {
		size_t room = persons->added_room ? 2 * persons->added_room : 256;

		added = realloc(persons->added, room * sizeof(*added));
		if (!added)
			abort();
		persons->added = added;
		persons->added_room = room;
	}
	added = &persons->added[persons->added_count++];
	added->pupil = pupil;
	added->was = pupil < persons->room ? (uint8_t)persons->entries[pupil].state : PERSON_NONE;
	randombytes_buf(key, sizeof(key));
	/* A daemon without memory for a key of 33 bytes ends, and finds its log when it is back. */
	if (!set_entry(persons, pupil, key))
		abort();
	sodium_memzero(key, sizeof(key));
}

void persons_drop(struct persons *persons)
{
	while (persons->added_count > 0) {
		const struct person_added *added = &persons->added[--persons->added_count];
		struct person *entry = &persons->entries[added->pupil];

		sodium_memzero(entry->key, sizeof(entry->key));
		entry->state = added->was;
	}
	persons->highest = persons->highest_synced;
}

/* Page by page, each synced before the next is begun; see the head of the file. */
static int append_synced(int fd, const uint8_t *bytes, size_t size, uint64_t at)
{
	while (size > 0) {
		size_t part = PAGE - at % PAGE;

		if (part > size)
			part = size;
		if (key_file_put(fd, bytes, part, at) != 0 || fdatasync(fd) != 0)
			return -1;
		bytes += part;
		size -= part;
		at += part;
	}
	return 0;
}

int persons_sync(struct persons *persons)
{
	size_t size = persons->added_count * PERSON_RECORD_SIZE;
	struct writer w;
	uint8_t *room;
	int result, error;

	if (size == 0)
		return 0;
	if (persons->uncut && (ftruncate(persons->fd, (off_t)persons->file_size) != 0 || fsync(persons->fd) != 0))
		return -1;
	persons->uncut = false;
	room = malloc(size);
	if (!room)
		return -1;
	w = writer_of(room, size);
	for (size_t i = 0; i < persons->added_count; i++)
		persons_record(&w, persons->added[i].pupil, persons->entries[persons->added[i].pupil].key);
	result = append_synced(persons->fd, room, size, persons->file_size);
	error = errno;
	if (result == 0) {
		persons->file_size += size;
		persons->added_count = 0;
		persons->highest_synced = persons->highest;
	} else if (ftruncate(persons->fd, (off_t)persons->file_size) != 0) {
		/* The next try writes to the same place; a crash before it leaves records
		 * that nothing refers to. */
	}
	sodium_memzero(room, size);
	free(room);
	errno = error;
	return result;
}

/* Every pupil's record but that of `without`, which is one of zeroes. */
static uint8_t *whole_table(const struct persons *persons, uint32_t without, size_t *size)
{
	static const uint8_t erased[PERSON_KEY_SIZE];
	uint8_t *room = malloc(((size_t)persons->highest + 1) * PERSON_RECORD_SIZE);
	struct writer w;

	if (!room)
		return NULL;
	w = writer_of(room, ((size_t)persons->highest + 1) * PERSON_RECORD_SIZE);
	for (uint32_t pupil = 0; pupil <= persons->highest && pupil < persons->room; pupil++) {
		if (persons->entries[pupil].state != PERSON_NONE)
			persons_record(&w, pupil, pupil == without ? erased : persons->entries[pupil].key);
	}
	*size = writer_size(&w);
	return room;
}

uint8_t *persons_table(const struct persons *persons, size_t *size)
{
	return whole_table(persons, UINT32_MAX, size);
}

/* The old file has no name any more, but its blocks still hold the key. On a file
 * system that writes in place this takes it away; where it doesn't, or fails, no
 * promise is broken that the disk's own encryption should not have kept. */
static void wipe(int fd, uint64_t size)
{
	static const uint8_t zeroes[PAGE];

	for (uint64_t at = 0; at < size; at += PAGE) {
		if (key_file_put(fd, zeroes, size - at < PAGE ? (size_t)(size - at) : PAGE, at) != 0)
			return;
	}
	if (fdatasync(fd) != 0)
		return;
}

int persons_erase(struct persons *persons, uint32_t pupil)
{
	bool named = false;
	uint8_t *table;
	size_t size;
	int result, fd;

	assert(persons->write);
	if (persons_sync(persons) != 0)
		return -1;
	if (pupil >= persons->room || persons->entries[pupil].state == PERSON_NONE)
		return 0;
	table = whole_table(persons, pupil, &size);
	if (!table)
		return -1;
	result = key_file_write(persons->dir, file_name, table, size, true, &named, NULL, 0);
	sodium_memzero(table, size);
	free(table);
	if (!named)
		return -1;
	/* From here on the new file is the one; if its name isn't known to be on disk, the
	 * key stays in memory, the result is -1, and the erasure may be asked for again. */
	fd = key_file_open(persons->dir, file_name, true, NULL, 0);
	if (fd < 0)
		return -1;
	if (result == 0) {
		wipe(persons->fd, persons->file_size);
		sodium_memzero(persons->entries[pupil].key, PERSON_KEY_SIZE);
		persons->entries[pupil].state = PERSON_ERASED;
	}
	close(persons->fd);
	persons->fd = fd;
	persons->file_size = size;
	persons->uncut = false;
	return result;
}
