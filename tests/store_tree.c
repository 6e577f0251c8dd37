/* The Merkle tree: the published vectors of Certificate Transparency, every size,
 * index and pair of sizes up to 140 beside a tree written as the RFC says it, and
 * proofs that must be refused.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/store_place.h"

#include <sodium.h>

#include "store/tree.h"

enum { EXHAUSTIVE = 140, MANY = 5000 };

struct here {
	struct place *place;
	struct store *store;
	struct log log;
	struct tree tree;
};

static int make(void **state)
{
	struct here *here = calloc(1, sizeof(*here));
	void *place;

	if (place_make(&place) != 0 || sodium_init() < 0)
		return -1;
	here->place = place;
	here->store = place_open(here->place->dir, STORE_CREATE);
	here->log.methods = &log_lmdb;
	*state = here;
	return 0;
}

static int unmake(void **state)
{
	struct here *here = *state;
	void *place = here->place;

	store_close(&here->store);
	place_remove(&place);
	free(here);
	return 0;
}

/* Leaf number i of our own trees. */
static struct slice record_of(uint64_t index)
{
	static uint8_t room[100];
	size_t size = (size_t)(index * 7 % sizeof(room));

	place_fill(room, size, index);
	return slice_of(room, size);
}

static void grow(struct here *here, struct slice (*record)(uint64_t), uint64_t to)
{
	struct txn *txn = place_begin(here->store, true);

	while (here->tree.size < to) {
		struct slice one = record(here->tree.size);

		assert_int_equal(log_lmdb.append(&here->log, txn, here->tree.size, &one, 1), STORE_OK);
		assert_int_equal(tree_append(&here->tree, txn, one), STORE_OK);
	}
	assert_int_equal(store_commit(&txn), STORE_OK);
}

/* MTH of RFC 9162 2.1.1, word for word, with SHA-256 called directly. */
static void naive(struct slice (*record)(uint64_t), uint64_t begin, uint64_t end, uint8_t hash[static HASH_SIZE])
{
	uint8_t room[1 + 2 * HASH_SIZE];
	uint64_t k = 1;

	if (end == begin) {
		crypto_hash_sha256(hash, NULL, 0);
	} else if (end - begin == 1) {
		struct slice one = record(begin);
		uint8_t leaf[1 + 100] = { 0 };

		assert_true(one.size <= 100);
		if (one.size > 0)
			memcpy(leaf + 1, one.bytes, one.size);
		crypto_hash_sha256(hash, leaf, 1 + one.size);
	} else {
		while (k * 2 < end - begin)
			k *= 2;
		room[0] = 1;
		naive(record, begin, begin + k, room + 1);
		naive(record, begin + k, end, room + 1 + HASH_SIZE);
		crypto_hash_sha256(hash, room, sizeof(room));
	}
}

static const char *const ct_leaves[8] = {
	"", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
};

static const char *const ct_roots[9] = {
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
	"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
	"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
	"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
	"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
	"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
	"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
	"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
};

static struct slice ct_record(uint64_t index)
{
	static uint8_t room[16];
	size_t size;

	sodium_hex2bin(room, sizeof(room), ct_leaves[index], strlen(ct_leaves[index]), NULL, &size, NULL);
	return slice_of(room, size);
}

static void assert_hash(const uint8_t hash[static HASH_SIZE], const char *hex)
{
	char text[2 * HASH_SIZE + 1];

	assert_string_equal(sodium_bin2hex(text, sizeof(text), hash, HASH_SIZE), hex);
}

static void assert_path(const struct proof *proof, const char *const path[], unsigned count)
{
	assert_int_equal(proof->count, count);
	for (unsigned i = 0; i < count; i++)
		assert_hash(proof->path[i], path[i]);
}

