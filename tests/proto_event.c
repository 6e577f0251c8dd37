/* proto_event.c - one event, one encoding: what is read is what was written, and
 * nothing else is read.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "proto/event.h"
#include "proto/message.h"
#include "tests/proto_random.h"

enum { ROOM = 64 * 1024 };

static uint8_t marks_room[4096], rows_room[256];

static struct slice text(const char *s)
{
	return slice_text(s);
}

/* Three registers, of which one is empty and so is none, extras of every kind, refusals. */
static struct slice marks_body(void)
{
	static const struct refusal refusals[] = {
		{.row = 3, .reason = ROW_UPN, .detail = {(const uint8_t *)"the check letter should be B", 28}},
		{.row = 300, .reason = ROW_DATE_FUTURE},
	};
	struct writer w = writer_of(marks_room, sizeof marks_room);
	struct marks_writer m;

	marks_begin(&m, &w, 106125);
	marks_register(&m, 20703, 0);
	marks_put(&m, &(struct mark){.pupil = 70000, .code = 1});
	marks_put(&m, &(struct mark){.pupil = 69999, .code = 20});
	marks_put(&m, &(struct mark){.pupil = 1, .code = 3, .has_minutes = true, .minutes_late = 0});
	marks_register(&m, 20703, 1);
	marks_register(&m, 20704, 1);
	marks_put(&m, &(struct mark){.pupil = UINT32_MAX, .code = 34, .has_recorded = true,
	                             .recorded_ms = UINT64_C(0xffffffffffff), .comment = text("sealed")});
	marks_put(&m, &(struct mark){.pupil = 1, .code = 63, .has_minutes = true, .minutes_late = 600,
	                             .has_recorded = true, .recorded_ms = 0, .comment = text("x")});
	marks_end(&m, 12, 2, refusals);
	assert_false(w.full);
	assert_int_equal(m.total, 5);
	return writer_slice(&w);
}

static struct slice rows_without_marks(void)
{
	static const struct refusal refusal = {.row = 7, .reason = ROW_SURNAME};
	struct writer w = writer_of(rows_room, sizeof rows_room);
	struct marks_writer m;

	marks_begin(&m, &w, 106125);
	marks_end(&m, 70000, 1, &refusal);
	return writer_slice(&w);
}

