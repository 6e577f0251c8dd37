/* A batch that fails, and a start that does: what is said, saved and known afterwards.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/engine_parts.h"
#include "tests/engine_host.h"
#include "tests/failing_calls.h"

enum { MANY = 100, LONG_ROWS = 60, COMMENT = 4000, DAYS = 4, CLASS = 20 };

static struct host h;
static char upn[MANY][UPN_SIZE + 1];

static int setup(void **context)
{
	(void)context;
	host_make(&h, &(struct host_options){.start = "2026-09-11T15:30:00Z"});
	for (unsigned i = 0; i < MANY; i++)
		host_upn(upn[i], i + 1);
	return 0;
}

static int teardown(void **context)
{
	(void)context;
	return host_end_verified(&h);
}

static void put_mark(unsigned pupil, const char *date, const char *code)
{
	host_put(&h, CONNECTOR, COMMAND_MARKS, NULL, "{'urn':'" SCHOOL_URN "','registers':[['%s','AM',[['%s','%s']]]]}", date, upn[pupil], code);
}

/* Thirty-two megabytes of such, and the engine commits by itself. */
static void put_long(const char *date, const char *comment)
{
	static char json[LONG_ROWS * (COMMENT + 60) + 100];
	size_t size = (size_t)sprintf(json, "{'urn':'" SCHOOL_URN "','registers':[['%s','PM',[", date);
	uint8_t id[UUID_SIZE];
	struct slice body, frame;

	for (unsigned i = 0; i < LONG_ROWS; i++)
		size += (size_t)sprintf(json + size, "%s['%s','O',{'comment':'%s'}]", i ? "," : "", upn[i], comment);
	sprintf(json + size, "]]]}");
	body = host_msgpack(json);
	host_id(&h, id);
	frame = host_frame_of(COMMAND_MARKS, id, body);
	host_put_frame(&h, CONNECTOR, frame);
	free((void *)(uintptr_t)body.bytes);
	free((void *)(uintptr_t)frame.bytes);
}

/* The batch behind has failed, and the one that is gathered grows so large that it asks for that first. */
static void a_batch_behind_that_failed_is_never_acknowledged(void **context)
{
	static char comment[COMMENT + 1];
	uint64_t head = host_head(&h), put_off = h.engine->counters[COUNT_REFUSED_ROOM];

	(void)context;
	memset(comment, 'x', COMMENT);
	host_begin(&h);
	h.together = true;
	for (unsigned i = 0; i < MANY; i++)
		put_mark(i, "2026-09-10", "O");
	h.together = false;
	fail_call(CALLS_CHANGE, EIO, 1);
	host_commit_behind(&h);
	assert_non_null(h.engine->behind);
	while (!engine_landed(h.engine))
		sched_yield();
	assert_true(fail_none());
	host_begin(&h);
	while (h.engine->at->used <= BATCH_SOFT)
		put_long("2026-09-10", comment);
	put_mark(0, "2026-09-09", "O");
	assert_false(store_behind(h.engine->store)); /* it was asked for */
	host_land(&h);
	host_commit(&h);
	for (unsigned i = 0; i < h.count; i++) {
		assert_int_equal(h.answers[i].status, STATUS_RETRY_LATER);
		put_off += h.answers[i].together.count ? h.answers[i].together.count : 1;
	}
	assert_true(put_off > MANY + 1);
	/* the one that met the failure was put off by itself, and with its batch */
	assert_in_range(h.engine->counters[COUNT_REFUSED_ROOM], put_off, put_off + 1);
	assert_int_equal(host_head(&h), head);
	assert_int_equal(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'pupil','upn':'%s'}", upn[0])->status, STATUS_NOT_FOUND);
}

