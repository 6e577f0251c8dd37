/* letter_make.c - a letter filled: block by block, brace by brace.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "casework/case_notice.h"
#include "casework/letter.h"

struct making {
	const struct letter *letter;
	struct scope scope;             /* its parent is the row's, in rows of parents */
	const struct letter_source *source;
	struct letter_made *made;
	const struct case_done *done;   /* in rows of an action: the row's; else NULL */
	struct figures figures;
};

static void put(struct writer *out, const char *text)
{
	write_bytes(out, text, strlen(text));
}

static void put_number(struct writer *out, uint64_t number)
{
	char text[24], *at = text + sizeof text;

	*--at = '\0';
	do
		*--at = (char)('0' + number % 10);
	while (number /= 10);
	put(out, at);
}

static void put_half(struct writer *out, unsigned halves)
{
	put_number(out, halves / 2);
	put(out, halves % 2 ? ".5" : "");
}

static void put_day(struct writer *out, day_t day)
{
	char text[32];

	day_text_long(text, day);
	put(out, text);
}

/* As people write it: a date in words, an amount with its sign. */
static void put_value(struct writer *out, uint8_t type, struct slice value)
{
	day_t day;

	if (type == FIELD_DATE && day_parse(value, &day)) {
		put_day(out, day);
		return;
	}
	if (type == FIELD_MONEY)
		put(out, "£");
	write_bytes(out, value.bytes, value.size);
}

/* --- what isn't known ----------------------------------------------------- */

static void miss(struct making *m, struct slice brace, struct slice label)
{
	struct reader in = reader_of(writer_slice(m->made->missing));

	for (unsigned i = 0; i < m->made->missing_count; i++) {
		read_blob(&in);
		if (slice_equal(read_blob(&in), label))
			return;
	}
	write_blob(m->made->missing, brace);
	write_blob(m->made->missing, label);
	m->made->missing_count++;
}

static void put_missing(struct making *m, struct slice brace, struct slice label)
{
	put(m->made->cell, "[not known: ");
	write_bytes(m->made->cell, label.bytes, label.size);
	put(m->made->cell, "]");
	miss(m, brace, label);
}

/* Whether a block is to be there isn't known: it isn't, and whoever makes the letter is told. */
static void miss_block(struct making *m, const struct letter_block *block)
{
	m->made->cell->at = m->made->cell->start;
	put(m->made->cell, "whether ");
	write_bytes(m->made->cell, block->words.bytes, block->words.size);
	miss(m, block->words, writer_slice(m->made->cell));
}

/* --- words ---------------------------------------------------------------- */

static unsigned absent(const struct making *m)
{
	return m->figures.authorised + m->figures.unauthorised;
}

static unsigned mornings_missed(const struct making *m)
{
	const struct pupil *pupil = m->scope.view->pupil;
	unsigned count = 0;

	for (day_t day = school_year_start(m->figures.school_year); day <= pupil->latest_day; day++)
		count += code_in(CODES_ABSENT, pupil_code(pupil, day, AM));
	return count;
}

/* "O 12, I 4", or "Monday 4, Friday 2". */
static void put_counted(struct writer *out, unsigned *some, const char *name, unsigned count)
{
	if (count == 0)
		return;
	put(out, (*some)++ ? ", " : "");
	put(out, name);
	put(out, " ");
	put_number(out, count);
}

