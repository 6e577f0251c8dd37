/* secrets.c - store.key, and what its keys are for.
 *
 *   "attend-key-1" 12 | check 16 | upn 16 | receipt 16 | log seed 32 |
 *   first 8 of SHA-256 over all before
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/key_file.h"
#include "store/secrets.h"

enum { MAGIC_SIZE = 12, KEYS_SIZE = 16 + 16 + 16 + 32, SUM_SIZE = 8, FILE_SIZE = MAGIC_SIZE + KEYS_SIZE + SUM_SIZE };

static const char magic[] = "attend-key-1";
static const char file_name[] = "store.key";

_Static_assert(sizeof(magic) - 1 == MAGIC_SIZE, "the layout above");
_Static_assert(crypto_shorthash_siphashx24_BYTES == UPN_HASH_SIZE, "SipHash-2-4-128");

static void sum_of(uint8_t sum[static SUM_SIZE], const uint8_t *bytes, size_t size)
{
	uint8_t hash[crypto_hash_sha256_BYTES];

	crypto_hash_sha256(hash, bytes, size);
	memcpy(sum, hash, SUM_SIZE);
}

int store_key_create(const char *dir, struct store_key *key, char *why, size_t why_size)
{
	uint8_t room[FILE_SIZE];
	struct writer w = writer_of(room, sizeof(room));
	int result;

	if (sodium_init() < 0) {
		snprintf(why, why_size, "no randomness");
		return -1;
	}
	randombytes_buf(key->check, sizeof(key->check));
	randombytes_buf(key->upn, sizeof(key->upn));
	randombytes_buf(key->receipt, sizeof(key->receipt));
	randombytes_buf(key->log_seed, sizeof(key->log_seed));
	write_bytes(&w, magic, MAGIC_SIZE);
	write_bytes(&w, key->check, sizeof(key->check));
	write_bytes(&w, key->upn, sizeof(key->upn));
	write_bytes(&w, key->receipt, sizeof(key->receipt));
	write_bytes(&w, key->log_seed, sizeof(key->log_seed));
	sum_of(w.at, room, writer_size(&w));
	result = key_file_write(dir, file_name, room, sizeof(room), false, NULL, why, why_size);
	sodium_memzero(room, sizeof(room));
	if (result != 0)
		sodium_memzero(key, sizeof(*key));
	return result;
}

static void take(struct reader *r, uint8_t *key, size_t size)
{
	struct slice bytes = read_bytes(r, size);

	if (bytes.size == size)
		memcpy(key, bytes.bytes, size);
}

int store_key_read(const char *dir, struct store_key *key, char *why, size_t why_size)
{
	uint8_t *bytes, sum[SUM_SIZE] = { 0 };
	size_t size;
	struct reader r;
	bool good;
	int fd = key_file_open(dir, file_name, false, why, why_size);

	memset(key, 0, sizeof(*key));
	if (fd < 0)
		return -1;
	if (sodium_init() < 0 || key_file_read(fd, &bytes, &size, 4096) != 0) {
		snprintf(why, why_size, "%s/%s: %s", dir, file_name, strerror(errno));
		close(fd);
		return -1;
	}
	close(fd);
	good = size == FILE_SIZE && memcmp(bytes, magic, MAGIC_SIZE) == 0;
	if (good) {
		sum_of(sum, bytes, MAGIC_SIZE + KEYS_SIZE);
		good = memcmp(sum, bytes + MAGIC_SIZE + KEYS_SIZE, SUM_SIZE) == 0;
	}
	if (good) {
		r = reader_of(slice_of(bytes + MAGIC_SIZE, KEYS_SIZE));
		take(&r, key->check, sizeof(key->check));
		take(&r, key->upn, sizeof(key->upn));
		take(&r, key->receipt, sizeof(key->receipt));
		take(&r, key->log_seed, sizeof(key->log_seed));
	} else {
		snprintf(why, why_size, "%s/%s: damaged, or not a store's key", dir, file_name);
	}
	sodium_memzero(bytes, size);
	free(bytes);
	return good ? 0 : -1;
}

void upn_hash(uint8_t hash[static UPN_HASH_SIZE], const struct store_key *key, struct slice upn)
{
	crypto_shorthash_siphashx24(hash, upn.bytes, upn.size, key->upn);
}

/* The sender and a 128-bit digest of what it sent: libsodium's SipHash takes one
 * piece, and what was received may be long. */
uint64_t receipt_of(const struct store_key *key, struct slice received, const uint8_t actor_key[static 32])
{
	uint8_t both[32 + crypto_shorthash_siphashx24_BYTES], hash[crypto_shorthash_siphash24_BYTES];
	struct reader r;

	memcpy(both, actor_key, 32);
	crypto_shorthash_siphashx24(both + 32, received.bytes, received.size, key->receipt);
	crypto_shorthash_siphash24(hash, both, sizeof(both), key->receipt);
	r = reader_of(slice_of(hash, sizeof(hash)));
	return read_u64(&r);
}
