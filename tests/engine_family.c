/* Siblings and parents in common, and a move of school in the middle of a period, through the engine. SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "daemon/engine_parts.h"
#include "tests/family_scene.h"

static char one[4096];

static const struct answer *join(unsigned a, const char *parent, unsigned b, const char *other, const char *more)
{
	return host_ask(&h, OFFICER, COMMAND_LINK, "{'upn':'%s','parent':'%s','other':'%s','other_parent':'%s'%s}", upn[a], parent, upn[b], other, more);
}

/* The notices for other children that count against this case's parents: "p1 20733, ..." */
static const char *family_of(uint32_t case_no)
{
	static char text[400];
	struct case_state *c = malloc(sizeof *c);
	struct txn *txn = engine_read(h.engine);
	struct case_view view;
	size_t at = 0;

	text[0] = 0;
	assert_int_equal(state_case_load(&h.engine->state, case_no, c), STORE_OK);
	assert_int_equal(state_case_view(&h.engine->state, c, 20000, &view), STORE_OK);
	assert_int_equal(state_view_earlier(&h.engine->state, c, &view), STORE_OK);
	for (size_t i = 0; i < view.family_count; i++)
		at += (size_t)snprintf(text + at, sizeof text - at, "%s%s %u", i ? ", " : "", view.family[i].parent, view.family[i].issued);
	engine_read_end(h.engine, txn);
	free(c);
	return text;
}

/* SK-08's ground: a parent's notices for all their children, whatever their id there. */
static void sk_08_a_parents_notices_for_other_children(void **context)
{
	(void)context;
	act(OFFICER, 1, "note", "");                                                                 /* C1 */
	act(OFFICER, 2, "penalty-notice", ",'on':'2026-10-01','parent':'m','fields':{'reason':'leave'}"); /* C2 */
	act(OFFICER, 2, "penalty-notice", ",'on':'2026-10-02','parent':'f','fields':{'reason':'leave'}");
	act(OFFICER, 3, "penalty-notice", ",'on':'2026-10-05','parent':'x','fields':{'reason':'leave'}"); /* C3 */
	assert_string_equal(family_of(1), "");
	assert_answer(join(1, "p1", 2, "m", ""), STATUS_OK, "{\"changed\":0}");
	assert_string_equal(family_of(1), "p1 20727"); /* not the other parent's */
	assert_string_equal(family_of(2), "");
	/* and on through the second child to a third */
	assert_answer(join(3, "x", 2, "m", ""), STATUS_OK, NULL);
	assert_string_equal(family_of(1), "p1 20727, p1 20731");
	assert_string_equal(family_of(2), "m 20731");
	assert_string_equal(family_of(3), "x 20727");
	/* a link that was wrong */
	assert_answer(join(1, "p1", 2, "m", ",'stands':false"), STATUS_OK, NULL);
	assert_string_equal(family_of(1), "");
	assert_string_equal(family_of(3), "x 20727");
	/* closed cases count too */
	act(OFFICER, 2, "close", "");
	assert_string_equal(family_of(3), "x 20727");
}

static void siblings_without_parents_share_no_notices(void **context)
{
	uint64_t before = host_head(&h);

	(void)context;
	act(OFFICER, 1, "note", "");
	act(OFFICER, 2, "penalty-notice", ",'parent':'p1','fields':{'reason':'leave'}");
	assert_answer(host_ask(&h, OFFICER, COMMAND_LINK, "{'upn':'%s','other':'%s'}", upn[1], upn[2]), STATUS_OK, NULL);
	assert_answer(host_ask(&h, OFFICER, COMMAND_LINK, "{'upn':'%s','other':'%s'}", upn[2], upn[3]), STATUS_OK, NULL);
	assert_string_equal(family_of(1), "");
	snprintf(one, sizeof one, "\"siblings\":[{\"upn\":\"%s\",\"percentage\":0.0,\"unauthorised_10_weeks\":10,\"persistent\":false},{\"upn\":\"%s\",", upn[2], upn[3]);
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'people','upn':'%s'}", upn[1]), STATUS_OK, one);
	/* a school is told of its own pupils alone */
	snprintf(one, sizeof one, "\"siblings\":[{\"upn\":\"%s\",\"percentage\":0.0,\"unauthorised_10_weeks\":10,\"persistent\":false}]", upn[2]);
	assert_answer(host_ask(&h, SCHOOL, COMMAND_QUERY, "{'what':'people','upn':'%s'}", upn[1]), STATUS_OK, one);
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'people','upn':'%s','as_of':%llu}", upn[1], (unsigned long long)before),
		      STATUS_OK, "\"siblings\":[]");
}

