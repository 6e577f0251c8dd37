/* story_words.c - the words of an entry, and whether what was seen is what it says.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <stdio.h>

#include "tests/story.h"

/* ---- nodes ---- */

const struct node *story_node(const struct story_file *file, uint32_t index)
{
	return index ? &file->doc.nodes[index] : NULL;
}

const struct node *story_first(const struct story_file *file, const struct node *n)
{
	return n ? story_node(file, n->first) : NULL;
}

const struct node *story_next(const struct story_file *file, const struct node *n)
{
	return story_node(file, n->next);
}

bool node_is(const struct node *n, const char *text)
{
	return n && n->kind == NODE_SCALAR && slice_is(n->text, text);
}

const struct node *story_find(const struct story_file *file, const struct node *map, const char *key)
{
	if (!map || map->kind != NODE_MAP)
		return NULL;
	for (const struct node *k = story_first(file, map); k; k = story_next(file, story_next(file, k)))
		if (slice_is(k->text, key))
			return story_next(file, k);
	return NULL;
}

const struct node *story_word(const struct entry *e, const char *key)
{
	return story_find(e->story->at, e->map, key);
}

/* ---- faults ---- */

__attribute__((format(printf, 3, 0)))
static void say(struct story *s, const struct node *n, const char *format, va_list arguments)
{
	fprintf(stderr, "%s:%u: [%s] ", s->at->path, n ? n->line : 1, s->title);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	s->faults++;
}

void story_fault(struct story *s, const struct node *n, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say(s, n, format, arguments);
	va_end(arguments);
}

void story_stop(struct story *s, const struct node *n, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say(s, n, format, arguments);
	va_end(arguments);
	s->stopped = true;
}

/* ---- scalars ---- */

void story_text(struct story *s, const struct node *n, char out[static STORY_TEXT_MAX])
{
	out[0] = '\0';
	if (!n)
		return;
	if (n->kind != NODE_SCALAR)
		story_stop(s, n, "one text is wanted here, not a list or a map");
	else if (n->text.size >= STORY_TEXT_MAX)
		story_stop(s, n, "a text of less than %d bytes is wanted", STORY_TEXT_MAX);
	else
		snprintf(out, STORY_TEXT_MAX, "%.*s", (int)n->text.size, (const char *)n->text.bytes);
}

bool story_yes(struct story *s, const struct node *n)
{
	if (!n || node_is(n, "no"))
		return false;
	if (!node_is(n, "yes"))
		story_stop(s, n, "yes or no is wanted");
	return true;
}

/* ---- dates ---- */

static const char *const weekdays[] = {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};
static const char *const months[] = {"January", "February", "March", "April", "May", "June", "July",
				     "August", "September", "October", "November", "December"};

bool word_next(const char **at, const char *word)
{
	size_t n = strlen(word);

	if (strncmp(*at, word, n) != 0 || isalnum((unsigned char)(*at)[n]))
		return false;
	*at += n;
	while (**at == ' ')
		(*at)++;
	return true;
}

static bool number_next(const char **at, unsigned digits, int *number)
{
	char *end;
	long value = strtol(*at, &end, 10);

	if (!isdigit((unsigned char)**at) || end - *at > (long)digits || isalpha((unsigned char)*end))
		return false;
	*number = (int)value;
	for (*at = end; **at == ' ';)
		(*at)++;
	return true;
}

static bool date_exists(int year, int month, int day, day_t *out)
{
	char text[40];

	snprintf(text, sizeof text, "%04d-%02d-%02d", year, month, day);
	return day_parse(slice_text(text), out);
}

/* Seen on 8 January, "14 December" is that of the year before. */
static int nearest_year(day_t today, int month, int day)
{
	int year, best = 0, distance = INT32_MAX;
	day_t at;

	day_split(today, &year, &(int){0}, &(int){0});
	for (int y = year - 1; y <= year + 1; y++)
		if (date_exists(y, month, day, &at) && abs(at - today) < distance) {
			distance = abs(at - today);
			best = y;
		}
	return best;
}

