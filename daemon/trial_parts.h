/* trial_parts.h - what the files of trial.h share among themselves.
 *
 *   trial.c          reads the store, leads both worlds through the log
 *   trial_world.c    one world: what came from outside, in its time
 *   trial_action.c   what people did, which may have to wait in it
 *   trial_compare.c  what differs for a pupil
 *   trial_report.c   counting it up, packing it
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_TRIAL_PARTS_H
#define DAEMON_TRIAL_PARTS_H

#include "daemon/engine_parts.h"
#include "daemon/trial.h"

enum {
	TRIAL_LACKS_MAX = 4,
	TRIAL_DIFFERENCES_MAX = 60, /* told of one pupil; the rest are counted */
	TRIAL_TEXTS_ROOM = 256 * 1024,
};

/* An alert as a world raised it. */
struct trial_alert {
	uint64_t number;        /* position of its event: rising */
	uint64_t ms;
	uint32_t pupil, case_no;
	uint16_t day;
	uint8_t kind, question; /* of a decision: which was put, from 1 */
	bool up, withdrawn;
	uint16_t name;          /* of its deadline, in `names`; 0: none */
	char parent[PARENT_SIZE_MAX + 1];
};

/* What a world had to say against an action that people took. */
struct trial_refusal {
	uint64_t position;      /* of the action in the log */
	uint32_t pupil, case_no; /* the log's */
	uint16_t day, action;   /* name, in `names` */
	uint8_t lack_count;     /* 0: this file knows no such action */
	struct { struct slice text, clause; } lacks[TRIAL_LACKS_MAX];
};

/* An action as it was recorded in a world. */
struct trial_deed {
	uint64_t position;      /* in the log */
	uint32_t pupil, case_no; /* the log's */
	uint16_t day, action;
	char parent[PARENT_SIZE_MAX + 1];
};

/* An action that waits (trial_action.c), or waits behind one of the same pupil. */
struct trial_wait {
	uint64_t until_ms;      /* UINT64_MAX: behind another */
	uint64_t position, at_ms;
	uint32_t pupil;
	uint8_t tries;
	bool refused_in_force;
	uint8_t *record;
	size_t size;
};

/* Names of deadlines and actions of either file, numbered from 1. */
struct trial_names {
	unsigned count;
	struct trial_name { char name[NAME_SIZE_MAX + 1], title[160]; } *list;
};
uint16_t trial_name(struct trial_names *, struct slice name, struct slice title);

struct trial_world {
	struct engine *engine;
	struct trial_names *names;
	uint64_t position;      /* of its own events */
	uint32_t uncommitted;
	struct trial_alert *alerts;
	size_t alert_count, alert_room;
	struct trial_refusal *refusals;
	size_t refusal_count, refusal_room;
	struct trial_case {
		uint32_t number;    /* the log's, of the action that opened it */
		uint64_t due_ms;    /* when one of it that asks something last fell due */
	} *cases;               /* its own cases, from 1 at [0] */
	uint32_t case_count;
	struct trial_deed *deeds;
	size_t deed_count, deed_room;
	/* the world on the file in force, which has taken the same action before; NULL: it is that one */
	const struct trial_world *in_force;
	uint64_t refused_at;    /* position of the last action that it would have refused */
	struct trial_wait *waits;
	size_t wait_count, wait_room;
	uint64_t next_wait;     /* the earliest; 0: none */
	uint64_t moves_left_out; /* cases moved in the log that have no place to go here */
	struct event *event;    /* room */
	struct case_state *room;
	uint8_t *texts;
};

/* An empty one, of which nothing stays on disk. `persons` and `key` are borrowed. */
bool world_open(struct trial_world *, const char *dir, struct persons *, const struct store_key *, struct trial_names *,
		char *why, size_t why_size);
void world_close(struct trial_world *);
/* A pathway in force from the beginning, and a school's choice of one. */
void world_pathway(struct trial_world *, struct slice name, uint32_t version, struct slice compiled, bool is_default);
void world_choice(struct trial_world *, uint32_t urn, struct slice name);
/* An event of the log; what a world makes by itself is passed over. False: the engine is broken. */
bool world_take(struct trial_world *, const struct event *, uint64_t position);
/* Time goes on to an instant: what falls due, fires. */
bool world_until(struct trial_world *, uint64_t ms);

/* An action of the log; and the one whose waiting ends now. What waits beyond the end of
 * the history is never recorded. */
void world_action(struct trial_world *, const struct event *, uint64_t position);
void world_action_waited(struct trial_world *);

/* ---- comparing ---- */

enum trial_difference_kind {
	TRIAL_SAME,
	TRIAL_EARLIER,    /* under the changed file */
	TRIAL_LATER,
	TRIAL_NEVER,      /* only under the file in force */
	TRIAL_NEW,        /* only under the changed file */
	TRIAL_OTHERWISE,  /* at the same time, but another question, state or amount */
	TRIAL_KINDS,
};
enum trial_subject { TRIAL_ALERT, TRIAL_DEADLINE, TRIAL_NOTICE, TRIAL_ACTION, TRIAL_STAGE, TRIAL_REFUSAL };

struct trial_difference {
	uint8_t subject, kind;
	uint8_t alert_kind;
	uint16_t name;           /* of the deadline or the action */
	uint32_t case_no;        /* the log's; 0: none */
	uint16_t day[2];         /* under the file in force, under the changed one; 0: not */
	char parent[PARENT_SIZE_MAX + 1];
	struct slice text[2];    /* what it is, where the days don't say */
	const struct trial_refusal *refusal;
};

/* Called for everything that is compared, what is the same too (then without text). */
typedef void trial_tell(void *context, uint32_t pupil, const struct trial_difference *);

struct trial_pair {
	struct trial_world *in_force, *changed;
	trial_tell *tell;
	void *context;
};

/* Both worlds at the end, pupil by pupil in their order; each pupil's differences come together. */
bool trial_compare(struct trial_pair *);

/* ---- the report ---- */

struct trial_facts {
	struct slice name, title, against_title;
	uint32_t against_version;
	bool replaces_default;    /* the file's name is not loaded: it stands for the default */
	uint64_t first_ms, last_ms, began_ms, ended_ms;
	uint64_t events, marks, actions;
	uint32_t pupils, schools;
	uint64_t alerts_recorded, alerts_met; /* by the log; of them, raised on the same day by the file in force */
};

/* Compares and writes summary and pupils behind the progress. */
bool trial_report(int out, struct trial_world *in_force, struct trial_world *changed, const struct trial_facts *,
		  const struct trial_names *);

#endif
