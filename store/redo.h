/* redo.h - the redo log: what makes a commit durable with one short flush; for the files of the
 * store alone.
 *
 * LMDB makes a commit durable by two flushes, of pages scattered over its file and of a
 * meta page. Here its pages are left to the page cache, and what a transaction wrote is
 * put, in order, into a small file beside data.mdb and synced there: that is the commit. From
 * time to time data.mdb is synced as a whole, behind the caller's back, and the log begun
 * anew.
 *
 *   redo.0, redo.1   taken in turn. Each: a header, good from when data.mdb was synced as of it, that
 *                    holds the first two pages of data.mdb (LMDB's meta pages) of then; and the
 *                    commits since, each with its checksum.
 *
 * Between two syncs a read transaction is held as of the first (the pin), so LMDB uses none
 * of its pages for anything else. So after a power cut the kept meta pages, put back, give a
 * store that is whole, whatever became of the pages written since; what the log holds is
 * then written to it again. So it is after a process that died, too: a sync of data.mdb that failed leaves
 * pages that stand in the page cache and will never be on disk, and the next sync says nothing of it. Only who
 * reads is content with the page cache, where the system did not go down meanwhile: the boot's id tells.
 *
 * Both files are there or none is: with one alone, which is what a power cut may leave of a start or of
 * an end, data.mdb is whole by itself.
 *
 * A store that was closed has no redo log; neither has one that was opened while the disk was
 * full: there LMDB flushes by itself.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_REDO_H
#define STORE_REDO_H

#include "store/store_parts.h"

enum redo_op { REDO_PUT, REDO_APPEND, REDO_DELETE };

/* Before LMDB opens data.mdb, the writers' lock being held: puts the meta pages back where
 * that is needed. `*replay`: redo_recover() is to write the log's commits again. DAMAGED: a log that
 * can't be read, or is another store's. */
enum store_result redo_restore(struct store *, const char *dir, bool *replay);
/* Is that needed? For who opens a store for reading, and holds no lock. */
bool redo_needed(struct store *, const struct store_options *);
/* Once LMDB has it open, synced, and before anything is written: writes again what was lost, and
 * removes the log. */
enum store_result redo_recover(struct store *, const char *dir, bool replay);
/* Begins a log; without one, where there is no room, all goes on as LMDB does it. */
enum store_result redo_start(struct store *, const struct store_options *);

/* What a write transaction did, while it is open; all forgotten by redo_forget(). */
void redo_note(struct store *, enum redo_op, enum table, MDB_val key, MDB_val stored);
void redo_forget(struct store *);
/* Before LMDB's commit and after: from then on it is on disk. A failure before is that of an
 * earlier one; one after leaves it open whether this one will stand: STORE_UNKNOWN, both. */
enum store_result redo_before_commit(struct store *, MDB_txn *);
enum store_result redo_after_commit(struct store *);

/* After a transaction for which there was no room, once it has ended: lets go of what was kept for the
 * log's sake. */
enum store_result redo_relieve(struct store *);
/* What a begin says: UNKNOWN once data.mdb could not be synced. */
enum store_result redo_sound(struct store *);
/* The transactions as of which pins are held; 0: none. */
void redo_pins(struct store *, uint64_t transactions[static 2]);
/* Syncs data.mdb and removes the log; leaves it there where that fails. */
void redo_end(struct store *);

#endif
