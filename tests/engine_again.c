/* Sent again: the first answer again, byte for byte, in the same batch, in a later
 * one, after a clean start and after a crash; and nothing is done a second time.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "tests/engine_host.h"

static struct host h;
static char upn[8][UPN_SIZE + 1];

static int setup(void **context)
{
	(void)context;
	host_make(&h, &(struct host_options){.start = "2026-09-11T15:30:00Z"});
	for (unsigned i = 0; i < 8; i++)
		host_upn(upn[i], i + 1);
	return 0;
}

static int teardown(void **context)
{
	(void)context;
	return host_end_verified(&h);
}

struct first {
	uint16_t status;
	uint64_t position;
	struct slice body;
};

static void assert_first(const struct first *f, const struct answer *a)
{
	assert_non_null(a);
	if (a->status != STATUS_KNOWN)
		fail_msg("%u %s", a->status, a->text);
	assert_int_equal(a->position, f->position);
	if (!slice_equal(a->body, f->body)) {
		char *was = host_text_of(f->body);

		print_error("was %s\nnow %s\n", was, a->text);
		free(was);
		fail();
	}
}

/* Sends it twice in one batch, then in each of the other ways. */
static void sent_again(enum who who, uint8_t command, unsigned status, const char *says, const char *json)
{
	uint8_t id[UUID_SIZE];
	struct first f;
	uint64_t head;

	host_id(&h, id);
	host_begin(&h);
	host_put(&h, who, command, id, "%s", json);
	host_put(&h, who, command, id, "%s", json);
	host_commit(&h);
	assert_true(h.count >= 2);
	assert_answer(&h.answers[0], status, says);
	f = (struct first){h.answers[0].status, h.answers[0].position, h.answers[0].body};
	h.answers[0].body = slice_of(NULL, 0); /* kept */
	assert_first(&f, &h.answers[1]);
	head = host_head(&h);
	assert_first(&f, host_again(&h, who, command, id, "%s", json));
	host_restart(&h);
	assert_first(&f, host_again(&h, who, command, id, "%s", json));
	host_crash(&h);
	assert_first(&f, host_again(&h, who, command, id, "%s", json));
	assert_int_equal(host_head(&h), head);
	free((void *)f.body.bytes);
}

static char json[4096];

static void marks_all_new(void **context)
{
	(void)context;
	snprintf(json, sizeof json, "{'urn':'" SCHOOL_URN "','registers':[['2026-09-08','AM',[['%s','/'],['%s','N']]]]}", upn[0], upn[1]);
	sent_again(CONNECTOR, COMMAND_MARKS, STATUS_OK, "", json);
}

static void marks_partly_refused(void **context)
{
	(void)context;
	snprintf(json, sizeof json,
		 "{'urn':'" SCHOOL_URN "','registers':[['2026-09-08','AM',[['%s','/'],['%s','QQ'],['x','N'],['%s','/'],"
		 "['%s','averylongcode'],['%s','L',{'minutes_late':700}]]],['2026-09-12','AM',[['%s','/']]]]}",
		 upn[0], upn[1], upn[0], upn[2], upn[3], upn[4]);
	sent_again(CONNECTOR, COMMAND_MARKS, STATUS_PARTIAL, "\"accepted\":1,\"known\":0,\"refused\":[[1,", json);
}

static void marks_known_and_new(void **context)
{
	(void)context;
	host_mark(&h, SCHOOL_URN, 1, "2026-09-08", "AM", "N");
	snprintf(json, sizeof json,
		 "{'urn':'" SCHOOL_URN "','registers':[['2026-09-08','AM',[['%s','N'],['%s','/',{'comment':'late bus','minutes_late':3}]]]]}",
		 upn[0], upn[1]);
	sent_again(CONNECTOR, COMMAND_MARKS, STATUS_OK, "{\"accepted\":1,\"known\":1,\"refused\":[]}", json);
}

