/* SPDX-License-Identifier: Apache-2.0 */
#include "client/connection.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include <sodium.h>
#include <zmq.h>

#include "client/line.h"

#define SAME(name) _Static_assert((int)ATTEND_##name == (int)COMMAND_##name, "one number a command")
SAME(HELLO);
SAME(MARKS);
SAME(ROSTER);
SAME(ACTION);
SAME(CALENDAR);
SAME(PATHWAY);
SAME(GRANT);
SAME(REVOKE);
SAME(ACKNOWLEDGE);
SAME(CLOCK);
SAME(FACT);
SAME(LINK);
SAME(COVER);
SAME(QUERY);
SAME(CURSOR);
SAME(OFFER);
_Static_assert((int)ATTEND_ID_SIZE == (int)UUID_SIZE && (int)ATTEND_KEY_TEXT_SIZE == (int)Z85_KEY_SIZE, "as in proto/ids.h");

enum {
	TURN_MS = 250,    /* how soon a `stop` is seen that came just before a wait */
	GATHER_FROM = 64, /* from so many on their way on, the next need not be sent at once */
};

static struct attend *open_failed(struct attend *a)
{
	sodium_memzero(&a->identity, sizeof a->identity);
	free(a);
	return NULL;
}

struct attend *attend_open(const struct attend_options *options, char *why, size_t why_size)
{
	struct attend *a = calloc(1, sizeof *a);
	if (!a || sodium_init() < 0) {
		snprintf(why, why_size, "no memory for a connection");
		free(a);
		return NULL;
	}
	a->timeout_ms = options->timeout_ms ? options->timeout_ms : ATTEND_TIMEOUT_MS;
	a->patience_ms = options->patience_ms ? options->patience_ms : a->timeout_ms;
	a->window = options->window ? options->window : ATTEND_WINDOW;
	if (a->window > ATTEND_WINDOW_MAX)
		a->window = ATTEND_WINDOW_MAX;
	a->stop = options->stop;
	a->notice = options->notice;
	a->notice_context = options->notice_context;
	snprintf(a->server, sizeof a->server, "%s", options->server);
	char server_key[Z85_KEY_SIZE + 1];
	if (identity_read_public(options->server_key_file, server_key, why, why_size) < 0 ||
	    identity_read(options->identity_file, &a->identity, why, why_size) < 0)
		return open_failed(a);
	int failed = line_open(options->server, server_key, &a->identity, &a->socket, &a->monitor);
	sodium_memzero(a->identity.secret_text, sizeof a->identity.secret_text); /* the socket has it */
	if (failed) {
		snprintf(why, why_size, "can't connect to %s: %s; an endpoint looks like tcp://host:5570",
		         options->server, zmq_strerror(failed));
		return open_failed(a);
	}
	return a;
}

void attend_close(struct attend **connection)
{
	struct attend *a = *connection;
	if (!a)
		return;
	*connection = NULL;
	line_close(&a->socket, &a->monitor);
	connection_abandon(a);
	free(a->kept);
	free(a);
}

bool attend_for(struct attend *a, const char *reader)
{
	a->for_another = reader != NULL;
	return !reader || z85_key_parse(slice_text(reader), a->reader);
}

const char *attend_why(const struct attend *a)
{
	return a->why;
}

const char *attend_public_key(const struct attend *a)
{
	return a->identity.public_text;
}

