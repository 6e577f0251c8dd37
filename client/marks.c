/* The body of a submission of marks:
 *
 *   { "urn": urn, "registers": [ [date, session, [mark ...]] ... ] }
 *
 * How many registers and marks there will be is not known while they come, and
 * msgpack counts come first; so the marks are packed as they come, with a note of
 * where each register begins, and put together at the end.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "client/attend.h"

#include <stdlib.h>
#include <string.h>

#include <msgpack.h>

enum {
	BODY_SIZE_MAX = 128 * 1024, /* half of what a record may hold: comments grow when sealed */
	TEXT_MAX = 40,              /* of a date or session as given; longer ones are kept apart */
};

struct mark_register {
	char date[TEXT_MAX], session[TEXT_MAX];
	size_t start;               /* where its marks begin */
	uint32_t count;
};

struct attend_marks {
	char urn[TEXT_MAX];
	unsigned count, registers;
	msgpack_sbuffer marks, body;
	msgpack_packer pack;
	bool failed;
	struct mark_register list[ATTEND_MARKS_ROWS_MAX];
};

struct attend_marks *attend_marks_new(void)
{
	struct attend_marks *m = calloc(1, sizeof *m);
	if (!m)
		return NULL;
	msgpack_sbuffer_init(&m->marks);
	msgpack_sbuffer_init(&m->body);
	msgpack_packer_init(&m->pack, &m->marks, msgpack_sbuffer_write);
	return m;
}

void attend_marks_free(struct attend_marks **marks)
{
	if (!*marks)
		return;
	msgpack_sbuffer_destroy(&(*marks)->marks);
	msgpack_sbuffer_destroy(&(*marks)->body);
	free(*marks);
	*marks = NULL;
}

static void copy(char out[static TEXT_MAX], const char *text)
{
	/* Cut short it is as wrong as it was, and the daemon says so of its row. */
	size_t size = strnlen(text, TEXT_MAX - 1);
	while (size && ((unsigned char)text[size] & 0xc0) == 0x80)
		size--; /* not in the middle of a character */
	memcpy(out, text, size);
	out[size] = '\0';
}

void attend_marks_begin(struct attend_marks *m, const char *urn)
{
	copy(m->urn, urn);
	m->count = m->registers = 0;
	m->failed = false;
	msgpack_sbuffer_clear(&m->marks);
}

static void pack_text(struct attend_marks *m, const char *text)
{
	size_t size = strlen(text);
	if (msgpack_pack_str(&m->pack, size) || msgpack_pack_str_body(&m->pack, text, size))
		m->failed = true;
}

static void pack_pair(struct attend_marks *m, const char *key, const char *text)
{
	if (!text)
		return;
	pack_text(m, key);
	pack_text(m, text);
}

static size_t text_size(const char *text)
{
	return text ? strlen(text) + 16 : 0;
}

bool attend_marks_add(struct attend_marks *m, const struct attend_mark *mark)
{
	size_t size = strlen(mark->upn) + strlen(mark->code) + text_size(mark->recorded_at) +
	              text_size(mark->comment) + 48 + 2 * TEXT_MAX;
	if (m->count == ATTEND_MARKS_ROWS_MAX || (m->count && m->marks.size + size > BODY_SIZE_MAX))
		return false;
	struct mark_register *r = m->registers ? &m->list[m->registers - 1] : NULL;
	if (!r || strncmp(r->date, mark->date, TEXT_MAX - 1) != 0 ||
	    strncmp(r->session, mark->session, TEXT_MAX - 1) != 0) {
		r = &m->list[m->registers++];
		copy(r->date, mark->date);
		copy(r->session, mark->session);
		r->start = m->marks.size;
		r->count = 0;
	}
	r->count++;
	m->count++;
	unsigned extras = (mark->minutes_late >= 0) + (mark->recorded_at != NULL) + (mark->comment != NULL);
	if (msgpack_pack_array(&m->pack, extras ? 3 : 2))
		m->failed = true;
	pack_text(m, mark->upn);
	pack_text(m, mark->code);
	if (!extras)
		return true;
	if (msgpack_pack_map(&m->pack, extras))
		m->failed = true;
	if (mark->minutes_late >= 0) {
		pack_text(m, "minutes_late");
		if (msgpack_pack_uint64(&m->pack, (uint64_t)mark->minutes_late))
			m->failed = true;
	}
	pack_pair(m, "recorded_at", mark->recorded_at);
	pack_pair(m, "comment", mark->comment);
	return true;
}

unsigned attend_marks_count(const struct attend_marks *m)
{
	return m->count;
}

static int body_text(msgpack_packer *pack, const char *text)
{
	size_t size = strlen(text);
	return msgpack_pack_str(pack, size) || msgpack_pack_str_body(pack, text, size);
}

const void *attend_marks_body(struct attend_marks *m, size_t *size)
{
	msgpack_packer pack;
	msgpack_packer_init(&pack, &m->body, msgpack_sbuffer_write);
	msgpack_sbuffer_clear(&m->body);
	bool failed = m->failed || msgpack_pack_map(&pack, 2) || body_text(&pack, "urn") ||
	              body_text(&pack, m->urn) || body_text(&pack, "registers") ||
	              msgpack_pack_array(&pack, m->registers);
	for (unsigned i = 0; i < m->registers && !failed; i++) {
		const struct mark_register *r = &m->list[i];
		size_t end = i + 1 < m->registers ? m->list[i + 1].start : m->marks.size;
		failed = msgpack_pack_array(&pack, 3) || body_text(&pack, r->date) || body_text(&pack, r->session) ||
		         msgpack_pack_array(&pack, r->count) ||
		         msgpack_sbuffer_write(&m->body, m->marks.data + r->start, end - r->start);
	}
	*size = m->body.size;
	return failed ? NULL : m->body.data;
}
