/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/simulation/disk.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/simulation/disk_parts.h"
#include "tests/simulation/threads.h"

enum { SECTOR = 512 };

struct disk disk;

static int real_openat(int folder, const char *name, int flags)
{
	return (int)syscall(SYS_openat, folder, name, flags | O_CLOEXEC, 0);
}

static void make_folder(const char *path)
{
	if (mkdir(path, 0700) != 0) {
		perror(path);
		exit(2);
	}
}

const char *disk_begin(const char *base)
{
	struct stat status;

	snprintf(disk.base, sizeof disk.base, "%s", base);
	snprintf(disk.store, sizeof disk.store, "%s/store", base);
	snprintf(disk.limbo, sizeof disk.limbo, "%s/limbo", base);
	make_folder(disk.store);
	make_folder(disk.limbo);
	if (stat(disk.store, &status) == 0)
		disk.store_ino = status.st_ino;
	disk.on = true;
	disk.free_bytes = UINT64_C(100) << 30;
	return disk.store;
}

static void empty_folder(const char *path)
{
	DIR *folder = opendir(path);
	struct dirent *entry;

	while (folder && (entry = readdir(folder)))
		if (entry->d_name[0] != '.')
			syscall(SYS_unlinkat, dirfd(folder), entry->d_name, 0);
	if (folder)
		closedir(folder);
}

static void drop_undo(struct undo *u)
{
	free(u->before);
	u->before = NULL;
}

void disk_end(void)
{
	for (size_t i = 0; i < disk.undo_count; i++)
		drop_undo(&disk.undo[i]);
	free(disk.undo);
	free(disk.failing);
	empty_folder(disk.store);
	empty_folder(disk.limbo);
	rmdir(disk.store);
	rmdir(disk.limbo);
	disk = (struct disk){0};
}

void disk_dice(uint64_t seed)
{
	disk.chance.state = seed;
	threads_dice(seed ^ UINT64_C(0x7468726561647321));
}

void disk_plan(enum disk_trouble trouble, int error, unsigned nth)
{
	disk.trouble = trouble;
	disk.lies_left = 0;
	disk.error = error;
	disk.countdown = nth;
	disk.struck = false;
}

bool disk_struck(void)
{
	return disk.struck;
}

bool disk_dead(void)
{
	return disk.dead;
}

bool disk_power(void)
{
	return disk.power;
}

void disk_kill(bool power)
{
	disk.dead = true;
	disk.power = power;
}

void disk_free(uint64_t bytes)
{
	disk.free_bytes = bytes;
}

struct disk_counts disk_counts(void)
{
	disk.counts.switches = threads_switches();
	return disk.counts;
}

enum outcome disk_strikes(bool sync)
{
	threads_pause();
	if (sync)
		disk.counts.syncs++;
	else
		disk.counts.writes++;
	if (disk.dead)
		return DO_NOTHING;
	if (disk.lies_left > 0) {
		if (--disk.lies_left > 0)
			return sync ? DO_LIE : DO_IT;
		disk_kill(true);
		return DO_NOTHING;
	}
	if (disk.trouble == DISK_WELL || (disk.trouble == DISK_LIES && !sync) || disk.countdown == 0 || --disk.countdown > 0)
		return DO_IT;
	disk.struck = true;
	switch (disk.trouble) {
	case DISK_WELL:
		break;
	case DISK_DIES:
	case DISK_POWER:
		disk_kill(disk.trouble == DISK_POWER);
		return DO_NOTHING;
	case DISK_FAILS:
		return DO_NOTHING;
	case DISK_LATE:
		return DO_AND_FAIL;
	case DISK_SHORT:
		return sync ? DO_IT : DO_HALF;
	case DISK_LIES:
		disk.lies_left = 1 + (unsigned)dice(&disk.chance, 12);
		return DO_LIE;
	}
	return DO_IT;
}

/* ---- what is not on disk for certain ---- */

struct undo *disk_remember(enum undo_kind kind, ino_t file)
{
	struct undo *u;

