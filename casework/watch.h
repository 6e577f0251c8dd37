/* watch.h - watches over marks: what they see as registers arrive.
 *
 * A watch is a row of the pathway (struct watch_rule, pathway.h); there is at most one of
 * an alert kind. watch_look() is called after marks (or a calendar) changed a
 * pupil and says which alerts to raise and which standing ones no longer hold.
 * It changes nothing: the raised and withdrawn events, once applied by
 * watch_apply_raised / watch_apply_withdrawn, do.
 *
 *  count  sessions of some codes in the rolling 10 school weeks reach a number
 *         (EN-02, SP-01): raised once, armed again below it, withdrawn only when
 *         a correction takes it below.
 *  run    whole days of absence, all of some codes (SP-02, SP-08): raised once a
 *         run, on the day that its nth ends; withdrawn when a correction leaves no
 *         run of that length where it was.
 *  sick   SP-03: a run of n such days, or 2n sessions in the school year; a run
 *         that was spoken of is not spoken of again, and the total once a year.
 *  share  absence reaches a share of possible sessions (EN-04), from the nth
 *         possible session of the year on; raised in both directions.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CASEWORK_WATCH_H
#define CASEWORK_WATCH_H

#include "casework/pathway.h"
#include "casework/pupil.h"

enum { STANDING_MAX = 32, WATCH_CHANGES_MAX = STANDING_MAX + 16 };

/* A standing alert of a pupil: raised by a watch and neither withdrawn nor
 * (for count) replaced by a later one. Kept by the store, oldest dropped first
 * when there are STANDING_MAX. */
struct standing_alert {
	uint8_t kind;
	uint64_t alert;              /* position of the event that raised it */
	uint16_t first_day, last_day; /* run: its first and nth day; else the window's */
};

struct standing {
	uint8_t count;
	struct standing_alert alerts[STANDING_MAX];
};

struct watch_change {
	bool withdraw;
	uint64_t alert;              /* to withdraw */
	uint8_t watch;               /* to raise: index into the pathway's watches */
	uint8_t kind;
	bool up;
	uint16_t first_day, last_day;
	unsigned count, of;          /* sessions or days counted; of possible, for a share */
};

/* The mark that was just taken in; day 0: the calendar changed instead. */
struct watch_mark {
	day_t day;
	uint8_t session, code, held; /* held: before; CODE_NONE: none */
};

/* True where watch_look can be left out for this mark: the quick test that nine
 * marks in ten pass. Never true where watch_look would find something. */
bool watch_idle(const struct pathway *, const struct pupil *, const struct watch_mark *);

/* `standing` as the store has it (all zero where pupil->standing is 0). At most WATCH_CHANGES_MAX changes. */
size_t watch_look(const struct pathway *, const struct pupil *, const struct calendar *,
                  const struct standing *, const struct watch_mark *,
                  struct watch_change out[WATCH_CHANGES_MAX]);

/* The text of an alert to raise: the watch's, with {count} {of} {first} {last}
 * {percentage} filled. */
void watch_text(struct writer *, const struct pathway *, const struct pupil *, const struct watch_change *);

/* Applying. `standing` may be NULL where only the record in memory is wanted. */
void watch_apply_raised(struct pupil *, struct standing *, const struct event_alert_raised *, uint64_t alert);
void watch_apply_withdrawn(struct pupil *, struct standing *, uint64_t alert);

void standing_encode(struct writer *, const struct standing *);
bool standing_decode(struct standing *, struct slice);

#endif
