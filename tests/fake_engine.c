/* fake_engine.c - engine.h, and what else main.c calls, without a store.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/fake_engine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "daemon/admin.h"
#include "daemon/backup.h"
#include "daemon/engine.h"
#include "daemon/trial.h"
#include "daemon/verify.h"

enum { KEYS_MAX = 16, REPLIES_MAX = 8192, REPLY_SIZE = 256, LAST_EVENT_MS = 1000 };

struct reply {
	struct peer peer;
	char text[REPLY_SIZE];
	size_t size;
};

struct engine {
	int fd;
	bool manual, failing;
	uint8_t keys[KEYS_MAX][PUBLIC_KEY_SIZE];
	size_t key_count;
	uint64_t generation, now_ms;
	struct reply replies[REPLIES_MAX];
	size_t reply_count;
	uint64_t frames, malformed, last_frames, forgotten, stepped, commits;
	struct peer fed;
	size_t feed_left, feed_size;
	struct metrics metrics;
};

static int open_file(const char *dir, int flags)
{
	char path[4096];

	snprintf(path, sizeof path, "%s/fake.store", dir);
	return open(path, flags | O_CLOEXEC, 0600);
}

int engine_create(const struct engine_init *init, char *why, size_t why_size)
{
	int fd = open_file(init->dir, O_WRONLY | O_CREAT | O_EXCL);

	if (fd < 0 || write(fd, init->admin_key, PUBLIC_KEY_SIZE) != PUBLIC_KEY_SIZE) {
		snprintf(why, why_size, "fake.store: %s", strerror(errno));
		return -1;
	}
	close(fd);
	if (!strcmp(init->authority, FAKE_ENGINE_BROKEN_AUTHORITY)) {
		snprintf(why, why_size, "no authority is called so");
		return -1;
	}
	return 0;
}

int engine_open(struct engine **out, const struct engine_options *options, char *why, size_t why_size)
{
	struct engine *engine = calloc(1, sizeof *engine);
	ssize_t size = -1;

	if (!engine)
		abort();
	*out = NULL;
	engine->fd = open_file(options->dir, O_RDWR);
	if (engine->fd >= 0 && flock(engine->fd, LOCK_EX | LOCK_NB)) {
		snprintf(why, why_size, "%s is in use by another daemon", options->dir);
		close(engine->fd);
		free(engine);
		return -1;
	}
	if (engine->fd >= 0)
		size = read(engine->fd, engine->keys, sizeof engine->keys);
	if (size < 0) {
		snprintf(why, why_size, "%s: %s", options->dir, strerror(errno));
		free(engine);
		return -1;
	}
	engine->key_count = (size_t)size / PUBLIC_KEY_SIZE;
	engine->generation = 1;
	engine->manual = options->manual_clock;
	engine->now_ms = LAST_EVENT_MS;
	*out = engine;
	return 0;
}

void engine_close(struct engine **engine)
{
	if (!*engine)
		return;
	close((*engine)->fd);
	free(*engine);
	*engine = NULL;
}

int engine_begin(struct engine *engine, uint64_t now_ms)
{
	/* What the shell promises: time never runs backwards. */
	if (now_ms < engine->now_ms)
		abort();
	engine->now_ms = now_ms;
	return 0;
}

__attribute__((format(printf, 3, 4)))
static void reply(struct engine *engine, const struct peer *peer, const char *format, ...)
{
	struct reply *next = &engine->replies[engine->reply_count++];
	va_list values;

	if (engine->reply_count == REPLIES_MAX)
		abort();
	next->peer = *peer;
	va_start(values, format);
	vsnprintf(next->text, sizeof next->text, format, values);
	va_end(values);
	next->size = strlen(next->text);
}

