/* event_read.c - reading events back, strictly.
 *
 * A function here is named for the version that it reads and is never edited once
 * a store has been written with it: a new version is a new function beside it. What
 * was read is accepted only if writing it again would give the same bytes.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "proto/event.h"

static bool read_bool(struct reader *r)
{
	uint8_t value = read_u8(r);

	if (value > 1)
		reader_fault(r);
	return value == 1;
}

static uint32_t read_number(struct reader *r)
{
	uint64_t value = read_varint(r);

	if (value > UINT32_MAX) {
		reader_fault(r);
		return 0;
	}
	return (uint32_t)value;
}

static uint16_t read_count(struct reader *r, uint16_t most)
{
	uint64_t value = read_varint(r);

	if (value > most) {
		reader_fault(r);
		return 0;
	}
	return (uint16_t)value;
}

/* A number that the list behind `text` knows. */
static uint8_t read_enum(struct reader *r, const char *(*text)(uint8_t))
{
	uint8_t value = read_u8(r);

	if (text(value) == NULL)
		reader_fault(r);
	return value;
}

static void read_key(struct reader *r, uint8_t key[static PUBLIC_KEY_SIZE])
{
	struct slice bytes = read_bytes(r, PUBLIC_KEY_SIZE);

	if (bytes.size == PUBLIC_KEY_SIZE)
		memcpy(key, bytes.bytes, PUBLIC_KEY_SIZE);
}

static uint16_t read_rising(struct reader *r, uint32_t numbers[], uint16_t most)
{
	uint16_t count = read_count(r, most);

	for (uint16_t i = 0; i < count && !r->bad; i++) {
		numbers[i] = read_number(r);
		if (i > 0 && numbers[i - 1] >= numbers[i])
			reader_fault(r);
	}
	return count;
}

static void read_access_granted_1(struct reader *r, struct event_access_granted *e)
{
	read_key(r, e->key);
	e->role = read_enum(r, role_text);
	e->name = read_blob(r);
	e->school_count = read_rising(r, e->schools, GRANT_SCHOOLS_MAX);
	e->case_count = read_rising(r, e->cases, GRANT_CASES_MAX);
}

static void read_pathway_loaded_1(struct reader *r, struct event_pathway_loaded *e)
{
	e->name = read_blob(r);
	e->version = read_number(r);
	e->is_default = read_bool(r);
	e->source = read_blob(r);
	e->compiled = read_blob(r);
}

static void read_calendar_loaded_1(struct reader *r, struct event_calendar_loaded *e)
{
	e->urn = read_number(r);
	e->row_count = read_count(r, CALENDAR_ROWS_MAX);
	for (uint16_t i = 0; i < e->row_count && !r->bad; i++) {
		e->rows[i].from = read_u16(r);
		e->rows[i].to = read_u16(r);
		e->rows[i].kind = read_u8(r);
		e->rows[i].name = read_blob(r);
	}
}

static void read_action_recorded_1(struct reader *r, struct event_action_recorded *e)
{
	e->case_no = read_number(r);
	e->pupil = read_number(r);
	e->opens = read_bool(r);
	e->pathway = e->opens ? read_blob(r) : (struct slice){NULL, 0};
	e->pathway_version = e->opens ? read_number(r) : 0;
	e->name = read_blob(r);
	e->on = read_u16(r);
	e->parent = read_blob(r);
	e->overridden = read_bool(r);
	e->field_count = (uint8_t)read_count(r, ACTION_FIELDS_MAX);
	for (uint8_t i = 0; i < e->field_count && !r->bad; i++) {
		e->fields[i].name = read_blob(r);
		e->fields[i].value = read_blob(r);
	}
	e->sealed = read_blob(r);
}

