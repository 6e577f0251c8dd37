/* proto_mp.c - the msgpack reader takes one spelling of everything, and lies about
 * length, depth and count end where they stand.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include <msgpack.h>

#include "proto/mp.h"
#include "proto/utf8.h"
#include "tests/proto_random.h"

/* A body spelt as a string literal, zeroes and all. */
#define BODY(text) slice_of(text, sizeof(text) - 1)

static const char *check(struct slice s)
{
	size_t offset;

	return mp_check(s, &offset);
}

static void refused(struct slice s, const char *why, size_t where)
{
	size_t offset = 999;
	const char *fault = mp_check(s, &offset);
	struct mp m = mp_of(s);

	assert_non_null(fault);
	assert_string_equal(fault, why);
	assert_int_equal(offset, where);
	/* The cheaper walk stops within the bytes too. */
	mp_pass(&m);
	assert_true(m.at <= m.end);
}

static void bombs_of_length_are_refused_where_they_stand(void **state)
{
	static const char early[] = "it ends too early";

	(void)state;
	refused(BODY("\xdd\xff\x00\x00\x00"), early, 0);
	refused(BODY("\xdf\x7f\x00\x00\x00"), "a map has more than 64 keys", 0);
	refused(BODY("\xdc\xff\xff"), early, 0);
	refused(BODY("\xdb\xff\xff\xff\xff"), early, 0);
	refused(BODY("\xc6\xff\xff\xff\xff"), early, 0);
	refused(BODY("\x91\x9f\x01"), early, 1);
	refused(BODY("\x82\xa1" "a\x01"), early, 0);
	refused(BODY("\xd9\xff" "abc"), early, 0);
}

static void depth_ends_at_eight(void **state)
{
	(void)state;
	assert_null(check(BODY("\x91\x91\x91\x91\x91\x91\x91\x91\x01")));
	refused(BODY("\x91\x91\x91\x91\x91\x91\x91\x91\x91\x01"), "nested too deep", 8);
	assert_null(check(BODY("\x91\x91\x91\x91\x91\x91\x91\x90")));
	refused(BODY("\x91\x91\x91\x91\x91\x91\x91\x91\x90"), "nested too deep", 8);
	/* Maps count like arrays, and what was closed does not count. */
	assert_null(check(BODY("\x92\x81\xa1" "a\x91\x91\x91\x91\x91\x90\x91\x91\x91\x91\x91\x91\x80")));
	refused(BODY("\x91\x81\xa1" "a\x91\x91\x91\x91\x91\x91\x80"), "nested too deep", 10);
}

static void a_key_stands_once_in_its_map(void **state)
{
	static const char twice[] = "the same key twice in a map";

	(void)state;
	assert_null(check(BODY("\x82\xa1" "a\x01\xa1" "b\x01")));
	refused(BODY("\x82\xa1" "a\x01\xa1" "a\x02"), twice, 4);
	refused(BODY("\x83\xa1" "a\x01\xa1" "b\x01\xa1" "a\x02"), twice, 7);
	refused(BODY("\x82\xa0\x01\xa0\x01"), twice, 3);
	/* The same key in another map is another key; in an inner map too. */
	assert_null(check(BODY("\x92\x81\xa1" "a\x01\x81\xa1" "a\x01")));
	assert_null(check(BODY("\x82\xa1" "a\x81\xa1" "a\x01\xa1" "b\x01")));
	/* After an inner map the outer one's keys are still known. */
	refused(BODY("\x83\xa1" "a\x82\xa1" "b\x01\xa1" "c\x01\xa1" "b\x01\xa1" "a\x01"), twice, 13);
	refused(BODY("\x91\x82\xa1" "a\x90\xa1" "a\x90"), twice, 5);
	refused(BODY("\x81\x01\x01"), "a key is not a string", 1);
	refused(BODY("\x81\x90\x01"), "a key is not a string", 1);
	refused(BODY("\x81\xc0\x01"), "a key is not a string", 1);
}

