/* names.h - what people and schools are called, in answers.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_NAMES_H
#define DAEMON_NAMES_H

#include "daemon/query_parts.h"

enum { DESCRIBED_KEYS = 3, NAME_KEYS = 3 };

/* What a school is and is called: DESCRIBED_KEYS keys and their values. */
void pack_described(struct pack *, const struct event_school_described *);
/* What it is called; nil where nobody said. */
void pack_school_name(struct pack *, const struct state *, const char *key, uint32_t urn);
/* A pupil's UPN, surname and forename: NAME_KEYS keys, nil where they are not known. What else the roster holds is in `room` then. */
struct slice pack_pupil_name(struct engine *, struct pack *, struct txn *, uint32_t pupil, uint8_t room[static PARTICULARS_ROOM]);

#endif
