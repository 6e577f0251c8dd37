/* SPDX-License-Identifier: Apache-2.0 */
#include "client/draw_words.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/event.h"

static char *vwords(const char *format, va_list arguments) __attribute__((format(printf, 1, 0)));

static char *vwords(const char *format, va_list arguments)
{
	char *text;
	if (vasprintf(&text, format, arguments) < 0) {
		fputs("attend: no memory for a drawing\n", stderr);
		exit(2);
	}
	return text;
}

char *words(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	char *text = vwords(format, arguments);
	va_end(arguments);
	return text;
}

void words_add(char **text, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	char *more = vwords(format, arguments);
	va_end(arguments);
	char *both = words("%s%s", *text ? *text : "", more);
	free(more);
	free(*text);
	*text = both;
}

static char *copied(struct slice text)
{
	return words("%.*s", (int)text.size, (const char *)text.bytes);
}

char *words_of_name(struct slice name)
{
	char *text = copied(name);
	for (char *at = text; *at; at++)
		if (*at == '-' || *at == '_')
			*at = ' ';
	return text;
}

char *words_of_stage(const struct pathway *p, unsigned stage)
{
	struct slice title = p->stage_titles[stage - 1];
	const uint8_t *colon = memchr(title.bytes, ':', title.size);
	return copied(colon ? slice_of(title.bytes, (size_t)(colon - title.bytes)) : title);
}

char *words_of_action(const struct pathway *p, unsigned action)
{
	return copied(p->actions[action].title);
}

char *words_of_deadline(const struct pathway *p, unsigned deadline)
{
	const struct deadline_rule *d = &p->deadlines[deadline];
	return d->title.size > 0 ? copied(d->title) : words_of_name(d->name);
}

char *words_of_outcome(const struct pathway *p, unsigned deadline, struct slice outcome)
{
	struct slice title = pathway_outcome_title(p, deadline, outcome);
	return title.size > 0 ? copied(title) : words_of_name(outcome);
}

char *words_of_length(struct length length)
{
	const char *unit = unit_text(length.unit);
	size_t size = unit ? strlen(unit) : 0;
	return words("%u %.*s", length.count, (int)(length.count == 1 && size ? size - 1 : size), unit ? unit : "");
}

char *words_of_span(const struct pathway *p, unsigned deadline)
{
	static const char *const joints[ANCHOR_LAST + 1] = {
		[ANCHOR_DONE] = " after ", [ANCHOR_AFTER_DATE] = " after ", [ANCHOR_BEFORE_DATE] = " before ", [ANCHOR_ON_DATE] = "on ",
	};
	const struct deadline_rule *d = &p->deadlines[deadline];
	char *length = d->length.count ? words_of_length(d->length) : words("%s", ""), *from = words("%s", "");
	if (d->anchor == ANCHOR_DONE) {
		char *action = words_of_action(p, d->anchor_action);
		words_add(&from, "\u2018%s\u2019", action);
		free(action);
	} else if (d->anchor != ANCHOR_START) {
		free(from);
		from = words_of_name(d->anchor_field);
	}
	char *text = words("%s%s%s", length, joints[d->anchor] ? joints[d->anchor] : "", from);
	free(length);
	free(from);
	return text;
}

/* "a", "a or b", "a, b or c": one more of them. */
static void listed(char **text, const char *one, bool last, const char *joint)
{
	words_add(text, "%s%s%s%s", !*text ? "" : last ? " " : ", ", *text && last ? joint : "", *text && last ? " " : "", one);
}

char *words_of_codes(uint64_t codes)
{
	if (codes == CODES_ABSENT)
		return words("any absence");
	if (codes == CODES_UNAUTHORISED)
		return words("unauthorised absence");
	if (codes == CODES_AUTHORISED)
		return words("authorised absence");
	char *text = NULL;
	for (uint8_t code = 1; code < 64; code++)
		if (code_in(codes, code) && code_text(code))
			listed(&text, code_text(code), (codes >> code) == 1, "or");
	char *named = words("%s %s", (codes & (codes - 1)) ? "codes" : "code", text ? text : "none");
	free(text);
	return named;
}

