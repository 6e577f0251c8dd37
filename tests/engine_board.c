/* A board asks for whoever reads at it: with their rights and no more, as they are at that moment,
 * and the log names both.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "tests/engine_host.h"

static struct host h;
static char upn[4][UPN_SIZE + 1]; /* 1 and 2 at the school, 3 at the other one */

#define BOARD SPARE

static int setup(void **context)
{
	(void)context;
	host_make(&h, &(struct host_options){.start = "2026-09-21T15:30:00Z"});
	host_grant(&h, BOARD, "board", ",'name':'board'");
	host_grant(&h, OFFICER, "officer", ",'name':'officer'");
	host_grant(&h, MANAGER, "manager", ",'name':'manager'");
	for (unsigned i = 0; i < 4; i++)
		host_upn(upn[i], i);
	for (unsigned i = 1; i <= 3; i++)
		host_marks(&h, i == 3 ? OTHER_URN : SCHOOL_URN, i, "2026-09-07", "2026-09-11", "O");
	assert_answer(host_ask(&h, OFFICER, COMMAND_ACTION, "{'upn':'%s','action':'contact','on':'2026-09-14','fields':{'reached':'yes'}}", upn[1]),
		      STATUS_OK, "opened\":true");
	return 0;
}

static int teardown(void **context)
{
	(void)context;
	return host_end_verified(&h);
}

/* What `sender` asks for `reader`. */
static const struct answer *ask_for(enum who sender, enum who reader, uint8_t command, const uint8_t *id, const char *json)
{
	static uint8_t room[4096];
	struct writer w = writer_of(room, sizeof room);
	struct slice body = json[0] ? host_msgpack(json) : slice_of(NULL, 0);
	uint8_t key[PUBLIC_KEY_SIZE], fresh[UUID_SIZE];
	const struct answer *a;

	host_key(key, reader);
	host_id(&h, fresh);
	message_request(&w, command, id ? id : fresh, key);
	write_bytes(&w, body.bytes, body.size);
	assert_false(w.full);
	a = host_frame(&h, sender, writer_slice(&w));
	free((void *)(uintptr_t)body.bytes);
	return a;
}

__attribute__((format(printf, 1, 2)))
static const char *text(const char *format, ...)
{
	static char room[400];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(room, sizeof room, format, arguments);
	va_end(arguments);
	return room;
}

static void by_itself_it_may_nothing(void **context)
{
	(void)context;
	assert_answer(host_ask(&h, BOARD, COMMAND_HELLO, "{}"), STATUS_OK, "\"role\":\"board\"");
	assert_int_equal(host_ask(&h, BOARD, COMMAND_QUERY, "{'what':'health'}")->status, STATUS_OK);
	assert_int_equal(host_ask(&h, BOARD, COMMAND_QUERY, "{'what':'pupil','upn':'%s'}", upn[1])->status, STATUS_FORBIDDEN);
	assert_int_equal(host_ask(&h, BOARD, COMMAND_QUERY, "{'what':'today'}")->status, STATUS_FORBIDDEN);
	assert_int_equal(host_ask(&h, BOARD, COMMAND_QUERY, "{'what':'log'}")->status, STATUS_FORBIDDEN);
	assert_refused(&h, BOARD, COMMAND_ACTION, STATUS_FORBIDDEN, NULL, text("{'upn':'%s','action':'note'}", upn[1]));
	assert_int_equal(host_ask(&h, BOARD, COMMAND_SUBSCRIBE, "{'what':'alerts','credit':9}")->status, STATUS_FORBIDDEN);
}

static void it_sees_what_the_reader_sees(void **context)
{
	(void)context;
	assert_answer(ask_for(BOARD, OFFICER, COMMAND_HELLO, NULL, ""), STATUS_OK, "\"role\":\"officer\"");
	assert_int_equal(ask_for(BOARD, OFFICER, COMMAND_QUERY, NULL, text("{'what':'pupil','upn':'%s'}", upn[3]))->status, STATUS_OK);
	assert_int_equal(ask_for(BOARD, SCHOOL, COMMAND_QUERY, NULL, text("{'what':'pupil','upn':'%s'}", upn[1]))->status, STATUS_OK);
	assert_int_equal(ask_for(BOARD, SCHOOL, COMMAND_QUERY, NULL, text("{'what':'pupil','upn':'%s'}", upn[3]))->status, STATUS_NOT_FOUND);
	assert_int_equal(ask_for(BOARD, SCHOOL, COMMAND_QUERY, NULL, "{'what':'log'}")->status, STATUS_FORBIDDEN);
	assert_int_equal(ask_for(BOARD, AUDITOR, COMMAND_QUERY, NULL, "{'what':'log'}")->status, STATUS_OK);
}

