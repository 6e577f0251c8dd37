/* state.h - what the log adds up to: the fold of all events.
 *
 * Part stands in memory (pupils' figures, the index of UPNs, calendars,
 * pathways, who may what), part in the store's tables (cases, deadlines'
 * timers, alerts, submission ids). state_apply() takes one event in and can't
 * refuse; it is all that replay does, so replay can send no alert, read no clock
 * and refuse nothing. Deciding what to append is the engine's.
 *
 * Three things are folded so: the live store, a rebuild of it (verify), and a
 * shadow: the same events up to an earlier position, with eyes for one pupil
 * only, which is how a question is answered as of then.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_STATE_H
#define DAEMON_STATE_H

#include "casework/case.h"
#include "casework/people.h"
#include "casework/task.h"
#include "casework/watch.h"
#include "proto/event.h"
#include "store/secrets.h"
#include "store/store.h"

enum {
	EARLIER_NOTICES_MAX = 64,
	FAMILY_NOTICES_MAX = 64,
	FAMILY_MAX = 24,          /* pupils that links reach, oneself with them */
	ADULTS_MAX = 64,          /* ids of parents that are followed from one */
};

/* A principal: a key with a role. */
struct principal {
	uint8_t key[PUBLIC_KEY_SIZE];
	uint64_t number;        /* position of its newest grant */
	uint8_t role;
	bool revoked;
	char name[64];
	uint16_t school_count, case_count;
	uint32_t *schools, *cases; /* rising; owned */
};

/* A calendar of a scope, with the rows that it was built from. */
struct scope_calendar {
	uint32_t urn;           /* 0: the authority's */
	struct calendar calendar;
	struct terms terms;
};

/* A pathway loaded: decoded, and the bytes that it points into. */
struct loaded_pathway {
	char name[NAME_SIZE_MAX + 1];
	uint32_t version;
	bool is_default;
	uint64_t position, loaded_ms;
	uint8_t *bytes;         /* compiled; owned */
	size_t size;
	struct pathway *pathway; /* owned */
};

/* Who stands in for an officer. */
struct cover {
	uint8_t officer[PUBLIC_KEY_SIZE], cover[PUBLIC_KEY_SIZE];
	uint16_t from, until;
};

/* Pupils whom links join; the first is who was asked about. */
struct family {
	uint8_t count;
	uint32_t pupils[FAMILY_MAX];
};

/* A school's own pathway. */
struct choice {
	uint32_t urn;
	char pathway[NAME_SIZE_MAX + 1];
};

/* A meeting offered to a school on a day. */
struct offer {
	uint32_t urn;
	uint16_t on;
	char meeting[NAME_SIZE_MAX + 1];
};

struct upn_slot {
	uint64_t low;           /* 96 bits of the keyed hash, so that a slot is a quarter of a cache line */
	uint32_t high;
	uint32_t pupil;         /* 0: free */
};

struct upn_key {
	uint64_t low;
	uint32_t high;
};

/* A case held by a shadow, which has no tables. */
struct shadow_case {
	struct case_state state;
	struct shadow_case *next;
};

/* And what is known of its pupil and that one's family. */
struct shadow_people {
	uint32_t pupil;
	struct people people;
	struct shadow_people *next;
};

struct concerns;

struct state {
	/* where tables are written; NULL: memory alone is folded */
	struct txn *txn;
	const struct store_key *key;
	const struct persons *persons;

	uint64_t position;      /* of the last event applied */
	uint64_t last_ms;       /* when it was recorded */
	uint64_t tables_from;   /* events up to here stand in the tables already (tail replay) */

	struct pupil *pupils;   /* [number - 1] */
	uint32_t pupil_count, pupil_room;
	uint8_t *dirty;         /* bit per pupil: changed since it was written */
	struct upn_key *upn_keys; /* [number - 1], as in the index; all zero: not in it */
	struct upn_slot *upns;
	uint32_t upn_room, upn_count; /* room: a power of two */

