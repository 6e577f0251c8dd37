/* compile_deadlines.c - the deadlines, watches and penalty notices of a file.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "casework/watch.h"
#include "pathways/compile_parts.h"

#define COUNT_OF(list) (sizeof(list) / sizeof *(list))

/* Where a file says nothing: 5 working days before, 1 after. */
static const struct length SOON = {5, UNIT_WORKING_DAYS}, OVERDUE = {1, UNIT_WORKING_DAYS}, NONE = {0, 0};

void compile_deadline_names(struct compiler *c, uint32_t section)
{
	if (section == 0 || !is_kind(c, section, NODE_MAP, "deadlines"))
		return;
	for (uint32_t key = first_child(c, section); key != 0; key = next_child(c, next_child(c, key))) {
		unsigned at = c->p->deadline_count;

		if (at == DEADLINES_MAX) {
			fault_node(c->report, node_of(c, key), "more than %d deadlines", DEADLINES_MAX);
			return;
		}
		c->p->deadlines[at].name = read_name(c, key);
		c->deadline_node[at] = key;
		c->deadline_body[at] = next_child(c, key);
		c->p->deadline_count++;
	}
}

static void compile_outcomes(struct compiler *c, uint32_t list, struct question *q)
{
	if (list == 0 || !is_kind(c, list, NODE_LIST, "the outcomes"))
		return;
	for (uint32_t at = first_child(c, list); at != 0; at = next_child(c, at)) {
		struct slice name = read_name(c, at);

		if (q->outcome_count == OUTCOMES_MAX) {
			fault_node(c->report, node_of(c, at), "more than %d outcomes", OUTCOMES_MAX);
			return;
		}
		for (unsigned i = 0; i < q->outcome_count; i++)
			if (name.size > 0 && slice_equal(q->outcomes[i], name))
				fault_node(c->report, node_of(c, at), "this outcome stands twice: take one out");
		q->outcomes[q->outcome_count++] = name;
	}
	if (q->outcome_count == 0)
		fault_node(c->report, node_of(c, list), "a question needs at least one outcome");
}

static void compile_questions(struct compiler *c, uint32_t list, struct deadline_rule *d)
{
	if (list == 0 || !is_kind(c, list, NODE_LIST, "the questions"))
		return;
	for (uint32_t at = first_child(c, list); at != 0; at = next_child(c, at)) {
		enum { WHEN, ASK, OUTCOMES, CLAUSE, SOURCE };
		struct entry e[] = {{"when", false, 0}, {"ask", true, 0}, {"outcomes", true, 0},
			{"clause", false, 0}, {"source", false, 0}};
		struct question *q;

		if (d->question_count == QUESTIONS_MAX) {
			fault_node(c->report, node_of(c, at), "more than %d questions", QUESTIONS_MAX);
			return;
		}
		if (!read_map(c, at, "a question", e, COUNT_OF(e)))
			continue;
		q = &d->questions[d->question_count++];
		read_expression(c, e[WHEN].node, NULL, EXPRESSION_QUESTION, &q->when);
		q->text = read_braced(c, e[ASK].node, false);
		compile_outcomes(c, e[OUTCOMES].node, q);
		q->clause = read_text(c, e[CLAUSE].node);
		q->source = read_text(c, e[SOURCE].node);
		if (next_child(c, at) == 0 && e[WHEN].node != 0)
			fault_node(c->report, node_of(c, e[WHEN].node), "the last question must stand without a \"when\", so that one is always put");
		if (next_child(c, at) != 0 && e[WHEN].node == 0)
			fault_node(c->report, node_of(c, at), "the questions after this one are never put: give it a \"when\"");
	}
	d->decides = d->question_count > 0;
}

static const char ONE_OF_FOUR[] = "a deadline is a \"task\", a \"reminder\", a \"period\" or \"idle\", of some length";

