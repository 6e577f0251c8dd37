/* world.h - one world: the engine in it, the machine under it, people and programs round it.
 *
 * A step is one thing that somebody does, or that befalls: world_step() draws it from the step's own
 * dice, does it, reads what the log has of it, and holds all of it against the model. The
 * engine is driven through its frames (engine.h), as the shell would.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIMULATION_WORLD_H
#define SIMULATION_WORLD_H

#include "daemon/clock.h"
#include "daemon/engine.h"
#include "tests/simulation/dice.h"
#include "tests/simulation/disk.h"
#include "tests/simulation/model.h"

/* What a run counts; it stands in memory that the parent process sees, too. */
#define TALLIES(X) \
	X(steps, "steps") \
	X(turns, "turns") \
	X(frames, "frames") \
	X(submissions, "submissions") \
	X(taken, "taken") \
	X(refused, "refused") \
	X(put_off, "put off") \
	X(resent, "resent") \
	X(repeats, "answered again") \
	X(unanswered, "left without an answer") \
	X(behind, "commits behind") \
	X(crashes, "crashes") \
	X(power, "power cuts") \
	X(faults, "faults of the disk") \
	X(lies, "power cuts after a sync that lied") \
	X(ends, "ended by a commit of unknown outcome") \
	X(restarts, "restarts") \
	X(again, "starts that were cut short") \
	X(events, "events") \
	X(marks, "marks") \
	X(cases, "cases") \
	X(actions, "actions") \
	X(moves, "moves of school") \
	X(covers, "covers") \
	X(grants, "grants changed") \
	X(fired, "phases of deadlines fired") \
	X(alerts, "alerts") \
	X(withdrawn, "withdrawn") \
	X(calendars, "calendars") \
	X(holds, "clocks held") \
	X(days, "days gone by") \
	X(items, "items sent to subscribers") \
	X(cursors, "cursors") \
	X(forbidden, "role checks") \
	X(lists, "lists of a school's or lead's") \
	X(asof, "questions as of then") \
	X(garbage, "broken frames") \
	X(verified, "verifies") \
	X(switches, "switches of threads") \
	X(checks, "checks")

struct tally {
#define X(name, text) uint64_t name;
	TALLIES(X)
#undef X
};

enum { SUBSCRIBERS = 7, MEMORIES = 64, MEMORY_KEYS = 40, LOOKS_MAX = 64 };

/* What the engine sent. */
struct letter {
	uint8_t actor, command, version;
	uint8_t id[16];
	uint16_t status;
	uint64_t position;
	struct value body;
	uint8_t *bytes;
};

/* A submission on its way over somebody's connection. */
struct send {
	unsigned sent;               /* its place in m.sent */
	uint8_t actor;
	bool together, answered;
};

/* What was answered once, and how far the log was. */
struct memory {
	uint64_t position;
	unsigned kind, which;        /* question; pupil or school */
	unsigned key_count;
	struct {
		char name[28];
		uint64_t said;
	} keys[MEMORY_KEYS];
	char text[16000];            /* for people */
};

/* A question that is asked with others. */
struct look {
	unsigned kind, which, question;
};

struct world {
	uint64_t seed;
	unsigned step;
	struct dice dice;
	struct model m;
	struct tally *tally;
	bool trace;
	const char *template;        /* a store as `init` makes it */
	char base[200];
	const char *dir;
	struct engine *engine;
	bool ended, manual;          /* the world is over, and nothing went wrong */
	bool must_end;               /* the engine said that its process must */
	bool trouble;                /* the disk failed since the process began, which may be noticed later */
	bool seen_lies;

	/* Time: what the wall says, and how long the machine runs. */
	uint64_t wall_ms, boot_ms, mono_ms, nudged_ms;
	struct clock clock;
	bool time_moved;             /* a turn is wanted in which what that brings comes */

	struct letter *letters;
	unsigned letter_count, letter_room;
	uint32_t asked;              /* questions so far */
	struct bytes out;            /* a frame that is being made */

