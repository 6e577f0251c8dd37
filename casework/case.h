/* case.h - one case: what was done, where it stands, what is due.
 *
 * Deciding and applying are apart. case_decide() looks and may refuse;
 * case_apply_*() change and can't fail, so replay only applies. Neither reads a
 * clock or a sealed text: the day and the figures come in `struct case_view`.
 *
 * Deadlines are kept by number, from 1, in the order in which they started; each
 * keeps the days that it was counted from, so that a change of calendar counts
 * it anew (EN-06). A deadline's `due` is the instant at which its last day ends:
 * 00:00 local time of the next day.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CASEWORK_CASE_H
#define CASEWORK_CASE_H

#include "casework/facts.h"
#include "casework/pathway.h"
#include "casework/pupil.h"
#include "proto/status.h"

enum {
	CASE_DEADLINES_MAX = 96,
	CASE_MOVES_MAX = 16,        /* earlier due instants kept of one deadline: the newest */
	CASE_NOTICES_MAX = 24,
	CASE_DONE_MAX = 400,        /* actions recorded on a case; the 401st is refused */
	CASE_BREACHES_MAX = 64,
	CASE_CHAPTERS_MAX = 8,      /* pathways that a case was on before: it is moved so often */
	CASE_RECORD_MAX = 64 * 1024,
	LACKS_MAX = 48,
};

/*  name, number, text */
#define DEADLINE_STATES(X) \
	X(OPEN, 1, "open") \
	X(MET, 2, "met") \
	X(MISSED, 3, "missed") \
	X(CANCELLED, 4, "cancelled")

enum deadline_state {
#define X(name, number, text) DEADLINE_##name = number,
	DEADLINE_STATES(X)
#undef X
};

const char *deadline_state_text(uint8_t);

struct case_deadline {
	uint8_t rule;               /* index into the pathway's deadlines */
	uint8_t state;
	uint8_t fired;              /* bit per enum phase that has fired */
	bool provisional;
	bool decided;               /* its question has been answered */
	bool resolved;              /* nothing is waited for any more: done (late, too), answered, cancelled */
	uint8_t notice;             /* the penalty notice that it is of, from 1; 0: none */
	uint16_t from;              /* the day that it counts from (the service, the receipt) */
	uint16_t last;              /* the last day of the period */
	char parent[PARENT_SIZE_MAX + 1];
	uint64_t due_ms, soon_ms, overdue_ms; /* 0: no such phase */
	uint8_t moved_count;
	uint64_t moved_from[CASE_MOVES_MAX];
	uint32_t moves_dropped;     /* how often what has this number moved before those that are kept */
	uint64_t breach_alert;      /* the standing alert; 0: none */
	uint16_t date;              /* that it hangs on, of the action that started it; 0: none */
	uint64_t by_alert;          /* the watch's alert that started it; 0: none */
	uint8_t chapter, was;       /* DEADLINE_ELSEWHERE: index into the deadlines of that chapter's pathway */
};

struct case_notice {
	char parent[PARENT_SIZE_MAX + 1];
	uint16_t issued, received;
	uint8_t number;             /* 1st, 2nd ... in the window when it was issued */
	bool withdrawn;
	uint16_t paid_on;           /* 0: not */
	uint32_t paid_pence;
	uint16_t reduced, full;     /* pounds; reduced 0: no reduction */
	uint16_t reduced_last, full_last; /* last days on which they may be paid */
};

struct case_done {
	uint8_t action;             /* index into the pathway's actions */
	uint16_t on;
	bool overridden;
	uint64_t position;
	char parent[PARENT_SIZE_MAX + 1];
	uint32_t given;             /* bit per field in the clear that was given (and, for yes/no, is yes) */
	uint8_t chosen[FIELDS_MAX]; /* FIELD_ONE_OF: index of the value, from 1; yes/no: 1 yes, 2 no */
	uint8_t chapter, was;       /* ACTION_ELSEWHERE: index into the actions of that chapter's pathway */
};

/* A pathway that the case was on, until it was moved. Numbered from 1. */
struct case_chapter {
	char pathway[NAME_SIZE_MAX];
	uint32_t version;
	uint64_t moved;             /* position of the event that ended it */
};

