/* model.h - what must be so, kept naively: lists and loops. Shares no code with casework/, daemon/ or
 * store/: its own codes, calendar, weeks, lengths of time, table of who may what.
 *
 * It knows two things: what was sent and what was answered (world.c tells it), and the log, of
 * which each new event is read through the protocol as an auditor would. Of each event it
 * asks: may it be there? Does it follow from what was before? And has everything come that must?
 *
 * What it does not know: which action is refused for which lack, texts, what an ending deadline
 * starts or asks. Of those it checks what holds whatever the rule: a refusal leaves no trace, a deadline
 * ends as many of its unit after its start as the council's file says, each phase once, in order, in time.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIMULATION_MODEL_H
#define SIMULATION_MODEL_H

#include "tests/simulation/days.h"
#include "tests/simulation/wire.h"

enum { SCHOOLS = 5, PUPILS = 20, MARK_ROWS_MAX = 512, ACTORS = 16, CODES = 34, TELLS_ALL = 0, STAYS_MAX = 16, HOMES_MAX = 8, SOME_SCHOOL = SCHOOLS };

/* ---- who ---- */

enum role { CONNECTOR, SCHOOL, LEAD, OFFICER, MANAGER, AUDITOR, ADMINISTRATOR, BOARD, MONITOR, ROLES };
extern const char *const role_names[ROLES];

/* What is granted to a key, since a position. */
struct scope {
	uint64_t since;
	enum role role;
	bool granted;
	unsigned schools;            /* a bit each */
	uint32_t first_case, last_case; /* a lead's */
};

enum { SCOPES_MAX = 16 };

struct actor {
	struct scope is, was[SCOPES_MAX]; /* now, and before, the newest last */
	unsigned was_count;
	uint64_t revoked_at;         /* last; 0: never */
	bool changing;               /* a grant or revocation is on its way */
	uint8_t key[32];
	char key_text[41];
	const char *name;
};

enum {
	HELLO = 0x01, MARKS = 0x10, ROSTER = 0x11, ACTION = 0x12, CALENDAR = 0x13, PATHWAY = 0x14, GRANT = 0x15, REVOKE = 0x16,
	ACKNOWLEDGE = 0x17, CLOCK = 0x18, FACT = 0x19, LINK = 0x1a, COVER = 0x1b, MOVE = 0x1c, CHOOSE = 0x1d, DESCRIBE = 0x1e,
	TASK = 0x1f, QUERY = 0x20, SUBSCRIBE = 0x30, CREDIT = 0x31, CURSOR = 0x32, UNSUBSCRIBE = 0x33, ITEMS = 0x34, HEARTBEAT = 0x35,
	OFFER = 0x40
};
void scope_take(struct actor *, struct scope);
bool scope_subscribes(const struct scope *, bool log);
bool submits(uint8_t command);
bool role_may(enum role, uint8_t command);
bool role_may_ask(enum role, const char *what);
bool role_reads_all(enum role);

/* ---- what was sent ---- */

struct mark_row {
	int pupil, day, session, code; /* the code's place in the model's list; -1: none of it */
	bool good;                     /* nothing wrong with it by itself */
	bool known, twice, future;     /* found out when the log has it */
};

enum sent_state {
	SENT,        /* no answer came: it may stand in the log, or not */
	TAKEN,       /* answered with 200 or 202 */
	REFUSED,     /* answered otherwise: it may never stand there, unless it is sent again */
};

struct sent {
	uint8_t id[16];
	enum sent_state state;
	unsigned actor;
	uint8_t command;
	uint8_t *frame;
	size_t frame_size;
	uint16_t status;             /* of the first answer, and what it said */
	char said[120];              /* of it, for people */
	uint64_t position, answer;   /* where it says that it stands; a hash of the body */
	uint64_t logged;             /* where it does stand; 0: nowhere so far */
	uint32_t accepted, known, refused; /* of rows, by the model, once it is logged */
	unsigned sends;
	/* of marks */
	int school;
	unsigned row_count;
	struct mark_row *rows;
	uint32_t said_accepted, said_known, said_refused;
	bool settled;                /* answer and log were compared */
	/* of a calendar */
	int scope;                   /* a school, or -1 for the authority */
	struct row calendar[ROWS_MAX];
	unsigned calendar_count;
	struct scope wanted;         /* of a grant, to the key of `number` */
	/* of a cover: whom (`number`) who stands in for, on which days; from 0: from that day on */
	int cover, until;            /* cover -1: nobody any more */
	/* of an action, an acknowledgement, a clock */
	int pupil;
	char action[64];
	int on;
	uint64_t number;
};

/* ---- pupils ---- */

enum { MARKS_FROM_YEAR = 2022, MARK_DAYS = 16 * 366 };