static void read_alert_raised_1(struct reader *r, struct event_alert_raised *e)
{
	e->kind = read_enum(r, alert_kind_text);
	e->pupil = read_number(r);
	e->case_no = read_number(r);
	e->urn = read_number(r);
	e->deadline = read_u8(r);
	e->deadline_kind = read_blob(r);
	e->due_ms = read_varint(r);
	e->first_day = read_u16(r);
	e->last_day = read_u16(r);
	e->up = read_bool(r);
	e->late_ms = read_varint(r);
	e->text = read_blob(r);
	e->tells = 0;
	e->clause = (struct slice){NULL, 0};
}

static void read_alert_raised_2(struct reader *r, struct event_alert_raised *e)
{
	read_alert_raised_1(r, e);
	e->tells = read_number(r);
	e->clause = read_blob(r);
	for (uint8_t role = 0; role < 32; role++)
		if ((e->tells >> role) & 1 && role_text(role) == NULL)
			reader_fault(r);
}

static void read_alert_withdrawn_1(struct reader *r, struct event_alert_withdrawn *e)
{
	e->alert = read_varint(r);
	e->cause = read_varint(r);
	e->kind = read_enum(r, alert_kind_text);
	e->pupil = read_number(r);
	e->case_no = read_number(r);
	e->deadline = read_u8(r);
}

static void read_deadline_fired_1(struct reader *r, struct event_deadline_fired *e)
{
	e->case_no = read_number(r);
	e->deadline = read_u8(r);
	e->phase = read_u8(r);
	if (e->phase < PHASE_SOON || e->phase > PHASE_OVERDUE)
		reader_fault(r);
	e->due_ms = read_varint(r);
}

static void read_pupil_fact_1(struct reader *r, struct event_pupil_fact *e)
{
	e->pupil = read_number(r);
	e->fact = read_enum(r, fact_text);
	e->holds = read_bool(r);
	e->since = read_u16(r);
	e->parent = read_blob(r);
	e->urn = read_number(r);
	e->sealed = read_blob(r);
	if (e->parent.size > PARENT_SIZE_MAX)
		reader_fault(r);
}

static void read_pupils_linked_1(struct reader *r, struct event_pupils_linked *e)
{
	e->pupil = read_number(r);
	e->other = read_number(r);
	e->parent = read_blob(r);
	e->other_parent = read_blob(r);
	e->stands = read_bool(r);
	if (e->parent.size > PARENT_SIZE_MAX || e->other_parent.size > PARENT_SIZE_MAX)
		reader_fault(r);
}

static void read_cover_named_1(struct reader *r, struct event_cover_named *e)
{
	read_key(r, e->officer);
	read_key(r, e->cover);
	e->from = read_u16(r);
	e->until = read_u16(r);
	e->stands = read_bool(r);
}

static void read_case_moved_1(struct reader *r, struct event_case_moved *e)
{
	e->case_no = read_number(r);
	e->pupil = read_number(r);
	e->pathway = read_blob(r);
	e->pathway_version = read_number(r);
	e->stage = read_blob(r);
	e->deadline_count = (uint8_t)read_count(r, MOVE_DEADLINES_MAX);
	for (uint8_t i = 0; i < e->deadline_count && !r->bad; i++) {
		e->deadlines[i].from = read_blob(r);
		e->deadlines[i].to = read_blob(r);
	}
	e->sealed = read_blob(r);
}

/* Every mark and every refusal; `with_marks` is false where none may be. */
static bool rows_sound(uint8_t version, struct slice body, bool with_marks)
{
	struct marks_reader m;
	struct mark mark;
	struct refusal refusal;

	marks_open(&m, version, body);
	if (!with_marks && m.registers_left > 0)
		return false;
	while (marks_next(&m, &mark))
		;
	while (marks_refused(&m, &refusal))
		;
	return marks_good(&m);
}

static void read_marks_recorded_1(struct reader *r, struct event_marks_recorded *e, bool trusted)
{
	e->body = read_bytes(r, reader_left(r));
	if (!trusted && !rows_sound(1, e->body, true))
		reader_fault(r);
}

