/* message.h - what passes between a client and the daemon: the frame and the
 * bodies whose form is fixed. PROTOCOL.md says it for people.
 *
 * A message is one frame (an identity frame before it where it passes a
 * ROUTER); any other number of frames is refused.
 *
 *   0      2       3         4                20
 *   | A7 7D | version | command | id (16 bytes) | body: msgpack map, or nothing
 *
 * A reply has bit 7 of the command set, the same id, and a head of its own
 * before the body:
 *
 *   20             22               30
 *   | status (u16) | position (u64) | body
 *
 * position: of a submission, the event that it made; of all else, the log's head.
 *
 * Bit 7 of the version's byte in a submission says that it may be answered together
 * with others; in a reply, that it answers several. It is no part of what makes
 * two submissions the same.
 *
 * Bit 6 of a request's version says for whom a board asks (access.c): their public
 * key, 32 bytes, stands between the head and the body.
 *
 * A bundle is several submissions in one frame, so that CURVE and libzmq are paid for once: its
 * body is pieces, each a size (u32) and a request as it would be sent by itself. Each is taken, refused
 * and answered as if it had been; the bundle's own id matters only where the bundle is malformed.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTO_MESSAGE_H
#define PROTO_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/bytes.h"
#include "proto/ids.h"
#include "proto/status.h"

enum {
	MESSAGE_SIGNATURE = 0xA77D,
	MESSAGE_VERSION = 1,
	MESSAGE_VERSION_AT = 2,    /* its byte in the frame */
	MESSAGE_TOGETHER = 0x80,
	MESSAGE_FOR = 0x40,
	REQUEST_HEAD_SIZE = 20,
	REPLY_HEAD_SIZE = 30,
	MESSAGE_SIZE_MAX = 2 * 1024 * 1024,
	TEXT_SIZE_MAX = 4096,      /* of one free-text field */
	REGISTERS_MAX = 10000,
	BUNDLE_MAX = 256,          /* pieces */
};

/*  name, number, text, what it does. Those that write are submissions: their id
 *  is a UUID of version 7 or 8, and sent again they get the first answer again. */
#define COMMANDS(X) \
	X(HELLO, 0x01, "hello") \
	X(MARKS, 0x10, "marks") \
	X(ROSTER, 0x11, "roster") \
	X(ACTION, 0x12, "action") \
	X(CALENDAR, 0x13, "calendar") \
	X(PATHWAY, 0x14, "pathway") \
	X(GRANT, 0x15, "grant") \
	X(REVOKE, 0x16, "revoke") \
	X(ACKNOWLEDGE, 0x17, "acknowledge") \
	X(CLOCK, 0x18, "clock") \
	X(FACT, 0x19, "fact") \
	X(LINK, 0x1a, "link") \
	X(COVER, 0x1b, "cover") \
	X(MOVE, 0x1c, "move") \
	X(CHOOSE, 0x1d, "choose") \
	X(SCHOOL, 0x1e, "school") \
	X(TASK, 0x1f, "task") \
	X(QUERY, 0x20, "query") \
	X(SUBSCRIBE, 0x30, "subscribe") \
	X(CREDIT, 0x31, "credit") \
	X(CURSOR, 0x32, "cursor") \
	X(UNSUBSCRIBE, 0x33, "unsubscribe") \
	X(ITEMS, 0x34, "items") \
	X(HEARTBEAT, 0x35, "heartbeat") \
	X(OFFER, 0x40, "offer") \
	X(BUNDLE, 0x41, "bundle")

enum command {
#define X(name, number, text) COMMAND_##name = number,
	COMMANDS(X)
#undef X
	COMMAND_REPLY = 0x80
};

const char *command_text(uint8_t command); /* NULL: none */

/* Is it a submission, without COMMAND_REPLY? */
static inline bool command_submits(uint8_t command)
{
	return (command & 0xf0) == 0x10 || command == COMMAND_OFFER;
}

/*  name, number, field, text: why one row of a submission was refused */
#define ROW_FAULTS(X) \
	X(UPN, 1, "upn", "not a UPN") \
	X(CODE_UNKNOWN, 2, "code", "not a register code of the 2024 regulations") \
	X(CODE_SESSION, 3, "code", "a code of the other session") \
	X(DATE, 4, "date", "not a date") \
	X(DATE_FUTURE, 5, "date", "in the future") \
	X(DATE_WEEKEND, 6, "date", "not a Monday to Friday") \
	X(DATE_RANGE, 7, "date", "outside the years that registers are kept for") \
	X(SESSION, 8, "session", "neither AM nor PM") \
	X(TWICE, 9, "session", "the same session twice in one submission") \
	X(MINUTES_LATE, 10, "minutes_late", "not a number of minutes from 0 to 600") \
	X(RECORDED_AT, 11, "recorded_at", "not a time") \
	X(COMMENT, 12, "comment", "too long") \
	X(SURNAME, 13, "surname", "missing") \
	X(BIRTH_DATE, 14, "birth_date", "not a date in the past") \
	X(PARENT, 15, "parent", "not an id: a letter, then letters, digits or -") \
	X(URN, 16, "urn", "not a school that this key may write for") \
	X(FIELD_TEXT, 17, "row", "a field is too long or not text") \
	X(ERASED, 18, "upn", "this pupil was erased")

