/* What keeps acks from being durable is told while it lasts and not afterwards; and what is measured.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/failing_disk.h"

#include <sys/mman.h>
#include <sys/statvfs.h>

#include "daemon/engine_parts.h"
#include "tests/engine_host.h"

static struct host h;
static char upn[4][UPN_SIZE + 1];
static uint64_t disk_free = UINT64_MAX; /* what the file system says; UINT64_MAX: the truth */

/* Stands before libc's. */
int fstatvfs(int fd, struct statvfs *room)
{
	struct statvfs whole;
	char path[64];

	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	if (statvfs(path, &whole) != 0)
		return -1;
	*room = whole;
	if (disk_free != UINT64_MAX)
		room->f_bavail = disk_free / whole.f_frsize;
	return 0;
}

static int setup(void **context)
{
	(void)context;
	disk_free = UINT64_MAX;
	host_make(&h, &(struct host_options){.start = "2026-09-14T09:00:00Z", .map_size = 8 << 20});
	for (unsigned i = 0; i < 4; i++)
		host_upn(upn[i], i + 1);
	return 0;
}

static int teardown(void **context)
{
	(void)context;
	return host_end_verified(&h);
}

/* The watermarks are looked at each second. */
static const struct answer *health(void)
{
	h.now_ms += 1000;
	return host_ask(&h, CONNECTOR, COMMAND_QUERY, "{'what':'health'}");
}

static void assert_well(void)
{
	assert_answer(health(), STATUS_OK, "{\"ok\":true,\"problems\":[],\"reasons\":[]}");
}

static void assert_problem(const char *reason, const char *says)
{
	char wanted[80];

	snprintf(wanted, sizeof wanted, "\"reasons\":[\"%s\"]", reason);
	assert_answer(health(), STATUS_OK, "\"ok\":false");
	if (!strstr(host_first(&h)->text, wanted) || !strstr(host_first(&h)->text, says))
		fail_msg("%s: %s", reason, host_first(&h)->text);
}

static unsigned roster(unsigned n, unsigned size)
{
	char filling_upn[UPN_SIZE + 1];

	host_upn(filling_upn, 100 + n);
	return host_ask(&h, OFFICER, COMMAND_ROSTER, "{'urn':'" SCHOOL_URN "','pupils':[{'upn':'%s','surname':'%0*u'}]}", filling_upn, (int)size, n)->status;
}

static void a_full_map(void **context)
{
	unsigned n = 0;

	(void)context;
	assert_well();
	while (roster(n++, 4000) == STATUS_OK) {
		h.now_ms += 1000;
		assert_true(n < 5000);
	}
	assert_problem("map-full", "submissions wait from 90 % on");
	assert_true(host_counter(&h, "room_left_bytes") == 0);
	h.options.map_size = 16 << 20;
	host_restart(&h);
	assert_well();
	assert_int_equal(roster(n, 40), STATUS_OK);
	assert_true(host_counter(&h, "room_left_bytes") > 1 << 20);
}

static void a_full_disk(void **context)
{
	(void)context;
	disk_free = DISK_RESERVE;
	assert_well();
	disk_free = DISK_RESERVE - 4096;
	assert_problem("disk-full", "255 MiB free");
	assert_int_equal(roster(1, 40), STATUS_RETRY_LATER);
	assert_true(host_counter(&h, "room_left_bytes") == 0);
	disk_free = UINT64_MAX;
	assert_well();
	assert_int_equal(roster(1, 40), STATUS_OK);
}

/* One write or flush of the commit fails; it is told until one has succeeded. */
static void a_commit_that_fails(void **context)
{
	static const int errors[] = {EIO, ENOSPC};

	(void)context;
	for (unsigned i = 0; i < 2; i++) {
		uint64_t failed = host_counter(&h, "commits_failed"), head = host_head(&h);

		h.now_ms += 1000;
		arm(FAIL, errors[i], 1);
		assert_int_equal(roster(i, 40), STATUS_RETRY_LATER);
		assert_true(disk.struck);
		arm(NO_FAULT, 0, 0);
		assert_int_equal(host_head(&h), head);
		assert_problem("commit-failing", "the last commit failed");
		assert_problem("commit-failing", "told to send again");
		assert_int_equal(host_counter(&h, "commits_failed"), failed + 1);
		assert_int_equal(roster(i, 40), STATUS_OK);
		assert_well();
	}
}

