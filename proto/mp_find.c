/* mp_find.c - looking a key up in a body that mp_check has passed.
 *
 * A body has a handful of keys, so each look-up walks them again; nothing is
 * kept, and nothing allocated.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "proto/mp.h"

/* At the first key of the map, with the number of pairs; none in an empty body. */
static struct mp open_body(struct slice body, uint32_t *pairs)
{
	struct mp m = mp_of(body);

	*pairs = body.size > 0 ? mp_map(&m) : 0;
	return m;
}

struct mp mp_find(struct slice body, const char *key)
{
	uint32_t pairs;
	struct mp m = open_body(body, &pairs);

	for (; pairs > 0 && m.fault == NULL; pairs--) {
		if (slice_is(mp_str(&m), key))
			return m;
		mp_pass(&m);
	}
	m.at = m.end;
	return m;
}

/* The value, where it is of `type`; else false, and `*wrong` where it is there. */
static bool find_typed(struct mp *m, struct slice body, const char *key, enum mp_type type, const char **wrong)
{
	enum mp_type found;

	*m = mp_find(body, key);
	found = mp_peek(m);
	if (found != type && found != MP_NONE)
		*wrong = key;
	return found == type;
}

struct slice mp_find_str(struct slice body, const char *key, const char **wrong)
{
	struct mp m;

	return find_typed(&m, body, key, MP_STR, wrong) ? mp_str(&m) : (struct slice){NULL, 0};
}

uint64_t mp_find_uint(struct slice body, const char *key, uint64_t fallback, const char **wrong)
{
	struct mp m;

	return find_typed(&m, body, key, MP_UINT, wrong) ? mp_uint(&m) : fallback;
}

bool mp_find_bool(struct slice body, const char *key, const char **wrong)
{
	struct mp m;

	return find_typed(&m, body, key, MP_BOOL, wrong) && mp_bool(&m);
}

bool mp_only(struct slice body, const char *const keys[], struct slice *unknown)
{
	uint32_t pairs;
	struct mp m = open_body(body, &pairs);

	for (; pairs > 0 && m.fault == NULL; pairs--) {
		struct slice key = mp_str(&m);
		bool known = false;

		for (size_t i = 0; keys[i] != NULL && !known; i++)
			known = slice_is(key, keys[i]);
		if (!known) {
			*unknown = key;
			return false;
		}
		mp_pass(&m);
	}
	return true;
}
