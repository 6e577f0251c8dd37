/* Subscriptions: in order, as many as there is credit for, no gap and no double over
 * starts and crashes; who gives no credit holds nobody up.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "daemon/engine_parts.h"
#include "tests/engine_host.h"

static struct host h;
static char upn[8][UPN_SIZE + 1];

static int setup(void **context)
{
	(void)context;
	host_make(&h, &(struct host_options){.start = "2026-09-21T15:30:00Z"});
	for (unsigned i = 0; i < 8; i++)
		host_upn(upn[i], i + 1);
	h.mono_ms = 1000000;
	return 0;
}

static int teardown(void **context)
{
	(void)context;
	return host_end_verified(&h);
}

/* ---- a subscriber, as one should be ---- */

struct reader_of_log {
	enum who who;
	uint64_t seqs[2000];
	unsigned count;
	uint64_t next, head;
	unsigned heartbeats;
};

/* Takes up what was sent to it in the last turn. */
static void take_up(struct reader_of_log *r)
{
	for (unsigned i = 0; i < h.count; i++) {
		const struct answer *a = &h.answers[i];

		if (a->who != r->who || (a->command != COMMAND_ITEMS && a->command != COMMAND_HEARTBEAT))
			continue;
		for (const char *at = a->text; (at = strstr(at, "\"seq\":")); at++)
			r->seqs[r->count++] = number_of(at, "seq");
		r->heartbeats += a->command == COMMAND_HEARTBEAT;
		assert_true(number_of(a->text, "next") >= r->next);
		r->next = number_of(a->text, "next");
		r->head = number_of(a->text, "head");
		assert_int_equal(a->position, r->head);
		assert_int_equal(r->head, host_head(&h));
		if (r->count)
			assert_true(r->next > r->seqs[r->count - 1]);
	}
}

static void assert_rising(const struct reader_of_log *r)
{
	for (unsigned i = 1; i < r->count; i++)
		assert_true(r->seqs[i] > r->seqs[i - 1]);
}

static void subscribe(struct reader_of_log *r, const char *what, uint64_t from, unsigned credit)
{
	assert_answer(host_ask(&h, r->who, COMMAND_SUBSCRIBE, "{'what':'%s','from':%llu,'credit':%u}", what, (unsigned long long)from, credit),
		      STATUS_OK, NULL);
	take_up(r);
}

static void some_events(unsigned count)
{
	static unsigned n;

	while (count--) {
		n++;
		assert_answer(host_ask(&h, OFFICER, COMMAND_CALENDAR, "{'rows':[['2026-09-02','2026-10-23','term','x%u']]}", n), STATUS_OK, NULL);
	}
}

static void items_come_by_credit_and_in_order(void **context)
{
	struct reader_of_log r = {.who = AUDITOR};
	uint8_t id[UUID_SIZE];

	(void)context;
	subscribe(&r, "log", 1, 3);
	memcpy(id, h.last_id, UUID_SIZE);
	assert_int_equal(r.count, 3);
	assert_int_equal(r.next, 4);
	assert_int_equal(memcmp(h.answers[h.count - 1].id, id, UUID_SIZE), 0);
	host_turns(&h);
	take_up(&r);
	assert_int_equal(r.count, 3);
	assert_null(host_again(&h, AUDITOR, COMMAND_CREDIT, id, "{'credit':2}")); /* no reply, but items */
	take_up(&r);
	assert_int_equal(r.count, 5);
	host_again(&h, AUDITOR, COMMAND_CREDIT, id, "{'credit':1000}");
	take_up(&r);
	assert_int_equal(r.count, host_head(&h));
	for (unsigned i = 0; i < r.count; i++)
		assert_int_equal(r.seqs[i], i + 1);
	some_events(4); /* each turn's as it is committed */
	take_up(&r);
	assert_int_equal(r.seqs[r.count - 1], host_head(&h));
	assert_int_equal(r.next, host_head(&h) + 1);
}

