/* mapping_date.c - dates in the form that a mapping names.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "casework/civil.h"
#include "client/mapping.h"

enum part { YEAR, MONTH, DAY, PARTS };

/* The words of a format; a longer one stands before those that it begins with. `least` to `most` digits. */
static const struct word {
	const char *text;
	enum part part;
	unsigned least, most;
} words[] = {
	{ "YYYY", YEAR, 4, 4 }, { "YY", YEAR, 2, 2 }, { "MON", MONTH, 0, 0 }, { "MM", MONTH, 2, 2 }, { "M", MONTH, 1, 2 },
	{ "DD", DAY, 2, 2 }, { "D", DAY, 1, 2 },
};

static const struct word *word_at(const char *format)
{
	for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strncmp(format, words[i].text, strlen(words[i].text)) == 0)
			return &words[i];
	return NULL;
}

bool mapping_date_format_ok(const char *format)
{
	unsigned seen[PARTS] = { 0 };
	if (strlen(format) >= MAPPING_DATE_MAX)
		return false;
	while (*format) {
		const struct word *word = word_at(format);
		if (!word && (isalnum((unsigned char)*format) || (*format == '*' && format[1])))
			return false;
		if (word)
			seen[word->part]++;
		format += word ? strlen(word->text) : 1;
	}
	return seen[YEAR] == 1 && seen[MONTH] == 1 && seen[DAY] == 1;
}

static const char *month_name(const char *text, int *month)
{
	static const char *const names[] = { "January", "February", "March", "April", "May", "June", "July", "August", "September",
	                                     "October", "November", "December" };
	for (int i = 0; i < 12; i++) {
		size_t all = strlen(names[i]), size = strncasecmp(text, names[i], all) == 0 ? all : 3;
		if (strncasecmp(text, names[i], size) == 0 && !isalpha((unsigned char)text[size])) {
			*month = i + 1;
			return text + size;
		}
	}
	return NULL;
}

static const char *take_part(const struct word *word, const char *text, int parts[static PARTS])
{
	if (!word->most)
		return month_name(text, &parts[MONTH]);
	unsigned digits = 0;
	int number = 0;
	for (; digits < word->most && text[digits] >= '0' && text[digits] <= '9'; digits++)
		number = number * 10 + text[digits] - '0';
	if (digits < word->least)
		return NULL;
	parts[word->part] = word->part == YEAR && word->most == 2 ? 2000 + number : number;
	return text + digits;
}

bool mapping_date(char out[static 11], const char *format, const char *text)
{
	int parts[PARTS] = { 0 };
	for (; *format && *format != '*'; ) {
		const struct word *word = word_at(format);
		if (word)
			text = take_part(word, text, parts);
		else
			text = *text == *format ? text + 1 : NULL;
		if (!text)
			return false;
		format += word ? strlen(word->text) : 1;
	}
	if (*text && (*format != '*' || isdigit((unsigned char)*text)))
		return false;
	day_t day;
	char made[40];
	snprintf(made, sizeof made, "%04d-%02d-%02d", parts[YEAR], parts[MONTH], parts[DAY]);
	if (!day_parse(slice_text(made), &day))
		return false;
	memcpy(out, made, 11);
	return true;
}