	if (disk.undo_count == disk.undo_room) {
		disk.undo_room = disk.undo_room ? 2 * disk.undo_room : 1024;
		disk.undo = realloc(disk.undo, disk.undo_room * sizeof *disk.undo);
		if (!disk.undo)
			abort();
	}
	u = &disk.undo[disk.undo_count++];
	memset(u, 0, sizeof *u);
	u->kind = kind;
	u->file = file;
	return u;
}

static void empty_limbo(const struct undo *u)
{
	char path[400];

	if (!u->limbo[0])
		return;
	snprintf(path, sizeof path, "%s/%s", disk.limbo, u->limbo);
	syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}

void disk_forget(ino_t file, bool lied)
{
	size_t kept = 0;

	for (size_t i = 0; i < disk.undo_count; i++) {
		struct undo *u = &disk.undo[i];

		if (u->file == file && !lied && !u->stranded) {
			empty_limbo(u);
			drop_undo(u);
			continue;
		}
		u->lied |= u->file == file && lied;
		disk.undo[kept++] = *u;
	}
	disk.undo_count = kept;
}

void disk_forget_part(ino_t file, off_t at, off_t size)
{
	size_t kept = 0;

	for (size_t i = 0; i < disk.undo_count; i++) {
		struct undo *u = &disk.undo[i];

		if (u->kind == UNDO_WRITE && u->file == file && u->at < at + size && at < u->at + (off_t)u->size)
			drop_undo(u);
		else
			disk.undo[kept++] = *u;
	}
	disk.undo_count = kept;
}

/* One undo a page, so that each can be written again by itself. */
static void strand_pages(struct undo u)
{
	for (size_t done = 0, size; done < u.size; done += size) {
		size_t room = PAGE - (size_t)(u.at + (off_t)done) % PAGE;
		struct undo *page = disk_remember(UNDO_WRITE, u.file);

		size = u.size - done < room ? u.size - done : room;
		page->lied = u.lied;
		page->stranded = true;
		page->at = u.at + (off_t)done;
		page->size = size;
		page->length = u.length;
		page->had = u.had < done ? 0 : u.had - done < size ? u.had - done : size;
		page->before = malloc(size);
		memcpy(page->before, u.before + done, page->had);
	}
	drop_undo(&u);
}

static struct failing *failing_of(ino_t file)
{
	for (size_t i = 0; i < disk.failing_count; i++)
		if (disk.failing[i].file == file)
			return &disk.failing[i];
	return NULL;
}

unsigned disk_failed(ino_t file)
{
	const struct failing *f = failing_of(file);

	return f ? f->count : 0;
}

static void count_failure(ino_t file)
{
	struct failing *f = failing_of(file);

	if (!f) {
		disk.failing = realloc(disk.failing, (disk.failing_count + 1) * sizeof *disk.failing);
		if (!disk.failing)
			abort();
		f = &disk.failing[disk.failing_count++];
		*f = (struct failing){.file = file};
	}
	f->count++;
}

void disk_strand(ino_t file)
{
	struct undo *all = disk.undo;
	size_t count = disk.undo_count;

	count_failure(file);
	disk.undo = NULL;
	disk.undo_count = disk.undo_room = 0;
	for (size_t i = 0; i < count; i++)
		if (all[i].kind == UNDO_WRITE && all[i].file == file && !all[i].stranded)
			strand_pages(all[i]);
		else
			*disk_remember(all[i].kind, all[i].file) = all[i];
	free(all);
}

void disk_dirty(ino_t file, off_t at, size_t size)
{
	off_t from = at / PAGE * PAGE, to = (at + (off_t)size + PAGE - 1) / PAGE * PAGE;

	for (size_t i = 0; i < disk.undo_count; i++) {
		struct undo *u = &disk.undo[i];

		if (u->stranded && u->file == file && u->at < to && from < u->at + (off_t)u->size)
			u->stranded = false;
	}
}

