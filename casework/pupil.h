/* pupil.h - one pupil's marks and the figures made of them.
 *
 * A pupil's newest PUPIL_WEEKS weeks of marks stand in the record, a week in one
 * word: ten sessions of six bits, Monday's AM lowest. That holds the school year
 * of the latest register and, before its start, more than the ten school weeks
 * that a rolling window can reach back; a mark older than that changes no figure
 * and stands in the log alone. What watches need at every mark is kept beside
 * them, and pupil_check() asserts that it equals what the marks give.
 *
 * Figures are those of the school year (1 September to 31 August) of the latest
 * register. (EN-02, EN-03, EN-04, SP-04)
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CASEWORK_PUPIL_H
#define CASEWORK_PUPIL_H

#include "casework/calendar.h"
#include "casework/codes.h"

enum { PUPIL_WEEKS = 64, PUPIL_WINDOW_WEEKS = 10, PUPIL_RECORD_MAX = 640, PUPIL_SHARE_FROM = 20 };

enum { PUPIL_SPOKEN = 1, PUPIL_SCHOOLS = 2 };

/* All zero is a pupil without a mark. The caller sets `urn`, `case_no` and
 * `position`; pupil_mark() the rest but for `standing` and what watch.h raises.
 *
 * A week's word:  60       48                          12          0
 *                 | 0 | Friday PM AM | ... | Tuesday ... | Monday PM AM |
 */
struct pupil {
	uint32_t urn;          /* the school of the latest register; 0: none yet */
	uint32_t case_no;      /* the open case, 0: none */
	uint16_t latest_day;   /* of the latest register; 0: no mark yet */
	uint8_t latest_session;
	uint8_t standing;      /* PUPIL_SPOKEN: an alert that a correction may withdraw was raised once
	                        * (never cleared: the store may hold standing alerts).
	                        * PUPIL_SCHOOLS: registers of a second school are known */
	uint32_t raised;       /* bit per alert kind: the watch has spoken and is not armed
	                        * (THRESHOLD and shares; runs are remembered by their standing
	                        * alerts instead) */
	uint16_t possible, absent; /* of the school year */
	uint16_t sick;         /* I sessions of the school year */
	uint16_t window;       /* unauthorised sessions in the rolling 10 school weeks */
	uint64_t position;     /* the newest event applied to this record */
	uint64_t weeks[PUPIL_WEEKS]; /* by how many weeks before the latest register's; zero: no mark. So that what most
	                              * marks touch is one line of the cache: this head and the newest weeks */
	uint8_t unused[32];          /* a whole number of such lines */
};

/* What became of a mark. */
enum mark_change {
	MARK_NEW,        /* none was held for the session */
	MARK_SAME,       /* equal to the mark held */
	MARK_CORRECTED,  /* stands in place of another */
	MARK_TOO_OLD,    /* before the weeks that are held: no figure changes. The same is said of
	                  * what no register holds (a weekend, a number that is no code), so
	                  * that nothing read from outside can harm a record */
};

/* The mark held: CODE_NONE if there is none or the weeks held don't reach it. */
uint8_t pupil_code(const struct pupil *, day_t, uint8_t session);
/* Of the latest register's day, or of the marked day before it where it is that of an AM: the code of a morning
 * that has now ended, as its afternoon was marked or never came. CODE_NONE where there is none. */
uint8_t pupil_morning_ended(const struct pupil *);
/* Are all marks that are held of the newest PUPIL_NEW_WEEKS? */
enum { PUPIL_NEW_WEEKS = 10 };
bool pupil_is_new(const struct pupil *);
enum mark_change pupil_would(const struct pupil *, day_t, uint8_t session, uint8_t code);

/* Takes a mark in. Can't fail. `*held` is the code before. The calendar is that
 * of the school of the latest register (once this mark is in): where that is
 * another school than before, pupil_moves() takes it in.
 *
 * When the latest register passes into another school year, the year's figures
 * start again and every bit of `raised` but THRESHOLD's is cleared, for all
 * else that is watched is counted by the year. When `window` is below
 * `rearm_below`, before the mark (a calendar may have changed) or after it, the
 * bit of THRESHOLD is cleared. */
enum mark_change pupil_mark(struct pupil *, const struct calendar *, day_t, uint8_t session,
                            uint8_t code, unsigned rearm_below, uint8_t *held);

/* The same of a mark that takes the pupil to another school, whose calendar it is: the window is that one's from
 * now on. What is counted half by the one school's weeks and half by the other's arms nothing. */
