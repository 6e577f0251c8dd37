/* tree.c - proofs as a client checks them. Of a tree of n leaves no leaf but the true one may be
 * shown to stand at a place, and no other root to be an earlier one, whatever the proof says.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz.h"

#include "store/tree.h"

enum { LEAVES_MAX = 40 };

static uint8_t leaves[LEAVES_MAX][HASH_SIZE], roots[LEAVES_MAX + 1][HASH_SIZE];

/* RFC 9162 2.1.1, as it is written there. */
static void root_of(uint8_t out[static HASH_SIZE], unsigned from, unsigned count)
{
	uint8_t left[HASH_SIZE], right[HASH_SIZE];
	unsigned cut = 1;

	if (count == 0) {
		tree_empty_root(out);
		return;
	}
	if (count == 1) {
		memcpy(out, leaves[from], HASH_SIZE);
		return;
	}
	while (cut * 2 < count)
		cut *= 2;
	root_of(left, from, cut);
	root_of(right, from + cut, count - cut);
	tree_node_hash(out, left, right);
}

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
	(void)count, (void)arguments;
	for (unsigned i = 0; i < LEAVES_MAX; i++)
		tree_leaf_hash(leaves[i], slice_of(&(uint8_t){ (uint8_t)i }, 1));
	for (unsigned i = 0; i <= LEAVES_MAX; i++)
		root_of(roots[i], 0, i);
	return 0;
}

/* Hashes of the proof: raw ones, or those of a part of the tree, which is what a true proof is made of. */
static void take_proof(struct fuzz *f, struct proof *p)
{
	p->count = fuzz_below(f, PROOF_MAX + 1);
	for (unsigned i = 0; i < p->count; i++) {
		if (!fuzz_left(f)) {
			p->count = i;
		} else if (fuzz_u8(f) & 1) {
			struct slice raw = fuzz_take(f, HASH_SIZE);

			memset(p->path[i], 0, HASH_SIZE);
			memcpy(p->path[i], raw.bytes, raw.size);
		} else {
			unsigned from = fuzz_below(f, LEAVES_MAX), size = fuzz_below(f, LEAVES_MAX + 1);

			root_of(p->path[i], from, size > LEAVES_MAX - from ? LEAVES_MAX - from : size);
		}
	}
}

static uint64_t size_of(struct fuzz *f)
{
	uint8_t small = fuzz_u8(f);

	return small < 250 ? small % (LEAVES_MAX + 1) : (uint64_t)fuzz_u32(f) << 32 | fuzz_u32(f);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct fuzz f = fuzz_of(bytes, size);
	static struct proof p;
	uint64_t first = size_of(&f), second = size_of(&f);
	unsigned leaf = fuzz_below(&f, LEAVES_MAX), of = fuzz_below(&f, LEAVES_MAX + 1), was = fuzz_below(&f, LEAVES_MAX + 1);

	take_proof(&f, &p);
	if (tree_check_inclusion(leaves[leaf], first, second, &p, roots[of]))
		MUST(second == of && first == leaf);
	if (tree_check_consistency(first, second, roots[was], roots[of], &p))
		MUST(second != of || first == 0 || first == was);
	return 0;
}
