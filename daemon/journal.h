/* journal.h - what the daemon says to its operators: one line an occurrence, on
 * standard error, as key=value pairs that begin with `event=`.
 *
 * Where standard error is no terminal each line begins with <N>, the syslog
 * priority, which systemd's journal reads. No line holds what identifies a pupil,
 * a parent or an officer: say positions, counts and local numbers.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_JOURNAL_H
#define DAEMON_JOURNAL_H

enum journal_priority {
	JOURNAL_CRITICAL = 2,
	JOURNAL_ERROR = 3,
	JOURNAL_WARNING = 4,
	JOURNAL_NOTICE = 5,
	JOURNAL_INFO = 6,
};

/* `format` begins "event=...". Any thread may call. */
__attribute__((format(printf, 2, 3)))
void journal(enum journal_priority, const char *format, ...);

/* A sentence as the value of a pair: in double quotes, control characters and
 * quotes made harmless, cut to fit. Gives `room` back. */
enum { JOURNAL_QUOTED_SIZE = 512 };
const char *journal_quoted(char room[static JOURNAL_QUOTED_SIZE], const char *sentence);

#endif
