/* SPDX-License-Identifier: Apache-2.0 */
#include "client/command.h"

#include <stddef.h>
#include <string.h>

enum { WORD_MAX = 63 };

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

unsigned letters_apart(const char *a, const char *b)
{
	/* Damerau's optimal string alignment over the two rows before. */
	unsigned rows[3][WORD_MAX + 1];
	size_t a_size = strnlen(a, WORD_MAX), b_size = strnlen(b, WORD_MAX);
	for (size_t j = 0; j <= b_size; j++)
		rows[0][j] = (unsigned)j;
	for (size_t i = 1; i <= a_size; i++) {
		unsigned *now = rows[i % 3], *before = rows[(i + 2) % 3], *earlier = rows[(i + 1) % 3];
		now[0] = (unsigned)i;
		for (size_t j = 1; j <= b_size; j++) {
			unsigned changed = before[j - 1] + (a[i - 1] != b[j - 1]);
			now[j] = least(changed, least(before[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				now[j] = least(now[j], earlier[j - 2] + 1);
		}
	}
	return rows[a_size % 3][b_size];
}

const char *command_nearest(const char *word)
{
	static const char *const names[] = {
#define GROUP(title)
#define NAME(name, function, summary) name,
		COMMANDS_OF_ATTEND(GROUP, NAME)
#undef NAME
#undef GROUP
	};
	const char *nearest = NULL;
	unsigned nearest_apart = 3; /* further than that is another word */
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		unsigned apart = letters_apart(word, names[i]);
		if (strlen(word) >= 3 && strncmp(word, names[i], strlen(word)) == 0)
			apart = 1;
		if (apart < nearest_apart && apart < strlen(word)) {
			nearest = names[i];
			nearest_apart = apart;
		}
	}
	return nearest;
}
