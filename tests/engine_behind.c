/* A batch that is committed behind the next one, and answers to several together.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <sched.h>
#include <stdio.h>

#include "daemon/engine_parts.h"
#include "tests/engine_host.h"

enum { MANY = 100 };

static struct host h;
static char upn[MANY][UPN_SIZE + 1];
static uint8_t ids[MANY][UUID_SIZE];

static int setup(void **context)
{
	(void)context;
	host_make(&h, &(struct host_options){.start = "2026-09-11T15:30:00Z"});
	h.together = false;
	for (unsigned i = 0; i < MANY; i++) {
		host_upn(upn[i], i + 1);
		host_id(&h, ids[i]);
	}
	return 0;
}

static int teardown(void **context)
{
	(void)context;
	return host_end_verified(&h);
}

static void put_mark(enum who who, unsigned pupil, const uint8_t *id, const char *code)
{
	host_put(&h, who, COMMAND_MARKS, id, "{'urn':'" SCHOOL_URN "','registers':[['2026-09-10','AM',[['%s','%s']]]]}", upn[pupil], code);
}

static void put_many(void)
{
	h.together = true;
	for (unsigned i = 0; i < MANY; i++)
		put_mark(CONNECTOR, i, ids[i], "O");
	h.together = false;
}

static void assert_row(unsigned answer, enum who who, unsigned status, unsigned count, const uint8_t *first, const uint8_t *last)
{
	const struct answer *a = &h.answers[answer];

	assert_true(answer < h.count);
	assert_int_equal(a->who, who);
	assert_int_equal(a->command, COMMAND_MARKS);
	assert_int_equal(a->status, status);
	assert_int_equal(a->together.count, count);
	assert_memory_equal(a->id, last, UUID_SIZE);
	if (count)
		assert_memory_equal(a->together.first, first, UUID_SIZE);
}

static void what_was_taken_in_a_row_is_answered_together(void **context)
{
	uint64_t head = host_head(&h);

	(void)context;
	host_begin(&h);
	h.together = true;
	for (unsigned i = 0; i < 5; i++)
		put_mark(CONNECTOR, i, ids[i], "O");
	put_mark(CONNECTOR, 5, ids[5], "?"); /* refused: its own answer, and the end of the row */
	put_mark(CONNECTOR, 6, ids[6], "O");
	put_mark(OFFICER, 7, ids[7], "O"); /* another's does not end it */
	h.together = false;
	put_mark(CONNECTOR, 8, ids[8], "O"); /* one that is to be answered by itself does not either */
	h.together = true;
	put_mark(CONNECTOR, 9, ids[9], "O");
	put_mark(CONNECTOR, 4, ids[4], "O"); /* sent again */
	put_mark(CONNECTOR, 10, ids[10], "O");
	host_commit(&h);
	assert_int_equal(h.count, 7);
	assert_row(0, CONNECTOR, STATUS_OK, 5, ids[0], ids[4]);
	assert_row(1, CONNECTOR, STATUS_NOTHING_ACCEPTED, 0, NULL, ids[5]);
	assert_row(2, CONNECTOR, STATUS_OK, 2, ids[6], ids[9]);
	assert_row(3, OFFICER, STATUS_OK, 0, NULL, ids[7]);
	assert_row(4, CONNECTOR, STATUS_OK, 0, NULL, ids[8]);
	assert_row(5, CONNECTOR, STATUS_KNOWN, 0, NULL, ids[4]);
	assert_row(6, CONNECTOR, STATUS_OK, 0, NULL, ids[10]);
	assert_true(h.answers[0].position > head && h.answers[0].position < h.answers[2].position);
	assert_int_equal(h.answers[5].position, h.answers[0].position);
	/* whether it asks for that is no part of a submission: without, it is the same one */
	h.together = false;
	host_begin(&h);
	put_mark(CONNECTOR, 0, ids[0], "O");
	host_commit(&h);
	assert_row(0, CONNECTOR, STATUS_KNOWN, 0, NULL, ids[0]);
}

