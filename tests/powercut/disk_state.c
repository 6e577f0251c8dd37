/* disk_state.c - one of the states that a power cut may leave.
 *
 * The page cache writes a sector as it stands at that moment, never half of its history: what is on the disk is, for
 * each sector, what it held after one of the changes to it. So where a change is kept in a sector, the changes before it to the same
 * sector are there as well.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/powercut/disk_parts.h"

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILES_MAX = 2 * NAMES_MAX };

/* How one file's changes, or the names', are decided. */
struct way {
	enum disk_style style;
	uint64_t seed;
	unsigned bias;   /* of 16: a coin falls on "kept" */
	uint64_t until;  /* TIME, TORN: changes of records before it are kept */
	size_t prefix;   /* PREFIX: so many are */
	long one;        /* ..._ONE, TORN: which; -1: none of these */
	uint64_t tear;   /* TORN: the sector */
	bool tail;       /* ... from which on, not up to which, it is kept */
};

struct making {
	struct disk *disk;
	struct file *files[FILES_MAX];
	size_t file_count;
	struct way names, of[FILES_MAX];
	struct names stands;
	uint64_t hash;
};

static uint64_t mixed(uint64_t a, uint64_t b)
{
	uint64_t state = a ^ (b * UINT64_C(0xff51afd7ed558ccd) + 1);

	return chance(&state);
}

static bool coin(const struct way *w, uint64_t op, uint64_t part)
{
	return mixed(mixed(w->seed, op), part) % 16 < w->bias;
}

static bool keeps(const struct way *w, const struct op *op, size_t number, uint64_t sector)
{
	switch (w->style) {
	case STYLE_NONE:
		return false;
	case STYLE_ALL:
	case STYLE_NAMES:
		return true;
	case STYLE_TIME:
		return op->time < w->until;
	case STYLE_PREFIX:
		return number < w->prefix;
	case STYLE_WRITES:
		return coin(w, number, 0);
	case STYLE_PAGES:
		return coin(w, number, sector / (PAGE / SECTOR));
	case STYLE_SECTORS:
		return coin(w, number, sector);
	case STYLE_ALL_BUT_ONE:
		return (long)number != w->one;
	case STYLE_NONE_BUT_ONE:
		return (long)number == w->one;
	case STYLE_TORN:
		if ((long)number == w->one)
			return w->tail ? sector >= w->tear : sector < w->tear;
		return op->time < w->until;
	case STYLE_FILES:
	case STYLE_COUNT:
		break;
	}
	abort();
}

/* After which of its changes a file's size and mode stand as they are found; -1: before all. */
static long size_after(const struct way *w, const struct file *f)
{
	long last = -1, count = (long)f->op_count;

	switch (w->style) {
	case STYLE_WRITES:
	case STYLE_PAGES:
	case STYLE_SECTORS:
		return (long)(mixed(w->seed, 77) % (f->op_count + 1)) - 1;
	case STYLE_ALL_BUT_ONE:
		return w->one == count - 1 ? count - 2 : count - 1;
	case STYLE_TORN:
		for (long i = 0; i < count; i++)
			if (f->ops[i].time < w->until || (i == w->one && (w->seed & 1)))
				last = i;
		return last;
	case STYLE_NONE:
	case STYLE_ALL:
	case STYLE_NAMES:
	case STYLE_TIME:
	case STYLE_PREFIX:
	case STYLE_NONE_BUT_ONE:
		for (long i = 0; i < count; i++)
			if (keeps(w, &f->ops[i], (size_t)i, 0))
				last = i;
		return last;
	case STYLE_FILES:
	case STYLE_COUNT:
		break;
	}
	abort();
}

/* ---- deciding ---- */

static void add_file(struct making *m, struct file *file)
{
	for (size_t i = 0; i < m->file_count; i++)
		if (m->files[i] == file)
			return;
	assert(m->file_count < FILES_MAX);
	m->files[m->file_count++] = file;
}

/* Which of all changes: half the time of a file taken first, so that the one with hundreds of writes leaves room for the others. */
static size_t pick(const struct making *m, uint64_t *seed, size_t total)
{
	size_t before = 0, group = chance(seed) % (m->file_count + 1);

	if (chance(seed) & 1) {
		for (size_t i = 0; i < m->file_count; before += m->files[i++]->op_count)
			if (i == group && m->files[i]->op_count)
				return before + chance(seed) % m->files[i]->op_count;
		if (m->disk->name_count)
			return before + chance(seed) % m->disk->name_count;
	}
	return chance(seed) % total;
}

