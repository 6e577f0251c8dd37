/* Bad messages: a clear answer that says what is wrong, and nothing else changed: not a
 * table, not the log, not a pupil; a counter alone moves. What they say is another
 * file's (engine_content.c).
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "tests/engine_host.h"
#include "tests/proto_random.h"

static struct host h;
static char upn[8][UPN_SIZE + 1];

static int setup(void **context)
{
	(void)context;
	host_make(&h, &(struct host_options){.start = "2026-09-09T15:30:00Z"});
	for (unsigned i = 0; i < 8; i++)
		host_upn(upn[i], i + 1);
	host_mark(&h, SCHOOL_URN, 1, "2026-09-07", "AM", "N");
	return 0;
}

static int teardown(void **context)
{
	(void)context;
	return host_end_verified(&h);
}

static void refused_frame(enum who who, unsigned status, const char *says, struct slice frame)
{
	struct host_look b = host_look(&h);

	assert_answer(host_frame(&h, who, frame), status, says);
	assert_unchanged(&h, &b);
}

/* ---- who ---- */

static void a_stranger_is_told_so_and_no_more(void **context)
{
	(void)context;
	assert_refused(&h, STRANGER, COMMAND_HELLO, STATUS_REVOKED, "revoked", "{}");
	assert_refused(&h, STRANGER, COMMAND_QUERY, STATUS_REVOKED, "revoked", "{'what':'stats'}");
	assert_refused(&h, STRANGER, COMMAND_MARKS, STATUS_REVOKED, "revoked", "{}");
}

static void a_revoked_key_with_a_live_session(void **context)
{
	char key[Z85_KEY_SIZE + 1];
	uint8_t raw[PUBLIC_KEY_SIZE];

	(void)context;
	host_key_text(key, OFFICER);
	host_key(raw, OFFICER);
	assert_answer(host_ask(&h, OFFICER, COMMAND_HELLO, "{}"), STATUS_OK, "officer");
	assert_true(engine_knows_key(h.engine, raw));
	assert_answer(host_ask(&h, ADMIN, COMMAND_REVOKE, "{'key':'%s'}", key), STATUS_OK, NULL);
	assert_false(engine_knows_key(h.engine, raw));
	assert_refused(&h, OFFICER, COMMAND_HELLO, STATUS_REVOKED, "revoked", "{}");
	assert_refused(&h, OFFICER, COMMAND_ACKNOWLEDGE, STATUS_REVOKED, "revoked", "{'alert':1}");
	host_restart(&h);
	assert_refused(&h, OFFICER, COMMAND_HELLO, STATUS_REVOKED, "revoked", "{}");
	host_grant(&h, OFFICER, "officer", "");
	assert_answer(host_ask(&h, OFFICER, COMMAND_HELLO, "{}"), STATUS_OK, "officer");
}

static void revoked_in_the_very_batch(void **context)
{
	char key[Z85_KEY_SIZE + 1];

	(void)context;
	host_key_text(key, CONNECTOR);
	host_begin(&h);
	host_put(&h, ADMIN, COMMAND_REVOKE, NULL, "{'key':'%s'}", key);
	host_put(&h, CONNECTOR, COMMAND_MARKS, NULL, "{'urn':'" SCHOOL_URN "','registers':[['2026-09-08','AM',[['%s','/']]]]}", upn[0]);
	host_commit(&h);
	assert_int_equal(h.answers[0].status, STATUS_OK);
	assert_int_equal(h.answers[1].status, STATUS_REVOKED);
}

static void another_schools_marks(void **context)
{
	(void)context;
	assert_refused(&h, CONNECTOR, COMMAND_MARKS, STATUS_FORBIDDEN, "\"field\":\"urn\"",
		"{'urn':'" OTHER_URN "','registers':[['2026-09-08','AM',[['A801200000001','/']]]]}");
	assert_refused(&h, CONNECTOR, COMMAND_ROSTER, STATUS_FORBIDDEN, "\"field\":\"urn\"",
		"{'urn':'" OTHER_URN "','pupils':[{'upn':'A801200000001','surname':'X'}]}");
	assert_refused(&h, OFFICER, COMMAND_MARKS, STATUS_BAD_FIELD, "\"field\":\"urn\"",
		"{'urn':'12345','registers':[['2026-09-08','AM',[['A801200000001','/']]]]}");
}

