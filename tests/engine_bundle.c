/* Several submissions in one frame: taken, refused and answered as if each had come by itself.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "tests/engine_host.h"

static struct host h;

/* A bundle that is filled piece by piece. */
static uint8_t room[64 * 1024];
static struct writer out;

static void begin(void)
{
	static const uint8_t id[UUID_SIZE] = {1, 2, 3};

	out = writer_of(room, sizeof room);
	message_request(&out, COMMAND_BUNDLE, id, NULL);
}

static void add_frame(struct slice frame)
{
	write_u32(&out, (uint32_t)frame.size);
	write_bytes(&out, frame.bytes, frame.size);
	assert_false(out.full);
}

static void add(uint8_t command, const uint8_t *id, const char *json)
{
	uint8_t new_id[UUID_SIZE];
	struct slice body = host_msgpack(json), frame;

	if (!id)
		host_id(&h, new_id);
	frame = host_frame_of(command, id ? id : new_id, body);
	add_frame(frame);
	free((void *)(uintptr_t)frame.bytes);
	free((void *)(uintptr_t)body.bytes);
}

static void send(enum who who)
{
	host_begin(&h);
	host_put_frame(&h, who, writer_slice(&out));
	host_commit(&h);
}

static const char *mark_of(unsigned pupil, const char *date, const char *code)
{
	static char text[8][256];
	static unsigned turn;
	char upn[UPN_SIZE + 1], *at = text[turn++ % 8];

	host_upn(upn, pupil);
	snprintf(at, sizeof text[0], "{'urn':'" SCHOOL_URN "','registers':[['%s','AM',[['%s','%s']]]]}", date, upn, code);
	return at;
}

static int make(void **state)
{
	(void)state;
	host_make(&h, &(struct host_options){0});
	return 0;
}

static int end(void **state)
{
	(void)state;
	host_end(&h);
	return 0;
}

static void each_piece_is_answered_by_itself(void **state)
{
	uint64_t head = host_head(&h);

	(void)state;
	begin();
	add(COMMAND_MARKS, NULL, mark_of(1, "2026-09-01", "/"));
	add(COMMAND_MARKS, NULL, mark_of(2, "2026-09-01", "/"));
	add(COMMAND_MARKS, NULL, mark_of(3, "2026-09-01", "nonsense"));
	add(COMMAND_MARKS, NULL, "{'urn':'" SCHOOL_URN "'}");
	add(COMMAND_GRANT, NULL, "{}");
	send(CONNECTOR);
	assert_int_equal(h.count, 5);
	assert_int_equal(h.answers[0].status, STATUS_OK);
	assert_int_equal(h.answers[1].status, STATUS_OK);
	assert_true(h.answers[1].position > h.answers[0].position);
	assert_answer(&h.answers[2], STATUS_NOTHING_ACCEPTED, "not a register code");
	assert_int_equal(h.answers[3].status, STATUS_BAD_BODY);
	assert_int_equal(h.answers[4].status, STATUS_FORBIDDEN);
	assert_int_equal(host_pupils(&h), 2);
	assert_int_equal(host_head(&h), head + 4); /* two pupils and their marks */
	assert_verified(&h);
}

