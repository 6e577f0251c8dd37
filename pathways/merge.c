/* merge.c - includes.
 *
 * What a file says itself stands; what it includes is added to it. A name that both give
 * is a fault, unless the one that includes says `replaces: yes` there and the
 * included one isn't `fixed: yes`, as the national layer is.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "pathways/merge.h"
#include "proto/utf8.h"

#include <stdlib.h>
#include <string.h>

#define SHOW(s) UTF8_HEAD(s, 60)

enum visit { UNSEEN, UNDER_WAY, MERGED };

struct merger {
	struct document *doc;
	const struct bundle *bundle;
	struct compile_report *report;
	uint32_t roots[COMPILE_FILES_MAX];
	uint8_t visits[COMPILE_FILES_MAX];
};

static struct node *at(const struct merger *m, uint32_t node)
{
	return &m->doc->nodes[node];
}

/* Takes a word and its value out of a map; gives the value, 0 where the word isn't there. */
static uint32_t take_out(struct merger *m, uint32_t map, const char *word)
{
	uint32_t before = 0;

	if (at(m, map)->kind != NODE_MAP)
		return 0;
	for (uint32_t key = at(m, map)->first; key != 0;) {
		uint32_t value = at(m, key)->next, after = at(m, value)->next;

		if (slice_is(at(m, key)->text, word)) {
			if (before != 0)
				at(m, before)->next = after;
			else
				at(m, map)->first = after;
			return value;
		}
		before = value;
		key = after;
	}
	return 0;
}

static uint32_t find_key(const struct merger *m, uint32_t map, struct slice word)
{
	for (uint32_t key = at(m, map)->first; key != 0; key = at(m, at(m, key)->next)->next)
		if (slice_equal(at(m, key)->text, word))
			return key;
	return 0;
}

static void append(struct merger *m, uint32_t map, uint32_t key)
{
	uint32_t last = 0;

	for (uint32_t k = at(m, map)->first; k != 0; k = at(m, last)->next)
		last = at(m, k)->next;
	if (last != 0)
		at(m, last)->next = key;
	else
		at(m, map)->first = key;
	at(m, at(m, key)->next)->next = 0;
}

static bool says_yes(struct merger *m, uint32_t map, const char *word)
{
	uint32_t value = take_out(m, map, word);

	if (value == 0)
		return false;
	if (slice_is(at(m, value)->text, "yes"))
		return true;
	fault_node(m->report, at(m, value), "\"%s\" is yes, or isn't said", word);
	return false;
}

static const char *file_of(const struct merger *m, uint32_t node)
{
	const char *name = m->report->files[at(m, node)->file];

	return name[0] ? name : "the file itself";
}

/* Both give it: which stands? True: it is settled. */
static bool settle(struct merger *m, uint32_t key, uint32_t included_key)
{
	bool replaces = says_yes(m, at(m, key)->next, "replaces");
	bool fixed = says_yes(m, at(m, included_key)->next, "fixed");

	if (fixed) {
		fault_node(m->report, at(m, key), "\"%.*s\" is fixed in %s, line %u: it can't be replaced or added to; leave it out",
		           SHOW(at(m, key)->text), file_of(m, included_key), at(m, included_key)->line);
		return true;
	}
	return replaces;
}

static void merge_section(struct merger *m, uint32_t key, uint32_t included_key)
{
	uint32_t section = at(m, key)->next, included = at(m, included_key)->next;

	if (settle(m, key, included_key))
		return;
	if (at(m, section)->kind != NODE_MAP || at(m, included)->kind != NODE_MAP) {
		fault_node(m->report, at(m, key), "\"%.*s\" stands in %s too, line %u: leave it out here, or there",
		           SHOW(at(m, key)->text), file_of(m, included_key), at(m, included_key)->line);
		return;
	}
	for (uint32_t k = at(m, included)->first, after; k != 0; k = after) {
		uint32_t other = find_key(m, section, at(m, k)->text);

		after = at(m, at(m, k)->next)->next;
		if (other == 0)
			append(m, section, k);
		else if (!settle(m, other, k))
			fault_node(m->report, at(m, other), "\"%.*s\" stands in %s too, line %u: leave it out, or say \"replaces: yes\" in it",
			           SHOW(at(m, other)->text), file_of(m, k), at(m, k)->line);
	}
}

