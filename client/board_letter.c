/* A letter of a case, filled from its own figures, to be read, completed and printed.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "client/board.h"

#include <string.h>

json_t *board_ask_letters(struct visit *v, const json_t *c)
{
	struct body body;
	json_t *answer, *items = NULL;
	if (v->as_of || strcmp(v->session.role, "auditor") == 0)
		return NULL;
	body_begin(&body);
	body_text(&body, "what", "letter");
	body_text(&body, "case", says(c, "case"));
	if (visit_try(v, &body, &answer) == 200)
		items = json_incref(json_object_get(answer, "items"));
	json_decref(answer);
	return items;
}

void board_letters(struct visit *v, const json_t *c, const json_t *letters)
{
	size_t index;
	json_t *letter;
	if (!json_array_size(letters))
		return;
	html(&v->page, "<section class=\"to-do\" aria-labelledby=\"letters\"><h2 id=\"letters\">Letters and forms</h2>\n<ul class=\"next\">\n");
	json_array_foreach((json_t *)(uintptr_t)letters, index, letter) {
		size_t lacks = page_lacking(json_object_get(letter, "lacks"), says(letter, "letter"));
		html(&v->page, "<li class=\"%s\"><a ", lacks ? "lacking" : "ready");
		page_href(v, "/case/", says(c, "case"), "letter", says(letter, "letter"), NULL);
		html(&v->page, ">%s</a></li>\n", says(letter, "title"));
	}
	html(&v->page, "</ul></section>\n");
}

/* ---- one of them ---- */

static void put_cells(struct visit *v, const json_t *cells, const char *cell)
{
	size_t index;
	json_t *text;
	html(&v->page, "<tr>");
	json_array_foreach(cells, index, text) {
		if (strcmp(cell, "th") == 0)
			html(&v->page, "<th scope=\"col\">%s</th>", words_of_letter(json_string_value(text)));
		else
			html(&v->page, "<td>%s</td>", words_of_letter(json_string_value(text)));
	}
	html(&v->page, "</tr>\n");
}

/* Blocks follow one another; a list's items and a table's rows belong to the one before. */
static void put_block(struct visit *v, const json_t *block, const char **open)
{
	const char *kind = says(block, "kind"), *text = words_of_letter(json_string_value(json_array_get(json_object_get(block, "cells"), 0)));
	bool goes_on = strcmp(kind, "item") == 0 || strcmp(kind, "row") == 0;
	if (!goes_on) {
		if (**open)
			html(&v->page, **open == 'l' ? "</ul>\n" : "</tbody></table>\n");
		*open = strcmp(kind, "list") == 0 || strcmp(kind, "table") == 0 ? kind : "";
	}
	if (strcmp(kind, "heading") == 0) {
		html(&v->page, "<h3>%s</h3>\n", text);
	} else if (strcmp(kind, "text") == 0) {
		html(&v->page, "<p>%s</p>\n", text);
	} else if (strcmp(kind, "list") == 0) {
		html(&v->page, text && *text ? "<p>%s</p><ul>\n" : "<ul>%s\n", text);
	} else if (strcmp(kind, "item") == 0) {
		html(&v->page, "<li>%s</li>\n", text);
	} else if (strcmp(kind, "table") == 0) {
		html(&v->page, "<table><thead>");
		if (json_array_size(json_object_get(block, "cells")))
			put_cells(v, json_object_get(block, "cells"), "th");
		html(&v->page, "</thead><tbody>\n");
	} else if (strcmp(kind, "row") == 0) {
		put_cells(v, json_object_get(block, "cells"), "td");
	}
}

static void put_letter(struct visit *v, const json_t *item)
{
	size_t index;
	json_t *one;
	const char *open = "";
	if (json_array_size(json_object_get(item, "missing"))) {
		html(&v->page, "<div class=\"problem\"><h2>Not known, and left open in the letter</h2><ul>\n");
		json_array_foreach(json_object_get(item, "missing"), index, one)
			html(&v->page, "<li>%s</li>\n", words_said(*says(one, "text") ? says(one, "text") : says(one, "figure")));
		html(&v->page, "</ul></div>\n");
	}
	html(&v->page, "<article class=\"letter\">\n");
	json_array_foreach(json_object_get(item, "blocks"), index, one)
		put_block(v, one, &open);
	html(&v->page, *open == 'l' ? "</ul>\n" : *open ? "</tbody></table>\n" : "\n");
	html(&v->page, "</article>\n");
}

/* What the letter asks for that the case doesn't know: in the address, since nothing is recorded. */
static void put_fields(struct visit *v, const json_t *rule)
{
	size_t index;
	json_t *field;
	if (!json_array_size(json_object_get(rule, "fields")))
		return;
	html(&v->page, "<form method=\"get\" class=\"record completes\">\n");
	json_array_foreach(json_object_get(rule, "fields"), index, field)
		page_field(v, field);
	html(&v->page, "<p><button>Fill in</button></p></form>\n");
}

static void fill(struct visit *v, struct body *body, const json_t *rule)
{
	size_t index;
	json_t *field;
	char name[72];
	unsigned given = 0;
	body_begin(body);
	body_text(body, "what", "letter");
	body_text(body, "case", v->words[1]);
	body_text(body, "letter", v->words[3]);
	for (int pass = 0; pass < 2; pass++) {
		if (pass == 1 && given) {
			body_key(body, "fields");
			msgpack_pack_map(&body->pack, given);
		}
		json_array_foreach(json_object_get(rule, "fields"), index, field) {
			snprintf(name, sizeof name, "f-%s", says(field, "name"));
			if (!*says(v->query, name))
				continue;
			given += pass == 0;
			if (pass == 1) {
				body_string(body, says(field, "name"));
				body_string(body, says(v->query, name));
			}
		}
	}
}

