/* story_people.c - what is learnt of a pupil and a family, perhaps late.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/story.h"

static void check_changes(const struct entry *e, const struct answer *a)
{
	struct story *s = e->story;
	const struct node *changes = story_word(e, "changes");
	json_t *told = answer_json(a);

	story_check_answer(e, a);
	if (!s->stopped && changes && !story_equal(s, json_object_get(told, "changed"), changes))
		story_fault(s, changes, "it changes something in %lld open cases", (long long)json_integer_value(json_object_get(told, "changed")));
	json_decref(told);
}

static void body_upn(struct body *b, struct story *s, const char *key, const struct story_pupil *p)
{
	char upn[UPN_SIZE + 1];

	pupil_upn(s, p, upn);
	body_text(b, key, upn);
}

static void body_word(struct body *b, const struct entry *e, const char *word, const char *key)
{
	char text[STORY_TEXT_MAX];

	if (!story_word(e, word))
		return;
	story_text(e->story, story_word(e, word), text);
	body_text(b, key, text);
}

/* "officer learns: looked-after", so (or `no longer` so) `since` a day. */
void story_learns(const struct entry *e)
{
	struct story *s = e->story;
	const struct node *since = story_word(e, "since");
	char fact[STORY_TEXT_MAX];
	struct body b;

	story_text(s, e->value, fact);
	body_init(&b);
	body_text(&b, "fact", fact);
	body_upn(&b, s, "upn", story_pupil(e));
	if (since)
		body_date(&b, "since", story_date(s, since));
	body_word(&b, e, "for", "parent");
	body_word(&b, e, "text", "text");
	if (story_yes(s, story_word(e, "no longer"))) {
		body_key(&b, "holds");
		msgpack_pack_false(&b.pack);
	}
	check_changes(e, story_send(s, e->who, COMMAND_FACT, &b));
}

/* "officer links: Ben", a sibling; with `for` and `to parent` the two are one person. */
void story_links(const struct entry *e)
{
	struct story *s = e->story;
	struct body b;

	for (unsigned i = 0; i < s->pupil_count; i++) {
		if (!node_is(e->value, s->pupils[i].name))
			continue;
		body_init(&b);
		body_upn(&b, s, "upn", story_pupil(e));
		body_upn(&b, s, "other", &s->pupils[i]);
		body_word(&b, e, "for", "parent");
		body_word(&b, e, "to parent", "other_parent");
		if (story_yes(s, story_word(e, "no longer"))) {
			body_key(&b, "stands");
			msgpack_pack_false(&b.pack);
		}
		check_changes(e, story_send(s, e->who, COMMAND_LINK, &b));
		return;
	}
	story_stop(s, e->value, "no pupil of this name in the story");
}

/* "officer is away: covered" (or "no longer"): `covered by` the colleague `until` a day. */
void story_away(const struct entry *e)
{
	struct story *s = e->story;
	const struct node *from = story_word(e, "from"), *until = story_word(e, "until");
	struct body b;

	body_init(&b);
	body_word(&b, e, "covered by", "cover");
	if (from)
		body_date(&b, "from", story_date(s, from));
	if (until)
		body_date(&b, "until", story_date(s, until));
	if (node_is(e->value, "no longer")) {
		body_key(&b, "end");
		msgpack_pack_true(&b.pack);
	}
	story_check_answer(e, story_send(s, e->who, COMMAND_COVER, &b));
}
