/* settings.c - attendd.conf and attend.conf, with all that their lines may say. The first byte's lowest bit: which.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz.h"

#include <setjmp.h>
#include <sys/stat.h>

#include "client/invocation.h"
#include "daemon/options.h"
#include "proto/settings.h"

/* Both hold their text to the process's end, and the client ends it where the file is wrong. */
int __real_settings_read(const char *path, settings_take *, void *context, FILE *faults, char **text);
int __wrap_settings_read(const char *path, settings_take *, void *context, FILE *faults, char **text);
_Noreturn void __real_exit(int);
_Noreturn void __wrap_exit(int);

static char *held;
static jmp_buf out;
static bool inside;

int __wrap_settings_read(const char *path, settings_take *take, void *context, FILE *faults, char **text)
{
	int count = __real_settings_read(path, take, context, fuzz_nowhere(), text);

	(void)faults;
	if (take && !inside)
		held = *text;
	return count;
}

void __wrap_exit(int status)
{
	if (inside)
		longjmp(out, 1);
	__real_exit(status);
}

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
	(void)count, (void)arguments;
	fuzz_hush();
	fuzz_folder();
	setenv("XDG_CONFIG_HOME", fuzz_folder(), 1);
	unsetenv("ATTEND_SERVER");
	return 0;
}

static void daemon_file(struct slice bytes)
{
	const char *path = fuzz_file("attendd.conf", bytes);
	static const struct argp_option *const wanted[] = { NULL, init_options, run_options };

	for (unsigned i = 0; i < 3; i++) {
		struct command_options options = { 0 };
		bool good = options_read(&options, wanted[i], path, false);

		for (size_t p = 0; p < options.pathway_count; p++)
			MUST(!good || options.pathways[p][0] == '/');
		MUST(!good || !options.data || options.data[0] == '/');
		free(options.pathways);
		free(held);
		held = NULL;
	}
}

static void client_file(struct slice bytes)
{
	static char name[] = "attend health", *argv[] = { name, NULL };
	static struct invocation invocation;
	char folder[300];

	snprintf(folder, sizeof folder, "%s/attend", fuzz_folder());
	mkdir(folder, 0700);
	fuzz_file("attend/attend.conf", bytes);
	inside = true;
	if (setjmp(out) == 0) {
		invocation_parse(&invocation_argp, 1, argv, &invocation, &invocation);
		MUST(invocation.timeout_ms >= 1000 && invocation.server);
		MUST(!invocation.identity || invocation.identity[0] == '/');
	}
	inside = false;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	if (size == 0)
		return 0;
	if (bytes[0] & 1)
		client_file(slice_of(bytes + 1, size - 1));
	else
		daemon_file(slice_of(bytes + 1, size - 1));
	return 0;
}
