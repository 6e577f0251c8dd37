/* redo.c - writing the redo log.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/crc32c.h"
#include "store/redo_parts.h"

enum {
	SIZE_DEFAULT = 4 << 20,       /* of each file */
	COMMITS_MAX = 64,             /* until the next sync: each keeps pages from being used again */
};

struct redo {
	int fd[2], header_fd[2];      /* of its own: the kernel tells of a sync that failed once a description, to whoever asks first */
	size_t size, header_room, page;
	char boot[REDO_BOOT_SIZE];
	uint64_t generation;          /* of the records that are written now */
	uint64_t transaction;         /* that is being committed */
	size_t used;                  /* of their file */
	unsigned commits;             /* in it */
	MDB_txn *pin, *next_pin;      /* as of the newest header, and of the one that is under way */
	_Atomic uint64_t pinned[2];
	/* What the open transaction wrote. */
	uint8_t *record;
	size_t record_used, record_room;
	bool too_large;
	/* The sync under way. */
	struct store *store;
	uint8_t *header;
	pthread_t settler;
	bool settling, in_thread;
	_Atomic bool settled;
	int code;
	_Atomic bool condemned;       /* data.mdb could not be synced: nothing goes on */
};

/* ---- what a transaction wrote ---- */

static bool record_room(struct redo *r, size_t size)
{
	size_t room = r->record_room ? r->record_room : 64 << 10;
	uint8_t *bytes;

	if (size > r->size - r->header_room)
		return false;
	if (size <= r->record_room)
		return true;
	while (room < size)
		room *= 2;
	bytes = realloc(r->record, room);
	if (!bytes)
		return false;
	r->record = bytes;
	r->record_room = room;
	return true;
}

void redo_note(struct store *store, enum redo_op op, enum table table, MDB_val key, MDB_val stored)
{
	struct redo *r = store->redo;
	size_t start, size = OP_HEAD_SIZE + key.mv_size + stored.mv_size;
	struct writer w;

	if (!r || r->too_large)
		return;
	start = r->record_used ? r->record_used : RECORD_HEAD_SIZE;
	if (!record_room(r, start + size + RECORD_SUM_SIZE)) {
		r->too_large = true;
		return;
	}
	w = writer_of(r->record + start, size);
	write_u8(&w, (uint8_t)op);
	write_u8(&w, (uint8_t)table);
	write_u16(&w, (uint16_t)key.mv_size);
	write_u32(&w, (uint32_t)stored.mv_size);
	write_bytes(&w, key.mv_data, key.mv_size);
	write_bytes(&w, stored.mv_data, stored.mv_size);
	assert(!w.full);
	r->record_used = start + size;
}

void redo_forget(struct store *store)
{
	if (store->redo) {
		store->redo->record_used = 0;
		store->redo->too_large = false;
	}
}

/* ---- data.mdb as a whole ---- */

static void unpin(MDB_txn **pin)
{
	if (*pin)
		mdb_txn_abort(*pin);
	*pin = NULL;
}

/* The header of the next generation, as of the last commit, and its pin. No other writer is about. */
static int prepare(struct redo *r)
{
	struct writer w = writer_of(r->header, REDO_HEAD_SIZE);
	size_t size = REDO_HEAD_SIZE + 2 * r->page;
	int fd, code = mdb_txn_begin(r->store->env, NULL, MDB_RDONLY, &r->next_pin);

	if (code != 0)
		return code;
	r->pinned[1] = mdb_txn_id(r->next_pin);
	write_bytes(&w, redo_magic, sizeof(redo_magic));
	write_u32(&w, REDO_VERSION);
	write_u32(&w, (uint32_t)r->page);
	write_u64(&w, r->generation + 1);
	write_u64(&w, mdb_txn_id(r->next_pin));
	write_bytes(&w, r->boot, sizeof(r->boot));
	mdb_env_get_fd(r->store->env, &fd);
	if (pread(fd, r->header + REDO_HEAD_SIZE, 2 * r->page, 0) != (ssize_t)(2 * r->page)) {
		unpin(&r->next_pin);
		return EIO;
	}
	crypto_shorthash_siphash24(r->header + size, r->header, size, r->store->check_key);
	return 0;
}

