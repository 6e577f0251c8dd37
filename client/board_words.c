/* The program's names, days and ids as people say them.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "client/board.h"

#include <ctype.h>
#include <string.h>

#include "client/when.h"

enum { DATE_SIZE = 10, ROOM = 4800 }; /* of a text; a longer one is left as it is */

/* A few rooms in turn, each thread's own. */
static char *room(void)
{
	static _Thread_local char rooms[4][ROOM];
	static _Thread_local unsigned turn;
	return rooms[turn++ % 4];
}

const char *words_of(const char *name)
{
	char *out = room();
	if (strlen(name) >= ROOM)
		return name;
	strcpy(out, name);
	for (char *c = out; *c; c++)
		if (*c == '-' || *c == '_')
			*c = ' ';
	out[0] = (char)toupper((unsigned char)out[0]);
	return out;
}

const char *words_process(const char *name)
{
	char *out = (char *)(uintptr_t)words_of(name);
	if (out == name)
		return name;
	for (size_t i = 1; out[i]; i++)
		if (out[i - 1] == ' ')
			out[i] = (char)toupper((unsigned char)out[i]);
	return out;
}

const char *words_sentence(const char *text)
{
	char *out = room();
	if (strlen(text) >= ROOM)
		return text;
	strcpy(out, text);
	out[0] = (char)toupper((unsigned char)out[0]);
	return out;
}

const char *words_parent(const json_t *parents, const char *id)
{
	size_t index;
	json_t *one;
	json_array_foreach(parents, index, one)
		if (strcmp(says(one, "parent"), id) == 0 && *says(one, "name"))
			return says(one, "name");
	if (!*id)
		return id;
	char *out = room();
	snprintf(out, ROOM, "parent %s, whose name is not known", id);
	return out;
}

/* ---- a text of the daemon's ---- */

struct text {
	char *out;
	size_t size;
	const char *at; /* of what is left to read */
	const char *session; /* the day of the session that was read last, where a list of them goes on; NULL: none was */
};

static void add(struct text *t, const char *more, size_t read)
{
	size_t size = strlen(more);
	t->at += read;
	if (t->size + size < ROOM) {
		memcpy(t->out + t->size, more, size);
		t->size += size;
	}
}

static bool is_date(const char *at)
{
	static const char form[] = "0000-00-00";
	for (size_t i = 0; i < DATE_SIZE; i++)
		if (form[i] == '0' ? !isdigit((unsigned char)at[i]) : at[i] != form[i])
			return false;
	return !isalnum((unsigned char)at[DATE_SIZE]);
}

/* Does the text go on with this session right after the one before, "2026-11-09 AM O, 2026-11-09 PM O"? */
static bool is_listed(const struct text *t)
{
	const char *code = t->session ? t->session + DATE_SIZE + 4 : NULL;
	size_t size = code ? strcspn(code, ", ") : 0;
	return code && code + size + 2 == t->at && strncmp(code + size, ", ", 2) == 0;
}

/* "2026-11-09 PM O": a day, or a session of it and its code. In a list a day is said once for both of its sessions, and days
 * are kept apart: "Mon 9 Nov 2026, morning: O, afternoon: O; Tue 10 Nov 2026, morning: N". */
static bool take_session(struct text *t)
{
	char day[DATE_SIZE + 1] = "", said[WHEN_SIZE];
	const char *start = t->at, *after = start + DATE_SIZE;
	if (!is_date(start))
		return false;
	bool morning = strncmp(after, " AM ", 4) == 0, session = morning || strncmp(after, " PM ", 4) == 0;
	bool listed = session && is_listed(t), same = listed && !morning && strncmp(t->session, start, DATE_SIZE) == 0;
	memcpy(day, start, DATE_SIZE);
	if (listed && !same && t->size >= 2)
		memcpy(t->out + t->size - 2, "; ", 2);
	add(t, same ? "" : when_date(said, day), DATE_SIZE);
	if (session)
		add(t, morning ? ", morning: " : same ? "afternoon: " : ", afternoon: ", 4);
	t->session = session ? start : NULL;
	return true;
}

