/* engine.c - the whole daemon without its sockets, given a sequence of messages, hours, restarts and crashes. Whatever comes: a
 * refusal and a question leave no trace, what was taken is there after a crash, and the store verifies.
 *
 * The input: a byte of the pathway, a byte of what is checked and how the clock goes, then steps (step_of()).
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "daemon/engine_parts.h"
#include "tests/fuzz/engine_base.h"
#include "tests/fuzz/engine_words.h"

enum { TURNS_MAX = 60, BODY_MAX = 300 * 1024, DAYS_MAX = 400 };

static struct host h;
static uint8_t body_room[BODY_MAX], frame_room[BODY_MAX + 100], last_frame[BODY_MAX + 100];
static size_t last_size;
static enum who last_who;

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
	(void)count, (void)arguments;
	base_init();
	return 0;
}

/* ---- one message ---- */

static struct slice frame_of(struct words *s, uint8_t how)
{
	struct writer body = writer_of(body_room, sizeof body_room), w = writer_of(frame_room, sizeof frame_room);
	uint8_t id[UUID_SIZE], key[PUBLIC_KEY_SIZE], command;

	host_id(&h, id);
	command = words_body(s, &body);
	MUST(!body.full);
	if (command == COMMAND_CREDIT || command == COMMAND_UNSUBSCRIBE)
		memset(id, 0x77, sizeof id); /* of the one subscription's name */
	if (command == COMMAND_SUBSCRIBE && how & 1)
		memset(id, 0x77, sizeof id);
	host_key(key, how >> 4 & 1 ? OFFICER : SCHOOL);
	message_request(&w, command, id, (how & 0x0c) == 0x0c ? key : NULL);
	write_bytes(&w, body_room, writer_size(&body));
	return writer_slice(&w);
}

/* What a role may do at all is asked mostly; what none may, by the rest. */
static enum who who_of(uint8_t byte, uint8_t command)
{
	if (byte < 100)
		return command == COMMAND_MARKS || command == COMMAND_ROSTER ? CONNECTOR : OFFICER;
	if (byte < 150)
		return ADMIN;
	return (enum who)(byte % WHO_COUNT);
}

static bool writes(const struct answer *a)
{
	return command_submits(a->command) && (a->status == STATUS_OK || a->status == STATUS_PARTIAL);
}

static void ask(struct words *s, bool compare, uint8_t how)
{
	struct slice frame = frame_of(s, how);
	enum who who = (how & 0x0c) == 0x0c ? SPARE : who_of(fuzz_u8(s->in), frame.bytes[3]);
	char *before = NULL, *after;
	uint64_t head;
	const struct answer *a;

	memcpy(last_frame, frame.bytes, last_size = frame.size);
	last_who = who;
	if (compare) {
		host_turns(&h); /* so that what is due is not laid at this one's door */
		before = host_tables(&h, true);
	}
	head = host_head(&h);
	a = host_frame(&h, who, slice_of(last_frame, last_size));
	MUST(a || last_frame[3] == COMMAND_CREDIT);
	if (a && !writes(a) && compare) {
		after = host_tables(&h, true);
		MUST(host_head(&h) == head);
		assert_same_text(after, before);
		free(after);
	}
	free(before);
	/* the same again: the first answer, and nothing new */
	if (a && writes(a) && how & 0x40) {
		uint64_t position = a->position;
		uint16_t status = a->status;

		head = host_head(&h);
		a = host_frame(&h, who, slice_of(last_frame, last_size));
		/* a grant or revoke may have taken the sender's own right */
		MUST(a && (a->status == STATUS_KNOWN || a->status >= 400) && (a->status != STATUS_KNOWN || a->position == position));
		MUST(status == STATUS_PARTIAL || status == STATUS_OK);
	}
}

/* ---- steps ---- */

static void pass(struct words *s, uint64_t ms)
{
	h.now_ms += ms;
	h.mono_ms += ms;
	host_turns(&h);
	s->today = day_of_ms(engine_now(h.engine));
	s->head = host_head(&h);
}

