/* sick_store.c - a daemon whose disk is ill when told to: the file that ATTEND_SICK names holds the words
 *
 *   full      the file system has nothing left (fstatvfs)
 *   failing   what was written can't be flushed, once: the file goes with it
 *   dead      nothing can be flushed any more, so that the store can't be taken up again either
 *   small     the store's map is of 3 MiB, at the next start (linked with --wrap=store_open)
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "store/store.h"

static bool sick(const char *word)
{
	const char *path = getenv("ATTEND_SICK");
	FILE *file = path ? fopen(path, "re") : NULL;
	char one[16];
	bool found = false;

	while (file && !found && fscanf(file, "%15s", one) == 1)
		found = strcmp(one, word) == 0;
	if (file)
		fclose(file);
	return found;
}

int fstatvfs(int fd, struct statvfs *room)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	if (statvfs(path, room) != 0)
		return -1;
	if (sick("full"))
		room->f_bavail = 0;
	return 0;
}

static int flush(int fd, long call)
{
	bool once = sick("failing");

	if (!once && !sick("dead"))
		return (int)syscall(call, fd);
	if (once)
		unlink(getenv("ATTEND_SICK"));
	errno = EIO;
	return -1;
}

int fdatasync(int fd)
{
	return flush(fd, SYS_fdatasync);
}

int fsync(int fd)
{
	return flush(fd, SYS_fsync);
}

enum store_result __real_store_open(struct store **, const char *dir, const struct store_options *, char *why, size_t why_size);
enum store_result __wrap_store_open(struct store **, const char *dir, const struct store_options *, char *why, size_t why_size);

enum store_result __wrap_store_open(struct store **store, const char *dir, const struct store_options *options, char *why, size_t why_size)
{
	struct store_options small = *options;

	if (sick("small"))
		small.map_size = 3 << 20;
	return __real_store_open(store, dir, &small, why, why_size);
}