#define REFUSED(command, who, status, says, ...) \
	do { \
		char json[500]; \
		snprintf(json, sizeof json, __VA_ARGS__); \
		assert_refused(&h, who, command, status, says, json); \
	} while (0)

static void a_wrong_link_is_refused(void **context)
{
	(void)context;
	assert_answer(join(1, "p1", 2, "m", ""), STATUS_OK, NULL);
	assert_answer(join(2, "m", 3, "x", ""), STATUS_OK, NULL);
	REFUSED(COMMAND_LINK, OFFICER, STATUS_BAD_FIELD, "linked so already", "{'upn':'%s','parent':'p1','other':'%s','other_parent':'m'}", upn[1], upn[2]);
	REFUSED(COMMAND_LINK, OFFICER, STATUS_BAD_FIELD, "the same person", "{'upn':'%s','parent':'y','other':'%s','other_parent':'p1'}", upn[3], upn[1]);
	REFUSED(COMMAND_LINK, OFFICER, STATUS_BAD_FIELD, "or neither", "{'upn':'%s','parent':'p1','other':'%s'}", upn[1], upn[2]);
	REFUSED(COMMAND_LINK, OFFICER, STATUS_BAD_FIELD, "the same pupil", "{'upn':'%s','other':'%s'}", upn[1], upn[1]);
	REFUSED(COMMAND_LINK, OFFICER, STATUS_NOT_FOUND, "no such link", "{'upn':'%s','other':'%s','stands':false}", upn[1], upn[2]);
	REFUSED(COMMAND_LINK, OFFICER, STATUS_NOT_FOUND, "\"other\"", "{'upn':'%s','other':'%s'}", upn[1], upn[0]);
	REFUSED(COMMAND_LINK, SCHOOL, STATUS_FORBIDDEN, "", "{'upn':'%s','other':'%s'}", upn[1], upn[2]);
}

/* Each parent's own: one pays on day 21, the other on day 22. */
/* Who is known by links, and how many links and facts are held of one: as much as said, and then a word; what stands can
 * still be taken back. */
static void as_many_as_are_followed(void **context)
{
	char child[40][UPN_SIZE + 1], room[200];
	unsigned facts = 0, links = 0;
	const struct answer *a;

	(void)context;
	for (unsigned i = 0; i < 40; i++) {
		host_upn(child[i], 100 + i);
		host_marks(&h, SCHOOL_URN, 100 + i, "2026-09-14", "2026-09-14", "/");
	}
	/* 24 pupils in all, this one with them */
	for (unsigned i = 1; i < 24; i++)
		assert_answer(host_ask(&h, OFFICER, COMMAND_LINK, "{'upn':'%s','other':'%s'}", child[0], child[i]), STATUS_OK, NULL);
	assert_answer(host_ask(&h, OFFICER, COMMAND_LINK, "{'upn':'%s','other':'%s'}", child[0], child[24]), STATUS_BAD_FIELD, "24 pupils in all");
	/* nor two families that would become one of more */
	assert_answer(host_ask(&h, OFFICER, COMMAND_LINK, "{'upn':'%s','other':'%s'}", child[24], child[25]), STATUS_OK, NULL);
	assert_answer(host_ask(&h, OFFICER, COMMAND_LINK, "{'upn':'%s','other':'%s'}", child[25], child[7]), STATUS_BAD_FIELD, "24 pupils in all");
	assert_answer(host_ask(&h, OFFICER, COMMAND_LINK, "{'upn':'%s','other':'%s','stands':false}", child[0], child[7]), STATUS_OK, NULL);
	/* between the same two, by parent after parent; 23 are held of the first already */
	for (unsigned i = 1; i < 20; i++) {
		a = host_ask(&h, OFFICER, COMMAND_LINK, "{'upn':'%s','parent':'p%u','other':'%s','other_parent':'p%u'}", child[0], i, child[1], i);
		if (a->status != STATUS_OK)
			break;
		links++;
	}
	assert_answer(a, STATUS_BAD_FIELD, "32 of a pupil");
	assert_int_equal(links, 32 - 23);
	assert_answer(host_ask(&h, OFFICER, COMMAND_LINK, "{'upn':'%s','parent':'p3','other':'%s','other_parent':'p3','stands':false}", child[0], child[1]),
		      STATUS_OK, NULL);
	assert_answer(host_ask(&h, OFFICER, COMMAND_LINK, "{'upn':'%s','parent':'p3','other':'%s','other_parent':'p3'}", child[0], child[1]), STATUS_OK, NULL);
	/* one day after the other, for it is the same again where it says no more */
	for (unsigned i = 0; i < 70; i++) {
		snprintf(room, sizeof room, "{'upn':'%s','fact':'child-in-need','since':'2026-%02u-%02u','holds':%s}", child[30], 6 + i / 28, 1 + i % 28,
			 i % 2 ? "false" : "true");
		a = host_ask(&h, OFFICER, COMMAND_FACT, "%s", room);
		if (a->status != STATUS_OK)
			break;
		facts++;
	}
	assert_answer(a, STATUS_BAD_FIELD, "64 facts are held");
	assert_int_equal(facts, 64);
	/* what is said of a day for which something is held takes its place */
	assert_answer(host_ask(&h, OFFICER, COMMAND_FACT, "{'upn':'%s','fact':'child-in-need','since':'2026-06-01','holds':false}", child[30]), STATUS_OK, NULL);
}

