/* disk.c - what the disk allows: 4 KiB appended and synced, again and again.
 *
 *   bench-disk FOLDER COUNT
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench/registers.h"

int main(int argc, char **argv)
{
	static char block[4096] = "x";
	char path[4096];
	size_t count = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
	uint64_t *ns = calloc(count + 1, sizeof *ns);

	if (!count || !ns || (size_t)snprintf(path, sizeof path, "%s/disk.XXXXXX", argv[1]) >= sizeof path) {
		fprintf(stderr, "usage: bench-disk FOLDER COUNT\n");
		return 2;
	}
	int fd = mkstemp(path);
	if (fd < 0) {
		perror(path);
		return 2;
	}
	unlink(path);
	uint64_t began = clock_ns();
	for (size_t i = 0; i < count; i++) {
		uint64_t at = clock_ns();
		if (write(fd, block, sizeof block) != (ssize_t)sizeof block || fdatasync(fd)) {
			perror(path);
			return 2;
		}
		ns[i] = clock_ns() - at;
	}
	run_print("fdatasync", 1, count, clock_ns() - began, ns, sizeof block);
	return 0;
}
