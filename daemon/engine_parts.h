/* engine_parts.h - what the files of engine.h share among themselves.
 *
 *   engine.c          open, begin, close
 *   engine_batch.c    append, commit, the replies that wait for it
 *   engine_create.c   a new store
 *   engine_receive.c  a frame: who, what, seen before?
 *   access.c          who may what (the contract's table)
 *   submit_*.c        one file a sort of submission: decide, then append
 *   react.c           what watches say of the marks just taken in
 *   react_days.c      what watches say when a day ends
 *   react_schools.c   what of schools' recurring tasks is undone then, or moves
 *   react_people.c    what something learnt late changes for open cases
 *   deadlines.c       time: what fell due; the clock that is held
 *   query_*.c         questions
 *   metrics.c         what is measured
 *   shadow.c          the state as of an earlier position (shadow.h); concerns*.c: which records it takes
 *   feed.c            subscriptions
 *   backup.c          a hot copy, out and back
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_ENGINE_PARTS_H
#define DAEMON_ENGINE_PARTS_H

#include <pthread.h>
#include <sys/types.h>

#include "daemon/engine.h"
#include "daemon/pack.h"
#include "daemon/shadow.h"
#include "daemon/state.h"
#include "proto/mp.h"
#include "store/log.h"
#include "store/note.h"
#include "store/tree.h"

enum {
	BATCH_SIZE = 64 << 20,        /* bytes of records that one transaction may hold */
	BEHIND_LEAST = 64,            /* records of a batch that is worth a thread's while */
	BATCH_SOFT = 32 << 20,        /* committed at the next submission from here on */
	SWEEP_MARKS = 4 * 1000 * 1000, /* a sweep of the pupils' figures for so many marks at least: half the tail's bound, */
	SWEEP_EACH = 8,               /* or for so many of each pupil, where that is more */
	SUBSCRIPTIONS_MAX = 4096,
	PAGE_ITEMS_MAX = 1000,
	PAGE_RECORDS_MAX = 50 * 1000, /* records that one question or feeding looks at */
	FIRE_MAX = 1000,              /* phases fired by one call of engine_tick, */
	FIRE_INSTANT_MAX = 4000,      /* or of one instant by a manual clock, */
	FIRE_PUPILS = 200,            /* and pupils whom a day's end looks at in the time of one */
	START_LATE_MAX_DAYS = 92,     /* a start so long after the last event is held */
	SCRUB_AT_START = 1500 * 1000, /* values looked through before ready */
	SCRUB_SLICE = 20 * 1000,      /* and then, a turn, */
	SCRUB_IDLE_MS = 1000,         /* once nothing was committed for so long */
	ROOM_PERCENT = 90,            /* of the map, from which on submissions wait */
	DISK_RESERVE = 256 << 20,     /* bytes free, below which they do */
};

/* What is counted: name and what it says to Prometheus. */
#define COUNTERS(X) \
	X(SUBMISSIONS, "submissions", "Submissions taken") \
	X(MARKS, "marks", "Marks recorded") \
	X(MARKS_KNOWN, "marks_known", "Marks equal to the one held") \
	X(ROWS_REFUSED, "rows_refused", "Rows refused") \
	X(REPEATS, "repeats", "Submissions answered as before") \
	X(REFUSED_FORM, "refused_form", "Messages refused for their form") \
	X(REFUSED_ROLE, "refused_role", "Messages refused for the role") \
	X(REFUSED_CONTENT, "refused_content", "Submissions refused for their content") \
	X(REFUSED_ROOM, "refused_room", "Submissions put off for want of room") \
	X(QUERIES, "queries", "Queries answered") \
	X(COMMITS, "commits", "Commits") \
	X(COMMITS_FAILED, "commits_failed", "Commits that failed") \
	X(ALERTS, "alerts", "Alerts raised") \
	X(FIRED, "deadlines_fired", "Deadline phases fired") \
	X(FIRED_LATE_MS, "deadlines_late_ms", "Lateness of all of them together") \
	X(ITEMS, "items_sent", "Items sent to subscribers") \
	X(FORGOTTEN, "peers_forgotten", "Subscribers dropped as unreachable")

enum counter {
#define X(name, text, help) COUNT_##name,
	COUNTERS(X)
#undef X
	COUNTER_COUNT
};

