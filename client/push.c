/* SPDX-License-Identifier: Apache-2.0 */
#include "client/push.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/connection.h"
#include "client/import.h"
#include "client/push_spool.h"

enum {
	ROWS_OUTSTANDING_MAX = 64 * 1024, /* so that memory is bounded by rows, not by submissions */
	WAIT_MS = 250,
	INTERRUPTED = 130,
};

int push_status(struct push *p, enum attend_result result, const char *why)
{
	switch (result) {
	case ATTEND_OK:
		return 0;
	case ATTEND_STOPPED:
		return INTERRUPTED;
	case ATTEND_REFUSED:
	case ATTEND_MISUSE:
	case ATTEND_UNREACHABLE:
		break;
	}
	progress_clear(&p->progress);
	complain(p->invocation, "%s", why);
	return (int)result;
}

static int status_of(struct push *p, enum attend_result result)
{
	return push_status(p, result, attend_why(p->connection));
}

static void tell(struct push *p, const char *file, uint64_t line, const char *raw, size_t raw_size, const char *field,
                 const char *reason)
{
	progress_clear(&p->progress);
	fprintf(stderr, "%s:%s%" PRIu64 ": %s: %s\n", file, p->mapping && p->mapping->json ? "entry " : "", line, field, reason);
	if (p->rejects && raw)
		rejects_add(p->rejects, raw, raw_size, field, reason);
}

void sent_free(struct sent *s)
{
	if (!s)
		return;
	free(s->file);
	free(s->raw);
	free(s);
}

static void tell_row(void *context, unsigned row, const char *field, const char *reason)
{
	struct sent *s = context;
	if (row >= s->count)
		return; /* no row of ours: the daemon is trusted, but not to be free of faults */
	const char *raw = s->raw ? s->raw + s->starts[row] : NULL;
	tell(s->push, s->file, s->lines[row], raw, raw ? strlen(raw) : 0, field, reason);
}

void refused_rows_each(const struct attend_reply *reply, unsigned rows, attend_refused_row *each, void *context)
{
	char field[64], reason[400];
	if (attend_refused_rows(reply, each, context))
		return;
	/* The submission as a whole was refused: that is each of its rows. */
	attend_body_text(reply->body, reply->body_size, "field", field, sizeof field);
	if (!attend_body_text(reply->body, reply->body_size, "reason", reason, sizeof reason))
		snprintf(reason, sizeof reason, "%s", status_text(reply->status));
	for (unsigned row = 0; row < rows; row++)
		each(context, row, field[0] ? field : "row", reason);
}

void sent_tell(struct sent *s, const struct attend_reply *reply)
{
	refused_rows_each(reply, s->count, tell_row, s);
}

static void answered(void *context, const struct attend_reply *reply)
{
	struct sent *s = context;
	struct push *p = s->push;
	uint64_t accepted, known, refused;
	if (!reply->status) { /* the connection was closed */
		sent_free(s);
		return;
	}
	attend_reply_counts(reply, s->count, &accepted, &known, &refused);
	p->accepted += accepted;
	p->known += known;
	p->refused += refused;
	p->rows_outstanding -= s->count;
	if (reply->status == STATUS_REVOKED)
		p->revoked = reply->status; /* told once, not a million times */
	else if (refused)
		sent_tell(s, reply);
	sent_free(s);
}

bool sent_add(struct sent *s, uint64_t line, const char *raw, size_t raw_size)
{
	if (raw && s->raw_used + raw_size + 1 > s->raw_room) {
		size_t room = (s->raw_used + raw_size + 1) * 2;
		char *larger = realloc(s->raw, room);
		if (!larger)
			return false;
		s->raw = larger;
		s->raw_room = room;
	}
	if (raw) {
		s->starts[s->count] = (uint32_t)s->raw_used;
		memcpy(s->raw + s->raw_used, raw, raw_size);
		s->raw[s->raw_used + raw_size] = '\0';
		s->raw_used += raw_size + 1;
	}
	s->lines[s->count++] = line;
	return true;
}

static bool keep(struct push *p, const struct mark_row *row)
{
	struct sent *s = p->at_hand;
	if (!s) {
		s = p->at_hand = calloc(1, sizeof *s);
		if (!s)
			return false;
		s->push = p;
		s->file = strdup(p->file);
	}
	return s->file && sent_add(s, row->line, p->rejects || p->spool ? row->raw : NULL, row->raw_size);
}

/* Sends the submission at hand, if there is one. */
static int send_group(struct push *p)
{
	struct sent *s = p->at_hand;
	if (!s)
		return 0;
	p->at_hand = NULL;
	while (!p->spool && p->rows_outstanding > ROWS_OUTSTANDING_MAX) {
		int status = status_of(p, attend_pump(p->connection, WAIT_MS));
		if (status) {
			sent_free(s);
			return status;
		}
	}
	size_t size;
	uint64_t occurrence;
	uint8_t id[ATTEND_ID_SIZE];
	const void *body = grouping_end(p->grouping, &size, &occurrence);
	if (!body) {
		sent_free(s);
		complain(p->invocation, "no memory");
		return ATTEND_MISUSE;
	}
	if (p->again)
		attend_id_new(id);
	else
		attend_id_of_content(p->connection, id, ATTEND_MARKS, occurrence, body, size);
	p->rows_outstanding += s->count;
	if (p->spool)
		return push_spool_keep(p, s, id, body, size);
	enum attend_result result = attend_post(p->connection, ATTEND_MARKS, id, body, size, answered, s);
	if (result != ATTEND_OK)
		sent_free(s);
	return p->revoked ? ATTEND_REFUSED : status_of(p, result);
}

