/* libattend when it can't get through: each reason is told apart, and at once where waiting is of no use.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/client_fake.h"

static void answer_ok(struct fake *f, const struct message *m, unsigned seen)
{
	(void)seen;
	fake_reply(f, m, STATUS_OK, NULL, 0);
}

static enum attend_result ask(struct attend *a, struct attend_reply *reply)
{
	return attend_call(a, ATTEND_QUERY, NULL, "\x80", 1, reply);
}

static void a_key_that_is_refused_is_told_at_once(void **state)
{
	(void)state;
	struct fake f;
	struct attend_reply reply;
	fake_start(&f, answer_ok, NULL);
	f.let_in = false;
	struct attend *a = fake_connect(&f, 600 * 1000, 0); /* never waited for */
	assert_int_equal(ask(a, &reply), ATTEND_UNREACHABLE);
	assert_non_null(strstr(attend_why(a), "refused this key"));
	assert_non_null(strstr(attend_why(a), attend_public_key(a)));
	assert_int_equal(reply.status, 0);
	assert_int_equal(atomic_load(&f.seen), 0);
	attend_close(&a);
	fake_stop(&f);
	fake_remove(&f);
}

static void another_daemons_key_is_told_apart(void **state)
{
	(void)state;
	struct fake f;
	struct attend_reply reply;
	fake_start(&f, answer_ok, NULL);
	struct attend *a = fake_connect_wrongly(&f, 600 * 1000);
	assert_int_equal(ask(a, &reply), ATTEND_UNREACHABLE);
	assert_non_null(strstr(attend_why(a), "server key"));
	attend_close(&a);
	fake_stop(&f);
	fake_remove(&f);
}

static void nobody_there_is_told_apart(void **state)
{
	(void)state;
	struct fake f;
	struct attend_reply reply;
	fake_start(&f, answer_ok, NULL);
	fake_stop(&f);
	struct attend *a = fake_connect(&f, 300, 0);
	assert_int_equal(ask(a, &reply), ATTEND_UNREACHABLE);
	assert_non_null(strstr(attend_why(a), "can't be reached"));
	attend_close(&a);
	fake_remove(&f);
}

static void what_can_not_be_opened_says_why(void **state)
{
	(void)state;
	struct fake f;
	char why[256] = "";
	fake_start(&f, answer_ok, NULL);
	fake_stop(&f);
	struct attend_options options = { .server = f.endpoint, .server_key_file = "not/there", .identity_file = f.identity };
	assert_null(attend_open(&options, why, sizeof why));
	assert_non_null(strstr(why, "not/there"));
	options.server_key_file = f.server_key;
	options.identity_file = "not/there/either";
	assert_null(attend_open(&options, why, sizeof why));
	assert_non_null(strstr(why, "not/there/either"));
	options.identity_file = f.identity;
	options.server = "nonsense";
	assert_null(attend_open(&options, why, sizeof why));
	assert_non_null(strstr(why, "tcp://"));
	fake_remove(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_that_is_refused_is_told_at_once),
		cmocka_unit_test(another_daemons_key_is_told_apart),
		cmocka_unit_test(nobody_there_is_told_apart),
		cmocka_unit_test(what_can_not_be_opened_says_why),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