static void decide_one(struct making *m, uint64_t *seed)
{
	size_t total = m->disk->name_count;

	for (size_t i = 0; i < m->file_count; i++)
		total += m->files[i]->op_count;
	if (!total)
		return;
	size_t one = pick(m, seed, total);
	uint64_t time = 0;
	for (size_t i = 0; i < m->file_count; i++) {
		const struct file *f = m->files[i];

		if (one < f->op_count) {
			const struct op *op = &f->ops[one];

			m->of[i].one = (long)one;
			m->of[i].tear = op->at / SECTOR + (op->size ? chance(seed) % (op->size / SECTOR + 2) : 0);
			m->of[i].tail = chance(seed) % 4 == 0;
			time = op->time;
			one = SIZE_MAX;
			break;
		}
		one -= f->op_count;
	}
	if (one != SIZE_MAX) {
		m->names.one = (long)one;
		time = m->disk->name_ops[one].time;
	}
	m->names.until = time;
	for (size_t i = 0; i < m->file_count; i++)
		m->of[i].until = time;
}

static void decide_time(struct making *m, uint64_t *seed)
{
	uint64_t first = UINT64_MAX, until;

	for (size_t i = 0; i < m->file_count; i++)
		if (m->files[i]->op_count && m->files[i]->ops[0].time < first)
			first = m->files[i]->ops[0].time;
	if (m->disk->name_count && m->disk->name_ops[0].time < first)
		first = m->disk->name_ops[0].time;
	if (first > m->disk->time)
		first = m->disk->time;
	until = first + chance(seed) % (m->disk->time - first + 2);
	m->names.until = until;
	for (size_t i = 0; i < m->file_count; i++)
		m->of[i].until = until;
}

static void decide(struct making *m, struct choice choice)
{
	static const enum disk_style plain[] = { STYLE_NONE, STYLE_ALL, STYLE_PREFIX, STYLE_WRITES, STYLE_PAGES, STYLE_SECTORS };
	static const uint8_t biases[] = { 1, 8, 15 };
	const struct names *const all[] = { &m->disk->certain, &m->disk->now };
	uint64_t seed = mixed(choice.seed, choice.style);

	for (size_t n = 0; n < 2; n++)
		for (size_t i = 0; i < all[n]->count; i++)
			add_file(m, all[n]->list[i].file);
	for (size_t i = 0; i < m->disk->name_count; i++)
		add_file(m, m->disk->name_ops[i].file);
	m->names = (struct way){ choice.style, chance(&seed), biases[chance(&seed) % 3], 0, chance(&seed) % (m->disk->name_count + 1), -1, 0, false };
	for (size_t i = 0; i < m->file_count; i++) {
		m->of[i] = (struct way){ choice.style, chance(&seed), m->names.bias, 0, chance(&seed) % (m->files[i]->op_count + 1), -1, 0, false };
		if (choice.style == STYLE_FILES) {
			m->of[i].style = plain[chance(&seed) % (sizeof plain / sizeof plain[0])];
			m->of[i].bias = biases[chance(&seed) % 3];
		}
	}
	if (choice.style == STYLE_FILES)
		m->names.style = plain[chance(&seed) % 4];
	if (choice.style == STYLE_ALL_BUT_ONE || choice.style == STYLE_NONE_BUT_ONE || choice.style == STYLE_TORN)
		decide_one(m, &seed);
	if (choice.style == STYLE_TIME)
		decide_time(m, &seed);
}

static bool keeps_name(const struct way *w, const struct name_op *op, size_t number)
{
	const struct op like = { .time = op->time };

	return w->style == STYLE_NAMES || w->style == STYLE_PAGES || w->style == STYLE_SECTORS ? coin(w, number, 99) : keeps(w, &like, number, 0);
}

/* ---- making ---- */

static bool is_zero(const uint8_t *bytes, size_t size)
{
	return size == 0 || (bytes[0] == 0 && !memcmp(bytes, bytes + 1, size - 1));
}

static void hash_in(struct making *m, const void *bytes, size_t size)
{
	const uint8_t *at = bytes;
	uint64_t word;

	for (; size >= 8; at += 8, size -= 8) {
		memcpy(&word, at, 8);
		m->hash = (m->hash ^ word) * UINT64_C(0x9fb21c651e98df25);
		m->hash ^= m->hash >> 32;
	}
	for (; size; at++, size--)
		m->hash = (m->hash ^ *at) * UINT64_C(0x100000001b3);
}

