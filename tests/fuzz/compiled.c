/* compiled.c - a compiled pathway as it is read from the log, which damage or malice may have touched. What
 * passes has one spelling, and is safe to run: letters made, and conditions asked, of an empty case and of
 * one read from bytes too.
 *
 * The input: the pathway's bytes (two of size before them), then a case's record.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz.h"

#include "casework/letter.h"
#include "casework/pathway_sound.h"
#include "casework/watch.h"

static struct pathway p;
static struct calendar calendar;
static struct pupil pupil;
static struct case_state c;
static uint8_t room[PATHWAY_SIZE_MAX + 4096], cell[1 << 16], missing[1 << 16];

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
	uint8_t held;

	(void)count, (void)arguments;
	calendar_build(&calendar, NULL, 0);
	pupil.urn = 123456;
	for (unsigned day = 20690; day < 20700; day++)
		for (uint8_t session = 0; session < 2; session++)
			pupil_mark(&pupil, &calendar, (day_t)day, session, (uint8_t)(1 + day % 20), 10, &held);
	return 0;
}

static bool word(void *context, uint8_t which, struct slice parent, struct writer *w)
{
	(void)context, (void)parent;
	write_bytes(w, "?", 1);
	return which % 3 != 0;
}

static bool recorded(void *context, const struct case_done *done, struct slice field, struct writer *w)
{
	(void)context, (void)field;
	write_bytes(w, "?", 1);
	return done->action % 2 == 0;
}

static bool alert(void *context, uint8_t kind, struct writer *w)
{
	(void)context, (void)w;
	return kind % 2 == 0;
}

static void letters(const struct case_view *view, const struct case_state *of)
{
	static const struct slice parents[] = { { (const uint8_t *)"p1", 2 }, { (const uint8_t *)"m", 1 } };
	struct letter letter;

	for (unsigned i = 0; letter_at(&p, i, &letter); i++) {
		struct filled filled = { 0 };
		struct scope scope = { .c = of, .view = view, .action = &letter.rule, .filled = &filled, .parent = parents[0], .on = view->today };
		struct letter_source source = { .word = word, .recorded = recorded, .alert = alert, .parents = parents, .parent_count = 2 };
		struct writer out = writer_of(room, sizeof room), lacks = writer_of(missing, sizeof missing), one = writer_of(cell, sizeof cell);
		struct letter_made made = { .out = &out, .missing = &lacks, .cell = &one };

		letter_make(&letter, &scope, &source, &made);
		for (unsigned a = 0; a < p.action_count; a++) {
			scope.action = &p.actions[a];
			for (unsigned n = 0; n < p.actions[a].condition_count; n++)
				expression_holds(&scope, &p.actions[a].conditions[n].need);
		}
	}
}

static void run(const struct case_state *of)
{
	struct case_view view = { .pathway = &p, .calendar = &calendar, .pupil = &pupil, .today = 20700, .compulsory_age = YES };
	static struct lacks lacks;
	struct watch_change changes[WATCH_CHANGES_MAX];
	struct standing standing = { 0 };
	struct watch_mark mark = { .day = 20699, .session = 1 };

	letters(&view, of);
	watch_look(&p, &pupil, &calendar, &standing, &mark, changes);
	for (unsigned a = 0; a < p.action_count; a++) {
		struct event_action_recorded event = { .on = 20699, .name = p.actions[a].name };

		case_decide(of, &view, ROLE_OFFICER, &event, NULL, 0, false, &lacks);
	}
	for (unsigned i = 0; of && i < of->deadline_count; i++) {
		static struct case_state copy;
		struct case_alert alerts[4];
		struct event_deadline_fired fired = { .deadline = (uint8_t)(i + 1) };
		struct writer w = writer_of(room, sizeof room);

		if (!case_timer(&of->deadlines[i], &fired.phase))
			continue;
		case_fired_alerts(of, &view, fired.deadline, fired.phase, alerts);
		if (of->deadlines[i].rule < p.deadline_count)
			case_text(&w, of, &view, fired.deadline, p.deadlines[of->deadlines[i].rule].text);
		copy = *of;
		case_copied(&copy);
		case_apply_fired(&copy, &view, &fired);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct fuzz f = fuzz_of(bytes, size);
	struct slice record = fuzz_part(&f), kept = fuzz_rest(&f);
	uint8_t *exact = fuzz_copy(record), *exact_case = fuzz_copy(kept);
	struct writer w = writer_of(room, sizeof room);

	record = slice_of(exact, record.size);
	if (pathway_decode(&p, record)) {
		MUST(pathway_sound(&p));
		pathway_encode(&w, &p);
		/* an older form is written as the newest */
		MUST(!w.full && (writer_slice(&w).bytes[0] != record.bytes[0] || slice_equal(writer_slice(&w), record)));
		run(NULL);
		if (case_decode(&c, slice_of(exact_case, kept.size)) && case_fits(&c, &p))
			run(&c);
	}
	free(exact);
	free(exact_case);
	return 0;
}
