/* case_record.c - a case's canonical record, written and read.
 *
 *   record   = format:u8 number:u32 pupil:u32 urn:u32 pathway:blob version:varint
 *              stage:u8 closed:u8 opened:u48 closed_at:u48
 *              count:varint *done  count:u8 *deadline  count:u8 *notice
 *              [count:u8 *chapter  count:varint *elsewhere  count:varint *elsewhere]
 *   done     = action:u8 on:u16 overridden:u8 position:varint parent:blob
 *              given:varint count:u8 *(field:u8 value:u8), fields rising
 *   deadline = rule:u8 state:u8 fired:u8 flags:u8 from:u16 last:u16 parent:blob
 *              notice:u8 due:u48 soon:u48 overdue:u48 moves:u8 *u48 alert:varint
 *              [date:u16] [by_alert:varint] [dropped:varint]   where flags has their bit, and then not 0
 *   notice   = parent:blob issued:u16 received:u16 number:u8 withdrawn:u8
 *              paid_on:u16 paid:varint reduced:varint full:varint
 *              reduced_last:u16 full_last:u16
 *   chapter  = pathway:blob version:varint moved:varint
 *   elsewhere = index:varint chapter:u8, indices rising: the done and the deadlines
 *              whose action and rule are that chapter's
 *
 * What is in brackets is there in format 2, of a case that was moved: one that
 * never was has the bytes that it always had.
 *
 * The reader takes one form only, so that equal cases have equal bytes. Whether
 * the indexes exist in the case's pathway, case_fits() says.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <string.h>

#include "casework/case.h"

enum { CASE_FORMAT = 1, CASE_FORMAT_MOVED = 2, FLAG_PROVISIONAL = 1, FLAG_DECIDED = 2, FLAG_RESOLVED = 4, FLAG_DATE = 8, FLAG_BY_ALERT = 16,
       FLAG_DROPPED = 32, FLAGS_ALL = 63 };

_Static_assert(16 + NAME_SIZE_MAX + 20 + CASE_DONE_MAX * (16 + 1 + PARENT_SIZE_MAX + 6 + 2 * FIELDS_MAX) +
               CASE_DEADLINES_MAX * (8 + 1 + PARENT_SIZE_MAX + 20 + 6 * CASE_MOVES_MAX + 10 + 2 + 10 + 5) +
               CASE_NOTICES_MAX * (1 + PARENT_SIZE_MAX + 24) + CASE_CHAPTERS_MAX * (NAME_SIZE_MAX + 16) +
               CASE_DONE_MAX * 3 + CASE_DEADLINES_MAX * 2 <= CASE_RECORD_MAX,
               "the fullest case fits its record");

static void put_parent(struct writer *out, const char *parent)
{
	write_blob(out, slice_text(parent));
}

static void put_done(struct writer *out, const struct case_done *done)
{
	uint8_t count = 0;

	write_u8(out, done->chapter ? done->was : done->action);
	write_u16(out, done->on);
	write_u8(out, done->overridden);
	write_varint(out, done->position);
	put_parent(out, done->parent);
	write_varint(out, done->given);
	for (unsigned i = 0; i < FIELDS_MAX; i++)
		count += done->chosen[i] != 0;
	write_u8(out, count);
	for (unsigned i = 0; i < FIELDS_MAX; i++) {
		if (done->chosen[i] == 0)
			continue;
		write_u8(out, (uint8_t)i);
		write_u8(out, done->chosen[i]);
	}
}

static void put_deadline(struct writer *out, const struct case_deadline *d)
{
	write_u8(out, d->chapter ? d->was : d->rule);
	write_u8(out, d->state);
	write_u8(out, d->fired);
	write_u8(out, (uint8_t)((d->provisional ? FLAG_PROVISIONAL : 0) | (d->decided ? FLAG_DECIDED : 0) |
	                        (d->resolved ? FLAG_RESOLVED : 0) | (d->date != 0 ? FLAG_DATE : 0) |
	                        (d->by_alert != 0 ? FLAG_BY_ALERT : 0) | (d->moves_dropped != 0 ? FLAG_DROPPED : 0)));
	write_u16(out, d->from);
	write_u16(out, d->last);
	put_parent(out, d->parent);
	write_u8(out, d->notice);
	write_u48(out, d->due_ms);
	write_u48(out, d->soon_ms);
	write_u48(out, d->overdue_ms);
	write_u8(out, d->moved_count);
	for (unsigned i = 0; i < d->moved_count; i++)
		write_u48(out, d->moved_from[i]);
	write_varint(out, d->breach_alert);
	if (d->date != 0)
		write_u16(out, d->date);
	if (d->by_alert != 0)
		write_varint(out, d->by_alert);
	if (d->moves_dropped != 0)
		write_varint(out, d->moves_dropped);
}

static void put_notice(struct writer *out, const struct case_notice *n)
{
	put_parent(out, n->parent);
	write_u16(out, n->issued);
	write_u16(out, n->received);
	write_u8(out, n->number);
	write_u8(out, n->withdrawn);
	write_u16(out, n->paid_on);
	write_varint(out, n->paid_pence);
	write_varint(out, n->reduced);
	write_varint(out, n->full);
	write_u16(out, n->reduced_last);
	write_u16(out, n->full_last);
}

static void put_chapters(struct writer *out, const struct case_state *c)
{
	unsigned done = 0, deadlines = 0;

	write_u8(out, c->chapter_count);
	for (unsigned i = 0; i < c->chapter_count; i++) {
		write_blob(out, slice_text(c->chapters[i].pathway));
		write_varint(out, c->chapters[i].version);
		write_varint(out, c->chapters[i].moved);
	}
	for (unsigned i = 0; i < c->done_count; i++)
		done += c->done[i].chapter != 0;
	write_varint(out, done);
	for (unsigned i = 0; i < c->done_count; i++) {
		if (c->done[i].chapter == 0)
			continue;
		write_varint(out, i);
		write_u8(out, c->done[i].chapter);
	}
	for (unsigned i = 0; i < c->deadline_count; i++)
		deadlines += c->deadlines[i].chapter != 0;
	write_varint(out, deadlines);
	for (unsigned i = 0; i < c->deadline_count; i++) {
		if (c->deadlines[i].chapter == 0)
			continue;
		write_varint(out, i);
		write_u8(out, c->deadlines[i].chapter);
	}
}

void case_encode(struct writer *out, const struct case_state *c)
{
	write_u8(out, c->chapter_count > 0 ? CASE_FORMAT_MOVED : CASE_FORMAT);
	write_u32(out, c->number);
	write_u32(out, c->pupil);
	write_u32(out, c->urn);
	write_blob(out, c->pathway_name);
	write_varint(out, c->pathway_version);
	write_u8(out, c->stage);
	write_u8(out, c->closed);
	write_u48(out, c->opened_ms);
	write_u48(out, c->closed_ms);
	write_varint(out, c->done_count);
	for (unsigned i = 0; i < c->done_count; i++)
		put_done(out, &c->done[i]);
	write_u8(out, c->deadline_count);
	for (unsigned i = 0; i < c->deadline_count; i++)
		put_deadline(out, &c->deadlines[i]);
	write_u8(out, c->notice_count);
	for (unsigned i = 0; i < c->notice_count; i++)
		put_notice(out, &c->notices[i]);
	if (c->chapter_count > 0)
		put_chapters(out, c);
}

/* --- reading -------------------------------------------------------------- */

