/* A school: registers missing today, who is near which threshold, its recurring tasks.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "client/board.h"

#include <string.h>

enum {
	NEAR = 3,     /* sessions from the threshold, as the query has it */
	UNFOLDED = 6, /* tasks */
};

static void put_registers(struct visit *v, const json_t *school)
{
	size_t index;
	json_t *year;
	html(&v->page, "<section aria-labelledby=\"registers\"><h2 id=\"registers\">Registers of %s</h2>\n", page_date(says(school, "day")));
	if (!json_is_true(json_object_get(school, "school_day"))) {
		html(&v->page, "<p class=\"none\">No school today.</p></section>\n");
		return;
	}
	html(&v->page, "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-labelledby=\"registers\"><table><thead><tr><th scope=\"col\">Year group</th><th scope=\"col\">Pupils</th>"
	               "<th scope=\"col\">Morning</th><th scope=\"col\">Afternoon</th></tr></thead><tbody>\n");
	json_array_foreach(json_object_get(school, "registers"), index, year) {
		long long pupils = counts(year, "pupils"), sessions[] = { counts(year, "am"), counts(year, "pm") };
		html(&v->page, "<tr><th scope=\"row\">%s</th><td class=\"number\">%lld</td>", *says(year, "year_group") ? says(year, "year_group") : "not known", pupils);
		for (size_t i = 0; i < 2; i++) {
			if (sessions[i] >= pupils)
				html(&v->page, "<td>all marked</td>");
			else if (!sessions[i])
				html(&v->page, "<td><span class=\"tag waits\">none yet</span></td>");
			else
				html(&v->page, "<td><span class=\"tag waits\">%lld missing</span></td>", pupils - sessions[i]);
		}
		html(&v->page, "</tr>\n");
	}
	html(&v->page, "</tbody></table></div></section>\n");
}

static void put_pupil(struct visit *v, const json_t *pupil, long long threshold)
{
	char share[16];
	snprintf(share, sizeof share, "%.1f %%", json_number_value(json_object_get(pupil, "percentage")));
	html(&v->page, "<tr><th scope=\"row\"><a ");
	page_href(v, "/pupil/", says(pupil, "upn"), NULL);
	html(&v->page, ">%s</a></th><td>%s</td><td class=\"number\">%lld%s</td><td class=\"number\">%s</td><td>%s</td><td>", page_name(pupil), says(pupil, "year_group"),
	     counts(pupil, "unauthorised_10_weeks"), threshold && counts(pupil, "unauthorised_10_weeks") >= threshold ? " (reached)" : "", share,
	     json_is_true(json_object_get(pupil, "severe")) ? "severe" : json_is_true(json_object_get(pupil, "persistent")) ? "persistent" : "");
	if (*says(pupil, "case")) {
		html(&v->page, "<a ");
		page_href(v, "/case/", says(pupil, "case"), NULL);
		html(&v->page, ">%s</a> <span class=\"quiet\">%s</span>", says(pupil, "case"), says(pupil, "stage"));
	}
	html(&v->page, "</td></tr>\n");
}

static void put_pupils(struct visit *v, const json_t *items, size_t from, size_t to, long long threshold, const char *label)
{
	html(&v->page, "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-labelledby=\"%s\"><table><thead><tr><th scope=\"col\">Pupil</th><th scope=\"col\">Year</th>"
	               "<th scope=\"col\">In 10 weeks</th><th scope=\"col\">Attendance</th><th scope=\"col\">Absence</th><th scope=\"col\">Case</th></tr></thead><tbody>\n", label);
	for (; from < to; from++)
		put_pupil(v, json_array_get(items, from), threshold);
	html(&v->page, "</tbody></table></div>\n");
}

/* The most unauthorised sessions first; those who are listed for their absence alone are folded. */
static void put_near(struct visit *v, const json_t *school)
{
	json_t *near = json_object_get(school, "near"), *items = json_object_get(near, "items");
	long long threshold = counts(school, "threshold");
	size_t close = 0, count = json_array_size(items);
	html(&v->page, "<section aria-labelledby=\"near\"><h2 id=\"near\">At or near a threshold <span class=\"count\">%lld</span></h2>\n"
	               "<p class=\"quiet\">%lld at the threshold for a penalty notice (%lld sessions in 10 school weeks), %lld persistently absent, %lld of them severely.</p>\n",
	     counts(near, "count"), counts(school, "at_threshold"), threshold, counts(school, "persistent"), counts(school, "severe"));
	while (close < count && counts(json_array_get(items, close), "unauthorised_10_weeks") >= threshold - NEAR)
		close++;
	if (close)
		put_pupils(v, items, 0, close, threshold, "near");
	if (close < count) {
		html(&v->page, "<details><summary id=\"further\">%llu persistently absent, further from the threshold</summary>", (unsigned long long)(count - close));
		put_pupils(v, items, close, count, threshold, "further");
		html(&v->page, "</details>\n");
	}
	html(&v->page, "</section>\n");
}

