/* libattend over a real line: keys, windows, sending again, cuts, subscriptions.
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

enum { PATIENT_MS = 10000 };

static const uint8_t empty_map[] = { 0x80 };

/* {"ok": true} */
static void answer_well(struct fake *f, const struct message *m, unsigned seen)
{
	static const uint8_t body[] = { 0x81, 0xa2, 'o', 'k', 0xc3 };
	(void)seen;
	fake_reply(f, m, STATUS_OK, body, sizeof body);
}

static void never_answer(struct fake *f, const struct message *m, unsigned seen)
{
	(void)f;
	(void)m;
	(void)seen;
}

static enum attend_result ask(struct attend *a, struct attend_reply *reply)
{
	return attend_call(a, ATTEND_QUERY, NULL, empty_map, sizeof empty_map, reply);
}

static void a_call_gets_its_reply(void **state)
{
	(void)state;
	struct fake f;
	struct attend_reply reply;
	fake_start(&f, answer_well, NULL);
	struct attend *a = fake_connect(&f, PATIENT_MS, 0);
	assert_int_equal(ask(a, &reply), ATTEND_OK);
	assert_int_equal(reply.status, 200);
	assert_int_equal(reply.position, 7);
	assert_int_equal(reply.body_size, 5);
	assert_int_equal(f.commands[0], ATTEND_QUERY);
	assert_int_equal(atomic_load(&f.seen), 1); /* once */
	attend_close(&a);
	assert_null(a);
	fake_stop(&f);
	fake_remove(&f);
}

static void a_daemon_that_stays_silent_is_told_apart(void **state)
{
	(void)state;
	struct fake f;
	struct attend_reply reply;
	fake_start(&f, never_answer, NULL);
	struct attend *a = fake_connect(&f, 2000, 0);
	assert_int_equal(ask(a, &reply), ATTEND_UNREACHABLE);
	assert_non_null(strstr(attend_why(a), "has not answered"));
	/* asked again while there was hope, under the same id */
	assert_true(atomic_load(&f.seen) >= 2);
	assert_memory_equal(f.ids[0], f.ids[1], ATTEND_ID_SIZE);
	attend_close(&a);
	fake_stop(&f);
	fake_remove(&f);
}

static void late_once(struct fake *f, const struct message *m, unsigned seen)
{
	if (seen)
		fake_reply(f, m, STATUS_OK, NULL, 0);
}

static void an_answer_that_is_lost_is_asked_for_again(void **state)
{
	(void)state;
	struct fake f;
	struct attend_reply reply;
	fake_start(&f, late_once, NULL);
	struct attend *a = fake_connect(&f, 4500, 0);
	assert_int_equal(ask(a, &reply), ATTEND_OK);
	assert_int_equal(atomic_load(&f.seen), 2);
	assert_memory_equal(f.ids[0], f.ids[1], ATTEND_ID_SIZE);
	attend_close(&a);
	fake_stop(&f);
	fake_remove(&f);
}

/* What is no reply, or none to us, changes nothing. */
static void rubbish_first(struct fake *f, const struct message *m, unsigned seen)
{
	static const uint8_t others[ATTEND_ID_SIZE] = { 1, 2, 3 };
	static const uint8_t broken_body[] = { 0x81, 0xa1 };
	(void)seen;
	fake_send_frames(f, "rubbish", 7, NULL, 0);
	fake_send_frames(f, "two", 3, "frames", 6);
	fake_send(f, ATTEND_QUERY, others, NULL, 0);
	fake_reply(f, m, STATUS_OK, broken_body, sizeof broken_body);
	fake_send(f, ATTEND_HELLO, m->id, NULL, 0);
	fake_reply(f, m, STATUS_NOT_FOUND, NULL, 0);
}

static void rubbish_is_passed_over(void **state)
{
	(void)state;
	struct fake f;
	struct attend_reply reply;
	fake_start(&f, rubbish_first, NULL);
	struct attend *a = fake_connect(&f, PATIENT_MS, 0);
	assert_int_equal(ask(a, &reply), ATTEND_REFUSED);
	assert_int_equal(reply.status, STATUS_NOT_FOUND);
	assert_string_equal(attend_why(a), "no such thing");
	attend_close(&a);
	fake_stop(&f);
	fake_remove(&f);
}

