/* Marks: the main road. Rows are looked at first, all of them, then one event
 * takes those that stand; a bad row refuses itself alone.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "daemon/engine_parts.h"
#include "daemon/memory.h"
#include "store/siphash.h"

enum {
	MINUTES_LATE_MAX = 600,
	HEAD_ROOM = 64, /* of an event, beside its rows */
	ROW_ROOM = 20,  /* of a row: a register's head, pupil, code and extras, or a refusal */
	COMMENT_ROOM = SEAL_EXTRA + 3, /* of a comment, beside its text */
};

/* The last date and session are remembered: a register's marks share them. */
struct register_head {
	struct slice date, session;
	day_t day;
	uint8_t half, fault;
};

static uint8_t parse_date(const struct engine *e, struct slice text, day_t *day)
{
	day_t today = day_of_ms(e->now_ms);

	if (!day_parse(text, day))
		return ROW_DATE;
	if (*day > today)
		return ROW_DATE_FUTURE;
	if (day_weekday(*day) > FRIDAY)
		return ROW_DATE_WEEKEND;
	return 0;
}

static void take_head(const struct engine *e, const struct submitted_mark *m, struct register_head *head)
{
	if (!m->new_register)
		return;
	head->fault = parse_date(e, m->date, &head->day);
	head->half = AM;
	if (slice_is(m->session, "PM"))
		head->half = PM;
	else if (!slice_is(m->session, "AM") && !head->fault)
		head->fault = ROW_SESSION;
}

static uint8_t take_extras(const struct submitted_mark *m, struct mark_row *row)
{
	if (m->minutes_late != UINT64_MAX) {
		if (m->minutes_late > MINUTES_LATE_MAX)
			return ROW_MINUTES_LATE;
		row->has_minutes = true;
		row->minutes_late = (uint16_t)m->minutes_late;
	}
	if (m->recorded_at.size) {
		if (!time_parse(m->recorded_at, &row->recorded_ms))
			return ROW_RECORDED_AT;
		row->has_recorded = true;
	}
	if (m->comment.size > TEXT_SIZE_MAX)
		return ROW_COMMENT;
	row->comment = m->comment;
	return 0;
}

