/* story_talk.c - what a story sends to the engine, and what it hears.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <stdio.h>

#include "proto/mp.h"
#include "tests/story.h"

/* ---- bodies ---- */

void body_init(struct body *b)
{
	msgpack_sbuffer_init(&b->bytes);
	msgpack_packer_init(&b->pack, &b->bytes, msgpack_sbuffer_write);
	b->pairs = 0;
}

void body_value(struct body *b, const char *text)
{
	msgpack_pack_str(&b->pack, strlen(text));
	msgpack_pack_str_body(&b->pack, text, strlen(text));
}

void body_key(struct body *b, const char *key)
{
	body_value(b, key);
	b->pairs++;
}

void body_text(struct body *b, const char *key, const char *text)
{
	body_key(b, key);
	body_value(b, text);
}

void body_date(struct body *b, const char *key, day_t day)
{
	char text[DATE_TEXT_SIZE + 1];

	day_text(text, day);
	body_text(b, key, text);
}

static void body_scalar(struct body *b, struct story *s, const struct node *n)
{
	char text[STORY_TEXT_MAX], upn[UPN_SIZE + 1], *end;
	bool plain = n->inset == 0;
	unsigned long long number;

	story_text(s, n, text);
	number = strtoull(text, &end, 10);
	if (plain && (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)) {
		if (text[0] == 't')
			msgpack_pack_true(&b->pack);
		else
			msgpack_pack_false(&b->pack);
	} else if (plain && isdigit((unsigned char)text[0]) && !*end) {
		msgpack_pack_uint64(&b->pack, number);
	} else if (text[0] == '@') {
		for (unsigned i = 0; i < s->pupil_count; i++)
			if (strcmp(s->pupils[i].name, text + 1) == 0) {
				pupil_upn(s, &s->pupils[i], upn);
				body_value(b, upn);
				return;
			}
		story_stop(s, n, "\"%s\" is no pupil of this story", text + 1);
		msgpack_pack_nil(&b->pack);
	} else {
		body_value(b, text);
	}
}

void body_node(struct body *b, struct story *s, const struct node *n)
{
	size_t count = 0;

	if (n->kind == NODE_SCALAR) {
		body_scalar(b, s, n);
		return;
	}
	for (const struct node *c = story_first(s->at, n); c; c = story_next(s->at, c))
		count++;
	if (n->kind == NODE_MAP)
		msgpack_pack_map(&b->pack, count / 2);
	else
		msgpack_pack_array(&b->pack, count);
	for (const struct node *c = story_first(s->at, n); c; c = story_next(s->at, c))
		body_node(b, s, c);
}

const struct answer *story_send(struct story *s, enum who who, uint8_t command, struct body *b)
{
	msgpack_sbuffer whole;
	msgpack_packer pack;
	struct slice frame;
	uint8_t id[UUID_SIZE];
	const struct answer *a;

	msgpack_sbuffer_init(&whole);
	msgpack_packer_init(&pack, &whole, msgpack_sbuffer_write);
	msgpack_pack_map(&pack, b->pairs);
	if (b->bytes.size)
		msgpack_sbuffer_write(&whole, b->bytes.data, b->bytes.size);
	host_id(&s->host, id);
	frame = host_frame_of(command, id, slice_of(whole.data, whole.size));
	a = host_frame(&s->host, who, frame);
	free((void *)frame.bytes);
	msgpack_sbuffer_destroy(&whole);
	msgpack_sbuffer_destroy(&b->bytes);
	if (!a)
		fail_msg("the engine gave no answer");
	return a;
}

/* ---- answers ---- */

static json_t *json_of(struct mp *at)
{
	json_t *made = NULL;
	struct slice s;
	uint32_t count;

	switch (mp_peek(at)) {
	case MP_BOOL:
		return json_boolean(mp_bool(at));
	case MP_UINT:
	case MP_INT:
		return json_integer((json_int_t)mp_int(at));
	case MP_STR:
		s = mp_str(at);
		return json_stringn(s.size ? (const char *)s.bytes : "", s.size);
	case MP_ARRAY:
		made = json_array();
		count = mp_array(at);
		for (uint32_t i = 0; i < count && !at->fault; i++)
			json_array_append_new(made, json_of(at));
		return made;
	case MP_MAP:
		made = json_object();
		count = mp_map(at);
		for (uint32_t i = 0; i < count && !at->fault; i++) {
			char key[128];

			s = mp_str(at);
			snprintf(key, sizeof key, "%.*s", (int)s.size, (const char *)s.bytes);
			json_object_set_new(made, key, json_of(at));
		}
		return made;
	case MP_OTHER:
		return json_real(mp_float(at));
	case MP_NIL:
	case MP_BIN:
		mp_skip(at);
		break;
	case MP_NONE:
		break;
	}
	return json_null();
}

json_t *answer_json(const struct answer *a)
{
	struct mp at = mp_of(a->body);

	return a->body.size ? json_of(&at) : json_object();
}

json_t *story_ask(struct story *s, enum who who, const char *what, struct body *keys, unsigned *status)
{
	struct body none;
	const struct answer *a;

	if (!keys) {
		keys = &none;
		body_init(keys);
	}
	body_text(keys, "what", what);
	a = story_send(s, who, COMMAND_QUERY, keys);
	*status = a->status;
	return answer_json(a);
}

