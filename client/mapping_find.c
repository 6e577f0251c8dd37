/* mapping_find.c - where mappings lie.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/file.h"
#include "client/mapping.h"

enum { MAPPING_SIZE_MAX = 64 * 1024 };

/* The folder of those shipped: NULL where there is none. */
static const char *shipped(char folder[static PATH_MAX])
{
	static const char *const places[] = { "mappings", "../share/attend/mappings" };
	char program[PATH_MAX];
	const char *set = getenv("ATTEND_MAPPINGS");
	if (set && *set) {
		snprintf(folder, PATH_MAX, "%s", set);
		return folder;
	}
	ssize_t size = readlink("/proc/self/exe", program, sizeof program - 1);
	if (size <= 0)
		return NULL;
	program[size] = '\0';
	*strrchr(program, '/') = '\0';
	for (unsigned i = 0; i < sizeof places / sizeof places[0]; i++)
		if (snprintf(folder, PATH_MAX, "%s/%s", program, places[i]) < PATH_MAX && access(folder, X_OK) == 0)
			return folder;
	return NULL;
}

static int is_mapping(const struct dirent *entry)
{
	size_t size = strlen(entry->d_name);
	return entry->d_name[0] != '.' && size > 5 && strcmp(entry->d_name + size - 5, ".yaml") == 0;
}

void mapping_each_shipped(void (*each)(void *context, const char *path), void *context)
{
	char folder[PATH_MAX], path[PATH_MAX + NAME_MAX + 2];
	struct dirent **entries = NULL;
	int count = shipped(folder) ? scandir(folder, &entries, is_mapping, alphasort) : 0;
	for (int i = 0; i < count; i++) {
		snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
		each(context, path);
		free(entries[i]);
	}
	free(entries);
}

struct list {
	char *text;
	size_t size;
};

static void add(void *context, const char *path)
{
	struct list *list = context;
	const char *name = strrchr(path, '/') + 1;
	size_t used = strlen(list->text);
	snprintf(list->text + used, list->size - used, "%s%.*s", used ? ", " : "", (int)strlen(name) - 5, name);
}

struct mapping *mapping_open(const char *name, enum mapping_for purpose, const char *school, const char *date, char *why, size_t why_size)
{
	char folder[PATH_MAX], path[PATH_MAX + NAME_MAX + 2];
	size_t size, length = strlen(name);
	bool is_path = strchr(name, '/') || (length > 5 && strcmp(name + length - 5, ".yaml") == 0);
	snprintf(path, sizeof path, "%s", name);
	if (!is_path && shipped(folder))
		snprintf(path, sizeof path, "%s/%s.yaml", folder, name);
	char *text = file_read(path, MAPPING_SIZE_MAX, &size);
	if (!text && is_path) {
		snprintf(why, why_size, "%s: %s", path, errno == EFBIG ? "larger than any mapping is" : strerror(errno));
		return NULL;
	}
	if (!text) {
		char names[400] = "";
		mapping_each_shipped(add, &(struct list){ names, sizeof names });
		snprintf(why, why_size, "--map %.60s: there is none of this name; shipped are %s; a file of your own is given by its path", name,
		         names[0] ? names : "none (set ATTEND_MAPPINGS to their folder)");
		return NULL;
	}
	struct mapping *m = mapping_read(text, size, path, purpose, school, date, why, why_size);
	free(text);
	return m;
}
