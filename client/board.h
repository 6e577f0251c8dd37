/* board.h - the officers' web page: what its files share.
 *
 *   command_board.c    attend board, attend board-link
 *   board_http.c       requests in, pages out: methods, hosts, headers, forms, who it is
 *   board_session.c    who is signed in; one-time links
 *   board_line.c       asking the daemon for whoever is signed in
 *   board_page.c       what stands round every page
 *   board_words.c      the program's names as people say them
 *   board_clauses.c    what a clause says
 *   board_live.c       alerts as they come
 *   board_drawing.c    the process as a picture
 *   board_steps.c      what may be recorded next, what is asked for first
 *   board_today.c, board_alerts.c, board_find.c, board_cases.c, board_case.c, board_history.c, board_act.c, board_letter.c, board_pupil.c, board_school.c, board_authority.c   the views
 *
 * A view is given a visit and writes the inside of <main>; what a person sees there was asked
 * of the daemon with that person's rights, and everything is escaped (html.h). A view knows neither
 * HTTP nor keys.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_BOARD_H
#define CLIENT_BOARD_H

#include <stdatomic.h>

#include <jansson.h>

#include "client/ask.h"
#include "client/board_session.h"
#include "client/html.h"

struct board {
	const struct invocation *invocation;
	const char *url;            /* where people find it, without a slash at the end */
	const char *proxy_header;   /* that names the reader; NULL: people sign in by links */
	char authority[128];        /* its name, once it was asked */
	struct sessions *sessions;
	struct lines *lines;
	struct clauses *clauses;
	_Atomic unsigned streams;   /* live parts that are open */
	char assets[17];            /* what style and script hold, as a number */
};

/* A request while it is answered. */
struct visit {
	struct board *board;
	struct attend *line;        /* asks for `session.reader` */
	struct session session;
	const char *words[4];       /* of the path: /case/C1/record is "case", "C1", "record" */
	const char *as_of;          /* a day, or NULL: as known now */
	const json_t *query, *form; /* names and texts; `form` NULL: nothing was sent */
	struct html page;           /* <main>'s inside */
	const char *title;          /* of the page; a view sets it, and it lasts as long as the visit */
	char title_room[160];
	unsigned status;            /* of HTTP; 200 unless a view says otherwise */
	char location[256];         /* where to go on (status 303) */
	bool only_now;              /* it can't be seen as of then */
	bool live;                  /* changes come in while it is looked at */
	char live_upn[16];          /* of which only this pupil's are told; empty: all */
	long long newest;           /* of a case: the position of its newest step, by which a page that is left open is known to be behind; 0: none */
	bool letter;                /* in print it goes out alone, without what stands round a page */
	bool kept;                  /* by the browser: it is the same for everybody */
	json_t *clauses;            /* the words of the case's process, once they were asked for; released with the visit */
	uint64_t head;              /* the log's, when the page was made: alerts from here on are new */
};

/* What is known beside a case while its page is written. */
struct beside {
	json_t *c, *pupil, *people, *actions, *timeline;
	const json_t *parents;
	bool reads_all; /* what others wrote, too */
};

typedef void view(struct visit *);
view board_today, board_case, board_record, board_recorded, board_pupil, board_school, board_authority, board_acknowledge,
	board_find, board_task_done, board_letter, board_alerts, board_alerts_done, board_cases;
void board_came_in(struct visit *, const json_t *alerts); /* the newest of each kind, as a part of today's page */
bool board_alert_waits(const struct visit *, const json_t *alert); /* for the reader to say that it is dealt with */
bool board_alert_replaced(const json_t *newer, const json_t *older); /* of one pupil: does the newer say what the older one said, as it is now? */
void board_alert(struct visit *, const json_t *alert, const json_t *parents); /* such a one, where it is plain whose it is */
void board_history(struct visit *, const struct beside *); /* as the end of the case's page */
void board_weeks(struct visit *, const json_t *year, size_t most); /* the newest so many (0: all), under a heading #weeks */
/* What may be recorded next, by the answer of the query `actions`, as a part of a case's page or, where `c` is NULL, a pupil's. */
void board_steps(struct visit *, const json_t *actions, const json_t *c);
json_t *board_ask_letters(struct visit *, const json_t *c); /* those that the reader may make, to be released; NULL: none, or as of then */
void board_letters(struct visit *, const json_t *c, const json_t *letters); /* as a part of the case's page */

/* ---- board_line.c ---- */

/* Connections, kept for the next visit. */
struct lines *lines_new(const struct invocation *);
void lines_free(struct lines **);
struct attend *lines_take(struct lines *);          /* NULL: none can be opened */
/* Takes it; it asks for nobody then. One on which nobody answered is not kept: a new one finds a service that is back at once. */
void lines_give(struct lines *, struct attend **, bool answered);

/* A question; the body is taken. What was answered, to be released; NULL where nothing was, or a
 * refusal: then the visit's status is set and the page says why, so that a view just returns. */
json_t *visit_ask(struct visit *, struct body *);
/* Page by page into `found`, a list in which each gets its place by `order`, until there are more than `most`. `question` writes
 * it but for `from`. False: as NULL there. */
bool visit_ask_all(struct visit *, void (*question)(struct visit *, struct body *, const char *context), const char *context,
                   int (*order)(const json_t *, const json_t *), size_t most, json_t *found);
/* As visit_ask, where a refusal is part of what the page shows: its status (0: nobody answered, and the page says so) and its body. */
unsigned visit_try(struct visit *, struct body *, json_t **answer);
/* One submission under that id: its status of PROTOCOL.md (0: nobody answered) and, in `*answer`, its body. */
unsigned visit_submit(struct visit *, enum attend_command, const uint8_t id[static ATTEND_ID_SIZE], struct body *, json_t **answer);
/* A body with "what" and, where the visit looks back, "as_of". */
void visit_question(struct visit *, struct body *, const char *what);

