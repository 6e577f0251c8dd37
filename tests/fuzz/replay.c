/* replay.c - gives a target its corpus, each file once, in the order of their names: what
 * `./dev test` does of the fuzzers, and with a file named how a finding is looked at without clang.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <sys/stat.h>

__attribute__((weak)) int LLVMFuzzerInitialize(int *count, char ***arguments)
{
	(void)count, (void)arguments;
	return 0;
}

static char at_hand[600];

static void give(const char *path)
{
	struct slice bytes = fuzz_read(path);
	uint8_t *exact = fuzz_copy(bytes);

	snprintf(at_hand, sizeof at_hand, "%s", path);
	LLVMFuzzerTestOneInput(exact, bytes.size);
	at_hand[0] = '\0';
	free(exact);
	free((void *)(uintptr_t)bytes.bytes);
}

/* Whatever ends the process: which file it was. */
static void tell(void)
{
	if (at_hand[0])
		fprintf(stderr, "replay: ended by %s\n", at_hand);
}

#if defined(__SANITIZE_ADDRESS__)
void __sanitizer_set_death_callback(void (*)(void));
#endif

int main(int count, char **arguments)
{
	unsigned given = 0;

	atexit(tell);
#if defined(__SANITIZE_ADDRESS__)
	__sanitizer_set_death_callback(tell);
#endif
	LLVMFuzzerInitialize(&count, &arguments);
	for (int i = 1; i < count; i++) {
		struct dirent **names;
		struct stat status;
		int found;

		if (stat(arguments[i], &status) != 0) {
			fprintf(stderr, "replay: %s is not there\n", arguments[i]);
			return 1;
		}
		if (!S_ISDIR(status.st_mode)) {
			give(arguments[i]);
			given++;
			continue;
		}
		found = scandir(arguments[i], &names, NULL, alphasort);
		for (int n = 0; n < found; n++) {
			char path[500];

			snprintf(path, sizeof path, "%s/%s", arguments[i], names[n]->d_name);
			if (names[n]->d_name[0] != '.') {
				give(path);
				given++;
			}
			free(names[n]);
		}
		if (found >= 0)
			free(names);
	}
	printf("%u inputs\n", given);
	return given ? 0 : 1;
}
