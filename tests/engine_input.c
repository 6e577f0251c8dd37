/* Bad input: a clear answer that names the field and the reason, and nothing else
 * changed: not a table, not the log, not a pupil; a counter alone moves.
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
	assert_verified(&h);
	host_end(&h);
	return 0;
}

/* ---- what "nothing else changed" means ---- */

struct before {
	char *tables;
	uint64_t head;
	uint32_t pupils;
};

static struct before look(void)
{
	return (struct before){host_tables(&h, false), host_head(&h), host_pupils(&h)};
}

static void assert_unchanged(struct before *b)
{
	char *now = host_tables(&h, false);

	assert_int_equal(host_head(&h), b->head);
	assert_int_equal(host_pupils(&h), b->pupils);
	assert_same_text(now, b->tables);
	free(now);
	free(b->tables);
}

/* Refused whole, with this in the answer, and without a trace; sent again with the
 * same id and other content it is taken for the first time: the id was not remembered. */
static void refused(enum who who, uint8_t command, unsigned status, const char *says, const char *json)
{
	struct before b = look();
	const struct answer *a = host_ask(&h, who, command, "%s", json);

	assert_answer(a, status, says);
	assert_int_equal(a->position, b.head);
	assert_unchanged(&b);
}

static void refused_frame(enum who who, unsigned status, const char *says, struct slice frame)
{
	struct before b = look();

	assert_answer(host_frame(&h, who, frame), status, says);
	assert_unchanged(&b);
}

static void refused_row(const char *says, const char *date, const char *session, const char *mark)
{
	char json[400];

	snprintf(json, sizeof json, "{'urn':'" SCHOOL_URN "','registers':[['%s','%s',[%s]]]}", date, session, mark);
	refused(CONNECTOR, COMMAND_MARKS, STATUS_NOTHING_ACCEPTED, says, json);
}

/* ---- who ---- */

static void a_stranger_is_told_so_and_no_more(void **context)
{
	(void)context;
	refused(STRANGER, COMMAND_HELLO, STATUS_REVOKED, "revoked", "{}");
	refused(STRANGER, COMMAND_QUERY, STATUS_REVOKED, "revoked", "{'what':'stats'}");
	refused(STRANGER, COMMAND_MARKS, STATUS_REVOKED, "revoked", "{}");
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
	refused(OFFICER, COMMAND_HELLO, STATUS_REVOKED, "revoked", "{}");
	refused(OFFICER, COMMAND_ACKNOWLEDGE, STATUS_REVOKED, "revoked", "{'alert':1}");
	host_restart(&h);
	refused(OFFICER, COMMAND_HELLO, STATUS_REVOKED, "revoked", "{}");
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
	refused(CONNECTOR, COMMAND_MARKS, STATUS_FORBIDDEN, "\"field\":\"urn\"",
		"{'urn':'" OTHER_URN "','registers':[['2026-09-08','AM',[['A801200000001','/']]]]}");
	refused(CONNECTOR, COMMAND_ROSTER, STATUS_FORBIDDEN, "\"field\":\"urn\"",
		"{'urn':'" OTHER_URN "','pupils':[{'upn':'A801200000001','surname':'X'}]}");
	refused(OFFICER, COMMAND_MARKS, STATUS_BAD_FIELD, "\"field\":\"urn\"",
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
		{COMMAND_CREDIT, "aslomu"},    {COMMAND_CURSOR, "aslomu"},    {COMMAND_UNSUBSCRIBE, "aslomu"},
	};
	static const char letters[] = "acslomu";
	unsigned commands = 0;

	(void)context;
#define X(name, number, text) commands++;
	COMMANDS(X)
#undef X
	assert_int_equal(commands, sizeof table / sizeof *table + 2); /* two are the daemon's own */
	refused_command(COMMAND_ITEMS);
	refused_command(COMMAND_HEARTBEAT);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		for (int who = ADMIN; who <= AUDITOR; who++) {
			struct before b = look();
			const struct answer *a = host_ask(&h, (enum who)who, table[i].command, "{'nonsense':1}");
			bool may = strchr(table[i].may, letters[who]);

			assert_non_null(a);
			if ((a->status != STATUS_FORBIDDEN) != may)
				fail_msg("%s by %c: %u %s", command_text(table[i].command), letters[who], a->status, a->text);
			assert_unchanged(&b);
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
	refused(OFFICER, COMMAND_QUERY, STATUS_BAD_FIELD, "no such question", "{'what':'everything'}");
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
	struct before b = look();

	(void)context;
	host_begin(&h);
	engine_receive_malformed(h.engine, &peer, 2);
	engine_receive_malformed(h.engine, &peer, 0);
	host_commit(&h);
	assert_int_equal(h.count, 2);
	assert_answer(&h.answers[0], STATUS_BAD_FRAME, "exactly one frame");
	assert_answer(&h.answers[1], STATUS_BAD_FRAME, "routing id");
	assert_unchanged(&b);
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
	message_request(&w, COMMAND_MARKS, id);
	refused_frame(CONNECTOR, STATUS_TOO_LARGE, "2 MiB", slice_of(bytes, size));
	free(bytes);
}

static void any_bytes_at_all(void **context)
{
	struct before b = look();
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
			message_request(&w, (uint8_t)(0x10 + random_below(9)), id);
		if (round % 3 == 2)
			bytes[REQUEST_HEAD_SIZE] = (uint8_t)(0x80 | random_below(4));
		assert_true(host_frame(&h, ADMIN, slice_of(bytes, size))->status >= 400);
	}
	assert_unchanged(&b);
}

