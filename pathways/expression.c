/* expression.c - a parser by descent, straight into postfix steps.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "casework/pupil.h"
#include "pathways/expression_parts.h"
#include "pathways/nearest.h"

enum { NESTING_MAX = 12, NUMBER_MAX = 1000000 };

/* field [ "=" word ], of `action`. */
static void field(struct parser *p, const struct action_rule *action, struct step *step)
{
	size_t at = p->token_at;
	struct slice name = parser_word(p, "a field");
	const struct field_rule *rule;
	int index;

	if (p->bad)
		return;
	index = action_field(action, name);
	if (index < 0) {
		struct nearest near = {.name = name};

		nearest_fields(&near, action);
		parser_fail(p, at, "%.*s is not a field of %.*s: %s", SHOW(name), SHOW(action->name), nearest_text(&near));
		return;
	}
	rule = &action->fields[index];
	step->field = (uint8_t)(index + 1);
	if (rule->type == FIELD_TEXT && (p->place != EXPRESSION_NEED || step->kind != STEP_GIVEN)) {
		parser_fail(p, at, "%.*s is free text, which is sealed: only a need of its own action may ask whether it was given", SHOW(name));
		return;
	}
	if (!parser_accept(p, "="))
		return;
	at = p->token_at;
	name = parser_word(p, "a value");
	if (p->bad)
		return;
	index = field_value(rule, name);
	if (index < 0) {
		struct nearest near = {.name = name};

		nearest_values(&near, rule);
		parser_fail(p, at, "%.*s is not a value of %.*s: %s", SHOW(name), SHOW(rule->name), nearest_text(&near));
		return;
	}
	step->chosen = (uint8_t)(index + 1);
}

static void call_of_action(struct parser *p, struct step step)
{
	size_t at = p->token_at;
	struct slice name = parser_word(p, "an action");
	int index;

	if (p->bad)
		return;
	index = pathway_action(p->pathway, name);
	if (index < 0) {
		struct nearest near = {.name = name};

		nearest_actions(&near, p->pathway);
		parser_fail(p, at, "no action %.*s in this file: %s", SHOW(name), nearest_text(&near));
		return;
	}
	step.value = index;
	if (step.kind == STEP_DONE_EACH && p->place != EXPRESSION_NEED)
		parser_fail(p, at, "who the parents are is sealed: only a need may ask for each of them");
	if (parser_accept(p, ","))
		field(p, &p->pathway->actions[index], &step);
	else if (step.kind == STEP_LATEST)
		parser_fail(p, p->token_at, "latest() asks what was said last: latest(action, field=value)");
	if (!p->bad && step.kind == STEP_LATEST && step.chosen == 0 && p->pathway->actions[index].fields[step.field - 1].type != FIELD_YES_NO)
		parser_fail(p, p->token_at, "latest() wants a field of yes/no, or a value of one of its list");
	parser_emit(p, step);
}

static int deadline_named(struct parser *p)
{
	size_t at = p->token_at;
	struct slice name = parser_word(p, "a deadline");
	int index = p->bad ? 0 : pathway_deadline(p->pathway, name);

	if (index < 0) {
		struct nearest near = {.name = name};

		nearest_deadlines(&near, p->pathway);
		parser_fail(p, at, "no deadline %.*s in this file: %s", SHOW(name), nearest_text(&near));
	}
	return index;
}

static void call_of_deadline(struct parser *p, struct step step)
{
	step.value = deadline_named(p);
	parser_emit(p, step);
}

static void call_of_stage(struct parser *p, struct step step)
{
	size_t at = p->token_at;
	struct slice name = parser_word(p, "a stage");
	int index = p->bad ? 0 : pathway_stage(p->pathway, name);

	if (index < 0) {
		struct nearest near = {.name = name};

		nearest_stages(&near, p->pathway);
		parser_fail(p, at, "no stage %.*s in this file: %s", SHOW(name), nearest_text(&near));
	}
	step.value = index + 1;
	parser_emit(p, step);
}

static void call_of_field(struct parser *p, struct step step)
{
	if (p->place == EXPRESSION_QUESTION || p->action == NULL) {
		parser_fail(p, p->token_at, "given() asks for a field of an action, and there is none here");
		return;
	}
	field(p, p->action, &step);
	parser_emit(p, step);
}

static void date_field(struct parser *p, struct step *step, const char *call)
{
	size_t at = p->token_at;

	if (p->place == EXPRESSION_QUESTION || p->action == NULL) {
		parser_fail(p, at, "%s() asks for a field of an action, and there is none here", call);
		return;
	}
	field(p, p->action, step);
	if (!p->bad && (step->chosen != 0 || p->action->fields[step->field - 1].type != FIELD_DATE))
		parser_fail(p, at, "%s() wants a field of type date", call);
}

static void call_of_date(struct parser *p, struct step step)
{
	date_field(p, &step, "days_until");
	parser_emit(p, step);
}

