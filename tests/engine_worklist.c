/* What an officer works from: which steps are asked for, what matters today, who is who.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "daemon/fold.h"
#include "tests/engine_host.h"

static struct host h;
static char upn[3][UPN_SIZE + 1]; /* at the school; each test leaves them to the next */

static int setup(void **context)
{
	(void)context;
	host_make(&h, &(struct host_options){.start = "2026-09-02T07:00:00Z"});
	host_grant(&h, OFFICER, "officer", ",'name':'officer'");
	for (unsigned i = 0; i < 3; i++) {
		host_upn(upn[i], i);
		host_set_time(&h, "2026-09-04T15:30:00Z");
		host_marks(&h, SCHOOL_URN, i, "2026-09-02", "2026-09-04", "/");
	}
	return 0;
}

static int teardown(void **context)
{
	(void)context;
	return host_end_verified(&h);
}

static void to(const char *time)
{
	host_set_time(&h, time);
	host_turns(&h);
}

/* What `actions` says of one, up to its fields. */
static const char *action(unsigned pupil, const char *name)
{
	static char room[600];
	char start[80];
	const char *at, *end;

	snprintf(start, sizeof start, "{\"action\":\"%s\"", name);
	at = strstr(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'actions','upn':'%s'}", upn[pupil])->text, start);
	assert_non_null(at);
	end = strstr(at, "\"fields\"");
	assert_non_null(end);
	snprintf(room, sizeof room, "%.*s", (int)(end - at), at);
	return room;
}

static void act(unsigned pupil, const char *name, const char *more)
{
	assert_int_equal(host_ask(&h, OFFICER, COMMAND_ACTION, "{'upn':'%s','action':'%s'%s}", upn[pupil], name, more)->status, STATUS_OK);
}

static void steps_say_what_they_would_do(void **context)
{
	(void)context;
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'actions','upn':'%s'}", upn[0]), STATUS_OK,
		      "\"stage\":\"universal\",\"stages\":[\"universal\",\"stage-1\",\"stage-2\",\"stage-3a\",\"monitoring\",\"stage-3b\",\"stage-4\",\"closed\"]");
	assert_non_null(strstr(action(0, "review"), "\"meets\":[],\"follows\":[\"plan\",\"early-help\"]"));
	assert_non_null(strstr(action(0, "plan"), "\"follows\":[\"contact\",\"meeting\""));
	act(0, "contact", ",'fields':{'reached':'yes'}");
	act(0, "plan", ",'fields':{'support_offered':'yes'},'override':'agreed'");
	/* the review is due in six weeks, and is asked for from the plan on; a period would run its course first */
	assert_non_null(strstr(action(0, "review"), "\"meets\":[1]"));
	assert_non_null(strstr(action(0, "contact"), "\"meets\":[]"));
	act(0, "notice-to-improve", ",'parent':'p1','override':'agreed'");
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'case','upn':'%s'}", upn[0]), STATUS_OK, "\"kind\":\"nti-end\"");
	assert_non_null(strstr(action(0, "decision"), "\"meets\":[]"));
	assert_non_null(strstr(action(0, "penalty-notice"), "\"meets\":[]"));
}

static uint64_t due_today(enum who who)
{
	return number_of(strstr(host_ask(&h, who, COMMAND_QUERY, "{'what':'today'}")->text, "\"group\":\"today\""), "count");
}

/* It is begun for every child with a case, since it may become known that they have a social worker. */
static void what_need_not_be_done_is_not_due(void **context)
{
	(void)context;
	to("2026-09-06T09:00:00Z");
	act(1, "contact", ",'fields':{'reached':'yes'}");
	to("2026-09-07T16:00:00Z");
	host_mark(&h, SCHOOL_URN, 1, "2026-09-07", "AM", "N");
	to("2026-09-08T08:00:00Z");
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'case','upn':'%s'}", upn[1]), STATUS_OK, "\"kind\":\"social-worker-told\"");
	assert_int_equal(due_today(SCHOOL), 0);
	assert_non_null(strstr(action(1, "social-worker-told"), "\"meets\":[]"));
	assert_int_equal(host_ask(&h, OFFICER, COMMAND_FACT, "{'upn':'%s','fact':'social-worker','since':'2026-09-01'}", upn[1])->status, STATUS_OK);
	/* they have one; and it is the school's to do */
	assert_int_equal(due_today(SCHOOL), 1);
	assert_int_equal(due_today(AUDITOR), 1);
	assert_int_equal(due_today(OFFICER), 0);
	assert_non_null(strstr(action(1, "social-worker-told"), "\"meets\":[1]"));
	act(1, "social-worker-told", "");
	assert_int_equal(due_today(SCHOOL), 0);
}

