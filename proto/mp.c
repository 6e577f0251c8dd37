/* mp.c - the cursor over msgpack, and the check of a whole body.
 *
 * Everything reads a value's head through take_head(), the one place that knows
 * the format's bytes, so no two readers can differ on what is well formed.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "proto/mp.h"
#include "proto/utf8.h"

static const char ends_early[] = "it ends too early";
static const char not_shortest[] = "a number or length is not in its shortest form";
static const char not_utf8[] = "a string is not UTF-8";

/* What a value begins with, and for strings and bytes the whole of it. */
struct head {
	enum mp_type type;
	bool is_float;
	uint64_t value;      /* number, boolean, element or pair count, bits of a float */
	const uint8_t *text; /* MP_STR, MP_BIN: `value` is its size */
};

struct mp mp_of(struct slice s)
{
	struct reader r = reader_of(s);

	return (struct mp){r.at, r.at, r.end, NULL};
}

size_t mp_offset(const struct mp *m)
{
	return (size_t)(m->at - m->start);
}

/* The cursor stays at the value at fault. */
static bool fault(struct mp *m, const char *what)
{
	if (m->fault == NULL)
		m->fault = what;
	return false;
}

static uint64_t big_endian(const uint8_t *bytes, size_t size)
{
	uint64_t value = 0;

	for (size_t i = 0; i < size; i++)
		value = value << 8 | bytes[i];
	return value;
}

static bool take_text(struct mp *m, struct head *h, enum mp_type type, const uint8_t *text, uint64_t size)
{
	if (size > (size_t)(m->end - text))
		return fault(m, ends_early);
	h->type = type;
	h->value = size;
	h->text = text;
	m->at = text + size;
	return true;
}

/* Every element takes at least a byte, so a count above the bytes left is a lie,
 * found before anybody counts on it. */
static bool take_count(struct mp *m, struct head *h, enum mp_type type, const uint8_t *after, uint64_t count)
{
	if (type == MP_MAP && count > MP_FIELDS_MAX)
		return fault(m, "a map has more than 64 keys");
	if ((type == MP_MAP ? 2 * count : count) > (size_t)(m->end - after))
		return fault(m, ends_early);
	h->type = type;
	h->value = count;
	m->at = after;
	return true;
}

static bool take_number(struct mp *m, struct head *h, enum mp_type type, const uint8_t *after, uint64_t value)
{
	h->type = type;
	h->value = value;
	m->at = after;
	return true;
}

/* The bytes 0xc4 to 0xdf that are followed by a number of 1, 2, 4 or 8 bytes. */
static bool take_long(struct mp *m, struct head *h)
{
	uint8_t byte = *m->at;
	const uint8_t *at = m->at + 1;
	size_t left = (size_t)(m->end - at), size;
	uint64_t value;
	/* log2 of the number's size, by byte from 0xc4. */
	static const uint8_t sizes[] = {0, 1, 2, 9, 9, 9, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3,
	                                9, 9, 9, 9, 9, 0, 1, 2, 1, 2, 1, 2};

	if (sizes[byte - 0xc4] == 9)
		return fault(m, "an extension type");
	size = (size_t)1 << sizes[byte - 0xc4];
	if (left < size)
		return fault(m, ends_early);
	value = big_endian(at, size);
	at += size;
	switch (byte) {
	case 0xc4: case 0xc5: case 0xc6:
		if (byte != 0xc4 && value >> (4 * size) == 0)
			return fault(m, not_shortest);
		return take_text(m, h, MP_BIN, at, value);
	case 0xd9:
		return value < 32 ? fault(m, not_shortest) : take_text(m, h, MP_STR, at, value);
	case 0xda: case 0xdb:
		return value >> (4 * size) == 0 ? fault(m, not_shortest) : take_text(m, h, MP_STR, at, value);
	case 0xca: case 0xcb:
		h->is_float = true;
		return take_number(m, h, MP_OTHER, at, value);
	case 0xcc:
		return value < 0x80 ? fault(m, not_shortest) : take_number(m, h, MP_UINT, at, value);
	case 0xcd: case 0xce: case 0xcf:
		return value >> (4 * size) == 0 ? fault(m, not_shortest) : take_number(m, h, MP_UINT, at, value);
	case 0xd0: case 0xd1: case 0xd2: case 0xd3: {
		/* Sign-extended; what would fit half the size, or is not negative, has a shorter form. */
		int64_t number = (int64_t)(value << (64 - 8 * size)) >> (64 - 8 * size);
		int64_t shorter = size == 1 ? -32 : -((int64_t)1 << (4 * size - 1));

		return number >= shorter ? fault(m, not_shortest) : take_number(m, h, MP_INT, at, (uint64_t)number);
	}
	case 0xdc: case 0xdd:
		if (value < 16 || (byte == 0xdd && value <= UINT16_MAX))
			return fault(m, not_shortest);
		return take_count(m, h, MP_ARRAY, at, value);
	case 0xde: case 0xdf:
		if (value < 16 || (byte == 0xdf && value <= UINT16_MAX))
			return fault(m, not_shortest);
		return take_count(m, h, MP_MAP, at, value);
	}
	return fault(m, "an extension type");
}

