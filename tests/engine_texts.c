/* engine_host.h's texts: JSON to msgpack and back, frames, and what a test looks for in
 * an answer.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <msgpack.h>
#include <stdio.h>

#include "proto/mp.h"
#include "pathways/bundle.h"
#include "tests/engine_host.h"

static void skip_space(const char **at)
{
	while (**at == ' ' || **at == '\n' || **at == '\t')
		(*at)++;
}

static void parse_value(const char **at, msgpack_sbuffer *out);

static void parse_text(const char **at, msgpack_packer *pk)
{
	const char *start = ++*at;

	while (**at && **at != '\'')
		(*at)++;
	assert_int_equal(**at, '\'');
	msgpack_pack_str(pk, (size_t)(*at - start));
	msgpack_pack_str_body(pk, start, (size_t)(*at - start));
	(*at)++;
}

static void parse_many(const char **at, msgpack_sbuffer *out, char end)
{
	msgpack_sbuffer inner;
	msgpack_packer pk;
	size_t count = 0;

	msgpack_sbuffer_init(&inner);
	(*at)++;
	for (skip_space(at); **at != end; count++) {
		parse_value(at, &inner);
		skip_space(at);
		if (**at == ',' || **at == ':')
			(*at)++;
		skip_space(at);
	}
	(*at)++;
	msgpack_packer_init(&pk, out, msgpack_sbuffer_write);
	if (end == ']')
		msgpack_pack_array(&pk, count);
	else
		msgpack_pack_map(&pk, count / 2);
	if (inner.size)
		msgpack_sbuffer_write(out, inner.data, inner.size);
	msgpack_sbuffer_destroy(&inner);
}

static void parse_value(const char **at, msgpack_sbuffer *out)
{
	msgpack_packer pk;
	char *end;

	skip_space(at);
	msgpack_packer_init(&pk, out, msgpack_sbuffer_write);
	if (**at == '{') {
		parse_many(at, out, '}');
	} else if (**at == '[') {
		parse_many(at, out, ']');
	} else if (**at == '\'') {
		parse_text(at, &pk);
	} else if (strncmp(*at, "true", 4) == 0) {
		msgpack_pack_true(&pk);
		*at += 4;
	} else if (strncmp(*at, "false", 5) == 0) {
		msgpack_pack_false(&pk);
		*at += 5;
	} else if (strncmp(*at, "null", 4) == 0) {
		msgpack_pack_nil(&pk);
		*at += 4;
	} else if (**at == '-') {
		msgpack_pack_int64(&pk, strtoll(*at, &end, 10));
		*at = end;
	} else {
		msgpack_pack_uint64(&pk, strtoull(*at, &end, 10));
		assert_ptr_not_equal(end, *at);
		*at = end;
	}
}

struct slice host_msgpack(const char *json)
{
	msgpack_sbuffer out;
	const char *at = json;

	msgpack_sbuffer_init(&out);
	parse_value(&at, &out);
	skip_space(&at);
	assert_int_equal(*at, '\0');
	return slice_of(out.data, out.size);
}

static void text_of(FILE *out, struct mp *at)
{
	struct slice s;
	uint32_t count;

	switch (mp_peek(at)) {
	case MP_NIL:
		mp_nil(at);
		fputs("null", out);
		break;
	case MP_BOOL:
		fputs(mp_bool(at) ? "true" : "false", out);
		break;
	case MP_UINT:
		fprintf(out, "%llu", (unsigned long long)mp_uint(at));
		break;
	case MP_INT:
		fprintf(out, "%lld", (long long)mp_int(at));
		break;
	case MP_STR:
		s = mp_str(at);
		fprintf(out, "\"%.*s\"", (int)s.size, s.size ? (const char *)s.bytes : "");
		break;
	case MP_BIN:
		fprintf(out, "bin(%zu)", mp_bin(at).size);
		break;
	case MP_ARRAY:
		count = mp_array(at);
		fputc('[', out);
		for (uint32_t i = 0; i < count && !at->fault; i++) {
			fputs(i ? "," : "", out);
			text_of(out, at);
		}
		fputc(']', out);
		break;
	case MP_MAP:
		count = mp_map(at);
		fputc('{', out);
		for (uint32_t i = 0; i < count && !at->fault; i++) {
			fputs(i ? "," : "", out);
			text_of(out, at);
			fputc(':', out);
			text_of(out, at);
		}
		fputc('}', out);
		break;
	case MP_OTHER:
		fprintf(out, "%.1f", mp_float(at));
		break;
	case MP_NONE:
		break;
	}
}

char *host_text_of(struct slice msgpack)
{
	char *text = NULL;
	size_t size, offset = 0;
	FILE *out = open_memstream(&text, &size);
	struct mp at = mp_of(msgpack);
	const char *fault = msgpack.size ? mp_check(msgpack, &offset) : NULL;

	if (fault)
		fail_msg("the daemon sent bad msgpack: %s at %zu", fault, offset);
	if (msgpack.size)
		text_of(out, &at);
	fclose(out);
	return text;
}

uint64_t number_of(const char *text, const char *key)
{
	char wanted[80];
	const char *at;

	snprintf(wanted, sizeof wanted, "\"%s\":", key);
	at = strstr(text, wanted);
	if (!at)
		fail_msg("no %s in %s", wanted, text);
	return strtoull(at + strlen(wanted), NULL, 10);
}

unsigned times_in(const char *text, const char *wanted)
{
	unsigned count = 0;

	for (const char *at = text; (at = strstr(at, wanted)); at += strlen(wanted))
		count++;
	return count;
}

void check_answer(const struct answer *a, unsigned status, const char *text, const char *file, int line)
{
	if (!a) {
		print_error("%s:%d: no answer\n", file, line);
		_fail(file, line);
		return;
	}
	if (a->status != status || (text && !strstr(a->text, text))) {
		print_error("%s:%d: wanted %u %s, got %u %s\n", file, line, status, text ? text : "", a->status, a->text);
		_fail(file, line);
	}
}

void check_same_text(const char *now, const char *was, const char *file, int line)
{
	const char *n = now, *w = was;

	while (*n && *n == *w) {
		if (*n == '\n') {
			now = n + 1;
			was = w + 1;
		}
		n++;
		w++;
	}
	if (*n == *w)
		return;
	print_error("%s:%d: was %.*s\nnow %.*s\n", file, line, (int)strcspn(was, "\n"), was, (int)strcspn(now, "\n"), now);
	_fail(file, line);
}

struct slice host_frame_of(uint8_t command, const uint8_t id[static UUID_SIZE], struct slice body)
{
	uint8_t *room = malloc(REQUEST_HEAD_SIZE + body.size + 1);
	struct writer w = writer_of(room, REQUEST_HEAD_SIZE + body.size + 1);

	message_request(&w, command, id, NULL);
	write_bytes(&w, body.bytes, body.size);
	return writer_slice(&w);
}

struct slice host_pathway(struct host *h, const char *from, const char *to)
{
	return host_pathway_file(h, HOST_PATHWAY, from, to);
}

struct slice host_pathway_file(struct host *h, const char *path, const char *from, const char *to)
{
	static char source[1 << 17];
	char why[512], *read;
	size_t size;
	uint8_t id[UUID_SIZE];
	msgpack_sbuffer body;
	msgpack_packer pk;
	struct slice frame;
	char *at;

	read = bundle_gather(path, &size, why, sizeof why);
	assert_non_null(read);
	assert_true(size < sizeof source - 1000);
	memcpy(source, read, size + 1);
	free(read);
	if (from) {
		at = strstr(source, from);
		assert_non_null(at);
		memmove(at + strlen(to), at + strlen(from), strlen(at + strlen(from)) + 1);
		memcpy(at, to, strlen(to));
		size = strlen(source);
	}
	msgpack_sbuffer_init(&body);
	msgpack_packer_init(&pk, &body, msgpack_sbuffer_write);
	msgpack_pack_map(&pk, 1);
	msgpack_pack_str(&pk, 6);
	msgpack_pack_str_body(&pk, "source", 6);
	msgpack_pack_str(&pk, size);
	msgpack_pack_str_body(&pk, source, size);
	host_id(h, id);
	frame = host_frame_of(COMMAND_PATHWAY, id, slice_of(body.data, body.size));
	msgpack_sbuffer_destroy(&body);
	return frame;
}