/* Of each kind one in which every field says something. */
static void sample(struct event *e, uint8_t kind)
{
	static uint8_t id[UUID_SIZE] = {1, 2, 3, 4, 5, 6, 0x77, 8, 0x89, 10, 11, 12, 13, 14, 15, 16};

	memset(e, 0, sizeof *e);
	e->kind = kind;
	e->version = 1;
	e->at_ms = UINT64_C(1788768000123);
	e->actor = 300;
	e->submitted = kind % 2 == 0;
	if (e->submitted) {
		memcpy(e->id, id, sizeof id);
		e->receipt = UINT64_C(0xfedcba9876543210);
	}
	switch ((enum event_kind)kind) {
	case EVENT_STORE_CREATED:
		e->store_created = (struct event_store_created){text("Stockport"), 1};
		return;
	case EVENT_ACCESS_GRANTED:
		memset(e->access_granted.key, 0xab, PUBLIC_KEY_SIZE);
		e->access_granted.role = ROLE_SCHOOL;
		e->access_granted.name = text("Office");
		e->access_granted.school_count = 2;
		e->access_granted.schools[0] = 106125;
		e->access_granted.schools[1] = 106126;
		e->access_granted.case_count = 2;
		e->access_granted.cases[0] = 1;
		e->access_granted.cases[1] = 300;
		return;
	case EVENT_ACCESS_REVOKED:
		memset(e->access_revoked.key, 0xcd, PUBLIC_KEY_SIZE);
		return;
	case EVENT_PATHWAY_LOADED:
		e->pathway_loaded =
			(struct event_pathway_loaded){text("stockport"), 200, true, text("name: x\n"), {rows_room, 9}};
		return;
	case EVENT_CALENDAR_LOADED:
		e->calendar_loaded.urn = 106125;
		e->calendar_loaded.row_count = 2;
		e->calendar_loaded.rows[0] = (struct calendar_row){20697, 20750, 1, text("Autumn")};
		e->calendar_loaded.rows[1] = (struct calendar_row){20700, 20700, 3, text("")};
		return;
	case EVENT_PUPIL_REGISTERED:
		e->pupil_registered = (struct event_pupil_registered){200, 106125, text("sealed")};
		return;
	case EVENT_ROSTER_RECORDED:
		e->roster_recorded = (struct event_roster_recorded){200, 106125, text("sealed too")};
		return;
	case EVENT_MARKS_RECORDED:
		e->marks_recorded.body = marks_body();
		return;
	case EVENT_ACTION_RECORDED:
		e->action_recorded = (struct event_action_recorded){
			.case_no = 12, .pupil = 200, .opens = true, .pathway = text("stockport"), .pathway_version = 2,
			.name = text("meeting"), .on = 20703, .parent = text("p1"), .overridden = true, .field_count = 2,
			.fields = {{text("held"), text("yes")}, {text("minutes"), text("")}}, .sealed = text("sealed")};
		return;
	case EVENT_ALERT_RAISED:
		e->alert_raised = (struct event_alert_raised){
			ALERT_BREACH, 200, 12, 106125, 3, text("nti-end"), UINT64_C(1788768000000), 20703, 20704, true, 5000,
			text("one session")};
		return;
	case EVENT_ALERT_CHANGED:
		e->alert_changed = (struct event_alert_changed){500, text("two sessions")};
		return;
	case EVENT_ALERT_WITHDRAWN:
		e->alert_withdrawn = (struct event_alert_withdrawn){500, 501, ALERT_BREACH, 200, 12, 3};
		return;
	case EVENT_ALERT_ACKNOWLEDGED:
		e->alert_acknowledged.alert = UINT64_MAX;
		return;
	case EVENT_DEADLINE_FIRED:
		e->deadline_fired = (struct event_deadline_fired){12, 3, PHASE_OVERDUE, UINT64_C(1788768000000)};
		return;
	case EVENT_CLOCK_HELD:
		e->clock_held = (struct event_clock_held){UINT64_C(1788768000000), -86400000};
		return;
	case EVENT_CLOCK_CONFIRMED:
		return;
	case EVENT_CLOCK_MOVED:
		e->clock_moved.to_ms = UINT64_C(1788768000000);
		return;
	case EVENT_ROSTER_SUBMITTED:
		e->roster_submitted = (struct event_roster_submitted){30, rows_without_marks()};
		return;
	}
	fail_msg("there is no sample of event kind %u", kind);
}

static const uint8_t kinds[] = {
#define X(name, number, version, text) number,
	EVENT_KINDS(X)
#undef X
};

#define EACH_KIND(k) (size_t k = 0; k < sizeof kinds; k++)

static struct slice encode(uint8_t room[static ROOM], const struct event *e)
{
	struct writer w = writer_of(room, ROOM);

	event_encode(&w, e);
	assert_false(w.full);
	return writer_slice(&w);
}

static void every_kind_comes_back(void **state)
{
	static struct event e, back;
	static uint8_t room[ROOM], again[ROOM];

	(void)state;
	for EACH_KIND (k) {
		sample(&e, kinds[k]);
		struct slice record = encode(room, &e);

		assert_true(event_decode(&back, record, false));
		assert_int_equal(back.kind, kinds[k]);
		assert_int_equal(back.version, 1);
		assert_true(back.at_ms == e.at_ms && back.actor == e.actor && back.submitted == e.submitted);
		assert_true(back.receipt == e.receipt);
		assert_memory_equal(back.id, e.id, UUID_SIZE);
		assert_true(slice_equal(encode(again, &back), record));
		/* The same where a checksum has vouched for it. */
		assert_true(event_decode(&back, record, true));
		assert_true(slice_equal(encode(again, &back), record));
	}
}

