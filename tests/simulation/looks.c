/* What readers are told is what must be so. Several look in one turn.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/simulation/world.h"

enum look_kind { FIGURES, DEADLINES, CASE, ALERTS };

/* ---- asking ---- */

/* Whoever opens a turn of looks closes it; what is asked for inside is asked for with them. */
bool looks_open(struct world *w)
{
	if (w->looking)
		return false;
	w->looking = true;
	w->look_count = 0;
	turn_begin(w);
	return true;
}

static void begin_question(struct world *w, const char *what, unsigned keys)
{
	question(w, QUERY);
	put_map(&w->out, 1 + keys);
	put_key_text(&w->out, "what", what);
}

static void add(struct world *w, enum look_kind kind, unsigned which, unsigned actor)
{
	if (w->look_count == LOOKS_MAX)
		return;
	w->looks[w->look_count++] = (struct look){(unsigned)kind, which, ask_within(w, actor)};
}

void look_at_figures(struct world *w, unsigned pupils)
{
	bool all = pupils == PUPILS, mine = looks_open(w);

	for (unsigned i = 0; i < PUPILS && pupils > 0; i++) {
		if (!(all || w->touched[i]) || !w->m.pupils[i].latest)
			continue;
		begin_question(w, "pupil", 1);
		put_key_text(&w->out, "upn", w->m.pupils[i].upn);
		add(w, FIGURES, i, WATCHER);
		pupils--;
	}
	if (mine)
		looks_close(w);
}

void look_at_deadlines(struct world *w)
{
	bool mine = looks_open(w);

	begin_question(w, "deadlines", 1);
	put_key_number(&w->out, "limit", 1000);
	add(w, DEADLINES, 0, WATCHER);
	if (mine)
		looks_close(w);
}

/* Those of whom an action or a move was sent. */
void look_at_cases(struct world *w)
{
	bool mine = looks_open(w);

	for (unsigned i = 0; i < PUPILS; i++) {
		if (!w->acted[i])
			continue;
		begin_question(w, "case", 1);
		put_key_text(&w->out, "upn", w->m.pupils[i].upn);
		add(w, CASE, i, WATCHER);
	}
	if (mine)
		looks_close(w);
}

void look_at_alerts(struct world *w)
{
	bool mine = looks_open(w);

	begin_question(w, "alerts", 1);
	put_key_number(&w->out, "from", w->m.head > 400 ? w->m.head - 400 : 1);
	add(w, ALERTS, 0, ADMIN);
	if (mine)
		looks_close(w);
}

/* ---- what is said ---- */

static void take_figures(struct world *w, int pupil, const struct letter *l)
{
	must(&w->m, l->status == 200, "%s is answered %u", w->m.pupils[pupil].upn, l->status);
	figures_check(&w->m, pupil, l->body);
	w->touched[pupil] = false;
}

static void take_deadlines(struct world *w, const struct letter *l)
{
	uint64_t now;

	world_now(w, &now);
	must(&w->m, l->status == 200, "deadlines are answered %u", l->status);
	deadlines_begin(&w->m);
	EACH(item, value_of(l->body, "items"))
		deadlines_take(&w->m, item, now);
}

static void take_case(struct world *w, int pupil, const struct letter *l)
{
	struct pupil *p = &w->m.pupils[pupil];

	w->acted[pupil] = false;
	if (l->status != 200)
		return;
	must(&w->m, !p->open_case || case_of(value_of(l->body, "case")) == p->open_case, "%s has another case than C%u", p->upn, p->open_case);
	if (p->open_case && value_is(value_of(l->body, "status"), "closed")) {
		w->m.cases[p->open_case - 1].closed = true;
		p->open_case = 0;
	}
}

static void take_alerts(struct world *w, const struct letter *l)
{
	static const char *const states[] = {"raised", "acknowledged", "withdrawn"};

	must(&w->m, l->status == 200, "alerts are answered %u", l->status);
	EACH(item, value_of(l->body, "items")) {
		const struct alert *a = alert_find(&w->m, value_number(value_of(item, "alert")));

		must(&w->m, a && value_is(value_of(item, "status"), states[a->state]) && value_number(value_of(item, "seq")) == a->changed &&
		     value_is(value_of(item, "kind"), a->kind), "alert %llu is otherwise than the log says",
		     (unsigned long long)value_number(value_of(item, "alert")));
	}
}

void looks_close(struct world *w)
{
	turn_end(w);
	w->looking = false;
	for (unsigned i = 0; i < w->look_count && !life_broken(w) && !went_wrong(&w->m); i++) {
		const struct look *look = &w->looks[i];
		const struct letter *l = answer_to(w, look->question);

		if (!l)
			return;
		switch ((enum look_kind)look->kind) {
		case FIGURES:
			take_figures(w, (int)look->which, l);
			break;
		case DEADLINES:
			take_deadlines(w, l);
			break;
		case CASE:
			take_case(w, (int)look->which, l);
			break;
		case ALERTS:
			take_alerts(w, l);
			break;
		}
	}
}