static void a_map_has_at_most_64_keys(void **state)
{
	(void)state;
	for (unsigned count = MP_FIELDS_MAX; count <= MP_FIELDS_MAX + 1; count++) {
		uint8_t room[300];
		struct writer w = writer_of(room, sizeof room);

		write_u8(&w, 0xde);
		write_u16(&w, (uint16_t)count);
		for (unsigned i = 0; i < count; i++) {
			write_u8(&w, 0xa2);
			write_u8(&w, (uint8_t)('a' + i / 10));
			write_u8(&w, (uint8_t)('0' + i % 10));
			write_u8(&w, 0xc0);
		}
		if (count == MP_FIELDS_MAX)
			assert_null(check(writer_slice(&w)));
		else
			refused(writer_slice(&w), "a map has more than 64 keys", 0);
	}
}

static void a_body_ends_where_it_ends(void **state)
{
	static const char body[] = "\x83\xa1" "a\x92\x01\xcd\x01\x00\xa1" "b\xd9\x20" "01234567890123456789012345678901\xa1"
	                           "c\xc4\x02\xff\xfe";

	(void)state;
	assert_null(check(BODY(body)));
	for (size_t size = 0; size < sizeof body - 1; size++) {
		uint8_t *copy = malloc(size > 0 ? size : 1);

		memcpy(copy, body, size);
		assert_string_equal(check(slice_of(copy, size)), "it ends too early");
		free(copy);
	}
	refused(BODY("\x80\x00"), "bytes are left over", 1);
	refused(BODY("\x80\xc1"), "bytes are left over", 1);
	refused(BODY(""), "it ends too early", 0);
}

static void only_the_shortest_form_is_taken(void **state)
{
	static const char longer[] = "a number or length is not in its shortest form";
	static const struct {
		size_t size;
		const char *bytes;
	} wrong[] = {
		{2, "\xcc\x7f"}, {3, "\xcd\x00\xff"}, {5, "\xce\x00\x00\xff\xff"}, {9, "\xcf\x00\x00\x00\x00\xff\xff\xff\xff"},
		{2, "\xd0\x00"}, {2, "\xd0\x7f"}, {2, "\xd0\xe0"}, {3, "\xd1\xff\x80"}, {3, "\xd1\x01\x00"},
		{5, "\xd2\xff\xff\x80\x00"}, {9, "\xd3\xff\xff\xff\xff\x80\x00\x00\x00"},
		{9, "\xd3\x7f\xff\xff\xff\xff\xff\xff\xff"}, {3, "\xd9\x01" "a"}, {4, "\xda\x00\x01" "a"},
		{6, "\xdb\x00\x00\x00\x01" "a"}, {4, "\xc5\x00\x01" "a"}, {6, "\xc6\x00\x00\x00\x01" "a"},
		{4, "\xdc\x00\x01\x01"}, {6, "\xdd\x00\x00\x00\x01\x01"}, {3, "\xde\x00\x00"}, {5, "\xdf\x00\x00\x00\x00"},
	}, right[] = {
		{1, "\x7f"}, {2, "\xcc\x80"}, {3, "\xcd\x01\x00"}, {5, "\xce\x00\x01\x00\x00"},
		{9, "\xcf\x00\x00\x00\x01\x00\x00\x00\x00"}, {9, "\xcf\xff\xff\xff\xff\xff\xff\xff\xff"}, {1, "\xe0"},
		{2, "\xd0\xdf"}, {2, "\xd0\x80"}, {3, "\xd1\xff\x7f"}, {5, "\xd2\xff\xff\x7f\xff"},
		{9, "\xd3\xff\xff\xff\xff\x7f\xff\xff\xff"}, {9, "\xd3\x80\x00\x00\x00\x00\x00\x00\x00"},
		{3, "\xc4\x01" "a"}, {2, "\xc4\x00"}, {1, "\xc0"}, {1, "\xc2"}, {1, "\xc3"}, {5, "\xca\x3f\x80\x00\x00"},
		{9, "\xcb\x3f\xf0\x00\x00\x00\x00\x00\x00"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		refused(slice_of(wrong[i].bytes, wrong[i].size), longer, 0);
	for (size_t i = 0; i < sizeof right / sizeof right[0]; i++)
		assert_null(check(slice_of(right[i].bytes, right[i].size)));
}

static void extensions_and_the_unused_byte_are_refused(void **state)
{
	(void)state;
	refused(BODY("\xc1"), "a byte that is never used", 0);
	refused(BODY("\xd4\x01\x00"), "an extension type", 0);
	refused(BODY("\xd6\xff\x00\x00\x00\x00"), "an extension type", 0); /* the timestamp */
	refused(BODY("\xd8\x01" "0123456789abcdef"), "an extension type", 0);
	refused(BODY("\xc7\x00\x01"), "an extension type", 0);
	refused(BODY("\x91\xc9\xff\xff\xff\xff\x01"), "an extension type", 1);
}

static void strings_are_utf8(void **state)
{
	static const char *const wrong[] = {
		"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc3", "\xc3\x28", "\xe0\x9f\xbf", "\xe2\x82", "\xe2\x28\xa1",
		"\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x8f\xbf\xbf", "\xf0\x90\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
		"\xfe", "\xff", "long enough\x80", "eight by\xe9tes",
	};
	static const char *const right[] = {
		"", "a", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf",
		"\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "Zo\xc3\xab Garc\303\255a-O'Neill", "\x7f",
	};

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0] + sizeof right / sizeof right[0]; i++) {
		bool is_wrong = i < sizeof wrong / sizeof wrong[0];
		const char *text = is_wrong ? wrong[i] : right[i - sizeof wrong / sizeof wrong[0]];
		uint8_t room[64];
		struct writer w = writer_of(room, sizeof room);
		struct mp m;

		write_u8(&w, (uint8_t)(0xa0 | strlen(text)));
		write_bytes(&w, text, strlen(text));
		m = mp_of(writer_slice(&w));
		if (is_wrong) {
			refused(writer_slice(&w), "a string is not UTF-8", 0);
			assert_int_equal(mp_str(&m).size, 0);
			assert_non_null(m.fault);
		} else {
			assert_null(check(writer_slice(&w)));
			assert_true(slice_is(mp_str(&m), text));
			assert_true(mp_done(&m));
		}
	}
	/* Binary need not be text. */
	assert_null(check(BODY("\xc4\x01\xff")));
}

