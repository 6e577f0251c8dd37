/* SPDX-License-Identifier: Apache-2.0 */
#include "pathways/sources.h"

#include <stdlib.h>

#include "pathways/merge.h"

struct walk {
	const struct document *doc;
	pathway_source *take;
	void *context;
	struct slice section, rule;
};

static struct slice text_of(const struct document *doc, uint32_t map, const char *word)
{
	uint32_t node = document_find(doc, map, word);

	return node != 0 && doc->nodes[node].kind == NODE_SCALAR ? doc->nodes[node].text : slice_of(NULL, 0);
}

/* A rule, and what stands in it, to the bound that the tree's depth sets. */
static void walk_rule(const struct walk *w, uint32_t at, struct slice clause)
{
	const struct node *node = &w->doc->nodes[at];

	if (node->kind == NODE_SCALAR)
		return;
	if (node->kind == NODE_MAP) {
		struct slice own = text_of(w->doc, at, "clause"), source = text_of(w->doc, at, "source");

		clause = own.size > 0 ? own : clause;
		if (clause.size > 0 && source.size > 0)
			w->take(w->context, w->section, w->rule, clause, source);
	}
	for (uint32_t child = node->first; child != 0; child = w->doc->nodes[child].next)
		walk_rule(w, child, clause);
}

static void walk_file(struct walk *w)
{
	const struct node *nodes = w->doc->nodes;
	struct slice whole = text_of(w->doc, 0, "source"), none = {NULL, 0};

	if (whole.size > 0)
		w->take(w->context, none, none, none, whole);
	for (uint32_t key = nodes[0].first; key != 0; key = nodes[nodes[key].next].next) {
		uint32_t section = nodes[key].next;

		w->section = nodes[key].text;
		if (nodes[section].kind != NODE_MAP)
			continue;
		for (uint32_t name = nodes[section].first; name != 0; name = nodes[nodes[name].next].next) {
			w->rule = nodes[name].text;
			walk_rule(w, nodes[name].next, none);
		}
	}
}

bool pathway_sources(struct slice text, pathway_source *take, void *context)
{
	struct compile_report *report = calloc(1, sizeof *report);
	struct document doc = {0};
	struct bundle bundle;
	bool good = false;

	if (report == NULL)
		return false;
	if (bundle_split(&bundle, text, report) && document_open(&doc, report)) {
		good = merge_bundle(&doc, &bundle, report) && report->count == 0 && doc.count > 0 && doc.nodes[0].kind == NODE_MAP;
		if (good)
			walk_file(&(struct walk){.doc = &doc, .take = take, .context = context});
		document_free(&doc);
	}
	free(report);
	return good;
}
