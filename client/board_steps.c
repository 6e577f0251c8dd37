/* What may be recorded next: first what a deadline asks for and what leads on from where the case stands, then, folded,
 * all the rest, and what still lacks something.
 *
 * What leads on: steps of this stage that were not taken yet, and those of the nearest one after it; what these lack, as
 * far back as can be recorded now; and steps that another one has opened up.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "client/board.h"

#include <string.h>

enum place { ASKED = 1, LIKELY, LACKING_NEXT, OTHER, LACKING };

enum { FEW = 4 };

static const char NOTE[] = "note"; /* as every process calls it: always at hand */

struct steps {
	const json_t *items, *stages, *c; /* `c` NULL: no case is open */
	size_t stage, near;               /* where it stands, and the nearest stage that a step leads to; the count of them: none */
	const char *start[2];             /* of an address: "case" or "pupil", and its id */
};

static size_t stage_of(const json_t *stages, const char *name)
{
	size_t i = 0;
	while (i < json_array_size(stages) && strcmp(json_string_value(json_array_get(stages, i)), name) != 0)
		i++;
	return i;
}

static bool done(const struct steps *s, const char *action)
{
	size_t index;
	json_t *one;
	json_array_foreach(json_object_get(s->c, "actions"), index, one)
		if (strcmp(says(one, "action"), action) == 0)
			return true;
	return false;
}

static enum place place_of(const json_t *item)
{
	return (enum place)counts(item, "place");
}

static void put_place(json_t *item, enum place place)
{
	json_object_set_new(item, "place", json_integer(place));
}

static json_t *item_of(const struct steps *s, const char *action)
{
	size_t index;
	json_t *item;
	json_array_foreach(s->items, index, item)
		if (strcmp(says(item, "action"), action) == 0)
			return item;
	return NULL;
}

/* It leads on; where something is lacking, so does what supplies that. */
static void leads_on(const struct steps *s, json_t *item)
{
	size_t index;
	json_t *lack, *lacks = json_object_get(item, "lacks");
	if (!item || (place_of(item) != OTHER && place_of(item) != LACKING))
		return;
	put_place(item, place_of(item) == OTHER ? LIKELY : LACKING_NEXT);
	json_array_foreach(lacks, index, lack)
		leads_on(s, item_of(s, says(lack, "supplied_by")));
}

static void find_near(struct steps *s)
{
	size_t index, last = json_array_size(s->stages); /* the last of them is the end */
	json_t *item;
	s->near = last;
	json_array_foreach(s->items, index, item) {
		size_t stage = stage_of(s->stages, says(item, "stage"));
		if (stage > s->stage && stage + 1 < last && stage < s->near)
			s->near = stage;
	}
}

/* It could not be recorded before another step was, which it follows; and leads neither back nor to the end. */
static bool opened_up(const struct steps *s, const json_t *item, size_t stage)
{
	size_t index;
	json_t *before;
	if (place_of(item) != OTHER || stage < s->stage || stage + 1 == json_array_size(s->stages))
		return false;
	json_array_foreach(json_object_get(item, "follows"), index, before)
		if (done(s, json_string_value(before)))
			return true;
	return false;
}

static void place_all(struct steps *s)
{
	size_t index, none = json_array_size(s->stages);
	json_t *item;
	json_array_foreach(s->items, index, item) {
		bool lacks = page_lacking(json_object_get(item, "lacks"), says(item, "action"));
		put_place(item, lacks ? LACKING : json_array_size(json_object_get(item, "meets")) ? ASKED : OTHER);
	}
	find_near(s);
	json_array_foreach(s->items, index, item) {
		size_t stage = *says(item, "stage") ? stage_of(s->stages, says(item, "stage")) : none;
		bool anew = !done(s, says(item, "action"));
		if ((stage == s->near && stage < none) || (anew && (stage == s->stage || opened_up(s, item, stage))))
			leads_on(s, item);
	}
}

/* ---- as a list ---- */

/* Of what it would do, the one that is due first. */
static const json_t *due_of(const struct steps *s, const json_t *item)
{
	size_t index, at;
	json_t *number, *d;
	const json_t *first = NULL;
	json_array_foreach(json_object_get(item, "meets"), index, number)
		json_array_foreach(json_object_get(s->c, "deadlines"), at, d)
			if (counts(d, "deadline") == json_integer_value(number) && (!first || strcmp(says(d, "due"), says(first, "due")) < 0))
				first = d;
	return first;
}

