/* letter.h - letters and forms: what a pathway says they hold, filled from a case.
 *
 * Letters are many and long and seldom asked for, so a pathway keeps them as bytes that
 * are read when one is made:
 *
 *   letters = count:u8 *letter:blob
 *   letter  = rule:action source:blob *block        (pathway_record.h; as an action without effects)
 *   block   = kind:u8 when:expression words:blob each:u8 cells:u8 *cell:blob
 *   cell    = *part
 *   part    = kind:u8 text:blob [brace:blob a:u8 b:u8 value:expression]   (in brackets: of all but text)
 *
 * A heading and a paragraph have one cell. A list (which has none) is followed by its items, a
 * table (whose cells are its columns' heads, if it has any) by its rows. `when` says whether a
 * block is there, of a list or table with all that follows; `words` is how the file says it.
 * `each`, of an item or a row: one for each parent, or for each time an action was recorded.
 *
 * Making a letter changes nothing. What isn't known is named in its place, never left blank; a block of
 * which it isn't known whether it holds is left out, and that is named beside the letter.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CASEWORK_LETTER_H
#define CASEWORK_LETTER_H

#include "casework/condition.h"

enum { LETTERS_MAX = 32, LETTER_CELLS_MAX = 8, LETTER_BLOCKS_MAX = 250 };

/*  name, number, text. The numbers stand in the log. */
#define BLOCK_KINDS(X) \
	X(HEADING, 1, "heading") \
	X(TEXT, 2, "text") \
	X(LIST, 3, "list") \
	X(ITEM, 4, "item") \
	X(TABLE, 5, "table") \
	X(ROW, 6, "row")

enum block_kind {
#define X(name, number, text) BLOCK_##name = number,
	BLOCK_KINDS(X)
#undef X
};

const char *block_kind_text(uint8_t); /* NULL: none of the list */

enum { EACH_ONCE, EACH_PARENT, EACH_ACTION /* and on: of the action of index each - EACH_ACTION */ };

/*  name, number, in braces, what is missing where it isn't known. Before ABSENT_FROM: what
 * only its keeper knows; after it: what the case and the register give. */
#define LETTER_WORDS(X) \
	X(NAME, 1, "name", "the pupil's name") \
	X(FORENAME, 2, "forename", "the pupil's forename") \
	X(SURNAME, 3, "surname", "the pupil's surname") \
	X(UPN, 4, "upn", "the pupil's UPN") \
	X(BIRTH_DATE, 5, "birth_date", "birth date") \
	X(YEAR_GROUP, 6, "year_group", "year group") \
	X(GROUPS, 7, "groups", "class or group") \
	X(ADDRESS, 8, "address", "the pupil's address") \
	X(PARENT_NAME, 9, "parent_name", "the parent's name") \
	X(PARENT_ADDRESS, 10, "parent_address", "the parent's address") \
	X(URN, 11, "urn", "the school's number") \
	X(AUTHORITY, 12, "authority", "the authority's name") \
	X(WRITER, 13, "writer", "the name of whoever writes") \
	X(TODAY, 40, "today", "today") \
	X(CASE, 41, "case", "the case's number") \
	X(STAGE, 42, "stage", "the stage") \
	X(PERCENTAGE, 43, "percentage", "attendance this school year") \
	X(DAYS_MISSED, 44, "days_missed", "days missed this school year") \
	X(SESSIONS_MISSED, 45, "sessions_missed", "sessions missed this school year") \
	X(LESSONS_MISSED, 46, "lessons_missed", "lessons missed this school year") \
	X(MORNINGS_MISSED, 47, "mornings_missed", "mornings missed this school year") \
	X(WEEKS_IN_SESSION, 48, "weeks_in_session", "weeks in session this school year") \
	X(MISSED_BY_CODE, 49, "missed_by_code", "the codes of the absences") \
	X(MISSED_BY_DAY, 50, "missed_by_day", "the days of the week of the absences")

enum letter_word {
#define X(name, number, text, label) WORD_##name = number,
	LETTER_WORDS(X)
#undef X
	WORD_OF_FIGURES = 40, /* from here on the case and the register give it */
};

const char *letter_word_label(uint8_t word); /* NULL: none of the list */
uint8_t letter_word(struct slice text);      /* 0: none */

/* What stands in braces, and (the first) what stands between. */
enum part_kind {
	PART_TEXT = 1,
	PART_WORD,     /* a: enum letter_word; b: of LESSONS_MISSED, the letter's field that says how many a day has, from 1 */
	PART_GIVEN,    /* a: the letter's own field, from 1 */
	PART_RECORDED, /* a: an action, b: its field, from 1; 0: the day on which it was recorded to have been done */
	PART_DUE,      /* a: the last day of that deadline */
	PART_ALERT,    /* a: what the newest alert of that kind says */
	PART_VALUE,    /* value: a number, or yes or no */
};

struct letter_part {
	uint8_t kind, a, b;
	struct slice text;  /* of a text; else what is missing where it isn't known */
	struct slice brace; /* as the file says it, without the braces */
	struct expression value;
};

struct letter {
	struct action_rule rule; /* name, title, clause; who may make it; needs_parent: one for each parent; fields; conditions */
	struct slice source;
	struct slice blocks;
};

struct letter_block {
	uint8_t kind, each, cell_count;
	struct expression when;
	struct slice words;
	struct slice cells[LETTER_CELLS_MAX];
};

/* Reading; slices point into the pathway's bytes. False: no more, or bad. */
bool letter_at(const struct pathway *, unsigned index, struct letter *);
bool letter_find(const struct pathway *, struct slice name, struct letter *);
bool letter_block(struct reader *blocks, struct letter_block *);
bool letter_part(struct reader *cell, struct letter_part *);
/* Writing what a compiler has; a cell's parts, then its block, then the letter. */
void letter_part_encode(struct writer *, const struct letter_part *);
void letter_block_encode(struct writer *, const struct letter_block *);
void letter_encode(struct writer *, const struct letter *);
/* For pathway_sound(): is every letter such that it can be made? */
bool letters_sound(const struct pathway *);

/* What neither the case nor the register holds. Each call-back writes a text, or gives false: not known. */
struct letter_source {
	void *context;
	bool (*word)(void *context, uint8_t word, struct slice parent, struct writer *);
	bool (*recorded)(void *context, const struct case_done *, struct slice field, struct writer *);
	bool (*alert)(void *context, uint8_t kind, struct writer *);
	struct slice given[FIELDS_MAX]; /* of the letter's own fields; empty: not given */
	const struct slice *parents;    /* ids */
	unsigned parent_count;
};

/* Where a letter goes to:
 *   out      *(kind:u8 cells:u8 *cell:blob)  blocks that are there
 *   missing  *(brace:blob label:blob)        what isn't known, each once
 *   cell     room for the longest cell */
struct letter_made {
	struct writer *out, *missing, *cell;
	unsigned block_count, missing_count;
};

/* `scope`: the case, its view, the letter's rule as its action with the fields given, the
 * parent to whom it goes, today. */
void letter_make(const struct letter *, const struct scope *, const struct letter_source *, struct letter_made *);

#endif