struct held_reply {
	struct peer peer;
	uint32_t size;
	size_t offset; /* into the replies' arena */
	bool writes;   /* says what is so only if the commit succeeds */
	uint8_t id[UUID_SIZE];
	uint8_t command;
	/* The answer to several together: nothing of it is in the arena. */
	uint16_t status;
	uint64_t position;
	struct together together; /* count 0: an answer to one */
};

/* Where the latest answer to a peer that takes them together stands among those held. */
struct together_slot {
	uint64_t batch;        /* which */
	size_t held;
};

/* What one transaction appends, and the replies that wait for it. */
struct batch {
	uint8_t *room;         /* the records, one after another; BATCH_SIZE */
	size_t used;
	struct slice *records;
	size_t record_count, record_room;
	struct held_reply *held;
	size_t held_count, held_room;
	uint8_t *replies;
	size_t replies_used, replies_room;
};

struct subscription {
	struct peer peer;
	uint8_t id[UUID_SIZE];
	uint8_t key[PUBLIC_KEY_SIZE];
	uint8_t board[PUBLIC_KEY_SIZE]; /* that asked for the key's holder; zero: nobody did */
	uint64_t revoked;     /* where in the log either of the keys was, since it began; 0: neither */
	bool log;             /* the log itself, else alerts */
	uint64_t next;        /* position from which the next item may come */
	uint32_t credit;
	uint32_t case_no, pupil; /* filters; 0: none */
	char officer[64];     /* likewise; empty: none */
	uint64_t spoke_ms;    /* monotonic: when something was last sent */
};

/* A row of marks being looked at. */
struct mark_row {
	struct mark mark;      /* its comment not sealed yet */
	uint8_t fault;
	bool known;
	uint32_t upn_size;
	const uint8_t *upn;
	struct slice detail;   /* of a fault */
	uint8_t hash[UPN_HASH_SIZE];
};

/* What a submission of marks says, before anything is done about it: looked at ahead of all else,
 * so that its pupils come into the cache while it is asked whether it was here before. */
struct marks_look {
	struct submitted_marks in;
	bool opened, too_many;
	uint32_t rows, refused; /* how many; how many have a fault of their own */
	size_t room;            /* that the event may take, at most */
	bool future;            /* a date is */
};

enum backup_stage { BACKUP_NONE, BACKUP_COPYING, BACKUP_COPIED, BACKUP_READY, BACKUP_FAILED };
struct backup_job {
	pthread_t thread;
	_Atomic int stage;
	bool joinable;
	struct engine *engine;
	char path[512];
	uint8_t key[32];       /* that unwraps the keys in it */
	uint64_t size;
	uint64_t asked_ms;     /* when somebody last wanted it */
};

/* A trial of a changed file, in a process of its own (query_trial.c). */
struct trial_job {
	pid_t pid;             /* 0: none runs */
	int out;               /* its result */
	uint64_t number;       /* of the last; 0: none was */
	uint64_t receipt;      /* of what it tries */
	bool ready, failed;
};

/* A set of (pupil, session) that empties by a change of generation: "the same
 * session twice in one submission". */
struct seen_slot {
	uint64_t key;
	uint32_t generation;
};
enum { SEEN_SLOTS = 32768 };
_Static_assert(SEEN_SLOTS > 2 * MARKS_MAX && (SEEN_SLOTS & (SEEN_SLOTS - 1)) == 0, "half of the slots stay free");

struct engine {
	char dir[400];
	struct engine_options options;
	struct store *store;
	struct log log;
	struct tree tree;
	struct store_key key;
	struct persons *persons;
	struct note_key note;
	struct state state;

	uint64_t now_ms;       /* never runs backwards, never before the last event */
	uint64_t committed;    /* head on disk */
	uint64_t pupils_from;  /* the pupils' records hold all up to here */
	struct txn *txn;       /* the batch's write transaction; NULL: none begun */
	enum store_result broken; /* what went wrong in this batch; STORE_OK: nothing */
	bool damaged;          /* found by a check: nothing more is taken */
	char damage[200];

	struct batch two[2], *at; /* the one that is being gathered */
	struct batch *behind;  /* the one that is being committed; NULL: none, or its replies are out */
	uint64_t behind_after; /* the position that it follows */
	struct tree tree_before; /* without it: the tree itself is the store's thread's while that one is at work */
	struct together_slot together[64]; /* by a hash of the peer: whom another drove out just begins anew */
	uint64_t replied;      /* how many requests, since the start */
	uint64_t batches;      /* how many were begun before this one */

