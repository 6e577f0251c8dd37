/* SPDX-License-Identifier: Apache-2.0 */
#include "client/mapped_rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/encoding.h"
#include "client/entries.h"

struct mapped_rows {
	struct records *records;
	struct mapping *mapping;
	struct entries *entries; /* of JSON */
	char *header;
	char *heads;             /* its fields that were no UTF-8, as UTF-8 */
	struct record record;    /* the row of the file at hand */
	struct mapped rows[MAPPED_ROWS_MAX];
	unsigned count, next;
	char why[128];
};

/* A program that writes Windows-1252 writes its headings so, and a mapping is UTF-8. The room of those converted. */
static char *heads_as_utf8(struct record *header)
{
	size_t used = 0, room = 1;
	for (unsigned i = 0; i < header->count; i++)
		room += 3 * header->sizes[i] + 1;
	char *heads = malloc(room);
	for (unsigned i = 0; i < header->count && heads; i++)
		if (!encoding_is_utf8(header->fields[i], header->sizes[i])) {
			size_t size = encoding_from_windows(heads + used, header->fields[i], strlen(header->fields[i]));
			header->fields[i] = heads + used;
			used += size + 1;
		}
	return heads;
}

static bool begin(struct mapped_rows *r, char *why, size_t why_size)
{
	struct record header = { .fault = NULL };
	enum records_form form = records_form(r->records);
	snprintf(why, why_size, "no memory");
	if (form != RECORDS_CSV && !r->mapping->json) {
		snprintf(why, why_size, "this is %s, and the mapping %.40s is for CSV", form == RECORDS_XML ? "XML" : "JSON",
		         r->mapping->name ? r->mapping->name : "");
		return false;
	}
	if (r->mapping->json) {
		r->header = strdup("");
		r->entries = entries_open(r->records);
		return r->header && r->entries;
	}
	if (!records_next(r->records, &header) || header.fault) {
		const char *failed = records_failed(r->records);
		snprintf(why, why_size, "%s", failed ? failed : header.fault ? header.fault : "the file is empty: not even a header");
		return false;
	}
	r->header = strndup(header.raw, header.raw_size);
	r->heads = heads_as_utf8(&header);
	return r->header && r->heads && mapping_bind(r->mapping, &header, why, why_size);
}

struct mapped_rows *mapped_rows_open(struct records *records, struct mapping *mapping, char *why, size_t why_size)
{
	struct mapped_rows *r = calloc(1, sizeof *r);
	if (!r) {
		snprintf(why, why_size, "no memory");
		return NULL;
	}
	r->records = records;
	r->mapping = mapping;
	if (!begin(r, why, why_size))
		mapped_rows_close(&r);
	return r;
}

void mapped_rows_close(struct mapped_rows **rows)
{
	if (!*rows)
		return;
	entries_close(&(*rows)->entries);
	free((*rows)->header);
	free((*rows)->heads);
	free(*rows);
	*rows = NULL;
}

static void add(void *context, const struct mapped *row)
{
	struct mapped_rows *r = context;
	if (r->count < MAPPED_ROWS_MAX) {
		r->rows[r->count++] = *row;
	} else {
		r->rows[MAPPED_ROWS_MAX - 1].field = MAPPING_TARGETS_MAX;
		r->rows[MAPPED_ROWS_MAX - 1].fault = "this is more than 24 rows in one";
	}
}

static const char *zero_byte(const struct record *record)
{
	for (unsigned i = 0; i < record->count; i++)
		if (memchr(record->fields[i], '\0', record->sizes[i]))
			return "holds a zero byte, which is no text";
	return NULL;
}

/* The file's next row. False: no more. */
static bool take_next(struct mapped_rows *r)
{
	const json_t *entry = NULL;
	r->count = r->next = 0;
	if (r->entries) {
		entry = entries_next(r->entries);
		r->record.line++;
		if (!entry)
			return false;
	} else if (!records_next(r->records, &r->record)) {
		return false;
	}
	struct mapped wrong = { .field = MAPPING_TARGETS_MAX, .fault = r->record.fault };
	if (!entry && !wrong.fault && !columns_fit(&r->mapping->columns, &r->record, r->why, sizeof r->why))
		wrong.fault = r->why;
	if (!entry && !wrong.fault)
		wrong.fault = zero_byte(&r->record);
	if (wrong.fault)
		add(r, &wrong);
	else
		mapping_take(r->mapping, &r->record, entry, add, r);
	return true;
}

bool mapped_rows_next(struct mapped_rows *r, const struct mapped **row, const struct record **record)
{
	while (r->next == r->count)
		if (!take_next(r))
			return false;
	*row = &r->rows[r->next++];
	*record = &r->record;
	return true;
}

const char *mapped_rows_failed(const struct mapped_rows *r)
{
	return r->entries ? entries_failed(r->entries) : records_failed(r->records);
}

const char *mapped_rows_header(const struct mapped_rows *r)
{
	return r->header;
}
