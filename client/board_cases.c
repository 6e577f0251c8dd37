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

/* Of all stages and schools, so that the page knows which there are to choose from. */
static void question(struct visit *v, struct body *body, const char *context)
{
	(void)context;
	visit_question(v, body, "cases");
	body_text(body, "officer", visit_mine(v) ? v->session.name : NULL);
	if (*says(v->query, "closed"))
		body_key(body, "closed"), msgpack_pack_true(&body->pack);
}

/* A stage of one process, as "stockport/stage-1"; in the address, also with its `pathway` apart. */
static const char *stage_of(char room[static 128], const json_t *item)
{
	snprintf(room, 128, "%s/%s", says(item, "pathway"), says(item, "stage"));
	return room;
}

static bool of_stage(const struct visit *v, const json_t *item)
{
	const char *stage = says(v->query, "stage"), *pathway = says(v->query, "pathway");
	char room[128];
	if (strchr(stage, '/'))
		return strcmp(stage, stage_of(room, item)) == 0;
	return (!*stage || strcmp(stage, says(item, "stage")) == 0) && (!*pathway || strcmp(pathway, says(item, "pathway")) == 0);
}

static bool wanted(const struct visit *v, const json_t *item)
{
	return of_stage(v, item) && (!*says(v->query, "school") || strcmp(says(v->query, "school"), says(item, "urn")) == 0) &&
	       (!*says(v->query, "with") || strcmp(says(v->query, "with"), says(item, "officer")) == 0);
}

/* Whose a case is, is the authority's to know. */
static bool tells_whose(const struct visit *v)
{
	return strcmp(v->session.role, "school") != 0 && strcmp(v->session.role, "lead") != 0;
}

/* What is due stands next to the name, so that it is seen on a phone. */
static void put_case(struct visit *v, const json_t *item)
{
	html(&v->page, "<tr class=\"%s\"><th scope=\"row\"><a ", json_is_true(json_object_get(item, "overdue")) ? "late" : "");
	page_href(v, "/case/", says(item, "case"), NULL);
	html(&v->page, ">%s</a> <span class=\"quiet\">%s, year %s</span></th><td>", page_name(item), says(item, "case"), says(item, "year_group"));
	if (*says(item, "due"))
		html(&v->page, "%s<br><span class=\"%s\">%s</span>", says(item, "due"), json_is_true(json_object_get(item, "overdue")) ? "tag overdue" : "quiet",
		     page_date(says(item, "last_day")));
	html(&v->page, "</td><td>%s</td><td>%s<br><span class=\"quiet\">%s</span></td>", says(item, "stage_title"), says(item, "latest"), page_date(says(item, "latest_on")));
	if (tells_whose(v))
		html(&v->page, "<td>%s</td>", says(item, "officer"));
	html(&v->page, "<td><a ");
	page_href(v, "/school/", says(item, "urn"), NULL);
	html(&v->page, ">%s</a></td></tr>\n", page_school(item));
}

/* ---- which of them ---- */

static int by_school(const json_t *a, const json_t *b)
{
	int order = strcmp(page_school(a), page_school(b));
	return order ? order : strcmp(says(a, "urn"), says(b, "urn"));
}

static int by_stage(const json_t *a, const json_t *b)
{
	int order = strcmp(says(a, "pathway"), says(b, "pathway"));
	order = order ? order : strcmp(says(a, "stage_title"), says(b, "stage_title"));
	return order ? order : strcmp(says(a, "stage"), says(b, "stage"));
}

static int by_officer(const json_t *a, const json_t *b)
{
	return strcmp(says(a, "officer"), says(b, "officer"));
}

/* One case of each school, of each stage, or in each one's hands. */
static json_t *each(const json_t *found, int (*by)(const json_t *, const json_t *))
{
	size_t index, place;
	json_t *item, *out = json_array();
	json_array_foreach(found, index, item) {
		int same = 1;
		for (place = json_array_size(out); place > 0 && (same = by(json_array_get(out, place - 1), item)) > 0; place--)
			;
		if (same != 0)
			json_array_insert(out, place, item);
	}
	return out;
}

static void put_stages(struct visit *v, const json_t *stages)
{
	size_t index;
	json_t *item;
	char room[128];
	html(&v->page, "<span class=\"pair\"><label for=\"stage\">Stage</label> <select id=\"stage\" name=\"stage\">");
	page_option(v, "", "All stages", false);
	json_array_foreach(stages, index, item)
		page_option(v, stage_of(room, item), says(item, "stage_title"), *says(v->query, "stage") && of_stage(v, item));
	html(&v->page, "</select></span> ");
}

static void put_schools(struct visit *v, const json_t *schools)
{
	size_t index;
	json_t *item;
	html(&v->page, "<span class=\"pair\"><label for=\"school\">School</label> <select id=\"school\" name=\"school\">");
	page_option(v, "", "All schools", false);
	json_array_foreach(schools, index, item)
		page_option(v, says(item, "urn"), page_school(item), strcmp(says(v->query, "school"), says(item, "urn")) == 0);
	html(&v->page, "</select></span> ");
}

