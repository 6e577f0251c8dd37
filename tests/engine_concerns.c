/* Which records concern whom: a question as of then, answered from the lists, is the answer of the whole
 * replay; the lists hold what a plain array does, however they were written and taken up; what is wrong
 * with them is found; and a store of before there were any gets them. SPDX-License-Identifier: Apache-2.0 */
#include <lmdb.h>
#include <stdio.h>

#include "daemon/concerns.h"
#include "daemon/engine_parts.h"
#include "daemon/memory.h"
#include "tests/proto_random.h"
#include "tests/random_world.h"

uint64_t draw(uint64_t bound)
{
	return random_below(bound);
}

/* ---- one pupil, as of one position, by the lists and by the whole log ---- */

static uint8_t room_a[CASE_RECORD_MAX + PEOPLE_RECORD_MAX], room_b[sizeof room_a];

static void same_bytes(const struct writer *a, const struct writer *b, const char *what, uint32_t pupil, uint64_t position)
{
	assert_false(a->full || b->full);
	if (!slice_equal(writer_slice(a), writer_slice(b)))
		fail_msg("%s of pupil %u as of %llu is not what the whole log gives", what, pupil, (unsigned long long)position);
}

static void same_people(struct state *a, struct state *b, uint64_t position)
{
	struct people *p = malloc(sizeof *p);

	for (unsigned i = 0; i < b->family.count; i++) {
		uint32_t number = b->family.pupils[i];
		struct writer x = writer_of(room_a, sizeof room_a), y = writer_of(room_b, sizeof room_b);

		pupil_encode(&x, state_pupil(a, number));
		pupil_encode(&y, state_pupil(b, number));
		same_bytes(&x, &y, "the record", number, position);
		assert_int_equal(state_pupil(a, number)->standing, state_pupil(b, number)->standing);
		x = writer_of(room_a, sizeof room_a);
		y = writer_of(room_b, sizeof room_b);
		assert_int_equal(state_people(a, number, p), STORE_OK);
		people_encode(&x, p);
		assert_int_equal(state_people(b, number, p), STORE_OK);
		people_encode(&y, p);
		same_bytes(&x, &y, "what is known", number, position);
	}
	free(p);
}

static unsigned same_cases(struct state *a, struct state *b, uint64_t position)
{
	unsigned count = 0;

	for (const struct shadow_case *sc = b->shadow_cases; sc; sc = sc->next) {
		struct writer x = writer_of(room_a, sizeof room_a), y = writer_of(room_b, sizeof room_b);

		assert_int_equal(state_case_load(a, sc->state.number, a->scratch), STORE_OK);
		case_encode(&x, a->scratch);
		case_encode(&y, &sc->state);
		same_bytes(&x, &y, "a case", sc->state.pupil, position);
		count++;
	}
	for (const struct shadow_case *sc = a->shadow_cases; sc; sc = sc->next)
		count--;
	assert_int_equal(count, 0);
	return a->shadow_cases != NULL;
}

/* How many cases were looked at, so that it can be told whether any were. */
static unsigned same_as_of(struct host *h, uint32_t pupil, uint64_t position)
{
	struct engine *e = h->engine;
	struct txn *txn = engine_read(e);
	struct concerns *lists = e->state.concerns;
	struct state *a, *b;
	unsigned cases;

	assert_non_null(lists);
	a = shadow_open(e, txn, pupil, position);
	e->state.concerns = NULL;
	b = shadow_open(e, txn, pupil, position);
	e->state.concerns = lists;
	assert_true(a && b);
	assert_int_equal(a->position, b->position);
	assert_int_equal(a->last_ms, b->last_ms);
	assert_int_equal(a->pathway_count, b->pathway_count);
	assert_int_equal(a->choice_count, b->choice_count);
	assert_int_equal(a->calendar_count, b->calendar_count);
	for (uint32_t i = 0; i < a->calendar_count; i++)
		assert_memory_equal(&a->calendars[i]->calendar, &b->calendars[i]->calendar, sizeof a->calendars[i]->calendar);
	same_people(a, b, position);
	cases = same_cases(a, b, position);
	shadow_close(&a);
	shadow_close(&b);
	engine_read_end(e, txn);
	return cases;
}

