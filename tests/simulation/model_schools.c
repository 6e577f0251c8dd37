/* Schools: where a pupil is, whose days count for their cases, and who sees what of it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "tests/simulation/model.h"

/* That of the latest register; before any, of the roster. */
int school_now(const struct model *m, int pupil)
{
	const struct pupil *p = &m->pupils[pupil];

	return p->school >= 0 ? p->school : p->named;
}

static struct case_file *open_file(struct model *m, const struct pupil *p)
{
	return p->open_case ? &m->cases[p->open_case - 1] : NULL;
}

/* A day has one school: the one that was moved to last, where there were several. */
static void stay_from(struct pupil *p, int was, int school, int day)
{
	if (p->stay_count == 0)
		p->stays[p->stay_count++] = (struct stay){0, was};
	while (p->stay_count > 1 && p->stays[p->stay_count - 1].from >= day)
		p->stay_count--;
	p->stays[p->stay_count++] = (struct stay){day, school};
}

/* An open case goes along; without one, the next case does where an earlier one had gone along. */
static void follow(struct model *m, struct pupil *p, int school, int day)
{
	struct case_file *c = open_file(m, p);
	int was = c ? c->school : p->stay_count ? p->stays[p->stay_count - 1].school : -1;

	if ((!c && !p->stay_count) || was == school || p->stay_count == STAYS_MAX)
		return;
	if (was >= 0)
		stay_from(p, was, school, day);
	if (c)
		c->school = school;
	p->told_from = day;
}

void school_take(struct model *m, int pupil, int school, int day)
{
	struct pupil *p = &m->pupils[pupil];

	if (p->school != school) {
		p->was = p->moved == m->head ? p->was : school_now(m, pupil);
		p->moved = m->head;
		p->school = school;
		follow(m, p, school, day);
	}
}

void move_take(struct model *m, struct value event)
{
	int pupil = pupil_of(m, value_of(event, "upn"));
	struct pupil *p = pupil >= 0 ? &m->pupils[pupil] : NULL;
	char text[16];

	must(m, p && p->told_from && value_is(value_of(event, "urn"), m->urn[p->school]) &&
	     day_read(value_text(value_of(event, "since"), text, sizeof text)) == p->told_from,
	     "at %llu a move of school is told, and there was none, or another", (unsigned long long)m->head);
	if (p)
		p->told_from = 0;
}

const struct timetable *days_of_case(const struct model *m, const struct case_file *c)
{
	static struct timetable spliced;
	const struct pupil *p = &m->pupils[c->pupil];

	if (p->stay_count < 2)
		return days_of(m, c->school);
	spliced = *days_of(m, p->stays[0].school);
	for (unsigned i = 1; i < p->stay_count; i++)
		timetable_splice(&spliced, days_of(m, p->stays[i].school), p->stays[i].from);
	return &spliced;
}

bool case_followed(const struct model *m, const struct case_file *c)
{
	return m->pupils[c->pupil].stay_count < STAYS_MAX;
}

bool case_seen(const struct model *m, const struct scope *who, const struct case_file *c)
{
	if (who->role == LEAD)
		return c->number >= who->first_case && c->number <= who->last_case;
	return pupil_seen(m, who, c->pupil);
}

bool pupil_seen(const struct model *m, const struct scope *who, int pupil)
{
	int school = school_now(m, pupil);
	bool named = false;

	if (who->role == SCHOOL)
		return school >= 0 && (who->schools >> school & 1);
	for (unsigned i = 0; i < m->case_count && who->role == LEAD; i++)
		named |= m->cases[i].pupil == pupil && case_seen(m, who, &m->cases[i]);
	return named || role_reads_all(who->role);
}