static void put_due(struct visit *v, const json_t *d)
{
	html(&v->page, " <span class=\"tag %s\">by %s</span>", json_is_true(json_object_get(d, "overdue")) ? "overdue" : "open", page_date(says(d, "last_day")));
}

static void put_step(struct visit *v, const struct steps *s, const json_t *item, enum place place)
{
	bool lacks = place == LACKING || place == LACKING_NEXT;
	html(&v->page, "<li class=\"%s\"><a ", lacks ? "lacking" : "ready");
	page_href(v, "/", s->start[0], s->start[1], "record", says(item, "action"), NULL);
	html(&v->page, ">%s</a>", *says(item, "title") ? says(item, "title") : words_of(says(item, "action")));
	if (place == ASKED)
		put_due(v, due_of(s, item));
	if (lacks)
		page_lacks(v, json_object_get(item, "lacks"), says(item, "action"), says(item, "action"), json_object_get(item, "fields"), NULL);
	html(&v->page, "</li>\n");
}

static size_t count_of(const struct steps *s, enum place place)
{
	size_t index, count = 0;
	json_t *item;
	json_array_foreach(s->items, index, item)
		count += place_of(item) == place;
	return count;
}

static void put_steps(struct visit *v, const struct steps *s, enum place place)
{
	size_t index;
	json_t *item;
	json_array_foreach(s->items, index, item)
		if (place_of(item) == place)
			put_step(v, s, item, place);
}

/* What is due first, first. */
static void put_asked(struct visit *v, const struct steps *s)
{
	size_t index, place;
	json_t *item, *asked = json_array();
	json_array_foreach(s->items, index, item) {
		if (place_of(item) != ASKED)
			continue;
		for (place = 0; place < json_array_size(asked); place++)
			if (strcmp(says(due_of(s, json_array_get(asked, place)), "due"), says(due_of(s, item), "due")) > 0)
				break;
		json_array_insert(asked, place, item);
	}
	json_array_foreach(asked, index, item)
		put_step(v, s, item, ASKED);
	json_decref(asked);
}

static void put_folded(struct visit *v, const struct steps *s, enum place place, const char *one, const char *many)
{
	size_t count = count_of(s, place);
	if (!count)
		return;
	html(&v->page, "<details><summary>%llu %s</summary><ul class=\"next\">\n", (unsigned long long)count, count == 1 ? one : many);
	put_steps(v, s, place);
	html(&v->page, "</ul></details>\n");
}

/* A handful is quicker seen than unfolded: a school has few steps, and takes some of them again and again. */
static void unfold_few(const struct steps *s)
{
	size_t index;
	json_t *item;
	if (count_of(s, OTHER) > FEW)
		return;
	json_array_foreach(s->items, index, item)
		if (place_of(item) == OTHER)
			put_place(item, LIKELY);
}

void board_steps(struct visit *v, const json_t *actions, const json_t *c)
{
	struct steps s = { json_object_get(actions, "items"), json_object_get(actions, "stages"), c, 0, 0, { v->words[0], v->words[1] } };
	if (!json_array_size(s.items))
		return;
	s.stage = stage_of(s.stages, says(actions, "stage"));
	place_all(&s);
	if (item_of(&s, NOTE) && place_of(item_of(&s, NOTE)) == OTHER)
		put_place(item_of(&s, NOTE), LIKELY);
	unfold_few(&s);
	html(&v->page, "<section class=\"to-do\" aria-labelledby=\"next\"><h2 id=\"next\">%s</h2>\n<ul class=\"next first\">\n",
	     c ? "What may be recorded next" : "No case is open: the first step opens one");
	put_asked(v, &s);
	put_steps(v, &s, LIKELY);
	put_steps(v, &s, LACKING_NEXT);
	html(&v->page, "</ul>\n");
	put_folded(v, &s, OTHER, "other step that may be recorded", "other steps that may be recorded");
	put_folded(v, &s, LACKING, "other that lacks something first, and what", "others that lack something first, and what");
	if (*clause_document(v) && count_of(&s, LACKING_NEXT) + count_of(&s, LACKING))
		html(&v->page, "<p class=\"quiet\">Clauses are those of <cite>%s</cite></p>\n", clause_document(v));
	html(&v->page, "</section>\n");
}
