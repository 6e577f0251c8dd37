/* A calendar that moves no deadline's last day may still say something of it: that it is certain
 * now, or when to warn. (EN-05, EN-06) SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "tests/engine_host.h"

#define DEADLINES "{'what':'deadlines'}"
#define AUTUMN "['2026-09-02','2026-10-23','term','A'],['2026-11-02','2026-12-18','term','B']"

static struct host h;
static char upn[UPN_SIZE + 1];

static void make(const char *pathway)
{
	host_make(&h, &(struct host_options){.start = "2026-09-14T09:00:00Z", .pathway = pathway});
	host_upn(upn, 1);
	host_mark(&h, SCHOOL_URN, 1, "2026-09-11", "AM", "O");
}

static int teardown(void **context)
{
	(void)context;
	return host_end_verified(&h);
}

static void load(const char *rows, const char *says)
{
	assert_answer(host_ask(&h, OFFICER, COMMAND_CALENDAR, "{'rows':[%s]}", rows), STATUS_OK, says);
}

static void assert_provisional(bool wanted)
{
	const char *text = host_ask(&h, OFFICER, COMMAND_QUERY, DEADLINES)->text;

	assert_int_equal(times_in(text, "\"kind\":\"nti-end\""), 1);
	assert_int_equal(times_in(text, "\"provisional\":true"), wanted);
}

static void en_05_a_deadline_is_certain_once_the_calendar_is_there(void **context)
{
	(void)context;
	make(NULL);
	assert_answer(host_ask(&h, OFFICER, COMMAND_ACTION,
			       "{'upn':'%s','action':'notice-to-improve','on':'2026-09-14','parent':'p1','override':'r'}", upn),
		      STATUS_OK, NULL);
	assert_provisional(true); /* no calendar yet */
	load(AUTUMN, "\"moved\":0");
	assert_provisional(false);
	host_crash(&h);
	assert_provisional(false);
	load("['2026-09-02','2026-09-25','term','A']", "\"moved\":0");
	assert_provisional(true); /* the calendar ends before */
	load(AUTUMN ",['2026-09-30','2026-09-30','closure','snow']", "\"moved\":1");
	assert_provisional(false);
}

/* Two weeks from 14 September end with the 28th; five working days before the next are from the 22nd on, or, with a
 * bank holiday among them, from the 21st. */
static void en_06_the_warning_moves_where_the_deadline_does_not(void **context)
{
	(void)context;
	make("tests/data/timing.yaml");
	assert_answer(host_ask(&h, OFFICER, COMMAND_ACTION, "{'upn':'%s','action':'begin'}", upn), STATUS_OK, NULL);
	load(AUTUMN, "\"moved\":0");
	assert_int_equal(engine_next_timer(h.engine), host_ms("2026-09-21T23:00:00Z"));
	load(AUTUMN ",['2026-09-24','2026-09-24','bank-holiday','one day of mourning']", "\"moved\":0");
	assert_int_equal(engine_next_timer(h.engine), host_ms("2026-09-20T23:00:00Z"));
	host_crash(&h);
	assert_int_equal(engine_next_timer(h.engine), host_ms("2026-09-20T23:00:00Z"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(en_05_a_deadline_is_certain_once_the_calendar_is_there, NULL, teardown),
		cmocka_unit_test_setup_teardown(en_06_the_warning_moves_where_the_deadline_does_not, NULL, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