static void an_id_that_is_no_uuid_of_a_submission(void **context)
{
	uint8_t id[UUID_SIZE] = {1, 2, 3};
	struct before b = look();

	(void)context;
	assert_answer(host_again(&h, CONNECTOR, COMMAND_MARKS, id, "{'urn':'" SCHOOL_URN "','registers':[['2026-09-08','AM',[['%s','/']]]]}", upn[0]),
		      STATUS_BAD_FIELD, "\"field\":\"id\"");
	assert_unchanged(&b);
}

/* ---- marks ---- */

static void marks_of_another_form(void **context)
{
	static const char *const bodies[] = {
		"{}", "{'urn':'123456'}", "{'registers':[]}", "{'urn':'123456','registers':[],'more':1}",
		"{'urn':123456,'registers':[]}", "{'urn':'123456','registers':{}}", "{'urn':'123456','registers':[1]}",
		"{'urn':'123456','registers':[['2026-09-08','AM']]}",
		"{'urn':'123456','registers':[['2026-09-08','AM',[]],['2026-09-08','AM',1]]}",
		"{'urn':'123456','registers':[['2026-09-08','AM',[['A']]]]}",
		"{'urn':'123456','registers':[['2026-09-08','AM',[['A','/',{'x':1}]]]]}",
		"{'urn':'123456','registers':[['2026-09-08','AM',[['A','/',{'minutes_late':'5'}]]]]}",
		"{'urn':'123456','registers':[['2026-09-08','AM',[['A','/',{},1]]]]}",
	};

	(void)context;
	for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
		refused(CONNECTOR, COMMAND_MARKS, STATUS_BAD_BODY, "reason", bodies[i]);
	/* 0 marks, in two ways */
	refused(CONNECTOR, COMMAND_MARKS, STATUS_BAD_BODY, "no marks", "{'urn':'123456','registers':[]}");
	refused(CONNECTOR, COMMAND_MARKS, STATUS_BAD_BODY, "no marks", "{'urn':'123456','registers':[['2026-09-08','AM',[]]]}");
}

