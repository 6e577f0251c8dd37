/* Marks: the main road. Rows are looked at first, all of them, then one event
 * takes those that stand; a bad row refuses itself alone.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "daemon/concerns.h"
#include "daemon/engine_parts.h"
#include "daemon/memory.h"
#include "store/siphash.h"

enum {
	MINUTES_LATE_MAX = 600,
	HEAD_ROOM = 64, /* of an event, beside its rows */
	ROW_ROOM = 20,  /* of a row: a register's head, pupil, code and extras, or a refusal */
	COMMENT_ROOM = SEAL_EXTRA + 3, /* of a comment, beside its text */
};

/* What a register's marks share. */
struct register_head {
	day_t day;
	uint8_t half, fault;
};

static uint8_t parse_date(const struct engine *e, struct slice text, day_t *day)
{
	day_t today = day_of_ms(e->now_ms);

	if (!day_parse(text, day))
		return day_exists(text) ? ROW_DATE_RANGE : ROW_DATE;
	if (*day > today)
		return ROW_DATE_FUTURE;
	if (day_weekday(*day) > FRIDAY)
		return ROW_DATE_WEEKEND;
	return 0;
}

static void take_head(const struct engine *e, const struct submitted_marks *in, struct register_head *head)
{
	head->fault = parse_date(e, in->date, &head->day);
	head->half = AM;
	if (slice_is(in->session, "PM"))
		head->half = PM;
	else if (!slice_is(in->session, "AM") && !head->fault)
		head->fault = ROW_SESSION;
}

static uint8_t take_extras(const struct submitted_mark *given, struct mark *m)
{
	if (given->minutes_late != UINT64_MAX) {
		if (given->minutes_late > MINUTES_LATE_MAX)
			return ROW_MINUTES_LATE;
		m->has_minutes = true;
		m->minutes_late = (uint16_t)given->minutes_late;
	}
	if (given->recorded_at.size) {
		if (!time_parse(given->recorded_at, &m->recorded_ms))
			return ROW_RECORDED_AT;
		m->has_recorded = true;
	}
	if (given->comment.size > TEXT_SIZE_MAX)
		return ROW_COMMENT;
	m->comment = given->comment;
	return 0;
}

static void refuse_row(struct mark_row *row, uint8_t fault, struct slice detail)
{
	row->fault = fault;
	row->detail = detail;
}

/* Everything about a row that needs no pupil. Field by field, and none of them two words wide: a row that is
 * cleared or copied as a whole is read back before it is written, which takes a tenth of a mark's time. */
static void look_at(const struct submitted_mark *given, const struct register_head *head, struct mark_row *row)
{
	struct mark *m = &row->mark;

	m->pupil = 0;
	m->day = (uint16_t)head->day;
	m->session = head->half;
	m->code = code_parse(given->code);
	m->has_minutes = m->has_recorded = false;
	m->comment.size = 0;
	row->upn = given->upn.bytes;
	row->upn_size = (uint32_t)given->upn.size;
	row->known = false;
	row->fault = head->fault;
	if (row->fault)
		refuse_row(row, row->fault, slice_of(NULL, 0));
	else if (m->code == CODE_NONE)
		refuse_row(row, ROW_CODE_UNKNOWN, given->code.size <= 8 ? given->code : slice_of(NULL, 0));
	else if (!code_fits_session(m->code, m->session))
		refuse_row(row, ROW_CODE_SESSION, slice_of(NULL, 0));
	else if (given->has_extras)
		refuse_row(row, take_extras(given, m), slice_of(NULL, 0));
}

static struct slice upn_of(const struct mark_row *row)
{
	return slice_of(row->upn, row->upn_size);
}

/* Eight at a time; the last places are filled with one that is there already, its
 * hash thrown away. */
static void hash_upns(struct engine *e, struct mark_row rows[], size_t count)
{
	const uint8_t *upns[SIPHASH_LANES];
	uint8_t *hashes[SIPHASH_LANES], spare[UPN_HASH_SIZE];
	size_t used = 0;

	for (size_t i = 0; i < count; i++) {
		if (rows[i].fault)
			continue;
		if (rows[i].upn_size != UPN_SIZE) {
			upn_hash(rows[i].hash, &e->key, upn_of(&rows[i]));
			continue;
		}
		upns[used] = rows[i].upn;
		hashes[used++] = rows[i].hash;
		if (used == SIPHASH_LANES) {
			siphash_upns(hashes, e->key.upn, upns);
			used = 0;
		}
	}
	if (!used)
		return;
	for (; used < SIPHASH_LANES; used++) {
		upns[used] = upns[0];
		hashes[used] = spare;
	}
	siphash_upns(hashes, e->key.upn, upns);
}

