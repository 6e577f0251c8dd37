/* codes.c - the table of codes.h, searched and summed.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "casework/codes.h"
#include "casework/civil.h"

#define X(name, number, text, class, meaning)                                                                \
	| (CODE_CLASS_##class == CODE_CLASS_PRESENT ? CODE_BIT(number) : 0)
const uint64_t CODES_PRESENT = 0 CODES(X);
#undef X
#define X(name, number, text, class, meaning)                                                                \
	| (CODE_CLASS_##class == CODE_CLASS_AUTHORISED ? CODE_BIT(number) : 0)
const uint64_t CODES_AUTHORISED = 0 CODES(X);
#undef X
#define X(name, number, text, class, meaning)                                                                \
	| (CODE_CLASS_##class == CODE_CLASS_UNAUTHORISED ? CODE_BIT(number) : 0)
const uint64_t CODES_UNAUTHORISED = 0 CODES(X);
#undef X
#define X(name, number, text, class, meaning)                                                                \
	| (CODE_CLASS_##class <= CODE_CLASS_UNAUTHORISED ? CODE_BIT(number) : 0)
const uint64_t CODES_POSSIBLE = 0 CODES(X);
#undef X
#define X(name, number, text, class, meaning)                                                                \
	| (CODE_CLASS_##class == CODE_CLASS_AUTHORISED || CODE_CLASS_##class == CODE_CLASS_UNAUTHORISED      \
		   ? CODE_BIT(number)                                                                        \
		   : 0)
const uint64_t CODES_ABSENT = 0 CODES(X);
#undef X

#define X(name, number, text, class, meaning) | CODE_BIT(number)
const uint64_t CODES_KNOWN = 0 CODES(X);
#undef X

#define X(name, number, text, class, meaning)                                                                \
	_Static_assert((number) > 0 && (number) < CODE_LIMIT, "six bits hold a code");                       \
	_Static_assert(sizeof(text) == 2 || sizeof(text) == 3, "a code is one or two letters");
CODES(X)
#undef X

uint8_t code_parse(struct slice given)
{
	if (given.size == 0 || given.size > 2)
		return CODE_NONE;
	/* One number for the text: the compiler makes a search of the chain, which
	 * matters because every mark that is submitted passes here. */
	unsigned key = given.bytes[0] | (given.size == 2 ? (unsigned)given.bytes[1] << 8 : 0);
	if (given.size == 2 && given.bytes[1] == 0)
		return CODE_NONE;
#define X(name, number, text, class, meaning)                                                                \
	if (key == ((unsigned)(unsigned char)(text)[0] | (unsigned)(unsigned char)(text)[1] << 8))           \
		return number;
	CODES(X)
#undef X
	return CODE_NONE;
}

const char *code_earlier(struct slice given)
{
	static const struct { const char *text, *now; } earlier[] = {
		{ "J", "an interview is J1" },
		{ "Y", "one of Y1 to Y7, by the reason why the pupil could not attend" },
		{ "H", "leave is C where it was granted, G where it was not" },
		{ "F", "leave is C where it was granted, G where it was not" },
		{ "-", "nothing; a session without a mark is left out" },
	};
	for (size_t i = 0; i < sizeof earlier / sizeof earlier[0] && given.size == 1; i++)
		if (slice_is(given, earlier[i].text))
			return earlier[i].now;
	return NULL;
}

const char *code_text(uint8_t code)
{
	static const char *const texts[CODE_LIMIT] = {
#define X(name, number, text, class, meaning) [number] = text,
		CODES(X)
#undef X
	};
	return code < CODE_LIMIT ? texts[code] : NULL;
}

const char *code_meaning(uint8_t code)
{
	static const char *const meanings[CODE_LIMIT] = {
#define X(name, number, text, class, meaning) [number] = meaning,
		CODES(X)
#undef X
	};
	return code < CODE_LIMIT ? meanings[code] : NULL;
}

enum code_class code_class(uint8_t code)
{
	static const uint8_t classes[CODE_LIMIT] = {
#define X(name, number, text, class, meaning) [number] = CODE_CLASS_##class,
		CODES(X)
#undef X
	};
	/* A number outside the list counts as nothing. */
	if (!code_text(code))
		return CODE_CLASS_ADMINISTRATIVE;
	return (enum code_class)classes[code];
}
