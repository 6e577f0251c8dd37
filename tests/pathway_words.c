/* The words that the compiler knows, for tests/schema.py: every map that it reads passes
 * read_map(), which stands here in between (--wrap), while the files named are compiled.
 *
 *   pathway-words FILE...     a line each: "word", what map, the word, required or optional;
 *                             and "unit", "code" and "fact" with their names
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "casework/calendar.h"
#include "casework/codes.h"
#include "pathways/bundle.h"
#include "pathways/compile_parts.h"

bool __real_read_map(struct compiler *, uint32_t map, const char *what, struct entry entries[], size_t count);
bool __wrap_read_map(struct compiler *, uint32_t map, const char *what, struct entry entries[], size_t count);

/* The same map is read many times: schema.py takes lines that it has for one. */
bool __wrap_read_map(struct compiler *c, uint32_t map, const char *what, struct entry entries[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		printf("word\t%s\t%s\t%s\t%s\n", what, entries[0].key, entries[i].key, entries[i].required ? "required" : "optional");
	return __real_read_map(c, map, what, entries, count);
}

int main(int count, char **files)
{
	static uint8_t room[PATHWAY_SIZE_MAX];
	static struct compile_report report;

	for (int i = 1; i < count; i++) {
		char why[512];
		size_t size;
		char *source = bundle_gather(files[i], &size, why, sizeof why);
		struct writer out = writer_of(room, sizeof room);

		if (source == NULL || !pathway_compile(slice_of(source, size), &out, &report)) {
			fprintf(stderr, "%s: %s\n", files[i], source == NULL ? why : report.faults[0].text);
			return 1;
		}
		free(source);
	}
	for (uint8_t unit = 1; unit_text(unit) != NULL; unit++)
		printf("unit\t%s\n", unit_text(unit));
	for (unsigned code = 1; code < 64; code++)
		if (code_text((uint8_t)code) != NULL && code_text((uint8_t)code)[0] != 0)
			printf("code\t%s\n", code_text((uint8_t)code));
	for (uint8_t fact = 1; fact < FACT_SCHOOL; fact++)
		if (fact_text(fact) != NULL && !fact_of_parent(fact))
			printf("fact\t%s\n", fact_text(fact));
	return 0;
}