/* Once data.mdb is on disk as the header says, the header may be. */
static void *settle(void *context)
{
	struct redo *r = context;
	int fd = r->header_fd[r->generation & 1];
	size_t size = REDO_HEAD_SIZE + 2 * r->page + CHECK_SIZE;

	r->code = mdb_env_sync(r->store->env, 1);
	if (r->code == 0 && (pwrite(fd, r->header, size, 0) != (ssize_t)size || fdatasync(fd) != 0))
		r->code = errno ? errno : EIO;
	r->settled = true;
	return NULL;
}

/* Takes what became of the sync under way, if `wait` or it has ended. */
static enum store_result collect(struct redo *r, bool wait)
{
	if (r->settling && (wait || r->settled)) {
		if (r->in_thread)
			pthread_join(r->settler, NULL);
		r->settling = false;
		/* What could not be synced may be gone from the page cache as well, unseen. */
		r->condemned = r->code != 0;
		if (!r->condemned) {
			unpin(&r->pin);
			r->pin = r->next_pin;
			r->next_pin = NULL;
			r->pinned[0] = r->pinned[1];
			r->pinned[1] = 0;
		}
	}
	return redo_sound(r->store);
}

enum store_result redo_sound(struct store *store)
{
	if (!store->redo || !store->redo->condemned)
		return STORE_OK;
	return store_fail(STORE_UNKNOWN, "data.mdb could not be synced: %s; what stands can't be known before the store is opened again",
	                  mdb_strerror(store->redo->code));
}

/* Signals are the caller's: none is taken in the thread. */
static bool start_settler(struct redo *r)
{
	sigset_t all, before;
	bool started;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	started = pthread_create(&r->settler, NULL, settle, r) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return started;
}

/* Records go on in the other file, at once; its header follows when data.mdb is synced. */
static enum store_result turn_over(struct redo *r, bool wait)
{
	enum store_result result = collect(r, true);
	int code = result == STORE_OK ? prepare(r) : 0;

	if (result != STORE_OK || code != 0)
		return code ? store_fail_mdb(code, "turn over the redo log") : result;
	r->settling = true;
	r->in_thread = false;
	r->settled = false;
	r->generation++;
	r->used = r->header_room;
	r->commits = 0;
	if (!wait)
		r->in_thread = start_settler(r);
	if (!r->in_thread)
		settle(r);
	return collect(r, wait);
}

/* ---- a commit ---- */

/* Where the map is more than half used, no page is kept from being used again for longer than by LMDB. */
static bool is_narrow(const struct redo *r)
{
	MDB_envinfo info;

	return mdb_env_info(r->store->env, &info) == 0 && info.me_last_pgno > info.me_mapsize / r->page / 2;
}

enum store_result redo_relieve(struct store *store)
{
	return store->redo && store->redo->commits ? turn_over(store->redo, true) : STORE_OK;
}

enum store_result redo_before_commit(struct store *store, MDB_txn *mdb)
{
	struct redo *r = store->redo;
	enum store_result result = r ? collect(r, false) : STORE_OK;

	if (!r || result != STORE_OK || !r->record_used || r->too_large)
		return result;
	r->transaction = mdb_txn_id(mdb);
	if (is_narrow(r))
		return redo_relieve(store);
	if (r->used + r->record_used + RECORD_SUM_SIZE <= r->size && (r->commits < COMMITS_MAX || r->settling))
		return STORE_OK;
	return turn_over(r, false);
}

