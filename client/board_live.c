/* Alerts as they come, one thread a page that is open: the daemon sends them to a subscription that is
 * asked for the reader, so they get what they may see and no more.
 *
 * A browser that takes too little is cut off; it comes back by itself and says what it had last, so
 * that nothing is lost.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "client/board.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <microhttpd.h>

#include "client/to_json.h"

enum { STREAMS_MAX = 128, QUIET_S = 5, WAITING_MAX = 64 * 1024, BLOCK = 4096 };

struct stream {
	struct board *board;
	struct attend *line;
	struct session session;
	uint64_t from;
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t came;
	char waiting[WAITING_MAX];  /* to be sent */
	size_t size;
	bool ended;                 /* the subscription, or what waits is too much */
	volatile sig_atomic_t stop; /* the page is gone */
};

static void put(struct stream *s, uint64_t position, const char *text)
{
	pthread_mutex_lock(&s->mutex);
	int size = snprintf(s->waiting + s->size, WAITING_MAX - s->size, "id: %llu\nevent: alert\ndata: %s\n\n", (unsigned long long)position, text);
	if (size > 0 && (size_t)size < WAITING_MAX - s->size)
		s->size += (size_t)size;
	else
		s->ended = true;
	pthread_cond_signal(&s->came);
	pthread_mutex_unlock(&s->mutex);
}

static bool take(void *context, uint64_t position, const void *item, size_t size)
{
	static const char *const keys[] = { "alert", "kind", "status", "upn", "case" };
	struct stream *s = context;
	json_t *alert = to_json(item, size), *told = json_object();
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		json_object_set(told, keys[i], json_object_get(alert, keys[i]));
	json_object_set_new(told, "text", json_string(words_told(says(alert, "text"), NULL)));
	char *text = json_dumps(told, JSON_COMPACT | JSON_ENSURE_ASCII);
	if (text)
		put(s, position, text);
	free(text);
	json_decref(told);
	json_decref(alert);
	return text != NULL && !s->ended;
}

static void *follow(void *context)
{
	struct stream *s = context;
	struct attend_subscription wanted = { .what = "alerts", .from = s->from, .credit = 64 };
	attend_subscribe(s->line, &wanted, take, s);
	pthread_mutex_lock(&s->mutex);
	s->ended = true;
	pthread_cond_signal(&s->came);
	pthread_mutex_unlock(&s->mutex);
	return NULL;
}

/* Waits for something to send; after QUIET_S a comment shows that the line is still there. */
static ssize_t give(void *context, uint64_t offset, char *out, size_t room)
{
	static const char quiet[] = ": still here\n\n";
	struct stream *s = context;
	struct timespec until;
	int timed_out = 0;
	ssize_t size = MHD_CONTENT_READER_END_OF_STREAM;
	(void)offset;
	if (!session_lives(s->board->sessions, &s->session, time(NULL)))
		return MHD_CONTENT_READER_END_OF_STREAM; /* signed out, or its time is over */
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += QUIET_S;
	pthread_mutex_lock(&s->mutex);
	while (!s->size && !s->ended && !interrupted && timed_out != ETIMEDOUT)
		timed_out = pthread_cond_timedwait(&s->came, &s->mutex, &until);
	if (s->size) {
		size = (ssize_t)(s->size < room ? s->size : room);
		memcpy(out, s->waiting, (size_t)size);
		s->size -= (size_t)size;
		memmove(s->waiting, s->waiting + size, s->size);
	} else if (!s->ended && !interrupted && room >= sizeof quiet) {
		size = (ssize_t)(sizeof quiet - 1);
		memcpy(out, quiet, (size_t)size);
	}
	pthread_mutex_unlock(&s->mutex);
	return size;
}

static void end(void *context)
{
	struct stream *s = context;
	s->stop = 1;
	pthread_join(s->thread, NULL);
	attend_close(&s->line);
	pthread_cond_destroy(&s->came);
	pthread_mutex_destroy(&s->mutex);
	atomic_fetch_sub(&s->board->streams, 1);
	free(s);
}

static struct attend *open_line(struct stream *s)
{
	const struct invocation *i = s->board->invocation;
	struct attend_options options = { .server = i->server, .server_key_file = i->server_key, .identity_file = i->identity,
	                                  .timeout_ms = i->timeout_ms, .stop = &s->stop };
	char why[512];
	struct attend *line = attend_open(&options, why, sizeof why);
	if (line)
		attend_for(line, s->session.reader);
	return line;
}

struct MHD_Response *live_open(struct board *board, const struct session *session, uint64_t from)
{
	if (atomic_fetch_add(&board->streams, 1) >= STREAMS_MAX) {
		atomic_fetch_sub(&board->streams, 1);
		return NULL;
	}
	struct stream *s = calloc(1, sizeof *s);
	if (s) {
		s->board = board;
		s->session = *session;
		s->from = from ? from : 1;
		s->line = open_line(s);
		pthread_mutex_init(&s->mutex, NULL);
		pthread_cond_init(&s->came, NULL);
	}
	if (!s || !s->line || pthread_create(&s->thread, NULL, follow, s) != 0) {
		if (s)
			attend_close(&s->line);
		free(s);
		atomic_fetch_sub(&board->streams, 1);
		return NULL;
	}
	struct MHD_Response *r = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, give, s, end);
	if (!r)
		end(s);
	return r;
}
