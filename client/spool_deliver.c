/* Delivering a spool: each lane one at a time, lanes side by side.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/connection.h"
#include "client/spool.h"
#include "proto/status.h"

enum { WAIT_MS = 250, LANE_BITS = 4096 };

/* Does this answer end the matter? Else the daemon takes nothing from this key for now. */
static bool is_final(unsigned status)
{
	return status >= 200 && status < 500 && status / 100 != 3 && status != STATUS_REVOKED;
}

static void answered(void *context, const struct attend_reply *reply)
{
	struct on_way *o = context;
	struct attend_spool *s = o->spool;
	struct attend *a = o->posted;
	char lane[SPOOL_LANE_MAX + 1];
	o->posted = NULL;
	if (!reply->status)
		return; /* closed: it is sent again */
	if (!is_final(reply->status)) {
		connection_explain(a, reply->status, slice_of(reply->body, reply->body_size));
		spool_fails(s, ATTEND_REFUSED, "%s", attend_why(a));
		s->stopped = true;
		return;
	}
	if (reply->status >= 300 || attend_refused_rows(reply, NULL, NULL))
		s->failed = spool_refuse(s, &o->record, reply);
	if (s->failed)
		return; /* its refusal is not held: it waits on */
	spool_settle(s, o->record.number);
	o->settled = true;
	struct attend_kept kept = spool_kept_of(&o->record, lane);
	if (s->options.settled)
		s->options.settled(s->options.context, &kept, reply);
}

static void drop(struct on_way *o)
{
	free(o->room);
	free(o);
}

void spool_recall(struct attend_spool *s)
{
	for (unsigned i = 0; i < s->window_count; i++) {
		if (s->window[i]->posted)
			connection_silence(s->window[i]->posted, s->window[i]);
		drop(s->window[i]);
	}
	s->window_count = 0;
	s->window_bytes = 0;
}

/* Those answered leave; the others keep their order. */
static void sweep(struct attend_spool *s)
{
	unsigned left = 0;
	for (unsigned i = 0; i < s->window_count; i++) {
		struct on_way *o = s->window[i];
		if (!o->settled) {
			s->window[left++] = o;
			continue;
		}
		s->window_bytes -= o->size;
		drop(o);
	}
	s->window_count = left;
	spool_trim(s);
}

static int open_segment(struct attend_spool *s)
{
	char name[24];
	if (s->read_fd >= 0)
		return 0;
	spool_segment_name(name, s->segments[s->read_segment].first);
	s->read_fd = openat(s->dir, name, O_RDONLY | O_CLOEXEC);
	return s->read_fd < 0 ? errno : 0;
}

/* The next record, of whatever kind; ENODATA: no more are written. */
static int read_record(struct attend_spool *s, uint8_t **room, struct spooled *r)
{
	for (;;) {
		uint64_t size = 0;
		int failed = open_segment(s);
		if (!failed)
			failed = spool_file_record(s->read_fd, s->read_at, room, r, &size);
		if (!failed)
			s->read_at += size;
		if (failed != ENODATA || s->read_segment + 1 == s->segment_count)
			return failed;
		close(s->read_fd);
		s->read_fd = -1;
		s->read_segment++;
		s->read_at = SPOOL_HEADER;
	}
}

/* Fills the window with what waits. */
static int fill(struct attend_spool *s)
{
	while (s->window_count < SPOOL_WINDOW && s->window_bytes < SPOOL_WINDOW_BYTES && s->window_count < s->waiting) {
		struct spooled r;
		uint8_t *room = NULL;
		int failed = read_record(s, &room, &r);
		if (failed)
			return failed == ENODATA ? 0 : failed;
		struct on_way *o = r.kind == SPOOLED_KEPT && spool_waits(s, r.number) ? calloc(1, sizeof *o) : NULL;
		if (!o) {
			free(room);
			continue;
		}
		*o = (struct on_way){ .spool = s, .room = room, .record = r, .size = r.note.size + r.body.size + SPOOL_RECORD_HEAD };
		s->window[s->window_count++] = o;
		s->window_bytes += o->size;
	}
	return 0;
}

static unsigned lane_bit(struct slice lane)
{
	uint32_t hash = 2166136261u;
	for (size_t i = 0; i < lane.size; i++)
		hash = (hash ^ lane.bytes[i]) * 16777619u;
	return (hash ^ hash >> 15) % LANE_BITS;
}

/* Posts what nothing before it holds up. Two lanes of one bit wait for each other, which costs time alone. */
static enum attend_result post_free(struct attend_spool *s, struct attend *a)
{
	uint8_t busy[LANE_BITS / 8] = { 0 };
	for (unsigned i = 0; i < s->window_count; i++) {
		struct on_way *o = s->window[i];
		unsigned bit = lane_bit(o->record.lane);
		bool alone = !o->record.lane.size;
		if (!o->settled && !o->posted && !(alone ? i > 0 : busy[bit / 8] >> bit % 8 & 1)) {
			if (attend_outstanding(a) >= a->window)
				return ATTEND_OK; /* attend_post would wait */
			o->posted = a;
			enum attend_result result = attend_post(a, (enum attend_command)o->record.command, o->record.id,
			                                        o->record.body.bytes, o->record.body.size, answered, o);
			if (result != ATTEND_OK) {
				o->posted = NULL;
				return result;
			}
		}
		if (o->settled)
			continue;
		if (alone)
			return ATTEND_OK;
		busy[bit / 8] |= (uint8_t)(1u << bit % 8);
	}
	return ATTEND_OK;
}

static bool any_settled(const struct attend_spool *s)
{
	for (unsigned i = 0; i < s->window_count; i++)
		if (s->window[i]->settled)
			return true;
	return false;
}

enum attend_result attend_spool_pump(struct attend_spool *s, struct attend *a, unsigned wait_ms)
{
	s->stopped = false;
	sweep(s);
	int failed = fill(s);
	if (failed)
		return spool_fails(s, ATTEND_MISUSE, "%s/%016" PRIx64 ".spool: what waits there can't be read at byte %" PRIu64 ": %s",
		                   s->path, s->segments[s->read_segment].first, s->read_at,
		                   failed == EBADMSG ? "it is damaged" : strerror(failed));
	enum attend_result result = post_free(s, a);
	if (result == ATTEND_OK && !s->stopped)
		result = attend_pump(a, any_settled(s) ? 0 : wait_ms); /* then there may be more to post */
	if (s->failed) {
		failed = s->failed;
		s->failed = 0;
		return spool_fails(s, ATTEND_MISUSE, "the spool %s can't be written: %s", s->path, strerror(failed));
	}
	if (result != ATTEND_OK)
		return spool_fails(s, result, "%s", attend_why(a));
	return s->stopped ? ATTEND_REFUSED : ATTEND_OK;
}

enum attend_result attend_spool_deliver(struct attend_spool *s, struct attend *a)
{
	enum attend_result result = ATTEND_OK;
	while (s->waiting && (result = attend_spool_pump(s, a, WAIT_MS)) == ATTEND_OK)
		;
	if (result == ATTEND_OK)
		sweep(s);
	return result;
}
