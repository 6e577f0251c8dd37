/* Cases as a list: all that are open, or those of a stage, of a school, in the reader's hands; or the closed ones.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "client/board.h"

#include <string.h>

enum { SHOWN_MAX = 500 };

/* What is due first stands first, then what waits for nothing; of the same day by name. */
static int order(const json_t *a, const json_t *b)
{
	const char *x = says(a, "last_day"), *y = says(b, "last_day");
	if (!*x != !*y)
		return *x ? -1 : 1;
	int by_day = strcmp(x, y);
	return by_day ? by_day : strcmp(page_name(a), page_name(b));
}

static void question(struct visit *v, struct body *body, const char *context)
{
	static const char *const same[] = { "pathway", "stage" };
	(void)context;
	visit_question(v, body, "cases");
	for (size_t i = 0; i < sizeof same / sizeof *same; i++)
		body_text(body, same[i], *says(v->query, same[i]) ? says(v->query, same[i]) : NULL);
	body_text(body, "urn", *says(v->query, "school") ? says(v->query, "school") : NULL);
	body_text(body, "officer", visit_mine(v) ? v->session.name : NULL);
	if (*says(v->query, "closed"))
		body_key(body, "closed"), msgpack_pack_true(&body->pack);
}

static void put_case(struct visit *v, const json_t *item)
{
	html(&v->page, "<tr class=\"%s\"><th scope=\"row\"><a ", json_is_true(json_object_get(item, "overdue")) ? "late" : "");
	page_href(v, "/case/", says(item, "case"), NULL);
	html(&v->page, ">%s</a> <span class=\"quiet\">%s</span></th><td>%s</td><td><a ", page_name(item), says(item, "case"), says(item, "year_group"));
	page_href(v, "/school/", says(item, "urn"), NULL);
	html(&v->page, ">%s</a></td><td>%s</td><td>%s<br><span class=\"quiet\">%s</span></td><td>", page_school(item), says(item, "stage_title"), says(item, "latest"),
	     page_date(says(item, "latest_on")));
	if (*says(item, "due"))
		html(&v->page, "%s<br><span class=\"%s\">%s</span>", says(item, "due"), json_is_true(json_object_get(item, "overdue")) ? "tag overdue" : "quiet",
		     page_date(says(item, "last_day")));
	html(&v->page, "</td></tr>\n");
}

/* The address of this list with another choice in place. */
static void put_choice(struct visit *v, const char *key, const char *value, const char *text, bool here)
{
	static const char *const kept[] = { "pathway", "stage", "school", "mine", "closed" };
	const char *between = "?";
	html(&v->page, "<a href=\"/cases");
	for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
		const char *given = strcmp(kept[i], key) == 0 ? value : says(v->query, kept[i]);
		if (!*given)
			continue;
		html(&v->page, "%s%s=", between, kept[i]);
		html_url(&v->page, given);
		between = "&";
	}
	html(&v->page, "%s%s%s\" aria-current=\"%s\">%s</a> ", v->as_of ? between : "", v->as_of ? "as_of=" : "", v->as_of, here ? "true" : "false", text);
}

static void put_choices(struct visit *v)
{
	bool mine = visit_mine(v), closed = *says(v->query, "closed");
	html(&v->page, "<p class=\"choice\">");
	put_choice(v, "closed", "", "Open", !closed);
	put_choice(v, "closed", "1", "Closed", closed);
	if (visit_has_hands(v)) {
		put_choice(v, "mine", "0", "Everybody's", !mine);
		put_choice(v, "mine", "1", "In my hands", mine);
	}
	if (*says(v->query, "stage"))
		put_choice(v, "stage", "", "All stages", false);
	if (*says(v->query, "school"))
		put_choice(v, "school", "", "All schools", false);
	html(&v->page, "</p>\n");
}

void board_cases(struct visit *v)
{
	json_t *found = json_array(), *item;
	size_t index;
	if (visit_ask_all(v, question, NULL, order, SIZE_MAX, found)) {
		const json_t *first = json_array_get(found, 0);
		size_t count = json_array_size(found);
		bool closed = *says(v->query, "closed");
		visit_title(v, closed ? "Closed cases" : "Open cases");
		html(&v->page, "<h1>%s cases <span class=\"count\">%llu</span></h1>\n<p>%s%s%s</p>\n", closed ? "Closed" : "Open", (unsigned long long)count,
		     first && *says(v->query, "stage") ? says(first, "stage_title") : "", first && *says(v->query, "stage") && *says(v->query, "school") ? "; " : "",
		     first && *says(v->query, "school") ? page_school(first) : "");
		put_choices(v);
		if (!count)
			html(&v->page, "<p class=\"none\">There are none.</p>\n");
		else
			html(&v->page, "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"Cases\"><table class=\"cases\"><thead><tr><th scope=\"col\">Pupil</th>"
			               "<th scope=\"col\">Year</th><th scope=\"col\">School</th><th scope=\"col\">Stage</th><th scope=\"col\">Done last</th>"
			               "<th scope=\"col\">Due next</th></tr></thead><tbody>\n");
		json_array_foreach(found, index, item)
			if (index < SHOWN_MAX)
				put_case(v, item);
		if (count)
			html(&v->page, "</tbody></table></div>\n");
		if (count > SHOWN_MAX)
			html(&v->page, "<p class=\"quiet\">%llu more are not shown: choose a stage or a school.</p>\n", (unsigned long long)(count - SHOWN_MAX));
	}
	json_decref(found);
}