/* A school's name stands wherever its number would be all that a person reads. */
static void schools_have_names(void **context)
{
	(void)context;
	assert_refused(&h, SCHOOL, COMMAND_SCHOOL, STATUS_FORBIDDEN, NULL, "{'urn':'" SCHOOL_URN "','name':'x'}");
	assert_refused(&h, OFFICER, COMMAND_SCHOOL, STATUS_BAD_FIELD, "name", "{'urn':'" SCHOOL_URN "','name':'a\tb'}");
	assert_refused(&h, OFFICER, COMMAND_SCHOOL, STATUS_BAD_FIELD, "name", "{'urn':'" SCHOOL_URN "','name':7}");
	assert_refused(&h, OFFICER, COMMAND_SCHOOL, STATUS_BAD_FIELD, "kinds", "{'urn':'" SCHOOL_URN "'}");
	assert_answer(host_ask(&h, OFFICER, COMMAND_SCHOOL, "{'urn':'" SCHOOL_URN "','name':'Hill Top'}"), STATUS_OK, "\"name\":\"Hill Top\",\"kinds\":[]");
	/* what isn't said stays as it is */
	assert_answer(host_ask(&h, OFFICER, COMMAND_SCHOOL, "{'urn':'" SCHOOL_URN "','kinds':['primary']}"), STATUS_OK, "\"name\":\"Hill Top\",\"kinds\":[\"primary\"]");
	assert_answer(host_ask(&h, OFFICER, COMMAND_SCHOOL, "{'urn':'" SCHOOL_URN "','name':'St Mary'}"), STATUS_OK, "\"name\":\"St Mary\",\"kinds\":[\"primary\"]");
	host_restart(&h);
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'schools'}"), STATUS_OK, "\"name\":\"St Mary\"");
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'school','urn':'" SCHOOL_URN "'}"), STATUS_OK, "\"name\":\"St Mary\"");
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'authority'}"), STATUS_OK, "\"urn\":\"" SCHOOL_URN "\",\"name\":\"St Mary\"");
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'pupil','upn':'%s'}", upn[0]), STATUS_OK, "\"school\":\"St Mary\"");
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'today'}"), STATUS_OK, "\"school\":\"St Mary\"");
	assert_answer(host_ask(&h, AUDITOR, COMMAND_QUERY, "{'what':'log'}"), STATUS_OK, "\"kind\":\"school-described\"");
	assert_answer(host_ask(&h, OFFICER, COMMAND_SCHOOL, "{'urn':'" SCHOOL_URN "','name':''}"), STATUS_OK, "\"name\":null");
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'pupil','upn':'%s'}", upn[0]), STATUS_OK, "\"school\":null");
}

static void named(const char *asked, enum who who, unsigned count)
{
	const struct answer *a = host_ask(&h, who, COMMAND_QUERY, "{'what':'names','name':'%s'}", asked);

	assert_int_equal(a->status, STATUS_OK);
	if (times_in(a->text, "\"upn\":") != count)
		fail_msg("'%s': %s", asked, a->text);
}

