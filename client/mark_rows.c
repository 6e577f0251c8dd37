/* SPDX-License-Identifier: Apache-2.0 */
#include "client/mark_rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "client/columns.h"
#include "client/encoding.h"
#include "proto/ids.h"
#include "proto/message.h"

enum { URN, UPN, DATE, SESSION, CODE, RECORDED_AT, MINUTES_LATE, COMMENT };
_Static_assert(COMMENT + 1 == MARK_COLUMNS, "a name for each");

/* No date, session, code, UPN or time is as long as this. */
enum { SHORT_TEXT_MAX = 39 };

static const struct column known[] = {
	{ "urn", true }, { "upn", true }, { "date", true }, { "session", true }, { "code", true },
	{ "recorded_at", false }, { "minutes_late", false }, { "comment", false }, { NULL, false },
};
const char *const mark_columns[MARK_COLUMNS + 1] = {
	"urn", "upn", "date", "session", "code", "recorded_at", "minutes_late", "comment", NULL,
};

struct mark_rows {
	struct records *records;
	bool json;
	struct columns columns;
	char *header;
	char ignored[200];
	json_t *object;       /* the row of a file of JSON lines */
	char numbers[2][24];  /* its values that were numbers, as text */
	char why[256];
	char *comment;        /* a converted one */
	size_t comment_room;
};

struct mark_rows *mark_rows_open(struct records *records, char *why, size_t why_size)
{
	struct mark_rows *r = calloc(1, sizeof *r);
	if (!r) {
		snprintf(why, why_size, "no memory");
		return NULL;
	}
	r->records = records;
	r->json = records_form(records) == RECORDS_JSON;
	struct record header;
	bool good = true;
	if (r->json) {
		r->header = strdup("");
	} else if (!records_next(records, &header)) {
		const char *failed = records_failed(records);
		snprintf(why, why_size, "%s", failed ? failed : "the file is empty: not even a header");
		good = false;
	} else if (header.fault) {
		snprintf(why, why_size, "%s", header.fault);
		good = false;
	} else {
		good = columns_read(&r->columns, &header, known, why, why_size);
		r->header = strndup(header.raw, header.raw_size);
		memcpy(r->ignored, r->columns.ignored, sizeof r->ignored);
	}
	if (good)
		return r;
	mark_rows_close(&r);
	return NULL;
}

void mark_rows_close(struct mark_rows **rows)
{
	if (!*rows)
		return;
	json_decref((*rows)->object);
	free((*rows)->header);
	free((*rows)->comment);
	free(*rows);
	*rows = NULL;
}

const char *mark_rows_header(const struct mark_rows *r)
{
	return r->header;
}

const char *mark_rows_ignored(const struct mark_rows *r)
{
	return r->ignored;
}

static void refuse(struct mark_row *row, const char *field, const char *fault)
{
	if (row->fault)
		return;
	row->field = field;
	row->fault = fault;
}

static void convert_comment(struct mark_rows *r, struct mark_row *row)
{
	const char *comment = row->mark.comment;
	size_t size = strlen(comment);
	if (r->comment_room < 3 * size + 1) {
		free(r->comment);
		r->comment_room = 3 * size + 1;
		r->comment = malloc(r->comment_room);
	}
	if (!r->comment) {
		r->comment_room = 0;
		refuse(row, "comment", "no memory to convert it");
		return;
	}
	encoding_from_windows(r->comment, comment, size);
	row->mark.comment = r->comment;
	row->converted = true;
}

static void take_minutes(struct mark_row *row, const char *text)
{
	row->mark.minutes_late = -1;
	if (!text)
		return;
	char *end;
	unsigned long minutes = strtoul(text, &end, 10);
	if (*end || *text < '0' || *text > '9' || minutes > 600)
		refuse(row, "minutes_late", "not a number of minutes from 0 to 600");
	else
		row->mark.minutes_late = (int)minutes;
}

