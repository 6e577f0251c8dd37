/* proto_ids.c - UPNs, URNs, UUIDs, keys and parents' ids.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "proto/ids.h"
#include "tests/proto_random.h"

static const char *fault(const char *text)
{
	return upn_fault(slice_text(text));
}

static void a_upn_is_known_by_its_check_letter(void **state)
{
	(void)state;
	assert_null(fault("B801200005001"));
	assert_string_equal(fault("A801200005001"), "the check letter should be B");
	/* The next serial weighs 13 more: 93 + 13 = 106, remainder 14, Q. */
	assert_null(fault("Q801200005002"));
	assert_string_equal(fault("B801200005002"), "the check letter should be Q");
	assert_int_equal(upn_check_letter("801200005001"), 'B');
}

static void a_temporary_upn_ends_with_a_letter(void **state)
{
	(void)state;
	/* 93 - 13 of the serial's last digit = 80; A is 0: 80 mod 23 = 11, M. Z is 22: 80 + 286 = 366, 21, Y. */
	assert_null(fault("M80120000500A"));
	assert_null(fault("Y80120000500Z"));
	assert_string_equal(fault("A80120000500A"), "the check letter should be M");
	assert_int_equal(upn_check_letter("80120000500Z"), 'Y');
	/* A letter anywhere else isn't one. */
	assert_string_equal(fault("M8012000050A0"), "the characters 2 to 12 are digits");
}

static void what_is_wrong_with_a_upn_is_named(void **state)
{
	static const char size[] = "it has 13 characters: a letter, then 12 digits";
	static const char capitals[] = "its letters are capitals";
	static const char excluded[] = "it never holds the letters I, O and S";

	(void)state;
	assert_string_equal(upn_fault((struct slice){NULL, 0}), size);
	assert_string_equal(fault("B80120000500"), size);
	assert_string_equal(fault("B8012000050011"), size);
	assert_string_equal(fault(" B80120000500"), "it begins with a letter");
	assert_string_equal(fault("b801200005001"), capitals);
	assert_string_equal(fault("M80120000500a"), capitals);
	assert_string_equal(fault("I801200005001"), excluded);
	assert_string_equal(fault("O801200005001"), excluded);
	assert_string_equal(fault("S801200005001"), excluded);
	assert_string_equal(fault("M80120000500I"), excluded);
	assert_string_equal(fault("M80120000500O"), excluded);
	assert_string_equal(fault("M80120000500S"), excluded);
	assert_string_equal(fault("1801200005001"), "it begins with a letter");
	assert_string_equal(fault("B80120000500-"), "it ends with a digit, or a letter where it is temporary");
	assert_string_equal(fault("B8012O0005001"), "the characters 2 to 12 are digits");
	assert_string_equal(fault("B80120\xc3\xa9" "05001"), "the characters 2 to 12 are digits");
}

static void one_letter_of_all_fits_and_every_other_is_told_it(void **state)
{
	static const char letters[] = "ABCDEFGHJKLMNPQRTUVWXYZ";

	(void)state;
	random_start();
	for (unsigned round = 0; round < 2000; round++) {
		char upn[UPN_SIZE + 1];
		unsigned fits = 0;

		for (unsigned i = 1; i < UPN_SIZE; i++)
			upn[i] = (char)('0' + random_below(10));
		if (round % 2 == 0)
			upn[12] = letters[random_below(23)];
		upn[13] = 0;
		for (const char *letter = letters; *letter != 0; letter++) {
			upn[0] = *letter;
			const char *why = fault(upn);

			if (why == NULL)
				fits++;
			else
				assert_int_equal(why[strlen(why) - 1], upn_check_letter(upn + 1));
		}
		assert_int_equal(fits, 1);
		/* Any one digit changed is noticed. */
		upn[0] = upn_check_letter(upn + 1);
		assert_null(fault(upn));
		char *digit = &upn[1 + random_below(11)];
		*digit = (char)('0' + (*digit - '0' + 1 + (int)random_below(9)) % 10);
		assert_non_null(fault(upn));
	}
}

static void a_urn_is_six_digits(void **state)
{
	static const char *const wrong[] = {"", "10612", "1061250", "012345", "10612a", "-10612", " 06125", "1061 5"};
	uint32_t urn = 7;

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		assert_false(urn_parse(slice_text(wrong[i]), &urn));
	assert_int_equal(urn, 7);
	assert_true(urn_parse(slice_text("106125"), &urn));
	assert_int_equal(urn, 106125);
	assert_true(urn_parse(slice_text("999999"), &urn));
	assert_int_equal(urn, 999999);
}

static void a_parent_is_a_letter_and_what_may_follow(void **state)
{
	static const char *const good[] = {"p", "p1", "P-1", "mother", "a234567890123456"};
	static const char *const wrong[] = {"", "1p", "-p", "p_1", "p 1", "a2345678901234567", "m\xc3\xa8re"};

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		assert_true(parent_ok(slice_text(good[i])));
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		assert_false(parent_ok(slice_text(wrong[i])));
}