static void refused_command(uint8_t command)
{
	host_ask(&h, ADMIN, command, "{}");
	assert_int_equal(h.count, 1);
	assert_answer(h.answers, STATUS_BAD_COMMAND, NULL);
}

/* The contract's table, over every command and every role. The body is one that no
 * command takes, so that what is not forbidden is refused for that. */
static void a_roles_forbidden_command(void **context)
{
	static const struct {
		uint8_t command;
		const char *may; /* a letter for each role, in the order of enum who, from the administrator */
	} table[] = {
		{COMMAND_HELLO, "acslomu"},    {COMMAND_MARKS, "acom"},	      {COMMAND_ROSTER, "acom"},
		{COMMAND_ACTION, "aslom"},     {COMMAND_CALENDAR, "aom"},     {COMMAND_PATHWAY, "a"},
		{COMMAND_GRANT, "a"},	       {COMMAND_REVOKE, "a"},	      {COMMAND_ACKNOWLEDGE, "aom"},
		{COMMAND_CLOCK, "a"},	       {COMMAND_QUERY, "acslomu"},    {COMMAND_SUBSCRIBE, "aslomu"},
		{COMMAND_FACT, "aslom"},       {COMMAND_LINK, "aom"},         {COMMAND_COVER, "aom"},
		{COMMAND_MOVE, "am"},	       {COMMAND_CHOOSE, "a"},        {COMMAND_SCHOOL, "aom"},
		{COMMAND_TASK, "asom"},       {COMMAND_OFFER, "aom"},
		{COMMAND_CREDIT, "aslomu"},    {COMMAND_CURSOR, "aslomu"},    {COMMAND_UNSUBSCRIBE, "aslomu"},
	};
	static const char letters[] = "acslomu";
	unsigned commands = 0;

	(void)context;
#define X(name, number, text) commands++;
	COMMANDS(X)
#undef X
	assert_int_equal(commands, sizeof table / sizeof *table + 3); /* two are the daemon's own; a bundle's pieces are asked */
	refused_command(COMMAND_ITEMS);
	refused_command(COMMAND_HEARTBEAT);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		for (int who = ADMIN; who <= AUDITOR; who++) {
			struct host_look b = host_look(&h);
			const struct answer *a = host_ask(&h, (enum who)who, table[i].command, "{'nonsense':1}");
			bool may = strchr(table[i].may, letters[who]);

			assert_non_null(a);
			if ((a->status != STATUS_FORBIDDEN) != may)
				fail_msg("%s by %c: %u %s", command_text(table[i].command), letters[who], a->status, a->text);
			assert_unchanged(&h, &b);
		}
}

static void a_roles_forbidden_question(void **context)
{
	static const struct {
		const char *what, *may;
	} table[] = {
		{"pupil", "aslomu"},  {"marks", "aslomu"},  {"case", "aslomu"},	      {"actions", "aslomu"},
		{"deadlines", "aslomu"}, {"alerts", "aslomu"}, {"log", "aomu"},       {"stats", "aomu"},
		{"health", "acslomu"}, {"checkpoint", "aomu"}, {"prove", "aomu"},     {"consistency", "aomu"},
		{"people", "aslomu"}, {"covers", "aomu"},   {"schools", "asomu"},
		{"pathways", "aslomu"}, {"pathway", "aslomu"}, {"calendar", "acslomu"},
	};
	static const char letters[] = "acslomu";

	(void)context;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		for (int who = ADMIN; who <= AUDITOR; who++) {
			const struct answer *a = host_ask(&h, (enum who)who, COMMAND_QUERY, "{'what':'%s'}", table[i].what);

			if ((a->status != STATUS_FORBIDDEN) != (strchr(table[i].may, letters[who]) != NULL))
				fail_msg("%s by %c: %u %s", table[i].what, letters[who], a->status, a->text);
		}
	for (int who = CONNECTOR; who <= AUDITOR; who++)
		assert_answer(host_ask(&h, (enum who)who, COMMAND_QUERY, "{'what':'backup'}"), STATUS_FORBIDDEN, NULL);
	assert_refused(&h, OFFICER, COMMAND_QUERY, STATUS_BAD_FIELD, "no such question", "{'what':'everything'}");
}

