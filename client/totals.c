/* SPDX-License-Identifier: Apache-2.0 */
#include "client/totals.h"

#include <stdio.h>

#include "client/ask.h"
#include "client/to_json.h"

/* NULL: there is nothing, or it may not be read. */
static json_t *ours(struct totals *t, const char *upn)
{
	struct body body;
	struct attend_reply reply = { .status = 0 };
	size_t size;
	if (!t->connection || t->refused || !upn)
		return NULL;
	body_begin(&body);
	body_text(&body, "what", "pupil");
	body_text(&body, "upn", upn);
	const void *bytes = body_end(&body, &size);
	enum attend_result result = attend_call(t->connection, ATTEND_QUERY, NULL, bytes, size, &reply);
	body_free(&body);
	if (result == ATTEND_OK)
		return to_json(reply.body, reply.body_size);
	if (reply.status == 403) {
		t->refused = true;
		fputs("note: this key may not read figures; ask with an officer's or the school's to see ours\n", stderr);
	}
	return NULL;
}

static void put(json_t *object, const char *key, const char *text)
{
	if (text)
		json_object_set_new(object, key, json_string(text));
}

static void put_number(json_t *object, const char *key, long number)
{
	json_object_set_new(object, key, number < 0 ? json_null() : json_integer(number));
}

static void print_as_json(const struct ctf_year *y, const json_t *own)
{
	json_t *line = json_object(), *held = own ? json_object() : json_null();
	put(line, "upn", y->upn);
	put(line, "year", y->year);
	put(line, "lea", y->lea);
	put(line, "estab", y->estab);
	put(line, "school", y->school);
	put_number(line, "possible", y->possible);
	put_number(line, "attended", y->attended);
	put_number(line, "authorised", y->authorised);
	put_number(line, "unauthorised", y->unauthorised);
	static const char *const keys[] = { "school_year", "possible", "attended", "authorised", "unauthorised" };
	for (unsigned i = 0; own && i < sizeof keys / sizeof keys[0]; i++)
		json_object_set(held, keys[i], json_object_get(own, keys[i]));
	json_object_set_new(line, "ours", held);
	print_json(line);
	json_decref(line);
}

static const char *number(char out[static 24], long value)
{
	snprintf(out, 24, value < 0 ? "-" : "%ld", value);
	return out;
}

static long of(const json_t *own, const char *key)
{
	return own ? (long)json_integer_value(json_object_get(own, key)) : -1;
}

void totals_tell(void *context, const struct ctf_year *y)
{
	struct totals *t = context;
	json_t *own = ours(t, y->upn);
	if (t->invocation->json) {
		print_as_json(y, own);
	} else {
		static const char *const heads[] = { "possible", "attended", "authorised", "unauthorised" };
		const long theirs[] = { y->possible, y->attended, y->authorised, y->unauthorised };
		int year = (int)json_integer_value(json_object_get(own, "school_year"));
		char a[24], b[24];
		if (!t->count)
			printf("What the file states of a year, and ours of the school year of the latest register:\n"
			       "%-13s  %-6s %-24s  %s\n", "upn", "year", "school", "theirs / ours");
		printf("%-13s  %-6s %-24.24s ", y->upn ? y->upn : "?", y->year ? y->year : "?", y->school ? y->school : "");
		for (unsigned i = 0; i < 4; i++)
			printf(" %s %s / %s", heads[i], number(a, theirs[i]), number(b, of(own, heads[i])));
		if (year)
			printf("  (%d-%02d)\n", year, (year + 1) % 100);
		else
			puts(own || t->refused || !t->connection ? "" : "  (nothing is held)");
	}
	t->count++;
	json_decref(own);
}
