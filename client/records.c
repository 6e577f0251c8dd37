/* SPDX-License-Identifier: Apache-2.0 */
#include "client/records.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <csv.h>

#include "client/encoding.h"

enum { BUFFER_SIZE = 256 * 1024 };
_Static_assert(BUFFER_SIZE > 2 * RECORD_SIZE_MAX, "a whole record and the byte after it fit");

struct records {
	records_read *read;
	void *context;
	char *buffer;
	size_t start, end;      /* what is read and not yet taken */
	uint64_t offset, line;  /* of `start` */
	bool begun, at_end, cut;
	char line_end;          /* LF, or CR where lines end with it alone */
	enum records_form form;
	const char *failed;
	struct csv_parser parser;
	char *fields;           /* room for the fields of one record, each with its zero */
	size_t used;
	struct record *now;
	bool too_many;
};

struct records *records_open(records_read *read, void *context)
{
	struct records *r = calloc(1, sizeof *r);
	if (!r)
		return NULL;
	*r = (struct records){ .read = read, .context = context, .line = 1, .line_end = '\n' };
	r->buffer = malloc(BUFFER_SIZE);
	r->fields = malloc(RECORD_SIZE_MAX + RECORD_FIELDS_MAX + 1);
	if (!r->buffer || !r->fields || csv_init(&r->parser, CSV_STRICT | CSV_STRICT_FINI) != 0) {
		free(r->buffer);
		free(r->fields);
		free(r);
		return NULL;
	}
	return r;
}

void records_close(struct records **records)
{
	if (!*records)
		return;
	csv_free(&(*records)->parser);
	free((*records)->buffer);
	free((*records)->fields);
	free(*records);
	*records = NULL;
}

/* Reads until at least `wanted` bytes stand in the buffer, or there are no more. */
static size_t fill(struct records *r, size_t wanted)
{
	if (r->start && r->end - r->start < wanted) {
		memmove(r->buffer, r->buffer + r->start, r->end - r->start);
		r->end -= r->start;
		r->start = 0;
	}
	while (r->end - r->start < wanted && !r->at_end && !r->failed) {
		ssize_t got = r->read(r->context, r->buffer + r->end, BUFFER_SIZE - r->end);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			r->failed = strerror(errno);
		else if (got == 0)
			r->at_end = true;
		else
			r->end += (size_t)got;
	}
	return r->end - r->start;
}

static void take(struct records *r, size_t size)
{
	r->start += size;
	r->offset += size;
}

/* Told by the first line, which begins at `from`. */
static char line_end_of(struct records *r, size_t from)
{
	bool quoted = false;
	for (size_t i = from; i < RECORD_SIZE_MAX && fill(r, i + 1) > i; i++) {
		char c = r->buffer[r->start + i];
		if (c == '"')
			quoted = !quoted;
		if (quoted || (c != '\r' && c != '\n'))
			continue;
		if (c == '\n' || fill(r, i + 2) < i + 2)
			return '\n';
		char next = r->buffer[r->start + i + 1];
		return next == '\n' || next == '\r' ? '\n' : '\r'; /* the second: CR LF, converted twice */
	}
	return '\n';
}

static void begin(struct records *r)
{
	r->begun = true;
	size_t size = fill(r, 8);
	const unsigned char *at = (const unsigned char *)r->buffer + r->start;
	r->failed = r->failed ? r->failed : encoding_no_text(at, size);
	if (r->failed)
		return;
	if (size >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0)
		take(r, 3);
	for (size_t i = 0; fill(r, i + 1) > i && i < RECORD_SIZE_MAX; i++) {
		char c = r->buffer[r->start + i];
		if (c != ' ' && c != '\t' && c != '\r' && c != '\n') {
			r->form = c == '{' ? RECORDS_JSON : c == '<' ? RECORDS_XML : RECORDS_CSV;
			if (r->form == RECORDS_CSV)
				r->line_end = line_end_of(r, i);
			return;
		}
	}
}

enum records_form records_form(struct records *r)
{
	if (!r->begun)
		begin(r);
	return r->form;
}

static void field_read(void *text, size_t size, void *context)
{
	struct records *r = context;
	struct record *record = r->now;
	if (record->count == RECORD_FIELDS_MAX) {
		r->too_many = true;
		return;
	}
	char *field = r->fields + r->used;
	memcpy(field, text, size);
	field[size] = '\0';
	record->fields[record->count] = field;
	record->sizes[record->count++] = size;
	r->used += size + 1;
}

