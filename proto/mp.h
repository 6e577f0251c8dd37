/* mp.h - a bounded reader of msgpack.
 *
 * msgpack-c allocates from the length that a message declares (five bytes ask
 * for 128 GB), so what comes from outside is read by this cursor instead: no
 * allocation, no recursion deeper than MP_DEPTH_MAX, an element count never
 * above the bytes left, only the shortest form of an integer or a length, only
 * UTF-8 in strings. Whole numbers from 0 up are spelt as unsigned ones, as every
 * packer does. Extension types are refused. Writing is left to msgpack-c.
 *
 * Reading something else than what is there sets `fault` (a static text) and
 * leaves the cursor where the fault is; every later read does nothing. The
 * cursor borrows the bytes: what it gives out lives as long as they do.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTO_MP_H
#define PROTO_MP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/bytes.h"

enum {
	MP_DEPTH_MAX = 8,   /* arrays and maps within each other */
	MP_FIELDS_MAX = 64, /* pairs of one map */
};

struct mp {
	const uint8_t *start, *at, *end;
	const char *fault; /* NULL: all is well */
};

enum mp_type { MP_NONE, MP_NIL, MP_BOOL, MP_UINT, MP_INT, MP_STR, MP_BIN, MP_ARRAY, MP_MAP, MP_OTHER };

struct mp mp_of(struct slice);
enum mp_type mp_peek(const struct mp *);   /* MP_NONE at the end or after a fault; MP_INT is a negative one */
bool mp_bool(struct mp *);
uint64_t mp_uint(struct mp *);
int64_t mp_int(struct mp *);                  /* negative or not */
struct slice mp_str(struct mp *);
struct slice mp_bin(struct mp *);
uint32_t mp_array(struct mp *);               /* the number of elements */
uint32_t mp_map(struct mp *);                 /* the number of pairs */
void mp_nil(struct mp *);
double mp_float(struct mp *);                 /* of 32 or 64 bits; mp_peek calls it MP_OTHER */
void mp_skip(struct mp *);                    /* one whole value, checked as mp_check does */
void mp_pass(struct mp *);                    /* one whole value that has been checked: cheaper */
size_t mp_offset(const struct mp *);          /* for a message: "at byte 17" */
bool mp_done(struct mp *);                    /* no fault; else or with bytes left over: sets a fault, false */

/* Checks one whole value, without a word on its meaning: shape, depth, counts,
 * UTF-8, no map with the same key twice, map keys strings, nothing after it.
 * NULL, or what is wrong with `*offset` set to where. */
const char *mp_check(struct slice, size_t *offset);

/* The value of `key` in the map at which a *checked* body starts; `mp_peek`
 * gives MP_NONE if it isn't there. `body` may be empty (no bytes): no keys. */
struct mp mp_find(struct slice body, const char *key);
/* The same with a type: the empty slice / the fallback where it is absent;
 * `*wrong` (may not be NULL) is set to key where the type is another. */
struct slice mp_find_str(struct slice body, const char *key, const char **wrong);
uint64_t mp_find_uint(struct slice body, const char *key, uint64_t fallback, const char **wrong);
bool mp_find_bool(struct slice body, const char *key, const char **wrong);
/* NULL where every key of the checked map is one of `keys` (ends with NULL),
 * else the first that isn't, in `*unknown`. */
bool mp_only(struct slice body, const char *const keys[], struct slice *unknown);

#endif