static void rows_that_are_refused(void **context)
{
	char mark[100], wrong[UPN_SIZE + 1];

	(void)context;
	snprintf(mark, sizeof mark, "['%s','/']", upn[1]);
	refused_row("[0,\"date\",\"not a date\"]", "2026-02-30", "AM", mark);
	refused_row("[0,\"date\",\"not a date\"]", "2026-9-8", "AM", mark);
	refused_row("[0,\"date\",\"not a date\"]", "1999-12-31", "AM", mark);
	refused_row("[0,\"date\",\"in the future\"]", "2026-09-10", "AM", mark);
	refused_row("[0,\"date\",\"not a Monday to Friday\"]", "2026-09-06", "AM", mark);
	refused_row("[0,\"session\",\"neither AM nor PM\"]", "2026-09-08", "am", mark);
	refused_row("[0,\"code\",\"a code of the other session\"]", "2026-09-08", "PM", mark);
	snprintf(mark, sizeof mark, "['%s','\\']", upn[1]);
	refused_row("[0,\"code\",\"a code of the other session\"]", "2026-09-08", "AM", mark);
	memcpy(wrong, upn[1], sizeof wrong);
	wrong[0] = wrong[0] == 'A' ? 'B' : 'A';
	snprintf(mark, sizeof mark, "['%s','N']", wrong);
	refused_row("[0,\"upn\",\"not a UPN\",\"the check letter should be ", "2026-09-08", "AM", mark);
	snprintf(mark, sizeof mark, "['%s','N',{'minutes_late':601}]", upn[1]);
	refused_row("[0,\"minutes_late\"", "2026-09-08", "AM", mark);
	snprintf(mark, sizeof mark, "['%s','N',{'recorded_at':'yesterday'}]", upn[1]);
	refused_row("[0,\"recorded_at\",\"not a time\"]", "2026-09-08", "AM", mark);
}

static void en_01_an_unknown_code_is_refused_by_name_and_the_rest_is_taken(void **context)
{
	uint64_t head = host_head(&h);
	const struct answer *a = host_ask(&h, CONNECTOR, COMMAND_MARKS,
					  "{'urn':'" SCHOOL_URN "','registers':[['2026-09-08','AM',[['%s','/'],['%s','QQ'],['%s','N']]]]}",
					  upn[1], upn[2], upn[3]);

	(void)context;
	assert_answer(a, STATUS_PARTIAL, "\"accepted\":2,\"known\":0,\"refused\":[[1,\"code\",");
	assert_non_null(strstr(a->text, "\"QQ\""));
	assert_int_equal(host_head(&h), head + 3); /* two pupils, one event of marks */
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'pupil','upn':'%s'}", upn[3]), STATUS_OK, "\"unauthorised\":1");
	/* the row that was refused has left nothing of its pupil */
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'pupil','upn':'%s'}", upn[2]), STATUS_NOT_FOUND, NULL);
}

static void the_same_session_twice_in_one_submission(void **context)
{
	const struct answer *a = host_ask(&h, CONNECTOR, COMMAND_MARKS,
					  "{'urn':'" SCHOOL_URN "','registers':[['2026-09-08','AM',[['%s','/']]],['2026-09-08','AM',[['%s','N']]],['2026-09-08','PM',[['%s','N']]]]}",
					  upn[0], upn[0], upn[0]);

	(void)context;
	assert_answer(a, STATUS_PARTIAL, "\"accepted\":2,\"known\":0,\"refused\":[[1,\"session\",\"the same session twice in one submission\"]]");
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'marks','upn':'%s'}", upn[0]), STATUS_OK, "[\"2026-09-08\",\"/\",\"N\"]");
}

static char *many_marks(unsigned count, const char *comment)
{
	char *text = NULL, one[UPN_SIZE + 1];
	size_t size;
	FILE *out = open_memstream(&text, &size);

	fputs("{'urn':'" SCHOOL_URN "','registers':[['2026-09-08','AM',[", out);
	for (unsigned i = 0; i < count; i++) {
		host_upn(one, 1000 + i);
		if (comment)
			fprintf(out, "%s['%s','N',{'comment':'%s'}]", i ? "," : "", one, comment);
		else
			fprintf(out, "%s['%s','/']", i ? "," : "", one);
	}
	fputs("]]]}", out);
	fclose(out);
	return text;
}