/* Where it is recorded that this letter was sent, to this parent (empty: to none in particular): the form of that step, begun. */
static void put_sent_by(struct visit *v, const json_t *action, const char *field, const char *parent)
{
	html(&v->page, "<p class=\"said\">Sent it? <a href=\"/case/%s/record/%s", v->words[1], says(action, "action"));
	if (*field)
		html(&v->page, "?f-%s=%s", field, v->words[3]);
	if (*parent)
		html(&v->page, "%sparent=%s", *field ? "&" : "?", parent);
	html(&v->page, "\">Record it: %s</a></p>\n", says(action, "title"));
}

/* A step in which it is recorded that this letter was sent: the letter is among the values of a field. */
static void put_sent_as(struct visit *v, const json_t *action, const char *parent)
{
	size_t at, value;
	json_t *field, *one;
	json_array_foreach(json_object_get(action, "fields"), at, field)
		json_array_foreach(json_object_get(field, "values"), value, one)
			if (strcmp(json_string_value(one), v->words[3]) == 0)
				put_sent_by(v, action, says(field, "name"), parent);
}

/* The step that is called as the letter is; only where there is none, those that have it among their answers: a penalty
 * notice that may be given after a Notice to Improve is not how that notice is recorded. */
static void put_sent(struct visit *v, const json_t *actions, const char *parent)
{
	size_t index;
	json_t *action, *same = NULL;
	const json_t *items = strcmp(says(actions, "case"), v->words[1]) == 0 ? json_object_get(actions, "items") : NULL;
	json_array_foreach(items, index, action)
		if (strcmp(says(action, "action"), v->words[3]) == 0)
			same = action;
	if (same)
		put_sent_by(v, same, "", parent);
	else
		json_array_foreach(items, index, action)
			put_sent_as(v, action, parent);
}

/* To each parent their own, and what is done once it is sent. */
static void put_made(struct visit *v, const json_t *rule, const json_t *people, const json_t *actions)
{
	struct body body;
	size_t index;
	json_t *item, *answer;
	fill(v, &body, rule);
	unsigned status = visit_try(v, &body, &answer);
	if (status >= 200 && status < 300) {
		const json_t *items = json_object_get(answer, "items");
		json_array_foreach(items, index, item) {
			if (json_array_size(items) > 1 && *says(item, "parent"))
				html(&v->page, "<h2 class=\"said\">For %s</h2>\n", words_parent(json_object_get(people, "parents"), says(item, "parent")));
			put_letter(v, item);
			put_sent(v, actions, says(item, "parent"));
		}
	} else if (status) {
		html(&v->page, "<div class=\"problem\" role=\"alert\"><h2>It can't be made now</h2>\n");
		if (!json_array_size(json_object_get(answer, "lacks")))
			html(&v->page, "<p>%s</p>\n", says(answer, "reason"));
		page_lacks(v, json_object_get(answer, "lacks"), NULL, "", json_object_get(rule, "fields"), NULL);
		html(&v->page, "</div>\n");
		put_sent(v, actions, ""); /* it may have been written by hand */
	}
	json_decref(answer);
}

static json_t *ask_of(struct visit *v, const char *what, const char *upn)
{
	struct body body;
	json_t *answer = NULL;
	body_begin(&body);
	body_text(&body, "what", what);
	body_text(&body, "upn", upn);
	if (visit_try(v, &body, &answer) != 200) {
		json_decref(answer);
		return NULL;
	}
	return answer;
}

/* What is known already is not asked for: the school's name, until somebody says another. */
static void know_school(struct visit *v, const json_t *rule, const char *upn)
{
	static const char FIELD[] = "school_name";
	size_t index;
	json_t *field;
	json_array_foreach(json_object_get(rule, "fields"), index, field) {
		if (strcmp(says(field, "name"), FIELD) != 0 || json_object_get(v->query, "f-school_name"))
			continue;
		json_t *pupil = ask_of(v, "pupil", upn);
		if (*says(pupil, "school"))
			json_object_set((json_t *)(uintptr_t)v->query, "f-school_name", json_object_get(pupil, "school"));
		json_decref(pupil);
	}
}

void board_letter(struct visit *v)
{
	struct body body;
	size_t index;
	json_t *item, *rule = NULL;
	body_begin(&body);
	body_text(&body, "what", "letter");
	body_text(&body, "case", v->words[1]);
	v->only_now = true;
	v->letter = true;
	json_t *letters = visit_ask(v, &body);
	if (!letters)
		return;
	json_array_foreach(json_object_get(letters, "items"), index, item)
		if (strcmp(says(item, "letter"), v->words[3]) == 0)
			rule = item;
	if (rule) {
		visit_title(v, "%s: %s", says(rule, "title"), v->words[1]);
		html(&v->page, "<p class=\"crumb back-to\"><a ");
		page_href(v, "/case/", v->words[1], NULL);
		json_t *pupil = ask_of(v, "pupil", says(letters, "upn"));
		html(&v->page, ">Back to %s, %s</a></p>\n<h1>%s</h1>\n", page_name(pupil ? pupil : letters), v->words[1], says(rule, "title"));
		json_decref(pupil);
		know_school(v, rule, says(letters, "upn"));
		visit_clauses(v, letters);
		put_fields(v, rule);
		json_t *people = ask_of(v, "people", says(letters, "upn")), *actions = ask_of(v, "actions", says(letters, "upn"));
		put_made(v, rule, people, actions);
		json_decref(people);
		json_decref(actions);
	} else {
		page_notice(v, 404, "No such letter", "It is not one of this case's process, or not for your role.");
	}
	json_decref(letters);
}
