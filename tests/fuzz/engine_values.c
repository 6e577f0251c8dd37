/* engine_values.c - the values of engine_words.c, as msgpack.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/engine_words.h"

#include "casework/codes.h"
#include "casework/letter.h"
#include "proto/event.h"
#include "tests/engine_host.h"

/* ---- msgpack, in the shortest form ---- */

static void head(struct writer *w, uint8_t small, unsigned small_max, uint8_t two, size_t count)
{
	if (count <= small_max) {
		write_u8(w, (uint8_t)(small | count));
	} else {
		write_u8(w, two);
		write_u16(w, (uint16_t)count);
	}
}

void put_map(struct writer *w, size_t pairs)
{
	head(w, 0x80, 15, 0xde, pairs);
}

static void put_array(struct writer *w, size_t count)
{
	head(w, 0x90, 15, 0xdc, count);
}

static void put_str(struct writer *w, struct slice text)
{
	if (text.size > 31 && text.size < 256) {
		write_u8(w, 0xd9);
		write_u8(w, (uint8_t)text.size);
	} else if (text.size < 65536) {
		head(w, 0xa0, 31, 0xda, text.size);
	} else {
		write_u8(w, 0xdb);
		write_u32(w, (uint32_t)text.size);
	}
	write_bytes(w, text.bytes, text.size);
}

void put_text(struct writer *w, const char *text)
{
	put_str(w, slice_text(text));
}

static void put_uint(struct writer *w, uint64_t value)
{
	if (value < 128) {
		write_u8(w, (uint8_t)value);
	} else if (value < 256) {
		write_u8(w, 0xcc);
		write_u8(w, (uint8_t)value);
	} else if (value < 65536) {
		write_u8(w, 0xcd);
		write_u16(w, (uint16_t)value);
	} else if (value <= UINT32_MAX) {
		write_u8(w, 0xce);
		write_u32(w, (uint32_t)value);
	} else {
		write_u8(w, 0xcf);
		write_u64(w, value);
	}
}

static void put_bool(struct writer *w, bool value)
{
	write_u8(w, value ? 0xc3 : 0xc2);
}

/* ---- values ---- */

unsigned pick(struct words *s, size_t count)
{
	return count ? fuzz_below(s->in, (unsigned)count) : 0;
}

static void put_one(struct words *s, struct writer *w, const char *const list[], size_t count)
{
	put_text(w, list[pick(s, count)]);
}

/* A name of the pathway's, or one that is none. */
static void put_name(struct words *s, struct writer *w, const struct slice names[], size_t count, size_t step)
{
	unsigned which = fuzz_u8(s->in);

	if (which == 255 || !count)
		put_text(w, "no-such-name");
	else
		put_str(w, *(const struct slice *)(const void *)((const char *)names + which % count * step));
}

static void put_day(struct words *s, struct writer *w)
{
	char text[DATE_TEXT_SIZE + 1];
	int day = s->today - 90 + fuzz_u8(s->in) / 2;

	if (fuzz_u8(s->in) > 250)
		day = DAY_MIN + fuzz_u16(s->in) % (DAY_MAX - DAY_MIN + 1);
	day_text(text, (day_t)day);
	put_text(w, text);
}

static void put_time(struct words *s, struct writer *w)
{
	char day[DATE_TEXT_SIZE + 1], text[40];

	day_text(day, (day_t)(s->today - 60 + fuzz_u8(s->in) / 3));
	if (fuzz_u8(s->in) & 1)
		snprintf(text, sizeof text, "%sT%02u:30:00Z", day, pick(s, 24));
	else
		snprintf(text, sizeof text, "%s", day);
	put_text(w, text);
}

/* The input's own bytes, as far as they are ASCII. */
static void put_free(struct words *s, struct writer *w)
{
	struct slice raw = fuzz_take(s->in, fuzz_u8(s->in) % 40);
	char text[48];

	for (size_t i = 0; i < raw.size; i++)
		text[i] = (char)(raw.bytes[i] & 0x7f ? raw.bytes[i] & 0x7f : ' ');
	put_str(w, slice_of(text, raw.size));
}

