/* Recording an action: its form, and what stands in the way shown beside it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "client/board.h"

#include <string.h>

enum { SAID_SIZE = 720 };

/* Of whom, and which action: asked before the form is shown or taken. */
struct act {
	json_t *actions, *people, *pupil;
	const json_t *action;
	char upn[16];
	const char *case_id;      /* NULL: none is open, or the pupil was named */
	json_t *c;                /* that case */
	const json_t *lacks;      /* of a refusal; NULL: nothing was refused */
	const char *refused;      /* why, in a sentence */
	const char *asked;        /* or: what is asked before it is recorded; the button then says yes */
};

static json_t *ask_one(struct visit *v, const char *what, const char *key, const char *value)
{
	struct body body;
	body_begin(&body);
	body_text(&body, "what", what);
	body_text(&body, key, value);
	return visit_ask(v, &body);
}

static bool find(struct visit *v, struct act *a)
{
	size_t index;
	json_t *item;
	if (strcmp(v->words[0], "case") == 0) {
		json_t *c = ask_one(v, "case", "case", v->words[1]);
		if (!c)
			return false;
		snprintf(a->upn, sizeof a->upn, "%s", says(c, "upn"));
		a->case_id = v->words[1];
		a->c = c;
	} else {
		snprintf(a->upn, sizeof a->upn, "%s", v->words[1]);
	}
	a->actions = ask_one(v, "actions", "upn", a->upn);
	visit_clauses(v, a->actions);
	a->people = a->actions ? ask_one(v, "people", "upn", a->upn) : NULL;
	a->pupil = a->people ? ask_one(v, "pupil", "upn", a->upn) : NULL;
	if (!a->pupil)
		return false;
	json_array_foreach(json_object_get(a->actions, "items"), index, item)
		if (strcmp(says(item, "action"), v->words[3]) == 0)
			a->action = item;
	if (!a->action)
		page_notice(v, 404, "No such action", "It is not one that your role records on this case, or the case is closed.");
	return a->action != NULL;
}

static void drop(struct act *a)
{
	json_decref(a->actions);
	json_decref(a->people);
	json_decref(a->pupil);
	json_decref(a->c);
}

/* ---- the form ---- */

/* What the form says, else the address that led to it. */
static const char *given(const struct visit *v, const char *name)
{
	return v->form ? says(v->form, name) : says(v->query, name);
}

/* A field's name in the form, apart from ours. */
static const char *form_name(char room[static 72], const json_t *field)
{
	snprintf(room, 72, "f-%s", says(field, "name"));
	return room;
}

static void put_yes_no(struct visit *v, const json_t *field, const char *name, const char *answer)
{
	static const char *const values[][2] = { { "yes", "Yes" }, { "no", "No" }, { "", "Not answered" } };
	html(&v->page, "<fieldset class=\"yes-no\"><legend>%s</legend>", *says(field, "title") ? says(field, "title") : says(field, "name"));
	for (size_t i = 0; i < 3; i++)
		html(&v->page, strcmp(values[i][0], answer) == 0 ? "<label><input type=\"radio\" name=\"%s\" value=\"%s\" checked>%s</label>"
		                                                 : "<label><input type=\"radio\" name=\"%s\" value=\"%s\">%s</label>", name, values[i][0], values[i][1]);
	html(&v->page, "</fieldset>\n");
}

static void put_values(struct visit *v, const json_t *field, const char *name, const char *chosen)
{
	size_t index;
	json_t *value;
	html(&v->page, "<select id=\"%s\" name=\"%s\"><option value=\"\">Choose</option>", name, name);
	json_array_foreach(json_object_get(field, "values"), index, value)
		page_option(v, json_string_value(value), words_value(field, json_string_value(value)), strcmp(json_string_value(value), chosen) == 0);
	html(&v->page, "</select>");
}