static void ten_thousand_marks_and_one_more(void **context)
{
	char *text = many_marks(10001, NULL);

	(void)context;
	refused(CONNECTOR, COMMAND_MARKS, STATUS_TOO_LARGE, "10,000", text);
	free(text);
	text = many_marks(10000, NULL);
	assert_answer(host_ask(&h, CONNECTOR, COMMAND_MARKS, "%s", text), STATUS_OK, NULL);
	assert_int_equal(host_pupils(&h), 10001);
	free(text);
}

/* Comments may be long, but what they add up to is seen before a pupil is registered. */
static void comments_that_add_up_to_too_much(void **context)
{
	static char comment[4001];
	char *text;

	(void)context;
	memset(comment, 'x', sizeof comment - 1);
	text = many_marks(80, comment);
	refused(CONNECTOR, COMMAND_MARKS, STATUS_TOO_LARGE, "registers", text);
	free(text);
	text = many_marks(50, comment);
	assert_answer(host_ask(&h, CONNECTOR, COMMAND_MARKS, "%s", text), STATUS_OK, NULL);
	free(text);
}

static void the_same_id_with_other_content(void **context)
{
	uint8_t id[UUID_SIZE];
	struct before b;

	(void)context;
	host_id(&h, id);
	assert_answer(host_again(&h, CONNECTOR, COMMAND_MARKS, id, "{'urn':'" SCHOOL_URN "','registers':[['2026-09-08','AM',[['%s','N']]]]}", upn[0]),
		      STATUS_OK, NULL);
	b = look();
	assert_answer(host_again(&h, CONNECTOR, COMMAND_MARKS, id, "{'urn':'" SCHOOL_URN "','registers':[['2026-09-08','AM',[['%s','/']]]]}", upn[0]),
		      STATUS_REUSED_ID, "\"field\":\"id\"");
	assert_unchanged(&b);
	b = look(); /* the same content, from another key */
	assert_answer(host_again(&h, OFFICER, COMMAND_MARKS, id, "{'urn':'" SCHOOL_URN "','registers':[['2026-09-08','AM',[['%s','N']]]]}", upn[0]),
		      STATUS_REUSED_ID, "another key");
	assert_unchanged(&b);
	b = look(); /* and as another command */
	assert_answer(host_again(&h, CONNECTOR, COMMAND_ROSTER, id, "{'urn':'" SCHOOL_URN "','registers':[['2026-09-08','AM',[['%s','N']]]]}", upn[0]),
		      STATUS_REUSED_ID, "\"field\":\"id\"");
	assert_unchanged(&b);
}

static void a_refused_submissions_id_is_not_remembered(void **context)
{
	uint8_t id[UUID_SIZE];

	(void)context;
	host_id(&h, id);
	assert_answer(host_again(&h, CONNECTOR, COMMAND_MARKS, id, "{'urn':'" SCHOOL_URN "','registers':[['2026-09-08','AM',[['%s','QQ']]]]}", upn[0]),
		      STATUS_NOTHING_ACCEPTED, NULL);
	assert_answer(host_again(&h, CONNECTOR, COMMAND_MARKS, id, "{'urn':'" SCHOOL_URN "','registers':[['2026-09-08','AM',[['%s','/']]]]}", upn[0]),
		      STATUS_OK, NULL);
}

/* ---- rosters, actions, settings ---- */

