/* disk.h - a data directory as a disk holds it: what is on it for certain, and what a power cut may keep or lose.
 *
 * A trace's records are taken in one after another. At any moment disk_write() makes, in a real folder, one of the
 * states that the disk may be in were the power cut now:
 *
 *   - a file's sectors of 512 bytes hold, each for itself, anything that they held since the file was last synced;
 *   - its size and mode are any that it had since then; what was never written and lies within the size is zeroes;
 *   - of the changes of names since the directory was last synced each is kept or lost for itself;
 *   - the directory itself is there for certain once its parent was synced.
 *
 * Which of them is decided by a `struct choice`: how (a style), and a seed. Styles are there because chance alone, over
 * thousands of sectors, never gives the states that matter: all but one, none but one, one torn.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_POWERCUT_DISK_H
#define TESTS_POWERCUT_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/powercut/trace.h"

#define DISK_STYLES(X) \
	X(NONE, "nothing unsynced is kept") \
	X(ALL, "everything is kept") \
	X(TIME, "everything up to a moment is kept: a disk that keeps order") \
	X(PREFIX, "of each file, and of the names, everything up to a moment of its own") \
	X(WRITES, "each write is kept or lost") \
	X(PAGES, "each page of 4 KiB of each write") \
	X(SECTORS, "each sector of 512 bytes of each write") \
	X(ALL_BUT_ONE, "one write, or one change of names or size, is lost") \
	X(NONE_BUT_ONE, "one alone is kept") \
	X(TORN, "one write is torn at a sector, those before it kept, those after it lost") \
	X(NAMES, "data is kept; each change of names is kept or lost") \
	X(FILES, "each file in a style of its own")

enum disk_style {
#define X(name, text) STYLE_##name,
	DISK_STYLES(X)
#undef X
	STYLE_COUNT
};

struct choice {
	enum disk_style style;
	uint64_t seed;
};

struct disk;

struct disk *disk_open(void);
void disk_close(struct disk **);

/* Takes in a record; `data` must live as long as the disk. False: `why` says what about it can't be modelled. */
bool disk_take(struct disk *, const struct trace_head *, const char *name, const uint8_t *data, size_t size, char *why, size_t why_size);

/* How many changes to files and names are on their way. 0: there is but one state. */
size_t disk_unsynced(const struct disk *);

/* Makes the state in `folder`, which is there and empty. *hash: of all that was made, for knowing it again; *gone: the
 * data directory's own name was lost (then nothing is made). False: errno. */
bool disk_write(struct disk *, const char *folder, struct choice, uint64_t *hash, bool *gone);

/* The bytes of a file as it is now, with all that was done to it; NULL: no such name. The caller frees them. */
uint8_t *disk_read(struct disk *, const char *name, size_t *size);
/* The names there are now, each ended by a zero, an empty one after the last. The caller frees them. */
char *disk_names(const struct disk *);

/* The next of a row of numbers that looks like chance (SplitMix64). */
uint64_t chance(uint64_t *state);

#endif
