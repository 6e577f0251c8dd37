/* SPDX-License-Identifier: Apache-2.0 */
#include "client/draw_rules.h"

#include <stdlib.h>
#include <string.h>

#include "client/draw_words.h"
#include "proto/event.h"

static void begin(struct card *c, int width, struct slice clause)
{
	card_begin(c, width, (const char *)clause.bytes, clause.size);
}

/* "label: text", taking the text; nothing where there is none. */
static int add_labelled(struct card *c, enum card_style style, const char *label, char *text)
{
	if (!text)
		return 0;
	int y = card_add(c, style, words("%s%s", label, text));
	free(text);
	return y;
}

static void join(char **text, const char *between, char *more)
{
	words_add(text, "%s%s", *text ? between : "", more);
	free(more);
}

/* --- actions --- */

static void add_order(struct card *c, const struct pathway *p, unsigned action)
{
	char *after = NULL, *mostly = NULL;
	for (unsigned i = 0; i < p->actions[action].condition_count; i++) {
		bool always;
		int before = plan_comes_after(p, action, &p->actions[action].conditions[i], &always);
		if (before >= 0)
			join(always ? &after : &mostly, "; ", words_of_action(p, (unsigned)before));
	}
	add_labelled(c, CARD_PLAIN, "After: ", after);
	add_labelled(c, CARD_PLAIN, "As a rule after: ", mostly);
}

/* The clauses of its needs, each once: those that a reason may pass over, and the bars. */
static void add_needs(struct card *c, const struct action_rule *a)
{
	for (unsigned bars = 0; bars < 2; bars++) {
		char *list = NULL;
		for (unsigned i = 0; i < a->condition_count; i++) {
			struct slice clause = a->conditions[i].clause;
			bool fresh = clause.size > 0 && a->conditions[i].bar == bars;
			for (unsigned k = 0; fresh && k < i; k++)
				fresh = a->conditions[k].bar != bars || !slice_equal(a->conditions[k].clause, clause);
			if (fresh)
				join(&list, ", ", words("%.*s", (int)clause.size, (const char *)clause.bytes));
		}
		add_labelled(c, CARD_PLAIN, bars ? "Never without: " : "Conditions: ", list);
	}
}

static char *deadlines_of(const struct pathway *p, const struct effect list[], unsigned count, bool periods)
{
	char *text = NULL;
	for (unsigned i = 0; i < count; i++)
		if (p->deadlines[list[i].deadline].period == periods)
			join(&text, "; ", words_of_deadline(p, list[i].deadline));
	return text;
}

static void add_amounts(struct card *c, const struct notice_rule *n)
{
	static const char *const ordinals[NOTICE_STEPS_MAX] = { "first", "second", "third", "fourth" };
	char *window = words_of_length(n->window);
	for (unsigned i = 0; i < n->count; i++) {
		const struct notice_step *step = &n->steps[i];
		char *text = words("The %s within %s: ", ordinals[i], window);
		if (step->reduced)
			words_add(&text, "\u00a3%u within %u days, else ", step->reduced, step->reduced_days);
		words_add(&text, "\u00a3%u by day %u", step->full, step->full_days);
		card_add(c, CARD_PLAIN, text);
	}
	free(window);
}

static void add_effects(struct card *c, const struct pathway *p, const struct action_rule *a)
{
	add_labelled(c, CARD_PLAIN, "Completes: ", deadlines_of(p, a->meets, a->meet_count, false));
	if (a->effect == EFFECT_DECISION)
		card_add(c, CARD_PLAIN, words("Answers the question that is put"));
	else
		add_labelled(c, CARD_PLAIN, "Answers: ", deadlines_of(p, a->meets, a->meet_count, true));
	char *ended = deadlines_of(p, a->cancels, a->cancel_count, false);
	char *also = deadlines_of(p, a->cancels, a->cancel_count, true);
	if (ended && also)
		join(&ended, "; ", also);
	add_labelled(c, CARD_PLAIN, "Cancels: ", ended ? ended : also);
	if (a->effect == EFFECT_ISSUE_NOTICE)
		add_amounts(c, &p->notices);
}

