/* message.c - the heads of frames, and the body of marks read in place.
 *
 * The body of marks is the daemon's daily bread, a hundred thousand a second, so
 * it is read by a cursor of its own that knows its form and is bounded by itself: most bodies
 * are never gone through by mp_check.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "proto/message.h"
#include "proto/mp.h"

_Static_assert(REQUEST_HEAD_SIZE == 2 + 1 + 1 + UUID_SIZE, "signature, version, command, id");
enum { USUAL_SIZE = 1 + 1 + UPN_SIZE + 1 + 1 };

_Static_assert(REPLY_HEAD_SIZE == REQUEST_HEAD_SIZE + 2 + 8, "then status, position");

const char *command_text(uint8_t command)
{
	switch (command) {
#define X(name, number, text) \
	case number: \
		return text;
		COMMANDS(X)
#undef X
	}
	return NULL;
}

const char *row_fault_field(uint8_t fault)
{
	switch (fault) {
#define X(name, number, field, text) \
	case number: \
		return field;
		ROW_FAULTS(X)
#undef X
	}
	return NULL;
}

const char *row_fault_text(uint8_t fault)
{
	switch (fault) {
#define X(name, number, field, text) \
	case number: \
		return text;
		ROW_FAULTS(X)
#undef X
	}
	return NULL;
}

/* What may stand in the command's byte. Some go one way only. */
static bool command_ok(uint8_t command)
{
	bool reply = (command & COMMAND_REPLY) != 0;
	uint8_t asked = command & (uint8_t)~COMMAND_REPLY;

	if (!reply && (asked == COMMAND_ITEMS || asked == COMMAND_HEARTBEAT))
		return false;
	return command_text(asked) != NULL;
}

static enum status refuse(enum status status, const char *text, const char **why)
{
	*why = text;
	return status;
}

/* All sizes before any piece is taken: a bundle is cut right, or nothing of it is done. */
static enum status bundle_check(struct message *m, const char **why)
{
	struct slice left = m->body, piece;
	unsigned count = 0;

	if (m->together || m->for_another)
		return refuse(STATUS_BAD_FRAME, "a bundle has no bits of the version set; its pieces may", why);
	while (bundle_next(&left, &piece))
		count++;
	if (left.size > 0 || count == 0 || count > BUNDLE_MAX) {
		m->body = (struct slice){NULL, 0};
		return refuse(STATUS_BAD_FRAME, "a bundle holds 1 to 256 submissions, the size of each (32 bits) before it", why);
	}
	return STATUS_OK;
}

bool bundle_next(struct slice *pieces, struct slice *piece)
{
	struct reader r = reader_of(*pieces);
	uint32_t size = read_u32(&r);

	*piece = read_bytes(&r, size);
	if (r.bad || size == 0)
		return false;
	*pieces = slice_of(r.at, reader_left(&r));
	return true;
}

enum status message_decode(struct message *m, struct slice frame, const char **why, size_t *offset)
{
	struct reader r = reader_of(frame);
	uint16_t signature;
	uint8_t version;
	struct slice id;

	*m = (struct message){0};
	*offset = 0;
	*why = NULL;
	signature = read_u16(&r);
	version = read_u8(&r);
	m->command = read_u8(&r);
	id = read_bytes(&r, UUID_SIZE);
	if (id.size == UUID_SIZE)
		memcpy(m->id, id.bytes, UUID_SIZE);
	if (frame.size > MESSAGE_SIZE_MAX)
		return refuse(STATUS_TOO_LARGE, "the frame is larger than 2 MiB", why);
	if (signature != MESSAGE_SIGNATURE)
		return refuse(STATUS_BAD_FRAME, "it does not begin with the signature A7 7D", why);
	m->together = (version & MESSAGE_TOGETHER) != 0;
	m->for_another = (version & MESSAGE_FOR) != 0;
	if (frame.size > MESSAGE_VERSION_AT && (version & ~(MESSAGE_TOGETHER | MESSAGE_FOR)) != MESSAGE_VERSION)
		return refuse(STATUS_BAD_VERSION, "version 1 is spoken here", why);
	if (r.bad)
		return refuse(STATUS_BAD_FRAME, "the head is cut short", why);
	if (!command_ok(m->command))
		return refuse(STATUS_BAD_COMMAND, "there is no such command", why);
	if ((m->command & COMMAND_REPLY) != 0) {
		m->status = read_u16(&r);
		m->position = read_u64(&r);
		if (r.bad)
			return refuse(STATUS_BAD_FRAME, "the head of the reply is cut short", why);
	}
	if (m->for_another) {
		struct slice reader = read_bytes(&r, PUBLIC_KEY_SIZE);

		if (r.bad || (m->command & COMMAND_REPLY) != 0)
			return refuse(STATUS_BAD_FRAME, "bit 6 of the version: a reader's 32 bytes are wanted, in a request", why);
		memcpy(m->reader, reader.bytes, PUBLIC_KEY_SIZE);
	}
	m->body = slice_of(r.at, reader_left(&r));
	if (m->command == COMMAND_BUNDLE) /* the reply to one is a refusal, a map like any */
		return bundle_check(m, why);
	return m->command == COMMAND_MARKS ? STATUS_OK : message_check(m, why, offset);
}