static void rosters(void **context)
{
	(void)context;
	refused(CONNECTOR, COMMAND_ROSTER, STATUS_BAD_BODY, "\"field\":\"pupils\"", "{'urn':'" SCHOOL_URN "','pupils':[]}");
	refused(CONNECTOR, COMMAND_ROSTER, STATUS_NOTHING_ACCEPTED, "[0,\"upn\"", "{'urn':'" SCHOOL_URN "','pupils':[{'upn':'A80120000000X','surname':'X'}]}");
	refused(CONNECTOR, COMMAND_ROSTER, STATUS_NOTHING_ACCEPTED, "[0,\"row\"", "{'urn':'" SCHOOL_URN "','pupils':[7]}");
	assert_answer(host_ask(&h, CONNECTOR, COMMAND_ROSTER,
			       "{'urn':'" SCHOOL_URN "','pupils':[{'upn':'%s','surname':'A'},{'upn':'%s'},{'upn':'%s','surname':'B','birth_date':'2030-01-01'},"
			       "{'upn':'%s','surname':'C','parents':[{'id':'1p'}]},{'upn':'%s','surname':'D','shoe_size':'44'}]}",
			       upn[0], upn[1], upn[2], upn[3], upn[4]),
		      STATUS_PARTIAL, "\"accepted\":1,\"known\":0,\"refused\":[[1,\"surname\",\"missing\"],[2,\"birth_date\",\"not a date in the past\"],[3,\"parent\"");
	assert_int_equal(host_pupils(&h), 1);
}

static void refused_action(enum who who, unsigned status, const char *says, const char *rest)
{
	char json[600];

	snprintf(json, sizeof json, "{'upn':'%s',%s}", upn[0], rest);
	refused(who, COMMAND_ACTION, status, says, json);
}

static void actions(void **context)
{
	(void)context;
	refused_action(OFFICER, STATUS_NOT_FOUND, "no such action", "'action':'dance'");
	refused_action(OFFICER, STATUS_NOT_FOUND, "\"field\":\"case\"", "'action':'note','case':'C9'");
	refused_action(OFFICER, STATUS_BAD_FIELD, "\"field\":\"case\"", "'action':'note','case':'9'");
	refused_action(OFFICER, STATUS_BAD_FIELD, "\"field\":\"on\"", "'action':'note','on':'2026-02-30'");
	refused_action(OFFICER, STATUS_BAD_FIELD, "future", "'action':'note','on':'2026-09-10'");
	refused_action(OFFICER, STATUS_BAD_FIELD, "\"field\":\"parent\"", "'action':'note','parent':'1'");
	refused_action(OFFICER, STATUS_BAD_FIELD, "shoe", "'action':'note','fields':{'shoe':'44'}");
	refused_action(OFFICER, STATUS_BAD_FIELD, "\"field\":\"fields\"", "'action':'note','fields':{'text':7}");
	refused_action(OFFICER, STATUS_BAD_BODY, "wanted", "'action':'note','colour':'red'");
	refused_action(OFFICER, STATUS_UNMET, "SP-09", "'action':'notice-to-improve'");
	/* SP-29: by role, whatever reason is given */
	refused_action(SCHOOL, STATUS_FORBIDDEN, "role", "'action':'notice-to-improve','override':'please'");
}

static void calendars(void **context)
{
	(void)context;
	refused(OFFICER, COMMAND_CALENDAR, STATUS_BAD_FIELD, "row 2: ",
		"{'rows':[['2026-09-02','2026-10-23','term','Autumn 1'],['2026-10-20','2026-12-18','term','Autumn 2']]}");
	refused(OFFICER, COMMAND_CALENDAR, STATUS_BAD_FIELD, "\"field\":\"from\"", "{'rows':[['2026-13-02','2026-10-23','term','x']]}");
	refused(OFFICER, COMMAND_CALENDAR, STATUS_BAD_FIELD, "\"field\":\"kind\"", "{'rows':[['2026-09-02','2026-10-23','terms','x']]}");
	refused(OFFICER, COMMAND_CALENDAR, STATUS_BAD_FIELD, "row 1", "{'rows':[['2026-10-23','2026-09-02','term','x']]}");
	refused(OFFICER, COMMAND_CALENDAR, STATUS_BAD_FIELD, "\"field\":\"rows\"", "{'rows':[]}");
	refused(OFFICER, COMMAND_CALENDAR, STATUS_BAD_FIELD, "\"field\":\"urn\"", "{'urn':'x','rows':[['2026-09-02','2026-10-23','term','x']]}");
}

