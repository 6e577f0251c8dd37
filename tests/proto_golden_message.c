/* proto_golden_message.c - every command has a file in tests/golden: its frames,
 * byte for byte, and the bodies as JSON. Those who write a connector have them too.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/golden.h"

#include <jansson.h>
#include <msgpack.h>

#include "proto/message.h"
#include "proto/mp.h"

static struct golden g;

/* A map's keys are packed in the order in which the file has them. */
static void pack(msgpack_packer *p, const json_t *value)
{
	const char *key;
	json_t *element;
	size_t index;

	switch (json_typeof(value)) {
	case JSON_OBJECT:
		msgpack_pack_map(p, json_object_size(value));
		json_object_foreach((json_t *)(uintptr_t)value, key, element)
		{
			msgpack_pack_str_with_body(p, key, strlen(key));
			pack(p, element);
		}
		return;
	case JSON_ARRAY:
		msgpack_pack_array(p, json_array_size(value));
		json_array_foreach(value, index, element)
			pack(p, element);
		return;
	case JSON_STRING:
		msgpack_pack_str_with_body(p, json_string_value(value), json_string_length(value));
		return;
	case JSON_INTEGER:
		msgpack_pack_int64(p, json_integer_value(value));
		return;
	case JSON_REAL:
		msgpack_pack_double(p, json_real_value(value));
		return;
	case JSON_TRUE:
		msgpack_pack_true(p);
		return;
	case JSON_FALSE:
		msgpack_pack_false(p);
		return;
	case JSON_NULL:
		msgpack_pack_nil(p);
		return;
	}
}

/* The other way, through our own reader. */
static json_t *unpack(struct mp *m)
{
	json_t *value;
	uint32_t count;

	switch (mp_peek(m)) {
	case MP_MAP:
		value = json_object();
		for (count = mp_map(m); count > 0; count--) {
			struct slice key = mp_str(m);
			char name[256];

			snprintf(name, sizeof name, "%.*s", (int)key.size, (const char *)key.bytes);
			json_object_set_new(value, name, unpack(m));
		}
		return value;
	case MP_ARRAY:
		value = json_array();
		for (count = mp_array(m); count > 0; count--)
			json_array_append_new(value, unpack(m));
		return value;
	case MP_STR: {
		struct slice text = mp_str(m);

		return json_stringn((const char *)text.bytes, text.size);
	}
	case MP_UINT:
	case MP_INT:
		return json_integer(mp_int(m));
	case MP_BOOL:
		return json_boolean(mp_bool(m));
	case MP_NIL:
		mp_nil(m);
		return json_null();
	case MP_OTHER:
		return json_real(mp_float(m));
	case MP_NONE:
	case MP_BIN:
		break;
	}
	fail_msg("%s: %s", g.path, m->fault != NULL ? m->fault : "bytes have no JSON");
	return NULL;
}

/* Appends the body that line `name` describes, and looks whether what the frame holds is it. */
static void check_body(struct writer *w, const struct message *found, const char *name)
{
	const char *text = golden_next(&g, name);
	msgpack_sbuffer buffer;
	msgpack_packer packer;
	json_t *value, *back;
	struct mp m = mp_of(found->body);

	if (text == NULL) {
		assert_int_equal(found->body.size, 0);
		return;
	}
	value = json_loads(text, 0, NULL);
	assert_true(json_is_object(value));
	msgpack_sbuffer_init(&buffer);
	msgpack_packer_init(&packer, &buffer, msgpack_sbuffer_write);
	pack(&packer, value);
	write_bytes(w, buffer.data, buffer.size);
	msgpack_sbuffer_destroy(&buffer);
	back = unpack(&m);
	assert_true(mp_done(&m));
	assert_true(json_equal(value, back));
	json_decref(value);
	json_decref(back);
}