/* ---- a world in which everything happens ---- */

static struct world w;

static unsigned look_back(unsigned questions)
{
	struct host *h = &w.host;
	unsigned cases = 0;

	while (questions--)
		cases += same_as_of(h, 1 + (uint32_t)draw(host_pupils(h)), draw(4) ? draw(host_head(h) + 1) : host_head(h) - draw(8));
	return cases;
}

static uint64_t pupils_of_more_schools(void)
{
	struct key from = {.bytes = {CONCERN_ALSO_AT}, .size = 1};
	struct slice key, value;
	struct scan scan;
	struct txn *txn;
	uint64_t count = 0;

	assert_int_equal(store_begin(w.host.engine->store, false, &txn), STORE_OK);
	assert_int_equal(scan_open(&scan, txn, TABLE_CONCERNS, key_slice(&from)), STORE_OK);
	while (scan_next(&scan, &key, &value) == STORE_OK)
		count++;
	scan_close(&scan);
	store_abort(&txn);
	return count;
}

/* Two schools take the registers of one pupil, in turns. */
static void dual(uint32_t pupil, day_t day)
{
	static const char *const urns[] = {SCHOOL_URN, "100002", "100003"};
	char date[DATE_TEXT_SIZE + 1];

	day_text(date, day);
	if (day_weekday(day) <= FRIDAY)
		host_ask(&w.host, OFFICER, COMMAND_MARKS, "{'urn':'%s','registers':[['%s','AM',[['%s','%s']]]]}", urns[draw(3)], date,
			 w.upn[pupil], draw(3) ? "/" : "D");
}

static void as_of_is_the_replay(void **context)
{
	unsigned cases = 0, crashes = 0;

	(void)context;
	random_start();
	world_begin(&w);
	for (unsigned step = 0; step < 90; step++) {
		world_clock(&w, w.host.now_ms + (1 + draw(60)) * 3600000);
		world_step(&w);
		for (unsigned i = 0; i < 4; i++)
			dual((uint32_t)draw(8), day_of_ms(w.host.now_ms) - (day_t)draw(20));
		cases += look_back(3);
		if (draw(8) == 0) {
			bool crash = draw(3) > 0;

			crashes += crash;
			if (crash)
				host_crash(&w.host);
			else
				host_restart(&w.host);
			cases += look_back(3);
		}
	}
	cases += look_back(100);
	printf("%llu events, %u questions with a case, %u crashes, %llu pupils of more schools than one\n",
	       (unsigned long long)host_head(&w.host), cases, crashes, (unsigned long long)pupils_of_more_schools());
	assert_true(cases > 30 && crashes > 2 && pupils_of_more_schools() > 8);
	assert_verified(&w.host);
	host_restart(&w.host);
	assert_verified(&w.host);
	world_end(&w);
}

/* ---- the lists beside plain arrays ---- */

enum { ENTRIES = 20000, IDS = 5, RANGE = 5000 };

struct entry {
	uint8_t kind;
	uint32_t id, lowest, highest;
	uint64_t position;
};

static struct entry entries[ENTRIES];

static void add(struct concerns *c, const struct entry *n)
{
	struct event *ev;

	if (n->kind == CONCERN_SCHOOL) {
		concerns_marks(c, n->id, (struct pupil_range){n->lowest, n->highest}, n->position);
		return;
	}
	ev = memory_new(sizeof *ev);
	ev->kind = EVENT_PUPIL_FACT;
	ev->pupil_fact.pupil = n->lowest;
	concerns_event(c, ev, n->position);
	free(ev);
}

static struct entry an_entry(uint64_t position)
{
	struct entry n = {.kind = draw(3) ? CONCERN_SCHOOL : CONCERN_PUPILS, .lowest = 1 + (uint32_t)draw(RANGE), .position = position};

