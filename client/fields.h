/* fields.h - FIELD=VALUE on the command line: of an action, of a letter.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_FIELDS_H
#define CLIENT_FIELDS_H

#include "client/ask.h"
#include "proto/event.h"

struct fields {
	char *list[ACTION_FIELDS_MAX]; /* name=value, as given */
	unsigned count;
};

void fields_take(struct fields *, char *argument, struct argp_state *); /* argp_error where it is none, or given twice */
void fields_body(struct body *, const struct fields *);                /* "fields" and their map; nothing where there are none */
void fields_print(const json_t *fields);                               /* those that may be given, one a line */

#endif
