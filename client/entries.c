/* SPDX-License-Identifier: Apache-2.0 */
#include "client/entries.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK = 16 * 1024, NONE = -1 };

enum place { BETWEEN, IN_OBJECT, IN_LIST };

struct entries {
	struct records *records;
	char chunk[CHUNK];
	size_t at, end;
	uint64_t line;
	int kept;              /* a byte that was read too far; NONE */
	bool ended;            /* no byte is left */
	size_t value_size;     /* of the value that is being read */
	bool too_large;
	enum place place;
	bool of_object;        /* the list is an object's `data` */
	bool first;            /* nothing of the object or list was read yet */
	uint64_t count, documents;
	json_t *now;
	bool failed;
	char why[240];
};

struct entries *entries_open(struct records *records)
{
	struct entries *e = calloc(1, sizeof *e);
	if (!e)
		return NULL;
	e->records = records;
	e->line = 1;
	e->kept = NONE;
	records_form(records); /* passes over a byte order mark */
	return e;
}

void entries_close(struct entries **entries)
{
	if (!*entries)
		return;
	json_decref((*entries)->now);
	free(*entries);
	*entries = NULL;
}

const char *entries_failed(const struct entries *e)
{
	return e->failed ? e->why : NULL;
}

__attribute__((format(printf, 2, 3)))
static bool fail(struct entries *e, const char *format, ...)
{
	if (e->failed)
		return false;
	e->failed = true;
	int used = snprintf(e->why, sizeof e->why, "line %llu: ", (unsigned long long)e->line);
	va_list list;
	va_start(list, format);
	vsnprintf(e->why + used, sizeof e->why - (size_t)used, format, list);
	va_end(list);
	return false;
}

/* What stands there is no JSON, or not yet. */
#define unsound(e, format, ...) \
	((e)->ended ? fail(e, "the file ends in the middle: half a file?") : fail(e, "no sound JSON: " format, __VA_ARGS__))

static int next_byte(struct entries *e)
{
	if (e->kept != NONE) {
		int byte = e->kept;
		e->kept = NONE;
		return byte;
	}
	if (e->at == e->end) {
		e->at = 0;
		e->end = records_bytes(e->records, e->chunk, sizeof e->chunk);
		e->ended = !e->end;
		if (e->ended)
			return NONE;
	}
	unsigned char byte = (unsigned char)e->chunk[e->at++];
	e->line += byte == '\n';
	return byte;
}

/* The next that is no blank; NONE at the end. */
static int next_mark(struct entries *e)
{
	int byte;
	do
		byte = next_byte(e);
	while (byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n');
	return byte;
}

/* For jansson: a byte at a time, so that it stops where the value does. */
static size_t give_byte(void *buffer, size_t size, void *context)
{
	struct entries *e = context;
	if (size == 0 || ++e->value_size > ENTRY_SIZE_MAX) {
		e->too_large = true;
		return (size_t)-1;
	}
	int byte = next_byte(e);
	if (byte == NONE)
		return 0;
	*(char *)buffer = (char)byte;
	return 1;
}

static json_t *read_value(struct entries *e)
{
	json_error_t error;
	e->kept = next_mark(e);
	uint64_t line = e->line;
	e->value_size = 0;
	json_t *value = json_load_callback(give_byte, e, JSON_DECODE_ANY | JSON_DISABLE_EOF_CHECK | JSON_REJECT_DUPLICATES, &error);
	if (value) {
		/* A number or word ends with the byte after it. */
		if (!json_is_object(value) && !json_is_array(value) && !json_is_string(value) && e->at)
			e->kept = (unsigned char)e->chunk[e->at - 1];
		return value;
	}
	if (e->too_large)
		fail(e, "a value of more than %d KiB", ENTRY_SIZE_MAX / 1024);
	else if (records_failed(e->records))
		fail(e, "%s", records_failed(e->records));
	else
		unsound(e, "%.120s, in the value that begins in line %llu", error.text, (unsigned long long)line);
	return NULL;
}

/* A document's keys up to its `data`. True: a value of it is at hand or a list is open. */
static bool in_object(struct entries *e)
{
	int mark = next_mark(e);
	if (mark == '}') {
		e->place = BETWEEN;
		return true;
	}
	if (!e->first && mark != ',')
		return unsound(e, "%s", "a , or } is wanted");
	if (e->first)
		e->kept = mark;
	e->first = false;
	json_t *key = read_value(e);
	bool data = key && json_is_string(key) && strcmp(json_string_value(key), "data") == 0;
	bool good = json_is_string(key);
	json_decref(key);
	if (!good || next_mark(e) != ':')
		return unsound(e, "%s", "a \"name\": is wanted");
	mark = next_mark(e);
	if (data && mark == '[') {
		e->place = IN_LIST;
		e->of_object = e->first = true;
		return true;
	}
	e->kept = mark;
	json_t *value = read_value(e);
	if (data && json_is_object(value)) {
		e->now = value;
		return true;
	}
	json_decref(value);
	return value != NULL;
}

static bool in_list(struct entries *e)
{
	int mark = next_mark(e);
	if (mark == ']') {
		e->place = e->of_object ? IN_OBJECT : BETWEEN;
		e->first = false;
		return true;
	}
	if (!e->first && mark != ',')
		return unsound(e, "%s", "a , or ] is wanted");
	if (e->first)
		e->kept = mark;
	e->first = false;
	e->now = read_value(e);
	if (e->now && !json_is_object(e->now))
		return fail(e, "an entry is no object");
	return e->now != NULL;
}

/* A new document; false: there is none, or it is no such. */
static bool between(struct entries *e)
{
	int mark = next_mark(e);
	if (mark == NONE) {
		if (records_failed(e->records))
			return fail(e, "%s", records_failed(e->records));
		return e->documents ? false : fail(e, "the file is empty");
	}
	e->documents++;
	e->first = true;
	e->of_object = false;
	e->place = mark == '[' ? IN_LIST : IN_OBJECT;
	return mark == '[' || mark == '{' || fail(e, "this is no JSON document: { or [ begins one");
}

const json_t *entries_next(struct entries *e)
{
	json_decref(e->now);
	e->now = NULL;
	while (!e->failed && !e->now) {
		bool good = e->place == BETWEEN ? between(e) : e->place == IN_LIST ? in_list(e) : in_object(e);
		if (!good)
			break;
	}
	if (e->failed) {
		json_decref(e->now);
		e->now = NULL;
	}
	e->count += e->now != NULL;
	if (!e->now && !e->failed && !e->count && e->documents == 1)
		fail(e, "a document without a list `data` that has entries; is it what the API answers to an error?");
	return e->now;
}

const char *entries_fault(struct records *records, char *why, size_t why_size)
{
	struct entries *e = entries_open(records);
	snprintf(why, why_size, "no memory");
	if (!e)
		return why;
	while (entries_next(e))
		;
	bool failed = e->failed;
	snprintf(why, why_size, "%s", e->why);
	entries_close(&e);
	return failed ? why : NULL;
}
