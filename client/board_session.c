/* SPDX-License-Identifier: Apache-2.0 */
#include "client/board_session.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>
#include <zmq.h>

enum {
	SEALED_SIZE = 8 + 16, /* when, and a number of its own */
	LINK_SIZE = PUBLIC_KEY_SIZE + crypto_box_NONCEBYTES + crypto_box_MACBYTES + SEALED_SIZE,
	USED_MAX = 4096,
	BASE64 = sodium_base64_VARIANT_URLSAFE_NO_PADDING,
};
_Static_assert(sodium_base64_ENCODED_LEN(LINK_SIZE, BASE64) <= LINK_TEXT_SIZE, "a link fits");
_Static_assert(sodium_base64_ENCODED_LEN(32, BASE64) <= SESSION_NAME_SIZE, "a name fits");

struct held {
	uint8_t hash[32]; /* of its name */
	time_t began, seen;
	struct session session;
};

struct used {
	uint8_t number[16];
	time_t until;
};

struct sessions {
	pthread_mutex_t mutex;
	struct identity board;
	time_t since;
	struct held held[SESSIONS_MAX];
	struct used used[USED_MAX];
};

struct sessions *sessions_new(const struct identity *board)
{
	struct sessions *s = calloc(1, sizeof *s);
	if (!s)
		return NULL;
	pthread_mutex_init(&s->mutex, NULL);
	s->board = *board;
	s->since = time(NULL);
	return s;
}

void sessions_free(struct sessions **self)
{
	struct sessions *s = *self;
	if (!s)
		return;
	pthread_mutex_destroy(&s->mutex);
	sodium_memzero(s, sizeof *s);
	free(s);
	*self = NULL;
}

/* ---- links ---- */

static bool secret_of(const struct identity *identity, uint8_t secret[static 32])
{
	return zmq_z85_decode(secret, identity->secret_text) != NULL;
}

bool link_make(char text[static LINK_TEXT_SIZE], const struct identity *reader, const char *board_public, time_t now)
{
	uint8_t link[LINK_SIZE], secret[32], board[PUBLIC_KEY_SIZE], plain[SEALED_SIZE];
	uint8_t *nonce = link + PUBLIC_KEY_SIZE;
	struct writer w = writer_of(plain, sizeof plain);
	if (!z85_key_parse(slice_text(board_public), board) || !secret_of(reader, secret))
		return false;
	memcpy(link, reader->public_key, PUBLIC_KEY_SIZE);
	randombytes_buf(nonce, crypto_box_NONCEBYTES);
	write_u64(&w, (uint64_t)now);
	randombytes_buf(plain + 8, 16);
	int failed = crypto_box_easy(nonce + crypto_box_NONCEBYTES, plain, sizeof plain, nonce, board, secret);
	sodium_memzero(secret, sizeof secret);
	sodium_bin2base64(text, LINK_TEXT_SIZE, link, sizeof link, BASE64);
	return failed == 0;
}

/* NULL: it has not been used; and, where it is used now, it has. */
static const char *spend(struct sessions *s, const uint8_t number[static 16], bool use, time_t now)
{
	struct used *room = NULL;
	for (unsigned i = 0; i < USED_MAX; i++) {
		struct used *u = &s->used[i];
		if (u->until < now)
			room = u;
		else if (memcmp(u->number, number, 16) == 0)
			return "it was used already";
	}
	if (!room)
		return "too many people have signed in just now";
	if (use) {
		memcpy(room->number, number, 16);
		room->until = now + LINK_MINUTES * 60 + 1;
	}
	return NULL;
}