/* The same ones by themselves give the same log and the same figures. */
/* What there is no room for among those that wait is answered "not now": each piece by itself, as if it had come so. */
static void put_off_it_is_so_piece_by_piece(void **state)
{
	const struct peer peer = {.size = 1, .bytes = {CONNECTOR}};
	uint64_t head = host_head(&h);
	struct slice alone;

	(void)state;
	begin();
	for (unsigned i = 1; i <= 3; i++)
		add(COMMAND_MARKS, NULL, mark_of(i, "2026-09-01", "/"));
	alone = writer_slice(&out);
	host_begin(&h);
	engine_receive_later(h.engine, &peer, alone);
	/* one alone, one that is too short to name itself, and a bundle cut wrong */
	engine_receive_later(h.engine, &peer, slice_of(alone.bytes + REQUEST_HEAD_SIZE + 4, alone.size - REQUEST_HEAD_SIZE - 4));
	engine_receive_later(h.engine, &peer, slice_of(alone.bytes, 3));
	engine_receive_later(h.engine, &peer, slice_of(alone.bytes, alone.size - 1));
	host_commit(&h);
	assert_int_equal(h.count, 6);
	for (unsigned i = 0; i < h.count; i++) {
		assert_int_equal(h.answers[i].who, CONNECTOR);
		assert_int_equal(h.answers[i].status, STATUS_RETRY_LATER);
		if (i < 4)
			assert_int_equal(h.answers[i].command, COMMAND_MARKS);
	}
	assert_memory_equal(h.answers[0].id, h.answers[3].id, UUID_SIZE);
	assert_memory_not_equal(h.answers[0].id, h.answers[1].id, UUID_SIZE);
	assert_int_equal(h.answers[5].command, COMMAND_BUNDLE);
	assert_int_equal(host_head(&h), head);
	/* sent again it is taken */
	send(CONNECTOR);
	assert_int_equal(h.count, 3);
	for (unsigned i = 0; i < h.count; i++)
		assert_int_equal(h.answers[i].status, STATUS_OK);
}

static void a_bundle_is_no_other_thing_to_the_log(void **state)
{
	static struct host other;
	uint8_t ids[3][UUID_SIZE];
	const char *bodies[3];

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		host_id(&h, ids[i]);
		bodies[i] = mark_of(i % 2, "2026-09-01", i == 2 ? "I" : "/");
	}
	begin();
	for (unsigned i = 0; i < 3; i++)
		add(COMMAND_MARKS, ids[i], bodies[i]);
	send(CONNECTOR);
	assert_int_equal(h.count, 3);
	host_make(&other, &(struct host_options){0});
	host_begin(&other);
	for (unsigned i = 0; i < 3; i++) {
		struct slice body = host_msgpack(bodies[i]), frame = host_frame_of(COMMAND_MARKS, ids[i], body);

		host_put_frame(&other, CONNECTOR, frame);
		free((void *)(uintptr_t)frame.bytes);
		free((void *)(uintptr_t)body.bytes);
	}
	host_commit(&other);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(h.answers[i].position, other.answers[i].position);
	assert_int_equal(host_head(&h), host_head(&other));
	for (unsigned pupil = 0; pupil < 2; pupil++) {
		char upn[UPN_SIZE + 1], *bundled;

		host_upn(upn, pupil);
		bundled = strdup(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'pupil','upn':'%s'}", upn)->text);
		assert_answer(host_ask(&other, OFFICER, COMMAND_QUERY, "{'what':'pupil','upn':'%s'}", upn), STATUS_OK, bundled);
		free(bundled);
	}
	host_end(&other);
}

static void the_same_again_gets_its_first_answer(void **state)
{
	uint8_t id[UUID_SIZE];

	(void)state;
	host_id(&h, id);
	begin();
	add(COMMAND_MARKS, id, mark_of(1, "2026-09-01", "/"));
	add(COMMAND_MARKS, id, mark_of(1, "2026-09-01", "/"));
	add(COMMAND_MARKS, id, mark_of(1, "2026-09-01", "I"));
	send(CONNECTOR);
	assert_int_equal(h.count, 3);
	assert_int_equal(h.answers[0].status, STATUS_OK);
	assert_int_equal(h.answers[1].status, STATUS_KNOWN);
	assert_int_equal(h.answers[1].position, h.answers[0].position);
	assert_int_equal(h.answers[2].status, STATUS_REUSED_ID);
	/* and by itself, in another turn */
	assert_int_equal(host_again(&h, CONNECTOR, COMMAND_MARKS, id, "%s", mark_of(1, "2026-09-01", "/"))->status, STATUS_KNOWN);
}

