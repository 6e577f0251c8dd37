/* Pupils by their names: those of whom each word that is asked for begins a word of the surname or forename, marks
 * and capitals apart (fold.h).
 *
 * Names are sealed, each pupil's by itself, so there is no index of them: a page opens so many and says where it stopped,
 * whether or not it found somebody, and so holds nobody up.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "daemon/fold.h"
#include "daemon/memory.h"
#include "daemon/names.h"

enum { OPENED_MAX = 4000, ASKED_MAX = 120 };

static bool parts(uint8_t c)
{
	return c == ' ' || c == '-' || c == '\'' || c == ',';
}

static bool begins_a_word(struct slice name, struct slice word)
{
	for (size_t at = 0; at + word.size <= name.size; at++)
		if ((at == 0 || parts(name.bytes[at - 1])) && memcmp(name.bytes + at, word.bytes, word.size) == 0)
			return true;
	return false;
}

/* Blanks and commas part what is asked for; a hyphen or apostrophe is a part of it. */
static bool next_word(struct slice *left, struct slice *word)
{
	while (left->size && (*left->bytes == ' ' || *left->bytes == ','))
		*left = slice_of(left->bytes + 1, left->size - 1);
	*word = slice_of(left->bytes, 0);
	while (word->size < left->size && left->bytes[word->size] != ' ' && left->bytes[word->size] != ',')
		word->size++;
	if (!word->size) /* of nothing there may be no address either */
		return false;
	*left = slice_of(left->bytes + word->size, left->size - word->size);
	return true;
}

/* Both folded, `asked` already. */
static bool is_named(struct slice particulars, struct slice asked, uint8_t room[static PARTICULARS_ROOM])
{
	const char *wrong = NULL;
	struct slice surname = fold_name(room, mp_find_str(particulars, "surname", &wrong));
	struct slice forename = fold_name(room + surname.size, mp_find_str(particulars, "forename", &wrong)), word;

	while (next_word(&asked, &word))
		if (!begins_a_word(surname, word) && !begins_a_word(forename, word))
			return false;
	return surname.size + forename.size > 0;
}

static void pack_found(struct engine *e, struct pack *p, struct txn *txn, uint32_t number, uint32_t urn, uint8_t room[static PARTICULARS_ROOM])
{
	const struct pupil *pupil = state_pupil(&e->state, number);
	const char *wrong = NULL;

	struct slice particulars;

	pack_map(p, NAME_KEYS + 5);
	particulars = pack_pupil_name(e, p, txn, number, room);
	pack_text_or_nil(p, "birth_date", mp_find_str(particulars, "birth_date", &wrong));
	pack_text_or_nil(p, "year_group", mp_find_str(particulars, "year_group", &wrong));
	pack_text(p, "urn");
	pack_urn(p, urn);
	pack_school_name(p, &e->state, "school", urn);
	pack_text(p, "case");
	pack_case(p, pupil ? pupil->case_no : 0);
}

enum status query_names(struct engine *e, const struct request *r, struct txn *txn)
{
	const char *wrong = NULL;
	struct slice asked = mp_find_str(r->message->body, "name", &wrong), left, word;
	uint32_t opened = 0;
	struct page page;
	uint64_t from;
	uint8_t *room, *folded, words[ASKED_MAX];

	left = asked = asked.size > ASKED_MAX ? slice_of(NULL, 0) : fold_name(words, asked); /* of accents alone nothing is left */
	if (wrong || !next_word(&left, &word))
		return query_fault(e, STATUS_BAD_FIELD, "name", "the beginnings of a pupil's names are wanted");
	if (!page_open(e, r, &page, &from))
		return STATUS_BAD_FIELD;
	room = memory_new(PARTICULARS_ROOM);
	folded = memory_new(PARTICULARS_ROOM);
	for (uint32_t n = from > 1 ? (uint32_t)from : 1; from <= e->state.pupil_count && n <= e->state.pupil_count; n++) {
		uint32_t urn = state_school_of(&e->state, n);

		if (!access_school(r->who, urn))
			continue;
		if (page_full(&page) || opened == OPENED_MAX) {
			page.more = true;
			page.next = n;
			break;
		}
		opened++;
		if (!is_named(pupil_particulars(e, n, room), asked, folded))
			continue;
		pack_found(e, &page.items, txn, n, urn, room);
		page.count++;
	}
	free(folded);
	free(room);
	return page_close(e, &page);
}
