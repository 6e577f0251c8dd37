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
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTO_BYTES_H
#define PROTO_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A borrowed run of bytes; never owns them. `{NULL, 0}` is the empty one. */
struct slice {
	const uint8_t *bytes;
	size_t size;
};

struct slice slice_of(const void *bytes, size_t size);
struct slice slice_text(const char *text); /* without the closing zero */
bool slice_equal(struct slice, struct slice);
bool slice_is(struct slice, const char *text);

struct reader {
	const uint8_t *at, *end;
	bool bad; /* something was read that was not there, or was not canonical */
};

struct reader reader_of(struct slice);
size_t reader_left(const struct reader *);
uint8_t read_u8(struct reader *);
uint16_t read_u16(struct reader *);
uint32_t read_u32(struct reader *);
uint64_t read_u48(struct reader *);
uint64_t read_u64(struct reader *);
uint64_t read_varint(struct reader *);
int64_t read_zigzag(struct reader *);
struct slice read_bytes(struct reader *, size_t size);
struct slice read_blob(struct reader *);     /* varint size, then the bytes */
bool reader_done(const struct reader *);     /* nothing bad and nothing left */

struct writer {
	uint8_t *start, *at, *end;
	bool full; /* something did not fit; what stands is a prefix */
};

struct writer writer_of(void *room, size_t size);
size_t writer_size(const struct writer *); /* bytes written so far */
struct slice writer_slice(const struct writer *);
void write_u8(struct writer *, uint8_t);
void write_u16(struct writer *, uint16_t);
void write_u32(struct writer *, uint32_t);
void write_u48(struct writer *, uint64_t);
void write_u64(struct writer *, uint64_t);
void write_varint(struct writer *, uint64_t);
void write_zigzag(struct writer *, int64_t);
void write_bytes(struct writer *, const void *, size_t size);
void write_blob(struct writer *, struct slice);

#endif
