/* Who sees what: a school its own pupils, cases and alerts, a lead its cases, a
 * connector nothing, an auditor all and changes nothing. Asked or subscribed to.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/engine_host.h"

static struct host h;
static char upn[4][UPN_SIZE + 1]; /* 1 and 2 at the school, 3 at the other one */

static int setup(void **context)
{
	(void)context;
	host_make(&h, &(struct host_options){.start = "2026-09-21T15:30:00Z"});
	for (unsigned i = 0; i < 4; i++)
		host_upn(upn[i], i);
	for (unsigned i = 1; i <= 3; i++) {
		host_marks(&h, i == 3 ? OTHER_URN : SCHOOL_URN, i, "2026-09-07", "2026-09-11", "O");
		assert_answer(host_ask(&h, OFFICER, COMMAND_ACTION,
				       "{'upn':'%s','action':'notice-to-improve','on':'2026-09-14','parent':'p1','override':'r'}", upn[i]),
			      STATUS_OK, "opened\":true"); /* C1, C2, C3 */
	}
	return 0;
}

static int teardown(void **context)
{
	(void)context;
	return host_end_verified(&h);
}

static unsigned asked(enum who who, const char *what, const char *key, const char *value)
{
	return host_ask(&h, who, COMMAND_QUERY, "{'what':'%s','%s':'%s'}", what, key, value)->status;
}

/* Whom one may not see does not exist: the answer is the same as for nobody at all. */
static void assert_like_nobody(enum who who, const char *what, const char *key, const char *value, const char *nobody)
{
	char *text = strdup(host_ask(&h, who, COMMAND_QUERY, "{'what':'%s','%s':'%s'}", what, key, nobody)->text);

	assert_answer(host_ask(&h, who, COMMAND_QUERY, "{'what':'%s','%s':'%s'}", what, key, value), STATUS_NOT_FOUND, NULL);
	assert_string_equal(host_first(&h)->text, text);
	free(text);
}

static void a_school_sees_its_own_pupils(void **context)
{
	static const char *const questions[] = {"pupil", "marks", "case", "actions"};

	(void)context;
	for (size_t q = 0; q < sizeof questions / sizeof *questions; q++) {
		assert_int_equal(asked(SCHOOL, questions[q], "upn", upn[1]), STATUS_OK);
		assert_int_equal(asked(SCHOOL, questions[q], "upn", upn[2]), STATUS_OK);
		assert_like_nobody(SCHOOL, questions[q], "upn", upn[3], upn[0]);
		assert_int_equal(asked(OFFICER, questions[q], "upn", upn[3]), STATUS_OK);
	}
	assert_int_equal(asked(SCHOOL, "case", "case", "C2"), STATUS_OK);
	assert_like_nobody(SCHOOL, "case", "case", "C3", "C9");
	assert_int_equal(asked(OFFICER, "case", "case", "C3"), STATUS_OK);
}

