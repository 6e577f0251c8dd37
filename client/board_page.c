/* SPDX-License-Identifier: Apache-2.0 */
#include "client/board.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "client/when.h"
#include "proto/ids.h"

enum { ROOM = 1200 }; /* of a text that is made here */

/* ---- what stands round a page ---- */

static void put_head(const struct visit *v, struct html *out)
{
	html(out, "<!DOCTYPE html>\n<html lang=\"en-GB\">\n<head>\n<meta charset=\"utf-8\">\n"
	          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	          "<title>%s - %s attendance</title>\n<link rel=\"stylesheet\" href=\"/style.css?v=%s\">\n"
	          "<meta name=\"color-scheme\" content=\"light dark\">\n", v->title, v->board->authority, v->board->assets);
	if (v->session.reader[0])
		html(out, "<script src=\"/live.js?v=%s\" defer></script>\n", v->board->assets);
	html(out, "</head>\n");
}

static void put_link(struct visit *v, struct html *out, const char *path, const char *text)
{
	const char *word = v->words[0] ? v->words[0] : "";
	bool here = strcmp(path + 1, word) == 0;
	const char *mine = v->session.mine && strcmp(path, "/authority") != 0 ? "?mine=1" : "";
	html(out, "<li><a href=\"%s%s%s%s\" aria-current=\"%s\">%s</a></li>", path, mine, !v->as_of ? "" : *mine ? "&as_of=" : "?as_of=", v->as_of, here ? "page" : "false", text);
}

static void put_banner(struct visit *v, struct html *out)
{
	html(out, "<header class=\"banner\">\n<div class=\"wide\">\n<p class=\"brand\"><a href=\"/\">%s <span>attendance</span></a></p>\n",
	     v->board->authority);
	if (v->session.reader[0]) {
		html(out, "<nav aria-label=\"Main\"><ul>");
		put_link(v, out, "/", "Today");
		put_link(v, out, "/cases", "Cases");
		if (strcmp(v->session.role, "lead") != 0)
			put_link(v, out, "/authority", strcmp(v->session.role, "school") == 0 ? "Schools" : "Authority");
		html(out, "</ul></nav>\n<form class=\"find\" method=\"get\" action=\"/find\" role=\"search\">"
		          "<label for=\"find\">Find a pupil, case or school</label>"
		          "<input id=\"find\" name=\"q\" autocomplete=\"off\" spellcheck=\"false\" placeholder=\"Name, UPN, C12, URN\" required maxlength=\"40\">"
		          "<button>Find</button></form>\n"
		          "<form method=\"post\" action=\"/sign-out\" class=\"who\"><input type=\"hidden\" name=\"token\" value=\"%s\">"
		          "<span>%s, %s</span>", v->session.token, *v->session.name ? v->session.name : "unnamed", v->session.role);
		if (!v->board->proxy_header)
			html(out, "<button class=\"quiet\">Sign out</button>");
		html(out, "</form>\n");
	}
	html(out, "</div>\n</header>\n");
}

/* Every view can be seen as it was known on a day. */
static void put_as_of(struct visit *v, struct html *out)
{
	static const char *const kept[] = { "mine", "pathway", "stage", "school", "with", "closed" }; /* of what is looked at */
	/* of a day on which there was nothing yet, too: the next question is about another one */
	if (!v->session.reader[0] || v->form || v->only_now || (v->status != 200 && !v->as_of))
		return;
	html(out, "<form class=\"as-of%s\" method=\"get\" aria-label=\"As it was known\"><div class=\"wide\">", v->as_of ? " back" : "");
	if (v->as_of)
		html(out, "<strong>As it was known at the end of %s.</strong> ", page_date(v->as_of));
	for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
		if (*says(v->query, kept[i]))
			html(out, "<input type=\"hidden\" name=\"%s\" value=\"%s\">", kept[i], says(v->query, kept[i]));
	html(out, "<label for=\"as-of\">%s</label> <input id=\"as-of\" type=\"date\" name=\"as_of\" value=\"%s\" required>"
	          "<button class=\"quiet\">Show</button>", v->as_of ? "Another day" : "As it was known on", v->as_of);
	if (v->as_of)
		html(out, " <a href=\"?\">Back to now</a>");
	html(out, "</div></form>\n");
}

static void put_live(const struct visit *v, struct html *out)
{
	html(out, "<div id=\"live\" data-from=\"%llu\" data-upn=\"%s\"", (unsigned long long)v->head + 1, v->live_upn);
	if (v->newest)
		html(out, " data-newest=\"%lld\"", v->newest);
	html(out, "><p role=\"status\" aria-live=\"polite\"></p></div>\n");
}

