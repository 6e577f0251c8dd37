/* disk_parts.h - what the two halves of disk.h share: taking in a trace, and making states of it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_POWERCUT_DISK_PARTS_H
#define TESTS_POWERCUT_DISK_PARTS_H

#include "tests/powercut/disk.h"

enum { SECTOR = 512, PAGE = 4096, NAME_SIZE = 48, NAMES_MAX = 32, SYNCS_MAX = 16 };

/* A change to a file that is on its way. */
struct op {
	uint64_t time;        /* the record's number */
	uint64_t at, size;    /* bytes that it changes; size 0: none */
	const uint8_t *bytes; /* NULL: to zeroes, which is what a cut end leaves when it grows again */
	uint64_t file_size;   /* afterwards */
	uint32_t mode;        /* afterwards */
};

struct file {
	struct file *next;
	uint64_t inode;
	uint8_t *certain;     /* zeroes from certain_size on */
	size_t certain_room;
	uint64_t certain_size, size;
	uint32_t certain_mode, mode;
	struct op *ops;       /* in order */
	size_t op_count, op_room;
};

enum name_kind { NAME_MADE, NAME_LINKED, NAME_RENAMED, NAME_UNLINKED };

struct name_op {
	enum name_kind kind;
	uint64_t time;
	char name[NAME_SIZE], to[NAME_SIZE];
	struct file *file;
};

struct names {
	struct {
		char name[NAME_SIZE];
		struct file *file;
	} list[NAMES_MAX];
	size_t count;
};

struct disk {
	uint64_t time;        /* records taken in */
	struct file *files;   /* newest first; those without a name as well */
	struct names certain, now;
	struct name_op *name_ops;
	size_t name_count, name_room;
	bool made, made_certain;
	struct {
		uint64_t number, time;
	} syncs[SYNCS_MAX];   /* that have begun */
};

void certain_room(struct file *, size_t size);
void op_apply(const struct op *, uint8_t *bytes, uint64_t from, uint64_t until);
struct file **names_find(struct names *, const char *name);
void names_apply(struct names *, const struct name_op *);

#endif