static void read_marks_recorded_3(struct reader *r, struct event_marks_recorded *e, bool trusted)
{
	e->body = read_bytes(r, reader_left(r));
	if (!trusted && !rows_sound(3, e->body, true))
		reader_fault(r);
}

static void read_roster_submitted_1(struct reader *r, struct event_roster_submitted *e, bool trusted)
{
	e->accepted = read_number(r);
	e->rows = read_blob(r);
	if (!trusted && !rows_sound(1, e->rows, false))
		reader_fault(r);
}

bool event_decode_header(struct event *e, struct slice record, struct reader *rest)
{
	struct slice id;
	uint8_t made;

	*rest = reader_of(record);
	e->kind = read_u8(rest);
	e->version = read_u8(rest);
	e->at_ms = read_u48(rest);
	e->actor = read_varint(rest);
	made = read_u8(rest);
	if (made > 2)
		reader_fault(rest);
	e->submitted = made > 0;
	e->receipt = e->via = 0;
	memset(e->id, 0, sizeof e->id);
	if (e->submitted) {
		id = read_bytes(rest, UUID_SIZE);
		if (id.size == UUID_SIZE)
			memcpy(e->id, id.bytes, UUID_SIZE);
		e->receipt = read_u64(rest);
	}
	if (made == 2) {
		e->via = read_varint(rest);
		if (!e->via)
			reader_fault(rest);
	}
	return !rest->bad;
}

static void read_alert_changed_2(struct reader *r, struct event_alert_changed *e)
{
	e->alert = read_varint(r);
	e->text = read_blob(r);
	e->urn = read_number(r);
}

static void read_school_described_2(struct reader *r, struct event_school_described *e)
{
	e->urn = read_number(r);
	e->kinds = read_u8(r);
	e->name = read_blob(r);
	if (e->kinds & ~SCHOOL_KINDS_ALL || e->name.size > SCHOOL_NAME_MAX)
		reader_fault(r);
}

/* All bodies of version 1. A kind's version 2 gets a function of its own, and
 * read_body the choice between them. */
