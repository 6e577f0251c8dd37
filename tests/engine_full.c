/* No room: submissions are put off, all else goes on; a commit that failed leaves
 * nothing behind, and nothing that was acknowledged is lost.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/engine_parts.h"
#include "tests/engine_host.h"

enum { MAP = 3 << 20 };

static struct host h;
static char upn[8][UPN_SIZE + 1];
static char one[4096];

static int setup(void **context)
{
	(void)context;
	host_make(&h, &(struct host_options){.start = "2026-09-14T09:00:00Z", .map_size = MAP});
	for (unsigned i = 0; i < 8; i++)
		host_upn(upn[i], i + 1);
	return 0;
}

static int teardown(void **context)
{
	(void)context;
	return host_end_verified(&h);
}

static const char *filler(unsigned n)
{
	static char text[5000];
	char filling_upn[UPN_SIZE + 1];

	host_upn(filling_upn, 1000 + n);
	snprintf(text, sizeof text, "{'urn':'" SCHOOL_URN "','pupils':[{'upn':'%s','surname':'%04000u'}]}", filling_upn, n);
	return text;
}

/* One roster a turn until one is put off; how many were taken. */
static unsigned fill(unsigned from)
{
	for (unsigned n = from;; n++) {
		const struct answer *a;

		h.now_ms += 1000; /* the watermarks are looked at each second */
		a = host_ask(&h, OFFICER, COMMAND_ROSTER, "%s", filler(n));
		if (a->status == STATUS_RETRY_LATER)
			return n - from;
		assert_answer(a, STATUS_OK, NULL);
		assert_true(n < 5000);
	}
}

static void near_a_full_map_submissions_wait_and_all_else_goes_on(void **context)
{
	uint8_t id[UUID_SIZE];
	char key[Z85_KEY_SIZE + 1];
	unsigned taken;
	uint64_t head;

	(void)context;
	host_grant(&h, SPARE, "connector", ",'schools':['" SCHOOL_URN "']");
	host_mark(&h, SCHOOL_URN, 1, "2026-09-14", "AM", "N");
	assert_answer(host_ask(&h, OFFICER, COMMAND_ACTION, "{'upn':'%s','action':'notice-to-improve','parent':'p1','override':'r'}", upn[0]), STATUS_OK, NULL);
	taken = fill(0);
	assert_true(taken > 20);
	head = host_head(&h);
	/* every sort of submission is put off, and its id is not remembered */
	host_id(&h, id);
	assert_answer(host_again(&h, OFFICER, COMMAND_MARKS, id, "{'urn':'" SCHOOL_URN "','registers':[['2026-09-14','PM',[['%s','N']]]]}", upn[0]),
		      STATUS_RETRY_LATER, "");
	assert_answer(host_ask(&h, OFFICER, COMMAND_ACTION, "{'upn':'%s','action':'note'}", upn[0]), STATUS_RETRY_LATER, "");
	assert_answer(host_ask(&h, ADMIN, COMMAND_GRANT, "{'key':'x'}"), STATUS_RETRY_LATER, "");
	assert_int_equal(host_head(&h), head);
	/* but whoever fills it can be stopped */
	host_key_text(key, SPARE);
	assert_answer(host_ask(&h, SPARE, COMMAND_QUERY, "{'what':'health'}"), STATUS_OK, NULL);
	assert_answer(host_ask(&h, ADMIN, COMMAND_REVOKE, "{'key':'%s'}", key), STATUS_OK, "");
	assert_answer(host_ask(&h, SPARE, COMMAND_QUERY, "{'what':'health'}"), STATUS_REVOKED, NULL);
	/* reads, cursors, health */
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'pupil','upn':'%s'}", upn[0]), STATUS_OK, "\"unauthorised\":1,");
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'health'}"), STATUS_OK, "\"ok\":false");
	assert_non_null(strstr(host_first(&h)->text, "room is short"));
	assert_answer(host_ask(&h, OFFICER, COMMAND_CURSOR, "{'cursor':'c','position':3}"), STATUS_OK, "");
	/* deadlines */
	host_set_time(&h, "2026-10-10T09:00:00Z");
	host_turns(&h);
	assert_int_equal(host_alerts(&h, "decision", NULL, one), 1);
	assert_int_equal(host_alerts(&h, "overdue", NULL, one), 1);
	assert_true(host_head(&h) > head);
	host_crash(&h);
	assert_verified(&h);
	assert_answer(host_ask(&h, OFFICER, COMMAND_SUBSCRIBE, "{'what':'log','cursor':'c','credit':0}"), STATUS_OK, "{\"from\":4,");
	/* with room again it goes on; what was put off is taken under its own id */
	h.options.map_size = 2 * MAP;
	host_restart(&h);
	h.now_ms += 1000;
	assert_answer(host_again(&h, OFFICER, COMMAND_MARKS, id, "{'urn':'" SCHOOL_URN "','registers':[['2026-09-14','PM',[['%s','N']]]]}", upn[0]),
		      STATUS_OK, "");
	assert_int_equal(host_pupils(&h), taken + 1);
	assert_true(fill(taken) > 10);
}

