/* What something learnt late changes: for each open case that it touches, the conditions
 * that hold now and did not before, or the other way, in one alert.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "casework/case_change.h"
#include "daemon/engine_parts.h"
#include "daemon/memory.h"

enum { TEXT_ROOM = 3600 };

/* One pupil's case as it was known. */
struct member {
	uint32_t pupil, case_no;
	struct facts facts;
	struct case_notice family[FAMILY_NOTICES_MAX];
	size_t family_count;
	struct particulars roster;
};

struct outlook {
	unsigned count;
	struct member *members[FAMILY_MAX];
};

/* The case, and what surrounds it now. */
static bool look(struct engine *e, uint32_t number, struct case_state *c, struct case_view *view)
{
	e->broken = state_case_load(&e->state, number, c);
	if (e->broken != STORE_OK)
		return false;
	e->broken = state_case_view(&e->state, c, day_of_ms(e->now_ms), view);
	if (e->broken == STORE_OK)
		e->broken = state_view_earlier(&e->state, c, view);
	return e->broken == STORE_OK;
}

static void remember(struct engine *e, struct outlook *outlook, uint32_t pupil, struct case_state *c)
{
	const struct pupil *p = state_pupil(&e->state, pupil);
	struct case_view view;
	struct member *m;

	if (!p || !p->case_no || !look(e, p->case_no, c, &view))
		return;
	m = memory_new(sizeof *m);
	m->pupil = pupil;
	m->case_no = p->case_no;
	m->facts = *view.facts;
	m->family_count = view.family_count;
	memcpy(m->family, view.family, view.family_count * sizeof *view.family);
	particulars_of(e, pupil, &m->roster);
	outlook->members[outlook->count++] = m;
}

struct outlook *outlook_before(struct engine *e, const struct family *family)
{
	struct outlook *outlook = memory_new(sizeof *outlook);
	struct case_state *c = memory_new(sizeof *c);

	for (unsigned i = 0; i < family->count && e->broken == STORE_OK; i++)
		remember(e, outlook, family->pupils[i], c);
	free(c);
	return outlook;
}

static void write_text(struct writer *w, const char *text)
{
	write_bytes(w, text, strlen(text));
}

/* What was learnt, then each change; where there is no room for all, how many more. */
static struct slice compose(struct writer *w, const struct pathway *p, const struct case_change changes[], size_t count,
			    unsigned more, const char *what)
{
	char text[80];

	write_text(w, what);
	for (size_t i = 0; i < count; i++) {
		char room[1200];
		struct writer one = writer_of(room, sizeof room);

		case_change_text(&one, p, &changes[i]);
		if (one.full || writer_size(w) + writer_size(&one) + sizeof text > TEXT_ROOM) {
			more += (unsigned)(count - i);
			break;
		}
		write_text(w, " ");
		write_bytes(w, room, writer_size(&one));
	}
	if (more) {
		snprintf(text, sizeof text, " And %u more: attend actions lists what may be done.", more);
		write_text(w, text);
	}
	return writer_slice(w);
}

/* True where there was something to say. */
static bool tell(struct engine *e, const struct member *m, struct case_state *c, const char *what)
{
	struct case_change changes[CASE_CHANGES_MAX];
	struct known before = {&m->facts, m->family, m->family_count, &m->roster}, now;
	struct particulars roster;
	uint8_t room[TEXT_ROOM];
	struct writer w = writer_of(room, sizeof room);
	struct case_view view;
	unsigned more;
	size_t count;

	if (!look(e, m->case_no, c, &view))
		return false;
	particulars_of(e, m->pupil, &roster);
	now = (struct known){view.facts, view.family, view.family_count, &roster};
	count = case_changes(c, &view, &before, &now, changes, &more);
	if (!count)
		return false;
	raise_case_alert(e, c, &view, ALERT_FACT_CHANGED, 0, compose(&w, view.pathway, changes, count, more, what), 0);
	return true;
}

unsigned react_to_known(struct engine *e, struct outlook *outlook, const char *what)
{
	struct case_state *c = memory_new(sizeof *c);
	unsigned told = 0;

	for (unsigned i = 0; i < outlook->count; i++) {
		if (e->broken == STORE_OK)
			told += tell(e, outlook->members[i], c, what);
		free(outlook->members[i]);
	}
	free(outlook);
	free(c);
	return told;
}