static void a_clock_that_is_held(void **context)
{
	(void)context;
	engine_clock_stepped(h.engine, h.now_ms + 86400000, 86400000);
	assert_problem("clock-held", "attend clock --confirm");
	assert_answer(host_ask(&h, ADMIN, COMMAND_CLOCK, "{'confirm':true}"), STATUS_OK, NULL);
	assert_well();
}

/* What says so is in the batch that could not be put on disk; the shell, told that nothing is held, would take it
 * for confirmed and let a year's deadlines fire. */
static void a_clock_that_is_held_while_commits_fail(void **context)
{
	(void)context;
	for (unsigned i = 0; i < 3; i++) {
		engine_clock_stepped(h.engine, h.now_ms + 86400000, 86400000);
		arm(FAIL, EIO, 1);
		host_turns(&h);
		assert_true(disk.struck);
		arm(NO_FAULT, 0, 0);
		assert_true(engine_clock_held(h.engine));
		host_turns(&h);
		assert_problem("clock-held", "attend clock --confirm");
		host_crash(&h);
		assert_true(engine_clock_held(h.engine));
		assert_answer(host_ask(&h, ADMIN, COMMAND_CLOCK, "{'confirm':true}"), STATUS_OK, NULL);
		assert_false(engine_clock_held(h.engine));
		h.now_ms += 1000;
	}
	assert_well();
}

/* One bit of a value that was looked through at the start is turned round while the store is open. */
static void a_damaged_store(void **context)
{
	static const char mark[] = "notice-to-improve:";
	char path[300];
	uint8_t *bytes, *at;
	off_t size;
	int fd;

	(void)context;
	snprintf(path, sizeof path, "%s/data.mdb", h.dir);
	fd = open(path, O_RDWR | O_CLOEXEC);
	size = lseek(fd, 0, SEEK_END);
	bytes = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_true(bytes != MAP_FAILED);
	at = memmem(bytes, (size_t)size, mark, sizeof mark - 1);
	assert_non_null(at);
	assert_well();
	*at ^= 1;
	/* the look through the store begins again, as it goes on through a large one when idle */
	memset(&h.engine->scrub, 0, sizeof h.engine->scrub);
	h.engine->scrubbed = false;
	for (unsigned i = 0; i < 10 && !h.engine->damaged; i++) {
		h.mono_ms += 2 * SCRUB_IDLE_MS;
		host_turns(&h);
	}
	assert_problem("store-damaged", "restore a backup");
	assert_int_equal(roster(1, 40), STATUS_DAMAGED);
	*at ^= 1; /* for the end's own look */
	munmap(bytes, (size_t)size);
	close(fd);
}

static void several_at_once(void **context)
{
	(void)context;
	disk_free = 0;
	engine_clock_stepped(h.engine, h.now_ms + 86400000, 86400000);
	assert_answer(health(), STATUS_OK, "\"reasons\":[\"disk-full\",\"clock-held\"]");
	disk_free = UINT64_MAX;
}

/* ---- what is measured ---- */

static const char *stats(void)
{
	return host_ask(&h, AUDITOR, COMMAND_QUERY, "{'what':'stats'}")->text;
}

static uint64_t sum_of(const char *text, const char *histogram, uint64_t *count)
{
	char wanted[64];
	const char *at;

	snprintf(wanted, sizeof wanted, "\"%s\":{", histogram);
	at = strstr(text, wanted);
	assert_non_null(at);
	at = strstr(at, "\"counts\":[");
	*count = 0;
	for (at += 10; at[-1] != ']'; at++)
		*count += strtoull(at, (char **)&at, 10);
	return number_of(at, "sum");
}

