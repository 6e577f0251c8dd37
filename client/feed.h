/* feed.h - deadlines as a calendar that other programs subscribe to (RFC 5545, by libical).
 *
 * Each deadline is an all-day event on its last day. Its UID is made of the authority, the case
 * and the deadline's number there, and so stays; SEQUENCE rises whenever the day moves, and when
 * it ends: then SUMMARY says so, and what was cancelled has STATUS:CANCELLED.
 *
 * Of personal data there is the number of the case and the school, a parent's id (p1), and the
 * pupil's UPN where it is asked for. Events are CLASS:PRIVATE, and take up no time.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_FEED_H
#define CLIENT_FEED_H

#include <stdbool.h>

#include "client/due.h"

struct feed_options {
	const char *officer; /* whose it is, for the calendar's name; NULL: all */
	const char *link;    /* what a case's address begins with; NULL: no addresses */
	bool upn;            /* name pupils by their UPN */
};

/* The calendar, to be freed; NULL: no memory. `cancelled` is how many events of it are. */
char *feed_make(const struct due *, const struct feed_options *, size_t *cancelled);

/* Do two calendars differ in nothing but when they were made? */
bool feed_same(const char *a, const char *b);

#endif
