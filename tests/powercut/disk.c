/* disk.c - what is on the disk for certain, and what is on its way: taking in a trace. disk_state.c makes states of it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/powercut/disk_parts.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint64_t chance(uint64_t *state)
{
	uint64_t x = *state += UINT64_C(0x9e3779b97f4a7c15);

	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

static void *grown(void *at, size_t count, size_t *room, size_t one)
{
	if (count < *room)
		return at;
	*room = *room ? 2 * *room : 16;
	at = realloc(at, *room * one);
	assert(at);
	return at;
}

struct disk *disk_open(void)
{
	struct disk *d = calloc(1, sizeof *d);

	assert(d);
	return d;
}

void disk_close(struct disk **disk)
{
	struct disk *d = *disk;

	*disk = NULL;
	while (d->files) {
		struct file *f = d->files;

		d->files = f->next;
		free(f->certain);
		free(f->ops);
		free(f);
	}
	free(d->name_ops);
	free(d);
}

/* ---- files ---- */

/* The newest that has the number: an inode's number is given again once its file is gone. */
static struct file *find(struct disk *d, uint64_t inode)
{
	struct file *f = d->files;

	while (f && f->inode != inode)
		f = f->next;
	return f;
}

void certain_room(struct file *f, size_t size)
{
	if (size <= f->certain_room)
		return;
	size_t room = f->certain_room ? f->certain_room : 8192;
	while (room < size)
		room *= 2;
	f->certain = realloc(f->certain, room);
	assert(f->certain);
	memset(f->certain + f->certain_room, 0, room - f->certain_room);
	f->certain_room = room;
}

/* What a change does to the bytes of one run of sectors; the size is another matter. */
void op_apply(const struct op *op, uint8_t *bytes, uint64_t from, uint64_t until)
{
	uint64_t start = op->at > from ? op->at : from, end = op->at + op->size < until ? op->at + op->size : until;

	if (start >= end)
		return;
	if (op->bytes)
		memcpy(bytes + start, op->bytes + (start - op->at), end - start);
	else
		memset(bytes + start, 0, end - start);
}

static struct op *add_op(struct disk *d, struct file *f)
{
	f->ops = grown(f->ops, f->op_count, &f->op_room, sizeof *f->ops);
	f->ops[f->op_count] = (struct op){ .time = d->time, .file_size = f->size, .mode = f->mode };
	return &f->ops[f->op_count++];
}

static void make_certain(struct file *f, const struct op *op)
{
	certain_room(f, op->at + op->size > op->file_size ? op->at + op->size : op->file_size);
	op_apply(op, f->certain, op->at, op->at + op->size);
	f->certain_size = op->file_size;
	f->certain_mode = op->mode;
}

/* What was done before that moment is on the disk. */
static void settle(struct file *f, uint64_t before)
{
	size_t count = 0;

	while (count < f->op_count && f->ops[count].time < before)
		make_certain(f, &f->ops[count++]);
	memmove(f->ops, f->ops + count, (f->op_count - count) * sizeof *f->ops);
	f->op_count -= count;
}

static bool touches(const struct op *op, uint64_t first_sector, uint64_t last_sector)
{
	return op->size && op->at / SECTOR <= last_sector && (op->at + op->size - 1) / SECTOR >= first_sector;
}

static bool take_write(struct disk *d, struct file *f, const struct trace_head *head, const uint8_t *data, size_t size, char *why,
                       size_t why_size)
{
	struct op *op;

	if (head->at + size > f->size)
		f->size = head->at + size;
	op = add_op(d, f);
	op->at = head->at;
	op->size = size;
	op->bytes = data;
	if (!head->flag)
		return true;
	/* It is on the disk by itself, and what else its sectors hold with it: which none here ever needs. */
	f->op_count--;
	for (size_t i = 0; i < f->op_count; i++)
		if (touches(&f->ops[i], op->at / SECTOR, (op->at + size - 1) / SECTOR)) {
			snprintf(why, why_size, "a write that syncs itself over one that is not synced");
			return false;
		}
	struct op alone = *op;
	alone.file_size = f->certain_size > op->at + size ? f->certain_size : op->at + size;
	make_certain(f, &alone);
	return true;
}