const char *link_open(struct sessions *s, const char *text, bool use, time_t now, char reader[static Z85_KEY_SIZE + 1])
{
	uint8_t link[LINK_SIZE], secret[32], plain[SEALED_SIZE];
	const uint8_t *nonce = link + PUBLIC_KEY_SIZE;
	size_t size = 0;
	if (sodium_base642bin(link, sizeof link, text, strlen(text), NULL, &size, NULL, BASE64) != 0 || size != LINK_SIZE ||
	    !secret_of(&s->board, secret))
		return "it is not whole";
	int failed = crypto_box_open_easy(plain, nonce + crypto_box_NONCEBYTES, crypto_box_MACBYTES + SEALED_SIZE, nonce, link, secret);
	sodium_memzero(secret, sizeof secret);
	if (failed)
		return "it was not made for this board";
	struct reader r = reader_of(slice_of(plain, sizeof plain));
	time_t made = (time_t)read_u64(&r);
	if (made < s->since - 1 || made > now + 60 || now > made + LINK_MINUTES * 60)
		return "its time is over";
	pthread_mutex_lock(&s->mutex);
	const char *why = spend(s, plain + 8, use, now);
	pthread_mutex_unlock(&s->mutex);
	z85_key_text(reader, link);
	return why;
}

/* ---- sessions ---- */

static void hash_of(uint8_t hash[static 32], const char *name)
{
	crypto_generichash(hash, 32, (const uint8_t *)name, strlen(name), NULL, 0);
}

static bool is_over(const struct held *h, time_t now)
{
	return !h->began || now > h->began + SESSION_S || now > h->seen + SESSION_IDLE_S;
}

void session_begin(struct sessions *s, const struct session *session, time_t now, char name[static SESSION_NAME_SIZE])
{
	uint8_t bytes[32], token[16];
	struct held *h = &s->held[0];
	randombytes_buf(bytes, sizeof bytes);
	randombytes_buf(token, sizeof token);
	sodium_bin2base64(name, SESSION_NAME_SIZE, bytes, sizeof bytes, BASE64);
	pthread_mutex_lock(&s->mutex);
	for (unsigned i = 1; i < SESSIONS_MAX && !is_over(h, now); i++)
		if (is_over(&s->held[i], now) || s->held[i].seen < h->seen)
			h = &s->held[i];
	*h = (struct held){ .began = now, .seen = now, .session = *session };
	hash_of(h->hash, name);
	sodium_bin2hex(h->session.token, sizeof h->session.token, token, sizeof token);
	pthread_mutex_unlock(&s->mutex);
}

static struct held *find(struct sessions *s, const char *name, time_t now)
{
	uint8_t hash[32];
	hash_of(hash, name);
	for (unsigned i = 0; i < SESSIONS_MAX; i++)
		if (!is_over(&s->held[i], now) && sodium_memcmp(s->held[i].hash, hash, sizeof hash) == 0)
			return &s->held[i];
	return NULL;
}

bool session_find(struct sessions *s, const char *name, time_t now, struct session *session)
{
	pthread_mutex_lock(&s->mutex);
	struct held *h = find(s, name, now);
	if (h) {
		h->seen = now;
		*session = h->session;
	}
	pthread_mutex_unlock(&s->mutex);
	return h != NULL;
}

void session_choose(struct sessions *s, const struct session *session, bool mine)
{
	pthread_mutex_lock(&s->mutex);
	for (unsigned i = 0; i < SESSIONS_MAX; i++)
		if (s->held[i].began && strcmp(s->held[i].session.token, session->token) == 0)
			s->held[i].session.mine = mine;
	pthread_mutex_unlock(&s->mutex);
}

bool session_lives(struct sessions *s, const struct session *session, time_t now)
{
	bool lives = false;
	pthread_mutex_lock(&s->mutex);
	for (unsigned i = 0; i < SESSIONS_MAX; i++)
		lives |= !is_over(&s->held[i], now) && strcmp(s->held[i].session.token, session->token) == 0;
	pthread_mutex_unlock(&s->mutex);
	return lives;
}

void session_end(struct sessions *s, const char *name)
{
	pthread_mutex_lock(&s->mutex);
	struct held *h = find(s, name, time(NULL));
	if (h)
		sodium_memzero(h, sizeof *h);
	pthread_mutex_unlock(&s->mutex);
}

void session_end_all(struct sessions *s, const char *reader)
{
	pthread_mutex_lock(&s->mutex);
	for (unsigned i = 0; i < SESSIONS_MAX; i++)
		if (strcmp(s->held[i].session.reader, reader) == 0)
			sodium_memzero(&s->held[i], sizeof s->held[i]);
	pthread_mutex_unlock(&s->mutex);
}