/* ---- frames ---- */

static void frames_that_are_none(void **context)
{
	uint8_t id[UUID_SIZE];
	struct slice body = host_msgpack("{}"), frame;
	uint8_t bytes[64];

	(void)context;
	host_id(&h, id);
	frame = host_frame_of(COMMAND_HELLO, id, body);
	assert_true(frame.size <= sizeof bytes);
	for (size_t size = 0; size < REQUEST_HEAD_SIZE; size++)
		refused_frame(OFFICER, STATUS_BAD_FRAME, "reason", slice_of(frame.bytes, size));
	memcpy(bytes, frame.bytes, frame.size);
	bytes[0] ^= 1;
	refused_frame(OFFICER, STATUS_BAD_FRAME, "signature", slice_of(bytes, frame.size));
	bytes[0] ^= 1;
	bytes[2] = 2;
	refused_frame(OFFICER, STATUS_BAD_VERSION, "version 1", slice_of(bytes, frame.size));
	bytes[2] = 1;
	bytes[3] = 0x7e;
	refused_frame(OFFICER, STATUS_BAD_COMMAND, "no such command", slice_of(bytes, frame.size));
	bytes[3] = COMMAND_HELLO | COMMAND_REPLY;
	refused_frame(OFFICER, STATUS_BAD_FRAME, "reply", slice_of(bytes, frame.size));
	free((void *)frame.bytes);
	free((void *)body.bytes);
}

static void a_message_of_two_frames(void **context)
{
	struct peer peer = {.size = 1, .bytes = {OFFICER}};
	struct host_look b = host_look(&h);

	(void)context;
	host_begin(&h);
	engine_receive_malformed(h.engine, &peer, 2);
	engine_receive_malformed(h.engine, &peer, 0);
	host_commit(&h);
	assert_int_equal(h.count, 2);
	assert_answer(&h.answers[0], STATUS_BAD_FRAME, "exactly one frame");
	assert_answer(&h.answers[1], STATUS_BAD_FRAME, "routing id");
	assert_unchanged(&h, &b);
}

static void refused_body(const char *says, const void *bytes, size_t size)
{
	uint8_t id[UUID_SIZE];
	struct slice frame;

	host_id(&h, id);
	frame = host_frame_of(COMMAND_MARKS, id, slice_of(bytes, size));
	refused_frame(CONNECTOR, STATUS_BAD_BODY, says, frame);
	free((void *)frame.bytes);
}

static void bodies_that_are_no_msgpack(void **context)
{
	char text[400];
	struct slice good;
	uint8_t *copy, nested[64];

	(void)context;
	snprintf(text, sizeof text, "{'urn':'" SCHOOL_URN "','registers':[['2026-09-08','AM',[['%s','/']]]]}", upn[1]);
	good = host_msgpack(text);
	for (size_t size = 1; size < good.size; size++) /* truncated, at every byte */
		refused_body("reason", good.bytes, size);
	copy = malloc(good.size + 1);
	memcpy(copy, good.bytes, good.size);
	copy[good.size] = 0xc0;
	refused_body("offset", copy, good.size + 1); /* trailing */
	free(copy);
	free((void *)good.bytes);
	memset(nested, 0x91, sizeof nested);
	refused_body("offset", nested, sizeof nested);
	refused_body("offset", "\x82\xa1" "a\x01\xa1" "a\x02", 7);              /* a key twice */
	refused_body("offset", "\xdd\xff\xff\xff\xff", 5);                     /* length bombs */
	refused_body("offset", "\xdf\xff\xff\xff\xff", 5);
	refused_body("offset", "\x81\xa3urn\xdb\xff\xff\xff\xff", 10);
	refused_body("offset", "\x81\xa3urn\xc6\x7f\xff\xff\xff", 10);
	refused_body("offset", "\x81\xa3urn\xd9\x03" "abc", 10);                /* not the shortest form */
	refused_body("offset", "\x81\xa3urn\xa2\xc3\x28", 8);                  /* not UTF-8 */
	refused_body("offset", "\x81\x01\x01", 3);                             /* a key that is no string */
	refused_body("map", "\x93\x01\x02\x03", 4);
	refused_body("reason", "\x80", 1);
}