void page_field(struct visit *v, const json_t *field)
{
	char room[72];
	const char *name = form_name(room, field), *type = says(field, "type"), *before = given(v, name);
	if (strcmp(type, "yes/no") == 0) {
		put_yes_no(v, field, name, before);
		return;
	}
	html(&v->page, "<p class=\"field\"><label for=\"%s\">%s%s</label>", name, *says(field, "title") ? says(field, "title") : says(field, "name"),
	     json_is_true(json_object_get(field, "required")) ? " (needed)" : "");
	if (strcmp(type, "one of") == 0)
		put_values(v, field, name, before);
	else if (strcmp(type, "text") == 0)
		html(&v->page, "<textarea id=\"%s\" name=\"%s\" rows=\"2\" maxlength=\"4000\">%s</textarea>", name, name, before);
	else
		html(&v->page, "<input id=\"%s\" name=\"%s\" value=\"%s\" type=\"%s\" inputmode=\"%s\">", name, name, before, strcmp(type, "date") == 0 ? "date" : "text",
		     strcmp(type, "date") == 0 ? "text" : "decimal");
	html(&v->page, "</p>\n");
}

/* The question that led here ("deadline": its number), while it waits. */
static const json_t *question_of(const struct visit *v, const struct act *a)
{
	size_t index;
	json_t *one;
	json_array_foreach(json_object_get(a->c, "decisions"), index, one)
		if (counts(one, "deadline") == strtoll(given(v, "deadline"), NULL, 10))
			return one;
	return NULL;
}

static void put_question(struct visit *v, const struct act *a)
{
	const json_t *question = question_of(v, a);
	if (!*given(v, "deadline"))
		return;
	if (question)
		html(&v->page, "<div class=\"decision\"><p>%s</p></div>\n", words_told(says(question, "question"), json_object_get(a->people, "parents")));
}

static void put_parents(struct visit *v, const struct act *a)
{
	size_t index;
	json_t *parent, *parents = json_object_get(a->people, "parents");
	char text[200];
	const char *chosen = given(v, "parent");
	bool known = !*chosen;
	if (!*chosen && !v->form && json_is_true(json_object_get(a->action, "needs_parent")) && json_array_size(parents) == 1)
		chosen = says(json_array_get(parents, 0), "parent"); /* there is no other */
	if (!json_is_true(json_object_get(a->action, "needs_parent")) && !json_array_size(parents))
		return;
	html(&v->page, "<p class=\"field\"><label for=\"parent\">Parent%s</label><select id=\"parent\" name=\"parent\"><option value=\"\">%s</option>",
	     json_is_true(json_object_get(a->action, "needs_parent")) ? " (needed)" : "", json_is_true(json_object_get(a->action, "needs_parent")) ? "Choose" : "None in particular");
	json_array_foreach(parents, index, parent) {
		snprintf(text, sizeof text, "%s (%s)", *says(parent, "name") ? says(parent, "name") : "Name not known", says(parent, "parent"));
		bool its = strcmp(says(parent, "parent"), chosen) == 0;
		page_option(v, says(parent, "parent"), text, its);
		known |= its;
	}
	if (!known) /* the question is about one who is not, or no longer, on the roster: it is answered for them, not for nobody */
		page_option(v, chosen, chosen, true);
	html(&v->page, "</select></p>\n");
}

/* Nothing of it is barred, and the form itself is well filled in. */
static bool may_be_passed(const json_t *lacks)
{
	size_t index;
	json_t *lack;
	json_array_foreach(lacks, index, lack)
		if (json_is_true(json_object_get(lack, "bar")) || *says(lack, "field"))
			return false;
	return true;
}

/* Is a reason asked for, as it would help; or was one given before? */
static bool asks_reason(const struct visit *v, const struct act *a)
{
	const json_t *lacks = a->refused ? a->lacks : json_object_get(a->action, "lacks");
	return json_is_true(json_object_get(a->action, "may_override")) &&
	       (*says(v->form, "override") || (may_be_passed(lacks) && page_lacking(lacks, a->refused ? NULL : v->words[3])));
}

