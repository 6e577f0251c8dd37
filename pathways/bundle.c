/* bundle.c - files put together and taken apart again.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "pathways/bundle.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pathways/document.h"

static const char mark[] = "--- # file ";

enum { MARK_SIZE = sizeof mark - 1 };

/* The next line that begins a part, from `at` on; NULL: none. */
static const uint8_t *next_mark(const uint8_t *at, const uint8_t *start, const uint8_t *end)
{
	for (; at != NULL && (size_t)(end - at) >= MARK_SIZE; at++) {
		at = memmem(at, (size_t)(end - at), mark, MARK_SIZE);
		if (at == NULL || at == start || at[-1] == '\n')
			return at;
	}
	return NULL;
}

bool bundle_split(struct bundle *b, struct slice text, struct compile_report *report)
{
	const uint8_t *start = text.bytes, *end = text.bytes + text.size;
	const uint8_t *at = text.size > 0 ? next_mark(start, start, end) : NULL;

	b->count = 1;
	b->texts[0] = slice_of(start, at != NULL ? (size_t)(at - start) : text.size);
	report->files[0][0] = 0;
	while (at != NULL) {
		const uint8_t *name = at + MARK_SIZE, *line = memchr(name, '\n', (size_t)(end - name));
		size_t size = line != NULL ? (size_t)(line - name) : (size_t)(end - name);

		if (b->count == COMPILE_FILES_MAX) {
			fault_at(report, 1, 1, "more than %d files in one pathway", COMPILE_FILES_MAX);
			return false;
		}
		if (size == 0 || size >= COMPILE_FILE_NAME_MAX) {
			fault_at(report, 1, 1, "an included file's name has 1 to %d characters", COMPILE_FILE_NAME_MAX - 1);
			return false;
		}
		memcpy(report->files[b->count], name, size);
		report->files[b->count][size] = 0;
		at = line != NULL ? next_mark(line, start, end) : NULL;
		line = line != NULL ? line + 1 : end;
		b->texts[b->count++] = slice_of(line, (size_t)((at != NULL ? at : end) - line));
	}
	return true;
}

/* "a/b/../c" is "a/c", so that one file has one name. */
static void shorten(char *path)
{
	char *up;

	while ((up = strstr(path, "/../")) != NULL) {
		char *folder = up;

		while (folder > path && folder[-1] != '/')
			folder--;
		if (up - folder == 2 && folder[0] == '.' && folder[1] == '.')
			return;
		memmove(folder, up + 4, strlen(up + 4) + 1);
	}
}

bool bundle_path(char path[static COMPILE_FILE_NAME_MAX], const char *includer, struct slice name)
{
	const char *slash = strrchr(includer, '/');
	size_t folder = slash != NULL ? (size_t)(slash + 1 - includer) : 0;

	if (name.size == 0 || folder + name.size >= COMPILE_FILE_NAME_MAX || memchr(name.bytes, 0, name.size) != NULL)
		return false;
	memcpy(path, includer, folder);
	memcpy(path + folder, name.bytes, name.size);
	path[folder + name.size] = 0;
	shorten(path);
	return true;
}

/* ---- from files ---- */

struct gathering {
	const char *path;
	char *text;
	size_t size;
	char *why;
	size_t why_size;
};

static bool add(struct gathering *g, const char *bytes, size_t size)
{
	char *larger = realloc(g->text, g->size + size + 1);

	if (larger == NULL) {
		snprintf(g->why, g->why_size, "no memory for %s", g->path);
		return false;
	}
	memcpy(larger + g->size, bytes, size);
	g->text = larger;
	g->size += size;
	g->text[g->size] = 0;
	return true;
}

static void beside(char *out, size_t size, const char *path, const char *name)
{
	const char *slash = strrchr(path, '/');

	snprintf(out, size, "%.*s%s", slash != NULL ? (int)(slash + 1 - path) : 0, path, name);
}

