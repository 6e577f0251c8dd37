/* Alerts: those that the figures ask for come, and no others of their kinds; each once, and what is said
 * of one is said while it stands.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/simulation/model.h"

struct alert *alert_find(struct model *m, uint64_t number)
{
	unsigned low = 0, high = m->alert_count;

	while (low < high) { /* their numbers rise */
		unsigned middle = (low + high) / 2;

		if (m->alerts[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low < m->alert_count && m->alerts[low].number == number ? &m->alerts[low] : NULL;
}

void nothing_expected(struct model *m)
{
	for (unsigned i = 0; i < m->expected_count; i++)
		must(m, !m->expected[i].kind[0], "%s of %s must be %s, and is not", m->expected[i].kind,
		     m->pupils[m->expected[i].pupil].upn, m->expected[i].withdrawn ? "withdrawn" : m->expected[i].up ? "raised" : "taken back");
	m->expected_count = 0;
	for (int i = 0; i < PUPILS; i++)
		must(m, !m->pupils[i].told_from, "%s has moved school, and it is not told", m->pupils[i].upn);
}

const struct home *home_at(const struct alert *a, uint64_t position)
{
	unsigned i = a->home_count - 1;

	while (i > 0 && a->homes[i].since > position)
		i--;
	return &a->homes[i];
}

/* It is that school's from now on. */
static void rehome(struct model *m, struct alert *a)
{
	const struct pupil *p = a->pupil >= 0 ? &m->pupils[a->pupil] : NULL;
	int school = p ? school_now(m, a->pupil) : -1;

	if (a->home_count == HOMES_MAX)
		memmove(a->homes, a->homes + 1, --a->home_count * sizeof *a->homes);
	a->homes[a->home_count++] = (struct home){m->head, school, !p ? SOME_SCHOOL : p->moved && p->moved == m->last_submitted ? p->was : school};
}

static bool foreseen(const char *kind)
{
	return !strcmp(kind, "threshold") || !strcmp(kind, "persistent") || !strcmp(kind, "severe");
}

static bool take_expected(struct model *m, bool withdrawn, const char *kind, int pupil, uint64_t alert, bool up)
{
	for (unsigned i = 0; i < m->expected_count; i++) {
		struct expected *e = &m->expected[i];

		if (!strcmp(e->kind, kind) && e->withdrawn == withdrawn && e->pupil == pupil && (!withdrawn || e->alert == alert || e->alert == TO_COME) &&
		    (withdrawn || e->up == up)) {
			e->kind[0] = '\0';
			return true;
		}
	}
	return false;
}

/* One submission may raise it, take it back and raise it again. */
static bool another_expected(const struct model *m, int pupil)
{
	for (unsigned i = 0; i < m->expected_count; i++)
		if (m->expected[i].pupil == pupil && !m->expected[i].withdrawn && !strcmp(m->expected[i].kind, "threshold"))
			return true;
	return false;
}

/* What a deadline has to say comes with the phase that says it. */
static void check_phase(struct model *m, const struct alert *a)
{
	static const struct {
		const char *kind, *phase;
	} said_by[] = {{"due-soon", "soon"}, {"due", "due"}, {"decision", "due"}, {"reminder", "due"}, {"drift", "due"},
		       {"overdue", "overdue"}, {"escalated", "overdue"}};
	const struct fired *f = m->fired_count ? &m->fired[m->fired_count - 1] : NULL;

	for (unsigned i = 0; a->case_number && i < sizeof said_by / sizeof *said_by; i++)
		if (!strcmp(a->kind, said_by[i].kind))
			must(m, f && f->case_number == a->case_number && f->position + 5 > a->number && f->position > m->last_submitted &&
			     !strcmp(f->phase, said_by[i].phase), "alert %llu: %s of C%u comes without its time", (unsigned long long)a->number,
			     a->kind, a->case_number);
}

void raised_take(struct model *m, struct value event, uint64_t at)
{
	struct alert a = {.number = m->head, .changed = m->head, .pupil = pupil_of(m, value_of(event, "upn")),
			  .case_number = case_of(value_of(event, "case"))};
	bool up = value_kind(value_of(event, "up")) == VALUE_YES;
	const struct fired *f = m->fired_count ? &m->fired[m->fired_count - 1] : NULL;
	uint64_t late = value_number(value_of(event, "late_ms"));

	value_text(value_of(event, "alert_kind"), a.kind, sizeof a.kind);
	EACH(role, value_of(event, "tells"))
		for (unsigned i = 0; i < ROLES; i++)
			a.tells |= value_is(role, role_names[i]) ? 1u << i : 0;
	rehome(m, &a);
	if (a.pupil >= 0 && value_kind(value_of(event, "deadline")) != VALUE_TEXT)
		m->pupils[a.pupil].spoken = m->head;
	must(m, value_number(value_of(event, "alert")) == m->head, "an alert's number is not its place");
	/* those of a deadline come behind the phase that tells them, and say how late that was */
	if (f && f->position > m->last_submitted && f->position + 8 > m->head && f->case_number == a.case_number && late &&
	    value_kind(value_of(event, "deadline")) == VALUE_TEXT)
		must(m, late == at - f->due, "alert %llu says that it is %llu ms late, and is %llu", (unsigned long long)a.number,
		     (unsigned long long)late, (unsigned long long)(at - f->due));
	if (foreseen(a.kind) && a.pupil >= 0) {
		a.watched = true;
		must(m, take_expected(m, false, a.kind, a.pupil, 0, up), "alert %llu: %s of %s is %s, and nothing asks for it",
		     (unsigned long long)a.number, a.kind, m->pupils[a.pupil].upn, up ? "raised" : "taken back");
		if (!strcmp(a.kind, "threshold") && m->pupils[a.pupil].threshold == TO_COME && !another_expected(m, a.pupil))
			m->pupils[a.pupil].threshold = a.number;
	}
	check_phase(m, &a);
	if (!strcmp(a.kind, "deadline-moved"))
		fired_moved(m, event);
	m->alerts = list_grow(m->alerts, m->alert_count, &m->alert_room, sizeof *m->alerts);
	m->alerts[m->alert_count++] = a;
	m->changes[m->head - 1] = m->head;
}

void alert_take(struct model *m, const char *kind, struct value event)
{
	uint64_t number = value_number(value_of(event, "alert"));
	struct alert *a = alert_find(m, number);

	must(m, a && a->state != WITHDRAWN, "at %llu: %s of alert %llu, which does not stand", (unsigned long long)m->head, kind,
	     (unsigned long long)number);
	if (!a || went_wrong(m))
		return;
	a->changed = m->head;
	m->changes[m->head - 1] = number;
	if (!strcmp(kind, "alert-acknowledged"))
		a->state = ACKNOWLEDGED;
	if (!strcmp(kind, "alert-changed")) {
		a->state = RAISED; /* it has grown since it was dealt with */
		rehome(m, a);
	}
	if (strcmp(kind, "alert-withdrawn"))
		return;
	a->state = WITHDRAWN;
	m->withdrawn++;
	if (a->pupil >= 0)
		m->pupils[a->pupil].spoken = m->head;
	if (a->watched)
		must(m, take_expected(m, true, a->kind, a->pupil, number, false), "alert %llu: %s of %s is withdrawn, and nothing asks for it",
		     (unsigned long long)number, a->kind, m->pupils[a->pupil].upn);
}
