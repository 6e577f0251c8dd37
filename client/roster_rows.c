/* SPDX-License-Identifier: Apache-2.0 */
#include "client/roster_rows.h"

#include <csv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/columns.h"
#include "client/mapped_rows.h"

enum { LINE_ROOM = 4 * MAPPING_ROOM };

struct roster_rows {
	struct records *records;
	struct columns columns;      /* of CSV with attend's own */
	struct mapped_rows *mapped;  /* of another program's; NULL: it is not */
	struct ctf *ctf;             /* of XML; NULL: it is not */
	const char *ignored, *counted;
	char *header;
	char *line;                  /* a row that stands in no line of the file */
	const char *school;
	char why[128];
};

static bool begin_plain(struct roster_rows *r, char *why, size_t why_size)
{
	struct column known[ROSTER_COLUMNS + 1] = { { NULL, false } };
	for (unsigned i = 0; i < ROSTER_COLUMNS; i++)
		known[i] = (struct column){ roster_columns[i], i <= ROSTER_BIRTH_DATE && !(i == ROSTER_URN && r->school) };
	struct record record;
	if (!records_next(r->records, &record) || record.fault) {
		const char *failed = records_failed(r->records);
		snprintf(why, why_size, "%s", failed ? failed : "no header; wanted is urn,upn,surname,forename,birth_date");
		return false;
	}
	r->ignored = r->columns.ignored;
	r->header = strndup(record.raw, record.raw_size);
	return columns_read(&r->columns, &record, known, why, why_size) && r->header;
}

/* attend's own columns, as a header. */
static char *own_header(void)
{
	char text[200] = "";
	for (unsigned i = 0; i < ROSTER_COLUMNS; i++)
		snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", i ? "," : "", roster_columns[i]);
	return strdup(text);
}

static bool begin(struct roster_rows *r, struct mapping *mapping, const struct ctf_totals *totals, char *why, size_t why_size)
{
	enum records_form form = records_form(r->records);
	snprintf(why, why_size, "no memory");
	r->line = malloc(LINE_ROOM);
	if (!r->line)
		return false;
	if (form == RECORDS_XML) {
		snprintf(why, why_size, "a Common Transfer File doesn't say whose pupils they are now: give --school URN");
		r->counted = "pupil ";
		r->header = own_header();
		r->ctf = r->school && r->header ? ctf_open(r->records, r->school, totals) : NULL;
		return r->ctf != NULL;
	}
	if (mapping) {
		r->mapped = mapped_rows_open(r->records, mapping, why, why_size);
		r->counted = mapping->json ? "entry " : "";
		r->ignored = mapping->json ? "" : mapping->columns.ignored;
		r->header = !r->mapped || mapping->json ? own_header() : strdup(mapped_rows_header(r->mapped));
		return r->mapped && r->header;
	}
	if (form == RECORDS_JSON) {
		snprintf(why, why_size, "this is JSON: which member is what? Give --map; attend roster --guess FILE says which are shipped");
		return false;
	}
	return begin_plain(r, why, why_size);
}

struct roster_rows *roster_rows_open(struct records *records, struct mapping *mapping, const char *school,
                                     const struct ctf_totals *totals, char *why, size_t why_size)
{
	struct roster_rows *r = calloc(1, sizeof *r);
	if (!r) {
		snprintf(why, why_size, "no memory");
		return NULL;
	}
	*r = (struct roster_rows){ .records = records, .school = school, .ignored = "", .counted = "" };
	if (!begin(r, mapping, totals, why, why_size))
		roster_rows_close(&r);
	return r;
}

void roster_rows_close(struct roster_rows **rows)
{
	if (!*rows)
		return;
	mapped_rows_close(&(*rows)->mapped);
	ctf_close(&(*rows)->ctf);
	free((*rows)->header);
	free((*rows)->line);
	free(*rows);
	*rows = NULL;
}

static void refuse(struct roster_row *row, const char *field, const char *fault)
{
	row->field = field;
	row->fault = fault;
}

static bool next_plain(struct roster_rows *r, struct roster_row *row)
{
	struct record record;
	if (!records_next(r->records, &record))
		return false;
	*row = (struct roster_row){ .line = record.line, .raw = record.raw, .raw_size = record.raw_size };
	if (record.fault)
		refuse(row, "row", record.fault);
	else if (!columns_fit(&r->columns, &record, r->why, sizeof r->why))
		refuse(row, "row", r->why);
	for (unsigned i = 0; i < record.count && !row->fault; i++)
		if (memchr(record.fields[i], '\0', record.sizes[i]))
			refuse(row, "row", "holds a zero byte, which is no text");
	/* The fields lie in the records' own room, which lasts until the next is asked for. */
	for (unsigned i = 0; i < ROSTER_COLUMNS && !row->fault; i++)
		row->values[i] = columns_field(&r->columns, &record, i);
	if (!row->values[ROSTER_URN])
		row->values[ROSTER_URN] = r->school;
	return true;
}

/* The row as a line of attend's own columns: what a JSON entry or an XML element is mended as. */
static void write_line(struct roster_rows *r, struct roster_row *row)
{
	size_t used = 0;
	for (unsigned i = 0; i < ROSTER_COLUMNS; i++) {
		const char *value = row->values[i] ? row->values[i] : "";
		size_t size = strlen(value);
		if (LINE_ROOM - used < 2 * size + 4) {
			refuse(row, "row", "its texts are too long");
			break;
		}
		if (i)
			r->line[used++] = ',';
		if (strpbrk(value, ",\"\n\r"))
			used += csv_write(r->line + used, LINE_ROOM - used, value, size);
		else
			used += (size_t)snprintf(r->line + used, LINE_ROOM - used, "%s", value);
	}
	row->raw = r->line;
	row->raw_size = used;
}

static bool next_mapped(struct roster_rows *r, struct roster_row *row)
{
	const struct mapped *mapped;
	const struct record *record;
	if (!mapped_rows_next(r->mapped, &mapped, &record))
		return false;
	*row = (struct roster_row){ .line = record->line, .raw = record->raw, .raw_size = record->raw_size };
	memcpy(row->values, mapped->values, sizeof row->values);
	if (mapped->fault)
		refuse(row, mapped->field < ROSTER_COLUMNS ? roster_columns[mapped->field] : "row", mapped->fault);
	if (!record->raw)
		write_line(r, row);
	return true;
}

bool roster_rows_next(struct roster_rows *r, struct roster_row *row)
{
	if (r->mapped)
		return next_mapped(r, row);
	if (!r->ctf)
		return next_plain(r, row);
	if (!ctf_next(r->ctf, row))
		return false;
	write_line(r, row);
	return true;
}

const char *roster_rows_failed(const struct roster_rows *r)
{
	return r->ctf ? ctf_failed(r->ctf) : r->mapped ? mapped_rows_failed(r->mapped) : records_failed(r->records);
}

const char *roster_rows_header(const struct roster_rows *r)
{
	return r->header;
}

const char *roster_rows_ignored(const struct roster_rows *r)
{
	return r->ignored;
}

const char *roster_rows_counted(const struct roster_rows *r)
{
	return r->counted;
}
