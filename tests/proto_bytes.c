/* proto_bytes.c - readers and writers never leave their buffer, and one value has
 * one spelling.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "proto/bytes.h"
#include "proto/status.h"
#include "tests/proto_random.h"

static void integers_are_big_endian_and_come_back(void **state)
{
	static const uint8_t expected[] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0x0a, 0x0b, 0x0c, 0x0d,
	                                   0x0e, 0x0f, 0xf0, 0xe1, 0xd2, 0xc3, 0xb4, 0xa5, 0x96, 0x87};
	uint8_t room[sizeof expected];
	struct writer w = writer_of(room, sizeof room);
	struct reader r;

	(void)state;
	write_u8(&w, 0x01);
	write_u16(&w, 0x2345);
	write_u32(&w, 0x6789abcd);
	write_u48(&w, UINT64_C(0x0a0b0c0d0e0f));
	write_u64(&w, UINT64_C(0xf0e1d2c3b4a59687));
	assert_false(w.full);
	assert_int_equal(writer_size(&w), sizeof expected);
	assert_memory_equal(room, expected, sizeof expected);
	r = reader_of(writer_slice(&w));
	assert_int_equal(read_u8(&r), 0x01);
	assert_int_equal(read_u16(&r), 0x2345);
	assert_int_equal(read_u32(&r), 0x6789abcd);
	assert_true(read_u48(&r) == UINT64_C(0x0a0b0c0d0e0f));
	assert_false(reader_done(&r));
	assert_true(read_u64(&r) == UINT64_C(0xf0e1d2c3b4a59687));
	assert_true(reader_done(&r));
}

static void reading_past_the_end_gives_zeroes_ever_after(void **state)
{
	static const uint8_t three[] = {1, 2, 3};
	struct reader r = reader_of(slice_of(three, sizeof three));

	(void)state;
	assert_int_equal(read_u32(&r), 0);
	assert_true(r.bad);
	/* The bytes that are there are not given out any more. */
	assert_int_equal(read_u8(&r), 0);
	assert_int_equal(read_varint(&r), 0);
	assert_int_equal(read_bytes(&r, 1).size, 0);
	assert_int_equal(read_blob(&r).size, 0);
	assert_int_equal(reader_left(&r), 0);
	assert_false(reader_done(&r));
}

static void nothing_is_read_from_nothing(void **state)
{
	struct reader r = reader_of((struct slice){NULL, 0});

	(void)state;
	assert_true(reader_done(&r));
	assert_int_equal(read_bytes(&r, 0).size, 0);
	assert_true(reader_done(&r));
	assert_int_equal(read_u64(&r), 0);
	assert_false(reader_done(&r));
}

static void a_full_writer_holds_a_prefix(void **state)
{
	uint8_t room[8] = {0};
	static const uint8_t expected[] = {1, 0, 2, 0, 0, 0, 0, 0};
	struct writer w = writer_of(room, 5);

	(void)state;
	write_u8(&w, 1);
	write_u16(&w, 2);
	write_u32(&w, 0xffffffff);
	assert_true(w.full);
	/* What would still fit must not follow a gap. */
	write_u8(&w, 9);
	write_bytes(&w, room, 1);
	assert_int_equal(writer_size(&w), 3);
	assert_memory_equal(room, expected, sizeof room);

	w = writer_of(NULL, 0);
	write_bytes(&w, NULL, 0);
	assert_false(w.full);
	write_varint(&w, UINT64_MAX);
	assert_true(w.full);
}

static void varints_come_back_whatever_their_size(void **state)
{
	(void)state;
	for (unsigned bits = 0; bits <= 64; bits++) {
		for (int delta = -1; delta <= 1; delta++) {
			uint64_t value = (bits < 64 ? UINT64_C(1) << bits : 0) + (uint64_t)(int64_t)delta;
			uint8_t room[10];
			struct writer w = writer_of(room, sizeof room);
			struct reader r;

			write_varint(&w, value);
			assert_false(w.full);
			for (size_t size = 0; size < writer_size(&w); size++) {
				r = reader_of(slice_of(room, size));
				assert_true(read_varint(&r) == 0);
				assert_true(r.bad);
			}
			r = reader_of(writer_slice(&w));
			assert_true(read_varint(&r) == value);
			assert_true(reader_done(&r));

			w = writer_of(room, sizeof room);
			write_zigzag(&w, (int64_t)value);
			r = reader_of(writer_slice(&w));
			assert_true(read_zigzag(&r) == (int64_t)value);
			assert_true(reader_done(&r));
		}
	}
}

