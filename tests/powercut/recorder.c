/* recorder.c - stands before libc's file calls in a real attendd (LD_PRELOAD) and writes down what it does to its data
 * directory: trace.h says how.
 *
 *   ATTEND_POWERCUT_DIR     the data directory, a real path (it need not be there yet)
 *   ATTEND_POWERCUT_TRACE   the trace; a run appends to what others wrote
 *   ATTEND_POWERCUT_BOOT    a file that is read in place of the system's boot id
 *   ATTEND_POWERCUT_KILL    ends the process as SIGKILL does once it has written down so many records; 0: never
 *   ATTEND_POWERCUT_SLOW    microseconds that a sync takes at least, as on a disk with much to do
 *
 * Without a directory and a trace it does nothing.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "tests/powercut/recorder_parts.h"

enum { FDS_MAX = 4096 };

static struct {
	int fd;
	char dir[PATH_MAX], parent[PATH_MAX];
	size_t dir_size;
	const char *boot;
	unsigned long kill_after, records;
	long slow_us;
	struct of_fd fds[FDS_MAX];
	pthread_mutex_t lock;
	_Atomic uint64_t syncs;
} recorder = { .fd = -1, .lock = PTHREAD_MUTEX_INITIALIZER };

__attribute__((constructor)) static void begin(void)
{
	const char *dir = getenv("ATTEND_POWERCUT_DIR"), *trace = getenv("ATTEND_POWERCUT_TRACE"), *text;
	char *slash;

	if (!dir || !trace)
		return;
	snprintf(recorder.dir, sizeof recorder.dir, "%s", dir);
	recorder.dir_size = strlen(recorder.dir);
	snprintf(recorder.parent, sizeof recorder.parent, "%s", dir);
	slash = strrchr(recorder.parent, '/');
	if (slash)
		*slash = '\0';
	recorder.boot = getenv("ATTEND_POWERCUT_BOOT");
	recorder.kill_after = (text = getenv("ATTEND_POWERCUT_KILL")) ? strtoul(text, NULL, 10) : 0;
	recorder.slow_us = (text = getenv("ATTEND_POWERCUT_SLOW")) ? strtol(text, NULL, 10) : 0;
	recorder.syncs = (uint64_t)getpid() << 32;
	recorder.fd = (int)syscall(SYS_openat, AT_FDCWD, trace, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	if (recorder.fd < 0) {
		perror(trace);
		_exit(99);
	}
	/* Out of the way of those that are counted, or closed from a number on. */
	int high = fcntl(recorder.fd, F_DUPFD_CLOEXEC, 900);
	if (high >= 0) {
		close(recorder.fd);
		recorder.fd = high;
	}
}

bool recorder_on(void)
{
	return recorder.fd >= 0;
}

long recorder_slow_us(void)
{
	return recorder.slow_us;
}

uint64_t recorder_next_sync(void)
{
	return ++recorder.syncs;
}

const char *recorder_dir(void)
{
	return recorder.dir;
}

void lock(void)
{
	pthread_mutex_lock(&recorder.lock);
}

void unlock(void)
{
	int kept = errno;

	if (recorder.kill_after && recorder.records >= recorder.kill_after)
		kill(getpid(), SIGKILL);
	pthread_mutex_unlock(&recorder.lock);
	errno = kept;
}

void put(struct trace_head head, const void *name, size_t name_size, const struct iovec *data, int count)
{
	struct iovec parts[66];
	size_t size = sizeof head + name_size;
	int kept = errno;

	if (count > 64)
		_exit(98);
	head.name_size = (uint16_t)name_size;
	parts[0] = (struct iovec){ &head, sizeof head };
	parts[1] = (struct iovec){ (void *)(uintptr_t)name, name_size };
	for (int i = 0; i < count; i++) {
		parts[2 + i] = data[i];
		size += data[i].iov_len;
	}
	head.size = (uint32_t)size;
	if (syscall(SYS_writev, recorder.fd, parts, 2 + count) != (long)size)
		_exit(97);
	recorder.records++;
	errno = kept;
}

void put_name(struct trace_head head, const char *name)
{
	put(head, name, strlen(name), NULL, 0);
}

void put_text(enum trace_kind kind, const char *text)
{
	struct iovec part = { (void *)(uintptr_t)text, strlen(text) };

	put((struct trace_head){ .kind = (uint8_t)kind }, NULL, 0, &part, 1);
}

void strange(const char *what)
{
	lock();
	put_text(TRACE_STRANGE, what);
	unlock();
}

struct of_fd *of(int fd)
{
	static struct of_fd other;

