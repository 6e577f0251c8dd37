/* SPDX-License-Identifier: Apache-2.0 */
#include "casework/people.h"

#include <string.h>

static void keep(char out[static PARENT_SIZE_MAX + 1], struct slice id)
{
	memset(out, 0, PARENT_SIZE_MAX + 1);
	if (id.size > 0)
		memcpy(out, id.bytes, id.size <= PARENT_SIZE_MAX ? id.size : PARENT_SIZE_MAX);
}

static int link_at(const struct people *p, uint32_t other, struct slice parent, struct slice other_parent)
{
	for (unsigned i = 0; i < p->link_count; i++)
		if (p->links[i].pupil == other && slice_is(parent, p->links[i].parent) && slice_is(other_parent, p->links[i].other))
			return (int)i;
	return -1;
}

bool people_link_room(const struct people *p, uint32_t other, struct slice parent, struct slice other_parent)
{
	return p->link_count < LINKS_MAX || link_at(p, other, parent, other_parent) >= 0;
}

void people_link(struct people *p, uint32_t other, struct slice parent, struct slice other_parent, bool stands)
{
	int at = link_at(p, other, parent, other_parent);
	struct link *link;

	if (at < 0 && (p->link_count == LINKS_MAX || !stands))
		return;
	link = &p->links[at < 0 ? p->link_count++ : at];
	link->pupil = other;
	keep(link->parent, parent);
	keep(link->other, other_parent);
	link->stands = stands;
}

void people_moved(struct people *p, uint32_t was, uint32_t urn, day_t from)
{
	if (p->school_count == 0)
		p->schools[p->school_count++] = (struct attended){0, was};
	/* A register of an earlier day than the last move's takes that move's place. */
	while (p->school_count > 1 && p->schools[p->school_count - 1].from >= from)
		p->school_count--;
	if (p->school_count < SCHOOLS_MAX)
		p->schools[p->school_count++] = (struct attended){(uint16_t)from, urn};
}

bool people_attended(const struct people *p, uint32_t urn)
{
	for (unsigned i = 0; i < p->school_count; i++)
		if (p->schools[i].urn == urn)
			return true;
	return false;
}

static uint16_t session_bit(day_t day, uint8_t session)
{
	return (uint16_t)(1u << (day_weekday(day) * 2 + session));
}

bool people_wrote(struct people *p, uint32_t was, uint32_t urn, day_t day, uint8_t session)
{
	uint16_t *week = &p->others[(unsigned)day_week(day) % PUPIL_WEEKS], before = *week;
	bool first = p->first_school == 0;

	if (first)
		p->first_school = was;
	*week &= (uint16_t)~session_bit(day, session);
	if (urn != p->first_school)
		*week |= session_bit(day, session);
	return first || *week != before;
}

void people_encode(struct writer *w, const struct people *p)
{
	write_u8(w, p->facts.count);
	for (unsigned i = 0; i < p->facts.count; i++) {
		const struct fact *f = &p->facts.list[i];

		write_u8(w, f->kind);
		write_u8(w, f->holds);
		write_u16(w, f->since);
		write_blob(w, slice_text(f->parent));
		write_varint(w, f->position);
	}
	write_u8(w, p->link_count);
	for (unsigned i = 0; i < p->link_count; i++) {
		write_u32(w, p->links[i].pupil);
		write_blob(w, slice_text(p->links[i].parent));
		write_blob(w, slice_text(p->links[i].other));
		write_u8(w, p->links[i].stands);
	}
	write_u8(w, p->school_count);
	for (unsigned i = 0; i < p->school_count; i++) {
		write_u16(w, p->schools[i].from);
		write_u32(w, p->schools[i].urn);
	}
	if (p->first_school == 0)
		return; /* nor did it stand in the record before there was such a thing */
	write_u32(w, p->first_school);
	for (unsigned i = 0; i < PUPIL_WEEKS; i++)
		write_u16(w, p->others[i]);
}

static void read_id(struct reader *r, char out[static PARENT_SIZE_MAX + 1])
{
	struct slice id = read_blob(r);

	if (id.size > PARENT_SIZE_MAX || (id.size > 0 && memchr(id.bytes, 0, id.size) != NULL))
		reader_fault(r);
	else
		keep(out, id);
}

static bool read_flag(struct reader *r)
{
	uint8_t value = read_u8(r);

	if (value > 1)
		reader_fault(r);
	return value == 1;
}

static uint8_t read_count(struct reader *r, unsigned most)
{
	uint8_t count = read_u8(r);

	if (count > most)
		reader_fault(r);
	return r->bad ? 0 : count;
}

bool people_decode(struct people *p, struct slice bytes)
{
	struct reader r = reader_of(bytes);

	memset(p, 0, sizeof *p);
	p->facts.count = read_count(&r, FACTS_MAX);
	for (unsigned i = 0; i < p->facts.count && !r.bad; i++) {
		struct fact *f = &p->facts.list[i];

		f->kind = read_u8(&r);
		f->holds = read_flag(&r);
		f->since = read_u16(&r);
		read_id(&r, f->parent);
		f->position = read_varint(&r);
		if (fact_text(f->kind) == NULL)
			reader_fault(&r);
	}
	p->link_count = read_count(&r, LINKS_MAX);
	for (unsigned i = 0; i < p->link_count && !r.bad; i++) {
		p->links[i].pupil = read_u32(&r);
		read_id(&r, p->links[i].parent);
		read_id(&r, p->links[i].other);
		p->links[i].stands = read_flag(&r);
	}
	p->school_count = read_count(&r, SCHOOLS_MAX);
	for (unsigned i = 0; i < p->school_count && !r.bad; i++) {
		p->schools[i].from = read_u16(&r);
		p->schools[i].urn = read_u32(&r);
		if (i > 0 && p->schools[i - 1].from >= p->schools[i].from)
			reader_fault(&r);
	}
	if (!r.bad && reader_left(&r) > 0) {
		p->first_school = read_u32(&r);
		for (unsigned i = 0; i < PUPIL_WEEKS; i++)
			p->others[i] = read_u16(&r);
		if (p->first_school == 0)
			reader_fault(&r);
	}
	return reader_done(&r);
}
