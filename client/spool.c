/* SPDX-License-Identifier: Apache-2.0 */
#include "client/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { SEGMENT_SIZE = 4 << 20, BITS_STEP = 4096 };
_Static_assert(SPOOL_LANE_MAX <= UINT8_MAX, "its size is a byte");

enum attend_result spool_fails(struct attend_spool *s, enum attend_result result, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(s->why, sizeof s->why, format, arguments);
	va_end(arguments);
	return result;
}

void spool_segment_name(char name[static 24], uint64_t first)
{
	snprintf(name, 24, "%016" PRIx64 ".spool", first);
}

struct attend_kept spool_kept_of(const struct spooled *r, char lane[static SPOOL_LANE_MAX + 1])
{
	struct attend_kept kept = {
		.command = (enum attend_command)r->command, .number = r->number, .since_ms = r->since_ms,
		.lane = r->lane.size ? lane : NULL, .body = r->body.bytes, .body_size = r->body.size,
		.note = r->note.bytes, .note_size = r->note.size,
	};
	memcpy(kept.id, r->id, ATTEND_ID_SIZE);
	snprintf(lane, SPOOL_LANE_MAX + 1, "%.*s", (int)r->lane.size, (const char *)r->lane.bytes);
	return kept;
}

/* ---- which numbers wait ---- */

bool spool_waits(const struct attend_spool *s, uint64_t number)
{
	uint64_t at = number - s->base;
	return number >= s->base && at / 8 < s->bits_size && s->bits[at / 8] >> at % 8 & 1;
}

bool spool_add_waiting(struct attend_spool *s, uint64_t number)
{
	uint64_t at = number - s->base;
	if (at / 8 >= s->bits_size) {
		size_t size = at / 8 + BITS_STEP;
		uint8_t *larger = realloc(s->bits, size);
		if (!larger)
			return false;
		memset(larger + s->bits_size, 0, size - s->bits_size);
		s->bits = larger;
		s->bits_size = size;
	}
	s->bits[at / 8] |= (uint8_t)(1u << at % 8);
	s->waiting++;
	return true;
}

void spool_remove_waiting(struct attend_spool *s, uint64_t number)
{
	if (!spool_waits(s, number))
		return;
	s->bits[(number - s->base) / 8] &= (uint8_t)~(1u << (number - s->base) % 8);
	s->waiting--;
}

void spool_settle(struct attend_spool *s, uint64_t number)
{
	/* Where it can't be written it will be sent again, and answered as the first time. */
	spool_file_append(&s->tail, &(struct spooled){ .kind = SPOOLED_ANSWERED, .number = number });
	spool_remove_waiting(s, number);
}

/* ---- files ---- */

bool spool_add_segment(struct attend_spool *s, uint64_t first, uint64_t size)
{
	if (s->segment_count == s->segment_room) {
		unsigned room = s->segment_room ? 2 * s->segment_room : 16;
		struct spool_segment *larger = realloc(s->segments, room * sizeof *larger);
		if (!larger)
			return false;
		s->segments = larger;
		s->segment_room = room;
	}
	s->segments[s->segment_count++] = (struct spool_segment){ first, size };
	return true;
}

int spool_begin_segment(struct attend_spool *s)
{
	if (s->segment_count && s->segments[s->segment_count - 1].first == s->next)
		return 0; /* answers alone: it would have this one's name */
	struct spool_file file = { .fd = -1 };
	char name[24];
	int failed = s->segment_count ? spool_file_sync(&s->tail) : 0; /* all but the last are whole */
	spool_segment_name(name, s->next);
	if (!failed)
		failed = spool_file_create(&file, s->dir, name, s->next);
	if (!failed && !spool_add_segment(s, s->next, 0)) {
		spool_file_close(&file);
		failed = ENOMEM;
	}
	if (failed)
		return failed;
	if (s->segment_count > 1)
		s->segments[s->segment_count - 2].size = s->tail.size;
	spool_file_close(&s->tail);
	s->tail = file;
	return 0;
}

