/* note.c - C2SP signed-note and tlog-checkpoint with one key type, Ed25519 (0x01).
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "store/note.h"

enum {
	KEY_TYPE_ED25519 = 0x01,
	KEY_ID_SIZE = 4,
	SIGNATURE_SIZE = 64,
	ROOT_TEXT_SIZE = 44,
	SIGNATURES_MAX = 64,
	/* Base64 of the largest signature that is looked at; the specification
	 * tells of post-quantum ones of nearly 5 kB. */
	SIGNATURE_TEXT_MAX = 8192,
};

_Static_assert(SIGNATURE_SIZE == crypto_sign_BYTES, "Ed25519");
_Static_assert(NOTE_SEED_SIZE == crypto_sign_SEEDBYTES, "Ed25519");
_Static_assert(NOTE_PUBLIC_SIZE == crypto_sign_PUBLICKEYBYTES, "Ed25519");
_Static_assert(sizeof(((struct note_key *)0)->secret_key) == crypto_sign_SECRETKEYBYTES, "Ed25519");

static const char dash[] = "\xe2\x80\x94 "; /* U+2014 and a space */

/* One character of UTF-8 in its shortest form, no surrogate; 0 for what is none. */
static size_t take_character(struct slice text, uint32_t *character)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint8_t first = text.bytes[0];
	size_t size = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;

	if ((first >= 0x80 && first < 0xc2) || first > 0xf4 || size > text.size)
		return 0;
	*character = size == 1 ? first : first & (0x7fu >> size);
	for (size_t i = 1; i < size; i++) {
		if ((text.bytes[i] & 0xc0) != 0x80)
			return 0;
		*character = *character << 6 | (text.bytes[i] & 0x3f);
	}
	if (*character < least[size] || *character > 0x10ffff || (*character >= 0xd800 && *character < 0xe000))
		return 0;
	return size;
}

