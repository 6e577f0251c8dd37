/* SPDX-License-Identifier: Apache-2.0 */
#include "client/due.h"

#include <stdio.h>
#include <string.h>

#include "client/ask.h"

const char *due_text(const json_t *item, const char *key)
{
	const char *text = json_string_value(json_object_get(item, key));
	return text ? text : "";
}

day_t due_day(const json_t *item, const char *key)
{
	day_t day;
	return day_parse(slice_text(due_text(item, key)), &day) ? day : 0;
}

struct asking {
	const struct due_filter *filter;
	struct due *due;
	char since[DATE_TEXT_SIZE + 1];
};

static void fill(struct body *body, void *context, bool first)
{
	const struct asking *a = context;
	(void)first;
	body_text(body, "officer", a->filter->officer);
	body_text(body, "since", a->since[0] ? a->since : NULL);
}

static bool is_for(const struct due *due, const json_t *item)
{
	json_t *role, *tells = json_object_get(item, "tells");
	size_t index;
	if (!json_array_size(tells) || strcmp(due->role, "auditor") == 0 || strcmp(due->role, "administrator") == 0)
		return true;
	json_array_foreach(tells, index, role)
		if (strcmp(json_string_value(role) ? json_string_value(role) : "", due->role) == 0)
			return true;
	return false;
}

static bool worth_saying(const json_t *item)
{
	const char *status = due_text(item, "status");
	return !json_is_true(json_object_get(item, "reminder")) || strcmp(status, "open") == 0 || strcmp(status, "cancelled") == 0;
}

static void take(json_t *item, void *context)
{
	const struct asking *a = context;
	const struct due_filter *f = a->filter;
	if (is_for(a->due, item) && worth_saying(item) && (!f->school || strcmp(due_text(item, "urn"), f->school) == 0) &&
	    (!f->pathway || strcmp(due_text(item, "pathway"), f->pathway) == 0))
		json_array_append(a->due->items, item);
}

static int ask_hello(const struct invocation *invocation, struct attend *connection, struct due *due)
{
	struct body body;
	int status;
	body_begin(&body);
	json_t *hello = ask(invocation, connection, ATTEND_HELLO, NULL, &body, NULL, &status);
	if (hello && !time_parse(slice_text(due_text(hello, "now")), &due->now_ms)) {
		complain(invocation, "the daemon does not say what time it is: is this client older than the daemon?");
		status = 1;
	}
	snprintf(due->authority, sizeof due->authority, "%s", due_text(hello, "authority"));
	snprintf(due->role, sizeof due->role, "%s", due_text(hello, "role"));
	due->today = day_of_ms(due->now_ms);
	json_decref(hello);
	return status;
}

int due_ask(const struct invocation *invocation, struct attend *connection, const struct due_filter *filter, struct due *due)
{
	struct asking a = { .filter = filter, .due = due };
	*due = (struct due){ .now_ms = 0 };
	int status = ask_hello(invocation, connection, due);
	if (status)
		return status;
	if (filter->keep_days)
		day_text(a.since, due->today - (day_t)filter->keep_days);
	due->items = json_array();
	status = ask_pages(invocation, connection, "deadlines", fill, take, &a);
	if (status)
		due_free(due);
	return status;
}

void due_free(struct due *due)
{
	json_decref(due->items);
	due->items = NULL;
}