/* However few bytes there is room for, no half of a character is left. */
static void a_text_is_cut_between_two_characters(void **state)
{
	static const char text[] = "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80z";
	static const size_t whole[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11};

	(void)state;
	for (size_t most = 0; most < sizeof whole / sizeof *whole; most++) {
		char room[16];

		assert_int_equal(utf8_head(slice_text(text), most).size, whole[most]);
		memset(room, 'x', sizeof room);
		utf8_cut(room, most + 1, snprintf(room, most + 1, "%s", text));
		assert_true(utf8_ok(slice_text(room)) && strncmp(room, text, strlen(room)) == 0);
		assert_true(strlen(room) + 4 >= most && strlen(room) <= most);
	}
}

static void the_cursor_reads_what_msgpack_c_packs(void **state)
{
	msgpack_sbuffer buffer;
	msgpack_packer packer;
	struct mp m;
	static const int64_t numbers[] = {0, 1, 127, 128, 255, 256, 65535, 65536, UINT32_MAX, INT64_C(4294967296),
	                                  INT64_MAX, -1, -32, -33, -128, -129, -32768, -32769, INT32_MIN,
	                                  (int64_t)INT32_MIN - 1, INT64_MIN};

	(void)state;
	msgpack_sbuffer_init(&buffer);
	msgpack_packer_init(&packer, &buffer, msgpack_sbuffer_write);
	msgpack_pack_array(&packer, 27);
	for (size_t i = 0; i < 21; i++)
		msgpack_pack_int64(&packer, numbers[i]);
	msgpack_pack_uint64(&packer, UINT64_MAX);
	msgpack_pack_true(&packer);
	msgpack_pack_nil(&packer);
	msgpack_pack_double(&packer, 93.5);
	msgpack_pack_float(&packer, 0.25F);
	msgpack_pack_map(&packer, 1);
	msgpack_pack_str_with_body(&packer, "key", 3);
	msgpack_pack_bin_with_body(&packer, "\x00\xff", 2);

	m = mp_of(slice_of(buffer.data, buffer.size));
	assert_null(check(slice_of(buffer.data, buffer.size)));
	assert_int_equal(mp_array(&m), 27);
	for (size_t i = 0; i < 21; i++) {
		assert_int_equal(mp_peek(&m), numbers[i] < 0 ? MP_INT : MP_UINT);
		assert_true(mp_int(&m) == numbers[i]);
	}
	struct mp before = m;
	assert_true(mp_int(&before) == 0); /* more than it holds */
	assert_non_null(before.fault);
	assert_true(mp_uint(&m) == UINT64_MAX);
	assert_true(mp_bool(&m));
	assert_int_equal(mp_peek(&m), MP_NIL);
	mp_nil(&m);
	assert_int_equal(mp_peek(&m), MP_OTHER);
	assert_true(mp_float(&m) == 93.5);
	assert_true(mp_float(&m) == 0.25);
	assert_int_equal(mp_map(&m), 1);
	assert_true(slice_is(mp_str(&m), "key"));
	assert_int_equal(mp_bin(&m).size, 2);
	assert_int_equal(mp_peek(&m), MP_NONE);
	assert_true(mp_done(&m));
	msgpack_sbuffer_destroy(&buffer);
}