unsigned rules_action(struct card *c, int width, const struct pathway *p, unsigned action, uint8_t home, struct way ways[])
{
	const struct action_rule *a = &p->actions[action];
	unsigned count = 0;
	begin(c, width, a->clause);
	card_add(c, CARD_TITLE, words_of_action(p, action));
	char *roles = words_of_roles(a->roles, "or");
	card_add(c, CARD_MUTED, words("by %s%s", roles, a->needs_parent ? ", for one parent" : ""));
	free(roles);
	add_order(c, p, action);
	add_needs(c, a);
	add_effects(c, p, a);
	for (unsigned i = 0; i < a->move_count; i++) {
		char *stage = words_of_stage(p, a->moves[i].stage), *when = words_of_expression(p, a, a->moves[i].when);
		int y = card_add(c, CARD_PLAIN, words("\u2192 %s%s%s", stage, when ? ", if " : "", when ? when : ""));
		if (a->moves[i].stage != home)
			ways[count++] = (struct way){ y, a->moves[i].stage };
		free(stage);
		free(when);
	}
	card_end(c);
	return count;
}

/* --- deadlines --- */

/* What follows an outcome, as far as the actions that answer ask for it by name. */
static char *follows(const struct pathway *p, unsigned deadline, struct slice outcome)
{
	uint64_t stages = 0, started = 0;
	for (unsigned i = 0; i < p->action_count; i++) {
		const struct action_rule *a = &p->actions[i];
		int field = action_field(a, slice_text("outcome"));
		int value = field < 0 || !plan_answers(p, i, deadline) ? -1 : field_value(&a->fields[field], outcome);
		for (unsigned k = 0; value >= 0 && k < a->move_count; k++)
			if (expression_asks(p, a->moves[k].when, (unsigned)field + 1, (unsigned)value + 1))
				stages |= UINT64_C(1) << a->moves[k].stage;
		for (unsigned k = 0; value >= 0 && k < a->start_count; k++)
			if (expression_asks(p, a->starts[k].when, (unsigned)field + 1, (unsigned)value + 1))
				started |= UINT64_C(1) << a->starts[k].deadline;
	}
	char *text = NULL;
	for (unsigned i = 1; i <= p->stage_count; i++)
		if ((stages >> i) & 1)
			join(&text, ", ", words_of_stage(p, i));
	for (unsigned i = 0; i < p->deadline_count; i++)
		if ((started >> i) & 1) {
			char *title = words_of_deadline(p, i);
			join(&text, ", ", words("%s%s", title, i == deadline ? " again" : ""));
			free(title);
		}
	return text;
}

static void add_outcomes(struct card *c, const struct pathway *p, unsigned deadline, const struct question *q)
{
	for (unsigned i = 0; i < q->outcome_count; i++) {
		char *name = words_of_outcome(p, deadline, q->outcomes[i]), *next = follows(p, deadline, q->outcomes[i]);
		card_add(c, CARD_CHOICE, words("%s%s%s", name, next ? " \u2192 " : "", next ? next : ""));
		free(name);
		free(next);
	}
}

static bool same_outcomes(const struct question *a, const struct question *b)
{
	unsigned found = 0;
	for (unsigned i = 0; i < a->outcome_count; i++)
		for (unsigned k = 0; k < b->outcome_count; k++)
			found += slice_equal(a->outcomes[i], b->outcomes[k]);
	return a->outcome_count == b->outcome_count && found == a->outcome_count;
}

