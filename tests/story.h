/* story.h - stories: minutes in YAML, played to the real engine.
 *
 * tests/stories/README.md says what stands in a story. The runner reads one with
 * the pathway files' own reader, so that every fault has a line, gives the engine
 * its clock and its frames, and compares what a person would see with the minutes.
 *
 *   story_run.c     the program: options, files, scenes, openings
 *   story_words.c   the words of an entry: dates, marks, yes and no, what must be equal
 *   story_talk.c    bodies to the engine, and answers from it
 *   story_acts.c    verbs that do something
 *   story_marks.c   marks
 *   story_school.c  rosters and calendars
 *   story_people.c  facts, families, covers
 *   story_sees.c    cases, deadlines, figures, what may be done next
 *   story_alerts.c  alerts
 *   story_report.c  reports
 *   story_letters.c letters
 *
 * A new verb is a row in VERBS (story_run.c), the words that it takes, and a
 * function over story_word, story_ask and story_equal.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_STORY_H
#define TESTS_STORY_H

#include <jansson.h>
#include <msgpack.h>

#include "casework/calendar.h"
#include "pathways/document.h"
#include "tests/engine_host.h"

enum {
	STORY_TEXT_MAX = 1024,  /* of one word, with its NUL */
	STORY_PUPILS_MAX = 50,
	STORY_ROWS_MAX = 64,    /* of all calendars */
	STORY_SEEN_MAX = 4096,  /* alerts */
	STORY_DEPTH_MAX = 8,    /* openings within openings */
};

/* A YAML file and where it came from; nodes of two files are told apart by it. */
struct story_file {
	char path[512];
	struct document doc;
};

struct story_pupil {
	char name[64];
	char urn[7];
};

struct story_row { /* of the calendar of a school, or of all ("") */
	char urn[7];
	uint8_t kind;
	day_t from, to;
};

/* A scene being played. */
struct story {
	struct story_file file, uses;   /* the story; the openings that it shares with others */
	const struct story_file *at;    /* the file that the entry being played stands in */
	char pathway[512];              /* the council's file */
	char title[256];                /* the scene's */
	struct host host;
	day_t today;
	struct story_pupil pupils[STORY_PUPILS_MAX];
	unsigned pupil_count;
	unsigned each;                  /* which pupil an entry for all of them is at, from 1; 0: it is for one */
	struct story_row rows[STORY_ROWS_MAX];
	unsigned row_count;
	uint64_t seen[STORY_SEEN_MAX][2]; /* an alert's number, and its newest change that was looked at */
	unsigned seen_count;
	unsigned faults;                /* of this scene */
	unsigned depth;
	bool stopped;                   /* nothing more of this scene makes sense */
};

/* One line of the minutes: a map whose first key is the verb. */
struct entry {
	struct story *story;
	const struct node *map, *key, *value;
	enum who who;                   /* of "officer records" */
};

/* ---- story_words.c ---- */

const struct node *story_node(const struct story_file *, uint32_t index);   /* NULL for 0 */
const struct node *story_first(const struct story_file *, const struct node *);
const struct node *story_next(const struct story_file *, const struct node *);
const struct node *story_find(const struct story_file *, const struct node *map, const char *key);
/* A further word of the entry; NULL where it isn't there. */
const struct node *story_word(const struct entry *, const char *key);
bool node_is(const struct node *, const char *text);
/* A scalar as a C string; what is longer is a fault of the story. NULL gives "". */
void story_text(struct story *, const struct node *, char out[static STORY_TEXT_MAX]);
bool story_yes(struct story *, const struct node *); /* yes or no, else a fault */

/* At a place in a story: says what is wrong, and the scene has failed. */
__attribute__((format(printf, 3, 4)))
void story_fault(struct story *, const struct node *, const char *format, ...);
/* The same, and nothing more of the scene is played. */
__attribute__((format(printf, 3, 4)))
void story_stop(struct story *, const struct node *, const char *format, ...);

/* "14 September 2026", "Monday 14 September", "2026-09-14"; where the
 * year isn't said it is the nearest such day, where the month isn't it is that of `as` (0: none). Moves `at` on. */
