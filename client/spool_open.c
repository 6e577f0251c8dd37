/* Opening a spool: what an earlier run left is found again, and what it had not finished is said.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "client/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

enum { LOCK_STEP_MS = 50, NUMBERS_MAX = 1 << 28 /* from the oldest that waits to the newest */ };

static bool open_folder(struct attend_spool *s)
{
	struct stat status;
	bool made = !s->options.look && mkdir(s->path, 0700) == 0;
	s->dir = open(s->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->dir < 0 || fstat(s->dir, &status) < 0) {
		spool_fails(s, ATTEND_MISUSE, "the spool %s can't be used: %s", s->path, strerror(errno));
		return false;
	}
	if (status.st_mode & 077) {
		spool_fails(s, ATTEND_MISUSE, "the spool %s is open to others than its owner, and holds pupils' marks: chmod 700 %s",
		            s->path, s->path);
		return false;
	}
	int above = made ? openat(s->dir, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (above >= 0) {
		fsync(above); /* the folder itself outlives the power */
		close(above);
	}
	return true;
}

static bool take_lock(struct attend_spool *s)
{
	char owner[24] = "";
	s->lock = openat(s->dir, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (s->lock < 0) {
		spool_fails(s, ATTEND_MISUSE, "the spool %s can't be locked: %s", s->path, strerror(errno));
		return false;
	}
	for (unsigned waited_ms = 0; flock(s->lock, LOCK_EX | LOCK_NB) < 0; waited_ms += LOCK_STEP_MS) {
		if (errno != EWOULDBLOCK || waited_ms >= s->options.patience_ms) {
			ssize_t got = pread(s->lock, owner, sizeof owner - 1, 0);
			owner[got > 0 ? got : 0] = '\0';
			spool_fails(s, ATTEND_MISUSE, "the spool %s is in use by another program (process %s): it is for one at a time; "
			            "try again when that has ended", s->path, owner);
			return false;
		}
		poll(NULL, 0, LOCK_STEP_MS);
	}
	int size = snprintf(owner, sizeof owner, "%ld", (long)getpid());
	/* For people alone: the lock is what counts. */
	if (ftruncate(s->lock, 0) < 0 || pwrite(s->lock, owner, (size_t)size, 0) < 0)
		return true;
	return true;
}

static int by_first(const void *a, const void *b)
{
	const struct spool_segment *left = a, *right = b;
	return left->first < right->first ? -1 : left->first > right->first;
}

static bool list_segments(struct attend_spool *s)
{
	int again = openat(s->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = again >= 0 ? fdopendir(again) : NULL;
	bool good = list != NULL;
	for (struct dirent *entry; good && (entry = readdir(list));) {
		char name[24];
		uint64_t first = strtoull(entry->d_name, NULL, 16);
		spool_segment_name(name, first);
		if (strcmp(name, entry->d_name) == 0)
			good = spool_add_segment(s, first, 0);
	}
	if (list)
		closedir(list);
	if (!good)
		spool_fails(s, ATTEND_MISUSE, "the spool %s can't be listed: %s", s->path, strerror(errno));
	else if (!s->segment_count && s->options.look)
		good = spool_fails(s, ATTEND_MISUSE, "%s holds no spool", s->path) == ATTEND_OK;
	else if (s->segment_count)
		qsort(s->segments, s->segment_count, sizeof *s->segments, by_first);
	return good;
}

/* ---- reading through ---- */

struct finding {
	struct attend_spool *spool;
	uint8_t (*refused)[8 + UUID_SIZE]; /* number and id of each */
	size_t refused_count;
	bool no_memory;
	bool misplaced; /* one that was kept has not the number that its place gives it */
};

static void key_of(uint8_t key[static 8 + UUID_SIZE], const struct spooled *r)
{
	struct writer out = writer_of(key, 8 + UUID_SIZE);
	write_u64(&out, r->number);
	write_bytes(&out, r->id, UUID_SIZE);
}

static int by_key(const void *a, const void *b)
{
	return memcmp(a, b, 8 + UUID_SIZE);
}

static bool find_refused(void *context, const struct spooled *r)
{
	struct finding *f = context;
	if ((f->refused_count & (f->refused_count - 1)) == 0) {
		void *larger = realloc(f->refused, (f->refused_count ? 2 * f->refused_count : 1) * sizeof *f->refused);
		if (!larger) {
			f->no_memory = true;
			return false;
		}
		f->refused = larger;
	}
	key_of(f->refused[f->refused_count++], r);
	return true;
}

static bool find(void *context, const struct spooled *r)
{
	struct finding *f = context;
	struct attend_spool *s = f->spool;
	uint8_t key[8 + UUID_SIZE];
	if (r->kind == SPOOLED_ANSWERED)
		spool_remove_waiting(s, r->number);
	if (r->kind != SPOOLED_KEPT)
		return true;
	/* What waits is a bit a number: one from nowhere would take any amount of memory. */
	f->misplaced = r->number != s->next || r->number - s->base > NUMBERS_MAX;
	if (f->misplaced)
		return false;
	key_of(key, r);
	if (!spool_add_waiting(s, r->number)) {
		f->no_memory = true;
		return false;
	}
	/* Written among the refused, and the end came before its answer was. */
	if (f->refused_count && bsearch(key, f->refused, f->refused_count, sizeof *f->refused, by_key))
		spool_remove_waiting(s, r->number);
	s->next = r->number + 1;
	return true;
}

static bool damaged(struct attend_spool *s, const char *name, uint64_t at)
{
	spool_fails(s, ATTEND_MISUSE, "%s/%s is damaged: what was kept there can't be read from byte %" PRIu64 " on, and nothing of "
	            "the spool is sent. Take that file out of the folder (its date says when it was last written), and push again what was pushed up to "
	            "then: what was taken is not taken twice", s->path, name, at);
	return false;
}

/* Reads one file; cuts off its torn end. */
static bool read_file(struct attend_spool *s, const char *name, uint64_t first, bool last, spooled_each *each,
                      struct finding *f, struct spool_file *file)
{
	uint64_t end;
	char text[400];
	enum spool_read read = spool_file_read(s->dir, name, first, last, each, f, &end);
	if (f->no_memory || (read == SPOOL_READ_FAILED && (errno != ENOENT || !s->options.look))) {
		spool_fails(s, ATTEND_MISUSE, "%s/%s can't be read: %s", s->path, name, strerror(f->no_memory ? ENOMEM : errno));
		return false;
	}
	if (read == SPOOL_READ_DAMAGED || f->misplaced)
		return damaged(s, name, end);
	file->size = end;
	if (!last || s->options.look || read == SPOOL_READ_FAILED)
		return true;
	*file = (struct spool_file){ .fd = openat(s->dir, name, O_RDWR | O_CLOEXEC), .size = end, .synced = SPOOL_HEADER };
	if (file->fd < 0 || (read == SPOOL_READ_TORN && ftruncate(file->fd, (off_t)end) < 0)) {
		spool_fails(s, ATTEND_MISUSE, "%s/%s can't be written: %s", s->path, name, strerror(errno));
		return false;
	}
	snprintf(text, sizeof text, "%s/%s ended in a write that was cut short: what came after byte %" PRIu64
	         " is dropped (nobody was told that it is kept)", s->path, name, end);
	if (read == SPOOL_READ_TORN && s->options.notice)
		s->options.notice(s->options.context, text);
	return true;
}

static bool read_all(struct attend_spool *s, struct finding *f)
{
	struct spool_file file;
	if (faccessat(s->dir, "refused", F_OK, 0) == 0 && !read_file(s, "refused", 0, true, find_refused, f, &s->refused))
		return false;
	if (f->refused_count)
		qsort(f->refused, f->refused_count, sizeof *f->refused, by_key);
	s->base = s->lowest = s->next = s->segment_count ? s->segments[0].first : 1;
	for (unsigned i = 0; i < s->segment_count; i++) {
		char name[24];
		bool last = i + 1 == s->segment_count;
		spool_segment_name(name, s->segments[i].first);
		if (s->segments[i].first < s->next)
			return damaged(s, name, 0); /* the one before reaches into it */
		s->next = s->segments[i].first; /* files may be missing between them: whoever took them out was told to */
		if (!read_file(s, name, s->segments[i].first, last, find, f, last ? &s->tail : &file))
			return false;
		s->segments[i].size = last ? 0 : file.size;
	}
	int failed = s->segment_count || s->options.look ? 0 : spool_begin_segment(s);
	if (failed)
		spool_fails(s, ATTEND_MISUSE, "the spool %s can't be written: %s", s->path, strerror(failed));
	return !failed;
}

struct attend_spool *attend_spool_open(const struct attend_spool_options *options, char *why, size_t why_size)
{
	struct attend_spool *s = calloc(1, sizeof *s);
	if (!s || sodium_init() < 0) {
		snprintf(why, why_size, "no memory for a spool");
		free(s);
		return NULL;
	}
	struct finding f = { .spool = s };
	s->options = *options;
	if (!s->options.size_max)
		s->options.size_max = ATTEND_SPOOL_SIZE;
	s->dir = s->lock = s->tail.fd = s->refused.fd = s->read_fd = -1;
	s->read_at = SPOOL_HEADER;
	bool fits = (size_t)snprintf(s->path, sizeof s->path, "%s", options->dir) < sizeof s->path;
	if (!fits)
		spool_fails(s, ATTEND_MISUSE, "the spool's path is longer than 255 bytes");
	bool good = fits && open_folder(s) && (options->look || take_lock(s)) && list_segments(s) && read_all(s, &f);
	free(f.refused);
	if (good)
		return s;
	snprintf(why, why_size, "%s", s->why);
	s->options.look = true; /* closing it changes nothing */
	attend_spool_close(&s);
	return NULL;
}

void attend_spool_close(struct attend_spool **spool)
{
	struct attend_spool *s = *spool;
	if (!s)
		return;
	*spool = NULL;
	spool_recall(s);
	if (!s->options.look) {
		/* What was delivered is not left lying about. */
		if (!s->waiting && !spool_begin_segment(s)) {
			s->read_segment = s->segment_count - 1;
			spool_trim(s);
		}
		spool_file_sync(&s->tail);
	}
	spool_file_close(&s->tail);
	spool_file_close(&s->refused);
	const int others[] = { s->read_fd, s->dir, s->lock };
	for (unsigned i = 0; i < 3; i++)
		if (others[i] >= 0)
			close(others[i]);
	free(s->segments);
	free(s->bits);
	free(s->given);
	free(s);
}
