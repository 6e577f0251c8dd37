/* bytes.h - bounded reading and writing of byte strings.
 *
 * Everything that attend writes to its log is written through a `struct
 * writer` and read back through a `struct reader`. Neither ever steps outside
 * its buffer: a read past the end or a write past the room sets a flag, returns
 * zeroes and goes on doing nothing, so that a caller checks once, at the end.
 *
 * Integers are big-endian. A varint is LEB128, at most ten bytes, and shortest
 * form only: a longer spelling of a value is a fault, so that one value has one
 * encoding.
 *
 * The small functions stand here whole, because a record is made of hundreds of
 * calls to them; what is rare is in bytes.c.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTO_BYTES_H
#define PROTO_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A borrowed run of bytes; never owns them. `{NULL, 0}` is the empty one. */
struct slice {
	const uint8_t *bytes;
	size_t size;
};

static inline struct slice slice_of(const void *bytes, size_t size)
{
	return (struct slice){bytes, size};
}

/* Without the closing zero. */
static inline struct slice slice_text(const char *text)
{
	return (struct slice){(const uint8_t *)text, strlen(text)};
}

static inline bool slice_equal(struct slice a, struct slice b)
{
	return a.size == b.size && (a.size == 0 || memcmp(a.bytes, b.bytes, a.size) == 0);
}

static inline bool slice_is(struct slice s, const char *text)
{
	return slice_equal(s, slice_text(text));
}

/* Reading. */
struct reader {
	const uint8_t *at, *end;
	bool bad; /* something was read that was not there, or was not canonical */
};

static inline struct reader reader_of(struct slice s)
{
	/* Nothing is added to a null pointer, not even zero. */
	return (struct reader){s.bytes, s.size > 0 ? s.bytes + s.size : s.bytes, false};
}

static inline size_t reader_left(const struct reader *r)
{
	return (size_t)(r->end - r->at);
}

/* What was read is not as it must be: from here on there is nothing to read. */
static inline void reader_fault(struct reader *r)
{
	r->bad = true;
	r->at = r->end;
}

/* Nothing bad and nothing left. */
static inline bool reader_done(const struct reader *r)
{
	return !r->bad && r->at == r->end;
}

/* The next `size` bytes, or NULL (and a fault) where there are fewer. */
static inline const uint8_t *reader_take(struct reader *r, size_t size)
{
	const uint8_t *bytes = r->at;

	if (reader_left(r) < size) {
		reader_fault(r);
		return NULL;
	}
	if (size > 0)
		r->at += size;
	return bytes;
}

static inline uint8_t read_u8(struct reader *r)
{
	const uint8_t *b = reader_take(r, 1);

	return b != NULL ? *b : 0;
}

static inline uint16_t read_u16(struct reader *r)
{
	const uint8_t *b = reader_take(r, 2);
	uint16_t value;

	if (b == NULL)
		return 0;
	memcpy(&value, b, sizeof value);
	return __builtin_bswap16(value);
}

static inline uint32_t read_u32(struct reader *r)
{
	const uint8_t *b = reader_take(r, 4);
	uint32_t value;

	if (b == NULL)
		return 0;
	memcpy(&value, b, sizeof value);
	return __builtin_bswap32(value);
}

static inline uint64_t read_u64(struct reader *r)
{
	const uint8_t *b = reader_take(r, 8);
	uint64_t value;

	if (b == NULL)
		return 0;
	memcpy(&value, b, sizeof value);
	return __builtin_bswap64(value);
}

static inline uint64_t read_u48(struct reader *r)
{
	const uint8_t *b = reader_take(r, 6);
	uint32_t high;
	uint16_t low;

	if (b == NULL)
		return 0;
	/* two words put together in registers: one of six bytes would be written to memory in two pieces and
	 * read back in one, which waits until both are there */
	memcpy(&high, b, sizeof high);
	memcpy(&low, b + sizeof high, sizeof low);
	return (uint64_t)__builtin_bswap32(high) << 16 | __builtin_bswap16(low);
}

