/* tree_check.c - proofs as the one who gets them checks them; from RFC 9162's
 * text, step by step, and sharing nothing with the side that makes them.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "store/tree.h"

/* RFC 9162 2.1.3.2. */
bool tree_check_inclusion(const uint8_t leaf_hash[static HASH_SIZE], uint64_t index, uint64_t size,
                          const struct proof *proof, const uint8_t root[static HASH_SIZE])
{
	uint64_t fn = index, sn;
	uint8_t r[HASH_SIZE];

	if (index >= size || proof->count > PROOF_MAX)
		return false;
	sn = size - 1;
	memcpy(r, leaf_hash, HASH_SIZE);
	for (unsigned i = 0; i < proof->count; i++) {
		const uint8_t *p = proof->path[i];

		if (sn == 0)
			return false;
		if ((fn & 1) || fn == sn) {
			tree_node_hash(r, p, r);
			while (!(fn & 1) && fn != 0) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			tree_node_hash(r, r, p);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0 && memcmp(r, root, HASH_SIZE) == 0;
}

/* The two cases that the RFC leaves out, both without a proof: nothing grows into
 * anything, and a tree is consistent with itself. */
static bool check_trivial(uint64_t first, const uint8_t *first_root, const uint8_t *second_root)
{
	uint8_t nothing[HASH_SIZE];

	tree_empty_root(nothing);
	return memcmp(first_root, first == 0 ? nothing : second_root, HASH_SIZE) == 0;
}

/* RFC 9162 2.1.4.2. */
bool tree_check_consistency(uint64_t first, uint64_t second, const uint8_t first_root[static HASH_SIZE],
                            const uint8_t second_root[static HASH_SIZE], const struct proof *proof)
{
	uint64_t fn, sn;
	uint8_t fr[HASH_SIZE], sr[HASH_SIZE];
	unsigned i = 0;

	if (first > second || proof->count > PROOF_MAX)
		return false;
	if (first == second && memcmp(first_root, second_root, HASH_SIZE) != 0)
		return false;
	if (first == 0 || first == second)
		return proof->count == 0 && check_trivial(first, first_root, second_root);
	if (proof->count == 0)
		return false;
	fn = first - 1;
	sn = second - 1;
	while (fn & 1) {
		fn >>= 1;
		sn >>= 1;
	}
	/* Where first is a power of two, its root begins the path. */
	memcpy(fr, (first & (first - 1)) == 0 ? first_root : proof->path[i++], HASH_SIZE);
	memcpy(sr, fr, HASH_SIZE);
	for (; i < proof->count; i++) {
		const uint8_t *c = proof->path[i];

		if (sn == 0)
			return false;
		if ((fn & 1) || fn == sn) {
			tree_node_hash(fr, c, fr);
			tree_node_hash(sr, c, sr);
			while (!(fn & 1) && fn != 0) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			tree_node_hash(sr, sr, c);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0 && memcmp(fr, first_root, HASH_SIZE) == 0 && memcmp(sr, second_root, HASH_SIZE) == 0;
}