static void what_is_no_submission_is_refused_in_its_place(void **state)
{
	static uint8_t inner[64];
	struct writer w = writer_of(inner, sizeof inner);
	uint8_t id[UUID_SIZE];

	(void)state;
	host_id(&h, id);
	message_request(&w, COMMAND_BUNDLE, id, NULL);
	write_u32(&w, 1);
	write_u8(&w, 0);
	begin();
	add(COMMAND_QUERY, NULL, "{'what':'health'}");
	add_frame(writer_slice(&w));
	add_frame(slice_text("rubbish"));
	add(COMMAND_SUBSCRIBE, NULL, "{'what':'alerts','credit':1}");
	add(COMMAND_MARKS, NULL, mark_of(1, "2026-09-01", "/"));
	send(OFFICER);
	assert_int_equal(h.count, 5);
	assert_answer(&h.answers[0], STATUS_BAD_COMMAND, "submissions alone");
	assert_answer(&h.answers[1], STATUS_BAD_COMMAND, "submissions alone");
	assert_memory_equal(h.answers[1].id, id, UUID_SIZE);
	assert_int_equal(h.answers[2].status, STATUS_BAD_FRAME);
	assert_answer(&h.answers[3], STATUS_BAD_COMMAND, "submissions alone");
	assert_int_equal(h.answers[4].status, STATUS_OK);
}

static void one_that_is_cut_wrong_is_refused_whole(void **state)
{
	struct host_look before = host_look(&h);

	(void)state;
	begin();
	add(COMMAND_MARKS, NULL, mark_of(1, "2026-09-01", "/"));
	add(COMMAND_MARKS, NULL, mark_of(2, "2026-09-01", "/"));
	write_u32(&out, 1000);
	send(CONNECTOR);
	assert_int_equal(h.count, 1);
	assert_int_equal(h.answers[0].command, COMMAND_BUNDLE);
	assert_answer(&h.answers[0], STATUS_BAD_FRAME, "1 to 256");
	assert_unchanged(&h, &before);
}

static void a_key_that_may_not_gets_nothing_in_by_it(void **state)
{
	struct host_look before;

	(void)state;
	before = host_look(&h);
	begin();
	add(COMMAND_MARKS, NULL, mark_of(1, "2026-09-01", "/"));
	add(COMMAND_ACTION, NULL, "{}");
	send(AUDITOR);
	assert_int_equal(h.count, 2);
	assert_int_equal(h.answers[0].status, STATUS_FORBIDDEN);
	assert_int_equal(h.answers[1].status, STATUS_FORBIDDEN);
	send(STRANGER);
	for (unsigned i = 0; i < h.count; i++)
		assert_int_equal(h.answers[i].status, STATUS_REVOKED);
	assert_unchanged(&h, &before);
}

/* The key goes in the first piece, and what comes behind it in the same frame is refused. */
static void a_key_is_looked_at_for_each_piece(void **state)
{
	char admin[Z85_KEY_SIZE + 1], text[128];

	(void)state;
	host_grant(&h, SPARE, "administrator", "");
	host_key_text(admin, SPARE);
	snprintf(text, sizeof text, "{'key':'%s'}", admin);
	begin();
	add(COMMAND_REVOKE, NULL, text);
	add(COMMAND_MARKS, NULL, mark_of(1, "2026-09-01", "/"));
	send(SPARE);
	assert_int_equal(h.count, 2);
	assert_int_equal(h.answers[0].status, STATUS_OK);
	assert_int_equal(h.answers[1].status, STATUS_REVOKED);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make, end)
	const struct CMUnitTest tests[] = {
		TEST(each_piece_is_answered_by_itself),
		TEST(put_off_it_is_so_piece_by_piece),
		TEST(a_bundle_is_no_other_thing_to_the_log),
		TEST(the_same_again_gets_its_first_answer),
		TEST(what_is_no_submission_is_refused_in_its_place),
		TEST(one_that_is_cut_wrong_is_refused_whole),
		TEST(a_key_that_may_not_gets_nothing_in_by_it),
		TEST(a_key_is_looked_at_for_each_piece),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
