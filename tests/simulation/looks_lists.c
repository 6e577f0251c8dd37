/* What a school, or a lead, is told of many: of what an auditor is told at that moment the part that is theirs, no more
 * and no less.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "tests/simulation/world.h"

enum list { LIST_DEADLINES, LIST_CASES, LIST_ALERTS, LIST_NAMES, LIST_PUPILS, LISTS };

static const char *const whats[LISTS] = {"deadlines", "cases", "alerts", "names", "report"};

/* `officer`: of what is in their hands; -1: of all. */
static unsigned ask_list(struct world *w, enum list list, unsigned actor, int officer)
{
	question(w, QUERY);
	put_map(&w->out, 3 + (officer >= 0));
	put_key_text(&w->out, "what", whats[list]);
	put_key_number(&w->out, "limit", 1000);
	if (officer >= 0)
		put_key_text(&w->out, "officer", w->m.actors[officer].name);
	if (list == LIST_NAMES)
		put_key_text(&w->out, "name", "surname");
	else if (list == LIST_PUPILS)
		put_key_text(&w->out, "of", "pupils");
	else
		put_key_number(&w->out, "from", list == LIST_ALERTS && w->m.head > 400 ? w->m.head - 400 : 0);
	return ask_within(w, actor);
}

/* Of an item that an auditor has: is it the asker's, too? */
enum theirs { NOT_THEIRS, MAY_BE, THEIRS };

/* A school's recurring task; one that was missed is for those whom the reminder of it tells. */
static bool task_seen(const struct scope *who, int school, struct value item)
{
	bool told = !value_count(value_of(item, "tells")) || who->role == AUDITOR || who->role == ADMINISTRATOR;

	EACH(role, value_of(item, "tells"))
		told |= value_is(role, role_names[who->role]);
	return (told || !value_is(value_of(item, "status"), "missed")) &&
	       (role_reads_all(who->role) || (who->role == SCHOOL && school >= 0 && (who->schools >> school & 1)));
}

static enum theirs whose(const struct model *m, const struct scope *who, enum list list, struct value item)
{
	uint32_t number = case_of(value_of(item, "case"));
	int school = school_of(m, value_of(item, "urn"));
	const struct alert *a;

	switch (list) {
	case LIST_ALERTS:
		a = alert_find((struct model *)(uintptr_t)m, value_number(value_of(item, "alert")));
		if (!a || (a->pupil < 0 && who->role == SCHOOL && !(who->schools >> school & 1)))
			return NOT_THEIRS;
		return alert_told(who, a, m->head, true) ? THEIRS : alert_told(who, a, m->head, false) ? MAY_BE : NOT_THEIRS;
	case LIST_DEADLINES:
	case LIST_CASES:
		if (!number || number > m->case_count) /* a school's recurring task */
			return task_seen(who, school, item) ? THEIRS : NOT_THEIRS;
		return case_seen(m, who, &m->cases[number - 1]) ? THEIRS : NOT_THEIRS;
	case LIST_NAMES:
	case LIST_PUPILS:
	case LISTS:
		break;
	}
	return pupil_seen(m, who, pupil_of(m, value_of(item, "upn"))) ? THEIRS : NOT_THEIRS;
}

/* Or is it in that officer's hands? What is of no case is in nobody's, and for all; a school's task is for none. */
static enum theirs in_whose(const struct model *m, unsigned officer, int day, enum list list, struct value item)
{
	uint32_t number = case_of(value_of(item, "case"));

	if (!number || number > m->case_count)
		return list == LIST_ALERTS ? THEIRS : NOT_THEIRS;
	return in_hands(m, &m->cases[number - 1], officer, day) ? THEIRS : NOT_THEIRS;
}

/* What is the same of an item, whoever asks. */
static uint64_t mark_of(enum list list, struct value item)
{
	return list == LIST_CASES ? value_hash(value_of(item, "case")) : list == LIST_NAMES ? value_hash(value_of(item, "upn")) : value_hash(item);
}

static void compare(struct world *w, enum list list, unsigned actor, int officer, const struct letter *all, const struct letter *own)
{
	const struct actor *who = &w->m.actors[actor];
	struct value items = value_of(own->body, "items"), next = value_first(items);
	unsigned left = value_count(items);
	uint64_t now;
	char text[300];

	world_now(w, &now);
	who = officer < 0 ? who : &w->m.actors[officer];
	EACH(item, value_of(all->body, "items")) {
		enum theirs theirs = officer < 0 ? whose(&w->m, &who->is, list, item) : in_whose(&w->m, (unsigned)officer, day_at(now), list, item);
		bool same = left > 0 && mark_of(list, item) == mark_of(list, next);

		must(&w->m, theirs == MAY_BE || same == (theirs == THEIRS), "list %u: %s is%s told of %s", list, who->name, same ? "" : " not",
		     value_print(item, text, sizeof text));
		if (same && --left > 0)
			next = value_next(next);
	}
	must(&w->m, left == 0, "list %u: %s is told of more than an auditor", list, who->name);
}