static void change_key(struct engine *engine, bool add, const char *text)
{
	uint8_t key[PUBLIC_KEY_SIZE];

	if (!z85_key_parse(slice_text(text), key))
		abort();
	for (size_t i = 0; i < engine->key_count; i++)
		if (!memcmp(engine->keys[i], key, sizeof key))
			memcpy(engine->keys[i--], engine->keys[--engine->key_count], sizeof key);
	if (add && engine->key_count < KEYS_MAX)
		memcpy(engine->keys[engine->key_count++], key, sizeof key);
	engine->generation++;
}

unsigned engine_receive(struct engine *engine, const uint8_t key[static PUBLIC_KEY_SIZE],
                        const struct peer *peer, struct slice frame)
{
	char text[REPLY_SIZE] = "", z85[Z85_KEY_SIZE + 1];
	unsigned long long number = 0;

	engine->frames++;
	if (frame.size)
		memcpy(text, frame.bytes, frame.size < REPLY_SIZE ? frame.size : REPLY_SIZE - 1);
	z85_key_text(z85, key);
	if (!engine_knows_key(engine, key)) {
		reply(engine, peer, "revoked");
	} else if (!strncmp(text, "add ", 4) || !strncmp(text, "drop ", 5)) {
		change_key(engine, text[0] == 'a', strchr(text, ' ') + 1);
		reply(engine, peer, "ok");
	} else if (!strcmp(text, "count")) {
		reply(engine, peer, "frames %llu malformed %llu last %llu forgotten %llu stepped %llu commits %llu",
		      (unsigned long long)engine->frames, (unsigned long long)engine->malformed,
		      (unsigned long long)engine->last_frames, (unsigned long long)engine->forgotten,
		      (unsigned long long)engine->stepped, (unsigned long long)engine->commits);
	} else if (!strcmp(text, "who")) {
		reply(engine, peer, "%s", z85);
	} else if (!strcmp(text, "now")) {
		reply(engine, peer, "%llu", (unsigned long long)engine->now_ms);
	} else if (sscanf(text, "to %llu", &number) == 1) {
		if (engine->manual && number > engine->now_ms)
			engine->now_ms = number;
		reply(engine, peer, "ok");
	} else if (sscanf(text, "feed %zu %zu", &engine->feed_left, &engine->feed_size) == 2) {
		engine->fed = *peer;
		reply(engine, peer, "ok");
	} else if (!strcmp(text, "fail")) {
		engine->failing = true;
	} else {
		reply(engine, peer, "%s", text);
	}
	return 1;
}

void engine_receive_malformed(struct engine *engine, const struct peer *peer, unsigned frames)
{
	engine->malformed++;
	engine->last_frames = frames;
	reply(engine, peer, "malformed");
}

void engine_receive_later(struct engine *engine, const struct peer *peer, struct slice frame)
{
	(void)frame;
	reply(engine, peer, "later");
}

bool engine_tick(struct engine *engine, uint64_t now_ms)
{
	(void)engine, (void)now_ms;
	return false;
}

int engine_commit(struct engine *engine, engine_send *send, void *context, char *why, size_t why_size)
{
	if (engine->failing) {
		snprintf(why, why_size, "told to fail");
		return -1;
	}
	engine->commits++;
	for (size_t i = 0; i < engine->reply_count; i++)
		send(context, &engine->replies[i].peer,
		     slice_of(engine->replies[i].text, engine->replies[i].size));
	engine->reply_count = 0;
	return 0;
}

/* It has no disk to wait for, so nothing is ever behind. */
int engine_commit_behind(struct engine *engine, engine_send *send, void *context, char *why, size_t why_size)
{
	return engine_commit(engine, send, context, why, why_size);
}

int engine_land(struct engine *engine, engine_send *send, void *context, char *why, size_t why_size)
{
	(void)engine, (void)send, (void)context, (void)why, (void)why_size;
	return 0;
}

bool engine_landed(const struct engine *engine)
{
	(void)engine;
	return false;
}

bool engine_waits(const struct engine *engine)
{
	(void)engine;
	return false;
}

int engine_landed_fd(const struct engine *engine)
{
	(void)engine;
	return -1;
}