struct case_state {
	uint32_t number, pupil, urn;
	struct slice pathway_name;  /* points into `name_room`: a copied struct needs case_copied() */
	char name_room[NAME_SIZE_MAX];
	uint32_t pathway_version;
	uint8_t stage;              /* 1-based */
	bool closed;
	uint64_t opened_ms, closed_ms;
	uint16_t done_count;
	uint8_t deadline_count, notice_count, chapter_count;
	struct case_done done[CASE_DONE_MAX];
	struct case_deadline deadlines[CASE_DEADLINES_MAX];
	struct case_notice notices[CASE_NOTICES_MAX];
	struct case_chapter chapters[CASE_CHAPTERS_MAX];
};

enum tristate { NO, YES, UNKNOWN };

enum { ROSTER_PARENTS_MAX = 16 };

/* What the roster says of a pupil that rules ask for. It is sealed, so that it is there for deciding alone. */
struct particulars {
	day_t birth; /* 0: unknown */
	uint8_t parent_count;
	char parents[ROSTER_PARENTS_MAX][PARENT_SIZE_MAX + 1];
};

/* What surrounds a case at the moment of asking. Borrowed. */
struct case_view {
	const struct pathway *pathway;   /* the version that the case is on */
	const struct calendar *calendar; /* its school's */
	const struct pupil *pupil;
	day_t today;                     /* local day of now */
	enum tristate compulsory_age;    /* on the action's day; case_compulsory_age() */
	/* Penalty notices of the pupil's earlier cases, which count in the window too
	 * (SP-14); the same when deciding and when applying. May be NULL and 0. */
	const struct case_notice *earlier;
	size_t earlier_count;
	/* What is known of the pupil; NULL: nothing. */
	const struct facts *facts;
	/* Penalty notices for other children to a person who is a parent of this pupil too, under this
	 * pupil's id of that parent (SK-08): parents in common, by links. May be NULL and 0. */
	const struct case_notice *family;
	size_t family_count;
	/* What the roster says; NULL: nothing. */
	const struct particulars *particulars;
};

/* Compulsory school age on `day` of a child born on `birth` (0: unknown): from
 * the prescribed day (31 March, 31 August, 31 December) on or next after the
 * fifth birthday, to the last Friday of June of the school year in which the
 * child turns 16 (Education Act 1996 s.8). (SP-20) */
enum tristate case_compulsory_age(day_t birth, day_t day);

/* One thing that stands in the way. Texts point into the pathway or are static. */
struct lack {
	bool bar;                /* can't be overridden */
	bool form;               /* a fault of the fields given, not a condition: never overridden */
	struct slice clause, text, supplied_by, field;
};

struct lacks {
	uint8_t count;
	struct lack list[LACKS_MAX];
};

/* May this action be recorded? `c` is NULL where the pupil has no open case (one
 * would be opened). `text_fields` are the names of the free-text fields given,
 * whose values are sealed already; `who` is the actor's role. STATUS_OK;
 * NOT_FOUND (no such action); FORBIDDEN (the role); BAD_FIELD (a lack of form);
 * BARRED; or UNMET, which an override (`overriding`) turns into OK if the role
 * may. Every lack is listed whatever the status. An action dated in the future
 * or before the case's opening by more than 400 days is a lack of form; what opens
 * the case may be of any day before, such as a notice of two years ago. */
enum status case_decide(const struct case_state *c, const struct case_view *, enum role who,
                        const struct event_action_recorded *, const struct slice text_fields[],
                        size_t text_field_count, bool overriding, struct lacks *);
/* May this role pass over the action's unmet needs, with a reason? (Never over a bar.) */
bool case_may_override(const struct action_rule *, enum role who);

/* The same of a letter (letter.h) as a rule: are its fields well given, and may it be made now?
 * `filled` comes out as expressions ask for the fields. Nothing passes over what is unmet. */
struct filled;
enum status case_decide_letter(const struct case_state *, const struct case_view *, enum role who,
                               const struct action_rule *letter, const struct event_action_recorded *given,
                               const struct slice text_fields[], size_t text_field_count, struct filled *, struct lacks *);

/* A case begins: zeroed, with its numbers, on `pathway`'s first stage. */
void case_open(struct case_state *, const struct pathway *, const struct event_action_recorded *,
               uint32_t urn, uint64_t at_ms);