const char *json_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static void write_lacks(FILE *out, const json_t *lacks)
{
	for (size_t i = 0; i < json_array_size(lacks); i++) {
		const json_t *lack = json_array_get(lacks, i);

		fprintf(out, "\n      %s%s: %s", json_text(lack, "clause"),
			json_is_true(json_object_get(lack, "bar")) ? " (bar)" : json_text(lack, "field"), json_text(lack, "text"));
		if (json_text(lack, "supplied_by")[0])
			fprintf(out, " [from %s]", json_text(lack, "supplied_by"));
	}
}

void answer_words(const struct answer *a, char *words, size_t size)
{
	json_t *body = answer_json(a), *refused = json_object_get(body, "refused"), *faults = json_object_get(body, "faults");
	FILE *out = fmemopen(words, size, "w");

	fprintf(out, "%u", a->status);
	if (json_text(body, "field")[0])
		fprintf(out, " %s:", json_text(body, "field"));
	fprintf(out, " %s", json_text(body, "reason"));
	write_lacks(out, json_object_get(body, "lacks"));
	for (size_t i = 0; i < json_array_size(refused); i++) {
		const json_t *row = json_array_get(refused, i);

		fprintf(out, "\n      row %lld: %s: %s", (long long)json_integer_value(json_array_get(row, 0)),
			json_string_value(json_array_get(row, 1)), json_string_value(json_array_get(row, 2)));
	}
	for (size_t i = 0; i < json_array_size(faults); i++) {
		const json_t *fault = json_array_get(faults, i);

		fprintf(out, "\n      line %lld: %s", (long long)json_integer_value(json_array_get(fault, 0)),
			json_string_value(json_array_get(fault, 2)));
	}
	fclose(out);
	json_decref(body);
}

/* ---- what an answer must be ---- */

/* One wanted lack: a text, or {SP-09: text, from: action, bar: yes}; `lack` in place of the clause where it has none. */
static bool lack_fits(struct story *s, const json_t *lack, const struct node *wanted)
{
	char text[STORY_TEXT_MAX], key[STORY_TEXT_MAX];

	if (wanted->kind == NODE_SCALAR) {
		story_text(s, wanted, text);
		return strstr(json_text(lack, "text"), text) != NULL;
	}
	for (const struct node *k = story_first(s->at, wanted); k; k = story_next(s->at, story_next(s->at, k))) {
		story_text(s, k, key);
		story_text(s, story_next(s->at, k), text);
		if (strcmp(key, "from") == 0) {
			if (strcmp(json_text(lack, "supplied_by"), text) != 0)
				return false;
		} else if (strcmp(key, "bar") == 0) {
			if (json_is_true(json_object_get(lack, "bar")) != (strcmp(text, "yes") == 0))
				return false;
		} else if (strcmp(json_text(lack, "clause"), strcmp(key, "lack") == 0 ? "" : key) != 0 || !strstr(json_text(lack, "text"), text)) {
			return false;
		}
	}
	return true;
}

void story_check_lacks(const struct entry *e, const json_t *lacks, const struct node *wanted)
{
	struct story *s = e->story;
	bool used[64] = {false};
	size_t count = json_array_size(lacks), found = 0;
	char seen[4096];
	FILE *out;

	if (wanted->kind != NODE_LIST) {
		story_stop(s, wanted, "a list of what is missing is wanted, each as \"- {SP-09: part of its text}\"");
		return;
	}
	out = fmemopen(seen, sizeof seen, "w");
	write_lacks(out, lacks);
	fclose(out);
	for (const struct node *n = story_first(s->at, wanted); n; n = story_next(s->at, n), found++) {
		size_t i = 0;

		while (i < count && i < 64 && (used[i] || !lack_fits(s, json_array_get(lacks, i), n)))
			i++;
		if (i == count || i == 64)
			story_stop(s, n, "this is not among what is said to be missing: %s", seen);
		else
			used[i] = true;
	}
	if (!s->stopped && found != count)
		story_stop(s, wanted, "%zu things are missing, not %zu: %s", count, found, seen);
}

void story_check_answer(const struct entry *e, const struct answer *a)
{
	static const struct { const char *word; unsigned status; } refusals[] = {
		{"unmet", STATUS_UNMET}, {"barred", STATUS_BARRED}, {"forbidden", STATUS_FORBIDDEN}, {"refused", 0},
	};
	struct story *s = e->story;
	char words[8192];

	answer_words(a, words, sizeof words);
	for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
		const struct node *wanted = story_word(e, refusals[i].word), *missing;
		json_t *body;

		if (!wanted)
			continue;
		if (refusals[i].status ? a->status != refusals[i].status : a->status < 202) {
			story_stop(s, wanted, "%s was wanted, but the answer was: %s", refusals[i].word, words);
		} else if (i < 2) {
			body = answer_json(a);
			story_check_lacks(e, json_object_get(body, "lacks"), wanted);
			json_decref(body);
		} else if (i == 3 && (missing = story_missing(s, wanted, words)) != NULL) {
			story_stop(s, missing, "this was not said; the answer was: %s", words);
		}
		return;
	}
	if (a->status != STATUS_OK)
		story_stop(s, e->key, "refused: %s", words);
}
