/* ids.c - checking, reading and spelling the identifiers.
 *
 * Characters are classed here by hand: <ctype.h> asks the locale, and what is a
 * UPN may not depend on where the daemon runs.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "proto/ids.h"

/* No I, O or S: they would be read as 1, 0 and 5. */
static const char upn_letters[] = "ABCDEFGHJKLMNPQRTUVWXYZ";
enum { UPN_LETTERS = sizeof upn_letters - 1 };
_Static_assert(UPN_LETTERS == 23, "the check letter is a remainder modulo 23");

/* Index in upn_letters plus one, of 'A' to 'Z'; 0 where it isn't among them. */
static const uint8_t upn_letter_index[26] = {
	1, 2, 3, 4, 5, 6, 7, 8, 0, 9, 10, 11, 12, 13, 0, 14, 15, 16, 0, 17, 18, 19, 20, 21, 22, 23,
};

static const char *const upn_wrong_letter[UPN_LETTERS] = {
	"the check letter should be A", "the check letter should be B", "the check letter should be C",
	"the check letter should be D", "the check letter should be E", "the check letter should be F",
	"the check letter should be G", "the check letter should be H", "the check letter should be J",
	"the check letter should be K", "the check letter should be L", "the check letter should be M",
	"the check letter should be N", "the check letter should be P", "the check letter should be Q",
	"the check letter should be R", "the check letter should be T", "the check letter should be U",
	"the check letter should be V", "the check letter should be W", "the check letter should be X",
	"the check letter should be Y", "the check letter should be Z",
};

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* The remainder of twelve characters that are well formed. */
static unsigned upn_remainder(const uint8_t *twelve)
{
	unsigned sum = 0;
	uint8_t last = twelve[11];

	for (unsigned i = 0; i < 11; i++)
		sum += (unsigned)(twelve[i] - '0') * (i + 2);
	sum += (is_digit(last) ? (unsigned)(last - '0') : upn_letter_index[last - 'A'] - 1U) * 13;
	return sum % UPN_LETTERS;
}

static const char *upn_letter_fault(uint8_t c, const char *otherwise)
{
	if (c >= 'a' && c <= 'z')
		return "its letters are capitals";
	if (c == 'I' || c == 'O' || c == 'S')
		return "it never holds the letters I, O and S";
	return otherwise;
}

static bool is_upn_letter(uint8_t c)
{
	return c >= 'A' && c <= 'Z' && upn_letter_index[c - 'A'] != 0;
}

const char *upn_fault(struct slice text)
{
	const uint8_t *c = text.bytes;
	unsigned remainder;

	if (text.size != UPN_SIZE)
		return "it has 13 characters: a letter, then 12 digits";
	if (!is_upn_letter(c[0]))
		return upn_letter_fault(c[0], "it begins with a letter");
	for (unsigned i = 1; i < UPN_SIZE - 1; i++)
		if (!is_digit(c[i]))
			return "the characters 2 to 12 are digits";
	if (!is_digit(c[12]) && !is_upn_letter(c[12]))
		return upn_letter_fault(c[12], "it ends with a digit, or a letter where it is temporary");
	remainder = upn_remainder(c + 1);
	if ((uint8_t)upn_letters[remainder] != c[0])
		return upn_wrong_letter[remainder];
	return NULL;
}

char upn_check_letter(const char twelve[static 12])
{
	return upn_letters[upn_remainder((const uint8_t *)twelve)];
}

bool urn_parse(struct slice text, uint32_t *urn)
{
	uint32_t value = 0;

	if (text.size != URN_SIZE || text.bytes[0] == '0')
		return false;
	for (unsigned i = 0; i < URN_SIZE; i++) {
		if (!is_digit(text.bytes[i]))
			return false;
		value = value * 10 + (uint32_t)(text.bytes[i] - '0');
	}
	*urn = value;
	return true;
}

bool parent_ok(struct slice text)
{
	if (text.size == 0 || text.size > PARENT_SIZE_MAX || !is_letter(text.bytes[0]))
		return false;
	for (size_t i = 1; i < text.size; i++)
		if (!is_letter(text.bytes[i]) && !is_digit(text.bytes[i]) && text.bytes[i] != '-')
			return false;
	return true;
}

static void uuid_mark(uint8_t uuid[static UUID_SIZE], unsigned version)
{
	uuid[6] = (uint8_t)((uuid[6] & 0x0f) | version << 4);
	uuid[8] = (uint8_t)((uuid[8] & 0x3f) | 0x80);
}

