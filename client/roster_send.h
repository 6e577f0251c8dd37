/* roster_send.h - pupils to the daemon, and what became of each.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_ROSTER_SEND_H
#define CLIENT_ROSTER_SEND_H

#include "client/invocation.h"
#include "client/rejects.h"
#include "client/roster.h"

struct roster_send {
	const struct invocation *invocation;
	struct attend *connection; /* NULL: a dry run, nothing is sent */
	const char *file, *counted; /* for messages: "roster.csv", what a line number counts */
	struct rejects *rejects;   /* NULL: not wanted */
	uint64_t accepted, known, refused; /* pupils, by the daemon */
	int status;                /* the exit status so far */
};

/* A sink: `context` is a struct roster_send. */
extern const struct roster_sink roster_send_sink;

#endif
