/* What is put to people at a deadline's end, with all that is known for it: the clause and
 * what the document says, the figures as they stood on the last day, what was recorded, the
 * notices before, and by which action each outcome is taken. The officer decides.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "casework/case_deadline.h"
#include "casework/condition.h"
#include "daemon/memory.h"
#include "daemon/query_parts.h"

enum { TEXT_ROOM = 8192 };

/* A decision, while it is packed. */
struct put {
	const struct case_state *c;
	const struct case_view *view;
	const struct case_deadline *d;
	const struct deadline_rule *rule;
	const struct question *question;
	struct slice parent;
};

static bool is_put(const struct case_state *c, const struct case_view *view, unsigned index, struct put *put)
{
	const struct case_deadline *d = &c->deadlines[index];

	if (!case_deadline_overdue(d) || d->decided || !view->pathway->deadlines[d->rule].decides)
		return false;
	*put = (struct put){c, view, d, &view->pathway->deadlines[d->rule], deadline_question(c, view, d), slice_text(d->parent)};
	return put->question != NULL;
}

static void pack_filled(struct pack *p, const struct put *put, struct slice text)
{
	uint8_t *room = memory_new(TEXT_ROOM);
	struct writer w = writer_of(room, TEXT_ROOM);

	case_text(&w, put->c, put->view, (uint8_t)(put->d - put->c->deadlines + 1), text);
	pack_str(p, writer_slice(&w));
	free(room);
}

/* ---- outcomes, and the actions that take them ---- */

static void pack_outcomes(struct pack *p, const struct put *put)
{
	const struct pathway *pathway = put->view->pathway;

	pack_text(p, "outcomes");
	pack_array(p, put->question->outcome_count);
	for (unsigned i = 0; i < put->question->outcome_count; i++) {
		struct slice outcome = put->question->outcomes[i];
		unsigned count = 0;

		for (unsigned a = 0; a < pathway->action_count; a++)
			count += action_answers(&pathway->actions[a], put->d->rule, outcome);
		pack_map(p, 3);
		pack_key_str(p, "outcome", outcome);
		pack_text_or_nil(p, "title", pathway_outcome_title(pathway, put->d->rule, outcome));
		pack_text(p, "by");
		pack_array(p, count);
		for (unsigned a = 0; a < pathway->action_count; a++)
			if (action_answers(&pathway->actions[a], put->d->rule, outcome))
				pack_str(p, pathway->actions[a].name);
	}
}

/* ---- figures, evidence, notices ---- */

static void pack_figures(struct pack *p, const struct put *put)
{
	static const struct {
		const char *name;
		enum figure figure;
	} figures[] = {
#define X(name, number, text) {text, FIGURE_##name},
		FIGURES(X)
#undef X
	};
	const struct scope scope = {.c = put->c, .view = put->view, .parent = put->parent, .on = put->d->last, .deadline = put->d};

	pack_text(p, "figures");
	pack_map(p, sizeof figures / sizeof *figures);
	for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
		int64_t value;

		pack_text(p, figures[i].name);
		if (scope_figure(&scope, figures[i].figure, &value) && value >= 0)
			pack_uint(p, (uint64_t)value);
		else
			pack_nil(p);
	}
}

/* The newest answer to a field of an action, from 1; 0: none in the clear. */
static uint8_t answer_to(const struct put *put, unsigned action, unsigned field)
{
	for (unsigned i = put->c->done_count; i-- > 0;) {
		const struct case_done *done = &put->c->done[i];

		if (!done->chapter && done->action == action && parent_matches(done->parent, put->parent) && done->chosen[field])
			return done->chosen[field];
	}
	return 0;
}

static void pack_answers(struct pack *p, const struct put *put, unsigned action)
{
	const struct action_rule *rule = &put->view->pathway->actions[action];
	unsigned count = 0;

	for (unsigned i = 0; i < rule->field_count; i++)
		count += answer_to(put, action, i) > 0;
	pack_text(p, "answers");
	pack_map(p, count);
	for (unsigned i = 0; i < rule->field_count; i++) {
		const struct field_rule *field = &rule->fields[i];
		uint8_t chosen = answer_to(put, action, i);

		if (!chosen)
			continue;
		pack_str(p, field->name);
		if (field->type == FIELD_YES_NO)
			pack_text(p, chosen == 1 ? "yes" : "no");
		else
			pack_str(p, field->values[chosen - 1]);
	}
}