enum status message_check(struct message *m, const char **why, size_t *offset)
{
	if (m->body.size == 0)
		return STATUS_OK;
	*why = mp_check(m->body, offset);
	if (*why == NULL) {
		struct mp body = mp_of(m->body);

		if (mp_peek(&body) == MP_MAP)
			return STATUS_OK;
		*why = "the body is not a map";
		*offset = 0;
	}
	m->body = (struct slice){NULL, 0};
	return STATUS_BAD_BODY;
}

void message_request(struct writer *w, uint8_t command, const uint8_t id[static UUID_SIZE], const uint8_t *reader)
{
	write_u16(w, MESSAGE_SIGNATURE);
	write_u8(w, reader ? MESSAGE_VERSION | MESSAGE_FOR : MESSAGE_VERSION);
	write_u8(w, command);
	write_bytes(w, id, UUID_SIZE);
	if (reader)
		write_bytes(w, reader, PUBLIC_KEY_SIZE);
}

void message_reply(struct writer *w, uint8_t command, const uint8_t id[static UUID_SIZE], enum status status,
                   uint64_t position)
{
	message_request(w, command | COMMAND_REPLY, id, NULL);
	write_u16(w, (uint16_t)status);
	write_u64(w, position);
}

void message_reply_together(struct writer *w, uint8_t command, const uint8_t id[static UUID_SIZE], enum status status,
                            uint64_t position, const struct together *t)
{
	uint8_t *frame = w->at;

	message_reply(w, command, id, status, position);
	if (!w->full)
		frame[MESSAGE_VERSION_AT] |= MESSAGE_TOGETHER;
	write_u8(w, 0x82);
	write_bytes(w, "\xa5" "count", 6);
	if (t->count >= 0x100) {
		write_u8(w, 0xcd);
		write_u16(w, t->count);
	} else {
		if (t->count >= 0x80)
			write_u8(w, 0xcc);
		write_u8(w, (uint8_t)t->count);
	}
	write_bytes(w, "\xa5" "first" "\xc4\x10", 8);
	write_bytes(w, t->first, UUID_SIZE);
}

bool together_read(struct together *t, struct slice body)
{
	const char *wrong = NULL;
	uint64_t count = mp_find_uint(body, "count", 0, &wrong);
	struct mp at = mp_find(body, "first");
	struct slice first = mp_peek(&at) == MP_BIN ? mp_bin(&at) : (struct slice){NULL, 0};

	if (wrong || count == 0 || count > UINT16_MAX || first.size != UUID_SIZE)
		return false;
	t->count = (uint16_t)count;
	memcpy(t->first, first.bytes, UUID_SIZE);
	return true;
}

/* The marks' cursor: a short string or array is the common case, and stands apart
 * so that it is a few instructions where it is used; all else goes through mp. */
static struct mp mp_here(const struct submitted_marks *s)
{
	return (struct mp){s->in.at, s->in.at, s->in.end, NULL};
}

static __attribute__((noinline)) bool take_long_str(struct submitted_marks *s, struct slice *text,
                                                    const char *otherwise)
{
	struct mp m = mp_here(s);

	*text = mp_str(&m);
	s->in.at = m.at;
	if (m.fault != NULL)
		s->fault = otherwise;
	return m.fault == NULL;
}

static inline bool take_str(struct submitted_marks *s, struct slice *text, const char *otherwise)
{
	const uint8_t *at = s->in.at;

	if (at < s->in.end && (*at & 0xe0) == 0xa0 && (*at & 0x1f) < s->in.end - at) {
		*text = slice_of(at + 1, *at & 0x1f);
		s->in.at = at + 1 + text->size;
		return true;
	}
	return take_long_str(s, text, otherwise);
}

static __attribute__((noinline)) bool take_long_array(struct submitted_marks *s, uint32_t *count,
                                                      const char *otherwise)
{
	struct mp m = mp_here(s);

	*count = mp_array(&m);
	s->in.at = m.at;
	if (m.fault != NULL)
		s->fault = otherwise;
	return m.fault == NULL;
}

static inline bool take_array(struct submitted_marks *s, uint32_t *count, const char *otherwise)
{
	const uint8_t *at = s->in.at;

	if (at < s->in.end && (*at & 0xf0) == 0x90) {
		*count = *at & 0x0f;
		s->in.at = at + 1;
		return true;
	}
	return take_long_array(s, count, otherwise);
}

static bool take_key(struct mp *m, const char **fault, struct slice *key, const char *otherwise)
{
	*key = mp_str(m);
	if (m->fault != NULL)
		*fault = otherwise;
	return m->fault == NULL;
}

