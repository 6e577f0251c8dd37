/* A pupil's year: a square a session, colour and letter; broken weeks; the rolling count of ten school
 * weeks as a line against its threshold.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "client/board.h"

#include <string.h>

#include "casework/codes.h"
#include "proto/bytes.h"

enum { SQUARE = 15, LEFT = 46, LINE_HEIGHT = 150, LINE_TOP = 14 };

/* A code's class, as the style knows it; nothing where there is no mark. */
static const char *class_of(const char *code)
{
	static const char *const classes[] = { "present", "authorised", "unauthorised", "no-session", "no-session" };
	uint8_t number = *code ? code_parse(slice_text(code)) : CODE_NONE;
	return number == CODE_NONE ? "" : classes[code_class(number)];
}

static void put_key(struct visit *v)
{
	html(&v->page, "<ul class=\"key\"><li><span class=\"s present\">/</span> present</li><li><span class=\"s authorised\">I</span> absent, authorised</li>"
	               "<li><span class=\"s unauthorised\">O</span> absent, unauthorised</li><li><span class=\"s no-session\">Y1</span> no possible session</li>"
	               "<li><span class=\"s\"></span> no mark</li><li><span class=\"s shut\"></span> no school</li></ul>\n");
}

static void put_session(struct visit *v, const json_t *day, size_t session)
{
	const char *code = json_string_value(json_array_get(day, session));
	bool school = json_is_true(json_array_get(day, 0));
	html(&v->page, "<td class=\"s %s %s\">%s</td>", code ? class_of(code) : "", school || code ? "" : "shut", code);
}

/* A row a week: ten squares and what the week says. A table, so that it can be read aloud and printed. */
void board_weeks(struct visit *v, const json_t *year, size_t most)
{
	static const char *const days[] = { "Mon", "Tue", "Wed", "Thu", "Fri" };
	size_t index, of_week, end = 0;
	json_t *week, *day, *window;
	put_key(v);
	json_array_foreach(json_object_get(year, "weeks"), index, week)
		end += strcmp(says(week, "monday"), says(year, "latest")) <= 0;
	html(&v->page, "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-labelledby=\"weeks\"><table class=\"year\"><thead><tr><th scope=\"col\" rowspan=\"2\">Week of</th>");
	for (size_t i = 0; i < 5; i++)
		html(&v->page, "<th scope=\"colgroup\" colspan=\"2\">%s</th>", days[i]);
	html(&v->page, "<th scope=\"col\" rowspan=\"2\">10 weeks</th><th scope=\"col\" rowspan=\"2\"><span class=\"sr\">Broken</span></th></tr><tr>");
	for (size_t i = 0; i < 10; i++)
		html(&v->page, i % 2 ? "<th scope=\"col\"><abbr title=\"afternoon\">p</abbr></th>" : "<th scope=\"col\"><abbr title=\"morning\">a</abbr></th>");
	html(&v->page, "</tr></thead><tbody>\n");
	json_array_foreach(json_object_get(year, "weeks"), index, week) {
		if (index >= end || (most && index + most < end))
			continue;
		html(&v->page, "<tr><th scope=\"row\">%s</th>", page_date(says(week, "monday")) + 4);
		json_array_foreach(json_object_get(week, "days"), of_week, day) {
			put_session(v, day, 1);
			put_session(v, day, 2);
		}
		window = json_object_get(week, "window");
		if (json_is_integer(window))
			html(&v->page, "<td class=\"number\">%lld</td>", (long long)json_integer_value(window));
		else
			html(&v->page, "<td></td>");
		html(&v->page, "<td>%s</td></tr>\n", json_is_true(json_object_get(week, "broken")) ? "broken" : "");
	}
	html(&v->page, "</tbody></table></div>\n");
}

/* ---- the line ---- */

struct line {
	long long threshold, most;
	int weeks, width;
};

static int height_of(const struct line *l, long long count)
{
	return LINE_TOP + LINE_HEIGHT - (int)(count * LINE_HEIGHT / l->most);
}

static void measure(struct line *l, const json_t *year)
{
	size_t index;
	json_t *week;
	l->threshold = counts(year, "threshold");
	l->most = l->threshold + 4;
	json_array_foreach(json_object_get(year, "weeks"), index, week)
		if (counts(week, "window") > l->most)
			l->most = counts(week, "window");
	l->weeks = (int)json_array_size(json_object_get(year, "weeks"));
	l->width = LEFT + l->weeks * SQUARE + 60;
}

static void put_axis(struct visit *v, const struct line *l)
{
	for (long long count = 0; count <= l->most; count += 5)
		html(&v->page, "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%d\" y2=\"%d\"/><text class=\"axis\" x=\"%d\" y=\"%d\">%lld</text>", LEFT, LEFT + l->weeks * SQUARE,
		     height_of(l, count), height_of(l, count), LEFT - 22, height_of(l, count) + 4, count);
	if (l->threshold)
		html(&v->page, "<line class=\"threshold\" x1=\"%d\" x2=\"%d\" y1=\"%d\" y2=\"%d\"/><text class=\"axis\" x=\"%d\" y=\"%d\">%lld: notice</text>", LEFT,
		     LEFT + l->weeks * SQUARE, height_of(l, l->threshold), height_of(l, l->threshold), LEFT + l->weeks * SQUARE + 4, height_of(l, l->threshold) + 4,
		     l->threshold);
}