char *words_of_roles(uint32_t roles, const char *joint)
{
	char *text = NULL;
	for (uint8_t role = 1; role < 32; role++)
		if (((roles >> role) & 1) && role_text(role))
			listed(&text, role_text(role), (roles >> role) == 1, joint);
	return text ? text : words("nobody");
}

/* --- expressions -----------------------------------------------------------
 *
 * Steps are in postfix order. Each phrase on the stack is there in two forms, as
 * it is and denied, so that "not" need not be put before an English sentence. */

enum joint { SINGLE, JOINED_AND, JOINED_OR };

struct phrase {
	char *so, *denied;
	enum joint joint;
	uint8_t counts; /* STEP_DONE: how often an action was recorded; else 0 */
};

struct stack {
	struct phrase phrases[EXPRESSION_MAX];
	unsigned count;
};

static struct phrase pop(struct stack *s)
{
	return s->count ? s->phrases[--s->count] : (struct phrase){ words("?"), words("?"), SINGLE, 0 };
}

static void push(struct stack *s, char *so, char *denied, enum joint joint, uint8_t counts)
{
	if (s->count < EXPRESSION_MAX) {
		s->phrases[s->count++] = (struct phrase){ so, denied, joint, counts };
	} else {
		free(so);
		free(denied);
	}
}

static void drop(struct phrase *phrase)
{
	free(phrase->so);
	free(phrase->denied);
}

static const char *figure_named(int32_t figure)
{
	switch (figure) {
#define X(name, number, text) case number: return text;
	FIGURES(X)
#undef X
	default: return "a figure";
	}
}

/* Something that is or isn't, of a named thing: "‘Referral’ is recorded". */
static void push_named(struct stack *s, char *name, const char *so, const char *denied)
{
	push(s, words("\u2018%s\u2019 %s", name, so), words("\u2018%s\u2019 %s", name, denied), SINGLE, 0);
	free(name);
}

static char *quoted(struct slice text)
{
	return words("\u2018%.*s\u2019", (int)text.size, (const char *)text.bytes);
}

/* A field's name, and the value that is asked for. */
static void field_words(const struct action_rule *a, const struct step *step, char **name, char **value)
{
	const struct field_rule *field = &a->fields[step->field - 1];
	*name = words_of_name(field->name);
	if (field->type == FIELD_YES_NO)
		*value = words(step->chosen == 2 ? "no" : "yes");
	else if (step->chosen > 0 && step->chosen <= field->value_count)
		*value = field->value_titles[step->chosen - 1].size ? quoted(field->value_titles[step->chosen - 1]) : words_of_name(field->values[step->chosen - 1]);
	else
		*value = words("given");
}

static void push_given(struct stack *s, const struct action_rule *a, const struct step *step)
{
	char *name, *value;
	field_words(a, step, &name, &value);
	push(s, words("%s is %s", name, value), words("%s is not %s", name, value), SINGLE, 0);
	free(value);
	free(name);
}

static void push_done(struct stack *s, const struct pathway *p, const struct step *step)
{
	char *action = words_of_action(p, (unsigned)step->value), *with = words("%s", "");
	const char *whose = step->kind == STEP_DONE_PARENT ? " for the parent" : step->kind == STEP_DONE_EACH ? " for each parent" : "";
	if (step->field > 0) {
		char *name, *value;
		field_words(&p->actions[step->value], step, &name, &value);
		words_add(&with, ", %s %s", name, value);
		free(value);
		free(name);
	}
	if (step->kind == STEP_LATEST)
		push(s, words("the latest \u2018%s\u2019 says%s", action, with + 1), words("the latest \u2018%s\u2019 does not say%s", action, with + 1), SINGLE, 0);
	else
		push(s, words("\u2018%s\u2019 is recorded%s%s", action, whose, with),
		     words("\u2018%s\u2019 is not recorded%s%s", action, whose, with), SINGLE, STEP_DONE);
	free(with);
	free(action);
}