static void fields_come_back_where_they_were(void **state)
{
	static struct event e;
	static uint8_t room[ROOM];

	(void)state;
	sample(&e, EVENT_ACTION_RECORDED);
	struct slice record = encode(room, &e);
	memset(&e, 0xee, sizeof e);
	assert_true(event_decode(&e, record, false));
	assert_int_equal(e.action_recorded.case_no, 12);
	assert_int_equal(e.action_recorded.pupil, 200);
	assert_true(slice_is(e.action_recorded.pathway, "stockport"));
	assert_true(slice_is(e.action_recorded.name, "meeting"));
	assert_true(slice_is(e.action_recorded.parent, "p1"));
	assert_true(slice_is(e.action_recorded.fields[0].value, "yes"));
	assert_true(slice_is(e.action_recorded.sealed, "sealed"));
	/* A case that went on says nothing of a pathway. */
	e.action_recorded.opens = false;
	static uint8_t other[ROOM];
	assert_true(event_decode(&e, encode(other, &e), false));
	assert_int_equal(e.action_recorded.pathway.size, 0);
	assert_int_equal(e.action_recorded.pathway_version, 0);

	sample(&e, EVENT_ALERT_RAISED);
	record = encode(room, &e);
	memset(&e, 0xee, sizeof e);
	assert_true(event_decode(&e, record, false));
	assert_int_equal(e.alert_raised.kind, ALERT_BREACH);
	assert_int_equal(e.alert_raised.urn, 106125);
	assert_int_equal(e.alert_raised.first_day, 20703);
	assert_int_equal(e.alert_raised.last_day, 20704);
	assert_true(e.alert_raised.up);
	assert_int_equal(e.alert_raised.late_ms, 5000);
	sample(&e, EVENT_CLOCK_HELD);
	record = encode(room, &e);
	memset(&e, 0xee, sizeof e);
	assert_true(event_decode(&e, record, false));
	assert_int_equal(e.clock_held.step_ms, -86400000);
}

static void nothing_is_read_short_or_long(void **state)
{
	static struct event e, back;
	static uint8_t room[ROOM];

	(void)state;
	for EACH_KIND (k) {
		sample(&e, kinds[k]);
		struct slice record = encode(room, &e);

		for (size_t size = 0; size < record.size; size++) {
			uint8_t *copy = malloc(size > 0 ? size : 1);

			memcpy(copy, record.bytes, size);
			if (event_decode(&back, slice_of(copy, size), false))
				fail_msg("%s was read from %zu of %zu bytes", event_kind_text(kinds[k]), size, record.size);
			/* What trusts the checksum of marks keeps to its bytes too. */
			event_decode(&back, slice_of(copy, size), true);
			free(copy);
		}
		for (unsigned byte = 0; byte < 256; byte++) {
			room[record.size] = (uint8_t)byte;
			if (event_decode(&back, slice_of(room, record.size + 1), false))
				fail_msg("%s was read with %02x after it", event_kind_text(kinds[k]), byte);
		}
	}
}

/* The marks of a body, written again. */
static struct slice marks_again(uint8_t room[static ROOM], struct slice body)
{
	static struct refusal refusals[512];
	struct writer w = writer_of(room, ROOM);
	struct marks_reader r;
	struct marks_writer m;
	struct mark mark;
	uint32_t refused = 0, registers;

	marks_open(&r, body);
	marks_begin(&m, &w, r.urn);
	registers = r.registers_left;
	while (marks_next(&r, &mark)) {
		if (r.registers_left != registers) {
			marks_register(&m, mark.day, mark.session);
			registers = r.registers_left;
		}
		marks_put(&m, &mark);
	}
	while (marks_refused(&r, &refusals[refused]))
		refused++;
	assert_true(marks_good(&r));
	marks_end(&m, r.known, refused, refusals);
	return writer_slice(&w);
}

