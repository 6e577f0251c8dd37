/* SPDX-License-Identifier: Apache-2.0 */
#include "client/calendar_file.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "casework/calendar.h"
#include "client/columns.h"
#include "client/encoding.h"
#include "client/file.h"

enum { FROM, TO, DATE, KIND, NAME, CALENDAR_COLUMNS };

static const char kinds[] = "not one of term, closure, inset, holiday, bank-holiday";

static bool put(char *out, size_t room, const char *text)
{
	size_t size = text ? strlen(text) : 0;
	if (size >= room)
		return false;
	memcpy(out, text ? text : "", size + 1);
	return true;
}

static bool take(struct calendar_file *file, const struct columns *columns, const struct record *record,
                 calendar_refuse *refuse, void *context)
{
	char why[128], name[3 * CALENDAR_NAME_MAX + 1];
	if (record->fault || !columns_fit(columns, record, why, sizeof why)) {
		refuse(context, record->line, "row", record->fault ? record->fault : why);
		return false;
	}
	if (file->count == CALENDAR_ROWS_MAX) {
		refuse(context, record->line, "row", "a calendar has at most 512 rows");
		return false;
	}
	struct calendar_line *row = &file->rows[file->count];
	const char *date = columns_field(columns, record, DATE);
	const char *from = columns->place[FROM] == COLUMN_NONE ? date : columns_field(columns, record, FROM);
	const char *to = columns->place[TO] == COLUMN_NONE ? from : columns_field(columns, record, TO);
	const char *kind = columns_field(columns, record, KIND), *words = columns_field(columns, record, NAME);
	const char *wrong = NULL;
	row->line = record->line;
	if (!put(row->from, sizeof row->from, from))
		wrong = "from";
	else if (!put(row->to, sizeof row->to, to ? to : from))
		wrong = "to";
	if (wrong) {
		refuse(context, record->line, wrong, "not a date: YYYY-MM-DD, one that exists");
		return false;
	}
	if (!kind || !put(row->kind, sizeof row->kind, kind)) {
		refuse(context, record->line, "kind", kinds);
		return false;
	}
	if (words && strlen(words) > CALENDAR_NAME_MAX / 2 && !encoding_is_utf8(words, strlen(words)))
		words = "";
	if (words && !encoding_is_utf8(words, strlen(words))) {
		encoding_from_windows(name, words, strlen(words));
		words = name;
	}
	if (!put(row->name, sizeof row->name, words)) {
		refuse(context, record->line, "name", "longer than 200 bytes");
		return false;
	}
	file->count++;
	return true;
}

static bool read_csv(struct calendar_file *file, struct records *records, calendar_refuse *refuse, void *context)
{
	/* Either form: the range's columns are wanted where there is no `date`. */
	struct column known[CALENDAR_COLUMNS + 1] = {
		{ "from", true }, { "to", true }, { "date", false }, { "kind", true }, { "name", false }, { NULL, false },
	};
	struct columns columns;
	struct record record;
	char why[400];
	if (records_form(records) == RECORDS_JSON || !records_next(records, &record) || record.fault) {
		if (records_failed(records))
			refuse(context, 1, "file", records_failed(records));
		else
			refuse(context, 1, "header", "there is none; wanted is from,to,kind,name or date,kind,name");
		return false;
	}
	for (unsigned i = 0; i < record.count; i++)
		if (strcasecmp(record.fields[i], "date") == 0)
			known[FROM].required = known[TO].required = false;
	if (!columns_read(&columns, &record, known, why, sizeof why)) {
		refuse(context, record.line, "header", why);
		return false;
	}
	bool good = true;
	while (records_next(records, &record))
		good = take(file, &columns, &record, refuse, context) && good;
	if (records_failed(records)) {
		refuse(context, 0, "file", records_failed(records));
		return false;
	}
	return good;
}

/* The casework's own rules, so that a fault is told by its line. */
static bool check(const struct calendar_file *file, calendar_refuse *refuse, void *context)
{
	static struct calendar_row rows[CALENDAR_ROWS_MAX];
	bool good = true;
	for (size_t i = 0; i < file->count; i++) {
		const struct calendar_line *line = &file->rows[i];
		day_t from = DAY_MIN, to = DAY_MIN;
		const char *wrong = !day_parse(slice_text(line->from), &from) ? "from" : !day_parse(slice_text(line->to), &to) ? "to" : NULL;
		rows[i] = (struct calendar_row){ .from = (uint16_t)from, .to = (uint16_t)to, .kind = calendar_kind_parse(slice_text(line->kind)) };
		if (wrong)
			refuse(context, line->line, wrong, "not a date: YYYY-MM-DD, one that exists");
		else if (!rows[i].kind)
			refuse(context, line->line, "kind", kinds);
		good = good && !wrong && rows[i].kind;
	}
	size_t at = 0;
	const char *fault = good && file->count ? calendar_fault(rows, file->count, &at) : NULL;
	if (fault)
		refuse(context, file->rows[at].line, "row", fault);
	if (!file->count)
		refuse(context, 0, "file", "no row at all: a calendar replaces the one before, so it can't be empty");
	return good && !fault && file->count;
}

bool calendar_file_read(struct calendar_file *file, const char *text, size_t size, calendar_refuse *refuse, void *context)
{
	static const char begin[] = "BEGIN:VCALENDAR";
	size_t skip = size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
	while (skip < size && (text[skip] == '\r' || text[skip] == '\n' || text[skip] == ' '))
		skip++;
	file->count = 0;
	file->icalendar = size - skip >= sizeof begin - 1 && strncasecmp(text + skip, begin, sizeof begin - 1) == 0;
	if (file->icalendar)
		return icalendar_read(file, text + skip, refuse, context) && check(file, refuse, context);
	struct text_left left = { text, size };
	struct records *records = records_open(text_read, &left);
	if (!records) {
		refuse(context, 0, "file", "no memory");
		return false;
	}
	bool good = read_csv(file, records, refuse, context);
	records_close(&records);
	return good && check(file, refuse, context);
}
