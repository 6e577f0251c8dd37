/* What is due: to decide, undone, today, in the days after; and, of each kind, the newest that came in.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "client/board.h"

#include <string.h>

static const struct {
	const char *group, *title, *none;
} groups[] = {
	{ "decide", "To decide", "No question waits for a decision." },
	{ "overdue", "Overdue", "Nothing is overdue." },
	{ "today", "Due today", "Nothing falls due today." },
	{ "soon", "In the next seven days", "Nothing falls due in the next seven days." },
};

/* In somebody's hands who is not the reader: said only where all cases are looked at. */
static bool is_others(struct visit *v, const json_t *item)
{
	return *says(item, "officer") && strcmp(says(item, "officer"), v->session.name) != 0;
}

static void put_due(struct visit *v, const char *group, const json_t *item)
{
	bool of_case = *says(item, "case") != '\0';
	html(&v->page, "<li class=\"due\" data-key=\"%s-%s-%s-%s-%lld\"><p class=\"whom\"><a ", group, says(item, "case"), says(item, "urn"), says(item, "kind"),
	     counts(item, "deadline"));
	if (of_case)
		page_href(v, "/case/", says(item, "case"), NULL);
	else
		page_href(v, "/school/", says(item, "urn"), NULL);
	if (of_case)
		html(&v->page, ">%s</a> <span class=\"quiet\">%s, %s</span></p><p class=\"what\">%s", page_name(item), says(item, "case"), page_school(item), says(item, "title"));
	else
		html(&v->page, ">%s</a></p><p class=\"what\">%s", page_school(item), says(item, "title"));
	if (*says(item, "parent"))
		html(&v->page, " for %s", words_parent(json_object_get(item, "parents"), says(item, "parent")));
	if (of_case)
		html(&v->page, " <span class=\"stage quiet\">%s%s%s</span>", says(item, "stage"), is_others(v, item) ? "; with " : "", is_others(v, item) ? says(item, "officer") : "");
	html(&v->page, "</p><p class=\"when\"><time datetime=\"%s\">%s</time> <span class=\"quiet\">%s</span></p></li>\n", says(item, "last_day"),
	     page_date(says(item, "last_day")), json_is_true(json_object_get(item, "provisional")) ? "provisional" : "");
}

static void put_group(struct visit *v, size_t g, const json_t *group)
{
	size_t index;
	json_t *item, *items = json_object_get(group, "items");
	html(&v->page, "<section class=\"group %s\" aria-labelledby=\"group-%s\"><h2 id=\"group-%s\">%s <span class=\"count %s\" id=\"count-%s\">%lld</span></h2>\n",
	     groups[g].group, groups[g].group, groups[g].group, groups[g].title, counts(group, "count") ? "" : "zero", groups[g].group, counts(group, "count"));
	if (!json_array_size(items))
		html(&v->page, "<p class=\"none\">%s</p>\n", groups[g].none);
	html(&v->page, "<ul class=\"list\" data-list=\"%s\">", groups[g].group);
	json_array_foreach(items, index, item)
		put_due(v, groups[g].group, item);
	html(&v->page, "</ul>\n");
	if (counts(group, "count") > (long long)json_array_size(items))
		html(&v->page, "<p class=\"quiet\">%lld more are not shown. <a href=\"?all=1%s\">Show up to 500</a></p>\n",
		     counts(group, "count") - (long long)json_array_size(items), visit_mine(v) ? "&mine=1" : "");
	html(&v->page, "</section>\n");
}

/* For whom the reader stands in today: their cases are in the reader's hands, too. */
static void put_covers(struct visit *v)
{
	struct body body;
	size_t index, count = 0;
	json_t *cover, *answer;
	body_begin(&body);
	body_text(&body, "what", "covers");
	if (visit_try(v, &body, &answer) == 200)
		json_array_foreach(json_object_get(answer, "items"), index, cover) {
			if (!json_is_true(json_object_get(cover, "now")) || strcmp(says(cover, "cover"), v->session.name) != 0)
				continue;
			html(&v->page, count++ ? "; of %s, until %s" : "<p class=\"quiet\">With those of %s, for whom you stand in until %s", says(cover, "officer"),
			     page_date(says(cover, "until")));
		}
	if (count)
		html(&v->page, ".</p>\n");
	json_decref(answer);
}

static void put_choice(struct visit *v, bool mine)
{
	const char *as_of = v->as_of ? "&as_of=" : "";
	if (!visit_has_hands(v))
		return;
	html(&v->page, "<p class=\"choice\"><a href=\"/?mine=0%s%s\" aria-current=\"%s\">All cases</a> <a href=\"/?mine=1%s%s\" aria-current=\"%s\">In my hands</a></p>\n", as_of,
	     v->as_of, mine ? "false" : "true", as_of, v->as_of, mine ? "true" : "false");
	if (mine && !v->as_of)
		put_covers(v);
}

/* How much there is of each, and the way down to it. */
static void put_contents(struct visit *v, const json_t *answer)
{
	const json_t *found = json_object_get(answer, "groups");
	html(&v->page, "<nav class=\"contents\" aria-label=\"On this page\"><ul>");
	for (size_t g = 0; g < sizeof groups / sizeof *groups; g++)
		html(&v->page, "<li><a href=\"#group-%s\">%s: <span data-count=\"count-%s\">%lld</span></a></li>", groups[g].group, groups[g].title, groups[g].group,
		     counts(json_array_get(found, g), "count"));
	html(&v->page, "<li><a href=\"#group-alerts\">What came in: <span data-count=\"count-alerts\">%lld</span></a></li></ul></nav>\n", counts(json_object_get(answer, "alerts"), "count"));
}

void board_today(struct visit *v)
{
	bool mine = visit_mine(v), all = *says(v->query, "all") != '\0';
	struct body body;
	visit_question(v, &body, "today");
	if (mine)
		body_text(&body, "officer", v->session.name);
	if (all)
		body_number(&body, "limit", 500);
	body_number(&body, "alerts", 3);
	json_t *answer = visit_ask(v, &body);
	if (!answer)
		return;
	visit_title(v, "Today");
	v->live = !v->as_of;
	html(&v->page, "<h1>%s</h1>\n", page_date(says(answer, "day")));
	put_choice(v, mine);
	put_contents(v, answer);
	html(&v->page, "<div class=\"groups\">\n");
	const json_t *found = json_object_get(answer, "groups");
	for (size_t g = 0; g < sizeof groups / sizeof *groups; g++)
		put_group(v, g, json_array_get(found, g));
	long long later = counts(json_array_get(found, 4), "count");
	if (later)
		html(&v->page, "<p class=\"quiet\">%lld deadline%s further ahead.</p>\n", later, later == 1 ? " lies" : "s lie");
	html(&v->page, "</div>\n");
	board_came_in(v, json_object_get(answer, "alerts"));
	json_decref(answer);
}