static void credit_has_bounds(void **context)
{
	struct reader_of_log r = {.who = AUDITOR};
	uint8_t id[UUID_SIZE];

	(void)context;
	assert_answer(host_ask(&h, AUDITOR, COMMAND_SUBSCRIBE, "{'what':'log','credit':100001}"), STATUS_BAD_FIELD, "\"field\":\"credit\"");
	assert_answer(host_ask(&h, AUDITOR, COMMAND_CREDIT, "{'credit':1}"), STATUS_NOT_FOUND, "no such subscription");
	subscribe(&r, "log", 1, 1);
	memcpy(id, h.last_id, UUID_SIZE);
	subscribe(&r, "log", 1000, 5);
	memcpy(id, h.last_id, UUID_SIZE);
	host_again(&h, AUDITOR, COMMAND_CREDIT, id, "{'credit':18446744073709551615}");
	assert_int_equal(h.engine->subscriptions[1]->credit, 100000);
	assert_answer(host_again(&h, AUDITOR, COMMAND_CREDIT, id, "{'credit':'x'}"), STATUS_BAD_FIELD, NULL);
	assert_answer(host_again(&h, AUDITOR, COMMAND_CREDIT, id, "{'credits':1}"), STATUS_BAD_FIELD, "\"field\":\"credit\"");
	assert_answer(host_again(&h, AUDITOR, COMMAND_CREDIT, id, "{'credit':1,'upn':'x'}"), STATUS_BAD_FIELD, "\"field\":\"credit\"");
	/* another's subscription is not to be fed */
	assert_answer(host_again(&h, OFFICER, COMMAND_CREDIT, id, "{'credit':1}"), STATUS_NOT_FOUND, NULL);
}

static void a_subscription_is_of_a_known_thing(void **context)
{
	(void)context;
	assert_answer(host_ask(&h, OFFICER, COMMAND_SUBSCRIBE, "{'what':'gossip','credit':1}"), STATUS_BAD_FIELD, "\"field\":\"what\"");
	assert_answer(host_ask(&h, OFFICER, COMMAND_SUBSCRIBE, "{'what':'log','credit':1,'x':1}"), STATUS_BAD_BODY, NULL);
	assert_answer(host_ask(&h, OFFICER, COMMAND_SUBSCRIBE, "{'what':'log','credit':1,'case':'7'}"), STATUS_BAD_FIELD, "\"field\":\"case\"");
	assert_answer(host_ask(&h, OFFICER, COMMAND_SUBSCRIBE, "{'what':'log','credit':1,'cursor':'a name that is far longer than it may'}"),
		      STATUS_BAD_FIELD, "\"field\":\"cursor\"");
	assert_int_equal(h.engine->subscription_count, 0);
}

/* What is not on disk is not told. */
static void nothing_is_told_before_its_commit(void **context)
{
	struct reader_of_log r = {.who = AUDITOR};

	(void)context;
	subscribe(&r, "log", 1, 1000);
	host_begin(&h);
	host_put(&h, OFFICER, COMMAND_CALENDAR, NULL, "{'rows':[['2026-09-02','2026-10-23','term','x']]}");
	engine_feed(h.engine, h.mono_ms += 5, NULL, NULL); /* would call NULL if it had something to send */
	assert_int_equal(h.count, 0);
	host_commit(&h);
	take_up(&r);
	assert_int_equal(r.seqs[r.count - 1], host_head(&h));
}

static void over_starts_and_crashes_no_gap_and_no_double(void **context)
{
	struct reader_of_log r = {.who = AUDITOR};
	uint64_t seed = 7;

	(void)context;
	r.next = 1;
	for (unsigned round = 0; round < 12; round++) {
		unsigned credit = (unsigned)(seed = seed * 5 + 3) % 9;

		subscribe(&r, "log", r.next, credit);
		some_events(round % 4);
		take_up(&r); /* of the last turn alone; the others are counted below */
		r.count = 0;
		if (round % 3 == 2)
			host_crash(&h);
		else if (round % 3 == 1)
			host_restart(&h);
		r.next = 1;
	}
	/* read whole, in small bites, with a start at every one */
	r = (struct reader_of_log){.who = AUDITOR, .next = 1};
	while (r.next <= host_head(&h)) {
		subscribe(&r, "log", r.next, 3);
		if (r.count % 2)
			host_crash(&h);
		else
			host_restart(&h);
	}
	assert_int_equal(r.count, host_head(&h));
	for (unsigned i = 0; i < r.count; i++)
		assert_int_equal(r.seqs[i], i + 1);
}

