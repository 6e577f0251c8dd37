/* push_spool.h - a push through a spool: rows are kept first and delivered from there, so that neither
 * a daemon that is away nor a push that is killed loses any.
 *
 * A submission's note holds what its rows are told by when the answer comes, perhaps in another
 * run: the file's name and header, and each row's line and text.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_PUSH_SPOOL_H
#define CLIENT_PUSH_SPOOL_H

#include <poll.h>

#include "client/push.h"

struct push_spool;

/* `size_max` in bytes; 0: the library's. False: it was said what is wrong. */
bool push_spool_open(struct push *, const char *dir, uint64_t size_max);
void push_spool_close(struct push *);

/* What push.c does with a submission, and between two whose order matters. Exit status, or 0. */
int push_spool_keep(struct push *, struct sent *, const uint8_t id[static ATTEND_ID_SIZE], const void *body, size_t size);
int push_spool_barrier(struct push *);
int push_spool_idle(struct push *, struct pollfd *); /* while a pipe says nothing */

/* All is read, as far as it went (`status`): what was kept is on disk, is delivered if it can be, and what was refused
 * is in the rejects. Exit status. */
int push_spool_finish(struct push *, int status);

/* Rows of this push that wait; submissions that wait in all; rows delivered of earlier pushes, and how many
 * of those were refused. */
struct push_spool_counts {
	uint64_t kept, waiting, earlier, earlier_refused;
	bool cut; /* not all is kept */
};
struct push_spool_counts push_spool_counts(const struct push *);

/* ---- for attend spool ---- */

/* The note taken apart: rows with line and text. NULL: no memory, or it is none of ours. */
struct sent *sent_of_note(const void *note, size_t size, const char **header);
/* Puts what is held of the refused into the rejects, in as far as it has their form, and forgets that. `left`
 * counts the rows of another form. 0, or it was said and this is the exit status. */
int spool_to_rejects(const struct invocation *, struct attend_spool *, struct rejects *, uint64_t *rows, uint64_t *left);

#endif
