/* A subscription over lines that are cut: no gap, nothing twice, the cursor behind what was
 * dealt with and never before it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/mp.h"
#include "tests/client_fake.h"

enum { LAST = 6 };

/* {"items": [{"seq": first} ...], "next": n, "head": n}, all numbers below 128. */
static void send_items(struct fake *f, const uint8_t *id, unsigned first, unsigned last)
{
	uint8_t body[256];
	struct writer out = writer_of(body, sizeof body);
	write_u8(&out, 0x83);
	write_bytes(&out, "\xa5items", 6);
	write_u8(&out, (uint8_t)(0x90 | (last - first + 1)));
	for (unsigned seq = first; seq <= last; seq++) {
		write_bytes(&out, "\x81\xa3seq", 5);
		write_u8(&out, (uint8_t)seq);
	}
	write_bytes(&out, "\xa4next", 5);
	write_u8(&out, (uint8_t)(last + 1));
	write_bytes(&out, "\xa4head", 5);
	write_u8(&out, (uint8_t)last);
	fake_send(f, COMMAND_ITEMS, id, body, writer_size(&out));
}

struct script {
	unsigned subscribed;       /* how often */
	uint64_t from[8];          /* asked from */
	uint64_t cursors[32];      /* positions committed */
	unsigned cursor_count;
	bool cut;                  /* after the third item */
	uint64_t credit;           /* given back */
	bool forget;               /* answer the first credit with "no such subscription" */
	unsigned pieces;
};

static void start_from(struct fake *f, const struct message *m, struct script *s)
{
	static const uint8_t body[] = { 0x82, 0xa4, 'f', 'r', 'o', 'm', 1, 0xa4, 'h', 'e', 'a', 'd', LAST };
	uint8_t reply[sizeof body];
	const char *wrong = NULL;
	uint64_t from = mp_find_uint(m->body, "from", 0, &wrong);
	memcpy(reply, body, sizeof body);
	s->from[s->subscribed++] = from;
	if (from)
		reply[6] = (uint8_t)from;
	fake_reply(f, m, STATUS_OK, reply, sizeof reply);
}

static void alerts(struct fake *f, const struct message *m, unsigned seen)
{
	struct script *s = f->context;
	const char *wrong = NULL;
	(void)seen;
	if (m->command == COMMAND_SUBSCRIBE) {
		start_from(f, m, s);
		if (s->subscribed == 1 && s->cut)
			send_items(f, m->id, 1, 3);
		else if (s->subscribed == 1)
			send_items(f, m->id, 1, 4);
		else
			send_items(f, m->id, 3, LAST); /* 3 once more: it must not be given twice */
	} else if (m->command == COMMAND_CURSOR) {
		s->cursors[s->cursor_count++] = mp_find_uint(m->body, "position", 0, &wrong);
		if (s->cut && s->subscribed == 1 && s->cursor_count == 2) {
			atomic_store(&f->close_now, true); /* unanswered: it must come again */
			return;
		}
		fake_reply(f, m, STATUS_OK, NULL, 0);
	} else if (m->command == COMMAND_CREDIT) {
		s->credit += mp_find_uint(m->body, "credit", 0, &wrong);
		if (s->forget && s->subscribed == 1)
			fake_reply(f, m, STATUS_NOT_FOUND, NULL, 0);
		else
			send_items(f, m->id, 5, LAST);
	} else {
		fake_reply(f, m, STATUS_OK, NULL, 0);
	}
}

struct taken {
	uint64_t positions[32];
	unsigned count, until;
};

static bool take(void *context, uint64_t position, const void *item, size_t size)
{
	struct taken *t = context;
	assert_true(size > 0 && item != NULL);
	if (t->count == t->until)
		return false;
	t->positions[t->count++] = position;
	return true;
}

static void check_all(const struct taken *t, unsigned last)
{
	assert_int_equal(t->count, last);
	for (unsigned i = 0; i < last; i++)
		assert_int_equal(t->positions[i], i + 1);
}

static void *start_again(void *context)
{
	struct fake *f = context;
	fake_await_cut(f);
	fake_again(f);
	return NULL;
}