static void a_heartbeat_each_second_of_silence(void **context)
{
	struct reader_of_log r = {.who = OFFICER};

	(void)context;
	subscribe(&r, "alerts", 1, 10); /* there are none: it is told so */
	assert_int_equal(r.heartbeats, 1);
	assert_int_equal(r.next, host_head(&h) + 1);
	h.mono_ms += 999;
	host_turns(&h);
	take_up(&r);
	assert_int_equal(r.heartbeats, 1);
	h.mono_ms += 250; /* it is looked for four times a second */
	host_turns(&h);
	take_up(&r);
	assert_int_equal(r.heartbeats, 2);
	/* what its filter keeps from it moves `next` on all the same: no gap */
	some_events(3);
	h.mono_ms += 1000;
	host_turns(&h);
	take_up(&r);
	assert_int_equal(r.heartbeats, 3);
	assert_int_equal(r.count, 0);
	assert_int_equal(r.next, host_head(&h) + 1);
	/* an item is a sign of life, too */
	h.mono_ms += 900;
	host_marks(&h, SCHOOL_URN, 1, "2026-09-07", "2026-09-11", "O");
	take_up(&r);
	assert_true(r.count > 0);
	h.mono_ms += 900;
	host_turns(&h);
	take_up(&r);
	assert_int_equal(r.heartbeats, 3);
}

/* Without credit it hears how far behind it is, and costs nothing but its place. */
static void no_credit_holds_nobody_up(void **context)
{
	struct reader_of_log idle = {.who = AUDITOR}, busy = {.who = OFFICER};
	size_t room;

	(void)context;
	subscribe(&idle, "log", 1, 0);
	assert_int_equal(idle.heartbeats, 1);
	subscribe(&busy, "log", host_head(&h) + 1, 1000);
	some_events(1);
	take_up(&busy);
	room = h.engine->at->replies_room;
	for (unsigned i = 0; i < 200; i++) {
		some_events(1);
		take_up(&busy);
		take_up(&idle);
	}
	assert_int_equal(busy.count, 201);
	assert_rising(&busy);
	assert_int_equal(idle.count, 0);
	assert_int_equal(h.engine->at->replies_room, room);
	h.mono_ms += 1000;
	host_turns(&h);
	take_up(&idle);
	assert_int_equal(idle.next, 1);
	assert_int_equal(idle.head, host_head(&h));
}

/* All from the beginning at once: so much between two commits and no more, and yet each comes to all of it. */
static unsigned subscribe_often(enum who who, unsigned times)
{
	unsigned taken = 0;

	host_begin(&h);
	for (unsigned i = 0; i < times; i++)
		host_put(&h, who, COMMAND_SUBSCRIBE, NULL, "{'what':'alerts','credit':0}");
	host_commit(&h);
	for (unsigned i = 0; i < h.count; i++)
		taken += h.answers[i].command == COMMAND_SUBSCRIBE && h.answers[i].status == STATUS_OK;
	return taken;
}

/* One that subscribes without end has half of the places; the next half of what is left; and who comes then has one. */
static void nobody_takes_all_places(void **context)
{
	(void)context;
	assert_int_equal(subscribe_often(AUDITOR, 1500), 1500);
	assert_int_equal(subscribe_often(AUDITOR, 1500), 548);
	assert_int_equal(subscribe_often(MANAGER, 1500), 1024);
	assert_int_equal(subscribe_often(OFFICER, 1), 1);
	assert_int_equal(subscribe_often(AUDITOR, 1), 0);
	assert_answer(host_first(&h), STATUS_RETRY_LATER, "too many subscriptions");
}

static void all_at_once_are_fed_in_turns(void **context)
{
	enum { READERS = 40, A_TURN = 5000 + 256 };
	uint64_t items = 0, all;
	unsigned turns = 0;

	(void)context;
	some_events(300);
	all = READERS * host_head(&h);
	host_begin(&h);
	for (unsigned i = 0; i < READERS; i++)
		host_put(&h, AUDITOR, COMMAND_SUBSCRIBE, NULL, "{'what':'log','from':1,'credit':1000}");
	host_commit(&h);
	for (;; turns++) {
		uint64_t before = items;
		for (unsigned i = 0; i < h.count; i++)
			for (const char *at = h.answers[i].command == COMMAND_ITEMS ? h.answers[i].text : ""; (at = strstr(at, "\"seq\":")); at++)
				items++;
		assert_true(items - before <= A_TURN);
		if (items == all)
			break;
		assert_true(items > before); /* some come further in every turn */
		host_begin(&h);
		host_commit(&h);
	}
	assert_true(turns >= 2);
}

