/* A new store: its keys, its first events.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/admin.h"
#include "daemon/engine_parts.h"
#include "daemon/memory.h"
#include "pathways/bundle.h"

static int fail(char *why, size_t why_size, const char *what, const char *of)
{
	snprintf(why, why_size, "%s%s%s", what, of ? ": " : "", of ? of : "");
	return -1;
}

static int load_file(struct engine *e, const char *path, bool is_default, char *why, size_t why_size)
{
	struct compile_report *report = memory_new(sizeof *report);
	uint8_t *room = memory_new(PATHWAY_SIZE_MAX);
	struct writer w = writer_of(room, PATHWAY_SIZE_MAX);
	struct event ev;
	char file[512];
	size_t size;
	int result = -1;
	char *source = bundle_gather(path, &size, why, why_size);

	if (source && !pathway_compile(slice_of(source, size), &w, report)) {
		bundle_fault_path(file, sizeof file, path, report, &report->faults[0]);
		snprintf(why, why_size, "%s:%u:%u: %s", file, report->faults[0].line, report->faults[0].column,
			 report->faults[0].text);
	} else if (source) {
		engine_event(e, &ev, EVENT_PATHWAY_LOADED, 0);
		if (load_pathway(e, slice_of(source, size), writer_slice(&w), is_default, &ev))
			result = 0;
		else
			fail(why, why_size, "the compiled form can't be read back", path);
	}
	free(source);
	free(room);
	free(report);
	return result;
}

int engine_write_vkey(struct engine *e, char *why, size_t why_size)
{
	char path[512];
	uint8_t room[256];
	struct writer w = writer_of(room, sizeof room);
	int fd;

	note_vkey_text(&w, &e->note);
	write_u8(&w, '\n');
	snprintf(path, sizeof path, "%s/log.vkey", e->dir);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return fail(why, why_size, path, strerror(errno));
	if (write(fd, room, writer_size(&w)) != (ssize_t)writer_size(&w) || fsync(fd) != 0) {
		close(fd);
		return fail(why, why_size, path, strerror(errno));
	}
	close(fd);
	return 0;
}

static void append_grant(struct engine *e, const uint8_t key[static PUBLIC_KEY_SIZE])
{
	struct event *ev = memory_new(sizeof *ev);

	engine_event(e, ev, EVENT_ACCESS_GRANTED, 0);
	memcpy(ev->access_granted.key, key, PUBLIC_KEY_SIZE);
	ev->access_granted.role = ROLE_ADMINISTRATOR;
	ev->access_granted.name = slice_text("administrator");
	engine_append(e, ev);
	free(ev);
}

static int write_first_events(struct engine *e, const struct engine_init *init, char *why, size_t why_size)
{
	char origin[NOTE_NAME_MAX + 1] = "";
	struct event ev;

	engine_event(e, &ev, EVENT_STORE_CREATED, 0);
	ev.store_created = (struct event_store_created){.authority = slice_text(init->authority), .format = 1, .created_ms = init->now_ms};
	engine_append(e, &ev);
	if (!engine_origin(origin, e->state.authority))
		return fail(why, why_size, "the store can't be written", store_why(e->store));
	note_key_from_seed(&e->note, origin, e->key.log_seed);
	append_grant(e, init->admin_key);
	for (size_t i = 0; i < init->pathway_count; i++)
		if (load_file(e, init->pathway_files[i], i == 0, why, why_size) != 0)
			return -1;
	if (e->broken != STORE_OK || engine_flush(e) != 0)
		return fail(why, why_size, "the store can't be written", store_why(e->store));
	return 0;
}

bool engine_origin(char origin[static NOTE_NAME_MAX + 1], const char *authority)
{
	size_t n = 0;

	for (; n < NOTE_NAME_MAX && authority[n]; n++)
		origin[n] = strchr(" \t\n\r+", authority[n]) ? '-' : authority[n];
	origin[n] = '\0';
	return note_name_good(slice_text(origin));
}

int engine_create(const struct engine_init *init, char *why, size_t why_size)
{
	struct engine_options options = {.dir = init->dir};
	struct store_options store = {.mode = STORE_CREATE};
	struct store_key key;
	struct engine *e;
	char origin[NOTE_NAME_MAX + 1];
	int result;

	if (strlen(init->authority) > NOTE_NAME_MAX || !engine_origin(origin, init->authority))
		return fail(why, why_size, "an authority's name has 1 to 100 bytes of plain text", NULL);
	if (store_key_create(init->dir, &key, why, why_size) != 0 || persons_create(init->dir, why, why_size) != 0)
		return -1;
	memcpy(store.check_key, key.check, sizeof store.check_key);
	e = memory_new(sizeof *e);
	e->options = options;
	e->log.methods = &log_lmdb;
	e->key = key;
	e->now_ms = 0; /* event.h: before the daemon's clock */
	snprintf(e->dir, sizeof e->dir, "%s", init->dir);
	e->at = &e->two[0];
	e->at->room = memory_grow(NULL, BATCH_SIZE);
	pack_init(&e->body);
	if (store_open(&e->store, e->dir, &store, why, why_size) != STORE_OK ||
	    persons_open(&e->persons, e->dir, true, why, why_size) != 0) {
		engine_close(&e);
		return -1;
	}
	state_init(&e->state, &e->key, e->persons);
	result = write_first_events(e, init, why, why_size);
	if (result == 0)
		result = engine_write_vkey(e, why, why_size);
	engine_close(&e);
	return result;
}

int engine_new_admin(const char *dir, const uint8_t key[static PUBLIC_KEY_SIZE], char *why, size_t why_size)
{
	struct engine_options options = {.dir = dir};
	struct engine *e;
	int result = 0;

	if (engine_open(&e, &options, why, why_size) != 0)
		return -1;
	append_grant(e, key);
	if (e->broken != STORE_OK || engine_flush(e) != 0)
		result = fail(why, why_size, "the store can't be written", store_why(e->store));
	engine_close(&e);
	return result;
}
