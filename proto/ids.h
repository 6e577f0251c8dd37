/* ids.h - the identifiers of the field: UPN, URN, UUID, keys, parents.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTO_IDS_H
#define PROTO_IDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/bytes.h"

enum {
	UPN_SIZE = 13,
	URN_SIZE = 6,
	UUID_SIZE = 16,
	UUID_TEXT_SIZE = 36,
	PUBLIC_KEY_SIZE = 32,
	Z85_KEY_SIZE = 40,
	PARENT_SIZE_MAX = 16,
	SCHOOL_NAME_MAX = 120, /* bytes */
};

/* A unique pupil number: a check letter, nine digits of which the first three
 * name the authority and the next four the establishment, then two digits of
 * the year and three of serial; in a temporary UPN the last is a letter.
 * The check letter is the sum of the twelve characters that follow it, weighted
 * 2 to 13, modulo 23, indexed into ABCDEFGHJKLMNPQRTUVWXYZ; the last letter of a
 * temporary UPN counts as its index in the same alphabet
 * (Government Data Standards Catalogue).
 *
 * NULL where `text` is a UPN, or else what is wrong with it, fit to follow
 * "upn: " in a message; a wrong check letter names the right one. The text is
 * one of a fixed set held in static memory. Lower case is refused. */
const char *upn_fault(struct slice text);

/* The check letter of twelve characters that pass every other rule. */
char upn_check_letter(const char twelve[static 12]);

/* A school's unique reference number: six digits, not starting with 0.
 * False where it is not one; then `*urn` is left alone. */
bool urn_parse(struct slice text, uint32_t *urn);

/* A parent's id, the pupil's own: a letter, then letters, digits, `-`; at most
 * PARENT_SIZE_MAX. */
bool parent_ok(struct slice text);

/* RFC 9562. Version 7 from a time in milliseconds and ten random bytes; version
 * 8 from (at least) the first sixteen bytes of a hash of the content. */
void uuid_v7(uint8_t uuid[static UUID_SIZE], uint64_t unix_ms, const uint8_t random[static 10]);
void uuid_v8(uint8_t uuid[static UUID_SIZE], const uint8_t hash[static 16]);
bool uuid_usable(const uint8_t uuid[static UUID_SIZE]); /* version 7 or 8, RFC variant */
void uuid_text(char out[static UUID_TEXT_SIZE + 1], const uint8_t uuid[static UUID_SIZE]);
bool uuid_parse(struct slice text, uint8_t uuid[static UUID_SIZE]);

/* Lower-case hexadecimal; `out` takes 2 * size + 1. Parsing takes exactly
 * 2 * size digits of either case. */
void hex_text(char *out, const uint8_t *bytes, size_t size);
bool hex_parse(struct slice text, uint8_t *out, size_t size);

/* ZeroMQ RFC 32: a 32-byte key as 40 characters. */
void z85_key_text(char out[static Z85_KEY_SIZE + 1], const uint8_t key[static PUBLIC_KEY_SIZE]);
bool z85_key_parse(struct slice text, uint8_t key[static PUBLIC_KEY_SIZE]);

#endif
