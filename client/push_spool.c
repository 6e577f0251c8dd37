/* SPDX-License-Identifier: Apache-2.0 */
#include "client/push_spool.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/bytes.h"

enum { IDLE_MS = 50, WAIT_MS = 250 };

struct push_spool {
	struct attend_spool *spool;
	uint64_t first;    /* number of the first that this push kept; 0: none yet */
	bool alone;        /* the next waits for all before it */
	int given_up;      /* exit status of a delivery that stopped; 0: it goes on */
	struct push_spool_counts counts;
};

/* ---- the note ---- */

static size_t note_size(const struct push *p, const struct sent *s)
{
	return strlen(s->file) + strlen(p->header) + 2 + s->count * 14 + s->raw_used;
}

static size_t note_write(void *room, size_t size, const struct push *p, const struct sent *s)
{
	struct writer out = writer_of(room, size);
	write_bytes(&out, s->file, strlen(s->file) + 1);
	write_bytes(&out, p->header, strlen(p->header) + 1);
	for (unsigned i = 0; i < s->count; i++) {
		write_varint(&out, s->lines[i]);
		write_blob(&out, slice_text(s->raw + s->starts[i]));
	}
	return out.full ? 0 : writer_size(&out);
}

/* A text ended by a zero byte; NULL where there is none. */
static const char *read_text(struct reader *in)
{
	const uint8_t *end = reader_left(in) ? memchr(in->at, '\0', reader_left(in)) : NULL;
	return end ? (const char *)read_bytes(in, (size_t)(end - in->at) + 1).bytes : NULL;
}

struct sent *sent_of_note(const void *note, size_t size, const char **header)
{
	struct reader in = reader_of(slice_of(note, size));
	struct sent *s = calloc(1, sizeof *s);
	const char *file = read_text(&in);
	*header = read_text(&in);
	bool good = s && file && *header && (s->file = strdup(file));
	while (good && reader_left(&in)) {
		uint64_t line = read_varint(&in);
		struct slice raw = read_blob(&in);
		good = !in.bad && s->count < ATTEND_MARKS_ROWS_MAX && sent_add(s, line, (const char *)raw.bytes, raw.size);
	}
	if (good)
		return s;
	sent_free(s);
	return NULL;
}

/* ---- keeping ---- */

static void settled(void *context, const struct attend_kept *kept, const struct attend_reply *reply)
{
	struct push *p = context;
	const char *header;
	struct sent *s = sent_of_note(kept->note, kept->note_size, &header);
	if (!s)
		return; /* of another program: counted by nobody */
	s->push = p;
	struct push_spool *spool = p->spool;
	uint64_t accepted, known, refused;
	attend_reply_counts(reply, s->count, &accepted, &known, &refused);
	bool ours = spool->first && kept->number >= spool->first;
	if (ours) {
		p->accepted += accepted;
		p->known += known;
		p->refused += refused;
		p->rows_outstanding -= s->count;
	} else {
		spool->counts.earlier += s->count;
		spool->counts.earlier_refused += refused;
	}
	/* On standard error alone: the rejects get what the spool holds of them, at the end. */
	struct rejects *rejects = p->rejects;
	p->rejects = NULL;
	if (refused)
		sent_tell(s, reply);
	p->rejects = rejects;
	sent_free(s);
}

static void notice(void *context, const char *text)
{
	const struct push *p = context;
	complain(p->invocation, "%s", text);
}

bool push_spool_open(struct push *p, const char *dir, uint64_t size_max)
{
	char why[1200];
	struct attend_spool_options options = {
		.dir = dir, .size_max = size_max, .patience_ms = p->invocation->timeout_ms,
		.settled = settled, .notice = notice, .context = p,
	};
	p->spool = calloc(1, sizeof *p->spool);
	if (!p->spool) {
		complain(p->invocation, "no memory");
		return false;
	}
	p->spool->alone = true;
	p->spool->spool = attend_spool_open(&options, why, sizeof why);
	if (!p->spool->spool)
		complain(p->invocation, "--spool: %s", why);
	return p->spool->spool != NULL;
}

void push_spool_close(struct push *p)
{
	if (p->spool)
		attend_spool_close(&p->spool->spool);
	free(p->spool);
	p->spool = NULL;
}

/* Once it was in vain it is not tried again: each try costs the timeout. */
static void give_up(struct push *p, enum attend_result result)
{
	p->spool->given_up = (int)result;
	if (result == ATTEND_OK || result == ATTEND_STOPPED)
		return;
	progress_clear(&p->progress);
	complain(p->invocation, "not delivered yet: %s", attend_spool_why(p->spool->spool));
}

static void pump(struct push *p, unsigned wait_ms)
{
	if (!p->spool->given_up)
		give_up(p, attend_spool_pump(p->spool->spool, p->connection, wait_ms));
}

static int fails(struct push *p, enum attend_result result)
{
	return push_status(p, result, attend_spool_why(p->spool->spool));
}

/* Interrupted with rows to come. */
static int stop(struct push *p)
{
	if (!interrupted)
		return 0;
	p->spool->counts.cut = true;
	return fails(p, ATTEND_STOPPED);
}