static void the_log_names_both(void **context)
{
	(void)context;
	assert_answer(ask_for(BOARD, OFFICER, COMMAND_ACTION, NULL,
			      text("{'upn':'%s','action':'notice-to-improve','on':'2026-09-21','parent':'p1','override':'seen'}", upn[1])),
		      STATUS_OK, "C1");
	assert_answer(host_ask(&h, AUDITOR, COMMAND_QUERY, "{'what':'timeline','case':'C1'}"), STATUS_OK, "\"actor\":\"officer (officer)\",\"via\":\"board (board)\"");
	/* and nobody besides, where the officer asks without it */
	assert_int_equal(times_in(host_first(&h)->text, "\"via\":"), 1);
	/* it is the officer's case, whoever's key sent it */
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'today','officer':'officer'}"), STATUS_OK, "\"later\",\"count\":1");
	host_restart(&h);
	assert_answer(host_ask(&h, AUDITOR, COMMAND_QUERY, "{'what':'timeline','case':'C1'}"), STATUS_OK, "\"via\":\"board (board)\"");
}

static void a_school_reads_what_it_wrote_itself(void **context)
{
	const char *told;

	(void)context;
	assert_answer(ask_for(BOARD, SCHOOL, COMMAND_ACTION, NULL, text("{'upn':'%s','action':'note','fields':{'text':'the school wrote it'}}", upn[1])), STATUS_OK, "C1");
	assert_answer(ask_for(BOARD, OFFICER, COMMAND_ACTION, NULL, text("{'upn':'%s','action':'note','fields':{'text':'the officer wrote it'}}", upn[1])), STATUS_OK, "C1");
	assert_answer(host_ask(&h, SCHOOL, COMMAND_QUERY, "{'what':'timeline','case':'C1'}"), STATUS_OK, "the school wrote it");
	told = host_first(&h)->text;
	assert_null(strstr(told, "the officer wrote it"));
	assert_null(strstr(told, "notice-to-improve"));
	assert_null(strstr(told, "officer"));
	/* the authority reads both; another school, and a lead who is not named on it, nothing */
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'timeline','case':'C1'}"), STATUS_OK, "the officer wrote it");
	assert_non_null(strstr(host_first(&h)->text, "the school wrote it"));
	assert_int_equal(host_ask(&h, LEAD, COMMAND_QUERY, "{'what':'timeline','case':'C2'}")->status, STATUS_NOT_FOUND);
	/* also when its key has been granted anew since */
	host_grant(&h, SCHOOL, "school", ",'schools':['" SCHOOL_URN "'],'name':'Mill Lane'");
	assert_answer(host_ask(&h, SCHOOL, COMMAND_QUERY, "{'what':'timeline','case':'C1'}"), STATUS_OK, "the school wrote it");
	assert_null(strstr(host_first(&h)->text, "the officer wrote it"));
}

static void roles_that_it_does_not_lend(void **context)
{
	(void)context;
	assert_int_equal(ask_for(BOARD, ADMIN, COMMAND_QUERY, NULL, "{'what':'stats'}")->status, STATUS_FORBIDDEN);
	assert_int_equal(ask_for(BOARD, CONNECTOR, COMMAND_HELLO, NULL, "")->status, STATUS_FORBIDDEN);
	assert_int_equal(ask_for(BOARD, BOARD, COMMAND_HELLO, NULL, "")->status, STATUS_FORBIDDEN);
	assert_answer(ask_for(BOARD, STRANGER, COMMAND_HELLO, NULL, ""), STATUS_REVOKED, "for");
	/* nor what a reader may, but not here */
	assert_int_equal(ask_for(BOARD, OFFICER, COMMAND_CALENDAR, NULL, "{'rows':[]}")->status, STATUS_FORBIDDEN);
	assert_int_equal(ask_for(BOARD, OFFICER, COMMAND_CURSOR, NULL, "{'cursor':'a','position':1}")->status, STATUS_FORBIDDEN);
	/* a lead's own refusals stay */
	assert_int_equal(ask_for(BOARD, AUDITOR, COMMAND_ACKNOWLEDGE, NULL, "{'alert':1}")->status, STATUS_FORBIDDEN);
}

