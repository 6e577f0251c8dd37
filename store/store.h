/* store.h - one LMDB environment: the log, and what is projected from it.
 *
 * Tables are LMDB databases with plain byte keys (big-endian integers, never
 * DUPSORT, never INTEGERKEY). Every value ends in eight bytes of SipHash-2-4
 * over table, key's size, key and value under the store's own key, checked at every read:
 * LMDB 0.9 has no page checksums, and a flipped bit must not become an answer.
 *
 * A commit is on disk when the redo log beside data.mdb is (redo.h): redo.0 and redo.1 belong to
 * the store for as long as they are there, which is until it is closed.
 *
 * One process opens a store once, for writing or for reading; a second time is
 * refused (closing it would release the first one's file locks). A value borrowed
 * from a transaction lives until its end or its next write. No read transaction
 * is held across a send or from one turn of the loop to the next. All calls but
 * store_copy come from one thread; a commit may go on behind it, in one of the store's own.
 *
 * A write transaction stays well under 131,071 changed pages (LMDB spills beyond
 * that): a rebuild commits every hundred thousand records or so.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/bytes.h"

/*  name, number, table's name in LMDB, what it holds (key -> value) */
#define TABLES(X) \
	X(LOG, 0, "log") /* position u64 -> record */ \
	X(TREE, 1, "tree") /* level u8, index u64 -> hash of a complete subtree */ \
	X(IDS, 2, "ids") /* submission id -> position */ \
	X(PUPILS, 3, "pupils") /* pupil u32 -> casework/pupil.h record, written behind */ \
	X(UPNS, 4, "upns") /* keyed hash of a UPN, 16 -> pupil u32 */ \
	X(PERSONS, 5, "persons") /* pupil u32 -> urn, position, sealed UPN, position, sealed particulars */ \
	X(STANDING, 6, "standing") /* pupil u32 -> standing alerts */ \
	X(CASES, 7, "cases") /* case u32 -> casework/case.h record */ \
	X(PUPIL_CASES, 8, "pupil_cases") /* pupil u32, case u32 -> nothing */ \
	X(TIMERS, 9, "timers") /* instant u64, case u32, deadline u8, phase u8 -> nothing; case 0: of a day's end */ \
	X(ALERTS, 10, "alerts") /* alert u64 -> its state */ \
	X(ACCESS, 11, "access") /* public key, 32 -> role, schools, cases, or revoked */ \
	X(CALENDARS, 12, "calendars") /* urn u32 -> rows; urn u32, day u16, meeting -> position of its being offered */ \
	X(PATHWAYS, 13, "pathways") /* name, 0, version u32 -> source and compiled form; 0, urn u32 -> the name that a school chose */ \
	X(CURSORS, 14, "cursors") /* public key, name -> position; no projection: verify leaves it out */ \
	X(META, 15, "meta") /* name -> value */ \
	X(ALERT_CHANGES, 16, "alert_changes") /* position u64 of an event about an alert -> alert u64 */ \
	X(PEOPLE, 17, "people") /* pupil u32 -> casework/people.h record: facts, links, schools */ \
	X(COVERS, 18, "covers") /* an officer's public key, 32 -> who covers, 32, from and until u16 */ \
	X(SCHOOLS, 19, "schools") /* urn u32 -> casework/task.h record: what it is, how far its tasks came */ \
	X(CONCERNS, 20, "concerns") /* a school, pupils, cases, or all -> positions of what is about them; daemon/concerns.h, written behind */

enum table {
#define X(name, number, text) TABLE_##name = number,
	TABLES(X)
#undef X
	TABLE_COUNT
};

const char *table_text(enum table);

/* Version of the tables' layout; a newer store is refused by name. One of an older version
 * gets the tables that it lacks when it is opened for writing; opened for reading, they are empty.
 *   1  the tables up to ALERT_CHANGES
 *   2  PEOPLE and COVERS as well
 *   3  SCHOOLS as well
 *   4  records of PUPILS tell weeks by what is unusual in them (casework/pupil.h reads the older ones)
 *   5  CONCERNS as well, and written by whoever opens it first (META, "concerns"); IDS without the receipts,
 *      which stand in the records, and TREE without the hashes of few leaves (those that are there stay) */
enum { STORE_SCHEMA = 5, STORE_TABLES_1 = 17 };
enum { STORE_KEY_MAX = 511 }; /* bytes of a key; 1 at least */

enum store_result {
	STORE_OK = 0,
	STORE_NONE,     /* no such key; end of a scan */
	STORE_FULL,     /* map or disk full: nothing was changed by the commit, room may come */
	STORE_DAMAGED,  /* a checksum or LMDB's own check failed */
	STORE_UNKNOWN,  /* a commit may or may not stand: close, open again, look */
	STORE_FAILED,   /* anything else; store_why() says what. Of a commit: nothing was changed,
	                 * the same batch may be tried again */
	STORE_BUSY,     /* another process has it open for writing; why names its pid */
	STORE_NEWER,    /* made by a newer attendd */
};

enum store_mode { STORE_CREATE, STORE_WRITE, STORE_READ, STORE_SCRATCH /* no sync; for rebuilds */ };

struct store_options {
	enum store_mode mode;
	uint64_t map_size;            /* 0: 1 TiB of address space, or what the limit of address space allows */
	uint8_t check_key[16];        /* of the values' checksums */
	/* Of the redo log (redo.h), for tests: bytes of commits that each of its files holds (0: 4 MiB), and what names
	 * the time since the system started (NULL: the system's boot id). */
	uint64_t redo_size;
	const char *boot;
};

struct store;

