/* grouping.h - which rows of a file go into one submission, and under which id.
 *
 * A submission is a run of rows of one school, in the order of the file, up to
 * what attend_marks holds. How a file is cut depends on nothing but the file, so
 * that pushed again it is cut the same, gets the same ids, and is answered as the
 * first time.
 *
 * The last mark of a session is the one that stands, so the file's order must
 * decide. Submissions on their way together may be taken in another order (when
 * the daemon asks for one again), so a row about a session that was named since the
 * last barrier is itself a barrier: what is on its way is answered before it is sent.
 *
 * The same rows may come twice in one file with a correction between them; the
 * second time they are no repeat. So the id is made of the content and of how many times
 * that content was met before in the file.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_GROUPING_H
#define CLIENT_GROUPING_H

#include "client/mark_rows.h"

struct grouping;

struct grouping *grouping_new(void); /* NULL: no memory */
void grouping_free(struct grouping **);
/* Nothing was seen and nothing occurred yet: a file is cut the same whatever was pushed
 * before it. All of that is answered by then. */
void grouping_begin_file(struct grouping *);

enum grouped {
	GROUPED,         /* the row is in */
	GROUP_COMPLETE,  /* send what there is, then give the row again */
	GROUP_BARRIER,   /* send it, wait until all is answered, then give the row again */
};

enum grouped grouping_take(struct grouping *, const struct mark_row *);

unsigned grouping_count(const struct grouping *); /* rows of the submission at hand */
uint64_t grouping_line(const struct grouping *, unsigned row);

/* The submission at hand: its body, and how often the same was met before. The next
 * row begins another. NULL: no memory. */
const void *grouping_end(struct grouping *, size_t *size, uint64_t *occurrence);

#endif