int push_flush(struct push *p)
{
	if (p->dry)
		return 0;
	int status = send_group(p);
	if (p->spool)
		return status ? status : push_spool_barrier(p);
	if (!status)
		status = status_of(p, attend_flush(p->connection));
	return status ? status : p->revoked ? ATTEND_REFUSED : 0;
}

/* What would become of it, as far as that is known here. */
static int look_at_row(struct push *p, const struct mark_row *row)
{
	char why[200];
	const char *field = mark_row_fault(row, why, sizeof why);
	p->refused += field != NULL;
	p->accepted += !field;
	if (field)
		tell(p, p->file, row->line, row->raw, row->raw_size, field, why);
	return interrupted ? INTERRUPTED : 0;
}

static int take_row(struct push *p, const struct mark_row *row)
{
	p->rows++;
	if (row->fault) {
		p->refused++;
		tell(p, p->file, row->line, row->raw, row->raw_size, row->field, row->fault);
		return 0;
	}
	if (row->converted && p->converted++ == 0) {
		progress_clear(&p->progress);
		fprintf(stderr, "%s:%" PRIu64 ": comment: note: not UTF-8, taken as Windows-1252\n", p->file, row->line);
	}
	if (p->dry)
		return look_at_row(p, row);
	for (;;) {
		int status = 0;
		switch (grouping_take(p->grouping, row)) {
		case GROUPED:
			if (keep(p, row))
				return 0;
			complain(p->invocation, "no memory");
			return ATTEND_MISUSE;
		case GROUP_COMPLETE:
			status = send_group(p);
			break;
		case GROUP_BARRIER:
			status = push_flush(p);
			break;
		}
		if (status)
			return status;
	}
}

struct source {
	struct push *push;
	int fd;
	int status;
};

/* Waiting for a pipe, the answers are taken in all the same. */
static ssize_t read_source(void *context, void *room, size_t size)
{
	struct source *s = context;
	struct pollfd ready = { .fd = s->fd, .events = POLLIN };
	while (s->push->spool && poll(&ready, 1, 0) <= 0) {
		s->status = push_spool_idle(s->push, &ready);
		if (s->status) {
			errno = ECANCELED;
			return -1;
		}
	}
	while (!s->push->dry && poll(&ready, 1, attend_outstanding(s->push->connection) ? 0 : WAIT_MS) <= 0) {
		s->status = status_of(s->push, attend_pump(s->push->connection, attend_outstanding(s->push->connection) ? 50 : 0));
		if (s->status) {
			errno = ECANCELED;
			return -1;
		}
	}
	return read(s->fd, room, size);
}

static int push_rows(struct push *p, struct records *records, struct mark_rows *rows, struct source *source)
{
	struct mark_row row;
	int status = 0;
	while (!status && mark_rows_next(rows, &row)) {
		status = take_row(p, &row);
		if ((p->rows & 255) == 0)
			progress_tell(&p->progress, p->rows, p->bytes_before + records_offset(records), connection_now_ms());
	}
	if (!status)
		status = source->status;
	/* A file ends with all of it answered: how the next is cut must not depend on it. */
	if (!status)
		status = push_flush(p);
	if (status)
		return status;
	progress_clear(&p->progress);
	if (p->converted > 1)
		fprintf(stderr, "%s: note: %" PRIu64 " more comments were Windows-1252\n", p->file, p->converted - 1);
	if (mark_rows_ignored(rows)[0])
		fprintf(stderr, "%s: note: columns not known and passed over: %s\n", p->file, mark_rows_ignored(rows));
	if (records_cut(records) && mark_rows_header(rows)[0])
		fprintf(stderr, "%s: note: the last line has no line end; if the file broke off there, so did its last row\n", p->file);
	if (mark_rows_without(rows))
		fprintf(stderr, "%s: note: %" PRIu64 " row%s passed over that the mapping says hold no mark\n", p->file,
		        mark_rows_without(rows), mark_rows_without(rows) == 1 ? "" : "s");
	if (!mark_rows_failed(rows))
		return 0;
	complain(p->invocation, "%s: %s", p->file, mark_rows_failed(rows));
	return ATTEND_REFUSED;
}

/* Of a header that isn't attend's. */
static const char *hint_of(const struct push *p, struct records *records)
{
	if (p->mapping || !records || records_failed(records) || records_form(records) != RECORDS_CSV)
		return "";
	return "; a file of a school's own system is read by a mapping: attend push --guess FILE";
}

int push_file(struct push *p, const char *name, int fd)
{
	struct source source = { p, fd, 0 };
	char why[400];
	p->file = name;
	p->header = "";
	p->converted = 0;
	if (p->mapping && p->mapping->json && !import_whole(true, name, fd))
		return ATTEND_REFUSED;
	struct records *records = records_open(read_source, &source);
	grouping_begin_file(p->grouping);
	struct mark_rows *rows = records ? mark_rows_open(records, p->mapping, why, sizeof why) : NULL;
	int status;
	if (!rows) {
		progress_clear(&p->progress);
		if (!source.status)
			fprintf(stderr, "%s:1: %s%s\n", name, records ? why : "no memory", hint_of(p, records));
		status = source.status ? source.status : ATTEND_REFUSED;
	} else if (p->rejects && !rejects_form(p->rejects, mark_rows_header(rows))) {
		complain(p->invocation, "%s: not pushed: its header is another than the first file's, and the rejects take "
		         "one form; push it by itself", name);
		status = ATTEND_REFUSED;
	} else {
		p->header = mark_rows_header(rows);
		status = push_rows(p, records, rows, &source);
	}
	p->bytes_before += records ? records_offset(records) : 0;
	mark_rows_close(&rows);
	records_close(&records);
	return status;
}

void push_end(struct push *p)
{
	sent_free(p->at_hand);
	p->at_hand = NULL;
	grouping_free(&p->grouping);
}
