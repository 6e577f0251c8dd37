/* SPDX-License-Identifier: Apache-2.0 */
#include "client/mark_rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "casework/civil.h"
#include "casework/codes.h"
#include "client/columns.h"
#include "client/encoding.h"
#include "client/mapped_rows.h"
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
	struct mapped_rows *mapped; /* of another program's file; NULL: it has our own columns */
	uint64_t without;
	char *line;           /* an entry as a line of JSON */
};

struct mark_rows *mark_rows_open(struct records *records, struct mapping *mapping, char *why, size_t why_size)
{
	struct mark_rows *r = calloc(1, sizeof *r);
	if (!r) {
		snprintf(why, why_size, "no memory");
		return NULL;
	}
	r->records = records;
	enum records_form form = records_form(records);
	r->json = form == RECORDS_JSON;
	struct record header;
	bool good = true;
	if (form == RECORDS_XML) {
		snprintf(why, why_size, "this is XML; marks come as CSV or JSON (a Common Transfer File holds a roster: attend roster)");
		good = false;
	} else if (mapping) {
		r->mapped = mapped_rows_open(records, mapping, why, why_size);
		good = r->mapped != NULL;
		r->json = mapping->json;
		r->header = good ? strdup(mapped_rows_header(r->mapped)) : NULL;
		memcpy(r->ignored, mapping->columns.ignored, good && !r->json ? sizeof r->ignored : 0);
	} else if (r->json) {
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
	free((*rows)->line);
	mapped_rows_close(&(*rows)->mapped);
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

/* 07/09/2026: a mapping would have made it 2026-09-07, or 2026-07-09. */
static void refuse_two_days(struct mark_rows *r, struct mark_row *row)
{
	if (row->fault || !strchr(row->mark.date, '/') || r->mapped)
		return;
	snprintf(r->why, sizeof r->why, "\"%.20s\": is the day or the month first? Say so with --date DD/MM/YYYY or --date MM/DD/YYYY; "
	         "it is not guessed", row->mark.date);
	refuse(row, "date", r->why);
}

static void refuse_earlier_code(struct mark_rows *r, struct mark_row *row)
{
	const char *now = row->fault ? NULL : code_earlier(slice_text(row->mark.code));
	if (!now)
		return;
	snprintf(r->why, sizeof r->why, "%s is a code of before August 2024: %s", row->mark.code, now);
	refuse(row, "code", r->why);
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
	refuse_two_days(r, row);
	refuse_earlier_code(r, row);
	if (!urn_parse(slice_text(row->urn), &urn))
		refuse(row, "urn", "not a school's number: six digits");
	take_minutes(row, values[MINUTES_LATE]);
	if (row->mark.comment && !encoding_is_utf8(row->mark.comment, strlen(row->mark.comment)))
		convert_comment(r, row);
	if (row->mark.comment && strlen(row->mark.comment) > TEXT_SIZE_MAX)
		refuse(row, "comment", "longer than 4,096 bytes");
}

static bool holds_zero(const struct record *record)
{
	for (unsigned i = 0; i < record->count; i++)
		if (memchr(record->fields[i], '\0', record->sizes[i]))
			return true;
	return false;
}

static void take_csv(struct mark_rows *r, const struct record *record, struct mark_row *row)
{
	const char *values[MARK_COLUMNS] = { NULL };
	if (!columns_fit(&r->columns, record, r->why, sizeof r->why)) {
		refuse(row, "row", r->why);
		return;
	}
	if (holds_zero(record)) {
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
	if (json_is_array(json_object_get(r->object, "data"))) {
		refuse(row, "row", "this is a document of many entries, as an API gives it: it is read by a mapping, as --map wonde-attendance");
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

/* An entry as a line of JSON that can be mended and pushed without a mapping. */
static void write_line(struct mark_rows *r, const struct mapped *mapped)
{
	json_t *object = json_object();
	for (unsigned i = 0; i < MARK_COLUMNS; i++)
		if (mapped->values[i] && i != MINUTES_LATE)
			json_object_set_new(object, mark_columns[i], json_string(mapped->values[i]));
	if (mapped->values[MINUTES_LATE])
		json_object_set_new(object, mark_columns[MINUTES_LATE], json_integer(strtoll(mapped->values[MINUTES_LATE], NULL, 10)));
	free(r->line);
	r->line = json_dumps(object, JSON_COMPACT);
	json_decref(object);
}

static bool next_mapped(struct mark_rows *r, struct mark_row *row)
{
	const struct mapped *mapped;
	const struct record *record;
	do {
		if (!mapped_rows_next(r->mapped, &mapped, &record))
			return false;
		r->without += mapped->none >> CODE & 1 && !mapped->fault;
	} while (mapped->none >> CODE & 1 && !mapped->fault);
	*row = (struct mark_row){ .line = record->line, .raw = record->raw, .raw_size = record->raw_size };
	if (r->json) {
		write_line(r, mapped);
		row->raw = r->line ? r->line : "{}";
		row->raw_size = strlen(row->raw);
	}
	if (mapped->fault)
		refuse(row, mapped->field < MARK_COLUMNS ? mark_columns[mapped->field] : "row", mapped->fault);
	else
		check(r, row, mapped->values);
	for (unsigned i = 0; i <= CODE && row->fault; i++)
		if (row->field == mark_columns[i] && mapped->ids[i]) {
			snprintf(r->why, sizeof r->why, "missing: the entry gives the id \"%.60s\" instead; give the file that says what that is by --with",
			         mapped->ids[i]);
			row->fault = r->why;
		}
	return true;
}

const char *mark_rows_failed(const struct mark_rows *r)
{
	return r->mapped ? mapped_rows_failed(r->mapped) : records_failed(r->records);
}

uint64_t mark_rows_without(const struct mark_rows *r)
{
	return r->without;
}

const char *mark_row_fault(const struct mark_row *row, char *why, size_t why_size)
{
	day_t day = 0;
	uint64_t recorded;
	uint8_t code = code_parse(slice_text(row->mark.code));
	bool am = strcmp(row->mark.session, "AM") == 0, dated = day_parse(slice_text(row->mark.date), &day);
	const char *upn = upn_fault(slice_text(row->mark.upn));
	snprintf(why, why_size, "%s", upn ? upn : "");
	if (upn)
		return "upn";
	snprintf(why, why_size, "%s", dated ? "a Saturday or Sunday" : "not a date: YYYY-MM-DD, one that exists");
	if (!dated || day_weekday(day) > FRIDAY)
		return "date";
	snprintf(why, why_size, "%s", "AM or PM is wanted");
	if (!am && strcmp(row->mark.session, "PM") != 0)
		return "session";
	snprintf(why, why_size, "%s", code ? "a code of the other session" : "not a register code of the 2024 regulations");
	if (!code || !code_fits_session(code, am ? AM : PM))
		return "code";
	snprintf(why, why_size, "%s", "not a time: RFC 3339 is wanted, as 2026-09-07T08:50:00Z");
	return row->mark.recorded_at && !time_parse(slice_text(row->mark.recorded_at), &recorded) ? "recorded_at" : NULL;
}

bool mark_rows_next(struct mark_rows *r, struct mark_row *row)
{
	struct record record;
	if (r->mapped)
		return next_mapped(r, row);
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
