/* event.c - the names of the events, and writing them.
 *
 * Only the newest version of each is written; event_read.c reads all that ever were.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>

#include "proto/event.h"

/* What encoded sizes and bit sets rely on. */
#define X(name, number, text) _Static_assert(number < ALERT_KIND_LIMIT, "kinds of alert index bit sets");
ALERT_KINDS(X)
#undef X

const char *event_kind_text(uint8_t kind)
{
	switch (kind) {
#define X(name, number, version, text, body) \
	case number: \
		return text;
		EVENT_KINDS(X)
#undef X
	}
	return NULL;
}

const char *alert_kind_text(uint8_t kind)
{
	switch (kind) {
#define X(name, number, text) \
	case number: \
		return text;
		ALERT_KINDS(X)
#undef X
	}
	return NULL;
}

uint8_t alert_kind_parse(struct slice text)
{
#define X(name, number, spelling) \
	if (slice_is(text, spelling)) \
		return number;
	ALERT_KINDS(X)
#undef X
	return 0;
}

const char *fact_text(uint8_t fact)
{
	switch (fact) {
#define X(name, number, text, of_parent) \
	case number: \
		return text;
		FACTS(X)
#undef X
	}
	return NULL;
}

uint8_t fact_parse(struct slice text)
{
#define X(name, number, spelling, of_parent) \
	if (slice_is(text, spelling)) \
		return number;
	FACTS(X)
#undef X
	return 0;
}

bool fact_of_parent(uint8_t fact)
{
#define X(name, number, text, of_parent) \
	if (fact == (number)) \
		return of_parent;
	FACTS(X)
#undef X
	return false;
}

const char *role_text(uint8_t role)
{
	switch (role) {
#define X(name, number, text) \
	case number: \
		return text;
		ROLES(X)
#undef X
	}
	return NULL;
}

uint8_t role_parse(struct slice text)
{
#define X(name, number, spelling) \
	if (slice_is(text, spelling)) \
		return number;
	ROLES(X)
#undef X
	return 0;
}

const char *school_kind_text(uint8_t kind)
{
	switch (kind) {
#define X(name, number, text) \
	case number: \
		return text;
		SCHOOL_KINDS(X)
#undef X
	}
	return NULL;
}

uint8_t school_kind_parse(struct slice text)
{
#define X(name, number, spelling) \
	if (slice_is(text, spelling)) \
		return number;
	SCHOOL_KINDS(X)
#undef X
	return 0;
}

uint8_t event_newest(uint8_t kind)
{
	switch (kind) {
#define X(name, number, version, text, body) \
	case number: \
		return version;
		EVENT_KINDS(X)
#undef X
	}
	return 0;
}

void event_make(struct event *e, uint8_t kind)
{
	size_t size = 0;

	switch (kind) {
#define X(name, number, version, text, body) \
	case number: \
		size = sizeof e->body; \
		break;
		EVENT_KINDS(X)
#undef X
	}
	memset(e, 0, offsetof(struct event, none) + size);
	e->kind = kind;
	e->version = event_newest(kind);
}

static void write_bool(struct writer *w, bool value)
{
	write_u8(w, value ? 1 : 0);
}

static void write_numbers(struct writer *w, uint16_t count, const uint32_t numbers[])
{
	write_varint(w, count);
	for (uint16_t i = 0; i < count; i++) {
		assert(i == 0 || numbers[i - 1] < numbers[i]);
		write_varint(w, numbers[i]);
	}
}

static void write_access_granted(struct writer *w, const struct event_access_granted *e)
{
	assert(e->school_count <= GRANT_SCHOOLS_MAX && e->case_count <= GRANT_CASES_MAX);
	write_bytes(w, e->key, sizeof e->key);
	write_u8(w, e->role);
	write_blob(w, e->name);
	write_numbers(w, e->school_count, e->schools);
	write_numbers(w, e->case_count, e->cases);
}

static void write_pathway_loaded(struct writer *w, const struct event_pathway_loaded *e)
{
	write_blob(w, e->name);
	write_varint(w, e->version);
	write_bool(w, e->is_default);
	write_blob(w, e->source);
	write_blob(w, e->compiled);
}