static void put_key(struct words *s, struct writer *w)
{
	char text[Z85_KEY_SIZE + 1];

	host_key_text(text, (enum who)pick(s, WHO_COUNT));
	put_text(w, text);
}

static void put_field(struct words *s, struct writer *w, const struct field_rule *f)
{
	char text[16];

	put_str(w, f->name);
	switch (fuzz_u8(s->in) > 240 ? FIELD_TEXT : f->type) {
	case FIELD_YES_NO:
		put_text(w, fuzz_u8(s->in) & 1 ? "yes" : "no");
		break;
	case FIELD_DATE:
		put_day(s, w);
		break;
	case FIELD_NUMBER:
	case FIELD_MONEY:
		snprintf(text, sizeof text, "%u", (unsigned)fuzz_u8(s->in));
		put_text(w, text);
		break;
	case FIELD_ONE_OF:
		put_name(s, w, f->values, f->value_count, sizeof f->values[0]);
		break;
	default:
		put_free(s, w);
	}
}

static void put_fields(struct words *s, struct writer *w)
{
	uint32_t wanted = fuzz_u32(s->in);
	unsigned count = 0;

	for (unsigned i = 0; s->action && i < s->action->field_count; i++)
		count += wanted >> i & 1;
	put_map(w, count);
	for (unsigned i = 0; s->action && i < s->action->field_count; i++)
		if (wanted >> i & 1)
			put_field(s, w, &s->action->fields[i]);
}

static void put_mark(struct words *s, struct writer *w)
{
	char upn[UPN_SIZE + 1];
	const char *code;
	uint8_t more;

	host_upn(upn, pick(s, 6));
	code = code_text((uint8_t)pick(s, CODE_LIMIT));
	more = fuzz_u8(s->in);
	put_array(w, more > 220 ? 3 : 2);
	put_text(w, upn);
	put_text(w, code ? code : "?");
	if (more <= 220)
		return;
	put_map(w, (more & 1) + (more >> 1 & 1) + 1u);
	put_text(w, "minutes_late");
	put_uint(w, more & 0x10 ? fuzz_u16(s->in) : fuzz_u8(s->in));
	if (more & 1) {
		put_text(w, "comment");
		put_free(s, w);
	}
	if (more & 2) {
		put_text(w, "recorded_at");
		put_time(s, w);
	}
}

static void put_registers(struct words *s, struct writer *w)
{
	unsigned registers = 1 + pick(s, 4);

	put_array(w, registers);
	while (registers--) {
		unsigned marks = pick(s, 7);

		put_array(w, 3);
		put_day(s, w);
		put_text(w, fuzz_u8(s->in) & 1 ? "PM" : "AM");
		put_array(w, marks);
		while (marks--)
			put_mark(s, w);
	}
}

static void put_pupils(struct words *s, struct writer *w)
{
	unsigned pupils = 1 + pick(s, 3);

	put_array(w, pupils);
	while (pupils--) {
		char upn[UPN_SIZE + 1];
		uint8_t has = fuzz_u8(s->in);
		static const char *const texts[] = { "forename", "year_group", "groups", "send" };
		unsigned more = 0;

		host_upn(upn, pick(s, 8));
		for (unsigned i = 0; i < 4; i++)
			more += has >> i & 1;
		put_map(w, 2 + more + (has >> 4 & 1) + (has >> 5 & 1));
		put_text(w, "upn");
		put_text(w, upn);
		put_text(w, "surname");
		put_free(s, w);
		for (unsigned i = 0; i < 4; i++)
			if (has >> i & 1) {
				put_text(w, texts[i]);
				put_free(s, w);
			}
		if (has >> 4 & 1) {
			char day[DATE_TEXT_SIZE + 1];

			day_text(day, (day_t)(s->today - 365 * (3 + (int)pick(s, 16)) + (int)pick(s, 200)));
			put_text(w, "birth_date");
			put_text(w, day);
		}
		if (has >> 5 & 1) {
			unsigned parents = pick(s, 4);

			put_text(w, "parents");
			put_array(w, parents);
			for (unsigned i = 0; i < parents; i++) {
				char id[16];

				snprintf(id, sizeof id, "p%u", i + 1);
				put_map(w, 2);
				put_text(w, "id");
				put_text(w, id);
				put_text(w, "name");
				put_free(s, w);
			}
		}
	}
}

