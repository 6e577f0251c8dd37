/* proto_message.c - frames and the body of marks: what is refused, and why.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <msgpack.h>

#include "proto/message.h"
#include "proto/mp.h"
#include "proto/utf8.h"
#include "tests/proto_random.h"

static const uint8_t id[UUID_SIZE] = {0x01, 0x99, 0x22, 0xe2, 0x79, 0xb0, 0x7c, 0xc3,
                                      0x98, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f};

#define BODY(text) slice_of(text, sizeof(text) - 1)

static struct slice frame_of(uint8_t room[static 1024], uint8_t command, struct slice body)
{
	struct writer w = writer_of(room, 1024);

	message_request(&w, command, id, NULL);
	write_bytes(&w, body.bytes, body.size);
	assert_false(w.full);
	return writer_slice(&w);
}

static enum status decode(struct message *m, struct slice frame, const char **why, size_t *offset)
{
	enum status status = message_decode(m, frame, why, offset);

	/* There is a reason where there is a refusal, and only there. */
	assert_int_equal(status != STATUS_OK, *why != NULL);
	return status;
}

static void a_request_comes_back(void **state)
{
	uint8_t room[1024];
	struct message m;
	const char *why;
	size_t offset;
	struct slice frame = frame_of(room, COMMAND_CREDIT, BODY("\x81\xa6" "credit\x05"));

	(void)state;
	assert_int_equal(decode(&m, frame, &why, &offset), STATUS_OK);
	assert_int_equal(m.command, COMMAND_CREDIT);
	assert_memory_equal(m.id, id, UUID_SIZE);
	assert_int_equal(mp_find_uint(m.body, "credit", 0, &why), 5);
	/* Without a body. */
	assert_int_equal(decode(&m, frame_of(room, COMMAND_HELLO, BODY("")), &why, &offset), STATUS_OK);
	assert_int_equal(m.body.size, 0);
}

static void a_reply_to_several_comes_back(void **state)
{
	static const struct { uint16_t count; unsigned size; } sizes[] = {
		{ 2, 1 }, { 127, 1 }, { 128, 2 }, { 255, 2 }, { 256, 3 }, { 65535, 3 },
	};
	uint8_t room[TOGETHER_REPLY_SIZE_MAX];
	struct message m;
	struct together back, together = {.first = {1, 2, 3}};
	const char *why;
	size_t offset;

	(void)state;
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		struct writer w = writer_of(room, sizeof room);

		together.count = sizes[i].count;
		message_reply_together(&w, COMMAND_MARKS, id, STATUS_OK, 77, &together);
		assert_false(w.full);
		assert_int_equal(writer_size(&w), REPLY_HEAD_SIZE + 31 + sizes[i].size);
		assert_int_equal(decode(&m, writer_slice(&w), &why, &offset), STATUS_OK);
		assert_true(m.together);
		assert_int_equal(m.command, COMMAND_MARKS | COMMAND_REPLY);
		assert_int_equal(m.position, 77);
		assert_memory_equal(m.id, id, UUID_SIZE);
		assert_true(together_read(&back, m.body));
		assert_int_equal(back.count, together.count);
		assert_memory_equal(back.first, together.first, UUID_SIZE);
	}
	assert_false(together_read(&back, BODY("\x81\xa5" "count\x02")));
	assert_false(together_read(&back, BODY("\x82\xa5" "count\x00\xa5" "first\xc4\x10" "0123456789abcdef")));
	assert_false(together_read(&back, BODY("\x82\xa5" "count\x02\xa5" "first\xc4\x0f" "0123456789abcde")));
	assert_false(together_read(&back, BODY("\x82\xa5" "count\xce\x00\x01\x00\x00\xa5" "first\xc4\x10" "0123456789abcdef")));
}

static void a_request_may_ask_for_that(void **state)
{
	uint8_t room[1024];
	struct message m;
	const char *why;
	size_t offset;
	struct slice frame = frame_of(room, COMMAND_MARKS, BODY("\x80"));

	(void)state;
	assert_int_equal(decode(&m, frame, &why, &offset), STATUS_OK);
	assert_false(m.together);
	room[MESSAGE_VERSION_AT] |= MESSAGE_TOGETHER;
	assert_int_equal(decode(&m, frame, &why, &offset), STATUS_OK);
	assert_true(m.together);
	room[MESSAGE_VERSION_AT] = MESSAGE_TOGETHER | 2;
	assert_int_equal(decode(&m, frame, &why, &offset), STATUS_BAD_VERSION);
}