	struct scope_calendar **calendars;
	uint32_t calendar_count;
	struct calendar default_calendar; /* the rule alone */
	/* those asked for last, and of which school; last_calendar NULL: none was */
	const struct calendar *last_calendar;
	const struct pathway *last_pathway;
	uint32_t last_urn;
	struct loaded_pathway **pathways;
	uint32_t pathway_count;
	const struct pathway *default_pathway; /* NULL: none loaded */
	struct choice *choices; /* of schools; owned */
	uint32_t choice_count;
	struct offer *offers;   /* that stand, rising by school, day and meeting; owned */
	uint32_t offer_count;
	struct school **schools; /* of which it is known what they are; owned */
	uint32_t school_count;
	bool timers_changed;    /* in the table, since whoever knows the first of them looked */
	uint64_t breach_codes;  /* of all pathways together */
	uint64_t day_codes;     /* likewise: what is looked at when a day ends, */
	uint16_t day_reach;     /* after so many school days at most */
	struct {                /* the days that are told when they end; state_days.c */
		day_t next, until; /* the next one, and the last at which a mark so far may be due */
		bool armed, changed;
	} days;
	uint32_t alert_starts;  /* likewise: the kinds of alert that start a deadline somewhere */
	struct principal **principals;
	uint32_t principal_count;
	uint64_t principals_generation;

	uint32_t case_count;    /* highest number given */
	char authority[128];
	uint64_t created_ms;    /* when the store was made; what init's events, which have no time, are shown with */
	bool clock_held;
	uint64_t clock_ms;      /* a manual clock's; 0: never moved */
	/* The highest id of version 7, whose first bits are a time, that a submission ever had: a higher one is new. Of a
	 * store that was made before this was kept: the highest there can be. */
	uint8_t newest_id[UUID_SIZE];
	bool newest_id_saved;
	struct concerns *concerns; /* which records concern whom (concerns.h); NULL: nobody asks; owned */

	uint32_t only_pupil;    /* a shadow's; 0: everybody */
	uint8_t *wanted;        /* of a shadow of many (only_pupil is then none of theirs): bit per pupil, up to wanted_count; owned */
	uint32_t wanted_count;
	uint32_t *rosters;      /* likewise: [number - 1], the school that the roster says; owned */
	struct shadow_case **case_index; /* likewise: [number], up to case_room; owned */
	uint32_t case_room;
	struct family family;   /* of a shadow: its pupil and all who were ever linked; pupils[i] is of family.pupils[i] */
	struct shadow_case *shadow_cases;
	struct shadow_people *shadow_people;
	struct state *lender;   /* a shadow borrows decoded pathways from here */

	struct case_state *scratch; /* one case, for applying */
	/* The case of a deadline that fires, while it does: as it was read, and what it rests on. NULL: it is read anew. */
	const struct case_state *in_hand;
	const struct case_view *in_hand_view;
	struct case_notice earlier[EARLIER_NOTICES_MAX]; /* what a view lends: of the pupil's other cases */
	unsigned earlier_count;
	struct case_notice family_notices[FAMILY_NOTICES_MAX]; /* likewise, of siblings */
	struct people view_people; /* and of the pupil */
	struct calendar view_calendar; /* of one who moved school */
	struct cover *covers;
	uint32_t cover_count;
};

void state_init(struct state *, const struct store_key *, const struct persons *);
void state_free(struct state *);

/* Takes up what the tables hold (all but the tail of the pupils' figures). */
enum store_result state_load(struct state *, struct txn *, char *why, size_t why_size);

/* Takes an event in. The only failures are the store's. */
enum store_result state_apply(struct state *, const struct event *, uint64_t position);

/* One mark of a marks event (of this version), as state_apply does for each: the live
 * engine goes mark by mark, to look at each before the next. */
