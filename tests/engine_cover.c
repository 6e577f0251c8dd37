/* TY-14: who stands in for an officer who is away, and what they are told. SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "daemon/engine_parts.h"
#include "tests/family_scene.h"

static const char *alerts_of(const char *officer)
{
	return host_ask(&h, MANAGER, COMMAND_QUERY, "{'what':'alerts','officer':'%s'}", officer)->text;
}

static void ty_14_a_covers_alerts_and_tasks_are_those_of_the_absent(void **context)
{
	(void)context;
	act(OFFICER, 1, "notice-to-improve", ",'on':'2026-10-15','parent':'p1'"); /* M. Field's */
	act(SPARE, 2, "notice-to-improve", ",'on':'2026-10-15','parent':'p1'");   /* K. Low's */
	time_passes("2026-11-16T09:00:00Z");
	assert_non_null(strstr(alerts_of("M. Field"), "\"case\":\"C1\""));
	assert_null(strstr(alerts_of("M. Field"), "\"case\":\"C2\""));
	assert_null(strstr(alerts_of("K. Low"), "\"case\":\"C1\""));
	assert_answer(host_ask(&h, OFFICER, COMMAND_COVER, "{'cover':'K. Low','from':'2026-11-17','until':'2026-11-20'}"), STATUS_OK, NULL);
	assert_null(strstr(alerts_of("K. Low"), "\"case\":\"C1\"")); /* not yet */
	time_passes("2026-11-17T09:00:00Z");
	assert_non_null(strstr(alerts_of("K. Low"), "\"case\":\"C1\""));
	assert_non_null(strstr(alerts_of("K. Low"), "\"case\":\"C2\""));
	assert_non_null(strstr(host_ask(&h, SPARE, COMMAND_QUERY, "{'what':'deadlines','officer':'K. Low'}")->text, "\"case\":\"C1\""));
	/* A misspelt name is not one of whom nothing is due; who may not read all learns no names. */
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'deadlines','officer':'K. Lov'}"), STATUS_BAD_FIELD, "nobody of this name");
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'alerts','officer':'K. Lov'}"), STATUS_BAD_FIELD, "\"field\":\"officer\"");
	assert_answer(host_ask(&h, SCHOOL, COMMAND_QUERY, "{'what':'deadlines','officer':'K. Lov'}"), STATUS_OK, NULL);
	/* they do not leave the absent officer's own list */
	assert_non_null(strstr(alerts_of("M. Field"), "\"case\":\"C1\""));
	/* the cover falls ill too: a third one has both */
	assert_answer(host_ask(&h, MANAGER, COMMAND_COVER, "{'officer':'K. Low','cover':'J. Ash','until':'2026-11-18'}"), STATUS_OK, NULL);
	assert_non_null(strstr(alerts_of("J. Ash"), "\"case\":\"C1\""));
	assert_non_null(strstr(alerts_of("J. Ash"), "\"case\":\"C2\""));
	host_restart(&h);
	assert_answer(host_ask(&h, AUDITOR, COMMAND_QUERY, "{'what':'covers'}"), STATUS_OK,
		      "{\"officer\":\"K. Low\",\"cover\":\"J. Ash\",\"from\":\"2026-11-17\",\"until\":\"2026-11-18\",\"now\":true}");
	/* back early */
	assert_answer(host_ask(&h, SPARE, COMMAND_COVER, "{'end':true}"), STATUS_OK, NULL);
	assert_null(strstr(alerts_of("J. Ash"), "\"case\":\"C1\""));
	time_passes("2026-11-21T09:00:00Z");
	assert_null(strstr(alerts_of("K. Low"), "\"case\":\"C1\""));
}

/* A key that is granted anew (another name, a school more) is still whoever recorded what it recorded before. */
static void ty_14_a_new_grant_leaves_cases_in_ones_hands(void **context)
{
	(void)context;
	act(OFFICER, 1, "notice-to-improve", ",'on':'2026-10-15','parent':'p1'");
	host_grant(&h, OFFICER, "officer", ",'name':'M. Field-Ash'");
	assert_answer(host_ask(&h, MANAGER, COMMAND_QUERY, "{'what':'deadlines','officer':'M. Field-Ash'}"), STATUS_OK, "\"case\":\"C1\"");
	assert_answer(host_ask(&h, MANAGER, COMMAND_QUERY, "{'what':'cases','officer':'M. Field-Ash'}"), STATUS_OK, "\"case\":\"C1\"");
	assert_answer(host_ask(&h, OFFICER, COMMAND_COVER, "{'cover':'K. Low','until':'2026-11-20'}"), STATUS_OK, NULL);
	assert_answer(host_ask(&h, MANAGER, COMMAND_QUERY, "{'what':'deadlines','officer':'K. Low'}"), STATUS_OK, "\"case\":\"C1\"");
	/* what was recorded says by whom, as they were called then */
	assert_answer(host_ask(&h, AUDITOR, COMMAND_QUERY, "{'what':'timeline','case':'C1'}"), STATUS_OK, "\"actor\":\"M. Field (officer)\"");
	host_grant(&h, OFFICER, "auditor", ",'name':'M. Field-Ash'");
	act(MANAGER, 2, "note", "");
	assert_answer(host_ask(&h, AUDITOR, COMMAND_QUERY, "{'what':'log','case':'C1'}"), STATUS_OK, "\"actor\":\"M. Field (officer)\"");
}