static void rfc_9162_reference_roots(void **state)
{
	struct here *here = *state;
	uint8_t root[HASH_SIZE];
	struct txn *txn;

	for (uint64_t size = 0; size <= 8; size++) {
		grow(here, ct_record, size);
		tree_root(&here->tree, root);
		assert_hash(root, ct_roots[size]);
	}
	txn = place_begin(here->store, false);
	for (uint64_t size = 0; size <= 8; size++) {
		assert_int_equal(tree_root_at(&here->tree, &here->log, txn, size, root), STORE_OK);
		assert_hash(root, ct_roots[size]);
	}
	assert_int_equal(tree_root_at(&here->tree, &here->log, txn, 9, root), STORE_FAILED);
	store_abort(&txn);
}

static const char h01[] = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7";
static const char h23[] = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e";
static const char h47[] = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4";
static const char h4[] = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b";
static const char h67[] = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0";
static const char h45[] = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a";

static void rfc_9162_reference_inclusion_proofs(void **state)
{
	const struct {
		uint64_t index, size;
		unsigned count;
		const char *path[3];
	} vectors[] = {
		{ 0, 1, 0, { NULL } },
		{ 0, 8, 3, { h01, h23, h47 } },
		{ 5, 8, 3, { h4, h67, ct_roots[4] } },
		{ 2, 3, 1, { ct_roots[2] } },
		{ 1, 5, 3, { ct_roots[1], h23, h4 } },
	};
	struct here *here = *state;
	struct proof proof;
	struct txn *txn;

	grow(here, ct_record, 8);
	txn = place_begin(here->store, false);
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		assert_int_equal(tree_prove_inclusion(&here->tree, &here->log, txn, vectors[i].index, vectors[i].size, &proof), STORE_OK);
		assert_path(&proof, vectors[i].path, vectors[i].count);
	}
	assert_int_equal(tree_prove_inclusion(&here->tree, &here->log, txn, 8, 8, &proof), STORE_FAILED);
	assert_int_equal(tree_prove_inclusion(&here->tree, &here->log, txn, 0, 9, &proof), STORE_FAILED);
	assert_int_equal(tree_prove_inclusion(&here->tree, &here->log, txn, 0, 0, &proof), STORE_FAILED);
	store_abort(&txn);
}

static void rfc_9162_reference_consistency_proofs(void **state)
{
	const struct {
		uint64_t first, second;
		unsigned count;
		const char *path[3];
	} vectors[] = {
		{ 1, 1, 0, { NULL } },
		{ 1, 8, 3, { h01, h23, h47 } },
		{ 6, 8, 3, { h45, h67, ct_roots[4] } },
		{ 2, 5, 2, { h23, h4 } },
		{ 0, 8, 0, { NULL } },
		{ 8, 8, 0, { NULL } },
	};
	struct here *here = *state;
	struct proof proof;
	struct txn *txn;

	grow(here, ct_record, 8);
	txn = place_begin(here->store, false);
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		assert_int_equal(tree_prove_consistency(&here->tree, &here->log, txn, vectors[i].first, vectors[i].second, &proof), STORE_OK);
		assert_path(&proof, vectors[i].path, vectors[i].count);
	}
	assert_int_equal(tree_prove_consistency(&here->tree, &here->log, txn, 5, 4, &proof), STORE_FAILED);
	assert_int_equal(tree_prove_consistency(&here->tree, &here->log, txn, 5, 9, &proof), STORE_FAILED);
	store_abort(&txn);
}

static void every_root_is_the_naive_one(void **state)
{
	struct here *here = *state;
	uint8_t root[HASH_SIZE], expected[HASH_SIZE];

	for (uint64_t size = 0; size <= EXHAUSTIVE; size++) {
		struct tree opened;
		struct txn *txn;

		grow(here, record_of, size);
		naive(record_of, 0, size, expected);
		tree_root(&here->tree, root);
		assert_memory_equal(root, expected, HASH_SIZE);
		/* And so is that of a tree taken up from the store. */
		txn = place_begin(here->store, false);
		assert_int_equal(tree_open(&opened, &here->log, txn, size), STORE_OK);
		store_abort(&txn);
		tree_root(&opened, root);
		assert_memory_equal(root, expected, HASH_SIZE);
	}
}