bool date_read(const char **at, day_t today, day_t as, day_t *out)
{
	const char *start = *at;
	int year, month, day, weekday = -1, named = 0;

	if (strlen(start) >= DATE_TEXT_SIZE && day_parse(slice_of(start, DATE_TEXT_SIZE), out)) {
		for (*at += DATE_TEXT_SIZE; **at == ' ';)
			(*at)++;
		return true;
	}
	for (int i = 0; i < 7 && weekday < 0; i++)
		if (word_next(at, weekdays[i]))
			weekday = i;
	if (!number_next(at, 2, &day))
		return false;
	for (int i = 0; i < 12 && !named; i++)
		if (word_next(at, months[i]))
			named = i + 1;
	if (!named && !as)
		return false;
	day_split(named ? today : as, &year, &month, &(int){0});
	if (named) {
		month = named;
		if (!number_next(at, 4, &year))
			year = nearest_year(today, month, day);
	}
	return date_exists(year, month, day, out) && (weekday < 0 || day_weekday(*out) == weekday);
}

day_t story_date(struct story *s, const struct node *n)
{
	char text[STORY_TEXT_MAX];
	const char *at = text;
	day_t day = s->today;

	story_text(s, n, text);
	if (!date_read(&at, s->today, 0, &day) || *at)
		story_stop(s, n, "\"%s\" is no date that exists: 14 September 2026, or Monday 14 September (then it must be a Monday)", text);
	return day;
}

bool story_instant(struct story *s, const struct node *n, uint64_t *ms)
{
	char text[STORY_TEXT_MAX];
	const char *at = text;
	unsigned hour = 12, minute = 0;
	int used = 0;
	day_t day;

	story_text(s, n, text);
	if (date_read(&at, s->today, 0, &day)) {
		if (word_next(&at, "at") && sscanf(at, "%2u:%2u%n", &hour, &minute, &used) == 2)
			at += used;
		if (!*at && hour < 24 && minute < 60) {
			*ms = day_start_ms(day) + (hour * 60u + minute) * 60000u;
			return true;
		}
	}
	story_stop(s, n, "\"%s\" is no date and time: 14 September 2026 at 16:30; a weekday must be right", text);
	return false;
}

/* ---- what is equal ---- */

static bool scalar_equal(struct story *s, const json_t *value, const struct node *n)
{
	char wanted[STORY_TEXT_MAX], number[40];
	const char *at = wanted;
	day_t day;

	story_text(s, n, wanted);
	switch (json_typeof(value)) {
	case JSON_NULL:
		return strcmp(wanted, "none") == 0;
	case JSON_TRUE:
	case JSON_FALSE:
		return strcmp(wanted, json_is_true(value) ? "yes" : "no") == 0;
	case JSON_INTEGER:
		snprintf(number, sizeof number, "%lld", (long long)json_integer_value(value));
		return strcmp(wanted, number) == 0;
	case JSON_REAL:
		snprintf(number, sizeof number, "%.1f", json_real_value(value));
		return strcmp(wanted, number) == 0 || (strstr(number, ".0") && strtod(wanted, NULL) == json_real_value(value));
	case JSON_STRING:
		if (strcmp(wanted, json_string_value(value)) == 0)
			return true;
		if (date_read(&at, s->today, 0, &day) && !*at) {
			day_text(number, day);
			return strcmp(number, json_string_value(value)) == 0;
		}
		return false;
	case JSON_OBJECT:
	case JSON_ARRAY:
		return strcmp(wanted, "none") == 0 && json_object_size(value) + json_array_size(value) == 0;
	}
	return false;
}

bool story_equal(struct story *s, const json_t *value, const struct node *n)
{
	const struct story_file *file = s->at;
	size_t count = 0;

	if (n->kind == NODE_SCALAR)
		return scalar_equal(s, value, n);
	if (n->kind == NODE_MAP) {
		for (const struct node *k = story_first(file, n); k; k = story_next(file, story_next(file, k))) {
			char key[STORY_TEXT_MAX];
			const json_t *inner;

			story_text(s, k, key);
			inner = json_object_get(value, key);
			if (!inner || !story_equal(s, inner, story_next(file, k)))
				return false;
		}
		return json_is_object(value);
	}
	for (const struct node *item = story_first(file, n); item; item = story_next(file, item))
		if (count >= json_array_size(value) || !story_equal(s, json_array_get(value, count++), item))
			return false;
	return json_is_array(value) && count == json_array_size(value);
}

const struct node *story_missing(struct story *s, const struct node *texts, const char *in)
{
	char text[STORY_TEXT_MAX];
	const struct node *n = texts && texts->kind == NODE_LIST ? story_first(s->at, texts) : texts;

	while (n) {
		story_text(s, n, text);
		if (!strstr(in, text))
			return n;
		n = texts->kind == NODE_LIST ? story_next(s->at, n) : NULL;
	}
	return NULL;
}