static void longer_spellings_of_a_varint_are_faults(void **state)
{
	static const struct {
		size_t size;
		uint8_t bytes[11];
	} wrong[] = {
		{2, {0x80, 0x00}},
		{2, {0xff, 0x00}},
		{3, {0x80, 0x80, 0x00}},
		{10, {0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00}},
		{10, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02}},
		{10, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}},
		{11, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x81, 0x00}},
	};
	static const uint8_t largest[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01};
	struct reader r = reader_of(slice_of(largest, sizeof largest));

	(void)state;
	assert_true(read_varint(&r) == UINT64_MAX);
	assert_true(reader_done(&r));
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		r = reader_of(slice_of(wrong[i].bytes, wrong[i].size));
		assert_true(read_varint(&r) == 0);
		assert_true(r.bad);
	}
}

static void a_blob_that_lies_about_its_size_is_a_fault(void **state)
{
	static const uint8_t good[] = {2, 'a', 'b'}, lie[] = {3, 'a', 'b'};
	static const uint8_t huge[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 'a'};
	struct reader r = reader_of(slice_of(good, sizeof good));

	(void)state;
	assert_true(slice_is(read_blob(&r), "ab"));
	assert_true(reader_done(&r));
	r = reader_of(slice_of(lie, sizeof lie));
	assert_int_equal(read_blob(&r).size, 0);
	assert_true(r.bad);
	r = reader_of(slice_of(huge, sizeof huge));
	assert_int_equal(read_blob(&r).size, 0);
	assert_true(r.bad);
}

static void a_blob_of_more_than_a_word_counts_is_a_fault(void **state)
{
	uint8_t room[16];

	(void)state;
	for (unsigned shift = 31; shift < 64; shift++) {
		struct writer w = writer_of(room, sizeof(room));
		struct reader r;

		write_varint(&w, (UINT64_C(1) << shift) + 1);
		write_u8(&w, 7);
		r = reader_of(writer_slice(&w));
		assert_int_equal(read_blob(&r).size, 0);
		assert_true(r.bad);
	}
}

static void random_bytes_are_read_within_their_bounds(void **state)
{
	(void)state;
	random_start();
	for (unsigned round = 0; round < 20000; round++) {
		size_t size = random_below(24);
		uint8_t *bytes = malloc(size > 0 ? size : 1); /* so that ASan sees a step outside */
		struct reader r = reader_of(slice_of(bytes, size));

		for (size_t i = 0; i < size; i++)
			bytes[i] = (uint8_t)random_below(256);
		while (!r.bad && reader_left(&r) > 0) {
			switch (random_below(6)) {
			case 0: read_varint(&r); break;
			case 1: read_blob(&r); break;
			case 2: read_u48(&r); break;
			case 3: read_zigzag(&r); break;
			case 4: read_bytes(&r, random_below(9)); break;
			default: read_u16(&r); break;
			}
			assert_true(r.at <= r.end && r.end == bytes + size);
		}
		free(bytes);
	}
}

static void every_status_has_its_text(void **state)
{
	(void)state;
#define X(name, number, text) \
	assert_string_equal(status_text(STATUS_##name), text); \
	assert_in_range(number, 200, 599);
	STATUSES(X)
#undef X
	assert_string_equal(status_text(999), "unknown status");
	assert_string_equal(status_text(0), "unknown status");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(integers_are_big_endian_and_come_back),
		cmocka_unit_test(reading_past_the_end_gives_zeroes_ever_after),
		cmocka_unit_test(nothing_is_read_from_nothing),
		cmocka_unit_test(a_full_writer_holds_a_prefix),
		cmocka_unit_test(varints_come_back_whatever_their_size),
		cmocka_unit_test(longer_spellings_of_a_varint_are_faults),
		cmocka_unit_test(a_blob_that_lies_about_its_size_is_a_fault),
		cmocka_unit_test(a_blob_of_more_than_a_word_counts_is_a_fault),
		cmocka_unit_test(random_bytes_are_read_within_their_bounds),
		cmocka_unit_test(every_status_has_its_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