/* More than a bundle may hold is read no further: the compiler says that it is too large. */
static bool add_file(struct gathering *g, const char *path)
{
	FILE *file = fopen(path, "r");
	char room[4096];
	size_t got, left = SOURCE_SIZE_MAX + 1;
	bool good = file != NULL;

	while (good && left > 0 && (got = fread(room, 1, left < sizeof room ? left : sizeof room, file)) > 0) {
		good = add(g, room, got);
		left -= got;
	}
	if (file == NULL || ferror(file))
		good = false;
	if (file != NULL)
		fclose(file);
	return good;
}

static bool has(const struct bundle *b, const struct compile_report *report, const char *name)
{
	for (unsigned i = 1; i < b->count; i++)
		if (!strcmp(report->files[i], name))
			return true;
	return false;
}

/* Adds what `include` at this node names and is not there; `*more`: something was. */
static bool add_included(struct gathering *g, const struct document *doc, const struct bundle *b,
                         const struct compile_report *report, unsigned part, uint32_t item, bool *more)
{
	const struct node *node = &doc->nodes[item];
	char name[COMPILE_FILE_NAME_MAX], path[4096];

	if (node->kind != NODE_SCALAR || !bundle_path(name, report->files[part], node->text) || has(b, report, name))
		return true; /* what is wrong here, the compiler says */
	beside(path, sizeof path, g->path, name);
	*more = true;
	if (g->size > 0 && g->text[g->size - 1] != '\n' && !add(g, "\n", 1))
		return false;
	if (!add(g, mark, MARK_SIZE) || !add(g, name, strlen(name)) || !add(g, "\n", 1))
		return false;
	errno = 0;
	if (add_file(g, path))
		return true;
	snprintf(g->why, g->why_size, "%s:%u:%u: can't include %s: %s", part == 0 ? g->path : report->files[part],
	         node->line, node->column, path, errno ? strerror(errno) : "it can't be read");
	return false;
}

static bool add_missing(struct gathering *g, bool *more)
{
	struct compile_report *report = calloc(1, sizeof *report);
	struct bundle b;
	struct document doc;
	/* of the text as it is now, which grows and moves */
	char *text = report != NULL ? malloc(g->size + 1) : NULL;
	bool good = text != NULL;

	*more = false;
	if (good)
		memcpy(text, g->text, g->size + 1);
	else
		snprintf(g->why, g->why_size, "no memory for %s", g->path);
	if (!good || !bundle_split(&b, slice_of(text, g->size), report) || !document_open(&doc, report))
		goto done;
	for (unsigned i = 0; good && !*more && i < b.count; i++) {
		uint32_t root, list;

		if (!document_read(&doc, b.texts[i], (uint8_t)i, report, &root))
			continue;
		list = document_find(&doc, root, "include");
		for (uint32_t item = list != 0 ? doc.nodes[list].first : 0; good && !*more && item != 0; item = doc.nodes[item].next)
			good = add_included(g, &doc, &b, report, i, item, more);
	}
	document_free(&doc);
done:
	free(text);
	free(report);
	return good;
}

char *bundle_gather(const char *path, size_t *size, char *why, size_t why_size)
{
	struct gathering g = {.path = path, .why = why, .why_size = why_size};
	bool more = true;

	errno = 0;
	if (!add(&g, "", 0) || !add_file(&g, path)) {
		snprintf(why, why_size, "%s: %s", path, errno ? strerror(errno) : "it can't be read");
		more = false;
		free(g.text);
		g.text = NULL;
	}
	while (more && g.size <= 2 * SOURCE_SIZE_MAX)
		if (!add_missing(&g, &more)) {
			free(g.text);
			g.text = NULL;
			break;
		}
	*size = g.size;
	return g.text;
}

void bundle_fault_path(char *out, size_t size, const char *path, const struct compile_report *report,
                       const struct compile_fault *fault)
{
	if (fault->file == 0)
		snprintf(out, size, "%s", path);
	else
		beside(out, size, path, report->files[fault->file]);
}