/* The pieces are what the file's lines of that name hold, each with its size before it. */
static void check_pieces(struct writer *w, const struct message *found)
{
	struct slice pieces = found->body, piece;
	unsigned count = 0;

	for (; bundle_next(&pieces, &piece); count++) {
		struct slice wanted = golden_bytes(&g, "piece");

		assert_true(slice_equal(piece, wanted));
		write_u32(w, (uint32_t)wanted.size);
		write_bytes(w, wanted.bytes, wanted.size);
		free((void *)(uintptr_t)wanted.bytes);
	}
	assert_int_equal(count, 2);
}

static struct message decode(struct slice frame, uint8_t command, const uint8_t id[static UUID_SIZE])
{
	struct message m;
	const char *why;
	size_t offset;

	if (message_decode(&m, frame, &why, &offset) != STATUS_OK)
		fail_msg("%s: %s at byte %zu", g.path, why, offset);
	assert_int_equal(m.command, command);
	assert_memory_equal(m.id, id, UUID_SIZE);
	return m;
}

static void check_command(uint8_t command, const char *text)
{
	static uint8_t room[4096];
	char name[64];
	uint8_t id[UUID_SIZE];
	bool asked = command != COMMAND_ITEMS && command != COMMAND_HEARTBEAT, answered = command != COMMAND_CREDIT;

	snprintf(name, sizeof name, "command-%s", text);
	golden_open(&g, name);
	assert_string_equal(golden_text(&g, "command"), text);
	assert_true(uuid_parse(slice_text(golden_text(&g, "id")), id));
	assert_true(uuid_usable(id));
	if (asked) {
		struct slice frame = golden_bytes(&g, "request");
		struct message m = decode(frame, command, id);
		struct writer w = writer_of(room, sizeof room);

		message_request(&w, command, id, NULL);
		if (command == COMMAND_BUNDLE)
			check_pieces(&w, &m);
		else
			check_body(&w, &m, "body");
		golden_equal(&g, frame, writer_slice(&w));
		free((void *)(uintptr_t)frame.bytes);
	}
	if (answered) {
		struct slice frame = golden_bytes(&g, "reply");
		struct message m = decode(frame, command | COMMAND_REPLY, id);
		struct writer w = writer_of(room, sizeof room);

		assert_int_equal(m.status, golden_number(&g, "status"));
		assert_int_equal(m.position, golden_number(&g, "position"));
		assert_string_not_equal(status_text(m.status), "unknown status");
		message_reply(&w, command, id, (enum status)m.status, m.position);
		check_body(&w, &m, "reply_body");
		golden_equal(&g, frame, writer_slice(&w));
		free((void *)(uintptr_t)frame.bytes);
	}
	golden_close(&g);
}

static void every_command_has_its_golden_file(void **state)
{
	(void)state;
#define X(name, number, text) check_command(number, text);
	COMMANDS(X)
#undef X
}

/* PROTOCOL.md shows these frames: they are the golden ones. */
static void the_worked_example_is_the_golden_file(void **state)
{
	static char document[128 * 1024], digits[4096];
	FILE *file = fopen("proto/PROTOCOL.md", "r");
	size_t size;
	char *begin, *end;
	unsigned count;

	(void)state;
	assert_non_null(file);
	size = fread(document, 1, sizeof document - 1, file);
	fclose(file);
	document[size] = 0;
	golden_open(&g, "command-marks");
	begin = document;
	for (unsigned i = 0; i < 2; i++) {
		/* A block of `offset  hex  meaning` lines; the hex stands between bars. */
		begin = strstr(begin, i == 0 ? "```hex-request\n" : "```hex-reply\n");
		assert_non_null(begin);
		end = strstr(begin + 3, "```");
		assert_non_null(end);
		count = 0;
		for (bool inside = false; begin < end; begin++) {
			if (*begin == '|')
				inside = !inside;
			else if (inside && *begin != ' ')
				digits[count++] = *begin;
		}
		digits[count] = 0;
		assert_string_equal(digits, golden_text(&g, i == 0 ? "request" : "reply"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_command_has_its_golden_file),
		cmocka_unit_test(the_worked_example_is_the_golden_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
