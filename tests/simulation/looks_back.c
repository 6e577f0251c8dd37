/* Questions as of then: what was said once is said again, whatever has happened since: corrections, moves, restarts, crashes.
 *
 * Names are those held now, and so is who somebody was made by a newer grant: those are left out. What hangs on the day
 * is asked only where the day of the question is that of the log's end, which is what `then` means.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "tests/simulation/world.h"

enum about { A_PUPIL, A_SCHOOL, ALL_OF_THEM };

static const struct {
	const char *what;
	enum about about;
} kinds[] = {
	{"pupil", A_PUPIL}, {"marks", A_PUPIL}, {"case", A_PUPIL}, {"people", A_PUPIL}, {"year", A_PUPIL}, {"timeline", A_PUPIL},
	{"pupil", A_PUPIL}, {"case", A_PUPIL}, {"school", A_SCHOOL}, {"cases", ALL_OF_THEM}, {"today", ALL_OF_THEM}, {"authority", ALL_OF_THEM},
};

/* What is said as it is now, and what there is none of as of then. */
static bool left_out(struct value key)
{
	static const char *const keys[] = {"surname", "forename", "birth_date", "year_group", "name", "address", "school", "parents", "officer",
					   "as_of", "next", "compulsory_school_age"};

	for (unsigned i = 0; i < sizeof keys / sizeof *keys; i++)
		if (value_is(key, keys[i]))
			return true;
	return false;
}

static uint64_t mix(uint64_t sum, uint64_t more)
{
	return (sum ^ more) * UINT64_C(0x9e3779b97f4a7c15) + (sum >> 29);
}

/* A value without what is left out of maps, at any depth. */
static uint64_t hash_kept(struct value v, unsigned depth)
{
	uint64_t sum = value_kind(v);
	struct value at = value_first(v);

	if (depth > 8 || (value_kind(v) != VALUE_MAP && value_kind(v) != VALUE_ARRAY))
		return value_hash(v);
	for (unsigned i = value_count(v); i > 0; i--) {
		if (value_kind(v) == VALUE_MAP) {
			struct value key = at;

			at = value_next(at);
			if (!left_out(key))
				sum = mix(mix(sum, value_hash(key)), hash_kept(at, depth + 1));
		} else {
			sum = mix(sum, hash_kept(at, depth + 1));
		}
		at = value_next(at);
	}
	return sum;
}

static unsigned ask_kind(struct world *w, const struct memory *m, bool then)
{
	enum about about = kinds[m->kind].about;
	/* by the time it is the same where nothing came later in that millisecond */
	uint64_t at = w->m.times[m->position - 1], next = m->position < w->m.head ? w->m.times[m->position] : at;
	char text[32];

	question(w, QUERY);
	put_map(&w->out, 1 + (about != ALL_OF_THEM) + then);
	put_key_text(&w->out, "what", kinds[m->kind].what);
	if (about == A_PUPIL)
		put_key_text(&w->out, "upn", w->m.pupils[m->which].upn);
	if (about == A_SCHOOL)
		put_key_text(&w->out, "urn", w->m.urn[m->which]);
	if (then && next > at && one_in(&w->dice, 2))
		put_key_text(&w->out, "as_of", time_write(at, text));
	else if (then)
		put_key_number(&w->out, "as_of", m->position);
	return ask_within(w, WATCHER);
}

/* As of then no school's pupils and marks are counted; and before any register the roster, which is as now, says whose a pupil is. */
static bool not_then(const struct memory *m, struct value body, struct value key)
{
	const char *what = kinds[m->kind].what;

	return left_out(key) || (!strcmp(what, "authority") && value_is(key, "schools")) ||
	       (!strcmp(what, "pupil") && value_is(key, "urn") && value_kind(value_of(body, "school_year")) == VALUE_NOTHING);
}

/* A hash of each key, so that it can be said which is another. */
static void keep(struct memory *m, struct value body)
{
	struct value key = value_first(body);

	m->key_count = 0;
	for (unsigned i = value_count(body); i > 0 && m->key_count < MEMORY_KEYS; i--) {
		struct value value = value_next(key);

		if (!not_then(m, body, key)) {
			value_text(key, m->keys[m->key_count].name, sizeof m->keys->name);
			m->keys[m->key_count++].said = hash_kept(value, 0);
		}
		key = value_next(value);
	}
	value_print(body, m->text, sizeof m->text);
}

static void compare(struct world *w, const struct memory *m, const struct letter *l)
{
	static char now[16000];

	w->tally->asof++;
	must(&w->m, l->status == 200, "%s as of %llu is answered %u", kinds[m->kind].what, (unsigned long long)m->position, l->status);
	for (unsigned i = 0; i < m->key_count && !went_wrong(&w->m); i++)
		must(&w->m, hash_kept(value_of(l->body, m->keys[i].name), 0) == m->keys[i].said,
		     "%s of %u as of %llu: %s is another than it was then: %s", kinds[m->kind].what, m->which, (unsigned long long)m->position,
		     m->keys[i].name, w->m.trace ? m->text : "");
	if (went_wrong(&w->m) && w->m.trace)
		fprintf(stderr, "   and is now: %s\n", value_print(l->body, now, sizeof now));
}

static void remember(struct world *w, struct memory *draft, const struct letter *l)
{
	struct memory *m = &w->memories[w->memory_count < MEMORIES ? w->memory_count : dice(&w->dice, MEMORIES)];
	uint64_t now;

	world_now(w, &now);
	if (l->status != 200 || day_at(now) != day_at(w->m.last_at) || l->position != w->m.head)
		return;
	keep(draft, l->body);
	w->memory_count += m == &w->memories[w->memory_count];
	*m = *draft;
}

/* Something is asked as of now, and something that was asked before as of then. */
void look_back(struct world *w)
{
	const struct memory *old = w->memory_count ? &w->memories[dice(&w->dice, w->memory_count)] : NULL;
	struct memory draft = {.position = w->m.head, .kind = (unsigned)dice(&w->dice, sizeof kinds / sizeof *kinds)};
	unsigned asked[2] = {0};
	const struct letter *then, *now;

	draft.which = (unsigned)dice(&w->dice, kinds[draft.kind].about == A_SCHOOL ? SCHOOLS : PUPILS);
	old = old && old->position < w->m.head ? old : NULL; /* where the log ends, then is now */
	turn_begin(w);
	if (old)
		asked[0] = ask_kind(w, old, true);
	asked[1] = ask_kind(w, &draft, false);
	turn_end(w);
	then = old ? answer_to(w, asked[0]) : NULL;
	if (then)
		compare(w, old, then);
	now = life_broken(w) || went_wrong(&w->m) ? NULL : answer_to(w, asked[1]);
	if (now)
		remember(w, &draft, now);
}
