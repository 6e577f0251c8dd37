/* Pupils by their names: those of whom each word that is asked for begins a word of the surname or forename.
 *
 * Names are sealed, each pupil's by itself, so there is no index of them: a page opens so many and says where it stopped,
 * whether or not it found somebody, and so holds nobody up.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "daemon/memory.h"
#include "daemon/names.h"

enum { OPENED_MAX = 4000, ASKED_MAX = 120 };

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

static bool parts(uint8_t c)
{
	return c == ' ' || c == '-' || c == '\'' || c == ',';
}

static bool begins_a_word(struct slice name, struct slice word)
{
	for (size_t at = 0; at + word.size <= name.size; at++) {
		size_t same = 0;

		if (at > 0 && !parts(name.bytes[at - 1]))
			continue;
		while (same < word.size && lower(name.bytes[at + same]) == lower(word.bytes[same]))
			same++;
		if (same == word.size)
			return true;
	}
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
	*left = slice_of(left->bytes + word->size, left->size - word->size);
	return word->size > 0;
}

static bool is_named(struct slice particulars, struct slice asked)
{
	const char *wrong = NULL;
	struct slice surname = mp_find_str(particulars, "surname", &wrong), forename = mp_find_str(particulars, "forename", &wrong), word;

	while (next_word(&asked, &word))
		if (!begins_a_word(surname, word) && !begins_a_word(forename, word))
			return false;
	return surname.size + forename.size > 0;
}

static void pack_found(struct engine *e, struct pack *p, struct txn *txn, uint32_t number, uint32_t urn, uint8_t room[static PARTICULARS_ROOM])
{
	const struct pupil *pupil = state_pupil(&e->state, number);
	const char *wrong = NULL;

	pack_map(p, NAME_KEYS + 4);
	pack_text_or_nil(p, "year_group", mp_find_str(pack_pupil_name(e, p, txn, number, room), "year_group", &wrong));
	pack_text(p, "urn");
	pack_urn(p, urn);
	pack_school_name(p, &e->state, "school", urn);
	pack_text(p, "case");
	pack_case(p, pupil ? pupil->case_no : 0);
}

enum status query_names(struct engine *e, const struct request *r, struct txn *txn)
{
	static const char *const keys[] = {"what", "name", "from", "limit", NULL};
	const char *wrong = NULL;
	struct slice asked = mp_find_str(r->message->body, "name", &wrong), left = asked, word, unknown;
	uint32_t opened = 0;
	struct page page;
	uint64_t from;
	uint8_t *room;

	if (wrong || asked.size > ASKED_MAX || !next_word(&left, &word) || !mp_only(r->message->body, keys, &unknown))
		return query_fault(e, STATUS_BAD_FIELD, "name", "the beginnings of a pupil's names are wanted");
	if (!page_open(e, r, &page, &from))
		return STATUS_BAD_FIELD;
	room = memory_new(PARTICULARS_ROOM);
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
		if (!is_named(pupil_particulars(e, n, room), asked))
			continue;
		pack_found(e, &page.items, txn, n, urn, room);
		page.count++;
	}
	free(room);
	return page_close(e, &page);
}
