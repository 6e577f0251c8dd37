/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/engine_host.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/engine_parts.h"
#include "daemon/verify.h"

static const char PATHWAY[] = "pathways/stockport.yaml";

/* ---- folders ---- */

static void make_dir(char dir[static 256])
{
	const char *tmp = getenv("TMPDIR");

	snprintf(dir, 256, "%.200s/attend-engine.XXXXXX", tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(dir));
}

static void remove_dir(const char *dir)
{
	DIR *folder = opendir(dir);
	struct dirent *entry;

	while (folder && (entry = readdir(folder)))
		unlinkat(dirfd(folder), entry->d_name, 0);
	if (folder)
		closedir(folder);
	rmdir(dir);
}

static void copy_file(const char *from_dir, const char *to_dir, const char *name)
{
	char from[512], to[512];
	static uint8_t room[1 << 16];
	ssize_t n;
	int in, out;

	snprintf(from, sizeof from, "%s/%s", from_dir, name);
	snprintf(to, sizeof to, "%s/%s", to_dir, name);
	in = open(from, O_RDONLY | O_CLOEXEC);
	out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	assert_true(in >= 0 && out >= 0);
	while ((n = read(in, room, sizeof room)) > 0)
		assert_int_equal(write(out, room, (size_t)n), n);
	assert_int_equal(n, 0);
	close(in);
	close(out);
}

/* LMDB's file between two commits is what a crash would leave. */
static void copy_store(const struct host *h, char dir[static 256])
{
	make_dir(dir);
	copy_file(h->dir, dir, "data.mdb");
	copy_file(h->dir, dir, "persons.keys");
	copy_file(h->dir, dir, "store.key");
}

/* ---- JSON to msgpack and back ---- */

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

/* ---- keys, numbers, times ---- */

void host_key(uint8_t key[static PUBLIC_KEY_SIZE], enum who who)
{
	for (int i = 0; i < PUBLIC_KEY_SIZE; i++)
		key[i] = (uint8_t)((unsigned)who * 37u + (unsigned)i * 11u + 5u);
}

void host_key_text(char text[static Z85_KEY_SIZE + 1], enum who who)
{
	uint8_t key[PUBLIC_KEY_SIZE];

	host_key(key, who);
	z85_key_text(text, key);
}

void host_upn(char upn[static UPN_SIZE + 1], unsigned n)
{
	char twelve[13];

	snprintf(twelve, sizeof twelve, "8012000%05u", n % 100000);
	upn[0] = upn_check_letter(twelve);
	memcpy(upn + 1, twelve, sizeof twelve);
}

uint64_t host_ms(const char *text)
{
	uint64_t ms = 0;

	if (!time_parse(slice_text(text), &ms))
		fail_msg("not a time: %s", text);
	return ms;
}

void host_set_time(struct host *h, const char *text)
{
	h->now_ms = host_ms(text);
}