/* Whose days count for a pupil's cases, from a day on. */
struct stay {
	int from, school;
};

struct pupil {
	char upn[14];
	bool registered;
	int named;                   /* the school whose roster has them, or that first named them */
	int school;                  /* of the latest register that is no D of a second school; -1: none yet */
	int was;                     /* and before the submission that moved them last, */
	uint64_t moved;              /* which stands there */
	struct stay stays[STAYS_MAX]; /* from the first move with a case open on; none: there was none */
	unsigned stay_count;
	int told_from;               /* a move that the log must tell next, from that day on; 0: none */
	int8_t code[MARK_DAYS][2];   /* -1: none */
	int8_t wrote[MARK_DAYS][2];  /* the school that did */
	int latest, session;         /* 0: no register yet */
	bool armed, shares[2];
	uint64_t threshold;          /* the alert of it that stands; 0: none does */
	uint64_t spoken;             /* the last event by which a watch raised an alert, or took one back: it may start deadlines, or end them */
	uint32_t open_case;
};

/* ---- alerts, deadlines, cases ---- */

#define TO_COME UINT64_MAX         /* of an alert that is expected, and has no number yet */

enum alert_state { RAISED, ACKNOWLEDGED, WITHDRAWN };

struct alert {
	uint64_t number, changed;    /* position of the newest change */
	char kind[24];
	int pupil;
	struct home {                /* whose it is since a position: of the school where the pupil was when it was raised, or grew */
		uint64_t since;
		int school, or;      /* -1: of none; one of the two, where one submission had the pupil move;
		                      * SOME_SCHOOL: of that whose task it is about */
	} homes[HOMES_MAX];
	unsigned home_count;
	uint32_t case_number;
	unsigned tells;              /* a bit a role; 0: all */
	enum alert_state state;
	bool watched;                /* one of those that the model foresees */
};

struct deadline {
	uint32_t case_number;
	unsigned number;             /* within the case, 1 and on */
	char kind[40], pathway[32];
	int from, last;
	uint64_t due;
	bool open, seen;
	bool fired_due;
};

struct fired {                       /* a phase of a deadline */
	uint32_t case_number;
	unsigned number;
	char phase[12];
	uint64_t due, position;
	bool moved;                  /* said of a day that the calendar has moved since */
};

struct case_file {
	uint32_t number;
	int pupil, school;           /* -1: it was opened before there was any register */
	bool closed, moved;          /* moved to another pathway */
	uint64_t did[ACTORS];        /* where each one's last action on it stands; 0: none */
};

/* An alert that must come next, before anything else that was sent. */
struct expected {
	bool withdrawn;
	char kind[24];
	int pupil;
	uint64_t alert;
	bool up;
};

/* Who stands in for somebody. */
struct cover {
	bool named;
	unsigned cover;
	int from, until;
};

struct model {
	struct timetable authority, school[SCHOOLS];
	char pathway[SCHOOLS][32];
	char urn[SCHOOLS][8];
	struct pupil pupils[PUPILS];
	struct actor actors[ACTORS];
	unsigned actor_count;
	struct cover covers[ACTORS]; /* of each */

	struct sent *sent;
	unsigned sent_count, sent_room, settled_to; /* all before that one are settled */

	uint64_t head;               /* how far the log was read */
	uint64_t *hashes;            /* of each event as it was read, [position - 1] */
	uint64_t *changes;           /* the alert that it was about; 0: about none */
	uint64_t *times;             /* when it was recorded */
	size_t hash_room;
	uint64_t last_submitted;     /* the last event that a submission made */
	uint64_t last_at;            /* the time of the last event */
	bool began;                  /* something is in the log beside what `init` wrote */
	bool manual, held, hold_due, hold_may; /* due: the clock was put to where it must be doubted; may: the process died meanwhile */

	struct alert *alerts;
	unsigned alert_count, alert_room;
	struct fired *fired;
	unsigned fired_count, fired_room;
	struct deadline *deadlines;  /* as they were told last, and how far the log was then */
	uint64_t told_head;
	unsigned deadline_count, deadline_room;
	struct case_file *cases;
	unsigned case_count, case_room;
	struct expected expected[2000];
	unsigned expected_count, expected_done;

	unsigned actions[64];        /* counts for the summary, by world.c */
	char why[20000];             /* the first thing that was not so */
	uint64_t checks, marks, withdrawn;
	bool trace;                  /* tells each event as it is read */
};

