/* redo_parts.h - what the two halves of the redo log share: writing (redo.c), reading (redo_read.c).
 *
 * A file:
 *   header   magic 8 | version u32 | page size u32 | generation u64 | transaction u64 | boot id 36 |
 *            data.mdb's first two pages as of that transaction | SipHash-2-4 of all that, 8
 *   records, from redo_header_room() on, end to end: generation u64 | transaction u64 | size u32 of the
 *            operations | they | CRC-32C of all that, 4
 *   operation: op u8 | table u8 | size of key u16 | size of value u32 | key | value as LMDB holds it
 *
 * SipHash is under the store's own key. Transactions are LMDB's numbers, one a commit. Generations
 * count up, and stand in redo.0 or redo.1 as they are even or odd. What follows the last record of
 * one goes on as the next in the other file, before that has its header.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_REDO_PARTS_H
#define STORE_REDO_PARTS_H

#include "store/redo.h"

enum {
	REDO_BOOT_SIZE = 36,
	REDO_HEAD_SIZE = 8 + 4 + 4 + 8 + 8 + REDO_BOOT_SIZE,
	REDO_PAGE_MAX = 64 << 10,
	REDO_VERSION = 1,
	RECORD_HEAD_SIZE = 8 + 8 + 4,
	RECORD_SUM_SIZE = 4,
	OP_HEAD_SIZE = 1 + 1 + 2 + 4,
};

extern const char redo_magic[8];
extern const char *const redo_names[2];
extern const char *const redo_new_names[2]; /* until the first header is on disk */

static inline size_t redo_header_room(size_t page)
{
	return (REDO_HEAD_SIZE + 2 * page + CHECK_SIZE + 4095) / 4096 * 4096;
}

/* The files, and for good: what could not be removed, or not for certain, says so. data.mdb is on disk. */
enum store_result redo_remove(struct store *);

/* The system's, or the one that the options name; all zeroes where nothing tells. */
void redo_boot(const struct store_options *, char boot[static REDO_BOOT_SIZE]);

#endif