void host_id(struct host *h, uint8_t id[static UUID_SIZE])
{
	uint8_t random[10] = {0};
	struct writer w = writer_of(random + 6, 4);

	write_u32(&w, (uint32_t)++h->ids); /* the bytes that no version and no variant overwrites */
	uuid_v7(id, h->now_ms, random);
	memcpy(h->last_id, id, UUID_SIZE);
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

/* ---- opening and closing ---- */

void host_open(struct host *h)
{
	char why[300] = "";
	struct engine_options options = {.dir = h->dir,
					 .manual_clock = h->options.manual_clock,
					 .map_size = h->options.map_size,
					 .sweep_marks = h->options.sweep_marks};

	if (engine_open(&h->engine, &options, why, sizeof why) != 0)
		fail_msg("engine_open: %s", why);
}

static void forget_answers(struct host *h)
{
	for (unsigned i = 0; i < h->count; i++) {
		free(h->answers[i].text);
		free((void *)h->answers[i].body.bytes);
	}
	h->count = 0;
}

void host_close(struct host *h)
{
	engine_close(&h->engine);
}

void host_make(struct host *h, const struct host_options *options)
{
	const char *files[] = {PATHWAY};
	uint8_t admin[PUBLIC_KEY_SIZE];
	char why[300] = "";
	struct engine_init init = {.dir = h->dir, .authority = "Stockport", .admin_key = admin,
				   .pathway_files = files, .pathway_count = 1};

	memset(h, 0, sizeof *h);
	h->options = *options;
	make_dir(h->dir);
	host_set_time(h, options->start ? options->start : "2026-09-01T08:00:00Z");
	host_key(admin, ADMIN);
	init.now_ms = h->now_ms;
	if (engine_create(&init, why, sizeof why) != 0)
		fail_msg("engine_create: %s", why);
	host_open(h);
	if (options->no_grants)
		return;
	host_grant(h, CONNECTOR, "connector", ",'schools':['" SCHOOL_URN "']");
	host_grant(h, SCHOOL, "school", ",'schools':['" SCHOOL_URN "']");
	host_grant(h, LEAD, "lead", ",'cases':['C1']");
	host_grant(h, OFFICER, "officer", "");
	host_grant(h, MANAGER, "manager", "");
	host_grant(h, AUDITOR, "auditor", "");
}

void host_end(struct host *h)
{
	forget_answers(h);
	host_close(h);
	remove_dir(h->dir);
}

void host_restart(struct host *h)
{
	host_close(h);
	host_open(h);
}

void host_crash(struct host *h)
{
	char dir[256];

	copy_store(h, dir);
	engine_close(&h->engine);
	remove_dir(h->dir);
	memcpy(h->dir, dir, sizeof h->dir);
	host_open(h);
}

void host_keep_data(struct host *h)
{
	copy_store(h, h->kept);
}

void host_back_to_kept_data(struct host *h)
{
	char path[512];

	host_close(h);
	snprintf(path, sizeof path, "%s/data.mdb", h->dir);
	unlink(path);
	copy_file(h->kept, h->dir, "data.mdb");
	remove_dir(h->kept);
	host_open(h);
}

int host_verify(struct host *h, char **told)
{
	char dir[256], *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	int result;

	copy_store(h, dir);
	result = verify_store(dir, out);
	fclose(out);
	remove_dir(dir);
	if (told)
		*told = text;
	else
		free(text);
	return result;
}

void assert_verified(struct host *h)
{
	char *told;
	int result = host_verify(h, &told);

	if (result != 0)
		fail_msg("verify: %s", told);
	free(told);
}

/* ---- turns ---- */

static void take_answer(void *context, const struct peer *peer, struct slice frame)
{
	struct host *h = context;
	struct reader r = reader_of(frame);
	struct slice body;
	struct answer *a;

	/* the head is read here, since a refusal may name a command that there is not */
	assert_true(h->count < ANSWERS_MAX && frame.size <= MESSAGE_SIZE_MAX);
	assert_int_equal(read_u16(&r), MESSAGE_SIGNATURE);
	assert_int_equal(read_u8(&r), MESSAGE_VERSION);
	a = &h->answers[h->count++];
	memset(a, 0, sizeof *a);
	a->command = read_u8(&r);
	assert_true(a->command & COMMAND_REPLY);
	a->command &= (uint8_t)~COMMAND_REPLY;
	memcpy(a->id, read_bytes(&r, UUID_SIZE).bytes, UUID_SIZE);
	a->status = read_u16(&r);
	a->position = read_u64(&r);
	assert_false(r.bad);
	body = slice_of(r.at, reader_left(&r));
	a->who = (enum who)peer->bytes[0];
	a->text = host_text_of(body);
	if (body.size) {
		uint8_t *copy = malloc(body.size);

		memcpy(copy, body.bytes, body.size);
		a->body = slice_of(copy, body.size);
	}
}

void host_begin(struct host *h)
{
	assert_false(h->in_turn);
	forget_answers(h);
	h->in_turn = true;
	assert_int_equal(engine_begin(h->engine, h->now_ms), 0);
}

static bool end_turn(struct host *h)
{
	char why[300] = "";
	bool more;

	assert_true(h->in_turn);
	h->in_turn = false;
	more = engine_tick(h->engine, h->now_ms);
	if (engine_commit(h->engine, take_answer, h, why, sizeof why) != 0) {
		if (!h->commit_failed)
			fail_msg("commit: %s", why);
		return false;
	}
	engine_feed(h->engine, h->mono_ms, take_answer, h);
	return more;
}

void host_commit(struct host *h)
{
	bool more = end_turn(h);

	while (more) { /* what is due is fired whole, as the shell's loop does */
		h->in_turn = true;
		assert_int_equal(engine_begin(h->engine, h->now_ms), 0);
		more = end_turn(h);
	}
}

void host_turns(struct host *h)
{
	host_begin(h);
	host_commit(h);
}

void host_put_frame(struct host *h, enum who who, struct slice frame)
{
	uint8_t key[PUBLIC_KEY_SIZE];
	struct peer peer = {.size = 1, .bytes = {(uint8_t)who}};
	/* a copy of the very size, so that a read beyond it is seen */
	uint8_t *copy = malloc(frame.size ? frame.size : 1);

	if (frame.size)
		memcpy(copy, frame.bytes, frame.size);
	host_key(key, who);
	engine_receive(h->engine, key, &peer, slice_of(copy, frame.size));
	free(copy);
}

struct slice host_frame_of(uint8_t command, const uint8_t id[static UUID_SIZE], struct slice body)
{
	uint8_t *room = malloc(REQUEST_HEAD_SIZE + body.size + 1);
	struct writer w = writer_of(room, REQUEST_HEAD_SIZE + body.size + 1);

	message_request(&w, command, id);
	write_bytes(&w, body.bytes, body.size);
	return writer_slice(&w);
}

__attribute__((format(printf, 5, 0)))
static void put(struct host *h, enum who who, uint8_t command, const uint8_t *id, const char *format, va_list arguments)
{
	char *json;
	uint8_t fresh[UUID_SIZE];
	struct slice body = {0}, frame;

	assert_true(vasprintf(&json, format, arguments) >= 0);
	if (json[0])
		body = host_msgpack(json);
	if (!id)
		host_id(h, fresh);
	frame = host_frame_of(command, id ? id : fresh, body);
	host_put_frame(h, who, frame);
	free((void *)frame.bytes);
	free((void *)body.bytes);
	free(json);
}

void host_put(struct host *h, enum who who, uint8_t command, const uint8_t *id, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	put(h, who, command, id, format, arguments);
	va_end(arguments);
}

const struct answer *host_first(const struct host *h)
{
	for (unsigned i = 0; i < h->count; i++)
		if (h->answers[i].command != COMMAND_ITEMS && h->answers[i].command != COMMAND_HEARTBEAT)
			return &h->answers[i];
	return NULL;
}

const struct answer *host_ask(struct host *h, enum who who, uint8_t command, const char *format, ...)
{
	va_list arguments;

	host_begin(h);
	va_start(arguments, format);
	put(h, who, command, NULL, format, arguments);
	va_end(arguments);
	host_commit(h);
	return host_first(h);
}

const struct answer *host_again(struct host *h, enum who who, uint8_t command, const uint8_t id[static UUID_SIZE],
				const char *format, ...)
{
	va_list arguments;

	host_begin(h);
	va_start(arguments, format);
	put(h, who, command, id, format, arguments);
	va_end(arguments);
	host_commit(h);
	return host_first(h);
}

const struct answer *host_frame(struct host *h, enum who who, struct slice frame)
{
	host_begin(h);
	host_put_frame(h, who, frame);
	host_commit(h);
	return host_first(h);
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

void host_grant(struct host *h, enum who who, const char *role, const char *more)
{
	char key[Z85_KEY_SIZE + 1];

	host_key_text(key, who);
	assert_answer(host_ask(h, ADMIN, COMMAND_GRANT, "{'key':'%s','role':'%s'%s}", key, role, more), STATUS_OK, NULL);
}

void host_mark(struct host *h, const char *urn, unsigned pupil, const char *date, const char *session, const char *code)
{
	char upn[UPN_SIZE + 1];

	host_upn(upn, pupil);
	assert_answer(host_ask(h, OFFICER, COMMAND_MARKS, "{'urn':'%s','registers':[['%s','%s',[['%s','%s']]]]}", urn,
			       date, session, upn, code),
		      STATUS_OK, NULL);
}

void host_marks(struct host *h, const char *urn, unsigned pupil, const char *from, const char *to, const char *code)
{
	char upn[UPN_SIZE + 1], date[DATE_TEXT_SIZE + 1], *json = NULL;
	day_t first = 0, last = 0;
	size_t size;
	FILE *out = open_memstream(&json, &size);
	bool any = false;

	host_upn(upn, pupil);
	assert_true(day_parse(slice_text(from), &first) && day_parse(slice_text(to), &last));
	for (day_t d = first; d <= last; d++) {
		if (day_weekday(d) > FRIDAY)
			continue;
		day_text(date, d);
		for (int pm = 0; pm < 2; pm++) {
			const char *mark = strcmp(code, "/") ? code : pm ? "\\" : "/";

			fprintf(out, "%s['%s','%s',[['%s','%s']]]", any ? "," : "", date, pm ? "PM" : "AM", upn, mark);
			any = true;
		}
	}
	fclose(out);
	assert_answer(host_ask(h, OFFICER, COMMAND_MARKS, "{'urn':'%s','registers':[%s]}", urn, json), STATUS_OK, NULL);
	free(json);
}

struct slice host_pathway(struct host *h, const char *from, const char *to)
{
	static char source[1 << 17];
	FILE *file = fopen(PATHWAY, "rb");
	size_t size = fread(source, 1, sizeof source - 1000, file);
	uint8_t id[UUID_SIZE];
	msgpack_sbuffer body;
	msgpack_packer pk;
	struct slice frame;
	char *at;

	fclose(file);
	source[size] = '\0';
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

/* ---- looking inside ---- */

static bool behind(enum table table, struct slice key)
{
	return table == TABLE_PUPILS || table == TABLE_CURSORS ||
	       (table == TABLE_META && (slice_is(key, "pupils-from")));
}

char *host_tables(struct host *h, bool without_figures)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	struct txn *txn;

	assert_int_equal(store_begin(h->engine->store, false, &txn), STORE_OK);
	for (int table = 0; table < TABLE_COUNT; table++) {
		struct scan scan;
		struct slice key, value;

		assert_int_equal(scan_open(&scan, txn, (enum table)table, slice_of(NULL, 0)), STORE_OK);
		while (scan_next(&scan, &key, &value) == STORE_OK) {
			if (without_figures && behind((enum table)table, key))
				continue;
			fprintf(out, "%s ", table_text((enum table)table));
			for (size_t i = 0; i < key.size; i++)
				fprintf(out, "%02x", key.bytes[i]);
			fputc(' ', out);
			for (size_t i = 0; i < value.size; i++)
				fprintf(out, "%02x", value.bytes[i]);
			fputc('\n', out);
		}
		scan_close(&scan);
	}
	store_abort(&txn);
	fclose(out);
	return text;
}

uint64_t host_head(struct host *h)
{
	return h->engine->committed;
}

uint32_t host_pupils(struct host *h)
{
	return h->engine->state.pupil_count;
}

uint64_t host_counter(struct host *h, const char *name)
{
	return number_of(host_ask(h, ADMIN, COMMAND_QUERY, "{'what':'stats'}")->text, name);
}

unsigned host_alerts(struct host *h, const char *kind, const char *status, char one[static 4096])
{
	char *text = strdup(host_ask(h, ADMIN, COMMAND_QUERY, "{'what':'alerts'}")->text), wanted[2][80], *at, *end;
	unsigned count = 0;

	snprintf(wanted[0], sizeof wanted[0], "\"kind\":\"%s\"", kind ? kind : "");
	snprintf(wanted[1], sizeof wanted[1], "\"status\":\"%s\"", status ? status : "");
	one[0] = '\0';
	for (at = strstr(text, "{\"alert\":"); at; at = end) {
		char *next = strstr(at + 1, "{\"alert\":");

		end = next;
		if (next)
			next[-1] = '\0';
		if ((!kind || strstr(at, wanted[0])) && (!status || strstr(at, wanted[1]))) {
			snprintf(one, 4096, "%s", at);
			count++;
		}
	}
	free(text);
	return count;
}
