/* gather.c - transactions that are gathered in memory, and the thread that commits
 * them behind the caller's back.
 *
 * What a put or delete says is kept in the order in which it came, in one arena, and
 * found again through a table of chains, the newest first. There are two such
 * heaps: while the thread commits one, the caller fills the other and reads, in
 * this order, its own, that one, and a snapshot of the store taken at any time since
 * that one was handed over: whether or not it stands in the snapshot, the answer is the same.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "store/store_parts.h"

enum {
	CHAINS = 16 * 1024,
	ARENA_MAX = 16 << 20,         /* settled from here on: a sweep of all pupils is no matter for memory */
};

struct written {
	uint32_t before;              /* in its chain: index + 1 */
	uint8_t table;
	bool deleted;
	uint16_t key_size;
	uint32_t value_size;
	size_t at;                    /* the key in the arena; the value follows it */
};

struct gathered {
	uint8_t *arena;
	size_t used, room;
	struct written *list;
	size_t count, list_room;
	uint32_t chains[CHAINS];      /* index + 1 of the newest */
};

enum stage { IDLE, HANDED, DONE };

struct behind {
	struct store *store;
	pthread_t thread;
	bool started, end;
	pthread_mutex_t lock;
	pthread_cond_t handed, done;
	_Atomic int stage;            /* changes under the lock */
	int told;                     /* eventfd: readable while it is DONE */
	struct gathered two[2], *work;
	enum store_result (*finish)(void *context, struct txn *);
	void *context;
	enum store_result result;
	char why[400];
};

/* ---- one heap ---- */

static uint32_t *chain_of(struct gathered *g, enum table table, struct slice key)
{
	uint64_t hash = table + 1;

	for (size_t i = 0; i < key.size; i++)
		hash = (hash ^ key.bytes[i]) * 0x100000001b3u;
	return &g->chains[(hash ^ hash >> 29) % CHAINS];
}

static const struct written *find(struct gathered *g, enum table table, struct slice key)
{
	for (uint32_t n = *chain_of(g, table, key); n; n = g->list[n - 1].before) {
		const struct written *w = &g->list[n - 1];

		if (w->table == table && w->key_size == key.size && !memcmp(g->arena + w->at, key.bytes, key.size))
			return w;
	}
	return NULL;
}

/* `old`: an arena that was outgrown, to be freed when nothing of it is read any more:
 * what is written next may have been read from it. */
static bool make_room(struct gathered *g, size_t size, uint8_t **old)
{
	*old = NULL;
	if (g->count == g->list_room) {
		size_t room = g->list_room ? 2 * g->list_room : 4096;
		struct written *list = realloc(g->list, room * sizeof(*list));

		if (!list)
			return false;
		g->list = list;
		g->list_room = room;
	}
	if (g->used + size > g->room) {
		size_t room = (g->used + size) * 2;
		uint8_t *arena = malloc(room);

		if (!arena)
			return false;
		if (g->used)
			memcpy(arena, g->arena, g->used);
		*old = g->arena;
		g->arena = arena;
		g->room = room;
	}
	return true;
}

static bool keep(struct gathered *g, enum table table, struct slice key, const struct slice *value)
{
	size_t size = key.size + (value ? value->size : 0);
	uint8_t *old;
	uint32_t *chain;

	if (!make_room(g, size, &old))
		return false;
	chain = chain_of(g, table, key);
	g->list[g->count] = (struct written){ *chain, (uint8_t)table, !value, (uint16_t)key.size,
	                                      value ? (uint32_t)value->size : 0, g->used };
	memcpy(g->arena + g->used, key.bytes, key.size);
	if (value && value->size)
		memcpy(g->arena + g->used + key.size, value->bytes, value->size);
	g->used += size;
	*chain = (uint32_t)++g->count;
	free(old);
	return true;
}

static void empty(struct gathered *g)
{
	g->used = g->count = 0;
	memset(g->chains, 0, sizeof(g->chains));
}

static enum store_result write_out(const struct gathered *g, struct txn *txn)
{
	enum store_result result = STORE_OK;

