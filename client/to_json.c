/* SPDX-License-Identifier: Apache-2.0 */
#include "client/to_json.h"

#include <sodium.h>
#include <stdlib.h>

#include "proto/mp.h"

static json_t *value_of(struct mp *at);

static json_t *bytes_of(struct slice bytes)
{
	size_t room = sodium_base64_ENCODED_LEN(bytes.size, sodium_base64_VARIANT_ORIGINAL);
	char *text = malloc(room);
	if (!text)
		return NULL;
	sodium_bin2base64(text, room, bytes.bytes, bytes.size, sodium_base64_VARIANT_ORIGINAL);
	json_t *value = json_string(text);
	free(text);
	return value;
}

static json_t *text_of(struct slice text)
{
	return json_stringn(text.size ? (const char *)text.bytes : "", text.size);
}

static json_t *array_of(struct mp *at)
{
	json_t *array = json_array();
	for (uint32_t left = mp_array(at); left && !at->fault; left--)
		json_array_append_new(array, value_of(at));
	return array;
}

static json_t *map_of(struct mp *at)
{
	json_t *map = json_object();
	for (uint32_t left = mp_map(at); left && !at->fault; left--) {
		struct slice name = mp_str(at);
		char key[256];
		size_t size = name.size < sizeof key ? name.size : sizeof key - 1;
		for (size_t i = 0; i < size; i++)
			key[i] = (char)name.bytes[i];
		key[size] = '\0';
		json_object_set_new(map, key, value_of(at));
	}
	return map;
}

static json_t *value_of(struct mp *at)
{
	switch (mp_peek(at)) {
	case MP_BOOL:
		return json_boolean(mp_bool(at));
	case MP_UINT:
		return json_integer((json_int_t)mp_uint(at));
	case MP_INT:
		return json_integer(mp_int(at));
	case MP_STR:
		return text_of(mp_str(at));
	case MP_BIN:
		return bytes_of(mp_bin(at));
	case MP_ARRAY:
		return array_of(at);
	case MP_MAP:
		return map_of(at);
	case MP_OTHER:
		return json_real(mp_float(at));
	case MP_NIL:
		mp_nil(at);
		return json_null();
	case MP_NONE:
		break;
	}
	return json_null();
}

json_t *to_json(const void *bytes, size_t size)
{
	if (!size)
		return json_object();
	struct mp at = mp_of(slice_of(bytes, size));
	json_t *value = value_of(&at);
	if (mp_done(&at))
		return value;
	json_decref(value);
	return NULL;
}
