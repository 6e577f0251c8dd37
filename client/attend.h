/* attend.h - libattend: talking to attendd from a C program.
 *
 * A connection is one ZeroMQ DEALER socket under CURVE; every message is one
 * frame (proto/PROTOCOL.md). This library sends, waits, sends again with
 * back-off when the daemon is away or asks for it, keeps a window of submissions
 * on their way, and resumes a subscription where it stood.
 *
 * Four ways to use it:
 *
 *   attend_call       one question or one submission, and its reply
 *   attend_post       many submissions, each answered by a call-back when the
 *                     daemon has it on disk; attend_flush waits for the last
 *   attend_subscribe  alerts or events as they come, one call-back each
 *   attend_spool_keep submissions that outlive the program and a reboot, delivered
 *                     once and in order when the daemon is there
 *
 * Bodies are msgpack maps, packed by the caller (msgpack-c) and listed in
 * PROTOCOL.md; those of marks, which are most of the traffic, are built by
 * attend_marks_*. Replies are checked before they are handed out: one whole map,
 * no deeper than eight, its strings UTF-8.
 *
 * Sending again is safe because each submission has an id: the daemon answers
 * an id that it has seen with its first answer. Of two submissions that are on
 * their way together, the later may be taken first when the daemon asked for
 * the earlier again. Where their order matters, attend_flush between them, or keep
 * them in a spool.
 *
 * Threads: a connection belongs to one thread at a time. Different connections
 * may be used in different threads; they share one ZeroMQ context.
 *
 * Memory: what is passed in is borrowed until the call returns, and may then be
 * freed; what is handed out (replies, items, texts) belongs to the connection
 * and lasts until the next call on it, or, in a call-back, until that returns.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEND_H
#define ATTEND_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What became of a call. The numbers are the exit statuses of the command. */
enum attend_result {
	ATTEND_OK = 0,          /* done: a status of 2xx */
	ATTEND_REFUSED = 1,     /* answered, but not done: see the reply and attend_why */
	ATTEND_MISUSE = 2,      /* wrong options, a key file that can't be used, no memory */
	ATTEND_UNREACHABLE = 3, /* no answer in time; attend_why says what is likely */
	ATTEND_STOPPED = 4,     /* `stop` was set, or a call-back asked to end */
};

/* What may be asked; PROTOCOL.md gives the body of each. */
enum attend_command {
	ATTEND_HELLO = 0x01,
	ATTEND_MARKS = 0x10,
	ATTEND_ROSTER = 0x11,
	ATTEND_ACTION = 0x12,
	ATTEND_CALENDAR = 0x13,
	ATTEND_PATHWAY = 0x14,
	ATTEND_GRANT = 0x15,
	ATTEND_REVOKE = 0x16,
	ATTEND_ACKNOWLEDGE = 0x17,
	ATTEND_CLOCK = 0x18,
	ATTEND_FACT = 0x19,
	ATTEND_LINK = 0x1a,
	ATTEND_COVER = 0x1b,
	ATTEND_MOVE = 0x1c,
	ATTEND_CHOOSE = 0x1d,
	ATTEND_SCHOOL = 0x1e,
	ATTEND_TASK = 0x1f,
	ATTEND_OFFER = 0x40,
	ATTEND_QUERY = 0x20,
	ATTEND_CURSOR = 0x32,
};

enum {
	ATTEND_ID_SIZE = 16,
	ATTEND_KEY_TEXT_SIZE = 40,       /* a public key in Z85 */
	ATTEND_TIMEOUT_MS = 10000,
	ATTEND_WINDOW = 256,
	ATTEND_WINDOW_MAX = 1000,
	ATTEND_MARKS_ROWS_MAX = 1000,    /* of one submission that attend_marks builds */
};

struct attend; /* a connection */

struct attend_options {
	const char *server;          /* tcp://host:port */
	const char *server_key_file; /* the daemon's public key, attendd.pub */
	const char *identity_file;   /* made by `attend keygen` */
	unsigned timeout_ms;         /* silence that counts as unreachable; 0: ATTEND_TIMEOUT_MS */
	unsigned patience_ms;        /* how long "not now" is asked again; 0: as timeout_ms */
	unsigned window;             /* submissions on their way at most; 0: ATTEND_WINDOW */
	const volatile sig_atomic_t *stop; /* set by a signal handler: waiting ends; NULL: never */
	/* Told when a connection is lost and found again; NULL: nobody. */
	void (*notice)(void *context, const char *text);
	void *notice_context;
};

/* Reads the key files and starts to connect; it waits for nothing, so a daemon
 * that is away shows at the first call. NULL, with a sentence that names the file and the
 * remedy in `why`, where that can't be done. */
struct attend *attend_open(const struct attend_options *, char *why, size_t why_size);

/* Closes and sets the pointer to NULL. What was posted and not yet answered is
 * answered with status 0: it may or may not have been taken. NULL is let pass. */
void attend_close(struct attend **);

