/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/pack.h"

#include <stdio.h>
#include <string.h>

#include "casework/civil.h"
#include "proto/ids.h"

void pack_init(struct pack *p)
{
	msgpack_sbuffer_init(&p->buffer);
	msgpack_packer_init(&p->packer, &p->buffer, msgpack_sbuffer_write);
}

void pack_free(struct pack *p)
{
	msgpack_sbuffer_destroy(&p->buffer);
}

void pack_clear(struct pack *p)
{
	msgpack_sbuffer_clear(&p->buffer);
}

struct slice pack_slice(const struct pack *p)
{
	return slice_of(p->buffer.data, p->buffer.size);
}

void pack_map(struct pack *p, size_t pairs)
{
	msgpack_pack_map(&p->packer, pairs);
}

void pack_array(struct pack *p, size_t elements)
{
	msgpack_pack_array(&p->packer, elements);
}

void pack_str(struct pack *p, struct slice s)
{
	msgpack_pack_str(&p->packer, s.size);
	if (s.size)
		msgpack_pack_str_body(&p->packer, s.bytes, s.size);
}

void pack_text(struct pack *p, const char *text)
{
	if (text)
		pack_str(p, slice_text(text));
	else
		pack_nil(p);
}

void pack_uint(struct pack *p, uint64_t value)
{
	msgpack_pack_uint64(&p->packer, value);
}

void pack_bool(struct pack *p, bool value)
{
	if (value)
		msgpack_pack_true(&p->packer);
	else
		msgpack_pack_false(&p->packer);
}

void pack_nil(struct pack *p)
{
	msgpack_pack_nil(&p->packer);
}

void pack_bin(struct pack *p, struct slice s)
{
	msgpack_pack_bin(&p->packer, s.size);
	if (s.size)
		msgpack_pack_bin_body(&p->packer, s.bytes, s.size);
}

void pack_date(struct pack *p, uint16_t day)
{
	char text[DATE_TEXT_SIZE + 1];

	if (!day) {
		pack_nil(p);
		return;
	}
	day_text(text, day);
	pack_text(p, text);
}

void pack_time(struct pack *p, uint64_t ms)
{
	char text[TIME_TEXT_SIZE + 1];

	if (!ms) {
		pack_nil(p);
		return;
	}
	time_text(text, ms);
	pack_text(p, text);
}

void pack_case(struct pack *p, uint32_t number)
{
	char text[16];

	if (!number) {
		pack_nil(p);
		return;
	}
	snprintf(text, sizeof text, "C%u", number);
	pack_text(p, text);
}

void pack_urn(struct pack *p, uint32_t urn)
{
	char text[16];

	if (!urn) {
		pack_nil(p);
		return;
	}
	snprintf(text, sizeof text, "%06u", urn);
	pack_text(p, text);
}

void pack_hex(struct pack *p, const uint8_t *bytes, size_t size)
{
	char text[2 * 64 + 1];

	if (size > 64)
		size = 64;
	hex_text(text, bytes, size);
	pack_text(p, text);
}

void pack_raw(struct pack *p, struct slice s)
{
	if (s.size)
		msgpack_sbuffer_write(&p->buffer, (const char *)s.bytes, s.size);
}

void pack_key_text(struct pack *p, const char *key, const char *value)
{
	pack_text(p, key);
	pack_text(p, value);
}

void pack_key_str(struct pack *p, const char *key, struct slice value)
{
	pack_text(p, key);
	pack_str(p, value);
}

void pack_key_uint(struct pack *p, const char *key, uint64_t value)
{
	pack_text(p, key);
	pack_uint(p, value);
}

void pack_key_bool(struct pack *p, const char *key, bool value)
{
	pack_text(p, key);
	pack_bool(p, value);
}