static void read_body_1(struct reader *r, struct event *e, bool trusted)
{
	switch ((enum event_kind)e->kind) {
	case EVENT_STORE_CREATED:
		e->store_created.authority = read_blob(r);
		e->store_created.format = read_u16(r);
		e->store_created.created_ms = read_u48(r);
		return;
	case EVENT_ACCESS_GRANTED:
		read_access_granted_1(r, &e->access_granted);
		return;
	case EVENT_ACCESS_REVOKED:
		read_key(r, e->access_revoked.key);
		return;
	case EVENT_PATHWAY_LOADED:
		read_pathway_loaded_1(r, &e->pathway_loaded);
		return;
	case EVENT_CALENDAR_LOADED:
		read_calendar_loaded_1(r, &e->calendar_loaded);
		return;
	case EVENT_PUPIL_REGISTERED:
		e->pupil_registered.pupil = read_number(r);
		e->pupil_registered.urn = read_number(r);
		e->pupil_registered.sealed_upn = read_blob(r);
		return;
	case EVENT_ROSTER_RECORDED:
		e->roster_recorded.pupil = read_number(r);
		e->roster_recorded.urn = read_number(r);
		e->roster_recorded.sealed = read_blob(r);
		return;
	case EVENT_MARKS_RECORDED:
		read_marks_recorded_1(r, &e->marks_recorded, trusted);
		return;
	case EVENT_ACTION_RECORDED:
		read_action_recorded_1(r, &e->action_recorded);
		return;
	case EVENT_ALERT_RAISED:
		read_alert_raised_1(r, &e->alert_raised);
		return;
	case EVENT_ALERT_CHANGED:
		e->alert_changed.alert = read_varint(r);
		e->alert_changed.text = read_blob(r);
		e->alert_changed.urn = 0;
		return;
	case EVENT_ALERT_WITHDRAWN:
		read_alert_withdrawn_1(r, &e->alert_withdrawn);
		return;
	case EVENT_ALERT_ACKNOWLEDGED:
		e->alert_acknowledged.alert = read_varint(r);
		return;
	case EVENT_DEADLINE_FIRED:
		read_deadline_fired_1(r, &e->deadline_fired);
		return;
	case EVENT_CLOCK_HELD:
		e->clock_held.seen_ms = read_varint(r);
		e->clock_held.step_ms = read_zigzag(r);
		return;
	case EVENT_CLOCK_CONFIRMED:
		return;
	case EVENT_CLOCK_MOVED:
		e->clock_moved.to_ms = read_varint(r);
		return;
	case EVENT_ROSTER_SUBMITTED:
		read_roster_submitted_1(r, &e->roster_submitted, trusted);
		return;
	case EVENT_PUPIL_FACT:
		read_pupil_fact_1(r, &e->pupil_fact);
		return;
	case EVENT_PUPILS_LINKED:
		read_pupils_linked_1(r, &e->pupils_linked);
		return;
	case EVENT_COVER_NAMED:
		read_cover_named_1(r, &e->cover_named);
		return;
	case EVENT_CASE_MOVED:
		read_case_moved_1(r, &e->case_moved);
		return;
	case EVENT_PATHWAY_CHOSEN:
		e->pathway_chosen.urn = read_number(r);
		e->pathway_chosen.pathway = read_blob(r);
		return;
	case EVENT_MEETING_OFFERED:
		e->meeting_offered.urn = read_number(r);
		e->meeting_offered.on = read_u16(r);
		e->meeting_offered.stands = read_bool(r);
		e->meeting_offered.meeting = read_blob(r);
		return;
	case EVENT_DAY_ENDED:
		e->day_ended.day = read_u16(r);
		return;
	case EVENT_SCHOOL_DESCRIBED:
		e->school_described.urn = read_number(r);
		e->school_described.kinds = read_u8(r);
		e->school_described.name = (struct slice){NULL, 0};
		if (e->school_described.kinds & ~SCHOOL_KINDS_ALL)
			reader_fault(r);
		return;
	case EVENT_TASK_DONE:
		e->task_done.urn = read_number(r);
		e->task_done.task = read_blob(r);
		e->task_done.on = read_u16(r);
		e->task_done.first = read_u16(r);
		e->task_done.through = read_u16(r);
		return;
	}
	reader_fault(r);
}

static void read_body(struct reader *r, struct event *e, bool trusted)
{
	if (e->version == 1)
		read_body_1(r, e, trusted);
	else if (e->version == 2 && e->kind == EVENT_ALERT_RAISED)
		read_alert_raised_2(r, &e->alert_raised);
	else if (e->version == 2 && e->kind == EVENT_MARKS_RECORDED)
		read_marks_recorded_1(r, &e->marks_recorded, trusted);
	else if (e->version == 3 && e->kind == EVENT_MARKS_RECORDED)
		read_marks_recorded_3(r, &e->marks_recorded, trusted);
	else if (e->version == 2 && e->kind == EVENT_DEADLINE_FIRED)
		read_deadline_fired_1(r, &e->deadline_fired); /* the same bodies, of which more follows */
	else if (e->version == 2 && e->kind == EVENT_CALENDAR_LOADED)
		read_calendar_loaded_1(r, &e->calendar_loaded); /* likewise */
	else if (e->version == 2 && e->kind == EVENT_ALERT_CHANGED)
		read_alert_changed_2(r, &e->alert_changed);
	else if (e->version == 2 && e->kind == EVENT_SCHOOL_DESCRIBED)
		read_school_described_2(r, &e->school_described);
	else
		reader_fault(r);
}

bool event_decode(struct event *e, struct slice record, bool trusted)
{
	struct reader r;

	if (record.size > EVENT_SIZE_MAX || !event_decode_header(e, record, &r))
		return false;
	read_body(&r, e, trusted);
	return reader_done(&r);
}