/* Several submissions in one frame. */
static void bundled(struct words *s, unsigned count)
{
	static uint8_t bundle[4 * BODY_MAX];
	struct writer w = writer_of(bundle, sizeof bundle);
	uint8_t id[UUID_SIZE];

	host_id(&h, id);
	message_request(&w, COMMAND_BUNDLE, id, NULL);
	while (count--) {
		struct slice frame = frame_of(s, fuzz_u8(s->in));

		if (writer_size(&w) + 4 + frame.size > sizeof bundle)
			break;
		write_u32(&w, (uint32_t)frame.size);
		write_bytes(&w, frame.bytes, frame.size);
	}
	last_who = who_of(fuzz_u8(s->in), COMMAND_MARKS);
	if (writer_size(&w) <= sizeof last_frame)
		memcpy(last_frame, bundle, last_size = writer_size(&w));
	host_put_frame(&h, last_who, writer_slice(&w));
}

static void several(struct words *s)
{
	uint8_t how_many = fuzz_u8(s->in);
	unsigned count = 1 + how_many % 12;

	host_begin(&h);
	if (how_many & 0x80) {
		bundled(s, count);
		count = 0;
	}
	while (count--) {
		uint8_t how = fuzz_u8(s->in);
		struct slice frame = frame_of(s, how);

		h.together = how & 2;
		host_put_frame(&h, who_of(fuzz_u8(s->in), frame.bytes[3]), frame);
	}
	h.together = false;
	if (fuzz_u8(s->in) & 1) {
		host_commit_behind(&h);
		host_begin(&h);
		host_land(&h);
	}
	host_commit(&h);
}

static void spoilt(struct words *s)
{
	unsigned places = 1 + fuzz_below(s->in, 4);

	for (unsigned i = 0; i < places && last_size; i++)
		last_frame[fuzz_u16(s->in) % last_size] = fuzz_u8(s->in);
	if (fuzz_u8(s->in) & 1 && last_size)
		last_size = fuzz_u16(s->in) % last_size;
	host_frame(&h, last_who, slice_of(last_frame, last_size));
}

static void again_after(struct words *s, bool crash)
{
	char *before = host_tables(&h, true), *after;

	if (crash)
		host_crash(&h);
	else
		host_restart(&h);
	after = host_tables(&h, true);
	assert_same_text(after, before);
	free(before);
	free(after);
	s->head = host_head(&h);
}

static void step_of(struct words *s, bool compare, unsigned *days)
{
	uint8_t what = fuzz_u8(s->in), how = fuzz_u8(s->in);
	struct peer peer = { .size = 1, .bytes = { how % WHO_COUNT } };
	struct slice raw;

	switch (what % 16) {
	case 0:
		if ((*days += how % 32) < DAYS_MAX)
			pass(s, (uint64_t)(how % 32) * 86400000);
		break;
	case 1:
		pass(s, (uint64_t)how * 600000);
		break;
	case 2:
		again_after(s, how & 1);
		break;
	case 3:
		several(s);
		break;
	case 4:
		spoilt(s);
		break;
	case 5:
		raw = fuzz_part(s->in);
		host_frame(&h, (enum who)(how % WHO_COUNT), raw);
		break;
	case 6:
		if (how < 10) {
			engine_clock_stepped(h.engine, h.now_ms + (uint64_t)how * 3600000, (int64_t)how * 3600000 - 7200000);
		} else if (how < 20) {
			engine_forget_peer(h.engine, &peer);
		} else if (how < 30) {
			host_begin(&h);
			engine_receive_malformed(h.engine, &peer, how % 5);
			host_commit(&h);
		} else {
			ask(s, compare, how);
		}
		break;
	default:
		ask(s, compare, how);
	}
	s->head = host_head(&h);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct fuzz in = fuzz_of(bytes, size);
	uint8_t which = fuzz_u8(&in), flags = fuzz_u8(&in);
	struct base *b = base_of(which % BASE_PATHWAYS, &h);
	struct words s = { .in = &in, .pathway = b->pathway, .source = b->source };
	unsigned days = 0;

	last_size = 0;
	last_who = ADMIN;
	base_open(b, &h, flags & 1);
	s.today = day_of_ms(h.now_ms);
	s.head = host_head(&h);
	for (unsigned i = 0; i < TURNS_MAX && fuzz_left(&in); i++)
		step_of(&s, flags & 2, &days);
	again_after(&s, flags & 4);
	if (flags & 8)
		assert_verified(&h);
	host_end(&h);
	fuzz_folder_empty();
	return 0;
}
