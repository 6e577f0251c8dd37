/* letter.c - letters as bytes: read, written, looked through.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "casework/letter.h"

#include <string.h>

#include "casework/pathway_record.h"
#include "casework/pathway_sound.h"

const char *block_kind_text(uint8_t kind)
{
	switch (kind) {
#define X(name, number, text) case BLOCK_##name: return text;
	BLOCK_KINDS(X)
#undef X
	default: return NULL;
	}
}

static const struct {
	uint8_t word;
	const char *text, *label;
} WORDS[] = {
#define X(name, number, text, label) {WORD_##name, text, label},
	LETTER_WORDS(X)
#undef X
};

const char *letter_word_label(uint8_t word)
{
	for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++)
		if (WORDS[i].word == word)
			return WORDS[i].label;
	return NULL;
}

uint8_t letter_word(struct slice text)
{
	for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++)
		if (slice_is(text, WORDS[i].text))
			return WORDS[i].word;
	return 0;
}

/* --- writing -------------------------------------------------------------- */

void letter_part_encode(struct writer *out, const struct letter_part *part)
{
	write_u8(out, part->kind);
	write_blob(out, part->text);
	if (part->kind == PART_TEXT)
		return;
	write_blob(out, part->brace);
	write_u8(out, part->a);
	write_u8(out, part->b);
	expression_encode(out, &part->value);
}

void letter_block_encode(struct writer *out, const struct letter_block *block)
{
	write_u8(out, block->kind);
	expression_encode(out, &block->when);
	write_blob(out, block->words);
	write_u8(out, block->each);
	write_u8(out, block->cell_count);
	for (unsigned i = 0; i < block->cell_count; i++)
		write_blob(out, block->cells[i]);
}

void letter_encode(struct writer *out, const struct letter *letter)
{
	action_encode(out, &letter->rule);
	write_blob(out, letter->source);
	write_bytes(out, letter->blocks.bytes, letter->blocks.size);
}

/* --- reading -------------------------------------------------------------- */

static bool decode(struct letter *letter, struct slice bytes)
{
	struct reader in = reader_of(bytes);

	memset(letter, 0, sizeof *letter);
	action_decode(&in, &letter->rule);
	letter->source = read_blob(&in);
	letter->blocks = read_bytes(&in, reader_left(&in));
	return !in.bad;
}

bool letter_at(const struct pathway *p, unsigned index, struct letter *letter)
{
	struct reader in = reader_of(p->letters);
	unsigned count = p->letters.size > 0 ? read_u8(&in) : 0;
	struct slice bytes = {NULL, 0};

	for (unsigned i = 0; i <= index && i < count; i++)
		bytes = read_blob(&in);
	return index < count && !in.bad && decode(letter, bytes);
}

bool letter_find(const struct pathway *p, struct slice name, struct letter *letter)
{
	for (unsigned i = 0; letter_at(p, i, letter); i++)
		if (slice_equal(letter->rule.name, name))
			return true;
	return false;
}

bool letter_block(struct reader *in, struct letter_block *block)
{
	if (reader_left(in) == 0)
		return false;
	memset(block, 0, sizeof *block);
	block->kind = read_u8(in);
	expression_decode(in, &block->when);
	block->words = read_blob(in);
	block->each = read_u8(in);
	block->cell_count = read_u8(in);
	if (block->cell_count > LETTER_CELLS_MAX)
		reader_fault(in);
	for (unsigned i = 0; i < block->cell_count && !in->bad; i++)
		block->cells[i] = read_blob(in);
	return !in->bad;
}

bool letter_part(struct reader *in, struct letter_part *part)
{
	if (reader_left(in) == 0)
		return false;
	memset(part, 0, sizeof *part);
	part->kind = read_u8(in);
	part->text = read_blob(in);
	if (part->kind == PART_TEXT)
		return !in->bad;
	part->brace = read_blob(in);
	part->a = read_u8(in);
	part->b = read_u8(in);
	expression_decode(in, &part->value);
	return !in->bad;
}

/* --- soundness ------------------------------------------------------------ */

static bool part_sound(const struct pathway *p, const struct action_rule *rule, const struct letter_part *part)
{
	if (part->text.size == 0 || (part->kind != PART_TEXT && part->brace.size == 0) ||
	    (part->kind != PART_VALUE && part->value.count > 0))
		return false;
	switch ((enum part_kind)part->kind) {
	case PART_TEXT:
		return true;
	case PART_WORD:
		return letter_word_label(part->a) != NULL &&
		       (part->a == WORD_LESSONS_MISSED ? part->b >= 1 && part->b <= rule->field_count : part->b == 0);
	case PART_GIVEN:
		return part->a >= 1 && part->a <= rule->field_count && part->b == 0;
	case PART_RECORDED:
		return part->a < p->action_count && part->b <= p->actions[part->a].field_count;
	case PART_DUE:
		return part->a < p->deadline_count && part->b == 0;
	case PART_ALERT:
		return alert_kind_text(part->a) != NULL && part->b == 0;
	case PART_VALUE:
		return part->value.count > 0 && expression_sound(p, rule, &part->value, PLACE_NEED);
	}
	return false;
}

static bool block_sound(const struct pathway *p, const struct action_rule *rule, const struct letter_block *block, uint8_t before)
{
	bool member = block->kind == BLOCK_ITEM || block->kind == BLOCK_ROW;

	if (block_kind_text(block->kind) == NULL || !expression_sound(p, rule, &block->when, PLACE_NEED) ||
	    (member && block->when.count > 0) || (block->when.count > 0) != (block->words.size > 0) ||
	    (block->each != EACH_ONCE && !member) || block->each >= EACH_ACTION + p->action_count ||
	    (block->kind == BLOCK_LIST ? block->cell_count > 0 : block->cell_count == 0 && block->kind != BLOCK_TABLE) ||
	    (block->cell_count > 1 && block->kind != BLOCK_TABLE && block->kind != BLOCK_ROW))
		return false;
	/* a member comes after its head, or after another one */
	if (member && before != block->kind && before != block->kind - 1)
		return false;
	for (unsigned i = 0; i < block->cell_count; i++) {
		struct reader cell = reader_of(block->cells[i]);
		struct letter_part part;

		while (letter_part(&cell, &part))
			if (!part_sound(p, rule, &part))
				return false;
		if (cell.bad)
			return false;
	}
	return true;
}

static bool letter_sound(const struct pathway *p, const struct letter *letter)
{
	struct reader in = reader_of(letter->blocks);
	struct letter_block block;
	const struct action_rule *rule = &letter->rule;
	uint8_t before = 0;

	if (!action_sound(p, rule) || rule->effect != EFFECT_NONE || rule->start_count || rule->meet_count ||
	    rule->cancel_count || rule->move_count)
		return false;
	while (letter_block(&in, &block)) {
		if (!block_sound(p, rule, &block, before))
			return false;
		before = block.kind;
	}
	return !in.bad && before != 0;
}

bool letters_sound(const struct pathway *p)
{
	struct letter letter, same;
	struct reader in = reader_of(p->letters);
	unsigned count = p->letters.size > 0 ? read_u8(&in) : 0;

	if (count > LETTERS_MAX)
		return false;
	for (unsigned i = 0; i < count; i++)
		read_blob(&in);
	if (!reader_done(&in))
		return false;
	for (unsigned i = 0; i < count; i++) {
		if (!letter_at(p, i, &letter) || !letter_sound(p, &letter))
			return false;
		for (unsigned j = 0; j < i; j++)
			if (letter_at(p, j, &same) && slice_equal(letter.rule.name, same.rule.name))
				return false;
	}
	return true;
}