static void compile_deadline(struct compiler *c, unsigned index)
{
	enum { TITLE, CLAUSE, SOURCE, TASK, REMINDER, PERIOD, IDLE, WHILE, PER_PARENT, STARTED_BY, MET_IF, SOON_, OVERDUE_,
		TELLS, ESCALATES, BREACH, BREACH_TEXT, AT_END, QUESTIONS, TEXT };
	struct entry e[] = {
		{"title", false, 0}, {"clause", false, 0}, {"source", false, 0}, {"task", false, 0}, {"reminder", false, 0},
		{"period", false, 0}, {"idle", false, 0}, {"while", false, 0}, {"per parent", false, 0},
		{"started by", false, 0}, {"met if", false, 0}, {"soon", false, 0}, {"overdue", false, 0},
		{"tells", false, 0}, {"escalates to", false, 0}, {"breach", false, 0}, {"breach text", false, 0},
		{"at end", false, 0}, {"questions", false, 0}, {"text", false, 0},
	};
	struct deadline_rule *d = &c->p->deadlines[index];
	struct timing_nodes timing;
	uint32_t body = c->deadline_body[index];
	unsigned kinds = 0;

	if (!read_map(c, body, "a deadline", e, COUNT_OF(e)))
		return;
	timing = (struct timing_nodes){0, e[WHILE].node, e[STARTED_BY].node, e[MET_IF].node, e[TELLS].node,
		e[ESCALATES].node, e[AT_END].node};
	for (unsigned i = TASK; i <= IDLE; i++) {
		kinds += e[i].node != 0;
		if (e[i].node != 0)
			timing.length = e[i].node;
	}
	if (kinds != 1)
		fault_node(c->report, node_of(c, c->deadline_node[index]), "%s", ONE_OF_FOUR);
	d->title = read_text(c, e[TITLE].node);
	d->clause = read_text(c, e[CLAUSE].node);
	read_text(c, e[SOURCE].node);
	d->idle = e[IDLE].node != 0;
	d->reminder = e[REMINDER].node != 0;
	d->period = d->idle || e[PERIOD].node != 0;
	d->per_parent = read_yes_no(c, e[PER_PARENT].node, false);
	d->soon = read_length(c, e[SOON_].node, d->idle || d->reminder ? NONE : SOON);
	d->overdue = read_length(c, e[OVERDUE_].node, d->reminder ? NONE : OVERDUE);
	if (e[BREACH].node != 0 && !d->period)
		fault_node(c->report, node_of(c, e[BREACH].node), "only a period watches for breaches: take it out, or make this a \"period\"");
	d->breach_codes = read_codes(c, e[BREACH].node);
	d->breach_text = read_braced(c, e[BREACH_TEXT].node, false);
	if (e[BREACH_TEXT].node != 0 && d->breach_codes == 0)
		fault_node(c->report, node_of(c, e[BREACH_TEXT].node), "there is no \"breach\" that it could speak of: list the codes of one");
	compile_questions(c, e[QUESTIONS].node, d);
	compile_timing(c, index, &timing);
	d->text = read_braced(c, e[TEXT].node, false);
}

void compile_deadlines(struct compiler *c)
{
	for (unsigned i = 0; i < c->p->deadline_count; i++)
		compile_deadline(c, i);
}

/* --- watches -------------------------------------------------------------- */

static uint8_t watch_type_named(struct slice text)
{
	static const char *const names[] = {"count", "run", "sick", "share", "stays"};

	for (uint8_t i = 0; i < COUNT_OF(names); i++)
		if (slice_is(text, names[i]))
			return (uint8_t)(WATCH_COUNT + i);
	return 0;
}

static void compile_watch(struct compiler *c, uint32_t key, struct watch_rule *w)
{
	enum { KIND, CODES_, AT_LEAST, FROM, CLAUSE, SOURCE, TELLS, TEXT, DOWN, NEW, ONCE, UNLESS };
	struct entry e[] = {
		{"kind", true, 0}, {"codes", true, 0}, {"at least", true, 0}, {"from possible", false, 0},
		{"clause", false, 0}, {"source", false, 0}, {"tells", false, 0}, {"text", true, 0}, {"text down", false, 0},
		{"new pupils", false, 0}, {"once", false, 0}, {"unless", false, 0},
	};

	unsigned before = c->report->count;

	w->kind = alert_kind_parse(node_of(c, key)->text);
	if (w->kind == 0)
		fault_node(c->report, node_of(c, key), "a watch is named for the alert that it raises (threshold, attendance-return, "
		           "sickness-return, missing-from-school, persistent, severe, approaching, unexplained, reason-wanted, part-time, "
		           "not-arrived, never-arrived)");
	if (!read_map(c, next_child(c, key), "a watch", e, COUNT_OF(e)))
		return;
	w->type = e[KIND].node != 0 ? watch_type_named(read_name(c, e[KIND].node)) : WATCH_COUNT;
	if (w->type == 0)
		fault_node(c->report, node_of(c, e[KIND].node), "a watch counts (count), follows a run (run), adds up sickness (sick), takes a share (share) or asks whether a mark stays (stays)");
	w->codes = read_codes(c, e[CODES_].node);
	w->at_least = (uint16_t)read_number(c, e[AT_LEAST].node, 1, w->type == WATCH_SHARE ? 100 : 400);
	if (e[FROM].node != 0 && w->type != WATCH_SHARE)
		fault_node(c->report, node_of(c, e[FROM].node), "\"from possible\" belongs to a share alone: take it out");
	if (e[FROM].node != 0)
		w->from_possible = (uint16_t)read_number(c, e[FROM].node, 1, 400);
	if (e[DOWN].node != 0 && w->type != WATCH_SHARE)
		fault_node(c->report, node_of(c, e[DOWN].node), "\"text down\" belongs to a share alone: take it out");
	for (unsigned i = NEW; i <= UNLESS; i++)
		if (e[i].node != 0 && w->type != WATCH_STAYS)
			fault_node(c->report, node_of(c, e[i].node), "\"%s\" belongs to a mark that stays alone: take it out", e[i].key);
	w->new_pupils = read_yes_no(c, e[NEW].node, false);
	w->once = read_yes_no(c, e[ONCE].node, false);
	read_expression(c, e[UNLESS].node, NULL, EXPRESSION_WATCH, &w->unless);
	w->clause = read_text(c, e[CLAUSE].node);
	read_text(c, e[SOURCE].node);
	w->tells = read_told(c, e[TELLS].node);
	w->text = read_braced(c, e[TEXT].node, true);
	w->text_down = read_braced(c, e[DOWN].node, true);
	if (c->report->count == before && watch_fault(w))
		fault_node(c->report, node_of(c, key), "%s", watch_fault(w));
}