static void take_size(struct disk *d, struct file *f, uint64_t size)
{
	uint64_t was = f->size;
	struct op *op;

	f->size = size;
	op = add_op(d, f);
	op->at = size;
	op->size = was > size ? was - size : 0;
}

/* ---- names ---- */

struct file **names_find(struct names *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++)
		if (!strcmp(names->list[i].name, name))
			return &names->list[i].file;
	return NULL;
}

static void names_set(struct names *names, const char *name, struct file *file)
{
	struct file **at = names_find(names, name);

	if (at) {
		*at = file;
		return;
	}
	assert(names->count < NAMES_MAX);
	snprintf(names->list[names->count].name, NAME_SIZE, "%s", name);
	names->list[names->count++].file = file;
}

static void names_drop(struct names *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++)
		if (!strcmp(names->list[i].name, name)) {
			names->list[i] = names->list[--names->count];
			return;
		}
}

void names_apply(struct names *names, const struct name_op *op)
{
	switch (op->kind) {
	case NAME_MADE:
		names_set(names, op->name, op->file);
		break;
	case NAME_LINKED:
		names_set(names, op->to, op->file);
		break;
	case NAME_RENAMED:
		names_drop(names, op->name);
		names_set(names, op->to, op->file);
		break;
	case NAME_UNLINKED:
		names_drop(names, op->name);
		break;
	}
}

static bool take_name(struct disk *d, enum name_kind kind, const char *name, const char *to, struct file *file, char *why, size_t why_size)
{
	struct file **at = names_find(&d->now, name);
	struct name_op *op;

	if (strlen(name) >= NAME_SIZE || (to && strlen(to) >= NAME_SIZE) || (kind != NAME_MADE && !at)) {
		snprintf(why, why_size, "%s: a name that is too long, or not there", name);
		return false;
	}
	d->name_ops = grown(d->name_ops, d->name_count, &d->name_room, sizeof *d->name_ops);
	op = &d->name_ops[d->name_count++];
	*op = (struct name_op){ .kind = kind, .time = d->time, .file = kind == NAME_MADE ? file : *at };
	snprintf(op->name, sizeof op->name, "%s", name);
	if (to)
		snprintf(op->to, sizeof op->to, "%s", to);
	names_apply(&d->now, op);
	return true;
}

static void settle_names(struct disk *d, uint64_t before)
{
	size_t count = 0;

	while (count < d->name_count && d->name_ops[count].time < before)
		names_apply(&d->certain, &d->name_ops[count++]);
	memmove(d->name_ops, d->name_ops + count, (d->name_count - count) * sizeof *d->name_ops);
	d->name_count -= count;
}

static bool make_file(struct disk *d, const struct trace_head *head, const char *name, char *why, size_t why_size)
{
	struct file *f = calloc(1, sizeof *f);

	assert(f);
	f->inode = head->file;
	f->mode = f->certain_mode = (uint32_t)head->at;
	f->next = d->files;
	d->files = f;
	return take_name(d, NAME_MADE, name, NULL, f, why, why_size);
}

/* ---- syncs ---- */

/* A process that was killed never ends its own, so the oldest gives way. */
static void begin_sync(struct disk *d, uint64_t number)
{
	size_t oldest = 0;

	for (size_t i = 1; i < SYNCS_MAX; i++)
		if (d->syncs[i].time < d->syncs[oldest].time)
			oldest = i;
	d->syncs[oldest].number = number;
	d->syncs[oldest].time = d->time;
}

/* When it began; 0: it never did. */
static uint64_t end_sync(struct disk *d, uint64_t number)
{
	for (size_t i = 0; i < SYNCS_MAX; i++)
		if (d->syncs[i].number == number) {
			uint64_t time = d->syncs[i].time;

			d->syncs[i].number = d->syncs[i].time = 0;
			return time;
		}
	return 0;
}

