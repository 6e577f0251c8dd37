/* SPDX-License-Identifier: Apache-2.0 */
#include "client/roster_send.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "client/ask.h"

enum {
	PUPILS_EACH = 500,             /* of one submission */
	BODY_SIZE_MAX = 256 * 1024,
};

static void pack_parents(struct body *values, const struct roster_pupil *p)
{
	body_string(values, "parents");
	msgpack_pack_array(&values->pack, p->parent_count);
	for (unsigned i = 0; i < p->parent_count; i++) {
		const struct roster_parent *parent = &p->parents[i];
		msgpack_pack_map(&values->pack, 1 + (parent->name != NULL) + (parent->address != NULL));
		body_string(values, "id");
		body_string(values, parent->id);
		if (parent->name) {
			body_string(values, "name");
			body_string(values, parent->name);
		}
		if (parent->address) {
			body_string(values, "address");
			body_string(values, parent->address);
		}
	}
}

static void pack_pupil(struct body *body, const struct roster_pupil *p)
{
	unsigned keys = p->parent_count > 0;
	for (unsigned i = ROSTER_UPN; i < ROSTER_OWN; i++)
		keys += p->values[i] != NULL;
	msgpack_pack_map(&body->pack, keys);
	for (unsigned i = ROSTER_UPN; i < ROSTER_OWN; i++)
		if (p->values[i]) {
			body_string(body, roster_columns[i]);
			body_string(body, p->values[i]);
		}
	if (p->parent_count)
		pack_parents(body, p);
}

struct told {
	struct roster_send *send;
	struct roster_pupil *const *pupils;
	size_t count;
};

static void tell(void *context, uint64_t line, const char *field, const char *reason)
{
	const struct roster_send *s = context;
	fprintf(stderr, "%s:%s%" PRIu64 ": %s: %s\n", s->file, s->counted, line, field, reason);
}

static void reject(void *context, const char *raw, size_t raw_size, const char *field, const char *reason)
{
	const struct roster_send *s = context;
	for (size_t at = 0, size; s->rejects && at < raw_size; at += size + 1) {
		size = strnlen(raw + at, raw_size - at);
		rejects_add(s->rejects, raw + at, size, field, reason);
	}
}

static void tell_row(void *context, unsigned row, const char *field, const char *reason)
{
	struct told *t = context;
	if (row >= t->count)
		return;
	tell(t->send, t->pupils[row]->line, field, reason);
	reject(t->send, t->pupils[row]->raw, t->pupils[row]->raw_size, field, reason);
}

static size_t size_of(const struct roster_pupil *p)
{
	size_t size = 64;
	for (unsigned i = 0; i < ROSTER_OWN; i++)
		size += p->values[i] ? strlen(p->values[i]) + 16 : 0;
	for (unsigned i = 0; i < p->parent_count; i++)
		size += 48 + (p->parents[i].name ? strlen(p->parents[i].name) : 0) +
		        (p->parents[i].address ? strlen(p->parents[i].address) : 0);
	return size;
}

/* How many of the pupils from here on are one submission: of one school, and not too much. */
static size_t run_of(struct roster_pupil *const pupils[], size_t left)
{
	size_t count = 0, size = 0;
	while (count < left && count < PUPILS_EACH &&
	       strcmp(pupils[count]->values[ROSTER_URN], pupils[0]->values[ROSTER_URN]) == 0) {
		size += size_of(pupils[count]);
		if (count && size > BODY_SIZE_MAX)
			break;
		count++;
	}
	return count;
}

static int send_run(struct roster_send *s, struct roster_pupil *const pupils[], size_t count)
{
	struct body body;
	body_begin(&body);
	body_text(&body, "urn", pupils[0]->values[ROSTER_URN]);
	body_key(&body, "pupils");
	msgpack_pack_array(&body.pack, count);
	for (size_t i = 0; i < count; i++)
		pack_pupil(&body, pupils[i]);
	size_t size;
	const void *bytes = body_end(&body, &size);
	struct attend_reply reply;
	/* A new id each time: a roster of last year may be right again, and equal pupils are
	 * known as such by the daemon. */
	enum attend_result result = attend_call(s->connection, ATTEND_ROSTER, NULL, bytes, size, &reply);
	body_free(&body);
	if (!reply.status || result == ATTEND_MISUSE) {
		complain(s->invocation, "%s", attend_why(s->connection));
		return result == ATTEND_STOPPED ? 130 : (int)result;
	}
	uint64_t accepted, known, refused;
	struct told told = { s, pupils, count };
	attend_reply_counts(&reply, (unsigned)count, &accepted, &known, &refused);
	s->accepted += accepted;
	s->known += known;
	s->refused += refused;
	if (attend_refused_rows(&reply, tell_row, &told) == 0 && result != ATTEND_OK) {
		complain(s->invocation, "%s:%s%" PRIu64 ": refused, with the %zu pupils from there on: %s", s->file, s->counted, pupils[0]->line,
		         count, attend_why(s->connection));
		for (size_t i = 0; i < count; i++)
			reject(s, pupils[i]->raw, pupils[i]->raw_size, "pupil", attend_why(s->connection));
		return 1;
	}
	return 0;
}

static bool send_pupils(void *context, struct roster_pupil *const pupils[], size_t count)
{
	struct roster_send *s = context;
	s->accepted += s->connection ? 0 : count;
	for (size_t at = 0, run; s->connection && at < count; at += run) {
		run = run_of(pupils + at, count - at);
		int one = send_run(s, pupils + at, run);
		s->status = one ? one : s->status;
		if (s->status > 1)
			return false;
	}
	return !interrupted;
}

const struct roster_sink roster_send_sink = { .tell = tell, .reject = reject, .send = send_pupils };