static void what_is_read_has_no_other_spelling(void **state)
{
	static struct event e, back;
	static uint8_t room[ROOM], again[ROOM];
	unsigned read = 0, tried = 0;

	(void)state;
	random_start();
	for EACH_KIND (k) {
		sample(&e, kinds[k]);
		struct slice record = encode(room, &e);

		for (unsigned round = 0; round < 3000; round++, tried++) {
			uint8_t *ruin = malloc(record.size);
			struct slice s = {ruin, record.size};

			memcpy(ruin, record.bytes, record.size);
			for (uint64_t changes = 1 + random_below(3); changes > 0; changes--)
				ruin[random_below(record.size)] = (uint8_t)random_below(256);
			if (event_decode(&back, s, false)) {
				read++;
				if (!slice_equal(encode(again, &back), s))
					fail_msg("%s has two spellings", event_kind_text(kinds[k]));
				if (back.kind == EVENT_MARKS_RECORDED)
					assert_true(slice_equal(marks_again(again, back.marks_recorded.body), back.marks_recorded.body));
			}
			event_decode(&back, s, true);
			free(ruin);
		}
	}
	assert_in_range(read, 1, tried - 1);
}

static void refused_with(struct slice record, size_t at, uint8_t byte)
{
	static struct event back;
	uint8_t *bytes = (uint8_t *)(uintptr_t)record.bytes, before = bytes[at];

	assert_true(event_decode(&back, record, false));
	bytes[at] = byte;
	assert_false(event_decode(&back, record, false));
	bytes[at] = before;
}

static void what_is_out_of_range_is_refused(void **state)
{
	static struct event e;
	static uint8_t room[ROOM];
	enum { KIND = 0, VERSION = 1, MADE = 10, BODY = 11 }; /* of a record with a two-byte actor and no id */

	(void)state;
	sample(&e, EVENT_ALERT_CHANGED);
	struct slice record = encode(room, &e);
	refused_with(record, KIND, 0);
	refused_with(record, KIND, 200);
	refused_with(record, VERSION, 0);
	refused_with(record, VERSION, 2);
	refused_with(record, MADE, 2);
	sample(&e, EVENT_DEADLINE_FIRED);
	e.submitted = false;
	record = encode(room, &e);
	refused_with(record, BODY + 2, 0);
	refused_with(record, BODY + 2, 4);
	sample(&e, EVENT_ALERT_RAISED);
	e.submitted = false;
	record = encode(room, &e);
	refused_with(record, BODY, 0);
	refused_with(record, BODY, 13);
	sample(&e, EVENT_ACCESS_GRANTED);
	e.submitted = false;
	record = encode(room, &e);
	refused_with(record, BODY + PUBLIC_KEY_SIZE, 0);
	refused_with(record, BODY + PUBLIC_KEY_SIZE, 8);
	/* 106125 twice: the list is not rising. */
	refused_with(record, BODY + PUBLIC_KEY_SIZE + 1 + 7 + 1 + 3, 0x8d);
	sample(&e, EVENT_ACTION_RECORDED);
	record = encode(room, &e);
	refused_with(record, BODY + 3, 2);
	/* More fields than there may be. */
	sample(&e, EVENT_CALENDAR_LOADED);
	record = encode(room, &e);
	refused_with(record, BODY + 3, 200);
	room[BODY + 3] = 0x81;
	static struct event back;
	assert_false(event_decode(&back, record, false));
}

static void an_event_past_the_limit_is_refused(void **state)
{
	static struct event e, back;
	static uint8_t room[EVENT_SIZE_MAX + 64], blob[EVENT_SIZE_MAX];
	size_t over = 0;

	(void)state;
	sample(&e, EVENT_ALERT_CHANGED);
	for (unsigned i = 0; i < 2; i++) {
		struct writer w = writer_of(room, sizeof room);

		e.alert_changed.text = slice_of(blob, EVENT_SIZE_MAX - 16 + i);
		event_encode(&w, &e);
		assert_false(w.full);
		over += writer_size(&w) > EVENT_SIZE_MAX;
		assert_int_equal(event_decode(&back, writer_slice(&w), false), writer_size(&w) <= EVENT_SIZE_MAX);
	}
	assert_int_equal(over, 1);
}

