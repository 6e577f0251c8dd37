/* SPDX-License-Identifier: Apache-2.0 */
#include "client/spool_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

enum { CHECKSUM_SIZE = 8, MAGIC_SIZE = 16 };
_Static_assert(CHECKSUM_SIZE == crypto_shorthash_BYTES, "one SipHash");

static const char magic[MAGIC_SIZE] = "attend spool 1\n";
static const uint8_t record_magic[3] = { 0xa7, 0x7d, 0x52 };

static void checksum(uint8_t out[static CHECKSUM_SIZE], const uint8_t *bytes, size_t size)
{
	static const uint8_t key[crypto_shorthash_KEYBYTES] = "attend spool";
	crypto_shorthash(out, bytes, size, key);
}

static bool sound(const uint8_t *bytes, size_t size)
{
	uint8_t wanted[CHECKSUM_SIZE];
	checksum(wanted, bytes, size - CHECKSUM_SIZE);
	return memcmp(wanted, bytes + size - CHECKSUM_SIZE, CHECKSUM_SIZE) == 0;
}

static size_t parts_size(const struct spooled *r)
{
	return r->lane.size + r->note.size + r->body.size + r->reply.size;
}

static size_t encode(uint8_t *room, size_t size, const struct spooled *r)
{
	struct writer out = writer_of(room, size);
	write_bytes(&out, record_magic, sizeof record_magic);
	write_u8(&out, (uint8_t)r->kind);
	write_u32(&out, (uint32_t)parts_size(r));
	write_u64(&out, r->number);
	write_u64(&out, r->since_ms);
	write_bytes(&out, r->id, UUID_SIZE);
	write_u8(&out, r->command);
	write_u8(&out, (uint8_t)r->lane.size);
	write_u16(&out, r->status);
	write_u32(&out, (uint32_t)r->note.size);
	write_u32(&out, (uint32_t)r->body.size);
	write_u32(&out, (uint32_t)r->reply.size);
	const struct slice parts[] = { r->lane, r->note, r->body, r->reply };
	for (unsigned i = 0; i < 4; i++)
		write_bytes(&out, parts[i].bytes, parts[i].size);
	checksum(out.at, room, writer_size(&out));
	return writer_size(&out) + CHECKSUM_SIZE;
}

/* The size that a head of 56 bytes gives its record; 0: it is no head. */
static size_t record_size(const uint8_t *head)
{
	struct reader in = reader_of(slice_of(head + 4, 4));
	size_t parts = read_u32(&in);
	if (memcmp(head, record_magic, sizeof record_magic) != 0 || parts > SPOOL_RECORD_MAX)
		return 0;
	return SPOOL_RECORD_HEAD + parts + CHECKSUM_SIZE;
}

/* The record that these bytes begin with; its size, 0 where they are none. */
static size_t decode(struct spooled *r, struct slice bytes)
{
	size_t size = bytes.size >= SPOOL_RECORD_HEAD ? record_size(bytes.bytes) : 0;
	if (!size || size > bytes.size || !sound(bytes.bytes, size))
		return 0;
	struct reader in = reader_of(slice_of(bytes.bytes + 3, size - 3 - CHECKSUM_SIZE));
	*r = (struct spooled){ .kind = (enum spooled_kind)read_u8(&in) };
	read_u32(&in);
	r->number = read_u64(&in);
	r->since_ms = read_u64(&in);
	memcpy(r->id, reader_take(&in, UUID_SIZE), UUID_SIZE);
	r->command = read_u8(&in);
	size_t lane = read_u8(&in);
	r->status = read_u16(&in);
	size_t note = read_u32(&in), body = read_u32(&in), reply = read_u32(&in);
	r->lane = read_bytes(&in, lane);
	r->note = read_bytes(&in, note);
	r->body = read_bytes(&in, body);
	r->reply = read_bytes(&in, reply);
	return reader_done(&in) ? size : 0;
}

static int write_all(int fd, const uint8_t *bytes, size_t size, uint64_t at)
{
	while (size) {
		ssize_t wrote = pwrite(fd, bytes, size, (off_t)at);
		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote < 0)
			return errno;
		bytes += wrote;
		size -= (size_t)wrote;
		at += (uint64_t)wrote;
	}
	return 0;
}