static void sp_14_two_parents_pay_for_themselves(void **context)
{
	(void)context;
	act(OFFICER, 1, "penalty-notice", ",'on':'2026-09-21','parent':'p1','fields':{'reason':'leave','received':'2026-09-21'}");
	act(OFFICER, 1, "penalty-notice", ",'on':'2026-09-21','parent':'p2','fields':{'reason':'leave','received':'2026-09-21'}");
	act(OFFICER, 1, "payment", ",'on':'2026-10-12','parent':'p1'"); /* day 21 */
	act(OFFICER, 1, "payment", ",'on':'2026-10-13','parent':'p2'"); /* day 22 */
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'people','upn':'%s'}", upn[1]), STATUS_OK,
		      "\"paid\":\"2026-10-12\",\"paid_amount\":80.0");
	assert_answer(host_first(&h), STATUS_OK, "\"paid\":\"2026-10-13\",\"paid_amount\":160.0");
	assert_answer(host_first(&h), STATUS_OK, "\"parents\":[{\"parent\":\"p1\",\"name\":null,\"address\":null,\"penalty_notices\":[{\"parent\":\"p1\"");
}

/* ---- a move of school ---- */

static const char *last_day(const char *case_id)
{
	static char text[DATE_TEXT_SIZE + 1];
	const char *at = strstr(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'case','case':'%s'}", case_id)->text, "\"last_day\":\"");

	assert_non_null(at);
	snprintf(text, sizeof text, "%s", at + strlen("\"last_day\":\""));
	return text;
}