	for (size_t i = 0; i < g->count && result == STORE_OK; i++) {
		const struct written *w = &g->list[i];
		struct slice key = slice_of(g->arena + w->at, w->key_size);

		if (!w->deleted)
			result = store_put(txn, w->table, key, slice_of(g->arena + w->at + w->key_size, w->value_size));
		else if ((result = store_delete(txn, w->table, key)) == STORE_NONE)
			result = STORE_OK;
	}
	return result;
}

/* ---- the thread ---- */

static enum store_result commit_now(struct behind *b)
{
	struct txn writer = { .store = b->store, .write = true, .behind = true }, *txn = &writer;
	int code = mdb_txn_begin(b->store->env, NULL, 0, &writer.mdb);
	enum store_result result;

	if (code != 0)
		return store_fail_mdb(code, "begin to write");
	result = write_out(b->work, txn);
	if (result == STORE_OK)
		result = b->finish(b->context, txn);
	if (result == STORE_OK)
		return store_commit(&txn);
	store_abort(&txn);
	return result;
}

static void *run(void *context)
{
	struct behind *b = context;

	pthread_mutex_lock(&b->lock);
	for (;;) {
		while (b->stage != HANDED && !b->end)
			pthread_cond_wait(&b->handed, &b->lock);
		if (b->stage != HANDED)
			break;
		pthread_mutex_unlock(&b->lock);
		b->result = commit_now(b);
		if (b->result != STORE_OK)
			snprintf(b->why, sizeof(b->why), "%s", store_why(b->store));
		pthread_mutex_lock(&b->lock);
		b->stage = DONE;
		eventfd_write(b->told, 1);
		pthread_cond_signal(&b->done);
	}
	pthread_mutex_unlock(&b->lock);
	return NULL;
}

static struct behind *behind_of(struct store *store)
{
	struct behind *b = store->behind ? store->behind : calloc(1, sizeof(*b));

	if (!b || store->behind)
		return b;
	b->store = store;
	b->told = -1;
	pthread_mutex_init(&b->lock, NULL);
	pthread_cond_init(&b->handed, NULL);
	pthread_cond_init(&b->done, NULL);
	store->behind = b;
	return b;
}

/* Signals are the caller's: none is taken in the thread. */
static bool start(struct behind *b)
{
	sigset_t all, before;

	if (b->started)
		return true;
	if (b->told < 0)
		b->told = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (b->told < 0)
		return false;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	b->started = pthread_create(&b->thread, NULL, run, b) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return b->started;
}

/* What became of the one behind; waits for it. */
static enum store_result await(struct behind *b)
{
	if (b->stage == IDLE)
		return STORE_OK;
	pthread_mutex_lock(&b->lock);
	while (b->stage != DONE)
		pthread_cond_wait(&b->done, &b->lock);
	pthread_mutex_unlock(&b->lock);
	return b->result == STORE_OK ? STORE_OK : store_fail(b->result, "%s", b->why);
}

void behind_close(struct store *store)
{
	struct behind *b = store->behind;

	store->behind = NULL;
	if (!b)
		return;
	await(b);
	if (b->started) {
		pthread_mutex_lock(&b->lock);
		b->end = true;
		pthread_cond_signal(&b->handed);
		pthread_mutex_unlock(&b->lock);
		pthread_join(b->thread, NULL);
	}
	pthread_cond_destroy(&b->done);
	pthread_cond_destroy(&b->handed);
	pthread_mutex_destroy(&b->lock);
	if (b->told >= 0)
		close(b->told);
	for (unsigned i = 0; i < 2; i++) {
		free(b->two[i].arena);
		free(b->two[i].list);
	}
	free(b);
}

/* ---- transactions ---- */

enum store_result store_begin_gathering(struct store *store, struct txn **out)
{
	struct behind *b = behind_of(store);
	struct gathered *g;

	*out = NULL;
	if (store->mode == STORE_READ)
		return store_fail(STORE_FAILED, "the store is open for reading only");
	if (store->writing)
		return store_fail(STORE_FAILED, "a write transaction is open already");
	if (!b)
		return store_fail(STORE_FAILED, "no memory for a transaction");
	g = b->stage != IDLE && b->work == &b->two[0] ? &b->two[1] : &b->two[0];
	empty(g);
	store->writer = (struct txn){ .store = store, .write = true, .gathered = g,
	                              .under = b->stage != IDLE ? b->work : NULL };
	store->writing = true;
	*out = &store->writer;
	return STORE_OK;
}

