/* SPDX-License-Identifier: Apache-2.0 */
#include "client/draw.h"

#include <stdlib.h>
#include <string.h>

#include "client/draw_lanes.h"
#include "client/draw_rules.h"
#include "client/draw_text.h"
#include "client/draw_words.h"

enum {
	ACTION_WIDTH = 376, ARROW = 144, DEADLINE_WIDTH = 376, PADDING = 18, GAP = 14, BAND_GAP = 34,
	BAND_WIDTH = PADDING + ACTION_WIDTH + ARROW + DEADLINE_WIDTH + PADDING,
	WATCHES_ACROSS = 3, WATCH_WIDTH = (BAND_WIDTH - 2 * PADDING - (WATCHES_ACROSS - 1) * GAP) / WATCHES_ACROSS,
	MARGIN = 12,
	BAND_ANY = PLAN_ANY, BAND_WATCHES = STAGES_MAX + 1, BANDS,
};

/* The picture is drawn once to learn how high things come and once in earnest:
 * the margins' width must be known before the first line is written. */
struct picture {
	FILE *out;
	const struct pathway *p;
	struct plan plan;
	struct lanes *lanes;
	int heads[STAGES_MAX + 1];   /* where lines come to a stage */
	int heights[BANDS];          /* of a stage's band, or one of the others */
	int left, y;
	int beside_y;                /* the top of a row whose right half is free; 0: none */
};

static const char STYLE[] =
	".attend-pathway{font-family:Helvetica,Arial,'Liberation Sans','DejaVu Sans',sans-serif;background:#fff;max-width:100%;height:auto}"
	".attend-pathway text{fill:#12202e;stroke:none}"
	".attend-pathway .page{font-size:24px;font-weight:bold}"
	".attend-pathway .stage{font-size:17px;font-weight:bold}"
	".attend-pathway .name{font-size:15px;font-weight:bold}"
	".attend-pathway .plain{font-size:13px}"
	".attend-pathway .strong{font-size:13px;font-weight:bold}"
	".attend-pathway .muted{font-size:12px;fill:#47545f}"
	".attend-pathway .middle{text-anchor:middle}"
	".attend-pathway .length{font-size:13px;font-weight:bold;text-anchor:middle}"
	".attend-pathway text.clause{font-size:11px;font-weight:bold;text-anchor:middle;fill:#0b3c6b}"
	".attend-pathway rect.clause{fill:#e3eefa;stroke:#0b3c6b;stroke-width:.8}"
	".attend-pathway .band>rect{fill:#f4f6f8;stroke:#8796a5}"
	".attend-pathway .band:target>rect:first-of-type{fill:#fff6d6;stroke:#12424f;stroke-width:5}" /* where a case stands */
	".attend-pathway .head>rect{fill:none;stroke:none}"
	".attend-pathway .action>rect:first-child,.attend-pathway .watch>rect:first-child{fill:#fff;stroke:#0b3c6b;stroke-width:1.6}"
	".attend-pathway .deadline>rect:first-child{fill:#fff9e8;stroke:#7a5600;stroke-width:1.6}"
	".attend-pathway .again>rect:first-child,.attend-pathway .cause>rect:first-child{fill:#fffdf6;stroke:#7a5600;stroke-width:1.4;stroke-dasharray:6 4}"
	".attend-pathway .rule{stroke:#7a5600;stroke-width:.8;fill:none}"
	".attend-pathway .diamond{fill:#8a1c5a;stroke:none}"
	".attend-pathway .arrow,.attend-pathway .way{fill:none;stroke:#12202e;stroke-width:1.6}"
	".attend-pathway .next{fill:none;stroke:#12202e;stroke-width:3}"
	".attend-pathway .halo{fill:none;stroke:#fff;stroke-width:5}"
	".attend-pathway .tip{fill:#12202e;stroke:none}"
	"@media print{.attend-pathway{-webkit-print-color-adjust:exact;print-color-adjust:exact}}";

static void tip(FILE *out, int x, int y, const char *shape)
{
	fprintf(out, "<path class=\"tip\" d=\"M%d %d%s\"/>\n", x, y, shape);
}

static const char TO_RIGHT[] = "l-9 -4.5v9z", DOWN[] = "l-7 -10h14z";

static char *named(const struct pathway *p, const char *kind, struct slice name)
{
	return words("%.*s-%s-%.*s", (int)p->name.size, (const char *)p->name.bytes, kind, (int)name.size,
	             (const char *)name.bytes);
}

static void put_named(struct picture *d, struct card *card, int x, int y, const char *kind, struct slice name, char *label)
{
	char *id = named(d->p, kind, name);
	card_put(d->out, card, x, y, kind, id, label);
	free(id);
	free(label);
}