static void a_frame_of_more_than_two_mebibytes(void **context)
{
	size_t size = MESSAGE_SIZE_MAX + 1;
	uint8_t *bytes = calloc(1, size), id[UUID_SIZE];
	struct writer w = writer_of(bytes, size);

	(void)context;
	host_id(&h, id);
	message_request(&w, COMMAND_MARKS, id, NULL);
	refused_frame(CONNECTOR, STATUS_TOO_LARGE, "2 MiB", slice_of(bytes, size));
	free(bytes);
}

static void any_bytes_at_all(void **context)
{
	struct host_look b = host_look(&h);
	uint8_t bytes[300];

	(void)context;
	random_start();
	for (int round = 0; round < 3000; round++) {
		size_t size = random_below(sizeof bytes);
		struct writer w = writer_of(bytes, sizeof bytes);
		uint8_t id[UUID_SIZE];

		for (size_t i = 0; i < sizeof bytes; i++)
			bytes[i] = (uint8_t)random_below(256);
		host_id(&h, id);
		if (round % 3)
			message_request(&w, (uint8_t)(0x10 + random_below(9)), id, NULL);
		if (round % 3 == 2)
			bytes[REQUEST_HEAD_SIZE] = (uint8_t)(0x80 | random_below(4));
		host_frame(&h, ADMIN, slice_of(bytes, size));
		assert_int_equal(h.count, 1); /* of whatever command it seems to be */
		assert_true(h.answers[0].status >= 400);
	}
	assert_unchanged(&h, &b);
}

static void an_id_that_is_no_uuid_of_a_submission(void **context)
{
	uint8_t id[UUID_SIZE] = {1, 2, 3};
	struct host_look b = host_look(&h);

	(void)context;
	assert_answer(host_again(&h, CONNECTOR, COMMAND_MARKS, id, "{'urn':'" SCHOOL_URN "','registers':[['2026-09-08','AM',[['%s','/']]]]}", upn[0]),
		      STATUS_BAD_FIELD, "\"field\":\"id\"");
	assert_unchanged(&h, &b);
}

static void a_counter_moves(void **context)
{
	uint64_t form = host_counter(&h, "refused_form"), role = host_counter(&h, "refused_role");
	uint64_t rows = host_counter(&h, "rows_refused");

	(void)context;
	host_ask(&h, AUDITOR, COMMAND_CLOCK, "{}");
	assert_int_equal(host_counter(&h, "refused_role"), role + 1);
	host_frame(&h, OFFICER, slice_text("nonsense"));
	assert_int_equal(host_counter(&h, "refused_form"), form + 1);
	host_ask(&h, CONNECTOR, COMMAND_MARKS, "{'urn':'" SCHOOL_URN "','registers':[['2026-09-08','AM',[['%s','QQ'],['x','N']]]]}", upn[0]);
	assert_int_equal(host_counter(&h, "rows_refused"), rows + 2);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_stranger_is_told_so_and_no_more),
		T(a_revoked_key_with_a_live_session),
		T(revoked_in_the_very_batch),
		T(another_schools_marks),
		T(a_roles_forbidden_command),
		T(a_roles_forbidden_question),
		T(frames_that_are_none),
		T(a_message_of_two_frames),
		T(bodies_that_are_no_msgpack),
		T(a_frame_of_more_than_two_mebibytes),
		T(any_bytes_at_all),
		T(an_id_that_is_no_uuid_of_a_submission),
		T(a_counter_moves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
