/* Bad content: a clear answer that names the field and the reason, and nothing else
 * changed. A bad row refuses itself alone.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "tests/engine_host.h"

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

static void refused_row(const char *says, const char *date, const char *session, const char *mark)
{
	char json[400];

	snprintf(json, sizeof json, "{'urn':'" SCHOOL_URN "','registers':[['%s','%s',[%s]]]}", date, session, mark);
	assert_refused(&h, CONNECTOR, COMMAND_MARKS, STATUS_NOTHING_ACCEPTED, says, json);
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
		assert_refused(&h, CONNECTOR, COMMAND_MARKS, STATUS_BAD_BODY, "reason", bodies[i]);
	/* 0 marks, in two ways */
	assert_refused(&h, CONNECTOR, COMMAND_MARKS, STATUS_BAD_BODY, "no marks", "{'urn':'123456','registers':[]}");
	assert_refused(&h, CONNECTOR, COMMAND_MARKS, STATUS_BAD_BODY, "no marks", "{'urn':'123456','registers':[['2026-09-08','AM',[]]]}");
}

static void rows_that_are_refused(void **context)
{
	char mark[100], wrong[UPN_SIZE + 1];

	(void)context;
	snprintf(mark, sizeof mark, "['%s','/']", upn[1]);
	refused_row("[0,\"date\",\"not a date\"]", "2026-02-30", "AM", mark);
	refused_row("[0,\"date\",\"not a date\"]", "2026-9-8", "AM", mark);
	refused_row("[0,\"date\",\"outside the years that registers are kept for\"]", "1999-12-31", "AM", mark);
	refused_row("[0,\"date\",\"outside the years that registers are kept for\"]", "2100-01-01", "AM", mark);
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
					  "{'urn':'" SCHOOL_URN "','registers':[['2026-09-08','AM',[['%s','/'],['%s','QQ'],['%s','O']]]]}",
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

/* Of a mark that is held, what is said beside its code is new all the same. */
static void what_stands_beside_a_known_code_is_recorded(void **context)
{
	static const char *const extras[] = {"", ",{'comment':'rang at ten'}", ",{'minutes_late':7}"};
	uint64_t head;

	(void)context;
	host_mark(&h, SCHOOL_URN, 1, "2026-09-08", "AM", "L");
	for (unsigned i = 0; i < 3; i++) {
		head = host_head(&h);
		assert_answer(host_ask(&h, CONNECTOR, COMMAND_MARKS, "{'urn':'" SCHOOL_URN "','registers':[['2026-09-08','AM',[['%s','L'%s]]]]}", upn[0], extras[i]),
			      STATUS_OK, i ? "" : "\"known\":1");
		assert_int_equal(host_head(&h), head + 1);
		if (i)
			assert_string_equal(host_first(&h)->text, "");
	}
	assert_non_null(strstr(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'log'}")->text, "rang at ten"));
	assert_non_null(strstr(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'log'}")->text, "\"minutes_late\":7"));
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
	assert_refused(&h, CONNECTOR, COMMAND_MARKS, STATUS_TOO_LARGE, "10,000", text);
	free(text);
	text = many_marks(10000, NULL);
	assert_answer(host_ask(&h, CONNECTOR, COMMAND_MARKS, "%s", text), STATUS_OK, NULL);
	assert_int_equal(host_pupils(&h), 10001);
	free(text);
}

/* Of a hundred wrong rows each is told what is wrong with it. Of ten thousand each keeps its reason
 * alone, so that the event holds them, the one that stands is recorded, and a repeat is answered the same. */
static void thousands_of_wrong_upns(void **context)
{
	static const unsigned wrong[] = {100, 9999};

	(void)context;
	for (size_t n = 0; n < 2; n++) {
		char *text = NULL, *told;
		size_t size;
		FILE *out = open_memstream(&text, &size);
		const struct answer *a;

		fprintf(out, "{'urn':'" SCHOOL_URN "','registers':[['2026-09-0%zu','AM',[['%s','/']", 7 + n, upn[2]);
		for (unsigned i = 0; i < wrong[n]; i++)
			fprintf(out, ",['X%u','/']", i);
		fputs("]]]}", out);
		fclose(out);
		a = host_ask(&h, CONNECTOR, COMMAND_MARKS, "%s", text);
		assert_int_equal(a->status, STATUS_PARTIAL);
		assert_int_equal(times_in(a->text, "\"not a UPN\""), wrong[n]);
		assert_int_equal(times_in(a->text, "\"it has 13 characters"), n ? 0 : wrong[n]);
		told = strdup(a->text);
		a = host_again(&h, CONNECTOR, COMMAND_MARKS, h.last_id, "%s", text);
		assert_string_equal(a->text, told);
		free(told);
		free(text);
	}
	assert_int_equal(number_of(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'pupil','upn':'%s'}", upn[2])->text, "attended"), 2);
}

/* Comments may be long, but what they add up to is seen before a pupil is registered. */
static void comments_that_add_up_to_too_much(void **context)
{
	static char comment[4001];
	char *text;

	(void)context;
	memset(comment, 'x', sizeof comment - 1);
	text = many_marks(80, comment);
	assert_refused(&h, CONNECTOR, COMMAND_MARKS, STATUS_TOO_LARGE, "registers", text);
	free(text);
	text = many_marks(50, comment);
	assert_answer(host_ask(&h, CONNECTOR, COMMAND_MARKS, "%s", text), STATUS_OK, NULL);
	free(text);
}

static void the_same_id_with_other_content(void **context)
{
	uint8_t id[UUID_SIZE];
	struct host_look b;

	(void)context;
	host_id(&h, id);
	assert_answer(host_again(&h, CONNECTOR, COMMAND_MARKS, id, "{'urn':'" SCHOOL_URN "','registers':[['2026-09-08','AM',[['%s','N']]]]}", upn[0]),
		      STATUS_OK, NULL);
	b = host_look(&h);
	assert_answer(host_again(&h, CONNECTOR, COMMAND_MARKS, id, "{'urn':'" SCHOOL_URN "','registers':[['2026-09-08','AM',[['%s','/']]]]}", upn[0]),
		      STATUS_REUSED_ID, "\"field\":\"id\"");
	assert_unchanged(&h, &b);
	b = host_look(&h); /* the same content, from another key */
	assert_answer(host_again(&h, OFFICER, COMMAND_MARKS, id, "{'urn':'" SCHOOL_URN "','registers':[['2026-09-08','AM',[['%s','N']]]]}", upn[0]),
		      STATUS_REUSED_ID, "another key");
	assert_unchanged(&h, &b);
	b = host_look(&h); /* and as another command */
	assert_answer(host_again(&h, CONNECTOR, COMMAND_ROSTER, id, "{'urn':'" SCHOOL_URN "','registers':[['2026-09-08','AM',[['%s','N']]]]}", upn[0]),
		      STATUS_REUSED_ID, "\"field\":\"id\"");
	assert_unchanged(&h, &b);
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

/* Marks with all that there can be beside a code; some of them with a comment as long as one may be. */
static void push_full_marks(const char *date, const char *session, unsigned count, unsigned comments)
{
	char *json = NULL, pupil[UPN_SIZE + 1], comment[TEXT_SIZE_MAX + 1];
	size_t size;
	FILE *out = open_memstream(&json, &size);

	memset(comment, 'x', TEXT_SIZE_MAX);
	comment[TEXT_SIZE_MAX] = '\0';
	fprintf(out, "{'urn':'" SCHOOL_URN "','registers':[['%s','%s',[", date, session);
	for (unsigned i = 0; i < count; i++) {
		host_upn(pupil, 1000 + i);
		fprintf(out, "%s['%s','Y1',{'minutes_late':599,'recorded_at':'2026-09-07T08:55:00.123Z'%s%s%s}]", i ? "," : "", pupil,
			i < comments ? ",'comment':'" : "", i < comments ? comment : "", i < comments ? "'" : "");
	}
	fprintf(out, "]]]}");
	fclose(out);
	assert_answer(host_ask(&h, CONNECTOR, COMMAND_MARKS, "%s", json), STATUS_OK, NULL);
	free(json);
}

/* What a submission may hold is half of a message as the log gives it, and a page holds as many as fit. */
static void the_log_of_large_submissions_comes_in_messages_that_fit(void **context)
{
	uint64_t from;

	(void)context;
	push_full_marks("2026-09-07", "AM", 10000, 0);
	from = host_head(&h) + 1;
	push_full_marks("2026-09-07", "PM", 9790, 0);
	push_full_marks("2026-09-08", "AM", 10000, 14);
	for (unsigned i = 0; i < 2; i++) { /* that it fits is seen to in the host */
		assert_answer(host_ask(&h, AUDITOR, COMMAND_QUERY, "{'what':'log','from':%llu}", (unsigned long long)(from + i)), STATUS_OK, NULL);
		assert_int_equal(times_in(host_first(&h)->text, "\"kind\":\"marks-recorded\""), 1);
		if (i == 0)
			assert_int_equal(number_of(strstr(host_first(&h)->text, "\"next\""), "next"), from + 1);
	}
}

/* ---- rosters, actions, settings ---- */

static uint16_t seen_by_the_school(const char *who)
{
	return host_ask(&h, SCHOOL, COMMAND_QUERY, "{'what':'pupil','upn':'%s'}", who)->status;
}

static const struct answer *put_on_roster(const char *urn, const char *who)
{
	return host_ask(&h, OFFICER, COMMAND_ROSTER, "{'urn':'%s','pupils':[{'upn':'%s','surname':'A','birth_date':'2014-01-02'}]}", urn, who);
}

/* A place that was not taken up, say: the same pupil on another school's roster, before any register. */
static void a_roster_says_whose_pupil_it_is_until_a_register_does(void **context)
{
	char fresh[UPN_SIZE + 1];

	(void)context;
	host_upn(fresh, 77);
	assert_string_equal(put_on_roster(OTHER_URN, fresh)->text, "");
	assert_int_equal(seen_by_the_school(fresh), STATUS_NOT_FOUND);
	assert_answer(put_on_roster(OTHER_URN, fresh), STATUS_OK, "\"known\":1");
	assert_string_equal(put_on_roster(SCHOOL_URN, fresh)->text, "");
	assert_int_equal(seen_by_the_school(fresh), STATUS_OK);
	assert_answer(put_on_roster(SCHOOL_URN, fresh), STATUS_OK, "\"known\":1");
	/* from then on the latest register does, and a roster of elsewhere changes nothing */
	host_mark(&h, SCHOOL_URN, 77, "2026-09-07", "AM", "/");
	assert_answer(put_on_roster(OTHER_URN, fresh), STATUS_OK, "\"known\":1");
	assert_int_equal(seen_by_the_school(fresh), STATUS_OK);
}

#define P4 "{'id':'p'},{'id':'p'},{'id':'p'},{'id':'p'}"
#define P8 P4 "," P4

static void refused_pupil(const char *says, const char *who, const char *rest)
{
	assert_answer(host_ask(&h, CONNECTOR, COMMAND_ROSTER, "{'urn':'" SCHOOL_URN "','pupils':[{'upn':'%s','surname':'A'%s}]}", who, rest),
		      STATUS_NOTHING_ACCEPTED, says);
}

static void rosters(void **context)
{
	(void)context;
	assert_refused(&h, CONNECTOR, COMMAND_ROSTER, STATUS_BAD_BODY, "\"field\":\"pupils\"", "{'urn':'" SCHOOL_URN "','pupils':[]}");
	assert_refused(&h, CONNECTOR, COMMAND_ROSTER, STATUS_NOTHING_ACCEPTED, "[0,\"upn\"", "{'urn':'" SCHOOL_URN "','pupils':[{'upn':'A80120000000X','surname':'X'}]}");
	assert_refused(&h, CONNECTOR, COMMAND_ROSTER, STATUS_NOTHING_ACCEPTED, "[0,\"row\"", "{'urn':'" SCHOOL_URN "','pupils':[7]}");
	refused_pupil("[0,\"upn\",\"not a UPN\",\"it has 13 characters: a letter, then 12 digits\"]", "A8012", "");
	refused_pupil("\"a field is too long or not text\",\"forename\"]", upn[0], ",'forename':7");
	refused_pupil("\"a field is too long or not text\",\"a key that a pupil doesn't have\"]", upn[0], ",'sex':'F'");
	refused_pupil("\"parents: an array is wanted\"]", upn[0], ",'parents':{'id':'p1'}");
	refused_pupil("\"a field is too long or not text\",\"address\"]", upn[0], ",'parents':[{'id':'p1','address':7}]");
	refused_pupil("\"a key that a parent doesn't have: {id, name?, address?}\"]", upn[0], ",'parents':[{'id':'p1','phone':'7'}]");
	refused_pupil("\"parent\",\"not an id: a letter, then letters, digits or -\"]", upn[0], ",'parents':[{'id':'1p'}]");
	refused_pupil("\"parents: more than 16\"]", upn[0], ",'parents':[" P8 "," P8 ",{'id':'p'}]");
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
	assert_refused(&h, who, COMMAND_ACTION, status, says, json);
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
	assert_refused(&h, OFFICER, COMMAND_CALENDAR, STATUS_BAD_FIELD, "row 2: ",
		"{'rows':[['2026-09-02','2026-10-23','term','Autumn 1'],['2026-10-20','2026-12-18','term','Autumn 2']]}");
	assert_refused(&h, OFFICER, COMMAND_CALENDAR, STATUS_BAD_FIELD, "\"field\":\"from\"", "{'rows':[['2026-13-02','2026-10-23','term','x']]}");
	assert_refused(&h, OFFICER, COMMAND_CALENDAR, STATUS_BAD_FIELD, "\"field\":\"kind\"", "{'rows':[['2026-09-02','2026-10-23','terms','x']]}");
	assert_refused(&h, OFFICER, COMMAND_CALENDAR, STATUS_BAD_FIELD, "row 1", "{'rows':[['2026-10-23','2026-09-02','term','x']]}");
	assert_refused(&h, OFFICER, COMMAND_CALENDAR, STATUS_BAD_FIELD, "\"field\":\"rows\"", "{'rows':[]}");
	assert_refused(&h, OFFICER, COMMAND_CALENDAR, STATUS_BAD_FIELD, "\"field\":\"urn\"", "{'urn':'x','rows':[['2026-09-02','2026-10-23','term','x']]}");
}

static void a_pathway_that_is_wrong(void **context)
{
	(void)context;
	assert_refused(&h, ADMIN, COMMAND_PATHWAY, STATUS_BAD_FIELD, "faults", "{'source':'pathway: x\n'}");
	assert_refused(&h, ADMIN, COMMAND_PATHWAY, STATUS_BAD_FIELD, "\"field\":\"source\"", "{}");
}

static void grants(void **context)
{
	char json[300], key[Z85_KEY_SIZE + 1];

	(void)context;
	host_key_text(key, SPARE);
	assert_refused(&h, ADMIN, COMMAND_GRANT, STATUS_BAD_FIELD, "\"field\":\"key\"", "{'key':'short','role':'officer'}");
	snprintf(json, sizeof json, "{'key':'%s','role':'king'}", key);
	assert_refused(&h, ADMIN, COMMAND_GRANT, STATUS_BAD_FIELD, "\"field\":\"role\"", json);
	snprintf(json, sizeof json, "{'key':'%s','role':'school'}", key);
	assert_refused(&h, ADMIN, COMMAND_GRANT, STATUS_BAD_FIELD, "\"field\":\"schools\"", json);
	snprintf(json, sizeof json, "{'key':'%s','role':'lead','cases':['12']}", key);
	assert_refused(&h, ADMIN, COMMAND_GRANT, STATUS_BAD_FIELD, "\"field\":\"cases\"", json);
	snprintf(json, sizeof json, "{'key':'%s'}", key);
	assert_refused(&h, ADMIN, COMMAND_REVOKE, STATUS_NOT_FOUND, "\"field\":\"key\"", json);
}

/* A store that nobody administers could never be put right but by the shell. */
static void the_last_administrator_stays(void **context)
{
	char json[300], key[Z85_KEY_SIZE + 1];

	(void)context;
	host_key_text(key, ADMIN);
	snprintf(json, sizeof json, "{'key':'%s'}", key);
	assert_refused(&h, ADMIN, COMMAND_REVOKE, STATUS_BAD_FIELD, "last administrator", json);
	snprintf(json, sizeof json, "{'key':'%s','role':'auditor'}", key);
	assert_refused(&h, ADMIN, COMMAND_GRANT, STATUS_BAD_FIELD, "last administrator", json);
	host_grant(&h, SPARE, "administrator", "");
	assert_answer(host_ask(&h, ADMIN, COMMAND_GRANT, "%s", json), STATUS_OK, NULL);
}

static void alerts_to_acknowledge(void **context)
{
	(void)context;
	assert_refused(&h, OFFICER, COMMAND_ACKNOWLEDGE, STATUS_NOT_FOUND, "\"field\":\"alert\"", "{'alert':99}");
	assert_refused(&h, OFFICER, COMMAND_ACKNOWLEDGE, STATUS_BAD_FIELD, "\"field\":\"alert\"", "{'alert':'1'}");
	assert_refused(&h, OFFICER, COMMAND_ACKNOWLEDGE, STATUS_BAD_FIELD, "\"field\":\"alert\"", "{}");
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(marks_of_another_form),
		T(rows_that_are_refused),
		T(en_01_an_unknown_code_is_refused_by_name_and_the_rest_is_taken),
		T(the_same_session_twice_in_one_submission),
		T(what_stands_beside_a_known_code_is_recorded),
		T(ten_thousand_marks_and_one_more),
		T(thousands_of_wrong_upns), T(comments_that_add_up_to_too_much),
		T(the_same_id_with_other_content),
		T(a_refused_submissions_id_is_not_remembered),
		T(the_log_of_large_submissions_comes_in_messages_that_fit),
		T(a_roster_says_whose_pupil_it_is_until_a_register_does),
		T(rosters),
		T(actions),
		T(calendars),
		T(a_pathway_that_is_wrong),
		T(grants),
		T(the_last_administrator_stays),
		T(alerts_to_acknowledge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