/* By the beginnings of their names, with marks or without, and only those whom one may see. */
static void pupils_are_found_by_name(void **context)
{
	char other[UPN_SIZE + 1];

	(void)context;
	host_upn(other, 50);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(host_ask(&h, OFFICER, COMMAND_ROSTER, "{'urn':'" SCHOOL_URN "','pupils':[{'upn':'%s','surname':'%s','forename':'%s'}]}", upn[i],
					  i == 1 ? "Smith-Jones" : "Kowalski", i == 2 ? "Mary Ann" : "Zofia")->status, STATUS_OK);
	assert_int_equal(host_ask(&h, OFFICER, COMMAND_ROSTER, "{'urn':'" OTHER_URN "','pupils':[{'upn':'%s','surname':'Kowal','forename':'Jan'}]}", other)->status,
			 STATUS_OK); /* without a mark yet */
	named("kow", OFFICER, 3);
	named("KOWALSKI zo", OFFICER, 1);
	named("zo, kow", OFFICER, 1);
	named("jones", OFFICER, 1);
	named("smith-j", OFFICER, 1);
	named("ann", OFFICER, 1);
	named("owal", OFFICER, 0);
	named("kowalskis", OFFICER, 0);
	named("jan", OFFICER, 1);
	named("kow", SCHOOL, 2);
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'names','name':'jan'}"), STATUS_OK, "\"urn\":\"" OTHER_URN "\"");
	assert_int_equal(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'names','name':' , '}")->status, STATUS_BAD_FIELD);
	assert_int_equal(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'names'}")->status, STATUS_BAD_FIELD);
	assert_int_equal(host_ask(&h, LEAD, COMMAND_QUERY, "{'what':'names','name':'kow'}")->status, STATUS_FORBIDDEN);
	/* a page goes on where the one before ended */
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'names','name':'kow','limit':1}"), STATUS_OK, "\"next\":2");
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'names','name':'kow','limit':1,'from':2}"), STATUS_OK, "\"forename\":\"Mary Ann\"");
}

/* However a school's system writes it: needs that are none, are supported or have a plan; groups in a row. */
static void whom_a_pupil_is_counted_among(void **context)
{
	static const struct { const char *send, *groups, *facts, *said; } written[] = {
		{"N", "", "\"facts\":[]", "\"groups\":[]"},
		{"no", " , ", "\"facts\":[]", "\"groups\":[]"},
		{"K", "PP; 7B", "\"facts\":[\"send\"]", "\"groups\":[\"PP\",\"7B\"]"},
		{"E", " PP ;", "\"facts\":[\"send\",\"ehcp\"]", "\"groups\":[\"PP\"]"},
		{"EHCP", ";;7 B ,PP", "\"facts\":[\"send\",\"ehcp\"]", "\"groups\":[\"7 B\",\"PP\"]"},
	};

	(void)context;
	for (unsigned i = 0; i < sizeof written / sizeof *written; i++) {
		assert_int_equal(host_ask(&h, OFFICER, COMMAND_ROSTER, "{'urn':'" SCHOOL_URN "','pupils':[{'upn':'%s','surname':'Kowalski','forename':'Zofia','send':'%s','groups':'%s'}]}",
					  upn[0], written[i].send, written[i].groups)->status, STATUS_OK);
		assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'report','of':'pupils','limit':1}"), STATUS_OK, written[i].facts);
		assert_non_null(strstr(host_first(&h)->text, written[i].said));
	}
}

/* As they are written, as a telephone writes them, and as people look for them. */
static void names_are_folded(void **context)
{
	static const struct { const char *name, *folded; } names[] = {
		{"O'Brien", "o'brien"}, {"O\u2019Brien", "o'brien"}, {"O\u2018Brien", "o'brien"}, {"O\u02BCBrien", "o'brien"}, {"O\u00B4Brien", "o'brien"},
		{"Smith\u2010Jones", "smith-jones"}, {"Smith\u2013Jones", "smith-jones"}, {"Smith\u2014Jones", "smith-jones"},
		{"Smith\u2015Jones", "smith\u2015jones"}, {"\u00C9lodie", "elodie"}, {"E\u0301lodie", "elodie"}, {"\u0141ukasz", "lukasz"}, {"Si\u00E2n", "sian"},
		{"\u1EDA\u1EE9c", "ouc"}, {"Nguy\u1EC5n", "nguyen"}, {"\u017Baneta", "zaneta"}, {"\u00D7", "\u00D7"}, {"\u0180", "\u0180"}, {"\u1F00", "\u1F00"},
		{"\u0370", "\u0370"}, {"\u0418\u0432\u0430\u043D", "\u0418\u0432\u0430\u043D"}, {"\u4E2D", "\u4E2D"}, {"\U0001F600a", "\U0001F600a"}, {"Wh?", "wh?"},
		{"\u00A0", "\u00A0"}, {"\xC3", "\xC3"}, {"\xC3(", "\xC3("}, {"\xE1\xBB", "\xE1\xBB"}, {"\xE1(\xBB", "\xE1(\xBB"}, {"\xE1\xBB(", "\xE1\xBB("}, {"\xFF", "\xFF"},
	};

	(void)context;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		uint8_t room[64];
		struct slice folded = fold_name(room, slice_text(names[i].name));

		if (!slice_is(folded, names[i].folded))
			fail_msg("%s: %.*s, not %s", names[i].name, (int)folded.size, (const char *)folded.bytes, names[i].folded);
	}
}