static void a_roster(void **context)
{
	(void)context;
	snprintf(json, sizeof json,
		 "{'urn':'" SCHOOL_URN "','pupils':[{'upn':'%s','surname':'A','birth_date':'2014-05-01','parents':[{'id':'p1','name':'N'}]},"
		 "{'upn':'%s'},{'upn':'%s','surname':'C'}]}",
		 upn[0], upn[1], upn[2]);
	sent_again(CONNECTOR, COMMAND_ROSTER, STATUS_PARTIAL, "{\"accepted\":2,\"known\":0,\"refused\":[[1,", json);
	/* the same as new: all but the bad one are known, and that is an answer of its own */
	sent_again(CONNECTOR, COMMAND_ROSTER, STATUS_PARTIAL, "{\"accepted\":0,\"known\":2,\"refused\":[[1,", json);
}

static void an_action(void **context)
{
	(void)context;
	host_mark(&h, SCHOOL_URN, 1, "2026-09-08", "AM", "N");
	snprintf(json, sizeof json, "{'upn':'%s','action':'notice-to-improve','on':'2026-09-10','parent':'p1','override':'a reason','fields':{'notes':'n'}}", upn[0]);
	sent_again(OFFICER, COMMAND_ACTION, STATUS_OK, "{\"case\":\"C1\",\"opened\":true,\"overridden\":true}", json);
	snprintf(json, sizeof json, "{'upn':'%s','action':'note'}", upn[0]);
	sent_again(OFFICER, COMMAND_ACTION, STATUS_OK, "{\"case\":\"C1\",\"opened\":false,\"overridden\":false}", json);
}

static void a_calendar_that_moved_deadlines(void **context)
{
	(void)context;
	host_mark(&h, SCHOOL_URN, 1, "2026-09-08", "AM", "N");
	assert_answer(host_ask(&h, OFFICER, COMMAND_ACTION, "{'upn':'%s','action':'notice-to-improve','on':'2026-09-10','parent':'p1','override':'r'}", upn[0]),
		      STATUS_OK, NULL);
	assert_answer(host_ask(&h, OFFICER, COMMAND_ACTION, "{'upn':'%s','action':'notice-to-improve','on':'2026-09-10','parent':'p2','override':'r'}", upn[0]),
		      STATUS_OK, NULL);
	sent_again(OFFICER, COMMAND_CALENDAR, STATUS_OK, "{\"rows\":2,\"moved\":2}",
		   "{'rows':[['2026-09-02','2026-12-18','term','Autumn'],['2026-09-14','2026-09-14','closure','flood']]}");
	sent_again(OFFICER, COMMAND_CALENDAR, STATUS_OK, "{\"rows\":2,\"moved\":0}",
		   "{'rows':[['2026-09-02','2026-12-18','term','Autumn'],['2026-09-14','2026-09-14','closure','flood']]}");
}

static void grants_and_revocations(void **context)
{
	char key[Z85_KEY_SIZE + 1];

	(void)context;
	host_key_text(key, SPARE);
	snprintf(json, sizeof json, "{'key':'%s','role':'officer','name':'duty'}", key);
	sent_again(ADMIN, COMMAND_GRANT, STATUS_OK, "principal", json);
	snprintf(json, sizeof json, "{'key':'%s'}", key);
	sent_again(ADMIN, COMMAND_REVOKE, STATUS_OK, "", json);
}

static void an_acknowledgement(void **context)
{
	(void)context;
	host_marks(&h, SCHOOL_URN, 1, "2026-09-07", "2026-09-11", "O");
	assert_non_null(strstr(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'alerts'}")->text, "\"kind\":\"threshold\""));
	snprintf(json, sizeof json, "{'alert':%llu}",
		 (unsigned long long)number_of(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'alerts'}")->text, "alert"));
	sent_again(OFFICER, COMMAND_ACKNOWLEDGE, STATUS_OK, "", json);
}