bool submitted_marks_open(struct submitted_marks *s, struct slice body)
{
	static const char form[] = "marks is a map of urn and registers, and nothing else";
	struct mp m = mp_of(body);
	bool has_urn = false, has_registers = false;
	struct slice key;

	*s = (struct submitted_marks){.fault = NULL};
	if (mp_peek(&m) != MP_MAP || mp_map(&m) != 2) {
		s->fault = form;
		return false;
	}
	for (unsigned i = 0; i < 2; i++) {
		if (!take_key(&m, &s->fault, &key, form))
			return false;
		if (!has_urn && slice_is(key, "urn")) {
			has_urn = true;
			s->urn = mp_str(&m);
			if (m.fault != NULL)
				s->fault = "urn is not a string";
		} else if (!has_registers && slice_is(key, "registers")) {
			has_registers = true;
			s->registers_left = mp_array(&m);
			s->in = (struct mp_cursor){m.at, m.end};
			if (m.fault != NULL)
				s->fault = "registers is not an array";
			else if (s->registers_left > REGISTERS_MAX)
				s->fault = "more than 10,000 registers";
			/* The last key of the body needs no looking behind. */
			for (uint32_t j = 0; i == 0 && j < s->registers_left; j++)
				mp_pass(&m);
		} else {
			s->fault = form;
		}
		if (s->fault != NULL)
			return false;
	}
	return true;
}

/* minutes_late as a number whatever it is: one out of range refuses its row
 * alone, so a negative one becomes one that is far too large. */
static uint64_t take_minutes(struct mp *m, const char **fault)
{
	enum mp_type type = mp_peek(m);

	if (type != MP_UINT && type != MP_INT) {
		*fault = "minutes_late is not a whole number";
		return UINT64_MAX;
	}
	if (type == MP_INT) {
		mp_int(m);
		return UINT64_MAX - 1;
	}
	uint64_t minutes = mp_uint(m);

	return minutes < UINT64_MAX ? minutes : UINT64_MAX - 1;
}

static __attribute__((noinline)) bool take_extras(struct submitted_marks *s, struct submitted_mark *mark)
{
	static const char form[] = "a mark's third part is a map of minutes_late, recorded_at and comment";
	struct mp m = mp_here(s);
	uint32_t pairs = mp_map(&m);
	struct slice key;

	s->doubtful = mark->has_extras = true;
	mark->minutes_late = UINT64_MAX;
	mark->recorded_at = mark->comment = (struct slice){NULL, 0};
	if (m.fault != NULL)
		s->fault = form;
	for (; pairs > 0 && s->fault == NULL; pairs--) {
		if (!take_key(&m, &s->fault, &key, form))
			break;
		if (slice_is(key, "minutes_late"))
			mark->minutes_late = take_minutes(&m, &s->fault);
		else if (slice_is(key, "recorded_at"))
			mark->recorded_at = mp_str(&m);
		else if (slice_is(key, "comment"))
			mark->comment = mp_str(&m);
		else
			s->fault = form;
		if (s->fault == NULL && m.fault != NULL)
			s->fault = "recorded_at and comment are strings";
	}
	s->in.at = m.at;
	return s->fault == NULL;
}

static __attribute__((noinline)) bool take_register(struct submitted_marks *s)
{
	static const char form[] = "a register is [date, session, [mark ...]]";
	uint32_t parts;

	s->registers_left--;
	s->fresh = true;
	if (!take_array(s, &parts, form))
		return false;
	if (parts != 3) {
		s->fault = form;
		return false;
	}
	if (!take_str(s, &s->date, "a date is a string") || !take_str(s, &s->session, "a session is a string") ||
	    !take_array(s, &s->marks_left, form))
		return false;
	s->doubtful |= s->marks_left == 0; /* nobody looks at its texts */
	return true;
}

/* [upn, code] in the bytes that nearly all have: an array of two, 13 bytes, one byte. */
static inline bool take_usual(struct submitted_marks *s, struct submitted_mark *mark)
{
	const uint8_t *at = s->in.at;

	if (s->in.end - at < USUAL_SIZE || at[0] != 0x92 || at[1] != (0xa0 | UPN_SIZE) || at[USUAL_SIZE - 2] != 0xa1)
		return false;
	mark->upn = slice_of(at + 2, UPN_SIZE);
	mark->code = slice_of(at + USUAL_SIZE - 1, 1);
	mark->new_register = s->fresh;
	mark->has_extras = s->fresh = false;
	s->in.at = at + USUAL_SIZE;
	s->marks_left--;
	return true;
}

bool submitted_marks_next(struct submitted_marks *s, struct submitted_mark *mark)
{
	static const char form[] = "a mark is [upn, code] or [upn, code, {...}]";
	uint32_t parts;

	if (s->fault != NULL)
		return false;
	while (s->marks_left == 0)
		if (s->registers_left == 0 || !take_register(s))
			return false;
	if (take_usual(s, mark))
		return true;
	s->marks_left--;
	if (!take_array(s, &parts, form))
		return false;
	if (parts != 2 && parts != 3) {
		s->fault = form;
		return false;
	}
	if (!take_str(s, &mark->upn, "a upn is a string") || !take_str(s, &mark->code, "a code is a string"))
		return false;
	mark->new_register = s->fresh;
	s->fresh = false;
	mark->has_extras = false;
	return parts == 2 || take_extras(s, mark);
}

bool submitted_marks_doubtful(const struct submitted_marks *s)
{
	return s->fault != NULL || s->doubtful || s->in.at != s->in.end;
}