static bool take(struct gathered *g, enum table table, struct slice key, struct slice *value, enum store_result *result)
{
	const struct written *w = g ? find(g, table, key) : NULL;

	if (!w)
		return false;
	*result = w->deleted ? STORE_NONE : STORE_OK;
	if (!w->deleted)
		*value = slice_of(g->arena + w->at + w->key_size, w->value_size);
	return true;
}

enum store_result gathered_get(struct txn *txn, enum table table, struct slice key, struct slice *value)
{
	enum store_result result = STORE_OK;

	if (take(txn->gathered, table, key, value, &result) || take(txn->under, table, key, value, &result))
		return result;
	if (!txn->snapshot)
		result = store_begin(txn->store, false, &txn->snapshot);
	return store_looked(txn, result == STORE_OK ? store_get(txn->snapshot, table, key, value) : result);
}

enum store_result gathered_write(struct txn *txn, enum table table, struct slice key, const struct slice *value)
{
	struct slice there;

	if (txn->gathered->used > ARENA_MAX) {
		enum store_result result = store_settle(txn);

		if (result != STORE_OK)
			return result;
		return value ? store_put(txn, table, key, *value) : store_delete(txn, table, key);
	}
	if (txn->spoilt == STORE_OK && !value) {
		enum store_result result = gathered_get(txn, table, key, &there);

		if (result != STORE_OK)
			return result;
	}
	if (txn->spoilt == STORE_OK && (key.size < 1 || key.size > STORE_KEY_MAX))
		txn->spoilt = store_fail_mdb(MDB_BAD_VALSIZE, table_text(table));
	if (txn->spoilt == STORE_OK && !keep(txn->gathered, table, key, value))
		txn->spoilt = store_fail(STORE_FAILED, "no memory for what is to be written");
	return txn->spoilt;
}

enum store_result store_settle(struct txn *txn)
{
	struct gathered *g = txn->gathered;
	struct behind *b = txn->store->behind;
	int code;

	if (!g || txn->spoilt != STORE_OK)
		return txn->spoilt;
	txn->spoilt = await(b);
	if (txn->spoilt != STORE_OK)
		return txn->spoilt;
	/* It stands in the store, and will be older than that before it is joined. */
	if (b->stage != IDLE)
		empty(b->work);
	code = mdb_txn_begin(txn->store->env, NULL, 0, &txn->mdb);
	if (code != 0) {
		txn->mdb = NULL;
		txn->spoilt = store_fail_mdb(code, "begin to write");
		return txn->spoilt;
	}
	txn->gathered = NULL;
	return write_out(g, txn);
}

void gathered_drop(struct txn *txn)
{
	store_abort(&txn->snapshot);
	txn->gathered = txn->under = NULL;
}

bool store_commit_behind(struct txn **out, enum store_result (*finish)(void *context, struct txn *), void *context)
{
	struct txn *txn = *out;
	struct behind *b = txn->store->behind;

	if (!txn->gathered || txn->spoilt != STORE_OK || txn->trouble != STORE_OK || b->stage != IDLE || !start(b))
		return false;
	*out = NULL;
	b->work = txn->gathered;
	b->finish = finish;
	b->context = context;
	gathered_drop(txn);
	txn->store->writing = false;
	pthread_mutex_lock(&b->lock);
	b->stage = HANDED;
	pthread_cond_signal(&b->handed);
	pthread_mutex_unlock(&b->lock);
	return true;
}

bool store_behind(const struct store *store)
{
	return store->behind && store->behind->stage != IDLE;
}

bool store_behind_done(const struct store *store)
{
	return store->behind && store->behind->stage == DONE;
}

int store_behind_fd(const struct store *store)
{
	return store->behind ? store->behind->told : -1;
}

enum store_result store_join(struct store *store)
{
	enum store_result result = store->behind ? await(store->behind) : STORE_OK;
	eventfd_t count;

	if (store_behind(store)) {
		eventfd_read(store->behind->told, &count);
		store->behind->stage = IDLE;
	}
	return result;
}