static void put_refusal(struct visit *v, const struct act *a)
{
	const json_t *lacks = a->refused ? a->lacks : json_object_get(a->action, "lacks");
	const char *but = a->refused ? NULL : v->words[3]; /* before anything is filled in, what the form supplies is not lacking yet */
	if (a->asked) {
		html(&v->page, "<div class=\"problem\" role=\"alert\"><h2>Not recorded yet</h2><p>%s</p></div>\n", a->asked);
		return;
	}
	if (a->refused)
		html(&v->page, "<div class=\"problem\" role=\"alert\" id=\"refused\" tabindex=\"-1\"><h2>Not recorded</h2><p>%s</p>\n", a->refused);
	else if (page_lacking(lacks, but))
		html(&v->page, "<div class=\"problem\"><h2>Lacking, whatever is filled in below</h2>\n");
	else
		return;
	if (page_lacking(lacks, but))
		page_lacks(v, lacks, but, v->words[3], json_object_get(a->action, "fields"), json_object_get(a->actions, "items"));
	if (asks_reason(v, a))
		html(&v->page, "<p><a href=\"#override\">Record it all the same, with your reason</a></p>\n");
	else if (a->refused && may_be_passed(lacks) && page_lacking(lacks, but) && !json_is_true(json_object_get(a->action, "may_override")))
		html(&v->page, "<p>If it is to be recorded all the same, somebody else must do that with a reason: at the authority, an officer or a manager.</p>\n");
	html(&v->page, "</div>\n");
}

static void put_override(struct visit *v, const struct act *a)
{
	if (!asks_reason(v, a))
		return;
	html(&v->page, "<div class=\"override\"><p class=\"field\"><label for=\"override\">Your reason for recording it although something is lacking; it is kept "
	               "with your name</label><textarea id=\"override\" name=\"override\" rows=\"2\" maxlength=\"4000\">%s</textarea></p></div>\n",
	     says(v->form, "override"));
}

static const char *title_of(const struct act *a)
{
	return *says(a->action, "title") ? says(a->action, "title") : words_of(says(a->action, "action"));
}

/* A number that is called as a figure of the pupil's is what the registers say, where the form says nothing. */
static void put_field(struct visit *v, const struct act *a, const json_t *field)
{
	const json_t *figure = json_object_get(a->pupil, says(field, "name"));
	page_field(v, field);
	if (strcmp(says(field, "type"), "number") == 0 && json_is_integer(figure))
		html(&v->page, "<p class=\"quiet hint\">Left empty, it is what the registers say: %lld.</p>\n", json_integer_value(figure));
}

static void put_form(struct visit *v, const struct act *a)
{
	size_t index;
	json_t *field;
	char target[160];
	v->only_now = true;
	visit_title(v, "%s: %s", title_of(a), v->words[1]);
	snprintf(target, sizeof target, "/%s/%s/record/%s", v->words[0], v->words[1], v->words[3]);
	html(&v->page, "<p class=\"crumb back-to\"><a ");
	page_href(v, "/", v->words[0], v->words[1], NULL);
	html(&v->page, ">Back to %s, %s</a></p>\n<h1>%s</h1>\n<p>For <strong>%s</strong>, year %s, UPN %s</p>\n", page_name(a->pupil), v->words[1],
	     title_of(a), page_name(a->pupil), says(a->pupil, "year_group"), a->upn);
	page_clause_whole(v, v->words[3], says(a->action, "clause"), "");
	put_question(v, a);
	put_refusal(v, a);
	page_form(v, target, "record");
	page_id(v);
	html(&v->page, "<input type=\"hidden\" name=\"about\" value=\"%s, for %s, %s\">", title_of(a), page_name(a->pupil), v->words[1]);
	if (*given(v, "deadline"))
		html(&v->page, "<input type=\"hidden\" name=\"deadline\" value=\"%s\">", given(v, "deadline"));
	html(&v->page, "<p class=\"field\"><label for=\"on\">Day it happened</label><input id=\"on\" type=\"date\" name=\"on\" value=\"%s\">"
	               "<span class=\"quiet\">Left empty, it is today.</span></p>\n", says(v->form, "on"));
	put_parents(v, a);
	json_array_foreach(json_object_get(a->action, "fields"), index, field)
		put_field(v, a, field);
	put_override(v, a);
	if (a->asked)
		html(&v->page, "<input type=\"hidden\" name=\"sure\" value=\"yes\"><p><button>Record it all the same</button></p></form>\n");
	else
		html(&v->page, "<p><button>Record</button></p></form>\n");
}