/* "parent p1": by name where it is known. */
static bool take_parent(struct text *t, const json_t *parents)
{
	size_t index;
	json_t *one;
	if (strncmp(t->at, "parent ", 7) != 0)
		return false;
	json_array_foreach(parents, index, one) {
		const char *id = says(one, "parent");
		size_t size = strlen(id);
		if (*says(one, "name") && size && strncmp(t->at + 7, id, size) == 0 && !isalnum((unsigned char)t->at[7 + size])) {
			add(t, says(one, "name"), 7 + size);
			return true;
		}
	}
	return false;
}

/* The size of a bare name of an outcome, as where it has no title: "not-to-issue" up to what parts it from the next. */
static size_t bare_name(const char *at)
{
	size_t size = strspn(at, "abcdefghijklmnopqrstuvwxyz0123456789_-");
	return at[size] && strchr(",;.", at[size]) ? size : 0;
}

const char *words_told(const char *text, const json_t *parents)
{
	struct text t = { room(), 0, text, NULL };
	const char *outcomes = strstr(text, "Outcomes: "), *name_end = text; /* of what was told before outcomes had titles */
	bool starts = true;
	if (strlen(text) >= ROOM / 2)
		return text;
	while (*t.at) {
		if (outcomes && t.at > outcomes && t.at > text && t.at[-1] == ' ' && t.at >= name_end)
			name_end = t.at + bare_name(t.at);
		bool named = t.at < name_end && (*t.at == '-' || *t.at == '_');
		if (starts && (take_session(&t) || take_parent(&t, parents))) {
			starts = false;
			continue;
		}
		starts = !isalnum((unsigned char)*t.at);
		add(&t, named ? " " : (char[2]){ *t.at, '\0' }, 1);
	}
	t.out[t.size] = '\0';
	return t.out;
}

/* The size of a " (outcome=)", of one or of several; 0: it is none. */
static size_t hint_size(const char *at)
{
	size_t name, size;
	if (at[0] != ' ' || at[1] != '(')
		return 0;
	name = strspn(at + 2, "abcdefghijklmnopqrstuvwxyz0123456789_-");
	size = strcspn(at, ")");
	return name && at[2 + name] == '=' && at[size] ? size + 1 : 0;
}

static const char *without_hints(const char *text, bool in_brackets)
{
	if (!text || strlen(text) >= ROOM)
		return text;
	struct text t = { room(), 0, text, NULL };
	while (*t.at) {
		size_t hint = hint_size(t.at);
		if (hint && (!in_brackets || t.at[hint] == ']'))
			t.at += hint;
		else
			add(&t, (char[2]){ *t.at, '\0' }, 1);
	}
	t.out[t.size] = '\0';
	return t.out;
}

const char *words_said(const char *text)
{
	return without_hints(text, false);
}

const char *words_of_letter(const char *text)
{
	return without_hints(text, true);
}

/* ---- actions and their fields ---- */

static const json_t *named(const json_t *list, const char *key, const char *name)
{
	size_t index;
	json_t *one;
	json_array_foreach(list, index, one)
		if (strcmp(says(one, key), name) == 0)
			return one;
	return NULL;
}

/* Of all the process's actions where they were asked for, else of those that the reader may record. */
static const json_t *action_of(const json_t *actions, const char *name)
{
	const json_t *all = json_object_get(actions, "named");
	return named(all ? all : json_object_get(actions, "items"), "action", name);
}

const char *words_action(const json_t *actions, const char *name)
{
	const char *title = says(action_of(actions, name), "title");
	return *title ? title : words_of(name);
}

const json_t *words_fields(const json_t *actions, const char *action)
{
	return json_object_get(action_of(actions, action), "fields");
}

const char *words_value(const json_t *field, const char *value)
{
	const char *title = says(json_object_get(field, "value_titles"), value);
	return *title ? title : words_of(value);
}

const char *words_field(const json_t *actions, const char *action, const char *name, const char **value)
{
	const json_t *field = named(json_object_get(action_of(actions, action), "fields"), "name", name);
	const char *type = says(field, "type");
	if (strcmp(name, "override") == 0)
		return "Recorded all the same because";
	if (strcmp(type, "one of") == 0 || strcmp(type, "yes/no") == 0)
		*value = words_value(field, *value);
	else if (strcmp(type, "date") == 0)
		*value = page_date(*value);
	return *says(field, "title") ? says(field, "title") : words_of(name);
}