static void commits_and_refusals_are_counted(void **context)
{
	uint64_t commits, events, was, was_events;

	(void)context;
	was_events = sum_of(stats(), "commit_events", &was);
	host_begin(&h);
	for (unsigned i = 0; i < 4; i++)
		host_put(&h, CONNECTOR, COMMAND_MARKS, NULL, "{'urn':'" SCHOOL_URN "','registers':[['2026-09-14','AM',[['%s','/']]]]}", upn[i]);
	host_commit(&h);
	events = sum_of(stats(), "commit_events", &commits);
	assert_int_equal(commits, was + 1);
	assert_int_equal(events, was_events + 8); /* each pupil is registered, and marked */
	assert_int_equal(commits, host_counter(&h, "commits"));
	assert_true(sum_of(stats(), "commit_us", &commits) > 0);
	assert_int_equal(commits, host_counter(&h, "commits"));
	assert_int_equal(number_of(stats(), "402"), 0);
	assert_answer(host_ask(&h, CONNECTOR, COMMAND_MARKS, "{'urn':'" SCHOOL_URN "','registers':[],'more':1}"), STATUS_BAD_BODY, NULL);
	assert_answer(host_ask(&h, CONNECTOR, COMMAND_MARKS, "{'urn':'" OTHER_URN "','registers':[]}"), STATUS_FORBIDDEN, NULL);
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'everything'}"), STATUS_BAD_FIELD, NULL);
	assert_int_equal(number_of(stats(), "401"), 1);
	assert_int_equal(number_of(stats(), "402"), 1);
	assert_int_equal(number_of(stats(), "403"), 1);
	assert_int_equal(number_of(stats(), "300"), 0);
}

static void lateness_is_measured(void **context)
{
	uint64_t count, late;

	(void)context;
	host_mark(&h, SCHOOL_URN, 1, "2026-09-14", "AM", "N");
	assert_answer(host_ask(&h, OFFICER, COMMAND_ACTION, "{'upn':'%s','action':'notice-to-improve','parent':'p1','override':'r'}", upn[0]), STATUS_OK, NULL);
	assert_int_equal(sum_of(stats(), "deadline_late_ms", &count), 0);
	assert_int_equal(count, 0);
	host_set_time(&h, "2026-10-10T09:00:00Z");
	host_turns(&h);
	late = sum_of(stats(), "deadline_late_ms", &count);
	assert_int_equal(count, host_counter(&h, "deadlines_fired"));
	assert_int_equal(late, host_counter(&h, "deadlines_late_ms"));
	assert_true(count > 0 && late > 0);
}

/* A timer that is due and held waits, and says for how long. */
static void a_deadline_that_waits(void **context)
{
	(void)context;
	host_mark(&h, SCHOOL_URN, 1, "2026-09-14", "AM", "N");
	assert_int_equal(host_counter(&h, "timer_waits_ms"), 0);
	engine_clock_stepped(h.engine, h.now_ms, 1);
	host_set_time(&h, "2026-09-20T09:00:00Z");
	host_turns(&h);
	assert_true(host_counter(&h, "timer_waits_ms") > 86400000);
	assert_answer(host_ask(&h, ADMIN, COMMAND_CLOCK, "{'confirm':true}"), STATUS_OK, NULL);
	host_turns(&h);
	assert_int_equal(host_counter(&h, "timer_waits_ms"), 0);
}

/* The item of a subscriber of this role; NULL: none. */
static const char *subscriber(const char *role)
{
	char wanted[64];
	const char *at;

	snprintf(wanted, sizeof wanted, "\"role\":\"%s\",\"cursor\":", role);
	at = strstr(stats(), "\"subscribers\":");
	assert_non_null(at);
	return strstr(at, wanted);
}

static void unread(const char *role, uint64_t count, uint64_t oldest_ms)
{
	const char *at = subscriber(role);

	assert_non_null(at);
	assert_int_equal(number_of(at, "unread_alerts"), count);
	assert_int_equal(number_of(at, "oldest_unread_ms"), oldest_ms);
}