int push_spool_keep(struct push *p, struct sent *sent, const uint8_t id[static ATTEND_ID_SIZE], const void *body, size_t size)
{
	struct push_spool *s = p->spool;
	size_t room = note_size(p, sent);
	uint8_t *note = malloc(room);
	struct attend_kept kept = { .command = ATTEND_MARKS, .body = body, .body_size = size, .note = note };
	char lane[40];
	attend_body_text(body, size, "urn", lane, sizeof lane);
	kept.lane = s->alone ? NULL : lane;
	kept.note_size = note ? note_write(note, room, p, sent) : 0;
	memcpy(kept.id, id, ATTEND_ID_SIZE);
	unsigned count = sent->count;
	sent_free(sent);
	enum attend_result result = note ? ATTEND_OK : ATTEND_MISUSE;
	if (note)
		/* Full: room comes by delivering. */
		while ((result = attend_spool_keep(s->spool, &kept)) == ATTEND_REFUSED && !s->given_up && !interrupted &&
		       attend_spool_waiting(s->spool))
			pump(p, WAIT_MS);
	free(note);
	if (result != ATTEND_OK) {
		p->rows_outstanding -= count;
		s->counts.cut = true;
		return note ? fails(p, result) : ATTEND_MISUSE;
	}
	s->alone = false;
	if (!s->first)
		s->first = kept.number;
	pump(p, 0);
	return stop(p);
}

int push_spool_barrier(struct push *p)
{
	p->spool->alone = true;
	return fails(p, attend_spool_sync(p->spool->spool));
}

int push_spool_idle(struct push *p, struct pollfd *ready)
{
	struct push_spool *s = p->spool;
	int status = fails(p, attend_spool_sync(s->spool));
	if (!s->given_up && attend_spool_waiting(s->spool))
		pump(p, IDLE_MS);
	else
		poll(ready, 1, WAIT_MS);
	return status ? status : stop(p);
}

struct push_spool_counts push_spool_counts(const struct push *p)
{
	struct push_spool_counts counts = p->spool->counts;
	counts.kept = p->rows_outstanding;
	counts.waiting = attend_spool_waiting(p->spool->spool);
	return counts;
}

/* ---- what was refused ---- */

struct rejecting {
	struct rejects *rejects;
	uint64_t rows, left;
};

struct row_rejected {
	struct rejecting *rejecting;
	struct sent *sent;
};

static void reject_row(void *context, unsigned row, const char *field, const char *reason)
{
	struct row_rejected *r = context;
	if (row >= r->sent->count)
		return;
	const char *raw = r->sent->raw + r->sent->starts[row];
	rejects_add(r->rejecting->rejects, raw, strlen(raw), field, reason);
	r->rejecting->rows++;
}

static bool reject(void *context, const struct attend_kept *kept, const struct attend_reply *reply)
{
	struct rejecting *r = context;
	const char *header;
	struct sent *s = sent_of_note(kept->note, kept->note_size, &header);
	bool in = s && rejects_form(r->rejects, header);
	uint64_t accepted, known, refused;
	attend_reply_counts(reply, s ? s->count : 1, &accepted, &known, &refused);
	if (in)
		refused_rows_each(reply, s->count, reject_row, &(struct row_rejected){ r, s });
	else
		r->left += refused;
	sent_free(s);
	return in;
}

int spool_to_rejects(const struct invocation *invocation, struct attend_spool *spool, struct rejects *rejects,
                     uint64_t *rows, uint64_t *left)
{
	struct rejecting r = { .rejects = rejects };
	enum attend_result result = attend_spool_refused(spool, reject, &r);
	*rows = r.rows;
	*left = r.left;
	int failed = rejects_sync(rejects);
	if (failed) {
		complain(invocation, "the rejects can't be written, and the spool keeps what was refused: %s", strerror(failed));
		return 2;
	}
	if (result == ATTEND_OK)
		result = attend_spool_forget(spool);
	if (result != ATTEND_OK)
		complain(invocation, "%s", attend_spool_why(spool));
	return (int)result;
}

int push_spool_finish(struct push *p, int status)
{
	struct push_spool *s = p->spool;
	uint64_t rows, left;
	int failed = fails(p, attend_spool_sync(s->spool));
	if (!failed && !s->given_up && !interrupted)
		give_up(p, attend_spool_deliver(s->spool, p->connection));
	progress_clear(&p->progress);
	/* Away, it waits: that is no failure. That it is refused is one, and so is a spool that can't be used. */
	if (!failed && (s->given_up == ATTEND_REFUSED || s->given_up == ATTEND_MISUSE || s->given_up == ATTEND_STOPPED))
		failed = s->given_up == ATTEND_STOPPED ? fails(p, ATTEND_STOPPED) : s->given_up;
	if (failed > status)
		status = failed;
	if (!p->rejects || status > ATTEND_REFUSED)
		return status;
	failed = spool_to_rejects(p->invocation, s->spool, p->rejects, &rows, &left);
	if (left)
		complain(p->invocation, "%" PRIu64 " refused rows have another form than the rejects and stay in the spool: "
		         "attend spool DIR --rejects ANOTHER", left);
	return failed > status ? failed : status;
}