/* What a map says under a key; "" and 0 where it says nothing. */
const char *says(const json_t *map, const char *key);
long long counts(const json_t *map, const char *key);

/* ---- board_page.c ---- */

void page_whole(struct visit *, struct html *out); /* the document round the visit's page */
/* A page that only says something; what has been written so far is dropped. */
void page_notice(struct visit *, unsigned status, const char *title, const char *text);
/* Is what is in the reader's own hands asked for, and not everybody's? As the address or form says ("mine": "1" or "0"); that is
 * kept, and the head of each page leads back to what was chosen last. Only who has cases in their hands may choose. */
bool visit_mine(struct visit *);
bool visit_has_hands(const struct visit *);
void visit_title(struct visit *, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* href="...", the day looked back to kept. Parts end with NULL and are coded as parts of an address. */
void page_href(struct visit *, const char *start, ...) __attribute__((sentinel));
void page_option(struct visit *, const char *value, const char *text, bool chosen); /* of a select */
/* <form method="post" ...>, with what proves that it is this person's own. */
void page_form(struct visit *, const char *action, const char *class_name);
/* What was sent, to be sent again by one button: the service did not answer. Ids stay, so that it is recorded once. */
void page_again(struct visit *);
/* A new submission's id, hidden: a form that is sent twice is recorded once. */
void page_id(struct visit *);
bool form_id(const json_t *form, uint8_t id[static ATTEND_ID_SIZE]);
/* A list of what stands in the way: all of it, or what the action's own form doesn't supply (`action` not NULL). `fields`
 * (NULL: not known) gives a field its title; `clauses_of` is the action, or "", whose words a clause has first; where `steps` are given (as of `actions`), another one that supplies what is
 * lacking is a link. How many there are, and the list. */
size_t page_lacking(const json_t *lacks, const char *action);
void page_lacks(struct visit *, const json_t *lacks, const char *action, const char *clauses_of, const json_t *fields, const json_t *steps);
/* A field of an action or letter, to be filled in: "f-NAME", with what the form or the address says of it. */
void page_field(struct visit *, const json_t *field);
/* Links to the page's own parts, where it is long: "id" and "title" in turn, to a NULL. */
void page_contents(struct visit *, const char *id, ...) __attribute__((sentinel));
const char *page_date(const char *date);     /* "Mon 9 Nov 2026"; lasts until the fourth call after */
const char *page_born(const char *date);     /* without the day of the week; likewise */
const char *page_time(const char *time);     /* with the time of day; likewise */
const char *page_due(const char *time);      /* an instant by whose end; likewise */
const char *page_name(const json_t *item);   /* "Kaur, Zofia"; the UPN where there is no name; likewise */
const char *page_school(const json_t *item); /* what its `school` is called, else its `urn` */

/* ---- board_words.c ---- */

const char *words_of(const char *name);                              /* "not-to-issue" gives "Not to issue"; lasts until the fourth call after */
const char *words_process(const char *name);                          /* "south-tyneside" gives "South Tyneside"; likewise */
const char *words_sentence(const char *text);                         /* with a capital; likewise */
const char *words_parent(const json_t *parents, const char *id);     /* a parent's name, of a list with `parent` and `name`; else the id, and that no name is known; likewise */
/* A text of the daemon's, which knows parents by their ids and gives days and outcomes as a program does; as words_of. */
const char *words_told(const char *text, const json_t *parents);
/* Texts that say how a command would be given what is missing, as "(outcome=)": here it is a field. In a letter, whose
 * words are people's, only within brackets: "[not known: the meeting (meeting=)]". As words_of. */
const char *words_said(const char *text);
const char *words_of_letter(const char *text);
/* What an action is called, and what a field of it asks, by the answer of the query `actions`; words where it is not there.
 * `*value` becomes the answer as people say it. */
const char *words_action(const json_t *actions, const char *name);
const json_t *words_fields(const json_t *actions, const char *action); /* in the order of its form; NULL: not there */
/* A value of a field of `actions` as people say it. */
const char *words_value(const json_t *field, const char *value);
const char *words_field(const json_t *actions, const char *action, const char *name, const char **value);

/* ---- board_clauses.c ---- */

struct clauses *clauses_new(void); /* what was read of each pathway; NULL: no memory */
void clauses_free(struct clauses **);
/* From then on the visit's clauses are said in words: those of the pathway that the answer names ("pathway", "pathway_version"). */
void visit_clauses(struct visit *, const json_t *of);
/* What the council's document says of a clause: as that action names it, else as it is named first. Empty: not known. */
const char *clause_words(const struct visit *, const char *action, const char *clause);
const char *clause_document(const struct visit *);
/* A clause after what it is the reason of: its id, and where it is pointed at what it says. Nothing where there is none. */
void page_clause(struct visit *, const char *action, const char *clause);
/* The same as a paragraph, to be read: id, words (`source` where it is not empty) and the document. */
void page_clause_whole(struct visit *, const char *action, const char *clause, const char *source);

/* ---- board_live.c ---- */

/* /process/NAME/VERSION: an SVG, to be freed; false: the page says why not. */
bool board_drawing(struct visit *, char **svg, size_t *size);

struct MHD_Response;
struct MHD_Response *live_open(struct board *, const struct session *, uint64_t from); /* NULL: too many, or no line */

/* ---- compiled in ---- */
extern const unsigned char board_style[], board_script[];
extern const unsigned board_style_size, board_script_size;

#endif