static void merge_root(struct merger *m, uint32_t root, uint32_t included)
{
	take_out(m, included, "title");
	take_out(m, included, "source");
	for (uint32_t key = at(m, included)->first, after; key != 0; key = after) {
		uint32_t other = find_key(m, root, at(m, key)->text);

		after = at(m, at(m, key)->next)->next;
		if (other == 0)
			append(m, root, key);
		else
			merge_section(m, other, key);
	}
}

static void merge_part(struct merger *m, unsigned part);

static void merge_item(struct merger *m, unsigned part, uint32_t item)
{
	const struct node *node = at(m, item);
	char path[COMPILE_FILE_NAME_MAX];
	unsigned i = 1;

	if (node->kind != NODE_SCALAR || !bundle_path(path, m->report->files[part], node->text)) {
		fault_node(m->report, node, "an included file is named by its path from this one, at most %d characters",
		           COMPILE_FILE_NAME_MAX - 1);
		return;
	}
	while (i < m->bundle->count && strcmp(m->report->files[i], path))
		i++;
	if (i == m->bundle->count) {
		fault_node(m->report, node, "%s is included and not at hand", path);
	} else if (m->visits[i] == UNDER_WAY) {
		fault_node(m->report, node, "%s includes this file: a circle", path);
	} else if (m->visits[i] == UNSEEN) {
		merge_part(m, i);
		merge_root(m, m->roots[part], m->roots[i]);
	}
}

static void merge_part(struct merger *m, unsigned part)
{
	uint32_t list;

	m->visits[part] = UNDER_WAY;
	list = take_out(m, m->roots[part], "include");
	if (list != 0 && at(m, list)->kind != NODE_LIST)
		fault_node(m->report, at(m, list), "\"include\" is a list of files");
	else if (list != 0)
		for (uint32_t item = at(m, list)->first; item != 0; item = at(m, item)->next)
			merge_item(m, part, item);
	m->visits[part] = MERGED;
}

/* What is left: `fixed` has done its work, `replaces` has found nothing. */
static void clear_words(struct merger *m, uint32_t key)
{
	uint32_t value = at(m, key)->next;

	says_yes(m, value, "fixed");
	if (take_out(m, value, "replaces") != 0)
		fault_node(m->report, at(m, key), "\"%.*s\" replaces nothing: no included file has it", SHOW(at(m, key)->text));
}

static void clear_all(struct merger *m)
{
	for (uint32_t key = at(m, 0)->first; key != 0; key = at(m, at(m, key)->next)->next) {
		uint32_t section = at(m, key)->next;

		clear_words(m, key);
		if (at(m, section)->kind == NODE_MAP)
			for (uint32_t k = at(m, section)->first; k != 0; k = at(m, at(m, k)->next)->next)
				clear_words(m, k);
	}
}

bool merge_bundle(struct document *doc, const struct bundle *bundle, struct compile_report *report)
{
	struct merger m = {.doc = doc, .bundle = bundle, .report = report};

	for (unsigned i = 0; i < bundle->count; i++) {
		if (!document_read(doc, bundle->texts[i], (uint8_t)i, report, &m.roots[i]))
			return false;
		if (doc->nodes[m.roots[i]].kind != NODE_MAP) {
			fault_node(report, &doc->nodes[m.roots[i]], "a pathway file must be a map of words and values");
			return false;
		}
	}
	merge_part(&m, 0);
	for (unsigned i = 1; i < bundle->count; i++)
		if (m.visits[i] == UNSEEN)
			fault_node(report, &doc->nodes[m.roots[i]], "nothing includes this file");
	clear_all(&m);
	return report->count == 0;
}
