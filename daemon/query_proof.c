/* The signed head and the proofs of the Merkle tree (RFC 9162, C2SP checkpoints).
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <sodium.h>
#include <stdlib.h>

#include "daemon/memory.h"
#include "daemon/query_parts.h"

/* What is proven is what is on disk: the tree of the last commit. */
static const struct tree *tree_of(const struct engine *e)
{
	return store_behind(e->store) ? &e->tree_before : &e->tree;
}

static enum store_result root_of(struct engine *e, struct txn *txn, uint64_t size, uint8_t root[static HASH_SIZE])
{
	return tree_root_at(tree_of(e), &e->log, txn, size, root);
}

static enum status damaged(struct engine *e)
{
	return query_fault(e, STATUS_DAMAGED, NULL, "the tree can't be read; attendd verify says where");
}

enum status query_checkpoint(struct engine *e, const struct request *r, struct txn *txn)
{
	uint8_t root[HASH_SIZE], room[NOTE_SIZE_MAX];
	struct writer w = writer_of(room, sizeof room);

	(void)r;
	if (root_of(e, txn, e->committed, root) != STORE_OK)
		return damaged(e);
	note_sign(&w, &e->note, e->committed, root);
	pack_map(&e->body, 1);
	pack_key_str(&e->body, "note", writer_slice(&w));
	return STATUS_OK;
}

static void pack_path(struct pack *p, const struct proof *proof)
{
	pack_text(p, "path");
	pack_array(p, proof->count);
	for (unsigned i = 0; i < proof->count; i++)
		pack_hex(p, proof->path[i], HASH_SIZE);
}

struct one_record {
	struct engine *engine;
	bool found;
};

static bool take_leaf(void *context, uint64_t position, struct slice record)
{
	struct one_record *one = context;
	struct pack *p = &one->engine->body;
	size_t size = sodium_base64_ENCODED_LEN(record.size, sodium_base64_VARIANT_ORIGINAL);
	char *text = memory_new(size);
	uint8_t hash[HASH_SIZE];

	(void)position;
	sodium_bin2base64(text, size, record.bytes, record.size, sodium_base64_VARIANT_ORIGINAL);
	tree_leaf_hash(hash, record);
	pack_key_text(p, "leaf", text);
	pack_text(p, "leaf_hash");
	pack_hex(p, hash, HASH_SIZE);
	free(text);
	one->found = true;
	return false;
}

enum status query_prove(struct engine *e, const struct request *r, struct txn *txn)
{
	const char *wrong = NULL;
	uint64_t seq = mp_find_uint(r->message->body, "seq", 0, &wrong);
	struct one_record one = {.engine = e};
	struct proof *proof;
	uint8_t root[HASH_SIZE];
	enum status status = STATUS_OK;

	if (wrong || !seq || seq > e->committed)
		return query_fault(e, STATUS_NOT_FOUND, "seq", "no event stands at that position");
	proof = memory_new(sizeof *proof);
	if (tree_prove_inclusion(tree_of(e), &e->log, txn, seq - 1, e->committed, proof) != STORE_OK ||
	    root_of(e, txn, e->committed, root) != STORE_OK) {
		status = damaged(e);
	} else {
		pack_map(&e->body, 6);
		pack_key_uint(&e->body, "seq", seq);
		pack_key_uint(&e->body, "size", e->committed);
		e->log.methods->read(&e->log, txn, seq, 1, take_leaf, &one);
		pack_text(&e->body, "root");
		pack_hex(&e->body, root, HASH_SIZE);
		pack_path(&e->body, proof);
		if (!one.found)
			status = damaged(e);
	}
	free(proof);
	return status;
}

enum status query_consistency(struct engine *e, const struct request *r, struct txn *txn)
{
	const char *wrong = NULL;
	uint64_t first = mp_find_uint(r->message->body, "first", 0, &wrong);
	uint64_t second = mp_find_uint(r->message->body, "second", 0, &wrong);
	uint8_t roots[2][HASH_SIZE];
	struct proof *proof;
	enum status status = STATUS_OK;

	if (wrong || !first || first > second || second > e->committed)
		return query_fault(e, STATUS_BAD_FIELD, "first", "two sizes are wanted, 1 <= first <= second <= the log's");
	proof = memory_new(sizeof *proof);
	if (tree_prove_consistency(tree_of(e), &e->log, txn, first, second, proof) != STORE_OK ||
	    root_of(e, txn, first, roots[0]) != STORE_OK || root_of(e, txn, second, roots[1]) != STORE_OK) {
		status = damaged(e);
	} else {
		pack_map(&e->body, 5);
		pack_key_uint(&e->body, "first", first);
		pack_key_uint(&e->body, "second", second);
		pack_text(&e->body, "first_root");
		pack_hex(&e->body, roots[0], HASH_SIZE);
		pack_text(&e->body, "second_root");
		pack_hex(&e->body, roots[1], HASH_SIZE);
		pack_path(&e->body, proof);
	}
	free(proof);
	return status;
}