/* The figures of each pupil who has a register this school year, as a report adds them up. */
static void check_report(struct world *w, const struct letter *l)
{
	uint64_t now;
	unsigned count = 0;

	world_now(w, &now);
	EACH(row, value_of(l->body, "items"))
		figures_check(&w->m, pupil_of(&w->m, value_of(row, "upn")), row);
	for (int i = 0; i < PUPILS; i++)
		count += w->m.pupils[i].latest && year_begins(w->m.pupils[i].latest) == year_begins(day_at(now));
	must(&w->m, count == value_count(value_of(l->body, "items")), "a report has %u pupils, and %u have a register this year",
	     value_count(value_of(l->body, "items")), count);
}

static void check_school(struct world *w, int school, const struct letter *l)
{
	unsigned pupils = 0;

	for (int i = 0; i < PUPILS; i++)
		pupils += w->m.pupils[i].school == school;
	must(&w->m, l->status == (pupils ? 200 : 404), "a school of %u pupils is answered %u", pupils, l->status);
	must(&w->m, !pupils || value_number(value_of(l->body, "pupils")) == pupils, "school %d has %u pupils, not %llu", school, pupils,
	     (unsigned long long)value_number(value_of(l->body, "pupils")));
}

/* In whose hands each is said to be; and who stands in for whom. */
static void check_hands(struct world *w, const struct letter *cases, const struct letter *covers)
{
	uint64_t now;

	world_now(w, &now);
	must(&w->m, covers->status == 200, "covers are answered %u", covers->status);
	covers_check(&w->m, value_of(covers->body, "items"), day_at(now));
	EACH(item, value_of(cases->body, "items")) {
		uint32_t number = case_of(value_of(item, "case"));
		int who = number && number <= w->m.case_count ? hands_of(&w->m, &w->m.cases[number - 1]) : -1;

		must(&w->m, who >= 0 && value_is(value_of(item, "officer"), w->m.actors[who].name), "C%u is in %s's hands, and it is not said", number,
		     who >= 0 ? w->m.actors[who].name : "nobody");
	}
}

void look_at_hands(struct world *w)
{
	static const int officers[] = {OFFICER_A, OFFICER_B, BOSS, GUEST, ADMIN};
	enum list list = (enum list)dice(&w->dice, 3);
	int officer = officers[dice(&w->dice, 5)];
	unsigned asked[4];
	const struct letter *all, *own, *cases, *covers;

	if (!w->m.actors[WATCHER].is.granted)
		return;
	turn_begin(w);
	asked[0] = ask_list(w, list, WATCHER, -1);
	asked[1] = ask_list(w, list, WATCHER, officer);
	asked[2] = ask_list(w, LIST_CASES, WATCHER, -1);
	question(w, QUERY);
	put_map(&w->out, 1);
	put_key_text(&w->out, "what", "covers");
	asked[3] = ask_within(w, WATCHER);
	turn_end(w);
	all = answer_to(w, asked[0]);
	own = answer_to(w, asked[1]);
	cases = answer_to(w, asked[2]);
	covers = answer_to(w, asked[3]);
	if (!all || !own || !cases || !covers)
		return;
	must(&w->m, own->status == 200, "what is in hands is answered %u", own->status);
	compare(w, list, WATCHER, officer, all, own);
	check_hands(w, cases, covers);
	w->tally->lists++;
}

void look_at_lists(struct world *w)
{
	static const unsigned askers[] = {SCHOOL_A, SCHOOL_B, LEADER, GUEST, OFFICER_B};
	enum list list = (enum list)dice(&w->dice, LISTS);
	unsigned actor = askers[dice(&w->dice, 5)], asked[3];
	int school = (int)dice(&w->dice, SCHOOLS);
	const struct letter *all, *own, *of_school;

	if (!w->m.actors[actor].is.granted || !role_may_ask(w->m.actors[actor].is.role, whats[list]))
		return;
	turn_begin(w);
	asked[0] = ask_list(w, list, WATCHER, -1);
	asked[1] = ask_list(w, list, actor, -1);
	question(w, QUERY);
	put_map(&w->out, 2);
	put_key_text(&w->out, "what", "school");
	put_key_text(&w->out, "urn", w->m.urn[school]);
	asked[2] = ask_within(w, WATCHER);
	turn_end(w);
	all = answer_to(w, asked[0]);
	own = answer_to(w, asked[1]);
	of_school = answer_to(w, asked[2]);
	if (!all || !own || !of_school)
		return;
	must(&w->m, all->status == 200 && own->status == 200, "list %u is answered %u, and to %s %u", list, all->status,
	     w->m.actors[actor].name, own->status);
	compare(w, list, actor, -1, all, own);
	if (list == LIST_PUPILS)
		check_report(w, all);
	check_school(w, school, of_school);
	w->tally->lists++;
}
