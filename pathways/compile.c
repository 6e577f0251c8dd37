/* compile.c - a pathway file, from text to the rules' form.
 *
 * Names first, so that a rule may speak of one that stands further down; then
 * the rules; then what only the whole shows. Nothing is written where anything
 * is wrong.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "pathways/compile_parts.h"
#include "pathways/merge.h"

#define COUNT_OF(list) (sizeof(list) / sizeof *(list))

static void compile_stages(struct compiler *c, uint32_t section)
{
	if (section == 0 || !is_kind(c, section, NODE_MAP, "stages"))
		return;
	for (uint32_t key = first_child(c, section); key != 0; key = next_child(c, next_child(c, key))) {
		unsigned at = c->p->stage_count;

		if (at == STAGES_MAX) {
			fault_node(c->report, node_of(c, key), "more than %d stages", STAGES_MAX);
			return;
		}
		c->p->stages[at] = read_name(c, key);
		c->p->stage_titles[at] = read_text(c, next_child(c, key));
		c->stage_node[at] = key;
		c->p->stage_count++;
	}
}

static void compile_first_and_last(struct compiler *c, uint32_t first, uint32_t closed)
{
	c->p->first_stage = (uint8_t)(first != 0 ? read_stage(c, first) : 0);
	c->p->closed_stage = (uint8_t)(closed != 0 ? read_stage(c, closed) : 0);
	if (c->p->closed_stage != 0 && c->p->first_stage == c->p->closed_stage)
		fault_node(c->report, node_of(c, closed), "a case can't begin closed: name another \"first stage\", or another one here");
}

static void compile_file(struct compiler *c)
{
	enum { PATHWAY, TITLE, SOURCE, STAGES, FIRST, CLOSED, WATCHES, NOTICES, DEADLINES, ACTIONS, LIMITS, MEETINGS, TASKS, LETTERS };
	struct entry e[] = {
		{"pathway", true, 0}, {"title", true, 0}, {"source", true, 0}, {"stages", true, 0},
		{"first stage", true, 0}, {"closed stage", true, 0}, {"watches", false, 0},
		{"penalty notices", false, 0}, {"deadlines", false, 0}, {"actions", true, 0},
		{"limits", false, 0}, {"meetings", false, 0}, {"tasks", false, 0}, {"letters", false, 0},
	};

	if (document_find(&c->doc, 0, "pathway") == 0) {
		fault_node(c->report, node_of(c, 0), "\"pathway\", its name, is missing; a file that others include is checked with one that does");
		e[PATHWAY].required = false;
	}
	if (!read_map(c, 0, "a pathway file", e, COUNT_OF(e)))
		return;
	c->p->name = read_name(c, e[PATHWAY].node);
	c->p->title = read_text(c, e[TITLE].node);
	c->p->source_name = read_text(c, e[SOURCE].node);
	compile_stages(c, e[STAGES].node);
	compile_first_and_last(c, e[FIRST].node, e[CLOSED].node);
	compile_notices(c, e[NOTICES].node);
	compile_deadline_names(c, e[DEADLINES].node);
	compile_action_names(c, e[ACTIONS].node);
	compile_watches(c, e[WATCHES].node);
	compile_deadlines(c);
	compile_actions(c);
	compile_limits(c, e[LIMITS].node);
	compile_meetings(c, e[MEETINGS].node);
	compile_tasks(c, e[TASKS].node);
	compile_letters(c, e[LETTERS].node);
	/* A half-read file would only be blamed for what wasn't read of it. */
	if (c->report->count == 0)
		compile_whole(c);
}

/* Writes, and reads back what was written: what the log will hold must be what
 * the rules will take. */
static bool give(struct compiler *c, struct writer *out)
{
	size_t before = writer_size(out);
	struct slice compiled;

	pathway_encode(out, c->p);
	compiled = slice_of(out->start + before, writer_size(out) - before);
	if (out->full || compiled.size > PATHWAY_SIZE_MAX) {
		fault_at(c->report, 1, 1, "the compiled pathway is larger than %d KiB", PATHWAY_SIZE_MAX / 1024);
		return false;
	}
	if (!pathway_decode(c->p, compiled)) {
		fault_at(c->report, 1, 1, "the compiled pathway does not pass its own check: a fault of the compiler");
		return false;
	}
	return true;
}

bool pathway_compile(struct slice source, struct writer *out, struct compile_report *report)
{
	struct compiler *c = calloc(1, sizeof *c);
	struct bundle bundle;
	bool good = false;

	memset(report, 0, sizeof *report);
	if (c != NULL)
		c->p = calloc(1, sizeof *c->p);
	if (c == NULL || c->p == NULL) {
		fault_at(report, 1, 1, "out of memory");
		free(c);
		return false;
	}
	c->report = report;
	c->bundle = &bundle;
	if (bundle_split(&bundle, source, report) && document_open(&c->doc, report)) {
		if (merge_bundle(&c->doc, &bundle, report)) {
			compile_file(c);
			good = report->count == 0 && give(c, out);
		}
		document_free(&c->doc);
	}
	faults_sort(report);
	free(c->letters);
	free(c->p);
	free(c);
	return good;
}