bool engine_listened_to(const struct engine *engine)
{
	(void)engine;
	return true;
}

uint64_t engine_next_timer(struct engine *engine)
{
	(void)engine;
	return 0;
}

bool engine_feed(struct engine *engine, uint64_t monotonic_ms, engine_send *send, void *context)
{
	uint8_t *frame = engine->feed_left ? calloc(1, engine->feed_size) : NULL;

	(void)monotonic_ms;
	for (size_t i = 0; frame && engine->feed_left && i < 64; i++, engine->feed_left--)
		send(context, &engine->fed, slice_of(frame, engine->feed_size));
	free(frame);
	return false;
}

void engine_forget_peer(struct engine *engine, const struct peer *peer)
{
	(void)peer;
	engine->forgotten++;
	engine->feed_left = 0;
}

bool engine_knows_key(struct engine *engine, const uint8_t key[static PUBLIC_KEY_SIZE])
{
	for (size_t i = 0; i < engine->key_count; i++)
		if (!memcmp(engine->keys[i], key, PUBLIC_KEY_SIZE))
			return true;
	return false;
}

uint64_t engine_grant_of(struct engine *engine, const uint8_t key[static PUBLIC_KEY_SIZE])
{
	return engine_knows_key(engine, key);
}

size_t engine_keys(struct engine *engine, uint64_t *generation, uint8_t (*keys)[PUBLIC_KEY_SIZE], size_t max)
{
	*generation = engine->generation;
	for (size_t i = 0; i < engine->key_count && i < max; i++)
		memcpy(keys[i], engine->keys[i], PUBLIC_KEY_SIZE);
	return engine->key_count;
}

void engine_clock_stepped(struct engine *engine, uint64_t seen_ms, int64_t step_ms)
{
	(void)seen_ms, (void)step_ms;
	engine->stepped++;
}

bool engine_clock_held(struct engine *engine)
{
	return engine->stepped > 0;
}

unsigned engine_problems(struct engine *engine)
{
	return engine->stepped ? 1u << PROBLEM_CLOCK_HELD : 0;
}

const char *engine_problem_text(struct engine *engine, enum problem problem, char room[static PROBLEM_SIZE])
{
	(void)engine;
	snprintf(room, PROBLEM_SIZE, "problem %d", (int)problem);
	return room;
}

struct metrics *engine_metrics(struct engine *engine)
{
	return &engine->metrics;
}

uint64_t engine_now(struct engine *engine)
{
	return engine->now_ms;
}

int trial_run(const char *dir, int in, int out, char *why, size_t why_size)
{
	(void)dir;
	(void)in;
	(void)out;
	snprintf(why, why_size, "a fake engine tries nothing");
	return -1;
}

int verify_store(const char *dir, FILE *out)
{
	int fd = open_file(dir, O_RDONLY);

	fprintf(out, "%s\n", fd < 0 ? "nothing there" : "well");
	if (fd >= 0)
		close(fd);
	return fd < 0;
}

int restore_store(const char *file, const char *key_file, const char *dir, char *why, size_t why_size)
{
	int fd = open_file(dir, O_WRONLY | O_CREAT | O_EXCL);

	if (fd >= 0)
		close(fd);
	if (fd >= 0 && !access(file, R_OK) && (!key_file || !access(key_file, R_OK)))
		return 0;
	snprintf(why, why_size, "%s can't be read", file);
	return -1;
}

int engine_new_admin(const char *dir, const uint8_t key[static PUBLIC_KEY_SIZE], char *why, size_t why_size)
{
	int fd = open_file(dir, O_WRONLY | O_APPEND);

	if (fd >= 0 && !flock(fd, LOCK_EX | LOCK_NB) && write(fd, key, PUBLIC_KEY_SIZE) == PUBLIC_KEY_SIZE)
		return close(fd);
	snprintf(why, why_size, "%s: in use, or no store", dir);
	if (fd >= 0)
		close(fd);
	return -1;
}