static void a_header_is_read_alone(void **state)
{
	static struct event e, back;
	static uint8_t room[ROOM];
	struct reader rest;

	(void)state;
	sample(&e, EVENT_ALERT_WITHDRAWN);
	struct slice record = encode(room, &e);
	assert_true(event_decode_header(&back, record, &rest));
	assert_int_equal(back.kind, EVENT_ALERT_WITHDRAWN);
	assert_true(back.at_ms == e.at_ms && back.receipt == e.receipt);
	assert_memory_equal(back.id, e.id, UUID_SIZE);
	assert_int_equal(read_varint(&rest), 500);
	assert_false(event_decode_header(&back, slice_of(room, 20), &rest));
	/* Written alone it is the beginning of the whole. */
	static uint8_t head[64];
	struct writer w = writer_of(head, sizeof head);
	event_encode_header(&w, &e);
	assert_memory_equal(head, room, writer_size(&w));
	assert_int_equal(writer_size(&w), 2 + 6 + 2 + 1 + 16 + 8);
}

static void marks_come_back_one_by_one(void **state)
{
	struct marks_reader m;
	struct mark mark;
	struct refusal refusal;

	(void)state;
	marks_open(&m, marks_body());
	assert_int_equal(m.urn, 106125);
	assert_int_equal(m.known, 12);
	/* The register without a mark was taken out. */
	assert_int_equal(m.registers_left, 2);
	assert_true(marks_next(&m, &mark));
	assert_true(mark.pupil == 70000 && mark.day == 20703 && mark.session == 0 && mark.code == 1);
	assert_false(mark.has_minutes || mark.has_recorded || mark.comment.size > 0);
	assert_true(marks_next(&m, &mark));
	assert_true(mark.pupil == 69999 && mark.code == 20);
	/* Refusals wait for the last mark. */
	assert_false(marks_refused(&m, &refusal));
	assert_true(marks_next(&m, &mark));
	assert_true(mark.pupil == 1 && mark.has_minutes && mark.minutes_late == 0 && !mark.has_recorded);
	assert_true(marks_next(&m, &mark));
	assert_true(mark.pupil == UINT32_MAX && mark.day == 20704 && mark.session == 1 && mark.code == 34);
	assert_true(mark.has_recorded && mark.recorded_ms == UINT64_C(0xffffffffffff));
	assert_true(slice_is(mark.comment, "sealed"));
	assert_true(marks_next(&m, &mark));
	assert_true(mark.pupil == 1 && mark.code == 63 && mark.minutes_late == 600);
	assert_false(marks_good(&m));
	assert_false(marks_next(&m, &mark));
	assert_true(marks_refused(&m, &refusal));
	assert_true(refusal.row == 3 && refusal.reason == ROW_UPN);
	assert_true(slice_is(refusal.detail, "the check letter should be B"));
	assert_true(marks_refused(&m, &refusal));
	assert_true(refusal.row == 300 && refusal.reason == ROW_DATE_FUTURE && refusal.detail.size == 0);
	assert_false(marks_refused(&m, &refusal));
	assert_true(marks_good(&m));
}

static void a_class_of_thirty_is_small(void **state)
{
	uint8_t room[256];
	struct writer w = writer_of(room, sizeof room);
	struct marks_writer m;

	(void)state;
	marks_begin(&m, &w, 106125);
	marks_register(&m, 20703, 0);
	for (uint32_t i = 0; i < 30; i++)
		marks_put(&m, &(struct mark){.pupil = 50000 + i, .code = 1});
	marks_end(&m, 0, 0, NULL);
	/* Head, register, the first mark's pupil, two bytes a mark, no refusals. */
	assert_int_equal(writer_size(&w), 10 + 5 + 2 + 60 + 1);
}