static void nobody_else_asks_for_others(void **context)
{
	(void)context;
	for (enum who who = ADMIN; who <= AUDITOR; who++)
		assert_answer(ask_for(who, OFFICER, COMMAND_HELLO, NULL, ""), STATUS_FORBIDDEN, "for");
}

static void a_form_that_is_sent_twice(void **context)
{
	uint8_t id[UUID_SIZE];
	const char *note = text("{'upn':'%s','action':'note','fields':{'text':'once'}}", upn[1]);
	uint64_t head;

	(void)context;
	host_id(&h, id);
	assert_int_equal(ask_for(BOARD, OFFICER, COMMAND_ACTION, id, note)->status, STATUS_OK);
	head = host_head(&h);
	assert_int_equal(ask_for(BOARD, OFFICER, COMMAND_ACTION, id, note)->status, STATUS_KNOWN);
	/* another reader's, or the reader's own without the board: not the same */
	assert_int_equal(ask_for(BOARD, MANAGER, COMMAND_ACTION, id, note)->status, STATUS_REUSED_ID);
	assert_int_equal(host_again(&h, OFFICER, COMMAND_ACTION, id, "%s", note)->status, STATUS_REUSED_ID);
	assert_int_equal(host_head(&h), head);
}

static void a_name_leads_to_one_reader(void **context)
{
	(void)context;
	assert_answer(host_ask(&h, BOARD, COMMAND_QUERY, "{'what':'reader','name':'officer'}"), STATUS_OK, "\"role\":\"officer\"");
	assert_int_equal(host_ask(&h, BOARD, COMMAND_QUERY, "{'what':'reader','name':'administrator'}")->status, STATUS_NOT_FOUND);
	assert_int_equal(host_ask(&h, BOARD, COMMAND_QUERY, "{'what':'reader','name':''}")->status, STATUS_BAD_FIELD);
	assert_int_equal(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'reader','name':'officer'}")->status, STATUS_FORBIDDEN);
	host_grant(&h, STRANGER, "officer", ",'name':'manager'");
	assert_answer(host_ask(&h, BOARD, COMMAND_QUERY, "{'what':'reader','name':'manager'}"), STATUS_NOT_FOUND, "two");
}

/* What was answered at a position is answered as of it, whatever came after. */
static void lists_as_they_were_known(void **context)
{
	static const char *const questions[] = {"'what':'today'", "'what':'today','officer':'officer'", "'what':'school','urn':'" SCHOOL_URN "'",
						"'what':'authority'"};
	enum { COUNT = sizeof questions / sizeof *questions };
	char *before[COUNT], as_of[40];
	uint64_t head = host_head(&h), alert;

	(void)context;
	for (unsigned i = 0; i < COUNT; i++)
		before[i] = strdup(host_ask(&h, OFFICER, COMMAND_QUERY, "{%s}", questions[i])->text);
	alert = number_of(strstr(before[0], "\"alerts\""), "alert");
	/* a case, a breach, a task done, an alert dealt with, and a pupil who goes to another school */
	assert_int_equal(host_ask(&h, OFFICER, COMMAND_ACKNOWLEDGE, "{'alert':%llu}", (unsigned long long)alert)->status, STATUS_OK);
	assert_int_equal(host_ask(&h, OFFICER, COMMAND_ACTION, "{'upn':'%s','action':'notice-to-improve','on':'2026-09-14','parent':'p1','override':'r'}", upn[2])->status,
			 STATUS_OK);
	assert_int_equal(host_ask(&h, OFFICER, COMMAND_ACTION, "{'upn':'%s','action':'close','fields':{'reason':'r'},'override':'r'}", upn[1])->status, STATUS_OK);
	host_marks(&h, SCHOOL_URN, 2, "2026-09-14", "2026-09-18", "O");
	host_mark(&h, OTHER_URN, 1, "2026-09-21", "AM", "/");
	host_mark(&h, SCHOOL_URN, 0, "2026-09-21", "AM", "N");
	for (unsigned i = 0; i < COUNT; i++) {
		const char *now = host_ask(&h, OFFICER, COMMAND_QUERY, "{%s}", questions[i])->text;

		assert_string_not_equal(now, before[i]);
		snprintf(as_of, sizeof as_of, ",'as_of':%llu", (unsigned long long)head);
		now = host_ask(&h, OFFICER, COMMAND_QUERY, "{%s%s}", questions[i], as_of)->text;
		if (i < 3)
			assert_same_text(now, before[i]);
		else /* schools' pupils are not counted then */
			assert_memory_equal(now, before[i], (size_t)(strstr(before[i], "\"schools\"") - before[i]));
		free(before[i]);
	}
	assert_int_equal(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'today','as_of':'never'}")->status, STATUS_BAD_FIELD);
	assert_int_equal(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'today','kind':'breach-of'}")->status, STATUS_BAD_FIELD);
	assert_int_equal(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'today','alerts':0}")->status, STATUS_BAD_FIELD);
	assert_int_equal(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'today','alerts':501}")->status, STATUS_BAD_FIELD);
	/* of each kind the newest so many, and how many there are; or of one */
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'today','alerts':1}"), STATUS_OK, "\"kind\":\"threshold\",\"count\":2,\"items\":[{");
	assert_int_equal(times_in(host_first(&h)->text, "\"text\":\"10 unauthorised sessions"), 1);
	assert_int_equal(times_in(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'today'}")->text, "\"text\":\"10 unauthorised sessions"), 2);
	/* what is of no case leads to the one that is open of its pupil */
	assert_non_null(strstr(host_first(&h)->text, "\"case\":null,\"open_case\":\"C"));
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'today','kind':'breach'}"), STATUS_OK, "\"alerts\":{\"count\":1,\"kinds\":[{\"kind\":\"breach\",\"count\":1,");
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'authority','as_of':'2026-08-31'}"), STATUS_OK, "\"stages\":[]");
}

