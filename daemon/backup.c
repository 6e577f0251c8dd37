/* A hot copy, out and back.
 *
 *   | ATTENDBK | the environment, compacted | persons' keys, wrapped | store.key, wrapped |
 *   | u64 size of the first | u64 of the second | u64 of the third | ATTENDED |
 *
 * A thread copies the environment; only when that is done are the persons' keys
 * wrapped, by the engine's own thread: every person of the copy is then among them.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "daemon/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/memory.h"
#include "daemon/query_parts.h"

static const char HEAD[] = "ATTENDBK", TAIL[] = "ATTENDED";
enum { LEFT_MS = 10 * 60 * 1000 }; /* who is fetching asks more often */
enum { HEAD_SIZE = 8, TRAILER_SIZE = 32, CHUNK_SIZE = 1 << 20, KEY_FILE_MAX = 4096 };

static bool write_all(int fd, const void *bytes, size_t size)
{
	const uint8_t *at = bytes;

	while (size) {
		ssize_t n = write(fd, at, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		at += n;
		size -= (size_t)n;
	}
	return true;
}

/* ---- out ---- */

static void *copy_thread(void *context)
{
	struct backup_job *job = context;
	int fd = open(job->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	bool good = fd >= 0 && write_all(fd, HEAD, HEAD_SIZE) && store_copy(job->engine->store, fd) == STORE_OK;

	if (fd >= 0 && close(fd) != 0)
		good = false;
	job->stage = good ? BACKUP_COPIED : BACKUP_FAILED;
	return NULL;
}

static void name_copy(struct engine *e)
{
	snprintf(e->backup.path, sizeof e->backup.path, "%s/backup.partial", e->dir);
}

static bool start(struct engine *e)
{
	struct backup_job *job = &e->backup;

	if (job->joinable)
		pthread_join(job->thread, NULL);
	job->joinable = false;
	job->engine = e;
	name_copy(e);
	randombytes_buf(job->key, sizeof job->key);
	job->stage = BACKUP_COPYING;
	if (pthread_create(&job->thread, NULL, copy_thread, job) != 0)
		return false;
	job->joinable = true;
	return true;
}

/* store.key, sealed under the backup's key. */
static bool wrap_store_key(const struct engine *e, uint8_t **blob, size_t *size)
{
	char path[500];
	uint8_t plain[KEY_FILE_MAX];
	ssize_t n;
	int fd;

	snprintf(path, sizeof path, "%s/store.key", e->dir);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd >= 0 ? read(fd, plain, sizeof plain) : -1;
	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return false;
	*size = (size_t)n + crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES;
	*blob = memory_new(*size);
	randombytes_buf(*blob, crypto_secretbox_NONCEBYTES);
	crypto_secretbox_easy(*blob + crypto_secretbox_NONCEBYTES, plain, (size_t)n, *blob, e->backup.key);
	sodium_memzero(plain, sizeof plain);
	return true;
}

static bool finish(struct engine *e)
{
	struct backup_job *job = &e->backup;
	uint8_t *persons = NULL, *key = NULL, trailer[TRAILER_SIZE];
	size_t persons_size = 0, key_size = 0;
	struct writer w = writer_of(trailer, sizeof trailer);
	int fd = open(job->path, O_WRONLY | O_APPEND | O_CLOEXEC);
	struct stat st;
	bool good = fd >= 0 && fstat(fd, &st) == 0 && persons_wrap(e->persons, job->key, &persons, &persons_size) == 0 &&
		    wrap_store_key(e, &key, &key_size);

	if (good) {
		write_u64(&w, (uint64_t)st.st_size - HEAD_SIZE);
		write_u64(&w, persons_size);
		write_u64(&w, key_size);
		write_bytes(&w, TAIL, 8);
		good = write_all(fd, persons, persons_size) && write_all(fd, key, key_size) &&
		       write_all(fd, trailer, sizeof trailer) && fstat(fd, &st) == 0;
		job->size = (uint64_t)st.st_size;
	}
	if (fd >= 0)
		close(fd);
	free(persons);
	free(key);
	job->stage = good ? BACKUP_READY : BACKUP_FAILED;
	return good;
}

static enum status poll(struct engine *e)
{
	struct backup_job *job = &e->backup;
	char key[Z85_KEY_SIZE + 1];

	if (job->stage == BACKUP_NONE && !start(e))
		job->stage = BACKUP_FAILED;
	if (job->stage == BACKUP_COPIED)
		finish(e);
	if (job->stage == BACKUP_FAILED) {
		unlink(job->path);
		job->stage = BACKUP_NONE;
		return query_fault(e, STATUS_FAILED, NULL, "the copy could not be written beside the store; is the disk full?");
	}
	pack_map(&e->body, job->stage == BACKUP_READY ? 3 : 1);
	pack_key_bool(&e->body, "ready", job->stage == BACKUP_READY);
	if (job->stage == BACKUP_READY) {
		z85_key_text(key, job->key);
		pack_key_uint(&e->body, "size", job->size);
		pack_key_text(&e->body, "key", key);
	}
	return STATUS_OK;
}

static void forget(struct backup_job *job)
{
	unlink(job->path);
	sodium_memzero(job->key, sizeof job->key);
	job->stage = BACKUP_NONE;
}

static enum status chunk(struct engine *e, uint64_t offset)
{
	struct backup_job *job = &e->backup;
	uint8_t *room;
	ssize_t n = -1;
	int fd;

	if (job->stage != BACKUP_READY)
		return query_fault(e, STATUS_NOT_FOUND, "offset", "no backup is ready; ask without an offset first");
	room = memory_new(CHUNK_SIZE);
	fd = open(job->path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = pread(fd, room, CHUNK_SIZE, (off_t)offset);
		close(fd);
	}
	if (n >= 0) {
		pack_map(&e->body, 3);
		pack_text(&e->body, "bytes");
		pack_bin(&e->body, slice_of(room, (size_t)n));
		pack_key_uint(&e->body, "next", offset + (uint64_t)n);
		pack_key_uint(&e->body, "size", job->size);
	}
	free(room);
	if (n < 0)
		return query_fault(e, STATUS_FAILED, NULL, "the copy can't be read");
	if (offset + (uint64_t)n >= job->size) /* fetched: nothing of it stays here */
		forget(job);
	return STATUS_OK;
}

void backup_tidy(struct engine *e)
{
	struct backup_job *job = &e->backup;

	if (job->stage != BACKUP_NONE && job->stage != BACKUP_COPYING && e->now_ms - job->asked_ms > LEFT_MS)
		forget(job);
}

void backup_tidy_start(struct engine *e)
{
	name_copy(e);
	unlink(e->backup.path);
}

enum status query_backup(struct engine *e, const struct request *r, struct txn *txn)
{
	struct mp at = mp_find(r->message->body, "offset");

	(void)txn;
	e->backup.asked_ms = e->now_ms;
	if (mp_peek(&at) == MP_NONE || mp_peek(&at) == MP_NIL)
		return poll(e);
	if (mp_peek(&at) != MP_UINT)
		return query_fault(e, STATUS_BAD_FIELD, "offset", "a number is wanted");
	return chunk(e, mp_uint(&at));
}

/* ---- back ---- */

struct restoring {
	const char *file, *dir;
	char *why;
	size_t why_size;
	int fd;
	uint64_t image, persons, key;
	uint8_t secret[32];
};

static int fail(struct restoring *r, const char *what, const char *detail)
{
	snprintf(r->why, r->why_size, "%s: %s", what, detail);
	return -1;
}

static int read_secret(struct restoring *r, const char *key_file)
{
	char path[1024], line[256];
	FILE *file;
	int result = -1;

	snprintf(path, sizeof path, "%s%s", key_file ? key_file : r->file, key_file ? "" : ".key");
	file = fopen(path, "r");
	if (!file)
		return fail(r, path, "the key that unwraps the persons' keys is needed; name it with --key FILE");
	while (result != 0 && fgets(line, sizeof line, file)) {
		size_t size = strcspn(line, "\r\n");

		if (size && line[0] != '#')
			result = z85_key_parse(slice_of(line, size), r->secret) ? 0 : 1;
	}
	fclose(file);
	return result == 0 ? 0 : fail(r, path, "holds no key: 40 characters, as attend backup wrote them");
}

static int read_trailer(struct restoring *r)
{
	uint8_t head[HEAD_SIZE], trailer[TRAILER_SIZE] = {0};
	struct stat st;
	struct reader in = reader_of(slice_of(trailer, sizeof trailer));

	if (fstat(r->fd, &st) != 0 || st.st_size < HEAD_SIZE + TRAILER_SIZE ||
	    pread(r->fd, head, sizeof head, 0) != HEAD_SIZE || memcmp(head, HEAD, HEAD_SIZE) != 0)
		return fail(r, r->file, "not a backup of attend");
	if (pread(r->fd, trailer, sizeof trailer, st.st_size - TRAILER_SIZE) != TRAILER_SIZE)
		return fail(r, r->file, strerror(errno));
	r->image = read_u64(&in);
	r->persons = read_u64(&in);
	r->key = read_u64(&in);
	if (memcmp(trailer + 24, TAIL, 8) != 0 || r->image > (uint64_t)st.st_size || r->persons > (uint64_t)st.st_size ||
	    r->key > KEY_FILE_MAX ||
	    HEAD_SIZE + r->image + r->persons + r->key + TRAILER_SIZE != (uint64_t)st.st_size)
		return fail(r, r->file, "cut short or damaged");
	return 0;
}

static int write_file(struct restoring *r, const char *name, const uint8_t *bytes, size_t size)
{
	char path[1024];
	int fd, result = 0;

	snprintf(path, sizeof path, "%s/%s", r->dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return fail(r, path, strerror(errno));
	if (!write_all(fd, bytes, size) || fsync(fd) != 0)
		result = fail(r, path, strerror(errno));
	close(fd);
	return result;
}

static int restore_image(struct restoring *r)
{
	char path[1024];
	uint8_t *room = memory_new(CHUNK_SIZE);
	uint64_t done = 0;
	int fd, result = 0;

	snprintf(path, sizeof path, "%s/data.mdb", r->dir);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		result = fail(r, path, strerror(errno));
	while (result == 0 && done < r->image) {
		size_t want = r->image - done < CHUNK_SIZE ? (size_t)(r->image - done) : CHUNK_SIZE;
		ssize_t n = pread(r->fd, room, want, (off_t)(HEAD_SIZE + done));

		if (n <= 0 || !write_all(fd, room, (size_t)n))
			result = fail(r, path, strerror(errno));
		else
			done += (uint64_t)n;
	}
	if (result == 0 && fsync(fd) != 0)
		result = fail(r, path, strerror(errno));
	if (fd >= 0)
		close(fd);
	free(room);
	return result;
}

static int restore_keys(struct restoring *r)
{
	uint8_t *persons = memory_new(r->persons), sealed[KEY_FILE_MAX], plain[KEY_FILE_MAX];
	off_t at = (off_t)(HEAD_SIZE + r->image);
	size_t extra = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES;
	int result = -1;

	if (pread(r->fd, persons, r->persons, at) != (ssize_t)r->persons ||
	    pread(r->fd, sealed, r->key, at + (off_t)r->persons) != (ssize_t)r->key || r->key < extra)
		fail(r, r->file, "can't be read");
	else if (crypto_secretbox_open_easy(plain, sealed + crypto_secretbox_NONCEBYTES, r->key - crypto_secretbox_NONCEBYTES,
					    sealed, r->secret) != 0)
		fail(r, r->file, "this key does not open it");
	else if (persons_unwrap(r->dir, r->secret, slice_of(persons, r->persons), r->why, r->why_size) == 0)
		result = write_file(r, "store.key", plain, r->key - extra);
	sodium_memzero(plain, sizeof plain);
	free(persons);
	return result;
}

static int restore_vkey(struct restoring *r)
{
	struct engine_options options = {.dir = r->dir, .read_only = true};
	struct engine *e;
	int result;

	if (engine_open(&e, &options, r->why, r->why_size) != 0)
		return -1;
	result = engine_write_vkey(e, r->why, r->why_size);
	engine_close(&e);
	return result;
}

int restore_store(const char *file, const char *key_file, const char *dir, char *why, size_t why_size)
{
	struct restoring r = {.file = file, .dir = dir, .why = why, .why_size = why_size};
	int result;

	r.fd = open(file, O_RDONLY | O_CLOEXEC);
	if (r.fd < 0)
		return fail(&r, file, strerror(errno));
	result = read_trailer(&r);
	if (result == 0)
		result = read_secret(&r, key_file);
	if (result == 0)
		result = restore_keys(&r);
	if (result == 0)
		result = restore_image(&r);
	if (result == 0)
		result = restore_vkey(&r);
	close(r.fd);
	sodium_memzero(r.secret, sizeof r.secret);
	return result;
}