	struct pack body;      /* of the reply that is being made */

	uint64_t sweep_credit; /* marks not yet paid for by writing pupils */
	uint32_t sweep_at;     /* next pupil to write */
	uint32_t sweep_list;   /* and next list of what concerns whom */
	uint64_t sweep_from;   /* head when the present sweep began */

	const struct principal *last_principal; /* who sent the last message */
	uint64_t last_generation;

	struct marks_look look; /* at the submission in hand */
	struct mark_row *rows; /* its rows, of MARKS_MAX */
	struct seen_slot *seen;
	uint32_t seen_generation;
	uint32_t seen_mask; /* of the slots in use, for the submission that uses them */

	struct subscription *subscriptions[SUBSCRIPTIONS_MAX];
	unsigned subscription_count;
	unsigned feed_first;   /* who is fed first the next time */
	bool feed_wanted;
	uint64_t fed_ms;       /* monotonic: when subscribers were last gone through */

	bool begun;            /* engine_begin was called: the start has been judged */
	bool time_stands;      /* held since the start */
	struct {               /* a step of the clock, to be written down at the next turn */
		bool wanted;
		uint64_t seen_ms;
		int64_t step_ms;
	} hold;

	uint64_t next_timer;
	bool timer_known;
	bool full;             /* the watermarks say: no submissions now */
	uint64_t room_checked_ms;
	struct store_room room;
	uint64_t counters[COUNTER_COUNT];
	struct metrics metrics;
	bool commit_failed;    /* the last one that was tried did not happen; `commit_why` */
	char commit_why[200];
	struct scrub scrub;
	bool worked;           /* committed since the last turn's end */
	uint64_t worked_ms;    /* monotonic */
	bool scrubbed;         /* the store was gone through once since the start */
	struct backup_job backup;
	struct trial_job trial;

	/* a world of a trial (trial.h): what is appended goes there, and to no log */
	void (*own)(void *context, struct event *);
	void *own_context;
};

/* ---- engine.c ---- */
/* Begins the write transaction if there is none; false: the batch is broken. */
bool engine_write(struct engine *);
/* Appends an event made now by `actor`: encodes, hashes, applies. */
void engine_append(struct engine *, struct event *);
/* A marks event, of which `record` (header and body, in the batch's room) is
 * ready: takes it without applying, for react.c goes mark by mark. */
uint64_t engine_append_record(struct engine *, struct slice record);
uint64_t engine_head(const struct engine *); /* of this batch */
/* One record of the log, on disk or of a batch that is not yet. Nothing is visited where there is none. */
void engine_log_at(struct engine *, struct txn *, uint64_t position,
		   bool (*visit)(void *context, uint64_t position, struct slice record), void *context);
void engine_event(const struct engine *, struct event *, uint8_t kind, uint64_t actor);
/* A transaction for reading: the batch's, or a short one that engine_read_end ends. */
struct txn *engine_read(struct engine *);
void engine_read_end(struct engine *, struct txn *);
void engine_scrub(struct engine *, uint64_t monotonic_ms); /* a slice of the store, when idle */
/* Writes all changed pupils now (before an event that changes how figures are counted). */
void engine_sweep_all(struct engine *);
int engine_flush(struct engine *); /* commits what there is, in the middle of a batch, and what is behind */
void engine_forget_batch(struct engine *);
/* After a commit that did not happen: what is in memory is ahead of the disk, so it
 * is dropped and taken up again from there. */
int engine_recover(struct engine *, char *why, size_t why_size);

/* ---- engine_create.c ---- */
/* The origin of the log's checkpoints: the authority's name, where C2SP allows
 * neither white space nor a plus sign, with `-` in their place. False: no name. */
bool engine_origin(char origin[static NOTE_NAME_MAX + 1], const char *authority);
int engine_write_vkey(struct engine *, char *why, size_t why_size);

/* ---- replies ---- */
struct request {
	const struct principal *who; /* whose rights count */
	const struct principal *via; /* the board that asks for them; NULL: they ask themselves */
	const struct peer *peer;
	const struct message *message;
	struct slice frame;
	uint64_t receipt;
};
void engine_hold(struct engine *, const struct peer *, uint8_t command, const uint8_t *id, enum status,
		 uint64_t position, struct slice body);
