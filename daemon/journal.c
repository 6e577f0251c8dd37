/* journal.c - one write a line, so that lines of two threads never mix.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "daemon/journal.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

enum { LINE_SIZE = 1024 };

void journal(enum journal_priority priority, const char *format, ...)
{
	char line[LINE_SIZE];
	int at = 0;

	if (!isatty(STDERR_FILENO))
		at = snprintf(line, sizeof line, "<%d>", (int)priority);
	va_list values;
	va_start(values, format);
	int size = vsnprintf(line + at, sizeof line - (size_t)at - 1, format, values);
	va_end(values);
	if (size < 0)
		return;
	at += size;
	if (at > LINE_SIZE - 2)
		at = LINE_SIZE - 2;
	line[at++] = '\n';
	/* A journal that can't be written to must not stop the daemon. */
	ssize_t written = write(STDERR_FILENO, line, (size_t)at);
	(void)written;
}

const char *journal_quoted(char room[static JOURNAL_QUOTED_SIZE], const char *sentence)
{
	size_t at = 0;

	room[at++] = '"';
	for (; *sentence && at < JOURNAL_QUOTED_SIZE - 2; sentence++) {
		unsigned char byte = (unsigned char)*sentence;
		room[at++] = byte < 0x20 || byte == 0x7f ? ' ' : byte == '"' ? '\'' : (char)byte;
	}
	room[at++] = '"';
	room[at] = 0;
	return room;
}
