/* journal.h - what the daemon says to its operators: an occurrence a line, as key=value pairs that begin
 * with `event=`; journal_events.h lists them all.
 *
 * Under systemd it goes to the journal in its native protocol, each pair a field too (ATTEND_ENDPOINT=...),
 * with MESSAGE_ID and PRIORITY. Elsewhere the same line goes to standard error; where that is no terminal it
 * begins with <N>, the syslog priority. No line holds what identifies a pupil, a parent or an officer: say
 * positions, counts and local numbers.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_JOURNAL_H
#define DAEMON_JOURNAL_H

#include "daemon/journal_events.h"

/* `format` is the pairs after the event's own: "endpoint=%s clock=%s". A value with a space in it is quoted
 * (journal_quoted). Any thread may call. */
__attribute__((format(printf, 2, 3)))
void journal(enum journal_event, const char *format, ...);

/* A sentence as the value of a pair: in double quotes, control characters and
 * quotes made harmless, cut to fit. Gives `room` back. */
enum { JOURNAL_QUOTED_SIZE = 512 };
const char *journal_quoted(char room[static JOURNAL_QUOTED_SIZE], const char *sentence);

#endif