/* Everything that may be changed about a good proof, one at a time. */
static void assert_only_this_proof(const uint8_t leaf[static HASH_SIZE], uint64_t index, uint64_t size,
                                   struct proof *proof, uint8_t root[static HASH_SIZE])
{
	assert_true(tree_check_inclusion(leaf, index, size, proof, root));
	root[3] ^= 1;
	assert_false(tree_check_inclusion(leaf, index, size, proof, root));
	root[3] ^= 1;
	assert_false(tree_check_inclusion(leaf, size, size, proof, root));
	if (proof->count > 0) {
		assert_false(tree_check_inclusion(leaf, index ^ 1, size, proof, root));
		proof->count--;
		assert_false(tree_check_inclusion(leaf, index, size, proof, root));
		proof->count++;
	}
	memset(proof->path[proof->count], 0, HASH_SIZE);
	proof->count++;
	assert_false(tree_check_inclusion(leaf, index, size, proof, root));
	proof->count--;
	for (unsigned i = 0; i < proof->count; i++) {
		proof->path[i][31] ^= 0x80;
		assert_false(tree_check_inclusion(leaf, index, size, proof, root));
		proof->path[i][31] ^= 0x80;
	}
}

static void every_inclusion_proof_up_to_140(void **state)
{
	struct here *here = *state;
	uint8_t root[HASH_SIZE], leaf[HASH_SIZE];
	struct proof proof;
	struct txn *txn;

	grow(here, record_of, EXHAUSTIVE);
	txn = place_begin(here->store, false);
	for (uint64_t size = 1; size <= EXHAUSTIVE; size++) {
		assert_int_equal(tree_root_at(&here->tree, &here->log, txn, size, root), STORE_OK);
		for (uint64_t index = 0; index < size; index++) {
			tree_leaf_hash(leaf, record_of(index));
			assert_int_equal(tree_prove_inclusion(&here->tree, &here->log, txn, index, size, &proof), STORE_OK);
			assert_only_this_proof(leaf, index, size, &proof, root);
		}
	}
	store_abort(&txn);
}

static void every_consistency_proof_up_to_140(void **state)
{
	struct here *here = *state;
	uint8_t roots[EXHAUSTIVE + 1][HASH_SIZE];
	struct proof proof;
	struct txn *txn;

	grow(here, record_of, EXHAUSTIVE);
	txn = place_begin(here->store, false);
	for (uint64_t size = 0; size <= EXHAUSTIVE; size++)
		assert_int_equal(tree_root_at(&here->tree, &here->log, txn, size, roots[size]), STORE_OK);
	for (uint64_t second = 0; second <= EXHAUSTIVE; second++) {
		for (uint64_t first = 0; first <= second; first++) {
			assert_int_equal(tree_prove_consistency(&here->tree, &here->log, txn, first, second, &proof), STORE_OK);
			assert_true(tree_check_consistency(first, second, roots[first], roots[second], &proof));
			if (first == second)
				continue;
			/* Not from a history that was another. */
			roots[first][0] ^= 1;
			assert_false(tree_check_consistency(first, second, roots[first], roots[second], &proof));
			roots[first][0] ^= 1;
			assert_false(tree_check_consistency(second, first, roots[second], roots[first], &proof));
			for (unsigned i = 0; i < proof.count; i++) {
				proof.path[i][9] ^= 4;
				assert_false(tree_check_consistency(first, second, roots[first], roots[second], &proof));
				proof.path[i][9] ^= 4;
			}
			if (first > 0) {
				roots[second][5] ^= 1;
				assert_false(tree_check_consistency(first, second, roots[first], roots[second], &proof));
				roots[second][5] ^= 1;
				proof.count--;
				assert_false(tree_check_consistency(first, second, roots[first], roots[second], &proof));
			}
		}
	}
	store_abort(&txn);
}