static void push_until(struct stack *s, const struct action_rule *a, const struct step *step)
{
	char *name = words_of_name(a->fields[step->field - 1].name);
	push(s, words("days until %s", name), words("%s is today", name), SINGLE, 0);
	free(name);
}

static void push_within(struct stack *s, const struct pathway *p, const struct action_rule *a, const struct step *step)
{
	char *end = step->chosen ? words_of_deadline(p, step->chosen - 1u) : words("%s", "");
	char *name = step->field ? words_of_name(a->fields[step->field - 1].name) : words("the end of \u2018%s\u2019", end);
	char *length = words_of_length((struct length){ (uint16_t)(step->value >> 8), (uint8_t)step->value });
	char *from = step->field && step->chosen ? words(" of the end of \u2018%s\u2019", end) : words("%s", "");
	push(s, words("%s within %s%s", name, length, from), words("%s not within %s%s", name, length, from), SINGLE, 0);
	free(from);
	free(length);
	free(name);
	free(end);
}

static void push_value(struct stack *s, const struct pathway *p, const struct action_rule *a, const struct step *step)
{
	unsigned index = step->value > 0 ? (unsigned)step->value : 0;
	char *name;
	switch (step->kind) {
	case STEP_NUMBER:
		push(s, words("%d", step->value), words("%d", step->value), SINGLE, 0);
		return;
	case STEP_FIGURE:
		name = words_of_name(slice_text(figure_named(step->value)));
		push(s, words("%s", name), words("not %s", name), SINGLE, 0);
		free(name);
		return;
	case STEP_GIVEN:
		push_given(s, a, step);
		return;
	case STEP_STAGE:
		push_named(s, words_of_stage(p, index), "is reached", "is not reached");
		return;
	case STEP_RUNNING:
		push_named(s, words_of_deadline(p, index), "is running", "is not running");
		return;
	case STEP_AT_END:
		name = words_of_deadline(p, index);
		push(s, words("unauthorised sessions at the end of \u2018%s\u2019", name), words("none at the end of \u2018%s\u2019", name), SINGLE, 0);
		free(name);
		return;
	case STEP_IN_FORCE:
		push_named(s, words_of_deadline(p, index), "is in force", "is not in force");
		return;
	case STEP_DAYS_INTO:
		push_named(s, words_of_deadline(p, index), "days run", "days not run");
		return;
	case STEP_DAYS_UNTIL:
		push_until(s, a, step);
		return;
	case STEP_WITHIN:
		push_within(s, p, a, step);
		return;
	case STEP_IN_WEEKS:
		push(s, words("unauthorised sessions in %d school weeks", step->value), words("none in %d school weeks", step->value), SINGLE, 0);
		return;
	case STEP_ATTENDANCE_BEFORE:
		push(s, words("attendance %d school weeks before", step->value), words("none %d school weeks before", step->value), SINGLE, 0);
		return;
	case STEP_NOTICES:
		push(s, words("notices in %d %s%s", step->value >> 8, unit_text((uint8_t)step->value), step->chosen ? ", over all children" : ""),
		     words("no notice in %d %s", step->value >> 8, unit_text((uint8_t)step->value)), SINGLE, 0);
		return;
	case STEP_BY:
		push(s, words("by %s", role_text((uint8_t)step->value)), words("not by %s", role_text((uint8_t)step->value)), SINGLE, 0);
		return;
	case STEP_DAYS_SINCE:
		push_named(s, words_of_action(p, index), "days since", "days not since");
		return;
	case STEP_DONE:
	case STEP_DONE_PARENT:
	case STEP_DONE_EACH:
	case STEP_LATEST:
		push_done(s, p, step);
		return;
	default:
		push(s, words("what the file says"), words("not what the file says"), SINGLE, 0);
	}
}