/* A class is known in the order of its first register, so the pupil after the last
 * found is tried first; where pupils come in another order, the index is asked for ahead. A UPN
 * that is known was looked at when it was registered. */
static void find_pupils(struct engine *e, struct mark_row rows[], size_t count)
{
	enum { AHEAD = 12 };
	uint32_t last = 0;
	bool scattered = false;

	hash_upns(e, rows, count);
	for (size_t i = 0; i < count; i++) {
		struct mark_row *row = &rows[i];

		if (row->fault)
			continue;
		if (!state_has_upn(&e->state, last + 1, row->hash)) {
			scattered = last != 0;
			row->mark.pupil = state_find_upn(&e->state, row->hash);
		} else {
			row->mark.pupil = last + 1;
		}
		if (scattered && i + AHEAD < count)
			state_prefetch_upn(&e->state, rows[i + AHEAD].hash);
		state_prefetch_pupil(&e->state, row->mark.pupil);
		last = row->mark.pupil;
		if (!row->mark.pupil && upn_fault(upn_of(row))) /* it is of a fixed set: nothing of the UPN itself */
			refuse_row(row, ROW_UPN, slice_text(upn_fault(upn_of(row))));
	}
}

/* True where this pupil's session was named already in this submission. */
static bool seen(struct engine *e, const struct mark_row *row)
{
	uint64_t key = (uint64_t)row->mark.pupil << 17 | (uint64_t)row->mark.day << 1 | row->mark.session;
	uint32_t i = (uint32_t)(key * 0x9e3779b97f4a7c15u >> 32) & e->seen_mask;

	for (;; i = (i + 1) & e->seen_mask) {
		struct seen_slot *slot = &e->seen[i];

		if (slot->generation != e->seen_generation) {
			*slot = (struct seen_slot){.key = key, .generation = e->seen_generation};
			return false;
		}
		if (slot->key == key)
			return true;
	}
}

static void refuse_twice(struct engine *e, struct mark_row rows[], size_t count)
{
	if (++e->seen_generation == 0) {
		memset(e->seen, 0, SEEN_SLOTS * sizeof *e->seen);
		e->seen_generation = 1;
	}
	/* as much of the table as these rows need, so that it stays in the nearest cache */
	for (e->seen_mask = 63; e->seen_mask < 2 * count; e->seen_mask = 2 * e->seen_mask + 1)
		;
	for (size_t i = 0; i < count; i++)
		if (!rows[i].fault && seen(e, &rows[i]))
			refuse_row(&rows[i], ROW_TWICE, slice_of(NULL, 0));
}

/* By session, and in it by pupil: what only rises names nothing twice. */
static bool rises(const struct mark_row *last, const struct mark_row *row)
{
	unsigned before = last->mark.day * 2u + last->mark.session, now = row->mark.day * 2u + row->mark.session;

	return now > before || (now == before && row->mark.pupil > last->mark.pupil);
}

/* The pupils are registered of whom this is the first that is heard; false: the batch is broken. */
static bool register_pupils(struct engine *e, const struct request *r, uint32_t urn, struct mark_row rows[], size_t count)
{
	const struct mark_row *last = NULL;
	bool rising = true;

	for (size_t i = 0; i < count; i++) {
		if (rows[i].fault)
			continue;
		if (!rows[i].mark.pupil && !(rows[i].mark.pupil = engine_pupil_of(e, upn_of(&rows[i]), urn, r->who, true)))
			return false;
		rising = rising && (!last || rises(last, &rows[i]));
		last = &rows[i];
	}
	if (!rising)
		refuse_twice(e, rows, count);
	return true;
}

/* Equal to the mark held; but what is known about a mark beside its code makes it worth recording again. And
 * what the school attended has said of the session stands, whichever comes first. */
static bool known(struct engine *e, uint32_t urn, const struct mark *m)
{
	const struct pupil *p = state_pupil(&e->state, m->pupil);

	if (p->latest_day < m->day)
		return false;
	return (pupil_would(p, m->day, m->session, m->code) == MARK_SAME && !m->has_minutes && !m->comment.size) ||
	       (m->code == CODE_D && engine_other_wrote(e, urn, m));
}

static struct slice seal_comment(struct engine *e, const struct mark *m, uint8_t *room, size_t size)
{
	struct writer w = writer_of(room, size);

	if (!persons_seal(e->persons, m->pupil, EVENT_MARKS_RECORDED, engine_head(e) + 1, m->comment, &w))
		return slice_of(NULL, 0);
	return writer_slice(&w);
}

