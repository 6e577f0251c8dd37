/* draw_words.h - a pathway's rules in English, for the picture.
 *
 * Every text is the caller's to free. A rule that has no words here yet is shown
 * by its name in the file, never left out.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_DRAW_WORDS_H
#define CLIENT_DRAW_WORDS_H

#include "casework/pathway.h"

/* asprintf() that never gives NULL. */
__attribute__((format(printf, 1, 2)))
char *words(const char *format, ...);
/* Appends, freeing what stood there; `text` may be NULL. */
__attribute__((format(printf, 2, 3)))
void words_add(char **text, const char *format, ...);

char *words_of_name(struct slice name);     /* "review-support": review support */
char *words_of_outcome(const struct pathway *, unsigned deadline, struct slice outcome); /* its title; else as words_of_name */
char *words_of_stage(const struct pathway *, unsigned stage); /* from 1; the title as far as its colon */
char *words_of_action(const struct pathway *, unsigned action);
char *words_of_deadline(const struct pathway *, unsigned deadline);
char *words_of_length(struct length);       /* "15 school days", "1 working day" */
char *words_of_span(const struct pathway *, unsigned deadline);  /* "5 days before meeting date", "on meeting date" */
char *words_of_codes(uint64_t codes);       /* "codes G, N or O", "any absence" */
char *words_of_roles(uint32_t roles, const char *joint); /* "school, officer or manager": "or" */
/* "outcome is stay or outcome is review support"; NULL of an empty one, which always holds. */
char *words_of_expression(const struct pathway *, const struct action_rule *, struct expression);
/* Does it ask, not denied, whether the field `field` (from 1) has the value `chosen` (from 1)? */
bool expression_asks(const struct pathway *, struct expression, unsigned field, unsigned chosen);

#endif