void spool_trim(struct attend_spool *s)
{
	while (s->lowest < s->next && !spool_waits(s, s->lowest))
		s->lowest++;
	unsigned gone = 0;
	while (gone + 1 < s->segment_count && gone < s->read_segment && s->segments[gone + 1].first <= s->lowest) {
		char name[24];
		spool_segment_name(name, s->segments[gone].first);
		if (unlinkat(s->dir, name, 0) < 0 && errno != ENOENT)
			break;
		gone++;
	}
	if (!gone)
		return;
	s->segment_count -= gone;
	s->read_segment -= gone;
	memmove(s->segments, s->segments + gone, s->segment_count * sizeof *s->segments);
	size_t bytes = (s->segments[0].first - s->base) / 8;
	if (bytes > s->bits_size)
		bytes = s->bits_size;
	memmove(s->bits, s->bits + bytes, s->bits_size - bytes);
	memset(s->bits + s->bits_size - bytes, 0, bytes);
	s->base += 8 * bytes;
}

int spool_refuse(struct attend_spool *s, const struct spooled *kept, const struct attend_reply *reply)
{
	int failed = s->refused.fd < 0 ? spool_file_create(&s->refused, s->dir, "refused", 0) : 0;
	struct spooled refused = *kept;
	refused.kind = SPOOLED_REFUSED;
	refused.status = (uint16_t)reply->status;
	refused.reply = slice_of(reply->body, reply->body_size);
	if (!failed)
		failed = spool_file_append(&s->refused, &refused);
	return failed ? failed : spool_file_sync(&s->refused);
}

/* ---- keeping ---- */

uint64_t attend_spool_waiting(const struct attend_spool *s)
{
	return s->waiting;
}

uint64_t attend_spool_size(const struct attend_spool *s)
{
	uint64_t size = s->tail.size + s->refused.size;
	for (unsigned i = 0; i + 1 < s->segment_count; i++)
		size += s->segments[i].size;
	return size;
}

const char *attend_spool_why(const struct attend_spool *s)
{
	return s->why;
}

static enum attend_result full(struct attend_spool *s)
{
	return spool_fails(s, ATTEND_REFUSED, "the spool %s is full: %" PRIu64 " submissions wait, and its files may hold "
	                   "%" PRIu64 " MiB; deliver it, or give it more room%s", s->path, s->waiting, s->options.size_max >> 20,
	                   s->refused.size > s->options.size_max / 2 ? " (most of it is what was refused: take that out)" : "");
}

static enum attend_result cannot(struct attend_spool *s, int failed)
{
	/* A full disk is mended by delivering, too. */
	enum attend_result result = failed == ENOSPC || failed == EDQUOT ? ATTEND_REFUSED : ATTEND_MISUSE;
	return spool_fails(s, result, "the spool %s can't be written: %s", s->path, strerror(failed));
}

enum attend_result attend_spool_keep(struct attend_spool *s, struct attend_kept *kept)
{
	struct timespec now;
	if (s->options.look || (kept->lane && (!*kept->lane || strlen(kept->lane) > SPOOL_LANE_MAX)))
		return spool_fails(s, ATTEND_MISUSE, s->options.look ? "the spool %s is open to be looked at only"
		                   : "spool %s: a lane is 1 to 39 bytes", s->path);
	clock_gettime(CLOCK_REALTIME, &now);
	kept->number = s->next;
	kept->since_ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
	struct spooled r = {
		.kind = SPOOLED_KEPT, .number = kept->number, .since_ms = kept->since_ms, .command = (uint8_t)kept->command,
		.lane = kept->lane ? slice_text(kept->lane) : slice_of(NULL, 0),
		.note = slice_of(kept->note, kept->note_size), .body = slice_of(kept->body, kept->body_size),
	};
	memcpy(r.id, kept->id, sizeof r.id);
	if (attend_spool_size(s) + r.note.size + r.body.size + 2 * SPOOL_RECORD_HEAD > s->options.size_max)
		return full(s);
	int failed = s->tail.size >= SEGMENT_SIZE ? spool_begin_segment(s) : 0;
	if (!failed && !spool_add_waiting(s, s->next))
		failed = ENOMEM;
	if (failed)
		return cannot(s, failed);
	failed = spool_file_append(&s->tail, &r);
	if (failed) {
		spool_remove_waiting(s, s->next);
		return cannot(s, failed);
	}
	s->next++;
	return ATTEND_OK;
}

enum attend_result attend_spool_sync(struct attend_spool *s)
{
	int failed = spool_file_sync(&s->tail);
	return failed ? cannot(s, failed) : ATTEND_OK;
}