struct applied_mark {
	struct pupil *pupil;    /* NULL: not one that this state looks at */
	struct watch_mark mark;
	enum mark_change change;
	bool moved;             /* the latest register is of another school than the one before, or the first */
};
enum store_result state_apply_mark(struct state *, uint8_t version, uint32_t urn, const struct mark *,
                                   uint64_t position, struct applied_mark *);
/* The rest of a marks event: the id that it came under. */
enum store_result state_apply_id(struct state *, const struct event *, uint64_t position);
/* What the table of ids says of one: where its event stands. */
bool id_decode(struct slice value, uint64_t *position);

/* The school whose staff may see the pupil: that of the latest register, or, before
 * any, of the roster. 0: none. */
uint32_t state_school_of(struct state *, uint32_t pupil);
uint32_t state_find_upn(const struct state *, const uint8_t hash[static UPN_HASH_SIZE]); /* 0: none */
/* Asks the processor for what a look-up will touch. */
void state_prefetch_upn(const struct state *, const uint8_t hash[static UPN_HASH_SIZE]);
const struct pathway *state_pathway(const struct state *, struct slice name, uint32_t version); /* NULL: none */
const struct pathway *state_default_pathway(const struct state *); /* NULL: none loaded */
const struct choice *state_choice(const struct state *, uint32_t urn); /* NULL: the default */
const struct offer *state_offered(const struct state *, const struct event_meeting_offered *); /* NULL: no such stands */
struct loaded_pathway *state_newest_pathway(const struct state *, struct slice name);
struct principal *state_principal(const struct state *, const uint8_t key[static PUBLIC_KEY_SIZE]);
const struct principal *state_principal_number(const struct state *, uint64_t number);

/* Cases. Loading gives NONE where there is no such case. */
enum store_result state_case_load(struct state *, uint32_t number, struct case_state *);
/* Saves a case, and its timers in place of those of `before` (NULL: a new case). */
enum store_result state_case_save(struct state *, const struct case_state *before, const struct case_state *);
/* The pathways of a case's chapters. NULL: not held. */
const struct pathway *state_chapter_pathway(const struct state *, const struct case_state *, uint8_t chapter);
/* What it lends of the pupil's people and schools lives until the next call. Not OK where
 * those, or the pathway, can't be read: the view is then of no use. */
enum store_result state_case_view(struct state *, const struct case_state *, day_t today, struct case_view *);
/* Adds the notices of the pupil's other cases, and those of the family; they live until the next call. */
enum store_result state_view_earlier(struct state *, const struct case_state *, struct case_view *);

/* The standing alerts of a pupil, all zero where there are none. */
enum store_result state_standing(struct state *, uint32_t pupil, struct standing *);

/* A school of which it is known what it is; NULL: it is not. */
struct school *state_school(const struct state *, uint32_t urn);
/* The open instance of a school's task; false: its calendar has none. */
bool state_task(struct state *, const struct school *, const struct task_rule *, day_t today, struct task_span *);

/* The last day that is over for the watches that look when one ends; 0: none was looked at yet. */
day_t state_over(const struct state *, day_t today);
/* After the marks of an event that was recorded at `at_ms`: what they await. */
enum store_result state_save_days(struct state *, uint64_t at_ms);

/* People round a pupil; all zero where nothing is known. */
enum store_result state_people(struct state *, uint32_t pupil, struct people *);
/* Whom links join to a pupil: those that stand, or (`ever`) stood once. */
enum store_result state_family(struct state *, uint32_t pupil, bool ever, struct family *);
/* A parent of one pupil under the ids of others: all that links say is the same person, the
 * given one first. */
struct adult {
	uint32_t pupil;
	char parent[PARENT_SIZE_MAX + 1];
};
enum store_result state_same_adult(struct state *, uint32_t pupil, struct slice parent, struct adult out[ADULTS_MAX],
                                   unsigned *count);
/* Does a calendar of this school count for the case: is it the pupil's, or was it during the case? */
bool state_case_at(struct state *, const struct case_state *, uint32_t urn);
/* Who reads for an officer on a day: the cover, the cover's cover ... (where they go round, the last
 * before one comes again); the officer where there is none. */
