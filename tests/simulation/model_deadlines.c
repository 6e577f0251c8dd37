/* Deadlines: where each ends, by the councils' files as people read them; each phase once, in order, in time.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/simulation/model.h"

/* How long each runs, from the day that starts it. What hangs on a date of the action's is not here. */
static const struct length {
	const char *pathway, *kind;
	int count;
	enum unit unit;
} lengths[] = {
	{"stockport", "review", 6, WEEKS},
	{"stockport", "medical-review", 4, SCHOOL_WEEKS},
	{"stockport", "social-worker-told", 1, SCHOOL_DAYS},
	{"stockport", "medical-evidence", 13, SCHOOL_WEEKS},
	{"stockport", "nti-end", 15, SCHOOL_DAYS},
	{"stockport", "monitoring-end", 3, MONTHS},
	{"stockport", "payment-reduced", 21, DAYS},
	{"stockport", "payment", 28, DAYS},
	{"stockport", "initial-assessment", 10, WORKING_DAYS},
	{"stockport", "contract-review", 6, WEEKS},
	{"stockport", "contract-monitoring", 6, WEEKS},
	{"stockport", "legal-planning-meeting", 10, WORKING_DAYS},
	{"stockport", "supervision-order", 1, YEARS},
	{"stockport", "sickness-return-due", 1, WORKING_DAYS},
	{"stockport", "new-starter-missing", 9, SCHOOL_DAYS},
	{"three-stage", "pass-on", 5, SCHOOL_DAYS},
	{"three-stage", "consultation", 5, SCHOOL_DAYS},
	{"stockton", "referral-actioned", 10, SCHOOL_DAYS},
	{"stockton", "parents-told", 1, SCHOOL_DAYS},
	{"stockton", "warning-period", 4, WEEKS},
	{"stockton", "payment", 28, DAYS},
	{"stockton", "contract-visit", 1, WEEKS},
	{"stockton", "plan-end", 6, WEEKS},
	{"stockton", "home-visit", 2, WEEKS},
	{"stockton", "further-monitoring", 4, WEEKS},
	{"south-tyneside", "level-1-support", 6, WEEKS},
	{"south-tyneside", "plan-review", 6, WEEKS},
	{"south-tyneside", "message-answered", 2, WORKING_DAYS},
	{"south-tyneside", "referral-processed", 10, WORKING_DAYS},
	{"south-tyneside", "standard-reported", 1, WORKING_DAYS},
	{"south-tyneside", "warning-period", 3, WEEKS},
	{"south-tyneside", "payment", 28, DAYS},
	{"south-tyneside", "plan-monitoring", 6, WEEKS},
	{"south-tyneside", "final-monitoring", 6, WEEKS},
	{"south-tyneside", "family-contact", 2, WEEKS},
};

static const struct length *length_of(const char *pathway, const char *kind)
{
	for (unsigned i = 0; i < sizeof lengths / sizeof *lengths; i++)
		if (!strcmp(lengths[i].pathway, pathway) && !strcmp(lengths[i].kind, kind))
			return &lengths[i];
	return NULL;
}

static struct case_file *file_of(struct model *m, uint32_t number)
{
	for (unsigned i = 0; i < m->case_count; i++)
		if (m->cases[i].number == number)
			return &m->cases[i];
	return NULL;
}

/* Newest first: what is looked for is mostly new. */
static const struct fired *fired_at(const struct model *m, uint32_t number, unsigned deadline, const char *phase, uint64_t due)
{
	for (unsigned i = m->fired_count; i-- > 0;) {
		const struct fired *f = &m->fired[i];

		if (f->case_number == number && f->number == deadline && f->due == due && !strcmp(f->phase, phase))
			return f;
	}
	return NULL;
}

void deadlines_begin(struct model *m)
{
	m->deadline_count = 0;
	m->told_head = m->head;
}

static int day_in(struct value map, const char *key)
{
	char text[40];

	return day_read(value_text(value_of(map, key), text, sizeof text));
}

static uint64_t time_in(struct value map, const char *key)
{
	char text[40];

	return time_read(value_text(value_of(map, key), text, sizeof text));
}

static void check_length(struct model *m, const struct deadline *d)
{
	const struct length *l = length_of(d->pathway, d->kind);
	const struct case_file *c = file_of(m, d->case_number);
	const struct timetable *days;
	char from[16], last[16], wanted[16];

	if (!l || !c || c->moved || !case_followed(m, c))
		return;
	days = days_of_case(m, c);
	must(m, d->last == day_after(days, d->from, l->count, l->unit), "C%u: %s of %s from %s must end with %s, not with %s",
	     d->case_number, d->kind, d->pathway, day_write(d->from, from),
	     day_write(day_after(days, d->from, l->count, l->unit), wanted), day_write(d->last, last));
}