void compile_watches(struct compiler *c, uint32_t section)
{
	if (section == 0 || !is_kind(c, section, NODE_MAP, "watches"))
		return;
	for (uint32_t key = first_child(c, section); key != 0; key = next_child(c, next_child(c, key))) {
		if (c->p->watch_count == WATCHES_MAX) {
			fault_node(c->report, node_of(c, key), "more than %d watches", WATCHES_MAX);
			return;
		}
		compile_watch(c, key, &c->p->watches[c->p->watch_count++]);
	}
}

/* --- penalty notices ------------------------------------------------------ */

static void compile_amount(struct compiler *c, uint32_t at, struct notice_step *step)
{
	enum { REDUCED, WITHIN, FULL, BY };
	struct entry e[] = {{"reduced", false, 0}, {"within days", false, 0}, {"full", true, 0}, {"by day", true, 0}};

	if (!read_map(c, at, "an amount", e, COUNT_OF(e)))
		return;
	if ((e[REDUCED].node != 0) != (e[WITHIN].node != 0))
		fault_node(c->report, node_of(c, at), "\"reduced\" and \"within days\" go together: one is missing");
	if (e[REDUCED].node != 0) {
		step->reduced = (uint16_t)read_number(c, e[REDUCED].node, 1, 10000);
		step->reduced_days = (uint8_t)read_number(c, e[WITHIN].node, 1, 250);
	}
	step->full = (uint16_t)read_number(c, e[FULL].node, 1, 10000);
	step->full_days = (uint8_t)read_number(c, e[BY].node, 1, 250);
	if (step->reduced_days > step->full_days || step->reduced > step->full)
		fault_node(c->report, node_of(c, at), "the reduced amount must be the smaller one, and the sooner");
}

void compile_notices(struct compiler *c, uint32_t section)
{
	enum { CLAUSE, SOURCE, WINDOW, FROM, DELIVERY, AMOUNTS };
	struct entry e[] = {{"clause", false, 0}, {"source", false, 0}, {"window", true, 0}, {"days count from", true, 0},
		{"received after", false, 0}, {"amounts", true, 0}};
	struct notice_rule *n = &c->p->notices;
	struct slice from;

	if (section == 0 || !read_map(c, section, "penalty notices", e, COUNT_OF(e)))
		return;
	n->clause = read_text(c, e[CLAUSE].node);
	read_text(c, e[SOURCE].node);
	n->window = read_length(c, e[WINDOW].node, (struct length){1, UNIT_YEARS});
	if (n->window.count == 0)
		fault_node(c->report, node_of(c, e[WINDOW].node), "the window needs a length, as \"3 years\"");
	n->delivery = read_length(c, e[DELIVERY].node, NONE);
	from = e[FROM].node != 0 ? read_name(c, e[FROM].node) : slice_text("issue");
	n->from_receipt = slice_is(from, "receipt");
	if (from.size > 0 && !n->from_receipt && !slice_is(from, "issue"))
		fault_node(c->report, node_of(c, e[FROM].node), "\"receipt\" or \"issue\" expected");
	if (e[AMOUNTS].node == 0 || !is_kind(c, e[AMOUNTS].node, NODE_LIST, "the amounts"))
		return;
	for (uint32_t at = first_child(c, e[AMOUNTS].node); at != 0; at = next_child(c, at)) {
		if (n->count == NOTICE_STEPS_MAX) {
			fault_node(c->report, node_of(c, at), "more than %d amounts", NOTICE_STEPS_MAX);
			return;
		}
		compile_amount(c, at, &n->steps[n->count++]);
	}
	if (n->count == 0)
		fault_node(c->report, node_of(c, e[AMOUNTS].node), "no amount is named: {full: 160, by day: 28}");
}
