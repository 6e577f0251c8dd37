/* watch.h - watches over marks: what they see as registers arrive.
 *
 * A watch is a row of the pathway (struct watch_rule, pathway.h); there is at most one of
 * an alert kind. watch_look() is called after marks (or a calendar) changed a
 * pupil and says which alerts to raise and which standing ones no longer hold.
 * It changes nothing: the raised and withdrawn events, once applied by
 * watch_apply_raised / watch_apply_withdrawn, do.
 *
 *  count  sessions of some codes in the rolling 10 school weeks reach a number
 *         (EN-02, SP-01): raised once, armed again below it. Withdrawn only by a
 *         correction that takes the window of the latest register below it
 *         (EN-03); an alert whose window fell below because weeks passed was
 *         right when it was raised, and stands; so does one that was below by the
 *         weeks of the school from which the correction takes the pupil.
 *  run    whole days of absence, all of some codes (SP-02, SP-08): raised once a
 *         run, on the day that its nth ends; withdrawn when a correction leaves no
 *         run of that length where it was (none that has a day from the alert's
 *         first to its last).
 *  sick   SP-03: a run of n such days, or 2n sessions in the school year; a run
 *         that was spoken of is not spoken of again, and the total once a year.
 *         Where both come at once there is one alert, for both. The total is not
 *         spoken of while its newest session stands in a run that was spoken of
 *         in the same year (AM-only days: the run is the same absence); it is
 *         with the first one outside. Withdrawn when a correction leaves neither
 *         the run nor, if the alert spoke of the total, the total.
 *  share  absence reaches a share of possible sessions (EN-04), from the nth
 *         possible session of the year on; raised in both directions: up when it
 *         is reached, down when it is no longer so (corrections included). Never
 *         withdrawn. A new school year starts silently.
 *
 *  stays  a mark with one of the codes that still stands when its day ends, or so many
 *         school days later (SP-36): see watch_stays(). Withdrawn when a correction
 *         takes the mark away, or what its `unless` asks for is recorded.
 *
 * A change of calendar alone raises what it makes true and withdraws nothing.
 *
 * Example of a count of 10, N on consecutive sessions:
 *
 *   the 10th N       window 10   raise, not armed
 *   the 11th N       window 11   nothing
 *   two N become I   window  9   withdraw, armed
 *   one more N       window 10   raise
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CASEWORK_WATCH_H
#define CASEWORK_WATCH_H

#include "casework/case.h"

enum {
	STANDING_MAX = 32,
	WATCH_CHANGES_MAX = STANDING_MAX + 2 * WATCHES_MAX, /* a mark has a run on either side of it */
	STANDING_RECORD_MAX = 1 + STANDING_MAX * 16,
};

/* A standing alert of a pupil: raised by a watch and neither withdrawn nor
 * (for count) replaced by a later one. Kept by the store; when there are STANDING_MAX,
 * the oldest of the kind that most stand of makes room. Shares are not kept: nothing withdraws them. */
struct standing_alert {
	uint8_t kind;
	bool up;                     /* sick: it spoke of the year's total */
	uint64_t alert;              /* position of the event that raised it; rising */
	uint16_t first_day, last_day; /* run: its first and nth day; count: the window's first
	                               * Monday and the latest register's day */
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
	bool up;                     /* count: true; run: false; share: the worse way; sick: speaks of the total */
	uint16_t first_day, last_day; /* of a share: 0, and the latest register's day */
	unsigned count, of;          /* sessions or days counted (of a sick total, sessions / 2);
	                              * of possible, for a share, else 0 */
};

/* The mark that was just taken in; day 0: the calendar changed instead. */
struct watch_mark {
	day_t day;
	uint8_t session, code, held; /* held: before; CODE_NONE: none */
	bool below;                  /* it took the pupil to another school, and the window was below the threshold by the old one's weeks */
};

/* Is this a kind of alert that a watch may raise? Those of a case's deadlines are not. */
bool watch_speaks(uint8_t alert_kind);

