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

static void put_found(struct visit *v, const json_t *row)
{
	html(&v->page, "<tr><th scope=\"row\"><a ");
	page_href(v, "/pupil/", says(row, "upn"), NULL);
	html(&v->page, ">%s</a></th><td>%s</td><td><a ", page_name(row), says(row, "year_group"));
	page_href(v, "/school/", says(row, "urn"), NULL);
	html(&v->page, ">%s</a></td><td>", page_school(row));
	if (*says(row, "case")) {
		html(&v->page, "<a ");
		page_href(v, "/case/", says(row, "case"), NULL);
		html(&v->page, ">%s</a>", says(row, "case"));
	}
	html(&v->page, "</td></tr>\n");
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

static void put_all(struct visit *v, const char *asked, const json_t *found)
{
	size_t index;
	json_t *row;
	html(&v->page, "<h1>Pupils named %s</h1>\n", asked);
	html(&v->page, "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"Pupils found\"><table><thead><tr><th scope=\"col\">Pupil</th><th scope=\"col\">Year</th>"
	               "<th scope=\"col\">School</th><th scope=\"col\">Case</th></tr></thead><tbody>\n");
	json_array_foreach(found, index, row)
		put_found(v, row);
	html(&v->page, "</tbody></table></div>\n");
	if (json_array_size(found) > FOUND_MAX)
		html(&v->page, "<p class=\"quiet\">There are more: say the forename as well.</p>\n");
}

static void find_by_name(struct visit *v, const char *asked)
{
	json_t *found = json_array();
	v->only_now = true;
	visit_title(v, "Pupils named %.80s", asked);
	if (visit_ask_all(v, question, asked, by_name, FOUND_MAX, found)) {
		if (json_array_size(found) == 1) {
			v->status = 303;
			snprintf(v->location, sizeof v->location, "/pupil/%s", says(json_array_get(found, 0), "upn"));
		} else if (json_array_size(found)) {
			put_all(v, asked, found);
		} else
			page_notice(v, 404, "Nothing found", "No pupil has a name that begins so. A pupil is found by name or UPN (13 characters), a case by its "
			                                     "id (C12), a school by its URN (six digits).");
	}
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