/* An alert that was dealt with speaks again when it grows: each text is told as of when it was said, and whose the case was then. */
static void alerts_as_they_were_said(void **context)
{
	static const char *const questions[] = {"'what':'today','officer':'officer'", "'what':'today','kind':'breach'", "'what':'timeline','case':'C3'"};
	enum { COUNT = sizeof questions / sizeof *questions, TIMES = 4 };
	char *then[TIMES][COUNT], one[4096];
	uint64_t heads[TIMES], alert;

	(void)context;
	assert_answer(host_ask(&h, OFFICER, COMMAND_ACTION, "{'upn':'%s','action':'notice-to-improve','on':'2026-09-14','parent':'p1','override':'r'}", upn[3]),
		      STATUS_OK, "\"case\":\"C3\"");
	host_mark(&h, OTHER_URN, 3, "2026-09-15", "AM", "O");
	assert_int_equal(host_alerts(&h, "breach", "raised", one), 2);
	alert = number_of(one, "alert");
	for (unsigned t = 0; t < TIMES; t++) {
		for (unsigned i = 0; i < COUNT; i++)
			then[t][i] = strdup(host_ask(&h, OFFICER, COMMAND_QUERY, "{%s}", questions[i])->text);
		heads[t] = host_head(&h);
		if (t == 0)
			assert_int_equal(host_ask(&h, OFFICER, COMMAND_ACKNOWLEDGE, "{'alert':%llu}", (unsigned long long)alert)->status, STATUS_OK);
		else if (t == 1)
			host_mark(&h, OTHER_URN, 3, "2026-09-16", "AM", "O");
		else if (t == 2)
			assert_int_equal(host_ask(&h, MANAGER, COMMAND_ACTION, "{'upn':'%s','action':'note'}", upn[3])->status, STATUS_OK);
	}
	host_marks(&h, OTHER_URN, 3, "2026-09-15", "2026-09-16", "/");
	assert_int_equal(host_alerts(&h, "breach", "withdrawn", one), 1);
	for (unsigned t = 0; t < TIMES; t++)
		for (unsigned i = 0; i < COUNT; i++) {
			assert_same_text(host_ask(&h, OFFICER, COMMAND_QUERY, "{%s,'as_of':%llu}", questions[i], (unsigned long long)heads[t])->text, then[t][i]);
			free(then[t][i]);
		}
}

/* Of a pupil's cases the one that there was then. */
static void the_timeline_of_a_pupil_is_of_the_case_of_then(void **context)
{
	uint64_t first = 0, second;

	(void)context;
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'case','upn':'%s'}", upn[1]), STATUS_OK, "\"case\":\"C1\"");
	first = number_of(strstr(host_first(&h)->text, "\"actions\""), "seq");
	assert_answer(host_ask(&h, OFFICER, COMMAND_ACTION, "{'upn':'%s','action':'contact','fields':{'reached':'yes'}}", upn[1]), STATUS_OK, "opened\":true");
	second = host_first(&h)->position;
	assert_null(strstr(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'timeline','upn':'%s'}", upn[1])->text, "\"case\":\"C1\""));
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'timeline','upn':'%s','as_of':%llu}", upn[1], (unsigned long long)second - 1), STATUS_OK,
		      "\"case\":\"C1\"");
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'timeline','upn':'%s','as_of':%llu}", upn[1], (unsigned long long)first - 1),
		      STATUS_NOT_FOUND, "had no case then");
}

