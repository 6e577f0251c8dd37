/* golden.h - the files of tests/golden: what was once written is written so for ever.
 *
 * A file is a line that begins with # and says what it is, then lines of
 * `name = value`; a name may come again where there are several. The bytes are
 * in hexadecimal. Every line must be asked for, so that none is there in vain.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_GOLDEN_H
#define TESTS_GOLDEN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "proto/bytes.h"
#include "proto/ids.h"

enum { GOLDEN_LINES_MAX = 64, GOLDEN_TEXT_MAX = 64 * 1024 };

struct golden {
	char path[256], text[GOLDEN_TEXT_MAX];
	unsigned count;
	struct golden_line {
		char *name, *value;
		bool used;
	} lines[GOLDEN_LINES_MAX];
};

static inline void golden_open(struct golden *g, const char *name)
{
	FILE *file;
	size_t size;
	char *rest;

	g->count = 0;
	snprintf(g->path, sizeof g->path, "tests/golden/%s.txt", name);
	file = fopen(g->path, "r");
	if (file == NULL)
		fail_msg("%s is missing: every kind and version has its golden file", g->path);
	size = fread(g->text, 1, sizeof g->text - 1, file);
	fclose(file);
	assert_in_range(size, 1, sizeof g->text - 2);
	g->text[size] = 0;
	assert_int_equal(g->text[0], '#');
	for (char *line = strtok_r(g->text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
		char *equals = strstr(line, " =");

		if (*line == '#')
			continue;
		assert_non_null(equals);
		assert_true(g->count < GOLDEN_LINES_MAX);
		*equals = 0;
		g->lines[g->count++] = (struct golden_line){line, equals + 2 + (equals[2] == ' '), false};
	}
}

/* The next value of that name, or NULL. */
static inline const char *golden_next(struct golden *g, const char *name)
{
	for (unsigned i = 0; i < g->count; i++)
		if (!g->lines[i].used && strcmp(g->lines[i].name, name) == 0) {
			g->lines[i].used = true;
			return g->lines[i].value;
		}
	return NULL;
}

static inline const char *golden_text(struct golden *g, const char *name)
{
	const char *value = golden_next(g, name);

	if (value == NULL)
		fail_msg("%s has no line `%s = `", g->path, name);
	return value;
}

static inline uint64_t golden_number(struct golden *g, const char *name)
{
	return (uint64_t)strtoll(golden_text(g, name), NULL, 10);
}

/* The bytes of a line in hexadecimal, in room that the caller frees. */
static inline struct slice golden_bytes(struct golden *g, const char *name)
{
	struct slice digits = slice_text(golden_text(g, name));
	uint8_t *bytes = malloc(digits.size / 2 + 1);

	assert_true(hex_parse(digits, bytes, digits.size / 2));
	return slice_of(bytes, digits.size / 2);
}

static inline void golden_equal(const struct golden *g, struct slice expected, struct slice found)
{
	char *text;

	if (slice_equal(expected, found))
		return;
	text = malloc(2 * found.size + 1);
	hex_text(text, found.bytes, found.size);
	print_error("%s: what is written now is\n%s\n", g->path, text);
	free(text);
	fail();
}

static inline void golden_close(const struct golden *g)
{
	for (unsigned i = 0; i < g->count; i++)
		if (!g->lines[i].used)
			fail_msg("%s: nobody asked for `%s = %s`", g->path, g->lines[i].name, g->lines[i].value);
}

#endif
