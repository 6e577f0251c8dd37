/* digest.h - what a reader is told once a day: what there is to decide, what is overdue, what is due.
 *
 * Of personal data there is the number of the case and the school, a parent's id (p1), and the
 * pupil's UPN where it is asked for. Mail is read on phones and forwarded: names stay in attend.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_DIGEST_H
#define CLIENT_DIGEST_H

#include "client/due.h"

struct digest_options {
	unsigned days;           /* how many days ahead is soon */
	bool upn;
	const char *link;        /* what a case's address begins with; NULL: no addresses */
	const char *unsubscribe; /* how to, as a line or two of text */
};

struct digest {
	size_t decisions, overdue, due; /* how many of each */
	char *subject, *body;
};

/* Adds up what `due` holds; digest_free. */
void digest_make(struct digest *, const struct due *, const struct digest_options *);
void digest_free(struct digest *);

#endif
