/* A UPN, a case's id or a school's number leads to its page; anything else is looked for among pupils' names.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "client/board.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { FOUND_MAX = 50, WORD_SIZE = 48 };

/* Without blanks and the like, in capitals, as ids are written. */
static size_t squeeze(char word[static WORD_SIZE], const char *asked)
{
	size_t size = 0;
	for (; *asked && size < WORD_SIZE - 1; asked++)
		if (isalnum((unsigned char)*asked))
			word[size++] = (char)toupper((unsigned char)*asked);
	word[size] = '\0';
	return size;
}

/* ---- by name ---- */

/* Is what was asked somewhere in it? Small and great letters are one. */
static bool holds(const char *name, const char *asked)
{
	size_t size = strlen(asked);
	for (; *name; name++)
		if (strncasecmp(name, asked, size) == 0)
			return true;
	return false;
}

static void schools_question(struct visit *v, struct body *body, const char *asked)
{
	(void)v, (void)asked;
	body_begin(body);
	body_text(body, "what", "schools");
}

static int by_school(const json_t *a, const json_t *b)
{
	return strcasecmp(says(a, "name"), says(b, "name"));
}

/* Of those whose name is known; NULL: the page says why not. */
static json_t *find_schools(struct visit *v, const char *asked)
{
	size_t index;
	json_t *school, *all = json_array(), *found = json_array();
	bool told = visit_ask_all(v, schools_question, NULL, by_school, SIZE_MAX, all);
	json_array_foreach(all, index, school)
		if (holds(says(school, "name"), asked))
			json_array_append(found, school);
	json_decref(all);
	if (!told)
		json_decref(found);
	return told ? found : NULL;
}

static void put_schools(struct visit *v, const json_t *schools)
{
	size_t index;
	json_t *school;
	if (!json_array_size(schools))
		return;
	html(&v->page, "<section aria-labelledby=\"schools\"><h2 id=\"schools\">Schools</h2>\n<ul>\n");
	json_array_foreach(schools, index, school) {
		html(&v->page, "<li><a ");
		page_href(v, "/school/", says(school, "urn"), NULL);
		html(&v->page, ">%s</a> <span class=\"quiet\">%s</span></li>\n", says(school, "name"), says(school, "urn"));
	}
	html(&v->page, "</ul></section>\n");
}

/* The case stands next to the name, so that it is seen on a phone. */
static void put_found(struct visit *v, const json_t *row)
{
	html(&v->page, "<tr><th scope=\"row\"><a ");
	page_href(v, "/pupil/", says(row, "upn"), NULL);
	html(&v->page, ">%s</a></th><td>", page_name(row));
	if (*says(row, "case")) {
		html(&v->page, "<a ");
		page_href(v, "/case/", says(row, "case"), NULL);
		html(&v->page, ">%s</a>", says(row, "case"));
	}
	html(&v->page, "</td><td>%s</td><td>%s</td><td><a ", says(row, "year_group"), page_born(says(row, "birth_date")));
	page_href(v, "/school/", says(row, "urn"), NULL);
	html(&v->page, ">%s</a></td></tr>\n", page_school(row));
}

static int by_name(const json_t *a, const json_t *b)
{
	return strcasecmp(page_name(a), page_name(b));
}

static void question(struct visit *v, struct body *body, const char *asked)
{
	(void)v;
	body_begin(body);
	body_text(body, "what", "names");
	body_text(body, "name", asked);
}

static void put_all(struct visit *v, const json_t *found)
{
	size_t index;
	json_t *row;
	html(&v->page, "<section aria-labelledby=\"pupils\"><h2 id=\"pupils\">Pupils</h2>\n");
	html(&v->page, "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"Pupils found\"><table><thead><tr><th scope=\"col\">Pupil</th><th scope=\"col\">Case</th><th scope=\"col\">Year</th>"
	               "<th scope=\"col\">Born</th><th scope=\"col\">School</th></tr></thead><tbody>\n");
	json_array_foreach(found, index, row)
		put_found(v, row);
	html(&v->page, "</tbody></table></div>\n");
	if (json_array_size(found) > FOUND_MAX)
		html(&v->page, "<p class=\"quiet\">There are more: say the forename as well.</p>\n");
	html(&v->page, "</section>\n");
}

static void find_by_name(struct visit *v, const char *asked)
{
	json_t *found = json_array(), *schools = find_schools(v, asked);
	v->only_now = true;
	visit_title(v, "Found: %.80s", asked);
	if (schools && visit_ask_all(v, question, asked, by_name, FOUND_MAX, found)) {
		size_t count = json_array_size(found), places = json_array_size(schools);
		if (count + places == 1) {
			v->status = 303;
			snprintf(v->location, sizeof v->location, count ? "/pupil/%s" : "/school/%s", count ? says(json_array_get(found, 0), "upn") : says(json_array_get(schools, 0), "urn"));
		} else if (count + places) {
			html(&v->page, "<h1>Found: %s</h1>\n", asked);
			put_schools(v, schools);
			if (count)
				put_all(v, found);
		} else
			page_notice(v, 404, "Nothing found", "No pupil has a name that begins so, and no school's name has it. A pupil is found by name or UPN (13 characters), "
			                                     "a case by its id (C12), a school by its name or URN (six digits).");
	}
	json_decref(schools);
	json_decref(found);
}

void board_find(struct visit *v)
{
	const char *asked = says(v->query, "q");
	char word[WORD_SIZE];
	size_t size = squeeze(word, asked), digits = strspn(word + (size > 0), "0123456789");
	v->status = 303;
	if (size == 13 && digits >= 11) {
		snprintf(v->location, sizeof v->location, "/pupil/%s", word);
	} else if (word[0] == 'C' && size > 1 && digits == size - 1) {
		snprintf(v->location, sizeof v->location, "/case/%s", word);
	} else if (size == 6 && strspn(word, "0123456789") == 6) {
		snprintf(v->location, sizeof v->location, "/school/%s", word);
	} else if (size < 2 || strcmp(v->session.role, "lead") == 0) {
		page_notice(v, 404, "Nothing found", "A pupil is found by name or UPN (13 characters), a case by its id (C12), a school by its URN (six digits).");
	} else {
		v->status = 200;
		find_by_name(v, asked);
	}
}
