/* What came in, by its kind: the newest of each on today's page, and a page of each kind.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "client/board.h"

#include <string.h>

enum { SHOWN_MAX = 500, NO_LONGER_RAISED = 402, EARLIER_MAX = 64 };

/* In the order in which they press; one that is not here comes after these, in words of its name. */
static const struct {
	const char *kind, *title;
} kinds[] = {
	{ "breach", "Unauthorised absence while a period runs" },
	{ "missing-from-school", "To be referred as missing from school" },
	{ "never-arrived", "New starters who never came" },
	{ "not-arrived", "New starters who did not arrive" },
	{ "attendance-return", "Attendance returns due" },
	{ "sickness-return", "Sickness returns due" },
	{ "escalated", "Passed on to you because it is undone" },
	{ "drift", "Cases on which nothing happens" },
	{ "threshold", "At the threshold for a penalty notice" },
	{ "approaching", "Near a threshold" },
	{ "unexplained", "Absence without an explanation" },
	{ "reason-wanted", "Reasons wanted" },
	{ "part-time", "Part-time timetables" },
	{ "fact-changed", "Something became known of a child" },
	{ "deadline-moved", "Deadlines that moved" },
	{ "reminder", "Reminders" },
	{ "severe", "Severely absent, or no longer" },
	{ "persistent", "Persistently absent, or no longer" },
};

enum { KINDS = sizeof kinds / sizeof *kinds };

static size_t place_of(const char *kind)
{
	size_t i = 0;
	while (i < KINDS && strcmp(kinds[i].kind, kind) != 0)
		i++;
	return i;
}

static const char *title_of(const char *kind)
{
	size_t i = place_of(kind);
	return i < KINDS ? kinds[i].title : words_of(kind);
}

static bool may_acknowledge(const struct visit *v)
{
	return !v->as_of && (strcmp(v->session.role, "officer") == 0 || strcmp(v->session.role, "manager") == 0);
}

static const char *mine(struct visit *v)
{
	return visit_mine(v) ? "1" : "0";
}

/* Those that the newest stands for are dealt with by the same button. */
static void put_earlier(struct visit *v, const json_t *earlier)
{
	size_t index;
	json_t *number;
	if (!json_array_size(earlier))
		return;
	html(&v->page, "<input type=\"hidden\" name=\"earlier\" value=\"");
	json_array_foreach(earlier, index, number)
		html(&v->page, "%s%lld", index ? "," : "", json_integer_value(number));
	html(&v->page, "\">");
}

static void put_text(struct visit *v, const json_t *alert, const json_t *parents)
{
	size_t count = json_array_size(json_object_get(alert, "earlier"));
	html(&v->page, "<p class=\"what\">%s", words_told(says(alert, "text"), parents));
	if (count)
		html(&v->page, " <span class=\"stage quiet\">It takes the place of %llu before it.</span>", (unsigned long long)count);
	html(&v->page, "</p><p class=\"when\"><time datetime=\"%s\">%s</time></p>", says(alert, "raised"), page_time(says(alert, "raised")));
}

/* Says that it is dealt with, and comes back to where that was said. */
static void put_dealt_with(struct visit *v, const json_t *alert, const char *back)
{
	char action[64];
	snprintf(action, sizeof action, "/alert/%lld", counts(alert, "alert"));
	page_form(v, action, "ack");
	page_id(v);
	put_earlier(v, json_object_get(alert, "earlier"));
	html(&v->page, "<input type=\"hidden\" name=\"about\" value=\"Dealt with: alert %lld about %s\">", counts(alert, "alert"), *says(alert, "upn") ? page_name(alert) : "the school");
	html(&v->page, "<input type=\"hidden\" name=\"back\" value=\"%s\"><input type=\"hidden\" name=\"mine\" value=\"%s\">"
	               "<button class=\"quiet\" aria-label=\"Dealt with: alert %lld about %s\">Dealt with</button></form>", back, mine(v), counts(alert, "alert"),
	     *says(alert, "upn") ? page_name(alert) : "the school");
}