static void proofs_in_a_large_tree(void **state)
{
	struct here *here = *state;
	uint64_t random = place_seed();
	uint8_t root[HASH_SIZE], other[HASH_SIZE], leaf[HASH_SIZE];
	struct proof proof;
	struct txn *txn;

	grow(here, record_of, MANY);
	txn = place_begin(here->store, false);
	for (unsigned i = 0; i < 300; i++) {
		uint64_t size = 1 + place_random(&random) % MANY, index = place_random(&random) % size;

		assert_int_equal(tree_root_at(&here->tree, &here->log, txn, size, root), STORE_OK);
		assert_int_equal(tree_prove_inclusion(&here->tree, &here->log, txn, index, size, &proof), STORE_OK);
		tree_leaf_hash(leaf, record_of(index));
		assert_true(tree_check_inclusion(leaf, index, size, &proof, root));
		tree_leaf_hash(leaf, record_of(index + 1));
		assert_false(tree_check_inclusion(leaf, index, size, &proof, root));
		assert_int_equal(tree_root_at(&here->tree, &here->log, txn, index, other), STORE_OK);
		assert_int_equal(tree_prove_consistency(&here->tree, &here->log, txn, index, size, &proof), STORE_OK);
		assert_true(tree_check_consistency(index, size, other, root, &proof));
	}
	store_abort(&txn);
	naive(record_of, 0, MANY, other);
	tree_root(&here->tree, root);
	assert_memory_equal(root, other, HASH_SIZE);
}

/* A batch that was aborted is grown again from the copy kept before it. */
static void a_copy_undoes_an_aborted_batch(void **state)
{
	struct here *here = *state;
	uint8_t root[HASH_SIZE], expected[HASH_SIZE];
	struct tree copy;
	struct txn *txn;

	grow(here, record_of, 40);
	copy = here->tree;
	txn = place_begin(here->store, true);
	for (uint64_t i = 1000; i < 1060; i++)
		assert_int_equal(tree_append(&here->tree, txn, record_of(i)), STORE_OK);
	store_abort(&txn);
	here->tree = copy;
	grow(here, record_of, 77);
	naive(record_of, 0, 77, expected);
	tree_root(&here->tree, root);
	assert_memory_equal(root, expected, HASH_SIZE);
	txn = place_begin(here->store, false);
	assert_int_equal(tree_open(&copy, &here->log, txn, 77), STORE_OK);
	store_abort(&txn);
	tree_root(&copy, root);
	assert_memory_equal(root, expected, HASH_SIZE);
}

static void a_tree_without_its_nodes_or_records_is_damaged(void **state)
{
	const uint8_t level_7[9] = { 7 };
	struct here *here = *state;
	struct tree opened;
	struct txn *txn;

	grow(here, record_of, 200);
	txn = place_begin(here->store, true);
	assert_int_equal(tree_open(&opened, &here->log, txn, 201), STORE_DAMAGED);
	assert_int_equal(tree_open(&opened, &here->log, txn, 200), STORE_OK);
	assert_int_equal(store_delete(txn, TABLE_TREE, slice_of(level_7, sizeof(level_7))), STORE_OK);
	assert_int_equal(tree_open(&opened, &here->log, txn, 200), STORE_DAMAGED);
	assert_int_equal(tree_open(&opened, &here->log, txn, 127), STORE_OK);
	store_abort(&txn);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(rfc_9162_reference_roots, make, unmake),
		cmocka_unit_test_setup_teardown(rfc_9162_reference_inclusion_proofs, make, unmake),
		cmocka_unit_test_setup_teardown(rfc_9162_reference_consistency_proofs, make, unmake),
		cmocka_unit_test_setup_teardown(every_root_is_the_naive_one, make, unmake),
		cmocka_unit_test_setup_teardown(every_inclusion_proof_up_to_140, make, unmake),
		cmocka_unit_test_setup_teardown(every_consistency_proof_up_to_140, make, unmake),
		cmocka_unit_test_setup_teardown(proofs_in_a_large_tree, make, unmake),
		cmocka_unit_test_setup_teardown(a_copy_undoes_an_aborted_batch, make, unmake),
		cmocka_unit_test_setup_teardown(a_tree_without_its_nodes_or_records_is_damaged, make, unmake),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