/* Whom a board asks for stands between head and body; a reply has no such thing. */
static void a_request_may_be_for_another(void **state)
{
	uint8_t room[128], reader[PUBLIC_KEY_SIZE];
	struct writer w = writer_of(room, sizeof room);
	struct message m;
	const char *why;
	size_t offset;

	(void)state;
	memset(reader, 0x5a, sizeof reader);
	message_request(&w, COMMAND_HELLO, id, reader);
	assert_int_equal(decode(&m, writer_slice(&w), &why, &offset), STATUS_OK);
	assert_true(m.for_another);
	assert_memory_equal(m.reader, reader, sizeof reader);
	assert_int_equal(m.body.size, 0);
	write_u8(&w, 0x80);
	assert_int_equal(decode(&m, writer_slice(&w), &why, &offset), STATUS_OK);
	assert_int_equal(m.body.size, 1);
	assert_int_equal(decode(&m, slice_of(room, REQUEST_HEAD_SIZE + PUBLIC_KEY_SIZE - 1), &why, &offset), STATUS_BAD_FRAME);
	w = writer_of(room, sizeof room);
	message_reply(&w, COMMAND_HELLO, id, STATUS_OK, 1);
	write_bytes(&w, reader, sizeof reader);
	room[MESSAGE_VERSION_AT] |= MESSAGE_FOR;
	assert_int_equal(decode(&m, writer_slice(&w), &why, &offset), STATUS_BAD_FRAME);
}

static void a_reply_comes_back(void **state)
{
	uint8_t room[64];
	struct writer w = writer_of(room, sizeof room);
	struct message m;
	const char *why;
	size_t offset;

	(void)state;
	message_reply(&w, COMMAND_MARKS, id, STATUS_PARTIAL, UINT64_C(0x0102030405060708));
	assert_int_equal(writer_size(&w), REPLY_HEAD_SIZE);
	write_u8(&w, 0x80);
	assert_int_equal(decode(&m, writer_slice(&w), &why, &offset), STATUS_OK);
	assert_int_equal(m.command, COMMAND_MARKS | COMMAND_REPLY);
	assert_int_equal(m.status, STATUS_PARTIAL);
	assert_true(m.position == UINT64_C(0x0102030405060708));
	assert_int_equal(m.body.size, 1);
	for (size_t size = 0; size < REPLY_HEAD_SIZE; size++)
		assert_int_equal(decode(&m, slice_of(room, size), &why, &offset), STATUS_BAD_FRAME);
}

static void every_command_is_known_and_no_other(void **state)
{
	uint8_t room[1024];
	struct message m;
	const char *why;
	size_t offset;
	unsigned known = 0, listed = 0;

	(void)state;
	for (unsigned command = 0; command < 256; command++) {
		struct slice frame = frame_of(room, (uint8_t)command, BODY("\0\0\0\0\0\0\0\0\0\0"));
		enum status status;

		if (command < COMMAND_REPLY)
			frame.size = REQUEST_HEAD_SIZE;
		status = decode(&m, frame, &why, &offset);
		known += status == STATUS_OK;
		if (status != STATUS_OK) /* a bundle of nothing is none */
			assert_int_equal(status, command == COMMAND_BUNDLE ? STATUS_BAD_FRAME : STATUS_BAD_COMMAND);
		/* Even a refusal can be matched to what it refuses. */
		assert_memory_equal(m.id, id, UUID_SIZE);
	}
#define X(name, number, text) listed++;
	COMMANDS(X)
#undef X
	/* As replies all, and as requests all but the two that only the daemon sends, and that one. */
	assert_int_equal(known, 2 * listed - 3);
	assert_int_equal(decode(&m, frame_of(room, COMMAND_ITEMS, BODY("")), &why, &offset), STATUS_BAD_COMMAND);
	assert_int_equal(decode(&m, frame_of(room, COMMAND_HEARTBEAT, BODY("")), &why, &offset), STATUS_BAD_COMMAND);
	assert_string_equal(command_text(COMMAND_ACKNOWLEDGE), "acknowledge");
	assert_null(command_text(0));
	assert_null(command_text(COMMAND_MARKS | COMMAND_REPLY));
}