/* What a deadline says of itself stands among the deadlines already. */
static bool of_deadline(const char *kind)
{
	static const char *const kinds_of[] = { "due-soon", "due", "overdue", "decision" };
	for (size_t i = 0; i < sizeof kinds_of / sizeof *kinds_of; i++)
		if (strcmp(kinds_of[i], kind) == 0)
			return true;
	return false;
}

bool board_alert_replaced(const json_t *newer, const json_t *older)
{
	static const char *const kinds_of[] = { "persistent", "severe", "approaching" };
	for (size_t i = 0; i < sizeof kinds_of / sizeof *kinds_of; i++)
		if (strcmp(kinds_of[i], says(newer, "kind")) == 0)
			return strcmp(says(newer, "kind"), says(older, "kind")) == 0;
	return false;
}

bool board_alert_waits(const struct visit *v, const json_t *alert)
{
	return may_acknowledge(v) && strcmp(says(alert, "status"), "raised") == 0 && !of_deadline(says(alert, "kind"));
}

void board_alert(struct visit *v, const json_t *alert, const json_t *parents)
{
	html(&v->page, "<li class=\"alert\" data-key=\"alert-%lld\">", counts(alert, "alert"));
	put_text(v, alert, parents);
	put_dealt_with(v, alert, v->words[1]);
	html(&v->page, "</li>\n");
}

static void put_alert(struct visit *v, const json_t *alert, const char *back)
{
	const char *of_case = *says(alert, "case") ? says(alert, "case") : says(alert, "open_case"); /* raised before it was opened, it is looked at there all the same */
	html(&v->page, "<li class=\"alert\" data-key=\"alert-%lld\"><p class=\"whom\">", counts(alert, "alert"));
	if (*says(alert, "upn")) {
		html(&v->page, "<a ");
		if (*of_case)
			page_href(v, "/case/", of_case, NULL);
		else
			page_href(v, "/pupil/", says(alert, "upn"), NULL);
		html(&v->page, ">%s</a> <span class=\"quiet\">%s%s%s</span>", page_name(alert), of_case, *of_case ? ", " : "", page_school(alert));
	} else if (*says(alert, "urn")) {
		html(&v->page, "<a ");
		page_href(v, "/school/", says(alert, "urn"), NULL);
		html(&v->page, ">%s%s</a>", *says(alert, "school") ? "" : "School ", page_school(alert));
	}
	html(&v->page, "</p>");
	put_text(v, alert, json_object_get(alert, "parents"));
	if (may_acknowledge(v))
		put_dealt_with(v, alert, back);
	html(&v->page, "</li>\n");
}

static void put_list(struct visit *v, const json_t *kind, const char *back)
{
	size_t index;
	json_t *alert;
	html(&v->page, "<ul class=\"list\" data-list=\"%s\">\n", says(kind, "kind"));
	json_array_foreach(json_object_get(kind, "items"), index, alert)
		put_alert(v, alert, back);
	html(&v->page, "</ul>\n");
}

/* ---- on today's page ---- */

static void put_kind(struct visit *v, const json_t *kind)
{
	const char *name = says(kind, "kind");
	html(&v->page, "<section class=\"kind\" id=\"kind-%s\" aria-labelledby=\"title-%s\"><h3 id=\"title-%s\">%s <span class=\"count\" id=\"count-%s\">%lld</span></h3>\n", name,
	     name, name, title_of(name), name, counts(kind, "count"));
	char back[64];
	snprintf(back, sizeof back, "#%s", name);
	put_list(v, kind, back);
	if (counts(kind, "count") > (long long)json_array_size(json_object_get(kind, "items"))) {
		html(&v->page, "<p class=\"all\"><a href=\"/alerts/%s?mine=%s%s%s\" aria-label=\"All %lld: %s\">All %lld</a></p>\n", name, mine(v), v->as_of ? "&as_of=" : "",
		     v->as_of, counts(kind, "count"), title_of(name), counts(kind, "count"));
	}
	html(&v->page, "</section>\n");
}

