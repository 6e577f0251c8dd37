/* spool_file.h - inside libattend: the files of a spool, byte by byte.
 *
 *   file     0                16             24          32
 *            | "attend spool 1\n\0" | first number | checksum | records ...
 *
 *   record   0    3     4      8        16         24   40        41     42       44    48    52     56
 *            | A7 7D 52 | kind | parts | number | since | id | command | lane | status | note | body | reply |
 *            | lane | note | body | reply | checksum (8)
 *
 * Integers are big-endian; `parts` is the size of what follows the head, without the checksum; since is
 * in milliseconds of 1970. A checksum is SipHash-2-4 under a key that everybody knows: it finds
 * damage, not malice.
 *
 * After each fdatasync a PROMISED record is written whose number is how far the file was then on
 * disk. So what can't be read is told apart: before a promise it is damage; at a file's end
 * and after the last promise it is a write that was cut short, and nobody was told of it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_SPOOL_FILE_H
#define CLIENT_SPOOL_FILE_H

#include <sys/types.h>

#include "proto/bytes.h"
#include "proto/ids.h"

enum { SPOOL_HEADER = 32, SPOOL_RECORD_HEAD = 56, SPOOL_RECORD_MAX = 16 << 20 };

enum spooled_kind {
	SPOOLED_KEPT = 1,     /* a submission that waits: lane, note, body */
	SPOOLED_ANSWERED = 2, /* of a number: it waits no more */
	SPOOLED_PROMISED = 3, /* the file was on disk up to the byte `number` */
	SPOOLED_REFUSED = 4,  /* as kept, with the reply: rows of it were refused */
};

struct spooled {
	enum spooled_kind kind;
	uint64_t number, since_ms;
	uint8_t id[UUID_SIZE];
	uint8_t command;
	uint16_t status;
	struct slice lane, note, body, reply;
};

/* A file that records are put at the end of. */
struct spool_file {
	int fd;           /* -1: none */
	uint64_t size;
	uint64_t synced;  /* bytes that are on disk */
	int failed;       /* errno of a sync: what is on disk can't be known any more, and no more is taken */
};

/* Makes a file of this name, whole and on disk before it has the name. 0 or an errno. */
int spool_file_create(struct spool_file *, int dir, const char *name, uint64_t first);
/* What can't be written whole is taken back. 0 or an errno. */
int spool_file_append(struct spool_file *, const struct spooled *);
int spool_file_sync(struct spool_file *);
void spool_file_close(struct spool_file *);

/* How reading a file through ended. */
enum spool_read {
	SPOOL_READ,       /* to its end */
	SPOOL_READ_TORN,  /* a write that was cut short begins at `*end` */
	SPOOL_READ_DAMAGED, /* what was promised can't be read from `*end` on */
	SPOOL_READ_FAILED, /* errno */
};
/* Each record from the first on, promises left out; false ends it. */
typedef bool spooled_each(void *context, const struct spooled *);
/* `first`: what its header must say. A file that is still written to may end torn (`last`). */
enum spool_read spool_file_read(int dir, const char *name, uint64_t first, bool last, spooled_each *, void *context,
                                uint64_t *end);

/* The record at `at`, its bytes in a room of its own to be freed. 0: its size is in `*size`; EBADMSG: it is
 * damaged; ENODATA: there is none. */
int spool_file_record(int fd, uint64_t at, uint8_t **room, struct spooled *, uint64_t *size);

#endif