void disk_to_limbo(int folder, const char *name, char limbo[static NAME_ROOM])
{
	char path[400];

	snprintf(limbo, NAME_ROOM, "%u", ++disk.removed);
	snprintf(path, sizeof path, "%s/%s", disk.limbo, limbo);
	if (syscall(SYS_renameat2, folder, name, AT_FDCWD, path, 0) != 0)
		limbo[0] = '\0';
}

/* A file by its number, wherever it is now; -1: it is gone. */
static int open_file(ino_t wanted)
{
	const char *folders[] = {disk.store, disk.limbo};
	int fd = -1;

	for (unsigned i = 0; i < 2 && fd < 0; i++) {
		DIR *folder = opendir(folders[i]);
		struct dirent *entry;

		while (folder && fd < 0 && (entry = readdir(folder)))
			if (entry->d_ino == wanted)
				fd = real_openat(dirfd(folder), entry->d_name, O_RDWR);
		if (folder)
			closedir(folder);
	}
	return fd;
}

static void take_back_write(struct undo *u, int fd)
{
	uint64_t coin = dice(&disk.chance, 3);
	size_t from = coin == 0 ? 0 : coin == 1 ? u->size : (size_t)dice(&disk.chance, u->size / SECTOR + 1) * SECTOR;
	static uint8_t none[1 << 16];

	if (from >= u->size)
		return;
	if (from > 0)
		disk.counts.torn++;
	else
		disk.counts.lost++;
	if (from < u->had)
		syscall(SYS_pwrite64, fd, u->before + from, u->had - from, u->at + (off_t)from);
	/* what was new is cut off, or its room was there already and stays empty */
	if (u->had < u->size) {
		size_t first = from > u->had ? from : u->had;

		if (u->at + (off_t)u->had >= u->length && one_in(&disk.chance, 2))
			syscall(SYS_ftruncate, fd, u->at + (off_t)first);
		for (size_t at = first; at < u->size; at += sizeof none)
			syscall(SYS_pwrite64, fd, none, u->size - at < sizeof none ? u->size - at : sizeof none, u->at + (off_t)at);
	}
}

static void take_back_length(struct undo *u, int fd)
{
	if (one_in(&disk.chance, 2))
		return;
	disk.counts.lost++;
	syscall(SYS_ftruncate, fd, u->length);
	if (u->had)
		syscall(SYS_pwrite64, fd, u->before, u->had, u->at);
}

static void take_back_name(struct undo *u, int folder)
{
	char limbo[400];

	snprintf(limbo, sizeof limbo, "%s/%s", disk.limbo, u->limbo);
	if (one_in(&disk.chance, 2)) {
		empty_limbo(u);
		return;
	}
	disk.counts.lost++;
	if (u->kind == UNDO_CREATE)
		syscall(SYS_unlinkat, folder, u->name, 0);
	if (u->kind == UNDO_RENAME)
		syscall(SYS_renameat2, folder, u->to, folder, u->name, 0);
	if (u->limbo[0])
		syscall(SYS_renameat2, AT_FDCWD, limbo, folder, u->kind == UNDO_RENAME ? u->to : u->name, 0);
}

static void take_back(struct undo *u)
{
	int fd = u->kind >= UNDO_CREATE ? real_openat(AT_FDCWD, disk.store, O_RDONLY | O_DIRECTORY) : open_file(u->file);

	if (fd < 0)
		return;
	switch (u->kind) {
	case UNDO_WRITE:
		take_back_write(u, fd);
		break;
	case UNDO_LENGTH:
		take_back_length(u, fd);
		break;
	case UNDO_CREATE:
	case UNDO_RENAME:
	case UNDO_REMOVE:
		take_back_name(u, fd);
		break;
	}
	syscall(SYS_close, fd);
}

bool disk_restart(void)
{
	bool lied = false;

	if (disk.power) {
		disk.boots++;
		while (disk.undo_count > 0) {
			struct undo *u = &disk.undo[--disk.undo_count];

			lied |= u->lied;
			take_back(u);
			drop_undo(u);
		}
		empty_folder(disk.limbo);
	}
	disk.dead = disk.power = disk.struck = false;
	disk.trouble = DISK_WELL;
	disk.lies_left = 0;
	return lied;
}
