/* tree.c - the tree's growing, its roots and its proofs.
 *
 * Everything is said in ranges of leaves [begin, end). The ranges that RFC 9162
 * asks for begin at a multiple of the largest power of two in them, so one is
 * either a complete subtree or such a one followed by a shorter range. Complete
 * subtrees of TREE_KEPT_LEVEL and above stand in the store under
 *
 *   level 1 | index 8 -> hash 32
 *
 * and anything smaller, at most 64 leaves, is hashed from its records.
 *
 * SHA-256 is nettle's, which uses the processor's own instructions where there are
 * any: three to four times libsodium's, twice for every record.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <nettle/sha2.h>
#include <string.h>

#include "store/store_parts.h"
#include "store/tree.h"

enum { NODE_KEY_SIZE = 1 + 8, EDGE_MAX = 1 << TREE_KEPT_LEVEL };

_Static_assert(HASH_SIZE == SHA256_DIGEST_SIZE, "RFC 9162 with SHA-256");

void tree_leaf_hash(uint8_t hash[static HASH_SIZE], struct slice record)
{
	static const uint8_t leaf = 0x00;
	struct sha256_ctx context;

	sha256_init(&context);
	sha256_update(&context, 1, &leaf);
	sha256_update(&context, record.size, record.bytes);
	sha256_digest(&context, HASH_SIZE, hash);
}

void tree_node_hash(uint8_t hash[static HASH_SIZE], const uint8_t left[static HASH_SIZE],
                    const uint8_t right[static HASH_SIZE])
{
	static const uint8_t node = 0x01;
	struct sha256_ctx context;

	sha256_init(&context);
	sha256_update(&context, 1, &node);
	sha256_update(&context, HASH_SIZE, left);
	sha256_update(&context, HASH_SIZE, right);
	sha256_digest(&context, HASH_SIZE, hash);
}

/* The root of nothing: the hash of no bytes (RFC 9162 2.1.1). */
void tree_empty_root(uint8_t hash[static HASH_SIZE])
{
	struct sha256_ctx context;

	sha256_init(&context);
	sha256_digest(&context, HASH_SIZE, hash);
}

static struct slice node_key(uint8_t room[static NODE_KEY_SIZE], unsigned level, uint64_t index)
{
	struct writer w = writer_of(room, NODE_KEY_SIZE);

	write_u8(&w, (uint8_t)level);
	write_u64(&w, index);
	return writer_slice(&w);
}

/* The largest power of two below n; n is at least 2. */
static uint64_t split_of(uint64_t n)
{
	return UINT64_C(1) << (63 - __builtin_clzll(n - 1));
}

/* Where the leaves come from. */
struct leaves {
	struct log *log;
	struct txn *txn;
};

struct edge {
	uint8_t hash[EDGE_MAX][HASH_SIZE];
	unsigned count;
};

static bool take_leaf(void *context, uint64_t position, struct slice record)
{
	struct edge *edge = context;

	(void)position;
	tree_leaf_hash(edge->hash[edge->count++], record);
	return true;
}

/* RFC 9162 2.1.1 over hashes of leaves; folds them in place, into the first. */
static void fold(uint8_t (*hash)[HASH_SIZE], uint64_t count)
{
	uint64_t split;

	if (count < 2)
		return;
	split = split_of(count);
	fold(hash, split);
	fold(hash + split, count - split);
	tree_node_hash(hash[0], hash[0], hash[split]);
}

static enum store_result hash_edge(const struct leaves *leaves, uint64_t begin, uint64_t end,
                                   uint8_t hash[static HASH_SIZE])
{
	struct edge edge = { .count = 0 };
	enum store_result result;

	assert(end - begin >= 1 && end - begin <= EDGE_MAX);
	/* Position = index + 1. */
	result = leaves->log->methods->read(leaves->log, leaves->txn, begin + 1, end - begin, take_leaf, &edge);
	if (result == STORE_NONE)
		return store_fail(STORE_DAMAGED, "tree: the log is shorter than the tree over it");
	if (result != STORE_OK)
		return result;
	fold(edge.hash, edge.count);
	memcpy(hash, edge.hash[0], HASH_SIZE);
	return STORE_OK;
}

static enum store_result kept_node(const struct leaves *leaves, unsigned level, uint64_t index,
                                   uint8_t hash[static HASH_SIZE])
{
	uint8_t room[NODE_KEY_SIZE];
	struct slice value;
	enum store_result result = store_get(leaves->txn, TABLE_TREE, node_key(room, level, index), &value);

	if (result == STORE_NONE || (result == STORE_OK && value.size != HASH_SIZE))
		return store_fail(STORE_DAMAGED, "tree: a kept hash of level %u is missing or malformed", level);
	if (result == STORE_OK)
		memcpy(hash, value.bytes, HASH_SIZE);
	return result;
}

static enum store_result hash_range(const struct leaves *leaves, uint64_t begin, uint64_t end,
                                    uint8_t hash[static HASH_SIZE])
{
	uint64_t count = end - begin, split;
	uint8_t left[HASH_SIZE], right[HASH_SIZE];
	enum store_result result;

	if (count < EDGE_MAX)
		return hash_edge(leaves, begin, end, hash);
	if ((count & (count - 1)) == 0) {
		unsigned level = (unsigned)__builtin_ctzll(count);

		return kept_node(leaves, level, begin >> level, hash);
	}
	split = split_of(count);
	result = hash_range(leaves, begin, begin + split, left);
	if (result == STORE_OK)
		result = hash_range(leaves, begin + split, end, right);
	if (result == STORE_OK)
		tree_node_hash(hash, left, right);
	return result;
}

