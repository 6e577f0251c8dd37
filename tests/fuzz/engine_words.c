/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/engine_words.h"

#include "proto/message.h"

struct key { const char *name; uint8_t sort; };
enum { KEYS_MAX = 9 };

static const struct { uint8_t command; struct key keys[KEYS_MAX]; } commands[] = {
	{ COMMAND_MARKS, { { "urn", SORT_URN }, { "registers", SORT_REGISTERS } } },
	{ COMMAND_MARKS, { { "urn", SORT_URN }, { "registers", SORT_REGISTERS } } },
	{ COMMAND_ACTION, { { "action", SORT_ACTION }, { "upn", SORT_UPN }, { "on", SORT_DATE }, { "parent", SORT_PARENT }, { "fields", SORT_FIELDS } } },
	{ COMMAND_ACTION, { { "action", SORT_ACTION }, { "upn", SORT_UPN }, { "parent", SORT_PARENT }, { "fields", SORT_FIELDS },
	  { "override", SORT_TEXT } } },
	{ COMMAND_ACTION, { { "action", SORT_ACTION }, { "upn", SORT_UPN }, { "case", SORT_CASE }, { "on", SORT_DATE },
	  { "parent", SORT_PARENT }, { "fields", SORT_FIELDS }, { "override", SORT_TEXT } } },
	{ COMMAND_ROSTER, { { "urn", SORT_URN }, { "pupils", SORT_PUPILS } } },
	{ COMMAND_CALENDAR, { { "urn", SORT_URN }, { "rows", SORT_ROWS } } },
	{ COMMAND_CALENDAR, { { "rows", SORT_ROWS } } },
	{ COMMAND_PATHWAY, { { "source", SORT_SOURCE }, { "default", SORT_YES }, { "stages", SORT_STAGES },
	  { "deadlines", SORT_DEADLINES }, { "reason", SORT_TEXT } } },
	{ COMMAND_GRANT, { { "key", SORT_KEY }, { "role", SORT_ROLE }, { "name", SORT_OFFICER }, { "schools", SORT_URNS }, { "cases", SORT_CASES } } },
	{ COMMAND_REVOKE, { { "key", SORT_KEY } } },
	{ COMMAND_ACKNOWLEDGE, { { "alert", SORT_ALERT } } },
	{ COMMAND_CLOCK, { { "to", SORT_TIME } } },
	{ COMMAND_CLOCK, { { "confirm", SORT_YES } } },
	{ COMMAND_FACT, { { "fact", SORT_FACT }, { "upn", SORT_UPN }, { "holds", SORT_YES }, { "since", SORT_DATE },
	  { "parent", SORT_PARENT }, { "text", SORT_TEXT } } },
	{ COMMAND_FACT, { { "fact", SORT_FACT }, { "upn", SORT_UPN }, { "since", SORT_DATE } } },
	{ COMMAND_LINK, { { "upn", SORT_UPN }, { "other", SORT_UPN }, { "parent", SORT_PARENT }, { "other_parent", SORT_PARENT }, { "stands", SORT_YES } } },
	{ COMMAND_LINK, { { "upn", SORT_UPN }, { "other", SORT_UPN } } },
	{ COMMAND_COVER, { { "officer", SORT_OFFICER }, { "cover", SORT_OFFICER }, { "from", SORT_DATE }, { "until", SORT_DATE } } },
	{ COMMAND_COVER, { { "officer", SORT_OFFICER }, { "end", SORT_YES } } },
	{ COMMAND_MOVE, { { "case", SORT_CASE }, { "pathway", SORT_PATHWAY }, { "version", SORT_SMALL }, { "stage", SORT_STAGE },
	  { "deadlines", SORT_DEADLINES }, { "reason", SORT_TEXT } } },
	{ COMMAND_CHOOSE, { { "urn", SORT_URN }, { "pathway", SORT_PATHWAY } } },
	{ COMMAND_SCHOOL, { { "urn", SORT_URN }, { "kinds", SORT_KINDS } } },
	{ COMMAND_TASK, { { "urn", SORT_URN }, { "task", SORT_TASK }, { "on", SORT_DATE } } },
	{ COMMAND_OFFER, { { "urn", SORT_URN }, { "meeting", SORT_MEETING }, { "on", SORT_DATE }, { "stands", SORT_YES } } },
	{ COMMAND_SUBSCRIBE, { { "what", SORT_WHAT_FEED }, { "from", SORT_SEQ }, { "cursor", SORT_CURSOR },
	  { "credit", SORT_NUMBER }, { "case", SORT_CASE }, { "upn", SORT_UPN }, { "officer", SORT_OFFICER } } },
	{ COMMAND_SUBSCRIBE, { { "what", SORT_WHAT_FEED }, { "credit", SORT_NUMBER } } },
	{ COMMAND_CREDIT, { { "credit", SORT_NUMBER } } },
	{ COMMAND_CURSOR, { { "cursor", SORT_CURSOR }, { "position", SORT_SEQ } } },
	{ COMMAND_CURSOR, { { "cursor", SORT_CURSOR }, { "forget", SORT_YES } } },
	{ COMMAND_UNSUBSCRIBE, { { NULL, 0 } } },
	{ COMMAND_HELLO, { { NULL, 0 } } },
};