static bool write_record(struct redo *r)
{
	int fd = r->fd[r->generation & 1];
	struct writer w = writer_of(r->record, RECORD_HEAD_SIZE);
	size_t size = r->record_used + RECORD_SUM_SIZE;

	write_u64(&w, r->generation);
	write_u64(&w, r->transaction);
	write_u32(&w, (uint32_t)(r->record_used - RECORD_HEAD_SIZE));
	w = writer_of(r->record + r->record_used, RECORD_SUM_SIZE);
	write_u32(&w, crc32c(slice_of(r->record, r->record_used)));
	return pwrite(fd, r->record, size, (off_t)r->used) == (ssize_t)size && fdatasync(fd) == 0;
}

enum store_result redo_after_commit(struct store *store)
{
	struct redo *r = store->redo;

	if (!r || (!r->record_used && !r->too_large))
		return STORE_OK;
	if (!r->too_large && write_record(r)) {
		r->used += r->record_used + RECORD_SUM_SIZE;
		r->commits++;
		return STORE_OK;
	}
	/* What the log has no room for, or could not be written to it, is on disk when data.mdb is. */
	if (turn_over(r, true) != STORE_OK)
		r->condemned = true;
	return redo_sound(store);
}

void redo_pins(struct store *store, uint64_t transactions[static 2])
{
	for (unsigned i = 0; i < 2; i++)
		transactions[i] = store->redo ? store->redo->pinned[i] : 0;
}

/* ---- begin and end ---- */

static void free_redo(struct redo **at)
{
	struct redo *r = *at;

	*at = NULL;
	unpin(&r->pin);
	unpin(&r->next_pin);
	for (unsigned i = 0; i < 2; i++) {
		if (r->fd[i] >= 0)
			close(r->fd[i]);
		if (r->header_fd[i] >= 0)
			close(r->header_fd[i]);
	}
	if (r->record)
		sodium_memzero(r->record, r->record_room);
	free(r->record);
	free(r->header);
	free(r);
}

/* The files get their names when the first header is on disk: one that has a name and no good header
 * is damaged. */
static bool create_files(struct store *store, struct redo *r)
{
	for (unsigned i = 0; i < 2; i++) {
		r->fd[i] = openat(store->dir_fd, redo_new_names[i], O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (r->fd[i] < 0 || posix_fallocate(r->fd[i], 0, (off_t)r->size) != 0 || fsync(r->fd[i]) != 0)
			return false;
		r->header_fd[i] = openat(store->dir_fd, redo_new_names[i], O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
		if (r->header_fd[i] < 0)
			return false;
	}
	return true;
}

static bool name_files(struct store *store)
{
	for (unsigned i = 0; i < 2; i++)
		if (renameat(store->dir_fd, redo_new_names[i], store->dir_fd, redo_names[i]) != 0)
			return false;
	return fsync(store->dir_fd) == 0;
}

enum store_result redo_start(struct store *store, const struct store_options *options)
{
	struct redo *r = calloc(1, sizeof(*r));
	enum store_result result = STORE_OK;
	MDB_stat stat;

	if (!r || mdb_env_stat(store->env, &stat) != 0 || stat.ms_psize > REDO_PAGE_MAX) {
		free(r);
		return STORE_OK;
	}
	r->store = store;
	r->page = stat.ms_psize;
	r->header_room = redo_header_room(r->page);
	r->size = options->redo_size ? r->header_room + options->redo_size : SIZE_DEFAULT;
	r->fd[0] = r->fd[1] = r->header_fd[0] = r->header_fd[1] = -1;
	r->header = calloc(1, r->header_room);
	redo_boot(options, r->boot);
	store->redo = r;
	if (r->header && create_files(store, r) && (result = turn_over(r, true)) == STORE_OK && name_files(store) &&
	    mdb_env_set_flags(store->env, MDB_NOSYNC, 1) == 0)
		return STORE_OK;
	free_redo(&store->redo);
	/* Whatever has a name on the disk must lose it before LMDB commits by itself. */
	return result == STORE_OK ? redo_remove(store) : result;
}

void redo_end(struct store *store)
{
	struct redo *r = store->redo;

	if (!r)
		return;
	if (collect(r, true) == STORE_OK && mdb_env_sync(store->env, 1) == 0)
		redo_remove(store);
	free_redo(&store->redo);
}
