/* store_parts.h - what the files of the store share; nobody else includes it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_STORE_PARTS_H
#define STORE_STORE_PARTS_H

#include <lmdb.h>
#include <pthread.h>
#include <sys/types.h>

#include "store/store.h"

enum { CHECK_SIZE = 8 };

struct txn {
	struct store *store;
	MDB_txn *mdb;
	bool write;
	unsigned scans;               /* open ones; none may be left at the end */
	enum store_result spoilt;     /* by a write that failed; OK: it is sound */
	enum store_result trouble;    /* the first look that failed; OK: none did */
	uint32_t writes[TABLE_COUNT];
	struct txn *next_idle;
	/* Of one that gathers: no transaction of LMDB yet. */
	struct gathered *gathered;    /* what was written to it; NULL: it writes straight away */
	struct gathered *under;       /* what is being committed behind it; NULL: nothing was when it began */
	struct txn *snapshot;         /* where it reads what neither holds; NULL: not needed so far */
	bool behind;                  /* it is the committing thread's */
};

/* Where a record is put together to be hashed: SipHash wants it in one piece,
 * and a value borrowed from a page must not be read while a put moves it. */
struct room {
	uint8_t *bytes;
	size_t size;
};

struct store {
	MDB_env *env;
	enum store_mode mode;
	int dir_fd, lock_fd;
	MDB_dbi tables[TABLE_COUNT];
	bool absent[TABLE_COUNT];     /* of a later schema than the store that is read: empty */
	uint8_t check_key[16];
	struct txn writer;
	bool writing;
	unsigned reading;             /* read transactions that are open */
	struct txn *idle;             /* ended read transactions, reset, that keep their reader slot */
	struct room rooms[2];         /* the caller's and the committing thread's */
	struct behind *behind;        /* that thread; NULL: none was needed so far */
	struct redo *redo;            /* the redo log; NULL: LMDB flushes by itself */
	/* Who has what open in this process. */
	pid_t pid;
	dev_t device;
	ino_t inode;
	ino_t readers;                /* of lock.mdb when it was opened, where its readers are known; 0: there was none */
	struct store *next;
};

/* Keeps a sentence for store_why and gives the result back. */
enum store_result store_fail(enum store_result, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* The result that a code of LMDB's or an errno stands for; keeps "<doing>: <its text>". */
enum store_result store_fail_mdb(int code, const char *doing);

/* Remembers a look that failed, for store_trouble, and gives the result back. */
static inline enum store_result store_looked(struct txn *txn, enum store_result result)
{
	if (result != STORE_OK && result != STORE_NONE && txn->trouble == STORE_OK)
		txn->trouble = result;
	return result;
}

/* store_get() of one that gathers. */
enum store_result gathered_get(struct txn *, enum table, struct slice key, struct slice *value);
/* A put, or with `value` NULL a delete, of one that gathers. */
enum store_result gathered_write(struct txn *, enum table, struct slice key, const struct slice *value);
void gathered_drop(struct txn *);                 /* it is aborted */
void behind_close(struct store *);                /* waits for what is under way, ends the thread */

/* The value without its checksum, if that is right. */
enum store_result store_check(struct txn *, enum table, MDB_val key, MDB_val stored, struct slice *value);

/* What a scrub knows of the file's pages in one read transaction. */
struct scrub_pages {
	uint8_t *free;        /* a bit for each page */
	size_t count, size;   /* of pages; of one */
	const uint8_t *first; /* page 0 in memory, once known */
};
/* Reads the list of free pages: in range, none twice, and with those in use they
 * make up the file. */
enum store_result scrub_pages_open(struct scrub_pages *, struct txn *);
void scrub_pages_close(struct scrub_pages *);
/* Does the record stand on pages that are in use? */
bool scrub_pages_hold(struct scrub_pages *, struct slice key, struct slice value);

#endif
