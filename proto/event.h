/* event.h - what is written to the log: the events and their canonical bytes.
 *
 * An event is a header and a body. One event has exactly one encoding, and the
 * bytes of the record are what the Merkle tree hashes. Pupils stand in it by
 * their local number, never by UPN; whatever identifies a person is sealed
 * (store/seal.h) before it comes here, so that erasing that person's key
 * erases the person and leaves every hash as it was.
 *
 *   header = kind:u8 version:u8 at:u48 actor:varint made:u8 [id:16 receipt:8 [via:varint]]
 *
 *   kind     which event; numbers are never used again
 *   version  of that kind's body, from 1; a reader of an old version is a
 *            function of its own and is never edited
 *   at       when it was recorded: milliseconds since 1970 UTC; never less than
 *            the record before
 *   actor    the principal's number: the position of the grant that let it in;
 *            0 is the daemon itself
 *   made     1 where a submission made it (id and receipt follow), 0 where not; 2 where
 *            a board submitted it for the actor (via, the board's principal, follows)
 *   id       the submission's UUID
 *   receipt  keyed SipHash-2-4 of the submission as received, with its actor:
 *            what tells a repeat from a reuse of the id
 *
 * A day is the number of days since 1970-01-01 (casework/civil.h), 16 bits. A
 * session is 0 for AM, 1 for PM. Text is a blob: varint size, bytes, UTF-8.
 *
 * A body is its struct's fields in their order (marks aside, which say their own):
 *   bool                  u8, 0 or 1
 *   uint8_t, uint16_t     u8, u16
 *   uint32_t, uint64_t    varint
 *   int64_t               zigzag varint
 *   slice                 blob
 *   key                   its 32 bytes
 *   a count and its list  varint, then the elements, at most the array's length
 * Nothing else is read back: not a list out of its stated order, not a number
 * outside its enum, not a byte too many.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTO_EVENT_H
#define PROTO_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/bytes.h"
#include "proto/ids.h"
#include "proto/marks.h"

/*  name, number, newest version, text, its body in struct event */
#define EVENT_KINDS(X) \
	X(STORE_CREATED, 1, 1, "store-created", store_created) \
	X(ACCESS_GRANTED, 2, 1, "access-granted", access_granted) \
	X(ACCESS_REVOKED, 3, 1, "access-revoked", access_revoked) \
	X(PATHWAY_LOADED, 4, 1, "pathway-loaded", pathway_loaded) \
	X(CALENDAR_LOADED, 5, 2, "calendar-loaded", calendar_loaded) \
	X(PUPIL_REGISTERED, 6, 1, "pupil-registered", pupil_registered) \
	X(ROSTER_RECORDED, 7, 1, "roster-recorded", roster_recorded) \
	X(MARKS_RECORDED, 8, 3, "marks-recorded", marks_recorded) \
	X(ACTION_RECORDED, 9, 1, "action-recorded", action_recorded) \
	X(ALERT_RAISED, 10, 2, "alert-raised", alert_raised) \
	X(ALERT_CHANGED, 11, 2, "alert-changed", alert_changed) \
	X(ALERT_WITHDRAWN, 12, 1, "alert-withdrawn", alert_withdrawn) \
	X(ALERT_ACKNOWLEDGED, 13, 1, "alert-acknowledged", alert_acknowledged) \
	X(DEADLINE_FIRED, 14, 2, "deadline-fired", deadline_fired) \
	X(CLOCK_HELD, 15, 1, "clock-held", clock_held) \
	X(CLOCK_CONFIRMED, 16, 1, "clock-confirmed", none) \
	X(CLOCK_MOVED, 17, 1, "clock-moved", clock_moved) \
	X(ROSTER_SUBMITTED, 18, 1, "roster-submitted", roster_submitted) \
	X(PUPIL_FACT, 19, 1, "pupil-fact", pupil_fact) \
	X(PUPILS_LINKED, 20, 1, "pupils-linked", pupils_linked) \
	X(COVER_NAMED, 21, 1, "cover-named", cover_named) \
	X(CASE_MOVED, 22, 1, "case-moved", case_moved) \
	X(PATHWAY_CHOSEN, 23, 1, "pathway-chosen", pathway_chosen) \
	X(DAY_ENDED, 24, 1, "day-ended", day_ended) \
	X(SCHOOL_DESCRIBED, 25, 2, "school-described", school_described) \
	X(TASK_DONE, 26, 1, "task-done", task_done) \
	X(MEETING_OFFERED, 30, 1, "meeting-offered", meeting_offered)