void engine_send_held(struct engine *, engine_send *, void *context);
/* A reply with e->body as its body (or none, where that is empty). */
void engine_reply(struct engine *, const struct request *, enum status, uint64_t position);
/* Not now: the batch is broken, or there is no room. */
void engine_put_off(struct engine *, const struct request *);
/* One that says why: {reason, field?}; or, of bytes, {reason, offset}. */
void engine_refuse_form(struct engine *, const struct request *, enum status, const char *why, size_t offset);
void engine_refuse(struct engine *, const struct request *, enum status, const char *field, const char *reason);

/* ---- access.c ---- */
bool access_command(uint8_t role, uint8_t command);
bool access_for(uint8_t reader, uint8_t command); /* may a board ask this for a reader of that role, whatever they may themselves */
bool access_school(const struct principal *, uint32_t urn);   /* may it see this school's pupils */
bool access_pupil(struct engine *, const struct principal *, uint32_t pupil, uint32_t urn);
bool access_alert(const struct principal *, uint32_t urn, uint32_t case_no);
bool access_for_role(const struct principal *, uint32_t tells); /* is what tells these roles (0: all) for its role */
bool access_told(const struct principal *, const struct alert *); /* may it see this alert, and is it for its role */
bool access_query(uint8_t role, struct slice what);
bool access_reads_all(uint8_t role);

/* ---- submissions: each decides, appends, replies ---- */
typedef void submit(struct engine *, const struct request *);
void marks_look_at(struct engine *, const struct request *); /* before submit_marks; changes nothing else */
submit submit_marks, submit_roster, submit_action, submit_calendar, submit_pathway, submit_grant,
	submit_revoke, submit_acknowledge, submit_clock, submit_fact, submit_link, submit_cover, submit_move,
	submit_choose, submit_school, submit_task, submit_offer;
/* The receipt of the submission whose event stands there; false: it can't be read. */
bool answer_receipt(struct engine *, uint64_t position, uint64_t *receipt);
/* The first answer of a submission, made again from its event. */
void answer_again(struct engine *, const struct request *, uint64_t position);
uint64_t fired_by(struct engine *, uint64_t clock); /* what fell due on the way to that move of a manual clock */
/* Puts id and receipt into the event that a submission makes. */
struct compile_report;
void pack_compile_faults(struct pack *, const struct compile_report *); /* "faults" and their list */
/* {accepted, known, refused}; nothing where every row was new and good. */
void pack_answer(struct pack *, uint32_t accepted, uint32_t known, const struct refusal[], uint32_t refused);
bool load_pathway(struct engine *, struct slice source, struct slice compiled, bool is_default, struct event *);
void pack_load_answer(struct pack *, const struct event_pathway_loaded *, uint64_t moved);
void engine_sign(struct event *, const struct request *);
/* Is a mark held for that mark's session, other than D, that another school wrote? (wrote.c) */
bool engine_other_wrote(struct engine *, uint32_t urn, const struct mark *);
/* The pupil's number; registers a UPN not seen before. 0: the batch is broken or (if not `may_register`) unknown. */
uint32_t engine_pupil_of(struct engine *, struct slice upn, uint32_t urn, const struct principal *, bool may_register);
void particulars_of(struct engine *, uint32_t pupil, struct particulars *); /* all zero: unknown */
/* Those, taken into `room`, and what rests on them on that day. */
void view_particulars(struct engine *, uint32_t pupil, day_t, struct particulars *room, struct case_view *);
void pack_lacks(struct pack *, const struct lacks *);
void pack_action_answer(struct pack *, const struct event_action_recorded *);
bool case_id_parse(struct slice text, uint32_t *number);

/* ---- submit_move.c ---- */
/* Where a changed file's open cases go: stages and deadlines of before, and their names now. */
struct passages {
	unsigned stage_count, deadline_count;
	struct deadline_passage stages[MOVE_DEADLINES_MAX], deadlines[MOVE_DEADLINES_MAX];
	struct slice reason;
};
const char *passages_take(struct passages *, struct slice body, const char **field); /* NULL, or what is wrong */
/* Would open cases of its name have no place in it? Then it was refused, each of them named. */
bool orphans_refused(struct engine *, const struct request *, const struct pathway *, const struct passages *);
uint64_t orphans_carry(struct engine *, const struct request *, const struct pathway *, const struct passages *); /* how many */
void pack_move_answer(struct pack *, const struct event_case_moved *, uint64_t moved);
void pack_choice(struct pack *, const struct event_pathway_chosen *);