int spool_file_create(struct spool_file *f, int dir, const char *name, uint64_t first)
{
	uint8_t header[SPOOL_HEADER];
	struct writer out = writer_of(header, sizeof header);
	write_bytes(&out, magic, MAGIC_SIZE);
	write_u64(&out, first);
	checksum(out.at, header, MAGIC_SIZE + 8);
	int fd = openat(dir, "new", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return errno;
	int failed = write_all(fd, header, sizeof header, 0);
	if (!failed && (fdatasync(fd) < 0 || renameat(dir, "new", dir, name) < 0 || fsync(dir) < 0))
		failed = errno;
	if (failed) {
		close(fd);
		return failed;
	}
	*f = (struct spool_file){ .fd = fd, .size = SPOOL_HEADER, .synced = SPOOL_HEADER };
	return 0;
}

int spool_file_append(struct spool_file *f, const struct spooled *r)
{
	size_t size = SPOOL_RECORD_HEAD + parts_size(r) + CHECKSUM_SIZE;
	if (f->failed)
		return f->failed;
	if (parts_size(r) > SPOOL_RECORD_MAX || r->lane.size > UINT8_MAX)
		return EMSGSIZE;
	uint8_t *room = malloc(size);
	if (!room)
		return ENOMEM;
	int failed = write_all(f->fd, room, encode(room, size, r), f->size);
	free(room);
	if (!failed)
		f->size += size;
	else if (ftruncate(f->fd, (off_t)f->size) < 0)
		return errno; /* the next record overwrites it all the same */
	return failed;
}

int spool_file_sync(struct spool_file *f)
{
	if (f->failed || f->fd < 0 || f->synced == f->size)
		return f->failed;
	if (fdatasync(f->fd) < 0)
		return f->failed = errno;
	f->synced = f->size;
	/* Only testifies: where it doesn't fit, the next one will. */
	if (!spool_file_append(f, &(struct spooled){ .kind = SPOOLED_PROMISED, .number = f->synced }))
		f->synced = f->size; /* of the promise itself nothing is promised */
	return 0;
}

void spool_file_close(struct spool_file *f)
{
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
}

/* Does a promise that stands behind these bytes reach over their beginning? */
static bool promised(const uint8_t *bytes, size_t size, size_t at)
{
	struct spooled r;
	for (size_t next = at; next + SPOOL_RECORD_HEAD <= size; next++)
		if (bytes[next] == record_magic[0] && decode(&r, slice_of(bytes + next, size - next)) &&
		    r.kind == SPOOLED_PROMISED && r.number > at)
			return true;
	return false;
}

static uint8_t *load(int dir, const char *name, size_t *size)
{
	struct stat status;
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	uint8_t *bytes = NULL;
	if (fd < 0)
		return NULL;
	if (fstat(fd, &status) == 0 && (bytes = malloc((size_t)status.st_size + 1))) {
		*size = 0;
		ssize_t got = 1;
		while (got > 0 && *size < (size_t)status.st_size) {
			got = read(fd, bytes + *size, (size_t)status.st_size - *size);
			*size += got > 0 ? (size_t)got : 0;
		}
		if (got < 0) {
			free(bytes);
			bytes = NULL;
		}
	}
	int failed = errno;
	close(fd);
	errno = failed;
	return bytes;
}

static bool header_fits(const uint8_t *bytes, size_t size, uint64_t first)
{
	if (size < SPOOL_HEADER || memcmp(bytes, magic, MAGIC_SIZE) != 0 || !sound(bytes, SPOOL_HEADER))
		return false;
	struct reader in = reader_of(slice_of(bytes + MAGIC_SIZE, 8));
	return read_u64(&in) == first;
}

enum spool_read spool_file_read(int dir, const char *name, uint64_t first, bool last, spooled_each *each, void *context,
                                uint64_t *end)
{
	size_t size, at = SPOOL_HEADER, taken;
	uint8_t *bytes = load(dir, name, &size);
	struct spooled r;
	*end = 0;
	if (!bytes)
		return SPOOL_READ_FAILED;
	if (!header_fits(bytes, size, first)) {
		free(bytes);
		return SPOOL_READ_DAMAGED;
	}
	bool on = true;
	for (; on && at < size && (taken = decode(&r, slice_of(bytes + at, size - at))); at += taken)
		on = r.kind == SPOOLED_PROMISED || each(context, &r);
	*end = at;
	bool whole = !on || at == size, torn = last && !whole && !promised(bytes, size, at);
	free(bytes);
	return whole ? SPOOL_READ : torn ? SPOOL_READ_TORN : SPOOL_READ_DAMAGED;
}

int spool_file_record(int fd, uint64_t at, uint8_t **room, struct spooled *r, uint64_t *size)
{
	uint8_t head[SPOOL_RECORD_HEAD];
	ssize_t got = pread(fd, head, sizeof head, (off_t)at);
	if (got < 0)
		return errno;
	if (got == 0)
		return ENODATA;
	size_t whole = got == (ssize_t)sizeof head ? record_size(head) : 0;
	if (!whole)
		return EBADMSG;
	*room = malloc(whole);
	if (!*room)
		return ENOMEM;
	memcpy(*room, head, sizeof head);
	got = pread(fd, *room + sizeof head, whole - sizeof head, (off_t)(at + sizeof head));
	if (got == (ssize_t)(whole - sizeof head) && decode(r, slice_of(*room, whole)) == whole) {
		*size = whole;
		return 0;
	}
	int failed = got < 0 ? errno : EBADMSG;
	free(*room);
	*room = NULL;
	return failed;
}
