/* calendar_file.h - a calendar from CSV or iCalendar, as rows.
 *
 * CSV: `from,to,kind,name` or `date,kind,name`. iCalendar: each VEVENT is a row; its
 * days are those of DTSTART to the day before DTEND (a date's end is not in it), its
 * kind is the first of its CATEGORIES that names one, or else what the words of its
 * SUMMARY say:
 *
 *   bank holiday                             bank-holiday
 *   INSET, training day, non-pupil day       inset
 *   half term, holiday, break                holiday
 *   closure, closed                          closure
 *   term                                     term
 *
 * "Term starts", "last day of term" and "school breaks up" name one day of a term whose other
 * end is elsewhere, so they are refused, as are one day of "half term begins" and a VEVENT that
 * repeats. What was cancelled is passed over. Times of UTC are read as London's.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_CALENDAR_FILE_H
#define CLIENT_CALENDAR_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/event.h"

enum { CALENDAR_NAME_MAX = 200 };

struct calendar_line {
	uint64_t line;           /* in the file; of iCalendar, which VEVENT */
	char from[11], to[11];
	char kind[16];
	char name[CALENDAR_NAME_MAX + 1];
};

struct calendar_file {
	bool icalendar;
	size_t count;
	struct calendar_line rows[CALENDAR_ROWS_MAX];
};

typedef void calendar_refuse(void *context, uint64_t line, const char *field, const char *reason);

/* A calendar is taken whole or not at all: false where anything is wrong, each thing
 * told (line 0: of the file itself). */
bool calendar_file_read(struct calendar_file *, const char *text, size_t size, calendar_refuse *, void *context);

/* The kind that a summary's words name; NULL: none, and `*why` says what would mend it. */
const char *calendar_kind_of_words(const char *summary, const char **why);

/* icalendar.c */
bool icalendar_read(struct calendar_file *, const char *text, calendar_refuse *, void *context);

#endif
