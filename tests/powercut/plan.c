/* plan.c - see plan.h.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/powercut/plan.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool trace_read(struct trace *t, const char *path, char *why, size_t why_size)
{
	struct stat status;
	size_t room = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	memset(t, 0, sizeof *t);
	if (fd < 0 || fstat(fd, &status) != 0 || !(t->bytes = malloc((size_t)status.st_size + 1))) {
		snprintf(why, why_size, "%s: %s", path, strerror(errno));
		return false;
	}
	while (t->size < (size_t)status.st_size) {
		ssize_t got = read(fd, t->bytes + t->size, (size_t)status.st_size - t->size);

		if (got <= 0)
			break;
		t->size += (size_t)got;
	}
	close(fd);
	for (size_t at = 0; at < t->size;) {
		struct record r;

		if (t->size - at < sizeof r.head)
			goto cut_short;
		memcpy(&r.head, t->bytes + at, sizeof r.head);
		if (r.head.size < sizeof r.head + r.head.name_size || r.head.size > t->size - at)
			goto cut_short;
		/* A name is read as text: it is copied, since what follows it is data. */
		char *name = calloc(1, r.head.name_size + 2u);
		assert(name);
		memcpy(name, t->bytes + at + sizeof r.head, r.head.name_size);
		r.name = name;
		r.data = t->bytes + at + sizeof r.head + r.head.name_size;
		r.size = r.head.size - sizeof r.head - r.head.name_size;
		if (t->count == room) {
			room = room ? 2 * room : 4096;
			t->records = realloc(t->records, room * sizeof *t->records);
			assert(t->records);
		}
		t->records[t->count++] = r;
		at += r.head.size;
	}
	return true;
cut_short:
	snprintf(why, why_size, "%s: cut short, or not a trace", path);
	return false;
}

void trace_free(struct trace *t)
{
	for (size_t i = 0; i < t->count; i++)
		free((void *)(uintptr_t)t->records[i].name);
	free(t->records);
	free(t->bytes);
}

const char *trace_kind_text(unsigned kind)
{
	static const char *const texts[] = {
#define X(name) #name,
		TRACE_KINDS(X)
#undef X
	};

	return kind < TRACE_KIND_COUNT ? texts[kind] : "?";
}

bool record_is_mark(const struct record *r, const char *text)
{
	return r->head.kind == TRACE_MARK && r->size == strlen(text) && !memcmp(r->data, text, r->size);
}

/* ---- where ---- */

static size_t systematic(const struct record *r, size_t number)
{
	switch ((enum trace_kind)r->head.kind) {
	case TRACE_SYNC:
	case TRACE_DIR_SYNC:
	case TRACE_PARENT_SYNC:
		return number;
	case TRACE_SYNCED:
	case TRACE_DIR_SYNCED:
	case TRACE_PARENT_SYNCED:
	case TRACE_SAID:
		return number + 1;
	case TRACE_MADE:
	case TRACE_WROTE:
	case TRACE_SIZED:
	case TRACE_MODE:
	case TRACE_RENAMED:
	case TRACE_LINKED:
	case TRACE_UNLINKED:
	case TRACE_DIR_MADE:
	case TRACE_MAPPED:
	case TRACE_MARK:
	case TRACE_STRANGE:
	case TRACE_KIND_COUNT:
		break;
	}
	return 0;
}

/* The files that a commit writes to; a number may be given again. */
struct ordinary {
	uint64_t files[32];
	size_t count;
};

static void follow_files(struct ordinary *o, const struct record *r)
{
	size_t i = 0;

	if (r->head.kind != TRACE_MADE)
		return;
	while (i < o->count && o->files[i] != r->head.file)
		i++;
	if (i < o->count)
		o->files[i] = o->files[--o->count];
	if (strncmp(r->name, "data.mdb", 8) && strncmp(r->name, "redo.", 5))
		return;
	if (o->count == 32)
		memmove(o->files, o->files + 1, --o->count * sizeof o->files[0]);
	o->files[o->count++] = r->head.file;
}

/* Of a commit there are writes to those, their syncs, and words; all else is rare. */
static bool is_ordinary(const struct ordinary *o, const struct record *r)
{
	switch ((enum trace_kind)r->head.kind) {
	case TRACE_SAID:
	case TRACE_MARK:
		return true;
	case TRACE_WROTE:
	case TRACE_SYNC:
	case TRACE_SYNCED:
		for (size_t i = 0; i < o->count; i++)
			if (o->files[i] == r->head.file)
				return true;
		return false;
	case TRACE_MADE:
	case TRACE_SIZED:
	case TRACE_MODE:
	case TRACE_RENAMED:
	case TRACE_LINKED:
	case TRACE_UNLINKED:
	case TRACE_DIR_MADE:
	case TRACE_DIR_SYNC:
	case TRACE_DIR_SYNCED:
	case TRACE_PARENT_SYNC:
	case TRACE_PARENT_SYNCED:
	case TRACE_MAPPED:
	case TRACE_STRANGE:
	case TRACE_KIND_COUNT:
		break;
	}
	return false;
}

static int by_place(const void *a, const void *b)
{
	const struct cut *x = a, *y = b;

	return x->at != y->at ? (x->at > y->at) - (x->at < y->at) : (x->choice.seed > y->choice.seed) - (x->choice.seed < y->choice.seed);
}

struct cut *plan(const struct trace *t, size_t count, uint64_t seed)
{
	struct cut *cuts = calloc(count + 1, sizeof *cuts);
	size_t *places = malloc((t->count + 1) * sizeof *places), *rare = malloc((t->count + 1) * sizeof *rare);
	size_t place_count = 0, rare_count = 0, used = 0, near = 0;
	struct ordinary ordinary = { .count = 0 };

	assert(cuts && places && rare && t->count);
	for (size_t i = 0; i < t->count; i++) {
		size_t place = systematic(&t->records[i], i);

		if (place)
			places[place_count++] = place;
		follow_files(&ordinary, &t->records[i]);
		/* What comes right after it counts with it. */
		near = is_ordinary(&ordinary, &t->records[i]) ? near - (near > 0) : 4;
		if (near)
			rare[rare_count++] = i + 1;
	}
	for (size_t i = 0; i < place_count && used < count / 2; i++) {
		/* Shuffled as it goes, so that a part is one by chance. */
		size_t other = i + chance(&seed) % (place_count - i), place = places[other];

		places[other] = places[i];
		places[i] = place;
		cuts[used++] = (struct cut){ place, { STYLE_NONE, chance(&seed) } };
		if (used < count)
			cuts[used++] = (struct cut){ place, { (enum disk_style)(chance(&seed) % STYLE_COUNT), chance(&seed) } };
	}
	for (; used < count; used++) {
		bool anywhere = (chance(&seed) & 1) || !rare_count;

		cuts[used].at = anywhere ? 1 + chance(&seed) % t->count : rare[chance(&seed) % rare_count];
		cuts[used].choice.style = (enum disk_style)(chance(&seed) % STYLE_COUNT);
		cuts[used].choice.seed = chance(&seed);
	}
	qsort(cuts, count, sizeof *cuts, by_place);
	free(places);
	free(rare);
	return cuts;
}