static uint64_t get_up_to(struct reader *in, uint64_t most)
{
	uint64_t value = read_varint(in);

	if (value > most) {
		in->bad = true;
		return 0;
	}
	return value;
}

static uint8_t get_count(struct reader *in, unsigned most)
{
	uint8_t count = read_u8(in);

	if (count > most) {
		in->bad = true;
		return 0;
	}
	return count;
}

static bool get_flag(struct reader *in)
{
	return get_count(in, 1) == 1;
}

static void get_parent(struct reader *in, char out[static PARENT_SIZE_MAX + 1])
{
	struct slice parent = read_blob(in);

	if (parent.size == 0)
		return;
	if (parent.size > PARENT_SIZE_MAX || !parent_ok(parent)) {
		in->bad = true;
		return;
	}
	memcpy(out, parent.bytes, parent.size);
}

static void get_done(struct reader *in, struct case_done *done)
{
	unsigned next = 0;
	uint8_t count;

	memset(done, 0, sizeof *done);
	done->action = get_count(in, ACTIONS_MAX - 1);
	done->on = read_u16(in);
	done->overridden = get_flag(in);
	done->position = read_varint(in);
	get_parent(in, done->parent);
	done->given = (uint32_t)get_up_to(in, UINT32_MAX);
	count = get_count(in, FIELDS_MAX);
	for (unsigned i = 0; i < count; i++) {
		uint8_t field = get_count(in, FIELDS_MAX - 1);
		uint8_t chosen = get_count(in, OUTCOMES_MAX);

		if (field < next || chosen == 0)
			in->bad = true;
		done->chosen[field] = chosen;
		next = field + 1u;
	}
}