static void write_rows(struct engine *e, struct marks_writer *out, const struct mark_row rows[], size_t count)
{
	const struct mark *last = NULL;
	uint8_t sealed[TEXT_SIZE_MAX + SEAL_EXTRA];

	for (size_t i = 0; i < count; i++) {
		const struct mark *m = &rows[i].mark;

		if (rows[i].fault || rows[i].known)
			continue;
		if (!last || last->day != m->day || last->session != m->session)
			marks_register(out, m->day, m->session);
		if (m->comment.size) {
			struct mark with_sealed = *m;

			with_sealed.comment = seal_comment(e, m, sealed, sizeof sealed);
			marks_put(out, &with_sealed);
		} else {
			marks_put(out, m);
		}
		last = m;
	}
}

/* Applies the event mark by mark, each looked at before the next: from the rows that it was written
 * from, which is what reading it gives. */
static void apply_and_react(struct engine *e, const struct event *ev, uint32_t urn, const struct mark_row rows[], size_t count,
			    uint64_t position)
{
	struct pupil_range pupils = PUPIL_RANGE_NONE;

	for (size_t i = 0; i < count && e->broken == STORE_OK; i++) {
		const struct mark *m = &rows[i].mark;
		struct applied_mark applied;

		if (rows[i].fault || rows[i].known)
			continue;
		e->broken = state_apply_mark(&e->state, ev->version, urn, m, position, &applied);
		state_touch(&e->state, m->pupil, position);
		react_to_mark(e, &applied, m->pupil);
		pupil_range_take(&pupils, m->pupil);
	}
	concerns_marks(e->state.concerns, urn, pupils, position);
	if (e->broken == STORE_OK)
		e->broken = state_apply_id(&e->state, ev, position);
	e->state.position = engine_head(e);
}

struct tally {
	uint32_t rows, refused, known;
};

static uint32_t refusals_of(const struct mark_row rows[], size_t count, struct refusal out[])
{
	uint32_t n = 0;

	for (size_t i = 0; i < count; i++)
		if (rows[i].fault)
			out[n++] = (struct refusal){.row = (uint32_t)i, .reason = rows[i].fault, .detail = rows[i].detail};
	return n;
}

static void pack_refusals(struct pack *p, const struct refusal refusals[], uint32_t count)
{
	pack_array(p, count);
	for (uint32_t i = 0; i < count; i++) {
		pack_array(p, refusals[i].detail.size ? 4 : 3);
		pack_uint(p, refusals[i].row);
		pack_text(p, row_fault_field(refusals[i].reason));
		pack_text(p, row_fault_text(refusals[i].reason));
		if (refusals[i].detail.size)
			pack_str(p, refusals[i].detail);
	}
}

void pack_answer(struct pack *p, uint32_t accepted, uint32_t known, const struct refusal refusals[], uint32_t refused)
{
	pack_clear(p);
	if (!known && !refused)
		return;
	pack_map(p, 3);
	pack_key_uint(p, "accepted", accepted);
	pack_key_uint(p, "known", known);
	pack_text(p, "refused");
	pack_refusals(p, refusals, refused);
}

static void record(struct engine *e, const struct request *r, uint32_t urn, const struct mark_row rows[], struct tally *tally)
{
	struct refusal *refusals = tally->refused ? memory_new(tally->refused * sizeof *refusals) : NULL;
	struct event ev;
	struct marks_writer out;
	struct writer w = writer_of(e->at->room + e->at->used, BATCH_SIZE - e->at->used);
	uint64_t position;

	if (tally->refused)
		refusals_of(rows, tally->rows, refusals);
	pack_answer(&e->body, tally->rows - tally->refused - tally->known, tally->known, refusals, tally->refused);
	if (tally->refused == tally->rows) {
		engine_reply(e, r, STATUS_NOTHING_ACCEPTED, engine_head(e));
		goto done;
	}
	ev.kind = EVENT_MARKS_RECORDED;
	ev.version = event_newest(EVENT_MARKS_RECORDED);
	ev.at_ms = e->now_ms;
	ev.actor = r->who->number;
	engine_sign(&ev, r);
	event_encode_header(&w, &ev);
	marks_begin(&out, &w, urn);
	write_rows(e, &out, rows, tally->rows);
	marks_end(&out, tally->known, tally->refused, refusals);
	if (w.full || writer_size(&w) > EVENT_SIZE_MAX) {
		e->broken = STORE_FULL; /* the batch's room: its size was looked at before */
		goto done;
	}
	position = engine_append_record(e, writer_slice(&w));
	apply_and_react(e, &ev, urn, rows, tally->rows, position);
	e->counters[COUNT_SUBMISSIONS]++;
	e->counters[COUNT_MARKS] += tally->rows - tally->refused - tally->known;
	e->counters[COUNT_MARKS_KNOWN] += tally->known;
	e->sweep_credit += tally->rows;
	engine_reply(e, r, tally->refused ? STATUS_PARTIAL : STATUS_OK, position);
done:
	e->counters[COUNT_ROWS_REFUSED] += tally->refused;
	free(refusals);
}