	n.highest = n.lowest;
	n.id = n.lowest / CONCERN_GROUP;
	if (n.kind == CONCERN_SCHOOL) {
		n.highest += (uint32_t)draw(draw(9) ? 40 : RANGE);
		n.id = 100001 + (uint32_t)draw(IDS) * (uint32_t)draw(IDS); /* some much, some seldom */
	}
	return n;
}

static void same_list(const struct concerns *c, struct txn *txn, unsigned count)
{
	const struct entry like = entries[draw(count)];
	uint32_t lowest = draw(3) ? like.lowest : 1 + (uint32_t)draw(RANGE), highest = lowest + (draw(3) ? 0 : (uint32_t)draw(RANGE));
	uint64_t until = draw(2) ? UINT64_MAX : draw(entries[count - 1].position + 2);
	struct positions p = {0};
	size_t n = 0;

	assert_int_equal(concerns_of(c, txn, like.kind, like.id, lowest, highest, until, &p), STORE_OK);
	positions_order(&p);
	for (unsigned i = 0; i < count; i++) {
		const struct entry *x = &entries[i];

		if (x->kind != like.kind || x->id != like.id || x->position > until || x->lowest / CONCERN_GRAIN > highest / CONCERN_GRAIN ||
		    x->highest / CONCERN_GRAIN < lowest / CONCERN_GRAIN)
			continue;
		assert_true(n < p.count);
		assert_int_equal(p.list[n++], x->position);
	}
	assert_int_equal(n, p.count);
	positions_free(&p);
}

/* What was written may be any part of them, at any time: what comes after that is added again, as a start does. */
static void the_lists_are_plain_arrays(void **context)
{
	struct host *h = calloc(1, sizeof *h);
	struct concerns *c = concerns_new();
	static const uint8_t made[1] = {1};
	uint64_t position = 0, written = 0;
	struct txn *txn;
	unsigned starts = 0;

	(void)context;
	random_start();
	host_make(h, &(struct host_options){0});
	assert_int_equal(store_begin(h->engine->store, true, &txn), STORE_OK);
	assert_int_equal(store_put(txn, TABLE_META, slice_text("concerns"), slice_of(made, 1)), STORE_OK);
	for (struct key k = {.size = 9, .bytes = {0}}; store_delete(txn, TABLE_CONCERNS, key_slice(&k)) == STORE_OK;)
		continue; /* the store's own: of its pathway */
	for (unsigned i = 0; i < ENTRIES; i++) {
		position += 1 + draw(draw(4) ? 3 : draw(50) ? 300 : UINT64_C(1) << 40);
		entries[i] = an_entry(position);
		add(c, &entries[i]);
		add(c, &entries[draw(i + 1)]); /* one that is there: nothing is done */
		if (draw(40) == 0) {
			uint32_t from = (uint32_t)draw(concerns_count(c) + 1), to = from + (uint32_t)draw(8);

			if (draw(20) == 0) { /* all: nothing is missing up to here */
				from = 0;
				to = UINT32_MAX;
				written = position;
			}
			assert_int_equal(concerns_write(c, txn, from, to), STORE_OK);
			same_list(c, txn, i + 1);
		}
		if (draw(700) == 0) {
			concerns_free(&c);
			c = concerns_new();
			assert_int_equal(concerns_load(c, txn), STORE_OK);
			for (unsigned n = 0; n <= i; n++)
				if (entries[n].position > written)
					add(c, &entries[n]);
			starts++;
			for (unsigned n = 0; n < 10; n++)
				same_list(c, txn, i + 1);
		}
	}
	for (unsigned n = 0; n < 200; n++)
		same_list(c, txn, ENTRIES);
	assert_true(starts > 10);
	concerns_free(&c);
	store_abort(&txn);
	host_end(h);
	free(h);
}

/* ---- what is wrong, and what is missing ---- */