static void get_deadline(struct reader *in, struct case_deadline *d)
{
	uint8_t flags;

	memset(d, 0, sizeof *d);
	d->rule = get_count(in, DEADLINES_MAX - 1);
	d->state = read_u8(in);
	d->fired = read_u8(in);
	flags = get_count(in, FLAGS_ALL);
	d->provisional = flags & FLAG_PROVISIONAL;
	d->decided = flags & FLAG_DECIDED;
	d->resolved = flags & FLAG_RESOLVED;
	d->from = read_u16(in);
	d->last = read_u16(in);
	get_parent(in, d->parent);
	d->notice = get_count(in, CASE_NOTICES_MAX);
	d->due_ms = read_u48(in);
	d->soon_ms = read_u48(in);
	d->overdue_ms = read_u48(in);
	d->moved_count = get_count(in, CASE_MOVES_MAX);
	for (unsigned i = 0; i < d->moved_count; i++)
		d->moved_from[i] = read_u48(in);
	d->breach_alert = read_varint(in);
	if (flags & FLAG_DATE)
		d->date = read_u16(in);
	if (flags & FLAG_BY_ALERT)
		d->by_alert = read_varint(in);
	if (flags & FLAG_DROPPED)
		d->moves_dropped = (uint32_t)get_up_to(in, UINT32_MAX);
	if ((d->date != 0) != ((flags & FLAG_DATE) != 0) || (d->by_alert != 0) != ((flags & FLAG_BY_ALERT) != 0) ||
	    (d->moves_dropped != 0) != ((flags & FLAG_DROPPED) != 0) || d->date > DAY_MAX)
		in->bad = true;
	if (deadline_state_text(d->state) == NULL || (d->fired & ~(1u << PHASE_SOON | 1u << PHASE_DUE | 1u << PHASE_OVERDUE)) ||
	    d->from > DAY_MAX || d->last > DAY_MAX)
		in->bad = true;
}

static void get_notice(struct reader *in, struct case_notice *n)
{
	memset(n, 0, sizeof *n);
	get_parent(in, n->parent);
	n->issued = read_u16(in);
	n->received = read_u16(in);
	n->number = read_u8(in);
	n->withdrawn = get_flag(in);
	n->paid_on = read_u16(in);
	n->paid_pence = (uint32_t)get_up_to(in, UINT32_MAX);
	n->reduced = (uint16_t)get_up_to(in, UINT16_MAX);
	n->full = (uint16_t)get_up_to(in, UINT16_MAX);
	n->reduced_last = read_u16(in);
	n->full_last = read_u16(in);
	if (n->issued > DAY_MAX || n->received > DAY_MAX || n->paid_on > DAY_MAX ||
	    n->reduced_last > DAY_MAX || n->full_last > DAY_MAX)
		in->bad = true;
}

static void get_head(struct reader *in, struct case_state *c)
{
	struct slice name;

	c->number = read_u32(in);
	c->pupil = read_u32(in);
	c->urn = read_u32(in);
	name = read_blob(in);
	if (name.size == 0 || name.size >= NAME_SIZE_MAX) {
		in->bad = true;
		return;
	}
	memcpy(c->name_room, name.bytes, name.size);
	c->pathway_name.size = name.size;
	case_copied(c);
	c->pathway_version = (uint32_t)get_up_to(in, UINT32_MAX);
	c->stage = read_u8(in);
	c->closed = get_flag(in);
	c->opened_ms = read_u48(in);
	c->closed_ms = read_u48(in);
	if (c->stage == 0 || c->stage > STAGES_MAX)
		in->bad = true;
}

