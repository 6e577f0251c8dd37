/* engine_host.h - an engine on a store of its own, driven from a test: no socket, no
 * thread, and a clock that the test moves.
 *
 * Bodies are written as JSON with single quotes, and answers read back as JSON, so
 * that a test says what passes in one line.
 *
 *   struct host h;
 *   host_make(&h, &(struct host_options){0});
 *   const struct answer *a = host_ask(&h, OFFICER, COMMAND_QUERY, "{'what':'pupil','upn':'%s'}", upn);
 *   assert_answer(a, STATUS_OK, "\"unauthorised\":11");
 *   host_end(&h);
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_ENGINE_HOST_H
#define TESTS_ENGINE_HOST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "casework/civil.h"
#include "daemon/engine.h"
#include "proto/event.h"
#include "proto/message.h"

/* Keys by name. All but STRANGER and SPARE are granted by host_make: the school and
 * the connector for SCHOOL_URN, the lead for the case C1. */
enum who { ADMIN, CONNECTOR, SCHOOL, LEAD, OFFICER, MANAGER, AUDITOR, STRANGER, SPARE, WHO_COUNT };

#define SCHOOL_URN "123456"
#define OTHER_URN "654321"
#define HOST_PATHWAY "pathways/stockport.yaml" /* from the checkout's top, where tests run */

enum { ANSWERS_MAX = 4096 };

struct answer {
	uint8_t command;  /* without COMMAND_REPLY */
	uint8_t id[UUID_SIZE];
	uint16_t status;
	uint64_t position;
	enum who who;
	struct slice body;
	char *text;       /* the body as JSON; "" where there is none */
	struct together together; /* count 0: it answers one */
};

struct host_options {
	bool manual_clock;
	uint64_t map_size;
	uint32_t sweep_marks;
	const char *start;   /* "2026-09-01T08:00:00Z" */
	const char *pathway; /* HOST_PATHWAY where none is named */
	bool no_grants;
};

struct host {
	struct host_options options;
	char dir[256], kept[256];
	struct engine *engine;
	uint64_t now_ms;     /* given to the engine at each turn */
	uint64_t mono_ms;    /* to the feed */
	uint64_t ids;        /* submissions numbered so far */
	uint8_t last_id[UUID_SIZE];
	struct answer answers[ANSWERS_MAX];
	unsigned count;
	bool in_turn;
	bool together;       /* what is put may be answered together */
	bool commit_failed;  /* the engine said that the process must end */
};

void host_make(struct host *, const struct host_options *);
void host_end(struct host *);              /* closes, and takes the folder away */
void host_restart(struct host *);          /* a clean end and a new start */
void host_crash(struct host *);            /* what is on disk now is all that the next start sees */
/* The same (`crash`) or the other, after which every answer about these pupils, every table
 * and every figure must be what it was, and nothing may be said again. */
void host_start_again(struct host *, char upn[][UPN_SIZE + 1], unsigned pupils, bool crash);
/* Sets LMDB's file back to what it was, but not the persons' keys, and starts. */
void host_keep_data(struct host *);
void host_back_to_kept_data(struct host *);
void host_open(struct host *);
void host_close(struct host *);            /* leaves the folder */
void host_remove_dir(const char *dir);     /* one of files alone */
int host_verify(struct host *, char **told); /* of a copy; `told` (may be NULL) is freed by the caller */
void assert_verified(struct host *);
int host_end_verified(struct host *);      /* the same, and the end; 0, as a teardown answers */

void host_key(uint8_t key[static PUBLIC_KEY_SIZE], enum who);
void host_key_text(char text[static Z85_KEY_SIZE + 1], enum who);
void host_grant(struct host *, enum who, const char *role, const char *more);
void host_upn(char upn[static UPN_SIZE + 1], unsigned n);
void host_set_time(struct host *, const char *text);  /* only the value: no turn */
uint64_t host_ms(const char *text);

/* A turn: begin, frames, tick, commit, feed. What was said stands in `answers`. */
void host_begin(struct host *);
void host_put(struct host *, enum who, uint8_t command, const uint8_t *id, const char *format, ...)
	__attribute__((format(printf, 5, 6)));
void host_put_frame(struct host *, enum who, struct slice frame);
void host_commit(struct host *);
/* The commit may be left behind; nothing was said of it before host_land or the next commit. */
void host_commit_behind(struct host *);
void host_land(struct host *);             /* in a turn */
void host_turns(struct host *);            /* turns without frames until nothing more is due */

/* A turn of one frame. The answer lives until the next turn. */
const struct answer *host_ask(struct host *, enum who, uint8_t command, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
const struct answer *host_again(struct host *, enum who, uint8_t command, const uint8_t id[static UUID_SIZE],
				const char *format, ...) __attribute__((format(printf, 5, 6)));
const struct answer *host_frame(struct host *, enum who, struct slice frame);

/* The first answer that is no item and no heartbeat; NULL: none. */
const struct answer *host_first(const struct host *);

/* One code for one pupil's session, from the connector. */
void host_mark(struct host *, const char *urn, unsigned pupil, const char *date, const char *session, const char *code);
/* AM and PM of each Monday to Friday in [from, to]; days with no school day are the test's to avoid. */
void host_marks(struct host *, const char *urn, unsigned pupil, const char *from, const char *to, const char *code);

/* All tables as text, one record a line. `without_figures` leaves out what is written
 * behind (pupils' records and where they stand) and cursors. The caller frees it. */
char *host_tables(struct host *, bool without_figures);
uint64_t host_head(struct host *);
uint32_t host_pupils(struct host *);
/* How many alerts of a kind (NULL: any) there are in a status (NULL: any); the last of
 * them stands in `one`, as JSON. */
unsigned host_alerts(struct host *, const char *kind, const char *status, char one[static 4096]);
uint64_t host_counter(struct host *, const char *name);

/* Stockport's pathway with one text in place of another (NULL: as it is); its frame, so
 * that it can be sent again; and any other file. The caller frees `bytes`. */
struct slice host_pathway(struct host *, const char *from, const char *to);
struct slice host_pathway_file(struct host *, const char *path, const char *from, const char *to);
/* msgpack of such a text; the caller frees `bytes`. */
struct slice host_msgpack(const char *json);
char *host_text_of(struct slice msgpack);
/* A request's frame; the caller frees `bytes`. */
struct slice host_frame_of(uint8_t command, const uint8_t id[static UUID_SIZE], struct slice body);
void host_id(struct host *, uint8_t id[static UUID_SIZE]); /* a new one */

/* The number that follows "key": in a text; fails where there is none. */
uint64_t number_of(const char *text, const char *key);
unsigned times_in(const char *text, const char *wanted);

#define assert_answer(a, wanted_status, wanted_text) \
	check_answer((a), (wanted_status), (wanted_text), __FILE__, __LINE__)
void check_answer(const struct answer *, unsigned status, const char *text, const char *file, int line);

/* What "nothing else changed" means. */
struct host_look {
	char *tables;
	uint64_t head;
	uint32_t pupils;
};
struct host_look host_look(struct host *);
void assert_unchanged(struct host *, struct host_look *);
/* Refused whole, with this in the answer, and without a trace. */
void assert_refused(struct host *, enum who, uint8_t command, unsigned status, const char *says, const char *json);

/* Long texts: tells the first line that differs. */
#define assert_same_text(now, was) check_same_text((now), (was), __FILE__, __LINE__)
void check_same_text(const char *now, const char *was, const char *file, int line);

#endif
