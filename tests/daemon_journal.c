/* daemon_journal.c - what the daemon says: as text, and under systemd as fields. sd_journal_sendv is
 * wrapped, for a journal is no test's to write to.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/journal.h"

static char sent[4096];
static unsigned sendings;

int __wrap_sd_journal_sendv(const struct iovec *parts, int count);
int __wrap_sd_journal_sendv(const struct iovec *parts, int count)
{
	sendings++;
	sent[0] = 0;
	for (int i = 0; i < count; i++)
		snprintf(sent + strlen(sent), sizeof sent - strlen(sent), "%.*s\n", (int)parts[i].iov_len, (const char *)parts[i].iov_base);
	return 0;
}

/* Standard error becomes a file, and the one that JOURNAL_STREAM names where `journal`. */
static int keep;
static void begin(FILE **file, bool as_journal)
{
	struct stat status;
	char stream[64];

	*file = tmpfile();
	assert_non_null(*file);
	assert_int_equal(fstat(fileno(*file), &status), 0);
	snprintf(stream, sizeof stream, "%llu:%llu", (unsigned long long)status.st_dev, (unsigned long long)status.st_ino + !as_journal);
	setenv("JOURNAL_STREAM", stream, 1);
	fflush(stderr);
	keep = dup(STDERR_FILENO);
	dup2(fileno(*file), STDERR_FILENO);
	sendings = 0;
}

static const char *end(FILE *file)
{
	static char text[8192];

	dup2(keep, STDERR_FILENO);
	close(keep);
	unsetenv("JOURNAL_STREAM");
	rewind(file);
	text[fread(text, 1, sizeof text - 1, file)] = 0;
	fclose(file);
	return text;
}

static void elsewhere_it_is_a_line(void **state)
{
	FILE *file;

	(void)state;
	begin(&file, false);
	journal(JOURNAL_READY, "endpoint=%s clock=%s", "tcp://[::1]:5570", "system");
	journal(JOURNAL_CLOCK_STEPPED, "step_ms=%d", -5);
	assert_string_equal(end(file), "<5>event=ready endpoint=tcp://[::1]:5570 clock=system\n"
	                    "<2>event=clock-stepped step_ms=-5 remedy=\"put the clock right, then: attend clock --confirm\"\n");
	assert_int_equal(sendings, 0);
}

static void under_systemd_it_has_fields(void **state)
{
	char room[JOURNAL_QUOTED_SIZE];
	FILE *file;

	(void)state;
	begin(&file, true);
	journal(JOURNAL_COMMIT_FAILED, "reason=%s exit=%d", journal_quoted(room, "no \"room\"\nat all"), 4);
	assert_string_equal(end(file), "");
	assert_int_equal(sendings, 1);
	assert_non_null(strstr(sent, "MESSAGE=event=commit-failed reason=\"no 'room' at all\" exit=4 remedy=\""));
	assert_non_null(strstr(sent, "\nMESSAGE_ID="));
	assert_non_null(strstr(sent, "\nPRIORITY=2\n"));
	assert_non_null(strstr(sent, "\nATTEND_EVENT=commit-failed\nATTEND_REASON=no 'room' at all\nATTEND_EXIT=4\nATTEND_REMEDY=look at"));
}

static void what_is_long_is_cut(void **state)
{
	char sentence[4000], room[JOURNAL_QUOTED_SIZE];
	FILE *file;

	(void)state;
	memset(sentence, 'x', sizeof sentence - 1);
	sentence[sizeof sentence - 1] = 0;
	begin(&file, false);
	journal(JOURNAL_OPEN_FAILED, "reason=%s exit=%d", journal_quoted(room, sentence), 1);
	journal(JOURNAL_OPEN_FAILED, "reason=%s", sentence);
	const char *text = end(file);
	assert_int_equal(text[strlen(text) - 1], '\n');
	assert_in_range(strlen(text), 1500, 2200);
	assert_non_null(strstr(text, "xx\" exit=1 remedy="));
	begin(&file, true);
	journal(JOURNAL_OPEN_FAILED, "reason=%s", sentence);
	end(file);
	assert_in_range(strlen(sent), 1500, 2600);
}

/* No id is that of two, and each is 32 hexadecimal digits; names are in the form that fields want. */
static void each_has_an_id_of_its_own(void **state)
{
	static const char *const ids[] = {
#define X(name, priority, text, id, meaning, remedy) id,
		JOURNAL_EVENTS(X)
#undef X
	};
	size_t count = sizeof ids / sizeof ids[0];

	(void)state;
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(strspn(ids[i], "0123456789abcdef"), 32);
		assert_int_equal(strlen(ids[i]), 32);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(ids[i], ids[k]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(elsewhere_it_is_a_line),
		cmocka_unit_test(under_systemd_it_has_fields),
		cmocka_unit_test(what_is_long_is_cut),
		cmocka_unit_test(each_has_an_id_of_its_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
