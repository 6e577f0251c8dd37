/* SPDX-License-Identifier: Apache-2.0 */
#include "client/line_diff.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { MIDDLE_MAX = 2000 }; /* lines on either side between what is common: the table is their product */

struct lines {
	const char **at;
	size_t *size, count;
};

static bool split(struct lines *l, const char *text)
{
	size_t count = 1;
	for (const char *c = text; *c; c++)
		count += *c == '\n';
	*l = (struct lines){ malloc(count * sizeof *l->at), malloc(count * sizeof *l->size), 0 };
	if (!l->at || !l->size)
		return false;
	for (const char *line = text; *line;) {
		size_t size = strcspn(line, "\n");
		l->at[l->count] = line;
		l->size[l->count++] = size;
		line += size + (line[size] == '\n');
	}
	return true;
}

static bool same(const struct lines *a, size_t i, const struct lines *b, size_t j)
{
	return a->size[i] == b->size[j] && memcmp(a->at[i], b->at[j], a->size[i]) == 0;
}

/* lengths[i * (m + 1) + j]: how many lines are common from i and j on. */
static uint16_t *common_lengths(const struct lines *a, size_t from_a, size_t n, const struct lines *b, size_t from_b, size_t m)
{
	uint16_t *lengths = calloc((n + 1) * (m + 1), sizeof *lengths);
	if (!lengths)
		return NULL;
	for (size_t i = n; i-- > 0;)
		for (size_t j = m; j-- > 0;) {
			uint16_t down = lengths[(i + 1) * (m + 1) + j], right = lengths[i * (m + 1) + j + 1];
			lengths[i * (m + 1) + j] = same(a, from_a + i, b, from_b + j)
			                                   ? (uint16_t)(lengths[(i + 1) * (m + 1) + j + 1] + 1)
			                                   : down > right ? down : right;
		}
	return lengths;
}

static void tell(const struct lines *a, const struct lines *b, size_t start, size_t n, size_t m, const uint16_t *lengths,
                 line_differs *differs, void *context)
{
	for (size_t i = 0, j = 0; i < n || j < m;) {
		if (i < n && j < m && same(a, start + i, b, start + j)) {
			i++;
			j++;
		} else if (i < n && (j == m || lengths[(i + 1) * (m + 1) + j] >= lengths[i * (m + 1) + j + 1])) {
			differs(context, false, (unsigned)(start + i + 1), a->at[start + i], a->size[start + i]);
			i++;
		} else {
			differs(context, true, (unsigned)(start + j + 1), b->at[start + j], b->size[start + j]);
			j++;
		}
	}
}

bool line_diff(const char *before, const char *after, line_differs *differs, void *context)
{
	struct lines a = { 0 }, b = { 0 };
	bool good = split(&a, before);
	good = split(&b, after) && good;
	size_t start = 0, end = 0;
	while (good && start < a.count && start < b.count && same(&a, start, &b, start))
		start++;
	while (good && end < a.count - start && end < b.count - start && same(&a, a.count - 1 - end, &b, b.count - 1 - end))
		end++;
	size_t n = a.count - start - end, m = b.count - start - end;
	good = good && n <= MIDDLE_MAX && m <= MIDDLE_MAX;
	uint16_t *lengths = good ? common_lengths(&a, start, n, &b, start, m) : NULL;
	if (lengths)
		tell(&a, &b, start, n, m, lengths, differs, context);
	free(lengths);
	free(a.at);
	free(a.size);
	free(b.at);
	free(b.size);
	return lengths != NULL;
}