/* True where this pupil's session was named already in this submission. */
static bool twice(struct engine *e, const struct mark_row *row)
{
	uint64_t key = (uint64_t)row->pupil << 17 | (uint64_t)row->day << 1 | row->session;
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

/* Everything about a row that needs no pupil. */
static void look_at(struct engine *e, const struct submitted_mark *m, struct register_head *head, struct mark_row *row)
{
	take_head(e, m, head);
	memset(row, 0, sizeof *row);
	row->fault = head->fault;
	row->day = (uint16_t)head->day;
	row->session = head->half;
	row->code = code_parse(m->code);
	if (row->fault)
		return;
	if (row->code == CODE_NONE) {
		row->fault = ROW_CODE_UNKNOWN;
		row->detail = m->code.size <= 8 ? m->code : slice_of(NULL, 0);
	} else if (!code_fits_session(row->code, row->session)) {
		row->fault = ROW_CODE_SESSION;
	} else if (m->has_extras) {
		row->fault = take_extras(m, row);
	}
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
		if (rows[i].upn.size != UPN_SIZE) {
			upn_hash(rows[i].hash, &e->key, rows[i].upn);
			continue;
		}
		upns[used] = rows[i].upn.bytes;
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

/* Pupils lie far apart in memory, and a register's are named together: what each
 * row will touch is asked for before the first is touched. A UPN that is known was
 * looked at when it was registered. */
static void find_pupils(struct engine *e, struct mark_row rows[], size_t count)
{
	hash_upns(e, rows, count);
	for (size_t i = 0; i < count; i++)
		if (!rows[i].fault)
			state_prefetch_upn(&e->state, rows[i].hash);
	for (size_t i = 0; i < count; i++)
		if (!rows[i].fault) {
			rows[i].pupil = state_find_upn(&e->state, rows[i].hash);
			state_prefetch_pupil(&e->state, rows[i].pupil, rows[i].day);
			if (!rows[i].pupil && upn_fault(rows[i].upn)) {
				rows[i].fault = ROW_UPN;
				rows[i].detail = slice_text(upn_fault(rows[i].upn)); /* of a fixed set: nothing of the UPN itself */
			}
		}
}

/* Then the pupil, registered if this is the first that is heard of it. */
static void place(struct engine *e, const struct request *r, uint32_t urn, struct mark_row *row)
{
	const struct pupil *p;

	if (!row->pupil)
		row->pupil = engine_pupil_of(e, row->upn, urn, r->who, true);
	if (!row->pupil)
		return;
	if (twice(e, row)) {
		row->fault = ROW_TWICE;
		return;
	}
	p = state_pupil(&e->state, row->pupil);
	/* what is known about a mark beside its code makes it worth recording again */
	row->known = pupil_would(p, row->day, row->session, row->code) == MARK_SAME && !row->has_minutes &&
		     !row->comment.size;
	/* what the school attended has said of the session stands, whichever comes first */
	row->known |= row->code == CODE_D && state_other_wrote(&e->state, row->pupil, urn, row->day, row->session);
}

static struct slice seal_comment(struct engine *e, const struct mark_row *row, uint8_t *room, size_t size)
{
	struct writer w = writer_of(room, size);

	if (!row->comment.size ||
	    !persons_seal(e->persons, row->pupil, EVENT_MARKS_RECORDED, engine_head(e) + 1, row->comment, &w))
		return slice_of(NULL, 0);
	return writer_slice(&w);
}

static void write_rows(struct engine *e, struct marks_writer *out, const struct mark_row rows[], size_t count)
{
	const struct mark_row *last = NULL;
	uint8_t sealed[TEXT_SIZE_MAX + SEAL_EXTRA];

	for (size_t i = 0; i < count; i++) {
		const struct mark_row *row = &rows[i];
		struct mark m = {.pupil = row->pupil,
				 .day = row->day,
				 .session = row->session,
				 .code = row->code,
				 .has_minutes = row->has_minutes,
				 .minutes_late = row->minutes_late,
				 .has_recorded = row->has_recorded,
				 .recorded_ms = row->recorded_ms};

		if (row->fault || row->known)
			continue;
		if (!last || last->day != row->day || last->session != row->session)
			marks_register(out, row->day, row->session);
		m.comment = seal_comment(e, row, sealed, sizeof sealed);
		marks_put(out, &m);
		last = row;
	}
}

/* Applies the event mark by mark, each looked at before the next. */
static void apply_and_react(struct engine *e, const struct event *ev, struct slice body, uint64_t position)
{
	struct marks_reader in;
	struct mark m;

	marks_open(&in, body);
	while (e->broken == STORE_OK && marks_next(&in, &m)) {
		struct applied_mark applied;

		e->broken = state_apply_mark(&e->state, ev->version, in.urn, &m, position, &applied);
		state_touch(&e->state, m.pupil, position);
		react_to_mark(e, &applied, m.pupil);
	}
	if (e->broken == STORE_OK)
		e->broken = state_apply_id(&e->state, ev, position);
	e->state.position = engine_head(e);
}

struct tally {
	uint32_t rows, refused, known;
	size_t room; /* that the event may take, at most */
	bool future; /* a date is */
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
	size_t head;
	uint64_t position;
	struct slice whole;

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
	head = writer_size(&w);
	marks_begin(&out, &w, urn);
	write_rows(e, &out, rows, tally->rows);
	marks_end(&out, tally->known, tally->refused, refusals);
	if (w.full || writer_size(&w) > EVENT_SIZE_MAX) {
		e->broken = STORE_FULL; /* the batch's room: its size was looked at before */
		goto done;
	}
	whole = writer_slice(&w);
	position = engine_append_record(e, whole);
	apply_and_react(e, &ev, slice_of(whole.bytes + head, whole.size - head), position);
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
	return ROW_ROOM + (row->comment.size ? row->comment.size + COMMENT_ROOM : 0);
}

/* What is said beside the reasons of refusals; its size. */
static size_t drop_details(struct mark_row rows[], size_t count)
{
	size_t size = 0;

	for (size_t i = 0; i < count; i++) {
		size += rows[i].detail.size;
		rows[i].detail.size = 0;
	}
	return size;
}

void submit_marks(struct engine *e, const struct request *r)
{
	struct submitted_marks in;
	struct submitted_mark m;
	struct register_head head = {0};
	struct tally tally = {0};
	struct mark_row *rows = e->rows;
	uint32_t urn;

	if (!submitted_marks_open(&in, r->message->body)) {
		engine_refuse(e, r, STATUS_BAD_BODY, NULL, in.fault);
		return;
	}
	if (!urn_parse(in.urn, &urn)) {
		engine_refuse(e, r, STATUS_BAD_FIELD, "urn", "not a school's number: six digits");
		return;
	}
	if (!access_school(r->who, urn)) {
		engine_refuse(e, r, STATUS_FORBIDDEN, "urn", "this key may not write for that school");
		return;
	}
	if (++e->seen_generation == 0) {
		memset(e->seen, 0, SEEN_SLOTS * sizeof *e->seen);
		e->seen_generation = 1;
	}
	while (submitted_marks_next(&in, &m)) {
		if (tally.rows == MARKS_MAX) {
			engine_refuse(e, r, STATUS_TOO_LARGE, "registers", "more than 10,000 marks in one submission");
			return;
		}
		look_at(e, &m, &head, &rows[tally.rows]);
		tally.future |= rows[tally.rows].fault == ROW_DATE_FUTURE;
		rows[tally.rows++].upn = m.upn;
	}
	if (in.fault || !tally.rows) {
		engine_refuse(e, r, STATUS_BAD_BODY, "registers", in.fault ? in.fault : "no marks");
		return;
	}
	/* today's registers, perhaps, and the clock that is wrong */
	if (tally.future && engine_clock_held(e)) {
		engine_refuse(e, r, STATUS_CLOCK_HELD, "date", "in the future by a clock that is in doubt: send again once it is confirmed");
		return;
	}
	find_pupils(e, rows, tally.rows);
	for (uint32_t i = 0; i < tally.rows; i++)
		tally.room += room_of(&rows[i]);
	/* thousands of wrong rows: each keeps its reason, and the good ones get in */
	if (tally.room > EVENT_SIZE_MAX - HEAD_ROOM)
		tally.room -= drop_details(rows, tally.rows);
	/* before a pupil is registered: what is refused leaves no trace */
	if (tally.room > EVENT_SIZE_MAX - HEAD_ROOM) {
		engine_refuse(e, r, STATUS_TOO_LARGE, "registers", "the marks, with their comments, are too large for one submission");
		return;
	}
	/* as much of the table as these rows need, so that a register's stays in the nearest cache */
	for (e->seen_mask = 63; e->seen_mask < 2 * tally.rows; e->seen_mask = 2 * e->seen_mask + 1)
		;
	for (uint32_t i = 0; i < tally.rows; i++) {
		if (!rows[i].fault)
			place(e, r, urn, &rows[i]);
		tally.refused += rows[i].fault != 0;
		tally.known += rows[i].known && !rows[i].fault;
	}
	if (e->broken == STORE_OK)
		record(e, r, urn, rows, &tally);
}
