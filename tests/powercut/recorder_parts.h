/* recorder_parts.h - what the files of the recorder share: recorder.c (the trace, opening, names), recorder_writes.c
 * (writing, syncing, saying, and what would be missed).
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_POWERCUT_RECORDER_PARTS_H
#define TESTS_POWERCUT_RECORDER_PARTS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/uio.h>

#include "tests/powercut/trace.h"

enum what { OTHER, FILE_OF_IT, THE_DIR, THE_PARENT };

/* What a descriptor is of. */
struct of_fd {
	uint8_t what; /* enum what */
	bool self_syncing;
	uint64_t inode;
};

/* None of these names is the daemon's business. */
#pragma GCC visibility push(hidden)
bool recorder_on(void);
long recorder_slow_us(void);
uint64_t recorder_next_sync(void);
const char *recorder_dir(void);
struct of_fd *of(int fd);

/* Between them a change is made and written down. After unlock the process may be gone: see ATTEND_POWERCUT_KILL. */
void lock(void);
void unlock(void);
/* With the lock held. */
void put(struct trace_head, const void *name, size_t name_size, const struct iovec *data, int count);
void put_name(struct trace_head, const char *name);
void put_text(enum trace_kind, const char *text);
/* Without it. */
void strange(const char *what);

/* The name within the data directory that a path means: NULL where it is outside; "" for the directory itself. */
const char *inside(int dir_fd, const char *path, char room[static PATH_MAX]);
#pragma GCC visibility pop

#endif