void page_whole(struct visit *v, struct html *out)
{
	put_head(v, out);
	html(out, v->letter ? "<body class=\"goes-out\">\n" : "<body>\n");
	html(out, "<a class=\"skip\" href=\"#main\">Skip to the content</a>\n");
	put_banner(v, out);
	put_as_of(v, out);
	html(out, "<main id=\"main\" class=\"wide\" tabindex=\"-1\">\n");
	if (v->live)
		put_live(v, out);
	else if (v->session.reader[0])
		html(out, "<div id=\"live\"><p role=\"status\" aria-live=\"polite\"></p></div>\n");
	html_join(out, &v->page);
	html(out, "</main>\n<footer class=\"wide\"><p>It counts, reminds and puts decisions. People take them.</p></footer>\n</body>\n</html>\n");
}

void page_notice(struct visit *v, unsigned status, const char *title, const char *text)
{
	v->page.size = 0;
	v->status = status;
	v->live = false;
	visit_title(v, "%s", title);
	html(&v->page, "<h1>%s</h1>\n<p>%s</p>\n", title, text);
	if (status == 503 && v->words[0])
		html(&v->page, "<p><a href=\"\">Try this page again</a></p>\n");
	html(&v->page, "<p><a href=\"/\">To what is due today</a></p>\n");
}

bool visit_has_hands(const struct visit *v)
{
	return *v->session.name && (strcmp(v->session.role, "officer") == 0 || strcmp(v->session.role, "manager") == 0);
}

bool visit_mine(struct visit *v)
{
	const char *said = *says(v->form, "mine") ? says(v->form, "mine") : says(v->query, "mine");
	if (!visit_has_hands(v))
		return false;
	if (*said && v->session.mine != (strcmp(said, "1") == 0)) {
		v->session.mine = !v->session.mine;
		session_choose(v->board->sessions, &v->session, v->session.mine);
	}
	return *said && v->session.mine; /* an address without it shows the same in each tab, whatever is chosen in another */
}

void visit_title(struct visit *v, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(v->title_room, sizeof v->title_room, format, arguments);
	va_end(arguments);
	v->title = v->title_room;
}

/* ---- parts of pages ---- */

void page_option(struct visit *v, const char *value, const char *text, bool chosen)
{
	html(&v->page, chosen ? "<option value=\"%s\" selected>%s</option>" : "<option value=\"%s\">%s</option>", value, text);
}

void page_href(struct visit *v, const char *start, ...)
{
	va_list parts;
	const char *part, *before = "";
	html(&v->page, "href=\"%s", start);
	va_start(parts, start);
	while ((part = va_arg(parts, const char *)) != NULL) {
		html(&v->page, "%s", before);
		html_url(&v->page, part);
		before = "/";
	}
	va_end(parts);
	if (v->as_of)
		html(&v->page, "?as_of=%s", v->as_of);
	html(&v->page, "\"");
}

void page_contents(struct visit *v, const char *id, ...)
{
	va_list parts;
	html(&v->page, "<nav class=\"contents\" aria-label=\"On this page\"><ul>");
	va_start(parts, id);
	for (; id; id = va_arg(parts, const char *))
		html(&v->page, "<li><a href=\"#%s\">%s</a></li>", id, va_arg(parts, const char *));
	va_end(parts);
	html(&v->page, "</ul></nav>\n");
}

void page_form(struct visit *v, const char *action, const char *class_name)
{
	html(&v->page, "<form method=\"post\" action=\"%s\" class=\"%s\"><input type=\"hidden\" name=\"token\" value=\"%s\">", action, class_name,
	     v->session.token);
}

void page_again(struct visit *v)
{
	const char *name;
	json_t *value;
	v->page.size = 0;
	visit_title(v, "Not recorded yet");
	html(&v->page, "<h1>Not recorded yet</h1>\n<p>The service does not answer at the moment. What you filled in is kept on this page: "
	               "send it again in a minute. However often it is sent, it is recorded once.</p>\n<form method=\"post\" action=\"");
	for (size_t i = 0; i < sizeof v->words / sizeof *v->words && v->words[i]; i++) {
		html(&v->page, "/");
		html_url(&v->page, v->words[i]);
	}
	html(&v->page, "\" class=\"record\">\n");
	json_object_foreach((json_t *)(uintptr_t)v->form, name, value)
		html(&v->page, "<input type=\"hidden\" name=\"%s\" value=\"%s\">", name, json_string_value(value));
	if (*says(v->form, "about"))
		html(&v->page, "<p><strong>%s</strong></p>\n", says(v->form, "about"));
	json_object_foreach((json_t *)(uintptr_t)v->form, name, value) {
		bool field = strncmp(name, "f-", 2) == 0;
		if ((field || strcmp(name, "override") == 0) && *says(v->form, name))
			html(&v->page, "<p><strong>%s</strong>: %s</p>\n", words_of(field ? name + 2 : name), json_string_value(value));
	}
	html(&v->page, "<p><button>Send it again</button></p></form>\n<p><a href=\"/\">Leave it, and go to what is due today</a></p>\n");
}