bool disk_take(struct disk *d, const struct trace_head *head, const char *name, const uint8_t *data, size_t size, char *why, size_t why_size)
{
	struct file *f = head->file ? find(d, head->file) : NULL;
	enum trace_kind kind = (enum trace_kind)head->kind;
	uint64_t began;

	d->time++;
	if (!f && (kind == TRACE_WROTE || kind == TRACE_SIZED || kind == TRACE_MODE || kind == TRACE_SYNC || kind == TRACE_SYNCED)) {
		snprintf(why, why_size, "a file that was never made");
		return false;
	}
	switch (kind) {
	case TRACE_MADE:
		return make_file(d, head, name, why, why_size);
	case TRACE_WROTE:
		return take_write(d, f, head, data, size, why, why_size);
	case TRACE_SIZED:
		take_size(d, f, head->at);
		return true;
	case TRACE_MODE:
		f->mode = (uint32_t)head->at & 07777;
		add_op(d, f);
		return true;
	case TRACE_RENAMED:
		return take_name(d, NAME_RENAMED, name, name + strlen(name) + 1, NULL, why, why_size);
	case TRACE_LINKED:
		return take_name(d, NAME_LINKED, name, name + strlen(name) + 1, NULL, why, why_size);
	case TRACE_UNLINKED:
		return take_name(d, NAME_UNLINKED, name, NULL, NULL, why, why_size);
	case TRACE_DIR_MADE:
		d->made = true;
		return true;
	case TRACE_SYNC:
	case TRACE_DIR_SYNC:
	case TRACE_PARENT_SYNC:
		begin_sync(d, head->at);
		return true;
	case TRACE_SYNCED:
	case TRACE_DIR_SYNCED:
	case TRACE_PARENT_SYNCED:
		began = end_sync(d, head->at);
		if (kind == TRACE_SYNCED)
			settle(f, began);
		else if (kind == TRACE_DIR_SYNCED)
			settle_names(d, began);
		else if (d->made && began)
			d->made_certain = true;
		return true;
	case TRACE_MAPPED:
		if (!strcmp(name, "lock.mdb"))
			return true;
		snprintf(why, why_size, "%s is written to as memory, which is not seen", name);
		return false;
	case TRACE_STRANGE:
		snprintf(why, why_size, "%.*s", (int)size, (const char *)data);
		return false;
	case TRACE_SAID:
	case TRACE_MARK:
		return true;
	case TRACE_KIND_COUNT:
		break;
	}
	snprintf(why, why_size, "a record of no known kind");
	return false;
}

size_t disk_unsynced(const struct disk *d)
{
	size_t count = d->name_count + (d->made && !d->made_certain);

	for (size_t i = 0; i < d->now.count; i++)
		count += d->now.list[i].file->op_count;
	return count;
}

uint8_t *disk_read(struct disk *d, const char *name, size_t *size)
{
	struct file **at = names_find(&d->now, name), *f;
	uint8_t *bytes;

	if (!at)
		return NULL;
	f = *at;
	bytes = calloc(1, f->certain_room > f->size ? f->certain_room + 1 : f->size + 1);
	assert(bytes);
	if (f->certain)
		memcpy(bytes, f->certain, f->certain_room);
	/* The room is enough for the newest size, and what was once beyond it doesn't count. */
	for (size_t i = 0; i < f->op_count; i++)
		op_apply(&f->ops[i], bytes, 0, f->size);
	*size = f->size;
	return bytes;
}

char *disk_names(const struct disk *d)
{
	char *all = calloc(d->now.count + 1, NAME_SIZE), *at = all;

	assert(all);
	for (size_t i = 0; i < d->now.count; i++)
		at += strlen(strcpy(at, d->now.list[i].name)) + 1;
	return all;
}
