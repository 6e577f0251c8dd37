/* engine_words.h - requests put together from a fuzzer's bytes: of each command the keys that PROTOCOL.md gives it, with values of
 * the sort that belongs there more often than not.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_FUZZ_ENGINE_WORDS_H
#define TESTS_FUZZ_ENGINE_WORDS_H

#include "casework/civil.h"
#include "casework/pathway.h"
#include "tests/fuzz/fuzz.h"

/* What the words are of: the pathway's names, the day that it is. */
struct words {
	struct fuzz *in;
	const struct pathway *pathway;
	struct slice source;              /* of the pathway */
	day_t today;
	uint64_t head;
	const struct action_rule *action; /* the one named last in the body at hand; NULL: none so far */
};

/* Sorts of value. */
enum sort {
	SORT_UPN = 1, SORT_URN, SORT_DATE, SORT_TIME, SORT_CASE, SORT_PARENT, SORT_ACTION, SORT_FIELDS, SORT_FACT, SORT_ROLE,
	SORT_KEY, SORT_OFFICER, SORT_TEXT, SORT_NUMBER, SORT_SMALL, SORT_ALERT, SORT_SEQ, SORT_YES, SORT_WHAT_FEED, SORT_MEETING,
	SORT_TASK, SORT_LETTER, SORT_PATHWAY, SORT_STAGE, SORT_DEADLINES, SORT_STAGES, SORT_KINDS, SORT_REGISTERS, SORT_PUPILS, SORT_ROWS,
	SORT_SOURCE, SORT_CURSOR, SORT_URNS, SORT_CASES, SORT_REPORT,
	SORTS_END,
};

#define COUNT_OF(list) (sizeof(list) / sizeof((list)[0]))

/* ---- engine_values.c ---- */
unsigned pick(struct words *, size_t count);
void put_map(struct writer *, size_t pairs);
void put_text(struct writer *, const char *);
void put_value(struct words *, struct writer *, uint8_t sort);

/* One body: of a command of the list, picked by the input. */
uint8_t words_body(struct words *, struct writer *);

#endif