static struct host h;
static char upn[UPN_SIZE + 1];

/* 300 registers of one school, so that a chunk is full, one of another, and a calendar. */
static void fill(void)
{
	host_make(&h, &(struct host_options){.start = "2027-07-20T15:30:00Z"});
	host_upn(upn, 1);
	assert_answer(host_ask(&h, OFFICER, COMMAND_CALENDAR, "{'rows':[['2026-09-02','2027-07-20','term','x']]}"), STATUS_OK, NULL);
	host_begin(&h);
	for (day_t day = 20699; day < 20699 + 210; day++)
		for (int pm = 0; pm < 2 && day_weekday(day) <= FRIDAY; pm++) {
			char date[DATE_TEXT_SIZE + 1];

			day_text(date, day);
			host_put(&h, OFFICER, COMMAND_MARKS, NULL, "{'urn':'%s','registers':[['%s','%s',[['%s','%s']]]]}",
				 day == 20801 ? OTHER_URN : SCHOOL_URN, date, pm ? "PM" : "AM", upn, draw(9) ? pm ? "\\" : "/" : "O");
		}
	host_commit(&h);
	host_restart(&h);
}

static void put_or_delete(const struct key *key, struct slice value)
{
	struct txn *txn;

	assert_int_equal(store_begin(h.engine->store, true, &txn), STORE_OK);
	if (value.size)
		assert_int_equal(store_put(txn, TABLE_CONCERNS, key_slice(key), value), STORE_OK);
	else
		assert_int_equal(store_delete(txn, TABLE_CONCERNS, key_slice(key)), STORE_OK);
	assert_int_equal(store_commit(&txn), STORE_OK);
}

static void found(const char *says)
{
	char *told;

	if (host_verify(&h, &told) != 1 || !strstr(told, "which records concern whom") || !strstr(told, says))
		fail_msg("wanted: %s; told: %s", says, told);
	free(told);
}

/* A row spoilt, in a copy of its value; then as it was. */
static void spoilt(const struct key *key, size_t size, int change_at, const char *says)
{
	static uint8_t was[4096], now[4096];
	struct slice value;
	struct txn *txn;
	size_t before;

	assert_int_equal(store_begin(h.engine->store, false, &txn), STORE_OK);
	assert_int_equal(store_get(txn, TABLE_CONCERNS, key_slice(key), &value), STORE_OK);
	before = value.size;
	assert_true(before <= sizeof was && size <= before);
	memcpy(was, value.bytes, before);
	memcpy(now, was, before);
	store_abort(&txn);
	if (change_at >= 0)
		now[change_at] ^= 2;
	put_or_delete(key, slice_of(now, size));
	found(says);
	put_or_delete(key, slice_of(was, before));
	assert_verified(&h);
}

static struct key row(uint8_t kind, uint32_t id, uint32_t chunk)
{
	struct key k;
	struct writer out = writer_of(k.bytes, sizeof k.bytes);

	write_u8(&out, kind);
	write_u32(&out, id);
	if (kind != CONCERN_ALSO_AT)
		write_u32(&out, chunk);
	k.size = writer_size(&out);
	return k;
}

static void what_is_wrong_is_found(void **context)
{
	struct key first = row(CONCERN_SCHOOL, 123456, 0), second = row(CONCERN_SCHOOL, 123456, 1), also = row(CONCERN_ALSO_AT, 1, 0),
		   rules = row(CONCERN_RULES, 0, 0), none = row(CONCERN_SCHOOL, 999999, 0);

	(void)context;
	random_start();
	fill();
	assert_verified(&h);
	spoilt(&first, 300, -1, "lacks an entry");
	spoilt(&second, 0, -1, "lacks an entry");
	spoilt(&second, 7, -1, "");
	spoilt(&first, 260, 100, "");
	spoilt(&rules, 0, -1, "lacks an entry");
	spoilt(&also, 8, 3, "schools of a pupil");
	spoilt(&also, 4, -1, "schools of a pupil");
	spoilt(&also, 0, -1, "schools of a pupil");
	put_or_delete(&none, slice_of("\x05\x02\x01", 3));
	found("holds what the log does not give");
	put_or_delete(&none, slice_of(NULL, 0));
	/* a chunk that is not there is no answer */
	put_or_delete(&first, slice_of(NULL, 0));
	assert_answer(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'pupil','upn':'%s','as_of':50}", upn), STATUS_DAMAGED, NULL);
	host_end(&h);
}

