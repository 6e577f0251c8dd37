/* The authority: open cases by stage, tasks met and missed, overrides, its schools.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "client/board.h"

#include <string.h>

enum { UNFOLDED = 8 }; /* overrides; the rest are a click away, below the schools */

/* Bars of a table's own width: a picture that is read aloud as its number. */
static void put_bar(struct visit *v, long long count, long long most)
{
	html(&v->page, "<td class=\"number\">%lld</td><td class=\"bar\"><svg viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\" focusable=\"false\">"
	               "<rect width=\"%lld\" height=\"10\"/></svg></td>", count, most ? count * 100 / most : 0);
}

static void put_stages(struct visit *v, const json_t *authority)
{
	size_t index;
	json_t *stage, *stages = json_object_get(authority, "stages");
	long long most = 0, all = 0;
	json_array_foreach(stages, index, stage) {
		all += counts(stage, "open");
		if (counts(stage, "open") > most)
			most = counts(stage, "open");
	}
	html(&v->page, "<section aria-labelledby=\"stages\"><h2 id=\"stages\">Open cases by stage <span class=\"count\">%lld</span></h2>\n<p class=\"quiet\">%lld are closed.</p>\n", all,
	     counts(authority, "closed"));
	html(&v->page, "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-labelledby=\"stages\"><table><thead><tr><th scope=\"col\">Stage</th><th scope=\"col\">Process</th>"
	               "<th scope=\"col\">Open</th><td></td></tr></thead><tbody>\n");
	json_array_foreach(stages, index, stage) {
		html(&v->page, "<tr><th scope=\"row\"><a href=\"/cases?pathway=%s&amp;stage=%s%s%s\">%s</a></th><td>%s</td>", says(stage, "pathway"), says(stage, "stage"),
		     v->as_of ? "&as_of=" : "", v->as_of, says(stage, "title"), words_process(says(stage, "pathway")));
		put_bar(v, counts(stage, "open"), most);
		html(&v->page, "</tr>\n");
	}
	html(&v->page, "</tbody></table></div></section>\n");
}

static void put_tasks(struct visit *v, const json_t *authority)
{
	const json_t *tasks = json_object_get(authority, "tasks");
	html(&v->page, "<section aria-labelledby=\"tasks\"><h2 id=\"tasks\">Tasks of cases this school year</h2>\n<dl class=\"sums\"><div><dt>Met</dt><dd>%lld</dd></div>"
	               "<div><dt>Missed</dt><dd>%lld</dd></div><div><dt>Open</dt><dd>%lld</dd></div><div><dt>Overdue now</dt><dd>%lld</dd></div></dl></section>\n",
	     counts(tasks, "met"), counts(tasks, "missed"), counts(tasks, "open"), counts(tasks, "overdue"));
}

static void put_override(struct visit *v, const json_t *one)
{
	const json_t *event = json_object_get(one, "event");
	const char *why = says(json_object_get(event, "texts"), "override");
	html(&v->page, "<li class=\"due\"><p class=\"whom\"><a ");
	page_href(v, "/case/", says(one, "case"), NULL);
	html(&v->page, ">%s</a> <span class=\"quiet\">%s</span></p><p class=\"what\">%s", page_name(one), says(one, "case"), says(one, "title"));
	if (*why)
		html(&v->page, " <span class=\"stage quiet\">%s</span>", why);
	html(&v->page, "</p><p class=\"when\">%s", page_date(says(one, "on")));
	if (*says(event, "actor"))
		html(&v->page, "<br>%s", says(event, "actor"));
	html(&v->page, "</p></li>\n");
}

static void put_overrides(struct visit *v, const json_t *authority)
{
	size_t index;
	json_t *one, *overrides = json_object_get(authority, "overrides");
	html(&v->page, "<section aria-labelledby=\"overrides\"><h2 id=\"overrides\">Recorded although something was lacking <span class=\"count\">%lld</span></h2>\n", counts(overrides, "count"));
	if (!counts(overrides, "count"))
		html(&v->page, "<p class=\"none\">Nothing this school year.</p>\n");
	size_t count = json_array_size(json_object_get(overrides, "items"));
	html(&v->page, "<ul class=\"list\">\n");
	json_array_foreach(json_object_get(overrides, "items"), index, one) {
		if (index == UNFOLDED)
			html(&v->page, "</ul><details><summary>%llu earlier</summary><ul class=\"list\">\n", (unsigned long long)(count - UNFOLDED));
		put_override(v, one);
	}
	html(&v->page, "</ul>%s\n", count > UNFOLDED ? "</details>" : "");
	if (counts(overrides, "count") > (long long)count)
		html(&v->page, "<p class=\"quiet\">%lld more are not shown: they are in each case's history.</p>\n", counts(overrides, "count") - (long long)count);
	html(&v->page, "</section>\n");
}

static void put_marked(struct visit *v, const json_t *school, const char *key)
{
	long long pupils = counts(school, "pupils"), marked = counts(school, key);
	if (v->as_of)
		html(&v->page, "<td></td>");
	else if (!json_is_true(json_object_get(school, "school_day")))
		html(&v->page, "<td class=\"quiet\">no school</td>");
	else if (marked >= pupils)
		html(&v->page, "<td>all</td>");
	else if (marked)
		html(&v->page, "<td>%lld</td>", marked);
	else
		html(&v->page, "<td><span class=\"tag waits\">none yet</span></td>");
}

static void put_schools(struct visit *v, const json_t *authority)
{
	size_t index;
	json_t *school;
	html(&v->page, "<section aria-labelledby=\"schools\"><h2 id=\"schools\">Schools, and their registers of %s</h2>\n", page_date(says(authority, "day")));
	html(&v->page, "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-labelledby=\"schools\"><table><thead><tr><th scope=\"col\">School</th><th scope=\"col\">Pupils</th>"
	               "<th scope=\"col\">Open cases</th><th scope=\"col\">Marked, morning</th><th scope=\"col\">Afternoon</th></tr></thead><tbody>\n");
	json_array_foreach(json_object_get(authority, "schools"), index, school) {
		html(&v->page, "<tr><th scope=\"row\"><a ");
		page_href(v, "/school/", says(school, "urn"), NULL);
		bool named = *says(school, "name");
		html(&v->page, ">%s</a> <span class=\"quiet\">%s</span></th>", named ? says(school, "name") : says(school, "urn"), named ? says(school, "urn") : "");
		if (v->as_of)
			html(&v->page, "<td></td>");
		else
			html(&v->page, "<td class=\"number\">%lld</td>", counts(school, "pupils"));
		html(&v->page, "<td class=\"number\">%lld</td>", counts(school, "cases"));
		put_marked(v, school, "am");
		put_marked(v, school, "pm");
		html(&v->page, "</tr>\n");
	}
	html(&v->page, "</tbody></table></div></section>\n");
}

void board_authority(struct visit *v)
{
	struct body body;
	bool school = strcmp(v->session.role, "school") == 0;
	visit_question(v, &body, "authority");
	json_t *authority = visit_ask(v, &body);
	if (!authority)
		return;
	visit_title(v, school ? "Schools" : "Authority");
	html(&v->page, "<h1>%s</h1>\n", school ? "Your schools" : v->board->authority);
	page_contents(v, "stages", "Open cases by stage", "tasks", "Tasks", "schools", "Schools", "overrides", "Recorded although something was lacking", NULL);
	put_stages(v, authority);
	put_tasks(v, authority);
	put_schools(v, authority);
	put_overrides(v, authority);
	json_decref(authority);
}