/* Of the pupils that the batch made known nobody's number lasts: who asked for one is not told of the next who has it. */
static void who_was_never_registered_is_not_followed(void **context)
{
	(void)context;
	host_begin(&h);
	put_mark(0, "2026-09-10", "O");
	host_put(&h, AUDITOR, COMMAND_SUBSCRIBE, NULL, "{'what':'log','upn':'%s','credit':100,'from':1}", upn[0]);
	fail_call(CALLS_CHANGE, EIO, 1);
	host_commit(&h);
	assert_true(fail_none());
	assert_int_equal(h.count, 2);
	assert_int_equal(h.answers[0].status, STATUS_RETRY_LATER);
	assert_int_equal(h.answers[1].status, STATUS_RETRY_LATER);
	host_begin(&h);
	put_mark(1, "2026-09-10", "O");
	host_commit(&h);
	for (unsigned i = 0; i < h.count; i++)
		assert_null(strstr(h.answers[i].text, upn[1]));
}

static void copy_store(const char *from, const char *to)
{
	static const char *const names[] = {"data.mdb", "persons.keys", "store.key"};
	static uint8_t bytes[16 << 20];

	for (unsigned i = 0; i < 3; i++) {
		char path[400];
		FILE *file;
		size_t size;

		snprintf(path, sizeof path, "%s/%s", from, names[i]);
		file = fopen(path, "rb");
		assert_non_null(file);
		size = fread(bytes, 1, sizeof bytes, file);
		fclose(file);
		assert_true(size < sizeof bytes);
		snprintf(path, sizeof path, "%s/%s", to, names[i]);
		file = fopen(path, "wb");
		assert_non_null(file);
		assert_int_equal(fwrite(bytes, 1, size, file), size);
		fclose(file);
		assert_int_equal(chmod(path, 0600), 0);
	}
}

static void remove_store(const char *dir)
{
	DIR *folder = opendir(dir);
	struct dirent *entry;

	while ((entry = readdir(folder)))
		if (entry->d_name[0] != '.')
			unlinkat(dirfd(folder), entry->d_name, 0);
	closedir(folder);
	rmdir(dir);
}

/* Of each value in turn that a start reads one bit is wrong, once. A start that fails of it has taken up half of what
 * is held, and leaves it as it was: the next one, which reads all rightly, says what is right. */
static void a_start_that_fails_saves_nothing(void **context)
{
	char killed[] = "/tmp/attend-start-XXXXXX", dir[sizeof h.dir], *right;
	unsigned failed = 0;
	bool struck = true;

	(void)context;
	for (unsigned day = 1; day <= DAYS; day++)
		for (unsigned i = 0; i < CLASS; i++)
			host_ask(&h, CONNECTOR, COMMAND_MARKS, "{'urn':'" SCHOOL_URN "','registers':[['2026-09-%02u','AM',[['%s','O']]]]}", day, upn[i]);
	right = strdup(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'pupil','upn':'%s'}", upn[7])->text);
	assert_non_null(mkdtemp(killed));
	copy_store(h.dir, killed); /* as a kill leaves it: there is a tail to replay */
	host_close(&h);
	snprintf(dir, sizeof dir, "%s", h.dir);
	for (unsigned nth = 1; struck; nth += 1 + nth / 40) {
		char tried[] = "/tmp/attend-start-XXXXXX", why[400] = "";
		struct engine_options options = {.dir = tried};
		struct engine *engine = NULL;
		int result;

		assert_non_null(mkdtemp(tried));
		copy_store(killed, tried);
		fail_call(CALLS_VALUE, 0, nth);
		result = engine_open(&engine, &options, why, sizeof why);
		struck = fail_none();
		if (result == 0)
			engine_close(&engine);
		failed += result != 0;
		snprintf(h.dir, sizeof h.dir, "%s", tried);
		host_open(&h);
		assert_string_equal(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'pupil','upn':'%s'}", upn[7])->text, right);
		host_close(&h);
		remove_store(tried);
	}
	print_message("%u starts failed\n", failed);
	assert_true(failed > 20);
	snprintf(h.dir, sizeof h.dir, "%s", dir);
	host_open(&h);
	remove_store(killed);
	free(right);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_batch_behind_that_failed_is_never_acknowledged),
		T(who_was_never_registered_is_not_followed),
		T(a_start_that_fails_saves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