struct tally {
	unsigned answered, last_status, done;
	uint8_t order[FAKE_SEEN_MAX];
};

struct post {
	struct tally *tally;
	unsigned number, answers, status;
};

static void count_answer(void *context, const struct attend_reply *reply)
{
	struct post *p = context;
	p->answers++;
	p->status = reply->status;
	p->tally->answered++;
}

static void post_all(struct attend *a, struct post posts[], struct tally *tally, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		posts[i] = (struct post){ .tally = tally, .number = i };
		assert_int_equal(attend_post(a, ATTEND_MARKS, NULL, empty_map, 1, count_answer, &posts[i]), ATTEND_OK);
	}
	assert_int_equal(attend_flush(a), ATTEND_OK);
	for (unsigned i = 0; i < count; i++) {
		assert_int_equal(posts[i].answers, 1);
		assert_int_equal(posts[i].status, 200);
	}
}

/* Nothing is answered until a whole window has come; then a request too many would show. */
enum { WINDOW = 16, POSTS = 160 };

static void answer_by_windows(struct fake *f, const struct message *m, unsigned seen)
{
	static struct message held[WINDOW];
	held[seen % WINDOW] = *m;
	if (seen % WINDOW == WINDOW - 1)
		for (unsigned i = 0; i < WINDOW; i++)
			fake_reply(f, &held[i], STATUS_OK, NULL, 0);
}

static void no_more_is_on_its_way_than_the_window(void **state)
{
	(void)state;
	struct fake f;
	struct tally tally = { 0 };
	static struct post posts[POSTS];
	fake_start(&f, answer_by_windows, NULL);
	struct attend *a = fake_connect(&f, PATIENT_MS, WINDOW);
	post_all(a, posts, &tally, POSTS);
	assert_int_equal(atomic_load(&f.seen), POSTS); /* each once */
	assert_int_equal(attend_outstanding(a), 0);
	attend_close(&a);
	fake_stop(&f);
	fake_remove(&f);
}

/* One answer to each window, of which the test says what it claims. */
struct together_answers {
	unsigned too_many, put_off; /* windows so answered first */
	unsigned windows;
};

static void answer_together(struct fake *f, const struct message *m, unsigned seen)
{
	struct together_answers *t = f->context;
	uint8_t frame[TOGETHER_REPLY_SIZE_MAX];
	struct writer out = writer_of(frame, sizeof frame);
	struct together together = { .count = WINDOW };

	if (!m->together)
		return;
	if (seen % WINDOW != WINDOW - 1)
		return;
	memcpy(together.first, f->ids[seen - (WINDOW - 1)], ATTEND_ID_SIZE);
	t->windows++;
	together.count += t->windows <= t->too_many;
	message_reply_together(&out, m->command, m->id, t->windows <= t->put_off ? STATUS_RETRY_LATER : STATUS_OK, 7, &together);
	fake_send_frames(f, frame, writer_size(&out), NULL, 0);
}

static void marks_are_answered_together(struct together_answers *t, unsigned windows)
{
	struct fake f;
	struct tally tally = { 0 };
	static struct post posts[4 * WINDOW];
	fake_start(&f, answer_together, t);
	struct attend *a = fake_connect(&f, 900, WINDOW);
	post_all(a, posts, &tally, 4 * WINDOW);
	assert_int_equal(t->windows, windows);
	assert_int_equal(atomic_load(&f.seen), windows * WINDOW);
	attend_close(&a);
	fake_stop(&f);
	fake_remove(&f);
}

static void one_answer_does_for_many(void **state)
{
	(void)state;
	marks_are_answered_together(&(struct together_answers){ 0 }, 4);
}

static void together_they_are_put_off(void **state)
{
	(void)state;
	marks_are_answered_together(&(struct together_answers){ .put_off = 1 }, 5);
}

/* It claims more than were sent from its first to its last: it is no answer to any. */
static void an_answer_to_others_is_an_answer_to_none(void **state)
{
	(void)state;
	marks_are_answered_together(&(struct together_answers){ .too_many = 1 }, 5);
}

/* Nothing is answered until so many wait that the rest go in bundles, and then everything. */
enum { MANY = 200 };