static void a_pathway(void **context)
{
	struct slice frame = host_pathway(&h, NULL, NULL);
	char *text;

	(void)context;
	assert_answer(host_frame(&h, ADMIN, frame), STATUS_OK, "{\"name\":\"stockport\",\"version\":2}");
	text = strdup(host_first(&h)->text);
	assert_answer(host_frame(&h, ADMIN, frame), STATUS_KNOWN, text);
	host_crash(&h);
	assert_answer(host_frame(&h, ADMIN, frame), STATUS_KNOWN, text);
	free(text);
	free((void *)frame.bytes);
}

static void the_clock_confirmed(void **context)
{
	(void)context;
	engine_clock_stepped(h.engine, h.now_ms + 86400000, 86400000);
	sent_again(ADMIN, COMMAND_CLOCK, STATUS_OK, "\"now\":", "{'confirm':true}");
}

static void a_manual_clock_moved(void **context)
{
	(void)context;
	host_end(&h);
	host_make(&h, &(struct host_options){.start = "2026-09-11T15:30:00Z", .manual_clock = true});
	host_mark(&h, SCHOOL_URN, 1, "2026-09-08", "AM", "N");
	assert_answer(host_ask(&h, OFFICER, COMMAND_ACTION, "{'upn':'%s','action':'notice-to-improve','on':'2026-09-10','parent':'p1','override':'r'}", upn[0]),
		      STATUS_OK, NULL);
	sent_again(ADMIN, COMMAND_CLOCK, STATUS_OK, "\"now\":\"2026-10-05T00:00:00Z\",\"fired\":4", "{'to':'2026-10-05T00:00:00Z'}");
}

static void notices(unsigned count)
{
	host_begin(&h);
	for (unsigned i = 0; i < count; i++) {
		char who[UPN_SIZE + 1];

		host_upn(who, 100 + i);
		host_put(&h, CONNECTOR, COMMAND_MARKS, NULL, "{'urn':'" SCHOOL_URN "','registers':[['2026-09-11','AM',[['%s','O']]]]}", who);
		host_put(&h, OFFICER, COMMAND_ACTION, NULL, "{'upn':'%s','action':'notice-to-improve','parent':'p1','override':'r'}", who);
	}
	host_commit(&h);
	for (unsigned i = 0; i < h.count; i++)
		assert_answer(&h.answers[i], STATUS_OK, NULL);
}

/* Of more than fall due in one step it is told that there are more; but a step stops between two instants, so that where it
 * stopped says whether there are. */
static void a_manual_clock_that_stops_on_the_way(void **context)
{
	(void)context;
	host_end(&h);
	host_make(&h, &(struct host_options){.start = "2026-09-11T15:30:00Z", .manual_clock = true});
	notices(510);
	sent_again(ADMIN, COMMAND_CLOCK, STATUS_OK, "\"fired\":1020,\"more\":true", "{'to':'2026-12-01T00:00:00Z'}");
	host_end(&h);
	host_make(&h, &(struct host_options){.start = "2026-09-11T15:30:00Z", .manual_clock = true});
	notices(400);
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'case','case':'C1'}"), STATUS_OK, "\"due\":\"2026-10-02T23:00:00Z\"");
	sent_again(ADMIN, COMMAND_CLOCK, STATUS_OK, "{\"now\":\"2026-10-05T23:00:00Z\",\"fired\":1200}", "{'to':'2026-10-05T23:00:00Z'}");
}

