/* case_text.c - the braces of a text, filled from the case.
 *
 * A text may hold another ({question}); texts within it are filled too, and no
 * deeper. A brace that isn't one of the list is left as it stands.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "casework/case_deadline.h"
#include "casework/condition.h"

enum { SESSIONS_SHOWN_MAX = 20 };

struct filling {
	struct writer *out;
	const struct case_state *c;
	const struct case_view *view;
	const struct case_deadline *d;      /* NULL: none */
	const struct deadline_rule *rule;   /* of it */
	const struct case_notice *notice;   /* of the deadline, or the parent's newest; NULL: none */
	bool nested;
};

static void fill_text(struct filling *, struct slice text);

static void put(struct filling *f, const char *text)
{
	write_bytes(f->out, text, strlen(text));
}

static void put_slice(struct filling *f, struct slice text)
{
	if (text.size > 0)
		write_bytes(f->out, text.bytes, text.size);
}

static void put_number(struct filling *f, unsigned number)
{
	char text[12], *at = text + sizeof text;

	*--at = '\0';
	do
		*--at = (char)('0' + number % 10);
	while (number /= 10);
	put(f, at);
}

static void put_day(struct filling *f, day_t day)
{
	char text[32];

	day_text_long(text, day);
	put(f, text);
}

/* "2026-09-07 AM O, 2026-09-07 PM O and 3 more". */
static void put_sessions(struct filling *f)
{
	unsigned shown = 0, more = 0;

	for (day_t day = f->d->from + 1; day <= f->d->last; day++) {
		for (uint8_t session = AM; session <= PM; session++) {
			uint8_t code = pupil_code(f->view->pupil, day, session);
			char date[DATE_TEXT_SIZE + 1];

			if (code == CODE_NONE || !code_in(f->rule->breach_codes, code))
				continue;
			if (shown == SESSIONS_SHOWN_MAX) {
				more++;
				continue;
			}
			day_text(date, day);
			put(f, shown++ ? ", " : "");
			put(f, date);
			put(f, session == AM ? " AM " : " PM ");
			put(f, code_text(code));
		}
	}
	if (more > 0) {
		put(f, " and ");
		put_number(f, more);
		put(f, " more");
	}
}

static void put_percentage(struct filling *f)
{
	struct figures figures;
	unsigned tenths;

	pupil_figures(f->view->pupil, f->view->calendar, &figures);
	if (figures.possible == 0) {
		put(f, "no possible session");
		return;
	}
	tenths = (figures.attended * 2000 + figures.possible) / (figures.possible * 2);
	put_number(f, tenths / 10);
	put(f, ".");
	put_number(f, tenths % 10);
}

static void put_question(struct filling *f, bool outcomes)
{
	const struct question *q = deadline_question(f->c, f->view, f->d);

	if (q == NULL || f->nested)
		return;
	if (!outcomes) {
		f->nested = true;
		fill_text(f, q->text);
		f->nested = false;
		return;
	}
	for (unsigned i = 0; i < q->outcome_count; i++) {
		struct slice title = pathway_outcome_title(f->view->pathway, f->d->rule, q->outcomes[i]);

		put(f, i ? "; " : "");
		put_slice(f, title.size > 0 ? title : q->outcomes[i]);
	}
}

static void put_notice(struct filling *f, struct slice name)
{
	bool lapsed;
	unsigned pounds;

	if (f->notice == NULL)
		return;
	if (slice_is(name, "notice")) {
		put_number(f, f->notice->number);
		return;
	}
	pounds = case_notice_amount(f->notice, f->view->today, &lapsed);
	put_number(f, lapsed ? f->notice->full : pounds);
}

static void put_of_deadline(struct filling *f, struct slice name)
{
	if (slice_is(name, "due"))
		put_day(f, day_of_ms(f->d->due_ms));
	else if (slice_is(name, "from"))
		put_day(f, f->d->from);
	else if (slice_is(name, "last"))
		put_day(f, f->d->last);
	else if (slice_is(name, "sessions"))
		put_sessions(f);
	else if (slice_is(name, "count"))
		put_number(f, pupil_count(f->view->pupil, f->rule->breach_codes, f->d->from + 1, f->d->last));
	else if (slice_is(name, "parent"))
		put(f, f->d->parent);
	else if (slice_is(name, "kind"))
		put_slice(f, f->rule->name);
	else if (slice_is(name, "title"))
		put_slice(f, f->rule->title.size > 0 ? f->rule->title : f->rule->name);
	else if (slice_is(name, "question") || slice_is(name, "outcomes"))
		put_question(f, slice_is(name, "outcomes"));
	else if (slice_is(name, "for_parent") && f->d->parent[0] != 0) {
		put(f, " for parent ");
		put(f, f->d->parent);
	}
}

static void fill_brace(struct filling *f, struct slice name)
{
	if (slice_is(name, "percentage")) {
		put_percentage(f);
	} else if (slice_is(name, "unauthorised_10_weeks")) {
		struct scope scope = {.c = f->c, .view = f->view, .on = f->d != NULL ? f->d->last : f->view->today};

		/* Before a deadline's last day the window is the one that ends today. */
		if (scope.on > f->view->today)
			scope.on = f->view->today;
		put_number(f, scope_window(&scope));
	} else if (slice_is(name, "notice") || slice_is(name, "amount")) {
		put_notice(f, name);
	} else if (f->d != NULL) {
		put_of_deadline(f, name);
	}
}

static void fill_text(struct filling *f, struct slice text)
{
	size_t at = 0;

	while (at < text.size) {
		const uint8_t *open = memchr(text.bytes + at, '{', text.size - at);
		size_t start = open ? (size_t)(open - text.bytes) : text.size;
		const uint8_t *close = open ? memchr(open, '}', text.size - start) : NULL;
		struct slice name;

		put_slice(f, slice_of(text.bytes + at, start - at));
		if (close == NULL) {
			put_slice(f, slice_of(text.bytes + start, text.size - start));
			return;
		}
		name = slice_of(open + 1, (size_t)(close - open) - 1);
		if (pathway_brace(name, false)) {
			fill_brace(f, name);
			at = (size_t)(close - text.bytes) + 1;
		} else {
			put(f, "{");
			at = start + 1;
		}
	}
}

void case_text(struct writer *out, const struct case_state *c, const struct case_view *view,
               uint8_t deadline, struct slice text)
{
	struct filling f = {.out = out, .c = c, .view = view};

	if (deadline > 0 && deadline <= c->deadline_count) {
		f.d = &c->deadlines[deadline - 1];
		f.rule = &view->pathway->deadlines[f.d->rule];
		if (f.d->notice > 0 && f.d->notice <= c->notice_count)
			f.notice = &c->notices[f.d->notice - 1];
	}
	for (unsigned i = c->notice_count; i-- > 0 && f.notice == NULL;)
		if (!c->notices[i].withdrawn && (f.d == NULL || parent_matches(c->notices[i].parent, slice_text(f.d->parent))))
			f.notice = &c->notices[i];
	fill_text(&f, text);
}