static void add_questions(struct card *c, const struct pathway *p, unsigned deadline)
{
	const struct deadline_rule *d = &p->deadlines[deadline];
	bool same = true;
	for (unsigned i = 1; i < d->question_count; i++)
		same = same && same_outcomes(&d->questions[0], &d->questions[i]);
	for (unsigned i = 0; i < d->question_count && !(same && i > 0); i++) {
		char *when = words_of_expression(p, NULL, d->questions[i].when);
		struct slice own = d->questions[i].clause;
		char *clause = own.size && !slice_equal(own, d->clause) ?
			words(" (%.*s):", (int)own.size, (const char *)own.bytes) : words(":");
		card_rule(c);
		if (same)
			card_add(c, CARD_BOLD, words("At its end a decision%s", clause));
		else if (when)
			card_add(c, CARD_BOLD, words("At its end, if %s, a decision%s", when, clause));
		else
			card_add(c, CARD_BOLD, words("At its end, otherwise, a decision%s", clause));
		add_outcomes(c, p, deadline, &d->questions[i]);
		free(clause);
		free(when);
	}
}

static void add_warnings(struct card *c, const struct deadline_rule *d)
{
	char *soon = d->soon.count ? words_of_length(d->soon) : NULL;
	char *overdue = d->overdue.count ? words_of_length(d->overdue) : NULL;
	char *text = NULL;
	if (soon)
		words_add(&text, "Reminder %s before", soon);
	if (overdue)
		words_add(&text, "%s %s after", soon ? "; overdue" : "Overdue", overdue);
	card_add(c, CARD_MUTED, text);
	free(soon);
	free(overdue);
	add_labelled(c, CARD_MUTED, "Alerts go to: ", d->tells ? words_of_roles(d->tells, "and") : NULL);
	char *roles = d->escalates_to ? words_of_roles(d->escalates_to, "and") : NULL;
	add_labelled(c, CARD_MUTED, "If still undone, told to: ", roles);
}

static char *met_by(const struct pathway *p, unsigned deadline)
{
	char *text = NULL;
	for (unsigned i = 0; i < p->action_count; i++)
		for (unsigned k = 0; k < p->actions[i].meet_count; k++)
			if (p->actions[i].meets[k].deadline == deadline)
				join(&text, "; ", words_of_action(p, i));
	return text;
}

/* What its end, of a task its being done or missed, begins and cancels. */
static void add_ends(struct card *c, const struct pathway *p, unsigned deadline)
{
	const struct deadline_rule *d = &p->deadlines[deadline];
	for (unsigned i = 0; i < d->end_start_count; i++) {
		char *title = words_of_deadline(p, d->end_starts[i].deadline);
		char *when = words_of_expression(p, NULL, d->end_starts[i].when);
		bool again = d->end_starts[i].deadline == deadline;
		card_add(c, CARD_PLAIN, words("%s%s%s%s", again ? "At its end begins again" : "At its end begins: ", again ? "" : title,
		                              when ? ", if " : "", when ? when : ""));
		free(title);
		free(when);
	}
	char *ended = deadlines_of(p, d->end_cancels, d->end_cancel_count, false);
	char *also = deadlines_of(p, d->end_cancels, d->end_cancel_count, true);
	add_labelled(c, CARD_PLAIN, "At its end cancels: ", ended);
	add_labelled(c, CARD_PLAIN, "At its end cancels: ", also);
}

