/* SPDX-License-Identifier: Apache-2.0 */
#include "client/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PATH_ROOM = PATH_MAX + NAME_MAX + 32, AGAIN_FIRST_MS = 2000, AGAIN_MOST_MS = 60000, FOLDER_MODE = 0750 };

struct folder {
	const struct invocation *invocation;
	const char *path;
	folder_take *take;
	void *context;
	int watch;         /* inotify */
	bool stop;
};

static const char *const parts[] = { "done", "failed", "rejects" };

static bool begin(struct folder *f)
{
	char path[PATH_ROOM];
	f->watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (f->watch < 0 || inotify_add_watch(f->watch, f->path, IN_CLOSE_WRITE | IN_MOVED_TO | IN_ONLYDIR) < 0) {
		complain(f->invocation, "--watch %s: %s", f->path, strerror(errno));
		return false;
	}
	for (unsigned i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		snprintf(path, sizeof path, "%s/%s", f->path, parts[i]);
		if (mkdir(path, FOLDER_MODE) < 0 && errno != EEXIST) {
			complain(f->invocation, "--watch %s: %s", path, strerror(errno));
			return false;
		}
	}
	return true;
}

static bool ends(const char *name, const char *end)
{
	size_t size = strlen(name), end_size = strlen(end);
	return size >= end_size && strcmp(name + size - end_size, end) == 0;
}

static bool is_on_its_way(const char *name)
{
	return name[0] == '.' || ends(name, ".tmp") || ends(name, ".part") || ends(name, ".partial") || ends(name, "~");
}

/* Somebody has it open for writing: the event that says it is closed is still to come. */
static bool is_being_written(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return false;
	/* Refused with EAGAIN where there is a writer; with others where the file system or the owner can't be asked. */
	bool written = fcntl(fd, F_SETLEASE, F_RDLCK) < 0 && errno == EAGAIN;
	close(fd);
	return written;
}

/* Into `done` or `failed`, under a name that is free there. */
static void put_away(const struct folder *f, const char *path, const char *name, const char *part)
{
	char to[PATH_ROOM + 16];
	snprintf(to, sizeof to, "%s/%s/%s", f->path, part, name);
	for (unsigned i = 2; renameat2(AT_FDCWD, path, AT_FDCWD, to, RENAME_NOREPLACE) < 0; i++) {
		if (errno != EEXIST || i == 1000) {
			complain(f->invocation, "%s: can't be moved to %s: %s", path, part, strerror(errno));
			return;
		}
		snprintf(to, sizeof to, "%s/%s/%s.%u", f->path, part, name, i);
	}
}

/* Not mistaken for one that lies there still: not yet mended. */
static void name_rejects(const struct folder *f, const char *name, char path[static PATH_ROOM])
{
	snprintf(path, PATH_ROOM, "%s/rejects/%s", f->path, name);
	for (unsigned i = 2; access(path, F_OK) == 0 && i < 1000; i++)
		snprintf(path, PATH_ROOM, "%s/rejects/%u-%s", f->path, i, name);
}

static void wait_for(const struct folder *f, int wait_ms)
{
	struct pollfd ready = { .fd = f->watch, .events = POLLIN };
	if (!interrupted)
		poll(&ready, 1, wait_ms);
}

static void take_file(struct folder *f, const char *name, bool at_start)
{
	char path[PATH_ROOM], rejects[PATH_ROOM];
	struct stat file;
	int wait_ms = AGAIN_FIRST_MS;
	snprintf(path, sizeof path, "%s/%s", f->path, name);
	if (is_on_its_way(name) || lstat(path, &file) < 0 || !S_ISREG(file.st_mode) || !file.st_size || (at_start && is_being_written(path)))
		return;
	name_rejects(f, name, rejects);
	while (!f->stop && !interrupted) {
		uint64_t refused = 0;
		enum folder_outcome outcome = f->take(f->context, path, rejects, &refused);
		if (!refused || outcome != FOLDER_DONE)
			unlink(rejects);
		if (outcome == FOLDER_AGAIN) {
			complain(f->invocation, "%s stays; it is tried again in %d s", path, wait_ms / 1000);
			struct timespec left = { wait_ms / 1000, 0 };
			if (!interrupted)
				nanosleep(&left, NULL); /* ended by a signal */
			wait_ms = wait_ms * 2 < AGAIN_MOST_MS ? wait_ms * 2 : AGAIN_MOST_MS;
			continue;
		}
		f->stop = outcome == FOLDER_STOP;
		if (!f->stop)
			put_away(f, path, name, outcome == FOLDER_DONE ? "done" : "failed");
		return;
	}
}

static void take_all(struct folder *f)
{
	struct dirent **entries = NULL;
	int count = scandir(f->path, &entries, NULL, alphasort);
	for (int i = 0; i < count; i++) {
		if (!f->stop && !interrupted)
			take_file(f, entries[i]->d_name, true);
		free(entries[i]);
	}
	free(entries);
}

static void take_events(struct folder *f)
{
	_Alignas(struct inotify_event) char events[64 * 1024];
	ssize_t size = read(f->watch, events, sizeof events);
	for (ssize_t at = 0; at < size && !f->stop;) {
		const struct inotify_event *event = (const struct inotify_event *)(const void *)(events + at);
		at += (ssize_t)(sizeof *event + event->len);
		if (event->mask & IN_Q_OVERFLOW) {
			take_all(f);
		} else if (event->mask & IN_IGNORED) {
			complain(f->invocation, "--watch %s: the folder is gone", f->path);
			f->stop = true;
		} else if (event->len) {
			take_file(f, event->name, false);
		}
	}
}

int folder_watch(const struct invocation *invocation, const char *path, folder_take *take, void *context)
{
	struct folder f = { .invocation = invocation, .path = path, .take = take, .context = context };
	if (!begin(&f)) {
		if (f.watch >= 0)
			close(f.watch);
		return 2;
	}
	fprintf(stderr, "%s: watching %s; files are moved to done or failed in it, refused rows lie in rejects\n", invocation->command, path);
	/* Those that come meanwhile are in the events. */
	take_all(&f);
	while (!f.stop && !interrupted) {
		wait_for(&f, -1);
		take_events(&f);
	}
	close(f.watch);
	return interrupted ? 0 : 1;
}
