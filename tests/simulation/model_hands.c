/* In whose hands a case is, and who stands in for them.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "tests/simulation/model.h"

static bool may_cover(const struct actor *a)
{
	return a->is.granted && (a->is.role == OFFICER || a->is.role == MANAGER || a->is.role == ADMINISTRATOR);
}

int hands_of(const struct model *m, const struct case_file *c)
{
	int latest = -1, officer = -1;

	for (int i = 0; i < (int)m->actor_count; i++) {
		if (c->did[i] && (latest < 0 || c->did[i] > c->did[latest]))
			latest = i;
		if (c->did[i] && (m->actors[i].is.role == OFFICER || m->actors[i].is.role == MANAGER) && (officer < 0 || c->did[i] > c->did[officer]))
			officer = i;
	}
	return officer >= 0 ? officer : latest;
}

/* The cover, or who covers for them where they are away, too; nobody is asked twice. */
static unsigned reader_for(const struct model *m, unsigned officer, int day)
{
	unsigned asked = 1u << officer;

	for (;;) {
		const struct cover *c = &m->covers[officer];

		if (!c->named || day < c->from || day > c->until || !m->actors[c->cover].is.granted || asked >> c->cover & 1)
			return officer;
		officer = c->cover;
		asked |= 1u << officer;
	}
}

bool in_hands(const struct model *m, const struct case_file *c, unsigned officer, int day)
{
	int who = hands_of(m, c);

	return who >= 0 && ((unsigned)who == officer || reader_for(m, (unsigned)who, day) == officer);
}

const char *cover_wrong(const struct model *m, const struct sent *s, int today)
{
	int from = s->on ? s->on : today;

	if (s->number != s->actor && !may_cover(&m->actors[s->number]))
		return "whom no officer is";
	if (s->number != s->actor && m->actors[s->actor].is.role == OFFICER)
		return "another's";
	if (s->cover < 0)
		return m->covers[s->number].named ? NULL : "nobody stands in";
	if ((unsigned)s->cover == s->number || !may_cover(&m->actors[s->cover]))
		return "by whom no other officer is";
	return s->until < from || s->until < today || s->until - from >= 366 ? "for days that can't be" : NULL;
}

void cover_take(struct model *m, const struct sent *s, uint64_t at)
{
	int today = day_at(at);
	const char *why = cover_wrong(m, s, today);
	struct cover *c = &m->covers[s->number];

	must(m, !why, "at %llu a cover is taken, %s", (unsigned long long)m->head, why);
	*c = (struct cover){s->cover >= 0, s->cover >= 0 ? (unsigned)s->cover : 0, s->on ? s->on : today, s->until};
}

/* As `covers` gives them. */
void covers_check(struct model *m, struct value items, int day)
{
	char from[16], until[16];
	unsigned count = 0;

	for (unsigned i = 0; i < m->actor_count; i++) {
		const struct cover *c = &m->covers[i];
		bool found = false, now = c->from <= day && day <= c->until;

		count += c->named;
		EACH(item, items)
			found |= value_is(value_of(item, "officer"), m->actors[i].name) && value_is(value_of(item, "cover"), m->actors[c->cover].name) &&
			         value_is(value_of(item, "from"), day_write(c->from, from)) &&
			         value_is(value_of(item, "until"), day_write(c->until, until)) &&
			         (value_kind(value_of(item, "now")) == VALUE_YES) == now;
		must(m, !c->named || found, "%s stands in for %s, and it is not said", m->actors[c->cover].name, m->actors[i].name);
	}
	must(m, value_count(items) == count, "%u stand in, and %u are named", count, value_count(items));
}