/* Nothing is said of a batch before it is on disk; the next one knows it all the same. */
static void the_next_batch_stands_on_the_one_behind(void **context)
{
	(void)context;
	host_begin(&h);
	put_many();
	host_commit_behind(&h);
	assert_int_equal(h.count, 0);
	host_begin(&h);
	put_mark(CONNECTOR, 0, ids[0], "O");   /* known */
	put_mark(CONNECTOR, 1, ids[0], "O");   /* its id for another */
	put_mark(OFFICER, 2, NULL, "I");       /* a correction */
	host_put(&h, OFFICER, COMMAND_QUERY, NULL, "{'what':'pupil','upn':'%s'}", upn[3]);
	assert_int_equal(h.count, 0);
	host_land(&h);
	assert_int_equal(h.count, 1);
	assert_row(0, CONNECTOR, STATUS_OK, MANY, ids[0], ids[MANY - 1]);
	host_commit(&h);
	assert_int_equal(h.count, 5);
	assert_row(1, CONNECTOR, STATUS_KNOWN, 0, NULL, ids[0]);
	assert_row(2, CONNECTOR, STATUS_REUSED_ID, 0, NULL, ids[0]);
	assert_int_equal(h.answers[3].status, STATUS_OK);
	assert_answer(&h.answers[4], STATUS_OK, "\"unauthorised\":1,");
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'pupil','upn':'%s'}", upn[2]), STATUS_OK, "\"authorised\":1,");
	host_restart(&h);
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'pupil','upn':'%s'}", upn[2]), STATUS_OK, "\"authorised\":1,");
}

/* A subscriber is told of what is on disk, and in the end of all. */
static void a_subscriber_is_told_once_it_is_on_disk(void **context)
{
	unsigned items = 0;

	(void)context;
	assert_answer(host_ask(&h, OFFICER, COMMAND_SUBSCRIBE, "{'what':'log','from':%u,'credit':1000}", (unsigned)host_head(&h) + 1), STATUS_OK, NULL);
	host_begin(&h);
	put_many();
	host_commit_behind(&h);
	assert_int_equal(h.count, 0);
	for (unsigned turn = 0; turn < 3; turn++) {
		host_turns(&h);
		for (unsigned i = 0; i < h.count; i++)
			if (h.answers[i].command == COMMAND_ITEMS)
				items += times_in(h.answers[i].text, "\"kind\":\"marks-recorded\"");
	}
	assert_int_equal(items, MANY);
}

/* What fell due meanwhile is found, though the table of timers is LMDB's alone. */
static void deadlines_fall_due_while_one_is_behind(void **context)
{
	char one[4096];

	(void)context;
	host_mark(&h, SCHOOL_URN, 1, "2026-09-09", "AM", "O");
	assert_answer(host_ask(&h, OFFICER, COMMAND_ACTION, "{'upn':'%s','action':'notice-to-improve','parent':'p1','on':'2026-09-11','override':'r'}", upn[0]), STATUS_OK, NULL);
	host_begin(&h);
	put_many();
	host_commit_behind(&h);
	host_set_time(&h, "2026-10-10T09:00:00Z");
	host_turns(&h);
	assert_row(0, CONNECTOR, STATUS_OK, MANY, ids[0], ids[MANY - 1]);
	assert_int_equal(host_alerts(&h, "decision", NULL, one), 1);
}

/* Gone before anything was said: all of the batch is there, or none of it. */
static void a_crash_with_one_behind(void **context)
{
	uint64_t head = host_head(&h);

	(void)context;
	host_begin(&h);
	put_many();
	host_commit_behind(&h);
	assert_int_equal(h.count, 0);
	while (!engine_landed(h.engine)) /* LMDB's file is not to be copied while it is written */
		sched_yield();
	host_crash(&h);
	assert_int_equal(host_head(&h), head + 2 * MANY); /* each pupil's registration, and its mark */
	host_begin(&h);
	put_many();
	host_commit(&h);
	assert_int_equal(h.count, MANY);
	for (unsigned i = 0; i < MANY; i++)
		assert_row(i, CONNECTOR, STATUS_KNOWN, 0, NULL, ids[i]);
}