static void answer_when_many(struct fake *f, const struct message *m, unsigned seen)
{
	static struct message held[FAKE_SEEN_MAX];
	unsigned *wanted = f->context;
	held[seen] = *m;
	if (seen + 1 == *wanted)
		for (unsigned i = 0; i <= seen; i++)
			fake_reply(f, &held[i], STATUS_OK, NULL, 0);
}

static void many_posted(bool old, unsigned *wanted, struct fake *f)
{
	struct tally tally = { 0 };
	static struct post posts[MANY];
	fake_start(f, answer_when_many, wanted);
	f->old = old;
	struct attend *a = fake_connect(f, PATIENT_MS, MANY);
	post_all(a, posts, &tally, MANY);
	attend_close(&a);
	fake_stop(f);
	fake_remove(f);
}

static void what_comes_fast_goes_in_bundles(void **state)
{
	(void)state;
	struct fake f;
	unsigned wanted = MANY;
	many_posted(false, &wanted, &f);
	assert_int_equal(atomic_load(&f.seen), MANY); /* each once */
	assert_in_range(atomic_load(&f.bundles), (MANY - 64) / 16, MANY / 2);
}

static void a_daemon_that_knows_no_bundles_is_sent_none(void **state)
{
	(void)state;
	struct fake f;
	unsigned wanted = MANY;
	many_posted(true, &wanted, &f);
	assert_true(atomic_load(&f.bundles) > 0);
	/* what stood in them came one by one, and perhaps what had been sent before a second time */
	assert_in_range(atomic_load(&f.seen), MANY, 2 * MANY);
}

/* The third is put off twice. */
static void put_off_the_third(struct fake *f, const struct message *m, unsigned seen)
{
	unsigned *times = f->context;
	bool third = seen >= 2 && memcmp(f->ids[2], m->id, ATTEND_ID_SIZE) == 0;
	if (third && ++*times <= 2)
		fake_reply(f, m, *times == 1 ? STATUS_RETRY_LATER : STATUS_FAILED, NULL, 0);
	else
		fake_reply(f, m, STATUS_OK, NULL, 0);
}

static void what_is_put_off_is_sent_again_under_its_id(void **state)
{
	(void)state;
	struct fake f;
	struct tally tally = { 0 };
	struct post posts[8];
	unsigned times = 0;
	fake_start(&f, put_off_the_third, &times);
	struct attend *a = fake_connect(&f, PATIENT_MS, 8);
	post_all(a, posts, &tally, 8);
	assert_int_equal(times, 3);
	attend_close(&a);
	fake_stop(&f);
	fake_remove(&f);
}

static void always_put_off(struct fake *f, const struct message *m, unsigned seen)
{
	(void)seen;
	fake_reply(f, m, STATUS_RETRY_LATER, NULL, 0);
}

static void patience_ends(void **state)
{
	(void)state;
	struct fake f;
	struct attend_reply reply;
	fake_start(&f, always_put_off, NULL);
	f.patience_ms = 300;
	struct attend *a = fake_connect(&f, PATIENT_MS, 0);
	assert_int_equal(ask(a, &reply), ATTEND_REFUSED);
	assert_int_equal(reply.status, STATUS_RETRY_LATER);
	assert_true(atomic_load(&f.seen) >= 2);
	attend_close(&a);
	fake_stop(&f);
	fake_remove(&f);
}

static void clock_held(struct fake *f, const struct message *m, unsigned seen)
{
	(void)seen;
	fake_reply(f, m, STATUS_CLOCK_HELD, NULL, 0);
}

static void what_waits_for_a_person_is_told_at_once(void **state)
{
	(void)state;
	struct fake f;
	struct attend_reply reply;
	fake_start(&f, clock_held, NULL);
	struct attend *a = fake_connect(&f, PATIENT_MS, 0);
	assert_int_equal(ask(a, &reply), ATTEND_REFUSED);
	assert_int_equal(atomic_load(&f.seen), 1);
	assert_non_null(strstr(attend_why(a), "attend clock --confirm"));
	attend_close(&a);
	fake_stop(&f);
	fake_remove(&f);
}