	return recorder_on() && fd >= 0 && fd < FDS_MAX && recorder.fds[fd].what != OTHER ? &recorder.fds[fd] : &other;
}

const char *inside(int dir_fd, const char *path, char room[static PATH_MAX])
{
	char whole[PATH_MAX];
	size_t out = 0;

	if (!recorder_on() || !path)
		return NULL;
	if (path[0] == '/')
		snprintf(whole, sizeof whole, "%s", path);
	else if (dir_fd == AT_FDCWD && getcwd(room, PATH_MAX / 2))
		snprintf(whole, sizeof whole, "%.2000s/%.2000s", room, path);
	else if (of(dir_fd)->what == THE_DIR)
		snprintf(whole, sizeof whole, "%.2000s/%.2000s", recorder.dir, path);
	else
		return NULL;
	/* "//" and "/." say nothing. */
	for (const char *c = whole; *c; c++) {
		if (c[0] == '/' && (c[1] == '/' || c[1] == '\0' || (c[1] == '.' && (c[2] == '/' || c[2] == '\0')))) {
			c += c[1] == '.';
			continue;
		}
		room[out++] = *c;
	}
	room[out] = '\0';
	if (strncmp(room, recorder.dir, recorder.dir_size) || (room[recorder.dir_size] && room[recorder.dir_size] != '/'))
		return NULL;
	return room[recorder.dir_size] ? room + recorder.dir_size + 1 : room + recorder.dir_size;
}

/* ---- opening ---- */

static void follow(int fd, int flags)
{
	char link[64], path[PATH_MAX];
	struct stat status;
	ssize_t size;

	if (fd < 0 || fd >= FDS_MAX)
		return;
	recorder.fds[fd].what = OTHER;
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	size = readlink(link, path, sizeof path - 1);
	if (size <= 0 || fstat(fd, &status))
		return;
	path[size] = '\0';
	if (!strcmp(path, recorder.dir))
		recorder.fds[fd].what = THE_DIR;
	else if (!strcmp(path, recorder.parent))
		recorder.fds[fd].what = THE_PARENT;
	else if (!strncmp(path, recorder.dir, recorder.dir_size) && path[recorder.dir_size] == '/')
		recorder.fds[fd] = (struct of_fd){ FILE_OF_IT, flags & O_DSYNC, status.st_ino };
}

static int do_open(int dir_fd, const char *path, int flags, mode_t mode)
{
	char room[PATH_MAX];
	const char *name = inside(dir_fd, path, room);
	struct stat before, after;
	bool was;
	int fd;

	if (recorder_on() && recorder.boot && !strcmp(path, "/proc/sys/kernel/random/boot_id"))
		path = recorder.boot;
	if (!name) {
		fd = (int)syscall(SYS_openat, dir_fd, path, flags, mode);
		if (recorder_on())
			follow(fd, flags);
		return fd;
	}
	lock();
	was = fstatat(dir_fd, path, &before, 0) == 0;
	fd = (int)syscall(SYS_openat, dir_fd, path, flags, mode);
	follow(fd, flags);
	if (fd >= 0 && fstat(fd, &after) == 0 && S_ISREG(after.st_mode)) {
		if (!was)
			put_name((struct trace_head){ .kind = TRACE_MADE, .file = after.st_ino, .at = after.st_mode & 07777 }, name);
		else if ((flags & O_TRUNC) && before.st_size)
			put((struct trace_head){ .kind = TRACE_SIZED, .file = after.st_ino }, NULL, 0, NULL, 0);
		if (strchr(name, '/'))
			put_text(TRACE_STRANGE, "a file in a folder of the data directory");
	}
	unlock();
	return fd;
}