void board_came_in(struct visit *v, const json_t *alerts)
{
	size_t index;
	json_t *kind;
	html(&v->page, "<section class=\"group alerts\" aria-labelledby=\"group-alerts\"><h2 id=\"group-alerts\">What came in <span class=\"count\" id=\"count-alerts\">%lld</span></h2>\n",
	     counts(alerts, "count"));
	if (!counts(alerts, "count"))
		html(&v->page, "<p class=\"none\">Nothing waits to be looked at.</p>\n");
	html(&v->page, "<div class=\"kinds\">\n");
	for (size_t place = 0; place <= KINDS; place++)
		json_array_foreach(json_object_get(alerts, "kinds"), index, kind)
			if (place_of(says(kind, "kind")) == place)
				put_kind(v, kind);
	html(&v->page, "</div></section>\n");
}

/* ---- a kind's own page ---- */

static json_t *ask_kind(struct visit *v)
{
	struct body body;
	visit_question(v, &body, "today");
	body_text(&body, "officer", visit_mine(v) ? v->session.name : NULL);
	body_text(&body, "kind", v->words[1]);
	body_number(&body, "alerts", SHOWN_MAX);
	body_number(&body, "limit", 1);
	return visit_ask(v, &body);
}

/* Those that were looked at, and none that came in since. */
static void put_all_done(struct visit *v, const json_t *items)
{
	char action[64];
	if (!may_acknowledge(v) || json_array_size(items) < 2)
		return;
	snprintf(action, sizeof action, "/alerts/%s", v->words[1]);
	page_form(v, action, "record all-done");
	html(&v->page, "<input type=\"hidden\" name=\"newest\" value=\"%lld\"><input type=\"hidden\" name=\"mine\" value=\"%s\">"
	               "<p><label><input type=\"checkbox\" name=\"looked\" value=\"yes\" required> I have looked at all of these</label></p>"
	               "<p><button>All %llu are dealt with</button></p></form>\n", counts(json_array_get(items, 0), "alert"), mine(v), (unsigned long long)json_array_size(items));
}

void board_alerts(struct visit *v)
{
	json_t *answer = ask_kind(v);
	const json_t *kind = json_array_get(json_object_get(json_object_get(answer, "alerts"), "kinds"), 0), *items = json_object_get(kind, "items");
	if (!answer)
		return;
	visit_title(v, "%s", title_of(v->words[1]));
	html(&v->page, "<p class=\"crumb back-to\"><a href=\"/?mine=%s%s%s#group-alerts\">Back to today</a></p>\n<section aria-labelledby=\"kind\"><h1 id=\"kind\">%s <span class=\"count\" id=\"count-%s\">%lld</span></h1>\n", mine(v),
	     v->as_of ? "&as_of=" : "", v->as_of, title_of(v->words[1]), v->words[1], counts(kind, "count"));
	if (!kind)
		html(&v->page, "<p class=\"none\">Nothing of this waits to be looked at.</p>\n");
	else
		put_list(v, kind, v->words[1]);
	if (counts(kind, "count") > (long long)json_array_size(items))
		html(&v->page, "<p class=\"quiet\">%lld older ones are not shown; they are once these are dealt with.</p>\n", counts(kind, "count") - (long long)json_array_size(items));
	put_all_done(v, items);
	html(&v->page, "</section>\n");
	json_decref(answer);
}

/* ---- dealt with ---- */

/* To where the form was: a kind's own page, a case ("C12"), or that kind of today's page ("#breach"). */
static void go_back(struct visit *v, const char *to)
{
	v->status = 303;
	if (place_of(to) < KINDS)
		snprintf(v->location, sizeof v->location, "/alerts/%s?mine=%s", to, mine(v));
	else if (to[0] == 'C' && to[1] && strlen(to) < 12 && strspn(to + 1, "0123456789") == strlen(to + 1))
		snprintf(v->location, sizeof v->location, "/case/%s#waits", to);
	else if (to[0] == '#' && place_of(to + 1) < KINDS)
		snprintf(v->location, sizeof v->location, "/?mine=%s#kind-%s", mine(v), to + 1);
	else
		snprintf(v->location, sizeof v->location, "/?mine=%s#group-alerts", mine(v));
}