static uint64_t to_decide(enum who who)
{
	return number_of(strstr(host_ask(&h, who, COMMAND_QUERY, "{'what':'today'}")->text, "\"group\":\"decide\""), "count");
}

/* Whether a penalty notice is issued is the officers' to decide (SP-29), what follows the review of a plan the school's, too. */
static void a_school_is_put_its_own_questions(void **context)
{
	(void)context;
	to("2026-10-01T09:00:00Z");
	assert_int_equal(to_decide(OFFICER), 1);
	assert_int_equal(to_decide(AUDITOR), 1);
	assert_int_equal(to_decide(SCHOOL), 0);
	to("2026-10-21T09:00:00Z");
	assert_int_equal(to_decide(OFFICER), 2);
	assert_int_equal(to_decide(SCHOOL), 1);
	/* and whose the cases are, to the authority alone */
	assert_non_null(strstr(host_ask(&h, AUDITOR, COMMAND_QUERY, "{'what':'today'}")->text, "\"officer\":\"officer\",\"deadline\":"));
	assert_null(strstr(host_ask(&h, SCHOOL, COMMAND_QUERY, "{'what':'today'}")->text, "\"officer\":\"officer\""));
}

static unsigned cases(enum who who, const char *more)
{
	const struct answer *a = host_ask(&h, who, COMMAND_QUERY, "{'what':'cases'%s}", more);

	assert_int_equal(a->status, STATUS_OK);
	return times_in(a->text, "\"case\":");
}

static void cases_are_listed(void **context)
{
	char as_of[40];

	(void)context;
	assert_int_equal(cases(OFFICER, ""), 2);
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'cases','stage':'stage-3a'}"), STATUS_OK, "\"latest\":\"Notice to Improve\"");
	assert_non_null(strstr(host_first(&h)->text, "\"due\":\"Notice to Improve\""));
	assert_non_null(strstr(host_first(&h)->text, "\"surname\":\"Kowalski\""));
	assert_int_equal(cases(OFFICER, ",'stage':'stage-3a'"), 1);
	assert_int_equal(cases(OFFICER, ",'stage':'stage-1','pathway':'stockport'"), 1);
	assert_int_equal(cases(OFFICER, ",'stage':'stage-1','pathway':'wigan'"), 0);
	assert_int_equal(cases(OFFICER, ",'urn':'" OTHER_URN "'"), 0);
	assert_int_equal(cases(SCHOOL, ""), 2);
	assert_int_equal(cases(LEAD, ""), 1); /* the one that they are named on */
	assert_int_equal(cases(OFFICER, ",'officer':'officer'"), 2);
	/* whose they are is said to those who may read all; what the school does then takes none out of the officer's hands */
	assert_int_equal(host_ask(&h, SCHOOL, COMMAND_ACTION, "{'upn':'%s','action':'note','fields':{'text':'seen at the gate'}}", upn[0])->status, STATUS_OK);
	assert_int_equal(cases(OFFICER, ",'officer':'officer'"), 2);
	assert_int_equal(times_in(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'cases'}")->text, "\"officer\":\"officer\""), 2);
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'case','upn':'%s'}", upn[0]), STATUS_OK, "\"officer\":\"officer\"");
	assert_int_equal(times_in(host_ask(&h, SCHOOL, COMMAND_QUERY, "{'what':'cases'}")->text, "\"officer\":null"), 2);
	assert_answer(host_ask(&h, SCHOOL, COMMAND_QUERY, "{'what':'case','upn':'%s'}", upn[0]), STATUS_OK, "\"officer\":null");
	assert_int_equal(cases(OFFICER, ",'officer':'manager'"), 0);
	/* a page at a time, in the order of their numbers */
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'cases','limit':1}"), STATUS_OK, "{\"items\":[{\"case\":\"C1\",");
	assert_non_null(strstr(host_first(&h)->text, "],\"next\":2}"));
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'cases','limit':1,'from':2}"), STATUS_OK, "{\"items\":[{\"case\":\"C2\",");
	assert_non_null(strstr(host_first(&h)->text, "],\"next\":null}"));
	assert_int_equal(cases(OFFICER, ",'from':3"), 0);
	assert_int_equal(cases(OFFICER, ",'closed':true"), 0);
	snprintf(as_of, sizeof as_of, ",'as_of':%llu", (unsigned long long)host_head(&h));
	act(1, "close", ",'fields':{'reason':'r'},'override':'r'");
	assert_int_equal(cases(OFFICER, ",'closed':true"), 1);
	assert_int_equal(cases(OFFICER, ""), 1);
	assert_int_equal(cases(OFFICER, as_of), 2);
	assert_int_equal(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'cases','urn':'12'}")->status, STATUS_BAD_FIELD);
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'authority'}"), STATUS_OK, "\"surname\":\"Kowalski\",\"forename\":\"Zofia\",\"title\":\"Notice to Improve\"");
}

