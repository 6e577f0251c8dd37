/* Keyed hashes: of UPNs, alone and eight at once, and of what was received.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sodium.h>
#include <string.h>

#include "proto/ids.h"
#include "store/secrets.h"
#include "store/siphash.h"

static void hashes_hang_on_their_keys(void **state)
{
	struct store_key key, other;
	uint8_t a[UPN_HASH_SIZE], b[UPN_HASH_SIZE], actor[32] = { 1 };
	struct slice upn = slice_text("A999999900001"), received = slice_text("received");
	uint64_t receipt;

	(void)state;
	memset(&key, 1, sizeof(key));
	other = key;
	upn_hash(a, &key, upn);
	upn_hash(b, &key, upn);
	assert_memory_equal(a, b, sizeof(a));
	upn_hash(b, &key, slice_text("A999999900002"));
	assert_memory_not_equal(a, b, sizeof(a));
	other.upn[0] ^= 1;
	upn_hash(b, &other, upn);
	assert_memory_not_equal(a, b, sizeof(a));
	receipt = receipt_of(&key, received, actor);
	assert_true(receipt == receipt_of(&key, received, actor));
	assert_true(receipt != receipt_of(&key, slice_text("Received"), actor));
	actor[31] ^= 1;
	assert_true(receipt != receipt_of(&key, received, actor));
	actor[31] ^= 1;
	other.receipt[3] ^= 1;
	assert_true(receipt != receipt_of(&other, received, actor));
}

/* Its authors' first vector: key 00..0f and no message. */
static void the_upn_hash_is_siphash_2_4_128(void **state)
{
	static const uint8_t of_nothing[16] = {
		0xa3, 0x81, 0x7f, 0x04, 0xba, 0x25, 0xa8, 0xe6, 0x6d, 0xf6, 0x72, 0x14, 0xc7, 0x55, 0x02, 0x93,
	};
	struct store_key key = { 0 };
	uint8_t hash[UPN_HASH_SIZE];

	(void)state;
	for (uint8_t i = 0; i < 16; i++)
		key.upn[i] = i;
	upn_hash(hash, &key, slice_of((const uint8_t *)"", 0));
	assert_memory_equal(hash, of_nothing, sizeof(hash));
}

/* Against libsodium's, whichever vectors this machine has. */
static void eight_upns_at_once_hash_as_each_alone(void **state)
{
	uint8_t texts[SIPHASH_LANES][UPN_SIZE], together[SIPHASH_LANES][UPN_HASH_SIZE], alone[UPN_HASH_SIZE];
	const uint8_t *upns[SIPHASH_LANES];
	uint8_t *hashes[SIPHASH_LANES];
	struct store_key key = { 0 };

	(void)state;
	for (unsigned round = 0; round < 1000; round++) {
		randombytes_buf(texts, sizeof texts);
		randombytes_buf(key.upn, sizeof key.upn);
		for (unsigned i = 0; i < SIPHASH_LANES; i++) {
			upns[i] = texts[i];
			hashes[i] = together[i];
		}
		siphash_upns(hashes, key.upn, upns);
		for (unsigned i = 0; i < SIPHASH_LANES; i++) {
			upn_hash(alone, &key, slice_of(texts[i], UPN_SIZE));
			assert_memory_equal(together[i], alone, sizeof alone);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hashes_hang_on_their_keys),
		cmocka_unit_test(the_upn_hash_is_siphash_2_4_128),
		cmocka_unit_test(eight_upns_at_once_hash_as_each_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
