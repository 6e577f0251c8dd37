/* concerns.h - which records of the log concern whom: so that a question as of then about one
 * pupil reads some hundreds of records and not all of them.
 *
 * A list is of one school (its registers), of 1024 pupils or cases (what is about one of them: actions,
 * alerts, facts, links, deadlines fired), or of the rules (calendars, pathways). An entry is a record's position and
 * the range of pupils, or cases, that it is about, in sixteens: a school's registers are its classes',
 * of which a pupil is in one. Nothing is looked at that the log does not say, so the lists are the
 * log's and can be made of it again.
 *
 * Entries are added in memory alone: a mark's submission costs a look-up and three small numbers. They
 * go to their table behind, as the pupils' figures do and in the same rounds (engine_batch.c): what is
 * missing there stands behind the position from which a start replays the log. A list stands there in
 * chunks of CONCERN_CHUNK entries, of which the last may be short:
 *
 *   kind u8, id u32, number of the chunk u32 -> entries of (varints)
 *                                               position, lowest / 16 (zigzag), highest / 16 - lowest / 16
 *   of which the first two are the difference to the entry before, where there is one.
 *
 * Which schools a pupil's registers came from, where it was more than one, stands there at once:
 *
 *   CONCERN_ALSO_AT u8, pupil u32 -> each school's urn u32, in the order of their first registers
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_CONCERNS_H
#define DAEMON_CONCERNS_H

#include "proto/event.h"
#include "store/log.h"
#include "store/store.h"

enum concern_kind { CONCERN_RULES, CONCERN_SCHOOL, CONCERN_PUPILS, CONCERN_CASES, CONCERN_ALSO_AT };
enum { CONCERN_CHUNK = 256, CONCERN_GRAIN = 16, CONCERN_GROUP = 1024 };

struct concerns;

struct concerns *concerns_new(void);
void concerns_free(struct concerns **);

/* From the lowest to the highest pupil of a register. */
struct pupil_range {
	uint32_t lowest, highest;
};
#define PUPIL_RANGE_NONE ((struct pupil_range){.lowest = UINT32_MAX})
static inline void pupil_range_take(struct pupil_range *range, uint32_t pupil)
{
	range->lowest = pupil < range->lowest ? pupil : range->lowest;
	range->highest = pupil > range->highest ? pupil : range->highest;
}

/* Adds a record; one that its list has already is passed over. Of marks: the school, and the pupils; of other
 * events, whoever they are about, if anybody. */
void concerns_marks(struct concerns *, uint32_t urn, struct pupil_range, uint64_t position);
void concerns_event(struct concerns *, const struct event *, uint64_t position);
/* A pupil of the school `before` has a mark of another one: both are remembered, in the table. */
enum store_result concerns_also_at(struct txn *, uint32_t pupil, uint32_t before, uint32_t urn);

/* How many lists there are, and writing those of [from, to) that changed since they were written. */
uint32_t concerns_count(const struct concerns *);
enum store_result concerns_write(struct concerns *, struct txn *, uint32_t from, uint32_t to);

/* Takes up what the table holds. NONE: a store of before there were any; concerns_make writes them. */
enum store_result concerns_load(struct concerns *, struct txn *);
enum store_result concerns_make(struct log *, struct txn *);

/* Positions, to be gathered from several lists and then put in order. */
struct positions {
	uint64_t *list; /* owned */
	size_t count, room;
};
/* Those up to `until` of a list that may concern one of [lowest, highest]. */
enum store_result concerns_of(const struct concerns *, struct txn *, uint8_t kind, uint32_t id, uint32_t lowest,
			      uint32_t highest, uint64_t until, struct positions *);
/* Of a pupil: the registers of the school that it is at, and of any other that it was ever at; and what
 * else is about it. */
enum store_result concerns_of_pupil(const struct concerns *, struct txn *, uint32_t pupil, uint32_t urn, uint64_t until,
				    struct positions *);
void positions_order(struct positions *); /* rising, each once */
void positions_free(struct positions *);

/* Is what a store holds what its log gives? `made`: of a replay, written whole. Up to `from` nothing may be missing.
 * NULL: it is; else what is wrong. */
const char *concerns_fault(struct txn *held, struct txn *made, uint64_t from);
/* Does the store hold any? */
bool concerns_held(struct txn *);

#endif