static void a_school_sees_its_own_alerts_and_deadlines(void **context)
{
	const char *text;

	(void)context;
	text = host_ask(&h, SCHOOL, COMMAND_QUERY, "{'what':'alerts'}")->text;
	assert_non_null(strstr(text, upn[1]));
	assert_non_null(strstr(text, upn[2]));
	assert_null(strstr(text, upn[3]));
	assert_non_null(strstr(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'alerts'}")->text, upn[3]));
	text = host_ask(&h, SCHOOL, COMMAND_QUERY, "{'what':'deadlines'}")->text;
	assert_non_null(strstr(text, upn[2]));
	assert_null(strstr(text, upn[3]));
	assert_non_null(strstr(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'deadlines'}")->text, upn[3]));
}

/* The school of the latest register sees the pupil, and no longer the one before. */
static void a_pupil_who_moves(void **context)
{
	(void)context;
	host_mark(&h, OTHER_URN, 1, "2026-09-18", "AM", "/");
	assert_int_equal(asked(SCHOOL, "pupil", "upn", upn[1]), STATUS_NOT_FOUND);
	assert_int_equal(asked(SCHOOL, "case", "case", "C1"), STATUS_NOT_FOUND);
	/* a late register of the former school moves nobody back */
	host_mark(&h, SCHOOL_URN, 1, "2026-09-04", "AM", "/");
	assert_int_equal(asked(SCHOOL, "pupil", "upn", upn[1]), STATUS_NOT_FOUND);
	host_mark(&h, SCHOOL_URN, 1, "2026-09-21", "AM", "/");
	assert_int_equal(asked(SCHOOL, "pupil", "upn", upn[1]), STATUS_OK);
}

/* What an alert says of the days after a move is for the school that they were at. */
static void an_alert_that_grows_goes_with_the_pupil(void **context)
{
	static const char at_first[] = "2026-09-15 AM O", later[] = "2026-09-18 PM O";
	char breach[4096];
	uint64_t then;

	(void)context;
	host_grant(&h, STRANGER, "school", ",'schools':['" OTHER_URN "']");
	host_mark(&h, SCHOOL_URN, 1, "2026-09-15", "AM", "O");
	assert_int_equal(host_alerts(&h, "breach", "raised", breach), 1);
	assert_non_null(strstr(host_ask(&h, SCHOOL, COMMAND_QUERY, "{'what':'alerts'}")->text, at_first));
	assert_null(strstr(host_ask(&h, STRANGER, COMMAND_QUERY, "{'what':'alerts'}")->text, at_first));
	then = host_head(&h);
	host_mark(&h, OTHER_URN, 1, "2026-09-18", "AM", "/");
	host_mark(&h, OTHER_URN, 1, "2026-09-18", "PM", "O");
	assert_null(strstr(host_ask(&h, SCHOOL, COMMAND_QUERY, "{'what':'alerts'}")->text, later));
	assert_non_null(strstr(host_ask(&h, STRANGER, COMMAND_QUERY, "{'what':'alerts'}")->text, later));
	/* as of then it was the old one's */
	assert_answer(host_ask(&h, AUDITOR, COMMAND_QUERY, "{'what':'timeline','case':'C1','as_of':%llu}", (unsigned long long)then), STATUS_OK,
		      "\"kind\":\"breach\",\"upn\":\"X801200000001\",\"urn\":\"" SCHOOL_URN);
	host_restart(&h);
	assert_null(strstr(host_ask(&h, SCHOOL, COMMAND_QUERY, "{'what':'today'}")->text, later));
	assert_non_null(strstr(host_ask(&h, STRANGER, COMMAND_QUERY, "{'what':'today'}")->text, later));
}

static void a_lead_sees_the_case_it_is_named_on(void **context)
{
	const char *text;

	(void)context;
	assert_int_equal(asked(LEAD, "case", "case", "C1"), STATUS_OK);
	assert_int_equal(asked(LEAD, "case", "upn", upn[1]), STATUS_OK);
	assert_int_equal(asked(LEAD, "pupil", "upn", upn[1]), STATUS_OK);
	assert_like_nobody(LEAD, "case", "case", "C2", "C9");
	assert_like_nobody(LEAD, "pupil", "upn", upn[2], upn[0]);
	text = host_ask(&h, LEAD, COMMAND_QUERY, "{'what':'deadlines'}")->text;
	assert_int_equal(times_in(text, "\"deadline\":"), 1);
	assert_non_null(strstr(text, "\"C1\""));
	text = host_ask(&h, LEAD, COMMAND_QUERY, "{'what':'alerts'}")->text;
	assert_null(strstr(text, upn[2]));
	assert_null(strstr(text, "\"C2\""));
	assert_answer(host_ask(&h, LEAD, COMMAND_ACTION, "{'upn':'%s','action':'note'}", upn[1]), STATUS_OK, "C1");
	assert_answer(host_ask(&h, LEAD, COMMAND_ACTION, "{'upn':'%s','action':'note'}", upn[2]), STATUS_NOT_FOUND, NULL);
}

/* Another case of the same pupil is another case. */
static void a_lead_and_the_pupils_next_case(void **context)
{
	uint64_t head;

	(void)context;
	assert_answer(host_ask(&h, OFFICER, COMMAND_ACTION, "{'upn':'%s','action':'close'}", upn[1]), STATUS_OK, NULL);
	head = host_head(&h);
	/* it would open a case that the lead is not named on */
	assert_answer(host_ask(&h, LEAD, COMMAND_ACTION, "{'upn':'%s','action':'note'}", upn[1]), STATUS_NOT_FOUND, "\"field\":\"case\"");
	assert_int_equal(host_head(&h), head);
	assert_answer(host_ask(&h, OFFICER, COMMAND_ACTION, "{'upn':'%s','action':'note'}", upn[1]), STATUS_OK, "C4");
	head = host_head(&h);
	assert_answer(host_ask(&h, LEAD, COMMAND_ACTION, "{'upn':'%s','action':'note'}", upn[1]), STATUS_NOT_FOUND, "\"field\":\"case\"");
	assert_int_equal(host_head(&h), head);
	assert_int_equal(asked(LEAD, "case", "case", "C4"), STATUS_NOT_FOUND);
	assert_int_equal(asked(LEAD, "case", "case", "C1"), STATUS_OK);
	/* nor are that case's next steps told */
	assert_answer(host_ask(&h, LEAD, COMMAND_QUERY, "{'what':'actions','upn':'%s'}", upn[1]), STATUS_NOT_FOUND, NULL);
	host_grant(&h, LEAD, "lead", ",'cases':['C1','C4']");
	assert_answer(host_ask(&h, LEAD, COMMAND_ACTION, "{'upn':'%s','action':'note'}", upn[1]), STATUS_OK, "C4");
	assert_answer(host_ask(&h, LEAD, COMMAND_QUERY, "{'what':'actions','upn':'%s'}", upn[1]), STATUS_OK, "C4");
}

static void a_connector_learns_nothing(void **context)
{
	static const char *const questions[] = {"pupil",  "marks", "case",       "actions", "deadlines",   "alerts",
						"log",    "stats", "checkpoint", "prove",   "consistency", "pathway"};

	(void)context;
	for (size_t q = 0; q < sizeof questions / sizeof *questions; q++)
		assert_answer(host_ask(&h, CONNECTOR, COMMAND_QUERY, "{'what':'%s','upn':'%s','seq':1,'first':1,'second':2,'name':'stockport'}",
				       questions[q], upn[1]),
			      STATUS_FORBIDDEN, NULL);
	assert_answer(host_ask(&h, CONNECTOR, COMMAND_SUBSCRIBE, "{'what':'alerts','credit':10}"), STATUS_FORBIDDEN, NULL);
	assert_int_equal(h.count, 1);
}

static void an_auditor_reads_all_and_changes_nothing(void **context)
{
	static const struct {
		uint8_t command;
		const char *json;
	} writes[] = {
		{COMMAND_MARKS, "{'urn':'123456','registers':[['2026-09-21','AM',[['X','/']]]]}"},
		{COMMAND_ROSTER, "{'urn':'123456','pupils':[{'upn':'X','surname':'X'}]}"},
		{COMMAND_ACTION, "{'upn':'X','action':'note'}"},
		{COMMAND_CALENDAR, "{'rows':[['2026-09-02','2026-10-23','term','x']]}"},
		{COMMAND_PATHWAY, "{'source':'x'}"},
		{COMMAND_GRANT, "{'key':'x','role':'officer'}"},
		{COMMAND_REVOKE, "{'key':'x'}"},
		{COMMAND_ACKNOWLEDGE, "{'alert':1}"},
		{COMMAND_CLOCK, "{'confirm':true}"},
		{COMMAND_MOVE, "{'case':'C1','pathway':'stockport','reason':'x'}"},
		{COMMAND_CHOOSE, "{'urn':'123456'}"},
		{COMMAND_OFFER, "{'urn':'123456'}"},
		{COMMAND_SCHOOL, "{'urn':'123456','kinds':['primary']}"},
		{COMMAND_TASK, "{'urn':'123456','task':'lates'}"},
	};
	uint64_t head = host_head(&h);
	char *tables = host_tables(&h, false), *now;

	(void)context;
	assert_int_equal(asked(AUDITOR, "pupil", "upn", upn[3]), STATUS_OK);
	assert_int_equal(asked(AUDITOR, "case", "case", "C3"), STATUS_OK);
	assert_answer(host_ask(&h, AUDITOR, COMMAND_QUERY, "{'what':'log'}"), STATUS_OK, "store-created");
	for (size_t i = 0; i < sizeof writes / sizeof *writes; i++)
		assert_answer(host_ask(&h, AUDITOR, writes[i].command, "%s", writes[i].json), STATUS_FORBIDDEN, NULL);
	assert_int_equal(host_head(&h), head);
	now = host_tables(&h, false);
	assert_same_text(now, tables);
	free(now);
	free(tables);
}

/* ---- subscriptions ---- */

static char *items_of(enum who who)
{
	char *text = calloc(1, 1 << 20);

	for (unsigned i = 0; i < h.count; i++)
		if (h.answers[i].who == who && h.answers[i].command == COMMAND_ITEMS)
			strncat(text, h.answers[i].text, (1 << 20) - strlen(text) - 1);
	return text;
}

static void assert_told(enum who who, bool first, bool second, bool third)
{
	char *text = items_of(who);

	assert_int_equal(strstr(text, upn[1]) != NULL, first);
	assert_int_equal(strstr(text, upn[2]) != NULL, second);
	assert_int_equal(strstr(text, upn[3]) != NULL, third);
	free(text);
}

static void subscribers_are_told_what_they_may_see(void **context)
{
	(void)context;
	assert_answer(host_ask(&h, SCHOOL, COMMAND_SUBSCRIBE, "{'what':'alerts','credit':1000}"), STATUS_OK, NULL);
	assert_told(SCHOOL, true, true, false);
	assert_answer(host_ask(&h, OFFICER, COMMAND_SUBSCRIBE, "{'what':'alerts','credit':1000}"), STATUS_OK, NULL);
	assert_told(OFFICER, true, true, true);
	assert_answer(host_ask(&h, AUDITOR, COMMAND_SUBSCRIBE, "{'what':'log','credit':1000}"), STATUS_OK, NULL);
	assert_told(AUDITOR, true, true, true);
	assert_answer(host_ask(&h, LEAD, COMMAND_SUBSCRIBE, "{'what':'alerts','credit':1000}"), STATUS_OK, NULL);
	assert_told(LEAD, false, false, false); /* no alert of C1 so far */
	host_marks(&h, SCHOOL_URN, 1, "2026-09-15", "2026-09-15", "O"); /* a breach, of C1 */
	assert_told(LEAD, true, false, false);
	host_marks(&h, OTHER_URN, 3, "2026-09-15", "2026-09-15", "O");
	assert_told(LEAD, false, false, false);
	assert_told(SCHOOL, false, false, false);
	assert_told(OFFICER, false, false, true);
	assert_answer(host_ask(&h, SCHOOL, COMMAND_SUBSCRIBE, "{'what':'log','credit':1000}"), STATUS_FORBIDDEN, NULL);
	assert_answer(host_ask(&h, LEAD, COMMAND_SUBSCRIBE, "{'what':'log','credit':1000}"), STATUS_FORBIDDEN, NULL);
	assert_answer(host_ask(&h, SCHOOL, COMMAND_SUBSCRIBE, "{'what':'alerts','credit':10,'upn':'%s'}", upn[3]), STATUS_NOT_FOUND, NULL);
}

static void a_revoked_keys_subscription_stops(void **context)
{
	char key[Z85_KEY_SIZE + 1];

	(void)context;
	host_key_text(key, OFFICER);
	host_grant(&h, SPARE, "officer", "");
	assert_answer(host_ask(&h, SPARE, COMMAND_SUBSCRIBE, "{'what':'alerts','credit':1000,'from':1000}"), STATUS_OK, NULL);
	assert_answer(host_ask(&h, SPARE, COMMAND_SUBSCRIBE, "{'what':'alerts','credit':1000}"), STATUS_OK, NULL);
	assert_told(SPARE, true, true, true);
	host_key_text(key, SPARE);
	assert_answer(host_ask(&h, ADMIN, COMMAND_REVOKE, "{'key':'%s'}", key), STATUS_OK, NULL);
	h.mono_ms += 5000;
	host_marks(&h, SCHOOL_URN, 1, "2026-09-15", "2026-09-15", "O");
	for (unsigned i = 0; i < h.count; i++)
		assert_int_not_equal(h.answers[i].who, SPARE); /* no item, no heartbeat */
	/* granted again, it asks again */
	host_grant(&h, SPARE, "officer", "");
	h.mono_ms += 5000;
	host_turns(&h);
	assert_int_equal(h.count, 0);
}

/* A role taken away is taken away from what runs already. */
static void a_subscription_to_the_log_ends_with_the_role(void **context)
{
	(void)context;
	host_grant(&h, SPARE, "auditor", "");
	assert_answer(host_ask(&h, SPARE, COMMAND_SUBSCRIBE, "{'what':'log','credit':1000}"), STATUS_OK, NULL);
	assert_told(SPARE, true, true, true);
	host_grant(&h, SPARE, "school", ",'schools':['" SCHOOL_URN "']");
	host_marks(&h, OTHER_URN, 3, "2026-09-15", "2026-09-15", "O");
	for (unsigned i = 0; i < h.count; i++)
		assert_int_not_equal(h.answers[i].who, SPARE);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* Both in one commit: what it asked for before is over all the same, and may be asked for anew. */
static void a_key_revoked_and_granted_at_once_subscribes_anew(void **context)
{
	char key[Z85_KEY_SIZE + 1];
	uint8_t id[UUID_SIZE];

	(void)context;
	assert_int_equal(host_ask(&h, OFFICER, COMMAND_SUBSCRIBE, "{'what':'log','credit':1000}")->status, STATUS_OK);
	memcpy(id, h.last_id, UUID_SIZE);
	host_turns(&h);
	host_key_text(key, OFFICER);
	host_begin(&h);
	host_put(&h, ADMIN, COMMAND_REVOKE, NULL, "{'key':'%s'}", key);
	host_put(&h, ADMIN, COMMAND_GRANT, NULL, "{'key':'%s','role':'officer'}", key);
	host_commit(&h);
	h.mono_ms += 1000;
	host_turns(&h);
	for (unsigned i = 0; i < h.count; i++)
		assert_true(h.answers[i].command != COMMAND_HEARTBEAT && h.answers[i].command != COMMAND_ITEMS);
	assert_answer(host_again(&h, OFFICER, COMMAND_CREDIT, id, "{'credit':1}"), STATUS_NOT_FOUND, NULL);
	assert_int_equal(host_ask(&h, OFFICER, COMMAND_SUBSCRIBE, "{'what':'log','credit':1000}")->status, STATUS_OK);
	h.mono_ms += 1000;
	host_turns(&h);
	assert_true(h.count > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_school_sees_its_own_pupils),
		T(a_school_sees_its_own_alerts_and_deadlines),
		T(a_pupil_who_moves),
		T(an_alert_that_grows_goes_with_the_pupil),
		T(a_lead_sees_the_case_it_is_named_on),
		T(a_lead_and_the_pupils_next_case),
		T(a_connector_learns_nothing),
		T(an_auditor_reads_all_and_changes_nothing),
		T(subscribers_are_told_what_they_may_see),
		T(a_revoked_keys_subscription_stops),
		T(a_key_revoked_and_granted_at_once_subscribes_anew),
		T(a_subscription_to_the_log_ends_with_the_role),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
