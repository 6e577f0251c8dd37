/* second.c - see second.h.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/powercut/second.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Under a boot id of its own: neither the one before it nor the one after it. */
static bool write_boot(const char *path)
{
	FILE *file = fopen(path, "we");

	return file && fputs("2c000000-0000-4000-8000-000000000000\n", file) >= 0 && fclose(file) == 0;
}

static void start_under(const char *folder, const char *recorder, const char *trace, const char *boot)
{
	char *const arguments[] = { "powercut", "--start", (char *)(uintptr_t)folder, NULL };
	const char *had = getenv("ASAN_OPTIONS");
	char options[400];

	snprintf(options, sizeof options, "%s%sverify_asan_link_order=0", had ? had : "", had ? ":" : "");
	if (setenv("ASAN_OPTIONS", options, 1) || setenv("LD_PRELOAD", recorder, 1) || setenv("ATTEND_POWERCUT_DIR", folder, 1) ||
	    setenv("ATTEND_POWERCUT_TRACE", trace, 1) || setenv("ATTEND_POWERCUT_BOOT", boot, 1) || unsetenv("ATTEND_POWERCUT_KILL") ||
	    unsetenv("ATTEND_POWERCUT_SLOW") || unsetenv("ATTEND_POWERCUT_FULL"))
		_exit(96);
	execv("/proc/self/exe", arguments);
	_exit(95);
}

bool second_record(struct second *s, const char *folder, const char *recorder, char *why, size_t why_size)
{
	char path[600], boot[600];
	int status = 0;
	pid_t child;

	memset(s, 0, sizeof *s);
	snprintf(path, sizeof path, "%s.trace", folder);
	unlink(path);
	s->disk = disk_open();
	snprintf(boot, sizeof boot, "%s.boot", folder);
	if (!write_boot(boot) || !disk_load(s->disk, folder)) {
		snprintf(why, why_size, "%s can't be read", folder);
		return false;
	}
	fflush(NULL);
	child = fork();
	if (child == 0)
		start_under(folder, recorder, path, boot);
	if (child < 0 || waitpid(child, &status, 0) != child || status != 0) {
		snprintf(why, why_size, "a start under the recorder did not end well");
		return false;
	}
	bool good = trace_read(&s->trace, path, why, why_size);
	unlink(path);
	return good;
}

void second_free(struct second *s)
{
	trace_free(&s->trace);
	disk_close(&s->disk);
}
