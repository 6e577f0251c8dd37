/* tree.h - the Merkle tree over the log (RFC 9162, section 2.1; SHA-256).
 *
 * The leaf of an event is its record, at index position - 1. Kept are the hashes
 * of complete subtrees of TREE_KEPT_LEVEL and above; what lies below is hashed
 * again from the records when a proof asks for it. The frontier (the complete
 * subtrees that make up the tree now) is held in memory and rebuilt at open.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_TREE_H
#define STORE_TREE_H

#include "store/log.h"

enum { HASH_SIZE = 32, TREE_KEPT_LEVEL = 6, PROOF_MAX = 64 + 64 };

struct tree {
	uint64_t size;                     /* leaves */
	uint8_t frontier[64][HASH_SIZE];   /* [level]: where bit `level` of size is set */
};

void tree_leaf_hash(uint8_t hash[static HASH_SIZE], struct slice record);
void tree_node_hash(uint8_t hash[static HASH_SIZE], const uint8_t left[static HASH_SIZE],
                    const uint8_t right[static HASH_SIZE]);
void tree_empty_root(uint8_t hash[static HASH_SIZE]);

/* Takes up the tree of a store whose log has `size` records. */
enum store_result tree_open(struct tree *, struct log *, struct txn *, uint64_t size);
/* One more leaf; kept nodes go into the write transaction. The tree is a plain
 * struct: who may have to abort keeps a copy from before the transaction. */
enum store_result tree_append(struct tree *, struct txn *, struct slice record);
/* Root of the whole, from the frontier. Of no leaves: SHA-256 of nothing. */
void tree_root(const struct tree *, uint8_t root[static HASH_SIZE]);
/* Root as it was at an earlier size; FAILED where that is beyond the tree's. */
enum store_result tree_root_at(const struct tree *, struct log *, struct txn *, uint64_t size,
                               uint8_t root[static HASH_SIZE]);

struct proof {
	unsigned count;
	uint8_t path[PROOF_MAX][HASH_SIZE];
};
/* RFC 9162 2.1.3.1 and 2.1.4.1; FAILED where sizes or index are none of this
 * tree's. From size 0 or to the same size the consistency proof is empty. */
enum store_result tree_prove_inclusion(const struct tree *, struct log *, struct txn *,
                                       uint64_t index, uint64_t size, struct proof *);
enum store_result tree_prove_consistency(const struct tree *, struct log *, struct txn *,
                                         uint64_t first, uint64_t second, struct proof *);
/* The verifying side, as a client does it (RFC 9162 2.1.3.2, 2.1.4.2); pure. Of the
 * empty tree only the true root (SHA-256 of nothing) with an empty proof is good. */
bool tree_check_inclusion(const uint8_t leaf_hash[static HASH_SIZE], uint64_t index, uint64_t size,
                          const struct proof *, const uint8_t root[static HASH_SIZE]);
bool tree_check_consistency(uint64_t first, uint64_t second, const uint8_t first_root[static HASH_SIZE],
                            const uint8_t second_root[static HASH_SIZE], const struct proof *);

#endif
