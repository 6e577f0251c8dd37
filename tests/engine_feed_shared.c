/* Subscribers who wait for the same: what is read for one is told to the next. SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "daemon/engine_parts.h"
#include "tests/engine_host.h"

static struct host h;
static char upn[3][UPN_SIZE + 1];

static int setup(void **context)
{
	(void)context;
	host_make(&h, &(struct host_options){.start = "2026-09-21T15:30:00Z"});
	for (unsigned i = 0; i < 3; i++)
		host_upn(upn[i], i + 1);
	return 0;
}

static int teardown(void **context)
{
	(void)context;
	return host_end_verified(&h);
}

enum { WAITING = 13 };
static const struct {
	enum who who;
	const char *what, *filter;
	unsigned credit, same; /* 1 + which one before it is told the same */
} waiting[WAITING] = {
	{OFFICER, "alerts", "", 1000, 0}, {OFFICER, "alerts", "", 2, 0}, {MANAGER, "alerts", "", 1000, 0},
	{OFFICER, "alerts", ",'case':'C2'", 1000, 0}, {OFFICER, "alerts", "", 1000, 1}, {OFFICER, "alerts", "", 2, 2}, {AUDITOR, "log", "", 1000, 0},
	{OFFICER, "log", "", 1, 0}, {OFFICER, "log", "", 1000, 7}, {SCHOOL, "alerts", "", 1000, 0},
	{OFFICER, "alerts", ",'case':'C1'", 1000, 0}, {OFFICER, "alerts", ",'officer':'Ms Moor'", 1000, 4}, {MANAGER, "alerts", "", 1000, 3},
};

/* What those from `first` to `last` are told where they subscribe in one turn; appended to their texts. */
static void hear(uint64_t from, unsigned first, unsigned last, char *told[])
{
	uint8_t ids[WAITING][UUID_SIZE];

	host_begin(&h);
	for (unsigned i = first; i <= last; i++) {
		host_put(&h, waiting[i].who, COMMAND_SUBSCRIBE, NULL, "{'what':'%s','from':%llu,'credit':%u%s}", waiting[i].what,
			 (unsigned long long)from, waiting[i].credit, waiting[i].filter);
		memcpy(ids[i], h.last_id, UUID_SIZE);
	}
	host_commit(&h);
	for (unsigned turn = 0; turn < 4; turn++) {
		for (unsigned n = 0; n < h.count; n++)
			for (unsigned i = first; i <= last; i++)
				if (h.answers[n].command == COMMAND_ITEMS && !memcmp(h.answers[n].id, ids[i], UUID_SIZE))
					strcat(told[i], h.answers[n].text);
		host_begin(&h);
		host_commit(&h);
	}
	feed_close(h.engine);
}

/* Many who wait for the same are told what each alone would be: by its role, its filter and its credit. */
static void side_by_side_each_is_told_its_own(void **context)
{
	char *alone[WAITING], *together[WAITING];
	uint64_t from;

	(void)context;
	host_grant(&h, MANAGER, "manager", ",'name':'Ms Moor'");
	for (unsigned i = 0; i < 2; i++) {
		host_marks(&h, SCHOOL_URN, i + 1, "2026-09-07", "2026-09-11", "O");
		assert_answer(host_ask(&h, i ? MANAGER : OFFICER, COMMAND_ACTION, "{'upn':'%s','action':'notice-to-improve','on':'2026-09-11','parent':'p1','override':'r'}", upn[i]),
			      STATUS_OK, NULL);
	}
	from = host_head(&h) + 1;
	host_marks(&h, SCHOOL_URN, 1, "2026-09-14", "2026-09-15", "N");
	host_marks(&h, SCHOOL_URN, 2, "2026-09-14", "2026-09-15", "N");
	host_set_time(&h, "2026-11-20T09:00:00Z"); /* decisions are overdue, which is told to managers alone */
	for (unsigned i = 0; i < 8; i++)
		host_turns(&h);
	for (unsigned i = 0; i < WAITING; i++) {
		alone[i] = calloc(1, 1 << 18);
		together[i] = calloc(1, 1 << 18);
		hear(from, i, i, alone);
	}
	hear(from, 0, WAITING - 1, together);
	for (unsigned i = 0; i < WAITING; i++) {
		assert_true(*alone[i]);
		assert_string_equal(together[i], alone[i]);
		for (unsigned k = 0; k < i; k++)
			assert_int_equal(!strcmp(alone[i], alone[k]), waiting[i].same == k + 1 || (waiting[i].same && waiting[i].same == waiting[k].same));
	}
	for (unsigned i = 0; i < WAITING; i++) {
		free(alone[i]);
		free(together[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(side_by_side_each_is_told_its_own, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
