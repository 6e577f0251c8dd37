/* message.c - frames as they come in: the head, the body's msgpack, registers read in place.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz.h"

#include "proto/message.h"
#include "proto/mp.h"

static uint64_t seen; /* so that reading can't be left out */

static void see(struct slice s)
{
	for (size_t i = 0; i < s.size; i++)
		seen += s.bytes[i];
}

/* Every value, by its type: of a checked body none may be at fault, nor reach past it. */
static void walk(struct mp *at, unsigned depth)
{
	uint32_t left;

	MUST(depth <= MP_DEPTH_MAX + 1);
	switch (mp_peek(at)) {
	case MP_NIL:
		mp_nil(at);
		break;
	case MP_BOOL:
		seen += mp_bool(at);
		break;
	case MP_UINT:
		seen += mp_uint(at);
		break;
	case MP_INT:
		MUST(mp_int(at) < 0);
		break;
	case MP_STR:
		see(mp_str(at));
		break;
	case MP_BIN:
		see(mp_bin(at));
		break;
	case MP_ARRAY:
		for (left = mp_array(at); left && !at->fault; left--)
			walk(at, depth + 1);
		break;
	case MP_MAP:
		for (left = mp_map(at); left && !at->fault; left--) {
			see(mp_str(at));
			walk(at, depth + 1);
		}
		break;
	case MP_OTHER:
		seen += mp_float(at) > 0;
		break;
	case MP_NONE:
		break;
	}
}

static void look_up(struct slice body)
{
	static const char *const some[] = { "upn", "urn", "what", "registers", NULL };
	const char *wrong = NULL;
	struct slice unknown;

	for (unsigned i = 0; some[i]; i++) {
		struct mp found = mp_find(body, some[i]);

		if (mp_peek(&found) != MP_NONE) {
			mp_pass(&found);
			MUST(!found.fault && found.at <= found.end);
		}
		see(mp_find_str(body, some[i], &wrong));
		seen += mp_find_uint(body, some[i], 7, &wrong) + mp_find_bool(body, some[i], &wrong);
	}
	if (!mp_only(body, some, &unknown))
		see(unknown);
}

static bool is_plain(struct slice text)
{
	for (size_t i = 0; i < text.size; i++)
		if (text.bytes[i] < ' ' || text.bytes[i] > '~')
			return false;
	return true;
}

/* The registers, whether the body was checked or not; and whoever trusts what was not said to be doubtful, and
 * whose rows are all of known words, must find it well formed. */
static void marks(struct slice body)
{
	struct submitted_marks m;
	struct submitted_mark one;
	size_t offset, rows = 0;
	bool plain;

	if (!submitted_marks_open(&m, body)) {
		MUST(m.fault);
		return;
	}
	see(m.urn);
	plain = is_plain(m.urn);
	while (submitted_marks_next(&m, &one)) {
		MUST(++rows <= body.size);
		see(one.upn);
		see(one.code);
		see(m.date);
		see(m.session);
		plain &= is_plain(one.upn) && is_plain(one.code) && is_plain(m.date) && is_plain(m.session);
		if (one.has_extras) {
			see(one.recorded_at);
			see(one.comment);
			seen += one.minutes_late;
		}
	}
	if (plain && !m.fault && !submitted_marks_doubtful(&m))
		MUST(mp_check(body, &offset) == NULL);
}

static void one(struct slice frame, bool piece);

/* What was counted as whole is there to be taken, each piece inside the frame and none left over. */
static void bundle(struct slice frame, struct slice pieces)
{
	struct slice next;
	unsigned count = 0;

	for (; bundle_next(&pieces, &next); count++) {
		MUST(next.bytes >= frame.bytes && next.bytes + next.size <= frame.bytes + frame.size);
		one(next, true);
	}
	MUST(count >= 1 && count <= BUNDLE_MAX && pieces.size == 0);
}

static void one(struct slice frame, bool piece)
{
	struct message m;
	struct together t;
	const char *why;
	size_t offset;
	enum status status = message_decode(&m, frame, &why, &offset);

	MUST((status == STATUS_OK) == (why == NULL));
	if (status != STATUS_OK)
		return;
	if (m.command == COMMAND_BUNDLE) {
		if (!piece)
			bundle(frame, m.body);
		return;
	}
	if (m.command == COMMAND_MARKS) {
		marks(m.body);
		status = message_check(&m, &why, &offset);
		if (status == STATUS_OK)
			marks(m.body);
	}
	if (status != STATUS_OK) {
		MUST(offset <= frame.size);
		return;
	}
	if (m.body.size) {
		struct mp at = mp_of(m.body);

		walk(&at, 0);
		MUST(mp_done(&at));
		look_up(m.body);
	}
	together_read(&t, m.body);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	one(slice_of(bytes, size), false);
	return 0;
}
