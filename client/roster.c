/* SPDX-License-Identifier: Apache-2.0 */
#include "client/roster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/columns.h"
#include "client/encoding.h"
#include "client/file.h"
#include "client/records.h"
#include "proto/ids.h"

const char *const roster_columns[ROSTER_COLUMNS + 1] = {
	"urn", "upn", "surname", "forename", "birth_date", "year_group", "groups", "send", "language",
	"parent", "parent_name", "parent_address", NULL,
};

struct reading {
	struct roster *roster;
	struct columns columns;
	roster_refuse *refuse;
	void *context;
	bool no_memory;
};

static bool wrong(struct reading *r, uint64_t line, const char *field, const char *reason)
{
	r->roster->refused++;
	r->refuse(r->context, line, field, reason);
	return false;
}

static size_t hash_of(const char *urn, const char *upn)
{
	uint64_t hash = 0xcbf29ce484222325u;
	for (; *urn; urn++)
		hash = (hash ^ (unsigned char)*urn) * 0x100000001b3u;
	for (; *upn; upn++)
		hash = (hash ^ (unsigned char)*upn) * 0x100000001b3u;
	return (size_t)(hash ^ hash >> 29);
}

static size_t *slot_of(struct roster *r, const char *urn, const char *upn)
{
	size_t at = hash_of(urn, upn) % r->index_room;
	for (; r->index[at] != SIZE_MAX; at = (at + 1) % r->index_room) {
		struct roster_pupil *p = r->pupils[r->index[at]];
		if (strcmp(p->values[ROSTER_URN], urn) == 0 && strcmp(p->values[ROSTER_UPN], upn) == 0)
			break;
	}
	return &r->index[at];
}

static bool grow(struct roster *r)
{
	if (r->count < r->room)
		return true;
	size_t room = r->room ? r->room * 2 : 256;
	struct roster_pupil **pupils = realloc(r->pupils, room * sizeof(struct roster_pupil *));
	if (!pupils)
		return false;
	r->pupils = pupils;
	size_t *index = malloc(room * 4 * sizeof *index);
	if (!index)
		return false;
	free(r->index);
	r->index = index;
	r->index_room = room * 4;
	r->room = room;
	for (size_t i = 0; i < r->index_room; i++)
		r->index[i] = SIZE_MAX;
	for (size_t i = 0; i < r->count; i++)
		*slot_of(r, r->pupils[i]->values[ROSTER_URN], r->pupils[i]->values[ROSTER_UPN]) = i;
	return true;
}

/* A field as UTF-8, for keeping; NULL where it is empty. Names and addresses come from
 * programs that still write Windows-1252. */
static char *keep(struct reading *r, const char *field)
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
	if (!p)
		return;
	for (unsigned i = 0; i < ROSTER_OWN; i++)
		free(p->values[i]);
	for (unsigned i = 0; i < p->parent_count; i++) {
		free(p->parents[i].id);
		free(p->parents[i].name);
		free(p->parents[i].address);
	}
	free(p);
}

static struct roster_pupil *add_pupil(struct reading *r, uint64_t line, const char *const values[], size_t *slot)
{
	struct roster_pupil *p = calloc(1, sizeof *p);
	if (!p) {
		r->no_memory = true;
		return NULL;
	}
	p->line = line;
	for (unsigned i = 0; i < ROSTER_OWN; i++)
		p->values[i] = keep(r, values[i]);
	*slot = r->roster->count;
	r->roster->pupils[r->roster->count++] = p;
	return p;
}

/* A later row may leave out what an earlier one said, and may say what it left out. */
static bool agree(struct reading *r, struct roster_pupil *p, uint64_t line, const char *const values[])
{
	for (unsigned i = 0; i < ROSTER_OWN; i++) {
		char *value = keep(r, values[i]);
		if (value && p->values[i] && strcmp(value, p->values[i]) != 0) {
			char reason[120];
			snprintf(reason, sizeof reason, "another than in line %llu, which is about the same pupil",
			         (unsigned long long)p->line);
			free(value);
			return wrong(r, line, roster_columns[i], reason);
		}
		if (p->values[i])
			free(value);
		else
			p->values[i] = value;
	}
	return true;
}