static void put_pattern(struct making *m, bool by_code)
{
	static const char *const days[] = {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday"};
	unsigned some = 0;

	for (unsigned code = 1; by_code && code < CODE_LIMIT; code++)
		if (code_in(CODES_ABSENT, (uint8_t)code))
			put_counted(m->made->cell, &some, code_text((uint8_t)code), m->figures.coded[code]);
	for (unsigned day = 0; !by_code && day < 5; day++)
		put_counted(m->made->cell, &some, days[day], m->figures.absent_on[day]);
	put(m->made->cell, some ? "" : "none");
}

static bool put_lessons(struct making *m, unsigned field)
{
	struct slice a_day = m->source->given[field - 1];
	unsigned lessons = 0;

	for (size_t i = 0; i < a_day.size; i++)
		lessons = lessons * 10 + (unsigned)(a_day.bytes[i] - '0'); /* a number, as its field is */
	if (a_day.size == 0 || lessons > 100)
		return false;
	put_half(m->made->cell, absent(m) * lessons);
	return true;
}

/* Of the school year; false where there was no register. */
static bool put_of_year(struct making *m, const struct letter_part *part)
{
	struct writer *out = m->made->cell;
	unsigned tenths;

	if (m->figures.possible == 0)
		return false;
	switch (part->a) {
	case WORD_PERCENTAGE:
		tenths = (m->figures.attended * 2000 + m->figures.possible) / (m->figures.possible * 2);
		put_number(out, tenths / 10);
		put(out, ".");
		put_number(out, tenths % 10);
		return true;
	case WORD_DAYS_MISSED:
		put_half(out, absent(m));
		return true;
	case WORD_SESSIONS_MISSED:
		put_number(out, absent(m));
		return true;
	case WORD_MORNINGS_MISSED:
		put_number(out, mornings_missed(m));
		return true;
	case WORD_WEEKS_IN_SESSION:
		put_number(out, m->figures.weeks_in_session);
		return true;
	case WORD_MISSED_BY_CODE:
	case WORD_MISSED_BY_DAY:
		put_pattern(m, part->a == WORD_MISSED_BY_CODE);
		return true;
	case WORD_LESSONS_MISSED:
		return put_lessons(m, part->b);
	default:
		return false;
	}
}

static bool put_word(struct making *m, const struct letter_part *part)
{
	const struct case_state *c = m->scope.c;
	struct writer *out = m->made->cell;
	struct slice stage;

	if (part->a < WORD_OF_FIGURES)
		return m->source->word(m->source->context, part->a, m->scope.parent, out);
	if (part->a == WORD_TODAY) {
		put_day(out, m->scope.on);
	} else if (part->a == WORD_CASE) {
		put(out, "C");
		put_number(out, c->number);
	} else if (part->a == WORD_STAGE) {
		stage = m->scope.view->pathway->stage_titles[c->stage - 1];
		write_bytes(out, stage.bytes, stage.size);
	} else {
		return put_of_year(m, part);
	}
	return true;
}

/* --- what was recorded, what is due, what is figured --------------------- */

static bool put_of(struct making *m, const struct case_done *done, const struct letter_part *part)
{
	const struct action_rule *action = &m->scope.view->pathway->actions[part->a];
	struct writer *out = m->made->cell;
	uint8_t *start = out->at;
	struct slice value;
	uint8_t room[DATE_TEXT_SIZE];

	if (part->b == 0) {
		put_day(out, done->on);
		return true;
	}
	if (!m->source->recorded(m->source->context, done, action->fields[part->b - 1].name, out) || out->full)
		return false;
	value = slice_of(start, (size_t)(out->at - start));
	if (action->fields[part->b - 1].type == FIELD_DATE && value.size == sizeof room) {
		memcpy(room, start, sizeof room);
		out->at = start;
		put_value(out, FIELD_DATE, slice_of(room, sizeof room));
	}
	return value.size > 0;
}

/* The row's, or the newest that says it. */
static bool put_recorded(struct making *m, const struct letter_part *part)
{
	const struct case_state *c = m->scope.c;

	if (m->done != NULL && m->done->action == part->a)
		return put_of(m, m->done, part);
	for (unsigned i = c->done_count; i-- > 0;)
		if (c->done[i].action == part->a && parent_matches(c->done[i].parent, m->scope.parent) && put_of(m, &c->done[i], part))
			return true;
	return false;
}

static bool put_due(struct making *m, const struct letter_part *part)
{
	const struct case_state *c = m->scope.c;

	for (unsigned i = c->deadline_count; i-- > 0;) {
		const struct case_deadline *d = &c->deadlines[i];

		if (d->rule == part->a && d->state != DEADLINE_CANCELLED && parent_matches(d->parent, m->scope.parent)) {
			put_day(m->made->cell, d->last);
			return true;
		}
	}
	return false;
}

/* Does it answer yes or no? */
static bool is_answer(const struct step *step)
{
	switch (step->kind) {
	case STEP_FIGURE:
		return step->value >= FIGURE_OF_FACTS || step->value == FIGURE_PERSISTENT || step->value == FIGURE_SEVERE ||
		       step->value == FIGURE_COMPULSORY_AGE || step->value == FIGURE_PERIOD_RUNNING;
	case STEP_GIVEN:
	case STEP_STAGE:
	case STEP_RUNNING:
	case STEP_LATEST:
	case STEP_IN_FORCE:
	case STEP_BY:
		return true;
	default:
		return step->kind >= STEP_LT && step->kind <= STEP_NOT;
	}
}

static bool put_figured(struct making *m, const struct letter_part *part)
{
	const struct step *last = &m->scope.view->pathway->steps[part->value.first + part->value.count - 1];
	int64_t number;

	if (!expression_value(&m->scope, &part->value, &number))
		return false;
	if (is_answer(last)) {
		put(m->made->cell, number ? "yes" : "no");
		return true;
	}
	put(m->made->cell, number < 0 ? "-" : "");
	put_number(m->made->cell, (uint64_t)(number < 0 ? -number : number));
	return true;
}

static bool put_given(struct making *m, const struct letter_part *part)
{
	struct slice value = m->source->given[part->a - 1];

	if (value.size == 0)
		return false;
	put_value(m->made->cell, m->letter->rule.fields[part->a - 1].type, value);
	return true;
}

static bool put_part(struct making *m, const struct letter_part *part)
{
	switch ((enum part_kind)part->kind) {
	case PART_TEXT:
		write_bytes(m->made->cell, part->text.bytes, part->text.size);
		return true;
	case PART_WORD:
		return put_word(m, part);
	case PART_GIVEN:
		return put_given(m, part);
	case PART_RECORDED:
		return put_recorded(m, part);
	case PART_DUE:
		return put_due(m, part);
	case PART_ALERT:
		return m->source->alert(m->source->context, part->a, m->made->cell);
	case PART_VALUE:
		return put_figured(m, part);
	}
	return false;
}

/* --- blocks --------------------------------------------------------------- */

static void begin_block(struct making *m, uint8_t kind, unsigned cells)
{
	write_u8(m->made->out, kind);
	write_u8(m->made->out, (uint8_t)cells);
	m->made->block_count++;
}

static void end_cell(struct making *m)
{
	write_blob(m->made->out, writer_slice(m->made->cell));
	m->made->out->full = m->made->out->full || m->made->cell->full;
}

static void begin_cell(struct making *m)
{
	m->made->cell->at = m->made->cell->start;
	m->made->cell->full = false;
}

static void put_block(struct making *m, const struct letter_block *block)
{
	begin_block(m, block->kind, block->cell_count);
	for (unsigned i = 0; i < block->cell_count; i++) {
		struct reader in = reader_of(block->cells[i]);
		struct letter_part part;

		begin_cell(m);
		while (letter_part(&in, &part)) {
			uint8_t *before = m->made->cell->at;

			if (put_part(m, &part))
				continue;
			m->made->cell->at = before;
			put_missing(m, part.brace, part.text);
		}
		end_cell(m);
	}
}

/* In the place of the items or rows of which there is none. */
static void put_none(struct making *m, uint8_t kind, struct slice brace, struct slice label)
{
	begin_block(m, kind, 1);
	begin_cell(m);
	put_missing(m, brace, label);
	end_cell(m);
}

static void put_each_parent(struct making *m, const struct letter_block *block)
{
	struct slice parent = m->scope.parent;

	for (unsigned i = 0; i < m->source->parent_count; i++) {
		m->scope.parent = m->source->parents[i];
		put_block(m, block);
	}
	m->scope.parent = parent;
	if (m->source->parent_count == 0)
		put_none(m, block->kind, slice_text("parent"), slice_text("the parents"));
}

static void put_each(struct making *m, const struct letter_block *block)
{
	const struct case_state *c = m->scope.c;
	unsigned action = (unsigned)block->each - EACH_ACTION, count = 0;

	if (block->each == EACH_ONCE) {
		put_block(m, block);
		return;
	}
	if (block->each == EACH_PARENT) {
		put_each_parent(m, block);
		return;
	}
	for (unsigned i = 0; i < c->done_count; i++) {
		if (c->done[i].action != action)
			continue;
		m->done = &c->done[i];
		put_block(m, block);
		count++;
	}
	m->done = NULL;
	if (count == 0)
		put_none(m, block->kind, m->scope.view->pathway->actions[action].name, m->scope.view->pathway->actions[action].title);
}

void letter_make(const struct letter *letter, const struct scope *scope, const struct letter_source *source,
                 struct letter_made *made)
{
	struct making m = {.letter = letter, .scope = *scope, .source = source, .made = made};
	struct reader in = reader_of(letter->blocks);
	struct letter_block block;
	bool skipping = false;

	pupil_figures(scope->view->pupil, scope->view->calendar, &m.figures);
	while (letter_block(&in, &block)) {
		bool member = block.kind == BLOCK_ITEM || block.kind == BLOCK_ROW;
		enum tristate holds = member ? YES : expression_holds(&m.scope, &block.when);

		if (!member)
			skipping = holds != YES;
		if (holds == UNKNOWN)
			miss_block(&m, &block);
		if (!skipping)
			put_each(&m, &block);
	}
}