void attend_id_new(uint8_t id[ATTEND_ID_SIZE])
{
	struct timespec now;
	uint8_t random[10];
	clock_gettime(CLOCK_REALTIME, &now);
	/* Ids must not collide: without randomness there is no going on. */
	if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
		abort();
	uuid_v7(id, (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000, random);
}

void attend_id_of_content(const struct attend *a, uint8_t id[ATTEND_ID_SIZE], enum attend_command command,
                          uint64_t occurrence, const void *body, size_t body_size)
{
	uint8_t head[64], hash[crypto_hash_sha256_BYTES];
	struct writer out = writer_of(head, sizeof head);
	write_bytes(&out, "attend content 1", 16);
	write_u8(&out, (uint8_t)command);
	/* Another's push of the same file is another submission: the daemon would
	 * refuse this id under a second key. */
	write_bytes(&out, a->identity.public_key, PUBLIC_KEY_SIZE);
	write_u64(&out, occurrence);
	crypto_hash_sha256_state state;
	crypto_hash_sha256_init(&state);
	crypto_hash_sha256_update(&state, head, writer_size(&out));
	crypto_hash_sha256_update(&state, body, body_size);
	crypto_hash_sha256_final(&state, hash);
	uuid_v8(id, hash);
}

struct call {
	struct attend *connection;
	struct attend_reply reply;
	bool done, no_memory;
};

static void call_answered(void *context, const struct attend_reply *reply)
{
	struct call *call = context;
	struct attend *a = call->connection;
	call->reply = *reply;
	call->done = true;
	if (reply->body_size > a->kept_room) {
		uint8_t *larger = realloc(a->kept, reply->body_size);
		if (!larger) {
			call->no_memory = true;
			return;
		}
		a->kept = larger;
		a->kept_room = reply->body_size;
	}
	if (reply->body_size)
		memcpy(a->kept, reply->body, reply->body_size);
	call->reply.body = reply->body_size ? a->kept : NULL;
}

enum attend_result attend_call(struct attend *a, enum attend_command command, const uint8_t *id,
                               const void *body, size_t body_size, struct attend_reply *reply)
{
	struct call call = { .connection = a };
	uint8_t own[ATTEND_ID_SIZE];
	*reply = (struct attend_reply){ 0 };
	a->why[0] = '\0';
	if (id)
		memcpy(own, id, sizeof own);
	else
		attend_id_new(own);
	if (!connection_put(a, (uint8_t)command, own, body, body_size, call_answered, &call)) {
		connection_why(a, "%zu bytes are too much for one message", body_size);
		return ATTEND_MISUSE;
	}
	enum attend_result hope = ATTEND_OK;
	while (!call.done && (hope = connection_hope(a)) == ATTEND_OK)
		connection_turn(a, TURN_MS);
	if (!call.done) {
		connection_withdraw(a, own);
		return hope;
	}
	if (call.no_memory) {
		connection_why(a, "no memory for a reply of %zu bytes", call.reply.body_size);
		return ATTEND_MISUSE;
	}
	*reply = call.reply;
	if (reply->status >= 200 && reply->status < 300)
		return ATTEND_OK;
	connection_explain(a, reply->status, slice_of(reply->body, reply->body_size));
	return ATTEND_REFUSED;
}

enum attend_result attend_post(struct attend *a, enum attend_command command, const uint8_t *id,
                               const void *body, size_t body_size, attend_answer *answer, void *context)
{
	while (a->count >= a->window) {
		enum attend_result hope = connection_hope(a);
		if (hope != ATTEND_OK)
			return hope;
		connection_turn(a, TURN_MS);
	}
	if (!connection_put(a, (uint8_t)command, id, body, body_size, answer, context)) {
		connection_why(a, "%zu bytes are too much for one message", body_size);
		return ATTEND_MISUSE;
	}
	/* While much is on its way, what comes is gathered for a bundle. */
	if (a->unsent < GATHER_FROM || a->count - a->unsent >= CONNECTION_BUNDLE || a->count >= a->window)
		connection_turn(a, 0);
	return ATTEND_OK;
}

enum attend_result attend_pump(struct attend *a, unsigned wait_ms)
{
	connection_turn(a, wait_ms);
	return connection_hope(a);
}

enum attend_result attend_flush(struct attend *a)
{
	while (a->count) {
		enum attend_result hope = connection_hope(a);
		if (hope != ATTEND_OK)
			return hope;
		connection_turn(a, TURN_MS);
	}
	return ATTEND_OK;
}

unsigned attend_outstanding(const struct attend *a)
{
	return a->count;
}
