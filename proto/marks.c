/* marks.c - the body of marks-recorded, written and read one mark at a time.
 *
 * A class of thirty comes in the order of its register, so pupils stand near
 * each other and the difference from one to the next is mostly a byte.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>

#include "proto/event.h"
#include "proto/message.h"

enum {
	HAS_EXTRAS = 0x80, /* of the code's byte */
	HAS_MINUTES = 1,
	HAS_RECORDED = 2,
	HAS_COMMENT = 4,
	CODE_END = 64,          /* codes are below: casework keeps them in six bits */
	REGISTER_HEAD_SIZE = 3, /* day and session, before the count */
};

_Static_assert(MARKS_MAX <= UINT16_MAX && REGISTERS_MAX <= UINT16_MAX, "counts take two bytes");

/* `place` is NULL where the writer was full before it was reached. */
static void patch_u16(uint8_t *place, uint32_t value)
{
	if (place != NULL) {
		place[0] = (uint8_t)(value >> 8);
		place[1] = (uint8_t)value;
	}
}

void marks_begin(struct marks_writer *m, struct writer *out, uint32_t urn)
{
	*m = (struct marks_writer){.out = out};
	write_u32(out, urn);
	m->known_at = writer_take(out, 4);
	m->registers_at = writer_take(out, 2);
}

static void close_register(struct marks_writer *m)
{
	if (m->count > 0) {
		patch_u16(m->count_at, m->count);
		m->registers++;
	} else if (m->count_at != NULL && !m->out->full) {
		m->out->at = m->count_at - REGISTER_HEAD_SIZE;
	}
	m->count_at = NULL;
	m->count = 0;
}

void marks_register(struct marks_writer *m, uint16_t day, uint8_t session)
{
	close_register(m);
	write_u16(m->out, day);
	write_u8(m->out, session);
	m->count_at = writer_take(m->out, 2);
}

static void put_extras(struct writer *out, const struct mark *mark)
{
	write_u8(out, (uint8_t)((mark->has_minutes ? HAS_MINUTES : 0) | (mark->has_recorded ? HAS_RECORDED : 0) |
	                        (mark->comment.size > 0 ? HAS_COMMENT : 0)));
	if (mark->has_minutes)
		write_varint(out, mark->minutes_late);
	if (mark->has_recorded)
		write_u48(out, mark->recorded_ms);
	if (mark->comment.size > 0)
		write_blob(out, mark->comment);
}

void marks_put(struct marks_writer *m, const struct mark *mark)
{
	bool extras = mark->has_minutes || mark->has_recorded || mark->comment.size > 0;

	assert(mark->pupil != 0 && mark->code != 0 && mark->code < CODE_END);
	assert(m->total < MARKS_MAX);
	/* the next pupil of a class, and nothing more: two bytes */
	if (mark->pupil == m->pupil + 1 && !extras && m->out->end - m->out->at >= 2) {
		m->out->at[0] = 2; /* zigzag of 1 */
		m->out->at[1] = mark->code;
		m->out->at += 2;
	} else {
		write_zigzag(m->out, (int64_t)mark->pupil - (int64_t)m->pupil);
		write_u8(m->out, extras ? mark->code | HAS_EXTRAS : mark->code);
		if (extras)
			put_extras(m->out, mark);
	}
	m->pupil = mark->pupil;
	m->count++;
	m->total++;
}

void marks_end(struct marks_writer *m, uint32_t known, uint32_t refused, const struct refusal refusals[])
{
	close_register(m);
	assert(m->registers <= REGISTERS_MAX);
	if (m->known_at != NULL) {
		patch_u16(m->known_at, known >> 16);
		patch_u16(m->known_at + 2, known);
	}
	patch_u16(m->registers_at, m->registers);
	write_varint(m->out, refused);
	for (uint32_t i = 0; i < refused; i++) {
		write_varint(m->out, refusals[i].row);
		write_u8(m->out, refusals[i].reason);
		write_blob(m->out, refusals[i].detail);
	}
}

