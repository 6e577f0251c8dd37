/* records.h - a file of CSV or JSON lines, one record at a time.
 *
 * Reads as it goes, in constant memory: a record is at most RECORD_SIZE_MAX. CSV
 * records are split here, with their line numbers and original text, and their
 * fields taken apart by libcsv. A byte order mark, line ends of CRLF or CR alone,
 * empty lines and rows of empty fields are let pass.
 *
 * A record that can't be read is given with its `fault`, and reading goes on at the
 * next line: a quote that is never closed costs its own line, not the rest of the file.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_RECORDS_H
#define CLIENT_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { RECORD_SIZE_MAX = 64 * 1024, RECORD_FIELDS_MAX = 64 };

/* As read(2); waits as its owner sees fit. */
typedef ssize_t records_read(void *context, void *room, size_t size);

struct record {
	uint64_t line;      /* where it begins, from 1 */
	const char *raw;    /* as it stands in the file, without the line end */
	size_t raw_size;
	const char *fault;  /* why it can't be read; NULL: it can */
	unsigned count;     /* of fields; 0 in a file of JSON lines */
	char *fields[RECORD_FIELDS_MAX]; /* ended by a zero byte; may be changed in place */
	size_t sizes[RECORD_FIELDS_MAX]; /* more than strlen where the field holds a zero byte */
};

enum records_form { RECORDS_CSV, RECORDS_JSON, RECORDS_XML };

struct records;

struct records *records_open(records_read *, void *context); /* NULL: no memory */
void records_close(struct records **);

/* Told by the first character: `{` begins a file of JSON lines (or a JSON document, entries.h), `<` one of XML. What is
 * no text at all (a zip file, a spreadsheet, UTF-16) is refused by its name before a byte of it is taken apart. */
enum records_form records_form(struct records *);

/* The next record, valid until the call after; false: no more, or it can't be read
 * on (records_failed). */
bool records_next(struct records *, struct record *);
/* The bytes as they come, for those who take records apart by themselves; 0: no more. */
size_t records_bytes(struct records *, char *out, size_t size);
const char *records_failed(const struct records *); /* NULL: read to the end */
bool records_cut(const struct records *);            /* the last record had no line end: perhaps half of it is missing */
uint64_t records_offset(const struct records *);    /* bytes taken so far */

#endif