static void a_pathway_that_is_wrong(void **context)
{
	(void)context;
	refused(ADMIN, COMMAND_PATHWAY, STATUS_BAD_FIELD, "faults", "{'source':'pathway: x\n'}");
	refused(ADMIN, COMMAND_PATHWAY, STATUS_BAD_FIELD, "\"field\":\"source\"", "{}");
}

static void grants(void **context)
{
	char json[300], key[Z85_KEY_SIZE + 1];

	(void)context;
	host_key_text(key, SPARE);
	refused(ADMIN, COMMAND_GRANT, STATUS_BAD_FIELD, "\"field\":\"key\"", "{'key':'short','role':'officer'}");
	snprintf(json, sizeof json, "{'key':'%s','role':'king'}", key);
	refused(ADMIN, COMMAND_GRANT, STATUS_BAD_FIELD, "\"field\":\"role\"", json);
	snprintf(json, sizeof json, "{'key':'%s','role':'school'}", key);
	refused(ADMIN, COMMAND_GRANT, STATUS_BAD_FIELD, "\"field\":\"schools\"", json);
	snprintf(json, sizeof json, "{'key':'%s','role':'lead','cases':['12']}", key);
	refused(ADMIN, COMMAND_GRANT, STATUS_BAD_FIELD, "\"field\":\"cases\"", json);
	snprintf(json, sizeof json, "{'key':'%s'}", key);
	refused(ADMIN, COMMAND_REVOKE, STATUS_NOT_FOUND, "\"field\":\"key\"", json);
}

/* A store that nobody administers could never be put right but by the shell. */
static void the_last_administrator_stays(void **context)
{
	char json[300], key[Z85_KEY_SIZE + 1];

	(void)context;
	host_key_text(key, ADMIN);
	snprintf(json, sizeof json, "{'key':'%s'}", key);
	refused(ADMIN, COMMAND_REVOKE, STATUS_BAD_FIELD, "last administrator", json);
	snprintf(json, sizeof json, "{'key':'%s','role':'auditor'}", key);
	refused(ADMIN, COMMAND_GRANT, STATUS_BAD_FIELD, "last administrator", json);
	host_grant(&h, SPARE, "administrator", "");
	assert_answer(host_ask(&h, ADMIN, COMMAND_GRANT, "%s", json), STATUS_OK, NULL);
}

static void alerts_to_acknowledge(void **context)
{
	(void)context;
	refused(OFFICER, COMMAND_ACKNOWLEDGE, STATUS_NOT_FOUND, "\"field\":\"alert\"", "{'alert':99}");
	refused(OFFICER, COMMAND_ACKNOWLEDGE, STATUS_BAD_FIELD, "\"field\":\"alert\"", "{'alert':'1'}");
	refused(OFFICER, COMMAND_ACKNOWLEDGE, STATUS_BAD_FIELD, "\"field\":\"alert\"", "{}");
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
		T(marks_of_another_form),
		T(rows_that_are_refused),
		T(en_01_an_unknown_code_is_refused_by_name_and_the_rest_is_taken),
		T(the_same_session_twice_in_one_submission),
		T(ten_thousand_marks_and_one_more),
		T(comments_that_add_up_to_too_much),
		T(the_same_id_with_other_content),
		T(a_refused_submissions_id_is_not_remembered),
		T(rosters),
		T(actions),
		T(calendars),
		T(a_pathway_that_is_wrong),
		T(grants),
		T(the_last_administrator_stays),
		T(alerts_to_acknowledge),
		T(a_counter_moves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