/* White_Space of Unicode, above ASCII. */
static bool is_wide_space(uint32_t c)
{
	return c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 ||
	       c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

bool note_name_good(struct slice name)
{
	uint32_t c;

	if (name.size < 1 || name.size > NOTE_NAME_MAX)
		return false;
	while (name.size > 0) {
		size_t size = take_character(name, &c);

		if (size == 0 || c <= ' ' || c == 0x7f || c == '+' || is_wide_space(c))
			return false;
		name = slice_of(name.bytes + size, name.size - size);
	}
	return true;
}

/* Valid UTF-8 without control characters but newline. */
static bool text_good(struct slice text)
{
	uint32_t c;

	while (text.size > 0) {
		size_t size = take_character(text, &c);

		if (size == 0 || (c < ' ' && c != '\n'))
			return false;
		text = slice_of(text.bytes + size, text.size - size);
	}
	return true;
}

static void key_id(uint8_t id[static KEY_ID_SIZE], const struct note_key *key)
{
	static const uint8_t separator[] = { '\n', KEY_TYPE_ED25519 };
	uint8_t hash[crypto_hash_sha256_BYTES];
	crypto_hash_sha256_state state;

	crypto_hash_sha256_init(&state);
	crypto_hash_sha256_update(&state, (const uint8_t *)key->name, strlen(key->name));
	crypto_hash_sha256_update(&state, separator, sizeof(separator));
	crypto_hash_sha256_update(&state, key->public_key, NOTE_PUBLIC_SIZE);
	crypto_hash_sha256_final(&state, hash);
	memcpy(id, hash, KEY_ID_SIZE);
}

void note_key_from_seed(struct note_key *key, const char *name, const uint8_t seed[static NOTE_SEED_SIZE])
{
	assert(note_name_good(slice_text(name)));
	memset(key, 0, sizeof(*key));
	memcpy(key->name, name, strlen(name));
	crypto_sign_seed_keypair(key->public_key, key->secret_key, seed);
}

static void write_text(struct writer *w, const char *text)
{
	write_bytes(w, text, strlen(text));
}

static void write_base64(struct writer *w, const uint8_t *bytes, size_t size)
{
	char text[sodium_base64_ENCODED_LEN(KEY_ID_SIZE + SIGNATURE_SIZE, sodium_base64_VARIANT_ORIGINAL)];

	write_text(w, sodium_bin2base64(text, sizeof(text), bytes, size, sodium_base64_VARIANT_ORIGINAL));
}

void note_vkey_text(struct writer *w, const struct note_key *key)
{
	uint8_t id[KEY_ID_SIZE], typed[1 + NOTE_PUBLIC_SIZE] = { KEY_TYPE_ED25519 };
	char hex[2 * KEY_ID_SIZE + 1];

	key_id(id, key);
	memcpy(typed + 1, key->public_key, NOTE_PUBLIC_SIZE);
	write_text(w, key->name);
	write_text(w, "+");
	write_text(w, sodium_bin2hex(hex, sizeof(hex), id, sizeof(id)));
	write_text(w, "+");
	write_base64(w, typed, sizeof(typed));
}

/* Base64 that is exactly `size` bytes, padded, no bits astray. */
static bool read_base64(struct slice text, uint8_t *bytes, size_t size)
{
	size_t got;

	return sodium_base642bin(bytes, size, (const char *)text.bytes, text.size, NULL, &got, NULL,
	                         sodium_base64_VARIANT_ORIGINAL) == 0 && got == size;
}

/* What stands before the next `mark`, which is taken away with it; false where there is none. */
static bool cut(struct slice *rest, uint8_t mark, struct slice *piece)
{
	const uint8_t *at = rest->size > 0 ? memchr(rest->bytes, mark, rest->size) : NULL;

	if (!at)
		return false;
	*piece = slice_of(rest->bytes, (size_t)(at - rest->bytes));
	*rest = slice_of(at + 1, rest->size - piece->size - 1);
	return true;
}

bool note_vkey_parse(struct note_key *key, struct slice text)
{
	uint8_t id[KEY_ID_SIZE], typed[1 + NOTE_PUBLIC_SIZE];
	char hex[2 * KEY_ID_SIZE + 1];
	struct slice name, id_text, rest = text;

	memset(key, 0, sizeof(*key));
	/* A file ends in a newline. The base64 may hold a plus sign, the name may not. */
	if (rest.size > 0 && rest.bytes[rest.size - 1] == '\n')
		rest.size--;
	if (!cut(&rest, '+', &name) || !cut(&rest, '+', &id_text) || !note_name_good(name))
		return false;
	if (!read_base64(rest, typed, sizeof(typed)) || typed[0] != KEY_TYPE_ED25519)
		return false;
	memcpy(key->name, name.bytes, name.size);
	memcpy(key->public_key, typed + 1, NOTE_PUBLIC_SIZE);
	key_id(id, key);
	if (!slice_is(id_text, sodium_bin2hex(hex, sizeof(hex), id, sizeof(id)))) {
		memset(key, 0, sizeof(*key));
		return false;
	}
	return true;
}

void note_sign(struct writer *w, const struct note_key *key, uint64_t size, const uint8_t root[static HASH_SIZE])
{
	uint8_t signature[KEY_ID_SIZE + SIGNATURE_SIZE];
	const uint8_t *start = w->at;
	char number[24];

	write_text(w, key->name);
	snprintf(number, sizeof(number), "\n%" PRIu64 "\n", size);
	write_text(w, number);
	write_base64(w, root, HASH_SIZE);
	write_text(w, "\n");
	/* The text is signed with its last newline, without the blank line. */
	if (w->full)
		return;
	key_id(signature, key);
	crypto_sign_detached(signature + KEY_ID_SIZE, NULL, start, (size_t)(w->at - start), key->secret_key);
	write_text(w, "\n");
	write_text(w, dash);
	write_text(w, key->name);
	write_text(w, " ");
	write_base64(w, signature, sizeof(signature));
	write_text(w, "\n");
}

/* Origin, size, root, and any extension lines, none of them empty. */
static bool parse_text(struct slice text, const char *origin, uint64_t *size, uint8_t root[static HASH_SIZE])
{
	struct slice line, rest = text;
	uint64_t number = 0;

	if (!cut(&rest, '\n', &line) || !slice_is(line, origin))
		return false;
	if (!cut(&rest, '\n', &line) || line.size < 1 || (line.size > 1 && line.bytes[0] == '0'))
		return false;
	for (size_t i = 0; i < line.size; i++) {
		unsigned digit = line.bytes[i] - (unsigned)'0';

		if (digit > 9 || number > (UINT64_MAX - digit) / 10)
			return false;
		number = number * 10 + digit;
	}
	if (!cut(&rest, '\n', &line) || line.size != ROOT_TEXT_SIZE || !read_base64(line, root, HASH_SIZE))
		return false;
	while (rest.size > 0) {
		if (!cut(&rest, '\n', &line) || line.size == 0)
			return false;
	}
	*size = number;
	return true;
}

enum verdict { MALFORMED, OTHER_KEY, GOOD, BAD };

static enum verdict judge_line(struct slice line, struct slice text, const struct note_key *key)
{
	uint8_t room[SIGNATURE_TEXT_MAX];
	uint8_t id[KEY_ID_SIZE];
	struct slice name, rest;
	size_t size, dash_size = sizeof(dash) - 1;

	if (line.size <= dash_size || memcmp(line.bytes, dash, dash_size) != 0)
		return MALFORMED;
	rest = slice_of(line.bytes + dash_size, line.size - dash_size);
	if (!cut(&rest, ' ', &name) || name.size < 1 || memchr(name.bytes, '+', name.size))
		return MALFORMED;
	if (rest.size > SIGNATURE_TEXT_MAX)
		return MALFORMED;
	if (sodium_base642bin(room, sizeof(room), (const char *)rest.bytes, rest.size, NULL, &size, NULL,
	                      sodium_base64_VARIANT_ORIGINAL) != 0 || size <= KEY_ID_SIZE)
		return MALFORMED;
	key_id(id, key);
	if (!slice_is(name, key->name) || memcmp(room, id, KEY_ID_SIZE) != 0)
		return OTHER_KEY;
	if (size != KEY_ID_SIZE + SIGNATURE_SIZE ||
	    crypto_sign_verify_detached(room + KEY_ID_SIZE, text.bytes, text.size, key->public_key) != 0)
		return BAD;
	return GOOD;
}

bool note_verify(struct slice note, const struct note_key *key, struct slice *signed_text)
{
	struct slice text, rest, line;
	bool signed_by_key = false;
	size_t at;

	if (note.size < 3 || !text_good(note))
		return false;
	/* The last empty line parts the text from the signatures. */
	for (at = note.size - 2; at > 0; at--) {
		if (note.bytes[at] == '\n' && note.bytes[at - 1] == '\n')
			break;
	}
	if (at == 0)
		return false;
	text = slice_of(note.bytes, at);
	rest = slice_of(note.bytes + at + 1, note.size - at - 1);
	for (unsigned count = 0; rest.size > 0; count++) {
		enum verdict verdict;

		if (count == SIGNATURES_MAX || !cut(&rest, '\n', &line))
			return false;
		verdict = judge_line(line, text, key);
		if (verdict == MALFORMED || verdict == BAD)
			return false;
		signed_by_key = signed_by_key || verdict == GOOD;
	}
	*signed_text = text;
	return signed_by_key;
}

bool note_open(struct slice note, const struct note_key *key, uint64_t *size, uint8_t root[static HASH_SIZE])
{
	struct slice text;

	return note_verify(note, key, &text) && parse_text(text, key->name, size, root);
}