/* The table taken away, as a store of schema 3 has none. */
static void make_older(const char *dir)
{
	struct store_options options = {.mode = STORE_WRITE};
	struct store_key key;
	struct store *store;
	struct txn *txn;
	MDB_env *env;
	MDB_txn *mdb;
	MDB_dbi table;
	char why[300];
	struct key three = key_u32(3);

	assert_int_equal(store_key_read(dir, &key, why, sizeof why), 0);
	memcpy(options.check_key, key.check, sizeof options.check_key);
	assert_int_equal(store_open(&store, dir, &options, why, sizeof why), STORE_OK);
	assert_int_equal(store_begin(store, true, &txn), STORE_OK);
	assert_int_equal(store_put(txn, TABLE_META, slice_text("schema"), key_slice(&three)), STORE_OK);
	assert_int_equal(store_delete(txn, TABLE_META, slice_text("concerns")), STORE_OK);
	assert_int_equal(store_commit(&txn), STORE_OK);
	store_close(&store);
	assert_int_equal(mdb_env_create(&env), 0);
	assert_int_equal(mdb_env_set_maxdbs(env, TABLE_COUNT), 0);
	assert_int_equal(mdb_env_set_mapsize(env, 1 << 30), 0);
	assert_int_equal(mdb_env_open(env, dir, 0, 0600), 0);
	assert_int_equal(mdb_txn_begin(env, NULL, 0, &mdb), 0);
	assert_int_equal(mdb_dbi_open(mdb, "concerns", 0, &table), 0);
	assert_int_equal(mdb_drop(mdb, table, 1), 0);
	assert_int_equal(mdb_txn_commit(mdb), 0);
	mdb_env_close(env);
}

static char *asked_as_of(uint64_t position)
{
	return strdup(host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'marks','upn':'%s','as_of':%llu}", upn, (unsigned long long)position)->text);
}

static void an_older_store_gets_them(void **context)
{
	struct engine_options options = {.dir = h.dir, .read_only = true};
	char *before[3], *tables, why[300];
	char *told;

	(void)context;
	random_start();
	fill();
	tables = host_tables(&h, false);
	for (unsigned i = 0; i < 3; i++)
		before[i] = asked_as_of(30 + 100 * i);
	host_close(&h);
	make_older(h.dir);
	/* read only, it is answered from the whole log */
	if (engine_open(&h.engine, &options, why, sizeof why) != 0)
		fail_msg("%s", why);
	assert_null(h.engine->state.concerns);
	if (host_verify(&h, &told) != 0)
		fail_msg("%s", told);
	free(told);
	engine_close(&h.engine);
	host_open(&h);
	assert_non_null(h.engine->state.concerns);
	for (unsigned i = 0; i < 3; i++) {
		char *now = asked_as_of(30 + 100 * i);

		assert_same_text(now, before[i]);
		free(now);
		free(before[i]);
		assert_int_equal(same_as_of(&h, 1, 30 + 100 * i), 0);
	}
	assert_verified(&h);
	told = host_tables(&h, false);
	assert_same_text(told, tables);
	free(told);
	free(tables);
	host_end(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_lists_are_plain_arrays),
		cmocka_unit_test(what_is_wrong_is_found),
		cmocka_unit_test(an_older_store_gets_them),
		cmocka_unit_test(as_of_is_the_replay),
	};

	return cmocka_run_group_tests_name("engine_concerns", tests, NULL, NULL);
}