/* And taken back. */
static void a_meeting_that_was_offered(void **context)
{
	(void)context;
	host_end(&h);
	host_make(&h, &(struct host_options){.start = "2026-09-11T15:30:00Z", .pathway = "pathways/south-tyneside.yaml"});
	host_mark(&h, SCHOOL_URN, 1, "2026-09-08", "AM", "N");
	sent_again(OFFICER, COMMAND_OFFER, STATUS_OK, "\"on\":\"2026-09-10\",\"stands\":true", "{'urn':'" SCHOOL_URN "','on':'2026-09-10'}");
	sent_again(OFFICER, COMMAND_OFFER, STATUS_OK, "\"on\":\"2026-09-09\",\"stands\":true", "{'urn':'" SCHOOL_URN "','on':'2026-09-09'}");
	sent_again(OFFICER, COMMAND_OFFER, STATUS_OK, "\"on\":\"2026-09-10\",\"stands\":false", "{'urn':'" SCHOOL_URN "','on':'2026-09-10','stands':false}");
	assert_answer(host_ask(&h, OFFICER, COMMAND_OFFER, "{'urn':'" SCHOOL_URN "','on':'2026-09-10','stands':false}"), STATUS_BAD_FIELD, "none was recorded");
	/* another school's are its own */
	host_mark(&h, OTHER_URN, 2, "2026-09-08", "AM", "/");
	sent_again(OFFICER, COMMAND_OFFER, STATUS_OK, "\"stands\":true", "{'urn':'" OTHER_URN "','on':'2026-09-10'}");
	sent_again(OFFICER, COMMAND_OFFER, STATUS_OK, "\"stands\":true", "{'urn':'" SCHOOL_URN "','on':'2026-09-11'}");
	assert_answer(host_ask(&h, OFFICER, COMMAND_OFFER, "{'urn':'" OTHER_URN "','on':'2026-09-11','stands':false}"), STATUS_BAD_FIELD, "none was recorded");
	sent_again(OFFICER, COMMAND_OFFER, STATUS_OK, "\"stands\":false", "{'urn':'" OTHER_URN "','on':'2026-09-10','stands':false}");
	sent_again(OFFICER, COMMAND_SCHOOL, STATUS_OK, "\"name\":\"Hill Top\"", "{'urn':'" SCHOOL_URN "','name':'Hill Top'}");
}

/* Schools' tasks whose time is over are reminded of on the way, and count with the deadlines. */
static void a_manual_clock_that_reminded_schools(void **context)
{
	uint64_t fired;

	(void)context;
	host_end(&h);
	host_make(&h, &(struct host_options){.start = "2026-09-11T15:30:00Z", .manual_clock = true});
	assert_answer(host_ask(&h, OFFICER, COMMAND_SCHOOL, "{'urn':'" SCHOOL_URN "','kinds':['primary','secondary']}"), STATUS_OK, NULL);
	assert_answer(host_ask(&h, OFFICER, COMMAND_CALENDAR, "{'rows':[['2026-09-02','2026-10-23','term','A'],['2026-11-02','2026-12-18','term','B']]}"),
		      STATUS_OK, NULL);
	sent_again(ADMIN, COMMAND_CLOCK, STATUS_OK, "\"fired\":", "{'to':'2026-11-30T12:00:00Z'}");
	fired = number_of(h.answers[0].text, "fired");
	assert_true(fired > 0);
	assert_int_equal(fired, host_alerts(&h, "reminder", NULL, json));
}

/* What a roster says of pupils stands before it, and is no answer of the fact's before. */
static void a_fact_before_a_roster(void **context)
{
	uint8_t id[UUID_SIZE];
	static const char roster[] = "{'urn':'" SCHOOL_URN "','pupils':[{'upn':'%s','surname':'A','birth_date':'2013-04-15','parents':[{'id':'p1'}]}]}";

	(void)context;
	host_mark(&h, SCHOOL_URN, 1, "2026-09-08", "AM", "N");
	assert_answer(host_ask(&h, OFFICER, COMMAND_ACTION, "{'upn':'%s','action':'contact','on':'2026-09-10','fields':{'reached':'yes'},'override':'r'}", upn[0]),
		      STATUS_OK, NULL);
	host_id(&h, id);
	snprintf(json, sizeof json, "{'upn':'%s','fact':'free-school-meals'}", upn[0]);
	assert_answer(host_again(&h, OFFICER, COMMAND_FACT, id, "%s", json), STATUS_OK, "{\"changed\":0}");
	assert_answer(host_ask(&h, OFFICER, COMMAND_ROSTER, roster, upn[0]), STATUS_OK, NULL);
	assert_true(host_alerts(&h, "fact-changed", NULL, (char[4096]){0}) > 0);
	assert_answer(host_again(&h, OFFICER, COMMAND_FACT, id, "%s", json), STATUS_KNOWN, "{\"changed\":0}");
}