static bool take_number(struct parser *p, unsigned least, unsigned most, unsigned *number)
{
	*number = 0;
	for (size_t i = 0; i < p->token.size && *number <= most; i++)
		*number = p->token.bytes[i] >= '0' && p->token.bytes[i] <= '9' ? *number * 10 + (unsigned)(p->token.bytes[i] - '0') : most + 1;
	if (p->token.size == 0 || *number < least || *number > most) {
		parser_fail(p, p->token_at, "a number from %u to %u expected", least, most);
		return false;
	}
	parser_next(p);
	return true;
}

static void call_of_weeks(struct parser *p, struct step step)
{
	unsigned weeks;

	if (!take_number(p, 1, PUPIL_WINDOW_WEEKS, &weeks))
		return;
	step.value = (int32_t)weeks;
	parser_emit(p, step);
}

static bool take_length(struct parser *p, struct step *step)
{
	unsigned count;
	size_t at, end;
	uint8_t unit;

	if (!take_number(p, 1, 1000, &count))
		return false;
	for (at = end = p->token_at; p->token.size > 0 && parser_is_word(p->token.bytes[0]); parser_next(p))
		end = p->at;
	unit = unit_named(slice_of(p->text.bytes + at, end - at), count == 1);
	if (unit == 0) {
		parser_fail(p, at, "a unit expected: days, school days, working days, weeks, school weeks, months or years");
		return false;
	}
	step->value = (int32_t)(count << 8 | unit);
	return true;
}

/* LENGTH [ "," "all children" ] */
static void call_of_length(struct parser *p, struct step step)
{
	if (!take_length(p, &step))
		return;
	if (parser_accept(p, ",")) {
		parser_expect(p, "all");
		parser_expect(p, "children");
		step.chosen = 1;
	}
	parser_emit(p, step);
}

/* deadline "," LENGTH, or field "," LENGTH [ "," deadline ] */
static void call_of_within(struct parser *p, struct step step)
{
	bool ends = pathway_deadline(p->pathway, p->token) >= 0;

	if (ends && p->action != NULL && action_field(p->action, p->token) >= 0)
		parser_fail(p, p->token_at, "%.*s is a field and a deadline: rename one of them", SHOW(p->token));
	else if (ends)
		step.chosen = (uint8_t)(deadline_named(p) + 1);
	else
		date_field(p, &step, "within");
	parser_expect(p, ",");
	if (p->bad || !take_length(p, &step))
		return;
	if (!ends && parser_accept(p, ","))
		step.chosen = (uint8_t)(deadline_named(p) + 1);
	parser_emit(p, step);
}

static void call_of_role(struct parser *p, struct step step)
{
	size_t at = p->token_at;
	struct slice name = parser_word(p, "a role");

	if (p->bad)
		return;
	step.value = role_parse(name);
	if (step.value == 0)
		parser_fail(p, at, "%.*s is no role: school, lead, officer or manager", SHOW(name));
	else if (p->place != EXPRESSION_NEED)
		parser_fail(p, at, "who acts is known to a need alone");
	parser_emit(p, step);
}

static const struct call {
	const char *name;
	uint8_t kind;
	void (*parse)(struct parser *, struct step);
} CALLS[] = {
	{"done", STEP_DONE, call_of_action},
	{"done_for_parent", STEP_DONE_PARENT, call_of_action},
	{"done_for_each_parent", STEP_DONE_EACH, call_of_action},
	{"latest", STEP_LATEST, call_of_action},
	{"days_since", STEP_DAYS_SINCE, call_of_action},
	{"given", STEP_GIVEN, call_of_field},
	{"reached", STEP_STAGE, call_of_stage},
	{"running", STEP_RUNNING, call_of_deadline},
	{"in_force", STEP_IN_FORCE, call_of_deadline},
	{"unauthorised_at_end", STEP_AT_END, call_of_deadline},
	{"days_into", STEP_DAYS_INTO, call_of_deadline},
	{"days_until", STEP_DAYS_UNTIL, call_of_date},
	{"within", STEP_WITHIN, call_of_within},
	{"unauthorised_in_weeks", STEP_IN_WEEKS, call_of_weeks},
	{"attendance_before_weeks", STEP_ATTENDANCE_BEFORE, call_of_weeks},
	{"notices", STEP_NOTICES, call_of_length},
	{"by", STEP_BY, call_of_role},
};

static const struct figure_name {
	const char *name;
	int32_t figure;
} FIGURE_NAMES[] = {
#define X(name, number, text) {text, FIGURE_##name},
	FIGURES(X)
#undef X
};

static void either(struct parser *);