enum event_kind {
#define X(name, number, version, text, body) EVENT_##name = number,
	EVENT_KINDS(X)
#undef X
};

const char *event_kind_text(uint8_t kind); /* NULL for none of the list */

/*  name, number, text. Kinds of alert; the numbers stand in the log. */
#define ALERT_KINDS(X) \
	X(THRESHOLD, 1, "threshold") \
	X(BREACH, 2, "breach") \
	X(DUE_SOON, 3, "due-soon") \
	X(DUE, 4, "due") \
	X(OVERDUE, 5, "overdue") \
	X(DECISION, 6, "decision") \
	X(ATTENDANCE_RETURN, 7, "attendance-return") \
	X(SICKNESS_RETURN, 8, "sickness-return") \
	X(MISSING_FROM_SCHOOL, 9, "missing-from-school") \
	X(PERSISTENT, 10, "persistent") \
	X(SEVERE, 11, "severe") \
	X(DEADLINE_MOVED, 12, "deadline-moved") \
	X(ESCALATED, 13, "escalated") \
	X(REMINDER, 14, "reminder") \
	X(APPROACHING, 15, "approaching") \
	X(DRIFT, 20, "drift") \
	X(FACT_CHANGED, 21, "fact-changed") \
	X(UNEXPLAINED, 22, "unexplained") \
	X(REASON_WANTED, 23, "reason-wanted") \
	X(PART_TIME, 24, "part-time") \
	X(NOT_ARRIVED, 25, "not-arrived") \
	X(NEVER_ARRIVED, 26, "never-arrived")

enum alert_kind {
#define X(name, number, text) ALERT_##name = number,
	ALERT_KINDS(X)
#undef X
	ALERT_KIND_LIMIT = 32 /* numbers are below: they index bit sets */
};

const char *alert_kind_text(uint8_t kind);
uint8_t alert_kind_parse(struct slice text); /* 0: none */

/*  name, number, text, is it of one parent. What is known of a pupil from a day on, in the clear: the
 * rules ask for it, replay too. The numbers stand in the log. */
#define FACTS(X) \
	X(LOOKED_AFTER, 1, "looked-after", false) \
	X(EARLY_HELP, 2, "early-help", false) \
	X(CHILD_IN_NEED, 3, "child-in-need", false) \
	X(CHILD_PROTECTION, 4, "child-protection", false) \
	X(PERSONAL_EDUCATION_PLAN, 5, "personal-education-plan", false) \
	X(SOCIAL_WORKER, 6, "social-worker", false) \
	X(LEAD_PROFESSIONAL, 7, "lead-professional", false) \
	X(SEND, 8, "send", false) \
	X(EHCP, 9, "ehcp", false) \
	X(TEAM_AROUND_FAMILY, 10, "team-around-family", false) \
	X(FREE_SCHOOL_MEALS, 11, "free-school-meals", false) \
	X(YOUNG_CARER, 12, "young-carer", false) \
	X(SAFEGUARDING_CONCERN, 13, "safeguarding-concern", false) \
	X(PROSECUTED_BEFORE, 14, "prosecuted-before", true) \
	X(PARENTAL_RESPONSIBILITY, 15, "parental-responsibility", true) \
	X(SCHOOL, 30, "school", false) /* the daemon's own: the school that registers say the pupil has moved to */

enum fact_kind {
#define X(name, number, text, of_parent) FACT_##name = number,
	FACTS(X)
#undef X
};

const char *fact_text(uint8_t fact);
uint8_t fact_parse(struct slice text); /* 0: none */
bool fact_of_parent(uint8_t fact);

