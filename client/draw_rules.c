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
	char *roles = words_of_roles(a->roles);
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
		char *name = words_of_name(q->outcomes[i]), *next = follows(p, deadline, q->outcomes[i]);
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
		card_rule(c);
		if (same)
			card_add(c, CARD_BOLD, words("%s", d->period ? "At its end, a decision:" : "Done or not by then, a decision:"));
		else if (when)
			card_add(c, CARD_BOLD, words("Decision at its end, if %s:", when));
		else
			card_add(c, CARD_BOLD, words("Decision at its end, otherwise:"));
		add_outcomes(c, p, deadline, &d->questions[i]);
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

void rules_deadline(struct card *c, int width, const struct pathway *p, unsigned deadline, struct expression when,
                    const struct action_rule *by, struct way *way)
{
	const struct deadline_rule *d = &p->deadlines[deadline];
	char *length = words_of_length(d->length);
	*way = (struct way){ 0 };
	begin(c, width, d->clause);
	card_add(c, CARD_TITLE, words_of_deadline(p, deadline));
	card_add(c, CARD_PLAIN, words(d->period ? "Runs for %s%s" : "To be done within %s%s", length,
	                              d->per_parent ? ", for each parent" : ""));
	add_labelled(c, CARD_PLAIN, "Only if ", words_of_expression(p, by, when));
	if (d->breach_codes) {
		char *codes = words_of_codes(d->breach_codes);
		card_add(c, CARD_PLAIN, words("Told at once: %s in it", codes));
		free(codes);
	}
	if (!d->period)
		add_labelled(c, CARD_PLAIN, "Done by: ", met_by(p, deadline));
	if (d->stage_at_end) {
		way->stage = d->stage_at_end;
		way->y = add_labelled(c, CARD_PLAIN, "At its end \u2192 ", words_of_stage(p, d->stage_at_end));
	}
	if (d->starts_at_end)
		add_labelled(c, CARD_PLAIN, "At its end begins: ", words_of_deadline(p, d->starts_at_end - 1u));
	add_warnings(c, d);
	add_questions(c, p, deadline);
	card_end(c);
	free(length);
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

void rules_end(struct card *c, int width, const struct pathway *p, unsigned deadline)
{
	begin(c, width, (struct slice){ NULL, 0 });
	char *title = words_of_deadline(p, deadline);
	card_add(c, CARD_TITLE, words("The end of: %s", title));
	card_add(c, CARD_MUTED, words("comes with time, without an action"));
	free(title);
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
	}
	card_end(c);
	free(codes);
}