static bool reads(const char *officer)
{
	return strstr(host_ask(&h, MANAGER, COMMAND_QUERY, "{'what':'deadlines','officer':'%s'}", officer)->text, "\"case\":\"C1\"") != NULL;
}

/* Two of three cover each other: who reads for the third does not hang on how many other covers there are. */
static void ty_14_covers_that_go_round(void **context)
{
	(void)context;
	act(OFFICER, 1, "notice-to-improve", ",'on':'2026-10-15','parent':'p1'");
	assert_answer(host_ask(&h, MANAGER, COMMAND_COVER, "{'officer':'M. Field','cover':'K. Low','until':'2026-11-20'}"), STATUS_OK, NULL);
	assert_answer(host_ask(&h, MANAGER, COMMAND_COVER, "{'officer':'K. Low','cover':'J. Ash','until':'2026-11-20'}"), STATUS_OK, NULL);
	assert_true(reads("J. Ash"));
	assert_answer(host_ask(&h, MANAGER, COMMAND_COVER, "{'cover':'K. Low','until':'2026-11-20'}"), STATUS_OK, NULL);
	assert_true(reads("J. Ash"));
	assert_false(reads("K. Low"));
	host_grant(&h, STRANGER, "officer", ",'name':'T. Yew'");
	assert_answer(host_ask(&h, MANAGER, COMMAND_COVER, "{'officer':'T. Yew','cover':'M. Field','until':'2026-11-20'}"), STATUS_OK, NULL);
	assert_true(reads("J. Ash"));
	assert_false(reads("K. Low"));
}

static void ty_14_a_subscription_of_the_cover(void **context)
{
	unsigned mine = 0;

	(void)context;
	act(OFFICER, 1, "notice-to-improve", ",'on':'2026-10-15','parent':'p1'");
	act(SPARE, 2, "notice-to-improve", ",'on':'2026-10-15','parent':'p1'");
	assert_answer(host_ask(&h, MANAGER, COMMAND_COVER, "{'officer':'M. Field','cover':'J. Ash','until':'2026-12-01'}"), STATUS_OK, NULL);
	host_ask(&h, MANAGER, COMMAND_SUBSCRIBE, "{'what':'alerts','credit':100,'from':%llu,'officer':'J. Ash'}", (unsigned long long)host_head(&h));
	time_passes("2026-11-16T09:00:00Z");
	for (unsigned i = 0; i < h.count; i++) {
		mine += times_in(h.answers[i].text, "\"case\":\"C1\"");
		assert_null(strstr(h.answers[i].text, "\"case\":\"C2\""));
	}
	assert_true(mine > 0);
}

static void a_wrong_cover_is_refused(void **context)
{
	(void)context;
	assert_refused(&h, OFFICER, COMMAND_COVER, STATUS_BAD_FIELD, "their own", "{'officer':'K. Low','cover':'J. Ash','until':'2026-11-20'}");
	assert_refused(&h, OFFICER, COMMAND_COVER, STATUS_BAD_FIELD, "no officer", "{'cover':'Nobody','until':'2026-11-20'}");
	assert_refused(&h, OFFICER, COMMAND_COVER, STATUS_BAD_FIELD, "somebody else", "{'cover':'M. Field','until':'2026-11-20'}");
	assert_refused(&h, OFFICER, COMMAND_COVER, STATUS_BAD_FIELD, "who stands in", "{'until':'2026-11-20'}");
	assert_refused(&h, OFFICER, COMMAND_COVER, STATUS_BAD_FIELD, "last day", "{'cover':'K. Low'}");
	assert_refused(&h, OFFICER, COMMAND_COVER, STATUS_BAD_FIELD, "in the past", "{'cover':'K. Low','from':'2026-10-01','until':'2026-10-14'}");
	assert_refused(&h, OFFICER, COMMAND_COVER, STATUS_BAD_FIELD, "nobody stands in", "{'end':true}");
	host_grant(&h, STRANGER, "officer", ",'name':'K. Low'");
	assert_refused(&h, OFFICER, COMMAND_COVER, STATUS_BAD_FIELD, "public key", "{'cover':'K. Low','until':'2026-11-20'}");
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(ty_14_a_covers_alerts_and_tasks_are_those_of_the_absent),
		T(ty_14_covers_that_go_round),
		T(ty_14_a_new_grant_leaves_cases_in_ones_hands),
		T(ty_14_a_subscription_of_the_cover),
		T(a_wrong_cover_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