static void named_value(struct parser *p)
{
	size_t at = p->token_at;
	struct slice name = p->token;

	parser_next(p);
	for (size_t i = 0; i < sizeof CALLS / sizeof *CALLS; i++) {
		if (!slice_is(name, CALLS[i].name))
			continue;
		parser_expect(p, "(");
		if (!p->bad)
			CALLS[i].parse(p, (struct step){.kind = CALLS[i].kind});
		parser_expect(p, ")");
		return;
	}
	for (size_t i = 0; i < sizeof FIGURE_NAMES / sizeof *FIGURE_NAMES; i++) {
		if (slice_is(name, FIGURE_NAMES[i].name)) {
			if (FIGURE_NAMES[i].figure == FIGURE_COMPULSORY_AGE && p->place != EXPRESSION_NEED)
				parser_fail(p, at, "%.*s rests on the birth date, which is sealed: only a need may ask for it", SHOW(name));
			if ((FIGURE_NAMES[i].figure == FIGURE_ATTENDED_LAST_DAY ||
			     FIGURE_NAMES[i].figure == FIGURE_ATTENDED_IN_DEADLINE) && p->place != EXPRESSION_QUESTION)
				parser_fail(p, at, "%.*s is of a deadline: only what is asked at its end may ask for it", SHOW(name));
			parser_emit(p, (struct step){.kind = STEP_FIGURE, .value = FIGURE_NAMES[i].figure});
			return;
		}
	}
	parser_fail(p, at, "%.*s is neither a figure nor done(), done_for_parent(), done_for_each_parent(), latest(), days_since(), given(), "
	     "reached(), running(), in_force(), days_into(), days_until(), within(), unauthorised_in_weeks(), unauthorised_at_end(), attendance_before_weeks(), notices() or by()", SHOW(name));
}

static void one_number(struct parser *p)
{
	int32_t number = 0;

	for (size_t i = 0; i < p->token.size; i++) {
		uint8_t c = p->token.bytes[i];

		if (c < '0' || c > '9' || number > NUMBER_MAX / 10) {
			parser_fail(p, p->token_at, "not a whole number up to %d", NUMBER_MAX);
			return;
		}
		number = number * 10 + (c - '0');
	}
	parser_next(p);
	parser_emit(p, (struct step){.kind = STEP_NUMBER, .value = number});
}

static void one_value(struct parser *p)
{
	if (p->bad)
		return;
	if (parser_accept(p, "(")) {
		if (++p->nesting > NESTING_MAX)
			parser_fail(p, p->token_at, "brackets nested too deeply (%d at most)", NESTING_MAX);
		else
			either(p);
		p->nesting--;
		parser_expect(p, ")");
	} else if (p->token.size == 0) {
		parser_fail(p, p->token_at, "something is missing at the end: a figure, a number or a call");
	} else if (p->token.bytes[0] >= '0' && p->token.bytes[0] <= '9') {
		one_number(p);
	} else if (parser_is_word(p->token.bytes[0])) {
		named_value(p);
	} else {
		parser_fail(p, p->token_at, "a figure, a number or a call expected, not \"%.*s\"", SHOW(p->token));
	}
}

static void one_factor(struct parser *p)
{
	static const struct { const char *text; uint8_t kind; } operators[] = {
		{"<", STEP_LT}, {"<=", STEP_LE}, {"=", STEP_EQ}, {"!=", STEP_NE}, {">=", STEP_GE}, {">", STEP_GT},
	};

	if (parser_accept(p, "not")) {
		if (++p->nesting > NESTING_MAX)
			parser_fail(p, p->token_at, "nested too deeply (%d at most)", NESTING_MAX);
		else
			one_factor(p);
		p->nesting--;
		parser_emit(p, (struct step){.kind = STEP_NOT});
		return;
	}
	one_value(p);
	for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
		if (parser_accept(p, operators[i].text)) {
			one_value(p);
			parser_emit(p, (struct step){.kind = operators[i].kind});
			return;
		}
	}
}

static void all_of(struct parser *p)
{
	one_factor(p);
	while (parser_accept(p, "and")) {
		one_factor(p);
		parser_emit(p, (struct step){.kind = STEP_AND});
	}
}

static void either(struct parser *p)
{
	all_of(p);
	while (parser_accept(p, "or")) {
		all_of(p);
		parser_emit(p, (struct step){.kind = STEP_OR});
	}
}

bool expression_parse(struct pathway *pathway, const struct action_rule *action, enum expression_place place,
                      struct slice text, struct expression *out, struct expression_fault *fault)
{
	struct parser p = {
		.pathway = pathway, .action = action, .place = place, .text = text, .fault = fault,
	};
	uint16_t first = pathway->step_count;

	parser_next(&p);
	either(&p);
	if (!p.bad && p.token.size > 0)
		parser_fail(&p, p.token_at, "\"%.*s\" was not expected here", SHOW(p.token));
	if (p.bad) {
		pathway->step_count = first;
		return false;
	}
	out->first = first;
	out->count = (uint8_t)p.count;
	return true;
}
