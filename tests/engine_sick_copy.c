/* The nth call fails while a backup is made, and while it is restored: each is whole, or says why not and can be had
 * again.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/engine_sick.h"

#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/backup.h"
#include "daemon/verify.h"
#include "proto/mp.h"
#include "tests/failing_calls.h"

static struct host h;
static char base[256], try[300], file[300], key_file[300];

static const struct fault {
	unsigned calls;
	int error;
} faults[] = {
	{CALLS_FILE, EIO}, {CALLS_FILE, ENOSPC}, {CALLS_SHORT, 0}, {CALLS_VALUE, 0}, {CALLS_LOOK, EIO}, {CALLS_CHANGE, MDB_MAP_FULL},
	{CALLS_STORE, EIO}, {CALLS_TABLE, EIO}, {CALLS_TABLE, MDB_NOTFOUND}, {CALLS_THREAD, 0},
};
enum { FAULTS = sizeof faults / sizeof *faults };

static int setup(void **context)
{
	const char *tmp = getenv("TMPDIR");

	(void)context;
	snprintf(base, sizeof base, "%.200s/attend-copy.XXXXXX", tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(base));
	snprintf(try, sizeof try, "%s/try", base);
	snprintf(file, sizeof file, "%s/backup", base);
	snprintf(key_file, sizeof key_file, "%s/key", base);
	sick_make_whole(&h);
	return 0;
}

static int teardown(void **context)
{
	(void)context;
	host_end(&h);
	host_remove_dir(try);
	host_remove_dir(base);
	return 0;
}

/* Asks until it is ready, or is refused; the answer. */
static const struct answer *copied(void)
{
	const struct answer *a;

	do
		a = host_ask(&h, ADMIN, COMMAND_QUERY, "{'what':'backup'}");
	while (a->status == STATUS_OK && strstr(a->text, "\"ready\":false") && (usleep(500), true));
	return a;
}

static bool fetched(uint64_t size)
{
	FILE *out = fopen(file, "wb");
	uint64_t offset = 0;

	while (offset < size) {
		const struct answer *a = host_ask(&h, ADMIN, COMMAND_QUERY, "{'what':'backup','offset':%llu}", (unsigned long long)offset);
		struct mp bytes;
		struct slice s;

		if (a->status != STATUS_OK)
			break;
		bytes = mp_find(a->body, "bytes");
		s = mp_bin(&bytes);
		assert_int_equal(fwrite(s.bytes, 1, s.size, out), s.size);
		offset = number_of(a->text, "next");
	}
	fclose(out);
	return offset == size;
}

static void keep_key(const char *text)
{
	FILE *out = fopen(key_file, "w");

	fprintf(out, "# apart\n\n%.*s\n", Z85_KEY_SIZE, strstr(text, "\"key\":\"") + 7);
	fclose(out);
}

static void a_backup_is_made_or_refused(void **context)
{
	unsigned no = 0;
	const struct answer *a;

	(void)context;
	for (unsigned f = 0; f < FAULTS; f++) {
		if (faults[f].calls & (CALLS_CHANGE | CALLS_VALUE | CALLS_LOOK | CALLS_TABLE))
			continue; /* of the questions, which engine_sick has */
		for (unsigned nth = 1;; nth++) {
			bool struck;

			h.commit_failed = true;
			fail_call(faults[f].calls, faults[f].error, nth);
			a = copied();
			struck = fail_none();
			h.commit_failed = false;
			if (a->status != STATUS_OK && a->status != STATUS_FAILED)
				fail_msg("fault %u/%d at %u (%s): %u %s", faults[f].calls, faults[f].error, nth, fail_which(), a->status, a->text);
			no += a->status != STATUS_OK;
			/* asked again, it is there */
			a = copied();
			assert_answer(a, STATUS_OK, "\"ready\":true");
			keep_key(a->text);
			assert_true(fetched(number_of(a->text, "size")));
			if (!struck || nth > 60)
				break;
		}
	}
	assert_true(no > 5);
}

static void a_restore_is_whole_or_says_why(void **context)
{
	char *right, *now, why[400];
	unsigned no = 0, yes = 0;
	struct host other = {.options = h.options, .now_ms = h.now_ms, .ids = 1 << 20};
	const struct answer *a = copied();

	(void)context;
	assert_answer(a, STATUS_OK, "\"ready\":true");
	keep_key(a->text);
	assert_true(fetched(number_of(a->text, "size")));
	sick_some = 4;
	right = sick_answers(&h);
	for (unsigned f = 0; f < FAULTS; f++)
		for (unsigned nth = 1;; nth += nth < 50 ? 1 : 37) {
			int result;
			bool struck;

			host_remove_dir(try);
			mkdir(try, 0700);
			why[0] = '\0';
			fail_call(faults[f].calls, faults[f].error, nth);
			result = restore_store(file, key_file, try, why, sizeof why);
			struck = fail_none();
			no += result != 0;
			yes += result == 0;
			if (result != 0 && !why[0])
				fail_msg("fault %u/%d at %u (%s): nothing was said", faults[f].calls, faults[f].error, nth, fail_which());
			if (result == 0 && (!struck || yes % 8 == 0)) {
				snprintf(other.dir, sizeof other.dir, "%.255s", try);
				host_open(&other);
				now = sick_answers(&other);
				check_same_text(now, right, __FILE__, __LINE__);
				free(now);
				host_close(&other);
			}
			if (!struck) {
				if (result != 0)
					fail_msg("without a fault: %s", why);
				break;
			}
		}
	print_message("%u restores refused, %u went well all the same\n", no, yes);
	assert_true(no > 60);
	/* nor is what is no backup, or where one is already, taken */
	assert_int_equal(restore_store(key_file, key_file, try, why, sizeof why), -1);
	assert_int_equal(restore_store("/nowhere/at/all", key_file, try, why, sizeof why), -1);
	assert_int_equal(restore_store(file, "/nowhere/at/all", try, why, sizeof why), -1);
	assert_int_equal(restore_store(file, file, try, why, sizeof why), -1);
	sick_some = 0;
	free(right);
	for (unsigned i = 0; i < other.count; i++) {
		free(other.answers[i].text);
		free((void *)(uintptr_t)other.answers[i].body.bytes);
	}
}

/* verify, too: well, or with a word of what is wrong. */
static void a_look_through_that_fails_says_why(void **context)
{
	unsigned failed = 0;

	(void)context;
	host_keep_data(&h);
	for (unsigned f = 0; f < FAULTS; f++)
		for (unsigned n = 1, struck = 1; struck; n += 1 + (n > 24) * n / 2) {
			char *told = NULL;
			size_t size;
			FILE *out = open_memstream(&told, &size);
			int result;

			fail_call(faults[f].calls, faults[f].error, n);
			result = verify_store(h.kept, out);
			struck = fail_none();
			fclose(out);
			if (result != 0 && !strstr(told, "WRONG"))
				fail_msg("%s failed, call %u: %s", fail_which(), n, told);
			failed += result != 0;
			free(told);
		}
	assert_true(failed > 20);
	host_remove_dir(h.kept);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_backup_is_made_or_refused),
		cmocka_unit_test(a_restore_is_whole_or_says_why),
		cmocka_unit_test(a_look_through_that_fails_says_why),
	};

	return cmocka_run_group_tests_name("engine_sick_copy", tests, setup, teardown);
}