/* One sentence about the last call that did not return ATTEND_OK; never NULL. */
const char *attend_why(const struct attend *);

/* The public key of this connection's identity, Z85. */
const char *attend_public_key(const struct attend *);

/* What is asked from now on is asked for whoever has this public key (Z85), with their rights: for a
 * key whose role is `board`. NULL: for oneself again. False: not a key (and nothing more should be asked). */
bool attend_for(struct attend *, const char *reader);

struct attend_reply {
	unsigned status;   /* of PROTOCOL.md's list; 200 to 299 is done */
	uint64_t position; /* of a submission, its event (of marks perhaps a later one's, answered with it); else the log's head */
	const void *body;  /* one checked msgpack map, or nothing at all */
	size_t body_size;
};

/* An id that nobody else has (UUID version 7). */
void attend_id_new(uint8_t id[ATTEND_ID_SIZE]);

/* An id made of what is sent and who sends it (UUID version 8 from a SHA-256), so
 * that the same content from the same key is answered as the first time.
 * `occurrence` tells apart equal bodies that are meant to count each. */
void attend_id_of_content(const struct attend *, uint8_t id[ATTEND_ID_SIZE], enum attend_command,
                          uint64_t occurrence, const void *body, size_t body_size);

/* Asks once and waits. `id` NULL makes a new one. `reply` is filled where the
 * daemon answered at all: with ATTEND_OK and ATTEND_REFUSED. */
enum attend_result attend_call(struct attend *, enum attend_command, const uint8_t *id,
                               const void *body, size_t body_size, struct attend_reply *reply);

/* Called exactly once for each post, whatever the answer; with status 0 where the
 * connection was closed without one. It may not call the connection. */
typedef void attend_answer(void *context, const struct attend_reply *);

/* Sends without waiting for the answer; waits only while the window is full. While 64 or more are on their
 * way the next up to 16 are gathered and sent as one message (PROTOCOL.md, bundles): by a later post, or by
 * attend_pump or attend_flush, one of which is called after the last post in any case, to hear its answer.
 * `answer` comes later, out of any of the calls on this connection. Answers of
 * 300 and 500 are not handed out before `patience_ms` has gone by: the post is
 * sent again, with back-off and jitter. */
enum attend_result attend_post(struct attend *, enum attend_command, const uint8_t *id,
                               const void *body, size_t body_size, attend_answer *answer, void *context);

/* Takes in what has come, waiting at most so long; for those who post rarely. */
enum attend_result attend_pump(struct attend *, unsigned wait_ms);

/* Waits until everything posted is answered. */
enum attend_result attend_flush(struct attend *);

/* How many posts are still unanswered. */
unsigned attend_outstanding(const struct attend *);

/* The body of a submission of marks, row by row. A refused row is named in the
 * reply by its place, the first being 0. */
struct attend_marks;

struct attend_mark {
	const char *upn, *date, *session, *code;
	const char *recorded_at, *comment; /* NULL: none */
	int minutes_late;                  /* negative: none */
};

struct attend_marks *attend_marks_new(void); /* NULL: no memory */
void attend_marks_free(struct attend_marks **);
void attend_marks_begin(struct attend_marks *, const char *urn); /* empty again, of that school */
/* False: no more fit (rows or bytes); send these and begin again. */
bool attend_marks_add(struct attend_marks *, const struct attend_mark *);
unsigned attend_marks_count(const struct attend_marks *);
/* The packed body; lasts until the next call on these marks. NULL: no memory. */
const void *attend_marks_body(struct attend_marks *, size_t *size);

/* Calls back for each row that a reply to marks or a roster refuses (`each` may be
 * NULL); returns how many there were. */
typedef void attend_refused_row(void *context, unsigned row, const char *field, const char *reason);
unsigned attend_refused_rows(const struct attend_reply *, attend_refused_row *, void *context);
/* `accepted` and `known` of such a reply, of so many rows sent. */
void attend_reply_counts(const struct attend_reply *, unsigned rows, uint64_t *accepted, uint64_t *known,
                         uint64_t *refused);

/* A reply's or item's own text under a key of its map, cut to fit; false where
 * there is none (then `out` is empty). */
bool attend_body_text(const void *body, size_t body_size, const char *key, char *out, size_t out_size);

struct attend_subscription {
	const char *what;   /* "alerts" or "log" */
	const char *cursor; /* a durable place of this name, kept by the daemon; NULL: none */
	uint64_t from;      /* first position wanted; 0: where the cursor stands, or from the beginning */
	const char *case_id, *upn; /* only these; NULL: all */
	const char *officer; /* of alerts: of cases in this officer's hands, or of one for whom they stand in */
	unsigned credit;    /* items on their way at most; 0: 256 */
};

/* One item: a msgpack map, and its position. True once it has been dealt with
 * for good (printed and flushed, stored): only then does the cursor move past
 * it. False ends the subscription, the item not counted. */
typedef bool attend_item(void *context, uint64_t position, const void *item, size_t item_size);