/* 16, 19-23 October, 2-5, 9, 10 November are twelve days; then the other school's: 11, 13, 16. */
static void a_move_of_school_on_day_12(void **context)
{
	(void)context;
	act(OFFICER, 1, "notice-to-improve", ",'on':'2026-10-15','parent':'p1'");
	assert_string_equal(last_day("C1"), "2026-11-13");
	time_passes("2026-11-11T16:00:00Z");
	host_mark(&h, SCHOOL_URN, 1, "2026-11-10", "PM", "\\");
	assert_string_equal(last_day("C1"), "2026-11-13");
	host_mark(&h, OTHER_URN, 1, "2026-11-11", "AM", "/");
	assert_string_equal(last_day("C1"), "2026-11-16");
	assert_int_equal(host_alerts(&h, "deadline-moved", "raised", one), 1);
	assert_non_null(strstr(one, "from Friday 13 November 2026 to Monday 16 November 2026, for the pupil is at another school"));
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'people','upn':'%s'}", upn[1]), STATUS_OK,
		      "\"schools\":[{\"urn\":\"" SCHOOL_URN "\",\"from\":null},{\"urn\":\"" OTHER_URN "\",\"from\":\"2026-11-11\"}]");
	/* the next register there says nothing new; a breach is one all the same */
	host_mark(&h, OTHER_URN, 1, "2026-11-11", "PM", "N");
	assert_int_equal(host_alerts(&h, "deadline-moved", NULL, one), 1);
	assert_int_equal(host_alerts(&h, "breach", "raised", one), 1);
	/* both schools' calendars go on to count, each for its own days */
	assert_answer(host_ask(&h, OFFICER, COMMAND_CALENDAR, "{'urn':'" SCHOOL_URN "','rows':[" TERMS ",['2026-11-03','2026-11-03','closure','snow'],['2026-11-13','2026-11-13','closure','later']]}"),
		      STATUS_OK, "\"moved\":1");
	assert_string_equal(last_day("C1"), "2026-11-17");
	assert_answer(host_ask(&h, OFFICER, COMMAND_CALENDAR, "{'urn':'" OTHER_URN "','rows':[" OTHER_TERMS ",['2026-11-02','2026-11-02','closure','before']]}"),
		      STATUS_OK, "\"moved\":1");
	assert_string_equal(last_day("C1"), "2026-11-16");
	time_passes("2026-11-16T09:00:00Z");
	assert_int_equal(host_alerts(&h, "decision", NULL, one), 0);
	time_passes("2026-11-17T00:00:00Z");
	assert_int_equal(host_alerts(&h, "decision", NULL, one), 1);
	/* as it was known before the move */
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'case','case':'C1','as_of':'2026-11-10T23:00:00Z'}"), STATUS_OK, "\"last_day\":\"2026-11-13\"");
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'case','case':'C1','as_of':'2026-11-12T00:00:00Z'}"), STATUS_OK, "\"last_day\":\"2026-11-16\"");
}

/* Begun before any register: the case takes the days of the first school that there is. */
static void a_case_begun_before_any_register(void **context)
{
	(void)context;
	assert_answer(host_ask(&h, OFFICER, COMMAND_ROSTER, "{'urn':'" OTHER_URN "','pupils':[{'upn':'%s','surname':'Z'}]}", upn[0]), STATUS_OK, NULL);
	act(OFFICER, 0, "notice-to-improve", ",'on':'2026-10-12','parent':'p1'");
	assert_string_equal(last_day("C1"), "2026-11-10"); /* 13-16, 19-23 October, 2-5, 9, 10 November */
	time_passes("2026-10-16T16:00:00Z");
	host_mark(&h, OTHER_URN, 0, "2026-10-16", "AM", "/");
	assert_string_equal(last_day("C1"), "2026-11-09"); /* 13-16, 26-30 October, 2-6, 9 November */
}

/* On the roster and in no register yet: the school may see the child, and is told of the case. */
static void a_school_is_told_before_any_register(void **context)
{
	(void)context;
	assert_answer(host_ask(&h, OFFICER, COMMAND_ROSTER, "{'urn':'" SCHOOL_URN "','pupils':[{'upn':'%s','surname':'Z'}]}", upn[0]), STATUS_OK, NULL);
	act(OFFICER, 0, "notice-to-improve", ",'on':'2026-10-12','parent':'p1'");
	assert_answer(host_ask(&h, SCHOOL, COMMAND_QUERY, "{'what':'case','case':'C1'}"), STATUS_OK, NULL);
	time_passes("2026-11-16T16:00:00Z");
	assert_answer(host_ask(&h, SCHOOL, COMMAND_QUERY, "{'what':'alerts','from':28}"), STATUS_OK, "\"kind\":\"decision\"");
}

/* A term of both schools from that day on, two weeks of it holidays at the other one, and sessions missed without leave at one of them. */
static void absent_over_a_holiday(const char *first, const char *urn, const char *const days[], size_t count)
{
	char day[16];

	assert_answer(host_ask(&h, OFFICER, COMMAND_CALENDAR, "{'urn':'" SCHOOL_URN "','rows':[['%s','2026-12-18','term','T']]}", first), STATUS_OK, NULL);
	assert_answer(host_ask(&h, OFFICER, COMMAND_CALENDAR,
			       "{'urn':'" OTHER_URN "','rows':[['%s','2026-12-18','term','T'],['2026-10-19','2026-11-01','holiday','H']]}", first),
		      STATUS_OK, NULL);
	for (size_t i = 0; i < count; i++) {
		snprintf(day, sizeof day, "2026-%s", days[i]);
		host_mark(&h, urn, 0, day, "AM", "O");
	}
}

