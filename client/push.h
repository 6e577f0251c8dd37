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
	const char *header;       /* of that file, "" for JSON lines */
	struct sent *at_hand;     /* the submission that rows are being added to */
	uint64_t rows_outstanding;
	struct push_spool *spool; /* push_spool.h; NULL: rows go to the daemon and wait nowhere */
	uint64_t revoked;         /* a status that ends everything; 0: none */
};

/* All rows of one open file, answered. Returns the exit status so far: 0, 1 where none of the file can be taken,
 * 3 or 130 (2: no memory).
 * What was refused is counted and told as the answers come. */
int push_file(struct push *, const char *name, int fd);
/* Sends what is at hand and waits for the last answers. */
int push_flush(struct push *);
/* A submission on its way: whose rows they are, to tell what is wrong with which. */
struct sent {
	struct push *push;
	char *file;
	unsigned count;
	uint64_t lines[ATTEND_MARKS_ROWS_MAX];
	char *raw;             /* the rows as they stood, each ended by a zero byte; for the rejects */
	size_t raw_used, raw_room;
	uint32_t starts[ATTEND_MARKS_ROWS_MAX];
};
void sent_free(struct sent *);
/* Puts a row in; `raw` NULL: it is not wanted. False: no memory. */
bool sent_add(struct sent *, uint64_t line, const char *raw, size_t raw_size);
/* Tells of each row that the reply, which refuses some, does; without `rejects` on standard error alone. */
void sent_tell(struct sent *, const struct attend_reply *);
/* Each row that such a reply to so many refuses: all, where it refuses the whole. */
void refused_rows_each(const struct attend_reply *, unsigned rows, attend_refused_row *, void *context);
/* What became of a call as an exit status; said, where it went wrong. */
int push_status(struct push *, enum attend_result, const char *why);
/* Frees what push_file and push_flush left; the connection is closed before. */
void push_end(struct push *);

#endif
