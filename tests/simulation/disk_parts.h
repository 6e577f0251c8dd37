/* disk_parts.h - what the disk's two halves share: the calls (disk_calls.c), and what a power cut
 * takes back of them (disk.c).
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIMULATION_DISK_PARTS_H
#define SIMULATION_DISK_PARTS_H

#include <stddef.h>
#include <sys/types.h>

#include "tests/simulation/dice.h"
#include "tests/simulation/disk.h"

enum { FDS_MAX = 1024, NAME_ROOM = 64, PAGE = 4096 };

enum undo_kind { UNDO_WRITE, UNDO_LENGTH, UNDO_CREATE, UNDO_RENAME, UNDO_REMOVE };

/* One change that is not on disk for certain. */
struct undo {
	enum undo_kind kind;
	bool lied;                       /* a sync said that it was */
	bool stranded;                   /* the sync that was to write it failed: no later one does */
	ino_t file;                      /* or the folder, of names */
	off_t at, length;                /* of a write; the file's length before it */
	size_t size, had;                /* bytes written; of those, how many were there before */
	uint8_t *before;
	char name[NAME_ROOM], to[NAME_ROOM];
	char limbo[NAME_ROOM];           /* where what was removed, or replaced, waits; empty: nothing was */
};

/* Syncs of a file that failed: each description is told once of those since it was opened, whoever asked for them. */
struct failing {
	ino_t file;
	unsigned count;
};

struct disk {
	bool on, dead, power, struck;
	char base[300], store[320], limbo[320];
	ino_t store_ino;
	bool ours[FDS_MAX];              /* descriptors of files in the folder */
	unsigned told[FDS_MAX];          /* of how many failed syncs */
	struct failing *failing;
	size_t failing_count;
	enum disk_trouble trouble;
	int error;
	unsigned countdown, lies_left;   /* calls until the power fails, once it lies */
	uint64_t free_bytes;
	unsigned boots, removed;
	struct dice chance;
	struct undo *undo;
	size_t undo_count, undo_room;
	struct disk_counts counts;
};

extern struct disk disk;

/* What is to be done to this call? Called once by each; `sync`: it is one that could lie. */
enum outcome { DO_IT, DO_NOTHING, DO_AND_FAIL, DO_HALF, DO_LIE };
enum outcome disk_strikes(bool sync);

struct undo *disk_remember(enum undo_kind, ino_t file); /* the new one, all else of it zero */
void disk_forget(ino_t file, bool lied);                /* it was synced */
void disk_forget_part(ino_t file, off_t at, off_t size); /* what was written there */
/* A sync of the file failed: what was written is read as before, and counts as clean. What is to be on disk
 * all the same must be written again, a page at least; `disk_dirty` tells of each write. */
void disk_strand(ino_t file);
unsigned disk_failed(ino_t file);                       /* how many syncs of it have */
void disk_dirty(ino_t file, off_t at, size_t size);
void disk_to_limbo(int folder, const char *name, char limbo[static NAME_ROOM]);

#endif
