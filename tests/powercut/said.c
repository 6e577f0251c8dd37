/* said.c - see said.h.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/powercut/said.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/message.h"
#include "proto/mp.h"

static size_t bytes_of(uint8_t *bytes, size_t room, const char *hex)
{
	size_t count = 0;
	unsigned one;

	while (count < room && sscanf(hex + 2 * count, "%2x", &one) == 1)
		bytes[count++] = (uint8_t)one;
	return count;
}

bool said_open(struct said *said, const char *path, char *why, size_t why_size)
{
	FILE *file = fopen(path, "re");
	char id[40], key[80], name[40];
	unsigned long long position;

	*said = (struct said){ 0 };
	if (!file) {
		snprintf(why, why_size, "%s: %s", path, strerror(errno));
		return false;
	}
	while (fscanf(file, " cursor %39s %79s %39s %llu", id, key, name, &position) == 4) {
		struct asked *a;

		said->asked = realloc(said->asked, (said->count + 1) * sizeof *said->asked);
		assert(said->asked);
		a = &said->asked[said->count++];
		memset(a, 0, sizeof *a);
		if (bytes_of(a->id, sizeof a->id, id) != sizeof a->id || bytes_of(a->cursor.key, PUBLIC_KEY_SIZE, key) != PUBLIC_KEY_SIZE)
			break;
		a->cursor.key_size = PUBLIC_KEY_SIZE + strlen(name);
		if (a->cursor.key_size > CURSOR_KEY_MAX)
			break;
		memcpy(a->cursor.key + PUBLIC_KEY_SIZE, name, strlen(name));
		a->cursor.position = position;
	}
	bool good = feof(file);
	fclose(file);
	if (!good)
		snprintf(why, why_size, "%s: a line that is none: cursor ID KEY NAME POSITION", path);
	return good;
}

void said_close(struct said *said)
{
	free(said->asked);
}

static void promise_cursor(struct promised *p, const struct cursor *cursor)
{
	size_t i = 0;

	while (i < p->cursor_count && (p->cursors[i].key_size != cursor->key_size || memcmp(p->cursors[i].key, cursor->key, cursor->key_size)))
		i++;
	assert(i < CURSORS_MAX);
	if (i == p->cursor_count)
		p->cursors[p->cursor_count++] = *cursor;
	else if (p->cursors[i].position < cursor->position)
		p->cursors[i].position = cursor->position;
}

static void promise_head(struct promised *p, uint64_t head)
{
	if (head > p->head)
		p->head = head;
}

void said_take(const struct said *said, const struct record *r, struct promised *p)
{
	struct reader in = reader_of(slice_of(r->data, r->size));
	struct slice body;
	const uint8_t *id;
	const char *wrong = NULL;

	if (record_is_mark(r, "done init"))
		p->made = true;
	if (r->head.kind != TRACE_SAID)
		return;
	read_u16(&in);
	read_u8(&in);
	uint8_t command = read_u8(&in) & 0x7f;
	id = reader_take(&in, UUID_SIZE);
	uint16_t status = read_u16(&in);
	uint64_t position = read_u64(&in);
	assert(!in.bad && id);
	/* Whatever the answer, what it says of the log's head is there. */
	promise_head(p, position);
	body = slice_of(in.at, r->head.at == r->size ? reader_left(&in) : 0);
	if (command == COMMAND_ITEMS && body.size) {
		uint64_t next = mp_find_uint(body, "next", 1, &wrong);

		promise_head(p, next ? next - 1 : 0);
	}
	if (command == COMMAND_CURSOR && status < 300)
		for (size_t i = 0; i < said->count; i++)
			if (!memcmp(said->asked[i].id, id, UUID_SIZE))
				promise_cursor(p, &said->asked[i].cursor);
}