/*  name, number, text */
#define ROLES(X) \
	X(CONNECTOR, 1, "connector") \
	X(SCHOOL, 2, "school") \
	X(LEAD, 3, "lead") \
	X(OFFICER, 4, "officer") \
	X(MANAGER, 5, "manager") \
	X(AUDITOR, 6, "auditor") \
	X(ADMINISTRATOR, 7, "administrator") \
	X(BOARD, 8, "board") /* nothing by itself; what its readers may, for them */ \
	X(MONITOR, 9, "monitor") /* how the daemon is, and nothing of what it holds */

enum role {
#define X(name, number, text) ROLE_##name = number,
	ROLES(X)
#undef X
};

const char *role_text(uint8_t role);
uint8_t role_parse(struct slice text); /* 0: none */

/*  name, number, text */
#define SCHOOL_KINDS(X) \
	X(PRIMARY, 1, "primary") \
	X(SECONDARY, 2, "secondary")

enum school_kind {
#define X(name, number, text) SCHOOL_##name = number,
	SCHOOL_KINDS(X)
#undef X
};

enum {
	SCHOOL_KINDS_ALL = 0
#define X(name, number, text) | 1 << (number)
	SCHOOL_KINDS(X)
#undef X
};

const char *school_kind_text(uint8_t kind);
uint8_t school_kind_parse(struct slice text); /* 0: none */

enum {
	EVENT_SIZE_MAX = 256 * 1024, /* of a record; a submission is refused long before */
	GRANT_SCHOOLS_MAX = 512,
	GRANT_CASES_MAX = 64,
	CALENDAR_ROWS_MAX = 512,
	ACTION_FIELDS_MAX = 32,
	MARKS_MAX = 10000, /* of one submission */
	MOVE_DEADLINES_MAX = 64,
};

struct event_store_created {
	struct slice authority; /* its name */
	uint16_t format;        /* version of the log format, 1 */
	uint64_t created_ms;    /* by the clock of the machine that made it */
};

struct event_access_granted {
	uint8_t key[PUBLIC_KEY_SIZE];
	uint8_t role;
	struct slice name;      /* of the service or post; may be empty */
	uint16_t school_count;
	uint32_t schools[GRANT_SCHOOLS_MAX]; /* URNs, rising; none: all the role allows */
	uint16_t case_count;
	uint32_t cases[GRANT_CASES_MAX];     /* rising */
};

struct event_access_revoked {
	uint8_t key[PUBLIC_KEY_SIZE];
};

/* A pathway put in force. `compiled` is casework/pathway.h's form of `source`;
 * both are kept so that replay needs no compiler and people can read it. */
struct event_pathway_loaded {
	struct slice name;
	uint32_t version;  /* 1 for the first load of that name, then 2 ... */
	bool is_default;   /* of the authority */
	struct slice source, compiled;
};

/* One row of a calendar: the days `from` to `to`, both in. `kind` is one of
 * casework/calendar.h's. */
struct calendar_row {
	uint16_t from, to;
	uint8_t kind;
	struct slice name;
};

/* Of version 1 the body is the same; of a case it kept only what moved the last day of a deadline. */
struct event_calendar_loaded {
	uint32_t urn; /* 0: the authority's */
	uint16_t row_count;
	struct calendar_row rows[CALENDAR_ROWS_MAX];
};

struct event_pupil_registered {
	uint32_t pupil;           /* 1, 2, 3 ... in the order of registration */
	uint32_t urn;             /* school that first named the pupil */
	struct slice sealed_upn;
};

/* A pupil's particulars, whole: the newest stands. Sealed: a msgpack map of the
 * roster's columns, `parents` an array of maps. */
struct event_roster_recorded {
	uint32_t pupil;
	uint32_t urn;
	struct slice sealed;
};

/* The end of a roster's submission, after the events of its pupils: the id that it
 * came under and what its answer was. `rows` is that of a marks body with no
 * register in it (the urn, how many were known, and the refusals). */
struct event_roster_submitted {
	uint32_t accepted;
	struct slice rows;
};

struct event_marks_recorded {
	struct slice body; /* for marks_open, proto/marks.h */
};

/* An action on a case. `name` is the action's in the pathway that the case is
 * on; fields in the clear are those that the pathway types as anything but free
 * text (yes/no, a date, a number, one of a list); what is free text, and the
 * reason of an override, is in `sealed`. */