static mode_t mode_of(int flags, va_list arguments)
{
	return flags & (O_CREAT | __O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
}

#define OPEN(name, first, dir_fd) \
	int name(first const char *path, int flags, ...) \
	{ \
		va_list arguments; \
		mode_t mode; \
\
		va_start(arguments, flags); \
		mode = mode_of(flags, arguments); \
		va_end(arguments); \
		return do_open(dir_fd, path, flags, mode); \
	}
#define NOTHING
#define DIR_FD int dir_fd,
OPEN(open, NOTHING, AT_FDCWD)
OPEN(open64, NOTHING, AT_FDCWD)
OPEN(openat, DIR_FD, dir_fd)
OPEN(openat64, DIR_FD, dir_fd)

int __open_2(const char *path, int flags) { return do_open(AT_FDCWD, path, flags, 0); }
int __open64_2(const char *path, int flags) { return do_open(AT_FDCWD, path, flags, 0); }
int __openat_2(int dir_fd, const char *path, int flags) { return do_open(dir_fd, path, flags, 0); }
int __openat64_2(int dir_fd, const char *path, int flags) { return do_open(dir_fd, path, flags, 0); }
int creat(const char *path, mode_t mode) { return do_open(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, mode); }

int close(int fd)
{
	if (recorder_on() && fd >= 0 && fd < FDS_MAX)
		recorder.fds[fd].what = OTHER;
	return (int)syscall(SYS_close, fd);
}

static int copied(int fd, int as)
{
	if (recorder_on() && as >= 0 && as < FDS_MAX)
		recorder.fds[as] = *of(fd);
	return as;
}

int dup(int fd) { return copied(fd, (int)syscall(SYS_dup, fd)); }
int dup2(int fd, int as) { return copied(fd, fd == as ? fcntl(fd, F_GETFD) < 0 ? -1 : as : (int)syscall(SYS_dup3, fd, as, 0)); }
int dup3(int fd, int as, int flags) { return copied(fd, (int)syscall(SYS_dup3, fd, as, flags)); }

/* ---- names ---- */

static int two_names(enum trace_kind kind, int from_fd, const char *from, int to_fd, const char *to, unsigned flags)
{
	char a_room[PATH_MAX], b_room[PATH_MAX], both[2 * PATH_MAX];
	const char *a = inside(from_fd, from, a_room), *b = inside(to_fd, to, b_room);
	long call = kind == TRACE_LINKED ? SYS_linkat : SYS_renameat2;
	int result;

	if (!a && !b)
		return (int)syscall(call, from_fd, from, to_fd, to, flags);
	lock();
	result = (int)syscall(call, from_fd, from, to_fd, to, flags);
	if (result == 0 && (!a || !b || strchr(a, '/') || strchr(b, '/') || (kind == TRACE_RENAMED && flags & RENAME_EXCHANGE))) {
		put_text(TRACE_STRANGE, "a name changed across folders, or two for each other");
	} else if (result == 0) {
		int size = snprintf(both, sizeof both, "%s%c%s", a, 0, b);

		put((struct trace_head){ .kind = (uint8_t)kind }, both, (size_t)size, NULL, 0);
	}
	unlock();
	return result;
}

int rename(const char *from, const char *to) { return two_names(TRACE_RENAMED, AT_FDCWD, from, AT_FDCWD, to, 0); }
int renameat(int a, const char *from, int b, const char *to) { return two_names(TRACE_RENAMED, a, from, b, to, 0); }
int renameat2(int a, const char *from, int b, const char *to, unsigned flags) { return two_names(TRACE_RENAMED, a, from, b, to, flags); }
int link(const char *from, const char *to) { return two_names(TRACE_LINKED, AT_FDCWD, from, AT_FDCWD, to, 0); }
int linkat(int a, const char *from, int b, const char *to, int flags) { return two_names(TRACE_LINKED, a, from, b, to, (unsigned)flags); }

static int do_unlink(int dir_fd, const char *path, int flags)
{
	char room[PATH_MAX];
	const char *name = inside(dir_fd, path, room);
	int result;

	if (!name)
		return (int)syscall(SYS_unlinkat, dir_fd, path, flags);
	lock();
	result = (int)syscall(SYS_unlinkat, dir_fd, path, flags);
	if (result == 0 && (flags || !*name || strchr(name, '/')))
		put_text(TRACE_STRANGE, "a folder removed");
	else if (result == 0)
		put_name((struct trace_head){ .kind = TRACE_UNLINKED }, name);
	unlock();
	return result;
}

int unlink(const char *path) { return do_unlink(AT_FDCWD, path, 0); }
int unlinkat(int dir_fd, const char *path, int flags) { return do_unlink(dir_fd, path, flags); }
int rmdir(const char *path) { return do_unlink(AT_FDCWD, path, AT_REMOVEDIR); }

static int do_mkdir(int dir_fd, const char *path, mode_t mode)
{
	char room[PATH_MAX];
	const char *name = inside(dir_fd, path, room);
	int result;

	if (!name)
		return (int)syscall(SYS_mkdirat, dir_fd, path, mode);
	lock();
	result = (int)syscall(SYS_mkdirat, dir_fd, path, mode);
	if (result == 0 && *name)
		put_text(TRACE_STRANGE, "a folder made");
	else if (result == 0)
		put((struct trace_head){ .kind = TRACE_DIR_MADE, .at = mode }, NULL, 0, NULL, 0);
	unlock();
	return result;
}

int mkdir(const char *path, mode_t mode) { return do_mkdir(AT_FDCWD, path, mode); }
int mkdirat(int dir_fd, const char *path, mode_t mode) { return do_mkdir(dir_fd, path, mode); }
