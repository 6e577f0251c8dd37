/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/settings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "proto/bytes.h"
#include "proto/utf8.h"

enum { FILE_SIZE_MAX = 64 * 1024, WHY_SIZE = 512 };

static const char blanks[] = " \t\r";

/* The whole file and a zero; NULL with errno. */
static char *read_whole(const char *path, size_t *size)
{
	FILE *file = fopen(path, "re");
	char *text = file ? malloc(FILE_SIZE_MAX + 1) : NULL;
	int error = errno;

	if (text) {
		*size = fread(text, 1, FILE_SIZE_MAX + 1, file);
		error = ferror(file) ? errno : *size > FILE_SIZE_MAX ? EFBIG : 0;
		if (error) {
			free(text);
			text = NULL;
		} else {
			text[*size] = '\0';
		}
	}
	if (file)
		fclose(file);
	errno = error;
	return text;
}

static char *trim(char *text)
{
	text += strspn(text, blanks);
	for (size_t size = strlen(text); size > 0 && strchr(blanks, text[size - 1]); size--)
		text[size - 1] = '\0';
	return text;
}

/* False with `why`. */
static bool take_line(char *line, size_t size, settings_take *take, void *context, char *why)
{
	char *equals;

	if (strlen(line) != size || !utf8_ok(slice_of(line, size))) {
		snprintf(why, WHY_SIZE, "this is not UTF-8 text; save the file as UTF-8");
		return false;
	}
	line = trim(line);
	if (*line == '\0' || *line == '#')
		return true;
	equals = strchr(line, '=');
	if (!equals || equals == line) {
		snprintf(why, WHY_SIZE, "'%.80s' is no setting; write NAME = VALUE, or # before a comment", line);
		return false;
	}
	*equals = '\0';
	line = trim(line);
	char *value = trim(equals + 1);
	if (*value == '\0') {
		snprintf(why, WHY_SIZE, "%.80s has no value; give one, or put # before the line", line);
		return false;
	}
	return take(context, line, value, why, WHY_SIZE);
}

int settings_read(const char *path, settings_take *take, void *context, FILE *faults, char **text)
{
	size_t size = 0;
	int count = 0;
	char *at = *text = read_whole(path, &size), *end;

	if (!at)
		return -1;
	end = at + size;
	for (unsigned line = 1; at < end; line++) {
		char why[WHY_SIZE] = "", *stop = memchr(at, '\n', (size_t)(end - at));
		if (!stop)
			stop = end;
		*stop = '\0';
		if (!take_line(at, (size_t)(stop - at), take, context, why)) {
			fprintf(faults, "%s:%u: %s\n", path, line, why);
			count++;
		}
		at = stop + 1;
	}
	return count;
}
