/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/simulation/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- writing ---- */

static void put(struct bytes *b, const void *from, size_t size)
{
	if (b->size + size > b->room) {
		b->room = 2 * (b->size + size) + 256;
		b->at = realloc(b->at, b->room);
		if (!b->at)
			abort();
	}
	memcpy(b->at + b->size, from, size);
	b->size += size;
}

static void put_byte(struct bytes *b, unsigned byte)
{
	uint8_t one = (uint8_t)byte;

	put(b, &one, 1);
}

static void put_big(struct bytes *b, uint64_t number, unsigned size)
{
	while (size-- > 0)
		put_byte(b, (unsigned)(number >> (8 * size)) & 0xff);
}

void bytes_free(struct bytes *b)
{
	free(b->at);
	*b = (struct bytes){0};
}

void put_head(struct bytes *b, uint8_t command, const uint8_t id[static 16])
{
	b->size = 0;
	put_big(b, 0xa77d, 2);
	put_byte(b, 1);
	put_byte(b, command);
	put(b, id, 16);
}

void put_raw(struct bytes *b, const void *bytes, size_t size)
{
	put(b, bytes, size);
}

static void put_count(struct bytes *b, unsigned count, unsigned small, unsigned most, unsigned large)
{
	if (count < most) {
		put_byte(b, small | count);
	} else {
		put_byte(b, large);
		put_big(b, count, 2);
	}
}

void put_map(struct bytes *b, unsigned count)
{
	put_count(b, count, 0x80, 16, 0xde);
}

void put_array(struct bytes *b, unsigned count)
{
	put_count(b, count, 0x90, 16, 0xdc);
}

void put_text(struct bytes *b, const char *text)
{
	size_t size = strlen(text);

	if (size < 32) {
		put_byte(b, 0xa0 | (unsigned)size);
	} else if (size < 256) {
		put_byte(b, 0xd9);
		put_big(b, size, 1);
	} else {
		put_byte(b, size < 65536 ? 0xda : 0xdb);
		put_big(b, size, size < 65536 ? 2 : 4);
	}
	put(b, text, size);
}

void put_number(struct bytes *b, uint64_t number)
{
	if (number < 128) {
		put_byte(b, (unsigned)number);
	} else if (number < 256) {
		put_byte(b, 0xcc);
		put_big(b, number, 1);
	} else if (number < 65536) {
		put_byte(b, 0xcd);
		put_big(b, number, 2);
	} else {
		put_byte(b, number < UINT64_C(1) << 32 ? 0xce : 0xcf);
		put_big(b, number, number < UINT64_C(1) << 32 ? 4 : 8);
	}
}

void put_yes(struct bytes *b, bool yes)
{
	put_byte(b, yes ? 0xc3 : 0xc2);
}

void put_nothing(struct bytes *b)
{
	put_byte(b, 0xc0);
}

void put_key_text(struct bytes *b, const char *key, const char *text)
{
	put_text(b, key);
	put_text(b, text);
}

void put_key_number(struct bytes *b, const char *key, uint64_t number)
{
	put_text(b, key);
	put_number(b, number);
}

void put_key_yes(struct bytes *b, const char *key, bool yes)
{
	put_text(b, key);
	put_yes(b, yes);
}

/* ---- reading ---- */

/* What stands at a place: its head's size, its number or count, its text's size. */
struct head {
	enum value_kind kind;
	size_t head, text;
	uint64_t number;
	unsigned items; /* that follow */
};

static uint64_t big(const uint8_t *at, size_t size)
{
	uint64_t number = 0;

	for (size_t i = 0; i < size; i++)
		number = number << 8 | at[i];
	return number;
}

static struct head sized(enum value_kind kind, const uint8_t *at, size_t size, unsigned each)
{
	uint64_t count = big(at + 1, size);

	if (kind == VALUE_NUMBER)
		return (struct head){kind, 1 + size, 0, count, 0};
	if (kind == VALUE_TEXT || kind == VALUE_OTHER)
		return (struct head){kind, 1 + size, count, 0, 0};
	return (struct head){kind, 1 + size, 0, count, (unsigned)count * each};
}

static struct head head_of(struct value v)
{
	uint8_t b;

	if (!v.at || v.at >= v.end)
		return (struct head){VALUE_NOTHING, 0, 0, 0, 0};
	b = *v.at;
	if (b < 0x80)
		return (struct head){VALUE_NUMBER, 1, 0, b, 0};
	if (b < 0x90)
		return (struct head){VALUE_MAP, 1, 0, b & 15u, (b & 15u) * 2};
	if (b < 0xa0)
		return (struct head){VALUE_ARRAY, 1, 0, b & 15u, b & 15u};
	if (b < 0xc0)
		return (struct head){VALUE_TEXT, 1, b & 31u, 0, 0};
	switch (b) {
	case 0xc2:
		return (struct head){VALUE_NO, 1, 0, 0, 0};
	case 0xc3:
		return (struct head){VALUE_YES, 1, 0, 1, 0};
	case 0xc4: case 0xc5: case 0xc6:
		return sized(VALUE_OTHER, v.at, (size_t)1 << (b - 0xc4), 0);
	case 0xca: case 0xcb:
		return (struct head){VALUE_OTHER, 1, b == 0xca ? 4 : 8, 0, 0};
	case 0xcc: case 0xcd: case 0xce: case 0xcf:
		return sized(VALUE_NUMBER, v.at, (size_t)1 << (b - 0xcc), 0);
	case 0xd0: case 0xd1: case 0xd2: case 0xd3:
		return (struct head){VALUE_OTHER, 1, (size_t)1 << (b - 0xd0), 0, 0};
	case 0xd9: case 0xda: case 0xdb:
		return sized(VALUE_TEXT, v.at, (size_t)1 << (b - 0xd9), 0);
	case 0xdc: case 0xdd:
		return sized(VALUE_ARRAY, v.at, b == 0xdc ? 2 : 4, 1);
	case 0xde: case 0xdf:
		return sized(VALUE_MAP, v.at, b == 0xde ? 2 : 4, 2);
	default:
		return (struct head){b == 0xc0 ? VALUE_NOTHING : VALUE_OTHER, 1, 0, 0, 0};
	}
}