static void put_rows(struct words *s, struct writer *w)
{
	static const char *const kinds[] = { "term", "closure", "inset", "holiday", "bank-holiday", "party" };
	unsigned rows = pick(s, 6);

	put_array(w, rows);
	while (rows--) {
		char day[DATE_TEXT_SIZE + 1];
		int from = s->today - 120 + fuzz_u8(s->in);

		put_array(w, 4);
		day_text(day, (day_t)from);
		put_text(w, day);
		day_text(day, (day_t)(from + (int)pick(s, 110)));
		put_text(w, day);
		put_one(s, w, kinds, COUNT_OF(kinds));
		put_free(s, w);
	}
}

/* The pathway's own text, with one place of it another. */
static void put_source(struct words *s, struct writer *w)
{
	size_t size = s->source.size, at = size ? fuzz_u32(s->in) % size : 0;
	struct slice own = fuzz_take(s->in, fuzz_u8(s->in) % 12);
	uint8_t *copy = malloc(size + 1);

	MUST(copy);
	memcpy(copy, s->source.bytes, size);
	for (size_t i = 0; i < own.size && at + i < size; i++)
		copy[at + i] = own.bytes[i] & 0x7f ? own.bytes[i] & 0x7f : ' ';
	put_str(w, slice_of(copy, size));
	free(copy);
}

static void put_others(struct words *s, struct writer *w, bool nil_too)
{
	const struct pathway *p = s->pathway;
	unsigned pairs = pick(s, 3);

	put_map(w, pairs);
	for (unsigned i = 0; i < pairs; i++) {
		if (nil_too) {
			put_str(w, p->deadlines[(i + fuzz_u8(s->in)) % (p->deadline_count ? p->deadline_count : 1)].name);
			if (fuzz_u8(s->in) & 1)
				write_u8(w, 0xc0);
			else
				put_name(s, w, &p->deadlines[0].name, p->deadline_count, sizeof p->deadlines[0]);
		} else {
			put_str(w, p->stages[(i + fuzz_u8(s->in)) % p->stage_count]);
			put_name(s, w, p->stages, p->stage_count, sizeof p->stages[0]);
		}
	}
}

static void put_letter(struct words *s, struct writer *w)
{
	struct letter letter;
	static struct action_rule rule;

	if (!letter_at(s->pathway, pick(s, 24), &letter)) {
		put_text(w, "no-such-letter");
		return;
	}
	rule = letter.rule;
	s->action = &rule;
	put_str(w, rule.name);
}

static void put_action(struct words *s, struct writer *w)
{
	unsigned which = fuzz_u8(s->in);

	s->action = which == 255 || !s->pathway->action_count ? NULL : &s->pathway->actions[which % s->pathway->action_count];
	if (s->action)
		put_str(w, s->action->name);
	else
		put_text(w, "note");
}

static void put_list(struct words *s, struct writer *w, enum sort of);