/* Values by column, NULL where there is none. */
static void check(struct mark_rows *r, struct mark_row *row, const char *const values[MARK_COLUMNS])
{
	uint32_t urn;
	row->urn = values[URN] ? values[URN] : "";
	row->mark = (struct attend_mark){
		.upn = values[UPN] ? values[UPN] : "",
		.date = values[DATE] ? values[DATE] : "",
		.session = values[SESSION] ? values[SESSION] : "",
		.code = values[CODE] ? values[CODE] : "",
		.recorded_at = values[RECORDED_AT],
		.comment = values[COMMENT],
	};
	for (unsigned i = 0; i < COMMENT; i++) {
		if (!values[i])
			continue;
		if (!encoding_is_utf8(values[i], strlen(values[i])))
			refuse(row, mark_columns[i], "not UTF-8; save the file as \"CSV UTF-8\"");
		else if (strlen(values[i]) > SHORT_TEXT_MAX)
			refuse(row, mark_columns[i], "too long");
	}
	for (unsigned i = URN; i <= CODE; i++)
		if (!values[i])
			refuse(row, mark_columns[i], "missing");
	if (!urn_parse(slice_text(row->urn), &urn))
		refuse(row, "urn", "not a school's number: six digits");
	take_minutes(row, values[MINUTES_LATE]);
	if (row->mark.comment && !encoding_is_utf8(row->mark.comment, strlen(row->mark.comment)))
		convert_comment(r, row);
	if (row->mark.comment && strlen(row->mark.comment) > TEXT_SIZE_MAX)
		refuse(row, "comment", "longer than 4,096 bytes");
}

static void take_csv(struct mark_rows *r, const struct record *record, struct mark_row *row)
{
	const char *values[MARK_COLUMNS] = { NULL };
	if (!columns_fit(&r->columns, record, r->why, sizeof r->why)) {
		refuse(row, "row", r->why);
		return;
	}
	for (unsigned i = 0; i < record->count; i++)
		if (memchr(record->fields[i], '\0', record->sizes[i])) {
			refuse(row, "row", "holds a zero byte, which is no text");
			return;
		}
	for (unsigned i = 0; i < MARK_COLUMNS; i++)
		values[i] = columns_field(&r->columns, record, i);
	check(r, row, values);
}

static void note_unknown(struct mark_rows *r, const char *key)
{
	size_t used = strlen(r->ignored);
	if (!strstr(r->ignored, key) && used + strlen(key) + 3 < sizeof r->ignored)
		snprintf(r->ignored + used, sizeof r->ignored - used, "%s%s", used ? ", " : "", key);
}

/* A string as it is; a number where one is at home; nothing for null. */
static const char *json_text(struct mark_rows *r, struct mark_row *row, unsigned column, const json_t *value)
{
	if (json_is_string(value)) {
		const char *text = json_string_value(value);
		if (strlen(text) != json_string_length(value))
			refuse(row, mark_columns[column], "holds a zero byte, which is no text");
		return *text ? text : NULL;
	}
	if (json_is_integer(value) && (column == URN || column == MINUTES_LATE)) {
		char *number = r->numbers[column == URN ? 0 : 1];
		snprintf(number, sizeof r->numbers[0], "%lld", (long long)json_integer_value(value));
		return number;
	}
	if (!json_is_null(value))
		refuse(row, mark_columns[column], "a text is wanted");
	return NULL;
}

static void take_json(struct mark_rows *r, const struct record *record, struct mark_row *row)
{
	json_error_t error;
	const char *values[MARK_COLUMNS] = { NULL };
	json_decref(r->object);
	r->object = json_loadb(record->raw, record->raw_size, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
	if (!json_is_object(r->object)) {
		snprintf(r->why, sizeof r->why, "not a JSON object: %.160s at byte %d", r->object ? "something else" : error.text,
		         r->object ? 0 : error.position);
		refuse(row, "row", r->why);
		return;
	}
	const char *key;
	json_t *value;
	json_object_foreach(r->object, key, value) {
		unsigned column = 0;
		while (mark_columns[column] && strcmp(mark_columns[column], key) != 0)
			column++;
		if (column < MARK_COLUMNS)
			values[column] = json_text(r, row, column, value);
		else if (strcmp(key, "reason") != 0)
			note_unknown(r, key);
	}
	check(r, row, values);
}

bool mark_rows_next(struct mark_rows *r, struct mark_row *row)
{
	struct record record;
	if (!records_next(r->records, &record))
		return false;
	*row = (struct mark_row){ .line = record.line, .raw = record.raw, .raw_size = record.raw_size };
	if (record.fault)
		refuse(row, "row", record.fault);
	else if (r->json)
		take_json(r, &record, row);
	else
		take_csv(r, &record, row);
	return true;
}