static unsigned acknowledge(struct visit *v, unsigned long long alert, const uint8_t id[static ATTEND_ID_SIZE], json_t **answer)
{
	struct body body;
	body_begin(&body);
	body_number(&body, "alert", alert);
	return visit_submit(v, ATTEND_ACKNOWLEDGE, id, &body, answer);
}

/* Those before it: whoever did so meanwhile, or the register itself, has dealt with one as well. */
static void acknowledge_earlier(struct visit *v, const json_t *list)
{
	uint8_t id[ATTEND_ID_SIZE];
	size_t index;
	json_t *number, *answer;
	json_array_foreach(list, index, number) {
		if (v->status != 200)
			return;
		attend_id_new(id);
		acknowledge(v, (unsigned long long)json_integer_value(number), id, &answer);
		json_decref(answer);
	}
}

/* "12,9" as a list of at most EARLIER_MAX. */
static json_t *earlier_of(const char *text)
{
	json_t *list = json_array();
	char *end;
	for (unsigned i = 0; i < EARLIER_MAX && *text >= '0' && *text <= '9'; i++) {
		json_array_append_new(list, json_integer((json_int_t)strtoull(text, &end, 10)));
		text = *end == ',' ? end + 1 : end;
	}
	return list;
}

void board_acknowledge(struct visit *v)
{
	uint8_t id[ATTEND_ID_SIZE];
	json_t *answer;
	char *end;
	unsigned long long alert = strtoull(v->words[1], &end, 10);
	if (*end || !form_id(v->form, id)) {
		page_notice(v, 400, "Which alert?", "The form is not whole. Nothing was recorded.");
		return;
	}
	unsigned status = acknowledge(v, alert, id, &answer);
	/* what a colleague, another tab or the register itself has dealt with already is as the reader wants it */
	if ((status >= 200 && status < 300) || (status == NO_LONGER_RAISED && strcmp(says(answer, "field"), "alert") == 0)) {
		json_t *earlier = earlier_of(says(v->form, "earlier"));
		acknowledge_earlier(v, earlier);
		json_decref(earlier);
		if (v->status == 200)
			go_back(v, says(v->form, "back"));
	} else if (v->status == 200)
		page_notice(v, status == 404 || status == 403 ? status : 409, "That was not recorded", *says(answer, "reason") ? words_sentence(says(answer, "reason")) : "The alert is not there.");
	json_decref(answer);
}

void board_alerts_done(struct visit *v)
{
	uint8_t id[ATTEND_ID_SIZE];
	size_t index;
	json_t *alert, *answer;
	char *end;
	long long newest = strtoll(says(v->form, "newest"), &end, 10);
	if (*end || newest <= 0 || strcmp(says(v->form, "looked"), "yes") != 0) {
		page_notice(v, 400, "Not ticked", "Say that you have looked at all of them. Nothing was recorded.");
		return;
	}
	json_t *found = ask_kind(v);
	json_array_foreach(json_object_get(json_array_get(json_object_get(json_object_get(found, "alerts"), "kinds"), 0), "items"), index, alert) {
		if (counts(alert, "alert") > newest || v->status != 200)
			continue;
		attend_id_new(id);
		unsigned status = acknowledge(v, (unsigned long long)counts(alert, "alert"), id, &answer);
		if (status == 403)
			page_notice(v, 403, "That was not recorded", "To say that an alert is dealt with is for officers and managers.");
		acknowledge_earlier(v, json_object_get(alert, "earlier"));
		json_decref(answer);
	}
	if (found && v->status == 200)
		go_back(v, "");
	json_decref(found);
}