void put_value(struct words *s, struct writer *w, uint8_t sort)
{
#define X(name, number, text, ...) text,
	static const char *const facts[] = { FACTS(X) "none" };
#undef X
	static const char *const urns[] = { SCHOOL_URN, SCHOOL_URN, OTHER_URN, "106125", "1" };
	static const char *const parents[] = { "p1", "p2", "p3", "9" };
	static const char *const roles[] = { "connector", "school", "lead", "officer", "manager", "auditor", "administrator", "monitor", "board", "king" };
	static const char *const officers[] = { "", "A", "B", "officer", "Mrs Hart" };
	static const char *const feeds[] = { "alerts", "log", "else" };
	static const char *const paths[] = { "stockport", "three-stage", "wigan", "stockton", "south-tyneside", "none" };
	static const char *const kinds[] = { "primary", "secondary", "other" };
	static const char *const cursors[] = { "a", "b", "" };
	static const char *const reports[] = { "pupils", "notices", "deadlines", "schools", "meeting", "none" };
	const struct pathway *p = s->pathway;
	char text[24];

	switch ((enum sort)sort) {
	case SORT_UPN:
		host_upn(text, pick(s, 6));
		put_text(w, text);
		break;
	case SORT_URN: put_one(s, w, urns, COUNT_OF(urns)); break;
	case SORT_DATE: put_day(s, w); break;
	case SORT_TIME: put_time(s, w); break;
	case SORT_CASE:
		snprintf(text, sizeof text, "C%u", 1 + pick(s, 5));
		put_text(w, text);
		break;
	case SORT_PARENT: put_one(s, w, parents, COUNT_OF(parents)); break;
	case SORT_ACTION: put_action(s, w); break;
	case SORT_FIELDS: put_fields(s, w); break;
	case SORT_FACT: put_one(s, w, facts, COUNT_OF(facts)); break;
	case SORT_ROLE: put_one(s, w, roles, COUNT_OF(roles)); break;
	case SORT_KEY: put_key(s, w); break;
	case SORT_OFFICER:
		if (fuzz_u8(s->in) & 1)
			put_key(s, w);
		else
			put_one(s, w, officers, COUNT_OF(officers));
		break;
	case SORT_TEXT: put_free(s, w); break;
	case SORT_NUMBER: put_uint(w, fuzz_u16(s->in)); break;
	case SORT_SMALL: put_uint(w, fuzz_u8(s->in)); break;
	case SORT_ALERT:
	case SORT_SEQ: put_uint(w, s->head > fuzz_u8(s->in) / 4 ? s->head - fuzz_u8(s->in) / 4 : fuzz_u16(s->in)); break;
	case SORT_YES: put_bool(w, fuzz_u8(s->in) & 1); break;
	case SORT_WHAT_FEED: put_one(s, w, feeds, COUNT_OF(feeds)); break;
	case SORT_MEETING: put_name(s, w, &p->meetings[0].name, p->meeting_count, sizeof p->meetings[0]); break;
	case SORT_TASK: put_name(s, w, &p->tasks[0].name, p->task_count, sizeof p->tasks[0]); break;
	case SORT_LETTER: put_letter(s, w); break;
	case SORT_PATHWAY: put_one(s, w, paths, COUNT_OF(paths)); break;
	case SORT_STAGE: put_name(s, w, p->stages, p->stage_count, sizeof p->stages[0]); break;
	case SORT_DEADLINES: put_others(s, w, true); break;
	case SORT_STAGES: put_others(s, w, false); break;
	case SORT_KINDS:
		put_array(w, 1);
		put_one(s, w, kinds, COUNT_OF(kinds));
		break;
	case SORT_REGISTERS: put_registers(s, w); break;
	case SORT_PUPILS: put_pupils(s, w); break;
	case SORT_ROWS: put_rows(s, w); break;
	case SORT_SOURCE: put_source(s, w); break;
	case SORT_CURSOR: put_one(s, w, cursors, COUNT_OF(cursors)); break;
	case SORT_URNS: put_list(s, w, SORT_URN); break;
	case SORT_CASES: put_list(s, w, SORT_CASE); break;
	case SORT_REPORT: put_one(s, w, reports, COUNT_OF(reports)); break;
	case SORTS_END: write_u8(w, 0xc0); break;
	}
}

static void put_list(struct words *s, struct writer *w, enum sort of)
{
	unsigned count = pick(s, 3);

	put_array(w, count);
	while (count--)
		put_value(s, w, (uint8_t)of);
}