static void what_is_not_of_this_protocol_is_told_apart(void **state)
{
	static const uint8_t zeroes[UUID_SIZE];
	uint8_t room[1024], *large;
	struct message m;
	const char *why;
	size_t offset;
	struct slice frame = frame_of(room, COMMAND_HELLO, BODY("\x80"));

	(void)state;
	for (size_t size = 0; size < REQUEST_HEAD_SIZE; size++) {
		assert_int_equal(decode(&m, slice_of(room, size), &why, &offset), STATUS_BAD_FRAME);
		assert_memory_equal(m.id, zeroes, UUID_SIZE);
	}
	room[0] = 0xa6;
	assert_int_equal(decode(&m, frame, &why, &offset), STATUS_BAD_FRAME);
	room[0] = 0xa7;
	room[2] = 2;
	assert_int_equal(decode(&m, frame, &why, &offset), STATUS_BAD_VERSION);
	assert_memory_equal(m.id, id, UUID_SIZE);
	/* Of another version nothing else is known, its size included. */
	assert_int_equal(decode(&m, slice_of(room, 5), &why, &offset), STATUS_BAD_VERSION);
	large = calloc(1, MESSAGE_SIZE_MAX + 1);
	memcpy(large, room, 4);
	memcpy(large + 4, id, UUID_SIZE);
	assert_int_equal(decode(&m, slice_of(large, MESSAGE_SIZE_MAX + 1), &why, &offset), STATUS_TOO_LARGE);
	assert_memory_equal(m.id, id, UUID_SIZE);
	assert_int_equal(m.command, COMMAND_HELLO);
	large[0] = 0;
	assert_int_equal(decode(&m, slice_of(large, MESSAGE_SIZE_MAX + 1), &why, &offset), STATUS_TOO_LARGE);
	assert_int_equal(decode(&m, slice_of(large, MESSAGE_SIZE_MAX), &why, &offset), STATUS_BAD_FRAME);
	free(large);
}

/* A bundle of `count` pieces of 3 bytes, then what follows. */
static struct slice bundle_of(uint8_t *room, size_t size, unsigned count, struct slice rest)
{
	struct writer w = writer_of(room, size);

	message_request(&w, COMMAND_BUNDLE, id, NULL);
	for (unsigned i = 0; i < count; i++) {
		write_u32(&w, 3);
		write_bytes(&w, "abc", 3);
	}
	write_bytes(&w, rest.bytes, rest.size);
	assert_false(w.full);
	return writer_slice(&w);
}

static void a_bundle_is_cut_right_or_not_at_all(void **state)
{
	static uint8_t room[4096];
	struct message m;
	const char *why;
	size_t offset;
	struct slice piece;
	unsigned count = 0;

	(void)state;
	assert_int_equal(decode(&m, bundle_of(room, sizeof room, BUNDLE_MAX, BODY("")), &why, &offset), STATUS_OK);
	for (struct slice left = m.body; bundle_next(&left, &piece); count++)
		assert_true(slice_is(piece, "abc"));
	assert_int_equal(count, BUNDLE_MAX);
	assert_int_equal(decode(&m, bundle_of(room, sizeof room, BUNDLE_MAX + 1, BODY("")), &why, &offset), STATUS_BAD_FRAME);
	assert_int_equal(decode(&m, bundle_of(room, sizeof room, 0, BODY("")), &why, &offset), STATUS_BAD_FRAME);
	/* a piece of nothing, one cut short, a size cut short, one that would run past any end */
	assert_int_equal(decode(&m, bundle_of(room, sizeof room, 2, BODY("\0\0\0\0")), &why, &offset), STATUS_BAD_FRAME);
	assert_int_equal(decode(&m, bundle_of(room, sizeof room, 2, BODY("\0\0\0\3ab")), &why, &offset), STATUS_BAD_FRAME);
	assert_int_equal(decode(&m, bundle_of(room, sizeof room, 2, BODY("\0\0\0")), &why, &offset), STATUS_BAD_FRAME);
	assert_int_equal(decode(&m, bundle_of(room, sizeof room, 2, BODY("\xff\xff\xff\xff" "abc")), &why, &offset), STATUS_BAD_FRAME);
	assert_int_equal(m.body.size, 0);
	assert_non_null(strstr(why, "1 to 256"));
	/* it is nobody's but its pieces', and they say for whom and how they may be answered */
	bundle_of(room, sizeof room, 1, BODY(""));
	room[MESSAGE_VERSION_AT] |= MESSAGE_TOGETHER;
	assert_int_equal(decode(&m, slice_of(room, REQUEST_HEAD_SIZE + 7), &why, &offset), STATUS_BAD_FRAME);
	assert_non_null(strstr(why, "bits"));
}

