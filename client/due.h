/* due.h - what is due: the deadlines that a calendar feed and a digest are made of.
 *
 * Items are those of the query `deadlines` (PROTOCOL.md): those that run, those past for which
 * something is still waited, and where days are kept, those that have ended (but for reminders,
 * of which nothing is left to say then, unless they were cancelled). As with alerts, what is for
 * other roles than that of who asks is left out; auditors and administrators are given all.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_DUE_H
#define CLIENT_DUE_H

#include <jansson.h>

#include "casework/civil.h"
#include "client/invocation.h"

struct due_filter {
	const char *officer; /* of the cases in this officer's hands, or of one for whom they stand in; NULL: all */
	const char *school;  /* of this school; NULL: all */
	const char *pathway; /* of cases on this pathway; NULL: all */
	unsigned keep_days;  /* the ended ones, so many days after their last; 0: none */
};

struct due {
	char authority[128], role[32]; /* the key's */
	uint64_t now_ms;     /* the daemon's */
	day_t today;
	json_t *items;
};

/* Asks the daemon. The exit status: 0, and then due_free; else why stands on standard error. */
int due_ask(const struct invocation *, struct attend *, const struct due_filter *, struct due *);
void due_free(struct due *);

/* Of an item: its text, "" where there is none; its day, 0 where there is none. */
const char *due_text(const json_t *item, const char *key);
day_t due_day(const json_t *item, const char *key);

#endif
