/* pupil_record.c - a pupil's canonical bytes (pupil.h draws them).
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "casework/pupil.h"

enum {
	CODE_BITS = 6, WEEK_BITS = 60, WEEK_SESSIONS = 10,
	RECORD_FORM = 2,
	UNUSUAL = 0x40, WHOLE = 0x80, UNUSUAL_MAX = 6,
};

#define USUAL_DAY (CODE_AM | (uint64_t)CODE_PM << CODE_BITS)
#define USUAL_WEEK (USUAL_DAY | USUAL_DAY << 12 | USUAL_DAY << 24 | USUAL_DAY << 36 | USUAL_DAY << 48)

/* form, urn, case_no, position, standing, raised, latest, four figures, held, weeks */
_Static_assert(1 + 5 + 5 + 10 + 1 + 5 + 3 + 4 * 3 + 8 + 9 * PUPIL_WEEKS <= PUPIL_RECORD_MAX,
	       "a full record fits");

/* The sessions of a week that have another code than the usual one. */
static unsigned unusual(uint64_t week)
{
	uint64_t other = week ^ USUAL_WEEK;
	unsigned mask = 0;

	for (unsigned i = 0; i < WEEK_SESSIONS; i++)
		mask |= (unsigned)((other >> i * CODE_BITS & 63) != 0) << i;
	return mask;
}

static bool is_whole(unsigned mask)
{
	unsigned count = 0;

	for (; mask; mask &= mask - 1)
		count++;
	return count > UNUSUAL_MAX;
}

static void write_weeks(struct writer *out, const struct pupil *p)
{
	unsigned usual = 0;

	for (unsigned back = 0; back < PUPIL_WEEKS; back++) {
		uint64_t week = p->weeks[back];
		unsigned mask;

		if (!week)
			continue;
		if (week == USUAL_WEEK) {
			usual++;
			continue;
		}
		if (usual)
			write_u8(out, (uint8_t)(usual - 1));
		usual = 0;
		mask = unusual(week);
		if (is_whole(mask)) {
			write_u8(out, WHOLE);
			write_u64(out, week);
			continue;
		}
		write_u16(out, (uint16_t)(UNUSUAL << 8 | mask));
		for (; mask; mask &= mask - 1)
			write_u8(out, (uint8_t)(week >> __builtin_ctz(mask) * CODE_BITS & 63));
	}
	if (usual)
		write_u8(out, (uint8_t)(usual - 1));
}

void pupil_encode(struct writer *out, const struct pupil *p)
{
	write_u8(out, RECORD_FORM);
	write_varint(out, p->urn);
	write_varint(out, p->case_no);
	write_varint(out, p->position);
	write_u8(out, p->standing);
	write_varint(out, p->raised);
	write_u16(out, p->latest_day);
	if (p->latest_day == 0)
		return;
	write_u8(out, p->latest_session);
	write_varint(out, p->possible);
	write_varint(out, p->absent);
	write_varint(out, p->sick);
	write_varint(out, p->window);

	uint64_t held = 0;
	for (unsigned back = 0; back < PUPIL_WEEKS; back++)
		if (p->weeks[back])
			held |= UINT64_C(1) << back;
	write_u64(out, held);
	write_weeks(out, p);
}

static uint16_t read_count(struct reader *in)
{
	uint64_t count = read_varint(in);
	in->bad = in->bad || count > PUPIL_WEEKS * 10;
	return (uint16_t)count;
}

static bool word_is_good(uint64_t word)
{
	if (word == 0 || word >> WEEK_BITS)
		return false;
	for (; word; word >>= CODE_BITS)
		if ((word & 63) != CODE_NONE && !code_text(word & 63))
			return false;
	return true;
}

/* A mark stands at the latest register, and none after it. */
static bool latest_is_good(const struct pupil *p)
{
	uint64_t word = p->weeks[0];
	unsigned shift = (unsigned)(day_weekday(p->latest_day) * 2 + p->latest_session) * CODE_BITS;
	return (word >> shift) != 0 && (word >> shift) < CODE_LIMIT;
}

/* Weeks are read in order; `usual`: so many more of these. */
struct weeks {
	struct reader *in;
	bool old, after_usual;
	unsigned usual;
};

static uint64_t read_unusual(struct reader *in, unsigned mask)
{
	uint64_t week = USUAL_WEEK;

	if (mask == 0 || is_whole(mask))
		reader_fault(in);
	for (; mask && !in->bad; mask &= mask - 1) {
		unsigned shift = (unsigned)__builtin_ctz(mask) * CODE_BITS;
		uint8_t code = read_u8(in);

		if (code > 63 || code == (USUAL_WEEK >> shift & 63))
			reader_fault(in);
		week = (week & ~(UINT64_C(63) << shift)) | (uint64_t)code << shift;
	}
	return week;
}

/* Only the form that pupil_encode chooses, so that a record has one encoding. */
static uint64_t read_week(struct weeks *w)
{
	uint8_t form;

	if (w->old)
		return read_u64(w->in);
	if (w->usual) {
		w->usual--;
		return USUAL_WEEK;
	}
	form = read_u8(w->in);
	if (form < UNUSUAL) {
		if (w->after_usual)
			reader_fault(w->in);
		w->after_usual = true;
		w->usual = form;
		return USUAL_WEEK;
	}
	w->after_usual = false;
	if (form < UNUSUAL + 4)
		return read_unusual(w->in, (unsigned)(form - UNUSUAL) << 8 | read_u8(w->in));
	uint64_t week = form == WHOLE ? read_u64(w->in) : 0;
	if (!is_whole(unusual(week)))
		reader_fault(w->in);
	return week;
}

static bool read_weeks(struct weeks *w, struct pupil *p, uint64_t held)
{
	for (unsigned back = 0; back < PUPIL_WEEKS; back++) {
		if (!(held >> back & 1))
			continue;
		p->weeks[back] = read_week(w);
		if (w->in->bad || !word_is_good(p->weeks[back]))
			return false;
	}
	return w->usual == 0 && reader_done(w->in) && latest_is_good(p);
}

static uint32_t read_number(struct reader *in)
{
	uint64_t number = read_varint(in);

	if (number > UINT32_MAX)
		reader_fault(in);
	return (uint32_t)number;
}

bool pupil_decode(struct pupil *p, struct slice bytes)
{
	struct reader in = reader_of(bytes);
	struct weeks weeks = { .in = &in, .old = bytes.size > 0 && bytes.bytes[0] == 0 };

	memset(p, 0, sizeof *p);
	if (!weeks.old && read_u8(&in) != RECORD_FORM)
		return false;
	p->urn = weeks.old ? read_u32(&in) : read_number(&in);
	p->case_no = read_number(&in);
	p->position = read_varint(&in);
	p->standing = read_u8(&in);
	p->raised = weeks.old ? read_u32(&in) : read_number(&in);
	p->latest_day = read_u16(&in);
	if (in.bad || p->standing > (PUPIL_SPOKEN | PUPIL_SCHOOLS))
		return false;
	if (p->latest_day == 0)
		return reader_done(&in);
	p->latest_session = read_u8(&in);
	p->possible = read_count(&in);
	p->absent = read_count(&in);
	p->sick = read_count(&in);
	p->window = read_count(&in);
	uint64_t held = read_u64(&in);
	if (in.bad || p->latest_day < DAY_MIN || p->latest_day > DAY_MAX ||
	    day_weekday(p->latest_day) > FRIDAY || p->latest_session > PM || p->absent > p->possible ||
	    p->sick > p->absent)
		return false;
	return read_weeks(&weeks, p, held);
}