enum store_result tree_open(struct tree *tree, struct log *log, struct txn *txn, uint64_t size)
{
	struct leaves leaves = { log, txn };
	enum store_result result = STORE_OK;

	memset(tree, 0, sizeof(*tree));
	for (unsigned level = 0; level < 64 && result == STORE_OK; level++) {
		uint64_t begin;

		if (!(size >> level & 1))
			continue;
		begin = (size >> level << level) - (UINT64_C(1) << level);
		result = hash_range(&leaves, begin, begin + (UINT64_C(1) << level), tree->frontier[level]);
	}
	if (result == STORE_OK)
		tree->size = size;
	return result;
}

enum store_result tree_append(struct tree *tree, struct txn *txn, struct slice record)
{
	uint8_t hash[HASH_SIZE], room[NODE_KEY_SIZE];
	unsigned level = 0;
	enum store_result result;

	assert(tree->size < UINT64_MAX);
	tree_leaf_hash(hash, record);
	/* As adding one to a number: what is complete on both sides carries upward. */
	for (; tree->size >> level & 1; level++) {
		tree_node_hash(hash, tree->frontier[level], hash);
		if (level + 1 < TREE_KEPT_LEVEL)
			continue;
		result = store_put(txn, TABLE_TREE, node_key(room, level + 1, tree->size >> (level + 1)),
		                   slice_of(hash, HASH_SIZE));
		if (result != STORE_OK)
			return result;
	}
	memcpy(tree->frontier[level], hash, HASH_SIZE);
	tree->size++;
	return STORE_OK;
}

void tree_root(const struct tree *tree, uint8_t root[static HASH_SIZE])
{
	bool any = false;

	if (tree->size == 0)
		tree_empty_root(root);
	for (unsigned level = 0; level < 64; level++) {
		if (!(tree->size >> level & 1))
			continue;
		if (any)
			tree_node_hash(root, tree->frontier[level], root);
		else
			memcpy(root, tree->frontier[level], HASH_SIZE);
		any = true;
	}
}

enum store_result tree_root_at(const struct tree *tree, struct log *log, struct txn *txn, uint64_t size,
                               uint8_t root[static HASH_SIZE])
{
	struct leaves leaves = { log, txn };

	if (size > tree->size)
		return store_fail(STORE_FAILED, "tree: it has not been that large yet");
	if (size == tree->size || size == 0) {
		struct tree empty = { .size = 0 };

		tree_root(size == 0 ? &empty : tree, root);
		return STORE_OK;
	}
	return hash_range(&leaves, 0, size, root);
}

static enum store_result add_to_proof(const struct leaves *leaves, struct proof *proof, uint64_t begin, uint64_t end)
{
	assert(proof->count < PROOF_MAX);
	return hash_range(leaves, begin, end, proof->path[proof->count++]);
}

enum store_result tree_prove_inclusion(const struct tree *tree, struct log *log, struct txn *txn,
                                       uint64_t index, uint64_t size, struct proof *proof)
{
	struct leaves leaves = { log, txn };
	struct { uint64_t begin, end; } siblings[64];
	unsigned depth = 0;
	uint64_t begin = 0, end = size;
	enum store_result result = STORE_OK;

	proof->count = 0;
	if (size > tree->size || index >= size)
		return store_fail(STORE_FAILED, "tree: no such leaf in a tree of that size");
	/* RFC 9162 2.1.3.1 from the root down; the proof is then the siblings from the leaf up. */
	while (end - begin > 1) {
		uint64_t middle = begin + split_of(end - begin);

		if (index < middle) {
			siblings[depth].begin = middle;
			siblings[depth++].end = end;
			end = middle;
		} else {
			siblings[depth].begin = begin;
			siblings[depth++].end = middle;
			begin = middle;
		}
	}
	while (depth > 0 && result == STORE_OK) {
		depth--;
		result = add_to_proof(&leaves, proof, siblings[depth].begin, siblings[depth].end);
	}
	return result;
}

/* SUBPROOF of RFC 9162 2.1.4.1, over [begin, end): `first` is counted from the
 * start of the tree; `known` where the old tree's root covers just this range. */
static enum store_result subproof(const struct leaves *leaves, uint64_t first, uint64_t begin, uint64_t end,
                                  bool known, struct proof *proof)
{
	uint64_t middle;
	enum store_result result;

	if (first == end)
		return known ? STORE_OK : add_to_proof(leaves, proof, begin, end);
	middle = begin + split_of(end - begin);
	if (first <= middle) {
		result = subproof(leaves, first, begin, middle, known, proof);
		return result == STORE_OK ? add_to_proof(leaves, proof, middle, end) : result;
	}
	result = subproof(leaves, first, middle, end, false, proof);
	return result == STORE_OK ? add_to_proof(leaves, proof, begin, middle) : result;
}

enum store_result tree_prove_consistency(const struct tree *tree, struct log *log, struct txn *txn,
                                         uint64_t first, uint64_t second, struct proof *proof)
{
	struct leaves leaves = { log, txn };

	proof->count = 0;
	if (second > tree->size || first > second)
		return store_fail(STORE_FAILED, "tree: no such pair of sizes");
	if (first == 0)
		return STORE_OK;
	return subproof(&leaves, first, 0, second, true, proof);
}