/* ---- submit_people.c ---- */
bool body_flag(struct slice body, const char *key, const char **wrong); /* yes where it isn't said */

/* ---- submit_offer.c ---- */
enum { OFFER_KEYS = 4 };
void pack_offer(struct pack *, const struct event_meeting_offered *); /* as the answer, and in the log */

/* ---- submit_schools.c ---- */
void pack_task_done(struct pack *, const struct event_task_done *);        /* five */

/* ---- query_schools.c ---- */
/* Was its newest instance that is over not ticked off, does the reminder of it still stand, and is that one for them
 * (NULL: for anybody)? When it was due. */
bool task_missed(struct txn *, const struct principal *told, const struct school *, const struct task_rule *, uint64_t *due_ms);

/* ---- react.c ---- */
void react_to_mark(struct engine *, const struct applied_mark *, uint32_t pupil);
void react_to_case(struct engine *, uint32_t number); /* breaches, after an action */
/* The open deadlines of a scope as they were before its calendar changed; then what
 * follows from the change. How many moved. Takes the list. */
struct dues;
struct dues *dues_before(struct engine *, uint32_t urn);
uint64_t react_to_calendar(struct engine *, uint32_t urn, struct dues *);
/* The same of a case that is moved to another pathway. */
struct dues *dues_of_case(struct engine *, uint32_t number);
uint64_t react_to_moved_case(struct engine *, uint32_t number, struct dues *);
void raise_case_alert(struct engine *, const struct case_state *, const struct case_view *, uint8_t kind,
		      uint8_t deadline, struct slice text, uint64_t late_ms);

void raise_watch(struct engine *, const struct pathway *, const struct pupil *, uint32_t pupil,
		 const struct watch_change *, uint64_t late_ms);
void withdraw_alert(struct engine *, uint8_t kind, uint64_t alert, uint32_t pupil, uint32_t case_no, uint8_t deadline);

/* ---- react_days.c: watches that look when a day ends ---- */
void react_to_day(struct engine *, day_t ended, uint64_t late_ms);
/* A mark that such a watch looks for came, or went, once its time was over. */
void react_to_stay(struct engine *, const struct pathway *, const struct applied_mark *, uint32_t pupil);
void react_to_moved_stays(struct engine *, const struct pathway *, struct pupil *, uint32_t number); /* days moved */
void react_to_excuse(struct engine *, uint32_t case_no); /* an action may excuse what was said */

void remind_schools(struct engine *, day_t ended, uint64_t late_ms); /* of what was not ticked off */
/* The open instances of all schools' tasks before a calendar changes; then, once it did, an
 * alert to each school of which one has moved: how many. Takes the list. */
struct task_dues;
struct task_dues *tasks_before(struct engine *);
unsigned react_to_moved_tasks(struct engine *, struct task_dues *);

/* ---- react_people.c ---- */
/* What is known of these pupils' open cases before something is recorded; then, once it
 * was, an alert for each case in which it changes something: how many. `what` says what was
 * learnt. Takes the outlook. */
struct outlook;
struct outlook *outlook_before(struct engine *, const struct family *);
unsigned react_to_known(struct engine *, struct outlook *, const char *what);

/* ---- questions (query_parts.h) ---- */
void answer_query(struct engine *, const struct request *);
void answer_hello(struct engine *, const struct request *);
void trial_end(struct engine *); /* whatever becomes of it */
/* A copy that nobody fetches: it grows old, and holds as much of the disk as the store. */
void backup_tidy(struct engine *);
void backup_tidy_start(struct engine *); /* one that an earlier process left */

/* ---- feed.c ---- */
typedef void feed(struct engine *, const struct request *);
feed feed_subscribe, feed_credit, feed_unsubscribe, feed_cursor;
void feed_close(struct engine *);
/* A batch is gone, and with it the pupils that it made known: their numbers will be others'. */
void feed_recovered(struct engine *);

/* ---- deadlines.c ---- */
void deadlines_hold(struct engine *); /* writes down a step of the clock */
enum store_result first_timer(struct txn *, struct slice *key, uint64_t *instant); /* 0: there is none */
/* Fires what is due up to `until`, as much as is done while others wait: FIRE_MAX phases, or days' ends that look at so many
 * pupils, or FIRE_INSTANT_MAX of one instant of a manual clock, whose time goes along. True where there is more. */
bool fire_due(struct engine *, uint64_t until_ms, bool manual);

#endif