enum row_fault {
#define X(name, number, field, text) ROW_##name = number,
	ROW_FAULTS(X)
#undef X
};

const char *row_fault_field(uint8_t fault); /* NULL: none */
const char *row_fault_text(uint8_t fault);

struct message {
	uint8_t command;     /* with COMMAND_REPLY in a reply */
	bool together;
	bool for_another;    /* asked by a board for whoever has `reader`; in no reply */
	uint8_t reader[PUBLIC_KEY_SIZE];
	uint8_t id[UUID_SIZE];
	uint16_t status;     /* of a reply */
	uint64_t position;   /* of a reply */
	struct slice body;   /* checked: a map, or empty; of MARKS not yet, see message_check; of BUNDLE its pieces, counted */
};

/* STATUS_OK, BAD_FRAME, BAD_VERSION, BAD_COMMAND, TOO_LARGE or BAD_BODY; then
 * `why` (a static text) and, of a body, `*offset` from the body's start. `id` is set
 * whenever the frame was long enough to hold one, so that even a refusal can be
 * matched. ITEMS and HEARTBEAT are commands in replies alone. What has passed may
 * still be a reply: who takes requests looks at bit 7 of the command. */
enum status message_decode(struct message *, struct slice frame, const char **why, size_t *offset);

/* Is the body well formed, a map or empty: STATUS_OK, or BAD_BODY as message_decode says it. Of MARKS it
 * is asked by whoever reads the body, where submitted_marks_doubtful() says so. */
enum status message_check(struct message *, const char **why, size_t *offset);

/* The pieces of a decoded bundle, one after the other; false: no more. They are cut, not looked at. */
bool bundle_next(struct slice *pieces, struct slice *piece);

/* Heads; the caller appends the body. `reader` NULL: the sender asks for itself. */
void message_request(struct writer *, uint8_t command, const uint8_t id[static UUID_SIZE], const uint8_t *reader);
void message_reply(struct writer *, uint8_t command, const uint8_t id[static UUID_SIZE],
                   enum status, uint64_t position);

/* The reply to `count` submissions of one command and connection that were taken in a
 * row, the last of which has the head's id: all of this status, with nothing to be said of any. Its
 * body is {"count": n, "first": id of the first}. */
struct together {
	uint16_t count;
	uint8_t first[UUID_SIZE];
};
enum { TOGETHER_REPLY_SIZE_MAX = REPLY_HEAD_SIZE + 36 };
void message_reply_together(struct writer *, uint8_t command, const uint8_t id[static UUID_SIZE], enum status,
                            uint64_t position, const struct together *);
bool together_read(struct together *, struct slice body); /* false: not of the form, or count 0 */

/* The body of MARKS, read in place:
 *   { "urn": "123456", "registers": [ [date, session, [mark ...]] ... ] }
 *   date "2026-09-07", session "AM" or "PM", mark [upn, code] or
 *   [upn, code, {"minutes_late": 5, "recorded_at": "2026-09-07T08:55:00Z", "comment": "..."}]
 * Form only: meaning is the engine's. A body of another form is BAD_BODY whole.
 *
 * A body in which every text turns out to be one that is known (a UPN, a code, a date, a
 * session), with no extras and nothing behind it, is well formed, and is not gone through a second time to say
 * so; any other is, by message_check, before anything is done about it. */
struct submitted_mark {
	struct slice upn, code;
	bool new_register;          /* first of its register: `date` and `session` below are new */
	bool has_extras;            /* the rest is set where it is true */
	struct slice recorded_at, comment;
	uint64_t minutes_late;      /* UINT64_MAX: absent; a negative one is UINT64_MAX - 1 */
};

struct submitted_marks {
	struct mp_cursor { const uint8_t *at, *end; } in;
	struct slice urn;
	struct slice date, session; /* the register's that the last mark read stands in */
	uint32_t registers_left, marks_left;
	const char *fault;          /* what is malformed; NULL: nothing so far */
	bool fresh, doubtful;
};

/* Opens a body, checked or not; false: not of the form (see `fault`). */
bool submitted_marks_open(struct submitted_marks *, struct slice body);
bool submitted_marks_next(struct submitted_marks *, struct submitted_mark *); /* false: no more, or fault */
/* After the last: may something in it be malformed, even where every text was known? */
bool submitted_marks_doubtful(const struct submitted_marks *);

#endif