static void a_cut_leaves_no_gap_and_gives_nothing_twice(void **state)
{
	(void)state;
	struct fake f;
	struct script script = { .cut = true };
	struct taken taken = { .until = LAST - 1 }; /* the last one is not dealt with */
	pthread_t again;
	fake_start(&f, alerts, &script);
	struct attend *a = fake_connect(&f, 10000, 0);
	assert_int_equal(pthread_create(&again, NULL, start_again, &f), 0);
	struct attend_subscription wanted = { .what = "alerts", .cursor = "desk" };
	assert_int_equal(attend_subscribe(a, &wanted, take, &taken), ATTEND_STOPPED);
	pthread_join(again, NULL);
	check_all(&taken, LAST - 1);
	assert_int_equal(script.subscribed, 2);
	assert_int_equal(script.from[0], 0); /* where the cursor stands */
	assert_int_equal(script.from[1], 4); /* not where the cursor stood: what was shown is not shown again */
	/* The cursor went along, on each line forward, and past nothing that was not dealt with.
	 * What the cut left unanswered came again; the daemon moves no cursor back for that. */
	assert_int_equal(script.cursors[script.cursor_count - 1], LAST - 1);
	for (unsigned i = 1; i < script.cursor_count; i++)
		if (i != 2)
			assert_true(script.cursors[i] > script.cursors[i - 1]);
	attend_close(&a);
	fake_stop(&f);
	fake_remove(&f);
}

static void credit_is_given_back(void **state)
{
	(void)state;
	struct fake f;
	struct script script = { .cut = false };
	struct taken taken = { .until = LAST - 1 };
	fake_start(&f, alerts, &script);
	struct attend *a = fake_connect(&f, 10000, 0);
	struct attend_subscription wanted = { .what = "alerts", .credit = 4 };
	assert_int_equal(attend_subscribe(a, &wanted, take, &taken), ATTEND_STOPPED);
	check_all(&taken, LAST - 1);
	/* for the first four at least; what was given for those after them, with the one that ended it, may still be on its way */
	assert_in_range(script.credit, 4, LAST);
	assert_int_equal(script.cursor_count, 0); /* without a name there is none */
	attend_close(&a);
	fake_stop(&f);
	fake_remove(&f);
}

/* Ended in the midst of what came together, with cursors on their way: the last one stands all the same. */
static void the_cursor_ends_behind_the_last_item(void **state)
{
	(void)state;
	struct fake f;
	struct script script = { .cut = false };
	struct taken taken = { .until = 3 };
	fake_start(&f, alerts, &script);
	struct attend *a = fake_connect(&f, 10000, 1);
	struct attend_subscription wanted = { .what = "alerts", .cursor = "desk", .credit = 4 };
	assert_int_equal(attend_subscribe(a, &wanted, take, &taken), ATTEND_STOPPED);
	assert_int_equal(script.cursors[script.cursor_count - 1], 3);
	assert_true(script.cursor_count < 3); /* one covers several */
	attend_close(&a);
	fake_stop(&f);
	fake_remove(&f);
}

static void a_subscription_that_was_forgotten_is_asked_for_again(void **state)
{
	(void)state;
	struct fake f;
	struct script script = { .forget = true };
	struct taken taken = { .until = LAST - 1 };
	fake_start(&f, alerts, &script);
	struct attend *a = fake_connect(&f, 10000, 0);
	struct attend_subscription wanted = { .what = "alerts", .credit = 4 };
	assert_int_equal(attend_subscribe(a, &wanted, take, &taken), ATTEND_STOPPED);
	check_all(&taken, LAST - 1);
	assert_int_equal(script.subscribed, 2);
	assert_int_equal(script.from[1], 5);
	attend_close(&a);
	fake_stop(&f);
	fake_remove(&f);
}

static void forbid(struct fake *f, const struct message *m, unsigned seen)
{
	(void)seen;
	fake_reply(f, m, STATUS_FORBIDDEN, NULL, 0);
}

static void a_refusal_ends_it(void **state)
{
	(void)state;
	struct fake f;
	struct taken taken = { .until = 1 };
	fake_start(&f, forbid, NULL);
	struct attend *a = fake_connect(&f, 10000, 0);
	struct attend_subscription wanted = { .what = "log", .from = 3 };
	assert_int_equal(attend_subscribe(a, &wanted, take, &taken), ATTEND_REFUSED);
	assert_non_null(strstr(attend_why(a), "role"));
	assert_int_equal(taken.count, 0);
	attend_close(&a);
	fake_stop(&f);
	fake_remove(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cut_leaves_no_gap_and_gives_nothing_twice),
		cmocka_unit_test(credit_is_given_back),
		cmocka_unit_test(the_cursor_ends_behind_the_last_item),
		cmocka_unit_test(a_subscription_that_was_forgotten_is_asked_for_again),
		cmocka_unit_test(a_refusal_ends_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