/* Ten at the old school, eleven by the new one's weeks, and at no moment below: there is nothing to say anew. */
static void en_02_a_move_of_school_says_nothing_twice(void **context)
{
	static const char *const days[] = {"09-07", "09-08", "09-14", "09-15", "09-21", "09-28", "10-05", "10-12", "10-19", "10-26", "11-02", "11-09", "11-16", "11-23"};

	(void)context;
	time_passes("2026-11-30T16:00:00Z");
	absent_over_a_holiday("2026-09-02", SCHOOL_URN, days, sizeof days / sizeof *days);
	assert_int_equal(host_alerts(&h, "threshold", NULL, one), 5); /* four are of the others */
	host_mark(&h, OTHER_URN, 0, "2026-11-30", "AM", "O");
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'pupil','upn':'%s'}", upn[0]), STATUS_OK, "\"unauthorised_10_weeks\":11");
	assert_int_equal(host_alerts(&h, "threshold", NULL, one), 5);
}

/* Reached at the one school, not so by the other's weeks; then the first corrects the very register that took the pupil there. */
static void en_03_a_move_of_school_leaves_what_was_right(void **context)
{
	static const char *const days[] = {"08-24", "09-07", "09-08", "09-14", "09-21", "09-28", "10-05", "10-12", "11-02", "11-09"};

	(void)context;
	time_passes("2026-11-20T16:00:00Z");
	absent_over_a_holiday("2026-08-17", OTHER_URN, days, sizeof days / sizeof *days);
	assert_int_equal(host_alerts(&h, "threshold", "raised", one), 5); /* four are of the others */
	host_mark(&h, SCHOOL_URN, 0, "2026-11-16", "PM", "O");
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'pupil','upn':'%s'}", upn[0]), STATUS_OK, "\"unauthorised_10_weeks\":8");
	host_mark(&h, OTHER_URN, 0, "2026-11-16", "PM", "\\");
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'pupil','upn':'%s'}", upn[0]), STATUS_OK, "\"unauthorised_10_weeks\":9");
	assert_int_equal(host_alerts(&h, "threshold", "raised", one), 5);
}

static void close_case(unsigned child)
{
	act(OFFICER, child, "close", ",'fields':{'reason':'r'}");
}

/* Between two cases the pupil goes back, or on: the second counts by the days of where they are, as if they had always been there. */
static void a_move_of_school_between_two_cases(void **context)
{
	(void)context;
	act(OFFICER, 1, "note", ",'on':'2026-10-12'");
	time_passes("2026-10-16T16:00:00Z");
	host_mark(&h, OTHER_URN, 1, "2026-10-12", "AM", "/");
	close_case(1);
	host_mark(&h, SCHOOL_URN, 1, "2026-10-13", "AM", "/");
	act(OFFICER, 1, "notice-to-improve", ",'on':'2026-10-15','parent':'p1'");
	assert_string_equal(last_day("C2"), "2026-11-13");
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'people','upn':'%s'}", upn[1]), STATUS_OK,
		      "\"urn\":\"" OTHER_URN "\",\"from\":\"2026-10-12\"},{\"urn\":\"" SCHOOL_URN "\",\"from\":\"2026-10-13\"}]");
	assert_int_equal(host_alerts(&h, "deadline-moved", NULL, one), 0);
	/* and this one takes its days along, as the first did */
	time_passes("2026-11-11T16:00:00Z");
	host_mark(&h, OTHER_URN, 1, "2026-11-11", "AM", "/");
	assert_string_equal(last_day("C2"), "2026-11-16");
	/* as it was known before that move */
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'case','case':'C2','as_of':'2026-11-10T23:00:00Z'}"), STATUS_OK, "\"last_day\":\"2026-11-13\"");
	/* who never moved with a case open has nothing kept of it */
	host_mark(&h, OTHER_URN, 2, "2026-11-11", "AM", "/");
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'people','upn':'%s'}", upn[2]), STATUS_OK, "\"schools\":[]");
}

