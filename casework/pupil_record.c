/* pupil_record.c - a pupil's canonical bytes (pupil.h draws them).
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "casework/pupil.h"

enum { CODE_BITS = 6, WEEK_BITS = 60 };

/* urn, case_no, position, standing, raised, latest, four figures, held, weeks */
_Static_assert(4 + 5 + 10 + 1 + 4 + 3 + 4 * 3 + 8 + 8 * PUPIL_WEEKS <= PUPIL_RECORD_MAX,
	       "a full record fits");

void pupil_encode(struct writer *out, const struct pupil *p)
{
	write_u32(out, p->urn);
	write_varint(out, p->case_no);
	write_varint(out, p->position);
	write_u8(out, p->standing);
	write_u32(out, p->raised);
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
	for (unsigned back = 0; back < PUPIL_WEEKS; back++)
		if (held >> back & 1)
			write_u64(out, p->weeks[back]);
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

bool pupil_decode(struct pupil *p, struct slice bytes)
{
	struct reader in = reader_of(bytes);
	memset(p, 0, sizeof *p);
	p->urn = read_u32(&in);
	uint64_t case_no = read_varint(&in);
	p->case_no = (uint32_t)case_no;
	p->position = read_varint(&in);
	p->standing = read_u8(&in);
	p->raised = read_u32(&in);
	p->latest_day = read_u16(&in);
	if (case_no > UINT32_MAX || p->standing > (PUPIL_SPOKEN | PUPIL_SCHOOLS))
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

	for (unsigned back = 0; back < PUPIL_WEEKS; back++) {
		if (!(held >> back & 1))
			continue;
		uint64_t word = read_u64(&in);
		if (!word_is_good(word))
			return false;
		p->weeks[back] = word;
	}
	return reader_done(&in) && latest_is_good(p);
}