/* The place behind a value. */
static const uint8_t *behind(struct value v)
{
	unsigned left = 1;

	while (left-- > 0 && v.at && v.at < v.end) {
		struct head h = head_of(v);

		v.at += h.head ? h.head + h.text : 1;
		left += h.items;
	}
	return v.at;
}

enum value_kind value_kind(struct value v)
{
	return head_of(v).kind;
}

struct value value_of(struct value map, const char *key)
{
	struct head h = head_of(map);
	struct value at = {map.at + h.head, map.end};

	if (h.kind != VALUE_MAP)
		return (struct value){NULL, NULL};
	for (unsigned i = 0; i < h.items / 2; i++) {
		struct value found = {behind(at), map.end};

		if (value_is(at, key))
			return found;
		at.at = behind(found);
	}
	return (struct value){NULL, NULL};
}

unsigned value_count(struct value v)
{
	struct head h = head_of(v);

	return h.kind == VALUE_ARRAY || h.kind == VALUE_MAP ? (unsigned)h.number : 0;
}

struct value value_first(struct value v)
{
	struct head h = head_of(v);

	return h.items ? (struct value){v.at + h.head, v.end} : (struct value){NULL, NULL};
}

struct value value_next(struct value v)
{
	return (struct value){behind(v), v.end};
}

uint64_t value_number(struct value v)
{
	struct head h = head_of(v);

	return h.kind == VALUE_NUMBER ? h.number : 0;
}

double value_decimal(struct value v)
{
	struct head h = head_of(v);
	double d = -1;

	if (h.kind == VALUE_NUMBER)
		return (double)h.number;
	if (h.kind == VALUE_OTHER && *v.at == 0xcb) {
		uint64_t bits = big(v.at + 1, 8);

		memcpy(&d, &bits, sizeof d);
	} else if (h.kind == VALUE_OTHER && *v.at == 0xca) {
		uint32_t bits = (uint32_t)big(v.at + 1, 4);
		float f;

		memcpy(&f, &bits, sizeof f);
		d = f;
	}
	return d;
}

bool value_is(struct value v, const char *text)
{
	struct head h = head_of(v);

	return h.kind == VALUE_TEXT && h.text == strlen(text) && !memcmp(v.at + h.head, text, h.text);
}

const char *value_text(struct value v, char *room, size_t size)
{
	struct head h = head_of(v);
	size_t n = h.kind == VALUE_TEXT ? h.text : 0;

	if (n >= size)
		n = size - 1;
	if (n)
		memcpy(room, v.at + h.head, n);
	room[n] = '\0';
	return room;
}

size_t value_size(struct value v)
{
	return v.at ? (size_t)(behind(v) - v.at) : 0;
}

uint64_t hash_bytes(const void *bytes, size_t size)
{
	const uint8_t *at = bytes;
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ at[i]) * UINT64_C(0x100000001b3);
	return hash;
}

uint64_t value_hash(struct value v)
{
	return hash_bytes(v.at, value_size(v));
}

static const uint8_t *print(FILE *out, struct value v)
{
	struct head h = head_of(v);
	struct value at = {v.at + h.head, v.end};

	switch (h.kind) {
	case VALUE_NOTHING:
		fputs("nil", out);
		break;
	case VALUE_YES:
	case VALUE_NO:
		fputs(h.number ? "true" : "false", out);
		break;
	case VALUE_NUMBER:
		fprintf(out, "%llu", (unsigned long long)h.number);
		break;
	case VALUE_TEXT:
		fprintf(out, "'%.*s'", (int)h.text, v.at + h.head);
		break;
	case VALUE_OTHER:
		fprintf(out, "%g", value_decimal(v));
		break;
	case VALUE_ARRAY:
	case VALUE_MAP:
		fputc(h.kind == VALUE_MAP ? '{' : '[', out);
		for (unsigned i = 0; i < h.items && at.at < at.end; i++) {
			at.at = print(out, at);
			if (i + 1 < h.items)
				fputs(h.kind == VALUE_MAP && i % 2 == 0 ? ":" : ",", out);
		}
		fputc(h.kind == VALUE_MAP ? '}' : ']', out);
		break;
	}
	return behind(v);
}

char *value_print(struct value v, char *room, size_t size)
{
	FILE *out = fmemopen(room, size, "w");

	room[0] = '\0';
	if (out && v.at && v.at < v.end)
		print(out, v);
	if (out)
		fclose(out);
	room[size - 1] = '\0';
	return room;
}
