/* What a clause says: the words of the council's document that stand beside its id in the pathway file.
 *
 * A file in force never changes, so each is read once and kept.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "client/board.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "pathways/sources.h"

enum { KEPT_MAX = 16 };

struct clauses {
	pthread_mutex_t mutex;
	struct { char name[64]; long long version; json_t *words; } kept[KEPT_MAX];
	unsigned count, next; /* the place that is taken next, where there are so many */
};

struct clauses *clauses_new(void)
{
	struct clauses *c = calloc(1, sizeof *c);
	if (c)
		pthread_mutex_init(&c->mutex, NULL);
	return c;
}

void clauses_free(struct clauses **self)
{
	struct clauses *c = *self;
	if (!c)
		return;
	for (unsigned i = 0; i < c->count; i++)
		json_decref(c->kept[i].words);
	pthread_mutex_destroy(&c->mutex);
	free(c);
	*self = NULL;
}

static json_t *find(struct clauses *c, const char *name, long long version)
{
	json_t *found = NULL;
	pthread_mutex_lock(&c->mutex);
	for (unsigned i = 0; i < c->count && !found; i++)
		if (c->kept[i].version == version && strcmp(c->kept[i].name, name) == 0)
			found = json_incref(c->kept[i].words);
	pthread_mutex_unlock(&c->mutex);
	return found;
}

static void keep(struct clauses *c, const char *name, long long version, json_t *words)
{
	pthread_mutex_lock(&c->mutex);
	unsigned at = c->count < KEPT_MAX ? c->count++ : c->next++ % KEPT_MAX;
	json_decref(c->kept[at].words);
	snprintf(c->kept[at].name, sizeof c->kept[at].name, "%s", name);
	c->kept[at].version = version;
	c->kept[at].words = json_incref(words);
	pthread_mutex_unlock(&c->mutex);
}

static void put(json_t *words, const char *key, struct slice source)
{
	if (!json_object_get(words, key))
		json_object_set_new(words, key, json_stringn((const char *)source.bytes, source.size));
}

/* Under "referral SP-09", an action's own; under "SP-09", what is said first; under "", the document. */
static void take(void *context, struct slice section, struct slice rule, struct slice clause, struct slice source)
{
	char key[160];
	snprintf(key, sizeof key, "%.*s", (int)clause.size, (const char *)clause.bytes);
	put(context, key, source);
	if (!slice_is(section, "actions"))
		return;
	snprintf(key, sizeof key, "%.*s %.*s", (int)rule.size, (const char *)rule.bytes, (int)clause.size, (const char *)clause.bytes);
	put(context, key, source);
}

void visit_clauses(struct visit *v, const json_t *of)
{
	const char *name = says(of, "pathway");
	long long version = counts(of, "pathway_version");
	struct body body;
	json_t *answer = NULL;
	if (v->clauses || !*name || !version || (v->clauses = find(v->board->clauses, name, version)) != NULL)
		return;
	body_begin(&body);
	body_text(&body, "what", "pathway");
	body_text(&body, "name", name);
	body_number(&body, "version", (uint64_t)version);
	/* without it a page is as good as whole: clauses stand by their ids alone */
	if (visit_try(v, &body, &answer) == 200) {
		v->clauses = json_object();
		pathway_sources(slice_text(says(answer, "source")), take, v->clauses);
		keep(v->board->clauses, name, version, v->clauses);
	}
	json_decref(answer);
}

const char *clause_words(const struct visit *v, const char *action, const char *clause)
{
	char key[160];
	snprintf(key, sizeof key, "%s %s", action, clause);
	return *says(v->clauses, key) ? says(v->clauses, key) : says(v->clauses, clause);
}

const char *clause_document(const struct visit *v)
{
	return says(v->clauses, "");
}

void page_clause(struct visit *v, const char *action, const char *clause)
{
	const char *words = *clause ? clause_words(v, action, clause) : "";
	if (*words)
		html(&v->page, " <abbr class=\"clause\" title=\"%s: %s\">%s</abbr>", clause_document(v), words, clause);
	else if (*clause)
		html(&v->page, " <span class=\"clause\">%s</span>", clause);
}

void page_clause_whole(struct visit *v, const char *action, const char *clause, const char *source)
{
	const char *words = *source ? source : *clause ? clause_words(v, action, clause) : "";
	if (!*clause && !*words)
		return;
	html(&v->page, "<p class=\"quiet\">%s", clause);
	if (*words)
		html(&v->page, "%s\u201c%s\u201d", *clause ? ": " : "", words);
	if (*words && *clause_document(v))
		html(&v->page, " <cite>%s</cite>", clause_document(v));
	html(&v->page, "</p>\n");
}