/* All but `backup` (its thread copies while the engine goes on, so that no run is like another) and `try` (another process). */
static const struct { const char *what; struct key keys[KEYS_MAX - 1]; } queries[] = {
	{ "pupil", { { "upn", SORT_UPN }, { "as_of", SORT_TIME } } },
	{ "marks", { { "upn", SORT_UPN }, { "as_of", SORT_SEQ } } },
	{ "case", { { "case", SORT_CASE }, { "as_of", SORT_TIME } } },
	{ "case", { { "upn", SORT_UPN }, { "as_of", SORT_SEQ } } },
	{ "actions", { { "upn", SORT_UPN } } },
	{ "deadlines", { { "before", SORT_TIME }, { "since", SORT_DATE }, { "officer", SORT_OFFICER }, { "from", SORT_SEQ }, { "limit", SORT_SMALL } } },
	{ "deadlines", { { NULL, 0 } } },
	{ "alerts", { { "from", SORT_SEQ }, { "limit", SORT_SMALL }, { "officer", SORT_OFFICER } } },
	{ "log", { { "from", SORT_SEQ }, { "limit", SORT_SMALL }, { "case", SORT_CASE }, { "upn", SORT_UPN } } },
	{ "log", { { NULL, 0 } } },
	{ "stats", { { NULL, 0 } } },
	{ "health", { { NULL, 0 } } },
	{ "checkpoint", { { NULL, 0 } } },
	{ "prove", { { "seq", SORT_SEQ } } },
	{ "consistency", { { "first", SORT_SEQ }, { "second", SORT_SEQ } } },
	{ "pathways", { { NULL, 0 } } },
	{ "pathway", { { "name", SORT_PATHWAY }, { "version", SORT_SMALL } } },
	{ "schools", { { "urn", SORT_URN }, { "from", SORT_SEQ }, { "limit", SORT_SMALL } } },
	{ "calendar", { { "urn", SORT_URN } } },
	{ "people", { { "upn", SORT_UPN }, { "as_of", SORT_TIME } } },
	{ "letter", { { "upn", SORT_UPN }, { "letter", SORT_LETTER }, { "parent", SORT_PARENT }, { "fields", SORT_FIELDS } } },
	{ "letter", { { "case", SORT_CASE }, { "letter", SORT_LETTER } } },
	{ "today", { { "officer", SORT_OFFICER }, { "limit", SORT_SMALL }, { "alerts", SORT_SMALL }, { "kind", SORT_TEXT }, { "as_of", SORT_TIME } } },
	{ "year", { { "upn", SORT_UPN }, { "as_of", SORT_TIME } } },
	{ "school", { { "urn", SORT_URN }, { "as_of", SORT_TIME } } },
	{ "authority", { { "as_of", SORT_TIME } } },
	{ "timeline", { { "case", SORT_CASE }, { "upn", SORT_UPN }, { "as_of", SORT_TIME } } },
	{ "reader", { { "name", SORT_OFFICER } } },
	{ "covers", { { NULL, 0 } } },
	{ "report", { { "of", SORT_REPORT }, { "school", SORT_URN }, { "first", SORT_DATE }, { "last", SORT_DATE },
	  { "from", SORT_SEQ }, { "limit", SORT_SMALL } } },
	{ "report", { { "of", SORT_REPORT } } },
};

/* Which of the keys are there: most, mostly; and now and then a value of another sort. */
static void put_keys(struct words *s, struct writer *w, const char *what, const struct key keys[], size_t room)
{
	uint16_t missing = fuzz_u8(s->in);
	unsigned count = what ? 1 : 0;
	uint8_t odd = fuzz_u8(s->in);

	missing = missing > 127 ? missing & 0x7e : 0;
	for (unsigned i = 0; i < room && keys[i].name; i++)
		count += !(missing >> i & 1);
	put_map(w, count);
	if (what) {
		put_text(w, "what");
		put_text(w, what);
	}
	for (unsigned i = 0; i < room && keys[i].name; i++) {
		if (missing >> i & 1)
			continue;
		put_text(w, keys[i].name);
		put_value(s, w, odd > 230 && odd % KEYS_MAX == i ? (uint8_t)(1 + pick(s, SORTS_END)) : keys[i].sort);
	}
}

uint8_t words_body(struct words *s, struct writer *w)
{
	unsigned which = fuzz_u8(s->in);

	s->action = NULL;
	if (which & 1) {
		which = which / 2 % COUNT_OF(queries);
		put_keys(s, w, queries[which].what, queries[which].keys, KEYS_MAX - 1);
		return COMMAND_QUERY;
	}
	which = which / 2 % COUNT_OF(commands);
	if (commands[which].keys[0].name)
		put_keys(s, w, NULL, commands[which].keys, KEYS_MAX);
	return commands[which].command;
}