/* `dir` exists. STORE_CREATE refuses a store that is there already, and closes the
 * directory to others (0700); STORE_SCRATCH makes one where there is none. A
 * directory that others may write to, or a data.mdb that others may read, is
 * refused. A writer holds an flock on dir/lock until it closes. `why` (may be
 * NULL) gets a sentence. */
enum store_result store_open(struct store **, const char *dir, const struct store_options *,
                             char *why, size_t why_size);
void store_close(struct store **);
const char *store_why(const struct store *); /* of this thread's last result that was not OK or NONE */
/* Is what a read transaction sees still kept for it? A writer that puts right what one that died has left gives the store
 * another lock.mdb, knows nothing of who read before, and writes over their pages. */
bool store_kept(const struct store *);
enum store_result store_sync(struct store *); /* a scratch store to disk; others are there after each commit */

/* One write transaction at a time; any number of short reads from the same thread.
 * A put or delete that failed (but for STORE_NONE and an append out of order) spoils
 * its transaction: every later call on it gives the same result again, its commit
 * too, which then changes nothing. */
struct txn;
/* What is looked for and can't be read (its checksum is wrong, LMDB or the disk says no) is easily taken for what is not
 * there. So a transaction remembers the first such look: one that writes is then not committed, and who reads asks at the
 * end, before anything is said of what was read. Gives what it was, OK where all could be read, and forgets it. */
enum store_result store_trouble(struct txn *);
/* A value was read that is none of this table's, though its checksum is right: such a look, too. STORE_DAMAGED. */
enum store_result store_unreadable(struct txn *, enum table);
enum store_result store_begin(struct store *, bool write, struct txn **);
enum store_result store_commit(struct txn **);   /* of a write one: OK means on disk */
void store_abort(struct txn **);

/* A write transaction that is gathered in memory, so that it can be filled while the
 * one before it is still being committed: it reads what that one wrote. Where it is
 * asked for what only LMDB can tell (a scan, a count), or grows large, it waits for that
 * one and becomes an ordinary one; store_settle() makes it so. */
enum store_result store_begin_gathering(struct store *, struct txn **);
enum store_result store_settle(struct txn *);

/* Commits one that still gathers, in a thread of the store's own; `finish` is called
 * there, with the transaction, for what is to be written last. One at a time: the one before has
 * been joined. False: it gathers no more, or there is no thread; commit it as usual. */
bool store_commit_behind(struct txn **, enum store_result (*finish)(void *context, struct txn *), void *context);
bool store_behind(const struct store *);         /* is one to be joined? */
bool store_behind_done(const struct store *);    /* and would that not wait? */
int store_behind_fd(const struct store *);       /* is readable where it would not; -1: none was behind so far */
enum store_result store_join(struct store *);    /* what store_commit would have said; OK where there was none */

enum store_result store_get(struct txn *, enum table, struct slice key, struct slice *value);
enum store_result store_put(struct txn *, enum table, struct slice key, struct slice value);
enum store_result store_append(struct txn *, enum table, struct slice key, struct slice value); /* key after all others, or STORE_FAILED */
enum store_result store_delete(struct txn *, enum table, struct slice key); /* NONE where it isn't there */
uint64_t store_count(struct txn *, enum table);

/* Walks keys in order from `from` on (empty: from the first). The scan is a plain
 * struct that the caller owns; it ends at any result but OK, or by scan_close, which
 * may be called on an ended one, and must end before its transaction does (asserted).
 * A write to the table ends it: the next scan_next is STORE_FAILED. */
struct scan {
	void *cursor;
	struct txn *txn;
	enum table table;
	uint32_t writes;  /* to the table, when the scan began */
	bool waiting;     /* the cursor is on the record that the next call gives */
};
enum store_result scan_open(struct scan *, struct txn *, enum table, struct slice from);
enum store_result scan_next(struct scan *, struct slice *key, struct slice *value);
enum store_result scan_last(struct txn *, enum table, struct slice *key, struct slice *value);
void scan_close(struct scan *);

/* How near to full, for the watermarks. A writer also lets go what readers that were killed have held: asked for
 * once a second or so, a `verify` that was killed doesn't make the file grow for ever. */
struct store_room {
	uint64_t map_used, map_size;   /* bytes; used: up to the last page ever used */
	uint64_t disk_free, disk_size; /* of the file system */
	uint64_t file_size;
	uint32_t readers;              /* that hold a transaction now, in all processes */
	uint64_t oldest_reader;        /* transactions behind; 0: none */
};
void store_room(struct store *, struct store_room *);

/* Checks up to `records` values from where `*place` stands (all zeroes: the start),
 * every table in turn: checksums, keys strictly rising and found by a search, no
 * gap in the log, no record on a page that is listed as free, and that a table
 * holds as many as LMDB says (where nothing was committed while it was walked: so
 * always in a store at rest). OK: go on from `*place`; NONE: the end, all was
 * good; DAMAGED: `why` names table and key. Each call reads the list of free pages
 * first, so ask for some hundreds of records or more. LMDB trusts its pages: damage
 * to its own structure may also end the process. */
struct scrub {
	int table;
	uint8_t key[STORE_KEY_MAX];
	size_t key_size;
	uint64_t seen;    /* in this table */
	uint64_t state;   /* last transaction committed when this table was begun */
};
enum store_result store_scrub(struct store *, struct scrub *place, unsigned records,
                              char *why, size_t why_size);

/* Copies the environment, compacted, into an open file and syncs it; a long reader
 * while it runs. May run in a thread of its own; the copy is a data.mdb. */
enum store_result store_copy(struct store *, int fd);

#endif