static uint8_t *contents(const struct file *f, const struct way *w, size_t *size, uint32_t *mode)
{
	long last = size_after(w, f);
	uint64_t room = f->certain_room > f->certain_size ? f->certain_room : f->certain_size;
	uint32_t *applied; /* by sector: of the changes, one more than the last that it has */
	uint8_t *bytes;

	for (size_t i = 0; i < f->op_count; i++) {
		uint64_t end = f->ops[i].at + f->ops[i].size;

		room = end > room ? end : room;
		room = f->ops[i].file_size > room ? f->ops[i].file_size : room;
	}
	bytes = calloc(1, room + SECTOR);
	applied = calloc(room / SECTOR + 2, sizeof *applied);
	assert(bytes && applied);
	if (f->certain)
		memcpy(bytes, f->certain, f->certain_room);
	for (size_t i = 0; i < f->op_count; i++) {
		const struct op *op = &f->ops[i];

		for (uint64_t s = op->at / SECTOR; op->size && s <= (op->at + op->size - 1) / SECTOR; s++) {
			if (!keeps(w, op, i, s))
				continue;
			for (; applied[s] <= i; applied[s]++)
				op_apply(&f->ops[applied[s]], bytes, s * SECTOR, (s + 1) * SECTOR);
		}
	}
	free(applied);
	*size = last < 0 ? f->certain_size : f->ops[last].file_size;
	*mode = last < 0 ? f->certain_mode : f->ops[last].mode;
	return bytes;
}

/* What its writers see as memory may be on the disk in any state: readers must not care. */
static void spoil(uint8_t *bytes, size_t size, uint64_t seed)
{
	if (seed % 4 == 0)
		return;
	for (size_t i = 0; i < size; i++)
		bytes[i] = seed % 4 == 1 ? 0xff : (uint8_t)mixed(seed, i);
}

static bool write_out(struct making *m, const char *path, const uint8_t *bytes, size_t size, uint32_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	bool good = fd >= 0 && ftruncate(fd, (off_t)size) == 0;

	for (size_t at = 0; good && at < size; at += PAGE) {
		size_t part = size - at < PAGE ? size - at : PAGE;

		if (is_zero(bytes + at, part))
			continue;
		hash_in(m, &at, sizeof at);
		hash_in(m, bytes + at, part);
		good = pwrite(fd, bytes + at, part, (off_t)at) == (ssize_t)part;
	}
	good = good && fchmod(fd, mode) == 0;
	if (fd >= 0)
		close(fd);
	return good;
}

static bool make_one(struct making *m, const char *folder, size_t number)
{
	const struct file *f = m->stands.list[number].file;
	char path[600], other[600];
	uint8_t *bytes;
	uint32_t mode;
	size_t size, i = 0;
	bool good;

	snprintf(path, sizeof path, "%s/%s", folder, m->stands.list[number].name);
	hash_in(m, m->stands.list[number].name, strlen(m->stands.list[number].name));
	for (size_t before = 0; before < number; before++)
		if (m->stands.list[before].file == f) {
			snprintf(other, sizeof other, "%s/%s", folder, m->stands.list[before].name);
			return link(other, path) == 0;
		}
	while (m->files[i] != f)
		i++;
	bytes = contents(f, &m->of[i], &size, &mode);
	if (!strcmp(m->stands.list[number].name, "lock.mdb"))
		spoil(bytes, size, m->of[i].seed);
	hash_in(m, &size, sizeof size);
	good = write_out(m, path, bytes, size, mode);
	free(bytes);
	return good;
}

static bool loses_folder(const struct disk *d, const struct way *w)
{
	if (!d->made || d->made_certain)
		return !d->made;
	switch (w->style) {
	case STYLE_NONE:
	case STYLE_NONE_BUT_ONE:
		return true;
	case STYLE_ALL:
	case STYLE_TIME:
	case STYLE_PREFIX:
	case STYLE_ALL_BUT_ONE:
	case STYLE_TORN:
		return false;
	case STYLE_WRITES:
	case STYLE_PAGES:
	case STYLE_SECTORS:
	case STYLE_NAMES:
	case STYLE_FILES:
	case STYLE_COUNT:
		break;
	}
	return mixed(w->seed, 5) % 8 == 0;
}

bool disk_write(struct disk *d, const char *folder, struct choice choice, uint64_t *hash, bool *gone)
{
	struct making *m = calloc(1, sizeof *m);
	bool good = true;

	assert(m);
	m->disk = d;
	decide(m, choice);
	*gone = loses_folder(d, &m->names);
	m->stands = d->certain;
	for (size_t i = 0; i < d->name_count; i++)
		if (keeps_name(&m->names, &d->name_ops[i], i))
			names_apply(&m->stands, &d->name_ops[i]);
	for (size_t i = 0; i < m->stands.count && !*gone && good; i++)
		good = make_one(m, folder, i);
	*hash = mixed(m->hash, *gone);
	free(m);
	return good;
}
