/* case_change.h - what something learnt late changes for a case.
 *
 * Looks at the case twice, as it was known and as it is known now, and names each
 * condition that holds in the one and not in the other: of the actions that might
 * be recorded today, and, on their own days, of those that were. (WG-03: a child
 * who turns out to be looked after; SP-20: a birth date that was wrong.)
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CASEWORK_CASE_CHANGE_H
#define CASEWORK_CASE_CHANGE_H

#include "casework/case.h"

enum { CASE_CHANGES_MAX = 24 };

/* What may have been learnt. */
struct known {
	const struct facts *facts;
	const struct case_notice *family;
	size_t family_count;
	const struct particulars *roster;
};

enum case_change_kind { CHANGE_NEXT = 1, CHANGE_DONE, CHANGE_QUESTION };

struct case_change {
	uint8_t kind;
	uint8_t index;      /* of the action; of the deadline's rule, for a question */
	bool lacks;         /* it does now and did not before; false: the other way */
	bool bar;
	uint16_t on;        /* CHANGE_DONE: the day on which the action was */
	char parent[PARENT_SIZE_MAX + 1]; /* whose, where the action needs one; else empty */
	struct slice clause, text; /* the condition's: what to say where it is lacking */
};

/* At most CASE_CHANGES_MAX of them; `*more` is how many others there are. */
size_t case_changes(const struct case_state *, const struct case_view *, const struct known *before,
                    const struct known *now, struct case_change out[CASE_CHANGES_MAX], unsigned *more);
/* One of them as a sentence; no name in it. */
void case_change_text(struct writer *, const struct pathway *, const struct case_change *);

#endif