/* One batch larger than all the room there is: its commit fails. */
static void a_commit_that_finds_no_room(void **context)
{
	char *tables, *now;
	uint64_t head;
	uint32_t pupils;
	unsigned retried = 0, answered = 0;

	(void)context;
	host_mark(&h, SCHOOL_URN, 1, "2026-09-14", "AM", "N");
	head = host_head(&h);
	pupils = host_pupils(&h);
	tables = host_tables(&h, true);
	for (unsigned round = 0; round < 3; round++) {
		h.now_ms += 2000;
		host_begin(&h);
		host_put(&h, OFFICER, COMMAND_QUERY, NULL, "{'what':'pupil','upn':'%s'}", upn[0]);
		host_put(&h, OFFICER, COMMAND_MARKS, NULL, "{'urn':'" SCHOOL_URN "','registers':[['2026-09-14','PM',[['%s','N']]]]}", upn[0]);
		host_put(&h, OFFICER, COMMAND_QUERY, NULL, "{'what':'pupil','upn':'%s'}", upn[0]);
		for (unsigned n = 0; n < 600; n++)
			host_put(&h, OFFICER, COMMAND_ROSTER, NULL, "%s", filler(n));
		host_put(&h, OFFICER, COMMAND_CURSOR, NULL, "{'cursor':'c','position':3}");
		host_commit(&h);
		retried = answered = 0;
		for (unsigned i = 0; i < h.count; i++) {
			answered++;
			retried += h.answers[i].status == STATUS_RETRY_LATER;
			if (h.answers[i].command != COMMAND_QUERY)
				assert_int_equal(h.answers[i].status, STATUS_RETRY_LATER);
		}
		assert_int_equal(answered, 604); /* each gets an answer */
		/* the question before any of it is answered; the one after would have told what never was */
		assert_answer(&h.answers[0], STATUS_OK, "\"unauthorised\":1,");
		assert_int_equal(h.answers[2].status, STATUS_RETRY_LATER);
		assert_int_equal(retried, 603);
		assert_int_equal(host_head(&h), head);
		assert_int_equal(host_pupils(&h), pupils);
		now = host_tables(&h, true);
		assert_same_text(now, tables);
		free(now);
	}
	free(tables);
	/* a small one is taken afterwards */
	h.now_ms += 2000;
	assert_answer(host_ask(&h, OFFICER, COMMAND_ROSTER, "%s", filler(1)), STATUS_OK, NULL);
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'pupil','upn':'%s'}", upn[0]), STATUS_OK, "\"unauthorised\":1,");
	host_crash(&h);
	assert_int_equal(host_pupils(&h), pupils + 1);
}

/* The same with a manual clock, by which no second ever passes. */
static void room_comes_back_under_a_manual_clock(void **context)
{
	(void)context;
	host_end(&h);
	host_make(&h, &(struct host_options){.start = "2026-09-14T09:00:00Z", .map_size = MAP, .manual_clock = true});
	host_begin(&h);
	for (unsigned n = 0; n < 600; n++)
		host_put(&h, OFFICER, COMMAND_ROSTER, NULL, "%s", filler(n));
	host_commit(&h);
	assert_int_equal(h.answers[0].status, STATUS_RETRY_LATER);
	assert_answer(host_ask(&h, OFFICER, COMMAND_ROSTER, "%s", filler(1)), STATUS_OK, NULL);
}