/* EN-03, and the contract's push: a file pushed again never undoes a later correction,
 * even where every row of it was known when it was first sent. */
static void en_03_a_repeat_does_not_undo_a_correction(void **context)
{
	uint8_t first[UUID_SIZE], known[UUID_SIZE];

	(void)context;
	host_id(&h, first);
	host_id(&h, known);
	snprintf(json, sizeof json, "{'urn':'" SCHOOL_URN "','registers':[['2026-09-08','AM',[['%s','N']]]]}", upn[0]);
	assert_answer(host_again(&h, CONNECTOR, COMMAND_MARKS, first, "%s", json), STATUS_OK, "");
	/* all of it known: remembered all the same */
	assert_answer(host_again(&h, CONNECTOR, COMMAND_MARKS, known, "%s", json), STATUS_OK, "{\"accepted\":0,\"known\":1,\"refused\":[]}");
	host_mark(&h, SCHOOL_URN, 1, "2026-09-08", "AM", "I");
	for (int round = 0; round < 3; round++) {
		assert_answer(host_again(&h, CONNECTOR, COMMAND_MARKS, first, "%s", json), STATUS_KNOWN, "");
		assert_answer(host_again(&h, CONNECTOR, COMMAND_MARKS, known, "%s", json), STATUS_KNOWN, "{\"accepted\":0,\"known\":1,\"refused\":[]}");
		assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'pupil','upn':'%s'}", upn[0]), STATUS_OK, "\"authorised\":1,\"unauthorised\":0");
		if (round)
			host_crash(&h);
		else
			host_restart(&h);
	}
	/* as new, it does */
	assert_answer(host_ask(&h, CONNECTOR, COMMAND_MARKS, "%s", json), STATUS_OK, "");
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'pupil','upn':'%s'}", upn[0]), STATUS_OK, "\"authorised\":0,\"unauthorised\":1");
}

/* Whoever's clock is behind, or makes ids of content, is looked for among all there were. */
static void ids_that_do_not_rise(void **context)
{
	uint8_t ids[4][UUID_SIZE];

	(void)context;
	for (unsigned i = 0; i < 4; i++)
		host_id(&h, ids[i]);
	ids[2][6] = 0x80 | (ids[2][6] & 0x0f); /* of version 8 */
	for (unsigned round = 0; round < 3; round++) {
		/* the newest first, then one of before it, one of content, the newest but one */
		for (unsigned i = 0; i < 4; i++) {
			snprintf(json, sizeof json, "{'urn':'" SCHOOL_URN "','registers':[['2026-09-08','AM',[['%s','N']]]]}", upn[i]);
			assert_answer(host_again(&h, CONNECTOR, COMMAND_MARKS, ids[(i + 3) % 4], "%s", json), round ? STATUS_KNOWN : STATUS_OK, "");
		}
		if (round)
			host_crash(&h);
		else
			host_restart(&h);
	}
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(marks_all_new),
		T(marks_partly_refused),
		T(marks_known_and_new),
		T(a_roster),
		T(an_action),
		T(a_calendar_that_moved_deadlines),
		T(grants_and_revocations),
		T(an_acknowledgement),
		T(a_pathway),
		T(the_clock_confirmed),
		T(a_manual_clock_moved),
		T(a_manual_clock_that_reminded_schools),
		T(a_manual_clock_that_stops_on_the_way),
		T(a_meeting_that_was_offered),
		T(a_fact_before_a_roster),
		T(ids_that_do_not_rise),
		T(en_03_a_repeat_does_not_undo_a_correction),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