static void put_line(struct visit *v, const json_t *year)
{
	size_t index;
	json_t *week;
	struct line l;
	measure(&l, year);
	html(&v->page, "<figure><svg class=\"line\" viewBox=\"0 0 %d %d\" role=\"img\" aria-labelledby=\"line-title\"><title id=\"line-title\">Unauthorised sessions in ten school "
	               "weeks at each week's end, against the threshold of %lld; the numbers stand in the table below.</title>", l.width, LINE_TOP + LINE_HEIGHT + 24, l.threshold);
	put_axis(v, &l);
	html(&v->page, "<polyline class=\"count\" points=\"");
	json_array_foreach(json_object_get(year, "weeks"), index, week)
		if (json_is_integer(json_object_get(week, "window")))
			html(&v->page, "%d,%d ", LEFT + (int)index * SQUARE + SQUARE / 2, height_of(&l, counts(week, "window")));
	html(&v->page, "\"/>");
	json_array_foreach(json_object_get(year, "weeks"), index, week)
		if (index % 6 == 0)
			html(&v->page, "<text class=\"axis\" x=\"%d\" y=\"%d\">%s</text>", LEFT + (int)index * SQUARE, LINE_TOP + LINE_HEIGHT + 20, page_date(says(week, "monday")) + 4);
	html(&v->page, "</svg><figcaption>Unauthorised sessions in ten school weeks</figcaption></figure>\n");
}

/* ---- the page ---- */

static json_t *ask_one(struct visit *v, const char *what)
{
	struct body body;
	visit_question(v, &body, what);
	body_text(&body, "upn", v->words[1]);
	return visit_ask(v, &body);
}

static void put_figures(struct visit *v, const json_t *pupil)
{
	const json_t *percentage = json_object_get(pupil, "percentage");
	char share[32] = "no session yet";
	if (json_is_number(percentage))
		snprintf(share, sizeof share, "%.1f %%", json_number_value(percentage));
	html(&v->page, "<dl class=\"sums\"><div><dt>Attendance</dt><dd>%s</dd></div><div><dt>Unauthorised in 10 school weeks</dt><dd>%lld</dd></div>"
	               "<div><dt>Unauthorised this year</dt><dd>%lld</dd></div><div><dt>Authorised this year</dt><dd>%lld</dd></div><div><dt>Broken weeks</dt><dd>%lld of %lld</dd></div></dl>\n",
	     share, counts(pupil, "unauthorised_10_weeks"), counts(pupil, "unauthorised"), counts(pupil, "authorised"), counts(pupil, "broken_weeks"),
	     counts(pupil, "weeks_in_session"));
}

static void put_cases(struct visit *v, const json_t *pupil)
{
	size_t index;
	json_t *one;
	html(&v->page, "<p>");
	if (json_is_true(json_object_get(pupil, "severe")))
		html(&v->page, "<span class=\"tag overdue\">severely absent</span> ");
	else if (json_is_true(json_object_get(pupil, "persistent")))
		html(&v->page, "<span class=\"tag overdue\">persistently absent</span> ");
	json_array_foreach(json_object_get(pupil, "cases"), index, one) {
		html(&v->page, "<a class=\"button\" ");
		page_href(v, "/case/", json_string_value(one), NULL);
		html(&v->page, ">Case %s</a> ", json_string_value(one));
	}
	html(&v->page, "</p>\n");
}

/* Where no case is open, the first action opens one. */
static void put_opening(struct visit *v)
{
	struct body body;
	body_begin(&body);
	body_text(&body, "what", "actions");
	body_text(&body, "upn", v->words[1]);
	json_t *actions = NULL;
	if (visit_try(v, &body, &actions) == 200 && !*says(actions, "case")) {
		visit_clauses(v, actions);
		board_steps(v, actions, NULL);
	}
	json_decref(actions);
}

void board_pupil(struct visit *v)
{
	json_t *pupil = ask_one(v, "pupil"), *year = pupil ? ask_one(v, "year") : NULL;
	if (year) {
		visit_title(v, "%s", page_name(pupil));
		html(&v->page, "<p class=\"crumb\">UPN %s, <a ", says(pupil, "upn"));
		page_href(v, "/school/", says(pupil, "urn"), NULL);
		html(&v->page, ">%s</a>, year %s, born %s</p>\n<h1>%s</h1>\n", page_school(pupil), says(pupil, "year_group"), page_born(says(pupil, "birth_date")), page_name(pupil));
		put_figures(v, pupil);
		put_cases(v, pupil);
		if (!v->as_of)
			put_opening(v);
		put_line(v, year);
		html(&v->page, "<section aria-labelledby=\"weeks\"><h2 id=\"weeks\">School year %lld/%lld, week by week</h2>\n", counts(year, "school_year"), counts(year, "school_year") + 1);
		board_weeks(v, year, 0);
		html(&v->page, "</section>\n");
	}
	json_decref(year);
	json_decref(pupil);
}