void page_id(struct visit *v)
{
	uint8_t id[ATTEND_ID_SIZE];
	char text[UUID_TEXT_SIZE + 1];
	/* a form that was refused keeps its id: nothing was recorded under it */
	if (!form_id(v->form, id))
		attend_id_new(id);
	uuid_text(text, id);
	html(&v->page, "<input type=\"hidden\" name=\"id\" value=\"%s\">", text);
}

bool form_id(const json_t *form, uint8_t id[static ATTEND_ID_SIZE])
{
	return uuid_parse(slice_text(says(form, "id")), id);
}

/* A few rooms in turn, each thread's own. */
static char *room(void)
{
	static _Thread_local char rooms[4][ROOM];
	static _Thread_local unsigned turn;
	return rooms[turn++ % 4];
}

/* Would a field of the form itself mend it? One that is left open does, one that can't be right doesn't. */
static bool own(const json_t *lack, const char *action)
{
	if (!action || json_is_true(json_object_get(lack, "bar")))
		return false;
	return *says(lack, "field") ? strncmp(says(lack, "text"), "required", 8) == 0 : strcmp(says(lack, "supplied_by"), action) == 0;
}

size_t page_lacking(const json_t *lacks, const char *action)
{
	size_t index, count = 0;
	json_t *lack;
	json_array_foreach(lacks, index, lack)
		count += !own(lack, action);
	return count;
}

static const char *title_of(const json_t *fields, const char *name)
{
	if (strcmp(name, "on") == 0)
		return "Day it happened";
	size_t index;
	json_t *field;
	json_array_foreach(fields, index, field)
		if (strcmp(says(field, "name"), name) == 0 && *says(field, "title"))
			return says(field, "title");
	return words_of(name);
}

/* The step that would supply it, to be recorded: not the one whose form this is. */
static void put_supplier(struct visit *v, const json_t *lack, const json_t *steps)
{
	size_t index;
	json_t *step;
	const char *here = v->words[2] && strcmp(v->words[2], "record") == 0 ? v->words[3] : "";
	json_array_foreach(*says(lack, "supplied_by") && strcmp(says(lack, "supplied_by"), here) != 0 ? steps : NULL, index, step) {
		if (strcmp(says(step, "action"), says(lack, "supplied_by")) != 0)
			continue;
		html(&v->page, " <a class=\"supplies\" ");
		page_href(v, "/", v->words[0], v->words[1], "record", says(step, "action"), NULL);
		html(&v->page, ">Record first: %s</a>", says(step, "title"));
	}
}

void page_lacks(struct visit *v, const json_t *lacks, const char *action, const char *clauses_of, const json_t *fields, const json_t *steps)
{
	size_t index;
	json_t *lack;
	html(&v->page, "<ul class=\"lacks\">\n");
	json_array_foreach(lacks, index, lack) {
		if (own(lack, action))
			continue;
		const char *text = words_said(says(lack, "text"));
		if (*says(lack, "field"))
			html(&v->page, "<li>%s: %s", title_of(fields, says(lack, "field")), strncmp(text, "required: ", 10) == 0 ? text + 10 : text);
		else
			html(&v->page, "<li>%s", words_sentence(text));
		page_clause(v, clauses_of, says(lack, "clause"));
		if (json_is_true(json_object_get(lack, "bar")))
			html(&v->page, " <strong>No reason lifts this.</strong>");
		put_supplier(v, lack, steps);
		html(&v->page, "</li>\n");
	}
	html(&v->page, "</ul>\n");
}

const char *page_date(const char *date)
{
	_Static_assert((int)WHEN_SIZE <= (int)ROOM, "a date fits");
	return when_date(room(), date);
}

const char *page_born(const char *date)
{
	const char *born = page_date(date);
	return strlen(born) > 4 ? born + 4 : born;
}

const char *page_time(const char *time)
{
	return when_time(room(), time);
}

const char *page_due(const char *time)
{
	return when_due(room(), time);
}

const char *page_school(const json_t *item)
{
	return *says(item, "school") ? says(item, "school") : says(item, "urn");
}

const char *page_name(const json_t *item)
{
	char *out = room();
	const char *surname = says(item, "surname"), *forename = says(item, "forename");
	if (*surname)
		snprintf(out, ROOM, "%s%s%s", surname, *forename ? ", " : "", forename);
	else
		snprintf(out, ROOM, "%s", *says(item, "upn") ? says(item, "upn") : "(erased)");
	return out;
}