/* --- a row: an action, or a period's end, and what it starts --- */

static void put_label(struct picture *d, const char *class, int x, int y, const char *text)
{
	fprintf(d->out, "<text class=\"%s\" x=\"%d\" y=\"%d\">", class, x, y);
	text_escaped(d->out, text, strlen(text));
	fputs("</text>\n", d->out);
}

/* An arrow from the row's box to one of those on the right, its length on it. */
static void put_arrow(struct picture *d, int from_y, int to_y, const struct deadline_rule *rule)
{
	static const char *const from[ANCHOR_LAST + 1] = {
		[ANCHOR_DONE] = "after another action", [ANCHOR_AFTER_DATE] = "after a date", [ANCHOR_BEFORE_DATE] = "before a date",
	};
	int x = d->left + PADDING + ACTION_WIDTH, trunk = x + 16, end = x + ARROW;
	if (from_y == to_y)
		fprintf(d->out, "<path class=\"arrow\" d=\"M%d %dH%d\" aria-hidden=\"true\"/>\n", x, from_y, end - 8);
	else
		fprintf(d->out, "<path class=\"arrow\" d=\"M%d %dV%dq0 6 6 6H%d\" aria-hidden=\"true\"/>\n", trunk, from_y,
		        to_y - 6, end - 8);
	tip(d->out, end, to_y, TO_RIGHT);
	char *text = rule->anchor == ANCHOR_ON_DATE ? words("on a date") : words_of_length(rule->length);
	put_label(d, "length", (trunk + end - 8) / 2, to_y - 7, text);
	if (from[rule->anchor])
		put_label(d, "muted middle", (trunk + end - 8) / 2, to_y + 15, from[rule->anchor]);
	free(text);
}

/* What a row starts: a deadline drawn here, or one that is drawn elsewhere. */
static int put_start(struct picture *d, int from_y, int y, unsigned deadline, struct expression when,
                     const struct action_rule *by, bool here)
{
	struct card card;
	struct way way = { 0 };
	int x = d->left + PADDING + ACTION_WIDTH + ARROW;
	const struct deadline_rule *rule = &d->p->deadlines[deadline];
	if (here)
		rules_deadline(&card, DEADLINE_WIDTH, d->p, deadline, when, by, &way);
	else
		rules_again(&card, DEADLINE_WIDTH, d->p, deadline, when, by);
	int head = y + card_head(&card), bottom = y + card.height;
	if (way.stage)
		lanes_add(d->lanes, LANE_RIGHT, x + DEADLINE_WIDTH, y + way.y, way.stage);
	put_arrow(d, from_y, y == from_y - card_head(&card) ? from_y : head, rule);
	char *label = words_of_deadline(d->p, deadline);
	if (here) {
		put_named(d, &card, x, y, "deadline", rule->name, label);
	} else {
		card_put(d->out, &card, x, y, "again", NULL, label);
		free(label);
	}
	return bottom;
}

/* Two that start nothing stand side by side, if no line leaves the second. */
static bool beside(struct picture *d, unsigned action, struct card *card, unsigned ways)
{
	if (!d->beside_y || d->p->actions[action].start_count || ways)
		return false;
	int bottom = d->beside_y + card->height + GAP;
	put_named(d, card, d->left + PADDING + ACTION_WIDTH + ARROW, d->beside_y, "action", d->p->actions[action].name,
	          words_of_action(d->p, action));
	d->y = bottom > d->y ? bottom : d->y;
	d->beside_y = 0;
	return true;
}

static void put_action(struct picture *d, unsigned action)
{
	const struct action_rule *a = &d->p->actions[action];
	struct card card;
	struct way ways[MOVES_MAX];
	unsigned count = rules_action(&card, ACTION_WIDTH, d->p, action, d->plan.actions[action], ways);
	if (beside(d, action, &card, count))
		return;
	int x = d->left + PADDING, y = d->y, right = y;
	int head = y + card_head(&card), bottom = y + card.height;
	for (unsigned i = 0; i < count; i++)
		lanes_add(d->lanes, LANE_LEFT, x, y + ways[i].y, ways[i].stage);
	put_named(d, &card, x, y, "action", a->name, words_of_action(d->p, action));
	for (unsigned i = 0; i < a->start_count; i++) {
		unsigned deadline = a->starts[i].deadline;
		right = put_start(d, head, right + (i ? GAP : 0), deadline, a->starts[i].when, a,
		                  d->plan.by_action[deadline] == action + 1 && !d->plan.by_end[deadline]);
	}
	d->y = (right > bottom ? right : bottom) + GAP;
	d->beside_y = a->start_count ? 0 : y;
}