static inline bool take_head(struct mp *m, struct head *h)
{
	uint8_t byte;

	if (m->fault != NULL)
		return false;
	if (m->at == m->end)
		return fault(m, ends_early);
	byte = *m->at;
	h->is_float = false;
	if ((byte & 0xe0) == 0xa0)
		return take_text(m, h, MP_STR, m->at + 1, byte & 0x1f);
	if ((byte & 0xf0) == 0x90)
		return take_count(m, h, MP_ARRAY, m->at + 1, byte & 0x0f);
	if (byte < 0x80)
		return take_number(m, h, MP_UINT, m->at + 1, byte);
	if (byte < 0x90)
		return take_count(m, h, MP_MAP, m->at + 1, byte & 0x0f);
	if (byte >= 0xe0)
		return take_number(m, h, MP_INT, m->at + 1, (uint64_t)(int64_t)(int8_t)byte);
	switch (byte) {
	case 0xc0:
		return take_number(m, h, MP_NIL, m->at + 1, 0);
	case 0xc1:
		return fault(m, "a byte that is never used");
	case 0xc2: case 0xc3:
		return take_number(m, h, MP_BOOL, m->at + 1, byte & 1);
	}
	return take_long(m, h);
}

enum mp_type mp_peek(const struct mp *m)
{
	struct mp ahead = *m;
	struct head h;

	if (m->fault != NULL || m->at == m->end || !take_head(&ahead, &h))
		return MP_NONE;
	return h.type;
}

/* A value of one type, or a fault that leaves the cursor before it. */
static inline bool take(struct mp *m, struct head *h, enum mp_type type, const char *otherwise)
{
	const uint8_t *at = m->at;

	if (!take_head(m, h))
		return false;
	if (h->type == type)
		return true;
	m->at = at;
	return fault(m, otherwise);
}

bool mp_bool(struct mp *m)
{
	struct head h;

	return take(m, &h, MP_BOOL, "not true or false") && h.value != 0;
}

uint64_t mp_uint(struct mp *m)
{
	struct head h;

	return take(m, &h, MP_UINT, "not a whole number from 0 up") ? h.value : 0;
}

int64_t mp_int(struct mp *m)
{
	const uint8_t *at = m->at;
	struct head h;

	if (!take_head(m, &h))
		return 0;
	if (h.type == MP_INT || (h.type == MP_UINT && h.value <= INT64_MAX))
		return (int64_t)h.value;
	m->at = at;
	fault(m, "not a whole number of 64 bits");
	return 0;
}

struct slice mp_str(struct mp *m)
{
	const uint8_t *at = m->at;
	struct head h;

	if (!take(m, &h, MP_STR, "not a string"))
		return (struct slice){NULL, 0};
	if (!utf8_ok(slice_of(h.text, h.value))) {
		m->at = at;
		fault(m, not_utf8);
		return (struct slice){NULL, 0};
	}
	return slice_of(h.text, h.value);
}

struct slice mp_bin(struct mp *m)
{
	struct head h;

	if (!take(m, &h, MP_BIN, "not binary"))
		return (struct slice){NULL, 0};
	return slice_of(h.text, h.value);
}

uint32_t mp_array(struct mp *m)
{
	struct head h;

	return take(m, &h, MP_ARRAY, "not an array") ? (uint32_t)h.value : 0;
}

uint32_t mp_map(struct mp *m)
{
	struct head h;

	return take(m, &h, MP_MAP, "not a map") ? (uint32_t)h.value : 0;
}

void mp_nil(struct mp *m)
{
	struct head h;

	take(m, &h, MP_NIL, "not nil");
}

double mp_float(struct mp *m)
{
	const uint8_t *at = m->at;
	struct head h;
	uint32_t half;
	float single;
	double number;

	if (!take_head(m, &h))
		return 0;
	if (!h.is_float) {
		m->at = at;
		fault(m, "not a floating-point number");
		return 0;
	}
	if (m->at - at == 5) {
		half = (uint32_t)h.value;
		memcpy(&single, &half, sizeof single);
		return (double)single;
	}
	memcpy(&number, &h.value, sizeof number);
	return number;
}

