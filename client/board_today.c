/* What is due: to decide, undone, today, in the days after; and what came in.
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

static void put_due(struct visit *v, const char *group, const json_t *item)
{
	bool of_case = *says(item, "case") != '\0';
	html(&v->page, "<li class=\"due\" data-key=\"%s-%s-%s-%s-%lld\"><p class=\"whom\"><a ", group, says(item, "case"), says(item, "urn"), says(item, "kind"),
	     counts(item, "deadline"));
	if (of_case)
		page_href(v, "/case/", says(item, "case"), NULL);
	else
		page_href(v, "/school/", says(item, "urn"), NULL);
	html(&v->page, ">%s</a> <span class=\"quiet\">%s%s%s</span></p><p class=\"what\">%s", of_case ? page_name(item) : "School",
	     of_case ? says(item, "case") : says(item, "urn"), of_case ? ", " : "", of_case ? says(item, "stage") : "", says(item, "title"));
	if (*says(item, "parent"))
		html(&v->page, " <span class=\"quiet\">for parent %s</span>", says(item, "parent"));
	html(&v->page, "</p><p class=\"when\"><time datetime=\"%s\">%s</time> <span class=\"quiet\">%s</span></p></li>\n", says(item, "last_day"),
	     page_date(says(item, "last_day")), json_is_true(json_object_get(item, "provisional")) ? "provisional" : "");
}

static void put_group(struct visit *v, size_t g, const json_t *group)
{
	size_t index;
	json_t *item, *items = json_object_get(group, "items");
	html(&v->page, "<section class=\"group %s\" aria-labelledby=\"group-%s\"><h2 id=\"group-%s\">%s <span class=\"count %s\">%lld</span></h2>\n",
	     groups[g].group, groups[g].group, groups[g].group, groups[g].title, counts(group, "count") ? "" : "zero", counts(group, "count"));
	if (!json_array_size(items))
		html(&v->page, "<p class=\"none\">%s</p>\n", groups[g].none);
	html(&v->page, "<ul class=\"list\" data-list=\"%s\">", groups[g].group);
	json_array_foreach(items, index, item)
		put_due(v, groups[g].group, item);
	html(&v->page, "</ul>\n");
	if (counts(group, "count") > (long long)json_array_size(items))
		html(&v->page, "<p class=\"quiet\">%lld more are not shown. <a href=\"?all=1\">Show up to 500</a></p>\n",
		     counts(group, "count") - (long long)json_array_size(items));
	html(&v->page, "</section>\n");
}

static void put_alert(struct visit *v, const json_t *alert, bool may)
{
	char action[64];
	html(&v->page, "<li class=\"alert\" data-key=\"alert-%lld\"><p class=\"whom\">", counts(alert, "alert"));
	if (*says(alert, "upn")) {
		html(&v->page, "<a ");
		if (*says(alert, "case"))
			page_href(v, "/case/", says(alert, "case"), NULL);
		else
			page_href(v, "/pupil/", says(alert, "upn"), NULL);
		html(&v->page, ">%s</a> <span class=\"quiet\">%s</span>", page_name(alert), says(alert, "case"));
	} else if (*says(alert, "urn")) {
		html(&v->page, "<a ");
		page_href(v, "/school/", says(alert, "urn"), NULL);
		html(&v->page, ">School %s</a>", says(alert, "urn"));
	}
	html(&v->page, "</p><p class=\"what\">%s</p><p class=\"when\"><time datetime=\"%s\">%s</time></p>", says(alert, "text"), says(alert, "raised"),
	     page_time(says(alert, "raised")));
	if (may) {
		snprintf(action, sizeof action, "/alert/%lld", counts(alert, "alert"));
		page_form(v, action, "ack");
		page_id(v);
		html(&v->page, "<button class=\"quiet\" aria-label=\"Dealt with: alert %lld about %s\">Dealt with</button></form>", counts(alert, "alert"),
		     *says(alert, "upn") ? page_name(alert) : "the school");
	}
	html(&v->page, "</li>\n");
}

static void put_alerts(struct visit *v, const json_t *alerts)
{
	size_t index;
	json_t *alert;
	bool may = !v->as_of && (strcmp(v->session.role, "officer") == 0 || strcmp(v->session.role, "manager") == 0);
	html(&v->page, "<section class=\"group alerts\" aria-labelledby=\"group-alerts\"><h2 id=\"group-alerts\">What came in <span class=\"count\">%lld</span></h2>\n",
	     counts(alerts, "count"));
	if (!counts(alerts, "count"))
		html(&v->page, "<p class=\"none\">Nothing waits to be looked at.</p>\n");
	html(&v->page, "<ul class=\"list\" data-list=\"alerts\">\n");
	json_array_foreach(json_object_get(alerts, "items"), index, alert)
		put_alert(v, alert, may);
	html(&v->page, "</ul>\n");
	if (counts(alerts, "count") > (long long)index)
		html(&v->page, "<p class=\"quiet\">%lld older ones are not shown. <a href=\"?all=1\">Show up to 500</a></p>\n", counts(alerts, "count") - (long long)index);
	html(&v->page, "</section>\n");
}

void board_today(struct visit *v)
{
	bool mine = *says(v->query, "mine") != '\0', all = *says(v->query, "all") != '\0';
	struct body body;
	visit_question(v, &body, "today");
	if (mine)
		body_text(&body, "officer", v->session.name);
	if (all)
		body_number(&body, "limit", 500);
	json_t *answer = visit_ask(v, &body);
	if (!answer)
		return;
	visit_title(v, "Today");
	v->live = !v->as_of;
	html(&v->page, "<h1>%s</h1>\n", page_date(says(answer, "day")));
	if (*v->session.name)
		html(&v->page, "<p class=\"choice\"><a href=\"/\" aria-current=\"%s\">All cases</a> <a href=\"/?mine=1\" aria-current=\"%s\">In my hands</a></p>\n",
		     mine ? "false" : "true", mine ? "true" : "false");
	html(&v->page, "<div id=\"today\">\n");
	const json_t *found = json_object_get(answer, "groups");
	for (size_t g = 0; g < sizeof groups / sizeof *groups; g++)
		put_group(v, g, json_array_get(found, g));
	long long later = counts(json_array_get(found, 4), "count");
	html(&v->page, "<p class=\"quiet\">%lld deadline%s further ahead.</p>\n", later, later == 1 ? " lies" : "s lie");
	put_alerts(v, json_object_get(answer, "alerts"));
	html(&v->page, "</div>\n");
	json_decref(answer);
}

void board_acknowledge(struct visit *v)
{
	uint8_t id[ATTEND_ID_SIZE];
	struct body body;
	json_t *answer;
	char *end;
	unsigned long long alert = strtoull(v->words[1], &end, 10);
	if (*end || !form_id(v->form, id)) {
		page_notice(v, 400, "Which alert?", "The form is not whole. Nothing was recorded.");
		return;
	}
	body_begin(&body);
	body_number(&body, "alert", alert);
	unsigned status = visit_submit(v, ATTEND_ACKNOWLEDGE, id, &body, &answer);
	if (status >= 200 && status < 300) {
		v->status = 303;
		snprintf(v->location, sizeof v->location, "/#group-alerts");
	} else if (v->status == 200) {
		page_notice(v, status == 404 || status == 403 ? status : 409, "That was not recorded", *says(answer, "reason") ? says(answer, "reason") : "The alert is not there.");
	}
	json_decref(answer);
}

/* A UPN, a case's id or a school's number: wherever it leads. */
void board_find(struct visit *v)
{
	const char *asked = says(v->query, "q");
	char word[48];
	size_t size = 0;
	for (; *asked && size < sizeof word - 1; asked++)
		if ((*asked >= '0' && *asked <= '9') || ((*asked | 32) >= 'a' && (*asked | 32) <= 'z'))
			word[size++] = *asked >= 'a' ? (char)(*asked - 32) : *asked;
	word[size] = '\0';
	v->status = 303;
	if (size == 13)
		snprintf(v->location, sizeof v->location, "/pupil/%s", word);
	else if (word[0] == 'C' && size > 1 && strspn(word + 1, "0123456789") == size - 1)
		snprintf(v->location, sizeof v->location, "/case/%s", word);
	else if (size == 6 && strspn(word, "0123456789") == 6)
		snprintf(v->location, sizeof v->location, "/school/%s", word);
	else
		page_notice(v, 404, "Nothing found", "A pupil is found by their UPN (13 characters), a case by its id (C12), a school by its URN (six digits).");
}