static void a_body_is_a_map_that_passes_the_check(void **state)
{
	uint8_t room[1024];
	struct message m;
	const char *why;
	size_t offset;

	(void)state;
	assert_int_equal(decode(&m, frame_of(room, COMMAND_HELLO, BODY("\x90")), &why, &offset), STATUS_BAD_BODY);
	assert_string_equal(why, "the body is not a map");
	assert_int_equal(decode(&m, frame_of(room, COMMAND_HELLO, BODY("\xc0")), &why, &offset), STATUS_BAD_BODY);
	assert_int_equal(decode(&m, frame_of(room, COMMAND_HELLO, BODY("\x81\xa1" "a\xdd\xff\x00\x00\x00")), &why, &offset),
	                 STATUS_BAD_BODY);
	assert_string_equal(why, "it ends too early");
	assert_int_equal(offset, 3);
	assert_int_equal(m.body.size, 0);
	assert_memory_equal(m.id, id, UUID_SIZE);
}

static void every_row_fault_has_its_field_and_text(void **state)
{
	(void)state;
#define X(name, number, field, text) \
	assert_string_equal(row_fault_field(ROW_##name), field); \
	assert_string_equal(row_fault_text(ROW_##name), text);
	ROW_FAULTS(X)
#undef X
	assert_null(row_fault_field(0));
	assert_null(row_fault_text(200));
}

/* Two registers, the second with extras; in either order of the keys. */
#define URN "\xa3" "urn\xa6" "106125"
#define REGISTERS \
	"\xa9" "registers\x93" \
	"\x93\xaa" "2026-09-07\xa2" "AM\x92\x92\xad" "B801200005001\xa1" "/\x92\xad" "Q801200005002\xa1" "N" \
	"\x93\xaa" "2026-09-07\xa2" "PM\x90" \
	"\x93\xaa" "2026-09-08\xa2" "PM\x91\x93\xad" "B801200005001\xa1" "L\x83\xac" "minutes_late\x05\xab" \
	"recorded_at\xb4" "2026-09-08T12:55:00Z\xa7" "comment\xa3" "bus"

static void read_marks(struct slice body)
{
	struct submitted_marks s;
	struct submitted_mark mark;
	size_t offset;

	assert_null(mp_check(body, &offset));
	assert_true(submitted_marks_open(&s, body));
	assert_true(slice_is(s.urn, "106125"));
	assert_true(submitted_marks_next(&s, &mark));
	assert_true(slice_is(s.date, "2026-09-07"));
	assert_true(slice_is(s.session, "AM"));
	assert_true(slice_is(mark.upn, "B801200005001"));
	assert_true(slice_is(mark.code, "/"));
	assert_true(mark.new_register);
	assert_false(mark.has_extras);
	assert_true(submitted_marks_next(&s, &mark));
	assert_true(slice_is(mark.upn, "Q801200005002"));
	assert_false(mark.new_register);
	assert_false(mark.has_extras);
	assert_true(submitted_marks_next(&s, &mark));
	assert_true(slice_is(s.date, "2026-09-08"));
	assert_true(slice_is(s.session, "PM"));
	assert_true(mark.new_register);
	assert_true(mark.has_extras);
	assert_int_equal(mark.minutes_late, 5);
	assert_true(slice_is(mark.recorded_at, "2026-09-08T12:55:00Z"));
	assert_true(slice_is(mark.comment, "bus"));
	assert_false(submitted_marks_next(&s, &mark));
	assert_null(s.fault);
	assert_false(submitted_marks_next(&s, &mark));
}

static void marks_are_read_in_place(void **state)
{
	struct submitted_marks s;
	struct submitted_mark mark;

	(void)state;
	read_marks(BODY("\x82" URN REGISTERS));
	read_marks(BODY("\x82" REGISTERS URN));
	/* No register at all is of the form; that nothing is in it is the engine's to say. */
	assert_true(submitted_marks_open(&s, BODY("\x82" URN "\xa9" "registers\x90")));
	assert_false(submitted_marks_next(&s, &mark));
	assert_null(s.fault);
}

static void minutes_late_out_of_range_are_left_to_the_row(void **state)
{
	static const struct {
		const char *spelt;
		size_t size;
		uint64_t minutes;
	} cases[] = {{"\x00", 1, 0}, {"\xcd\x02\x59", 3, 601}, {"\xff", 1, UINT64_MAX - 1},
	             {"\xcf\xff\xff\xff\xff\xff\xff\xff\xff", 9, UINT64_MAX - 1}};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		uint8_t room[200];
		struct writer w = writer_of(room, sizeof room);
		struct submitted_marks s;
		struct submitted_mark mark;
		struct slice before = BODY("\x82" URN "\xa9" "registers\x91\x93\xa1" "d\xa1" "s\x91\x93\xa1" "u\xa1" "L\x81\xac"
		                           "minutes_late");

		write_bytes(&w, before.bytes, before.size);
		write_bytes(&w, cases[i].spelt, cases[i].size);
		assert_true(submitted_marks_open(&s, writer_slice(&w)));
		assert_true(submitted_marks_next(&s, &mark));
		assert_true(mark.minutes_late == cases[i].minutes);
	}
}

static void other_forms_of_marks_are_faults(void **state)
{
	static const char map[] = "marks is a map of urn and registers, and nothing else";
	static const char register_form[] = "a register is [date, session, [mark ...]]";
	static const char mark_form[] = "a mark is [upn, code] or [upn, code, {...}]";
	static const char extras_form[] = "a mark's third part is a map of minutes_late, recorded_at and comment";
	const struct {
		struct slice body;
		const char *fault;
	} cases[] = {
		{BODY(""), map},
		{BODY("\x80"), map},
		{BODY("\x81" URN), map},
		{BODY("\x83" URN REGISTERS "\xa1" "x\x01"), map},
		{BODY("\x82" URN "\xa1" "x\x90"), map},
		{BODY("\x82\xa3" "urn\x01" REGISTERS), "urn is not a string"},
		{BODY("\x82" URN "\xa9" "registers\x80"), "registers is not an array"},
		{BODY("\x82\xa9" "registers\xc0" URN), "registers is not an array"},
		{BODY("\x82" URN "\xa9" "registers\x91\xc0"), register_form},
		{BODY("\x82" URN "\xa9" "registers\x91\x92\xa1" "d\xa1" "s"), register_form},
		{BODY("\x82" URN "\xa9" "registers\x91\x93\x01\xa1" "s\x90"), "a date is a string"},
		{BODY("\x82" URN "\xa9" "registers\x91\x93\xa1" "d\xc0\x90"), "a session is a string"},
		{BODY("\x82" URN "\xa9" "registers\x91\x93\xa1" "d\xa1" "s\x80"), register_form},
		{BODY("\x82" URN "\xa9" "registers\x91\x93\xa1" "d\xa1" "s\x91\xa1" "u"), mark_form},
		{BODY("\x82" URN "\xa9" "registers\x91\x93\xa1" "d\xa1" "s\x91\x91\xa1" "u"), mark_form},
		{BODY("\x82" URN "\xa9" "registers\x91\x93\xa1" "d\xa1" "s\x91\x94\xa1" "u\xa1" "/\x80\x80"), mark_form},
		{BODY("\x82" URN "\xa9" "registers\x91\x93\xa1" "d\xa1" "s\x91\x92\x01\xa1" "/"), "a upn is a string"},
		{BODY("\x82" URN "\xa9" "registers\x91\x93\xa1" "d\xa1" "s\x91\x92\xa1" "u\x01"), "a code is a string"},
		{BODY("\x82" URN "\xa9" "registers\x91\x93\xa1" "d\xa1" "s\x91\x93\xa1" "u\xa1" "/\x90"), extras_form},
		{BODY("\x82" URN "\xa9" "registers\x91\x93\xa1" "d\xa1" "s\x91\x93\xa1" "u\xa1" "/\x81\xa1" "x\x01"), extras_form},
		{BODY("\x82" URN "\xa9" "registers\x91\x93\xa1" "d\xa1" "s\x91\x93\xa1" "u\xa1" "/\x81\xac" "minutes_late\xa1" "5"),
	         "minutes_late is not a whole number"},
		{BODY("\x82" URN "\xa9" "registers\x91\x93\xa1" "d\xa1" "s\x91\x93\xa1" "u\xa1" "/\x81\xa7" "comment\xc0"),
	         "recorded_at and comment are strings"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct submitted_marks s;
		struct submitted_mark mark;

		if (submitted_marks_open(&s, cases[i].body))
			assert_false(submitted_marks_next(&s, &mark));
		assert_non_null(s.fault);
		assert_string_equal(s.fault, cases[i].fault);
		assert_false(submitted_marks_next(&s, &mark));
	}
}

static void ruined_marks_are_read_within_their_bounds(void **state)
{
	const struct slice goods[] = {
		BODY("\x82" REGISTERS URN),
		BODY("\x82" URN "\xa9" "registers\x91\x93\xaa" "2026-09-07\xa2" "AM\x92\x92\xad" "B801200005001\xa1" "/\x92\xad"
		     "Q801200005002\xa1" "N"),
	};
	unsigned passed = 0, sure = 0;

	(void)state;
	random_start();
	for (unsigned round = 0; round < 100000; round++) {
		struct slice good = goods[random_below(2)];
		size_t size = random_below(2) ? good.size : 1 + random_below(good.size), offset;
		uint8_t *ruin = malloc(size);
		struct submitted_marks s;
		struct submitted_mark mark;
		bool plain = true;

		memcpy(ruin, good.bytes, size);
		for (uint64_t changes = random_below(3); changes > 0; changes--)
			ruin[random_below(size)] = (uint8_t)random_below(256);
		/* Unchecked on purpose: memory is never trusted to the check. */
		if (submitted_marks_open(&s, slice_of(ruin, size)))
			while (submitted_marks_next(&s, &mark)) {
				assert_true(mark.upn.bytes >= ruin && mark.upn.bytes + mark.upn.size <= ruin + size);
				plain &= utf8_ok(mark.upn) && utf8_ok(mark.code) && utf8_ok(s.date) && utf8_ok(s.session);
			}
		passed += s.fault == NULL;
		/* What is not gone through again needs it not. */
		if (plain && !submitted_marks_doubtful(&s)) {
			sure++;
			assert_null(mp_check(slice_of(ruin, size), &offset));
		}
		free(ruin);
	}
	assert_in_range(passed, 1, 99999);
	assert_in_range(sure, 1, passed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_comes_back),
		cmocka_unit_test(a_request_may_be_for_another),
		cmocka_unit_test(a_reply_comes_back),
		cmocka_unit_test(a_reply_to_several_comes_back),
		cmocka_unit_test(a_request_may_ask_for_that),
		cmocka_unit_test(every_command_is_known_and_no_other),
		cmocka_unit_test(what_is_not_of_this_protocol_is_told_apart),
		cmocka_unit_test(a_bundle_is_cut_right_or_not_at_all),
		cmocka_unit_test(a_body_is_a_map_that_passes_the_check),
		cmocka_unit_test(every_row_fault_has_its_field_and_text),
		cmocka_unit_test(marks_are_read_in_place),
		cmocka_unit_test(minutes_late_out_of_range_are_left_to_the_row),
		cmocka_unit_test(other_forms_of_marks_are_faults),
		cmocka_unit_test(ruined_marks_are_read_within_their_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