struct action_field {
	struct slice name, value;
};

struct event_action_recorded {
	uint32_t case_no;
	uint32_t pupil;
	bool opens;               /* the case begins here: pathway and version follow */
	struct slice pathway;
	uint32_t pathway_version;
	struct slice name;
	uint16_t on;              /* the day that it happened */
	struct slice parent;      /* id; empty: none */
	bool overridden;
	uint8_t field_count;
	struct action_field fields[ACTION_FIELDS_MAX]; /* in the order given */
	struct slice sealed;
};

/* What an alert says is composed once, from the pathway's text and figures, with
 * no name in it; its number is the position of the event that raised it. */
struct event_alert_raised {
	uint8_t kind;
	uint32_t pupil;           /* 0: none */
	uint32_t case_no;         /* 0: none */
	uint32_t urn;             /* school whose staff may see it; 0: none */
	uint8_t deadline;         /* number within its case, from 1; 0: none */
	struct slice deadline_kind;
	uint64_t due_ms;          /* 0: none */
	uint16_t first_day, last_day; /* of the run or window that it speaks of; 0: none */
	bool up;                  /* of a figure that crosses both ways: the worse way */
	uint64_t late_ms;         /* how long after its time it was raised; 0: in time */
	struct slice text;
	uint32_t tells;           /* bit per enum role that it is for; 0: all who may see the pupil (version 1: always) */
	struct slice clause;      /* that it rests on, "SP-36"; may be empty (version 1: always) */
};

struct event_alert_changed {
	uint64_t alert;
	struct slice text; /* in place of the one before */
	uint32_t urn;      /* of the school that the pupil is at by then; 0 (of version 1): the one that it was raised for */
};

struct event_alert_withdrawn {
	uint64_t alert;
	uint64_t cause;   /* position of the event that took its ground away */
	uint8_t kind;     /* and these four of the alert, so that replay needs no table of alerts */
	uint32_t pupil;
	uint32_t case_no;
	uint8_t deadline;
};

struct event_alert_acknowledged {
	uint64_t alert;
};

/* phase: when a deadline speaks. The numbers order those of one instant. */
enum phase { PHASE_SOON = 1, PHASE_DUE = 2, PHASE_OVERDUE = 3 };

/* What its end rests on knows the penalty notices of the pupil's earlier cases and of
 * the family. Version 1 didn't: what followed from it then follows from it again. */
struct event_deadline_fired {
	uint32_t case_no;
	uint8_t deadline; /* number within the case, from 1 */
	uint8_t phase;
	uint64_t due_ms;  /* the instant at which this phase fell due */
};

/* The system clock was found stepped (or the store's last event is in its
 * future, or too far in its past): nothing fires until it is confirmed. */
struct event_clock_held {
	uint64_t seen_ms;
	int64_t step_ms; /* forward is positive */
};

struct event_clock_moved {
	uint64_t to_ms; /* of a manual clock */
};

/* Something known of a pupil from `since` on; of one kind (and parent) the newest `since` up to a day
 * stands on that day, and one recorded again for the same day stands in place of it. Who it is (a
 * social worker's name) and whatever else is said is sealed. */
struct event_pupil_fact {
	uint32_t pupil;
	uint8_t fact;
	bool holds;          /* false: from then on it is so no more */
	uint16_t since;
	struct slice parent; /* of a parent's fact; else empty */
	uint32_t urn;        /* of FACT_SCHOOL; else 0 */
	struct slice sealed; /* may be empty */
};

/* Two pupils are siblings, or (with both parents named) a parent of one is a parent of the other. */
struct event_pupils_linked {
	uint32_t pupil, other;
	struct slice parent, other_parent; /* both empty: siblings */
	bool stands;                       /* false: a link recorded before was wrong */
};

/* While an officer is away another one stands in: their cases' alerts and tasks reach the cover. */
struct event_cover_named {
	uint8_t officer[PUBLIC_KEY_SIZE], cover[PUBLIC_KEY_SIZE];
	uint16_t from, until; /* days, both in */
	bool stands;          /* false: the officer's cover ends here; `cover`, `from` and `until` are zero */
};