static void ruined_marks_are_refused(void **state)
{
	static struct event back;
	static const struct {
		const char *what;
		size_t size;
		const char *body;
	} cases[] = {
		{"a session that is none", 19, "\0\1\x9e\x8d\0\0\0\0\0\1\x50\xdf\2\0\1\2\1\0\0"},
		{"a register without marks", 16, "\0\1\x9e\x8d\0\0\0\0\0\1\x50\xdf\0\0\0\0"},
		{"pupil 0", 18, "\0\1\x9e\x8d\0\0\0\0\0\1\x50\xdf\0\0\1\0\1\0"},
		{"a pupil below 0", 18, "\0\1\x9e\x8d\0\0\0\0\0\1\x50\xdf\0\0\1\1\1\0"},
		{"code 0", 18, "\0\1\x9e\x8d\0\0\0\0\0\1\x50\xdf\0\0\1\2\0\0"},
		{"code 64", 18, "\0\1\x9e\x8d\0\0\0\0\0\1\x50\xdf\0\0\1\2\x40\0"},
		{"extras without one", 19, "\0\1\x9e\x8d\0\0\0\0\0\1\x50\xdf\0\0\1\2\x81\0\0"},
		{"an extra that is none", 19, "\0\1\x9e\x8d\0\0\0\0\0\1\x50\xdf\0\0\1\2\x81\x08\0"},
		{"an empty comment", 20, "\0\1\x9e\x8d\0\0\0\0\0\1\x50\xdf\0\0\1\2\x81\4\0\0"},
		{"minutes past 16 bits", 22, "\0\1\x9e\x8d\0\0\0\0\0\1\x50\xdf\0\0\1\2\x81\1\x80\x80\x04\0"},
		{"a refusal without a reason", 14, "\0\1\x9e\x8d\0\0\0\0\0\0\1\0\0\0"},
		{"more refusals than bytes", 14, "\0\1\x9e\x8d\0\0\0\0\0\0\2\0\1\0"},
	};
	static const char good[] = "\0\1\x9e\x8d\0\0\0\0\0\1\x50\xdf\0\0\1\2\1\0";

	(void)state;
	for (size_t i = 0; i <= sizeof cases / sizeof cases[0]; i++) {
		bool sound = i == sizeof cases / sizeof cases[0];
		uint8_t room[64];
		struct writer w = writer_of(room, sizeof room);

		event_encode_header(&w, &(struct event){.kind = EVENT_MARKS_RECORDED, .at_ms = 1});
		if (sound)
			write_bytes(&w, good, sizeof good - 1);
		else
			write_bytes(&w, cases[i].body, cases[i].size);
		if (event_decode(&back, writer_slice(&w), false) != sound)
			fail_msg("%s", sound ? "one mark" : cases[i].what);
	}
}