static size_t room_of(const struct mark_row *row)
{
	if (row->fault)
		return ROW_ROOM + row->detail.size;
	return ROW_ROOM + (row->mark.comment.size ? row->mark.comment.size + COMMENT_ROOM : 0);
}

void marks_look_at(struct engine *e, const struct request *r)
{
	struct marks_look *look = &e->look;
	struct submitted_mark m;
	struct register_head head = {0};

	look->opened = submitted_marks_open(&look->in, r->message->body);
	look->rows = look->refused = 0;
	look->room = 0;
	look->too_many = look->future = false;
	if (!look->opened)
		return;
	while (submitted_marks_next(&look->in, &m)) {
		if (look->rows == MARKS_MAX) {
			look->too_many = true;
			break;
		}
		if (m.new_register)
			take_head(e, &look->in, &head);
		look_at(&m, &head, &e->rows[look->rows]);
		look->future |= e->rows[look->rows++].fault == ROW_DATE_FUTURE;
	}
	find_pupils(e, e->rows, look->rows);
	for (uint32_t i = 0; i < look->rows; i++) {
		look->refused += e->rows[i].fault != 0;
		look->room += room_of(&e->rows[i]);
	}
}

/* The form of all of it, where any of it was not what is known (message.h). */
static bool well_formed(struct engine *e, const struct request *r)
{
	const struct marks_look *look = &e->look;
	struct message m = *r->message;
	const char *why = NULL;
	size_t offset = 0;

	if (look->opened && !look->refused && !submitted_marks_doubtful(&look->in))
		return true;
	if (message_check(&m, &why, &offset) != STATUS_OK)
		engine_refuse_form(e, r, STATUS_BAD_BODY, why, offset);
	else if (look->in.fault)
		engine_refuse(e, r, STATUS_BAD_BODY, "registers", look->in.fault);
	else
		return true;
	return false;
}

/* What is said beside the reasons of refusals; its size. */
static size_t drop_details(struct mark_row rows[], size_t count)
{
	size_t size = 0;

	for (size_t i = 0; i < count; i++)
		if (rows[i].fault) {
			size += rows[i].detail.size;
			rows[i].detail.size = 0;
		}
	return size;
}

void submit_marks(struct engine *e, const struct request *r)
{
	struct marks_look *look = &e->look;
	struct tally tally = {.rows = look->rows};
	struct mark_row *rows = e->rows;
	uint32_t urn;

	if (!look->opened) {
		well_formed(e, r);
		return;
	}
	if (!urn_parse(look->in.urn, &urn)) {
		engine_refuse(e, r, STATUS_BAD_FIELD, "urn", "not a school's number: six digits");
		return;
	}
	if (!access_school(r->who, urn)) {
		engine_refuse(e, r, STATUS_FORBIDDEN, "urn", "this key may not write for that school");
		return;
	}
	if (look->too_many) {
		engine_refuse(e, r, STATUS_TOO_LARGE, "registers", "more than 10,000 marks in one submission");
		return;
	}
	if (!well_formed(e, r))
		return;
	if (!tally.rows) {
		engine_refuse(e, r, STATUS_BAD_BODY, "registers", "no marks");
		return;
	}
	/* today's registers, perhaps, and the clock that is wrong */
	if (look->future && engine_clock_held(e)) {
		engine_refuse(e, r, STATUS_CLOCK_HELD, "date", "in the future by a clock that is in doubt: send again once it is confirmed");
		return;
	}
	/* thousands of wrong rows: each keeps its reason, and the good ones get in */
	if (look->room > EVENT_SIZE_MAX - HEAD_ROOM)
		look->room -= drop_details(rows, tally.rows);
	/* before a pupil is registered: what is refused leaves no trace */
	if (look->room > EVENT_SIZE_MAX - HEAD_ROOM) {
		engine_refuse(e, r, STATUS_TOO_LARGE, "registers", "the marks, with their comments, are too large for one submission");
		return;
	}
	if (!register_pupils(e, r, urn, rows, tally.rows))
		return;
	for (uint32_t i = 0; i < tally.rows; i++) {
		tally.refused += rows[i].fault != 0;
		rows[i].known = !rows[i].fault && known(e, urn, &rows[i].mark);
		tally.known += rows[i].known;
	}
	if (e->broken == STORE_OK)
		record(e, r, urn, rows, &tally);
}