/* A deadline that no action starts, behind what does. */
static void put_cause(struct picture *d, unsigned deadline)
{
	struct card card;
	struct expression when = { 0 };
	int x = d->left + PADDING, y = d->y;
	if (d->plan.by_end[deadline]) {
		const struct deadline_rule *ending = &d->p->deadlines[d->plan.by_end[deadline] - 1];
		for (unsigned i = 0; i < ending->end_start_count; i++)
			if (ending->end_starts[i].deadline == deadline)
				when = ending->end_starts[i].when;
	}
	rules_cause(&card, ACTION_WIDTH, d->p, deadline, d->plan.by_end[deadline]);
	int head = y + card_head(&card), bottom = y + card.height;
	card_put(d->out, &card, x, y, "cause", NULL, "what starts it");
	int right = put_start(d, head, y, deadline, when, NULL, true);
	d->y = (right > bottom ? right : bottom) + GAP;
}

/* --- bands --- */

/* Its box is drawn before what stands in it: the height comes from the drawing before. */
static int band_begin(struct picture *d, unsigned band, char *title, char *note, char *id)
{
	struct card head;
	int top = d->y;
	card_begin(&head, BAND_WIDTH - 2 * (PADDING - CARD_PADDING), NULL, 0);
	char *label = words("%s", title);
	card_add(&head, CARD_STAGE, title);
	card_add(&head, CARD_MUTED, note);
	card_end(&head);
	fprintf(d->out, "<g role=\"group\" class=\"band\" id=\"%s\" aria-label=\"", id);
	text_escaped(d->out, label, strlen(label));
	fprintf(d->out, "\">\n<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"6\"/>\n", d->left, top, BAND_WIDTH,
	        d->heights[band]);
	d->y = top + head.height + 2;
	if (band >= 1 && band <= STAGES_MAX)
		d->heads[band] = top + card_head(&head);
	card_put(d->out, &head, d->left + PADDING - CARD_PADDING, top, "head", NULL, label);
	free(label);
	free(id);
	return top;
}

static void band_end(struct picture *d, unsigned band, int top)
{
	d->y += PADDING - GAP;
	d->heights[band] = d->y - top;
	fputs("</g>\n", d->out);
}

static void put_watches(struct picture *d)
{
	if (!d->p->watch_count)
		return;
	int top = band_begin(d, BAND_WATCHES, words("What registers give rise to"), words("Watched from day to day, whatever stage a case is at."),
	                     named(d->p, "band", slice_text("watches")));
	int high = 0;
	for (unsigned i = 0; i < d->p->watch_count; i++) {
		struct card card;
		const char *kind = alert_kind_text(d->p->watches[i].kind);
		rules_watch(&card, WATCH_WIDTH, &d->p->watches[i]);
		high = card.height > high ? card.height : high;
		card_put(d->out, &card, d->left + PADDING + (int)(i % WATCHES_ACROSS) * (WATCH_WIDTH + GAP), d->y, "watch", NULL, kind);
		if (i % WATCHES_ACROSS == WATCHES_ACROSS - 1 || i + 1u == d->p->watch_count) {
			d->y += high + GAP;
			high = 0;
		}
	}
	band_end(d, BAND_WATCHES, top);
	d->y += BAND_GAP;
}

/* The rows of one band: what time begins, then what is recorded. */
static void put_rows(struct picture *d, unsigned band)
{
	d->beside_y = 0;
	for (unsigned i = 0; i < d->p->deadline_count; i++)
		if ((d->plan.by_end[i] || !d->plan.by_action[i]) && d->plan.deadlines[i] == band)
			put_cause(d, i);
	for (unsigned i = 0; i < d->p->action_count; i++)
		if (d->plan.actions[i] == band)
			put_action(d, i);
}

/* Does an action that is drawn in this stage bring a case to it? */
static bool is_entered(const struct picture *d, unsigned stage)
{
	for (unsigned i = 0; i < d->p->action_count; i++)
		for (unsigned k = 0; d->plan.actions[i] == stage && k < d->p->actions[i].move_count; k++)
			if (d->p->actions[i].moves[k].stage == stage)
				return true;
	return false;
}

