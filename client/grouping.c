/* SPDX-License-Identifier: Apache-2.0 */
#include "client/grouping.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

enum {
	SEEN_SLOTS = 1 << 19,      /* sessions since the last barrier: 4 MiB */
	SEEN_MAX = SEEN_SLOTS / 2, /* then there is a barrier anyhow */
	CONTENTS_FIRST = 1024,
	URN_ROOM = 40,
};

/* Contents met in this file: 16 bytes a submission of up to 1,000 rows. */
struct content {
	uint64_t hash; /* 0: free */
	uint64_t count;
};

struct grouping {
	struct attend_marks *marks;
	char urn[URN_ROOM];
	uint64_t lines[ATTEND_MARKS_ROWS_MAX];
	unsigned count;
	uint64_t *seen; /* hashes of sessions, 0: free */
	unsigned seen_count;
	struct content *contents;
	size_t contents_room, contents_count;
};

struct grouping *grouping_new(void)
{
	struct grouping *g = calloc(1, sizeof *g);
	if (!g)
		return NULL;
	g->marks = attend_marks_new();
	g->seen = calloc(SEEN_SLOTS, sizeof *g->seen);
	g->contents_room = CONTENTS_FIRST;
	g->contents = calloc(g->contents_room, sizeof *g->contents);
	if (!g->marks || !g->seen || !g->contents)
		grouping_free(&g);
	return g;
}

void grouping_free(struct grouping **grouping)
{
	struct grouping *g = *grouping;
	if (!g)
		return;
	*grouping = NULL;
	attend_marks_free(&g->marks);
	free(g->seen);
	free(g->contents);
	free(g);
}

static void forget_seen(struct grouping *g)
{
	if (g->seen_count)
		memset(g->seen, 0, SEEN_SLOTS * sizeof *g->seen);
	g->seen_count = 0;
}

void grouping_begin_file(struct grouping *g)
{
	forget_seen(g);
	memset(g->contents, 0, g->contents_room * sizeof *g->contents);
	g->contents_count = 0;
}

/* FNV-1a with a last mixing (murmur3's). Two that collide cost a barrier, no more;
 * it needs no key, and must be the same in every run. */
static uint64_t hash_of(const struct attend_mark *mark)
{
	uint64_t hash = 0xcbf29ce484222325u;
	const char *const parts[] = { mark->upn, mark->date, mark->session };
	for (unsigned i = 0; i < 3; i++)
		for (const char *at = parts[i];; at++) {
			hash = (hash ^ (unsigned char)*at) * 0x100000001b3u;
			if (!*at)
				break;
		}
	hash = (hash ^ hash >> 33) * 0xff51afd7ed558ccdu;
	hash = (hash ^ hash >> 33) * 0xc4ceb9fe1a85ec53u;
	hash ^= hash >> 33;
	return hash ? hash : 1;
}

/* Where the hash stands, or the free place where it would. */
static uint64_t *seen_at(struct grouping *g, uint64_t hash)
{
	size_t at = hash % SEEN_SLOTS;
	while (g->seen[at] && g->seen[at] != hash)
		at = (at + 1) % SEEN_SLOTS;
	return &g->seen[at];
}

enum grouped grouping_take(struct grouping *g, const struct mark_row *row)
{
	if (g->count && strcmp(g->urn, row->urn) != 0)
		return GROUP_COMPLETE;
	uint64_t hash = hash_of(&row->mark);
	uint64_t *slot = seen_at(g, hash);
	if (*slot || g->seen_count == SEEN_MAX) {
		forget_seen(g);
		return GROUP_BARRIER;
	}
	if (!g->count) {
		memcpy(g->urn, row->urn, strnlen(row->urn, URN_ROOM - 1) + 1);
		g->urn[URN_ROOM - 1] = '\0';
		attend_marks_begin(g->marks, g->urn);
	}
	if (!attend_marks_add(g->marks, &row->mark))
		return GROUP_COMPLETE;
	*slot = hash;
	g->seen_count++;
	g->lines[g->count++] = row->line;
	return GROUPED;
}

unsigned grouping_count(const struct grouping *g)
{
	return g->count;
}

uint64_t grouping_line(const struct grouping *g, unsigned row)
{
	return g->lines[row];
}

static struct content *content_at(struct content *contents, size_t room, uint64_t hash)
{
	size_t at = hash % room;
	while (contents[at].hash && contents[at].hash != hash)
		at = (at + 1) % room;
	return &contents[at];
}

static bool grow_contents(struct grouping *g)
{
	size_t room = g->contents_room * 2;
	struct content *larger = calloc(room, sizeof *larger);
	if (!larger)
		return false;
	for (size_t i = 0; i < g->contents_room; i++)
		if (g->contents[i].hash)
			*content_at(larger, room, g->contents[i].hash) = g->contents[i];
	free(g->contents);
	g->contents = larger;
	g->contents_room = room;
	return true;
}

const void *grouping_end(struct grouping *g, size_t *size, uint64_t *occurrence)
{
	const void *body = attend_marks_body(g->marks, size);
	g->count = 0;
	if (!body || (g->contents_count * 2 > g->contents_room && !grow_contents(g)))
		return NULL;
	unsigned char digest[crypto_hash_sha256_BYTES];
	uint64_t hash;
	crypto_hash_sha256(digest, body, *size);
	memcpy(&hash, digest, sizeof hash);
	hash |= 1; /* 0 means free */
	struct content *content = content_at(g->contents, g->contents_room, hash);
	if (!content->hash)
		g->contents_count++;
	content->hash = hash;
	*occurrence = content->count++;
	return body;
}
