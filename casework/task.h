/* task.h - recurring tasks of a school: when one is due, and what was done of them.
 *
 * A task recurs every week, fortnight, half-term or term, or in one month of each
 * year; all within the terms of the school's calendar, for outside them nothing
 * recurs. A stretch of days is one instance of it, due when the last school day in it
 * ends. (SP-21)
 *
 *   half-term  a `term` row, cut where a `holiday` row takes a week or more out of it
 *   fortnight  two weeks of a half-term, from its first on; an odd last one alone
 *   term       the half-terms that begin from August on, from January on, and from
 *              mid-March on: autumn, spring, summer, whenever Easter is
 *
 * How far a task has come is kept as a day, the last one of the newest instance that is
 * over or done, so that a change of calendar can't bring one back.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CASEWORK_TASK_H
#define CASEWORK_TASK_H

#include "casework/pathway.h"

enum { HALF_TERMS_MAX = 64, SCHOOL_RECORD_MAX = 24 + SCHOOL_NAME_MAX + TASKS_MAX * (NAME_SIZE_MAX + 16) };

struct terms {
	unsigned count;
	struct half_term { day_t first, last; } half[HALF_TERMS_MAX]; /* rising */
};

/* Rows that pass calendar_fault. Of more than HALF_TERMS_MAX half-terms the newest. */
void terms_build(struct terms *, const struct calendar_row rows[], size_t count);

/* One instance. */
struct task_span {
	day_t first, last, due;
};

/* The first instance that begins after `through` and is due on `since` or later; false: the
 * calendar has none. One without a school day is none. */
bool task_next(const struct task_rule *, const struct terms *, const struct calendar *, day_t through, day_t since,
               struct task_span *);

/* A school of which something is known. All zero: nothing is. */
struct school {
	uint32_t urn;
	uint8_t kinds;      /* bit per enum school_kind */
	uint16_t since;     /* the day from which its tasks recur */
	char name[SCHOOL_NAME_MAX + 1]; /* what people call it; empty: nobody said */
	uint8_t task_count;
	struct school_task {
		char name[NAME_SIZE_MAX];
		uint16_t through;
		uint64_t alert; /* the reminder of the instance that ended with `through`; 0: it was done */
	} tasks[TASKS_MAX];
};

/* Is the task one for such a school? */
bool task_concerns(const struct task_rule *, const struct school *);
/* What is known of a task; NULL: nothing yet. */
const struct school_task *school_task(const struct school *, struct slice name);

void school_apply_described(struct school *, const struct event_school_described *, day_t on);
/* An instance came to its end undone (`alert`: its reminder), or was done (0). */
void school_apply_task(struct school *, struct slice name, uint16_t through, uint64_t alert);

/* What a reminder says. */
void task_text(struct writer *, const struct task_rule *, const struct task_span *);

void school_encode(struct writer *, const struct school *);
bool school_decode(struct school *, struct slice); /* but for the urn, which is the key */

#endif