static void a_cursor_lasts_and_never_goes_back(void **context)
{
	struct reader_of_log r = {.who = OFFICER};

	(void)context;
	some_events(5);
	assert_answer(host_ask(&h, OFFICER, COMMAND_CURSOR, "{'cursor':'desk','position':4}"), STATUS_OK, "");
	host_crash(&h);
	assert_answer(host_ask(&h, OFFICER, COMMAND_SUBSCRIBE, "{'what':'log','cursor':'desk','credit':100}"), STATUS_OK, "{\"from\":5,");
	take_up(&r);
	assert_int_equal(r.seqs[0], 5);
	assert_int_equal(r.count, host_head(&h) - 4);
	assert_answer(host_ask(&h, OFFICER, COMMAND_CURSOR, "{'cursor':'desk','position':2}"), STATUS_OK, "");
	assert_answer(host_ask(&h, OFFICER, COMMAND_SUBSCRIBE, "{'what':'log','cursor':'desk','credit':0}"), STATUS_OK, "{\"from\":5,");
	/* where it says from, that is where */
	assert_answer(host_ask(&h, OFFICER, COMMAND_SUBSCRIBE, "{'what':'log','cursor':'desk','from':2,'credit':0}"), STATUS_OK, "{\"from\":2,");
	/* another's of the same name is another one */
	assert_answer(host_ask(&h, MANAGER, COMMAND_SUBSCRIBE, "{'what':'log','cursor':'desk','credit':0}"), STATUS_OK, "{\"from\":1,");
	assert_answer(host_ask(&h, OFFICER, COMMAND_CURSOR, "{'cursor':'desk','position':%llu}", (unsigned long long)host_head(&h) + 1),
		      STATUS_BAD_FIELD, "\"field\":\"position\"");
	assert_answer(host_ask(&h, OFFICER, COMMAND_CURSOR, "{'cursor':'','position':1}"), STATUS_BAD_FIELD, "\"field\":\"cursor\"");
	assert_answer(host_ask(&h, OFFICER, COMMAND_CURSOR, "{'cursor':'desk','position':%llu}", (unsigned long long)host_head(&h)), STATUS_OK, "");
	host_restart(&h);
	r.count = 0;
	assert_answer(host_ask(&h, OFFICER, COMMAND_SUBSCRIBE, "{'what':'log','cursor':'desk','credit':100}"), STATUS_OK, NULL);
	take_up(&r);
	assert_int_equal(r.count, 0);
}

static void it_ends_when_asked_and_when_the_peer_is_gone(void **context)
{
	struct peer peer = {.size = 1, .bytes = {OFFICER}};
	uint8_t id[UUID_SIZE];

	(void)context;
	host_ask(&h, OFFICER, COMMAND_SUBSCRIBE, "{'what':'log','credit':1000}");
	memcpy(id, h.last_id, UUID_SIZE);
	host_ask(&h, OFFICER, COMMAND_SUBSCRIBE, "{'what':'alerts','credit':1000}");
	host_ask(&h, AUDITOR, COMMAND_SUBSCRIBE, "{'what':'log','credit':1000}");
	assert_int_equal(h.engine->subscription_count, 3);
	/* asked again under the same id it begins anew, and is still one */
	assert_answer(host_again(&h, OFFICER, COMMAND_SUBSCRIBE, id, "{'what':'log','credit':1,'from':2}"), STATUS_OK, "{\"from\":2,");
	assert_int_equal(h.engine->subscription_count, 3);
	assert_answer(host_again(&h, OFFICER, COMMAND_UNSUBSCRIBE, id, "%s", ""), STATUS_OK, NULL);
	assert_int_equal(h.engine->subscription_count, 2);
	assert_answer(host_again(&h, OFFICER, COMMAND_UNSUBSCRIBE, id, "%s", ""), STATUS_OK, NULL);
	engine_forget_peer(h.engine, &peer);
	assert_int_equal(h.engine->subscription_count, 1);
	h.mono_ms += 2000;
	some_events(1);
	for (unsigned i = 0; i < h.count; i++)
		assert_true(h.answers[i].who == AUDITOR || h.answers[i].command == COMMAND_CALENDAR);
}