static void write_calendar_loaded(struct writer *w, const struct event_calendar_loaded *e)
{
	assert(e->row_count <= CALENDAR_ROWS_MAX);
	write_varint(w, e->urn);
	write_varint(w, e->row_count);
	for (uint16_t i = 0; i < e->row_count; i++) {
		write_u16(w, e->rows[i].from);
		write_u16(w, e->rows[i].to);
		write_u8(w, e->rows[i].kind);
		write_blob(w, e->rows[i].name);
	}
}

static void write_action_recorded(struct writer *w, const struct event_action_recorded *e)
{
	assert(e->field_count <= ACTION_FIELDS_MAX);
	write_varint(w, e->case_no);
	write_varint(w, e->pupil);
	write_bool(w, e->opens);
	if (e->opens) {
		write_blob(w, e->pathway);
		write_varint(w, e->pathway_version);
	}
	write_blob(w, e->name);
	write_u16(w, e->on);
	write_blob(w, e->parent);
	write_bool(w, e->overridden);
	write_varint(w, e->field_count);
	for (uint8_t i = 0; i < e->field_count; i++) {
		write_blob(w, e->fields[i].name);
		write_blob(w, e->fields[i].value);
	}
	write_blob(w, e->sealed);
}

static void write_alert_raised(struct writer *w, const struct event_alert_raised *e)
{
	write_u8(w, e->kind);
	write_varint(w, e->pupil);
	write_varint(w, e->case_no);
	write_varint(w, e->urn);
	write_u8(w, e->deadline);
	write_blob(w, e->deadline_kind);
	write_varint(w, e->due_ms);
	write_u16(w, e->first_day);
	write_u16(w, e->last_day);
	write_bool(w, e->up);
	write_varint(w, e->late_ms);
	write_blob(w, e->text);
	write_varint(w, e->tells);
	write_blob(w, e->clause);
}

static void write_alert_withdrawn(struct writer *w, const struct event_alert_withdrawn *e)
{
	write_varint(w, e->alert);
	write_varint(w, e->cause);
	write_u8(w, e->kind);
	write_varint(w, e->pupil);
	write_varint(w, e->case_no);
	write_u8(w, e->deadline);
}

static void write_deadline_fired(struct writer *w, const struct event_deadline_fired *e)
{
	write_varint(w, e->case_no);
	write_u8(w, e->deadline);
	write_u8(w, e->phase);
	write_varint(w, e->due_ms);
}

static void write_pupil_fact(struct writer *w, const struct event_pupil_fact *e)
{
	write_varint(w, e->pupil);
	write_u8(w, e->fact);
	write_bool(w, e->holds);
	write_u16(w, e->since);
	write_blob(w, e->parent);
	write_varint(w, e->urn);
	write_blob(w, e->sealed);
}

static void write_pupils_linked(struct writer *w, const struct event_pupils_linked *e)
{
	write_varint(w, e->pupil);
	write_varint(w, e->other);
	write_blob(w, e->parent);
	write_blob(w, e->other_parent);
	write_bool(w, e->stands);
}

static void write_cover_named(struct writer *w, const struct event_cover_named *e)
{
	write_bytes(w, e->officer, sizeof e->officer);
	write_bytes(w, e->cover, sizeof e->cover);
	write_u16(w, e->from);
	write_u16(w, e->until);
	write_bool(w, e->stands);
}

static void write_case_moved(struct writer *w, const struct event_case_moved *e)
{
	assert(e->deadline_count <= MOVE_DEADLINES_MAX);
	write_varint(w, e->case_no);
	write_varint(w, e->pupil);
	write_blob(w, e->pathway);
	write_varint(w, e->pathway_version);
	write_blob(w, e->stage);
	write_varint(w, e->deadline_count);
	for (uint8_t i = 0; i < e->deadline_count; i++) {
		write_blob(w, e->deadlines[i].from);
		write_blob(w, e->deadlines[i].to);
	}
	write_blob(w, e->sealed);
}

void event_encode_header(struct writer *w, const struct event *e)
{
	assert(event_newest(e->kind) != 0);
	write_u8(w, e->kind);
	write_u8(w, event_newest(e->kind));
	write_u48(w, e->at_ms);
	write_varint(w, e->actor);
	write_u8(w, e->submitted ? e->via ? 2 : 1 : 0);
	if (e->submitted) {
		write_bytes(w, e->id, sizeof e->id);
		write_u64(w, e->receipt);
	}
	if (e->submitted && e->via)
		write_varint(w, e->via);
}