static void put_task(struct visit *v, const json_t *task)
{
	char action[128];
	html(&v->page, "<li class=\"due\"><p class=\"what\">%s</p><p class=\"when\">by %s</p>", says(task, "title"), page_date(says(task, "last_day")));
	if (!v->as_of && strcmp(v->session.role, "auditor") != 0) {
		snprintf(action, sizeof action, "/school/%s/task/%s", v->words[1], says(task, "task"));
		page_form(v, action, "ack");
		page_id(v);
		html(&v->page, "<button class=\"quiet\" aria-label=\"Done: %s\">Done</button></form>", says(task, "title"));
	}
	html(&v->page, "</li>\n");
}

/* The first to fall due first; those of later days than the very next are folded where there are many. */
static void put_tasks(struct visit *v, const json_t *school)
{
	size_t index, place, next = 0;
	json_t *task, *tasks = json_array();
	json_array_foreach(json_object_get(school, "tasks"), index, task) {
		place = 0;
		while (place < json_array_size(tasks) && strcmp(says(json_array_get(tasks, place), "last_day"), says(task, "last_day")) <= 0)
			place++;
		json_array_insert(tasks, place, task);
	}
	size_t count = json_array_size(tasks);
	while (next < count && (count <= UNFOLDED || strcmp(says(json_array_get(tasks, next), "last_day"), says(json_array_get(tasks, 0), "last_day")) == 0))
		next++;
	if (count)
		html(&v->page, "<section aria-labelledby=\"tasks\"><h2 id=\"tasks\">Recurring tasks</h2>\n<ul class=\"list tasks\">\n");
	json_array_foreach(tasks, index, task) {
		if (index == next)
			html(&v->page, "</ul><details><summary>%llu later</summary><ul class=\"list tasks\">\n", (unsigned long long)(count - next));
		put_task(v, task);
	}
	if (count)
		html(&v->page, "</ul>%s</section>\n", next < count ? "</details>" : "");
	json_decref(tasks);
}

void board_school(struct visit *v)
{
	struct body body;
	visit_question(v, &body, "school");
	body_text(&body, "urn", v->words[1]);
	json_t *school = visit_ask(v, &body);
	if (!school)
		return;
	bool named = *says(school, "name");
	visit_title(v, "%s%s", named ? "" : "School ", named ? says(school, "name") : v->words[1]);
	html(&v->page, "<h1>%s%s</h1>\n<p>%s%s%s%lld pupils. <a href=\"/cases?school=%s%s%s\">Open cases</a></p>\n", named ? "" : "School ", named ? says(school, "name") : says(school, "urn"),
	     named ? "URN " : "", named ? says(school, "urn") : "", named ? ", " : "", counts(school, "pupils"), says(school, "urn"), v->as_of ? "&as_of=" : "", v->as_of);
	page_contents(v, "registers", "Registers", "near", "At or near a threshold", json_array_size(json_object_get(school, "tasks")) ? "tasks" : NULL, "Recurring tasks", NULL);
	put_registers(v, school);
	put_near(v, school);
	put_tasks(v, school);
	json_decref(school);
}

void board_task_done(struct visit *v)
{
	uint8_t id[ATTEND_ID_SIZE];
	struct body body;
	json_t *answer;
	if (!form_id(v->form, id)) {
		page_notice(v, 400, "Which task?", "The form is not whole. Nothing was recorded.");
		return;
	}
	body_begin(&body);
	body_text(&body, "urn", v->words[1]);
	body_text(&body, "task", v->words[3]);
	unsigned status = visit_submit(v, ATTEND_TASK, id, &body, &answer);
	if (status >= 200 && status < 300) {
		v->status = 303;
		snprintf(v->location, sizeof v->location, "/school/%s#tasks", says(answer, "urn"));
	} else if (v->status == 200) {
		page_notice(v, status == 404 || status == 403 ? status : 409, "That was not recorded", *says(answer, "reason") ? says(answer, "reason") : "It is not there.");
	}
	json_decref(answer);
}