static bool same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool add_parent(struct reading *r, struct roster_pupil *p, uint64_t line, const char *const values[])
{
	struct roster_parent parent = {
		keep(r, values[ROSTER_PARENT]), keep(r, values[ROSTER_PARENT_NAME]), keep(r, values[ROSTER_PARENT_ADDRESS]),
	};
	const char *field = "parent", *reason = NULL;
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
	else if (!known && parent.id && p->parent_count == ROSTER_PARENTS_MAX)
		reason = "a pupil has at most 16";
	if (!reason && !known && parent.id) {
		p->parents[p->parent_count++] = parent;
		return true;
	}
	free(parent.id);
	free(parent.name);
	free(parent.address);
	return reason ? wrong(r, line, field, reason) : true;
}

static void take(struct reading *r, const struct record *record)
{
	char why[128];
	const char *values[ROSTER_COLUMNS];
	uint32_t urn;
	if (record->fault) {
		wrong(r, record->line, "row", record->fault);
		return;
	}
	if (!columns_fit(&r->columns, record, why, sizeof why)) {
		wrong(r, record->line, "row", why);
		return;
	}
	for (unsigned i = 0; i < ROSTER_COLUMNS; i++)
		values[i] = columns_field(&r->columns, record, i);
	for (unsigned i = 0; i < record->count; i++)
		if (memchr(record->fields[i], '\0', record->sizes[i])) {
			wrong(r, record->line, "row", "holds a zero byte, which is no text");
			return;
		}
	const char *upn_wrong = values[ROSTER_UPN] ? upn_fault(slice_text(values[ROSTER_UPN])) : "missing";
	if (!values[ROSTER_URN] || !urn_parse(slice_text(values[ROSTER_URN]), &urn))
		wrong(r, record->line, "urn", "not a school's number: six digits");
	else if (upn_wrong)
		wrong(r, record->line, "upn", upn_wrong);
	else if (!grow(r->roster))
		r->no_memory = true;
	else {
		size_t *slot = slot_of(r->roster, values[ROSTER_URN], values[ROSTER_UPN]);
		struct roster_pupil *p = *slot == SIZE_MAX ? add_pupil(r, record->line, values, slot) : r->roster->pupils[*slot];
		if (p && !r->no_memory && agree(r, p, record->line, values))
			add_parent(r, p, record->line, values);
	}
}

static bool read_rows(struct reading *r, struct records *records, char *why, size_t why_size)
{
	struct column known[ROSTER_COLUMNS + 1] = { { NULL, false } };
	for (unsigned i = 0; i < ROSTER_COLUMNS; i++)
		known[i] = (struct column){ roster_columns[i], i <= ROSTER_BIRTH_DATE };
	struct record record;
	if (records_form(records) == RECORDS_JSON || !records_next(records, &record) || record.fault) {
		snprintf(why, why_size, "no header; wanted is urn,upn,surname,forename,birth_date");
		return false;
	}
	if (!columns_read(&r->columns, &record, known, why, why_size))
		return false;
	while (!r->no_memory && records_next(records, &record)) {
		r->roster->rows++;
		take(r, &record);
	}
	if (r->no_memory || records_failed(records))
		snprintf(why, why_size, "%s", r->no_memory ? "no memory" : records_failed(records));
	return !r->no_memory && !records_failed(records);
}

bool roster_read(struct roster *roster, const char *text, size_t size, roster_refuse *refuse, void *context, char *why,
                 size_t why_size)
{
	*roster = (struct roster){ .pupils = NULL };
	struct reading r = { .roster = roster, .refuse = refuse, .context = context };
	struct text_left left = { text, size };
	struct records *records = records_open(text_read, &left);
	bool good = false;
	if (records)
		good = read_rows(&r, records, why, why_size);
	else
		snprintf(why, why_size, "no memory");
	records_close(&records);
	return good;
}

void roster_free(struct roster *r)
{
	for (size_t i = 0; i < r->count; i++)
		pupil_free(r->pupils[i]);
	free(r->pupils);
	free(r->index);
	*r = (struct roster){ .pupils = NULL };
}