	struct letter *answers, *feeds; /* to submissions, to subscribers: until catch_up() reads them */
	unsigned answer_count, answer_room, feed_count, feed_room;
	struct send *sends;          /* of this life of the process, in order */
	unsigned send_count, send_room, sends_from; /* those before that one are answered */
	struct subscriber subscribers[SUBSCRIBERS];
	unsigned habit[PUPILS], registers_to[SCHOOLS];
	int roll[PUPILS], also[PUPILS]; /* the school that a pupil is at, and a second one, or -1 */
	bool awaited[PUPILS];        /* on a roster perhaps, and in no register yet */
	bool touched[PUPILS], acted[PUPILS];
	struct memory memories[MEMORIES];
	unsigned memory_count;
	struct look looks[LOOKS_MAX];
	unsigned look_count;
	bool looking;
};

void world_begin(struct world *, uint64_t seed, const char *base, const char *template, struct tally *);
void world_end(struct world *);
void world_last(struct world *); /* when all steps are done: it is closed, verified, and read from the beginning */
bool world_step(struct world *, unsigned step); /* false: it is over, or something was not so (m.why) */
/* Makes a store that worlds are copied from. */
void world_template(const char *dir);

/* ---- life.c: the process, its turns ---- */
void life_begin(struct world *);
void life_close(struct world *);              /* a clean end */
bool life_broken(const struct world *);       /* it is dead, or must end */
void life_recover(struct world *);            /* whatever has ended it, it is started again */
void turn_begin(struct world *);
void turn_put(struct world *, unsigned actor, const struct bytes *);
void turn_end(struct world *);                /* until nothing more is due */
void turn_behind(struct world *);             /* leaves its commit behind, if the engine does */
void turn_land(struct world *);
void letters_forget(struct world *);
void letters_free(struct world *);
void letters_drop(struct letter list[], unsigned *count);
/* One question in a turn of its own; the answer, or NULL where the process died of it. Good until the next turn. */
const struct letter *ask(struct world *, unsigned actor);
/* The same in a turn with others: its number, by which to find the answer when the turn has ended. */
unsigned ask_within(struct world *, unsigned actor);
const struct letter *answer_to(struct world *, unsigned question);
/* Begins a question in w->out; `ask` sends it. */
void question(struct world *, uint8_t command);
void keep_frame(struct world *, struct sent *);        /* w->out becomes its frame */
void send_submission(struct world *, struct sent *);  /* in the turn; again, where it was sent before */
/* Reads what came (life_read.c), starting the process again where it has ended, and settles it with the model. */
void catch_up(struct world *);
/* All of the log from there on; what was read before must be the same again. False: the process died of it. */
bool log_read(struct world *, uint64_t from);
void world_now(struct world *, uint64_t *now);

/* ---- looks.c: several questions in one turn ---- */
bool looks_open(struct world *);               /* false: it is open, and somebody else closes it */
void looks_close(struct world *);
void look_at_figures(struct world *, unsigned pupils);
void look_at_deadlines(struct world *);
void look_at_cases(struct world *);
void look_at_alerts(struct world *);
void look_at_lists(struct world *);           /* in a turn of its own (looks_lists.c) */
void look_at_hands(struct world *);           /* likewise */
void look_back(struct world *);               /* in a turn of its own (looks_back.c): as of then, it is said again */

/* ---- steps ---- */
void step_marks(struct world *);
void step_many(struct world *);               /* so many that a commit is left behind */
void step_resend(struct world *);
void step_actions(struct world *);
void step_settings(struct world *);
void step_calendar(struct world *);
void step_pathway(struct world *);
void step_clock(struct world *);
void step_hold(struct world *);
void step_subscribe(struct world *);
void step_schools(struct world *);
void step_covers(struct world *);
void step_grants(struct world *);
void step_roles(struct world *);
void step_garbage(struct world *);
void step_disk(struct world *);
void step_restart(struct world *);
/* In place of what was planned before; what that did is counted. */
void world_plan(struct world *, enum disk_trouble, int error, unsigned nth);
struct sent *grant_make(struct world *, unsigned actor, struct scope);
struct scope people_scope(unsigned actor);
struct sent *roster_make(struct world *, int school, int pupil, unsigned actor);
unsigned connector_of(int school);
struct sent *marks_make(struct world *, int school, unsigned actor, int from, int to, bool correction);

enum { ADMIN, BOSS, OFFICER_A, OFFICER_B, WATCHER, LEADER, SCHOOL_A, SCHOOL_B, MIS_A, MIS_B, MIS_C, PAGE, PROBE, GUEST, STRANGER };

#endif
