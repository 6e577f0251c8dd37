/* story_letters.c - letters of a case in a story, as whoever makes one reads them.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "tests/story.h"

/* A letter as lines: its blocks that say something, the cells of a row with bars between them. The caller frees. */
static char *letter_lines(const json_t *item)
{
	char *lines = NULL;
	size_t size, i, j;
	FILE *out = open_memstream(&lines, &size);
	json_t *block, *cell;

	json_array_foreach(json_object_get(item, "blocks"), i, block) {
		json_array_foreach(json_object_get(block, "cells"), j, cell)
			fprintf(out, "%s%s", j ? " | " : "", json_string_value(cell));
		fputs(j ? "\n" : "", out);
	}
	fclose(out);
	return lines;
}

static bool is_missing(const struct entry *e, const json_t *missing, const struct node *wanted)
{
	char text[STORY_TEXT_MAX];
	json_t *one;
	size_t i;

	story_text(e->story, wanted, text);
	json_array_foreach(missing, i, one)
		if (strcmp(json_text(one, "text"), text) == 0)
			return true;
	return false;
}

/* All that the minutes name, and no more. */
static void check_missing(const struct entry *e, const json_t *item)
{
	const struct node *wanted = story_word(e, "names missing");
	const json_t *missing = json_object_get(item, "missing");
	struct story *s = e->story;
	size_t count = 0;
	char *seen;

	if (!wanted)
		return;
	if (wanted->kind == NODE_LIST)
		for (const struct node *n = story_first(s->at, wanted); n; n = story_next(s->at, n), count++)
			if (!is_missing(e, missing, n))
				story_fault(s, n, "this is not named as missing");
	if (count == json_array_size(missing))
		return;
	seen = json_dumps(missing, JSON_ENCODE_ANY);
	story_fault(s, wanted, "%zu things are named as missing, not %zu: %s", json_array_size(missing), count, seen);
	free(seen);
}

static void check_says(const struct entry *e, const char *lines)
{
	const struct node *says = story_word(e, "says"), *not_said = story_word(e, "says not"), *missing;
	struct story *s = e->story;

	if (says && (missing = story_missing(s, says, lines)) != NULL)
		story_fault(s, missing, "the letter does not say this; it says:\n%s", lines);
	for (const struct node *n = !not_said || not_said->kind != NODE_LIST ? not_said : story_first(s->at, not_said); n;
	     n = not_said->kind == NODE_LIST ? story_next(s->at, n) : NULL)
		if (!story_missing(s, n, lines))
			story_fault(s, n, "the letter says this; it says:\n%s", lines);
}

/* "officer makes: stage-2": of the pupil's case. */
void story_makes(const struct entry *e)
{
	const struct node *parent = story_word(e, "for"), *with = story_word(e, "with");
	static const struct word_key letters[] = {{"letters", "count"}, {NULL, NULL}};
	struct story *s = e->story;
	char upn[UPN_SIZE + 1], text[STORY_TEXT_MAX];
	const struct answer *a;
	const json_t *items;
	json_t *answer;
	struct body b;

	body_init(&b);
	body_text(&b, "what", "letter");
	pupil_upn(s, story_pupil(e), upn);
	body_text(&b, "upn", upn);
	story_text(s, e->value, text);
	body_text(&b, "letter", text);
	if (parent) {
		story_text(s, parent, text);
		body_text(&b, "parent", text);
	}
	if (with) {
		body_key(&b, "fields");
		body_node(&b, s, with);
	}
	a = story_send(s, e->who, COMMAND_QUERY, &b);
	story_check_answer(e, a);
	if (a->status != STATUS_OK || s->stopped)
		return;
	answer = answer_json(a);
	items = json_object_get(answer, "items");
	json_object_set_new(answer, "count", json_integer((json_int_t)json_array_size(items)));
	story_check_words(e, answer, letters, true);
	for (size_t i = 0; i < json_array_size(items) && !s->stopped; i++) {
		char *lines = letter_lines(json_array_get(items, i));

		check_says(e, lines);
		check_missing(e, json_array_get(items, i));
		free(lines);
	}
	json_decref(answer);
}
