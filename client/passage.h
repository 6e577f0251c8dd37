/* passage.h - where an open case's stage and deadlines go: the options that say it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_PASSAGE_H
#define CLIENT_PASSAGE_H

#include <argp.h>

#include "client/ask.h"

enum { PASSAGES_MAX = 64 };

/* OLD=NEW as given; the words point into the arguments, where `=` was. */
struct passage {
	unsigned stage_count, deadline_count;
	char *stages[PASSAGES_MAX][2], *deadlines[PASSAGES_MAX][2]; /* a stage alone: [0] is NULL */
	const char *reason;
};

/* For `children` of a command's argp; its input is a struct passage. */
extern const struct argp passage_argp;

/* "deadlines" {OLD: NEW}, where "none" as NEW is that it falls away; and "stages"
 * likewise, but for a stage that was given alone, which is "stage". */
void passage_body(struct body *, const struct passage *);

#endif