/* An open case goes over to another pathway, or to another version of its own. What
 * it waits for keeps its name there unless `deadlines` says otherwise: `to` is the
 * name that a deadline goes on under; empty: it falls away. */
struct deadline_passage {
	struct slice from, to;
};

struct event_case_moved {
	uint32_t case_no;
	uint32_t pupil;
	struct slice pathway;
	uint32_t pathway_version;
	struct slice stage;       /* where it stands from now on */
	uint8_t deadline_count;
	struct deadline_passage deadlines[MOVE_DEADLINES_MAX];
	struct slice sealed;      /* why: a msgpack map {reason} */
};

/* A school's own pathway: its pupils' new cases begin on it, and its watches look at
 * their marks. */
struct event_pathway_chosen {
	uint32_t urn;
	struct slice pathway;     /* empty: the authority's default again */
};

/* A meeting of the pathway's was offered to a school on that day; or was not, after all. */
struct event_meeting_offered {
	uint32_t urn;
	uint16_t on;
	bool stands;
	struct slice meeting;
};

/* A Monday to Friday is over: what is looked at then was. */
struct event_day_ended {
	uint16_t day;
};

/* What a school is; its recurring tasks depend on it. None: it has no such tasks any more. */
struct event_school_described {
	uint32_t urn;
	uint8_t kinds;     /* bit per enum school_kind */
	struct slice name; /* what people call it; empty: not said (nor in version 1) */
};

/* A recurring task of a school was done. */
struct event_task_done {
	uint32_t urn;
	struct slice task; /* its name in the school's pathway */
	uint16_t on;       /* the day that it was done */
	uint16_t first, through; /* of the instance that it was done for; first 0: one of which there was a reminder */
};

struct event {
	uint8_t kind, version;
	uint64_t at_ms; /* 0: made by `attendd init`, before the daemon's clock (which may be a manual one) ran */
	uint64_t actor;
	bool submitted;
	uint8_t id[UUID_SIZE];
	uint64_t receipt;
	uint64_t via; /* the board that submitted it for the actor; 0: none did */
	union {
		uint8_t none; /* clock_confirmed has no body */
		struct event_store_created store_created;
		struct event_access_granted access_granted;
		struct event_access_revoked access_revoked;
		struct event_pathway_loaded pathway_loaded;
		struct event_calendar_loaded calendar_loaded;
		struct event_pupil_registered pupil_registered;
		struct event_roster_recorded roster_recorded;
		struct event_roster_submitted roster_submitted;
		struct event_marks_recorded marks_recorded;
		struct event_action_recorded action_recorded;
		struct event_alert_raised alert_raised;
		struct event_alert_changed alert_changed;
		struct event_alert_withdrawn alert_withdrawn;
		struct event_alert_acknowledged alert_acknowledged;
		struct event_deadline_fired deadline_fired;
		struct event_clock_held clock_held;
		struct event_clock_moved clock_moved;
		struct event_pupil_fact pupil_fact;
		struct event_pupils_linked pupils_linked;
		struct event_cover_named cover_named;
		struct event_case_moved case_moved;
		struct event_pathway_chosen pathway_chosen;
		struct event_meeting_offered meeting_offered;
		struct event_day_ended day_ended;
		struct event_school_described school_described;
		struct event_task_done task_done;
	};
};

/* Writes the header alone (for marks, whose body is written in place), or the
 * whole event. The version written is the newest. */
void event_encode_header(struct writer *, const struct event *);
void event_encode(struct writer *, const struct event *);

/* An event of this kind, all of it zero. What it does not use stays as it was: with a calendar's rows an event is 12 KiB. */
void event_make(struct event *, uint8_t kind);

/* The version that events of this kind are written in; 0 where there is no such kind. */
uint8_t event_newest(uint8_t kind);

/* Reads a record back, of any version ever written. Slices point into `record`.
 * False where it is not an event: an unknown kind or version, bytes missing, too
 * many, or not canonical. The whole of a marks body is checked too unless
 * `trusted` says that the record's checksum has just been verified. */
bool event_decode(struct event *, struct slice record, bool trusted);
/* Only kind, version, at, actor, id: cheap. */
bool event_decode_header(struct event *, struct slice record, struct reader *rest);

#endif
