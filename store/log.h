/* log.h - the port behind which the log stands (design decision 11).
 *
 * The engine knows only this: append a batch at an expected position, read from
 * a position, where the head is. LMDB is the embedded log (log_lmdb, which
 * writes into the store's open transaction, so that records and projections
 * commit together); a replicated one is to stand behind the same three calls,
 * its append returning once the batch is durable, the projections then fed from
 * it. tests/log_conformance.h is the one suite for all.
 *
 * Positions start at 1 and have no gaps.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_LOG_H
#define STORE_LOG_H

#include "store/store.h"

struct log;

struct log_methods {
	/* The batch becomes positions expected + 1 ... expected + count, all or none.
	 * STORE_FAILED where the head is not `expected`; the transaction is then as it was. */
	enum store_result (*append)(struct log *, struct txn *, uint64_t expected,
	                            const struct slice records[], size_t count);
	/* Up to `count` records from `from` on, into `visit`, until it returns false.
	 * A record lives until visit returns, which writes nothing. NONE: the head was
	 * reached with fewer than `count`. DAMAGED: a record between is missing. */
	enum store_result (*read)(struct log *, struct txn *, uint64_t from, uint64_t count,
	                          bool (*visit)(void *context, uint64_t position, struct slice record),
	                          void *context);
	enum store_result (*head)(struct log *, struct txn *, uint64_t *position);
};

struct log {
	const struct log_methods *methods;
};

extern const struct log_methods log_lmdb;

#endif