/* An array or map that is open. A map counts keys and values, so that an even
 * number left says that a key comes next. */
struct level {
	uint32_t left;
	bool map;
	uint16_t first_key;
};

static bool ascii(const uint8_t *text, size_t size)
{
	uint64_t first, last;
	uint8_t bits = 0;

	if (size >= 8 && size <= 16) {
		memcpy(&first, text, 8);
		memcpy(&last, text + size - 8, 8);
		return ((first | last) & UINT64_C(0x8080808080808080)) == 0;
	}
	for (size_t i = 0; i < size; i++)
		bits |= text[i];
	return bits < 0x80;
}

/* Where an array of two short ASCII strings ends that begins at `at`, NULL where there
 * is none: a mark, of which most of what comes consists, so that it is looked at as one
 * value instead of three. Whatever it is not sure of is left to the walk. */
static inline const uint8_t *after_pair(const uint8_t *at, const uint8_t *end)
{
	size_t one, two;

	if (end - at < 3 || at[0] != 0x92 || (at[1] & 0xe0) != 0xa0)
		return NULL;
	one = at[1] & 0x1f;
	if ((size_t)(end - at) < 3 + one || (at[2 + one] & 0xe0) != 0xa0)
		return NULL;
	two = at[2 + one] & 0x1f;
	if ((size_t)(end - at) < 3 + one + two || !ascii(at + 2, one) || !ascii(at + 3 + one, two))
		return NULL;
	return at + 3 + one + two;
}

/* One whole value, in one pass: the keys of the maps that are open stand in one
 * stack, each map's at its end, for there are never more than these. */
static void walk(struct mp *m)
{
	struct slice keys[MP_DEPTH_MAX * MP_FIELDS_MAX];
	struct level levels[MP_DEPTH_MAX];
	unsigned depth = 0, key_count = 0;
	const uint8_t *pair;
	struct head h;

	for (;;) {
		struct level *open = depth > 0 ? &levels[depth - 1] : NULL;
		const uint8_t *at = m->at;
		bool key = open != NULL && open->map && open->left % 2 == 0;

		if (!key && depth > 0 && depth < MP_DEPTH_MAX && (pair = after_pair(at, m->end)) != NULL) {
			m->at = pair;
			goto whole;
		}
		if (!take_head(m, &h))
			return;
		if (h.type == MP_STR && !utf8_ok(slice_of(h.text, h.value))) {
			m->at = at;
			fault(m, not_utf8);
			return;
		}
		if (key) {
			const char *wrong = h.type != MP_STR ? "a key is not a string" : NULL;

			for (unsigned i = open->first_key; wrong == NULL && i < key_count; i++)
				if (slice_equal(keys[i], slice_of(h.text, h.value)))
					wrong = "the same key twice in a map";
			if (wrong != NULL) {
				m->at = at;
				fault(m, wrong);
				return;
			}
			keys[key_count++] = slice_of(h.text, h.value);
			open->left--;
			continue;
		}
		if (h.type == MP_ARRAY || h.type == MP_MAP) {
			if (depth == MP_DEPTH_MAX) {
				m->at = at;
				fault(m, "nested too deep");
				return;
			}
			levels[depth++] = (struct level){
				(uint32_t)h.value * (h.type == MP_MAP ? 2 : 1), h.type == MP_MAP, (uint16_t)key_count};
			if (h.value > 0)
				continue;
			depth--;
		}
	whole:
		/* A value is whole, and with it perhaps those around it. */
		while (depth > 0 && --levels[depth - 1].left == 0)
			key_count = levels[--depth].first_key;
		if (depth == 0)
			return;
	}
}

void mp_skip(struct mp *m)
{
	walk(m);
}

void mp_pass(struct mp *m)
{
	struct head h;

	/* The sum of counts can't pass what fits: each is bounded by the bytes left. */
	for (uint64_t left = 1; left > 0; left--) {
		if (!take_head(m, &h))
			return;
		if (h.type == MP_ARRAY)
			left += h.value;
		else if (h.type == MP_MAP)
			left += 2 * h.value;
	}
}

bool mp_done(struct mp *m)
{
	if (m->fault == NULL && m->at != m->end)
		m->fault = "bytes are left over";
	return m->fault == NULL;
}

const char *mp_check(struct slice s, size_t *offset)
{
	struct mp m = mp_of(s);

	walk(&m);
	mp_done(&m);
	*offset = mp_offset(&m);
	return m.fault;
}