/* What breaks a batch in its middle: each frame of it is told, none is kept. */
static void a_batch_that_breaks_in_the_middle(void **context)
{
	uint64_t head = host_head(&h);

	(void)context;
	host_begin(&h);
	host_put(&h, OFFICER, COMMAND_ROSTER, NULL, "%s", filler(1));
	h.engine->broken = STORE_FULL;
	host_put(&h, OFFICER, COMMAND_ROSTER, NULL, "%s", filler(2));
	host_put(&h, OFFICER, COMMAND_CURSOR, NULL, "{'cursor':'c','position':3}");
	host_put(&h, OFFICER, COMMAND_MARKS, NULL, "{'urn':'" SCHOOL_URN "','registers':[['2026-09-14','AM',[['%s','N']]]]}", upn[0]);
	host_put(&h, OFFICER, COMMAND_ACTION, NULL, "{'upn':'%s','action':'note'}", upn[0]);
	host_commit(&h);
	assert_int_equal(h.count, 5);
	for (unsigned i = 0; i < h.count; i++)
		assert_int_equal(h.answers[i].status, STATUS_RETRY_LATER);
	assert_int_equal(host_head(&h), head);
	h.now_ms += 2000;
	assert_answer(host_ask(&h, OFFICER, COMMAND_ROSTER, "%s", filler(1)), STATUS_OK, NULL);
}

/* A commit of which nobody knows: the process ends, and its end writes nothing. */
static void a_commit_of_which_nobody_knows(void **context)
{
	char *tables, *now;
	uint64_t head;

	(void)context;
	host_mark(&h, SCHOOL_URN, 1, "2026-09-14", "AM", "N");
	head = host_head(&h);
	tables = host_tables(&h, false);
	h.commit_failed = true;
	host_begin(&h);
	host_put(&h, OFFICER, COMMAND_MARKS, NULL, "{'urn':'" SCHOOL_URN "','registers':[['2026-09-14','PM',[['%s','N'],['%s','N']]]]}", upn[0], upn[1]);
	h.engine->broken = STORE_UNKNOWN;
	host_commit(&h);
	assert_int_equal(h.count, 0); /* nothing was said */
	host_close(&h);
	h.commit_failed = false;
	host_open(&h);
	assert_int_equal(host_head(&h), head);
	now = host_tables(&h, false);
	assert_same_text(now, tables);
	free(now);
	free(tables);
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'pupil','upn':'%s'}", upn[0]), STATUS_OK, "\"unauthorised\":1,");
}

/* A real end in the midst: a child takes submissions, tells of each acknowledged one,
 * and is gone without a word, with a batch open. */
static void killed_in_the_midst(void **context)
{
	(void)context;
	for (unsigned round = 0; round < 5; round++) {
		int pipe_fds[2], status;
		uint64_t acked = 0, position;
		pid_t child;

		host_close(&h);
		assert_int_equal(pipe(pipe_fds), 0);
		child = fork();
		assert_true(child >= 0);
		if (!child) {
			host_open(&h);
			for (unsigned n = 0; n <= 3 + round; n++) {
				position = host_ask(&h, OFFICER, COMMAND_ROSTER, "%s", filler(100 * round + n))->position;
				if (write(pipe_fds[1], &position, sizeof position) != sizeof position)
					_exit(2);
			}
			host_begin(&h);
			host_put(&h, OFFICER, COMMAND_ROSTER, NULL, "%s", filler(100 * round + 99));
			_exit(0);
		}
		close(pipe_fds[1]);
		while (read(pipe_fds[0], &position, sizeof position) == sizeof position)
			acked = position;
		close(pipe_fds[0]);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_int_equal(status, 0);
		host_open(&h);
		assert_int_equal(host_head(&h), acked);
		assert_verified(&h);
		h.ids += 100; /* the child's are used */
		assert_answer(host_ask(&h, OFFICER, COMMAND_ROSTER, "%s", filler(100 * round + 99)), STATUS_OK, NULL);
	}
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(near_a_full_map_submissions_wait_and_all_else_goes_on),
		T(a_commit_that_finds_no_room),
		T(room_comes_back_under_a_manual_clock),
		T(a_batch_that_breaks_in_the_middle),
		T(a_commit_of_which_nobody_knows),
		T(killed_in_the_midst),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