void board_record(struct visit *v)
{
	struct act a = { .upn = "" };
	if (find(v, &a))
		put_form(v, &a);
	drop(&a);
}

/* ---- before it is taken: what is recorded stays, so that what may be a slip is asked about once ---- */

/* Is nothing filled in, though something could be? What needs more than that is refused anyhow. */
static bool is_empty(const struct visit *v, const struct act *a)
{
	size_t index;
	json_t *field;
	char room[72];
	if (json_array_size(json_object_get(a->action, "lacks")) || *says(v->form, "on") || *says(v->form, "parent"))
		return false;
	json_array_foreach(json_object_get(a->action, "fields"), index, field)
		if (*says(v->form, form_name(room, field)))
			return false;
	return json_array_size(json_object_get(a->action, "fields")) > 0;
}

/* Does an event say what the form says, no more and no less? A form without a day means any. */
static bool says_the_same(const struct visit *v, const struct act *a, const json_t *event)
{
	size_t index, given = 0;
	json_t *field;
	char room[72];
	if (strcmp(says(event, "action"), says(a->action, "action")) != 0 || strcmp(says(event, "parent"), says(v->form, "parent")) != 0 ||
	    (*says(v->form, "on") && strcmp(says(event, "on"), says(v->form, "on")) != 0))
		return false;
	json_array_foreach(json_object_get(a->action, "fields"), index, field) {
		const char *value = says(v->form, form_name(room, field)), *name = says(field, "name");
		const char *before = says(json_object_get(event, "fields"), name);
		if (!*before)
			before = says(json_object_get(event, "texts"), name);
		if (strcmp(value, before) != 0)
			return false;
		given += *value != '\0';
	}
	return given > 0;
}

/* The newest step of the case that the reader may read, to be kept with `*answer`; NULL: there is none. */
static const json_t *newest_step(struct visit *v, const struct act *a, json_t **answer)
{
	struct body body;
	size_t index;
	json_t *item;
	const json_t *newest = NULL;
	body_begin(&body);
	body_text(&body, "what", "timeline");
	body_text(&body, "case", a->case_id);
	if (visit_try(v, &body, answer) == 200)
		json_array_foreach(json_object_get(*answer, "items"), index, item)
			if (*says(item, "action"))
				newest = item;
	return newest;
}

/* What it was, and what was decided by it; to a school or lead nothing of another's. */
static void say_answered(const struct act *a, const json_t *newest, char said[static SAID_SIZE])
{
	const json_t *done = json_object_get(a->c, "actions");
	const char *outcome = says(json_object_get(newest, "fields"), "outcome");
	int size = snprintf(said, SAID_SIZE, "The question waits no more: it was answered in the meantime. ");
	if (counts(json_array_get(done, json_array_size(done) - 1), "seq") == counts(newest, "seq")) {
		if (*outcome)
			words_field(a->actions, says(newest, "action"), "outcome", &outcome);
		size += snprintf(said + size, SAID_SIZE - (size_t)size, "The newest step is \"%.200s%s%.120s\" of %s, by %.80s. ", words_action(a->actions, says(newest, "action")),
		                 *outcome ? ": " : "", outcome, page_date(says(newest, "on")), says(newest, "actor"));
	}
	snprintf(said + size, SAID_SIZE - (size_t)size, "Record this as well?");
}