static void an_alert_that_nobody_reads(void **context)
{
	char one[4096];

	(void)context;
	assert_null(subscriber("officer"));
	assert_answer(host_ask(&h, OFFICER, COMMAND_CURSOR, "{'cursor':'Mrs Hart','position':1}"), STATUS_OK, NULL);
	assert_answer(host_ask(&h, SCHOOL, COMMAND_CURSOR, "{'cursor':'office','position':1}"), STATUS_OK, NULL);
	unread("officer", 0, 0);
	/* of another school than the school's */
	host_grant(&h, SPARE, "connector", ",'name':'Hart & Sons','schools':['" OTHER_URN "']");
	for (unsigned day = 7; day <= 11; day++)
		for (unsigned session = 0; session < 2; session++)
			assert_answer(host_ask(&h, SPARE, COMMAND_MARKS, "{'urn':'" OTHER_URN "','registers':[['2026-09-%02u','%s',[['%s','O']]]]}",
					       day, session ? "PM" : "AM", upn[0]), STATUS_OK, NULL);
	assert_true(host_alerts(&h, "threshold", NULL, one) == 1);
	unread("officer", host_alerts(&h, NULL, NULL, one), 0);
	h.now_ms += 90000;
	host_turns(&h);
	unread("officer", host_alerts(&h, NULL, NULL, one), 90000);
	unread("school", 0, 0); /* none is of its pupils */
	assert_answer(host_ask(&h, SCHOOL, COMMAND_CURSOR, "{'cursor':'office','position':%u}", (unsigned)host_head(&h)), STATUS_OK, NULL);
	assert_int_equal(number_of(subscriber("officer"), "lag"), host_head(&h) - 1);
	/* neither the cursor's name nor anybody's grant is told */
	assert_null(strstr(stats(), "Hart"));
	assert_null(strstr(stats(), "office\""));
	assert_answer(host_ask(&h, OFFICER, COMMAND_CURSOR, "{'cursor':'Mrs Hart','position':%u}", (unsigned)host_head(&h)), STATUS_OK, NULL);
	unread("officer", 0, 0);
	/* one that is forgotten, and one whose key was revoked, leave nothing to wait for */
	assert_int_equal(host_counter(&h, "cursors"), 2);
	assert_answer(host_ask(&h, OFFICER, COMMAND_CURSOR, "{'cursor':'Mrs Hart','forget':true}"), STATUS_OK, NULL);
	assert_answer(host_ask(&h, OFFICER, COMMAND_CURSOR, "{'cursor':'Mrs Hart','forget':true}"), STATUS_OK, NULL);
	assert_null(subscriber("officer"));
	assert_int_equal(host_counter(&h, "cursors"), 1);
	host_key_text(one, SCHOOL);
	assert_answer(host_ask(&h, ADMIN, COMMAND_REVOKE, "{'key':'%s'}", one), STATUS_OK, NULL);
	assert_null(subscriber("school"));
}

/* Who gives no credit falls behind, and it shows; who takes what there is does not. */
static void a_subscriber_that_falls_behind(void **context)
{
	uint64_t head;

	(void)context;
	assert_answer(host_ask(&h, OFFICER, COMMAND_SUBSCRIBE, "{'what':'alerts','credit':1000,'from':%llu}", (unsigned long long)host_head(&h) + 1), STATUS_OK, NULL);
	assert_answer(host_ask(&h, AUDITOR, COMMAND_SUBSCRIBE, "{'what':'log','credit':0,'from':%llu}", (unsigned long long)host_head(&h) + 1), STATUS_OK, NULL);
	head = host_head(&h);
	assert_int_equal(host_counter(&h, "subscriptions"), 2);
	assert_int_equal(host_counter(&h, "subscriber_lag"), 0);
	host_marks(&h, SCHOOL_URN, 1, "2026-09-07", "2026-09-08", "O");
	assert_int_equal(host_counter(&h, "subscriber_lag"), host_head(&h) - head);
	assert_true(host_head(&h) > head);
	assert_answer(host_ask(&h, AUDITOR, COMMAND_UNSUBSCRIBE, "{}"), STATUS_OK, NULL);
}

