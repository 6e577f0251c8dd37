/* A store that can't be read, or a record with a bit turned, at each look that a question takes: the answer is the right
 * one, or says that something is wrong; it is never another.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/engine_sick.h"

#include <errno.h>
#include <stdio.h>

#include "tests/failing_calls.h"

static struct host h;

static int setup(void **context)
{
	(void)context;
	sick_make_whole(&h);
	return 0;
}

static int teardown(void **context)
{
	(void)context;
	return host_end_verified(&h);
}

static void every_question_is_answered(void **context)
{
	(void)context;
	for (unsigned i = 0; i < sick_question_count; i++) {
		const struct answer *a = sick_ask(&h, i);

		if (a->status != STATUS_OK)
			fail_msg("%s: %u %s", sick_questions[i].json, a->status, a->text);
		if (getenv("ATTEND_SHOW"))
			print_message("%s\n   %s\n", sick_questions[i].json, a->text);
	}
}

static unsigned silent;

/* How many looks it took. */
static unsigned ask_with_faults(unsigned question, unsigned calls, int error)
{
	char *right = strdup(sick_ask(&h, question)->text);
	unsigned n, tried = 0;
	bool counted = strstr(sick_questions[question].json, "'stats'") != NULL;

	for (n = 1;; n += n < 16 ? 1 : 4) {
		const struct answer *a;
		bool struck;

		host_begin(&h);
		fail_call(calls, error, n);
		sick_put(&h, question);
		struck = fail_none();
		host_commit(&h);
		a = host_first(&h);
		if (!struck)
			break;
		tried++;
		if (a->status != STATUS_DAMAGED && a->status != STATUS_FAILED && a->status != STATUS_RETRY_LATER &&
		    (a->status != STATUS_OK || (!counted && strcmp(a->text, right) != 0))) {
			silent++;
			print_error("%s: look %u (%s): %u\n   %s\n   %s\n", sick_questions[question].json, n, fail_which(), a->status, a->text, right);
		}
	}
	free(right);
	return tried;
}

static void no_look_that_fails_makes_another_answer(void **context)
{
	static const struct { unsigned calls; int error; } faults[] = {{CALLS_VALUE, 0}, {CALLS_LOOK, EIO}};
	unsigned looks = 0;

	(void)context;
	silent = 0;
	for (unsigned f = 0; f < sizeof faults / sizeof *faults; f++)
		for (unsigned i = 0; i < sick_question_count; i++)
			looks += ask_with_faults(i, faults[f].calls, faults[f].error);
	print_message("%u looks failed\n", looks);
	assert_true(looks > 1500);
	assert_int_equal(silent, 0);
}

/* ---- subscribers ---- */

static const struct {
	enum who who;
	const char *json;
} feeds[] = {
	{OFFICER, "{'what':'alerts','from':1,'credit':1000}"}, {MANAGER, "{'what':'alerts','from':1,'credit':1000,'officer':'officer'}"},
	{OFFICER, "{'what':'alerts','from':1,'credit':1000,'case':'C1'}"}, {SCHOOL, "{'what':'alerts','from':1,'credit':1000}"},
	{OFFICER, "{'what':'alerts','from':1,'credit':1000,'upn':'@1'}"}, {AUDITOR, "{'what':'log','from':1,'credit':1000}"},
	{AUDITOR, "{'what':'log','from':1,'credit':1000,'case':'C1'}"}, {AUDITOR, "{'what':'log','from':1,'credit':1000,'upn':'@3'}"},
};

static void add_items(const uint8_t id[static UUID_SIZE], char *text)
{
	for (unsigned i = 0; i < h.count; i++)
		if (h.answers[i].command == COMMAND_ITEMS && !memcmp(h.answers[i].id, id, UUID_SIZE))
			strcat(text, h.answers[i].text);
}

/* All that it is told, of which the nth look fails. NULL: it was not taken as a subscriber. The caller frees it. */
static char *hear(unsigned feed, unsigned calls, int error, unsigned nth, bool *struck)
{
	char *text = calloc(1, 1 << 19), json[256];
	uint8_t id[UUID_SIZE];
	bool taken;

	sick_expand(&h, json, sizeof json, feeds[feed].json);
	host_begin(&h);
	fail_call(calls, error, nth);
	host_put(&h, feeds[feed].who, COMMAND_SUBSCRIBE, NULL, "%s", json);
	memcpy(id, h.last_id, UUID_SIZE);
	host_commit(&h);
	*struck = fail_none();
	taken = host_first(&h)->status == STATUS_OK;
	for (unsigned turn = 0; turn < 4; turn++) {
		add_items(id, text);
		h.mono_ms += 300;
		host_begin(&h);
		host_commit(&h);
	}
	host_again(&h, feeds[feed].who, COMMAND_UNSUBSCRIBE, id, "%s", "");
	if (!taken) {
		assert_int_equal(*text, '\0');
		free(text);
		return NULL;
	}
	return text;
}

static void no_look_that_fails_makes_a_gap(void **context)
{
	static const struct { unsigned calls; int error; } faults[] = {{CALLS_VALUE, 0}, {CALLS_LOOK, EIO}};
	unsigned looks = 0;
	bool struck;

	(void)context;
	for (unsigned i = 0; i < sizeof feeds / sizeof *feeds; i++) {
		char *right = hear(i, 0, 0, 0, &struck);

		assert_non_null(right);
		assert_non_null(strstr(right, "\"seq\":"));
		for (unsigned f = 0; f < sizeof faults / sizeof *faults; f++)
			for (unsigned n = 1;; n += n < 16 ? 1 : 4) {
				char *text = hear(i, faults[f].calls, faults[f].error, n, &struck);

				if (text && strcmp(text, right) != 0)
					fail_msg("%s: look %u (%s)\n   %s\n   %s", feeds[i].json, n, fail_which(), text, right);
				free(text);
				looks += struck;
				if (!struck)
					break;
			}
		free(right);
	}
	print_message("%u looks failed\n", looks);
	assert_true(looks > 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_question_is_answered),
		cmocka_unit_test(no_look_that_fails_makes_another_answer),
		cmocka_unit_test(no_look_that_fails_makes_a_gap),
	};

	return cmocka_run_group_tests_name("engine_sick", tests, setup, teardown);
}
