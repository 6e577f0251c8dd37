/* recorder_writes.c - writing, syncing and saying.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "tests/powercut/recorder_parts.h"

enum { SAID_MAX = 64 << 10, REPLY_HEAD = 30 };

/* ---- writing ---- */

static ssize_t do_write(int fd, const struct iovec *parts, int count, off_t at, bool at_place)
{
	const struct of_fd *it = of(fd);
	bool its = it->what == FILE_OF_IT;
	struct iovec done[64];
	ssize_t result;
	int used = 0;

	if (its)
		lock();
	result = at_place ? syscall(SYS_pwritev, fd, parts, count, at, 0) : syscall(SYS_writev, fd, parts, count);
	if (!its)
		return result;
	if (result > 0) {
		size_t left = (size_t)result;

		if (!at_place)
			at = lseek(fd, 0, SEEK_CUR) - result;
		for (int i = 0; i < count && left; i++, used++) {
			done[used] = parts[i];
			if (done[used].iov_len > left)
				done[used].iov_len = left;
			left -= done[used].iov_len;
		}
		put((struct trace_head){ .kind = TRACE_WROTE, .flag = it->self_syncing, .file = it->inode, .at = (uint64_t)at }, NULL, 0, done, used);
	}
	unlock();
	return result;
}

static ssize_t write_one(int fd, const void *bytes, size_t size, off_t at, bool at_place)
{
	struct iovec part = { (void *)(uintptr_t)bytes, size };

	return do_write(fd, &part, 1, at, at_place);
}

ssize_t write(int fd, const void *bytes, size_t size) { return write_one(fd, bytes, size, 0, false); }
ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at) { return write_one(fd, bytes, size, at, true); }
ssize_t pwrite64(int fd, const void *bytes, size_t size, off_t at) { return write_one(fd, bytes, size, at, true); }
ssize_t writev(int fd, const struct iovec *parts, int count) { return do_write(fd, parts, count, 0, false); }
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) { return do_write(fd, parts, count, at, true); }
ssize_t pwritev64(int fd, const struct iovec *parts, int count, off_t at) { return do_write(fd, parts, count, at, true); }

static int do_truncate(int fd, off_t size)
{
	const struct of_fd *it = of(fd);
	int result;

	if (it->what != FILE_OF_IT)
		return (int)syscall(SYS_ftruncate, fd, size);
	lock();
	result = (int)syscall(SYS_ftruncate, fd, size);
	if (result == 0)
		put((struct trace_head){ .kind = TRACE_SIZED, .file = it->inode, .at = (uint64_t)size }, NULL, 0, NULL, 0);
	unlock();
	return result;
}

int ftruncate(int fd, off_t size) { return do_truncate(fd, size); }
int ftruncate64(int fd, off_t size) { return do_truncate(fd, size); }

/* Where the file system can't, as little of it as counts here is done: the size. */
static int do_fallocate(int fd, off_t at, off_t size)
{
	const struct of_fd *it = of(fd);
	struct stat status;
	int result;

	if (it->what == FILE_OF_IT)
		lock();
	result = (int)syscall(SYS_fallocate, fd, 0, at, size);
	if (result != 0 && errno == EOPNOTSUPP && fstat(fd, &status) == 0)
		result = status.st_size < at + size ? (int)syscall(SYS_ftruncate, fd, at + size) : 0;
	if (it->what == FILE_OF_IT) {
		if (result == 0 && fstat(fd, &status) == 0)
			put((struct trace_head){ .kind = TRACE_SIZED, .file = it->inode, .at = (uint64_t)status.st_size }, NULL, 0, NULL, 0);
		unlock();
	}
	return result == 0 ? 0 : errno;
}

int posix_fallocate(int fd, off_t at, off_t size) { return do_fallocate(fd, at, size); }
int posix_fallocate64(int fd, off_t at, off_t size) { return do_fallocate(fd, at, size); }

int fallocate(int fd, int mode, off_t at, off_t size)
{
	if (of(fd)->what == FILE_OF_IT)
		strange("fallocate");
	return (int)syscall(SYS_fallocate, fd, mode, at, size);
}

int fchmod(int fd, mode_t mode)
{
	const struct of_fd *it = of(fd);
	int result;

	if (it->what != FILE_OF_IT)
		return (int)syscall(SYS_fchmod, fd, mode);
	lock();
	result = (int)syscall(SYS_fchmod, fd, mode);
	if (result == 0)
		put((struct trace_head){ .kind = TRACE_MODE, .file = it->inode, .at = mode }, NULL, 0, NULL, 0);
	unlock();
	return result;
}

