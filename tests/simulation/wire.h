/* wire.h - frames as PROTOCOL.md says them, written and read plainly. Shares no code with the daemon's.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIMULATION_WIRE_H
#define SIMULATION_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- writing ---- */

struct bytes {
	uint8_t *at;
	size_t size, room;
};

void bytes_free(struct bytes *);
void put_head(struct bytes *, uint8_t command, const uint8_t id[static 16]); /* begins a request anew */
void put_raw(struct bytes *, const void *, size_t size);
void put_map(struct bytes *, unsigned count);
void put_array(struct bytes *, unsigned count);
void put_text(struct bytes *, const char *);
void put_number(struct bytes *, uint64_t);
void put_yes(struct bytes *, bool);
void put_nothing(struct bytes *);
/* A key and its value. */
void put_key_text(struct bytes *, const char *key, const char *);
void put_key_number(struct bytes *, const char *key, uint64_t);
void put_key_yes(struct bytes *, const char *key, bool);

/* ---- reading ---- */

/* A value of a body, or nothing (at NULL): what is looked for in nothing is nothing. */
struct value {
	const uint8_t *at, *end;
};

enum value_kind { VALUE_NOTHING, VALUE_NUMBER, VALUE_TEXT, VALUE_YES, VALUE_NO, VALUE_ARRAY, VALUE_MAP, VALUE_OTHER };

enum value_kind value_kind(struct value);   /* nil is VALUE_NOTHING, too */
struct value value_of(struct value map, const char *key);
unsigned value_count(struct value);         /* of an array or a map; 0 of all else */
struct value value_first(struct value);     /* of an array */
struct value value_next(struct value);      /* the one after it, in an array */
uint64_t value_number(struct value);        /* 0 where it is none */
double value_decimal(struct value);         /* -1 where it is none */
bool value_is(struct value, const char *text);
/* A copy with an end; empty where it is no text. */
const char *value_text(struct value, char *room, size_t size);
uint64_t value_hash(struct value);          /* of its bytes */
size_t value_size(struct value);
char *value_print(struct value, char *room, size_t size); /* for people */

/* For each item of an array. */
#define EACH(item, array) \
	struct value item = value_first(array); \
	for (unsigned item##_left = value_count(array); item##_left > 0; item##_left--, item = value_next(item))

uint64_t hash_bytes(const void *, size_t);

#endif