/* How often something was done: at least once, or never, is said in words. */
static bool push_counted(struct stack *s, const struct phrase *left, uint8_t kind, const char *number)
{
	bool once = (kind == STEP_GE && strcmp(number, "1") == 0) || (kind == STEP_GT && strcmp(number, "0") == 0);
	bool never = (kind == STEP_EQ && strcmp(number, "0") == 0) || (kind == STEP_LT && strcmp(number, "1") == 0);
	if (left->counts && (once || never))
		push(s, words("%s", once ? left->so : left->denied), words("%s", once ? left->denied : left->so), SINGLE, 0);
	return left->counts && (once || never);
}

static void push_comparison(struct stack *s, uint8_t kind)
{
	static const char *const signs[] = { "<", "\u2264", "=", "\u2260", "\u2265", ">" };
	static const char *const denials[] = { "\u2265", ">", "\u2260", "=", "<", "\u2264" };
	struct phrase right = pop(s), left = pop(s);
	if (!push_counted(s, &left, kind, right.so)) {
		const char *times = left.counts ? " times" : "";
		push(s, words("%s %s %s%s", left.so, signs[kind - STEP_LT], right.so, times),
		     words("%s %s %s%s", left.so, denials[kind - STEP_LT], right.so, times), SINGLE, 0);
	}
	drop(&left);
	drop(&right);
}

/* In brackets where it is joined otherwise. */
static char *within(const char *text, enum joint inner, enum joint outer)
{
	return words(inner != SINGLE && inner != outer ? "(%s)" : "%s", text);
}

static void push_joined(struct stack *s, enum joint joint)
{
	const char *word = joint == JOINED_AND ? "and" : "or", *other = joint == JOINED_AND ? "or" : "and";
	struct phrase right = pop(s), left = pop(s);
	char *a = within(left.so, left.joint, joint), *b = within(right.so, right.joint, joint);
	/* Denied, each half's and is an or. */
	char *x = words(left.joint == joint || left.joint == SINGLE ? "%s" : "(%s)", left.denied);
	char *y = words(right.joint == joint || right.joint == SINGLE ? "%s" : "(%s)", right.denied);
	push(s, words("%s %s %s", a, word, b), words("%s %s %s", x, other, y), joint, 0);
	free(a);
	free(b);
	free(x);
	free(y);
	drop(&left);
	drop(&right);
}

static void push_denied(struct stack *s)
{
	struct phrase phrase = pop(s);
	enum joint joint = phrase.joint == JOINED_AND ? JOINED_OR : phrase.joint == JOINED_OR ? JOINED_AND : SINGLE;
	push(s, phrase.denied, phrase.so, joint, 0);
}

char *words_of_expression(const struct pathway *p, const struct action_rule *a, struct expression e)
{
	struct stack s = { .count = 0 };
	for (unsigned i = 0; i < e.count; i++) {
		const struct step *step = &p->steps[e.first + i];
		if (step->kind >= STEP_LT && step->kind <= STEP_GT)
			push_comparison(&s, step->kind);
		else if (step->kind == STEP_AND)
			push_joined(&s, JOINED_AND);
		else if (step->kind == STEP_OR)
			push_joined(&s, JOINED_OR);
		else if (step->kind == STEP_NOT)
			push_denied(&s);
		else
			push_value(&s, p, a, step);
	}
	char *text = s.count ? words("%s", s.phrases[s.count - 1].so) : NULL;
	while (s.count)
		drop(&s.phrases[--s.count]);
	return text;
}

bool expression_asks(const struct pathway *p, struct expression e, unsigned field, unsigned chosen)
{
	for (unsigned i = 0; i < e.count; i++) {
		const struct step *step = &p->steps[e.first + i];
		bool denied = i + 1 < e.count && p->steps[e.first + i + 1].kind == STEP_NOT;
		if (step->kind == STEP_GIVEN && step->field == field && step->chosen == chosen && !denied)
			return true;
	}
	return false;
}
