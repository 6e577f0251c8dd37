/* SPDX-License-Identifier: Apache-2.0 */
#include "client/readers.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "client/columns.h"
#include "client/encoding.h"
#include "client/file.h"
#include "proto/ids.h"

enum { OFFICER, ADDRESS, NAME, SCHOOL, PATHWAY, COLUMNS };
enum { ADDRESS_MAX = 254, LOCAL_MAX = 64, NAME_MAX_BYTES = 200, OFFICER_MAX = 63 };

static const struct column columns[COLUMNS + 1] = {
	{ "officer", true }, { "address", true }, { "name", false }, { "school", false }, { "pathway", false }, { NULL, false },
};

struct reading {
	struct readers *readers;
	readers_refuse *refuse;
	void *context;
	struct columns columns;
	bool good;
};

const char *address_fault(const char *address)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
	size_t local = strcspn(address, "@");
	const char *domain = address + local + 1;
	for (const char *at = address; *at; at++)
		if ((unsigned char)*at >= 0x80)
			return "only ASCII can stand in an address: write its domain as xn--...";
	if (!local || local > LOCAL_MAX || !address[local] || strlen(address) > ADDRESS_MAX)
		return "not an address: name@example.gov.uk is one";
	for (size_t i = 0; i < local; i++)
		if (!strchr(letters, address[i]) && !strchr(".!#$%&'*+/=?^_`{|}~", address[i]))
			return "not an address: before the @ stand letters, digits and a few signs, without quotes";
	size_t size = strlen(domain);
	if (!strchr(domain, '.') || domain[0] == '.' || domain[0] == '-' || domain[size - 1] == '.' || strstr(domain, ".."))
		return "not an address: after the @ stands a domain";
	for (size_t i = 0; i < size; i++)
		if (!strchr(letters, domain[i]) && domain[i] != '.')
			return "not an address: after the @ stands a domain";
	return NULL;
}

static void wrong(struct reading *r, uint64_t line, const char *field, const char *reason)
{
	r->good = false;
	r->refuse(r->context, line, field, reason);
}

static const char *text_fault(const char *text, size_t size_max)
{
	if (!encoding_is_utf8(text, strlen(text)))
		return "not UTF-8: save the file with that encoding";
	for (const char *at = text; *at; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			return "holds a line end or another control character";
	return strlen(text) > size_max ? "too long" : NULL;
}

static const char *field_fault(const struct reading *r, unsigned column, const char *value)
{
	uint32_t urn;
	if (!value)
		return columns[column].required ? "missing" : NULL;
	switch (column) {
	case ADDRESS:
		for (size_t i = 0; i < r->readers->count; i++)
			if (strcasecmp(r->readers->rows[i].address, value) == 0)
				return "stands here already: one row an address";
		return address_fault(value);
	case SCHOOL:
		return urn_parse(slice_text(value), &urn) ? NULL : "not a school's number: six digits";
	default:
		return text_fault(value, column == OFFICER ? OFFICER_MAX : NAME_MAX_BYTES);
	}
}

static char *keep(const char *text)
{
	char *copy = text ? strdup(text) : NULL;
	if (text && !copy)
		abort(); /* no memory for a name */
	return copy;
}

static void take(struct reading *r, const struct record *record)
{
	char why[128];
	const char *values[COLUMNS];
	if (record->fault || !columns_fit(&r->columns, record, why, sizeof why)) {
		wrong(r, record->line, "row", record->fault ? record->fault : why);
		return;
	}
	for (unsigned i = 0; i < record->count; i++)
		if (strlen(record->fields[i]) != record->sizes[i]) {
			wrong(r, record->line, "row", "holds a zero byte, which is no text");
			return;
		}
	for (unsigned i = 0; i < COLUMNS; i++) {
		values[i] = columns_field(&r->columns, record, i);
		const char *fault = field_fault(r, i, values[i]);
		if (fault) {
			wrong(r, record->line, columns[i].name, fault);
			return;
		}
	}
	struct reader_row *rows = reallocarray(r->readers->rows, r->readers->count + 1, sizeof *rows);
	if (!rows)
		abort();
	r->readers->rows = rows;
	rows[r->readers->count++] = (struct reader_row){ record->line, keep(values[OFFICER]), keep(values[ADDRESS]), keep(values[NAME]),
	                                                 keep(values[SCHOOL]), keep(values[PATHWAY]) };
}

bool readers_read(struct readers *readers, const char *text, size_t size, readers_refuse *refuse, void *context)
{
	struct text_left left = { text, size };
	struct reading r = { .readers = readers, .refuse = refuse, .context = context, .good = true };
	struct records *records = records_open(text_read, &left);
	struct record record;
	char why[256] = "no header; wanted is officer,address";
	*readers = (struct readers){ NULL, 0 };
	if (!records)
		abort();
	if (records_form(records) == RECORDS_JSON || !records_next(records, &record) || record.fault ||
	    !columns_read(&r.columns, &record, columns, why, sizeof why)) {
		wrong(&r, 0, "header", why);
	} else {
		if (r.columns.ignored[0]) /* a misspelt `school` would send too much */
			wrong(&r, record.line, "header", r.columns.ignored);
		while (records_next(records, &record))
			take(&r, &record);
		if (records_failed(records))
			wrong(&r, 0, "file", records_failed(records));
	}
	records_close(&records);
	return r.good;
}

void readers_free(struct readers *readers)
{
	for (size_t i = 0; i < readers->count; i++) {
		struct reader_row *row = &readers->rows[i];
		free(row->officer);
		free(row->address);
		free(row->name);
		free(row->school);
		free(row->pathway);
	}
	free(readers->rows);
	*readers = (struct readers){ NULL, 0 };
}