/* What a board was subscribed to for a reader ends where it may no more ask for anybody, or that reader for nothing. */
static void a_subscription_ends_with_the_boards_role_and_the_readers(void **context)
{
	static const struct { enum who who; const char *role, *more, *again, *again_more; } changes[] = {
		{BOARD, "monitor", "", "board", ",'name':'board'"},
		{OFFICER, "connector", ",'schools':['" SCHOOL_URN "']", "officer", ",'name':'officer'"},
		{OFFICER, "board", "", "officer", ",'name':'officer'"},
	};

	(void)context;
	for (unsigned i = 0; i < sizeof changes / sizeof *changes; i++) {
		assert_int_equal(ask_for(BOARD, OFFICER, COMMAND_SUBSCRIBE, NULL, "{'what':'alerts','credit':1000}")->status, STATUS_OK);
		assert_true(h.count > 1 && h.answers[1].command == COMMAND_ITEMS);
		host_grant(&h, changes[i].who, changes[i].role, changes[i].more);
		h.mono_ms += 5000;
		host_turns(&h);
		for (unsigned n = 0; n < h.count; n++)
			assert_int_not_equal(h.answers[n].who, BOARD);
		host_grant(&h, changes[i].who, changes[i].again, changes[i].again_more);
		h.mono_ms += 5000;
		host_turns(&h);
		assert_int_equal(h.count, 0); /* it asks again */
	}
}

/* Last, since it takes the keys away. */
static void a_revoked_reader_is_refused_at_once(void **context)
{
	char key[Z85_KEY_SIZE + 1];

	(void)context;
	assert_int_equal(ask_for(BOARD, LEAD, COMMAND_SUBSCRIBE, NULL, "{'what':'alerts','credit':9}")->status, STATUS_OK);
	h.mono_ms += 1000;
	host_turns(&h);
	assert_int_equal(h.answers[h.count - 1].command, COMMAND_HEARTBEAT);
	host_key_text(key, LEAD);
	assert_int_equal(host_ask(&h, ADMIN, COMMAND_REVOKE, "{'key':'%s'}", key)->status, STATUS_OK);
	h.mono_ms += 1000;
	host_turns(&h);
	for (unsigned i = 0; i < h.count; i++)
		assert_int_not_equal(h.answers[i].command, COMMAND_HEARTBEAT);
	assert_answer(ask_for(BOARD, LEAD, COMMAND_HELLO, NULL, ""), STATUS_REVOKED, "for");
	host_key_text(key, BOARD);
	assert_int_equal(ask_for(BOARD, OFFICER, COMMAND_SUBSCRIBE, NULL, "{'what':'alerts','credit':0}")->status, STATUS_OK);
	assert_int_equal(host_ask(&h, ADMIN, COMMAND_REVOKE, "{'key':'%s'}", key)->status, STATUS_OK);
	h.mono_ms += 1000;
	host_turns(&h);
	for (unsigned i = 0; i < h.count; i++)
		assert_int_not_equal(h.answers[i].command, COMMAND_HEARTBEAT);
	assert_int_equal(ask_for(BOARD, OFFICER, COMMAND_HELLO, NULL, "")->status, STATUS_REVOKED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_itself_it_may_nothing),
		cmocka_unit_test(it_sees_what_the_reader_sees),
		cmocka_unit_test(the_log_names_both),
		cmocka_unit_test(a_school_reads_what_it_wrote_itself),
		cmocka_unit_test(roles_that_it_does_not_lend),
		cmocka_unit_test(nobody_else_asks_for_others),
		cmocka_unit_test(a_form_that_is_sent_twice),
		cmocka_unit_test(a_name_leads_to_one_reader),
		cmocka_unit_test(lists_as_they_were_known),
		cmocka_unit_test(alerts_as_they_were_said),
		cmocka_unit_test(the_timeline_of_a_pupil_is_of_the_case_of_then),
		cmocka_unit_test(a_subscription_ends_with_the_boards_role_and_the_readers),
		cmocka_unit_test(a_revoked_reader_is_refused_at_once),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