void deadlines_take(struct model *m, struct value item, uint64_t now)
{
	struct deadline d = {.case_number = case_of(value_of(item, "case")), .number = (unsigned)value_number(value_of(item, "deadline"))};
	uint64_t before = m->deadline_count ? m->deadlines[m->deadline_count - 1].due : 0;
	char last[16];

	value_text(value_of(item, "kind"), d.kind, sizeof d.kind);
	value_text(value_of(item, "pathway"), d.pathway, sizeof d.pathway);
	d.from = day_in(item, "from");
	d.last = day_in(item, "last_day");
	d.due = time_in(item, "due");
	d.open = value_is(value_of(item, "status"), "open");
	must(m, d.due == midnight(d.last + 1), "C%u: %s with the last day %s is due at another time than London's midnight", d.case_number,
	     d.kind, day_write(d.last, last));
	must(m, d.due >= before, "C%u: %s comes after what is due later", d.case_number, d.kind);
	if (!d.case_number) /* a school's recurring task */
		return;
	if (d.open) /* what has ended stays where it was */
		check_length(m, &d);
	must(m, !d.open || d.due > now || m->held, "C%u: %s (deadline %u) was due, and has not fired", d.case_number, d.kind, d.number);
	if (m->deadline_count == m->deadline_room) {
		m->deadline_room = m->deadline_room ? 2 * m->deadline_room : 64;
		m->deadlines = realloc(m->deadlines, m->deadline_room * sizeof *m->deadlines);
		if (!m->deadlines)
			abort();
	}
	m->deadlines[m->deadline_count++] = d;
}

/* Only time went by since they were told: whatever fell due has fired, at its own instant. */
void deadlines_settle(struct model *m, uint64_t now)
{
	for (unsigned i = 0; i < m->deadline_count; i++) {
		const struct deadline *d = &m->deadlines[i];
		const struct case_file *c = file_of(m, d->case_number);
		char due[32];
		/* what an alert starts is counted anew from the next one, and falls away with it */
		bool ended = c && m->pupils[c->pupil].spoken > m->told_head;

		if (!d->open || d->due > now)
			continue;
		/* another one's end may have ended it, at that instant or before */
		for (unsigned f = m->fired_count; f-- > 0 && !ended;)
			ended = m->fired[f].case_number == d->case_number && m->fired[f].number != d->number && m->fired[f].due <= d->due &&
			        m->fired[f].position + 2000 > m->head;
		must(m, ended || fired_at(m, d->case_number, d->number, "due", d->due),
		     "C%u: %s (deadline %u) fell due at %s and did not fire", d->case_number, d->kind, d->number, time_write(d->due, due));
	}
}

/* A case keeps 96; then numbers are used again. */
static bool is_full(const struct model *m, uint32_t number)
{
	for (unsigned i = m->fired_count; i-- > 0;)
		if (m->fired[i].case_number == number && m->fired[i].number >= 80)
			return true;
	return false;
}

void fired_moved(struct model *m, struct value event)
{
	uint32_t number = case_of(value_of(event, "case"));

	for (unsigned i = 0; i < m->fired_count; i++)
		if (m->fired[i].case_number == number)
			m->fired[i].moved = true;
}

void fired_take(struct model *m, struct value event, uint64_t at)
{
	struct fired f = {.case_number = case_of(value_of(event, "case")), .number = (unsigned)value_number(value_of(event, "deadline")),
			  .due = time_in(event, "due"), .position = m->head};
	const struct case_file *c = file_of(m, f.case_number);
	const struct fired *before = m->fired_count ? &m->fired[m->fired_count - 1] : NULL, *same;

	value_text(value_of(event, "phase"), f.phase, sizeof f.phase);
	must(m, !m->held, "C%u: deadline %u fires while the clock is held", f.case_number, f.number);
	must(m, f.due <= at, "C%u: deadline %u fires before its time", f.case_number, f.number);
	must(m, c != NULL, "C%u: a deadline of a case that there is not", f.case_number);
	must(m, !c || !c->closed, "C%u: deadline %u fires in a closed case", f.case_number, f.number);
	same = fired_at(m, f.case_number, f.number, f.phase, f.due);
	must(m, !same || same->moved || is_full(m, f.case_number), "C%u: %s of deadline %u fires twice", f.case_number, f.phase, f.number);
	/* what was fired in one go, nothing sent between, is in the order of its instants */
	must(m, !before || before->position < m->last_submitted || before->due <= f.due, "C%u: deadline %u fires after what fell due later",
	     f.case_number, f.number);
	if (m->fired_count == m->fired_room) {
		m->fired_room = m->fired_room ? 2 * m->fired_room : 256;
		m->fired = realloc(m->fired, m->fired_room * sizeof *m->fired);
		if (!m->fired)
			abort();
	}
	m->fired[m->fired_count++] = f;
}
