/* disk.h - the machine under the store: a disk that does what it is told, or doesn't; power that
 * fails; threads that take turns by the dice.
 *
 * The calls that write (and sync, create, rename, remove, make longer or shorter) stand here in place of
 * libc's, for LMDB and for us alike, and act on files in one folder. What was written and not synced
 * is remembered, so that a power cut can take back any of it: each write by itself stays, goes, or
 * goes from one of its 512-byte sectors on, in whatever order they came.
 *
 *   dies     the process ends at the nth call: that call and all later ones do nothing and fail, so nobody
 *            can act on what the dead one still says. What it had written is in the page cache and stays.
 *   power    the same, and unsynced writes are lost as above; the system starts again under another boot id.
 *   fails    the nth call does nothing and gives an error (EIO, ENOSPC, EDQUOT). Where that is a sync, no later one
 *            makes up for it: what it should have written must be written again, as with Linux's page cache.
 *   late     the nth call does it, and gives an error all the same.
 *   short    the nth call, if it writes, writes half.
 *   lies     from the nth sync on, each says that it is done and does nothing; soon the power fails.
 *
 * Threads (the store's committing one, the redo log's) run one at a time, and hand over to each other
 * at those calls, where the dice say so: a run is the same each time.
 *
 * What it can't do: unsynced pages that the file system writes by itself are always as written or as
 * before; a file's length and its bytes are not lost separately; a dead process leaves no stale reader in
 * LMDB's lock file, since the simulation closes what it opened.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIMULATION_DISK_H
#define SIMULATION_DISK_H

#include <stdbool.h>
#include <stdint.h>

enum disk_trouble { DISK_WELL, DISK_DIES, DISK_POWER, DISK_FAILS, DISK_LATE, DISK_SHORT, DISK_LIES };

/* Makes `base`/store and `base`/limbo, and stands before libc from now on. Gives the store's folder. */
const char *disk_begin(const char *base);
void disk_end(void);                 /* removes both, and stands aside */
void disk_dice(uint64_t seed);       /* what it throws from now on */

/* Trouble at the nth call that writes, counted from now; in place of what was planned before. */
void disk_plan(enum disk_trouble, int error, unsigned nth);
bool disk_struck(void);              /* has what was planned come? */
bool disk_dead(void);                /* the process has ended: nothing that it says counts */
bool disk_power(void);                /* and so has the system */
void disk_kill(bool power);          /* at once, between two calls */
/* Once all is closed: the system as the next process finds it. True: what is there can't be
 * held against the store, since a sync that lied was among what the power cut took back. */
bool disk_restart(void);
void disk_free(uint64_t bytes);      /* that the file system says are free */

struct disk_counts {
	uint64_t writes, syncs, lost, torn, switches;
};
struct disk_counts disk_counts(void);

#endif