/* A parent in common and a sister at another school: those who may see her pupils are told, and as of then too. */
static void a_school_learns_nothing_of_another_schools_children(void **context)
{
	static const char own[] = "\"same_as\":[]", none[] = "\"siblings\":[]";
	char same[80], question[120];

	(void)context;
	assert_answer(join(1, "p1", 3, "p2", ""), STATUS_OK, NULL);
	assert_answer(host_ask(&h, OFFICER, COMMAND_LINK, "{'upn':'%s','other':'%s'}", upn[2], upn[4]), STATUS_OK, NULL);
	snprintf(same, sizeof same, "\"same_as\":[{\"upn\":\"%s\",\"parent\":\"p2\"}]", upn[3]);
	for (unsigned i = 0; i < 2; i++) {
		snprintf(question, sizeof question, "{'what':'people','upn':'%s'%s}", upn[1], i ? ",'as_of':'2026-10-15'" : "");
		assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "%s", question), STATUS_OK, same);
		assert_answer(host_ask(&h, SCHOOL, COMMAND_QUERY, "%s", question), STATUS_OK, own);
		assert_null(strstr(host_first(&h)->text, upn[3]));
		snprintf(question, sizeof question, "{'what':'people','upn':'%s'%s}", upn[2], i ? ",'as_of':'2026-10-15'" : "");
		assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "%s", question), STATUS_OK, upn[4]);
		assert_answer(host_ask(&h, SCHOOL, COMMAND_QUERY, "%s", question), STATUS_OK, none);
		assert_null(strstr(host_first(&h)->text, upn[4]));
		host_set_time(&h, "2026-10-16T09:00:00Z");
		host_mark(&h, SCHOOL_URN, 1, "2026-10-16", "AM", "/");
	}
}

/* Of very many steps that a fact opens the alert tells as many as it has room for, and how many more there are. */
static void what_a_fact_opens_beyond_what_is_told(void **context)
{
	static char source[16000];
	const char *text;
	int at = snprintf(source, sizeof source, "pathway: many\ntitle: Many\nsource: none\nstages: {start: Start, closed: Closed}\nfirst stage: start\nclosed stage: closed\nactions:\n"
			  "  begin: {title: Begin, may record: [officer]}\n  close: {title: Closing, may record: [officer], moves to: closed}\n");

	(void)context;
	for (unsigned i = 0; i < 12; i++)
		at += snprintf(source + at, sizeof source - (size_t)at,
			       "  step-%u: {title: \"Step %0400u\", may record: [officer], needs: [{that: looked_after, lack: \"not in care\"}]}\n", i, i);
	assert_answer(host_ask(&h, ADMIN, COMMAND_PATHWAY, "{'source':'%s','default':true}", source), STATUS_OK, NULL);
	act(OFFICER, 1, "begin", "");
	assert_answer(host_ask(&h, OFFICER, COMMAND_FACT, "{'upn':'%s','fact':'looked-after'}", upn[1]), STATUS_OK, "\"changed\":1");
	assert_int_equal(host_alerts(&h, "fact-changed", NULL, one), 1);
	text = strstr(one, " And ");
	assert_non_null(text);
	assert_non_null(strstr(text, " more: attend actions lists what may be done."));
	assert_int_equal(times_in(one, "Step 000") + strtoul(text + 5, NULL, 10), 12);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(sk_08_a_parents_notices_for_other_children),
		T(siblings_without_parents_share_no_notices),
		T(a_wrong_link_is_refused),
		T(as_many_as_are_followed),
		T(sp_14_two_parents_pay_for_themselves),
		T(a_move_of_school_on_day_12),
		T(a_move_of_school_between_two_cases),
		T(a_school_is_told_before_any_register),
		T(en_03_a_move_of_school_leaves_what_was_right),
		T(en_02_a_move_of_school_says_nothing_twice),
		T(a_case_begun_before_any_register),
		T(a_school_learns_nothing_of_another_schools_children),
		T(what_a_fact_opens_beyond_what_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
