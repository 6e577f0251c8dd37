/* SPDX-License-Identifier: Apache-2.0 */
#include "client/rejects.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <csv.h>
#include <jansson.h>

struct rejects {
	FILE *out;
	char *header; /* NULL: none yet */
	bool json;
	bool has_reason; /* the file was rejects itself: its reason is added to, not doubled */
	int failed;
};

struct rejects *rejects_open(const char *path)
{
	struct rejects *r = calloc(1, sizeof *r);
	if (!r)
		return NULL;
	r->out = fopen(path, "we");
	if (!r->out) {
		int failed = errno;
		free(r);
		errno = failed;
		return NULL;
	}
	return r;
}

bool rejects_form(struct rejects *r, const char *header)
{
	if (r->header)
		return strcmp(r->header, header) == 0;
	r->header = strdup(header);
	if (!r->header) {
		r->failed = ENOMEM;
		return true;
	}
	r->json = !*header;
	size_t size = strlen(header);
	r->has_reason = size > 7 && strcmp(header + size - 7, ",reason") == 0;
	if (!r->json)
		fprintf(r->out, "%s%s\n", header, r->has_reason ? "" : ",reason");
	return true;
}

static void add_json(struct rejects *r, const char *raw, size_t raw_size, const char *why)
{
	json_t *object = json_loadb(raw, raw_size, 0, NULL);
	if (!json_is_object(object)) {
		json_decref(object);
		object = json_object();
		json_object_set_new(object, "row", json_stringn(raw, raw_size)); /* left out if no UTF-8 */
	}
	json_object_set_new(object, "reason", json_string(why));
	json_dumpf(object, r->out, JSON_COMPACT);
	json_decref(object);
}

/* A row of a file that was rejects itself ends with the reason of last time. */
static size_t without_reason(const char *raw, size_t size)
{
	size_t at = size;
	if (at && raw[at - 1] == '"') {
		for (at--; at && !(raw[at - 1] == '"' && (at < 2 || raw[at - 2] == ',')); at--)
			;
		return at > 1 ? at - 2 : size;
	}
	while (at && raw[at - 1] != ',')
		at--;
	return at ? at - 1 : size;
}

void rejects_add(struct rejects *r, const char *raw, size_t raw_size, const char *field, const char *reason)
{
	char why[700];
	snprintf(why, sizeof why, "%s: %s", field, reason);
	if (r->json) {
		add_json(r, raw, raw_size, why);
	} else {
		fwrite(raw, 1, r->has_reason ? without_reason(raw, raw_size) : raw_size, r->out);
		fputc(',', r->out);
		csv_fwrite(r->out, why, strlen(why));
	}
	fputc('\n', r->out);
	if (ferror(r->out) && !r->failed)
		r->failed = EIO;
}

int rejects_sync(struct rejects *r)
{
	if (!r->failed && (fflush(r->out) != 0 || (fsync(fileno(r->out)) < 0 && errno != EINVAL))) /* a pipe has no disk */
		r->failed = errno;
	return r->failed;
}

int rejects_close(struct rejects **rejects)
{
	struct rejects *r = *rejects;
	if (!r)
		return 0;
	*rejects = NULL;
	int failed = r->failed;
	if (fclose(r->out) != 0 && !failed)
		failed = errno;
	free(r->header);
	free(r);
	return failed;
}