static void random_marks_come_back(void **state)
{
	static uint8_t room[ROOM];
	static struct mark put[600];

	(void)state;
	random_start();
	for (unsigned round = 0; round < 300; round++) {
		struct writer w = writer_of(room, sizeof room);
		struct marks_writer m;
		struct marks_reader r;
		struct mark mark;
		size_t count = 0;

		marks_begin(&m, &w, 100000 + (uint32_t)round);
		for (uint64_t registers = random_below(20); registers > 0; registers--) {
			uint16_t day = (uint16_t)random_below(65536);
			uint8_t session = (uint8_t)random_below(2);

			marks_register(&m, day, session);
			for (uint64_t marks = random_below(30); marks > 0; marks--) {
				mark = (struct mark){.pupil = 1 + (uint32_t)random_below(UINT32_MAX >> random_below(32)),
				                     .day = day, .session = session, .code = (uint8_t)(1 + random_below(63))};
				if (random_below(4) == 0) {
					mark.has_minutes = true;
					mark.minutes_late = (uint16_t)random_below(65536);
				}
				if (random_below(4) == 0) {
					mark.has_recorded = true;
					mark.recorded_ms = random_below(UINT64_C(1) << 48);
				}
				if (random_below(4) == 0)
					mark.comment = text("comment");
				put[count++] = mark;
				marks_put(&m, &mark);
			}
		}
		marks_end(&m, (uint32_t)random_below(10000), 0, NULL);
		assert_false(w.full);
		assert_int_equal(m.total, count);
		marks_open(&r, writer_slice(&w));
		for (size_t i = 0; i < count; i++) {
			assert_true(marks_next(&r, &mark));
			assert_true(mark.pupil == put[i].pupil && mark.day == put[i].day && mark.session == put[i].session);
			assert_true(mark.code == put[i].code && mark.has_minutes == put[i].has_minutes);
			assert_true(mark.minutes_late == put[i].minutes_late && mark.recorded_ms == put[i].recorded_ms);
			assert_true(mark.has_recorded == put[i].has_recorded && slice_equal(mark.comment, put[i].comment));
		}
		assert_false(marks_next(&r, &mark));
		assert_true(marks_good(&r));
	}
}

static void a_writer_without_room_is_told_so(void **state)
{
	static uint8_t room[ROOM];
	size_t whole = marks_body().size;

	(void)state;
	for (size_t size = 0; size < whole; size++) {
		uint8_t *small = malloc(size > 0 ? size : 1);
		struct writer w = writer_of(small, size);
		struct marks_writer m;

		marks_begin(&m, &w, 106125);
		marks_register(&m, 20703, 0);
		marks_register(&m, 20704, 0);
		for (uint32_t i = 0; i < 60; i++)
			marks_put(&m, &(struct mark){.pupil = 1 + i, .code = 1});
		marks_end(&m, 1, 0, NULL);
		assert_true(w.full);
		free(small);
	}
	for EACH_KIND (k) {
		static struct event e;
		sample(&e, kinds[k]);
		size_t size = encode(room, &e).size;
		struct writer w = writer_of(room, size - 1);

		event_encode(&w, &e);
		assert_true(w.full);
	}
}

static void names_and_numbers_agree(void **state)
{
	(void)state;
#define X(name, number, version, spelling) assert_string_equal(event_kind_text(EVENT_##name), spelling);
	EVENT_KINDS(X)
#undef X
#define X(name, number, spelling) \
	assert_string_equal(alert_kind_text(ALERT_##name), spelling); \
	assert_int_equal(alert_kind_parse(slice_text(spelling)), number);
	ALERT_KINDS(X)
#undef X
#define X(name, number, spelling) \
	assert_string_equal(role_text(ROLE_##name), spelling); \
	assert_int_equal(role_parse(slice_text(spelling)), number);
	ROLES(X)
#undef X
	assert_null(event_kind_text(0));
	assert_null(alert_kind_text(0));
	assert_null(role_text(8));
	assert_int_equal(role_parse(slice_text("Officer")), 0);
	assert_int_equal(role_parse((struct slice){NULL, 0}), 0);
	assert_int_equal(alert_kind_parse(slice_text("due-")), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_comes_back),
		cmocka_unit_test(fields_come_back_where_they_were),
		cmocka_unit_test(nothing_is_read_short_or_long),
		cmocka_unit_test(what_is_read_has_no_other_spelling),
		cmocka_unit_test(what_is_out_of_range_is_refused),
		cmocka_unit_test(an_event_past_the_limit_is_refused),
		cmocka_unit_test(a_header_is_read_alone),
		cmocka_unit_test(marks_come_back_one_by_one),
		cmocka_unit_test(a_class_of_thirty_is_small),
		cmocka_unit_test(ruined_marks_are_refused),
		cmocka_unit_test(random_marks_come_back),
		cmocka_unit_test(a_writer_without_room_is_told_so),
		cmocka_unit_test(names_and_numbers_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
