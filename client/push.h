/* push.h - a file's rows to the daemon, and what became of each.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_PUSH_H
#define CLIENT_PUSH_H

#include "client/grouping.h"
#include "client/invocation.h"
#include "client/progress.h"
#include "client/rejects.h"

struct push {
	const struct invocation *invocation;
	struct attend *connection;
	bool again;               /* as new: ids of their own */
	struct mapping *mapping;  /* of another program's files; NULL: they have attend's own columns */
	bool dry;                 /* nothing is sent: there is no connection */
	struct grouping *grouping;
	struct rejects *rejects;  /* NULL: not wanted */
	struct progress progress;
	uint64_t rows, accepted, known, refused;
	uint64_t bytes_before;    /* of the files gone through */
	uint64_t converted;       /* comments of the file at hand that were Windows-1252 */
	const char *file;         /* its name, for messages */
	struct sent *at_hand;     /* the submission that rows are being added to */
	uint64_t rows_outstanding;
	uint64_t revoked;         /* a status that ends everything; 0: none */
};

/* All rows of one open file, answered. Returns the exit status so far: 0, 1 where none of the file can be taken,
 * 3 or 130 (2: no memory).
 * What was refused is counted and told as the answers come. */
int push_file(struct push *, const char *name, int fd);
/* Sends what is at hand and waits for the last answers. */
int push_flush(struct push *);
/* Frees what push_file and push_flush left; the connection is closed before. */
void push_end(struct push *);

#endif