bool date_read(const char **at, day_t today, day_t as, day_t *day);
/* A date alone, of a node; a fault where it is none. */
day_t story_date(struct story *, const struct node *);
/* "14 September 2026 at 16:30", local; noon where no time is said. */
bool story_instant(struct story *, const struct node *, uint64_t *ms);
bool word_next(const char **at, const char *word); /* takes a word and the spaces after it */

/* Is a JSON value what the node says? Numbers as they are shown, yes and no, dates in
 * any spelling, "none" for null, lists element by element, of maps the keys named. */
bool story_equal(struct story *, const json_t *, const struct node *);
/* Each text of the node (one, or a list) stands in `in`; else the first missing one. */
const struct node *story_missing(struct story *, const struct node *texts, const char *in);

/* ---- story_talk.c ---- */

/* A body being written: a map of pairs. */
struct body {
	msgpack_sbuffer bytes;
	msgpack_packer pack;
	unsigned pairs;
};
void body_init(struct body *);
void body_key(struct body *, const char *key);             /* its value is packed next */
void body_value(struct body *, const char *text);
void body_text(struct body *, const char *key, const char *text);
void body_date(struct body *, const char *key, day_t);
/* What YAML holds, as a value: numbers and true/false where they stand unquoted, "@Ann" a UPN. */
void body_node(struct body *, struct story *, const struct node *);

/* Sends it (and frees it); the answer lives until the next turn. */
const struct answer *story_send(struct story *, enum who, uint8_t command, struct body *);
/* An answer's body; the caller decrefs. Never NULL (an empty object where there is none). */
json_t *answer_json(const struct answer *);
/* A query of `what` whose keys `body` holds (NULL: none); STATUS_OK or what was said. */
json_t *story_ask(struct story *, enum who, const char *what, struct body *, unsigned *status);
/* A text of an object; "" where there is none. */
const char *json_text(const json_t *object, const char *key);
/* Words of an entry and the keys of what is looked at; ends with NULL. */
struct word_key {
	const char *word, *key;
};
/* Is each such word of the entry so? Said (where `tell`) of the first that isn't. */
bool story_check_words(const struct entry *, const json_t *seen, const struct word_key[], bool tell);
/* The refusal in words: its status, reason, lacks. */
void answer_words(const struct answer *, char *out, size_t size);
/* Checks an answer by the entry's words: `refused`, `forbidden`, `unmet`, `barred`, else done. */
void story_check_answer(const struct entry *, const struct answer *);
/* Lacks against a list of `{SP-09: text, from: action}` or texts: all of them, and no more. */
void story_check_lacks(const struct entry *, const json_t *lacks, const struct node *wanted);

/* Whose a word is: "officer"; false (and a fault) where it is no role of stories. */
bool story_role(struct story *, const struct node *, enum who *);
/* The pupil that an entry means: its word `pupil`, or the first of the story. */
const struct story_pupil *story_pupil(const struct entry *);
void pupil_upn(const struct story *, const struct story_pupil *, char upn[static UPN_SIZE + 1]);
struct calendar *story_calendar(struct story *, const char *urn); /* static room */

/* ---- verbs ---- */

void story_marks(const struct entry *);
void story_register(const struct entry *);
void story_roster(const struct entry *);
void story_calendar_adds(const struct entry *);
void story_calendar_drops(const struct entry *);
/* The pupils and the calendar of a story, before its first entry. */
void story_set_up(struct story *);

void story_records(const struct entry *);
void story_sends(const struct entry *);
void story_asks(const struct entry *);
void story_offers(const struct entry *);
void story_reads(const struct entry *);
void story_acknowledges(const struct entry *);
void story_policy(const struct entry *);
void story_learns(const struct entry *);
void story_links(const struct entry *);
void story_away(const struct entry *);
void story_moves(const struct entry *);
void story_restart(const struct entry *);
void story_makes(const struct entry *);

void story_stage(const struct entry *);
void story_case(const struct entry *);
void story_deadline(const struct entry *);
void story_no_deadline(const struct entry *);
void story_notice(const struct entry *);
void story_figures(const struct entry *);
void story_alert(const struct entry *);
void story_no_alert(const struct entry *);
void story_withdrawn(const struct entry *);
void story_alerts(const struct entry *);
void story_standing(const struct entry *);
void story_put(const struct entry *);
void story_offered(const struct entry *);
void story_not_offered(const struct entry *);
void story_actions(const struct entry *);

#endif
