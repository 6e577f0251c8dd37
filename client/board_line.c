/* SPDX-License-Identifier: Apache-2.0 */
#include "client/board.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "client/to_json.h"

enum { LINES_KEPT = 16, STATUS_OF_NOBODY = 503 };

struct lines {
	pthread_mutex_t mutex;
	const struct invocation *invocation;
	struct attend *kept[LINES_KEPT];
	unsigned count;
};

struct lines *lines_new(const struct invocation *invocation)
{
	struct lines *lines = calloc(1, sizeof *lines);
	if (!lines)
		return NULL;
	pthread_mutex_init(&lines->mutex, NULL);
	lines->invocation = invocation;
	return lines;
}

void lines_free(struct lines **self)
{
	struct lines *lines = *self;
	if (!lines)
		return;
	while (lines->count)
		attend_close(&lines->kept[--lines->count]);
	pthread_mutex_destroy(&lines->mutex);
	free(lines);
	*self = NULL;
}

struct attend *lines_take(struct lines *lines)
{
	struct attend *line = NULL;
	pthread_mutex_lock(&lines->mutex);
	if (lines->count)
		line = lines->kept[--lines->count];
	pthread_mutex_unlock(&lines->mutex);
	return line ? line : invocation_open(lines->invocation, 0);
}

void lines_give(struct lines *lines, struct attend **line, bool answered)
{
	if (!*line)
		return;
	attend_for(*line, NULL);
	pthread_mutex_lock(&lines->mutex);
	if (answered && lines->count < LINES_KEPT) {
		lines->kept[lines->count++] = *line;
		*line = NULL;
	}
	pthread_mutex_unlock(&lines->mutex);
	attend_close(line);
}

const char *says(const json_t *map, const char *key)
{
	const char *text = json_string_value(json_object_get(map, key));
	return text ? text : "";
}

long long counts(const json_t *map, const char *key)
{
	return json_integer_value(json_object_get(map, key));
}

/* What a refusal is to the person at the page. */
static void tell(struct visit *v, unsigned status, const json_t *answer)
{
	const char *reason = says(answer, "reason");
	char said[400];
	switch (status) {
	case 0:
		page_notice(v, STATUS_OF_NOBODY, "The service can't be reached",
		            "It does not answer at the moment. Nothing that was recorded is lost; try again in a minute.");
		break;
	case 300:
	case 301:
	case 500:
	case 501:
		page_notice(v, STATUS_OF_NOBODY, "Not now", *reason ? reason : "The service can't do this at the moment; try again in a minute.");
		break;
	case 403:
		page_notice(v, 403, "Not for you", "What you may see and do here depends on your role, and this is not part of it.");
		break;
	case 404:
		/* who left is not there for the school that they left: what it remembers must not look like a fault */
		snprintf(said, sizeof said, "%s.%s", *reason ? words_sentence(reason) : "There is no such page, or it is not for you",
		         strcmp(v->session.role, "school") == 0 ? " A child who went to another school is seen by that school from its first register on." : "");
		page_notice(v, 404, "Nothing here", said);
		break;
	case 414:
		session_end_all(v->board->sessions, v->session.reader);
		page_notice(v, 403, "Your access has ended", "An administrator has taken back your key, or this page's. Ask them if that was not meant.");
		break;
	default:
		page_notice(v, 400, "That can't be shown", *reason ? reason : "The service did not understand the question.");
	}
}

static unsigned call(struct visit *v, enum attend_command command, const uint8_t *id, struct body *body, json_t **answer)
{
	struct attend_reply reply = { 0 };
	size_t size;
	const void *bytes = body_end(body, &size);
	attend_call(v->line, command, id, bytes, size, &reply);
	body_free(body);
	*answer = reply.status ? to_json(reply.body, reply.body_size) : NULL;
	if (reply.status && reply.position > v->head)
		v->head = reply.position;
	return *answer ? reply.status : 0;
}

json_t *visit_ask(struct visit *v, struct body *body)
{
	json_t *answer;
	unsigned status = call(v, ATTEND_QUERY, NULL, body, &answer);
	if (status >= 200 && status < 300)
		return answer;
	tell(v, status, answer);
	json_decref(answer);
	return NULL;
}

bool visit_ask_all(struct visit *v, void (*question)(struct visit *, struct body *, const char *context), const char *context,
                   int (*order)(const json_t *, const json_t *), size_t most, json_t *found)
{
	size_t index, place;
	json_t *item, *next = NULL, *answer = NULL;
	do {
		struct body body;
		question(v, &body, context);
		if (json_is_integer(next))
			body_number(&body, "from", (uint64_t)json_integer_value(next));
		json_decref(answer);
		answer = visit_ask(v, &body);
		if (!answer)
			return false;
		json_array_foreach(json_object_get(answer, "items"), index, item) {
			for (place = json_array_size(found); place > 0 && order(json_array_get(found, place - 1), item) > 0; place--)
				;
			json_array_insert(found, place, item);
		}
		next = json_object_get(answer, "next");
	} while (json_is_integer(next) && json_array_size(found) <= most);
	json_decref(answer);
	return true;
}

unsigned visit_try(struct visit *v, struct body *body, json_t **answer)
{
	unsigned status = call(v, ATTEND_QUERY, NULL, body, answer);
	if (!status)
		tell(v, 0, NULL);
	return status;
}

unsigned visit_submit(struct visit *v, enum attend_command command, const uint8_t id[static ATTEND_ID_SIZE], struct body *body, json_t **answer)
{
	unsigned status = call(v, command, id, body, answer);
	if (status < 200 || status == 414 || status == 300 || status == 301 || status >= 500)
		tell(v, status, *answer);
	return status;
}

void visit_question(struct visit *v, struct body *body, const char *what)
{
	body_begin(body);
	body_text(body, "what", what);
	body_text(body, "as_of", v->as_of);
}
