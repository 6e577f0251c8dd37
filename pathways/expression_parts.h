/* expression_parts.h - what the parser of expressions (expression.c) stands on: tokens in, steps out (expression_tokens.c).
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef PATHWAYS_EXPRESSION_PARTS_H
#define PATHWAYS_EXPRESSION_PARTS_H

#include "pathways/compile_parts.h"
#include "proto/utf8.h"

struct parser {
	struct pathway *pathway;
	const struct action_rule *action;
	enum expression_place place;
	struct slice text;
	size_t at;          /* behind the token */
	size_t token_at;
	struct slice token; /* empty: the end */
	unsigned count, depth, nesting;
	bool bad;
	struct expression_fault *fault;
};

/* What "%.*s" takes of a token that is told of. */
#define SHOW(s) UTF8_HEAD(s, 40)

/* The first fault stands; after it nothing is taken and nothing comes out. */
__attribute__((format(printf, 3, 4))) void parser_fail(struct parser *, size_t offset, const char *format, ...);
bool parser_is_word(uint8_t c); /* may a word hold it? */
void parser_next(struct parser *);
bool parser_accept(struct parser *, const char *text); /* that token, where it comes next */
void parser_expect(struct parser *, const char *text); /* it must */
struct slice parser_word(struct parser *, const char *what); /* the name of what it is said to be */
void parser_emit(struct parser *, struct step);

#endif
