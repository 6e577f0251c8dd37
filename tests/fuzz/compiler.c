/* compiler.c - a pathway file's compiled bytes on standard output: a seed for compiled.c.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "pathways/bundle.h"

int main(int count, char **arguments)
{
	static uint8_t room[PATHWAY_SIZE_MAX];
	static struct compile_report report;
	struct writer w = writer_of(room, sizeof room);
	char why[300] = "";
	size_t size = 0;
	char *source = count == 2 ? bundle_gather(arguments[1], &size, why, sizeof why) : NULL;

	if (!source || !pathway_compile(slice_of(source, size), &w, &report)) {
		fprintf(stderr, "fuzz-compiler: %s%s\n", why, report.faults[0].text);
		return 1;
	}
	free(source);
	return fwrite(room, 1, writer_size(&w), stdout) == writer_size(&w) ? 0 : 1;
}