/* Runs until the call-back says false or `stop` is set (both ATTEND_STOPPED),
 * or the daemon refuses. Once it has run, a lost connection is not an error:
 * it is sought again for as long as it takes, and resumed without a gap and
 * without giving an item twice. ATTEND_UNREACHABLE only where it never began. */
enum attend_result attend_subscribe(struct attend *, const struct attend_subscription *, attend_item *, void *context);

/* ---- the outbox ----
 *
 * A spool is a folder of submissions that wait for the daemon, for one program at a time. What
 * attend_spool_sync has said to be kept survives the program and the machine's power,
 * and is delivered once: each has an id, and is sent under it until it is answered.
 *
 *    attend_spool_open    (what an earlier run left is there again)
 *    attend_spool_keep    ... for each submission
 *    attend_spool_sync    now it is on disk: whoever gave it may be told so
 *    attend_spool_deliver sends what waits; ATTEND_UNREACHABLE: it waits on
 *    attend_spool_close
 *
 * Order: of one lane (a school's URN, say) the next is sent when the one before is answered, so
 * that "not now" to one lets no later one overtake it. Lanes go side by side. What has no
 * lane waits for all before it, and all after it wait for it.
 *
 * What is refused, whole or in rows, waits no more but is held with its reply until
 * attend_spool_refused has handed it to somebody. Where the daemon takes nothing at all from this
 * key now (the key revoked, the store full or damaged, the clock held) delivery stops and all waits on.
 *
 * The folder is 0700 and its files 0600. A write that was cut short by a crash is dropped at the next
 * open, and said; it was never promised. A damaged record is refused by its file's name. */
struct attend_spool;

struct attend_kept {
	enum attend_command command;
	uint8_t id[ATTEND_ID_SIZE];
	const char *lane;     /* at most 39 bytes; NULL: none */
	const void *body;
	size_t body_size;
	const void *note;     /* the caller's own, given back with the answer */
	size_t note_size;
	uint64_t number, since_ms; /* set by the spool: its place, and when it was kept (of 1970) */
};

#define ATTEND_SPOOL_SIZE ((uint64_t)256 << 20)

/* What became of one: called once, when it is answered for good. The reply's body lasts until it returns. */
typedef void attend_settled(void *context, const struct attend_kept *, const struct attend_reply *);

struct attend_spool_options {
	const char *dir;          /* made where it is missing */
	uint64_t size_max;        /* bytes of all its files; 0: ATTEND_SPOOL_SIZE */
	unsigned patience_ms;     /* how long another program that has it is waited for */
	bool look;                /* only to be listed: needs no lock, changes nothing */
	attend_settled *settled;  /* NULL: nobody is told */
	void (*notice)(void *context, const char *text); /* told what was dropped; NULL: nobody */
	void *context;            /* of both */
};

/* NULL, with what is wrong and the remedy in `why`, where it can't be used. */
struct attend_spool *attend_spool_open(const struct attend_spool_options *, char *why, size_t why_size);
/* Where nothing waits, nothing is left of what was delivered. Sets the pointer to NULL; NULL is let pass. */
void attend_spool_close(struct attend_spool **);

/* One sentence about the last call that did not return ATTEND_OK; of attend_spool_pump and
 * attend_spool_deliver too. Never NULL. */
const char *attend_spool_why(const struct attend_spool *);

/* Puts it at the end; sets `number` and `since_ms`. ATTEND_REFUSED: the spool (or the disk) is full, nothing of
 * it is kept, and it may be given again when something was delivered. */
enum attend_result attend_spool_keep(struct attend_spool *, struct attend_kept *);
/* Returns when all that was kept is on disk. */
enum attend_result attend_spool_sync(struct attend_spool *);

/* Sends what may be sent now, and takes in what has come, waiting at most so long. */
enum attend_result attend_spool_pump(struct attend_spool *, struct attend *, unsigned wait_ms);
/* Until nothing waits. ATTEND_UNREACHABLE, or ATTEND_REFUSED where delivery stops: what waits, waits on. */
enum attend_result attend_spool_deliver(struct attend_spool *, struct attend *);

uint64_t attend_spool_waiting(const struct attend_spool *);  /* submissions */
uint64_t attend_spool_size(const struct attend_spool *);     /* bytes of its files */

/* Each that waits, in order; false ends it. */
typedef bool attend_kept_each(void *context, const struct attend_kept *);
enum attend_result attend_spool_each(struct attend_spool *, attend_kept_each *, void *context);
/* Each that was refused, with its reply, in the order of the answers. True: it is in good hands, and is forgotten
 * once attend_spool_forget is called (its own copy must be on disk by then). */
typedef bool attend_refused_each(void *context, const struct attend_kept *, const struct attend_reply *);
enum attend_result attend_spool_refused(struct attend_spool *, attend_refused_each *, void *context);
enum attend_result attend_spool_forget(struct attend_spool *);

#ifdef __cplusplus
}
#endif

#endif
