/* SPDX-License-Identifier: Apache-2.0 */
#include "client/beside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/entries.h"
#include "client/file.h"
#include "client/mapping.h"

struct beside {
	json_t *found; /* "id path": text */
};

struct beside *beside_new(void)
{
	struct beside *b = calloc(1, sizeof *b);
	if (b)
		b->found = json_object();
	if (b && !b->found) {
		free(b);
		b = NULL;
	}
	return b;
}

void beside_free(struct beside **beside)
{
	if (!*beside)
		return;
	json_decref((*beside)->found);
	free(*beside);
	*beside = NULL;
}

enum { KEY_SIZE = 200 };

static void key_of(char key[static KEY_SIZE], const char *id, const char *path)
{
	snprintf(key, KEY_SIZE, "%.60s %s", id, path);
}

const char *beside_find(const struct beside *b, const char *id, const char *path)
{
	char key[KEY_SIZE];
	if (!b)
		return NULL;
	key_of(key, id, path);
	return json_string_value(json_object_get(b->found, key));
}

/* What a path leads to, where no list and no other id lies on it. */
static const json_t *follow(const json_t *value, const char *path)
{
	for (;;) {
		const json_t *inner = json_object_get(value, "data");
		if (json_is_object(inner)) {
			value = inner;
			continue;
		}
		if (!*path || !json_is_object(value))
			return *path ? NULL : value;
		char key[64];
		size_t size = strcspn(path, ".");
		snprintf(key, sizeof key, "%.*s", (int)(size < sizeof key ? size : sizeof key - 1), path);
		value = json_object_get(value, key);
		path += size + (path[size] == '.');
	}
}

static bool keep(struct beside *b, const json_t *entry, const char *id, const char *path)
{
	char key[KEY_SIZE];
	const json_t *value = follow(entry, path);
	key_of(key, id, path);
	if (json_is_string(value))
		return json_object_set_new(b->found, key, json_string(json_string_value(value))) == 0;
	if (json_is_integer(value))
		return json_object_set_new(b->found, key, json_sprintf("%lld", (long long)json_integer_value(value))) == 0;
	return true;
}

/* What may be asked for: each path without the first of its words, where the id stands. */
static bool keep_all(struct beside *b, const struct mapping *m, const json_t *entry)
{
	char number[24];
	const json_t *value = json_object_get(entry, "id");
	const char *id = json_string_value(value);
	if (json_is_integer(value)) {
		snprintf(number, sizeof number, "%lld", (long long)json_integer_value(value));
		id = number;
	}
	if (!id)
		return true;
	bool good = keep(b, entry, id, "urn");
	for (unsigned i = 0; i < m->name_count && good; i++)
		for (const char *dot = m->names[i]; good && (dot = strchr(dot, '.')); )
			good = keep(b, entry, id, ++dot);
	return good;
}

bool beside_add(struct beside *b, const struct mapping *m, const char *path, char *why, size_t why_size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		snprintf(why, why_size, "%s: %s", path, strerror(errno));
		return false;
	}
	struct records *records = records_open(file_read_some, &fd);
	struct entries *e = records ? entries_open(records) : NULL;
	const json_t *entry;
	bool good = e != NULL;
	while (good && (entry = entries_next(e)))
		good = keep_all(b, m, entry);
	if (!good)
		snprintf(why, why_size, "no memory");
	else if (entries_failed(e))
		snprintf(why, why_size, "%s: %s", path, entries_failed(e));
	good = good && !entries_failed(e);
	entries_close(&e);
	records_close(&records);
	close(fd);
	return good;
}