/* After a struct case_state was copied by value. */
void case_copied(struct case_state *);
/* Copies what there is by the counts; of 50 KiB and more that is a few hundred bytes. */
void case_copy(struct case_state *to, const struct case_state *from);
/* Of the view, `today`, `compulsory_age` and `particulars` matter to deciding alone. */
void case_apply_action(struct case_state *, const struct case_view *,
                       const struct event_action_recorded *, uint64_t position, uint64_t at_ms);
/* A deadline's phase fell due: sets states, stage, the deadline that follows. */
void case_apply_fired(struct case_state *, const struct case_view *,
                      const struct event_deadline_fired *);
/* Counts every open deadline anew. True where anything of one is another now (when to warn, too, or whether it is
 * provisional): the case is to be saved. Bit n-1 of `moved` where the last day of deadline n is. */
bool case_apply_calendar(struct case_state *, const struct case_view *, uint8_t moved[CASE_DEADLINES_MAX / 8]);
/* The breach alert of a deadline was raised (alert's position) or withdrawn (0). */
void case_apply_breach(struct case_state *, uint8_t deadline, uint64_t alert);

/* An alert of a watch was raised on the case's pupil (`day`: its last day), or withdrawn:
 * starts the deadlines that such an alert starts; takes them away. Call the first where
 * the kind is in the pathway's `alert_starts`. */
void case_apply_alert(struct case_state *, const struct case_view *, uint8_t kind, uint64_t alert, day_t day);
void case_apply_alert_withdrawn(struct case_state *, uint64_t alert);

/* Is it waiting for something whose time is over: a task undone, a question unanswered? */
bool case_deadline_overdue(const struct case_deadline *);

/* The next phase of a deadline that has not fired: its instant, or 0 where
 * nothing more will. A phase is passed over where it makes no sense any more:
 * `soon` when the due instant is not later than `soon`. */
uint64_t case_timer(const struct case_deadline *, uint8_t *phase);

/* What to say when a phase fires, decided before it is applied: at most four. */
struct case_alert {
	uint8_t kind;             /* enum alert_kind */
	uint8_t deadline;
	struct slice text;        /* unfilled: case_text() */
};
/* The roles that a deadline's alert of this kind is for (0: all), and the clause that it rests on. */
uint32_t case_alert_tells(const struct deadline_rule *, uint8_t kind);
struct slice case_alert_clause(const struct case_state *, const struct case_view *, uint8_t deadline, uint8_t kind);
size_t case_fired_alerts(const struct case_state *, const struct case_view *, uint8_t deadline,
                         uint8_t phase, struct case_alert out[4]);

/* The watch of running (and past) periods over marks: for each deadline that
 * watches for breaches, the sessions in its period with a breach code.
 * RAISE: there are some and no alert stands; CHANGE: some stand and the mark at
 * `day` is in the period; WITHDRAW: none is left. `day` 0: the calendar moved.
 * At most CASE_DEADLINES_MAX. Call it where a mark changed (MARK_NEW or
 * MARK_CORRECTED) and either the code held before or the new one is in the
 * pathway's `breach_codes`: any other mark changes nothing, and for it a CHANGE
 * would repeat what was said. */
enum breach_change { BREACH_RAISE = 1, BREACH_CHANGE, BREACH_WITHDRAW };
struct case_breach {
	uint8_t change, deadline;
	struct slice text;        /* unfilled: case_text() */
};
size_t case_breaches(const struct case_state *, const struct case_view *, day_t day,
                     struct case_breach out[CASE_DEADLINES_MAX]);

/* Fills a text's braces from the case: {due} {from} {last} {sessions} (those of
 * the breach, as dates and codes) {count} {unauthorised_10_weeks} {percentage}
 * {parent} {notice} {amount} {kind} {title} {question} {outcomes}; {for_parent} is " for parent
 * p1" or nothing. `deadline` 0: none, and what is of a deadline stays empty. */
void case_text(struct writer *, const struct case_state *, const struct case_view *,
               uint8_t deadline, struct slice text);

/* What a notice would cost on `day`, in pounds; 0: paid, withdrawn, or past its last day
 * (then `*lapsed`). */
unsigned case_notice_amount(const struct case_notice *, day_t day, bool *lapsed);

void case_encode(struct writer *, const struct case_state *);
/* Strict, and safe on any bytes; the indexes that it holds are into a pathway that
 * isn't known here: run a decoded case only on one that it fits. */
bool case_decode(struct case_state *, struct slice);
bool case_fits(const struct case_state *, const struct pathway *);

#endif