static void get_chapter(struct reader *in, struct case_chapter *chapter)
{
	struct slice name = read_blob(in);

	memset(chapter, 0, sizeof *chapter);
	if (name.size == 0 || name.size >= NAME_SIZE_MAX || memchr(name.bytes, 0, name.size)) {
		in->bad = true;
		return;
	}
	memcpy(chapter->pathway, name.bytes, name.size);
	chapter->version = (uint32_t)get_up_to(in, UINT32_MAX);
	chapter->moved = read_varint(in);
}

/* One index of a list that rises, and its chapter; the index is below `end`. */
static unsigned get_elsewhere(struct reader *in, const struct case_state *c, unsigned next, unsigned end, uint8_t *chapter)
{
	unsigned index = (unsigned)get_up_to(in, CASE_DONE_MAX);

	*chapter = get_count(in, c->chapter_count);
	if (*chapter == 0 || index < next || index >= end) {
		in->bad = true;
		return 0;
	}
	return index;
}

static void get_chapters(struct reader *in, struct case_state *c)
{
	unsigned count, next = 0;
	uint8_t chapter;

	c->chapter_count = get_count(in, CASE_CHAPTERS_MAX);
	in->bad |= c->chapter_count == 0;
	for (unsigned i = 0; i < c->chapter_count && !in->bad; i++)
		get_chapter(in, &c->chapters[i]);
	count = (unsigned)get_up_to(in, c->done_count);
	for (unsigned i = 0; i < count && !in->bad; i++) {
		unsigned at = get_elsewhere(in, c, next, c->done_count, &chapter);

		if (in->bad)
			return;
		c->done[at].chapter = chapter;
		c->done[at].was = c->done[at].action;
		c->done[at].action = ACTION_ELSEWHERE;
		next = at + 1;
	}
	count = (unsigned)get_up_to(in, c->deadline_count);
	next = 0;
	for (unsigned i = 0; i < count && !in->bad; i++) {
		unsigned at = get_elsewhere(in, c, next, c->deadline_count, &chapter);

		if (in->bad)
			return;
		c->deadlines[at].chapter = chapter;
		c->deadlines[at].was = c->deadlines[at].rule;
		c->deadlines[at].rule = DEADLINE_ELSEWHERE;
		next = at + 1;
	}
}

bool case_decode(struct case_state *c, struct slice record)
{
	struct reader in = reader_of(record);
	uint8_t format;

	/* not what lies behind the lists' counts: that is nearly all of it */
	memset(c, 0, offsetof(struct case_state, done));
	format = read_u8(&in);
	if (format != CASE_FORMAT && format != CASE_FORMAT_MOVED)
		return false;
	get_head(&in, c);
	c->done_count = (uint16_t)get_up_to(&in, CASE_DONE_MAX);
	for (unsigned i = 0; i < c->done_count && !in.bad; i++)
		get_done(&in, &c->done[i]);
	c->deadline_count = get_count(&in, CASE_DEADLINES_MAX);
	for (unsigned i = 0; i < c->deadline_count && !in.bad; i++)
		get_deadline(&in, &c->deadlines[i]);
	c->notice_count = get_count(&in, CASE_NOTICES_MAX);
	for (unsigned i = 0; i < c->notice_count && !in.bad; i++)
		get_notice(&in, &c->notices[i]);
	if (!in.bad && format == CASE_FORMAT_MOVED)
		get_chapters(&in, c);
	return reader_done(&in);
}

bool case_fits(const struct case_state *c, const struct pathway *p)
{
	if (c->stage == 0 || c->stage > p->stage_count)
		return false;
	for (unsigned i = 0; i < c->done_count; i++)
		if (c->done[i].action >= p->action_count && !c->done[i].chapter)
			return false;
	for (unsigned i = 0; i < c->deadline_count; i++)
		if ((c->deadlines[i].rule >= p->deadline_count && !c->deadlines[i].chapter) ||
		    c->deadlines[i].notice > c->notice_count)
			return false;
	return true;
}