/* The first thing that is not so is kept; what comes after it is not told. */
void wrong(struct model *, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool went_wrong(const struct model *);
#define must(m, holds, ...) ((m)->checks++, (holds) ? (void)0 : wrong((m), __VA_ARGS__))

void model_begin(struct model *);
void model_end(struct model *);

/* ---- model_marks.c ---- */
extern const char *const code_names[CODES];
int code_of(const char *text);                       /* -1: no such code */
bool code_fits(int code, int session);
const struct timetable *days_of(const struct model *, int school);
/* The rows of a submission, now that they are taken, at that time: what becomes of each, and which alerts follow. */
void marks_take(struct model *, struct sent *, uint64_t at);
void calendar_take(struct model *, const struct sent *);
/* `answer`, to the query of that pupil, must say what the marks say. */
void figures_check(struct model *, int pupil, struct value answer);

/* ---- model_schools.c ---- */
int school_now(const struct model *, int pupil);     /* whose staff may see them; -1: nobody's */
/* The mark makes that school the pupil's: if it was another, what must be told of it is. */
void school_take(struct model *, int pupil, int school, int day);
void move_take(struct model *, struct value event);  /* as the log tells of it */
/* The days by which a case's time is counted: each school's while the pupil was there. */
const struct timetable *days_of_case(const struct model *, const struct case_file *);
bool case_followed(const struct model *, const struct case_file *); /* not after very many moves */
bool pupil_seen(const struct model *, const struct scope *, int pupil);
bool case_seen(const struct model *, const struct scope *, const struct case_file *);

/* ---- model_log.c ---- */
struct sent *sent_new(struct model *, uint8_t command, unsigned actor, bool by_content);
struct sent *sent_find(struct model *, const uint8_t id[static 16]);
/* An answer to it came. */
void sent_answered(struct model *, struct sent *, uint16_t status, uint64_t position, struct value body);
/* One event, as `log` gives it. */
void log_take(struct model *, struct value event);
/* All that was to come has come: nothing is left expected, and whatever was acked stands in the log. */
void log_settled(struct model *);
/* Read again, an event must be what it was. */
bool log_stands(const struct model *, struct value event);
int pupil_of(const struct model *, struct value upn);
int school_of(const struct model *, struct value urn);
uint32_t case_of(struct value id);
void case_write(uint32_t number, char room[static 16]);
void *list_grow(void *list, unsigned count, unsigned *room, size_t size); /* room for one more */

/* ---- model_hands.c ---- */
/* Of the officers and managers who recorded an action last; while none has, of all; -1: nobody yet. */
int hands_of(const struct model *, const struct case_file *);
bool in_hands(const struct model *, const struct case_file *, unsigned officer, int day); /* theirs, or of one whom they cover */
/* Why it may not be taken on that day; NULL: it may. */
const char *cover_wrong(const struct model *, const struct sent *, int today);
void cover_take(struct model *, const struct sent *, uint64_t at);
void covers_check(struct model *, struct value items, int day);

/* ---- model_alerts.c ---- */
struct alert *alert_find(struct model *, uint64_t number);
void raised_take(struct model *, struct value event, uint64_t at);
void alert_take(struct model *, const char *kind, struct value event); /* changed, withdrawn, acknowledged */
const struct home *home_at(const struct alert *, uint64_t position); /* whose it was then */
void nothing_expected(struct model *); /* all that must follow from what was before has come */

/* ---- model_deadlines.c ---- */
/* All open deadlines, as `deadlines` gives them: each where it must be, none overdue that has not fired. */
void deadlines_begin(struct model *);
void deadlines_take(struct model *, struct value item, uint64_t now);
void deadlines_settle(struct model *, uint64_t now);
void fired_take(struct model *, struct value event, uint64_t at);
/* A deadline of the case was moved: what was said of its day before may be said again of the new one, or of the old
 * one when that comes back. */
void fired_moved(struct model *, struct value event);

/* ---- model_feed.c ---- */
enum { HANDS_MAX = 1024 };
struct subscriber {
	bool on;
	unsigned actor;
	bool log;                    /* else alerts */
	uint8_t id[16];
	uint64_t cursor;             /* acked and answered */
	uint64_t cursor_sent;        /* the furthest that was sent, answered or not */
	uint64_t next, last;         /* told; the position of the last item */
	uint64_t begun;              /* where the subscription began, */
	uint64_t opened;             /* and how long the log was then */
	uint64_t heard;              /* how long the log was by what it was told last */
	uint64_t credit;
	bool away;
	int officer;                 /* in whose hands what it is told is; -1: in anybody's */
	bool spoken;                 /* something was sent since it was settled */
	/* a case: was it in those hands at some moment since then, and always? */
	bool ever[HANDS_MAX], always[HANDS_MAX];
};
void feed_moment(struct model *, struct subscriber *, int day); /* it may be looked at now */
void feed_settle(struct model *, struct subscriber *, int day); /* what was sent so far has been looked at */
/* As of then; `surely`: where it may be either of two schools', both are told. */
bool alert_told(const struct scope *, const struct alert *, uint64_t position, bool surely);
void feed_take(struct model *, struct subscriber *, struct value body);

#endif
