/* marks.c - the body of marks-recorded, written and read one mark at a time.
 *
 * A class of thirty comes in the order of its register and nearly all are there, so that
 * most of its marks are the next pupil with the same code.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>

#include "proto/event.h"
#include "proto/message.h"

enum {
	HAS_EXTRAS = 0x80, /* of the code's byte */
	IS_RUN = 0x40,     /* likewise, from version 3 on */
	RUN_LEAST = 2,
	RUNS_FROM = 3,     /* the version */
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

/* What is gathered of marks that are one after another and alike. */
static void put_run(struct marks_writer *m)
{
	if (!m->run)
		return;
	write_zigzag(m->out, m->run_step);
	write_u8(m->out, m->run < RUN_LEAST ? m->run_code : m->run_code | IS_RUN);
	if (m->run >= RUN_LEAST)
		write_varint(m->out, m->run - RUN_LEAST);
	m->run = 0;
}

static void close_register(struct marks_writer *m)
{
	put_run(m);
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
	if (!extras && m->run && mark->pupil == m->pupil + 1 && mark->code == m->run_code) {
		m->run++;
	} else {
		put_run(m);
		m->run_step = (int64_t)mark->pupil - (int64_t)m->pupil;
		m->run_code = mark->code;
		m->run = !extras;
		if (extras) {
			write_zigzag(m->out, m->run_step);
			write_u8(m->out, mark->code | HAS_EXTRAS);
			put_extras(m->out, mark);
		}
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

void marks_open(struct marks_reader *m, uint8_t version, struct slice body)
{
	*m = (struct marks_reader){.in = reader_of(body), .runs = version >= RUNS_FROM};
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
	m->last_code = 0;
	if (m->session > 1 || m->marks_left == 0)
		reader_fault(&m->in);
	return !m->in.bad;
}

/* The rest of a run; the first of it has been given. False where it is none, or could have been longer. */
static bool read_run(struct marks_reader *m, const struct mark *first)
{
	uint64_t length = read_varint(&m->in), more = length + RUN_LEAST - 1;

	if (m->in.bad || length >= m->marks_left || more >= m->marks_left || more > UINT32_MAX - first->pupil)
		return false;
	m->run = (uint32_t)more;
	return true;
}

static bool one_read(struct marks_reader *m)
{
	if (--m->marks_left == 0 && m->registers_left == 0)
		read_refused_count(m);
	return true;
}

bool marks_next(struct marks_reader *m, struct mark *mark)
{
	int64_t pupil, step;
	uint8_t code, bits;

	if (m->run) {
		m->run--;
		*mark = (struct mark){.pupil = ++m->pupil, .day = m->day, .session = m->session, .code = m->last_code};
		return one_read(m);
	}
	if (m->in.bad || (m->marks_left == 0 && (m->registers_left == 0 || !read_register(m))))
		return false;
	pupil = step = read_zigzag(&m->in);
	code = read_u8(&m->in);
	/* The difference is bounded before it is added, so that the sum can't overflow. */
	if (pupil < -(int64_t)UINT32_MAX || pupil > UINT32_MAX)
		reader_fault(&m->in);
	else
		pupil += m->pupil;
	bits = m->runs ? code & (HAS_EXTRAS | IS_RUN) : code & HAS_EXTRAS;
	*mark = (struct mark){.pupil = (uint32_t)pupil, .day = m->day, .session = m->session, .code = code & (uint8_t)~bits};
	if (pupil < 1 || pupil > UINT32_MAX || mark->code == 0 || mark->code >= CODE_END ||
	    ((bits & HAS_EXTRAS) != 0 && (bits & IS_RUN) != 0) ||
	    (m->runs && bits != HAS_EXTRAS && step == 1 && mark->code == m->last_code) || /* it belongs to what came before */
	    ((bits & HAS_EXTRAS) != 0 && !read_extras(&m->in, mark)) || ((bits & IS_RUN) != 0 && !read_run(m, mark)) || m->in.bad) {
		reader_fault(&m->in);
		return false;
	}
	m->pupil = (uint32_t)pupil;
	m->last_code = (bits & HAS_EXTRAS) != 0 ? 0 : mark->code;
	return one_read(m);
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
