/* people.h - who and what stands round a pupil: facts, siblings, schools.
 *
 * One record a pupil, kept by the store; a pupil of whom nothing is known has none.
 * A parent's id is the pupil's own (p1 of one child may be m of another), so a link
 * says which two are the same person; links reach through each other, which
 * is the store's to follow, since it has the other pupils' records.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CASEWORK_PEOPLE_H
#define CASEWORK_PEOPLE_H

#include "casework/calendar.h"
#include "casework/facts.h"
#include "casework/pupil.h"

enum {
	LINKS_MAX = 32,
	SCHOOLS_MAX = 16,   /* moves of school from the first one with a case open on; after so many no more are followed */
	PEOPLE_RECORD_MAX = 8 * 1024,
};

struct link {
	uint32_t pupil;          /* the other one */
	char parent[PARENT_SIZE_MAX + 1], other[PARENT_SIZE_MAX + 1]; /* one's own, and theirs; empty: siblings */
	bool stands;             /* false: it was taken back; a question as of then still needs to know whom to ask */
};

struct attended {
	uint16_t from;           /* 0: from the beginning */
	uint32_t urn;
};

struct people {
	struct facts facts;
	uint8_t link_count, school_count;
	struct link links[LINKS_MAX];
	struct attended schools[SCHOOLS_MAX]; /* rising by `from`; none: never moved with a case open */
	/* Asked by nobody any more, since they are no answer where a third school writes, or one of a week long ago (the
	 * daemon looks into the log); kept, since a rebuild must give the same bytes. */
	uint32_t first_school;   /* whose marks are held; 0: no second school has written any */
	uint16_t others[PUPIL_WEEKS]; /* by week as in struct pupil, a bit a session: by another than the first */
};

/* Is there room for a link (or is it held already)? */
bool people_link_room(const struct people *, uint32_t other, struct slice parent, struct slice other_parent);
void people_link(struct people *, uint32_t other, struct slice parent, struct slice other_parent, bool stands);
/* A move to `urn` with a register of `from`; `was`: the school till then. */
void people_moved(struct people *, uint32_t was, uint32_t urn, day_t from);
bool people_attended(const struct people *, uint32_t urn);

/* A second school's register, or one after it: whose each session's mark is. `was`: the school of the
 * marks before, where this is the first of another. True where something changed. */
bool people_wrote(struct people *, uint32_t was, uint32_t urn, day_t, uint8_t session);

void people_encode(struct writer *, const struct people *);
bool people_decode(struct people *, struct slice);

#endif