/* What is wrong with a watch as a rule, or NULL: a count is of kind THRESHOLD and
 * of the unauthorised codes (struct pupil keeps that window alone), no other
 * type is; codes are known and possible attendances; a number is at least 1 and a
 * share at most 100. For the compiler of pathways. Static text. */
const char *watch_fault(const struct watch_rule *);

/* True where watch_look can be left out for this mark: the quick test that nine
 * marks in ten pass. Never true where watch_look would find something, given
 * that it has looked under the same watches at every mark before (a pathway
 * newly in force finds older runs when marks next touch them). */
bool watch_idle(const struct pathway *, const struct pupil *, const struct watch_mark *);

/* Is it of the latest register, and no correction? Such a mark takes no standing alert's ground away: only a
 * correction, or a mark that comes late, may. (Of a pupil who is new, and of whom something was said, none is taken for
 * such a one: that they were not seen on days whose registers come now stands no more, SP-26.) */
bool watch_newest(const struct pupil *, const struct watch_mark *);

/* `standing` as the store has it (all zero where pupil->standing is 0). The mark
 * was taken in as new or as a correction. Withdrawals come first, in the order
 * in which the alerts were raised, then what to raise in the pathway's order.
 *
 * Of a mark that is watch_newest(), what stands only keeps things from being said again: where nothing is found
 * with nothing standing, nothing is with it. */
size_t watch_look(const struct pathway *, const struct pupil *, const struct calendar *,
                  const struct standing *, const struct watch_mark *,
                  struct watch_change out[WATCH_CHANGES_MAX]);

/* The text of an alert to raise: the watch's, with {count} {of} {first} {last}
 * {percentage} filled (attendance of the school year, to one decimal). Other
 * braces are left as they are. */
void watch_text(struct writer *, const struct pathway *, const struct pupil *, const struct watch_change *);

/* Watches that stay (watch_stays.c). They are asked when a day ends, never at a mark:
 * watch_idle and watch_look raise nothing for them.
 *
 * The marks that are due then are those of the days from *first to *last; false: of none. */
bool watch_days(const struct watch_rule *, const struct calendar *, day_t ended, day_t *first, day_t *last);
/* The day at whose end a mark of `day` is due. */
day_t watch_stays_until(const struct watch_rule *, const struct calendar *, day_t day);
/* Has the pupil such a mark on that day? Cheap: nine in ten have not. */
static inline bool watch_touched(const struct watch_rule *rule, const struct pupil *p, day_t day)
{
	uint8_t am = pupil_code(p, day, AM), pm = pupil_code(p, day, PM);

	return (am != CODE_NONE && code_in(rule->codes, am)) || (pm != CODE_NONE && code_in(rule->codes, pm));
}
/* Is there something to say of the marks of `day`, due at the end of `until`? Not where an
 * alert stands that spoke of the same marks on end (`once`: any of the school year). */
bool watch_stays(const struct pathway *, uint8_t watch, const struct pupil *, const struct standing *, day_t day,
                 day_t until, struct watch_change *);
/* Do the marks that an alert spoke of still stand? */
bool watch_stands(const struct watch_rule *, const struct pupil *, const struct standing_alert *);
/* Is the rule, one of the view's pathway, known to be excused on that day? `c` NULL: no case. */
bool watch_excused(const struct watch_rule *, const struct case_state *c, const struct case_view *, day_t on);

/* Applying. The event's `kind`, `up`, `first_day` and `last_day` are the
 * change's; an event of a kind that no watch raises changes nothing. `standing` may be NULL where
 * only the record in memory is wanted: the record comes out the same.
 *
 * Replay takes in all marks of a submission before the alerts that were raised
 * between them, and must come to the same record: so a threshold that the window
 * has fallen below again (`rearm_below`, as for pupil_mark) is not spoken of, nor
 * is a share of a school year that is over. */
void watch_apply_raised(struct pupil *, struct standing *, const struct event_alert_raised *, uint64_t alert,
                        unsigned rearm_below);
void watch_apply_withdrawn(struct pupil *, struct standing *, uint64_t alert);

void standing_encode(struct writer *, const struct standing *);
bool standing_decode(struct standing *, struct slice);

#endif