/* ---- syncing ---- */

static int do_sync(int fd, long call)
{
	static const uint8_t begins[] = { [FILE_OF_IT] = TRACE_SYNC, [THE_DIR] = TRACE_DIR_SYNC, [THE_PARENT] = TRACE_PARENT_SYNC };
	const struct of_fd *it = of(fd);
	struct trace_head head = { .kind = begins[it->what], .file = it->inode, .at = recorder_next_sync() };
	struct timespec pause = { recorder_slow_us() / 1000000, recorder_slow_us() % 1000000 * 1000 };
	int result;

	if (it->what == OTHER)
		return (int)syscall(call, fd);
	lock();
	put(head, NULL, 0, NULL, 0);
	unlock();
	if (recorder_slow_us())
		nanosleep(&pause, NULL);
	result = (int)syscall(call, fd);
	lock();
	head.kind++;
	if (result == 0)
		put(head, NULL, 0, NULL, 0);
	unlock();
	return result;
}

int fsync(int fd) { return do_sync(fd, SYS_fsync); }
int fdatasync(int fd) { return do_sync(fd, SYS_fdatasync); }

/* ---- what would be missed ---- */

static void *do_mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
	const struct of_fd *it = fd >= 0 ? of(fd) : NULL;

	if (it && it->what == FILE_OF_IT && (flags & MAP_SHARED) && (protection & PROT_WRITE)) {
		char link[64], path[PATH_MAX];
		ssize_t got;

		snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
		got = readlink(link, path, sizeof path - 1);
		path[got > 0 ? got : 0] = '\0';
		lock();
		put_name((struct trace_head){ .kind = TRACE_MAPPED, .file = it->inode },
		         got > (ssize_t)strlen(recorder_dir()) ? path + strlen(recorder_dir()) + 1 : "?");
		unlock();
	}
	return (void *)syscall(SYS_mmap, at, size, protection, flags, fd, offset);
}

void *mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset) { return do_mmap(at, size, protection, flags, fd, offset); }
void *mmap64(void *at, size_t size, int protection, int flags, int fd, off_t offset) { return do_mmap(at, size, protection, flags, fd, offset); }

int msync(void *at, size_t size, int flags)
{
	if (recorder_on())
		strange("msync");
	return (int)syscall(SYS_msync, at, size, flags);
}

int truncate(const char *path, off_t size)
{
	char room[PATH_MAX];

	if (inside(AT_FDCWD, path, room))
		strange("truncate");
	return (int)syscall(SYS_truncate, path, size);
}

int syncfs(int fd)
{
	if (recorder_on())
		strange("syncfs");
	return (int)syscall(SYS_syncfs, fd);
}

ssize_t copy_file_range(int from, off_t *from_at, int to, off_t *to_at, size_t size, unsigned flags)
{
	if (of(to)->what == FILE_OF_IT)
		strange("copy_file_range");
	return syscall(SYS_copy_file_range, from, from_at, to, to_at, size, flags);
}

ssize_t sendfile(int to, int from, off_t *at, size_t size)
{
	if (of(to)->what == FILE_OF_IT)
		strange("sendfile");
	return syscall(SYS_sendfile, to, from, at, size);
}

/* ---- what is said ---- */

static void said(const void *frame, size_t size)
{
	const uint8_t *bytes = frame;
	struct iovec part = { (void *)(uintptr_t)frame, size < SAID_MAX ? size : SAID_MAX };

	if (!recorder_on() || size < REPLY_HEAD || bytes[0] != 0xA7 || bytes[1] != 0x7D || !(bytes[3] & 0x80))
		return;
	lock();
	put((struct trace_head){ .kind = TRACE_SAID, .at = size }, NULL, 0, &part, 1);
	unlock();
}

typedef int zmq_send_of(void *, const void *, size_t, int);

int zmq_send(void *socket, const void *bytes, size_t size, int flags);
int zmq_send(void *socket, const void *bytes, size_t size, int flags)
{
	static zmq_send_of *next;

	if (!next)
		*(void **)&next = dlsym(RTLD_NEXT, "zmq_send");
	said(bytes, size);
	return next(socket, bytes, size, flags);
}