void event_encode(struct writer *w, const struct event *e)
{
	event_encode_header(w, e);
	switch ((enum event_kind)e->kind) {
	case EVENT_STORE_CREATED:
		write_blob(w, e->store_created.authority);
		write_u16(w, e->store_created.format);
		write_u48(w, e->store_created.created_ms);
		return;
	case EVENT_ACCESS_GRANTED:
		write_access_granted(w, &e->access_granted);
		return;
	case EVENT_ACCESS_REVOKED:
		write_bytes(w, e->access_revoked.key, sizeof e->access_revoked.key);
		return;
	case EVENT_PATHWAY_LOADED:
		write_pathway_loaded(w, &e->pathway_loaded);
		return;
	case EVENT_CALENDAR_LOADED:
		write_calendar_loaded(w, &e->calendar_loaded);
		return;
	case EVENT_PUPIL_REGISTERED:
		write_varint(w, e->pupil_registered.pupil);
		write_varint(w, e->pupil_registered.urn);
		write_blob(w, e->pupil_registered.sealed_upn);
		return;
	case EVENT_ROSTER_RECORDED:
		write_varint(w, e->roster_recorded.pupil);
		write_varint(w, e->roster_recorded.urn);
		write_blob(w, e->roster_recorded.sealed);
		return;
	case EVENT_MARKS_RECORDED:
		write_bytes(w, e->marks_recorded.body.bytes, e->marks_recorded.body.size);
		return;
	case EVENT_ACTION_RECORDED:
		write_action_recorded(w, &e->action_recorded);
		return;
	case EVENT_ALERT_RAISED:
		write_alert_raised(w, &e->alert_raised);
		return;
	case EVENT_ALERT_CHANGED:
		write_varint(w, e->alert_changed.alert);
		write_blob(w, e->alert_changed.text);
		write_varint(w, e->alert_changed.urn);
		return;
	case EVENT_ALERT_WITHDRAWN:
		write_alert_withdrawn(w, &e->alert_withdrawn);
		return;
	case EVENT_ALERT_ACKNOWLEDGED:
		write_varint(w, e->alert_acknowledged.alert);
		return;
	case EVENT_DEADLINE_FIRED:
		write_deadline_fired(w, &e->deadline_fired);
		return;
	case EVENT_CLOCK_HELD:
		write_varint(w, e->clock_held.seen_ms);
		write_zigzag(w, e->clock_held.step_ms);
		return;
	case EVENT_CLOCK_CONFIRMED:
		return;
	case EVENT_CLOCK_MOVED:
		write_varint(w, e->clock_moved.to_ms);
		return;
	case EVENT_ROSTER_SUBMITTED:
		write_varint(w, e->roster_submitted.accepted);
		write_blob(w, e->roster_submitted.rows);
		return;
	case EVENT_PUPIL_FACT:
		write_pupil_fact(w, &e->pupil_fact);
		return;
	case EVENT_PUPILS_LINKED:
		write_pupils_linked(w, &e->pupils_linked);
		return;
	case EVENT_COVER_NAMED:
		write_cover_named(w, &e->cover_named);
		return;
	case EVENT_CASE_MOVED:
		write_case_moved(w, &e->case_moved);
		return;
	case EVENT_PATHWAY_CHOSEN:
		write_varint(w, e->pathway_chosen.urn);
		write_blob(w, e->pathway_chosen.pathway);
		return;
	case EVENT_MEETING_OFFERED:
		write_varint(w, e->meeting_offered.urn);
		write_u16(w, e->meeting_offered.on);
		write_u8(w, e->meeting_offered.stands);
		write_blob(w, e->meeting_offered.meeting);
		return;
	case EVENT_DAY_ENDED:
		write_u16(w, e->day_ended.day);
		return;
	case EVENT_SCHOOL_DESCRIBED:
		write_varint(w, e->school_described.urn);
		write_u8(w, e->school_described.kinds);
		write_blob(w, e->school_described.name);
		return;
	case EVENT_TASK_DONE:
		write_varint(w, e->task_done.urn);
		write_blob(w, e->task_done.task);
		write_u16(w, e->task_done.on);
		write_u16(w, e->task_done.first);
		write_u16(w, e->task_done.through);
		return;
	}
}