/* The first that a subscriber is told may stand behind many that it is not. */
static void an_alert_behind_those_of_others(void **context)
{
	char one[4096];
	unsigned others;

	(void)context;
	host_grant(&h, SPARE, "connector", ",'schools':['" OTHER_URN "']");
	assert_answer(host_ask(&h, SCHOOL, COMMAND_CURSOR, "{'cursor':'office','position':1}"), STATUS_OK, NULL);
	for (unsigned n = 0; n < 150; n++) {
		host_upn(one, 200 + n);
		assert_answer(host_ask(&h, SPARE, COMMAND_MARKS, "{'urn':'" OTHER_URN "','registers':[['2026-09-07','AM',[['%.13s','O']]],['2026-09-07','PM',[['%.13s','O']]],"
				       "['2026-09-08','AM',[['%.13s','O']]],['2026-09-08','PM',[['%.13s','O']]],['2026-09-09','AM',[['%.13s','O']]],"
				       "['2026-09-09','PM',[['%.13s','O']]],['2026-09-10','AM',[['%.13s','O']]],['2026-09-10','PM',[['%.13s','O']]],"
				       "['2026-09-11','AM',[['%.13s','O']]],['2026-09-11','PM',[['%.13s','O']]]]}", one, one, one, one, one, one, one, one, one, one), STATUS_OK, NULL);
	}
	others = host_alerts(&h, "threshold", NULL, one);
	assert_int_equal(others, 150);
	unread("school", 0, 0);
	host_marks(&h, SCHOOL_URN, 1, "2026-09-07", "2026-09-11", "O");
	assert_true(host_alerts(&h, "threshold", NULL, one) == 151);
	h.now_ms += 60000;
	host_turns(&h);
	assert_true(number_of(subscriber("school"), "unread_alerts") >= 1);
	assert_int_equal(number_of(subscriber("school"), "oldest_unread_ms"), 60000);
}

/* Who watches the daemon sees how it is, and nothing of what it holds. */
static void a_monitor_may_ask_that_alone(void **context)
{
	static const char *const others[] = {"pupil", "marks", "case", "actions", "deadlines", "alerts", "log", "checkpoint", "prove", "consistency",
					     "pathways", "pathway", "people", "covers", "report", "letter", "backup", "try"};

	(void)context;
	host_mark(&h, SCHOOL_URN, 1, "2026-09-14", "AM", "N");
	host_grant(&h, SPARE, "monitor", "");
	assert_answer(host_ask(&h, SPARE, COMMAND_QUERY, "{'what':'stats'}"), STATUS_OK, "\"counters\":");
	assert_answer(host_ask(&h, SPARE, COMMAND_QUERY, "{'what':'health'}"), STATUS_OK, "\"ok\":true");
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		assert_answer(host_ask(&h, SPARE, COMMAND_QUERY, "{'what':'%s','upn':'%s'}", others[i], upn[0]), STATUS_FORBIDDEN, NULL);
	assert_answer(host_ask(&h, SPARE, COMMAND_SUBSCRIBE, "{'what':'alerts','credit':1}"), STATUS_FORBIDDEN, NULL);
	assert_refused(&h, SPARE, COMMAND_MARKS, STATUS_FORBIDDEN, "role", "{'urn':'" SCHOOL_URN "','registers':[]}");
	assert_refused(&h, SPARE, COMMAND_CURSOR, STATUS_FORBIDDEN, "role", "{'cursor':'c','position':1}");
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_full_map),
		T(a_full_disk),
		T(a_commit_that_fails),
		T(a_clock_that_is_held),
		T(a_clock_that_is_held_while_commits_fail),
		T(a_damaged_store),
		T(several_at_once),
		T(commits_and_refusals_are_counted),
		T(lateness_is_measured),
		T(a_deadline_that_waits),
		T(an_alert_that_nobody_reads),
		T(a_subscriber_that_falls_behind),
		T(an_alert_behind_those_of_others),
		T(a_monitor_may_ask_that_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