void uuid_v7(uint8_t uuid[static UUID_SIZE], uint64_t unix_ms, const uint8_t random[static 10])
{
	for (unsigned i = 0; i < 6; i++)
		uuid[i] = (uint8_t)(unix_ms >> (40 - 8 * i));
	memcpy(uuid + 6, random, 10);
	uuid_mark(uuid, 7);
}

void uuid_v8(uint8_t uuid[static UUID_SIZE], const uint8_t hash[static 16])
{
	memcpy(uuid, hash, UUID_SIZE);
	uuid_mark(uuid, 8);
}

bool uuid_usable(const uint8_t uuid[static UUID_SIZE])
{
	unsigned version = uuid[6] >> 4;

	return (version == 7 || version == 8) && (uuid[8] & 0xc0) == 0x80;
}

/* Where the hyphens of 8-4-4-4-12 stand. */
static bool uuid_hyphen(unsigned i)
{
	return i == 8 || i == 13 || i == 18 || i == 23;
}

void uuid_text(char out[static UUID_TEXT_SIZE + 1], const uint8_t uuid[static UUID_SIZE])
{
	char digits[2 * UUID_SIZE + 1];
	const char *next = digits;

	hex_text(digits, uuid, UUID_SIZE);
	for (unsigned i = 0; i < UUID_TEXT_SIZE; i++)
		out[i] = uuid_hyphen(i) ? '-' : *next++;
	out[UUID_TEXT_SIZE] = 0;
}

bool uuid_parse(struct slice text, uint8_t uuid[static UUID_SIZE])
{
	uint8_t digits[2 * UUID_SIZE];
	unsigned count = 0;

	if (text.size != UUID_TEXT_SIZE)
		return false;
	for (unsigned i = 0; i < UUID_TEXT_SIZE; i++) {
		if (!uuid_hyphen(i))
			digits[count++] = text.bytes[i];
		else if (text.bytes[i] != '-')
			return false;
	}
	return hex_parse(slice_of(digits, sizeof digits), uuid, UUID_SIZE);
}

void hex_text(char *out, const uint8_t *bytes, size_t size)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < size; i++) {
		*out++ = digits[bytes[i] >> 4];
		*out++ = digits[bytes[i] & 15];
	}
	*out = 0;
}

static int hex_digit(uint8_t c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool hex_parse(struct slice text, uint8_t *out, size_t size)
{
	if (text.size % 2 != 0 || text.size / 2 != size)
		return false;
	for (size_t i = 0; i < size; i++) {
		int high = hex_digit(text.bytes[2 * i]), low = hex_digit(text.bytes[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static const char z85_digits[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";
_Static_assert(sizeof z85_digits - 1 == 85, "ZeroMQ RFC 32");
_Static_assert(Z85_KEY_SIZE * 4 == PUBLIC_KEY_SIZE * 5, "four bytes are five characters");

void z85_key_text(char out[static Z85_KEY_SIZE + 1], const uint8_t key[static PUBLIC_KEY_SIZE])
{
	for (unsigned i = 0; i < PUBLIC_KEY_SIZE / 4; i++) {
		uint32_t value = (uint32_t)key[4 * i] << 24 | (uint32_t)key[4 * i + 1] << 16 |
		                 (uint32_t)key[4 * i + 2] << 8 | key[4 * i + 3];

		for (unsigned j = 5; j-- > 0; value /= 85)
			out[5 * i + j] = z85_digits[value % 85];
	}
	out[Z85_KEY_SIZE] = 0;
}

bool z85_key_parse(struct slice text, uint8_t key[static PUBLIC_KEY_SIZE])
{
	uint8_t bytes[PUBLIC_KEY_SIZE];

	if (text.size != Z85_KEY_SIZE)
		return false;
	for (unsigned i = 0; i < PUBLIC_KEY_SIZE / 4; i++) {
		uint64_t value = 0;

		for (unsigned j = 0; j < 5; j++) {
			uint8_t c = text.bytes[5 * i + j];
			const char *digit = c != 0 ? strchr(z85_digits, c) : NULL;

			if (digit == NULL)
				return false;
			value = value * 85 + (uint64_t)(digit - z85_digits);
		}
		/* Five characters can spell more than four bytes hold. */
		if (value > UINT32_MAX)
			return false;
		for (unsigned j = 0; j < 4; j++)
			bytes[4 * i + j] = (uint8_t)(value >> (24 - 8 * j));
	}
	memcpy(key, bytes, sizeof bytes);
	return true;
}