void rules_deadline(struct card *c, int width, const struct pathway *p, unsigned deadline, struct expression when,
                    const struct action_rule *by, struct way *way)
{
	const struct deadline_rule *d = &p->deadlines[deadline];
	char *span = words_of_span(p, deadline);
	*way = (struct way){ 0 };
	begin(c, width, d->clause);
	card_add(c, CARD_TITLE, words_of_deadline(p, deadline));
	const char *sort = d->idle ? "If nothing is recorded for" : d->period ? "Runs" : d->reminder ? "Reminder" : "To be done";
	const char *within = d->anchor == ANCHOR_ON_DATE || d->anchor == ANCHOR_BEFORE_DATE ? "" : d->idle ? "" :
		d->period ? "for " : d->reminder ? "after " : "within ";
	card_add(c, CARD_PLAIN, words("%s %s%s%s", sort, within, span, d->per_parent ? ", for each parent" : ""));
	add_labelled(c, CARD_PLAIN, "Only if ", words_of_expression(p, by, when));
	if (d->breach_codes) {
		char *codes = words_of_codes(d->breach_codes);
		card_add(c, CARD_PLAIN, words("Told at once: %s in it", codes));
		free(codes);
	}
	if (!d->period)
		add_labelled(c, CARD_PLAIN, "Done by: ", met_by(p, deadline));
	add_labelled(c, CARD_PLAIN, "Counts as done if ", words_of_expression(p, NULL, d->met_if));
	if (d->stage_at_end) {
		way->stage = d->stage_at_end;
		way->y = add_labelled(c, CARD_PLAIN, "At its end \u2192 ", words_of_stage(p, d->stage_at_end));
	}
	add_ends(c, p, deadline);
	add_warnings(c, d);
	add_questions(c, p, deadline);
	card_end(c);
	free(span);
}

void rules_again(struct card *c, int width, const struct pathway *p, unsigned deadline, struct expression when,
                 const struct action_rule *by)
{
	begin(c, width, (struct slice){ NULL, 0 });
	char *title = words_of_deadline(p, deadline);
	card_add(c, CARD_TITLE, words("%s, begun again", title));
	free(title);
	add_labelled(c, CARD_PLAIN, "Only if ", words_of_expression(p, by, when));
	card_end(c);
}

void rules_cause(struct card *c, int width, const struct pathway *p, unsigned deadline, unsigned ending)
{
	const struct deadline_rule *d = &p->deadlines[deadline];
	begin(c, width, (struct slice){ NULL, 0 });
	if (ending) {
		char *title = words_of_deadline(p, ending - 1);
		card_add(c, CARD_TITLE, words("The end of: %s", title));
		card_add(c, CARD_MUTED, words("comes with time, or with what completes it"));
		free(title);
	} else if (d->idle) {
		card_add(c, CARD_TITLE, words("The latest action, whichever it is"));
		add_labelled(c, CARD_MUTED, "while ", words_of_expression(p, NULL, d->idle_while));
	} else {
		char *alerts = NULL;
		for (uint8_t kind = 0; kind < ALERT_KIND_LIMIT; kind++)
			if ((d->started_by >> kind) & 1)
				join(&alerts, ", ", words_of_name(slice_text(alert_kind_text(kind))));
		add_labelled(c, CARD_TITLE, "An alert from the registers: ", alerts);
	}
	card_end(c);
}

/* --- watches --- */

void rules_watch(struct card *c, int width, const struct watch_rule *w)
{
	char *name = words_of_name(slice_text(alert_kind_text(w->kind))), *codes = words_of_codes(w->codes);
	if (name[0] >= 'a' && name[0] <= 'z')
		name[0] = (char)(name[0] - 'a' + 'A');
	begin(c, width, w->clause);
	card_add(c, CARD_TITLE, name);
	switch ((enum watch_type)w->type) {
	case WATCH_COUNT:
		card_add(c, CARD_PLAIN, words("%u sessions of %s in 10 school weeks", w->at_least, codes));
		break;
	case WATCH_RUN:
		card_add(c, CARD_PLAIN, words("%u school days on end of %s", w->at_least, codes));
		break;
	case WATCH_SICK:
		card_add(c, CARD_PLAIN, words("%u school days of %s in the year, or on end", w->at_least, codes));
		break;
	case WATCH_SHARE:
		card_add(c, CARD_PLAIN, words("%u %% of possible sessions: %s", w->at_least, codes));
		break;
	case WATCH_STAYS:
		card_add(c, CARD_PLAIN, w->at_least == 1 ? words("%s, still when the day ends", codes)
							 : words("%s, still after %u school days", codes, w->at_least - 1u));
		break;
	}
	add_labelled(c, CARD_MUTED, "Alerts go to: ", w->tells ? words_of_roles(w->tells, "and") : NULL);
	card_end(c);
	free(codes);
}
