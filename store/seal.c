/* seal.c - what is sealed under a person's key, and the table of keys under another.
 *
 *   sealed text:    nonce 24 | text | tag 16
 *                   authenticated with it: kind 1 | pupil 4 | position 8
 *   wrapped table:  "attend-persons-1" 16 | nonce 24 | records | tag 16
 *                   authenticated with it: the first 16 bytes
 *
 * XChaCha20-Poly1305 (IETF); a random nonce of 24 bytes needs no counter that
 * a restored backup could set back.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/key_file.h"
#include "store/persons_parts.h"

enum {
	NONCE_SIZE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
	TAG_SIZE = crypto_aead_xchacha20poly1305_ietf_ABYTES,
	BOUND_SIZE = 1 + 4 + 8,
	MAGIC_SIZE = 16,
	WRAP_EXTRA = MAGIC_SIZE + NONCE_SIZE + TAG_SIZE,
};

static const char magic[] = "attend-persons-1";

_Static_assert(NONCE_SIZE + TAG_SIZE == SEAL_EXTRA, "what secrets.h promises");
_Static_assert(PERSON_KEY_SIZE == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "what secrets.h promises");
_Static_assert(sizeof(magic) - 1 == MAGIC_SIZE, "the layout above");

/* What a sealed text belongs to. */
static void bind(uint8_t bound[static BOUND_SIZE], uint8_t kind, uint32_t pupil, uint64_t position)
{
	struct writer w = writer_of(bound, BOUND_SIZE);

	write_u8(&w, kind);
	write_u32(&w, pupil);
	write_u64(&w, position);
}

bool persons_seal(struct persons *persons, uint32_t pupil, uint8_t kind, uint64_t position,
                  struct slice text, struct writer *out)
{
	uint8_t bound[BOUND_SIZE];

	if (!persons_known(persons, pupil))
		return false;
	if (out->full || (size_t)(out->end - out->at) < SEAL_EXTRA ||
	    (size_t)(out->end - out->at) - SEAL_EXTRA < text.size) {
		out->full = true;
		return false;
	}
	bind(bound, kind, pupil, position);
	randombytes_buf(out->at, NONCE_SIZE);
	crypto_aead_xchacha20poly1305_ietf_encrypt(out->at + NONCE_SIZE, NULL, text.bytes, text.size, bound,
	                                           sizeof(bound), NULL, out->at, persons->entries[pupil].key);
	out->at += text.size + SEAL_EXTRA;
	return true;
}

bool persons_unseal(const struct persons *persons, uint32_t pupil, uint8_t kind, uint64_t position,
                    struct slice sealed, struct writer *out)
{
	uint8_t bound[BOUND_SIZE];

	if (!persons_known(persons, pupil) || sealed.size < SEAL_EXTRA)
		return false;
	if (out->full || (size_t)(out->end - out->at) < sealed.size - SEAL_EXTRA) {
		out->full = true;
		return false;
	}
	bind(bound, kind, pupil, position);
	if (crypto_aead_xchacha20poly1305_ietf_decrypt(out->at, NULL, NULL, sealed.bytes + NONCE_SIZE,
	                                               sealed.size - NONCE_SIZE, bound, sizeof(bound),
	                                               sealed.bytes, persons->entries[pupil].key) != 0)
		return false;
	out->at += sealed.size - SEAL_EXTRA;
	return true;
}

int persons_wrap(const struct persons *persons, const uint8_t key[static 32], uint8_t **blob, size_t *size)
{
	size_t table_size;
	uint8_t *table = persons_table(persons, &table_size), *nonce;

	*blob = NULL;
	*size = 0;
	if (!table)
		return -1;
	*blob = malloc(table_size + WRAP_EXTRA);
	if (*blob) {
		nonce = *blob + MAGIC_SIZE;
		memcpy(*blob, magic, MAGIC_SIZE);
		randombytes_buf(nonce, NONCE_SIZE);
		crypto_aead_xchacha20poly1305_ietf_encrypt(nonce + NONCE_SIZE, NULL, table, table_size, *blob,
		                                           MAGIC_SIZE, NULL, nonce, key);
		*size = table_size + WRAP_EXTRA;
	}
	sodium_memzero(table, table_size);
	free(table);
	return *blob ? 0 : -1;
}

int persons_unwrap(const char *dir, const uint8_t key[static 32], struct slice blob, char *why, size_t why_size)
{
	const uint8_t *nonce;
	size_t size;
	uint8_t *table;
	int result;

	if (sodium_init() < 0 || blob.size < WRAP_EXTRA || memcmp(blob.bytes, magic, MAGIC_SIZE) != 0) {
		snprintf(why, why_size, "not a wrapped table of persons' keys");
		return -1;
	}
	nonce = blob.bytes + MAGIC_SIZE;
	size = blob.size - WRAP_EXTRA;
	table = malloc(size + 1);
	if (!table) {
		snprintf(why, why_size, "no memory for the persons' keys");
		return -1;
	}
	if (crypto_aead_xchacha20poly1305_ietf_decrypt(table, NULL, NULL, nonce + NONCE_SIZE, size + TAG_SIZE,
	                                               blob.bytes, MAGIC_SIZE, nonce, key) != 0) {
		snprintf(why, why_size, "the persons' keys can't be unwrapped: another key, or damaged");
		result = -1;
	} else {
		result = key_file_write(dir, "persons.keys", table, size, false, NULL, why, why_size);
	}
	sodium_memzero(table, size);
	free(table);
	return result;
}