/* Half a window is answered, then the line is cut. */
static void cut_half_way(struct fake *f, const struct message *m, unsigned seen)
{
	if (seen >= 10 && seen < 20)
		return;
	if (seen == 20) {
		atomic_store(&f->close_now, true);
		return;
	}
	fake_reply(f, m, STATUS_OK, NULL, 0);
}

static void a_cut_loses_nothing_and_doubles_nothing(void **state)
{
	(void)state;
	struct fake f;
	struct tally tally = { 0 };
	static struct post posts[40];
	fake_start(&f, cut_half_way, NULL);
	struct attend *a = fake_connect(&f, PATIENT_MS, 64);
	for (unsigned i = 0; i < 40; i++) {
		posts[i] = (struct post){ .tally = &tally, .number = i };
		assert_int_equal(attend_post(a, ATTEND_MARKS, NULL, empty_map, 1, count_answer, &posts[i]), ATTEND_OK);
	}
	while (!atomic_load(&f.close_now))
		assert_int_equal(attend_pump(a, 20), ATTEND_OK);
	fake_await_cut(&f);
	fake_again(&f);
	assert_int_equal(attend_flush(a), ATTEND_OK);
	for (unsigned i = 0; i < 40; i++)
		assert_int_equal(posts[i].answers, 1);
	/* On the new line the unanswered came again, in the order in which they were posted:
	 * from the eleventh, or an earlier one whose answer the cut caught on its way. */
	unsigned seen = atomic_load(&f.seen), at = 21, from = 0;
	assert_true(at < seen);
	while (from < 10 && memcmp(f.ids[at], f.ids[from], ATTEND_ID_SIZE) != 0)
		from++;
	for (; from <= 20 && at < seen; from++, at++)
		assert_memory_equal(f.ids[at], f.ids[from], ATTEND_ID_SIZE);
	attend_close(&a);
	fake_stop(&f);
	fake_remove(&f);
}

static void what_is_left_at_the_end_is_answered_with_nothing(void **state)
{
	(void)state;
	struct fake f;
	struct tally tally = { 0 };
	struct post post = { .tally = &tally, .status = 99 };
	fake_start(&f, never_answer, NULL);
	struct attend *a = fake_connect(&f, PATIENT_MS, 0);
	assert_int_equal(attend_post(a, ATTEND_MARKS, NULL, empty_map, 1, count_answer, &post), ATTEND_OK);
	assert_int_equal(attend_outstanding(a), 1);
	attend_close(&a);
	assert_int_equal(post.answers, 1);
	assert_int_equal(post.status, 0);
	fake_stop(&f);
	fake_remove(&f);
}

static void a_stop_ends_a_wait(void **state)
{
	(void)state;
	struct fake f;
	volatile sig_atomic_t stop = 1;
	char why[256];
	struct attend_reply reply;
	fake_start(&f, never_answer, NULL);
	struct attend_options options = { .server = f.endpoint, .server_key_file = f.server_key, .identity_file = f.identity, .stop = &stop };
	struct attend *a = attend_open(&options, why, sizeof why);
	assert_non_null(a);
	assert_int_equal(ask(a, &reply), ATTEND_STOPPED);
	attend_close(&a);
	fake_stop(&f);
	fake_remove(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_call_gets_its_reply),
		cmocka_unit_test(a_daemon_that_stays_silent_is_told_apart),
		cmocka_unit_test(an_answer_that_is_lost_is_asked_for_again),
		cmocka_unit_test(rubbish_is_passed_over),
		cmocka_unit_test(no_more_is_on_its_way_than_the_window),
		cmocka_unit_test(one_answer_does_for_many),
		cmocka_unit_test(together_they_are_put_off),
		cmocka_unit_test(an_answer_to_others_is_an_answer_to_none),
		cmocka_unit_test(what_comes_fast_goes_in_bundles),
		cmocka_unit_test(a_daemon_that_knows_no_bundles_is_sent_none),
		cmocka_unit_test(what_is_put_off_is_sent_again_under_its_id),
		cmocka_unit_test(patience_ends),
		cmocka_unit_test(what_waits_for_a_person_is_told_at_once),
		cmocka_unit_test(a_cut_loses_nothing_and_doubles_nothing),
		cmocka_unit_test(what_is_left_at_the_end_is_answered_with_nothing),
		cmocka_unit_test(a_stop_ends_a_wait),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