/* After the last mark. */
static void read_refused_count(struct marks_reader *m)
{
	uint64_t refused = read_varint(&m->in);

	/* Each takes three bytes at least. */
	if (refused > reader_left(&m->in) / 3) {
		reader_fault(&m->in);
		refused = 0;
	}
	m->refused_left = (uint32_t)refused;
}

void marks_open(struct marks_reader *m, struct slice body)
{
	*m = (struct marks_reader){.in = reader_of(body)};
	m->urn = read_u32(&m->in);
	m->known = read_u32(&m->in);
	m->registers_left = read_u16(&m->in);
	if (m->registers_left > REGISTERS_MAX)
		reader_fault(&m->in);
	if (m->registers_left == 0)
		read_refused_count(m);
}

static bool read_extras(struct reader *in, struct mark *mark)
{
	uint8_t bits = read_u8(in);
	uint64_t minutes;

	if (bits == 0 || bits > (HAS_MINUTES | HAS_RECORDED | HAS_COMMENT))
		return false;
	if ((bits & HAS_MINUTES) != 0) {
		minutes = read_varint(in);
		if (minutes > UINT16_MAX)
			return false;
		mark->has_minutes = true;
		mark->minutes_late = (uint16_t)minutes;
	}
	if ((bits & HAS_RECORDED) != 0) {
		mark->has_recorded = true;
		mark->recorded_ms = read_u48(in);
	}
	if ((bits & HAS_COMMENT) != 0) {
		mark->comment = read_blob(in);
		if (mark->comment.size == 0)
			return false;
	}
	return true;
}

static bool read_register(struct marks_reader *m)
{
	m->day = read_u16(&m->in);
	m->session = read_u8(&m->in);
	m->marks_left = read_u16(&m->in);
	m->registers_left--;
	if (m->session > 1 || m->marks_left == 0)
		reader_fault(&m->in);
	return !m->in.bad;
}

bool marks_next(struct marks_reader *m, struct mark *mark)
{
	int64_t pupil;
	uint8_t code;

	if (m->in.bad || (m->marks_left == 0 && (m->registers_left == 0 || !read_register(m))))
		return false;
	pupil = read_zigzag(&m->in);
	code = read_u8(&m->in);
	/* The difference is bounded before it is added, so that the sum can't overflow. */
	if (pupil < -(int64_t)UINT32_MAX || pupil > UINT32_MAX)
		reader_fault(&m->in);
	else
		pupil += m->pupil;
	*mark = (struct mark){
		.pupil = (uint32_t)pupil, .day = m->day, .session = m->session, .code = code & (uint8_t)~HAS_EXTRAS};
	if (pupil < 1 || pupil > UINT32_MAX || mark->code == 0 || mark->code >= CODE_END ||
	    ((code & HAS_EXTRAS) != 0 && !read_extras(&m->in, mark)) || m->in.bad) {
		reader_fault(&m->in);
		return false;
	}
	m->pupil = (uint32_t)pupil;
	if (--m->marks_left == 0 && m->registers_left == 0)
		read_refused_count(m);
	return true;
}

bool marks_refused(struct marks_reader *m, struct refusal *refusal)
{
	uint64_t row;

	if (m->in.bad || m->marks_left > 0 || m->registers_left > 0 || m->refused_left == 0)
		return false;
	m->refused_left--;
	row = read_varint(&m->in);
	refusal->row = (uint32_t)row;
	refusal->reason = read_u8(&m->in);
	refusal->detail = read_blob(&m->in);
	if (row > UINT32_MAX || row_fault_text(refusal->reason) == NULL)
		reader_fault(&m->in);
	return !m->in.bad;
}

bool marks_good(const struct marks_reader *m)
{
	return reader_done(&m->in) && m->registers_left == 0 && m->marks_left == 0 && m->refused_left == 0;
}