/* Each thing that becomes of an alert is an item of its own, told as it was then. */
static void what_becomes_of_an_alert(void **context)
{
	struct reader_of_log r = {.who = OFFICER};
	char *text = calloc(1, 1 << 16);
	uint64_t alert;

	(void)context;
	host_marks(&h, SCHOOL_URN, 1, "2026-09-07", "2026-09-11", "O");
	alert = number_of(strstr(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'alerts'}")->text, "{\"alert\""), "alert");
	assert_answer(host_ask(&h, OFFICER, COMMAND_ACKNOWLEDGE, "{'alert':%llu}", (unsigned long long)alert), STATUS_OK, NULL);
	host_mark(&h, SCHOOL_URN, 1, "2026-09-11", "PM", "I");
	subscribe(&r, "alerts", 1, 1000);
	for (unsigned i = 0; i < h.count; i++)
		if (h.answers[i].command == COMMAND_ITEMS)
			strcat(text, h.answers[i].text);
	assert_rising(&r);
	assert_true(r.count >= 3);
	assert_non_null(strstr(text, "\"status\":\"raised\""));
	assert_non_null(strstr(text, "\"status\":\"acknowledged\""));
	assert_non_null(strstr(text, "\"status\":\"withdrawn\""));
	assert_true(strstr(text, "\"status\":\"raised\"") < strstr(text, "\"status\":\"acknowledged\""));
	assert_true(strstr(text, "\"status\":\"acknowledged\"") < strstr(text, "\"status\":\"withdrawn\""));
	free(text);
}

/* The history of a case, and of a pupil: whatever became of them, and nothing of others. */
static void the_log_of_a_case(void **context)
{
	static const char *const kinds[] = {"action-recorded", "alert-raised", "alert-changed", "alert-withdrawn", "alert-acknowledged", "deadline-fired"};
	char one[4096], *text;

	(void)context;
	host_marks(&h, SCHOOL_URN, 1, "2026-09-07", "2026-09-11", "O");
	host_marks(&h, SCHOOL_URN, 2, "2026-09-07", "2026-09-11", "O");
	for (unsigned i = 0; i < 2; i++)
		assert_answer(host_ask(&h, OFFICER, COMMAND_ACTION, "{'upn':'%s','action':'notice-to-improve','on':'2026-09-11','parent':'p1','override':'r'}", upn[i]),
			      STATUS_OK, NULL);
	for (unsigned i = 1; i <= 2; i++) {
		host_marks(&h, SCHOOL_URN, i, "2026-09-14", "2026-09-15", "N"); /* breach, changed */
		host_marks(&h, SCHOOL_URN, i, "2026-09-14", "2026-09-15", "I"); /* withdrawn */
	}
	host_set_time(&h, "2026-10-10T09:00:00Z");
	host_turns(&h);
	assert_int_equal(host_alerts(&h, "decision", NULL, one), 2);
	assert_answer(host_ask(&h, OFFICER, COMMAND_ACKNOWLEDGE, "{'alert':%llu}", (unsigned long long)number_of(one, "alert")), STATUS_OK, NULL);
	assert_non_null(strstr(one, "\"C2\""));
	text = strdup(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'log','case':'C2'}")->text);
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (!strstr(text, kinds[i]))
			fail_msg("no %s in the log of the case", kinds[i]);
	assert_null(strstr(text, upn[0]));
	assert_null(strstr(text, "\"C1\""));
	free(text);
	text = strdup(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'log','upn':'%s'}", upn[1])->text);
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (!strstr(text, kinds[i]))
			fail_msg("no %s in the log of the pupil", kinds[i]);
	assert_non_null(strstr(text, "pupil-registered"));
	assert_non_null(strstr(text, "marks-recorded"));
	assert_null(strstr(text, upn[0]));
	assert_null(strstr(text, "\"C1\""));
	free(text);
	text = strdup(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'log','case':'C1'}")->text);
	assert_null(strstr(text, "alert-acknowledged"));
	free(text);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(items_come_by_credit_and_in_order),
		T(credit_has_bounds),
		T(a_subscription_is_of_a_known_thing),
		T(nothing_is_told_before_its_commit),
		T(over_starts_and_crashes_no_gap_and_no_double),
		T(a_heartbeat_each_second_of_silence),
		T(no_credit_holds_nobody_up),
		T(nobody_takes_all_places),
		T(all_at_once_are_fed_in_turns),
		T(a_cursor_lasts_and_never_goes_back),
		T(it_ends_when_asked_and_when_the_peer_is_gone),
		T(what_becomes_of_an_alert),
		T(the_log_of_a_case),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
