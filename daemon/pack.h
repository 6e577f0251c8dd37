/* pack.h - writing msgpack bodies, in as few words as it can be said.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_PACK_H
#define DAEMON_PACK_H

#include <msgpack.h>

#include "proto/bytes.h"

struct pack {
	msgpack_sbuffer buffer;
	msgpack_packer packer;
};

void pack_init(struct pack *);
void pack_free(struct pack *);
void pack_clear(struct pack *);
struct slice pack_slice(const struct pack *);

void pack_map(struct pack *, size_t pairs);
void pack_array(struct pack *, size_t elements);
void pack_str(struct pack *, struct slice);
void pack_text(struct pack *, const char *); /* NULL: nil */
void pack_uint(struct pack *, uint64_t);
void pack_bool(struct pack *, bool);
void pack_nil(struct pack *);
void pack_bin(struct pack *, struct slice);
void pack_date(struct pack *, uint16_t day);      /* 0: nil */
void pack_time(struct pack *, uint64_t ms);       /* 0: nil */
void pack_case(struct pack *, uint32_t number);   /* "C12"; 0: nil */
void pack_urn(struct pack *, uint32_t urn);       /* "123456"; 0: nil */
void pack_hex(struct pack *, const uint8_t *, size_t);
void pack_raw(struct pack *, struct slice);       /* msgpack already */

/* A key and its value in one call. */
void pack_key_text(struct pack *, const char *key, const char *value);
void pack_key_str(struct pack *, const char *key, struct slice value);
void pack_key_uint(struct pack *, const char *key, uint64_t value);
void pack_key_bool(struct pack *, const char *key, bool value);

#endif