enum mark_change pupil_moves(struct pupil *, const struct calendar *, day_t, uint8_t session,
                             uint8_t code, unsigned rearm_below, uint8_t *held);

/* Counts again from the marks (after a change of calendar). */
void pupil_recount(struct pupil *, const struct calendar *);
/* Asserts that the kept counts equal the marks'. For tests; slow. */
void pupil_check(const struct pupil *, const struct calendar *);

struct figures {
	int school_year;        /* 2026; 0: no marks */
	day_t latest;           /* of the latest register counted */
	unsigned possible, attended, authorised, unauthorised, late, sick;
	unsigned unauthorised_10_weeks;
	bool persistent, severe; /* from the 20th possible session on */
	unsigned broken_weeks, weeks_in_session;
	unsigned absent_on[5];   /* absences by weekday, Monday first: the pattern of SP-04 */
	unsigned coded[CODE_LIMIT]; /* sessions by code, absences and others */
};

void pupil_figures(const struct pupil *, const struct calendar *, struct figures *);
/* The same of the days from `first` to `last`, both in, as if the latest register among them were
 * the pupil's; all 0 where there is none. Weeks are in session from the first mark among them.
 * The caller sees to it that the weeks held reach back to `first`. (SP-25) */
void pupil_figures_of(const struct pupil *, const struct calendar *, day_t first, day_t last, struct figures *);

/* Unauthorised (or any set of codes) sessions in the `weeks` school weeks that
 * end with the week of `last`, not after `last`: of that week itself, and of as
 * many weeks before it that the calendar gives a school day as make up `weeks`.
 * A mark in any other week is not counted. */
unsigned pupil_window(const struct pupil *, const struct calendar *, uint64_t codes,
                      unsigned weeks, day_t last);
/* Sessions with one of `codes` from `first` to `last`, both in. */
unsigned pupil_count(const struct pupil *, uint64_t codes, day_t first, day_t last);

/* Whole days of absence. A day stands in a run when it has at least one session
 * marked, each session that was a possible attendance carries one of `codes`,
 * and, on the day of the latest register, the PM has been marked (the day has
 * ended). A day whose every session was no possible attendance, or that has no
 * mark, neither counts nor breaks. */
enum day_kind { DAY_UNKNOWN, DAY_IN, DAY_NEUTRAL, DAY_BREAKS };
enum day_kind pupil_day(const struct pupil *, uint64_t codes, day_t);

/* The stretch of days round `day` that no day breaks, as far as it has days that
 * stand in a run. `edge`: it goes back unbroken to the first week held, so that
 * it may have begun earlier. False where `day` itself breaks. */
struct stretch {
	day_t first, last; /* of the days that stand in it; 0: there are none */
	day_t nth_day;     /* on which it reached `nth` days, or 0 */
	unsigned count;    /* of days that stand in it */
	bool edge;
};

bool pupil_stretch(const struct pupil *, uint64_t codes, day_t day, unsigned nth, struct stretch *);

/* The run of such days round `day`: its first and last day and how many stand in
 * it; 0 where `day` is not in one. `nth_day`, if not NULL, is the day on which
 * the run reached `nth` days (or 0). */
unsigned pupil_run(const struct pupil *, uint64_t codes, day_t day, day_t *first, day_t *last,
                   unsigned nth, day_t *nth_day);

/* The Monday of the first week held; 0 where there is no mark. */
day_t pupil_first_held(const struct pupil *);

/* The canonical record, and back. At most PUPIL_RECORD_MAX bytes:
 *
 *   2:u8 urn:varint case_no:varint position:varint standing:u8 raised:varint latest_day:u16
 *   [latest_session:u8 possible absent sick window (varints)
 *    held:u64 (bit i: the week i before the latest has a mark) *weeks]
 *
 * What is in brackets is there where latest_day is not 0. Most weeks are usual, present in each session, so weeks are
 * told by what is not; each week held in the first of these forms that fits:
 *
 *   00 to 3F           as many usual weeks one after the other, less one; no usual week follows
 *   40 + m:2 m:8 *u8   the sessions of the ten bits of m (Monday's AM lowest) have these codes, at most six, none the usual one
 *   80 week:u64        all of its sessions
 *
 * Stores of schema 3 and older have records that begin with 0 (urn:u32), raised:u32 and a u64 a week: read, and
 * never written. */
void pupil_encode(struct writer *, const struct pupil *);
bool pupil_decode(struct pupil *, struct slice);

#endif
