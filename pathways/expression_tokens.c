/* Words, signs and the steps that they become.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>

#include "pathways/expression_parts.h"

void parser_fail(struct parser *p, size_t offset, const char *format, ...)
{
	va_list arguments;

	if (p->bad)
		return;
	p->bad = true;
	p->fault->offset = offset;
	va_start(arguments, format);
	utf8_cut(p->fault->text, sizeof p->fault->text, vsnprintf(p->fault->text, sizeof p->fault->text, format, arguments));
	va_end(arguments);
}

bool parser_is_word(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

void parser_next(struct parser *p)
{
	const uint8_t *s = p->text.bytes;
	size_t size = p->text.size, start;

	while (p->at < size && (s[p->at] == ' ' || s[p->at] == '\n'))
		p->at++;
	start = p->token_at = p->at;
	if (p->at == size) {
		p->token = (struct slice){NULL, 0};
		return;
	}
	if (parser_is_word(s[p->at])) {
		while (p->at < size && parser_is_word(s[p->at]))
			p->at++;
	} else if ((s[p->at] == '<' || s[p->at] == '>' || s[p->at] == '!') && p->at + 1 < size && s[p->at + 1] == '=') {
		p->at += 2;
	} else {
		for (p->at++; p->at < size && (s[p->at] & 0xC0) == 0x80; p->at++) /* a character as a whole, to be told of */
			;
	}
	p->token = slice_of(s + start, p->at - start);
}

bool parser_accept(struct parser *p, const char *text)
{
	if (p->bad || !slice_is(p->token, text))
		return false;
	parser_next(p);
	return true;
}

void parser_expect(struct parser *p, const char *text)
{
	if (!parser_accept(p, text))
		parser_fail(p, p->token_at, "\"%s\" expected%s", text, p->token.size ? "" : " before the end");
}

void parser_emit(struct parser *p, struct step step)
{
	if (p->bad)
		return;
	if (p->count == EXPRESSION_MAX || p->pathway->step_count == STEPS_MAX) {
		parser_fail(p, p->token_at, "too long (%d steps at most): cut it in two needs", EXPRESSION_MAX);
		return;
	}
	if (step_is_operand(step.kind)) {
		if (++p->depth > EXPRESSION_STACK_MAX)
			parser_fail(p, p->token_at, "too much at once: use brackets, or cut it in two");
	} else if (step.kind != STEP_NOT) {
		p->depth--;
	}
	p->pathway->steps[p->pathway->step_count++] = step;
	p->count++;
}

struct slice parser_word(struct parser *p, const char *what)
{
	struct slice token = p->token;

	if (token.size == 0 || !parser_is_word(token.bytes[0])) {
		parser_fail(p, p->token_at, "the name of %s expected", what);
		return (struct slice){NULL, 0};
	}
	parser_next(p);
	return token;
}
