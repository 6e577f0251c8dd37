/* expression.c - conditions of a pathway: what parses is sound where it stands, and can be worked out.
 * The input: a byte of where it stands, a byte of which action, the text. The pathway is Stockport's.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz.h"

#include "casework/condition.h"
#include "casework/pathway_sound.h"
#include "pathways/bundle.h"
#include "pathways/expression.h"

static struct pathway *p;
static struct calendar calendar;

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
	static uint8_t room[PATHWAY_SIZE_MAX + 1];
	static struct compile_report report;
	struct writer w = writer_of(room, sizeof room);
	char why[300], *source;
	size_t size;

	(void)count, (void)arguments;
	source = bundle_gather("pathways/stockport.yaml", &size, why, sizeof why);
	p = calloc(1, sizeof *p);
	MUST(source && p && pathway_compile(slice_of(source, size), &w, &report) && pathway_decode(p, writer_slice(&w)));
	free(source);
	calendar_build(&calendar, NULL, 0);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const struct pupil pupil;
	static struct filled filled;
	static struct case_state c;
	struct fuzz f = fuzz_of(bytes, size);
	enum expression_place place = (enum expression_place)fuzz_below(&f, EXPRESSION_WATCH + 1);
	static const enum place of[] = { PLACE_NEED, PLACE_EFFECT, PLACE_QUESTION, PLACE_WATCH };
	const struct action_rule *action = &p->actions[fuzz_below(&f, p->action_count)];
	uint16_t steps = p->step_count;
	struct slice text = fuzz_rest(&f);
	uint8_t *exact = fuzz_copy(text);
	struct case_view view = { .pathway = p, .calendar = &calendar, .pupil = &pupil, .today = 20700, .compulsory_age = UNKNOWN };
	struct scope scope = { .view = &view, .filled = &filled, .parent = slice_text("p1"), .on = 20700 };
	struct expression_fault fault = { 0 };
	struct expression e;
	int64_t value;

	if (place >= EXPRESSION_QUESTION)
		action = NULL;
	if (!expression_parse(p, action, place, slice_of(exact, text.size), &e, &fault)) {
		MUST(fault.offset <= text.size && fault.text[0] && strlen(fault.text) < sizeof fault.text);
		p->step_count = steps;
		free(exact);
		return 0;
	}
	free(exact); /* what was parsed points into the pathway alone */
	MUST(expression_sound(p, action, &e, of[place]));
	scope.action = action;
	memset(&c, 0, sizeof c);
	c.stage = 1;
	for (unsigned i = 0; i < 2; i++) {
		scope.c = i && place != EXPRESSION_WATCH ? &c : NULL;
		if (action || place == EXPRESSION_WATCH || scope.c) {
			expression_holds(&scope, &e);
			expression_value(&scope, &e, &value);
		}
	}
	p->step_count = steps;
	return 0;
}