const struct principal *state_cover_of(const struct state *, const struct principal *, day_t);

/* An alert as the table keeps it. */
struct alert {
	uint64_t number;          /* position of the event that raised it */
	uint64_t newest;          /* of the newest event about it */
	uint64_t raised_ms, due_ms, late_ms;
	uint8_t kind, status, deadline;
	uint32_t pupil, case_no, urn;
	struct slice deadline_kind, text;
	uint32_t tells;           /* bit per enum role; 0: all who may see the pupil */
	struct slice clause;
};
enum alert_status { ALERT_STATUS_RAISED = 1, ALERT_STATUS_ACKNOWLEDGED, ALERT_STATUS_WITHDRAWN };
const char *alert_status_text(uint8_t);
bool alert_decode(struct alert *, uint64_t number, struct slice value);
/* Its texts live as long as a value of the table. */
enum store_result alert_get(struct txn *, uint64_t number, struct alert *);

/* Keys of tables. */
struct key {
	uint8_t bytes[64];
	size_t size;
};
struct key key_written(const struct writer *, struct key *); /* of what was written to its bytes */
struct key key_u32(uint32_t);
struct key key_u64(uint64_t);
struct key key_u32_u32(uint32_t, uint32_t);
struct key key_timer(uint64_t instant_ms, uint32_t case_no, uint8_t deadline, uint8_t phase);
struct slice key_slice(const struct key *);

/* Asked at every mark: here, so that they cost no call. */

struct pupil *state_shadow_pupil(struct state *, uint32_t number);

/* NULL: none, or not looked at */
static inline struct pupil *state_pupil(struct state *s, uint32_t number)
{
	if (s->only_pupil)
		return state_shadow_pupil(s, number);
	return number >= 1 && number <= s->pupil_count ? &s->pupils[number - 1] : NULL;
}

/* Changed by the event at position. */
static inline void state_touch(struct state *s, uint32_t number, uint64_t position)
{
	struct pupil *p = state_pupil(s, number);

	if (!p)
		return;
	if (position > p->position) /* an alert of this very event may have moved it on */
		p->position = position;
	if (!s->only_pupil)
		s->dirty[(number - 1) / 8] |= (uint8_t)(1u << ((number - 1) % 8));
}

void state_look_up_school(struct state *, uint32_t urn);

/* Marks come a school at a time: what was looked up last is what is asked for next. */
static inline const struct calendar *state_calendar(struct state *s, uint32_t urn)
{
	if (!s->last_calendar || s->last_urn != urn)
		state_look_up_school(s, urn);
	return s->last_calendar;
}

/* What is in force for a school: the newest version of the pathway that it chose, or else
 * the default. NULL: none loaded. */
static inline const struct pathway *state_school_pathway(struct state *s, uint32_t urn)
{
	state_calendar(s, urn);
	return s->last_pathway;
}

/* Is this pupil, if there is one of that number, found by the hash? */
static inline bool state_has_upn(const struct state *s, uint32_t number, const uint8_t hash[static UPN_HASH_SIZE])
{
	struct upn_key key = {0};

	if (number == 0 || number > s->pupil_count)
		return false;
	memcpy(&key.low, hash, 8);
	memcpy(&key.high, hash + 8, 4);
	return s->upn_keys[number - 1].low == key.low && s->upn_keys[number - 1].high == key.high;
}

/* Asks the processor for what a mark will touch. */
static inline void state_prefetch_pupil(const struct state *s, uint32_t number)
{
	if (number != 0 && number <= s->pupil_count)
		__builtin_prefetch(&s->pupils[number - 1], 1);
}

/* Persons: what the table keeps of a pupil beyond figures. */
struct person {
	uint32_t urn;
	uint64_t upn_position, particulars_position;
	struct slice sealed_upn, sealed_particulars; /* the latter may be empty */
};
enum store_result state_person(struct state *, uint32_t pupil, struct person *);

#endif