static void put_stages(struct picture *d)
{
	const struct pathway *p = d->p;
	for (unsigned stage = 1; stage <= p->stage_count; stage++) {
		struct slice title = p->stage_titles[stage - 1];
		const char *note = stage == p->first_stage ? "A case begins here." : stage == p->closed_stage ? "A case ends here." : NULL;
		if (stage > 1 && is_entered(d, stage)) {
			int x = d->left + PADDING + 40;
			fprintf(d->out, "<path class=\"next\" d=\"M%d %dV%d\" aria-hidden=\"true\"/>\n", x, d->y - BAND_GAP, d->y - 8);
			tip(d->out, x, d->y - 1, DOWN);
		}
		int top = band_begin(d, stage, words("%.*s", (int)title.size, (const char *)title.bytes),
		                     note ? words("%s", note) : NULL, named(p, "stage", p->stages[stage - 1]));
		put_rows(d, stage);
		band_end(d, stage, top);
		d->y += BAND_GAP;
	}
	bool any = false;
	for (unsigned i = 0; i < p->action_count; i++)
		any = any || d->plan.actions[i] == PLAN_ANY;
	for (unsigned i = 0; i < p->deadline_count; i++)
		any = any || d->plan.deadlines[i] == PLAN_ANY;
	if (!any)
		return;
	int top = band_begin(d, BAND_ANY, words("At any stage"), NULL, named(p, "band", slice_text("any")));
	put_rows(d, PLAN_ANY);
	band_end(d, BAND_ANY, top);
	d->y += BAND_GAP;
}

/* --- the page --- */

static void put_card(struct picture *d, const char *class, enum card_style style, char *first, char *second)
{
	struct card card;
	char *label = words("%s", first);
	card_begin(&card, BAND_WIDTH, NULL, 0);
	card_add(&card, style, first);
	card_add(&card, CARD_MUTED, second);
	card_end(&card);
	int high = card.height;
	card_put(d->out, &card, d->left - CARD_PADDING, d->y, class, NULL, label);
	free(label);
	d->y += high;
}

static void put_page(struct picture *d)
{
	const struct pathway *p = d->p;
	d->lanes->count = 0;
	d->y = MARGIN;
	put_card(d, "head", CARD_PAGE, words("%.*s", (int)p->title.size, (const char *)p->title.bytes),
	         words("%.*s", (int)p->source_name.size, (const char *)p->source_name.bytes));
	d->y += GAP;
	put_watches(d);
	put_stages(d);
	d->y -= BAND_GAP;
	put_card(d, "head", CARD_MUTED,
	         words("How to read it: a square box is an action, recorded by those named in it; the arrow from it carries the "
	               "time for what it starts, the round box. A diamond marks a decision, which people take. A broken line: "
	               "the same begins again, or time alone begins it. Lines in the margins, and \u2192, lead to another stage. "
	               "The mark in a corner is the clause of the document followed."), NULL);
	d->y += MARGIN;
}

static void put_opening(FILE *out, const struct pathway *p, int width, int height)
{
	char *id = words("%.*s", (int)p->name.size, (const char *)p->name.bytes);
	fprintf(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"attend-pathway\" role=\"graphics-document document\" "
	        "lang=\"en-GB\" aria-labelledby=\"%s-title %s-desc\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\">\n<title id=\"%s-title\">",
	        id, id, width, height, width, height, id);
	text_escaped(out, (const char *)p->title.bytes, p->title.size);
	fprintf(out, "</title>\n<desc id=\"%s-desc\">The stages of a case, in order: ", id);
	for (unsigned i = 0; i < p->stage_count; i++) {
		fputs(i ? "; " : "", out);
		text_escaped(out, (const char *)p->stage_titles[i].bytes, p->stage_titles[i].size);
	}
	fprintf(out, ". In each stage its actions (%u in all), who may record them and what they need, the deadlines (%u) that "
	        "they start, and the decisions with their outcomes.</desc>\n<style>%s</style>\n", p->action_count, p->deadline_count, STYLE);
	free(id);
}

void draw_pathway(FILE *out, const struct pathway *p)
{
	struct picture *d = calloc(1, sizeof *d);
	struct lanes *lanes = calloc(1, sizeof *lanes);
	char *unused = NULL;
	size_t size;
	FILE *trial = open_memstream(&unused, &size);
	if (!d || !lanes || !trial) {
		fputs("attend: no memory for a drawing\n", stderr);
		exit(2);
	}
	*d = (struct picture){ .out = trial, .p = p, .lanes = lanes };
	plan_make(&d->plan, p);
	put_page(d);
	fclose(trial);
	free(unused);
	lanes_settle(lanes, d->heads);
	d->left = lanes_width(lanes, LANE_LEFT);
	put_opening(out, p, d->left + BAND_WIDTH + lanes_width(lanes, LANE_RIGHT), d->y);
	d->out = out;
	put_page(d);
	lanes_put(out, lanes, d->heads, d->left, d->left + BAND_WIDTH);
	fputs("</svg>\n", out);
	free(lanes);
	free(d);
}
