/* journal.c - one write or one datagram an occurrence, so that those of two threads never mix.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#define SD_JOURNAL_SUPPRESS_LOCATION /* where in the source is nothing to an operator */
#include "daemon/journal.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

enum { LINE_SIZE = 1400, FIELDS_MAX = 16, FIELD_SIZE = 640 };
enum { CRITICAL = 2, WARNING = 4, NOTICE = 5 }; /* syslog's numbers */

static const struct {
	int priority;
	const char *text, *id, *remedy;
} events[] = {
#define X(name, priority, text, id, meaning, remedy) { priority, text, id, remedy },
	JOURNAL_EVENTS(X)
#undef X
};

/* Is standard error the journal's own stream? Then systemd started us, and its fields say more. */
static bool under_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat status;

	return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 && !fstat(STDERR_FILENO, &status) &&
	       status.st_dev == device && status.st_ino == inode;
}

/* "key=value" or "key="va lue"" as "ATTEND_KEY=value"; where the next pair begins, NULL where none does. */
static const char *take_pair(const char *at, char field[static FIELD_SIZE])
{
	size_t used = (size_t)sprintf(field, "ATTEND_");

	for (; *at && *at != '=' && used < 60; at++)
		field[used++] = isalnum((unsigned char)*at) ? (char)toupper((unsigned char)*at) : '_';
	if (*at != '=')
		return NULL;
	field[used++] = *at++;
	char end = *at == '"' ? *at++ : ' ';
	for (; *at && *at != end; at++)
		if (used < FIELD_SIZE - 1)
			field[used++] = *at;
	field[used] = 0;
	if (*at && end == '"')
		at++;
	return at + strspn(at, " ");
}

static bool send_fields(enum journal_event event, const char *line)
{
	char message[LINE_SIZE + 16], id[64], priority[16], fields[FIELDS_MAX][FIELD_SIZE];
	struct iovec parts[FIELDS_MAX + 3] = { { message, 0 }, { id, 0 }, { priority, 0 } };
	int count = 3;

	parts[0].iov_len = (size_t)snprintf(message, sizeof message, "MESSAGE=%s", line);
	parts[1].iov_len = (size_t)snprintf(id, sizeof id, "MESSAGE_ID=%s", events[event].id);
	parts[2].iov_len = (size_t)snprintf(priority, sizeof priority, "PRIORITY=%d", events[event].priority);
	for (const char *at = line; at && *at && count < FIELDS_MAX + 3;) {
		char *field = fields[count - 3];

		at = take_pair(at, field);
		if (at)
			parts[count++] = (struct iovec){ field, strlen(field) };
	}
	return sd_journal_sendv(parts, count) >= 0;
}

void journal(enum journal_event event, const char *format, ...)
{
	char line[LINE_SIZE], out[LINE_SIZE + 8];
	size_t used = (size_t)snprintf(line, sizeof line, "event=%s ", events[event].text);
	va_list values;

	va_start(values, format);
	int size = vsnprintf(line + used, sizeof line - used, format, values);
	va_end(values);
	if (size < 0)
		return;
	used = strlen(line);
	if (*events[event].remedy)
		snprintf(line + used, sizeof line - used, " remedy=\"%s\"", events[event].remedy);
	if (under_journal() && send_fields(event, line))
		return;
	size = isatty(STDERR_FILENO) ? snprintf(out, sizeof out, "%s\n", line)
	                             : snprintf(out, sizeof out, "<%d>%s\n", events[event].priority, line);
	/* A journal that can't be written to must not stop the daemon. */
	ssize_t written = write(STDERR_FILENO, out, (size_t)size);
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