uint64_t read_varint_long(struct reader *); /* of two bytes and more: for read_varint alone */

static inline uint64_t read_varint(struct reader *r)
{
	if (r->at < r->end && *r->at < 0x80)
		return *r->at++;
	return read_varint_long(r);
}

static inline int64_t read_zigzag(struct reader *r)
{
	uint64_t value = read_varint(r);

	return (int64_t)((value >> 1) ^ (0 - (value & 1)));
}

static inline struct slice read_bytes(struct reader *r, size_t size)
{
	const uint8_t *b = reader_take(r, size);

	return (struct slice){b, b != NULL ? size : 0};
}

/* A varint size, then the bytes. */
static inline struct slice read_blob(struct reader *r)
{
	uint64_t size = read_varint(r);

	if (size > reader_left(r)) {
		reader_fault(r);
		return (struct slice){NULL, 0};
	}
	return read_bytes(r, (size_t)size);
}

/* gcc 12 loses count of a room of known size inside a caller's loop, and warns of the
 * very write that writer_take has just refused. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wstringop-overflow"
#endif

/* Writing. */
struct writer {
	uint8_t *start, *at, *end;
	bool full; /* something did not fit; what stands is a prefix */
};

static inline struct writer writer_of(void *room, size_t size)
{
	uint8_t *start = room;

	return (struct writer){start, start, size > 0 ? start + size : start, false};
}

/* Bytes written so far. */
static inline size_t writer_size(const struct writer *w)
{
	return (size_t)(w->at - w->start);
}

static inline struct slice writer_slice(const struct writer *w)
{
	return (struct slice){w->start, writer_size(w)};
}

/* Room for `size` bytes, which the caller fills; NULL where there is less, and
 * then nothing later fits either. */
static inline uint8_t *writer_take(struct writer *w, size_t size)
{
	uint8_t *room = w->at;

	if ((size_t)(w->end - w->at) < size) {
		w->full = true;
		w->end = w->at;
		return NULL;
	}
	if (size > 0)
		w->at += size;
	return room;
}

static inline void write_u8(struct writer *w, uint8_t value)
{
	uint8_t *b = writer_take(w, 1);

	if (b != NULL)
		*b = value;
}

static inline void write_u16(struct writer *w, uint16_t value)
{
	uint8_t *b = writer_take(w, 2);

	value = __builtin_bswap16(value);
	if (b != NULL)
		memcpy(b, &value, sizeof value);
}

static inline void write_u32(struct writer *w, uint32_t value)
{
	uint8_t *b = writer_take(w, 4);

	value = __builtin_bswap32(value);
	if (b != NULL)
		memcpy(b, &value, sizeof value);
}

static inline void write_u64(struct writer *w, uint64_t value)
{
	uint8_t *b = writer_take(w, 8);

	value = __builtin_bswap64(value);
	if (b != NULL)
		memcpy(b, &value, sizeof value);
}

/* The low 48 bits. */
static inline void write_u48(struct writer *w, uint64_t value)
{
	uint8_t *b = writer_take(w, 6);

	value = __builtin_bswap64(value << 16);
	if (b != NULL)
		memcpy(b, &value, 6);
}

void write_varint_long(struct writer *, uint64_t); /* of two bytes and more: for write_varint alone */

static inline void write_varint(struct writer *w, uint64_t value)
{
	if (value < 0x80)
		write_u8(w, (uint8_t)value);
	else
		write_varint_long(w, value);
}

static inline void write_zigzag(struct writer *w, int64_t value)
{
	write_varint(w, ((uint64_t)value << 1) ^ (0 - ((uint64_t)value >> 63)));
}

static inline void write_bytes(struct writer *w, const void *bytes, size_t size)
{
	uint8_t *b = writer_take(w, size);

	if (b != NULL && size > 0)
		memcpy(b, bytes, size);
}

static inline void write_blob(struct writer *w, struct slice s)
{
	write_varint(w, s.size);
	write_bytes(w, s.bytes, s.size);
}

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

/* Integers are swapped whole above. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "bytes.h is written for little-endian machines");

#endif
