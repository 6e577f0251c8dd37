/* SPDX-License-Identifier: Apache-2.0 */
#include "client/ask.h"

#include <stdlib.h>
#include <string.h>

#include "client/to_json.h"

void body_begin(struct body *b)
{
	msgpack_sbuffer_init(&b->buffer);
	msgpack_packer_init(&b->pack, &b->buffer, msgpack_sbuffer_write);
	b->count = 0;
	msgpack_pack_map(&b->pack, 0); /* the count is set at the end */
}

void body_string(struct body *b, const char *text)
{
	size_t size = strlen(text);
	msgpack_pack_str(&b->pack, size);
	msgpack_pack_str_body(&b->pack, text, size);
}

void body_key(struct body *b, const char *key)
{
	b->count++;
	body_string(b, key);
}

void body_text(struct body *b, const char *key, const char *value)
{
	if (!value)
		return;
	body_key(b, key);
	body_string(b, value);
}

void body_number(struct body *b, const char *key, uint64_t value)
{
	body_key(b, key);
	msgpack_pack_uint64(&b->pack, value);
}

void body_true(struct body *b, const char *key, bool value)
{
	if (!value)
		return;
	body_key(b, key);
	msgpack_pack_true(&b->pack);
}

void body_texts(struct body *b, const char *key, const char *const *values, size_t count)
{
	if (!count)
		return;
	body_key(b, key);
	msgpack_pack_array(&b->pack, count);
	for (size_t i = 0; i < count; i++)
		body_string(b, values[i]);
}

const void *body_end(struct body *b, size_t *size)
{
	if (!b->buffer.data || b->count > 15)
		abort(); /* no memory for a few hundred bytes, or a slip of ours */
	b->buffer.data[0] = (char)(0x80 | b->count);
	*size = b->buffer.size;
	return b->buffer.data;
}

void body_free(struct body *b)
{
	msgpack_sbuffer_destroy(&b->buffer);
}

void print_lacks(FILE *out, const json_t *lacks, const char *action, const char *indent)
{
	size_t index;
	json_t *lack;
	json_array_foreach(lacks, index, lack) {
		if (json_is_string(lack)) {
			fprintf(out, "%s- %s\n", indent, json_string_value(lack));
			continue;
		}
		const char *text = json_string_value(json_object_get(lack, "text"));
		const char *field = json_string_value(json_object_get(lack, "field"));
		const char *clause = json_string_value(json_object_get(lack, "clause"));
		const char *supplied_by = json_string_value(json_object_get(lack, "supplied_by"));
		fprintf(out, "%s- %s%s%s", indent, field ? field : "", field ? ": " : "", text ? text : "something is unmet");
		if (clause)
			fprintf(out, " [%s]", clause);
		if (json_is_true(json_object_get(lack, "bar")))
			fputs("; no override lifts this", out);
		else if (supplied_by && (!action || strcmp(supplied_by, action) != 0))
			fprintf(out, "; recorded by: %s", supplied_by);
		fputc('\n', out);
	}
}

/* The faults of a pathway's file come as [line, column, text] or [line, column, text, file]. */
static void print_faults(const json_t *faults)
{
	size_t index;
	json_t *fault;
	json_array_foreach(faults, index, fault) {
		const char *text = json_string_value(json_array_get(fault, 2)), *file = json_string_value(json_array_get(fault, 3));
		fprintf(stderr, "  %s%sline %lld, column %lld: %s\n", file ? file : "", file ? ", " : "", (long long)json_integer_value(json_array_get(fault, 0)),
		        (long long)json_integer_value(json_array_get(fault, 1)), text ? text : "");
	}
}

json_t *ask(const struct invocation *invocation, struct attend *connection, enum attend_command command,
            const uint8_t *id, struct body *body, struct attend_reply *reply, int *status)
{
	struct attend_reply own;
	size_t size;
	const void *bytes = body_end(body, &size);
	if (!reply)
		reply = &own;
	enum attend_result result = attend_call(connection, command, id, bytes, size, reply);
	body_free(body);
	*status = result == ATTEND_STOPPED ? 130 : (int)result;
	json_t *answer = reply->status ? to_json(reply->body, reply->body_size) : NULL;
	if (result == ATTEND_OK) {
		if (!answer) {
			complain(invocation, "the daemon's answer can't be read: is this client older than the daemon?");
			*status = ATTEND_REFUSED;
		}
		return answer;
	}
	complain(invocation, "%s%s", result == ATTEND_REFUSED ? "refused: " : "", attend_why(connection));
	print_lacks(stderr, json_object_get(answer, "lacks"), invocation->action, "  ");
	print_faults(json_object_get(answer, "faults"));
	json_decref(answer);
	return NULL;
}

json_t *ask_what(const struct invocation *invocation, struct attend *connection, const char *what, int *status)
{
	struct body body;
	body_begin(&body);
	body_text(&body, "what", what);
	return ask(invocation, connection, ATTEND_QUERY, NULL, &body, NULL, status);
}

/* The `from` of the next page: a position, or a key that only the daemon understands. */
static void add_from(struct body *body, const json_t *next)
{
	if (json_is_integer(next))
		body_number(body, "from", (uint64_t)json_integer_value(next));
	else if (json_is_string(next))
		body_text(body, "from", json_string_value(next));
}

int ask_once(const struct invocation *invocation, enum attend_command command, struct body *body, void (*say)(json_t *))
{
	struct attend_reply reply;
	int status;
	struct attend *connection = invocation_open(invocation, 0);
	if (!connection) {
		body_free(body);
		return 2;
	}
	json_t *answer = ask(invocation, connection, command, NULL, body, &reply, &status);
	if (answer && invocation->json) {
		json_object_set_new(answer, "seq", json_integer((json_int_t)reply.position));
		print_json(answer);
	} else if (answer) {
		say(answer);
	}
	json_decref(answer);
	attend_close(&connection);
	return status;
}

int ask_pages(const struct invocation *invocation, struct attend *connection, const char *what, page_fill *fill,
              page_item *each, void *context)
{
	int status = ATTEND_OK;
	json_t *next = NULL;
	do {
		struct body body;
		body_begin(&body);
		body_text(&body, "what", what);
		if (fill)
			fill(&body, context, !next);
		add_from(&body, next);
		json_t *page = ask(invocation, connection, ATTEND_QUERY, NULL, &body, NULL, &status);
		json_decref(next);
		next = NULL;
		if (!page)
			break;
		size_t index;
		json_t *item;
		json_array_foreach(json_object_get(page, "items"), index, item)
			each(item, context);
		next = json_incref(json_object_get(page, "next"));
		json_decref(page);
	} while (next && !json_is_null(next) && !interrupted);
	json_decref(next);
	return status;
}

void print_json(json_t *value)
{
	/* Percentages have one decimal; 17 digits would show the binary fraction. */
	json_dumpf(value, stdout, JSON_COMPACT | JSON_REAL_PRECISION(12));
	fputc('\n', stdout);
	fflush(stdout);
}
