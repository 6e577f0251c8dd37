/* SPDX-License-Identifier: Apache-2.0 */
#include "client/roster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "casework/civil.h"
#include "client/encoding.h"
#include "proto/ids.h"

enum { INDEX_ROOM = 4 * ROSTER_WINDOW, SENT_FIRST = 32 * 1024, PUPIL_SIZE_MAX = 128 * 1024, HELD_MAX = 32 * 1024 * 1024 };

const char *const roster_columns[ROSTER_COLUMNS + 1] = {
	"urn", "upn", "surname", "forename", "birth_date", "year_group", "groups", "send", "language",
	"parent", "parent_name", "parent_address", NULL,
};

static uint64_t hash_of(const char *urn, const char *upn)
{
	uint64_t hash = 0xcbf29ce484222325u;
	for (; *urn; urn++)
		hash = (hash ^ (unsigned char)*urn) * 0x100000001b3u;
	for (; *upn; upn++)
		hash = (hash ^ (unsigned char)*upn) * 0x100000001b3u;
	hash ^= hash >> 29;
	return hash ? hash : 1;
}

static size_t *slot_of(struct roster *r, const char *urn, const char *upn)
{
	size_t at = hash_of(urn, upn) % INDEX_ROOM;
	for (; r->index[at] != SIZE_MAX; at = (at + 1) % INDEX_ROOM) {
		struct roster_pupil *p = r->pupils[r->index[at]];
		if (strcmp(p->values[ROSTER_URN], urn) == 0 && strcmp(p->values[ROSTER_UPN], upn) == 0)
			break;
	}
	return &r->index[at];
}

static uint64_t *sent_at(uint64_t *sent, size_t room, uint64_t hash)
{
	size_t at = hash % room;
	while (sent[at] && sent[at] != hash)
		at = (at + 1) % room;
	return &sent[at];
}

static bool remember(struct roster *r, const struct roster_pupil *p)
{
	if (r->sent_count * 2 >= r->sent_room) {
		size_t room = r->sent_room ? r->sent_room * 2 : SENT_FIRST;
		uint64_t *larger = calloc(room, sizeof *larger);
		if (!larger)
			return false;
		for (size_t i = 0; i < r->sent_room; i++)
			if (r->sent[i])
				*sent_at(larger, room, r->sent[i]) = r->sent[i];
		free(r->sent);
		r->sent = larger;
		r->sent_room = room;
	}
	uint64_t hash = hash_of(p->values[ROSTER_URN], p->values[ROSTER_UPN]);
	uint64_t *slot = sent_at(r->sent, r->sent_room, hash);
	r->sent_count += !*slot;
	*slot = hash;
	return true;
}

static void forget_index(struct roster *r)
{
	memset(r->index, 0xff, INDEX_ROOM * sizeof *r->index); /* SIZE_MAX each */
	r->count = r->held = 0;
}

bool roster_begin(struct roster *r, const struct roster_sink *sink)
{
	*r = (struct roster){ .sink = sink };
	r->pupils = malloc(ROSTER_WINDOW * sizeof(struct roster_pupil *));
	r->index = malloc(INDEX_ROOM * sizeof *r->index);
	if (!r->pupils || !r->index)
		return false;
	forget_index(r);
	return true;
}

/* A field as UTF-8, for keeping; NULL where it is empty. Names and addresses come from
 * programs that still write Windows-1252. */
static char *keep(struct roster *r, const char *field)
{
	if (!field)
		return NULL;
	size_t size = strlen(field);
	char *kept = malloc(3 * size + 1);
	if (!kept)
		r->no_memory = true;
	else if (encoding_is_utf8(field, size))
		memcpy(kept, field, size + 1);
	else
		encoding_from_windows(kept, field, size);
	return kept;
}

static void pupil_free(struct roster_pupil *p)
{
	for (unsigned i = 0; i < ROSTER_OWN; i++)
		free(p->values[i]);
	for (unsigned i = 0; i < p->parent_count; i++) {
		free(p->parents[i].id);
		free(p->parents[i].name);
		free(p->parents[i].address);
	}
	free(p->raw);
	free(p->refused);
	free(p);
}

static bool empty_window(struct roster *r)
{
	size_t good = 0;
	for (size_t i = 0; i < r->count && !r->no_memory; i++)
		r->no_memory = !remember(r, r->pupils[i]);
	for (size_t i = 0; i < r->count; i++) {
		struct roster_pupil *p = r->pupils[i];
		if (p->refused) {
			r->sink->reject(r->sink->context, p->raw, p->raw_size, "pupil", p->refused);
			r->refused++;
			pupil_free(p);
		} else {
			r->pupils[good++] = p;
		}
	}
	if (good && !r->stopped && !r->no_memory)
		r->stopped = !r->sink->send(r->sink->context, r->pupils, good);
	for (size_t i = 0; i < good; i++)
		pupil_free(r->pupils[i]);
	forget_index(r);
	return !r->no_memory;
}

/* The row is wrong, and so is its pupil. */
static void wrong(struct roster *r, struct roster_pupil *p, const struct roster_row *row, const char *field, const char *reason)
{
	r->sink->tell(r->sink->context, row->line, field, reason);
	if (!p->refused && asprintf(&p->refused, "%s: %s (line %llu)", field, reason, (unsigned long long)row->line) < 0) {
		p->refused = NULL;
		r->no_memory = true;
	}
}

static struct roster_pupil *add_pupil(struct roster *r, const struct roster_row *row, size_t *slot)
{
	struct roster_pupil *p = calloc(1, sizeof *p);
	if (!p) {
		r->no_memory = true;
		return NULL;
	}
	p->line = row->line;
	for (unsigned i = 0; i < ROSTER_OWN; i++)
		p->values[i] = keep(r, row->values[i]);
	*slot = r->count;
	r->pupils[r->count++] = p;
	r->all++;
	return p;
}