static void take_apart(struct records *r, struct record *record)
{
	r->now = record;
	r->used = 0;
	r->too_many = false;
	bool bad = csv_parse(&r->parser, record->raw, record->raw_size, field_read, NULL, r) != record->raw_size;
	bad |= csv_fini(&r->parser, field_read, NULL, r) != 0;
	if (bad) {
		/* The parser keeps its state over an error. */
		csv_free(&r->parser);
		if (csv_init(&r->parser, CSV_STRICT | CSV_STRICT_FINI) != 0)
			r->failed = "no memory";
		record->count = 0;
		record->fault = "a quote stands where none may: a field with quotes or commas is quoted whole, "
		                "and a quote in it is doubled";
	} else if (r->too_many) {
		record->count = 0;
		record->fault = "more than 64 fields";
	}
}

/* Where the record ends that starts the buffer: the first line end that is in no
 * quotes. `*first` is the first line end of all. SIZE_MAX: not within a record's room. */
static size_t find_end(struct records *r, size_t *first)
{
	bool quoted = false, field_start = true;
	*first = SIZE_MAX;
	for (size_t i = 0; i <= RECORD_SIZE_MAX; i++) {
		if (r->start + i == r->end && fill(r, i + 1) <= i) {
			if (*first == SIZE_MAX)
				*first = i;
			return quoted ? SIZE_MAX : i;
		}
		char c = r->buffer[r->start + i];
		if (c == r->line_end && *first == SIZE_MAX)
			*first = i;
		if (c == r->line_end && !quoted)
			return i;
		if (c == '"' && r->form == RECORDS_CSV && (quoted || field_start))
			quoted = !quoted;
		/* A doubled quote opens again what it has just closed. */
		field_start = c == ',' || (field_start && (c == ' ' || c == '\t')) || (c == '"' && !quoted);
	}
	return SIZE_MAX;
}

/* Passes over a line longer than a record may be. */
static void skip_line(struct records *r)
{
	for (;;) {
		size_t size = fill(r, 1);
		char *end = memchr(r->buffer + r->start, r->line_end, size);
		if (end || !size) {
			take(r, end ? (size_t)(end - (r->buffer + r->start)) + 1 : 0);
			return;
		}
		take(r, size);
	}
}

static bool blank(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (text[i] != ' ' && text[i] != '\t' && text[i] != '\r')
			return false;
	return true;
}

/* What a spreadsheet leaves where something was deleted: nothing but separators. */
static bool all_empty(const struct record *record)
{
	for (unsigned i = 0; i < record->count; i++)
		if (record->sizes[i])
			return false;
	return true;
}

bool records_next(struct records *r, struct record *record)
{
	records_form(r);
	for (;;) {
		if (r->failed || fill(r, 1) == 0)
			return false;
		size_t first, size = find_end(r, &first);
		if (r->failed)
			return false;
		*record = (struct record){ .line = r->line };
		bool whole = size != SIZE_MAX;
		if (!whole)
			size = first;
		record->raw = r->buffer + r->start;
		record->raw_size = size == SIZE_MAX ? 200 : size; /* enough to know it by */
		if (record->raw_size && record->raw[record->raw_size - 1] == '\r')
			record->raw_size--;
		for (size_t i = 0; i < record->raw_size; i++)
			r->line += record->raw[i] == r->line_end;
		r->line++;
		if (size == SIZE_MAX) {
			record->fault = "the line is longer than 64 KiB";
			memcpy(r->fields, record->raw, record->raw_size);
			record->raw = r->fields;
			skip_line(r);
			return true;
		}
		bool ended = r->start + size < r->end;
		take(r, size + ended);
		r->cut = !ended;
		if (blank(record->raw, record->raw_size))
			continue;
		if (!whole)
			record->fault = "a quote is opened and never closed";
		else if (r->form == RECORDS_CSV)
			take_apart(r, record);
		if (r->form == RECORDS_CSV && !record->fault && all_empty(record))
			continue;
		return true;
	}
}

size_t records_bytes(struct records *r, char *out, size_t size)
{
	size_t got = fill(r, 1);
	if (got > size)
		got = size;
	memcpy(out, r->buffer + r->start, got);
	take(r, got);
	return got;
}

const char *records_failed(const struct records *r)
{
	return r->failed;
}

bool records_cut(const struct records *r)
{
	return r->cut;
}

uint64_t records_offset(const struct records *r)
{
	return r->offset;
}
