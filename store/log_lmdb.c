/* log_lmdb.c - the log as a table of the store, in the store's own transaction.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "store/log.h"
#include "store/store_parts.h"

enum { POSITION_SIZE = 8 };

static struct slice position_key(uint8_t key[static POSITION_SIZE], uint64_t position)
{
	struct writer w = writer_of(key, POSITION_SIZE);

	write_u64(&w, position);
	return writer_slice(&w);
}

/* False for a key that is none of ours. */
static bool position_of(struct slice key, uint64_t *position)
{
	struct reader r = reader_of(key);

	*position = read_u64(&r);
	return reader_done(&r);
}

static enum store_result head(struct log *log, struct txn *txn, uint64_t *position)
{
	struct slice key, value;
	enum store_result result = scan_last(txn, TABLE_LOG, &key, &value);

	(void)log;
	*position = 0;
	if (result == STORE_NONE)
		return STORE_OK;
	if (result == STORE_OK && !position_of(key, position))
		return store_fail(STORE_DAMAGED, "log: the last key is no position");
	return result;
}

static enum store_result append(struct log *log, struct txn *txn, uint64_t expected,
                                const struct slice records[], size_t count)
{
	uint8_t key[POSITION_SIZE];
	uint64_t position;
	enum store_result result = head(log, txn, &position);

	if (result == STORE_OK && position != expected)
		return store_fail(STORE_FAILED, "log: the head is %" PRIu64 ", not %" PRIu64, position, expected);
	/* All or none: a put that fails spoils the transaction, and with it those before. */
	for (size_t i = 0; i < count && result == STORE_OK; i++)
		result = store_append(txn, TABLE_LOG, position_key(key, ++position), records[i]);
	return result;
}

static enum store_result read_from(struct log *log, struct txn *txn, uint64_t from, uint64_t count,
                                   bool (*visit)(void *context, uint64_t position, struct slice record),
                                   void *context)
{
	uint8_t start[POSITION_SIZE];
	struct scan scan;
	struct slice key, record;
	uint64_t wanted = from > 0 ? from : 1, position;
	enum store_result result = scan_open(&scan, txn, TABLE_LOG, position_key(start, wanted));

	(void)log;
	for (uint64_t i = 0; i < count && result == STORE_OK; i++, wanted++) {
		result = scan_next(&scan, &key, &record);
		if (result != STORE_OK)
			break;
		/* Positions have no gaps, so another one than that wanted is a lost record. */
		if (!position_of(key, &position) || position != wanted) {
			result = store_fail(STORE_DAMAGED, "log: there is no record at %" PRIu64, wanted);
			break;
		}
		if (!visit(context, position, record))
			break;
	}
	scan_close(&scan);
	return result;
}

const struct log_methods log_lmdb = {
	.append = append,
	.read = read_from,
	.head = head,
};