static void uuids_are_of_rfc_9562(void **state)
{
	/* The example of RFC 9562, appendix A.6. */
	static const uint8_t random[10] = {0xcc, 0xc3, 0x18, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f};
	static const uint8_t hash[16] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	                                 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	uint8_t uuid[UUID_SIZE], again[UUID_SIZE];
	char text[UUID_TEXT_SIZE + 1];

	(void)state;
	uuid_v7(uuid, UINT64_C(0x017f22e279b0), random);
	uuid_text(text, uuid);
	assert_string_equal(text, "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
	assert_true(uuid_usable(uuid));
	assert_true(uuid_parse(slice_text("017F22E2-79B0-7CC3-98C4-DC0C0C07398F"), again));
	assert_memory_equal(uuid, again, UUID_SIZE);

	uuid_v8(uuid, hash);
	uuid_text(text, uuid);
	assert_string_equal(text, "ffffffff-ffff-8fff-bfff-ffffffffffff");
	assert_true(uuid_usable(uuid));
}

static void other_uuids_are_of_no_use(void **state)
{
	static const char *const useless[] = {
		"00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff",
		"919108f7-52d1-4320-9bac-f847db4148a8", /* version 4 */
		"1ec9414c-232a-6b00-b3c8-9f6bdeced846", /* version 6 */
		"017f22e2-79b0-7cc3-58c4-dc0c0c07398f", /* the variant of NCS */
		"017f22e2-79b0-7cc3-d8c4-dc0c0c07398f", /* that of Microsoft */
	};
	static const char *const misspelt[] = {
		"", "017f22e279b07cc398c4dc0c0c07398f", "017f22e2-79b0-7cc3-98c4-dc0c0c07398",
		"017f22e2-79b0-7cc3-98c4-dc0c0c07398g", "017f22e2+79b0-7cc3-98c4-dc0c0c07398f",
		"{17f22e2-79b0-7cc3-98c4-dc0c0c07398f",
	};
	uint8_t uuid[UUID_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof useless / sizeof useless[0]; i++) {
		assert_true(uuid_parse(slice_text(useless[i]), uuid));
		assert_false(uuid_usable(uuid));
	}
	for (size_t i = 0; i < sizeof misspelt / sizeof misspelt[0]; i++)
		assert_false(uuid_parse(slice_text(misspelt[i]), uuid));
}

static void hexadecimal_is_read_in_either_case(void **state)
{
	static const uint8_t bytes[] = {0x00, 0x9a, 0xff};
	uint8_t out[3];
	char text[7];

	(void)state;
	hex_text(text, bytes, sizeof bytes);
	assert_string_equal(text, "009aff");
	assert_true(hex_parse(slice_text("009AfF"), out, 3));
	assert_memory_equal(out, bytes, 3);
	assert_false(hex_parse(slice_text("009af"), out, 3));
	assert_false(hex_parse(slice_text("009aff0"), out, 3));
	assert_false(hex_parse(slice_text("009afg"), out, 3));
	assert_true(hex_parse(slice_text(""), out, 0));
}

static void keys_are_spelt_as_rfc_32_says(void **state)
{
	/* The test key of ZeroMQ RFC 26's reference implementation. */
	static const uint8_t key[PUBLIC_KEY_SIZE] = {
		0xbb, 0x88, 0x47, 0x1d, 0x65, 0xe2, 0x65, 0x9b, 0x30, 0xc5, 0x5a, 0x53, 0x21, 0xce, 0xbb, 0x5a,
		0xab, 0x2b, 0x70, 0xa3, 0x98, 0x64, 0x5c, 0x26, 0xdc, 0xa2, 0xb2, 0xfc, 0xb4, 0x3f, 0xc5, 0x18};
	static const char spelt[] = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID";
	char text[Z85_KEY_SIZE + 1];
	uint8_t out[PUBLIC_KEY_SIZE];

	(void)state;
	z85_key_text(text, key);
	assert_string_equal(text, spelt);
	assert_true(z85_key_parse(slice_text(spelt), out));
	assert_memory_equal(out, key, sizeof key);
	assert_false(z85_key_parse(slice_text("Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hI"), out));
	assert_false(z85_key_parse(slice_text("Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hI~"), out));
	/* ##### spells more than four bytes hold; %nSc0 is the most that they do. */
	assert_false(z85_key_parse(slice_text("#####w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"), out));
	assert_true(z85_key_parse(slice_text("%nSc0w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"), out));
	assert_int_equal(out[0] & out[1] & out[2] & out[3], 0xff);
	assert_false(z85_key_parse(slice_text("%nSc1w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"), out));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_upn_is_known_by_its_check_letter),
		cmocka_unit_test(a_temporary_upn_ends_with_a_letter),
		cmocka_unit_test(what_is_wrong_with_a_upn_is_named),
		cmocka_unit_test(one_letter_of_all_fits_and_every_other_is_told_it),
		cmocka_unit_test(a_urn_is_six_digits),
		cmocka_unit_test(a_parent_is_a_letter_and_what_may_follow),
		cmocka_unit_test(uuids_are_of_rfc_9562),
		cmocka_unit_test(other_uuids_are_of_no_use),
		cmocka_unit_test(hexadecimal_is_read_in_either_case),
		cmocka_unit_test(keys_are_spelt_as_rfc_32_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