/* A later row may leave out what an earlier one said, and may say what it left out. */
static void agree(struct roster *r, struct roster_pupil *p, const struct roster_row *row)
{
	for (unsigned i = 0; i < ROSTER_OWN; i++) {
		char *value = keep(r, row->values[i]);
		if (value && p->values[i] && strcmp(value, p->values[i]) != 0) {
			char reason[120];
			snprintf(reason, sizeof reason, "another than in line %llu, which is about the same pupil", (unsigned long long)p->line);
			wrong(r, p, row, roster_columns[i], reason);
		}
		if (p->values[i])
			free(value);
		else
			p->values[i] = value;
	}
}

static bool same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static void add_parent(struct roster *r, struct roster_pupil *p, const struct roster_row *row)
{
	struct roster_parent parent = {
		keep(r, row->values[ROSTER_PARENT]), keep(r, row->values[ROSTER_PARENT_NAME]), keep(r, row->values[ROSTER_PARENT_ADDRESS]),
	};
	const char *reason = NULL;
	bool known = false;
	for (unsigned i = 0; i < p->parent_count && parent.id && !reason; i++) {
		if (strcmp(p->parents[i].id, parent.id) != 0)
			continue;
		known = true;
		if (!same(p->parents[i].name, parent.name) || !same(p->parents[i].address, parent.address))
			reason = "this id stood before this pupil's with another name or address";
	}
	if (!parent.id && (parent.name || parent.address))
		reason = "a name or address without an id, such as p1";
	else if (parent.id && !parent_ok(slice_text(parent.id)))
		reason = "an id is a letter, then letters, digits and -; at most 16 of them";
	else if (!known && parent.id && p->parent_count == ROSTER_PARENTS_MAX)
		reason = "a pupil has at most 16";
	if (!reason && !known && parent.id) {
		p->parents[p->parent_count++] = parent;
		return;
	}
	free(parent.id);
	free(parent.name);
	free(parent.address);
	if (reason)
		wrong(r, p, row, "parent", reason);
}

static void check_own(struct roster *r, struct roster_pupil *p, const struct roster_row *row)
{
	char reason[160];
	day_t day;
	const char *born = row->values[ROSTER_BIRTH_DATE];
	if (!p->values[ROSTER_SURNAME])
		wrong(r, p, row, "surname", "missing");
	if (!born || day_parse(slice_text(born), &day))
		return;
	snprintf(reason, sizeof reason, strchr(born, '/') ? "\"%.20s\": is the day or the month first? Say so with --date DD/MM/YYYY or "
	         "--date MM/DD/YYYY; it is not guessed" : "\"%.20s\" is not a date: YYYY-MM-DD, one that exists", born);
	wrong(r, p, row, "birth_date", reason);
}

static void keep_raw(struct roster *r, struct roster_pupil *p, const struct roster_row *row)
{
	if (p->raw_size + row->raw_size > PUPIL_SIZE_MAX) {
		wrong(r, p, row, "row", "this pupil has more rows than a pupil has parents");
		return;
	}
	char *larger = realloc(p->raw, p->raw_size + row->raw_size + 1);
	if (!larger) {
		r->no_memory = true;
		return;
	}
	p->raw = larger;
	memcpy(p->raw + p->raw_size, row->raw, row->raw_size);
	p->raw_size += row->raw_size + 1;
	r->held += row->raw_size;
	p->raw[p->raw_size - 1] = '\0';
}

static void refuse_row(struct roster *r, const struct roster_row *row, const char *field, const char *reason)
{
	r->refused++;
	r->sink->tell(r->sink->context, row->line, field, reason);
	r->sink->reject(r->sink->context, row->raw, row->raw_size, field, reason);
}

void roster_take(struct roster *r, const struct roster_row *row)
{
	const char *urn = row->values[ROSTER_URN], *upn = row->values[ROSTER_UPN];
	uint32_t number;
	r->rows++;
	if (row->fault) {
		refuse_row(r, row, row->field, row->fault);
		return;
	}
	const char *upn_wrong = upn ? upn_fault(slice_text(upn)) : "missing";
	if (!urn || !urn_parse(slice_text(urn), &number)) {
		refuse_row(r, row, "urn", "not a school's number: six digits");
		return;
	}
	if (upn_wrong) {
		refuse_row(r, row, "upn", upn_wrong);
		return;
	}
	if (r->sent_room && *sent_at(r->sent, r->sent_room, hash_of(urn, upn))) {
		refuse_row(r, row, "row", "this pupil's other rows stand so far above that they were sent: put all of the pupil's rows "
		           "together and load them again");
		return;
	}
	if ((r->count == ROSTER_WINDOW || r->held > HELD_MAX) && !empty_window(r))
		return;
	size_t *slot = slot_of(r, urn, upn);
	struct roster_pupil *p = *slot == SIZE_MAX ? add_pupil(r, row, slot) : r->pupils[*slot];
	if (!p || r->no_memory)
		return;
	keep_raw(r, p, row);
	agree(r, p, row);
	check_own(r, p, row);
	add_parent(r, p, row);
}

bool roster_end(struct roster *r)
{
	return empty_window(r);
}

void roster_free(struct roster *r)
{
	for (size_t i = 0; i < r->count; i++)
		pupil_free(r->pupils[i]);
	free(r->pupils);
	free(r->index);
	free(r->sent);
	*r = (struct roster){ .sink = NULL };
}
