/* casework_codes.c - the register codes against the table of the regulations.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "casework/civil.h"
#include "casework/codes.h"

/* As the classes are printed, written down a second time. */
static const struct {
	const char *codes;
	enum code_class class;
} classes[] = {
	{"/ \\ L K V P W B", CODE_CLASS_PRESENT}, {"C C1 C2 M J1 S T R I E", CODE_CLASS_AUTHORISED},
	{"G N O U", CODE_CLASS_UNAUTHORISED},     {"D Q X Y1 Y2 Y3 Y4 Y5 Y6 Y7", CODE_CLASS_NOT_POSSIBLE},
	{"Z #", CODE_CLASS_ADMINISTRATIVE},
};

static void en_01_every_code_is_known_with_its_class(void **state)
{
	(void)state;
	unsigned known = 0;
	for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
		for (const char *at = classes[i].codes; *at;) {
			size_t size = strcspn(at, " ");
			uint8_t code = code_parse(slice_of(at, size));
			assert_int_not_equal(code, CODE_NONE);
			assert_int_equal(code_class(code), classes[i].class);
			assert_int_equal(strlen(code_text(code)), size);
			assert_memory_equal(code_text(code), at, size);
			assert_non_null(code_meaning(code));

			bool present = classes[i].class == CODE_CLASS_PRESENT;
			bool authorised = classes[i].class == CODE_CLASS_AUTHORISED;
			bool unauthorised = classes[i].class == CODE_CLASS_UNAUTHORISED;
			assert_int_equal(code_in(CODES_PRESENT, code), present);
			assert_int_equal(code_in(CODES_AUTHORISED, code), authorised);
			assert_int_equal(code_in(CODES_UNAUTHORISED, code), unauthorised);
			assert_int_equal(code_in(CODES_ABSENT, code), authorised || unauthorised);
			assert_int_equal(code_in(CODES_POSSIBLE, code),
					 present || authorised || unauthorised);
			known++;
			at += size + (at[size] == ' ');
		}
	}
	unsigned listed = 0;
	for (unsigned code = 0; code < 256; code++)
		listed += code_text((uint8_t)code) != NULL;
	assert_int_equal(known, 34);
	assert_int_equal(listed, known);
	assert_false(code_in(CODES_POSSIBLE, CODE_NONE));
}

static void en_01_what_is_no_code_is_none(void **state)
{
	(void)state;
	static const char *const not_codes[] = {"",   "A", "F", "H",  "J",   "Y",   "Y0", "Y8",   "C3",   "i",
						"//", "1", " ", "/ ", "Y1 ", "Y11", "##", "\xff", "C\xff"};
	for (size_t i = 0; i < sizeof not_codes / sizeof not_codes[0]; i++)
		assert_int_equal(code_parse(slice_text(not_codes[i])), CODE_NONE);
	assert_int_equal(code_parse(slice_of("I\0", 2)), CODE_NONE);
	assert_int_equal(code_parse(slice_of(NULL, 0)), CODE_NONE);
	assert_null(code_text(CODE_NONE));
	assert_null(code_text(35));
	assert_null(code_text(255));
	assert_null(code_meaning(200));
}

/* Every text of one or two bytes: nothing parses but what prints the same. */
static void parse_is_the_inverse_of_text(void **state)
{
	(void)state;
	unsigned found = 0;
	for (unsigned first = 0; first < 256; first++) {
		for (unsigned second = 0; second <= 256; second++) {
			uint8_t text[2] = {(uint8_t)first, (uint8_t)second};
			size_t size = second == 256 ? 1 : 2;
			uint8_t code = code_parse(slice_of(text, size));
			if (code == CODE_NONE)
				continue;
			assert_true(slice_is(slice_of(text, size), code_text(code)));
			found++;
		}
	}
	assert_int_equal(found, 34);
}

static void a_stroke_belongs_to_its_session(void **state)
{
	(void)state;
	assert_true(code_fits_session(CODE_AM, AM));
	assert_false(code_fits_session(CODE_AM, PM));
	assert_true(code_fits_session(CODE_PM, PM));
	assert_false(code_fits_session(CODE_PM, AM));
	assert_true(code_fits_session(CODE_I, AM));
	assert_true(code_fits_session(CODE_I, PM));
	assert_false(code_fits_session(CODE_NONE, AM));
	assert_false(code_fits_session(60, PM));
}

/* The numbers stand in logs that exist: a change here breaks them. */
static void numbers_are_fixed(void **state)
{
	(void)state;
	static const char order[] =
		"/ \\ L K V P W B C C1 C2 M J1 S T R I E G N O U D Q X Y1 Y2 Y3 Y4 Y5 Y6 Y7 Z #";
	uint8_t expected = 1;
	for (const char *at = order; *at; expected++) {
		size_t size = strcspn(at, " ");
		assert_int_equal(code_parse(slice_of(at, size)), expected);
		at += size + (at[size] == ' ');
	}
	assert_int_equal(expected, 35);
}

static void an_earlier_code_says_what_is_written_instead(void **state)
{
	(void)state;
	for (const char *code = "JYHF-"; *code; code++) {
		struct slice text = slice_of((const uint8_t *)code, 1);
		assert_int_equal(code_parse(text), CODE_NONE);
		assert_non_null(code_earlier(text));
	}
	assert_non_null(strstr(code_earlier(slice_text("J")), "J1"));
	assert_null(code_earlier(slice_text("J1")));
	assert_null(code_earlier(slice_text("")));
	for (unsigned code = 1; code < CODE_LIMIT; code++)
		if (code_text((uint8_t)code))
			assert_null(code_earlier(slice_text(code_text((uint8_t)code))));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(en_01_every_code_is_known_with_its_class),
		cmocka_unit_test(en_01_what_is_no_code_is_none),
		cmocka_unit_test(parse_is_the_inverse_of_text),
		cmocka_unit_test(a_stroke_belongs_to_its_session),
		cmocka_unit_test(numbers_are_fixed),
		cmocka_unit_test(an_earlier_code_says_what_is_written_instead),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