static void put_on_roster(const char *urn, const char *who)
{
	assert_string_equal(host_ask(&h, OFFICER, COMMAND_ROSTER, "{'urn':'%s','pupils':[{'upn':'%s','surname':'Nowak'}]}", urn, who)->text, "");
}

/* Of a pupil of a roster alone, of whom there is no register yet, too. */
static void a_case_before_any_register_is_its_schools(void **context)
{
	static const char *const questions[] = {"'what':'cases'", "'what':'today'"};
	char other[UPN_SIZE + 1], *then;
	uint64_t head;

	(void)context;
	host_upn(other, 51);
	put_on_roster(SCHOOL_URN, other);
	assert_int_equal(host_ask(&h, OFFICER, COMMAND_ACTION, "{'upn':'%s','action':'notice-to-improve','parent':'p1','override':'agreed'}", other)->status, STATUS_OK);
	for (unsigned i = 0; i < 2; i++) {
		then = strdup(host_ask(&h, SCHOOL, COMMAND_QUERY, "{%s}", questions[i])->text);
		head = host_head(&h);
		put_on_roster(OTHER_URN, other);
		assert_string_not_equal(host_ask(&h, SCHOOL, COMMAND_QUERY, "{%s}", questions[i])->text, then);
		assert_same_text(host_ask(&h, SCHOOL, COMMAND_QUERY, "{%s,'as_of':%llu}", questions[i], (unsigned long long)head)->text, then);
		assert_non_null(i ? strstr(then, "\"later\",\"count\":") : strstr(then, other));
		free(then);
		put_on_roster(SCHOOL_URN, other);
	}
}

/* Of more than are shown the newest are, whichever case they are of. */
static void the_newest_overrides_are_shown(void **context)
{
	char wanted[40];

	(void)context;
	to("2026-09-14T09:00:00Z");
	for (unsigned i = 3; i < 60; i++) {
		char other[UPN_SIZE + 1];

		host_upn(other, i);
		host_mark(&h, SCHOOL_URN, i, "2026-09-07", "AM", "O");
		assert_int_equal(host_ask(&h, OFFICER, COMMAND_ACTION, "{'upn':'%s','action':'notice-to-improve','parent':'p1','override':'agreed'}", other)->status, STATUS_OK);
	}
	act(0, "notice-to-improve", ",'parent':'p2','override':'agreed'"); /* one of the first cases */
	snprintf(wanted, sizeof wanted, "\"seq\":%llu,", (unsigned long long)host_first(&h)->position);
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'authority'}"), STATUS_OK, "\"overrides\":{\"count\":");
	assert_true(number_of(strstr(host_first(&h)->text, "\"overrides\""), "count") > 57);
	assert_ptr_equal(strstr(strstr(host_first(&h)->text, "\"overrides\""), "\"seq\":"), strstr(host_first(&h)->text, wanted)); /* the first of them */
	assert_answer(host_first(&h), STATUS_OK, "\"case\":\"C59\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps_say_what_they_would_do),
		cmocka_unit_test(what_need_not_be_done_is_not_due),
		cmocka_unit_test(schools_have_names),
		cmocka_unit_test(pupils_are_found_by_name),
		cmocka_unit_test(whom_a_pupil_is_counted_among),
		cmocka_unit_test(names_are_folded),
		cmocka_unit_test(cases_are_listed),
		cmocka_unit_test(a_school_is_put_its_own_questions),
		cmocka_unit_test(a_case_before_any_register_is_its_schools),
		cmocka_unit_test(the_newest_overrides_are_shown),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