static void a_close_with_one_behind(void **context)
{
	uint64_t head = host_head(&h);

	(void)context;
	host_begin(&h);
	put_many();
	host_commit_behind(&h);
	host_restart(&h);
	assert_int_equal(host_head(&h), head + 2 * MANY);
}

static void put_filler(unsigned n)
{
	host_put(&h, OFFICER, COMMAND_MARKS, NULL,
		 "{'urn':'" SCHOOL_URN "','registers':[['2026-09-0%u','PM',[['%s','O',{'comment':'%04000u'}]]]]}", 7 + n / MANY % 2,
		 upn[n % MANY], n);
}

/* The batch behind finds no room: it and the one that stands on it are put off, whole. */
static void one_behind_that_finds_no_room(void **context)
{
	char *tables, *now;
	uint64_t head;

	(void)context;
	host_end(&h);
	host_make(&h, &(struct host_options){.start = "2026-09-14T09:00:00Z", .map_size = 3 << 20});
	host_mark(&h, SCHOOL_URN, 1, "2026-09-10", "PM", "O");
	head = host_head(&h);
	tables = host_tables(&h, true);
	for (unsigned round = 0; round < 3; round++) {
		h.now_ms += 2000;
		host_turns(&h); /* looks for timers, which LMDB alone can tell */
		host_begin(&h);
		put_many();
		for (unsigned n = 0; n < 600; n++)
			put_filler(n);
		host_commit_behind(&h);
		assert_int_equal(h.count, 0);
		host_begin(&h);
		put_mark(CONNECTOR, 0, NULL, "I");
		host_put(&h, OFFICER, COMMAND_QUERY, NULL, "{'what':'pupil','upn':'%s'}", upn[0]);
		if (round == 0)
			host_land(&h); /* found out here, or at the commit */
		host_commit(&h);
		assert_int_equal(h.count, 1 + 600 + 2);
		assert_row(0, CONNECTOR, STATUS_RETRY_LATER, MANY, ids[0], ids[MANY - 1]);
		for (unsigned i = 1; i < h.count; i++)
			assert_int_equal(h.answers[i].status, STATUS_RETRY_LATER);
		assert_int_equal(host_head(&h), head);
		now = host_tables(&h, true);
		assert_same_text(now, tables);
		free(now);
	}
	free(tables);
	h.now_ms += 2000;
	host_begin(&h);
	put_many();
	host_commit(&h);
	assert_row(0, CONNECTOR, STATUS_OK, MANY, ids[0], ids[MANY - 1]);
}

/* Batches of all sizes, behind or not: what verify replays from the log is what was projected. */
static void any_mixture_comes_to_the_same(void **context)
{
	const char *text = getenv("ATTEND_SEED");
	uint64_t seed = text ? strtoull(text, NULL, 0) : 20260911, random = seed;
	unsigned behind = 0;

	(void)context;
	print_message("ATTEND_SEED=%llu\n", (unsigned long long)seed);
	for (unsigned turn = 0; turn < 60; turn++) {
		random = random * 6364136223846793005u + 1442695040888963407u;
		host_begin(&h);
		for (unsigned i = 0; i < random >> 56; i++) {
			h.together = i % 7 != 0;
			host_put(&h, CONNECTOR, COMMAND_MARKS, i % 50 == 49 ? ids[turn] : NULL,
				 "{'urn':'" SCHOOL_URN "','registers':[['2026-09-%02u','PM',[['%s','%s']]]]}", 1 + turn % 4,
				 upn[(random >> 30) * (i + 1) % MANY], (random >> 20 & 3) != 0 ? "O" : "I");
		}
		h.together = false;
		if (random >> 50 & 1)
			host_commit_behind(&h);
		else
			host_commit(&h);
		behind += h.engine->behind != NULL;
	}
	assert_true(behind > 10);
	host_turns(&h);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(what_was_taken_in_a_row_is_answered_together),
		T(the_next_batch_stands_on_the_one_behind),
		T(a_subscriber_is_told_once_it_is_on_disk),
		T(deadlines_fall_due_while_one_is_behind),
		T(a_crash_with_one_behind),
		T(a_close_with_one_behind),
		T(one_behind_that_finds_no_room),
		T(any_mixture_comes_to_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