static void reading_another_type_is_a_fault_that_stays(void **state)
{
	struct mp m = mp_of(BODY("\x92\xa1" "a\x05"));

	(void)state;
	assert_int_equal(mp_array(&m), 2);
	assert_int_equal(mp_uint(&m), 0);
	assert_string_equal(m.fault, "not a whole number from 0 up");
	assert_int_equal(mp_offset(&m), 1);
	/* Nothing is read any more, though it would fit. */
	assert_int_equal(mp_str(&m).size, 0);
	assert_int_equal(mp_peek(&m), MP_NONE);
	mp_skip(&m);
	assert_int_equal(mp_offset(&m), 1);
	assert_string_equal(m.fault, "not a whole number from 0 up");
	assert_false(mp_done(&m));
	m = mp_of(BODY("\xff"));
	assert_int_equal(mp_uint(&m), 0);
	assert_non_null(m.fault);
	m = mp_of(BODY("\x01\x02"));
	assert_int_equal(mp_uint(&m), 1);
	assert_false(mp_done(&m));
	assert_string_equal(m.fault, "bytes are left over");
}

static void keys_are_found_in_a_checked_body(void **state)
{
	static const char text[] = "\x85\xa3" "urn\xa6" "106125\xa4" "deep\x92\x81\xa1" "x\x01\x90\xa5" "count\xcd\x01\x00"
	                           "\xa2" "ok\xc3\xa3" "nil\xc0";
	static const char *const all[] = {"urn", "deep", "count", "ok", "nil", "more", NULL};
	static const char *const some[] = {"urn", "deep", NULL};
	struct slice body = BODY(text), unknown;
	const char *wrong = NULL;

	(void)state;
	assert_null(check(body));
	assert_true(slice_is(mp_find_str(body, "urn", &wrong), "106125"));
	assert_int_equal(mp_find_uint(body, "count", 7, &wrong), 256);
	assert_int_equal(mp_find_uint(body, "absent", 7, &wrong), 7);
	assert_true(mp_find_bool(body, "ok", &wrong));
	assert_false(mp_find_bool(body, "absent", &wrong));
	assert_null(wrong);
	assert_int_equal(mp_find_str(body, "nil", &wrong).size, 0);
	assert_string_equal(wrong, "nil");
	wrong = NULL;
	assert_int_equal(mp_find_uint(body, "urn", 7, &wrong), 7);
	assert_string_equal(wrong, "urn");
	wrong = NULL;
	assert_false(mp_find_bool(body, "count", &wrong));
	assert_string_equal(wrong, "count");
	struct mp found = mp_find(body, "deep");
	assert_int_equal(mp_array(&found), 2);
	/* A key inside is not a key of the body. */
	found = mp_find(body, "x");
	assert_int_equal(mp_peek(&found), MP_NONE);
	assert_true(mp_only(body, all, &unknown));
	assert_false(mp_only(body, some, &unknown));
	assert_true(slice_is(unknown, "count"));

	wrong = NULL;
	body = (struct slice){NULL, 0};
	found = mp_find(body, "urn");
	assert_int_equal(mp_peek(&found), MP_NONE);
	assert_int_equal(mp_find_str(body, "urn", &wrong).size, 0);
	assert_true(mp_only(body, some, &unknown));
	assert_null(wrong);
}