/* ---- looking ---- */

struct looking {
	struct attend_spool *spool;
	attend_kept_each *kept;
	attend_refused_each *refused;
	void *context;
	size_t index;
	bool on;
};

static bool look_at_kept(void *context, const struct spooled *r)
{
	struct looking *l = context;
	char lane[SPOOL_LANE_MAX + 1];
	if (r->kind == SPOOLED_KEPT && spool_waits(l->spool, r->number)) {
		struct attend_kept kept = spool_kept_of(r, lane);
		l->on = l->kept(l->context, &kept);
	}
	return l->on;
}

static enum attend_result unreadable(struct attend_spool *s, const char *name)
{
	return spool_fails(s, ATTEND_MISUSE, "%s/%s can't be read", s->path, name);
}

enum attend_result attend_spool_each(struct attend_spool *s, attend_kept_each *each, void *context)
{
	struct looking l = { .spool = s, .kept = each, .context = context, .on = true };
	uint64_t end;
	for (unsigned i = 0; l.on && i < s->segment_count; i++) {
		char name[24];
		spool_segment_name(name, s->segments[i].first);
		enum spool_read read = spool_file_read(s->dir, name, s->segments[i].first, i + 1 == s->segment_count, look_at_kept, &l, &end);
		if (read == SPOOL_READ_DAMAGED || (read == SPOOL_READ_FAILED && errno != ENOENT)) /* delivered meanwhile */
			return unreadable(s, name);
	}
	return ATTEND_OK;
}

static bool look_at_refused(void *context, const struct spooled *r)
{
	struct looking *l = context;
	struct attend_spool *s = l->spool;
	char lane[SPOOL_LANE_MAX + 1];
	struct attend_kept kept = spool_kept_of(r, lane);
	struct attend_reply reply = { r->status, 0, r->reply.bytes, r->reply.size };
	if (l->index == s->given_count) {
		uint8_t *larger = realloc(s->given, l->index + 1);
		if (!larger)
			return false;
		s->given = larger;
		s->given[s->given_count++] = false;
	}
	s->given[l->index++] |= l->refused(l->context, &kept, &reply);
	return true;
}

enum attend_result attend_spool_refused(struct attend_spool *s, attend_refused_each *each, void *context)
{
	struct looking l = { .spool = s, .refused = each, .context = context };
	uint64_t end;
	enum spool_read read = spool_file_read(s->dir, "refused", 0, true, look_at_refused, &l, &end);
	if (read == SPOOL_READ_DAMAGED || (read == SPOOL_READ_FAILED && errno != ENOENT))
		return unreadable(s, "refused");
	return ATTEND_OK;
}

struct copying {
	struct attend_spool *spool;
	struct spool_file file;
	size_t index;
	int failed;
};

static bool copy(void *context, const struct spooled *r)
{
	struct copying *c = context;
	if (c->index >= c->spool->given_count || !c->spool->given[c->index])
		c->failed = spool_file_append(&c->file, r);
	c->index++;
	return !c->failed;
}

enum attend_result attend_spool_forget(struct attend_spool *s)
{
	struct copying c = { .spool = s };
	uint64_t end;
	if (s->refused.fd < 0)
		return ATTEND_OK;
	/* Named anew only when it is whole: a crash in between forgets nothing. */
	c.failed = spool_file_create(&c.file, s->dir, "refused.new", 0);
	if (c.failed)
		return cannot(s, c.failed);
	if (spool_file_read(s->dir, "refused", 0, true, copy, &c, &end) != SPOOL_READ)
		c.failed = c.failed ? c.failed : EIO;
	bool empty = c.file.size == SPOOL_HEADER;
	if (!c.failed)
		c.failed = spool_file_sync(&c.file);
	if (!c.failed && (empty ? unlinkat(s->dir, "refused", 0) : renameat(s->dir, "refused.new", s->dir, "refused")) < 0)
		c.failed = errno;
	if (c.failed || empty)
		unlinkat(s->dir, "refused.new", 0);
	if (c.failed || empty)
		spool_file_close(&c.file);
	if (c.failed)
		return cannot(s, c.failed);
	fsync(s->dir);
	spool_file_close(&s->refused);
	s->refused = c.file;
	s->refused.size = empty ? 0 : s->refused.size;
	s->given_count = 0;
	return ATTEND_OK;
}
