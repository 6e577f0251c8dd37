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
#include "tests/proto_marks.h"
#include "tests/proto_random.h"

enum { ROOM = 64 * 1024 };

static uint8_t rows_room[256];

static struct slice text(const char *s)
{
	return slice_text(s);
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
		e->store_created = (struct event_store_created){text("Stockport"), 1, 1788768000123};
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
			text("one session"), 1u << ROLE_OFFICER | 1u << ROLE_MANAGER, text("SP-10")};
		return;
	case EVENT_ALERT_CHANGED:
		e->alert_changed = (struct event_alert_changed){500, text("two sessions"), 106125};
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
	case EVENT_PUPIL_FACT:
		e->pupil_fact = (struct event_pupil_fact){200, FACT_PROSECUTED_BEFORE, true, 20703, text("p1"), 106125, text("sealed")};
		return;
	case EVENT_PUPILS_LINKED:
		e->pupils_linked = (struct event_pupils_linked){200, 300, text("p1"), text("m"), true};
		return;
	case EVENT_COVER_NAMED:
		e->cover_named = (struct event_cover_named){.from = 20703, .until = 20714, .stands = true};
		memset(e->cover_named.officer, 0xab, PUBLIC_KEY_SIZE);
		memset(e->cover_named.cover, 0xcd, PUBLIC_KEY_SIZE);
		return;
	case EVENT_CASE_MOVED:
		e->case_moved = (struct event_case_moved){.case_no = 12, .pupil = 300, .pathway = text("three-stage"),
			.pathway_version = 2, .stage = text("stage-2"), .deadline_count = 2,
			.deadlines = {{text("review"), text("plan-review")}, {text("nti-end"), text("")}}, .sealed = text("sealed")};
		return;
	case EVENT_PATHWAY_CHOSEN:
		e->pathway_chosen = (struct event_pathway_chosen){106125, text("three-stage")};
		return;
	case EVENT_MEETING_OFFERED:
		e->meeting_offered = (struct event_meeting_offered){106125, 20703, true, text("targeted-support")};
		return;
	case EVENT_DAY_ENDED:
		e->day_ended.day = 20703;
		return;
	case EVENT_SCHOOL_DESCRIBED:
		e->school_described = (struct event_school_described){106125, 1 << SCHOOL_SECONDARY, text("St Mary's")};
		return;
	case EVENT_TASK_DONE:
		e->task_done = (struct event_task_done){106125, text("attendance-display"), 20704, 20703, 20707};
		return;
	}
	fail_msg("there is no sample of event kind %u", kind);
}

static const uint8_t kinds[] = {
#define X(name, number, version, text, body) number,
	EVENT_KINDS(X)
#undef X
}, versions[] = {
#define X(name, number, version, text, body) version,
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
		assert_int_equal(back.version, versions[k]);
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
	assert_int_equal(e.alert_raised.tells, 1u << ROLE_OFFICER | 1u << ROLE_MANAGER);
	assert_true(slice_is(e.alert_raised.clause, "SP-10"));
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
static struct slice marks_again(uint8_t room[static ROOM], uint8_t version, struct slice body)
{
	static struct refusal refusals[512];
	struct writer w = writer_of(room, ROOM);
	struct marks_reader r;
	struct marks_writer m;
	struct mark mark;
	uint32_t refused = 0, registers;

	marks_open(&r, version, body);
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
				/* an older one is written as the newest is */
				if (back.version == event_newest(back.kind) && !slice_equal(encode(again, &back), s))
					fail_msg("%s has two spellings", event_kind_text(kinds[k]));
				if (back.kind == EVENT_MARKS_RECORDED)
					assert_true(slice_equal(marks_again(again, back.version, back.marks_recorded.body), back.marks_recorded.body));
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
	refused_with(record, VERSION, 3);
	refused_with(record, MADE, 3);
	sample(&e, EVENT_DEADLINE_FIRED);
	e.submitted = false;
	record = encode(room, &e);
	refused_with(record, BODY + 2, 0);
	refused_with(record, BODY + 2, 4);
	sample(&e, EVENT_ALERT_RAISED);
	e.submitted = false;
	record = encode(room, &e);
	refused_with(record, BODY, 0);
	refused_with(record, BODY, ALERT_KIND_LIMIT - 1);
	sample(&e, EVENT_ACCESS_GRANTED);
	e.submitted = false;
	record = encode(room, &e);
	refused_with(record, BODY + PUBLIC_KEY_SIZE, 0);
	refused_with(record, BODY + PUBLIC_KEY_SIZE, 10);
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

		e.alert_changed.text = slice_of(blob, EVENT_SIZE_MAX - 19 + i);
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

static void a_writer_without_room_is_told_so(void **state)
{
	static uint8_t room[ROOM];

	(void)state;
	for EACH_KIND (k) {
		static struct event e;
		sample(&e, kinds[k]);
		size_t size = encode(room, &e).size;
		struct writer w = writer_of(room, size - 1);

		event_encode(&w, &e);
		assert_true(w.full);
	}
}

static void one_that_is_made_holds_nothing_of_what_was_there(void **state)
{
	static struct event made, zero;
	static uint8_t room[ROOM], expected[ROOM];

	(void)state;
	for EACH_KIND (k) {
		memset(&made, 0xff, sizeof made);
		event_make(&made, kinds[k]);
		memset(&zero, 0, sizeof zero);
		zero.kind = kinds[k];
		assert_int_equal(made.version, versions[k]);
		assert_true(slice_equal(encode(room, &made), encode(expected, &zero)));
	}
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
		cmocka_unit_test(a_writer_without_room_is_told_so),
		cmocka_unit_test(one_that_is_made_holds_nothing_of_what_was_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
