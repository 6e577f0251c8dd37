/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/engine_host.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/engine_parts.h"
#include "daemon/verify.h"

/* ---- folders ---- */

static void make_dir(char dir[static 256])
{
	const char *tmp = getenv("TMPDIR");

	snprintf(dir, 256, "%.200s/attend-engine.XXXXXX", tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(dir));
}

void host_remove_dir(const char *dir)
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
	const char *files[] = {options->pathway ? options->pathway : HOST_PATHWAY};
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
	host_remove_dir(h->dir);
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
	host_remove_dir(h->dir);
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
	host_remove_dir(h->kept);
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
	host_remove_dir(dir);
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

int host_end_verified(struct host *h)
{
	assert_verified(h);
	host_end(h);
	return 0;
}

/* ---- turns ---- */

static void take_answer(void *context, const struct peer *peer, struct slice frame)
{
	struct host *h = context;
	struct reader r = reader_of(frame);
	struct slice body;
	struct answer *a;
	uint8_t version;

	/* the head is read here, since a refusal may name a command that there is not */
	assert_true(h->count < ANSWERS_MAX && frame.size <= MESSAGE_SIZE_MAX);
	assert_int_equal(read_u16(&r), MESSAGE_SIGNATURE);
	version = read_u8(&r);
	assert_int_equal(version & ~MESSAGE_TOGETHER, MESSAGE_VERSION);
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
	if (a->command == COMMAND_ITEMS || a->command == COMMAND_HEARTBEAT) {
		struct store_room room;

		/* What is sent to subscribers is sent when its reading has ended: who is slow to take it holds no page. */
		store_room(h->engine->store, &room);
		assert_int_equal(room.readers, 0);
	}
	if (version & MESSAGE_TOGETHER)
		assert_true(together_read(&a->together, body));
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

void host_commit_behind(struct host *h)
{
	char why[300] = "";

	assert_true(h->in_turn);
	h->in_turn = false;
	engine_tick(h->engine, h->now_ms);
	assert_int_equal(engine_commit_behind(h->engine, take_answer, h, why, sizeof why), 0);
	engine_feed(h->engine, h->mono_ms, take_answer, h);
}

void host_land(struct host *h)
{
	char why[300] = "";

	assert_true(h->in_turn);
	assert_int_equal(engine_land(h->engine, take_answer, h, why, sizeof why), 0);
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
	if (h->together && frame.size > MESSAGE_VERSION_AT)
		copy[MESSAGE_VERSION_AT] |= MESSAGE_TOGETHER;
	host_key(key, who);
	engine_receive(h->engine, key, &peer, slice_of(copy, frame.size));
	free(copy);
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