/* A value at random, as msgpack-c packs it. */
static void pack_random(msgpack_packer *packer, unsigned depth)
{
	static const char *const texts[] = {"", "a", "B801200005001", "recorded_at", "Zo\xc3\xab", "2026-09-07T08:55:00Z",
	                                    "a comment that is longer than thirty-one bytes, \xe2\x80\x9cquoted\xe2\x80\x9d"};
	size_t count = random_below(6);
	char key[4] = "k00";

	switch (depth < MP_DEPTH_MAX ? random_below(9) : random_below(7)) {
	case 0: msgpack_pack_uint64(packer, random_below(UINT64_MAX) >> random_below(64)); break;
	case 1: msgpack_pack_int64(packer, -(int64_t)(random_below(INT64_MAX) >> random_below(63))); break;
	case 2: msgpack_pack_nil(packer); break;
	case 3: msgpack_pack_false(packer); break;
	case 4: msgpack_pack_double(packer, 0.5); break;
	case 5: msgpack_pack_bin_with_body(packer, "\xff\xff\xff\xff\xff", count); break;
	case 6: {
		const char *text = texts[random_below(7)];
		msgpack_pack_str_with_body(packer, text, strlen(text));
		break;
	}
	case 7:
		msgpack_pack_array(packer, count);
		for (size_t i = 0; i < count; i++)
			pack_random(packer, depth + 1);
		break;
	default:
		msgpack_pack_map(packer, count);
		for (size_t i = 0; i < count; i++) {
			key[1] = (char)('0' + i);
			msgpack_pack_str_with_body(packer, key, 3);
			pack_random(packer, depth + 1);
		}
	}
}

static void whatever_is_packed_passes_and_its_ruins_stay_in_bounds(void **state)
{
	unsigned faults = 0;

	(void)state;
	random_start();
	for (unsigned round = 0; round < 4000; round++) {
		msgpack_sbuffer buffer;
		msgpack_packer packer;

		msgpack_sbuffer_init(&buffer);
		msgpack_packer_init(&packer, &buffer, msgpack_sbuffer_write);
		msgpack_pack_map(&packer, 1);
		msgpack_pack_str_with_body(&packer, "it", 2);
		pack_random(&packer, 1);
		assert_null(check(slice_of(buffer.data, buffer.size)));
		for (unsigned i = 0; i < 20; i++) {
			/* Exactly as large as it is, so that ASan sees a step outside. */
			size_t size = 1 + random_below(buffer.size), offset;
			uint8_t *ruin = malloc(size);
			struct slice s = {ruin, size};
			struct mp m = mp_of(s);
			const char *wrong = NULL;

			memcpy(ruin, buffer.data, size);
			for (uint64_t changes = random_below(4); changes > 0; changes--)
				ruin[random_below(size)] = (uint8_t)random_below(256);
			faults += mp_check(s, &offset) != NULL;
			assert_true(offset <= size);
			/* These trust that it was checked, but not with their lives. */
			mp_pass(&m);
			assert_true(m.at <= m.end);
			mp_find_str(s, "it", &wrong);
			mp_find_uint(s, "none", 0, &wrong);
			free(ruin);
		}
		msgpack_sbuffer_destroy(&buffer);
	}
	assert_in_range(faults, 1000, 79999);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bombs_of_length_are_refused_where_they_stand),
		cmocka_unit_test(depth_ends_at_eight),
		cmocka_unit_test(a_key_stands_once_in_its_map),
		cmocka_unit_test(a_map_has_at_most_64_keys),
		cmocka_unit_test(a_body_ends_where_it_ends),
		cmocka_unit_test(only_the_shortest_form_is_taken),
		cmocka_unit_test(extensions_and_the_unused_byte_are_refused),
		cmocka_unit_test(strings_are_utf8),
		cmocka_unit_test(a_text_is_cut_between_two_characters),
		cmocka_unit_test(the_cursor_reads_what_msgpack_c_packs),
		cmocka_unit_test(reading_another_type_is_a_fault_that_stays),
		cmocka_unit_test(keys_are_found_in_a_checked_body),
		cmocka_unit_test(whatever_is_packed_passes_and_its_ruins_stay_in_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