static unsigned long long count_of(const json_t *found, const char *officer)
{
	size_t index;
	json_t *item;
	unsigned long long count = 0;
	json_array_foreach(found, index, item)
		count += strcmp(says(item, "officer"), officer) == 0;
	return count;
}

/* With how many each has: of that a manager wants to know. */
static void put_officers(struct visit *v, const json_t *officers, const json_t *found)
{
	size_t index;
	json_t *item;
	char text[120];
	html(&v->page, "<span class=\"pair\"><label for=\"with\">Whose</label> <select id=\"with\" name=\"with\">");
	page_option(v, "", "Anybody's", false);
	json_array_foreach(officers, index, item) {
		snprintf(text, sizeof text, "%s (%llu)", says(item, "officer"), count_of(found, says(item, "officer")));
		page_option(v, says(item, "officer"), text, strcmp(says(v->query, "with"), says(item, "officer")) == 0);
	}
	html(&v->page, "</select></span> ");
}

/* By stage, school and whose they are, of those that there are. */
static void put_filter(struct visit *v, const json_t *found)
{
	static const char *const kept[] = { "mine", "closed", "as_of" };
	json_t *stages = each(found, by_stage), *schools = each(found, by_school), *officers = each(found, by_officer);
	if (json_array_size(stages) > 1 || json_array_size(schools) > 1 || json_array_size(officers) > 1) {
		html(&v->page, "<form method=\"get\" class=\"filter\">");
		for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
			if (*says(v->query, kept[i]))
				html(&v->page, "<input type=\"hidden\" name=\"%s\" value=\"%s\">", kept[i], says(v->query, kept[i]));
		put_stages(v, stages);
		put_schools(v, schools);
		if (tells_whose(v))
			put_officers(v, officers, found);
		html(&v->page, "<button class=\"quiet\">Show these</button></form>\n");
	}
	json_decref(stages);
	json_decref(schools);
	json_decref(officers);
}

/* The address of this list with another choice in place. */
static void put_choice(struct visit *v, const char *key, const char *value, const char *text, bool here)
{
	static const char *const kept[] = { "pathway", "stage", "school", "with", "mine", "closed" };
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
	html(&v->page, "</p>\n");
}

/* What the list is of, in words that are printed, too. */
static void put_chosen(struct visit *v, const json_t *first)
{
	const char *chosen[] = { first && *says(v->query, "stage") ? says(first, "stage_title") : "", first && *says(v->query, "school") ? page_school(first) : "",
	                         *says(v->query, "with") ? says(v->query, "with") : visit_mine(v) ? v->session.name : "" };
	bool any = false;
	for (size_t i = 0; i < sizeof chosen / sizeof *chosen; i++)
		if (*chosen[i]) {
			html(&v->page, any ? "; %s" : "<p>%s", chosen[i]);
			any = true;
		}
	if (any)
		html(&v->page, "</p>\n");
}

static void put_table(struct visit *v, const json_t *found)
{
	size_t index;
	json_t *item;
	if (!json_array_size(found)) {
		html(&v->page, "<p class=\"none\">There are none.</p>\n");
		return;
	}
	html(&v->page, "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"Cases\"><table class=\"cases\"><thead><tr><th scope=\"col\">Pupil</th>"
	               "<th scope=\"col\">Due next</th><th scope=\"col\">Stage</th><th scope=\"col\">Done last</th>");
	if (tells_whose(v))
		html(&v->page, "<th scope=\"col\">Whose</th>");
	html(&v->page, "<th scope=\"col\">School</th></tr></thead><tbody>\n");
	json_array_foreach(found, index, item)
		if (index < SHOWN_MAX)
			put_case(v, item);
	html(&v->page, "</tbody></table></div>\n");
}

void board_cases(struct visit *v)
{
	json_t *all = json_array(), *found = json_array(), *item;
	size_t index;
	if (strlen(says(v->query, "school")) != strspn(says(v->query, "school"), "0123456789")) {
		page_notice(v, 400, "Which school?", "A school's number has six digits.");
	} else if (visit_ask_all(v, question, NULL, order, SIZE_MAX, all)) {
		json_array_foreach(all, index, item)
			if (wanted(v, item))
				json_array_append(found, item);
		size_t count = json_array_size(found);
		bool closed = *says(v->query, "closed");
		visit_title(v, closed ? "Closed cases" : "Open cases");
		html(&v->page, "<h1>%s cases <span class=\"count\">%llu</span></h1>\n", closed ? "Closed" : "Open", (unsigned long long)count);
		put_chosen(v, json_array_get(found, 0));
		put_choices(v);
		put_filter(v, all);
		put_table(v, found);
		if (count > SHOWN_MAX)
			html(&v->page, "<p class=\"quiet\">%llu more are not shown: choose a stage or a school.</p>\n", (unsigned long long)(count - SHOWN_MAX));
	}
	json_decref(found);
	json_decref(all);
}
