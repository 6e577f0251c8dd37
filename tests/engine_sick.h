/* engine_sick.h - an authority's small autumn as a list of submissions, and all that may be asked of it.
 *
 * Every kind of submission is in it, and after them every table has something in it. SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_ENGINE_SICK_H
#define TESTS_ENGINE_SICK_H

#include "tests/engine_host.h"

struct sick_step {
	enum who who;
	uint8_t command;
	const char *json; /* @1 to @4: a UPN; of COMMAND_PATHWAY the file */
};

extern const struct sick_step sick_steps[];
extern const unsigned sick_step_count;
struct sick_question {
	enum who who;
	const char *json;
};
extern const struct sick_question sick_questions[];
extern const unsigned sick_question_count;

void sick_make(struct host *);
void sick_make_whole(struct host *); /* and all steps done, each taken */
/* @1 to @4 become UPNs, @s a spare key, @a the number of the first alert. */
void sick_expand(struct host *, char *room, size_t size, const char *json);
/* The step's frame, always the same bytes; the caller frees them. */
struct slice sick_frame(struct host *, unsigned step);
/* A turn of that frame. What was said, NULL where nothing was: the commit failed. */
const struct answer *sick_step(struct host *, unsigned step);
void sick_put(struct host *, unsigned question);               /* in a turn */
const struct answer *sick_ask(struct host *, unsigned question);
/* All the answers, as one text (of every `sick_some`th question, where that is set); the caller frees it. */
extern unsigned sick_some;
char *sick_answers(struct host *);
void sick_copy(const char *from, const char *to); /* the files of a closed store */

#endif
