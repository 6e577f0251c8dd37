/* SPDX-License-Identifier: Apache-2.0 */
#include "client/digest_state.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "client/file.h"

enum { PATH_SIZE = 4096 };

static const char *path_of(const struct digest_state *s, const char *what, const char *id, char path[static PATH_SIZE])
{
	snprintf(path, PATH_SIZE, "%s/%s%s%s", s->folder, what, *id ? "-" : "", id);
	return path;
}

static bool failed(const char *path, const char *reason, char *why, size_t why_size)
{
	snprintf(why, why_size, "%s: %s", path, reason);
	return false;
}

/* The lock is held: nobody else makes one meanwhile. */
static bool open_secret(struct digest_state *s, char *why, size_t why_size)
{
	char path[PATH_SIZE];
	size_t size;
	char *there = file_read(path_of(s, "secret", "", path), sizeof s->secret + 1, &size);
	if (there) {
		bool good = size == sizeof s->secret;
		if (good)
			memcpy(s->secret, there, size);
		free(there);
		return good || failed(path, "not 32 bytes: take it away, and tokens that were sent hold no more", why, why_size);
	}
	if (errno != ENOENT)
		return failed(path, strerror(errno), why, why_size);
	randombytes_buf(s->secret, sizeof s->secret);
	return file_replace(path, s->secret, sizeof s->secret) || failed(path, strerror(errno), why, why_size);
}

bool digest_state_open(struct digest_state *s, const char *folder, char *why, size_t why_size)
{
	char path[PATH_SIZE];
	*s = (struct digest_state){ .lock = -1 };
	if (sodium_init() < 0 || strlen(folder) >= sizeof s->folder)
		return failed(folder, "too long a name", why, why_size);
	snprintf(s->folder, sizeof s->folder, "%s", folder);
	/* Its own alone: the secret, and who had no more of it. */
	umask(077);
	if (mkdir(folder, 0700) != 0 && errno != EEXIST)
		return failed(folder, strerror(errno), why, why_size);
	s->lock = open(path_of(s, "lock", "", path), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (s->lock < 0 || flock(s->lock, LOCK_EX) != 0)
		return failed(path, strerror(errno), why, why_size);
	return open_secret(s, why, why_size);
}

void digest_state_close(struct digest_state *s)
{
	if (s->lock >= 0)
		close(s->lock);
	sodium_memzero(s->secret, sizeof s->secret);
}

static void hash(const struct digest_state *s, const char *purpose, const char *text, size_t bytes, char *hex)
{
	unsigned char out[crypto_generichash_BYTES];
	crypto_generichash_state state;
	crypto_generichash_init(&state, s->secret, sizeof s->secret, sizeof out);
	crypto_generichash_update(&state, (const unsigned char *)purpose, strlen(purpose) + 1);
	crypto_generichash_update(&state, (const unsigned char *)text, strlen(text));
	crypto_generichash_final(&state, out, sizeof out);
	sodium_bin2hex(hex, bytes * 2 + 1, out, bytes);
}

void digest_reader_id(const struct digest_state *s, const char *address, char id[static READER_ID_SIZE + 1])
{
	char lower[256];
	size_t size = 0;
	for (; size < sizeof lower - 1 && address[size]; size++)
		lower[size] = (char)tolower((unsigned char)address[size]);
	lower[size] = '\0';
	hash(s, "reader", lower, READER_ID_SIZE / 2, id);
}

void digest_token(const struct digest_state *s, const char *id, char token[static READER_TOKEN_SIZE + 1])
{
	memcpy(token, id, READER_ID_SIZE);
	hash(s, "unsubscribe", id, (READER_TOKEN_SIZE - READER_ID_SIZE) / 2, token + READER_ID_SIZE);
}

bool digest_find_token(const struct digest_state *s, const char *text, char id[static READER_ID_SIZE + 1])
{
	while (*text) {
		char token[READER_TOKEN_SIZE + 1];
		size_t size = strspn(text, "0123456789abcdef");
		if (size == READER_TOKEN_SIZE) {
			snprintf(id, READER_ID_SIZE + 1, "%s", text);
			digest_token(s, id, token);
			if (sodium_memcmp(token, text, READER_TOKEN_SIZE) == 0)
				return true;
		}
		text += size ? size : 1;
	}
	return false;
}

void digest_state_day(const struct digest_state *s, const char *what, const char *id, char day[static 11])
{
	char path[PATH_SIZE];
	size_t size;
	char *text = file_read(path_of(s, what, id, path), 64, &size);
	snprintf(day, 11, "%s", text ? text : "");
	free(text);
}

bool digest_state_set(const struct digest_state *s, const char *what, const char *id, const char *day)
{
	char path[PATH_SIZE];
	path_of(s, what, id, path);
	return day ? file_replace(path, day, strlen(day)) : unlink(path) == 0;
}
