/* The nth call fails while a changed file is tried on the history: the result is the right one, or the trial says what went
 * wrong; it is never another result.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/engine_sick.h"

#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "casework/pathway.h"
#include "daemon/trial.h"
#include "pathways/bundle.h"
#include "pathways/compile.h"
#include "tests/failing_calls.h"

static struct host h;
static uint8_t compiled[PATHWAY_SIZE_MAX];
static size_t compiled_size;

static int setup(void **context)
{
	static struct compile_report report;
	struct writer w = writer_of(compiled, sizeof compiled);
	char why[512] = "", *source, *at;
	size_t size;

	(void)context;
	sick_make_whole(&h);
	host_close(&h);
	source = bundle_gather(HOST_PATHWAY, &size, why, sizeof why);
	assert_non_null(source);
	at = strstr(source, "period: 15 school days"); /* so that something differs */
	assert_non_null(at);
	memcpy(at, "period: 19", 10);
	if (!pathway_compile(slice_of(source, size), &w, &report))
		fail_msg("%u:%u: %s", report.faults[0].line, report.faults[0].column, report.faults[0].text);
	compiled_size = writer_size(&w);
	free(source);
	return 0;
}

static int teardown(void **context)
{
	(void)context;
	host_open(&h);
	assert_verified(&h);
	host_end(&h);
	return 0;
}

static int temporary(void)
{
	char path[300];
	int fd;

	snprintf(path, sizeof path, "%s/trial.XXXXXX", h.dir);
	fd = mkstemp(path);
	assert_true(fd >= 0);
	unlink(path);
	return fd;
}

/* What the trial makes of it, without how long it took; NULL: it says why not. The caller frees it. */
static char *try_once(unsigned calls, int error, unsigned nth, bool *struck)
{
	static uint8_t room[1 << 18];
	char why[300] = "", *text = NULL, *took;
	int in = temporary(), out = temporary(), result;
	struct reader r;
	ssize_t size;

	assert_int_equal(write(in, compiled, compiled_size), compiled_size);
	assert_int_equal(lseek(in, 0, SEEK_SET), 0);
	fail_call(calls, error, nth);
	result = trial_run(h.dir, in, out, why, sizeof why);
	*struck = fail_none();
	if (result != 0) {
		if (!*why)
			fail_msg("%s failed, call %u, and nothing was said", fail_which(), nth);
	} else {
		size = pread(out, room, sizeof room, 0);
		assert_true(size > TRIAL_PROGRESS_SIZE + 4 && size < (ssize_t)sizeof room);
		r = reader_of(slice_of(room + TRIAL_PROGRESS_SIZE, (size_t)size - TRIAL_PROGRESS_SIZE));
		text = host_text_of(read_bytes(&r, read_u32(&r)));
		took = strstr(text, "\"took_ms\":");
		assert_non_null(took);
		for (took += 10; *took >= '0' && *took <= '9'; took++)
			*took = '0';
	}
	close(in);
	close(out);
	return text;
}

/* The text from behind the time that it took, which may have any number of digits. */
static const char *rest_of(const char *text)
{
	return strchr(strstr(text, "\"took_ms\":"), ',');
}

static void no_failure_makes_another_result(void **context)
{
	static const struct { unsigned calls; int error; } faults[] = {
		{CALLS_VALUE, 0}, {CALLS_LOOK, EIO}, {CALLS_CHANGE, MDB_MAP_FULL}, {CALLS_FILE, EIO}, {CALLS_SHORT, 0}, {CALLS_STORE, EIO}, {CALLS_TABLE, EIO},
	};
	unsigned failed = 0, passed = 0;
	char *right;
	bool struck;

	(void)context;
	right = try_once(0, 0, 0, &struck);
	assert_non_null(right);
	assert_false(struck);
	assert_non_null(strstr(right, "\"affected_pupils\":1"));
	for (unsigned f = 0; f < sizeof faults / sizeof *faults; f++)
		for (unsigned n = 1;; n += 1 + n / 8) {
			char *text = try_once(faults[f].calls, faults[f].error, n, &struck);

			if (text && strcmp(rest_of(text), rest_of(right)) != 0)
				fail_msg("fault %u/%d at %u (%s): another result\n%s\n%s", faults[f].calls, faults[f].error, n, fail_which(), text, right);
			failed += struck && !text;
			passed += struck && text;
			free(text);
			if (!struck)
				break;
		}
	print_message("%u trials said what failed, %u made the same without it\n", failed, passed);
	assert_true(failed > 100);
	free(right);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(no_failure_makes_another_result)};

	return cmocka_run_group_tests_name("engine_sick_trial", tests, setup, teardown);
}