static unsigned times_done(const struct put *put, unsigned action, uint16_t *latest)
{
	unsigned count = 0;

	*latest = 0;
	for (unsigned i = 0; i < put->c->done_count; i++) {
		const struct case_done *done = &put->c->done[i];

		if (done->chapter || done->action != action || !parent_matches(done->parent, put->parent))
			continue;
		count++;
		if (done->on > *latest)
			*latest = done->on;
	}
	return count;
}

/* What was recorded, for this parent or for none in particular; an action never recorded
 * is not evidence. */
static void pack_evidence(struct pack *p, const struct put *put)
{
	const struct pathway *pathway = put->view->pathway;
	unsigned count = 0;
	uint16_t latest;

	for (unsigned i = 0; i < pathway->action_count; i++)
		count += times_done(put, i, &latest) > 0;
	pack_text(p, "evidence");
	pack_array(p, count);
	for (unsigned i = 0; i < pathway->action_count; i++) {
		unsigned times = times_done(put, i, &latest);

		if (!times)
			continue;
		pack_map(p, 5);
		pack_key_str(p, "action", pathway->actions[i].name);
		pack_key_str(p, "title", pathway->actions[i].title);
		pack_key_uint(p, "times", times);
		pack_text(p, "on");
		pack_date(p, latest);
		pack_answers(p, put, i);
	}
}

struct notice_list {
	const struct case_notice *list;
	size_t count;
};

/* Of this case and the earlier ones; of the family's other children, for the authority alone. */
static void pack_notices(struct pack *p, const struct put *put, bool with_family)
{
	const struct notice_list lists[] = {
		{put->view->earlier, put->view->earlier_count},
		{put->c->notices, put->c->notice_count},
		{put->view->family, with_family ? put->view->family_count : 0},
	};
	unsigned count = 0;

	for (int pass = 0; pass < 2; pass++) {
		if (pass == 1) {
			pack_text(p, "notices");
			pack_array(p, count);
		}
		for (size_t l = 0; l < sizeof lists / sizeof *lists; l++)
			for (size_t i = 0; i < lists[l].count; i++) {
				if (!parent_matches(lists[l].list[i].parent, put->parent))
					continue;
				count++;
				if (pass == 1)
					pack_notice(p, &lists[l].list[i], put->view->today);
			}
	}
}

static void pack_decision(struct pack *p, const struct put *put, bool with_family)
{
	pack_map(p, 14);
	pack_key_uint(p, "deadline", (uint64_t)(put->d - put->c->deadlines + 1));
	pack_key_str(p, "kind", put->rule->name);
	pack_key_str(p, "title", put->rule->title);
	pack_text(p, "parent");
	pack_text(p, put->d->parent[0] ? put->d->parent : NULL);
	pack_text(p, "last_day");
	pack_date(p, put->d->last);
	pack_text(p, "overdue_at");
	pack_time(p, put->d->overdue_ms);
	pack_text(p, "question");
	pack_filled(p, put, put->question->text);
	pack_text_or_nil(p, "clause", put->question->clause.size ? put->question->clause : put->rule->clause);
	pack_text_or_nil(p, "source", put->question->source);
	pack_outcomes(p, put);
	pack_text(p, "breaches");
	if (put->rule->breach_codes)
		pack_filled(p, put, slice_text("{sessions}"));
	else
		pack_nil(p);
	pack_figures(p, put);
	pack_evidence(p, put);
	pack_notices(p, put, with_family);
}

void pack_decisions(struct engine *e, const struct case_state *c, struct case_view *view, bool now, bool with_family)
{
	struct pack *p = &e->body;
	struct particulars roster;
	struct put put;
	unsigned count = 0;

	if (now)
		particulars_of(e, c->pupil, &roster);
	for (unsigned i = 0; i < c->deadline_count; i++)
		count += is_put(c, view, i, &put);
	pack_text(p, "decisions");
	pack_array(p, count);
	for (unsigned i = 0; i < c->deadline_count; i++) {
		if (!is_put(c, view, i, &put))
			continue;
		view->compulsory_age = now ? case_compulsory_age(roster.birth, put.d->last) : UNKNOWN;
		pack_decision(p, &put, with_family);
	}
}