/* Is the newest step this one over again, as after going back and sending the form anew; or has it answered the question
 * meanwhile, as a colleague's or another tab's does? */
static bool is_again(struct visit *v, const struct act *a, char said[static SAID_SIZE])
{
	json_t *answer = NULL;
	bool again = false, answered = *says(v->form, "deadline") && !question_of(v, a);
	const json_t *newest = a->case_id ? newest_step(v, a, &answer) : NULL;
	/* sent twice under one id it is recorded once, and the answer is the first one's */
	bool other = newest && strcmp(says(newest, "id"), says(v->form, "id")) != 0;
	if (other && answered) {
		say_answered(a, newest, said);
		again = true;
	} else if (other && says_the_same(v, a, newest)) {
		snprintf(said, SAID_SIZE, "The newest step of this case is the same already, with the same answers: of %s, by %.80s. Is this another one?", page_date(says(newest, "on")),
		         says(newest, "actor"));
		again = true;
	}
	json_decref(answer);
	return again;
}

/* ---- taking it ---- */

static void fill_body(struct visit *v, const struct act *a, struct body *body)
{
	static const char *const ours[] = { "on", "parent", "override" };
	size_t index;
	json_t *field;
	unsigned given = 0;
	char room[72];
	body_begin(body);
	body_text(body, "action", v->words[3]);
	body_text(body, "upn", a->upn);
	body_text(body, "case", a->case_id);
	for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
		body_text(body, ours[i], *says(v->form, ours[i]) ? says(v->form, ours[i]) : NULL);
	json_array_foreach(json_object_get(a->action, "fields"), index, field)
		given += *says(v->form, form_name(room, field)) != '\0';
	if (!given)
		return;
	body_key(body, "fields");
	msgpack_pack_map(&body->pack, given);
	json_array_foreach(json_object_get(a->action, "fields"), index, field)
		if (*says(v->form, form_name(room, field))) {
			body_string(body, says(field, "name"));
			body_string(body, says(v->form, room));
		}
}

/* What a refusal is to whoever filled in the form. */
static const char *sentence(unsigned status, const json_t *answer)
{
	switch (status) {
	case 412:
		return "Conditions of the process are unmet.";
	case 413:
		return "This is barred, and no reason lifts it.";
	case 409:
		return "This form was recorded already, with other answers. Open it anew to record something more.";
	case 403:
		return "This action is not for your role.";
	default:
		return !json_array_size(json_object_get(answer, "lacks")) && *says(answer, "reason") ? says(answer, "reason") : "Something in the form is missing or not right.";
	}
}

void board_recorded(struct visit *v)
{
	struct act a = { .upn = "" };
	uint8_t id[ATTEND_ID_SIZE];
	json_t *answer = NULL;
	struct body body;
	char said[SAID_SIZE];
	if (!find(v, &a)) {
		drop(&a);
		return;
	}
	if (!form_id(v->form, id)) {
		page_notice(v, 400, "The form is not whole", "Nothing was recorded. Open it anew.");
		drop(&a);
		return;
	}
	if (!*says(v->form, "sure"))
		a.asked = is_empty(v, &a) ? "Nothing is filled in. What is recorded stays, so do say what happened; or record it as it is." : is_again(v, &a, said) ? said : NULL;
	if (a.asked || v->status != 200) {
		v->status = v->status == 200 ? 422 : v->status;
		if (a.asked)
			put_form(v, &a);
		drop(&a);
		return;
	}
	fill_body(v, &a, &body);
	unsigned status = visit_submit(v, ATTEND_ACTION, id, &body, &answer);
	if (status >= 200 && status < 300) {
		v->status = 303;
		snprintf(v->location, sizeof v->location, "/case/%s?done=%s", says(answer, "case"), v->words[3]);
	} else if (v->status == 200) {
		a.lacks = json_object_get(answer, "lacks");
		a.refused = sentence(status, answer);
		v->status = status == 409 ? 409 : 422;
		put_form(v, &a);
	}
	json_decref(answer);
	drop(&a);
}
